"""Indexing: x[...] and x[...] = v, select, narrow, index_select, index_add and their kin.

A key is taken in two steps, as PyTorch does: first everything basic (integers, slices, None, ...),
which gives a view; then the index tensors and masks together, which copy. NumPy alone would put the
dimensions elsewhere when an integer stands apart from an index array."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.inplace import check_inplace
from ..core.grad_mode import mode
from ..core.tensor import Tensor, wrap
from ..dispatch.registry import (
    CARDS,
    Card,
    apply,
    apply_inplace,
    composite,
    number_array,
    op,
    view_of,
)
from ..kernels import K, word
from .shape import wrapped

_FULL = slice(None)


class _Basic:
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


op("_select", fn=False, method=False, tensors=1, view=True, node="Select")(_Basic)
for _name in (
    "Slice",
    "Unsqueeze",
    "Alias",
):  # one card under the name of the last step PyTorch would take
    CARDS["_" + _name.lower()] = Card(_Basic, "_" + _name.lower(), tensors=1, view=True, node=_name)
_SELECT, _SLICE, _UNSQUEEZE, _ALIAS = (
    CARDS["_" + n] for n in ("select", "slice", "unsqueeze", "alias")
)


@op("basic_dx", fn=False, method=False, tensors=1, node="SliceBackward")
class _BasicDx:
    """dx of a basic index: zeros with dy at [key]."""

    def forward(dy, x_shape, key):
        dx = np.zeros(x_shape, dy.dtype)
        dx[key] = dy
        return dx

    def backward(c, ddx, key):
        return ddx[key]

    def samples(make):
        yield make(4), (3, 4), (1, ...)
        yield make(2, 4), (3, 4), (slice(0, 3, 2),)


@op("_index", fn=False, method=False, tensors=1, node="Index")
class _Index:
    """y = x[key] with index arrays or masks in the key; a copy.

    grad    dx = zeros, dy added at [key] (an element indexed twice gets both)
    """

    def forward(x, key):
        return x[key]

    def backward(c, dy, x_shape, key):
        return K.index_dx(dy, x_shape, key)

    def samples(make):
        yield make(5, 3), (make.indices(4, high=5)._a,)
        yield make(3, 3), (slice(None), make.indices(2, high=3)._a)
        yield make(2, 3), (np.array([[True, False, True]] * 2),)


@op("index_dx", fn=False, method=False, tensors=1, node="IndexPut")
class _IndexDx:
    """dx of an index: zeros with dy added at [key]."""

    def forward(dy, x_shape, key):
        dx = np.zeros(x_shape, dy.dtype)
        if all(isinstance(k, slice) or k.dtype.kind == "b" for k in key):
            dx[key] = dy
        else:
            np.add.at(dx, key, dy)
        return dx

    def backward(c, ddx, key):
        return apply(CARDS["_index"], (ddx, key)) if isinstance(ddx, Tensor) else ddx[key]

    def samples(make):
        yield make(4, 3), (5, 3), (make.indices(4, high=5)._a,)


word("basic_dx", CARDS["basic_dx"].forward)
word("index_dx", CARDS["index_dx"].forward)


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
    if kind == "b" or kind == "i":
        return a
    if a.dtype == np.uint8:
        return a.astype(bool) if isinstance(k, Tensor) else a
    if kind == "u":
        return a.astype(np.int64)
    raise IndexError("tensors used as indices must be long, int, byte or bool tensors")


def _plain(i: Any) -> Any:
    return i._a if isinstance(i, Tensor) else _index_array(i) if isinstance(i, (list, tuple)) else i


def _split_key(x: np.ndarray, key: Any) -> tuple[tuple, tuple | None, Card]:
    """(basic key, advanced key or None, the card of the basic step)."""
    items = key if type(key) is tuple else (key,)
    used = 0
    for k in items:
        if (
            isinstance(k, (Tensor, np.ndarray))
            and k.dtype in (_TORCH_BOOL, np.dtype(bool))
            and k.ndim
        ):
            used += k.ndim
        elif k is not None and k is not Ellipsis and not isinstance(k, (bool, np.bool_)):
            used += 1
    if used > x.ndim:
        if x.ndim == 0:
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or "
                "`tensor.item<T>()` in C++ to convert a 0-dim tensor to a number"
            )
        raise IndexError(f"too many indices for tensor of dimension {x.ndim}")
    basic: list[Any] = []
    advanced: list[Any] = []
    has_advanced, card, dim, filled = False, _ALIAS, 0, False
    for k in items:
        if k is Ellipsis:
            fill = 0 if filled else x.ndim - used  # a second ... stands for nothing
            filled = True
            basic += [_FULL] * fill
            advanced += [_FULL] * fill
            dim += fill
        elif isinstance(k, slice):
            k = _checked_slice(k)
            basic.append(k)
            advanced.append(_FULL)
            if k != _FULL or len(items) == 1:
                card = _SLICE
            dim += 1
        elif k is None:
            basic.append(None)
            advanced.append(_FULL)
            card = _UNSQUEEZE
        elif isinstance(k, (bool, np.bool_)) or (
            isinstance(k, Tensor) and not k._a.ndim and k._a.dtype.kind == "b"
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
            card = _SELECT
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
            basic += [_FULL] * n
            advanced.append(a)
            has_advanced = True
            dim += n
        elif hasattr(k, "__index__"):
            basic.append(k.__index__())
            card = _SELECT
            dim += 1
        elif isinstance(k, str):
            raise TypeError("new(): invalid data type 'str'")
        else:
            raise IndexError(
                "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables "
                f"are valid indices (got {type(k).__name__})"
            )
    return tuple(basic), tuple(advanced) if has_advanced else None, card


_TORCH_BOOL = wrap(np.zeros((), bool)).dtype


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
            return view_of(_SLICE, x, a[key], (key,))
    elif kind is int:
        if a.ndim:
            try:
                array = a[key] if a.ndim > 1 else a[key, ...]
            except IndexError:
                raise IndexError(
                    f"index {key} is out of bounds for dimension 0 with size {a.shape[0]}"
                ) from None
            return view_of(_SELECT, x, array, ((key, ...),))
    elif kind is list:
        key = _list_key(key)
    basic, advanced, card = _split_key(a, key)
    if advanced is None:
        basic = (*basic, ...)
        return view_of(card, x, a[basic], (basic,))
    if any(k is None or type(k) is int or k != _FULL for k in basic):
        basic = (*basic, ...)
        x = view_of(card, x, a[basic], (basic,))
    try:
        return apply(CARDS["_index"], (x, advanced))
    except IndexError as e:
        raise _index_error(e) from None


def _has_tensor(k: slice) -> bool:
    return isinstance(k.start, Tensor) or isinstance(k.stop, Tensor)


def _list_key(key: list) -> Any:
    """A list is an index tensor.

    What is no number in it makes it a tuple (PyTorch's legacy rule).
    """
    parts = (slice, Tensor, list, tuple)
    if len(key) < 32 and any(isinstance(k, parts) or k is None or k is Ellipsis for k in key):
        return tuple(key)
    return (key,)


def _index_error(e: IndexError) -> IndexError:
    text = str(e).replace("axis", "dimension")
    if text.startswith("shape mismatch"):
        text = text.replace("arrays", "tensors")
    return IndexError(text)


def setitem(x: Tensor, key: Any, value: Any) -> None:
    """x[key] = value (broadcast, cast to x's dtype), in place."""
    if isinstance(value, Tensor):
        pass
    elif isinstance(value, np.ndarray):
        value = wrap(value)
    elif isinstance(value, (bool, int, float, complex, np.number, np.bool_)):
        if x._a.dtype.kind != "c" and isinstance(value, complex):
            raise TypeError(f"can't assign a complex number to a torch.{x.dtype.name} tensor")
        value = wrap(number_array(value, x.dtype))
    else:
        raise TypeError(f"can't assign a {type(value).__name__} to a torch.{x.dtype.name} tensor")
    if type(key) is list:
        key = _list_key(key)
    basic, advanced, card = _split_key(x._a, key)
    basic = (*basic, ...)
    track = mode.grad and (x._rg or value._rg)
    if track:
        target = view_of(card, x, x._a[basic], (basic,))
        check_inplace(target)
        if advanced is None:
            apply_inplace(CARDS["_copy"], (target, _trimmed(value, target._a.shape)))
        else:
            apply_inplace(CARDS["_index_put"], (target, value.to(x.dtype), advanced, False))
        return
    a = x._a[basic]
    try:
        if advanced is None:
            a[...] = value._a
        else:
            a[advanced] = value._a
    except IndexError as e:
        raise _index_error(e) from None
    except ValueError:
        if advanced is None:
            _trimmed(value, a.shape).expand(a.shape)  # which says what is wrong
        shape = a.shape if advanced is None else a[advanced].shape
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(value._a.shape)} cannot be broadcast to "
            f"indexing result of shape {list(shape)}"
        ) from None
    x._bump()


def _trimmed(value: Tensor, shape: tuple) -> Tensor:
    """value without leading dimensions of size 1 that the target lacks."""
    while value._a.ndim > len(shape) and value._a.shape[0] == 1:
        value = value[0]
    return value


Tensor.__getitem__ = getitem
Tensor.__setitem__ = setitem


@op("_index_put", fn=False, method=False, tensors=2, node="IndexPut")
class _IndexPut:
    """y = x, with values at [key] (added there if accumulate)."""

    def forward(x, values, key, accumulate):
        y = x.copy()
        if accumulate:
            np.add.at(y, key, values)
        else:
            y[key] = values
        return y

    def backward(c, dy, values_shape, key, accumulate):
        dx = dy
        if c.needs(0) and not accumulate:
            keep = np.ones(tuple(dy.shape), bool)
            keep[key] = False
            dx = dy * (wrap(keep) if isinstance(dy, Tensor) else keep)
        dvalues = None
        if c.needs(1):
            picked = apply(CARDS["_index"], (dy, key)) if isinstance(dy, Tensor) else dy[key]
            dvalues = K.sum_to(picked, values_shape)
        return dx if c.needs(0) else None, dvalues

    def samples(make):
        yield make(5, 3), make(2, 3), (np.array([0, 3]),), False
        yield make(5, 3), make(3), (np.array([1, 1, 2]),), True


def _put_key(x: Tensor, indices) -> tuple:
    _, advanced, _ = _split_key(x._a, tuple(_FULL if i is None else i for i in indices))
    return advanced


@composite("index_put", method=True)
def index_put(input, indices, values, accumulate=False):
    """A copy of input with values at [indices] (added if accumulate)."""
    return apply(CARDS["_index_put"], (input, values, _put_key(input, indices), accumulate))


@composite("index_put_", method=True)
def index_put_(input, indices, values, accumulate=False):
    """values written (or added) at [indices], in place."""
    return apply_inplace(CARDS["_index_put"], (input, values, _put_key(input, indices), accumulate))


@composite("select", method=True)
def select(input, dim, index):
    """The slice `index` of dimension dim, that dimension gone; a view. IndexError: out of range."""
    a = input._a
    if not a.ndim:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    d, index = wrapped(dim, a.ndim), int(index)
    n = a.shape[d]
    if not -n <= index < n:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(a.shape)} at dimension "
            f"{d}"
        )
    key = (_FULL,) * d + (index, ...)
    return view_of(_SELECT, input, a[key], (key,))


@composite("narrow", method=True)
def narrow(input, dim, start, length):
    """`length` slices of dimension dim from `start` on; a view. RuntimeError: beyond the end."""
    a = input._a
    if not a.ndim:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    d = wrapped(dim, a.ndim)
    n = a.shape[d]
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    if isinstance(start, Tensor) and (start._a.ndim or start._a.dtype.kind not in "iu"):
        raise RuntimeError("start must be an 0-dim integral Tensor.")
    start = int(start)
    if not -n <= start <= n:
        raise IndexError(
            f"start out of range (expected to be in range of [{-n}, {n}], but got {start})"
        )
    start = start + n if start < 0 else start
    if start + length > n:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({n}).")
    key = (_FULL,) * d + (slice(start, start + length),)
    return view_of(_SLICE, input, a[key], (key,))


@composite("narrow_copy", method=True)
def narrow_copy(input, dim, start, length):
    """A copy of narrow(input, dim, start, length)."""
    return narrow(input, dim, start, length).clone()


def _embedded(name: str, place) -> None:
    def f(input, src, *args, **kwargs):
        y = input.clone()
        target = place(y, *args, **kwargs)
        if target._a.shape != src._a.shape:
            raise RuntimeError(
                "expected src to have a size equal to the slice of self. src size = "
                f"{list(src._a.shape)}, slice size = {list(target._a.shape)}"
            )
        target.copy_(src)
        return y

    f.__name__, f.__doc__ = (
        name,
        f"A copy of input with src embedded at the view that {name} stands for.",
    )
    composite(name, method=True)(f)


def _slice_view(x, dim=0, start=None, end=None, step=1):
    key = (_FULL,) * wrapped(dim, x._a.ndim) + (slice(start, end, step),)
    return x[key]


_embedded("select_scatter", lambda x, dim, index: select(x, dim, index))
_embedded("slice_scatter", _slice_view)
_embedded("diagonal_scatter", lambda x, offset=0, dim1=0, dim2=1: x.diagonal(offset, dim1, dim2))


def _check_index(name: str, index: np.ndarray) -> None:
    if index.dtype.kind not in "i":
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")


@op("index_select", tensors=1)
class IndexSelect:
    """y = the slices of x along dim that `index` (1-d) lists.  IndexError: index out of range."""

    def forward(x, dim, index):
        _check_index("index_select", index)
        if index.ndim > 1:
            raise IndexError("index_select(): Index is supposed to be a vector")
        if not x.ndim:
            return x.reshape(1)[index].reshape(())
        try:
            return np.take(x, index.reshape(-1), wrapped(dim, x.ndim))
        except IndexError:
            raise IndexError("index out of range in self") from None

    def backward(c, dy, x_shape, dim, index):
        return K.index_select_dx(dy, x_shape, dim, index)

    def samples(make):
        yield make(4, 3).T, 0, make.indices(2, high=3)
        yield make(3, 0), 0, make.indices(2, high=3)
        yield make(3, 4), 1, make.indices(3, high=4)
        yield make(), 0, make.indices(1, high=1)


@op("index_select_dx", fn=False, method=False, tensors=1, node="IndexSelectBackward")
class _IndexSelectDx:
    """dx of index_select: zeros, slices of dy added where they came from."""

    def forward(dy, x_shape, dim, index):
        dx = np.zeros(x_shape, dy.dtype)
        if not x_shape:
            return dx + dy
        np.add.at(dx, (_FULL,) * wrapped(dim, dx.ndim) + (index.reshape(-1),), dy)
        return dx

    def backward(c, ddx, dim, index):
        return (
            ddx.index_select(dim, index)
            if isinstance(ddx, Tensor)
            else CARDS["index_select"].forward(ddx, dim, index)
        )

    def samples(make):
        yield make(3, 2), (3, 4), 1, make.indices(2, high=4)


word("index_select_dx", CARDS["index_select_dx"].forward)


@op("index_add", inplace=True, tensors=(0, 3))
class IndexAdd:
    """y = x, with alpha · source[i] added to slice index[i] of dim."""

    def forward(x, dim, index, source, alpha=1):
        if x.dtype != source.dtype:
            raise RuntimeError("index_add_(): self and source must have the same scalar type")
        d = wrapped(dim, x.ndim)
        if (
            x.shape[:d] != source.shape[:d]
            or x.shape[d + 1 :] != source.shape[d + 1 :]
            or (x.ndim != source.ndim)
        ):
            raise RuntimeError(
                "source tensor shape must match self tensor shape, excluding the specified "
                f"dimension. Got self.shape = {list(x.shape)} source.shape = {list(source.shape)}"
            )
        y = x.copy()
        key = (_FULL,) * wrapped(dim, x.ndim) + (index.reshape(-1),)
        try:
            np.add.at(
                y if x.ndim else y.reshape(1),
                key if x.ndim else index.reshape(-1),
                source if alpha == 1 else source * alpha,
            )
        except IndexError:
            raise IndexError("index out of range in self") from None
        return y

    def backward(c, dy, dim, index, source_shape, alpha):
        d = dy if not c.needs(1) or not dy.ndim else K.index_select(dy, dim, index)
        return dy, K.reshape(d, source_shape) * alpha if c.needs(1) else None

    def samples(make):
        yield make(4, 3).T, 1, make.indices(2, high=4), make(2, 3).T
        yield make(), 0, make.indices(1, high=1), make()
        yield make(3, 4), 0, make.indices(2, high=3), make(2, 4), 2.0


@op("index_copy", inplace=True, tensors=(0, 3))
class IndexCopy:
    """y = x, with slice index[i] of dim replaced by source[i]."""

    def forward(x, dim, index, source):
        if x.dtype != source.dtype:
            raise RuntimeError(
                "index_copy_(): self and source expected to have the same dtype, but got (self) "
                f"{wrap(x).dtype} and (source) {wrap(source).dtype}"
            )
        y = x.copy()
        if x.ndim:
            y[(_FULL,) * wrapped(dim, x.ndim) + (index.reshape(-1),)] = source
        else:
            y[...] = source.reshape(-1)[-1] if source.size else y
        return y

    def backward(c, dy, dim, index, source_shape):
        dx = ds = None
        if c.needs(0):
            dx = K.index_fill(dy, dim, index, 0.0)
        if c.needs(1):
            ds = K.reshape(K.index_select(dy, dim, index) if dy.ndim else dy, source_shape)
        return dx, ds

    def samples(make):
        yield make(3, 4), 1, wrap(np.array([2, 0])), make(3, 2)


@op("index_fill", inplace=True, tensors=(0, 3))
class IndexFill:
    """y = x, with the slices `index` of dim set to value (a number or 0-d tensor)."""

    def forward(x, dim, index, value):
        if getattr(value, "ndim", 0):
            raise RuntimeError(
                "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                f"{value.ndim} dimension(s)."
            )
        y = x.copy()
        if x.ndim:
            y[(_FULL,) * wrapped(dim, x.ndim) + (index.reshape(-1),)] = value
        elif index.size:
            y[...] = value
        return y

    def backward(c, dy, dim, index):
        dx = K.index_fill(dy, dim, index, 0.0) if c.needs(0) else None
        dv = None
        if c.needs(1):  # an index that occurs twice filled one slice
            once = np.unique(index._a if isinstance(index, Tensor) else index)
            dv = K.sum(
                K.index_select(dy, dim, wrap(once) if isinstance(dy, Tensor) else once)
                if dy.ndim
                else dy
            )
        return dx, dv

    def samples(make):
        yield make(3, 4), 1, make.indices(2, high=4), 1.5
        yield make(3, 4), 0, make.indices(1, high=3), make()


word("index_fill", CARDS["index_fill"].forward)
word("index_select", CARDS["index_select"].forward)
