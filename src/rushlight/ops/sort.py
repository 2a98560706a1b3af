"""Order: sort, argsort, msort, topk, kthvalue. NaN counts as the largest number."""

from __future__ import annotations

import numpy as np

from ..core.tensor import Tensor
from ..dispatch.messages import not_implemented
from ..dispatch.registry import composite, op
from ..kernels import K, native
from .minmax import dims_not_empty, only_one, pick, put_back
from .reduce import axes_of
from .ties import settle


def ascending(x: np.ndarray, axis: int) -> np.ndarray:
    """The indices that sort x along axis, ties in order."""
    return x.argsort(axis, kind="stable").astype(np.int64, copy=False)


def descending_order(x: np.ndarray, axis: int) -> np.ndarray:
    """The indices that sort x from large to small along axis, ties in order, NaN first."""
    back = (*(slice(None),) * axis, slice(None, None, -1))
    return x.shape[axis] - 1 - ascending(x[back], axis)[back]


def _no_complex(what: str, x: Tensor) -> None:
    if x.is_complex():
        raise RuntimeError(f" {what} does not support complex dtypes on CPU")


def axis_or_none(x, dim: int) -> int | None:
    """dim counted from 0; None for a 0-d tensor."""
    axes = axes_of(dim, x.ndim)
    return None if axes is None else axes[0]


def _order(x, axis: int, descending: bool):
    return descending_order(x, axis) if descending else ascending(x, axis)


def _in_rows(kernel, x, axis: int, *options):
    """(values, indices) along axis, from a kernel that works along the last one."""
    if axis == x.ndim - 1:
        return kernel(x, *options)
    y, index = kernel(K.dense(x.swapaxes(axis, -1)), *options)
    return K.dense(y.swapaxes(axis, -1)), K.dense(index.swapaxes(axis, -1))


def _scattered(dy, indices, x_shape, dim):
    """The gradient of a rearrangement: dy[i] goes to place indices[i] along dim."""
    axes = axes_of(dim, len(x_shape))
    if axes is None:
        return dy
    return K.place(dy, indices, axes[0], x_shape)


_INDEXED = {
    "tensors": 1,
    "extras": ("indices",),
    "returns": ("values", "indices"),
    "fresh": True,
}


@op(
    "sort(input, dim=-1, descending=False, *, stable: bool | None = None, out=None)",
    at="torch Tensor",
    order="input",
    **_INDEXED,
)
class Sort:
    """(values, indices) of input sorted along dim; equal elements always keep their order

    grad    dy goes back to where it came from
    errors  RuntimeError: complex input; IndexError: dim out of range

    >>> torch.sort(tensor([3, 1, 2]), descending=True)
    torch.return_types.sort(
    values=tensor([3, 2, 1]),
    indices=tensor([0, 2, 1]))
    """

    def prepare(input, dim, descending, stable):
        _no_complex("Sort", input)
        return input, dim, bool(descending), stable

    def variant(x, dim, descending, stable):
        return None if stable is None else "Sort1"

    def forward(x, dim, descending, stable):
        axis = axis_or_none(x, dim)
        if axis is None:
            return only_one(x)
        if x.dtype.kind not in "fiV":
            order = _order(x, axis, descending)
            return K.take_along_axis(x, order, axis), order
        return _in_rows(K.sort_rows, x, axis, descending)

    def backward(c, dy, indices, x_shape, dim):
        return _scattered(dy, indices, x_shape, dim)

    def samples(make):
        yield make(3, 4), 1, False
        yield make(2, 3, 2), -2, True
        yield make(), 0, False
        yield make(0, 5), {"dim": 0, "descending": True, "stable": True}
        yield make(4, 3).T, 0, False


@op(
    "argsort(input, dim=-1, descending=False, *, stable: bool = False)",
    at="torch Tensor",
    order="input",
)
class Argsort:
    """The indices that sort input along dim; equal elements always keep their order

    errors  RuntimeError: complex input; IndexError: dim out of range
    """

    backward = None

    def prepare(input, dim, descending, stable):
        _no_complex("Sort", input)
        return input, dim, bool(descending), stable

    def forward(x, dim, descending, stable):
        axis = axis_or_none(x, dim)
        if axis is None:
            return K.zeros((), like=x, dtype=np.int64)
        return _order(x, axis, descending)

    def samples(make):
        yield make(3, 4)
        yield make(2, 3, 2), -2, True
        yield make()


@composite("msort(input, *, out=None)", at="torch Tensor")
def msort(input):
    """input sorted along the first dimension.

    errors  RuntimeError: complex input
    """
    return Sort(input, 0)[0]


@op(
    "topk(input, k: int, dim=-1, largest=True, sorted=True, *, out=None)",
    at="torch Tensor",
    quiet=False,
    **_INDEXED,
)
class Topk:
    """(values, indices) of the k largest (or smallest) elements along dim, always in order

    grad    dy goes back to them
    errors  RuntimeError: k negative or larger than the dimension, complex input; IndexError: dim
            out of range

    >>> torch.topk(tensor([1.0, 4.0, 2.0, 3.0]), 2)
    torch.return_types.topk(
    values=tensor([4., 3.]),
    indices=tensor([1, 3]))
    """

    def prepare(input, k, dim, largest, sorted):
        a = input._a
        if a.dtype.kind in "bc":
            _no_complex("topk", input)
            raise RuntimeError("topk does not support bool dtypes on CPU")
        if type(dim) is int and -a.ndim <= dim < a.ndim:
            size = a.shape[dim]
        else:
            axis = axis_or_none(a, dim)
            size = 1 if axis is None else a.shape[axis]
        if not 0 <= k <= size:
            raise RuntimeError("selected index k out of range")
        return input, k, dim, largest, sorted

    def forward(x, k, dim, largest, sorted):
        if native is not None and k and (dim == -1 or dim == x.ndim - 1) and x.ndim:
            if x.shape[-1] < 64 and x.dtype.kind in "fi" and type(x) is np.ndarray:
                values, index = K.top_rows(x, k, bool(largest))
                if native.no_ties(x, index):
                    return values, index
        axis = axis_or_none(x, dim)
        if axis is None:
            return only_one(x)
        if x.dtype.kind in "fiV" and k:
            values, found = _in_rows(K.top_rows, x, axis, k, bool(largest))
        else:
            values, found = None, _order(x, axis, largest).take(np.arange(k), axis)
        index = settle(x, found, axis, k, "largest" if largest else "smallest")
        if values is not None and index is found:
            return values, index
        return K.take_along_axis(x, index, axis), index

    def backward(c, dy, indices, x_shape, dim):
        return _scattered(dy, indices, x_shape, dim)

    def samples(make):
        yield make(3, 4), 2
        yield make(2, 3, 2), 1, 0, False
        yield make(), 1
        yield make(3, 20), 2
        yield make(4, 3).T, 3, 0


def kth(x, k: int, axis: int):
    """Where the k-th smallest along axis is, of equal ones as a stable sort has them."""
    if type(x) is np.ndarray and x.size >= 1 << 12 and x.dtype.kind != "V":
        value = np.partition(x, k - 1, axis).take([k - 1], axis)
        if value.dtype.kind != "f" or not np.isnan(value).any():
            equal, below = x == value, np.count_nonzero(x < value, axis, keepdims=True)
            return (equal.cumsum(axis) == k - below).argmax(axis, keepdims=True)
    return ascending(x, axis).take([k - 1], axis)


@op(
    "kthvalue(input, k: int, dim=-1, keepdim=False, *, out=None)",
    at="torch Tensor",
    not_for="c",
    kernel="kthvalue_cpu",
    **_INDEXED,
)
class Kthvalue:
    """(values, indices) of the k-th smallest element along dim, k from 1;  dy goes back to it

    errors  RuntimeError: k out of range; NotImplementedError: complex input; IndexError: dim of
            size 0 or out of range
    """

    def prepare(input, k, dim, keepdim):
        axes = dims_not_empty("kthvalue", input, dim)
        if axes is not None and input._a.dtype.kind == "b":
            raise not_implemented("kthvalue_cpu", input._a)
        if not 1 <= k <= (1 if axes is None else input.shape[axes[0]]):
            raise RuntimeError(
                f"kthvalue(): selected number k out of range for dimension {axes[0] if axes else 0}"
            )
        return input, k, dim, keepdim

    def forward(x, k, dim, keepdim):
        axis = axis_or_none(x, dim)
        if axis is None:
            return only_one(x)
        index = settle(x, kth(x, k, axis), axis, k, "kth")
        return pick(x, index, axis, keepdim)

    def backward(c, dy, indices, x_shape, dim, keepdim):
        return put_back(dy, indices, x_shape, dim, keepdim)

    def samples(make):
        yield make(3, 4), 2
        yield make(2, 3, 2), 3, 1, True
        yield make(), 1
        yield make(4, 3).T, 1, 0
