"""MaxViT. Source: Tu et al. 2022, arXiv:2204.01697.

N batch, C channels, H x W pixels, G groups of tokens, L tokens of a group, h heads.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ... import nn
from ...core.tensor import Tensor, wrap
from ...nn import functional as F
from .. import functions as T
from ..ops.misc import Conv2dNormActivation, SqueezeExcitation
from ..ops.stochastic_depth import StochasticDepth
from ._api import expect, published, weights

__all__ = ["MaxVit", "MaxVit_T_Weights", "maxvit_t"]

MaxVit_T_Weights = weights("MaxVit_T_Weights", __name__)

Layer = Callable[..., nn.Module]
Pair = tuple[int, int]


def _get_conv_output_shape(input_size: Pair, kernel_size: int, stride: int, padding: int) -> Pair:
    """The size after a convolution."""
    h, w = ((size - kernel_size + 2 * padding) // stride + 1 for size in input_size)
    return h, w


def _make_block_input_shapes(input_size: Pair, n_blocks: int) -> list[Pair]:
    """The sizes inside of the blocks: half after the stem, half in each block."""
    shapes, shape = [], _get_conv_output_shape(input_size, 3, 2, 1)
    for _ in range(n_blocks):
        shape = _get_conv_output_shape(shape, 3, 2, 1)
        shapes.append(shape)
    return shapes


def _get_relative_position_index(height: int, width: int) -> Tensor:
    """The row of the biases for each pair of tokens, (L, L)."""
    y, x = (v.ravel() for v in np.meshgrid(np.arange(height), np.arange(width), indexing="ij"))
    rows = (y[:, None] - y + height - 1) * (2 * width - 1) + x[:, None] - x + width - 1
    return wrap(rows)


class MBConv(nn.Module):
    """y = proj(x) + stochastic_depth(layers(x)): norm, widen, convolve each channel, squeeze and
    excite, narrow.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        expansion_ratio: float,
        squeeze_ratio: float,
        stride: int,
        activation_layer: Layer,
        norm_layer: Layer,
        p_stochastic_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.proj: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            proj: list[nn.Module] = [nn.Conv2d(in_channels, out_channels, 1, bias=True)]
            if stride == 2:
                proj.insert(0, nn.AvgPool2d(kernel_size=3, stride=stride, padding=1))
            self.proj = nn.Sequential(*proj)
        width = int(out_channels * expansion_ratio)
        conv = partial(
            Conv2dNormActivation,
            norm_layer=norm_layer,
            activation_layer=activation_layer,
            inplace=None,
        )
        self.stochastic_depth: nn.Module = nn.Identity()
        if p_stochastic_dropout:
            self.stochastic_depth = StochasticDepth(p_stochastic_dropout, mode="row")
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        layers["pre_norm"] = norm_layer(in_channels)
        layers["conv_a"] = conv(in_channels, width, kernel_size=1, padding=0)
        layers["conv_b"] = conv(width, width, kernel_size=3, stride=stride, padding=1, groups=width)
        squeezed = int(out_channels * squeeze_ratio)
        layers["squeeze_excitation"] = SqueezeExcitation(width, squeezed, activation=nn.SiLU)
        layers["conv_c"] = nn.Conv2d(width, out_channels, kernel_size=1, bias=True)
        self.layers = nn.Sequential(layers)

    def forward(self, x: Tensor) -> Tensor:
        """x (N, in_channels, H, W) -> (N, out_channels, H / stride, W / stride)"""
        return self.proj(x) + self.stochastic_depth(self.layers(x))


class RelativePositionalMultiHeadAttention(nn.Module):
    """softmax(q kᵀ / √C + b) v in each group, b a number for each offset and head.

    errors  ValueError: heads that do not divide the channels
    """

    def __init__(self, feat_dim: int, head_dim: int, max_seq_len: int) -> None:
        super().__init__()
        if feat_dim % head_dim != 0:
            raise ValueError(f"feat_dim: {feat_dim} must be divisible by head_dim: {head_dim}")
        self.n_heads = feat_dim // head_dim
        self.head_dim = head_dim
        self.size = int(max_seq_len**0.5)
        self.max_seq_len = max_seq_len
        self.to_qkv = nn.Linear(feat_dim, self.n_heads * head_dim * 3)
        self.scale_factor = feat_dim**-0.5
        self.merge = nn.Linear(head_dim * self.n_heads, feat_dim)
        self.relative_position_bias_table = nn.Parameter(
            T.empty(((2 * self.size - 1) ** 2, self.n_heads))
        )
        self.register_buffer(
            "relative_position_index", _get_relative_position_index(self.size, self.size)
        )
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def get_relative_positional_bias(self) -> Tensor:
        """The biases: (1, h, L, L)"""
        chosen = self.relative_position_bias_table[self.relative_position_index.reshape(-1)]
        chosen = chosen.reshape(self.max_seq_len, self.max_seq_len, -1)
        return chosen.permute(2, 0, 1).unsqueeze(0)

    def forward(self, x: Tensor) -> Tensor:
        """x (N, G, L, C) -> (N, G, L, C)"""
        n, g, length, c = x.shape
        parts = self.to_qkv(x).reshape(n, g, length, 3, self.n_heads, self.head_dim)
        q, k, v = parts.permute(3, 0, 1, 4, 2, 5).unbind(0)  # (N, G, h, L, C / h)
        scores = q @ (k * self.scale_factor).transpose(-2, -1)
        p = F.softmax(scores + self.get_relative_positional_bias(), dim=-1)
        y = (p @ v).permute(0, 1, 3, 2, 4).reshape(n, g, length, c)
        return self.merge(y)


class SwapAxes(nn.Module):
    """x.swapaxes(a, b) as a layer."""

    def __init__(self, a: int, b: int) -> None:
        super().__init__()
        self.a = a
        self.b = b

    def forward(self, x: Tensor) -> Tensor:
        """x (*) -> (*), two dimensions exchanged"""
        return x.swapaxes(self.a, self.b)


class WindowPartition(nn.Module):
    """Windows of p x p as groups of tokens."""

    def forward(self, x: Tensor, p: int) -> Tensor:
        """x (N, C, H, W) -> (N, G, p p, C)"""
        n, c, h, w = x.shape
        x = x.reshape(n, c, h // p, p, w // p, p).permute(0, 2, 4, 3, 5, 1)
        return x.reshape(n, (h // p) * (w // p), p * p, c)


class WindowDepartition(nn.Module):
    """What WindowPartition has taken apart, together again."""

    def forward(self, x: Tensor, p: int, h_partitions: int, w_partitions: int) -> Tensor:
        """x (N, G, p p, C) -> (N, C, H, W)"""
        n, c = x.shape[0], x.shape[-1]
        x = x.reshape(n, h_partitions, w_partitions, p, p, c).permute(0, 5, 1, 3, 2, 4)
        return x.reshape(n, c, h_partitions * p, w_partitions * p)


class PartitionAttentionLayer(nn.Module):
    """Attention and an MLP within windows (partition_type "window"), or among tokens that lie a
    window apart ("grid").

    errors  ValueError: another partition_type
    """

    def __init__(
        self,
        in_channels: int,
        head_dim: int,
        partition_size: int,
        partition_type: str,
        grid_size: Pair,
        mlp_ratio: int,
        activation_layer: Layer,
        norm_layer: Layer,
        attention_dropout: float,
        mlp_dropout: float,
        p_stochastic_dropout: float,
    ) -> None:
        super().__init__()
        self.n_heads = in_channels // head_dim
        self.head_dim = head_dim
        self.n_partitions = grid_size[0] // partition_size
        self.partition_type = partition_type
        self.grid_size = grid_size
        if partition_type not in ("grid", "window"):
            raise ValueError("partition_type must be either 'grid' or 'window'")
        sizes = (partition_size, self.n_partitions)
        self.p, self.g = sizes if partition_type == "window" else sizes[::-1]
        grid = partition_type == "grid"
        self.partition_op = WindowPartition()
        self.departition_op = WindowDepartition()
        self.partition_swap = SwapAxes(-2, -3) if grid else nn.Identity()
        self.departition_swap = SwapAxes(-2, -3) if grid else nn.Identity()
        self.attn_layer = nn.Sequential(
            norm_layer(in_channels),
            RelativePositionalMultiHeadAttention(in_channels, head_dim, partition_size**2),
            nn.Dropout(attention_dropout),
        )
        self.mlp_layer = nn.Sequential(
            nn.LayerNorm(in_channels),
            nn.Linear(in_channels, in_channels * mlp_ratio),
            activation_layer(),
            nn.Linear(in_channels * mlp_ratio, in_channels),
            nn.Dropout(mlp_dropout),
        )
        self.stochastic_dropout = StochasticDepth(p_stochastic_dropout, mode="row")

    def forward(self, x: Tensor) -> Tensor:
        """x (N, C, H, W) -> (N, C, H, W)"""
        h, w = self.grid_size[0] // self.p, self.grid_size[1] // self.p
        x = self.partition_swap(self.partition_op(x, self.p))
        x = x + self.stochastic_dropout(self.attn_layer(x))
        x = x + self.stochastic_dropout(self.mlp_layer(x))
        return self.departition_op(self.departition_swap(x), self.p, h, w)


class MaxVitLayer(nn.Module):
    """MBConv, attention within windows, attention over the grid."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        squeeze_ratio: float,
        expansion_ratio: float,
        stride: int,
        norm_layer: Layer,
        activation_layer: Layer,
        head_dim: int,
        mlp_ratio: int,
        mlp_dropout: float,
        attention_dropout: float,
        p_stochastic_dropout: float,
        partition_size: int,
        grid_size: Pair,
    ) -> None:
        super().__init__()
        attention = partial(
            PartitionAttentionLayer,
            in_channels=out_channels,
            head_dim=head_dim,
            partition_size=partition_size,
            grid_size=grid_size,
            mlp_ratio=mlp_ratio,
            activation_layer=activation_layer,
            norm_layer=nn.LayerNorm,
            attention_dropout=attention_dropout,
            mlp_dropout=mlp_dropout,
            p_stochastic_dropout=p_stochastic_dropout,
        )
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        layers["MBconv"] = MBConv(
            in_channels,
            out_channels,
            expansion_ratio,
            squeeze_ratio,
            stride,
            activation_layer,
            norm_layer,
            p_stochastic_dropout,
        )
        layers["window_attention"] = attention(partition_type="window")
        layers["grid_attention"] = attention(partition_type="grid")
        self.layers = nn.Sequential(layers)

    def forward(self, x: Tensor) -> Tensor:
        """x (N, in_channels, H, W) -> (N, out_channels, H / stride, W / stride)"""
        return self.layers(x)


class MaxVitBlock(nn.Module):
    """n_layers layers, the first of which halves the size.

    errors  ValueError: p_stochastic of another length
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        squeeze_ratio: float,
        expansion_ratio: float,
        norm_layer: Layer,
        activation_layer: Layer,
        head_dim: int,
        mlp_ratio: int,
        mlp_dropout: float,
        attention_dropout: float,
        partition_size: int,
        input_grid_size: Pair,
        n_layers: int,
        p_stochastic: list[float],
    ) -> None:
        super().__init__()
        if len(p_stochastic) != n_layers:
            raise ValueError(
                f"p_stochastic must have length n_layers={n_layers}, got "
                f"p_stochastic={p_stochastic}."
            )
        self.layers = nn.ModuleList()
        self.grid_size = _get_conv_output_shape(input_grid_size, 3, 2, 1)
        for i, p in enumerate(p_stochastic):
            self.layers.append(
                MaxVitLayer(
                    in_channels if i == 0 else out_channels,
                    out_channels,
                    squeeze_ratio=squeeze_ratio,
                    expansion_ratio=expansion_ratio,
                    stride=2 if i == 0 else 1,
                    norm_layer=norm_layer,
                    activation_layer=activation_layer,
                    head_dim=head_dim,
                    mlp_ratio=mlp_ratio,
                    mlp_dropout=mlp_dropout,
                    attention_dropout=attention_dropout,
                    p_stochastic_dropout=p,
                    partition_size=partition_size,
                    grid_size=self.grid_size,
                )
            )

    def forward(self, x: Tensor) -> Tensor:
        """x (N, in_channels, H, W) -> (N, out_channels, H / 2, W / 2)"""
        for layer in self.layers:
            x = layer(x)
        return x


class MaxVit(nn.Module):
    """A stem of two convolutions, blocks, the mean, two linear layers with tanh between.

    input_size              of the images
    partition_size          of windows, and of the grid; divides the size inside of each block
    block_channels, layers  of each block
    stochastic_depth_prob   of the last layer; it grows from 0 at the first
    norm_layer              BatchNorm2d(eps=1e-3, momentum=0.01) if None
    shape                   x (N, 3, *input_size) -> y (N, num_classes)
    errors                  ValueError: sizes that do not fit
    """

    def __init__(
        self,
        input_size: Pair,
        stem_channels: int,
        partition_size: int,
        block_channels: list[int],
        block_layers: list[int],
        head_dim: int,
        stochastic_depth_prob: float,
        norm_layer: Layer | None = None,
        activation_layer: Layer = nn.GELU,
        squeeze_ratio: float = 0.25,
        expansion_ratio: float = 4,
        mlp_ratio: int = 4,
        mlp_dropout: float = 0.0,
        attention_dropout: float = 0.0,
        num_classes: int = 1000,
    ) -> None:
        super().__init__()
        norm = norm_layer or partial(nn.BatchNorm2d, eps=1e-3, momentum=0.01)
        _check_sizes(_make_block_input_shapes(input_size, len(block_channels)), partition_size)
        self.stem = nn.Sequential(
            Conv2dNormActivation(
                3,
                stem_channels,
                3,
                stride=2,
                norm_layer=norm,
                activation_layer=activation_layer,
                bias=False,
                inplace=None,
            ),
            Conv2dNormActivation(
                stem_channels,
                stem_channels,
                3,
                stride=1,
                norm_layer=None,
                activation_layer=None,
                bias=True,
            ),
        )
        size = _get_conv_output_shape(input_size, kernel_size=3, stride=2, padding=1)
        self.partition_size = partition_size
        self.blocks = nn.ModuleList()
        chances = np.linspace(0, stochastic_depth_prob, sum(block_layers)).tolist()
        channels = [stem_channels, *block_channels]
        done = 0
        for before, after, n in zip(channels, block_channels, block_layers, strict=False):
            block = MaxVitBlock(
                before,
                after,
                squeeze_ratio=squeeze_ratio,
                expansion_ratio=expansion_ratio,
                norm_layer=norm,
                activation_layer=activation_layer,
                head_dim=head_dim,
                mlp_ratio=mlp_ratio,
                mlp_dropout=mlp_dropout,
                attention_dropout=attention_dropout,
                partition_size=partition_size,
                input_grid_size=size,
                n_layers=n,
                p_stochastic=chances[done : done + n],
            )
            self.blocks.append(block)
            size = block.grid_size
            done += n
        last = block_channels[-1]
        self.classifier = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.LayerNorm(last),
            nn.Linear(last, last),
            nn.Tanh(),
            nn.Linear(last, num_classes, bias=False),
        )
        self._init_weights()

    def forward(self, x: Tensor) -> Tensor:
        """x (N, 3, *input_size) -> (N, num_classes)"""
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.classifier(x)

    def _init_weights(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.ones_(module.weight)
                nn.init.zeros_(module.bias)


def _check_sizes(sizes: Sequence[Pair], partition_size: int) -> None:
    for i, size in enumerate(sizes):
        if size[0] % partition_size or size[1] % partition_size:
            raise ValueError(
                f"Input size {size} of block {i} is not divisible by partition size "
                f"{partition_size}. Consider changing the partition size or the input size.\n"
                f"Current configuration yields the following block input sizes: {list(sizes)}."
            )


def _input_size(kwargs: dict[str, Any], chosen: Any) -> None:
    expect(kwargs, "input_size", chosen.meta["min_size"])


@published(MaxVit_T_Weights, _input_size)
def maxvit_t(**kwargs: Any) -> MaxVit:
    """MaxVit, tiny; kwargs are its own, input_size (224, 224)."""
    size = kwargs.pop("input_size", (224, 224))
    own: dict[str, Any] = {
        "stem_channels": 64,
        "block_channels": [64, 128, 256, 512],
        "block_layers": [2, 2, 5, 2],
        "head_dim": 32,
        "stochastic_depth_prob": 0.2,
        "partition_size": 7,
    }
    return MaxVit(input_size=size, **(own | kwargs))
