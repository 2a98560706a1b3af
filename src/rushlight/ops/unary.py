"""Elementary functions, element by element:
roots, exponentials, logarithms, trigonometry, rounding.

Integers are computed in the default float dtype;
complex numbers are accepted where mathematics does.
"""

from __future__ import annotations

import math

import numpy as np

from ..core.tensor import Tensor
from ..dispatch.messages import refuse_complex, tensor_argument
from ..dispatch.out import into
from ..dispatch.promotion import operand
from ..dispatch.registry import CARDS, apply, apply_inplace, composite, op
from ..kernels import K
from .samples import binary, unary

_LN2, _LN10 = math.log(2), math.log(10)


# ---------------------------------------------------------------- roots


@op("sqrt", inplace=True, promote="float")
class Sqrt:
    """y = √x;  dx = dy / 2ȳ"""

    def forward(x):
        return K.sqrt(x)

    def backward(c, dy, out):
        return dy / (2 * K.conj(out))

    samples = unary(0.2, 3)


@op("rsqrt", inplace=True, promote="float")
class Rsqrt:
    """y = 1 / √x;  dx = -dy y³ / 2"""

    def forward(x):
        return K.rsqrt(x)

    def backward(c, dy, out):
        y = K.conj(out)
        return dy * (-0.5) * (y * y * y)

    samples = unary(0.2, 3)


@op("reciprocal", inplace=True, promote="float")
class Reciprocal:
    """y = 1 / x;  dx = -dy y²"""

    def forward(x):
        return K.reciprocal(x)

    def backward(c, dy, out):
        y = K.conj(out)
        return -dy * (y * y)

    samples = unary(0.3, 3)


# ---------------------------------------------------------------- exponentials and logarithms


@op("exp", inplace=True, promote="float")
class Exp:
    """y = e^x;  dx = dy · y"""

    def forward(x):
        return K.exp(x)

    def backward(c, dy, out):
        return dy * K.conj(out)

    samples = unary()


@op("exp2", inplace=True, promote="float", node="Exp20")
class Exp2:
    """y = 2^x;  dx = dy · y ln 2"""

    def forward(x):
        return K.exp2(x)

    def backward(c, dy, out):
        return dy * K.conj(out) * _LN2

    samples = unary()


@op("expm1", inplace=True, promote="float", node="Expm10")
class Expm1:
    """y = e^x - 1, exact near 0;  dx = dy (y + 1)"""

    def forward(x):
        return K.expm1(x)

    def backward(c, dy, out):
        return dy * (K.conj(out) + 1)

    samples = unary()


@op("log", inplace=True, promote="float")
class Log:
    """y = ln x;  dx = dy / x"""

    def forward(x):
        return K.log(x)

    def backward(c, dy, x):
        return dy / K.conj(x)

    samples = unary(0.1, 3)


@op("log2", inplace=True, promote="float", node="Log20")
class Log2:
    """y = log₂ x;  dx = dy / (x ln 2)"""

    def forward(x):
        return K.log2(x)

    def backward(c, dy, x):
        return dy / (K.conj(x) * _LN2)

    samples = unary(0.1, 3)


@op("log10", inplace=True, promote="float", node="Log100")
class Log10:
    """y = log₁₀ x;  dx = dy / (x ln 10)"""

    def forward(x):
        return K.log10(x)

    def backward(c, dy, x):
        return dy / (K.conj(x) * _LN10)

    samples = unary(0.1, 3)


@op("log1p", inplace=True, promote="float", node="Log1P")
class Log1p:
    """y = ln(1 + x), exact near 0;  dx = dy / (1 + x)"""

    def forward(x):
        return K.log1p(x)

    def backward(c, dy, x):
        return dy / (K.conj(x) + 1)

    samples = unary(-0.7, 3)


@op("logaddexp", inplace=False, promote="arith", broadcast=True)
class Logaddexp:
    """z = ln(e^x + e^y);  dx = dz / (1 + e^(y - x))"""

    numbers = ()

    def forward(x, y):
        if x.dtype.kind == "c":
            return _logaddexp(x, y)
        return np.logaddexp(x, y)

    def backward(c, dz, x, y, out):
        return _share(dz, x, out), _share(dz, y, out)

    samples = binary(numbers=False)


def _logaddexp(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """ln(e^x + e^y) of complex numbers, by way of the larger real part."""
    first = x.real >= y.real
    high, low = np.where(first, x, y), np.where(first, y, x)
    return np.where(x == y, x + math.log(2), high + np.log1p(np.exp(low - high)))


def _share(dz, x, z, exp=K.exp):
    """dz e^(x - z), 0 where both are -inf and dz where both are +inf."""
    return dz * K.conj(K.where(x == z, K.exp(K.zeros_like(x - z)), exp(x - z)))


@op("logaddexp2", inplace=False, promote="arith", broadcast=True, node="Logaddexp20")
class Logaddexp2:
    """z = log₂(2^x + 2^y);  dx = dz / (1 + 2^(y - x))"""

    numbers = ()

    def forward(x, y):
        return np.logaddexp2(x, y)

    def backward(c, dz, x, y, out):
        return _share(dz, x, out, K.exp2), _share(dz, y, out, K.exp2)

    samples = binary(numbers=False)


def _times_log(name: str, title: str, log: str, log_of: str, derivative, public: bool):
    """Register z = x · log(y), 0 where x = 0 unless y is NaN."""

    class Card:
        __doc__ = (
            f"z = x {log_of}, 0 where x = 0 and y is no NaN;  dx = dz {log_of}, "
            " dy = dz x · its slope"
        )

        def forward(x, y):
            z = x * getattr(K, log)(np.where(x == 0, 1, y)) if log == "log" else x * K.log1p(y)
            return np.where(np.isnan(y), y, np.where(x == 0, 0, z)).astype(z.dtype, copy=False)

        def backward(c, dz, x, y):
            dx = dy = None
            if c.needs(0):
                bad = (x == 0) & (derivative(y) <= 0)
                dx = dz * K.where(bad, K.zeros_like(dz), getattr(K, log)(y))
            if c.needs(1):
                dy = dz * x / derivative(y)
            return dx, dy

        samples = binary(0.2, 2)

    private = "_" + name
    op(private, fn=False, method=False, promote="float", broadcast=True, node=title)(Card)
    second, first = (CARDS[private].renamed(f"{title}Backward{i}") for i in (2, 1))

    def function(input, other, *, out=None):
        if not isinstance(input, Tensor):
            card = first
        else:
            card = CARDS[private] if isinstance(other, Tensor) else second
        z = apply(card, (input, operand(name, other)))
        return z if out is None else into(out, z)

    function.__name__, function.__doc__ = name, Card.__doc__
    return composite(name, fn=public, method=public)(function)


xlogy = _times_log("xlogy", "Xlogy", "log", "ln y", lambda y: y, public=True)
xlog1py = _times_log(
    "xlog1py", "SpecialXlog1Py", "log1p", "ln(1 + y)", lambda y: y + 1, public=False
)


@composite("xlogy_", method=True)
def xlogy_(input, other):
    """input = input · ln other"""
    return apply_inplace(CARDS["_xlogy"], (input, operand("xlogy_", other)))


# ---------------------------------------------------------------- trigonometry


@op("sin", inplace=True, promote="float")
class Sin:
    """y = sin x;  dx = dy cos x"""

    def forward(x):
        return K.sin(x)

    def backward(c, dy, x):
        return dy * K.conj(K.cos(x))

    samples = unary()


@op("cos", inplace=True, promote="float")
class Cos:
    """y = cos x;  dx = -dy sin x"""

    def forward(x):
        return K.cos(x)

    def backward(c, dy, x):
        return -dy * K.conj(K.sin(x))

    samples = unary()


@op("tan", inplace=True, promote="float")
class Tan:
    """y = tan x;  dx = dy (1 + y²)"""

    def forward(x):
        return K.tan(x)

    def backward(c, dy, out):
        y = K.conj(out)
        return dy * (1 + y * y)

    samples = unary(-1, 1)


@op("asin", "arcsin", inplace=True, promote="float")
class Asin:
    """y = arcsin x;  dx = dy / √(1 - x²)"""

    def forward(x):
        return K.asin(x)

    def backward(c, dy, x):
        x = K.conj(x)
        return dy * K.rsqrt(1 - x * x)

    samples = unary(-0.8, 0.8)


@op("acos", "arccos", inplace=True, promote="float")
class Acos:
    """y = arccos x;  dx = -dy / √(1 - x²)"""

    def forward(x):
        return K.acos(x)

    def backward(c, dy, x):
        x = K.conj(x)
        return -dy * K.rsqrt(1 - x * x)

    samples = unary(-0.8, 0.8)


@op("atan", "arctan", inplace=True, promote="float")
class Atan:
    """y = arctan x;  dx = dy / (1 + x²)"""

    def forward(x):
        return K.atan(x)

    def backward(c, dy, x):
        x = K.conj(x)
        return dy / (1 + x * x)

    samples = unary()


@op("atan2", "arctan2", inplace=True, promote="float", broadcast=True, node="Atan20")
class Atan2:
    """z = the angle of the point (y, x);  dx = dz y / (x² + y²),  dy = -dz x / (x² + y²)

    >>> torch.atan2(tensor([1.0, -1.0]), tensor([1.0, -1.0]))
    tensor([ 0.7854, -2.3562])
    """

    numbers = ()

    def forward(x, y):
        return np.arctan2(x, y)

    def backward(c, dz, x, y):
        square = x * x + y * y
        zero = square == 0
        d = K.where(zero, K.zeros_like(square), dz / K.where(zero, K.ones_like(square), square))
        return d * y, -d * x

    samples = binary(0.2, 2, numbers=False)


@op("sinh", inplace=True, promote="float")
class Sinh:
    """y = sinh x;  dx = dy cosh x"""

    def forward(x):
        return K.sinh(x)

    def backward(c, dy, x):
        return dy * K.conj(K.cosh(x))

    samples = unary()


@op("cosh", inplace=True, promote="float")
class Cosh:
    """y = cosh x;  dx = dy sinh x"""

    def forward(x):
        return K.cosh(x)

    def backward(c, dy, x):
        return dy * K.conj(K.sinh(x))

    samples = unary()


@op("tanh", inplace=True, promote="float", functional=True)
class Tanh:
    """y = tanh x;  dx = dy (1 - y²)"""

    def forward(x):
        return K.tanh(x)

    def backward(c, dy, out):
        return K.tanh_dx(dy, K.conj(out))

    samples = unary()


@op("asinh", "arcsinh", inplace=True, promote="float")
class Asinh:
    """y = arsinh x;  dx = dy / √(x² + 1)"""

    def forward(x):
        return K.asinh(x)

    def backward(c, dy, x):
        x = K.conj(x)
        return dy * K.rsqrt(x * x + 1)

    samples = unary()


@op("acosh", "arccosh", inplace=True, promote="float")
class Acosh:
    """y = arcosh x;  dx = dy / (√(x - 1) √(x + 1))"""

    def forward(x):
        return K.acosh(x)

    def backward(c, dy, x):
        x = K.conj(x)
        return dy * (K.rsqrt(x - 1) * K.rsqrt(x + 1))

    samples = unary(1.2, 3)


@op("atanh", "arctanh", inplace=True, promote="float")
class Atanh:
    """y = artanh x;  dx = dy / (1 - x²)"""

    def forward(x):
        return K.atanh(x)

    def backward(c, dy, x):
        x = K.conj(x)
        return dy / (1 - x * x)

    samples = unary(-0.8, 0.8)


@op("hypot", inplace=True, promote="arith", broadcast=True)
class Hypot:
    """z = √(x² + y²);  dx = dz x / z"""

    numbers = ()

    def forward(x, y):
        return np.hypot(x, y)

    def backward(c, dz, x, y, out):
        return dz * (x / out), dz * (y / out)

    samples = binary(numbers=False)


@op("deg2rad", inplace=True, promote="float", node="Deg2Rad")
class Deg2rad:
    """y = x π / 180"""

    def forward(x):
        refuse_complex("deg2rad", x)
        return K.like(x * (math.pi / 180), x)

    def backward(c, dy):
        return dy * (math.pi / 180)

    samples = unary()


@op("rad2deg", inplace=True, promote="float", node="Rad2Deg")
class Rad2deg:
    """y = x 180 / π"""

    def forward(x):
        refuse_complex("rad2deg", x)
        return K.like(x * (180 / math.pi), x)

    def backward(c, dy):
        return dy * (180 / math.pi)

    samples = unary()


# ---------------------------------------------------------------- rounding: no gradient


def _rounded(name: str, x: np.ndarray, f) -> np.ndarray:
    """f(x) for floats, a copy for integers. RuntimeError: bool or complex."""
    kind = x.dtype.kind
    if kind in "iu":
        return x.copy()
    if kind in "bc":
        raise RuntimeError(
            f"\"{name}\" not implemented for '{'Bool' if kind == 'b' else 'ComplexFloat'}'"
        )
    return f(x)


def _rounding(name: str, f, meaning: str, *aliases: str) -> None:
    class Card:
        __doc__ = f"y = {meaning}; integers stay as they are.  grad 0"

        def forward(x):
            return _rounded(name, x, f)

        def backward(c, dy):
            return K.zeros_like(dy)

        samples = unary()

    op(name, *aliases, inplace=True, node=name.capitalize())(Card)


_rounding("floor", np.floor, "the largest integer ≤ x")
_rounding("ceil", np.ceil, "the smallest integer ≥ x")
_rounding("trunc", np.trunc, "x without its fraction", "fix")


@op("_round", fn=False, method=False, tensors=1, node="Round")
class _Round:
    """y = x rounded to `decimals` (negative: to tens, hundreds...), halves to even.  grad 0"""

    def forward(x, decimals=0):
        if decimals == 0:
            return _rounded("round", x, np.rint)
        ten = 10.0 ** abs(decimals)
        if decimals > 0:
            return _rounded("round", x, lambda v: K.like(np.rint(v * ten) / ten, v))
        return _rounded("round", x, lambda v: K.like(np.rint(v / ten) * ten, v))

    def backward(c, dy):
        return K.zeros_like(dy)

    def samples(make):
        yield make(3, 4), 0
        yield make(low=-200, high=200), 1
        yield make(0, 5), 0
        yield make(4, 3, low=-200, high=200).T, -1


_ROUND_DECIMALS = CARDS["_round"].renamed("RoundBackward1")


@composite("round", method=True)
def round(input, *, decimals=0, out=None):
    """y = input rounded to `decimals` places, halves to even.

    >>> torch.round(tensor([1.2345, -2.5]), decimals=2)
    tensor([ 1.2300, -2.5000])
    """
    y = apply(_ROUND_DECIMALS if decimals else CARDS["_round"], (input, decimals))
    return y if out is None else into(out, y)


@composite("round_", method=True)
def round_(input, *, decimals=0):
    """In-place version of round."""
    return apply_inplace(_ROUND_DECIMALS if decimals else CARDS["_round"], (input, decimals))


@op("frac", inplace=True)
class Frac:
    """y = x - trunc(x);  dx = dy"""

    def forward(x):
        if x.dtype.kind not in "fV":
            raise RuntimeError(f"\"frac\" not implemented for '{x.dtype.name.capitalize()}'")
        return x - np.trunc(x)

    def backward(c, dy):
        return dy

    samples = unary()


@op("frexp", extras=("exponent",), returns=("mantissa", "exponent"))
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
        return K.like(mantissa, x), np.asarray(exponent, np.int32)

    def backward(c, dm, exponent):
        return dm / K.exp2(K.like(exponent, dm))

    samples = unary(0.6, 0.9)


@composite("ldexp", method=True)
def ldexp(input, other, *, out=None):
    """z = input · 2^other"""
    tensor_argument("ldexp", input)
    tensor_argument("ldexp", other, "other", 2)
    z = input * (2.0**other)
    return z if out is None else into(out, z)


@composite("ldexp_", method=True)
def ldexp_(input, other):
    """input *= 2^other"""
    return input.mul_(2.0**other)
