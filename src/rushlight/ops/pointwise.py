"""Arithmetic, element by element: + - * / // % **, extremes of two, clamp, lerp and their kin.

x, y the operands, z the result; operands are broadcast and promoted.
"""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np

from ..core.dtype import BOOL, COMPLEX, FLOAT, check_can_cast, complex128, float64, result_dtype, scalar_name
from ..core.registry import (
    CARDS,
    Card,
    apply,
    apply_inplace,
    binary_operator,
    cast,
    composite,
    inplace_operator,
    number_array,
    number_of,
    op,
    store,
)
from ..core.tape import Node
from ..core.tensor import Tensor, wrap
from ..kernels import TABLE, K
from .samples import binary, unary


def renamed(card: Card, title: str) -> Card:
    """The same card under another of PyTorch's node names: one formula, several overloads."""
    other = copy(card)
    other.node_type = type(title, (Node,), {"__slots__": (), "card": other})
    return other


def into(out, result):
    """Write `result` into the tensor given as out=, by the registry's rules."""
    store(out, result)
    return out


def is_number(x: Any) -> bool:
    """True for Python and NumPy numbers: operands that are not tensors."""
    return isinstance(x, (int, float, complex, np.number, np.bool_))


def operand(name: str, x: Any) -> Any:
    """x if it can be the second operand of a binary function. TypeError otherwise."""
    if isinstance(x, Tensor) or is_number(x):
        return x
    if isinstance(x, np.ndarray):
        return wrap(x)
    raise TypeError(f"{name}(): argument 'other' (position 2) must be Tensor, not {type(x).__name__}")


def overloads(name: str, *, tensor: Card, number: Card, number_first: bool = False) -> None:
    """Publish name(input, other): one card for a second tensor, one (of another node name) for a number."""

    def function(input, other, *, out=None):
        if not number_first and not isinstance(input, Tensor):
            raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
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


def no_complex(name: str, *xs: Any) -> None:
    """RuntimeError if any operand is complex."""
    for x in xs:
        if x.dtype.kind == "c":
            raise RuntimeError(f"{name} not implemented for complex tensors.")


def is_complex_array(x: Any) -> bool:
    """True for complex arrays and Tensors."""
    return x.is_complex() if isinstance(x, Tensor) else x.dtype.kind == "c"


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
            raise RuntimeError("Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
                               "`logical_xor()` operator instead.")  # fmt: skip
        if any(bools):
            raise RuntimeError("Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to "
                               "invert a mask, use the `~` or `logical_not()` operator instead.")  # fmt: skip

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


_RSUB_TENSOR = renamed(CARDS["_rsub"], "RsubBackward0")


def _scaled(name, input, other, alpha):
    """other · alpha, the second operand of add and sub. RuntimeError: alpha of a higher category than the operands."""
    other = operand(name, other)
    if alpha == 1 and alpha is not True:
        return other
    alpha = number_of(alpha)
    target = result_dtype((input, other))
    if isinstance(alpha, bool) and target.category != BOOL:
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if isinstance(alpha, float) and target.category < FLOAT:
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
    if isinstance(alpha, complex) and target.category != COMPLEX:
        raise RuntimeError("For non-complex input tensors, argument alpha must not be a complex number.")
    return other * alpha


@composite("add", method=True)
def add(input, other, *, alpha=1, out=None):
    """z = input + alpha · other, broadcast and promoted."""
    z = apply(CARDS["_add"], (input, _scaled("add", input, other, alpha)))
    return z if out is None else into(out, z)


@composite("sub", "subtract", method=True)
def sub(input, other, *, alpha=1, out=None):
    """z = input - alpha · other, broadcast and promoted. RuntimeError: bool operands."""
    z = apply(CARDS["_sub"], (input, _scaled("sub", input, other, alpha)))
    return z if out is None else into(out, z)


@composite("rsub")
def rsub(input, other, *, alpha=1):
    """z = other - alpha · input"""
    if not isinstance(input, Tensor):
        raise TypeError(f"rsub(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
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

    samples = binary()


@op("_true_div", fn=False, method=False, promote="float", broadcast=True, node="Div")
class _Div:
    """z = x / y;  dx = dz / ȳ,  dy = -dz z̄ / ȳ"""

    def forward(x, y):
        return K.div(x, y)

    def backward(c, dz, x, y):
        d = dz / K.conj(y)
        return d if c.needs(0) else None, -d * K.conj(x / y) if c.needs(1) else None

    samples = binary(0.5, 2.0)


_TRUE_DIV_NUMBER = renamed(CARDS["_true_div"], "DivBackward0")


def _not_by_zero(y: np.ndarray) -> None:
    if y.dtype.kind in "iu" and not y.all():
        raise RuntimeError("ZeroDivisionError")


@op("_floor_div", fn=False, method=False, promote="arith", broadcast=True, node="Div2")
class _FloorDiv:
    """z = ⌊x / y⌋, as Python's //.  RuntimeError: an integer divided by zero.  grad 0"""

    def forward(x, y):
        no_complex("div with rounding_mode='floor'", x)
        _not_by_zero(y)
        if x.dtype.kind == "f" and x.dtype.itemsize == 2:
            return np.floor(np.divide(x, y, dtype=np.float32)).astype(x.dtype)
        return np.floor_divide(x, y).astype(x.dtype, copy=False)

    def backward(c, dz):
        zero = K.zeros_like(dz)
        return zero, zero

    samples = binary(0.6, 2.0)


_FLOOR_DIVIDE = renamed(CARDS["_floor_div"], "NotImplemented")


@op("_trunc_div", fn=False, method=False, promote="arith", broadcast=True, node="Div2")
class _TruncDiv:
    """z = x / y without its fraction, as C's integer division.  RuntimeError: an integer divided by zero.  grad 0"""

    def forward(x, y):
        no_complex("div with rounding_mode='trunc'", x)
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
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        ) from None


@composite("div", "divide", method=True)
def div(input, other, *, rounding_mode=None, out=None):
    """z = input / other; rounding_mode 'floor' rounds down, 'trunc' towards zero and both keep integers."""
    z = apply(_division(rounding_mode), (input, operand("div", other)))
    return z if out is None else into(out, z)


@composite("true_divide", method=True)
def true_divide(input, other, *, out=None):
    """z = input / other"""
    return div(input, other, out=out)


@composite("div_", "divide_", fn=False, method=True)
def div_(input, other, *, rounding_mode=None):
    """input /= other"""
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
    """

    def forward(x, y):
        no_complex("remainder", x)
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
    """

    def forward(x, y):
        no_complex("fmod", x)
        if x.dtype.kind in "iu" and not y.all():
            raise RuntimeError("ZeroDivisionError")
        return np.fmod(x, y).astype(x.dtype, copy=False)

    def backward(c, dz, x, y):
        return dz, -dz * K.trunc(x / y) if c.needs(1) else None

    samples = binary(0.6, 2.0)


_REMAINDER_NUMBER = renamed(CARDS["_remainder"], "RemainderBackward0")
overloads("remainder", tensor=CARDS["_remainder"], number=_REMAINDER_NUMBER, number_first=True)
overloads("fmod", tensor=CARDS["_fmod"], number=renamed(CARDS["_fmod"], "FmodBackward0"))


# ---------------------------------------------------------------- powers


def _int_power(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x^y of integers, wrapping around; negative powers of anything but 1 and -1 are 0, as in PyTorch."""
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
            zero = x == 0 if is_complex_array(y) else (x == 0) & (y >= 0)
            log = K.log(K.where(zero, K.ones_like(x), x))
            dy = dz * K.conj(K.where(zero, K.zeros_like(out), out * log))
        return dx, dy

    def samples(make):
        yield make(3, 4, low=0.2, high=2), make(3, 4)
        yield make(3, 1, low=0.2, high=2), make(4)
        yield make(low=0.2, high=2), make(2, 3)
        yield make(0, 5), make(1)


_POW_BASE = renamed(CARDS["_pow"], "PowBackward2")


@op("_pow_number", fn=False, method=False, tensors=1, node="Pow")
class _PowNumber:
    """y = x^p for a number p;  dx = dy · p · x^(p-1), 0 if p = 0"""

    def forward(x, p):
        if x.dtype.kind in "iu" and not isinstance(p, (float, complex)):
            return _int_power(x, number_array(p, _torch_dtype(x)))
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


def _torch_dtype(x: np.ndarray):
    from ..core.dtype import from_numpy_dtype

    return from_numpy_dtype(x.dtype)


def _number_power(x: Tensor, p: Any, inplace: bool = False) -> Tensor:
    """x^p with x promoted by the number p."""
    if isinstance(p, np.generic):
        p = p.item()
    d = x.dtype
    if d.category < FLOAT and not isinstance(p, (float, complex)):
        if isinstance(p, int) and p < 0 and d.category != BOOL:
            raise RuntimeError("Integers to negative integer powers are not allowed.")
    target = result_dtype((x, p))
    if inplace:
        check_can_cast(target, d)
        return apply_inplace(CARDS["_pow_number"], (x, p))
    return apply(CARDS["_pow_number"], (x if d is target else cast(x, target), p))


@composite("pow", method=True)
def pow(input, exponent, *, out=None):
    """z = input ^ exponent, each a tensor or a number. RuntimeError: an integer tensor to a negative integer."""
    if isinstance(exponent, Tensor):
        z = apply(CARDS["_pow"] if isinstance(input, Tensor) else _POW_BASE, (input, exponent))
    elif isinstance(input, Tensor):
        z = _number_power(input, operand("pow", exponent))
    else:
        raise TypeError(f"pow(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
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
    if not isinstance(input, Tensor) and not isinstance(exponent, Tensor):
        raise TypeError(f"float_power(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
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
        raise RuntimeError(f"the base given to float_power_ has dtype {scalar_name(input.dtype)} but the operation's result "
                           f"requires dtype {scalar_name(target)}")  # fmt: skip
    return pow_(input, _wide(exponent, target))


# ---------------------------------------------------------------- sign and size


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

    samples = unary()


@composite("positive", method=True)
def positive(input):
    """input itself. RuntimeError: it is bool."""
    if input._a.dtype.kind == "b":
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


@op("abs", "absolute")
class Abs:
    """y = |x|, real for complex x;  dx = dy · x / |x|, 0 at 0"""

    def forward(x):
        if x.dtype.kind == "b":
            raise RuntimeError('"abs_cpu" not implemented for \'Bool\'')
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
            raise RuntimeError("Unlike NumPy, torch.sign doesn't support complex numbers. See torch.sgn instead.")
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
        if not is_complex_array(x):
            return K.zeros_like(dy)
        y, size = K.sgn(x), K.abs(x)
        zero = size == 0
        along = K.real(dy * K.conj(y)) * y
        return K.where(zero, K.zeros_like(dy), (dy - along) / K.where(zero, K.ones_like(size), size))

    samples = unary()


@op("signbit")
class Signbit:
    """True where the sign bit is set: negative numbers and -0.0."""

    backward = None

    def forward(x):
        no_complex("signbit", x)
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


overloads("copysign", tensor=CARDS["_copysign"], number=renamed(CARDS["_copysign"], "CopysignBackward1"))


# ---------------------------------------------------------------- the larger, the smaller


@op("maximum", promote="arith", broadcast=True)
class Maximum:
    """z = max(x, y), NaN if one is NaN.  grad to the larger; halves where equal."""

    numbers = ()

    def forward(x, y):
        no_complex("maximum", x)
        return np.maximum(x, y)

    def backward(c, dz, x, y):
        shared, zero = K.where(x == y, dz * 0.5, dz), K.zeros_like(dz)
        return K.where(x < y, zero, shared), K.where(x > y, zero, shared)

    samples = binary(numbers=False)


@op("minimum", promote="arith", broadcast=True)
class Minimum:
    """z = min(x, y), NaN if one is NaN.  grad to the smaller; halves where equal."""

    numbers = ()

    def forward(x, y):
        no_complex("minimum", x)
        return np.minimum(x, y)

    def backward(c, dz, x, y):
        shared, zero = K.where(x == y, dz * 0.5, dz), K.zeros_like(dz)
        return K.where(x > y, zero, shared), K.where(x < y, zero, shared)

    samples = binary(numbers=False)


@op("fmax", promote="arith", broadcast=True)
class Fmax:
    """z = max(x, y), the other one if one is NaN.  grad to the one taken, x where equal."""

    numbers = ()

    def forward(x, y):
        no_complex("fmax", x)
        return np.fmax(x, y)

    def backward(c, dz, x, y):
        first, zero = (x >= y) | K.isnan(y), K.zeros_like(dz)
        return K.where(first, dz, zero), K.where(first, zero, dz)

    samples = binary(numbers=False)


@op("fmin", promote="arith", broadcast=True)
class Fmin:
    """z = min(x, y), the other one if one is NaN.  grad to the one taken, x where equal."""

    numbers = ()

    def forward(x, y):
        no_complex("fmin", x)
        return np.fmin(x, y)

    def backward(c, dz, x, y):
        first, zero = (x <= y) | K.isnan(y), K.zeros_like(dz)
        return K.where(first, dz, zero), K.where(first, zero, dz)

    samples = binary(numbers=False)


# ---------------------------------------------------------------- held between bounds


@op("_clamp", fn=False, method=False, tensors=1, node="Clamp1")
class _Clamp:
    """y = min(max(x, low), high) for numbers, None for no bound.  grad where low ≤ x ≤ high."""

    def forward(x, low, high):
        no_complex("clamp", x)
        if low is not None and high is not None and low <= high and x.dtype.kind == "f":
            return K.hardtanh(x, float(low), float(high))
        y = x
        if low is not None:
            y = np.maximum(y, x.dtype.type(low))
        if high is not None:
            y = np.minimum(y, x.dtype.type(high))
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


@op("_clamp_tensors", fn=False, method=False, tensors=3, promote="arith", broadcast=True, node="Clamp")
class _ClampTensors:
    """y = min(max(x, low), high) for tensors; grad to x inside, else to the bound that was taken."""

    def forward(x, low=None, high=None):
        no_complex("clamp", x)
        y = x if low is None else np.maximum(x, low)
        return y if high is None else np.minimum(y, high)

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


_CLAMP_CARDS = {
    "clamp": (CARDS["_clamp"], CARDS["_clamp_tensors"]),
    "clamp_min": (
        renamed(CARDS["_clamp"], "ClampMinBackward0"),
        renamed(CARDS["_clamp_tensors"], "ClampMinBackward1"),
    ),
    "clamp_max": (
        renamed(CARDS["_clamp"], "ClampMaxBackward0"),
        renamed(CARDS["_clamp_tensors"], "ClampMaxBackward1"),
    ),
}


def _clamped(name: str, x: Tensor, low: Any, high: Any, inplace: bool = False) -> Tensor:
    numbers, tensors = _CLAMP_CARDS[name]
    run = apply_inplace if inplace else apply
    if not isinstance(x, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(x).__name__}")
    if isinstance(low, Tensor) or isinstance(high, Tensor):
        return run(tensors, (x, low, high))
    if low is None and high is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    low, high = (v if v is None else operand(name, v) for v in (low, high))
    target = result_dtype([v for v in (x, low, high) if v is not None])
    if inplace:
        check_can_cast(target, x.dtype)
    elif target is not x.dtype:
        x = cast(x, target)
    return run(numbers, (x, low, high))


@composite("clamp", "clip", method=True)
def clamp(input, min=None, max=None, *, out=None):
    """y = input held between min and max: numbers, tensors, or None for no bound; max wins if min > max."""
    y = _clamped("clamp", input, min, max)
    return y if out is None else into(out, y)


@composite("clamp_", "clip_", method=True)
def clamp_(input, min=None, max=None):
    """In-place version of clamp."""
    return _clamped("clamp", input, min, max, inplace=True)


@composite("clamp_min", method=True)
def clamp_min(input, min, *, out=None):
    """y = max(input, min)"""
    y = _clamped("clamp_min", input, min, None)
    return y if out is None else into(out, y)


@composite("clamp_min_", method=True)
def clamp_min_(input, min):
    """In-place version of clamp_min."""
    return _clamped("clamp_min", input, min, None, inplace=True)


@composite("clamp_max", method=True)
def clamp_max(input, max, *, out=None):
    """y = min(input, max)"""
    y = _clamped("clamp_max", input, None, max)
    return y if out is None else into(out, y)


@composite("clamp_max_", method=True)
def clamp_max_(input, max):
    """In-place version of clamp_max."""
    return _clamped("clamp_max", input, None, max, inplace=True)


# ---------------------------------------------------------------- operators


Tensor.__add__, Tensor.__radd__ = binary_operator(CARDS["_add"], TABLE["add"])
Tensor.__sub__, _ = binary_operator(CARDS["_sub"], TABLE["sub"])
Tensor.__rsub__, _ = binary_operator(CARDS["_rsub"], lambda x, y: y - x)
Tensor.__mul__, Tensor.__rmul__ = binary_operator(CARDS["mul"], TABLE["mul"])
Tensor.__truediv__, _ = binary_operator(CARDS["_true_div"], TABLE["div"])
Tensor.__floordiv__, Tensor.__rfloordiv__ = binary_operator(_FLOOR_DIVIDE, np.floor_divide)
Tensor.__mod__, Tensor.__rmod__ = binary_operator(CARDS["_remainder"], np.remainder)
Tensor.__iadd__ = inplace_operator(CARDS["_add"], np.add)
Tensor.__isub__ = inplace_operator(CARDS["_sub"], np.subtract)
Tensor.__imul__ = inplace_operator(CARDS["mul"], np.multiply)
Tensor.__itruediv__ = inplace_operator(CARDS["_true_div"], np.true_divide)
Tensor.__ifloordiv__ = inplace_operator(_FLOOR_DIVIDE, np.floor_divide)
Tensor.__imod__ = inplace_operator(CARDS["_remainder"], np.remainder)
Tensor.__neg__ = lambda x: apply(CARDS["neg"], (x,))
Tensor.__pos__ = positive
Tensor.__abs__ = lambda x: apply(CARDS["abs"], (x,))


def _pow_operator(x, y):
    if isinstance(y, Tensor):
        return apply(CARDS["_pow"], (x, y))
    return _number_power(x, y) if is_number(y) else NotImplemented


def _rpow_operator(x, y):
    return pow(y, x) if isinstance(y, Tensor) or is_number(y) else NotImplemented


def _ipow_operator(x, y):
    return pow_(x, y) if isinstance(y, Tensor) or is_number(y) else NotImplemented


def _rtruediv_operator(x, y):
    return x.reciprocal() * y if isinstance(y, Tensor) or is_number(y) else NotImplemented


Tensor.__pow__, Tensor.__rpow__, Tensor.__ipow__ = _pow_operator, _rpow_operator, _ipow_operator
Tensor.__rtruediv__ = Tensor.__rdiv__ = _rtruediv_operator
