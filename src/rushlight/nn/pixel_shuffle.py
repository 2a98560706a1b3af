"""Layers that move pixels and windows about: shuffles, Fold and Unfold."""

from __future__ import annotations

from ..core.tensor import Tensor
from . import functional as F
from .module import Module

__all__ = [
    "ChannelShuffle",
    "Fold",
    "PixelShuffle",
    "PixelUnshuffle",
    "Unfold",
]

_Sizes = int | tuple[int, ...]


class PixelShuffle(Module):
    """(*, C r², H, W) -> (*, C, H r, W r). See F.pixel_shuffle.

    errors  RuntimeError: fewer than 3 dimensions; channels that r² does not divide; r < 1
    source  arXiv:1609.05158
    """

    __constants__ = ["upscale_factor"]

    def __init__(self, upscale_factor: int):
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """input (*, C r², H, W) -> (*, C, H r, W r)"""
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """(*, C, H r, W r) -> (*, C r², H, W): PixelShuffle undone.

    errors  RuntimeError: fewer than 3 dimensions; sizes that r does not divide; r < 1
    """

    __constants__ = ["downscale_factor"]

    def __init__(self, downscale_factor: int):
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """input (*, C, H r, W r) -> (*, C r², H, W)"""
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """The channels, seen as (groups, C / groups), transposed.

    shape   x (N, C, *) -> the same, at least 3 dimensions
    errors  RuntimeError: fewer dimensions; channels that groups does not divide; groups < 1
    source  arXiv:1707.01083
    """

    __constants__ = ["groups"]

    def __init__(self, groups: int):
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, *) -> (N, C, *)"""
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"


class Unfold(Module):
    """All windows of an image as columns. See F.unfold.

    shape   x (N, C, H, W) or (C, H, W) -> y (N, C ∏k, L) or (C ∏k, L), ∏k the window's area
    errors  RuntimeError: other dimensions; a window larger than the padded x
    """

    __constants__ = ["kernel_size", "dilation", "padding", "stride"]

    def __init__(
        self, kernel_size: _Sizes, dilation: _Sizes = 1, padding: _Sizes = 0, stride: _Sizes = 1
    ):
        super().__init__()
        self.kernel_size, self.dilation, self.padding, self.stride = (
            kernel_size,
            dilation,
            padding,
            stride,
        )

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, H, W) -> (N, C · |kernel|, windows)"""
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, "
            f"stride={self.stride}"
        )


class Fold(Module):
    """Columns of windows added up at their places in an image. See F.fold.

    shape   x (N, C ∏k, L) or (C ∏k, L) -> y (N, C, *output_size) or (C, *output_size), ∏k the
            window's area
    errors  RuntimeError: other dimensions, or an L or a number of channels that these windows do
            not have
    """

    __constants__ = ["output_size", "kernel_size", "dilation", "padding", "stride"]

    def __init__(
        self,
        output_size: _Sizes,
        kernel_size: _Sizes,
        dilation: _Sizes = 1,
        padding: _Sizes = 0,
        stride: _Sizes = 1,
    ):
        super().__init__()
        self.output_size, self.kernel_size = output_size, kernel_size
        self.dilation, self.padding, self.stride = dilation, padding, stride

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C · |kernel|, windows) -> (N, C, *output_size)"""
        return F.fold(
            input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride
        )

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, "
            f"dilation={self.dilation}, padding={self.padding}, stride={self.stride}"
        )
