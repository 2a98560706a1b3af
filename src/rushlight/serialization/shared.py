"""Tensors in shared memory: `share_memory_`, and how they travel to another process.

A pickle for another process (multiprocessing's) carries the arena's descriptor, so that both
processes write to the same elements. Other tensors are copied, see pickling.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.memory import address
from ..core.parameter import Parameter
from ..core.shared import arena_of, moved, owner
from ..core.tensor import Tensor
from .pickling import attributes, rebuild_tensor, reduce_tensor

__all__ = ["rebuild_shared", "reduce_for_process", "share"]

_ready = False


def share(t: Tensor) -> Tensor:
    """Moves the elements of a tensor into shared memory, once; t itself.

    Tensors that were views of it before keep the old memory.

    errors  RuntimeError: a view, whose memory is that of another tensor
    """
    if t.is_meta or arena_of(t._a) is not None:
        return t
    if t._view is not None:
        raise RuntimeError(
            "share_memory_ of a view: its elements belong to another tensor\n"
            "  fix: call it on that tensor, before views of it are made"
        )
    t._a = moved(t._a)
    _register()
    return t


def _register() -> None:
    global _ready
    if not _ready:
        from multiprocessing.reduction import ForkingPickler

        for kind in (Tensor, Parameter):
            ForkingPickler.register(kind, reduce_for_process)
        _ready = True


def reduce_for_process(t: Tensor) -> Any:
    """For multiprocessing's pickle: where a shared tensor lies; others as anywhere."""
    arena = None if t.is_meta else arena_of(t._a)
    if arena is None:
        return reduce_tensor(t)
    a = t._a
    offset = address(a) - np.frombuffer(arena.buffer, np.uint8).ctypes.data
    kind = {Tensor: "Tensor", Parameter: "Parameter"}.get(type(t), type(t))
    place = (arena, a.dtype, a.shape, a.strides, offset)
    return rebuild_shared, (kind, place, t._rg, attributes(t))


def rebuild_shared(kind: Any, place: tuple, requires_grad: bool, state: dict[str, Any]) -> Tensor:
    """The inverse of `reduce_for_process`, in the other process."""
    arena, dtype, shape, strides, offset = place
    _register()
    a = np.ndarray(shape, dtype, owner(arena), offset, strides)
    return rebuild_tensor(kind, a, requires_grad, state)
