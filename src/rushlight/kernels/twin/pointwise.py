"""Pointwise kernels in NumPy: the formulas, shapes and dtypes kept.

Written with operators and K only, so that they run on Tensors as well: what a card without a second
derivative of its own needs under create_graph. g or dy is the gradient that comes in.
Comparisons are turned so that NaN comes through: where(x < 0, 0, x), not where(x > 0, x, 0).
"""

from __future__ import annotations

import math

import numpy as np

from ..seam import K
from .random import fma

_SQRT_HALF = math.sqrt(0.5)
_SQRT_2_PI = math.sqrt(2 / math.pi)
_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


def _quiet(f):
    """f without NumPy's warnings: e^100 is inf, here as in PyTorch, and that is all."""
    return np.errstate(all="ignore")(f)


# --- y = f(x) --------------------------------------------------------------------------------


def neg(x):
    return -x


@_quiet
def frac(x):
    """x - trunc(x)"""
    return x - K.trunc(x)


@_quiet
def reciprocal(x):
    return 1 / x


def eq(x, y):
    """x = y"""
    return x == y


def ne(x, y):
    """x ≠ y"""
    return x != y


def lt(x, y):
    """x < y"""
    return x < y


def le(x, y):
    """x ≤ y"""
    return x <= y


def gt(x, y):
    """x > y"""
    return x > y


def ge(x, y):
    """x ≥ y"""
    return x >= y


def fmod(x, y):
    """x - y trunc(x / y)"""
    return np.fmod(x, y)


def remainder(x, y):
    """fmod, moved by y where its sign is not that of y; a zero keeps the sign of x."""
    if x.dtype.kind in "iu":
        return np.remainder(x, y)
    z = np.fmod(x, y)
    return np.where((z != 0) & ((z < 0) != (y < 0)), z + y, z).astype(z.dtype, copy=False)


def floor_divide(x, y):
    """⌊x / y⌋"""
    return np.floor_divide(x, y)


def trunc_divide(x, y):
    """x / y without its fraction"""
    if x.dtype.kind not in "iu":
        return K.trunc(x / y)
    z = K.floor_divide(x, y).astype(x.dtype, copy=False)
    if x.dtype.kind == "i":
        z = z + ((z < 0) & (z * y != x))
    return z.astype(x.dtype, copy=False)


def hardshrink(x, a):
    """0 where |x| ≤ a, else x"""
    return K.where((x >= -a) & (x <= a), x.dtype.type(0), x)


def softshrink(x, a):
    """x moved by a towards 0; 0 where |x| ≤ a"""
    return K.like(K.where(x > a, x - a, K.where(x < -a, x + a, x * 0)), x)


def finite(x, nan, above, below):
    """x with nan, above and below in the places of NaN, inf and -inf"""
    y = K.where(K.isnan(x), nan, x)
    y = K.where(x == np.inf, above, y)
    return K.like(K.where(x == -np.inf, below, y), x)


def huber(x, a):
    """x² / 2 where |x| < a, else a (|x| - a / 2)"""
    size = K.abs(x)
    return K.where(size >= a, a * (size - 0.5 * a), 0.5 * x * x)  # a NaN stays one


def huber_slope(x, a):
    """x held between -a and a"""
    return K.where(K.abs(x) >= a, K.sign(x) * a, x)


def smooth_l1(x, a):
    """x² / 2a where |x| < a, else |x| - a / 2"""
    size = K.abs(x)
    return K.where(size >= a, size - 0.5 * a, 0.5 * x * x / a)


def smooth_l1_slope(x, a):
    """x / a held between -1 and 1"""
    return K.where(K.abs(x) >= a, K.sign(x), x / a)


def _fused(x, y, z):
    """x y + z; of arrays of float32 or float64 rounded once, as in PyTorch"""
    twice = K.add(z, K.mul(x, y))
    if type(z) is not np.ndarray or twice.dtype.kind != "f" or twice.dtype is not z.dtype:
        return twice
    d = z.dtype.type
    once = fma(*(v if type(v) is np.ndarray else d(v) for v in (x, y, z)))
    return np.where(np.isfinite(once), once, twice)


def add_scaled(x, y, a):
    """x + a y"""
    return _fused(y, a, x)


def lerp_number(x, y, w):
    """x + w (y - x) from the nearer end"""
    d = K.sub(y, x)
    if abs(w) < 0.5:
        return _fused(d, w, x)
    w = d.dtype.type(w) if type(d) is np.ndarray and d.dtype.kind == "f" else w
    return _fused(d, w - 1, y)


def lerp(x, y, w):
    """x + w (y - x), computed from the nearer end: w = 1 gives y exactly."""
    near = K.where(np.abs(w) < 0.5, _fused(y - x, w, x), _fused(y - x, w - 1, y))
    return near.astype(x.dtype, copy=False)


def addcmul(x, y, z, a):
    """x + a y z"""
    r = _fused(y if type(a) is int and a == 1 else K.mul(y, a), z, x)
    return r if r.dtype is x.dtype else K.like(r, x)


def addcdiv(x, y, z, a):
    """x + a y / z"""
    r = K.add(x, K.div(y if type(a) is int and a == 1 else K.mul(y, a), z))
    return r if r.dtype is x.dtype else K.like(r, x)


def _softplus_of_minus(x):
    """log(1 + e^-x) without overflow"""
    return K.log1p(K.exp(-K.abs(x))) + K.where(x < 0, -x, K.zeros_like(x))


def bce_logits(x, y):
    """(1 - y) x + log(1 + e^-x)"""
    return (1 - y) * x + _softplus_of_minus(x)


def bce_logits_weighted(x, y, w):
    """(1 - y) x + (1 + (w - 1) y) log(1 + e^-x)"""
    return (1 - y) * x + (1 + (w - 1) * y) * _softplus_of_minus(x)


def bce_logits_dx(dy, x, y):
    """dy (sigmoid(x) - y)"""
    return dy * (K.sigmoid(x) - y)


def clamped(x, low, high):
    """min(max(x, low), high) of integers"""
    return np.minimum(np.maximum(x, x.dtype.type(low)), x.dtype.type(high))


def relu(x):
    """max(x, 0)"""
    return K.where(x < 0, 0, x)


@_quiet
def sigmoid(x):
    """1 / (1 + e^-x)"""
    return 1 / (1 + K.exp(-x))


def erf(x):
    """2/√π ∫₀ˣ e^-t² dt"""
    return np.asarray(np.frompyfunc(math.erf, 1, 1)(x)).astype(x.dtype)


@_quiet
def silu(x):
    """x σ(x)"""
    return x * K.sigmoid(x)


def mish(x):
    """x tanh(log(1 + e^x))"""
    return x * K.tanh(K.softplus(x, 1.0, math.inf))


def selu(x):
    """scale · (x where x > 0, else α (e^x - 1))"""
    return _SELU_SCALE * K.elu(x, _SELU_ALPHA)


def relu6(x):
    """x held between 0 and 6"""
    return K.hardtanh(x, 0.0, 6.0)


def log_sigmoid(x):
    """log σ(x) = -log(1 + e^-x)"""
    return 0 - K.softplus(-x, 1.0, math.inf)  # 0, not -0, at large x


@_quiet
def softsign(x):
    """x / (1 + |x|)"""
    return x / (1 + K.abs(x))


def hardsigmoid(x):
    """(x + 3) / 6 held between 0 and 1"""
    return K.hardtanh((x + 3) * (1 / 6), 0.0, 1.0)


@_quiet
def hardswish(x):
    """x · hardsigmoid(x)"""
    return K.where(x < -3, 0, K.where(x > 3, x, x * (x + 3) * (1 / 6)))


@_quiet
def gelu(x, tanh):
    """x Φ(x), Φ the normal distribution function; with `tanh` its approximation

    0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³)))
    """
    if tanh:
        return 0.5 * x * (1 + K.tanh(_SQRT_2_PI * (x + 0.044715 * x * x * x)))
    return 0.5 * x * (1 + K.erf(x * _SQRT_HALF))


@_quiet
def leaky_relu(x, slope):
    """x where x > 0, else slope · x"""
    return K.where(x > 0, x, x * slope)


def elu(x, alpha):
    """x where x > 0, else α (e^x - 1)"""
    return K.where(x > 0, x, alpha * K.expm1(_below(x)))


def celu(x, alpha):
    """x where x > 0, else α (e^(x/α) - 1)"""
    return K.where(x > 0, x, alpha * K.expm1(_below(x / alpha)))


@_quiet
def softplus(x, beta, threshold):
    """log(1 + e^(β x)) / β; x where β x > threshold"""
    z = x * beta
    y = (_above(z) + K.log1p(K.exp(-K.abs(z)))) / beta
    return K.where(z > threshold, x, y)


def hardtanh(x, lowest, highest):
    """x held between lowest and highest"""
    return K.where(x < lowest, lowest, K.where(x > highest, highest, x))


def threshold(x, threshold, value):
    """x where x > threshold, else value"""
    return K.where(x <= threshold, value, x)


def _below(x):
    """min(x, 0): where elu, selu and celu use e^x, so that it does not overflow elsewhere."""
    return K.where(x > 0, 0, x)


def _above(x):
    return K.where(x < 0, 0, x)


# --- dx = f(dy, y) ---------------------------------------------------------------------------


def relu_dx(dy, y):
    return K.where(y <= 0, 0, dy)


def sigmoid_dx(dy, y):
    """dy y (1 - y)"""
    return dy * (1 - y) * y


def tanh_dx(dy, y):
    """dy (1 - y²)"""
    return dy * (1 - y * y)


# --- dx = f(dy, x) ---------------------------------------------------------------------------


@_quiet
def silu_dx(dy, x):
    """dy σ(x) (1 + x (1 - σ(x)))"""
    s = K.sigmoid(x)
    return dy * (s * (1 + x * (1 - s)))


@_quiet
def mish_dx(dy, x):
    """dy (t + x (1 - t²) σ(x)),  t = tanh(softplus(x))"""
    t = K.tanh(K.softplus(x, 1.0, math.inf))
    return dy * (t + x * (1 - t * t) * K.sigmoid(x))


def selu_dx(dy, x):
    return _SELU_SCALE * K.elu_dx(dy, x, _SELU_ALPHA)


def relu6_dx(dy, x):
    return K.hardtanh_dx(dy, x, 0.0, 6.0)


def log_sigmoid_dx(dy, x):
    """dy σ(-x)"""
    return dy * K.sigmoid(-x)


@_quiet
def softsign_dx(dy, x):
    """dy / (1 + |x|)²"""
    z = 1 + K.abs(x)
    return dy / (z * z)


def hardsigmoid_dx(dy, x):
    return K.hardtanh_dx(dy * (1 / 6), x, -3.0, 3.0)


def hardswish_dx(dy, x):
    return K.where(x <= -3, 0, K.where(x < 3, dy * (x * (1 / 3) + 0.5), dy))


@_quiet
def gelu_dx(dy, x, tanh):
    """dy (Φ(x) + x φ(x)), φ the normal density; with `tanh` the approximation's derivative"""
    if tanh:
        t = K.tanh(_SQRT_2_PI * (x + 0.044715 * x * x * x))
        du = _SQRT_2_PI * (1 + 3 * 0.044715 * x * x)
        return dy * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * du)
    density = K.exp(-0.5 * x * x) * (0.5 * _SQRT_2_PI)
    return dy * (0.5 * (1 + K.erf(x * _SQRT_HALF)) + x * density)


def leaky_relu_dx(dy, x, slope):
    return K.where(x > 0, dy, dy * slope)


@_quiet
def elu_dx(dy, x, alpha):
    """dy α e^x where x ≤ 0, else dy, for NaN, too"""
    return K.where(x <= 0, dy * alpha * K.exp(_below(x)), dy)


@_quiet
def celu_dx(dy, x, alpha):
    """dy e^(x/α) where x ≤ 0, else dy, for NaN, too"""
    return K.where(x <= 0, dy * K.exp(_below(x / alpha)), dy)


@_quiet
def softplus_dx(dy, x, beta, threshold):
    """dy σ(β x); dy where β x > threshold"""
    z = x * beta
    return K.where(z > threshold, dy, dy * K.sigmoid(z))


def hardtanh_dx(dy, x, lowest, highest):
    """dy where lowest < x < highest, else 0"""
    return K.where((x <= lowest) | (x >= highest), 0, dy)


def threshold_dx(dy, x, threshold, value):
    """dy where x > threshold, else 0; `value` does not matter"""
    return K.where(x <= threshold, 0, dy)


# --- in place --------------------------------------------------------------------------------


def _checked(x, y):
    """y. RuntimeError: it overlaps x without being x."""
    if isinstance(y, np.ndarray) and np.may_share_memory(x, y):
        same = x.shape == y.shape and x.strides == y.strides
        if (not same and x.size and y.size) or (same and x.ctypes.data != y.ctypes.data):
            if x.flags.forc and y.flags.forc:
                raise RuntimeError(
                    "unsupported operation: some elements of the input tensor and the written-to "
                    "tensor refer to a single memory location. Please clone() the tensor before "
                    "performing the operation."
                )
    return y


def add_(x, y):
    """x += y in x's memory; returns x."""
    return np.add(x, _checked(x, y), out=x)


def sub_(x, y):
    """x -= y in x's memory; returns x."""
    return np.subtract(x, _checked(x, y), out=x)


def mul_(x, y):
    """x *= y in x's memory; returns x."""
    return np.multiply(x, _checked(x, y), out=x)


def div_(x, y):
    """x /= y in x's memory; returns x."""
    return np.true_divide(x, _checked(x, y), out=x)
