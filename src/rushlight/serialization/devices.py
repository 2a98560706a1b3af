"""Tensors of other devices in files: saved by way of the host, read there, then moved.

A file says of each storage where it was ("cuda:0", "xla:0"). `Moved` remembers which memory is to
go where, and moves the tensors over it when the file has been read; those that share memory share
it on the device.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.device import device, moved, resolve
from ..core.memory import address, on_host, storage_array
from ..core.tensor import Tensor


class OnHost:
    """The arrays of one file that is being written, on the host."""

    def __init__(self) -> None:
        self.roots: dict[int, tuple[Any, np.ndarray]] = {}  # of cells
        self.places: dict[int, str] = {}  # id of a root on the host -> its device

    def __call__(self, a: Any, where: device) -> np.ndarray:
        """The same view of a copy on the host."""
        if id(a.cell) not in self.roots:
            root = on_host(storage_array(a))
            self.roots[id(a.cell)] = a.cell, root
            self.places[id(root)] = str(where)
        root = self.roots[id(a.cell)][1]
        of = a.shadow
        offset = address(a) - address(storage_array(a)) if a.size else 0
        if of.shape == root.shape and of.flags.c_contiguous and of.dtype == root.dtype:
            return root
        return np.ndarray(of.shape, of.dtype, root.reshape(-1).view(np.uint8), offset, of.strides)


class Moved:
    """Memory of a file that is being read, and where it goes."""

    def __init__(self) -> None:
        self.ranges: list[tuple[int, int, np.ndarray, device]] = []
        self.whole: dict[tuple, Any] = {}

    def note(self, memory: np.ndarray, location: str) -> None:
        """These bytes are to go there. RuntimeError, AssertionError: no such device."""
        start = address(memory) if memory.nbytes else 0
        self.ranges.append((start, memory.nbytes, memory, resolve(location)))

    def move(self, value: Any) -> None:
        """Move the tensors in a value."""
        if self.ranges:
            self._visit(value, set())

    def _visit(self, value: Any, seen: set[int]) -> None:
        if id(value) in seen:
            return
        seen.add(id(value))
        if isinstance(value, Tensor):
            self._move(value)
        elif isinstance(value, dict):
            for v in list(value.values()):
                self._visit(v, seen)
        elif isinstance(value, (list, tuple, set, frozenset)):
            for v in value:
                self._visit(v, seen)
        if hasattr(value, "__dict__") and not isinstance(value, type):
            self._visit(vars(value), seen)

    def _move(self, t: Tensor) -> None:
        if t.is_sparse or type(t._a) is not np.ndarray:
            return
        a = t._a
        at = address(a) if a.nbytes else 0
        for start, nbytes, memory, where in self.ranges:
            if start <= at < start + nbytes or not (a.nbytes or nbytes):
                t._a = self._on(a, at - start, memory, where)
                return

    def _on(self, a: np.ndarray, offset: int, memory: np.ndarray, where: device) -> Any:
        if a.nbytes == memory.nbytes and a.flags.c_contiguous:  # nearly always
            key: tuple = id(memory), a.dtype.str, a.shape
            if key not in self.whole:
                self.whole[key] = moved(a, where)
            return self.whole[key]
        key = (id(memory), a.dtype.str)
        if key not in self.whole:
            self.whole[key] = moved(memory.view(a.dtype), where)
        return self.whole[key].over(a.dtype, a.shape, a.strides, offset)
