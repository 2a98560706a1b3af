"""GoogLeNet (Inception V1). Source: Szegedy et al. 2014, arXiv:1409.4842."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from ... import nn
from ...core.notices import warn
from ...core.tensor import Tensor
from ...nn import functional as F
from .. import functions as T
from ._api import expect, published, weights
from .inception import BasicConv2d, as_in_paper, init_truncated, warn_of_init

__all__ = ["GoogLeNet", "GoogLeNetOutputs", "GoogLeNet_Weights", "_GoogLeNetOutputs", "googlenet"]

GoogLeNet_Weights = weights("GoogLeNet_Weights", __name__)

Layer = Callable[..., nn.Module]


class GoogLeNetOutputs(NamedTuple):
    """What a network in training gives: the classes, and those of the side branches."""

    logits: Tensor
    aux_logits2: Tensor | None
    aux_logits1: Tensor | None


_GoogLeNetOutputs = GoogLeNetOutputs


class Inception(nn.Module):
    """1x1; 1x1, 3x3; 1x1, 3x3 (5x5 in the paper); max, 1x1: side by side, channels joined."""

    def __init__(
        self,
        in_channels: int,
        ch1x1: int,
        ch3x3red: int,
        ch3x3: int,
        ch5x5red: int,
        ch5x5: int,
        pool_proj: int,
        conv_block: Layer | None = None,
    ) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch1 = conv(in_channels, ch1x1, kernel_size=1)
        self.branch2 = nn.Sequential(
            conv(in_channels, ch3x3red, kernel_size=1),
            conv(ch3x3red, ch3x3, kernel_size=3, padding=1),
        )
        self.branch3 = nn.Sequential(
            conv(in_channels, ch5x5red, kernel_size=1),
            conv(ch5x5red, ch5x5, kernel_size=3, padding=1),
        )
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(kernel_size=3, stride=1, padding=1, ceil_mode=True),
            conv(in_channels, pool_proj, kernel_size=1),
        )

    def _forward(self, x: Tensor) -> list[Tensor]:
        return [self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)]

    def forward(self, x: Tensor) -> Tensor:
        """x (N, in_channels, H, W) -> (N, ch1x1 + ch3x3 + ch5x5 + pool_proj, H, W)"""
        return T.cat(self._forward(x), 1)


class InceptionAux(nn.Module):
    """A side branch: mean to 4x4, convolution 1x1, two linear layers with dropout between."""

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        conv_block: Layer | None = None,
        dropout: float = 0.7,
    ) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.conv = conv(in_channels, 128, kernel_size=1)
        self.fc1 = nn.Linear(2048, 1024)
        self.fc2 = nn.Linear(1024, num_classes)
        self.dropout = nn.Dropout(p=dropout)

    def forward(self, x: Tensor) -> Tensor:
        """x (N, in_channels, H, W) -> (N, num_classes)"""
        x = self.conv(F.adaptive_avg_pool2d(x, (4, 4))).flatten(1)  # (N, 2048)
        return self.fc2(self.dropout(F.relu(self.fc1(x), inplace=True)))


class GoogLeNet(nn.Module):
    """Convolutions, nine Inception blocks, the mean, a linear layer.

    aux_logits       two side branches while training
    transform_input  prepare images that have been prepared with ImageNet's mean and deviation
    init_weights     None: yes, with a warning
    blocks           three classes in place of BasicConv2d, Inception, InceptionAux
    shape            x (N, 3, H, W) -> y (N, num_classes); in training GoogLeNetOutputs
    errors           ValueError: not three blocks
    """

    def __init__(
        self,
        num_classes: int = 1000,
        aux_logits: bool = True,
        transform_input: bool = False,
        init_weights: bool | None = None,
        blocks: list[Layer] | None = None,
        dropout: float = 0.2,
        dropout_aux: float = 0.7,
    ) -> None:
        super().__init__()
        blocks = blocks or [BasicConv2d, Inception, InceptionAux]
        if init_weights is None:
            warn_of_init("GoogleNet")
            init_weights = True
        if len(blocks) != 3:
            raise ValueError(f"blocks length should be 3 instead of {len(blocks)}")
        conv, mixed, aux = blocks
        pool = partial(nn.MaxPool2d, stride=2, ceil_mode=True)
        self.aux_logits = aux_logits
        self.transform_input = transform_input
        self.conv1 = conv(3, 64, kernel_size=7, stride=2, padding=3)
        self.maxpool1 = pool(3)
        self.conv2 = conv(64, 64, kernel_size=1)
        self.conv3 = conv(64, 192, kernel_size=3, padding=1)
        self.maxpool2 = pool(3)
        self.inception3a = mixed(192, 64, 96, 128, 16, 32, 32)
        self.inception3b = mixed(256, 128, 128, 192, 32, 96, 64)
        self.maxpool3 = pool(3)
        self.inception4a = mixed(480, 192, 96, 208, 16, 48, 64)
        self.inception4b = mixed(512, 160, 112, 224, 24, 64, 64)
        self.inception4c = mixed(512, 128, 128, 256, 24, 64, 64)
        self.inception4d = mixed(512, 112, 144, 288, 32, 64, 64)
        self.inception4e = mixed(528, 256, 160, 320, 32, 128, 128)
        self.maxpool4 = pool(2)
        self.inception5a = mixed(832, 256, 160, 320, 32, 128, 128)
        self.inception5b = mixed(832, 384, 192, 384, 48, 128, 128)
        self.aux1 = aux(512, num_classes, dropout=dropout_aux) if aux_logits else None
        self.aux2 = aux(528, num_classes, dropout=dropout_aux) if aux_logits else None
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout(p=dropout)
        self.fc = nn.Linear(1024, num_classes)
        if init_weights:
            init_truncated(self, 0.01)

    def _transform_input(self, x: Tensor) -> Tensor:
        return as_in_paper(x) if self.transform_input else x

    def _forward(self, x: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        x = self.maxpool2(self.conv3(self.conv2(self.maxpool1(self.conv1(x)))))
        x = self.maxpool3(self.inception3b(self.inception3a(x)))
        x = self.inception4a(x)
        first = self.aux1(x) if self.aux1 is not None and self.training else None
        x = self.inception4d(self.inception4c(self.inception4b(x)))
        second = self.aux2(x) if self.aux2 is not None and self.training else None
        x = self.inception5b(self.inception5a(self.maxpool4(self.inception4e(x))))
        x = self.dropout(self.avgpool(x).flatten(1))
        return self.fc(x), second, first

    def eager_outputs(self, x: Tensor, aux2: Tensor | None, aux1: Tensor | None) -> Any:
        """All three in training with side branches, else x."""
        return GoogLeNetOutputs(x, aux2, aux1) if self.training and self.aux_logits else x

    def forward(self, x: Tensor) -> Any:
        """x (N, 3, H, W) -> (N, num_classes), in training GoogLeNetOutputs"""
        return self.eager_outputs(*self._forward(self._transform_input(x)))


def _published(kwargs: dict[str, Any], _: Any) -> Callable[[Any], None]:
    kwargs.setdefault("transform_input", True)
    wanted = kwargs.pop("aux_logits", False)
    kwargs["aux_logits"] = True  # the file has the branches
    expect(kwargs, "init_weights", False)
    return _warn if wanted else _without_branches


def _without_branches(model: Any) -> None:
    model.aux_logits = False
    model.aux1 = model.aux2 = None


def _warn(model: Any) -> None:
    warn(
        "auxiliary heads in the pretrained googlenet model are NOT pretrained, so make sure to "
        "train them"
    )


@published(GoogLeNet_Weights, _published)
def googlenet(**kwargs: Any) -> GoogLeNet:
    """GoogLeNet; kwargs are its own."""
    return GoogLeNet(**kwargs)
