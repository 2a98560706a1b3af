"""NumPy's arrays, scalars and dtypes in a pickle: numbers and text, made from checked parts.

NumPy's own `__setstate__` is never called: given a dtype again with another itemsize it would read
beyond an array's memory. A dtype is computed from its code, byte order and itemsize and never
changed; an array is made from bytes of exactly its size.
"""

from __future__ import annotations

import re
from math import prod
from pickle import UnpicklingError
from typing import Any

import numpy as np

from .errors import brief

__all__ = [
    "array_from_buffer",
    "array_from_state",
    "dtype_from_state",
    "empty_array",
    "numpy_scalar",
    "plain_dtype",
    "sizes",
]

_CODE = re.compile(r"([<>=|]?)([biufcSU?])(\d{0,9})")
_WIDTHS = {
    "b": (1,), "i": (1, 2, 4, 8), "u": (1, 2, 4, 8), "f": (2, 4, 8, 16), "c": (8, 16, 32), "?": (1,)
}  # fmt: skip
_MAX_ITEM = 1 << 24
MAX_DIMENSIONS = 64
LARGEST = 2**63 - 1


def sizes(values: Any, what: str = "sizes") -> tuple[int, ...]:
    """A tuple of ints from 0 to 2^63 - 1. UnpicklingError: anything else."""
    if type(values) not in (tuple, list) and not isinstance(values, tuple):
        raise UnpicklingError(f"broken {what}: {brief(values)}")
    if len(values) > MAX_DIMENSIONS:
        raise UnpicklingError(f"broken {what}: {len(values)} dimensions")
    for n in values:
        if type(n) is not int or not 0 <= n <= LARGEST:
            raise UnpicklingError(f"broken {what}: {brief(n)} is not one")
    return tuple(values)


def plain_dtype(code: Any = None, align: Any = False, copy: Any = True) -> np.dtype[Any]:
    """numpy.dtype of numbers, bool or text; always a new object."""
    found = _CODE.fullmatch(code) if type(code) is str else None
    if found is None:
        raise UnpicklingError(f"numpy.dtype({brief(code)}) is not allowed: only numbers and text")
    order, letter, digits = found.groups()
    width = int(digits) if digits else None
    if letter in "SU":
        if width is None or width * (4 if letter == "U" else 1) > _MAX_ITEM:
            raise UnpicklingError(f"numpy.dtype({brief(code)}): text needs a length in bounds")
    elif width is not None and width not in _WIDTHS[letter]:
        raise UnpicklingError(f"numpy.dtype({brief(code)}) is not allowed: no such width")
    return np.dtype(f"{order}{letter}{digits}", copy=True)


def dtype_from_state(dtype: np.dtype[Any], state: Any) -> np.dtype[Any]:
    """The dtype with the byte order of a state; all else in the state must agree with it."""
    # (version, byte order, subdtype, names, fields, itemsize, alignment, flags)
    if type(state) is not tuple or len(state) != 8 or any(x is not None for x in state[2:5]):
        raise UnpicklingError("structured NumPy dtypes are not allowed")
    version, order, _, _, _, itemsize, alignment, flags = state
    if any(type(x) is not int for x in (version, itemsize, alignment, flags)):
        raise UnpicklingError("broken state of a NumPy dtype")
    if version not in (3, 4) or order not in ("<", ">", "=", "|") or type(order) is not str:
        raise UnpicklingError("broken state of a NumPy dtype")
    if itemsize not in (-1, dtype.itemsize):
        raise UnpicklingError(
            f"a NumPy dtype of {dtype.itemsize} bytes whose state says {brief(itemsize)}"
        )
    return dtype.newbyteorder("<" if order == "<" else ">") if order in "<>" else dtype


def _checked(dtype: Any, shape: tuple[int, ...], data: Any) -> np.dtype[Any]:
    """The dtype, if `data` are the bytes of an array of this shape."""
    if not isinstance(dtype, np.dtype) or dtype.kind not in "biufcSU" or dtype.hasobject:
        raise UnpicklingError(f"NumPy data of {brief(dtype)} are not allowed: numbers and text are")
    if type(data) not in (bytes, bytearray):
        raise UnpicklingError("a NumPy value needs its bytes")
    if prod(n for n in shape if n) > LARGEST or prod(shape) * dtype.itemsize != len(data):
        raise UnpicklingError(f"a NumPy array needs other bytes than the {len(data)} it has")
    if dtype.itemsize == 0 and shape:
        raise UnpicklingError("NumPy arrays of empty text are not allowed")
    if dtype.kind == "U" and len(data):
        points = np.frombuffer(data, np.dtype("u4").newbyteorder(dtype.byteorder))
        if points.max() > 0x10FFFF:
            raise UnpicklingError("NumPy text with characters that do not exist")
    if dtype.kind == "b" and len(data) and np.frombuffer(data, np.uint8).max() > 1:
        raise UnpicklingError("NumPy bools that are neither 0 nor 1")
    return dtype


def empty_array(cls: Any = None, shape: Any = None, code: Any = None) -> np.ndarray:
    """numpy._core.multiarray._reconstruct: an array whose state is still to come."""
    if cls is not np.ndarray:
        raise UnpicklingError("an array of another class than numpy.ndarray is not allowed")
    return np.empty(0, np.int8)


def array_from_state(state: Any) -> np.ndarray:
    """The array of a state (version, shape, dtype, is Fortran order, bytes)."""
    if type(state) is not tuple or len(state) != 5 or type(state[4]) is not bytes:
        raise UnpicklingError("broken state of a NumPy array")
    return array_from_buffer(state[4], state[2], state[1], "F" if state[3] is True else "C")


def array_from_buffer(data: Any, dtype: Any, shape: Any, order: Any = "C") -> np.ndarray:
    """numpy._core.numeric._frombuffer: how protocol 5 writes arrays."""
    shape = sizes(shape)
    if order not in ("C", "F") or type(order) is not str:
        raise UnpicklingError("broken order of a NumPy array")
    dtype = _checked(dtype, shape, data)
    array = np.frombuffer(bytearray(data), dtype)
    return array.reshape(shape, order="F" if order == "F" else "C")


def numpy_scalar(dtype: Any = None, data: Any = None) -> Any:
    """numpy._core.multiarray.scalar"""
    dtype = _checked(dtype, (), data)
    if dtype.itemsize == 0:
        return np.str_("") if dtype.kind == "U" else np.bytes_(b"")
    return np.frombuffer(data, dtype)[0]
