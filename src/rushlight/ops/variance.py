"""Variances and covariances: var, std, var_mean, std_mean, cov, corrcoef."""

from __future__ import annotations

import math

import numpy as np

from ..core.dtype import FLOAT
from ..core.notices import warn
from ..core.tensor import Tensor
from ..dispatch.promotion import number_of
from ..dispatch.registry import composite, op
from ..kernels import K
from .reduce import aligned, axes_of, axis_of, count, spread


def _spread_arguments(name: str, input, dim, unbiased, keepdim, correction) -> tuple:
    """(x, dim, correction, keepdim) of var and its kind, checked."""
    if isinstance(dim, bool):  # name(x, unbiased)
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None or unbiased else 0
    elif unbiased is not None:
        raise TypeError(
            f"{name}() received an invalid combination of arguments: pass unbiased or correction, "
            "not both"
        )
    if input._a.dtype.kind not in "fcV":
        raise RuntimeError("std and var only support floating point and complex dtypes")
    if _how_many(input._a.shape, axis_of(dim, input._a.ndim)) - correction <= 0:
        warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the "
            "reduction factor (input numel divided by output numel).",
        )
    return input, dim, number_of(correction), keepdim


def _how_many(shape: tuple, axis) -> int:
    """How many elements go into each result; axis as axis_of gives it."""
    if axis is None:
        return math.prod(shape)
    return shape[axis] if type(axis) is int else count(shape, axis)


def _with_mean(x, dim, correction, keepdim: bool, root: bool):
    """K.variance; the mean is NaN where x has infinities before its last element, since PyTorch
    moves it from element to element: inf - inf."""
    axis = axis_of(dim, x.ndim)
    variance, mean = K.variance(x, axis, correction, keepdim, root)
    if type(mean) is np.ndarray:  # a device is not asked
        some = K.sum(mean).item()
        if some - some == 0 or not np.isinf(mean).any():
            return variance, mean
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    last = x[tuple(slice(-1, None) if i in axes else slice(None) for i in range(x.ndim))]
    count = np.isinf(x).sum(axes, keepdims=True)
    bad = ((count > 1) | ~np.isinf(last)).reshape(mean.shape)
    return variance, np.where(np.isinf(mean) & bad, mean.dtype.type(np.nan), mean)


def _var_dx(dy, x, dim, correction, keepdim):
    axes = axes_of(dim, x.ndim)
    dy = aligned(dy, x.shape, axes, keepdim)
    mean = K.mean(x, axis_of(dim, x.ndim), True)
    d = x - mean
    if dim is None or not x.ndim:
        n = count(x.shape, None) - correction
        if n <= 0:
            return dy * K.where(x == mean, K.full_like(d, np.nan), K.full_like(d, np.inf))
    else:  # as PyTorch: dim=() counts one element here, and n = correction gives ±inf
        n = (1 if dim in ((), []) else count(x.shape, axes)) - correction
    return dy * d * (2 / n if n else math.inf)


def _half_over(dy, y):
    """dy / 2y, 0 where y = 0."""
    zero = y == 0
    return K.where(zero, K.zeros_like(dy), dy / (2 * K.where(zero, K.ones_like(y), y)))


def _spread_samples(make):
    yield make(3, 4)
    yield make(3, 4), 1, {"correction": 0, "keepdim": True}
    yield make(2, 3, 4), (0, 2)
    yield make(4, 3).T, 0, {"correction": 2}


_SPREAD = (
    "dim: int | Sequence[int] | None = None, unbiased: bool | None = None, keepdim=False, *, "
    "correction: float | None = None, out=None)"
)
_PAIR = {
    "at": "torch",
    "tensors": 1,
    "outputs": 2,
    "fresh": True,
    "accumulate": True,
    "quiet": True,
}


@op(f"var(input, {_SPREAD}", at="torch Tensor", tensors=1, accumulate=True, quiet=True)
class Var:
    """y = Σ |x - x̄|² / max(n - correction, 0), x̄ the mean of all elements or over dim

    correction  1, or 0 with unbiased=False
    dtype       floating or complex; real for complex input
    grad        dx = dy · 2 (x - x̄) / (n - correction)
    errors      RuntimeError: integers; TypeError: unbiased and correction; IndexError: dim out of
                range. UserWarning: n ≤ correction, the result is NaN or inf
    """

    def prepare(input, dim, unbiased, keepdim, correction):
        return _spread_arguments("var", input, dim, unbiased, keepdim, correction)

    def forward(x, dim, correction, keepdim):
        return K.variance(x, axis_of(dim, x.ndim), correction, keepdim, False)[0]

    def backward(c, dy, x, dim, correction, keepdim):
        return _var_dx(dy, x, dim, correction, keepdim)

    samples = _spread_samples


@op(f"std(input, {_SPREAD}", at="torch Tensor", tensors=1, accumulate=True, quiet=True)
class Std:
    """y = √(Σ |x - x̄|² / max(n - correction, 0)), the root of `var`, which see

    grad    dx = dy / 2y · the variance's, 0 where y = 0
    errors  as of var
    """

    def prepare(input, dim, unbiased, keepdim, correction):
        return _spread_arguments("std", input, dim, unbiased, keepdim, correction)

    def forward(x, dim, correction, keepdim):
        return K.variance(x, axis_of(dim, x.ndim), correction, keepdim, True)[0]

    def backward(c, dy, x, out, dim, correction, keepdim):
        return _var_dx(_half_over(dy, out), x, dim, correction, keepdim)

    samples = _spread_samples


@op(f"var_mean(input, {_SPREAD}", **_PAIR)
class VarMean:
    """(variance, mean) in one pass, see `var`

    errors  as of var
    """

    def prepare(input, dim, unbiased, keepdim, correction):
        return _spread_arguments("var_mean", input, dim, unbiased, keepdim, correction)

    def forward(x, dim, correction, keepdim):
        return _with_mean(x, dim, correction, keepdim, False)

    def backward(c, dvar, dmean, x, dim, correction, keepdim):
        axes = axes_of(dim, x.ndim)
        return _var_dx(dvar, x, dim, correction, keepdim) + spread(
            dmean / count(x.shape, axes), x.shape, axes, keepdim
        )

    samples = _spread_samples


@op(f"std_mean(input, {_SPREAD}", **_PAIR)
class StdMean:
    """(standard deviation, mean) in one pass, see `std`

    errors  as of var
    """

    def prepare(input, dim, unbiased, keepdim, correction):
        return _spread_arguments("std_mean", input, dim, unbiased, keepdim, correction)

    def forward(x, dim, correction, keepdim):
        return _with_mean(x, dim, correction, keepdim, True)

    def backward(c, dstd, dmean, x, out, dim, correction, keepdim):
        axes = axes_of(dim, x.ndim)
        dx = _var_dx(_half_over(dstd, out), x, dim, correction, keepdim)
        return dx + spread(dmean / count(x.shape, axes), x.shape, axes, keepdim)

    samples = _spread_samples


# ---------------------------------------------------------------- covariance


@composite(
    "cov(input, *, correction: int = 1, fweights: Tensor | None = None, "
    "aweights: Tensor | None = None)",
    at="torch Tensor",
)
def cov(input, *, correction=1, fweights=None, aweights=None):
    """The covariances (V, V) of V variables: input (V, N) or (N), a row each.

    fweights  how often each observation counts (N integers)
    aweights  how much it counts (N floats)
    errors    RuntimeError: more than two dimensions, weights that are negative or too few

    >>> torch.cov(tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if input.ndim > 2:
        raise RuntimeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with "
            f"{input.ndim} dimensions"
        )
    if input._a.dtype.kind == "b":
        raise RuntimeError("cov(): bool dtype is not supported for input")
    x = input if input.ndim == 2 else input.reshape(1, -1)
    x = x if x.dtype.category >= FLOAT else x * 1.0
    for w, name in ((fweights, "fweights"), (aweights, "aweights")):
        if w is not None and (w.ndim > 1 or w.numel() != x.shape[1]):
            raise RuntimeError(
                f"cov(): expected {name} to have one dimension and as many elements as there are "
                f"observations in the input, but got {list(w.shape)} for {x.shape[1]} observations"
            )
        if w is not None and bool((w < 0).any()):
            raise RuntimeError(f"cov(): {name} cannot be negative")
    if fweights is not None and fweights.dtype.category >= FLOAT:
        raise RuntimeError(
            "cov(): expected fweights to have integral dtype but got fweights with "
            f"{fweights.dtype}"
        )
    w = aweights if fweights is None else fweights if aweights is None else fweights * aweights
    if w is None:
        norm, mean = x.shape[1] - correction, x.mean(1, True)
    else:
        total = w.sum()
        mean = (x * w).sum(1, True) / total
        if aweights is None or correction == 0:
            norm = total - correction
        else:
            norm = total - correction * (w * aweights).sum() / total
    d = x - mean
    y = (d if w is None else d * w) @ d.conj().transpose(0, 1)
    if not isinstance(norm, Tensor):
        norm = max(norm, 0)
    y = y / norm
    return y.squeeze() if input.ndim < 2 or x.shape[0] == 1 else y


@composite("corrcoef(input)", at="torch Tensor")
def corrcoef(input):
    """The correlation coefficients (V, V) of V variables: covariances by standard deviations.

    errors  RuntimeError: more than two dimensions
    """
    if input.ndim > 2:
        raise RuntimeError(
            f"corrcoef(): expected input to have two or fewer dimensions but got an input with "
            f"{input.ndim} dimensions"
        )
    c = cov(input)
    if c.ndim == 0:
        return c / c
    scale = c.diagonal().sqrt() if not c.is_complex() else c.diagonal().real.sqrt()
    return c / scale.unsqueeze(1) / scale.unsqueeze(0)
