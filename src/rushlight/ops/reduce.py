"""Sums, means, products, variances: from many elements to few.

dim is None for all dimensions, an int, or several;
keepdim leaves the reduced dimensions with size 1.
"""

from __future__ import annotations

import warnings

import numpy as np

from ..core.dtype import FLOAT, from_numpy_dtype, scalar_name, uint8
from ..core.tensor import Tensor, wrap
from ..dispatch.out import into
from ..dispatch.registry import CARDS, apply, cast, composite, op
from ..kernels import K
from .samples import reduction

_F32 = np.dtype(np.float32)


def axes_of(dim, ndim: int) -> tuple | None:
    """dim as a tuple of axes counted from 0; None for all. IndexError:
    out of range; RuntimeError: repeated.
    """
    if type(dim) is int and -ndim <= dim < ndim:
        return (dim % ndim,)
    if dim is None or dim == () or dim == []:
        return None
    dims = (dim,) if isinstance(dim, int) else tuple(int(d) for d in dim)
    reach = max(ndim, 1)
    found = []
    for d in dims:
        if not -reach <= d < reach:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-reach}, {reach - 1}], but "
                f"got {d})"
            )
        d = d % reach
        if d in found:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
        found.append(d)
    return tuple(found) if ndim else None


def axis_of(dim, ndim: int):
    """As axes_of, one axis as an int: the form that native kernels take."""
    if type(dim) is int and -ndim <= dim < ndim:
        return dim % ndim
    axes = axes_of(dim, ndim)
    if axes is None or len(axes) == ndim > 1:
        return None
    return axes[0] if len(axes) == 1 else axes


def aligned(y, shape, axes, keepdim):
    """A reduction's result (or its gradient) with the reduced dimensions back as size 1."""
    if keepdim:
        return y
    return K.reshape(y, tuple(1 if axes is None or i in axes else n for i, n in enumerate(shape)))


def spread(dy, shape, axes, keepdim):
    """The gradient of a sum: dy, repeated along the reduced dimensions."""
    return K.broadcast_to(aligned(dy, shape, axes, keepdim), shape)


def count(shape, axes) -> int:
    """How many elements go into each result."""
    n = 1
    for i, size in enumerate(shape):
        if axes is None or i in axes:
            n *= size
    return n


def is_half(x: np.ndarray) -> bool:
    """True for the 2-byte floats, which are summed in float32."""
    return x.dtype.itemsize == 2 and x.dtype.kind in "fV"


# ---------------------------------------------------------------- sum, mean


@op("_sum", fn=False, method=False, tensors=1, constants=2, node="Sum")
class _Sum:
    """y = Σ x over all elements or over dim.

    dtype   integers and bool sum up as int64
    grad    dx = dy, spread out
    """

    def forward(x, dim=None, keepdim=False):
        if dim is None and x.dtype is _F32:
            return K.sum(x, None, keepdim)
        axis = None if dim is None else axis_of(dim, x.ndim)
        if x.dtype.kind in "iub":
            return np.add.reduce(x, axis, dtype=np.int64, keepdims=keepdim)
        if is_half(x):
            return np.asarray(np.add.reduce(x, axis, dtype=np.float32, keepdims=keepdim)).astype(
                x.dtype
            )
        return K.sum(x, axis, keepdim)

    def backward(c, dy, x_shape, dim, keepdim):
        return spread(dy, x_shape, axes_of(dim, len(x_shape)), keepdim)

    samples = reduction()


@op("_mean", fn=False, method=False, tensors=1, constants=2, node="Mean")
class _Mean:
    """y = Σ x / n over all elements or over dim.
    RuntimeError: x is neither floating nor complex.
    """

    def forward(x, dim=None, keepdim=False):
        kind = x.dtype.kind
        if kind not in "fcV":
            raise RuntimeError(
                "mean(): could not infer output dtype. Input dtype must be either a floating point "
                "or complex "
                f"dtype. Got: {scalar_name(from_numpy_dtype(x.dtype))}"
            )
        axis = None if dim is None else axis_of(dim, x.ndim)
        if is_half(x):
            return np.asarray(np.mean(x, axis, dtype=np.float32, keepdims=keepdim)).astype(x.dtype)
        return K.mean(x, axis, keepdim)

    def backward(c, dy, x_shape, dim, keepdim):
        axes = axes_of(dim, len(x_shape))
        return spread(dy / count(x_shape, axes), x_shape, axes, keepdim)

    samples = reduction(empty=False)


_SUM = CARDS["_sum"]
CARDS["_sum_dim"] = CARDS["_sum"].renamed("SumBackward1")
CARDS["_mean_dim"] = CARDS["_mean"].renamed("MeanBackward1")


def in_dtype(x: Tensor, dtype) -> Tensor:
    """x in `dtype`, recorded; x itself if dtype is None or its own."""
    return x if dtype is None or dtype is x.dtype else cast(x, dtype)


@composite("sum", method=True)
def sum(input, dim=None, keepdim=False, *, dtype=None, out=None):
    """Σ of all elements, or over dim (an int or several). Integers sum up as int64.

    >>> torch.sum(tensor([[1, 2], [3, 4]]), 0)
    tensor([4, 6])
    """
    if dtype is None and out is None and dim is None:
        return _SUM.run((input, None, keepdim))
    if dtype is not None:
        input = in_dtype(input, dtype)
    y = apply(_SUM if dim is None else CARDS["_sum_dim"], (input, dim, keepdim))
    if dtype is not None:
        y = in_dtype(y, dtype)
    return y if out is None else into(out, y)


@composite("mean", method=True)
def mean(input, dim=None, keepdim=False, *, dtype=None, out=None):
    """The arithmetic mean of all elements, or over dim. RuntimeError: integers without dtype=."""
    if dtype is not None:
        input = in_dtype(input, dtype)
    y = apply(CARDS["_mean" if dim is None else "_mean_dim"], (input, dim, keepdim))
    return y if out is None else into(out, y)


@op("_nansum", fn=False, method=False, tensors=1, node="Nansum")
class _Nansum:
    """y = Σ x over what is not NaN;  dx = dy there, 0 at NaN"""

    def forward(x, dim=None, keepdim=False):
        if x.dtype.kind == "c":
            raise RuntimeError("nansum does not support complex inputs")
        if x.dtype.kind in "iub":
            return np.add.reduce(x, axis_of(dim, x.ndim), dtype=np.int64, keepdims=keepdim)
        return _Sum.card.forward(np.where(np.isnan(x), x.dtype.type(0), x), dim, keepdim)

    def backward(c, dy, x, dim, keepdim):
        dx = spread(dy, x.shape, axes_of(dim, x.ndim), keepdim)
        return K.where(K.isnan(x), K.zeros_like(dx), dx)

    samples = reduction()


@composite("nansum", method=True)
def nansum(input, dim=None, keepdim=False, *, dtype=None, out=None):
    """Σ of what is not NaN, over all elements or over dim."""
    y = in_dtype(apply(CARDS["_nansum"], (in_dtype(input, dtype), dim, keepdim)), dtype)
    return y if out is None else into(out, y)


@composite("nanmean", method=True)
def nanmean(input, dim=None, keepdim=False, *, dtype=None, out=None):
    """The mean of what is not NaN, over all elements or over dim. RuntimeError: integers."""
    if input.dtype.category < FLOAT:
        raise RuntimeError(
            "nanmean(): expected input to have floating point or complex dtype but got "
            f"{scalar_name(input.dtype)}"
        )
    n = (~input.isnan()).sum(dim, keepdim)
    y = nansum(input, dim, keepdim, dtype=dtype) / n
    return y if out is None else into(out, y)


# ---------------------------------------------------------------- products


@op("_prod", fn=False, method=False, tensors=1, node="Prod")
class _Prod:
    """y = Π x over all elements or over dim (one int).

    dtype   integers and bool multiply as int64
    grad    dx = dy · the product of the other elements: exact with zeros, too
    """

    def forward(x, dim=None, keepdim=False):
        axis = axis_of(dim, x.ndim)
        if x.dtype.kind in "iub":
            return np.multiply.reduce(x, axis, dtype=np.int64, keepdims=keepdim)
        return K.prod(x, axis, keepdim)

    def backward(c, dy, x, dim, keepdim):
        axes = axes_of(dim, x.ndim)
        if axes is None:
            return K.reshape(K.reshape(dy, (1,)) * K.conj(_others(K.reshape(x, (-1,)))), x.shape)
        last = K.moveaxis(x, axes[0], -1)
        others = K.moveaxis(_others(last), -1, axes[0])
        return aligned(dy, x.shape, axes, keepdim) * K.conj(others)

    samples = reduction()


def _others(x):
    """The product of all other elements of the last dimension, for each element:
    from the left times from the right.
    """
    ones = K.ones_like(x[..., :1])
    before = K.cumprod(K.concatenate([ones, x[..., :-1]], -1), -1)
    after = K.flip(K.cumprod(K.concatenate([ones, K.flip(x[..., 1:], -1)], -1), -1), -1)
    return before * after


_PROD_DIM = CARDS["_prod"].renamed("ProdBackward1")


@composite("prod", method=True)
def prod(input, dim=None, keepdim=False, *, dtype=None, out=None):
    """Π of all elements, or over dim. Integers multiply as int64.

    >>> torch.prod(tensor([[1.0, 2.0], [3.0, 4.0]]), 1)
    tensor([ 2., 12.])
    """
    card = CARDS["_prod"] if dim is None else _PROD_DIM
    y = in_dtype(apply(card, (in_dtype(input, dtype), dim, keepdim)), dtype)
    return y if out is None else into(out, y)


# ---------------------------------------------------------------- any, all, counting


def _truth(name: str, meaning: str, f) -> None:
    def function(input, dim=None, keepdim=False, *, out=None):
        x = input._a
        y = wrap(f(x, axis_of(dim, x.ndim), keepdims=keepdim))
        if input.dtype is uint8:
            y = y.to(uint8)
        return y if out is None else into(out, y)

    function.__name__, function.__doc__ = (
        name,
        f"True where {meaning}, over all elements or over dim; uint8 for uint8.",
    )
    composite(name, method=True)(function)


_truth("any", "some element is not 0", np.logical_or.reduce)
_truth("all", "no element is 0", np.logical_and.reduce)


@op("_count_nonzero", fn=False, method=False)
class _CountNonzero:
    """How many elements are not 0, as int64."""

    backward = None

    def forward(x, dim):
        return np.asarray(np.add.reduce(x != 0, axis_of(dim, x.ndim), dtype=np.int64))


@composite("count_nonzero", method=True)
def count_nonzero(input, dim=None):
    """How many elements are not 0, in all or over dim."""
    return apply(CARDS["_count_nonzero"], (input, dim))


# ---------------------------------------------------------------- variance


@op("_var", fn=False, method=False, tensors=1, node="Var")
class _Var:
    """y = Σ |x - x̄|² / max(n - correction, 0), x̄ the mean over dim.

    grad    dx = dy · 2 (x - x̄) / (n - correction)
    """

    def forward(x, dim, correction, keepdim):
        return _variance(x, axis_of(dim, x.ndim), correction, keepdim)[0]

    def backward(c, dy, x, dim, correction, keepdim):
        return _var_dx(dy, x, dim, correction, keepdim)

    def samples(make):
        yield make(3, 4), None, 1, False
        yield make(3, 4), 1, 0, True
        yield make(2, 3, 4), (0, 2), 1, False
        yield make(4, 3).T, 0, 2, False


def _variance(x: np.ndarray, axis, correction, keepdim: bool):
    """(variance, mean): the mean first, then the squares of the distances from it.
    float16 goes through float32.
    """
    if x.dtype.kind not in "fcV":
        raise RuntimeError("std and var only support floating point and complex dtypes")
    if is_half(x):
        return tuple(
            np.asarray(v).astype(x.dtype)
            for v in _variance(x.astype(np.float32), axis, correction, keepdim)
        )
    if axis is None:
        n = x.size
    else:
        n = x.shape[axis] if isinstance(axis, int) else count(x.shape, axis)
    total = K.sum(x, axis, True)
    mean = total / x.real.dtype.type(n) if n else total * x.dtype.type(np.nan)
    d = x - mean
    square = d * d if x.dtype.kind == "f" else (d * np.conj(d)).real
    if n - correction <= 0:
        warnings.warn(
            "std(): degrees of freedom is <= 0. Correction should be strictly less than the "
            "reduction factor (input numel divided by output numel).",
            stacklevel=6,
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            y = np.divide(K.sum(square, axis, keepdim), 0.0, dtype=square.dtype)
    else:
        y = K.sum(square, axis, keepdim) / (n - correction)
    return y, mean if keepdim else mean.reshape(np.shape(y))


def _var_dx(dy, x, dim, correction, keepdim):
    axes = axes_of(dim, x.ndim)
    n = count(x.shape, axes)
    dy = aligned(dy, x.shape, axes, keepdim)
    d = x - K.mean(x, axis_of(dim, x.ndim), True)
    if n - correction <= 0:
        return dy * K.where(d == 0, K.full_like(d, np.nan), K.full_like(d, np.inf))
    return dy * d * (2 / (n - correction))


@op("_std", fn=False, method=False, tensors=1, node="Std")
class _Std:
    """y = √(Σ |x - x̄|² / max(n - correction, 0));  dx = dy / 2y · the variance's, 0 where y = 0"""

    def forward(x, dim, correction, keepdim):
        return np.sqrt(_variance(x, axis_of(dim, x.ndim), correction, keepdim)[0])

    def backward(c, dy, x, out, dim, correction, keepdim):
        return _var_dx(_half_over(dy, out), x, dim, correction, keepdim)

    samples = _Var.card.samples


def _half_over(dy, y):
    """dy / 2y, 0 where y = 0."""
    zero = y == 0
    return K.where(zero, K.zeros_like(dy), dy / (2 * K.where(zero, K.ones_like(y), y)))


@op("_var_mean", fn=False, method=False, tensors=1, outputs=2, node="VarMean")
class _VarMean:
    """The variance and the mean in one pass."""

    def forward(x, dim, correction, keepdim):
        return _variance(x, axis_of(dim, x.ndim), correction, keepdim)

    def backward(c, dvar, dmean, x, dim, correction, keepdim):
        axes = axes_of(dim, x.ndim)
        return _var_dx(dvar, x, dim, correction, keepdim) + spread(
            dmean / count(x.shape, axes), x.shape, axes, keepdim
        )

    samples = _Var.card.samples


@op("_std_mean", fn=False, method=False, tensors=1, outputs=2, node="StdMean")
class _StdMean:
    """The standard deviation and the mean in one pass."""

    def forward(x, dim, correction, keepdim):
        var, mean = _variance(x, axis_of(dim, x.ndim), correction, keepdim)
        return np.sqrt(var), mean

    def backward(c, dstd, dmean, x, out, dim, correction, keepdim):
        axes = axes_of(dim, x.ndim)
        dx = _var_dx(_half_over(dstd, out), x, dim, correction, keepdim)
        return dx + spread(dmean / count(x.shape, axes), x.shape, axes, keepdim)

    samples = _Var.card.samples


_UNSET = object()


def _spread_function(name: str, result: str) -> None:
    card = CARDS["_" + name]

    def function(input, dim=None, unbiased=None, keepdim=False, *, correction=_UNSET, out=None):
        if isinstance(dim, bool):  # name(x, unbiased)
            dim, unbiased = None, dim
        if correction is _UNSET or correction is None:
            correction = 1 if unbiased is None or unbiased else 0
        elif unbiased is not None:
            raise TypeError(f"{name}() received both unbiased and correction: pass one of them")
        y = apply(card, (input, dim, correction, keepdim))
        if out is None:
            return y
        if not isinstance(y, tuple):
            return into(out, y)
        for o, v in zip(out, y, strict=True):
            into(o, v)
        return out

    function.__name__ = name
    function.__doc__ = (
        f"{result} over all elements or over dim; "
        "divided by n - correction (unbiased=False means correction=0)."
    )
    composite(name, method="mean" not in name)(function)


_spread_function("var", "The variance")
_spread_function("std", "The standard deviation")
_spread_function("var_mean", "(variance, mean)")
_spread_function("std_mean", "(standard deviation, mean)")


# ---------------------------------------------------------------- covariance


@composite("cov", method=True)
def cov(input, *, correction=1, fweights=None, aweights=None):
    """The covariances (V, V) of V variables: input (V, N) or (N), a row each.

    fweights: how often each observation counts (integers); aweights: how much (floats).

    >>> torch.cov(tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if input.ndim > 2:
        raise RuntimeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with "
            f"{input.ndim} dimensions"
        )
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


@composite("corrcoef", method=True)
def corrcoef(input):
    """The correlation coefficients (V, V) of V variables: covariances by standard deviations."""
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


# ---------------------------------------------------------------- logsumexp


@op("_logsumexp", fn=False, method=False, tensors=1, promote="float", node="Logsumexp")
class _Logsumexp:
    """y = ln Σ e^x over dim, by way of the maximum so that nothing overflows;  dx = dy e^(x - y)"""

    def forward(x, dim, keepdim):
        axes = axes_of(dim, x.ndim)
        if not count(x.shape, axes):
            return np.log(np.add.reduce(x, axes, keepdims=keepdim))
        top = np.maximum.reduce(x.real, axes, keepdims=True)
        top = np.where(np.isinf(top), 0, top).astype(top.dtype, copy=False)
        total = np.log(np.add.reduce(K.exp(x - top), axes, keepdims=keepdim))
        return total + top.reshape(np.shape(total))

    def backward(c, dy, x, out, dim, keepdim):
        axes = axes_of(dim, x.ndim)
        y = aligned(out, x.shape, axes, keepdim)
        if not K.is_complex(y):
            y = K.where(y == -np.inf, K.zeros_like(y), y)
        return aligned(dy, x.shape, axes, keepdim) * K.conj(K.exp(x - y))

    def samples(make):
        yield make(3, 4), 1, False
        yield make(2, 3, 4), (0, 2), True
        yield make(), 0, False
        yield make(4, 3).T, 0, False


@composite("logsumexp", method=True)
def logsumexp(input, dim, keepdim=False, *, out=None):
    """ln Σ e^x over dim (an int or several).

    >>> torch.logsumexp(tensor([[1000.0, 1000.0]]), 1)
    tensor([1000.6932])
    """
    y = apply(CARDS["_logsumexp"], (input, dim, keepdim))
    return y if out is None else into(out, y)
