"""Evaluates the cases of tests/resize_cases.py with PyTorch, into tests/frozen/resize.json.

OMP_NUM_THREADS=1 python tools/freeze_resize.py      # with torch 2.13.0 (CPU) installed
"""

import json
import sys
import warnings
from pathlib import Path

import torch

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path.insert(0, str(TESTS))

import resize_cases  # noqa: E402
from op_cases import evaluate  # noqa: E402

warnings.simplefilter("ignore")
torch.set_num_threads(1)


def main() -> None:
    cases = {code: evaluate(torch, code) for code in resize_cases.CASES}
    lines = ",\n".join(f"  {json.dumps(c)}: {json.dumps(r)}" for c, r in cases.items())
    losses = json.dumps(resize_cases.unet_losses(torch))
    made = f"tools/freeze_resize.py with PyTorch {torch.__version__}"
    path = TESTS / "frozen" / "resize.json"
    path.write_text(f'{{"made by": "{made}",\n "unet": {losses},\n "cases": {{\n{lines}\n }}\n}}\n')
    print(path, path.stat().st_size, "bytes,", len(cases), "cases")


if __name__ == "__main__":
    main()
