"""Records runs of PyTorch's optimizers and schedules into tests/frozen/optim.json, and their
constructors into tests/frozen/optim_signatures.json.

OMP_NUM_THREADS=1 python tools/freeze_optim.py      # with torch 2.13.0 (CPU) installed
"""

import json
import sys
from pathlib import Path

import torch
import torch.optim.swa_utils

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path.insert(0, str(TESTS))

import optim_cases as cases  # noqa: E402


def main() -> None:
    record = {"made by": f"tools/freeze_optim.py with PyTorch {torch.__version__}"}
    record["steps"] = {
        name: [cases.steps(torch, name, options) for options in table]
        for name, table in cases.OPTIMIZERS.items()
        if name not in cases.REFERENCES
    }
    record["lbfgs"] = {str(s): cases.lbfgs(torch, s) for s in (None, "strong_wolfe")}
    record["muon"] = [cases.muon(torch), cases.muon(torch, adjust_lr_fn="match_rms_adamw")]
    record["rates"] = {name: cases.rates(torch, name) for name in cases.SCHEDULES}
    record["averages"] = cases.averages(torch)
    path = TESTS / "frozen" / "optim.json"
    path.write_text(json.dumps(record, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, "bytes")
    freeze_signatures()


def freeze_signatures() -> None:
    """Every optimizer of torch.optim that can be made with parameters alone."""
    record: dict = {"made by": f"tools/freeze_optim.py with PyTorch {torch.__version__}"}
    for name, value in sorted(vars(torch.optim).items()):
        if isinstance(value, type) and value.__init__ is not torch.optim.Optimizer.__init__:
            record[name] = cases.signature(torch, name)
    path = TESTS / "frozen" / "optim_signatures.json"
    path.write_text(
        json.dumps(record, indent=None, separators=(",", ":")).replace('],"', '],\n"') + "\n"
    )
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
