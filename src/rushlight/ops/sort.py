"""Order and sets: sort, topk, kthvalue, unique, searchsorted, bincount, histc.
NaN counts as the largest number.
"""

from __future__ import annotations

import numpy as np

from ..core.dtype import from_numpy_dtype, int64, scalar_name
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import tensor_argument
from ..dispatch.out import into
from ..dispatch.promotion import is_number
from ..dispatch.registry import CARDS, apply, composite, op
from ..dispatch.return_types import named_result
from ..kernels import K
from .minmax import pick, put_back
from .reduce import axes_of


def ascending(x: np.ndarray, axis: int) -> np.ndarray:
    """The indices that sort x along axis, ties in order."""
    return x.argsort(axis, kind="stable")


def descending_order(x: np.ndarray, axis: int) -> np.ndarray:
    """The indices that sort x from large to small along axis, ties in order, NaN first."""
    back = (*(slice(None),) * axis, slice(None, None, -1))
    return x.shape[axis] - 1 - x[back].argsort(axis, kind="stable")[back]


def _refuse_complex(name: str, x: np.ndarray) -> None:
    if x.dtype.kind == "c":
        raise RuntimeError(f"{name}(): input tensor must be of non-complex type")


def _axis(x: np.ndarray, dim: int) -> int | None:
    axes = axes_of(dim, x.ndim)
    return None if axes is None else axes[0]


def _scattered(dy, indices, x_shape, dim):
    """The gradient of a rearrangement: dy[i] goes to place indices[i] along dim."""
    axes = axes_of(dim, len(x_shape))
    if axes is None:
        return dy
    return K.place(dy, indices, axes[0], x_shape)


@op(
    "_sort",
    fn=False,
    method=False,
    tensors=1,
    extras=("indices",),
    returns=("values", "indices"),
    node="Sort",
)
class _Sort:
    """(values, indices) of x sorted along dim, equal elements in their order;
    dy goes back to where it came from
    """

    def forward(x, dim, descending):
        _refuse_complex("sort", x)
        axis = _axis(x, dim)
        if axis is None:
            return x.copy(), np.zeros((), np.int64)
        order = descending_order(x, axis) if descending else ascending(x, axis)
        return K.take_along_axis(x, order, axis), order

    def backward(c, dy, indices, x_shape, dim):
        return _scattered(dy, indices, x_shape, dim)

    def samples(make):
        yield make(3, 4), 1, False
        yield make(2, 3, 2), -2, True
        yield make(), 0, False
        yield make(0, 5), 0, True
        yield make(4, 3).T, 0, False


_STABLE = CARDS["_sort"].renamed("SortBackward1")
CARDS["_sort"].result.__name__ = "sort"


def into_pair(out, y):
    """(values, indices) written into the two tensors of out=."""
    return y if out is None else type(y)(into(out[0], y[0]), into(out[1], y[1]))


@composite("sort", method=True)
def sort(input, dim=-1, descending=False, stable=None, *, out=None):
    """(values, indices) of input sorted along dim. Always stable:
    equal elements keep their order.

    >>> torch.sort(tensor([3, 1, 2]), descending=True)
    torch.return_types.sort(
    values=tensor([3, 2, 1]),
    indices=tensor([0, 2, 1]))
    """
    if isinstance(dim, bool):  # sort(x, descending)
        dim, descending = -1, dim
    return into_pair(
        out, apply(CARDS["_sort"] if stable is None else _STABLE, (input, dim, bool(descending)))
    )


@composite("argsort", method=True)
def argsort(input, dim=-1, descending=False, stable=None, *, out=None):
    """The indices that sort input along dim; equal elements keep their order."""
    x = input._a
    _refuse_complex("argsort", x)
    axis = _axis(x, dim)
    if axis is None:
        y = wrap(np.zeros((), np.int64))
    else:
        y = wrap(descending_order(x, axis) if descending else ascending(x, axis))
    return y if out is None else into(out, y)


@composite("msort", method=True)
def msort(input, *, out=None):
    """input sorted along the first dimension."""
    y = sort(input, 0)[0]
    return y if out is None else into(out, y)


@op("topk", tensors=1, extras=("indices",), returns=("values", "indices"))
class Topk:
    """(values, indices) of the k largest (or smallest) elements along dim, in order;
    dy goes back to them

    RuntimeError: k negative or larger than the dimension.

    >>> torch.topk(tensor([1.0, 4.0, 2.0, 3.0]), 2)
    torch.return_types.topk(
    values=tensor([4., 3.]),
    indices=tensor([1, 3]))
    """

    def forward(x, k, dim=-1, largest=True, sorted=True):
        _refuse_complex("topk", x)
        axis = _axis(x, dim)
        n = 1 if axis is None else x.shape[axis]
        if not 0 <= k <= n:
            raise RuntimeError("selected index k out of range")
        if axis is None:
            return x.copy(), np.zeros((), np.int64)
        window = (slice(None),) * axis
        chosen = (*window, slice(n - k, None) if largest else slice(0, k))
        if 0 < k < n // 8:  # find the k first, sort only those
            found = np.argpartition(x, n - k if largest else k - 1, axis)[chosen]
            order = ascending(np.take_along_axis(x, found, axis), axis)
            index = np.take_along_axis(found, order, axis)
        else:
            index = ascending(x, axis)[chosen]
        if largest:
            index = index[(*window, slice(None, None, -1))]
        index = np.ascontiguousarray(index)
        return K.take_along_axis(x, index, axis), index

    def backward(c, dy, indices, x_shape, dim):
        return _scattered(dy, indices, x_shape, dim)

    def samples(make):
        yield make(3, 4), 2
        yield make(2, 3, 2), 1, 0, False
        yield make(), 1
        yield make(3, 20), 2
        yield make(4, 3).T, 3, 0


@op(
    "_kthvalue",
    fn=False,
    method=False,
    tensors=1,
    extras=("indices",),
    returns=("values", "indices"),
    node="Kthvalue",
)
class _Kthvalue:
    """(values, indices) of the k-th smallest element along dim, k from 1;  dy goes back to it

    RuntimeError: k out of range.
    """

    def forward(x, k, dim=-1, keepdim=False):
        _refuse_complex("kthvalue", x)
        axis = _axis(x, dim)
        n = 1 if axis is None else x.shape[axis]
        if axis is not None and n == 0:
            raise IndexError(f"kthvalue(): Expected reduction dim {axis} to have non-zero size.")
        if not 1 <= k <= n:
            raise RuntimeError(
                f"kthvalue(): selected number k out of range for dimension {axis or 0}"
            )
        if axis is None:
            return x.copy(), np.zeros((), np.int64)
        return pick(x, np.take(ascending(x, axis), [k - 1], axis), axis, keepdim)

    def backward(c, dy, indices, x_shape, dim, keepdim):
        return put_back(dy, indices, x_shape, dim, keepdim)

    def samples(make):
        yield make(3, 4), 2
        yield make(2, 3, 2), 3, 1, True
        yield make(), 1
        yield make(4, 3).T, 1, 0


CARDS["_kthvalue"].result.__name__ = "kthvalue"


@composite("kthvalue", method=True)
def kthvalue(input, k, dim=-1, keepdim=False, *, out=None):
    """(values, indices) of the k-th smallest element along dim, k from 1. RuntimeError:
    k out of range.
    """
    if out is not None and np.shares_memory(out[0]._a, input._a):
        raise RuntimeError(
            "unsupported operation: some elements of the input tensor and the written-to tensor "
            "refer to a single "
            "memory location. Please clone() the tensor before performing the operation."
        )
    return into_pair(out, apply(CARDS["_kthvalue"], (input, k, dim, keepdim)))


# ---------------------------------------------------------------- sets


@composite("unique", method=True)
def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """The different elements (or slices along dim), sorted;
    on request where each one went, and how often it occurs.

    >>> torch.unique(tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    x = input._a
    if dim is not None and x.ndim == 0:
        dim = None
    axis = None if dim is None else _axis(x, dim)
    if axis is not None and x.size == 0 and x.shape[axis] != 0:
        raise RuntimeError(
            "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied"
        )
    y, inverse, counts = np.unique(
        x, return_inverse=True, return_counts=True, axis=axis, equal_nan=False
    )
    shape = x.shape if axis is None else (x.shape[axis],)
    return _with(y, inverse.reshape(shape), counts, return_inverse, return_counts)


def _with(y, inverse, counts, return_inverse: bool, return_counts: bool):
    results = [wrap(y)]
    if return_inverse:
        results.append(wrap(inverse.astype(np.int64, copy=False)))
    if return_counts:
        results.append(wrap(counts.astype(np.int64, copy=False)))
    return results[0] if len(results) == 1 else tuple(results)


@composite("unique_consecutive", method=True)
def unique_consecutive(input, return_inverse=False, return_counts=False, dim=None):
    """input without elements (or slices along dim) that equal the one before."""
    x = input._a
    axis = None if dim is None else _axis(x, dim)
    if axis is not None and x.size == 0 and x.shape[axis] != 0:
        raise RuntimeError(
            "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied"
        )
    rows = x.reshape(-1) if axis is None else np.moveaxis(x, axis, 0)
    n = rows.shape[0]
    changed = rows[1:] != rows[:-1]
    starts = np.ones(n, bool)
    starts[1:] = changed.any(tuple(range(1, rows.ndim)))
    at = np.flatnonzero(starts)
    y = rows[at] if axis is None else np.moveaxis(rows[at], 0, axis)
    inverse = np.cumsum(starts) - 1
    counts = np.diff(at, append=n)
    return _with(
        y, inverse.reshape(x.shape if axis is None else n), counts, return_inverse, return_counts
    )


# ---------------------------------------------------------------- places in a sorted sequence


def _search(
    boundaries: np.ndarray, x: np.ndarray, right: bool, sorter: np.ndarray | None
) -> np.ndarray:
    side = "right" if right else "left"
    if boundaries.ndim == 1:
        return np.searchsorted(boundaries, x, side, sorter)
    lead = int(np.prod(boundaries.shape[:-1]))
    rows, values = boundaries.reshape(lead, boundaries.shape[-1]), x.reshape(lead, x.shape[-1])
    orders = [None] * lead if sorter is None else sorter.reshape(rows.shape)
    found = [np.searchsorted(b, v, side, s) for b, v, s in zip(rows, values, orders, strict=True)]
    return np.array(found, np.int64).reshape(x.shape)


def _places(found: np.ndarray, out_int32: bool, out):
    y = wrap(np.asarray(found, np.int32 if out_int32 else np.int64))
    if out is None:
        return y
    if out.dtype is not y.dtype:
        raise RuntimeError(
            "torch.searchsorted(): output tensor's dtype is wrong, it can only be Int(int32) or "
            "Long(int64) "
            "depending on whether out_int32 flag is True, but we got output tensor's dtype "
            f"{scalar_name(out.dtype)} "
            f"and out_int32 flag is {'True' if out_int32 else 'False'}"
        )
    return into(out, y)


@composite("searchsorted")
def searchsorted(
    sorted_sequence, input, *, out_int32=False, right=False, side=None, sorter=None, out=None
):
    """Where each element of input would go in the sorted last dimension of sorted_sequence.

    right (or side='right'): behind equal elements. sorter:
    indices that sort the sequence. RuntimeError: leading
    dimensions that differ, contradicting side and right, different dtypes.

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
        if b.ndim != 1 and b.shape[:-1] != x.shape[:-1]:
            raise RuntimeError(
                "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 "
                "dimensions of boundaries "
                "tensor and input value tensor must match, but we got boundaries tensor "
                f"{list(b.shape)} and input "
                f"value tensor {list(x.shape)}"
            )
        if x.dtype != b.dtype:
            raise RuntimeError(
                "torch.searchsorted(): boundary tensor and input value tensor should have same "
                "dtype, but got boundary "
                f"tensor dtype {scalar_name(from_numpy_dtype(b.dtype))} and input value tensor "
                "dtype "
                f"{scalar_name(from_numpy_dtype(x.dtype))}"
            )
    elif is_number(input):
        if b.ndim != 1:
            raise RuntimeError(
                "torch.searchsorted(): input value can be a scalar only when boundaries tensor "
                "dimension is 1, but we "
                f"got boundaries tensor dim({b.ndim}) and input value's dim(0) numel(1)"
            )
        x = np.asarray(input)
    else:
        tensor_argument("searchsorted", input, position=2)
    order = None
    if sorter is not None:
        order = sorter._a
        if order.shape != b.shape:
            raise RuntimeError(
                "torch.searchsorted(): boundary and sorter must have the same size, but got "
                "boundary tensor "
                f"{list(b.shape)}and got sorter tensor {list(order.shape)}"
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
    return _places(_search(b, x, right, order), out_int32, out)


@composite("bucketize")
def bucketize(input, boundaries, *, out_int32=False, right=False, out=None):
    """The index of the bucket of each element:
    boundaries (1-d, sorted) are upper ends, included unless `right`.

    >>> torch.bucketize(tensor([1.0, 2.5]), tensor([1.0, 2.0, 3.0]))
    tensor([0, 2])
    """
    if boundaries.ndim != 1:
        raise RuntimeError(
            f"bucketize(): boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})"
        )
    x = input._a if isinstance(input, Tensor) else np.asarray(input)
    return _places(_search(boundaries._a, x, right, None), out_int32, out)


Tensor.bucketize = bucketize


# ---------------------------------------------------------------- counting


@composite("bincount", method=True)
def bincount(input, weights=None, minlength=0):
    """How often each of 0, 1, 2, ... occurs, or the sum of its weights; at least minlength long.

    >>> torch.bincount(tensor([0, 1, 1, 3]))
    tensor([1, 2, 0, 1])
    """
    x = input._a
    if x.dtype.kind not in "iu":
        raise RuntimeError(f"\"bincount_cpu\" not implemented for '{scalar_name(input.dtype)}'")
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if x.ndim != 1 or (x.size and x.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if weights is None:
        return wrap(np.bincount(x, minlength=minlength).astype(np.int64, copy=False))
    w = weights._a
    if w.shape != x.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    y = np.bincount(x, w, minlength)
    return wrap(y.astype(np.float32) if w.dtype == np.float32 else y)


def _range(x: np.ndarray, low: float, high: float, margin: float) -> tuple[float, float]:
    """The range of a histogram: that of the data if low = high, with a margin if the data have
    none.
    """
    if low == high and x.size:
        low, high = float(x.min()), float(x.max())
    if low == high:
        low, high = low - margin, high + margin
    return low, high


@composite("histc", method=True)
def histc(input, bins=100, min=0, max=0, *, out=None):
    """How many elements lie in each of `bins` equal parts of [min, max] (of the data's range if
    both are equal).

    >>> torch.histc(tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])
    """
    if bins <= 0:
        raise RuntimeError("bins must be > 0")
    x = input._a
    low, high = _range(x, min, max, 1)
    if not (np.isfinite(low) and np.isfinite(high)):
        raise RuntimeError(f"histc: range of [{low:g}, {high:g}] is not finite")
    if low > high:
        raise RuntimeError("max must be larger than min")
    flat = x.reshape(-1)
    flat = flat[(flat >= low) & (flat <= high)]
    place = np.floor((flat.astype(np.float64) - low) / (high - low) * bins).astype(np.int64)
    y = wrap(np.bincount(np.minimum(place, bins - 1), minlength=bins).astype(x.dtype))
    return y if out is None else into(out, y)


@composite("histogram", method=True)
def histogram(input, bins, *, range=None, weight=None, density=False, out=None):
    """(hist, bin_edges): how many elements (or how much weight) lie in each bin.

    bins: a number of equal parts of `range` (of the data's), or a tensor of edges. density:
    divided so that the
    integral is 1. The last bin includes its upper end.
    """
    from ..dispatch.registry import FUNCTIONS

    x = input._a.reshape(-1)
    if isinstance(bins, Tensor):
        edges = bins._a
    else:
        low, high = _range(x, *(range or (0, 0)), 0.5) if range or x.size else (0, 1)
        edges = FUNCTIONS["linspace"](low, high, int(bins) + 1, dtype=input.dtype)._a
    w = None if weight is None else weight._a.reshape(-1)
    place = np.searchsorted(edges, x, "right") - 1
    place = np.where(x == edges[-1], len(edges) - 2, place)
    inside = (place >= 0) & (place < len(edges) - 1)
    hist = np.bincount(place[inside], None if w is None else w[inside], len(edges) - 1).astype(
        x.dtype
    )
    if density:
        hist = (hist / hist.sum() / np.diff(edges)).astype(x.dtype)
    y = _HISTOGRAM(wrap(hist), wrap(edges))
    return into_pair(out, y)


@composite("histogramdd")
def histogramdd(input, bins, *, range=None, weight=None, density=False):
    """(hist, bin_edges): counts over the boxes of a grid;
    input (*, D), one list of edges for each of D.

    bins: a number of parts for all or for each dimension, or a list of D tensors of edges.
    """
    from ..dispatch.registry import FUNCTIONS

    x = input._a.reshape(-1, input.shape[-1])
    dims = x.shape[1]
    if isinstance(bins, int):
        bins = [bins] * dims
    if len(bins) != dims:
        raise RuntimeError(
            "histogramdd(): The size of bins must be equal to the innermost dimension of the "
            "input, "
            f"got {len(bins)} and {dims}"
        )
    edges = []
    for d, b in enumerate(bins):
        if isinstance(b, Tensor):
            edges.append(b)
            continue
        given = (0, 0) if range is None else range[2 * d : 2 * d + 2]
        low, high = _range(x[:, d], *given, 0.5) if range or len(x) else (0, 1)
        edges.append(FUNCTIONS["linspace"](low, high, b + 1, dtype=input.dtype))
    w = None if weight is None else weight._a.reshape(-1)
    hist, _ = np.histogramdd(x, [e._a for e in edges], weights=w)
    hist = hist.astype(x.dtype)
    if density:
        hist = hist / hist.sum()
        for d, e in enumerate(edges):
            width = np.diff(e._a)
            hist = hist / width.reshape((-1,) + (1,) * (dims - 1 - d))
    return _HISTOGRAMDD(wrap(hist.astype(x.dtype)), tuple(edges))


_HISTOGRAMDD = named_result("histogramdd", ("hist", "bin_edges"))
_HISTOGRAM = named_result("histogram", ("hist", "bin_edges"))
