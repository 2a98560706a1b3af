"""Diagonals: read, written, summed, and matrices made of them."""

from __future__ import annotations

import numpy as np

from ..core.dtype import get_default_dtype, result_dtype
from ..core.tensor import wrap as wrapped_array
from ..dispatch.promotion import cast
from ..dispatch.registry import composite, internal, op
from ..kernels import K, native, word
from .cat_split import atleast_2d, cat
from .shape import wrapped


@op(
    "diagonal(input, offset=0, dim1: int = 0, dim2: int = 1)",
    at="torch Tensor",
    tensors=1,
    view=True,
)
class Diagonal:
    """y (..., k) = the elements x[i, i + offset] of dimensions dim1, dim2; a view.

    errors  RuntimeError: dim1 and dim2 are one; IndexError: no such dimension

    >>> torch.diagonal(tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """

    def forward(x, offset, dim1, dim2):
        y = None if native is None else native.diagonal_of(x, offset, dim1, dim2)
        if y is not None:
            return y
        a, b = wrapped(dim1, x.ndim), wrapped(dim2, x.ndim)
        if a == b:
            raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
        y = x.diagonal(offset, a, b)
        y.flags.writeable = x.flags.writeable
        return y

    def backward(c, dy, x_shape, offset, dim1, dim2):
        return K.diagonal_dx(dy, x_shape, offset, dim1, dim2)

    def samples(make):
        yield make(4, 3).T, 1
        yield make(0, 2)
        yield make(3, 4)
        yield make(2, 3, 4), -1, 2, 1


@internal("diagonal_dx", tensors=1, node="DiagonalBackward")
class DiagonalDx:
    """dx of diagonal: dy on that diagonal of zeros."""

    def forward(dy, x_shape, offset, dim1, dim2):
        dx = K.zeros(x_shape, like=dy)
        d = dx.diagonal(offset, dim1, dim2)
        d.flags.writeable = True
        d[...] = dy
        return dx

    def backward(c, ddx, offset, dim1, dim2):
        return K.diagonal(ddx, offset, dim1, dim2)

    def samples(make):
        yield make(3), (3, 4), 0, 0, 1


@composite("diag(input, diagonal=0, *, out=None)", at="torch Tensor")
def diag(input, diagonal):
    """A vector as the diagonal of a matrix, or the diagonal of a matrix as a vector (a copy).

    errors  RuntimeError: neither 1-d nor 2-d

    >>> torch.diag(tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    n = input._a.ndim
    if n not in (1, 2):
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {n}D")
    return diag_embed(input, diagonal, -2, -1) if n == 1 else input.diagonal(diagonal).clone()


@composite("diag_embed(input, offset=0, dim1: int = -2, dim2: int = -1)", at="torch Tensor")
def diag_embed(input, offset, dim1, dim2):
    """The last dimension as diagonals of matrices in dimensions dim1, dim2, zeros elsewhere.

    errors  RuntimeError: dim1 and dim2 are one; IndexError: no such dimension, or a 0-d input
    """
    shape = input._a.shape
    n = len(shape) + 1
    a, b = wrapped(dim1, n), wrapped(dim2, n)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    side = shape[-1] + abs(offset)
    rest = iter(shape[:-1])
    full = tuple([side if d in (a, b) else next(rest) for d in range(n)])
    return DiagonalDx.run((input, full, offset, a, b))


@composite("diagflat(input, offset=0)", at="torch Tensor")
def diagflat(input, offset):
    """All elements as the diagonal of a matrix.

    shape   n elements -> (n + |offset|, n + |offset|)
    """
    return diag_embed(input.reshape(-1), offset, -2, -1)


word("diagonal", Diagonal.forward)
word("diagonal_dx", DiagonalDx.forward)


@composite("block_diag", at="torch")
def block_diag(*tensors):
    """The matrices along the diagonal of a larger one, zeros elsewhere; vectors are rows.

    errors  RuntimeError: a tensor of more than 2 dimensions
    """
    for i, t in enumerate(tensors):
        if t._a.ndim > 2:
            raise RuntimeError(
                "torch.block_diag: Input tensors must have 2 or fewer dimensions. Input "
                f"{i} has {t._a.ndim} dimensions"
            )
    if not tensors:
        return wrapped_array(np.zeros((1, 0), get_default_dtype().np))
    target = result_dtype(tensors)  # of the tensors as given: a 0-d one gives way to the others
    blocks = [atleast_2d(cast(t, target)) for t in tensors]
    width = sum(b._a.shape[1] for b in blocks)
    rows, at = [], 0
    for b in blocks:
        h, w = b._a.shape
        rows.append(cat([b.new_zeros((h, at)), b, b.new_zeros((h, width - at - w))], 1))
        at += w
    return cat(rows, 0)


@op("trace(input)", at="torch Tensor", not_for="b")
class Trace:
    """y = Σ x[i, i] of a matrix.

    dtype   integers add up as int64
    errors  RuntimeError: not a matrix

    >>> torch.trace(tensor([[1, 2], [3, 4]]))
    tensor(5)
    """

    def forward(x):
        if x.ndim != 2:
            raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {x.ndim}")
        return np.trace(x, dtype=np.int64 if x.dtype.kind in "iub" else x.dtype)

    def backward(c, dy, x_shape):
        n = min(x_shape)
        return K.diagonal_dx(K.broadcast_to(dy, (n,)), x_shape, 0, 0, 1)

    def samples(make):
        yield make(3, 4)
        yield make(4, 3).T
        yield make(0, 2)


@composite(
    "fill_diagonal_(input, fill_value: Number, wrap: bool = False)",
    at="Tensor",
)
def fill_diagonal_(input, fill_value, wrap):
    """The main diagonal (of all dimensions at once) set to a number, in place.

    wrap    in a tall matrix the diagonal starts again after a row of N columns
    errors  RuntimeError: fewer than 2 dimensions, or more than 2 of different sizes
    """
    shape = input._a.shape
    if len(shape) < 2:
        raise RuntimeError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    mask = np.zeros(shape, bool)
    np.fill_diagonal(mask, True, wrap=wrap)
    return input.masked_fill_(wrapped_array(mask), fill_value)
