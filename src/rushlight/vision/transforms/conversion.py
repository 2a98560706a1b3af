"""Between PIL images, arrays and tensors: values, dtypes, means.

C channels, H height, W width. Tensors come out without history, except from `normalize`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.dtype import dtype, float32, get_default_dtype
from ...core.tensor import Tensor, wrap
from . import array, pil


def pixels(img: Any) -> np.ndarray:
    """The array of an image tensor. TypeError: no tensor, or too few dimensions."""
    if not isinstance(img, Tensor):
        raise TypeError(f"img should be PIL Image or Tensor. Got {type(img)}")
    if img.ndim < 2:
        raise TypeError("Tensor is not a torch image.")
    if img.requires_grad:
        raise RuntimeError("this transform does not record gradients\n  fix: pass image.detach()")
    return img._a


def to_tensor(pic: Any) -> Tensor:
    """A PIL image or an array (H, W) or (H, W, C) -> a tensor (C, H, W).

    uint8, and the images of mode "1", become floats in [0, 1]; other dtypes are kept.
    TypeError: neither image nor array; ValueError: an array of other dimensions.
    """
    if isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
        x = pic
    elif pil.is_image(pic):
        if pic.mode == "1":
            x = 255 * np.asarray(pic, np.uint8)
        else:
            kinds = {"I": np.int32, "I;16": np.uint16, "F": np.float32}
            x = np.array(pic, kinds.get(pic.mode, np.uint8))
    else:
        raise TypeError(f"pic should be PIL Image or ndarray. Got {type(pic)}")
    x = x[None] if x.ndim == 2 else x.transpose(2, 0, 1)  # (C, H, W)
    if x.dtype == np.uint8:
        kind = get_default_dtype().np
        return wrap(np.divide(x, kind.type(255), dtype=kind, order="C"))
    return wrap(np.ascontiguousarray(x))


def pil_to_tensor(pic: Any) -> Tensor:
    """A PIL image -> a tensor (C, H, W) of the same numbers. TypeError: no PIL image."""
    if not pil.is_image(pic):
        raise TypeError(f"pic should be PIL Image. Got {type(pic)}")
    x = np.array(pic)
    x = x[None] if x.ndim == 2 else x.transpose(2, 0, 1)
    return wrap(np.ascontiguousarray(x))


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """A tensor (C, H, W) or an array (H, W, C), or either (H, W) -> a PIL image.

    Floats are taken as [0, 1], except for mode "F". If no mode is given, channels and dtype decide.
    TypeError, ValueError: no image has such a type, shape, or such a mode.
    """
    if not isinstance(pic, Tensor | np.ndarray):
        raise TypeError(f"pic should be Tensor or ndarray. Got {type(pic)}.")
    if pic.ndim not in (2, 3):
        raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
    x = pic if isinstance(pic, np.ndarray) else pic.detach().numpy()
    if isinstance(pic, Tensor):
        if x.ndim == 3 and x.shape[0] > 4:
            raise ValueError(f"pic should not have > 4 channels. Got {x.shape[0]} channels.")
        x = x.transpose(1, 2, 0) if x.ndim == 3 else x  # (H, W, C)
        if x.dtype.kind == "f" and mode != "F":
            with np.errstate(invalid="ignore"):
                x = (x * x.dtype.type(255)).astype(np.int64).astype(np.uint8)
    elif x.ndim == 3 and x.shape[-1] > 4:
        raise ValueError(f"pic should not have > 4 channels. Got {x.shape[-1]} channels.")
    if x.ndim == 2:
        x = x[:, :, None]
    channels = x.shape[2]
    if channels == 1:
        x = x[:, :, 0]
        modes = {"u1": "L", "i2": "I;16", "u2": "I;16", "i4": "I", "f4": "F"}
        expected = modes.get(x.dtype.str[1:])
        if mode is not None and mode != expected:
            raise ValueError(
                f"Incorrect mode ({mode}) supplied for input type {x.dtype}. Should be {expected}"
            )
        mode = expected
    else:
        permitted = {2: ("LA",), 3: ("RGB", "YCbCr", "HSV"), 4: ("RGBA", "CMYK", "RGBX")}[channels]
        if mode is not None and mode not in permitted:
            raise ValueError(f"Only modes {list(permitted)} are supported for {channels}D inputs")
        if mode is None and x.dtype == np.uint8:
            mode = permitted[0]
    if mode is None or (channels > 1 and x.dtype != np.uint8):
        raise TypeError(f"Input type {x.dtype} is not supported")
    Image = pil.image_module()
    x = np.ascontiguousarray(x)
    if mode in ("L", "I;16", "I", "F", "RGB", "RGBA", "LA"):
        return Image.fromarray(x)
    return Image.frombytes(mode, (x.shape[1], x.shape[0]), x.tobytes())


def convert_image_dtype(image: Tensor, dtype: dtype = float32) -> Tensor:
    """Another dtype, the values scaled so that black and white stay so.

    RuntimeError: float32 to int32 or int64, or float64 to int64, which would lose precision.
    """
    if not isinstance(image, Tensor):
        raise TypeError("Input img should be Tensor Image")
    if image.dtype == dtype:
        return image
    return wrap(scaled_to(pixels(image), dtype))


def scaled_to(x: np.ndarray, to: dtype) -> np.ndarray:
    """`convert_image_dtype` of an array."""
    kind = to.np
    whole, to_whole = x.dtype.kind in "iu", kind.kind in "iu"
    if not whole and not to_whole:
        return x.astype(kind)
    if not whole:
        if x.dtype.itemsize <= 4 <= kind.itemsize or x.dtype.itemsize == kind.itemsize == 8:
            raise RuntimeError(f"The cast from torch.{x.dtype} to {to} cannot be performed safely")
        return (x * x.dtype.type(array.max_value(kind) + 1.0 - 1e-3)).astype(kind)
    white, to_white = int(array.max_value(x.dtype)), int(array.max_value(kind))
    if not to_whole:
        return x.astype(kind) / kind.type(white)
    if white > to_white:
        return (x // x.dtype.type((white + 1) // (to_white + 1))).astype(kind)
    return x.astype(kind) * kind.type((to_white + 1) // (white + 1))


def normalize(
    tensor: Tensor, mean: Sequence[float], std: Sequence[float], inplace: bool = False
) -> Tensor:
    """y = (x - mean) / std: x (*, C, H, W) of floats, mean and std (C) or (1).

    TypeError: no tensor, or one of whole numbers; ValueError: fewer than 3 dimensions, a std of 0.
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(tensor)}")
    if not tensor.is_floating_point():
        raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
    if tensor.ndim < 3:
        raise ValueError(
            "Expected tensor to be a tensor image of size (..., C, H, W). "
            f"Got tensor.size() = {tensor.size()}"
        )
    if tensor.requires_grad:
        center, width = (wrap(part) for part in _by_channel(tensor._a.dtype, mean, std))
        return tensor.sub_(center).div_(width) if inplace else tensor.sub(center).div(width)
    if not inplace:
        return wrap(normalized(tensor._a, mean, std))
    normalized(tensor._a, mean, std, out=tensor._a)
    tensor._bump()
    return tensor


def normalized(
    x: np.ndarray, mean: Sequence[float], std: Sequence[float], out: np.ndarray | None = None
) -> np.ndarray:
    """`normalize` of an array; `out` may be x itself."""
    center, width = _by_channel(x.dtype, mean, std)
    y = np.subtract(x, center, out=out)
    return np.divide(y, width, out=y)


def _by_channel(kind: np.dtype, mean: Any, std: Any) -> tuple[np.ndarray, np.ndarray]:
    """mean and std as (C, 1, 1)"""
    center, width = (np.asarray(part, kind) for part in (mean, std))
    if not width.all():
        raise ValueError(
            f"std evaluated to zero after conversion to torch.{kind}, leading to division by zero."
        )
    return tuple(part[:, None, None] if part.ndim == 1 else part for part in (center, width))
