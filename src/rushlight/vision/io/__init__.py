"""torchvision.io for images: files and bytes to tensors and back, by Pillow.

Tensors are uint8 (C, H, W). Videos are not supported.
"""

from __future__ import annotations

import io as _io
import os
from enum import Enum
from typing import Any

import numpy as np

from ...core.names import explain_missing
from ...core.tensor import Tensor, wrap
from ..transforms.pil import image_module

__all__ = [
    "ImageReadMode",
    "decode_gif",
    "decode_image",
    "decode_jpeg",
    "decode_png",
    "decode_webp",
    "encode_jpeg",
    "encode_png",
    "read_file",
    "read_image",
    "write_file",
    "write_jpeg",
    "write_png",
]


class ImageReadMode(Enum):
    """The channels that are wanted; UNCHANGED: those of the file."""

    UNCHANGED = 0
    GRAY = 1
    GRAY_ALPHA = 2
    RGB = 3
    RGB_ALPHA = 4


_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def read_file(path: str) -> Tensor:
    """The bytes of a file, uint8 (N,)"""
    with open(path, "rb") as f:
        return wrap(np.frombuffer(f.read(), np.uint8).copy())


def write_file(filename: str, data: Tensor) -> None:
    """Write bytes, uint8 (N,), to a file."""
    _check(data, "Input data", 1)
    with open(filename, "wb") as f:
        f.write(data.numpy().tobytes())


def _check(x: Any, what: str, ndim: int | None = None) -> np.ndarray:
    if not isinstance(x, Tensor):
        raise TypeError(f"{what} must be a tensor, got {type(x)}")
    array = x.detach().numpy()
    if array.dtype != np.uint8:
        raise RuntimeError(f"{what} tensor dtype should be uint8")
    if ndim is not None and array.ndim != ndim:
        raise RuntimeError(f"{what} should be a {ndim}-dimensional tensor")
    return array


def _wanted(mode: Any) -> str | None:
    if isinstance(mode, str):
        mode = ImageReadMode[mode.upper()]
    return _MODES.get(mode.value if isinstance(mode, ImageReadMode) else int(mode))


def decode_image(
    input: Tensor | str | os.PathLike,
    mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
    apply_exif_orientation: bool = False,
) -> Tensor:
    """The image in these bytes, or in a file: uint8 (C, H, W); GIF (N, 3, H, W) if it moves.

    mode                    the channels
    apply_exif_orientation  turn it as a camera says
    RuntimeError            Pillow cannot read it
    """
    if not isinstance(input, Tensor):
        input = read_file(os.fspath(input))
    data = _check(input, "Input", 1).tobytes()
    Image = image_module()
    try:
        image = Image.open(_io.BytesIO(data))
        image.load()
    except Exception as e:
        raise RuntimeError(
            f"Unsupported image file. Only jpeg, png, webp and gif are currently supported: {e}"
        ) from None
    if getattr(image, "n_frames", 1) > 1 and image.format == "GIF":
        return _frames(image)
    if apply_exif_orientation:
        from PIL import ImageOps

        image = ImageOps.exif_transpose(image)
    return _pixels(image, _wanted(mode))


def _pixels(image: Any, wanted: str | None) -> Tensor:
    if wanted is None:
        wanted = "RGBA" if image.mode == "P" and "transparency" in image.info else image.mode
        wanted = {"P": "RGB", "1": "L", "CMYK": "RGB", "YCbCr": "RGB"}.get(wanted, wanted)
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG"):
        return wrap(np.asarray(image).astype(np.uint16)[None])
    if image.mode != wanted:
        image = image.convert(wanted)
    array = np.asarray(image)
    array = array[None] if array.ndim == 2 else array.transpose(2, 0, 1)
    return wrap(np.ascontiguousarray(array))


def _frames(image: Any) -> Tensor:
    from PIL import ImageSequence

    frames = [
        np.asarray(f.convert("RGB")).transpose(2, 0, 1) for f in ImageSequence.Iterator(image)
    ]
    return wrap(np.stack(frames))


def read_image(
    path: str | os.PathLike,
    mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
    apply_exif_orientation: bool = False,
) -> Tensor:
    """`decode_image` of a file."""
    return decode_image(path, mode, apply_exif_orientation)


def decode_png(
    input: Tensor, mode: Any = ImageReadMode.UNCHANGED, apply_exif_orientation: bool = False
) -> Tensor:
    """`decode_image` of a PNG."""
    return decode_image(input, mode, apply_exif_orientation)


def decode_jpeg(
    input: Any, mode: Any = ImageReadMode.UNCHANGED, device: Any = "cpu",
    apply_exif_orientation: bool = False,
) -> Any:  # fmt: skip
    """`decode_image` of a JPEG, or of each of a list."""
    if str(device) != "cpu":
        raise RuntimeError(f"decode_jpeg: the device must be the CPU, got {device}")
    if isinstance(input, list):
        return [decode_image(x, mode, apply_exif_orientation) for x in input]
    return decode_image(input, mode, apply_exif_orientation)


def decode_webp(input: Tensor, mode: Any = ImageReadMode.UNCHANGED) -> Tensor:
    """`decode_image` of a WebP image."""
    return decode_image(input, mode)


def decode_gif(input: Tensor) -> Tensor:
    """`decode_image` of a GIF."""
    return decode_image(input, ImageReadMode.RGB)


def _encoded(input: Tensor, format: str, channels: tuple[int, ...], **options: Any) -> Tensor:
    array = _check(input, "Input", 3)
    if array.shape[0] not in channels:
        raise RuntimeError(f"The number of channels should be 1 or 3, got: {array.shape[0]}")
    picture = array[0] if array.shape[0] == 1 else array.transpose(1, 2, 0)
    image = image_module().fromarray(np.ascontiguousarray(picture))
    buffer = _io.BytesIO()
    image.save(buffer, format, **options)
    return wrap(np.frombuffer(buffer.getvalue(), np.uint8).copy())


def encode_png(input: Tensor, compression_level: int = 6) -> Tensor:
    """An image (1 or 3, H, W) as the bytes of a PNG; compression_level: 0 to 9."""
    if not 0 <= compression_level <= 9:
        raise RuntimeError("Compression level should be between 0 and 9")
    return _encoded(input, "PNG", (1, 3), compress_level=compression_level)


def encode_jpeg(input: Any, quality: int = 75) -> Any:
    """An image (1 or 3, H, W) as the bytes of a JPEG, or each of a list; quality: 1 to 100."""
    if not 1 <= quality <= 100:
        raise ValueError("Image quality should be a positive number between 1 and 100")
    if isinstance(input, list):
        return [encode_jpeg(x, quality) for x in input]
    return _encoded(input, "JPEG", (1, 3), quality=quality)


def write_png(input: Tensor, filename: str, compression_level: int = 6) -> None:
    """`encode_png` to a file."""
    write_file(filename, encode_png(input, compression_level))


def write_jpeg(input: Tensor, filename: str, quality: int = 75) -> None:
    """`encode_jpeg` to a file."""
    write_file(filename, encode_jpeg(input, quality))


explain_missing(__name__)
