"""Bessel functions of order 0 and 1, and Airy's Ai, for real numbers.

Computed in float64 whatever the dtype: near 0 by Chebyshev series, far out by the form of the
asymptotic expansion, its slowly varying part a Chebyshev series in 1/x (bessel_tables.py,
fitted by tools/fit_bessel.py). Beyond the largest zeros that are divided out, values next to a zero
are right to 1e-16 of the function's size around it, not of the value.

Source: DLMF 10.17.3 (J, Y), 10.31.1 and 10.40.2 (K), 9.7.5 and 9.7.9 (Ai).
Infinite arguments give what PyTorch gives, NaN where its formula has no value there.

This module is imported with rushlight.special, when it is first asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..dispatch.registry import op
from ..kernels import K
from . import bessel_tables as table

Numbers = np.ndarray


def _series(row: tuple, u: Numbers) -> Numbers:
    """Σ c_k T_k(t), t = u taken to [-1, 1], by Clenshaw's recurrence"""
    low, high, c = row
    t = (2 * u - (low + high)) / (high - low)
    last, before = np.zeros_like(t), np.zeros_like(t)
    for x in c[:0:-1]:
        last, before = 2 * t * last - before + x, last
    return t * last - before + c[0]


def _pieces(x: Numbers, *parts: tuple[Numbers, Callable[[Numbers], Numbers]]) -> Numbers:
    """y[where] = f(x[where]) for each part; NaN where there is none"""
    y = np.full(x.shape, np.nan)
    for where, f in parts:
        y[where] = f(x[where])
    return y


# ---------------------------------------------------------------- J and Y

_NEAR = (table.J0_NEAR, table.J1_NEAR)
_ZEROS = (table.J0_ZEROS, table.J1_ZEROS)
_PHASES = ((table.P0, table.Q0), (table.P1, table.Q1))


def _j_near(x: Numbers, order: int) -> Numbers:
    """J(x), 0 ≤ x ≤ 8: its zeros divided out, so that values next to them keep their digits"""
    y = _series(_NEAR[order], x * x)
    for zero, rest in _ZEROS[order]:
        y = y * ((x - zero) - rest) * (x + zero)
    return x * y if order else y


def _far(x: Numbers, order: int, second: bool) -> Numbers:
    """J, or Y with second=True, x ≥ 8: √(2/(πx)) (P cos χ - Q sin χ), or (P sin χ + Q cos χ),
    χ = x - order π/2 - π/4
    """
    p_row, q_row = _PHASES[order]
    u = 64 / x / x
    p, q = _series(p_row, u), _series(q_row, u) / x
    s, c = np.sin(x), np.cos(x)
    # √2 cos χ and √2 sin χ, without rounding χ
    cos, sin = (s - c, -(s + c)) if order else (s + c, s - c)
    y = p * sin + q * cos if second else p * cos - q * sin
    return y / np.sqrt(math.pi * x)


def _j(x: Numbers, order: int) -> Numbers:
    size = np.abs(x)
    y = _pieces(
        size,
        (size <= 8, lambda v: _j_near(v, order)),
        ((size > 8) & (size < np.inf), lambda v: _far(v, order, False)),
    )
    return y * np.copysign(1, x) if order else y


def _y_near(x: Numbers, order: int) -> Numbers:
    """Y(x), 0 < x ≤ 8: a power series beside 2/π ln(x) J(x)"""
    y = 2 / math.pi * np.log(x) * _j_near(x, order)
    if order:
        return y + x * _series(table.Y1_NEAR, x * x) - 2 / math.pi / x
    return y + _series(table.Y0_NEAR, x * x)


def _y(x: Numbers, order: int) -> Numbers:
    return _pieces(
        x,
        ((x > 0) & (x <= 8), lambda v: _y_near(v, order)),
        ((x > 8) & (x < np.inf), lambda v: _far(v, order, True)),
        (x == 0, lambda v: np.full_like(v, -np.inf)),
    )


# ---------------------------------------------------------------- K


def _k_near(x: Numbers, order: int) -> Numbers:
    """K(x), 0 < x ≤ 2: a power series beside ln(x/2) I(x)"""
    u, log = x * x, np.log(x / 2)
    if order:
        return log * x * _series(table.I1_NEAR, u) + _series(table.K1_NEAR, u) / x
    return _series(table.K0_NEAR, u) - log * _series(table.I0_NEAR, u)


def _k(x: Numbers, order: int, scaled: bool) -> Numbers:
    """K(x), or e^x K(x) with scaled=True"""
    row = (table.K0_FAR, table.K1_FAR)[order]

    def near(v: Numbers) -> Numbers:
        return _k_near(v, order) * (np.exp(v) if scaled else 1)

    def far(v: Numbers) -> Numbers:
        y = _series(row, 2 / v) / np.sqrt(v)
        if scaled:
            return y
        half = np.exp(-v / 2)  # e^-v would be rounded to a subnormal number first
        return y * half * half

    return _pieces(
        x,
        ((x > 0) & (x <= 2), near),
        (x > 2, far),
        (x == 0, lambda v: np.full_like(v, np.inf)),
    )


# ---------------------------------------------------------------- Ai


def _airy_right(x: Numbers) -> Numbers:
    """e^-ζ S(1/ζ) / (2 √π x^(1/4)), ζ = 2/3 x^(3/2), x ≥ 1"""
    zeta = 2 / 3 * x * np.sqrt(x)
    half = np.exp(-zeta / 2)
    return half * _series(table.AIRY_RIGHT, 1 / zeta) / (2 * np.sqrt(math.pi * np.sqrt(x))) * half


def _airy_left(x: Numbers) -> Numbers:
    """(F cos χ + G sin χ) / (√π |x|^(1/4)), χ = ζ - π/4, x ≤ -4"""
    zeta = -2 / 3 * x * np.sqrt(-x)
    u = 1 / zeta / zeta
    f, g = _series(table.AIRY_F, u), _series(table.AIRY_G, u) / zeta
    s, c = np.sin(zeta), np.cos(zeta)
    return (f * (c + s) + g * (s - c)) / np.sqrt(2 * math.pi * np.sqrt(-x))


def _airy(x: Numbers) -> Numbers:
    return _pieces(
        x,
        ((x > -np.inf) & (x < -4), _airy_left),
        ((x >= -4) & (x <= 1), lambda v: _series(table.AIRY_NEAR, v)),
        ((x > 1) & (x < np.inf), _airy_right),
    )


# ---------------------------------------------------------------- the cards


def _publish(name: str, formula: str, of: Callable[[Numbers], Numbers]) -> None:
    """A function of one argument: computed in float64, the dtype kept."""

    class Bessel:
        __doc__ = (
            f"y = {formula}; not differentiable\n\n"
            "    shape   x (*) -> y (*)\n"
            "    dtype   floating, kept; integers and bool become the default dtype\n"
            "    errors  NotImplementedError: complex numbers"
        )
        backward = None

        def forward(x):
            with np.errstate(all="ignore"):
                return of(np.asarray(x, np.float64)).astype(x.dtype)

    op(
        f"{name}(input, *, out=None)",
        at="special",
        promote="float",
        not_for="c",
        kernel=f"{name}_cpu",
    )(Bessel)


_publish("bessel_j0", "J₀(x), the Bessel function of the first kind", lambda x: _j(x, 0))
_publish("bessel_j1", "J₁(x), the Bessel function of the first kind", lambda x: _j(x, 1))
_publish(
    "bessel_y0",
    "Y₀(x), the Bessel function of the second kind, NaN for x < 0",
    lambda x: _y(x, 0),
)
_publish(
    "bessel_y1",
    "Y₁(x), the Bessel function of the second kind, NaN for x < 0",
    lambda x: _y(x, 1),
)
_publish(
    "modified_bessel_i0", "I₀(x), the modified Bessel function of the first kind", lambda x: K.i0(x)
)
_publish(
    "modified_bessel_i1", "I₁(x), the modified Bessel function of the first kind", lambda x: K.i1(x)
)
for _scaled, _formula in ((False, ""), (True, "e^x ")):
    for _order, _sign in enumerate("₀₁"):
        _publish(
            f"{'scaled_' * _scaled}modified_bessel_k{_order}",
            f"{_formula}K{_sign}(x), K the modified Bessel function of the second kind, NaN for "
            "x < 0",
            lambda x, order=_order, scaled=_scaled: _k(x, order, scaled),
        )
_publish("airy_ai", "Ai(x), Airy's function", _airy)


@op(
    "spherical_bessel_j0(input, *, out=None)",
    at="special",
    promote="float",
    not_for="c",
    kernel="spherical_bessel_j0_cpu",
)
class SphericalBesselJ0:
    """y = sin(x) / x, 1 at 0; not differentiable

    shape   x (*) -> y (*)
    errors  NotImplementedError: complex numbers
    """

    backward = None

    def forward(x):
        wide = np.asarray(x, np.float64)
        with np.errstate(all="ignore"):
            y = np.where(wide == 0, 1, np.sin(wide) / wide)
        return np.where(np.isinf(wide), 0, y).astype(x.dtype)
