"""torchvision.transforms.v2.functional: v1's, for boxes, points, masks and videos too.

A function looks at what it gets. Plain tensors, Image, Video and PIL images go to v1's function of
the name; BoundingBoxes and KeyPoints to boxes.py; masks to v1's function, with the nearest pixel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ....core.names import missing
from ....core.tensor import Tensor
from ....dispatch.registry import FUNCTIONAL
from ... import functions as T
from .. import functional as F
from ..bending import perspective_coefficients
from ..functional import InterpolationMode
from . import boxes as B
from . import images
from .dispatch import (
    fill_of,
    floats,
    function_of,
    is_pure_tensor,
    mode_of,
    native,
    register_kernel,
)
from .kinds import (
    clamp_bounding_boxes,
    clamp_keypoints,
    convert_bounding_box_format,
    convert_image_dtype,
    get_dimensions,
    get_image_num_channels,
    get_image_size,
    get_num_channels,
    get_num_frames,
    get_size,
    pil_to_tensor,
    sanitize_bounding_boxes,
    to_dtype,
    to_image,
    to_pil_image,
    to_tensor,
)

__all__ = [
    "InterpolationMode",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "adjust_sharpness",
    "affine",
    "autocontrast",
    "center_crop",
    "clamp_bounding_boxes",
    "clamp_keypoints",
    "convert_bounding_box_format",
    "convert_image_dtype",
    "crop",
    "elastic",
    "elastic_transform",
    "equalize",
    "erase",
    "five_crop",
    "gaussian_blur",
    "gaussian_noise",
    "get_dimensions",
    "get_image_num_channels",
    "get_image_size",
    "get_num_channels",
    "get_num_frames",
    "get_size",
    "grayscale_to_rgb",
    "hflip",
    "horizontal_flip",
    "invert",
    "is_pure_tensor",
    "jpeg",
    "normalize",
    "pad",
    "permute_channels",
    "perspective",
    "pil_to_tensor",
    "posterize",
    "register_kernel",
    "resize",
    "resized_crop",
    "rgb_to_grayscale",
    "rotate",
    "sanitize_bounding_boxes",
    "solarize",
    "ten_crop",
    "to_dtype",
    "to_grayscale",
    "to_image",
    "to_pil_image",
    "to_tensor",
    "uniform_temporal_subsample",
    "vertical_flip",
    "vflip",
]

# ---------------------------------------------------------------- flips, crops, sizes


def _flip_boxes(axis: int) -> Callable:
    def flip(b: np.ndarray, canvas: Any, format: str) -> Any:
        found, extent = b.copy(), canvas[1 - axis]
        if format == "XYXY":
            found[:, axis], found[:, axis + 2] = extent - b[:, axis + 2], extent - b[:, axis]
        else:
            found[:, axis] = extent - b[:, axis] - (b[:, axis + 2] if format == "XYWH" else 0)
        return found, canvas

    return native(flip, unclamped=True)


def _flip_points(axis: int) -> Callable:
    def flip(p: np.ndarray, canvas: Any) -> Any:
        found = p.copy()
        found[:, axis] = canvas[1 - axis] - 1 - p[:, axis]
        return found, canvas

    return flip


horizontal_flip = function_of("horizontal_flip", F.hflip, _flip_boxes(0), _flip_points(0), F.hflip)
vertical_flip = function_of("vertical_flip", F.vflip, _flip_boxes(1), _flip_points(1), F.vflip)
hflip, vflip = horizontal_flip, vertical_flip


def _shifted(p: np.ndarray, x: int, y: int, format: str = "") -> np.ndarray:
    """Points, or boxes in a format, further right and down."""
    found = p.copy()
    found[:, :2] += np.array([x, y], p.dtype)
    if format == "XYXY":
        found[:, 2:] += np.array([x, y], p.dtype)
    return found


def _crop_points(p: np.ndarray, canvas: Any, top: int, left: int, height: int, width: int) -> Any:
    return _shifted(p, -left, -top), (height, width)


def _crop_boxes(b: np.ndarray, canvas: Any, format: str, top: int, left: int, height: int,
                width: int) -> Any:  # fmt: skip
    return _shifted(b, -left, -top, format), (height, width)


crop = function_of("crop", F.crop, native(_crop_boxes), _crop_points, F.crop)


def _centered(canvas: Any, output_size: Any) -> tuple[int, int, int, int]:
    height, width = F._pair(output_size)
    top, left = round((canvas[0] - height) / 2.0), round((canvas[1] - width) / 2.0)
    return top, left, height, width


def _center_crop_points(p: np.ndarray, canvas: Any, output_size: Any) -> Any:
    return _crop_points(p, canvas, *_centered(canvas, output_size))


def _center_crop_boxes(b: np.ndarray, canvas: Any, format: str, output_size: Any) -> Any:
    return _crop_boxes(b, canvas, format, *_centered(canvas, output_size))


center_crop = function_of(
    "center_crop",
    F.center_crop,
    native(_center_crop_boxes),
    _center_crop_points,
    F.center_crop,
)


def _image_pad(img: Any, padding: Any, fill: Any = None, padding_mode: str = "constant") -> Any:
    """See v1's functional.pad."""
    if isinstance(fill, (list, tuple)) and isinstance(img, Tensor) and len(set(fill)) > 1:
        parts = [F.pad(img[..., i : i + 1, :, :], padding, v) for i, v in enumerate(fill)]
        return T.cat(parts, -3)
    if isinstance(fill, (list, tuple)) and isinstance(img, Tensor):
        fill = fill[0]
    return F.pad(img, _sides(padding), 0 if fill is None else fill_of(fill), padding_mode)


def _sides(padding: Any) -> Any:
    return list(F.padding_sides(padding))


def _pad_points(p: np.ndarray, canvas: Any, padding: Any, fill: Any = None,
                padding_mode: str = "constant", format: str = "") -> Any:  # fmt: skip
    if padding_mode != "constant":
        raise ValueError(f"Padding mode '{padding_mode}' is not supported with bounding boxes")
    left, top, right, bottom = F.padding_sides(padding)
    new = (canvas[0] + top + bottom, canvas[1] + left + right)
    return _shifted(p, left, top, format), new


def _pad_boxes(b: np.ndarray, canvas: Any, format: str, *args: Any, **kwargs: Any) -> Any:
    return _pad_points(b, canvas, *args, **kwargs, format=format)


pad = function_of("pad", _image_pad, native(_pad_boxes), _pad_points, _image_pad)


def _image_resize(
    img: Any,
    size: Any,
    interpolation: Any = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """See v1's functional.resize; size=None: the longer side is max_size."""
    if size is None:
        size = list(_target_size(F.get_dimensions(img)[1:], None, max_size))
        max_size = None
    mode = mode_of(interpolation)
    if isinstance(img, Tensor) and str(img.dtype) == "torch.uint8":
        name = F.mode_of(mode)
        if name in ("bilinear", "bicubic"):  # PyTorch's own way for bytes, as v2 goes it
            new = _target_size(F.get_dimensions(img)[1:], size, max_size)
            return _bytes_resized(img, new, name, bool(antialias))
    return F.resize(img, size, mode, max_size, antialias)


def _bytes_resized(img: Any, size: Any, mode: str, antialias: bool) -> Any:
    shape = tuple(img.shape)
    if shape[-2:] == tuple(size):
        return img
    flat = img.reshape(-1, shape[-3] if len(shape) > 2 else 1, *shape[-2:])
    options = {"mode": mode, "align_corners": False, "antialias": antialias}
    found = FUNCTIONAL["interpolate"](flat, list(size), **options)
    return found.reshape(*shape[:-2], *size)


def _target_size(canvas: Any, size: Any, max_size: int | None) -> tuple[int, int]:
    if size is None:
        if not isinstance(max_size, int):
            raise ValueError(
                f"max_size must be an integer when size is None, but got {max_size} instead."
            )
        ratio = max_size / max(canvas)
        return int(canvas[0] * ratio), int(canvas[1] * ratio)
    return F._output_size(size, *canvas, max_size)


def _resize_points(
    b: np.ndarray,
    canvas: Any,
    size: Any,
    interpolation: Any = None,
    max_size: int | None = None,
    antialias: Any = None,
) -> Any:
    new = _target_size(canvas, size, max_size)
    return B.scale(b.reshape(-1, 2), canvas, new).reshape(b.shape), new


def _resize_boxes(b: np.ndarray, canvas: Any, format: str, *args: Any, **kwargs: Any) -> Any:
    found, new = _resize_points(b, canvas, *args, **kwargs)
    return found, new


def _resize_mask(
    mask: Tensor,
    size: Any,
    interpolation: Any = None,
    max_size: int | None = None,
    antialias: Any = None,
) -> Tensor:
    return _image_resize(mask, size, InterpolationMode.NEAREST, max_size)


resize = function_of(
    "resize", _image_resize, native(_resize_boxes, unclamped=True), _resize_points, _resize_mask
)


def _resized_crop_image(
    img: Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: Any,
    interpolation: Any = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Any:
    """`crop`, then `resize`."""
    return _image_resize(
        F.crop(img, top, left, height, width), size, interpolation, None, antialias
    )


def _resized_crop_points(p: np.ndarray, canvas: Any, top: int, left: int, height: int, width: int,
                         size: Any, interpolation: Any = None,
                         antialias: Any = None) -> Any:  # fmt: skip
    new = F._pair(size)
    return B.scale(_shifted(p, -left, -top), (height, width), new), new


def _resized_crop_boxes(b: np.ndarray, canvas: Any, format: str, top: int, left: int, height: int,
                        width: int, size: Any, interpolation: Any = None,
                        antialias: Any = None) -> Any:  # fmt: skip
    b, canvas = _crop_boxes(b, canvas, format, top, left, height, width)
    floats = b if b.dtype.kind == "f" else b.astype(np.float32)
    cut = B.from_corners(B.clamp(B.to_corners(floats, format), canvas), format).astype(b.dtype)
    new = F._pair(size)
    return B.scale(cut.reshape(-1, 2), canvas, new).reshape(b.shape), new


def _resized_crop_mask(
    mask: Tensor,
    top: int,
    left: int,
    height: int,
    width: int,
    size: Any,
    interpolation: Any = None,
    antialias: Any = None,
) -> Tensor:
    return _resize_mask(F.crop(mask, top, left, height, width), size)


resized_crop = function_of(
    "resized_crop",
    _resized_crop_image,
    native(_resized_crop_boxes, unclamped=True),
    _resized_crop_points,
    _resized_crop_mask,
)
five_crop = function_of("five_crop", F.five_crop)
ten_crop = function_of("ten_crop", F.ten_crop)


# ---------------------------------------------------------------- turned, bent


def _image_affine(
    img: Any,
    angle: float,
    translate: Any,
    scale: float,
    shear: Any,
    interpolation: Any = InterpolationMode.NEAREST,
    fill: Any = None,
    center: Any = None,
) -> Any:
    """See v1's functional.affine."""
    args = (float(angle), list(translate), scale, _shear(shear), mode_of(interpolation))
    return F.affine(img, *args, fill=fill_of(fill), center=center)


def _shear(shear: Any) -> Any:
    if isinstance(shear, (int, float)):
        return [float(shear), 0.0]
    return [float(shear[0])] * 2 if len(shear) == 1 else [float(s) for s in shear]


def _affine_points(
    p: np.ndarray,
    canvas: Any,
    angle: float,
    translate: Any,
    scale: float,
    shear: Any,
    interpolation: Any = None,
    fill: Any = None,
    center: Any = None,
) -> Any:
    return B.affine(p, canvas, angle, translate, scale, _shear(shear), center)


def _affine_mask(
    mask: Tensor,
    angle: float,
    translate: Any,
    scale: float,
    shear: Any,
    interpolation: Any = None,
    fill: Any = None,
    center: Any = None,
) -> Tensor:
    nearest = InterpolationMode.NEAREST
    return _image_affine(mask, angle, translate, scale, shear, nearest, fill, center)


def _around(move: Callable, whole: str = "") -> Callable:
    """What `move` does with points, for boxes; whole: see dispatch.floats."""

    def boxes(b: np.ndarray, canvas: Any, *args: Any, **kwargs: Any) -> Any:
        return B.moved_boxes(b, lambda p: move(p, canvas, *args, **kwargs))

    return floats(boxes, whole)


affine = function_of("affine", _image_affine, _around(_affine_points), _affine_points, _affine_mask)


def _image_rotate(
    img: Any,
    angle: float,
    interpolation: Any = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Any = None,
    fill: Any = None,
) -> Any:
    """See v1's functional.rotate."""
    return F.rotate(img, float(angle), mode_of(interpolation), expand, center, fill_of(fill))


def _rotate_points(
    p: np.ndarray,
    canvas: Any,
    angle: float,
    interpolation: Any = None,
    expand: bool = False,
    center: Any = None,
    fill: Any = None,
) -> Any:
    return B.affine(p, canvas, -angle, (0.0, 0.0), 1.0, (0.0, 0.0), center, expand)


def _rotate_mask(
    mask: Tensor,
    angle: float,
    interpolation: Any = None,
    expand: bool = False,
    center: Any = None,
    fill: Any = None,
) -> Tensor:
    return _image_rotate(mask, angle, InterpolationMode.NEAREST, expand, center, fill)


rotate = function_of("rotate", _image_rotate, _around(_rotate_points), _rotate_points, _rotate_mask)


def _image_perspective(
    img: Any,
    startpoints: Any,
    endpoints: Any,
    interpolation: Any = InterpolationMode.BILINEAR,
    fill: Any = None,
    coefficients: Any = None,
) -> Any:
    """See v1's functional.perspective."""
    return F.perspective(img, startpoints, endpoints, mode_of(interpolation), fill_of(fill))


def _perspective_points(
    p: np.ndarray,
    canvas: Any,
    startpoints: Any,
    endpoints: Any,
    interpolation: Any = None,
    fill: Any = None,
    coefficients: Any = None,
) -> Any:
    c = coefficients or perspective_coefficients(startpoints, endpoints)
    return B.perspective(p, c), canvas


def _perspective_mask(
    mask: Tensor,
    startpoints: Any,
    endpoints: Any,
    interpolation: Any = None,
    fill: Any = None,
    coefficients: Any = None,
) -> Tensor:
    return _image_perspective(mask, startpoints, endpoints, InterpolationMode.NEAREST, fill)


perspective = function_of(
    "perspective",
    _image_perspective,
    _around(_perspective_points, "first"),
    _perspective_points,
    _perspective_mask,
)


def _image_elastic(
    img: Any,
    displacement: Tensor,
    interpolation: Any = InterpolationMode.BILINEAR,
    fill: Any = None,
) -> Any:
    """See v1's functional.elastic_transform."""
    return F.elastic_transform(img, displacement, mode_of(interpolation), fill_of(fill))


def _elastic_points(
    p: np.ndarray, canvas: Any, displacement: Tensor, interpolation: Any = None, fill: Any = None
) -> Any:
    return B.elastic(p, canvas, displacement.numpy()), canvas


def _elastic_mask(
    mask: Tensor, displacement: Tensor, interpolation: Any = None, fill: Any = None
) -> Tensor:
    return _image_elastic(mask, displacement, InterpolationMode.NEAREST, fill)


elastic = function_of(
    "elastic", _image_elastic, _around(_elastic_points, "all"), _elastic_points, _elastic_mask
)
elastic_transform = elastic


# ---------------------------------------------------------------- colours


adjust_brightness = function_of("adjust_brightness", F.adjust_brightness)
adjust_saturation = function_of("adjust_saturation", F.adjust_saturation)
adjust_hue = function_of("adjust_hue", F.adjust_hue)
adjust_gamma = function_of("adjust_gamma", F.adjust_gamma)
adjust_sharpness = function_of("adjust_sharpness", images.adjust_sharpness)
adjust_contrast = function_of("adjust_contrast", F.adjust_contrast)
autocontrast = function_of("autocontrast", images.autocontrast)
equalize = function_of("equalize", images.equalize)
posterize = function_of("posterize", images.posterize)
solarize = function_of("solarize", F.solarize)
invert = function_of("invert", F.invert)
gaussian_blur = function_of("gaussian_blur", F.gaussian_blur)
rgb_to_grayscale = function_of("rgb_to_grayscale", F.rgb_to_grayscale)
to_grayscale = rgb_to_grayscale


grayscale_to_rgb = function_of("grayscale_to_rgb", images.gray_to_rgb)


permute_channels = function_of("permute_channels", images.permute_channels)


gaussian_noise = function_of("gaussian_noise", images.gaussian_noise)


normalize = function_of("normalize", images.normalize)


erase = function_of("erase", images.erase)


jpeg = function_of("jpeg", images.jpeg)


# ---------------------------------------------------------------- videos


uniform_temporal_subsample = function_of("uniform_temporal_subsample", images.subsample)


# torchvision's names of what is done with one kind of input, on plain tensors: crop_mask
_PARTS = {"_image": "image", "_video": "image", "_mask": "mask"}


def __getattr__(name: str) -> Any:
    for ending, part in _PARTS.items():
        function = globals().get(name.removesuffix(ending)) if name.endswith(ending) else None
        found = getattr(function, part, None)
        if found is not None:
            return found
    raise missing(__name__, name)
