"""JAX's runtime under torch.distributed: the processes joined, and the collectives they run.

`start` joins this process to the others by JAX: a coordination service in rank 0, and gloo (CPU) or
NCCL (GPU) beneath XLA's collectives. A `Link` is what a group has on one kind of device: a mesh of
one device per process, and one program per collective, `shard_map` over that mesh.
JAX is imported when several processes meet, and never for a group of one.

Numbers of the host travel flat and padded to one of a few lengths, so that few programs are
compiled. What only moves (gather, exchange, broadcast) travels as bytes, any dtype is the same.

Letters: K processes of a group, n numbers.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import queue
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from functools import reduce
from multiprocessing.util import Finalize
from typing import Any

import numpy as np

from .errors import DistBackendError
from .tcp_store import is_here, is_loopback

MISSING = (
    "several processes talk by JAX's runtime, and JAX is not installed\n"
    "  fix: pip install 'rushlight[xla]'"
)


class Runtime:
    """This process among all others: who it is, JAX's client, a thread for the collectives."""

    def __init__(self, rank: int, size: int, client: Any, jax: Any):
        self.rank, self.size, self.client, self.jax = rank, size, client, jax
        self.worker = Worker()
        self._devices: dict[str, list] = {}

    def devices(self, kind: str) -> list:
        """One device per process, by rank. kind: "cpu", "gpu". errors  RuntimeError: it has none"""
        if kind not in self._devices:
            first: dict[int, Any] = {}
            for device in self.jax.devices(kind):
                first.setdefault(device.process_index, device)
            if len(first) != self.size:
                raise DistBackendError(
                    f"{len(first)} of {self.size} processes have a device of the kind {kind!r}"
                )
            self._devices[kind] = [first[rank] for rank in range(self.size)]
        return self._devices[kind]

    def meet(self, name: str, ranks: list[int], seconds: float) -> None:
        """Waits until all of `ranks` are here. errors  DistBackendError: not within the time"""
        try:
            self.client.wait_at_barrier(name, int(seconds * 1000), ranks)
        except Exception as error:
            raise DistBackendError(
                f"not all of ranks {ranks} came to {name!r} within {seconds:g} s\n"
                f"  {_first_line(error)}"
            ) from None


_HERE: list[Runtime] = []


def started() -> Runtime | None:
    """The runtime, if this process has joined others."""
    return _HERE[0] if _HERE else None


def start(store: Any, rank: int, size: int, host: str, kinds: list[str], seconds: float) -> Runtime:
    """Joins this process to the others; once in its life.

    store   what all of them share: rank 0 says there where its service is
    host    the address under which rank 0 is found, "" if only the store knows
    kinds   of devices: with "gpu" each process takes the GPU of its number, $LOCAL_RANK
    errors  RuntimeError: no JAX, JAX has been used before. ValueError: it was joined to others
    """
    if _HERE:
        found = _HERE[0]
        if (found.rank, found.size) != (rank, size):
            raise ValueError(
                f"this process was rank {found.rank} of {found.size} and cannot become rank {rank} "
                f"of {size}: JAX's runtime is joined once\n  fix: start a new process"
            )
        return found
    try:
        import jax
        from jax._src import xla_bridge
    except ModuleNotFoundError:
        raise RuntimeError(MISSING) from None
    if xla_bridge.backends_are_initialized():
        raise RuntimeError(
            "init_process_group must be called before the first tensor on a device and before any "
            "other use of JAX: its devices are joined to those of other processes when they are "
            "first asked for\n  fix: call init_process_group first"
        )
    jax.config.update("jax_enable_x64", True)  # float64 and int64 stay what they are
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    if "gpu" in kinds:
        local = os.environ.get("LOCAL_RANK", "0")
        for option in ("jax_cuda_visible_devices", "jax_rocm_visible_devices"):
            jax.config.update(option, local)
    elif "JAX_PLATFORMS" not in os.environ:
        jax.config.update("jax_platforms", "cpu")  # gloo: all processes would take all GPUs
    # JAX warns when a loader forks its workers: they compute with NumPy and leave JAX alone
    warnings.filterwarnings("ignore", r"os\.fork\(\) was called", RuntimeWarning)
    address = _address(store, rank, host, seconds)
    client = _connect(jax, address, rank, size, int(seconds))
    _HERE.append(Runtime(rank, size, client, jax))
    atexit.register(_leave)
    Finalize(None, _leave, exitpriority=100)  # processes of multiprocessing end without atexit
    return _HERE[0]


def _address(store: Any, rank: int, host: str, seconds: float) -> str:
    """host:port of rank 0's service, by way of the store."""
    if rank == 0:
        with socket.socket() as probe:
            probe.bind(("", 0))
            port = probe.getsockname()[1]
        # rank 0 need not be where the store is; without a host in common (file://), processes on
        # its machine take the loopback
        known = host if host and is_here(host) else ""
        store.set("jax", f"{known}|{socket.gethostname()}|{_own_address(host)}|{port}")
    known, name, address, port = store.get("jax").decode().split("|")
    if not known:
        known = "127.0.0.1" if name == socket.gethostname() else address
    return f"{known}:{port}"


def _own_address(towards: str) -> str:
    """This machine's address in the network, as another machine sees it."""
    target = "192.0.2.1" if not towards or is_loopback(towards) else towards
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((target, 9))  # sends nothing: only a route is looked for
            return probe.getsockname()[0]
        except OSError:
            return "127.0.0.1"


def _connect(jax: Any, address: str, rank: int, size: int, seconds: int) -> Any:
    """JAX's client, of a service that processes may leave.

    It is made by hand: as JAX makes it, the death or the early end of a process aborts all others
    from within C++. So it is an exception of the next collective.
    """
    from jax._src import distributed
    from jaxlib import _jax

    state, host = distributed.global_state, address.rpartition(":")[0]
    seconds = max(min(seconds, 3600), 1)
    if rank == 0:
        bind = "127.0.0.1" if is_loopback(host) else "[::]"
        with _quiet(2):  # a warning that processes may leave
            state.service = _jax.get_distributed_runtime_service(
                f"{bind}:{address.rpartition(':')[2]}", size, shutdown_timeout=5, recoverable=True
            )
    state.client = _jax.get_distributed_runtime_client(
        address,
        rank,
        init_timeout=seconds,
        shutdown_timeout=5,
        shutdown_on_destruction=False,
        use_compression=False,
    )
    state.client.connect()
    state.process_id, state.num_processes, state.coordinator_address = rank, size, address
    interface = os.environ.get("GLOO_SOCKET_IFNAME")
    if interface or not is_loopback(host):
        # gloo would listen at what the host's name means, which on many machines is 127.0.1.1
        make = _jax.make_gloo_tcp_collectives
        where = {"interface": interface} if interface else {"hostname": _own_address(host)}
        _jax.make_gloo_tcp_collectives = lambda **more: make(**where, **more)
    return state.client


def _leave() -> None:
    """At the end of the program: without JAX's own farewell, which waits for all processes.

    The client stops listening to rank 0's service, since an answer that comes while Python ends
    would abort the process. Rank 0, unless it failed, serves until the others have left, since they
    would be aborted, too. A program that ends while a collective is under way would wait for ever
    in JAX's thread.
    """
    from jax._src import distributed

    state, here = distributed.global_state, _HERE[0]
    client, service = state.client, state.service
    if client is None:
        return  # a second call
    _KEPT.append((client, service))
    state.client = state.service = None
    failed = FAILED[0] or getattr(sys, "last_value", None) is not None
    end = time.monotonic() + (0 if failed else 10)
    while here.worker.busy() and time.monotonic() < end:
        time.sleep(0.01)
    if here.worker.busy():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)
    with contextlib.suppress(Exception):
        if here.rank:
            client.key_value_set(f"left/{here.rank}", "")
        elif not failed:
            for rank in range(1, here.size):
                client.blocking_key_value_get(f"left/{rank}", 300_000)
    with contextlib.suppress(Exception):
        client.shutdown()


#: set by who knows that the program has failed, though no exception says so (sys.exit(3))
FAILED = [False]
_KEPT: list = []


class Worker:
    """One thread that runs collectives in the order of the calls."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue = queue.SimpleQueue()
        self._open = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._run, daemon=True, name="collectives").start()

    def _run(self) -> None:
        while True:
            job, done = self._jobs.get()
            try:
                error = None
                try:
                    job()
                except Exception as caught:
                    error = caught
                with self._lock:
                    self._open -= 1
                done(error)
            finally:
                job = done = None  # drop what they hold

    def put(self, job: Callable[[], None], done: Callable[[Exception | None], None]) -> None:
        """Runs job() in its turn, then done(error)."""
        with self._lock:
            self._open += 1
        self._jobs.put((job, done))

    def busy(self) -> bool:
        """Is something waiting or running?"""
        return self._open > 0


def rounded(n: int) -> int:
    """n, or the next of a few lengths: eight between two powers of two, 64 at least."""
    if n <= 64:
        return 64
    step = 1 << max(n.bit_length() - 4, 3)
    return -(-n // step) * step


def _first_line(error: Exception) -> str:
    return str(error).split("\n")[0]


#: how often a collective became part of a program that was being written down
TRACED_USES = [0]

_BITWISE = {"band": "bitwise_and", "bor": "bitwise_or", "bxor": "bitwise_xor"}


class Link:
    """The collectives of a group on one kind of device.

    Values are arrays of the host, or jax.Arrays of this process (tracers, too: inside a program
    over the mesh axis AXIS the collective becomes a part of it).
    """

    AXIS = "ranks"

    def __init__(self, runtime: Runtime, ranks: list[int], kind: str):
        jax = runtime.jax
        devices = runtime.devices(kind)
        self.runtime, self.ranks, self.jax = runtime, ranks, jax
        self.device = devices[runtime.rank]
        self.mesh = jax.sharding.Mesh(np.array([devices[r] for r in ranks]), (self.AXIS,))
        self.split = jax.sharding.NamedSharding(self.mesh, jax.sharding.PartitionSpec(self.AXIS))
        self._programs: dict[str, Any] = {}

    def connect(self, name: str, seconds: float) -> None:
        """The first collective, which opens the connections: gloo waits 30 s for it, no longer, so
        the processes meet before."""
        self.runtime.meet(f"join {name}", self.ranks, seconds)
        with _quiet(1):  # gloo says from C++ that it is connected: not among a program's output
            self.reduce(np.zeros(1, np.float32), "sum")

    # ---- what runs inside a program: x of one process -> the result
    def _body(self, name: str) -> Callable[[Any], Any]:
        jax, axis, size = self.jax, self.AXIS, len(self.ranks)
        lax, jnp = jax.lax, jax.numpy
        if name == "sum":
            return lambda x: lax.psum(x, axis)
        if name == "max":
            return lambda x: lax.pmax(x, axis)
        if name == "min":
            return lambda x: lax.pmin(x, axis)
        if name == "product":
            return lambda x: jnp.prod(lax.all_gather(x, axis), 0, dtype=x.dtype)
        if name in _BITWISE:
            f = getattr(jnp, _BITWISE[name])
            return lambda x: reduce(f, list(lax.all_gather(x, axis)))
        if name == "gather":
            return lambda x: lax.all_gather(x, axis)
        if name == "exchange":
            return lambda x: lax.all_to_all(x, axis, 0, 0, tiled=True) if size > 1 else x
        source = int(name.removeprefix("broadcast "))

        def spread(x: Any) -> Any:
            # bits of one process and zeros of the others: their sum is exact
            return lax.psum(jnp.where(lax.axis_index(axis) == source, x, jnp.zeros_like(x)), axis)

        return spread

    def _program(self, name: str) -> Any:
        if name not in self._programs:
            jax, body = self.jax, self._body(name)
            spec = jax.sharding.PartitionSpec(self.AXIS)
            self._programs[name] = jax.jit(
                jax.shard_map(
                    lambda x: body(x[0])[None],
                    mesh=self.mesh,
                    in_specs=spec,
                    out_specs=spec,
                    check_vma=False,
                )
            )
        return self._programs[name]

    def _run(self, name: str, x: Any) -> Any:
        """x (n) of each process -> the result of this one, both on its device."""
        jax = self.jax
        mine = jax.device_put(x[None], self.device)
        whole = jax.make_array_from_single_device_arrays(
            (len(self.ranks), *x.shape), self.split, [mine]
        )
        try:
            out = self._program(name)(whole).addressable_data(0)[0]
            out.block_until_ready()
        except (ValueError, RuntimeError) as error:
            raise DistBackendError(
                f"of ranks {self.ranks} failed: another process has ended, or has called something "
                f"else\n  {_first_line(error)}"
            ) from None
        return out

    def _on_host(self, name: str, x: np.ndarray) -> np.ndarray:
        """x (..., n) -> the result, by way of a padded copy."""
        n = x.shape[-1]
        room = np.zeros((*x.shape[:-1], rounded(n)), x.dtype)
        room[..., :n] = x
        return np.asarray(self._run(name, room))[..., :n]

    # ---- values
    def traced(self, x: Any) -> bool:
        """Is x a value of a program that is being written down?"""
        return not isinstance(x, np.ndarray) and isinstance(x, self.jax.core.Tracer)

    def _inside(self, name: str, x: Any) -> Any:
        """The collective as a part of a program; of the group of all processes only."""
        if len(self.ranks) != self.runtime.size:
            raise NotImplementedError(
                f"{name} of ranks {self.ranks}, a part of all, inside a compiled function is not "
                "supported: call it outside"
            )
        TRACED_USES[0] += 1
        return self._body(name)(x)

    def reduce(self, x: Any, name: str) -> Any:
        """Σ, max, ... over the processes: x (*) -> (*)"""
        if self.traced(x):
            return self._inside(name, x)
        if isinstance(x, np.ndarray):
            return self._on_host(name, x.reshape(-1)).reshape(x.shape)
        return self._back(x, self._run(name, x))

    def gather(self, x: Any) -> Any:
        """x (*) of each -> (K, *)"""
        if self.traced(x):
            return self._inside("gather", x)
        if isinstance(x, np.ndarray):
            found = self._on_host("gather", _bytes(x))
            return _numbers(found, x.dtype, (len(self.ranks), *x.shape))
        return self._back(x, self._run("gather", x))

    def exchange(self, x: Any) -> Any:
        """x (K, *): row j for process j -> (K, *): row i of process i"""
        if self.traced(x):
            return self._inside("exchange", x)
        if isinstance(x, np.ndarray):
            rows = _bytes(x).reshape(len(self.ranks), x.nbytes // len(self.ranks))
            return _numbers(self._on_host("exchange", rows), x.dtype, x.shape)
        return self._back(x, self._run("exchange", x))

    def broadcast(self, x: Any, source: int) -> Any:
        """x (*) of the process `source` of the group -> (*)"""
        name = f"broadcast {source}"
        if isinstance(x, np.ndarray):
            return _numbers(self._on_host(name, _bytes(x)), x.dtype, x.shape)
        kind = np.dtype(x.dtype)
        bits = x if kind.kind in "iub" else self._bits(x)
        bits = bits.astype("uint8") if kind.kind == "b" else bits
        out = self._inside(name, bits) if self.traced(x) else self._back(x, self._run(name, bits))
        return self.jax.numpy.asarray(out, bool) if kind.kind == "b" else self._bits(out, kind)

    def _bits(self, x: Any, back: Any = None) -> Any:
        """A device's floating numbers as integers, or back."""
        lax = self.jax.lax
        if back is None:
            if np.dtype(x.dtype).kind == "c":
                x = self.jax.numpy.stack([x.real, x.imag])
            return lax.bitcast_convert_type(x, f"uint{8 * np.dtype(x.dtype).itemsize}")
        if back.kind in "iu":
            return x
        if back.kind == "c":
            real = lax.bitcast_convert_type(x, np.empty(0, back).real.dtype)
            return lax.complex(real[0], real[1])
        return lax.bitcast_convert_type(x, back)

    def _back(self, x: Any, out: Any) -> Any:
        """The result, on the device where x was."""
        (home,) = x.devices()
        return out if home == self.device else self.jax.device_put(out, home)


@contextlib.contextmanager
def _quiet(descriptor: int) -> Iterator[None]:
    """What C++ writes to stdout (1) or stderr (2) meanwhile is not shown."""
    sys.stdout.flush()
    try:
        kept = os.dup(descriptor)
    except OSError:  # there is no such stream
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    try:
        yield
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)
        os.close(nowhere)


def _bytes(x: np.ndarray) -> np.ndarray:
    """x (*) -> its memory as bytes (n)."""
    return np.ascontiguousarray(x).reshape(-1).view(np.uint8)


def _numbers(text: np.ndarray, dtype: Any, shape: tuple) -> np.ndarray:
    """Bytes (..., n) -> numbers of that shape."""
    return np.ascontiguousarray(text).reshape(-1).view(dtype).reshape(shape)
