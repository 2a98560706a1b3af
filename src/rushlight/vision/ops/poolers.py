"""RoIAlign over the levels of a feature pyramid."""

from __future__ import annotations

import math
from typing import Any

from ... import nn
from ...core.tensor import Tensor
from .. import functions as T
from ._utils import convert_boxes_to_roi_format
from .boxes import box_area
from .roi_align import roi_align

__all__ = ["LevelMapper", "MultiScaleRoIAlign", "initLevelMapper"]


class LevelMapper:
    """level = floor(lvl0 + log2(√area / s0) + eps), within k_min..k_max, counted from k_min.

    source  Lin et al. 2016, arXiv:1612.03144, equation 1
    """

    def __init__(
        self,
        k_min: int,
        k_max: int,
        canonical_scale: int = 224,
        canonical_level: int = 4,
        eps: float = 1e-6,
    ):
        self.k_min = k_min
        self.k_max = k_max
        self.s0 = canonical_scale
        self.lvl0 = canonical_level
        self.eps = eps

    def __call__(self, boxlists: list[Tensor]) -> Tensor:
        """Boxes (L, 4) of each image -> the level of each, int64 (K)"""
        size = T.cat([box_area(boxes) for boxes in boxlists]).sqrt()
        level = T.floor(self.lvl0 + T.log2(size / self.s0) + self.eps)
        return level.clamp(min=self.k_min, max=self.k_max).to(T.int64) - self.k_min


def initLevelMapper(
    k_min: int, k_max: int, canonical_scale: int = 224, canonical_level: int = 4, eps: float = 1e-6
) -> LevelMapper:
    """A LevelMapper."""
    return LevelMapper(k_min, k_max, canonical_scale, canonical_level, eps)


class MultiScaleRoIAlign(nn.Module):
    """`roi_align` from the level of a feature pyramid that fits the box's size.

    featmap_names    which of the feature maps are used
    output_size      P or (P, Q)
    sampling_ratio   as in `roi_align`
    canonical_scale  a box of this side is read from canonical_level, half the side from the one
                     below
    """

    def __init__(
        self,
        featmap_names: list[str],
        output_size: int | tuple[int] | list[int],
        sampling_ratio: int,
        *,
        canonical_scale: int = 224,
        canonical_level: int = 4,
    ):
        super().__init__()
        size = (output_size, output_size) if isinstance(output_size, int) else output_size
        self.featmap_names = featmap_names
        self.sampling_ratio = sampling_ratio
        self.output_size = tuple(size)
        self.scales: list[float] | None = None
        self.map_levels: LevelMapper | None = None
        self.canonical_scale = canonical_scale
        self.canonical_level = canonical_level

    def forward(
        self, x: dict[str, Tensor], boxes: list[Tensor], image_shapes: list[tuple[int, int]]
    ) -> Tensor:
        """x: name -> (N, C, H, W), boxes (L, 4) of each image -> (K, C, P, Q)

        image_shapes  the images' sizes, from which the levels' scales follow at the first call
        """
        levels = [value for name, value in x.items() if name in self.featmap_names]
        if self.scales is None or self.map_levels is None:
            self._read_scales(levels, image_shapes)
        assert self.scales is not None and self.map_levels is not None
        rois = convert_boxes_to_roi_format(boxes)
        if len(levels) == 1:
            return self._pool(levels[0], rois, self.scales[0])
        chosen = self.map_levels(boxes)
        parts, places = [], []
        for i, (level, scale) in enumerate(zip(levels, self.scales, strict=True)):
            mine = T.where(chosen == i)[0]
            places.append(mine)
            parts.append(self._pool(level, rois[mine], scale))
        return T.cat(parts)[T.cat(places).argsort()]

    def _pool(self, level: Tensor, rois: Tensor, scale: float) -> Tensor:
        return roi_align(level, rois.to(level.dtype), self.output_size, scale, self.sampling_ratio)

    def _read_scales(self, levels: list[Tensor], image_shapes: list[tuple[int, int]]) -> None:
        if not image_shapes:
            raise ValueError("images list should not be empty")
        size = [max(shape[i] for shape in image_shapes) for i in (0, 1)]
        self.scales = [_scale(level, size) for level in levels]
        lowest, highest = -math.log2(self.scales[0]), -math.log2(self.scales[-1])
        self.map_levels = initLevelMapper(
            int(lowest), int(highest), self.canonical_scale, self.canonical_level
        )

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(featmap_names={self.featmap_names}, "
            f"output_size={self.output_size}, sampling_ratio={self.sampling_ratio})"
        )


def _scale(level: Tensor, size: Any) -> float:
    """The power of two nearest to the level's height over the images'."""
    return 2.0 ** round(math.log2(level.shape[-2] / size[0]))
