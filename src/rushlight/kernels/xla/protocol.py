"""NumPy's functions and ufuncs on Arrays: __array_ufunc__ and __array_function__.

Dtypes are NumPy's: each ufunc is asked for its own (`resolve_dtypes`), since JAX promotes
otherwise (int64 and float32 give float32 there, float64 in NumPy). What is computed outside of a
trace goes through a program per ufunc and dtypes.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from . import views
from .array import SPREAD, YIELDS, Array, HostAccess, Tracer, constant, host, raw, tree, wrapped
from .views import cast

_ndarray = np.ndarray
_NAMES = {"divide": "true_divide", "conjugate": "conj", "absolute": "abs"}
_PYTHON = (bool, int, float, complex)


# ---------------------------------------------------------------- ufuncs


def _outside(name: str) -> HostAccess:
    return HostAccess(f"np.{name} has no counterpart on an XLA device")


@lru_cache(None)
def _jnp(name: str) -> Any:
    f = _OWN.get(name) or getattr(jnp, _NAMES.get(name, name), None)
    if f is None:
        raise _outside(name)
    return f


def _frexp(x: Any) -> Any:
    m, e = jnp.frexp(x)
    return m, e.astype(np.int32)


def _maximum(x: Any, y: Any) -> Any:
    if x.dtype.kind == "c":
        return jnp.where(jnp.isnan(x) | (_order(x, y) >= 0), x, y)
    return jnp.maximum(x, y)


def _minimum(x: Any, y: Any) -> Any:
    if x.dtype.kind == "c":
        return jnp.where(jnp.isnan(x) | (_order(x, y) <= 0), x, y)
    return jnp.minimum(x, y)


def _order(x: Any, y: Any) -> Any:
    return jnp.where(x.real == y.real, jnp.sign(x.imag - y.imag), jnp.sign(x.real - y.real))


def _remainder(x: Any, y: Any) -> Any:
    if x.dtype.kind in "iu":  # 0 for a zero divisor, as in NumPy
        return jnp.where(y == 0, 0, jnp.remainder(x, jnp.where(y == 0, 1, y)))
    return jnp.remainder(x, y)


def _floor_divide(x: Any, y: Any) -> Any:
    if x.dtype.kind in "iu":
        return jnp.where(y == 0, 0, jnp.floor_divide(x, jnp.where(y == 0, 1, y)))
    q = jnp.floor_divide(x, y)
    return jnp.where(y == 0, x / y, q)


def _power(x: Any, y: Any) -> Any:
    return jnp.power(x, y)


_OWN: dict[str, Any] = {
    "frexp": _frexp,
    "maximum": _maximum,
    "minimum": _minimum,
    "remainder": _remainder,
    "floor_divide": _floor_divide,
    "power": _power,
    "fabs": jnp.abs,
    "spacing": lambda x: jnp.nextafter(x, jnp.sign(x) * np.inf) - x,
    # np.linalg's generalised functions, see kernels/lapack.py
    "inv": jnp.linalg.inv,
    "solve": jnp.linalg.solve,
    "solve1": lambda a, b: jnp.linalg.solve(a, b[..., None])[..., 0],
    "det": jnp.linalg.det,
    "slogdet": lambda x: tuple(jnp.linalg.slogdet(x)),
    "cholesky_lo": jnp.linalg.cholesky,
    "cholesky_up": lambda x: jnp.linalg.cholesky(x, upper=True),
    "eigh_lo": lambda x: tuple(jnp.linalg.eigh(x, UPLO="L")),
    "eigh_up": lambda x: tuple(jnp.linalg.eigh(x, UPLO="U")),
    "eigvalsh_lo": lambda x: jnp.linalg.eigvalsh(x, UPLO="L"),
    "eigvalsh_up": lambda x: jnp.linalg.eigvalsh(x, UPLO="U"),
}
for _suffix in ("", "_m", "_n"):
    _OWN[f"svd{_suffix}"] = lambda x: jnp.linalg.svd(x, compute_uv=False)
    _OWN[f"svd{_suffix}_f"] = lambda x: tuple(jnp.linalg.svd(x, full_matrices=True))
    _OWN[f"svd{_suffix}_s"] = lambda x: tuple(jnp.linalg.svd(x, full_matrices=False))


def _kind(a: Any) -> Any:
    """What resolve_dtypes wants to know of an operand."""
    t = type(a)
    if t in (int, float, complex):
        return t
    return a.dtype if hasattr(a, "dtype") else np.dtype(bool) if t is bool else np.asarray(a).dtype


@lru_cache(4096)
def _loop(u: Any, kinds: tuple, signature: Any) -> tuple:
    """The dtypes of a ufunc's operands and results."""
    options = {} if signature is None else {"signature": tuple(signature)}
    return u.resolve_dtypes((*kinds, *[None] * u.nout), **options)


def _apply(u: Any, args: Any, kinds: tuple) -> Any:
    values = [
        cast(a if isinstance(a, jax.Array) else constant(a), d)
        for a, d in zip(args, kinds, strict=False)
    ]
    r = _jnp(u.__name__)(*values)
    wanted = kinds[u.nin :]
    if isinstance(r, (tuple, list)):
        return tuple([cast(x, d) for x, d in zip(r, wanted, strict=True)])
    return cast(r, wanted[0])


@lru_cache(4096)
def _program(u: Any, kinds: tuple) -> Any:
    def program(*args: Any) -> Any:
        return _apply(u, args, kinds)

    program.__name__ = u.__name__
    return jax.jit(program)


def ufunc(u: Any, method: str, args: tuple, options: dict) -> Any:
    """What Array.__array_ufunc__ gives."""
    if method == "at":
        return _at(u, *args)
    out = options.pop("out", None)
    where = options.pop("where", True)
    out = None if out is None else out[0]
    dtype = options.pop("dtype", None)
    signature = options.pop("signature", None)
    if method == "__call__":
        values = [raw(a) for a in args]
        if any([isinstance(a, (list, tuple)) for a in values]):
            values = [np.asarray(a) if isinstance(a, (list, tuple)) else a for a in values]
        if u.__name__ == "matmul":
            r = wrapped(_matmul(*values))
        else:
            if dtype is not None:
                signature = (*[None] * u.nin, *[np.dtype(dtype)] * u.nout)
                if u.nout == 1 and np.dtype(dtype).kind != "b":
                    signature = (np.dtype(dtype),) * (u.nin + u.nout)
            try:
                kinds = _loop(u, tuple([_kind(a) for a in values]), signature)
            except TypeError:
                if signature is None:
                    raise
                kinds = (np.dtype(dtype),) * (u.nin + u.nout)
            traced = any([isinstance(a, Tracer) for a in values])
            r = _apply(u, values, kinds) if traced else _program(u, kinds)(*values)
            r = tuple(map(Array, r)) if type(r) is tuple else Array(r)
    elif method == "reduce":
        r = _reduce(u, *args, dtype=dtype, **options)
    elif method == "accumulate":
        r = _accumulate(u, *args, dtype=dtype, **options)
    elif method == "outer":
        x, y = args
        r = u(np.reshape(x, (*np.shape(x), *[1] * np.ndim(y))), y)
    elif method == "reduceat":
        r = _reduceat(u, *args, **options)
    else:
        raise _outside(f"{u.__name__}.{method}")
    return r if out is None else _written(out, r, where)


def _written(out: Any, r: Any, where: Any) -> Any:
    if type(out) is not Array:
        raise HostAccess("a result of an XLA device cannot be written into a NumPy array")
    new = raw(r)
    if where is not True:
        new = jnp.where(raw(where), new, out.v)
    out.write(new)
    return out


def _at(u: Any, target: Array, index: Any, value: Any = None) -> None:
    from .array import taken

    if type(target) is not Array:
        raise HostAccess("a result of an XLA device cannot be added into a NumPy array")
    key, _ = taken(index)
    at = target.v.at[key]
    name = {"add": "add", "subtract": "subtract", "multiply": "multiply", "maximum": "max",
            "minimum": "min", "divide": "divide"}.get(u.__name__)  # fmt: skip
    if name is None:
        raise _outside(f"{u.__name__}.at")
    value = raw(value)
    if hasattr(value, "dtype"):
        value = cast(constant(value), target.dtype)
    target.write(getattr(at, name)(value))


def _axes(axis: Any) -> Any:
    return tuple([int(a) for a in axis]) if isinstance(axis, (list, tuple)) else axis


_REDUCTIONS = {
    "add": jnp.sum,
    "multiply": jnp.prod,
    "maximum": jnp.max,
    "minimum": jnp.min,
    "logical_or": jnp.any,
    "logical_and": jnp.all,
    "bitwise_or": jnp.bitwise_or.reduce,
    "bitwise_and": jnp.bitwise_and.reduce,
    "bitwise_xor": jnp.bitwise_xor.reduce,
    "logaddexp": None,
    "fmax": jnp.nanmax,
    "fmin": jnp.nanmin,
}


def _reduce(u: Any, x: Any, axis: Any = 0, dtype: Any = None, keepdims: bool = False,
            initial: Any = np._NoValue, **_: Any) -> Array:  # fmt: skip
    f = _REDUCTIONS.get(u.__name__)
    if f is None:
        if u.__name__ != "logaddexp":
            raise _outside(f"{u.__name__}.reduce")
        f = jax.nn.logsumexp
    v = raw(x)
    options: dict[str, Any] = {"axis": _axes(axis), "keepdims": keepdims}
    if u.__name__ in ("add", "multiply"):
        kind = np.dtype(dtype) if dtype is not None else _total_kind(v.dtype)
        options["dtype"] = kind
    elif dtype is not None and np.dtype(dtype).kind != "b":
        v = cast(v, np.dtype(dtype))
    if initial is not np._NoValue and initial is not None and u.__name__ != "logaddexp":
        options["initial"] = initial
    if v.dtype.kind == "c" and u.__name__ in ("maximum", "minimum"):
        raise _outside(f"{u.__name__}.reduce of complex numbers")
    if v.size == 0 and u.__name__ in ("maximum", "minimum") and "initial" not in options:
        np.maximum.reduce(views.shadow(v.shape, v.dtype), axis=axis)  # NumPy's error, if it is one
        shape = np.sum(
            np.broadcast_to(np.int8(0), v.shape), axis=_axes(axis), keepdims=keepdims
        ).shape
        return Array(jnp.zeros(shape, v.dtype))
    return Array(f(v, **options))


def _total_kind(kind: Any) -> Any:
    """The dtype in which NumPy adds up."""
    if kind.kind in "bi":
        return np.dtype(np.int64)
    return np.dtype(np.uint64) if kind.kind == "u" else kind


def _accumulate(u: Any, x: Any, axis: int = 0, dtype: Any = None, **_: Any) -> Array:
    v = raw(x)
    name = u.__name__
    kind = np.dtype(dtype) if dtype is not None else v.dtype
    if name in ("add", "multiply"):
        if dtype is None:
            kind = _total_kind(kind)
        f = jnp.cumsum if name == "add" else jnp.cumprod
        return Array(f(v, axis=axis, dtype=kind))
    if name == "logaddexp":
        return Array(lax.cumlogsumexp(v, axis % v.ndim))
    v = cast(v, kind)
    if name in ("maximum", "minimum") and kind.kind != "c":
        f = {"maximum": lax.cummax, "minimum": lax.cummin}[name]
        r = f(v, axis % v.ndim)
        if kind.kind == "f":  # nan stays
            seen = lax.cummax(jnp.isnan(v).astype(np.int8), axis % v.ndim) > 0
            r = jnp.where(seen, np.nan, r)
        return Array(r)
    return Array(lax.associative_scan(_jnp(name), v, axis=axis))


def _reduceat(u: Any, x: Any, indices: Any, axis: int = 0, **_: Any) -> Array:
    starts = host(indices)
    n = np.shape(x)[axis]
    parts = []
    for i, a in enumerate(starts):
        b = starts[i + 1] if i + 1 < len(starts) else n
        parts.append(u.reduce(np.take(x, np.arange(a, max(b, a + 1)), axis), axis=axis))
    return np.stack(parts, axis)


def _matmul(x: Any, y: Any) -> Any:
    kind = np.result_type(x.dtype, y.dtype)
    return jnp.matmul(cast(constant(x), kind), cast(constant(y), kind))


# ---------------------------------------------------------------- functions


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
    plain = [np.empty((1,), a.dtype) if hasattr(a, "dtype") else a for a in xy]
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


def _array_ufunc(self: Array, u: Any, method: str, *args: Any, **options: Any) -> Any:
    if YIELDS and any([type(a) in YIELDS for a in args]):
        return NotImplemented
    return ufunc(u, method, args, options)


def _array_function(self: Array, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    return function(func, args, kwargs)


Array.__array_ufunc__, Array.__array_function__ = _array_ufunc, _array_function
