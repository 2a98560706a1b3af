"""Records PyTorch's random numbers and a generator's state into tests/frozen/random.json.

OMP_NUM_THREADS=1 python tools/freeze_random.py      # with torch 2.13.0 (CPU) installed
"""

import base64
import json
import sys
import zlib
from pathlib import Path

import torch
import torch.nn.functional
import torch.nn.init

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path.insert(0, str(TESTS))

import random_cases as cases  # noqa: E402


def exchanged() -> dict:
    """A state in the middle of a stream, half a normal pair waiting, and what is drawn from it."""
    torch.manual_seed(99)
    torch.rand(1000)
    torch.randn(3)
    state = base64.b64encode(zlib.compress(cases.state(torch))).decode()
    return {"state": state, "next": [torch.randn(1).item(), torch.rand(1).item()]}


def main() -> None:
    record = {"made by": f"tools/freeze_random.py with PyTorch {torch.__version__}"}
    record["library"] = cases.library()
    record["numbers"] = cases.recorded(torch, torch.nn.functional, torch.nn.init)
    record["exchanged"] = exchanged()
    path = TESTS / "frozen" / "random.json"
    path.write_text(json.dumps(record, separators=(",", ":"), allow_nan=False) + "\n")
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
