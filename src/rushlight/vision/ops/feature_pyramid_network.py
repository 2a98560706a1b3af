"""Feature pyramid: maps of all sizes with the same channels, the small ones added to the large."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from ... import nn
from ...core.tensor import Tensor
from ...nn import functional as F
from .misc import Conv2dNormActivation

__all__ = ["ExtraFPNBlock", "FeaturePyramidNetwork", "LastLevelMaxPool", "LastLevelP6P7"]


class ExtraFPNBlock(nn.Module):
    """What adds levels to a pyramid: forward(results, x, names) -> (results, names)."""

    def forward(
        self, results: list[Tensor], x: list[Tensor], names: list[str]
    ) -> tuple[list[Tensor], list[str]]:
        """A subclass says what is added."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")


class FeaturePyramidNetwork(nn.Module):
    """p_i = conv3x3(m_i),  m_i = conv1x1(x_i) + m_{i+1} enlarged (nearest)

    in_channels_list  channels of the maps, the largest map first
    out_channels      channels of all results
    extra_blocks      an ExtraFPNBlock that adds levels
    norm_layer        after each convolution
    source            Lin et al. 2016, arXiv:1612.03144
    """

    _version = 2

    def __init__(
        self,
        in_channels_list: list[int],
        out_channels: int,
        extra_blocks: ExtraFPNBlock | None = None,
        norm_layer: Callable[..., nn.Module] | None = None,
    ):
        super().__init__()
        self.inner_blocks = nn.ModuleList()
        self.layer_blocks = nn.ModuleList()
        for channels in in_channels_list:
            if channels == 0:
                raise ValueError("in_channels=0 is currently not supported")
            for blocks, c, kernel in (
                (self.inner_blocks, channels, 1),
                (self.layer_blocks, out_channels, 3),
            ):
                blocks.append(
                    Conv2dNormActivation(
                        c,
                        out_channels,
                        kernel,
                        norm_layer=norm_layer,
                        activation_layer=None,
                    )
                )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight, a=1)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        if extra_blocks is not None and not isinstance(extra_blocks, ExtraFPNBlock):
            raise TypeError(
                f"extra_blocks should be of type ExtraFPNBlock not {type(extra_blocks)}"
            )
        self.extra_blocks = extra_blocks

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *rest: Any
    ) -> None:
        if (local_metadata.get("version") or 1) < 2:  # then a block was a bare convolution
            for kind in ("inner_blocks", "layer_blocks"):
                for i in range(len(getattr(self, kind))):
                    for name in ("weight", "bias"):
                        old = f"{prefix}{kind}.{i}.{name}"
                        if old in state_dict:
                            state_dict[f"{prefix}{kind}.{i}.0.{name}"] = state_dict.pop(old)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    def get_result_from_inner_blocks(self, x: Tensor, idx: int) -> Tensor:
        """The 1x1 convolution of level idx; negative ones count from the end."""
        return self.inner_blocks[idx](x)

    def get_result_from_layer_blocks(self, x: Tensor, idx: int) -> Tensor:
        """The 3x3 convolution of level idx; negative ones count from the end."""
        return self.layer_blocks[idx](x)

    def forward(self, x: dict[str, Tensor]) -> dict[str, Tensor]:
        """Maps (N, C_i, H_i, W_i) by name, the largest first -> (N, out_channels, H_i, W_i)"""
        names, maps = list(x.keys()), list(x.values())
        merged = self.get_result_from_inner_blocks(maps[-1], -1)
        results = [self.get_result_from_layer_blocks(merged, -1)]
        for i in range(len(maps) - 2, -1, -1):
            lateral = self.get_result_from_inner_blocks(maps[i], i)
            larger = F.interpolate(merged, size=lateral.shape[-2:], mode="nearest")
            merged = lateral + larger
            results.insert(0, self.get_result_from_layer_blocks(merged, i))
        if self.extra_blocks is not None:
            results, names = self.extra_blocks(results, maps, names)
        return OrderedDict(zip(names, results, strict=True))


class LastLevelMaxPool(ExtraFPNBlock):
    """Adds "pool": every second row and column of the smallest result."""

    def forward(  # type: ignore[override]
        self, x: list[Tensor], y: list[Tensor], names: list[str]
    ) -> tuple[list[Tensor], list[str]]:
        """x: the results, to which one is added"""
        names.append("pool")
        x.append(F.max_pool2d(x[-1], kernel_size=1, stride=2, padding=0))
        return x, names


class LastLevelP6P7(ExtraFPNBlock):
    """Adds "p6" and "p7", convolutions of stride 2; from the last result if in_channels is
    out_channels, else from the smallest map.

    source  Lin et al. 2017, arXiv:1708.02002
    """

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()
        self.p6 = nn.Conv2d(in_channels, out_channels, 3, 2, 1)
        self.p7 = nn.Conv2d(out_channels, out_channels, 3, 2, 1)
        for module in (self.p6, self.p7):
            nn.init.kaiming_uniform_(module.weight, a=1)
            nn.init.zeros_(module.bias)
        self.use_P5 = in_channels == out_channels

    def forward(
        self, p: list[Tensor], c: list[Tensor], names: list[str]
    ) -> tuple[list[Tensor], list[str]]:
        """p: the results, to which two are added; c: the maps"""
        p6 = self.p6(p[-1] if self.use_P5 else c[-1])
        p.extend((p6, self.p7(F.relu(p6))))
        names.extend(("p6", "p7"))
        return p, names
