"""Image functions: PIL images in, PIL images out; tensors (*, C, H, W) in, tensors out.

C channels, H height, W width; `*` any leading dimensions. Tensors come out without history, except
from `normalize`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.tensor import Tensor, wrap
from . import array, pil
from .bending import elastic_transform, perspective
from .conversion import (  # noqa: F401  public here
    convert_image_dtype,
    normalize,
    normalized,
    pil_to_tensor,
    pixels,
    scaled_to,
    to_pil_image,
    to_tensor,
)
from .interpolation import InterpolationMode, channel_fill, mode_of, tensor_mode
from .tones import (
    adjust_gamma,
    adjust_sharpness,
    autocontrast,
    equalize,
    posterize,
    solarize,
)

__all__ = [
    "InterpolationMode",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "adjust_sharpness",
    "affine",
    "autocontrast",
    "center_crop",
    "convert_image_dtype",
    "crop",
    "elastic_transform",
    "equalize",
    "erase",
    "five_crop",
    "gaussian_blur",
    "get_dimensions",
    "get_image_num_channels",
    "get_image_size",
    "hflip",
    "invert",
    "normalize",
    "pad",
    "perspective",
    "pil_to_tensor",
    "posterize",
    "resize",
    "resized_crop",
    "rgb_to_grayscale",
    "rotate",
    "solarize",
    "ten_crop",
    "to_grayscale",
    "to_pil_image",
    "to_tensor",
    "vflip",
]


def get_dimensions(img: Any) -> list[int]:
    """[C, H, W]"""
    if pil.is_image(img):
        return [len(img.getbands()), img.height, img.width]
    shape = pixels(img).shape
    return [1 if len(shape) == 2 else shape[-3], *shape[-2:]]


def get_image_size(img: Any) -> list[int]:
    """[W, H]"""
    _, height, width = get_dimensions(img)
    return [width, height]


def get_image_num_channels(img: Any) -> int:
    """C"""
    return get_dimensions(img)[0]


# ---------------------------------------------------------------- size and place


def _output_size(
    size: int | Sequence[int], height: int, width: int, max_size: int | None
) -> tuple[int, int]:
    """The (height, width) that `size` means for an image: one number is for its shorter side."""
    if not isinstance(size, int) and len(size) == 2:
        return tuple(size)
    short, long = min(height, width), max(height, width)
    new_short = size if isinstance(size, int) else size[0]
    new_long = int(new_short * long / short)
    if max_size is not None:
        if max_size <= new_short:
            raise ValueError(
                f"max_size = {max_size} must be strictly greater than the requested size for the "
                f"smaller edge size = {size}"
            )
        if new_long > max_size:
            new_short, new_long = int(max_size * new_short / new_long), max_size
    return (new_long, new_short) if width <= height else (new_short, new_long)


def resize(
    img: Any,
    size: int | Sequence[int],
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """Another size: (h, w), or one number for the shorter side, the longer in proportion.

    max_size   the longer side is at most so long; only with one number
    antialias  of tensors (bilinear, bicubic): look at all pixels when shrinking, as PIL does
    """
    if not isinstance(size, int) and len(size) not in (1, 2):
        raise ValueError(
            f"Size must be an int or a 1 or 2 element tuple/list, not a {len(size)} element "
            "tuple/list"
        )
    if max_size is not None and not isinstance(size, int) and len(size) != 1:
        raise ValueError(
            "max_size should only be passed if size specifies the length of the smaller edge, "
            "i.e. size should be an int or a sequence of length 1 in torchscript mode."
        )
    _, height, width = get_dimensions(img)
    new_height, new_width = _output_size(size, height, width, max_size)
    if (new_height, new_width) == (height, width):
        return img
    if pil.is_image(img):
        return pil.resize(img, new_height, new_width, mode_of(interpolation))
    mode = tensor_mode(interpolation, "nearest", "nearest-exact", "bilinear", "bicubic")
    return wrap(array.resize(pixels(img), new_height, new_width, mode, bool(antialias)))


def padding_sides(padding: int | Sequence[int]) -> tuple[int, int, int, int]:
    """left, top, right, bottom"""
    if isinstance(padding, int):
        return (padding,) * 4
    if not isinstance(padding, tuple | list):
        raise TypeError("Got inappropriate padding arg")
    if len(padding) not in (1, 2, 4):
        raise ValueError(
            "Padding must be an int or a 1, 2, or 4 element tuple, not a "
            f"{len(padding)} element tuple"
        )
    return tuple(padding) * (4 // len(padding))


def pad(
    img: Any, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant"
) -> Any:
    """Pixels around.

    padding       for all sides, or (left and right, top and bottom), or (left, top, right, bottom)
    padding_mode  constant (of `fill`), edge, reflect or symmetric
    """
    sides = padding_sides(padding)
    if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
        raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
    if pil.is_image(img):
        return pil.pad(img, sides, fill, padding_mode)
    if not isinstance(fill, int | float):
        if len(fill) != 1:
            raise ValueError("fill of a tensor should be one number")
        fill = fill[0]
    return wrap(array.pad(pixels(img), sides, fill or 0, padding_mode))


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """The part from (top, left) on; what lies outside of the image is black."""
    if pil.is_image(img):
        return img.crop((left, top, left + width, top + height))
    x = pixels(img)
    right, bottom = left + width - x.shape[-1], top + height - x.shape[-2]
    if left < 0 or top < 0 or right > 0 or bottom > 0:
        return wrap(array.pad(x, (-left, -top, right, bottom), 0, "constant"))
    return img[..., top : top + height, left : left + width]


def center_crop(img: Any, output_size: int | Sequence[int]) -> Any:
    """The middle of the image, with black around where the image is smaller."""
    height, width = _pair(output_size)
    _, h, w = get_dimensions(img)
    if width > w or height > h:
        more_w, more_h = max(width - w, 0), max(height - h, 0)
        sides = [more_w // 2, more_h // 2, (more_w + 1) // 2, (more_h + 1) // 2]
        img = pad(img, sides, fill=0)
        _, h, w = get_dimensions(img)
        if (height, width) == (h, w):
            return img
    return crop(img, round((h - height) / 2.0), round((w - width) / 2.0), height, width)


def _pair(size: int | Sequence[int]) -> tuple[int, int]:
    if isinstance(size, int):
        return size, size
    return (size[0], size[0]) if len(size) == 1 else tuple(size)


def resized_crop(
    img: Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: int | Sequence[int],
    interpolation: InterpolationMode = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Any:
    """`crop`, then `resize`."""
    return resize(crop(img, top, left, height, width), size, interpolation, antialias=antialias)


def hflip(img: Any) -> Any:
    """Left and right exchanged."""
    if pil.is_image(img):
        from PIL import Image

        return img.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return wrap(pixels(img)[..., ::-1].copy())


def vflip(img: Any) -> Any:
    """Top and bottom exchanged."""
    if pil.is_image(img):
        from PIL import Image

        return img.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    return wrap(pixels(img)[..., ::-1, :].copy())


def five_crop(img: Any, size: int | Sequence[int]) -> tuple[Any, Any, Any, Any, Any]:
    """Parts of size (h, w): top left, top right, bottom left, bottom right, middle.

    ValueError: the image is smaller
    """
    height, width = _pair(size)
    _, h, w = get_dimensions(img)
    if width > w or height > h:
        raise ValueError(
            f"Requested crop size {(height, width)} is bigger than input size {(h, w)}"
        )
    corners = [(0, 0), (0, w - width), (h - height, 0), (h - height, w - width)]
    a, b, c, d = [crop(img, top, left, height, width) for top, left in corners]
    return a, b, c, d, center_crop(img, [height, width])


def ten_crop(img: Any, size: int | Sequence[int], vertical_flip: bool = False) -> tuple:
    """The parts of `five_crop`, and those of the image with left and right (top and bottom)
    exchanged."""
    turned = vflip(img) if vertical_flip else hflip(img)
    return five_crop(img, size) + five_crop(turned, size)


def rotate(
    img: Any,
    angle: float,
    interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Sequence[float] | None = None,
    fill: Any = None,
) -> Any:
    """Turned by `angle` degrees against the clock, about `center` (x, y) or the middle.

    expand: make the image large enough for all of it; for turns about the middle.
    """
    if not isinstance(angle, int | float):
        raise TypeError("Argument angle should be int or float")
    if center is not None and not isinstance(center, list | tuple):
        raise TypeError("Argument center should be a sequence")
    if pil.is_image(img):
        return pil.rotate(img, angle, mode_of(interpolation), expand, center, fill)
    _, height, width = get_dimensions(img)
    middle = (0.0, 0.0) if center is None else (center[0] - width * 0.5, center[1] - height * 0.5)
    # Here angles turn the other way than in `affine`.
    matrix = array.inverse_affine(middle, -angle, (0.0, 0.0), 1.0, (0.0, 0.0))
    size = _turned_size(matrix, width, height) if expand else (height, width)
    mode = tensor_mode(interpolation, "nearest", "bilinear")
    return wrap(array.warp(pixels(img), matrix, size, mode, channel_fill(fill)))


def _turned_size(matrix: list[float], width: int, height: int) -> tuple[int, int]:
    """(height, width) that hold all corners of the image after the map."""
    corners = np.array([[-width, -height], [-width, height], [width, height], [width, -height]]) / 2
    turn = np.array([[matrix[0], matrix[1]], [matrix[3], matrix[4]]])
    places = np.round(corners @ np.linalg.inv(turn).T, 4)
    # A whisker beyond a pixel is rounding, and no reason for another row.
    extent = np.ceil(places.max(0)) - np.floor(places.min(0))
    return int(extent[1]), int(extent[0])


def affine(
    img: Any,
    angle: float,
    translate: Sequence[int],
    scale: float,
    shear: float | Sequence[float],
    interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
    fill: Any = None,
    center: Sequence[float] | None = None,
) -> Any:
    """Turned by `angle` degrees with the clock, sheared, scaled and moved; the size is kept.

    translate  (right, down) in pixels;  shear  degrees along x, or along (x, y)
    """
    if not isinstance(angle, int | float):
        raise TypeError("Argument angle should be int or float")
    if not isinstance(translate, list | tuple):
        raise TypeError("Argument translate should be a sequence")
    if len(translate) != 2:
        raise ValueError("Argument translate should be a sequence of length 2")
    if scale <= 0.0:
        raise ValueError("Argument scale should be positive")
    lean = (shear, 0.0) if isinstance(shear, int | float) else tuple(shear)
    lean = (lean[0], 0.0) if len(lean) == 1 else lean
    if len(lean) != 2:
        raise ValueError(f"Shear should be a sequence containing two values. Got {shear}")
    _, height, width = get_dimensions(img)
    if pil.is_image(img):
        middle = (width * 0.5, height * 0.5) if center is None else tuple(center)
        matrix = array.inverse_affine(middle, angle, tuple(translate), scale, lean)
        return pil.affine(img, matrix, mode_of(interpolation), fill)
    middle = (0.0, 0.0) if center is None else (center[0] - width * 0.5, center[1] - height * 0.5)
    matrix = array.inverse_affine(middle, angle, tuple(translate), scale, lean)
    mode = tensor_mode(interpolation, "nearest", "bilinear")
    return wrap(array.warp(pixels(img), matrix, (height, width), mode, channel_fill(fill)))


def erase(img: Tensor, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Tensor:
    """The rectangle of h x w from (i, j) on, replaced by v."""
    if not isinstance(img, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(img)}")
    if not inplace:
        img = img.clone()
    img[..., i : i + h, j : j + w] = v
    return img


# ---------------------------------------------------------------- colours


def to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """A PIL image in grey, with 1 channel or 3 equal ones."""
    if not pil.is_image(img):
        raise TypeError("Input should be PIL Image")
    return _gray(img, num_output_channels)


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """0.2989 red + 0.587 green + 0.114 blue, in 1 channel or 3 equal ones."""
    return _gray(img, num_output_channels)


def _gray(img: Any, channels: int) -> Any:
    if channels not in (1, 3):
        raise ValueError("num_output_channels should be either 1 or 3")
    if pil.is_image(img):
        return pil.grayscale(img, channels)
    x = pixels(img)
    if x.shape[-3] == 1:
        return wrap(np.repeat(x, channels, -3))
    _check_channels(x, 3)
    return wrap(array.grayscale(x, channels))


def _check_channels(x: np.ndarray, *allowed: int) -> None:
    found = 1 if x.ndim == 2 else x.shape[-3]
    if found not in allowed:
        raise TypeError(
            f"Input image tensor permitted channel values are {list(allowed)}, but found {found}"
        )


def _check_factor(name: str, factor: float) -> None:
    if factor < 0:
        raise ValueError(f"{name} ({factor}) is not non-negative.")


def adjust_brightness(img: Any, brightness_factor: float) -> Any:
    """factor · img: 0 is black, 1 the image itself."""
    if pil.is_image(img):
        return pil.adjust(img, "Brightness", brightness_factor)
    _check_factor("brightness_factor", brightness_factor)
    x = pixels(img)
    _check_channels(x, 1, 3)
    return wrap(array.blend(x, 0.0, brightness_factor))


def adjust_contrast(img: Any, contrast_factor: float) -> Any:
    """Between the image's mean grey (0) and itself (1), and beyond."""
    if pil.is_image(img):
        return pil.adjust(img, "Contrast", contrast_factor)
    _check_factor("contrast_factor", contrast_factor)
    x = pixels(img)
    _check_channels(x, 1, 3)
    gray = array.grayscale(x, 1) if x.ndim > 2 and x.shape[-3] == 3 else x
    kind = x.dtype if x.dtype.kind == "f" else np.dtype(np.float32)
    mean = gray.mean((-3, -2, -1) if x.ndim > 2 else None, dtype=kind, keepdims=True)
    return wrap(array.blend(x, mean, contrast_factor))


def adjust_saturation(img: Any, saturation_factor: float) -> Any:
    """Between the image in grey (0) and itself (1), and beyond."""
    if pil.is_image(img):
        return pil.adjust(img, "Color", saturation_factor)
    _check_factor("saturation_factor", saturation_factor)
    x = pixels(img)
    _check_channels(x, 1, 3)
    if x.ndim == 2 or x.shape[-3] == 1:
        return img
    return wrap(array.blend(x, array.grayscale(x, 1), saturation_factor))


def adjust_hue(img: Any, hue_factor: float) -> Any:
    """Colours moved by `hue_factor` of the colour circle, in [-0.5, 0.5]."""
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor ({hue_factor}) is not in [-0.5, 0.5].")
    if pil.is_image(img):
        return pil.adjust_hue(img, hue_factor)
    x = pixels(img)
    _check_channels(x, 1, 3)
    return img if x.ndim == 2 or x.shape[-3] == 1 else wrap(array.adjust_hue(x, hue_factor))


def invert(img: Any) -> Any:
    """White for black."""
    if pil.is_image(img):
        from PIL import ImageOps

        return ImageOps.invert(img)
    x = pixels(img)
    return wrap((x.dtype.type(array.max_value(x.dtype)) - x).astype(x.dtype))


def gaussian_blur(
    img: Any, kernel_size: int | Sequence[int], sigma: float | Sequence[float] | None = None
) -> Any:
    """Blurred by a Gaussian over kernel_size (width, height) pixels, odd numbers.

    sigma (along x, y), default: 0.15 · size + 0.35
    """
    size = _pair(kernel_size)
    for number in size:
        if number % 2 == 0 or number < 0:
            raise ValueError(f"kernel_size should have odd and positive integers. Got {list(size)}")
    if sigma is None:
        widths = tuple(number * 0.15 + 0.35 for number in size)
    else:
        widths = (
            (sigma, sigma) if isinstance(sigma, int | float) else tuple(sigma) * (2 // len(sigma))
        )
    if any(width <= 0 for width in widths) or not all(map(math.isfinite, widths)):
        raise ValueError(f"sigma should have positive values. Got {list(widths)}")
    if pil.is_image(img):
        return to_pil_image(gaussian_blur(pil_to_tensor(img), size, widths), mode=img.mode)
    return wrap(array.gaussian_blur(pixels(img), size, widths))
