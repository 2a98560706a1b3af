"""Image operations on PIL images; Pillow is imported when the first one comes."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = [
    "adjust",
    "adjust_hue",
    "affine",
    "grayscale",
    "image_module",
    "is_image",
    "pad",
    "resize",
    "rotate",
]


def image_module() -> Any:
    """PIL.Image. ImportError, with what to install: there is no Pillow."""
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            "PIL images need Pillow, which is not installed\n"
            "  fix: pip install pillow, or a transform that begins with ToTensor() or PILToTensor()"
        ) from error
    return Image


def is_image(x: Any) -> bool:
    """True for a PIL image; Pillow is not imported to find out."""
    import sys

    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(x, module.Image)


def resampling(mode: str) -> int:
    """Pillow's number of an interpolation mode."""
    from PIL import Image

    names = {"nearest-exact": "NEAREST"}
    return Image.Resampling[names.get(mode, mode.upper())]


def resize(x: Any, height: int, width: int, mode: str) -> Any:
    return x.resize((width, height), resampling(mode))


def pad(x: Any, sides: tuple[int, int, int, int], fill: Any, mode: str) -> Any:
    """sides: left, top, right, bottom."""
    from PIL import Image, ImageOps

    fill = colour(x, fill)
    if mode == "constant":
        if x.mode == "P":
            palette = x.getpalette()
            x = ImageOps.expand(x, border=sides, fill=fill)
            x.putpalette(palette)
            return x
        return ImageOps.expand(x, border=sides, fill=fill)
    left, top, right, bottom = sides
    cut = [-min(side, 0) for side in sides]
    if any(cut):
        x = x.crop((cut[0], cut[1], x.width - cut[2], x.height - cut[3]))
        left, top, right, bottom = (max(side, 0) for side in sides)
    pixels = np.asarray(x)
    around = [(top, bottom), (left, right), (0, 0)][: pixels.ndim]
    padded = Image.fromarray(np.pad(pixels, around, mode=mode))
    if x.mode == "P":
        padded.putpalette(x.getpalette())
    return padded


def colour(x: Any, fill: Any) -> Any:
    """A fill value as Pillow wants it: one number per channel, whole where the mode is."""
    bands = len(x.getbands())
    if fill is None:
        fill = 0
    if isinstance(fill, int | float) and bands > 1:
        fill = (fill,) * bands
    if isinstance(fill, int | float):
        return fill if x.mode == "F" else int(fill)
    if len(fill) == 1:
        fill = tuple(fill) * bands
    if len(fill) != bands:
        raise ValueError(
            "The number of elements in 'fill' does not match the number of channels of the image "
            f"({len(fill)} != {bands})"
        )
    fill = tuple(fill if x.mode == "F" else (int(value) for value in fill))
    return fill[0] if bands == 1 else fill


def rotate(x: Any, angle: float, mode: str, expand: bool, center: Any, fill: Any) -> Any:
    return x.rotate(angle, resampling(mode), expand, center, fillcolor=colour(x, fill))


def affine(x: Any, matrix: list[float], mode: str, fill: Any) -> Any:
    from PIL import Image

    method = Image.Transform.AFFINE
    return x.transform(x.size, method, matrix, resampling(mode), fillcolor=colour(x, fill))


def grayscale(x: Any, channels: int) -> Any:
    from PIL import Image

    gray = x.convert("L")
    return gray if channels == 1 else Image.merge("RGB", [gray] * 3)


def adjust(x: Any, what: str, factor: float) -> Any:
    """what: "Brightness", "Contrast" or "Color", a class of ImageEnhance."""
    from PIL import ImageEnhance

    return getattr(ImageEnhance, what)(x).enhance(factor)


def adjust_hue(x: Any, factor: float) -> Any:
    from PIL import Image

    if x.mode in {"L", "1", "I", "F"}:
        return x
    hue, saturation, value = x.convert("HSV").split()
    turned = np.array(hue, np.uint8) + np.int32(factor * 255).astype(np.uint8)
    hue = Image.fromarray(turned.astype(np.uint8))
    return Image.merge("HSV", (hue, saturation, value)).convert(x.mode)
