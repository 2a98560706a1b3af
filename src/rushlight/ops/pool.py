"""Pooling: maxima, means and norms of windows; adaptive and fractional windows; unpooling.

N batch, C channels, S spatial sizes of the input, L of the output. Every card takes (N, C, *S) or
(C, *S); one class makes the card of two dimensions and the one of three. Rows (one dimension) are
pooled as images of height 1, as PyTorch does.
"""

from __future__ import annotations

from math import prod

import numpy as np

from ..core.registry import CARDS, FUNCTIONS, Card, apply, composite, op
from ..core.tensor import Tensor, wrap
from ..kernels import K
from ..kernels.carriers import translate
from .pool_arguments import (
    adaptive_size,
    check_adaptive,
    check_average,
    check_max,
    check_rows,
    check_unpool,
    option,
    unpooled_size,
)

_MAX_POOL = {2: K.max_pool2d, 3: K.max_pool3d}
_MAX_POOL_DX = {2: K.max_pool2d_dx, 3: K.max_pool3d_dx}
_AVG_POOL = {2: K.avg_pool2d, 3: K.avg_pool3d}
_AVG_POOL_DX = {2: K.avg_pool2d_dx, 3: K.avg_pool3d_dx}


def _batch(x, rank):
    """x with a batch dimension: (C, *S) -> (1, C, *S)."""
    return x if x.ndim == rank + 2 else x[None]


def _batch_shape(shape, rank):
    return shape if len(shape) == rank + 2 else (1, *shape)


def _cards(source: type, name: str, node: str, **options) -> None:
    """Cards "<name>2d" and "<name>3d" of one class; a # in `node` stands for the rank."""
    for rank in (2, 3):
        card = Card(source, f"{name}{rank}d", node=node.replace("#", str(rank)), **options)
        CARDS[card.name] = card


# ---------------------------------------------------------------- maxima


class MaxPool:
    """y[l] = max over the window of x at l, i[l] = where in the plane it was found

    shape   x (N, C, *S) -> y, i (N, C, *L),
            L = (S + 2 padding - dilation (kernel - 1) - 1) / stride + 1, rounded down, or up if ceil
    dtype   real numbers, kept; i int64
    grad    dx[i[l]] += dy[l]
    """

    def forward(x, kernel, stride, padding, dilation, ceil):
        rank = len(kernel)
        y, i = _MAX_POOL[rank](_batch(x, rank), kernel, stride, padding, dilation, ceil)
        return (y, i) if x.ndim == rank + 2 else (y[0], i[0])

    def backward(c, dy, x_shape, i, kernel):
        return K.pool_put(dy, i, x_shape, len(kernel))

    def samples(make):
        yield make(2, 3, 4, 6), (2, 3), (2, 2), (1, 0), (1, 1), False
        yield make(3, 5, 5), (2, 2), (2, 2), (0, 0), (1, 1), True
        yield make(1, 2, 7, 6), (3, 2), (1, 2), (1, 1), (2, 1), False
        yield make(6, 4, 2, 2).permute(2, 3, 0, 1), (2, 2), (2, 2), (0, 0), (1, 1), False


class AdaptiveMaxPool:
    """y[l], i[l] = the maximum over cells floor(l S / L) ... ceil((l + 1) S / L) - 1, and its place.

    grad    dx[i[l]] += dy[l]
    """

    def forward(x, size):
        y, i = K.adaptive_max_pool(_batch(x, len(size)), size)
        return (y, i) if x.ndim == len(size) + 2 else (y[0], i[0])

    def backward(c, dy, x_shape, i, size):
        return K.pool_put(dy, i, x_shape, len(size))

    def samples(make):
        yield make(2, 3, 4, 5), (2, 3)
        yield make(2, 5, 3), (5, 2)


class FractionalMaxPool:
    """y[l], i[l] = the maximum of windows at pseudo-random places, given by `u` (N, C, rank) in [0, 1).

    grad    dx[i[l]] += dy[l]
    source  Graham 2014, arXiv:1412.6071
    """

    def forward(x, kernel, size, u):
        rank = len(kernel)
        y, i = K.fractional_max_pool(_batch(x, rank), kernel, size, u)
        return (y, i) if x.ndim == rank + 2 else (y[0], i[0])

    def backward(c, dy, x_shape, i, kernel):
        return K.pool_put(dy, i, x_shape, len(kernel))


class MaxUnpool:
    """y = zeros but for y[i[l]] = x[l]: what max pooling took, put back to where it was.

    shape   x, i (N, C, *L) -> y (N, C, *size)
    grad    dx[l] = dy[i[l]]
    """

    def forward(x, i, size):
        y = np.zeros((*x.shape[: -len(size)], prod(size)), x.dtype)
        flat = (*x.shape[: -len(size)], -1)
        np.put_along_axis(y, i.reshape(flat), x.reshape(flat), -1)
        return y.reshape(*x.shape[: -len(size)], *size)

    def backward(c, dy, i, size):
        return K.pool_take(dy, i, len(size))

    def samples(make):
        yield make(1, 2, 2, 2), make.indices(1, 2, 2, 2, high=4) * 4 + make.indices(1, high=4), (4, 4)


@op("_pool_put", fn=False, method=False, tensors=1, node="MaxPoolBackward")
class PoolPut:
    """dx = zeros with dx[i[l]] += dy[l] in every plane: what every maximum has as its gradient.

    grad    ddy[l] = ddx[i[l]]
    """

    def forward(dy, i, x_shape, rank):
        shape = _batch_shape(x_shape, rank)
        dx = _MAX_POOL_DX[rank](_batch(dy, rank), _batch(i, rank), shape)
        return dx.reshape(x_shape)

    def backward(c, ddx, i, rank):
        return K.pool_take(ddx, i, rank)

    def samples(make):
        yield make(2, 3, 2, 2), make.indices(2, 3, 2, 2, high=12), (2, 3, 4, 3), 2


@op("_pool_take", fn=False, method=False, tensors=1, node="MaxUnpoolBackward")
class PoolTake:
    """y[l] = x[i[l]] in every plane.

    grad    dx[i[l]] += dy[l]
    """

    def forward(x, i, rank):
        return K.max_pool_take(_batch(x, rank), _batch(i, rank)).reshape(i.shape)

    def backward(c, dy, x_shape, i, rank):
        return K.pool_put(dy, i, x_shape, rank)

    def samples(make):
        yield make(2, 3, 4, 3), make.indices(2, 3, 2, 2, high=12), 2


_pairs = {"outputs": 1, "extras": ("i",), "returns": ("output", "indices"), "tensors": 1}
_cards(MaxPool, "_max_pool", "MaxPool#DWithIndices", **_pairs)
_cards(AdaptiveMaxPool, "_adaptive_max_pool", "AdaptiveMaxPool#D", **_pairs)
_cards(FractionalMaxPool, "_fractional_max_pool", "FractionalMaxPool#D", **_pairs)
_cards(MaxUnpool, "_max_unpool", "MaxUnpool#D", tensors=1)


# ---------------------------------------------------------------- means


class AvgPool:
    """y[l] = Σ over the window of x at l / its number of cells, or / divisor if that is not 0

    shape   as MaxPool
    grad    every cell of a window gets dy / divisor
    """

    def forward(x, kernel, stride, padding, ceil, count_include_pad, divisor):
        rank = len(kernel)
        options = (kernel, stride, padding, ceil, count_include_pad, divisor)
        y = _AVG_POOL[rank](_batch(x, rank), *options)
        return y if x.ndim == rank + 2 else y[0]

    def backward(c, dy, x_shape, kernel, stride, padding, ceil, count_include_pad, divisor):
        return K.avg_spread(dy, x_shape, kernel, stride, padding, ceil, count_include_pad, divisor)

    def samples(make):
        yield make(2, 3, 4, 6), (2, 3), (2, 2), (1, 0), False, True, 0
        yield make(3, 5, 5), (2, 2), (2, 2), (1, 1), True, False, 0
        yield make(1, 1, 5, 4), (3, 2), (1, 2), (0, 0), True, True, 5


@op("_avg_spread", fn=False, method=False, tensors=1, node="AvgPoolBackward")
class AvgSpread:
    """dx of AvgPool: each dy spread over its window. Linear in dy, with AvgPool as its gradient."""

    def forward(dy, x_shape, kernel, stride, padding, ceil, count_include_pad, divisor):
        rank = len(kernel)
        options = (kernel, stride, padding, ceil, count_include_pad, divisor)
        dx = _AVG_POOL_DX[rank](_batch(dy, rank), _batch_shape(x_shape, rank), *options)
        return dx.reshape(x_shape)

    def backward(c, ddx, kernel, stride, padding, ceil, count_include_pad, divisor):
        return K.avg_gather(ddx, kernel, stride, padding, ceil, count_include_pad, divisor)
