"""Views by strides: as_strided, and windows along a dimension: unfold."""

from __future__ import annotations

import builtins
from math import prod
from typing import Any

import numpy as np

from ..core.making import plain_sizes
from ..core.strided import as_sizes, bytes_under, check_view, restrided, view_of
from ..core.tensor import Tensor, ViewInfo, wrap
from ..dispatch.on_tensors import translate
from ..dispatch.registry import composite, internal, op
from ..kernels import K, native, word
from .shape import wrapped


@op(
    "as_strided(input, size: Sequence[int], stride: Sequence[int], "
    "storage_offset: int | None = None)",
    at="torch Tensor",
    tensors=1,
    view=True,
)
class AsStrided:
    """y = the elements at storage_offset + Σ index · stride of x's storage; a view.

    storage_offset  None means x's own
    errors          RuntimeError: outside of the storage, a negative stride or offset

    >>> torch.as_strided(torch.arange(5), (2, 2), (1, 2))
    tensor([[0, 2],
            [1, 3]])
    """

    def prepare(input, size, stride, storage_offset):
        return input, *geometry(input, size, stride, storage_offset)

    def forward(x, size, stride, storage_offset, origin, steps):
        if native is not None and steps is not None:
            y = native.strided(x, size, stride, storage_offset, origin, steps)
            if y is not None:
                return y
        memory, own_offset = bytes_under(x)
        if steps is not None and not _lies(x, own_offset, origin, steps):
            start = origin if storage_offset is None else storage_offset
            check_view(size, stride, start, x.itemsize, None)
            read, own = _places(start, size, stride), _places(origin, x.shape, steps)
            flat = np.zeros(max(read.max(initial=-1), own.max(initial=-1)) + 1, x.dtype)
            flat[own] = x.reshape(-1)  # a gradient lies elsewhere than what it is of
            return flat[read].reshape(size)
        offset = own_offset if storage_offset is None else storage_offset
        check_view(size, stride, offset, x.itemsize, memory.nbytes)
        return view_of(memory, x.dtype, size, stride, offset)

    def backward(c, dy, x_shape, size, stride, storage_offset, origin, steps):
        start = origin if storage_offset is None else storage_offset
        read, own = _places(start, size, stride), _places(origin, x_shape, steps)
        back = np.full(max(read.max(initial=-1), own.max(initial=-1)) + 1, -1)
        back[own] = np.arange(own.size)
        inside = np.flatnonzero(back[read] >= 0)  # x does not hold all of its storage
        positions, flat = back[read][inside], K.reshape(dy, (-1,))
        places = wrap(positions) if isinstance(dy, Tensor) else positions
        flat = flat[wrap(inside) if isinstance(dy, Tensor) else inside]
        zeros = K.zeros((prod(x_shape),), like=dy)
        return K.reshape(K.scatter_add(zeros, 0, places, flat), x_shape)

    def samples(make):
        yield make(3, 4), (2, 2), (1, 2)
        yield make(9), (3, 3), (2, 1), 1
        yield make(4, 3).T, (2, 2), (3, 1), 2
        yield make(3, 4)[:, 1:], (2, 2), (4, 1)
        yield make(), (2,), (0,)


def _lies(x: np.ndarray, offset: int, origin: int, steps: Any) -> bool:
    """True if x lies in its storage as the options say."""
    return not x.size or (
        offset == origin
        and all(
            n < 2 or a == b * x.itemsize for n, a, b in zip(x.shape, x.strides, steps, strict=True)
        )
    )


def _places(start: int, size: Any, stride: Any) -> np.ndarray:
    """Where the elements of a view lie in its storage, in order."""
    places = start + builtins.sum(
        np.arange(n).reshape((-1,) + (1,) * (len(size) - 1 - i)) * s
        for i, (n, s) in enumerate(zip(size, stride, strict=True))
    )
    return np.broadcast_to(np.asarray(places), tuple(size)).reshape(-1)


def geometry(x: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> tuple:
    """as_strided's options: what is wanted, then where x itself lies."""
    if plain_sizes(size) is not size:
        size = as_sizes(size, "as_strided", "size", 1)
    if plain_sizes(stride) is not stride:
        stride = as_sizes(stride, "as_strided", "stride", 2)
    if storage_offset is not None:
        (storage_offset,) = as_sizes((storage_offset,), "as_strided", "storage_offset", 3)
    a, origin = x._a, 0
    root = a.base if type(a) is np.ndarray else None
    if (
        type(root) is not np.ndarray
        or root.base is not None
        or root.nbytes != a.nbytes
        or not a.flags.c_contiguous
    ):
        origin = x.storage_offset()
    return size, stride, storage_offset, origin, x.stride()


def _by_strides(base: Tensor, view: Tensor) -> tuple:
    """The one view operation from a base, as it lies now, to a view of its storage."""
    wanted = geometry(base, view._a.shape, view.stride(), view.storage_offset())
    return ((AsStrided, wanted),)


ViewInfo.by_strides = staticmethod(_by_strides)


@op("unfold(input, dimension: int, size: int, step: int)", at="Tensor", tensors=1, view=True)
class Unfold:
    """y (..., windows, ..., size) = the windows of `size` elements every `step` along dimension.

    A view: windows may share elements.

    errors  RuntimeError: a size larger than the dimension, or a step below 1

    >>> torch.arange(5).unfold(0, 3, 2)
    tensor([[0, 1, 2],
            [2, 3, 4]])
    """

    def forward(x, dim, size, step):
        y = None if native is None else native.windows(x, dim, size, step)
        if y is not None:
            return y
        d = wrapped(dim, max(x.ndim, 1))
        length = x.shape[d] if x.ndim else 1
        if size < 0:
            raise RuntimeError(f"size is {size} but must be >= 0")
        if size > length:
            raise RuntimeError(
                f"maximum size for tensor at dimension {d} is {length} but size is {size}"
            )
        if step <= 0:
            raise RuntimeError(f"step is {step} but must be > 0")
        if x.ndim == 0:
            return restrided(x, (size,), (x.itemsize,))
        shape, strides = list(x.shape), list(x.strides)
        shape[d] = (length - size) // step + 1
        strides[d] *= min(step, length + 1)  # a larger one is never walked
        return restrided(x, (*shape, size), (*strides, x.strides[d]))

    def backward(c, dy, x_shape, dim, size, step):
        return K.unfold_dx(dy, x_shape, dim, size, step)

    def samples(make):
        yield make(4, 3).T, 1, 2, 2
        yield make(7), 0, 3, 2
        yield make(2, 5), 1, 2, 1
        yield make(), 0, 1, 1


@internal("unfold_dx", tensors=1, node="UnfoldBackward")
class UnfoldDx:
    """dx of unfold: every window's gradient added where the window was read."""

    def forward(dy, x_shape, dim, size, step):
        dx = K.zeros(x_shape, like=dy)
        if not x_shape:
            return dx + dy.sum()
        d = wrapped(dim, len(x_shape))
        lead = (slice(None),) * d
        for i in range(size):
            dx[(*lead, slice(i, i + (dy.shape[d] - 1) * step + 1, step))] += dy[..., i]
        return dx

    def backward(c, ddx, dim, size, step):
        return K.windows(ddx, dim, size, step)

    def samples(make):
        yield make(3, 3), (7,), 0, 3, 2
        yield make(2, 4, 2), (2, 5), 1, 2, 1


word("windows", Unfold.forward)
translate("windows", Unfold.__call__)
word("unfold_dx", UnfoldDx.forward)


@composite(
    "as_strided_scatter(input, src, size: Sequence[int], stride: Sequence[int], "
    "storage_offset: int | None = None)",
    at="torch Tensor",
)
def as_strided_scatter(input, src, size, stride, storage_offset):
    """A copy of input with src at as_strided(size, stride, storage_offset).

    errors  RuntimeError: src has another shape, or the view lies outside of the storage
    """
    y = input.clone()
    part = AsStrided(y, size, stride, storage_offset)
    if part.shape != src.shape:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. src size = "
            f"{list(src.shape)}, slice size = {list(part.shape)}"
        )
    part.copy_(src)
    return y
