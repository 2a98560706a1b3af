"""RegNet. Source: Radosavovic et al. 2020, arXiv:2003.13678."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from ... import nn
from ...core.tensor import Tensor
from ..ops.misc import Conv2dNormActivation, SqueezeExcitation
from ._api import published, weights
from ._utils import _make_divisible, small_normal

__all__ = [
    "RegNet",
    "RegNet_X_1_6GF_Weights",
    "RegNet_X_3_2GF_Weights",
    "RegNet_X_8GF_Weights",
    "RegNet_X_16GF_Weights",
    "RegNet_X_32GF_Weights",
    "RegNet_X_400MF_Weights",
    "RegNet_X_800MF_Weights",
    "RegNet_Y_1_6GF_Weights",
    "RegNet_Y_3_2GF_Weights",
    "RegNet_Y_8GF_Weights",
    "RegNet_Y_16GF_Weights",
    "RegNet_Y_32GF_Weights",
    "RegNet_Y_128GF_Weights",
    "RegNet_Y_400MF_Weights",
    "RegNet_Y_800MF_Weights",
    "regnet_x_1_6gf",
    "regnet_x_3_2gf",
    "regnet_x_8gf",
    "regnet_x_16gf",
    "regnet_x_32gf",
    "regnet_x_400mf",
    "regnet_x_800mf",
    "regnet_y_1_6gf",
    "regnet_y_3_2gf",
    "regnet_y_8gf",
    "regnet_y_16gf",
    "regnet_y_32gf",
    "regnet_y_128gf",
    "regnet_y_400mf",
    "regnet_y_800mf",
]

RegNet_Y_400MF_Weights = weights("RegNet_Y_400MF_Weights", __name__)
RegNet_Y_800MF_Weights = weights("RegNet_Y_800MF_Weights", __name__)
RegNet_Y_1_6GF_Weights = weights("RegNet_Y_1_6GF_Weights", __name__)
RegNet_Y_3_2GF_Weights = weights("RegNet_Y_3_2GF_Weights", __name__)
RegNet_Y_8GF_Weights = weights("RegNet_Y_8GF_Weights", __name__)
RegNet_Y_16GF_Weights = weights("RegNet_Y_16GF_Weights", __name__)
RegNet_Y_32GF_Weights = weights("RegNet_Y_32GF_Weights", __name__)
RegNet_Y_128GF_Weights = weights("RegNet_Y_128GF_Weights", __name__)
RegNet_X_400MF_Weights = weights("RegNet_X_400MF_Weights", __name__)
RegNet_X_800MF_Weights = weights("RegNet_X_800MF_Weights", __name__)
RegNet_X_1_6GF_Weights = weights("RegNet_X_1_6GF_Weights", __name__)
RegNet_X_3_2GF_Weights = weights("RegNet_X_3_2GF_Weights", __name__)
RegNet_X_8GF_Weights = weights("RegNet_X_8GF_Weights", __name__)
RegNet_X_16GF_Weights = weights("RegNet_X_16GF_Weights", __name__)
RegNet_X_32GF_Weights = weights("RegNet_X_32GF_Weights", __name__)

Layer = Callable[..., nn.Module]


class SimpleStemIN(Conv2dNormActivation):
    """The stem: a convolution 3x3 of stride 2 with norm and activation."""

    def __init__(
        self, width_in: int, width_out: int, norm_layer: Layer, activation_layer: Layer
    ) -> None:
        super().__init__(
            width_in,
            width_out,
            kernel_size=3,
            stride=2,
            norm_layer=norm_layer,
            activation_layer=activation_layer,
        )


class BottleneckTransform(nn.Sequential):
    """1x1, 3x3 in groups, squeeze and excite (se_ratio not None), 1x1."""

    def __init__(
        self,
        width_in: int,
        width_out: int,
        stride: int,
        norm_layer: Layer,
        activation_layer: Layer,
        group_width: int,
        bottleneck_multiplier: float,
        se_ratio: float | None,
    ) -> None:
        conv = partial(
            Conv2dNormActivation, norm_layer=norm_layer, activation_layer=activation_layer
        )
        width = round(width_out * bottleneck_multiplier)
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        layers["a"] = conv(width_in, width, kernel_size=1)
        layers["b"] = conv(width, width, kernel_size=3, stride=stride, groups=width // group_width)
        if se_ratio:
            # the squeezed width follows from the block's input, not from its own width
            squeezed = round(se_ratio * width_in)
            layers["se"] = SqueezeExcitation(width, squeezed, activation=activation_layer)
        layers["c"] = conv(width, width_out, kernel_size=1, activation_layer=None)
        super().__init__(layers)


class ResBottleneckBlock(nn.Module):
    """y = activation(x' + f(x)),  x' = x, or proj(x) where the shape changes"""

    def __init__(
        self,
        width_in: int,
        width_out: int,
        stride: int,
        norm_layer: Layer,
        activation_layer: Layer,
        group_width: int = 1,
        bottleneck_multiplier: float = 1.0,
        se_ratio: float | None = None,
    ) -> None:
        super().__init__()
        self.proj = None
        if width_in != width_out or stride != 1:
            self.proj = Conv2dNormActivation(
                width_in,
                width_out,
                kernel_size=1,
                stride=stride,
                norm_layer=norm_layer,
                activation_layer=None,
            )
        self.f = BottleneckTransform(
            width_in,
            width_out,
            stride,
            norm_layer,
            activation_layer,
            group_width,
            bottleneck_multiplier,
            se_ratio,
        )
        self.activation = activation_layer(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """x (N, width_in, H, W) -> (N, width_out, H / stride, W / stride)"""
        kept = x if self.proj is None else self.proj(x)
        return self.activation(kept + self.f(x))


class AnyStage(nn.Sequential):
    """Blocks of one width, the first with the stride."""

    def __init__(
        self,
        width_in: int,
        width_out: int,
        stride: int,
        depth: int,
        block_constructor: Layer,
        norm_layer: Layer,
        activation_layer: Layer,
        group_width: int,
        bottleneck_multiplier: float,
        se_ratio: float | None = None,
        stage_index: int = 0,
    ) -> None:
        super().__init__()
        for i in range(depth):
            block = block_constructor(
                width_in if i == 0 else width_out,
                width_out,
                stride if i == 0 else 1,
                norm_layer,
                activation_layer,
                group_width,
                bottleneck_multiplier,
                se_ratio,
            )
            self.add_module(f"block{stage_index}-{i}", block)


class BlockParams:
    """Depth, width, width of groups, bottleneck and stride of each stage."""

    def __init__(
        self,
        depths: list[int],
        widths: list[int],
        group_widths: list[int],
        bottleneck_multipliers: list[float],
        strides: list[int],
        se_ratio: float | None = None,
    ) -> None:
        self.depths = depths
        self.widths = widths
        self.group_widths = group_widths
        self.bottleneck_multipliers = bottleneck_multipliers
        self.strides = strides
        self.se_ratio = se_ratio

    @classmethod
    def from_init_params(
        cls,
        depth: int,
        w_0: int,
        w_a: float,
        w_m: float,
        group_width: int,
        bottleneck_multiplier: float = 1.0,
        se_ratio: float | None = None,
        **kwargs: Any,
    ) -> BlockParams:
        """The paper's rule: widths w_0 + w_a j, j < depth, rounded to w_0 w_m^s for whole s, and to
        multiples of 8; blocks of one width are a stage.

        ValueError: numbers from which no widths follow
        """
        if w_a < 0 or w_0 <= 0 or w_m <= 1 or w_0 % 8 != 0:
            raise ValueError("Invalid RegNet settings")
        f = np.float32
        wanted = np.arange(depth, dtype=f) * f(w_a) + f(w_0)
        exponents = np.round(np.log(wanted / f(w_0)) / f(math.log(w_m)))
        widths = (np.round(f(w_0) * f(w_m) ** exponents / f(8)) * 8).astype(int).tolist()
        stages = sorted(set(widths))
        counts = [widths.count(width) for width in stages]
        n = len(stages)
        bottlenecks, groups = [bottleneck_multiplier] * n, [group_width] * n
        stages, groups = cls._adjust_widths_groups_compatibilty(stages, bottlenecks, groups)
        return cls(counts, stages, groups, bottlenecks, [2] * n, se_ratio)

    def _get_expanded_params(self) -> Iterator[tuple[int, int, int, int, float]]:
        return zip(
            self.widths,
            self.strides,
            self.depths,
            self.group_widths,
            self.bottleneck_multipliers,
            strict=True,
        )

    @staticmethod
    def _adjust_widths_groups_compatibilty(
        stage_widths: list[int], bottleneck_ratios: list[float], group_widths: list[int]
    ) -> tuple[list[int], list[int]]:
        """Widths that the widths of groups divide; a group is as wide as its stage at most."""
        inner = [int(w * b) for w, b in zip(stage_widths, bottleneck_ratios, strict=True)]
        groups = [min(g, w) for g, w in zip(group_widths, inner, strict=True)]
        inner = [_make_divisible(w, g) for w, g in zip(inner, groups, strict=True)]
        widths = [int(w / b) for w, b in zip(inner, bottleneck_ratios, strict=True)]
        return widths, groups


class RegNet(nn.Module):
    """A stem, stages, the mean, a linear layer.

    block_params           BlockParams
    stem_type, block_type  SimpleStemIN and ResBottleneckBlock if None
    norm_layer, activation BatchNorm2d and ReLU if None
    shape                  x (N, 3, H, W) -> y (N, num_classes)
    """

    def __init__(
        self,
        block_params: BlockParams,
        num_classes: int = 1000,
        stem_width: int = 32,
        stem_type: Layer | None = None,
        block_type: Layer | None = None,
        norm_layer: Layer | None = None,
        activation: Layer | None = None,
    ) -> None:
        super().__init__()
        norm = norm_layer or nn.BatchNorm2d
        activation = activation or nn.ReLU
        self.stem = (stem_type or SimpleStemIN)(3, stem_width, norm, activation)
        stages: OrderedDict[str, nn.Module] = OrderedDict()
        channels = stem_width
        for i, (width, stride, depth, group, bottleneck) in enumerate(
            block_params._get_expanded_params()
        ):
            stages[f"block{i + 1}"] = AnyStage(
                channels,
                width,
                stride,
                depth,
                block_type or ResBottleneckBlock,
                norm,
                activation,
                group,
                bottleneck,
                block_params.se_ratio,
                stage_index=i + 1,
            )
            channels = width
        self.trunk_output = nn.Sequential(stages)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(channels, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                # groups do not count, as in torchvision
                fan_out = math.prod(module.kernel_size) * module.out_channels
                nn.init.normal_(module.weight, mean=0.0, std=math.sqrt(2.0 / fan_out))
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.ones_(module.weight)
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                small_normal(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        """x (N, 3, H, W) -> (N, num_classes)"""
        x = self.trunk_output(self.stem(x))
        return self.fc(self.avgpool(x).flatten(1))


def _x(
    kwargs: dict[str, Any], depth: int, w_0: int, w_a: float, w_m: float, group_width: int
) -> RegNet:
    """A network without squeeze-excitation."""
    params = BlockParams.from_init_params(depth, w_0, w_a, w_m, group_width, **kwargs)
    kwargs.setdefault("norm_layer", partial(nn.BatchNorm2d, eps=1e-05, momentum=0.1))
    return RegNet(params, **kwargs)


def _y(
    kwargs: dict[str, Any], depth: int, w_0: int, w_a: float, w_m: float, group_width: int
) -> RegNet:
    """A network with squeeze-excitation."""
    params = BlockParams.from_init_params(
        depth, w_0, w_a, w_m, group_width, se_ratio=0.25, **kwargs
    )
    kwargs.setdefault("norm_layer", partial(nn.BatchNorm2d, eps=1e-05, momentum=0.1))
    return RegNet(params, **kwargs)


@published(RegNet_Y_400MF_Weights)
def regnet_y_400mf(**kwargs: Any) -> RegNet:
    """RegNetY of 0.4 GF; kwargs are RegNet's own."""
    return _y(kwargs, 16, 48, 27.89, 2.09, 8)


@published(RegNet_Y_800MF_Weights)
def regnet_y_800mf(**kwargs: Any) -> RegNet:
    """RegNetY of 0.8 GF; kwargs are RegNet's own."""
    return _y(kwargs, 14, 56, 38.84, 2.4, 16)


@published(RegNet_Y_1_6GF_Weights)
def regnet_y_1_6gf(**kwargs: Any) -> RegNet:
    """RegNetY of 1.6 GF; kwargs are RegNet's own."""
    return _y(kwargs, 27, 48, 20.71, 2.65, 24)


@published(RegNet_Y_3_2GF_Weights)
def regnet_y_3_2gf(**kwargs: Any) -> RegNet:
    """RegNetY of 3.2 GF; kwargs are RegNet's own."""
    return _y(kwargs, 21, 80, 42.63, 2.66, 24)


@published(RegNet_Y_8GF_Weights)
def regnet_y_8gf(**kwargs: Any) -> RegNet:
    """RegNetY of 8 GF; kwargs are RegNet's own."""
    return _y(kwargs, 17, 192, 76.82, 2.19, 56)


@published(RegNet_Y_16GF_Weights)
def regnet_y_16gf(**kwargs: Any) -> RegNet:
    """RegNetY of 16 GF; kwargs are RegNet's own."""
    return _y(kwargs, 18, 200, 106.23, 2.48, 112)


@published(RegNet_Y_32GF_Weights)
def regnet_y_32gf(**kwargs: Any) -> RegNet:
    """RegNetY of 32 GF; kwargs are RegNet's own."""
    return _y(kwargs, 20, 232, 115.89, 2.53, 232)


@published(RegNet_Y_128GF_Weights)
def regnet_y_128gf(**kwargs: Any) -> RegNet:
    """RegNetY of 128 GF; kwargs are RegNet's own."""
    return _y(kwargs, 27, 456, 160.83, 2.52, 264)


@published(RegNet_X_400MF_Weights)
def regnet_x_400mf(**kwargs: Any) -> RegNet:
    """RegNetX of 0.4 GF; kwargs are RegNet's own."""
    return _x(kwargs, 22, 24, 24.48, 2.54, 16)


@published(RegNet_X_800MF_Weights)
def regnet_x_800mf(**kwargs: Any) -> RegNet:
    """RegNetX of 0.8 GF; kwargs are RegNet's own."""
    return _x(kwargs, 16, 56, 35.73, 2.28, 16)


@published(RegNet_X_1_6GF_Weights)
def regnet_x_1_6gf(**kwargs: Any) -> RegNet:
    """RegNetX of 1.6 GF; kwargs are RegNet's own."""
    return _x(kwargs, 18, 80, 34.01, 2.25, 24)


@published(RegNet_X_3_2GF_Weights)
def regnet_x_3_2gf(**kwargs: Any) -> RegNet:
    """RegNetX of 3.2 GF; kwargs are RegNet's own."""
    return _x(kwargs, 25, 88, 26.31, 2.25, 48)


@published(RegNet_X_8GF_Weights)
def regnet_x_8gf(**kwargs: Any) -> RegNet:
    """RegNetX of 8 GF; kwargs are RegNet's own."""
    return _x(kwargs, 23, 80, 49.56, 2.88, 120)


@published(RegNet_X_16GF_Weights)
def regnet_x_16gf(**kwargs: Any) -> RegNet:
    """RegNetX of 16 GF; kwargs are RegNet's own."""
    return _x(kwargs, 22, 216, 55.59, 2.1, 128)


@published(RegNet_X_32GF_Weights)
def regnet_x_32gf(**kwargs: Any) -> RegNet:
    """RegNetX of 32 GF; kwargs are RegNet's own."""
    return _x(kwargs, 23, 320, 69.86, 2.0, 168)
