"""Fit the Chebyshev series of ops/bessel_tables.py and write that file: Bessel functions and Ai.

    python tools/fit_bessel.py            # needs mpmath; a minute

Each row is a smooth function f(u) and an interval of u. Its series Σ c_k T_k(t), t = u taken to
[-1, 1], interpolates f at 60 Chebyshev points in 40 digits and ends where the rest is below 2^-58
of the largest coefficient. What the functions mean is said in ops/bessel.py, where they are used.
The library does not import this.
"""

from pathlib import Path

import mpmath as mp

mp.mp.dps = 40
OUT = Path(__file__).parents[1] / "src/rushlight/ops/bessel_tables.py"
POINTS = 60
ZEROS = {order: [mp.besseljzero(order, k) for k in (1, 2)] for order in (0, 1)}


def j_near(order):
    """J(x) / (x^order (x² - a²) (x² - b²)), a and b its first zeros, as a function of x²"""
    a, b = ZEROS[order]

    def f(u):
        x = mp.sqrt(u)
        return mp.besselj(order, x) / (x**order * (u - a * a) * (u - b * b))

    return f


def phases(order):
    """P and Q x with J + iY = √(2/(πx)) (P + iQ) e^(i(x - order π/2 - π/4)), of u = (8/x)²"""

    def both(u):
        x = 8 / mp.sqrt(u)
        h = mp.besselj(order, x) + 1j * mp.bessely(order, x)
        return h * mp.sqrt(mp.pi * x / 2) * mp.expj(-(x - (2 * order + 1) * mp.pi / 4)), x

    return lambda u: both(u)[0].real, lambda u: both(u)[0].imag * both(u)[1]


def y0_near(u):
    """Y0(x) - 2/π ln(x) J0(x), of x²"""
    x = mp.sqrt(u)
    return mp.bessely(0, x) - 2 / mp.pi * mp.log(x) * mp.besselj(0, x)


def y1_near(u):
    """(Y1(x) - 2/π (ln(x) J1(x) - 1/x)) / x, of x²"""
    x = mp.sqrt(u)
    return (mp.bessely(1, x) - 2 / mp.pi * (mp.log(x) * mp.besselj(1, x) - 1 / x)) / x


def k0_near(u):
    """K0(x) + ln(x/2) I0(x), of x²"""
    x = mp.sqrt(u)
    return mp.besselk(0, x) + mp.log(x / 2) * mp.besseli(0, x)


def k1_near(u):
    """x (K1(x) - ln(x/2) I1(x)), of x²"""
    x = mp.sqrt(u)
    return x * (mp.besselk(1, x) - mp.log(x / 2) * mp.besseli(1, x))


def k_far(order):
    """√x e^x K(x), of 2/x"""
    return lambda u: mp.sqrt(2 / u) * mp.exp(2 / u) * mp.besselk(order, 2 / u)


def airy_right(u):
    """2 √π x^(1/4) e^ζ Ai(x), ζ = 2/3 x^(3/2), of 1/ζ"""
    x = (3 / (2 * u)) ** (mp.mpf(2) / 3)
    return 2 * mp.sqrt(mp.pi) * x**0.25 * mp.exp(1 / u) * mp.airyai(x)


def airy_phases():
    """F and ζ G with Ai(-x) = π^(-1/2) x^(-1/4) (F cos χ + G sin χ), χ = ζ - π/4, of 1/ζ²"""

    def both(u):
        zeta = 1 / mp.sqrt(u)
        x = (1.5 * zeta) ** (mp.mpf(2) / 3)
        chi, size = zeta - mp.pi / 4, mp.sqrt(mp.pi) * x**0.25
        a, b, c, s = mp.airyai(-x), mp.airybi(-x), mp.cos(chi), mp.sin(chi)
        return size * (a * c - b * s), size * (a * s + b * c) * zeta

    return lambda u: both(u)[0], lambda u: both(u)[1]


P0, Q0 = phases(0)
P1, Q1 = phases(1)
F, G = airy_phases()
ZETA_1, ZETA_4 = mp.mpf(2) / 3, mp.mpf(2) / 3 * mp.mpf(4) ** 1.5

FITS = {
    "J0_NEAR": (j_near(0), 0, 64),
    "J1_NEAR": (j_near(1), 0, 64),
    "Y0_NEAR": (y0_near, 0, 64),
    "Y1_NEAR": (y1_near, 0, 64),
    "P0": (P0, 0, 1),
    "Q0": (Q0, 0, 1),
    "P1": (P1, 0, 1),
    "Q1": (Q1, 0, 1),
    "I0_NEAR": (lambda u: mp.besseli(0, mp.sqrt(u)), 0, 4),
    "I1_NEAR": (lambda u: mp.besseli(1, mp.sqrt(u)) / mp.sqrt(u), 0, 4),
    "K0_NEAR": (k0_near, 0, 4),
    "K1_NEAR": (k1_near, 0, 4),
    "K0_FAR": (k_far(0), 0, 1),
    "K1_FAR": (k_far(1), 0, 1),
    "AIRY_NEAR": (mp.airyai, -4, 1),
    "AIRY_RIGHT": (airy_right, 0, 1 / ZETA_1),
    "AIRY_F": (F, 0, 1 / ZETA_4**2),
    "AIRY_G": (G, 0, 1 / ZETA_4**2),
}


def series(f, low, high, points=POINTS):
    """The Chebyshev coefficients of f over [low, high]."""
    angles = [mp.pi * (i + mp.mpf(1) / 2) / points for i in range(points)]
    values = [f((low + high) / mp.mpf(2) + (high - low) / mp.mpf(2) * mp.cos(a)) for a in angles]
    c = [
        2 / mp.mpf(points) * mp.fsum(v * mp.cos(k * a) for v, a in zip(values, angles, strict=True))
        for k in range(points)
    ]
    c[0] /= 2
    size = max(map(abs, c))
    while len(c) > 1 and abs(c[-1]) < size * mp.mpf(2) ** -58:
        c.pop()
    assert len(c) < points - 4, "more points are needed"
    return [float(x) for x in c]


HEAD = '''\
"""Chebyshev series of Bessel functions and Ai over intervals; written by tools/fit_bessel.py.

A row: the interval's ends, and the coefficients of T0, T1, ...
"""
'''


def main():
    text = HEAD
    for order, zeros in ZEROS.items():
        pairs = [(float(z), float(z - mp.mpf(float(z)))) for z in zeros]
        text += f"\n# the first zeros of J{order}, and what is lost by rounding them\n"
        text += f"J{order}_ZEROS = {tuple(pairs)!r}\n"
    for name, (f, low, high) in FITS.items():
        c = series(f, low, high)
        print(f"{name}: {len(c)} terms, last {c[-1]:.2g}")
        lines = "".join(f"        {x!r},\n" for x in c)
        text += (
            f"\n{name} = (\n    {float(low)!r},\n    {float(high)!r},\n    (\n{lines}    ),\n)\n"
        )
    OUT.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
