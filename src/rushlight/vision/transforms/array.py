"""Image operations on arrays: x (*, C, H, W), any number of leading dimensions, dtype kept.

Arithmetic on whole numbers goes through float32 and is rounded (resize, rotate, blur) or cut off
(colours), as torchvision does on tensors.
"""

from __future__ import annotations

import math

import numpy as np

from ...core.tensor import wrap
from ...dispatch.registry import FUNCTIONAL

__all__ = [
    "adjust_hue",
    "blend",
    "gaussian_blur",
    "grayscale",
    "max_value",
    "pad",
    "resize",
    "warp",
    "warp_to",
]

_F32 = np.float32
_GRAY = (0.2989, 0.587, 0.114)


def max_value(kind: np.dtype) -> float:
    """White: the largest whole number of the dtype, 1 for floats and bool."""
    return float(np.iinfo(kind).max) if kind.kind in "iu" else 1.0


def _as_float(x: np.ndarray) -> np.ndarray:
    return x if x.dtype.kind == "f" and x.dtype.itemsize >= 4 else x.astype(_F32)


def _back(y: np.ndarray, kind: np.dtype) -> np.ndarray:
    """Round to whole numbers where the dtype is one of these."""
    if kind.kind in "iu":
        limits = np.iinfo(kind)
        y = np.clip(np.rint(y), limits.min, limits.max)
    return y.astype(kind, copy=False)


# ---------------------------------------------------------------- resize


def resize(x: np.ndarray, height: int, width: int, mode: str, antialias: bool) -> np.ndarray:
    """(*, H, W) -> (*, height, width); mode "nearest", "nearest-exact", "bilinear" or "bicubic".

    As F.interpolate; with `antialias` the filter is stretched when the image shrinks, as in Pillow.
    """
    if mode in ("nearest", "nearest-exact"):
        rows = _nearest(x.shape[-2], height, mode)
        columns = _nearest(x.shape[-1], width, mode)
        return x[..., rows[:, None], columns]
    y = _as_float(x).reshape(-1, 1, *x.shape[-2:])
    options = {"mode": mode, "align_corners": False, "antialias": antialias}
    found = FUNCTIONAL["interpolate"](wrap(y), [height, width], **options).numpy()
    return _back(found.reshape(*x.shape[:-2], height, width), x.dtype)


def _nearest(n: int, m: int, mode: str) -> np.ndarray:
    middle = 0.5 if mode == "nearest-exact" else 0.0
    places = np.floor((np.arange(m, dtype=_F32) + _F32(middle)) * _F32(n / m))
    return np.minimum(places.astype(np.int64), n - 1)


# ---------------------------------------------------------------- geometry


def pad(x: np.ndarray, sides: tuple[int, int, int, int], fill: float, mode: str) -> np.ndarray:
    """sides: left, top, right, bottom; negative ones cut. mode: constant or one of np.pad's."""
    left, top, right, bottom = sides
    height, width = x.shape[-2:]
    x = x[..., max(-top, 0) : height - max(-bottom, 0), max(-left, 0) : width - max(-right, 0)]
    around = [(0, 0)] * (x.ndim - 2)
    around += [(max(top, 0), max(bottom, 0)), (max(left, 0), max(right, 0))]
    if mode == "constant":
        return np.pad(x, around, constant_values=fill)
    return np.pad(x, around, mode=mode)


def warp(
    x: np.ndarray,
    matrix: list[float],
    size: tuple[int, int],
    mode: str,
    fill: list[float] | None,
) -> np.ndarray:
    """The image under an affine map, (*, C, H, W) -> (*, C, *size).

    `matrix` takes an output place to an input place, both counted from the middle of the image:
    x = m0 u + m1 v + m2, y = m3 u + m4 v + m5. Outside of the input there is `fill`, by channel.
    """
    height, width = x.shape[-2:]
    # in half sizes from the middle, as torchvision computes them: what lies between two pixels
    # goes to the same one
    half = [_F32(0.5 * width)] * 3 + [_F32(0.5 * height)] * 3
    m = [_F32(value) / h for value, h in zip(matrix, half, strict=True)]
    u = np.arange(size[1], dtype=_F32) - _F32(size[1] * 0.5 - 0.5)
    v = (np.arange(size[0], dtype=_F32) - _F32(size[0] * 0.5 - 0.5))[:, None]
    return warp_to(x, u * m[3] + v * m[4] + m[5], u * m[0] + v * m[1] + m[2], mode, fill)


def warp_to(
    x: np.ndarray, row: np.ndarray, column: np.ndarray, mode: str, fill: list[float] | None
) -> np.ndarray:
    """(*, C, H, W) -> (*, C, h, w): what the image is at these places (h, w), between pixels too.

    row, column  from -1 to 1: from one border to the other;  fill  outside of the image, by channel
    """
    height, width = x.shape[-2:]
    if mode == "nearest":
        row = ((row + 1) * _F32(height) - 1) / 2
        column = ((column + 1) * _F32(width) - 1) / 2
        y, covered = _at(x, np.rint(row).astype(int), np.rint(column).astype(int))
        cover = covered.astype(_F32)
    else:
        source = _as_float(x)
        planes = source.reshape(1, -1, height, width)
        if fill is not None:  # what of each pixel is the image
            planes = np.concatenate([planes, np.ones((1, 1, height, width), planes.dtype)], 1)
        places = np.stack(np.broadcast_arrays(column, row), -1)[None].astype(
            planes.dtype, copy=False
        )
        sample = FUNCTIONAL["grid_sample"]
        found = sample(wrap(planes), wrap(places), mode="bilinear", align_corners=False).numpy()[0]
        y = found[: len(found) - (fill is not None)].reshape(*x.shape[:-2], *found.shape[-2:])
        cover = found[-1]
    if fill is not None:
        channels = x.shape[-3]
        if len(fill) not in (1, channels):
            raise ValueError(
                "The number of elements in 'fill' cannot broadcast to match the number of channels "
                f"of the image ({len(fill)} > {channels})"
            )
        paint = np.asarray(fill, _F32).reshape(-1, 1, 1)
        nearest = mode == "nearest"
        # as torchvision does: at the border the image is weighted by its cover twice
        y = np.where(cover < 0.5, paint, y) if nearest else y * cover + (1 - cover) * paint
    return _back(y, x.dtype)


def _at(x: np.ndarray, row: np.ndarray, column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x[..., row, column], zero where that is outside, and whether it is inside."""
    height, width = x.shape[-2:]
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    values = x[..., np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
    return values * inside, inside


def gaussian_blur(x: np.ndarray, size: tuple[int, int], sigma: tuple[float, float]) -> np.ndarray:
    """Means weighted by a Gaussian, of `size` (width, height) pixels; the border is reflected."""
    y = _as_float(x)
    sides = (size[0] // 2, size[1] // 2, size[0] // 2, size[1] // 2)
    y = pad(y, sides, 0, "reflect")
    for axis, length, width in ((-1, size[0], sigma[0]), (-2, size[1], sigma[1])):
        place = np.arange(length) - (length - 1) / 2
        weights = np.exp(-0.5 * (place / width) ** 2)
        weights = (weights / weights.sum()).astype(y.dtype)
        n = y.shape[axis] - length + 1
        shifted = (np.take(y, range(i, i + n), axis) * w for i, w in enumerate(weights))
        y = sum(shifted)
    return _back(y, x.dtype)


# ---------------------------------------------------------------- colours


def grayscale(x: np.ndarray, channels: int) -> np.ndarray:
    """0.2989 red + 0.587 green + 0.114 blue: (*, 3, H, W) -> (*, channels, H, W)"""
    red, green, blue = x[..., 0, :, :], x[..., 1, :, :], x[..., 2, :, :]
    # Weighted as Python numbers: float32 for whole numbers too.
    kind = x.dtype.type if x.dtype.kind == "f" else _F32
    gray = kind(_GRAY[0]) * red + kind(_GRAY[1]) * green + kind(_GRAY[2]) * blue
    gray = gray.astype(x.dtype)[..., None, :, :]
    return np.repeat(gray, channels, -3)


def blend(x: np.ndarray, other: np.ndarray | float, ratio: float) -> np.ndarray:
    """ratio · x + (1 - ratio) · other, clipped to the range of images."""
    kind = x.dtype.type if x.dtype.kind == "f" else _F32
    y = kind(ratio) * x + kind(1.0 - ratio) * other
    return np.clip(y, 0, max_value(x.dtype)).astype(x.dtype)


def adjust_hue(x: np.ndarray, factor: float) -> np.ndarray:
    """(*, 3, H, W): every colour's hue moved by `factor` of the circle."""
    white = max_value(x.dtype)
    rgb = _as_float(x) / _F32(white)
    red, green, blue = rgb[..., 0, :, :], rgb[..., 1, :, :], rgb[..., 2, :, :]
    high, low = rgb.max(-3), rgb.min(-3)
    span = high - low
    safe = np.where(span == 0, 1, span)
    # Which third of the circle: from the channel that is largest.
    hue = np.select(
        [high == red, high == green],
        [(green - blue) / safe, 2 + (blue - red) / safe],
        4 + (red - green) / safe,
    )
    hue = (hue / 6 + factor) % 1.0 * 6
    sextant = np.floor(hue)
    rest = hue - sextant
    saturation = span / np.where(high == 0, 1, high)
    p = high * (1 - saturation)
    q = high * (1 - saturation * rest)
    t = high * (1 - saturation * (1 - rest))
    sextant = sextant.astype(int) % 6
    order = ((high, t, p), (q, high, p), (p, high, t), (p, q, high), (t, p, high), (high, p, q))
    parts = [np.choose(sextant, [colours[c] for colours in order]) for c in range(3)]
    y = np.clip(np.stack(parts, -3), 0, 1)
    if x.dtype.kind == "f":
        return y.astype(x.dtype)
    return (y * (white + 1.0 - 1e-3)).astype(x.dtype)


def inverse_affine(
    center: tuple[float, float],
    angle: float,
    translate: tuple[float, float],
    scale: float,
    shear: tuple[float, float],
) -> list[float]:
    """The matrix that takes an output place to its input place (m0..m5, see `warp`).

    The map is T(translate) C R(angle) Shear(shear) Scale(scale) C⁻¹, with C the move to `center`;
    angles in degrees.
    """
    turn, lean_x, lean_y = (math.radians(value) for value in (angle, *shear))
    a = math.cos(turn - lean_y) / math.cos(lean_y)
    b = -a * math.tan(lean_x) - math.sin(turn)
    c = math.sin(turn - lean_y) / math.cos(lean_y)
    d = -c * math.tan(lean_x) + math.cos(turn)
    # The inverse of [[a, b], [c, d]], whose determinant is 1.
    m0, m1, m3, m4 = d / scale, -b / scale, -c / scale, a / scale
    dx, dy = -center[0] - translate[0], -center[1] - translate[1]
    return [m0, m1, m0 * dx + m1 * dy + center[0], m3, m4, m3 * dx + m4 * dy + center[1]]
