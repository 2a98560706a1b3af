"""VGG. Source: Simonyan, Zisserman 2014, arXiv:1409.1556."""

from __future__ import annotations

from typing import Any

from ... import nn
from ...core.tensor import Tensor
from ._api import published, weights
from ._utils import he_fan_out, small_normal
from ._utils import init_weights as _init

__all__ = [
    "VGG",
    "VGG11_BN_Weights",
    "VGG11_Weights",
    "VGG13_BN_Weights",
    "VGG13_Weights",
    "VGG16_BN_Weights",
    "VGG16_Weights",
    "VGG19_BN_Weights",
    "VGG19_Weights",
    "vgg11",
    "vgg11_bn",
    "vgg13",
    "vgg13_bn",
    "vgg16",
    "vgg16_bn",
    "vgg19",
    "vgg19_bn",
]

VGG11_Weights = weights("VGG11_Weights", __name__)
VGG11_BN_Weights = weights("VGG11_BN_Weights", __name__)
VGG13_Weights = weights("VGG13_Weights", __name__)
VGG13_BN_Weights = weights("VGG13_BN_Weights", __name__)
VGG16_Weights = weights("VGG16_Weights", __name__)
VGG16_BN_Weights = weights("VGG16_BN_Weights", __name__)
VGG19_Weights = weights("VGG19_Weights", __name__)
VGG19_BN_Weights = weights("VGG19_BN_Weights", __name__)

#: the configurations of the paper's table 1: channels, "M" for a pool
cfgs: dict[str, list[str | int]] = {
    "A": [64, "M", 128, "M", *[256] * 2, "M", *[512] * 2, "M", *[512] * 2, "M"],
    "B": [*[64] * 2, "M", *[128] * 2, "M", *[256] * 2, "M", *[512] * 2, "M", *[512] * 2, "M"],
    "D": [*[64] * 2, "M", *[128] * 2, "M", *[256] * 3, "M", *[512] * 3, "M", *[512] * 3, "M"],
    "E": [*[64] * 2, "M", *[128] * 2, "M", *[256] * 4, "M", *[512] * 4, "M", *[512] * 4, "M"],
}


class VGG(nn.Module):
    """Convolutions 3x3 (`features`, from make_layers), then three linear layers.

    init_weights  False keeps the layers' own first weights
    shape         x (N, 3, H, W) -> y (N, num_classes)
    """

    def __init__(
        self,
        features: nn.Module,
        num_classes: int = 1000,
        init_weights: bool = True,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.features = features
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096),
            nn.ReLU(True),
            nn.Dropout(p=dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(True),
            nn.Dropout(p=dropout),
            nn.Linear(4096, num_classes),
        )
        if init_weights:
            _init(self, he_fan_out, small_normal)

    def forward(self, x: Tensor) -> Tensor:
        """x (N, 3, H, W) -> (N, num_classes)"""
        x = self.avgpool(self.features(x))  # (N, 512, 7, 7)
        return self.classifier(x.flatten(1))


def make_layers(cfg: list[str | int], batch_norm: bool = False) -> nn.Sequential:
    """Convolution, norm, ReLU for each number of channels, a pool for each "M"."""
    layers: list[nn.Module] = []
    channels = 3
    for width in cfg:
        if isinstance(width, str):
            layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
            continue
        layers.append(nn.Conv2d(channels, width, kernel_size=3, padding=1))
        if batch_norm:
            layers.append(nn.BatchNorm2d(width))
        layers.append(nn.ReLU(inplace=True))
        channels = width
    return nn.Sequential(*layers)


def _replaced(kwargs: dict[str, Any], _: Any) -> None:
    kwargs["init_weights"] = False


@published(VGG11_Weights, _replaced)
def vgg11(**kwargs: Any) -> VGG:
    """VGG with 11 layers, configuration A; kwargs are its own."""
    return VGG(make_layers(cfgs["A"]), **kwargs)


@published(VGG11_BN_Weights, _replaced)
def vgg11_bn(**kwargs: Any) -> VGG:
    """vgg11 with batch norm."""
    return VGG(make_layers(cfgs["A"], True), **kwargs)


@published(VGG13_Weights, _replaced)
def vgg13(**kwargs: Any) -> VGG:
    """VGG with 13 layers, configuration B; kwargs are its own."""
    return VGG(make_layers(cfgs["B"]), **kwargs)


@published(VGG13_BN_Weights, _replaced)
def vgg13_bn(**kwargs: Any) -> VGG:
    """vgg13 with batch norm."""
    return VGG(make_layers(cfgs["B"], True), **kwargs)


@published(VGG16_Weights, _replaced)
def vgg16(**kwargs: Any) -> VGG:
    """VGG with 16 layers, configuration D; kwargs are its own."""
    return VGG(make_layers(cfgs["D"]), **kwargs)


@published(VGG16_BN_Weights, _replaced)
def vgg16_bn(**kwargs: Any) -> VGG:
    """vgg16 with batch norm."""
    return VGG(make_layers(cfgs["D"], True), **kwargs)


@published(VGG19_Weights, _replaced)
def vgg19(**kwargs: Any) -> VGG:
    """VGG with 19 layers, configuration E; kwargs are its own."""
    return VGG(make_layers(cfgs["E"]), **kwargs)


@published(VGG19_BN_Weights, _replaced)
def vgg19_bn(**kwargs: Any) -> VGG:
    """vgg19 with batch norm."""
    return VGG(make_layers(cfgs["E"], True), **kwargs)
