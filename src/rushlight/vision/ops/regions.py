"""Pooling of regions as products of matrices.

Bilinear sampling and means over a grid treat rows and columns apart: a bin's value is Σ_hw a[h]
x[h, w] b[w] with weights that depend on the region only. So a region (P, Q bins) is A x Bᵀ, with A
(P, H) and B (Q, W), and its gradient is that of two matrix products; boxes get none.

K regions, N batch, C channels, H height, W width, P x Q bins.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.tensor import Tensor, wrap
from .. import functions as T
from ._utils import check_roi_boxes_shape, convert_boxes_to_roi_format

_BLOCK = 1 << 23  # numbers that one step of a pooling may hold
_TOGETHER = 24  # regions that are pooled at once


def pair(size: Any) -> tuple[int, int]:
    """An int or two of them as (P, Q)."""
    return (size, size) if isinstance(size, int) else (size[0], size[1])


def read(
    name: str, x: Tensor, boxes: Any, spatial_scale: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Boxes -> the images they are in (K), the boxes (K, 4) as they are and scaled."""
    check_roi_boxes_shape(boxes)
    rois = boxes if isinstance(boxes, Tensor) else convert_boxes_to_roi_format(list(boxes))
    if rois.dtype != x.dtype:
        raise RuntimeError(
            f"Expected tensor for argument #1 'input' to have the same type as tensor for argument "
            f"#2 'rois'; but type {x.type()} does not equal {rois.type()} (while checking "
            f"arguments for {name}_forward_kernel)"
        )
    if x.ndim != 4:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-x.ndim}, {x.ndim - 1}], but "
            f"got 3)\n  input: {tuple(x.shape)}; it has to be (N, C, H, W)"
        )
    r = rois.detach().numpy() if x.dtype == T.float64 else rois.detach().float().numpy()
    images = r[:, 0].astype(np.int64)
    if images.size and (images.min() < 0 or images.max() >= x.shape[0]):
        raise IndexError(
            f"boxes name image {int(images.max())} of a batch of {x.shape[0]}\n"
            "  fix: the first column, or the place in the list, counts from 0"
        )
    return images, r[:, 1:], r[:, 1:] * r.dtype.type(spatial_scale)


def half_away(x: np.ndarray) -> np.ndarray:
    """Rounded, halves away from zero, as C's round does."""
    return np.trunc(x + np.copysign(x.dtype.type(0.5), x))


def sampled(start: np.ndarray, size: np.ndarray, bins: int, ratio: int, length: int) -> np.ndarray:
    """Weights (K, bins, length) of the mean over samples of a bin, bilinear, along one axis.

    start, size  (K): where a region begins and how long it is, in pixels
    ratio        samples per bin; 0 or less: as many as pixels
    Samples more than a pixel outside count as 0, others are moved to the border.
    """
    k = start.shape[0]
    weights = np.zeros((k, bins, length), start.dtype)
    step = size / bins
    counts = np.full(k, ratio) if ratio > 0 else np.ceil(step).astype(np.int64)
    places = np.arange(length, dtype=start.dtype)
    for count in np.unique(counts):
        if count <= 0:
            continue
        chosen = np.flatnonzero(counts == count)
        rows = max(1, _BLOCK // max(1, bins * int(count) * length))
        for at in range(0, chosen.size, rows):
            some = chosen[at : at + rows]
            b = np.arange(bins, dtype=start.dtype)[:, None]
            i = np.arange(count, dtype=start.dtype)
            one = step[some, None, None]
            y = start[some, None, None] + b * one + (i + start.dtype.type(0.5)) * one / count
            inside = (y >= -1) & (y <= length)
            y = np.clip(y, 0, length - 1)[..., None]
            hat = np.maximum(1 - np.abs(y - places), 0) * inside[..., None]
            weights[some] = hat.sum(2) / count
    return weights


def in_bins(low: np.ndarray, high: np.ndarray, length: int) -> np.ndarray:
    """Weights (K, bins, length) of the mean over the pixels low..high-1 of each bin."""
    places = np.arange(length)
    inside = (places >= low[..., None]) & (places < high[..., None])
    return inside / np.maximum(high - low, 1)[..., None]


def blocks(images: np.ndarray, size: int, order: np.ndarray | None = None, most: int = 0) -> Any:
    """(image, indices of its regions), as many at once as keep to the memory's limit.

    order  a number for each region: those with near numbers come together
    most   how many at once at most
    """
    rows = max(1, _BLOCK // max(1, size))
    rows = min(rows, most) if most else rows
    for image in np.unique(images):
        mine = np.flatnonzero(images == image)
        if order is not None:
            mine = mine[np.argsort(order[mine], kind="stable")]
        for at in range(0, mine.size, rows):
            yield int(image), mine[at : at + rows]


def gathered(parts: list[tuple[np.ndarray, Tensor]], empty: Tensor) -> Tensor:
    """Results of blocks of regions in the regions' order; `empty` if there are none."""
    if not parts:
        return empty
    order = np.concatenate([mine for mine, _ in parts])
    y = T.cat([part for _, part in parts]) if len(parts) > 1 else parts[0][1]
    if (order == np.arange(order.size)).all():
        return y
    return y[wrap(np.argsort(order))]


def _used(weights: np.ndarray) -> slice:
    """The places from the first to the last weight that is not 0, one at least."""
    places = np.flatnonzero(weights.any((0, 1)))
    return slice(int(places[0]), int(places[-1]) + 1) if places.size else slice(0, 1)


def pooled(x: Tensor, images: np.ndarray, a: np.ndarray, b: np.ndarray) -> Tensor:
    """x (N, C, H, W), a (K, P, H), b (K, Q, W) -> (K, C, P, Q): A x Bᵀ of each region."""
    _, p, h = a.shape
    c, w = x.shape[1], x.shape[3]
    wide = x if x.dtype == T.float64 else x.float()
    parts = []
    # regions of the same height in the image together: they read few of its rows
    middle = (a * np.arange(h)).sum((1, 2))
    for image, mine in blocks(images, c * p * w, middle, _TOGETHER):
        n = mine.size
        rows, columns = _used(a[mine]), _used(b[mine])
        left = wrap(np.ascontiguousarray(a[mine][..., rows].reshape(n * p, -1)))
        right = wrap(np.ascontiguousarray(b[mine][..., columns].transpose(0, 2, 1)))  # (n, W', Q)
        y = left @ wide[image][:, rows, columns]  # (C, n P, W')
        y = y.reshape(c, n, p, -1).transpose(0, 1).reshape(n, c * p, right.shape[1])
        parts.append((mine, (y @ right).reshape(n, c, p, b.shape[1])))
    empty = wide.new_zeros((0, c, p, b.shape[1]))
    return gathered(parts, empty).to(x.dtype)


def pooled_by_place(x: Tensor, images: np.ndarray, a: np.ndarray, b: np.ndarray) -> Tensor:
    """`pooled`, each bin from channels of its own: x (N, C P Q, H, W) -> (K, C, P, Q)."""
    _, p, h = a.shape
    q, w = b.shape[1:]
    c = _channels(x, p, q)
    wide = x if x.dtype == T.float64 else x.float()
    parts = []
    for image, mine in blocks(images, c * p * q * w):
        z = wide[image].reshape(c, p, q, h, w).permute(1, 3, 0, 2, 4)  # (P, H, C, Q, W)
        left = wrap(np.ascontiguousarray(a[mine].transpose(1, 0, 2)))  # (P, n, H)
        y = (left @ z.reshape(p, h, c * q * w)).reshape(p, mine.size, c, q, w)
        y = (y * wrap(np.ascontiguousarray(b[mine]))[:, None]).sum(-1)  # (P, n, C, Q)
        parts.append((mine, y.permute(1, 2, 0, 3)))
    return gathered(parts, wide.new_zeros((0, c, p, q))).to(x.dtype)


def _channels(x: Tensor, p: int, q: int) -> int:
    if x.shape[1] % (p * q):
        raise RuntimeError(
            "input channels must be a multiple of pooling height * pooling width\n"
            f"  channels: {x.shape[1]}, pooling: {p} x {q}"
        )
    return x.shape[1] // (p * q)
