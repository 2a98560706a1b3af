"""torchvision.tv_tensors: tensors that say what they are, so that v2's transforms know what to do.

N boxes or points, C channels, H height, W width. Operations give plain tensors; `clone`, `to`,
`detach` and `requires_grad_` keep the class, and inside `set_return_type("TVTensor")` all do.
"""

from __future__ import annotations

import threading
from enum import Enum
from typing import Any

from ..core.tensor import Tensor
from ..dispatch.overrides import ask_torch_function, disabled, watch
from .transforms.pil import is_image

__all__ = [
    "BoundingBoxFormat",
    "BoundingBoxes",
    "Image",
    "KeyPoints",
    "Mask",
    "TVTensor",
    "Video",
    "is_rotated_bounding_format",
    "set_return_type",
    "wrap",
]


class _State(threading.local):
    keep = False


_state = _State()


class _Restore:
    def __init__(self, before: bool):
        self.before = before

    def __enter__(self) -> None: ...

    def __exit__(self, *exc: object) -> None:
        _state.keep = self.before


def set_return_type(return_type: str) -> _Restore:
    """What operations on TVTensors give: "tensor" (the default) or "TVTensor".

    At once when called; as a context until the block ends.
    """
    before = _state.keep
    kinds = {"tensor": False, "tvtensor": True}
    if return_type.lower() not in kinds:
        raise ValueError(f"return_type must be 'TVTensor' or 'Tensor', got {return_type}")
    _state.keep = kinds[return_type.lower()]
    if _state.keep:
        watch(ask_torch_function)  # from now on, functions look at the classes of what they get
    return _Restore(before)


class TVTensor(Tensor):
    """Base of all."""

    @classmethod
    def _wrapped(cls, tensor: Tensor, like: Any) -> Any:
        """The tensor as one of this class, with the attributes of `like`."""
        return tensor.as_subclass(cls)

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if not all(issubclass(cls, t) for t in types):
            return NotImplemented
        with disabled():
            output = func(*args, **(kwargs or {}))
        if _state.keep:
            like = next((a for a in args if isinstance(a, cls)), None)
            return _each(output, lambda t: cls._wrapped(t, like))
        return _each(output, lambda t: t.as_subclass(Tensor) if isinstance(t, TVTensor) else t)

    def clone(self, *args: Any, **kwargs: Any) -> Any:
        """A copy, of the same class."""
        return self._wrapped(Tensor.clone(self, *args, **kwargs), self)  # type: ignore[attr-defined]

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """See Tensor.to; of the same class."""
        return self._wrapped(Tensor.to(self, *args, **kwargs), self)

    def detach(self) -> Any:
        """Without history, of the same class."""
        return self._wrapped(Tensor.detach(self), self)

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """See Tensor.requires_grad_."""
        Tensor.requires_grad_(self, requires_grad)
        return self

    def _make_repr(self, **fields: Any) -> str:
        head = f"{type(self).__name__}("
        body = repr(self.as_subclass(Tensor))[len("tensor(") : -1]
        body = body.replace("\n" + " " * 7, "\n" + " " * len(head))
        more = ", ".join(f"{k}={v}" for k, v in fields.items())
        return f"{head}{body}, {more})" if fields else f"{head}{body}, )"

    def __deepcopy__(self, memo: Any) -> Any:
        return type(self)._wrapped(self.detach().clone(), self).requires_grad_(self.requires_grad)


def _each(output: Any, f: Any) -> Any:
    if isinstance(output, Tensor):
        return f(output)
    if type(output) in (tuple, list):
        return type(output)(_each(o, f) for o in output)
    return output


def _tensor(data: Any, dtype: Any, device: Any, requires_grad: bool | None) -> Tensor:
    if requires_grad is None:
        requires_grad = data.requires_grad if isinstance(data, Tensor) else False
    if isinstance(data, TVTensor):
        data = data.as_subclass(Tensor)
    from ..core.sharing import as_tensor

    return as_tensor(data, dtype=dtype, device=device).requires_grad_(requires_grad)


class Image(TVTensor):
    """An image (*, C, H, W); data: a tensor, numbers, or a PIL image."""

    def __new__(cls, data: Any, *, dtype: Any = None, device: Any = None,
                requires_grad: bool | None = None) -> Any:  # fmt: skip
        if is_image(data):
            from .transforms.functional import pil_to_tensor

            data = pil_to_tensor(data)
        tensor = _tensor(data, dtype, device, requires_grad)
        if tensor.ndim < 2:
            raise ValueError
        if tensor.ndim == 2:
            tensor = tensor.unsqueeze(0)  # type: ignore[attr-defined]
        return tensor.as_subclass(cls)

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return self._make_repr()


class Video(TVTensor):
    """A video (*, T, C, H, W)."""

    def __new__(cls, data: Any, *, dtype: Any = None, device: Any = None,
                requires_grad: bool | None = None) -> Any:  # fmt: skip
        tensor = _tensor(data, dtype, device, requires_grad)
        if tensor.ndim < 4:
            raise ValueError
        return tensor.as_subclass(cls)

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return self._make_repr()


class Mask(TVTensor):
    """Masks (*, H, W): of segments, or one for each object."""

    def __new__(cls, data: Any, *, dtype: Any = None, device: Any = None,
                requires_grad: bool | None = None) -> Any:  # fmt: skip
        if is_image(data):
            from .transforms.functional import pil_to_tensor

            data = pil_to_tensor(data)
        return _tensor(data, dtype, device, requires_grad).as_subclass(cls)

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return _plain_repr(self, "Mask")


def _plain_repr(t: Any, name: str) -> str:
    """As a tensor, under another name."""
    text = repr(t.as_subclass(Tensor))[len("tensor(") :]
    return name + "(" + text.replace("\n" + " " * 7, "\n" + " " * (len(name) + 1))


class BoundingBoxFormat(Enum):
    """Corners; a corner and the size; the middle and the size; R: and an angle; four corners."""

    XYXY = "XYXY"
    XYWH = "XYWH"
    CXCYWH = "CXCYWH"
    XYWHR = "XYWHR"
    CXCYWHR = "CXCYWHR"
    XYXYXYXY = "XYXYXYXY"

    def __str__(self) -> str:
        return f"BoundingBoxFormat.{self.name}"


def is_rotated_bounding_format(format: BoundingBoxFormat | str) -> bool:
    """True if boxes of this format may be turned."""
    name = format.value if isinstance(format, BoundingBoxFormat) else format
    return name in ("XYWHR", "CXCYWHR", "XYXYXYXY")


class BoundingBoxes(TVTensor):
    """Boxes (N, 4), or (N, 5) and (N, 8) of turned ones.

    format         a BoundingBoxFormat or its name
    canvas_size    (height, width) of the image that they are in
    clamping_mode  what transforms do with what is outside: "soft", "hard", or None: nothing
    """

    format: BoundingBoxFormat
    canvas_size: tuple[int, int]
    clamping_mode: str | None

    @classmethod
    def _wrap(cls, tensor: Tensor, *, format: Any, canvas_size: Any,
              clamping_mode: str | None = "soft") -> Any:  # fmt: skip
        if clamping_mode is not None and clamping_mode not in ("soft", "hard"):
            raise ValueError(f"clamping_mode must be None, soft or hard, got {clamping_mode}.")
        if isinstance(format, str):
            format = BoundingBoxFormat[format.upper()]
        boxes = tensor.as_subclass(cls)
        boxes.format, boxes.canvas_size, boxes.clamping_mode = format, canvas_size, clamping_mode
        return boxes

    def __new__(cls, data: Any, *, format: Any, canvas_size: tuple[int, int],
                clamping_mode: str | None = "soft", dtype: Any = None, device: Any = None,
                requires_grad: bool | None = None) -> Any:  # fmt: skip
        tensor = _tensor(data, dtype, device, requires_grad)
        if tensor.ndim == 1:
            tensor = tensor.unsqueeze(0)  # type: ignore[attr-defined]
        elif tensor.ndim != 2:
            raise ValueError(f"Expected a 1D or 2D tensor, got {tensor.ndim}D")
        if is_rotated_bounding_format(format) and not tensor.is_floating_point():
            raise ValueError("Rotated bounding boxes should be floating point tensors")
        return cls._wrap(
            tensor, format=format, canvas_size=canvas_size, clamping_mode=clamping_mode
        )

    @classmethod
    def _wrapped(cls, tensor: Tensor, like: Any) -> Any:
        return cls._wrap(
            tensor,
            format=like.format,
            canvas_size=like.canvas_size,
            clamping_mode=like.clamping_mode,
        )

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return self._make_repr(
            format=self.format, canvas_size=self.canvas_size, clamping_mode=self.clamping_mode
        )


class KeyPoints(TVTensor):
    """Points (*, 2) as (x, y); canvas_size: (height, width) of their image."""

    canvas_size: tuple[int, int]

    def __new__(cls, data: Any, *, canvas_size: tuple[int, int], dtype: Any = None,
                device: Any = None, requires_grad: bool | None = None) -> Any:  # fmt: skip
        tensor = _tensor(data, dtype, device, requires_grad)
        if tensor.ndim == 1:
            tensor = tensor.unsqueeze(0)  # type: ignore[attr-defined]
        elif tensor.shape[-1] != 2:
            raise ValueError(f"Expected a tensor of shape (..., 2), not {tuple(tensor.shape)}")
        points = tensor.as_subclass(cls)
        points.canvas_size = canvas_size
        return points

    @classmethod
    def _wrapped(cls, tensor: Tensor, like: Any) -> Any:
        points: Any = tensor.as_subclass(cls)
        points.canvas_size = like.canvas_size
        return points

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return self._make_repr(canvas_size=self.canvas_size)


def wrap(wrappee: Tensor, *, like: Any, **kwargs: Any) -> Any:
    """The tensor as what `like` is; of boxes and points, other attributes by keyword."""
    if isinstance(like, BoundingBoxes):
        fields = {k: getattr(like, k) for k in ("format", "canvas_size", "clamping_mode")}
        return type(like)._wrap(wrappee, **{**fields, **kwargs})
    made = type(like)._wrapped(wrappee, like)
    for name, value in kwargs.items():
        setattr(made, name, value)
    return made
