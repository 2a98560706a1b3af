"""A tensor given another shape or memory in place: t_, squeeze_, resize_, set_."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..autograd.inplace import check_inplace
from ..core.grad_mode import mode
from ..core.strided import as_sizes, bytes_under, check_view, required, view_of
from ..core.tensor import Tensor, ViewInfo, address, storage_array, wrap
from ..dispatch.registry import CARDS, Card, apply, composite, store
from ..kernels import K
from .as_strided import geometry


def _become(x: Tensor, card: Card, options: tuple) -> Tensor:
    """x turned into the view of itself that `card` makes.

    strides, history and version change, elements do not.
    """
    if x._rg and mode.grad:
        check_inplace(x)
    card = card.select((x, *options))
    y = apply(card, (x, *options))
    x._a = y._a
    if x._view is not None:
        x._view = ViewInfo(x._view.base, (*x._view.replay, (card, options)), x._view.multi_output)
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
    return (dim if dim is None or isinstance(dim, int) else tuple(dim),)


_in_place(
    "transpose_",
    "swapaxes_",
    "swapdims_",
    card="transpose",
    options=lambda x, dim0, dim1: (dim0, dim1),
)
_in_place("unsqueeze_", card="unsqueeze", options=lambda x, dim: (dim,))
_in_place("squeeze_", card="squeeze", options=_squeezed)
_in_place(
    "as_strided_",
    card="_as_strided",
    options=geometry,
)


composite("as_strided_")(Tensor.as_strided_)


@composite("t_", fn=False, method=True)
def t_(x):
    """x turned into its transpose, in place. RuntimeError: more than 2 dimensions."""
    if x._a.ndim > 2:
        raise RuntimeError(f"t_() expects a tensor with <= 2 dimensions, but self is {x._a.ndim}D")
    if x._a.ndim < 2:
        return _become(x, CARDS["permute"], (tuple(range(x._a.ndim)),))
    return _become(x, CARDS["t"], ())


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
    if prod(n for n in shape if n) * a.itemsize >= 2**63:
        raise RuntimeError("numel: integer multiplication overflow")
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
        array = source._a
        if source.dtype.name == "uint8":  # whole elements only
            array = array[: array.nbytes // x._a.itemsize * x._a.itemsize].view(x._a.dtype)
        size = (array.size,) if size is None else size
    if array.dtype != x._a.dtype:
        raise RuntimeError(
            f"Could not set tensor of type {wrap(array).dtype} to a tensor of type {x.dtype}"
        )
    if size is not None:
        size = as_sizes(size, "set_", "size", 3)
        (offset,) = as_sizes((storage_offset,), "set_", "storage_offset", 2)
        if min(size, default=0) < 0:
            raise RuntimeError("numel: integer multiplication overflow")
        steps = _row_major(size) if stride is None else as_sizes(stride, "set_", "stride", 4)
        if len(steps) != len(size):
            raise RuntimeError(
                f"unequal size length ({len(size)}) and stride length ({len(steps)})"
            )
        required(size, steps, array.itemsize)
        memory, _ = bytes_under(array)
        check_view(size, steps, offset, array.itemsize, memory.nbytes)
        array = view_of(memory, array.dtype, size, steps, offset)
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
