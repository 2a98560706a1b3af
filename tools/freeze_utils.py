"""Records what torch.nn.utils and torch.func say and do into tests/frozen/utils.json.

OMP_NUM_THREADS=1 python tools/freeze_utils.py        # with torch 2.13.0 (CPU) installed
"""

import json
import sys
from pathlib import Path

import torch

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path.insert(0, str(TESTS))

import prune_cases  # noqa: E402
import utils_cases  # noqa: E402
from module_cases import answers  # noqa: E402


def main() -> None:
    record = {"made by": f"tools/freeze_utils.py with PyTorch {torch.__version__}"}
    parts = [*utils_cases.ALL, *prune_cases.ALL]
    record.update({part.__name__: answers(torch, part) for part in parts})
    record["training"] = prune_cases.training(torch)
    path = TESTS / "frozen" / "utils.json"
    path.write_text(json.dumps(record, indent=0) + "\n")
    print(path, path.stat().st_size, "bytes,", sum(map(len, record.values())), "answers")


if __name__ == "__main__":
    main()
