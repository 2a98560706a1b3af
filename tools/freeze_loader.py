"""Records orders, batches and random numbers of PyTorch's loaders into tests/frozen/loader.json.

OMP_NUM_THREADS=1 python tools/freeze_loader.py      # with torch 2.13.0 (CPU) installed
"""

import json
import sys
from pathlib import Path

import torch
import torch.utils.data

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path.insert(0, str(TESTS))

import loader_cases as cases  # noqa: E402


def main() -> None:
    record = {"made by": f"tools/freeze_loader.py with PyTorch {torch.__version__}"}
    record["samplers"] = cases.samplers(torch)
    record["drawn"] = {str(n): cases.drawn_by_loaders(torch, n) for n in (0, 2)}
    record["whole"] = {str(n): cases.whole_batches(torch, n) for n in (0, 2)}
    record["resized"] = cases.resized(torch)
    path = TESTS / "frozen" / "loader.json"
    path.write_text(json.dumps(record, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
