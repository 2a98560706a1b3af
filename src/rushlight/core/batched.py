"""Arrays of tensors inside `vmap`: shape, dtype and strides of one sample, all samples elsewhere.

A BatchArray is what a tensor shows as its array while a function runs over a batch: a view of the
first sample, whose elements nobody may read (they are one sample's). The tensor of all samples is
its `value`, the batch in front. dispatch/batching.py says what ops make of them.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from .meta import MetaArray, NoData
from .tensor import Tensor, new

_NOT_HERE = "Cannot access data pointer of Tensor that doesn't have storage"


class BatchedRead(RuntimeError):
    """Someone asked for elements of a tensor that stands for a batch of them."""


BatchedRead.__name__ = BatchedRead.__qualname__ = "RuntimeError"  # as which users see it
BatchedRead.__module__ = "builtins"


class BatchArray(MetaArray):
    """The array of a batched tensor; value: a Tensor of all samples; level: of which vmap."""

    value: Any = None
    level = 0
    no_numpy = property(lambda self: BatchedRead(_NOT_HERE))

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> NoReturn:
        raise BatchedRead(_NOT_HERE)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        kind = kwargs.get("dtype") or self.dtype
        if func.__name__ in ("zeros_like", "ones_like", "empty_like"):
            return getattr(np, func.__name__.removesuffix("_like"))(self.shape, kind)
        if func.__name__ == "full_like":
            return np.full(self.shape, args[1], kind)
        try:
            return super().__array_function__(func, types, args, kwargs)
        except NoData:
            raise BatchedRead(_NOT_HERE) from None

    def copy(self, order: Any = "C") -> NoReturn:
        raise BatchedRead(_NOT_HERE)

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> NoReturn:  # type: ignore[override]
        raise BatchedRead(_NOT_HERE)

    def item(self, *args: Any) -> NoReturn:  # type: ignore[override]
        raise BatchedRead(
            "vmap: It looks like you're calling .item() on a Tensor. We don't support vmap over "
            "calling .item() on a Tensor, please try to rewrite what you're doing with other "
            "operations. If error is occurring somewhere inside PyTorch internals, please file a "
            "bug report."
        )

    def tolist(self) -> NoReturn:
        raise BatchedRead(_NOT_HERE)

    tobytes = nonzero = argmax = argmin = sort = argsort = take = fill = repeat = tolist  # type: ignore

    def __bool__(self) -> NoReturn:
        raise BatchedRead(
            "vmap: It looks like you're attempting to use a Tensor in some data-dependent control "
            "flow. We don't support that yet, please file an issue at "
            "https://github.com/pytorch/pytorch/issues ."
        )

    def __int__(self) -> NoReturn:
        self.item()

    __float__ = __index__ = __complex__ = __int__  # type: ignore[assignment]


def batched(value: Tensor, level: int) -> Tensor:
    """The tensor that stands for each of value[0], value[1], ... inside vmap number `level`."""
    a = value._a
    first = a[0, ...] if a.shape[0] else np.zeros(a.shape[1:], a.dtype)
    first = getattr(first, "shadow", first)  # of another device: it is not read
    array: Any = first.view(BatchArray)
    array.flags.writeable = False
    array.value, array.level = value, level
    t = new(Tensor)
    t._a, t._rg = array, value._rg
    t._node = t._view = None
    t._v = value._v
    return t


def without_values(t: Any) -> bool:
    """True for a tensor inside vmap."""
    return type(t._a) is BatchArray
