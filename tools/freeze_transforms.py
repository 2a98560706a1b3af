"""Records what torchvision's transforms give into tests/frozen/transforms.json.

python tools/freeze_transforms.py      # with torch 2.13.0 (CPU) and torchvision 0.28 installed
"""

import json
import sys
import warnings
from pathlib import Path

import torch
import torchvision
from torchvision import transforms, tv_tensors, utils
from torchvision.transforms import v2

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path.insert(0, str(TESTS))

import transform_cases as cases  # noqa: E402


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    made = f"tools/freeze_transforms.py: PyTorch {torch.__version__}, torchvision "
    found = cases.evaluate(torch, transforms, v2, tv_tensors, utils)
    record = {"made by": made + torchvision.__version__, **found}
    rows = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in record.items())
    (TESTS / "frozen" / "transforms.json").write_text(f"{{\n{rows}\n}}\n")


if __name__ == "__main__":
    main()
