"""Tensors from nothing: zeros, ones, full, arange, ... and tensor()."""

from __future__ import annotations

import numpy as np

from ..core.dtype import get_default_dtype
from ..core.registry import composite
from ..core.tensor import wrap


def shape_of(size: tuple) -> tuple:
    """zeros(2, 3) and zeros((2, 3)) mean the same. RuntimeError: a negative size."""
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = size[0]
    shape = tuple(int(n) for n in size)
    for n in shape:
        if n < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {n}: {list(shape)}")
    return shape


def finished(a, device=None, requires_grad=False):
    """A new tensor of array a, on `device` (checked), asking for a gradient if wanted."""
    if device is not None:
        from ..core.device import resolve

        resolve(device)
    t = wrap(a)
    return t.requires_grad_() if requires_grad else t


@composite("zeros")
def zeros(*size, out=None, dtype=None, layout=None, device=None, requires_grad=False):
    """A tensor of zeros."""
    return finished(np.zeros(shape_of(size), (dtype or get_default_dtype()).np), device, requires_grad)


@composite("ones")
def ones(*size, out=None, dtype=None, layout=None, device=None, requires_grad=False):
    """A tensor of ones."""
    return finished(np.ones(shape_of(size), (dtype or get_default_dtype()).np), device, requires_grad)
