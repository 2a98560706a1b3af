"""Arrays of tensors on the device "meta": shape, dtype and strides, but no elements.

A MetaArray lies over addresses that were reserved and never filled. NumPy's views of it are right
(strides, offsets, overlaps), at any size, and nothing is allocated. Whatever would read elements
raises NoData. ops/meta.py says what ops make of them; it is switched on by the first MetaArray that
lives, and off by the last one that goes.
"""

from __future__ import annotations

import threading
from math import prod
from typing import Any, NoReturn

import numpy as np

from .device import CPU, META, accelerators, device

SWITCH: list[Any] = []  # f(on: bool), called with the first array and after the last, see ops/meta
# the lock of dispatch/modes.py, too: the garbage collector may free an array in the middle of a
# switch there, and two locks would be taken in two orders
LOCK = threading.RLock()
_alive = [0]


class NoData(NotImplementedError):
    """Someone asked for elements of a tensor that has none."""


class NoNumpy(NoData, TypeError):
    """Someone asked for the NumPy array of a tensor that has no elements."""


NoNumpy.__name__ = NoNumpy.__qualname__ = "TypeError"
NoNumpy.__module__ = "builtins"
NoData.__name__ = NoData.__qualname__ = "NotImplementedError"  # as which users see it
NoData.__module__ = "builtins"
NO_DATA = "Cannot copy out of meta tensor; no data!"
_VIEWS = frozenset(
    "broadcast_to broadcast_arrays expand_dims squeeze moveaxis swapaxes transpose rollaxis shape "
    "ndim size may_share_memory shares_memory diagonal split array_split iscomplexobj isrealobj "
    "can_cast result_type min_scalar_type".split()
)


def no_way_back(error: Exception) -> NoData:
    """What Module.to says where a tensor said `error`."""
    return NoData(
        f"{error} Please use torch.nn.Module.to_empty() instead of torch.nn.Module.to() when "
        "moving module from meta to a different device."
    )


class MetaArray(np.ndarray):
    """An array without elements."""

    no_numpy: Any = None  # the error of Tensor.numpy(), if not that of "meta"

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        both = all(isinstance(x, MetaArray) for x in inputs)
        if ufunc is np.add and both and len(inputs) == 2:  # gradients that autograd sums up
            return phantom(np.broadcast_shapes(*[x.shape for x in inputs]), self.dtype)
        raise NoData(f"{ufunc.__name__}: {NO_DATA}")

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func.__name__ in _VIEWS:
            return super().__array_function__(func, types, args, kwargs)
        if func.__name__ in ("zeros_like", "ones_like", "empty_like", "full_like"):
            return phantom(args[0].shape, kwargs.get("dtype") or args[0].dtype)
        raise NoData(f"{func.__name__}: {NO_DATA}")

    def copy(self, order: Any = "C") -> MetaArray:
        """As large, C-contiguous."""
        return phantom(self.shape, self.dtype)

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> MetaArray:  # type: ignore[override]
        """As large, in the same order, of another dtype."""
        return phantom_like(self, dtype=np.dtype(dtype))

    def item(self, *args: Any) -> NoReturn:  # type: ignore[override]
        raise RuntimeError("Tensor.item() cannot be called on meta tensors")

    def tolist(self) -> NoReturn:
        raise NoData(NO_DATA)

    tobytes = nonzero = argmax = argmin = sort = argsort = take = fill = repeat = tolist  # type: ignore

    def __bool__(self) -> NoReturn:
        self.item()

    __int__ = __float__ = __index__ = __complex__ = __bool__  # type: ignore[assignment]


def _reserved(nbytes: int) -> Any:
    """Addresses of so many bytes: no memory is behind them. What is read there is zero."""
    import mmap  # seldom needed

    if not _NOWHERE:

        class Nowhere(mmap.mmap):
            """The addresses under one MetaArray and its views."""

            counted = False  # Python 3.12 ends one, too, that found no addresses

            def __del__(self) -> None:
                if self.counted:
                    _count(-1)

        _NOWHERE.append(Nowhere)
    if hasattr(mmap, "MAP_PRIVATE"):
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)
        return _NOWHERE[0](-1, nbytes, flags=flags, prot=mmap.PROT_READ)
    return _NOWHERE[0](-1, nbytes, access=mmap.ACCESS_READ)


_NOWHERE: list[Any] = []


def _count(change: int) -> None:
    with LOCK:
        before = _alive[0]
        _alive[0] = now = before + change
        if (before == 0) is not (now == 0):
            for switch in SWITCH:
                switch(now > 0)


def phantom(
    shape: tuple[int, ...], kind: np.dtype, strides: tuple[int, ...] | None = None
) -> MetaArray:
    """An array without elements; strides in bytes, C-contiguous by default.

    errors  RuntimeError: more bytes than there are addresses
    """
    unit = np.dtype(kind).itemsize
    if strides is None:
        need = prod(shape) * unit
    else:
        need = unit + sum((n - 1) * s for n, s in zip(shape, strides, strict=True) if n)
    try:
        memory = _reserved(max(int(need), 1))
    except (OSError, OverflowError, ValueError):
        raise RuntimeError(
            f"a meta tensor of {need} bytes: more than this machine has addresses for"
        ) from None
    memory.counted = True
    _count(1)
    return np.ndarray.__new__(MetaArray, shape, kind, memory, 0, strides)


def phantom_like(a: np.ndarray, dtype: Any = None, shape: Any = None) -> MetaArray:
    """As large as a, its dimensions in the same order in memory."""
    kind = np.dtype(a.dtype if dtype is None else dtype)
    shape = a.shape if shape is None else shape
    return phantom(shape, kind, ordered_strides(shape, a.strides, kind.itemsize))


def ordered_strides(shape: tuple, strides: tuple, unit: int) -> tuple[int, ...]:
    """Strides without gaps for a shape, its dimensions in the order that the given strides have."""
    order = sorted(range(len(shape)), key=lambda i: (-abs(strides[i]), i))
    if 0 in strides and any(s == 0 and n > 1 for s, n in zip(strides, shape, strict=True)):
        order = list(range(len(shape)))
    steps = [0] * len(shape)
    for i in reversed(order):
        steps[i] = unit
        unit *= max(shape[i], 1)
    return tuple(steps)


def device_of(a: Any) -> device:
    """Where a tensor of this array is."""
    if type(a) is MetaArray:
        return META
    if isinstance(a, MetaArray):  # inside vmap
        return device_of(a.value._a) if hasattr(a, "value") else CPU
    if not hasattr(a, "cell"):
        return CPU
    return accelerators().of_array(a)


def without_data(a: np.ndarray) -> MetaArray:
    """What is left of an array on the device "meta"."""
    return a if type(a) is MetaArray else phantom_like(a)
