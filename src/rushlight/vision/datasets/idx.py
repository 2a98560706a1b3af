"""IDX files, MNIST's format: 00 00, type, number of dimensions, sizes (big-endian), data."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import IO, Any

import numpy as np

from ...serialization.errors import LoadError, read_into, reading

__all__ = ["read_idx"]

_DTYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_BLOCK = 1 << 20
_MAX_RATIO = 1032  # the most that deflate can make of a byte


def read_idx(path: Path, ndim: int) -> np.ndarray:
    """The array in an IDX file of `ndim` dimensions, gzipped if its name ends in .gz.

    The header is read first, and nothing is unpacked beyond what it announces.
    LoadError, a RuntimeError, with the file's name and what was expected: broken, short, long or
    foreign. OSError: it cannot be opened.
    """
    packed = path.stat().st_size
    with open(path, "rb") as file, reading(str(path)):
        if path.suffix != ".gz":
            return _read(path, file, ndim, packed)
        import gzip
        import zlib

        try:
            with gzip.GzipFile(fileobj=file) as unpacked:
                return _read(path, unpacked, ndim, packed * _MAX_RATIO)
        except (OSError, EOFError, zlib.error) as error:
            raise _broken(path, f"it cannot be unzipped ({error}), {packed} bytes") from error


def _read(path: Path, file: IO[bytes] | Any, ndim: int, limit: int) -> np.ndarray:
    """limit: the file cannot have more bytes than this."""
    start = 4 + 4 * ndim
    head = file.read(start)
    kind = _DTYPES.get(head[2]) if len(head) > 3 else None
    if kind is None or head[:2] != b"\0\0" or head[3] != ndim:
        begin = head[:4].hex(" ") or "nothing"
        raise _broken(path, f"it starts with {begin}, expected 00 00 08 {ndim:02x}")
    if len(head) < start:
        raise _broken(path, f"it ends after {len(head)} bytes, within its header")
    shape = struct.unpack(f">{ndim}I", head[4:])
    size = math.prod(shape) * np.dtype(kind).itemsize
    if start + size > limit:  # do not ask for memory that the file cannot fill
        count, more = start + _count(file), ""
    else:
        memory = np.empty(size, np.uint8)
        done = read_into(file, memory)
        count = start + done + (_count(file) if done == size else 0)
        if count == start + size:
            array = memory.view(kind).reshape(shape)
            return array.astype(array.dtype.type, copy=False)  # native order
        more = " or more" if count - start - size >= _BLOCK else ""
    expected = f"expected {start + size} for the shape {shape}"
    raise _broken(path, f"it has {count} bytes{more}, {expected}")


def _count(file: Any) -> int:
    """Bytes that are left; counting stops at a megabyte."""
    count = 0
    while count < _BLOCK and (block := file.read(_BLOCK >> 4)):
        count += len(block)
    return count


def _broken(path: Path, what: str) -> LoadError:
    return LoadError(
        f"{path} is not the IDX file that was expected: {what}\n"
        "  fix: delete it and pass download=True, or put the right file there"
    )
