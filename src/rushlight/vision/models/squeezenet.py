"""SqueezeNet. Source: Iandola et al. 2016, arXiv:1602.07360."""

from __future__ import annotations

from typing import Any

from ... import nn
from ...core.tensor import Tensor
from .. import functions as T
from ._api import published, weights
from ._utils import small_normal

__all__ = [
    "SqueezeNet",
    "SqueezeNet1_0_Weights",
    "SqueezeNet1_1_Weights",
    "squeezenet1_0",
    "squeezenet1_1",
]

SqueezeNet1_0_Weights = weights("SqueezeNet1_0_Weights", __name__)
SqueezeNet1_1_Weights = weights("SqueezeNet1_1_Weights", __name__)


class Fire(nn.Module):
    """A narrow convolution 1x1, then convolutions 1x1 and 3x3 side by side."""

    def __init__(
        self,
        inplanes: int,
        squeeze_planes: int,
        expand1x1_planes: int,
        expand3x3_planes: int,
    ) -> None:
        super().__init__()
        self.inplanes = inplanes
        self.squeeze = nn.Conv2d(inplanes, squeeze_planes, kernel_size=1)
        self.squeeze_activation = nn.ReLU(inplace=True)
        self.expand1x1 = nn.Conv2d(squeeze_planes, expand1x1_planes, kernel_size=1)
        self.expand1x1_activation = nn.ReLU(inplace=True)
        self.expand3x3 = nn.Conv2d(squeeze_planes, expand3x3_planes, kernel_size=3, padding=1)
        self.expand3x3_activation = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """x (N, inplanes, H, W) -> (N, expand1x1_planes + expand3x3_planes, H, W)"""
        x = self.squeeze_activation(self.squeeze(x))
        small = self.expand1x1_activation(self.expand1x1(x))
        return T.cat([small, self.expand3x3_activation(self.expand3x3(x))], 1)


def _pool() -> nn.Module:
    return nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)


class SqueezeNet(nn.Module):
    """A convolution, Fire modules, a convolution 1x1 with a channel for each class, the mean.

    version  "1_0", or "1_1" with 2.4 times less to compute
    shape    x (N, 3, H, W) -> y (N, num_classes)
    errors   ValueError: another version
    """

    def __init__(self, version: str = "1_0", num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        self.num_classes = num_classes
        if version == "1_0":
            first, width, pools = nn.Conv2d(3, 96, kernel_size=7, stride=2), 96, (3, 7)
        elif version == "1_1":
            first, width, pools = nn.Conv2d(3, 64, kernel_size=3, stride=2), 64, (2, 4)
        else:
            raise ValueError(f"Unsupported SqueezeNet version {version}: 1_0 or 1_1 expected")
        layers: list[nn.Module] = [first, nn.ReLU(inplace=True), _pool()]
        for i, (squeeze, expand) in enumerate(
            ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))
        ):
            if i in pools:
                layers.append(_pool())
            layers.append(Fire(width, squeeze, expand, expand))
            width = 2 * expand
        self.features = nn.Sequential(*layers)
        final = nn.Conv2d(512, num_classes, kernel_size=1)
        self.classifier = nn.Sequential(
            nn.Dropout(p=dropout), final, nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d((1, 1))
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                if module is final:
                    small_normal(module.weight)
                else:
                    nn.init.kaiming_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        """x (N, 3, H, W) -> (N, num_classes)"""
        return self.classifier(self.features(x)).flatten(1)


@published(SqueezeNet1_0_Weights)
def squeezenet1_0(**kwargs: Any) -> SqueezeNet:
    """SqueezeNet 1.0; kwargs are its own."""
    return SqueezeNet("1_0", **kwargs)


@published(SqueezeNet1_1_Weights)
def squeezenet1_1(**kwargs: Any) -> SqueezeNet:
    """SqueezeNet 1.1; kwargs are its own."""
    return SqueezeNet("1_1", **kwargs)
