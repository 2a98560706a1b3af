"""v2's functions of images that v1 does not have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ....core.tensor import Tensor, wrap
from ... import functions as T
from .. import functional as F
from .. import pil
from ..array import max_value
from ..tones import smoothed


def gray_to_rgb(img: Any) -> Any:
    """Three equal channels for one; images of three stay."""
    if pil.is_image(img):
        return img.convert(mode="RGB")
    return F.rgb_to_grayscale(img, 3) if img.shape[-3] == 1 else img


def permute_channels(img: Any, permutation: Sequence[int]) -> Any:
    """Channel permutation[i] as the i-th."""
    if pil.is_image(img):
        return F.to_pil_image(permute_channels(F.pil_to_tensor(img), permutation))
    channels = img.shape[-3]
    if len(permutation) != channels:
        raise ValueError(
            f"Length of permutation does not match number of channels: {len(permutation)} != "
            f"{channels}"
        )
    return img[..., list(permutation), :, :]


def gaussian_noise(img: Any, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> Any:
    """img + normal numbers; of uint8, scaled by 255."""
    if pil.is_image(img):
        raise ValueError("PIL images are not supported in gaussian_noise; use a tensor")
    if sigma < 0:
        raise ValueError(f"sigma shouldn't be negative. Got {sigma}")
    if img.is_floating_point():
        noise = mean + T.randn_like(img) * sigma
        return (img + noise).clamp(0, 1) if clip else img + noise
    if str(img.dtype) != "torch.uint8":
        raise ValueError(f"Input tensor is expected to be in uint8 or float dtype, got {img.dtype}")
    noise = ((mean * 255) + T.randn(tuple(img.shape)) * (sigma * 255)).to(T.int16)
    sums = noise + img
    return (sums.clamp(0, 255) if clip else sums).to(T.uint8)


def normalize(img: Any, mean: Any, std: Any, inplace: bool = False) -> Any:
    """See v1's functional.normalize."""
    return F.normalize(img, list(mean), list(std), inplace)


def erase(img: Any, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Any:
    """See v1's functional.erase; of PIL images too."""
    if pil.is_image(img):
        return F.to_pil_image(F.erase(F.pil_to_tensor(img), i, j, h, w, v), mode=img.mode)
    return F.erase(img, i, j, h, w, v, inplace)


def jpeg(img: Any, quality: int) -> Any:
    """Compressed and decompressed as JPEG."""
    from ...io import decode_jpeg, encode_jpeg

    if pil.is_image(img):
        return F.to_pil_image(jpeg(F.pil_to_tensor(img), quality), mode=img.mode)
    if img.ndim > 3:
        return T.stack([jpeg(x, quality) for x in img])
    return decode_jpeg(encode_jpeg(img, quality))


def subsample(video: Any, num_samples: int) -> Any:
    """num_samples frames (*, T, C, H, W), as far apart as possible."""
    last = video.shape[-4] - 1
    places = np.linspace(0, last, num_samples, dtype=np.float32).astype(np.int64).clip(0, last)
    return video[..., places.tolist(), :, :, :]


def autocontrast(img: Any) -> Any:
    """See v1's functional.autocontrast; another order of the same operations."""
    if pil.is_image(img):
        return F.autocontrast(img)
    x = img.numpy()
    kind = x.dtype if x.dtype.kind == "f" else np.dtype(np.float32)
    white = max_value(x.dtype)
    low = x.min((-2, -1), keepdims=True).astype(kind)
    span = x.max((-2, -1), keepdims=True).astype(kind) - low
    flat = span == 0
    unit = np.where(flat, kind.type(1), span * kind.type(1.0 / white))
    y = (x.astype(kind) - np.where(flat, kind.type(0), low)) / unit
    return wrap(np.clip(y, 0, white).astype(x.dtype))


def adjust_sharpness(img: Any, sharpness_factor: float) -> Any:
    """See v1's functional.adjust_sharpness; another order of the same operations."""
    if pil.is_image(img) or sharpness_factor < 0 or min(img.shape[-2:]) <= 2:
        return F.adjust_sharpness(img, sharpness_factor)
    x = img.numpy()
    y = x if x.dtype.kind == "f" else x.astype(np.float32)
    y = y + (smoothed(x) - y) * y.dtype.type(1.0 - sharpness_factor)
    return wrap(np.clip(y, 0, max_value(x.dtype)).astype(x.dtype))


def posterize(img: Any, bits: int) -> Any:
    """See v1's functional.posterize; floats too: 2^bits levels."""
    if not isinstance(img, Tensor) or not img.is_floating_point():
        return F.posterize(img, bits)
    levels = 1 << bits
    return (img * levels).floor().clamp(0, levels - 1) / levels


def equalize(img: Any) -> Any:
    """See v1's functional.equalize; other dtypes by way of uint8."""
    if not isinstance(img, Tensor) or str(img.dtype) == "torch.uint8":
        return F.equalize(img)
    return F.convert_image_dtype(F.equalize(F.convert_image_dtype(img, T.uint8)), img.dtype)
