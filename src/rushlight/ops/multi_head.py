"""Attention with several heads: projections, attention of each head, the output's projection.

    L queries, S keys, N batch, E features, H heads, W = E / H features of a head

Inside, tensors are (L, N, E) or, batch_first, (N, L, E): heads are views of them, nothing is
copied for the transposition.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.notices import warn
from ..core.predicates import carries
from ..core.tensor import Tensor, wrap
from ..dispatch.registry import composite, internal
from ..kernels import K
from .attention import Attention, c_name, check_mask_dtype, plain_attention
from .cat_split import cat
from .dropout import checked, dropped
from .matmul import linear
from .narrow import is_narrow, rounded, wide


@internal(
    "self_attention",
    tensors=1,
    extras=("lse",),
    node="ScaledDotProductFlashAttentionForCpu",
    quiet=False,
    fresh=True,
)
class SelfAttention:
    """y = attention of queries, keys and values that lie side by side, as one projection gives them

    shape   x (A, B, 3 E) -> y (A, B, E); (A, B) is (N, L) if batch_first, else (L, N)
    mask    as Attention's, for (N, H, L, L)
    grad    dx: those of queries, keys and values side by side
    """

    def forward(x, mask, heads, scale, causal, batch_first):
        narrow = is_narrow(x)
        q, k, v = _heads(wide(x) if narrow else x, heads, batch_first)
        y, lse = K.attention(q, k, v, wide(mask) if narrow else mask, scale, causal)
        y = _side_by_side(y, batch_first)
        return (rounded(y, x) if narrow else y), lse

    def backward(c, dy, x, out, lse, mask, heads, scale, causal, batch_first):
        narrow = is_narrow(x)
        if narrow:
            dy, x, out, mask = wide(dy), wide(x), wide(out), wide(mask)
        a, b, e = out.shape
        order = (0, 2, 1, 3) if batch_first else (1, 2, 0, 3)
        y, g = (K.transpose(K.reshape(z, (a, b, heads, e // heads)), order) for z in (out, dy))
        parts = K.attention_dx(g, *_heads(x, heads, batch_first), y, lse, mask, scale, causal)
        dx = K.concatenate([_side_by_side(p, batch_first) for p in parts], -1)
        return rounded(dx, dy) if narrow else dx


def _heads(x: Any, heads: int, batch_first: bool) -> list:
    """x (A, B, 3 E) -> q, k, v (N, H, L, W), views of it."""
    a, b, n = x.shape
    x = K.reshape(x, (a, b, 3, heads, n // (3 * heads)))
    x = K.transpose(x, (2, 0, 3, 1, 4) if batch_first else (2, 1, 3, 0, 4))
    return [x[0], x[1], x[2]]


def _side_by_side(y: Any, batch_first: bool) -> Any:
    """y (N, H, L, W) -> (A, B, E): without a copy if it lies in memory like that."""
    y = K.transpose(y, (0, 2, 1, 3) if batch_first else (2, 0, 1, 3))
    a, b, h, w = y.shape
    return K.reshape(y, (a, b, h * w))


# ---------------------------------------------------------------- masks


def canonical_mask(
    mask: Tensor | None, name: str, other: Any, other_name: str, query: Tensor, check: bool = True
) -> Tensor | None:
    """A mask as numbers to be added: -inf where a bool mask is True. None stays.

    AssertionError: neither bool nor floating; a warning if `other` is of the other kind
    """
    if mask is None:
        return None
    kind = mask._a.dtype.kind
    if kind != "b" and not mask.is_floating_point():
        raise AssertionError(f"only bool and floating types of {name} are supported")
    if check and other is not None and other is not mask._a.dtype:
        warn(
            f"Support for mismatched {name} and {other_name} is deprecated. Use same type for both "
            "instead.",
        )
    if kind != "b":
        return mask
    numbers = np.where(mask._a, -np.inf, 0).astype(np.float32)
    return wrap(numbers).to(query.dtype)


def _check_batch(query, key, value, key_padding_mask, attn_mask, heads) -> bool:
    """True for batched tensors. AssertionError in PyTorch's words: dimensions do not fit."""
    n = query.dim()
    if n not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {n}-D query tensor"
        )
    kind = "batched" if n == 3 else "unbatched"
    if key.dim() != n or value.dim() != n:
        raise AssertionError(
            f"For {kind} ({n}-D) `query`, expected `key` and `value` to be {n}-D but found "
            f"{key.dim()}-D and {value.dim()}-D tensors respectively"
        )
    if key_padding_mask is not None and key_padding_mask.dim() != n - 1:
        raise AssertionError(
            f"For {kind} ({n}-D) `query`, expected `key_padding_mask` to be `None` or {n - 1}-D "
            f"but found {key_padding_mask.dim()}-D tensor instead"
        )
    if attn_mask is not None:
        if attn_mask.dim() not in (2, 3):
            raise AssertionError(
                f"For {kind} ({n}-D) `query`, expected `attn_mask` to be `None`, 2-D or 3-D but "
                f"found {attn_mask.dim()}-D tensor instead"
            )
        expected = (heads, query.shape[0], key.shape[0])
        if n == 2 and attn_mask.dim() == 3 and tuple(attn_mask.shape) != expected:
            raise AssertionError(
                f"Expected `attn_mask` shape to be {expected} but got {attn_mask.shape}"
            )
    return n == 3


# ---------------------------------------------------------------- projections


def _projected(query, key, value, weights, bias, packed, batch_first) -> tuple:
    """queries, keys and values (A, B, E). weights: one (3 E, E), or three."""
    if packed is None:
        parts = (None,) * 3 if bias is None else bias.chunk(3)
        given = zip((query, key, value), weights, parts, strict=True)
        return tuple([linear(x, w, b) for x, w, b in given])
    e = query.shape[-1]
    if query is key and key is value:
        return tuple(linear(query, packed, bias).chunk(3, -1))
    if key is value:
        q_weight, kv_weight = packed.split([e, 2 * e])
        q_bias, kv_bias = (None, None) if bias is None else bias.split([e, 2 * e])
        return linear(query, q_weight, q_bias), *linear(key, kv_weight, kv_bias).chunk(2, -1)
    return _projected(query, key, value, packed.chunk(3), bias, None, batch_first)


def _check_weights(query, key, value, heads, packed, weights, embed_dim) -> None:
    """AssertionError in PyTorch's words."""
    e = query.shape[-1]
    if e != embed_dim:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim}, but got {e}")
    if e % heads:
        raise AssertionError(f"embed_dim {e} not divisible by num_heads {heads}")
    if weights is not None:
        if key.shape[:2] != value.shape[:2]:
            raise AssertionError(
                f"key's sequence and batch dims {key.shape[:2]} do not match value's "
                f"{value.shape[:2]}"
            )
        for name, w in zip("qkv", weights, strict=True):
            if w is None:
                raise AssertionError(
                    f"use_separate_proj_weight is True but {name}_proj_weight is None"
                )
        names = ("query", "key", "value")
        for name, w, x in zip(names, weights, (query, key, value), strict=True):
            expected = (e, x.shape[-1])
            if tuple(w.shape) != expected:
                raise AssertionError(
                    f"expecting {name} weights shape of {expected}, but got {w.shape}"
                )
        return
    if key.shape != value.shape:
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")
    if packed is None:
        raise AssertionError("use_separate_proj_weight is False but in_proj_weight is None")


def _static(name: str, x: Tensor, count: int, width: int) -> Tensor:
    """static_k or static_v (N H, S, W), checked."""
    for dim, size in ((0, count), (2, width)):
        if x.size(dim) != size:
            raise AssertionError(f"expecting {name}.size({dim}) of {size}, but got {x.size(dim)}")
    return x


# ---------------------------------------------------------------- the whole


def attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim: int,
    heads: int,
    packed: Tensor | None,
    weights: Any,
    bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    zero_attn: bool,
    dropout_p: float,
    out_weight: Tensor,
    out_bias: Tensor | None,
    padding: Tensor | None,
    need_weights: bool,
    mask: Tensor | None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average: bool = True,
    is_causal: bool = False,
    batch_first: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """multi_head_attention_forward, for tensors of either layout. weights: three, or None."""
    batched = _check_batch(query, key, value, padding, mask, heads)
    if not batched:
        at = 0 if batch_first else 1
        same = query is key, key is value
        query = query.unsqueeze(at)
        key = query if same[0] else key.unsqueeze(at)
        value = key if same[1] else value.unsqueeze(at)
        padding = None if padding is None else padding.unsqueeze(0)
    n_at, l_at = (0, 1) if batch_first else (1, 0)
    batch, length, keys = query.shape[n_at], query.shape[l_at], key.shape[l_at]
    other = None if mask is None else mask._a.dtype
    padding = canonical_mask(padding, "key_padding_mask", other, "attn_mask", query)
    if is_causal and mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module "
            "method `generate_square_subsequent_mask` to create this mask."
        )
    if is_causal and padding is None and not need_weights:
        mask = None  # what the hint says, without looking at it
    else:
        mask = canonical_mask(mask, "attn_mask", None, "", query, check=False)
        is_causal = False
    _check_weights(query, key, value, heads, packed, weights, embed_dim)
    mask = _check_mask(mask, length, keys, batch * heads)
    scale = 1 / math.sqrt(embed_dim // heads)
    alone = packed is not None and query is key and key is value and not need_weights
    plain = bias_k is None and bias_v is None and static_k is None and static_v is None
    if alone and plain and not zero_attn and dropout_p == 0 and (mask is None or not carries(mask)):
        _check_padding(padding, batch, keys)
        projected = linear(query, packed, bias)
        mask = _merged(mask, padding, batch, heads)
        if mask is not None:
            check_mask_dtype(mask, query)
            mask = mask.to(projected.dtype)
        run = (projected, mask, heads, scale, is_causal, batch_first)
        y, found = SelfAttention.run(run), None
    else:
        q, k, v = _projected(query, key, value, weights, bias, packed, batch_first)
        if bias_k is not None and bias_v is not None:
            if static_k is not None or static_v is not None:
                name = "key" if static_k is not None else "value"
                raise AssertionError(f"bias cannot be added to static {name}.")
            one = (batch, 1, -1) if batch_first else (1, batch, -1)
            k = cat([k, bias_k.expand(*one)], l_at)
            v = cat([v, bias_v.expand(*one)], l_at)
            mask, padding = _longer(mask), _longer(padding)
        elif bias_k is not None or bias_v is not None:
            name, missing = ("bias_k", "bias_v") if bias_v is None else ("bias_v", "bias_k")
            raise AssertionError(f"{name} is set but {missing} is None")
        if k.shape[n_at] != batch:
            shape = [k.shape[l_at], batch * heads, embed_dim // heads]
            raise RuntimeError(f"shape '{shape}' is invalid for input of size {k.numel()}")
        q, k, v = (_split(x, heads, batch_first) for x in (q, k, v))  # (N, H, L, W)
        width = embed_dim // heads
        if static_k is not None:
            k = _static("static_k", static_k, batch * heads, width).unflatten(0, (batch, heads))
        if static_v is not None:
            v = _static("static_v", static_v, batch * heads, width).unflatten(0, (batch, heads))
        if zero_attn:
            k, v = (cat([x, x.new_zeros((batch, heads, 1, width))], 2) for x in (k, v))
            mask, padding = _longer(mask), _longer(padding)
        _check_padding(padding, batch, k.shape[2])
        mask = _merged(mask, padding, batch, heads)
        if mask is not None and not need_weights:
            check_mask_dtype(mask, query)
        if need_weights:
            _check_dtypes(mask, query)
            y, found = _weighted(q, k, v, mask, dropout_p, scale)
        elif dropout_p > 0 or (mask is not None and carries(mask)):
            y, found = plain_attention(q, k, v, mask, dropout_p, is_causal, scale)[0], None
        else:
            if mask is not None and mask._a.dtype is not q._a.dtype:
                mask = mask.to(q.dtype)
            y, found = Attention.run((q, k, v, mask, scale, is_causal)), None
        y = y.transpose(1, 2) if batch_first else y.permute(2, 0, 1, 3)
        y = y.flatten(2)
    y = linear(y, out_weight, out_bias)
    if found is not None and average:
        found = found.mean(1)
    if not batched:
        y = y.squeeze(n_at)
        found = None if found is None else found.squeeze(0)
    return y, found


def _split(x: Tensor, heads: int, batch_first: bool) -> Tensor:
    x = x.view(*x._a.shape[:2], heads, x._a.shape[2] // heads)
    return x.transpose(1, 2) if batch_first else x.permute(1, 2, 0, 3)


def _longer(mask: Tensor | None) -> Tensor | None:
    """The mask for one key more, which is seen."""
    return None if mask is None else cat([mask, mask.new_zeros((*mask.shape[:-1], 1))], -1)


def _check_mask(mask: Tensor | None, length: int, keys: int, count: int) -> Tensor | None:
    """mask (L, S) or (N H, L, S) as (1 or N H, L, S). RuntimeError: another shape."""
    if mask is None:
        return None
    n = mask.dim()
    expected = (length, keys) if n == 2 else (count, length, keys)
    if tuple(mask.shape) != expected:
        raise RuntimeError(
            f"The shape of the {n}D attn_mask is {mask.shape}, but should be {expected}."
        )
    return mask.unsqueeze(0) if n == 2 else mask


def _check_padding(padding: Tensor | None, batch: int, keys: int) -> None:
    if padding is None:
        return
    for dim, size in ((0, batch), (1, keys)):
        if padding.shape[dim] != size:
            raise AssertionError(
                f"Expected key_padded_mask.shape[{dim}] to be {size}, but got {padding.shape[dim]}"
            )


def _merged(mask: Tensor | None, padding: Tensor | None, batch: int, heads: int) -> Tensor | None:
    """Both masks as one for (N, H, L, S)."""
    if mask is not None:
        mask = mask.unsqueeze(0) if mask.shape[0] == 1 else mask.unflatten(0, (batch, heads))
    if padding is None:
        return mask
    padding = padding.unsqueeze(1).unsqueeze(1)
    return padding if mask is None else mask + padding


def _check_dtypes(mask: Tensor | None, query: Tensor) -> None:
    """RuntimeError: the mask has another dtype than the query (before autocast, if it is on)."""
    if mask is not None and mask._a.dtype != query._a.dtype:
        x = c_name(query)
        raise RuntimeError(
            f"Input dtypes must be the same, got: input {c_name(mask)}, batch1: {x}, batch2: {x}"
        )


def _weighted(q, k, v, mask, dropout_p, scale) -> tuple[Tensor, Tensor]:
    """y and the weights, after dropout; a row without keys is nan, as in PyTorch."""
    scores = (q * scale).matmul(k.transpose(-2, -1))
    if mask is not None:
        scores = scores + mask.to(scores.dtype)
    weights = scores.softmax(-1)
    if dropout_p > 0:
        checked("dropout", weights, dropout_p)
        weights = dropped(weights, dropout_p, True, False)
    return weights.matmul(v), weights


@composite(
    "multi_head_attention_forward(query: Tensor, key: Tensor, value: Tensor, "
    "embed_dim_to_check: int, num_heads: int, in_proj_weight: Tensor | None, "
    "in_proj_bias: Tensor | None, bias_k: Tensor | None, bias_v: Tensor | None, "
    "add_zero_attn: bool, dropout_p: float, out_proj_weight: Tensor, "
    "out_proj_bias: Tensor | None, training: bool = True, key_padding_mask: Tensor | None = None, "
    "need_weights: bool = True, attn_mask: Tensor | None = None, "
    "use_separate_proj_weight: bool = False, q_proj_weight: Tensor | None = None, "
    "k_proj_weight: Tensor | None = None, v_proj_weight: Tensor | None = None, "
    "static_k: Tensor | None = None, static_v: Tensor | None = None, "
    "average_attn_weights: bool = True, is_causal: bool = False)",
    at="F",
)
def multi_head_attention_forward(
    query,
    key,
    value,
    embed_dim_to_check,
    num_heads,
    in_proj_weight,
    in_proj_bias,
    bias_k,
    bias_v,
    add_zero_attn,
    dropout_p,
    out_proj_weight,
    out_proj_bias,
    training=True,
    key_padding_mask=None,
    need_weights=True,
    attn_mask=None,
    use_separate_proj_weight=False,
    q_proj_weight=None,
    k_proj_weight=None,
    v_proj_weight=None,
    static_k=None,
    static_v=None,
    average_attn_weights=True,
    is_causal=False,
):
    """What nn.MultiheadAttention computes, its parameters given: (output, weights or None).

    shape   query (L, N, E), key (S, N, Eₖ), value (S, N, Eᵥ), or all without N -> (L, N, E), and
            weights (N, L, S), or (N, H, L, S) unless average_attn_weights
    masks   key_padding_mask (N, S), attn_mask (L, S) or (N H, L, S): bool, True is not seen; or
            numbers, which are added
    errors  AssertionError, RuntimeError: shapes or dtypes that do not fit, is_causal without mask
    source  Vaswani et al. 2017, arXiv:1706.03762
    """
    separate = (q_proj_weight, k_proj_weight, v_proj_weight)
    return attend(
        query,
        key,
        value,
        embed_dim_to_check,
        num_heads,
        None if use_separate_proj_weight else in_proj_weight,
        separate if use_separate_proj_weight else None,
        in_proj_bias,
        bias_k,
        bias_v,
        add_zero_attn,
        dropout_p if training else 0.0,
        out_proj_weight,
        out_proj_bias,
        key_padding_mask,
        need_weights,
        attn_mask,
        static_k,
        static_v,
        average_attn_weights,
        is_causal,
    )
