"""torch.nn.functional: the functions behind the layers, as the cards in rushlight.ops say."""

from typing import Any

from ..core.names import elsewhere as _elsewhere
from ..dispatch.registry import FUNCTIONAL as _FUNCTIONAL

__all__ = sorted(_FUNCTIONAL)
_FUNCTIONAL.caches.append(globals())


def __getattr__(name: str) -> Any:
    if name in _FUNCTIONAL:
        globals()[name] = found = _FUNCTIONAL[name]
        return found
    return _elsewhere(__name__, name)


def __dir__() -> list[str]:
    return __all__
