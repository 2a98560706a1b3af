"""torch.cuda: JAX's GPUs (core/device_queries.py). Where there is none: truthful answers, PyTorch's
error for what needs the device; seeding and emptying the cache do nothing, as in PyTorch's own CPU
build.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from ..core.device import OutOfMemoryError as OutOfMemoryError
from ..core.device import absence, accelerators, only_on
from ..core.device import device as _device
from . import amp as amp

has_half = True
has_magma = False
default_generators: tuple[Any, ...] = ()


def _live() -> Any:
    """What answers where there is a GPU; None where there is none."""
    if not accelerators().count("cuda"):
        return None
    from ..core.device_queries import Queries

    return Queries("cuda")


def _or_live(absent: Callable[..., Any]) -> Callable[..., Any]:
    """A function that asks the GPU, if there is one."""

    @wraps(absent)
    def ask(*args: Any, **options: Any) -> Any:
        live = _live()
        if live is None:
            return absent(*args, **options)
        return getattr(live, absent.__name__)(*args, **options)

    return ask


@_or_live
def is_available() -> bool:
    """Is there a CUDA device to compute on?"""
    return False


def is_initialized() -> bool:
    """Has the CUDA runtime been started?"""
    return accelerators().started() and _live() is not None


@_or_live
def device_count() -> int:
    """The number of CUDA devices."""
    return 0


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Can the CUDA device compute in bfloat16?"""
    return _live() is not None


def is_tf32_supported() -> bool:
    """Can the CUDA device compute in TF32?"""
    return _live() is not None


def get_arch_list() -> list[str]:
    """CUDA architectures this library was compiled for: none."""
    return []


def get_gencode_flags() -> str:
    """NVCC flags this library was compiled with: none."""
    return ""


@_or_live
def manual_seed(seed: int) -> None:
    """Seed the current CUDA device's generator: there is none to seed."""


@_or_live
def manual_seed_all(seed: int) -> None:
    """Seed every CUDA device's generator: there is none to seed."""


@_or_live
def seed() -> None:
    """Seed the current CUDA device's generator at random: there is none to seed."""


@_or_live
def seed_all() -> None:
    """Seed every CUDA device's generator at random: there is none to seed."""


@_or_live
def get_rng_state_all() -> list[Any]:
    """The generator state of every CUDA device: an empty list."""
    return []


@_or_live
def set_rng_state_all(new_states: Any) -> None:
    """Gives every CUDA device's generator its state: nothing for an empty list.

    errors  AssertionError: there is no device for a state
    """
    for _ in new_states:
        raise absence("cuda")


@_or_live
def empty_cache() -> None:
    """Release cached CUDA memory: there is none."""


def _bytes(name: str) -> Any:
    def bytes_of(device: Any = None) -> int:
        """Bytes of CUDA memory in use by tensors, see torch.cuda.memory_stats."""
        live = _live()
        return 0 if live is None else getattr(live, name)(device)

    bytes_of.__name__ = bytes_of.__qualname__ = name
    return bytes_of


memory_allocated, max_memory_allocated = _bytes("memory_allocated"), _bytes("max_memory_allocated")
memory_reserved = memory_cached = _bytes("memory_reserved")
max_memory_reserved = max_memory_cached = _bytes("max_memory_reserved")


@_or_live
def memory_stats(device: Any = None) -> dict[str, Any]:
    """Figures of the CUDA memory allocator: none."""
    return {}


class Stream:
    """A queue of CUDA work: JAX has one; cannot be made without CUDA."""

    def __new__(cls, *args: Any, **options: Any) -> Any:
        if _live() is not None:
            from ..core import device_queries

            return device_queries.Stream(*args, **options)
        raise RuntimeError("torch.cuda.Stream requires CUDA support")


class Event:
    """A mark in a CUDA stream; cannot be made without CUDA."""

    def __new__(cls, *args: Any, **options: Any) -> Any:
        if _live() is not None:
            from ..core import device_queries

            return device_queries.Event(*args, **options)
        raise RuntimeError("Tried to instantiate dummy base class Event")


class CUDAGraph:
    """Recorded CUDA work; cannot be made without CUDA."""

    def __new__(cls, *args: Any, **options: Any) -> CUDAGraph:
        raise RuntimeError("Tried to instantiate dummy base class CUDAGraph")


def _tensor_type(name: str) -> type:
    """The type of tensors of one dtype on a CUDA device: nothing is an instance of it."""

    def __new__(cls, *args: Any, **options: Any):
        raise TypeError(
            f"type torch.cuda.{name} not available. Torch not compiled with CUDA enabled."
        )

    return type(name, (), {"__new__": __new__, "__doc__": _tensor_type.__doc__})


FloatTensor, DoubleTensor, HalfTensor, BFloat16Tensor, ByteTensor = map(
    _tensor_type, ("FloatTensor", "DoubleTensor", "HalfTensor", "BFloat16Tensor", "ByteTensor")
)
CharTensor, ShortTensor, IntTensor, LongTensor, BoolTensor = map(
    _tensor_type, ("CharTensor", "ShortTensor", "IntTensor", "LongTensor", "BoolTensor")
)


class device:
    """`with torch.cuda.device(d)`: the current device inside; a negative index does nothing.

    errors  AssertionError: there is no CUDA device
    """

    def __init__(self, device: Any):
        self.idx = device if isinstance(device, int) else _device(device).index or 0

    def __enter__(self) -> None:
        live = _live()
        if self.idx >= 0:
            if live is None:
                raise absence("cuda")
            self.before = live.current_device()
            live.set_device(self.idx)

    def __exit__(self, *error: object) -> bool:
        if self.idx >= 0:
            _live().set_device(self.before)
        return False


class StreamContext:
    """`with torch.cuda.stream(s)`: None, the only stream there can be, does nothing."""

    def __init__(self, stream: Stream | None):
        self.stream = stream

    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        return None


def stream(stream: Stream | None) -> StreamContext:
    """A context in which CUDA work goes to `stream`; `stream(None)` does nothing."""
    return StreamContext(stream)


_absent = only_on(
    "cuda",
    """init synchronize current_device set_device get_device_name get_device_capability
    get_device_properties get_rng_state set_rng_state initial_seed
    current_stream default_stream set_stream current_blas_handle cudart ipc_collect mem_get_info
    memory_summary memory_snapshot can_device_access_peer reset_peak_memory_stats
    reset_max_memory_allocated reset_max_memory_cached reset_accumulated_memory_stats
    set_per_process_memory_fraction get_per_process_memory_fraction utilization temperature
    power_draw memory_usage clock_rate list_gpu_processes graph make_graphed_callables
    graph_pool_handle is_current_stream_capturing get_sync_debug_mode set_sync_debug_mode""",
)


def __getattr__(name: str) -> Any:
    found = _absent(name)
    live = _live()
    return found if live is None else getattr(live, name, found)
