"""IDX files, MNIST's format: 00 00, type, number of dimensions, sizes (big-endian), data."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np

__all__ = ["read_idx"]

_DTYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def read_idx(path: Path, ndim: int) -> np.ndarray:
    """The array in an IDX file of `ndim` dimensions, gzipped if its name ends in .gz.

    RuntimeError, with the file's name and what was expected: broken, short, long or foreign.
    """
    raw = path.read_bytes()
    if path.suffix == ".gz":
        import gzip
        import zlib

        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise _broken(path, f"it cannot be unzipped ({error}), {len(raw)} bytes") from error
    kind = _DTYPES.get(raw[2]) if len(raw) > 3 else None
    if kind is None or raw[:2] != b"\0\0" or raw[3] != ndim:
        start = raw[:4].hex(" ") or "nothing"
        raise _broken(path, f"it starts with {start}, expected 00 00 08 {ndim:02x}")
    head = 4 + 4 * ndim
    if len(raw) < head:
        raise _broken(path, f"it ends after {len(raw)} bytes, within its header")
    shape = struct.unpack(f">{ndim}I", raw[4:head])
    size = head + math.prod(shape) * np.dtype(kind).itemsize
    if len(raw) != size:
        raise _broken(path, f"it has {len(raw)} bytes, expected {size} for the shape {shape}")
    array = np.frombuffer(raw, kind, offset=head).reshape(shape)
    return array.astype(array.dtype.type)  # native order; a copy, as bytes cannot be written to


def _broken(path: Path, what: str) -> RuntimeError:
    return RuntimeError(
        f"{path} is not the IDX file that was expected: {what}\n"
        "  fix: delete it and pass download=True, or put the right file there"
    )
