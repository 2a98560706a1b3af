"""Which elements a resized dimension is made of, and with which weights.

n size of a dimension before, L after, T taps: y[l] = Σ_t weight[t, l] x[index[t, l]].
All arithmetic is in the dtype that PyTorch computes in: a rounding error moves a nearest neighbour.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Axis", "Filters", "filters"]

CUBIC = -0.75  # Keys's a of the plain cubic; the antialiased one has -0.5
ANTIALIASED_CUBIC = -0.5


class Axis(NamedTuple):
    """The taps of one dimension; index -1 (with weight 0) stands for no tap."""

    index: np.ndarray  # (T, L) int32
    weight: np.ndarray  # (T, L)
    size: int  # n


class Filters(tuple):
    """One Axis for each of the last dimensions; the kernel `resample` applies them."""

    _adjoint: Filters | None = None

    @property
    def adjoint(self) -> Filters:
        """The transposed map, which takes gradients back."""
        if self._adjoint is None:
            self._adjoint = Filters(_transposed(axis) for axis in self)
            self._adjoint._adjoint = self
        return self._adjoint

    @property
    def out(self) -> tuple[int, ...]:
        """The sizes after."""
        return tuple(axis.index.shape[1] for axis in self)


@lru_cache(256)
def filters(
    mode: str, size: tuple, out: tuple, scales: tuple, align: bool, antialias: bool, real: Any
) -> Filters:
    """The filters from `size` to `out`; the parameters are those of F.interpolate.

    scales   one factor per dimension, or None: the sizes say it
    real     NumPy's float type for the arithmetic and the weights
    """
    axes = []
    for n, m, scale in zip(size, out, scales, strict=True):
        if mode in ("nearest", "nearest-exact"):
            exact = mode == "nearest-exact"
            if len(size) == 2 and not exact and m in (n, 2 * n):
                scale = None  # in two dimensions a factor near 1 or 2 is 1 or 2
            axes.append(_nearest(n, m, scale, exact, real))
            continue
        if n == m and (antialias or mode != "bicubic"):
            scale = None  # nothing to do, whatever the factor was
        step = _step(n, m, scale, align, real)
        if antialias:
            axes.append(_antialiased(n, m, step, mode, real))
        elif mode == "bicubic":
            axes.append(_cubic(n, m, step, align, real))
        else:
            axes.append(_linear(n, m, step, align, real))
    return Filters(axes)


def _step(n: int, m: int, scale: float | None, align: bool, real: Any) -> Any:
    """How far neighbours of the output lie apart in the input."""
    if align:
        return real(n - 1) / real(m - 1) if m > 1 else real(0)
    return real(1 / scale) if scale and scale > 0 else real(n) / real(m)


def _axis(taps: list, weights: list, n: int, real: Any) -> Axis:
    index = np.ascontiguousarray(np.stack(taps), np.int32)
    return Axis(index, np.ascontiguousarray(np.stack(weights), real), n)


def _nearest(n: int, m: int, scale: float | None, exact: bool, real: Any) -> Axis:
    step = _step(n, m, scale, False, np.float32)
    cell = np.arange(m, dtype=np.float32)
    if exact:
        cell = cell + np.float32(0.5)
    place = np.minimum(np.floor(cell * step).astype(np.int64), n - 1)
    return _axis([place], [np.ones(m)], n, real)


def _source(m: int, step: Any, align: bool, real: Any) -> np.ndarray:
    """Where the output's elements lie in the input."""
    cell = np.arange(m, dtype=real)
    return cell * step if align else (cell + real(0.5)) * step - real(0.5)


def _linear(n: int, m: int, step: Any, align: bool, real: Any) -> Axis:
    place = np.maximum(_source(m, step, align, real), 0)
    low = np.minimum(place.astype(np.int64), n - 1)
    high = np.minimum(low + 1, n - 1)
    part = np.clip(place - low.astype(real), 0, 1)
    return _axis([low, high], [1 - part, part], n, real)


def _cubic(n: int, m: int, step: Any, align: bool, real: Any) -> Axis:
    place = _source(m, step, align, real)
    low = np.floor(place)
    part = np.clip(place - low, 0, 1)
    taps = [np.clip(low.astype(np.int64) + t, 0, n - 1) for t in (-1, 0, 1, 2)]
    weights = [cubic(np.abs(part - real(t)), CUBIC) for t in (-1, 0, 1, 2)]
    return _axis(taps, weights, n, real)


def cubic(x: np.ndarray, a: float) -> np.ndarray:
    """Keys's kernel at distances x >= 0: 1 at 0, 0 at 1, 2 and beyond."""
    one = x.dtype.type
    a = one(a)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, one(0)))


def _triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(1 - x, 0)


def _lanczos(x: np.ndarray) -> np.ndarray:
    return np.where(x < 3, np.sinc(x) * np.sinc(x / 3), 0)


_SHAPES: dict[str, tuple] = {
    "bilinear": (_triangle, 1),
    "bicubic": (lambda x: cubic(x, ANTIALIASED_CUBIC), 2),
    "lanczos": (_lanczos, 3),
}


def _antialiased(n: int, m: int, step: Any, mode: str, real: Any) -> Axis:
    """A filter as wide as `step` input elements, if that is more than one; its weights sum to 1."""
    shape, radius = _SHAPES[mode]
    wide = max(step, real(1))
    support = real(radius) * wide
    center = step * (np.arange(m, dtype=real) + real(0.5))
    first = np.maximum((center - support + real(0.5)).astype(np.int64), 0)
    last = np.minimum((center + support + real(0.5)).astype(np.int64), n)
    taps = first + np.arange(max(int((last - first).max(initial=1)), 1))[:, None]  # (T, L)
    inside = taps < last
    distance = np.abs(taps.astype(real) - center + real(0.5)) / wide
    weight = np.where(inside, shape(distance), 0)
    total = weight.sum(0)
    weight = weight / np.where(total == 0, 1, total)
    return _axis(list(np.where(inside, taps, -1)), list(weight), n, real)


def _transposed(axis: Axis) -> Axis:
    """The taps that gather what `axis` spreads."""
    taps, m = axis.index.shape
    index, weight = axis.index.T.reshape(-1), axis.weight.T.reshape(-1)  # by output, then by tap
    output = np.repeat(np.arange(m, dtype=np.int32), taps)
    used = (index >= 0) & (weight != 0)
    index, weight, output = index[used], weight[used], output[used]
    order = np.argsort(index, kind="stable")
    index, weight, output = index[order], weight[order], output[order]
    count = np.bincount(index, minlength=axis.size)
    start = np.cumsum(count) - count
    tap = np.arange(len(index)) - start[index]
    width = max(int(count.max(initial=1)), 1)
    back = np.full((width, axis.size), -1, np.int32)
    back[tap, index] = output
    weights = np.zeros((width, axis.size), axis.weight.dtype)
    weights[tap, index] = weight
    return Axis(back, weights, m)
