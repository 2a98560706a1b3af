"""Augmentation by tables: AutoAugment, RandAugment, TrivialAugmentWide, AugMix.

An op is a name, a magnitude, and whether the magnitude may be negative. `spaces` has their tables
of magnitudes, which v2 shares; the policies of AutoAugment are those of its paper.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import Any

import numpy as np

from ...core.tensor import Tensor, wrap
from ...dispatch.registry import FUNCTIONS
from ...nn.module import Module
from ...random import variates
from ...random.generator import default_generator
from . import functional as F
from .draws import draw_below
from .functional import InterpolationMode

__all__ = ["AugMix", "AutoAugment", "AutoAugmentPolicy", "RandAugment", "TrivialAugmentWide"]

_NEAREST, _BILINEAR = InterpolationMode.NEAREST, InterpolationMode.BILINEAR


class AutoAugmentPolicy(Enum):
    """The data set that a policy was found for."""

    IMAGENET = "imagenet"
    CIFAR10 = "cifar10"
    SVHN = "svhn"


# Cubuk et al. 2018, arXiv:1805.09501, tables 7 to 9: pairs of (op, probability in tenths,
# magnitude from 0 to 9, - without one)
_POLICIES = {
    AutoAugmentPolicy.IMAGENET: """
        Posterize 4 8 Rotate 6 9, Solarize 6 5 AutoContrast 6 -, Equalize 8 - Equalize 6 -,
        Posterize 6 7 Posterize 6 6, Equalize 4 - Solarize 2 4, Equalize 4 - Rotate 8 8,
        Solarize 6 3 Equalize 6 -, Posterize 8 5 Equalize 10 -, Rotate 2 3 Solarize 6 8,
        Equalize 6 - Posterize 4 6, Rotate 8 8 Color 4 0, Rotate 4 9 Equalize 6 -,
        Equalize 0 - Equalize 8 -, Invert 6 - Equalize 10 -, Color 6 4 Contrast 10 8,
        Rotate 8 8 Color 10 2, Color 8 8 Solarize 8 7, Sharpness 4 7 Invert 6 -,
        ShearX 6 5 Equalize 10 -, Color 4 0 Equalize 6 -, Equalize 4 - Solarize 2 4,
        Solarize 6 5 AutoContrast 6 -, Invert 6 - Equalize 10 -, Color 6 4 Contrast 10 8,
        Equalize 8 - Equalize 6 -""",
    AutoAugmentPolicy.CIFAR10: """
        Invert 1 - Contrast 2 6, Rotate 7 2 TranslateX 3 9, Sharpness 8 1 Sharpness 9 3,
        ShearY 5 8 TranslateY 7 9, AutoContrast 5 - Equalize 9 -, ShearY 2 7 Posterize 3 7,
        Color 4 3 Brightness 6 7, Sharpness 3 9 Brightness 7 9, Equalize 6 - Equalize 5 -,
        Contrast 6 7 Sharpness 6 5, Color 7 7 TranslateX 5 8, Equalize 3 - AutoContrast 4 -,
        TranslateY 4 3 Sharpness 2 6, Brightness 9 6 Color 2 8, Solarize 5 2 Invert 0 -,
        Equalize 2 - AutoContrast 6 -, Equalize 2 - Equalize 6 -, Color 9 9 Equalize 6 -,
        AutoContrast 8 - Solarize 2 8, Brightness 1 3 Color 7 0, Solarize 4 5 AutoContrast 9 -,
        TranslateY 9 9 TranslateY 7 9, AutoContrast 9 - Solarize 8 3, Equalize 8 - Invert 1 -,
        TranslateY 7 9 AutoContrast 9 -""",
    AutoAugmentPolicy.SVHN: """
        ShearX 9 4 Invert 2 -, ShearY 9 8 Invert 7 -, Equalize 6 - Solarize 6 6,
        Invert 9 - Equalize 6 -, Equalize 6 - Rotate 9 3, ShearX 9 4 AutoContrast 8 -,
        ShearY 9 8 Invert 4 -, ShearY 9 5 Solarize 2 6, Invert 9 - AutoContrast 8 -,
        Equalize 6 - Rotate 9 3, ShearX 9 4 Solarize 3 3, ShearY 8 8 Invert 7 -,
        Equalize 9 - TranslateY 6 6, Invert 9 - Equalize 6 -, Contrast 3 3 Rotate 8 4,
        Invert 8 - TranslateY 0 2, ShearY 7 6 Solarize 4 8, Invert 6 - Rotate 8 4,
        ShearY 3 7 TranslateX 9 3, ShearX 1 6 Invert 6 -, Solarize 7 2 TranslateY 6 7,
        ShearY 8 4 Invert 8 -, ShearX 7 9 TranslateY 8 3, ShearY 8 5 AutoContrast 7 -,
        ShearX 7 2 Invert 1 -""",
}


def policies(policy: Any) -> list[tuple]:
    """[((op, probability, magnitude index or None), (op, ...)), ...]

    ValueError: no policy
    """
    if policy not in _POLICIES:
        raise ValueError(f"The provided policy {policy} is not recognized.")
    found = []
    for pair in _POLICIES[policy].split(","):
        words = pair.split()
        found.append(
            tuple((words[i], int(words[i + 1]) / 10, _index(words[i + 2])) for i in range(0, 6, 3))
        )
    return found


def _index(word: str) -> int | None:
    return None if word == "-" else int(word)


# op -> (f(bins, height, width) -> magnitudes or None, may be negative)
Space = dict[str, tuple[Callable[[int, int, int], Any], bool]]


def _to(limit: float) -> tuple[Callable, bool]:
    return lambda bins, h, w: np.linspace(0.0, limit, bins, dtype=np.float32), True


def _moves(share: float) -> Space:
    return {
        "TranslateX": (lambda n, h, w: np.linspace(0.0, share * w, n, dtype=np.float32), True),
        "TranslateY": (lambda n, h, w: np.linspace(0.0, share * h, n, dtype=np.float32), True),
    }


def _bits(first: int, drop: int) -> tuple[Callable, bool]:
    def bits(bins: int, h: int, w: int) -> np.ndarray:
        steps = np.arange(bins, dtype=np.float32) / np.float32((bins - 1) / drop)
        return first - np.rint(steps).astype(np.int64)

    return bits, False


_NONE: tuple[Callable, bool] = (lambda bins, h, w: None, False)
_SOLARIZE = (lambda bins, h, w: np.linspace(255.0, 0.0, bins, dtype=np.float32), False)


def _colors(limit: float) -> Space:
    return {name: _to(limit) for name in ("Brightness", "Color", "Contrast", "Sharpness")}


_TONES: Space = {"Solarize": _SOLARIZE, "AutoContrast": _NONE, "Equalize": _NONE}
spaces: dict[str, Space] = {
    "AutoAugment": {
        "ShearX": _to(0.3),
        "ShearY": _to(0.3),
        **_moves(150.0 / 331.0),
        "Rotate": _to(30.0),
        **_colors(0.9),
        "Posterize": _bits(8, 4),
        **_TONES,
        "Invert": _NONE,
    },
    "RandAugment": {
        "Identity": _NONE,
        "ShearX": _to(0.3),
        "ShearY": _to(0.3),
        **_moves(150.0 / 331.0),
        "Rotate": _to(30.0),
        **_colors(0.9),
        "Posterize": _bits(8, 4),
        **_TONES,
    },
    "TrivialAugmentWide": {
        "Identity": _NONE,
        "ShearX": _to(0.99),
        "ShearY": _to(0.99),
        "TranslateX": _to(32.0),
        "TranslateY": _to(32.0),
        "Rotate": _to(135.0),
        **_colors(0.99),
        "Posterize": _bits(8, 6),
        **_TONES,
    },
    "AugMix": {
        "ShearX": _to(0.3),
        "ShearY": _to(0.3),
        **_moves(1.0 / 3.0),
        "Rotate": _to(30.0),
        "Posterize": _bits(4, 4),
        **_TONES,
        **_colors(0.9),
    },
}


def apply_op(img: Any, name: str, magnitude: float, interpolation: Any, fill: Any, F: Any) -> Any:
    """The image after one op, by the functions of F.

    ValueError: an op of another name
    """
    x_or_y = {"X": 0, "Y": 1}.get(name[-1], 0)
    if name.startswith("Shear"):
        shear = [0.0, 0.0]
        shear[x_or_y] = math.degrees(math.atan(magnitude))
        return F.affine(img, 0.0, [0, 0], 1.0, shear, interpolation, fill=fill, center=[0, 0])
    if name.startswith("Translate"):
        move = [0, 0]
        move[x_or_y] = int(magnitude)
        return F.affine(img, 0.0, move, 1.0, [0.0, 0.0], interpolation, fill=fill)
    if name == "Rotate":
        return F.rotate(img, magnitude, interpolation, fill=fill)
    if name in ("Brightness", "Contrast", "Sharpness"):
        return getattr(F, f"adjust_{name.lower()}")(img, 1.0 + magnitude)
    if name == "Color":
        return F.adjust_saturation(img, 1.0 + magnitude)
    if name == "Posterize":
        return F.posterize(img, int(magnitude))
    if name == "Solarize":
        return F.solarize(img, magnitude)
    if name in ("AutoContrast", "Equalize", "Invert"):
        return getattr(F, name.lower())(img)
    if name == "Identity":
        return img
    raise ValueError(f"The provided operator {name} is not recognized.")


class _Auto(Module):
    """What the four have in common."""

    def __init__(self, interpolation: InterpolationMode, fill: Any) -> None:
        super().__init__()
        self.interpolation, self.fill = interpolation, fill

    def _fill_for(self, img: Any) -> Any:
        fill = self.fill
        if isinstance(img, Tensor):
            channels = F.get_dimensions(img)[0]
            if isinstance(fill, int | float):
                return [float(fill)] * channels
            return None if fill is None else [float(v) for v in fill]
        return fill

    def _run_op(self, img: Any, name: str, magnitude: float) -> Any:
        return apply_op(img, name, magnitude, self.interpolation, self._fill_for(img), F)

    def _augmentation_space(self, num_bins: int, image_size: Any = (0, 0)) -> dict:
        """{op: (magnitudes, may be negative)}"""
        table = spaces[type(self).__name__] if type(self).__name__ in spaces else self.space
        return {k: (f(num_bins, *image_size), signed) for k, (f, signed) in table.items()}

    space: Space = {}


class AutoAugment(_Auto):
    """Two ops of a policy that was learnt for a data set. Cubuk et al. 2018, arXiv:1805.09501.

    fill  for what comes in from outside: one number, or one per channel
    """

    space = spaces["AutoAugment"]

    def __init__(
        self,
        policy: AutoAugmentPolicy = AutoAugmentPolicy.IMAGENET,
        interpolation: InterpolationMode = _NEAREST,
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        self.policy = policy
        self.policies = policies(policy)

    @staticmethod
    def get_params(transform_num: int) -> tuple[int, list[float], list[int]]:
        """(which pair, two numbers for the probabilities, two signs)"""
        pair = draw_below(transform_num)
        kind, whole = np.dtype(np.float32), np.dtype(np.int64)
        probabilities = variates.uniform(2, kind, 0.0, 1.0, default_generator).tolist()
        signs = variates.integers(2, whole, 0, 2, default_generator).tolist()
        return pair, probabilities, signs

    def forward(self, img: Any) -> Any:
        pair, probabilities, signs = self.get_params(len(self.policies))
        table = self._augmentation_space(10, F.get_dimensions(img)[1:])
        for i, (name, p, index) in enumerate(self.policies[pair]):
            if probabilities[i] <= p:
                magnitudes, signed = table[name]
                magnitude = float(magnitudes[index]) if index is not None else 0.0
                if signed and signs[i] == 0:
                    magnitude = -magnitude
                img = self._run_op(img, name, magnitude)
        return img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(policy={self.policy}, fill={self.fill})"


class RandAugment(_Auto):
    """num_ops random ops of one magnitude. Cubuk et al. 2020, arXiv:1909.13719."""

    space = spaces["RandAugment"]

    def __init__(
        self,
        num_ops: int = 2,
        magnitude: int = 9,
        num_magnitude_bins: int = 31,
        interpolation: InterpolationMode = _NEAREST,
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        self.num_ops, self.magnitude = num_ops, magnitude
        self.num_magnitude_bins = num_magnitude_bins

    def forward(self, img: Any) -> Any:
        table = self._augmentation_space(self.num_magnitude_bins, F.get_dimensions(img)[1:])
        names = list(table)
        for _ in range(self.num_ops):
            name = names[draw_below(len(names))]
            magnitudes, signed = table[name]
            magnitude = float(magnitudes[self.magnitude]) if magnitudes is not None else 0.0
            if signed and draw_below(2):
                magnitude = -magnitude
            img = self._run_op(img, name, magnitude)
        return img

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(num_ops={self.num_ops}, magnitude={self.magnitude}, "
            f"num_magnitude_bins={self.num_magnitude_bins}, interpolation={self.interpolation}, "
            f"fill={self.fill})"
        )


class TrivialAugmentWide(_Auto):
    """One random op of a random magnitude. Müller and Hutter 2021, arXiv:2103.10158."""

    space = spaces["TrivialAugmentWide"]

    def __init__(
        self,
        num_magnitude_bins: int = 31,
        interpolation: InterpolationMode = _NEAREST,
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        self.num_magnitude_bins = num_magnitude_bins

    def forward(self, img: Any) -> Any:
        table = self._augmentation_space(self.num_magnitude_bins)
        names = list(table)
        name = names[draw_below(len(names))]
        magnitudes, signed = table[name]
        magnitude = 0.0
        if magnitudes is not None:
            magnitude = float(magnitudes[draw_below(len(magnitudes))])
        if signed and draw_below(2):
            magnitude = -magnitude
        return self._run_op(img, name, magnitude)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(num_magnitude_bins={self.num_magnitude_bins}, "
            f"interpolation={self.interpolation}, fill={self.fill})"
        )


def draw_dirichlet(alpha: np.ndarray) -> np.ndarray:
    """`torch._sample_dirichlet(alpha)` of float32, by the last dimension."""
    return FUNCTIONS["_sample_dirichlet"](wrap(alpha.astype(np.float32))).numpy()


def mixed_chains(
    original: np.ndarray, alpha: float, width: int, chain: Callable[[Tensor], Tensor]
) -> Tensor:
    """AugMix of an image or a batch: m x + (1 - m) Σ w_i chain_i(x), m and w drawn from Beta and
    Dirichlet distributions of alpha.
    """
    batch = original.reshape((1,) * max(4 - original.ndim, 0) + original.shape)
    n, ones = batch.shape[0], (-1, *([1] * (batch.ndim - 1)))
    m = draw_dirichlet(np.full((n, 2), alpha))
    weights = draw_dirichlet(np.full((n, width), alpha)) * m[:, 1:]
    mix = m[:, 0].reshape(ones) * batch
    for i in range(width):
        mix = mix + weights[:, i].reshape(ones) * chain(wrap(batch.copy())).numpy()
    return wrap(mix.reshape(original.shape).astype(original.dtype))


class AugMix(_Auto):
    """The image mixed with several chains of random ops. Hendrycks et al. 2020, arXiv:1912.02781.

    severity       of the ops, 1 to 10
    mixture_width  how many chains;  chain_depth  how long, -1: 1 to 3
    alpha          of the Beta and Dirichlet distributions that the weights come from
    all_ops        brightness, color, contrast and sharpness too
    """

    _PARAMETER_MAX = 10
    space = spaces["AugMix"]

    def __init__(
        self,
        severity: int = 3,
        mixture_width: int = 3,
        chain_depth: int = -1,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: InterpolationMode = _BILINEAR,
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        if not 1 <= severity <= self._PARAMETER_MAX:
            raise ValueError(
                f"The severity must be between [1, {self._PARAMETER_MAX}]. Got {severity} instead."
            )
        self.severity, self.mixture_width = severity, mixture_width
        self.chain_depth, self.alpha, self.all_ops = chain_depth, alpha, all_ops

    def _augmentation_space(self, num_bins: int, image_size: Any = (0, 0)) -> dict:
        table = super()._augmentation_space(num_bins, image_size)
        return table if self.all_ops else dict(list(table.items())[:9])

    def forward(self, orig_img: Any) -> Any:
        _, height, width = F.get_dimensions(orig_img)
        picture = not isinstance(orig_img, Tensor)
        img = F.pil_to_tensor(orig_img) if picture else orig_img
        table = self._augmentation_space(self._PARAMETER_MAX, (height, width))
        names = list(table)

        def chain(aug: Any) -> Any:
            depth = self.chain_depth if self.chain_depth > 0 else draw_below(3) + 1
            for _ in range(depth):
                name = names[draw_below(len(names))]
                magnitudes, signed = table[name]
                magnitude = 0.0
                if magnitudes is not None:
                    magnitude = float(magnitudes[draw_below(self.severity)])
                if signed and draw_below(2):
                    magnitude = -magnitude
                aug = self._run_op(aug, name, magnitude)
            return aug

        mixed = mixed_chains(img.numpy(), self.alpha, self.mixture_width, chain)
        return F.to_pil_image(mixed, mode=orig_img.mode) if picture else mixed

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(severity={self.severity}, mixture_width={self.mixture_width}, "
            f"chain_depth={self.chain_depth}, alpha={self.alpha}, all_ops={self.all_ops}, "
            f"interpolation={self.interpolation}, fill={self.fill})"
        )
