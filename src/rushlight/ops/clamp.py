"""The larger and the smaller of two, and what is held between bounds: maximum, fmin, clamp."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.dtype import COMPLEX, number_dtype, promote_types
from ..core.tensor import Tensor
from ..dispatch.messages import not_a_tensor, not_implemented, refuse_complex, tensor_argument
from ..dispatch.promotion import fitting, is_number, number_like, number_of
from ..dispatch.registry import internal, op
from ..kernels import K
from .samples import binary


@op(
    "maximum(input, other: Tensor, *, out=None)",
    at="torch Tensor",
    promote="arith",
    broadcast=True,
    quiet=False,
)
class Maximum:
    """z = max(x, y), NaN if one is NaN.  grad to the larger; halves where equal.

    shape   broadcast
    dtype   promoted
    errors  RuntimeError: complex

    >>> torch.maximum(tensor([1, 5]), tensor([3, 2]))
    tensor([3, 5])
    """

    numbers = ()

    def forward(x, y):
        refuse_complex("maximum", x)
        return K.maximum(x, y)

    def backward(c, dz, x, y):
        shared, zero = K.where(x == y, dz * 0.5, dz), K.zeros_like(dz)
        return K.where(x < y, zero, shared), K.where(x > y, zero, shared)

    samples = binary(numbers=False)


@op(
    "minimum(input, other: Tensor, *, out=None)",
    at="torch Tensor",
    promote="arith",
    broadcast=True,
    quiet=False,
)
class Minimum:
    """z = min(x, y), NaN if one is NaN.  grad to the smaller; halves where equal.

    shape   broadcast
    dtype   promoted
    errors  RuntimeError: complex
    """

    numbers = ()

    def forward(x, y):
        refuse_complex("minimum", x)
        return K.minimum(x, y)

    def backward(c, dz, x, y):
        shared, zero = K.where(x == y, dz * 0.5, dz), K.zeros_like(dz)
        return K.where(x > y, zero, shared), K.where(x < y, zero, shared)

    samples = binary(numbers=False)


@op("fmax(input, other: Tensor, *, out=None)", at="torch Tensor", promote="arith", broadcast=True)
class Fmax:
    """z = max(x, y), the other one if one is NaN.  grad to the one taken, x where equal.

    shape   broadcast
    dtype   promoted
    errors  RuntimeError: complex
    """

    numbers = ()

    def forward(x, y):
        refuse_complex("fmax", x)
        return K.fmax(x, y)

    def backward(c, dz, x, y):
        first, zero = (x >= y) | K.isnan(y), K.zeros_like(dz)
        return K.where(first, dz, zero), K.where(first, zero, dz)

    samples = binary(numbers=False)


@op("fmin(input, other: Tensor, *, out=None)", at="torch Tensor", promote="arith", broadcast=True)
class Fmin:
    """z = min(x, y), the other one if one is NaN.  grad to the one taken, x where equal.

    shape   broadcast
    dtype   promoted
    errors  RuntimeError: complex
    """

    numbers = ()

    def forward(x, y):
        refuse_complex("fmin", x)
        return K.fmin(x, y)

    def backward(c, dz, x, y):
        first, zero = (x <= y) | K.isnan(y), K.zeros_like(dz)
        return K.where(first, dz, zero), K.where(first, zero, dz)

    samples = binary(numbers=False)


# ---------------------------------------------------------------- held between bounds


@internal("clamp_tensors", tensors=3, promote="arith", broadcast=True, node="Clamp")
class ClampTensors:
    """y = min(max(x, low), high) for tensors; grad to x inside, else to the bound that was taken"""

    def forward(x, low=None, high=None):
        if x.dtype.kind == "c" or (low is not None and high is not None):
            _refuse(x, "clamp_cpu")
        y = x if low is None else K.maximum(x, low)
        return y if high is None else K.minimum(y, high)

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


_COMPLEX = "clamp is not supported for complex types"


def _refuse(x: np.ndarray, kernel: str) -> None:
    if x.dtype.kind == "c":
        raise NotImplementedError(_COMPLEX)
    if x.dtype.kind == "b":
        raise not_implemented(kernel, x)


_REAL = frozenset((int, float, type(None)))  # bounds that promote no floating tensor


def _bounds(name: str, x: Any, low: Any, high: Any) -> tuple:
    """The arguments of the cards: numbers and Tensors checked.

    RuntimeError: a number that the dtype of x cannot hold.
    """
    tensor_argument(name, x)
    if isinstance(low, Tensor) or isinstance(high, Tensor):
        # a 0-d tensor beside a number counts as one
        if (is_number(high) and _is_number(low)) or (is_number(low) and _is_number(high)):
            low, high = number_of(low), number_of(high)
        else:
            return x, low, high
    if type(low) in _REAL and type(high) in _REAL and x._a.dtype.itemsize > 2:
        if x._a.dtype.kind == "f":
            return x, low, high
    for i, (v, which) in enumerate(((low, "min"), (high, "max"))):
        if v is not None and not is_number(v):
            raise not_a_tensor(name, which, 3 if i and name == "clamp" else 2, v)
    d = x.dtype
    for v in (low, high):
        if v is not None and (n := number_dtype(v)).category > d.category:
            d = promote_types(d, n)
    if d.category == COMPLEX:
        raise NotImplementedError(_COMPLEX)
    return x, *(v if v is None else fitting(v, d) for v in (low, high))


def _is_number(x: Any) -> bool:
    return is_number(x) or (isinstance(x, Tensor) and not x._a.ndim and not x._rg)


@op(
    "clamp(input, min=None, max=None, *, out=None)",
    "clip",
    at="torch Tensor",
    inplace="torch Tensor",
    tensors=1,
    node="Clamp1",
    quiet=False,
)
class Clamp:
    """y = x held between min and max: numbers, tensors, or None for no bound; max wins if min > max

    shape   broadcast
    dtype   promoted
    grad    to x where min ≤ x ≤ max; to a tensor bound where it was taken
    errors  RuntimeError: no bound, a bound that the dtype cannot hold; NotImplementedError: complex

    >>> torch.clamp(tensor([-1.0, 0.5, 2.0]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """

    once = True

    def prepare(input, min, max):
        if min is None and max is None:
            raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
        return _bounds("clamp", input, min, max)

    def variant(x, low, high):
        return ClampTensors if isinstance(low, Tensor) or isinstance(high, Tensor) else None

    def forward(x, low, high):
        if x.dtype.kind in "fV":
            if type(x) is np.ndarray:
                least = -math.inf if low is None else float(low)
                most = math.inf if high is None else float(high)
                if least <= most:
                    return K.hardtanh(x, least, most)  # one kernel
        else:
            if isinstance(low, np.ndarray) or isinstance(high, np.ndarray):
                x = x.astype((high if low is None else low).dtype, copy=False)
            _refuse(x, f"clamp_{'max' if low is None else 'min'}_scalar_cpu")
            two = low is not None and high is not None and low <= high
            if two and type(x) is np.ndarray and x.dtype == np.int64:
                return K.clamped(x, int(low), int(high))
        y = x
        if low is not None:
            y = K.maximum(y, number_like(low, x))
        if high is not None:
            y = K.minimum(y, number_like(high, x))
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


def _required(name: str, which: str, bound: Any) -> Any:
    if bound is None:
        raise not_a_tensor(name, which, 2, bound)
    return bound


_MIN_TENSOR = ClampTensors.renamed("ClampMinBackward1")
_MAX_TENSOR = ClampTensors.renamed("ClampMaxBackward1")


@op(
    "clamp_min(input, min, *, out=None)",
    at="torch Tensor",
    inplace="torch Tensor",
    tensors=1,
    node="ClampMin",
    quiet=False,
)
class ClampMin:
    """y = max(x, min), min a number or a tensor; see clamp

    shape   the operands are broadcast
    errors  as for clamp
    """

    once = True

    def prepare(input, min):
        return _bounds("clamp_min", input, _required("clamp_min", "min", min), None)

    def variant(x, low, high):
        return _MIN_TENSOR if isinstance(low, Tensor) else None

    forward, backward = Clamp.source.forward, Clamp.source.backward

    def samples(make):
        yield make(3, 4), 0.25


@op(
    "clamp_max(input, max, *, out=None)",
    at="torch Tensor",
    inplace="torch Tensor",
    tensors=1,
    node="ClampMax",
    quiet=False,
)
class ClampMax:
    """y = min(x, max), max a number or a tensor; see clamp

    shape   the operands are broadcast
    errors  as for clamp
    """

    once = True

    def prepare(input, max):
        return _bounds("clamp_max", input, None, _required("clamp_max", "max", max))

    def variant(x, low, high):
        return _MAX_TENSOR if isinstance(high, Tensor) else None

    forward, backward = Clamp.source.forward, Clamp.source.backward

    def samples(make):
        yield make(3, 4), 0.25
