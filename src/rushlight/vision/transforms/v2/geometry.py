"""v2's transforms of place and size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...tv_tensors import BoundingBoxes, Image, KeyPoints, Mask, Video
from .. import geometry as v1
from .. import pil, tonal
from ..draws import draw_below, draw_uniform
from . import functional as F
from .base import (
    RandomApplyTransform,
    Transform,
    bounds,
    fill_for,
    fills,
    mode_of,
    query_size,
    two,
)
from .functional import is_pure_tensor
from .kinds import plain_tensor

_BILINEAR, _NEAREST = "bilinear", "nearest"


class RandomHorizontalFlip(RandomApplyTransform):
    """Left and right exchanged, with probability p."""

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(F.horizontal_flip, inpt)


class RandomVerticalFlip(RandomApplyTransform):
    """Top and bottom exchanged, with probability p."""

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(F.vertical_flip, inpt)


class Resize(Transform):
    """Another size: (h, w), or one number for the shorter side, the longer in proportion; None:
    the longer side is max_size."""

    def __init__(
        self,
        size: int | Sequence[int] | None,
        interpolation: Any = _BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        if isinstance(size, int):
            size = [size]
        elif size is not None and not (isinstance(size, Sequence) and len(size) in (1, 2)):
            raise ValueError(
                "size can be an integer, a sequence of one or two integers, or None, but got "
                f"{size} instead."
            )
        elif size is None and not isinstance(max_size, int):
            raise ValueError(
                f"max_size must be an integer when size is None, but got {max_size} instead."
            )
        self.size = None if size is None else list(size)
        self.interpolation, self.max_size = mode_of(interpolation), max_size
        self.antialias = antialias

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(
            F.resize, inpt, self.size, self.interpolation, self.max_size, self.antialias
        )


class CenterCrop(Transform):
    """The middle, of size (h, w)."""

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = two(size)

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(F.center_crop, inpt, self.size)


class RandomResizedCrop(Transform):
    """A random part, made `size` large.

    scale  bounds of the part's share of the area;  ratio  bounds of width / height
    """

    def __init__(
        self,
        size: int | Sequence[int],
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: Any = _BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.size = two(size)
        if not isinstance(scale, Sequence):
            raise TypeError("Scale should be a sequence")
        if not isinstance(ratio, Sequence):
            raise TypeError("Ratio should be a sequence")
        self.scale, self.ratio = scale, ratio
        self.interpolation, self.antialias = mode_of(interpolation), antialias

    def make_params(self, flat_inputs: list) -> dict:
        height, width = query_size(flat_inputs)
        top, left, h, w = v1.part_of(height, width, self.scale, self.ratio)
        return {"top": top, "left": left, "height": h, "width": w}

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(
            F.resized_crop,
            inpt,
            **params,
            size=self.size,
            interpolation=self.interpolation,
            antialias=self.antialias,
        )


class FiveCrop(Transform):
    """Corners and middle, as a tuple of five; of images and videos."""

    _transformed_types = (is_pure_tensor, pil.is_image, Image, Video)

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = two(size)

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(F.five_crop, inpt, self.size)

    def check_inputs(self, flat_inputs: list) -> None:
        _refuse_places(self, flat_inputs)


class TenCrop(FiveCrop):
    """The crops of FiveCrop, and those of the flipped image."""

    def __init__(self, size: int | Sequence[int], vertical_flip: bool = False) -> None:
        super().__init__(size)
        self.vertical_flip = vertical_flip

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(F.ten_crop, inpt, self.size, self.vertical_flip)


def _refuse_places(transform: Any, flat_inputs: list) -> None:
    if any(isinstance(x, (BoundingBoxes, KeyPoints, Mask)) for x in flat_inputs):
        raise TypeError(
            "BoundingBoxes'es, KeyPoints and Mask's are not supported by "
            f"{type(transform).__name__}()"
        )


class Pad(Transform):
    """Pixels around, see functional.pad."""

    def __init__(
        self, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant"
    ) -> None:
        super().__init__()
        if not isinstance(padding, (int, tuple, list)):
            raise TypeError("Got inappropriate padding arg")
        if not isinstance(padding, int) and len(padding) not in (1, 2, 4):
            raise ValueError(
                "Padding must be an int or a 1, 2, or 4 element tuple, not a "
                f"{len(padding)} element tuple"
            )
        if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
            raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
        self.padding, self.fill, self.padding_mode = padding, fill, padding_mode
        self._fills = fills(fill)

    def transform(self, inpt: Any, params: dict) -> Any:
        fill = fill_for(self._fills, inpt)
        return self._call_kernel(F.pad, inpt, self.padding, fill, self.padding_mode)


class RandomRotation(Transform):
    """Turned by a random angle; see v1's."""

    def __init__(
        self,
        degrees: float | Sequence[float],
        interpolation: Any = _NEAREST,
        expand: bool = False,
        center: Sequence[float] | None = None,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.degrees = bounds(degrees, "degrees")
        self.interpolation, self.expand = mode_of(interpolation), expand
        self.fill, self._fills = fill, fills(fill)
        self.center = center

    def make_params(self, flat_inputs: list) -> dict:
        return {"angle": draw_uniform(self.degrees[0], self.degrees[1])}

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(
            F.rotate,
            inpt,
            **params,
            interpolation=self.interpolation,
            expand=self.expand,
            center=self.center,
            fill=fill_for(self._fills, inpt),
        )


class RandomAffine(Transform):
    """Turned, moved, scaled and sheared at random; see v1's."""

    def __init__(
        self,
        degrees: float | Sequence[float],
        translate: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        shear: float | Sequence[float] | None = None,
        interpolation: Any = _NEAREST,
        fill: Any = 0,
        center: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        self.degrees = bounds(degrees, "degrees")
        if translate is not None and not all(0.0 <= t <= 1.0 for t in translate):
            raise ValueError("translation values should be between 0 and 1")
        if scale is not None and not all(s > 0 for s in scale):
            raise ValueError("scale values should be positive")
        self.translate, self.scale = translate, scale
        self.shear = None if shear is None else bounds(shear, "shear", (2, 4))
        self.interpolation, self.center = mode_of(interpolation), center
        self.fill, self._fills = fill, fills(fill)

    def make_params(self, flat_inputs: list) -> dict:
        height, width = query_size(flat_inputs)
        angle = draw_uniform(self.degrees[0], self.degrees[1])
        translate = (0, 0)
        if self.translate is not None:
            reach = float(self.translate[0] * width), float(self.translate[1] * height)
            translate = (round(draw_uniform(-reach[0], reach[0])),
                         round(draw_uniform(-reach[1], reach[1])))  # fmt: skip
        scale = 1.0 if self.scale is None else draw_uniform(self.scale[0], self.scale[1])
        shear = [0.0, 0.0]
        if self.shear is not None:
            shear[0] = draw_uniform(self.shear[0], self.shear[1])
            if len(self.shear) == 4:
                shear[1] = draw_uniform(self.shear[2], self.shear[3])
        return {"angle": angle, "translate": translate, "scale": scale, "shear": tuple(shear)}

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(
            F.affine,
            inpt,
            **params,
            interpolation=self.interpolation,
            fill=fill_for(self._fills, inpt),
            center=self.center,
        )


class RandomCrop(Transform):
    """A part of size (h, w) at a random place; see v1's."""

    def __init__(
        self,
        size: int | Sequence[int],
        padding: int | Sequence[int] | None = None,
        pad_if_needed: bool = False,
        fill: Any = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        self.size = two(size)
        self.padding = None if padding is None else list(v1.F.padding_sides(padding))
        self.pad_if_needed = pad_if_needed
        self.fill, self._fills, self.padding_mode = fill, fills(fill), padding_mode

    def make_params(self, flat_inputs: list) -> dict:
        height, width = query_size(flat_inputs)
        left = top = right = bottom = 0
        if self.padding is not None:
            left, top, right, bottom = v1.F.padding_sides(self.padding)
            height, width = height + top + bottom, width + left + right
        h, w = self.size
        if self.pad_if_needed:
            if height < h:
                top, bottom = top + h - height, bottom + h - height
                height += 2 * (h - height)
            if width < w:
                left, right = left + w - width, right + w - width
                width += 2 * (w - width)
        if height < h or width < w:
            raise ValueError(
                f"Required crop size {(h, w)} is larger than padded input image size "
                f"{(height, width)}."
            )
        needs_h, needs_w = height > h, width > w
        return {
            "needs_crop": needs_h or needs_w,
            "top": draw_below(height - h + 1) if needs_h else 0,
            "left": draw_below(width - w + 1) if needs_w else 0,
            "height": h,
            "width": w,
            "needs_pad": any((left, top, right, bottom)),
            "padding": [left, top, right, bottom],
        }

    def transform(self, inpt: Any, params: dict) -> Any:
        if params["needs_pad"]:
            fill = fill_for(self._fills, inpt)
            inpt = self._call_kernel(F.pad, inpt, params["padding"], fill, self.padding_mode)
        if params["needs_crop"]:
            place = (params[k] for k in ("top", "left", "height", "width"))
            inpt = self._call_kernel(F.crop, inpt, *place)
        return inpt


class RandomPerspective(RandomApplyTransform):
    """Seen from a random place, with probability p; see v1's."""

    def __init__(
        self,
        distortion_scale: float = 0.5,
        p: float = 0.5,
        interpolation: Any = _BILINEAR,
        fill: Any = 0,
    ) -> None:
        super().__init__(p)
        if not 0 <= distortion_scale <= 1:
            raise ValueError("Argument distortion_scale value should be between 0 and 1")
        self.distortion_scale, self.interpolation = distortion_scale, mode_of(interpolation)
        self.fill, self._fills = fill, fills(fill)

    def make_params(self, flat_inputs: list) -> dict:
        height, width = query_size(flat_inputs)
        drawn = tonal.RandomPerspective.get_params(width, height, self.distortion_scale)
        return {"startpoints": drawn[0], "endpoints": drawn[1]}

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(
            F.perspective,
            inpt,
            **params,
            fill=fill_for(self._fills, inpt),
            interpolation=self.interpolation,
        )


class ElasticTransform(Transform):
    """Bent by random moves; see v1's."""

    def __init__(
        self,
        alpha: float | Sequence[float] = 50.0,
        sigma: float | Sequence[float] = 5.0,
        interpolation: Any = _BILINEAR,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.alpha, self.sigma = tonal._both(alpha, "alpha"), tonal._both(sigma, "sigma")
        self.interpolation = mode_of(interpolation)
        self.fill, self._fills = fill, fills(fill)

    def make_params(self, flat_inputs: list) -> dict:
        size = list(query_size(flat_inputs))
        return {"displacement": tonal.ElasticTransform.get_params(self.alpha, self.sigma, size)}

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(
            F.elastic,
            inpt,
            **params,
            fill=fill_for(self._fills, inpt),
            interpolation=self.interpolation,
        )


class RandomErasing(RandomApplyTransform):
    """A random rectangle replaced, with probability p; see v1's."""

    _transformed_types = (is_pure_tensor, Image, pil.is_image, Video)

    def __init__(
        self,
        p: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 3.3),
        value: Any = 0.0,
        inplace: bool = False,
    ):
        super().__init__(p)
        v1.RandomErasing(p, scale, ratio, value, inplace)  # its checks
        self.scale, self.ratio = scale, ratio
        if value != "random":
            self.value = [float(v) for v in ([value] if isinstance(value, (int, float)) else value)]
        self._value = None if value == "random" else self.value
        self.inplace = inplace

    def make_params(self, flat_inputs: list) -> dict:
        image = next(x for x in flat_inputs)
        c, h, w = F.get_dimensions(image)
        if self._value is not None and len(self._value) not in (1, c):
            raise ValueError(
                f"If value is a sequence, it should have either a single value or {c} (number of "
                "inpt channels)"
            )
        like = plain_tensor(image) if not pil.is_image(image) else F.pil_to_tensor(image)
        i, j, h, w, v = v1.RandomErasing.get_params(like, self.scale, self.ratio, self._value)
        whole = v.numpy() is like.numpy() or v is like
        return {"i": i, "j": j, "h": h, "w": w, "v": None if whole else v}

    def transform(self, inpt: Any, params: dict) -> Any:
        if params["v"] is None:
            return inpt
        return self._call_kernel(F.erase, inpt, **params, inplace=self.inplace)
