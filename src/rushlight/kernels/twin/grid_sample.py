"""Sampling at places that a grid names, on NumPy; with K's words only, so that it runs on Tensors
and its gradients can be differentiated again.

N batch, C channels, S spatial sizes (2 or 3 of them), L sizes of the grid, P = ∏L.
mode: 0 bilinear, 1 nearest, 2 bicubic. padding: 0 zeros, 1 border, 2 reflection.
"""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np

from ..filters import CUBIC
from ..seam import K

_ONE_DOWN_TO_ONE_UP = (-1, 0, 1, 2)


def grid_sample(x, grid, mode, padding, align):
    """x (N, C, *S), grid (N, *L, r) in [-1, 1] -> y (N, C, *L): x at the grid's places."""
    n, c, *size = x.shape
    flat = K.reshape(x, (n, c, prod(size)))
    y = None
    for index, inside, weight, _ in _corners(grid, size, mode, padding, align):
        part = _at(flat, index, inside)
        part = part if weight is None else part * weight[:, None]
        y = part if y is None else y + part
    return K.reshape(y, (n, c, *grid.shape[1:-1]))


def grid_sample_dx(dy, grid, x_shape, mode, padding, align):
    """dy (N, C, *L), grid (N, *L, r) -> dx of shape `x_shape`: dy put back where y is from."""
    n, c, *size = x_shape
    dy = K.reshape(dy, (n, c, prod(dy.shape[2:])))
    dx = K.zeros((n, c, prod(size)), dy)
    for index, inside, weight, _ in _corners(grid, size, mode, padding, align):
        part = dy if weight is None else dy * weight[:, None]
        part = K.where(inside[:, None], part, K.zeros_like(part))
        dx = K.scatter_add(dx, 2, K.broadcast_to(index[:, None], part.shape), part)
    return K.reshape(dx, tuple(x_shape))


def grid_sample_dgrid(dy, x, grid, mode, padding, align):
    """dy (N, C, *L), x (N, C, *S), grid (N, *L, r) -> dgrid; zeros for nearest neighbours."""
    if mode == 1:
        return K.zeros_like(grid)
    n, c, *size = x.shape
    flat = K.reshape(x, (n, c, prod(size)))
    dy = K.reshape(dy, (n, c, prod(dy.shape[2:])))
    slopes: list = [None] * len(size)
    for index, inside, _, slope in _corners(grid, size, mode, padding, align):
        along = K.sum(_at(flat, index, inside) * dy, 1)  # (N, P)
        for a, s in enumerate(slope):
            slopes[a] = along * s if slopes[a] is None else slopes[a] + along * s
    return K.reshape(K.stack(slopes[::-1], -1), tuple(grid.shape))


def _at(flat, index, inside):
    """flat (N, C, ∏S), index and inside (N, P) -> (N, C, P); 0 where it is not inside."""
    shape = (*flat.shape[:2], index.shape[1])
    values = K.take_along_axis(flat, K.broadcast_to(index[:, None], shape), 2)
    return K.where(inside[:, None], values, K.zeros_like(values))


def _corners(grid, size, mode, padding, align):
    """For each element that a sample is made of: (flat index, inside, weight, the weight's slope
    along each of the grid's coordinates), each (N, P). weight None: 1.
    """
    rank, (n, *cells) = len(size), grid.shape[:-1]
    taps = []
    for a in range(rank):
        u = K.reshape(grid[..., rank - 1 - a], (n, prod(cells)))
        taps.append(_taps(u, size[a], mode, padding, align))
    for corner in product(*taps):
        index, inside = corner[0][0], corner[0][1]
        for (i, ok, _, _), s in zip(corner[1:], size[1:], strict=True):
            index, inside = index * s + i, inside & ok
        index = K.where(inside, index, K.zeros_like(index))
        if mode == 1:
            yield index, inside, None, ()
            continue
        weights = [w for _, _, w, _ in corner]
        weight = _product(weights)
        slopes = []
        for a, (_, _, _, slope) in enumerate(corner):
            slopes.append(_product([slope, *weights[:a], *weights[a + 1 :]]))
        yield index, inside, weight, slopes


def _product(factors):
    y = factors[0]
    for f in factors[1:]:
        y = y * f
    return y


def _taps(u, n, mode, padding, align):
    """Along a dimension of n elements [(index, inside, weight, slope)] for coordinates u (N, P)."""
    scale = (n - 1) / 2 if align else n / 2
    place = (u + 1) * scale if align else ((u + 1) * n - 1) / 2
    if mode == 2:
        return _cubic_taps(place, scale, n, padding, align)
    place, slope = _padded(place, n, padding, align)
    if mode == 1:
        return [(*_whole(_nearest(place), n), None, None)]
    low = K.floor(place)
    part = place - low
    slope = slope * scale
    return [(*_whole(low, n), 1 - part, -slope), (*_whole(low + 1, n), part, slope)]


def _nearest(place):
    """The nearest whole number, the even one of two."""
    up = K.floor(place + 0.5)
    tie = (up - place == 0.5) & (up - 2 * K.floor(up / 2) == 1)
    return K.where(tie, up - 1, up)


def _cubic_taps(place, scale, n, padding, align):
    low = K.floor(place)
    part = place - low
    found = []
    for tap in _ONE_DOWN_TO_ONE_UP:
        at, _ = _padded(low + tap, n, padding, align)
        d, sign = (part - tap, 1) if tap < 1 else (tap - part, -1)  # how far away, from 0 to 2
        if tap in (0, 1):
            weight = ((CUBIC + 2) * d - (CUBIC + 3)) * d * d + 1
            slope = (3 * (CUBIC + 2) * d - 2 * (CUBIC + 3)) * d
        else:
            weight = (((d - 5) * d + 8) * d - 4) * CUBIC
            slope = ((3 * d - 10) * d + 8) * CUBIC
        found.append((*_whole(at, n), weight, slope * (sign * scale)))
    return found


def _padded(place, n, padding, align):
    """(place moved into the input, the slope of that move)."""
    one = K.ones_like(place)
    if padding == 0:
        return place, one
    slope = one
    if padding == 2:
        low, span = (0.0, float(n - 1)) if align else (-0.5, float(n))
        if span == 0:
            return K.zeros_like(place), K.zeros_like(place)
        away = place - low
        slope = K.where(away < 0, -one, one)
        away = away * slope
        turns = K.floor(away / span)
        rest = away - turns * span
        odd = turns - 2 * K.floor(turns / 2) == 1
        place = K.where(odd, span - rest, rest) + low
        slope = K.where(odd, -slope, slope)
    zero = K.zeros_like(place)
    below, above = ~(place > 0), ~(place < n - 1)
    slope = K.where(below | above, zero, slope)
    place = K.where(below, zero, K.where(above, zero + (n - 1), place))
    return place, slope


def _whole(place, n):
    """(place as an index, whether it lies in the input)."""
    inside = (place >= 0) & (place <= n - 1)
    return K.astype(K.where(inside, place, K.zeros_like(place)), np.int64), inside
