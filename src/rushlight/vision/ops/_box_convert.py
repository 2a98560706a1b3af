"""Formats of boxes, upright and rotated, from one to another.

A rotated box has a corner (x, y) or a centre (cx, cy), a width, a height and an angle r in degrees,
counter-clockwise; y points down. Its sides are w (cos r, -sin r) and h (sin r, cos r).
"""

from __future__ import annotations

from ...core.tensor import Tensor
from .. import functions as T

__all__: list[str] = []


def _box_cxcywh_to_xyxy(boxes: Tensor) -> Tensor:
    x, y, w, h = boxes.unbind(-1)
    return T.stack((x - 0.5 * w, y - 0.5 * h, x + 0.5 * w, y + 0.5 * h), dim=-1)


def _box_xyxy_to_cxcywh(boxes: Tensor) -> Tensor:
    x1, y1, x2, y2 = boxes.unbind(-1)
    return T.stack(((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1), dim=-1)


def _box_xywh_to_xyxy(boxes: Tensor) -> Tensor:
    x, y, w, h = boxes.unbind(-1)
    return T.stack((x, y, x + w, y + h), dim=-1)


def _box_xyxy_to_xywh(boxes: Tensor) -> Tensor:
    x1, y1, x2, y2 = boxes.unbind(-1)
    return T.stack((x1, y1, x2 - x1, y2 - y1), dim=-1)


def _parts(boxes: Tensor) -> tuple[Tensor, ...]:
    """x, y, w, h, r in degrees, cos r, sin r"""
    x, y, w, h, r = boxes.unbind(-1)
    angle = T.deg2rad(r)
    return x, y, w, h, r, T.cos(angle), T.sin(angle)


def _box_cxcywhr_to_xywhr(boxes: Tensor) -> Tensor:
    x, y, w, h, r, cos, sin = _parts(boxes)
    return T.stack((x - w / 2 * cos - h / 2 * sin, y - h / 2 * cos + w / 2 * sin, w, h, r), dim=-1)


def _box_xywhr_to_cxcywhr(boxes: Tensor) -> Tensor:
    x, y, w, h, r, cos, sin = _parts(boxes)
    return T.stack((x + w / 2 * cos + h / 2 * sin, y - w / 2 * sin + h / 2 * cos, w, h, r), dim=-1)


def _box_xywhr_to_xyxyxyxy(boxes: Tensor) -> Tensor:
    x, y, w, h, _, cos, sin = _parts(boxes)
    corners = (
        x,
        y,
        x + w * cos,
        y - w * sin,
        x + w * cos + h * sin,
        y + h * cos - w * sin,
        x + h * sin,
        y + h * cos,
    )
    return T.stack(corners, dim=-1)


def _box_xyxyxyxy_to_xywhr(boxes: Tensor) -> Tensor:
    x1, y1, x2, y2, x3, y3 = boxes.unbind(-1)[:6]
    r = T.rad2deg(T.atan2(y1 - y2, x2 - x1))
    w = ((x2 - x1).square() + (y1 - y2).square()).sqrt()
    h = ((x3 - x2).square() + (y3 - y2).square()).sqrt()
    return T.stack((x1, y1, w, h, r), dim=-1)
