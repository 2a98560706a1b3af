"""Powers: x^y of tensors and numbers, squares, float_power."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.dtype import (
    COMPLEX,
    FLOAT,
    complex128,
    float64,
    from_numpy_dtype,
    number_dtype,
    promote_types,
    result_dtype,
    scalar_name,
)
from ..core.tensor import Tensor
from ..dispatch.messages import tensor_argument
from ..dispatch.promotion import is_number, number_array, operand
from ..dispatch.registry import composite, internal, op
from ..kernels import K
from ..kernels.seam import in_single
from .narrow import is_narrow, rounded, wide


def _int_power(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x^y of integers, wrapping around; negative powers of anything but 1 and -1 are 0, as in
    PyTorch.
    """
    negative = y < 0
    if not negative.any():
        return K.power(x, y)
    z = K.power(x, K.where(negative, 0, y))
    flipped = K.where(x == 1, 1, K.where(x == -1, K.where(y % 2 == 0, 1, -1), 0))
    return K.where(negative, flipped, z).astype(x.dtype)


_F32, _F64 = np.dtype(np.float32), np.dtype(np.float64)
_HALF = np.dtype(np.float16)
_REAL = frozenset((int, float, bool))  # numbers that raise no floating dtype
_power = in_single(K.power)  # two-byte floats: computed in float32, rounded once


@internal("pow_number", tensors=1, node="Pow", quiet=False)
class PowNumber:
    """y = x^p for a number p;  dx = dy · p · x^(p-1), 0 if p = 0"""

    once = True

    def forward(x, p):
        target = x.dtype
        if target.kind != "f" or type(p) not in _REAL:
            target = _with_number(x, p)
            x = x.astype(target, copy=False)
        kind = target.kind
        if kind == "b":
            return x.copy() if p else K.ones_like(x)
        if kind in "iu":
            return _int_power(x, number_array(p, from_numpy_dtype(target)))
        if p == 2:
            return K.square(x)
        if (
            kind in "fV" and target is not _HALF and p in _ROOTS
        ):  # at infinities and -0 these differ from pow
            return _PLAIN[p](x)
        if target.itemsize == 2:
            return _power(x, number_array(p, from_numpy_dtype(target)))
        return K.mul(K.square(x), x) if p == 3 else K.power(x, p)

    def backward(c, dy, x, p):
        if p == 0:
            return K.zeros_like(dy)
        if p == 2:
            return K.mul(dy, K.mul(K.conj(x), 2))
        return K.like(dy * K.conj(p * _raised(x, p - 1)), x)

    def samples(make):
        for p in (2, 3, 0, -1, 0.5, 2.5):
            yield make(3, 4, low=0.2, high=2), p
        yield make(), 2
        yield make(0, 5), 3
        yield make(4, 3).T, 2


_PLAIN = {
    0.5: K.sqrt,
    -0.5: K.rsqrt,
    -1: K.reciprocal,
    -2: lambda x: K.reciprocal(K.square(x)),
    3: K.cube,
}
_ROOTS = tuple(_PLAIN)  # compared one by one: a program may have p for an input


def _raised(x, p):
    return x**p if isinstance(x, Tensor) else PowNumber.forward(x, p)


def _with_number(x: np.ndarray, p: Any) -> np.dtype:
    """The dtype of x^p: a number raises the category of x, never its width."""
    d, n = from_numpy_dtype(x.dtype), number_dtype(p)
    if n.category <= d.category:
        return x.dtype
    if n.category == COMPLEX and d.category == FLOAT:
        return d.to_complex().np
    return promote_types(d, n).np


@op(
    "pow(input, exponent, *, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    promote="arith",
    broadcast=True,
    node="Pow1",
    not_for="b",
    quiet=False,
)
class Pow:
    """z = x^y, each a tensor or a number

    shape   broadcast
    dtype   promoted
    grad    dx = dz · y · x^(y-1),  dy = dz · z · ln x (0 where x = 0 and y ≥ 0)
    errors  RuntimeError: an integer tensor to a negative integer number

    >>> torch.pow(tensor([1.0, 2.0, 3.0]), 2)
    tensor([1., 4., 9.])
    """

    def prepare(input, exponent):
        if isinstance(exponent, Tensor):
            return input, exponent
        if type(exponent) in _REAL and isinstance(input, Tensor) and input._a.dtype.kind == "f":
            return input, exponent
        return tensor_argument("pow", input), _exponent(input, exponent)

    def variant(x, y):
        if not isinstance(y, Tensor):
            return PowNumber
        return None if isinstance(x, Tensor) else _OF_NUMBER[0]

    def forward(x, y):
        if x.dtype is _F32 or x.dtype is _F64:
            return K.power(x, y)
        return _int_power(x, y) if x.dtype.kind in "iu" else _power(x, y)

    def backward(c, dz, x, y, out):
        dx = dy = None
        if c.needs(0):
            dx = dz * K.conj(K.where(y == 0, K.zeros_like(out), y * K.power(x, y - 1)))
        if c.needs(1):
            zero = x == 0 if K.is_complex(y) else (x == 0) & (y >= 0)
            base = K.where(zero, K.ones_like(x), x)
            if x.ndim == 0 and is_narrow(out) and c.name() == "PowBackward2":
                slope = rounded(wide(out) * K.log(wide(base)), out)  # a number has its own log
            else:
                slope = out * K.log(base)
            dy = dz * K.conj(K.where(zero, K.zeros_like(out), slope))
        return dx, dy

    def samples(make):
        yield make(3, 4, low=0.2, high=2), make(3, 4)
        yield make(3, 1, low=0.2, high=2), make(4)
        yield make(low=0.2, high=2), make(2, 3)
        yield make(0, 5), make(1)


_OF_NUMBER = [Pow.lying("rows").renamed("PowBackward2")]  # its results are row-major


def _exponent(x: Tensor, p: Any) -> Any:
    """The number p. RuntimeError: negative, for an integer tensor."""
    p = operand("pow", p)
    if isinstance(p, np.generic):
        p = p.item()
    if type(p) is int and p < 0 and x.dtype.category < FLOAT:
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    return p


@op("square(input, *, out=None)", at="torch Tensor", inplace="torch Tensor", tensors=1, node="Pow")
class Square:
    """y = x²;  dx = 2 dy x̄.  bool becomes int64

    shape   x (*) -> y (*)
    """

    once = True

    def prepare(input):
        return input, 2

    forward, backward = PowNumber.source.forward, PowNumber.source.backward

    def samples(make):
        yield make(3, 4)
        yield make(0, 5)


# ---------------------------------------------------------------- in double precision


def _double(*operands: Any) -> Any:
    return complex128 if result_dtype(operands).category == COMPLEX else float64


@composite("float_power(input: Tensor | Number, exponent, *, out=None)", at="torch Tensor")
def float_power(input: Any, exponent: Any) -> Tensor:
    """z = x^y, computed in float64 or complex128, each a tensor or a number.

    shape   the operands are broadcast
    """
    if not isinstance(exponent, Tensor):
        tensor_argument("float_power", input)
    target = _double(input, exponent)
    if isinstance(exponent, Tensor):
        exponent = exponent.to(target)
    if isinstance(input, Tensor):
        return Pow(input.to(target), exponent)
    return Pow(np.asarray(input, target.np).item(), exponent)


@composite("float_power_", at="Tensor")
def float_power_(input: Tensor, exponent: Any) -> Tensor:
    """In-place version of float_power. RuntimeError: input is not float64 or complex128."""
    target = _double(input, exponent)
    if input.dtype is not target:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {scalar_name(input.dtype)} but the "
            f"operation's result requires dtype {scalar_name(target)}"
        )
    return input.pow_(exponent.to(target) if isinstance(exponent, Tensor) else exponent)


# ---------------------------------------------------------------- operators, written by hand: x**2
# is a hot path


def _pow_operator(x, y):
    if type(y) is int or type(y) is float:
        if y < 0 and x._a.dtype.kind in "iub":
            y = _exponent(x, y)
        return PowNumber.run((x, y))
    return Pow(x, y) if isinstance(y, Tensor) or is_number(y) else NotImplemented


def _rpow_operator(x, y):
    return Pow(y, x) if isinstance(y, Tensor) or is_number(y) else NotImplemented


def _ipow_operator(x, y):
    return Pow.change((x, y)) if isinstance(y, Tensor) or is_number(y) else NotImplemented


Tensor.__pow__, Tensor.__rpow__, Tensor.__ipow__ = _pow_operator, _rpow_operator, _ipow_operator
