"""torch.save: objects with tensors in them, as files that PyTorch reads.

A file is a zip archive, stored uncompressed: `data.pkl`, a pickle of the object in which each
storage is a persistent id; `data/0`, `data/1`, ...: the bytes of the storages; a few words on the
format. Tensors that share memory share a storage, so aliases and views survive.
"""

from __future__ import annotations

import io
import os
import pickle
import struct
import sys
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import IO, Any

import numpy as np

from ..core.device import device
from ..core.dtype import dtype, from_numpy_dtype
from ..core.layout import layout, memory_format
from ..core.memory import address, flat_bytes, storage_array, strides_of
from ..core.meta import MetaArray, device_of
from ..core.size import Size
from ..core.storage import TypedStorage, is_storage
from ..core.tensor import Tensor
from . import layers
from .archive_writer import ALIGNMENT, ArchiveWriter
from .checksum import crc32
from .rebuild import Name, public_name, storage_name, tensor_recipe

__all__ = ["save"]


def save(
    obj: Any,
    f: Any,
    pickle_module: Any = None,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
) -> None:
    """Write `obj`, with all tensors in it, to a path or to an open binary file.

    A path is written atomically: to a neighbour first, which then takes its place.
    Errors: RuntimeError for a folder that does not exist, and for tensors that share memory under
    different dtypes; pickle.PicklingError or TypeError for what cannot be pickled (lambdas).
    """
    if pickle_module not in (None, pickle):
        raise NotImplementedError(f"torch.save with pickle_module={pickle_module!r}: only pickle")
    if not _use_new_zipfile_serialization:
        raise NotImplementedError(
            "_use_new_zipfile_serialization=False: rushlight reads the format of PyTorch before "
            "1.6, but writes the present one only"
        )
    if not isinstance(f, (str, os.PathLike)):
        if not hasattr(f, "write"):
            raise AttributeError(
                "expected 'f' to be string, path, or a file-like object with a 'write' attribute"
            )
        _write(obj, f, "archive", pickle_protocol)
        return
    with replacing(f) as file:
        stem = os.path.splitext(os.path.basename(f))[0]
        _write(obj, file, stem or "archive", pickle_protocol)


@contextmanager
def replacing(path: Any) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` if the block ends well, and is removed if not."""
    folder = os.path.dirname(path)
    if folder and not os.path.isdir(folder):
        raise RuntimeError(f"Parent directory {folder} does not exist.")
    path = os.path.realpath(path)
    if os.path.exists(path) and not os.path.isfile(
        path
    ):  # a pipe, /dev/null, or a folder: an error
        with open(path, "wb") as file:
            yield file
        return
    part = f"{path}.{os.getpid()}.part"
    try:
        with open(part, "wb") as file:
            yield file
        os.replace(part, path)
    except BaseException:
        if os.path.exists(part):
            os.remove(part)
        raise


# what a file is full of, and what the pickler writes without being told how
_PLAIN = frozenset((dict, list, tuple, str, int, float, bool, bytes, type(None), OrderedDict))


class _Reference:
    """A storage in the pickle: stands for its persistent id."""

    def __init__(self, pid: tuple[Any, ...]):
        self.pid = pid


# the pickler in Python: it asks before it writes a global
_PythonPickler: Any = pickle._Pickler


class _Writer(_PythonPickler):
    """A pickler that writes tensors as PyTorch does and collects their storages."""

    def __init__(self, file: Any, protocol: int):
        super().__init__(file, protocol)
        self.storages: list[np.ndarray] = []  # bytes, in the order of their keys
        self.known: dict[int, tuple[str, np.ndarray, dtype | None]] = {}
        self.on_host: Any = None  # for arrays of other devices

    def persistent_id(self, obj: Any) -> Any:
        if type(obj) is _Reference:
            return obj.pid
        if is_storage(obj):
            kind = obj.dtype if isinstance(obj, TypedStorage) else None
            return self._reference(storage_array(obj._a), kind, len(obj)).pid
        return None

    def reducer_override(self, obj: Any) -> Any:
        if type(obj) in _PLAIN:
            return NotImplemented
        if isinstance(obj, Tensor):
            return tensor_recipe(obj, self._place)
        if type(obj) is Size:
            return Name("torch", "Size"), (tuple(obj),)
        if type(obj) is device:
            return Name("torch", "device"), obj.__reduce__()[1]
        if type(obj) is layout:
            return Name("torch.serialization", "_get_layout"), (repr(obj),)
        if layers.is_ours(type(obj)):
            return object.__reduce_ex__(obj, self.proto)  # class and state, nothing to call
        return NotImplemented

    def _place(self, a: np.ndarray) -> tuple[_Reference, int, tuple[int, ...]]:
        """The storage of an array, where its first element lies in it, and its strides."""
        if type(a) is not np.ndarray and hasattr(a, "cell"):
            from .devices import OnHost  # seldom needed

            self.on_host = self.on_host or OnHost()
            a = self.on_host(a, device_of(a))
        root = storage_array(a)
        memory = flat_bytes(root)
        start = address(a) - address(root) if a.size else 0
        odd = memory is None or memory.nbytes % a.itemsize or start % a.itemsize
        if odd or any(s < 0 or s % a.itemsize for s in a.strides):
            root = a = np.array(a, order="C")
            start = 0
        count = root.nbytes // a.itemsize
        reference = self._reference(root, from_numpy_dtype(a.dtype), count)
        return reference, start // a.itemsize, strides_of(a)

    def _reference(self, root: np.ndarray, kind: dtype | None, count: int) -> _Reference:
        if type(root) is MetaArray:
            raise NotImplementedError(
                "torch.save of a storage on 'meta', or of a tensor there with attributes or of a "
                "class of its own: rushlight does not have it"
            )
        known = self.known.get(id(root))
        if known is None:
            key = str(len(self.storages))
            memory = flat_bytes(root)
            assert memory is not None  # _place has seen to it
            self.storages.append(memory)
            self.known[id(root)] = key, root, kind  # root: so that its id stays its own
        else:
            key, _, first = known
            if first is not kind and None not in (first, kind):
                raise RuntimeError(
                    "Cannot save multiple tensors or storages that view the same data as different "
                    f"types\n  here {first} and {kind}; fix: clone() one of them"
                )
        name = storage_name(kind)
        if name.name == "UntypedStorage":
            count = root.nbytes
        place = "cpu" if self.on_host is None else self.on_host.places.get(id(root), "cpu")
        return _Reference(("storage", name, key, place, count))

    def save_global(self, obj: Any, name: str | None = None) -> None:
        named = public_name(obj)
        if named is None:
            super().save_global(obj, name)
        else:
            self._save_name(named)
            self.memoize(obj)

    def _save_name(self, named: Name) -> None:
        self.write(pickle.GLOBAL + f"{named.module}\n{named.name}\n".encode())

    dispatch = dict(_PythonPickler.dispatch)
    dispatch[FunctionType] = save_global
    dispatch[Name] = _save_name
    dispatch[memory_format] = lambda self, f: self._save_name(Name("torch", f.name))
    dispatch[dtype] = lambda self, d: self._save_name(Name("torch", d.name))


def _write(obj: Any, file: Any, name: str, protocol: int) -> None:
    """The whole archive; `name` is the folder in it."""
    text = io.BytesIO()
    writer = _Writer(text, protocol)
    writer.dump(obj)
    records: list[tuple[str, Any]] = [
        ("data.pkl", text.getbuffer()),
        (".format_version", b"1"),
        (".storage_alignment", str(ALIGNMENT).encode()),
        ("byteorder", sys.byteorder.encode()),
        *((f"data/{i}", s.data) for i, s in enumerate(writer.storages)),
        ("version", b"3\n"),
    ]
    archive = ArchiveWriter(file)
    check = 0
    for path, data in records:
        crc = archive.put(f"{name}/{path}", data)
        check = crc32(struct.pack("<I", crc), crc32(path.encode(), check))
    # PyTorch tells files apart by this: 40 digits that follow from the contents
    archive.put(f"{name}/.data/serialization_id", f"{check:040d}".encode())
    archive.finish()
