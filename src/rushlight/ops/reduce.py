"""Sums, means, products, variances: from many elements to few.

dim is None for all dimensions, an int, or several; keepdim leaves the reduced dimensions with
size 1.
"""

from __future__ import annotations

import math

import numpy as np

from ..core.dtype import FLOAT, from_numpy_dtype, scalar_name
from ..core.grad_mode import mode
from ..core.tensor import Tensor
from ..dispatch.promotion import seen_as
from ..dispatch.registry import composite, op
from ..kernels import K
from .samples import reduction

_MANY = 1 << 16  # numbers
_U8 = np.dtype(np.uint8)


def axes_of(dim, ndim: int) -> tuple | None:
    """dim as a tuple of axes counted from 0; None for all.

    IndexError: out of range. RuntimeError: repeated.
    """
    if type(dim) is int and -ndim <= dim < ndim:
        return (dim % ndim,)
    if dim is None or dim == () or dim == []:
        return None
    if isinstance(dim, str):
        raise TypeError("argument 'dim' must be tuple of ints, not str")
    dims = (dim,) if isinstance(dim, int) else tuple(int(d) for d in dim)
    reach = max(ndim, 1)
    found = []
    for d in dims:
        if not -reach <= d < reach:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-reach}, {reach - 1}], but "
                f"got {d})"
            )
        d = d % reach
        if d in found:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
        found.append(d)
    return tuple(found) if ndim else None


def axis_of(dim, ndim: int):
    """As axes_of, one axis as an int: the form that native kernels take."""
    if type(dim) is int and -ndim <= dim < ndim:
        return dim % ndim
    axes = axes_of(dim, ndim)
    if axes is None or len(axes) == ndim > 1:
        return None
    return axes[0] if len(axes) == 1 else axes


def aligned(y, shape, axes, keepdim):
    """A reduction's result (or its gradient) with the reduced dimensions back as size 1."""
    if keepdim:
        return y
    return K.reshape(y, tuple(1 if axes is None or i in axes else n for i, n in enumerate(shape)))


def spread(dy, shape, axes, keepdim):
    """The gradient of a sum: dy, repeated along the reduced dimensions; of many numbers a view of
    one, which kernels read where they need it.
    """
    if axes is None and type(dy) is np.ndarray and math.prod(shape) >= _MANY:
        return np.broadcast_to(dy.reshape(()), shape)
    return K.broadcast_to(aligned(dy, shape, axes, keepdim), shape)


def count(shape, axes) -> int:
    """How many elements go into each result."""
    n = 1
    for i, size in enumerate(shape):
        if axes is None or i in axes:
            n *= size
    return n


def in_dtype(x: Tensor, dtype) -> Tensor:
    """x in `dtype`, recorded; x itself if dtype is None or its own.

    RuntimeError: x requires grad, which a dtype of integers cannot have
    """
    if dtype is None or dtype is x.dtype:
        return x
    if dtype.category < FLOAT and x._rg and mode.grad:
        raise RuntimeError(
            f"Autograd not support dtype: {scalar_name(dtype)}\n  fix: detach() first"
        )
    return seen_as(x, dtype)


def stored_as(y, dtype):
    """A sum of integers (int64) in the dtype that was asked for."""
    return y if dtype is None else K.astype(y, dtype.np)


# ---------------------------------------------------------------- sum, mean


@op(
    "sum(input, dim: int | Sequence[int] | None = None, keepdim=False, *, dtype=None, out=None)",
    at="torch Tensor",
    tensors=1,
    constants=3,
    fast="dim is None and dtype is None",
    fresh=True,
    quiet=False,
)
class Sum:
    """y = Σ x over all elements, or over dim (an int or several)

    shape   the dimensions of dim are left out, or of size 1 with keepdim
    dtype   integers and bool sum up as int64; dtype=: x is cast to it first
    grad    dx = dy, spread out
    errors  IndexError: dim out of range; RuntimeError: a dimension twice

    >>> torch.sum(tensor([[1, 2], [3, 4]]), 0)
    tensor([4, 6])
    """

    def prepare(input, dim, keepdim, dtype):
        return in_dtype(input, dtype), dim, keepdim, dtype

    def variant(x, dim, keepdim, dtype):
        return None if dim is None else "Sum1"

    def forward(x, dim, keepdim, dtype):
        if dim is None and dtype is None:
            return K.sum(x, None, keepdim)
        return stored_as(K.sum(x, axis_of(dim, x.ndim), keepdim), dtype)

    def backward(c, dy, x_shape, dim, keepdim):
        return spread(dy, x_shape, axes_of(dim, len(x_shape)), keepdim)

    samples = reduction()


@op(
    "mean(input, dim: int | Sequence[int] | None = None, keepdim=False, *, dtype=None, out=None)",
    at="torch Tensor",
    tensors=1,
    constants=2,
    accumulate=True,
    fast="dim is None and dtype is None",
    quiet=False,
)
class Mean:
    """y = Σ x / n over all elements, or over dim (an int or several); NaN for no elements

    dtype   floating or complex; dtype=: x is cast to it first
    grad    dx = dy / n, spread out
    errors  RuntimeError: integers without dtype=; IndexError: dim out of range
    """

    def prepare(input, dim, keepdim, dtype):
        return in_dtype(input, dtype), dim, keepdim

    def variant(x, dim, keepdim):
        return None if dim is None else "Mean1"

    def forward(x, dim, keepdim):
        if x.dtype.kind not in "fcV":
            raise RuntimeError(
                "mean(): could not infer output dtype. Input dtype must be either a floating point "
                f"or complex dtype. Got: {scalar_name(from_numpy_dtype(x.dtype))}\n"
                "  fix: input.float(), or mean(dtype=torch.float32)"
            )
        return K.mean(x, None if dim is None else axis_of(dim, x.ndim), keepdim)

    def backward(c, dy, x_shape, dim, keepdim):
        axes = axes_of(dim, len(x_shape))
        return spread(dy / (count(x_shape, axes) or math.nan), x_shape, axes, keepdim)

    def narrow(forward, back, wide, wide_back):
        """Of 2-byte floats: the kernel widens and rounds."""
        return forward, wide_back

    samples = reduction(empty=False)


@op(
    "nansum(input, dim: int | Sequence[int] | None = None, keepdim=False, *, dtype=None, out=None)",
    at="torch Tensor",
    tensors=1,
    accumulate=True,
    quiet=True,
)
class Nansum:
    """y = Σ x over what is not NaN, of all elements or over dim;  dx = dy there, 0 at NaN

    dtype   integers and bool sum up as int64; dtype=: x is cast to it first
    errors  RuntimeError: complex input; IndexError: dim out of range
    """

    def prepare(input, dim, keepdim, dtype):
        if input.is_complex():
            raise RuntimeError("nansum on CPU does not support complex inputs")
        return in_dtype(input, dtype), dim, keepdim, dtype

    def forward(x, dim, keepdim, dtype):
        if x.dtype.kind in "fV":
            x = K.finite(x, 0.0, math.inf, -math.inf)
        return stored_as(K.sum(x, axis_of(dim, x.ndim), keepdim), dtype)

    def backward(c, dy, x, dim, keepdim):
        dx = spread(dy, x.shape, axes_of(dim, x.ndim), keepdim)
        return K.where(K.isnan(x), K.zeros_like(dx), dx)

    samples = reduction()


@composite(
    "nanmean(input, dim: int | Sequence[int] | None = None, keepdim=False, *, dtype=None, "
    "out=None)",
    at="torch Tensor",
)
def nanmean(input, dim, keepdim, *, dtype):
    """The mean of what is not NaN, over all elements or over dim.

    errors  RuntimeError: integers
    """
    if input.dtype.category < FLOAT:
        raise RuntimeError(
            "nanmean(): expected input to have floating point or complex dtype but got "
            f"{scalar_name(input.dtype)}"
        )
    n = Sum(~input.isnan(), dim, keepdim)
    return Nansum(input, dim, keepdim, dtype) / n


# ---------------------------------------------------------------- products


@op(
    "prod(input, dim: int | None = None, keepdim=False, *, dtype=None, out=None)",
    at="torch Tensor",
    tensors=1,
    accumulate=True,
    quiet=True,
)
class Prod:
    """y = Π x over all elements, or over dim (one int)

    dtype   integers and bool multiply as int64; dtype=: x is cast to it first
    grad    dx = dy · the product of the other elements: exact with zeros, too
    errors  TypeError: several dimensions; IndexError: dim out of range

    >>> torch.prod(tensor([[1.0, 2.0], [3.0, 4.0]]), 1)
    tensor([ 2., 12.])
    """

    def prepare(input, dim, keepdim, dtype):
        one_dimension("prod", dim)
        return in_dtype(input, dtype), dim, keepdim, dtype

    def variant(x, dim, keepdim, dtype):
        return None if dim is None else "Prod1"

    def forward(x, dim, keepdim, dtype):
        return stored_as(K.prod(x, axis_of(dim, x.ndim), keepdim), dtype)

    def backward(c, dy, x, out, dim, keepdim):
        axes = axes_of(dim, x.ndim)
        if isinstance(x, np.ndarray) and x.ndim and not np.count_nonzero(x == 0):
            dy, y = (aligned(v, x.shape, axes, keepdim) for v in (dy, out))
            return dy * K.conj(y / x)
        if axes is None:
            return K.reshape(K.reshape(dy, (1,)) * K.conj(_others(K.reshape(x, (-1,)))), x.shape)
        last = K.moveaxis(x, axes[0], -1)
        others = K.moveaxis(_others(last), -1, axes[0])
        return aligned(dy, x.shape, axes, keepdim) * K.conj(others)

    samples = reduction()


def one_dimension(name: str, dim) -> None:
    """TypeError if dim is neither an int nor None."""
    if isinstance(dim, (tuple, list)):
        raise TypeError(
            f"{name}(): argument 'dim' (position 2) must be int, not {type(dim).__name__}"
        )


def _others(x):
    """For each element of the last dimension the product of all others of it: those before times
    those after.
    """
    ones = K.ones_like(x[..., :1])
    before = K.cumprod(K.concatenate([ones, x[..., :-1]], -1), -1)
    after = K.flip(K.cumprod(K.concatenate([ones, K.flip(x[..., 1:], -1)], -1), -1), -1)
    return before * after


# ---------------------------------------------------------------- any, all, counting


def _truth(x, word, dim, keepdim):
    """any or all over dim; dim=() reduces nothing. uint8 for uint8, else bool."""
    if dim is None:
        y = word(x, None, keepdim)
    elif isinstance(dim, (tuple, list)) and not dim:
        y = x != 0
    else:
        y = word(x, axis_of(dim, x.ndim), keepdim)
    return K.astype(y, x.dtype) if x.dtype.kind == "u" and x.dtype == _U8 else y


@op(
    "any(input, dim: int | Sequence[int] | None = None, keepdim=False, *, out=None)",
    at="torch Tensor",
    tensors=1,
    quiet=False,
)
class Any:
    """True where some element is not 0, over all elements or over dim (an int or several)

    dtype   bool; uint8 for uint8
    shape   dim=() reduces nothing: the elements one by one
    errors  IndexError: dim out of range

    >>> torch.any(tensor([[0, 1], [0, 0]]), 1)
    tensor([ True, False])
    """

    backward = None

    def forward(x, dim, keepdim):
        return _truth(x, K.any, dim, keepdim)

    samples = reduction()


@op(
    "all(input, dim: int | Sequence[int] | None = None, keepdim=False, *, out=None)",
    at="torch Tensor",
    tensors=1,
    quiet=False,
)
class All:
    """True where no element is 0, over all elements or over dim (an int or several)

    dtype   bool; uint8 for uint8
    shape   dim=() reduces nothing: the elements one by one
    errors  IndexError: dim out of range
    """

    backward = None

    def forward(x, dim, keepdim):
        return _truth(x, K.all, dim, keepdim)

    samples = reduction()


@op(
    "count_nonzero(input, dim: int | Sequence[int] | None = None)",
    at="torch Tensor",
    tensors=1,
    quiet=False,
)
class CountNonzero:
    """How many elements are not 0, in all or over dim (an int or several), as int64

    errors  IndexError: dim out of range
    """

    backward = None

    def forward(x, dim):
        axis = None if dim is None else axis_of(dim, x.ndim)
        if axis is None and type(x) is np.ndarray:
            return np.array(np.count_nonzero(x))
        return K.sum(x != 0, axis)

    def samples(make):
        yield make(3, 4)
        yield make(3, 4), 1
        yield make(2, 3, 2), (0, -1)
        yield make(0, 5), 0


# ---------------------------------------------------------------- logsumexp


@op(
    "logsumexp(input, dim: int | Sequence[int], keepdim=False, *, out=None)",
    at="torch Tensor special",
    tensors=1,
    promote="float",
    accumulate=True,
    quiet=True,
)
class Logsumexp:
    """y = ln Σ e^x over dim (an int or several), by way of the maximum so that nothing overflows

    dtype   integers become the default dtype
    grad    dx = dy e^(x - y)
    errors  IndexError: dim out of range

    >>> torch.logsumexp(tensor([[1000.0, 1000.0]]), 1)
    tensor([1000.6932])
    """

    def prepare(input, dim, keepdim):
        if dim is None:
            raise TypeError("logsumexp(): argument 'dim' must be tuple of ints, not NoneType")
        if isinstance(dim, (tuple, list)) and not dim and input._a.size and not keepdim:
            if input._a.ndim:  # PyTorch has no result for dim=(), though amax and sum have
                raise RuntimeError(
                    "output with shape [] doesn't match the broadcast shape "
                    f"{[1] * input._a.ndim}\n  fix: dim=tuple(range(x.ndim)) for all elements"
                )
        return input, dim, keepdim

    def forward(x, dim, keepdim):
        axes = axes_of(dim, x.ndim)
        if not count(x.shape, axes):
            return K.log(K.sum(x, axes, keepdim))
        if axes is not None and len(axes) == 1 and not K.is_complex(x):
            return K.logsumexp(x, axes[0], keepdim)
        top = K.max(K.real(x), axes, True)
        top = K.where(K.isinf(top), K.zeros_like(top), top)
        total = K.log(K.sum(K.exp(x - top), axes, keepdim))
        return total + K.reshape(top, total.shape)

    def backward(c, dy, x, out, dim, keepdim):
        axes = axes_of(dim, x.ndim)
        y = aligned(out, x.shape, axes, keepdim)
        if not K.is_complex(y):
            y = K.where(y == -np.inf, K.zeros_like(y), y)
        return aligned(dy, x.shape, axes, keepdim) * K.conj(K.exp(x - y))

    def samples(make):
        yield make(3, 4), 1
        yield make(2, 3, 4), (0, 2), True
        yield make(), 0
        yield make(4, 3).T, 0
