"""Event files as bytes: records with checksums (TFRecord), and messages of protocol buffers.

A record: length (uint64), its masked CRC32C, the data, its masked CRC32C; little-endian.
https://www.tensorflow.org/tutorials/load_data/tfrecord, https://protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

import struct
import threading
from functools import cache
from typing import Any

import numpy as np

# ---------------------------------------------------------------- protocol buffers


def varint(n: int) -> bytes:
    """A number in groups of 7 bits, the lowest first."""
    n &= (1 << 64) - 1  # negative ones as 64-bit complements
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def integer(field: int, n: int) -> bytes:
    """An integer, an enum or a bool; nothing for 0, the default."""
    return varint(field << 3) + varint(n) if n else b""


def real(field: int, x: float) -> bytes:
    """A float of 32 bits; nothing for 0."""
    return varint(field << 3 | 5) + struct.pack("<f", x) if x or x != x else b""


def double(field: int, x: float) -> bytes:
    """A float of 64 bits; nothing for 0."""
    return varint(field << 3 | 1) + struct.pack("<d", x) if x or x != x else b""


def chunk(field: int, data: bytes | str) -> bytes:
    """Bytes, a text, or another message: written even if empty."""
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data


def text(field: int, data: bytes | str) -> bytes:
    """Bytes or a text; nothing if empty."""
    return chunk(field, data) if data else b""


def numbers(field: int, values: Any, kind: str) -> bytes:
    """Floats in one piece; kind: NumPy's, "<f4" or "<f8"; nothing if there are none."""
    return text(field, np.asarray(values, kind).tobytes())


def integers(field: int, values: Any) -> bytes:
    """Integers in one piece."""
    return text(field, b"".join(varint(int(n)) for n in values))


# ---------------------------------------------------------------- CRC32C

_POLYNOMIAL = 0x82F63B78  # Castagnoli's, bits reversed
_LANES = 256


@cache
def _table() -> np.ndarray:
    crc = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        crc = np.where(crc & 1, crc >> 1 ^ _POLYNOMIAL, crc >> 1).astype(np.uint32)
    return crc


@cache
def _table_list() -> list[int]:
    return _table().tolist()


def _plain(data: bytes, crc: int) -> int:
    table = _table_list()
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    return crc


def _shift_tables(length: int) -> list[list[int]]:
    """What `length` zero bytes make of each byte of a register: the CRC is linear."""
    table, crc = _table(), np.left_shift(np.uint32(1), np.arange(32, dtype=np.uint32))
    for _ in range(length):
        crc = table[crc & 255] ^ crc >> 8
    found = []
    for place in range(4):
        values = np.zeros(256, np.uint32)
        for bit in range(8):
            values[np.arange(256) >> bit & 1 == 1] ^= crc[8 * place + bit]
        found.append(values.tolist())
    return found


def crc32c(data: bytes) -> int:
    """The checksum of RFC 3720. Long data: the parts' registers side by side, then joined."""
    crc = 0xFFFFFFFF
    length = len(data) // _LANES
    if length >= 32:
        table = _table()
        columns = np.frombuffer(data, np.uint8, length * _LANES).reshape(_LANES, length).T
        lanes = np.zeros(_LANES, np.uint32)
        for column in np.ascontiguousarray(columns):
            lanes = table[lanes & 255 ^ column] ^ lanes >> 8
        a, b, c, d = _shift_tables(length)
        for lane in lanes.tolist():
            crc = a[crc & 255] ^ b[crc >> 8 & 255] ^ c[crc >> 16 & 255] ^ d[crc >> 24] ^ lane
        data = data[length * _LANES :]
    return _plain(data, crc) ^ 0xFFFFFFFF


def masked_crc32c(data: bytes) -> int:
    """The checksum as records hold it."""
    crc = crc32c(data)
    return (crc >> 15 | crc << 17) + 0xA282EAD8 & 0xFFFFFFFF


class RecordWriter:
    """Writes records to a file.

    path  the file, made anew
    """

    def __init__(self, path: str):
        self._lock = threading.Lock()
        self._file = open(path, "wb")  # until `close`

    def write(self, data: bytes) -> None:
        """Write a record."""
        head = struct.pack("<Q", len(data))
        record = head + struct.pack("<I", masked_crc32c(head)) + data
        record += struct.pack("<I", masked_crc32c(data))
        with self._lock:
            self._file.write(record)

    def flush(self) -> None:
        """Hand everything over to the system."""
        with self._lock:
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    @property
    def closed(self) -> bool:
        """True after `close`."""
        return self._file.closed
