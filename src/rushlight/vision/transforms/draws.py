"""The random numbers of transforms: the draws from the global generator that torchvision makes."""

from __future__ import annotations

import numpy as np

from ...random import variates
from ...random.generator import default_generator

__all__ = ["draw_below", "draw_order", "draw_uniform"]

_F32, _I64 = np.dtype(np.float32), np.dtype(np.int64)


def draw_uniform(low: float = 0.0, high: float = 1.0) -> float:
    """`torch.empty(1).uniform_(low, high).item()`; without arguments `torch.rand(1).item()`."""
    return float(variates.uniform(1, _F32, low, high, default_generator)[0])


def draw_below(n: int) -> int:
    """`torch.randint(0, n, (1,)).item()`"""
    return int(variates.integers(1, _I64, 0, n, default_generator)[0])


def draw_order(n: int) -> list[int]:
    """`torch.randperm(n).tolist()`"""
    return variates.permutation(n, _I64, default_generator).tolist()
