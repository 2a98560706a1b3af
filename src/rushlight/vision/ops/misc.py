"""Blocks that many models share: convolution with norm and activation, squeeze-excitation, MLP.

N batch, C channels, H height, W width.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import nn
from ...core.notices import warn
from ...core.tensor import Tensor
from .. import functions as T

__all__ = [
    "MLP",
    "Conv2dNormActivation",
    "Conv3dNormActivation",
    "ConvNormActivation",
    "FrozenBatchNorm2d",
    "Permute",
    "SqueezeExcitation",
]

Layer = Callable[..., nn.Module]


class FrozenBatchNorm2d(nn.Module):
    """y = x w / √(var + eps) + (b - mean w / √(var + eps)): batch norm with fixed statistics.

    num_features  C; weight, bias, running_mean, running_var (C) are buffers
    shape         x (N, C, H, W) -> y (N, C, H, W)
    grad          of x only
    """

    def __init__(self, num_features: int, eps: float = 1e-5):
        super().__init__()
        self.eps = eps
        for name, value in (("weight", 1), ("bias", 0), ("running_mean", 0), ("running_var", 1)):
            self.register_buffer(name, T.full((num_features,), float(value)))

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        state_dict.pop(f"{prefix}num_batches_tracked", None)  # a BatchNorm2d's file has it
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def forward(self, x: Tensor) -> Tensor:
        """x (N, C, H, W) -> (N, C, H, W)"""
        w, b, mean, var = (
            v.reshape(1, -1, 1, 1)
            for v in (self.weight, self.bias, self.running_mean, self.running_var)
        )
        scale = w * (var + self.eps).rsqrt()
        return x * scale + (b - mean * scale)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.weight.shape[0]}, eps={self.eps})"


def _half(kernel: Any, dilation: Any) -> Any:
    """The padding that keeps the size: (k - 1) // 2 d, for each dimension."""
    if isinstance(kernel, int) and isinstance(dilation, int):
        return (kernel - 1) // 2 * dilation
    n = len(kernel) if not isinstance(kernel, int) else len(dilation)
    ks = (kernel,) * n if isinstance(kernel, int) else kernel
    ds = (dilation,) * n if isinstance(dilation, int) else dilation
    return tuple((k - 1) // 2 * d for k, d in zip(ks, ds, strict=False))


class ConvNormActivation(nn.Sequential):
    """activation(norm(conv(x))); norm and activation may be None. See Conv2dNormActivation."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...] = 3,
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] | str | None = None,
        groups: int = 1,
        norm_layer: Layer | None = nn.BatchNorm2d,
        activation_layer: Layer | None = nn.ReLU,
        dilation: int | tuple[int, ...] = 1,
        inplace: bool | None = True,
        bias: bool | None = None,
        conv_layer: Layer = nn.Conv2d,
    ) -> None:
        if padding is None:
            padding = _half(kernel_size, dilation)
        layers = [
            conv_layer(
                in_channels,
                out_channels,
                kernel_size,
                stride,
                padding,
                dilation=dilation,
                groups=groups,
                bias=norm_layer is None if bias is None else bias,
            )
        ]
        if norm_layer is not None:
            layers.append(norm_layer(out_channels))
        if activation_layer is not None:
            layers.append(activation_layer(**({} if inplace is None else {"inplace": inplace})))
        super().__init__(*layers)
        self.out_channels = out_channels
        if type(self) is ConvNormActivation:
            warn(
                "Don't use ConvNormActivation directly, please use Conv2dNormActivation and "
                "Conv3dNormActivation instead."
            )


class Conv2dNormActivation(ConvNormActivation):
    """activation(norm(conv2d(x))), the block of most convolutional models.

    padding           None: (kernel_size - 1) // 2 * dilation
    norm_layer        made with the channels; None: no norm
    activation_layer  made with `inplace` (with nothing if that is None); None: no activation
    bias              None: only where there is no norm
    shape             x (N, C, H, W) -> y (N, out_channels, H', W')
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int] = 3,
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] | str | None = None,
        groups: int = 1,
        norm_layer: Layer | None = nn.BatchNorm2d,
        activation_layer: Layer | None = nn.ReLU,
        dilation: int | tuple[int, int] = 1,
        inplace: bool | None = True,
        bias: bool | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            groups,
            norm_layer,
            activation_layer,
            dilation,
            inplace,
            bias,
            nn.Conv2d,
        )


class Conv3dNormActivation(ConvNormActivation):
    """Conv2dNormActivation with a conv3d and BatchNorm3d.

    shape  x (N, C, D, H, W) -> y (N, out_channels, D', H', W')
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int, int] = 3,
        stride: int | tuple[int, int, int] = 1,
        padding: int | tuple[int, int, int] | str | None = None,
        groups: int = 1,
        norm_layer: Layer | None = nn.BatchNorm3d,
        activation_layer: Layer | None = nn.ReLU,
        dilation: int | tuple[int, int, int] = 1,
        inplace: bool | None = True,
        bias: bool | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            groups,
            norm_layer,
            activation_layer,
            dilation,
            inplace,
            bias,
            nn.Conv3d,
        )


class SqueezeExcitation(nn.Module):
    """y = x s,  s = scale_activation(W₂ activation(W₁ mean(x)))

    mean over H and W; W₁, W₂ are 1x1 convolutions with bias.
    input_channels    C
    squeeze_channels  the channels between W₁ and W₂
    shape             x (N, C, H, W) -> y (N, C, H, W)
    source            Hu et al. 2017, arXiv:1709.01507
    """

    def __init__(
        self,
        input_channels: int,
        squeeze_channels: int,
        activation: Layer = nn.ReLU,
        scale_activation: Layer = nn.Sigmoid,
    ) -> None:
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(input_channels, squeeze_channels, 1)
        self.fc2 = nn.Conv2d(squeeze_channels, input_channels, 1)
        self.activation = activation()
        self.scale_activation = scale_activation()

    def _scale(self, input: Tensor) -> Tensor:
        squeezed = self.activation(self.fc1(self.avgpool(input)))  # (N, squeeze_channels, 1, 1)
        return self.scale_activation(self.fc2(squeezed))  # (N, C, 1, 1)

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, H, W) -> (N, C, H, W)"""
        return self._scale(input) * input


class MLP(nn.Sequential):
    """Linear, norm, activation, dropout for each hidden size; the last has only Linear, dropout.

    hidden_channels  the widths of the layers, the last one's is the output's
    inplace          given to activation and dropout; None: their own defaults
    shape            x (*, in_channels) -> y (*, hidden_channels[-1])
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: list[int],
        norm_layer: Layer | None = None,
        activation_layer: Layer | None = nn.ReLU,
        inplace: bool | None = None,
        bias: bool = True,
        dropout: float = 0.0,
    ) -> None:
        options = {} if inplace is None else {"inplace": inplace}
        layers: list[nn.Module] = []
        width = in_channels
        for hidden in hidden_channels[:-1]:
            layers.append(nn.Linear(width, hidden, bias=bias))
            if norm_layer is not None:
                layers.append(norm_layer(hidden))
            if activation_layer is not None:
                layers.append(activation_layer(**options))
            layers.append(nn.Dropout(dropout, **options))
            width = hidden
        layers.append(nn.Linear(width, hidden_channels[-1], bias=bias))
        layers.append(nn.Dropout(dropout, **options))
        super().__init__(*layers)


class Permute(nn.Module):
    """x.permute(dims) as a layer."""

    def __init__(self, dims: list[int]):
        super().__init__()
        self.dims = dims

    def forward(self, x: Tensor) -> Tensor:
        """x (*) -> (*), dimensions in the order of `dims`"""
        return x.permute(self.dims)
