"""Views of dense arrays, and images in another order."""

from __future__ import annotations

import numpy as np

from ..window_geometry import continuation


def dense_view(x, shape):
    """x in another shape, never a copy; None where a second look is needed: at an x that is not
    C-contiguous, at a shape that is not made of ints, or does not fit.

    shape: (2, 3) or ((2, 3),), one size may be -1
    """
    if len(shape) == 1 and isinstance(shape[0], tuple):
        shape = shape[0]
    if not x.flags.c_contiguous or not shape or any(type(n) is not int or n < -1 for n in shape):
        return None
    try:
        return x.reshape(shape)
    except ValueError:
        return None


def dense_copy(x):
    """A copy of x in row-major order."""
    return np.array(x, order="C")


def filled(x, y):
    """An array of x's shape, dtype and order in memory, every element y: 0-d, or a number."""
    return np.full_like(x, y)


def assign(x, y):
    """y's elements into x, of the same dtype, which y broadcasts to."""
    np.copyto(x, y)


def padded(x, widths, value):
    """x (*) with `value` around it: widths ((before, after), ...), negative ones cut off."""
    shape = tuple(n + a + b for n, (a, b) in zip(x.shape, widths, strict=True))
    y = np.full(shape, value, x.dtype)
    inner = tuple(slice(max(a, 0), n - max(b, 0)) for n, (a, b) in zip(shape, widths, strict=True))
    outer = tuple(
        slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(x.shape, widths, strict=True)
    )
    y[inner] = x[outer]
    return y


def continued(x, widths, how):
    """x (*) with a border that continues it: widths ((before, after), ...), negative: cut off."""
    for dim, (before, after) in enumerate(widths):
        if before or after:
            x = np.take(x, continuation(x.shape[dim], before, after, how), dim)
    return x


def pick(x, index, axis):
    """np.take_along_axis, or None for an index outside [0, n)"""
    if not within(index, 0, x.shape[axis]):
        return None
    return np.ascontiguousarray(np.take_along_axis(x, index, axis))


def places(x):
    """x (*) bool -> (ndim, k) int64: the places of those that are true, in order."""
    return np.array(np.nonzero(x), np.int64)


def chosen(x, mask):
    """x (*), mask (*) bool -> (k): the elements where the mask is true, in order."""
    return x[mask]


def within(index, low, high):
    """Does every number of an integer array lie in [low, high)?"""
    return not ((index < low) | (index >= high)).any()


def channels_last(x):
    """x (N, C, *S) -> (N, *S, C), row-major"""
    return np.ascontiguousarray(np.moveaxis(x, 1, -1))
