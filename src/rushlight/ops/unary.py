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
    """y = √x;  dx = dy / 2ȳ

    shape   x (*) -> y (*)
    """

    def forward(x):
        return K.sqrt(x)

    def backward(c, dy, out):
        return dy / (2 * K.conj(out))

    samples = unary(0.2, 3)


@op("rsqrt(input, *, out=None)", at="torch Tensor", inplace="torch Tensor", promote="float")
class Rsqrt:
    """y = 1 / √x;  dx = -dy y³ / 2

    shape   x (*) -> y (*)
    """

    def forward(x):
        return K.rsqrt(x)

    def backward(c, dy, out):
        y = K.conj(out)
        return dy * (-0.5) * (y * y * y)

    samples = unary(0.2, 3)


@op("reciprocal(input, *, out=None)", at="torch Tensor", inplace="torch Tensor", promote="float")
class Reciprocal:
    """y = 1 / x;  dx = -dy y²

    shape   x (*) -> y (*)
    """

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
    """y = e^x;  dx = dy · y

    shape   x (*) -> y (*)
    """

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
    """y = 2^x;  dx = dy · y ln 2

    shape   x (*) -> y (*)
    """

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
    """y = e^x - 1, exact near 0;  dx = dy (y + 1)

    shape   x (*) -> y (*)
    """

    def forward(x):
        return K.expm1(x)

    def backward(c, dy, out):
        return dy * (K.conj(out) + 1)

    samples = unary()


@op("log(input, *, out=None)", at="torch Tensor", inplace="torch Tensor", promote="float")
class Log:
    """y = ln x;  dx = dy / x

    shape   x (*) -> y (*)
    """

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
    """y = log₂ x;  dx = dy / (x ln 2)

    shape   x (*) -> y (*)
    """

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
    """y = log₁₀ x;  dx = dy / (x ln 10)

    shape   x (*) -> y (*)
    """

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
    """y = ln(1 + x), exact near 0;  dx = dy / (1 + x)

    shape   x (*) -> y (*)
    """

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
    """z = ln(e^x + e^y);  dx = dz / (1 + e^(y - x))

    shape   the operands are broadcast
    errors  NotImplementedError: integers, bool
    """

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
    """z = log₂(2^x + 2^y);  dx = dz / (1 + 2^(y - x))

    shape   the operands are broadcast
    errors  NotImplementedError: integers, bool, complex numbers
    """

    numbers = ()

    def forward(x, y):
        return K.logaddexp2(x, y)

    def backward(c, dz, x, y):
        return _share(dz, x, y, K.exp2), _share(dz, y, x, K.exp2)

    samples = binary(numbers=False)


def _times_log(x, y, log):
    z = x * log(y)
    return K.where(K.isnan(y), y, K.where(x == 0, 0, z)).astype(z.dtype, copy=False)


def _times_log_backward(c, dz, x, y, log, slope):
    """dx = dz log(y), 0 where dz = 0, or x = 0 and log(y) = -inf;  dy = dz x / slope"""
    dx = None
    if c.needs(0):
        none = ((dz == 0) & ~K.isnan(y)) | ((x == 0) & (slope <= 0))
        dx = dz * K.where(none, K.zeros_like(dz), log(y))
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
