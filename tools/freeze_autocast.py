"""Records what PyTorch does under autocast into tests/frozen/autocast.json.

OMP_NUM_THREADS=1 python tools/freeze_autocast.py      # with torch 2.13.0 (CPU) installed
"""

import json
import sys
import warnings
from pathlib import Path

import torch

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path.insert(0, str(TESTS))

import autocast_cases as cases  # noqa: E402


def main() -> None:
    warnings.simplefilter("ignore")
    record = {"made by": f"tools/freeze_autocast.py with PyTorch {torch.__version__}"}
    record["dtypes"] = {
        name: [cases.dtype_of(torch, name, d, "bfloat16") for d in ("float32", "bfloat16")]
        for name in cases.CASES
    }
    record["losses"] = {
        f"{net} {lower}": cases.losses(torch, net, lower) for net, lower in cases.TRAINED
    }
    path = TESTS / "frozen" / "autocast.json"
    path.write_text(json.dumps(record, indent=0) + "\n")
    print(path, path.stat().st_size, "bytes,", len(record["dtypes"]), "ops")


if __name__ == "__main__":
    main()
