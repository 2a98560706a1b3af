"""A tensor given another shape or memory in place: t_, squeeze_, resize_, set_."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..autograd.inplace import check_inplace
from ..core.grad_mode import mode
from ..core.layout import contiguous_format
from ..core.memory import address, storage_array
from ..core.notices import warn
from ..core.strided import as_sizes, bytes_under, check_view, required, view_of
from ..core.tensor import Tensor, ViewInfo, wrap
from ..dispatch.inplace import rebase
from ..dispatch.registry import Card, composite
from ..kernels import K
from .as_strided import AsStrided, geometry
from .select import slice_view
from .shape import Permute, Squeeze, T, Transpose, Unsqueeze


def _become(x: Tensor, card: Card, options: tuple) -> Tensor:
    """x turned into the view of itself that `card` makes: shape, strides, history and version
    change, elements do not.
    """
    if x._rg and mode.grad:
        check_inplace(x)
    card = card.select((x, *options))
    y = card.run((x, *options))
    x._a = y._a
    if x._view is not None:
        x._view = ViewInfo(x._view.base, (*x._view.replay, (card, options)), x._view.multi_output)
    if y._node is not None:
        x._node, x._slot, x._rg = y._node, y._slot, True
    x._bump()
    return x


@composite("transpose_(input, dim0, dim1)", "swapaxes_", "swapdims_", at="Tensor")
def transpose_(input, dim0, dim1):
    """input with two dimensions exchanged, in place: the elements stay where they are."""
    return _become(input, Transpose, (dim0, dim1))


@composite("unsqueeze_(input, dim)", at="Tensor")
def unsqueeze_(input, dim):
    """input with a dimension of size 1 put in before dim, in place."""
    return _become(input, Unsqueeze, (dim,))


@composite("squeeze_(input, dim: int | Sequence[int] | None = None)", at="Tensor")
def squeeze_(input, dim):
    """input without its dimensions of size 1 (all, or those among dim), in place."""
    return _become(input, Squeeze, (dim if dim is None or isinstance(dim, int) else tuple(dim),))


@composite(
    "as_strided_(input, size: Sequence[int], stride: Sequence[int], "
    "storage_offset: int | None = None)",
    at="torch Tensor",
)
def as_strided_(input, size, stride, storage_offset):
    """input turned into input.as_strided(...), in place. RuntimeError: outside of the storage."""
    return _become(input, AsStrided, geometry(input, size, stride, storage_offset))


@composite("t_(input)", at="Tensor")
def t_(input):
    """input turned into its transpose, in place. RuntimeError: more than 2 dimensions."""
    if input._a.ndim > 2:
        raise RuntimeError(
            f"t_() expects a tensor with <= 2 dimensions, but self is {input._a.ndim}D"
        )
    if input._a.ndim < 2:
        return _become(input, Permute, (tuple(range(input._a.ndim)),))
    return _become(input, T, ())


@composite("resize_(input, *size: int, memory_format: memory_format | None = None)", at="Tensor")
def resize_(input, *size, memory_format=None):
    """input in another size, in place, over the same storage in C order; a larger one is allocated
    if need be. Elements beyond the old storage are undefined.

    errors  RuntimeError: input requires grad, or a negative size
    """
    x = input
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


@composite("resize(input, *sizes: int)", at="Tensor")
def resize(input, *sizes):
    """input in another shape of as many elements; deprecated in PyTorch, use reshape.

    errors  RuntimeError: another number of elements
    """
    warn("non-inplace resize is deprecated")
    return _reshaped(input, sizes)


@composite("resize_as(input, tensor: Tensor)", at="Tensor")
def resize_as(input, tensor):
    """input in the shape of a tensor of as many elements; deprecated in PyTorch, use reshape_as.

    errors  RuntimeError: another number of elements
    """
    warn("non-inplace resize_as is deprecated")
    return _reshaped(input, tuple(tensor._a.shape))


def _reshaped(x: Tensor, shape: tuple) -> Tensor:
    if prod(shape) != x._a.size:
        raise RuntimeError(
            f"requested resize to {shape} ({prod(shape)} elements in total), but the given tensor "
            f"has a size of {tuple(x._a.shape)} ({x._a.size} elements). autograd's resize can only "
            "change the shape of a given tensor, while preserving the number of elements. "
        )
    return x.contiguous().view(shape)


@composite(
    "resize_as_(input, the_template: Tensor, *, memory_format: memory_format | None = None)",
    at="torch Tensor",
)
def resize_as_(input, the_template, *, memory_format):
    """input in the size of another tensor, in place.

    shape   that of the_template; errors as for resize_
    """
    return input.resize_(tuple(the_template._a.shape), memory_format=memory_format)


@composite(
    "set_(input, source: Tensor | Storage | None = None, storage_offset: int = 0, "
    "size: Sequence[int] | None = None, stride: Sequence[int] | None = None)",
    at="Tensor",
)
def set_(input, source, storage_offset, size, stride):
    """input turned into another view of the elements of `source` (a tensor or storage); empty
    without one.

    grad    none: backward through it raises
    errors  RuntimeError: another dtype, or outside of the storage; a leaf that requires grad
    """
    x = input
    tracked = mode.grad and (x._rg or (isinstance(source, Tensor) and source._rg))
    if tracked:
        check_inplace(x)
    x._a = _array_of(x, source, storage_offset, size, stride)
    x._bump()
    x._view = None  # of other elements from now on
    if tracked:
        rebase(x, _SET, (x, source), (x._a,))
    return x


class _Set:
    def forward(input, source):
        raise AssertionError("recorded by set_, never called")

    def backward(c, dy):
        raise RuntimeError("derivative for set_ is not implemented")


_SET = Card(_Set, "set_", tensors=2, node="NotImplemented")


def _array_of(x: Tensor, source: Any, storage_offset: int, size: Any, stride: Any) -> np.ndarray:
    """The array that set_ puts into x."""
    if source is None:
        return np.empty(0, x._a.dtype)
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
    return array


def _row_major(size: Any) -> tuple:
    steps, n = [], 1
    for s in reversed(tuple(size)):
        steps.append(n)
        n *= max(s, 1)
    return tuple(reversed(steps))


@composite("sum_to_size(input, *size: int)", at="Tensor")
def sum_to_size(input, *size):
    """input summed over the dimensions that broadcasting `size` to its shape would stretch.

    errors  RuntimeError: it would not
    """
    shape = input._a.shape
    lead = len(shape) - len(size)
    if lead < 0 or any(n not in (1, m) for n, m in zip(size, shape[lead:], strict=True)):
        raise RuntimeError(f"size {{{list(size)}}} is not expandable to size {{{list(shape)}}}.")
    return input if size == shape else K.sum_to(input, size)


@composite("dim_order(input, *, ambiguity_check: bool = False)", at="Tensor")
def dim_order(input, *, ambiguity_check):
    """The dimensions from the outermost to the innermost in memory."""
    steps = input.stride()
    return tuple(sorted(range(input._a.ndim), key=lambda i: -steps[i]))


# ---------------------------------------------------------------- views as copies


def _view_copy(arguments: str, view: Any = None) -> None:
    """Register name_copy for "name(arguments)": what `view`, by default the method, finds, as
    contiguous copies.
    """
    name = arguments.partition("(")[0]

    def copy(*args, **kwargs):
        y = (view or getattr(Tensor, name))(*args, **kwargs)
        if isinstance(y, tuple):
            return tuple(t.clone(memory_format=contiguous_format) for t in y)
        return y.clone(memory_format=contiguous_format)

    copy.__name__ = copy.__qualname__ = name + "_copy"
    copy.__doc__ = f"A copy of what {name} returns; shapes and errors as there."
    composite(arguments.replace("(", "_copy(", 1), at="torch")(copy)


_SIZES = "Sequence[int]"
for _arguments in (
    f"as_strided(input, size: {_SIZES}, stride: {_SIZES}, storage_offset: int | None = None, *, "
    "out=None)",
    "detach(input, *, out=None)",
    "diagonal(input, offset=0, dim1: int = 0, dim2: int = 1, *, out=None)",
    f"permute(input, dims: {_SIZES}, *, out=None)",
    "select(input, dim, index: int, *, out=None)",
    "split(input, split_size: int, dim=0, *, out=None)",
    f"split_with_sizes(input, split_sizes: {_SIZES}, dim=0, *, out=None)",
    f"squeeze(input, dim: int | {_SIZES} | None = None, *, out=None)",
    "t(input, *, out=None)",
    "transpose(input, dim0, dim1, *, out=None)",
    "unbind(input, dim=0, *, out=None)",
    "unfold(input, dimension: int, size: int, step: int, *, out=None)",
    "unsqueeze(input, dim, *, out=None)",
    f"view(input, size: {_SIZES} | dtype, *, out=None)",
    "view_as_complex(input, *, out=None)",
    "view_as_real(input, *, out=None)",
):
    _view_copy(_arguments)
_view_copy("alias(input, *, out=None)", lambda x: x)
_view_copy(
    f"expand(input, size: {_SIZES}, *, implicit: bool = False, out=None)",
    lambda x, size, implicit: x.expand(size),
)
_view_copy(
    "slice(input, dim=0, start: int | None = None, end: int | None = None, step: int = 1, *, "
    "out=None)",
    slice_view,
)
