"""Swin transformers. Sources: Liu et al. 2021, arXiv:2103.14030; 2021, arXiv:2111.09883 (V2).

N batch, H x W tokens, C channels, h heads, w x w tokens of a window, M windows of an image.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ... import nn
from ...core.tensor import Tensor, wrap
from ...nn import functional as F
from .. import functions as T
from ..ops.misc import MLP, Permute
from ..ops.stochastic_depth import StochasticDepth
from ._api import published, weights

__all__ = [
    "SwinTransformer",
    "Swin_B_Weights",
    "Swin_S_Weights",
    "Swin_T_Weights",
    "Swin_V2_B_Weights",
    "Swin_V2_S_Weights",
    "Swin_V2_T_Weights",
    "swin_b",
    "swin_s",
    "swin_t",
    "swin_v2_b",
    "swin_v2_s",
    "swin_v2_t",
]

Swin_T_Weights = weights("Swin_T_Weights", __name__)
Swin_S_Weights = weights("Swin_S_Weights", __name__)
Swin_B_Weights = weights("Swin_B_Weights", __name__)
Swin_V2_T_Weights = weights("Swin_V2_T_Weights", __name__)
Swin_V2_S_Weights = weights("Swin_V2_S_Weights", __name__)
Swin_V2_B_Weights = weights("Swin_V2_B_Weights", __name__)

Layer = Callable[..., nn.Module]


def joined_quarters(x: Tensor) -> Tensor:
    """Squares of 2x2 tokens joined: x (*, H, W, C) -> (*, H / 2, W / 2, 4 C), padded if odd."""
    h, w = x.shape[-3:-1]
    if h % 2 or w % 2:
        x = F.pad(x, (0, 0, 0, w % 2, 0, h % 2))
    parts = [x[..., i::2, j::2, :] for j in (0, 1) for i in (0, 1)]
    return T.cat(parts, -1)


class PatchMerging(nn.Module):
    """Half as many tokens in each direction, twice the channels: norm, then linear."""

    def __init__(self, dim: int, norm_layer: Layer = nn.LayerNorm):
        super().__init__()
        self.dim = dim
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)
        self.norm = norm_layer(4 * dim)

    def forward(self, x: Tensor) -> Tensor:
        """x (*, H, W, C) -> (*, H / 2, W / 2, 2 C)"""
        return self.reduction(self.norm(joined_quarters(x)))


class PatchMergingV2(nn.Module):
    """As PatchMerging: linear, then norm."""

    def __init__(self, dim: int, norm_layer: Layer = nn.LayerNorm):
        super().__init__()
        self.dim = dim
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)
        self.norm = norm_layer(2 * dim)

    def forward(self, x: Tensor) -> Tensor:
        """x (*, H, W, C) -> (*, H / 2, W / 2, 2 C)"""
        return self.norm(self.reduction(joined_quarters(x)))


def _windows(x: Tensor, window: tuple[int, int]) -> Tensor:
    """x (N, H, W, C) -> (N M, w w, C)"""
    n, h, w, c = x.shape
    x = x.reshape(n, h // window[0], window[0], w // window[1], window[1], c)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, window[0] * window[1], c)


def _apart(size: tuple[int, int], window: tuple[int, int], shift: tuple[int, int]) -> Tensor:
    """-100 between tokens of a window that are no neighbours before the shift: (M, w w, w w)"""
    region: np.ndarray = np.zeros(size, np.float32)
    for axis in (0, 1):
        # three strips: the windows before the last, and the two parts of the last
        strip = np.zeros(size[axis])
        if shift[axis]:
            strip[-window[axis] :] = 1
            strip[-shift[axis] :] = 2
        region = region * 3 + (strip[:, None] if axis == 0 else strip)
    of_window = _windows(wrap(region.astype(np.float32)[None, :, :, None]), window)[..., 0]
    differ = of_window[:, None, :] != of_window[:, :, None]
    return differ.float() * -100.0


def shifted_window_attention(
    input: Tensor,
    qkv_weight: Tensor,
    proj_weight: Tensor,
    relative_position_bias: Tensor,
    window_size: list[int],
    num_heads: int,
    shift_size: list[int],
    attention_dropout: float = 0.0,
    dropout: float = 0.0,
    qkv_bias: Tensor | None = None,
    proj_bias: Tensor | None = None,
    logit_scale: Tensor | None = None,
    training: bool = True,
) -> Tensor:
    """Attention within windows, which are moved by shift_size.

    relative_position_bias  (1, h, w w, w w), is added to the scores
    logit_scale             (h, 1, 1): scores are cosines times its exponential (V2)
    shape                   input (N, H, W, C) -> (N, H, W, C); the rest is padded to windows
    """
    n, h, w, c = input.shape
    window = (window_size[0], window_size[1])
    below, right = -h % window[0], -w % window[1]
    x = F.pad(input, (0, 0, 0, right, 0, below))
    size = (h + below, w + right)
    # a window as large as the image is not moved
    shift = tuple(0 if v >= s else d for v, s, d in zip(window, size, shift_size, strict=True))
    if any(shift):
        x = T.roll(x, shifts=(-shift[0], -shift[1]), dims=(1, 2))
    x = _windows(x, window)  # (N M, w w, C)
    if logit_scale is not None and qkv_bias is not None:
        third = qkv_bias.numel() // 3
        qkv_bias = T.cat([qkv_bias[:third], T.zeros_like(qkv_bias[:third]), qkv_bias[2 * third :]])
    qkv = F.linear(x, qkv_weight, qkv_bias)
    qkv = qkv.reshape(x.shape[0], x.shape[1], 3, num_heads, c // num_heads)
    q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # (N M, h, w w, C / h)
    if logit_scale is not None:
        scores = F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1)
        scores = scores * T.clamp(logit_scale, max=math.log(100.0)).exp()
    else:
        scores = (q * (c // num_heads) ** -0.5) @ k.transpose(-2, -1)
    scores = scores + relative_position_bias
    if any(shift):
        mask = _apart(size, window, (shift[0], shift[1])).to(scores.dtype)
        each = scores.reshape(n, mask.shape[0], num_heads, *scores.shape[2:])
        scores = (each + mask[None, :, None]).reshape(scores.shape)
    p = F.dropout(F.softmax(scores, dim=-1), p=attention_dropout, training=training)
    y = (p @ v).transpose(1, 2).reshape(x.shape[0], x.shape[1], c)
    y = F.dropout(F.linear(y, proj_weight, proj_bias), p=dropout, training=training)
    y = y.reshape(n, size[0] // window[0], size[1] // window[1], window[0], window[1], c)
    y = y.permute(0, 1, 3, 2, 4, 5).reshape(n, *size, c)
    if any(shift):
        y = T.roll(y, shifts=shift, dims=(1, 2))
    return y[:, :h, :w, :].contiguous()


class ShiftedWindowAttention(nn.Module):
    """`shifted_window_attention` with its weights, a bias for each relative position."""

    def __init__(
        self,
        dim: int,
        window_size: list[int],
        shift_size: list[int],
        num_heads: int,
        qkv_bias: bool = True,
        proj_bias: bool = True,
        attention_dropout: float = 0.0,
        dropout: float = 0.0,
    ):
        super().__init__()
        if len(window_size) != 2 or len(shift_size) != 2:
            raise ValueError("window_size and shift_size must be of length 2")
        self.window_size = window_size
        self.shift_size = shift_size
        self.num_heads = num_heads
        self.attention_dropout = attention_dropout
        self.dropout = dropout
        self.qkv = nn.Linear(dim, dim * 3, bias=qkv_bias)
        self.proj = nn.Linear(dim, dim, bias=proj_bias)
        self.define_relative_position_bias_table()
        self.define_relative_position_index()

    def define_relative_position_bias_table(self) -> None:
        """The parameter: a number for each offset and head."""
        a, b = self.window_size
        table = T.zeros(((2 * a - 1) * (2 * b - 1), self.num_heads))
        self.relative_position_bias_table = nn.Parameter(table)
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def define_relative_position_index(self) -> None:
        """The buffer: the table's row for each pair of tokens, (w w w w)."""
        a, b = self.window_size
        y, x = (v.ravel() for v in np.meshgrid(np.arange(a), np.arange(b), indexing="ij"))
        rows = (y[:, None] - y + a - 1) * (2 * b - 1) + x[:, None] - x + b - 1
        self.register_buffer("relative_position_index", wrap(rows.ravel()))

    def _biases(self, table: Tensor) -> Tensor:
        tokens = self.window_size[0] * self.window_size[1]
        chosen = table[self.relative_position_index].reshape(tokens, tokens, -1)
        return chosen.permute(2, 0, 1).contiguous().unsqueeze(0)

    def get_relative_position_bias(self) -> Tensor:
        """The biases of a window: (1, h, w w, w w)"""
        return self._biases(self.relative_position_bias_table)

    def forward(self, x: Tensor) -> Tensor:
        """x (N, H, W, C) -> (N, H, W, C)"""
        return shifted_window_attention(
            x,
            self.qkv.weight,
            self.proj.weight,
            self.get_relative_position_bias(),
            self.window_size,
            self.num_heads,
            shift_size=self.shift_size,
            attention_dropout=self.attention_dropout,
            dropout=self.dropout,
            qkv_bias=self.qkv.bias,
            proj_bias=self.proj.bias,
            logit_scale=getattr(self, "logit_scale", None),
            training=self.training,
        )


class ShiftedWindowAttentionV2(ShiftedWindowAttention):
    """Scores are cosines, the biases come from a small network of the offset's logarithm."""

    def __init__(
        self,
        dim: int,
        window_size: list[int],
        shift_size: list[int],
        num_heads: int,
        qkv_bias: bool = True,
        proj_bias: bool = True,
        attention_dropout: float = 0.0,
        dropout: float = 0.0,
    ):
        super().__init__(
            dim,
            window_size,
            shift_size,
            num_heads,
            qkv_bias=qkv_bias,
            proj_bias=proj_bias,
            attention_dropout=attention_dropout,
            dropout=dropout,
        )
        self.logit_scale = nn.Parameter(T.log(10 * T.ones((num_heads, 1, 1))))
        self.cpb_mlp = nn.Sequential(
            nn.Linear(2, 512, bias=True),
            nn.ReLU(inplace=True),
            nn.Linear(512, num_heads, bias=False),
        )
        if qkv_bias:
            self.qkv.bias[dim : 2 * dim].data.zero_()

    def define_relative_position_bias_table(self) -> None:
        """The buffer: sign(d) log2(1 + 8 |d|) / 3 of each offset d, of -1 .. 1"""
        sides = [np.arange(-(w - 1), w, dtype=np.float32) / (w - 1) * 8 for w in self.window_size]
        table = np.stack(np.meshgrid(*sides, indexing="ij"), -1)[None]
        table = np.sign(table) * np.log2(np.abs(table) + 1) / np.float32(3)
        self.register_buffer("relative_coords_table", wrap(table.astype(np.float32)))

    def get_relative_position_bias(self) -> Tensor:
        """The biases of a window: (1, h, w w, w w)"""
        table = self.cpb_mlp(self.relative_coords_table).reshape(-1, self.num_heads)
        return 16 * T.sigmoid(self._biases(table))


class SwinTransformerBlock(nn.Module):
    """x = x + sd(attn(norm1(x))), then x + sd(mlp(norm2(x))), sd: stochastic depth"""

    def __init__(
        self,
        dim: int,
        num_heads: int,
        window_size: list[int],
        shift_size: list[int],
        mlp_ratio: float = 4.0,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        stochastic_depth_prob: float = 0.0,
        norm_layer: Layer = nn.LayerNorm,
        attn_layer: Layer = ShiftedWindowAttention,
    ):
        super().__init__()
        self.norm1 = norm_layer(dim)
        self.attn = attn_layer(
            dim,
            window_size,
            shift_size,
            num_heads,
            attention_dropout=attention_dropout,
            dropout=dropout,
        )
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")
        self.norm2 = norm_layer(dim)
        self.mlp = MLP(
            dim,
            [int(dim * mlp_ratio), dim],
            activation_layer=nn.GELU,
            inplace=None,
            dropout=dropout,
        )
        for module in self.mlp.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.normal_(module.bias, std=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """x (N, H, W, C) -> (N, H, W, C)"""
        x = x + self.stochastic_depth(self.attn(self.norm1(x)))
        return x + self.stochastic_depth(self.mlp(self.norm2(x)))


class SwinTransformerBlockV2(SwinTransformerBlock):
    """x = x + sd(norm1(attn(x))), then x + sd(norm2(mlp(x)))"""

    def __init__(
        self,
        dim: int,
        num_heads: int,
        window_size: list[int],
        shift_size: list[int],
        mlp_ratio: float = 4.0,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        stochastic_depth_prob: float = 0.0,
        norm_layer: Layer = nn.LayerNorm,
        attn_layer: Layer = ShiftedWindowAttentionV2,
    ):
        super().__init__(
            dim,
            num_heads,
            window_size,
            shift_size,
            mlp_ratio=mlp_ratio,
            dropout=dropout,
            attention_dropout=attention_dropout,
            stochastic_depth_prob=stochastic_depth_prob,
            norm_layer=norm_layer,
            attn_layer=attn_layer,
        )

    def forward(self, x: Tensor) -> Tensor:
        """x (N, H, W, C) -> (N, H, W, C)"""
        x = x + self.stochastic_depth(self.norm1(self.attn(x)))
        return x + self.stochastic_depth(self.norm2(self.mlp(x)))


class SwinTransformer(nn.Module):
    """Patches, stages of blocks with PatchMerging in between, the mean, a linear layer.

    depths, num_heads      of each stage
    window_size            of attention; every other block moves it by half
    stochastic_depth_prob  of the last block; it grows from 0 at the first
    norm_layer, block      LayerNorm(eps=1e-5) and SwinTransformerBlock if None
    shape                  x (N, 3, H, W) -> y (N, num_classes)
    """

    def __init__(
        self,
        patch_size: list[int],
        embed_dim: int,
        depths: list[int],
        num_heads: list[int],
        window_size: list[int],
        mlp_ratio: float = 4.0,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        stochastic_depth_prob: float = 0.1,
        num_classes: int = 1000,
        norm_layer: Layer | None = None,
        block: Layer | None = None,
        downsample_layer: Layer = PatchMerging,
    ):
        super().__init__()
        self.num_classes = num_classes
        block = block or SwinTransformerBlock
        norm = norm_layer or partial(nn.LayerNorm, eps=1e-5)
        patch = (patch_size[0], patch_size[1])
        layers: list[nn.Module] = [
            nn.Sequential(
                nn.Conv2d(3, embed_dim, kernel_size=patch, stride=patch),
                Permute([0, 2, 3, 1]),
                norm(embed_dim),
            )
        ]
        done, last_block = 0, sum(depths) - 1
        for i, (depth, heads) in enumerate(zip(depths, num_heads, strict=True)):
            dim = embed_dim * 2**i
            stage: list[nn.Module] = []
            for j in range(depth):
                stage.append(
                    block(
                        dim,
                        heads,
                        window_size=window_size,
                        shift_size=[0 if j % 2 == 0 else w // 2 for w in window_size],
                        mlp_ratio=mlp_ratio,
                        dropout=dropout,
                        attention_dropout=attention_dropout,
                        stochastic_depth_prob=stochastic_depth_prob * float(done) / last_block,
                        norm_layer=norm,
                    )
                )
                done += 1
            layers.append(nn.Sequential(*stage))
            if i < len(depths) - 1:
                layers.append(downsample_layer(dim, norm))
        self.features = nn.Sequential(*layers)
        width = embed_dim * 2 ** (len(depths) - 1)
        self.norm = norm(width)
        self.permute = Permute([0, 3, 1, 2])
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten(1)
        self.head = nn.Linear(width, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        """x (N, 3, H, W) -> (N, num_classes)"""
        x = self.permute(self.norm(self.features(x)))  # (N, C, H / 32, W / 32)
        return self.head(self.flatten(self.avgpool(x)))


_SMALL = {"depths": [2, 2, 6, 2], "num_heads": [3, 6, 12, 24], "embed_dim": 96}
_DEEP = _SMALL | {"depths": [2, 2, 18, 2]}
_WIDE = {"depths": [2, 2, 18, 2], "num_heads": [4, 8, 16, 32], "embed_dim": 128}


def _first(shape: dict[str, Any], chance: float, kwargs: dict[str, Any]) -> SwinTransformer:
    own = {"patch_size": [4, 4], "window_size": [7, 7], "stochastic_depth_prob": chance}
    return SwinTransformer(**(shape | own | kwargs))


def _second(shape: dict[str, Any], chance: float, kwargs: dict[str, Any]) -> SwinTransformer:
    own = {"patch_size": [4, 4], "window_size": [8, 8], "stochastic_depth_prob": chance}
    parts = {"block": SwinTransformerBlockV2, "downsample_layer": PatchMergingV2}
    return SwinTransformer(**(shape | own | parts | kwargs))


@published(Swin_T_Weights)
def swin_t(**kwargs: Any) -> SwinTransformer:
    """SwinTransformer, tiny; kwargs are its own."""
    return _first(_SMALL, 0.2, kwargs)


@published(Swin_S_Weights)
def swin_s(**kwargs: Any) -> SwinTransformer:
    """SwinTransformer, small; kwargs are its own."""
    return _first(_DEEP, 0.3, kwargs)


@published(Swin_B_Weights)
def swin_b(**kwargs: Any) -> SwinTransformer:
    """SwinTransformer, base; kwargs are its own."""
    return _first(_WIDE, 0.5, kwargs)


@published(Swin_V2_T_Weights)
def swin_v2_t(**kwargs: Any) -> SwinTransformer:
    """SwinTransformer V2, tiny; kwargs are its own."""
    return _second(_SMALL, 0.2, kwargs)


@published(Swin_V2_S_Weights)
def swin_v2_s(**kwargs: Any) -> SwinTransformer:
    """SwinTransformer V2, small; kwargs are its own."""
    return _second(_DEEP, 0.3, kwargs)


@published(Swin_V2_B_Weights)
def swin_v2_b(**kwargs: Any) -> SwinTransformer:
    """SwinTransformer V2, base; kwargs are its own."""
    return _second(_WIDE, 0.5, kwargs)
