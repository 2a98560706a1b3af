"""Bits and truth: & | ^ ~ << >>, logical_*, gcd, lcm. Nothing here is differentiable."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.dtype import scalar_name
from ..core.tensor import Tensor
from ..dispatch.promotion import is_number
from ..dispatch.registry import Card, apply_inplace, op
from ..kernels import K
from .reduce import axes_of
from .samples import binary

_INTEGERS = binary(0, 9, dtype="int64")


def _operators(card: Card, name: str) -> None:
    """x op y, y op x and x op= y as methods of Tensor."""

    def forward(x, y):
        return card.run((x, y)) if isinstance(y, Tensor) or is_number(y) else NotImplemented

    def reflected(x, y):
        if not isinstance(x, Tensor):
            kind = type(x).__name__
            raise TypeError(f"descriptor requires a 'torch.Tensor' object but received a '{kind}'")
        return card.run((y, x)) if isinstance(y, Tensor) or is_number(y) else NotImplemented

    def inplace(x, y):
        known = isinstance(y, Tensor) or is_number(y)
        return apply_inplace(card, (x, y)) if known else NotImplemented

    setattr(Tensor, f"__{name}__", forward)
    setattr(Tensor, f"__r{name}__", reflected)
    setattr(Tensor, f"__i{name}__", inplace)


def _bitwise(name: str, symbol: str, operator: str) -> None:
    kernel = getattr(K, name)

    class Bitwise:
        __doc__ = (
            f"z = x {symbol} y, bit by bit\n\n    shape   broadcast\n    dtype   promoted\n"
            "    errors  NotImplementedError: operands that are neither integer nor bool\n"
        )
        backward = None

        once = True

        def forward(x, y):
            return kernel(x, y)

        samples = _INTEGERS

    card = op(
        f"{name}(input, other, *, out=None)",
        at="torch Tensor",
        inplace="Tensor",
        promote="arith",
        broadcast=True,
        not_for="fVc",
        kernel=f"{name}_cpu",
        quiet=False,
    )(Bitwise)
    _operators(card, operator)


_bitwise("bitwise_and", "&", "and")
_bitwise("bitwise_or", "|", "or")
_bitwise("bitwise_xor", "^", "xor")


@op(
    "bitwise_not(input, *, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    not_for="fVc",
    kernel="bitwise_not_cpu",
    quiet=False,
)
class BitwiseNot:
    """y = ~x: all bits turned; logical not for bool

    errors  NotImplementedError: neither integer nor bool
    """

    backward = None

    def forward(x):
        return K.bitwise_not(x)

    def samples(make):
        yield make(3, 4, low=-9, high=9, dtype="int64")
        yield make(dtype="bool")
        yield make(0, 5, dtype="bool")


def _invert_operator(x):
    if x._a.dtype.kind not in "iub":
        raise TypeError(
            "~ (operator.invert) is only implemented on integer and Boolean-type tensors"
        )
    return BitwiseNot.run((x,))


Tensor.__invert__ = _invert_operator

_SHIFT: dict[str, Any] = {
    "at": "torch Tensor",
    "inplace": "Tensor",
    "promote": "arith",
    "broadcast": True,
    "not_for": "bfVc",
}


@op("bitwise_left_shift(input, other, *, out=None)", **_SHIFT, kernel="lshift_cpu")
class BitwiseLeftShift:
    """z = x · 2^n; 0 where n is negative or no smaller than the width

    errors  NotImplementedError: not integer
    """

    backward = None

    def forward(x, n):
        return K.bitwise_left_shift(x, n)  # (of unsigned places: -1 is far beyond the width)

    samples = _INTEGERS


@op("bitwise_right_shift(input, other, *, out=None)", **_SHIFT, kernel="rshift_cpu")
class BitwiseRightShift:
    """z = ⌊x / 2^n⌋; the sign alone is left where n is negative or no smaller than the width

    errors  NotImplementedError: not integer
    """

    backward = None

    def forward(x, n):
        return K.bitwise_right_shift(x, n)  # (the same)

    samples = _INTEGERS


_operators(BitwiseLeftShift, "lshift")
_operators(BitwiseRightShift, "rshift")


def _logical(name: str, meaning: str) -> None:
    kernel = getattr(K, name)

    class Logical:
        __doc__ = (
            f"z = {meaning} as bool; numbers count as true unless they are 0\n\n"
            "    shape   broadcast\n    dtype   bool; in place, that of x\n"
        )
        numbers = ()
        backward = None

        def forward(x, y):
            return kernel(x, y)

        samples = binary(numbers=False)

    op(
        f"{name}(input, other: Tensor, *, out=None)",
        at="torch Tensor",
        inplace="Tensor",
        promote="arith",
        broadcast=True,
        quiet=False,
    )(Logical)


_logical("logical_and", "x and y")
_logical("logical_or", "x or y")
_logical("logical_xor", "x or y but not both")


@op("logical_not(input, *, out=None)", at="torch Tensor", inplace="Tensor")
class LogicalNot:
    """y = not x as bool: true where x is 0.

    shape   x (*) -> y (*)
    """

    backward = None

    def forward(x):
        return K.logical_not(x)

    def samples(make):
        yield make(3, 4)
        yield make(dtype="bool")
        yield make(0, 5)


@op(
    "gcd(input, other: Tensor, *, out=None)",
    at="torch Tensor",
    inplace="torch Tensor",
    promote="arith",
    broadcast=True,
    not_for="bfVc",
    kernel="gcd_cpu",
)
class Gcd:
    """z = the greatest common divisor of integers x, y; gcd(0, 0) = 0

    errors  NotImplementedError: not integer
    """

    numbers = ()

    backward = None

    def forward(x, y):
        return np.gcd(x, y)

    samples = _INTEGERS


@op(
    "lcm(input, other: Tensor, *, out=None)",
    at="torch Tensor",
    inplace="torch Tensor",
    promote="arith",
    broadcast=True,
    not_for="bfVc",
    kernel="lcm_cpu",
)
class Lcm:
    """z = the least common multiple of integers x, y; 0 if one is 0

    errors  NotImplementedError: not integer
    """

    numbers = ()

    backward = None

    def forward(x, y):
        g = np.gcd(x, y)
        return K.abs(x // K.where(g == 0, 1, g) * y)

    samples = _INTEGERS


@op(
    "hash_tensor(input, dim: int | Sequence[int] = (), *, keepdim: bool = False, mode: int = 0, "
    "out=None)",
    at="torch Tensor",
    not_for="c",
    kernel="xor_sum_cpu",
)
class HashTensor:
    """y = x_1 ^ x_2 ^ ... over dim (all dimensions if it is empty): a check sum of elements' bits

    The bits are those of float64, or int64; the order of the elements does not count.

    mode    0, the only one
    shape   x (*) -> y (* without dim, or with size 1)
    dtype   uint64; not differentiable
    errors  RuntimeError: another mode, nothing to reduce, out= of another dtype; IndexError: a dim
            of size 0, or out of range; NotImplementedError: complex numbers

    >>> torch.hash_tensor(tensor([5, 1]))
    tensor(4, dtype=torch.uint64)
    """

    backward = None

    def check_out(out, y):
        if isinstance(out, Tensor) and out.dtype is not y.dtype:
            raise RuntimeError(
                f"Expected result to be of dtype uint64, but got {scalar_name(out.dtype)}"
            )

    def prepare(input, dim, keepdim, mode):
        if mode != 0:
            raise RuntimeError(f"Unknown hash_tensor mode: {mode}")
        if isinstance(dim, bool):
            raise TypeError(
                "hash_tensor(): argument 'dim' (position 2) must be tuple of ints, not bool"
            )
        if dim in (None, (), []) and input.numel() == 0:
            raise RuntimeError(
                "hash_tensor: Expected reduction dim to be specified for input.numel() == 0. "
                "Specify the reduction dim with the 'dim' argument."
            )
        for i in axes_of(dim, input.ndim) or ():
            if input.shape[i] == 0:
                raise IndexError(f"hash_tensor: Expected reduction dim {i} to have non-zero size.")
        return input, dim, keepdim

    def forward(x, dim, keepdim):
        wide = x.astype(np.int64 if x.dtype.kind in "iub" else np.float64)
        axes = axes_of(dim, x.ndim)
        return np.bitwise_xor.reduce(wide.view(np.uint64), axis=axes, keepdims=keepdim)
