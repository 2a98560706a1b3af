"""Indexing, gathering, scattering, embeddings."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.dtype import bool_, int64
from ..errors import SymbolicValueError
from ..extents import Extent
from ..graph import Graph, Value
from .pointwise import expanded
from .shape import _flat_places, taken
from .table import axis, card, whole

END = 2**63 - 1


def _keys(key: Any) -> list:
    return list(key) if isinstance(key, tuple) else [key]


def _is_array(k: Any) -> bool:
    return isinstance(k, (Value, list, range, np.ndarray))


def _index(g: Graph, k: Any) -> Value:
    return k if isinstance(k, Value) else g.constant(np.asarray(k))


@whole("getitem")
def getitem(g: Graph, args: Any, kwargs: Any) -> Value:
    x, key = args
    if isinstance(key, list):
        key = (key,)
    return index(g, x, key)


@card("basic")
def basic(g: Graph, x: Value, key: Any) -> Value:
    return index(g, x, key)


@card("index")
def index_(g: Graph, x: Value, key: Any) -> Value:
    return index(g, x, tuple(key))


def index(g: Graph, x: Value, key: Any) -> Value:
    """x[key]: slices and numbers first, then index tensors."""
    keys = _keys(key)
    used = sum(_consumed(k) for k in keys)
    if any(k is Ellipsis for k in keys):
        i = next(i for i, k in enumerate(keys) if k is Ellipsis)
        keys = [*keys[:i], *[slice(None)] * (x.ndim - used), *keys[i + 1 :]]
        keys = [k for k in keys if k is not Ellipsis]
    y, d = x, 0
    starts, stops, steps, dims = [], [], [], []
    gone, new, arrays = [], [], {}  # dimensions: to drop, to insert, index tensors by output
    out = 0  # the dimension of the result of slices
    for k in keys:
        if k is None or (isinstance(k, bool) and k):
            new.append(out)
            out += 1
            continue
        if isinstance(k, Value) and not k.ndim and k.dtype is not bool_ and k.array is not None:
            k = int(k.array)
        if isinstance(k, slice):
            low = 0 if k.start is None else k.start
            high = END if k.stop is None else k.stop
            step = 1 if k.step is None else int(k.step)
            if not (low == 0 and high == END and step == 1):
                starts.append(low)
                stops.append(high)
                steps.append(step)
                dims.append(d)
            out, d = out + 1, d + 1
        elif _is_array(k):
            arrays[out] = k
            n = k.ndim if isinstance(k, Value) and k.dtype is bool_ else 1
            out, d = out + n, d + n
        else:  # a number
            starts.append(k)
            stops.append(END if not isinstance(k, Extent) and k == -1 else k + 1)
            steps.append(1)
            dims.append(d)
            gone.append(d)
            d += 1
    if dims:
        y = g.op("Slice", y, g.sizes(starts), g.sizes(stops), dims, steps)
    if gone:
        y = g.squeeze(y, *gone)
    if new:
        y = g.unsqueeze(y, *new)
    if arrays:
        ndim = x.ndim - len(gone) + len(new)
        y = _advanced(g, Value(g.named(y), None, x.dtype), ndim, arrays)
    return y


def _consumed(k: Any) -> int:
    if k is None or k is Ellipsis or isinstance(k, bool):
        return 0
    if isinstance(k, Value) and k.dtype is bool_:
        return k.ndim
    return 1


def _advanced(g: Graph, x: Value, ndim: int, arrays: dict[int, Any]) -> Value:
    """x with index tensors at some dimensions."""
    if len(arrays) == 1:
        d, k = next(iter(arrays.items()))
        k = _index(g, k)
        if k.dtype is bool_:
            if d == 0:
                places = g.op("Transpose", g.op("NonZero", k, dtype=int64), perm=[1, 0])
                return g.op("GatherND", x, places, dtype=x.dtype)
            if k.ndim == 1:
                return g.op("Compress", x, k, axis=d, dtype=x.dtype)
            raise SymbolicValueError("a mask of several dimensions behind the first one")
        return g.op("Gather", x, g.cast(k, int64), axis=d, dtype=x.dtype)
    dims = sorted(arrays)
    keys = [_index(g, arrays[d]) for d in dims]
    if any(k.dtype is bool_ for k in keys):
        raise SymbolicValueError("masks together with other index tensors")
    together = dims == list(range(dims[0], dims[0] + len(dims)))
    rank = max(k.ndim for k in keys)
    rest = [d for d in range(ndim) if d not in dims]
    y = g.op("Transpose", x, perm=[*dims, *rest]) if dims != list(range(len(dims))) else x
    shapes = g.op("Shape", _broadcast(g, keys), dtype=int64)
    stacked = [g.unsqueeze(g.op("Expand", g.cast(k, int64), shapes), rank) for k in keys]
    places = g.op("Concat", *stacked, axis=rank)
    y = g.op("GatherND", y, places, dtype=x.dtype)
    if together and dims[0]:  # the new dimensions take the place of the old ones
        first = dims[0]
        total = rank + len(rest)
        order = [*range(rank, rank + first), *range(rank), *range(rank + first, total)]
        y = g.op("Transpose", y, perm=order)
    return y


def _broadcast(g: Graph, keys: list[Value]) -> Value:
    """A tensor that has the shape which index tensors broadcast to."""
    found = g.cast(keys[0], int64)
    for k in keys[1:]:
        found = g.op("Add", found, g.cast(k, int64))
    return found


@whole("setitem")
def setitem(g: Graph, args: Any, kwargs: Any) -> Value:
    x, key, value = args
    keys = _keys(key)
    masks = [k for k in keys if isinstance(k, Value) and k.dtype is bool_]
    if (
        len(keys) == 1
        and masks
        and masks[0].ndim == x.ndim
        and not (isinstance(value, Value) and value.ndim)
    ):
        return g.op("Where", masks[0], g.cast(value, x.dtype), x, dtype=x.dtype)
    sliced = _sliced_set(g, x, keys, value)
    if sliced is not None:
        return sliced
    if any(isinstance(k, Value) and k.array is None for k in keys):
        return _scattered(g, x, keys, value)
    plain = tuple(_plain(k) for k in keys)
    places = _flat_places(x, lambda a: a[plain])
    value = g.cast(value, x.dtype)
    value = g.op("Expand", value, list(places.shape))
    flat = g.op("Reshape", x, [-1])
    y = g.op("ScatterElements", flat, g.constant(places.reshape(-1).astype(np.int64)),
             g.op("Reshape", value, [-1]), axis=0)  # fmt: skip
    return g.reshape(y, x.shape)


def _plain(k: Any) -> Any:
    return k.array if isinstance(k, Value) else k


def _sliced_set(g: Graph, x: Value, keys: list, value: Any) -> Value | None:
    """x[:, a:b] = value along one dimension, whatever the others' sizes: parts are joined."""
    if any(k is Ellipsis for k in keys):
        i = next(i for i, k in enumerate(keys) if k is Ellipsis)
        if any(k is None for k in keys):
            return None
        keys = [*keys[:i], *[slice(None)] * (x.ndim - len(keys) + 1), *keys[i + 1 :]]
    if not all(isinstance(k, (slice, int)) and not isinstance(k, bool) for k in keys):
        return None
    cut = [d for d, k in enumerate(keys) if k != slice(None)]
    if len(cut) != 1 or not any(isinstance(n, Extent) for n in x.shape):
        return None
    d = cut[0]
    k, n = keys[d], x.shape[d]
    if isinstance(k, int):
        low = k if k >= 0 else n + k
        high = low + 1
    else:
        if k.step not in (None, 1):
            return None
        low = 0 if k.start is None else k.start
        high = n if k.stop is None else k.stop
        low = n + low if low < 0 else low
        high = n + high if high < 0 else high
    shape = [*x.shape[:d], high - low, *x.shape[d + 1 :]]
    value = g.cast(value, x.dtype)
    if isinstance(k, int) and value.shape is not None and value.ndim and d:
        value = g.unsqueeze(value, max(value.ndim - (x.ndim - 1 - d), 0))
    parts = [g.slice(x, d, 0, low)] if low != 0 else []
    parts.append(g.op("Expand", value, g.sizes(shape)))
    if high != n:
        parts.append(g.slice(x, d, high, END))
    return g.op("Concat", *parts, axis=d) if len(parts) > 1 else parts[0]


def _scattered(g: Graph, x: Value, keys: list, value: Any, how: Any = None) -> Value:
    """x[i, j, ...] = value with index tensors at the first dimensions."""
    if not all(_is_array(k) for k in keys) or any(_index(g, k).dtype is bool_ for k in keys):
        raise SymbolicValueError("setitem: index tensors together with slices or masks")
    given = [g.cast(_index(g, k), int64) for k in keys]
    rank = max(_index(g, k).ndim for k in keys)
    shape = g.op("Shape", _broadcast(g, given), dtype=int64)
    places = g.op(
        "Concat", *[g.unsqueeze(g.op("Expand", k, shape), rank) for k in given], axis=rank
    )
    rest = g.sizes(x.shape[len(keys) :])
    full = g.op("Concat", shape, rest, axis=0) if x.ndim > len(keys) else shape
    value = g.op("Expand", g.cast(value, x.dtype), full)
    return g.op("ScatterND", x, places, value, reduction=how)


@card("index_put")
def index_put(g: Graph, x: Value, values: Any, key: Any, accumulate: bool) -> Value:
    keys = [k for k in key if not (isinstance(k, slice) and k == slice(None))]
    if len(keys) != len(key):
        raise SymbolicValueError("index_put: not at the first dimensions")
    return _scattered(g, x, list(keys), values, "add" if accumulate else None)


@whole("select", "select_copy")
def select(g: Graph, input: Value, dim: int, index: Any) -> Value:
    d = axis(dim, input.ndim)
    if isinstance(index, Value):
        return g.op("Gather", input, index, axis=d)
    return g.squeeze(g.slice(input, d, index, END if index == -1 else index + 1), d)


@whole("narrow", "narrow_copy")
def narrow(g: Graph, input: Value, dim: int, start: Any, length: Any) -> Value:
    if isinstance(start, Value):
        raise SymbolicValueError("narrow: start as a tensor")
    start = input.shape[dim] + start if start < 0 else start
    return g.slice(input, axis(dim, input.ndim), start, start + length)


@card("diagonal_dx")
def diag(g: Graph, dy: Value, x_shape: Any, offset: int, dim1: int, dim2: int) -> Value:
    """Zeros with dy on a diagonal."""
    zeros = g.filled(x_shape, 0, dy.dtype)
    places = _flat_places(Value("", tuple(x_shape), None), lambda a: a.diagonal(offset, dim1, dim2))
    where = g.constant(places.reshape(-1).astype(np.int64))
    flat = g.op("Reshape", zeros, [-1])
    y = g.op("ScatterElements", flat, where, g.op("Reshape", dy, [-1]), axis=0, dtype=dy.dtype)
    return g.reshape(y, x_shape)


@card("index_select")
def index_select(g: Graph, x: Value, dim: int, index: Value) -> Value:
    if not x.ndim:
        return x
    return g.op("Gather", x, index, axis=axis(dim, x.ndim))


@card("take")
def take(g: Graph, x: Value, index: Value) -> Value:
    return g.op("Gather", g.op("Reshape", x, [-1]), index, axis=0)


@card("gather")
def gather(g: Graph, x: Value, dim: int, index: Value, sparse_grad: bool = False) -> Value:
    if not x.ndim:
        return x
    return g.op("GatherElements", x, index, axis=axis(dim, x.ndim))


def _scatter(g: Graph, x: Value, dim: int, index: Value, src: Value, how: Any = None) -> Value:
    if not x.ndim:
        x, index, src = (Value(g.named(g.reshape(t, [1])), (1,), t.dtype) for t in (x, index, src))
        return g.reshape(_scatter(g, x, 0, index, src, how), [])
    if src.shape != index.shape:
        for d, (n, m) in enumerate(zip(src.shape, index.shape, strict=True)):
            if n != m:
                src = g.slice(src, d, 0, m)
    return g.op("ScatterElements", x, index, src, axis=axis(dim, x.ndim), reduction=how)


@card("scatter_src")
def scatter_src(g: Graph, x: Value, dim: int, index: Value, src: Value) -> Value:
    return _scatter(g, x, dim, index, src)


@card("scatter_value")
def scatter_value(g: Graph, x: Value, dim: int, index: Value, value: Any) -> Value:
    src = expanded(g, g.cast(value, x.dtype), value, index)
    return _scatter(g, x, dim, index, Value(g.named(src), index.shape, x.dtype))


@card("scatter_add")
def scatter_add(g: Graph, x: Value, dim: int, index: Value, src: Value) -> Value:
    return _scatter(g, x, dim, index, src, "add")


_REDUCTIONS = {"sum": "add", "prod": "mul", "amax": "max", "amin": "min"}


@card("scatter_reduce")
def scatter_reduce(
    g: Graph, x: Value, dim: int, index: Value, src: Value, reduce: str, include_self: bool
) -> Value:
    if reduce not in _REDUCTIONS:
        raise SymbolicValueError(f"scatter_reduce: reduce={reduce!r}")
    if g.opset < 18 and reduce in ("amax", "amin"):
        raise SymbolicValueError(f"scatter_reduce: reduce={reduce!r} needs opset 18")
    if not include_self:  # what is written to begins with the neutral number
        neutral = g.op("Expand", g.constant(_neutral(reduce, x), x.dtype), g.sizes(index.shape))
        start = _scatter(g, x, dim, index, Value(g.named(neutral), index.shape, x.dtype))
        x = Value(g.named(start), x.shape, x.dtype)
    return _scatter(g, x, dim, index, src, _REDUCTIONS[reduce])


def _neutral(reduce: str, x: Value) -> Any:
    if reduce in ("sum", "prod"):
        return int(reduce == "prod")
    if x.dtype.is_floating_point:
        return -np.inf if reduce == "amax" else np.inf
    limits = np.iinfo(x.dtype.np)
    return limits.min if reduce == "amax" else limits.max


@card("index_add")
def index_add(g: Graph, x: Value, dim: int, index: Value, source: Value, alpha: Any = 1) -> Value:
    y = source if alpha == 1 else g.op("Mul", source, g.constant(alpha, source.dtype))
    return _by_rows(g, x, dim, index, Value(g.named(y), source.shape, source.dtype), "add")


@card("index_copy")
def index_copy(g: Graph, x: Value, dim: int, index: Value, source: Value) -> Value:
    return _by_rows(g, x, dim, index, source, None)


@card("index_fill")
def index_fill(g: Graph, x: Value, dim: int, index: Value, value: Any) -> Value:
    shape = [_count(index) if d == axis(dim, x.ndim) else n for d, n in enumerate(x.shape)]
    y = g.op("Expand", g.cast(value, x.dtype), g.sizes(shape))
    return _by_rows(g, x, dim, index, Value(g.named(y), tuple(shape), x.dtype), None)


def _count(index: Value) -> Any:
    return index.shape[0] if index.ndim else 1


def _by_rows(g: Graph, x: Value, dim: int, index: Value, src: Value, how: Any) -> Value:
    if not x.ndim:
        x, index, src = (Value(g.named(g.reshape(t, [1])), (1,), t.dtype) for t in (x, index, src))
        return g.reshape(_by_rows(g, x, 0, index, src, how), [])
    d = axis(dim, x.ndim)
    places = g.reshape(g.cast(index, int64), [-1 if i == d else 1 for i in range(x.ndim)])
    places = g.op("Expand", places, g.sizes(src.shape))
    return g.op("ScatterElements", x, places, src, axis=d, reduction=how)


@card("embedding")
def embedding(g: Graph, w: Value, i: Value, padding_idx: Any = -1, scale: Any = False) -> Value:
    return g.op("Gather", w, i, axis=0)


@whole("one_hot")
def one_hot(g: Graph, tensor: Value, num_classes: int = -1) -> Value:
    n = g.result.shape[-1]
    values = g.constant(np.array([0, 1], np.int64))
    return g.op("OneHot", tensor, g.size(n), values, axis=-1, dtype=int64)


@whole("nonzero", "argwhere")
def nonzero(g: Graph, input: Value, as_tuple: bool = False) -> Value:
    found = g.op("NonZero", input, dtype=int64)
    if not as_tuple:
        return g.op("Transpose", found, perm=[1, 0])
    if input.ndim < 2:
        return (g.squeeze(found, 0),)
    rows = g.op("Split", found, [1] * input.ndim, axis=0, outputs=input.ndim)
    return tuple(g.squeeze(r, 0) for r in rows)  # type: ignore[return-value]


@card("masked_select")
def masked_select(g: Graph, x: Value, mask: Value) -> Value:
    if x.shape != mask.shape:
        both = g.op("Shape", g.op("And", g.op("Equal", x, x, dtype=bool_), mask), dtype=int64)
        x, mask = g.op("Expand", x, both), g.op("Expand", mask, both)
    return g.op("Compress", g.op("Reshape", x, [-1]), g.op("Reshape", mask, [-1]), axis=0)


__all__ = ["taken"]
