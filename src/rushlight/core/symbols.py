"""Names for sizes that stay unknown while a program is traced: there are none here.

The classes are for `isinstance(n, (int, torch.SymInt))`: nothing is an instance of them. The
functions work on Python's numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

import numpy as np

__all__ = [
    "SymBool",
    "SymFloat",
    "SymInt",
    "sym_constrain_range",
    "sym_constrain_range_for_size",
    "sym_float",
    "sym_int",
    "sym_ite",
    "sym_max",
    "sym_min",
    "sym_not",
    "sym_sqrt",
    "sym_sum",
]

_REAL = (np.integer, np.floating, int, float)


class _Symbol:
    def __init__(self, node: Any):
        raise NotImplementedError(
            f"{type(self).__name__}: rushlight does not trace, so all sizes are Python's ints"
        )


class SymInt(_Symbol):
    """An int that is not known yet; making one raises NotImplementedError."""


class SymFloat(_Symbol):
    """A float that is not known yet; making one raises NotImplementedError."""


class SymBool(_Symbol):
    """A bool that is not known yet; making one raises NotImplementedError."""


for _kind in (SymInt, SymFloat, SymBool):
    _kind.__module__ = "torch"


def sym_int(a: Any) -> int:
    """int(a)"""
    return int(a)


def sym_float(a: Any) -> float:
    """float(a)"""
    return float(a)


def sym_not(a: Any) -> bool:
    """not a"""
    return not a


def sym_sqrt(a: Any) -> float:
    """√a"""
    return math.sqrt(a)


def _real(*values: Any) -> None:
    for v in values:
        if not isinstance(v, _REAL):
            raise AssertionError(f"expected {_REAL}, got {type(v)}")


def sym_max(a: Any, b: Any) -> Any:
    """The larger of two numbers; a float if one of them is. AssertionError: no numbers"""
    _real(a, b)
    return float(max(a, b)) if isinstance(a, float) or isinstance(b, float) else max(a, b)


def sym_min(a: Any, b: Any) -> Any:
    """The smaller of two numbers; a float if one of them is. AssertionError: no numbers"""
    _real(a, b)
    return float(min(a, b)) if isinstance(a, float) or isinstance(b, float) else min(a, b)


def sym_sum(args: Sequence | Iterable) -> Any:
    """The sum of numbers"""
    return sum(args)


def sym_ite(b: bool, t: Any, f: Any) -> Any:
    """t if b else f. AssertionError: b is no bool, t and f are of different types"""
    if not isinstance(b, bool):
        raise AssertionError(f"expected SymBool or bool, got {type(b)}")
    if type(t) is not type(f):
        raise AssertionError(f"type mismatch: {type(t)} vs {type(f)}")
    return t if b else f


def sym_constrain_range(size: int, *, min: int | None = None, max: int | None = None) -> None:
    """RuntimeError: size lies outside [min, max]"""
    low, high = -math.inf if min is None else min, math.inf if max is None else max
    if not low <= size <= high:
        _outside(size, low, high)


def sym_constrain_range_for_size(
    size: int, *, min: int | None = None, max: int | None = None
) -> None:
    """RuntimeError: size is negative, or lies outside [min, max]"""
    sym_constrain_range(size, min=0 if min is None else min, max=max)


def _outside(size: int, low: Any, high: Any) -> NoReturn:
    raise RuntimeError(f"Invalid value range for {size} between [{low}, {high}].")
