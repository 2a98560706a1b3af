"""MobileNet V3, large and small. Source: Howard et al. 2019, arXiv:1905.02244."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ... import nn
from ...core.tensor import Tensor
from ..ops.misc import Conv2dNormActivation, SqueezeExcitation
from ._api import published, weights
from ._utils import _make_divisible, he_fan_out, init_weights, small_normal

__all__ = [
    "MobileNetV3",
    "MobileNet_V3_Large_Weights",
    "MobileNet_V3_Small_Weights",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
]

MobileNet_V3_Large_Weights = weights("MobileNet_V3_Large_Weights", __name__)
MobileNet_V3_Small_Weights = weights("MobileNet_V3_Small_Weights", __name__)


class InvertedResidualConfig:
    """One row of the paper's tables 1 and 2; channels are scaled by width_mult.

    activation  "HS" for hard swish, else ReLU
    """

    def __init__(
        self,
        input_channels: int,
        kernel: int,
        expanded_channels: int,
        out_channels: int,
        use_se: bool,
        activation: str,
        stride: int,
        dilation: int,
        width_mult: float,
    ):
        self.input_channels = self.adjust_channels(input_channels, width_mult)
        self.kernel = kernel
        self.expanded_channels = self.adjust_channels(expanded_channels, width_mult)
        self.out_channels = self.adjust_channels(out_channels, width_mult)
        self.use_se = use_se
        self.use_hs = activation == "HS"
        self.stride = stride
        self.dilation = dilation

    @staticmethod
    def adjust_channels(channels: int, width_mult: float) -> int:
        """channels times width_mult, a multiple of 8."""
        return _make_divisible(channels * width_mult, 8)


_SE = partial(SqueezeExcitation, scale_activation=nn.Hardsigmoid)


class InvertedResidual(nn.Module):
    """Widen, convolve each channel, squeeze and excite, narrow; x is added if the shape is the
    same.

    errors  ValueError: a stride that is not 1 or 2
    """

    def __init__(
        self,
        cnf: InvertedResidualConfig,
        norm_layer: Callable[..., nn.Module],
        se_layer: Callable[..., nn.Module] = _SE,
    ):
        super().__init__()
        if cnf.stride not in (1, 2):
            raise ValueError("illegal stride value")
        self.use_res_connect = cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        hidden = cnf.expanded_channels
        conv = partial(
            Conv2dNormActivation,
            norm_layer=norm_layer,
            activation_layer=nn.Hardswish if cnf.use_hs else nn.ReLU,
        )
        layers: list[nn.Module] = []
        if hidden != cnf.input_channels:
            layers.append(conv(cnf.input_channels, hidden, kernel_size=1))
        layers.append(
            conv(
                hidden,
                hidden,
                kernel_size=cnf.kernel,
                stride=1 if cnf.dilation > 1 else cnf.stride,
                dilation=cnf.dilation,
                groups=hidden,
            )
        )
        if cnf.use_se:
            layers.append(se_layer(hidden, _make_divisible(hidden // 4, 8)))
        layers.append(conv(hidden, cnf.out_channels, kernel_size=1, activation_layer=None))
        self.block = nn.Sequential(*layers)
        self.out_channels = cnf.out_channels
        self._is_cn = cnf.stride > 1

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, H, W) -> (N, out_channels, H / stride, W / stride)"""
        y = self.block(input)
        return y + input if self.use_res_connect else y


class MobileNetV3(nn.Module):
    """A convolution 3x3, inverted residuals, a convolution 1x1, the mean, two linear layers.

    inverted_residual_setting  a configuration for each block
    last_channel               the width between the two linear layers
    block, norm_layer          InvertedResidual and BatchNorm2d(eps=0.001, momentum=0.01) if None
    shape                      x (N, 3, H, W) -> y (N, num_classes)
    errors                     ValueError, TypeError: a setting that is empty, or of other things
    """

    def __init__(
        self,
        inverted_residual_setting: list[InvertedResidualConfig],
        last_channel: int,
        num_classes: int = 1000,
        block: Callable[..., nn.Module] | None = None,
        norm_layer: Callable[..., nn.Module] | None = None,
        dropout: float = 0.2,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        setting = inverted_residual_setting
        if not setting:
            raise ValueError("The inverted_residual_setting should not be empty")
        if not (
            isinstance(setting, Sequence)
            and all(isinstance(s, InvertedResidualConfig) for s in setting)
        ):
            raise TypeError("The inverted_residual_setting should be List[InvertedResidualConfig]")
        block = block or InvertedResidual
        norm = norm_layer or partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)
        conv = partial(Conv2dNormActivation, norm_layer=norm, activation_layer=nn.Hardswish)
        last = setting[-1].out_channels
        self.features = nn.Sequential(
            conv(3, setting[0].input_channels, kernel_size=3, stride=2),
            *[block(cnf, norm) for cnf in setting],
            conv(last, 6 * last, kernel_size=1),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            nn.Linear(6 * last, last_channel),
            nn.Hardswish(inplace=True),
            nn.Dropout(p=dropout, inplace=True),
            nn.Linear(last_channel, num_classes),
        )
        init_weights(self, he_fan_out, small_normal)

    def _forward_impl(self, x: Tensor) -> Tensor:
        x = self.avgpool(self.features(x)).flatten(1)
        return self.classifier(x)

    def forward(self, x: Tensor) -> Tensor:
        """x (N, 3, H, W) -> (N, num_classes)"""
        return self._forward_impl(x)


def _mobilenet_v3_conf(
    arch: str,
    width_mult: float = 1.0,
    reduced_tail: bool = False,
    dilated: bool = False,
    **kwargs: Any,
) -> tuple[list[InvertedResidualConfig], int]:
    """The blocks and the last width of "mobilenet_v3_large" or "mobilenet_v3_small".

    reduced_tail  the last blocks with half the channels
    dilated       the last blocks keep the size and are dilated
    """
    half, wide = (2 if reduced_tail else 1), (2 if dilated else 1)
    row = partial(InvertedResidualConfig, width_mult=width_mult)
    if arch == "mobilenet_v3_large":
        rows = [
            row(16, 3, 16, 16, False, "RE", 1, 1),
            row(16, 3, 64, 24, False, "RE", 2, 1),
            row(24, 3, 72, 24, False, "RE", 1, 1),
            row(24, 5, 72, 40, True, "RE", 2, 1),
            row(40, 5, 120, 40, True, "RE", 1, 1),
            row(40, 5, 120, 40, True, "RE", 1, 1),
            row(40, 3, 240, 80, False, "HS", 2, 1),
            row(80, 3, 200, 80, False, "HS", 1, 1),
            row(80, 3, 184, 80, False, "HS", 1, 1),
            row(80, 3, 184, 80, False, "HS", 1, 1),
            row(80, 3, 480, 112, True, "HS", 1, 1),
            row(112, 3, 672, 112, True, "HS", 1, 1),
            row(112, 5, 672, 160 // half, True, "HS", 2, wide),
            row(160 // half, 5, 960 // half, 160 // half, True, "HS", 1, wide),
            row(160 // half, 5, 960 // half, 160 // half, True, "HS", 1, wide),
        ]
        return rows, InvertedResidualConfig.adjust_channels(1280 // half, width_mult)
    if arch == "mobilenet_v3_small":
        rows = [
            row(16, 3, 16, 16, True, "RE", 2, 1),
            row(16, 3, 72, 24, False, "RE", 2, 1),
            row(24, 3, 88, 24, False, "RE", 1, 1),
            row(24, 5, 96, 40, True, "HS", 2, 1),
            row(40, 5, 240, 40, True, "HS", 1, 1),
            row(40, 5, 240, 40, True, "HS", 1, 1),
            row(40, 5, 120, 48, True, "HS", 1, 1),
            row(48, 5, 144, 48, True, "HS", 1, 1),
            row(48, 5, 288, 96 // half, True, "HS", 2, wide),
            row(96 // half, 5, 576 // half, 96 // half, True, "HS", 1, wide),
            row(96 // half, 5, 576 // half, 96 // half, True, "HS", 1, wide),
        ]
        return rows, InvertedResidualConfig.adjust_channels(1024 // half, width_mult)
    raise ValueError(f"Unsupported model type {arch}")


@published(MobileNet_V3_Large_Weights)
def mobilenet_v3_large(**kwargs: Any) -> MobileNetV3:
    """MobileNetV3, large; kwargs are its own, width_mult, reduced_tail and dilated."""
    return MobileNetV3(*_mobilenet_v3_conf("mobilenet_v3_large", **kwargs), **kwargs)


@published(MobileNet_V3_Small_Weights)
def mobilenet_v3_small(**kwargs: Any) -> MobileNetV3:
    """MobileNetV3, small; kwargs are its own, width_mult, reduced_tail and dilated."""
    return MobileNetV3(*_mobilenet_v3_conf("mobilenet_v3_small", **kwargs), **kwargs)
