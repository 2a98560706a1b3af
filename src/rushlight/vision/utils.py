"""Several images in one: `make_grid`, `save_image`. N images, C channels, H height, W width."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from ..core.tensor import Tensor, wrap
from .drawing import (
    draw_bounding_boxes,
    draw_keypoints,
    draw_segmentation_masks,
    flow_to_image,
)
from .transforms.pil import image_module

__all__ = [
    "draw_bounding_boxes",
    "draw_keypoints",
    "draw_segmentation_masks",
    "flow_to_image",
    "make_grid",
    "save_image",
]


def make_grid(
    tensor: Tensor | list[Tensor],
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: tuple[float, float] | None = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> Tensor:
    """Images (N, C, H, W), or a list of images (C, H, W), side by side -> (3 or C, h, w).

    nrow         images per row
    padding      pixels of `pad_value` around and between them
    normalize    map `value_range` (default: the smallest and largest value) to [0, 1]
    scale_each   take that range from each image

    TypeError: neither a tensor nor a list of tensors, or a range that is no tuple.
    """
    images = tensor if isinstance(tensor, list) else [tensor]
    if not all(isinstance(image, Tensor) for image in images):
        raise TypeError(f"tensor or list of tensors expected, got {type(tensor)}")
    arrays = [image.detach().numpy() for image in images]
    x = np.stack(arrays) if isinstance(tensor, list) else arrays[0]
    if x.ndim == 2:
        x = x[None]
    if x.ndim == 3:
        x = x[None]  # (1, C, H, W)
    if x.shape[1] == 1:
        x = np.repeat(x, 3, 1)
    if normalize:
        if value_range is not None and not isinstance(value_range, tuple):
            raise TypeError(
                "value_range has to be a tuple (min, max) if specified. min and max are numbers"
            )
        x = (
            np.stack([_scaled(image, value_range) for image in x])
            if scale_each
            else (_scaled(x, value_range))
        )
    n, channels, height, width = x.shape
    if n == 1:
        return wrap(x[0].copy())
    columns = min(nrow, n)
    rows = math.ceil(n / columns)
    step_y, step_x = height + padding, width + padding
    grid = np.full(
        (channels, step_y * rows + padding, step_x * columns + padding), pad_value, x.dtype
    )
    for k, image in enumerate(x):
        top, left = padding + k // columns * step_y, padding + k % columns * step_x
        grid[:, top : top + height, left : left + width] = image
    return wrap(grid)


def _scaled(x: np.ndarray, bounds: tuple[float, float] | None) -> np.ndarray:
    low, high = bounds or (float(x.min()), float(x.max()))
    return (np.clip(x, low, high) - x.dtype.type(low)) / x.dtype.type(max(high - low, 1e-5))


def save_image(
    tensor: Tensor | list[Tensor], fp: str | Path | Any, format: str | None = None, **kwargs: Any
) -> None:
    """Write images of [0, 1] to a file, several as a grid: kwargs are `make_grid`'s."""
    grid = make_grid(tensor, **kwargs).numpy()
    pixels = np.clip(grid * 255 + 0.5, 0, 255).transpose(1, 2, 0).astype(np.uint8)
    image_module().fromarray(np.ascontiguousarray(pixels)).save(fp, format=format)
