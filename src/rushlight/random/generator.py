"""Generators of random numbers, and the functions of torch.random.

A generator is PyTorch's on the CPU: the Mersenne Twister MT19937, with the same seeds, the same
stream and the same 5,056 bytes of state, so that states may be exchanged with PyTorch both ways.
What is drawn from one is in `variates.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..core.annotations import readable
from ..core.device import CPU, STARTED, device, resolve
from ..core.meta import device_of
from ..kernels import K
from ..kernels.twin.random import LEFT, NEXT, NORMAL, SIZE, WAITS, WORDS

__all__ = ["Generator", "default_generator", "fork_rng", "get_rng_state", "initial_seed",
           "manual_seed", "seed", "set_rng_state"]  # fmt: skip

DEFAULT_SEED = 67280421310721  # the default seed, as in PyTorch

# PyTorch's state, byte for byte. Half of it is history: words of 64 bits that hold 32, places of
# distributions that are no longer kept.
_STATE = np.dtype(
    [("seed", "<u8"), ("left", "<i4"), ("seeded", "<i4"), ("next", "<u8"), ("words", "<u8", WORDS),
     ("unused_x", "<f8"), ("normal", "<f8"), ("unused_rho", "<f8"), ("has_normal", "<i4"),
     ("unused", "u1", 12)]
)  # fmt: skip


class Generator:
    """A stream of random numbers: torch.Generator(device='cpu').

    >>> g = torch.Generator().manual_seed(2147483647)
    >>> torch.rand(2, generator=g)
    tensor([0.7081, 0.3542])

    For the kernels: `mt`, their state (see kernels/twin/random.py), which they change in place.
    """

    __slots__ = ("__weakref__", "_seed", "mt")
    __module__ = "torch._C"

    mt: np.ndarray

    def __init__(self, device: Any = None):
        where = None if device is None else _generator_device(device)
        if where is None:
            self.mt = np.zeros(SIZE, np.uint32)
            self._reseed(DEFAULT_SEED)
        else:
            from ..core.accelerators import generator_state

            self._seed, self.mt = DEFAULT_SEED, generator_state(DEFAULT_SEED, where)

    def _reseed(self, seed: int) -> None:
        self._seed = seed
        K.rng_seed(self.mt, seed & 0xFFFFFFFF if self._on_cpu else seed)

    @property
    def _on_cpu(self) -> bool:
        return type(self.mt) is np.ndarray

    def manual_seed(self, seed: int, /) -> Generator:
        """Start the stream over from a seed in [-2^63, 2^64); negative ones count from 2^64 down.

        The lower 32 bits decide the stream. RuntimeError: not an int; ValueError: beyond 64 bits.
        """
        if type(seed) is not int:
            if isinstance(seed, (bool, np.bool_)) or not isinstance(seed, (int, np.integer)):
                kind = type(seed).__name__
                raise RuntimeError(f"manual_seed expected a long, but got {kind}")
            seed = int(seed)
        if not -(2**63) <= seed < 2**64:
            raise ValueError("Overflow when unpacking long long")
        self._reseed(seed & (2**64 - 1))
        return self

    def seed(self) -> int:
        """Seed from the system's entropy, and return the seed (64 bits)."""
        self._reseed(int.from_bytes(os.urandom(8), "little"))
        return self._seed

    def initial_seed(self) -> int:
        """The seed that this stream began with."""
        return self._seed

    @property
    def device(self) -> Any:
        """device(type='cpu'), or where else it draws."""
        return device_of(self.mt)

    def get_state(self) -> Any:
        """Where the stream is: a uint8 tensor of 5,056 bytes, laid out as PyTorch's. On another
        device 16 bytes, seed and key.
        """
        from ..core.tensor import wrap

        return wrap(np.frombuffer(self._bytes(), np.uint8))

    def set_state(self, new_state: Any, /) -> None:
        """Go on from a state that get_state() gave, here or in PyTorch.

        TypeError: not a uint8 tensor. RuntimeError: not 5,056 bytes, or not a state of MT19937.
        """
        from ..core.tensor import Tensor

        if not isinstance(new_state, Tensor):
            raise TypeError(f"expected a torch.ByteTensor, but got {type(new_state).__name__}")
        array = new_state._a
        if array.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        if not array.flags.c_contiguous:
            raise RuntimeError("RNG state must be contiguous")
        if not self._on_cpu:
            self._set_key(array)
            return
        if array.size != _STATE.itemsize:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {_STATE.itemsize} but found the input "
                f"RNG state size to be {array.size}"
            )
        self._set_bytes(array.tobytes())

    def _set_key(self, array: np.ndarray) -> None:
        if array.size != 16:
            raise RuntimeError("RNG state is wrong size")
        words = np.frombuffer(array.tobytes(), np.uint32)
        self._seed = int(words[:2].view(np.uint64)[0])
        self.mt[...] = words[2:]

    def _bytes(self) -> bytearray:
        if not self._on_cpu:
            key = np.array(self.mt.tolist(), np.uint32)
            return bytearray(np.uint64(self._seed).tobytes() + key.tobytes())
        state = bytearray(_STATE.itemsize)  # of its own: a tensor made of it may be written to
        record = np.frombuffer(state, _STATE)
        record["seed"], record["seeded"] = self._seed, 1
        record["left"], record["next"] = self.mt[LEFT], self.mt[NEXT]
        record["words"] = self.mt[:WORDS]
        record["normal"], record["has_normal"] = self.mt[NORMAL].view(np.float64), self.mt[WAITS]
        return state

    def _set_bytes(self, state: bytes) -> None:
        if not self._on_cpu:
            self._set_key(np.frombuffer(state, np.uint8))
            return
        record = np.frombuffer(state, _STATE)[0]
        left, place = int(record["left"]), int(record["next"])
        if record["seeded"] != 1 or not 0 < left <= WORDS or place + left - 1 > WORDS:
            raise RuntimeError("Invalid mt19937 state")
        self._seed = int(record["seed"])
        self.mt[:WORDS] = record["words"]
        self.mt[LEFT], self.mt[NEXT] = left, place
        self.mt[NORMAL].view(np.float64)[:] = record["normal"]
        self.mt[WAITS] = record["has_normal"] != 0

    def clone_state(self) -> Generator:
        """A generator of its own at the same place of the same stream."""
        twin = Generator.__new__(type(self))
        twin._seed, twin.mt = self._seed, self.mt.copy()
        return twin

    def __copy__(self) -> Generator:
        return self.clone_state()

    def __deepcopy__(self, memo: dict) -> Generator:
        return self.clone_state()

    def __reduce__(self) -> tuple[Any, ...]:
        if not self._on_cpu:
            return _restored_on, (str(self.device), bytes(self._bytes()))
        return _restored, (bytes(self._bytes()),)

    def graphsafe_get_state(self) -> Generator:
        """Of CUDA graphs: NotImplementedError on the CPU, as in PyTorch."""
        raise NotImplementedError("graphsafe_get_state is not supported in this Generator")

    def graphsafe_set_state(self, state: Generator) -> Generator:
        """Of CUDA graphs: NotImplementedError on the CPU, as in PyTorch."""
        raise NotImplementedError("graphsafe_set_state is not supported in this Generator")

    def get_offset(self) -> int:
        """Of CUDA's counter-based generator: RuntimeError on the CPU, as in PyTorch."""
        raise RuntimeError("CPU Generator does not use offset")

    def set_offset(self, offset: int) -> Generator:
        """Of CUDA's counter-based generator: RuntimeError on the CPU, as in PyTorch."""
        raise RuntimeError("CPU Generator does not use offset")


_NO_GENERATOR = {
    "cuda": "Cannot get CUDA generator without ATen_cuda library.",
    "xpu": "Cannot get XPU generator without ATen_xpu library.",
    "mps": "Cannot execute getNewGenerator() without MPS backend.",
    "mtia": "Cannot execute getNewGenerator() without MTIA backend.",
}


def _generator_device(where: Any) -> Any:
    """Where a generator is to draw; None for the CPU.

    errors  RuntimeError: a device that has no generator here; TypeError: not a device
    """
    if not isinstance(where, device):
        if not isinstance(where, (str, int)):
            kind = type(where).__name__
            raise TypeError(
                f"Generator(): argument 'device' (position 1) must be torch.device, not {kind}"
            )
        where = device(where)
    if where.type == "cpu":
        return None
    if where.type == "xla":
        return resolve(where)
    if where.type == "cuda":
        from ..core.accelerators import jax_devices

        if jax_devices("cuda"):
            return resolve(where)
    reason = _NO_GENERATOR.get(where.type, f"{where.type.upper()} device type not an accelerator.")
    raise RuntimeError(f"{reason}\n  rushlight draws on the CPU here\n  fix: device='cpu'")


def _restored(state: bytes) -> Generator:
    generator = Generator()
    generator._set_bytes(state)
    return generator


def _restored_on(where: str, state: bytes) -> Generator:
    generator = Generator(where)
    generator._set_bytes(state)
    return generator


readable(Generator, __name__)
default_generator = Generator()
default_generator.seed()


device_generators: dict[Any, Generator] = {}  # the default ones of other devices, once they drew
_seeded = [DEFAULT_SEED]  # the seed that those of them begin with which have not drawn yet


def generator_on(where: Any) -> Generator:
    """The default generator of a device, as `resolve` gives it."""
    if where.type == "cpu" or where.type == "meta":
        return default_generator
    found = device_generators.get(where)
    if found is None:
        found = device_generators[where] = Generator(where).manual_seed(_seeded[0])
    return found


def _tell_queries() -> None:
    from ..core import device_queries

    device_queries.GENERATOR[0] = generator_on


STARTED.append(_tell_queries)


def generator_of(a: Any) -> Generator:
    """The default generator for numbers that are put where an array is."""
    return default_generator if type(a) is np.ndarray else generator_on(device_of(a))


def generator_or_default(generator: Any, name: str, where: Any = None) -> Generator:
    """The generator that was given to torch.<name>; for None the default one of `where`, a tensor
    or a device (the default device, if that is None, too). TypeError: something else.
    """
    if generator is None:
        if where is None or type(getattr(where, "_a", None)) is np.ndarray:
            return default_generator
        return generator_on(where if isinstance(where, device) else getattr(where, "device", CPU))
    if not isinstance(generator, Generator):
        kind = type(generator).__name__
        raise TypeError(f"{name}(): argument 'generator' must be torch.Generator, not {kind}")
    return generator


def manual_seed(seed: Any) -> Generator:
    """Seed the default generator, which everything draws from unless told otherwise; returns it.

    seed: anything that int() takes, in [-2^63, 2^64). ValueError: beyond that.
    """
    default_generator.manual_seed(int(seed))
    _seed_devices()
    return default_generator


def _seed_devices() -> None:
    _seeded[0] = default_generator.initial_seed()
    for g in device_generators.values():
        g.manual_seed(_seeded[0])


def seed() -> int:
    """Seed the default generator from the system's entropy, and return the seed."""
    found = default_generator.seed()
    _seed_devices()
    return found


def initial_seed() -> int:
    """The seed of the default generator."""
    return default_generator.initial_seed()


def get_rng_state() -> Any:
    """The default generator's state, a uint8 tensor."""
    return default_generator.get_state()


def set_rng_state(new_state: Any) -> None:
    """Put the default generator into a state that get_rng_state() gave."""
    default_generator.set_state(new_state)


@contextmanager
def fork_rng(
    devices: Any = None,
    enabled: bool = True,
    _caller: str = "fork_rng",
    _devices_kw: str = "devices",
    device_type: str | None = None,
) -> Iterator[None]:
    """Draw inside without a trace outside: the default generator's state comes back at the end.

    devices: accelerators whose default generators are to be forked as well. enabled=False makes it
    do nothing.
    """
    if not enabled:
        yield
        return
    devices = list(devices or ())
    if devices:
        devices = [
            resolve(f"{device_type or 'cuda'}:{d}" if isinstance(d, int) else d) for d in devices
        ]
    forked = [(g, bytes(g._bytes())) for g in (default_generator, *map(generator_on, devices))]
    try:
        yield
    finally:
        for g, state in forked:
            g._set_bytes(state)


def thread_safe_generator() -> None:
    """The generator of a DataLoader's thread worker: None, as outside of one."""
    return None
