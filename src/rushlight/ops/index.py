"""Indexing: x[...] and index_put. (x[...] = v: setitem.py; select, narrow: select.py.)

A key is taken in two steps, as PyTorch does: everything basic (integers, slices, None, ...) gives a
view; then the index tensors and masks together copy. NumPy alone may put the dimensions elsewhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.engine import unchanged
from ..core.dtype import scalar_name
from ..core.grad_mode import inferring, mode
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import indices_elsewhere, not_a_tensor
from ..dispatch.modes import ON, Named
from ..dispatch.registry import (
    internal,
    op,
    view_of,
)
from ..kernels import CARRIED, K, as_array, native, word
from .keys import (
    CARDS_OF_KEYS,
    FULL,
    I64,
    SELECT,
    SLICE,
    UNSQUEEZE,
    basic_view,
    index_arrays,
    list_key,
    split_key,
)


@internal("index", tensors=1, node="Index", quiet=False)
class Index:
    """y = x[key] with index arrays or masks in the key; a copy.

    grad    dx = zeros, dy added at [key] (an element indexed twice gets both)
    """

    def forward(x, key):
        return indexed(x, key)

    def backward(c, dy, x_shape, key):
        unchanged(c, key)
        return K.index_dx(dy, x_shape, key)

    def samples(make):
        yield make(5, 3), (make.indices(4, high=5)._a,)
        yield make(3, 3), (slice(None), make.indices(2, high=3)._a)
        yield make(4, 3).T, (slice(None), make.indices(2, high=4)._a)
        yield make(2, 3), (np.array([[True, False, True]] * 2),)


@internal("index_dx", tensors=1, node="IndexPut")
class IndexDx:
    """dx of an index: zeros with dy added at [key]."""

    def forward(dy, x_shape, key):
        dx = K.zeros(x_shape, like=dy)
        if all(isinstance(k, slice) or k.dtype.kind == "b" for k in key):
            dx[key] = dy
        else:
            np.add.at(dx, key, dy)
        return dx

    def backward(c, ddx, key):
        return K.index(ddx, key)

    def samples(make):
        yield make(4, 3), (5, 3), (make.indices(4, high=5)._a,)


class Key(tuple):
    """A key that a node keeps: it remembers the versions of the index tensors it was made from."""

    given: list  # [(index tensor, its version)]

    def __new__(cls, arrays: tuple, key: Any):
        self = super().__new__(cls, arrays)
        items = key if type(key) is tuple else (key,)
        self.given = [(k, k._version) for k in items if isinstance(k, Tensor) and k._a.ndim]
        return self


def indexed(x: np.ndarray, key: tuple) -> np.ndarray:
    """x[key], in the memory order that PyTorch gives it."""
    if len(key) == 1 and not isinstance(k := key[0], slice):
        if x.ndim and k.dtype.kind == "b" and k.shape == x.shape:
            return K.chosen(x, k)
        if k.dtype == I64 and x.flags.c_contiguous and k.flags.c_contiguous:
            if K.within(k, -len(x), len(x)):
                return K.take(x, k)
    arrays = [k for k in key if not isinstance(k, slice)]
    if x.flags.c_contiguous and all([k.flags.c_contiguous for k in arrays]):
        if len(arrays) == 1 and arrays[0].dtype.kind != "b" and arrays[0] is not key[0]:
            return x.take(arrays[0], next(d for d, k in enumerate(key) if k is arrays[0]))
        return K.dense(x[key])
    if x.ndim == 1 and len(arrays) == 1 and arrays[0].ndim == 1:
        return K.dense(x[key])
    return in_order(x[key], _slowest_first(x, key))


def in_order(y: np.ndarray, dims: Any) -> np.ndarray:
    """y with its dimensions in memory in this order, the slowest first; a copy if need be."""
    dims = list(dims)
    return K.dense(y.transpose(dims)).transpose(np.argsort(dims)) if y.ndim > 1 else K.dense(y)


def _slowest_first(x: np.ndarray, key: tuple) -> list[int]:
    """The dimensions of x[key] as they lie in memory.

    They follow the strides of x and of the index arrays; one that is 0 says nothing.
    """
    found: list[Any] = []  # for each dimension of x its index array, or None
    for k in key:
        found += [None] if isinstance(k, slice) else k.nonzero() if k.dtype.kind == "b" else [k]
    at = [d for d, k in enumerate(found) if k is not None]
    arrays = np.broadcast_arrays(*[found[d] for d in at])
    m = arrays[0].ndim
    first = at[0] if at[-1] - at[0] == len(at) - 1 else 0  # apart: the new dimensions go in front
    kept = [d for d in range(x.ndim) if d >= len(found) or found[d] is None]
    before, after = kept[:first], kept[first:]
    shape = [x.shape[d] for d in before] + [*arrays[0].shape] + [x.shape[d] for d in after]
    steps = [[x.strides[d] for d in before] + [0] * m + [x.strides[d] for d in after]]
    steps += [[0] * len(before) + [*k.strides] + [0] * len(after) for k in arrays]
    order = list(range(len(shape)))[::-1]  # the fastest first

    def slower(a: int, b: int) -> int:
        for s in steps:
            if s[a] and s[b]:
                if s[a] != s[b]:
                    return 1 if s[a] > s[b] else -1
                if shape[a] > shape[b]:
                    return 1
        return 0

    for i in range(1, len(order)):  # an insertion sort: the comparison is not transitive
        for j in range(i - 1, -1, -1):
            c = slower(order[j], order[i])
            if c > 0:
                order[j], order[i] = order[i], order[j]
                i = j
            elif c < 0:
                break
    return order[::-1]


word("index", Index.forward)
word("index_dx", IndexDx.forward)


def getitem(x: Tensor, key: Any) -> Tensor:
    """x[key]: a view for basic keys, a copy where index tensors or masks take part."""
    a = x._a
    kind = type(key)
    if kind is slice:
        step = key.step
        if a.ndim and (step is None or (type(step) is int and step > 0)) and not _has_tensor(key):
            return view_of(SLICE, x, a[key], (key,))
    elif kind is int:
        if a.ndim:
            try:
                array = a[key] if a.ndim > 1 else a[key, ...]
            except OverflowError:
                raise ValueError("Overflow when unpacking long long") from None
            except IndexError:
                raise IndexError(
                    f"index {key} is out of bounds for dimension 0 with size {a.shape[0]}"
                ) from None
            return view_of(SELECT, x, array, ((key, ...),))
    elif kind is tuple:
        found = basic_view(a, key)
        if found is not None:
            array, key, card = found
            return view_of(CARDS_OF_KEYS[card], x, array, (key,))
        if native is not None and not (ON[0] or inferring[0] or (x._rg and mode.grad)):
            picked = native.pick_key(a, key)
            if picked is not None:
                return wrap(picked)
        advanced = index_arrays(a, key)
        if advanced is not None:
            return _chosen(x, advanced, key)
    elif key is None:
        return view_of(UNSQUEEZE, x, a[None], ((None, ...),))
    elif kind is list:
        key = list_key(key)
    elif kind is Tensor and a.ndim and key._a.dtype is I64 and key._a.ndim:
        return _chosen(x, (key._a,), key)
    basic, advanced, card = split_key(a, key)
    if advanced is None:
        basic = (*basic, ...)
        return view_of(card, x, a[basic], (basic,))
    if any(k is None or type(k) is int or k != FULL for k in basic):
        basic = (*basic, ...)
        x = view_of(card, x, a[basic], (basic,))
    return _chosen(x, advanced, key)


def _chosen(x: Tensor, advanced: tuple, key: Any) -> Tensor:
    """x[key], its basic part done; advanced: the arrays in it, and where there is none slices."""
    if x._rg and mode.grad:
        advanced = Key(advanced, key)
    try:
        return Index.run((x, advanced))
    except IndexError as e:
        anywhere = _of_nothing(x._a, advanced)
        if anywhere is not None:
            return Index.run((x, anywhere))
        raise _index_error(e, advanced) from None


def _of_nothing(a: np.ndarray, key: tuple) -> tuple | None:
    """A key with the result's shape, whose indices are in bounds: where the result has no elements
    PyTorch does not look at them. None: there are elements, or a dimension to index has none."""
    if a.size:
        return None
    dim, safe = 0, []
    for k in key:
        if isinstance(k, slice) or k.dtype.kind != "b":
            if not isinstance(k, slice):
                if not a.shape[dim]:
                    return None
                k = np.zeros_like(k)
            dim += 1
        else:
            dim += k.ndim
        safe.append(k)
    return tuple(safe)


def _has_tensor(k: slice) -> bool:
    return isinstance(k.start, Tensor) or isinstance(k.stop, Tensor)


def _index_error(e: IndexError, key: tuple) -> IndexError:
    text = str(e).replace("axis", "dimension")
    if text.startswith("shape mismatch"):
        shapes = [str(list(k.shape)) for k in key if not isinstance(k, slice)]
        text = "shape mismatch: indexing tensors could not be broadcast together with shapes "
        text += ", ".join(shapes)
    elif text.startswith("cannot do a non-empty take"):
        text = "index is out of bounds for dimension with size 0"
    return IndexError(text)


def other_dtype(x: Tensor, value: Tensor) -> RuntimeError:
    return RuntimeError(
        "Index put requires the source and destination dtypes match, got "
        f"{scalar_name(x.dtype)} for the destination and {scalar_name(value.dtype)} "
        "for the source."
    )


def result_ndim(a: np.ndarray, key: tuple) -> int:
    """The number of dimensions of a[key]."""
    arrays = [k for k in key if not isinstance(k, slice)]
    used = sum([k.ndim if k.dtype.kind == "b" else 1 for k in arrays])
    return a.ndim - used + max([1 if k.dtype.kind == "b" else k.ndim for k in arrays])


def put_at(y: np.ndarray, key: tuple, values: np.ndarray, accumulate: bool) -> None:
    """values written (or added) at y[key]. IndexError, RuntimeError in PyTorch's words."""
    try:
        if accumulate:
            np.add.at(y, key, values)
        else:
            y[key] = values
    except IndexError as e:
        raise _index_error(e, key) from None
    except (ValueError, TypeError):
        raise indices_elsewhere(y, key) or RuntimeError(
            f"shape mismatch: value tensor of shape {list(values.shape)} cannot be broadcast to "
            f"indexing result of shape {list(y[key].shape)}"
        ) from None


Tensor.__getitem__ = getitem
getitem.operator_of = Named("getitem")  # type: ignore[attr-defined]


@op(
    "index_put(input, indices: Sequence[Tensor], values: Tensor, accumulate: bool = False)",
    at="torch Tensor",
    inplace=True,
    tensors=2,
)
class IndexPut:
    """y = x, with values at [indices] (added there if accumulate).

    indices  index tensors or masks, one for each dimension in turn; values broadcast
    grad     dx = dy, zeros at [indices] unless accumulate;  dvalues = dy[indices]
    errors   RuntimeError: another dtype, or values that do not broadcast; IndexError: out of bounds

    >>> torch.index_put(torch.zeros(3), (tensor([0, 2]),), tensor([1.0, 2.0]))
    tensor([1., 0., 2.])
    """

    apart = True

    def prepare(input, indices, values, accumulate):
        if isinstance(indices, Tensor):
            raise TypeError(
                "index_put(): argument 'indices' (position 1) must be tuple of Tensors, not Tensor"
            )
        for i, k in enumerate(indices):
            if not isinstance(k, Tensor):
                raise TypeError(
                    f"expected Tensor as element {i} in argument 0, but got {type(k).__name__}"
                )
        if not isinstance(values, Tensor):
            raise not_a_tensor("index_put", "values", 2, values)
        if values._a.dtype != input._a.dtype:
            raise other_dtype(input, values)
        key = _put_key(input, indices)
        if mode.grad and (input._rg or values._rg):
            key = Key(key, tuple(indices))
        ndim = result_ndim(input._a, key)
        if values._a.ndim > ndim:
            shape = list(input._a[key].shape)
            raise RuntimeError(
                f"shape mismatch: value tensor of shape {list(values._a.shape)} cannot be "
                f"broadcast to indexing result of shape {shape}"
            )
        return input, values, key, accumulate

    def forward(x, values, key, accumulate):
        y = as_array(x).copy(order="K")
        put_at(y, key, values, accumulate)
        return y

    def backward(c, dy, values_shape, key, accumulate):
        unchanged(c, key)
        dx = dy
        if c.needs(0) and not accumulate:
            a = dy._a if isinstance(dy, Tensor) else dy
            if type(a) in CARRIED:
                keep = np.ones_like(a, bool, order="C")
            else:  # a batch of vmap
                keep = np.ones(tuple(dy.shape), bool)
            keep[key] = False
            dx = K.where(wrap(keep) if isinstance(dy, Tensor) else keep, dy, K.zeros_like(dy))
        dvalues = K.sum_to(K.index(dy, key), values_shape) if c.needs(1) else None
        return dx if c.needs(0) else None, dvalues

    def samples(make):
        yield make(5, 3), (wrap(np.array([0, 3], np.int64)),), make(2, 3)
        yield make(5, 3), (wrap(np.array([1, 1, 2], np.int64)),), make(3), True


def _put_key(x: Tensor, indices) -> tuple:
    return split_key(x._a, tuple(_one_dimensional(k) for k in indices))[1]


def _one_dimensional(k: Any) -> Any:
    """k with a 0-d index as one of one element: in index_put it is an index tensor, too."""
    if isinstance(k, Tensor) and not k._a.ndim and k._a.dtype.kind in "iu":
        return k.reshape(1)
    return k
