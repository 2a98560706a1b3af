"""The storages of one file: each read once, where it belongs, and as large as the pickle says."""

from __future__ import annotations

from collections.abc import Callable
from pickle import UnpicklingError
from typing import Any

import numpy as np

from ..core.device import accelerators, device
from ..core.meta import phantom
from ..core.storage import TypedStorage, UntypedStorage, is_storage
from .errors import LoadError, UserError, brief
from .numpy_values import LARGEST
from .rebuild import StorageKind

__all__ = ["Storages", "placer"]


def placer(
    map_location: Any, note: Callable[[Any, str], None] | None = None
) -> Callable[[UntypedStorage, str], UntypedStorage]:
    """f(storage, location in the file) -> the storage to use. RuntimeError: an absent device.

    note  note(bytes, location) is told what goes to another device when the file has been read
    """

    def elsewhere(storage: UntypedStorage, location: str) -> bool:
        """Is it a device that is there?"""
        kind = location.partition(":")[0]
        if note is None or kind not in ("cuda", "xla") or not accelerators().count(kind):
            return False
        note(storage._a, location)
        return True

    if not (map_location is None or isinstance(map_location, (dict, str, device))):
        if not callable(map_location):
            kind = type(map_location).__name__
            raise TypeError(
                f"'{kind}' object is not callable: map_location takes a device or a dict"
            )

    def place(storage: UntypedStorage, location: str) -> UntypedStorage:
        if map_location is None:
            if elsewhere(storage, location):
                return storage
            try:
                _check_location(location)
            except NotImplementedError as e:
                raise LoadError(str(e)) from None
            return storage
        try:
            if isinstance(map_location, dict):
                location = str(map_location.get(location, location))
            elif isinstance(map_location, (str, device)):
                location = str(map_location)
            else:
                placed = map_location(storage, location)
                if placed is not None:
                    if not is_storage(placed):
                        raise TypeError(
                            f"map_location returned a {type(placed).__name__}, not a storage"
                        )
                    return placed
            if location.partition(":")[0] == "meta":
                return UntypedStorage._over(phantom((len(storage),), np.dtype(np.uint8)))
            if not elsewhere(storage, location):
                _check_location(location)
        except LoadError:
            raise
        except Exception as e:
            raise UserError(e) from e
        return storage

    return place


def _check_location(location: str) -> None:
    kind = location.split(":")[0]
    if kind == "cpu":
        return
    if kind in ("cuda", "xpu", "mps", "mtia", "hpu"):
        raise LoadError(
            f"Attempting to deserialize object on a {kind.upper()} device but torch.{kind}."
            "is_available() is False. If you are running on a CPU-only machine, please use "
            "torch.load with map_location=torch.device('cpu') to map your storages to the CPU."
        )
    raise LoadError(
        "don't know how to restore data location of torch.storage.UntypedStorage (tagged with "
        f"{location if len(location) < 80 else brief(location)})"
    )


class Storages:
    """The storages of one file, each made once; called with persistent ids.

    read   read(key, nbytes) -> the bytes of a storage, as a writable uint8 array
    place  see `placer`
    swap   the file comes from a machine with the other byte order
    later  a list for work that waits until the memory is filled; None if `read` fills it
    """

    def __init__(
        self,
        read: Callable[[str, int], np.ndarray],
        place: Any,
        swap: bool = False,
        later: list[Callable[[], None]] | None = None,
    ):
        self.read, self.place, self.swap, self.later = read, place, swap, later
        self.made: dict[str, tuple[UntypedStorage, int]] = {}

    def __call__(self, pid: Any) -> UntypedStorage | TypedStorage:
        if type(pid) is not tuple or len(pid) not in (5, 6):
            raise UnpicklingError(f"broken checkpoint: {brief(pid)} names no storage")
        word, kind, key, location, count = pid[:5]
        right = type(word) is type(key) is type(location) is str and word == "storage"
        if not right or type(kind) is not StorageKind or type(count) is not int:
            raise UnpicklingError("broken checkpoint: a persistent id names no storage")
        unit = 1 if kind.dtype is None else kind.dtype.itemsize
        if not 0 <= count <= LARGEST // unit:
            raise UnpicklingError(f"broken checkpoint: a storage of {brief(count)} elements")
        nbytes = count * unit
        if key not in self.made:
            memory = self.read(key, nbytes)
            if self.swap:
                _swap_bytes(memory, kind)
            self.made[key] = self.place(UntypedStorage(memory), location), nbytes
        storage, first = self.made[key]
        if first != nbytes:
            raise UnpicklingError(
                f"broken checkpoint: storage {brief(key)} has {first} bytes, and {nbytes} elsewhere"
            )
        if len(pid) == 6 and pid[5] is not None:  # a view, in files before PyTorch 0.4
            storage = _part(storage, pid[5], unit)
        if kind.dtype is not None:
            if storage._a.nbytes % unit:
                raise UnpicklingError("broken checkpoint: a storage that its dtype does not fit")
            typed = TypedStorage(wrap_storage=storage, dtype=kind.dtype)
            typed.later = self.later  # type: ignore[attr-defined]
            return typed
        storage.later = self.later  # type: ignore[attr-defined]
        return storage


def _part(storage: UntypedStorage, view: Any, unit: int) -> UntypedStorage:
    """(key, offset, length) of a storage, in elements."""
    if type(view) is not tuple or len(view) != 3:
        raise UnpicklingError("broken checkpoint: a view of a storage that is none")
    _, offset, length = view
    right = type(offset) is type(length) is int and offset >= 0 and length >= 0
    if not right or (offset + length) * unit > len(storage):
        raise UnpicklingError("broken checkpoint: a view that lies outside of its storage")
    return UntypedStorage._over(storage._a[offset * unit : (offset + length) * unit])


def _swap_bytes(memory: np.ndarray, kind: StorageKind) -> None:
    if kind.dtype is None:
        raise LoadError(
            "an untyped storage from a machine with the other byte order; fix: save it there as "
            "float32, or on a machine like this one"
        )
    unit = kind.dtype.itemsize // (2 if kind.dtype.is_complex else 1)
    memory.view(f"u{unit}").byteswap(inplace=True)
