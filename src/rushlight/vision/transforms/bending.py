"""Perspective and elastic deformation: public in `functional`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.tensor import Tensor, wrap
from . import array, pil
from .conversion import pil_to_tensor, pixels, to_pil_image
from .interpolation import InterpolationMode, channel_fill, mode_of, tensor_mode

__all__ = ["elastic_transform", "perspective"]


def perspective_coefficients(
    startpoints: Sequence[Sequence[int]], endpoints: Sequence[Sequence[int]]
) -> list[float]:
    """a ... h of x = (a u + b v + c) / (g u + h v + 1), y = (d u + e v + f) / (g u + h v + 1)

    The map takes the four endpoints (u, v) to the startpoints (x, y).
    ValueError: not four of each
    """
    if len(startpoints) != 4 or len(endpoints) != 4:
        raise ValueError(
            "Please provide exactly four corners, got "
            f"{len(startpoints)} startpoints and {len(endpoints)} endpoints."
        )
    rows, values = [], []
    for (u, v), (x, y) in zip(endpoints, startpoints, strict=True):
        rows.append([u, v, 1, 0, 0, 0, -x * u, -x * v])
        rows.append([0, 0, 0, u, v, 1, -y * u, -y * v])
        values += [x, y]
    q, r = np.linalg.qr(np.array(rows, float))
    solution = np.linalg.solve(r, q.T @ np.array(values, float))
    return solution.astype(np.float32).tolist()


def perspective(
    img: Any,
    startpoints: Sequence[Sequence[int]],
    endpoints: Sequence[Sequence[int]],
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    fill: Any = None,
) -> Any:
    """The image seen from elsewhere: four points (x, y) go to four others.

    interpolation  bilinear by default; tensors: nearest or bilinear
    fill           for what is not seen, one number or one per channel
    """
    c = perspective_coefficients(startpoints, endpoints)
    if pil.is_image(img):
        return pil.perspective(img, c, mode_of(interpolation), fill)
    x = pixels(img)
    height, width = x.shape[-2:]
    mode = tensor_mode(interpolation, "nearest", "bilinear")
    return wrap(array.warp_to(x, *perspective_places(c, height, width), mode, channel_fill(fill)))


def perspective_places(c: Sequence[float], height: int, width: int) -> tuple[Any, Any]:
    """(row, column) of the input for each pixel of the output, see array.warp_to."""
    f32 = np.float32
    half = [f32(0.5 * width)] * 3 + [f32(0.5 * height)] * 3 + [f32(1)] * 2
    a = [f32(value) / h for value, h in zip(c, half, strict=True)]
    u = np.arange(width, dtype=f32) + f32(0.5)
    v = (np.arange(height, dtype=f32) + f32(0.5))[:, None]
    below = u * a[6] + v * a[7] + f32(1)
    column = (u * a[0] + v * a[1] + a[2]) / below - f32(1)  # in half sizes from the middle
    row = (u * a[3] + v * a[4] + a[5]) / below - f32(1)
    return row, column


def elastic_transform(
    img: Any,
    displacement: Any,
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    fill: Any = None,
) -> Any:
    """Each pixel taken from elsewhere: displacement (1, H, W, 2), (x, y) in half sizes.

    TypeError, ValueError: no tensor, another shape
    """
    if not isinstance(displacement, Tensor):
        raise TypeError("Argument displacement should be a Tensor")
    height, width = (img.height, img.width) if pil.is_image(img) else pixels(img).shape[-2:]
    if tuple(displacement.shape) != (1, height, width, 2):
        raise ValueError(
            f"Argument displacement shape should be {(1, height, width, 2)}, but given "
            f"{tuple(displacement.shape)}"
        )
    if pil.is_image(img):
        mode = img.mode
        bent = elastic_transform(pil_to_tensor(img), displacement, interpolation, fill)
        return to_pil_image(bent, mode=mode)
    kind = tensor_mode(interpolation, "nearest", "bilinear")
    row, column = elastic_places(displacement.numpy()[0], height, width)
    return wrap(array.warp_to(pixels(img), row, column, kind, channel_fill(fill)))


def elastic_places(displacement: np.ndarray, height: int, width: int) -> tuple[Any, Any]:
    """(row, column) of the input for each pixel of the output, see array.warp_to."""
    d = displacement.astype(np.float32, copy=False)
    x = np.linspace((1 - width) / width, (width - 1) / width, width, dtype=np.float32)
    y = np.linspace((1 - height) / height, (height - 1) / height, height, dtype=np.float32)
    return y[:, None] + d[..., 1], x + d[..., 0]
