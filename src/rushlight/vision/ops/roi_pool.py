"""RoIPool: the largest number in each bin of a region."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import nn
from ...core.tensor import Tensor, wrap
from .regions import blocks, gathered, half_away, pair, read

__all__ = ["RoIPool", "roi_pool"]


def roi_pool(
    input: Tensor,
    boxes: Tensor | list[Tensor],
    output_size: Any,
    spatial_scale: float = 1.0,
) -> Tensor:
    """The largest number in each of P x Q bins of whole pixels; 0 for an empty bin.

    boxes, output_size, spatial_scale  as in `roi_align`; corners are rounded to pixels
    shape   input (N, C, H, W) -> (K, C, P, Q)
    grad    of input, to the first of the largest
    errors  those of `roi_align`
    source  Girshick 2015, arXiv:1504.08083
    """
    p, q = pair(output_size)
    images, _, box = read("roi_pool", input, boxes, spatial_scale)
    box = half_away(box)
    rows = _bins(box[:, 1], box[:, 3], p, input.shape[2])
    columns = _bins(box[:, 0], box[:, 2], q, input.shape[3])
    x = input.detach().numpy()
    c, _, w = x.shape[1:]
    parts = []
    for image, mine in blocks(images, c * p * q):
        at = np.zeros((c, mine.size, p, q), np.int64)
        full = np.zeros((mine.size, p, q), x.dtype)
        for n, k in enumerate(mine):
            for i, (top, bottom) in enumerate(rows[k]):
                for j, (left, right) in enumerate(columns[k]):
                    if bottom > top and right > left:
                        part = x[image, :, top:bottom, left:right]
                        best = part.reshape(c, -1).argmax(1)
                        y, z = np.divmod(best, right - left)
                        at[:, n, i, j] = (y + top) * w + z + left
                        full[n, i, j] = 1
        y = input[image].flatten(1).gather(1, wrap(at.reshape(c, -1)))
        y = y.reshape(at.shape).transpose(0, 1) * wrap(full[:, None])
        parts.append((mine, y))
    return gathered(parts, input.new_zeros((0, c, p, q)))


def _bins(low: np.ndarray, high: np.ndarray, bins: int, length: int) -> np.ndarray:
    """(K, bins, 2): from which pixel and up to which each bin goes."""
    step = (np.maximum(high - low + 1, 1) / low.dtype.type(bins))[:, None]
    i = np.arange(bins, dtype=low.dtype)
    edges = np.stack([np.floor(i * step), np.ceil((i + 1) * step)], -1) + low[:, None, None]
    return np.clip(edges, 0, length).astype(np.int64)


class RoIPool(nn.Module):
    """`roi_pool` as a layer."""

    def __init__(self, output_size: Any, spatial_scale: float):
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale

    def forward(self, input: Tensor, rois: Tensor | list[Tensor]) -> Tensor:
        """input (N, C, H, W), rois as in `roi_pool` -> (K, C, P, Q)"""
        return roi_pool(input, rois, self.output_size, self.spatial_scale)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(output_size={self.output_size}, "
            f"spatial_scale={self.spatial_scale})"
        )
