"""The larger and the smaller of two, and what is held between bounds: maximum, fmin, clamp."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.dtype import check_can_cast, result_dtype
from ..core.tensor import Tensor
from ..dispatch.messages import refuse_complex, tensor_argument
from ..dispatch.out import into
from ..dispatch.promotion import operand
from ..dispatch.registry import CARDS, apply, apply_inplace, cast, composite, op
from ..kernels import K
from .samples import binary


@op("maximum", promote="arith", broadcast=True)
class Maximum:
    """z = max(x, y), NaN if one is NaN.  grad to the larger; halves where equal.

    >>> torch.maximum(tensor([1, 5]), tensor([3, 2]))
    tensor([3, 5])
    """

    numbers = ()

    def forward(x, y):
        if x.dtype.kind == "c":
            refuse_complex("maximum", x)
        return np.maximum(x, y)

    def backward(c, dz, x, y):
        shared, zero = K.where(x == y, dz * 0.5, dz), K.zeros_like(dz)
        return K.where(x < y, zero, shared), K.where(x > y, zero, shared)

    samples = binary(numbers=False)


@op("minimum", promote="arith", broadcast=True)
class Minimum:
    """z = min(x, y), NaN if one is NaN.  grad to the smaller; halves where equal."""

    numbers = ()

    def forward(x, y):
        if x.dtype.kind == "c":
            refuse_complex("minimum", x)
        return np.minimum(x, y)

    def backward(c, dz, x, y):
        shared, zero = K.where(x == y, dz * 0.5, dz), K.zeros_like(dz)
        return K.where(x > y, zero, shared), K.where(x < y, zero, shared)

    samples = binary(numbers=False)


@op("fmax", promote="arith", broadcast=True)
class Fmax:
    """z = max(x, y), the other one if one is NaN.  grad to the one taken, x where equal."""

    numbers = ()

    def forward(x, y):
        if x.dtype.kind == "c":
            refuse_complex("fmax", x)
        return np.fmax(x, y)

    def backward(c, dz, x, y):
        first, zero = (x >= y) | K.isnan(y), K.zeros_like(dz)
        return K.where(first, dz, zero), K.where(first, zero, dz)

    samples = binary(numbers=False)


@op("fmin", promote="arith", broadcast=True)
class Fmin:
    """z = min(x, y), the other one if one is NaN.  grad to the one taken, x where equal."""

    numbers = ()

    def forward(x, y):
        if x.dtype.kind == "c":
            refuse_complex("fmin", x)
        return np.fmin(x, y)

    def backward(c, dz, x, y):
        first, zero = (x <= y) | K.isnan(y), K.zeros_like(dz)
        return K.where(first, dz, zero), K.where(first, zero, dz)

    samples = binary(numbers=False)


# ---------------------------------------------------------------- held between bounds


@op("_clamp", fn=False, method=False, tensors=1, node="Clamp1")
class _Clamp:
    """y = min(max(x, low), high) for numbers, None for no bound.  grad where low ≤ x ≤ high."""

    def forward(x, low, high):
        refuse_complex("clamp", x)
        if low is not None and high is not None and low <= high and x.dtype.kind == "f":
            return K.hardtanh(x, float(low), float(high))
        y = x
        if low is not None:
            y = np.maximum(y, x.dtype.type(low))
        if high is not None:
            y = np.minimum(y, x.dtype.type(high))
        return y

    def backward(c, dy, x, low, high):
        if low is None:
            inside = x <= high
        elif high is None:
            inside = x >= low
        else:
            inside = (x >= low) & (x <= high)
        return K.where(inside, dy, K.zeros_like(dy))

    def samples(make):
        yield make(3, 4), -0.5, 1.0
        yield make(3, 4), None, 1.0
        yield make(4, 3).T, 0.25, None
        yield make(), -0.5, 0.5
        yield make(0, 5), 0.0, 1.0


@op(
    "_clamp_tensors",
    fn=False,
    method=False,
    tensors=3,
    promote="arith",
    broadcast=True,
    node="Clamp",
)
class _ClampTensors:
    """y = min(max(x, low), high) for tensors;
    grad to x inside, else to the bound that was taken.
    """

    def forward(x, low=None, high=None):
        refuse_complex("clamp", x)
        y = x if low is None else np.maximum(x, low)
        return y if high is None else np.minimum(y, high)

    def backward(c, dy, x, low, high):
        zero = K.zeros_like(dy)
        if high is None:
            return K.where(x >= low, dy, zero), K.where(x < low, dy, zero), None
        if low is None:
            return K.where(x <= high, dy, zero), None, K.where(x > high, dy, zero)
        return (
            K.where((x >= low) & (x <= high), dy, zero),
            K.where((x < low) & (low < high), dy, zero),
            K.where((x > high) | (low > high), dy, zero),
        )

    def samples(make):
        yield make(3, 4), make(3, 4, low=-1, high=-0.2), make(4, low=0.2, high=1)
        yield make(3, 4), make(3, 1), None
        yield make(), None, make(2, 3)
        yield make(0, 5), make(5), make(1)


_CLAMP_CARDS = {
    "clamp": (CARDS["_clamp"], CARDS["_clamp_tensors"]),
    "clamp_min": (
        CARDS["_clamp"].renamed("ClampMinBackward0"),
        CARDS["_clamp_tensors"].renamed("ClampMinBackward1"),
    ),
    "clamp_max": (
        CARDS["_clamp"].renamed("ClampMaxBackward0"),
        CARDS["_clamp_tensors"].renamed("ClampMaxBackward1"),
    ),
}


_REAL = frozenset((int, float, type(None)))  # bounds that promote no floating tensor


def _clamped(name: str, x: Tensor, low: Any, high: Any, inplace: bool = False) -> Tensor:
    numbers, tensors = _CLAMP_CARDS[name]
    run = apply_inplace if inplace else apply
    tensor_argument(name, x)
    if isinstance(low, Tensor) or isinstance(high, Tensor):
        return run(tensors, (x, low, high))
    if low is None and high is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if x._a.dtype.kind == "f" and type(low) in _REAL and type(high) in _REAL:
        return run(numbers, (x, low, high))
    low, high = (v if v is None else operand(name, v) for v in (low, high))
    target = result_dtype([v for v in (x, low, high) if v is not None])
    if inplace:
        check_can_cast(target, x.dtype)
    elif target is not x.dtype:
        x = cast(x, target)
    return run(numbers, (x, low, high))


@composite("clamp", "clip", method=True)
def clamp(input, min=None, max=None, *, out=None):
    """y = input held between min and max: numbers, tensors, or None for no bound;
    max wins if min > max.

    >>> torch.clamp(tensor([-1.0, 0.5, 2.0]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    y = _clamped("clamp", input, min, max)
    return y if out is None else into(out, y)


@composite("clamp_", "clip_", method=True)
def clamp_(input, min=None, max=None):
    """In-place version of clamp."""
    return _clamped("clamp", input, min, max, inplace=True)


@composite("clamp_min", method=True)
def clamp_min(input, min, *, out=None):
    """y = max(input, min)"""
    y = _clamped("clamp_min", input, min, None)
    return y if out is None else into(out, y)


@composite("clamp_min_", method=True)
def clamp_min_(input, min):
    """In-place version of clamp_min."""
    return _clamped("clamp_min", input, min, None, inplace=True)


@composite("clamp_max", method=True)
def clamp_max(input, max, *, out=None):
    """y = min(input, max)"""
    y = _clamped("clamp_max", input, None, max)
    return y if out is None else into(out, y)


@composite("clamp_max_", method=True)
def clamp_max_(input, max):
    """In-place version of clamp_max."""
    return _clamped("clamp_max", input, None, max, inplace=True)
