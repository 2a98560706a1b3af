"""Diagonals: read, written, summed, and matrices made of them."""

from __future__ import annotations

import numpy as np

from ..core.tensor import Tensor, wrap
from ..dispatch.registry import CARDS, apply, composite, op, store
from ..kernels import K, word
from .cat_split import atleast_2d, cat
from .shape import movedim, wrapped


@op("diagonal", tensors=1, view=True)
class Diagonal:
    """y (..., k) = the diagonal of dimensions dim1, dim2; a view."""

    def forward(x, offset=0, dim1=0, dim2=1):
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


@op("diagonal_dx", fn=False, method=False, tensors=1, node="DiagonalBackward")
class _DiagonalDx:
    """dx of diagonal: dy on that diagonal of zeros."""

    def forward(dy, x_shape, offset, dim1, dim2):
        dx = np.zeros(x_shape, dy.dtype)
        d = dx.diagonal(offset, dim1, dim2)
        d.flags.writeable = True
        d[...] = dy
        return dx

    def backward(c, ddx, offset, dim1, dim2):
        return K.diagonal(ddx, offset, dim1, dim2)

    def samples(make):
        yield make(3), (3, 4), 0, 0, 1


@composite("diag", method=True)
def diag(input, diagonal=0, *, out=None):
    """A vector as the diagonal of a matrix, or the diagonal of a matrix as a vector (a copy)."""
    n = input._a.ndim
    if n not in (1, 2):
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {n}D")
    y = diag_embed(input, diagonal) if n == 1 else input.diagonal(diagonal).clone()
    if out is None:
        return y
    store(out, y)
    return out


@composite("diag_embed", method=True)
def diag_embed(input, offset=0, dim1=-2, dim2=-1):
    """The last dimension as diagonals of matrices in dimensions dim1, dim2, zeros elsewhere."""
    shape = input._a.shape
    side = shape[-1] + abs(offset)
    n = len(shape) + 1
    a, b = wrapped(dim1, n), wrapped(dim2, n)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    y = apply(CARDS["diagonal_dx"], (input, (*shape[:-1], side, side), offset, n - 2, n - 1))
    return movedim(y, (-2, -1), (a, b)) if (a, b) != (n - 2, n - 1) else y


@composite("diagflat", method=True)
def diagflat(input, offset=0):
    """All elements as the diagonal of a matrix."""
    return diag_embed(input.reshape(-1), offset)


word("diagonal", CARDS["diagonal"].forward)
word("diagonal_dx", CARDS["diagonal_dx"].forward)


@composite("block_diag")
def block_diag(*tensors):
    """The matrices along the diagonal of a larger one, zeros elsewhere."""
    blocks = [atleast_2d(t) for t in tensors] or []
    if not blocks:
        from .creation import empty

        return empty(1, 0)
    width = sum(b._a.shape[1] for b in blocks)
    rows, at = [], 0
    for b in blocks:
        if b._a.ndim > 2:
            raise RuntimeError("torch.block_diag: Input tensors must have 2 or fewer dimensions.")
        h, w = b._a.shape
        rows.append(cat([b.new_zeros((h, at)), b, b.new_zeros((h, width - at - w))], 1))
        at += w
    return cat(rows, 0)


@op("trace")
class Trace:
    """y = Σ x[i, i] of a matrix; integers add up as int64.  RuntimeError: not a matrix."""

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


@composite("fill_diagonal_", fn=False, method=True)
def fill_diagonal_(input, fill_value, wrap=False):
    """The main diagonal (of all dimensions at once) set to a number, in place.

    wrap: in a tall matrix the diagonal starts again after a row of N columns.
    RuntimeError: fewer than 2 dimensions, or more than 2 of different sizes.
    """
    shape = input._a.shape
    if len(shape) < 2:
        raise RuntimeError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    mask = np.zeros(shape, bool)
    np.fill_diagonal(mask, True, wrap=wrap)
    return input.masked_fill_(_mask(mask), fill_value)


def _mask(a: np.ndarray) -> Tensor:
    return wrap(a)
