"""Records PyTorch's convolutions and pools into tests/frozen/windows.json.

OMP_NUM_THREADS=1 python tools/freeze_windows.py      # with torch 2.13.0 (CPU) installed
"""

import json
import sys
import warnings
from pathlib import Path

import torch
import torch.nn.functional as F

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path.insert(0, str(TESTS))

import window_cases as cases  # noqa: E402


def main() -> None:
    warnings.simplefilter("ignore")  # padding='same' with an even kernel
    record = {"made by": f"tools/freeze_windows.py with PyTorch {torch.__version__}"}
    record["convs"] = {name: cases.conv(torch, F, name) for name in cases.CONVS}
    record["pools"] = {name: cases.pool(torch, F, name) for name in cases.POOLS}
    record["errors"] = [cases.error(torch, F, case) for case in cases.ERRORS]
    path = TESTS / "frozen" / "windows.json"
    path.write_text(json.dumps(record, separators=(",", ":")) + "\n")
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
