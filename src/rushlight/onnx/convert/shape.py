"""Other shapes and orders of the same elements; joining and taking apart; padding."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.dtype import bool_, int64
from ..errors import SymbolicValueError
from ..extents import Extent
from ..graph import Graph, Value
from .table import CARDS, WHOLES, axis, card, whole


@card("view", "reshape")
def view(g: Graph, x: Value, shape: Any = None) -> Value:
    return x if x.shape == g.result.shape else g.reshape(x, g.result.shape)


@whole("view", "reshape")
def view_(g: Graph, args: Any = None, kwargs: Any = None, x: Any = None, input: Any = None,
          **rest: Any) -> Value:  # fmt: skip
    given = args[0] if args else x if x is not None else input
    if given is None:
        given = kwargs.get("input")
    if given.dtype is not g.result.dtype:
        raise SymbolicValueError("view: bytes read as another dtype are not written in ONNX")
    return view(g, given)


@whole("flatten", "ravel", "unflatten", "view_as", "reshape_as", "view_copy")
def flatten(g: Graph, input: Value, **rest: Any) -> Value:
    shape = g.result.shape
    if (
        rest.get("start_dim") == 1
        and rest.get("end_dim") == -1
        and len(shape) == 2 == input.ndim - (input.ndim - 2)
    ):
        return input if input.ndim == 2 else g.op("Flatten", input, axis=1)
    return view(g, input)


@card("unsqueeze")
def unsqueeze(g: Graph, x: Value, dim: int) -> Value:
    return g.unsqueeze(x, dim % (x.ndim + 1))


@card("squeeze")
def squeeze(g: Graph, x: Value, dims: Any = None) -> Value:
    dims = range(x.ndim) if dims is None else dims if isinstance(dims, (tuple, list)) else (dims,)
    gone = [axis(d, x.ndim) for d in dims]
    gone = [d for d in gone if x.ndim and not isinstance(x.shape[d], Extent) and x.shape[d] == 1]
    return g.squeeze(x, *gone) if gone else x


@card("permute")
def permute(g: Graph, x: Value, dims: Any) -> Value:
    if x.ndim < 2:
        return x
    return g.op("Transpose", x, perm=[axis(d, x.ndim) for d in dims])


@card("transpose")
def transpose(g: Graph, x: Value, dim0: int, dim1: int) -> Value:
    if x.ndim < 2:
        return x
    order = list(range(x.ndim))
    a, b = axis(dim0, x.ndim), axis(dim1, x.ndim)
    order[a], order[b] = order[b], order[a]
    return g.op("Transpose", x, perm=order)


@card("t")
def t(g: Graph, x: Value) -> Value:
    return x if x.ndim < 2 else g.op("Transpose", x, perm=[1, 0])


@card("expand")
def expand(g: Graph, x: Value, size: Any = None, implicit: bool = False) -> Value:
    return x if x.shape == g.result.shape else g.op("Expand", x, g.sizes(g.result.shape))


@whole("expand_as", "broadcast_to", "expand_copy")
def expand_as(g: Graph, input: Value, **rest: Any) -> Value:
    return expand(g, input)


@card("flip")
def flip(g: Graph, x: Value, dims: Any) -> Value:
    dims = [axis(d, x.ndim) for d in (dims if isinstance(dims, (tuple, list)) else (dims,))]
    if not dims:
        return x
    low = [-(2**63)] * len(dims)
    return g.op("Slice", x, [-1] * len(dims), low, dims, [-1] * len(dims))


@card("roll")
def roll(g: Graph, x: Value, shifts: Any, dims: Any) -> Value:
    shifts = shifts if isinstance(shifts, (tuple, list)) else (shifts,)
    dims = dims if isinstance(dims, (tuple, list)) else (dims,)
    if not dims:
        flat = g.op("Reshape", x, [-1])
        total: Any = 1
        for n in x.shape:
            total = n * total
        return g.reshape(_rolled(g, flat, total, shifts[0], 0), x.shape)
    y = x
    for shift, dim in zip(shifts, dims, strict=True):
        d = axis(dim, x.ndim)
        y = _rolled(g, y, x.shape[d], shift, d)
    return y


def _rolled(g: Graph, x: Value, n: Any, shift: Any, d: int) -> Value:
    if isinstance(n, Extent) or isinstance(shift, Extent):
        cut = n - shift if shift > 0 else -shift
    else:
        cut = (-shift) % n if n else 0
    if not isinstance(cut, Extent) and cut == 0:
        return x
    last = 2**63 - 1
    return g.op("Concat", g.slice(x, d, cut, last), g.slice(x, d, 0, cut), axis=d)


@card("tril")
def tril(g: Graph, x: Value, diagonal: int) -> Value:
    return g.op("Trilu", x, g.constant(np.int64(diagonal)), upper=0)


@card("triu")
def triu(g: Graph, x: Value, diagonal: int) -> Value:
    return g.op("Trilu", x, g.constant(np.int64(diagonal)), upper=1)


@card("cat")
def cat(g: Graph, tensors: Any, dim: int) -> Value:
    d = g.result.dtype
    kept = [x for x in tensors if not (x.ndim == 1 and x.shape[0] == 0 and len(g.result.shape) > 1)]
    kept = [g.cast(x, d) for x in kept]
    return kept[0] if len(kept) == 1 else g.op("Concat", *kept, axis=axis(dim, len(g.result.shape)))


@card("stack")
def stack(g: Graph, tensors: Any, dim: int) -> Value:
    d = dim % len(g.result.shape)
    parts = [g.unsqueeze(g.cast(x, g.result.dtype), d) for x in tensors]
    return parts[0] if len(parts) == 1 else g.op("Concat", *parts, axis=d)


@card("repeat")
def repeat(g: Graph, x: Value, repeats: Any) -> Value:
    if x.ndim < len(repeats):
        x = g.unsqueeze(x, *range(len(repeats) - x.ndim))
    return g.op("Tile", x, g.sizes(repeats))


@card("split")
def split(g: Graph, x: Value, sizes: Any, dim: int) -> tuple:
    if len(g.results) == 1:
        return (x,)
    d = axis(dim, x.ndim)
    return g.op(
        "Split", x, g.sizes([r.shape[d] for r in g.results]), axis=d, outputs=len(g.results)
    )


@card("unbind")
def unbind(g: Graph, x: Value, dim: int) -> tuple:
    d, n = axis(dim, x.ndim), len(g.results)
    if n == 1:
        return (g.squeeze(x, d),)
    parts = g.op("Split", x, [1] * n, axis=d, outputs=n)
    return tuple(g.squeeze(p, d) for p in parts)


def taken(g: Graph, x: Value, places: np.ndarray, shape: Any = None) -> Value:
    """The elements of x at flat places."""
    flat = g.op("Reshape", x, [-1])
    return g.op("Gather", flat, g.constant(np.asarray(places, np.int64)), axis=0)


def _flat_places(x: Value, f: Any) -> np.ndarray:
    """f of an array with the flat place of each element of x, whose sizes must be known."""
    for n in x.shape:
        if isinstance(n, Extent):
            n.__index__()
    count = int(np.prod(x.shape))
    return np.ascontiguousarray(f(np.arange(count).reshape(x.shape)))


@card("diagonal")
def diagonal(g: Graph, x: Value, offset: int, dim1: int, dim2: int) -> Value:
    d1, d2 = axis(dim1, x.ndim), axis(dim2, x.ndim)
    rest = [d for d in range(x.ndim) if d not in (d1, d2)]
    rows, columns = x.shape[d1], x.shape[d2]
    y = g.op("Transpose", x, perm=[*rest, d1, d2])
    n = g.result.shape[-1]
    places = (np.arange(n) + max(-offset, 0)) * int(columns) + np.arange(n) + max(offset, 0)
    y = g.reshape(y, [*[x.shape[d] for d in rest], int(rows) * int(columns)])
    return g.op("Gather", y, g.constant(places.astype(np.int64)), axis=len(rest))


@card("trace")
def trace(g: Graph, x: Value) -> Value:
    n = min(x.shape)
    places = np.arange(n) * (x.shape[1] + 1)
    return g.reduce("ReduceSum", taken(g, g.cast(x, g.result.dtype), places), [0], False)


@card("as_strided")
def as_strided(g: Graph, x: Value, size: Any, stride: Any, storage_offset: Any = None,
               origin: Any = None, steps: Any = None) -> Value:  # fmt: skip
    strides, step = [], 1
    for n in reversed(x.shape):
        strides.insert(0, step)
        step = n * step
    if origin or (steps is not None and list(steps) != strides):
        raise SymbolicValueError("as_strided of a tensor that does not lie row by row")
    places = np.full(tuple(size), int(storage_offset or 0))
    for d, (n, s) in enumerate(zip(size, stride, strict=True)):
        places = places + (np.arange(n) * s).reshape(
            [-1 if i == d else 1 for i in range(len(size))]
        )
    return taken(g, x, places)


@card("unfold")
def unfold(g: Graph, x: Value, dim: int, size: int, step: int) -> Value:
    if not x.ndim:
        return g.unsqueeze(x, 0)
    d = axis(dim, x.ndim)
    count = (int(x.shape[d]) - size) // step + 1
    places = np.arange(count)[:, None] * step + np.arange(size)
    y = g.op("Gather", x, g.constant(places.astype(np.int64)), axis=d)
    order = [*range(d + 1), *range(d + 2, x.ndim + 1), d + 1]
    return g.op("Transpose", y, perm=order)


@card("view_take")
def view_take(g: Graph, base: Value, places: Any) -> Value:
    """A view of a tensor that was changed meanwhile."""
    if places is None:
        raise SymbolicValueError(
            "a tensor whose sizes follow the input is changed in place, and a view of it is read"
        )
    return taken(g, base, places)


@card("view_put")
def view_put(g: Graph, base: Value, new: Value, places: Any) -> Value:
    """A tensor of which a view was changed."""
    if places is None:
        raise SymbolicValueError(
            "a part of a tensor whose sizes follow the input is changed in place\n"
            "  fix: torch.cat, torch.where or index_put"
        )
    flat = g.op("Reshape", base, [-1])
    where = g.constant(np.asarray(places, np.int64).reshape(-1))
    y = g.op("ScatterElements", flat, where, g.op("Reshape", new, [-1]), axis=0)
    return g.reshape(y, base.shape)


@card("filled")
def filled(g: Graph, shape: Any, value: Any, dtype: Any) -> Value:
    """A constant that holds one number, in a shape that follows the input."""
    return g.filled(shape, value, dtype)


@whole("arange")
def arange(g: Graph, args: Any, kwargs: Any) -> Value:
    d = g.result.dtype
    given = list(args) or [kwargs[k] for k in ("start", "end", "step") if k in kwargs]
    start, end, step = {1: [0, *given, 1], 2: [*given, 1], 3: given}[len(given)]
    parts = []
    for n in (start, end, step):
        parts.append(
            g.cast(g.squeeze(g.size(n), 0), d) if isinstance(n, Extent) else g.constant(n, d)
        )
    return g.op("Range", *parts, dtype=d)


@whole("meshgrid")
def meshgrid(g: Graph, args: Any = None, kwargs: Any = None, **rest: Any) -> tuple:
    raise SymbolicValueError("meshgrid of sizes that follow the input")


del WHOLES["meshgrid"]


# ---------------------------------------------------------------- padding


def _pad(g: Graph, x: Value, widths: Any, mode: str, value: Any = None) -> Value:
    """widths: (before, after) of the last dimension, of the one before it, ..."""
    before, after = [0] * x.ndim, [0] * x.ndim
    for i in range(len(widths) // 2):
        before[-1 - i], after[-1 - i] = widths[2 * i], widths[2 * i + 1]
    return padded(g, x, before, after, mode, value)


def padded(g: Graph, x: Value, before: Any, after: Any, mode: str, value: Any = None) -> Value:
    """x with so many elements before and after in each dimension; less than none: cut off"""
    y = x
    for d in range(x.ndim):  # negative: cut
        low, high = max(-before[d], 0), max(-after[d], 0)
        if low or high:
            y = g.slice(y, d, low, -high if high else 2**63 - 1)
    pads = [max(n, 0) for n in (*before, *after)]
    if not any(pads):
        return y
    if mode != "constant":
        return g.op("Pad", y, pads, mode=mode)
    if x.dtype is bool_:
        y = g.op("Pad", g.cast(y, int64), pads, g.constant(int(bool(value))))
        return g.cast(y, bool_)
    return g.op("Pad", y, pads, g.constant(value or 0, x.dtype), mode="constant")


@card("constant_pad_nd")
def constant_pad_nd(g: Graph, x: Value, widths: Any, value: Any = 0) -> Value:
    return padded(g, x, [a for a, _ in widths], [b for _, b in widths], "constant", value)


_MODES = {"reflect": "reflect", "replicate": "edge", "constant": "constant"}


@whole("pad")
def pad(g: Graph, input: Value, pad: Any, mode: str = "constant", value: Any = None) -> Value:
    if mode != "circular":
        return _pad(g, input, pad, _MODES[mode], value)
    y, shape = input, list(input.shape)
    for i in range(len(pad) // 2):
        d, (low, high) = input.ndim - 1 - i, pad[2 * i : 2 * i + 2]
        if low < 0 or high < 0:
            raise SymbolicValueError("pad: circular padding by less than nothing")
        parts = [g.slice(y, d, shape[d] - low, 2**63 - 1)] if low else []
        parts += [y, *([g.slice(y, d, 0, high)] if high else [])]
        y = g.op("Concat", *parts, axis=d) if len(parts) > 1 else y
    return y


CARDS.pop("pad", None)
