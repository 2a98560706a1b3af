"""torch.load: files that rushlight or PyTorch has written, read as data.

The pickle in a file is read by `unpickle.py`, which never calls foreign code, whatever
`weights_only` says; what it may name beyond tensors is registered here. The format is explained in
`saving.py`; that of PyTorch before 1.6 can be read, too.
"""

from __future__ import annotations

import os
import pickle
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pickle import UnpicklingError
from typing import IO, Any

import numpy as np

from ..core.device import device, resolve
from ..core.storage import TypedStorage, UntypedStorage
from . import layers
from .rebuild import CALLS, VALUES, StorageKind
from .unpickle import Grammar, read_pickle

__all__ = [
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "get_unsafe_globals_in_checkpoint",
    "load",
    "safe_globals",
]

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_MARK = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # the same, as a pickle writes it


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """The object in a file that `torch.save` of rushlight or PyTorch has written.

    map_location  where storages go: None (as saved), a device, {from: to} or f(storage, from)
    weights_only  False lets the file contain rushlight's own layers; code is never run
    mmap          True maps the file instead of reading it; changes are not written back

    Errors: pickle.UnpicklingError for a name that is not allowed (with the way out) and for a file
    that is no checkpoint; RuntimeError for a damaged one and for an absent device. All name it.
    """
    if pickle_module not in (None, pickle):
        raise NotImplementedError(f"torch.load with pickle_module={pickle_module!r}: only pickle")
    for option in pickle_load_args:
        if option != "encoding":  # of Python 2's strings: read as latin1, which holds any bytes
            raise TypeError(f"load() got an unexpected keyword argument '{option}'")
    if mmap and not isinstance(f, (str, os.PathLike)):
        raise ValueError("f must be a file path in order to use the mmap argument")
    name = _name_of(f)
    place = _placer(map_location)
    grammar = _grammar(with_layers=weights_only is False)
    with _opened(f) as file:
        try:
            return _read(file, name, grammar, place, bool(mmap))
        except UnpicklingError as e:
            raise UnpicklingError(f"Weights only load failed. {e}\n  in {name}") from e.__cause__


def _name_of(f: Any) -> str:
    if isinstance(f, (str, os.PathLike)):
        return os.fspath(f)
    return str(getattr(f, "name", f"a {type(f).__name__}"))


@contextmanager
def _opened(f: Any) -> Iterator[IO[bytes]]:
    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as file:
            yield file
        return
    for method in ("seek", "tell", "read"):
        if not hasattr(f, method):
            raise AttributeError(
                f"'{type(f).__name__}' object has no attribute '{method}'. You can only torch.load "
                "from a file that is seekable. Please pre-load the data into a buffer like "
                "io.BytesIO and try to load from it instead."
            )
    yield f


def _read(file: IO[bytes], name: str, grammar: Grammar, place: Any, mmap: bool) -> Any:
    start = file.tell()
    head = file.read(32)
    file.seek(start)
    if not isinstance(head, bytes):
        raise TypeError(f"Expected bytes, got {type(head).__name__}: open {name} in binary mode")
    if not head:
        raise EOFError(f"Ran out of input: {name} is empty, a PyTorch checkpoint was expected")
    if head[:2] == b"PK":
        return _read_zip(file, name, grammar, place, mmap)
    if head[:1] == b"\x80" and _LEGACY_MARK in head:
        if mmap:
            raise RuntimeError(
                f"mmap can only be used with files saved with `torch.save({name}, "
                "_use_new_zipfile_serialization=True), please torch.save your checkpoint with this "
                "option in order to use mmap."
            )
        return _read_legacy(file, name, grammar, place)
    hint = ""
    if head[8:9] == b"{":
        hint = "; it looks like a safetensors file: fix: rushlight.load_safetensors(file)"
    elif head[:1] == b"\x80":
        hint = "; it is a pickle of another program"
    raise UnpicklingError(
        f"invalid start {head[:8]!r}: not a PyTorch checkpoint, which is a zip archive (or, before "
        f"PyTorch 1.6, a pickle with PyTorch's magic number){hint}"
    )


def _placer(map_location: Any) -> Callable[[UntypedStorage, str], UntypedStorage]:
    """f(storage, location in the file) -> the storage to use. RuntimeError: an absent device."""
    if not (map_location is None or isinstance(map_location, (dict, str, device))):
        if not callable(map_location):
            kind = type(map_location).__name__
            raise TypeError(
                f"'{kind}' object is not callable: map_location takes a device or a dict"
            )

    def place(storage: UntypedStorage, location: str) -> UntypedStorage:
        if isinstance(map_location, dict):
            location = map_location.get(location, location)
        elif isinstance(map_location, (str, device)):
            location = str(map_location)
        elif map_location is not None:
            placed = map_location(storage, location)
            if placed is not None:
                return placed
        _check_location(location)
        return storage

    return place


def _check_location(location: str) -> None:
    kind = location.split(":")[0]
    if kind == "cpu":
        return
    if kind in ("cuda", "xpu", "mps", "mtia", "hpu"):
        raise RuntimeError(
            f"Attempting to deserialize object on a {kind.upper()} device but torch.{kind}."
            "is_available() is False. If you are running on a CPU-only machine, please use "
            "torch.load with map_location=torch.device('cpu') to map your storages to the CPU."
        )
    if kind == "meta":
        resolve(kind)
    raise RuntimeError(
        "don't know how to restore data location of torch.storage.UntypedStorage (tagged with "
        f"{location})"
    )


class _Storages:
    """The storages of one file, each made once; called with persistent ids.

    read   read(key, nbytes) -> the bytes of a storage, as a writable uint8 array
    place  see `_placer`
    swap   the file comes from a machine with the other byte order
    """

    def __init__(self, read: Callable[[str, int], np.ndarray], place: Any, swap: bool = False):
        self.read, self.place, self.swap = read, place, swap
        self.made: dict[str, UntypedStorage] = {}

    def __call__(self, pid: Any) -> UntypedStorage | TypedStorage:
        if not isinstance(pid, tuple) or len(pid) not in (5, 6) or pid[0] != "storage":
            raise UnpicklingError(f"broken checkpoint: {pid!r} names no storage")
        _, kind, key, location, count = pid[:5]
        right = isinstance(kind, StorageKind) and type(key) is type(location) is str
        if not right or type(count) is not int or count < 0:
            raise UnpicklingError(f"broken checkpoint: {pid!r} names no storage")
        unit = 1 if kind.dtype is None else kind.dtype.itemsize
        if key not in self.made:
            memory = self.read(key, count * unit)
            if self.swap:
                _swap_bytes(memory, kind)
            self.made[key] = self.place(UntypedStorage(memory), location)
        storage = self.made[key]
        if len(pid) == 6 and pid[5] is not None:  # a view, in files before PyTorch 0.4
            _, offset, length = pid[5]
            storage = UntypedStorage._over(storage._a[offset * unit : (offset + length) * unit])
        if kind.dtype is None:
            return storage
        return TypedStorage(wrap_storage=storage, dtype=kind.dtype)


def _swap_bytes(memory: np.ndarray, kind: StorageKind) -> None:
    if kind.dtype is None:
        raise NotImplementedError(
            "an untyped storage from a machine with the other byte order; fix: save it there as "
            "float32, or on a machine like this one"
        )
    unit = kind.dtype.itemsize // (2 if kind.dtype.is_complex else 1)
    memory.view(f"u{unit}").byteswap(inplace=True)


def _folder(archive: Any, name: str) -> str:
    """The folder of the archive that has `data.pkl` in it, with its slash."""
    names = archive.namelist()
    for path in names:
        if path.endswith("/data.pkl") and path.count("/") == 1:
            folder = path[: -len("data.pkl")]
            if f"{folder}constants.pkl" in names:
                raise RuntimeError(
                    f"{name} is a TorchScript archive: it holds a program, which rushlight cannot "
                    "run; fix: save model.state_dict() in PyTorch and load that"
                )
            return folder
    raise RuntimeError(
        f"{name} is a zip archive, but no PyTorch checkpoint: there is no <folder>/data.pkl in it"
    )


def _read_zip(file: IO[bytes], name: str, grammar: Grammar, place: Any, mmap: bool) -> Any:
    import io
    import zipfile

    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile:
        size = file.seek(0, os.SEEK_END)
        raise RuntimeError(
            "PytorchStreamReader failed reading zip archive: failed finding central directory.\n"
            f"  {name} begins like a checkpoint, but its end is missing after {size} bytes: it was "
            "not written, copied or downloaded to the end"
        ) from None
    with archive:
        folder = _folder(archive, name)
        records = set(archive.namelist())
        order = "little"
        if f"{folder}byteorder" in records:
            order = archive.read(f"{folder}byteorder").decode()
        mapped = _mapped(file) if mmap else None

        def read(key: str, nbytes: int) -> np.ndarray:
            path = f"{folder}data/{key}"
            if path not in records:
                raise RuntimeError(f"{name} is damaged: record {path} is missing")
            info = archive.getinfo(path)
            if info.file_size != nbytes:
                raise RuntimeError(
                    f"{name} is damaged: record {path} has {info.file_size} bytes, "
                    f"{nbytes} expected"
                )
            if mapped is not None and info.compress_type == zipfile.ZIP_STORED and nbytes:
                return np.frombuffer(mapped, np.uint8, nbytes, _data_offset(file, info))
            memory = np.empty(nbytes, np.uint8)
            try:
                with archive.open(info) as record:
                    count = record.readinto(memory)  # type: ignore[attr-defined]
            except (zipfile.BadZipFile, EOFError) as e:
                raise RuntimeError(f"{name} is damaged: record {path}: {e}") from None
            if count != nbytes:
                raise RuntimeError(f"{name} is damaged: record {path} ends after {count} bytes")
            return memory

        storages = _Storages(read, place, swap=order != sys.byteorder)
        try:
            text = archive.read(f"{folder}data.pkl")
        except (zipfile.BadZipFile, EOFError) as e:
            raise RuntimeError(f"{name} is damaged: record {folder}data.pkl: {e}") from None
        return read_pickle(io.BytesIO(text), grammar, storages)


def _mapped(file: IO[bytes]) -> Any:
    """The whole file in memory, privately: what is changed stays in this process."""
    import mmap

    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)


def _data_offset(file: IO[bytes], info: Any) -> int:
    """Where the bytes of a stored record begin: behind its local header, whose length varies."""
    file.seek(info.header_offset + 26)
    name_length, extra_length = struct.unpack("<HH", file.read(4))
    return info.header_offset + 30 + name_length + extra_length


def _read_legacy(file: IO[bytes], name: str, grammar: Grammar, place: Any) -> Any:
    """Files before PyTorch 1.6: five pickles, then each storage as its length and its bytes."""
    memories: dict[str, np.ndarray] = {}

    def empty(key: str, nbytes: int) -> np.ndarray:
        return memories.setdefault(key, np.empty(nbytes, np.uint8))

    storages = _Storages(empty, place)
    magic, protocol, system, obj, keys = (read_pickle(file, grammar, storages) for _ in range(5))
    if magic != _LEGACY_MAGIC or protocol != 1001 or not system.get("little_endian", True):
        raise UnpicklingError(f"magic number {magic}, protocol {protocol}: not supported")
    for key in keys:
        head = file.read(8)
        memory = memories.get(key)
        data = b"" if memory is None or len(head) != 8 else file.read(len(memory))
        if memory is None or len(data) != len(memory):
            raise RuntimeError(f"{name} is damaged: storage {key} is missing or cut off")
        memory[:] = np.frombuffer(data, np.uint8)
    return obj


# ---------------------------------------------------------------- what a file may name

_safe: dict[str, Any] = {}


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Let files contain instances of these classes (or (class, "module.name") pairs).

    An instance is made bare and given its state, as pickle would; register only classes for which
    any state is harmless.
    """
    _safe.update(_named(item) for item in safe_globals)


def _named(item: Any) -> tuple[str, Any]:
    if isinstance(item, tuple):
        value, name = item
        return name, value
    if not hasattr(item, "__qualname__"):
        raise TypeError(f"add_safe_globals takes classes and functions, not {type(item).__name__}")
    return f"{item.__module__}.{item.__qualname__}", item


def get_safe_globals() -> list[Any]:
    """What `add_safe_globals` has registered."""
    return [v if _named(v)[0] == name else (v, name) for name, v in _safe.items()]


def clear_safe_globals() -> None:
    """Forget what `add_safe_globals` has registered."""
    _safe.clear()


class safe_globals:
    """`with safe_globals([MyClass]):` registers classes inside the block only."""

    def __init__(self, safe_globals: list[Any]):
        self.items = safe_globals

    def __enter__(self) -> None:
        self.before = dict(_safe)
        add_safe_globals(self.items)

    def __exit__(self, *error: object) -> None:
        _safe.clear()
        _safe.update(self.before)


def _grammar(with_layers: bool) -> Grammar:
    """The names that a file may use: data, what the user has registered, perhaps our layers."""

    def unknown(module: str, name: str) -> Any:
        full = f"{module}.{name}"
        found = _safe.get(full)
        if found is None and with_layers and module.startswith(("torch.nn", "rushlight.nn")):
            found = layers.find(name)
        if found is None:
            raise UnpicklingError(_refusal(full))
        grammar.classes.add(found)
        return found

    grammar = Grammar(VALUES, CALLS, unknown)
    return grammar


def _refusal(full: str) -> str:
    advice = (
        f"WeightsUnpickler error: Unsupported global: GLOBAL {full} was not an allowed global by "
        f"default. Please use `torch.serialization.add_safe_globals([{full}])` or the "
        f"`torch.serialization.safe_globals([{full}])` context manager to allowlist this global if "
        "you trust this class/function.\n"
        "  rushlight reads files as data and never runs code that a file names, whatever "
        "weights_only says"
    )
    if full.startswith(("torch.nn.", "rushlight.nn.")):
        return (
            f"{advice}\n  fix: load(..., weights_only=False) accepts rushlight's own layers; a "
            "file with model.state_dict() alone needs neither"
        )
    return f"{advice}\n  fix: register the class, or save model.state_dict() and plain values"


def get_unsafe_globals_in_checkpoint(f: Any) -> list[str]:
    """The names in a file that `load` refuses, as "module.name", unless they are registered."""
    import zipfile
    from pickletools import genops

    strings: list[str] = []
    with _opened(f) as file, zipfile.ZipFile(file) as archive:
        text = archive.read(_folder(archive, _name_of(f)) + "data.pkl")
    found: dict[str, None] = {}
    allowed = _grammar(with_layers=False)
    for opcode, argument, _ in genops(text):
        if opcode.name == "GLOBAL":
            module, name = str(argument).split(" ", 1)
        elif opcode.name == "STACK_GLOBAL":
            module, name = strings[-2:]
        else:
            if isinstance(argument, str):
                strings.append(argument)
            continue
        try:
            allowed.find(module, name)
        except UnpicklingError:
            found[f"{module}.{name}"] = None
    return list(found)
