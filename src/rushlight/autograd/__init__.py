"""torch.autograd: gradients by hand, custom operations, modes, checks.

node.py      what the forward pass records
engine.py    how gradients travel back
api.py       backward and grad
function.py  operations whose backward the user writes
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from ..core.dtype import get_default_dtype
from ..core.grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled
from ..core.names import missing as _missing
from ..core.tensor import Tensor, wrap
from . import tensor_methods as _tensor_methods
from .api import backward, grad


class _VariableMeta(type):
    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, Tensor)


class Variable(metaclass=_VariableMeta):
    """The old name of Tensor: `Variable(x, requires_grad=True)` is a tensor over x's memory,
    without its history, and every Tensor is a Variable.
    """

    __module__ = "torch.autograd.variable"

    def __new__(cls, data: Any = None, requires_grad: bool = False, volatile: Any = None) -> Any:
        if data is None:
            return wrap(np.empty(0, get_default_dtype().np))
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        return data.detach().requires_grad_(requires_grad)


_LAZY = {
    "Function": "function",
    "FunctionCtx": "function",
    "detect_anomaly": "anomaly",
    "set_detect_anomaly": "anomaly",
    "gradcheck": "rushlight.testing.gradcheck",
    "gradgradcheck": "rushlight.testing.gradcheck",
}
_MODULES = ("function", "graph")

__all__ = [
    "Function",
    "FunctionCtx",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "function",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        where = _LAZY[name]
        module = import_module(where if "." in where else f"{__name__}.{where}")
        return getattr(module, name)
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise _missing(__name__, name)


def __dir__() -> list[str]:
    return sorted(__all__)
