"""Convolution layers.

N batch, C channels, * spatial dimensions; weight (out, in / groups, *kernel), transposed (in, out /
groups, *kernel)."""

from __future__ import annotations

import math
from importlib import import_module
from time import time
from typing import Any

from ..core.grad_mode import mode
from ..core.parameter import Parameter
from ..core.tensor import Tensor
from ..ops.creation import empty
from . import functional as F
from . import init
from .module import Module

__all__ = [
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
]


def _first_look(layer: Any, x: Any) -> None:
    """Most programs never get here: the import is left until then."""
    LOOK[0] = import_module(f"{__package__}.lookahead").look


BEGAN = time()  # lookahead.py believes no source that was written since
LOOK: list[Any] = [_first_look]  # what a convolution asks in eval mode without gradients
LOOK_FROM = 1 << 15  # elements of an input, below which its 5 µs are not worth it


def _tuple(x: Any, n: int) -> tuple:
    return tuple(x) if isinstance(x, (tuple, list)) else (x,) * n


class _ConvNd(Module):
    """What the convolutions share.

    weight and bias, drawn from U(-√k, √k) with k = groups / (C_in · ∏ kernel).
    """

    __constants__ = [
        "stride",
        "padding",
        "dilation",
        "groups",
        "padding_mode",
        "output_padding",
        "in_channels",
        "out_channels",
        "kernel_size",
    ]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple,
        stride: tuple,
        padding: Any,
        dilation: tuple,
        transposed: bool,
        output_padding: tuple,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(
                    f"Invalid padding string {padding!r}, should be one of {{'same', 'valid'}}"
                )
            if padding == "same" and any(s != 1 for s in stride):
                raise ValueError("padding='same' is not supported for strided convolutions")
        if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            modes = {"zeros", "reflect", "replicate", "circular"}
            raise ValueError(
                f"padding_mode must be one of {modes}, but got padding_mode='{padding_mode}'"
            )
        self.in_channels, self.out_channels, self.kernel_size = (
            in_channels,
            out_channels,
            kernel_size,
        )
        self.stride, self.padding, self.dilation = stride, padding, dilation
        self.transposed, self.output_padding, self.groups = transposed, output_padding, groups
        self.padding_mode = padding_mode
        self._reversed_padding_repeated_twice = self._sides()
        first, second = (in_channels, out_channels) if transposed else (out_channels, in_channels)
        self.weight = Parameter(
            empty((first, second // groups, *kernel_size), device=device, dtype=dtype)
        )
        if bias:
            self.bias = Parameter(empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _sides(self) -> list[int]:
        """The padding as F.pad takes it: before and after, last dimension first."""
        sides: list[int] = []
        n = len(self.kernel_size)
        for i in reversed(range(n)):
            if self.padding == "same":
                total = self.dilation[i] * (self.kernel_size[i] - 1)
                sides += [total // 2, total - total // 2]
            else:
                p = 0 if self.padding == "valid" else self.padding[i]
                sides += [p, p]
        return sides

    def reset_parameters(self) -> None:
        """Initialise weight and bias again."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            if fan_in != 0:
                bound = 1 / math.sqrt(fan_in)
                init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        n = len(self.kernel_size)
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}"
        )
        if self.padding != (0,) * n:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * n:
            text += f", dilation={self.dilation}"
        if self.output_padding != (0,) * n:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


class _Conv(_ConvNd):
    """A convolution of `_rank` spatial dimensions."""

    _rank, _name = 0, ""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ):
        n = self._rank
        super().__init__(
            in_channels,
            out_channels,
            _tuple(kernel_size, n),
            _tuple(stride, n),
            padding if isinstance(padding, str) else _tuple(padding, n),
            _tuple(dilation, n),
            False,
            (0,) * n,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C_in, *), or (C_in, *) unbatched -> (N, C_out, *)"""
        if (
            not (self.training or mode.grad)
            and type(input) is Tensor
            and input._a.size >= LOOK_FROM
        ):
            y = LOOK[0](self, input)
            if y is not None:
                return y
        return self._conv_forward(input, self.weight, self.bias)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        conv = getattr(F, self._name)
        if self.padding_mode != "zeros":
            padded = F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode)
            return conv(padded, weight, bias, self.stride, 0, self.dilation, self.groups)
        return conv(input, weight, bias, self.stride, self.padding, self.dilation, self.groups)


class Conv1d(_Conv):
    """y[n, o] = b[o] + Σ_c w[o, c] ⋆ x[n, c] over (N, C, L).

    See F.conv1d for the formula of sizes.

    shape   x (N, C, L) or (C, L) -> y (N, O, L') or (O, L')
    errors  ValueError: channels that groups does not divide; an unknown padding or padding_mode;
            padding='same' with a stride. RuntimeError: other dimensions or channels, a kernel
            larger than the padded x, or another dtype than the weight's
    """

    _rank, _name = 1, "conv1d"


class Conv2d(_Conv):
    """y[n, o] = b[o] + Σ_c w[o, c] ⋆ x[n, c] over (N, C, H, W).

    See F.conv2d for the formula of sizes.

    shape   x (N, C, H, W) or (C, H, W) -> y (N, O, H', W') or (O, H', W')
    errors  ValueError: channels that groups does not divide; an unknown padding or padding_mode;
            padding='same' with a stride. RuntimeError: other dimensions or channels, a kernel
            larger than the padded x, or another dtype than the weight's
    """

    _rank, _name = 2, "conv2d"


class Conv3d(_Conv):
    """y[n, o] = b[o] + Σ_c w[o, c] ⋆ x[n, c] over (N, C, D, H, W).

    See F.conv3d for the formula of sizes.

    shape   x (N, C, D, H, W) or (C, D, H, W) -> y (N, O, D', H', W') or (O, D', H', W')
    errors  ValueError: channels that groups does not divide; an unknown padding or padding_mode;
            padding='same' with a stride. RuntimeError: other dimensions or channels, a kernel
            larger than the padded x, or another dtype than the weight's
    """

    _rank, _name = 3, "conv3d"


class _ConvTranspose(_ConvNd):
    """The gradient of a convolution with respect to its input, as a layer."""

    _rank, _name = 0, ""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ):
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        n = self._rank
        super().__init__(
            in_channels,
            out_channels,
            _tuple(kernel_size, n),
            _tuple(stride, n),
            _tuple(padding, n),
            _tuple(dilation, n),
            True,
            _tuple(output_padding, n),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        """input (N, C_in, *), or (C_in, *) unbatched -> (N, C_out, *).

        output_size chooses among the possible sizes
        """
        extra = self._output_padding(input, output_size)
        return getattr(F, self._name)(
            input,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            extra,
            self.groups,
            self.dilation,
        )

    def _output_padding(self, input: Tensor, output_size: Any) -> tuple:
        """The output_padding that gives output_size. ValueError: no output_padding does."""
        if output_size is None:
            return self.output_padding
        n = self._rank
        lead = input.dim() - n
        wanted = list(output_size)[lead:] if len(output_size) == input.dim() else list(output_size)
        if len(wanted) != n:
            raise ValueError(
                f"ConvTranspose{n}D: for {input.dim()}D input, output_size must have {n} or "
                f"{input.dim()} elements (got {len(output_size)})"
            )
        least = [
            (input.size(i + lead) - 1) * self.stride[i]
            - 2 * self.padding[i]
            + self.dilation[i] * (self.kernel_size[i] - 1)
            + 1
            for i in range(n)
        ]
        most = [m + self.stride[i] - 1 for i, m in enumerate(least)]
        for w, low, high in zip(wanted, least, most, strict=False):
            if not low <= w <= high:
                raise ValueError(
                    f"requested an output size of {wanted}, but valid sizes range from {least} to "
                    f"{most} (for an input of {input.size()[2:]})"
                )
        return tuple(w - low for w, low in zip(wanted, least, strict=False))


class ConvTranspose1d(_ConvTranspose):
    """The transposed convolution over (N, C, L).

    shape   x (N, C, L) or (C, L) -> y (N, O, L') or (O, L')
    errors  ValueError: channels that groups does not divide; padding_mode other than 'zeros'; an
            output_size that cannot be reached. RuntimeError: other dimensions or channels;
            output_padding not smaller than stride or dilation
    """

    _rank, _name = 1, "conv_transpose1d"


class ConvTranspose2d(_ConvTranspose):
    """The transposed convolution over (N, C, H, W).

    shape   x (N, C, H, W) or (C, H, W) -> y (N, O, H', W') or (O, H', W')
    errors  ValueError: channels that groups does not divide; padding_mode other than 'zeros'; an
            output_size that cannot be reached. RuntimeError: other dimensions or channels;
            output_padding not smaller than stride or dilation
    """

    _rank, _name = 2, "conv_transpose2d"


class ConvTranspose3d(_ConvTranspose):
    """The transposed convolution over (N, C, D, H, W).

    shape   x (N, C, D, H, W) or (C, D, H, W) -> y (N, O, D', H', W') or (O, D', H', W')
    errors  ValueError: channels that groups does not divide; padding_mode other than 'zeros'; an
            output_size that cannot be reached. RuntimeError: other dimensions or channels;
            output_padding not smaller than stride or dilation
    """

    _rank, _name = 3, "conv_transpose3d"
