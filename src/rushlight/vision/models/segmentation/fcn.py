"""Fully convolutional networks. Source: Long et al. 2014, arXiv:1411.4038."""

from __future__ import annotations

from typing import Any

from .... import nn
from .._api import weights
from ..resnet import ResNet50_Weights, ResNet101_Weights, resnet50, resnet101
from ._utils import _SimpleSegmentationModel, published_dense, resnet_features

__all__ = ["FCN", "FCN_ResNet50_Weights", "FCN_ResNet101_Weights", "fcn_resnet50", "fcn_resnet101"]

FCN_ResNet50_Weights = weights("FCN_ResNet50_Weights", __name__)
FCN_ResNet101_Weights = weights("FCN_ResNet101_Weights", __name__)

#: the last two groups of blocks keep the size
DILATED = [False, True, True]


class FCN(_SimpleSegmentationModel):
    """A backbone and a classifier of two convolutions."""


class FCNHead(nn.Sequential):
    """Convolution 3x3 to a quarter of the channels, norm, relu, dropout, convolution 1x1."""

    def __init__(self, in_channels: int, channels: int) -> None:
        width = in_channels // 4
        super().__init__(
            nn.Conv2d(in_channels, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Conv2d(width, channels, 1),
        )


def _fcn_resnet(backbone: nn.Module, num_classes: int, aux: bool | None) -> FCN:
    second = FCNHead(1024, num_classes) if aux else None
    return FCN(resnet_features(backbone, aux), FCNHead(2048, num_classes), second)


@published_dense(FCN_ResNet50_Weights, ResNet50_Weights)
def fcn_resnet50(
    weights_backbone: Any, num_classes: int, aux_loss: bool | None = None, **kwargs: Any
) -> FCN:
    """FCN on a dilated ResNet with 50 layers; aux_loss: a second classifier, "aux"."""
    backbone = resnet50(weights=weights_backbone, replace_stride_with_dilation=DILATED)
    return _fcn_resnet(backbone, num_classes, aux_loss)


@published_dense(FCN_ResNet101_Weights, ResNet101_Weights)
def fcn_resnet101(
    weights_backbone: Any, num_classes: int, aux_loss: bool | None = None, **kwargs: Any
) -> FCN:
    """FCN on a dilated ResNet with 101 layers; aux_loss: a second classifier, "aux"."""
    backbone = resnet101(weights=weights_backbone, replace_stride_with_dilation=DILATED)
    return _fcn_resnet(backbone, num_classes, aux_loss)
