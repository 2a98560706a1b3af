"""By masks and flat positions: masked_*, take, put, nonzero, fill."""

from __future__ import annotations

import numpy as np

from ..core.grad_mode import mode
from ..core.tensor import Tensor, wrap
from ..dispatch.registry import (
    CARDS,
    apply,
    apply_inplace,
    composite,
    number_array,
    op,
    store,
    write,
)
from ..kernels import K
from .index import index_put


@op("masked_fill", inplace=True, tensors=(0, 2), broadcast=True)
class MaskedFill:
    """y = value where mask, x elsewhere.  value: a number or 0-d tensor; mask: bool, broadcast."""

    def forward(x, mask, value):
        if mask.dtype.kind != "b":
            raise RuntimeError(
                "masked_fill_ only supports boolean masks, but got mask with dtype "
                f"{_scalar_word(mask)}"
            )
        if getattr(value, "dtype", np.dtype(bool)).kind == "c" and x.dtype.kind != "c":
            raise RuntimeError(
                f"value cannot be converted to type {_scalar_word(x)} without overflow"
            )
        if getattr(value, "ndim", 0):
            raise RuntimeError(
                "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                f"{value.ndim} dimension(s)."
            )
        if not isinstance(value, np.ndarray):
            if x.dtype.kind != "c" and isinstance(value, complex):
                raise RuntimeError(
                    f"value cannot be converted to type {_scalar_word(x)} without overflow"
                )
            value = number_array(value, wrap(x).dtype)
        return np.where(mask, value.astype(x.dtype, copy=False), x)

    def backward(c, dy, mask):
        zero = K.zeros_like(dy)
        return K.where(mask, zero, dy) if c.needs(0) else None, K.sum(
            K.where(mask, dy, zero)
        ) if c.needs(1) else None

    def samples(make):
        yield make(4, 3).T, make(3, 4, dtype="bool"), 1.0
        yield make(0, 2), make(0, 2, dtype="bool"), 1.0
        yield make(3, 4), make(3, 4, dtype="bool"), 2.0
        yield make(3, 4), make(4, dtype="bool"), make()


def _scalar_word(x: np.ndarray) -> str:
    """C++'s name of an element type, as PyTorch's message has it."""
    return {"f4": "float", "f8": "double", "i8": "int64_t", "i4": "int"}.get(
        x.dtype.str[1:], wrap(x).dtype.name
    )


@op("masked_select", tensors=1)
class MaskedSelect:
    """y (k) = the elements of x where mask (bool, broadcast), in order."""

    def forward(x, mask):
        if mask.dtype.kind != "b":
            raise RuntimeError("masked_select: expected BoolTensor for mask")
        x, mask = np.broadcast_arrays(x, mask)
        return x[mask]

    def backward(c, dy, x_shape, mask):
        shape = np.broadcast_shapes(tuple(x_shape), tuple(mask.shape))
        where = np.broadcast_to(mask._a if isinstance(mask, Tensor) else mask, shape)
        return K.sum_to(K.index_dx(dy, shape, (where,)), x_shape)

    def samples(make):
        yield make(4, 3).T, make(3, 4, dtype="bool")
        yield make(0, 2), make(0, 2, dtype="bool")
        yield make(3, 4), make(3, 4, dtype="bool")
        yield make(3, 4), make(4, dtype="bool")


@op("masked_scatter", inplace=True, tensors=(0, 2))
class MaskedScatter:
    """y = x, with the elements where mask taken from source, in order."""

    def forward(x, mask, source):
        if x.dtype != source.dtype:
            raise RuntimeError(
                "masked_scatter_: expected self and source to have same dtypes but got "
                f"{wrap(x).dtype} and {wrap(source).dtype}"
            )
        x, mask = np.broadcast_arrays(x, mask)
        y, n = x.copy(), int(mask.sum())
        if source.size < n:
            raise RuntimeError(
                "masked_scatter: expected number of elements in mask to be <= number of elements "
                "in source"
            )
        y[mask] = source.reshape(-1)[:n]
        return y

    def backward(c, dy, x_shape, mask, source_shape):
        where = np.broadcast_to(mask._a if isinstance(mask, Tensor) else mask, tuple(dy.shape))
        dx = (
            K.sum_to(dy * (wrap(~where) if isinstance(dy, Tensor) else ~where), x_shape)
            if c.needs(0)
            else None
        )
        ds = None
        if c.needs(2 - 1):
            picked = apply(CARDS["_index"], (dy, (where,))) if isinstance(dy, Tensor) else dy[where]
            n = picked.shape[0]
            ds = K.reshape(
                K.basic_dx(picked, (int(np.prod(source_shape)),), slice(0, n)), source_shape
            )
        return dx, ds

    def samples(make):
        yield make(4, 3).T, make(3, 4, dtype="bool"), make(4, 3).T
        yield make(3, 4), make(3, 4, dtype="bool"), make(12)


@composite("take", method=True)
def take(input, index):
    """The elements at positions `index` of the flattened input, in index's shape."""
    return input.reshape(-1)[index]


@composite("put", method=True)
def put(input, index, source, accumulate=False):
    """A copy of input with source at positions `index` of the flattened form."""
    flat = index_put(input.reshape(-1), (index.reshape(-1),), source.reshape(-1), accumulate)
    return flat.reshape(input._a.shape)


@composite("put_", fn=False, method=True)
def put_(input, index, source, accumulate=False):
    """In-place version of put."""
    return input.copy_(put(input, index, source, accumulate))


@composite("nonzero", method=True)
def nonzero(input, *, out=None, as_tuple=False):
    """The indices of all elements that are not zero.

    (k, ndim) int64, or a tuple of ndim vectors.
    """
    a = input._a
    if as_tuple:
        return tuple(wrap(i) for i in np.nonzero(a if a.ndim else a.reshape(1)))
    found = wrap(np.argwhere(a).astype(np.int64, copy=False))
    if out is not None:
        store(out, found)
        return out
    return found


@composite("nonzero_static", method=True)
def nonzero_static(input, *, size, fill_value=-1):
    """The first `size` rows of nonzero(input); missing rows hold fill_value."""
    found = np.argwhere(input._a)[:size]
    rows = np.full((size, input._a.ndim), fill_value, np.int64)
    rows[: len(found)] = found
    return wrap(rows)


@composite("unravel_index")
def unravel_index(indices, shape):
    """Positions in the flattened tensor as a tuple of indices for each dimension of `shape`.

    TypeError: no integers; ValueError: a position outside.
    """
    if indices._a.dtype.kind not in "iu":
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    shape = (shape,) if isinstance(shape, int) else tuple(int(n) for n in shape)
    return tuple(wrap(np.asarray(i)) for i in np.unravel_index(indices._a, shape))


@composite("argwhere", method=True)
def argwhere(input):
    """nonzero(input)"""
    return nonzero(input)


@composite("fill_", method=True)
def fill_(input, value):
    """All elements set to value, in place."""
    return apply_inplace(CARDS["_fill"], (input, value))


@composite("fill", method=True)
def fill(input, value):
    """A tensor like input with all elements set to value."""
    return apply(CARDS["_fill"], (input, value))


@op("_fill", fn=False, method=False, tensors=2, node="Fill")
class _Fill:
    """y = value everywhere."""

    def forward(x, value):
        if getattr(value, "ndim", 0):
            raise RuntimeError(
                f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim} "
                "dimensions."
            )
        y = np.empty_like(x)
        y[...] = value if isinstance(value, np.ndarray) else number_array(value, wrap(x).dtype)
        return y

    def backward(c, dy):
        return K.zeros_like(dy) if c.needs(0) else None, K.sum(dy) if c.needs(1) else None

    def samples(make):
        yield make(3, 4), 2.0
        yield make(3, 4), make()


@composite("zero_", method=True)
def zero_(input):
    """All elements set to zero, in place."""
    if not (input._rg and mode.grad):
        write(input, np.zeros((), input._a.dtype))
        return input
    return apply_inplace(CARDS["_fill"], (input, 0))
