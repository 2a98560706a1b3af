"""torch.accelerator: the device beside the CPU, a GPU of JAX's; see core/device_queries.py."""

from __future__ import annotations

from typing import Any

from .core.device import accelerators, device, no_accelerator, only_on

__path__: list[str] = []  # modules of PyTorch's below this one: core/path_table.py


def _live() -> Any:
    """What answers where there is one; None where there is none."""
    if not accelerators().count("cuda"):
        return None
    from .core.device_queries import Queries

    return Queries("cuda")


def is_available() -> bool:
    """Is there an accelerator to compute on?"""
    return _live() is not None


def device_count() -> int:
    """The number of accelerators."""
    return accelerators().count("cuda")


def current_accelerator(check_available: bool = False) -> device | None:
    """The accelerator's device, without index; None if there is none."""
    return None if _live() is None else device("cuda")


class device_index:
    """`with torch.accelerator.device_index(i)`: the current one inside; None does nothing.

    errors  RuntimeError: there is no accelerator
    """

    def __init__(self, device: int | None):
        self.idx = device

    def __enter__(self) -> None:
        live = _live()
        if self.idx is not None:
            if live is None:
                raise no_accelerator()
            self.before = live.current_device()
            live.set_device(self.idx)

    def __exit__(self, *error: object) -> None:
        if self.idx is not None:
            _live().set_device(self.before)


def set_device_index(device: Any) -> None:
    """Choose the current accelerator. RuntimeError: there is none."""
    live = _live()
    if live is None:
        raise no_accelerator()
    live.set_device(device)


_absent = only_on(
    "accelerator",
    """current_device_index current_device_idx set_device_idx synchronize current_stream set_stream
    empty_cache memory_allocated memory_reserved max_memory_allocated max_memory_reserved
    memory_stats get_memory_info reset_peak_memory_stats
    reset_accumulated_memory_stats get_device_capability""",
)

_NAMES = {
    "current_device_index": "current_device",
    "current_device_idx": "current_device",
    "set_device_idx": "set_device",
    "get_memory_info": "mem_get_info",
}


def __getattr__(name: str) -> Any:
    found = _absent(name)
    live = _live()
    return found if live is None else getattr(live, _NAMES.get(name, name), found)
