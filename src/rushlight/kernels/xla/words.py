"""K's words that XLA says better than NumPy's formulas: convolution, pools, attention, ...

What is missing here is computed by the twins (kernels/twin), whose NumPy calls reach JAX through
protocol.py. Arguments, results and letters are those of the twin of the same name. A check of
values is left out: a device cannot stop for it (as CUDA's asserts, which come late).
"""

from __future__ import annotations

from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy import special

from ..window_geometry import adaptive_bounds, pooled_size
from . import views
from .array import Array, Tracer, raw, tree, wrapped
from .functions import placed
from .views import cast

WORDS: dict[str, Any] = {}  # name -> the function on Arrays


def word(*names: str) -> Any:
    """Register a function of Arrays."""

    def put(f: Any) -> Any:
        for name in names:
            WORDS[name] = f
        return f

    return put


def values(*names: str) -> Any:
    """Register a function of JAX's values."""

    def put(f: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            given = [jnp.asarray(a) if isinstance(a, np.ndarray) else a for a in tree(args)]
            return wrapped(f(*given, **tree(kwargs)))

        call.__name__, call.__doc__ = f.__name__, f.__doc__
        for name in names:
            WORDS[name] = call
        return f

    return put


def adjoint(f: Any, shape: Any, dtype: Any, dy: Any) -> Any:
    """The adjoint of a linear f of arrays of this shape, at dy."""
    return jax.linear_transpose(f, jax.ShapeDtypeStruct(tuple(shape), dtype))(dy)[0]


# ---------------------------------------------------------------- convolution

_LAYOUT = {3: ("NCH", "OIH", "NCH"), 4: ("NCHW", "OIHW", "NCHW"), 5: ("NCDHW", "OIDHW", "NCDHW")}


def _convolved(x: Any, w: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    if x.dtype != w.dtype or w.shape[0] % groups or w.shape[1] * groups != x.shape[1]:
        raise ValueError("conv: the arguments do not fit each other")
    if x.dtype.kind in "iu":  # XLA's CPU has no convolution of whole numbers
        y = _convolved(
            x.astype(np.float64), w.astype(np.float64), stride, padding, dilation, groups
        )
        return y.astype(x.dtype)
    return lax.conv_general_dilated(
        x,
        w,
        stride,
        [(p, p) for p in padding],
        rhs_dilation=dilation,
        dimension_numbers=_LAYOUT[x.ndim],
        feature_group_count=groups,
    )


@values("conv", "conv1d", "conv2d", "conv3d")
def conv(x, w, b, stride, padding, dilation, groups):
    y = _convolved(x, w, stride, padding, dilation, groups)
    return y if b is None else y + b.reshape(1, -1, *[1] * (x.ndim - 2))


@values("conv_relu", "conv1d_relu", "conv2d_relu", "conv3d_relu")
def conv_relu(x, w, b, stride, padding, dilation, groups):
    return _relu(conv(x, w, b, stride, padding, dilation, groups))


@values("conv_dx", "conv1d_dx", "conv2d_dx", "conv3d_dx")
def conv_dx(dy, w, x_shape, stride, padding, dilation, groups, gate=None):
    def f(x):  # a transposed convolution may leave out cells at the end
        return _convolved(x, w, stride, padding, dilation, groups)[cut]

    cut = tuple(map(slice, (None, None, *dy.shape[2:])))
    dx = adjoint(f, x_shape, dy.dtype, dy)
    return dx if gate is None else jnp.where(gate <= 0, 0, dx)


@values("conv_dw", "conv1d_dw", "conv2d_dw", "conv3d_dw")
def conv_dw(dy, x, w_shape, stride, padding, dilation, groups):
    def f(w):
        return _convolved(x, w, stride, padding, dilation, groups)[cut]

    cut = tuple(map(slice, (None, None, *dy.shape[2:])))
    return adjoint(f, w_shape, dy.dtype, dy), dy.sum((0, *range(2, dy.ndim)))


# ---------------------------------------------------------------- pools


def _pads(x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool) -> list:
    pads = [(0, 0), (0, 0)]
    for n, k, s, p, d in zip(x.shape[2:], kernel, stride, padding, dilation, strict=True):
        out = pooled_size(n, k, s, p, d, ceil)
        pads.append((p, max((out - 1) * s + (k - 1) * d + 1 - n - p, 0)))
    return pads


def _trimmed(x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool) -> tuple:
    return tuple(
        pooled_size(n, k, s, p, d, ceil)
        for n, k, s, p, d in zip(x.shape[2:], kernel, stride, padding, dilation, strict=True)
    )


def _lowest(dtype: Any) -> Any:
    return np.array(np.iinfo(dtype).min if dtype.kind in "iu" else -np.inf, dtype)


@values("max_pool", "max_pool2d", "max_pool3d")
def max_pool(x, kernel, stride, padding, dilation, ceil):
    out = _trimmed(x, kernel, stride, padding, dilation, ceil)
    if min(out) < 1 or 0 in x.shape[1:]:
        raise ValueError("pool: no window fits")
    place = np.broadcast_to(np.arange(prod(x.shape[2:])).reshape(x.shape[2:]), x.shape)

    def later(a, b):
        """The larger cell, the first of equals, nan above all; a place of 2^62 is padding."""
        (v, i), (w, j) = a, b
        nan_v, nan_w = v != v, w != w
        first = jnp.where(nan_v | nan_w, nan_v & ~(nan_w & (j > i)), (v > w) | ((v == w) & (i < j)))
        first = jnp.where(j == 2**62, True, jnp.where(i == 2**62, False, first))
        return jnp.where(first, v, w), jnp.where(first, i, j)

    pads = _pads(x, kernel, stride, padding, dilation, ceil)
    y, i = lax.reduce_window(
        (x, jnp.asarray(place)),
        (_lowest(x.dtype), np.int64(2**62)),
        later,
        (1, 1, *kernel),
        (1, 1, *stride),
        pads,
        window_dilation=(1, 1, *dilation),
    )
    cut = (slice(None), slice(None), *map(slice, out))
    return y[cut], i[cut]


@values("max_pool_dx", "max_pool2d_dx", "max_pool3d_dx")
def max_pool_dx(dy, i, x_shape):
    planes, cells = prod(x_shape[:2]), prod(x_shape[2:])
    at = i.reshape(planes, prod(i.shape[2:]))
    dx = jnp.zeros((planes, cells), dy.dtype)
    dx = dx.at[np.arange(planes)[:, None], at].add(dy.reshape(at.shape))
    return dx.reshape(tuple(x_shape))


def _averaged(x, kernel, stride, padding, ceil, count_include_pad, divisor):
    from ..twin.pool import _window_cells

    ones = (1,) * len(kernel)
    out = _trimmed(x, kernel, stride, padding, ones, ceil)
    if min(out) < 1 or 0 in x.shape[1:]:
        raise ValueError("pool: no window fits")
    y = lax.reduce_window(
        x,
        np.zeros((), x.dtype),
        lax.add,
        (1, 1, *kernel),
        (1, 1, *stride),
        _pads(x, kernel, stride, padding, ones, ceil),
    )[(slice(None), slice(None), *map(slice, out))]
    if divisor:
        return y / np.asarray(divisor, x.dtype) if x.dtype.kind != "i" else y // divisor
    count: Any = 1
    cells = _window_cells(x.shape[2:], kernel, stride, padding, ceil, count_include_pad)
    for axis, each in enumerate(reversed(cells)):
        count = count * each.reshape(-1, *[1] * axis)
    return y / np.asarray(count, x.dtype) if x.dtype.kind != "i" else y // count


@values("avg_pool", "avg_pool2d", "avg_pool3d")
def avg_pool(x, *options):
    if x.dtype.itemsize == 2:
        return _averaged(x.astype(np.float32), *options).astype(x.dtype)
    return _averaged(x, *options)


@values("avg_pool_dx", "avg_pool2d_dx", "avg_pool3d_dx")
def avg_pool_dx(dy, x_shape, *options):
    wide = dy.astype(np.float32) if dy.dtype.itemsize == 2 else dy
    return adjoint(lambda x: _averaged(x, *options), x_shape, wide.dtype, wide).astype(dy.dtype)


def _adapted(x: Any, out: Any) -> Any:
    for axis, m in enumerate(out, 2):
        n = x.shape[axis]
        if n == m:
            continue
        if n % m == 0:
            x = x.reshape(*x.shape[:axis], m, n // m, *x.shape[axis + 1 :]).mean(axis + 1)
            continue
        share = np.zeros((m, n), x.dtype)
        for cell, (a, b) in enumerate(adaptive_bounds(n, m)):
            share[cell, a:b] = 1 / (b - a)
        x = jnp.moveaxis(
            jnp.tensordot(x, share, [[axis], [1]], precision=lax.Precision.HIGHEST), -1, axis
        )
    return x


@values("adaptive_avg_pool")
def adaptive_avg_pool(x, out):
    if x.dtype.itemsize == 2:
        return _adapted(x.astype(np.float32), out).astype(x.dtype)
    return _adapted(x, out)


@values("adaptive_avg_pool_dx")
def adaptive_avg_pool_dx(dy, x_shape):
    wide = dy.astype(np.float32) if dy.dtype.itemsize == 2 else dy
    return adjoint(lambda x: _adapted(x, dy.shape[2:]), x_shape, wide.dtype, wide).astype(dy.dtype)


# ---------------------------------------------------------------- matrices, losses, rows


def _relu(x):
    return jnp.where(x < 0, jnp.zeros((), x.dtype), x)  # nan stays


values("relu")(_relu)


@values("linear")
def linear(x, w, b):
    y = x @ w.T
    return y if b is None else y + b


@values("linear_relu")
def linear_relu(x, w, b):
    return _relu(linear(x, w, b))


@values("cross_entropy")
def cross_entropy(x, t, ignore_index, mean):
    logp = jax.nn.log_softmax(x, 1)
    kept = t != ignore_index
    picked = jnp.take_along_axis(logp, jnp.where(kept, t, 0)[:, None], 1)[:, 0]
    loss = -jnp.where(kept, picked, 0).sum()
    return (loss / kept.sum().astype(x.dtype) if mean else loss), logp


@values("cross_entropy_dx")
def cross_entropy_dx(dloss, logp, t, ignore_index, mean):
    kept = t != ignore_index
    hot = t[:, None] == np.arange(logp.shape[1])
    scale = dloss / kept.sum().astype(logp.dtype) if mean else dloss
    return jnp.where(kept[:, None], (jnp.exp(logp) - hot.astype(logp.dtype)) * scale, 0)


@values("embedding")
def embedding(w, i):
    return w[i]


@values("embedding_dw")
def embedding_dw(dy, i, rows, padding_idx, scale_by_freq):
    i, dy = i.reshape(-1), dy.reshape(i.size, dy.shape[-1])
    if scale_by_freq:
        often = jnp.zeros(rows, np.int64).at[i].add(1)
        dy = dy / often[i].astype(dy.dtype)[:, None]
    dw = jnp.zeros((rows, dy.shape[-1]), dy.dtype).at[i].add(dy)
    return dw if padding_idx < 0 else dw.at[padding_idx].set(0)


values("take")(lambda x, i: x[i])


# ---------------------------------------------------------------- special functions


def _in_double(f: Any) -> Any:
    """f in float64, rounded to x's dtype, as the twins are."""

    def call(x, *args):
        kind = np.dtype(np.result_type(x.dtype))
        kind = kind if kind.kind not in "iub" else np.dtype(np.float32)
        return f(x.astype(np.float64), *args).astype(kind)

    return call


def _erfcx(x):
    """exp(x²) erfc(x); for large x by its asymptotic series."""
    z = 1 / (2 * x * x)
    far = 1 - z * (1 - 3 * z * (1 - 5 * z * (1 - 7 * z)))
    near = jnp.exp(x * x) * lax.erfc(x)
    return jnp.where(x > 25, far / (x * np.sqrt(np.pi)), near)


for _name, _f in {
    "erf": lax.erf,
    "erfc": lax.erfc,
    "erfinv": lax.erf_inv,
    "erfcx": lambda x: _erfcx(x),
    "lgamma": lax.lgamma,
    "digamma": lax.digamma,
    "zeta": lambda x, q: special.zeta(x, q.astype(np.float64)),
    "polygamma": lambda x, n: special.polygamma(int(n), x) if n else lax.digamma(x),
    "i0": special.i0,
    "i1": special.i1,
    "i0e": special.i0e,
    "i1e": special.i1e,
    "ndtri": special.ndtri,
    "log_ndtr": special.log_ndtr,
}.items():
    values(_name)(_in_double(_f))


# ---------------------------------------------------------------- shapes and indices

values("take_along_axis")(lambda x, i, axis: jnp.take_along_axis(x, i, axis))
values("pick")(lambda x, i, axis: jnp.take_along_axis(x, i, axis))
values("chosen")(lambda x, mask: x[mask])
values("places")(lambda x: jnp.stack(jnp.nonzero(x)) if x.ndim else jnp.zeros((0, 1), np.int64))
word("broadcast_to")(lambda x, shape: Array(jnp.broadcast_to(raw(x), tuple(shape))))
word("dense")(lambda x: x if type(x) is not Array or x.flags.c_contiguous else x.copy())
word("dense_copy")(lambda x: x.copy())
word("refuse")(lambda bad, error: None)
word("within")(lambda index, low, high: True)
word("like")(lambda x, y: x.astype(y.dtype, copy=False))
word("astype")(lambda x, dtype: x.astype(dtype, copy=False))
values("channels_last")(lambda x: jnp.moveaxis(x, 1, -1))


@word("zeros")
def zeros(shape, like, dtype=None):
    kind = np.dtype(dtype) if dtype is not None else like.dtype
    shape = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    return placed(jnp.zeros(shape, kind), like)


@word("basic_dx")
def basic_dx(dy, x_shape, key):
    """Where a window begins is an input here, too: a loop over x[:, t] has one program."""
    at = views.as_key(key)
    at = at if Ellipsis in at else (*at, Ellipsis)
    found = views.window(at, tuple(x_shape))
    chain, starts = ((("index", at),), ()) if found is None else ((("window", found[0]),), found[1])
    v = raw(dy)
    put = _put_in_zeros if isinstance(v, Tracer) else _put_in_zeros_now
    return Array(put(v, tuple(x_shape), chain, starts))


def _put_in_zeros(v, shape, chain, starts):
    return views.put(jnp.zeros(shape, v.dtype), v, chain, starts)


_put_in_zeros_now = jax.jit(_put_in_zeros, static_argnums=(1, 2))


@values("place")
def place(v, i, axis, shape):
    y = jnp.zeros(tuple(shape), v.dtype)
    return jnp.put_along_axis(y, i, v, axis, inplace=False)


@values("scatter_add")
def scatter_add(x, axis, index, v):
    v = cast(v[tuple([slice(n) for n in index.shape])], x.dtype)
    return x.at[_along(index, axis)].add(v)


def _along(index: Any, axis: int) -> tuple:
    n = index.ndim
    return tuple(
        index if k == axis % n else np.arange(m).reshape((-1,) + (1,) * (n - 1 - k))
        for k, m in enumerate(index.shape)
    )


@values("add_at")
def add_at(x, axis, index, v):
    return x.at[_along(index, axis)].add(cast(v, x.dtype))


@values("add_rows")
def add_rows(x, index, v, axis):
    return x.at[(slice(None),) * axis + (index,)].add(cast(v, x.dtype))


@values("padded")
def padded(x, widths, value):
    return lax.pad(x, jnp.asarray(value, x.dtype), [(int(a), int(b), 0) for a, b in widths])


@values("view_as_real")
def view_as_real(x):
    return jnp.stack([x.real, x.imag], -1)


@values("view_as_complex")
def view_as_complex(x):
    return lax.complex(x[..., 0], x[..., 1])


@values("sort_rows")
def sort_rows(x, descending):
    n = x.shape[-1]
    if descending:
        i = n - 1 - jnp.argsort(x[..., ::-1], axis=-1, stable=True)[..., ::-1]
    else:
        i = jnp.argsort(x, axis=-1, stable=True)
    return jnp.take_along_axis(x, i, -1), i


@values("top_rows")
def top_rows(x, k, largest):
    y, i = sort_rows(x, largest)
    return y[..., :k], i[..., :k]


@values("cumsum")
def cumsum(x, axis):
    if x.ndim == 0:
        return x.astype(np.int64) if x.dtype.kind in "iub" else x
    wide = np.int64 if x.dtype.kind in "iub" else np.float64 if x.dtype == np.float32 else x.dtype
    y = jnp.cumsum(x, axis, dtype=wide)
    return y.astype(x.dtype) if x.dtype.kind == "f" else y


@word("sum_to")
def sum_to(x, shape):
    from ..vocabulary import stretched

    axes = stretched(x.shape, shape)
    if not axes:
        return x.reshape(shape)
    v = raw(x)
    wide = np.float32 if v.dtype.itemsize == 2 and v.dtype.kind in "fV" else None
    return Array(jnp.sum(v, axes, dtype=wide, keepdims=True).astype(v.dtype).reshape(tuple(shape)))


@values("solve_small")
def solve_small(a, b):
    return jnp.linalg.solve(a, b)
