"""How a view of an XLA array is got from the value of its cell, and put back.

A view is a chain of steps, each a tuple that can be hashed: the key of a program says which views
go in, and the program computes them inside. Beside the chain travels a shadow: a NumPy array of the
same shape, dtype and strides over addresses that nobody reads. NumPy's own views of it say what
strides, offset and order in memory the view has.

    ("window", items)         x[key] for slices of step 1, ints and None; items: see `window`
    ("index", key)            x[key] for other basic keys: ints, None, Ellipsis,
                              ("slice", start, stop, step)
    ("axes", axes)            x.transpose(axes)
    ("shape", shape)          x.reshape(shape), where that copies nothing
    ("broadcast", shape)      x repeated up to a shape; nothing is put back
    ("bits", dtype)           the same bytes as another dtype
    ("real",) ("imag",)       a part of complex numbers
    ("diagonal", k, a, b)     np.diagonal
    ("strided", shape, strides, offset)   of the flat cell, counted in elements

Where windows begin is not in the chain: these numbers (`starts`, of all steps in their order) are
inputs of programs, so that one program serves all batches x[i : i + 64] and all rows x[i].
"""

from __future__ import annotations

import mmap
from functools import partial
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

_room: list[Any] = []


def shadow(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """An array of this shape over addresses that are never read or written."""
    return np.ndarray(shape, dtype, _reserved(prod(shape) * dtype.itemsize))


def _reserved(need: int) -> Any:
    """Addresses of so many bytes."""
    if not _room or len(_room[-1]) < need:
        flags = {}
        if hasattr(mmap, "MAP_PRIVATE"):
            kind = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)
            flags = {"flags": kind}
        _room.append(mmap.mmap(-1, max(2 * need, 1 << 30), **flags))
    return _room[-1]


def offset_of(a: np.ndarray) -> int:
    """How many bytes behind the start of its cell a shadow begins."""
    at = start(a)
    for room in _room:
        first = start(np.ndarray((), np.uint8, room))
        if first <= at <= first + len(room):
            return at - first
    raise AssertionError("not a shadow")


def room(offset: int, shape: tuple, strides: Any, unit: int) -> Any:
    """Addresses that a strided view needs."""
    return _reserved(
        offset + unit + sum([(n - 1) * s for n, s in zip(shape, strides, strict=True) if n])
    )


def start(a: np.ndarray) -> int:
    """The address of a shadow's first element."""
    if a.dtype.num >= 256:  # NumPy has no interface for the narrow floats
        a = a.view(np.uint8 if a.itemsize == 1 else f"u{a.itemsize}")
    return a.__array_interface__["data"][0]


def as_key(key: Any) -> tuple:
    """A basic index as a tuple that can be hashed."""
    items = key if type(key) is tuple else (key,)
    return tuple(
        [
            ("slice", _int(k.start), _int(k.stop), _int(k.step))
            if type(k) is slice
            else k
            if k is None or k is Ellipsis
            else int(k)
            for k in items
        ]
    )


def window(key: tuple, shape: tuple[int, ...]) -> tuple[tuple, tuple] | None:
    """A basic index of an array of this shape as the items of a "window" and where they begin.

    An item is None (a new dimension), the size of a slice, "at" (an index: the dimension goes) or
    "all". None: the key is no window (a slice has a step).
    """
    items: list[Any] = []
    starts: list[int] = []
    lengths = iter(shape)
    for at, k in enumerate(key):
        if k is Ellipsis:
            rest = key[at + 1 :]
            for _ in range(len(shape) - sum([j is not None for j in (*key[:at], *rest)])):
                items.append("all")
                next(lengths)
        elif k is None:
            items.append(None)
        elif type(k) is int:
            n = next(lengths)
            items.append("at")
            starts.append(k + n if k < 0 else k)
        else:
            n = next(lengths)
            start, stop, step = slice(*k[1:]).indices(n)
            size = max(stop - start, 0)
            if step != 1:
                return None
            if size == n:
                items.append("all")
            else:
                items.append(size)
                starts.append(min(start, n - size))
    while items and items[-1] == "all":
        items.pop()
    return tuple(items), tuple(starts)


def _int(n: Any) -> int | None:
    return None if n is None else int(n)


def as_index(key: tuple) -> tuple:
    """The index that `as_key` was given."""
    return tuple([slice(*k[1:]) if type(k) is tuple else k for k in key])


def places(shape: tuple, strides: tuple, offset: int) -> np.ndarray:
    """Where in flat memory the elements of a strided view lie."""
    at = np.full((), offset, np.int64)
    for n, s in zip(shape, strides, strict=True):
        at = at[..., None] + np.arange(n) * s
    return at


def _bits(x: Any, dtype: Any) -> Any:
    """x's bytes as another dtype: the last dimension grows or shrinks with the size."""
    old, new = x.dtype, np.dtype(dtype)
    if old.kind == "c" and new.kind != "c":  # (*, N) -> (*, 2 N)
        x = jnp.stack([x.real, x.imag], -1).reshape(*x.shape[:-1], -1)
        return x if x.dtype == new else _bits(x, new)
    if new.kind == "c":
        part = np.dtype(f"f{new.itemsize // 2}")
        x = x if x.dtype == part else _bits(x, part)
        x = x.reshape(*x.shape[:-1], -1, 2)
        return lax.complex(x[..., 0], x[..., 1])
    if old.kind == "b":
        x, old = x.astype(np.uint8), np.dtype(np.uint8)
    if new.kind == "b":
        return _bits(x, np.uint8) != 0
    if new.itemsize < old.itemsize:
        y = lax.bitcast_convert_type(x, new)
        return y.reshape(*x.shape[:-1], -1) if x.ndim else y
    if new.itemsize > old.itemsize:
        x = x.reshape(*x.shape[:-1], -1, new.itemsize // old.itemsize)
    return lax.bitcast_convert_type(x, new)


def _bounds(items: tuple, x: Any, starts: Any) -> tuple[list, list, list]:
    """Where in each dimension of x a window begins, how long it is, and the view's shape."""
    begin: list[Any] = []
    sizes: list[int] = []
    shape: list[int] = []
    for k in items:
        if k is None:
            shape.append(1)
            continue
        n = x.shape[len(sizes)] if k == "all" else 1 if k == "at" else k
        begin.append(0 if k == "all" else next(starts))
        sizes.append(n)
        if k != "at":
            shape.append(n)
    rest = x.shape[len(sizes) :]
    return [*begin, *[0] * len(rest)], [*sizes, *rest], [*shape, *rest]


def _get(step: tuple, x: Any, starts: Any) -> Any:
    kind = step[0]
    if kind == "window":
        begin, sizes, shape = _bounds(step[1], x, starts)
        if all([type(i) is int for i in begin]):
            y = lax.slice(x, begin, [i + n for i, n in zip(begin, sizes, strict=True)])
        else:
            y = lax.dynamic_slice(x, begin, sizes)
        return y.reshape(shape)
    if kind == "index":
        return x[as_index(step[1])]
    if kind == "axes":
        return jnp.transpose(x, step[1])
    if kind == "shape":
        return jnp.reshape(x, step[1])
    if kind == "broadcast":
        return jnp.broadcast_to(x, step[1])
    if kind == "bits":
        return _bits(x, step[1])
    if kind == "real":
        return jnp.real(x)
    if kind == "imag":
        return jnp.imag(x)
    if kind == "diagonal":
        return jnp.diagonal(x, *step[1:])
    return x.reshape(-1)[places(*step[1:])]


def _put(step: tuple, x: Any, new: Any, starts: Any) -> Any:
    kind = step[0]
    if kind == "window":
        begin, sizes, _ = _bounds(step[1], x, starts)
        return lax.dynamic_update_slice(x, new.reshape(sizes), begin) if begin else new.reshape(())
    if kind == "index":
        return x.at[as_index(step[1])].set(new)
    if kind == "axes":
        return jnp.transpose(new, sorted(range(x.ndim), key=step[1].__getitem__))
    if kind == "shape":
        return jnp.reshape(new, x.shape)
    if kind == "broadcast":  # the elements are one: the last is kept, as in memory
        lead = new.ndim - x.ndim
        at = (*[-1] * lead, *[slice(-1, None) if n == 1 else slice(None) for n in x.shape])
        return new[at] if new.size else x
    if kind == "bits":
        return _bits(new, x.dtype).reshape(x.shape)
    if kind == "real":
        return lax.complex(new, jnp.imag(x)) if x.dtype.kind == "c" else new
    if kind == "imag":
        return lax.complex(jnp.real(x), new)
    if kind == "diagonal":
        offset, a, b = step[1:]
        m = jnp.moveaxis(x, (a, b), (-2, -1))
        i = np.arange(new.shape[-1])
        m = m.at[..., i + max(-offset, 0), i + max(offset, 0)].set(new)
        return jnp.moveaxis(m, (-2, -1), (a, b))
    at = places(*step[1:]).reshape(-1)
    return x.reshape(-1).at[at].set(new.reshape(-1)).reshape(x.shape)


def get(x: Any, chain: tuple, starts: tuple) -> Any:
    """The view of the cell's value x."""
    numbers = iter(starts)
    for step in chain:
        x = _get(step, x, numbers)
    return x


def put(x: Any, new: Any, chain: tuple, starts: tuple) -> Any:
    """x with `new` in the place of the view."""
    seen, numbers = [x], iter(starts)
    for step in chain[:-1]:
        seen.append(_get(step, seen[-1], numbers))
    at = len(starts)
    for step, before in zip(reversed(chain), reversed(seen), strict=True):
        n = _count(step)
        new = _put(step, before, new, iter(starts[at - n : at]))
        at -= n
    return new


def _count(step: tuple) -> int:
    """How many numbers a step has among the starts."""
    if step[0] != "window":
        return 0
    return sum([k is not None and k != "all" for k in step[1]])


# the same as programs, for values that are no tracers
get_now = partial(jax.jit, static_argnums=1)(get)
put_now = partial(jax.jit, static_argnums=2)(put)


def cast(x: Any, dtype: Any) -> Any:
    """x in another dtype, as NumPy's astype: the real part of complex numbers."""
    if x.dtype == dtype:
        return x
    if x.dtype.kind == "c" and dtype.kind != "c":
        x = jnp.real(x) if dtype.kind != "b" else x != 0
    if dtype.kind == "u" and x.dtype.kind == "f":  # negative numbers wrap around, as in C
        return x.astype(np.int64).astype(dtype) if dtype.itemsize < 8 else _to_uint64(x)
    return x.astype(dtype)


def _to_uint64(x: Any) -> Any:
    return jnp.where(x < 0, x.astype(np.int64).astype(np.uint64), x.astype(np.uint64))
