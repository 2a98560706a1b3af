"""Gamma, Poisson and binomial numbers, each of its own parameter: rejection, one after another.

s the generator's state (random.py), parameters and results float64 (n).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .random import rng_normal_serial, rng_uniform


def _stream(s: np.ndarray) -> Callable[[], float]:
    """A function that gives the next uniform number of 53 bits."""
    return lambda: rng_uniform(s, 1, 0.0, 1.0, True).item()


def rng_gamma(s, a):
    """Gamma numbers of shape a and rate 1; a < 1 is drawn as a + 1 and scaled.

    Source: Marsaglia and Tsang 2000, doi:10.1145/358407.358414
    """
    u = _stream(s)

    def normal() -> float:
        return rng_normal_serial(s, 1, 0.0, 1.0).item()

    return np.array([_gamma(k, u, normal) for k in a.tolist()], np.float64)


def rng_poisson(s, rate):
    """Counts of events of the given rates.

    Below 10: uniform numbers are multiplied until exp(-rate) is passed (Knuth); else transformed
    rejection. Source: Hörmann 1993, doi:10.1016/0167-6687(93)90997-4
    """
    u = _stream(s)
    return np.array([_poisson(r, u) for r in rate.tolist()], np.float64)


def rng_binomial(s, count, p):
    """Successes in `count` trials of probability p.

    For count · p < 10 geometric waiting times are added up; else transformed rejection.
    Source: Hörmann 1993, doi:10.1080/00949659308811496
    """
    u = _stream(s)
    trials = zip(count.tolist(), p.tolist(), strict=True)
    return np.array([_binomial(n, q, u) for n, q in trials], np.float64)


def rng_multinomial(s, p, k):
    """k categories for each row of weights p (rows, C), with replacement -> int64 (rows, k): the
    first place whose running sum, over the whole row's, reaches a uniform number.

    None, and nothing drawn, for a weight that is negative or not finite, or a row of zeros.
    """
    if not (((p >= 0) & np.isfinite(p)).all() and (p > 0).any(-1).all()):
        return None
    sums = np.cumsum(p, axis=-1, dtype=np.float64 if p.dtype == np.float64 else np.float32)
    sums /= sums[:, -1:]
    sums[:, -1] = 1
    chosen = np.empty((len(p), k), np.int64)
    for row, weights in zip(chosen, sums.astype(np.float64), strict=True):
        row[:] = weights.searchsorted(rng_uniform(s, k, 0.0, 1.0, True))
    return chosen


_THIRD = float(np.float32(1 / 3))  # PyTorch's is of float32


def _gamma(a: float, u: Callable[[], float], normal: Callable[[], float]) -> float:
    scale = 1.0
    if a < 1:
        if a == 0:
            return 0.0
        scale = (1 - u()) ** (1 / a)
        a += 1
    d = a - _THIRD
    c = 1 / math.sqrt(9 * d) if d > 0 else math.nan
    if not math.isfinite(c):
        return math.nan
    while True:
        y = 0.0
        while y <= 0:
            x = normal()
            y = 1 + c * x
        v = y * y * y
        w, square = 1 - u(), x * x
        if w < 1 - 0.0331 * square * square:
            return scale * d * v
        if math.log(w) < 0.5 * square + d * (1 - v + math.log(v)):
            return scale * d * v


def _poisson(rate: float, u: Callable[[], float]) -> int:
    if rate == 0:
        return 0
    if rate < 10:
        limit, product, count = math.exp(-rate), u(), 0
        while product > limit:
            product *= u()
            count += 1
        return count
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    log_inverse_alpha = math.log(1.1239 + 1.1328 / (b - 3.4))
    sure = 0.9277 - 3.6224 / (b - 2)
    log_rate = math.log(rate)
    while True:
        x, v = u() - 0.5, u()
        distance = 0.5 - abs(x)
        k = math.floor((2 * a / distance + b) * x + rate + 0.43)
        if distance >= 0.07 and v <= sure:
            return k
        if k < 0 or (distance < 0.013 and v > distance):
            continue
        bound = -rate + k * log_rate - math.lgamma(k + 1)
        if math.log(v) + log_inverse_alpha - math.log(a / (distance * distance) + b) <= bound:
            return k


def _binomial(count: float, p: float, u: Callable[[], float]) -> float:
    if count <= 0 or p <= 0:
        return 0
    if p >= 1:
        return count
    if p > 0.5:
        return count - _binomial(count, 1 - p, u)
    return _many_successes(count, p, u) if count * p >= 10 else _few_successes(count, p, u)


def _few_successes(count: float, p: float, u: Callable[[], float]) -> int:
    trials, successes, scale = 0, -1, math.log1p(-p)
    while trials <= count:
        trials += math.ceil(math.log(u()) / scale)
        successes += 1
    return successes


def _many_successes(count: float, p: float, u: Callable[[], float]) -> int:
    spread = math.sqrt(count * p * (1 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    sure = 0.92 - 4.2 / b
    odds = p / (1 - p)
    alpha = (2.83 + 5.1 / b) * spread
    mode = math.floor((count + 1) * p)
    while True:
        x, v = u() - 0.5, u()
        distance = 0.5 - abs(x)
        k = math.floor((2 * a / distance + b) * x + count * p + 0.5)
        if distance >= 0.07 and v <= sure:
            return k
        if k < 0 or k > count:
            continue
        bound = (
            (mode + 0.5) * math.log((mode + 1) / (odds * (count - mode + 1)))
            + (count + 1) * math.log((count - mode + 1) / (count - k + 1))
            + (k + 0.5) * math.log(odds * (count - k + 1) / (k + 1))
            + _stirling_rest(mode)
            + _stirling_rest(count - mode)
            - _stirling_rest(k)
            - _stirling_rest(count - k)
        )
        if math.log(v * alpha / (a / (distance * distance) + b)) <= bound:
            return k


# log k! less Stirling's approximation to it, for k = 0 .. 9
_STIRLING_REST = (0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509,
                  0.0166446911898211, 0.0138761288230707, 0.0118967099458917, 0.0104112652619720,
                  0.00925546218271273, 0.00833056343336287)  # fmt: skip


def _stirling_rest(k: float) -> float:
    if k <= 9:
        return _STIRLING_REST[int(k)]
    square = (k + 1) * (k + 1)
    return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)
