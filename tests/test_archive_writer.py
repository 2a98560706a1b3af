"""Archives as they are written: zipfile's bytes, any file, records and offsets beyond 32 bits."""

import io
import struct
import zipfile
import zlib

import numpy as np
import pytest

import rushlight as torch
from rushlight.serialization import archive_writer
from rushlight.serialization.archive import Archive
from rushlight.serialization.archive_writer import ArchiveWriter
from rushlight.serialization.checksum import crc32

RECORDS = {
    "a/data.pkl": b"\x80\x02}.",
    "a/größe": bytes(range(256)) * 3,
    "a/empty": b"",
    "a/data/0": np.arange(40_000, dtype=np.float32).data,
}


def written(file):
    archive = ArchiveWriter(file)
    for path, data in RECORDS.items():
        assert archive.put(path, data) == zlib.crc32(data)
    archive.finish()


def by_zipfile(file):
    """The same archive by the standard library."""
    with zipfile.ZipFile(file, "w") as archive:
        for path, data in RECORDS.items():
            info = zipfile.ZipInfo(path)
            padding = -(archive.fp.tell() + 30 + len(path.encode()) + 4) % 64
            info.extra = struct.pack("<2sH", b"FB", padding) + bytes(padding)
            archive.writestr(info, data)


@pytest.mark.parametrize("before", [b"", b"x" * 100])
def test_bytes_are_zipfiles(before):
    ours, theirs = io.BytesIO(), io.BytesIO()
    for file, write in ((ours, written), (theirs, by_zipfile)):
        file.write(before)
        write(file)
    assert ours.getvalue() == theirs.getvalue()


def read_back(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert {n: archive.read(n) for n in archive.namelist()} == {
            n: bytes(memoryview(d).cast("B")) for n, d in RECORDS.items()
        }
    ours = Archive(io.BytesIO(content), 0, "archive")
    assert list(ours.records) == list(RECORDS)
    for name, data in RECORDS.items():
        assert ours.read(name).tobytes() == bytes(memoryview(data).cast("B"))
        if name != "a/empty":
            assert ours.records[name].start % 64 == 0


@pytest.mark.parametrize("limit", [0xFFFFFFFF, 2000, 700, 0])
def test_fields_of_64_bits(limit, monkeypatch):
    """From LIMIT on sizes and offsets stand in the fields of 64 bits."""
    monkeypatch.setattr(archive_writer, "LIMIT", limit)
    file = io.BytesIO()
    written(file)
    read_back(file.getvalue())
    assert (b"PK\6\6" in file.getvalue()) == (limit < 0xFFFFFFFF)


def test_many_records():
    file = io.BytesIO()
    archive = ArchiveWriter(file)
    for i in range(70_000):
        archive.put(str(i), b"")
    archive.finish()
    with zipfile.ZipFile(file) as read:
        assert len(read.namelist()) == 70_000


def test_a_file_that_takes_parts_and_cannot_seek():
    class Raw:
        def __init__(self):
            self.parts = []

        def write(self, data):
            self.parts.append(bytes(data[:1000]))
            return len(self.parts[-1])

    raw = Raw()
    written(raw)
    read_back(b"".join(raw.parts))
    torch.save({"w": torch.arange(5000.0)}, raw := Raw())
    w = torch.load(io.BytesIO(b"".join(raw.parts)))["w"]
    assert w.tolist() == list(range(5000))


def test_checksum_is_zlibs():
    data = np.random.default_rng(0).integers(0, 256, 70_000, np.uint8).tobytes()
    for n in [*range(200), 1000, 65_543]:
        for at in (0, 1, 7):
            piece = memoryview(data)[at : at + n]
            assert crc32(piece) == zlib.crc32(piece)
            assert crc32(piece, 0xDEADBEEF) == zlib.crc32(piece, 0xDEADBEEF)


def test_checksum_refuses_what_has_no_bytes():
    with pytest.raises(TypeError):
        crc32("text")
    with pytest.raises(TypeError):
        crc32()
