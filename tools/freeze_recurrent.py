"""Records PyTorch's losses of the nets in tests/recurrent_cases.py in tests/frozen/recurrent.json.

python tools/freeze_recurrent.py      # with torch 2.13.0 (CPU) installed
"""

import json
import sys
from pathlib import Path

import torch

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path.insert(0, str(TESTS))
from recurrent_cases import losses  # noqa: E402

torch.set_num_threads(1)
record = {"made by": f"tools/freeze_recurrent.py with PyTorch {torch.__version__}"}
record.update(losses(torch))
(TESTS / "frozen" / "recurrent.json").write_text(json.dumps(record, indent=0) + "\n")
print(record)
