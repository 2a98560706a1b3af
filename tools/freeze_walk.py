"""Records what PyTorch makes of the mini-batches of the source documents, layer by layer.

    OMP_NUM_THREADS=1 python tools/freeze_walk.py      # with torch 2.13.0 (CPU) installed

Writes tests/frozen/walk.json: for each network of tests/walk_cases.py the result of each layer and
function in the order of their calls (its shape, numbers of it), and the preview of parameters as
documents 001 and 003 print it.
"""

import json
import sys
from pathlib import Path

import torch

TESTS = Path(__file__).resolve().parent.parent / "tests"
sys.path.insert(0, str(TESTS))

from walk_cases import networks  # noqa: E402

FUNCTIONS = ("relu", "avg_pool2d")


def numbers(x):
    x = x.detach().double()
    return {
        "shape": list(x.shape),
        "min": x.min().item(),
        "mean": x.mean().item(),
        "max": x.max().item(),
        "zeros": (x == 0).double().mean().item(),
        "first": x.flatten()[:60].tolist(),
    }


def watched(seen, name):
    plain = getattr(torch.nn.functional, name)

    def function(x, *args, **kwargs):
        y = plain(x, *args, **kwargs)
        if not kwargs.get("inside"):
            seen.append({"before": numbers(x), **numbers(y)})
        return y

    return function


def steps(model, x):
    seen = []
    leaves = [m for m in model.modules() if not list(m.children())]

    def hook(module, args, output):
        seen.append({"before": numbers(args[0]), **numbers(output)})

    handles = [m.register_forward_hook(hook) for m in leaves]
    plain = {name: getattr(torch.nn.functional, name) for name in FUNCTIONS}
    relu_modules = any(isinstance(m, torch.nn.ReLU) for m in leaves)
    if not relu_modules:  # nn.ReLU calls F.relu
        for name in FUNCTIONS:
            setattr(torch.nn.functional, name, watched(seen, name))
    try:
        with torch.no_grad():
            model(x)
    finally:
        for name, function in plain.items():
            setattr(torch.nn.functional, name, function)
        for handle in handles:
            handle.remove()
    return seen


def main() -> None:
    print(f"recording PyTorch {torch.__version__}")
    recorded = {
        name: {
            "steps": steps(model, x),
            "preview": [
                f"Layer: {name} | Size: {param.size()} | Values : {param[:2]} \n"
                for name, param in model.named_parameters()
            ],
        }
        for name, (model, x) in networks(torch).items()
    }
    text = json.dumps({"torch": torch.__version__, "networks": recorded}, indent=1)
    (TESTS / "frozen" / "walk.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
