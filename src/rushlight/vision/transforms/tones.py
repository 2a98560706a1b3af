"""Functions of single pixels' tones, and sharpness: public in `functional`.

PIL images in, PIL images out; tensors (*, C, H, W) in, tensors out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.tensor import wrap
from . import array, pil
from .conversion import pixels, scaled_to

__all__ = ["adjust_gamma", "adjust_sharpness", "autocontrast", "equalize", "posterize", "solarize"]


def _checked(img: Any) -> np.ndarray:
    """Pixels of 1 or 3 channels."""
    x = pixels(img)
    found = 1 if x.ndim == 2 else x.shape[-3]
    if found not in (1, 3):
        raise TypeError(
            f"Input image tensor permitted channel values are 1 or 3, but found {found}"
        )
    return x


def _bytes_only(x: np.ndarray) -> np.ndarray:
    if x.dtype != np.uint8:
        raise TypeError(
            f"Only torch.uint8 image tensors are supported, but found torch.{x.dtype.name}"
        )
    return x


def posterize(img: Any, bits: int) -> Any:
    """Only the upper `bits` bits of each number of uint8."""
    if pil.is_image(img):
        from PIL import ImageOps

        return ImageOps.posterize(img, bits)
    x = _bytes_only(_checked(img))
    return wrap(x & np.uint8(256 - 2 ** (8 - bits)))


def solarize(img: Any, threshold: float) -> Any:
    """White for black from `threshold` on.

    TypeError: a threshold above white
    """
    if pil.is_image(img):
        from PIL import ImageOps

        return ImageOps.solarize(img, threshold)
    x = _checked(img)
    white = array.max_value(x.dtype)
    if threshold > white:
        raise TypeError("Threshold should be less than bound of img.")
    return wrap(np.where(x >= threshold, x.dtype.type(white) - x, x))


def adjust_gamma(img: Any, gamma: float, gain: float = 1) -> Any:
    """white · gain · (img / white)^gamma

    ValueError: a negative gamma
    """
    if gamma < 0:
        raise ValueError("Gamma should be a non-negative real number")
    if pil.is_image(img):
        mode = img.mode
        table = [int((255 + 1 - 1e-3) * gain * pow(v / 255.0, gamma)) for v in range(256)] * 3
        return img.convert("RGB").point(table).convert(mode)
    from ...core.dtype import float32, from_numpy_dtype

    x = _checked(img)
    y = x if x.dtype.kind == "f" else scaled_to(x, float32)
    y = np.clip(y.dtype.type(gain) * y ** y.dtype.type(gamma), 0, 1)
    return wrap(scaled_to(y, from_numpy_dtype(x.dtype)))


def adjust_sharpness(img: Any, sharpness_factor: float) -> Any:
    """Between a smoothed image (0) and the image itself (1), and beyond.

    ValueError: a negative factor
    """
    if pil.is_image(img):
        return pil.adjust(img, "Sharpness", sharpness_factor)
    x = _checked(img)
    if sharpness_factor < 0:
        raise ValueError(f"sharpness_factor ({sharpness_factor}) is not non-negative.")
    if min(x.shape[-2:]) <= 2:
        return img
    return wrap(array.blend(x, smoothed(x), sharpness_factor))


def smoothed(x: np.ndarray) -> np.ndarray:
    """Means of 3 x 3 pixels, the middle counting five times; the border stays."""
    source = x if x.dtype.kind == "f" else x.astype(np.float32)
    kind = source.dtype.type
    outer, middle = kind(1) / kind(13), kind(5) / kind(13)
    h, w = x.shape[-2:]
    inner = np.zeros_like(source[..., 1:-1, 1:-1])
    for i in range(3):
        for j in range(3):
            weight = middle if i == j == 1 else outer
            inner += weight * source[..., i : h - 2 + i, j : w - 2 + j]
    y = x.copy()
    y[..., 1:-1, 1:-1] = inner if x.dtype.kind == "f" else np.rint(inner).astype(x.dtype)
    return y


def autocontrast(img: Any) -> Any:
    """Each channel stretched from black to white; one of a single tone stays."""
    if pil.is_image(img):
        from PIL import ImageOps

        return ImageOps.autocontrast(img)
    x = _checked(img)
    kind = x.dtype if x.dtype.kind == "f" else np.dtype(np.float32)
    white = array.max_value(x.dtype)
    low = x.min((-2, -1), keepdims=True).astype(kind)
    high = x.max((-2, -1), keepdims=True).astype(kind)
    flat = low == high
    scale = np.where(flat, kind.type(1), kind.type(white) / np.where(flat, 1, high - low))
    y = (x.astype(kind) - np.where(flat, 0, low)) * scale.astype(kind)
    return wrap(np.clip(y, 0, white).astype(x.dtype))


def equalize(img: Any) -> Any:
    """Each channel's tones spread so that all are as frequent, of uint8."""
    if pil.is_image(img):
        from PIL import ImageOps

        return ImageOps.equalize(img)
    x = _bytes_only(_checked(img))
    flat = x.reshape(-1, x.shape[-2] * x.shape[-1])
    return wrap(np.stack([_equalized(channel) for channel in flat]).reshape(x.shape))


def _equalized(x: np.ndarray) -> np.ndarray:
    counts = np.bincount(x, minlength=256)
    step = int(counts[counts != 0][:-1].sum()) // 255
    if step == 0:
        return x
    table = (np.cumsum(counts) + step // 2) // step
    table = np.clip(np.concatenate([[0], table[:-1]]), 0, 255)
    return table[x].astype(np.uint8)
