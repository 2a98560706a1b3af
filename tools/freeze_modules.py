"""Records what PyTorch's modules and containers say and do into tests/frozen/modules.json.

OMP_NUM_THREADS=1 python tools/freeze_modules.py      # with torch 2.13.0 (CPU) installed
"""

import json
import sys
from pathlib import Path

import torch

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path.insert(0, str(TESTS))

import module_cases as cases  # noqa: E402


def main() -> None:
    record = {"made by": f"tools/freeze_modules.py with PyTorch {torch.__version__}"}
    record.update({part.__name__: cases.answers(torch, part) for part in cases.ALL})
    path = TESTS / "frozen" / "modules.json"
    path.write_text(json.dumps(record, indent=0) + "\n")
    print(path, path.stat().st_size, "bytes,", sum(map(len, record.values())), "answers")


if __name__ == "__main__":
    main()
