"""Functions of sizes that a compiler would not know yet, on Python's numbers: there are no others
here.
"""

from __future__ import annotations

import math
from typing import Any

__all__ = ["sym_constrain_range", "sym_constrain_range_for_size", "sym_sqrt"]


def sym_sqrt(a: Any) -> float:
    """√a"""
    return math.sqrt(a)


def sym_constrain_range(size: int, *, min: int | None = None, max: int | None = None) -> None:
    """RuntimeError: size lies outside [min, max]"""
    low, high = -math.inf if min is None else min, math.inf if max is None else max
    if not low <= size <= high:
        raise RuntimeError(f"Invalid value range for {size} between [{low}, {high}].")


def sym_constrain_range_for_size(
    size: int, *, min: int | None = None, max: int | None = None
) -> None:
    """RuntimeError: size is negative, or lies outside [min, max]"""
    sym_constrain_range(size, min=0 if min is None else min, max=max)
