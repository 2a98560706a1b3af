"""Deformable convolution: each of the kernel's places is moved by an offset of its own.

N batch, C channels, H height, W width, G groups, D groups of offsets, K = kh kw places of the
kernel, Y x X the output's size.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import nn
from ...core.tensor import Tensor, wrap
from .. import functions as T

__all__ = ["DeformConv2d", "deform_conv2d"]


def _two(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def deform_conv2d(
    input: Tensor,
    offset: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: tuple[int, int] = (1, 1),
    padding: tuple[int, int] = (0, 0),
    dilation: tuple[int, int] = (1, 1),
    mask: Tensor | None = None,
) -> Tensor:
    """y(p) = Σ_k w_k m_k(p) x(p + p_k + Δp_k(p)) + b, x between pixels bilinear, 0 outside

    offset  (N, 2 D K, Y, X): Δ row, Δ column for each place; D groups of channels with their own
    mask    (N, D K, Y, X): m_k, 1 if there is none
    shape   input (N, C, H, W), weight (C', C / G, kh, kw), bias (C') -> (N, C', Y, X)
    grad    of all tensors
    errors  RuntimeError: sizes that do not fit
    source  Dai et al. 2017, arXiv:1703.06211; Zhu et al. 2018, arXiv:1811.11168 (mask)
    """
    (sy, sx), (py, px), (dy, dx) = _two(stride), _two(padding), _two(dilation)
    out, per_group, kh, kw = weight.shape
    n, c, height, width = input.shape
    k = kh * kw
    size_y = (height + 2 * py - (dy * (kh - 1) + 1)) // sy + 1
    size_x = (width + 2 * px - (dx * (kw - 1) + 1)) // sx + 1
    d = offset.shape[1] // (2 * k)
    _check(input, offset, weight, mask, (size_y, size_x), d)
    # where each place of the kernel reads, before it is moved
    rows = np.arange(size_y)[:, None] * sy - py + (np.arange(k) // kw * dy)[:, None, None]
    columns = np.arange(size_x) * sx - px + (np.arange(k) % kw * dx)[:, None, None]
    moved = offset.reshape(n, d, k, 2, size_y, size_x)
    y = moved[:, :, :, 0] + wrap(rows.astype(np.float64)).to(offset.dtype)  # (N, D, K, Y, X)
    x = moved[:, :, :, 1] + wrap(columns.astype(np.float64)).to(offset.dtype)
    read = _bilinear(input.reshape(n, d, c // d, height, width), y, x)  # (N, D, C / D, K, Y, X)
    if mask is not None:
        read = read * mask.reshape(n, d, 1, k, size_y, size_x)
    groups = c // per_group
    read = read.reshape(n, groups, per_group * k, size_y * size_x)
    result = weight.reshape(groups, out // groups, per_group * k) @ read
    result = result.reshape(n, out, size_y, size_x)
    return result if bias is None else result + bias.reshape(1, -1, 1, 1)


def _bilinear(x: Tensor, row: Tensor, column: Tensor) -> Tensor:
    """x (N, D, C, H, W) at rows and columns (N, D, *) -> (N, D, C, *), 0 outside."""
    n, d, c, height, width = x.shape
    flat = x.reshape(n, d, c, height * width)
    top, left = row.detach().floor(), column.detach().floor()
    down, right = row - top, column - left
    total = None
    for i, wy in ((0, 1 - down), (1, down)):
        for j, wx in ((0, 1 - right), (1, right)):
            y, z = top + i, left + j
            inside = (y >= 0) & (y < height) & (z >= 0) & (z < width)
            at = (y.clamp(0, height - 1) * width + z.clamp(0, width - 1)).to(T.int64)
            at = at.reshape(n, d, 1, -1).expand(n, d, c, at[0, 0].numel())
            share = (wy * wx * inside.to(x.dtype)).reshape(n, d, 1, -1)
            part = flat.gather(3, at) * share
            total = part if total is None else total + part
    assert total is not None
    return total.reshape(n, d, c, *row.shape[2:])


def _check(
    x: Tensor, offset: Tensor, weight: Tensor, mask: Tensor | None, size: tuple[int, int], d: int
) -> None:
    k = weight.shape[2] * weight.shape[3]
    if d == 0 or offset.shape[1] % (2 * k):
        raise RuntimeError(
            "the shape of the offset tensor at dimension 1 is not valid. It should be a multiple "
            "of 2 * weight.size[2] * weight.size[3].\n"
            f"Got offset.shape[1]={offset.shape[1]}, while "
            f"2 * weight.size[2] * weight.size[3]={2 * k}"
        )
    if x.shape[1] % weight.shape[1] or weight.shape[0] % (x.shape[1] // weight.shape[1]):
        raise RuntimeError(
            f"the channels do not fit: input {tuple(x.shape)}, weight {tuple(weight.shape)}\n"
            "  weight is (C', C / groups, kh, kw), and groups divides C and C'"
        )
    if x.shape[1] % d:
        raise RuntimeError(f"{d} groups of offsets do not divide {x.shape[1]} channels")
    if offset.shape[0] != x.shape[0]:
        raise RuntimeError("invalid batch size of offset")
    if tuple(offset.shape[2:]) != size:
        raise RuntimeError(
            f"offset output dims: ({offset.shape[2]}, {offset.shape[3]}) - "
            f"computed output dims: ({size[0]}, {size[1]})"
        )
    if mask is None:
        return
    if mask.shape[1] != d * k:
        raise RuntimeError(f"mask.shape[1] is not valid: got: {mask.shape[1]} expected: {d * k}")
    if tuple(mask.shape[2:]) != size or mask.shape[0] != x.shape[0]:
        raise RuntimeError(
            f"mask output dims: ({mask.shape[2]}, {mask.shape[3]}) - "
            f"computed output dims: ({size[0]}, {size[1]})"
        )


class DeformConv2d(nn.Module):
    """`deform_conv2d` as a layer: weight and bias are its own, offset and mask are given."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = True,
    ):
        super().__init__()
        if in_channels % groups != 0:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups != 0:
            raise ValueError("out_channels must be divisible by groups")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = _two(kernel_size)
        self.stride = _two(stride)
        self.padding = _two(padding)
        self.dilation = _two(dilation)
        self.groups = groups
        self.weight = nn.Parameter(
            T.empty((out_channels, in_channels // groups, *self.kernel_size))
        )
        if bias:
            self.bias = nn.Parameter(T.empty((out_channels,)))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """As a Conv2d's."""
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.weight[0].numel())
            nn.init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor, offset: Tensor, mask: Tensor | None = None) -> Tensor:
        """input (N, C, H, W), offset, mask as in `deform_conv2d` -> (N, C', Y, X)"""
        return deform_conv2d(
            input,
            offset,
            self.weight,
            self.bias,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            mask=mask,
        )

    def __repr__(self) -> str:
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"]
        parts.append(f"stride={self.stride}")
        if self.padding != (0, 0):
            parts.append(f"padding={self.padding}")
        if self.dilation != (1, 1):
            parts.append(f"dilation={self.dilation}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        return f"{type(self).__name__}({', '.join(parts)})"
