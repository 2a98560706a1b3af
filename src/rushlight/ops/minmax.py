"""The largest and the smallest: max, min, argmax, argmin, amax, amin, aminmax."""

from __future__ import annotations

import numpy as np

from ..core.tensor import Tensor
from ..dispatch.messages import not_implemented
from ..dispatch.out import of_the_same_dtype
from ..dispatch.registry import CARDS, composite, internal, op
from ..kernels import K
from .reduce import aligned, axes_of, axis_of, one_dimension
from .samples import reduction


def dims_not_empty(name: str, x: Tensor, dim) -> tuple | None:
    """dim as axes_of gives it. IndexError: a dimension to choose from has size 0."""
    shape = x._a.shape
    axes = axes_of(dim, len(shape))
    for i in axes or ():
        if shape[i] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {i} to have non-zero size.")
    return axes


def not_empty(name: str, x: Tensor, error: type[Exception] = RuntimeError) -> None:
    """`error` if x has no elements to choose from."""
    if x._a.size == 0:
        raise error(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. "
            "Specify the reduction dim with the 'dim' argument."
        )


def real_only(kernel: str, x: Tensor) -> None:
    """NotImplementedError: x is complex, which has no order, or bool, which has no kernel."""
    if x._a.dtype.kind == "c" or (x._a.dtype.kind == "b" and x._a.size):
        raise not_implemented(kernel, x._a)


def evenly(dy, x, y, axes=None, nan_counts: bool = True):
    """dy shared equally by the elements of x that are y, over axes; NaN equals NaN, or nothing:
    then a y that is NaN gives NaN everywhere."""
    chosen = x == y
    if nan_counts:
        chosen = chosen | (K.isnan(x) & K.isnan(y))
    if axes is None and nan_counts:  # of all elements; what is not chosen gets 0, not dy · 0
        share = dy / K.sum(K.like(chosen, dy))
        return K.where(chosen, share, K.zeros_like(share))
    chosen = K.like(chosen, dy)
    return chosen * (dy / K.sum(chosen, axes, True))


# ---------------------------------------------------------------- amax, amin, aminmax


def _extreme_samples(make):
    yield from reduction(empty=False)(make)
    yield make(2, 3, 4), (0, 2)


@op(
    "amax(input, dim: int | Sequence[int] = (), keepdim=False, *, out=None)",
    at="torch Tensor",
    tensors=1,
    accumulate=True,
    not_for="c",
    kernel="max_values_cpu",
)
class Amax:
    """y = the maximum of all elements or over dim (an int or several), NaN if there is one

    grad    dy is shared equally by ties
    errors  NotImplementedError: complex input; IndexError: a dim of size 0, or out of range
    """

    def prepare(input, dim, keepdim):
        _something_to_choose("amax", input, dim)
        return input, dim, keepdim

    def forward(x, dim, keepdim):
        return K.max(x, axis_of(dim, x.ndim), keepdim)

    def backward(c, dy, x, out, dim, keepdim):
        return _extreme_dx(dy, x, out, dim, keepdim)

    samples = _extreme_samples


@op(
    "amin(input, dim: int | Sequence[int] = (), keepdim=False, *, out=None)",
    at="torch Tensor",
    tensors=1,
    accumulate=True,
    not_for="c",
    kernel="min_values_cpu",
)
class Amin:
    """y = the minimum of all elements or over dim (an int or several), NaN if there is one

    grad    dy is shared equally by ties
    errors  NotImplementedError: complex input; IndexError: a dim of size 0, or out of range
    """

    def prepare(input, dim, keepdim):
        _something_to_choose("amin", input, dim)
        return input, dim, keepdim

    def forward(x, dim, keepdim):
        return K.min(x, axis_of(dim, x.ndim), keepdim)

    def backward(c, dy, x, out, dim, keepdim):
        return _extreme_dx(dy, x, out, dim, keepdim)

    samples = _extreme_samples


def _something_to_choose(name: str, x: Tensor, dim) -> None:
    if dims_not_empty(name, x, dim) is None:
        not_empty(name, x)


def _extreme_dx(dy, x, y, dim, keepdim):
    axes = axes_of(dim, x.ndim)
    dy, y = (aligned(v, x.shape, axes, keepdim) for v in (dy, y))
    return evenly(dy, x, y, axes, False)


@op(
    "aminmax(input, *, dim: int | None = None, keepdim=False, out=None)",
    at="torch Tensor",
    tensors=1,
    outputs=2,
    returns=("min", "max"),
    fast="dim is None and input._a.size",
    fresh=True,
    quiet=False,
    accumulate=True,
    not_for="c",
    kernel="aminmax_cpu",
)
class Aminmax:
    """(min, max) of all elements, or over dim;  gradients are shared equally by ties

    errors  NotImplementedError: complex input; RuntimeError: no elements, out= of another dtype;
            IndexError: a dim of size 0, or out of range
    """

    check_out = of_the_same_dtype

    def prepare(input, dim, keepdim):
        if dims_not_empty("aminmax", input, dim) is None and input._a.size == 0:
            raise RuntimeError(
                "aminmax(): cannot compute aminmax over an empty dimension as the operation has no "
                "identity."
            )
        return input, dim, keepdim

    def forward(x, dim, keepdim):
        return K.both_extremes(x, None if dim is None else axis_of(dim, x.ndim), keepdim)

    def backward(c, dmin, dmax, x, out, out1, dim, keepdim):
        axes = axes_of(dim, x.ndim)
        dmin, dmax, low, high = (
            aligned(v, x.shape, axes, keepdim) for v in (dmin, dmax, out, out1)
        )
        return evenly(dmin, x, low, axes, False) + evenly(dmax, x, high, axes, False)

    def samples(make):
        yield make(3, 4)
        yield make(2, 3, 4), {"dim": -2, "keepdim": True}
        yield make(4, 3).T, {"dim": 0}
        yield make()


# ---------------------------------------------------------------- max, min


def index_samples(make):
    """(x, dim, keepdim) of functions that choose an element of each row."""
    yield make(3, 4), 1, False
    yield make(2, 3, 4), -2, True
    yield make(), 0, False
    yield make(4, 3).T, 0, False


def pick(x, index, axis: int, keepdim: bool):
    """(values, index) of one element per row: index has size 1 at axis."""
    values = K.take_along_axis(x, index, axis)
    return (values, index) if keepdim else (K.squeeze(values, axis), K.squeeze(index, axis))


_LONG = 1 << 15  # numbers from which on reading them twice costs more than picking the values


def _with_place(value, place, x, axis: int, keepdim: bool):
    """(values, indices) by the kernels of both."""
    if x.size >= _LONG:
        return pick(x, place(x, axis, True), axis, keepdim)
    return value(x, axis, keepdim), place(x, axis, keepdim)


def put_back(dy, indices, x_shape, dim, keepdim):
    """The gradient of choosing: dy at the chosen places, 0 elsewhere."""
    axes = axes_of(dim, len(x_shape))
    if axes is None:
        return dy
    dy, indices = (aligned(v, x_shape, axes, keepdim) for v in (dy, indices))
    return K.place(dy, indices, axes[0], x_shape)


def only_one(x):
    """(values, indices) of a 0-d x, along which there is one element."""
    return x.copy(), K.zeros((), like=x, dtype=np.int64)


def _all_samples(make):
    yield make(3, 4)
    yield make()
    yield make(4, 3).T


@internal("max_all", node="Max1", accumulate=True, not_for="c")
class MaxAll:
    """y = the largest element, NaN if there is one;  dy is shared equally by ties"""

    def forward(x):
        return K.max(x)

    def backward(c, dy, x, out):
        return evenly(dy, x, out)

    samples = _all_samples


@internal("min_all", node="Min1", accumulate=True, not_for="c")
class MinAll:
    """y = the smallest element, NaN if there is one;  dy is shared equally by ties"""

    def forward(x):
        return K.min(x)

    def backward(c, dy, x, out):
        return evenly(dy, x, out)

    samples = _all_samples


_INDEXED = {
    "tensors": 1,
    "extras": ("indices",),
    "returns": ("values", "indices"),
    "fresh": True,
}


@internal("max", node="Max", **_INDEXED)
class MaxDim:
    """(values, indices) of the largest elements along dim, the first of ties;  dy goes there"""

    def forward(x, dim, keepdim):
        axes = axes_of(dim, x.ndim)
        if axes is None:
            return only_one(x)
        return _with_place(K.max, K.argmax, x, axes[0], keepdim)

    def backward(c, dy, indices, x_shape, dim, keepdim):
        return put_back(dy, indices, x_shape, dim, keepdim)

    samples = index_samples


@internal("min", node="Min", **_INDEXED)
class MinDim:
    """(values, indices) of the smallest elements along dim, the first of ties;  dy goes there"""

    def forward(x, dim, keepdim):
        axes = axes_of(dim, x.ndim)
        if axes is None:
            return only_one(x)
        return _with_place(K.min, K.argmin, x, axes[0], keepdim)

    def backward(c, dy, indices, x_shape, dim, keepdim):
        return put_back(dy, indices, x_shape, dim, keepdim)

    samples = index_samples


def _choose(name: str, whole, along, pairwise: str, input, dim, keepdim, other):
    """max or min: of two tensors, of all elements, or over dim with indices."""
    if isinstance(dim, Tensor) or other is not None:
        return CARDS[pairwise].call((input, dim if other is None else other))
    if dim is None:
        not_empty(name, input)
        return whole.run((input,))
    a = input._a
    n = a.ndim
    if not (type(dim) is int and -n <= dim < n and a.shape[dim] and a.dtype.kind in "fiub"):
        one_dimension(name, dim)
        if input.is_complex():
            raise RuntimeError(f"{name}(): does not support complex input")
        dims_not_empty(name, input, dim)
    return along.run((input, dim, keepdim))


@composite(
    "max(input, dim: int | Tensor | None = None, keepdim=False, *, "
    "other: Tensor | None = None, out=None)",
    at="torch Tensor",
)
def max(input, dim, keepdim, *, other):
    """The largest element, NaN if there is one; over dim: (values, indices), the first of ties.

    Of two tensors (`other`, or in the place of dim): element by element.

    grad    of all elements: shared equally by ties; over dim: to the element of `indices`
    errors  RuntimeError: no elements, without dim; IndexError: dim of size 0 or out of range;
            NotImplementedError, RuntimeError: complex input

    >>> torch.max(tensor([[1.0, 3.0], [2.0, 0.0]]), 1)
    torch.return_types.max(
    values=tensor([3., 2.]),
    indices=tensor([1, 0]))
    """
    return _choose("max", MaxAll, MaxDim, "maximum", input, dim, keepdim, other)


@composite(
    "min(input, dim: int | Tensor | None = None, keepdim=False, *, "
    "other: Tensor | None = None, out=None)",
    at="torch Tensor",
)
def min(input, dim, keepdim, *, other):
    """The smallest element, NaN if there is one; over dim: (values, indices), the first of ties.

    Of two tensors (`other`, or in the place of dim): element by element.

    grad    of all elements: shared equally by ties; over dim: to the element of `indices`
    errors  RuntimeError: no elements, without dim; IndexError: dim of size 0 or out of range;
            NotImplementedError, RuntimeError: complex input
    """
    return _choose("min", MinAll, MinDim, "minimum", input, dim, keepdim, other)


def _arguments(name: str, input: Tensor, dim, keepdim) -> tuple:
    if input.is_complex():
        raise RuntimeError(f"{name}(): does not support complex input")
    if input._a.dtype.kind == "b":
        raise RuntimeError(f"{name}(): does not support bool input")
    one_dimension(name, dim)
    if dim is None:
        not_empty(name, input, IndexError)
    else:
        dims_not_empty(name, input, dim)
    return input, dim, keepdim


def _where(word, x, dim, keepdim):
    axes = axes_of(dim, x.ndim)
    if dim is None:
        i = word(x.reshape(-1), 0)
        return K.reshape(i, (1,) * x.ndim) if keepdim else i
    if axes is None:
        return K.zeros((), like=x, dtype=np.int64)
    return word(x, axes[0], keepdim)


@op(
    "argmax(input, dim: int | None = None, keepdim=False, *, out=None)",
    at="torch Tensor",
    quiet=False,
)
class Argmax:
    """The int64 index of the largest element along dim, of the flattened tensor without dim

    The first of ties, and of NaNs if there are any.

    errors  IndexError: no elements, or dim out of range; RuntimeError: complex input

    >>> torch.argmax(tensor([[1.0, 3.0], [2.0, 0.0]]), 1)
    tensor([1, 0])
    """

    backward = None

    def prepare(input, dim, keepdim):
        return _arguments("argmax", input, dim, keepdim)

    def forward(x, dim, keepdim):
        return _where(K.argmax, x, dim, keepdim)

    samples = reduction(empty=False)


@op("argmin(input, dim: int | None = None, keepdim=False, *, out=None)", at="torch Tensor")
class Argmin:
    """The int64 index of the smallest element along dim, of the flattened tensor without dim

    The first of ties, and of NaNs if there are any.

    errors  IndexError: no elements, or dim out of range; RuntimeError: complex input
    """

    backward = None

    def prepare(input, dim, keepdim):
        return _arguments("argmin", input, dim, keepdim)

    def forward(x, dim, keepdim):
        return _where(K.argmin, x, dim, keepdim)

    samples = reduction(empty=False)
