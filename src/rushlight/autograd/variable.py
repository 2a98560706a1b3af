"""torch.autograd.Variable: the name of Tensor in programs of 2017."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.dtype import get_default_dtype
from ..core.notices import warn
from ..core.tensor import Tensor, wrap

VOLATILE = "volatile was removed and now has no effect. Use `with torch.no_grad():` instead."


class _VariableMeta(type):
    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, Tensor)


class Variable(metaclass=_VariableMeta):
    """The old name of Tensor: `Variable(x, requires_grad=True)` is a tensor over x's memory,
    without its history, and every Tensor is a Variable.
    """

    def __new__(cls, data: Any = None, requires_grad: bool = False, volatile: Any = None) -> Any:
        if data is None:
            return wrap(np.empty(0, get_default_dtype().np))
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        if volatile:
            warn(VOLATILE)
        return data.detach().requires_grad_(requires_grad)


def variable(*args: Any, **kwargs: Any) -> Any:
    """Gone in PyTorch too: RuntimeError."""
    raise RuntimeError("torch.autograd.variable(...) is deprecated, use torch.tensor(...) instead")
