"""Powers: x^y of tensors and numbers, squares, float_power."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.dtype import (
    BOOL,
    COMPLEX,
    FLOAT,
    check_can_cast,
    complex128,
    float64,
    from_numpy_dtype,
    result_dtype,
    scalar_name,
)
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import tensor_argument
from ..dispatch.out import into
from ..dispatch.promotion import is_number, operand
from ..dispatch.registry import CARDS, apply, apply_inplace, cast, composite, number_array, op
from ..kernels import K


def _int_power(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x^y of integers, wrapping around; negative powers of anything but 1 and -1 are 0, as in
    PyTorch.
    """
    negative = y < 0
    if not negative.any():
        return np.power(x, y)
    z = np.power(x, np.where(negative, 0, y))
    flipped = np.where(x == 1, 1, np.where(x == -1, np.where(y % 2 == 0, 1, -1), 0))
    return np.where(negative, flipped, z).astype(x.dtype)


@op("_pow", fn=False, method=False, promote="arith", broadcast=True, node="Pow1")
class _Pow:
    """z = x^y;  dx = dz · y · x^(y-1),  dy = dz · z · ln x (0 where x = 0 and y ≥ 0)"""

    def forward(x, y):
        if x.dtype.kind in "iu":
            return _int_power(x, y)
        if x.dtype.kind == "b":
            return x | ~y
        return K.power(x, y)

    def backward(c, dz, x, y, out):
        dx = dy = None
        if c.needs(0):
            dx = dz * K.conj(K.where(y == 0, K.zeros_like(out), y * K.power(x, y - 1)))
        if c.needs(1):
            zero = x == 0 if K.is_complex(y) else (x == 0) & (y >= 0)
            log = K.log(K.where(zero, K.ones_like(x), x))
            dy = dz * K.conj(K.where(zero, K.zeros_like(out), out * log))
        return dx, dy

    def samples(make):
        yield make(3, 4, low=0.2, high=2), make(3, 4)
        yield make(3, 1, low=0.2, high=2), make(4)
        yield make(low=0.2, high=2), make(2, 3)
        yield make(0, 5), make(1)


_POW_BASE = CARDS["_pow"].renamed("PowBackward2")


@op("_pow_number", fn=False, method=False, tensors=1, node="Pow")
class _PowNumber:
    """y = x^p for a number p;  dx = dy · p · x^(p-1), 0 if p = 0"""

    def forward(x, p):
        if x.dtype.kind in "iu" and not isinstance(p, (float, complex)):
            return _int_power(x, number_array(p, from_numpy_dtype(x.dtype)))
        if p == 2:
            return K.square(x)
        if p == 3:
            return x * x * x
        return x**p

    def backward(c, dy, x, p):
        if p == 0:
            return K.zeros_like(dy)
        if p == 2:
            return dy * (2 * K.conj(x))
        return dy * K.conj(p * K.power(x, p - 1))

    def samples(make):
        for p in (2, 3, 0, -1, 0.5, 2.5):
            yield make(3, 4, low=0.2, high=2), p
        yield make(), 2
        yield make(0, 5), 3
        yield make(4, 3).T, 2


_CARD = CARDS["_pow_number"]


def _number_power(x: Tensor, p: Any, inplace: bool = False) -> Tensor:
    """x^p with x promoted by the number p."""
    if x._a.dtype.kind == "f" and (type(p) is int or type(p) is float):
        return apply_inplace(_CARD, (x, p)) if inplace else apply(_CARD, (x, p))
    if isinstance(p, np.generic):
        p = p.item()
    d = x.dtype
    if d.category < FLOAT and not isinstance(p, (float, complex)):
        if isinstance(p, int) and p < 0 and d.category != BOOL:
            raise RuntimeError("Integers to negative integer powers are not allowed.")
    target = result_dtype((x, p))
    if inplace:
        check_can_cast(target, d)
        return apply_inplace(_CARD, (x, p))
    return apply(_CARD, (x if d is target else cast(x, target), p))


@composite("pow", method=True)
def pow(input, exponent, *, out=None):
    """z = input ^ exponent, each a tensor or a number. RuntimeError:
    an integer tensor to a negative integer.

    >>> torch.pow(tensor([1.0, 2.0, 3.0]), 2)
    tensor([1., 4., 9.])
    """
    if isinstance(exponent, Tensor):
        z = apply(CARDS["_pow"] if isinstance(input, Tensor) else _POW_BASE, (input, exponent))
    else:
        z = _number_power(tensor_argument("pow", input), operand("pow", exponent))
    return z if out is None else into(out, z)


@composite("pow_", fn=False, method=True)
def pow_(input, exponent):
    """input **= exponent"""
    if isinstance(exponent, Tensor):
        return apply_inplace(CARDS["_pow"], (input, exponent))
    return _number_power(input, operand("pow_", exponent), inplace=True)


@composite("square", method=True)
def square(input, *, out=None):
    """y = x²"""
    return pow(input, 2, out=out)


@composite("square_", method=True)
def square_(input):
    """x = x²"""
    return pow_(input, 2)


def _wide(x: Any, target: Any) -> Any:
    return x.to(target) if isinstance(x, Tensor) else x


@composite("float_power", method=True)
def float_power(input, exponent, *, out=None):
    """z = input ^ exponent, computed in float64 or complex128."""
    if not isinstance(exponent, Tensor):
        tensor_argument("float_power", input)
    target = complex128 if result_dtype((input, exponent)).category == COMPLEX else float64
    if isinstance(input, Tensor):
        return pow(input.to(target), _wide(exponent, target), out=out)
    base = wrap(np.asarray(input, target.np))
    z = apply(_POW_BASE, (base, exponent.to(target)))
    return z if out is None else into(out, z)


@composite("float_power_", fn=False, method=True)
def float_power_(input, exponent):
    """In-place version of float_power; input must be float64 or complex128 already."""
    target = complex128 if result_dtype((input, exponent)).category == COMPLEX else float64
    if input.dtype is not target:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {scalar_name(input.dtype)} but the "
            "operation's result "
            f"requires dtype {scalar_name(target)}"
        )
    return pow_(input, _wide(exponent, target))


def _pow_operator(x, y):
    if isinstance(y, Tensor):
        return apply(CARDS["_pow"], (x, y))
    return _number_power(x, y) if is_number(y) else NotImplemented


def _rpow_operator(x, y):
    return pow(y, x) if isinstance(y, Tensor) or is_number(y) else NotImplemented


def _ipow_operator(x, y):
    return pow_(x, y) if isinstance(y, Tensor) or is_number(y) else NotImplemented


Tensor.__pow__, Tensor.__rpow__, Tensor.__ipow__ = _pow_operator, _rpow_operator, _ipow_operator
