"""torch.linalg: the functions of matrices that rushlight has so far."""

from .dispatch.registry import FUNCTIONS as _FUNCTIONS

globals().update(
    {
        name.removeprefix("linalg."): f
        for name, f in _FUNCTIONS.items()
        if name.startswith("linalg.")
    }
)


def __getattr__(name: str):
    raise AttributeError(
        f"rushlight does not have torch.linalg.{name} yet: module '{__name__}' has no attribute "
        f"'{name}'"
    )
