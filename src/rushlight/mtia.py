"""torch.mtia where there is no MTIA: truthful answers, PyTorch's error for what needs one."""

from __future__ import annotations

from typing import Any

from .core.device import only_on

__path__: list[str] = []  # modules of PyTorch's below this one: core/path_table.py


def is_available() -> bool:
    """Is there an MTIA to compute on? No."""
    return False


def is_initialized() -> bool:
    """Has the MTIA runtime been started? No."""
    return False


def device_count() -> int:
    """The number of MTIAs: 0."""
    return 0


def manual_seed(seed: int) -> None:
    """Seed the current MTIA's generator: there is none to seed."""


def manual_seed_all(seed: int) -> None:
    """Seed every MTIA's generator: there is none to seed."""


def memory_allocated(device: Any = None) -> int:
    """Bytes of MTIA memory in use by tensors: 0."""
    return 0


max_memory_allocated = memory_allocated

__getattr__ = only_on(
    "mtia",
    """init synchronize current_device set_device get_device_capability get_device_properties
    get_rng_state set_rng_state initial_seed current_stream default_stream set_stream empty_cache
    Stream Event stream device""",
)
