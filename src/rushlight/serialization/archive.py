"""The zip archives that checkpoints are, read strictly: one meaning, or none.

Python's zipfile and PyTorch's reader each forgive other faults of an archive, so that a file can
show one thing to a scanner and another to a loader. Here an archive has to be what PyTorch and
rushlight write: it begins and ends with the file; its records are stored, not compressed, and lie
one behind the other without gaps; the local headers say what the central directory says; no name
stands twice. A record can therefore not be larger than the file.

Source: PKWARE APPNOTE.TXT 6.3.10, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import IO

import numpy as np

from .checksum import crc32
from .errors import LoadError, read_into

__all__ = ["Archive", "Record"]

END, END64, LOCATOR = (struct.Struct(f) for f in ("<4s4H2LH", "<4sQ2H2L4Q", "<4sLQL"))
CENTRAL, LOCAL = struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s5H3L2H")
FULL = 0xFFFFFFFF  # in a field of 32 bits: the value stands in the zip64 field
_STREAMED, _UTF8, _ENCRYPTED = 0x8, 0x800, 0x2041
_LARGE = 1 << 22  # bytes from which a thread for the checksum is worth its start


@dataclass(slots=True)
class Record:
    """One record: its header lies at `header` of the file, `size` bytes at `start`, all that
    belongs to it ends at `stop`."""

    name: str
    header: int
    start: int
    size: int
    crc: int
    stop: int


class Archive:
    """The records of a zip archive that reaches from `start` to the end of an open file.

    `records` {name: Record}, in the order of the directory. LoadError: any deviation, except that
    `refusal` keeps what is wrong with the kind of a record (compressed, encrypted) for the caller,
    who first looks whether this is a checkpoint at all.
    """

    def __init__(self, file: IO[bytes], start: int, name: str):
        self.file, self.start, self.name = file, start, name
        self.end = file.seek(0, os.SEEK_END)
        self.refusal: LoadError | None = None
        count, at, size = self._directory()
        self.records = self._central(count, at, size)
        self._check_layout(at)
        # torch.serialization.set_crc32_options(False) writes 0 for all of them
        self.checked = any(record.crc for record in self.records.values())

    def _broken(self, what: str) -> LoadError:
        return LoadError(f"{self.name} is damaged: {what}")

    def _at(self, position: int, size: int) -> bytes:
        if not self.start <= position <= self.end - size:
            raise self._broken(f"{size} bytes at {position} lie outside of the file")
        self.file.seek(position)
        data = self.file.read(size)
        if len(data) != size:
            raise self._broken(f"{len(data)} of {size} bytes at {position} could be read")
        return data

    def _directory(self) -> tuple[int, int, int]:
        """How many records the central directory has, where it begins, its bytes."""
        at = self.end - END.size
        data = self._at(at, END.size) if at >= self.start else b""
        if data[:4] != b"PK\5\6":
            raise self._no_end()
        _, disk, first_disk, here, count, size, offset, comment = END.unpack(data)
        if comment:
            raise self._no_end()
        if disk or first_disk or here != count:
            raise self._broken("it is a part of a zip archive of several files")
        end = at
        if at - self.start >= 20 + END64.size:
            place = self._at(at - 20, 20)
            if place[:4] == b"PK\6\7":
                end = at - 20 - END64.size
                found = self._zip64(place, end)
                said = (count, size, offset)
                for small, large, full in zip(said, found, (0xFFFF, FULL, FULL), strict=True):
                    if small not in (full, large):
                        raise self._broken("its two ends (zip and zip64) contradict each other")
                count, size, offset = found
        if self.start + offset + size != end or count * CENTRAL.size > size:
            raise self._broken(
                f"its directory of {count} records, {size} bytes at {offset}, does not lie before "
                "the archive's end: bytes were put before or into it"
            )
        return count, self.start + offset, size

    def _no_end(self) -> LoadError:
        size = self.end - self.start
        tail = self._at(max(self.start, self.end - 66000), min(size, 66000))
        place = tail.rfind(b"PK\5\6")
        if 0 <= place <= len(tail) - END.size:
            return self._broken(
                f"{len(tail) - place - END.size} bytes follow the archive's end; "
                "PyTorch writes nothing there"
            )
        return LoadError(
            "PytorchStreamReader failed reading zip archive: failed finding central directory.\n"
            f"  {self.name} begins like a checkpoint, but its end is missing after {size} bytes: "
            "it was not written, copied or downloaded to the end"
        )

    def _zip64(self, locator: bytes, at: int) -> tuple[int, int, int]:
        _, disk, offset, disks = LOCATOR.unpack(locator)
        data = END64.unpack(self._at(at, END64.size))
        mark, length, _, _, this_disk, first_disk, here, count, size, begin = data
        wrong = mark != b"PK\6\6" or length != END64.size - 12 or here != count
        if wrong or disk or disks > 1 or this_disk or first_disk or self.start + offset != at:
            raise self._broken("the zip64 record at its end is not what it should be")
        return count, size, begin

    def _central(self, count: int, at: int, size: int) -> dict[str, Record]:
        data = self._at(at, size)
        records: dict[str, Record] = {}
        place = 0
        for _ in range(count):
            if place + CENTRAL.size > size:
                raise self._broken("its directory ends too early")
            fields = CENTRAL.unpack_from(data, place)
            mark, _, _, flags, method, _, _, crc, packed, full = fields[:10]
            n, extra, comment, disk, _, _, offset = fields[10:]
            stop = place + CENTRAL.size + n + extra + comment
            if mark != b"PK\1\2" or stop > size or disk not in (0, 0xFFFF):
                raise self._broken("its directory is broken")
            text = data[place + CENTRAL.size : place + CENTRAL.size + n]
            more = data[place + CENTRAL.size + n : stop - comment]
            name = self._record_name(text)
            if name in records:
                raise self._broken(f"the record {name} stands in it twice")
            self.refusal = self.refusal or self._kind_refused(name, flags, method)
            full, packed, offset = self._large(name, more, [full, packed, offset])
            if packed != full and method == 0:
                raise self._broken(f"record {name}: {packed} bytes stored for {full}")
            said = (flags, method, crc, packed, full)
            records[name] = self._local(name, text, said, self.start + offset)
            place = stop
        if place != size:
            raise self._broken(f"its directory has {size - place} bytes too many")
        return records

    def _record_name(self, text: bytes) -> str:
        name = text.decode("utf-8")
        parts = name.split("/")
        if not name.isprintable() or "\\" in name or "" in parts[:-1] or {".", ".."} & {*parts}:
            raise self._broken("a record's name is no plain path")
        return name

    def _kind_refused(self, name: str, flags: int, method: int) -> LoadError | None:
        if flags & _ENCRYPTED:
            return LoadError(
                f"{self.name}: record {name} is encrypted, which no checkpoint is\n"
                "  fix: unpack it, and pack it again without a password: zip -0 -r"
            )
        if method != 0:
            return LoadError(
                f"{self.name}: record {name} is compressed (method {method}); records of "
                "checkpoints are stored, so that a small file cannot fill the memory\n"
                "  fix: if you trust it, unpack it and pack it again: zip -0 -r"
            )
        if flags & ~(_STREAMED | _UTF8):
            return self._broken(f"record {name} has unknown flags ({flags:#x})")
        return None

    def _large(self, name: str, extra: bytes, values: list[int]) -> list[int]:
        """Sizes and offset of more than 32 bits, from the zip64 field."""
        wanted = [i for i, value in enumerate(values) if value == FULL]
        if not wanted:
            return values
        place = 0
        while place + 4 <= len(extra):
            kind, length = struct.unpack_from("<2H", extra, place)
            if kind == 1 and 8 * len(wanted) <= length <= len(extra) - place - 4:
                found = struct.unpack_from(f"<{len(wanted)}Q", extra, place + 4)
                for i, value in zip(wanted, found, strict=True):
                    values[i] = value
                return values
            place += 4 + length
        raise self._broken(f"record {name}: its zip64 field is missing")

    def _local(self, name: str, text: bytes, said: tuple[int, ...], at: int) -> Record:
        """The record, after a comparison of its own header with the directory."""
        flags, method, crc, packed, full = said
        fields = LOCAL.unpack(self._at(at, LOCAL.size))
        mark, _, own_flags, own_method, _, _, own_crc, own_packed, own_full, n, extra = fields
        more = self._at(at + LOCAL.size, n + extra)
        sizes = [own_full, own_packed]
        if FULL in sizes:
            sizes = self._large(name, more[n:], sizes)
        same = (own_crc, *sizes) == (crc, full, packed)
        later = flags & _STREAMED and (own_crc, *sizes) == (0, 0, 0)  # written behind the bytes
        if (
            mark != b"PK\3\4"
            or (own_flags, own_method) != (flags, method)
            or more[:n] != text
            or not (same or later)
        ):
            raise self._broken(f"record {name}: its header says something else than the directory")
        start = at + LOCAL.size + n + extra
        stop = start + packed
        if flags & _STREAMED:
            stop += self._descriptor(name, stop, (crc, packed, full))
        return Record(name, at, start, packed, crc, stop)

    def _descriptor(self, name: str, at: int, said: tuple[int, ...]) -> int:
        """How long the descriptor is that repeats crc and sizes behind a streamed record."""
        data = self._at(at, min(24, max(0, self.end - at)))
        for layout in ("<4s3L", "<4sL2Q"):
            n = struct.calcsize(layout)
            if len(data) >= n and struct.unpack(layout, data[:n]) == (b"PK\7\x08", *said):
                return n
        raise self._broken(f"record {name}: what follows it says something else than the directory")

    def _check_layout(self, directory: int) -> None:
        """Records lie one behind the other from the first byte on: no overlap, nothing hidden."""
        place = self.start
        for record in sorted(self.records.values(), key=lambda record: record.header):
            if record.header != place:
                raise self._broken(
                    f"record {record.name} begins at byte {record.header - self.start}, "
                    f"expected {place - self.start}: records overlap, or bytes are hidden"
                )
            place = record.stop
        if place != directory:
            raise self._broken("bytes lie hidden before its directory")

    def read(self, name: str) -> np.ndarray:
        """The bytes of a record, as a writable uint8 array; its checksum is verified."""
        record = self.records[name]
        memory = np.empty(record.size, np.uint8)
        self.file.seek(record.start)
        if not self.checked:
            done, crc = read_into(self.file, memory), record.crc
        elif record.size < _LARGE:
            done = read_into(self.file, memory)
            crc = crc32(memory)  # type: ignore[arg-type]
        else:
            done, crc = self._read_and_sum(memory)
        if done != record.size:
            raise self._broken(f"record {name} ends after {done} bytes")
        if crc != record.crc:
            raise self._broken(f"record {name}: Bad CRC-32 for file {name!r}")
        return memory

    def _read_and_sum(self, memory: np.ndarray) -> tuple[int, int]:
        """As `read_into`; also the checksum, which a second thread takes while the rest is read."""
        from _queue import SimpleQueue
        from threading import Thread

        blocks: SimpleQueue[memoryview | None] = SimpleQueue()
        crc = 0

        def add_up() -> None:
            nonlocal crc
            while (block := blocks.get()) is not None:
                crc = crc32(block, crc)

        helper = Thread(target=add_up, name="rushlight checksum")
        helper.start()
        try:
            done = read_into(self.file, memory, blocks.put)
        finally:
            blocks.put(None)
            helper.join()
        return done, crc
