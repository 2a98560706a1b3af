"""Images under torchvision's names: data sets, transforms, models, operations on boxes.

Submodules are imported when they are first asked for.
"""

from importlib import import_module as _import_module

from ..core.names import missing as _missing

_SUBMODULES = frozenset("datasets io models ops transforms tv_tensors utils".split())

__all__ = ["datasets", "io", "models", "ops", "transforms", "tv_tensors", "utils"]


def __getattr__(name: str):
    if name in _SUBMODULES:
        return _import_module(f"{__name__}.{name}")
    raise _missing(__name__, name)


def __dir__() -> list[str]:
    return sorted(__all__)
