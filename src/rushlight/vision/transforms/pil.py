"""Image operations on PIL images; Pillow is imported when the first one comes."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = [
    "adjust",
    "adjust_hue",
    "affine",
    "eight_bits",
    "grayscale",
    "image_module",
    "is_image",
    "pad",
    "perspective",
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


class NoScale(RuntimeError):
    """The numbers of an image do not say which of them is white."""


def eight_bits(x: Any, mode: str) -> Any:
    """The image of an open file in a mode of 8 bits, "L" or "RGB".

    16 bits become 8 (65535 is white), floats of [0, 1] likewise; Pillow's own convert() cuts them
    off at 255, which leaves such images white or black. NoScale: other floats, 32-bit integers.
    """
    deep = x.mode == "I" and x.format in ("PNG", "PPM")  # how Pillow reads 16 bits of these
    if x.mode.startswith("I;16") or deep:
        pixels = (np.asarray(x).astype(np.int64) * 255 + 32767) // 65535
    elif x.mode == "F":
        values = np.asarray(x)
        if not (values.size and 0 <= values.min() and values.max() <= 1):
            raise NoScale(
                f"its numbers are floats of {values.min():g} to {values.max():g}: only those of 0 "
                "to 1 say what is black and white\n  fix: save it with 8 or 16 bits"
            )
        pixels = np.rint(values * 255)
    elif x.mode == "I":
        raise NoScale(
            "its numbers are 32-bit integers, which do not say what is white\n"
            "  fix: save it with 8 or 16 bits"
        )
    else:
        return x.convert(mode)
    return image_module().fromarray(pixels.astype(np.uint8)).convert(mode)


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


def perspective(x: Any, coefficients: list[float], mode: str, fill: Any) -> Any:
    from PIL import Image

    method = Image.Transform.PERSPECTIVE
    fill = colour(x, fill)
    return x.transform(x.size, method, coefficients, resampling(mode), fillcolor=fill)


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
