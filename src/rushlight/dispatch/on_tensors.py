"""K's vocabulary on Tensors: the same word, said with cards, so that backward formulas can be
differentiated.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.dtype import from_numpy_dtype
from ..core.tensor import Tensor, wrap
from ..kernels import CARRIERS, K
from ..kernels.twin import TWINS
from ..kernels.vocabulary import stretched
from . import late
from .op import CARDS, bind
from .registry import FUNCTIONS


def find(name: str, x: Any) -> Any:
    """The function that means K.name for a Tensor or a list with one; None for other values."""
    if isinstance(x, Tensor) or (
        isinstance(x, (list, tuple)) and any(isinstance(v, Tensor) for v in x)
    ):
        return _on_tensors(name)
    return None


CARRIERS.append(find)


def _on_tensors(name: str) -> Any:
    late.find(late.WORDS, name)
    if name in _TRANSLATED:
        return _TRANSLATED[name]
    if (
        name in CARDS and name not in FUNCTIONS
    ):  # cards for internal use, e.g. backward kernels with their own backward
        card = CARDS[name]
        return lambda *args: card.run(bind(card, args, {}))
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    if name in TWINS:
        return TWINS[name]
    raise NotImplementedError(
        f"kernel '{name}' has no card: its backward cannot be differentiated again "
        "(create_graph=True)"
    )


def _f(name: str) -> Any:
    return FUNCTIONS[name]


def _reduction(name: str) -> Any:
    def reduce(x, axis=None, keepdims=False):
        if axis is None:
            axis = tuple(range(x.ndim))
        return _f(name)(x, axis, keepdims)

    return reduce


def _reshape(x, shape):
    return x.reshape(tuple(int(n) for n in shape))


def _sum_to(x, shape):
    axes = stretched(x.shape, shape)
    return _reshape(x.sum(axes, keepdim=True) if axes else x, shape)


def _moveaxis(x, source, destination):
    return _f("movedim")(x, source, destination)


def _constant(a: np.ndarray) -> Any:
    return wrap(a)


def _astype(x, dtype):
    return x.to(from_numpy_dtype(np.dtype(dtype)) if not hasattr(dtype, "category") else dtype)


_TRANSLATED: dict[str, Any] = {
    "sum": _reduction("sum"),
    "mean": _reduction("mean"),
    "max": _reduction("amax"),
    "min": _reduction("amin"),
    "prod": lambda x, axis=None, keepdims=False: (
        _f("prod")(x) if axis is None else _f("prod")(x, axis, keepdims)
    ),
    "any": lambda x, axis=None, keepdims=False: (
        _f("any")(x) if axis is None else _f("any")(x, axis, keepdims)
    ),
    "all": lambda x, axis=None, keepdims=False: (
        _f("all")(x) if axis is None else _f("all")(x, axis, keepdims)
    ),
    "argmax": lambda x, axis=None, keepdims=False: _f("argmax")(x, axis, keepdims),
    "argmin": lambda x, axis=None, keepdims=False: _f("argmin")(x, axis, keepdims),
    "reshape": _reshape,
    "transpose": lambda x, axes: x.permute(axes),
    "swapaxes": lambda x, a, b: x.transpose(a, b),
    "moveaxis": _moveaxis,
    "broadcast_to": lambda x, shape: x.expand(tuple(shape)),
    "expand_dims": lambda x, axis: x.unsqueeze(axis),
    "squeeze": lambda x, axis=None: x.squeeze(axis),
    "flip": lambda x, axis: _f("flip")(x, (axis,) if isinstance(axis, int) else axis),
    "roll": lambda x, shift, axis: _f("roll")(x, shift, axis),
    "cumsum": lambda x, axis: _f("cumsum")(x, axis),
    "cumprod": lambda x, axis: _f("cumprod")(x, axis),
    "logcumsumexp": lambda x, axis: _f("logcumsumexp")(x, axis),
    "polygamma": lambda x, n: _f("polygamma")(n, x),
    "sum_to": _sum_to,
    "take_along_axis": lambda x, index, axis: _f("gather")(x, axis, index),
    "place": lambda values, index, axis, shape: _constant(K.zeros(tuple(shape), values._a)).scatter(
        axis, index, values
    ),
    "scatter_add": lambda x, axis, index, values: _f("scatter_add")(x, axis, index, values),
    "where": lambda condition, x, y: _f("where")(condition, x, y),
    "power": lambda x, y: x**y,
    "astype": _astype,
    "cast": lambda x, dtype: (x if not x.is_complex() or dtype.is_complex else x.real).to(dtype),
    "like": lambda x, y: (x if not x.is_complex() or y.is_complex() else x.real).to(y.dtype),
    "concatenate": lambda xs, axis=0: _f("cat")(list(xs), axis),
    "stack": lambda xs, axis=0: _f("stack")(list(xs), axis),
    "zeros": lambda shape, like, dtype: _constant(K.zeros(shape, like._a, dtype)),
    "zeros_like": lambda x: _constant(np.zeros_like(x._a)),
    "ones_like": lambda x: _constant(np.ones_like(x._a)),
    "full_like": lambda x, value: _constant(np.full_like(x._a, value)),
    "is_complex": lambda x: x.is_complex(),
    "dense": lambda x: x.contiguous(),
    "conj": lambda x: _f("conj")(x) if x._a.dtype.kind == "c" else x,
}


def translate(name: str, on_tensors: Any) -> None:
    """Say what K.name means on Tensors, for words and kernels that cards define."""
    _TRANSLATED[name] = on_tensors
