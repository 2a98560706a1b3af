"""Groups of processes: the default one, which init_process_group makes, and parts of it.

A group of one process needs nobody: it is made without JAX, and its collectives are identities. A
group of several stands on runtime.py: JAX's runtime joins the processes.
"""

from __future__ import annotations

import datetime
import enum
import importlib.util
import os
import sys
from collections.abc import Sequence
from typing import Any

from .rendezvous import rendezvous
from .runtime import Link, Runtime, start
from .stores import HashStore, PrefixStore

_NONE_YET = (
    "Default process group has not been initialized, please make sure to call init_process_group."
)

default_pg_timeout = datetime.timedelta(minutes=30)
default_pg_nccl_timeout = datetime.timedelta(minutes=10)


class RedOpType(enum.Enum):
    """How all_reduce puts numbers together."""

    SUM = 0
    AVG = 1
    PRODUCT = 2
    MIN = 3
    MAX = 4
    BAND = 5
    BOR = 6
    BXOR = 7
    PREMUL_SUM = 8


class ReduceOp:
    """torch.distributed.ReduceOp.SUM and the like: of one process, all give what was given."""

    RedOpType = RedOpType
    SUM, AVG, PRODUCT = RedOpType.SUM, RedOpType.AVG, RedOpType.PRODUCT
    MIN, MAX = RedOpType.MIN, RedOpType.MAX
    BAND, BOR, BXOR = RedOpType.BAND, RedOpType.BOR, RedOpType.BXOR
    PREMUL_SUM = RedOpType.PREMUL_SUM

    def __new__(cls, op: Any = RedOpType.SUM) -> Any:
        return op


class Backend(str):
    """The name of what processes talk by, in small letters.

    errors  ValueError: no text
    """

    UNDEFINED, GLOO, NCCL, XCCL, UCC, MPI = "undefined", "gloo", "nccl", "xccl", "ucc", "mpi"
    FAKE = "fake"
    backend_list = [UNDEFINED, GLOO, NCCL, XCCL, UCC, MPI, FAKE]
    default_device_backend_map = {"cpu": "gloo", "cuda": "nccl", "xpu": "xccl", "mps": "gloo"}
    backend_capability = {"gloo": ["cpu"], "nccl": ["cuda"]}

    def __new__(cls, name: str) -> Backend:
        if not isinstance(name, str):
            raise ValueError("Backend constructor parameter must be string-ish")
        return super().__new__(cls, name.lower())


#: the backends that there are -> JAX's word for the devices between which they move numbers
_KINDS = {"gloo": "cpu", "nccl": "gpu"}


class ProcessGroup:
    """Processes that call collectives together; `ranks` are theirs in the default group."""

    def __init__(self, name: str = "", desc: str = "undefined", ranks: Sequence[int] = (0,)):
        self.group_name, self.group_desc = name, desc
        self.bound_device_id = None
        self.ranks = list(ranks)
        self.backends: dict[str, str] = {"cpu": "gloo"}
        self.timeout = default_pg_timeout
        self.runtime: Runtime | None = None
        self._links: dict[str, Link] = {}
        self.sent: dict[tuple, int] = {}  # messages so far, by (source, destination, tag)

    def rank(self) -> int:
        """The rank of this process in the group."""
        return self.ranks.index(_Here.rank)

    def size(self) -> int:
        """How many processes it has."""
        return len(self.ranks)

    def name(self) -> str:
        """The backend: "gloo"."""
        return next(iter(self.backends.values()))

    def connect(self) -> None:
        """Opens the connections, on each kind of device that the group's backends serve."""
        if self.size() == 1:
            return
        assert self.runtime is not None
        for backend in self.backends.values():
            kind = _KINDS[backend]
            self._links[kind] = Link(self.runtime, self.ranks, kind)
            self._links[kind].connect(f"{self.group_name}/{kind}", self.timeout.total_seconds())

    def link(self, kind: str) -> Link | None:
        """The collectives between devices of that kind, "cpu" or "gpu"; None: not served."""
        return self._links.get(kind)

    def __repr__(self) -> str:
        return f"<torch.distributed.ProcessGroup {self.group_name} of ranks {self.ranks}>"


class ProcessGroupGloo(ProcessGroup):
    """The kind of group there is."""


class _Here:
    """Which groups there are: the default one, and how many were made."""

    world: ProcessGroup | None = None
    store: Any = None
    rank = 0
    count = 0
    made = 0  # groups ever made: their names must not come back


class _Meta(type):
    @property
    def WORLD(cls) -> ProcessGroup | None:
        """The default group; None before init_process_group."""
        return _Here.world

    @WORLD.setter
    def WORLD(cls, group: ProcessGroup | None) -> None:
        _Here.world = group


class group(metaclass=_Meta):
    """group.WORLD is the default group."""


class GroupMember(metaclass=_Meta):
    """GroupMember.WORLD is the default group, NON_GROUP_MEMBER stands for one of others."""

    NON_GROUP_MEMBER = -100


def is_available() -> bool:
    """True: there are groups."""
    return True


def is_initialized() -> bool:
    """Has init_process_group been called?"""
    return _Here.world is not None


def is_gloo_available() -> bool:
    """True: of one process by itself, of several if JAX is installed."""
    return True


def is_nccl_available() -> bool:
    """Is JAX installed with its part for GPUs, and is there a GPU?"""
    return os.path.exists("/dev/nvidiactl") and any(
        importlib.util.find_spec(f"jax_cuda{version}_plugin") for version in (12, 13)
    )


def is_mpi_available() -> bool:
    """False"""
    return False


is_ucc_available = is_xccl_available = is_mpi_available


def is_backend_available(backend: str) -> bool:
    """Is it "gloo", or "nccl" where there is a GPU?"""
    return backend.lower() == "gloo" or (backend.lower() == "nccl" and is_nccl_available())


def is_torchelastic_launched() -> bool:
    """Was this process started by the launcher (run.py)?"""
    return os.environ.get("TORCHELASTIC_RUN_ID") is not None


def supports_complex(reduceOp: Any) -> bool:
    """Can it put complex numbers together?"""
    return reduceOp in (RedOpType.SUM, RedOpType.AVG, RedOpType.PREMUL_SUM)


def _backends(backend: Any) -> dict[str, str]:
    """ "cpu:gloo,cuda:nccl" -> {"cpu": "gloo", "cuda": "nccl"}"""
    if not backend or backend == Backend.UNDEFINED:
        return {"cpu": "gloo"} | ({"cuda": "nccl"} if is_nccl_available() else {})
    found = {}
    for part in str(backend).lower().split(","):
        device, _, name = part.rpartition(":")
        if name not in Backend.backend_list[1:]:
            raise AssertionError(f"Unknown backend type {name}")
        found[device or ("cuda" if name == "nccl" else "cpu")] = name
    served = {device: name for device, name in found.items() if is_backend_available(name)}
    if not served:
        name = next(iter(found.values()))
        raise RuntimeError(
            f"Distributed package doesn't have {name.upper()} built in\n"
            "  fix: init_process_group('gloo')"
        )
    return served


def _seconds(timeout: Any) -> datetime.timedelta:
    if timeout is None:
        return default_pg_timeout
    if not isinstance(timeout, datetime.timedelta):
        raise TypeError(
            f"Expected timeout argument to be of type datetime.timedelta, got {timeout}"
        )
    return timeout


def _joined(
    store: Any, init_method: str | None, rank: int, world_size: int, timeout: Any
) -> tuple[Any, int, int]:
    """(store, rank, size) of the default group."""
    if store is not None:
        if init_method is not None:
            raise AssertionError("Cannot specify both init_method and store.")
        if not world_size > 0:
            raise AssertionError("world_size must be positive if using store")
        if not rank >= 0:
            raise AssertionError("rank must be non-negative if using store")
        return store, rank, world_size
    url = init_method or "env://"
    variables = {"RANK": rank, "WORLD_SIZE": world_size}
    if url == "env://" and all(
        (given if given >= 0 else int(os.environ.get(name, default))) == default
        for (name, given), default in zip(variables.items(), (0, 1), strict=True)
    ):
        return HashStore(), 0, 1  # one process, wherever it would have met others
    return next(iter(rendezvous(url, rank, world_size, timeout=timeout)))


def init_process_group(
    backend: str | None = None,
    init_method: str | None = None,
    timeout: datetime.timedelta | None = None,
    world_size: int = -1,
    rank: int = -1,
    store: Any = None,
    group_name: str = "",
    pg_options: Any = None,
    device_id: Any = None,
    _ranks: list[int] | None = None,
) -> None:
    """Makes the default group: of all processes that call this with the same address.

    backend         "gloo" (CPU), "nccl" (GPU), "cpu:gloo,cuda:nccl"; None: what there is
    init_method     "env://" (the default), "tcp://host:port", "file:///path"
    timeout         of collectives, 30 minutes if it is not given
    world_size, rank  if they are not given, those of init_method: $WORLD_SIZE and $RANK; without
                    them too, the group is this one process
    store           instead of init_method
    pg_options, device_id  have no effect

    errors          ValueError: there is a group already, a rank or size is missing. RuntimeError:
                    another backend; several processes without JAX. DistStoreError: not all came
    """
    if _Here.world is not None:
        raise ValueError("trying to initialize the default process group twice!")
    timeout = _seconds(timeout)
    backends = _backends(backend)
    store, rank, size = _joined(store, init_method, rank, world_size, timeout)
    if not 0 <= rank < size:
        raise ValueError(f"rank {rank} is not one of a group of {size}")
    store = PrefixStore(f"default_pg/{_Here.made}", store)
    world = ProcessGroupGloo(str(_Here.made), "default_pg", range(size))
    world.backends, world.timeout = backends, timeout
    if size > 1:
        host = ""
        if init_method is None or not init_method.startswith("file:"):
            host = getattr(_lowest(store), "host", "")
        kinds = [_KINDS[name] for name in backends.values()]
        world.runtime = start(store, rank, size, host, kinds, timeout.total_seconds())
    _Here.rank = rank
    world.connect()
    _Here.store, _Here.world, _Here.count = store, world, 1
    _Here.made += 1
    if size > 1:
        _join_programs(world)


def _join_programs(world: ProcessGroup) -> None:
    """Tells torch.compile how programs with collectives inside run."""
    from ..compiler.stage import RANKS
    from .programs import Joint

    kind = "gpu" if world.link("gpu") is not None else "cpu"
    link = world.link(kind)
    assert link is not None
    RANKS[0] = lambda: Joint(link)


def _lowest(store: Any) -> Any:
    while isinstance(store, PrefixStore):
        store = store.underlying_store
    return store


def destroy_process_group(group: ProcessGroup | None = None) -> None:
    """Forgets the group; without one, all. errors  AssertionError: there is none"""
    if group == GroupMember.NON_GROUP_MEMBER:
        return
    if (group or _Here.world) is None:
        raise AssertionError("Process group cannot be None")
    if group is None or group is _Here.world:
        _Here.world, _Here.store, _Here.rank, _Here.count = None, None, 0, 0
        stage = sys.modules.get(f"{__name__.partition('.')[0]}.compiler.stage")
        if stage is not None:
            stage.RANKS[0] = None
    else:
        _Here.count -= 1


def _get_default_group() -> ProcessGroup:
    """The default group. errors  ValueError: there is none yet"""
    if _Here.world is None:
        raise ValueError(_NONE_YET)
    return _Here.world


def _get_default_store() -> Any:
    """The store of the default group. errors  ValueError: there is none yet"""
    _get_default_group()
    return _Here.store


def member(group: Any) -> ProcessGroup | None:
    """The group, the default one if none is given; None for one that this process is not in.

    errors  ValueError: no default group yet
    """
    if group is None:
        return _get_default_group()
    return None if group == GroupMember.NON_GROUP_MEMBER else group


def is_member(group: Any) -> bool:
    """Does this process belong to the group? errors  ValueError: no default group yet"""
    return member(group) is not None


def get_rank(group: ProcessGroup | None = None) -> int:
    """The rank of this process; -1 for a group that it is not in. errors  ValueError: no group"""
    found = member(group)
    return -1 if found is None else found.rank()


def get_world_size(group: ProcessGroup | None = None) -> int:
    """How many processes; -1 for a group that this one is not in. errors  ValueError: no group"""
    found = member(group)
    return -1 if found is None else found.size()


def _member(group: Any) -> ProcessGroup:
    found = member(group)
    if found is None:
        raise ValueError("Invalid process group specified")
    return found


def get_backend(group: ProcessGroup | None = None) -> Backend:
    """ "gloo" or "nccl". errors  ValueError: no group yet"""
    return Backend(_member(group).name())


def get_backend_config(group: ProcessGroup | None = None) -> str:
    """ "cpu:gloo". errors  ValueError: no group yet"""
    return ",".join(f"{device}:{name}" for device, name in _member(group).backends.items())


def get_default_backend_for_device(device: Any) -> str:
    """The backend of a device type. errors  ValueError: it has none"""
    kind = str(device).partition(":")[0]
    if kind not in Backend.default_device_backend_map:
        raise ValueError(f"Default backend not registered for device : {kind}")
    return Backend.default_device_backend_map[kind]


def get_global_rank(group: ProcessGroup, group_rank: int) -> int:
    """The rank in the default group. errors  ValueError: not a rank of the group"""
    if not 0 <= group_rank < group.size():
        raise ValueError(f"Group rank {group_rank} is not part of group {group}")
    return group.ranks[group_rank]


def get_group_rank(group: ProcessGroup, global_rank: int) -> int:
    """The rank in the group. errors  ValueError: not one of its processes"""
    if global_rank not in group.ranks:
        raise ValueError(f"Global rank {global_rank} is not part of group {group}")
    return group.ranks.index(global_rank)


def get_process_group_ranks(group: ProcessGroup | None) -> list[int]:
    """The ranks of its processes in the default group. errors  ValueError: no group yet"""
    return list(_member(group).ranks)


def get_pg_count() -> int:
    """How many groups there are."""
    return _Here.count


def get_node_local_rank(fallback_rank: int | None = None) -> int:
    """$LOCAL_RANK, else fallback_rank. errors  RuntimeError: neither"""
    if "LOCAL_RANK" in os.environ:
        return int(os.environ["LOCAL_RANK"])
    if fallback_rank is None:
        raise RuntimeError(
            "LOCAL_RANK is not in the environment. Consider passing fallback_rank to allow "
            "`get_node_local_rank` to work, assuming you are not running in a multi-device "
            "context and want the code to run locally instead."
        )
    return int(fallback_rank)


def new_group(
    ranks: Sequence[int] | None = None,
    timeout: datetime.timedelta | None = None,
    backend: str | None = None,
    pg_options: Any = None,
    use_local_synchronization: bool = False,
    group_desc: str | None = None,
    device_id: Any = None,
    sort_ranks: bool = True,
) -> Any:
    """A group of these processes of the default group; None: all. All processes call it, in the
    same order. NON_GROUP_MEMBER for those that are not in it.

    use_local_synchronization  only the members call; then all their groups are to be made in the
                same order, and no two at once may have the same ranks

    errors  ValueError: no default group yet, or a rank outside of it
    """
    world = _get_default_group()
    chosen = list(world.ranks) if ranks is None else [int(rank) for rank in ranks]
    if sort_ranks:
        chosen = sorted(chosen)
    if len(chosen) > world.size():
        raise ValueError(
            "the new group's world size should be less or equal to the world size set by "
            "init_process_group"
        )
    if len(set(chosen)) != len(chosen):
        raise ValueError(f"a rank stands twice in {chosen}")
    if any(rank not in world.ranks for rank in chosen):
        raise ValueError(
            "The new group's rank should be within the world_size set by init_process_group"
        )
    if use_local_synchronization:
        name = "local" + ".".join(map(str, chosen))
        _Here.made += world.size() == 1
    else:
        name = str(_Here.made)
        _Here.made += 1
    if _Here.rank not in chosen:
        return GroupMember.NON_GROUP_MEMBER
    made = ProcessGroupGloo(name, group_desc or "undefined", chosen)
    made.backends = world.backends if backend is None else _backends(backend)
    made.timeout = world.timeout if timeout is None else _seconds(timeout)
    made.runtime = world.runtime
    made.connect()
    _Here.count += 1
    return made


def new_subgroups(
    group_size: int | None = None,
    group: Any = None,
    timeout: datetime.timedelta | None = None,
    backend: str | None = None,
    pg_options: Any = None,
    group_desc: str | None = None,
) -> tuple[Any, list[Any]]:
    """(the group of this process, all groups) of group_size neighbouring ranks each.

    group_size  if it is not given, the processes of a machine, $LOCAL_WORLD_SIZE
    errors  ValueError: group_size is larger than the world, or does not divide it
    """
    size = _member(group).size()
    if group_size is None:
        group_size = int(os.environ.get("LOCAL_WORLD_SIZE", size))
    if group_size <= 0:
        raise ValueError(f"The arg 'group_size' ({group_size}) must be positive")
    if size < group_size:
        raise ValueError(
            f"The arg 'group_size' ({group_size}) must not exceed the world size ({size})"
        )
    if size % group_size != 0:
        raise ValueError(f"The world size ({size}) must be divisible by 'group_size={group_size}'")
    ranks = _member(group).ranks
    lists = [ranks[i : i + group_size] for i in range(0, size, group_size)]
    return new_subgroups_by_enumeration(lists, timeout, backend, pg_options, group_desc)


def new_subgroups_by_enumeration(
    ranks_per_subgroup_list: Sequence[Sequence[int]],
    timeout: datetime.timedelta | None = None,
    backend: str | None = None,
    pg_options: Any = None,
    group_desc: str | None = None,
) -> tuple[Any, list[Any]]:
    """(the group of this process or None, all groups), one for each list of ranks.

    errors  ValueError: no lists, a rank in two of them
    """
    if not ranks_per_subgroup_list:
        raise ValueError("The arg 'ranks_per_subgroup_list' cannot be empty")
    seen: set[int] = set()
    for ranks in ranks_per_subgroup_list:
        for rank in ranks:
            if rank in seen:
                raise ValueError(f"Rank {rank} has appeared in more than one subgroup")
            seen.add(rank)
    groups = [
        new_group(list(ranks), timeout, backend, group_desc=group_desc)
        for ranks in ranks_per_subgroup_list
    ]
    mine = next((g for g in groups if g != GroupMember.NON_GROUP_MEMBER), None)
    return mine, groups


def split_group(
    parent_pg: ProcessGroup | None = None,
    split_ranks: Sequence[Sequence[int]] | None = None,
    timeout: datetime.timedelta | None = None,
    pg_options: Any = None,
    group_desc: str | None = None,
    backend: str | None = None,
) -> ProcessGroup | None:
    """The part of parent_pg that this process is in; split_ranks are ranks in parent_pg.

    errors  ValueError: no lists, a rank in two of them
    """
    parent = _member(parent_pg)
    lists = [[parent.ranks[rank] for rank in ranks] for ranks in split_ranks or []]
    return new_subgroups_by_enumeration(lists, timeout, backend, pg_options, group_desc)[0]
