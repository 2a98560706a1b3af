"""torch.multiprocessing: Python's multiprocessing under PyTorch's name, with `spawn` and
`start_processes`.

A tensor that goes through a queue or a pipe is copied, unless `share_memory_` has moved it to
memory that processes share (serialization/shared.py): then they write to the same elements. The
sharing strategies can be named; they change nothing.
"""

from __future__ import annotations

import multiprocessing as _multiprocessing
from multiprocessing import *  # noqa: F403
from typing import Any

from ..core.names import elsewhere as _elsewhere
from ..core.names import signpost as _signpost
from .processes import (
    ProcessContext,
    ProcessException,
    ProcessExitedException,
    ProcessRaisedException,
    SpawnContext,
    spawn,
    start_processes,
)

__all__ = [
    *_multiprocessing.__all__,
    "ProcessContext",
    "ProcessException",
    "ProcessExitedException",
    "ProcessRaisedException",
    "SpawnContext",
    "get_all_sharing_strategies",
    "get_sharing_strategy",
    "init_reductions",
    "set_sharing_strategy",
    "spawn",
    "start_processes",
]

_signpost(f"{__name__}.spawn", f"{__name__}.processes")  # the name of a function, too

_STRATEGIES = {"file_descriptor", "file_system"}
_strategy = "file_descriptor"


def set_sharing_strategy(new_strategy: str) -> None:
    """Noted: tensors are copied to another process. errors  AssertionError: an unknown one"""
    global _strategy
    if new_strategy not in _STRATEGIES:
        raise AssertionError(
            f"invalid sharing strategy {new_strategy!r}, expected one of {_STRATEGIES}"
        )
    _strategy = new_strategy


def get_sharing_strategy() -> str:
    """What set_sharing_strategy was told; "file_descriptor" at first."""
    return _strategy


def get_all_sharing_strategies() -> set[str]:
    """The names that set_sharing_strategy takes."""
    return set(_STRATEGIES)


def init_reductions() -> None:
    """Nothing to prepare: tensors say themselves how they are pickled."""


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return _elsewhere(__name__, name)


def __dir__() -> list[str]:
    return sorted(__all__)
