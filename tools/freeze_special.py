"""Record values of Bessel functions, Ai and zeta in tests/frozen/special.json.

    python tools/freeze_special.py            # with mpmath, 30 digits; no PyTorch: it is less exact

Arguments are float32 numbers, so that one table holds both dtypes to account.
"""

import json
from pathlib import Path

import mpmath as mp
import numpy as np

OUT = Path(__file__).parents[1] / "tests/frozen/special.json"
mp.mp.dps = 30

POSITIVE = [
    1e-30,
    1e-5,
    0.1,
    0.7,
    1,
    1.9,
    2,
    2.1,
    3,
    4.5,
    5,
    7.9,
    8,
    8.1,
    12,
    25,
    31,
    60,
    300,
    5000,
]
BOTH = [0, *POSITIVE, *(-x for x in POSITIVE)]
FUNCTIONS = {
    "bessel_j0": (lambda x: mp.besselj(0, x), BOTH),
    "bessel_j1": (lambda x: mp.besselj(1, x), BOTH),
    "bessel_y0": (lambda x: mp.bessely(0, x), POSITIVE),
    "bessel_y1": (lambda x: mp.bessely(1, x), POSITIVE),
    "modified_bessel_i0": (lambda x: mp.besseli(0, x), [x for x in BOTH if abs(x) < 70]),
    "modified_bessel_i1": (lambda x: mp.besseli(1, x), [x for x in BOTH if abs(x) < 70]),
    "modified_bessel_k0": (lambda x: mp.besselk(0, x), [x for x in POSITIVE if x < 70]),
    "modified_bessel_k1": (lambda x: mp.besselk(1, x), [x for x in POSITIVE if x < 70]),
    "scaled_modified_bessel_k0": (lambda x: mp.besselk(0, x) * mp.exp(x), POSITIVE),
    "scaled_modified_bessel_k1": (lambda x: mp.besselk(1, x) * mp.exp(x), POSITIVE),
    "spherical_bessel_j0": (mp.sinc, BOTH),
    "airy_ai": (mp.airyai, [x for x in BOTH if -100 < x < 13]),
}


def main():
    found = {}
    for name, (f, points) in FUNCTIONS.items():
        xs = [float(np.float32(x)) for x in points]
        found[name] = [xs, [float(f(mp.mpf(x))) for x in xs]]
    lines = ",\n".join(f'  "{name}": {json.dumps(pair)}' for name, pair in found.items())
    OUT.write_text("{\n" + lines + "\n}\n", "utf-8")


if __name__ == "__main__":
    main()
