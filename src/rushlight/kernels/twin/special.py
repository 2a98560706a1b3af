"""Special functions, on NumPy."""

from __future__ import annotations

import math

import numpy as np

from ..seam import K

# Rational approximations of erf's inverse, highest power first: within |y| <= 0.7 in y², and beyond
# in sqrt(-log((1 - |y|) / 2)). Blair, Edwards, Johnson 1976, doi:10.1090/S0025-5718-1976-0421040-7
_CENTER = (
    (-0.140543331, 0.914624893, -1.645349621, 0.886226899),
    (0.012229801, -0.329097515, 1.442710462, -2.118377725, 1.0),
)
_TAIL = (1.641345311, 3.429567803, -1.624906493, -1.970840454), (1.6370678, 3.5438892, 1.0)
_SLOPE = 2 / math.sqrt(math.pi)  # erf's at 0


def _each(f):
    """f of every number, in float64."""
    each = np.frompyfunc(f, 1, 1)
    return lambda x: np.asarray(each(x)).astype(np.float64)


def _ln_gamma(x: float) -> float:
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):  # a pole; beyond the largest number
        return math.inf


_erf, _erfc, _lgamma = _each(math.erf), _each(math.erfc), _each(_ln_gamma)


def _ratio(x, parts):
    above, below = (np.polyval(p, x) for p in parts)
    return above / below


def erfinv(x):
    """y with erf(y) = x: a rational approximation, and twice Newton; ±inf at ±1, NaN beyond.

    Near ±1 Newton works on erfc, where erf has no digits left.
    """
    v = x.astype(np.float64)
    rest = 1 - np.abs(v)
    with np.errstate(all="ignore"):
        y = v * _ratio(v * v, _CENTER)
        tail = _ratio(np.sqrt(-np.log(rest / 2)), _TAIL)
        for _ in range(2):
            y = y - (_erf(y) - v) / (_SLOPE * np.exp(-y * y))
            tail = tail + (_erfc(tail) - rest) / (_SLOPE * np.exp(-tail * tail))
        y = np.where(rest >= 0.3, y, np.copysign(tail, v))
        y = np.where(rest > 0, y, np.where(rest == 0, np.copysign(np.inf, v), np.nan))
    return y.astype(x.dtype)


def erfc(x):
    """1 - erf(x), exact where erf is nearly 1"""
    if x.dtype.itemsize == 8 or not x.ndim:
        return _erfc(x).astype(x.dtype)
    y = 1 - K.erf(x.astype(np.float64))
    far = x > 3  # where the difference of doubles loses digits that a float32 would show
    y[far] = _erfc(x[far])
    return y.astype(x.dtype)


def _wide(f):
    """f computed in float64 and rounded to x's dtype, without warnings."""

    def kernel(x, *args):
        with np.errstate(all="ignore"):
            return np.asarray(f(np.asarray(x, np.float64), *args)).astype(x.dtype)

    kernel.__name__, kernel.__doc__, kernel.__module__ = f.__name__, f.__doc__, f.__module__
    return kernel


@_wide
def erfcx(x):
    """e^(x²) erfc(x); beyond 25 by its series in 1/x², Abramowitz and Stegun 7.1.23

    x = a + b, a its upper half, whose square is exact: rounding x² would show in the exponent.
    """
    t = 1 / (2 * x * x)
    series = np.ones_like(x)
    for k in range(9, 0, -1):
        series = 1 - (2 * k - 1) * t * series
    far = series / (x * math.sqrt(math.pi))
    z = np.clip(x, -30, 30)
    a = z * 134217729.0 - (z * 134217729.0 - z)
    near = np.exp(a * a) * np.exp((z - a) * (z + a)) * _erfc(x)
    return np.where(x > 25, far, near)


def lgamma(x):
    """ln |Γ(x)|; inf at 0, -1, -2, ...: one number after the other, or all by Stirling's series

    The series, Abramowitz and Stegun 6.1.40, is used beyond 8, where recurrence and reflection
    lead. Its absolute error of 1e-14 is for results that are rounded to float32 or less.
    """
    if x.dtype.itemsize == 8 or x.size < 64:
        return _lgamma(x).astype(x.dtype)
    flat, y = x.reshape(-1), np.empty(x.size, x.dtype)
    for start in range(0, x.size, 1 << 14):  # blocks that stay in the cache
        part = slice(start, start + (1 << 14))
        y[part] = _stirling(flat[part].astype(np.float64))
    return y.reshape(x.shape)


def _stirling(x):
    with np.errstate(all="ignore"):
        low = x < 0.5
        y = np.where(low, 1 - x, x)
        product = np.ones_like(y)
        for _ in range(8):
            small = y < 8
            product = np.where(small, product * y, product)
            y = np.where(small, y + 1, y)
        z = 1 / (y * y)
        series = (1 / 12 - z * (1 / 360 - z * (1 / 1260 - z * (1 / 1680 - z / 1188)))) / y
        total = (y - 0.5) * np.log(y) - y + 0.5 * math.log(2 * math.pi) + series - np.log(product)
        sine = np.abs(np.sin(math.pi * np.fmod(x, 1)))
        total = np.where(low, np.log(math.pi / sine) - total, total)
        return np.where((x <= 0) & (x == np.floor(x)) | np.isinf(x), np.inf, total)


@_wide
def digamma(x):
    """The slope of ln Γ: by recurrence to beyond 10, there its series (Abramowitz and Stegun
    6.3.18)

    -inf at +0, inf at -0, NaN at negative integers; reflected for other negative numbers.
    """
    negative = x < 0
    y = np.where(negative, 1 - x, x)
    total = np.zeros_like(y)
    for _ in range(10):
        small = y < 10
        total = np.where(small, total - 1 / y, total)
        y = np.where(small, y + 1, y)
    z = 1 / (y * y)
    series = z * (
        1 / 12
        - z * (1 / 120 - z * (1 / 252 - z * (1 / 240 - z * (1 / 132 - z * (691 / 32760 - z / 12)))))
    )
    total = total + np.log(y) - 0.5 / y - series
    total = np.where(negative, total - math.pi / np.tan(math.pi * np.fmod(x, 1)), total)
    total = np.where(negative & (x == np.floor(x)), np.nan, total)
    return np.where(x == 0, np.copysign(np.inf, -x), total)


# B(2k) / (2k)!, k = 1...10: the weights of Euler and Maclaurin's formula
_EULER_MACLAURIN = (
    1 / 12,
    -1 / 720,
    1 / 30240,
    -1 / 1209600,
    1 / 47900160,
    -691 / 1307674368000,
    1 / 74724249600,
    -3617 / 10670622842880000,
    43867 / 5109094217170944000,
    -174611 / 802857662698291200000,
)


@_wide
def zeta(x, q):
    """Σ (q + k)^-x over k = 0, 1, ...: Hurwitz's zeta function, by Euler and Maclaurin's formula

    inf at x = 1 and at q = 0, -1, ...; NaN for x < 1, and for negative q unless x is whole; 0 for
    q = inf and where every term is smaller than the smallest number (PyTorch: NaN there).
    """
    x, q = np.broadcast_arrays(x, np.asarray(q, np.float64))
    total, a = np.zeros(x.shape), q.copy()
    for i in range(40):
        more = (i < 10) | (a < 10)
        total = np.where(more, total + a**-x, total)
        a = np.where(more, a + 1, a)
    total = total + a ** (1 - x) / (x - 1) + 0.5 * a**-x
    factor = x * a ** (-x - 1)
    for k, weight in enumerate(_EULER_MACLAURIN):
        total = total + weight * factor
        factor = factor * (x + 2 * k + 1) * (x + 2 * k + 2) / (a * a)
    total = np.where(np.isinf(q) & (q > 0), 0.0, total)
    endless = np.where(q < 1, np.inf, np.where(q == 1, 1.0, 0.0))  # only the first terms count
    total = np.where(np.isinf(x), endless, total)
    total = np.where(np.isnan(x) | np.isnan(q) | ((q < 0) & (x != np.floor(x))), np.nan, total)
    total = np.where((q <= 0) & (q == np.floor(q)), np.inf, total)
    return np.where(x < 1, np.nan, np.where(x == 1, np.inf, total))


@_wide
def polygamma(x, n):
    """The n-th derivative of digamma: (-1)^(n+1) n! ζ(n + 1, x); n = 1 is reflected for x < 1/2"""
    if n == 0:
        return digamma(x)
    if n > 1:
        return (1 if n % 2 else -1) * math.factorial(n) * zeta(np.full(x.shape, n + 1.0), x)
    low = x < 0.5
    y = zeta(np.full(x.shape, 2.0), np.where(low, 1 - x, x))
    sine = np.sin(math.pi * np.fmod(x, 1))
    return np.where(low, (math.pi / sine) ** 2 - y, y)


# The midpoints of 48 equal parts of [0, π]: enough for the integrals below up to |x| = 30.
_ANGLES = np.cos((np.arange(48) + 0.5) * (math.pi / 48))


def _bessel_ie(x, order: int):
    """e^-|x| I(x) of order 0 or 1

    by (1/π) ∫ e^(|x| (cos t - 1)) cos(order t) dt over [0, π], whose midpoint rule is exact to the
    last digit for |x| ≤ 30 (for order 1 in the form cos t sinh(|x| cos t), which is exact near 0,
    too); beyond by the series in 1/x, Abramowitz and Stegun 9.7.1.
    """
    size = np.abs(x)
    near = np.minimum(size, 30.0)
    y = np.zeros_like(size)
    for c in _ANGLES:
        y = y + (c * np.sinh(near * c) if order else np.exp(near * (c - 1)))
    y = y * np.exp(-near) / len(_ANGLES) if order else y / len(_ANGLES)
    far = np.maximum(size, 30.0)
    term, total = np.ones_like(size), np.ones_like(size)
    for k in range(1, 20):
        term = -term * (4 * order * order - (2 * k - 1) ** 2) / (8 * k * far)
        total = total + term
    y = np.where(size > 30, total / np.sqrt(2 * math.pi * far), y)
    y = np.where(np.isinf(size), 0.0, y)
    return np.copysign(y, x) if order else y


@_wide
def i0e(x):
    """e^-|x| I₀(x), I₀ the modified Bessel function"""
    return _bessel_ie(x, 0)


@_wide
def i1e(x):
    """e^-|x| I₁(x)"""
    return _bessel_ie(x, 1)


@_wide
def i0(x):
    """I₀(x); NaN at ±inf, as in PyTorch"""
    half = np.exp(np.abs(x) / 2)
    return half * _bessel_ie(x, 0) * half


@_wide
def i1(x):
    """I₁(x); NaN at ±inf, as in PyTorch"""
    half = np.exp(np.abs(x) / 2)
    return half * _bessel_ie(x, 1) * half


@_wide
def ndtri(p):
    """x with Φ(x) = p; ∓inf at 0 and 1, NaN beyond.
    From the nearer end, so that small p keep their digits.
    """
    rest = 2 * np.minimum(p, 1 - p)
    center = erfinv(2 * p - 1)
    tail = _ratio(np.sqrt(-np.log(rest / 2)), _TAIL)
    for _ in range(4):  # Newton, on the logarithm
        t = _erfc(tail)
        tail = tail + np.log(t / rest) * t / (_SLOPE * np.exp(-tail * tail))
    y = np.where(rest > 0.3, center, np.where(p < 0.5, -tail, tail)) * math.sqrt(2)
    y = np.where(rest == 0, np.where(p < 0.5, -np.inf, np.inf), y)
    return np.where((p < 0) | (p > 1), np.nan, y)


@_wide
def log_ndtr(x):
    """ln Φ(x), Φ the normal distribution function"""
    t = x * math.sqrt(0.5)
    return np.where(x < -1, np.log(erfcx(-t) / 2) - t * t, np.log1p(-_erfc(t) / 2))
