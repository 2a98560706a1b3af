"""What torch.cuda and torch.accelerator answer where there is a device: asked of JAX.

JAX runs what it is given in order and has no streams: those of PyTorch's names change nothing, and
waiting for one waits for all work. Events tell the time of the host when their work was done.
"""

from __future__ import annotations

import time
from typing import Any

from . import accelerators
from .device import device, resolve


class Stream:
    """A queue of work. JAX keeps one for each device: every stream is that one."""

    def __init__(self, device: Any = None, priority: int = 0, **ids: Any):
        self.device, self.stream_id, self.cuda_stream = device, 0, 0

    def synchronize(self) -> None:
        """Wait for all work."""
        synchronize()

    def query(self) -> bool:
        """True after a wait: JAX does not say what is still to be done."""
        synchronize()
        return True

    def wait_stream(self, stream: Any) -> None:
        """Nothing to do: work is done in the order in which it was given."""

    def wait_event(self, event: Any) -> None:
        """Nothing to do, see wait_stream."""

    def record_event(self, event: Any = None) -> Event:
        """An event, recorded here."""
        event = Event() if event is None else event
        event.record()
        return event

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *error: object) -> None: ...

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream)

    def __hash__(self) -> int:
        return 0


class Event:
    """A mark between pieces of work: recording it waits for what was given before."""

    def __init__(self, enable_timing: bool = False, blocking: bool = False, **options: Any):
        self.at: float | None = None

    def record(self, stream: Any = None) -> None:
        """Wait for all work and note the time."""
        synchronize()
        self.at = time.perf_counter()

    def wait(self, stream: Any = None) -> None:
        """Nothing to do: its work was waited for."""

    def query(self) -> bool:
        """True: its work is done."""
        return True

    def synchronize(self) -> None:
        """Nothing to do: its work was waited for."""

    def elapsed_time(self, end_event: Event) -> float:
        """Milliseconds between two marks. RuntimeError: one was not recorded."""
        if self.at is None or end_event.at is None:
            raise RuntimeError("Both events must be recorded before calculating elapsed time.")
        return (end_event.at - self.at) * 1000


def synchronize(device: Any = None) -> None:
    """Wait until all devices have done their work."""
    if accelerators.started():
        accelerators.wait()


class Queries:
    """The questions to one type of device."""

    def __init__(self, kind: str):
        self.kind = kind

    def found(self) -> list[Any]:
        """JAX's devices."""
        return accelerators.jax_devices(self.kind)

    def of(self, which: Any = None) -> Any:
        """JAX's device of an index, a device or a string; default: the current one."""
        if which is None or (isinstance(which, int) and which < 0):
            which = self.current_device()
        d = device(self.kind, which) if isinstance(which, int) else device(which)
        return accelerators.place_of(resolve(d))

    def is_available(self) -> bool:
        """Is there a device of this type to compute on?"""
        return accelerators.count(self.kind) > 0

    def device_count(self) -> int:
        """How many there are."""
        return accelerators.count(self.kind)

    def current_device(self) -> int:
        """The index of the one that is meant without index."""
        return accelerators.current(self.kind)

    def set_device(self, which: Any) -> None:
        """Make it the one that is meant without index. Negative: nothing changes."""
        index = which if isinstance(which, int) else device(which).index or 0
        if index >= 0:
            if accelerators.started():
                resolve(device(self.kind, index))  # raises, if it is not there
            accelerators.set_current(self.kind, index)

    def get_device_name(self, which: Any = None) -> str:
        """Its maker's name for it."""
        return self.of(which).device_kind

    def get_device_capability(self, which: Any = None) -> tuple[int, int]:
        """CUDA's compute capability, (9, 0); (0, 0) of other devices."""
        text = str(getattr(self.of(which), "compute_capability", "0.0"))
        major, _, minor = text.partition(".")
        return int(major or 0), int(minor or 0)

    def get_device_properties(self, which: Any = None) -> Any:
        """name, total_memory, major, minor, multi_processor_count."""
        from types import SimpleNamespace

        place = self.of(which)
        major, minor = self.get_device_capability(which)
        return SimpleNamespace(
            name=place.device_kind,
            total_memory=self.memory_stats(which).get("bytes_limit", 0),
            major=major,
            minor=minor,
            multi_processor_count=getattr(place, "core_count", 0) or 0,
        )

    def memory_stats(self, which: Any = None) -> dict[str, Any]:
        """JAX's figures: bytes_in_use, peak_bytes_in_use, bytes_limit, ...; {}: it has none."""
        return dict(self.of(which).memory_stats() or {})

    def memory_allocated(self, which: Any = None) -> int:
        """Bytes in use by arrays."""
        return self.memory_stats(which).get("bytes_in_use", 0)

    def max_memory_allocated(self, which: Any = None) -> int:
        """The most bytes that were in use at one time."""
        return self.memory_stats(which).get("peak_bytes_in_use", 0)

    def memory_reserved(self, which: Any = None) -> int:
        """Bytes that JAX holds, in use or not."""
        stats = self.memory_stats(which)
        return stats.get("bytes_reserved", stats.get("bytes_in_use", 0))

    def max_memory_reserved(self, which: Any = None) -> int:
        """The most bytes that JAX held."""
        stats = self.memory_stats(which)
        return stats.get("peak_bytes_reserved", stats.get("peak_bytes_in_use", 0))

    def mem_get_info(self, which: Any = None) -> tuple[int, int]:
        """(free, all) bytes, as far as JAX may use them."""
        stats = self.memory_stats(which)
        limit = stats.get("bytes_limit", 0)
        return max(limit - stats.get("bytes_in_use", 0), 0), limit

    def manual_seed(self, seed: int) -> None:
        """Seed the current device's generator."""
        self._generator().manual_seed(int(seed))

    def manual_seed_all(self, seed: int) -> None:
        """Seed the generators of all devices."""
        for i in range(self.device_count()):
            self._generator(i).manual_seed(int(seed))

    def seed(self) -> None:
        """Seed the current device's generator from the system's entropy."""
        self._generator().seed()

    def seed_all(self) -> None:
        """Seed the generators of all devices with one seed from the system's entropy."""
        self.seed()
        self.manual_seed_all(self._generator().initial_seed())

    def initial_seed(self) -> int:
        """The seed of the current device's generator."""
        return self._generator().initial_seed()

    def get_rng_state(self, which: Any = None) -> Any:
        """The state of a device's generator, a uint8 tensor of the CPU."""
        return self._generator(which).get_state()

    def set_rng_state(self, new_state: Any, which: Any = None) -> None:
        """Put a device's generator into a state that get_rng_state() gave."""
        self._generator(which).set_state(new_state)

    def get_rng_state_all(self) -> list[Any]:
        """The states of all devices' generators."""
        return [self.get_rng_state(i) for i in range(self.device_count())]

    def set_rng_state_all(self, new_states: Any) -> None:
        """Put all devices' generators into states that get_rng_state_all() gave."""
        for i, state in enumerate(new_states):
            self.set_rng_state(state, i)

    def _generator(self, which: Any = None) -> Any:
        if which is None or isinstance(which, int):
            index = self.current_device() if which is None or which < 0 else which
            where = device(self.kind, index)
        else:
            where = device(which)
        return GENERATOR[0](resolve(where))

    def synchronize(self, which: Any = None) -> None:
        """Wait until the devices have done their work."""
        synchronize()

    def current_stream(self, which: Any = None) -> Stream:
        """The one stream that there is."""
        return Stream(self.kind)

    default_stream = current_stream

    def set_stream(self, stream: Any) -> None:
        """Nothing to do: there is one stream."""

    def empty_cache(self) -> None:
        """Nothing to do: JAX gives memory back, or keeps it, by itself."""

    def reset_peak_memory_stats(self, which: Any = None) -> None:
        """Nothing to do: JAX's peaks are those since the start."""

    reset_max_memory_allocated = reset_max_memory_cached = reset_peak_memory_stats
    reset_accumulated_memory_stats = reset_peak_memory_stats

    def ipc_collect(self) -> None:
        """Nothing to do: no memory is shared with other processes."""

    def init(self) -> None:
        """Start JAX."""
        self.found()


GENERATOR: list[Any] = [None]  # random.generator.generator_on, which is a room above this one
