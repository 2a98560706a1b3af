"""torch.mps where there is no Apple GPU: truthful answers, an error for what needs the device."""

from __future__ import annotations

from .core.device import only_on

__path__: list[str] = []  # modules of PyTorch's below this one: core/path_table.py


def is_available() -> bool:
    """Is there an Apple GPU to compute on? No."""
    return False


def device_count() -> int:
    """The number of Apple GPUs: 0."""
    return 0


def manual_seed(seed: int) -> None:
    """Seed the generator of the Apple GPU: there is none to seed."""


__getattr__ = only_on(
    "mps",
    """synchronize empty_cache get_rng_state set_rng_state seed set_per_process_memory_fraction
    current_allocated_memory driver_allocated_memory recommended_max_memory Event compile_shader""",
)
