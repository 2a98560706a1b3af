"""The words that formulas are written in: NumPy's array functions under one signature each.

Elementwise words have torch's names; reductions take (x, axis=None, keepdims=False); the rest
follows NumPy. dispatch/on_tensors.py has the same words on Tensors. A native kernel of the same
name overrides a word.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np

from .seam import TABLE, native


def rsqrt(x):
    return 1 / np.sqrt(x)


def square(x):
    return x * x


def sign(x):
    """-1, 0 or 1; 0 for NaN, as in PyTorch."""
    if x.dtype.kind in "bu":
        return (x > 0).astype(x.dtype)
    if x.dtype.kind == "i":  # (NumPy's subtract of bools in int64 is 30 times slower)
        return np.subtract((x > 0).view(np.int8), (x < 0).view(np.int8)).astype(x.dtype)
    return np.subtract(x > 0, x < 0, dtype=x.dtype)


def sgn(x):
    """x / |x|, 0 at 0; sign for real x."""
    if x.dtype.kind != "c":
        return TABLE["sign"](x)
    size = np.abs(x)
    return np.where(size == 0, 0, x / np.where(size == 0, 1, size)).astype(x.dtype, copy=False)


def astype(x, dtype):
    """x in another NumPy dtype; itself if it has it."""
    return x.astype(dtype, copy=False)


def like(x, y):
    """x in the dtype of y; the real part where y is real."""
    if x.dtype.kind == "c" and y.dtype.kind != "c":
        x = x.real
    return TABLE["astype"](x, y.dtype)


def cast(x, dtype):
    """x in a torch dtype; the real part where that is real."""
    if x.dtype.kind == "c" and not dtype.is_complex:
        x = x.real
    return TABLE["astype"](x, dtype.np)


def stretched(given, shape) -> tuple[int, ...]:
    """The dimensions of shape `given` that broadcasting `shape` to it had added or stretched."""
    lead = len(given) - len(shape)
    return tuple(range(lead)) + tuple(
        i + lead for i, n in enumerate(shape) if n == 1 and given[i + lead] != 1
    )


def sum_to(x, shape):
    """Sum over the dimensions that broadcasting `shape` to x.shape added or stretched."""
    axes = stretched(x.shape, shape)
    if not axes:
        return x.reshape(shape)
    if x.dtype.itemsize == 2 and x.dtype.kind in "fV":  # summed in float32, rounded once
        return x.sum(axes, np.float32, keepdims=True).astype(x.dtype).reshape(shape)
    return x.sum(axes, keepdims=True).reshape(shape)


def matmul(x, y):
    """The matrix product over the last two dimensions; of bool only that of no elements."""
    if x.dtype.kind == "b" and x.size and y.size:
        kernel = "bmm" if x.ndim > 2 or y.ndim > 2 else "addmm_impl_cpu_"
        kernel = "addmv_impl_cpu" if y.ndim == 1 and x.ndim == 2 else kernel
        raise NotImplementedError(f"\"{kernel}\" not implemented for 'Bool'")
    return np.matmul(x, y)


def transpose(x, axes):
    return x.transpose(axes)


def reshape(x, shape):
    return x.reshape(shape)


def take_along_axis(x, index, axis):
    """np.take_along_axis, by one flat `take` where the rows lie one after the other."""
    if axis not in (-1, x.ndim - 1) or not x.flags.c_contiguous or x.shape[:-1] != index.shape[:-1]:
        return np.take_along_axis(x, index, axis)
    if x.ndim == 1:
        return x[index]
    n = x.shape[-1]
    if n == 0:
        return np.take_along_axis(x, index, axis)
    starts = np.arange(0, x.size, n).reshape(*x.shape[:-1], 1)
    return x.reshape(-1).take(index % n + starts)


def broadcast_to(x, shape):
    """x repeated up to `shape`, in memory of its own: kernels take dense arrays only."""
    y = np.empty(shape, x.dtype)
    y[...] = x
    return y


def scatter_add(x, axis, index, values):
    """x with values[i] added at x[index[i]] along axis; index and values have one shape."""
    y = x.copy()
    np.add.at(y, along(index, axis), values[tuple(slice(n) for n in index.shape)])
    return y


def roll(x, shift, axis=None):
    """np.roll: each part where it goes, by the kernel that copies strided elements."""
    if type(x) is not np.ndarray:  # on another device
        return np.roll(x, shift, axis)
    if axis is None:
        return roll(x.reshape(-1), shift, 0).reshape(x.shape)
    whole = (slice(None), slice(None))
    parts = [[whole] for _ in x.shape]  # along each axis: (to, from)
    turns: dict[int, int] = {}
    for s, a in np.broadcast(shift, axis):
        turns[a % x.ndim] = turns.get(a % x.ndim, 0) + int(s)
    for a, s in turns.items():
        n = x.shape[a]
        s %= max(n, 1)
        if s:
            parts[a] = [(slice(s, n), slice(n - s)), (slice(s), slice(n - s, n))]
    y = np.empty(x.shape, x.dtype)
    for part in product(*parts):
        to, start = zip(*part, strict=True)
        TABLE["assign"](y[to], x[start])
    return y


def place(values, index, axis, shape):
    """Zeros of `shape` with values[i] at place index[i] along axis; no place is taken twice."""
    y = np.zeros(shape, values.dtype)
    if y.size == 0:
        return y
    if axis in (-1, y.ndim - 1) and y.shape[:-1] == index.shape[:-1]:
        starts = np.arange(0, y.size, shape[-1]).reshape(*shape[:-1], 1)
        y.reshape(-1)[index + starts] = values
    else:
        np.put_along_axis(y, index, values, axis)
    return y


def along(index: np.ndarray, axis: int) -> tuple:
    """The full index tuple of `take_along_axis`: index in its axis, open ranges in the others."""
    return tuple(
        index
        if i == axis % index.ndim
        else np.arange(n).reshape((-1,) + (1,) * (index.ndim - 1 - i))
        for i, n in enumerate(index.shape)
    )


def view_as_real(x):
    """(*) complex -> (*, 2) real"""
    return np.array(x, order="C")[..., None].view(x.real.dtype)


def view_as_complex(x):
    """(*, 2) real -> (*) complex"""
    return np.ascontiguousarray(x).view(np.result_type(x.dtype, np.complex64))[..., 0]


def conj(x):
    return np.conj(x) if x.dtype.kind == "c" else x


def _rows(y):
    """y in row-major order: what is reduced or accumulated does not keep the order of x in memory,
    as in PyTorch.
    """
    return y if y.ndim < 2 or y.flags.c_contiguous else y.copy()


def _reduction(f: Any) -> Any:
    def reduce(x, axis=None, keepdims=False):
        return _rows(f(x, axis=axis, keepdims=keepdims))

    return reduce


@lru_cache(64)
def _small_triangle(n: int, m: int, k: int) -> np.ndarray:
    return np.tri(n, m, k, dtype=bool)


def _lower(n: int, m: int, k: int) -> np.ndarray:
    """Where j ≤ i + k in a matrix (n, m)."""
    return _small_triangle(n, m, k) if n * m < _FEW else np.tri(n, m, k, dtype=bool)


def _upper(n: int, m: int, k: int) -> np.ndarray:
    return ~_lower(n, m, k - 1)


def _triangle(whole: Any, mask: Any) -> Any:
    """tril or triu: x where the mask of its last two dimensions is true, else 0."""

    def part(x, k=0):
        if type(x) is not np.ndarray:  # on another device
            return _rows(whole(x, k))
        y = np.zeros(x.shape, x.dtype)
        np.copyto(y, x, where=mask(*x.shape[-2:], k))
        return y

    return part


def _truth(f: Any, of_all: bool) -> Any:
    """any or all; of few numbers it counts those that are not 0, half the time of a ufunc."""

    def reduce(x, axis=None, keepdims=False):
        if axis is None and not keepdims and x.size < _FEW and type(x) is np.ndarray:
            if native is not None and (y := native.truth(x, of_all)) is not None:
                return y
            n = _count(x)
            return np.array(n == x.size if of_all else n > 0)
        return _rows(f(x, axis=axis, keepdims=keepdims))

    return reduce


_FEW = 1 << 12
_count: Any = np.count_nonzero


def _place(f: Any) -> Any:
    """A reduction that gives a place: int64 where NumPy's own indices are 32 bits wide, too."""

    def reduce(x, axis=None, keepdims=False):
        return _rows(f(x, axis=axis, keepdims=keepdims)).astype(np.int64, copy=False)

    return reduce


def _total(f: Any) -> Any:
    """A reduction in which integers and bool count as int64, as in PyTorch."""
    counts = f == np.add.reduce

    def reduce(x, axis=None, keepdims=False):
        if counts and x.dtype.kind == "b" and axis is None and not keepdims:
            return np.array(np.count_nonzero(x))
        dtype = np.int64 if x.dtype.kind in "iub" else None
        return _rows(f(x, axis=axis, dtype=dtype, keepdims=keepdims))

    return reduce


def _running(f: Any) -> Any:
    def accumulate(x, axis):
        return _rows(f(x, axis, dtype=np.int64 if x.dtype.kind in "iub" else None))

    return accumulate


def mean(x, axis=None, keepdims=False):
    """The mean; of no elements nan, without NumPy's warning."""
    if x.size == 0:
        return np.sum(x, axis=axis, keepdims=keepdims) * x.dtype.type(np.nan)
    return _rows(np.mean(x, axis=axis, keepdims=keepdims))


_ELEMENTWISE = {
    "abs": np.abs,
    "exp": np.exp,
    "exp2": np.exp2,
    "expm1": np.expm1,
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "sign": sign,
    "sgn": sgn,
    "floor": np.floor,
    "ceil": np.ceil,
    "trunc": np.trunc,
    "round": np.rint,
    "signbit": np.signbit,
    "bitwise_not": np.invert,
    "logical_not": np.logical_not,
    "isnan": np.isnan,
    "isinf": np.isinf,
    "isfinite": np.isfinite,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "power": np.power,
    "atan2": np.arctan2,
    "hypot": np.hypot,
    "where": np.where,
    "copysign": np.copysign,
    "logaddexp": np.logaddexp,
    "logaddexp2": np.logaddexp2,
    "nextafter": np.nextafter,
    "fmax": np.fmax,
    "fmin": np.fmin,
    "bitwise_and": np.bitwise_and,
    "bitwise_or": np.bitwise_or,
    "bitwise_xor": np.bitwise_xor,
    "bitwise_left_shift": np.left_shift,
    "bitwise_right_shift": np.right_shift,
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "logical_xor": np.logical_xor,
    "rsqrt": rsqrt,
    "square": square,
    "conj": conj,
    "real": np.real,
    "imag": np.imag,
    "view_as_real": view_as_real,
    "view_as_complex": view_as_complex,
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
}
_REDUCTIONS = {
    name: _reduction(f)
    for name, f in {
        "max": np.maximum.reduce,
        "min": np.minimum.reduce,
    }.items()
} | {
    "any": _truth(np.logical_or.reduce, False),
    "all": _truth(np.logical_and.reduce, True),
    "argmax": _place(np.argmax),
    "argmin": _place(np.argmin),
    "mean": mean,
    "sum": _total(np.add.reduce),
    "prod": _total(np.multiply.reduce),
}
_SHAPES = {
    "reshape": reshape,
    "transpose": transpose,
    "swapaxes": np.swapaxes,
    "moveaxis": np.moveaxis,
    "broadcast_to": broadcast_to,
    "expand_dims": np.expand_dims,
    "squeeze": np.squeeze,
    "flip": np.flip,
    "roll": roll,
    "tril": _triangle(np.tril, _lower),
    "triu": _triangle(np.triu, _upper),
    "cumsum": _running(np.add.accumulate),
    "cumprod": _running(np.multiply.accumulate),
    "logcumsumexp": np.logaddexp.accumulate,
    "sum_to": sum_to,
    "take_along_axis": take_along_axis,
    "scatter_add": scatter_add,
    "place": place,
    "matmul": matmul,
    "astype": astype,
    "like": like,
    "cast": cast,
    "zeros_like": np.zeros_like,
    "ones_like": np.ones_like,
    "full_like": np.full_like,
}


def is_complex(x):
    """True for a value of a complex dtype."""
    return x.dtype.kind == "c"


def refuse(bad, error):
    """Raise `error` (an exception, or a function that makes one) if any element of `bad` is true.

    The word for checks that look at values: a device that cannot stop for them does nothing.
    """
    if np.count_nonzero(bad) if type(bad) is np.ndarray else bad.any():  # half of the other's time
        raise error() if callable(error) else error


def dense(x):
    """x itself if its elements lie in row-major order, else a copy that does."""
    return x if x.flags.c_contiguous else x.copy()


_QUESTIONS = {"is_complex": is_complex, "refuse": refuse, "dense": dense}
WORDS: dict[str, Any] = {**_QUESTIONS, **_ELEMENTWISE, **_REDUCTIONS, **_SHAPES}
LIST_WORDS: dict[str, Any] = {"concatenate": np.concatenate, "stack": np.stack}
# words that compute nothing: NumPy has nothing to warn of (sum_to: backward is hushed as a whole)
MOVES = frozenset(
    "where conj real imag view_as_real view_as_complex reshape transpose swapaxes moveaxis "
    "broadcast_to expand_dims squeeze flip roll tril triu sum_to take_along_axis place zeros_like "
    "ones_like is_complex refuse dense any all maximum minimum max min".split()
)
# words that add up or multiply: in float32 for 2-byte floats; and those that compare such numbers,
# for which NumPy has slow loops only
ACCUMULATE = ("sum", "prod", "mean", "cumsum", "cumprod", "logcumsumexp", "matmul")
ACCUMULATE += ("max", "min", "argmax", "argmin", "maximum", "minimum", "sort_rows", "top_rows")
