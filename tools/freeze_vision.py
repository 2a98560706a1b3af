"""Records torchvision's results into tests/frozen/vision.json.

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


def short(value):
    """Floats with the eight digits that float32 has."""
    if isinstance(value, float):
        return float(f"{value:.8g}")
    if isinstance(value, list):
        return [short(v) for v in value]
    return {k: short(v) for k, v in value.items()} if isinstance(value, dict) else value


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    made = f"tools/freeze_vision.py: PyTorch {torch.__version__}, torchvision "
    record = {"made by": made + torchvision.__version__}
    record["ops"] = {code: cases.evaluate(torch, torchvision, code) for code in cases.OPS}
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
