"""torch.load: files that rushlight or PyTorch has written, read as data.

The pickle in a file is read by `unpickle.py`, which never calls foreign code, whatever
`weights_only` says; what it may name beyond tensors is registered here. The archive is read by
`archive.py`, its format is explained in `saving.py`; that of PyTorch before 1.6 by `legacy.py`.
"""

from __future__ import annotations

import io
import os
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pickle import UnpicklingError
from typing import IO, Any

import numpy as np

from . import layers
from .archive import Archive
from .errors import EmptyFileError, LoadError, brief, name_of, reading
from .foreign import kind_of
from .grammar import Grammar
from .legacy import LEGACY_MARK, read_legacy
from .rebuild import CALLS, VALUES
from .safetensors import looks_like_safetensors, read_safetensors
from .standins import StandIn, StandInClass
from .storages import Storages, placer
from .unpickle import read_pickle

__all__ = [
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "get_unsafe_globals_in_checkpoint",
    "load",
    "safe_globals",
]


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    encoding: str = "utf-8",
    errors: str = "strict",
    **pickle_load_args: Any,
) -> Any:
    """The object in a file that `torch.save` of rushlight or PyTorch has written.

    map_location  where storages go: None (as saved), a device, {from: to} or f(storage, from)
    weights_only  False lets the file contain rushlight's own layers, and makes inert stand-ins of
                  instances of foreign classes; code is never run
    mmap          True maps the file instead of reading it; changes are not written back
    encoding      of Python 2's strings, with `errors`; "bytes" leaves them bytes

    Errors: LoadError, which is a pickle.UnpicklingError and a RuntimeError, for everything that is
    wrong with the file (a name that is not allowed comes with the way out); OSError if it cannot be
    opened. All name it.
    """
    if pickle_module not in (None, pickle):
        raise NotImplementedError(f"torch.load with pickle_module={pickle_module!r}: only pickle")
    for option in pickle_load_args:
        raise TypeError(f"load() got an unexpected keyword argument '{option}'")
    if mmap and not isinstance(f, (str, os.PathLike)):
        raise ValueError("f must be a file path in order to use the mmap argument")
    on_devices: list[Any] = []

    def note(memory: Any, location: str) -> None:
        from .devices import Moved  # seldom needed

        if not on_devices:
            on_devices.append(Moved())
        on_devices[0].note(memory, location)

    place = placer(map_location, note)
    if weights_only is None and os.environ.get(_ENV, "0") in ("1", "y", "yes", "true"):
        weights_only = False
    names = _Names(with_layers=weights_only is False, stand_ins=weights_only is False)
    with _opened(f) as file:
        value = _read(file, name_of(f), names, place, bool(mmap), (encoding, errors))
    for found in on_devices:
        found.move(value)
    return value


_ENV = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"  # PyTorch's: weights_only=False where none is given


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


def _read(
    file: IO[bytes], name: str, names: _Names, place: Any, mmap: bool, strings: tuple[str, str]
) -> Any:
    start = file.tell()
    head = file.read(512)
    file.seek(start)
    if not isinstance(head, bytes):
        raise TypeError(f"Expected bytes, got {type(head).__name__}: open {name} in binary mode")
    with reading(name):
        if not head:
            raise EmptyFileError(
                f"Ran out of input: {name} is empty, a PyTorch checkpoint was expected"
            )
        grammar = Grammar(VALUES, CALLS, names.find)
        if head[:4] == b"PK\3\4":
            value = _read_zip(file, name, grammar, place, mmap, strings)
        elif head[:1] == b"\x80" and LEGACY_MARK in head[:32]:
            if mmap:
                raise LoadError(
                    f"mmap can only be used with files saved with `torch.save({name}, "
                    "_use_new_zipfile_serialization=True), please torch.save your checkpoint with "
                    "this option in order to use mmap."
                )
            value = read_legacy(file, grammar, place, strings, whole=start == 0 and _is_path(file))
        elif looks_like_safetensors(head):
            return read_safetensors(file, name)
        else:
            raise UnpicklingError(_no_checkpoint(head))
        if type(value) in (StandIn, StandInClass) and not names.all_names:
            raise UnpicklingError(_refusal(f"{value.module}.{value.name}"))
        return value


def _is_path(file: Any) -> bool:
    """Is this a file on disk that holds one object? A stream may hold several."""
    return isinstance(getattr(file, "raw", None), io.FileIO)


def _no_checkpoint(head: bytes) -> str:
    kind = kind_of(head)
    expected = (
        "a PyTorch checkpoint, which is a zip archive (or, before PyTorch 1.6, a pickle with "
        "PyTorch's magic number)"
    )
    what = f"it is {kind}; expected was" if kind else "not"
    return f"invalid start {head[:8]!r}: {what} {expected}"


def _folder(archive: Archive, name: str) -> str:
    """The folder of the archive that has `data.pkl` in it, with its slash."""
    records = archive.records
    folders = [
        path[: -len("data.pkl")]
        for path in records
        if path.endswith("/data.pkl") and path.count("/") == 1
    ]
    if len(folders) > 1:
        raise LoadError(
            f"{name} has {len(folders)} data.pkl in it: which of them is meant is not said"
        )
    if not folders:
        kind = "an archive of NumPy arrays" if any(r.endswith(".npy") for r in records) else ""
        raise LoadError(
            f"{name} is a zip archive, but no PyTorch checkpoint: there is no <folder>/data.pkl in "
            f"it{'; it is ' + kind if kind else ''}"
        )
    folder = folders[0]
    if f"{folder}constants.pkl" in records:
        raise LoadError(
            f"{name} is a TorchScript archive: it holds a program, which rushlight cannot "
            "run; fix: save model.state_dict() in PyTorch and load that"
        )
    if not all(path.startswith(folder) for path in records):
        raise LoadError(f"{name} is damaged: it has records outside of its folder")
    if archive.refusal is not None:
        raise archive.refusal
    return folder


def _read_zip(
    file: IO[bytes], name: str, grammar: Grammar, place: Any, mmap: bool, strings: tuple[str, str]
) -> Any:
    archive = Archive(file, file.tell(), name)
    folder = _folder(archive, name)
    order = "little"
    if f"{folder}byteorder" in archive.records:
        order = archive.read(f"{folder}byteorder").tobytes().decode("ascii", "replace")
        if order not in ("little", "big"):
            raise LoadError(f"{name} is damaged: its byte order is {brief(order)}")
    mapped = _mapped(file) if mmap else None

    def read(key: str, nbytes: int) -> np.ndarray:
        path = f"{folder}data/{key}"
        record = archive.records.get(path)
        if record is None:
            raise LoadError(f"{name} is damaged: record {brief(path)[1:-1]} is missing")
        if record.size != nbytes:
            raise LoadError(
                f"{name} is damaged: record {path} has {record.size} bytes, {nbytes} expected"
            )
        if mapped is not None and nbytes:
            return np.frombuffer(mapped, np.uint8, nbytes, record.start)
        return archive.read(path)

    storages = Storages(read, place, swap=order != sys.byteorder)
    text = archive.read(f"{folder}data.pkl").tobytes()
    stream = io.BytesIO(text)
    value = read_pickle(stream, len(text), grammar, storages, strings)
    if stream.tell() != len(text):
        raise UnpicklingError(f"{len(text) - stream.tell()} bytes follow the STOP of the pickle")
    return value


def _mapped(file: IO[bytes]) -> Any:
    """The whole file in memory, privately: what is changed stays in this process."""
    import mmap

    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)


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
    module = item.__module__
    if module.startswith("rushlight."):  # our own are known by PyTorch's names
        module = "torch." + module.removeprefix("rushlight.")
    return f"{module}.{item.__qualname__}", item


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


# Of Python's standard library, only these become stand-ins: what else of it a file names is an
# attempt to call something, and an error says so.
_LIBRARY_DATA = frozenset(
    "abc collections dataclasses decimal enum fractions functools inspect logging numbers random "
    "re threading typing uuid weakref zoneinfo".split()
)


class _Names:
    """What the names beyond the table mean: what the user has registered; perhaps our layers, and
    stand-ins for the rest. `refused` {module.name}: those that only a stand-in could be made of."""

    def __init__(self, with_layers: bool, stand_ins: bool, all_names: bool = False):
        self.with_layers, self.stand_ins, self.all_names = with_layers, stand_ins, all_names
        self.made: dict[tuple[str, str], StandInClass] = {}
        self.refused: dict[str, None] = {}

    def find(self, module: str, name: str) -> Any:
        full = f"{module}.{name}"
        found = _safe.get(full)
        if found is None and name.isidentifier() and f"{module}.".startswith(_LAYERS):
            layer = layers.find(name)
            if self.with_layers or any(layer is value for value in _safe.values()):
                found = layer
        elif found is None and self.with_layers and module.startswith(layers.MODELS):
            ours, theirs = layers.MODELS
            found = layers.find_model(full.removeprefix(ours).removeprefix(theirs))
        if found is not None:
            return found
        self.refused[full] = None
        if not self.stand_ins or not self._harmless(module, name):
            raise UnpicklingError(_refusal(full))
        return self.made.setdefault((module, name), StandInClass(module, name))

    def _harmless(self, module: str, name: str) -> bool:
        if self.all_names:
            return True
        root = module.partition(".")[0]
        if root in sys.stdlib_module_names or root in ("posix", "nt", "__builtin__", ""):
            return root in _LIBRARY_DATA
        return module not in ("torch._utils", "torch.storage", "torch._tensor")


_LAYERS = ("torch.nn.", "rushlight.nn.")


def _refusal(full: str) -> str:
    shown = full if len(full) <= 200 and full.isprintable() else brief(full)
    advice = (
        f"WeightsUnpickler error: Unsupported global: GLOBAL {shown} was not an allowed global by "
        f"default. Please use `torch.serialization.add_safe_globals([{shown}])` or the "
        f"`torch.serialization.safe_globals([{shown}])` context manager to allowlist this global "
        "if you trust this class/function.\n"
        "  rushlight reads files as data and never runs code that a file names, whatever "
        "weights_only says"
    )
    if full.startswith(_LAYERS):
        return (
            f"{advice}\n  fix: load(..., weights_only=False) accepts rushlight's own layers; a "
            "file with model.state_dict() alone needs neither"
        )
    return f"{advice}\n  fix: register the class, or save model.state_dict() and plain values"


def load_data(f: Any, map_location: Any = None) -> Any:
    """What is in a file, whatever it names: all foreign classes become stand-ins (`inspect`)."""
    names = _Names(with_layers=True, stand_ins=True, all_names=True)
    with _opened(f) as file:
        return _read(file, name_of(f), names, placer(map_location), False, ("utf-8", "replace"))


def get_unsafe_globals_in_checkpoint(f: Any) -> list[str]:
    """The names in a file that `load` refuses, as "module.name", unless they are registered."""
    names = _Names(with_layers=False, stand_ins=True, all_names=True)

    def empty(storage: Any, location: str) -> Any:
        return storage

    with _opened(f) as file, reading(name_of(f)):
        start = file.tell()
        grammar = Grammar(VALUES, CALLS, names.find)
        if file.read(4) != b"PK\3\4":
            raise LoadError(f"{name_of(f)} is no zip archive")
        file.seek(start)
        _read_zip(file, name_of(f), grammar, empty, False, ("utf-8", "replace"))
    return list(names.refused)
