"""gather, scatter and their reductions along one dimension."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.sparse import sparse
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import not_implemented
from ..dispatch.out import of_the_same_dtype
from ..dispatch.registry import apply_inplace, composite, fitted, internal, op
from ..kernels import K, native, word
from ..kernels.vocabulary import along
from .convert import unrecorded, unseen
from .expand import common_shape
from .index_select import check_bounds, check_index_dtype, check_slices
from .shape import wrapped

_I64 = np.dtype(np.int64)


def _check(
    name: str,
    x: np.ndarray,
    dim: int,
    index: np.ndarray,
    src: np.ndarray | None = None,
    bounds: bool = True,
) -> int:
    """dim counted from 0, after the checks that gather and scatter share.

    bounds  look at the indices, too; False: what follows does

    RuntimeError, IndexError in PyTorch's words.
    """
    if index.size:
        check_index_dtype(name, index)
    d = wrapped(dim, x.ndim)
    if max(index.ndim, 1) != max(x.ndim, 1) and index.size:
        raise RuntimeError(
            "Index tensor must have the same number of dimensions as "
            f"{'input' if name == 'gather' else 'self'} tensor"
        )
    if src is not None and max(src.ndim, 1) != max(index.ndim, 1) and index.size:
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    shape = x.shape or (1,)
    for i, n in enumerate(index.shape if index.size else ()):
        if (i != d and n > shape[i]) or (src is not None and n > (src.shape or (1,))[i]):
            if src is None:
                raise RuntimeError(
                    f"Size does not match at dimension {i} expected index {list(index.shape)} to "
                    f"be no larger than self {list(x.shape)} apart from dimension {d}"
                )
            raise RuntimeError(
                f"Expected index {list(index.shape)} to be no larger than self {list(x.shape)} "
                f"apart from dimension {d} and to be no larger size than src {list(src.shape)}"
            )
    if index.size and bounds:
        check_bounds(name, index, d, shape[d])
    return d


def _scattered(x, dim, index, values, add):
    """x with values put (or added) at index along dim; 0-d counts as (1,)."""
    if not index.size:
        return x.copy(order="C")
    index = index.reshape(index.shape or (1,))
    part = values[tuple(slice(n) for n in index.shape)] if values.ndim else values
    if add and part.shape == index.shape and index.dtype == np.int64:
        at = x.reshape(x.shape or (1,))
        y = K.add_at(at, dim, index, part)
        if y is None:
            check_bounds("scatter", index, dim, at.shape[dim])
        return y.reshape(x.shape)
    y = x.reshape(x.shape or (1,)).copy(order="C")
    if add:
        np.add.at(y, along(index, dim), part)
    elif native is not None and type(y) is np.ndarray and native.put_along(y, index, dim, part):
        pass
    elif dim == y.ndim - 1 and y.shape[:-1] == index.shape[:-1] and type(y) is np.ndarray:
        starts = np.arange(0, y.size, y.shape[-1])
        y.reshape(-1)[index + starts.reshape(*y.shape[:-1], 1)] = part
    else:
        y[along(index, dim)] = part
    return y.reshape(x.shape)


def _few_put(x, dim, index, values):
    """x with values put at index along dim, natively; None: not that simple, or wrong."""
    n = x.ndim
    if native is None or not (type(dim) is int and -n <= dim < n and type(x) is np.ndarray):
        return None
    y = K.dense_copy(x)
    return y if native.put_along(y, index, dim % n, values, True) else None


def scatter_add_array(x, dim, index, src):
    """The kernel behind scatter_add, on checked arguments."""
    return _scattered(x, dim, index, src, True)


word("scatter_add", scatter_add_array)


def _sparse_dx(dy: Any, x_shape: tuple, dim: int, index: Any) -> Any:
    """gather's gradient as a sparse tensor."""
    index = index._a if isinstance(index, Tensor) else index
    places = np.indices(index.shape).reshape(index.ndim, index.size)
    if x_shape:
        places[dim % len(x_shape)] = index.reshape(-1)
    places = places[: len(x_shape)]
    blocks = (dy if isinstance(dy, Tensor) else wrap(dy.copy())).reshape(-1)
    return sparse(places, blocks, x_shape)


@op(
    "gather(input, dim, index, *, sparse_grad: bool = False, out=None)",
    at="torch Tensor",
    tensors=1,
    fresh=True,
    quiet=False,
)
class Gather:
    """y[i, j] = x[index[i, j], j] for dim = 0, and so on.

    shape   y has index's shape; index may be smaller than x in the other dimensions
    grad    dx = zeros, dy added where it was read
    sparse_grad  dx as a sparse tensor: dy and where it was read
    errors  RuntimeError: dimensions differ, an index outside [0, n)

    >>> torch.gather(tensor([[1, 2], [3, 4]]), 1, tensor([[0], [1]]))
    tensor([[1],
            [4]])
    """

    apart = True
    check_out = of_the_same_dtype

    def forward(x, dim, index, sparse_grad):
        n = x.ndim
        if n and type(dim) is int and -n <= dim < n == index.ndim and index.dtype is _I64:
            d, shape, other = dim % n, x.shape, index.shape
            if shape[:d] == other[:d] and shape[d + 1 :] == other[d + 1 :] and index.size:
                y = K.pick(x, index, d)
                if y is not None:
                    return y
        d = _check("gather", x, dim, index, bounds=False)
        if not index.size:
            return np.empty(index.shape, x.dtype)
        x, at = x.reshape(x.shape or (1,)), index.reshape(index.shape or (1,))
        if all([m == n or i == d for i, (m, n) in enumerate(zip(x.shape, at.shape, strict=True))]):
            y = K.pick(x, at, d)
            if y is not None:
                return y.reshape(index.shape)
        check_bounds("gather", at, d, x.shape[d])
        return K.dense(x[along(at, d)]).reshape(index.shape)

    def backward(c, dy, x, dim, index, sparse_grad):
        if sparse_grad:
            return _sparse_dx(dy, x.shape, dim, index)
        return K.scatter_add(K.zeros(x.shape, like=dy), dim, index, dy)

    def samples(make):
        yield make(4, 3).T, 1, make.indices(3, 2, high=4)
        yield make(3, 0), 0, make.indices(2, 0, high=3)
        yield make(), 0, make.indices(high=1)
        yield make(3, 4), 1, make.indices(3, 2, high=4)
        yield make(3, 4), 0, make.indices(2, 4, high=3)


@op(
    "scatter_add(input, dim, index, src, *, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    tensors=(0, 3),
)
class ScatterAdd:
    """y = x, with src[i, j] added at [index[i, j], j] for dim = 0, and so on.

    grad    dx = dy;  dsrc = dy gathered at index
    errors  RuntimeError: dimensions or dtypes differ, an index outside [0, n)

    >>> torch.scatter_add(torch.zeros(3), 0, tensor([0, 0]), tensor([1.0, 2.0]))
    tensor([3., 0., 0.])
    """

    apart = True
    into = native and native.add_along

    def forward(x, dim, index, src):
        if x.dtype != src.dtype:
            raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
        if x.ndim == 1 and index.ndim == 1 and src.ndim == 1 and index.dtype == np.int64:
            _check("scatter", x, dim, index, src, bounds=False)
            y = K.add_rows(x, index, src[: index.size], 0)
            if y is not None:
                return y
        bounds = index.dtype != np.int64 or not src.ndim  # else add_at looks at them
        return _scattered(x, _check("scatter", x, dim, index, src, bounds), index, src, True)

    def backward(c, dy, dim, index, src_shape):
        ds = _picked(dy, dim, index, src_shape) if c.needs(1) else None
        return dy if c.needs(0) else None, ds

    def samples(make):
        yield make(4, 3).T, 1, make.indices(3, 2, high=4), make(2, 3).T
        yield make(), 0, make.indices(high=1), make()
        yield make(3, 4), 1, make.indices(3, 2, high=4), make(3, 2)
        yield make(3, 4), 0, make.indices(1, 2, high=3), make(2, 4)


def _picked(dy, dim, index, src_shape):
    """The gradient of src: dy gathered at index, zeros where src is larger than index."""
    picked = K.gather(dy, dim, index)
    if tuple(index.shape) != tuple(src_shape):
        picked = K.basic_dx(picked, tuple(src_shape), tuple(slice(n) for n in index.shape))
    return picked


def _gather(x, dim, index):
    return Gather.forward(x, dim, index, False)


word("gather", _gather)


@internal("scatter_src", tensors=(0, 3), node="Scatter", quiet=False)
class ScatterSrc:
    """y = x, with src put at index along dim."""

    apart = True

    def forward(x, dim, index, src):
        if x.dtype != src.dtype:
            raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
        y = _few_put(x, dim, index, src)
        if y is not None:
            return y
        return _scattered(
            x,
            _check("scatter", x, dim, index, src if src.ndim or x.ndim == 0 else None),
            index,
            src,
            False,
        )

    def backward(c, dy, dim, index, src_shape):
        dx = None
        if c.needs(0):
            dx = K.scatter_value(dy, dim, index, 0)
        return dx, _picked(dy, dim, index, src_shape) if c.needs(1) else None

    def samples(make):
        yield make(3, 4), 1, wrap(np.array([[0, 2], [1, 3], [3, 0]])), make(3, 2)


@internal("scatter_value", tensors=1, node="Scatter1", quiet=False)
class ScatterValue:
    """y = x, with one number put at index along dim."""

    def forward(x, dim, index, value):
        if not isinstance(value, np.ndarray):
            value = np.asarray(value, x.dtype)
        y = _few_put(x, dim, index, value)
        if y is not None:
            return y
        return _scattered(x, _check("scatter", x, dim, index), index, value, False)

    def backward(c, dy, dim, index):
        return K.scatter_value(dy, dim, index, 0)

    def samples(make):
        yield make(3, 4), 1, make.indices(3, 2, high=4), 1.5


word("scatter_value", ScatterValue.forward)


def _chosen(input, dim, index, src, value, reduce) -> tuple:
    """The card and its arguments for a call of scatter."""
    if value is not None:
        src = value
    if src is None:
        raise TypeError('scatter() missing 1 required positional arguments: "src"')
    if reduce is not None:
        if reduce not in ("add", "multiply"):
            raise RuntimeError("reduce argument must be either add or multiply.")
        if not isinstance(src, Tensor):
            src = wrap(np.broadcast_to(fitted(src, input.dtype), index._a.shape))
        return ScatterReduce, (input, dim, index, src, {"add": "sum"}.get(reduce, "prod"), True)
    if isinstance(src, Tensor):
        return ScatterSrc, (input, dim, index, src)
    return ScatterValue, (input, dim, index, fitted(src, input.dtype))


@composite(
    "scatter(input, dim, index, src: Tensor | Number | None = None, *, "
    "value: Number | None = None, reduce: str | None = None, out=None)",
    at="torch Tensor",
)
def scatter(input, dim, index, src, *, value, reduce):
    """A copy of input with src (a tensor or number) written at index along dim.

    reduce  "add" or "multiply": src is added to, or multiplied with, what is there
    errors  RuntimeError: dimensions or dtypes differ, an index outside [0, n), a number that does
            not fit

    >>> torch.scatter(torch.zeros(2, 2), 1, tensor([[1], [0]]), 5.0)
    tensor([[0., 5.],
            [5., 0.]])
    """
    card, args = _chosen(input, dim, index, src, value, reduce)
    return card.run(args)


@composite(
    "scatter_(input, dim, index, src: Tensor | Number | None = None, *, "
    "value: Number | None = None, reduce: str | None = None)",
    at="Tensor",
)
def scatter_(input, dim, index, src, *, value, reduce):
    """In-place version of scatter."""
    if native is not None and type(index) is Tensor and unseen(input, index) and reduce is None:
        number = src if value is None else value
        if type(number) is float or type(number) is int:
            a, n = input._a, input._a.ndim
            if type(dim) is int and -n <= dim < n:
                if native.put_along(a, index._a, dim % n, fitted(number, input.dtype)):
                    input._bump()
                    return input
    return apply_inplace(*_chosen(input, dim, index, src, value, reduce))


_START = {"prod": 1.0, "amax": -np.inf, "amin": np.inf, "sum": 0.0, "mean": 0.0}


@op(
    "scatter_reduce(input, dim, index, src, reduce: str, *, include_self: bool = True, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    tensors=(0, 3),
)
class ScatterReduce:
    """y = for each target the sum, prod, mean, amax or amin of the src elements sent there (and of
    x, if include_self).

    errors  RuntimeError: dimensions or dtypes differ, an index outside [0, n), another reduce

    >>> torch.scatter_reduce(torch.ones(2), 0, tensor([0, 0]), tensor([2.0, 3.0]), "sum")
    tensor([6., 1.])
    """

    apart = True

    def forward(x, dim, index, src, reduce, include_self):
        if x.dtype != src.dtype:
            raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
        if reduce not in _START:
            raise RuntimeError(
                "reduce argument must be either sum, prod, mean, amax or amin, got " + str(reduce)
            )
        if reduce == "mean" and x.dtype.kind == "b":
            raise not_implemented("scatter_gather_tensor_cpu_reduce_mean", x)
        d = _check("scatter_reduce", x, dim, index, src)
        y = x.reshape(x.shape or (1,)).copy(order="C")
        if not index.size:
            return y.reshape(x.shape)
        key = along(index.reshape(index.shape or (1,)), d)
        part = src.reshape(src.shape or (1,))[tuple(slice(n) for n in (index.shape or (1,)))]
        if not include_self:
            start = _START[reduce]
            if x.dtype.kind in "iub" and not np.isfinite(start):
                info = np.iinfo(x.dtype)
                start = info.min if start < 0 else info.max
            y[key] = start
        f = {
            "sum": np.add,
            "mean": np.add,
            "prod": np.multiply,
            "amax": np.maximum,
            "amin": np.minimum,
        }[reduce]
        f.at(y, key, part)
        if reduce == "mean":
            counts = _counts(y, key, include_self)
            y = (y // counts if x.dtype.kind in "iu" else y / counts).astype(x.dtype)
        return y.reshape(x.shape)

    def backward(c, dy, x, dim, index, src, out, reduce, include_self):
        return _scatter_reduce_dx(c, dy, x, dim, index, src, out, reduce, include_self)

    def samples(make):
        for how in ("sum", "mean", "prod", "amax", "amin"):
            index = make.indices(3, 2, high=4)
            yield make(3, 4), 1, index, make(3, 2), how
            yield make(3, 4), 1, index, make(3, 2), how, {"include_self": False}


def _counts(like, key, include_self):
    counts = np.full_like(like, 1 if include_self else 0, np.int64)
    np.add.at(counts, key, 1)
    return np.maximum(counts, 1)


def _scatter_reduce_dx(c, dy, x, dim, index, src, out, reduce, include_self):
    """Gradients of scatter_reduce for x and src."""
    on_tensors = isinstance(dy, Tensor)
    if not on_tensors:
        dy, x, index, src, out = (wrap(a) for a in (dy, x, index, src, out))
    shape = tuple(index.shape)
    part = src[tuple(slice(n) for n in shape)] if shape else src
    if reduce == "sum":
        dx, ds = dy, dy.gather(dim, index)
    elif reduce == "mean":
        ones = x.new_ones(tuple(x.shape)) if include_self else x.new_zeros(tuple(x.shape))
        n = ones.scatter_add(dim, index, x.new_ones(shape)).clamp(min=1)
        dx, ds = dy / n, (dy / n).gather(dim, index)
    elif reduce == "prod":
        dx, ds = _product_dx(dy, x, dim, index, part, include_self)
    else:
        hit = (part == out.gather(dim, index)).to(x.dtype)
        own = (x == out).to(x.dtype)
        n = x.new_zeros(tuple(x.shape)).scatter_add(dim, index, hit)
        if include_self:
            n = n + own
        share = dy / n.clamp(min=1)
        dx, ds = share * own, share.gather(dim, index) * hit
    if not include_self:
        dx = dx.scatter(dim, index, 0.0)
    if shape != tuple(src.shape):
        ds = (
            K.basic_dx(ds, tuple(src.shape), tuple(slice(n) for n in shape))
            if on_tensors
            else wrap(K.basic_dx(ds._a, tuple(src.shape), tuple(slice(n) for n in shape)))
        )
    dx, ds = dx if c.needs(0) else None, ds if c.needs(1) else None
    return (dx, ds) if on_tensors else (dx if dx is None else dx._a, ds if ds is None else ds._a)


def _product_dx(dy, x, dim, index, part, include_self):
    """For a product, each factor's gradient is dy times the product of the others.

    Zeros are handled one by one.
    """
    start = x if include_self else x.scatter(dim, index, 1.0)
    zero_x, zero_s = (start == 0).to(x.dtype), (part == 0).to(x.dtype)
    zeros = zero_x.scatter_add(dim, index, zero_s)
    product = (start + zero_x).scatter_reduce(dim, index, part + zero_s, "prod", include_self=True)
    dx = dy * product / (start + zero_x) * (zeros - zero_x == 0).to(x.dtype)
    ds = (
        (dy * product).gather(dim, index)
        / (part + zero_s)
        * (zeros.gather(dim, index) - zero_s == 0).to(x.dtype)
    )
    return dx, ds


@composite(
    "take_along_dim(input, indices: Tensor, dim: int | None = None, *, out=None)",
    at="torch Tensor",
)
def take_along_dim(input, indices, dim):
    """gather with broadcasting of input and indices; without dim over the flattened input.

    Along a dim, indices count modulo its size: -1 is the last.

    errors  RuntimeError: indices is not int64, dimensions differ or do not broadcast

    >>> x = tensor([[3, 1, 2]])
    >>> torch.take_along_dim(x, x.argsort(1), 1)
    tensor([[1, 2, 3]])
    """
    check_index_dtype("take_along_dim", indices._a)
    if dim is None:
        return input.reshape(-1).gather(0, indices.reshape(-1))
    if input._a.ndim != indices._a.ndim:
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, "
            f"but got {input._a.ndim} dimensions for input, and {indices._a.ndim} dimensions for "
            "indices"
        )
    d = wrapped(dim, input._a.ndim)
    shape = indices._a.shape
    if input._a.shape[:d] == shape[:d] and input._a.shape[d + 1 :] == shape[d + 1 :]:
        if unrecorded(input) and shape and K.within(indices._a, 0, input._a.shape[d]):
            return Gather.run((input, d, indices, False))
    if not input._a.ndim:
        raise IndexError(
            "Dimension specified as 0 but tensor has no dimensions\n  fix: leave dim= out"
        )
    a, b = input._a.shape, indices._a.shape
    common = common_shape([(*a[:d], 1, *a[d + 1 :]), (*b[:d], 1, *b[d + 1 :])])
    left = input.expand([*common[:d], a[d], *common[d + 1 :]])
    right = indices % a[d] if a[d] else indices
    return left.gather(d, right.expand([*common[:d], b[d], *common[d + 1 :]]))


@composite(
    "index_reduce(input, dim, index, source, reduce: str, *, include_self: bool = True, out=None)",
    at="torch Tensor",
    inplace="Tensor",
)
def index_reduce(input, dim, index, source, reduce, *, include_self):
    """scatter_reduce of whole slices: slice i of source goes to slice index[i] of dim.

    reduce  "prod", "mean", "amax" or "amin"
    errors  RuntimeError: another reduce, shapes, dtypes; IndexError: an index outside [0, n)
    """
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(
            "index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got "
            f"{reduce}."
        )
    if input._a.dtype.kind == "b" and (input.ndim < 2 or reduce == "mean" or not include_self):
        said = "div_floor_cpu" if include_self else "index_reduce_func_exclude_input_init"
        raise not_implemented("index_func_" if input.ndim < 2 else said, input._a)
    d = check_slices("index_reduce", input._a, dim, index._a, source._a)
    wide = [1] * max(source._a.ndim, 1)
    wide[d] = -1
    rows = index.reshape(wide).expand(source._a.shape) if source._a.ndim else index.reshape(())
    if input._a.dtype.kind == "b":
        numbers = input.byte(), d, rows, source.byte(), reduce, include_self
        return ScatterReduce.run(numbers).bool()
    return ScatterReduce.run((input, d, rows, source, reduce, include_self))
