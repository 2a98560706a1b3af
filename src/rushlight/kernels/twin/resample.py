"""Resizing on NumPy: weighted sums of an input's elements, one dimension after the other.

S sizes before, L after; see kernels/filters.py for index and weight.
"""

from __future__ import annotations

import numpy as np

from ..vocabulary import dense


def resample(x, filters):
    """x (*, *S) -> y (*, *L): y[l] = Σ_t weight[t, l] x[index[t, l]] in each dimension of S.

    uint8 is computed in whole numbers and rounded after each dimension, the last one first.
    """
    if x.dtype == np.uint8:
        return _of_bytes(x, filters)
    axes = list(enumerate(filters, x.ndim - len(filters)))
    for axis, (index, weight, size) in axes:
        if x.shape[axis] != size:
            raise ValueError(f"resample: a filter for {size} elements on {x.shape[axis]}")
        at = [1] * x.ndim
        at[axis] = -1
        y = None
        for i, w in zip(index, weight, strict=True):
            part = np.take(x, np.maximum(i, 0), axis)
            if not (w == 1).all():
                part = part * w.astype(x.dtype, copy=False).reshape(at)
            if (i < 0).any():
                part = np.where((i < 0).reshape(at), x.dtype.type(0), part)
            y = part if y is None else y + part
        x = y
    return dense(x)


def _of_bytes(x, filters):
    """Weights as int16 with as many binary places as they allow, sums in int32."""
    for axis in range(x.ndim - 1, x.ndim - len(filters) - 1, -1):
        index, weight, _ = filters[axis - x.ndim + len(filters)]
        if len(index) == 1 and (weight == 1).all():
            x = np.take(x, index[0], axis)
            continue
        if index.shape[1] == x.shape[axis] and _same(index, weight):
            continue
        weight = weight.copy()
        for t in range(len(index) - 1):  # what lies beyond the edge counts for the edge's element
            same = index[t] == index[t + 1]
            weight[t + 1] += np.where(same, weight[t], 0)
            weight[t][same] = 0
        places = _places(weight.max())
        fixed = np.trunc(weight * (1 << places) + np.copysign(0.5, weight)).astype(np.int32)
        at = [1] * x.ndim
        at[axis] = -1
        total = np.int32(1 << (places - 1))
        for i, w in zip(index, fixed, strict=True):
            total = total + np.take(x, np.maximum(i, 0), axis).astype(np.int32) * w.reshape(at)
        x = np.clip(total >> places, 0, 255).astype(np.uint8)
    return dense(x)


def _same(index, weight):
    """True if every element stays what it is."""
    return (np.where(weight == 1, index, -1).max(0) == np.arange(index.shape[1])).all()


def _places(largest):
    """The most binary places with which `largest` fits int16, at most 22."""
    places = 0
    while places < 22 and int(0.5 + largest * (1 << (places + 1))) < 1 << 15:
        places += 1
    return places
