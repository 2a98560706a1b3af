"""What the tests of vision.ops and vision.models evaluate; tools/freeze_vision.py does it with
PyTorch and torchvision.

A line of cases_vision.txt is Python with the values of `names` in scope, as in op_cases.py; a line
of cases_vision_models.txt makes a model, and says the size of its images.
"""

import hashlib
from pathlib import Path

import op_cases


def names(torch, vision):
    """Fresh values for a case, the same numbers in both libraries."""
    scope = op_cases.names(torch)
    torch.manual_seed(0)
    low = torch.rand(12, 2) * 20
    boxes = torch.cat([low, low + torch.rand(12, 2) * 12], 1)
    rows = torch.cat([(torch.arange(7.0) % 2)[:, None], boxes[:7] - 4], 1)

    def seeded(f):
        torch.manual_seed(3)
        return f()

    return scope | {
        "ops": vision.ops,
        "seeded": seeded,
        "boxes": boxes,
        "others": boxes.flip(0) + 1,
        "scores": torch.rand(12),
        "kinds": torch.arange(12) % 3,
        "turned": torch.tensor([[3.0, 2, 4, 2, 30], [1, 1, 2, 6, -45], [5, 5, 3, 4, 120]]),
        "rows": rows,  # (7, 5), some of them partly outside
        "maps": torch.randn(2, 2, 11, 14),
        "deep": torch.randn(2, 12, 9, 7),
        "pyramid": {"a": torch.randn(2, 4, 16, 16), "b": torch.randn(2, 4, 8, 8)},
        "offset": torch.randn(2, 36, 4, 3) * 2,
        "mask": torch.rand(2, 18, 4, 3),
        "kernel": torch.randn(4, 6, 3, 3),
    }


def evaluate(torch, vision, code):
    """The case's result in JSON's terms, errors as type and first line."""
    return op_cases._evaluated(torch, code, names(torch, vision))


OPS = (Path(__file__).parent / "cases_vision.txt").read_text().splitlines()
MODELS = (Path(__file__).parent / "cases_vision_models.txt").read_text().splitlines()


def shape(model):
    """What a model is made of: its text, its state, short enough to be kept."""
    state = [f"{k} {tuple(v.shape)} {v.dtype}" for k, v in model.state_dict().items()]
    return {
        "text": _digest(repr(model)),
        "state": _digest("\n".join(state)),
        "keys": len(state),
        "parameters": sum(p.numel() for p in model.parameters()),
    }


def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def without_numbers(torch, vision, name):
    """The model of this name on "meta"."""
    dense = name.startswith(("deeplab", "fcn", "lraspp"))
    with torch.device("meta"):
        return vision.models.get_model(name, **({"weights_backbone": None} if dense else {}))


def numbers(torch, vision, case):
    """A model's first weights for a seed; in float64: outputs and gradients in training, running
    statistics, outputs in evaluation.
    """
    code, _, size = case.rpartition(" | ")
    torch.manual_seed(0)
    model = eval(code, {"models": vision.models, "torch": torch})
    found = {
        "shape": shape(model),
        "first": [_first(p.detach()) for p in model.parameters()],
    }
    model = model.double()
    torch.manual_seed(1)
    x = torch.rand(2, 3, int(size), int(size)).double().requires_grad_()
    y = model(x)
    parts = _parts(y)
    found["kind"] = type(y).__name__
    found["train"] = [_brief(v.detach()) for v in parts]
    sum((v * v).sum() for v in parts).backward()
    found["gradients"] = [_size(p.grad) for p in [x, *model.parameters()]]
    found["buffers"] = [float(b.double().abs().sum()) for b in model.buffers()]
    with torch.no_grad():
        found["eval"] = [_brief(v) for v in _parts(model.eval()(x))]
    return found


def _parts(y):
    """The tensors that a model gives."""
    if isinstance(y, dict):
        return list(y.values())
    return [v for v in y if v is not None] if isinstance(y, tuple) else [y]


def _brief(y):
    """All numbers, or every 97th."""
    return y.tolist() if y.numel() < 100 else y.flatten()[::97].tolist()


def _first(p):
    return [float(p.double().sum()), float(p.abs().max())]


def _size(x):
    """Σ |x|, without the noise of a sum that is zero."""
    total = None if x is None else float(x.abs().sum())
    return total if total is None or total > 1e-9 else 0.0
