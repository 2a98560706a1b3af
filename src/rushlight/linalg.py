"""torch.linalg: the functions of matrices that rushlight has so far."""

from .dispatch.registry import FUNCTIONS as _FUNCTIONS


def __getattr__(name: str):
    if f"linalg.{name}" in _FUNCTIONS:
        globals()[name] = function = _FUNCTIONS[f"linalg.{name}"]
        return function
    raise AttributeError(
        f"rushlight does not have torch.linalg.{name} yet: module '{__name__}' has no attribute "
        f"'{name}'"
    )


def __dir__() -> list[str]:
    names = (n for n in _FUNCTIONS if n.startswith("linalg."))
    return sorted([*globals(), *(n.removeprefix("linalg.") for n in names)])
