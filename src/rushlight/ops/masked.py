"""By masks and flat positions: masked_*, take, put, nonzero, fill."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..core.dtype import from_numpy_dtype, scalar_name
from ..core.grad_mode import mode
from ..core.tensor import Tensor, wrap
from ..dispatch.modes import ON
from ..dispatch.promotion import fits_anyway
from ..dispatch.registry import composite, fitted, internal, op, write
from ..kernels import K, native, quietly
from .index import IndexPut
from .index_select import check_bounds, check_index_dtype


@op(
    "masked_fill(input, mask, value: Tensor | Number)",
    at="torch Tensor",
    inplace="Tensor",
    tensors=(0, 2),
    broadcast=True,
    order="made",
    quiet=False,
)
class MaskedFill:
    """y = value where mask, x elsewhere.

    value   a number or 0-d tensor, cast to x's dtype
    shape   x and mask (bool) broadcast
    errors  RuntimeError: another mask, more than one value, or a number that does not fit

    >>> torch.masked_fill(tensor([1.0, 2.0]), tensor([True, False]), 0)
    tensor([0., 2.])
    """

    def prepare(input, mask, value):
        if isinstance(mask, Tensor) and mask._a.dtype.kind != "b":
            raise RuntimeError(
                "masked_fill_ only supports boolean masks, but got mask with dtype "
                f"{_CPP.get(mask.dtype.name, mask.dtype.name)}"
            )
        if not isinstance(value, Tensor):
            value = fitted(value, input.dtype)
        elif value._a.ndim:
            raise RuntimeError(
                "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                f"{value._a.ndim} dimension(s)."
            )
        elif value._a.dtype.kind == "c" and input._a.dtype.kind != "c":
            raise RuntimeError(
                "value cannot be converted to type "
                f"{_CPP.get(input.dtype.name, input.dtype.name)} without overflow"
            )
        return input, mask, value

    def forward(x, mask, value):
        if type(value) is not np.ndarray or value.dtype is not x.dtype:
            value = K.astype(value, x.dtype)
        return K.dense(K.where(mask, value, x))

    def backward(c, dy, mask):
        zero = K.zeros_like(dy)
        dx = K.where(mask, zero, dy) if c.needs(0) else None
        return dx, K.sum(K.where(mask, dy, zero)) if c.needs(1) else None

    def samples(make):
        yield make(4, 3).T, make(3, 4, dtype="bool"), 1.0
        yield make(0, 2), make(0, 2, dtype="bool"), 1.0
        yield make(3, 4), make(3, 4, dtype="bool"), 2.0
        yield make(3, 4), make(4, dtype="bool"), make()


# C++'s names of element types, as PyTorch's message has them
_CPP = {
    "float32": "float",
    "float64": "double",
    "int64": "long int",
    "int32": "int",
    "int16": "short int",
    "int8": "signed char",
    "uint8": "unsigned char",
    "float16": "c10::Half",
    "bfloat16": "c10::BFloat16",
}


@op("masked_select(input, mask, *, out=None)", at="torch Tensor", tensors=1)
class MaskedSelect:
    """y (k) = the elements of x where mask (bool), in order; a copy.

    shape   x and mask broadcast
    errors  RuntimeError: another mask

    >>> torch.masked_select(tensor([1, 2, 3]), tensor([True, False, True]))
    tensor([1, 3])
    """

    def forward(x, mask):
        if mask.dtype.kind != "b":
            raise RuntimeError("masked_select: expected BoolTensor for mask")
        x, mask = np.broadcast_arrays(x, mask)
        return K.chosen(x, mask)

    def backward(c, dy, x, mask):
        x_shape = x.shape
        shape = np.broadcast_shapes(tuple(x_shape), tuple(mask.shape))
        where = np.broadcast_to(mask._a if isinstance(mask, Tensor) else mask, shape)
        return K.sum_to(K.index_dx(dy, shape, (where,)), x_shape)

    def samples(make):
        yield make(4, 3).T, make(3, 4, dtype="bool")
        yield make(0, 2), make(0, 2, dtype="bool")
        yield make(3, 4), make(3, 4, dtype="bool")
        yield make(3, 4), make(4, dtype="bool")


@op("masked_scatter(input, mask, source)", at="torch Tensor", inplace="Tensor", tensors=(0, 2))
class MaskedScatter:
    """y = x, with the elements where mask taken from source, in order.

    shape   x and mask broadcast
    errors  RuntimeError: another dtype, or too few elements in source

    >>> torch.masked_scatter(torch.zeros(3), tensor([True, False, True]), tensor([1.0, 2.0]))
    tensor([1., 0., 2.])
    """

    def forward(x, mask, source):
        if mask.dtype.kind != "b":
            raise RuntimeError(
                "masked_scatter_ only supports boolean masks, but got mask with dtype "
                f"{scalar_name(from_numpy_dtype(mask.dtype))}"
            )
        if x.dtype != source.dtype:
            a, b = (scalar_name(from_numpy_dtype(t.dtype)) for t in (x, source))
            raise RuntimeError(
                f"masked_scatter: expected self and source to have same dtypes but got{a} and {b}"
            )
        x, mask = np.broadcast_arrays(x, mask)
        y, n = x.copy(), int(mask.sum())
        if source.size < n:
            raise RuntimeError("Number of elements of source < number of ones in mask")
        y[mask] = source.reshape(-1)[:n]
        return y

    def backward(c, dy, x_shape, mask, source_shape):
        where = np.broadcast_to(mask._a if isinstance(mask, Tensor) else mask, tuple(dy.shape))
        dx = ds = None
        if c.needs(0):
            taken = wrap(where) if isinstance(dy, Tensor) else where
            dx = K.sum_to(K.where(taken, K.zeros_like(dy), dy), x_shape)
        if c.needs(1):
            picked = K.index(dy, (where,))
            flat = K.basic_dx(picked, (prod(source_shape),), slice(0, picked.shape[0]))
            ds = K.reshape(flat, source_shape)
        return dx, ds

    def samples(make):
        yield make(4, 3).T, make(3, 4, dtype="bool"), make(4, 3).T
        yield make(3, 4), make(3, 4, dtype="bool"), make(12)


# ---------------------------------------------------------------- flat positions


@op("take(input, index, *, out=None)", at="torch Tensor", tensors=1)
class Take:
    """y = the elements at positions `index` of the flattened x, in index's shape.

    grad    dx = zeros, dy added where it was read
    errors  IndexError: a position outside [-n, n); RuntimeError: index is not int64

    >>> torch.take(tensor([[1, 2], [3, 4]]), tensor([0, -1]))
    tensor([1, 4])
    """

    apart = True

    def forward(x, index):
        check_index_dtype("take", index)
        check_bounds("take", index, 0, x.size)
        return np.take(x, K.dense(index)) if x.size else x.reshape(-1)[index]

    def backward(c, dy, x, index):
        where = index._a if isinstance(index, Tensor) else index
        return K.reshape(K.index_dx(dy, (prod(x.shape),), (where,)), x.shape)

    def samples(make):
        yield make(3, 4), make.indices(2, 3, high=12)
        yield make(4, 3).T, wrap(np.array([0, -1, 5], np.int64))
        yield make(), make.indices(high=1)


@composite(
    "put(input, index, source, accumulate: bool = False)",
    at="torch Tensor",
    inplace="Tensor",
    apart=True,
)
def put(input, index, source, accumulate):
    """A copy of input with source at positions `index` of the flattened form (added, if
    accumulate).

    errors  IndexError: a position outside [-n, n), or not as many elements in source;
            RuntimeError: dtypes

    >>> torch.put(torch.zeros(3), tensor([-1]), tensor([5.0]))
    tensor([0., 0., 5.])
    """
    check_index_dtype("put", index._a)
    if source._a.dtype != input._a.dtype:
        raise RuntimeError(
            "put_(): self and source expected to have the same dtype, but got self.dtype = "
            f"{scalar_name(input.dtype)} and source.dtype = {scalar_name(source.dtype)}"
        )
    if index._a.size != source._a.size:
        raise IndexError(
            "put_(): Expected source and index to have the same number of elements, but got "
            f"source.numel() = {source._a.size}, index.numel() = {index._a.size}"
        )
    check_bounds("put", index._a, 0, input._a.size)
    flat = (index.reshape(-1),), source.reshape(-1)
    return IndexPut(input.reshape(-1), *flat, accumulate).reshape(input._a.shape)


# ---------------------------------------------------------------- what is not zero


def _indices(a: np.ndarray) -> np.ndarray:
    """(k, ndim) int64: the places of what is not zero, each dimension's indices side by side."""
    if not a.ndim:
        return np.zeros((1 if a else 0, 0), np.int64)
    return K.places(a if a.dtype.kind == "b" else a != 0).T


@composite("nonzero(input, *, out=None, as_tuple: bool = False)", at="torch Tensor")
def nonzero(input, *, as_tuple):
    """The indices of all elements that are not zero.

    shape   (k, ndim) int64; as_tuple: ndim vectors (k), of a 0-d tensor one

    >>> torch.nonzero(tensor([0, 3, 4]))
    tensor([[1],
            [2]])
    """
    a = input._a
    if as_tuple:
        return tuple(wrap(i) for i in _indices(a if a.ndim else a.reshape(1)).T)
    return wrap(_indices(a))


@composite("nonzero_static(input, *, size: int, fill_value: int = -1, out=None)", at="torch Tensor")
def nonzero_static(input, *, size, fill_value):
    """The first `size` rows of nonzero(input); missing rows hold fill_value.

    shape   x (*) -> (size, ndim) int64
    """
    found = _indices(input._a)[:size]
    rows = np.full((size, input._a.ndim), fill_value, np.int64)
    rows[: len(found)] = found
    return wrap(rows)


@composite("unravel_index", at="torch")
def unravel_index(indices, shape):
    """Positions in the flattened tensor as a tuple of indices, one for each dimension of `shape`.

    errors  TypeError: no integers
    """
    if indices._a.dtype.kind not in "iu":
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    shape = (shape,) if isinstance(shape, int) else tuple(int(n) for n in shape)
    found, step = [], 1
    for n in reversed(shape):  # floor division and modulo, as PyTorch: what lies outside wraps
        found.append(wrap(np.asarray(indices._a // step % n)))
        step *= n
    return tuple(reversed(found))


@composite("argwhere(input)", at="torch Tensor")
def argwhere(input):
    """nonzero(input)

    shape   x (*) -> (k, ndim) int64, one row per element that is not 0
    """
    return wrap(_indices(input._a))


# ---------------------------------------------------------------- one value everywhere


@quietly
def _filled(x: Any, value: np.ndarray) -> Any:
    return K.filled(x, value.astype(x.dtype))


@op(
    "fill(input, value: Tensor | Number)",
    at="torch",
    inplace="torch Tensor",
    tensors=2,
    quiet=False,
)
class Fill:
    """y = value everywhere, in x's shape and dtype.

    grad    dx = 0;  dvalue = Σ dy
    errors  RuntimeError: a number that does not fit, or more than one value

    >>> torch.fill(torch.zeros(2), 3)
    tensor([3., 3.])
    """

    def prepare(input, value):
        if not isinstance(value, Tensor):
            if not fits_anyway(value, d := input.dtype):
                value = fitted(value, d)
        elif value._a.ndim:
            raise RuntimeError(
                "fill_ only supports 0-dimension value tensor but got tensor with "
                f"{value._a.ndim} dimensions."
            )
        return input, value

    once = True

    def forward(x, value):
        if type(value) is np.ndarray and value.dtype is not x.dtype:
            return _filled(x, value)
        return K.filled(x, value)

    def backward(c, dy):
        return K.zeros_like(dy) if c.needs(0) else None, K.sum(dy) if c.needs(1) else None

    def samples(make):
        yield make(3, 4), 2.0
        yield make(3, 4), make()


@internal("zero", node="Zero", quiet=False)
class Zero:
    """y = 0 everywhere; natively in x itself, if it is small."""

    def forward(x):
        return K.zeros_like(x) if native is None else native.zeroed(x)

    def backward(c, dy):
        return K.zeros_like(dy)


@composite("zero_(input)", at="torch Tensor")
def zero_(input):
    """All elements set to zero, in place.

    errors  RuntimeError: input is a leaf that requires grad
    """
    if Zero.changed((input,)):
        return input
    if not (input._rg and mode.grad) and not ON[0]:
        write(input, np.zeros((), input._a.dtype), "fill")
        return input
    return Fill.change((input, 0))
