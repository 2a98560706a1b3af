"""Pictures for summaries: from tensors of any layout to PNG.

Letters: N pictures, H height, W width, C channels.
"""

from __future__ import annotations

import math
import struct
import zlib
from typing import Any

import numpy as np


def encode_png(pixels: np.ndarray) -> bytes:
    """pixels (H, W, C) of uint8, C = 1, 2, 3 or 4, as a PNG file; RFC 2083."""
    h, w, c = pixels.shape
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[c]
    lines = np.zeros((h, 1 + w * c), np.uint8)  # each line begins with its filter: none
    lines[:, 1:] = pixels.reshape(h, w * c)

    def piece(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    head = struct.pack(">IIBBBBB", w, h, 8, kind, 0, 0, 0)
    data = zlib.compress(lines.tobytes(), 6)
    return b"\x89PNG\r\n\x1a\n" + piece(b"IHDR", head) + piece(b"IDAT", data) + piece(b"IEND", b"")


def grid(pictures: np.ndarray, columns: int = 8) -> np.ndarray:
    """(N, C, H, W) -> (C, rows H, columns W), three channels at least, black where none is."""
    if pictures.shape[1] == 1:
        pictures = np.concatenate([pictures] * 3, 1)
    n, c, h, w = pictures.shape
    columns = min(n, columns)
    rows = -(-n // columns)
    canvas = np.zeros((c, h * rows, w * columns), pictures.dtype)
    for i, picture in enumerate(pictures):
        y, x = i // columns * h, i % columns * w
        canvas[:, y : y + h, x : x + w] = picture
    return canvas


def convert_to_HWC(array: np.ndarray, dataformats: str) -> np.ndarray:
    """Any order of the letters N, H, W, C -> (H, W, C); several pictures as a grid.

    AssertionError: letters that repeat, or of which there are not as many as dimensions
    """
    if len(set(dataformats)) != len(dataformats):
        raise AssertionError(
            f"You can not use the same dimension shordhand twice.         input_format: "
            f"{dataformats}"
        )
    if array.ndim != len(dataformats):
        raise AssertionError(
            "size of input tensor and input format are different.         tensor shape: "
            f"{array.shape}, input_format: {dataformats}"
        )
    letters = dataformats.upper()
    if len(letters) == 4:
        return grid(array.transpose([letters.find(d) for d in "NCHW"])).transpose(1, 2, 0)
    if len(letters) == 3:
        array = array.transpose([letters.find(d) for d in "HWC"])
        return np.concatenate([array] * 3, 2) if array.shape[2] == 1 else array
    array = array.transpose([letters.find(d) for d in "HW"])
    return np.stack([array] * 3, 2)


def to_pixels(array: np.ndarray, dataformats: str) -> np.ndarray:
    """(H, W, C) of uint8: floats from 0 to 1 become 0 to 255, uint8 stays."""
    scale = 1 if array.dtype == np.uint8 else 255
    values = convert_to_HWC(array, dataformats).astype(np.float32) * scale
    return values.clip(0, 255).astype(np.uint8)


def with_boxes(pixels: np.ndarray, boxes: np.ndarray, labels: Any, rescale: float) -> np.ndarray:
    """Red rectangles (x1, y1, x2, y2), and their labels, on a picture; needs Pillow."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.fromarray(np.ascontiguousarray(pixels))
    h, w = pixels.shape[:2]
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default()
    for i, (left, top, right, bottom) in enumerate(boxes.tolist()):
        corners = [(left, top), (left, bottom), (right, bottom), (right, top), (left, top)]
        draw.line(corners, width=2, fill="Red")
        if labels is not None:
            x0, y0, x1, y1 = font.getbbox(labels[i])
            wide, high = x1 - x0, y1 - y0
            margin = math.ceil(0.05 * high)
            draw.rectangle([(left, bottom - high - 2 * margin), (left + wide, bottom)], fill="Red")
            draw.text((left + margin, bottom - high - margin), labels[i], fill="black", font=font)
    size = (int(w * rescale), int(h * rescale))
    return np.asarray(picture.resize(size, Image.Resampling.LANCZOS))


def figures_to_pixels(figures: Any, close: bool) -> np.ndarray:
    """Figures of matplotlib: one (3, H, W), a list (N, 3, H, W)."""
    from matplotlib import pyplot
    from matplotlib.backends import backend_agg

    def render(figure: Any) -> np.ndarray:
        canvas = backend_agg.FigureCanvasAgg(figure)
        canvas.draw()
        data = np.asarray(canvas.buffer_rgba(), np.uint8)[:, :, :3]
        if close:
            pyplot.close(figure)
        return np.moveaxis(data, 2, 0)

    return np.stack([render(f) for f in figures]) if isinstance(figures, list) else render(figures)
