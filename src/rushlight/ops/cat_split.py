"""Joining and cutting: cat, stack, split, unbind, repeat, grids."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..core.tensor import Tensor
from ..dispatch.registry import CARDS, apply, composite, op, store
from ..kernels import K
from .shape import wrapped


def _checked_list(name: str, tensors) -> list:
    if isinstance(tensors, Tensor):
        raise TypeError(
            f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor"
        )
    tensors = list(tensors)
    for i, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            raise TypeError(
                f"expected Tensor as element {i} in argument 0, but got {type(t).__name__}"
            )
    if not tensors:
        if name == "cat":
            raise ValueError("torch.cat(): expected a non-empty list of Tensors")
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    return tensors


@op("_cat", fn=False, method=False, tensors="list", promote="arith", node="Cat")
class _Cat:
    """y = the tensors one after the other along dim."""

    def forward(tensors, dim):
        return np.concatenate(tensors, dim)

    def backward(c, dy, tensors, dim):
        grads, start = [], 0
        lead = (slice(None),) * (dim % dy.ndim)
        for i, t in enumerate(tensors):
            n = t.shape[dim]
            grads.append(dy[(*lead, slice(start, start + n))] if c.needs(i) else None)
            start += n
        return grads

    def samples(make):
        yield [make(2, 3).T, make(3, 1)], 1
        yield [make(2, 3), make(1, 3)], 0
        yield [make(2, 3), make(2, 0), make(2, 1)], 1


@composite("cat", "concat", "concatenate")
def cat(tensors, dim=0, *, out=None):
    """The tensors joined along an existing dimension.

    RuntimeError: other sizes differ, or 0-d tensors.
    """
    tensors = _checked_list("cat", tensors)
    kept = [t for t in tensors if t._a.shape != (0,)] or tensors[:1]
    n = kept[0]._a.ndim
    for i, t in enumerate(kept):
        if t._a.ndim == 0:
            raise RuntimeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated")
        if t._a.ndim != n:
            raise RuntimeError(
                f"Tensors must have same number of dimensions: got {n} and {t._a.ndim}"
            )
    d = wrapped(dim, n)
    first = kept[0]._a.shape
    for i, t in enumerate(kept):
        for j in range(n):
            if j != d and t._a.shape[j] != first[j]:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {d}. Expected size "
                    f"{first[j]} but got size {t._a.shape[j]} for tensor number {i} in the list."
                )
    if len(kept) < len(tensors):  # an empty 1-d tensor joins anything, but has its say in the dtype
        from ..core.dtype import promote_types

        target = tensors[0].dtype
        for t in tensors[1:]:
            target = promote_types(target, t.dtype)
        kept = [t.to(target) for t in kept]
    if out is not None:
        apart(out, tensors)
    y = apply(CARDS["_cat"], (kept, d))
    return y if out is None else _into(out, y)


def apart(out: Tensor, inputs) -> None:
    """RuntimeError: out= shares elements with an input, or with itself, where that would spoil the
    result.
    """
    a = out._a
    if any(s == 0 and n > 1 for s, n in zip(a.strides, a.shape, strict=True)):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a "
            "single memory location. Please clone() the tensor before performing the operation."
        )
    if any(np.may_share_memory(a, t._a) for t in inputs):
        raise RuntimeError(
            "unsupported operation: some elements of the input tensor and the written-to tensor "
            "refer to a single memory location. Please clone() the tensor before performing the "
            "operation."
        )


def _into(out: Tensor, y: Tensor) -> Tensor:
    store(out, y)
    return out


@op("_stack", fn=False, method=False, tensors="list", promote="arith", node="Stack")
class _Stack:
    """y = the tensors along a new dimension."""

    def forward(tensors, dim):
        return np.stack(tensors, dim)

    def backward(c, dy, tensors, dim):
        lead = (slice(None),) * (dim % dy.ndim)
        return [dy[(*lead, i)] if c.needs(i) else None for i in range(len(tensors))]

    def samples(make):
        yield [make(2, 3).T, make(3, 2)], 0
        yield [make(0, 2), make(0, 2)], 1
        yield [make(2, 3), make(2, 3)], 1
        yield [make(), make()], 0


@composite("stack")
def stack(tensors, dim=0, *, out=None):
    """The tensors, all of one shape, along a new dimension. RuntimeError: shapes differ."""
    tensors = _checked_list("stack", tensors)
    first = tensors[0]._a.shape
    for i, t in enumerate(tensors):
        if t._a.shape != first:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and "
                f"{list(t._a.shape)} at entry {i}"
            )
    y = apply(CARDS["_stack"], (tensors, wrapped(dim, len(first) + 1)))
    return y if out is None else _into(out, y)


@composite("atleast_1d")
def atleast_1d(*tensors):
    """Each tensor, 0-d ones as 1-d."""
    return _each(tensors, lambda t: t.reshape(1) if t._a.ndim == 0 else t)


@composite("atleast_2d")
def atleast_2d(*tensors):
    """Each tensor with at least 2 dimensions: vectors become rows."""
    return _each(tensors, lambda t: t.reshape(1, -1) if t._a.ndim < 2 else t)


@composite("atleast_3d")
def atleast_3d(*tensors):
    """Each tensor with at least 3 dimensions: (n) -> (1, n, 1), (n, m) -> (n, m, 1)."""
    return _each(
        tensors,
        lambda t: (
            t.reshape(1, -1, 1) if t._a.ndim < 2 else t.unsqueeze(-1) if t._a.ndim == 2 else t
        ),
    )


def _each(tensors, f):
    if len(tensors) == 1:
        if isinstance(tensors[0], Tensor):
            return f(tensors[0])
        tensors = tensors[0]
    return tuple(f(t) for t in tensors)


@composite("hstack")
def hstack(tensors, *, out=None):
    """cat along columns (of vectors: end to end)."""
    tensors = [atleast_1d(t) for t in _checked_list("hstack", tensors)]
    return cat(tensors, 0 if tensors[0]._a.ndim == 1 else 1, out=out)


@composite("vstack", "row_stack")
def vstack(tensors, *, out=None):
    """cat along rows; vectors are rows."""
    return cat([atleast_2d(t) for t in _checked_list("vstack", tensors)], 0, out=out)


@composite("dstack")
def dstack(tensors, *, out=None):
    """cat along depth."""
    return cat([atleast_3d(t) for t in _checked_list("dstack", tensors)], 2, out=out)


@composite("column_stack")
def column_stack(tensors, *, out=None):
    """cat along columns; vectors are columns."""
    return hstack(
        [t.reshape(-1, 1) if t._a.ndim < 2 else t for t in _checked_list("column_stack", tensors)],
        out=out,
    )


@op("_split", fn=False, method=False, tensors=1, outputs="list", view=True, node="SplitWithSizes")
class _Split:
    """Views of x of the given sizes along dim, one after the other."""

    def forward(x, sizes, dim):
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


CARDS["_split_even"] = type(CARDS["_split"])(
    CARDS["_split"].source, "_split_even", tensors=1, outputs="list", view=True, node="Split"
)


@composite("split", "unsafe_split", method=True)
def split(tensor, split_size_or_sections, dim=0):
    """Views of split_size elements each along dim (the last may be shorter), or of the listed
    sizes.

    RuntimeError: the sizes do not add up.
    """
    shape = tensor._a.shape
    if not shape:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    d = wrapped(dim, len(shape))
    n = shape[d]
    if isinstance(split_size_or_sections, (int, Tensor)):
        size = int(split_size_or_sections)
        if size < 0:
            raise RuntimeError(
                f"split expects split_size be non-negative, but got split_size={size}"
            )
        if size == 0:
            if n:
                raise RuntimeError(
                    "split_size can only be 0 if dimension size is 0, but got dimension size of "
                    f"{n}"
                )
            return apply(CARDS["_split_even"], (tensor, (0,), d))
        sizes = tuple(min(size, n - i) for i in range(0, n, size)) or (0,)
        return apply(CARDS["_split_even"], (tensor, sizes, d))
    sizes = tuple(int(s) for s in split_size_or_sections)
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
    return apply(CARDS["_split"], (tensor, sizes, d))


@composite("split_with_sizes", "unsafe_split_with_sizes", method=True)
def split_with_sizes(input, split_sizes, dim=0):
    """Views of the listed sizes along dim."""
    return split(input, list(split_sizes), dim)


@composite("chunk", "unsafe_chunk", method=True)
def chunk(input, chunks, dim=0):
    """At most `chunks` views of equal size along dim (the last may be shorter)."""
    if not input._a.ndim:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    n = input._a.shape[wrapped(dim, input._a.ndim)]
    size = -(-n // chunks)
    return split(input, size, dim) if size else split(input, [0] * chunks, dim)


@composite("tensor_split", method=True)
def tensor_split(input, indices_or_sections, dim=0):
    """Views cut at the listed indices, or into n parts whose sizes differ by at most one."""
    if not input._a.ndim:
        raise RuntimeError(
            "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims"
        )
    d = wrapped(dim, input._a.ndim)
    n = input._a.shape[d]
    given = indices_or_sections
    if isinstance(given, Tensor):
        given = given.tolist()
    if isinstance(given, int):
        if given <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {given}")
        size, extra = divmod(n, given)
        sizes = [size + (i < extra) for i in range(given)]
        return split(input, sizes, d)
    cuts = [0] + [min(max(i + n if i < 0 else i, 0), n) for i in given] + [n]
    lead = (slice(None),) * d
    return tuple(input[(*lead, slice(a, max(a, b)))] for a, b in pairwise(cuts))


def _axis_split(name: str, least: int, axis) -> None:
    def f(input, indices_or_sections):
        n = input._a.ndim
        if n < least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {least} dimension, but got a tensor "
                f"with {n} dimensions!"
            )
        d = axis(n)
        if isinstance(indices_or_sections, int) and input._a.shape[d] % indices_or_sections:
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {d}, but the size of the "
                f"dimension {input._a.shape[d]} is not divisible by the split_size "
                f"{indices_or_sections}!"
            )
        return tensor_split(input, indices_or_sections, d)

    f.__name__, f.__doc__ = name, f"tensor_split along the dimension that {name} stands for."
    composite(name, method=True)(f)


_axis_split("hsplit", 1, lambda n: 0 if n == 1 else 1)
_axis_split("vsplit", 2, lambda n: 0)
_axis_split("dsplit", 3, lambda n: 2)


@op("unbind", tensors=1, outputs="list", view=True)
class Unbind:
    """The slices of x along dim, that dimension gone; views."""

    def forward(x, dim=0):
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


@op("repeat", tensors=1, fn=False, varargs=True)
class Repeat:
    """y = x laid out `repeats` times along each dimension; new dimensions go in front."""

    def forward(x, repeats):
        repeats = tuple(int(r) for r in repeats)
        if len(repeats) < x.ndim:
            raise RuntimeError(
                "Number of dimensions of repeat dims can not be smaller than number of dimensions "
                "of tensor"
            )
        return np.tile(x, repeats)

    def backward(c, dy, x_shape, repeats):
        shape = (1,) * (len(repeats) - len(x_shape)) + tuple(x_shape)
        if 0 in repeats:
            return _zeros(dy, x_shape)
        split_shape, axes = [], []
        for r, n in zip(repeats, shape, strict=False):
            axes.append(len(split_shape))
            split_shape += [int(r), n]
        return K.reshape(K.sum(K.reshape(dy, tuple(split_shape)), tuple(axes)), tuple(x_shape))

    def samples(make):
        yield make(2, 3), (2, 1)
        yield make(3), (2, 2)
        yield make(4, 3).T, (1, 2)
        yield make(), (3,)
        yield make(0, 2), (2, 1)


def _zeros(like, shape):
    from ..core.tensor import wrap

    return (
        wrap(np.zeros(shape, like._a.dtype))
        if isinstance(like, Tensor)
        else np.zeros(shape, like.dtype)
    )


@composite("tile", method=True)
def tile(input, *dims):
    """repeat; missing repeats count as 1 in front."""
    dims = tuple(dims[0]) if len(dims) == 1 and isinstance(dims[0], (tuple, list)) else dims
    return input.repeat((1,) * (input._a.ndim - len(dims)) + dims)


@composite("repeat_interleave", method=True)
def repeat_interleave(input, repeats=None, dim=None, *, output_size=None):
    """Each element repeated in place: `repeats` times, or repeats[i] times along dim."""
    if repeats is None:  # repeat_interleave(repeats): i repeated repeats[i] times
        from ..core.tensor import wrap

        return wrap(np.repeat(np.arange(input._a.size), input._a))
    if dim is None:
        input, dim = input.reshape(-1), 0
    d = wrapped(dim, input._a.ndim)
    counts = repeats._a if isinstance(repeats, Tensor) else np.asarray(repeats)
    if counts.size != 1 and counts.size != input._a.shape[d]:
        raise RuntimeError(
            "repeats must have the same size as input along dim, but got repeats.size(0) = "
            f"{counts.size} and input.size({d}) = {input._a.shape[d]}"
        )
    if (counts < 0).any():
        raise RuntimeError("repeats can not be negative")
    if not input._a.ndim:
        return input.reshape(1).index_select(0, _index(np.zeros(int(counts), np.int64)))
    return input.index_select(
        d, _index(np.repeat(np.arange(input._a.shape[d]), counts.reshape(-1)))
    )


def _index(a: np.ndarray) -> Tensor:
    from ..core.tensor import wrap

    return wrap(a)


@composite("meshgrid")
def meshgrid(*tensors, indexing=None):
    """Coordinate grids from vectors.

    Indexing 'ij' (the default, with PyTorch's warning) or 'xy'.
    """
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    if indexing is None:
        import warnings

        warnings.warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing "
            "argument.",
            stacklevel=2,
        )
        indexing = "ij"
    if indexing not in ("ij", "xy"):
        raise RuntimeError(
            f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}'
        )
    if not tensors:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    for t in tensors:
        if t._a.ndim > 1:
            raise RuntimeError(
                f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {t}"
            )
    swap = indexing == "xy" and len(tensors) >= 2
    if swap:
        tensors = (tensors[1], tensors[0], *tensors[2:])
    n = len(tensors)
    shape = tuple(t._a.size for t in tensors)
    grids = [
        t.reshape((1,) * i + (-1,) + (1,) * (n - 1 - i)).expand(shape)
        for i, t in enumerate(tensors)
    ]
    if swap:
        grids = [grids[1], grids[0], *grids[2:]]
    return tuple(grids)


@composite("cartesian_prod")
def cartesian_prod(*tensors):
    """All tuples of one element from each vector, as rows."""
    if len(tensors) == 1:
        return tensors[0]
    return stack([g.reshape(-1) for g in meshgrid(*tensors, indexing="ij")], 1)


@composite("combinations")
def combinations(input, r=2, with_replacement=False):
    """All combinations of r elements of a vector, as rows."""
    import itertools

    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = np.array(list(choose(range(input._a.size), r)), np.int64).reshape(-1, r)
    return input[_index(rows)] if rows.size else input.new_empty((0,) if r == 0 else (0, r))
