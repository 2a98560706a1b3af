"""Where the elements of an array lie: address, strides, the array that owns them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels import native

_ndarray = np.ndarray

# An instance of a class, __init__ not called: a good part of a small operation's time is here.
new: Any = object.__new__ if native is None else native.new


def _expanded(x: np.ndarray, sizes: Any) -> np.ndarray | None:
    """x with dimensions of size 1 repeated without a copy: a view; None: look again."""
    return None


expanded: Any = _expanded if native is None else native.expanded


def owned(t: Any) -> Any:
    """A result that is a view of a tensor which nobody else has: a tensor of its own to users."""
    t._view = None
    return t


def on_host(a: Any) -> np.ndarray:
    """The elements of an array of any device as NumPy's: copied if it is on another one."""
    if type(a) is _ndarray or not hasattr(a, "cell"):
        return np.asarray(a)
    from .accelerators import backend  # it is there: a is one of its arrays

    return backend().host(a)


def numpy_of(a: Any, where: Any, force: bool) -> np.ndarray:
    """What Tensor.numpy() gives where the elements are on a device. TypeError: not `force`."""
    if not hasattr(a, "cell"):
        return a
    if not force:
        raise TypeError(
            f"can't convert {where} device type tensor to numpy. Use Tensor.cpu() to copy the "
            "tensor to host memory first."
        )
    return on_host(a)


def address(a: np.ndarray) -> int:
    """The address of an array's first element."""
    if type(a) is not _ndarray and hasattr(a, "cell"):  # on another device
        found: Any = a
        return found.address
    if native is not None:
        return native.address(a)
    return (
        a.__array_interface__["data"][0]
        if a.dtype.num < 256
        else a.view(np.uint8 if a.itemsize == 1 else f"u{a.itemsize}").ctypes.data
    )


def strides_of(a: np.ndarray) -> tuple[int, ...]:
    """Strides in elements, as PyTorch counts them.

    A C-contiguous array has the strides of its shape.
    """
    if native is not None and type(a) is _ndarray:  # (a carrier of another device claims to be one)
        return native.strides(a)
    if a.flags.c_contiguous:
        steps, n = [], 1
        for size in reversed(a.shape):
            steps.append(n)
            n *= max(size, 1)
        return tuple(reversed(steps))
    return tuple(s // a.itemsize for s in a.strides)


# of an array that is NumPy's for certain
host_address: Any = address if native is None else native.address
host_strides: Any = strides_of if native is None else native.strides


def is_expanded(a: np.ndarray) -> bool:
    """Several elements of a are one in memory, by a step of 0."""
    return any([s == 0 and n > 1 for s, n in zip(a.strides, a.shape, strict=True)])


def storage_array(a: np.ndarray) -> np.ndarray:
    """The array that owns the memory of `a`."""
    if type(a) is not _ndarray and hasattr(a, "cell"):
        return a if a.base is None else a.base
    while True:
        base = a.base
        if not isinstance(base, _ndarray):
            base = getattr(base, "base", None)  # as_strided puts an object of its own between
            if not isinstance(base, _ndarray):
                return a
        a = base


def flat_bytes(root: np.ndarray) -> np.ndarray | None:
    """All memory of an array as a 1-d uint8 array that shares it; None if there are gaps in it."""
    if root.flags.c_contiguous or root.flags.f_contiguous:
        return root.ravel(order="K").view(np.uint8)
    return None
