"""NumPy's functions on Arrays: __array_function__. What is not here is JAX's of the same name."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .array import SPREAD, YIELDS, Array, HostAccess, Tracer, constant, raw, tree, wrapped
from .protocol import _axes, _outside, _reduce, _written
from .views import cast

_ndarray = np.ndarray


_FFT = frozenset(
    "fft ifft rfft irfft hfft ihfft fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn fftshift "
    "ifftshift".split()
)


# functions whose results are indices or counts: int64 in NumPy
_PLACES = frozenset(
    "argmax argmin argpartition argwhere bincount count_nonzero digitize flatnonzero lexsort "
    "nonzero unravel_index".split()
)


def _as_int64(x: Any) -> Any:
    return x.astype(np.int64) if hasattr(x, "astype") else x


def function(func: Any, args: tuple, kwargs: dict) -> Any:
    """What Array.__array_function__ gives."""
    name = func.__name__
    f = FUNCTIONS.get(name)
    if f is not None:
        return f(*args, **kwargs)
    module = func.__module__
    where = jnp.linalg if "linalg" in module else jnp.fft if name in _FFT else jnp
    f = getattr(where, name, None)
    if f is None:
        raise _outside(name)
    for option in ("subok", "order", "like"):
        kwargs.pop(option, None)
    out = kwargs.pop("out", None)
    kwargs = {k: tree(v) for k, v in kwargs.items() if v is not np._NoValue}
    r = f(*tree(args), **kwargs)
    r = jax.tree_util.tree_map(_as_int64, r) if name in _PLACES else r
    r = wrapped(r)
    return r if out is None else _written(out, r, True)


def _copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    if type(dst) is not Array:
        raise HostAccess("a result of an XLA device cannot be written into a NumPy array")
    new = raw(src)
    if where is not True:
        old = dst.v
        new = cast(constant(new, None if hasattr(new, "dtype") else old.dtype), old.dtype)
        new = jnp.where(raw(where), new, old)
    dst.write(new)


def _put_along_axis(arr: Array, indices: Any, values: Any, axis: Any) -> None:
    if type(arr) is not Array:
        raise HostAccess("a result of an XLA device cannot be written into a NumPy array")
    values = cast(constant(raw(values)), arr.dtype)
    arr.write(jnp.put_along_axis(arr.v, raw(indices), values, axis, inplace=False))


def _may_share(a: Any, b: Any, *_: Any, **__: Any) -> bool:
    if type(a) is not Array or type(b) is not Array or a.cell is not b.cell:
        return False
    return np.may_share_memory(a.shadow, b.shadow)


def _like(f: Any) -> Any:
    def make(x: Any, dtype: Any = None, order: Any = "K", subok: Any = True, shape: Any = None,
             *, device: Any = None) -> Array:  # fmt: skip
        kind = np.dtype(dtype) if dtype is not None else x.dtype
        return placed(f(np.shape(x) if shape is None else shape, kind), x)

    return make


def _full_like(x: Any, fill_value: Any, dtype: Any = None, order: Any = "K", subok: Any = True,
               shape: Any = None, *, device: Any = None) -> Array:  # fmt: skip
    kind = np.dtype(dtype) if dtype is not None else x.dtype
    value = cast(constant(raw(fill_value)), kind)
    return placed(jnp.broadcast_to(value, np.shape(x) if shape is None else shape), x)


def placed(v: Any, like: Any) -> Array:
    """A new value where another array is."""
    at = like.device if type(like) is Array else None
    if at is None or isinstance(v, Tracer):
        return Array(v)
    if SPREAD[0] is not None and v.shape == like.shape:
        at = like.v.sharding  # in parts, as the other is
    return Array(jax.device_put(v, at))


def _argsort(a: Any, axis: Any = -1, kind: Any = None, **_: Any) -> Array:
    return Array(jnp.argsort(raw(a), axis, stable=True).astype(np.int64))


def _sort(a: Any, axis: Any = -1, kind: Any = None, **_: Any) -> Array:
    return Array(jnp.sort(raw(a), axis))


def _where(condition: Any, *xy: Any) -> Any:
    c = raw(condition)
    if not xy:
        return tuple([Array(i.astype(np.int64)) for i in jnp.nonzero(c)])
    plain = [
        np.empty((1,), a.dtype) if hasattr(a, "dtype") else 0.0 if type(a) in YIELDS else a
        for a in xy
    ]
    kind = np.result_type(*plain)
    x, y = [constant(raw(a), None if hasattr(a, "dtype") else kind) for a in xy]
    return Array(jnp.where(c, cast(x, kind), cast(y, kind)))


def _same_kind(arrays: Any) -> list:
    """The values of several arrays in NumPy's common dtype."""
    values = [raw(a) if hasattr(a, "dtype") else np.asarray(a) for a in arrays]
    kind = np.result_type(*[v.dtype for v in values])
    return [cast(constant(v), kind) for v in values]


def _concatenate(arrays: Any, axis: Any = 0, out: Any = None, dtype: Any = None, **_: Any) -> Any:
    values = _same_kind(arrays)
    r = Array(jnp.concatenate(values, axis))
    r = r if dtype is None else r.astype(dtype)
    return r if out is None else _written(out, r, True)


def _stack(arrays: Any, axis: int = 0, out: Any = None, **_: Any) -> Any:
    r = Array(jnp.stack(_same_kind(arrays), axis))
    if out is None:
        return r
    return r.astype(out.dtype) if type(out) is not Array else _written(out, r, True)


def _expand_dims(a: Array, axis: Any) -> Array:
    of = np.expand_dims(a.shadow, axis)
    return a.view_by(("shape", of.shape), of)


def _moveaxis(a: Array, source: Any, destination: Any) -> Array:
    n = a.ndim
    one = isinstance(source, (int, np.integer))
    s = [x % n for x in ((source,) if one else source)]
    d = [x % n for x in ((destination,) if one else destination)]
    order = [i for i in range(n) if i not in s]
    for to, at in sorted(zip(d, s, strict=True)):
        order.insert(to, at)
    return a.transpose(order)


def _split(a: Array, parts: Any, axis: int = 0) -> list:
    n = a.shape[axis]
    if isinstance(parts, (int, np.integer)):
        bounds = [n // parts * i for i in range(parts + 1)]
    else:
        bounds = [0, *[int(p) for p in parts], n]
    lead = (slice(None),) * (axis % a.ndim)
    return [a[(*lead, slice(i, j))] for i, j in pairwise(bounds)]


def _flip(a: Array, axis: Any = None) -> Array:
    axes = (
        range(a.ndim) if axis is None else (axis,) if isinstance(axis, (int, np.integer)) else axis
    )
    axes = [x % a.ndim for x in axes]
    return a[tuple([slice(None, None, -1 if i in axes else None) for i in range(a.ndim)])]


def _mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **_: Any
) -> Any:
    v = raw(a)
    kind = np.dtype(dtype) if dtype is not None else v.dtype
    kind = np.dtype(np.float64) if kind.kind in "iub" else kind
    return Array(jnp.mean(v, axis=_axes(axis), dtype=kind, keepdims=keepdims is True))


def _round(a: Any, decimals: int = 0, out: Any = None) -> Any:
    r = Array(jnp.round(raw(a), decimals))
    return r if out is None else _written(out, r, True)


def _reducing(u: Any) -> Any:
    def reduce(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False,
               initial: Any = np._NoValue, where: Any = True) -> Any:  # fmt: skip
        keep = keepdims is True
        r = _reduce(u, a, axis, dtype, keep, initial)
        return r if out is None else _written(out, r, True)

    return reduce


def _clip(a: Any, low: Any = None, high: Any = None, out: Any = None, **_: Any) -> Any:
    r = a
    if low is not None:
        r = np.maximum(r, low)
    if high is not None:
        r = np.minimum(r, high)
    return r if out is None else _written(out, r, True)


def _result_type(*args: Any) -> np.dtype:
    return np.result_type(*[a.dtype if type(a) is Array else a for a in args])


def _einsum(subscripts: Any, *operands: Any, **_: Any) -> Array:
    return Array(jnp.einsum(subscripts, *_same_kind(operands)))


def _pairwise(f: Any) -> Any:
    def call(a: Any, b: Any, *rest: Any, **kwargs: Any) -> Any:
        return wrapped(f(*_same_kind([a, b]), *tree(rest), **tree(kwargs)))

    return call


def _searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    x, y = _same_kind([a, v])
    return Array(
        jnp.searchsorted(x, y, side, sorter=None if sorter is None else raw(sorter)).astype(
            np.int64
        )
    )


def _broadcast_arrays(*arrays: Any, **_: Any) -> tuple:
    shape = np.broadcast_shapes(*[np.shape(a) for a in arrays])
    return tuple([np.broadcast_to(a, shape) for a in arrays])


def _take(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise") -> Any:
    at = raw(indices) if hasattr(indices, "dtype") else np.asarray(indices)
    return Array(jnp.take(raw(a), at, axis, mode="clip" if mode == "clip" else None))


def _fill_diagonal(a: Array, val: Any, wrap: bool = False) -> None:
    a.write(jnp.fill_diagonal(a.v, raw(val), wrap=wrap, inplace=False))


def _array_equal(a: Any, b: Any, **_: Any) -> bool:
    return np.shape(a) == np.shape(b) and bool((a == b).all())


FUNCTIONS: dict[str, Any] = {
    "all": _reducing(np.logical_and),
    "amax": _reducing(np.maximum),
    "amin": _reducing(np.minimum),
    "any": _reducing(np.logical_or),
    "argsort": _argsort,
    "array_equal": _array_equal,
    "broadcast_arrays": _broadcast_arrays,
    "broadcast_to": lambda a, shape, subok=False: a.broadcast(shape),
    "clip": _clip,
    "concatenate": _concatenate,
    "copy": lambda a, order="K", subok=False: a.copy(),
    "copyto": _copyto,
    "diagonal": lambda a, offset=0, axis1=0, axis2=1: a.diagonal(offset, axis1, axis2),
    "dot": _pairwise(jnp.dot),
    "einsum": _einsum,
    "empty_like": _like(jnp.zeros),
    "expand_dims": _expand_dims,
    "fill_diagonal": _fill_diagonal,
    "flip": _flip,
    "fliplr": lambda a: _flip(a, 1),
    "flipud": lambda a: _flip(a, 0),
    "full_like": _full_like,
    "imag": lambda a: a.imag,
    "iscomplexobj": lambda a: a.dtype.kind == "c",
    "isrealobj": lambda a: a.dtype.kind != "c",
    "max": _reducing(np.maximum),
    "may_share_memory": _may_share,
    "mean": _mean,
    "min": _reducing(np.minimum),
    "moveaxis": _moveaxis,
    "ndim": lambda a: a.ndim,
    "ones_like": _like(jnp.ones),
    "prod": _reducing(np.multiply),
    "put_along_axis": _put_along_axis,
    "ravel": lambda a, order="C": a.ravel(),
    "real": lambda a: a.real,
    "reshape": lambda a, shape, order="C", copy=None: a.reshape(shape, order=order),
    "result_type": _result_type,
    "round": _round,
    "searchsorted": _searchsorted,
    "shape": lambda a: a.shape,
    "shares_memory": _may_share,
    "size": lambda a, axis=None: a.size if axis is None else a.shape[axis],
    "sort": _sort,
    "split": _split,
    "array_split": _split,
    "squeeze": lambda a, axis=None: a.squeeze(axis),
    "stack": _stack,
    "sum": _reducing(np.add),
    "swapaxes": lambda a, x, y: a.swapaxes(x, y),
    "take": _take,
    "tensordot": _pairwise(jnp.tensordot),
    "transpose": lambda a, axes=None: a.transpose(*(() if axes is None else (axes,))),
    "where": _where,
    "zeros_like": _like(jnp.zeros),
}


def _array_function(self: Array, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    return function(func, args, kwargs)


Array.__array_function__ = _array_function
