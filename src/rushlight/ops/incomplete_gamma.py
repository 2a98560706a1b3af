"""The regularised incomplete gamma functions P(a, x) and Q(a, x) = 1 - P(a, x).

Computed in float64, whatever the dtype: for x < a + 1 by P's power series, else by Q's continued
fraction (Lentz's algorithm); for a > 10^6 by the uniform expansion in √a. Source: Abramowitz and
Stegun 6.5.29 and 6.5.31; Press et al., Numerical Recipes, 6.2; DLMF 8.12.3 to 8.12.12.
"""

from __future__ import annotations

import math

import numpy as np

from ..dispatch.registry import op, publish_faces
from ..dispatch.schema import Schema
from ..kernels import K

_EXACT = 1e-16
_TINY = 1e-300  # in place of a zero in the continued fraction


_LOGARITHM = tuple((-1) ** k / k for k in range(16, 1, -1))  # of d - ln(1 + d), highest first


def _half_square(d: np.ndarray) -> np.ndarray:
    """η²/2 = d - ln(1 + d), without cancellation near 0"""
    small = np.abs(d) < 0.05
    series = d * d * np.polyval(_LOGARITHM, np.where(small, d, 0))
    return np.where(small, series, d - np.log1p(d))


def _power(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """x^a e^-x / Γ(a); for large a by Stirling's series, as √(a/(2π)) e^(-aη²/2) / Γ*(a), where
    the logarithms would cancel"""
    direct = np.exp(a * np.log(x) - x - K.lgamma(a))
    large = a > 30
    b = np.where(large, a, 30)
    star = (1 - (1 / 30 - 1 / (105 * b * b)) / (b * b)) / (12 * b)
    scaled = np.sqrt(b / (2 * math.pi)) * np.exp(-b * _half_square((x - b) / b) - star)
    return np.where(large, scaled, direct)


def _series(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """P(a, x) = x^a e^-x / Γ(a) Σ x^n / (a (a + 1) ... (a + n))"""
    term = 1 / a
    total, n = term.copy(), 0
    while np.any(term > total * _EXACT):
        n += 1
        term = term * (x / (a + n))
        total += term
    return total * _power(a, x)


def _fraction(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Q(a, x) = x^a e^-x / Γ(a) · 1 / (x + 1 - a - 1 (1 - a) / (x + 3 - a - 2 (2 - a) / ...))"""
    b = x + 1 - a
    c = np.full_like(x, 1 / _TINY)
    d = 1 / b
    y, n, change = d.copy(), 0, np.zeros_like(x)
    while np.any(np.abs(change - 1) > 3 * _EXACT) and n < 100_000:
        n += 1
        b = b + 2
        step = -n * (n - a)
        d = step * d + b
        d = 1 / np.where(np.abs(d) < _TINY, _TINY, d)
        c = b + step / c
        c = np.where(np.abs(c) < _TINY, _TINY, c)
        change = c * d
        y = y * change
    return y * _power(a, x)


_LARGE = 1e6  # from here on the expansion's first term is right to 1e-12
_NEAR = (1 / 864, -2 / 135, 1 / 12, -1 / 3)  # c_0 near 0, in η


def _uniform(a: np.ndarray, x: np.ndarray, lower: bool) -> np.ndarray:
    """P(a, x), or Q, for large a: erfc(∓η √(a/2)) / 2 ∓ e^(-aη²/2) / √(2πa) c_0(η), with
    η² / 2 = d - ln(1 + d), d = x/a - 1, c_0 = 1/d - 1/η
    """
    d = (x - a) / a
    square = _half_square(d)
    eta = np.copysign(np.sqrt(2 * np.maximum(square, 0)), d)
    far = np.abs(eta) > 1e-2
    safe = np.where(far, d, 1), np.where(far, eta, 1)
    c = np.where(far, 1 / safe[0] - 1 / safe[1], np.polyval(_NEAR, eta))
    rest = np.exp(-a * square) / np.sqrt(2 * math.pi * a) * c
    sign = 1 if lower else -1
    return K.erfc(-sign * eta * np.sqrt(a / 2)) / 2 - sign * rest


def _of(a: np.ndarray, x: np.ndarray, lower: bool) -> np.ndarray:
    """P(a, x), or Q with lower=False, of float64 arrays of one shape."""
    a, x = np.broadcast_arrays(a, x)
    y = np.full(a.shape, np.nan)
    large = (a > _LARGE) & (x > 0) & np.isfinite(a) & np.isfinite(x)
    below = (x < a + 1) & (x > 0) & (a > 0) & np.isfinite(a) & ~large
    above = (x >= a + 1) & (a > 0) & np.isfinite(x) & ~large
    y[large] = _uniform(a[large], x[large], lower)
    part = _series(a[below], x[below])
    y[below] = part if lower else 1 - part
    part = _fraction(a[above], x[above])
    y[above] = 1 - part if lower else part
    none = ((x == 0) & (a > 0)) | (np.isinf(a) & (a > 0) & (x >= 0) & np.isfinite(x))
    y[none] = 0.0 if lower else 1.0
    whole = ((a == 0) & (x > 0)) | (np.isinf(x) & (x > 0) & (a >= 0) & np.isfinite(a))
    y[whole] = 1.0 if lower else 0.0
    return y


def _publish(name: str, in_special: str, letter: str, sign: int) -> None:
    class IncompleteGamma:
        __doc__ = (
            f"z = {letter}(a, x), the regularised {'lower' if sign > 0 else 'upper'} incomplete "
            "gamma function: " + ("∫₀ˣ" if sign > 0 else "∫ₓ^∞") + " t^(a-1) e^-t dt / Γ(a)\n\n"
            "    shape   broadcast\n"
            f"    grad    dx = {'' if sign > 0 else '-'}dz e^-x x^(a-1) / Γ(a); not differentiable "
            "in a, backward\n            raises\n"
            "    errors  NotImplementedError: not floating\n"
        )
        numbers = ()

        def forward(a, x):
            wide = (np.asarray(v, np.float64) for v in (a, x))
            return np.asarray(_of(*wide, lower=sign > 0)).astype(a.dtype)

        def backward(c, dz, a, x):
            if c.needs(0):
                raise RuntimeError(f"the derivative for '{name}: input' is not implemented.")
            slope = K.exp((a - 1) * K.log(x) - x - K.lgamma(a))
            return None, (dz if sign > 0 else -dz) * slope

    card = op(
        f"{name}(input, other: Tensor, *, out=None)",
        at="torch Tensor",
        inplace="Tensor",
        promote="arith",
        broadcast=True,
        node=name.capitalize(),
        not_for="iubc",
        kernel=f"{name}_cpu",
    )(IncompleteGamma)
    schema = Schema(f"{in_special}(input, other: Tensor, *, out=None)")
    publish_faces(schema, card, (in_special,), "special", False)


_publish("igamma", "gammainc", "P", 1)
_publish("igammac", "gammaincc", "Q", -1)
