"""Tensors that share memory: from_numpy, as_tensor, asarray, frombuffer, from_file, DLPack."""

from __future__ import annotations

from typing import Any

import numpy as np

from .construct import asking_grad, checked_array, new_array
from .device import CPU, moved, resolve
from .dtype import (
    dtype,
    get_default_dtype,
    int64,
    scalar_name,
)
from .dtype_info import as_dtype
from .layout import strided
from .notices import warn
from .storage import TypedStorage, UntypedStorage, mapped_bytes
from .tensor import Tensor, wrap

__all__ = [
    "as_tensor",
    "asarray",
    "from_dlpack",
    "from_file",
    "from_numpy",
    "frombuffer",
    "to_dlpack",
]


def _shared(a: np.ndarray) -> Tensor:
    """A tensor that shares the array's memory; warns if that memory is read-only."""
    a = checked_array(a)
    if not a.flags.writeable:
        warn(
            "The given NumPy array is not writable, and PyTorch does not support non-writable "
            "tensors. rushlight reads it as it is; writing to the tensor raises an error. You may "
            "want to copy the array, or make it writable, before converting it to a tensor.",
        )
    return wrap(a)


def from_numpy(ndarray: Any) -> Tensor:
    """A tensor that shares the memory of an array: a change of one is seen in the other.

    Errors: TypeError for anything but an ndarray and for dtypes that no tensor has; ValueError for
    negative strides and swapped bytes. A read-only array is accepted with a warning.
    """
    if not isinstance(ndarray, np.ndarray):
        kind = type(ndarray)
        name = (
            kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
        )
        raise TypeError(f"expected np.ndarray (got {name})")
    return _shared(ndarray)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor, shared where possible: a tensor itself, an array's memory, else a copy.

    A tensor that needs another dtype is cast, and its history kept.
    """
    if dtype is not None:
        dtype = as_dtype(dtype, "as_tensor")
    where = resolve(device)
    if isinstance(data, np.ndarray):
        data = _shared(data)
    if isinstance(data, Tensor):
        same = dtype is None or data.dtype is dtype
        t = data if same else data.to(dtype)
        return t if device is None or where is t.device else t.to(where)
    a = new_array(data, dtype)
    return wrap(a if where is CPU else moved(a, where))


def asarray(
    obj: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    copy: bool | None = None,
    requires_grad: bool | None = None,
) -> Tensor:
    """`obj` as a tensor: tensors, arrays, DLPack and buffers share memory, sequences are copied.

    copy: True always copies, False never does (ValueError where it would have to).
    requires_grad: None keeps that of a leaf tensor; False detaches.
    A buffer (bytes, array.array) is read as `dtype`, by default the default dtype.
    """
    if dtype is not None:
        dtype = as_dtype(dtype, "asarray")
    where = resolve(device)
    t = _sharing(obj, dtype)
    if t is None:
        if copy is False:
            raise ValueError("can't alias arbitrary sequence into a tensor.")
        t = wrap(new_array(obj, dtype))
        t = t if where is CPU else t.to(where)
    else:
        if where is not t.device and (device is not None or not isinstance(obj, Tensor)):
            t = t.to(where)
        if dtype is not None and t.dtype is not dtype:
            if copy is False:
                raise ValueError(
                    f"can't alias tensor with dtype '{scalar_name(t.dtype)}' into dtype "
                    f"'{scalar_name(dtype)}'."
                )
            t = t.to(dtype)
        elif copy:
            t = t.clone()
        if t.requires_grad and (requires_grad is False or not t.is_leaf):
            t = t.detach()
    return asking_grad(t, requires_grad, "asarray") if requires_grad else t


def _sharing(obj: Any, dtype: dtype | None) -> Tensor | None:
    """A tensor that shares the memory of obj, or None if obj has none to share."""
    if isinstance(obj, Tensor):
        return obj
    if isinstance(obj, np.ndarray):
        return _shared(obj)
    if isinstance(obj, np.generic):
        return None
    if isinstance(obj, UntypedStorage):
        kind = (
            int64 if dtype is None else dtype
        )  # as in PyTorch, bytes that fill no number left out
        return wrap(obj._a[: len(obj) // kind.itemsize * kind.itemsize].view(kind.np))
    if isinstance(obj, TypedStorage):
        if dtype is not None and dtype is not obj.dtype:
            raise RuntimeError(
                f"Expected a Storage of type {scalar_name(dtype)} or an UntypedStorage, but got "
                f"{scalar_name(obj.dtype)}"
            )
        return wrap(obj._a)
    if hasattr(obj, "__dlpack__") or type(obj).__name__ == "PyCapsule":
        return from_dlpack(obj)
    try:
        memoryview(obj)
    except TypeError:
        return None
    return frombuffer(obj, dtype=dtype or get_default_dtype())


def frombuffer(
    buffer: Any,
    *,
    dtype: Any,
    count: int = -1,
    offset: int = 0,
    requires_grad: bool = False,
) -> Tensor:
    """A 1-d tensor that shares a buffer's bytes: `count` elements (-1: all) from byte `offset` on.

    Errors: ValueError for no buffer, an empty one, or a length that does not fit the dtype.
    """
    dtype = as_dtype(dtype, "frombuffer")
    try:
        view = memoryview(buffer)
    except TypeError:
        raise ValueError("object does not implement Python buffer protocol.") from None
    length, size = view.nbytes, dtype.itemsize
    if not length or not count:
        raise ValueError(f"both buffer length ({length}) and count ({count}) must not be 0")
    if not 0 <= offset < length:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length "
            f"({length} bytes) minus 1"
        )
    if count < 0:
        if (length - offset) % size:
            raise ValueError(
                f"buffer length ({length - offset} bytes) after offset ({offset} bytes) must be a "
                f"multiple of element size ({size})"
            )
        count = (length - offset) // size
    elif offset + count * size > length:
        raise ValueError(
            f"requested buffer length ({count} * {size} bytes) after offset ({offset} bytes) must "
            f"not be greater than actual buffer length ({length} bytes)"
        )
    if view.readonly:
        warn(
            "The given buffer is not writable, and PyTorch does not support non-writable tensors. "
            "rushlight reads it as it is; writing to the tensor raises an error. You may want to "
            "copy the buffer before converting it to a tensor.",
        )
    t = wrap(np.frombuffer(buffer, dtype.np, count, offset))
    return asking_grad(t, requires_grad, "frombuffer") if requires_grad is not False else t


def from_file(
    filename: str,
    shared: bool | None = None,
    size: int = 0,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of the first `size` numbers of a file, mapped: read when they are touched.

    shared  True: changes are written to the file, which is made or made longer if needed

    errors  RuntimeError: no such file, or one that holds fewer numbers
    """
    kind = get_default_dtype() if dtype is None else as_dtype(dtype, "from_file")
    if size < 0:
        raise RuntimeError(f"unable to mmap {size * kind.itemsize} bytes from file <{filename}>")
    if layout not in (None, strided) or pin_memory or resolve(device) is not CPU:
        raise RuntimeError("Pinned memory, and devices and layouts of their own, map no files")
    t = wrap(mapped_bytes(filename, bool(shared), size * kind.itemsize).view(kind.np))
    return asking_grad(t, requires_grad, "from_file") if requires_grad else t


class _Capsule:
    """A bare DLPack capsule in the form that NumPy takes."""

    def __init__(self, capsule: Any):
        self.capsule = capsule

    def __dlpack__(self, **options: Any) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0


class _Writable:
    """The memory of an array, writable: the older form of DLPack cannot say that it is not, and
    NumPy is careful; PyTorch is not.
    """

    def __init__(self, a: np.ndarray):
        self.array = a  # which holds the memory
        description = a.__array_interface__
        address = description["data"][0]
        self.__array_interface__ = {**description, "data": (address, False)}


def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor that shares the memory of another library's array, through DLPack.

    ext_tensor: an object with `__dlpack__`, or a capsule (which can be used once).
    RuntimeError: no capsule; BufferError: memory of another device, or a dtype NumPy does not have.
    """
    resolve(device)
    if isinstance(ext_tensor, Tensor):
        if ext_tensor._rg:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        t = ext_tensor.detach()
    else:
        if type(ext_tensor).__name__ == "PyCapsule":
            ext_tensor = _Capsule(ext_tensor)
        elif not hasattr(ext_tensor, "__dlpack__"):
            raise RuntimeError(
                "from_dlpack received an invalid capsule. Note that DLTensor capsules can be "
                "consumed only once, so you might have already constructed a tensor from it once.\n"
                f"  got a {type(ext_tensor).__name__}, which has no __dlpack__"
            )
        a = checked_array(np.from_dlpack(ext_tensor))
        if not a.flags.writeable and not isinstance(ext_tensor, np.ndarray):
            a = np.asarray(_Writable(a))
        t = wrap(a)
    return t.clone() if copy else t


def to_dlpack(tensor: Tensor) -> Any:
    """The tensor as a DLPack capsule, which another library can take over once."""
    return tensor.__dlpack__()
