"""How v2's functions look at what they get; kernels of one's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ....core.tensor import Tensor
from ....core.tensor import wrap as _tensor_of
from ...tv_tensors import BoundingBoxes, Image, KeyPoints, Mask, TVTensor, Video
from ...tv_tensors import wrap as wrap_like
from .. import pil
from ..functional import InterpolationMode
from . import boxes as B
from .kinds import plain_tensor

_KERNELS: dict[str, dict[type, Callable]] = {}  # name -> type -> f, by `register_kernel`


def is_pure_tensor(inpt: Any) -> bool:
    """True for a tensor that is no TVTensor."""
    return isinstance(inpt, Tensor) and not isinstance(inpt, TVTensor)


def register_kernel(functional: Any, tv_tensor_cls: type) -> Callable:
    """Decorator: f(tensor, ...) is what `functional` does with a class of one's own."""
    if not (isinstance(tv_tensor_cls, type) and issubclass(tv_tensor_cls, TVTensor)):
        raise ValueError(f"Kernels can only be registered for TVTensor subclasses, {tv_tensor_cls}")
    name = functional if isinstance(functional, str) else functional.__name__

    def register(f: Callable) -> Callable:
        _KERNELS.setdefault(name, {})[tv_tensor_cls] = f
        return f

    return register


def mode_of(interpolation: Any) -> Any:
    if isinstance(interpolation, str):
        return InterpolationMode(interpolation)
    return interpolation


def fill_of(fill: Any) -> Any:
    """v2 takes lists for PIL images, too."""
    return tuple(fill) if isinstance(fill, list) else fill


def function_of(name: str, image: Callable, box: Any = None, point: Any = None, mask: Any = None):
    """The function of a name. box(corners, canvas, *args, **kwargs), likewise point: (new, canvas);
    mask(tensor, *args, **kwargs). Without them it refuses such inputs; transforms pass them on.
    """
    kernels = {BoundingBoxes: box, KeyPoints: point, Mask: mask}

    def function(inpt: Any, *args: Any, **kwargs: Any) -> Any:
        own = _KERNELS.get(name)
        if own:
            for kind in type(inpt).__mro__:
                if kind in own:
                    result = own[kind](inpt, *args, **kwargs)
                    return result if isinstance(result, TVTensor) else wrap_like(result, like=inpt)
        if box is not None and isinstance(inpt, BoundingBoxes):
            return _on_boxes(box, inpt, args, kwargs)
        if point is not None and isinstance(inpt, KeyPoints):
            return _on_points(point, inpt, args, kwargs)
        if mask is not None and isinstance(inpt, Mask):
            return wrap_like(_on_mask(mask, plain_tensor(inpt), args, kwargs), like=inpt)
        if isinstance(inpt, (Image, Video)):
            result = image(plain_tensor(inpt), *args, **kwargs)
            if isinstance(result, tuple):
                return tuple(wrap_like(plain_tensor(r), like=inpt) for r in result)
            return wrap_like(plain_tensor(result), like=inpt)
        if pil.is_image(inpt) or is_pure_tensor(inpt):
            return image(inpt, *args, **kwargs)
        raise TypeError(
            f"Functional F.{name} supports inputs of type Tensor, PIL images and TVTensors, but "
            f"got {type(inpt)} instead."
        )

    def handles(inpt: Any) -> bool:
        """False: a transform passes the input on."""
        if name in _KERNELS and any(kind in _KERNELS[name] for kind in type(inpt).__mro__):
            return True
        return all(f is not None or not isinstance(inpt, k) for k, f in kernels.items())

    function.__name__ = function.__qualname__ = name
    function.__doc__ = image.__doc__
    function.handles, function.image = handles, image  # type: ignore[attr-defined]
    function.mask = mask and (lambda x, *a, **k: _on_mask(mask, x, a, k))  # type: ignore[attr-defined]
    return function


def _on_mask(f: Callable, mask: Tensor, args: Any, kwargs: Any) -> Tensor:
    """Masks (H, W) have no channel: one is put in front meanwhile."""
    if mask.ndim == 2:
        return f(mask.unsqueeze(0), *args, **kwargs).squeeze(0)  # type: ignore[attr-defined]
    return f(mask, *args, **kwargs)


def _on_boxes(f: Callable, inpt: Any, args: Any, kwargs: Any) -> Any:
    """Whole numbers are cut off at the end; `f.native`: f takes the boxes in their format."""
    array = plain_tensor(inpt).detach().numpy()
    format, kind = inpt.format.value, array.dtype
    if getattr(f, "native", False):
        B.check_format(format)
        found, canvas = f(array, inpt.canvas_size, format, *args, **kwargs)
    else:
        work = array if kind.kind == "f" or f.whole else array.astype(np.float32)
        corners = B.convert(work, format, "XYXY")
        found, canvas = f(corners, inpt.canvas_size, *args, **kwargs)
        found = found.astype(kind, copy=False) if f.whole == "all" else found
        found = B.from_corners(B.clamp(found, canvas) if inpt.clamping_mode else found, format)
    if getattr(f, "native", False) and inpt.clamping_mode and not f.unclamped:
        floats = found if kind.kind == "f" else found.astype(np.float32)
        found = B.from_corners(B.clamp(B.to_corners(floats, format), canvas), format)
    found = np.ascontiguousarray(found.astype(kind, copy=False))
    return wrap_like(_tensor_of(found), like=inpt, canvas_size=canvas)


def _on_points(f: Callable, inpt: Any, args: Any, kwargs: Any) -> Any:
    array = plain_tensor(inpt).detach().numpy()
    flat = array.reshape(-1, 2)
    found, canvas = f(flat if array.dtype.kind == "f" else flat.astype(np.float32),
                      inpt.canvas_size, *args, **kwargs)  # fmt: skip
    found = np.asarray(found).reshape(array.shape).astype(array.dtype, copy=False)
    return wrap_like(_tensor_of(np.ascontiguousarray(found)), like=inpt, canvas_size=canvas)


def floats(move: Callable, whole: str = "") -> Callable:
    """For boxes as corners, in floating point. Boxes of whole numbers: "first", their corners are
    whole numbers; "all", the corners of the result, too.
    """
    move.whole = whole  # type: ignore[attr-defined]
    return move


def native(move: Callable, unclamped: bool = False) -> Callable:
    """For boxes in their own format: move(b, canvas, format, ...)."""
    move.native, move.unclamped = True, unclamped  # type: ignore[attr-defined]
    return move
