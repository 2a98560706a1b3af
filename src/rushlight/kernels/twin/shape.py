"""Views of dense arrays, and images in another order."""

from __future__ import annotations

import numpy as np


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


def channels_last(x):
    """x (N, C, *S) -> (N, *S, C), row-major"""
    return np.ascontiguousarray(np.moveaxis(x, 1, -1))
