"""torch.nn.functional: the functions behind the layers, as the cards in rushlight.ops say."""

from importlib import import_module as _import_module
from typing import Any

from ..core.names import elsewhere as _elsewhere
from ..dispatch.registry import FUNCTIONAL as _FUNCTIONAL

# families that are imported when one of their functions is first asked for
_LATE = {"grouped_mm": "native_names"}
__all__ = sorted([*_FUNCTIONAL, *_LATE])
_FUNCTIONAL.caches.append(globals())


def __getattr__(name: str) -> Any:
    if name in _FUNCTIONAL:
        globals()[name] = found = _FUNCTIONAL[name]
        return found
    if name in _LATE:
        _import_module(f"rushlight.ops.{_LATE[name]}")
        globals()[name] = found = _FUNCTIONAL[name]
        return found
    return _elsewhere(__name__, name)


def __dir__() -> list[str]:
    return __all__
