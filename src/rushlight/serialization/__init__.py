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
}
__all__ = [*_LAZY]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        return _elsewhere(__name__, name)
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
