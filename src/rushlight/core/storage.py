"""torch.UntypedStorage and torch.TypedStorage: the memory under a tensor and all of its views.

A storage is the array that owns the memory (`storage_array`), seen as one row of bytes or numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .device import resolve
from .dtype import dtype, uint8
from .memory import storage_array
from .meta import MetaArray, device_of
from .tensor import Tensor, wrap

__all__ = ["TypedStorage", "UntypedStorage", "flat_bytes", "is_storage"]


def flat_bytes(root: np.ndarray) -> np.ndarray | None:
    """All memory of an array as a 1-d uint8 array that shares it; None if there are gaps in it."""
    if root.flags.c_contiguous or root.flags.f_contiguous:
        return root.ravel(order="K").view(np.uint8)
    return None


class _Storage:
    """What both kinds have: a 1-d array `_a`, one element per item."""

    _a: np.ndarray
    dtype: dtype

    def __len__(self) -> int:
        return len(self._a)

    size = __len__

    def __sizeof__(self) -> int:
        return object.__sizeof__(self) + self._a.nbytes

    def nbytes(self) -> int:
        """Bytes in all."""
        return self._a.nbytes

    def element_size(self) -> int:
        """Bytes per item."""
        return self._a.itemsize

    def data_ptr(self) -> int:
        """The address of the first byte."""
        return wrap(self._a).data_ptr()

    @property
    def device(self) -> Any:
        """Where the memory is: device(type='cpu'), or "meta" if there is none."""
        return device_of(self._a)

    def tolist(self) -> list[Any]:
        """The items as Python numbers."""
        return wrap(self._a).tolist()

    def __getitem__(self, i: Any) -> Any:
        return type(self)._over(self._a[i]) if isinstance(i, slice) else wrap(self._a[i]).item()

    def __setitem__(self, i: Any, value: Any) -> None:
        self._a[i] = value

    def __iter__(self) -> Any:
        return iter(self.tolist())

    @classmethod
    def _over(cls, a: np.ndarray) -> Any:
        """A storage of this kind over a 1-d array, shared."""
        s = cls.__new__(cls)
        s._a = a
        return s

    def clone(self) -> Any:
        """A copy with memory of its own."""
        return type(self)._over(self._a.copy())

    def cpu(self) -> Any:
        """The storage on the CPU: itself."""
        return self

    def cuda(self, device: Any = None, non_blocking: bool = False) -> Any:
        """The storage on a CUDA device; raises PyTorch's error where there is none."""
        resolve("cuda" if device is None else device)
        return self

    def is_shared(self) -> bool:
        """False: tensors do not live in shared memory here."""
        return False

    def _text(self, kind: str) -> str:
        rows = "".join(f" {item}\n" for item in self.tolist())
        return f"{rows}[torch.storage.{kind} of size {len(self)}]"


class UntypedStorage(_Storage):
    """Bytes. UntypedStorage(n) has n of its own, UntypedStorage(array) those of the array."""

    __module__ = "torch.storage"
    dtype = uint8

    def __init__(self, memory: int | np.ndarray = 0):
        if isinstance(memory, MetaArray):
            self._a = np.ndarray.__new__(MetaArray, (memory.nbytes,), np.uint8, memory.base)
        elif isinstance(memory, np.ndarray):
            found = flat_bytes(storage_array(memory))
            self._a = (
                np.frombuffer(bytearray(memory.tobytes()), np.uint8) if found is None else found
            )
        else:
            if memory < 0:
                raise RuntimeError(f"a storage of {memory} bytes: they must be 0 or more")
            try:
                self._a = np.empty(memory, np.uint8)
            except (MemoryError, ValueError):
                raise RuntimeError(
                    f"can't allocate memory: you tried to allocate {memory} bytes"
                ) from None

    def __repr__(self) -> str:
        return self._text("UntypedStorage(device=cpu)")


class TypedStorage(_Storage):
    """Numbers of one dtype: those of `wrap_storage`, else none."""

    __module__ = "torch.storage"

    def __init__(self, *, wrap_storage: UntypedStorage | None = None, dtype: dtype):
        memory = np.empty(0, np.uint8) if wrap_storage is None else wrap_storage._a
        self._a = memory.view(dtype.np)

    @property
    def dtype(self) -> dtype:  # type: ignore[override]
        """The type of the numbers."""
        return wrap(self._a).dtype

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes."""
        return UntypedStorage._over(self._a.view(np.uint8))

    def __repr__(self) -> str:
        return self._text(f"TypedStorage(dtype={self.dtype}, device=cpu)")


def is_storage(obj: Any) -> bool:
    """True for an UntypedStorage or a TypedStorage."""
    return isinstance(obj, _Storage)


def typed_storage(t: Tensor) -> TypedStorage:
    """The storage of a tensor in the tensor's dtype: `Tensor.storage()`."""
    return TypedStorage(wrap_storage=t.untyped_storage(), dtype=t.dtype)
