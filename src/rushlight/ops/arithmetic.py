"""Arithmetic, element by element: + - * / // %, signs.

x, y the operands, z the result; operands are broadcast and promoted.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.dtype import BOOL, COMPLEX, FLOAT, from_numpy_dtype, result_dtype
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import not_implemented
from ..dispatch.promotion import check_fits, fitting, is_number, number_of, operand
from ..dispatch.registry import (
    binary_operator,
    inplace_method,
    inplace_operator,
    internal,
    op,
    publish_faces,
)
from ..dispatch.schema import Schema
from ..kernels import TABLE, K
from ..kernels.seam import quietly
from .samples import binary

# ---------------------------------------------------------------- + and -


_F32, _I64 = np.dtype(np.float32), np.dtype(np.int64)
_SURE = 3e38  # float32 holds such numbers
_LARGE = 1 << 12


def _by_kernel(x: Any, y: Any) -> bool:
    """Arrays for which a kernel is better: of one dtype, and large, or int64, or two-byte floats.

    Those it computes in float32; the other one may be a number in float32 (Card.opmath).
    """
    if not (type(x) is np.ndarray is type(y)):
        return False
    if x.dtype is not y.dtype and x.dtype != y.dtype:
        return x.itemsize + y.itemsize == 6 and 0 in (x.ndim, y.ndim) and x.dtype.kind in "fV"
    return x.itemsize == 2 or x.dtype is _I64 or x.size >= _LARGE or y.size >= _LARGE


def _alpha(name: str, input: Any, other: Any, alpha: Any) -> Any:
    """The number alpha=. RuntimeError: it is of a higher category than the operands."""
    if isinstance(alpha, Tensor):
        if alpha._a.size != 1:
            raise TypeError(f"{name}(): argument 'alpha' must be Number, not Tensor")
        alpha = alpha.item()
    if (type(alpha) is float or type(alpha) is int) and _is_float(input) and _is_float(other):
        return alpha
    if not is_number(alpha):
        raise TypeError(f"{name}(): argument 'alpha' must be Number, not {type(alpha).__name__}")
    alpha = number_of(alpha)
    category = result_dtype((operand(name, input), operand(name, other))).category
    if isinstance(alpha, bool) and category != BOOL:
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if isinstance(alpha, (float, complex)) and category < FLOAT:
        raise RuntimeError(
            "For integral input tensors, argument alpha must not be a floating point number."
        )
    if isinstance(alpha, complex) and category != COMPLEX:
        raise RuntimeError(
            "For non-complex input tensors, argument alpha must not be a complex number."
        )
    return alpha


def _is_float(x: Any) -> bool:
    return isinstance(x, Tensor) and x._a.dtype.kind == "f"


def _number_in_front(input, alpha, other):
    """input + alpha · other as add(input, alpha, other), which PyTorch still takes."""
    return (input, other, alpha) if is_number(alpha) and isinstance(other, Tensor) else None


@quietly
def _scaled(x: Any, y: Any, alpha: Any) -> Any:
    """x + α y, as dtype and number ask for."""
    if x.dtype.kind == "b":
        return x | y if alpha else x.copy()
    d = from_numpy_dtype(x.dtype)
    if d.category < FLOAT:
        return x + y * fitting(alpha, d)
    check_fits(alpha, d)
    if x.itemsize == 2:
        if hasattr(alpha, "__jax_array__"):  # an input of a device's program, see Lerp
            alpha = np.zeros((), x.dtype) + alpha
        else:
            alpha = float(np.array(alpha, x.dtype))
    return x + y * alpha if d.category == COMPLEX else K.add_scaled(x, y, alpha)


@internal(
    "add_scaled",
    tensors=2,
    constants=1,
    promote="arith",
    broadcast=True,
    node="Add",
    quiet=False,
)
class AddScaled:
    """z = x + α y for a number α"""

    once = True

    def forward(x, y, alpha):
        if x.dtype is _F32 and type(alpha) is float and -_SURE < alpha < _SURE:
            return K.add_scaled(x, y, alpha)
        return _scaled(x, y, alpha)

    def backward(c, dz, alpha):
        return dz, _as(dz * alpha.conjugate(), dz) if c.needs(1) else None

    def samples(make):
        yield make(3, 4), make(4), 0.5
        yield make(), make(2, 1, 3), -2


_SUB_SCALED = AddScaled.renamed("SubBackward0")
_RSUB_SCALED = AddScaled.renamed("RsubBackward0")


@op(
    "add(input, other, *, alpha=1, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    promote="arith",
    broadcast=True,
    node="Add",
    fresh=True,
)
class Add:
    """z = x + α y, α a number

    shape   broadcast
    dtype   promoted
    grad    dx = dz,  dy = α dz
    errors  RuntimeError: α is not of a category that the result's dtype has

    >>> torch.add(tensor([1, 2]), tensor([3, 4]), alpha=10)
    tensor([31, 42])
    """

    once = True

    legacy = _number_in_front

    def prepare(input, other, alpha):
        if type(alpha) is int and alpha == 1:
            return input, other
        return input, other, _alpha("add", input, other, alpha)

    def variant(x, y, alpha=None):
        return None if alpha is None else AddScaled

    def forward(x, y):
        return K.add(x, y) if _by_kernel(x, y) else x + y

    def backward(c, dz):
        return dz, dz

    samples = binary()


def no_bools(x: Any, y: Any) -> None:
    bools = [_is_bool(v) for v in (x, y)]
    if all(bools):
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
            "`logical_xor()` operator instead."
        )
    if any(bools):
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying "
            "to invert a mask, use the `~` or `logical_not()` operator instead."
        )


def _is_bool(x: Any) -> bool:
    return x._a.dtype.kind == "b" if isinstance(x, Tensor) else isinstance(x, (bool, np.bool_))


@op(
    "sub(input, other, *, alpha=1, out=None)",
    "subtract",
    at="torch Tensor",
    inplace="Tensor",
    promote="arith",
    broadcast=True,
    node="Sub",
    fresh=True,
)
class Sub:
    """z = x - α y, α a number

    shape   broadcast
    dtype   promoted
    grad    dx = dz,  dy = -α dz
    errors  RuntimeError: an operand is bool; α as for add
    """

    once = True

    check = no_bools
    legacy = _number_in_front

    def prepare(input, other, alpha):
        if type(alpha) is int and alpha == 1:
            return input, other
        no_bools(input, other)
        return input, other, -_alpha("sub", input, other, alpha)

    def variant(x, y, alpha=None):
        return None if alpha is None else _SUB_SCALED

    def forward(x, y):
        return K.sub(x, y) if _by_kernel(x, y) else x - y

    def backward(c, dz):
        return dz, -dz if c.needs(1) else None

    samples = binary()


@op(
    "rsub(input, other, *, alpha=1)",
    at="torch",
    promote="arith",
    broadcast=True,
    node="Rsub1",
    order="other",
)
class Rsub:
    """z = y - α x, α a number; grad and errors as for sub"""

    check = no_bools
    numbers = (1,)

    def prepare(input, other, alpha):
        if type(alpha) is int and alpha == 1:
            return input, other
        no_bools(input, other)
        return other, input, -_alpha("rsub", input, other, alpha)

    def variant(x, y, alpha=None):
        if alpha is not None:
            return _RSUB_SCALED
        return "RsubBackward0" if isinstance(y, Tensor) else None

    def forward(x, y):
        return K.sub(y, x) if _by_kernel(x, y) else y - x

    def backward(c, dz):
        return -dz if c.needs(0) else None, dz

    samples = binary()


# ---------------------------------------------------------------- * and /


def _narrow(z: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """z in the dtype of the narrower operand; the other one is a number, see Card.opmath."""
    return z.astype(x.dtype if x.dtype.itemsize < y.dtype.itemsize else y.dtype, copy=False)


def _as(g: Any, dz: Any) -> Any:
    """The gradient g in the dtype of dz."""
    return g if g.dtype is dz.dtype else K.like(g, dz)


@op(
    "mul(input, other, *, out=None)",
    "multiply",
    at="torch Tensor",
    inplace="Tensor",
    promote="arith",
    opmath=True,
    broadcast=True,
    save_if={"x": 1, "y": 0},
    node="Mul",
    fresh=True,
)
class Mul:
    """z = x · y

    shape   broadcast
    dtype   promoted
    grad    dx = dz · ȳ,  dy = dz · x̄ (conjugates)
    """

    once = True

    def forward(x, y):
        z = K.mul(x, y) if _by_kernel(x, y) else x * y
        return z if x.dtype is y.dtype else _narrow(z, x, y)

    def backward(c, dz, x, y):
        dx = _as(dz * K.conj(y), dz) if c.needs(0) else None
        return dx, _as(dz * K.conj(x), dz) if c.needs(1) else None

    samples = binary()


@op(
    "div(input, other, *, rounding_mode=None, out=None)",
    "divide",
    at="torch Tensor",
    inplace="Tensor",
    promote="float",
    opmath=True,
    broadcast=True,
    save_if={"x": 1},
    node="Div",
    fresh=True,
)
class Div:
    """z = x / y; rounding_mode "floor" rounds down, "trunc" towards zero, and both keep integers

    shape   broadcast
    dtype   promoted; without a rounding mode integers become the default dtype
    grad    dx = dz / ȳ,  dy = -dz z̄ / ȳ; 0 with a rounding mode
    errors  RuntimeError: an integer divided by zero with a rounding mode, or another word for it

    >>> torch.div(tensor([7, -7]), 2, rounding_mode="floor")
    tensor([ 3, -4])
    """

    once = True

    def prepare(input, other, rounding_mode=None):
        if rounding_mode is None:
            return input, other
        if rounding_mode not in ("floor", "trunc"):
            raise RuntimeError(
                "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
                f"'{rounding_mode}'"
            )
        return input, other, rounding_mode

    def variant(x, y, rounding_mode=None):
        return None if rounding_mode is None else DivRounded

    def forward(x, y):
        z = K.div(x, y)
        return z if x.dtype is y.dtype else _narrow(z, x, y)

    def backward(c, dz, x, y):
        d = dz / K.conj(y)
        dx = _as(d, dz) if c.needs(0) else None
        return dx, _as(-d * K.conj(x / y), dz) if c.needs(1) else None

    samples = binary(0.5, 2.0)


publish_faces(
    Schema("true_divide(input, other, *, out=None)"),
    Div,
    ("true_divide",),
    "torch Tensor",
    "Tensor",
)


def _not_by_zero(x: np.ndarray, y: np.ndarray) -> None:
    if type(y) is np.ndarray and not y.ndim and y:  # the usual
        return
    if y.dtype.kind in "iu" and x.size:
        K.refuse(K.eq(y, 0), RuntimeError("ZeroDivisionError"))


def _floor_divide(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return K.floor_divide(x, y).astype(x.dtype, copy=False)


def _trunc_divide(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if x.dtype.itemsize == 2 and x.dtype.kind in "fV":  # the quotient is rounded, as PyTorch's
        return K.trunc(K.div(x, y))
    return K.trunc_divide(x, y)


_ROUNDED = {
    "floor": ("div_floor_cpu", _floor_divide),
    "trunc": ("div_trunc_cpu", _trunc_divide),
}


@internal("div_rounded", tensors=2, constants=1, promote="arith", broadcast=True, node="Div2",
    save_if={"x": 1})  # fmt: skip
class DivRounded:
    """z = x / y rounded down or towards zero.  grad 0"""

    def forward(x, y, rounding_mode):
        kernel, divide = _ROUNDED[rounding_mode]
        if x.dtype.kind in "bc":
            raise not_implemented(kernel, x)
        _not_by_zero(x, y)
        return divide(x, y)

    def backward(c, dz, x, y):
        zero = K.zeros_like(dz)
        return zero, zero

    def samples(make):
        for rounding in ("floor", "trunc"):
            yield make(3, 4, low=0.6), make(4, low=0.6), rounding
            yield make(4, 3, low=0.6).T, 2.0, rounding


@op(
    "floor_divide(input, other, *, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    promote="arith",
    broadcast=True,
    not_for="bc",
    kernel="div_floor_cpu",
)
class FloorDivide:
    """z = ⌊x / y⌋, as Python's //; not differentiable, backward raises

    shape   broadcast
    dtype   promoted
    errors  RuntimeError: an integer divided by zero; NotImplementedError: bool or complex
    """

    def forward(x, y):
        _not_by_zero(x, y)
        return _floor_divide(x, y)

    samples = binary(0.6, 2.0)


@op(
    "remainder(input, other, *, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    promote="arith",
    broadcast=True,
    save_if={"x": 1, "y": 1},
    node="Remainder1",
    quiet=True,
    not_for="bc",
    kernel="remainder_cpu",
)
class Remainder:
    """z = x - y ⌊x / y⌋: the sign of y, as Python's %

    shape   broadcast
    dtype   promoted
    grad    dx = dz,  dy = -dz ⌊x / y⌋; none for a number x, backward raises
    errors  RuntimeError: an integer modulo zero; NotImplementedError: bool or complex

    >>> torch.remainder(tensor([-3.0, 3.0]), 2)
    tensor([1., 1.])
    """

    once = True

    def variant(x, y):
        if not isinstance(x, Tensor):
            return RemainderOfNumber
        return None if isinstance(y, Tensor) else "Remainder0"

    def forward(x, y):
        _not_by_zero(x, y)
        return K.remainder(x, y).astype(x.dtype, copy=False)

    def backward(c, dz, x, y):
        return dz, -dz * _floor_quotient(x, y) if c.needs(1) else None

    samples = binary(0.6, 2.0)


def _remainder(x, y):
    """K.remainder(x, y) for numbers of one dtype, or int64 and an int."""
    if x.dtype is _I64:
        y = np.array(y, _I64) if type(y) is int else y
        _not_by_zero(x, y)
    return K.remainder(x, y)


def _remainder_into(x, y, out):
    """As np.remainder, with the zeros of K.remainder; float32 and float64."""
    np.copyto(out, K.remainder(x, y))
    return out


def _floor_quotient(x, y):
    """⌊x / y⌋ by way of fmod, whose quotient is whole; NaN for an infinite x."""
    z = K.fmod(x, y)
    q = K.floor((x - z) / y + 0.5)
    q = K.where((z != 0) & ((z < 0) != (y < 0)), q - 1, q)
    return K.where(y == 0, x / y, q)


@internal(
    "remainder_of_number",
    promote="arith",
    broadcast=True,
    node="NotImplemented",
    not_for="bc",
    kernel="remainder_cpu",
)
class RemainderOfNumber:
    """z = x - y ⌊x / y⌋ for a number x; not differentiable"""

    forward = Remainder.source.forward

    def backward(c, dz):
        raise RuntimeError("derivative for aten::remainder is not implemented")


@op(
    "fmod(input, other, *, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    promote="arith",
    broadcast=True,
    save_if={"x": 1, "y": 1},
    node="Fmod1",
    not_for="bc",
    kernel="fmod_cpu",
)
class Fmod:
    """z = x - y trunc(x / y): the sign of x, as C's fmod

    shape   broadcast
    dtype   promoted
    grad    dx = dz,  dy = -dz trunc(x / y)
    errors  RuntimeError: an integer modulo zero; NotImplementedError: bool or complex

    >>> torch.fmod(tensor([-3.0, 3.0]), 2)
    tensor([-1.,  1.])
    """

    once = True

    numbers = (1,)

    def variant(x, y):
        return None if isinstance(y, Tensor) else "Fmod0"

    def forward(x, y):
        _not_by_zero(x, y)
        return K.fmod(x, y).astype(x.dtype, copy=False)

    def backward(c, dz, x, y):
        return dz, -dz * K.trunc(x / y) if c.needs(1) else None

    samples = binary(0.6, 2.0)


# ---------------------------------------------------------------- operators, written by hand: the
# hot paths of small nets


def _into_first(ufunc: Any) -> Any:
    """f(x, y): x = ufunc(x, y) in x's memory."""
    return quietly(lambda x, y: ufunc(x, y, out=x))


Tensor.__add__, Tensor.__radd__ = binary_operator(Add, TABLE["add"], True)
Tensor.__sub__, _ = binary_operator(Sub, TABLE["sub"], True)
Tensor.__rsub__, _ = binary_operator(Rsub, quietly(lambda x, y: y - x), True)
Tensor.__mul__, Tensor.__rmul__ = binary_operator(Mul, TABLE["mul"], True)
Tensor.__truediv__, _ = binary_operator(Div, TABLE["div"])
Tensor.__floordiv__, Tensor.__rfloordiv__ = binary_operator(FloorDivide, K.floor_divide)
Tensor.__mod__, Tensor.__rmod__ = binary_operator(Remainder, quietly(_remainder), True)
Tensor.__iadd__ = inplace_operator(Add, TABLE["add_"], np.add)
Tensor.__isub__ = inplace_operator(Sub, TABLE["sub_"], np.subtract)
inplace_method(Add, Tensor.__iadd__)
inplace_method(Sub, Tensor.__isub__)
Tensor.__imul__ = inplace_operator(Mul, TABLE["mul_"], np.multiply)
Tensor.__itruediv__ = inplace_operator(Div, TABLE["div_"])
inplace_method(Mul, Tensor.__imul__)
inplace_method(Div, Tensor.__itruediv__)
Tensor.__ifloordiv__ = inplace_operator(FloorDivide, _into_first(np.floor_divide))
Tensor.__imod__ = inplace_operator(Remainder, _into_first(_remainder_into))


def _rtruediv_operator(x, y):
    if isinstance(y, np.ndarray):
        return Div.run((wrap(y), x))
    return x.reciprocal() * y if isinstance(y, Tensor) or is_number(y) else NotImplemented


Tensor.__rtruediv__ = Tensor.__rdiv__ = _rtruediv_operator
