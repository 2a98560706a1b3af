"""Boxes, masks, points and flow on images: public in `utils`.

Images are tensors (C, H, W), uint8 or floats from 0 to 1; N objects. Pillow draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.notices import warn
from ..core.tensor import Tensor, wrap
from .transforms.pil import image_module

__all__ = ["draw_bounding_boxes", "draw_keypoints", "draw_segmentation_masks", "flow_to_image"]


def _image(image: Any) -> np.ndarray:
    """The pixels, checked: (C, H, W)"""
    if not isinstance(image, Tensor):
        raise TypeError(f"Tensor expected, got {type(image)}")
    x = image.detach().numpy()
    if not (x.dtype == np.uint8 or x.dtype.kind == "f"):
        raise ValueError(f"The image dtype must be uint8 or float, got {image.dtype}")
    if x.ndim != 3:
        raise ValueError("Pass individual images, not batches")
    if x.shape[0] not in (1, 3):
        raise ValueError("Only grayscale and RGB images are supported")
    return x


def _bytes(x: np.ndarray) -> np.ndarray:
    """uint8 (3, H, W)"""
    x = np.repeat(x, 3, 0) if x.shape[0] == 1 else x
    if x.dtype == np.uint8:
        return x
    return (x * x.dtype.type(255.0 + 1.0 - 1e-3)).astype(np.uint8)


def _back(pixels: np.ndarray, kind: np.dtype) -> Tensor:
    """(H, W, 3) of uint8 as (3, H, W) of the image's dtype"""
    y = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    return wrap(y if kind == np.uint8 else y.astype(kind) / kind.type(255))


def palette(n: int) -> list[tuple[int, int, int]]:
    """n colors that differ."""
    steps = (2**25 - 1, 2**15 - 1, 2**21 - 1)
    return [tuple(i * s % 255 for s in steps) for i in range(n)]  # type: ignore[misc]


def parse_colors(colors: Any, n: int, filler: Any = None) -> list[tuple]:
    """One color for each of n objects, as (r, g, b): a name or a tuple for all, or a list.

    ValueError: fewer colors than objects
    """
    from PIL import ImageColor

    if colors is None:
        colors = palette(n) if filler is None else [filler] * n
    elif isinstance(colors, list):
        if len(colors) < n:
            raise ValueError(
                f"Number of colors must be equal or larger than the number of objects, but got "
                f"{len(colors)} < {n}."
            )
    elif not isinstance(colors, (tuple, str)):
        raise ValueError(
            f"colors must be a tuple or a string, or a list thereof, but got {colors}."
        )
    elif isinstance(colors, tuple) and len(colors) != 3:
        raise ValueError(f"If passed as tuple, colors should be an RGB triplet, but got {colors}.")
    else:
        colors = [colors] * n
    return [ImageColor.getrgb(c) if isinstance(c, str) else c for c in colors]


def draw_bounding_boxes(
    image: Tensor,
    boxes: Tensor,
    labels: list[str] | None = None,
    colors: Any = None,
    fill: bool | None = False,
    width: int = 1,
    font: str | None = None,
    font_size: int | None = None,
    label_colors: Any = None,
    label_background_colors: Any = None,
    fill_labels: bool = False,
) -> Tensor:
    """Boxes (N, 4), as corners, on an image.

    labels  a text for each;  colors  see torchvision.utils;  fill  half transparent
    font    the file of a TrueType font
    ValueError: a box whose corners are exchanged, as many labels as boxes
    """
    x = _image(image)
    corners = boxes.detach().numpy()
    if corners.size and ((corners[:, 0] > corners[:, 2]) | (corners[:, 1] > corners[:, 3])).any():
        raise ValueError(
            "Boxes need to be in (xmin, ymin, xmax, ymax) format. Use torchvision.ops.box_convert "
            "to convert them"
        )
    n = len(corners)
    if n == 0:
        warn("boxes doesn't contain any box. No box was drawn")
        return image
    if labels is None:
        texts: Sequence = [None] * n
    elif len(labels) != n:
        raise ValueError(
            f"Number of boxes ({n}) and labels ({len(labels)}) mismatch. Please specify labels for "
            "each box."
        )
    else:
        texts = labels
    from PIL import ImageDraw, ImageFont

    lines = parse_colors(colors, n)
    writing = parse_colors(label_colors, n) if label_colors else list(lines)
    ground = parse_colors(label_background_colors, n) if label_background_colors else list(lines)
    if font is None:
        if font_size is not None:
            warn("Argument 'font_size' will be ignored since 'font' is not set.")
        letters: Any = ImageFont.load_default()
    else:
        letters = ImageFont.truetype(font=font, size=font_size or 10)
    picture = image_module().fromarray(np.ascontiguousarray(_bytes(x).transpose(1, 2, 0)))
    draw = ImageDraw.Draw(picture, "RGBA") if fill else ImageDraw.Draw(picture)
    whole = corners.astype(np.int64).tolist()
    for box, line, text, ink, paper in zip(whole, lines, texts, writing, ground, strict=False):
        inside = (*line, 100) if fill else None
        draw.rectangle(box, width=width, outline=line, fill=inside)
        if text is None:
            continue
        margin = width + 1
        place = (box[0] + margin, box[1] + margin)
        if fill_labels:
            around = draw.textbbox(place, text, font=letters)
            draw.rectangle((around[0] - 1, around[1] - 1, around[2] + 1, around[3] + 1), fill=paper)
        draw.text(place, text, fill=ink, font=letters)
    return _back(np.array(picture), x.dtype)


def draw_segmentation_masks(
    image: Tensor, masks: Tensor, alpha: float = 0.8, colors: Any = None
) -> Tensor:
    """Masks, bool (N, H, W) or (H, W), on an RGB image: alpha 1 hides what is under them; where
    they overlap it is black.

    TypeError, ValueError: no bool, another size
    """
    if not isinstance(image, Tensor):
        raise TypeError(f"The image must be a tensor, got {type(image)}")
    x = image.detach().numpy()
    if not (x.dtype == np.uint8 or x.dtype.kind == "f"):
        raise ValueError(f"The image dtype must be uint8 or float, got {image.dtype}")
    if x.ndim != 3:
        raise ValueError("Pass individual images, not batches")
    if x.shape[0] != 3:
        raise ValueError("Pass an RGB image. Other Image formats are not supported")
    m = masks.detach().numpy()
    m = m[None] if m.ndim == 2 else m
    if m.ndim != 3:
        raise ValueError("masks must be of shape (H, W) or (batch_size, H, W)")
    if m.dtype != np.bool_:
        raise ValueError(f"The masks must be of dtype bool. Got {masks.dtype}")
    if m.shape[-2:] != x.shape[-2:]:
        raise ValueError("The image and the masks must have the same height and width")
    if len(m) == 0:
        warn("masks doesn't contain any mask. No mask was drawn")
        return image
    painted = x.copy()
    for mask, color in zip(m, parse_colors(colors, len(m)), strict=False):
        ink = np.array(color, x.dtype)
        painted[:, mask] = (ink if x.dtype == np.uint8 else ink / x.dtype.type(255))[:, None]
    painted[:, m.sum(0) > 1] = 0  # where masks overlap: black, as in torchvision
    kind = np.float32 if x.dtype == np.uint8 else x.dtype.type
    found = x * kind(1 - alpha) + painted * kind(alpha)
    found = np.where(m.any(0), found, x)
    return wrap(found.astype(x.dtype))


def draw_keypoints(
    image: Tensor,
    keypoints: Tensor,
    connectivity: list[tuple[int, int]] | None = None,
    colors: Any = None,
    radius: int = 2,
    width: int = 3,
    visibility: Tensor | None = None,
) -> Tensor:
    """Points (N, K, 2) as (x, y), and lines between those of `connectivity`, on an RGB image.

    colors      of the points; without one only the lines are drawn, as in torchvision
    visibility  bool (N, K): False is not drawn
    """
    if not isinstance(image, Tensor):
        raise TypeError(f"The image must be a tensor, got {type(image)}")
    x = image.detach().numpy()
    if not (x.dtype == np.uint8 or x.dtype.kind == "f"):
        raise ValueError(f"The image dtype must be uint8 or float, got {image.dtype}")
    if x.ndim != 3:
        raise ValueError("Pass individual images, not batches")
    if x.shape[0] != 3:
        raise ValueError("Pass an RGB image. Other Image formats are not supported")
    points = keypoints.detach().numpy()
    if points.ndim != 3:
        raise ValueError("keypoints must be of shape (num_instances, K, 2)")
    if visibility is None:
        seen = np.ones(points.shape[:2], bool)
    else:
        seen = visibility.detach().numpy().astype(bool)
        seen = seen.reshape(points.shape[:2]) if seen.ndim == 3 else seen
    if seen.shape != points.shape[:2]:
        raise ValueError(
            "keypoints and visibility must have the same dimensionality for num_instances and K. "
            f"Got visibility.shape = {tuple(seen.shape)} and keypoints.shape = {points.shape}"
        )
    from PIL import ImageDraw

    picture = image_module().fromarray(np.ascontiguousarray(_bytes(x).transpose(1, 2, 0)))
    draw = ImageDraw.Draw(picture)
    for person, shown in zip(points.astype(np.int64).tolist(), seen, strict=True):
        for (a, b), there in zip(person, shown, strict=True):
            if there:
                draw.ellipse([a - radius, b - radius, a + radius, b + radius], fill=colors, width=0)
        for first, second in connectivity or ():
            if shown[first] and shown[second]:
                ends = (*person[first], *person[second])
                draw.line(ends, width=width)  # white, as torchvision's
    return _back(np.array(picture), x.dtype)


def flow_to_image(flow: Tensor) -> Tensor:
    """Optical flow (N, 2, H, W) or (2, H, W), float32, as colors: uint8 (N, 3, H, W), (3, H, W).

    The hue is the direction, the saturation the length: Baker et al. 2011,
    doi:10.1007/s11263-010-0390-2.
    """
    f = flow.detach().numpy()
    if f.dtype != np.float32:
        raise ValueError(f"Flow should be of dtype torch.float, got {flow.dtype}.")
    single = f.ndim == 3
    f = f[None] if single else f
    if f.ndim != 4 or f.shape[1] != 2:
        raise ValueError(
            f"Input flow should have shape (2, H, W) or (N, 2, H, W), got {flow.shape}."
        )
    longest = np.sqrt((f**2).sum(1)).max()
    u, v = (f / (longest + np.finfo(np.float32).eps)).transpose(1, 0, 2, 3)
    length = np.sqrt(u * u + v * v)
    wheel = _wheel()
    n = len(wheel)
    angle = np.arctan2(-v, -u) / np.float32(np.pi)
    place = (angle + 1) / 2 * (n - 1)
    low = np.floor(place).astype(np.int64)
    high = np.where(low + 1 == n, 0, low + 1)
    rest = place - low
    out = np.zeros((len(f), 3, *f.shape[2:]), np.uint8)
    for c in range(3):
        colors = wheel[:, c] / np.float32(255)
        mixed = (1 - rest) * colors[low] + rest * colors[high]
        out[:, c] = np.floor(255 * (1 - length * (1 - mixed)))
    return wrap(out[0] if single else out)


def _wheel() -> np.ndarray:
    """(55, 3): red, yellow, green, cyan, blue, magenta, and back, in uneven steps."""
    steps = (15, 6, 4, 11, 13, 6)
    wheel = np.zeros((sum(steps), 3), np.float32)
    at = 0
    for i, n in enumerate(steps):
        full, moving = ((0, 1), (1, 0), (1, 2), (2, 1), (2, 0), (0, 2))[i]
        ramp = np.floor(255 * np.arange(n, dtype=np.float32) / n)
        wheel[at : at + n, full] = 255
        wheel[at : at + n, moving] = ramp if i % 2 == 0 else 255 - ramp
        at += n
    # going down it is the color before that falls
    return wheel
