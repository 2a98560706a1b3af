"""Gamma and Dirichlet numbers that gradients pass through, as torch.distributions draws them.

A draw is a function of its parameter and of noise: x = F⁻¹(u; a). With u held, its derivative is
dx/da = -(∂F/∂a) / (∂F/∂x), the implicit gradient (Figurnov et al. 2018, arXiv:1805.08498).
PyTorch approximates it (to about 1e-3); here it is computed to double precision.
"""

from __future__ import annotations

import numpy as np

from ..core.tensor import Tensor
from ..dispatch.messages import not_implemented
from ..dispatch.registry import op
from ..kernels import K
from ..random import variates
from ..random.generator import generator_or_default

_TINY = 1e-300  # in place of a zero in a continued fraction
_TERMS = 20000  # at most; large parameters need about six square roots of themselves
_LARGE = 1e4  # above, the gamma quantile's expansion is exact to 1e-9


# ---------------------------------------------------------------- slopes of quantiles


class _Fraction:
    """A continued fraction, and the slope of its logarithm, by Lentz's method.

    f = b₀ + a₁ / (b₁ + a₂ / (b₂ + ...)); each a and b is given with its own slope.
    """

    def __init__(self, b, db):
        self.f, self.slope = b, db / b
        self._c, self._dc = b, db
        self._d, self._dd = np.zeros_like(b), np.zeros_like(b)

    def add(self, a, da, b, db) -> float:
        """One more level; returns by how much it changed f, relatively, at most."""
        d = b + a * self._d
        dd = db + da * self._d + a * self._dd
        c = b + a / self._c
        dc = db + da / self._c - a * self._dc / self._c**2
        d, c = np.where(d == 0, _TINY, d), np.where(c == 0, _TINY, c)
        self._d, self._dd = 1 / d, -dd / d**2
        self._c, self._dc = c, dc
        self.f = self.f * (c * self._d)
        step = dc / c - dd / d
        self.slope = self.slope + step
        return max(
            np.abs(c * self._d - 1).max(initial=0),
            (np.abs(step) / (1 + np.abs(self.slope))).max(initial=0),
        )


def gamma_slope(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """dx/da of a gamma number x of shape parameter a, rate 1: (n), (n) float64 -> (n)"""
    y = np.full_like(a, np.nan)
    valid = (a > 0) & (x >= 0) & np.isfinite(x) & np.isfinite(a)
    for part, slope in (
        (a > _LARGE, _gamma_slope_of_large),
        ((a <= _LARGE) & (x <= a + 1), _gamma_slope_below),
        ((a <= _LARGE) & (x > a + 1), _gamma_slope_above),
    ):
        part = part & valid
        if part.any():
            with np.errstate(all="ignore"):
                y[part] = slope(a[part], x[part])
    return y


def _gamma_slope_below(a, x):
    # P(a, x) / density = x Σ tₙ with t₀ = 1/a, tₙ = tₙ₋₁ x / (a + n)
    term = 1 / a
    level = K.digamma(a) + term - K.log(x)  # ψ(a + n + 1) - ln x
    total = term * level
    for n in range(1, _TERMS):
        term = term * x / (a + n)
        level = level + 1 / (a + n)
        total = total + term * level
        if (np.abs(term * level) <= 1e-17 * np.abs(total)).all():
            break
    return np.where(x > 0, x * total, 0)


def _gamma_slope_above(a, x):
    # Q(a, x) / density = x / f with f = x + 1 - a - 1(1 - a) / (x + 3 - a - 2(2 - a) / ...)
    minus = -np.ones_like(a)
    f = _Fraction(x + 1 - a, minus)
    for n in range(1, _TERMS):
        if f.add(-n * (n - a), np.full_like(a, n), x + 2 * n + 1 - a, minus) < 1e-15:
            break
    return x / f.f * (K.log(x) - K.digamma(a) - f.slope)


def _gamma_slope_of_large(a, x):
    # Cornish and Fisher: x = a + √a z + (z² - 1)/3 + (z³ - 7z)/(36 √a) - ..., z standard normal
    root = np.sqrt(a)
    z = (x - a) / root
    for _ in range(8):
        z = (x - a - (z * z - 1) / 3 - (z**3 - 7 * z) / (36 * root)) / root
    return 1 + z / (2 * root) - (z**3 - 7 * z) / (72 * a * root)


def beta_slope(a: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """dx/da of a beta number x of parameters a and b: (n) float64 each -> (n)"""
    y = np.full_like(a, np.nan)
    valid = (a > 0) & (b > 0) & (x >= 0) & (x <= 1) & np.isfinite(a) & np.isfinite(b)
    low = x < (a + 1) / (a + b + 2)
    for part, which in ((valid & low, 0), (valid & ~low, 1)):
        if part.any():
            p, q, z = a[part], b[part], x[part]
            with np.errstate(all="ignore"):
                y[part] = -_beta_ratio(p, q, z, 0) if which == 0 else _beta_ratio(q, p, 1 - z, 1)
    return y


def _beta_ratio(a, b, x, which):
    """(∂I/∂a) / density at x of the regularised incomplete beta function; which=1: ∂I/∂b.

    I(x) = density · x (1 - x) / (a f), f = 1 + d₁ / (1 + d₂ / (1 + ...)),
    d₂ₘ = m (b - m) x / ((a + 2m - 1)(a + 2m)),
    d₂ₘ₊₁ = -(a + m)(a + b + m) x / ((a + 2m)(a + 2m + 1))
    """
    one, nothing = np.ones_like(a), np.zeros_like(a)
    f = _Fraction(one, nothing)
    for n in range(1, _TERMS):
        m = n // 2
        if n % 2:
            d = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            slope = d / (a + b + m)
            if which == 0:
                slope = slope + d * (1 / (a + m) - 1 / (a + 2 * m) - 1 / (a + 2 * m + 1))
        else:
            d = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            slope = m * x / ((a + 2 * m - 1) * (a + 2 * m))
            if which == 0:
                slope = -d * (1 / (a + 2 * m - 1) + 1 / (a + 2 * m))
        if f.add(d, slope, one, nothing) < 1e-15 and n > 1:
            break
    of_both = K.digamma(a + b)
    if which == 0:
        log_slope = K.log(x) - K.digamma(a) + of_both - 1 / a
    else:
        log_slope = K.log1p(-x) - K.digamma(b) + of_both
    ratio = x * (1 - x) / (a * f.f) * (log_slope - f.slope)
    return np.where(x > 0, ratio, 0)


def _check(kernel, x):
    """NotImplementedError: other dtypes than float32 and float64."""
    if x.dtype != np.float32 and x.dtype != np.float64:
        raise not_implemented(kernel, x)


def _in_double(f, *operands):
    """f of operands (*), broadcast, computed in float64; the dtype of the first is kept."""
    arrays = np.broadcast_arrays(*operands)
    flat = [a.astype(np.float64).ravel() for a in arrays]
    return f(*flat).reshape(arrays[0].shape).astype(operands[0].dtype)


# ---------------------------------------------------------------- cards


@op("_standard_gamma_grad(input, output: Tensor)", at="torch", tensors=2, broadcast=True)
class StandardGammaGrad:
    """y = dx/da: how a gamma number x (output) moves with its shape parameter a (input)

    shape   a (*), x (*) -> y (*), broadcast
    dtype   float32, float64
    grad    NotImplementedError, as in PyTorch
    source  Figurnov et al. 2018, arXiv:1805.08498

    >>> torch._standard_gamma_grad(tensor([1.0]), tensor([1.0]))
    tensor([1.1736])
    """

    def forward(a, x):
        _check("_standard_gamma_grad_cpu", a)
        return _in_double(gamma_slope, a, x)

    def backward(c, dy):
        raise NotImplementedError("the derivative for '_standard_gamma_grad' is not implemented.")


@op("_standard_gamma(input, generator=None)", at="torch", tensors=1)
class StandardGamma:
    """y_i of the gamma distribution of shape a_i and rate 1

    shape   a (*) -> y (*)
    dtype   float32, float64
    grad    da = dy · dy/da, see torch._standard_gamma_grad
    errors  NotImplementedError: other dtypes
    source  Marsaglia and Tsang 2000, doi:10.1145/358407.358414

    >>> torch._standard_gamma(torch.full((3,), 2.5))
    """

    def prepare(input, generator):
        return input, generator_or_default(generator, "_standard_gamma", input)

    def forward(a, g):
        _check("gamma_cpu", a)
        y = variates.standard_gamma(a.ravel(), g).astype(a.dtype)
        return np.maximum(y, np.finfo(a.dtype).tiny).reshape(a.shape)

    def backward(c, dy, a, out):
        if isinstance(a, Tensor):
            return dy * StandardGammaGrad.run((a, out))
        return dy * StandardGammaGrad.forward(a, out)


@op("_dirichlet_grad(x, alpha: Tensor, total: Tensor)", at="torch", tensors=3, broadcast=True)
class DirichletGrad:
    """y = (dx/dα) / (1 - x): how a coordinate x of a Dirichlet vector moves with its α

    total   the sum of the vector's parameters: x is a beta number of α and total - α
    shape   x, alpha, total (*) -> y (*), broadcast
    dtype   float32, float64
    grad    NotImplementedError, as in PyTorch

    >>> torch._dirichlet_grad(tensor([0.5]), tensor([1.0]), tensor([2.0]))
    tensor([0.6931])
    """

    def forward(x, alpha, total):
        _check("_dirichlet_grad_cpu", x)
        return _in_double(_dirichlet_slope, x, alpha, total)

    def backward(c, dy):
        raise NotImplementedError("the derivative for '_dirichlet_grad' is not implemented.")


def _dirichlet_slope(x, alpha, total):
    with np.errstate(all="ignore"):
        return beta_slope(alpha, total - alpha, x) / (1 - x)


@op("_sample_dirichlet(input, generator=None)", at="torch", tensors=1)
class SampleDirichlet:
    """y of the Dirichlet distribution of α: gamma numbers, divided by their sum

    shape   α (*, K) -> y (*, K), each row sums to 1
    dtype   float32, float64
    grad    dα_i = g_i (dy_i - Σ y_j dy_j), g = torch._dirichlet_grad(y, α, Σ α)
    errors  NotImplementedError: other dtypes

    >>> torch._sample_dirichlet(torch.tensor([0.5, 0.5]))
    """

    def prepare(input, generator):
        return input, generator_or_default(generator, "_sample_dirichlet", input)

    def forward(a, g):
        _check("dirichlet", a)
        y = variates.standard_gamma(a.ravel(), g).reshape(a.shape)
        y = (y / y.sum(-1, keepdims=True)).astype(a.dtype)
        kind = np.finfo(a.dtype)
        return np.clip(y, kind.tiny, 1 - kind.epsneg)

    def backward(c, dy, a, out):
        total = K.sum(a, -1, keepdims=True)
        if isinstance(a, Tensor):
            slope = DirichletGrad.run((out, a, total.expand(a.shape)))
        else:
            slope = DirichletGrad.forward(out, a, total)
        return slope * (dy - K.sum(out * dy, -1, keepdims=True))
