"""Causal masks by name: torch.nn.attention.bias."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np

from ...core.device import get_default_device
from ...core.notices import warn
from ...core.tensor import Tensor, wrap
from ...dispatch.overrides import disabled

__all__ = ["CausalBias", "CausalVariant", "causal_lower_right", "causal_upper_left"]


class CausalVariant(IntEnum):
    """Which corner of the mask the diagonal goes through."""

    UPPER_LEFT = 1
    LOWER_RIGHT = 2


class CausalBias(Tensor):
    """The bool mask (seq_len_q, seq_len_kv) of a variant; as attn_mask it costs no memory.

    UPPER_LEFT    query i sees keys 0 ... i: what is_causal=True means
    LOWER_RIGHT   the last query sees all keys, the one before it all but the last, ...
    """

    variant: CausalVariant
    seq_len_q: int
    seq_len_kv: int

    def __new__(cls, variant: CausalVariant, seq_len_q: int, seq_len_kv: int) -> Any:
        if not isinstance(variant, CausalVariant):
            raise AssertionError(f"variant must be a CausalVariant, got {type(variant).__name__}")
        shift = seq_len_kv - seq_len_q if variant is CausalVariant.LOWER_RIGHT else 0
        mask = wrap(np.tri(seq_len_q, seq_len_kv, shift, dtype=bool)).as_subclass(cls)
        if variant is CausalVariant.LOWER_RIGHT and seq_len_q > seq_len_kv:
            warn(
                "Lower right causal bias will produce NaNs in the output when seq_len_q > "
                "seq_len_kv!",
            )
        mask.variant, mask.seq_len_q, mask.seq_len_kv = variant, seq_len_q, seq_len_kv
        return mask

    def __init__(self, variant: CausalVariant, seq_len_q: int, seq_len_kv: int):
        pass

    def _materialize(self, device: Any = None) -> Tensor:
        """The mask as a plain Tensor on a device; None: the default device."""
        return self.as_subclass(Tensor).to(get_default_device() if device is None else device)

    def _as_arguments(self, is_causal: bool, device: Any) -> tuple[Tensor | None, bool]:
        """What it stands for: (attn_mask, is_causal) of scaled_dot_product_attention."""
        if is_causal:
            raise ValueError("CausalBias should not be used with causal=True")
        if self.variant is CausalVariant.UPPER_LEFT or self.seq_len_q == self.seq_len_kv:
            return None, True
        return self._materialize(device), False

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Functions see the mask; their results are plain tensors."""
        with disabled():
            return func(*args, **(kwargs or {}))


def causal_upper_left(*size: int) -> CausalBias:
    """The mask of is_causal=True, (S, T): query i sees keys 0 ... i."""
    return _of(CausalVariant.UPPER_LEFT, "causal_upper_left", size)


def causal_lower_right(*size: int) -> CausalBias:
    """The mask (S, T) whose diagonal ends in the lower right corner: the last query sees all."""
    return _of(CausalVariant.LOWER_RIGHT, "causal_lower_right", size)


def _of(variant: CausalVariant, name: str, size: tuple) -> CausalBias:
    if len(size) != 2:
        raise AssertionError(f"{name} only supports 2D tensors")
    return CausalBias(variant, *size)
