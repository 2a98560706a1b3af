"""Vision transformer. Source: Dosovitskiy et al. 2020, arXiv:2010.11929.

N batch, C channels, L patches and the class token, E hidden size.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from ... import nn
from ...core.tensor import Tensor
from ...nn import functional as F
from .. import functions as T
from ..ops.misc import MLP, Conv2dNormActivation
from ._api import expect, published, weights

__all__ = [
    "ViT_B_16_Weights",
    "ViT_B_32_Weights",
    "ViT_H_14_Weights",
    "ViT_L_16_Weights",
    "ViT_L_32_Weights",
    "VisionTransformer",
    "vit_b_16",
    "vit_b_32",
    "vit_h_14",
    "vit_l_16",
    "vit_l_32",
]

ViT_B_16_Weights = weights("ViT_B_16_Weights", __name__)
ViT_B_32_Weights = weights("ViT_B_32_Weights", __name__)
ViT_L_16_Weights = weights("ViT_L_16_Weights", __name__)
ViT_L_32_Weights = weights("ViT_L_32_Weights", __name__)
ViT_H_14_Weights = weights("ViT_H_14_Weights", __name__)

Layer = Callable[..., nn.Module]
_NORM = partial(nn.LayerNorm, eps=1e-6)


class ConvStemConfig(NamedTuple):
    """A convolution of a stem that takes the place of the patches' projection."""

    out_channels: int
    kernel_size: int
    stride: int
    norm_layer: Layer = nn.BatchNorm2d
    activation_layer: Layer = nn.ReLU


class MLPBlock(MLP):
    """Linear, GELU, dropout, linear, dropout."""

    _version = 2

    def __init__(self, in_dim: int, mlp_dim: int, dropout: float):
        super().__init__(
            in_dim, [mlp_dim, in_dim], activation_layer=nn.GELU, inplace=None, dropout=dropout
        )
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.normal_(module.bias, std=1e-6)

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *rest: Any
    ) -> None:
        if (local_metadata.get("version") or 1) < 2:  # then the layers had names
            for old, new in (("linear_1", "0"), ("linear_2", "3")):
                for name in ("weight", "bias"):
                    if f"{prefix}{old}.{name}" in state_dict:
                        value = state_dict.pop(f"{prefix}{old}.{name}")
                        state_dict[f"{prefix}{new}.{name}"] = value
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


class EncoderBlock(nn.Module):
    """x = x + dropout(attention(norm(x))), then x + mlp(norm(x))"""

    def __init__(
        self,
        num_heads: int,
        hidden_dim: int,
        mlp_dim: int,
        dropout: float,
        attention_dropout: float,
        norm_layer: Layer = _NORM,
    ):
        super().__init__()
        self.num_heads = num_heads
        self.ln_1 = norm_layer(hidden_dim)
        self.self_attention = nn.MultiheadAttention(
            hidden_dim, num_heads, dropout=attention_dropout, batch_first=True
        )
        self.dropout = nn.Dropout(dropout)
        self.ln_2 = norm_layer(hidden_dim)
        self.mlp = MLPBlock(hidden_dim, mlp_dim, dropout)

    def forward(self, input: Tensor) -> Tensor:
        """input (N, L, E) -> (N, L, E)"""
        _check_tokens(input)
        y = self.ln_1(input)
        y, _ = self.self_attention(y, y, y, need_weights=False)
        x = self.dropout(y) + input
        return x + self.mlp(self.ln_2(x))


def _check_tokens(x: Tensor) -> None:
    dimensions = x.dim()
    if isinstance(dimensions, int) and dimensions != 3:  # no int when it is traced
        raise AssertionError(f"Expected (batch_size, seq_length, hidden_dim) got {x.shape}")


class Encoder(nn.Module):
    """Positions added, dropout, blocks, norm."""

    def __init__(
        self,
        seq_length: int,
        num_layers: int,
        num_heads: int,
        hidden_dim: int,
        mlp_dim: int,
        dropout: float,
        attention_dropout: float,
        norm_layer: Layer = _NORM,
    ):
        super().__init__()
        self.pos_embedding = nn.Parameter(T.empty((1, seq_length, hidden_dim)).normal_(std=0.02))
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.Sequential(
            OrderedDict(
                (
                    f"encoder_layer_{i}",
                    EncoderBlock(
                        num_heads, hidden_dim, mlp_dim, dropout, attention_dropout, norm_layer
                    ),
                )
                for i in range(num_layers)
            )
        )
        self.ln = norm_layer(hidden_dim)

    def forward(self, input: Tensor) -> Tensor:
        """input (N, L, E) -> (N, L, E)"""
        _check_tokens(input)
        return self.ln(self.layers(self.dropout(input + self.pos_embedding)))


class VisionTransformer(nn.Module):
    """Patches as tokens and a class token, a transformer's encoder, a linear layer.

    image_size           of the square images
    representation_size  not None: a linear layer of this width and tanh before the last layer
    conv_stem_configs    not None: convolutions in place of the projection of patches
    shape                x (N, 3, image_size, image_size) -> y (N, num_classes)
    errors               AssertionError: sizes that do not fit
    """

    def __init__(
        self,
        image_size: int,
        patch_size: int,
        num_layers: int,
        num_heads: int,
        hidden_dim: int,
        mlp_dim: int,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        num_classes: int = 1000,
        representation_size: int | None = None,
        norm_layer: Layer = _NORM,
        conv_stem_configs: list[ConvStemConfig] | None = None,
    ):
        super().__init__()
        if image_size % patch_size != 0:
            raise AssertionError("Input shape indivisible by patch size!")
        self.image_size = image_size
        self.patch_size = patch_size
        self.hidden_dim = hidden_dim
        self.mlp_dim = mlp_dim
        self.attention_dropout = attention_dropout
        self.dropout = dropout
        self.num_classes = num_classes
        self.representation_size = representation_size
        self.norm_layer = norm_layer
        if conv_stem_configs is None:
            self.conv_proj: nn.Module = nn.Conv2d(3, hidden_dim, patch_size, stride=patch_size)
        else:
            self.conv_proj = _stem(conv_stem_configs, hidden_dim)
        self.class_token = nn.Parameter(T.zeros((1, 1, hidden_dim)))
        seq_length = (image_size // patch_size) ** 2 + 1
        self.encoder = Encoder(
            seq_length,
            num_layers,
            num_heads,
            hidden_dim,
            mlp_dim,
            dropout,
            attention_dropout,
            norm_layer,
        )
        self.seq_length = seq_length
        heads: OrderedDict[str, nn.Module] = OrderedDict()
        if representation_size is None:
            heads["head"] = nn.Linear(hidden_dim, num_classes)
        else:
            heads["pre_logits"] = nn.Linear(hidden_dim, representation_size)
            heads["act"] = nn.Tanh()
            heads["head"] = nn.Linear(representation_size, num_classes)
        self.heads = nn.Sequential(heads)
        self._init_weights()

    def _init_weights(self) -> None:
        if isinstance(self.conv_proj, nn.Conv2d):
            fan_in = self.conv_proj.weight[0].numel()
            nn.init.trunc_normal_(self.conv_proj.weight, std=math.sqrt(1 / fan_in))
            nn.init.zeros_(self.conv_proj.bias)
        else:
            last = self.conv_proj.conv_last
            nn.init.normal_(last.weight, mean=0.0, std=math.sqrt(2.0 / last.out_channels))
            nn.init.zeros_(last.bias)
        if self.representation_size is not None:
            before = self.heads.pre_logits
            nn.init.trunc_normal_(before.weight, std=math.sqrt(1 / before.in_features))
            nn.init.zeros_(before.bias)
        nn.init.zeros_(self.heads.head.weight)
        nn.init.zeros_(self.heads.head.bias)

    def _process_input(self, x: Tensor) -> Tensor:
        n, _, h, w = x.shape
        for name, size in (("height", h), ("width", w)):
            if isinstance(size, int) and size != self.image_size:  # no int when it is traced
                raise AssertionError(
                    f"Wrong image {name}! Expected {self.image_size} but got {size}!"
                )
        x = self.conv_proj(x)  # (N, E, h, w)
        return x.reshape(n, self.hidden_dim, -1).permute(0, 2, 1)  # (N, h w, E)

    def forward(self, x: Tensor) -> Tensor:
        """x (N, 3, image_size, image_size) -> (N, num_classes)"""
        x = self._process_input(x)
        token = self.class_token.expand(x.shape[0], -1, -1)
        x = self.encoder(T.cat([token, x], dim=1))  # (N, L, E)
        return self.heads(x[:, 0])


def _stem(configs: list[ConvStemConfig], hidden_dim: int) -> nn.Sequential:
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    channels = 3
    for i, cnf in enumerate(configs):
        layers[f"conv_bn_relu_{i}"] = Conv2dNormActivation(
            channels,
            cnf.out_channels,
            kernel_size=cnf.kernel_size,
            stride=cnf.stride,
            norm_layer=cnf.norm_layer,
            activation_layer=cnf.activation_layer,
        )
        channels = cnf.out_channels
    layers["conv_last"] = nn.Conv2d(channels, hidden_dim, kernel_size=1)
    return nn.Sequential(layers)


def interpolate_embeddings(
    image_size: int,
    patch_size: int,
    model_state: dict[str, Tensor],
    interpolation_mode: str = "bicubic",
    reset_heads: bool = False,
) -> dict[str, Tensor]:
    """A state_dict for another size of image or patch: the positions are interpolated.

    reset_heads  leave the last layers out
    errors       ValueError: positions that are no square
    """
    name = "encoder.pos_embedding"
    positions = model_state[name]
    n, length, width = positions.shape
    if n != 1:
        raise ValueError(f"Unexpected position embedding shape: {positions.shape}")
    side = image_size // patch_size
    if length == side**2 + 1:
        return model_state
    old = int(math.sqrt(length - 1))
    if old**2 != length - 1:
        raise ValueError(
            "seq_length is not a perfect square! Instead got seq_length_1d * seq_length_1d = "
            f"{old * old} and seq_length = {length - 1}"
        )
    grid = positions[:, 1:].permute(0, 2, 1).reshape(1, width, old, old)
    grid = F.interpolate(grid, size=side, mode=interpolation_mode, align_corners=True)
    grid = grid.reshape(1, width, side**2).permute(0, 2, 1)
    model_state[name] = T.cat([positions[:, :1], grid], dim=1)
    if reset_heads:
        kept = [item for item in model_state.items() if not item[0].startswith("heads")]
        return OrderedDict(kept)
    return model_state


def _image_size(kwargs: dict[str, Any], chosen: Any) -> None:
    height, width = chosen.meta["min_size"]
    assert height == width
    expect(kwargs, "image_size", height)


def _with(patch: int, layers: int, heads: int, hidden: int, mlp: int, kwargs: Any) -> Any:
    size = kwargs.pop("image_size", 224)
    return VisionTransformer(size, patch, layers, heads, hidden, mlp, **kwargs)


@published(ViT_B_16_Weights, _image_size)
def vit_b_16(**kwargs: Any) -> VisionTransformer:
    """VisionTransformer, base, patches of 16x16; kwargs are its own, image_size 224."""
    return _with(16, 12, 12, 768, 3072, kwargs)


@published(ViT_B_32_Weights, _image_size)
def vit_b_32(**kwargs: Any) -> VisionTransformer:
    """VisionTransformer, base, patches of 32x32; kwargs are its own, image_size 224."""
    return _with(32, 12, 12, 768, 3072, kwargs)


@published(ViT_L_16_Weights, _image_size)
def vit_l_16(**kwargs: Any) -> VisionTransformer:
    """VisionTransformer, large, patches of 16x16; kwargs are its own, image_size 224."""
    return _with(16, 24, 16, 1024, 4096, kwargs)


@published(ViT_L_32_Weights, _image_size)
def vit_l_32(**kwargs: Any) -> VisionTransformer:
    """VisionTransformer, large, patches of 32x32; kwargs are its own, image_size 224."""
    return _with(32, 24, 16, 1024, 4096, kwargs)


@published(ViT_H_14_Weights, _image_size)
def vit_h_14(**kwargs: Any) -> VisionTransformer:
    """VisionTransformer, huge, patches of 14x14; kwargs are its own, image_size 224."""
    return _with(14, 32, 16, 1280, 5120, kwargs)
