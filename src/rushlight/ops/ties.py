"""Which of several equal elements topk and kthvalue take: in short rows, those that PyTorch takes.

PyTorch promises nothing about them. It finds its elements by partitioning, with the
std::nth_element of its compiler for topk and the quickselect of Numerical Recipes for kthvalue, and
the places of equal elements follow from the swaps. The gradient goes to these places, so a model
with equal elements (zeros after a relu) trains as it does there only if the swaps are the same.
Long rows are left to NumPy's sort: equal elements in order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels import native, quietly

_ROW = 63  # PyTorch takes another way from 64 elements on
_KEPT = 17  # with more than these std::sort partitions, too
_ELEMENTS = 1 << 14  # in all: the loops below are Python


def _first_kept(keys: list, k: int) -> list:
    """The places of the k smallest keys in order, after std::nth_element(k - 1) and std::sort."""
    row = [*zip(keys, range(len(keys)), strict=True)]
    first, last = 0, len(row)
    while last - first > 3:
        a, b, c = first + 1, (first + last) // 2, last - 1
        x, y, z = row[a][0], row[b][0], row[c][0]
        if x < y:
            middle = b if y < z else c if x < z else a
        else:
            middle = a if x < z else c if y < z else b
        row[first], row[middle] = row[middle], row[first]
        pivot, i, j = row[first][0], first + 1, last
        while True:
            while row[i][0] < pivot:
                i += 1
            j -= 1
            while pivot < row[j][0]:
                j -= 1
            if i >= j:
                break
            row[i], row[j] = row[j], row[i]
            i += 1
        if i < k:
            first = i
        else:
            last = i
    row[first:last] = sorted(row[first:last], key=_key)
    return [place for _, place in sorted(row[: k - 1], key=_key) + row[k - 1 : k]]


def _key(entry: tuple) -> Any:
    return entry[0]


def _kth_place(keys: list, k: int) -> int:
    """The place of the k-th smallest key, after the quickselect."""
    row = [*zip(keys, range(len(keys)), strict=True)]
    left, right, k = 0, len(row) - 1, k - 1

    def order(i: int, j: int) -> None:
        if row[i][0] > row[j][0]:
            row[i], row[j] = row[j], row[i]

    while right > left + 1:
        middle = (left + right) // 2
        row[middle], row[left + 1] = row[left + 1], row[middle]
        order(left + 1, right)
        order(left, right)
        order(left + 1, left)
        i, j, pivot = left + 1, right, row[left][0]
        while True:
            i += 1
            while pivot > row[i][0]:
                i += 1
            j -= 1
            while row[j][0] > pivot:
                j -= 1
            if j < i:
                break
            row[i], row[j] = row[j], row[i]
        row[left], row[j] = row[j], row[left]
        if j <= k:
            left = i
        if j >= k:
            right = j - 1
    if right == left + 1:
        order(left, right)
    return row[k][1]


def settle(x: np.ndarray, index: np.ndarray, axis: int, k: int, form: str) -> np.ndarray:
    """`index` with the places that PyTorch takes where elements of a row are equal.

    form  "largest" or "smallest": k of them, in order; "kth": the k-th smallest

    On a device the places stay as they are.
    """
    if type(x) is not np.ndarray:
        return index
    n = x.shape[axis]
    if not 1 < n <= _ROW or not 0 < k <= _KEPT + (form == "kth") * _ROW:
        return index
    if x.size > _ELEMENTS:
        return index
    if axis == x.ndim - 1 and native is not None and native.no_ties(x, index):
        return index
    rows = (x if axis == x.ndim - 1 else np.moveaxis(x, axis, -1)).reshape(-1, n)
    return _as_swapped(rows, index, axis, k, form)


@quietly
def _as_swapped(rows: np.ndarray, index: np.ndarray, axis: int, k: int, form: str) -> np.ndarray:
    """`settle` of rows that may have equal numbers."""
    ordered = np.sort(rows, -1)
    if np.count_nonzero(ordered[:, 1:] > ordered[:, :-1]) == rows.size - len(rows):
        return index  # no two are equal, and none is NaN
    ranks = np.unique(rows, return_inverse=True)[1].reshape(rows.shape)  # NaN is the largest
    ordered = np.sort(ranks, -1)
    tied = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(-1))
    if not tied.size:
        return index
    moved = np.moveaxis(index.copy(), axis, -1)
    found = moved.reshape(-1, moved.shape[-1])
    for i in tied:
        keys = (-ranks[i] if form == "largest" else ranks[i]).tolist()
        found[i] = _kth_place(keys, k) if form == "kth" else _first_kept(keys, k)
    return np.ascontiguousarray(np.moveaxis(found.reshape(moved.shape), -1, axis))
