"""DeepLab V3. Source: Chen et al. 2017, arXiv:1706.05587."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .... import nn
from ....core.tensor import Tensor
from ... import functions as T
from .._api import weights
from ..mobilenetv3 import MobileNet_V3_Large_Weights, mobilenet_v3_large
from ..resnet import ResNet50_Weights, ResNet101_Weights, resnet50, resnet101
from ._utils import (
    _SimpleSegmentationModel,
    enlarged,
    mobilenet_features,
    published_dense,
    resnet_features,
)
from .fcn import DILATED, FCNHead

__all__ = [
    "DeepLabV3",
    "DeepLabV3_MobileNet_V3_Large_Weights",
    "DeepLabV3_ResNet50_Weights",
    "DeepLabV3_ResNet101_Weights",
    "deeplabv3_mobilenet_v3_large",
    "deeplabv3_resnet50",
    "deeplabv3_resnet101",
]

DeepLabV3_ResNet50_Weights = weights("DeepLabV3_ResNet50_Weights", __name__)
DeepLabV3_ResNet101_Weights = weights("DeepLabV3_ResNet101_Weights", __name__)
DeepLabV3_MobileNet_V3_Large_Weights = weights("DeepLabV3_MobileNet_V3_Large_Weights", __name__)


class DeepLabV3(_SimpleSegmentationModel):
    """A backbone, convolutions of several dilations side by side, a classifier."""


class DeepLabHead(nn.Sequential):
    """ASPP, convolution 3x3, norm, relu, convolution 1x1."""

    def __init__(
        self, in_channels: int, num_classes: int, atrous_rates: Sequence[int] = (12, 24, 36)
    ) -> None:
        super().__init__(
            ASPP(in_channels, atrous_rates),
            nn.Conv2d(256, 256, 3, padding=1, bias=False),
            nn.BatchNorm2d(256),
            nn.ReLU(),
            nn.Conv2d(256, num_classes, 1),
        )


class ASPPConv(nn.Sequential):
    """Convolution 3x3 with a dilation, norm, relu."""

    def __init__(self, in_channels: int, out_channels: int, dilation: int) -> None:
        super().__init__(
            nn.Conv2d(
                in_channels, out_channels, 3, padding=dilation, dilation=dilation, bias=False
            ),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
        )


class ASPPPooling(nn.Sequential):
    """The mean of the image, convolution 1x1, norm, relu, back at the size."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(in_channels, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """x (N, in_channels, H, W) -> (N, out_channels, H, W)"""
        return enlarged(super().forward(x), x.shape[-2:])


class ASPP(nn.Module):
    """Convolutions of several dilations and the mean side by side, joined by one 1x1."""

    def __init__(
        self, in_channels: int, atrous_rates: Sequence[int], out_channels: int = 256
    ) -> None:
        super().__init__()
        branches: list[nn.Module] = [
            nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, bias=False),
                nn.BatchNorm2d(out_channels),
                nn.ReLU(),
            )
        ]
        branches += [ASPPConv(in_channels, out_channels, rate) for rate in atrous_rates]
        branches.append(ASPPPooling(in_channels, out_channels))
        self.convs = nn.ModuleList(branches)
        self.project = nn.Sequential(
            nn.Conv2d(len(branches) * out_channels, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
            nn.Dropout(0.5),
        )

    def forward(self, x: Tensor) -> Tensor:
        """x (N, in_channels, H, W) -> (N, out_channels, H, W)"""
        return self.project(T.cat([branch(x) for branch in self.convs], dim=1))


def _deeplabv3_resnet(backbone: nn.Module, num_classes: int, aux: bool | None) -> DeepLabV3:
    second = FCNHead(1024, num_classes) if aux else None
    return DeepLabV3(resnet_features(backbone, aux), DeepLabHead(2048, num_classes), second)


@published_dense(DeepLabV3_ResNet50_Weights, ResNet50_Weights)
def deeplabv3_resnet50(
    weights_backbone: Any, num_classes: int, aux_loss: bool | None = None, **kwargs: Any
) -> DeepLabV3:
    """DeepLabV3 on a dilated ResNet with 50 layers; aux_loss: a second classifier, "aux"."""
    backbone = resnet50(weights=weights_backbone, replace_stride_with_dilation=DILATED)
    return _deeplabv3_resnet(backbone, num_classes, aux_loss)


@published_dense(DeepLabV3_ResNet101_Weights, ResNet101_Weights)
def deeplabv3_resnet101(
    weights_backbone: Any, num_classes: int, aux_loss: bool | None = None, **kwargs: Any
) -> DeepLabV3:
    """DeepLabV3 on a dilated ResNet with 101 layers; aux_loss: a second classifier, "aux"."""
    backbone = resnet101(weights=weights_backbone, replace_stride_with_dilation=DILATED)
    return _deeplabv3_resnet(backbone, num_classes, aux_loss)


@published_dense(DeepLabV3_MobileNet_V3_Large_Weights, MobileNet_V3_Large_Weights)
def deeplabv3_mobilenet_v3_large(
    weights_backbone: Any, num_classes: int, aux_loss: bool | None = None, **kwargs: Any
) -> DeepLabV3:
    """DeepLabV3 on a dilated MobileNetV3; aux_loss: a second classifier, "aux"."""
    network = mobilenet_v3_large(weights=weights_backbone, dilated=True)
    backbone, low, high = mobilenet_features(network, "aux" if aux_loss else None, "out")
    second = FCNHead(low, num_classes) if aux_loss else None
    return DeepLabV3(backbone, DeepLabHead(high, num_classes), second)
