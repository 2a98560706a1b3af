"""Sets and counts: unique, searchsorted, bucketize, bincount, histc, histogram, histogramdd."""

from __future__ import annotations

import math

import numpy as np

from ..core.dtype import int64, scalar_name
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import not_implemented, tensor_argument
from ..dispatch.promotion import is_number
from ..dispatch.registry import FUNCTIONS, Card, composite, internal
from ..dispatch.return_types import named_result
from ..kernels import K
from .sort import axis_or_none

# ---------------------------------------------------------------- different elements

_FOUND = {"tensors": 1, "returns": ("output", "inverse", "counts"), "extras": ("inverse", "counts")}


_NONE = np.empty(0, np.int64)


def _by_counting(x, whole):
    """What Unique2 returns, for whole numbers that lie so close that each can be counted."""
    found = K.count(x.reshape(-1), 4 * x.size)
    if found is None:
        return None
    low, counts = found
    y = np.flatnonzero(counts).astype(np.int64, copy=False)
    if not whole:
        return y + low, _NONE, _NONE
    place = np.empty(counts.size, np.int64)
    place[y] = np.arange(y.size)
    return y + low, place[x - low], counts[y].astype(np.int64, copy=False)


def _by_sorting(x, whole):
    """What Unique2 returns; NaN equals nothing."""
    y, at = K.sort_rows(x.reshape(-1), False)
    starts = np.empty(y.size, bool)
    starts[0] = True
    np.not_equal(y[1:], y[:-1], out=starts[1:])
    y = K.chosen(y, starts)
    if not whole:
        return y, _NONE, _NONE
    inverse = np.empty(x.size, np.int64)
    inverse[at] = np.cumsum(starts) - 1
    counts = np.diff(np.flatnonzero(starts), append=x.size).astype(np.int64, copy=False)
    return y, inverse.reshape(x.shape), counts


@internal("_unique2", node="Unique2Backward0", not_for="c", kernel="unique", **_FOUND)
class Unique2:
    """(output, inverse, counts) of the different elements, sorted; no gradient, as in PyTorch

    whole   False: inverse and counts are not asked for
    """

    def forward(x, dim, whole):
        if dim is None and x.size > 32:
            found = _by_counting(x, whole) if x.dtype == np.int64 else None
            if found is None and (x.dtype == np.int64 or (x.dtype.kind == "f" and x.itemsize > 2)):
                found = _by_sorting(x, whole)
            if found is not None:
                return found
        y, inverse, counts = np.unique(
            x, return_inverse=True, return_counts=True, axis=dim, equal_nan=False
        )
        inverse = K.reshape(inverse, x.shape if dim is None else (x.shape[dim],))
        return y, K.astype(inverse, np.int64), K.astype(counts, np.int64)

    def backward(c, dy):
        raise NotImplementedError("the derivative for '_unique2' is not implemented.")


@internal("unique_dim", node="UniqueDim", not_for="c", kernel="unique", **_FOUND)
class UniqueDim:
    """(output, inverse, counts) of the different slices along dim, sorted"""

    forward = Unique2.source.forward

    def backward(c, dy):
        raise NotImplementedError("the derivative for 'unique_dim' is not implemented.")


@internal("unique_consecutive", node="UniqueConsecutive", **_FOUND)
class UniqueConsecutive:
    """(output, inverse, counts) of the elements (or slices) that differ from the one before"""

    def forward(x, dim, whole):
        rows = x.reshape(-1) if dim is None else np.moveaxis(x, dim, 0)
        n = rows.shape[0]
        starts = np.ones(n, bool)
        starts[1:] = (rows[1:] != rows[:-1]).any(tuple(range(1, rows.ndim)))
        at = np.flatnonzero(starts)
        y = rows[at] if dim is None else np.moveaxis(rows[at], 0, dim)
        inverse = np.cumsum(starts, dtype=np.int64) - 1
        counts = np.diff(at, append=n).astype(np.int64, copy=False)
        return y, K.reshape(inverse, x.shape if dim is None else (n,)), counts

    def backward(c, dy):
        raise NotImplementedError("the derivative for 'unique_consecutive' is not implemented.")


def _run(card: Card, input: Tensor, dim, return_inverse: bool, return_counts: bool):
    if dim is not None:
        dim = axis_or_none(input, dim)
    if dim is not None and input.numel() == 0 and input.shape[dim] != 0:
        raise RuntimeError(
            "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied"
        )
    if dim is not None and card is Unique2:
        card = UniqueDim
    y, inverse, counts = card.run((input, dim, return_inverse or return_counts))
    results = [y, *[inverse] * return_inverse, *[counts] * return_counts]
    return y if len(results) == 1 else tuple(results)


@composite(
    "unique(input, sorted=True, return_inverse: bool = False, return_counts: bool = False, "
    "dim: int | None = None)",
    at="torch Tensor",
)
def unique(input, sorted, return_inverse, return_counts, dim):
    """The different elements (or slices along dim), always sorted; on request (output, inverse,
    counts): where each one went, and how often it occurs.

    errors  NotImplementedError: complex input; IndexError: dim out of range; RuntimeError: slices
            without elements

    >>> torch.unique(tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    return _run(Unique2, input, dim, return_inverse, return_counts)


@composite(
    "unique_consecutive(input, return_inverse: bool = False, return_counts: bool = False, "
    "dim: int | None = None)",
    at="torch Tensor",
)
def unique_consecutive(input, return_inverse, return_counts, dim):
    """input without elements (or slices along dim) that equal the one before; on request (output,
    inverse, counts).

    errors  IndexError: dim out of range; RuntimeError: slices without elements
    """
    return _run(UniqueConsecutive, input, dim, return_inverse, return_counts)


# ---------------------------------------------------------------- places in a sorted sequence


def _search(
    boundaries: np.ndarray, x: np.ndarray, right: bool, sorter: np.ndarray | None
) -> np.ndarray:
    if boundaries.dtype.kind == "b" and x.dtype.kind == "b" and x.size and boundaries.size:
        raise not_implemented("searchsorted_out_cpu", boundaries)
    side = "right" if right else "left"
    both = x, boundaries
    if x.dtype != boundaries.dtype:  # compared in a dtype that holds both
        x, boundaries = (K.astype(v, np.float32) if v.dtype.kind == "V" else v for v in both)
    if not _in_order(boundaries, sorter):
        return _halving(boundaries, x, right, sorter)
    if boundaries.ndim == 1:
        return np.asarray(np.searchsorted(boundaries, x, side, sorter), np.int64)
    lead = int(np.prod(boundaries.shape[:-1]))
    rows, values = boundaries.reshape(lead, boundaries.shape[-1]), x.reshape(lead, x.shape[-1])
    orders = [None] * lead if sorter is None else sorter.reshape(rows.shape)
    found = [np.searchsorted(b, v, side, s) for b, v, s in zip(rows, values, orders, strict=True)]
    return np.array(found, np.int64).reshape(x.shape)


def _in_order(boundaries: np.ndarray, sorter: np.ndarray | None) -> bool:
    if sorter is not None:
        boundaries = np.take_along_axis(boundaries, sorter, -1)
    return bool((boundaries[..., :-1] <= boundaries[..., 1:]).all()) and not (
        boundaries.dtype.kind in "fV" and boundaries.size and np.isnan(boundaries[..., -1]).any()
    )


def _halving(
    boundaries: np.ndarray, x: np.ndarray, right: bool, sorter: np.ndarray | None
) -> np.ndarray:
    """Where bisection ends up in a sequence that is in no order, or has NaN in it; as PyTorch's."""
    if sorter is not None:
        boundaries = np.take_along_axis(boundaries, sorter, -1)
    rows = boundaries.reshape(-1, boundaries.shape[-1])
    values = x.reshape(len(rows), -1)
    low, high = (np.full(values.shape, n, np.int64) for n in (0, rows.shape[1]))
    while (open := low < high).any():
        middle = (low + high) >> 1
        seen = np.take_along_axis(rows, np.minimum(middle, rows.shape[1] - 1), -1)
        further = open & (~(seen > values) if right else ~(seen >= values))
        low, high = np.where(further, middle + 1, low), np.where(open & ~further, middle, high)
    return low.reshape(x.shape)


def _places(found: np.ndarray, out_int32: bool):
    return wrap(np.asarray(found, np.int32 if out_int32 else np.int64))


def _no_scalar(b: np.ndarray) -> RuntimeError:
    return RuntimeError(
        "torch.searchsorted(): input value can be a scalar only when boundaries tensor "
        f"dimension is 1, but we got boundaries tensor dim({b.ndim}) "
        "and input value's dim(0) numel(1)"
    )


@composite(
    "searchsorted(sorted_sequence: Tensor, input: Tensor | Number, *, out_int32: bool = False, "
    "right: bool = False, side: str | None = None, sorter: Tensor | None = None, "
    "out=None)",
    at="torch",
)
def searchsorted(sorted_sequence, input, *, out_int32, right, side, sorter):
    """Where each element of input would go in the sorted last dimension of sorted_sequence.

    right   (or side='right'): behind equal elements
    sorter  indices that sort the sequence
    dtype   int64, or int32 with out_int32
    errors  RuntimeError: leading dimensions that differ, contradicting side and right

    >>> torch.searchsorted(tensor([1.0, 3.0, 5.0]), tensor([3.0, 6.0]))
    tensor([1, 3])
    """
    if side is not None:
        if side not in ("left", "right"):
            raise RuntimeError(
                f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}"
            )
        if side == "left" and right:
            raise RuntimeError(
                "torch.searchsorted(): side and right can't be set to opposites, got side of left "
                "while right was True"
            )
        right = side == "right"
    b = sorted_sequence._a
    if isinstance(input, Tensor):
        x = input._a
        if not x.ndim and b.ndim != 1:
            raise _no_scalar(b)
        if b.ndim != 1 and b.shape[:-1] != x.shape[:-1]:
            raise RuntimeError(
                "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 "
                "dimensions of boundaries tensor and input value tensor must match, but we got "
                f"boundaries tensor {list(b.shape)} and input value tensor {list(x.shape)}"
            )
    elif is_number(input):
        if b.ndim != 1:
            raise _no_scalar(b)
        x = np.asarray(input)
    else:
        tensor_argument("searchsorted", input, position=2)
    order = None
    if sorter is not None:
        order = sorter._a
        if order.shape != b.shape:
            raise RuntimeError(
                "torch.searchsorted(): boundary and sorter must have the same size, but got "
                f"boundary tensor {list(b.shape)}and got sorter tensor {list(order.shape)}"
            )
        if sorter.dtype is not int64:
            raise RuntimeError(
                "torch.searchsorted(): sorter must be a tensor of long dtype but got dtype "
                f"{scalar_name(sorter.dtype)}"
            )
    if out_int32 and b.shape[-1] >= 2**31:
        raise RuntimeError(
            "torch.searchsorted(): the size of boundaries' last dimension should be less than "
            "2147483647"
        )
    return _places(_search(b, x, right, order), out_int32)


@composite(
    "bucketize(input: Tensor | Number, boundaries: Tensor, *, out_int32: bool = False, "
    "right: bool = False, out=None)",
    at="torch",
)
def bucketize(input, boundaries, *, out_int32, right):
    """The index of the bucket of each element: boundaries (1-d, sorted) are upper ends, included
    unless `right`.

    errors  RuntimeError: boundaries are not 1-d

    >>> torch.bucketize(tensor([1.0, 2.5]), tensor([1.0, 2.0, 3.0]))
    tensor([0, 2])
    """
    if boundaries.ndim != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})")
    x = input._a if isinstance(input, Tensor) else np.asarray(input)
    return _places(_search(boundaries._a, x, right, None), out_int32)


# ---------------------------------------------------------------- counting


@composite("bincount(input, weights: Tensor | None = None, minlength: int = 0)", at="torch Tensor")
def bincount(input, weights=None, minlength=0):
    """How often each of 0, 1, 2, ... occurs, or the sum of its weights; at least minlength long.

    dtype   int64; with weights float32 for float32 ones, else float64
    errors  RuntimeError: not 1-d, negative elements, weights of another shape;
            NotImplementedError: input is not of an integer dtype

    >>> torch.bincount(tensor([0, 1, 1, 3]))
    tensor([1, 2, 0, 1])
    """
    x = input._a
    if x.dtype.kind not in "iu":
        raise not_implemented("bincount_cpu", x)
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if x.ndim == 1 and x.size and x.dtype == np.int64 and weights is None:
        found = K.count(x, 1 << 32)
        if found is not None and found[0] >= 0:
            low, counts = found
            if not low and counts.size >= minlength:
                return wrap(counts)
            y = np.zeros(max(minlength, low + counts.size), np.int64)
            y[low : low + counts.size] = counts
            return wrap(y)
    if x.ndim != 1 or (x.size and x.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if weights is None:
        return wrap(np.bincount(x, minlength=minlength).astype(np.int64, copy=False))
    w = weights._a
    if w.shape != x.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    y = np.bincount(x, w, minlength)
    return wrap(y.astype(np.float32) if w.dtype == np.float32 else y)


# ---------------------------------------------------------------- histograms


def _range(x: np.ndarray, low: float, high: float, margin: float) -> tuple[float, float]:
    """The range of a histogram: that of the data if low = high, with a margin if the data have
    none.
    """
    if low == high and x.size:
        low, high = float(x.min()), float(x.max())
    if low == high:
        low, high = low - margin, high + margin
    return low, high


@composite(
    "histc(input, bins: int = 100, min: float = 0, max: float = 0, *, out=None)", at="torch Tensor"
)
def histc(input, bins, min, max):
    """How many elements lie in each of `bins` equal parts of [min, max] (of the data's range if
    both are equal).

    errors  RuntimeError: bins < 1, min > max, a range that is not finite; NotImplementedError: not
            of a floating dtype

    >>> torch.histc(tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])
    """
    x = input._a
    if x.dtype.kind not in "fV":
        raise not_implemented("histogram_cpu", x)
    _check_bins(bins, 0)
    low, high = _range(x, min, max, 1)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"torch.histc: range of [{low:g}, {high:g}] is not finite")
    if low > high:
        raise RuntimeError("torch.histc: max must be larger than min")
    flat = x.reshape(-1)
    flat = flat[(flat >= low) & (flat <= high)]
    place = np.floor((flat.astype(np.float64) - low) / (high - low) * bins).astype(np.int64)
    return wrap(np.bincount(np.minimum(place, bins - 1), minlength=bins).astype(x.dtype))


def _check_bins(bins: int, dim: int) -> None:
    if bins <= 0:
        raise RuntimeError(
            f"torch.histogram(): bins must be > 0, but got {bins} for dimension {dim}"
        )


def _edges(x: Tensor, bins: int, given, dim: int) -> Tensor:
    """bins + 1 edges over the range that was given, or that of the data x (n)."""
    _check_bins(bins, dim)
    if given is not None:
        low, high = float(given[0]), float(given[1])
        if low > high:
            raise RuntimeError(
                f"torch.histogramdd: min should not exceed max, but got min {low:g} max {high:g} "
                f"for dimension {dim}"
            )
        if low == high:
            low, high = low - 0.5, high + 0.5
    elif x.numel():
        low, high = _range(x._a, 0, 0, 0.5)
    else:
        low, high = 0.0, 1.0
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(
            f"torch.histogramdd: dimension {dim}'s range [{low:g}, {high:g}] is not finite"
        )
    return FUNCTIONS["linspace"](low, high, bins + 1, dtype=x.dtype)


def _first_above(e: np.ndarray, v: np.ndarray) -> np.ndarray:
    """For each v the index of the first edge above it, by halving: what that finds among edges that
    do not rise is PyTorch's answer, too."""
    first, count = np.zeros(v.shape, np.int64), np.full(v.shape, e.size)
    while count.any():
        step = count // 2
        on = (count > 0) & ~(v < e[np.minimum(first + step, e.size - 1)])
        first = np.where(on, first + step + 1, first)
        count = np.where(on, count - step - 1, step)
    return first


def _counted(x: Tensor, edges: list[Tensor], weight: Tensor | None, density: bool) -> Tensor:
    """How many rows of x (n, D), or how much weight, lie in each box of the grid of edges.

    The last part of each dimension includes its upper end.
    """
    values = x._a
    shape = tuple(e.shape[0] - 1 for e in edges)
    inside = np.ones(values.shape[0], bool)
    place = np.zeros(values.shape[0], np.int64)
    for d, e in enumerate(edges):
        v = values[:, d]
        inside &= (v >= e._a[0]) & (v <= e._a[-1])
        place = place * shape[d] + np.minimum(_first_above(e._a, v), shape[d]) - 1
    w = None if weight is None else weight._a.reshape(-1)[inside]
    hist = np.bincount(place[inside], w, math.prod(shape)).reshape(shape).astype(values.dtype)
    if density:
        hist = hist / hist.sum()
        for d, e in enumerate(edges):
            hist = hist / np.diff(e._a).reshape((-1,) + (1,) * (len(edges) - 1 - d))
    return wrap(hist.astype(values.dtype, copy=False))


def _check_histogram(input: Tensor, weight: Tensor | None, shape: tuple) -> None:
    if input._a.dtype.kind not in "f":
        raise not_implemented("histogramdd", input._a)
    if weight is not None and tuple(weight.shape) != tuple(shape):
        raise RuntimeError(
            "torch.histogramdd: if weight tensor is provided it should have the same shape as the "
            "input tensor excluding its innermost dimension, but got input with shape "
            f"{list(input.shape)} and weight with shape {list(weight.shape)}"
        )


@composite(
    "histogram(input, bins: int | Tensor = 100, *, range: Sequence[float] | None = None, "
    "weight: Tensor | None = None, density: bool = False, out=None)",
    at="torch Tensor",
)
def histogram(input, bins, *, range, weight, density):
    """(hist, bin_edges): how many elements (or how much weight) lie in each bin.

    bins     a number of equal parts of `range` (of the data's), or a tensor of edges; the last one
             includes its upper end
    density  divided so that the integral is 1
    errors   RuntimeError: bins < 1, a range that is not finite, weight of another shape;
             NotImplementedError: not of a floating dtype

    >>> torch.histogram(tensor([1.0, 2.0, 1.0]), bins=4, range=(0.0, 3.0)).hist
    tensor([0., 2., 1., 0.])
    """
    _check_histogram(input, weight, input.shape)
    x = input.detach().reshape(-1)
    edges = bins if isinstance(bins, Tensor) else _edges(x, bins, range, 0)
    return _HISTOGRAM(_counted(x.unsqueeze(1), [edges], weight, density), edges)


@composite(
    "histogramdd(input, bins: int | Sequence, *, range: Sequence[float] | None = None, "
    "weight: Tensor | None = None, density: bool = False)",
    at="torch",
)
def histogramdd(input, bins, *, range, weight, density):
    """(hist, bin_edges): how many rows of input (*, D) lie in each box of a grid.

    bins     a number of parts for all or for each dimension, or D tensors of edges
    range    the ends of all dimensions, one after the other (2 D numbers); those of the data
    density  divided so that the integral is 1
    errors   RuntimeError: a 1-d input, bins or range of another length, bins < 1, weight of
             another shape; NotImplementedError: not of a floating dtype
    """
    if input.ndim < 2:
        raise RuntimeError("torch.histogramdd: input tensor should have at least 2 dimensions")
    dims = input.shape[-1]
    if isinstance(bins, int):
        bins = [bins] * dims
    if not isinstance(bins, (list, tuple)):
        raise TypeError(
            "histogramdd(): argument 'bins' (position 2) must be int or a sequence, not "
            f"{type(bins).__name__}"
        )
    if len(bins) != dims:
        raise RuntimeError(
            "histogramdd: The size of bins must be equal to the innermost dimension of the input."
            f"\n  got {len(bins)} for {dims}"
        )
    if range is not None and len(range) != 2 * dims:
        raise RuntimeError(
            f"torch.histogramdd: for a {dims}-dimensional histogram range should have {2 * dims} "
            f"elements, but got {len(range)}"
        )
    _check_histogram(input, weight, input.shape[:-1])
    x = input.detach().reshape(-1, dims)
    edges = [
        b
        if isinstance(b, Tensor)
        else _edges(x[:, d], b, None if range is None else range[2 * d : 2 * d + 2], d)
        for d, b in enumerate(bins)
    ]
    return _HISTOGRAMDD(_counted(x, edges, weight, density), tuple(edges))


_HISTOGRAMDD = named_result("histogramdd", ("hist", "bin_edges"))
_HISTOGRAM = named_result("histogram", ("hist", "bin_edges"))
