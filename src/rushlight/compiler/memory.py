"""Where the inputs of a program come from, and where their new values go.

A *memory* is what users see as one: the array of a CPU tensor, or the cell of a device's. Tensors
that share one (tied weights, p.detach()) share an input.
"""

from __future__ import annotations

from collections import Counter
from sys import getrefcount
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..core.memory import storage_array
from ..kernels.xla.array import Array, Cell
from .stage import CannotCompile

_ndarray = np.ndarray


class Host:
    """An array of the host."""

    __slots__ = ("array",)
    device = False

    def __init__(self, array: Any):
        self.array = array

    def value(self) -> Any:
        """What goes into the program."""
        return self.array

    spare = value

    def put(self, v: Any) -> None:
        """Write a result where all who share the memory see it."""
        np.copyto(self.array, np.asarray(v))

    def traced(self, cell: Cell, a: Any, numbers: Any) -> Array:
        """The array that stands for `a` while the program is traced."""
        return Array(None, cell)


class Device:
    """The cell of a device's arrays."""

    __slots__ = ("cell",)
    device = True

    def __init__(self, cell: Cell):
        self.cell = cell

    def value(self) -> Any:
        """What goes into the program."""
        return self.cell.value

    def spare(self) -> Any:
        """A value whose buffer the program may use for its results: a copy, if a clone of the
        tensor holds the same one."""
        cell = self.cell
        return cell.value if _holders(cell) <= _ALONE else jnp.copy(cell.value)

    def put(self, v: Any) -> None:
        """Replace the value."""
        self.cell.value = v
        self.cell.version += 1

    def traced(self, cell: Cell, a: Any, numbers: Any) -> Array:
        """The array that stands for `a`: the same view of a traced cell, its windows where the next
        of `numbers` say."""
        if not a.chain:
            return Array(None, cell)
        starts = tuple([next(numbers) for _ in a.starts])
        return Array(None, cell, a.chain, starts, a._shadow)


class View:
    """A view of a cell that nothing else of the program reads: its elements alone go in."""

    __slots__ = ("array",)
    device = True

    def __init__(self, array: Array):
        self.array = array

    def value(self) -> Any:
        """What goes into the program."""
        return self.array.v

    spare = value

    def put(self, v: Any) -> None:
        """Write through the view."""
        self.array.write(v)

    def traced(self, cell: Cell, a: Any, numbers: Any) -> Array:
        """An array of its own."""
        return Array(None, cell)


def _holders(cell: Any) -> int:
    value = cell.value
    return getrefcount(value)


_ALONE = _holders(Cell(object()))


def memories(arrays: list[Any]) -> tuple[list[Any], tuple, list[int]]:
    """The memories of arrays, each once; for each array which is its own, and for views of a memory
    that others read, too, by which steps; where the windows of those views begin."""
    shared: Any = None
    found: list[Any] = []
    places: dict[int, int] = {}
    pattern: list[int] = []
    chains: list[tuple] = []
    starts: list[int] = []
    for a in arrays:
        if type(a) is Array:
            key = id(a.cell)
            if a.chain:
                if shared is None:
                    shared = Counter([id(b.cell) for b in arrays if type(b) is Array])
                if shared[key] == 1:
                    places[key] = len(found)
                    found.append(View(a))
                    pattern.append(places[key])
                    continue
                chains.append(a.chain)
                starts += a.starts
        else:
            key = id(a)
        at = places.get(key)
        if at is None:
            at = places[key] = len(found)
            found.append(Device(a.cell) if type(a) is Array else Host(a))
        pattern.append(at)
    return found, (tuple(pattern), *chains), starts


def check_apart(found: list[Any]) -> None:
    """CannotCompile: two arrays of the host overlap, so that a write to one changes the other."""
    roots: dict[int, list[Any]] = {}
    for m in found:
        if type(m) is Host and m.array.size:
            roots.setdefault(id(storage_array(m.array)), []).append(m.array)
    for group in roots.values():
        for i, a in enumerate(group):
            if any(np.may_share_memory(a, b) for b in group[:i]):
                raise CannotCompile(
                    "uses two tensors that share memory (one is a view of the other)",
                    "make the view inside of the function",
                )
