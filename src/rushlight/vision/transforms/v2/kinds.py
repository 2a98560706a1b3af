"""v2's functions that make one kind of input of another, ask for sizes, or sort boxes out."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....core.dtype import float32
from ....core.tensor import Tensor
from ....core.tensor import wrap as _tensor_of
from ...tv_tensors import BoundingBoxes, BoundingBoxFormat, Image, KeyPoints, Mask, TVTensor
from ...tv_tensors import wrap as wrap_like
from .. import functional as F
from .. import pil
from . import boxes as B


def plain_tensor(inpt: Any) -> Any:
    """A TVTensor as a plain tensor; anything else as it is."""
    return inpt.as_subclass(Tensor) if isinstance(inpt, TVTensor) else inpt


def to_image(inpt: Any) -> Any:
    """A PIL image, an array (H, W, C) or a tensor (C, H, W) as an Image."""
    if isinstance(inpt, np.ndarray):
        output: Any = _tensor_of(inpt)
        output = (output if output.ndim > 2 else output.unsqueeze(-1)).permute(2, 0, 1).contiguous()
    elif pil.is_image(inpt):
        output = F.pil_to_tensor(inpt)
    elif isinstance(inpt, Tensor):
        output = inpt
    else:
        raise TypeError(
            f"Input can either be a pure Tensor, a numpy array, or a PIL image, but got "
            f"{type(inpt)} instead."
        )
    return Image(output)


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """See v1's functional.to_pil_image."""
    return F.to_pil_image(plain_tensor(pic), mode)


def pil_to_tensor(pic: Any) -> Tensor:
    """See v1's functional.pil_to_tensor."""
    return F.pil_to_tensor(pic)


def to_tensor(inpt: Any) -> Tensor:
    """See v1's functional.to_tensor; to_image and to_dtype do the same in two steps."""
    return F.to_tensor(inpt)


def _to_dtype(inpt: Any, dtype: Any = float32, scale: bool = False) -> Any:
    """Another dtype; scale: white stays white, as v1's convert_image_dtype."""
    return F.convert_image_dtype(inpt, dtype) if scale else inpt.to(dtype)


def to_dtype(inpt: Any, dtype: Any = float32, scale: bool = False) -> Any:
    """Another dtype; scale: of images and videos, white stays white."""
    if isinstance(inpt, (BoundingBoxes, KeyPoints, Mask)):
        return inpt.to(dtype)
    if not isinstance(inpt, Tensor):
        raise TypeError(f"F.to_dtype supports tensors, but got {type(inpt)} instead.")
    result = _to_dtype(plain_tensor(inpt), dtype, scale)
    return wrap_like(result, like=inpt) if isinstance(inpt, TVTensor) else result


convert_image_dtype = F.convert_image_dtype


def convert_bounding_box_format(
    inpt: Any, old_format: Any = None, new_format: Any = None, inplace: bool = False
) -> Any:
    """Boxes in another format; old_format: of a plain tensor."""
    if new_format is None:
        raise TypeError("convert_bounding_box_format() missing 1 required argument: 'new_format'")
    new = _format(new_format)
    if isinstance(inpt, BoundingBoxes):
        if old_format is not None:
            raise ValueError("For bounding box tv_tensor inputs, `old_format` must not be set.")
        found = B.convert(plain_tensor(inpt).detach().numpy(), inpt.format.value, new.value)
        return wrap_like(_tensor_of(found), like=inpt, format=new)
    if not isinstance(inpt, Tensor):
        raise TypeError(
            "Input can either be a plain tensor or a bounding box tv_tensor, but got "
            f"{type(inpt)} instead."
        )
    if old_format is None:
        raise ValueError("For pure tensor inputs, `old_format` has to be passed.")
    return _tensor_of(B.convert(inpt.detach().numpy(), _format(old_format).value, new.value))


def _format(format: Any) -> BoundingBoxFormat:
    return BoundingBoxFormat[format.upper()] if isinstance(format, str) else format


def clamp_bounding_boxes(
    inpt: Any, format: Any = None, canvas_size: Any = None, clamping_mode: Any = "auto"
) -> Any:
    """Boxes cut off at the border; format and canvas_size: of a plain tensor."""
    if isinstance(inpt, BoundingBoxes):
        if format is not None or canvas_size is not None:
            raise ValueError(
                "For bounding box tv_tensor inputs, `format` and `canvas_size` must not be passed."
            )
        mode = inpt.clamping_mode if clamping_mode == "auto" else clamping_mode
        if mode is None:
            return inpt.clone()
        format, canvas_size = inpt.format, inpt.canvas_size
    elif format is None or canvas_size is None:
        raise ValueError("For pure tensor inputs, `format` and `canvas_size` have to be passed.")
    array, name = plain_tensor(inpt).detach().numpy(), _format(format).value
    work = array if array.dtype.kind == "f" else array.astype(np.float32)
    found = B.from_corners(B.clamp(B.convert(work, name, "XYXY"), canvas_size), name)
    tensor = _tensor_of(found.astype(array.dtype, copy=False))
    return wrap_like(tensor, like=inpt) if isinstance(inpt, TVTensor) else tensor


def clamp_keypoints(inpt: Any, canvas_size: Any = None) -> Any:
    """Points put inside of the image; canvas_size: of a plain tensor."""
    canvas = inpt.canvas_size if isinstance(inpt, KeyPoints) else canvas_size
    if canvas is None:
        raise ValueError("For pure tensor inputs, `canvas_size` has to be passed.")
    tensor = _tensor_of(B.clamp_points(plain_tensor(inpt).detach().numpy(), canvas))
    return wrap_like(tensor, like=inpt) if isinstance(inpt, TVTensor) else tensor


def sanitize_bounding_boxes(
    bounding_boxes: Any,
    format: Any = None,
    canvas_size: Any = None,
    min_size: float = 1.0,
    min_area: float = 1.0,
) -> Any:
    """(boxes, which of all they are): those inside of the image, and not too small."""
    if isinstance(bounding_boxes, BoundingBoxes):
        format, canvas_size = bounding_boxes.format, bounding_boxes.canvas_size
    elif format is None or canvas_size is None:
        raise ValueError("format and canvas_size must be passed for pure tensors")
    valid = valid_boxes(bounding_boxes, _format(format).value, canvas_size, min_size, min_area)
    kept = plain_tensor(bounding_boxes)[valid]
    if isinstance(bounding_boxes, BoundingBoxes):
        kept = wrap_like(kept, like=bounding_boxes)
    return kept, valid


def valid_boxes(boxes: Any, format: str, canvas: Any, min_size: float, min_area: float) -> Tensor:
    """Which boxes (N,) are inside of the canvas and as large as that."""
    b = B.convert(plain_tensor(boxes).detach().numpy(), format, "XYXY")
    w, h = b[:, 2] - b[:, 0], b[:, 3] - b[:, 1]
    valid = (w >= min_size) & (h >= min_size) & (w * h >= min_area) & (b >= 0).all(1)
    return _tensor_of(valid & (b[:, 2] <= canvas[1]) & (b[:, 3] <= canvas[0]))


def get_dimensions(inpt: Any) -> list[int]:
    """[C, H, W] of an image, a video or a mask"""
    return F.get_dimensions(plain_tensor(inpt))


def get_num_channels(inpt: Any) -> int:
    """C"""
    return get_dimensions(inpt)[0]


get_image_num_channels = get_num_channels


def get_size(inpt: Any) -> list[int]:
    """[H, W], of boxes and points that of their image"""
    if isinstance(inpt, (BoundingBoxes, KeyPoints)):
        return list(inpt.canvas_size)
    return F.get_dimensions(plain_tensor(inpt))[1:]


def get_image_size(inpt: Any) -> list[int]:
    """[W, H]"""
    return get_size(inpt)[::-1]


def get_num_frames(inpt: Any) -> int:
    """T of a video (*, T, C, H, W)"""
    return inpt.shape[-4]
