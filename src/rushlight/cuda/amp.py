"""torch.cuda.amp: PyTorch's old names for torch.amp with "cuda", which warn as they do there."""

from __future__ import annotations

from typing import Any

from .. import amp
from ..core.notices import warn

__path__: list[str] = []  # modules of PyTorch's below this one: core/path_table.py

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd"]


def _deprecated(name: str, instead: str = "'cuda', args...") -> None:
    warn(
        f"`torch.cuda.amp.{name}(args...)` is deprecated. Please use "
        f"`torch.amp.{name}({instead})` instead.",
        FutureWarning,
    )


class autocast(amp.autocast):
    """torch.amp.autocast("cuda", ...): does nothing without CUDA."""

    def __init__(self, enabled: bool = True, dtype: Any = None, cache_enabled: bool = True):
        _deprecated("autocast")
        super().__init__("cuda", dtype, enabled, cache_enabled)


class GradScaler(amp.GradScaler):
    """torch.amp.GradScaler("cuda", ...): disabled without CUDA."""

    def __init__(self, *args: Any, **options: Any):
        _deprecated("GradScaler")
        super().__init__("cuda", *args, **options)


def custom_fwd(fwd: Any = None, *, cast_inputs: Any = None) -> Any:
    """torch.amp.custom_fwd(..., device_type="cuda")."""
    _deprecated("custom_fwd", "args..., device_type='cuda'")
    return amp.custom_fwd(fwd, device_type="cuda", cast_inputs=cast_inputs)


def custom_bwd(bwd: Any) -> Any:
    """torch.amp.custom_bwd(..., device_type="cuda")."""
    _deprecated("custom_bwd", "args..., device_type='cuda'")
    return amp.custom_bwd(bwd, device_type="cuda")
