"""torch.cpu.amp: PyTorch's old names for torch.amp with "cpu", which warn as they do there."""

from __future__ import annotations

from typing import Any

from .. import amp
from ..core.dtype import bfloat16
from ..core.notices import warn

__path__: list[str] = []  # modules of PyTorch's below this one: core/path_table.py

__all__ = ["GradScaler", "autocast"]


def _deprecated(name: str) -> None:
    warn(
        f"`torch.cpu.amp.{name}(args...)` is deprecated. Please use "
        f"`torch.amp.{name}('cpu', args...)` instead.",
        FutureWarning,
    )


class autocast(amp.autocast):
    """torch.amp.autocast("cpu", ...)."""

    def __init__(self, enabled: bool = True, dtype: Any = bfloat16, cache_enabled: bool = True):
        _deprecated("autocast")
        super().__init__("cpu", dtype, enabled, cache_enabled)


class GradScaler(amp.GradScaler):
    """torch.amp.GradScaler("cpu", ...)."""

    def __init__(self, *args: Any, **options: Any):
        _deprecated("GradScaler")
        super().__init__("cpu", *args, **options)
