"""torch._VF: the functions of torch under the name that programs call recurrent layers by."""

from .core.names import elsewhere as _elsewhere
from .dispatch.registry import FUNCTIONS as _FUNCTIONS


def __getattr__(name: str):
    if name in _FUNCTIONS and "." not in name:
        return _FUNCTIONS[name]
    return _elsewhere(__name__, name)


def __dir__() -> list[str]:
    return sorted(name for name in _FUNCTIONS if "." not in name)
