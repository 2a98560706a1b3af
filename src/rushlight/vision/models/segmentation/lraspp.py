"""LR-ASPP. Source: Howard et al. 2019, arXiv:1905.02244, section 6.4."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from .... import nn
from ....core.tensor import Tensor
from .._api import weights
from ..mobilenetv3 import MobileNet_V3_Large_Weights, mobilenet_v3_large
from ._utils import enlarged, mobilenet_features, published_dense

__all__ = ["LRASPP", "LRASPP_MobileNet_V3_Large_Weights", "lraspp_mobilenet_v3_large"]

LRASPP_MobileNet_V3_Large_Weights = weights("LRASPP_MobileNet_V3_Large_Weights", __name__)


class LRASPP(nn.Module):
    """A backbone that gives "low" and "high", and a head of few operations.

    low_channels, high_channels  of the two
    inter_channels               of the head
    shape                        x (N, 3, H, W) -> an OrderedDict: "out" (N, K, H, W)
    """

    def __init__(
        self,
        backbone: nn.Module,
        low_channels: int,
        high_channels: int,
        num_classes: int,
        inter_channels: int = 128,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.classifier = LRASPPHead(low_channels, high_channels, num_classes, inter_channels)

    def forward(self, input: Tensor) -> dict[str, Tensor]:
        """input (N, 3, H, W) -> {"out": (N, K, H, W)}"""
        y = self.classifier(self.backbone(input))
        return OrderedDict(out=enlarged(y, input.shape[-2:]))


class LRASPPHead(nn.Module):
    """High features, scaled by their mean's, enlarged; added to the low ones' classes."""

    def __init__(
        self, low_channels: int, high_channels: int, num_classes: int, inter_channels: int
    ) -> None:
        super().__init__()
        self.cbr = nn.Sequential(
            nn.Conv2d(high_channels, inter_channels, 1, bias=False),
            nn.BatchNorm2d(inter_channels),
            nn.ReLU(inplace=True),
        )
        self.scale = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(high_channels, inter_channels, 1, bias=False),
            nn.Sigmoid(),
        )
        self.low_classifier = nn.Conv2d(low_channels, num_classes, 1)
        self.high_classifier = nn.Conv2d(inter_channels, num_classes, 1)

    def forward(self, input: dict[str, Tensor]) -> Tensor:
        """{"low": (N, C, h, w), "high": ...} -> (N, K, h, w)"""
        low, high = input["low"], input["high"]
        x = enlarged(self.cbr(high) * self.scale(high), low.shape[-2:])
        return self.low_classifier(low) + self.high_classifier(x)


@published_dense(LRASPP_MobileNet_V3_Large_Weights, MobileNet_V3_Large_Weights, aux=False)
def lraspp_mobilenet_v3_large(weights_backbone: Any, num_classes: int, **kwargs: Any) -> LRASPP:
    """LRASPP on a dilated MobileNetV3."""
    network = mobilenet_v3_large(weights=weights_backbone, dilated=True)
    backbone, low, high = mobilenet_features(network, "low", "high")
    return LRASPP(backbone, low, high, num_classes)
