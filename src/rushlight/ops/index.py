"""Indexing: x[...] and index_put. (x[...] = v: setitem.py; select, narrow: select.py.)

A key is taken in two steps, as PyTorch does: everything basic (integers, slices, None, ...) gives a
view; then the index tensors and masks together copy. NumPy alone may put the dimensions elsewhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.engine import unchanged
from ..core.dtype import scalar_name
from ..core.grad_mode import mode
from ..core.notices import warn
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import indices_elsewhere, not_a_tensor
from ..dispatch.modes import Named
from ..dispatch.registry import (
    Card,
    internal,
    op,
    view_of,
)
from ..kernels import CARRIED, K, as_array, word

FULL = slice(None)
_I64 = np.dtype(np.int64)


@internal("basic", tensors=1, view=True, node="Select")
class Basic:
    """y = x[key] for a key of integers, slices, None and ...; a view.

    grad    dx = zeros with dy at [key]
    """

    def forward(x, key):
        return x[key]

    def backward(c, dy, x_shape, key):
        return K.basic_dx(dy, x_shape, key)

    def samples(make):
        yield make(4, 3).T, (0, ...)
        yield make(), (None, ...)
        yield make(0, 2), (slice(0, 1), ...)
        yield make(3, 4), (1, ...)
        yield make(3, 4), (slice(0, 3, 2), None, ...)
        yield make(3), (2, ...)


# one card under the name of the last step PyTorch would take
SELECT = Basic
SLICE, _UNSQUEEZE, _ALIAS = (
    Basic.renamed(f"{name}Backward0") for name in ("Slice", "Unsqueeze", "Alias")
)


@internal("basic_dx", tensors=1, node="SliceBackward")
class BasicDx:
    """dx of a basic index: zeros with dy at [key]."""

    def forward(dy, x_shape, key):
        dx = K.zeros(x_shape, like=dy)
        dx[key] = dy
        return dx

    def backward(c, ddx, key):
        return ddx[key]

    def samples(make):
        yield make(4), (3, 4), (1, ...)
        yield make(2, 4), (3, 4), (slice(0, 3, 2),)


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
        if k.dtype == _I64 and x.flags.c_contiguous and k.flags.c_contiguous:
            if K.within(k, -len(x), len(x)):
                return K.take(x, k)
    arrays = [k for k in key if not isinstance(k, slice)]
    if x.flags.c_contiguous and all([k.flags.c_contiguous for k in arrays]):
        if len(arrays) == 1 and arrays[0].dtype.kind != "b" and arrays[0] is not key[0]:
            return np.take(x, arrays[0], next(d for d, k in enumerate(key) if k is arrays[0]))
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


word("basic_dx", BasicDx.forward)
word("index", Index.forward)
word("index_dx", IndexDx.forward)


def _index_array(k: Any) -> np.ndarray:
    """An index tensor, list or range as an array. IndexError: dtype is no index."""
    if isinstance(k, Tensor):
        a = k._a
    elif isinstance(k, np.ndarray):
        a = k
    else:
        try:
            a = np.asarray([_plain(i) for i in k] if not isinstance(k, range) else k)
        except TypeError:
            raise TypeError(f"new(): invalid data type '{type(k).__name__}'") from None
        if a.size == 0:
            a = a.astype(np.int64)
    kind = a.dtype.kind
    if kind == "b" or (kind == "i" and (a.dtype.itemsize >= 4 or not isinstance(k, Tensor))):
        return a
    if a.dtype == np.uint8:
        if not isinstance(k, Tensor):
            return a
        warn(
            "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool "
            "instead."
        )
        return a.astype(bool)
    if kind == "u" and not isinstance(k, Tensor):
        return a.astype(np.int64)
    raise IndexError("tensors used as indices must be long, int, byte or bool tensors")


def _plain(i: Any) -> Any:
    return i._a if isinstance(i, Tensor) else _index_array(i) if isinstance(i, (list, tuple)) else i


def split_key(x: np.ndarray, key: Any) -> tuple[tuple, tuple | None, Card]:
    """(basic key, advanced key or None, the card of the basic step)."""
    items = key if type(key) is tuple else (key,)
    used = 0
    for k in items:
        if isinstance(k, (Tensor, np.ndarray)) and (k.dtype in _BOOLS or _is_byte(k)):
            used += k.ndim
        elif k is not None and k is not Ellipsis and not isinstance(k, (bool, np.bool_)):
            used += 1
    if used > x.ndim:
        if x.ndim == 0 and type(key) is int:
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or "
                "`tensor.item<T>()` in C++ to convert a 0-dim tensor to a number"
            )
        for k in items:
            if isinstance(k, slice) and type(k.step) is int and k.step < 1:
                raise ValueError("step must be greater than zero")
        if x.ndim == 0 and isinstance(items[0], slice):
            raise IndexError("slice() cannot be applied to a 0-dim tensor.")
        raise IndexError(f"too many indices for tensor of dimension {x.ndim}")
    basic: list[Any] = []
    advanced: list[Any] = []
    has_advanced, card, dim, filled = False, _ALIAS, 0, False
    for k in items:
        if k is Ellipsis:
            fill = 0 if filled else x.ndim - used  # a second ... takes no dimensions
            filled = True
            basic += [FULL] * fill
            advanced += [FULL] * fill
            dim += fill
        elif isinstance(k, slice):
            k = _checked_slice(k)
            basic.append(k)
            advanced.append(FULL)
            if k != FULL or len(items) == 1:
                card = SLICE
            dim += 1
        elif k is None:
            basic.append(None)
            advanced.append(FULL)
            card = _UNSQUEEZE
        elif isinstance(k, (bool, np.bool_)) or (
            isinstance(k, (Tensor, np.ndarray))
            and not k.ndim
            and (k.dtype in _BOOLS or _is_byte(k))
        ):
            basic.append(None)
            advanced.append(np.zeros(1 if k else 0, np.int64))
            has_advanced = True
        elif isinstance(k, (int, np.integer)) or (
            isinstance(k, Tensor) and not k._a.ndim and k._a.dtype.kind in "iu"
        ):
            i = int(k)
            n = x.shape[dim]
            if not -n <= i < n:
                raise IndexError(f"index {i} is out of bounds for dimension {dim} with size {n}")
            basic.append(i)
            card = SELECT
            dim += 1
        elif isinstance(k, (Tensor, np.ndarray, list, range, tuple)):
            a = _index_array(k)
            n = a.ndim if a.dtype.kind == "b" else 1
            if a.dtype.kind == "b" and a.shape != x.shape[dim : dim + n]:
                bad = next(i for i in range(n) if a.shape[i] != x.shape[dim + i])
                raise IndexError(
                    f"The shape of the mask {list(a.shape)} at index {bad} does not match the "
                    f"shape of the indexed tensor {list(x.shape)} at index {dim + bad}"
                )
            basic += [FULL] * n
            advanced.append(a)
            has_advanced = True
            dim += n
        elif hasattr(k, "__index__"):
            basic.append(k.__index__())
            card = SELECT
            dim += 1
        elif isinstance(k, str):
            raise TypeError("new(): invalid data type 'str'")
        else:
            raise IndexError(
                "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables "
                f"are valid indices (got {type(k).__name__})"
            )
    return tuple(basic), tuple(advanced) if has_advanced else None, card


def _is_byte(k: Any) -> bool:
    """A 0-d tensor of uint8: a mask, as the others are."""
    return isinstance(k, Tensor) and not k._a.ndim and k._a.dtype == np.uint8


_BOOLS = (wrap(np.zeros((), bool)).dtype, np.dtype(bool))


def _checked_slice(k: slice) -> slice:
    step = k.step
    if step is not None and (type(step) is not int or step <= 0):
        step = int(step)
        if step <= 0:
            raise ValueError("step must be greater than zero")
    if isinstance(k.start, Tensor) or isinstance(k.stop, Tensor):
        return slice(
            None if k.start is None else int(k.start), None if k.stop is None else int(k.stop), step
        )
    return k


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
        card = basic_card(a, key)
        if card is not None:
            basic = (*key, ...)
            return view_of(card, x, a[basic], (basic,))
    elif kind is list:
        key = list_key(key)
    elif kind is Tensor and a.ndim and key._a.dtype is _I64 and key._a.ndim:
        return _chosen(x, (key._a,), key)
    basic, advanced, card = split_key(a, key)
    if advanced is None:
        basic = (*basic, ...)
        return view_of(card, x, a[basic], (basic,))
    if any(k is None or type(k) is int or k != FULL for k in basic):
        basic = (*basic, ...)
        x = view_of(card, x, a[basic], (basic,))
    return _chosen(x, advanced, key)


def basic_card(a: np.ndarray, key: tuple) -> Card | None:
    """The card of a key of integers in bounds, slices and None alone; None for any other."""
    shape, card, dim = a.shape, _ALIAS, 0
    for k in key:
        if k is None:
            card = _UNSQUEEZE
            continue
        if dim == len(shape):
            return None
        n = shape[dim]
        dim += 1
        if type(k) is int:
            if not -n <= k < n:
                return None
            card = SELECT
        elif type(k) is slice:
            start, stop, step = k.start, k.stop, k.step
            if step is None:
                if start is None and stop is None and len(key) > 1:
                    continue
            elif type(step) is not int or step <= 0:
                return None
            if not ((start is None or type(start) is int) and (stop is None or type(stop) is int)):
                return None
            card = SLICE
        else:
            return None
    return card


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


def list_key(key: list) -> Any:
    """A list is an index tensor.

    What is no number in it makes it a tuple (PyTorch's legacy rule).
    """
    parts = (slice, Tensor, list, tuple)
    if len(key) < 32 and any(isinstance(k, parts) or k is None or k is Ellipsis for k in key):
        warn(
            "Using a non-tuple sequence for multidimensional indexing is deprecated and will be "
            "changed in pytorch 2.9; use x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will "
            "be interpreted as tensor index, x[torch.tensor(seq)], which will result either in an "
            "error or a different result"
        )
        return tuple(key)
    return (key,)


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
