"""Pooling on NumPy, for one, two or three spatial dimensions.

N batch, C channels, S spatial sizes of the input, L of the output, T window sizes ("taps").
An index is the place of a cell in the flattened spatial dimensions of its plane, as PyTorch has it.
"""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np

from ..window_geometry import adaptive_bounds, pooled_size, taps


def max_pool(x, kernel, stride, padding, dilation, ceil):
    """x (N, C, *S) -> y (N, C, *L), i (N, C, *L) int64: each window's largest cell and its index.

    Among equals the first counts; a NaN counts as largest, the last one if there are several.
    """
    size = x.shape[2:]
    out = tuple(
        pooled_size(*a, ceil) for a in zip(size, kernel, stride, padding, dilation, strict=True)
    )
    _fit(x, out, "iufV")
    lowest = np.iinfo(x.dtype).min if x.dtype.kind in "iu" else -np.inf
    y = np.full((*x.shape[:2], *out), lowest, x.dtype)  # of windows with nothing but padding
    i = np.full(y.shape, -1, np.int64)
    places = np.arange(prod(size)).reshape(size)
    for _, cells, meets in taps(size, out, kernel, stride, padding, dilation):
        v, best, index = x[meets], y[cells], i[cells]
        take = (v > best) | (v != v) | (index < 0)
        np.copyto(best, v, where=take)
        np.copyto(index, np.broadcast_to(places[meets[1:]], v.shape), where=take)
    return y, i


def max_pool_dx(dy, i, x_shape):
    """dy (N, C, *L), i (N, C, *L) -> dx of shape `x_shape`: dy added at the places that i names."""
    planes, cells = prod(x_shape[:2]), prod(x_shape[2:])
    dx = np.zeros(planes * cells, dy.dtype)
    flat = i.reshape(planes, prod(i.shape[2:])) + cells * np.arange(planes)[:, None]
    np.add.at(dx, flat, dy.reshape(flat.shape))
    return dx.reshape(x_shape)


def max_pool_take(x, i):
    """x (N, C, *S), i (N, C, *L) -> the cells that i names (N, C, *L); adjoint of `max_pool_dx`."""
    cells, places = prod(x.shape[2:]), prod(i.shape[2:])
    flat = i.reshape(*i.shape[:2], places)
    return np.take_along_axis(x.reshape(*x.shape[:2], cells), flat, -1).reshape(i.shape)


def avg_pool(x, kernel, stride, padding, ceil, count_include_pad, divisor):
    """x (N, C, *S) -> y (N, C, *L): each window's sum over `divisor`, or over its cells if it is 0.

    With count_include_pad the padding counts among the cells, but never what `ceil` adds beyond it.
    """
    size = x.shape[2:]
    cells_of = _window_cells(size, kernel, stride, padding, ceil, count_include_pad)
    out = tuple(map(len, cells_of))
    _fit(x, out, "fV" if x.dtype != np.int64 else "i")
    y = np.zeros((*x.shape[:2], *out), _sum_dtype(x.dtype))
    for _, cells, meets in taps(size, out, kernel, stride, padding, (1,) * len(size)):
        y[cells] += x[meets]
    return _divided(y, cells_of, divisor).astype(x.dtype, copy=False)


def avg_pool_dx(dy, x_shape, kernel, stride, padding, ceil, count_include_pad, divisor):
    """dy (N, C, *L) -> dx of shape `x_shape` (N, C, *S): each dy spread evenly over its window."""
    size, out = x_shape[2:], dy.shape[2:]
    cells_of = _window_cells(size, kernel, stride, padding, ceil, count_include_pad)
    share = _divided(dy.astype(_sum_dtype(dy.dtype)), cells_of, divisor)
    dx = np.zeros(x_shape, share.dtype)
    for _, cells, meets in taps(size, out, kernel, stride, padding, (1,) * len(size)):
        dx[meets] += share[cells]
    return dx.astype(dy.dtype, copy=False)


def adaptive_avg_pool(x, out):
    """x (N, C, *S) -> y (N, C, *out): y[l] is the mean over [floor(l·S/L), ceil((l+1)·S/L))."""
    y = x.astype(_sum_dtype(x.dtype), copy=False)
    for axis, m in enumerate(out, 2):
        narrow = np.empty((*y.shape[:axis], m, *y.shape[axis + 1 :]), y.dtype)
        lead = (slice(None),) * axis
        for cell, (a, b) in enumerate(adaptive_bounds(y.shape[axis], m)):
            narrow[*lead, cell] = y[*lead, slice(a, b)].mean(axis)
        y = narrow
    return y.astype(x.dtype, copy=False)


def adaptive_avg_pool_dx(dy, x_shape):
    """dy (N, C, *L) -> dx of shape `x_shape` (N, C, *S): each dy spread evenly over its window."""
    dx = dy.astype(_sum_dtype(dy.dtype), copy=False)
    for axis, n in enumerate(x_shape[2:], 2):
        wide = np.zeros((*dx.shape[:axis], n, *dx.shape[axis + 1 :]), dx.dtype)
        lead = (slice(None),) * axis
        for cell, (a, b) in enumerate(adaptive_bounds(n, dx.shape[axis])):
            wide[*lead, slice(a, b)] += dx[*lead, slice(cell, cell + 1)] / (b - a)
        dx = wide
    return dx.astype(dy.dtype, copy=False)


def adaptive_max_pool(x, out):
    """x (N, C, *S) -> y (N, C, *out), i int64: each window's largest cell and its index."""
    lead, size = x.shape[:2], x.shape[2:]
    y = np.empty((*lead, *out), x.dtype)
    i = np.empty((*lead, *out), np.int64)
    places = np.arange(prod(size)).reshape(size)
    bounds = [list(enumerate(adaptive_bounds(n, m))) for n, m in zip(size, out, strict=True)]
    for window in product(*bounds):
        cell = (..., *(c for c, _ in window))
        part = tuple(slice(a, b) for _, (a, b) in window)
        flat = x[..., *part].reshape(*lead, places[part].size)
        best = flat.argmax(-1)
        y[cell] = np.take_along_axis(flat, best[..., None], -1)[..., 0]
        i[cell] = places[part].reshape(-1)[best]
    return y, i


def fractional_max_pool(x, kernel, out, u):
    """x (N, C, *S), u (N or more, C, rank) in [0, 1) -> y (N, C, *out), i int64.

    Along each dimension the windows lie at floor((l + u) · a) - floor(u · a) where
    a = (S - T) / (L - 1), the last one at the end. u counts the dimensions from the last if there
    are two, from the first if there are three, as PyTorch does.
    """
    rank, size = len(out), x.shape[2:]
    place = np.zeros((*x.shape[:2], *[1] * (2 * rank)), np.int64)  # (N, C, *out, *kernel)
    for d in range(rank):
        sample = u[: len(x), :, rank - 1 - d if rank == 2 else d].astype(x.dtype)[..., None]
        start = np.full((*x.shape[:2], out[d]), size[d] - kernel[d])
        if out[d] > 1:
            a = x.dtype.type((size[d] - kernel[d]) / (out[d] - 1))
            cell = np.arange(out[d] - 1, dtype=x.dtype)
            start[..., :-1] = ((cell + sample) * a).astype(int) - (sample * a).astype(int)
        cells = start[..., None] + np.arange(kernel[d])
        shape = [1] * (2 * rank)
        shape[d], shape[rank + d] = out[d], kernel[d]
        place = place * size[d] + cells.reshape(*x.shape[:2], *shape)
    place = place.reshape(*x.shape[:2], *out, prod(kernel))
    values = max_pool_take(x, place)
    best = values.argmax(-1)[..., None]
    y, i = (np.take_along_axis(a, best, -1)[..., 0] for a in (values, place))
    return y, i


max_pool2d = max_pool3d = max_pool
max_pool2d_dx = max_pool3d_dx = max_pool_dx
avg_pool2d = avg_pool3d = avg_pool
avg_pool2d_dx = avg_pool3d_dx = avg_pool_dx


def _fit(x, out, kinds):
    """ValueError unless there is a window in every dimension and x is of a dtype for it."""
    if min(out) < 1 or 0 in x.shape[1:] or x.dtype.kind not in kinds:
        raise ValueError("pool: no window fits, or not a dtype for pooling")


def _window_cells(size, kernel, stride, padding, ceil, count_include_pad):
    """For each dimension, how many cells each of its windows counts."""
    counts = []
    for n, k, s, p in zip(size, kernel, stride, padding, strict=True):
        start = np.arange(pooled_size(n, k, s, p, 1, ceil)) * s - p
        stop = np.minimum(start + k, n + p)
        if not count_include_pad:
            start, stop = np.maximum(start, 0), np.minimum(stop, n)
        counts.append(stop - start)
    return counts


def _divided(y, cells_of, divisor):
    """y (N, C, *L) over the number of cells of each window, or over `divisor`."""
    if divisor:
        return y / y.dtype.type(divisor)
    count = 1
    for axis, cells in enumerate(reversed(cells_of)):
        count = count * cells.reshape(-1, *[1] * axis)
    return y / count.astype(y.dtype)


def _sum_dtype(dtype):
    """Where 16-bit floats are summed: float32, as PyTorch does."""
    return np.dtype(np.float32) if dtype.itemsize < 4 and dtype.kind in "fV" else dtype
