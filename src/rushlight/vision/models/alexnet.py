"""AlexNet. Source: Krizhevsky 2014, arXiv:1404.5997."""

from __future__ import annotations

from typing import Any

from ... import nn
from ...core.tensor import Tensor
from ._api import published, weights

__all__ = ["AlexNet", "AlexNet_Weights", "alexnet"]

AlexNet_Weights = weights("AlexNet_Weights", __name__)


class AlexNet(nn.Module):
    """Five convolutions and three linear layers; images of 63 pixels at least.

    shape  x (N, 3, H, W) -> y (N, num_classes)
    """

    def __init__(self, num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for width, kernel, stride, padding, pool in (
            (64, 11, 4, 2, True),
            (192, 5, 1, 2, True),
            (384, 3, 1, 1, False),
            (256, 3, 1, 1, False),
            (256, 3, 1, 1, True),
        ):
            layers.append(nn.Conv2d(channels, width, kernel, stride, padding))
            layers.append(nn.ReLU(inplace=True))
            if pool:
                layers.append(nn.MaxPool2d(3, 2))
            channels = width
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(256 * 6 * 6, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Linear(4096, num_classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """x (N, 3, H, W) -> (N, num_classes)"""
        x = self.avgpool(self.features(x))  # (N, 256, 6, 6)
        return self.classifier(x.flatten(1))


@published(AlexNet_Weights)
def alexnet(**kwargs: Any) -> AlexNet:
    """AlexNet; kwargs are its own."""
    return AlexNet(**kwargs)
