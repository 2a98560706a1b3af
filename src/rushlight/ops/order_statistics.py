"""Order statistics: median, mode, quantiles.

x the input, y the values; `dim` None for all elements.
"""

from __future__ import annotations

import math

import numpy as np

from ..core.memory import owned
from ..core.tensor import Tensor, wrap
from ..dispatch.registry import composite, internal, op
from ..kernels import K, native
from .minmax import (
    dims_not_empty,
    evenly,
    index_samples,
    only_one,
    pick,
    put_back,
    real_only,
)
from .reduce import axes_of
from .sort import kth


def _middle(x: np.ndarray, axis: int, ignore_nan: bool) -> np.ndarray:
    """The index (size 1 at axis) of each row's lower median; of its first NaN if NaN counts."""
    n = x.shape[axis]
    middle = (n - 1) // 2
    asked = type(x) is np.ndarray  # a device is not
    if x.dtype.kind not in "fV" or (asked and not np.isnan(x).any()):
        return kth(x, middle + 1, axis).astype(np.int64, copy=False)
    order = np.argsort(x, axis, kind="stable").astype(np.int64, copy=False)
    nans = np.isnan(x).sum(axis, keepdims=True)
    valid = n - nans
    if ignore_nan:
        place = np.where(valid == 0, 0, (valid - 1) // 2)
    else:
        place = np.where(nans > 0, valid, middle)
    return np.take_along_axis(order, place, axis)


def _median_of_all(x, ignore_nan: bool):
    if native is not None and not ignore_nan and (y := native.median_of_all(x)) is not None:
        return y
    if x.size == 0:
        with np.errstate(invalid="ignore"):  # NaN as C casts it
            nothing = np.array(math.nan).astype(x.dtype)
        return K.full_like(K.zeros((), like=x), nothing)
    flat = x.reshape(-1)
    return K.reshape(flat[_middle(flat, 0, ignore_nan)], ())


def _median_along(x, dim, keepdim, ignore_nan: bool):
    axes = axes_of(dim, x.ndim)
    if axes is None:
        return only_one(x)
    if native is not None and not ignore_nan and axes[0] == x.ndim - 1:
        if (found := native.median_of_rows(x, keepdim)) is not None:
            return found
    return pick(x, _middle(x, axes[0], ignore_nan), axes[0], keepdim)


def _all_samples(make):
    yield make(3, 4)
    yield make()
    yield make(5, 3).T


_INDEXED = {
    "tensors": 1,
    "extras": ("indices",),
    "returns": ("values", "indices"),
    "fresh": True,
}


@internal("median_all", node="Median", accumulate=True)
class MedianAll:
    """The lower median of all elements; NaN if there is one.  dy is shared equally by ties"""

    def forward(x):
        return _median_of_all(x, False)

    def backward(c, dy, x, out):
        return evenly(dy, x, out)

    samples = _all_samples


@internal("nanmedian_all", node="Nanmedian", accumulate=True)
class NanmedianAll:
    """The lower median of all elements that are no NaN.  dy is shared equally by ties"""

    def forward(x):
        return _median_of_all(x, True)

    def backward(c, dy, x, out):
        return evenly(dy, x, out)

    samples = _all_samples


@internal("median", node="Median1", **_INDEXED)
class MedianDim:
    """(values, indices) of the lower median along dim;  dy goes there"""

    def forward(x, dim, keepdim):
        return _median_along(x, dim, keepdim, False)

    def backward(c, dy, indices, x_shape, dim, keepdim):
        return put_back(dy, indices, x_shape, dim, keepdim)

    samples = index_samples


@internal("nanmedian", node="Nanmedian1", **_INDEXED)
class NanmedianDim:
    """(values, indices) of the lower median along dim, NaN left out;  dy goes there"""

    def forward(x, dim, keepdim):
        return _median_along(x, dim, keepdim, True)

    def backward(c, dy, indices, x_shape, dim, keepdim):
        return put_back(dy, indices, x_shape, dim, keepdim)

    samples = index_samples


def _choose(name: str, whole, along, input, dim, keepdim):
    if dim is None:
        real_only("median_cpu", input)
        return whole.run((input,))
    real_only("median_out", input)
    dims_not_empty(name, input, dim)
    return along.run((input, dim, keepdim))


@composite("median(input, dim: int | None = None, keepdim=False, *, out=None)", at="torch Tensor")
def median(input, dim, keepdim):
    """The lower median of all elements; over dim: (values, indices). NaN if there is one.

    grad    of all elements: shared equally by ties; over dim: to the element of `indices`
    errors  NotImplementedError: complex input, bool; IndexError: dim of size 0 or out of range

    >>> torch.median(tensor([3.0, 1.0, 2.0, 4.0]))
    tensor(2.)
    """
    return _choose("median", MedianAll, MedianDim, input, dim, keepdim)


@composite(
    "nanmedian(input, dim: int | None = None, keepdim=False, *, out=None)", at="torch Tensor"
)
def nanmedian(input, dim, keepdim):
    """As median, NaN left out.

    errors  NotImplementedError: complex input; IndexError: dim of size 0 or out of range
    """
    return _choose("nanmedian", NanmedianAll, NanmedianDim, input, dim, keepdim)


@op(
    "mode(input, dim=-1, keepdim=False, *, out=None)",
    at="torch Tensor",
    not_for="c",
    kernel="mode_cpu",
    **_INDEXED,
)
class Mode:
    """(values, indices): the most frequent element along dim, the smallest of ties, and the
    index of its last occurrence

    grad    dy goes to that place
    errors  NotImplementedError: complex input; IndexError: dim of size 0 or out of range

    >>> torch.mode(tensor([2, 1, 2, 3]))
    torch.return_types.mode(
    values=tensor(2),
    indices=tensor(2))
    """

    def prepare(input, dim, keepdim):
        dims_not_empty("mode", input, dim)
        return input, dim, keepdim

    def forward(x, dim, keepdim):
        axes = axes_of(dim, x.ndim)
        if axes is None:
            return only_one(x)
        if native is not None and axes[0] == x.ndim - 1:
            if (found := native.mode_of_rows(x, keepdim)) is not None:
                return found
        rows = np.moveaxis(x, axes[0], -1)
        order = np.argsort(rows, -1, kind="stable").astype(np.int64, copy=False)
        y = np.take_along_axis(rows, order, -1)
        n = y.shape[-1]
        starts = np.concatenate([np.ones((*y.shape[:-1], 1), bool), y[..., 1:] != y[..., :-1]], -1)
        first = np.maximum.accumulate(np.where(starts, np.arange(n), 0), -1)
        # the end of the first longest run
        last = np.argmax(np.arange(n) - first, -1, keepdims=True)
        index = np.moveaxis(np.take_along_axis(order, last, -1), -1, axes[0])
        return pick(x, index, axes[0], keepdim)

    def backward(c, dy, indices, x_shape, dim, keepdim):
        return put_back(dy, indices, x_shape, dim, keepdim)

    samples = index_samples


_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(name: str, input, q, dim, keepdim, interpolation, ignore_nan: bool):
    if input.dtype.name not in ("float32", "float64"):
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype")
    if input.numel() == 0:
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, "
            f"but got {interpolation}"
        )
    x = input._a
    if isinstance(q, Tensor):
        if q.ndim > 1:
            raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
        if q.dtype is not input.dtype:
            raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
        qs = q._a
    else:
        qs = np.asarray(q, x.dtype)
    if not ((qs >= 0) & (qs <= 1)).all():
        raise RuntimeError(
            f"{name}() q values must be in the range [0, 1]"
            if isinstance(q, Tensor)
            else f"{name}() q must be in the range [0, 1] but got {q}"
        )
    axes = axes_of(dim, input.ndim)
    rows = input.reshape(-1) if axes is None else input.movedim(axes[0], -1)
    y = _at_quantiles(
        rows,
        q.reshape(-1) if isinstance(q, Tensor) else wrap(qs.reshape(-1)).to(input.device),
        interpolation,
        ignore_nan,
    )  # (*, Q)
    if keepdim and input.ndim:
        shape = (
            [1] * input.ndim
            if axes is None
            else [1 if i == axes[0] else n for i, n in enumerate(x.shape)]
        )
        y = y.movedim(-1, 0).reshape([y.shape[-1], *shape])
    else:
        y = y.movedim(-1, 0)
    return owned(y if qs.ndim else y.squeeze(0))


def _at_quantiles(rows: Tensor, q: Tensor, interpolation: str, ignore_nan: bool) -> Tensor:
    """The quantiles q (Q) of each row: rows (*, n) -> (*, Q).

    Differentiable in both, by the weight between neighbours.
    """
    ordered = rows.sort(-1)[0]
    bad, n = np.isnan(rows._a), rows.shape[-1]
    if ignore_nan:
        last = (n - 1 - bad.sum(-1, keepdims=True)).clip(0)  # (*, 1)
    else:
        last = np.full((*rows.shape[:-1], 1), n - 1)
    rank = q * wrap(last.astype(rows._a.dtype))  # (*, Q)
    if not ignore_nan:
        rank = rank.masked_fill(wrap(bad.any(-1, keepdims=True)), n - 1)
    if interpolation == "lower":
        rank = rank.floor()
    elif interpolation == "higher":
        rank = rank.ceil()
    elif interpolation == "nearest":
        rank = rank.round()
    below = np.floor(rank._a)
    y = ordered.gather(-1, wrap(below.astype(np.int64)))
    if interpolation not in ("linear", "midpoint"):
        return y
    above = np.ceil(rank._a)
    weight = rank - wrap(below)
    if interpolation == "midpoint":
        weight = wrap(np.where(below == above, 0, 0.5).astype(below.dtype))
    return y.lerp(ordered.gather(-1, wrap(above.astype(np.int64))), weight)


@composite(
    "quantile(input, q: float | Tensor, dim: int | None = None, keepdim=False, *, "
    "interpolation: str = 'linear', out=None)",
    at="torch Tensor",
)
def quantile(input, q, dim, keepdim, *, interpolation):
    """The q-th quantiles of all elements or along dim.

    q              a number in [0, 1], or a 1-d tensor of them, whose dimension comes first
    interpolation  between two elements: linear, lower, higher, midpoint or nearest
    errors         RuntimeError: neither float32 nor float64, no elements, q outside of [0, 1]

    >>> torch.quantile(tensor([0.0, 1.0, 2.0, 3.0]), 0.4)
    tensor(1.2000)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, False)


@composite(
    "nanquantile(input, q: float | Tensor, dim: int | None = None, keepdim=False, *, "
    "interpolation: str = 'linear', out=None)",
    at="torch Tensor",
)
def nanquantile(input, q, dim, keepdim, *, interpolation):
    """As quantile, NaN left out.

    errors  RuntimeError: neither float32 nor float64, no elements, q outside of [0, 1]
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, True)
