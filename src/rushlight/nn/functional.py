"""torch.nn.functional: the functions behind the layers, as the cards in rushlight.ops say."""

from ..dispatch.registry import FUNCTIONAL as _FUNCTIONAL

globals().update(_FUNCTIONAL)
__all__ = sorted(_FUNCTIONAL)


def __getattr__(name: str):
    raise AttributeError(
        f"rushlight does not have torch.nn.functional.{name} yet: "
        f"module '{__name__}' has no attribute '{name}'"
    )
