"""Images under torchvision's names: data sets, transforms, models, operations on boxes.

Submodules are imported when they are first asked for.
"""

from importlib import import_module as _import_module

from ..core.names import missing as _missing

_SUBMODULES = frozenset("datasets models ops transforms utils".split())

__all__ = ["datasets", "models", "ops", "transforms", "utils"]


def __getattr__(name: str):
    if name in _SUBMODULES:
        return _import_module(f"{__name__}.{name}")
    raise _missing(__name__, name)


def __dir__() -> list[str]:
    return sorted(__all__)
