"""Arithmetic and elementary functions, element by element."""

from __future__ import annotations

import numpy as np

from ..core.registry import (
    CARDS,
    apply,
    binary_operator,
    composite,
    inplace_operator,
    number_of,
    op,
)
from ..core.tensor import Tensor
from ..kernels import K


@op("_add", fn=False, method=False, promote="arith", broadcast=True, node="Add")
class _Add:
    """z = x + y"""

    def forward(x, y):
        return x + y

    def backward(c, dz):
        return dz, dz


@op("_sub", fn=False, method=False, promote="arith", broadcast=True, node="Sub")
class _Sub:
    """z = x - y"""

    def forward(x, y):
        if x.dtype.kind == "b" and y.dtype.kind == "b":
            raise RuntimeError("Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
                               "`logical_xor()` operator instead.")  # fmt: skip
        return x - y

    def backward(c, dz):
        return dz, -dz if c.needs(1) else None


@op("mul", "multiply", inplace=True, promote="arith", broadcast=True, when={"x": 1, "y": 0})
class Mul:
    """z = x · y

    shape   broadcast
    dtype   promoted
    grad    dx = dz · ȳ,  dy = dz · x̄ (conjugates)
    """

    def forward(x, y):
        return x * y

    def backward(c, dz, x, y):
        return dz * K.conj(y) if c.needs(0) else None, dz * K.conj(x) if c.needs(1) else None

    def samples(make):
        yield make(3, 4), make(3, 4)
        yield make(3, 4), make(4)
        yield make(), make(2, 1, 3)
        yield make(0, 5), make(1)
        yield make(4, 3).T, 2.5


@op("_true_div", fn=False, method=False, promote="float", broadcast=True, node="Div")
class _Div:
    """z = x / y"""

    def forward(x, y):
        return K.div(x, y)

    def backward(c, dz, x, y):
        d = dz / K.conj(y)
        return d if c.needs(0) else None, -d * K.conj(x / y) if c.needs(1) else None


@op("neg", "negative", inplace=True)
class Neg:
    """y = -x.  RuntimeError: x is bool."""

    def forward(x):
        if x.dtype.kind == "b":
            raise RuntimeError("Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a "
                               "mask, use the `~` or `logical_not()` operator instead.")  # fmt: skip
        return -x

    def backward(c, dy):
        return -dy

    def samples(make):
        yield make(3, 4)
        yield make()
        yield make(0, 5)
        yield make(4, 3).T


def _scaled(other, alpha):
    """other · alpha, the second operand of add and sub."""
    if alpha == 1:
        return other
    return other * number_of(alpha) if isinstance(other, Tensor) else other * alpha


@composite("add", method=True)
def add(input, other, *, alpha=1, out=None):
    """z = input + alpha · other, broadcast and promoted."""
    z = apply(CARDS["_add"], (input, _scaled(other, alpha)))
    return z if out is None else into(out, z)


@composite("sub", "subtract", method=True)
def sub(input, other, *, alpha=1, out=None):
    """z = input - alpha · other, broadcast and promoted."""
    z = apply(CARDS["_sub"], (input, _scaled(other, alpha)))
    return z if out is None else into(out, z)


def into(out, result):
    """Write `result` into the tensor given as out=, by the registry's rules."""
    from ..core.registry import store

    store(out, result)
    return out


@op("exp", inplace=True, promote="float")
class Exp:
    """y = e^x;  dy/dx = y"""

    def forward(x):
        return K.exp(x)

    def backward(c, dy, out):
        return dy * K.conj(out)

    def samples(make):
        yield make(3, 4)
        yield make()
        yield make(0, 5)
        yield make(4, 3).T


@op("log", inplace=True, promote="float")
class Log:
    """y = ln x;  dy/dx = 1/x"""

    def forward(x):
        return K.log(x)

    def backward(c, dy, x):
        return dy / K.conj(x)

    def samples(make):
        yield make(3, 4, low=0.1)
        yield make(low=0.1)
        yield make(0, 5)


@op("pow", promote="arith", broadcast=True, inplace=True)
class Pow:
    """z = x^y;  dx = dz · y · x^(y-1),  dy = dz · z · ln x (0 where x = 0 and y >= 0)"""

    def forward(x, y):
        if x.dtype.kind in "iu" and (y < 0).any():
            raise RuntimeError("Integers to negative integer powers are not allowed.")
        return K.power(x, y)

    def backward(c, dz, x, y, out):
        dx = dy = None
        if c.needs(0):
            dx = dz * K.conj(K.where(y == 0, K.zeros_like(out), y * K.power(x, y - 1)))
        if c.needs(1):
            zero = (x == 0) & (y >= 0) if not _complex(y) else x == 0
            dy = dz * K.conj(
                K.where(zero, K.zeros_like(out), out * K.log(K.where(zero, K.ones_like(x), x)))
            )
        return dx, dy


def _complex(x) -> bool:
    return x.is_complex() if isinstance(x, Tensor) else x.dtype.kind == "c"


Tensor.__add__, Tensor.__radd__ = binary_operator(CARDS["_add"], np.add)
Tensor.__sub__, Tensor.__rsub__ = binary_operator(CARDS["_sub"], np.subtract)
Tensor.__mul__, Tensor.__rmul__ = binary_operator(CARDS["mul"], np.multiply)
Tensor.__truediv__, Tensor.__rtruediv__ = binary_operator(CARDS["_true_div"], np.true_divide)
Tensor.__pow__, Tensor.__rpow__ = binary_operator(CARDS["pow"], np.power)
Tensor.__iadd__ = inplace_operator(CARDS["_add"], np.add)
Tensor.__isub__ = inplace_operator(CARDS["_sub"], np.subtract)
Tensor.__imul__ = inplace_operator(CARDS["mul"], np.multiply)
Tensor.__itruediv__ = inplace_operator(CARDS["_true_div"], np.true_divide)
Tensor.__ipow__ = inplace_operator(CARDS["pow"], np.power)
Tensor.__neg__ = lambda x: apply(CARDS["neg"], (x,))


@composite("add_", fn=False, method=True)
def add_(input, other, *, alpha=1):
    """input += alpha · other"""
    return Tensor.__iadd__(input, _scaled(other, alpha))


@composite("sub_", "subtract_", fn=False, method=True)
def sub_(input, other, *, alpha=1):
    """input -= alpha · other"""
    return Tensor.__isub__(input, _scaled(other, alpha))


@op("where", fn=False, method=False, tensors=(1, 2), promote="arith", broadcast=True)
class Where:
    """z = x where the condition holds, else y; broadcast."""

    def forward(condition, x, y):
        return np.where(condition, x, y)

    def backward(c, dz, condition):
        zero = K.zeros_like(dz)
        return K.where(condition, dz, zero) if c.needs(0) else None, K.where(condition, zero, dz) if c.needs(1) else None


@composite("where", method=False)
def where(condition, input=None, other=None, *, out=None):
    """input where condition holds, else other (broadcast, promoted); with condition alone, the indices where it holds."""
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    z = apply(CARDS["where"], (condition, input, other))
    return z if out is None else into(out, z)


Tensor.where = lambda self, condition, other: where(condition, self, other)


def _compare(name: str, alias: str, symbol: str, ufunc) -> None:
    """Register x <op> y, which gives a bool tensor and no gradient."""

    class Compare:
        __doc__ = f"z = x {symbol} y as bool, broadcast, compared in the promoted dtype; not differentiable."
        backward = None

        def forward(x, y):
            return ufunc(x, y)

    op(name, alias, inplace=True, promote="arith", broadcast=True, node=name.capitalize())(Compare)
    operator, _ = binary_operator(CARDS[name], ufunc)
    setattr(Tensor, f"__{name}__", operator)


for _args in (("eq", "_eq", "=", np.equal), ("ne", "not_equal", "≠", np.not_equal), ("lt", "less", "<", np.less),
              ("le", "less_equal", "≤", np.less_equal), ("gt", "greater", ">", np.greater),
              ("ge", "greater_equal", "≥", np.greater_equal)):  # fmt: skip
    _compare(*_args)
