"""nn.MultiheadAttention.

L queries, S keys, N batch, E features, H heads
"""

from __future__ import annotations

from typing import Any

from ..core.parameter import Parameter
from ..core.tensor import Tensor
from ..ops.creation import empty
from ..ops.multi_head import attend
from . import init
from .linear import NonDynamicallyQuantizableLinear
from .module import Module

__all__ = ["MultiheadAttention"]


class MultiheadAttention(Module):
    """Attention with num_heads heads of embed_dim / num_heads features each.

    in_proj_weight (3 E, E) of queries, keys and values, or q_proj_weight (E, E), k_proj_weight
    (E, kdim), v_proj_weight (E, vdim) where those differ; in_proj_bias (3 E), out_proj a Linear.

    dropout          part of the weights that is put out while training
    add_bias_kv      one learned key and value more; add_zero_attn: one of zeros more
    batch_first      query (N, L, E) instead of (L, N, E)
    shape            query (L, N, E), key (S, N, kdim), value (S, N, vdim), or all without N ->
                     (L, N, E), weights (N, L, S)
    errors           ValueError: sizes that are not positive; AssertionError: embed_dim is no
                     multiple of num_heads, shapes or dtypes that do not fit
    source           Vaswani et al. 2017, arXiv:1706.03762
    """

    __constants__ = ["batch_first"]
    bias_k: Tensor | None
    bias_v: Tensor | None

    def __init__(
        self,
        embed_dim,
        num_heads,
        dropout=0.0,
        bias=True,
        add_bias_kv=False,
        add_zero_attn=False,
        kdim=None,
        vdim=None,
        batch_first=False,
        device=None,
        dtype=None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                "embed_dim and num_heads must be greater than 0, got "
                f"embed_dim={embed_dim} and num_heads={num_heads} instead"
            )
        super().__init__()
        made: dict[str, Any] = {"device": device, "dtype": dtype}
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.num_heads, self.dropout, self.batch_first = num_heads, dropout, batch_first
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError("embed_dim must be divisible by num_heads")
        if self._qkv_same_embed_dim:
            self.in_proj_weight = Parameter(empty((3 * embed_dim, embed_dim), **made))
            for name in "qkv":
                self.register_parameter(f"{name}_proj_weight", None)
        else:
            self.q_proj_weight = Parameter(empty((embed_dim, embed_dim), **made))
            self.k_proj_weight = Parameter(empty((embed_dim, self.kdim), **made))
            self.v_proj_weight = Parameter(empty((embed_dim, self.vdim), **made))
            self.register_parameter("in_proj_weight", None)
        if bias:
            self.in_proj_bias = Parameter(empty(3 * embed_dim, **made))
        else:
            self.register_parameter("in_proj_bias", None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, **made)
        if add_bias_kv:
            self.bias_k = Parameter(empty((1, 1, embed_dim), **made))
            self.bias_v = Parameter(empty((1, 1, embed_dim), **made))
        else:
            self.bias_k = self.bias_v = None
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        names = "in" if self._qkv_same_embed_dim else "qkv"
        for name in [names] if names == "in" else names:
            init.xavier_uniform_(getattr(self, f"{name}_proj_weight"))
        if self.in_proj_bias is not None:
            init.constant_(self.in_proj_bias, 0.0)
            init.constant_(self.out_proj.bias, 0.0)
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    def __setstate__(self, state: Any) -> None:
        state.setdefault("_qkv_same_embed_dim", True)  # in files of old versions
        super().__setstate__(state)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """query (L, N, E), key (S, N, kdim), value (S, N, vdim) -> (L, N, E), weights (N, L, S)

        key_padding_mask (N, S), attn_mask (L, S) or (N H, L, S): bool, True is not seen; or
        numbers, which are added. is_causal: a hint that attn_mask is the causal one.
        need_weights=False: None in their place, and faster.
        average_attn_weights=False: weights (N, H, L, S).
        """
        # While training, batch first lies in memory as the other layout does in PyTorch: dropout
        # behind it puts out the same numbers then.
        turned = self.batch_first and self.training
        turned = turned and query.dim() == key.dim() == value.dim() == 3
        if turned:
            q, k, v = query, key, value
            query = q.transpose(0, 1)
            key = query if k is q else k.transpose(0, 1)
            value = key if v is k else v.transpose(0, 1)
        weights = None
        if not self._qkv_same_embed_dim:
            weights = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        y, found = attend(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            weights,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout if self.training else 0.0,
            self.out_proj.weight,
            self.out_proj.bias,
            key_padding_mask,
            need_weights,
            attn_mask,
            average=average_attn_weights,
            is_causal=is_causal,
            batch_first=self.batch_first and not turned,
        )
        return y.transpose(0, 1) if turned else y, found

    def merge_masks(
        self, attn_mask: Tensor | None, key_padding_mask: Tensor | None, query: Tensor
    ) -> tuple[Tensor | None, int | None]:
        """Both masks as one (N, H, L, S), and its kind: 1 key_padding_mask alone, 2 otherwise."""
        kind: int | None = None
        merged = None
        if key_padding_mask is not None:
            kind, merged = 1, key_padding_mask
        if attn_mask is not None:
            batch, length = query.shape[0], query.shape[1]
            kind = 2
            if attn_mask.dim() == 3:
                merged = attn_mask.view(batch, -1, length, length)
            else:
                merged = attn_mask.view(1, 1, length, length).expand(
                    batch, self.num_heads, length, length
                )
            if key_padding_mask is not None:
                other = key_padding_mask.view(batch, 1, 1, length)
                merged = merged + other.expand(-1, self.num_heads, -1, -1)
        return merged, kind
