"""MNASNet. Source: Tan et al. 2018, arXiv:1807.11626."""

from __future__ import annotations

from functools import partial
from typing import Any

from ... import nn
from ...core.tensor import Tensor
from ._api import published, weights
from ._utils import _make_divisible, he_fan_out, init_weights

__all__ = [
    "MNASNet",
    "MNASNet0_5_Weights",
    "MNASNet0_75_Weights",
    "MNASNet1_0_Weights",
    "MNASNet1_3_Weights",
    "mnasnet0_5",
    "mnasnet0_75",
    "mnasnet1_0",
    "mnasnet1_3",
]

MNASNet0_5_Weights = weights("MNASNet0_5_Weights", __name__)
MNASNet0_75_Weights = weights("MNASNet0_75_Weights", __name__)
MNASNet1_0_Weights = weights("MNASNet1_0_Weights", __name__)
MNASNet1_3_Weights = weights("MNASNet1_3_Weights", __name__)

_BN_MOMENTUM = 1 - 0.9997  # the paper's 0.9997 is the share that is kept


class _InvertedResidual(nn.Module):
    """Widen (1x1), convolve each channel, narrow (1x1); x is added if the shape is the same."""

    def __init__(
        self,
        in_ch: int,
        out_ch: int,
        kernel_size: int,
        stride: int,
        expansion_factor: int,
        bn_momentum: float = 0.1,
    ) -> None:
        super().__init__()
        if stride not in (1, 2):
            raise ValueError(f"stride should be 1 or 2 instead of {stride}")
        if kernel_size not in (3, 5):
            raise ValueError(f"kernel_size should be 3 or 5 instead of {kernel_size}")
        hidden = in_ch * expansion_factor
        self.apply_residual = in_ch == out_ch and stride == 1
        norm = partial(nn.BatchNorm2d, momentum=bn_momentum)
        self.layers = nn.Sequential(
            nn.Conv2d(in_ch, hidden, 1, bias=False),
            norm(hidden),
            nn.ReLU(inplace=True),
            nn.Conv2d(
                hidden,
                hidden,
                kernel_size,
                padding=kernel_size // 2,
                stride=stride,
                groups=hidden,
                bias=False,
            ),
            norm(hidden),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden, out_ch, 1, bias=False),
            norm(out_ch),
        )

    def forward(self, input: Tensor) -> Tensor:
        """input (N, in_ch, H, W) -> (N, out_ch, H / stride, W / stride)"""
        y = self.layers(input)
        return y + input if self.apply_residual else y


def _stack(
    in_ch: int,
    out_ch: int,
    kernel_size: int,
    stride: int,
    exp_factor: int,
    repeats: int,
    bn_momentum: float,
) -> nn.Sequential:
    """Blocks in a row, the first with the stride."""
    if repeats < 1:
        raise ValueError(f"repeats should be >= 1, instead got {repeats}")
    block = partial(
        _InvertedResidual,
        kernel_size=kernel_size,
        expansion_factor=exp_factor,
        bn_momentum=bn_momentum,
    )
    first = block(in_ch, out_ch, stride=stride)
    rest = [block(out_ch, out_ch, stride=1) for _ in range(repeats - 1)]
    return nn.Sequential(first, *rest)


def _get_depths(alpha: float) -> list[int]:
    """The channels for a width of alpha, multiples of 8."""
    return [_make_divisible(c * alpha, 8) for c in (32, 16, 24, 40, 80, 96, 192, 320)]


class MNASNet(nn.Module):
    """A convolution, stacks of inverted residuals, a convolution 1x1, the mean, a linear layer.

    alpha   factor of all channels
    shape   x (N, 3, H, W) -> y (N, num_classes)
    errors  ValueError: alpha not above 0
    """

    _version = 2

    def __init__(self, alpha: float, num_classes: int = 1000, dropout: float = 0.2) -> None:
        super().__init__()
        if alpha <= 0.0:
            raise ValueError(f"alpha should be greater than 0.0 instead of {alpha}")
        self.alpha = alpha
        self.num_classes = num_classes
        d = _get_depths(alpha)
        norm = partial(nn.BatchNorm2d, momentum=_BN_MOMENTUM)
        stack = partial(_stack, bn_momentum=_BN_MOMENTUM)
        self.layers = nn.Sequential(
            nn.Conv2d(3, d[0], 3, padding=1, stride=2, bias=False),
            norm(d[0]),
            nn.ReLU(inplace=True),
            nn.Conv2d(d[0], d[0], 3, padding=1, stride=1, groups=d[0], bias=False),
            norm(d[0]),
            nn.ReLU(inplace=True),
            nn.Conv2d(d[0], d[1], 1, padding=0, stride=1, bias=False),
            norm(d[1]),
            stack(d[1], d[2], 3, 2, 3, 3),
            stack(d[2], d[3], 5, 2, 3, 3),
            stack(d[3], d[4], 5, 2, 6, 3),
            stack(d[4], d[5], 3, 1, 6, 2),
            stack(d[5], d[6], 5, 2, 6, 4),
            stack(d[6], d[7], 3, 1, 6, 1),
            nn.Conv2d(d[7], 1280, 1, padding=0, stride=1, bias=False),
            norm(1280),
            nn.ReLU(inplace=True),
        )
        self.classifier = nn.Sequential(
            nn.Dropout(p=dropout, inplace=True), nn.Linear(1280, num_classes)
        )
        linear = partial(nn.init.kaiming_uniform_, mode="fan_out", nonlinearity="sigmoid")
        init_weights(self, he_fan_out, linear)

    def forward(self, x: Tensor) -> Tensor:
        """x (N, 3, H, W) -> (N, num_classes)"""
        return self.classifier(self.layers(x).mean([2, 3]))

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *rest: Any
    ) -> None:
        if local_metadata.get("version") == 1 and self.alpha != 1.0:
            raise ValueError(
                "this file is of a MNASNet before torchvision 0.4.2, whose first convolution had "
                f"32 channels for every alpha; alpha={self.alpha} has {_get_depths(self.alpha)[0]}"
            )
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


@published(MNASNet0_5_Weights)
def mnasnet0_5(**kwargs: Any) -> MNASNet:
    """MNASNet with alpha 0.5; kwargs are its own."""
    return MNASNet(0.5, **kwargs)


@published(MNASNet0_75_Weights)
def mnasnet0_75(**kwargs: Any) -> MNASNet:
    """MNASNet with alpha 0.75; kwargs are its own."""
    return MNASNet(0.75, **kwargs)


@published(MNASNet1_0_Weights)
def mnasnet1_0(**kwargs: Any) -> MNASNet:
    """MNASNet with alpha 1; kwargs are its own."""
    return MNASNet(1.0, **kwargs)


@published(MNASNet1_3_Weights)
def mnasnet1_3(**kwargs: Any) -> MNASNet:
    """MNASNet with alpha 1.3; kwargs are its own."""
    return MNASNet(1.3, **kwargs)
