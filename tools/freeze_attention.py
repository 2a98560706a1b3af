"""Records what PyTorch does with the cases of tests/attention_cases.py.

OMP_NUM_THREADS=1 python tools/freeze_attention.py      # with torch 2.13.0 (CPU) installed
"""

import json
import sys
from pathlib import Path

import torch

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path.insert(0, str(TESTS))
import attention_cases as cases  # noqa: E402


def main() -> None:
    torch.set_num_threads(1)
    found = {code: cases.evaluate(torch, code) for code in cases.cases()}
    training = {name: f(torch) for name, f in cases.TRAINING.items()}
    path = TESTS / "frozen" / "attention.json"
    lines = [f"  {json.dumps(code)}: {json.dumps(answer)}" for code, answer in found.items()]
    text = ",\n".join(lines)
    made = f"tools/freeze_attention.py with PyTorch {torch.__version__}"
    path.write_text(
        f'{{\n "made by": {json.dumps(made)},\n "training": {json.dumps(training)},\n'
        f' "cases": {{\n{text}\n }}\n}}\n'
    )
    print(path, path.stat().st_size, "bytes,", len(found), "cases")


if __name__ == "__main__":
    main()
