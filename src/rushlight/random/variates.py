"""Random arrays from a generator, number for number PyTorch's.

    n      how many numbers; the result is a new array (n)
    dtype  its NumPy dtype
    g      the Generator, which moves on by as many draws as PyTorch's would

The cards of ops/random_fill.py, random_sampling.py and dropout.py check the arguments and give the
results their shape. What each function owes to which experiment is in docs/random.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..kernels import K
from ..kernels.seam import quietly
from .generator import Generator

_F32, _F64 = np.dtype(np.float32), np.dtype(np.float64)


def arranged(x: np.ndarray, like: np.ndarray) -> np.ndarray:
    """The numbers x in the shape and memory order of another array: PyTorch draws in that order."""
    if x is like:  # a kernel has drawn there
        return x
    if like.flags.c_contiguous:
        return x.reshape(like.shape)
    y = np.empty_like(like)
    axes = sorted(range(y.ndim), key=lambda i: -abs(y.strides[i]))
    laid_out = y.transpose(axes)
    laid_out[...] = x.reshape(laid_out.shape)
    return y


def uniform(n: int, dtype: np.dtype, low: float, high: float, g: Generator) -> np.ndarray:
    """Uniform in [low, high): 24 random bits, 53 for float64. Half precision rounds float32."""
    if dtype is _F32 or dtype is _F64:
        return K.rng_uniform(g.mt, n, low, high, dtype is _F64)
    if dtype.kind == "c":
        return uniform(2 * n, _part(dtype), low, high, g).view(dtype)
    x = K.rng_uniform(g.mt, n, low, high, dtype == _F64)
    if x.dtype is not dtype and x.dtype != dtype:
        x = x.astype(dtype)
        x[x == dtype.type(high)] = low
    return x


def normal(
    n: int, dtype: np.dtype, mean: float, std: float, g: Generator, contiguous: bool = True
) -> np.ndarray:
    """N(mean, std²): by blocks of 16 for 16 or more numbers in C order, else pair after pair.

    contiguous: whether the tensor that the numbers are for is. Half precision rounds float32.
    """
    if (dtype is _F32 or dtype is _F64) and n >= 16 and contiguous:
        return K.rng_normal(g.mt, n, mean, std, dtype is _F64)
    return _normal(n, dtype, mean, std, g, contiguous)


@quietly
def _normal(
    n: int, dtype: np.dtype, mean: float, std: float, g: Generator, contiguous: bool
) -> np.ndarray:
    if dtype.kind == "c":
        parts = normal(2 * n, _part(dtype), 0.0, std / math.sqrt(2), g, contiguous)
        return parts.view(dtype) if mean == 0 else (parts.view(dtype) + mean).astype(dtype)
    if n < 16 or not contiguous:
        return _rounded(K.rng_normal_serial(g.mt, n, mean, std), dtype)
    if dtype == _F32 or dtype == _F64:
        return K.rng_normal(g.mt, n, mean, std, dtype == _F64)
    whole = n - n % 16
    x = K.rng_normal(g.mt, whole, mean, std, False).astype(dtype)
    if whole != n:
        tail = K.rng_normal(g.mt, 16, mean, std, False)
        x = np.concatenate([x[: n - 16], tail.astype(dtype)])
    return x


def _rounded(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """x of float64 in its final dtype; half precision is reached through float32, as in PyTorch."""
    if dtype.itemsize < 4 and dtype.kind not in "iub":
        x = x.astype(_F32)
    return x.astype(dtype, copy=False)


def _part(dtype: np.dtype) -> np.dtype:
    return _F32 if dtype.itemsize == 8 else _F64


def integers(n: int, dtype: np.dtype, low: int, high: int, g: Generator) -> np.ndarray:
    """Whole numbers in [low, high), by the remainder of 32 bits, of 64 if high - low >= 2^28."""
    x = K.rng_integers(g.mt, n, low, high)
    return x if x.dtype is dtype else x.astype(dtype, copy=False)


def whole_range(n: int, dtype: np.dtype, g: Generator) -> np.ndarray:
    """All whole numbers from 0 that the dtype holds without a gap: int8 0..127, float32 0..2^24."""
    if dtype.kind in "iu":
        span = np.iinfo(dtype).max + 1
    else:
        span = 2 if dtype.kind == "b" else (1 << significand(dtype)) + 1
    if dtype.itemsize == 8:
        return K.rng_integers(g.mt, n, 0, span).astype(dtype, copy=False)
    return (K.rng_bits(g.mt, n) % np.uint32(span)).astype(dtype)


def significand(dtype: np.dtype) -> int:
    """The bits of a floating dtype's significand: up to 2^bits it holds each whole number."""
    return {8: 53, 4: 24}.get(dtype.itemsize) or (11 if dtype.kind == "f" else 8)


def permutation(n: int, dtype: np.dtype, g: Generator) -> np.ndarray:
    """0 .. n-1 in random order."""
    return K.rng_randperm(g.mt, n).astype(dtype, copy=False)


def bernoulli(n: int, dtype: np.dtype, p: float, g: Generator) -> np.ndarray:
    """1 with probability p, else 0; two draws each."""
    return K.rng_bernoulli(g.mt, n, p).astype(dtype, copy=False)


def bernoulli_each(p: np.ndarray, dtype: np.dtype, g: Generator) -> np.ndarray:
    """1 with probability p[i], else 0: p (n) -> (n). One draw each, two if p is float64."""
    if p.dtype != _F64:
        p = p.astype(_F32, copy=False)
    return K.rng_bernoulli_each(g.mt, p).astype(dtype, copy=False)


def dropout_mask(n: int, dtype: np.dtype, p: float, g: Generator) -> np.ndarray:
    """1 / (1 - p) with probability 1 - p, else 0: what dropout multiplies by. 0 <= p < 1."""
    if dtype == _F64:
        return np.divide(K.rng_bernoulli(g.mt, n, 1.0 - p), 1.0 - p)
    return K.rng_dropout(g.mt, n, p).astype(dtype, copy=False)


def exponential(n: int, dtype: np.dtype, rate: float, g: Generator) -> np.ndarray:
    """Density rate · exp(-rate · x); two draws each."""
    return _rounded(K.rng_exponential(g.mt, n, rate), dtype)


def cauchy(n: int, dtype: np.dtype, median: float, sigma: float, g: Generator) -> np.ndarray:
    """median + sigma · tan(π (u - 1/2)); two draws each."""
    return _rounded(K.rng_cauchy(g.mt, n, median, sigma), dtype)


def geometric(n: int, dtype: np.dtype, p: float, g: Generator) -> np.ndarray:
    """How many trials until the first success of probability p: ceil(log u / log(1 - p))."""
    return _rounded(np.ceil(_each(math.log, _u53(n, g)) / math.log(1 - p)), dtype)


def log_normal(n: int, dtype: np.dtype, mean: float, std: float, g: Generator) -> np.ndarray:
    """exp of N(mean, std²), drawn in pairs however many there are."""
    return _rounded(_each(math.exp, K.rng_normal_serial(g.mt, n, mean, std)), dtype)


def rrelu_slopes(n: int, dtype: np.dtype, low: float, high: float, g: Generator) -> np.ndarray:
    """The slopes of rrelu's negative inputs: uniform in [low, high), always two draws each."""
    if dtype != _F64:
        low, high = float(_F32.type(low)), float(_F32.type(high))
    return _rounded(_u53(n, g) * (high - low) + low, dtype)


def _u53(n: int, g: Generator) -> np.ndarray:
    return K.rng_uniform(g.mt, n, 0.0, 1.0, True)


def _each(f: Callable[[float], float], x: np.ndarray) -> np.ndarray:
    # Python's math is the C library's, as PyTorch uses it; NumPy's differs in the last bit.
    return np.array(list(map(f, x.tolist())), _F64)


def race(p: np.ndarray, k: int, g: Generator) -> np.ndarray:
    """k different categories for each row of weights: p (rows, C) -> int64 (rows, k).

    The k largest of p / q with q exponential (the exponential race). With replacement:
    K.rng_multinomial.
    """
    q = exponential(p.size, p.dtype, 1.0, g).reshape(p.shape)
    with np.errstate(divide="ignore", over="ignore"):
        arrived = p / q
    if k == 1:
        return arrived.argmax(-1)[:, None].astype(np.int64, copy=False)
    order = np.argsort(-arrived, axis=-1, kind="stable")[:, :k]
    return order.astype(np.int64, copy=False)


def poisson(rate: np.ndarray, g: Generator) -> np.ndarray:
    """Counts of events of the given rates: rate (n) -> (n), same dtype."""
    return K.rng_poisson(g.mt, rate.astype(_F64)).astype(rate.dtype)


def binomial(count: np.ndarray, p: np.ndarray, g: Generator) -> np.ndarray:
    """Successes in `count` trials of probability p: (n), (n) -> (n), the dtype of count."""
    return K.rng_binomial(g.mt, count.astype(_F64), p.astype(_F64)).astype(count.dtype)


def standard_gamma(a: np.ndarray, g: Generator) -> np.ndarray:
    """Gamma numbers of shape a and rate 1: (n) -> float64 (n)."""
    return K.rng_gamma(g.mt, a.astype(_F64))
