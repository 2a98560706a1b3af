"""Attention with the scores changed by a function: torch.nn.attention.flex_attention.

The plain way: functions are called once, on tensors of indices (B, 1, 1, 1), (1, H, 1, 1),
(1, 1, T, 1), (1, 1, 1, S), which broadcast against each other, and the scores (B, H, T, S) exist
as a whole. Blocks of a BlockMask are counted, not skipped.

    B batch, H heads, T queries, S keys, E numbers of a query and a key, D of a value
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ...core.device import get_default_device
from ...core.memory import on_host
from ...core.notices import warn
from ...core.tensor import Tensor, wrap
from ...kernels import as_array
from ...ops.attention import scaled_dot_product_attention
from ...ops.creation import zeros
from ...ops.ternary import where
from .block_mask import _DEFAULT_SPARSE_BLOCK_SIZE, BlockMask, noop_mask, ordered

__all__ = [
    "AuxOutput",
    "AuxRequest",
    "BlockMask",
    "FlexKernelOptions",
    "and_masks",
    "create_block_mask",
    "create_mask",
    "flex_attention",
    "noop_mask",
    "or_masks",
]

_Function = Callable[..., Tensor]
FlexKernelOptions = dict


class AuxRequest(NamedTuple):
    """What flex_attention is to return besides."""

    lse: bool = False
    max_scores: bool = False


class AuxOutput(NamedTuple):
    """What it returned: lse (B, H, T), the logarithm of each row's Σ exp."""

    lse: Tensor | None = None
    max_scores: Tensor | None = None


def _combined(functions: tuple, all_of_them: bool) -> _Function:
    if not all(callable(f) for f in functions):
        raise RuntimeError(f"All inputs should be callable mask_mods: {functions}")

    def mask(b: Tensor, h: Tensor, q_idx: Tensor, kv_idx: Tensor) -> Tensor:
        result = b.new_full((), all_of_them, dtype=_BOOL)
        for f in functions:
            one = f(b, h, q_idx, kv_idx)
            result = result & one if all_of_them else result | one
        return result

    mask.__name__ = "and_mask" if all_of_them else "or_mask"
    return mask


def and_masks(*mask_mods: _Function) -> _Function:
    """The mask that is True where all of these are."""
    return _combined(mask_mods, True)


def or_masks(*mask_mods: _Function) -> _Function:
    """The mask that is True where one of these is."""
    return _combined(mask_mods, False)


_BOOL = zeros((), dtype=None).bool().dtype


def _indices(b: int, h: int, t: int, s: int, device: Any) -> list[Tensor]:
    """The tensors of indices that functions get: int32, broadcasting against each other."""
    shapes = ((b, 1, 1, 1), (1, h, 1, 1), (1, 1, t, 1), (1, 1, 1, s))
    return [
        wrap(np.arange(n, dtype=np.int32).reshape(shape)).to(device)
        for n, shape in zip((b, h, t, s), shapes, strict=True)
    ]


def _seen(mask_mod: _Function, b: int, h: int, t: int, s: int, device: Any) -> Any:
    """mask_mod as an array, bool (B or 1, H or 1, T, S)."""
    mask = mask_mod(*_indices(b, h, t, s, device))
    found = as_array(mask._a if isinstance(mask, Tensor) else mask)
    found = found.reshape((1,) * (4 - found.ndim) + found.shape).astype(bool)
    return np.broadcast_to(found, (*found.shape[:2], t, s))


def create_mask(
    mod_fn: _Function,
    B: int | None,
    H: int | None,
    Q_LEN: int,
    KV_LEN: int,
    device: Any = None,
) -> Tensor:
    """The bool mask (B, H, Q_LEN, KV_LEN) of a mask_mod; of a score_mod: where it is not -inf.

    B, H None: 1
    """
    b, h = B or 1, H or 1
    device = get_default_device() if device is None else device
    count = _positional(mod_fn)
    if count == 5:
        scores = zeros((b, h, Q_LEN, KV_LEN), device=device)
        changed = mod_fn(scores, *_indices(b, h, Q_LEN, KV_LEN, device))
        return wrap(np.broadcast_to(~np.isneginf(changed._a), scores._a.shape).copy())
    if count != 4:
        raise AssertionError(f"Expected 4 or 5 positional args, got {count}")
    found = _seen(mod_fn, b, h, Q_LEN, KV_LEN, device)
    return wrap(np.broadcast_to(found, (b, h, Q_LEN, KV_LEN)).copy())


def _positional(function: _Function) -> int:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return sum(p.kind in kinds and p.default is inspect.Parameter.empty for p in parameters)


def create_block_mask(
    mask_mod: _Function,
    B: int | None,
    H: int | None,
    Q_LEN: int,
    KV_LEN: int,
    device: Any = None,
    BLOCK_SIZE: int | tuple[int, int] = _DEFAULT_SPARSE_BLOCK_SIZE,
    _compile: bool = False,
    separate_full_blocks: bool = True,
    compute_dq_write_order: bool = False,
    dq_kv_order: bool = True,
) -> BlockMask:
    """The mask mask_mod(b, h, q_idx, kv_idx) with its blocks counted: empty, partial, full.

    B, H                  None: the same for all
    separate_full_blocks  full blocks are counted apart
    errors                TypeError: mask_mod is no function; NotImplementedError:
                          compute_dq_write_order (for kernels on GPUs)
    """
    if compute_dq_write_order:
        raise NotImplementedError(
            "create_block_mask(compute_dq_write_order=True): there is no kernel here that writes "
            "in an order; fix: leave it out"
        )
    if not callable(mask_mod):
        raise TypeError(f"{mask_mod!r} is not a callable object")
    size = (BLOCK_SIZE, BLOCK_SIZE) if isinstance(BLOCK_SIZE, int) else tuple(BLOCK_SIZE)
    mask = on_host(create_mask(mask_mod, B, H, Q_LEN, KV_LEN, device)._a)
    b, h = mask.shape[:2]
    rows, cols = (math.ceil(n / k) for n, k in zip((Q_LEN, KV_LEN), size, strict=True))
    padded = np.zeros((b, h, rows * size[0], cols * size[1]), bool)
    padded[:, :, :Q_LEN, :KV_LEN] = mask
    blocks = padded.reshape(b, h, rows, size[0], cols, size[1])
    seen = blocks.sum((3, 5))
    full = seen == size[0] * size[1] if separate_full_blocks else np.zeros(seen.shape, bool)
    kv = [*ordered((seen > 0) & ~full), *(ordered(full) if separate_full_blocks else (None, None))]
    return BlockMask.from_kv_blocks(
        *kv, BLOCK_SIZE=size, mask_mod=mask_mod, seq_lengths=(Q_LEN, KV_LEN)
    )


def _check(query: Tensor, key: Tensor, value: Tensor, block_mask: Any, enable_gqa: bool) -> None:
    for x in (query, key, value):
        if x.dim() != 4:
            raise NotImplementedError("NYI: query, key, and value must be 4D tensors")
    (b, h), (kv_b, kv_h) = query.shape[:2], key.shape[:2]
    if b != kv_b and block_mask is None:
        raise ValueError(
            "Expect query and key/value to have the same batch size, or non-none block_mask, but "
            f"got block_mask=None, Bq={b}, and Bkv={kv_b}."
        )
    if h != kv_h and not enable_gqa:
        raise ValueError(
            "Expect query and key/value to have the same number of heads but got "
            f"Hq={h} and Hkv={kv_h}. Try setting enable_gqa=True for GQA."
        )
    if enable_gqa and h % kv_h:
        raise ValueError(
            "Expect number of query heads to be a multiple of kv heads for GQA but got "
            f"Hq={h} and Hkv={kv_h}."
        )
    if block_mask is None:
        return
    q_len, kv_len = query.shape[-2], key.shape[-2]
    if block_mask.seq_lengths != (q_len, kv_len):
        raise ValueError(
            f"block_mask was created for block_mask.shape={block_mask.shape} but got "
            f"q_len={q_len} and kv_len={kv_len}."
        )


def flex_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    score_mod: _Function | None = None,
    block_mask: BlockMask | None = None,
    scale: float | None = None,
    enable_gqa: bool = False,
    return_lse: bool = False,
    kernel_options: Any = None,
    *,
    return_aux: AuxRequest | None = None,
) -> Any:
    """y = softmax(score_mod(q kᵀ scale, b, h, q_idx, kv_idx), -inf where the mask is False) v

    score_mod       is called once, on all scores and on indices that broadcast against them
    block_mask      of create_block_mask; its mask_mod is what counts
    scale           1 / √E by default
    kernel_options  accepted: there is one way
    return_aux      AuxRequest(lse=True): (y, AuxOutput) with lse (B, H, T)
    shape           query (B, H, T, E), key (B, H, S, E), value (B, H, S, D) -> (B, H, T, D)
    grad            of everything that score_mod uses, too; a row without keys is 0
    errors          NotImplementedError: not 4 dimensions, max_scores; ValueError: sizes that do not
                    fit
    source          Dong et al. 2024, arXiv:2412.05496
    """
    if return_lse and return_aux is not None:
        raise ValueError(
            "Cannot specify both return_lse and return_aux. return_lse is deprecated, please use "
            "return_aux=AuxRequest(lse=True) instead."
        )
    if return_lse:
        warn(
            "return_lse is deprecated and will be removed in v2.10. Please use "
            "return_aux=AuxRequest(lse=True) instead.",
            FutureWarning,
        )
    if return_aux is not None and return_aux.max_scores:
        raise NotImplementedError("Returning max scores is not supported on CPU/MPS.")
    _check(query, key, value, block_mask, enable_gqa)
    (b, h, t, e), s = query.shape, key.shape[-2]
    scale = 1 / math.sqrt(e) if scale is None else scale
    seen = None
    if block_mask is not None:
        seen = wrap(_seen(block_mask.mask_mod, b, h, t, s, query.device).copy())
    wants_lse = return_lse or return_aux is not None
    if score_mod is None and not wants_lse:
        return scaled_dot_product_attention(
            query, key, value, seen, scale=scale, enable_gqa=enable_gqa
        )
    if enable_gqa and h != key.shape[1]:
        key, value = (x.repeat_interleave(h // x.shape[1], 1) for x in (key, value))
    scores = query.matmul(key.transpose(-2, -1)) * scale
    if score_mod is not None:
        scores = score_mod(scores, *_indices(b, h, t, s, query.device)).to(scores.dtype)
    if seen is not None:
        scores = where(seen, scores, -math.inf)
    lse = scores.logsumexp(-1)
    dead = wrap(np.isneginf(lse._a))
    weights = (scores - lse.masked_fill(dead, 0.0).unsqueeze(-1)).exp()
    y = weights.matmul(value)
    if return_aux is not None:
        return y, AuxOutput(lse=lse if return_aux.lse else None)
    return (y, lse) if return_lse else y
