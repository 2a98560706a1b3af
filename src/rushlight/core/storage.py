"""Storages: the memory under tensors, as programs that look there expect it."""

from __future__ import annotations

from typing import Any

import numpy as np

from .device import CPU


class UntypedStorage:
    """The bytes that a tensor and its views share."""

    def __init__(self, owner: Any = 0):
        self._owner = owner if isinstance(owner, np.ndarray) else np.zeros(int(owner), np.uint8)

    def nbytes(self) -> int:
        """The number of bytes."""
        return self._owner.nbytes

    size = __len__ = nbytes

    def data_ptr(self) -> int:
        """The address of the first byte."""
        return self._owner.__array_interface__["data"][0]

    @property
    def device(self) -> Any:
        """device(type='cpu')"""
        return CPU

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UntypedStorage) and other.data_ptr() == self.data_ptr() and other.nbytes() == self.nbytes()

    def __hash__(self) -> int:
        return hash((self.data_ptr(), self.nbytes()))

    def __repr__(self) -> str:
        return f"torch.UntypedStorage(device=cpu) of size {self.nbytes()}"


class TypedStorage(UntypedStorage):
    """A storage that counts in elements (deprecated in PyTorch)."""

    def size(self) -> int:
        """The number of elements."""
        return self._owner.size

    __len__ = size
