"""What else a file may be that is given to `load`: told by its first bytes, and named."""

from __future__ import annotations

__all__ = ["kind_of"]

_STARTS = (
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"),
    (b"Rar!\x1a\x07", "a RAR archive: unpack it first"),
    (b"\x1f\x8b", "a gzip file: unpack it first"),
    (b"BZh", "a bzip2 file: unpack it first"),
    (b"\xfd7zXZ\0", "an xz file: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstd file: unpack it first"),
    (b"\x04\x22\x4d\x18", "an lz4 file: unpack it first"),
    (b"PK", "a zip archive that is empty or a part of several"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras, h5py)"),
    (b"\x93NUMPY", "a NumPy array: numpy.load reads it"),
    (b"GGUF", "a GGUF file (llama.cpp)"),
    (b"version https://git-lfs", "a pointer of git-lfs, not the file: git lfs pull fetches it"),
    (b"<!DOCTYPE", "a web page: the download went wrong"),
    (b"<html", "a web page: the download went wrong"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)


def kind_of(head: bytes) -> str:
    """A kind with an article, from the first 512 bytes of a file; "" if it is not known."""
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head[257:262] == b"ustar" or b"././@LongLink" in head:
        return "a tar archive, as PyTorch before 0.1.10 wrote them: load and save it there again"
    if head[:1] == b"\x80" and head[1:2] <= b"\x05":
        return "a pickle of another program"
    return ""
