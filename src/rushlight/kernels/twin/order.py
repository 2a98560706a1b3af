"""Sorting, the largest of many, running sums, sums at indices. n the length of a row."""

from __future__ import annotations

import numpy as np

from ..seam import K


def sort_rows(x, descending):
    """x (*, n) -> values, places: sorted along the last dimension, equal elements as they were, NaN
    as the largest number
    """
    n = x.shape[-1]
    if descending:
        index = n - 1 - x[..., ::-1].argsort(-1, kind="stable")[..., ::-1]
    else:
        index = x.argsort(-1, kind="stable")
    return np.take_along_axis(x, index, -1), np.ascontiguousarray(index, np.int64)


def top_rows(x, k, largest):
    """x (*, n) -> values, places (*, k): the first k of the sorted row"""
    n = x.shape[-1]
    if 0 < k < n // 8 and x.dtype.kind != "V":  # find the k-th first, sort what is not behind it
        kth = np.partition(x, n - k if largest else k - 1, -1)[..., n - k if largest else k - 1]
        rows, bound = x.reshape(-1, n), kth.reshape(-1)
        index = np.empty((len(rows), k), np.int64)
        for i, row in enumerate(rows):
            keep = (row >= bound[i]) | np.isnan(row) if largest else row <= bound[i]
            if np.isnan(bound[i]):
                keep = np.isnan(row) if largest else np.ones(n, bool)
            found = np.flatnonzero(keep)
            index[i] = found[sort_rows(row[found], largest)[1][:k]]
        index = index.reshape(*x.shape[:-1], k)
        return np.take_along_axis(x, index, -1), index
    values, index = sort_rows(x, largest)
    return np.ascontiguousarray(values[..., :k]), np.ascontiguousarray(index[..., :k])


def cumsum(x, axis):
    """the running sums along axis: of float32 in float64, integers as int64"""
    if x.dtype.kind == "f" and x.itemsize == 4:
        wide = np.float64
    else:
        wide = np.int64 if x.dtype.kind in "iub" else None
    y = np.add.accumulate(x, axis, dtype=wide)
    if wide is np.float64:
        y = y.astype(x.dtype)
    return np.ascontiguousarray(y) if y.ndim else y


def add_rows(x, index, values, axis):
    """x (*, n, *) with values (*, k, *) added at the places index (k) of axis, one after the other;
    None for an index outside [0, n)
    """
    if index.size and not 0 <= index.min() <= index.max() < x.shape[axis]:
        return None
    y = np.array(x, order="C")
    np.add.at(y, (slice(None),) * axis + (index,), values)
    return y


def add_at(x, axis, index, values):
    """x with values[i, j] added at [index[i, j], j] for axis 0, and so on, one after the other;
    None for an index outside [0, n)
    """
    if index.size and not 0 <= index.min() <= index.max() < x.shape[axis]:
        return None
    y = np.array(x, order="C")
    places = list(np.indices(index.shape, sparse=True))
    places[axis] = index
    np.add.at(y, tuple(places), values)
    return y


def both_extremes(x, axis=None, keepdims=False):
    """The smallest and the largest of all elements, or along one dimension."""
    return K.min(x, axis, keepdims), K.max(x, axis, keepdims)


def _running_extreme(x, axis, f):
    """What f.accumulate gives along axis, and where each value stood last; NaN stays."""
    values = f.accumulate(x, axis)
    place = np.arange(x.shape[axis], dtype=np.int64).reshape((-1,) + (1,) * (x.ndim - 1 - axis))
    found = x == values
    if x.dtype.kind in "fV":
        found |= np.isnan(x)
    return values, np.maximum.accumulate(np.where(found, place, 0), axis)


def cummax(x, axis):
    """x -> the largest number so far along axis >= 0, its place"""
    return _running_extreme(x, axis, np.maximum)


def cummin(x, axis):
    """x -> the smallest number so far along axis >= 0, its place"""
    return _running_extreme(x, axis, np.minimum)


def count(x, most):
    """x (n), int64 -> (low, how often low, low + 1, ... occur), or None if there were more than
    `most` counts
    """
    low, high = int(x.min()), int(x.max())
    return None if high - low >= most else (low, np.bincount(x - low))
