"""Sparse tensors made, and their parts. RULES: what they can do.

Each function of RULES has the arguments of the op whose name it is under, and gets at least one
SparseTensor among them; what is not in RULES raises. The formulas run on the values, which are
Tensors: their gradients are those of the ops used here. S sparse dimensions, n places.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..core.construct import asking_grad, new_array
from ..core.device import resolve
from ..core.dtype_info import as_dtype, is_dtype
from ..core.sparse import SparseTensor, sparse
from ..core.tensor import Tensor, wrap
from .creation import zeros

RULES: dict[str, Any] = {}  # name of an op -> function of its schema's arguments


def rule(*names: str) -> Any:
    """Put the decorated function into RULES."""

    def put(f: Any) -> Any:
        for name in names:
            RULES[name] = f
        return f

    return put


# ---------------------------------------------------------------- made


def sparse_coo_tensor(
    indices: Any = None,
    values: Any = None,
    size: Any = None,
    *,
    dtype: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
    is_coalesced: bool | None = None,
) -> SparseTensor:
    """A sparse tensor from the places of its elements and their values; sparse_coo_tensor(size)
    has none.

    indices  (S, n) integers; places that occur twice are summed up when it counts
    values   (n) or (n, *dense sizes)
    size     of S sparse and then the dense dimensions; default: what the largest indices need
    errors   RuntimeError: numbers of places, dimensions or sizes that do not fit, a negative index;
             with check_invariants also an index outside of size
    """
    resolve(device)
    if values is None:
        if indices is None:
            indices = size
        if indices is None:
            raise TypeError(
                "sparse_coo_tensor() received an invalid combination of arguments - got ()\n"
                "  it takes (indices, values), (indices, values, size) or (size)"
            )
        shape = (indices,) if isinstance(indices, int) else tuple(indices)
        empty = np.zeros((len(shape), 0), np.int64)
        values = zeros(0, dtype=dtype)
        return sparse(empty, asking_grad(values, requires_grad, "sparse_coo_tensor"), shape, False)
    places = indices._a if isinstance(indices, Tensor) else new_array(indices)
    if isinstance(indices, Tensor) and places.dtype.kind == "f":
        raise RuntimeError(
            f"indices must be an int64 tensor\n  its dtype is {indices.dtype}; fix: .long()"
        )
    places = np.array(places, np.int64)
    if places.ndim == 1 and size is not None:
        places = places[:, None]
    if places.ndim != 2:
        raise RuntimeError(f"indices must be sparse_dim x nnz, but got: {list(places.shape)}")
    blocks = values if isinstance(values, Tensor) else wrap(new_array(values, dtype))
    if dtype is not None and blocks.dtype is not as_dtype(dtype, "sparse_coo_tensor"):
        blocks = blocks.to(dtype)
    if not blocks.ndim:
        blocks = blocks.unsqueeze(0)
    if requires_grad:
        blocks = asking_grad(blocks.detach(), True, "sparse_coo_tensor")
    sparse_dim, count = places.shape
    dense = tuple(blocks.shape[1:])
    if size is None:
        low = places.min(1) if count else np.zeros(sparse_dim)
        for d in np.flatnonzero(low < 0)[:1]:
            raise RuntimeError(f"found negative index {int(low[d])} for dim {d}")
        largest = places.max(1) + 1 if count else np.zeros(sparse_dim, np.int64)
        size = (*largest.tolist(), *dense)
    size = tuple(int(n) for n in size)
    if len(size) != sparse_dim + len(dense):
        raise RuntimeError(
            "'len(size) == sparse_dim + dense_dim' is not satisfied: "
            f"len(size) = {len(size)}, sparse_dim = {sparse_dim}, dense_dim = {len(dense)}"
        )
    if blocks.shape[0] != count:
        raise RuntimeError(
            "indices and values must have same nnz, but got nnz from indices: "
            f"{count}, nnz from values: {blocks.shape[0]}"
        )
    if size[sparse_dim:] != dense:
        raise RuntimeError(
            f"values has incorrect size, expected {[count, *size[sparse_dim:]]}, got "
            f"{list(blocks.shape)}"
        )
    _check_places(places, size)
    return sparse(places, blocks, size, bool(is_coalesced))


def _check_places(places: np.ndarray, size: tuple) -> None:
    """RuntimeError: an index outside of its dimension. PyTorch leaves that to check_invariants;
    here memory would be read that is not there."""
    for d, row in enumerate(places):
        if row.size and row.min() < 0:
            raise RuntimeError(f"found negative index {int(row.min())} for dim {d}")
        if row.size and row.max() >= size[d]:
            raise RuntimeError(
                f"size is inconsistent with indices: for dim {d}, size is {size[d]} but found "
                f"index {int(row.max())}"
            )


def to_sparse(x: Tensor, sparse_dim: int | None = None, **options: Any) -> Tensor:
    """The elements of a dense tensor that are not zero, with their places, coalesced.

    sparse_dim  so many dimensions are sparse, the others are blocks; default: all
    errors      RuntimeError: more than there are; NotImplementedError: another layout
    """
    layout = options.get("layout")
    if layout is not None and layout is not SparseTensor.layout:
        raise NotImplementedError(f"to_sparse(layout={layout}): rushlight has sparse_coo only")
    if isinstance(x, SparseTensor):
        return x
    n = x.ndim if sparse_dim is None else sparse_dim
    if not 0 <= n <= x.ndim or (n == 0 and x.ndim):
        raise RuntimeError(
            f"dense_to_sparse: sparse_dim argument must be in [0,{x.ndim}] range, but {n} is given"
        )
    a = x._a.astype(bool) if x._a.dtype.num >= 256 else x._a
    used = (a != 0).reshape(*a.shape[:n], -1).any(-1) if x.ndim else np.ones((), bool)
    places = np.array(np.nonzero(used), np.int64) if x.ndim else np.zeros((0, 1), np.int64)
    blocks = x[tuple(wrap(row) for row in places)] if x.ndim else x.unsqueeze(0)
    return sparse(places, blocks, tuple(x.shape), True)


# ---------------------------------------------------------------- parts


def sparse_dim(t: SparseTensor) -> int:
    return len(t._places)


def flat(t: SparseTensor, places: np.ndarray | None = None) -> np.ndarray:
    """One number for each place: those of sparse tensors of one size can be compared."""
    places = t._places if places is None else places
    sizes = t._size[: sparse_dim(t)]
    if not sizes:
        return np.zeros(places.shape[1], np.int64)
    if prod(sizes) >= 2**63:
        raise RuntimeError(f"the sparse dimensions {list(sizes)} have more than 2^63 places")
    return np.ravel_multi_index(tuple(places), sizes) if prod(sizes) else np.zeros(0, np.int64)


@rule("coalesce")
def coalesce(t: SparseTensor) -> SparseTensor:
    """Places in order, each one once: values of the same place are summed; itself if it is so."""
    if t._sorted:
        return t
    _, first, group = np.unique(flat(t), return_index=True, return_inverse=True)
    blocks = zeros((len(first), *t._blocks.shape[1:]), dtype=t.dtype)
    blocks = blocks.index_add(0, wrap(group.reshape(-1)), t._blocks)
    return sparse(t._places[:, first], blocks, t._size, True)


def indices(t: SparseTensor) -> Tensor:
    """(S, n): the places. RuntimeError: not coalesced."""
    if not t._sorted:
        raise RuntimeError(
            "Cannot get indices on an uncoalesced tensor, please call .coalesce() first"
        )
    return wrap(t._places)


def values(t: SparseTensor) -> Tensor:
    """(n, *): the values at the places. RuntimeError: not coalesced."""
    if not t._sorted:
        raise RuntimeError(
            "Cannot get values on an uncoalesced tensor, please call .coalesce() first"
        )
    return t._blocks


def index_of(t: SparseTensor) -> tuple[Tensor, ...]:
    return tuple(wrap(row) for row in t._places)


@rule("to_dense")
def to_dense(t: SparseTensor, dtype: Any = None, masked_grad: bool | None = None) -> Tensor:
    """The tensor with all its zeros."""
    t = t if dtype is None else to(t, dtype)
    dense = zeros(t._size, dtype=t.dtype)
    if not t._places.shape[0]:
        return t._blocks.sum(0)
    return dense.index_put(index_of(t), t._blocks, accumulate=True)


def with_values(t: SparseTensor, blocks: Tensor) -> SparseTensor:
    """Other values at the same places."""
    return sparse(t._places, blocks, t._size, t._sorted)


def become(t: SparseTensor, other: SparseTensor) -> SparseTensor:
    """In place."""
    t._places, t._blocks, t._sorted = other._places, other._blocks, other._sorted
    t._bump()
    return t


# ---------------------------------------------------------------- copies


@rule("clone")
def clone(t: SparseTensor, memory_format: Any = None) -> SparseTensor:
    """A copy, differentiable."""
    return sparse(t._places.copy(), t._blocks.clone(), t._size, t._sorted)


def to(t: SparseTensor, *args: Any, dtype: Any = None, copy: bool = False, **options: Any) -> Any:
    """t in a dtype: as Tensor.to."""
    for a in args:
        if is_dtype(a):
            dtype = a
        elif isinstance(a, Tensor):
            dtype = a.dtype
        elif not isinstance(a, bool) and a is not None:
            resolve(a)
    if options.get("device") is not None:
        resolve(options["device"])
    if dtype is None or as_dtype(dtype, "to") is t.dtype:
        return clone(t) if copy else t
    return with_values(t, t._blocks.to(dtype))
