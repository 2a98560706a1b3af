"""Writing zip archives of stored records, each beginning at a multiple of 64 bytes.

The standard library's zipfile would do, but takes its checksum from zlib (1.5 GB/s) and as long
per record as PyTorch for a whole small file. Size and checksum of a record are known before it is
written, so nothing is ever sought: sockets and pipes take an archive as files do.
Format: PKWARE's APPNOTE.TXT 6.3.10, 4.3.6 to 4.3.16.
"""

from __future__ import annotations

import struct
from typing import Any

from .archive import CENTRAL, END, FULL, LOCAL
from .checksum import crc32

__all__ = ["ArchiveWriter"]

ALIGNMENT = 64  # storages begin at multiples of this in the file, so that it can be mapped
LIMIT = FULL  # sizes and offsets from which the fields of 64 bits are used
_VERSION, _VERSION64 = 20, 45
_UNIX, _MODE = 3 << 8, 0o600 << 16
_TIME, _DATE = 0, 1 << 5 | 1  # 1980-01-01: the same contents make the same file
_SMALL = 1 << 16  # bytes up to which a record is copied to go out in one piece with its header


class ArchiveWriter:
    """An archive that is being written to `file`, which needs `write` only.

    Offsets count from the beginning of the file, where it can tell its position.
    """

    def __init__(self, file: Any):
        self.file = file
        try:
            self.at = file.tell()
        except (AttributeError, OSError):
            self.at = 0
        self.directory: list[bytes] = []

    def put(self, path: str, data: Any) -> int:
        """Write one record: a bytes-like object, stored as it is. Returns its CRC-32."""
        data = memoryview(data).cast("B")
        size, crc, offset = data.nbytes, crc32(data), self.at
        name = path.encode()
        flags = 0 if path.isascii() else 0x800  # the name is UTF-8
        extra = struct.pack("<HH2Q", 1, 16, size, size) if size >= LIMIT else b""
        padding = -(offset + LOCAL.size + len(name) + len(extra) + 4) % ALIGNMENT
        filler = struct.pack("<2sH", b"FB", padding) + bytes(padding)
        short = size if size < LIMIT else FULL
        version = _VERSION64 if extra else _VERSION
        common = (flags, 0, _TIME, _DATE, crc, short, short, len(name))
        local = LOCAL.pack(b"PK\3\4", version, *common, len(extra) + len(filler))
        head = local + name + extra + filler
        if size <= _SMALL:
            self._write(head + data)
        else:
            self._write(head)
            self._write(data)
        self._list(name, common, size, offset, filler)
        return crc

    def _list(self, name: bytes, common: tuple, size: int, offset: int, filler: bytes) -> None:
        """Remember the record's entry of the central directory."""
        wide = [size, size] if size >= LIMIT else []
        wide += [offset] if offset >= LIMIT else []
        extra = struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
        version = _VERSION64 if wide else _VERSION
        where = offset if offset < LIMIT else FULL
        lengths = (len(extra) + len(filler), 0, 0, 0)
        entry = CENTRAL.pack(b"PK\1\2", _UNIX | version, version, *common, *lengths, _MODE, where)
        self.directory.append(entry + name + extra + filler)

    def finish(self) -> None:
        """Write the central directory."""
        count, begin, directory = len(self.directory), self.at, b"".join(self.directory)
        size = len(directory)
        tail = b""
        if count >= 0xFFFF or begin >= LIMIT or size >= LIMIT:
            versions = (_UNIX | _VERSION64, _VERSION64)
            tail = struct.pack(
                "<4sQ2H2L4Q", b"PK\6\6", 44, *versions, 0, 0, count, count, size, begin
            ) + struct.pack("<4sLQL", b"PK\6\7", 0, begin + size, 1)
            count = min(count, 0xFFFF)
            size, begin = (n if n < LIMIT else FULL for n in (size, begin))
        end = END.pack(b"PK\5\6", 0, 0, count, count, size, begin, 0)
        self._write(directory + tail + end)
        flush = getattr(self.file, "flush", None)
        if flush is not None:
            flush()

    def _write(self, data: Any) -> None:
        rest = memoryview(data)
        self.at += rest.nbytes
        while rest.nbytes:
            done = self.file.write(rest)
            if not isinstance(done, int) or done >= rest.nbytes:
                return  # what has no count takes all
            rest = rest[done:]  # an unbuffered file takes 2 GB at once
