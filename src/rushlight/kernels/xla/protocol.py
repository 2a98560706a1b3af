"""NumPy's functions and ufuncs on Arrays: __array_ufunc__ and __array_function__.

Dtypes are NumPy's: each ufunc is asked for its own (`resolve_dtypes`), since JAX promotes
otherwise (int64 and float32 give float32 there, float64 in NumPy). What is computed outside of a
trace goes through a program per ufunc and dtypes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from . import views
from .array import YIELDS, Array, HostAccess, Tracer, constant, host, raw, wrapped
from .program import one_device
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
        if len(values) == 2:
            one_device(*args)
        if u.__name__ == "matmul":
            try:
                r = wrapped(_matmul(*values))
            except (TypeError, ValueError) as e:
                raise _in_numpys_words(e, u, values) from None
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
            try:
                r = _apply(u, values, kinds) if traced else _program(u, kinds)(*values)
            except (TypeError, ValueError) as e:
                raise _in_numpys_words(e, u, values) from None
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


def _in_numpys_words(e: Exception, u: Any, values: list) -> Exception:
    """NumPy's error for operands of these shapes; e, if it has none."""
    if isinstance(e, jax.errors.ConcretizationTypeError):
        return e
    try:
        u(
            *[
                np.broadcast_to(np.ones((), a.dtype), a.shape) if hasattr(a, "shape") else a
                for a in values
            ]
        )
    except (TypeError, ValueError) as found:
        return found
    return e


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


def _array_ufunc(self: Array, u: Any, method: str, *args: Any, **options: Any) -> Any:
    if YIELDS and any([type(a) in YIELDS for a in args]):
        return NotImplemented
    return ufunc(u, method, args, options)


Array.__array_ufunc__ = _array_ufunc
