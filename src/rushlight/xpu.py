"""torch.xpu where there is no Intel GPU: truthful answers, PyTorch's error for what needs one."""

from __future__ import annotations

from typing import Any

from .core.device import only_on

__path__: list[str] = []  # modules of PyTorch's below this one: core/path_table.py


def is_available() -> bool:
    """Is there an XPU to compute on? No."""
    return False


def is_initialized() -> bool:
    """Has the XPU runtime been started? No."""
    return False


def device_count() -> int:
    """The number of XPUs: 0."""
    return 0


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Can the XPU compute in bfloat16? There is none."""
    return False


def manual_seed(seed: int) -> None:
    """Seed the current XPU's generator: there is none to seed."""


def manual_seed_all(seed: int) -> None:
    """Seed every XPU's generator: there is none to seed."""


def get_rng_state_all() -> list[Any]:
    """The generator state of every XPU: an empty list."""
    return []


def set_rng_state_all(new_states: Any) -> None:
    """Set the generator state of every XPU: there is none."""


def is_current_stream_capturing() -> bool:
    """Is work being recorded as a graph? No."""
    return False


def empty_cache() -> None:
    """Release cached XPU memory: there is none."""


def memory_allocated(device: Any = None) -> int:
    """Bytes of XPU memory in use by tensors: 0."""
    return 0


memory_reserved = max_memory_allocated = max_memory_reserved = memory_allocated

__getattr__ = only_on(
    "xpu",
    """init synchronize current_device set_device get_device_name get_device_capability
    get_device_properties get_rng_state set_rng_state initial_seed current_stream set_stream
    mem_get_info Stream Event stream device""",
)
