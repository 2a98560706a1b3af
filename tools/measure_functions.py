"""The largest errors of native exp, log, sin, tanh, ..., in units of the last place.

    python tools/measure_functions.py                  # all; hours
    python tools/measure_functions.py tanh sin         # these
    python tools/measure_functions.py --step 64 tanh   # every 64th float only

float32: all 2^32 numbers against NumPy's float64. float64: `--numbers` random ones of each of
several ranges against NumPy's long double (80 bits on x86). "wrong" counts results that are NaN,
infinite or of the other sign where they should not be.
"""

import argparse

import numpy as np

from rushlight.kernels import native

NAMES = ["exp", "expm1", "log", "log1p", "tanh", "sin", "cos"]
BLOCK = 1 << 20
#: of float64
RANGES = {
    "exp": [(-708, 709), (-2, 2)],
    "expm1": [(-40, 709), (-1, 1)],
    "log": [(0, 1e300), (0.4, 2.5), (0.95, 1.05)],
    "log1p": [(-0.999, 1e9), (-0.6, 2), (-0.05, 0.05)],
    "tanh": [(-20, 20), (-1, 1), (-0.1, 0.1)],
    "sin": [(-3e4, 3e4), (-4, 4)],
    "cos": [(-3e4, 3e4), (-4, 4)],
}


def error(name, x, wide):
    """(largest error, where, how many are wrong altogether) of the numbers x."""
    y = getattr(native, name)(x)
    truth = getattr(np, name)(x.astype(wide))
    rounded = truth.astype(x.dtype)
    number = np.isfinite(rounded)
    wrong = np.count_nonzero(np.isnan(y) != np.isnan(truth))
    wrong += np.count_nonzero(np.signbit(y[number]) != np.signbit(rounded[number]))
    off = np.abs(y - truth)
    # (an infinity may be the largest number's neighbour)
    off[~number | np.isinf(y)] = 0
    wrong += np.count_nonzero(np.isinf(y) & (np.abs(truth) < np.finfo(x.dtype).max * (1 - 1e-6)))
    units = off / np.spacing(np.abs(rounded)).astype(wide)
    units[~number] = 0
    at = int(np.argmax(units))
    return float(units[at]), x[at], int(wrong)


def blocks_of_floats(step):
    for first in range(0, 1 << 32, BLOCK * step):
        bits = np.arange(first, min(first + BLOCK * step, 1 << 32), step, dtype=np.uint64)
        yield bits.astype(np.uint32).view(np.float32)


def blocks_of_doubles(ranges, numbers):
    rng = np.random.default_rng(0)
    for low, high in ranges:
        for first in range(0, numbers, BLOCK):
            yield rng.uniform(low, high, min(BLOCK, numbers - first))


def largest(blocks, name, wide):
    found = [error(name, x, wide) for x in blocks]
    worst = max(found, key=lambda e: e[0])
    return f"{worst[0]:.3f} at {worst[1]!r}, {sum(e[2] for e in found)} wrong"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=NAMES)
    parser.add_argument("--step", type=int, default=1, help="every how many floats (default 1)")
    parser.add_argument("--numbers", type=int, default=10**8, help="float64 a range (default 1e8)")
    options = parser.parse_args()
    with np.errstate(all="ignore"):
        for name in options.names:
            blocks = blocks_of_floats(options.step)
            print(f"{name} float32: {largest(blocks, name, np.float64)}", flush=True)
            blocks = blocks_of_doubles(RANGES[name], options.numbers)
            print(f"{name} float64: {largest(blocks, name, np.longdouble)}", flush=True)
