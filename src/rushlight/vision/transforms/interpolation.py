"""How pixels are made that lie between pixels, and what is beyond the border."""

from __future__ import annotations

from enum import Enum
from typing import Any

__all__ = ["InterpolationMode", "channel_fill", "mode_of", "tensor_mode"]


class InterpolationMode(Enum):
    """How pixels are made that lie between pixels."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


_FROM_NUMBER = dict(enumerate(["NEAREST", "LANCZOS", "BILINEAR", "BICUBIC", "BOX", "HAMMING"]))


def mode_of(interpolation: InterpolationMode | int) -> str:
    """The name of an InterpolationMode, or of Pillow's number of it."""
    if isinstance(interpolation, int):
        interpolation = InterpolationMode[_FROM_NUMBER[interpolation]]
    if not isinstance(interpolation, InterpolationMode):
        raise TypeError(
            "Argument interpolation should be a InterpolationMode or a corresponding Pillow "
            f"integer constant, got {type(interpolation)}"
        )
    return interpolation.value


def tensor_mode(interpolation: InterpolationMode | int, *allowed: str) -> str:
    mode = mode_of(interpolation)
    if mode not in allowed:
        raise ValueError(
            "This interpolation mode is unsupported with Tensor input: "
            f"{mode}; supported are {', '.join(allowed)}"
        )
    return mode


def channel_fill(fill: Any) -> list[float] | None:
    """One number, or one per channel, as a list."""
    if fill is None:
        return None
    return [float(fill)] if isinstance(fill, int | float) else [float(value) for value in fill]
