"""Evaluate the cases of tests/op_cases.py with PyTorch.

python tools/freeze_ops.py (needs torch) -> tests/frozen/ops.json
"""

import json
import sys
import warnings
from pathlib import Path

import torch

TESTS = Path(__file__).parents[1] / "tests"
sys.path.insert(0, str(TESTS))
from op_cases import evaluate, families  # noqa: E402

warnings.simplefilter("ignore")
torch.set_num_threads(1)
ELSEWHERE = ("autocast", "sparse")  # freeze_autocast.py, freeze_sparse.py
frozen = {
    name: {code: evaluate(torch, code) for code in cases}
    for name, cases in families().items()
    if name not in ELSEWHERE
}
lines = [
    f" {json.dumps(name)}: {{\n"
    + ",\n".join(f"  {json.dumps(c)}: {json.dumps(r)}" for c, r in cases.items())
    + "\n }"
    for name, cases in frozen.items()
]
(TESTS / "frozen" / "ops.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
print({name: len(cases) for name, cases in frozen.items()}, "with torch", torch.__version__)
