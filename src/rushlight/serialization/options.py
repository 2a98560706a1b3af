"""Names of torch.serialization that say how files are written and where storages go.

Files are read as what they say they are; settings are noted, and where PyTorch's choice would
change what is read they are refused.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import Enum
from typing import IO, Any, TypeAlias

from ..core.device import device
from ..core.storage import TypedStorage, UntypedStorage

FILE_LIKE: TypeAlias = str | os.PathLike[str] | IO[bytes]
MAP_LOCATION: TypeAlias = Callable[[Any, str], Any] | device | str | dict[str, str] | None
StorageType: TypeAlias = UntypedStorage | TypedStorage

_settings: dict[str, Any] = {"crc32": True, "endianness": None, "mmap": None}


class SourceChangeWarning(Warning):
    """A class whose source differs from a file's: never given, sources are not compared."""


class LoadEndianness(Enum):
    """The order of bytes of files that do not say it."""

    NATIVE = 1
    LITTLE = 2
    BIG = 3


def get_default_load_endianness() -> LoadEndianness | None:
    """What set_default_load_endianness was told."""
    return _settings["endianness"]


def set_default_load_endianness(endianness: Any) -> None:
    """Little endian, or what a file says. errors  TypeError, NotImplementedError: big endian"""
    if endianness is not None and not isinstance(endianness, LoadEndianness):
        raise TypeError("Invalid argument type in function set_default_load_endianness")
    if endianness is LoadEndianness.BIG:
        raise NotImplementedError("rushlight reads files of unknown byte order as little endian")
    _settings["endianness"] = endianness


def get_crc32_options() -> bool:
    """What set_crc32_options was told."""
    return _settings["crc32"]


def set_crc32_options(compute_crc32: bool) -> None:
    """Noted: checksums are always written, and checked."""
    _settings["crc32"] = bool(compute_crc32)


def get_default_mmap_options() -> int | None:
    """What set_default_mmap_options was told; 2, MAP_PRIVATE, at first."""
    return 2 if _settings["mmap"] is None else _settings["mmap"]


class set_default_mmap_options:
    """MAP_PRIVATE, or with MAP_SHARED an error: files are never written to by a tensor."""

    def __init__(self, flags: int):
        if flags not in (1, 2):
            raise ValueError(
                "Invalid argument in function set_default_mmap_options, expected mmap.MAP_PRIVATE "
                f"or mmap.MAP_SHARED, but got {flags}"
            )
        if flags == 1:
            raise NotImplementedError("rushlight maps files privately: MAP_PRIVATE")
        self.before, _settings["mmap"] = _settings["mmap"], flags

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        _settings["mmap"] = self.before


class skip_data:
    """A context in which save writes no elements: refused."""

    def __init__(self, materialize_fake_tensors: bool = False):
        raise NotImplementedError("rushlight does not have torch.serialization.skip_data")


def check_module_version_greater_or_equal(
    module: Any, req_version_tuple: tuple, error_if_malformed: bool = True
) -> bool:
    """Is module.__version__ at least this?"""
    try:
        parts = module.__version__.split(".")
        found = tuple(type(want)(p) for want, p in zip(req_version_tuple, parts, strict=False))
    except Exception as error:
        text = f"'{module}' module version string is malformed '{module.__version__}'"
        if error_if_malformed:
            raise RuntimeError(text) from error
        return False
    return found >= req_version_tuple


def location_tag(storage: Any) -> str:
    """ "cpu": where a storage is."""
    found = storage.device
    return found.type if found.index is None else str(found)


def default_restore_location(storage: Any, location: str) -> Any:
    """The storage, for "cpu". errors  RuntimeError: another place"""
    if device(location).type not in ("cpu", "meta"):
        raise RuntimeError(
            "don't know how to restore data location of torch.storage.UntypedStorage (tagged with "
            f"{location})"
        )
    return storage


def normalize_storage_type(storage_type: Any) -> Any:
    """The type itself."""
    return storage_type


def storage_to_tensor_type(storage: Any) -> Any:
    """torch.FloatTensor and the like, of a TypedStorage."""
    from ..core import tensor_types
    from ..core.dtype import SCALAR_NAME

    return getattr(tensor_types, f"{SCALAR_NAME[storage.dtype]}Tensor")


def validate_cuda_device(location: Any) -> int:
    """RuntimeError: there is no CUDA device."""
    raise RuntimeError(
        "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False. "
        "If you are running on a CPU-only machine, please use torch.load with "
        "map_location=torch.device('cpu') to map your storages to the CPU."
    )


def register_package(priority: int, tagger: Callable, deserializer: Callable) -> None:
    """Refused: files are data, and nothing of a program's takes part in reading them."""
    raise NotImplementedError(
        "rushlight does not have torch.serialization.register_package: storages are on the CPU"
    )
