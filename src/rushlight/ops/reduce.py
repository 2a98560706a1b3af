"""Sums, means, extremes: from many elements to few."""

from __future__ import annotations

import numpy as np

from ..core.dtype import COMPLEX, FLOAT, from_numpy_dtype, scalar_name
from ..core.registry import CARDS, Card, apply, cast, composite, op
from ..kernels import K
from .pointwise import into


def axes_of(dim, ndim: int) -> tuple | None:
    """dim as a tuple of axes counted from 0; None for all. IndexError: out of range; RuntimeError: repeated."""
    if dim is None or dim == () or dim == []:
        return None
    dims = (dim,) if isinstance(dim, int) else tuple(int(d) for d in dim)
    reach = max(ndim, 1)
    found = []
    for d in dims:
        if not -reach <= d < reach:
            raise IndexError(f"Dimension out of range (expected to be in range of [{-reach}, {reach - 1}], but got {d})")
        d = d % reach
        if d in found:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
        found.append(d)
    return tuple(found) if ndim else None


def spread(dy, shape, axes, keepdim):
    """The gradient of a reduction: the reduced dimensions back, dy repeated along them."""
    if not keepdim:
        dy = K.reshape(dy, (1,) * len(shape) if axes is None else tuple(1 if i in axes else n for i, n in enumerate(shape)))
    return K.broadcast_to(dy, shape)


@op("_sum", fn=False, method=False, tensors=1, node="Sum")
class _Sum:
    """y = Σ x over all elements or over dim.

    dtype   integers and bool sum up as int64
    grad    dx = dy, spread out
    """

    def forward(x, dim=None, keepdim=False):
        if x.dtype.kind in "iub":
            return np.sum(x, axes_of(dim, x.ndim), dtype=np.int64, keepdims=keepdim)
        return K.sum(x, axes_of(dim, x.ndim), keepdim)

    def backward(c, dy, x_shape, dim, keepdim):
        return spread(dy, x_shape, axes_of(dim, len(x_shape)), keepdim)


@op("_mean", fn=False, method=False, tensors=1, node="Mean")
class _Mean:
    """y = Σ x / n over all elements or over dim.  RuntimeError: x is neither floating nor complex."""

    def forward(x, dim=None, keepdim=False):
        d = from_numpy_dtype(x.dtype)
        if d.category not in (FLOAT, COMPLEX):
            raise RuntimeError("mean(): could not infer output dtype. Input dtype must be either a floating point or complex "
                               f"dtype. Got: {scalar_name(d)}")  # fmt: skip
        return K.mean(x, axes_of(dim, x.ndim), keepdim)

    def backward(c, dy, x_shape, dim, keepdim):
        axes = axes_of(dim, len(x_shape))
        return spread(dy / _count(x_shape, axes), x_shape, axes, keepdim)


def _count(shape, axes) -> int:
    n = 1
    for i, size in enumerate(shape):
        if axes is None or i in axes:
            n *= size
    return n


for _name in ("sum", "mean"):  # over dimensions: the same card under PyTorch's other node name
    _all = CARDS["_" + _name]
    CARDS[f"_{_name}_dim"] = Card(_all.source, f"_{_name}_dim", tensors=1, node=_name.capitalize() + "1")


@composite("sum", method=True)
def sum(input, dim=None, keepdim=False, *, dtype=None, out=None):
    """Σ of all elements, or over dim (an int or several). Integers sum up as int64."""
    if dtype is not None and dtype is not input.dtype:
        input = cast(input, dtype)
    y = apply(CARDS["_sum" if dim is None else "_sum_dim"], (input, dim, keepdim))
    return y if out is None else into(out, y)


@composite("mean", method=True)
def mean(input, dim=None, keepdim=False, *, dtype=None, out=None):
    """The arithmetic mean of all elements, or over dim. RuntimeError: integers without dtype=."""
    if dtype is not None and dtype is not input.dtype:
        input = cast(input, dtype)
    y = apply(CARDS["_mean" if dim is None else "_mean_dim"], (input, dim, keepdim))
    return y if out is None else into(out, y)
