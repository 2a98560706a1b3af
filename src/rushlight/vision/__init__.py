"""Images under torchvision's names: data sets, transforms, models, operations on boxes.

Submodules are imported when they are first asked for.
"""

from importlib import import_module as _import_module

from ..core.names import missing as _missing
from .version import __version__ as __version__

_SUBMODULES = frozenset(
    "datasets extension io models ops transforms tv_tensors utils version".split()
)

__all__ = ["datasets", "io", "models", "ops", "transforms", "tv_tensors", "utils"]

_image_backend = "PIL"


def get_image_backend() -> str:
    """What reads images: "PIL"."""
    return _image_backend


def set_image_backend(backend: str) -> None:
    """ValueError: anything but "PIL"; accimage is not supported."""
    if backend not in ("PIL", "accimage"):
        raise ValueError(f"Invalid backend '{backend}'. Options are 'PIL' and 'accimage'")
    if backend != "PIL":
        raise ValueError("rushlight reads images with Pillow only, not with accimage")


def disable_beta_transforms_warning() -> None:
    """Nothing: there is no such warning."""


def _is_tracing() -> bool:
    return False


def __getattr__(name: str):
    if name in _SUBMODULES:
        return _import_module(f"{__name__}.{name}")
    raise _missing(__name__, name)


def __dir__() -> list[str]:
    functions = [
        "disable_beta_transforms_warning",
        "get_image_backend",
        "set_image_backend",
    ]
    return sorted([*_SUBMODULES, *functions])
