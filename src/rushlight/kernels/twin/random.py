"""The Mersenne Twister and the distributions drawn from it, on NumPy.

    s   the generator's state: uint32 (629), the 624 words of MT19937, then `left` and `next`:
        left - 1 words from position `next` on are unused, left == 1 says that a new block is due;
        then a float64 (two words), the second number of a Box-Muller pair, and 1 if it waits
    n   how many numbers are wanted
    u   uniform numbers: 24 bits of one draw (float32), 53 bits of two (float64, high word first)

Every function advances `s` in place by the draws that PyTorch makes for the same request, and
returns a new array. Where PyTorch's kernels fuse a multiplication with an addition, so do these, so
that the last bit agrees; docs/random.md says how each distribution was established.
Source: Matsumoto, Nishimura 1998, doi:10.1145/272991.272995; Box, Muller 1958,
doi:10.1214/aoms/1177706645; logf, sinf and cosf: the Cephes library, https://www.netlib.org/cephes
"""

from __future__ import annotations

import math
from threading import Lock

import numpy as np

WORDS = 624
LEFT, NEXT, NORMAL, WAITS, SIZE = 624, 625, slice(626, 628), 628, 629  # places in the state

_f = np.float32
_mask24, _mask53 = np.uint32((1 << 24) - 1), np.uint64((1 << 53) - 1)
_lock = Lock()  # the kernels hold the GIL; here another thread might come between
_engine = None  # numpy's MT19937, a calculator for words: the state is in `s`, never here


def _mt19937():
    global _engine
    if _engine is None:
        from numpy.random import MT19937  # 10 ms, which a program without the twins never pays

        _engine = MT19937(0)
    return _engine


def rng_seed(s, seed):
    """Fill the state from a seed of 32 bits, as the paper's authors do (init_genrand)."""
    word = seed & 0xFFFFFFFF
    words = [word]
    for i in range(1, WORDS):
        word = (1812433253 * (word ^ (word >> 30)) + i) & 0xFFFFFFFF
        words.append(word)
    s[:WORDS] = words
    s[LEFT], s[NEXT:] = 1, 0


def rng_bits(s, n):
    """The next n words of 32 bits -> uint32 (n)."""
    if n == 0:
        return np.empty(0, np.uint32)
    with _lock:
        engine = _mt19937()
        place = WORDS if s[LEFT] == 1 else int(s[NEXT])
        engine.state = {"bit_generator": "MT19937", "state": {"key": s[:WORDS], "pos": place}}
        bits = engine.random_raw(n).astype(np.uint32)
        after = engine.state["state"]
        s[:WORDS] = after["key"]
        s[LEFT], s[NEXT] = WORDS + 1 - after["pos"], after["pos"]
    return bits


def _u24(s, n):
    return (rng_bits(s, n) & _mask24).astype(_f) * _f(2.0**-24)


def _bits64(s, n):
    bits = rng_bits(s, 2 * n).astype(np.uint64)
    return bits[::2] << np.uint64(32) | bits[1::2]


def _u53(s, n):
    return (_bits64(s, n) & _mask53) * 2.0**-53


def fma(x, y, z):
    """x · y + z rounded once, for float32 or float64 arrays of one dtype."""
    return _fma32(x, y, z) if x.dtype == np.float32 else _fma64(x, y, z)


def _fma32(a, b, c):
    """a * b + c of float32, rounded once.

    The product is exact in float64, so rounding the float64 sum is right unless that sum lies just
    between two float32: there its own rounding error decides.
    """
    product = np.multiply(a, b, dtype=np.float64)
    total = np.asarray(product + c)
    tie = (total.view(np.int64) & 0x1FFFFFFF) == 0x10000000
    if np.count_nonzero(tie):
        product, c = (np.broadcast_to(v, total.shape) for v in (product, c))
        t, p, c = total[tie], product[tie], c[tie].astype(np.float64)
        part = t - p
        error = (p - (t - part)) + (c - part)
        if np.count_nonzero(error):
            near = np.nextafter(t, np.where(error > 0, np.inf, -np.inf))
            total[tie] = np.where(error == 0, t, near)
    return total.astype(_f)


def _two_sum(a, b):
    t = a + b
    part = t - a
    return t, (a - (t - part)) + (b - part)


def _fma64(a, b, c):
    """a * b + c of float64, rounded once. Boldo, Melquiond 2008, doi:10.1109/TC.2007.70819"""
    split = 134217729.0  # 2**27 + 1
    ah = a * split - (a * split - a)
    bh = b * split - (b * split - b)
    al, bl = a - ah, b - bh
    high = a * b
    low = ((ah * bh - high) + ah * bl + al * bh) + al * bl
    sum_h, sum_l = _two_sum(c, low)
    v_h, v_l = _two_sum(high, sum_h)
    tail, error = _two_sum(sum_l, v_l)
    # round the tail to odd, so that the final addition is the only rounding that counts
    bits = np.asarray(tail).view(np.int64)
    to_odd = (error != 0) & ((bits & 1) == 0)
    away = np.where((error > 0) == (tail > 0), 1, -1)
    return v_h + np.where(to_odd, bits + away, bits).view(np.float64)


def rng_uniform(s, n, low, high, double):
    """u · (high - low) + low -> float64 (n) if `double`, else float32 (n).

    A result that rounds up to `high` becomes `low`, as in PyTorch: the interval is half open.
    """
    if double:
        x = _u53(s, n)
        if low != 0.0 or high != 1.0:
            x = _fma64(x, high - low, low)
    else:
        low, high = _f(low), _f(high)
        x = _u24(s, n)
        if low != 0 or high != 1:
            x = _fma32(x, high - low, low)
    x[x == high] = low
    return x


def rng_integers(s, n, low, high):
    """Whole numbers in [low, high) -> int64 (n): the remainder of 32 bits, of 64 if there are 2^28
    numbers or more to choose from. All of int64's range: the 64 bits as they are."""
    span = high - low
    if span == 1 << 64:
        return _bits64(s, n).view(np.int64)
    if span < 1 << 28:
        x = (rng_bits(s, n) % np.uint32(span)).astype(np.uint64)
    else:
        x = _bits64(s, n) % np.uint64(span)
    return (x + np.uint64(low & 0xFFFFFFFFFFFFFFFF)).view(np.int64)


def rng_bernoulli(s, n, p):
    """u < p for one float p, from two draws each -> bool (n)."""
    return _u53(s, n) < p


def rng_bernoulli_each(s, p):
    """u < p for p (n): two draws each for float64, one for float32 -> bool (n)."""
    u = _u53(s, p.size) if p.dtype == np.float64 else _u24(s, p.size)
    return u < p


def rng_dropout(s, n, p):
    """Dropout's mask: 1 / (1 - p) with probability 1 - p, else 0 -> float32 (n)."""
    keep = _f(1.0 - p)
    return np.where(_u53(s, n) < 1.0 - p, _f(1) / keep, _f(0))


def rng_exponential(s, n, rate):
    """-1 / rate · log(1 - u) -> float64 (n)."""
    return (-1.0 / rate) * _apply(math.log1p, -_u53(s, n))


def rng_cauchy(s, n, median, sigma):
    """median + sigma · tan(π (u - 1/2)) -> float64 (n)."""
    return _fma64(_apply(math.tan, math.pi * (_u53(s, n) - 0.5)), sigma, median)


def _apply(f, x):
    # Python's math is the C library's, to the bit, as the native kernels and PyTorch use it.
    return np.array(list(map(f, x.ravel().tolist())), np.float64).reshape(x.shape)


def rng_normal_serial(s, n, mean, std):
    """n numbers of N(mean, std²), by pairs that outlive the call -> float64 (n).

    A pair takes four draws: radius = sqrt(-2 log(1 - u2)), angle = 2π u1; the cosine comes first,
    the sine next, and waits in the state if it is not wanted yet.
    """
    waits = min(int(s[WAITS]), n)
    u = _u53(s, n - waits + (n - waits) % 2).reshape(-1, 2)
    radius = np.sqrt(-2.0 * _apply(math.log1p, -u[:, 1]))
    angle = 2.0 * math.pi * u[:, 0]
    pairs = np.stack([radius * _apply(math.cos, angle), radius * _apply(math.sin, angle)], 1)
    x = np.concatenate([s[NORMAL].view(np.float64)[:waits], pairs.ravel()])
    if n:
        s[WAITS] = x.size - n
        s[NORMAL].view(np.float64)[:] = x[-1] if x.size > n else 0.0
    return _fma64(x[:n], std, mean)


def rng_normal(s, n, mean, std, double):
    """n >= 16 numbers of N(mean, std²) -> float64 (n) if `double`, else float32 (n).

    Box-Muller in blocks of 16: cell j of the first half and j of the second make a pair. If 16 does
    not divide n, the last 16 numbers are drawn anew, over the end of the last whole block.
    """
    block = _block_f64 if double else _block_f32
    whole = n - n % 16
    x = np.empty(n, np.float64 if double else _f)
    x[:whole] = block(s, whole, mean, std)
    if whole != n:
        rng_bits(s, (n - whole) * (2 if double else 1))  # PyTorch fills the tail first, in vain
        x[n - 16 :] = block(s, 16, mean, std)
    return x


def _block_f64(s, n, mean, std):
    u = _u53(s, n).reshape(-1, 2, 8)
    radius = np.sqrt(-2.0 * _apply(math.log, 1.0 - u[:, 0]))
    angle = 2.0 * math.pi * u[:, 1]
    x = np.stack([radius * _apply(math.cos, angle), radius * _apply(math.sin, angle)], 1).ravel()
    return _fma64(x, std, mean)


def _block_f32(s, n, mean, std):
    u = _u24(s, n).reshape(-1, 2, 8)
    radius = np.sqrt(_f(-2) * _log(_f(1) - u[:, 0]))
    sine, cosine = _sincos(_f(2 * math.pi) * u[:, 1])
    x = np.stack([radius * cosine, radius * sine], 1).ravel()
    return _fma32(x, _f(std), _f(mean))


# Polynomials of the Cephes library in single precision, highest power first.
_LOG = [_f(c) for c in (7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1,
                        1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1,
                        3.3333331174e-1)]  # fmt: skip
_LN2_HIGH, _LN2_LOW = _f(0.693359375), _f(-2.12194440e-4)
_SIN = [_f(c) for c in (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)]
_COS = [_f(c) for c in (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)]
_QUARTER_PI = [_f(c) for c in (0.78515625, 2.4187564849853515625e-4, 3.77489497744594108e-8)]


def _polynomial(x, coefficients):
    y = coefficients[0]
    for c in coefficients[1:]:
        y = _fma32(y, x, c)
    return y


def _log(x):
    """log(m · 2^e) = log m + e log 2, with sqrt(1/2) <= m < sqrt(2). float32, x > 0."""
    m, e = np.frexp(x)
    below = m < _f(math.sqrt(0.5))
    e = (e - below).astype(_f)
    m = np.where(below, m + m, m) - _f(1)
    square = m * m
    y = _fma32(_polynomial(m, _LOG) * m, square, e * _LN2_LOW)
    y = _fma32(-square, _f(0.5), y)
    return _fma32(e, _LN2_HIGH, m + y)


def _sincos(x):
    """sin x, cos x of float32 x >= 0: reduced to |x| <= π/4 about the nearest multiple of π/2."""
    octant = ((x * _f(4 / math.pi)).astype(np.int32) + 1) & ~1
    turns = octant.astype(_f)
    for part in _QUARTER_PI:
        x = _fma32(turns, -part, x)
    z = x * x
    cosine = _fma32(_polynomial(z, _COS) * z, z, z * _f(-0.5)) + _f(1)
    sine = _fma32(_polynomial(z, _SIN) * z, x, x)
    swap = (octant & 2) != 0
    sine, cosine = np.where(swap, cosine, sine), np.where(swap, sine, cosine)
    return (
        np.where((octant & 4) != 0, -sine, sine),
        np.where(((octant + 2) & 4) != 0, -cosine, cosine),
    )


def rng_randperm(s, n):
    """A permutation of 0 .. n-1 -> int64 (n).

    Fisher-Yates from the front, one draw a place. From 2^32 / 20 places on, where one draw would
    favour small numbers, inside out with two.
    """
    order = list(range(n))
    if n >= (2**32 - 1) // 20:
        places = np.arange(1, n + 1, dtype=np.uint64)
        for i, j in enumerate((_bits64(s, n) % places).tolist()):
            order[i] = order[j]
            order[j] = i
    else:
        places = np.arange(n, 1, -1, dtype=np.uint32)
        for i, j in enumerate((rng_bits(s, places.size) % places).tolist()):
            order[i], order[i + j] = order[i + j], order[i]
    return np.array(order, np.int64)
