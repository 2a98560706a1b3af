"""torch.linalg: functions of matrices. Each is made when it is first asked for."""

from typing import Any

from .core.names import elsewhere as _elsewhere
from .dispatch.registry import FUNCTIONS as _FUNCTIONS
from .ops.linear_algebra import LinAlgError  # noqa: F401


def __getattr__(name: str) -> Any:
    if f"linalg.{name}" in _FUNCTIONS:
        globals()[name] = function = _FUNCTIONS[f"linalg.{name}"]
        return function
    return _elsewhere(__name__, name)


def __dir__() -> list[str]:
    names = [n.removeprefix("linalg.") for n in _FUNCTIONS if n.startswith("linalg.")]
    return sorted(["LinAlgError", *names])
