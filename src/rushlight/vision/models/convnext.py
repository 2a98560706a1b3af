"""ConvNeXt. Source: Liu et al. 2022, arXiv:2201.03545."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ... import nn
from ...core.tensor import Tensor
from ...nn import functional as F
from .. import functions as T
from ..ops.misc import Conv2dNormActivation, Permute
from ..ops.stochastic_depth import StochasticDepth
from ._api import published, weights

__all__ = [
    "ConvNeXt",
    "ConvNeXt_Base_Weights",
    "ConvNeXt_Large_Weights",
    "ConvNeXt_Small_Weights",
    "ConvNeXt_Tiny_Weights",
    "convnext_base",
    "convnext_large",
    "convnext_small",
    "convnext_tiny",
]

ConvNeXt_Tiny_Weights = weights("ConvNeXt_Tiny_Weights", __name__)
ConvNeXt_Small_Weights = weights("ConvNeXt_Small_Weights", __name__)
ConvNeXt_Base_Weights = weights("ConvNeXt_Base_Weights", __name__)
ConvNeXt_Large_Weights = weights("ConvNeXt_Large_Weights", __name__)


class LayerNorm2d(nn.LayerNorm):
    """LayerNorm over the channels of x (N, C, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        """x (N, C, H, W) -> (N, C, H, W)"""
        x = x.permute(0, 2, 3, 1)
        x = F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


class CNBlock(nn.Module):
    """y = x + stochastic_depth(s block(x)): a convolution 7x7 of each channel, norm, two linear
    layers with GELU between; s is a factor for each channel.

    layer_scale  s at first
    """

    def __init__(
        self,
        dim: int,
        layer_scale: float,
        stochastic_depth_prob: float,
        norm_layer: Callable[..., nn.Module] | None = None,
    ) -> None:
        super().__init__()
        norm = norm_layer or partial(nn.LayerNorm, eps=1e-6)
        self.block = nn.Sequential(
            nn.Conv2d(dim, dim, kernel_size=7, padding=3, groups=dim, bias=True),
            Permute([0, 2, 3, 1]),
            norm(dim),
            nn.Linear(dim, 4 * dim, bias=True),
            nn.GELU(),
            nn.Linear(4 * dim, dim, bias=True),
            Permute([0, 3, 1, 2]),
        )
        self.layer_scale = nn.Parameter(T.ones((dim, 1, 1)) * layer_scale)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")

    def forward(self, input: Tensor) -> Tensor:
        """input (N, dim, H, W) -> (N, dim, H, W)"""
        return self.stochastic_depth(self.layer_scale * self.block(input)) + input


class CNBlockConfig:
    """A stage: num_layers blocks, then (out_channels not None) half the size, new channels."""

    def __init__(self, input_channels: int, out_channels: int | None, num_layers: int) -> None:
        self.input_channels = input_channels
        self.out_channels = out_channels
        self.num_layers = num_layers

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(input_channels={self.input_channels}, "
            f"out_channels={self.out_channels}, num_layers={self.num_layers})"
        )


class ConvNeXt(nn.Module):
    """Patches of 4x4, stages of blocks with half the size in between, the mean, a linear layer.

    block_setting          a configuration for each stage
    stochastic_depth_prob  of the last block; it grows from 0 at the first
    layer_scale            the blocks' first factor
    block, norm_layer      CNBlock and LayerNorm2d(eps=1e-6) if None
    shape                  x (N, 3, H, W) -> y (N, num_classes)
    errors                 ValueError, TypeError: a setting that is empty, or of other things
    """

    def __init__(
        self,
        block_setting: list[CNBlockConfig],
        stochastic_depth_prob: float = 0.0,
        layer_scale: float = 1e-6,
        num_classes: int = 1000,
        block: Callable[..., nn.Module] | None = None,
        norm_layer: Callable[..., nn.Module] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        if not block_setting:
            raise ValueError("The block_setting should not be empty")
        if not (
            isinstance(block_setting, Sequence)
            and all(isinstance(s, CNBlockConfig) for s in block_setting)
        ):
            raise TypeError("The block_setting should be List[CNBlockConfig]")
        block = block or CNBlock
        norm = norm_layer or partial(LayerNorm2d, eps=1e-6)
        layers: list[nn.Module] = [
            Conv2dNormActivation(
                3,
                block_setting[0].input_channels,
                kernel_size=4,
                stride=4,
                padding=0,
                norm_layer=norm,
                activation_layer=None,
                bias=True,
            )
        ]
        last_block = sum(cnf.num_layers for cnf in block_setting) - 1.0
        done = 0
        for cnf in block_setting:
            stage = []
            for _ in range(cnf.num_layers):
                chance = stochastic_depth_prob * done / last_block
                stage.append(block(cnf.input_channels, layer_scale, chance))
                done += 1
            layers.append(nn.Sequential(*stage))
            if cnf.out_channels is not None:
                smaller = nn.Conv2d(cnf.input_channels, cnf.out_channels, 2, stride=2)
                layers.append(nn.Sequential(norm(cnf.input_channels), smaller))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        final = block_setting[-1]
        width = final.input_channels if final.out_channels is None else final.out_channels
        self.classifier = nn.Sequential(norm(width), nn.Flatten(1), nn.Linear(width, num_classes))
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def _forward_impl(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)))

    def forward(self, x: Tensor) -> Tensor:
        """x (N, 3, H, W) -> (N, num_classes)"""
        return self._forward_impl(x)


def _with(widths: list[int], depths: list[int], chance: float, kwargs: Any) -> ConvNeXt:
    setting = [
        CNBlockConfig(width, following, depth)
        for width, following, depth in zip(widths, [*widths[1:], None], depths, strict=True)
    ]
    return ConvNeXt(setting, **({"stochastic_depth_prob": chance} | kwargs))


@published(ConvNeXt_Tiny_Weights)
def convnext_tiny(**kwargs: Any) -> ConvNeXt:
    """ConvNeXt, tiny; kwargs are its own."""
    return _with([96, 192, 384, 768], [3, 3, 9, 3], 0.1, kwargs)


@published(ConvNeXt_Small_Weights)
def convnext_small(**kwargs: Any) -> ConvNeXt:
    """ConvNeXt, small; kwargs are its own."""
    return _with([96, 192, 384, 768], [3, 3, 27, 3], 0.4, kwargs)


@published(ConvNeXt_Base_Weights)
def convnext_base(**kwargs: Any) -> ConvNeXt:
    """ConvNeXt, base; kwargs are its own."""
    return _with([128, 256, 512, 1024], [3, 3, 27, 3], 0.5, kwargs)


@published(ConvNeXt_Large_Weights)
def convnext_large(**kwargs: Any) -> ConvNeXt:
    """ConvNeXt, large; kwargs are its own."""
    return _with([192, 384, 768, 1536], [3, 3, 27, 3], 0.5, kwargs)
