"""torch.UntypedStorage and torch.TypedStorage: the memory under a tensor and all of its views.

A storage is the array that owns the memory (`storage_array`), seen as one row of bytes or numbers.
"""

from __future__ import annotations

import mmap
import os
from typing import Any

import numpy as np

from .device import resolve
from .dtype import (
    bfloat16,
    bool_,
    complex64,
    complex128,
    dtype,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
)
from .memory import flat_bytes, on_host, storage_array
from .meta import MetaArray, device_of
from .shared import arena_of
from .tensor import Tensor, wrap

__all__ = ["TypedStorage", "UntypedStorage", "is_storage"]


def mapped_bytes(filename: str, shared: bool, nbytes: int) -> np.ndarray:
    """`nbytes` of a file as a uint8 array; see UntypedStorage.from_file."""
    if not isinstance(filename, str):
        raise TypeError(f"argument 1 must be str, not {type(filename).__name__}")
    if nbytes < 0:
        raise RuntimeError(f"a storage of {nbytes} bytes: they must be 0 or more")
    try:
        with open(filename, "rb" if not shared else "a+b") as file:
            size = os.fstat(file.fileno()).st_size
            if size < nbytes and shared:
                os.truncate(file.fileno(), nbytes)
            elif size < nbytes:
                raise RuntimeError(
                    f"file <{filename}> size <{size}> is smaller than the required mapping size "
                    f"<{nbytes}>"
                )
            if nbytes == 0:
                return np.empty(0, np.uint8)
            access = mmap.ACCESS_WRITE if shared else mmap.ACCESS_COPY
            return np.frombuffer(mmap.mmap(file.fileno(), nbytes, access=access), np.uint8)
    except OSError as error:
        how = "read-write" if shared else "read-only"
        raise RuntimeError(
            f"unable to open file <{filename}> in {how} mode: {error.strerror} ({error.errno})"
        ) from None


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
        """The storage on the CPU: itself, if it is there."""
        return self if type(self._a) is np.ndarray else type(self)._over(on_host(self._a))

    def cuda(self, device: Any = None, non_blocking: bool = False) -> Any:
        """The storage on a CUDA device; raises PyTorch's error where there is none."""
        resolve("cuda" if device is None else device)
        return self

    def to(self, *, device: Any, non_blocking: bool = False) -> Any:
        """The storage on the CPU: itself; raises PyTorch's error for devices that are not there."""
        resolve(device)
        return self

    def get_device(self) -> int:
        """-1: the CPU has no index."""
        return -1

    def is_pinned(self, device: Any = "cuda") -> bool:
        """False: memory is not pinned."""
        return False

    is_cuda = is_hpu = is_sparse = is_sparse_csr = False
    filename: str | None = None

    def fill_(self, value: Any) -> Any:
        """The same number everywhere."""
        self._a.fill(value)
        return self

    def copy_(self, source: Any, non_blocking: bool | None = None) -> Any:
        """The numbers of another storage of this length, converted."""
        if len(source) != len(self):
            raise RuntimeError(
                f"size does not match, self was {len(self)} bytes but src was {len(source)} bytes"
            )
        self._a[...] = source._a
        return self

    def _cast(self, kind: Any) -> TypedStorage:
        return TypedStorage(wrap_storage=UntypedStorage._over(self._a.astype(kind.np)), dtype=kind)

    def is_shared(self) -> bool:
        """Does it lie in memory that processes share? See Tensor.share_memory_."""
        return arena_of(self._a) is not None

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

    def untyped(self) -> UntypedStorage:
        """The storage itself."""
        return self

    def type(self) -> str:
        """torch.storage.UntypedStorage"""
        return "torch.storage.UntypedStorage"

    @classmethod
    def from_file(cls, filename: str, shared: bool = False, nbytes: int = 0) -> UntypedStorage:
        """The first bytes of a file, mapped: read when they are touched.

        shared  True: written to the file, which is made or made longer if needed; False: not

        errors  RuntimeError: no such file, or one with fewer bytes; TypeError: no str
        """
        return cls._over(mapped_bytes(filename, shared, nbytes))

    def __repr__(self) -> str:
        return self._text("UntypedStorage(device=cpu)")


class TypedStorage(_Storage):
    """Numbers of one dtype: those of `wrap_storage`, else none."""

    __module__ = "torch.storage"

    def __init__(self, *, wrap_storage: UntypedStorage | None = None, dtype: dtype):
        memory = np.empty(0, np.uint8) if wrap_storage is None else wrap_storage._a.view(np.uint8)
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


# storage.float() and the like: the numbers converted, each byte of an UntypedStorage a number
for _name, _kind in (
    {"bool": bool_, "byte": uint8, "char": int8, "short": int16, "int": int32, "long": int64}
    | {"half": float16, "bfloat16": bfloat16, "float": float32, "double": float64}
    | {"complex_float": complex64, "complex_double": complex128}
).items():
    setattr(_Storage, _name, lambda self, _kind=_kind: self._cast(_kind))


class _OfOneDtype(type):
    """isinstance(s, FloatStorage): any storage of that dtype."""

    def __instancecheck__(cls: Any, s: Any) -> bool:
        if cls is _LegacyStorage:
            return isinstance(s, TypedStorage)
        return isinstance(s, TypedStorage) and s.dtype is cls.dtype


class _LegacyStorage(TypedStorage, metaclass=_OfOneDtype):
    """Makes a TypedStorage of one dtype: of a size, of numbers, or over the memory of another.

    errors  RuntimeError: other arguments
    """

    def __new__(cls, *data: Any, wrap_storage: UntypedStorage | None = None, **more: Any) -> Any:
        if more or len(data) > 1 or (data and wrap_storage is not None):
            raise RuntimeError(
                f"{cls}.__new__ received an invalid combination of arguments. Expected one of:\n"
                " * no arguments\n * (int size)\n * (Sequence data)\n"
                " * (*, UntypedStorage wrap_storage)"
            )
        kind: Any = cls.dtype
        if wrap_storage is None:
            given: Any = data[0] if data else 0
            a = np.empty(given, kind.np) if type(given) is int else np.array(list(given), kind.np)
            wrap_storage = UntypedStorage._over(a.view(np.uint8))
        return TypedStorage(wrap_storage=wrap_storage, dtype=kind)


def _legacy(name: str, kind: dtype) -> Any:
    return _OfOneDtype(name, (_LegacyStorage,), {"dtype": kind, "__module__": "torch"})


BoolStorage = _legacy("BoolStorage", bool_)
ByteStorage = _legacy("ByteStorage", uint8)
CharStorage = _legacy("CharStorage", int8)
ShortStorage = _legacy("ShortStorage", int16)
IntStorage = _legacy("IntStorage", int32)
LongStorage = _legacy("LongStorage", int64)
HalfStorage = _legacy("HalfStorage", float16)
BFloat16Storage = _legacy("BFloat16Storage", bfloat16)
FloatStorage = _legacy("FloatStorage", float32)
DoubleStorage = _legacy("DoubleStorage", float64)
ComplexFloatStorage = _legacy("ComplexFloatStorage", complex64)
ComplexDoubleStorage = _legacy("ComplexDoubleStorage", complex128)
OF_DTYPE = {
    kind.dtype: kind
    for kind in (
        BoolStorage,
        ByteStorage,
        CharStorage,
        ShortStorage,
        IntStorage,
        LongStorage,
        HalfStorage,
        BFloat16Storage,
        FloatStorage,
        DoubleStorage,
        ComplexFloatStorage,
        ComplexDoubleStorage,
    )
}
Storage = FloatStorage


def is_storage(obj: Any) -> bool:
    """True for an UntypedStorage or a TypedStorage."""
    return isinstance(obj, _Storage)


def typed_storage(t: Tensor) -> TypedStorage:
    """The storage of a tensor in the tensor's dtype: `Tensor.storage()`."""
    return TypedStorage(wrap_storage=t.untyped_storage(), dtype=t.dtype)
