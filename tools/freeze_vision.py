"""Records torchvision's results into tests/frozen/vision.json, a model into torchvision_model.pt.

python tools/freeze_vision.py      # with torch 2.13.0 (CPU) and torchvision 0.28 installed
"""

import json
import sys
import warnings
from pathlib import Path

import torch
import torchvision

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path.insert(0, str(TESTS))

import vision_cases as cases  # noqa: E402

ROOT = TESTS.parent / "src" / "rushlight" / "vision" / "models"
KNOWN = json.loads((ROOT / "weights.json").read_text())["enums"]

# it computes widths with tensors, which "meta" does not have
made = torchvision.models.regnet.BlockParams.from_init_params.__func__


def on_cpu(cls, *args, **kwargs):
    with torch.device("cpu"):
        return made(cls, *args, **kwargs)


torchvision.models.regnet.BlockParams.from_init_params = classmethod(on_cpu)


def short(value):
    """Floats with the eight digits that float32 has."""
    if isinstance(value, float):
        return float(f"{value:.8g}")
    if isinstance(value, list):
        return [short(v) for v in value]
    return {k: short(v) for k, v in value.items()} if isinstance(value, dict) else value


def models():
    """name -> shape of the models of images, and of segmentation."""
    found = {}
    for name in torchvision.models.list_models():
        kind = torchvision.models.get_model_weights(name)
        if kind.__name__ in KNOWN:
            found[name] = cases.shape(cases.without_numbers(torch, torchvision, name))
    return found


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    made = f"tools/freeze_vision.py: PyTorch {torch.__version__}, torchvision "
    record = {"made by": made + torchvision.__version__}
    record["ops"] = {code: cases.evaluate(torch, torchvision, code) for code in cases.OPS}
    record["numbers"] = {case: cases.numbers(torch, torchvision, case) for case in cases.MODELS}
    record["models"] = models()
    torch.manual_seed(0)
    whole = torchvision.models.ShuffleNetV2([1, 1, 1], [4, 8, 8, 8, 8], 2).eval()
    torch.save(whole, TESTS / "frozen" / "torchvision_model.pt")
    x = torch.linspace(0, 1, 3 * 32 * 32).reshape(1, 3, 32, 32)
    record["whole"] = {"output": whole(x).tolist()[0]}
    lines = []
    for key, value in record.items():
        if isinstance(value, dict):
            rows = ",\n".join(f"{json.dumps(k)}: {json.dumps(short(v))}" for k, v in value.items())
            lines.append(f"{json.dumps(key)}: {{\n{rows}\n}}")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value)}")
    path = TESTS / "frozen" / "vision.json"
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
