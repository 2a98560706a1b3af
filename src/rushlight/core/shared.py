"""Memory that several processes see: which arrays lie in it.

An arena is a file without a name (multiprocessing.heap), mapped by each process that has it; its
descriptor travels when a tensor is pickled for another process (serialization/shared.py).
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from .memory import storage_array

#: id of an array that owns the view of an arena -> (weak reference to it, the arena)
_ARENAS: dict[int, tuple[Any, Any]] = {}


def arena_of(a: np.ndarray) -> Any:
    """The arena that an array lies in; None for memory of this process alone."""
    found = _ARENAS.get(id(storage_array(a))) if _ARENAS else None
    return None if found is None else found[1]


def owner(arena: Any) -> np.ndarray:
    """All bytes of an arena as an array, which keeps it alive."""
    array = np.frombuffer(arena.buffer, np.uint8)
    key = id(array)
    _ARENAS[key] = (weakref.ref(array, lambda _: _ARENAS.pop(key, None)), arena)
    return array


def moved(a: np.ndarray) -> np.ndarray:
    """A copy of an array in an arena of its own, with the same strides where that is possible."""
    from multiprocessing.heap import Arena  # slow to import

    arena = Arena(max(a.nbytes, 1))
    order: Any = "F" if a.flags.f_contiguous and not a.flags.c_contiguous else "C"
    to = np.ndarray(a.shape, a.dtype, owner(arena), order=order)
    to[...] = a
    return to
