"""The group of processes that this one belongs to: none, or itself alone."""

from __future__ import annotations

import datetime
import enum
import os
from collections.abc import Sequence
from typing import Any

from .stores import HashStore

_NONE_YET = (
    "Default process group has not been initialized, please make sure to call init_process_group."
)
_ALONE = (
    "rushlight computes in one process: a group of {} is not supported\n"
    "  fix: start one process (world_size=1), without torchrun or mpirun"
)


default_pg_timeout = datetime.timedelta(minutes=30)


class DistError(RuntimeError):
    """An error of a group of processes."""


class DistBackendError(DistError):
    """An error of what they talk by."""


class DistNetworkError(DistError):
    """An error of the network."""


class DistStoreError(DistError):
    """An error of the store."""


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
    backend_capability = {"gloo": ["cpu"]}

    def __new__(cls, name: str) -> Backend:
        if not isinstance(name, str):
            raise ValueError("Backend constructor parameter must be string-ish")
        return super().__new__(cls, name.lower())


class ProcessGroup:
    """A group of one process; rank() is 0 and size() 1."""

    def __init__(self, name: str = "", desc: str = "undefined"):
        self.group_name, self.group_desc = name, desc
        self.bound_device_id = None

    def rank(self) -> int:
        """0"""
        return 0

    def size(self) -> int:
        """1"""
        return 1

    def name(self) -> str:
        """The backend: "gloo"."""
        return "gloo"


class ProcessGroupGloo(ProcessGroup):
    """The kind of group there is."""


class _Here:
    """Which groups there are: the default one, and how many were made."""

    world: ProcessGroup | None = None
    store: Any = None
    count = 0


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
    """True: there are groups, of one process."""
    return True


def is_initialized() -> bool:
    """Has init_process_group been called?"""
    return _Here.world is not None


def is_gloo_available() -> bool:
    """True: the name under which PyTorch's CPU build has its groups."""
    return True


def is_nccl_available() -> bool:
    """False"""
    return False


is_mpi_available = is_ucc_available = is_xccl_available = is_nccl_available


def is_backend_available(backend: str) -> bool:
    """Is it "gloo"?"""
    return backend.lower() == "gloo"


def is_torchelastic_launched() -> bool:
    """Was this process started by torchrun?"""
    return os.environ.get("TORCHELASTIC_RUN_ID") is not None


def supports_complex(reduceOp: Any) -> bool:
    """Can it put complex numbers together?"""
    return reduceOp not in (
        RedOpType.MAX,
        RedOpType.MIN,
        RedOpType.PRODUCT,
        RedOpType.BAND,
        RedOpType.BOR,
        RedOpType.BXOR,
    )


def _number(given: int, variable: str, default: int) -> int:
    return given if given >= 0 else int(os.environ.get(variable, default))


def init_process_group(
    backend: str | None = None,
    init_method: str | None = None,
    timeout: Any = None,
    world_size: int = -1,
    rank: int = -1,
    store: Any = None,
    group_name: str = "",
    pg_options: Any = None,
    device_id: Any = None,
    _ranks: list[int] | None = None,
) -> None:
    """Makes the group of this one process.

    backend         "gloo", or None
    init_method     not looked at: there is nobody to meet
    world_size      1; if it is not given, $WORLD_SIZE, else 1
    rank            0; if it is not given, $RANK, else 0
    errors          ValueError: there is a group already. NotImplementedError: world_size > 1.
                    RuntimeError: another backend
    """
    if _Here.world is not None:
        raise ValueError("trying to initialize the default process group twice!")
    size = _number(world_size, "WORLD_SIZE", 1)
    if size != 1:
        raise NotImplementedError(_ALONE.format(size))
    if _number(rank, "RANK", 0) != 0:
        raise ValueError(f"rank {_number(rank, 'RANK', 0)} is not one of a group of 1")
    names = [part.rpartition(":")[2] for part in (backend or "gloo").split(",")]
    for name in map(str.lower, names):
        if name in ("nccl", "mpi", "ucc", "xccl") and len(names) == 1:
            raise RuntimeError(
                f"Distributed package doesn't have {name.upper()} built in\n"
                "  fix: init_process_group('gloo')"
            )
    _Here.store = HashStore() if store is None else store
    _Here.world, _Here.count = ProcessGroupGloo("0", "default_pg"), 1


def destroy_process_group(group: ProcessGroup | None = None) -> None:
    """Forgets the group; without one, all. errors  AssertionError: there is none"""
    if group == GroupMember.NON_GROUP_MEMBER:
        return
    if (group or _Here.world) is None:
        raise AssertionError("Process group cannot be None")
    if group is None or group is _Here.world:
        _Here.world, _Here.count = None, 0
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


def is_member(group: Any) -> bool:
    """Does this process belong to the group? errors  ValueError: no default group yet"""
    if group == GroupMember.NON_GROUP_MEMBER:
        return False
    if group is None:
        _get_default_group()
    return True


def get_rank(group: ProcessGroup | None = None) -> int:
    """0; -1 for a group that this process is not in. errors  ValueError: no group yet"""
    return 0 if is_member(group) else -1


def get_world_size(group: ProcessGroup | None = None) -> int:
    """1; -1 for a group that this process is not in. errors  ValueError: no group yet"""
    return 1 if is_member(group) else -1


def get_backend(group: ProcessGroup | None = None) -> Backend:
    """ "gloo". errors  ValueError: no group yet"""
    is_member(group)
    return Backend("gloo")


def get_backend_config(group: ProcessGroup | None = None) -> str:
    """ "cpu:gloo". errors  ValueError: no group yet"""
    is_member(group)
    return "cpu:gloo"


def get_default_backend_for_device(device: Any) -> str:
    """The backend of a device type. errors  ValueError: it has none"""
    kind = str(device).partition(":")[0]
    if kind not in Backend.default_device_backend_map:
        raise ValueError(f"Default backend not registered for device : {kind}")
    return Backend.default_device_backend_map[kind]


def get_global_rank(group: ProcessGroup, group_rank: int) -> int:
    """The rank in the default group. errors  ValueError: not 0"""
    if group_rank != 0:
        raise ValueError(f"Group rank {group_rank} is not part of group {group}")
    return 0


def get_group_rank(group: ProcessGroup, global_rank: int) -> int:
    """The rank in the group. errors  ValueError: not 0"""
    if global_rank != 0:
        raise ValueError(f"Global rank {global_rank} is not part of group {group}")
    return 0


def get_process_group_ranks(group: ProcessGroup | None) -> list[int]:
    """[0]. errors  ValueError: no group yet"""
    is_member(group)
    return [0]


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


def new_group(ranks: Sequence[int] | None = None, *args: Any, **kwargs: Any) -> Any:
    """Another group of this process; ranks=[] is one that it is not in.

    errors  ValueError: no default group yet, or another rank than 0
    """
    _get_default_group()
    if ranks is not None and list(ranks) == []:
        return GroupMember.NON_GROUP_MEMBER
    if ranks is not None and list(ranks) != [0]:
        raise ValueError(
            "the new group's rank should be within the world_size set by init_process_group"
        )
    _Here.count += 1
    return ProcessGroupGloo(str(_Here.count), kwargs.get("group_desc") or "undefined")


def new_subgroups(
    group_size: int | None = None, group: Any = None, *args: Any, **kwargs: Any
) -> tuple[Any, list[Any]]:
    """(the group of this process, all groups): one. errors  ValueError: a larger group_size"""
    _get_default_group()
    if group_size is not None and group_size != 1:
        raise ValueError(f"The arg 'group_size' ({group_size}) must not exceed the world size (1)")
    found = new_group([0])
    return found, [found]
