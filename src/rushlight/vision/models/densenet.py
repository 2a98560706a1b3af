"""DenseNet. Source: Huang et al. 2016, arXiv:1608.06993."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any

from ... import nn
from ...core.notices import warn
from ...core.tensor import Tensor
from ...nn import functional as F
from .. import functions as T
from ._api import published, weights
from ._utils import init_weights

__all__ = [
    "DenseNet",
    "DenseNet121_Weights",
    "DenseNet161_Weights",
    "DenseNet169_Weights",
    "DenseNet201_Weights",
    "densenet121",
    "densenet161",
    "densenet169",
    "densenet201",
]

DenseNet121_Weights = weights("DenseNet121_Weights", __name__)
DenseNet161_Weights = weights("DenseNet161_Weights", __name__)
DenseNet169_Weights = weights("DenseNet169_Weights", __name__)
DenseNet201_Weights = weights("DenseNet201_Weights", __name__)


class _DenseLayer(nn.Module):
    """growth_rate new channels from all that came before: norm, relu, 1x1, norm, relu, 3x3."""

    def __init__(
        self,
        num_input_features: int,
        growth_rate: int,
        bn_size: int,
        drop_rate: float,
        memory_efficient: bool = False,
    ) -> None:
        super().__init__()
        hidden = bn_size * growth_rate
        self.norm1 = nn.BatchNorm2d(num_input_features)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(num_input_features, hidden, 1, stride=1, bias=False)
        self.norm2 = nn.BatchNorm2d(hidden)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(hidden, growth_rate, 3, stride=1, padding=1, bias=False)
        self.drop_rate = float(drop_rate)
        self.memory_efficient = memory_efficient

    def bn_function(self, inputs: list[Tensor]) -> Tensor:
        """All that came before, together, narrowed by the convolution 1x1."""
        return self.conv1(self.relu1(self.norm1(T.cat(inputs, 1))))

    def forward(self, input: Tensor | list[Tensor]) -> Tensor:
        """input (N, C, H, W), or parts of it -> (N, growth_rate, H, W)"""
        narrow = self.bn_function([input] if isinstance(input, Tensor) else input)
        y = self.conv2(self.relu2(self.norm2(narrow)))
        if self.drop_rate > 0:
            y = F.dropout(y, p=self.drop_rate, training=self.training)
        return y


class _DenseBlock(nn.ModuleDict):
    """Layers each of which sees the input and the outputs of all before it."""

    _version = 2

    def __init__(
        self,
        num_layers: int,
        num_input_features: int,
        bn_size: int,
        growth_rate: int,
        drop_rate: float,
        memory_efficient: bool = False,
    ) -> None:
        super().__init__()
        for i in range(num_layers):
            self[f"denselayer{i + 1}"] = _DenseLayer(
                num_input_features + i * growth_rate,
                growth_rate=growth_rate,
                bn_size=bn_size,
                drop_rate=drop_rate,
                memory_efficient=memory_efficient,
            )

    def forward(self, init_features: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C + num_layers growth_rate, H, W)"""
        features = [init_features]
        for layer in self.values():
            features.append(layer(features))
        return T.cat(features, 1)


class _Transition(nn.Sequential):
    """Norm, relu, convolution 1x1, mean over 2x2: between two blocks."""

    def __init__(self, num_input_features: int, num_output_features: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(num_input_features)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(num_input_features, num_output_features, 1, stride=1, bias=False)
        self.pool = nn.AvgPool2d(kernel_size=2, stride=2)


class DenseNet(nn.Module):
    """A convolution 7x7, blocks with transitions between them, the mean, a linear layer.

    growth_rate       the channels that a layer adds
    block_config      the layers of each block
    bn_size           the width inside of a layer, in growth rates
    drop_rate         dropout after each layer
    memory_efficient  has no effect yet, and says so: the outputs are the same
    shape             x (N, 3, H, W) -> y (N, num_classes)
    """

    def __init__(
        self,
        growth_rate: int = 32,
        block_config: tuple[int, int, int, int] = (6, 12, 24, 16),
        num_init_features: int = 64,
        bn_size: int = 4,
        drop_rate: float = 0,
        num_classes: int = 1000,
        memory_efficient: bool = False,
    ) -> None:
        super().__init__()
        if memory_efficient:
            warn("DenseNet: memory_efficient=True saves no memory in rushlight yet")
        channels = num_init_features
        self.features = nn.Sequential(
            OrderedDict(
                conv0=nn.Conv2d(3, channels, 7, stride=2, padding=3, bias=False),
                norm0=nn.BatchNorm2d(channels),
                relu0=nn.ReLU(inplace=True),
                pool0=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
            )
        )
        for i, layers in enumerate(block_config):
            block = _DenseBlock(layers, channels, bn_size, growth_rate, drop_rate, memory_efficient)
            self.features.add_module(f"denseblock{i + 1}", block)
            channels += layers * growth_rate
            if i != len(block_config) - 1:
                self.features.add_module(f"transition{i + 1}", _Transition(channels, channels // 2))
                channels //= 2
        self.features.add_module("norm5", nn.BatchNorm2d(channels))
        self.classifier = nn.Linear(channels, num_classes)
        init_weights(self, nn.init.kaiming_normal_)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, x: Tensor) -> Tensor:
        """x (N, 3, H, W) -> (N, num_classes)"""
        x = F.relu(self.features(x), inplace=True)
        x = F.adaptive_avg_pool2d(x, (1, 1)).flatten(1)
        return self.classifier(x)


def _new_key(key: str) -> str:
    """ "...denselayer1.norm.1.weight" of old files -> "...denselayer1.norm1.weight" """
    return re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.([12])\.", r"\1\2.", key)


@published(DenseNet121_Weights, rename=_new_key)
def densenet121(**kwargs: Any) -> DenseNet:
    """DenseNet with 121 layers; kwargs are its own."""
    return DenseNet(32, (6, 12, 24, 16), 64, **kwargs)


@published(DenseNet161_Weights, rename=_new_key)
def densenet161(**kwargs: Any) -> DenseNet:
    """DenseNet with 161 layers; kwargs are its own."""
    return DenseNet(48, (6, 12, 36, 24), 96, **kwargs)


@published(DenseNet169_Weights, rename=_new_key)
def densenet169(**kwargs: Any) -> DenseNet:
    """DenseNet with 169 layers; kwargs are its own."""
    return DenseNet(32, (6, 12, 32, 32), 64, **kwargs)


@published(DenseNet201_Weights, rename=_new_key)
def densenet201(**kwargs: Any) -> DenseNet:
    """DenseNet with 201 layers; kwargs are its own."""
    return DenseNet(32, (6, 12, 48, 32), 64, **kwargs)
