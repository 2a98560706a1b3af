"""v2's transforms of colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...tv_tensors import Image
from .. import pil
from ..draws import draw_order, draw_uniform
from . import functional as F
from .base import RandomApplyTransform, Transform, query_chw
from .functional import is_pure_tensor

_PICTURES = (is_pure_tensor, pil.is_image, Image)


class Grayscale(Transform):
    """In grey, with 1 channel or 3 equal ones."""

    _transformed_types = _PICTURES

    def __init__(self, num_output_channels: int = 1):
        super().__init__()
        self.num_output_channels = num_output_channels

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(F.rgb_to_grayscale, inpt, self.num_output_channels)


class RandomGrayscale(RandomApplyTransform):
    """In grey, with probability p; the number of channels stays."""

    _transformed_types = _PICTURES

    def __init__(self, p: float = 0.1) -> None:
        super().__init__(p)

    def make_params(self, flat_inputs: list) -> dict:
        return {"num_output_channels": query_chw(flat_inputs)[0]}

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(F.rgb_to_grayscale, inpt, params["num_output_channels"])


class RGB(Transform):
    """Three channels."""

    _transformed_types = _PICTURES

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(F.grayscale_to_rgb, inpt)


def _range(value: Any, name: str, center: float, low: float, high: float) -> Any:
    """(lowest, highest) of an option of ColorJitter; None: nothing changes."""
    if value is None:
        return None
    if isinstance(value, (int, float)):
        if value < 0:
            raise ValueError(f"If {name} is a single number, it must be non negative.")
        value = [center - value, center + value]
        if center:
            value[0] = max(value[0], 0.0)
    elif not (isinstance(value, Sequence) and len(value) == 2):
        raise TypeError(f"{name}={value} should be a single number or a sequence with length 2.")
    if not low <= value[0] <= value[1] <= high:
        raise ValueError(f"{name} values should be between {(low, high)}, but got {value}.")
    return None if value[0] == value[1] == center else (float(value[0]), float(value[1]))


class ColorJitter(Transform):
    """Brightness, contrast, saturation and hue changed at random, in random order; see v1's."""

    def __init__(self, brightness: Any = None, contrast: Any = None, saturation: Any = None,
                 hue: Any = None) -> None:  # fmt: skip
        super().__init__()
        most = float("inf")
        self.brightness = _range(brightness, "brightness", 1, 0, most)
        self.contrast = _range(contrast, "contrast", 1, 0, most)
        self.saturation = _range(saturation, "saturation", 1, 0, most)
        self.hue = _range(hue, "hue", 0, -0.5, 0.5)

    def make_params(self, flat_inputs: list) -> dict:
        order = draw_order(4)
        ranges = (self.brightness, self.contrast, self.saturation, self.hue)
        factors = [None if r is None else draw_uniform(*r) for r in ranges]
        return {"order": order, "factors": factors}

    def transform(self, inpt: Any, params: dict) -> Any:
        functions = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)
        for i in params["order"]:
            factor = params["factors"][i]
            if factor is not None:
                inpt = self._call_kernel(functions[i], inpt, factor)
        return inpt


class RandomChannelPermutation(Transform):
    """The channels in random order."""

    def make_params(self, flat_inputs: list) -> dict:
        return {"permutation": draw_order(query_chw(flat_inputs)[0])}

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(F.permute_channels, inpt, params["permutation"])


class RandomPhotometricDistort(Transform):
    """Colours changed at random, each with probability p. Liu et al. 2016, arXiv:1512.02325."""

    def __init__(
        self,
        brightness: tuple[float, float] = (0.875, 1.125),
        contrast: tuple[float, float] = (0.5, 1.5),
        saturation: tuple[float, float] = (0.5, 1.5),
        hue: tuple[float, float] = (-0.05, 0.05),
        p: float = 0.5,
    ):
        super().__init__()
        self.brightness, self.contrast, self.hue = brightness, contrast, hue
        self.saturation, self.p = saturation, p

    def make_params(self, flat_inputs: list) -> dict:
        channels = query_chw(flat_inputs)[0]
        ranges = {
            "brightness": self.brightness,
            "contrast": self.contrast,
            "saturation": self.saturation,
            "hue": self.hue,
        }
        params: dict[str, Any] = {
            name: draw_uniform(*r) if draw_uniform() < self.p else None
            for name, r in ranges.items()
        }
        params["contrast_before"] = draw_uniform() < 0.5
        params["permutation"] = draw_order(channels) if draw_uniform() < self.p else None
        return params

    def transform(self, inpt: Any, params: dict) -> Any:
        def change(x: Any, name: str) -> Any:
            if params[name] is None:
                return x
            return self._call_kernel(getattr(F, f"adjust_{name}"), x, params[name])

        inpt = change(inpt, "brightness")
        if params["contrast_before"]:
            inpt = change(inpt, "contrast")
        inpt = change(change(inpt, "saturation"), "hue")
        if not params["contrast_before"]:
            inpt = change(inpt, "contrast")
        if params["permutation"] is not None:
            inpt = self._call_kernel(F.permute_channels, inpt, params["permutation"])
        return inpt


class RandomEqualize(RandomApplyTransform):
    """functional.equalize with probability p."""

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(F.equalize, inpt)


class RandomInvert(RandomApplyTransform):
    """functional.invert with probability p."""

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(F.invert, inpt)


class RandomAutocontrast(RandomApplyTransform):
    """functional.autocontrast with probability p."""

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(F.autocontrast, inpt)


class RandomPosterize(RandomApplyTransform):
    """functional.posterize with probability p."""

    def __init__(self, bits: int, p: float = 0.5) -> None:
        super().__init__(p)
        self.bits = bits

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(F.posterize, inpt, self.bits)


class RandomSolarize(RandomApplyTransform):
    """functional.solarize with probability p."""

    def __init__(self, threshold: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.threshold = threshold

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(F.solarize, inpt, self.threshold)


class RandomAdjustSharpness(RandomApplyTransform):
    """functional.adjust_sharpness with probability p."""

    def __init__(self, sharpness_factor: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.sharpness_factor = sharpness_factor

    def transform(self, inpt: Any, params: dict) -> Any:
        return self._call_kernel(F.adjust_sharpness, inpt, self.sharpness_factor)
