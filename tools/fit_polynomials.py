"""Fits the polynomials of native/functions.hpp: `python tools/fit_polynomials.py` prints them.

Each row is a function g and an interval; the polynomial's largest relative (or absolute) error is
made as small as it can be by weighted least squares whose weights grow where the error is large
(Lawson's iteration), in 50 digits, and its coefficients are then rounded to float32, or to double.

Needs mpmath. Run once; the library does not import this.
"""

import mpmath as mp
import numpy as np

mp.mp.dps = 50
LN2 = mp.log(2)


def log1p_tail(x):
    """(log(1 + x) - x + x²/2) / x³"""
    return (mp.log1p(x) - x + x * x / 2) / x**3 if x else mp.mpf(1) / 3


def expm1_tail(x):
    """(e^x - 1 - x) / x²"""
    return (mp.expm1(x) - x) / x**2 if x else mp.mpf(1) / 2


def tanh_tail(z):
    """(tanh(x) - x) / x³ as a function of z = x²"""
    x = mp.sqrt(z)
    return (mp.tanh(x) - x) / x**3 if z else -mp.mpf(1) / 3


def erf_ratio(z):
    """(erf(x) - x) / x as a function of z = x²"""
    x = mp.sqrt(z)
    return (mp.erf(x) - x) / x if z else 2 / mp.sqrt(mp.pi) - 1


def exp2_tail(x):
    """(2^x - 1) / x"""
    return mp.expm1(x * LN2) / x if x else LN2


def normal_exponent(x):
    """(log2 Φ(x) + 1) / x, Φ the normal distribution function"""
    return mp.log(mp.erfc(-x / mp.sqrt(2))) / LN2 / x if x else mp.sqrt(2 / mp.pi) / LN2


def erfc_exponent(x):
    """-log(1 - erf(x)) / x"""
    return -mp.log(mp.erfc(x)) / x if x else 2 / mp.sqrt(mp.pi)


# name, function, interval, degree, weight of the error at x (1 / what it is relative to)
FITS = [
    ("exp", expm1_tail, (-LN2 / 2 * 1.01, LN2 / 2 * 1.01), 5, lambda x: x * x / mp.exp(x)),
    ("log", log1p_tail, (mp.sqrt(0.5) - 1, mp.sqrt(2) - 1), 8, lambda x: x * x),
    ("tanh", tanh_tail, (mp.mpf(0), mp.mpf("0.4225")), 5, lambda z: z),
    ("expm1", expm1_tail, (mp.mpf("-0.5"), mp.mpf("0.5")), 6, lambda x: x),
    ("erf", erf_ratio, (mp.mpf(0), mp.mpf(1)), 7, lambda z: 1),
    ("2^x", exp2_tail, (mp.mpf("-0.5"), mp.mpf("0.5")), 4, lambda x: x / mp.mpf(2) ** x),
    # of Φ itself, and a tenth of it of the tail's digits
    (
        "normal tail",
        normal_exponent,
        (mp.mpf("-5.66"), mp.mpf(0)),
        9,
        lambda x: x * (mp.erfc(-x / mp.sqrt(2)) + mp.mpf("0.05")),
    ),
    ("erfc", erfc_exponent, (mp.mpf("0.9"), mp.mpf(4)), 9, lambda x: x * mp.erfc(x)),
]
# the same for doubles
DOUBLE_FITS = [
    ("erf", erf_ratio, (mp.mpf(0), mp.mpf(1)), 12, lambda z: 1),
    ("erfc", erfc_exponent, (mp.mpf("0.95"), mp.mpf("5.93")), 18, lambda x: x * mp.erfc(x)),
]


def fit(g, interval, degree, weight, points=80, rounds=12):
    """Coefficients, lowest first, and the largest weighted error."""
    a, b = interval
    xs = [(a + b) / 2 + (b - a) / 2 * mp.cos(mp.pi * (i + 0.5) / points) for i in range(points)]
    ys = [g(x) for x in xs]
    ws = [mp.mpf(weight(x)) for x in xs]
    lawson = [mp.mpf(1)] * points
    best, best_error = None, mp.inf
    for _ in range(rounds):
        scale = [w * mp.sqrt(m) for w, m in zip(ws, lawson, strict=True)]
        matrix = mp.matrix(
            [[s * x**k for k in range(degree + 1)] for x, s in zip(xs, scale, strict=True)]
        )
        right = mp.matrix([s * y for y, s in zip(ys, scale, strict=True)])
        c = mp.qr_solve(matrix, right)[0]
        errors = [
            abs(w * (mp.polyval(list(c)[::-1], x) - y)) for x, y, w in zip(xs, ys, ws, strict=True)
        ]
        if max(errors) < best_error:
            best, best_error = list(c), max(errors)
        lawson = [
            m * e / max(errors) + mp.mpf(10) ** -30 for m, e in zip(lawson, errors, strict=True)
        ]
    return best, best_error


if __name__ == "__main__":
    for name, g, interval, degree, weight in FITS:
        c, error = fit(g, interval, degree, weight)
        print(f"{name}: largest error {float(error):.2g}")
        print("   ", ", ".join(f"{np.float32(float(x)):.9g}f" for x in c))
    for name, g, interval, degree, weight in DOUBLE_FITS:
        c, error = fit(g, interval, degree, weight)
        print(f"{name}, double: largest error {float(error):.2g}")
        print("   ", ", ".join(float(x).hex() for x in c))
