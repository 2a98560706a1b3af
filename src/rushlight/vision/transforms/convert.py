"""Transforms between PIL images, arrays and tensors; Normalize.

N images, C channels, H height, W width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.dtype import dtype, get_default_dtype
from ...nn.module import Module
from . import functional as F
from .batch import OnBatch

__all__ = ["ConvertImageDtype", "Normalize", "PILToTensor", "ToPILImage", "ToTensor"]


class ToTensor(OnBatch):
    """An image (H, W, C) of 0..255 -> a float tensor (C, H, W) of 0..1: see `to_tensor`."""

    makes_tensors = True

    def __call__(self, pic: Any) -> Any:
        return F.to_tensor(pic)

    def on_batch(self, x: np.ndarray, words: np.ndarray) -> np.ndarray:
        kind = get_default_dtype().np
        return np.divide(x, kind.type(255), dtype=kind, order="C")

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class PILToTensor(OnBatch):
    """A PIL image -> a tensor (C, H, W) of the same numbers."""

    makes_tensors = True

    def __call__(self, pic: Any) -> Any:
        return F.pil_to_tensor(pic)

    def on_batch(self, x: np.ndarray, words: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(x)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ToPILImage:
    """A tensor (C, H, W) or an array (H, W, C) -> a PIL image: see `to_pil_image`."""

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def __call__(self, pic: Any) -> Any:
        return F.to_pil_image(pic, self.mode)

    def __repr__(self) -> str:
        mode = "" if self.mode is None else f"mode={self.mode}"
        return f"{type(self).__name__}({mode})"


class ConvertImageDtype(Module, OnBatch):
    """Another dtype, with the values scaled to its range: see `convert_image_dtype`."""

    def __init__(self, dtype: dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def forward(self, image: Any) -> Any:
        return F.convert_image_dtype(image, self.dtype)

    def on_batch(self, x: np.ndarray, words: np.ndarray) -> np.ndarray:
        return F.scaled_to(x, self.dtype)


class Normalize(Module, OnBatch):
    """y = (x - mean) / std, channel by channel: x (*, C, H, W), mean and std (C)

    Errors: see `normalize`.
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        super().__init__()
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def forward(self, tensor: Any) -> Any:
        return F.normalize(tensor, self.mean, self.std, self.inplace)

    def batch_plan(self, shape: tuple[int, int, int]) -> Any:
        # Other counts of channels are broadcast or refused, image by image.
        return (0, shape) if {len(self.mean), len(self.std)} <= {1, shape[0]} else None

    def on_batch(self, x: np.ndarray, words: np.ndarray) -> np.ndarray:
        return F.normalized(x, self.mean, self.std, out=x)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std})"
