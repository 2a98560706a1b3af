"""What prepares images for published weights: `weights.transforms()`."""

from __future__ import annotations

from typing import Any

from ...core.tensor import Tensor
from ...nn.module import Module
from . import functional as F
from .functional import InterpolationMode

__all__ = ["ImageClassification", "SemanticSegmentation"]

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class ImageClassification(Module):
    """Resize, cut the middle out, to float32, normalise.

    crop_size      of the square that is cut out
    resize_size    of the shorter side before
    shape          a PIL image or x (*, 3, H, W) -> (*, 3, crop_size, crop_size)
    """

    def __init__(
        self,
        *,
        crop_size: int,
        resize_size: int = 256,
        mean: tuple[float, ...] = _MEAN,
        std: tuple[float, ...] = _STD,
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.crop_size = [crop_size]
        self.resize_size = [resize_size]
        self.mean = list(mean)
        self.std = list(std)
        self.interpolation = interpolation
        self.antialias = antialias

    def forward(self, img: Any) -> Tensor:
        """A PIL image or (*, 3, H, W) -> (*, 3, crop_size, crop_size)"""
        img = F.resize(
            img, self.resize_size, interpolation=self.interpolation, antialias=self.antialias
        )
        return _prepared(F.center_crop(img, self.crop_size), self.mean, self.std)

    def __repr__(self) -> str:
        names = ("crop_size", "resize_size", "mean", "std", "interpolation")
        return _shown(self, names)


class SemanticSegmentation(Module):
    """Resize, to float32, normalise.

    resize_size    of the shorter side; None: as it is
    shape          a PIL image or x (*, 3, H, W) -> (*, 3, H', W')
    """

    def __init__(
        self,
        *,
        resize_size: int | None,
        mean: tuple[float, ...] = _MEAN,
        std: tuple[float, ...] = _STD,
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.resize_size = None if resize_size is None else [resize_size]
        self.mean = list(mean)
        self.std = list(std)
        self.interpolation = interpolation
        self.antialias = antialias

    def forward(self, img: Any) -> Tensor:
        """A PIL image or (*, 3, H, W) -> (*, 3, H', W')"""
        if self.resize_size is not None:
            img = F.resize(
                img, self.resize_size, interpolation=self.interpolation, antialias=self.antialias
            )
        return _prepared(img, self.mean, self.std)

    def __repr__(self) -> str:
        return _shown(self, ("resize_size", "mean", "std", "interpolation"))


def _prepared(img: Any, mean: list[float], std: list[float]) -> Tensor:
    if not isinstance(img, Tensor):
        img = F.pil_to_tensor(img)
    return F.normalize(F.convert_image_dtype(img), mean=mean, std=std)


def _shown(preset: Module, names: tuple[str, ...]) -> str:
    lines = "".join(f"\n    {name}={getattr(preset, name)}" for name in names)
    return f"{type(preset).__name__}({lines}\n)"
