"""Cutting: split, chunk, tensor_split, unbind; all views."""

from __future__ import annotations

from itertools import pairwise

from ..core.dtype import scalar_name
from ..core.tensor import Tensor
from ..dispatch.registry import composite, internal, op
from ..kernels import K, native
from .select import slice_view
from .shape import wrapped


@internal("split", tensors=1, outputs="list", view=True, node="SplitWithSizes")
class Split:
    """Views of x of the given sizes along dim, one after the other."""

    def forward(x, sizes, dim):
        parts = None if native is None else native.cut(x, sizes, dim)
        if parts is not None:
            return parts
        parts, start = [], 0
        lead = (slice(None),) * dim
        for n in sizes:
            parts.append(x[(*lead, slice(start, start + n))])
            start += n
        return parts

    def backward(c, dys, dim):
        return K.concatenate(dys, dim)

    def samples(make):
        yield make(5, 4).T, (1, 4), 1
        yield make(5, 2), (2, 3), 0
        yield make(2, 4), (1, 0, 3), 1


_SPLIT_EVEN = Split.renamed("SplitBackward0")


def _evenly(tensor: Tensor, size: int, n: int, d: int) -> tuple:
    """The views of parts of one size of the n along d, the last of what is left."""
    whole, rest = divmod(n, size) if size else (0, 0)
    return _SPLIT_EVEN.run((tensor, (size,) * whole + (rest,) * (rest > 0) or (0,), d))


def _parts(tensor: Tensor, given, dim: int) -> tuple:
    """The views of split. RuntimeError: the sizes do not add up."""
    shape = tensor._a.shape
    if not shape:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    d = wrapped(dim, len(shape))
    n = shape[d]
    if isinstance(given, int) or (isinstance(given, Tensor) and not given._a.ndim):
        size = int(given)
        if size < 0:
            raise RuntimeError(
                f"split expects split_size be non-negative, but got split_size={size}"
            )
        if size == 0 and n:
            raise RuntimeError(
                f"split_size can only be 0 if dimension size is 0, but got dimension size of {n}"
            )
        return _evenly(tensor, size, n, d)
    if not isinstance(given, (tuple, list)):
        raise TypeError(
            "split_with_sizes(): argument 'split_sizes' (position 2) must be tuple of ints, not "
            f"{type(given).__name__}"
        )
    sizes = tuple([int(s) for s in given])
    if sum(sizes) != n:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at "
            f"dimension {d}), but got split_sizes={list(sizes)}"
        )
    if min(sizes, default=0) < 0:
        raise RuntimeError(
            "split_with_sizes expects split_sizes have only non-negative entries, but got "
            f"split_sizes={list(sizes)}"
        )
    return Split.run((tensor, sizes, d))


_SECTIONS = "int | Tensor | Sequence[int]"


@composite(f"split(tensor, split_size_or_sections: {_SECTIONS}, dim=0)", at="torch")
def split(tensor, split_size_or_sections, dim=0):
    """Views of split_size elements each along dim (the last may be shorter), or of the listed
    sizes.

    errors  RuntimeError: the sizes do not add up, or a 0-d tensor

    >>> torch.split(torch.arange(5), 2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    return _parts(tensor, split_size_or_sections, dim)


@composite(f"split(input, split_size: {_SECTIONS}, dim=0)", at="Tensor")
def split_method(input, split_size, dim):
    """torch.split(input, split_size, dim)"""
    return _parts(input, split_size, dim)


@composite("split_with_sizes(input, split_sizes: Sequence[int], dim=0)", at="torch Tensor")
def split_with_sizes(input, split_sizes, dim):
    """Views of the listed sizes along dim. RuntimeError: the sizes do not add up."""
    return _parts(input, list(split_sizes), dim)


@composite("chunk(input, chunks: int, dim=0)", at="torch Tensor")
def chunk(input, chunks, dim):
    """At most `chunks` views of equal size along dim (the last may be shorter).

    errors  RuntimeError: chunks < 1, or a 0-d tensor

    >>> torch.chunk(torch.arange(5), 2)
    (tensor([0, 1, 2]), tensor([3, 4]))
    """
    if not input._a.ndim:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if not hasattr(chunks, "__index__"):
        raise TypeError(
            f"chunk(): argument 'chunks' (position 2) must be int, not {type(chunks).__name__}"
        )
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    d = wrapped(dim, input._a.ndim)
    n = input._a.shape[d]
    size = -(-n // chunks)
    if size and type(chunks) is int:
        return _evenly(input, size, n, d)
    return _parts(input, size or [0] * chunks, dim)


@composite("unsafe_split(input, split_size: int, dim=0)", at="torch Tensor")
def unsafe_split(input, split_size, dim):
    """split whose outputs may be written in place under autograd: the input must not be used.

    shape   and errors as for split
    """
    return _apart(_parts(input, split_size, dim))


@composite("unsafe_split_with_sizes(input, split_sizes: Sequence[int], dim=0)", at="torch Tensor")
def unsafe_split_with_sizes(input, split_sizes, dim):
    """split_with_sizes whose outputs may be written in place: the input must not be used.

    shape   and errors as for split_with_sizes
    """
    return _apart(_parts(input, list(split_sizes), dim))


@composite("unsafe_chunk(input, chunks: int, dim=0)", at="torch Tensor")
def unsafe_chunk(input, chunks, dim):
    """chunk whose outputs may be written in place under autograd: the input must not be used.

    shape   and errors as for chunk
    """
    return _apart(chunk(input, chunks, dim))


def _apart(parts: tuple) -> tuple:
    """The parts, no longer known as views of the tensor that they share memory with."""
    for t in parts:
        t._view = t._v = None
    return parts


@composite(
    f"tensor_split(input, indices_or_sections: {_SECTIONS}, dim=0)",
    at="torch Tensor",
)
def tensor_split(input, indices_or_sections, dim):
    """Views cut at the listed indices, or into n parts whose sizes differ by at most one.

    errors  RuntimeError: n < 1, or a 0-d tensor

    >>> torch.tensor_split(torch.arange(5), (1, 3))
    (tensor([0]), tensor([1, 2]), tensor([3, 4]))
    """
    if not input._a.ndim:
        raise RuntimeError(
            "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims"
        )
    d = wrapped(dim, input._a.ndim)
    n = input._a.shape[d]
    given = indices_or_sections
    if isinstance(given, Tensor):
        if given._a.dtype != "int64":
            raise RuntimeError(
                "tensor_split expected tensor_indices_or_sections to have dtype of long, but got "
                f"{scalar_name(given.dtype)}"
            )
        given = given.tolist()
    if hasattr(given, "__index__"):
        if given <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {given}")
        size, extra = divmod(n, given)
        cuts = [i * size + min(i, extra) for i in range(given + 1)]
    elif not isinstance(given, (tuple, list)):
        raise TypeError(
            "tensor_split(): argument 'indices_or_sections' (position 2) must be int, tuple of "
            f"ints or Tensor, not {type(given).__name__}"
        )
    else:
        cuts = [0] + [min(max(i + n if i < 0 else i, 0), n) for i in given] + [n]
    return tuple(slice_view(input, d, a, max(a, b)) for a, b in pairwise(cuts))


def _axis_split(name: str, input: Tensor, given, least: int, d: int) -> tuple:
    """tensor_split along d, after the checks of hsplit, vsplit and dsplit."""
    n = input._a.ndim
    if n < least:
        raise RuntimeError(
            f"torch.{name} requires a tensor with at least {least} dimension, but got a tensor "
            f"with {n} dimensions!"
        )
    size = input._a.shape[d]
    if isinstance(given, int) and given >= 0 and (not given or size % given):
        raise RuntimeError(
            f"torch.{name} attempted to split along dimension {d}, but the size of the "
            f"dimension {size} is not divisible by the split_size {given}!"
        )
    return tensor_split(input, given, d)


_ARGUMENTS = "(input, indices_or_sections: int | Sequence[int])"


@composite("hsplit" + _ARGUMENTS, at="torch Tensor")
def hsplit(input, indices_or_sections):
    """tensor_split along columns (of a vector: along it). RuntimeError: parts of unequal size."""
    return _axis_split("hsplit", input, indices_or_sections, 1, min(input._a.ndim - 1, 1))


@composite("vsplit" + _ARGUMENTS, at="torch Tensor")
def vsplit(input, indices_or_sections):
    """tensor_split along rows. RuntimeError: parts of unequal size, or fewer than 2 dimensions."""
    return _axis_split("vsplit", input, indices_or_sections, 2, 0)


@composite("dsplit" + _ARGUMENTS, at="torch Tensor")
def dsplit(input, indices_or_sections):
    """tensor_split along depth. RuntimeError: parts of unequal size, or fewer than 3 dimensions."""
    return _axis_split("dsplit", input, indices_or_sections, 3, 2)


@op("unbind(input, dim=0)", at="torch Tensor", tensors=1, outputs="list", view=True)
class Unbind:
    """The slices of x along dim, that dimension gone; views.

    errors  IndexError: a 0-d tensor, or no such dimension

    >>> torch.unbind(tensor([[1, 2], [3, 4]]))
    (tensor([1, 2]), tensor([3, 4]))
    """

    def forward(x, dim):
        if not x.ndim:
            raise IndexError("Dimension specified as 0 but tensor has no dimensions")
        d = wrapped(dim, x.ndim)
        lead = (slice(None),) * d
        return [x[(*lead, i, ...)] for i in range(x.shape[d])]

    def backward(c, dys, dim):
        return K.stack(dys, dim)

    def samples(make):
        yield make(2, 3).T
        yield make(3, 0)
        yield make(3, 2)
        yield make(2, 3), 1
