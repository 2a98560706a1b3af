"""Keys of x[key] and x[key] = y: which part of them is basic, integers, slices, None and ..., and
makes a view; and which arrays of indices and masks choose from that. (They do: index.py.)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.notices import warn
from ..core.tensor import Tensor
from ..dispatch.registry import Card, internal
from ..kernels import K, native, word

FULL = slice(None)
I64, BOOL = np.dtype(np.int64), np.dtype(bool)


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
SLICE, UNSQUEEZE, ALIAS = (
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


word("basic_dx", BasicDx.forward)


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
        if isinstance(k, (Tensor, np.ndarray)) and _is_mask(k):
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
    has_advanced, card, dim, filled = False, ALIAS, 0, False
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
            card = UNSQUEEZE
        elif isinstance(k, (bool, np.bool_)) or (
            isinstance(k, (Tensor, np.ndarray)) and not k.ndim and _is_mask(k)
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


def _is_mask(k: Any) -> bool:
    """Of bools; a 0-d tensor of uint8 is a mask as the others are."""
    if not isinstance(k, Tensor):
        return k.dtype.kind == "b"
    return k._a.dtype.kind == "b" or (not k._a.ndim and k._a.dtype == np.uint8)


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


def _basic_view(a: Any, key: tuple) -> tuple | None:
    """(a[key], key with its ..., the number of its card) for a key as in `basic_card`, else None.
    See `native.basic_view`, which is the same for NumPy's arrays."""
    card = basic_card(a, key)
    if card is None:
        return None
    basic = key if ... in key else (*key, ...)
    return a[basic], basic, CARDS_OF_KEYS.index(card)


CARDS_OF_KEYS = (ALIAS, SLICE, SELECT, UNSQUEEZE)


def basic_view(a: Any, key: tuple) -> tuple | None:
    """As `_basic_view`, natively where that can be."""
    if native is None or type(a) is not np.ndarray:
        return _basic_view(a, key)
    return native.basic_view(a, key)


def basic_card(a: np.ndarray, key: tuple) -> Card | None:
    """The card of a key of integers in bounds, slices, None and one ...; None for any other."""
    shape, card, dim, filled = a.shape, ALIAS, 0, False
    for at, k in enumerate(key):
        if k is None:
            card = UNSQUEEZE
            continue
        if k is Ellipsis:
            last = len(shape) - sum([i is not None for i in key[at + 1 :]])
            if filled or last < dim:
                return None
            dim, filled = last, True
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


def index_arrays(a: np.ndarray, key: tuple) -> tuple | None:
    """The arrays of a key of index tensors, masks and whole slices alone, which needs no basic
    step; None for any other."""
    shape, arrays, dim = a.shape, [], 0
    for k in key:
        if type(k) is Tensor:
            i = k._a
            n = 1
            if i.dtype is not I64:
                n = i.ndim
                if i.dtype is not BOOL or i.shape != shape[dim : dim + n]:
                    return None
            if not i.ndim:
                return None
            arrays.append(i)
            dim += n
        elif type(k) is slice and k == FULL:
            arrays.append(FULL)
            dim += 1
        else:
            return None
    return tuple(arrays) if dim <= len(shape) else None


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
