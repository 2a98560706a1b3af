"""v2's augmentation by tables; the tables are v1's (../auto.py)."""

from __future__ import annotations

from typing import Any

from ...tv_tensors import BoundingBoxes, Image, KeyPoints, Mask, Video
from ...tv_tensors import wrap as wrap_like
from .. import pil
from ..auto import AutoAugmentPolicy, apply_op, mixed_chains, policies, spaces
from ..draws import draw_below, draw_uniform
from . import functional as F
from .base import Transform, fill_for, fills, flatten, mode_of, rebuild
from .functional import is_pure_tensor
from .kinds import plain_tensor

_NEAREST, _BILINEAR = "nearest", "bilinear"


class _Auto(Transform):
    """What the four have in common: one image in a sample, no boxes, points or masks."""

    name = ""

    def __init__(self, interpolation: Any, fill: Any) -> None:
        super().__init__()
        self.interpolation = mode_of(interpolation)
        self.fill, self._fills = fill, fills(fill)

    def _image(self, sample: Any) -> tuple[list, int, Any]:
        """(what is in the sample, where its image is, the image)"""
        flat = flatten(sample)
        places = [
            i
            for i, x in enumerate(flat)
            if is_pure_tensor(x) or pil.is_image(x) or isinstance(x, (Image, Video))
        ]
        wrong = [x for x in flat if isinstance(x, (BoundingBoxes, KeyPoints, Mask))]
        if wrong:
            raise TypeError(
                f"Inputs of type {type(wrong[0]).__name__} are not supported by "
                f"{type(self).__name__}()"
            )
        if not places:
            raise TypeError("Expected to find one image or video in the sample, but found none.")
        place = next((i for i in places if not is_pure_tensor(flat[i])), places[0])
        return flat, place, flat[place]

    def _space(self) -> dict:
        return spaces[self.name]

    def _run_op(self, image: Any, name: str, magnitude: float) -> Any:
        fill = fill_for(self._fills, image)
        if name in ("Shear", "Translate", "Rotate") or name[:5] in ("Shear", "Trans"):
            return apply_op(image, name, magnitude, self.interpolation, fill, F)
        if name == "Solarize":
            white = 255 if pil.is_image(image) or not image.is_floating_point() else 1.0
            magnitude = white * (magnitude / 255.0) if white == 1.0 else magnitude
        return apply_op(image, name, magnitude, self.interpolation, fill, F)

    def forward(self, *inputs: Any) -> Any:
        sample = inputs if len(inputs) > 1 else inputs[0]
        flat, place, image = self._image(sample)
        flat[place] = self.augment(image)
        return rebuild(sample, flat)

    def augment(self, image: Any) -> Any:
        raise NotImplementedError


class AutoAugment(_Auto):
    """Two ops of a policy; see v1's."""

    name = "AutoAugment"

    def __init__(
        self,
        policy: AutoAugmentPolicy = AutoAugmentPolicy.IMAGENET,
        interpolation: Any = _NEAREST,
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        self.policy = policy
        self._policies = policies(policy)

    def augment(self, image: Any) -> Any:
        height, width = F.get_size(image)
        for name, p, index in self._policies[draw_below(len(self._policies))]:
            if not draw_uniform() <= p:
                continue
            magnitudes, signed = self._space()[name]
            found = magnitudes(10, height, width)
            magnitude = 0.0
            if found is not None:
                magnitude = float(found[index])
                if signed and draw_uniform() <= 0.5:
                    magnitude = -magnitude
            image = self._run_op(image, name, magnitude)
        return image


class RandAugment(_Auto):
    """num_ops random ops of one magnitude; see v1's."""

    name = "RandAugment"

    def __init__(
        self,
        num_ops: int = 2,
        magnitude: int = 9,
        num_magnitude_bins: int = 31,
        interpolation: Any = _NEAREST,
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        self.num_ops, self.magnitude = num_ops, magnitude
        self.num_magnitude_bins = num_magnitude_bins

    def augment(self, image: Any) -> Any:
        height, width = F.get_size(image)
        table = self._space()
        names = list(table)
        for _ in range(self.num_ops):
            name = names[draw_below(len(names))]
            magnitudes, signed = table[name]
            found = magnitudes(self.num_magnitude_bins, height, width)
            magnitude = 0.0
            if found is not None:
                magnitude = float(found[self.magnitude])
                if signed and draw_uniform() <= 0.5:
                    magnitude = -magnitude
            image = self._run_op(image, name, magnitude)
        return image


class TrivialAugmentWide(_Auto):
    """One random op of a random magnitude; see v1's."""

    name = "TrivialAugmentWide"

    def __init__(
        self, num_magnitude_bins: int = 31, interpolation: Any = _NEAREST, fill: Any = None
    ):
        super().__init__(interpolation, fill)
        self.num_magnitude_bins = num_magnitude_bins

    def augment(self, image: Any) -> Any:
        height, width = F.get_size(image)
        table = self._space()
        name = list(table)[draw_below(len(table))]
        magnitudes, signed = table[name]
        found = magnitudes(self.num_magnitude_bins, height, width)
        magnitude = 0.0
        if found is not None:
            magnitude = float(found[draw_below(self.num_magnitude_bins)])
            if signed and draw_uniform() <= 0.5:
                magnitude = -magnitude
        return self._run_op(image, name, magnitude)


class AugMix(_Auto):
    """The image mixed with several chains of random ops; see v1's."""

    name = "AugMix"
    _PARAMETER_MAX = 10

    def __init__(
        self,
        severity: int = 3,
        mixture_width: int = 3,
        chain_depth: int = -1,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: Any = _BILINEAR,
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        if not 1 <= severity <= self._PARAMETER_MAX:
            raise ValueError(
                f"The severity must be between [1, {self._PARAMETER_MAX}]. Got {severity} instead."
            )
        self.severity, self.mixture_width = severity, mixture_width
        self.chain_depth, self.alpha, self.all_ops = chain_depth, alpha, all_ops

    def _space(self) -> dict:
        table = spaces["AugMix"]
        return table if self.all_ops else dict(list(table.items())[:9])

    def augment(self, image: Any) -> Any:
        height, width = F.get_size(image)
        picture = pil.is_image(image)
        original = (F.pil_to_tensor(image) if picture else plain_tensor(image)).numpy()
        table = self._space()
        names = list(table)

        def chain(aug: Any) -> Any:
            depth = self.chain_depth if self.chain_depth > 0 else draw_below(3) + 1
            for _ in range(depth):
                name = names[draw_below(len(names))]
                magnitudes, signed = table[name]
                found = magnitudes(self._PARAMETER_MAX, height, width)
                magnitude = 0.0
                if found is not None:
                    magnitude = float(found[draw_below(self.severity)])
                    if signed and draw_uniform() <= 0.5:
                        magnitude = -magnitude
                aug = self._run_op(aug, name, magnitude)
            return aug

        mixed = mixed_chains(original, self.alpha, self.mixture_width, chain)
        if picture:
            return F.to_pil_image(mixed)
        return wrap_like(mixed, like=image) if isinstance(image, (Image, Video)) else mixed
