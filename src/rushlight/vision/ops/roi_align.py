"""RoIAlign: the mean of bilinear samples in each bin of a region."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import nn
from ...core.tensor import Tensor
from .regions import pair, pooled, read, sampled

__all__ = ["RoIAlign", "roi_align"]


def roi_align(
    input: Tensor,
    boxes: Tensor | list[Tensor],
    output_size: Any,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
) -> Tensor:
    """Each box's part of the feature map, resampled to output_size.

    boxes           (K, 5): the image's index, x1, y1, x2, y2; or a list of (L, 4) for each image
    output_size     P or (P, Q)
    spatial_scale   from the boxes' coordinates to the feature map's
    sampling_ratio  samples of a bin along each axis; 0 or less: one for each pixel in it
    aligned         True: pixel centres at .5, as in images; False: boxes of one pixel at least
    shape           input (N, C, H, W) -> (K, C, P, Q)
    dtype           floating, boxes the same
    grad            of input
    errors          AssertionError: shapes of boxes; RuntimeError: another dtype
    source          He et al. 2017, arXiv:1703.06870
    """
    p, q = pair(output_size)
    images, _, box = read("roi_align", input, boxes, spatial_scale)
    box = box - box.dtype.type(0.5 if aligned else 0)
    w, h = box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]
    if not aligned:
        w, h = np.maximum(w, 1), np.maximum(h, 1)
    a = sampled(box[:, 1], h, p, sampling_ratio, input.shape[2])
    b = sampled(box[:, 0], w, q, sampling_ratio, input.shape[3])
    return pooled(input, images, a, b)


class RoIAlign(nn.Module):
    """`roi_align` as a layer."""

    def __init__(
        self,
        output_size: Any,
        spatial_scale: float,
        sampling_ratio: int,
        aligned: bool = False,
    ):
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale
        self.sampling_ratio = sampling_ratio
        self.aligned = aligned

    def forward(self, input: Tensor, rois: Tensor | list[Tensor]) -> Tensor:
        """input (N, C, H, W), rois as in `roi_align` -> (K, C, P, Q)"""
        return roi_align(
            input,
            rois,
            self.output_size,
            self.spatial_scale,
            self.sampling_ratio,
            self.aligned,
        )

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(output_size={self.output_size}, "
            f"spatial_scale={self.spatial_scale}, sampling_ratio={self.sampling_ratio}, "
            f"aligned={self.aligned})"
        )
