"""RoIAlign in which each bin reads channels of its own."""

from __future__ import annotations

from typing import Any

from ... import nn
from ...core.tensor import Tensor
from .regions import pair, pooled_by_place, read, sampled

__all__ = ["PSRoIAlign", "ps_roi_align"]


def ps_roi_align(
    input: Tensor,
    boxes: Tensor | list[Tensor],
    output_size: Any,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
) -> Tensor:
    """`roi_align` with aligned=True, position-sensitive: bin (i, j) of channel c is read from
    channel (c P + i) Q + j.

    shape   input (N, C P Q, H, W) -> (K, C, P, Q)
    errors  RuntimeError: channels that P Q does not divide; the others of `roi_align`
    source  Li et al. 2017, arXiv:1711.07264
    """
    p, q = pair(output_size)
    images, _, box = read("ps_roi_align", input, boxes, spatial_scale)
    box = box - box.dtype.type(0.5)
    a = sampled(box[:, 1], box[:, 3] - box[:, 1], p, sampling_ratio, input.shape[2])
    b = sampled(box[:, 0], box[:, 2] - box[:, 0], q, sampling_ratio, input.shape[3])
    return pooled_by_place(input, images, a, b)


class PSRoIAlign(nn.Module):
    """`ps_roi_align` as a layer."""

    def __init__(self, output_size: Any, spatial_scale: float, sampling_ratio: int):
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale
        self.sampling_ratio = sampling_ratio

    def forward(self, input: Tensor, rois: Tensor | list[Tensor]) -> Tensor:
        """input (N, C P Q, H, W), rois as in `roi_align` -> (K, C, P, Q)"""
        return ps_roi_align(input, rois, self.output_size, self.spatial_scale, self.sampling_ratio)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(output_size={self.output_size}, "
            f"spatial_scale={self.spatial_scale}, sampling_ratio={self.sampling_ratio})"
        )
