"""Bits and truth: & | ^ ~ << >>, logical_*, gcd, lcm. Nothing here is differentiable."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.dtype import from_numpy_dtype, scalar_name
from ..core.tensor import Tensor
from ..dispatch.promotion import is_number
from ..dispatch.registry import CARDS, Card, apply, apply_inplace, op
from .samples import binary

_INTEGERS = binary(0, 9, dtype="int64")


def _only(kinds: str, name: str, x: np.ndarray) -> None:
    if x.dtype.kind not in kinds:
        raise RuntimeError(
            f"\"{name}_cpu\" not implemented for '{scalar_name(from_numpy_dtype(x.dtype))}'"
        )


def _operators(card: Card, name: str) -> None:
    """x op y, y op x and x op= y as methods of Tensor."""

    def forward(x, y):
        return apply(card, (x, y)) if isinstance(y, Tensor) or is_number(y) else NotImplemented

    def reflected(x, y):
        if not isinstance(x, Tensor):
            kind = type(x).__name__
            raise TypeError(f"descriptor requires a 'torch.Tensor' object but received a '{kind}'")
        return apply(card, (y, x)) if isinstance(y, Tensor) or is_number(y) else NotImplemented

    def inplace(x, y):
        known = isinstance(y, Tensor) or is_number(y)
        return apply_inplace(card, (x, y)) if known else NotImplemented

    setattr(Tensor, f"__{name}__", forward)
    setattr(Tensor, f"__r{name}__", reflected)
    setattr(Tensor, f"__i{name}__", inplace)


def _bitwise(name: str, symbol: str, f: Any, operator: str) -> None:
    class Card:
        __doc__ = (
            f"z = x {symbol} y, bit by bit.  RuntimeError: "
            "operands that are neither integer nor bool."
        )
        backward = None

        def forward(x, y):
            _only("iub", name, x)
            return f(x, y)

        samples = _INTEGERS

    op(name, inplace=True, promote="arith", broadcast=True)(Card)
    _operators(CARDS[name], operator)


_bitwise("bitwise_and", "&", np.bitwise_and, "and")
_bitwise("bitwise_or", "|", np.bitwise_or, "or")
_bitwise("bitwise_xor", "^", np.bitwise_xor, "xor")


@op("bitwise_not", inplace=True)
class BitwiseNot:
    """y = ~x: all bits turned; logical not for bool."""

    backward = None

    def forward(x):
        _only("iub", "bitwise_not", x)
        return np.invert(x)

    def samples(make):
        yield make(3, 4, low=-9, high=9, dtype="int64")
        yield make(dtype="bool")
        yield make(0, 5, dtype="bool")


Tensor.__invert__ = lambda x: apply(CARDS["bitwise_not"], (x,))


def left_shift(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """x · 2^n; 0 where n is negative or no smaller than the width."""
    _only("iu", "lshift", x)
    outside = (n < 0) | (n >= x.dtype.itemsize * 8)
    return np.where(outside, 0, x << np.where(outside, 0, n)).astype(x.dtype, copy=False)


def right_shift(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """⌊x / 2^n⌋; the sign alone is left where n is negative or no smaller than the width."""
    _only("iu", "rshift", x)
    widest = x.dtype.itemsize * 8 - (1 if x.dtype.kind == "i" else 0)
    outside = (n < 0) | (n >= widest)
    if x.dtype.kind == "u":
        return np.where(outside, 0, x >> np.where(outside, 0, n)).astype(x.dtype, copy=False)
    return (x >> np.where(outside, widest, n)).astype(x.dtype, copy=False)


def _shift(name: str, f: Any, operator: str) -> None:
    class Card:
        __doc__ = f.__doc__
        backward = None

        def forward(x, n):
            return f(x, n)

        samples = _INTEGERS

    op(name, inplace=True, promote="arith", broadcast=True)(Card)
    _operators(CARDS[name], operator)


_shift("bitwise_left_shift", left_shift, "lshift")
_shift("bitwise_right_shift", right_shift, "rshift")


def _logical(name: str, meaning: str, f: Any) -> None:
    class Card:
        __doc__ = f"z = {meaning} as bool; numbers count as true unless they are 0."
        numbers = ()
        backward = None

        def forward(x, y):
            return f(x, y)

        samples = binary(numbers=False)

    op(name, inplace=True, promote="arith", broadcast=True)(Card)


_logical("logical_and", "x and y", np.logical_and)
_logical("logical_or", "x or y", np.logical_or)
_logical("logical_xor", "x or y but not both", np.logical_xor)


@op("logical_not", inplace=True)
class LogicalNot:
    """y = not x as bool: true where x is 0."""

    backward = None

    def forward(x):
        return np.logical_not(x)

    def samples(make):
        yield make(3, 4)
        yield make(dtype="bool")
        yield make(0, 5)


@op("gcd", inplace=True, promote="arith", broadcast=True)
class Gcd:
    """z = the greatest common divisor of integers x, y; gcd(0, 0) = 0."""

    numbers = ()

    backward = None

    def forward(x, y):
        _only("iu", "gcd", x)
        return np.gcd(x, y)

    samples = _INTEGERS


@op("lcm", inplace=True, promote="arith", broadcast=True)
class Lcm:
    """z = the least common multiple of integers x, y; 0 if one is 0."""

    numbers = ()

    backward = None

    def forward(x, y):
        _only("iu", "lcm", x)
        g = np.gcd(x, y)
        return np.abs(x // np.where(g == 0, 1, g) * y)

    samples = _INTEGERS
