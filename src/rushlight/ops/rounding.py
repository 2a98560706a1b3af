"""Rounding, and numbers taken apart: floor, round, frac, frexp, ldexp."""

from __future__ import annotations

import math

import numpy as np

from ..core.dtype import float32, result_dtype
from ..core.tensor import Tensor
from ..dispatch.messages import not_implemented
from ..dispatch.registry import op
from ..kernels import K, as_array
from .samples import binary, unary

_LN2 = math.log(2)


def _rounding(name: str, f, meaning: str, *aliases: str) -> None:
    class Rounding:
        __doc__ = (
            f"y = {meaning}; integers stay as they are.  grad 0\n\n"
            "    errors  NotImplementedError: bool or complex\n"
        )

        once = True

        def forward(x):
            if x.dtype.kind == "c":
                raise NotImplementedError(f"{name} is not supported for complex inputs")
            return x.copy(order="K") if x.dtype.kind in "iu" else f(x)

        def backward(c, dy):
            return K.zeros_like(dy)

        samples = unary()

    op(
        f"{name}(input, *, out=None)",
        *aliases,
        at="torch Tensor",
        inplace="torch Tensor",
        node=name.capitalize(),
        not_for="b",
        kernel=f"{name}_vml_cpu",
    )(Rounding)


_rounding("floor", K.floor, "the largest integer ≤ x")
_rounding("ceil", K.ceil, "the smallest integer ≥ x")
_rounding("trunc", K.trunc, "x without its fraction", "fix")


@op(
    "round(input, *, decimals=0, out=None)",
    at="torch Tensor special",
    inplace="torch Tensor",
    tensors=1,
    node="Round",
)
class Round:
    """y = x rounded to `decimals` places (negative: to tens, hundreds...), halves to even.  grad 0

    errors  NotImplementedError: bool, complex, or integers to decimals

    >>> torch.round(tensor([1.2345, -2.5]), decimals=2)
    tensor([ 1.2300, -2.5000])
    """

    once = True

    def variant(x, decimals):
        return "Round1" if decimals else None

    def forward(x, decimals):
        if x.dtype.kind in ("iubc" if decimals else "bc"):
            raise not_implemented("round_cpu" if decimals else "round_vml_cpu", x)
        if x.dtype.kind in "iu":
            return x.copy(order="K")
        if decimals == 0:
            return K.round(x)
        ten = 10.0 ** abs(decimals)
        if x.itemsize == 2:  # computed in float32, rounded once
            return K.like(Round.source.forward(x.astype(np.float32), decimals), x)
        return K.like(np.rint(x * ten) / ten if decimals > 0 else np.rint(x / ten) * ten, x)

    def backward(c, dy):
        return K.zeros_like(dy)

    def samples(make):
        yield make(3, 4)
        yield make(low=-200, high=200), {"decimals": 1}
        yield make(0, 5)
        yield make(4, 3, low=-200, high=200).T, {"decimals": -1}


@op(
    "frac(input, *, out=None)",
    at="torch Tensor",
    inplace="torch Tensor",
    not_for="iubc",
    kernel="frac_cpu",
)
class Frac:
    """y = x - trunc(x);  dx = dy

    shape   x (*) -> y (*)
    errors  NotImplementedError: integers, bool, complex numbers
    """

    def forward(x):
        return K.frac(x)

    def backward(c, dy):
        return dy

    samples = unary()


@op(
    "frexp(input, *, out=None)",
    at="torch Tensor",
    extras=("exponent",),
    returns=("mantissa", "exponent"),
)
class Frexp:
    """x = mantissa · 2^exponent, ½ ≤ |mantissa| < 1, exponent int32;  dx = dmantissa / 2^exponent

    RuntimeError: x is not floating.

    >>> torch.frexp(tensor([6.0]))
    torch.return_types.frexp(
    mantissa=tensor([0.7500]),
    exponent=tensor([3], dtype=torch.int32))
    """

    def forward(x):
        if x.dtype.kind not in "fV":
            raise RuntimeError("torch.frexp() only supports floating-point dtypes")
        mantissa, exponent = np.frexp(x if x.dtype.kind == "f" else x.astype(np.float32))
        return K.like(mantissa, x), as_array(exponent).astype(np.int32, copy=False)

    def backward(c, dm, exponent):
        return dm / K.exp2(K.like(exponent, dm))

    samples = unary(0.6, 0.9)


def _power_of_two(y, narrower):
    power = K.exp2(y)
    return power if narrower is None else K.like(K.cast(power, narrower), y)


@op(
    "ldexp(input, other: Tensor, *, out=None)",
    at="torch Tensor",
    inplace="torch Tensor",
    tensors=2,
    constants=1,
    promote="float",
    broadcast=True,
    save_if={"y": 0},
)
class Ldexp:
    """z = x 2^y;  dx = dz 2^y,  dy = dz z ln 2

    2^y is rounded to y's dtype, as in PyTorch, though z may be of a wider one.

    shape   broadcast
    dtype   promoted, integers become the default dtype
    """

    numbers = ()

    def prepare(input, other):
        narrower = None
        if isinstance(input, Tensor) and isinstance(other, Tensor):
            d, common = other.dtype, result_dtype((input, other))
            if d.is_floating_point and d.itemsize < common.itemsize:
                if other.ndim or common is float32:
                    narrower = d
        return input, other, narrower

    def forward(x, y, narrower):
        return x * K.dense(as_array(_power_of_two(y, narrower)))

    def backward(c, dz, y, out, narrower):
        dx = dz * K.conj(_power_of_two(y, narrower)) if c.needs(0) else None
        return dx, dz * K.conj(out) * _LN2 if c.needs(1) else None

    samples = binary(numbers=False)
