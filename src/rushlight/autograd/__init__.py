"""torch.autograd: gradients by hand, custom operations, modes, checks.

node.py      what the forward pass records
engine.py    how gradients travel back
api.py       backward and grad
function.py  operations whose backward the user writes
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..core.grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled
from ..core.names import elsewhere as _elsewhere
from ..core.names import signpost as _signpost
from . import tensor_methods as _tensor_methods
from .api import backward, grad
from .variable import Variable, variable

_LAZY = {
    "Function": "function",
    "FunctionCtx": "function",
    "detect_anomaly": "anomaly",
    "enforce_grad_layout_policy": "grad_mode",
    "is_multithreading_enabled": "grad_mode",
    "set_multithreading_enabled": "grad_mode",
    "set_detect_anomaly": "anomaly",
    "gradcheck": "rushlight.testing.gradcheck",
    "gradgradcheck": "rushlight.testing.gradcheck",
}
_MODULES = tuple(
    "anomaly_mode forward_ad function functional grad_mode graph profiler profiler_util".split()
)
_signpost(f"{__name__}.gradcheck", "rushlight.testing.gradcheck")  # the name of a function too
# on top of dispatch/levels.py, so not in this room
_signpost(f"{__name__}.functional", "rushlight.func.autograd_functional")
_signpost(f"{__name__}.forward_ad", "rushlight.func.forward_ad")
_signpost(f"{__name__}.profiler", "rushlight.profiler.blocks")

__all__ = [
    *_MODULES,
    "Function",
    "FunctionCtx",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "enforce_grad_layout_policy",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "inference_mode",
    "is_multithreading_enabled",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
    "set_multithreading_enabled",
    "variable",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        where = _LAZY[name]
        module = import_module(where if "." in where else f"{__name__}.{where}")
        return getattr(module, name)
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    return _elsewhere(__name__, name)


def __dir__() -> list[str]:
    return sorted(__all__)
