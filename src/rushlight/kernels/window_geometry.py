"""Where sliding windows lie: how many there are, and which cells each of their taps meets.

Output cell l meets input cell  l · stride + tap · dilation - padding.  Shared by the cards, which
check shapes, and the twins, which compute.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np


def output_size(size: int, kernel: int, stride: int, padding: int, dilation: int = 1) -> int:
    """Cells that a window of `kernel` taps takes over `size` padded cells."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def taps(
    size: tuple[int, ...],
    out: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
) -> Iterator[tuple[tuple[int, ...], tuple, tuple]]:
    """For every tap: (tap, index of the output cells, index of the input cells they meet).

    Output cells whose tap falls into the padding are left out, so nothing needs a padded copy;
    a tap that meets no cell at all is not listed.
    """
    axes = []
    for n, m, k, s, p, d in zip(size, out, kernel, stride, padding, dilation, strict=True):
        axis = []
        # taps that meet a cell at all: a window may be far larger than its input
        for t in range(max(0, -(((m - 1) * s - p) // d)), min(k, (n - 1 + p) // d + 1)):
            shift = t * d - p  # input cell = output cell * s + shift
            first = max(0, -(shift // s))
            last = min(m, (n - 1 - shift) // s + 1)
            if first < last:
                start = first * s + shift
                stop = (last - 1) * s + shift + 1
                axis.append((t, slice(first, last), slice(start, stop, s)))
        axes.append(axis)
    for combination in product(*axes):
        tap, cells, meets = zip(*combination, strict=True)
        yield tap, (..., *cells), (..., *meets)


def pooled_size(
    size: int, kernel: int, stride: int, padding: int, dilation: int, ceil: bool
) -> int:
    """Windows over `size` cells; with `ceil` one more may reach beyond the end.

    That last window must start inside the input or its left padding: one that would see only the
    right padding is dropped.
    """
    if not ceil:
        return output_size(size, kernel, stride, padding, dilation)
    out = -(-(size + 2 * padding - dilation * (kernel - 1) - 1) // stride) + 1
    return out - 1 if (out - 1) * stride >= size + padding else out


def adaptive_bounds(n: int, m: int) -> list[tuple[int, int]]:
    """The m windows over n cells: [floor(l·n/m), ceil((l+1)·n/m))."""
    return [(cell * n // m, -(-(cell + 1) * n // m)) for cell in range(m)]


def continuation(n: int, before: int, after: int, how: str) -> np.ndarray:
    """Where the elements of a dimension of size n come from that is n + before + after long.

    how  "reflect", "replicate", or "circular": what negative widths leave of it, repeated
    """
    if how == "circular":
        start, end = max(-before, 0), n - max(-after, 0)
        return start + np.arange(-max(before, 0), end - start + max(after, 0)) % max(end - start, 1)
    i = np.arange(-before, n + after)
    return np.clip(i, 0, n - 1) if how == "replicate" else (n - 1) - abs((n - 1) - abs(i))
