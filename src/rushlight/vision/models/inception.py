"""Inception V3. Source: Szegedy et al. 2015, arXiv:1512.00567."""

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

__all__ = [
    "Inception3",
    "InceptionOutputs",
    "Inception_V3_Weights",
    "_InceptionOutputs",
    "inception_v3",
]

Inception_V3_Weights = weights("Inception_V3_Weights", __name__)

Layer = Callable[..., nn.Module]


class InceptionOutputs(NamedTuple):
    """What a network in training gives: the classes, and those of the side branch."""

    logits: Tensor
    aux_logits: Tensor | None


_InceptionOutputs = InceptionOutputs


class BasicConv2d(nn.Module):
    """Convolution without bias, norm, relu."""

    def __init__(self, in_channels: int, out_channels: int, **kwargs: Any) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, bias=False, **kwargs)
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        """x (N, in_channels, H, W) -> (N, out_channels, H', W')"""
        return F.relu(self.bn(self.conv(x)), inplace=True)


class _Mixed(nn.Module):
    """Branches side by side, their channels joined."""

    def _forward(self, x: Tensor) -> list[Tensor]:
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """x (N, in_channels, H, W) -> (N, C, H', W')"""
        return T.cat(self._forward(x), 1)


def _mean(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, kernel_size=3, stride=1, padding=1)


class InceptionA(_Mixed):
    """1x1; 1x1, 5x5; 1x1, 3x3, 3x3; mean, 1x1 (pool_features)."""

    def __init__(self, in_channels: int, pool_features: int, conv_block: Layer | None = None):
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch1x1 = conv(in_channels, 64, kernel_size=1)
        self.branch5x5_1 = conv(in_channels, 48, kernel_size=1)
        self.branch5x5_2 = conv(48, 64, kernel_size=5, padding=2)
        self.branch3x3dbl_1 = conv(in_channels, 64, kernel_size=1)
        self.branch3x3dbl_2 = conv(64, 96, kernel_size=3, padding=1)
        self.branch3x3dbl_3 = conv(96, 96, kernel_size=3, padding=1)
        self.branch_pool = conv(in_channels, pool_features, kernel_size=1)

    def _forward(self, x: Tensor) -> list[Tensor]:
        return [
            self.branch1x1(x),
            self.branch5x5_2(self.branch5x5_1(x)),
            self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x))),
            self.branch_pool(_mean(x)),
        ]


class InceptionB(_Mixed):
    """Half the size: 3x3; 1x1, 3x3, 3x3; max."""

    def __init__(self, in_channels: int, conv_block: Layer | None = None):
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch3x3 = conv(in_channels, 384, kernel_size=3, stride=2)
        self.branch3x3dbl_1 = conv(in_channels, 64, kernel_size=1)
        self.branch3x3dbl_2 = conv(64, 96, kernel_size=3, padding=1)
        self.branch3x3dbl_3 = conv(96, 96, kernel_size=3, stride=2)

    def _forward(self, x: Tensor) -> list[Tensor]:
        return [
            self.branch3x3(x),
            self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x))),
            F.max_pool2d(x, kernel_size=3, stride=2),
        ]


class InceptionC(_Mixed):
    """1x1; 1x1, 1x7, 7x1; the same twice; mean, 1x1. channels_7x7: between them."""

    def __init__(self, in_channels: int, channels_7x7: int, conv_block: Layer | None = None):
        super().__init__()
        conv = conv_block or BasicConv2d
        c = channels_7x7
        wide = partial(conv, kernel_size=(1, 7), padding=(0, 3))
        tall = partial(conv, kernel_size=(7, 1), padding=(3, 0))
        self.branch1x1 = conv(in_channels, 192, kernel_size=1)
        self.branch7x7_1 = conv(in_channels, c, kernel_size=1)
        self.branch7x7_2 = wide(c, c)
        self.branch7x7_3 = tall(c, 192)
        self.branch7x7dbl_1 = conv(in_channels, c, kernel_size=1)
        self.branch7x7dbl_2 = tall(c, c)
        self.branch7x7dbl_3 = wide(c, c)
        self.branch7x7dbl_4 = tall(c, c)
        self.branch7x7dbl_5 = wide(c, 192)
        self.branch_pool = conv(in_channels, 192, kernel_size=1)

    def _forward(self, x: Tensor) -> list[Tensor]:
        double = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        return [
            self.branch1x1(x),
            self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x))),
            self.branch7x7dbl_5(self.branch7x7dbl_4(double)),
            self.branch_pool(_mean(x)),
        ]


class InceptionD(_Mixed):
    """Half the size: 1x1, 3x3; 1x1, 1x7, 7x1, 3x3; max."""

    def __init__(self, in_channels: int, conv_block: Layer | None = None):
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch3x3_1 = conv(in_channels, 192, kernel_size=1)
        self.branch3x3_2 = conv(192, 320, kernel_size=3, stride=2)
        self.branch7x7x3_1 = conv(in_channels, 192, kernel_size=1)
        self.branch7x7x3_2 = conv(192, 192, kernel_size=(1, 7), padding=(0, 3))
        self.branch7x7x3_3 = conv(192, 192, kernel_size=(7, 1), padding=(3, 0))
        self.branch7x7x3_4 = conv(192, 192, kernel_size=3, stride=2)

    def _forward(self, x: Tensor) -> list[Tensor]:
        long = self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x)))
        return [
            self.branch3x3_2(self.branch3x3_1(x)),
            self.branch7x7x3_4(long),
            F.max_pool2d(x, kernel_size=3, stride=2),
        ]


class InceptionE(_Mixed):
    """1x1; 1x1, 1x3 beside 3x1; 1x1, 3x3, 1x3 beside 3x1; mean, 1x1."""

    def __init__(self, in_channels: int, conv_block: Layer | None = None):
        super().__init__()
        conv = conv_block or BasicConv2d
        wide = partial(conv, kernel_size=(1, 3), padding=(0, 1))
        tall = partial(conv, kernel_size=(3, 1), padding=(1, 0))
        self.branch1x1 = conv(in_channels, 320, kernel_size=1)
        self.branch3x3_1 = conv(in_channels, 384, kernel_size=1)
        self.branch3x3_2a = wide(384, 384)
        self.branch3x3_2b = tall(384, 384)
        self.branch3x3dbl_1 = conv(in_channels, 448, kernel_size=1)
        self.branch3x3dbl_2 = conv(448, 384, kernel_size=3, padding=1)
        self.branch3x3dbl_3a = wide(384, 384)
        self.branch3x3dbl_3b = tall(384, 384)
        self.branch_pool = conv(in_channels, 192, kernel_size=1)

    def _forward(self, x: Tensor) -> list[Tensor]:
        y = self.branch3x3_1(x)
        z = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        return [
            self.branch1x1(x),
            T.cat([self.branch3x3_2a(y), self.branch3x3_2b(y)], 1),
            T.cat([self.branch3x3dbl_3a(z), self.branch3x3dbl_3b(z)], 1),
            self.branch_pool(_mean(x)),
        ]


class InceptionAux(nn.Module):
    """The side branch: mean, two convolutions, mean, linear layer."""

    def __init__(self, in_channels: int, num_classes: int, conv_block: Layer | None = None):
        super().__init__()
        conv = conv_block or BasicConv2d
        self.conv0 = conv(in_channels, 128, kernel_size=1)
        self.conv1 = conv(128, 768, kernel_size=5)
        self.conv1.stddev = 0.01
        self.fc = nn.Linear(768, num_classes)
        self.fc.stddev = 0.001

    def forward(self, x: Tensor) -> Tensor:
        """x (N, in_channels, 17, 17) -> (N, num_classes)"""
        x = self.conv1(self.conv0(F.avg_pool2d(x, kernel_size=5, stride=3)))
        return self.fc(F.adaptive_avg_pool2d(x, (1, 1)).flatten(1))


def init_truncated(model: nn.Module, std: float) -> None:
    """Convolutions and linear layers from a normal distribution cut off at 2; norms 1 and 0.

    A layer's `stddev` is used in place of std.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            own = float(getattr(module, "stddev", std))
            nn.init.trunc_normal_(module.weight, mean=0.0, std=own, a=-2, b=2)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)


def warn_of_init(name: str) -> None:
    """torchvision's warning of a model made without init_weights."""
    warn(
        f"The default weight initialization of {name} will be changed in future releases of "
        "torchvision. If you wish to keep the old behavior (which leads to long initialization "
        "times due to scipy/scipy#11299), please set init_weights=True.",
        FutureWarning,
    )


def as_in_paper(x: Tensor) -> Tensor:
    """Images prepared with ImageNet's mean and deviation -> with 0.5 and 0.5, the network's own."""
    channels = []
    for i, (mean, std) in enumerate(((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))):
        channels.append(x[:, i : i + 1] * (std / 0.5) + (mean - 0.5) / 0.5)
    return T.cat(channels, 1)


class Inception3(nn.Module):
    """Convolutions, eleven mixed blocks, the mean, a linear layer.

    aux_logits        a side branch while training
    transform_input   prepare images that have been prepared with ImageNet's mean and deviation
    inception_blocks  seven classes in place of BasicConv2d, InceptionA .. E, InceptionAux
    init_weights      None: yes, with a warning
    shape             x (N, 3, H, W), 75 pixels at least -> y (N, num_classes); in training
                      InceptionOutputs
    errors            ValueError: not seven blocks
    """

    def __init__(
        self,
        num_classes: int = 1000,
        aux_logits: bool = True,
        transform_input: bool = False,
        inception_blocks: list[Layer] | None = None,
        init_weights: bool | None = None,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        blocks = inception_blocks or [
            BasicConv2d,
            InceptionA,
            InceptionB,
            InceptionC,
            InceptionD,
            InceptionE,
            InceptionAux,
        ]
        if init_weights is None:
            warn_of_init("inception_v3")
            init_weights = True
        if len(blocks) != 7:
            raise ValueError(f"length of inception_blocks should be 7 instead of {len(blocks)}")
        conv, a, b, c, d, e, aux = blocks
        self.aux_logits = aux_logits
        self.transform_input = transform_input
        self.Conv2d_1a_3x3 = conv(3, 32, kernel_size=3, stride=2)
        self.Conv2d_2a_3x3 = conv(32, 32, kernel_size=3)
        self.Conv2d_2b_3x3 = conv(32, 64, kernel_size=3, padding=1)
        self.maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Conv2d_3b_1x1 = conv(64, 80, kernel_size=1)
        self.Conv2d_4a_3x3 = conv(80, 192, kernel_size=3)
        self.maxpool2 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Mixed_5b = a(192, pool_features=32)
        self.Mixed_5c = a(256, pool_features=64)
        self.Mixed_5d = a(288, pool_features=64)
        self.Mixed_6a = b(288)
        self.Mixed_6b = c(768, channels_7x7=128)
        self.Mixed_6c = c(768, channels_7x7=160)
        self.Mixed_6d = c(768, channels_7x7=160)
        self.Mixed_6e = c(768, channels_7x7=192)
        self.AuxLogits: nn.Module | None = aux(768, num_classes) if aux_logits else None
        self.Mixed_7a = d(768)
        self.Mixed_7b = e(1280)
        self.Mixed_7c = e(2048)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout(p=dropout)
        self.fc = nn.Linear(2048, num_classes)
        if init_weights:
            init_truncated(self, 0.1)

    def _transform_input(self, x: Tensor) -> Tensor:
        return as_in_paper(x) if self.transform_input else x

    def _forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(self.maxpool1(x)))
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(self.maxpool2(x))))
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))))
        aux = None
        if self.AuxLogits is not None and self.training:
            aux = self.AuxLogits(x)
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x)))
        x = self.dropout(self.avgpool(x))
        return self.fc(x.flatten(1)), aux

    def eager_outputs(self, x: Tensor, aux: Tensor | None) -> Any:
        """Both in training with a side branch, else x."""
        return InceptionOutputs(x, aux) if self.training and self.aux_logits else x

    def forward(self, x: Tensor) -> Any:
        """x (N, 3, H, W) -> (N, num_classes), in training InceptionOutputs"""
        return self.eager_outputs(*self._forward(self._transform_input(x)))


def _published(kwargs: dict[str, Any], _: Any) -> Callable[[Any], None] | None:
    kwargs.setdefault("transform_input", True)
    wanted = kwargs.pop("aux_logits", True)
    kwargs["aux_logits"] = True  # the file has the branch
    expect(kwargs, "init_weights", False)
    return None if wanted else _without_branch


def _without_branch(model: Any) -> None:
    model.aux_logits = False
    model.AuxLogits = None


@published(Inception_V3_Weights, _published)
def inception_v3(**kwargs: Any) -> Inception3:
    """Inception3; kwargs are its own."""
    return Inception3(**kwargs)
