"""Records what PyTorch's sparse tensors say and do into tests/frozen/sparse.json.

OMP_NUM_THREADS=1 python tools/freeze_sparse.py      # with torch 2.13.0 (CPU) installed
"""

import json
import sys
import warnings
from pathlib import Path

import torch

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path.insert(0, str(TESTS))

import sparse_cases as cases  # noqa: E402


def main() -> None:
    warnings.simplefilter("ignore")
    record = {"made by": f"tools/freeze_sparse.py with PyTorch {torch.__version__}"}
    record["answers"] = {line: cases.answer(torch, line) for line in cases.LINES}
    record["trained"] = [cases.trained(torch, *case) for case in cases.OPTIMIZERS]
    path = TESTS / "frozen" / "sparse.json"
    path.write_text(json.dumps(record, indent=0) + "\n")
    print(path, path.stat().st_size, "bytes,", len(record["answers"]), "answers")


if __name__ == "__main__":
    main()
