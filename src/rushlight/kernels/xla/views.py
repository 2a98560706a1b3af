"""How a view of an XLA array is got from the value of its cell, and put back.

A view is a chain of steps, each a tuple that can be hashed: the key of a program says which views
go in, and the program computes them inside. Beside the chain travels a shadow: a NumPy array of the
same shape, dtype and strides over addresses that nobody reads. NumPy's own views of it say what
strides, offset and order in memory the view has.

    ("index", key)            x[key]; key: ints, None, Ellipsis, ("slice", start, stop, step)
    ("axes", axes)            x.transpose(axes)
    ("shape", shape)          x.reshape(shape), where that copies nothing
    ("broadcast", shape)      x repeated up to a shape; nothing is put back
    ("bits", dtype)           the same bytes as another dtype
    ("real",) ("imag",)       a part of complex numbers
    ("diagonal", k, a, b)     np.diagonal
    ("strided", shape, strides, offset)   of the flat cell, counted in elements
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


def _get(step: tuple, x: Any) -> Any:
    kind = step[0]
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


def _put(step: tuple, x: Any, new: Any) -> Any:
    kind = step[0]
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


def get(x: Any, chain: tuple) -> Any:
    """The view of the cell's value x."""
    for step in chain:
        x = _get(step, x)
    return x


def put(x: Any, new: Any, chain: tuple) -> Any:
    """x with `new` in the place of the view."""
    seen = [x]
    for step in chain[:-1]:
        seen.append(_get(step, seen[-1]))
    for step, at in zip(reversed(chain), reversed(seen), strict=True):
        new = _put(step, at, new)
    return new


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
