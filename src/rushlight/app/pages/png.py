"""PNG files written with zlib alone, and numbers as colours.

Letters: H and W height and width, M maps.
"""

import base64
import struct
import zlib
from typing import Any

import numpy as np

#: Colours of signed numbers, safe for colour-blind eyes: orange above zero, blue below. The less,
#: the more of the page shows through, so that the same picture fits a light and a dark page.
ABOVE, BELOW = (213, 94, 0), (0, 114, 178)
NOT_FINITE = (204, 121, 167)  # nan and inf
_ZERO, _STRANGE, _NOTHING = 127, 254, 255  # indices of the palette


def _palette() -> np.ndarray:
    """(256, 4): index 1..253 is -1..1, 254 what is not finite, 255 nothing."""
    palette = np.zeros((256, 4), np.uint8)
    for i in range(1, 254):
        share = (i - _ZERO) / 126
        palette[i, :3] = ABOVE if share > 0 else BELOW
        palette[i, 3] = round(255 * abs(share) ** 0.8)
    palette[_ZERO] = (128, 128, 128, 26)  # zero is seen as such, and apart from nothing
    palette[_STRANGE] = (*NOT_FINITE, 255)
    return palette


PALETTE = _palette()


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def encode(pixels: np.ndarray, palette: np.ndarray | None = None) -> bytes:
    """A PNG file of uint8 pixels: (H, W) grey, or indices of `palette`; (H, W, 3) RGB."""
    h, w = pixels.shape[:2]
    kind = 3 if palette is not None else 2 if pixels.ndim == 3 else 0
    rows = np.ascontiguousarray(pixels, np.uint8).reshape(h, -1)
    plain = np.concatenate([np.zeros((h, 1), np.uint8), rows], 1).tobytes()  # filter 0: as it is
    parts = [_chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, kind, 0, 0, 0))]
    if palette is not None:
        parts.append(_chunk(b"PLTE", palette[:, :3].tobytes()))
        parts.append(_chunk(b"tRNS", palette[:, 3].tobytes()))
    parts.append(_chunk(b"IDAT", zlib.compress(plain, 9)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + _chunk(b"IEND", b"")


def uri(file: bytes) -> str:
    """The file as a data: address, for src and href."""
    return "data:image/png;base64," + base64.b64encode(file).decode("ascii")


def heat(values: Any, limit: float) -> np.ndarray:
    """Indices of PALETTE for numbers from -limit to limit; nan stays visible."""
    values = np.asarray(values, np.float64)
    shares = np.clip(np.where(np.isfinite(values), values, 0) / (limit or 1.0), -1, 1)
    indices = (_ZERO + np.rint(126 * shares)).astype(np.uint8)
    return np.where(np.isfinite(values), indices, np.uint8(_STRANGE))


def heat_uri(values: Any, limit: float) -> str:
    """A picture (H, W) of numbers."""
    return uri(encode(heat(values, limit), PALETTE))


def grid(maps: Any, columns: int, limit: float) -> tuple[str, int, int]:
    """Maps (M, H, W) side by side with a pixel between; the picture, its width and height."""
    m, h, w = maps.shape
    columns = min(columns, m)
    rows = -(-m // columns)
    sheet = np.full((rows * (h + 1) - 1, columns * (w + 1) - 1), _NOTHING, np.uint8)
    for i in range(m):
        top, left = i // columns * (h + 1), i % columns * (w + 1)
        sheet[top : top + h, left : left + w] = heat(maps[i], limit)
    return uri(encode(sheet, PALETTE)), sheet.shape[1], sheet.shape[0]


def smaller(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """(..., H, W) with each side at most so long: means of blocks."""
    h, w = values.shape[-2:]
    down, right = -(-h // height), -(-w // width)
    if down == right == 1:
        return values
    rows, columns = -(-h // down), -(-w // right)
    full = np.full((*values.shape[:-2], rows * down, columns * right), np.nan)
    full[..., :h, :w] = values
    blocks = full.reshape(*values.shape[:-2], rows, down, columns, right)
    inside = ~np.isnan(blocks)
    sums = np.where(inside, blocks, 0).sum((-3, -1))
    return sums / np.maximum(inside.sum((-3, -1)), 1)


def photo(image: Any, mean: float = 0.0, std: float = 1.0, most: int = 64) -> str | None:
    """An image (C, H, W) or (H, W) as it was before normalising; None for what is none."""
    image = np.asarray(image, np.float64)
    if image.ndim == 2:
        image = image[None]
    if image.ndim != 3 or image.shape[0] not in (1, 3) or min(image.shape) == 0:
        return None
    image = np.nan_to_num(smaller(image * std + mean, most, most))
    pixels = np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)
    return uri(encode(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)))
