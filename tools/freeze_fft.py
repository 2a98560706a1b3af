"""Evaluate the calls of tests/fft_cases.py with PyTorch.

python tools/freeze_fft.py (needs torch) -> tests/frozen/fft.json
"""

import json
import sys
from pathlib import Path

import torch
import torch.signal.windows

TESTS = Path(__file__).parents[1] / "tests"
sys.path.insert(0, str(TESTS))
from fft_cases import LINES, answer  # noqa: E402

torch.set_num_threads(1)


def short(value):
    """Nine digits of a float32 are all of them."""
    return [float(f"{v:.9g}") for v in value] if value and isinstance(value, list) else value


def frozen(line):
    found = answer(torch, line)
    return found if len(found) == 2 else [*found[:2], short(found[2]), found[3], short(found[4])]


lines = [f" {json.dumps(line)}: {json.dumps(frozen(line))}" for line in LINES]
(TESTS / "frozen" / "fft.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
print(len(lines), "with torch", torch.__version__)
