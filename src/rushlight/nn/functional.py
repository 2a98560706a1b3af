"""torch.nn.functional: the functions behind the layers, as the cards in rushlight.ops say."""

from typing import Any

from ..dispatch.registry import FUNCTIONAL as _FUNCTIONAL

__all__ = sorted(_FUNCTIONAL)
_FUNCTIONAL.caches.append(globals())


def __getattr__(name: str) -> Any:
    if name in _FUNCTIONAL:
        globals()[name] = found = _FUNCTIONAL[name]
        return found
    raise AttributeError(
        f"rushlight does not have torch.nn.functional.{name} yet: "
        f"module '{__name__}' has no attribute '{name}'"
    )


def __dir__() -> list[str]:
    return __all__
