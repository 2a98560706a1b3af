"""The order of dimensions in memory: which one an array has, and giving it another."""

from __future__ import annotations

import numpy as np

from ..kernels import K
from .memory import strides_of


def axes_of(shape: tuple, arrays: list) -> tuple[int, ...]:
    """The order in memory of an elementwise result of `shape` and these operands, as PyTorch finds
    it: the dimensions from the one with the largest steps to the one with the smallest.
    """
    rank = len(shape)
    steps = []
    for a in arrays:
        lead = rank - a.ndim
        own = strides_of(a)
        steps.append(
            [0] * lead
            + [0 if n == 1 != m else s for n, m, s in zip(a.shape, shape[lead:], own, strict=True)]
        )

    def compare(i: int, j: int) -> int:
        """1 if dimension i, now the inner one, belongs outside of j; -1 if not; 0: no operand
        says."""
        for s in steps:
            if s[i] and s[j]:
                if s[i] != s[j]:
                    return 1 if s[i] > s[j] else -1
                if shape[i] > shape[j]:
                    return 1
        return 0

    axes = list(range(rank))[::-1]  # from the inside
    for outer in range(1, rank):
        at = outer
        for inner in range(outer - 1, -1, -1):
            found = compare(axes[inner], axes[at])
            if found > 0:
                axes[inner], axes[at] = axes[at], axes[inner]
                at = inner
            elif found < 0:
                break
    return tuple(axes[::-1])


def relaid(r: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """r with its dimensions in this order in memory, the first one with the largest steps."""
    inside_out = r.transpose(axes)
    if inside_out.flags.c_contiguous:
        return r
    back = sorted(range(len(axes)), key=axes.__getitem__)
    if len(axes) > 2 and axes == (0, *range(2, len(axes)), 1):
        return K.channels_last(r).transpose(back)
    return inside_out.copy(order="C").transpose(back)


def is_channels_last(a: np.ndarray) -> bool:
    """True if the steps say (N, *S, C): the format that PyTorch gives to what is made of a."""
    if a.ndim not in (4, 5) or a.flags.c_contiguous:
        return False
    steps = a.strides
    if steps[1] == 0:
        return False
    smallest = 0
    for d in (1, *range(a.ndim - 1, 1, -1), 0):
        if steps[d] < smallest or (d == 0 and smallest == steps[1]):
            return False
        smallest = steps[d] * max(a.shape[d], 1)
    return True


def in_order_of(a: np.ndarray, model: np.ndarray) -> np.ndarray:
    """A copy of a in the order of `model`, of its shape, if that has no gaps; else row-major."""
    if type(a) is not np.ndarray:  # of another device, or a number
        return a.copy()
    if not model.flags.c_contiguous:
        axes = axes_of(model.shape, [model])
        if model.transpose(axes).flags.c_contiguous:
            return relaid(np.array(a, order="K"), axes)
    return K.dense_copy(a)
