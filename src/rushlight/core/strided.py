"""Views of a storage by sizes, strides and offset: the one check that all of them pass.

as_strided, as_strided_, as_strided_scatter, set_, empty_strided and unfold take these numbers from
the caller; NumPy's own as_strided checks none of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from operator import index
from typing import Any

import numpy as np

from .memory import address, flat_bytes, storage_array

__all__ = ["as_sizes", "bytes_under", "check_view", "required", "restrided", "view_of"]

LARGEST = 2**63 - 1


def as_sizes(values: Any, function: str, name: str, position: int) -> tuple[int, ...]:
    """A tuple of ints. TypeError in PyTorch's words: anything else, a bool included."""
    what = f"{function}(): argument '{name}' (position {position}) must be tuple of ints"
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise TypeError(f"{what}, not {type(values).__name__}")
    found = []
    for i, value in enumerate(values):
        if type(value) is not int:
            if isinstance(value, (bool, float)) or not hasattr(value, "__index__"):
                raise TypeError(
                    f"{what}, but found element of type {type(value).__name__} at pos {i}"
                )
            value = index(value)
        if not -LARGEST - 1 <= value <= LARGEST:
            raise ValueError("Overflow when unpacking long long")
        found.append(value)
    return tuple(found)


def required(size: tuple[int, ...], stride: tuple[int, ...], itemsize: int) -> int:
    """Elements from the first to behind the last one. RuntimeError: too many, or a negative size or
    stride."""
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    count = 0
    if 0 not in size:
        count = 1 + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    if min(size, default=0) < 0 or min(stride, default=0) < 0 or count * itemsize > LARGEST:
        raise RuntimeError(
            f"Storage size calculation overflowed with sizes={list(size)} and "
            f"strides={list(stride)}"
        )
    if prod(n for n in size if n) * itemsize > LARGEST:
        raise RuntimeError("numel: integer multiplication overflow")
    return count


def check_view(
    size: tuple[int, ...], stride: tuple[int, ...], offset: int, itemsize: int, nbytes: int | None
) -> None:
    """RuntimeError: the elements do not all lie inside a storage of so many bytes.

    nbytes None: the storage is still to be made.
    """
    if min(stride, default=0) < 0 and len(size) == len(stride):
        raise RuntimeError(
            "as_strided: Negative strides are not supported at the moment, got strides: "
            f"{list(stride)}"
        )
    count = required(size, stride, itemsize)
    if offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {offset}")
    if nbytes is not None and count and (offset + count) * itemsize > nbytes:
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, "
            f"and itemsize {itemsize} requiring a storage size of {(offset + count) * itemsize} "
            f"are out of bounds for storage of size {nbytes}"
        )


def bytes_under(a: np.ndarray) -> tuple[np.ndarray, int]:
    """(all bytes of the storage of an array, the offset in it in elements of the array).

    Bytes in front that are no whole element are left out. A storage with gaps is copied.
    """
    root = storage_array(a)
    memory = flat_bytes(root)
    if memory is None:
        memory = flat_bytes(np.ravel(root, order="K"))
        assert memory is not None
    start = address(a) - address(root) if a.size else 0
    odd = start % a.itemsize
    if odd:
        memory = memory[odd:]
    return memory, start // a.itemsize


def view_of(
    memory: np.ndarray, kind: np.dtype, size: tuple[int, ...], stride: tuple[int, ...], offset: int
) -> np.ndarray:
    """The array over a row of bytes; `check_view` has been asked."""
    unit = kind.itemsize
    # the stride of a dimension of one element is never walked, and may be larger than NumPy's
    strides = [
        s * unit if n > 1 else min(s, 1 << 32) * unit for n, s in zip(size, stride, strict=True)
    ]
    if type(memory) is not np.ndarray and hasattr(memory, "cell"):  # on another device
        found: Any = memory
        return found.over(kind, size, strides, offset * unit)
    if 0 in size:
        return np.lib.stride_tricks.as_strided(memory[:0].view(kind), size, [0] * len(size))
    return np.ndarray(size, kind, memory, offset * unit, strides)


def restrided(x: Any, shape: Any, strides: Any) -> Any:
    """NumPy's as_strided of an array of any device; strides in bytes."""
    if type(x) is not np.ndarray and hasattr(x, "cell"):
        return x.strided(shape, strides)
    return np.lib.stride_tricks.as_strided(x, shape, strides)
