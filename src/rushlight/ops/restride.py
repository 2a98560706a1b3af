"""Strides, storage and shape of a tensor itself: as_strided, unfold, transpose_, resize_, set_."""

from __future__ import annotations

import builtins
from math import prod
from typing import Any

import numpy as np

from ..core.grad_mode import mode
from ..core.registry import CARDS, Card, apply, check_inplace, composite, op, store
from ..core.tensor import Tensor, ViewInfo, address, storage_array, wrap
from ..kernels import K, word
from .shape import wrapped


@op("_as_strided", fn=False, method=False, tensors=1, view=True, node="AsStrided")
class AsStrided:
    """y = the elements found at storage_offset + Σ index · stride of x's storage; offset None means
    x's own.

    RuntimeError: outside of the storage.
    """

    def forward(x, size, stride, storage_offset, origin, steps):
        root = storage_array(x)
        flat = root.reshape(-1) if root.flags.c_contiguous else np.ravel(root, order="K")
        offset = (
            (address(x) - address(root)) // x.itemsize if storage_offset is None else storage_offset
        )
        if steps is not None and not _lies(
            x, (address(x) - address(root)) // x.itemsize, origin, steps
        ):
            start = origin if storage_offset is None else storage_offset
            read, own = _places(start, size, stride), _places(origin, x.shape, steps)
            flat = np.zeros(max(read.max(initial=-1), own.max(initial=-1)) + 1, x.dtype)
            flat[own] = x.reshape(
                -1
            )  # a gradient: it lies elsewhere than what it is the gradient of
            return flat[read].reshape(size)
        last = offset + builtins.sum((n - 1) * s for n, s in zip(size, stride, strict=False))
        if prod(size) and last >= flat.size:
            raise RuntimeError(
                f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, "
                f"and itemsize {x.itemsize} requiring a storage size of {(last + 1) * x.itemsize} "
                f"are out of bounds for storage of size {flat.nbytes}"
            )
        return np.lib.stride_tricks.as_strided(
            flat[offset:], size, [s * x.itemsize for s in stride]
        )

    def backward(c, dy, x_shape, size, stride, storage_offset, origin, steps):
        start = origin if storage_offset is None else storage_offset
        read, own = _places(start, size, stride), _places(origin, x_shape, steps)
        back = np.full(max(read.max(initial=-1), own.max(initial=-1)) + 1, -1)
        back[own] = np.arange(own.size)
        inside = np.flatnonzero(back[read] >= 0)  # x does not hold all of its storage
        positions, flat = back[read][inside], K.reshape(dy, (-1,))
        zeros = np.zeros(prod(x_shape), dtype=dy.dtype.np if isinstance(dy, Tensor) else dy.dtype)
        if isinstance(dy, Tensor):
            flat = flat[wrap(inside)]
            return K.reshape(K.scatter_add(wrap(zeros), 0, wrap(positions), flat), x_shape)
        return K.scatter_add(zeros, 0, positions, flat[inside]).reshape(x_shape)

    def samples(make):
        yield make(3, 4), (2, 2), (1, 2), None, 0, (4, 1)
        yield make(9), (3, 3), (2, 1), 1, 0, (1,)
        yield make(4, 3).T, (2, 2), (3, 1), 2, 0, (1, 3)
        yield make(3, 4)[:, 1:], (2, 2), (4, 1), None, 1, (4, 1)
        yield make(), (2,), (0,), None, 0, ()


def _lies(x: np.ndarray, offset: int, origin: int, steps: Any) -> bool:
    """True if x lies in its storage as the options say."""
    return offset == origin and all(
        n < 2 or a == b * x.itemsize for n, a, b in zip(x.shape, x.strides, steps, strict=True)
    )


def _places(start: int, size: Any, stride: Any) -> np.ndarray:
    """Where the elements of a view lie in its storage, in order."""
    places = start + builtins.sum(
        np.arange(n).reshape((-1,) + (1,) * (len(size) - 1 - i)) * s
        for i, (n, s) in enumerate(zip(size, stride, strict=True))
    )
    return np.broadcast_to(np.asarray(places), tuple(size)).reshape(-1)


def _geometry(x: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> tuple:
    """as_strided's options: what is wanted, then where x itself lies."""
    return tuple(size), tuple(stride), storage_offset, x.storage_offset(), x.stride()


@composite("as_strided", method=True)
def as_strided(input, size, stride, storage_offset=None):
    """The elements at storage_offset + Σ index · stride of input's storage, as a view.

    storage_offset: None means input's own. RuntimeError: outside of the storage.
    """
    return apply(CARDS["_as_strided"], (input, *_geometry(input, size, stride, storage_offset)))


@op("_unfold", fn=False, method=False, tensors=1, view=True, node="Unfold")
class _Unfold:
    """y (..., windows, ..., size) = windows of `size` every `step` along dim."""

    def forward(x, dim, size, step):
        if x.ndim == 0:
            x, dim = x.reshape(1), 0
            return np.lib.stride_tricks.as_strided(x, (size,), x.strides)
        d = wrapped(dim, x.ndim)
        if size > x.shape[d]:
            raise RuntimeError(
                f"maximum size for tensor at dimension {d} is {x.shape[d]} but size is {size}"
            )
        if step <= 0:
            raise RuntimeError(f"step is {step} but must be > 0")
        shape, strides = list(x.shape), list(x.strides)
        shape[d] = (shape[d] - size) // step + 1
        strides[d] *= step
        return np.lib.stride_tricks.as_strided(x, (*shape, size), (*strides, x.strides[d]))

    def backward(c, dy, x_shape, dim, size, step):
        return K.unfold_dx(dy, x_shape, dim, size, step)

    def samples(make):
        yield make(4, 3).T, 1, 2, 2
        yield make(7), 0, 3, 2
        yield make(2, 5), 1, 2, 1
        yield make(), 0, 1, 1


@op("unfold_dx", fn=False, method=False, tensors=1, node="UnfoldBackward")
class _UnfoldDx:
    """dx of _unfold: every window's gradient added where the window was read."""

    def forward(dy, x_shape, dim, size, step):
        dx = np.zeros(x_shape, dy.dtype)
        if not x_shape:
            return dx + dy.sum()
        d = wrapped(dim, len(x_shape))
        lead = (slice(None),) * d
        for i in range(size):
            dx[(*lead, slice(i, i + (dy.shape[d] - 1) * step + 1, step))] += dy[..., i]
        return dx

    def backward(c, ddx, dim, size, step):
        return (
            apply(CARDS["_unfold"], (ddx, dim, size, step))
            if isinstance(ddx, Tensor)
            else CARDS["_unfold"].forward(ddx, dim, size, step)
        )

    def samples(make):
        yield make(3, 3), (7,), 0, 3, 2
        yield make(2, 4, 2), (2, 5), 1, 2, 1


word("unfold_dx", CARDS["unfold_dx"].forward)


@composite("unfold", fn=False, method=True)
def unfold(x, dimension, size, step):
    """Windows of `size` elements, `step` apart, along a dimension.

    They become a last dimension. A view.
    """
    return apply(CARDS["_unfold"], (x, dimension, size, step))


@composite("as_strided_scatter", method=True)
def as_strided_scatter(input, src, size, stride, storage_offset=None):
    """A copy of input with src at as_strided(size, stride, storage_offset)."""
    y = input.clone()
    y.as_strided(size, stride, storage_offset).copy_(src)
    return y


# ---------------------------------------------------------------- another view, in place


def _become(x: Tensor, card: Card, options: tuple) -> Tensor:
    """x turned into the view of itself that `card` makes.

    strides, history and version change, elements do not.
    """
    if x._rg and mode.grad:
        check_inplace(x)
    y = apply(card, (x, *options))
    x._a = y._a
    if x._view is not None:
        x._view = ViewInfo(x._view.base, (*x._view.chain, (card, options)), x._view.many)
    if y._node is not None:
        x._node, x._slot, x._rg = y._node, y._slot, True
    x._bump()
    return x


def _in_place(name: str, *aliases: str, card: str, options: Any) -> None:
    def f(x, *args, **kwargs):
        return _become(x, CARDS[card], options(x, *args, **kwargs))

    f.__name__ = f.__qualname__ = name
    f.__doc__ = f"x turned into x.{name[:-1]}(...), in place: the elements stay where they are."
    composite(name, *aliases, fn=False, method=True)(f)


def _squeezed(x: Tensor, dim: Any = None) -> tuple:
    return ((dim,) if isinstance(dim, int) else None if dim is None else tuple(dim),)


_in_place(
    "transpose_",
    "swapaxes_",
    "swapdims_",
    card="transpose",
    options=lambda x, dim0, dim1: (dim0, dim1),
)
_in_place("unsqueeze_", card="unsqueeze", options=lambda x, dim: (dim,))
_in_place("squeeze_", card="_squeeze", options=_squeezed)
_in_place(
    "as_strided_",
    card="_as_strided",
    options=_geometry,
)


@composite("t_", fn=False, method=True)
def t_(x):
    """x turned into its transpose, in place. RuntimeError: more than 2 dimensions."""
    if x._a.ndim > 2:
        raise RuntimeError(f"t_() expects a tensor with <= 2 dimensions, but self is {x._a.ndim}D")
    if x._a.ndim < 2:
        return _become(x, CARDS["permute"], (tuple(range(x._a.ndim)),))
    return _become(x, CARDS["_t"], ())


composite("as_strided_")(Tensor.as_strided_)


# ---------------------------------------------------------------- other elements


@composite("resize_", fn=False, method=True)
def resize_(x, *size, memory_format=None):
    """x in another size, in place, over the same storage in C order; a larger one is allocated if
    need be.

    Elements beyond the old storage are undefined. RuntimeError: x requires grad, or a negative
    size.
    """
    if x._rg:
        raise RuntimeError("cannot resize variables that require grad")
    given = size[0] if len(size) == 1 and not isinstance(size[0], int) else size
    shape = tuple(int(n) for n in given)
    if any(n < 0 for n in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension: {list(shape)}")
    count, a = prod(shape), x._a
    if shape == a.shape:
        return x
    root = storage_array(a)
    offset = (address(a) - address(root)) // a.itemsize if a.itemsize else 0
    if (
        root.dtype == a.dtype
        and offset + count <= root.size
        and (root.flags.c_contiguous or root.flags.f_contiguous)
    ):
        x._a = root.ravel(order="K")[offset : offset + count].reshape(shape)
    else:
        grown = np.zeros(count, a.dtype)
        old = root.ravel(order="K") if root.dtype == a.dtype else a.reshape(-1)
        kept = old[offset if root.dtype == a.dtype else 0 :][:count]
        grown[: kept.size] = kept
        x._a = grown.reshape(shape)
    x._bump()
    return x.contiguous(memory_format=memory_format) if memory_format is not None else x


@composite("resize_as_", method=True)
def resize_as_(input, the_template, *, memory_format=None):
    """input in the size of another tensor, in place."""
    return input.resize_(tuple(the_template._a.shape), memory_format=memory_format)


@composite("set_", fn=False, method=True)
def set_(x, source=None, storage_offset=0, size=None, stride=None):
    """x turned into another view of the elements of `source` (a tensor or storage); empty without
    one.

    RuntimeError: another dtype.
    """
    if source is None:
        x._a = np.empty(0, x._a.dtype)
        return x
    if isinstance(source, Tensor):
        array = source._a
    else:
        array = source._a.view(x._a.dtype) if source.dtype.name == "uint8" else source._a
        size = (array.size,) if size is None else size
    if array.dtype != x._a.dtype:
        raise RuntimeError(
            f"Could not set tensor of type {wrap(array).dtype} to a tensor of type {x.dtype}"
        )
    if size is not None:
        steps = stride if stride is not None else _row_major(size)
        array = CARDS["_as_strided"].forward(
            array, tuple(size), tuple(steps), storage_offset, 0, None
        )
    x._a = array
    x._bump()
    return x


def _row_major(size: Any) -> tuple:
    steps, n = [], 1
    for s in reversed(tuple(size)):
        steps.append(n)
        n *= max(s, 1)
    return tuple(reversed(steps))


@composite("sum_to_size", fn=False, method=True)
def sum_to_size(x, *size):
    """x summed over the dimensions that broadcasting `size` to x's shape would stretch.

    RuntimeError: it would not.
    """
    shape = tuple(size[0]) if len(size) == 1 and not isinstance(size[0], int) else tuple(size)
    lead = x._a.ndim - len(shape)
    if lead < 0 or any(n not in (1, m) for n, m in zip(shape, x._a.shape[lead:], strict=True)):
        raise RuntimeError(
            f"size {{{list(shape)}}} is not expandable to size {{{list(x._a.shape)}}}."
        )
    return x if shape == x._a.shape else K.sum_to(x, shape)


@composite("dim_order", fn=False, method=True)
def dim_order(x, *, ambiguity_check=False):
    """The dimensions from the outermost to the innermost in memory."""
    steps = x.stride()
    return tuple(sorted(range(x._a.ndim), key=lambda i: -steps[i]))


def _copied(name: str, f: Any) -> None:
    def copy(*args, out=None, **kwargs):
        y = f(*args, **kwargs)
        if out is not None:
            for o, t in zip(*((out, y) if isinstance(y, tuple) else ((out,), (y,))), strict=True):
                store(o, t)
            return out
        return tuple(t.clone() for t in y) if isinstance(y, tuple) else y.clone()

    copy.__name__ = copy.__qualname__ = name + "_copy"
    copy.__doc__ = f"What {name} finds, as a copy that shares nothing with the input."
    composite(name + "_copy")(copy)


for _name in (
    "as_strided",
    "diagonal",
    "expand",
    "permute",
    "select",
    "split",
    "split_with_sizes",
    "squeeze",
    "t",
    "transpose",
    "unbind",
    "unfold",
    "unsqueeze",
    "view",
    "view_as_complex",
    "view_as_real",
    "detach",
):
    _copied(_name, lambda x, *args, _name=_name, **kwargs: getattr(x, _name)(*args, **kwargs))
composite("alias_copy")(lambda input: input.clone())
