"""Transforms of size and place. Random ones draw from the global generator as torchvision's do.

H height, W width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.construct import tensor
from ...core.dtype import float32
from ...core.tensor import wrap
from ...dispatch.registry import FUNCTIONS
from ...nn.module import Module
from . import array
from . import functional as F
from .batch import OnBatch, below, uniform
from .draws import draw_below, draw_uniform
from .functional import InterpolationMode

__all__ = [
    "CenterCrop",
    "Pad",
    "RandomAffine",
    "RandomCrop",
    "RandomErasing",
    "RandomHorizontalFlip",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomVerticalFlip",
    "Resize",
]


def _two(size: Any, error: str) -> tuple[int, int]:
    """A size of one number or two as (h, w)."""
    if isinstance(size, int):
        return size, size
    if isinstance(size, Sequence) and len(size) == 1:
        return size[0], size[0]
    if len(size) != 2:
        raise ValueError(error)
    return tuple(size)


def _range(value: Any, name: str) -> list[float]:
    """A positive number r as [-r, r]; two numbers as they are."""
    if isinstance(value, int | float):
        if value < 0:
            raise ValueError(f"If {name} is a single number, it must be positive.")
        return [-float(value), float(value)]
    if not isinstance(value, Sequence):
        raise TypeError(f"{name} should be a sequence of length 2.")
    if len(value) != 2:
        raise ValueError(f"{name} should be a sequence of length 2.")
    return [float(number) for number in value]


class Resize(Module):
    """Another size: see `functional.resize`."""

    def __init__(
        self,
        size: int | Sequence[int],
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        if not isinstance(size, int | Sequence):
            raise TypeError(f"Size should be int or sequence. Got {type(size)}")
        if isinstance(size, Sequence) and len(size) not in (1, 2):
            raise ValueError("If size is a sequence, it should have 1 or 2 values")
        self.size = size
        self.max_size = max_size
        self.interpolation = interpolation
        self.antialias = antialias

    def forward(self, img: Any) -> Any:
        return F.resize(img, self.size, self.interpolation, self.max_size, self.antialias)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(size={self.size}, interpolation={self.interpolation.value}, "
            f"max_size={self.max_size}, antialias={self.antialias})"
        )


class CenterCrop(Module, OnBatch):
    """The middle, of size (h, w): see `functional.center_crop`."""

    takes_pixels = True

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = _two(size, "Please provide only two dimensions (h, w) for size.")

    def forward(self, img: Any) -> Any:
        return F.center_crop(img, self.size)

    def batch_plan(self, shape: tuple[int, int, int]) -> Any:
        return 0, (shape[0], *self.size)

    def on_batch(self, x: np.ndarray, words: np.ndarray) -> np.ndarray:
        return F.center_crop(wrap(x), self.size)._a

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


def _padded(
    shape: tuple[int, int, int], padding: int | Sequence[int] | None
) -> tuple[int, int, int]:
    """The shape (C, H, W) of an image after padding."""
    left, top, right, bottom = F.padding_sides(padding or 0)
    return shape[0], shape[1] + top + bottom, shape[2] + left + right


class Pad(Module, OnBatch):
    """Pixels around: see `functional.pad`."""

    takes_pixels = True

    def __init__(
        self, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant"
    ) -> None:
        super().__init__()
        if not isinstance(padding, int | tuple | list):
            raise TypeError("Got inappropriate padding arg")
        if not isinstance(fill, int | float | str | tuple | list):
            raise TypeError("Got inappropriate fill arg")
        if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
            raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
        if isinstance(padding, Sequence) and len(padding) not in (1, 2, 4):
            raise ValueError(
                "Padding must be an int or a 1, 2, or 4 element tuple, not a "
                f"{len(padding)} element tuple"
            )
        self.padding = padding
        self.fill = fill
        self.padding_mode = padding_mode

    def forward(self, img: Any) -> Any:
        return F.pad(img, self.padding, self.fill, self.padding_mode)

    def batch_plan(self, shape: tuple[int, int, int]) -> Any:
        if not isinstance(self.fill, int):
            return None
        return 0, _padded(shape, self.padding)

    def on_batch(self, x: np.ndarray, words: np.ndarray) -> np.ndarray:
        return array.pad(x, F.padding_sides(self.padding), self.fill, self.padding_mode)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(padding={self.padding}, fill={self.fill}, "
            f"padding_mode={self.padding_mode})"
        )


class RandomCrop(Module, OnBatch):
    """A part of size (h, w), at a place drawn uniformly.

    padding        added first, as in `Pad`
    pad_if_needed  add more where the image is smaller than the part
    ValueError: the image is too small.
    """

    takes_pixels = True

    def __init__(
        self,
        size: int | Sequence[int],
        padding: int | Sequence[int] | None = None,
        pad_if_needed: bool = False,
        fill: Any = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        self.size = _two(size, "Please provide only two dimensions (h, w) for size.")
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    @staticmethod
    def get_params(img: Any, output_size: tuple[int, int]) -> tuple[int, int, int, int]:
        """(top, left, height, width) of a random part."""
        _, h, w = F.get_dimensions(img)
        height, width = output_size
        if h < height or w < width:
            raise ValueError(
                f"Required crop size {(height, width)} is larger than input image size {(h, w)}"
            )
        if (height, width) == (h, w):
            return 0, 0, h, w
        return draw_below(h - height + 1), draw_below(w - width + 1), height, width

    def forward(self, img: Any) -> Any:
        if self.padding is not None:
            img = F.pad(img, self.padding, self.fill, self.padding_mode)
        _, height, width = F.get_dimensions(img)
        if self.pad_if_needed and width < self.size[1]:
            img = F.pad(img, [self.size[1] - width, 0], self.fill, self.padding_mode)
        if self.pad_if_needed and height < self.size[0]:
            img = F.pad(img, [0, self.size[0] - height], self.fill, self.padding_mode)
        return F.crop(img, *self.get_params(img, self.size))

    def batch_plan(self, shape: tuple[int, int, int]) -> Any:
        if self.pad_if_needed or not isinstance(self.fill, int):
            return None
        channels, height, width = _padded(shape, self.padding)
        if height < self.size[0] or width < self.size[1]:
            return None  # its own call has the error
        words = 0 if (height, width) == self.size else 2
        return words, (channels, *self.size)

    def on_batch(self, x: np.ndarray, words: np.ndarray) -> np.ndarray:
        if self.padding is not None:
            sides = F.padding_sides(self.padding)
            x = array.pad(x, sides, self.fill, self.padding_mode)
        height, width = self.size
        if x.shape[2:] == self.size:
            return x
        tops = below(words[:, 0], x.shape[2] - height + 1)
        lefts = below(words[:, 1], x.shape[3] - width + 1)
        out = np.empty((*x.shape[:2], height, width), x.dtype)
        for image, part, i, j in zip(x, out, tops, lefts, strict=True):
            part[...] = image[:, i : i + height, j : j + width]
        return out

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, padding={self.padding})"


class RandomHorizontalFlip(Module, OnBatch):
    """Left and right exchanged with probability p."""

    takes_pixels = True

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        return F.hflip(img) if draw_uniform() < self.p else img

    def batch_plan(self, shape: tuple[int, int, int]) -> Any:
        return 1, shape

    def on_batch(self, x: np.ndarray, words: np.ndarray) -> np.ndarray:
        chosen = uniform(words[:, 0]) < self.p
        x[chosen] = x[chosen, ..., ::-1]
        return x

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomVerticalFlip(Module, OnBatch):
    """Top and bottom exchanged with probability p."""

    takes_pixels = True

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        return F.vflip(img) if draw_uniform() < self.p else img

    def batch_plan(self, shape: tuple[int, int, int]) -> Any:
        return 1, shape

    def on_batch(self, x: np.ndarray, words: np.ndarray) -> np.ndarray:
        chosen = uniform(words[:, 0]) < self.p
        x[chosen] = x[chosen, :, ::-1]
        return x

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomResizedCrop(Module):
    """A part of random area and aspect ratio, resized to `size`.

    scale  bounds of the part's share of the area;  ratio  bounds of width / height
    """

    def __init__(
        self,
        size: int | Sequence[int],
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.size = _two(size, "Please provide only two dimensions (h, w) for size.")
        if not isinstance(scale, Sequence):
            raise TypeError("Scale should be a sequence")
        if not isinstance(ratio, Sequence):
            raise TypeError("Ratio should be a sequence")
        self.interpolation = interpolation
        self.antialias = antialias
        self.scale = scale
        self.ratio = ratio

    @staticmethod
    def get_params(
        img: Any, scale: Sequence[float], ratio: Sequence[float]
    ) -> tuple[int, int, int, int]:
        """(top, left, height, width) of a random part; the middle after ten vain attempts."""
        _, height, width = F.get_dimensions(img)
        return part_of(height, width, scale, ratio)

    def forward(self, img: Any) -> Any:
        part = self.get_params(img, self.scale, self.ratio)
        return F.resized_crop(img, *part, self.size, self.interpolation, self.antialias)

    def __repr__(self) -> str:
        scale = tuple(round(number, 4) for number in self.scale)
        ratio = tuple(round(number, 4) for number in self.ratio)
        return (
            f"{type(self).__name__}(size={self.size}, scale={scale}, ratio={ratio}, "
            f"interpolation={self.interpolation.value}, antialias={self.antialias})"
        )


def part_of(
    height: int, width: int, scale: Sequence[float], ratio: Sequence[float]
) -> tuple[int, int, int, int]:
    """(top, left, height, width) of a random part; the middle after ten vain attempts."""
    bounds = _log_bounds(ratio)
    for _ in range(10):
        area = height * width * draw_uniform(scale[0], scale[1])
        aspect = _exp(draw_uniform(*bounds))
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            return draw_below(height - h + 1), draw_below(width - w + 1), h, w
    if width / height < min(ratio):
        w, h = width, round(width / min(ratio))
    elif width / height > max(ratio):
        w, h = round(height * max(ratio)), height
    else:
        w, h = width, height
    return (height - h) // 2, (width - w) // 2, h, w


def _log_bounds(ratio: Sequence[float]) -> list[float]:
    """Logarithms as float32 has them, which the draws depend on."""
    return np.log(np.asarray(ratio, np.float32)).tolist()


def _exp(x: float) -> float:
    return float(np.exp(np.float32(x)))


class RandomRotation(Module):
    """Turned by a random angle.

    degrees  (lowest, highest), or one number d for (-d, d);  the rest: see `functional.rotate`
    """

    def __init__(
        self,
        degrees: float | Sequence[float],
        interpolation: InterpolationMode = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Sequence[float] | None = None,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.degrees = _range(degrees, "degrees")
        self.center = center
        self.interpolation = interpolation
        self.expand = expand
        self.fill = 0 if fill is None else fill

    @staticmethod
    def get_params(degrees: Sequence[float]) -> float:
        """A random angle."""
        return draw_uniform(float(degrees[0]), float(degrees[1]))

    def forward(self, img: Any) -> Any:
        angle = self.get_params(self.degrees)
        return F.rotate(img, angle, self.interpolation, self.expand, self.center, self.fill)

    def __repr__(self) -> str:
        center = "" if self.center is None else f", center={self.center}"
        fill = "" if self.fill is None else f", fill={self.fill}"
        return (
            f"{type(self).__name__}(degrees={self.degrees}, "
            f"interpolation={self.interpolation.value}, expand={self.expand}{center}{fill})"
        )


class RandomAffine(Module):
    """Turned, moved, scaled and sheared at random; the size is kept.

    degrees    (lowest, highest), or one number d for (-d, d)
    translate  largest moves, as shares of (width, height)
    scale      (lowest, highest)
    shear      degrees along x: d or (lowest, highest); along both: four numbers
    """

    def __init__(
        self,
        degrees: float | Sequence[float],
        translate: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        shear: float | Sequence[float] | None = None,
        interpolation: InterpolationMode = InterpolationMode.NEAREST,
        fill: Any = 0,
        center: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        self.degrees = _range(degrees, "degrees")
        if translate is not None and not all(0.0 <= share <= 1.0 for share in translate):
            raise ValueError("translation values should be between 0 and 1")
        if scale is not None and not all(number > 0 for number in scale):
            raise ValueError("scale values should be positive")
        if shear is not None and not (isinstance(shear, Sequence) and len(shear) == 4):
            shear = _range(shear, "shear")
        self.translate = translate
        self.scale = scale
        self.shear = shear
        self.interpolation = interpolation
        self.fill = 0 if fill is None else fill
        self.center = center

    @staticmethod
    def get_params(
        degrees: Sequence[float],
        translate: Sequence[float] | None,
        scale_ranges: Sequence[float] | None,
        shears: Sequence[float] | None,
        img_size: Sequence[int],
    ) -> tuple[float, tuple[int, int], float, tuple[float, float]]:
        """angle, (right, down), scale, (shear along x, along y); img_size is (width, height)."""
        angle = draw_uniform(float(degrees[0]), float(degrees[1]))
        moves = (0, 0)
        if translate is not None:
            reach = [float(share * side) for share, side in zip(translate, img_size, strict=True)]
            moves = tuple(round(draw_uniform(-far, far)) for far in reach)
        scale = 1.0 if scale_ranges is None else draw_uniform(scale_ranges[0], scale_ranges[1])
        lean_x = lean_y = 0.0
        if shears is not None:
            lean_x = draw_uniform(shears[0], shears[1])
            if len(shears) == 4:
                lean_y = draw_uniform(shears[2], shears[3])
        return angle, moves, scale, (lean_x, lean_y)

    def forward(self, img: Any) -> Any:
        size = F.get_image_size(img)
        drawn = self.get_params(self.degrees, self.translate, self.scale, self.shear, size)
        return F.affine(img, *drawn, self.interpolation, self.fill, self.center)

    def __repr__(self) -> str:
        text = f"{type(self).__name__}(degrees={self.degrees}"
        for name in ("translate", "scale", "shear"):
            value = getattr(self, name)
            text += "" if value is None else f", {name}={value}"
        if self.interpolation != InterpolationMode.NEAREST:
            text += f", interpolation={self.interpolation.value}"
        if self.fill != 0:
            text += f", fill={self.fill}"
        if self.center is not None:
            text += f", center={self.center}"
        return f"{text})"


class RandomErasing(Module):
    """A random rectangle of a tensor image replaced, with probability p.

    scale  bounds of its share of the area;  ratio  bounds of its height / width
    value  one number, one per channel, or "random": normally distributed
    """

    def __init__(
        self,
        p: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 3.3),
        value: float | str | Sequence[float] = 0,
        inplace: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(value, int | float | str | tuple | list):
            raise TypeError(
                "Argument value should be either a number or str or a sequence of numbers"
            )
        if isinstance(value, str) and value != "random":
            raise ValueError("If value is str, it should be 'random'")
        if scale[0] < 0 or scale[1] > 1:
            raise ValueError("Scale should be between 0 and 1")
        if not 0 <= p <= 1:
            raise ValueError("Random erasing probability should be between 0 and 1")
        self.p = p
        self.scale = scale
        self.ratio = ratio
        self.value = value
        self.inplace = inplace

    @staticmethod
    def get_params(
        img: Any, scale: Sequence[float], ratio: Sequence[float], value: list[float] | None = None
    ) -> tuple[int, int, int, int, Any]:
        """top, left, height, width and the new pixels (C or 1, height, width or 1, 1)."""
        channels, height, width = img.shape[-3:]
        bounds = _log_bounds(ratio)
        for _ in range(10):
            area = height * width * draw_uniform(scale[0], scale[1])
            aspect = _exp(draw_uniform(*bounds))
            h, w = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if not (h < height and w < width):
                continue
            if value is None:
                pixels = FUNCTIONS["empty"]([channels, h, w], dtype=float32).normal_()
            else:
                pixels = tensor(value)[:, None, None]
            return draw_below(height - h + 1), draw_below(width - w + 1), h, w, pixels
        return 0, 0, height, width, img

    def forward(self, img: Any) -> Any:
        if not draw_uniform() < self.p:
            return img
        if isinstance(self.value, int | float):
            value = [float(self.value)]
        else:
            value = None if isinstance(self.value, str) else [float(v) for v in self.value]
        if value is not None and len(value) not in (1, img.shape[-3]):
            raise ValueError(
                "If value is a sequence, it should have either a single value or "
                f"{img.shape[-3]} (number of input channels)"
            )
        return F.erase(img, *self.get_params(img, self.scale, self.ratio, value), self.inplace)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(p={self.p}, scale={self.scale}, ratio={self.ratio}, "
            f"value={self.value}, inplace={self.inplace})"
        )
