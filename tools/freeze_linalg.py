"""Evaluates the cases of tests/cases_linalg.txt with PyTorch, into tests/frozen/linalg.json.

OMP_NUM_THREADS=1 python tools/freeze_linalg.py      # with torch 2.13.0 (CPU) installed
"""

import json
import sys
from pathlib import Path

import torch

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path.insert(0, str(TESTS))

import linalg_cases  # noqa: E402

torch.set_num_threads(1)


def main() -> None:
    cases = {code: linalg_cases.evaluate(torch, code) for code in linalg_cases.CASES}
    lines = ",\n".join(f"  {json.dumps(c)}: {json.dumps(r)}" for c, r in cases.items())
    made = f"tools/freeze_linalg.py with PyTorch {torch.__version__}"
    path = TESTS / "frozen" / "linalg.json"
    path.write_text(f'{{"made by": "{made}",\n "cases": {{\n{lines}\n }}\n}}\n')
    print(path, path.stat().st_size, "bytes,", len(cases), "cases")


if __name__ == "__main__":
    main()
