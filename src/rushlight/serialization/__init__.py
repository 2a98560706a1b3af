"""torch.serialization: save, load, and the classes that files may contain."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..core.names import elsewhere as _elsewhere

_LAZY = {
    "LoadError": "errors",
    "add_safe_globals": "loading",
    "clear_safe_globals": "loading",
    "get_safe_globals": "loading",
    "get_unsafe_globals_in_checkpoint": "loading",
    "load": "loading",
    "safe_globals": "loading",
    "save": "saving",
    **dict.fromkeys(
        """LoadEndianness SourceChangeWarning StorageType check_module_version_greater_or_equal
        default_restore_location get_crc32_options get_default_load_endianness
        get_default_mmap_options location_tag normalize_storage_type register_package
        set_crc32_options set_default_load_endianness set_default_mmap_options skip_data
        storage_to_tensor_type validate_cuda_device MAP_LOCATION FILE_LIKE""".split(),
        "options",
    ),
}
__all__ = [*_LAZY]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        return _elsewhere(__name__, name)
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
