"""torch._prims_common: the few names of it that packages use."""

from __future__ import annotations

from typing import Any

from ..core.dtype import promote_types as get_higher_dtype
from ..core.tensor import Tensor
from ..core.tensor import Tensor as TensorLike

__all__ = ["TensorLike", "get_higher_dtype", "is_contiguous", "is_contiguous_or_false"]

Number = int | float | bool | complex
NumberType = Number


def is_contiguous(a: Tensor) -> bool:
    """a.is_contiguous()"""
    return a.is_contiguous()


is_contiguous_or_false = definitely_contiguous = is_contiguous


def is_float_dtype(dtype: Any) -> bool:
    """Is this a real floating dtype?"""
    return dtype.is_floating_point


def is_integer_dtype(dtype: Any) -> bool:
    """Is this an integer dtype, or bool?"""
    return not dtype.is_floating_point and not dtype.is_complex


def is_boolean_dtype(dtype: Any) -> bool:
    """Is this torch.bool?"""
    return str(dtype) == "torch.bool"


def is_complex_dtype(dtype: Any) -> bool:
    """Is this a complex dtype?"""
    return dtype.is_complex
