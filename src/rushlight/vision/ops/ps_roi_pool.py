"""Means of bins of a region in which each bin reads channels of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import nn
from ...core.tensor import Tensor
from .regions import half_away, in_bins, pair, pooled_by_place, read

__all__ = ["PSRoIPool", "ps_roi_pool"]


def ps_roi_pool(
    input: Tensor,
    boxes: Tensor | list[Tensor],
    output_size: Any,
    spatial_scale: float = 1.0,
) -> Tensor:
    """The mean of each of P x Q bins of whole pixels; bin (i, j) of channel c is read from channel
    (c P + i) Q + j.

    boxes, output_size, spatial_scale  as in `roi_align`; corners are rounded to pixels
    shape   input (N, C P Q, H, W) -> (K, C, P, Q)
    grad    of input, where the value was read (torchvision's also goes to the last row and column
            of the map, which it leaves out of the value)
    errors  RuntimeError: channels that P Q does not divide; the others of `roi_align`
    source  Dai et al. 2016, arXiv:1605.06409
    """
    p, q = pair(output_size)
    images, _, box = read("ps_roi_pool", input, boxes, spatial_scale)
    box = half_away(box)
    a = _means(box[:, 1], box[:, 3], p, input.shape[2])
    b = _means(box[:, 0], box[:, 2], q, input.shape[3])
    return pooled_by_place(input, images, a, b)


def _means(low: np.ndarray, high: np.ndarray, bins: int, length: int) -> np.ndarray:
    step = (np.maximum(high - low, 1) / low.dtype.type(bins))[:, None]
    i = np.arange(bins, dtype=low.dtype)
    # the last row and column are left out, as torchvision does
    first = np.clip(np.floor(i * step) + low[:, None], 0, length - 1)
    last = np.clip(np.ceil((i + 1) * step) + low[:, None], 0, length - 1)
    return in_bins(first, last, length).astype(low.dtype)


class PSRoIPool(nn.Module):
    """`ps_roi_pool` as a layer."""

    def __init__(self, output_size: Any, spatial_scale: float):
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale

    def forward(self, input: Tensor, rois: Tensor | list[Tensor]) -> Tensor:
        """input (N, C P Q, H, W), rois as in `roi_align` -> (K, C, P, Q)"""
        return ps_roi_pool(input, rois, self.output_size, self.spatial_scale)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(output_size={self.output_size}, "
            f"spatial_scale={self.spatial_scale})"
        )
