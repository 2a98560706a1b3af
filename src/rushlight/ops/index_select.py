"""Whole slices along one dimension, listed by an index vector: index_select, index_add, ...

And the table of what every op with an index tensor takes: which dtypes, whether negative indices
count from the end, which errors.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..core.dtype import from_numpy_dtype, scalar_name
from ..core.tensor import Tensor, wrap
from ..dispatch.registry import fitted, internal, op
from ..kernels import K, as_array, native, word
from .shape import wrapped

_FULL = slice(None)


class Rule(NamedTuple):
    """What an op takes as its index.

    wraps    -1 is the last slice
    sizes    the item sizes of the integer dtypes it may have
    dtype    the error for another dtype; {0} is its name
    outside  the error for an index out of bounds; {0} index, {1} dimension, {2} its size
    """

    wraps: bool
    sizes: tuple[int, ...]
    dtype: tuple[type, str]
    outside: tuple[type, str]


_BOUNDS = "index {0} is out of bounds for dimension {1} with size {2}"
_SELF = (IndexError, "index out of range in self")
_FLAT = (IndexError, "out of range: tried to access index {0} on a tensor of {2} elements.")
_LONG = "(): Expected a long tensor for index, but got {0}"
_GOT = "(): Expected dtype int32/int64 for index but got: {0}"
_EITHER = "(): Expected dtype int32/int64 for index"
_SCATTER = (RuntimeError, _BOUNDS)

RULES = {
    "index_select": Rule(
        False,
        (4, 8),
        (RuntimeError, "index_select(): Expected dtype int32 or int64 for index"),
        _SELF,
    ),
    "index_add": Rule(False, (4, 8), (RuntimeError, "index_add_" + _GOT), _SCATTER),
    "index_reduce": Rule(False, (4, 8), (RuntimeError, "index_reduce_" + _GOT), _SELF),
    "index_copy": Rule(
        False,
        (8,),
        (RuntimeError, "index_copy_" + _LONG),
        (IndexError, "index_copy_(): " + _BOUNDS),
    ),
    "index_fill": Rule(
        True,
        (8,),
        (IndexError, "index_fill_(): Expected dtype int64 for index."),
        (IndexError, _BOUNDS),
    ),
    "take": Rule(True, (8,), (RuntimeError, "take" + _LONG), _FLAT),
    "put": Rule(True, (8,), (RuntimeError, "put_" + _LONG), _FLAT),
    "gather": Rule(False, (4, 8), (RuntimeError, "gather" + _EITHER), _SCATTER),
    "scatter": Rule(False, (4, 8), (RuntimeError, "scatter" + _EITHER), _SCATTER),
    "scatter_reduce": Rule(False, (4, 8), (RuntimeError, "scatter_reduce" + _EITHER), _SCATTER),
    "take_along_dim": Rule(
        True,
        (8,),
        (RuntimeError, "torch.take_along_dim(): dtype of indices should be Long but got {0}"),
        _SCATTER,
    ),
}


def check_index_dtype(name: str, index: np.ndarray) -> None:
    """The error of RULES[name] unless the index has a dtype that this op takes."""
    rule = RULES[name]
    if index.dtype.kind != "i" or index.itemsize not in rule.sizes:
        error, text = rule.dtype
        raise error(text.format(scalar_name(from_numpy_dtype(index.dtype))))


def check_bounds(name: str, index: np.ndarray, d: int, n: int) -> None:
    """The error of RULES[name] if an index lies outside a dimension d of size n."""
    rule = RULES[name]
    if K.within(index, -n if rule.wraps else 0, n):
        return
    bad = (index < (-n if rule.wraps else 0)) | (index >= n)

    def error() -> Exception:
        kind, text = rule.outside
        return kind(text.format(int(index[bad].reshape(-1)[0]), d, n))

    K.refuse(bad, error)


@op("index_select(input, dim, index, *, out=None)", at="torch Tensor", tensors=1, quiet=False)
class IndexSelect:
    """y = the slices of x along dim that `index` lists, in its order; a copy.

    shape   x (*, n, *), index (k) -> y (*, k, *)
    grad    dx = zeros, dy added at the listed slices
    errors  IndexError: an index outside [0, n), or an index of 2 dimensions; RuntimeError: its
            dtype

    >>> torch.index_select(torch.arange(6).reshape(3, 2), 0, tensor([2, 0]))
    tensor([[4, 5],
            [0, 1]])
    """

    apart = True

    def forward(x, dim, index):
        check_index_dtype("index_select", index)
        if index.ndim > 1:
            raise IndexError("index_select(): Index is supposed to be a vector")
        d = wrapped(dim, x.ndim)
        check_bounds("index_select", index, d, x.shape[d] if x.ndim else 1)
        if not x.ndim:
            if index.size != 1:
                raise RuntimeError(
                    "index_select(): Index to scalar can have only 1 value, got "
                    f"{index.size} value(s)"
                )
            return x
        if d == 0 and index.dtype == np.int64 and x.flags.c_contiguous and x.ndim:
            return K.take(x, index.reshape(-1))
        return np.take(x, index.reshape(-1), d)

    def backward(c, dy, x_shape, dim, index):
        return K.index_select_dx(dy, x_shape, dim, index)

    def samples(make):
        yield make(4, 3).T, 0, make.indices(2, high=3)
        yield make(3, 0), 0, make.indices(2, high=3)
        yield make(3, 4), 1, make.indices(3, high=4)
        yield make(), 0, make.indices(1, high=1)


@internal("index_select_dx", tensors=1, node="IndexSelectBackward")
class IndexSelectDx:
    """dx of index_select: zeros, slices of dy added where they came from."""

    def forward(dy, x_shape, dim, index):
        dx = K.zeros(x_shape, like=dy)
        if not x_shape:
            return dx + dy
        d, rows = wrapped(dim, dx.ndim), index.reshape(-1)
        if rows.dtype == np.int64 and dy.ndim == dx.ndim:
            y = K.add_rows(dx, rows, dy, d)
            if y is not None:
                return y
        np.add.at(dx, (_FULL,) * d + (rows,), dy)
        return dx

    def backward(c, ddx, dim, index):
        return K.index_select(ddx, dim, index)

    def samples(make):
        yield make(3, 2), (3, 4), 1, make.indices(2, high=4)


def check_slices(
    name: str, x: np.ndarray, dim: int, index: np.ndarray, source: Any, bounds: bool = True
) -> int:
    """dim from 0, after what index_add and index_reduce check. PyTorch's errors.

    bounds  look at the indices, too; False: what follows does
    """
    check_index_dtype(name, index)
    if index.ndim > 1:
        raise IndexError(
            f"{name}_(): Index is supposed to be a vector, but got dim: {index.ndim} with type: "
            f"{scalar_name(from_numpy_dtype(index.dtype))} and size: {list(index.shape)}"
        )
    if x.dtype != source.dtype:
        a, b = (scalar_name(from_numpy_dtype(t.dtype)) for t in (x, source))
        raise RuntimeError(f"{name}_(): self ({a}) and source ({b}) must have the same scalar type")
    d = wrapped(dim, x.ndim)
    given = source.shape[d] if source.ndim > d else 1
    if index.size != given:
        raise RuntimeError(
            f"{name}_(): Number of indices ({index.size}) should be equal to source.size(dim): "
            f"({given}), for dim: {d}"
        )
    if x.ndim != source.ndim or (x.shape[:d] + x.shape[d + 1 :]) != (
        source.shape[:d] + source.shape[d + 1 :]
    ):
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified "
            f"dimension. Got self.shape = {list(x.shape)} source.shape = {list(source.shape)}"
        )
    rule = "index_select" if x.ndim < 2 else name  # vectors take another path in PyTorch
    if bounds:
        check_bounds(rule, index, d, x.shape[d] if x.ndim else 1)
    return d


@op(
    "index_add(input, dim, index, source, *, alpha=1, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    tensors=(0, 3),
    save_if={"index": 1, "source": 1},
)
class IndexAdd:
    """y = x, with alpha · source[i] added to slice index[i] of dim.

    shape   x (*, n, *), index (k), source (*, k, *)
    grad    dx = dy;  dsource = alpha · the slices of dy
    errors  RuntimeError: shapes, dtypes, or an index outside [0, n)

    >>> torch.index_add(torch.zeros(3), 0, tensor([0, 0]), tensor([1.0, 2.0]))
    tensor([3., 0., 0.])
    """

    apart = True

    def into(x, dim, index, source, alpha):
        return alpha == 1 and native is not None and native.add_slices(x, dim, index, source)

    def forward(x, dim, index, source, alpha):
        d = check_slices("index_add", x, dim, index, source, bounds=False)
        if x.ndim and source.ndim == x.ndim and index.dtype == np.int64:
            y = K.add_rows(x, index.reshape(-1), source if alpha == 1 else source * alpha, d)
            if y is not None:
                return y
        check_slices("index_add", x, dim, index, source)
        y = as_array(x).copy(order="C")
        np.add.at(
            y if x.ndim else y.reshape(1),
            (_FULL,) * d + (index.reshape(-1),),
            source if alpha == 1 else source * alpha,
        )
        return y

    def backward(c, dy, dim, index, source, alpha):
        ds = None
        if c.needs(1):
            d = dy if not dy.ndim else K.index_select(dy, dim, index)
            ds = K.reshape(d, source.shape) * alpha
        return dy, ds

    def samples(make):
        yield make(4, 3).T, 1, make.indices(2, high=4), make(2, 3).T
        yield make(), 0, make.indices(high=1), make()
        yield make(3, 4), 0, make.indices(2, high=3), make(2, 4), {"alpha": 2.0}


@op(
    "index_copy(input, dim, index, source, *, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    tensors=(0, 3),
    save_if={"source": 1},
)
class IndexCopy:
    """y = x, with slice index[i] of dim replaced by source[i].

    shape   x (*, n, *), index (k), source (*, k, *)
    errors  RuntimeError, IndexError: shapes, dtypes, or an index outside [0, n)

    >>> torch.index_copy(torch.zeros(3), 0, tensor([2]), tensor([5.0]))
    tensor([0., 0., 5.])
    """

    apart = True

    def into(x, dim, index, source):
        return source.ndim and native is not None and native.put_slices(x, dim, index, source)

    def forward(x, dim, index, source):
        d = _checked_copy(x, dim, index, source)
        y = as_array(x).copy(order="C")
        if x.ndim:
            y[(_FULL,) * d + (index.reshape(-1),)] = source
        else:
            y[...] = source.reshape(-1)[-1] if source.size else y
        return y

    def backward(c, dy, dim, index, source):
        dx = ds = None
        if c.needs(0):
            dx = K.index_fill(dy, dim, index, 0.0)
        if c.needs(1):
            ds = K.reshape(K.index_select(dy, dim, index) if dy.ndim else dy, source.shape)
        return dx, ds

    def samples(make):
        yield make(3, 4), 1, wrap(np.array([2, 0], np.int64)), make(3, 2)
        yield make(), 0, make.indices(1, high=1), make(1)


def _checked_copy(x: np.ndarray, dim: int, index: np.ndarray, source: np.ndarray) -> int:
    """dim from 0, after index_copy's checks."""
    d = wrapped(dim, x.ndim)
    if index.ndim > 1:
        raise IndexError(f"index_copy_(): Index should have dimension 1 or 0 (got {index.ndim})")
    if x.ndim and source.ndim and x.ndim != source.ndim:
        raise IndexError(
            "index_copy_(): When source and destination are not scalars, their dimensionality "
            f"must match. Source dimensionality ({source.ndim}), destination dimensionality "
            f"({x.ndim})"
        )
    given = source.shape[d] if source.ndim else 1
    if index.size != given:
        raise IndexError(
            f"index_copy_(): Number of indices ({index.size}) should be equal to source.size(dim) "
            f"({given})"
        )
    check_index_dtype("index_copy", index)
    if x.dtype != source.dtype:
        a, b = (scalar_name(from_numpy_dtype(t.dtype)) for t in (x, source))
        raise RuntimeError(
            f"index_copy_(): self and source expected to have the same dtype, but got (self) {a} "
            f"and (source) {b}"
        )
    here, there = (t.shape[:d] + t.shape[d + 1 :] for t in (x, source))
    if here != there and x.ndim:
        raise RuntimeError(
            "index_copy_(): Source/destination tensor must have same slice shapes. Destination "
            f"slice shape: {' '.join(map(str, here))} at dimension {d} and source slice shape: "
            f"{' '.join(map(str, there))} at dimension {d}."
        )
    check_bounds("index_copy", index, d, x.shape[d] if x.ndim else 1)
    return d


@op(
    "index_fill(input, dim, index, value: Tensor | Number)",
    at="torch Tensor",
    inplace="Tensor",
    tensors=(0, 3),
)
class IndexFill:
    """y = x, with the slices `index` of dim set to value (a number or 0-d tensor).

    grad    dx = dy, zeros at the listed slices;  dvalue = the sum of dy over them
    errors  IndexError: an index outside [-n, n); RuntimeError: a value that does not fit

    >>> torch.index_fill(torch.zeros(3), 0, tensor([-1]), 5)
    tensor([0., 0., 5.])
    """

    def prepare(input, dim, index, value):
        if isinstance(value, Tensor):
            if value._a.ndim:
                raise RuntimeError(
                    "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                    f"{value._a.ndim} dimension(s)."
                )
        else:
            if isinstance(value, complex) and input._a.dtype.kind != "c":
                raise RuntimeError(
                    "index_fill_(): Converting complex Scalar to non-complex type is not supported"
                )
            value = fitted(value, input.dtype)
        return input, dim, index, value

    into = native and native.put_slices

    def forward(x, dim, index, value):
        check_index_dtype("index_fill", index)
        if index.ndim > 1:
            raise RuntimeError("Index has to be a vector/scalar")
        d = wrapped(dim, x.ndim)
        check_bounds("index_fill", index, d, x.shape[d] if x.ndim else 1)
        y = as_array(x).copy(order="K")
        if x.ndim:
            y[(_FULL,) * d + (index.reshape(-1),)] = value
        elif index.size:
            y[...] = value
        return y

    def backward(c, dy, dim, index):
        dx = K.index_fill(dy, dim, index, 0.0) if c.needs(0) else None
        dv = None
        if c.needs(1):  # an index that occurs twice filled one slice
            n = dy.shape[dim] if dy.ndim else 1
            once = np.unique((index._a if isinstance(index, Tensor) else index) % max(n, 1))
            dv = K.sum(
                K.index_select(dy, dim, wrap(once) if isinstance(dy, Tensor) else once)
                if dy.ndim
                else dy
            )
        return dx, dv

    def samples(make):
        yield make(3, 4), 1, wrap(np.array([-1, 0], np.int64)), 1.5
        yield make(3, 4), 0, make.indices(1, high=3), make()
        yield make(), 0, make.indices(1, high=1), 2.0


word("index_select", IndexSelect.forward)
word("index_select_dx", IndexSelectDx.forward)
word("index_fill", IndexFill.forward)
