"""Channels into pixels, pixels into channels, channels among themselves: nothing is computed.

N batch, C channels, H, W; r the factor, g the number of groups.
"""

from __future__ import annotations

from ..core.layout import channels_last
from ..core.memory_order import is_channels_last
from ..core.tensor import Tensor
from ..dispatch.registry import composite


def _copied(x: Tensor, shape: tuple) -> Tensor:
    """x in another shape; a copy, also where nothing moves."""
    y = x.reshape(shape)
    return y if y._view is None else y.clone()


def _as_image(y: Tensor, x: Tensor) -> Tensor:
    """y, channels last if x is."""
    return y.contiguous(memory_format=channels_last) if is_channels_last(x._a) else y


def _pixels(name: str, input: Tensor, factor: int, word: str) -> tuple:
    shape = tuple(input._a.shape)
    if len(shape) < 3:
        raise RuntimeError(
            f"{name} expects input to have at least 3 dimensions, but got input with {len(shape)} "
            "dimension(s)"
        )
    if factor <= 0:
        raise RuntimeError(f"{name} expects a positive {word}, but got {factor}")
    return shape


@composite("pixel_shuffle(input, upscale_factor: int)", at="torch F")
def pixel_shuffle(input, upscale_factor):
    """y[c, h r + i, w r + j] = x[c r² + i r + j, h, w]

    shape   (*, C r², H, W) -> (*, C, H r, W r)
    errors  RuntimeError: fewer than 3 dimensions, or channels that r² does not divide
    source  Shi et al. 2016, arXiv:1609.05158
    """
    r = upscale_factor
    *lead, c, h, w = _pixels("pixel_shuffle", input, r, "upscale_factor")
    if c % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square "
            f"of upscale_factor, but input.size(-3)={c} is not divisible by {r * r}"
        )
    n = len(lead)
    split = input.reshape(*lead, c // (r * r), r, r, h, w)
    order = (*range(n), n, n + 3, n + 1, n + 4, n + 2)  # (*, C, H, r, W, r)
    return _copied(split.permute(order), (*lead, c // (r * r), h * r, w * r))


@composite("pixel_unshuffle(input, downscale_factor: int)", at="torch F")
def pixel_unshuffle(input, downscale_factor):
    """y[c r² + i r + j, h, w] = x[c, h r + i, w r + j]: pixel_shuffle undone.

    shape   (*, C, H r, W r) -> (*, C r², H, W)
    errors  RuntimeError: fewer than 3 dimensions, or height or width that r does not divide
    """
    r = downscale_factor
    *lead, c, h, w = _pixels("pixel_unshuffle", input, r, "downscale_factor")
    for name, size, dim in (("height", h, -2), ("width", w, -1)):
        if size % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but "
                f"input.size({dim})={size} is not divisible by {r}"
            )
    n = len(lead)
    split = input.reshape(*lead, c, h // r, r, w // r, r)
    order = (*range(n), n, n + 2, n + 4, n + 1, n + 3)  # (*, C, r, r, H, W)
    y = _copied(split.permute(order), (*lead, c * r * r, h // r, w // r))
    return _as_image(y, input)


@composite("channel_shuffle(input, groups: int)", "native_channel_shuffle", at="torch F")
def channel_shuffle(input, groups):
    """The channels, seen as (g, C / g), in the order of their transpose.

    shape   (N, C, *) -> the same
    errors  RuntimeError: fewer than 3 dimensions, or channels that g does not divide
    source  Zhang et al. 2017, arXiv:1707.01083
    """
    shape = tuple(input._a.shape)
    if len(shape) < 3:
        raise RuntimeError(
            f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(shape)}"
        )
    if groups <= 0:
        raise RuntimeError(
            f"Number of groups to divide channels in must be positive. Value of groups:{groups}"
        )
    n, c, *rest = shape
    if c % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {c} channels and {groups} groups."
        )
    if input._a.size == 0:
        return input.clone()
    y = _copied(input.reshape(n, groups, c // groups, *rest).transpose(1, 2), shape)
    return _as_image(y, input) if len(shape) == 4 else y
