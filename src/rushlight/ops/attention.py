"""Attention: each query's mean of the values, weighted by how well their keys fit it.

T queries, S keys, E numbers of a query and a key, D of a value; * leading dimensions (batch,
heads), which broadcast
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.dtype import from_numpy_dtype, scalar_name
from ..core.notices import warn
from ..core.predicates import carries
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import not_a_tensor
from ..dispatch.promotion import real
from ..dispatch.registry import composite, internal
from ..kernels import K
from .dropout import dropped
from .narrow import is_narrow, rounded, wide

# which ways are permitted: the switches of torch.backends.cuda and torch.nn.attention.sdpa_kernel
ENABLED = {"flash": True, "mem_efficient": True, "math": True, "cudnn": True}


@internal(
    "attention",
    tensors=3,
    extras=("lse",),
    node="ScaledDotProductFlashAttentionForCpu",
    quiet=False,
    fresh=True,
)
class Attention:
    """y = softmax(q kᵀ scale + mask) v, without the matrix of weights (T, S)

    mask    None, bool (False: not seen) or numbers, broadcast to (*, T, S); it has no gradient
            here
    lse     the logarithm of each row's Σ exp, from which backward makes the weights anew
    grad    with p the weights: dv = pᵀ dy, ds = p (dy vᵀ - Σ dy y), dq = scale ds k,
            dk = scale dsᵀ q
    source  Dao 2023, arXiv:2307.08691; Milakov, Gimelshein 2018, arXiv:1805.02867
    """

    def forward(q, k, v, mask, scale, causal):
        if is_narrow(q):
            y, lse = K.attention(wide(q), wide(k), wide(v), wide(mask), scale, causal)
            return rounded(y, q), lse
        return K.attention(q, k, v, mask, scale, causal)

    def backward(c, dy, q, k, v, out, lse, mask, scale, causal):
        given = (dy, q, k, v, out)
        if is_narrow(q):
            given, mask = tuple([wide(x) for x in given]), wide(mask)
        found = K.attention_dx(*given, lse, mask, scale, causal)
        return tuple(
            [
                rounded(K.sum_to(dx, x.shape), x) if c.needs(i) else None
                for i, (dx, x) in enumerate(zip(found, (q, k, v), strict=True))
            ]
        )


_C_NAMES = {
    "half": "c10::Half",
    "bfloat16": "c10::BFloat16",
    "long": "long int",
    "short": "short int",
    "byte": "unsigned char",
    "char": "signed char",
    "complexfloat": "c10::complex<float>",
    "complexdouble": "c10::complex<double>",
}


def c_name(x: Tensor) -> str:
    """x's dtype as PyTorch's C++ messages name it."""
    name = scalar_name(from_numpy_dtype(x._a.dtype)).lower()
    return _C_NAMES.get(name, name)


def check_mask_dtype(mask: Tensor, query: Tensor) -> None:
    """RuntimeError unless the mask is bool, float32 or of the query's dtype."""
    d = mask._a.dtype
    if d != query._a.dtype and d.kind != "b" and d != np.float32:
        raise RuntimeError(
            "Expected attn_mask dtype to be bool or float or to match query dtype, but got "
            f"attn_mask.dtype: {c_name(mask)} and  query.dtype: {c_name(query)} instead."
        )


def _check_numbers(dropout_p: Any, is_causal: Any, scale: Any) -> None:
    """TypeError in PyTorch's words: numbers that are none."""
    given = {"dropout_p": (dropout_p, "float", (int, float, np.number))}
    given["is_causal"] = (is_causal, "bool", (bool, np.bool_))
    if scale is not None:
        given["scale"] = (scale, "float", (int, float, np.number))
    for name, (value, wanted, types) in given.items():
        if not isinstance(value, types):
            raise TypeError(
                f"scaled_dot_product_attention(): argument '{name}' must be {wanted}, not "
                f"{type(value).__name__}"
            )


def _checked(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, causal: bool) -> None:
    """RuntimeError in PyTorch's words for what does not go together, but for sizes."""
    q, k, v = query._a, key._a, value._a
    if q.dtype != k.dtype or q.dtype != v.dtype:
        raise RuntimeError(
            "Expected query, key, and value to have the same dtype, but got query.dtype: "
            f"{c_name(query)} key.dtype: {c_name(key)} and value.dtype: {c_name(value)} instead."
        )
    if q.ndim < 2 or k.ndim < 2 or v.ndim < 2:
        raise RuntimeError(
            "Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: "
            f"{q.ndim} key.dim: {k.ndim} and value.dim: {v.ndim} instead."
        )
    if mask is not None:
        check_mask_dtype(mask, query)
        if causal:
            raise RuntimeError(
                "_scaled_dot_product_attention: Explicit attn_mask should not be set when "
                "is_causal=True"
            )


def _check_permitted(query: Tensor, key: Tensor, value: Tensor, dropout_p: float) -> None:
    """RuntimeError: nothing that `ENABLED` permits can compute this."""
    if ENABLED["math"]:
        return
    if not ENABLED["flash"]:
        raise RuntimeError(
            "No viable backend for scaled_dot_product_attention was found. This is likely due to "
            "turning off both the math kernel and the fused kernels."
        )
    reason = ""
    if dropout_p > 0:
        reason = "Both fused kernels do not support non-zero dropout."
    elif not query.ndim == key.ndim == value.ndim == 4:
        reason = (
            "All fused kernels requires query, key and value to be 4 dimensional, but got Query "
            f"dim: {query.ndim}, Key dim: {key.ndim}, Value dim: {value.ndim} instead."
        )
    if reason:
        warn("Flash attention kernel not used because:")
        warn(reason)
        raise RuntimeError("No available kernel.  Aborting execution.")


def _grouped(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Any:
    """The heads of the queries as (heads of the keys, queries of each), those of the keys once.

    None: the value has another number of heads than the key.
    """
    heads, groups = query.size(-3), key.size(-3)
    if groups == 0 or value.size(-3) == 0 or heads % groups or heads % value.size(-3):
        raise RuntimeError(
            "Number of heads in key and value must divide the number of heads in \n"
            f"  query has {heads} heads, key {groups}, value {value.size(-3)} (dimension -3)"
        )
    if value.size(-3) != groups:
        return None
    query = query.unflatten(-3, (groups, heads // groups))
    if mask is not None and mask.ndim > 2:
        mask = mask.unflatten(-3, (groups, -1)) if mask.size(-3) > 1 else mask.unsqueeze(-3)
    return query, key.unsqueeze(-3), value.unsqueeze(-3), mask


def _fits(q: tuple, k: tuple, v: tuple, mask: tuple | None) -> bool:
    """True if the kernel may take these shapes; else the plain way words what is wrong."""
    if q[-1] != k[-1] or k[-2] != v[-2]:
        return False
    lead = q[:-2]
    if k[:-2] != lead or v[:-2] != lead:
        try:
            lead = np.broadcast_shapes(lead, k[:-2], v[:-2])
        except ValueError:
            return False
    if mask is None:
        return True
    full = (*lead, q[-2], k[-2])
    if len(mask) < 2 or len(mask) > len(full):
        return False
    return all([m in (1, n) for m, n in zip(mask[::-1], full[::-1], strict=False)])


def plain_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    dropout_p: float,
    causal: bool,
    scale: float,
) -> tuple[Tensor, Tensor]:
    """(y, weights) by products and a softmax: for dropout, for a mask with a gradient."""
    if query._a.dtype.kind in "iub":
        raise RuntimeError(f"expected scalar type Float but found {scalar_name(query.dtype)}")
    root = math.sqrt(abs(scale)) if scale == scale else scale
    scores = (query * math.copysign(root, scale)).matmul(key.transpose(-2, -1) * root)
    if causal:
        seen = np.tri(query._a.shape[-2], key._a.shape[-2], dtype=bool)
        mask = wrap(seen).to(query.device)
    if mask is not None:
        if mask._a.dtype.kind == "b":
            mask = wrap(np.where(mask._a, 0, -np.inf).astype(np.float32)).to(scores.dtype)
        if mask.ndim < 2 and query.ndim == 4:
            mask.size(-2)  # IndexError, in PyTorch's words: its kernel wants both dimensions
        scores = scores.add_(mask.to(scores.dtype))
    weights = _weights(scores, mask is not None)
    if dropout_p > 0:
        weights = dropped(weights, dropout_p, True, False)
    return weights.matmul(value), weights


def _weights(scores: Tensor, masked: bool) -> Tensor:
    """softmax along the last dimension; 0 in a row that is -inf throughout."""
    if masked:
        dead = (scores._a == -np.inf).all(-1, keepdims=True)
        if type(dead) is not np.ndarray or dead.any():  # on a device nobody waits for the answer
            mask = wrap(dead)
            return scores.masked_fill(mask, 0.0).softmax(-1).masked_fill(mask, 0.0)
    return scores.softmax(-1)


@composite(
    "scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, "
    "attn_mask: Tensor | None = None, dropout_p: float = 0.0, is_causal: bool = False, "
    "*, scale: float | None = None, enable_gqa: bool = False)",
    at="F",
)
def scaled_dot_product_attention(
    query,
    key,
    value,
    attn_mask=None,
    dropout_p=0.0,
    is_causal=False,
    *,
    scale=None,
    enable_gqa=False,
):
    """y = dropout(softmax(q kᵀ scale + mask)) v

    attn_mask   bool: False is not seen; numbers: added; broadcast to (*, T, S)
    dropout_p   part of the weights that is put out, whatever the mode; with PyTorch's noise
    is_causal   query i sees keys 0 ... i
    scale       1 / √E by default
    enable_gqa  one head of key and value for several neighbouring heads of the query
    shape   query (*, T, E), key (*, S, E), value (*, S, D) -> (*, T, D)
    dtype   floating, the same for all; the mask bool, float32 or that one
    grad    of query, key, value and a mask of numbers; a row without keys is 0, so are its
            gradients
    errors  RuntimeError: sizes or dtypes that do not fit, a mask beside is_causal
    source  Vaswani et al. 2017, arXiv:1706.03762

    >>> q = tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> F.scaled_dot_product_attention(q, q, q, is_causal=True)
    tensor([[1.0000, 0.0000],
            [0.3302, 0.6698]])
    """
    for i, (name, x) in enumerate((("query", query), ("key", key), ("value", value))):
        if not isinstance(x, Tensor):
            raise not_a_tensor("scaled_dot_product_attention", name, i + 1, x)
    if attn_mask is not None and not isinstance(attn_mask, Tensor):
        raise not_a_tensor("scaled_dot_product_attention", "attn_mask", 4, attn_mask)
    if type(dropout_p) is not float or type(is_causal) is not bool or type(scale) is not float:
        _check_numbers(dropout_p, is_causal, scale)
    if type(attn_mask) not in (Tensor, type(None)) and hasattr(attn_mask, "_as_arguments"):
        attn_mask, is_causal = attn_mask._as_arguments(is_causal, query.device)  # a CausalBias
    _checked(query, key, value, attn_mask, is_causal)
    shape = query._a.shape
    if scale is None:
        scale = 1 / math.sqrt(shape[-1]) if shape[-1] else math.inf
    if not (ENABLED["math"] and ENABLED["flash"]):
        _check_permitted(query, key, value, dropout_p)
    grouped = False
    if enable_gqa:
        found = _grouped(query, key, value, attn_mask)
        if found is None:
            key = key.repeat_interleave(shape[-3] // key.size(-3), -3)
            value = value.repeat_interleave(shape[-3] // value.size(-3), -3)
        else:
            query, key, value, attn_mask = found
            grouped = True
    q, k, v = query._a, key._a, value._a
    mask = None if attn_mask is None else attn_mask._a
    if (
        dropout_p > 0
        or q.dtype.kind not in "fV"
        or (attn_mask is not None and carries(attn_mask))
        or not _fits(q.shape, k.shape, v.shape, None if mask is None else mask.shape)
    ):
        y = plain_attention(query, key, value, attn_mask, dropout_p, is_causal, scale)[0]
    else:
        if mask is not None and mask.dtype.kind != "b" and mask.dtype is not q.dtype:
            attn_mask = attn_mask.to(query.dtype)
        y = Attention.run((query, key, value, attn_mask, real(scale), bool(is_causal)))
    return y.flatten(-4, -3) if grouped else y
