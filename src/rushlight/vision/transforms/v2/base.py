"""What v2's transforms have in common: which inputs are transformed, and with which parameters.

A sample is anything that tensors can be in: tuples, lists, dicts. All of it is transformed by the
same random parameters. A plain tensor counts as an image only if there is no other image in the
sample, and only the first one does: the others are labels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

from ....nn.module import Module
from ...tv_tensors import BoundingBoxes, Image, KeyPoints, Mask, TVTensor, Video
from .. import pil
from ..draws import draw_uniform
from . import functional as F
from .functional import InterpolationMode, is_pure_tensor

ALL = (is_pure_tensor, pil.is_image, Image, Video, BoundingBoxes, KeyPoints, Mask)
IMAGES = (is_pure_tensor, pil.is_image, Image, Video)


def flatten(sample: Any) -> list:
    """What is in tuples, lists and dicts, one after the other."""
    if isinstance(sample, (tuple, list)):
        return [leaf for item in sample for leaf in flatten(item)]
    if isinstance(sample, dict):
        return [leaf for item in sample.values() for leaf in flatten(item)]
    return [sample]


def rebuild(sample: Any, leaves: list) -> Any:
    """The same tuples, lists and dicts around others, which are taken from the list's front."""
    if isinstance(sample, (tuple, list)):
        items = [rebuild(item, leaves) for item in sample]
        return type(sample)(*items) if hasattr(sample, "_fields") else type(sample)(items)
    if isinstance(sample, dict):
        found = {k: rebuild(item, leaves) for k, item in sample.items()}
        return found if type(sample) is dict else type(sample)(found)
    return leaves.pop(0)


def check_type(obj: Any, types_or_checks: Sequence) -> bool:
    """True if obj is of one of the types, or one of the functions says so."""
    for kind in types_or_checks:
        if isinstance(obj, kind) if isinstance(kind, type) else kind(obj):
            return True
    return False


def query_size(flat_inputs: Sequence) -> tuple[int, int]:
    """(H, W) of the images, boxes and masks of a sample.

    TypeError: there are none; ValueError: they differ
    """
    sizes = {
        tuple(F.get_size(x))
        for x in flat_inputs
        if check_type(
            x, (is_pure_tensor, pil.is_image, Image, Video, Mask, BoundingBoxes, KeyPoints)
        )
    }
    if not sizes:
        raise TypeError("No image, video, mask, bounding box or keypoint was found in the sample")
    if len(sizes) > 1:
        raise ValueError(f"Found multiple HxW dimensions in the sample: {sorted(sizes)}")
    h, w = sizes.pop()
    return h, w


def query_chw(flat_inputs: Sequence) -> tuple[int, int, int]:
    """(C, H, W) of the images and videos of a sample."""
    found = {tuple(F.get_dimensions(x)) for x in flat_inputs if check_type(x, IMAGES)}
    if not found:
        raise TypeError("No image or video was found in the sample")
    if len(found) > 1:
        raise ValueError(f"Found multiple CxHxW dimensions in the sample: {sorted(found)}")
    c, h, w = found.pop()
    return c, h, w


class Transform(Module):
    """Base of all, and of your own: write `transform(inpt, params)`, and `make_params(inputs)` if
    there is something to draw.

    _transformed_types  types, or functions of an input that say True
    """

    _transformed_types: tuple = (is_pure_tensor, TVTensor, pil.is_image)

    def check_inputs(self, flat_inputs: list) -> None:
        """Raises if the sample cannot be transformed."""

    def make_params(self, flat_inputs: list) -> dict[str, Any]:
        """What is drawn once for the whole sample."""
        return {}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """One input."""
        raise NotImplementedError

    def _call_kernel(self, functional: Callable, inpt: Any, *args: Any, **kwargs: Any) -> Any:
        handles = getattr(functional, "handles", None)
        if handles is not None and not handles(inpt):
            return inpt
        return functional(inpt, *args, **kwargs)

    def forward(self, *inputs: Any) -> Any:
        """The sample, transformed."""
        sample = inputs if len(inputs) > 1 else inputs[0]
        flat = flatten(sample)
        self.check_inputs(flat)
        return self._transformed(sample, flat)

    def _transformed(self, sample: Any, flat: list) -> Any:
        needed = self._needs_transform_list(flat)
        params = self.make_params([x for x, need in zip(flat, needed, strict=True) if need])
        found = [
            self.transform(x, params) if need else x for x, need in zip(flat, needed, strict=True)
        ]
        return rebuild(sample, found)

    def _needs_transform_list(self, flat_inputs: list) -> list[bool]:
        labels = any(check_type(x, (Image, Video, pil.is_image)) for x in flat_inputs)
        needed = []
        for x in flat_inputs:
            need = check_type(x, self._transformed_types)
            if need and is_pure_tensor(x):
                need, labels = not labels, True  # the first one only
            needed.append(need)
        return needed

    def extra_repr(self) -> str:
        shown = []
        for name, value in self.__dict__.items():
            if name.startswith("_") or name == "training":
                continue
            if isinstance(value, (bool, int, float, str, tuple, list, Enum)):
                shown.append(f"{name}={value}")
        return ", ".join(shown)


class RandomApplyTransform(Transform):
    """Base of transforms with a probability p."""

    def __init__(self, p: float = 0.5) -> None:
        if not (0.0 <= p <= 1.0):
            raise ValueError("`p` should be a floating point value in the interval [0.0, 1.0].")
        super().__init__()
        self.p = p

    def forward(self, *inputs: Any) -> Any:
        """The sample, transformed or as it is."""
        sample = inputs if len(inputs) > 1 else inputs[0]
        flat = flatten(sample)
        self.check_inputs(flat)
        return sample if draw_uniform() >= self.p else self._transformed(sample, flat)


# ---------------------------------------------------------------- options


def fills(fill: Any) -> dict:
    """{type or "others": fill} of one fill, or of a dict of them."""
    if not isinstance(fill, dict):
        return {"others": _checked_fill(fill)}
    return {k: _checked_fill(v) for k, v in fill.items()}


def _checked_fill(fill: Any) -> Any:
    if fill is None or isinstance(fill, (int, float)):
        return fill
    if not isinstance(fill, (list, tuple)):
        raise TypeError(
            "Got inappropriate fill arg, only Numbers, tuples, lists and dicts are allowed."
        )
    return [v if isinstance(v, int) else float(v) for v in fill]


def fill_for(table: dict, inpt: Any) -> Any:
    """The fill for an input: that of its type, or of "others"; 0 without one."""
    for kind, value in table.items():
        if isinstance(kind, type) and isinstance(inpt, kind):
            return value
    return table.get("others", 0)


def two(size: Any, words: str = "Please provide only two dimensions (h, w) for size.") -> Any:
    """A number or numbers as (h, w)."""
    if isinstance(size, int):
        return size, size
    if not isinstance(size, Sequence):
        raise TypeError(f"size should be an integer or a sequence of integers, got {type(size)}")
    if len(size) == 1:
        return size[0], size[0]
    if len(size) != 2:
        raise ValueError(words)
    return size


def bounds(value: Any, name: str, least: tuple = (2,)) -> Any:
    """A number d as (-d, d), or a sequence of a length in `least`."""
    if isinstance(value, (int, float)):
        if value < 0:
            raise ValueError(f"If {name} is a single number, it must be positive.")
        return [-float(value), float(value)]
    if not isinstance(value, Sequence):
        raise TypeError(f"{name} should be a number or a sequence of numbers, got {type(value)}")
    if len(value) not in least:
        raise ValueError(f"{name} should be a sequence of length {' or '.join(map(str, least))}.")
    return [float(v) for v in value]


def mode_of(interpolation: Any) -> Any:
    """An InterpolationMode, its name, or Pillow's number, checked; kept as it was given."""
    if isinstance(interpolation, str):
        InterpolationMode(interpolation)
    return interpolation


def has_any(flat_inputs: Sequence, *kinds: Any) -> bool:
    """True if an input is of one of the kinds."""
    return any(check_type(x, kinds) for x in flat_inputs)


def boxes_of(flat_inputs: Sequence) -> Any:
    """The boxes of a sample. ValueError: none."""
    for x in flat_inputs:
        if isinstance(x, BoundingBoxes):
            return x
    raise ValueError("No bounding boxes were found in the sample")
