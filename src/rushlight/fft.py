"""torch.fft: discrete Fourier transforms, made from the schemas in `ops.fft`."""

from __future__ import annotations

from typing import Any

from .core.names import elsewhere as _elsewhere
from .dispatch.registry import FUNCTIONS as _FUNCTIONS


def __getattr__(name: str) -> Any:
    if f"fft.{name}" in _FUNCTIONS:
        globals()[name] = function = _FUNCTIONS[f"fft.{name}"]
        return function
    return _elsewhere(__name__, name)


def __dir__() -> list[str]:
    return sorted(n.removeprefix("fft.") for n in _FUNCTIONS if n.startswith("fft."))
