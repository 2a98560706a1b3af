"""Joining: cat, stack and relatives; repeat, tile, grids."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ..core.dtype import promote_types
from ..core.grad_mode import inferring, mode
from ..core.layout import contiguous_format
from ..core.making import look
from ..core.notices import warn
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import not_implemented
from ..dispatch.modes import ON
from ..dispatch.registry import composite, op
from ..kernels import K
from .shape import wrapped


def _checked_list(name: str, tensors) -> list:
    """The tensors as a list. TypeError: no sequence of tensors; RuntimeError: an empty one."""
    if isinstance(tensors, Tensor) or not hasattr(tensors, "__iter__"):
        raise TypeError(
            f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not "
            f"{type(tensors).__name__}"
        )
    tensors = list(tensors)
    if set(map(type, tensors)) == {Tensor}:
        return tensors
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


def _alike(shapes: list, n: int, d: int) -> bool:
    """Whether shapes of n dimensions differ along d only, and none says (0,)."""
    before, behind = shapes[0][:d], shapes[0][d + 1 :]
    for s in shapes:
        if len(s) != n or s[:d] != before or s[d + 1 :] != behind or s == (0,):
            return False
    return True


def _plain(tensors) -> Any:
    """What `look` says of tensors that no one watches."""
    if ON[0] or inferring[0]:
        return None
    seen = look(tensors)
    return None if seen is None or (seen[2] and mode.grad) else seen


@op(
    "cat(tensors, dim=0, *, out=None)",
    "concat",
    "concatenate",
    at="torch",
    tensors="list",
    promote="arith",
    fresh=True,
    quiet=False,
)
class Cat:
    """y = the tensors one after the other along an existing dimension; a copy.

    shape   sizes are equal but along dim; 1-d tensors of no elements join anything
    dtype   all are promoted to the common one
    errors  RuntimeError: sizes or dimensions differ, or 0-d tensors; IndexError: no such dimension

    >>> torch.cat([tensor([1, 2]), tensor([3])])
    tensor([1, 2, 3])
    """

    apart = True

    def quick(tensors, dim):
        seen = _plain(tensors)
        if seen is None or type(dim) is not int:
            return None
        arrays = seen[0]
        x = arrays[0]
        n = x.ndim
        if not x.size or not x.flags.c_contiguous or not -n <= dim < n or len(arrays) == 1:
            return None
        if not (seen[1] or _alike([a.shape for a in arrays], n, dim % n)):
            return None
        return wrap(K.concatenate(arrays, dim % n))

    def prepare(tensors, dim):
        seen = look(tensors)
        if seen is not None and (first := seen[0][0].shape) and first != (0,):
            n = len(first)
            d = wrapped(dim, n)
            if seen[1] or _alike([a.shape for a in seen[0]], n, d):
                return list(tensors), d
        tensors = _checked_list("cat", tensors)
        kept = [t for t in tensors if t._a.shape != (0,)] or tensors[:1]
        n = kept[0]._a.ndim
        if kept[0]._a.shape == (0,) and len(kept) == len(tensors[:1]):  # of nothing: any dim
            dim = 0
        for i, t in enumerate(kept):
            if t._a.ndim == 0:
                raise RuntimeError(
                    f"zero-dimensional tensor (at position {i}) cannot be concatenated"
                )
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
                        f"{first[j]} but got size {t._a.shape[j]} for tensor number {i} in the "
                        "list.\n"
                        f"  the first has shape {tuple(first)}, number {i} {tuple(t._a.shape)}"
                    )
        if len(kept) < len(tensors):  # a tensor left out still has its say in the dtype
            target = tensors[0].dtype
            for t in tensors[1:]:
                target = promote_types(target, t.dtype)
            joined = [t for t in tensors if t._a.shape != (0,) or t._rg]
            nothing = (*first[:d], 0, *first[d + 1 :])  # so does one in the history
            kept = [t.reshape(nothing) if t._a.shape == (0,) else t for t in joined] or kept
            kept = [t.to(target) for t in kept]
        return kept, d

    def forward(tensors, dim):
        first = tensors[0]
        if len(tensors) == 1 or not first.flags.c_contiguous or not first.size:
            return _concatenated(tensors, dim)
        return K.concatenate(tensors, dim)

    def backward(c, dy, tensors_shape, dim):
        grads, start = [], 0
        lead = (slice(None),) * (dim % dy.ndim)
        for i, shape in enumerate(tensors_shape):
            n = shape[dim]
            grads.append(dy[(*lead, slice(start, start + n))] if c.needs(i) else None)
            start += n
        return grads

    def samples(make):
        yield [make(2, 3).T, make(3, 1)], 1
        yield [make(3, 2).T, make(3, 2).T], 0
        yield [make(2, 3), make(1, 3)], 0
        yield [make(2, 3), make(2, 0), make(2, 1)], 1
        yield ([make(3, 2).T],)


def _concatenated(tensors: list, dim: int) -> np.ndarray:
    """np.concatenate in C order, or in channels-last order if all tensors have that."""
    x = tensors[0]
    if type(x) is not np.ndarray:  # of a device
        return np.concatenate(tensors, dim)
    last = (0, *range(2, x.ndim), 1)  # (N, C, *) with the channels last in memory
    if x.ndim in (4, 5) and all([t.transpose(last).flags.c_contiguous for t in tensors]):
        if not all([t.flags.c_contiguous for t in tensors]):
            moved = [t.transpose(last) for t in tensors]
            y = np.concatenate(moved, last.index(dim))
            return y.transpose((0, x.ndim - 1, *range(1, x.ndim - 1)))
    shape = list(x.shape)
    shape[dim] = sum([t.shape[dim] for t in tensors])
    y = np.empty(shape, x.dtype)
    return np.concatenate(tensors, dim, out=y)


cat = Cat


@op(
    "stack(tensors, dim=0, *, out=None)",
    at="torch",
    tensors="list",
    promote="arith",
    fresh=True,
    quiet=False,
)
class Stack:
    """y = the tensors, all of one shape, along a new dimension; a copy.

    errors  RuntimeError: shapes differ; IndexError: no such dimension

    >>> torch.stack([tensor([1, 2]), tensor([3, 4])])
    tensor([[1, 2],
            [3, 4]])
    """

    def quick(tensors, dim):
        seen = _plain(tensors)
        if seen is None or not seen[1] or type(dim) is not int:
            return None
        x = seen[0][0]
        n = x.ndim + 1
        if not x.flags.c_contiguous or not -n <= dim < n:
            return None
        return wrap(K.stack(seen[0], dim % n))

    def prepare(tensors, dim):
        seen = look(tensors)
        if seen is not None and seen[1]:
            return list(tensors), wrapped(dim, seen[0][0].ndim + 1)
        tensors = _checked_list("stack", tensors)
        first = tensors[0]._a.shape
        if {t._a.shape for t in tensors} == {first}:
            return tensors, wrapped(dim, len(first) + 1)
        for i, t in enumerate(tensors):
            if t._a.shape != first:
                raise RuntimeError(
                    f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 "
                    f"and {list(t._a.shape)} at entry {i}\n"
                    "  fix: pad or crop them to one size; samples of a data set in its transform, "
                    "or in DataLoader's collate_fn"
                )
        return tensors, wrapped(dim, len(first) + 1)

    def forward(tensors, dim):
        x = tensors[0]
        if x.flags.c_contiguous:
            return K.stack(tensors, dim)
        shape = (*x.shape[:dim], len(tensors), *x.shape[dim:])
        return np.stack(tensors, dim, out=np.empty(shape, x.dtype))

    def backward(c, dy, dim):
        lead = (slice(None),) * (dim % dy.ndim)
        return [dy[(*lead, i)] if c.needs(i) else None for i in range(len(c.edges))]

    def samples(make):
        yield [make(2, 3).T, make(3, 2)], 0
        yield [make(0, 2), make(0, 2)], 1
        yield [make(2, 3), make(2, 3)], 1
        yield [make(), make()], 0


stack = Stack


@composite("atleast_1d", at="torch")
def atleast_1d(*tensors):
    """Each tensor, 0-d ones as 1-d; views.

    shape   () -> (1); others as they are
    """
    return _each("atleast_1d", tensors, lambda t: t.reshape(1) if t._a.ndim == 0 else t)


@composite("atleast_2d", at="torch")
def atleast_2d(*tensors):
    """Each tensor with at least 2 dimensions: vectors become rows; views.

    shape   () -> (1, 1), (n) -> (1, n); others as they are
    """
    return _each("atleast_2d", tensors, lambda t: t.reshape(1, -1) if t._a.ndim < 2 else t)


@composite("atleast_3d", at="torch")
def atleast_3d(*tensors):
    """Each tensor with at least 3 dimensions: (n) -> (1, n, 1), (n, m) -> (n, m, 1); views."""
    return _each("atleast_3d", tensors, _at_least_3d)


def _at_least_3d(t):
    if t._a.ndim < 2:
        return t.reshape(1, -1, 1)
    return t.unsqueeze(-1) if t._a.ndim == 2 else t


def _each(name, tensors, f):
    if len(tensors) == 1:
        if isinstance(tensors[0], Tensor):
            return f(tensors[0])
        tensors = tensors[0]
    return tuple(f(t) for t in _checked_list(name, tensors))


def _joined(tensors: list, dim: int) -> Tensor:
    r = Cat.quick(tensors, dim)
    return Cat.run(Cat.prepare(tensors, dim)) if r is None else r


@composite("hstack(tensors, *, out=None)", at="torch")
def hstack(tensors):
    """cat along columns (of vectors: end to end).

    shape   (a), (b) -> (a + b); (n, a), (n, b) -> (n, a + b)
    errors  RuntimeError: sizes that differ elsewhere
    """
    seen = look(tensors)
    if seen is not None and seen[0][0].ndim > 1:
        return _joined(tensors, 1)
    tensors = [atleast_1d(t) for t in _checked_list("hstack", tensors)]
    return _joined(tensors, 0 if tensors[0]._a.ndim == 1 else 1)


@composite("vstack(tensors, *, out=None)", "row_stack", at="torch")
def vstack(tensors):
    """cat along rows; vectors are rows.

    shape   (n) as (1, n); then (a, n), (b, n) -> (a + b, n)
    errors  RuntimeError: sizes that differ elsewhere
    """
    return _joined([atleast_2d(t) for t in _checked_list("vstack", tensors)], 0)


@composite("dstack(tensors, *, out=None)", at="torch")
def dstack(tensors):
    """cat along depth.

    shape   (n) as (1, n, 1), (n, m) as (n, m, 1); then along dim 2
    errors  RuntimeError: sizes that differ elsewhere
    """
    return cat([atleast_3d(t) for t in _checked_list("dstack", tensors)], 2)


@composite("column_stack(tensors, *, out=None)", at="torch")
def column_stack(tensors):
    """cat along columns; vectors are columns.

    shape   (n) as (n, 1); then (n, a), (n, b) -> (n, a + b)
    errors  RuntimeError: sizes that differ elsewhere
    """
    tensors = _checked_list("column_stack", tensors)
    return hstack([t.reshape(-1, 1) if t._a.ndim < 2 else t for t in tensors])


# ---------------------------------------------------------------- repetition


@op("repeat(input, *repeats: int)", at="Tensor", tensors=1)
class Repeat:
    """y = x laid out `repeats` times along each dimension; new dimensions go in front; a copy.

    errors  RuntimeError: fewer repeats than dimensions, or a negative one

    >>> tensor([1, 2]).repeat(2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """

    def forward(x, repeats):
        repeats = tuple([int(r) for r in repeats])
        if len(repeats) < x.ndim:
            raise RuntimeError(
                "Number of dimensions of repeat dims can not be smaller than number of dimensions "
                "of tensor"
            )
        lead = (1,) * (len(repeats) - x.ndim)
        sizes = [n * r for n, r in zip(lead + x.shape, repeats, strict=True)]
        for n in sizes:
            if n < 0:
                raise RuntimeError(f"Trying to create tensor with negative dimension {n}: {sizes}")
        if 0 in sizes or not x.size:
            return np.empty(sizes, x.dtype)
        apart, given = [], []  # each dimension behind the one that counts its repeats
        for n, r in zip(lead + x.shape, repeats, strict=True):
            apart += [r, n]
            given += [1, n]
        return K.dense_copy(np.broadcast_to(x.reshape(given), apart)).reshape(sizes)

    def backward(c, dy, x_shape, repeats):
        shape = (1,) * (len(repeats) - len(x_shape)) + tuple(x_shape)
        if 0 in repeats:
            return K.zeros(x_shape, like=dy)
        split_shape, axes = [], []
        for r, n in zip(repeats, shape, strict=False):
            axes.append(len(split_shape))
            split_shape += [int(r), n]
        return K.reshape(K.sum(K.reshape(dy, tuple(split_shape)), tuple(axes)), tuple(x_shape))

    def samples(make):
        yield make(2, 3), (2, 1)
        yield make(3), (2, 2)
        yield make(4, 3).T, (1, 2)
        yield make(4, 3).T, (1, 1)
        yield make(), (3,)
        yield make(0, 2), (2, 1)


@composite("tile(input, *dims: int)", at="torch Tensor")
def tile(input, *dims):
    """repeat; missing repeats count as 1 in front.

    shape   x (n, m), dims (a, b) -> (a n, b m)
    """
    return Repeat.run((input, (1,) * (input._a.ndim - len(dims)) + dims))


@composite(
    "repeat_interleave(input, repeats: int | Tensor | None = None, dim: int | None = None, *, "
    "output_size: int | None = None)",
    at="torch Tensor",
)
def repeat_interleave(input, repeats, dim, *, output_size):
    """Each element repeated in place: `repeats` times, or repeats[i] times along dim; without dim,
    of the flattened input. Of one argument: i, repeated input[i] times.

    errors  RuntimeError: not as many repeats as elements, or a negative one

    >>> torch.repeat_interleave(tensor([1, 2]), 2)
    tensor([1, 1, 2, 2])
    """
    if repeats is None:
        return wrap(np.repeat(np.arange(input._a.size, dtype=np.int64), _counts(input._a)))
    if dim is None:
        input, dim = input.reshape(-1), 0
    d = wrapped(dim, input._a.ndim)
    if not input._a.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    n = input._a.shape[d]
    if isinstance(repeats, Tensor):
        counts = _counts(repeats._a)
    elif not hasattr(repeats, "__index__"):
        raise TypeError(
            "repeat_interleave(): argument 'repeats' (position 2) must be int or Tensor, not "
            f"{type(repeats).__name__}"
        )
    elif repeats < 0:
        raise RuntimeError("Repeats must be non-negative")
    elif output_size is None:
        shape = list(input._a.shape)
        shape.insert(d + 1, int(repeats))
        copy = input.unsqueeze(d + 1).expand(shape).clone(memory_format=contiguous_format)
        return copy.flatten(d, d + 1)
    else:
        counts = np.asarray(repeats)
    if counts.ndim and counts.size not in (1, n):
        raise RuntimeError(
            "repeats must have the same size as input along dim, but got repeats.size(0) = "
            f"{counts.size} and input.size({d}) = {n}"
        )
    places = np.repeat(np.arange(n, dtype=np.int64), counts.reshape(-1))
    if output_size is not None and output_size != places.size:
        raise RuntimeError(
            f"repeat_interleave: Invalid output_size, expected {places.size} but got {output_size}"
        )
    return (input if input._a.ndim else input.reshape(1)).index_select(d, wrap(places))


def _counts(a: np.ndarray) -> np.ndarray:
    if a.dtype.kind != "i":
        raise not_implemented("repeat_interleave_cpu", a)
    if a.ndim > 1:
        raise RuntimeError("repeats must be 0-dim or 1-dim tensor")
    K.refuse(a < 0, RuntimeError("repeats can not be negative"))
    return a.astype(np.intp, copy=False)


# ---------------------------------------------------------------- grids


@composite("meshgrid", at="torch")
def meshgrid(*tensors, indexing=None):
    """Coordinate grids from vectors; views.

    indexing  "ij" (the default, with PyTorch's warning), or "xy": the first two exchanged
    errors    RuntimeError: no tensors, one of more than 1 dimension, different dtypes
    """
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    if indexing is None:
        warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing "
            "argument.",
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
        if t._a.dtype != tensors[0]._a.dtype:
            raise RuntimeError("meshgrid expects all tensors to have the same dtype")
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


@composite("cartesian_prod", at="torch")
def cartesian_prod(*tensors):
    """All tuples of one element from each vector, as rows. RuntimeError: not vectors."""
    for t in tensors:
        if t._a.ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(t._a.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    return stack([g.reshape(-1) for g in meshgrid(*tensors, indexing="ij")], 1)


@composite("combinations(input, r: int = 2, with_replacement: bool = False)", at="torch")
def combinations(input, r, with_replacement):
    """All combinations of r elements of a vector, as rows, in the vector's order.

    errors  RuntimeError: not a vector, or r < 0

    >>> torch.combinations(tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    if input._a.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input._a.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    if r == 0:
        return input.new_empty((0,))
    rows = np.array(list(choose(range(input._a.size), r)), np.int64).reshape(-1, r)
    return input[wrap(rows)]
