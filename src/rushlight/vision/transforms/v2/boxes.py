"""What transforms do to boxes and points: arrays in, arrays out.

p (N, 2) points as (x, y); b (N, 4) boxes as corners (x1, y1, x2, y2); N any number, 0 too. Each
function of geometry returns its result and the new canvas (height, width).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..array import inverse_affine

__all__ = ["convert", "moved_boxes"]

Canvas = tuple[int, int]
_F32 = np.float32


# ---------------------------------------------------------------- formats


def to_corners(b: np.ndarray, format: str) -> np.ndarray:
    """(N, 4) of a format as corners."""
    if format == "XYXY":
        return b.copy()
    x, y, w, h = b.T
    if format == "CXCYWH":
        x, y = x - _half(w, True), y - _half(h, True)  # whole numbers: the larger half
    return np.stack([x, y, x + w, y + h], 1).astype(b.dtype, copy=False)


def from_corners(b: np.ndarray, format: str) -> np.ndarray:
    """Corners (N, 4) in another format."""
    if format == "XYXY":
        return b
    x1, y1, x2, y2 = b.T
    w, h = x2 - x1, y2 - y1
    if format == "CXCYWH":
        x1, y1 = _half(x1 + x2, False), _half(y1 + y2, False)
    return np.stack([x1, y1, w, h], 1).astype(b.dtype, copy=False)


def _half(x: np.ndarray, up: bool) -> np.ndarray:
    if x.dtype.kind == "f":
        return x * x.dtype.type(0.5)
    return (x + 1) // 2 if up else x // 2


def convert(b: np.ndarray, old: str, new: str) -> np.ndarray:
    """From one format to another.

    NotImplementedError: boxes that are turned
    """
    for name in (old, new):
        check_format(name)
    return b.copy() if old == new else from_corners(to_corners(b, old), new)


def check_format(name: str) -> None:
    """NotImplementedError: boxes of this format may be turned."""
    if name not in ("XYXY", "XYWH", "CXCYWH"):
        raise NotImplementedError(
            f"boxes of format {name} are not supported in transforms\n  fix: XYXY, XYWH or CXCYWH"
        )


def clamp(b: np.ndarray, canvas: Canvas) -> np.ndarray:
    """Corners inside of the canvas."""
    height, width = canvas
    b = b.copy()
    b[:, 0::2] = np.clip(b[:, 0::2], 0, width)
    b[:, 1::2] = np.clip(b[:, 1::2], 0, height)
    return b


def clamp_points(p: np.ndarray, canvas: Canvas) -> np.ndarray:
    """Points inside of the canvas."""
    limits = np.array([canvas[1] - 1, canvas[0] - 1], p.dtype)
    return np.clip(p, 0, limits)


# ---------------------------------------------------------------- geometry of points


def flip(p: np.ndarray, canvas: Canvas, axis: int) -> np.ndarray:
    """x (axis 0) or y (axis 1) from the other side; of points, the last pixel is the first."""
    p = p.copy()
    p[..., axis] = canvas[1 - axis] - p[..., axis]
    return p


def scale(p: np.ndarray, old: Canvas, new: Canvas) -> np.ndarray:
    """Points of a canvas on another."""
    ratios = np.array([new[1] / old[1], new[0] / old[0]], _F32)
    return (p if p.dtype.kind == "f" else p.astype(_F32)) * ratios


def affine(
    p: np.ndarray,
    canvas: Canvas,
    angle: float,
    translate: Sequence[float],
    zoom: float,
    shear: Sequence[float],
    center: Sequence[float] | None,
    expand: bool = False,
) -> tuple[np.ndarray, Canvas]:
    """The points (N, 2) after `functional.affine`; expand: on a canvas that holds all of it."""
    height, width = canvas
    middle = [width * 0.5, height * 0.5] if center is None else list(center)
    back = inverse_affine(tuple(middle), angle, tuple(translate), zoom, tuple(shear))  # type: ignore[arg-type]
    there = np.linalg.inv(np.array([*back, 0.0, 0.0, 1.0]).reshape(3, 3)).astype(_F32)[:2]
    moved = p @ there[:, :2].T + there[:, 2]
    if expand:
        corners = np.array([[0, 0], [0, height], [width, height], [width, 0]], _F32)
        low = (corners @ there[:, :2].T + there[:, 2]).min(0)
        moved = moved - low
        canvas = turned_size(there, height, width)
    return moved, canvas


def turned_size(there: np.ndarray, height: int, width: int) -> Canvas:
    """The canvas of the boxes, as torchvision computes it: the map moves it by parts of a pixel."""
    corners = np.array([[-width, -height], [-width, height], [width, height], [width, -height]])
    places = corners / 2 @ there[:, :2].T + there[:, 2] + np.array([width, height]) / 2
    places = np.trunc(places / 1e-4) * 1e-4
    extent = np.ceil(places.max(0)) - np.floor(places.min(0))
    return int(extent[1]), int(extent[0])


def perspective(p: np.ndarray, coefficients: Sequence[float]) -> np.ndarray:
    """The points after `functional.perspective`, whose map of places goes the other way."""
    a, b, c, d, e, f, g, h = coefficients
    inverse = np.linalg.inv(np.array([[a, b, c], [d, e, f], [g, h, 1.0]]))
    inverse = (inverse / inverse[2, 2]).astype(_F32)
    places = p @ inverse[:, :2].T + inverse[:, 2]
    return places[:, :2] / places[:, 2:]


def elastic(p: np.ndarray, canvas: Canvas, displacement: np.ndarray) -> np.ndarray:
    """The points after `functional.elastic_transform`, nearly: where the pixels' moves lead to."""
    height, width = canvas
    d = displacement.reshape(height, width, 2).astype(_F32)
    x = np.linspace((1 - width) / width, (width - 1) / width, width, dtype=_F32)
    y = np.linspace((1 - height) / height, (height - 1) / height, height, dtype=_F32)
    grid = np.stack(np.broadcast_arrays(x, y[:, None]), -1) - d
    column = np.ceil(p[:, 0]).astype(np.int64).clip(0, width - 1)
    row = np.ceil(p[:, 1]).astype(np.int64).clip(0, height - 1)
    return (grid[row, column] + 1) * (0.5 * np.array([width, height], _F32)) - _F32(0.5)


def box_points(b: np.ndarray) -> np.ndarray:
    """Corners (N, 4) -> all four corners of each, (4 N, 2)"""
    return b[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 2)


def boxes_around(p: np.ndarray) -> np.ndarray:
    """(4 N, 2) -> the corners (N, 4) of the boxes around each four points"""
    p = p.reshape(-1, 4, 2)
    return np.concatenate([p.min(1), p.max(1)], 1)


def moved_boxes(b: np.ndarray, move: Any) -> Any:
    """Corners (N, 4) of the boxes around `move(points)`, which gives points and a canvas."""
    points, canvas = move(box_points(b.astype(_F32, copy=False) if b.dtype.kind != "f" else b))
    return boxes_around(points), canvas
