"""Files before PyTorch 1.6: five pickles, then each storage as its length and its bytes."""

from __future__ import annotations

import os
from pickle import UnpicklingError
from typing import IO, Any

import numpy as np

from .errors import LoadError, brief, read_into
from .grammar import Grammar
from .storages import Storages
from .unpickle import read_pickle

__all__ = ["LEGACY_MARK", "read_legacy"]

_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_MARK = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # the same, as a pickle writes it


def read_legacy(
    file: IO[bytes], grammar: Grammar, place: Any, strings: tuple[str, str], whole: bool
) -> Any:
    """The object; LoadError or UnpicklingError: a broken file. whole: it must end with it."""
    start = file.tell()
    end = file.seek(0, os.SEEK_END)
    file.seek(start)
    memories: dict[str, np.ndarray] = {}
    total = 0

    def empty(key: str, nbytes: int) -> np.ndarray:
        nonlocal total
        total += nbytes
        if total > end - start:
            raise LoadError(
                f"storages of {total} bytes are announced in a file of {end - start}: storage "
                f"{brief(key)} is missing or cut off"
            )
        return memories.setdefault(key, np.empty(nbytes, np.uint8))

    units: dict[str, int] = {}
    later: list[Any] = []
    storages = Storages(empty, place, later=later)

    def named(pid: Any) -> Any:
        storage = storages(pid)
        units[pid[2]] = 1 if pid[1].dtype is None else pid[1].dtype.itemsize
        return storage

    def value() -> Any:
        return read_pickle(file, end - file.tell(), grammar, named, strings)

    magic, protocol, system = value(), value(), value()
    if type(magic) is not int or magic != _MAGIC or type(protocol) is not int or protocol != 1001:
        raise UnpicklingError(
            f"magic number {brief(magic)}, protocol {brief(protocol)}: not supported"
        )
    if type(system) is not dict or system.get("little_endian", True) is not True:
        raise UnpicklingError("a file from a machine with the other byte order")
    obj, keys = value(), value()
    if type(keys) is not list or not all(type(key) is str for key in keys):
        raise UnpicklingError("broken checkpoint: its list of storages is none")
    for key in keys:
        memory = memories.pop(key, None)
        head = file.read(8)
        count = int.from_bytes(head, "little", signed=True)
        if memory is None or len(head) != 8:
            raise LoadError(f"damaged: storage {brief(key)[1:-1]} is missing or cut off")
        if count * units[key] != len(memory):
            raise LoadError(
                f"damaged: storage {brief(key)[1:-1]} has {count} elements, "
                f"{len(memory) // units[key]} expected"
            )
        if read_into(file, memory) != len(memory):
            raise LoadError(f"damaged: storage {brief(key)[1:-1]} is missing or cut off")
    if memories:
        raise LoadError(f"damaged: {len(memories)} storages have no bytes in the file")
    if whole and file.tell() != end:
        raise LoadError(f"{end - file.tell()} bytes follow the last storage")
    for work in later:
        work()
    return obj
