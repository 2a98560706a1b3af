"""select, narrow and slices by name, and the *_scatter functions that put one back."""

from __future__ import annotations

from typing import Any

from ..core.layout import contiguous_format
from ..core.tensor import Tensor
from ..dispatch.registry import (
    composite,
    view_of,
)
from .keys import FULL, SELECT, SLICE
from .shape import wrapped


@composite("select(input, dim, index: int)", at="torch Tensor")
def select(input, dim, index):
    """The slice `index` of dimension dim, that dimension gone; a view.

    errors  IndexError: no such slice, or a 0-d tensor
    """
    a = input._a
    if not a.ndim:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    d, index = wrapped(dim, a.ndim), int(index)
    n = a.shape[d]
    if not -n <= index < n:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(a.shape)} at dimension "
            f"{d}"
        )
    key = (FULL,) * d + (index, ...)
    return view_of(SELECT, input, a[key], (key,))


@composite("narrow(input, dim, start: int | Tensor, length: int)", at="torch Tensor")
def narrow(input, dim, start, length):
    """`length` slices of dimension dim from `start` on; a view.

    errors  RuntimeError: beyond the end, a negative length, a 0-d tensor; IndexError: start

    >>> torch.narrow(torch.arange(5), 0, 1, 3)
    tensor([1, 2, 3])
    """
    a = input._a
    if not a.ndim:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    d = wrapped(dim, a.ndim)
    n = a.shape[d]
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    if isinstance(start, Tensor) and (start._a.ndim or start._a.dtype.kind not in "iu"):
        raise RuntimeError("start must be an 0-dim integral Tensor.")
    start = int(start)
    if not -n <= start <= n:
        raise IndexError(
            f"start out of range (expected to be in range of [{-n}, {n}], but got {start})"
        )
    start = start + n if start < 0 else start
    if start + length > n:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({n}).")
    key = (FULL,) * d + (slice(start, start + length),)
    return view_of(SLICE, input, a[key], (key,))


@composite(
    "narrow_copy(input, dim, start: int | Tensor, length: int, *, out=None)", at="torch Tensor"
)
def narrow_copy(input, dim, start, length):
    """A contiguous copy of narrow(input, dim, start, length).

    shape   and errors as for narrow, but RuntimeError: dim too large
    """
    reach = input.ndim
    if type(dim) is int and dim >= reach > 0:
        raise RuntimeError(
            "Expected dim < static_cast<int64_t>(self_sizes.size()) to be true, but got false."
            f"\n  dim is {dim}, the tensor has {reach} dimensions"
        )
    return narrow(input, dim, start, length).clone(memory_format=contiguous_format)


def slice_view(x, dim=0, start=None, end=None, step=1):
    """x[start:end:step] along dim; a view."""
    return x[(FULL,) * wrapped(dim, x._a.ndim) + (slice(start, end, step),)]


def _embedded(input: Tensor, src: Tensor, place: Any, *args: Any) -> Tensor:
    """A copy of input with src at the view place(copy, *args)."""
    y = input.clone()
    target = place(y, *args)
    if target._a.shape != src._a.shape:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. src size = "
            f"{list(src._a.shape)}, slice size = {list(target._a.shape)}"
        )
    target.copy_(src)
    return y


@composite("select_scatter(input, src, dim, index: int)", at="torch Tensor")
def select_scatter(input, src, dim, index):
    """A copy of input with src at select(dim, index). RuntimeError: src has another shape."""
    return _embedded(input, src, select, dim, index)


@composite(
    "slice_scatter(input, src, dim=0, start: int | None = None, end: int | None = None, "
    "step: int = 1, *, out=None)",
    at="torch Tensor",
)
def slice_scatter(input, src, dim, start, end, step):
    """A copy of input with src at [start:end:step] of dim. RuntimeError: src has another shape."""
    return _embedded(input, src, slice_view, dim, start, end, step)


@composite(
    "diagonal_scatter(input, src, offset=0, dim1: int = 0, dim2: int = 1)", at="torch Tensor"
)
def diagonal_scatter(input, src, offset, dim1, dim2):
    """A copy of input with src at diagonal(offset, dim1, dim2). RuntimeError: another shape."""
    return _embedded(input, src, Tensor.diagonal, offset, dim1, dim2)
