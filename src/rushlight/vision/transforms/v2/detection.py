"""v2's transforms for detection: crops that keep boxes in sight, larger canvases, random sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ....core.tensor import wrap
from ....random import variates
from ....random.generator import default_generator
from ...tv_tensors import BoundingBoxes, Image, Video
from .. import pil
from ..draws import draw_below, draw_uniform
from . import functional as F
from .base import RandomApplyTransform, Transform, fill_for, fills, mode_of, query_size
from .functional import is_pure_tensor

_BILINEAR = "bilinear"


class RandomZoomOut(RandomApplyTransform):
    """Put on a larger canvas, at a random place, with probability p.

    side_range  how many times larger
    """

    def __init__(
        self, fill: Any = 0, side_range: Sequence[float] = (1.0, 4.0), p: float = 0.5
    ) -> None:
        super().__init__(p)
        self.fill, self.side_range = fill, side_range
        self._fills = fills(fill)
        if side_range[0] < 1.0 or side_range[0] > side_range[1]:
            raise ValueError(f"Invalid side range provided {side_range}.")

    def make_params(self, flat_inputs: list) -> dict:
        h, w = query_size(flat_inputs)
        f32 = np.float32
        low, high = self.side_range
        r = f32(low) + f32(draw_uniform()) * f32(high - low)
        wide, tall = int(f32(w) * r), int(f32(h) * r)
        first, second = _uniforms(2)
        left, top = int(f32(wide - w) * first), int(f32(tall - h) * second)
        return {"padding": [left, top, wide - (left + w), tall - (top + h)]}

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(F.pad, inpt, **params, fill=fill_for(self._fills, inpt))


def _uniforms(n: int) -> np.ndarray:
    """torch.rand(n)"""
    return variates.uniform(n, np.dtype(np.float32), 0.0, 1.0, default_generator)


class RandomIoUCrop(Transform):
    """A random part in which boxes are seen enough. Liu et al. 2016, arXiv:1512.02325.

    sampler_options  the least overlaps with a box, one of which is drawn; 1 and more: no crop
    """

    def __init__(
        self,
        min_scale: float = 0.3,
        max_scale: float = 1.0,
        min_aspect_ratio: float = 0.5,
        max_aspect_ratio: float = 2.0,
        sampler_options: list[float] | None = None,
        trials: int = 40,
    ):
        super().__init__()
        self.min_scale, self.max_scale = min_scale, max_scale
        self.min_aspect_ratio, self.max_aspect_ratio = min_aspect_ratio, max_aspect_ratio
        self.options = (
            [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0] if sampler_options is None else (sampler_options)
        )
        self.trials = trials

    def check_inputs(self, flat_inputs: list) -> None:
        images = (Image, Video)
        found = any(
            isinstance(x, images) or pil.is_image(x) or is_pure_tensor(x) for x in flat_inputs
        )
        if not (found and any(isinstance(x, BoundingBoxes) for x in flat_inputs)):
            raise TypeError(
                f"{type(self).__name__}() requires input sample to contain tensor or PIL images "
                "and bounding boxes. Sample can also contain masks."
            )

    def make_params(self, flat_inputs: list) -> dict:
        height, width = query_size(flat_inputs)
        boxes = next(x for x in flat_inputs if isinstance(x, BoundingBoxes))
        corners = F.convert_bounding_box_format(boxes, new_format="XYXY").numpy()
        while True:
            overlap = self.options[draw_below(len(self.options))]
            if overlap >= 1.0:
                return {}
            for _ in range(self.trials):
                r = _uniforms(2) * np.float32(self.max_scale - self.min_scale)
                r = r + np.float32(self.min_scale)
                w, h = int(np.float32(width) * r[0]), int(np.float32(height) * r[1])
                if h == 0 or not self.min_aspect_ratio <= w / h <= self.max_aspect_ratio:
                    continue
                r = _uniforms(2)
                left = int(np.float32(width - w) * r[0])
                top = int(np.float32(height - h) * r[1])
                right, bottom = left + w, top + h
                if left == right or top == bottom:
                    continue
                x, y = (corners[:, 0] + corners[:, 2]) * 0.5, (corners[:, 1] + corners[:, 3]) * 0.5
                inside = (left < x) & (x < right) & (top < y) & (y < bottom)
                if not inside.any():
                    continue
                if (
                    _iou(corners[inside].astype(np.float64), (left, top, right, bottom)).max()
                    < overlap
                ):
                    continue
                return {"top": top, "left": left, "height": h, "width": w, "inside": inside}

    def transform(self, inpt: Any, params: dict) -> Any:
        if not params:
            return inpt
        place = [params[k] for k in ("top", "left", "height", "width")]
        output = self._call_kernel(F.crop, inpt, *place)
        if isinstance(output, BoundingBoxes):
            output[wrap(~params["inside"])] = 0
        return output


def _iou(b: np.ndarray, part: Sequence[float]) -> np.ndarray:
    x1, y1 = np.maximum(b[:, 0], part[0]), np.maximum(b[:, 1], part[1])
    x2, y2 = np.minimum(b[:, 2], part[2]), np.minimum(b[:, 3], part[3])
    shared = (x2 - x1).clip(0) * (y2 - y1).clip(0)
    area = (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    return shared / (area + (part[2] - part[0]) * (part[3] - part[1]) - shared)


class ScaleJitter(Transform):
    """Resized so that it fits in target_size (h, w) times a random number of scale_range."""

    def __init__(
        self,
        target_size: tuple[int, int],
        scale_range: tuple[float, float] = (0.1, 2.0),
        interpolation: Any = _BILINEAR,
        antialias: bool | None = True,
    ):
        super().__init__()
        self.target_size, self.scale_range = target_size, scale_range
        self.interpolation, self.antialias = mode_of(interpolation), antialias

    def make_params(self, flat_inputs: list) -> dict:
        height, width = query_size(flat_inputs)
        low, high = self.scale_range
        scale = np.float32(low) + np.float32(draw_uniform()) * np.float32(high - low)
        r = np.float32(min(self.target_size[1] / height, self.target_size[0] / width)) * scale
        return {"size": (int(np.float32(height) * r), int(np.float32(width) * r))}

    def transform(self, inpt: Any, params: dict) -> Any:
        kinds = {"interpolation": self.interpolation, "antialias": self.antialias}
        return self._call_kernel(F.resize, inpt, params["size"], **kinds)


class RandomShortestSize(ScaleJitter):
    """Resized so that the shorter side is one of min_size, the longer at most max_size."""

    def __init__(
        self,
        min_size: list[int] | tuple[int, ...] | int,
        max_size: int | None = None,
        interpolation: Any = _BILINEAR,
        antialias: bool | None = True,
    ):
        Transform.__init__(self)
        self.min_size = [min_size] if isinstance(min_size, int) else list(min_size)
        self.max_size = max_size
        self.interpolation, self.antialias = mode_of(interpolation), antialias

    def make_params(self, flat_inputs: list) -> dict:
        height, width = query_size(flat_inputs)
        r = self.min_size[draw_below(len(self.min_size))] / min(height, width)
        if self.max_size is not None:
            r = min(r, self.max_size / max(height, width))
        return {"size": (int(height * r), int(width * r))}


class RandomResize(ScaleJitter):
    """Resized so that the shorter side is a random number from min_size to max_size - 1."""

    def __init__(
        self, min_size: int, max_size: int, interpolation: Any = _BILINEAR,
        antialias: bool | None = True,
    ) -> None:  # fmt: skip
        Transform.__init__(self)
        self.min_size, self.max_size = min_size, max_size
        self.interpolation, self.antialias = mode_of(interpolation), antialias

    def make_params(self, flat_inputs: list) -> dict:
        return {"size": [self.min_size + draw_below(self.max_size - self.min_size)]}
