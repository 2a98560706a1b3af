"""Arithmetic, element by element: + - * / // %, signs.

x, y the operands, z the result; operands are broadcast and promoted.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.dtype import BOOL, COMPLEX, FLOAT, result_dtype
from ..core.tensor import Tensor
from ..dispatch.messages import refuse_complex, tensor_argument
from ..dispatch.out import into
from ..dispatch.promotion import is_number, operand
from ..dispatch.registry import (
    CARDS,
    FUNCTIONS,
    Card,
    apply,
    apply_inplace,
    binary_operator,
    composite,
    inplace_operator,
    number_of,
    op,
)
from ..kernels import TABLE, K
from .samples import binary, unary


def overloads(name: str, *, tensor: Card, number: Card, number_first: bool = False) -> None:
    """Publish name(input, other): one card for a second tensor, one (of another node name) for a
    number.
    """

    def function(input, other, *, out=None):
        if not number_first:
            tensor_argument(name, input)
        z = apply(tensor if isinstance(other, Tensor) else number, (input, operand(name, other)))
        return z if out is None else into(out, z)

    def change(input, other):
        return apply_inplace(
            tensor if isinstance(other, Tensor) else number, (input, operand(name, other))
        )

    function.__name__, change.__name__ = name, name + "_"
    function.__doc__, change.__doc__ = tensor.doc, f"In-place version of {name}."
    composite(name, method=True)(function)
    composite(name + "_", fn=False, method=True)(change)


# ---------------------------------------------------------------- + and -


@op("_add", fn=False, method=False, promote="arith", broadcast=True, node="Add")
class _Add:
    """z = x + y"""

    def forward(x, y):
        return x + y

    def backward(c, dz):
        return dz, dz

    samples = binary()


@op("_sub", fn=False, method=False, promote="arith", broadcast=True, node="Sub")
class _Sub:
    """z = x - y.  RuntimeError: an operand is bool."""

    def check(x, y):
        bools = [_is_bool(v) for v in (x, y)]
        if all(bools):
            raise RuntimeError(
                "Subtraction, the `-` operator, with two bool tensors is not supported. Use the "
                "`^` or "
                "`logical_xor()` operator instead."
            )
        if any(bools):
            raise RuntimeError(
                "Subtraction, the `-` operator, with a bool tensor is not supported. If you are "
                "trying to "
                "invert a mask, use the `~` or `logical_not()` operator instead."
            )

    def forward(x, y):
        return x - y

    def backward(c, dz):
        return dz, -dz if c.needs(1) else None

    samples = binary()


def _is_bool(x: Any) -> bool:
    return x._a.dtype.kind == "b" if isinstance(x, Tensor) else isinstance(x, (bool, np.bool_))


@op("_rsub", fn=False, method=False, promote="arith", broadcast=True, node="Rsub1")
class _Rsub:
    """z = y - x"""

    check = _Sub.card.source.check

    def forward(x, y):
        return y - x

    def backward(c, dz):
        return -dz if c.needs(0) else None, dz

    samples = binary()


_RSUB_TENSOR = CARDS["_rsub"].renamed("RsubBackward0")


def _scaled(name, input, other, alpha):
    """other · alpha, the second operand of add and sub. RuntimeError:
    alpha of a higher category than the operands.
    """
    other = operand(name, other)
    if alpha == 1 and alpha is not True:
        return other
    alpha = number_of(alpha)
    target = result_dtype((input, other))
    if isinstance(alpha, bool) and target.category != BOOL:
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if isinstance(alpha, float) and target.category < FLOAT:
        raise RuntimeError(
            "For integral input tensors, argument alpha must not be a floating point number."
        )
    if isinstance(alpha, complex) and target.category != COMPLEX:
        raise RuntimeError(
            "For non-complex input tensors, argument alpha must not be a complex number."
        )
    return other * alpha


@composite("add", method=True)
def add(input, other, *, alpha=1, out=None):
    """z = input + alpha · other, broadcast and promoted.

    >>> torch.add(tensor([1, 2]), tensor([3, 4]), alpha=10)
    tensor([31, 42])
    """
    if (
        type(alpha) is int
        and alpha == 1
        and out is None
        and isinstance(input, Tensor)
        and isinstance(other, Tensor)
    ):
        return Tensor.__add__(input, other)
    z = apply(CARDS["_add"], (input, _scaled("add", input, other, alpha)))
    return z if out is None else into(out, z)


@composite("sub", "subtract", method=True)
def sub(input, other, *, alpha=1, out=None):
    """z = input - alpha · other, broadcast and promoted. RuntimeError: bool operands."""
    if (
        type(alpha) is int
        and alpha == 1
        and out is None
        and isinstance(input, Tensor)
        and isinstance(other, Tensor)
    ):
        return Tensor.__sub__(input, other)
    z = apply(CARDS["_sub"], (input, _scaled("sub", input, other, alpha)))
    return z if out is None else into(out, z)


@composite("rsub")
def rsub(input, other, *, alpha=1):
    """z = other - alpha · input"""
    tensor_argument("rsub", input)
    card = _RSUB_TENSOR if isinstance(other, Tensor) else CARDS["_rsub"]
    return apply(card, (_scaled("rsub", input, input, alpha), operand("rsub", other)))


@composite("add_", fn=False, method=True)
def add_(input, other, *, alpha=1):
    """input += alpha · other"""
    return Tensor.__iadd__(input, _scaled("add_", input, other, alpha))


@composite("sub_", "subtract_", fn=False, method=True)
def sub_(input, other, *, alpha=1):
    """input -= alpha · other"""
    return Tensor.__isub__(input, _scaled("sub_", input, other, alpha))


# ---------------------------------------------------------------- * and /


@op(
    "_mul",
    fn=False,
    method=False,
    promote="arith",
    broadcast=True,
    save_if={"x": 1, "y": 0},
    node="Mul",
)
class _Mul:
    """z = x · y

    shape   broadcast
    dtype   promoted
    grad    dx = dz · ȳ,  dy = dz · x̄ (conjugates)
    """

    def forward(x, y):
        return x * y

    def backward(c, dz, x, y):
        return dz * K.conj(y) if c.needs(0) else None, dz * K.conj(x) if c.needs(1) else None

    samples = binary()


@composite("mul", "multiply", method=True)
def mul(input, other, *, out=None):
    """z = input · other, broadcast and promoted."""
    if out is None and isinstance(input, Tensor) and isinstance(other, Tensor):
        return Tensor.__mul__(input, other)
    z = apply(CARDS["_mul"], (input, operand("mul", other)))
    return z if out is None else into(out, z)


@composite("mul_", "multiply_", fn=False, method=True)
def mul_(input, other):
    """input *= other"""
    return Tensor.__imul__(input, operand("mul_", other))


@op("_true_div", fn=False, method=False, promote="float", broadcast=True, node="Div")
class _Div:
    """z = x / y;  dx = dz / ȳ,  dy = -dz z̄ / ȳ"""

    def forward(x, y):
        return K.div(x, y)

    def backward(c, dz, x, y):
        d = dz / K.conj(y)
        return d if c.needs(0) else None, -d * K.conj(x / y) if c.needs(1) else None

    samples = binary(0.5, 2.0)


def _not_by_zero(y: np.ndarray) -> None:
    if y.dtype.kind in "iu" and not y.all():
        raise RuntimeError("ZeroDivisionError")


@op("_floor_div", fn=False, method=False, promote="arith", broadcast=True, node="Div2")
class _FloorDiv:
    """z = ⌊x / y⌋, as Python's //.  RuntimeError: an integer divided by zero.  grad 0"""

    def forward(x, y):
        refuse_complex("div with rounding_mode='floor'", x)
        _not_by_zero(y)
        if x.dtype.kind == "f" and x.dtype.itemsize == 2:
            return np.floor(np.divide(x, y, dtype=np.float32)).astype(x.dtype)
        return np.floor_divide(x, y).astype(x.dtype, copy=False)

    def backward(c, dz):
        zero = K.zeros_like(dz)
        return zero, zero

    samples = binary(0.6, 2.0)


_FLOOR_DIVIDE = CARDS["_floor_div"].renamed("NotImplemented")


@op("_trunc_div", fn=False, method=False, promote="arith", broadcast=True, node="Div2")
class _TruncDiv:
    """z = x / y without its fraction, as C's integer division.
    RuntimeError: an integer divided by zero.  grad 0
    """

    def forward(x, y):
        refuse_complex("div with rounding_mode='trunc'", x)
        _not_by_zero(y)
        if x.dtype.kind not in "iub":
            return np.trunc(x / y)
        z = np.floor_divide(x, y).astype(x.dtype, copy=False)
        if x.dtype.kind == "i":
            z = z + ((z < 0) & (z * y != x))
        return z.astype(x.dtype, copy=False)

    def backward(c, dz):
        zero = K.zeros_like(dz)
        return zero, zero

    samples = binary(0.6, 2.0)


_ROUNDING = {None: "_true_div", "floor": "_floor_div", "trunc": "_trunc_div"}


def _division(rounding_mode) -> Card:
    try:
        return CARDS[_ROUNDING[rounding_mode]]
    except (KeyError, TypeError):
        raise RuntimeError(
            "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
            f"'{rounding_mode}'"
        ) from None


@composite("div", "divide", method=True)
def div(input, other, *, rounding_mode=None, out=None):
    """z = input / other; rounding_mode 'floor' rounds down, 'trunc' towards zero and both keep
    integers.

    >>> torch.div(tensor([7, -7]), 2, rounding_mode="floor")
    tensor([ 3, -4])
    """
    if rounding_mode is None and out is None:
        if isinstance(input, Tensor) and isinstance(other, Tensor):
            return Tensor.__truediv__(input, other)
    z = apply(_division(rounding_mode), (input, operand("div", other)))
    return z if out is None else into(out, z)


@composite("true_divide", method=True)
def true_divide(input, other, *, out=None):
    """z = input / other"""
    return div(input, other, out=out)


@composite("div_", "divide_", fn=False, method=True)
def div_(input, other, *, rounding_mode=None):
    """input /= other"""
    if rounding_mode is None:
        return Tensor.__itruediv__(input, operand("div_", other))
    return apply_inplace(_division(rounding_mode), (input, operand("div_", other)))


@composite("true_divide_", fn=False, method=True)
def true_divide_(input, other):
    """input /= other"""
    return apply_inplace(CARDS["_true_div"], (input, operand("true_divide_", other)))


overloads("floor_divide", tensor=_FLOOR_DIVIDE, number=_FLOOR_DIVIDE, number_first=True)


@op("_remainder", fn=False, method=False, promote="arith", broadcast=True, node="Remainder1")
class _Remainder:
    """z = x - y ⌊x / y⌋: the sign of y, as Python's %.  RuntimeError: an integer modulo zero.

    grad    dx = dz,  dy = -dz ⌊x / y⌋

    >>> torch.remainder(tensor([-3.0, 3.0]), 2)
    tensor([1., 1.])
    """

    def forward(x, y):
        refuse_complex("remainder", x)
        if x.dtype.kind in "iu" and not y.all():
            raise RuntimeError("ZeroDivisionError")
        return np.remainder(x, y).astype(x.dtype, copy=False)

    def backward(c, dz, x, y):
        return dz, -dz * K.floor(x / y) if c.needs(1) else None

    samples = binary(0.6, 2.0)


@op("_fmod", fn=False, method=False, promote="arith", broadcast=True, node="Fmod1")
class _Fmod:
    """z = x - y trunc(x / y): the sign of x, as C's fmod.  RuntimeError: an integer modulo zero.

    grad    dx = dz,  dy = -dz trunc(x / y)

    >>> torch.fmod(tensor([-3.0, 3.0]), 2)
    tensor([-1.,  1.])
    """

    def forward(x, y):
        refuse_complex("fmod", x)
        if x.dtype.kind in "iu" and not y.all():
            raise RuntimeError("ZeroDivisionError")
        return np.fmod(x, y).astype(x.dtype, copy=False)

    def backward(c, dz, x, y):
        return dz, -dz * K.trunc(x / y) if c.needs(1) else None

    samples = binary(0.6, 2.0)


_REMAINDER_NUMBER = CARDS["_remainder"].renamed("RemainderBackward0")
overloads("remainder", tensor=CARDS["_remainder"], number=_REMAINDER_NUMBER, number_first=True)
overloads("fmod", tensor=CARDS["_fmod"], number=CARDS["_fmod"].renamed("FmodBackward0"))


# ---------------------------------------------------------------- sign and size


@op("neg", "negative", inplace=True)
class Neg:
    """y = -x.  RuntimeError: x is bool."""

    def forward(x):
        if x.dtype.kind == "b":
            raise RuntimeError(
                "Negation, the `-` operator, on a bool tensor is not supported. If you are trying "
                "to invert a "
                "mask, use the `~` or `logical_not()` operator instead."
            )
        return -x

    def backward(c, dy):
        return -dy

    samples = unary()


@composite("positive", method=True)
def positive(input):
    """input itself. RuntimeError: it is bool."""
    if input._a.dtype.kind == "b":
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


@op("abs", "absolute")
class Abs:
    """y = |x|, real for complex x;  dx = dy · x / |x|, 0 at 0

    >>> torch.abs(tensor([-1.5, 2.0, 3 + 4j]))
    tensor([1.5000, 2.0000, 5.0000])
    """

    def forward(x):
        if x.dtype.kind == "b":
            raise RuntimeError("\"abs_cpu\" not implemented for 'Bool'")
        return K.abs(x)

    def backward(c, dy, x):
        return dy * K.sgn(x)

    samples = unary()


@composite("abs_", "absolute_", method=True)
def abs_(input):
    """In-place version of abs. RuntimeError: complex."""
    if input.is_complex():
        raise RuntimeError("In-place abs is not supported for complex tensors.")
    return apply_inplace(CARDS["abs"], (input,))


@op("sign", inplace=True)
class Sign:
    """y = -1, 0 or 1 (0 for NaN).  RuntimeError: complex.  grad 0"""

    def forward(x):
        if x.dtype.kind == "c":
            raise RuntimeError(
                "Unlike NumPy, torch.sign doesn't support complex numbers. See torch.sgn instead."
            )
        return K.sign(x)

    def backward(c, dy):
        return K.zeros_like(dy)

    samples = unary()


@op("sgn", inplace=True)
class Sgn:
    """y = x / |x|, 0 at 0; sign for real x.  grad of complex: (dy - y Re(dy ȳ)) / |x|"""

    def forward(x):
        return K.sgn(x)

    def backward(c, dy, x):
        if not K.is_complex(x):
            return K.zeros_like(dy)
        y, size = K.sgn(x), K.abs(x)
        zero = size == 0
        along = K.real(dy * K.conj(y)) * y
        return K.where(
            zero, K.zeros_like(dy), (dy - along) / K.where(zero, K.ones_like(size), size)
        )

    samples = unary()


@op("signbit")
class Signbit:
    """True where the sign bit is set: negative numbers and -0.0."""

    backward = None

    def forward(x):
        refuse_complex("signbit", x)
        return x < 0 if x.dtype.kind in "iub" else np.signbit(x)

    samples = unary()


@op("_copysign", fn=False, method=False, promote="float", broadcast=True, node="Copysign")
class _Copysign:
    """z = |x| with the sign of y;  dx = dz where the sign was kept, else -dz, 0 where x = 0"""

    def forward(x, y):
        return np.copysign(x, y)

    def backward(c, dz, x, out):
        kept = K.where(x == 0, K.zeros_like(out), out / x)
        return dz * kept, K.zeros_like(dz) if c.needs(1) else None

    samples = binary()


overloads(
    "copysign", tensor=CARDS["_copysign"], number=CARDS["_copysign"].renamed("CopysignBackward1")
)


# ---------------------------------------------------------------- operators


Tensor.__add__, Tensor.__radd__ = binary_operator(CARDS["_add"], TABLE["add"])
Tensor.__sub__, _ = binary_operator(CARDS["_sub"], TABLE["sub"])
Tensor.__rsub__, _ = binary_operator(CARDS["_rsub"], lambda x, y: y - x)
Tensor.__mul__, Tensor.__rmul__ = binary_operator(CARDS["_mul"], TABLE["mul"])
Tensor.__truediv__, _ = binary_operator(CARDS["_true_div"], TABLE["div"])
Tensor.__floordiv__, Tensor.__rfloordiv__ = binary_operator(_FLOOR_DIVIDE, np.floor_divide)
Tensor.__mod__, Tensor.__rmod__ = binary_operator(CARDS["_remainder"], np.remainder)
Tensor.__iadd__ = inplace_operator(CARDS["_add"], np.add)
Tensor.__isub__ = inplace_operator(CARDS["_sub"], np.subtract)
Tensor.__imul__ = inplace_operator(CARDS["_mul"], np.multiply)
Tensor.__itruediv__ = inplace_operator(CARDS["_true_div"], np.true_divide)
Tensor.__ifloordiv__ = inplace_operator(_FLOOR_DIVIDE, np.floor_divide)
Tensor.__imod__ = inplace_operator(CARDS["_remainder"], np.remainder)
Tensor.__neg__ = FUNCTIONS["neg"]
Tensor.__pos__ = positive
Tensor.__abs__ = FUNCTIONS["abs"]


def _rtruediv_operator(x, y):
    return x.reciprocal() * y if isinstance(y, Tensor) or is_number(y) else NotImplemented


Tensor.__rtruediv__ = Tensor.__rdiv__ = _rtruediv_operator
