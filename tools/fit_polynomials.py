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


def log1p_curve(x):
    """(log(1 + x) - x) / x²"""
    return (mp.log1p(x) - x) / x**2 if x else -mp.mpf(1) / 2


def erf_tail(z):
    """(erf(x) - erf'(0) x) / x³ as a function of z = x²"""
    x, slope = mp.sqrt(z), 2 / mp.sqrt(mp.pi)
    return (mp.erf(x) - slope * x) / x**3 if z else -slope / 3


def tanh_tail(z):
    """(tanh(x) - x) / x³ as a function of z = x²"""
    x = mp.sqrt(z)
    return (mp.tanh(x) - x) / x**3 if z else -mp.mpf(1) / 3


def half_expm1_tail(x):
    """((e^2x - 1) / 2 - x) / x²"""
    return (mp.expm1(2 * x) / 2 - x) / x**2 if x else mp.mpf(1)


def sine_tail(z):
    """(sin(x) - x) / x³ as a function of z = x²"""
    x = mp.sqrt(z)
    return (mp.sin(x) - x) / x**3 if z else -mp.mpf(1) / 6


def cosine_tail(z):
    """(cos(x) - 1 + x²/2) / x⁴ as a function of z = x²"""
    x = mp.sqrt(z)
    return (mp.cos(x) - 1 + z / 2) / z**2 if z else mp.mpf(1) / 24


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


def atan_tail(z):
    """(atan(x) - x) / x³ as a function of z = x²"""
    x = mp.sqrt(z)
    return (mp.atan(x) - x) / x**3 if z else -mp.mpf(1) / 3


def sinh_tail(z):
    """(sinh(x) - x) / x³ as a function of z = x²"""
    x = mp.sqrt(z)
    return (mp.sinh(x) - x) / x**3 if z else mp.mpf(1) / 6


def erfc_curve(t):
    """(1 + 2 x) e^(x²) erfc(x) as a function of t = (x - 4) / (x + 4)"""
    x = 4 * (1 + t) / (1 - t)
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


def erfinv_ratio(w):
    """erfinv(y) / y as a function of w = -log(1 - y²)"""
    if w <= 0:
        return mp.sqrt(mp.pi) / 2
    rest = mp.exp(-w)
    y = mp.sqrt(1 - rest)
    if w < 20:
        return mp.erfinv(y) / y
    log_beyond = mp.log(rest / (1 + y))  # of erfc(x) = 1 - y, by Newton
    x = mp.sqrt(w - mp.log(mp.sqrt(mp.pi * w)))
    for _ in range(20):
        beyond = mp.erfc(x)
        slope = -2 / mp.sqrt(mp.pi) * mp.exp(-x * x) / beyond
        x -= (mp.log(beyond) - log_beyond) / slope
    return x / y


def erfinv_center(t):
    """erfinv(y) / y as a function of t = -log(1 - y²) - 2.5"""
    y = mp.sqrt(-mp.expm1(-(t + mp.mpf("2.5"))))
    return mp.erfinv(y) / y if y else mp.sqrt(mp.pi) / 2


def erfinv_tail(t):
    """erfinv(y) / y as a function of t = sqrt(-log(1 - y²)) - 3"""
    y = mp.sqrt(-mp.expm1(-((t + 3) ** 2)))
    return mp.erfinv(y) / y


def i0_near(t):
    """e^-x I₀(x) as a function of t = x / 4 - 1"""
    x = 4 * (t + 1)
    return mp.exp(-x) * mp.besseli(0, x)


def i0_far(t):
    """sqrt(x) e^-x I₀(x) as a function of t = 16 / x - 1"""
    x = 16 / (t + 1) if t > -1 else mp.inf
    return mp.sqrt(x) * mp.exp(-x) * mp.besseli(0, x) if x < 10**6 else 1 / mp.sqrt(2 * mp.pi)


# what m c - 1 may be for the tables of log, below
REST = (-mp.mpf(1) / 32, mp.mpf(1) / 16)

# name, function, interval, degree, weight of the error at x (1 / what it is relative to)
FITS = [
    ("exp", expm1_tail, (-LN2 / 2 * 1.01, LN2 / 2 * 1.01), 5, lambda x: x * x / mp.exp(x)),
    ("log", log1p_tail, (mp.sqrt(0.5) - 1, mp.sqrt(2) - 1), 8, lambda x: x * x),
    ("tanh", half_expm1_tail, (-LN2 / 4 * 1.02, LN2 / 4 * 1.02), 4, lambda x: x),
    ("tanh of small x", tanh_tail, (mp.mpf(0), mp.mpf("0.0656")), 2, lambda z: z),
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
    # the quarter turns of a float have an error of 0.003 at |x| = 1e5
    ("sine", sine_tail, (mp.mpf(0), mp.mpf("0.82") ** 2), 2, lambda z: z),
    ("cosine", cosine_tail, (mp.mpf(0), mp.mpf("0.82") ** 2), 2, lambda z: z * z),
    ("log by a table", log1p_curve, REST, 3, lambda x: x),
]
# the same for doubles
DOUBLE_FITS = [
    ("erf", erf_ratio, (mp.mpf(0), mp.mpf(1)), 12, lambda z: 1),
    ("erfc", erfc_exponent, (mp.mpf("0.95"), mp.mpf("5.93")), 18, lambda x: x * mp.erfc(x)),
    ("sine", sine_tail, (mp.mpf(0), (mp.pi / 4 * 1.0001) ** 2), 5, lambda z: z),
    ("cosine", cosine_tail, (mp.mpf(0), (mp.pi / 4 * 1.0001) ** 2), 5, lambda z: z * z),
    ("log by a table", log1p_curve, REST, 8, lambda x: x),
    ("exp by a table", expm1_tail, (-LN2 / 32 * 1.02, LN2 / 32 * 1.02), 5, lambda x: x),
    ("atan", atan_tail, (mp.mpf(0), mp.mpf("0.4143") ** 2), 11, lambda z: z),
    ("sinh", sinh_tail, (mp.mpf(0), mp.mpf(1)), 6, lambda z: z),
    ("erfc", erfc_curve, (mp.mpf(-1), mp.mpf("0.7451")), 22, lambda t: 1 / erfc_curve(t)),
    # for results that are rounded to float
    ("erfinv, centre", erfinv_center, (mp.mpf("-2.5"), mp.mpf("2.5")), 11, lambda t: 1),
    ("erfinv, tail", erfinv_tail, (mp.mpf("-0.77"), mp.mpf("1.1")), 10, lambda t: 0.4),
    # of doubles: in t = w - 3.125 up to 6.25, sqrt(w) - 3.25 up to 16, sqrt(w) - 5
    (
        "erfinv up to 6.25",
        lambda t: erfinv_ratio(t + mp.mpf("3.125")),
        (mp.mpf("-3.125"), mp.mpf("3.125")),
        22,
        lambda t: 1,
    ),
    (
        "erfinv up to 16",
        lambda t: erfinv_ratio((t + mp.mpf("3.25")) ** 2),
        (mp.mpf("-0.76"), mp.mpf("0.76")),
        18,
        lambda t: 0.4,
    ),
    (
        "erfinv beyond 16",
        lambda t: erfinv_ratio((t + 5) ** 2),
        (mp.mpf("-1.01"), mp.mpf("1.02")),
        17,
        lambda t: 0.2,
    ),
    ("i0, up to 8", i0_near, (mp.mpf(-1), mp.mpf(1)), 22, lambda t: 1 / i0_near(t)),
    ("i0, beyond 8", i0_far, (mp.mpf(-1), mp.mpf(1)), 21, lambda t: 2.5),
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


def grid_point(middle, target, unit, step):
    """c near 1 / middle, a multiple of step, and target(c): almost one of unit, of all c nearby."""
    long = np.longdouble
    few = 2**22 if step < 2**-30 else 2**14
    near = long(round(1 / middle / step)) + np.arange(-(few), few)
    c = near * long(step)
    value = target(c) / long(unit)
    best = np.argmin(np.abs(value - np.rint(value)))
    return float(c[best]), float(np.rint(value[best]) * long(unit))


def log_tables():
    """c and -log(c), so that |m c - 1| is small for m in the i-th of 16 parts of the mantissas.

    For the parts at 1 it is 1 and 0. The logarithms are those of numbers chosen so that they have
    no error to speak of. For floats m is in [1, 2); the second half has log(2) rounded to float in
    it, which goes where the exponent is -1. For doubles m is in [1, 1.5), then in [0.75, 1).
    """
    single = float(np.float32(float(LN2)))
    rest = np.longdouble(str(LN2)) - np.longdouble(single)
    rows = [(1.0, 0.0)]
    for i in range(1, 15):
        middle = 1 + (i + 0.5) / 16
        unit = 2.0 ** (np.floor(np.log2(np.log(middle))) - 23)
        off = rest if i >= 8 else 0
        rows.append(grid_point(middle, lambda c, off=off: -np.log(c) - off, unit, 2.0**-24))
    yield "LOG_NEAR, LOG_OF_NEAR, float", [*rows, (0.5, single)]
    rows = [(1.0, 0.0)]
    for i in range(1, 15):
        middle = 1 + (i + 0.5) / 16 if i < 8 else 0.5 + (i + 0.5) / 32
        rows.append(grid_point(middle, lambda c: -np.log(c), 2.0**-42, 2.0**-32))
    yield "LOG_NEAR, LOG_OF_NEAR, double", [*rows, (1.0, 0.0)]


def table_of_parts(g, odd, top):
    """c, c0 ... c5 for each of 32 parts of |x|, four an octave: g by a polynomial in |x| - c.

    c is near the middle, so that g(c) has no error to speak of; below 1/16 it is 0 and the
    polynomial odd: x + x³ odd(x²) times the slope at 0. The order is that of the five bits of a
    float that name the part: from 2 on, then below 1/16, then up to 2. The last one ends at `top`.
    """
    rows, slope_0 = {}, mp.diff(g, 0)
    last = int(mp.floor(mp.log(top, 2)))
    for octave in range(-4, last + (mp.mpf(2) ** last < top)):
        for quarter in range(4 if octave < last else 1):
            a = mp.mpf(2) ** octave * (1 + mp.mpf(quarter) / 4)
            b = a + mp.mpf(2) ** octave / 4 if octave < last else top
            unit = 2.0 ** (octave - 23)
            best = None
            for k in range(-2000, 2000):
                c = mp.nint((a + b) / 2 / unit + k) * unit
                t = g(c)
                off = abs(t / mp.mpf(float(np.float32(float(t)))) - 1)
                if best is None or off < best[0]:
                    best = (off, c, t)
            _, c, t = best
            # (g(c + d) - g(c)) / d, relative to g
            slope = lambda d, c=c, t=t: (g(c + d) - t) / d if d else mp.diff(g, c)  # noqa: E731
            coefficients, _ = fit(slope, (a - c, b - c), 4, lambda d, c=c: d / g(c + d), points=40)
            bits = int(np.float32(float(a)).view(np.uint32)) >> 21
            rows[bits % 32] = [c, t, *coefficients]
            if octave == -4 and quarter == 0:
                low, _ = fit(odd, (mp.mpf(0), mp.mpf(2) ** -8), 1, lambda z: z)
                rows[(bits - 1) % 32] = [0, 0, slope_0, 0, low[0], 0, low[1]]
    return [rows.get(i, [0] * 7) for i in range(32)]


def exp_table():
    """2^(i/16) as a double, and what it lacks, relative to it"""
    for i in range(16):
        exact = mp.mpf(2) ** (mp.mpf(i) / 16)
        yield float(exact), float(exact / float(exact) - 1)


def parts(x, bits):
    """x > 0 as a sum of positive numbers of so many bits each, and the rest"""
    for b in bits:
        unit = mp.mpf(2) ** (mp.floor(mp.log(x, 2)) + 1 - b)
        part = mp.floor(x / unit) * unit
        yield part
        x -= part
    yield x


if __name__ == "__main__":
    for name, g, interval, degree, weight in FITS:
        c, error = fit(g, interval, degree, weight)
        print(f"{name}: largest error {float(error):.2g}")
        print("   ", ", ".join(f"{np.float32(float(x)):.9g}f" for x in c))
    for name, g, interval, degree, weight in DOUBLE_FITS:
        c, error = fit(g, interval, degree, weight)
        print(f"{name}, double: largest error {float(error):.2g}")
        print("   ", ", ".join(float(x).hex() for x in c))
    for name, rows in log_tables():
        for column in range(2):
            print(name, "-log of it" if column else "c")
            print("   ", ", ".join(row[column].hex() for row in rows))
    for name, rows in [
        ("TANH", table_of_parts(mp.tanh, tanh_tail, mp.mpf("9.1"))),
        ("ERF", table_of_parts(mp.erf, erf_tail, mp.mpf(4))),
    ]:
        for column in range(7):
            print(name, f"c{column - 1}" if column else "c")
            print("   ", ", ".join(f"{np.float32(float(row[column])):.9g}f" for row in rows))
    for column in range(2):
        print("EXP_PARTS", "what they lack" if column else "2^(i/16)")
        print("   ", ", ".join(row[column].hex() for row in exp_table()))
    print("π/2 in parts of 24 bits:", ", ".join(float(x).hex() for x in parts(mp.pi / 2, [24, 24])))
    print("π/2 in parts of 33 bits:", ", ".join(float(x).hex() for x in parts(mp.pi / 2, [33, 33])))
