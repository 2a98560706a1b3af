"""torch.accelerator: whatever device there is beside the CPU. Here there is none."""

from __future__ import annotations

from typing import Any

from .core.device import device, no_accelerator, only_on

__path__: list[str] = []  # modules of PyTorch's below this one: core/path_table.py


def is_available() -> bool:
    """Is there an accelerator to compute on? No."""
    return False


def device_count() -> int:
    """The number of accelerators: 0."""
    return 0


def current_accelerator(check_available: bool = False) -> device | None:
    """The accelerator's device, without index: None, for there is none."""
    return None


class device_index:
    """`with torch.accelerator.device_index(i)`: None does nothing, a number raises on entry."""

    def __init__(self, device: int | None):
        self.idx = device

    def __enter__(self) -> None:
        if self.idx is not None:
            raise no_accelerator()

    def __exit__(self, *error: object) -> None:
        return None


def set_device_index(device: Any) -> None:
    """Choose the current accelerator: there is none to choose (RuntimeError)."""
    raise no_accelerator()


__getattr__ = only_on(
    "accelerator",
    """current_device_index current_device_idx set_device_idx synchronize current_stream set_stream
    empty_cache memory_allocated memory_reserved max_memory_allocated max_memory_reserved
    memory_stats get_memory_info reset_peak_memory_stats
    reset_accumulated_memory_stats get_device_capability""",
)
