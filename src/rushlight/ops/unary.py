"""Elementary functions, element by element: roots, exponentials, logarithms, trigonometry.

Integers are computed in the default float dtype; complex numbers are accepted where mathematics
does.
"""

from __future__ import annotations

import math

import numpy as np

from ..core.tensor import Tensor
from ..dispatch.registry import op
from ..kernels import K
from .samples import binary, unary

_LN2, _LN10 = math.log(2), math.log(10)


# ---------------------------------------------------------------- roots


@op("sqrt(input, *, out=None)", at="torch Tensor", inplace="torch Tensor", promote="float")
class Sqrt:
    """y = √x;  dx = dy / 2ȳ"""

    def forward(x):
        return K.sqrt(x)

    def backward(c, dy, out):
        return dy / (2 * K.conj(out))

    samples = unary(0.2, 3)


@op("rsqrt(input, *, out=None)", at="torch Tensor", inplace="torch Tensor", promote="float")
class Rsqrt:
    """y = 1 / √x;  dx = -dy y³ / 2"""

    def forward(x):
        return K.rsqrt(x)

    def backward(c, dy, out):
        y = K.conj(out)
        return dy * (-0.5) * (y * y * y)

    samples = unary(0.2, 3)


@op("reciprocal(input, *, out=None)", at="torch Tensor", inplace="torch Tensor", promote="float")
class Reciprocal:
    """y = 1 / x;  dx = -dy y²"""

    def forward(x):
        return K.reciprocal(x)

    def backward(c, dy, out):
        y = K.conj(out)
        return -dy * (y * y)

    samples = unary(0.3, 3)


# ---------------------------------------------------------------- exponentials and logarithms


@op(
    "exp(input, *, out=None)",
    at="torch Tensor",
    inplace="torch Tensor",
    promote="float",
    fresh=True,
)
class Exp:
    """y = e^x;  dx = dy · y"""

    def forward(x):
        return K.exp(x)

    def backward(c, dy, out):
        return dy * K.conj(out)

    samples = unary()


@op(
    "exp2(input, *, out=None)",
    at="torch Tensor special",
    inplace="torch Tensor",
    promote="float",
    node="Exp20",
)
class Exp2:
    """y = 2^x;  dx = dy · y ln 2"""

    def forward(x):
        return K.exp2(x)

    def backward(c, dy, out):
        return dy * K.conj(out) * _LN2

    samples = unary()


@op(
    "expm1(input, *, out=None)",
    at="torch Tensor special",
    inplace="torch Tensor",
    promote="float",
    node="Expm10",
)
class Expm1:
    """y = e^x - 1, exact near 0;  dx = dy (y + 1)"""

    def forward(x):
        return K.expm1(x)

    def backward(c, dy, out):
        return dy * (K.conj(out) + 1)

    samples = unary()


@op("log(input, *, out=None)", at="torch Tensor", inplace="torch Tensor", promote="float")
class Log:
    """y = ln x;  dx = dy / x"""

    def forward(x):
        return K.log(x)

    def backward(c, dy, x):
        return dy / K.conj(x)

    samples = unary(0.1, 3)


@op(
    "log2(input, *, out=None)",
    at="torch Tensor",
    inplace="torch Tensor",
    promote="float",
    node="Log20",
)
class Log2:
    """y = log₂ x;  dx = dy / (x ln 2)"""

    def forward(x):
        return K.log2(x)

    def backward(c, dy, x):
        return dy / (K.conj(x) * _LN2)

    samples = unary(0.1, 3)


@op(
    "log10(input, *, out=None)",
    at="torch Tensor",
    inplace="torch Tensor",
    promote="float",
    node="Log100",
)
class Log10:
    """y = log₁₀ x;  dx = dy / (x ln 10)"""

    def forward(x):
        return K.log10(x)

    def backward(c, dy, x):
        return dy / (K.conj(x) * _LN10)

    samples = unary(0.1, 3)


@op(
    "log1p(input, *, out=None)",
    at="torch Tensor special",
    inplace="torch Tensor",
    promote="float",
    node="Log1P",
)
class Log1p:
    """y = ln(1 + x), exact near 0;  dx = dy / (1 + x)"""

    def forward(x):
        return K.log1p(x)

    def backward(c, dy, x):
        return dy / (K.conj(x) + 1)

    samples = unary(-0.7, 3)


@op(
    "logaddexp(input, other: Tensor, *, out=None)",
    at="torch Tensor",
    promote="arith",
    broadcast=True,
    not_for="iub",
    kernel="logaddexp_cpu",
    quiet=True,
)
class Logaddexp:
    """z = ln(e^x + e^y);  dx = dz / (1 + e^(y - x))"""

    numbers = ()

    def forward(x, y):
        if x.dtype.kind == "c":
            return _logaddexp(x, y)
        return K.logaddexp(x, y)

    def backward(c, dz, x, y):
        return _share(dz, x, y, K.exp), _share(dz, y, x, K.exp)

    samples = binary(numbers=False)


def _logaddexp(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """ln(e^x + e^y) of complex numbers, by way of the larger real part."""
    first = x.real >= y.real
    high, low = np.where(first, x, y), np.where(first, y, x)
    return np.where(x == y, x + math.log(2), high + np.log1p(np.exp(low - high)))


def _share(dz, x, y, exp):
    """dz / (1 + e^(y - x)), of the operands alone: the result may have been overwritten."""
    return dz / (1 + K.conj(exp(y - x)))


@op(
    "logaddexp2(input, other: Tensor, *, out=None)",
    at="torch Tensor",
    promote="arith",
    broadcast=True,
    node="Logaddexp20",
    not_for="iubc",
    kernel="logaddexp2_cpu",
    quiet=True,
)
class Logaddexp2:
    """z = log₂(2^x + 2^y);  dx = dz / (1 + 2^(y - x))"""

    numbers = ()

    def forward(x, y):
        return np.logaddexp2(x, y)

    def backward(c, dz, x, y):
        return _share(dz, x, y, K.exp2), _share(dz, y, x, K.exp2)

    samples = binary(numbers=False)


def _times_log(x, y, log):
    z = x * log(y)
    return K.where(K.isnan(y), y, K.where(x == 0, 0, z)).astype(z.dtype, copy=False)


def _times_log_backward(c, dz, x, y, log, slope):
    """dx = dz log(y), 0 where x = 0 and log(y) = -inf;  dy = dz x / slope"""
    dx = None
    if c.needs(0):
        dx = dz * K.where((x == 0) & (slope <= 0), K.zeros_like(dz), log(y))
    return dx, dz * x / slope if c.needs(1) else None


def _overload(x, y):
    """PyTorch's number of the overload, in the name of the node."""
    if not isinstance(x, Tensor):
        return 1
    return 0 if isinstance(y, Tensor) else 2


@op(
    "xlogy(input, other, *, out=None)",
    at="torch Tensor special",
    inplace="torch Tensor",
    promote="float",
    broadcast=True,
    node="Xlogy",
    not_for="c",
    kernel="xlogy_cpu",
)
class Xlogy:
    """z = x ln y, 0 where x = 0 and y is no NaN; each a tensor or a number

    shape   broadcast
    dtype   promoted, integers become the default dtype
    grad    dx = dz ln y,  dy = dz x / y
    errors  NotImplementedError: complex
    """

    def variant(x, y):
        return f"Xlogy{_overload(x, y)}"

    def forward(x, y):
        return _times_log(x, y, K.log)

    def backward(c, dz, x, y):
        return _times_log_backward(c, dz, x, y, K.log, y)

    samples = binary(0.2, 2)


@op(
    "xlog1py(input, other, *, out=None)",
    at="special",
    promote="float",
    broadcast=True,
    node="SpecialXlog1Py",
    not_for="c",
    kernel="xlog1py_cpu",
)
class Xlog1py:
    """z = x ln(1 + y), 0 where x = 0 and y is no NaN; each a tensor or a number

    shape   broadcast
    dtype   promoted, integers become the default dtype
    grad    dx = dz ln(1 + y),  dy = dz x / (1 + y)
    errors  NotImplementedError: complex
    """

    def variant(x, y):
        return f"SpecialXlog1Py{_overload(x, y)}"

    def forward(x, y):
        return _times_log(x, y, K.log1p)

    def backward(c, dz, x, y):
        return _times_log_backward(c, dz, x, y, K.log1p, y + 1)

    samples = binary(0.2, 2)


# ---------------------------------------------------------------- trigonometry


@op("sin(input, *, out=None)", at="torch Tensor", inplace="torch Tensor", promote="float")
class Sin:
    """y = sin x;  dx = dy cos x"""

    def forward(x):
        return K.sin(x)

    def backward(c, dy, x):
        return dy * K.conj(K.cos(x))

    samples = unary()


@op("cos(input, *, out=None)", at="torch Tensor", inplace="torch Tensor", promote="float")
class Cos:
    """y = cos x;  dx = -dy sin x"""

    def forward(x):
        return K.cos(x)

    def backward(c, dy, x):
        return -dy * K.conj(K.sin(x))

    samples = unary()


@op("tan(input, *, out=None)", at="torch Tensor", inplace="torch Tensor", promote="float")
class Tan:
    """y = tan x;  dx = dy (1 + y²)"""

    def forward(x):
        return K.tan(x)

    def backward(c, dy, out):
        y = K.conj(out)
        return dy * (1 + y * y)

    samples = unary(-1, 1)


@op(
    "asin(input, *, out=None)", "arcsin", at="torch Tensor", inplace="torch Tensor", promote="float"
)
class Asin:
    """y = arcsin x;  dx = dy / √(1 - x²)"""

    def forward(x):
        return K.asin(x)

    def backward(c, dy, x):
        x = K.conj(x)
        return dy * K.rsqrt(1 - x * x)

    samples = unary(-0.8, 0.8)


@op(
    "acos(input, *, out=None)", "arccos", at="torch Tensor", inplace="torch Tensor", promote="float"
)
class Acos:
    """y = arccos x;  dx = -dy / √(1 - x²)"""

    def forward(x):
        return K.acos(x)

    def backward(c, dy, x):
        x = K.conj(x)
        return -dy * K.rsqrt(1 - x * x)

    samples = unary(-0.8, 0.8)


@op(
    "atan(input, *, out=None)", "arctan", at="torch Tensor", inplace="torch Tensor", promote="float"
)
class Atan:
    """y = arctan x;  dx = dy / (1 + x²)"""

    def forward(x):
        return K.atan(x)

    def backward(c, dy, x):
        x = K.conj(x)
        return dy / (1 + x * x)

    samples = unary()


@op(
    "atan2(input, other: Tensor, *, out=None)",
    "arctan2",
    at="torch Tensor",
    inplace="Tensor",
    promote="float",
    broadcast=True,
    node="Atan20",
    not_for="c",
    kernel="atan2_cpu",
)
class Atan2:
    """z = the angle of the point (y, x);  dx = dz y / (x² + y²),  dy = -dz x / (x² + y²)

    >>> torch.atan2(tensor([1.0, -1.0]), tensor([1.0, -1.0]))
    tensor([ 0.7854, -2.3562])
    """

    numbers = ()

    def forward(x, y):
        return K.atan2(x, y)

    def backward(c, dz, x, y):
        square = x * x + y * y
        zero = square == 0
        d = K.where(zero, K.zeros_like(square), dz / K.where(zero, K.ones_like(square), square))
        return d * y, -d * x

    samples = binary(0.2, 2, numbers=False)


@op("sinh(input, *, out=None)", at="torch Tensor", inplace="torch Tensor", promote="float")
class Sinh:
    """y = sinh x;  dx = dy cosh x"""

    def forward(x):
        return K.sinh(x)

    def backward(c, dy, x):
        return dy * K.conj(K.cosh(x))

    samples = unary()


@op("cosh(input, *, out=None)", at="torch Tensor", inplace="torch Tensor", promote="float")
class Cosh:
    """y = cosh x;  dx = dy sinh x"""

    def forward(x):
        return K.cosh(x)

    def backward(c, dy, x):
        return dy * K.conj(K.sinh(x))

    samples = unary()


@op(
    "tanh(input, *, out=None)",
    at="torch Tensor F",
    inplace="torch Tensor",
    promote="float",
    fresh=True,
)
class Tanh:
    """y = tanh x;  dx = dy (1 - y²)"""

    def forward(x):
        return K.tanh(x)

    def backward(c, dy, out):
        return K.tanh_dx(dy, K.conj(out))

    samples = unary()


@op(
    "asinh(input, *, out=None)",
    "arcsinh",
    at="torch Tensor",
    inplace="torch Tensor",
    promote="float",
)
class Asinh:
    """y = arsinh x;  dx = dy / √(x² + 1)"""

    def forward(x):
        return K.asinh(x)

    def backward(c, dy, x):
        x = K.conj(x)
        return dy * K.rsqrt(x * x + 1)

    samples = unary()


@op(
    "acosh(input, *, out=None)",
    "arccosh",
    at="torch Tensor",
    inplace="torch Tensor",
    promote="float",
)
class Acosh:
    """y = arcosh x;  dx = dy / √(x² - 1), for complex x dy / (√(x - 1) √(x + 1))"""

    def forward(x):
        return K.acosh(x)

    def backward(c, dy, x):
        if not K.is_complex(x):
            return dy * K.rsqrt(x * x - 1)
        x = K.conj(x)
        return dy * (K.rsqrt(x - 1) * K.rsqrt(x + 1))

    samples = unary(1.2, 3)


@op(
    "atanh(input, *, out=None)",
    "arctanh",
    at="torch Tensor",
    inplace="torch Tensor",
    promote="float",
)
class Atanh:
    """y = artanh x;  dx = dy / (1 - x²)"""

    def forward(x):
        return K.atanh(x)

    def backward(c, dy, x):
        x = K.conj(x)
        return dy / (1 - x * x)

    samples = unary(-0.8, 0.8)


@op(
    "hypot(input, other: Tensor, *, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    promote="arith",
    broadcast=True,
    not_for="iubc",
    kernel="hypot_cpu",
)
class Hypot:
    """z = √(x² + y²);  dx = dz x / z"""

    numbers = ()

    def forward(x, y):
        return K.hypot(x, y)

    def backward(c, dz, x, y, out):
        return dz * (x / out), dz * (y / out)

    samples = binary(numbers=False)


@op(
    "deg2rad(input, *, out=None)",
    at="torch Tensor",
    inplace="torch Tensor",
    promote="float",
    node="Deg2Rad",
)
class Deg2rad:
    """y = x π / 180"""

    def forward(x):
        _refuse_complex("deg2rad", x)
        return K.like(x * (math.pi / 180), x)

    def backward(c, dy):
        return dy * (math.pi / 180)

    samples = unary()


@op(
    "rad2deg(input, *, out=None)",
    at="torch Tensor",
    inplace="torch Tensor",
    promote="float",
    node="Rad2Deg",
)
class Rad2deg:
    """y = x 180 / π"""

    def forward(x):
        _refuse_complex("rad2deg", x)
        return K.like(x * (180 / math.pi), x)

    def backward(c, dy):
        return dy * (180 / math.pi)

    samples = unary()


def _refuse_complex(name: str, x: np.ndarray) -> None:
    if x.dtype.kind == "c":
        raise RuntimeError(f"{name} is not supported for complex tensors.")
