"""torch.optim: optimizers and learning-rate schedules, each imported on first use."""

from importlib import import_module as _import_module

from ..core.names import elsewhere as _elsewhere
from .optimizer import Optimizer

#: optimizer -> the file here that has it; the command line offers the same names.
_HOME = {
    "ASGD": "asgd",
    "Adadelta": "adadelta",
    "Adafactor": "adafactor",
    "Adagrad": "adagrad",
    "Adam": "adam",
    "AdamW": "adam",
    "Adamax": "adamax",
    "LBFGS": "lbfgs",
    "Muon": "muon",
    "NAdam": "nadam",
    "RAdam": "radam",
    "RMSprop": "rmsprop",
    "Rprop": "rprop",
    "SGD": "sgd",
    "SparseAdam": "sparse_adam",
}

_LAZY = {"swap_in_optimizer_params_and_state": "swap"}  # likewise, what is no optimizer

__all__ = ["Optimizer", *_HOME, *_LAZY, "lr_scheduler", "swa_utils"]


def __getattr__(name: str):
    home = _HOME.get(name) or _LAZY.get(name)
    if home:
        found = getattr(_import_module(f"{__name__}.{home}"), name)
    elif name in ("lr_scheduler", "swa_utils"):
        found = _import_module(f"{__name__}.{name}")
    else:
        return _elsewhere(__name__, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
