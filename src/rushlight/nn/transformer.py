"""The Transformer: layers of attention and of a small net, encoders, decoders, both.

S source length, T target length, N batch, E features; batch_first: (N, S, E) instead of
(S, N, E)
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.dtype import get_default_dtype
from ..core.grad_mode import mode
from ..core.memory import on_host
from ..core.notices import warn
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import WRAPPED
from ..ops.creation import full
from ..ops.multi_head import canonical_mask
from ..serialization.standins import StandInClass
from . import functional as F
from . import init
from .activation import GELU, ReLU
from .container import ModuleList
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .multihead_attention import MultiheadAttention
from .norm import LayerNorm

__all__ = [
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]

_Activation = str | Callable[[Tensor], Tensor]


def _causal_mask(size: int, device: Any = None, dtype: Any = None) -> Tensor:
    """(size, size): 0, and -inf above the diagonal."""
    dtype = get_default_dtype() if dtype is None else dtype
    return full((size, size), float("-inf"), dtype=dtype, device=device).triu(1)


def _is_causal(mask: Tensor | None, is_causal: bool | None, size: int) -> bool:
    """Is the mask the causal one? What is_causal says, or, if it says nothing, what the mask is."""
    if is_causal is not None or mask is None:
        return is_causal is True
    if tuple(mask.shape[-2:]) != (size, size) or mask.dim() != 2:
        return False
    expected = np.triu(np.full((size, size), -np.inf), 1) if size else np.zeros((0, 0))
    return bool((on_host(mask._a) == expected).all()) if mask.is_floating_point() else False


def _length(x: Tensor, batch_first: bool) -> int:
    """The length of x (L, E), (L, N, E) or (N, L, E)."""
    return x.shape[0] if x.dim() == 2 or not batch_first else x.shape[1]


def _copies(layer: Module, count: int) -> ModuleList:
    return ModuleList([copy.deepcopy(layer) for _ in range(count)])


def _activation(given: _Activation) -> Any:
    """The function of a name. RuntimeError: neither relu nor gelu."""
    if not isinstance(given, str):
        return given
    if given not in ("relu", "gelu"):
        raise RuntimeError(f"activation should be relu/gelu, not {given}")
    return getattr(F, given)


def _name_of(f: Any) -> str | None:
    """relu or gelu, if f is that function of ours, perhaps before `overrides.watch` wrapped it."""
    for name in ("relu", "gelu"):
        known = getattr(F, name)
        if getattr(f, WRAPPED, f) is getattr(known, WRAPPED, known):
            return name
    return None


def _activation_code(f: Any) -> int:
    """1 for relu, 2 for gelu, 0 for others: PyTorch's activation_relu_or_gelu."""
    name = _name_of(f)
    if name == "relu" or isinstance(f, ReLU):
        return 1
    return 2 if name == "gelu" or isinstance(f, GELU) else 0


class _Layer(Module):
    """What both kinds of layers share: attention, two Linears with dropout between, norms.

    Each part is wrapped in a residual connection with a norm behind it, or, norm_first, in front.
    """

    __constants__ = ["norm_first"]
    _parts = 1  # attentions

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: _Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device=None,
        dtype=None,
    ) -> None:
        super().__init__()
        made: dict[str, Any] = {"bias": bias, "device": device, "dtype": dtype}
        attention = {"dropout": dropout, "batch_first": batch_first, **made}
        self.self_attn = MultiheadAttention(d_model, nhead, **attention)
        if self._parts == 2:
            self.multihead_attn = MultiheadAttention(d_model, nhead, **attention)
        self.linear1 = Linear(d_model, dim_feedforward, **made)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **made)
        self.norm_first = norm_first
        for i in range(1, self._parts + 2):
            setattr(self, f"norm{i}", LayerNorm(d_model, eps=layer_norm_eps, **made))
        for i in range(1, self._parts + 2):
            setattr(self, f"dropout{i}", Dropout(dropout))
        self._set_activation(activation)

    def _set_activation(self, activation: _Activation) -> None:
        self.activation = _activation(activation)

    def __getstate__(self) -> dict[str, Any]:
        """For pickle and files: relu and gelu by name, as functions bear PyTorch's module names."""
        state = self.__dict__.copy()
        state["activation"] = _name_of(state.get("activation")) or state.get("activation")
        if state["activation"] is None:  # it is a module, among the others
            del state["activation"]
        return state

    def __setstate__(self, state: Any) -> None:
        state = dict(state)
        given = state.pop("activation", None)
        super().__setstate__(state)
        if isinstance(given, StandInClass) and given.name in ("relu", "gelu"):
            given = given.name  # PyTorch's function, named in a file of its
        if given is None and "activation" not in self._modules:
            given = "relu"  # in files of old versions
        if given is not None:
            self.activation = _activation(given)

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


class TransformerEncoderLayer(_Layer):
    """x ← norm1(x + dropout1(self_attn(x))), then x ← norm2(x + dropout2(feed-forward(x)))

    norm_first: x ← x + dropout1(self_attn(norm1(x))), then likewise. The feed-forward part is
    linear2(dropout(activation(linear1(x)))).

    activation   "relu", "gelu", or a function of one Tensor
    shape        src (S, N, E) or (S, E) -> the same; batch_first: (N, S, E)
    errors       RuntimeError: an unknown activation; AssertionError: shapes that do not fit
    source       Vaswani et al. 2017, arXiv:1706.03762
    """

    def _set_activation(self, activation: _Activation) -> None:
        f = _activation(activation)
        self.activation_relu_or_gelu = _activation_code(f)
        self.activation = f

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """src (S, N, E), src_mask (S, S) or (N H, S, S), src_key_padding_mask (N, S) -> (S, N, E)

        Masks as of MultiheadAttention; is_causal: a hint that src_mask is the causal one.
        """
        other = None if src_mask is None else src_mask._a.dtype
        padding = canonical_mask(
            src_key_padding_mask, "src_key_padding_mask", other, "src_mask", src
        )
        mask = canonical_mask(src_mask, "src_mask", None, "", src, check=False)
        x = src
        if self.norm_first:
            x = x + self._sa_block(self.norm1(x), mask, padding, is_causal)
            return x + self._ff_block(self.norm2(x))
        x = self.norm1(x + self._sa_block(x, mask, padding, is_causal))
        return self.norm2(x + self._ff_block(x))

    def _sa_block(
        self,
        x: Tensor,
        attn_mask: Tensor | None,
        key_padding_mask: Tensor | None,
        is_causal: bool = False,
    ) -> Tensor:
        x = self.self_attn(x, x, x, key_padding_mask, False, attn_mask, is_causal=is_causal)[0]
        return self.dropout1(x)

    def _ff_block(self, x: Tensor) -> Tensor:
        return self.dropout2(self._feed_forward(x))


class TransformerDecoderLayer(_Layer):
    """x ← norm1(x + dropout1(self_attn(x))), norm2(x + dropout2(multihead_attn(x, memory))),
    norm3(x + dropout3(feed-forward(x)))

    norm_first: x ← x + dropout1(self_attn(norm1(x))), then likewise.

    shape   tgt (T, N, E), memory (S, N, E), or both without N -> (T, N, E); batch_first:
            (N, T, E), (N, S, E)
    errors  as of TransformerEncoderLayer
    source  Vaswani et al. 2017, arXiv:1706.03762
    """

    _parts = 2

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """tgt (T, N, E), memory (S, N, E) -> (T, N, E)

        tgt_mask (T, T), memory_mask (T, S), tgt_key_padding_mask (N, T), memory_key_padding_mask
        (N, S): as of MultiheadAttention.
        """
        own = (tgt_mask, tgt_key_padding_mask, tgt_is_causal)
        other = (memory, memory_mask, memory_key_padding_mask, memory_is_causal)
        x = tgt
        if self.norm_first:
            x = x + self._sa_block(self.norm1(x), *own)
            x = x + self._mha_block(self.norm2(x), *other)
            return x + self._ff_block(self.norm3(x))
        x = self.norm1(x + self._sa_block(x, *own))
        x = self.norm2(x + self._mha_block(x, *other))
        return self.norm3(x + self._ff_block(x))

    def _sa_block(
        self,
        x: Tensor,
        attn_mask: Tensor | None,
        key_padding_mask: Tensor | None,
        is_causal: bool = False,
    ) -> Tensor:
        x = self.self_attn(x, x, x, key_padding_mask, False, attn_mask, is_causal=is_causal)[0]
        return self.dropout1(x)

    def _mha_block(
        self,
        x: Tensor,
        mem: Tensor,
        attn_mask: Tensor | None,
        key_padding_mask: Tensor | None,
        is_causal: bool = False,
    ) -> Tensor:
        x = self.multihead_attn(
            x, mem, mem, key_padding_mask, False, attn_mask, is_causal=is_causal
        )[0]
        return self.dropout2(x)

    def _ff_block(self, x: Tensor) -> Tensor:
        return self.dropout3(self._feed_forward(x))


class TransformerEncoder(Module):
    """num_layers copies of encoder_layer, one after the other, and a norm at the end if given.

    enable_nested_tensor   PyTorch's way to leave out padding in eval mode; there are no nested
                           tensors here: all positions are computed, and where PyTorch would take
                           them, padded ones are 0 in the result, as they are there
    mask_check             whether that looks if the padding is at the end
    shape                  src (S, N, E) -> the same
    errors                 as of its layers; IndexError: no layers
    """

    __constants__ = ["norm"]

    def __init__(
        self,
        encoder_layer: TransformerEncoderLayer,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = _copies(encoder_layer, num_layers)
        self.num_layers, self.norm = num_layers, norm
        self.enable_nested_tensor = self.use_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check
        reason = _why_not_nested(encoder_layer)
        if enable_nested_tensor and reason:
            warn(
                "enable_nested_tensor is True, but self.use_nested_tensor is False because "
                f"{reason}",
            )
            self.use_nested_tensor = False

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """src (S, N, E), mask (S, S), src_key_padding_mask (N, S) -> (S, N, E)

        is_causal None: the mask is looked at.
        """
        other = None if mask is None else mask._a.dtype
        given = src_key_padding_mask
        padding = canonical_mask(given, "src_key_padding_mask", other, "mask", src)
        mask = canonical_mask(mask, "mask", None, "", src, check=False)
        first = self.layers[0]
        causal = _is_causal(mask, is_causal, _length(src, first.self_attn.batch_first))
        cleared = padding is not None and self._leaves_out_padding(src, mask, padding)
        x = src
        for layer in self.layers:
            x = layer(x, src_mask=mask, is_causal=causal, src_key_padding_mask=padding)
        if cleared:
            x = x.masked_fill(wrap(padding._a != 0).unsqueeze(-1), 0.0)
        return x if self.norm is None else self.norm(x)

    def _leaves_out_padding(self, src: Tensor, mask: Tensor | None, padding: Tensor) -> bool:
        """Would PyTorch take nested tensors, in whose result padding is 0?"""
        if not getattr(self, "use_nested_tensor", False) or src.dim() != 3 or mask is not None:
            return False
        first = self.layers[0]
        if first.training or not isinstance(first, TransformerEncoderLayer):
            return False
        if _why_not_nested(first):
            return False
        if mode.grad and (src._rg or any(p._rg for p in first.parameters())):
            return False
        out = padding._a != 0
        if not getattr(self, "mask_check", True):
            return True
        return bool((out[:, 1:] >= out[:, :-1]).all())  # once out, out to the end


def _why_not_nested(layer: Any) -> str:
    """Why PyTorch would not take nested tensors for such layers; "" if it would."""
    if not isinstance(layer, TransformerEncoderLayer):
        return "encoder_layer was not TransformerEncoderLayer"
    attention = layer.self_attn
    if layer.norm_first:
        return "encoder_layer.norm_first was True"
    if not attention.batch_first:
        return (
            "encoder_layer.self_attn.batch_first was not True"
            "(use batch_first for better inference performance)"
        )
    if not attention._qkv_same_embed_dim:
        return "encoder_layer.self_attn._qkv_same_embed_dim was not True"
    if attention.in_proj_bias is None:
        return "encoder_layer.self_attn was passed bias=False"
    if not layer.activation_relu_or_gelu:
        return "encoder_layer.activation_relu_or_gelu was not True"
    if layer.norm1.eps != layer.norm2.eps:
        return "encoder_layer.norm1.eps was not equal to encoder_layer.norm2.eps"
    if attention.num_heads % 2:
        return "encoder_layer.self_attn.num_heads is odd"
    return ""


class TransformerDecoder(Module):
    """num_layers copies of decoder_layer, one after the other, and a norm at the end if given.

    shape   tgt (T, N, E), memory (S, N, E) -> (T, N, E)
    errors  as of its layers; IndexError: no layers
    """

    __constants__ = ["norm"]

    def __init__(
        self, decoder_layer: TransformerDecoderLayer, num_layers: int, norm: Module | None = None
    ) -> None:
        super().__init__()
        self.layers = _copies(decoder_layer, num_layers)
        self.num_layers, self.norm = num_layers, norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """tgt (T, N, E), memory (S, N, E) -> (T, N, E)

        Masks as of TransformerDecoderLayer; tgt_is_causal None: tgt_mask is looked at.
        """
        size = _length(tgt, self.layers[0].self_attn.batch_first)
        causal = _is_causal(tgt_mask, tgt_is_causal, size)
        x = tgt
        for layer in self.layers:
            x = layer(
                x,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=causal,
                memory_is_causal=memory_is_causal,
            )
        return x if self.norm is None else self.norm(x)


class Transformer(Module):
    """An encoder and a decoder, each with a norm at the end; all matrices are drawn anew from
    xavier_uniform_.

    shape   src (S, N, E), tgt (T, N, E), or both without N -> (T, N, E); batch_first: (N, S, E),
            (N, T, E)
    errors  RuntimeError: another batch or feature number
    source  Vaswani et al. 2017, arXiv:1706.03762
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: _Activation = F.relu,
        custom_encoder: Any | None = None,
        custom_decoder: Any | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device=None,
        dtype=None,
    ) -> None:
        super().__init__()
        made: dict[str, Any] = {"bias": bias, "device": device, "dtype": dtype}
        sizes = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps)
        options = (*sizes, batch_first, norm_first)
        if custom_encoder is not None:
            self.encoder = custom_encoder
        else:
            layer = TransformerEncoderLayer(*options, **made)
            norm = LayerNorm(d_model, eps=layer_norm_eps, **made)
            self.encoder = TransformerEncoder(layer, num_encoder_layers, norm)
        if custom_decoder is not None:
            self.decoder = custom_decoder
        else:
            decoder_layer = TransformerDecoderLayer(*options, **made)
            norm = LayerNorm(d_model, eps=layer_norm_eps, **made)
            self.decoder = TransformerDecoder(decoder_layer, num_decoder_layers, norm)
        self._reset_parameters()
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """src (S, N, E), tgt (T, N, E) -> (T, N, E)

        src_mask (S, S), tgt_mask (T, T), memory_mask (T, S), the key_padding_masks (N, S), (N, T),
        (N, S): as of MultiheadAttention.
        """
        if src.dim() == 3:
            at = 0 if self.batch_first else 1
            if src.size(at) != tgt.size(at):
                raise RuntimeError("the batch number of src and tgt must be equal")
        if src.size(-1) != self.d_model or tgt.size(-1) != self.d_model:
            raise RuntimeError("the feature number of src and tgt must be equal to d_model")
        memory = self.encoder(
            src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal
        )
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """The causal mask (sz, sz): 0, and -inf above the diagonal."""
        return _causal_mask(sz, device, dtype)

    def _reset_parameters(self) -> None:
        for p in self.parameters():
            if p.dim() > 1:
                init.xavier_uniform_(p)
