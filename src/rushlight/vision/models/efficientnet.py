"""EfficientNet. Sources: Tan, Le 2019, arXiv:1905.11946; 2021, arXiv:2104.00298 (V2)."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ... import nn
from ...core.tensor import Tensor
from ..ops.misc import Conv2dNormActivation, SqueezeExcitation
from ..ops.stochastic_depth import StochasticDepth
from ._api import published, weights
from ._utils import _make_divisible, he_fan_out, init_weights

__all__ = [
    "EfficientNet",
    "EfficientNet_B0_Weights",
    "EfficientNet_B1_Weights",
    "EfficientNet_B2_Weights",
    "EfficientNet_B3_Weights",
    "EfficientNet_B4_Weights",
    "EfficientNet_B5_Weights",
    "EfficientNet_B6_Weights",
    "EfficientNet_B7_Weights",
    "EfficientNet_V2_L_Weights",
    "EfficientNet_V2_M_Weights",
    "EfficientNet_V2_S_Weights",
    "efficientnet_b0",
    "efficientnet_b1",
    "efficientnet_b2",
    "efficientnet_b3",
    "efficientnet_b4",
    "efficientnet_b5",
    "efficientnet_b6",
    "efficientnet_b7",
    "efficientnet_v2_l",
    "efficientnet_v2_m",
    "efficientnet_v2_s",
]

EfficientNet_B0_Weights = weights("EfficientNet_B0_Weights", __name__)
EfficientNet_B1_Weights = weights("EfficientNet_B1_Weights", __name__)
EfficientNet_B2_Weights = weights("EfficientNet_B2_Weights", __name__)
EfficientNet_B3_Weights = weights("EfficientNet_B3_Weights", __name__)
EfficientNet_B4_Weights = weights("EfficientNet_B4_Weights", __name__)
EfficientNet_B5_Weights = weights("EfficientNet_B5_Weights", __name__)
EfficientNet_B6_Weights = weights("EfficientNet_B6_Weights", __name__)
EfficientNet_B7_Weights = weights("EfficientNet_B7_Weights", __name__)
EfficientNet_V2_S_Weights = weights("EfficientNet_V2_S_Weights", __name__)
EfficientNet_V2_M_Weights = weights("EfficientNet_V2_M_Weights", __name__)
EfficientNet_V2_L_Weights = weights("EfficientNet_V2_L_Weights", __name__)

Layer = Callable[..., nn.Module]


@dataclass
class _MBConvConfig:
    """A stage: `num_layers` blocks, the first of which has the stride and the input's channels."""

    expand_ratio: float
    kernel: int
    stride: int
    input_channels: int
    out_channels: int
    num_layers: int
    block: Layer

    @staticmethod
    def adjust_channels(channels: int, width_mult: float, min_value: int | None = None) -> int:
        """channels times width_mult, a multiple of 8."""
        return _make_divisible(channels * width_mult, 8, min_value)


class MBConvConfig(_MBConvConfig):
    """A stage of MBConv, its channels and depth scaled."""

    def __init__(
        self,
        expand_ratio: float,
        kernel: int,
        stride: int,
        input_channels: int,
        out_channels: int,
        num_layers: int,
        width_mult: float = 1.0,
        depth_mult: float = 1.0,
        block: Layer | None = None,
    ) -> None:
        super().__init__(
            expand_ratio,
            kernel,
            stride,
            self.adjust_channels(input_channels, width_mult),
            self.adjust_channels(out_channels, width_mult),
            self.adjust_depth(num_layers, depth_mult),
            block or MBConv,
        )

    @staticmethod
    def adjust_depth(num_layers: int, depth_mult: float) -> int:
        """num_layers times depth_mult, rounded up."""
        return math.ceil(num_layers * depth_mult)


class FusedMBConvConfig(_MBConvConfig):
    """A stage of FusedMBConv."""

    def __init__(
        self,
        expand_ratio: float,
        kernel: int,
        stride: int,
        input_channels: int,
        out_channels: int,
        num_layers: int,
        block: Layer | None = None,
    ) -> None:
        super().__init__(
            expand_ratio,
            kernel,
            stride,
            input_channels,
            out_channels,
            num_layers,
            block or FusedMBConv,
        )


class _Residual(nn.Module):
    """y = block(x); if the shape is the same, y = stochastic_depth(block(x)) + x"""

    def __init__(
        self, cnf: _MBConvConfig, stochastic_depth_prob: float, layers: list[nn.Module]
    ) -> None:
        super().__init__()
        same = cnf.input_channels == cnf.out_channels
        self.use_res_connect = cnf.stride == 1 and same
        self.block = nn.Sequential(*layers)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")
        self.out_channels = cnf.out_channels

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, H, W) -> (N, out_channels, H / stride, W / stride)"""
        y = self.block(input)
        return self.stochastic_depth(y) + input if self.use_res_connect else y


def _check_stride(stride: int) -> None:
    if not 1 <= stride <= 2:
        raise ValueError("illegal stride value")


class MBConv(_Residual):
    """Widen (1x1), convolve each channel, squeeze and excite, narrow (1x1).

    errors  ValueError: a stride that is not 1 or 2
    """

    def __init__(
        self,
        cnf: MBConvConfig,
        stochastic_depth_prob: float,
        norm_layer: Layer,
        se_layer: Layer = SqueezeExcitation,
    ) -> None:
        _check_stride(cnf.stride)
        conv = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=nn.SiLU)
        channels = cnf.input_channels
        hidden = cnf.adjust_channels(channels, cnf.expand_ratio)
        layers: list[nn.Module] = []
        if hidden != channels:
            layers.append(conv(channels, hidden, kernel_size=1))
        layers.append(
            conv(hidden, hidden, kernel_size=cnf.kernel, stride=cnf.stride, groups=hidden)
        )
        layers.append(
            se_layer(hidden, max(1, channels // 4), activation=partial(nn.SiLU, inplace=True))
        )
        layers.append(conv(hidden, cnf.out_channels, kernel_size=1, activation_layer=None))
        super().__init__(cnf, stochastic_depth_prob, layers)


class FusedMBConv(_Residual):
    """A convolution that widens, and one 1x1 that narrows; a single one without expansion.

    errors  ValueError: a stride that is not 1 or 2
    """

    def __init__(
        self, cnf: FusedMBConvConfig, stochastic_depth_prob: float, norm_layer: Layer
    ) -> None:
        _check_stride(cnf.stride)
        conv = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=nn.SiLU)
        channels, out = cnf.input_channels, cnf.out_channels
        hidden = cnf.adjust_channels(channels, cnf.expand_ratio)
        first = partial(conv, kernel_size=cnf.kernel, stride=cnf.stride)
        layers: list[nn.Module]
        if hidden != channels:
            layers = [
                first(channels, hidden),
                conv(hidden, out, kernel_size=1, activation_layer=None),
            ]
        else:
            layers = [first(channels, out)]
        super().__init__(cnf, stochastic_depth_prob, layers)


class EfficientNet(nn.Module):
    """A convolution 3x3, stages of blocks, a convolution 1x1, the mean, a linear layer.

    inverted_residual_setting  a configuration for each stage
    stochastic_depth_prob      of the last block; it grows from 0 at the first
    norm_layer                 BatchNorm2d if None
    last_channel               the width before the linear layer; None: 4 times the last stage's
    shape                      x (N, 3, H, W) -> y (N, num_classes)
    errors                     ValueError, TypeError: a setting that is empty, or of other things
    """

    def __init__(
        self,
        inverted_residual_setting: Sequence[MBConvConfig | FusedMBConvConfig],
        dropout: float,
        stochastic_depth_prob: float = 0.2,
        num_classes: int = 1000,
        norm_layer: Layer | None = None,
        last_channel: int | None = None,
    ) -> None:
        super().__init__()
        setting = inverted_residual_setting
        if not setting:
            raise ValueError("The inverted_residual_setting should not be empty")
        if not (
            isinstance(setting, Sequence) and all(isinstance(s, _MBConvConfig) for s in setting)
        ):
            raise TypeError("The inverted_residual_setting should be List[MBConvConfig]")
        norm = norm_layer or nn.BatchNorm2d
        conv = partial(Conv2dNormActivation, norm_layer=norm, activation_layer=nn.SiLU)
        layers: list[nn.Module] = [conv(3, setting[0].input_channels, kernel_size=3, stride=2)]
        blocks = sum(cnf.num_layers for cnf in setting)
        done = 0
        for cnf in setting:
            stage: list[nn.Module] = []
            block = copy.copy(cnf)
            for _ in range(cnf.num_layers):
                chance = stochastic_depth_prob * float(done) / blocks
                stage.append(block.block(block, chance, norm))
                block.input_channels, block.stride = block.out_channels, 1
                done += 1
            layers.append(nn.Sequential(*stage))
        last = setting[-1].out_channels
        width = 4 * last if last_channel is None else last_channel
        layers.append(conv(last, width, kernel_size=1))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            nn.Dropout(p=dropout, inplace=True), nn.Linear(width, num_classes)
        )
        bound = 1.0 / math.sqrt(num_classes)
        init_weights(self, he_fan_out, partial(nn.init.uniform_, a=-bound, b=bound))

    def _forward_impl(self, x: Tensor) -> Tensor:
        x = self.avgpool(self.features(x)).flatten(1)
        return self.classifier(x)

    def forward(self, x: Tensor) -> Tensor:
        """x (N, 3, H, W) -> (N, num_classes)"""
        return self._forward_impl(x)


def _efficientnet_conf(
    arch: str, **kwargs: Any
) -> tuple[list[MBConvConfig | FusedMBConvConfig], int | None]:
    """The stages of "efficientnet_b0" .. "efficientnet_v2_l" and the last width, None if it
    follows; width_mult and depth_mult are taken out of kwargs for the first version.
    """
    fused = FusedMBConvConfig
    if arch.startswith("efficientnet_b"):
        row = partial(
            MBConvConfig, width_mult=kwargs["width_mult"], depth_mult=kwargs["depth_mult"]
        )
        return [
            row(1, 3, 1, 32, 16, 1),
            row(6, 3, 2, 16, 24, 2),
            row(6, 5, 2, 24, 40, 2),
            row(6, 3, 2, 40, 80, 3),
            row(6, 5, 1, 80, 112, 3),
            row(6, 5, 2, 112, 192, 4),
            row(6, 3, 1, 192, 320, 1),
        ], None
    if arch.startswith("efficientnet_v2_s"):
        return [
            fused(1, 3, 1, 24, 24, 2),
            fused(4, 3, 2, 24, 48, 4),
            fused(4, 3, 2, 48, 64, 4),
            MBConvConfig(4, 3, 2, 64, 128, 6),
            MBConvConfig(6, 3, 1, 128, 160, 9),
            MBConvConfig(6, 3, 2, 160, 256, 15),
        ], 1280
    if arch.startswith("efficientnet_v2_m"):
        return [
            fused(1, 3, 1, 24, 24, 3),
            fused(4, 3, 2, 24, 48, 5),
            fused(4, 3, 2, 48, 80, 5),
            MBConvConfig(4, 3, 2, 80, 160, 7),
            MBConvConfig(6, 3, 1, 160, 176, 14),
            MBConvConfig(6, 3, 2, 176, 304, 18),
            MBConvConfig(6, 3, 1, 304, 512, 5),
        ], 1280
    if arch.startswith("efficientnet_v2_l"):
        return [
            fused(1, 3, 1, 32, 32, 4),
            fused(4, 3, 2, 32, 64, 7),
            fused(4, 3, 2, 64, 96, 7),
            MBConvConfig(4, 3, 2, 96, 192, 10),
            MBConvConfig(6, 3, 1, 192, 224, 19),
            MBConvConfig(6, 3, 2, 224, 384, 25),
            MBConvConfig(6, 3, 1, 384, 640, 7),
        ], 1280
    raise ValueError(f"Unsupported model type {arch}")


def _first(
    width: float, depth: float, dropout: float, kwargs: dict[str, Any], norm: Layer | None = None
) -> EfficientNet:
    """A network of the first version."""
    stages, last = _efficientnet_conf("efficientnet_b", width_mult=width, depth_mult=depth)
    kwargs = {"dropout": dropout, "last_channel": last} | kwargs
    if norm is not None:
        kwargs.setdefault("norm_layer", norm)
    return EfficientNet(stages, **kwargs)


def _second(size: str, dropout: float, kwargs: dict[str, Any]) -> EfficientNet:
    """A network of the second version."""
    stages, last = _efficientnet_conf(f"efficientnet_v2_{size}")
    own: dict[str, Any] = {"dropout": dropout, "last_channel": last}
    own["norm_layer"] = partial(nn.BatchNorm2d, eps=1e-3)
    return EfficientNet(stages, **(own | kwargs))


_CALM = partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)


@published(EfficientNet_B0_Weights)
def efficientnet_b0(**kwargs: Any) -> EfficientNet:
    """EfficientNet B0; kwargs are its own."""
    return _first(1.0, 1.0, 0.2, kwargs)


@published(EfficientNet_B1_Weights)
def efficientnet_b1(**kwargs: Any) -> EfficientNet:
    """EfficientNet B1: as wide as B0, 1.1 times as deep."""
    return _first(1.0, 1.1, 0.2, kwargs)


@published(EfficientNet_B2_Weights)
def efficientnet_b2(**kwargs: Any) -> EfficientNet:
    """EfficientNet B2: 1.1 times as wide, 1.2 times as deep as B0."""
    return _first(1.1, 1.2, 0.3, kwargs)


@published(EfficientNet_B3_Weights)
def efficientnet_b3(**kwargs: Any) -> EfficientNet:
    """EfficientNet B3: 1.2 times as wide, 1.4 times as deep as B0."""
    return _first(1.2, 1.4, 0.3, kwargs)


@published(EfficientNet_B4_Weights)
def efficientnet_b4(**kwargs: Any) -> EfficientNet:
    """EfficientNet B4: 1.4 times as wide, 1.8 times as deep as B0."""
    return _first(1.4, 1.8, 0.4, kwargs)


@published(EfficientNet_B5_Weights)
def efficientnet_b5(**kwargs: Any) -> EfficientNet:
    """EfficientNet B5: 1.6 times as wide, 2.2 times as deep as B0."""
    return _first(1.6, 2.2, 0.4, kwargs, _CALM)


@published(EfficientNet_B6_Weights)
def efficientnet_b6(**kwargs: Any) -> EfficientNet:
    """EfficientNet B6: 1.8 times as wide, 2.6 times as deep as B0."""
    return _first(1.8, 2.6, 0.5, kwargs, _CALM)


@published(EfficientNet_B7_Weights)
def efficientnet_b7(**kwargs: Any) -> EfficientNet:
    """EfficientNet B7: twice as wide, 3.1 times as deep as B0."""
    return _first(2.0, 3.1, 0.5, kwargs, _CALM)


@published(EfficientNet_V2_S_Weights)
def efficientnet_v2_s(**kwargs: Any) -> EfficientNet:
    """EfficientNet V2, small; kwargs are its own."""
    return _second("s", 0.2, kwargs)


@published(EfficientNet_V2_M_Weights)
def efficientnet_v2_m(**kwargs: Any) -> EfficientNet:
    """EfficientNet V2, medium; kwargs are its own."""
    return _second("m", 0.3, kwargs)


@published(EfficientNet_V2_L_Weights)
def efficientnet_v2_l(**kwargs: Any) -> EfficientNet:
    """EfficientNet V2, large; kwargs are its own."""
    return _second("l", 0.4, kwargs)
