"""Random changes of tones, perspective and shape; crops in fives; a linear map of all pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.tensor import Tensor, wrap
from ...nn.module import Module
from ...random import variates
from ...random.generator import default_generator
from . import array
from . import functional as F
from .draws import draw_below, draw_uniform
from .functional import InterpolationMode

__all__ = [
    "ElasticTransform",
    "FiveCrop",
    "LinearTransformation",
    "RandomAdjustSharpness",
    "RandomAutocontrast",
    "RandomEqualize",
    "RandomPerspective",
    "RandomPosterize",
    "RandomSolarize",
    "TenCrop",
]


class _Sometimes(Module):
    """`change` with probability p."""

    option = ""  # the attribute that `change` takes, if it takes one

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def change(self, img: Any) -> Any:
        raise NotImplementedError

    def forward(self, img: Any) -> Any:
        return self.change(img) if draw_uniform() < self.p else img

    def __repr__(self) -> str:
        first = f"{self.option}={getattr(self, self.option)}," if self.option else ""
        return f"{type(self).__name__}({first}p={self.p})"


class RandomPosterize(_Sometimes):
    """`functional.posterize` with probability p."""

    option = "bits"

    def __init__(self, bits: int, p: float = 0.5) -> None:
        super().__init__(p)
        self.bits = bits

    def change(self, img: Any) -> Any:
        return F.posterize(img, self.bits)


class RandomSolarize(_Sometimes):
    """`functional.solarize` with probability p."""

    option = "threshold"

    def __init__(self, threshold: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.threshold = threshold

    def change(self, img: Any) -> Any:
        return F.solarize(img, self.threshold)


class RandomAdjustSharpness(_Sometimes):
    """`functional.adjust_sharpness` with probability p."""

    option = "sharpness_factor"

    def __init__(self, sharpness_factor: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.sharpness_factor = sharpness_factor

    def change(self, img: Any) -> Any:
        return F.adjust_sharpness(img, self.sharpness_factor)


class RandomAutocontrast(_Sometimes):
    """`functional.autocontrast` with probability p."""

    def change(self, img: Any) -> Any:
        return F.autocontrast(img)


class RandomEqualize(_Sometimes):
    """`functional.equalize` with probability p."""

    def change(self, img: Any) -> Any:
        return F.equalize(img)


class RandomPerspective(Module):
    """Seen from a random place, with probability p.

    distortion_scale  how far the corners move, from 0 to 1: half way to the middle
    """

    def __init__(
        self,
        distortion_scale: float = 0.5,
        p: float = 0.5,
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.p, self.distortion_scale = p, distortion_scale
        self.interpolation = interpolation
        self.fill = 0 if fill is None else fill

    def forward(self, img: Any) -> Any:
        fill = self.fill
        if isinstance(img, Tensor) and isinstance(fill, int | float):
            fill = [float(fill)] * F.get_image_num_channels(img)
        if draw_uniform() < self.p:
            _, height, width = F.get_dimensions(img)
            places = self.get_params(width, height, self.distortion_scale)
            return F.perspective(img, *places, self.interpolation, fill)
        return img

    @staticmethod
    def get_params(
        width: int, height: int, distortion_scale: float
    ) -> tuple[list[list[int]], list[list[int]]]:
        """(corners of the image, where they go), from the top left with the clock."""
        reach_x = int(distortion_scale * (width // 2)) + 1
        reach_y = int(distortion_scale * (height // 2)) + 1
        ends = []
        for right, down in ((0, 0), (1, 0), (1, 1), (0, 1)):
            x = draw_below(reach_x) + (width - reach_x if right else 0)
            y = draw_below(reach_y) + (height - reach_y if down else 0)
            ends.append([x, y])
        corners = [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]
        return corners, ends

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class ElasticTransform(Module):
    """Bent by random moves that a Gaussian smooths.

    alpha  how far; sigma  how smooth: one number, or along (x, y)
    """

    def __init__(
        self,
        alpha: float | Sequence[float] = 50.0,
        sigma: float | Sequence[float] = 5.0,
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.alpha, self.sigma = _both(alpha, "alpha"), _both(sigma, "sigma")
        self.interpolation = interpolation
        self.fill = [float(fill)] if isinstance(fill, int | float) else [float(v) for v in fill]

    @staticmethod
    def get_params(alpha: list[float], sigma: list[float], size: list[int]) -> Tensor:
        """The moves (1, H, W, 2), see `functional.elastic_transform`."""
        moves = []
        for a, s, length in zip(alpha, sigma, size[::-1], strict=True):
            kind = np.dtype(np.float32)
            x = variates.uniform(size[0] * size[1], kind, 0.0, 1.0, default_generator)
            x = x.reshape(1, 1, *size) * np.float32(2) - np.float32(1)
            if s > 0.0:
                kernel = int(8 * s + 1)
                kernel += kernel % 2 == 0  # of odd size
                x = array.gaussian_blur(x, (kernel, kernel), (s, s))
            moves.append(x * np.float32(a) / np.float32(length))
        return wrap(np.concatenate(moves, 1).transpose(0, 2, 3, 1))

    def forward(self, img: Any) -> Any:
        _, height, width = F.get_dimensions(img)
        moves = self.get_params(self.alpha, self.sigma, [height, width])
        return F.elastic_transform(img, moves, self.interpolation, self.fill)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(alpha={self.alpha}, sigma={self.sigma}, "
            f"interpolation={self.interpolation}, fill={self.fill})"
        )


def _both(value: Any, name: str) -> list[float]:
    if isinstance(value, int | float):
        return [float(value)] * 2
    if not isinstance(value, Sequence):
        raise TypeError(f"{name} should be a number or a sequence of numbers. Got {type(value)}")
    if len(value) != 2:
        raise ValueError(f"If {name} is a sequence its length should be 2. Got {len(value)}")
    for element in value:
        if not isinstance(element, int | float):
            raise TypeError(f"{name} should be a sequence of floats. Got {type(element)}")
    return [float(v) for v in value]


def _size(size: Any) -> Any:
    if isinstance(size, int):
        return (size, size)
    if isinstance(size, Sequence) and len(size) == 1:
        return (size[0], size[0])
    if len(size) != 2:
        raise ValueError("Please provide only two dimensions (h, w) for size.")
    return size


class FiveCrop(Module):
    """`functional.five_crop`"""

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = _size(size)

    def forward(self, img: Any) -> Any:
        return F.five_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class TenCrop(Module):
    """`functional.ten_crop`"""

    def __init__(self, size: int | Sequence[int], vertical_flip: bool = False) -> None:
        super().__init__()
        self.size = _size(size)
        self.vertical_flip = vertical_flip

    def forward(self, img: Any) -> Any:
        return F.ten_crop(img, self.size, self.vertical_flip)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, vertical_flip={self.vertical_flip})"


class LinearTransformation(Module):
    """(pixels of an image in a row - mean_vector) · transformation_matrix: whitening.

    ValueError: a matrix that is not square, or a mean of another length
    """

    def __init__(self, transformation_matrix: Tensor, mean_vector: Tensor) -> None:
        super().__init__()
        rows, columns = transformation_matrix.shape
        if rows != columns:
            raise ValueError(
                "transformation_matrix should be square. Got "
                f"{tuple(transformation_matrix.shape)} rectangular matrix."
            )
        if mean_vector.shape[0] != rows:
            raise ValueError(
                f"mean_vector should have the same length {mean_vector.shape[0]} as any one of the "
                f"dimensions of the transformation_matrix [{tuple(transformation_matrix.shape)}]"
            )
        self.transformation_matrix, self.mean_vector = transformation_matrix, mean_vector

    def forward(self, tensor: Tensor) -> Tensor:
        shape = tensor.shape
        n = shape[-3] * shape[-2] * shape[-1]
        if n != self.transformation_matrix.shape[0]:
            raise ValueError(
                "Input tensor and transformation matrix have incompatible shape."
                f"[{shape[-3]} x {shape[-2]} x {shape[-1]}] != "
                f"{self.transformation_matrix.shape[0]}"
            )
        flat = tensor.reshape(-1, n) - self.mean_vector
        return (flat @ self.transformation_matrix).reshape(tuple(shape))  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(transformation_matrix="
            f"{self.transformation_matrix.tolist()}, mean_vector={self.mean_vector.tolist()})"
        )
