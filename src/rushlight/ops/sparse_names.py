"""Products of sparse matrices under the names that torch has for them: smm, sspaddmm, spmm, hspmm.

Imported when one of the names is first asked for.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.layout import sparse_coo
from ..core.sparse import SparseTensor, sparse
from ..core.tensor import Tensor
from .sparse import mm as sparse_mm

__all__ = [
    "dsmm",
    "hsmm",
    "hspmm",
    "resize_as_sparse_",
    "saddmm",
    "smm",
    "sparse_resize_",
    "sparse_resize_and_clear_",
    "spmm",
    "sspaddmm",
]


def _checked(input: Any, mat1: Any, mat2: Any) -> None:
    for what, x in (("input", input), ("mat1", mat1), ("mat2", mat2)):
        if not isinstance(x, Tensor):
            raise TypeError(f"sspaddmm(): argument '{what}' must be Tensor, not {type(x).__name__}")
    if not isinstance(input, SparseTensor):
        raise RuntimeError("tensor.sspaddmm(...) can only be called on sparse tensors")
    if not isinstance(mat1, SparseTensor):
        raise RuntimeError(
            "sspaddmm: expected 'mat1' to have sparse layout, got 'mat1' with layout Strided"
        )
    if mat2.layout is sparse_coo:
        raise RuntimeError(
            "sspaddmm: expected 'mat2' to have strided layout, got 'mat2' with layout Sparse"
        )
    if mat1.shape[1] != mat2.shape[0]:
        raise RuntimeError(
            f"sspaddmm: Argument #3: Expected dim 0 size {mat1.shape[1]}, got {mat2.shape[0]}"
        )


def _rows(mat1: SparseTensor, mat2: Tensor) -> tuple[np.ndarray, Tensor]:
    """The rows of mat1 that are not empty, and those rows of the product."""
    rows = np.unique(mat1._places[0])
    return rows, sparse_mm(mat1.detach(), mat2.detach())[rows.tolist()]


def sspaddmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """beta input + alpha mat1 mat2 as a sparse matrix: the elements of both behind each other

    shape   input (n, m) and mat1 (n, k) sparse, mat2 (k, m) dense -> (n, m) sparse, not coalesced
    grad    none, as in PyTorch
    errors  RuntimeError: layouts or sizes that do not fit
    """
    _checked(input, mat1, mat2)
    assert isinstance(input, SparseTensor) and isinstance(mat1, SparseTensor)
    if tuple(input.shape) != (mat1.shape[0], mat2.shape[1]):
        raise RuntimeError(
            f"sspaddmm: Argument #1: Expected size {[mat1.shape[0], mat2.shape[1]]}, got "
            f"{list(input.shape)}"
        )
    rows, product = _rows(mat1, mat2)
    width = mat2.shape[1]
    places = np.stack([np.repeat(rows, width), np.tile(np.arange(width), len(rows))])
    blocks = (product * alpha).reshape(-1)
    if input._places.shape[1]:
        places = np.concatenate([input._places, places], 1)
        blocks = (input._blocks.detach() * beta).new_zeros(places.shape[1])
        blocks[: input._places.shape[1]] = input._blocks.detach() * beta
        blocks[input._places.shape[1] :] = (product * alpha).reshape(-1)
    return sparse(places, blocks, tuple(input.shape), False)


def saddmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """sspaddmm; for a dense input torch.addmm, as older programs expect (PyTorch refuses it)"""
    if isinstance(input, Tensor) and not isinstance(input, SparseTensor):
        return input.addmm(mat1, mat2, beta=beta, alpha=alpha)
    return sspaddmm(input, mat1, mat2, beta=beta, alpha=alpha)


def smm(input: Tensor, mat: Tensor) -> Tensor:
    """input mat as a sparse matrix

    shape   input (n, k) sparse, mat (k, m) dense -> (n, m) sparse
    errors  as sspaddmm
    """
    _checked(input, input, mat)
    size = (input.shape[0], mat.shape[1])
    empty = sparse(np.zeros((2, 0), np.int64), mat.detach().new_zeros(0), size, False)
    return sspaddmm(empty, input, mat)


def spmm(input: Tensor, mat2: Tensor) -> Tensor:
    """torch.mm: a dense product of matrices of which one may be sparse"""
    return input.mm(mat2)


dsmm = spmm


def hspmm(mat1: Tensor, mat2: Tensor) -> Tensor:
    """mat1 mat2, sparse in its rows and dense within them

    shape   mat1 (n, k) sparse, mat2 (k, m) dense -> (n, m), one sparse dimension
    errors  NotImplementedError: mat1 is not sparse; RuntimeError: sizes that do not fit
    """
    if not isinstance(mat1, SparseTensor):
        raise NotImplementedError(
            "Could not run 'aten::hspmm' with arguments from the 'CPU' backend.\n"
            "  fix: mat1.to_sparse(), or torch.mm"
        )
    _checked(mat1, mat1, mat2)
    rows, product = _rows(mat1, mat2)
    return sparse(rows[None], product, (mat1.shape[0], mat2.shape[1]), True)


hsmm = hspmm


def _sparse_only(name: str, t: Any) -> SparseTensor:
    if not isinstance(t, SparseTensor):
        raise NotImplementedError(
            f"Could not run 'aten::{name}' with arguments from the 'CPU' backend.\n"
            "  fix: to_sparse(), or resize_"
        )
    return t


def sparse_resize_(input: Tensor, size: Any, sparse_dim: int, dense_dim: int) -> Tensor:
    """Other sizes, the elements at the same places, in place

    errors  RuntimeError: sparse sizes that shrink, dense ones or numbers of dimensions that change,
            unless there are no elements; NotImplementedError: input is dense
    """
    t, size = _sparse_only("sparse_resize_", input), tuple(size)
    if len(size) != sparse_dim + dense_dim:
        raise RuntimeError(
            "number of dimensions must be sparse_dim "
            f"({sparse_dim}) + dense_dim ({dense_dim}), but got {len(size)}"
        )
    old, had = tuple(t._size), t._places.shape[0]
    if not t._places.shape[1]:
        return sparse_resize_and_clear_(t, size, sparse_dim, dense_dim)
    for what, before, after in (
        ("sparse", had, sparse_dim),
        ("dense", len(old) - had, dense_dim),
    ):
        if before != after:
            raise RuntimeError(
                f"changing the number of {what} dimensions (from {before} to {after}) on a "
                "non-empty sparse tensor is not supported.\n  fix: sparse_resize_and_clear_"
            )
    for what, before, after, wrong in (
        (
            "sparse",
            old[:had],
            size[:had],
            any(a < b for a, b in zip(size, old[:had], strict=False)),
        ),
        ("dense", old[had:], size[had:], size[had:] != old[had:]),
    ):
        if wrong:
            how = "shrinking" if what == "sparse" else "changing"
            raise RuntimeError(
                f"{how} the size of {what} dimensions (from {list(before)} to {list(after)}) on a "
                "non-empty sparse tensor is not supported.\n  fix: sparse_resize_and_clear_"
            )
    t._size = size
    t._bump()
    return t


def sparse_resize_and_clear_(input: Tensor, size: Any, sparse_dim: int, dense_dim: int) -> Tensor:
    """Other sizes, no elements, in place. NotImplementedError: input is dense"""
    t, size = _sparse_only("sparse_resize_and_clear_", input), tuple(size)
    if len(size) != sparse_dim + dense_dim:
        raise RuntimeError(
            "number of dimensions must be sparse_dim "
            f"({sparse_dim}) + dense_dim ({dense_dim}), but got {len(size)}"
        )
    t._places = np.zeros((sparse_dim, 0), np.int64)
    t._blocks = t._blocks.detach().new_zeros((0, *size[sparse_dim:]))
    t._size, t._sorted = size, False
    t._bump()
    return t


def resize_as_sparse_(input: Tensor, the_template: Tensor) -> Tensor:
    """The sizes of another sparse tensor, see sparse_resize_; in place"""
    t = _sparse_only("resize_as_sparse_", input)
    dims = the_template._places.shape[0] if isinstance(the_template, SparseTensor) else 0
    return sparse_resize_(t, the_template.shape, dims, the_template.ndim - dims)
