"""Residual networks: ResNet, ResNeXt, Wide ResNet.

Sources: He et al. 2015, arXiv:1512.03385; Xie et al. 2016, arXiv:1611.05431 (ResNeXt); Zagoruyko,
Komodakis 2016, arXiv:1605.07146 (Wide ResNet).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import nn
from ...core.tensor import Tensor
from ._api import expect, published, weights
from ._utils import he_fan_out, init_weights

__all__ = [
    "ResNeXt50_32X4D_Weights",
    "ResNeXt101_32X8D_Weights",
    "ResNeXt101_64X4D_Weights",
    "ResNet",
    "ResNet18_Weights",
    "ResNet34_Weights",
    "ResNet50_Weights",
    "ResNet101_Weights",
    "ResNet152_Weights",
    "Wide_ResNet50_2_Weights",
    "Wide_ResNet101_2_Weights",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "resnext50_32x4d",
    "resnext101_32x8d",
    "resnext101_64x4d",
    "wide_resnet50_2",
    "wide_resnet101_2",
]

ResNet18_Weights = weights("ResNet18_Weights", __name__)
ResNet34_Weights = weights("ResNet34_Weights", __name__)
ResNet50_Weights = weights("ResNet50_Weights", __name__)
ResNet101_Weights = weights("ResNet101_Weights", __name__)
ResNet152_Weights = weights("ResNet152_Weights", __name__)
ResNeXt50_32X4D_Weights = weights("ResNeXt50_32X4D_Weights", __name__)
ResNeXt101_32X8D_Weights = weights("ResNeXt101_32X8D_Weights", __name__)
ResNeXt101_64X4D_Weights = weights("ResNeXt101_64X4D_Weights", __name__)
Wide_ResNet50_2_Weights = weights("Wide_ResNet50_2_Weights", __name__)
Wide_ResNet101_2_Weights = weights("Wide_ResNet101_2_Weights", __name__)

Norm = Callable[..., nn.Module]


def conv3x3(
    in_planes: int, out_planes: int, stride: int = 1, groups: int = 1, dilation: int = 1
) -> nn.Conv2d:
    """A convolution 3x3 without bias that keeps the size at stride 1."""
    return nn.Conv2d(
        in_planes,
        out_planes,
        3,
        stride,
        padding=dilation,
        groups=groups,
        bias=False,
        dilation=dilation,
    )


def conv1x1(in_planes: int, out_planes: int, stride: int = 1) -> nn.Conv2d:
    """A convolution 1x1 without bias."""
    return nn.Conv2d(in_planes, out_planes, 1, stride, bias=False)


class BasicBlock(nn.Module):
    """y = relu(x' + bn(conv3x3(relu(bn(conv3x3(x)))))),  x' = x or downsample(x)

    errors  ValueError: groups, base_width; NotImplementedError: dilation
    """

    expansion: int = 1

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        if groups != 1 or base_width != 64:
            raise ValueError("BasicBlock only supports groups=1 and base_width=64")
        if dilation > 1:
            raise NotImplementedError("Dilation > 1 not supported in BasicBlock")
        norm = norm_layer or nn.BatchNorm2d
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn1 = norm(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = norm(planes)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """x (N, inplanes, H, W) -> (N, planes, H / stride, W / stride)"""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        y += x if self.downsample is None else self.downsample(x)
        return self.relu(y)


class Bottleneck(nn.Module):
    """Convolutions 1x1, 3x3, 1x1, each with norm, added to x; the stride is in the one 3x3.

    The widths are planes base_width / 64 groups, and 4 planes at the end.
    """

    expansion: int = 4

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        norm = norm_layer or nn.BatchNorm2d
        width = int(planes * (base_width / 64.0)) * groups
        out = planes * self.expansion
        self.conv1 = conv1x1(inplanes, width)
        self.bn1 = norm(width)
        self.conv2 = conv3x3(width, width, stride, groups, dilation)
        self.bn2 = norm(width)
        self.conv3 = conv1x1(width, out)
        self.bn3 = norm(out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """x (N, inplanes, H, W) -> (N, 4 planes, H / stride, W / stride)"""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        y += x if self.downsample is None else self.downsample(x)
        return self.relu(y)


class ResNet(nn.Module):
    """A convolution 7x7, four groups of blocks, the mean, a linear layer.

    block                         BasicBlock or Bottleneck
    layers                        the blocks in each group
    zero_init_residual            the last norm of a block begins at 0: the block is the identity
    groups, width_per_group       of Bottleneck's convolution 3x3
    replace_stride_with_dilation  for the last three groups: keep the size, widen the kernel
    norm_layer                    BatchNorm2d if None
    shape                         x (N, 3, H, W) -> y (N, num_classes)
    """

    def __init__(
        self,
        block: type[BasicBlock | Bottleneck],
        layers: list[int],
        num_classes: int = 1000,
        zero_init_residual: bool = False,
        groups: int = 1,
        width_per_group: int = 64,
        replace_stride_with_dilation: list[bool] | None = None,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        self._norm_layer = norm = norm_layer or nn.BatchNorm2d
        self.inplanes = 64
        self.dilation = 1
        dilate = [False] * 3
        if replace_stride_with_dilation is not None:
            dilate = replace_stride_with_dilation
        if len(dilate) != 3:
            raise ValueError(
                "replace_stride_with_dilation should be None "
                f"or a 3-element tuple, got {replace_stride_with_dilation}"
            )
        self.groups = groups
        self.base_width = width_per_group
        self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = norm(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._make_layer(block, 64, layers[0])
        self.layer2 = self._make_layer(block, 128, layers[1], 2, dilate[0])
        self.layer3 = self._make_layer(block, 256, layers[2], 2, dilate[1])
        self.layer4 = self._make_layer(block, 512, layers[3], 2, dilate[2])
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        init_weights(self, he_fan_out)
        if zero_init_residual:
            for module in self.modules():
                if isinstance(module, BasicBlock | Bottleneck):
                    last = module.bn3 if isinstance(module, Bottleneck) else module.bn2
                    if last.weight is not None:
                        nn.init.zeros_(last.weight)

    def _make_layer(
        self,
        block: type[BasicBlock | Bottleneck],
        planes: int,
        blocks: int,
        stride: int = 1,
        dilate: bool = False,
    ) -> nn.Sequential:
        first_dilation = self.dilation
        if dilate:
            self.dilation *= stride
            stride = 1
        out = planes * block.expansion
        downsample = None
        if stride != 1 or self.inplanes != out:
            downsample = nn.Sequential(conv1x1(self.inplanes, out, stride), self._norm_layer(out))
        options: Any = {
            "groups": self.groups,
            "base_width": self.base_width,
            "norm_layer": self._norm_layer,
        }
        made = [
            block(self.inplanes, planes, stride, downsample, dilation=first_dilation, **options)
        ]
        self.inplanes = out
        for _ in range(1, blocks):
            made.append(block(out, planes, dilation=self.dilation, **options))
        return nn.Sequential(*made)

    def _forward_impl(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))  # (N, 64, H / 4, W / 4)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))  # (N, C, H / 32, W / 32)
        return self.fc(self.avgpool(x).flatten(1))

    def forward(self, x: Tensor) -> Tensor:
        """x (N, 3, H, W) -> (N, num_classes)"""
        return self._forward_impl(x)


@published(ResNet18_Weights)
def resnet18(**kwargs: Any) -> ResNet:
    """ResNet with 18 layers; kwargs are its own."""
    return ResNet(BasicBlock, [2, 2, 2, 2], **kwargs)


@published(ResNet34_Weights)
def resnet34(**kwargs: Any) -> ResNet:
    """ResNet with 34 layers; kwargs are its own."""
    return ResNet(BasicBlock, [3, 4, 6, 3], **kwargs)


@published(ResNet50_Weights)
def resnet50(**kwargs: Any) -> ResNet:
    """ResNet with 50 layers; kwargs are its own."""
    return ResNet(Bottleneck, [3, 4, 6, 3], **kwargs)


@published(ResNet101_Weights)
def resnet101(**kwargs: Any) -> ResNet:
    """ResNet with 101 layers; kwargs are its own."""
    return ResNet(Bottleneck, [3, 4, 23, 3], **kwargs)


@published(ResNet152_Weights)
def resnet152(**kwargs: Any) -> ResNet:
    """ResNet with 152 layers; kwargs are its own."""
    return ResNet(Bottleneck, [3, 8, 36, 3], **kwargs)


def _with_width(
    layers: list[int], groups: int, width_per_group: int, kwargs: dict[str, Any]
) -> ResNet:
    expect(kwargs, "groups", groups)
    expect(kwargs, "width_per_group", width_per_group)
    return ResNet(Bottleneck, layers, **kwargs)


@published(ResNeXt50_32X4D_Weights)
def resnext50_32x4d(**kwargs: Any) -> ResNet:
    """ResNeXt with 50 layers, 32 groups of 4 channels."""
    return _with_width([3, 4, 6, 3], 32, 4, kwargs)


@published(ResNeXt101_32X8D_Weights)
def resnext101_32x8d(**kwargs: Any) -> ResNet:
    """ResNeXt with 101 layers, 32 groups of 8 channels."""
    return _with_width([3, 4, 23, 3], 32, 8, kwargs)


@published(ResNeXt101_64X4D_Weights)
def resnext101_64x4d(**kwargs: Any) -> ResNet:
    """ResNeXt with 101 layers, 64 groups of 4 channels."""
    return _with_width([3, 4, 23, 3], 64, 4, kwargs)


@published(Wide_ResNet50_2_Weights)
def wide_resnet50_2(**kwargs: Any) -> ResNet:
    """ResNet with 50 layers, the convolutions 3x3 twice as wide."""
    return _with_width([3, 4, 6, 3], 1, 128, kwargs)


@published(Wide_ResNet101_2_Weights)
def wide_resnet101_2(**kwargs: Any) -> ResNet:
    """ResNet with 101 layers, the convolutions 3x3 twice as wide."""
    return _with_width([3, 4, 23, 3], 1, 128, kwargs)
