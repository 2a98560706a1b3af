"""Sums and products of sparse tensors, and functions of their elements that keep zeros."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from ..core.dtype import promote_types
from ..core.sparse import SparseTensor, refused, sparse
from ..core.tensor import Tensor, wrap
from ..dispatch.promotion import is_number
from .creation import zeros
from .sparse_parts import RULES, become, coalesce, flat, index_of, rule, sparse_dim, to, with_values

# ---------------------------------------------------------------- sums


_NO_SUM = "add(sparse, dense) is not supported. Use add(dense, sparse) instead."


@rule("add")
def add(x: Any, y: Any, alpha: Any = 1) -> Any:
    """x + alpha y: sparse for two sparse ones, dense for a dense x.

    errors  RuntimeError: a dense y or a number, shapes that differ
    """
    if isinstance(y, np.ndarray):  # gradients that autograd sums up
        x, y = y, x
    if isinstance(x, np.ndarray):
        return x + y.to_dense()._a
    if not isinstance(y, SparseTensor) or is_number(x):
        raise RuntimeError(_NO_SUM)
    if tuple(x.shape) != y._size:
        raise RuntimeError(
            "add: expected 'self' and 'other' to have same size, but "
            f"{list(x.shape)} != {list(y._size)}"
        )
    blocks = y._blocks if alpha == 1 else y._blocks * alpha
    if not isinstance(x, SparseTensor):
        return _into(x, y, blocks, "index_put")
    if sparse_dim(x) != sparse_dim(y):
        raise RuntimeError(
            "add: expected 'self' and 'other' to have same number of sparse dimensions"
        )
    if x._places is y._places or np.array_equal(x._places, y._places):
        return with_values(x, x._blocks + blocks)
    kind = promote_types(x.dtype, y.dtype)
    places, from_x, from_y = _merged(x, y)
    found = zeros((places.shape[1], *x._blocks.shape[1:]), dtype=kind)
    for where, part in ((from_x, x._blocks), (from_y, blocks)):
        found = found.index_add(0, wrap(where), part.to(kind))
    return sparse(places, found, x._size, x._sorted and y._sorted)


def _merged(x: SparseTensor, y: SparseTensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(the places of both, where those of x are among them, where those of y are).

    As in PyTorch: the smaller of the next two places comes next, equal ones are one. For places
    that are in order that is a union; places out of order may occur several times.
    """
    if x._sorted and y._sorted:
        both = np.concatenate([flat(x), flat(y)])
        _, first, where = np.unique(both, return_index=True, return_inverse=True)
        places, where = np.concatenate([x._places, y._places], 1)[:, first], where.reshape(-1)
        return places, where[: x._places.shape[1]], where[x._places.shape[1] :]
    a, b = flat(x).tolist(), flat(y).tolist()
    from_x, from_y, pick = [], [], []
    i = j = 0
    while i < len(a) or j < len(b):
        first = i < len(a) and (j == len(b) or a[i] <= b[j])
        second = j < len(b) and (i == len(a) or b[j] <= a[i])
        pick.append(i if first else len(a) + j)
        if first:
            from_x.append(len(pick) - 1)
            i += 1
        if second:
            from_y.append(len(pick) - 1)
            j += 1
    places = np.concatenate([x._places, y._places], 1)[:, pick]
    return places, np.array(from_x, np.int64), np.array(from_y, np.int64)


def _into(x: Tensor, y: SparseTensor, blocks: Tensor, how: str) -> Tensor:
    """x with blocks added at the places of y."""
    blocks = blocks.to(x.dtype)
    if not sparse_dim(y):
        return x + blocks.sum(0) if how == "index_put" else x.add_(blocks.sum(0))
    return getattr(x, how)(index_of(y), blocks, accumulate=True)


@rule("add_")
def add_(x: Tensor, y: Any, alpha: Any = 1) -> Tensor:
    """x += alpha y."""
    if isinstance(x, SparseTensor):
        return become(x, add(x, y, alpha))
    if tuple(x.shape) != y._size:
        add(x, y, alpha)
    return _into(x, y, y._blocks if alpha == 1 else y._blocks * alpha, "index_put_")


@rule("sub")
def sub(x: Any, y: Any, alpha: Any = 1) -> Any:
    """x - alpha y."""
    return add(x, y, -alpha)


@rule("sub_")
def sub_(x: Any, y: Any, alpha: Any = 1) -> Any:
    """x -= alpha y."""
    return add_(x, y, -alpha)


@rule("sum")
def sum_(t: SparseTensor, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Tensor:
    """Σ over all dimensions (dense), or over some (sparse while a sparse one is left)."""
    t = t if dtype is None else to(t, dtype)
    dims = () if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    if not dims:
        return t._blocks.sum()
    if keepdim:
        raise refused("sum.dim_IntList(keepdim=True)")
    dims = tuple(sorted({d % t.ndim for d in dims}))
    s = sparse_dim(t)
    dense = tuple(d - s + 1 for d in dims if d >= s)
    blocks = t._blocks.sum(dense) if dense else t._blocks
    left = [d for d in range(s) if d not in dims]
    if not left:
        return blocks.sum(0)
    size = tuple(n for d, n in enumerate(t._size) if d not in dims)
    found = sparse(t._places[left], blocks, size, t._sorted and len(left) == s)
    return coalesce(found)


def softmax(t: SparseTensor, dim: int, logarithm: bool = False) -> SparseTensor:
    """exp(x) / Σ exp(x) over the elements of a dimension that have a place; or its logarithm."""
    t, d, s = coalesce(t), dim % t.ndim, sparse_dim(t)
    if d >= s:
        f = t._blocks.log_softmax if logarithm else t._blocks.softmax
        return with_values(t, f(d - s + 1))
    others = np.delete(t._places, d, 0)
    _, group = np.unique(others, axis=1, return_inverse=True)
    at, x = wrap(group.reshape(-1)), t._blocks
    count = int(group.max(initial=-1)) + 1
    shape = (count, *x.shape[1:])
    highest = np.full(shape, -np.inf, x._a.dtype)
    np.maximum.at(highest, at._a, x._a)
    x = x - wrap(highest).index_select(0, at)
    total = zeros(shape, dtype=x.dtype).index_add(0, at, x.exp())
    if logarithm:
        return with_values(t, x - total.log().index_select(0, at))
    return with_values(t, x.exp() / total.index_select(0, at))


# ---------------------------------------------------------------- products


@rule("mul")
def mul(x: Any, y: Any) -> Any:
    """x y: by a number, by a 0-d tensor, element by element."""
    if not isinstance(x, SparseTensor):
        x, y = y, x
    if is_number(y) or (isinstance(y, Tensor) and not y.ndim):
        return with_values(x, x._blocks * y)
    if tuple(x.shape) != tuple(y.shape):
        raise RuntimeError(
            f"mul operands have incompatible sizes: {list(x.shape)} and {list(y.shape)}"
        )
    if not isinstance(y, SparseTensor):
        return with_values(x, x._blocks * y[index_of(x)])
    x, y = coalesce(x), coalesce(y)
    _, i, j = np.intersect1d(flat(x), flat(y), assume_unique=True, return_indices=True)
    blocks = x._blocks[wrap(i)] * y._blocks[wrap(j)]
    return sparse(x._places[:, i], blocks, x._size, True)


@rule("mul_")
def mul_(x: SparseTensor, y: Any) -> SparseTensor:
    """x *= y, for a number y."""
    if isinstance(x, SparseTensor) and is_number(y):
        x._blocks.mul_(y)
        x._bump()
        return x
    return become(x, mul(x, y)) if isinstance(x, SparseTensor) else _refuse_into("mul_")


def _refuse_into(name: str) -> NoReturn:
    raise refused(name)


@rule("div")
def div(x: Any, y: Any, rounding_mode: Any = None) -> SparseTensor:
    """x / y, for a number or 0-d tensor y."""
    if isinstance(y, SparseTensor) or not (is_number(y) or not y.ndim):
        raise RuntimeError("Sparse division requires a scalar or zero-dim dense tensor divisor")
    return with_values(x, x._blocks.div(y, rounding_mode=rounding_mode))


@rule("div_")
def div_(x: SparseTensor, y: Any, rounding_mode: Any = None) -> SparseTensor:
    """x /= y."""
    return become(x, div(x, y, rounding_mode))


@rule("mm", "matmul", "mv")
def mm(x: Any, y: Any) -> Tensor:
    """X Y with one sparse matrix: dense.

    shape   (n, k)(k, m) -> (n, m), or a vector on one side
    errors  RuntimeError: sizes that do not fit; NotImplementedError: both sparse
    """
    if isinstance(y, SparseTensor):
        if isinstance(x, SparseTensor):
            raise refused("mm of two sparse matrices")
        return mm(_turned(y), x.t()).t() if x.ndim == 2 else mm(_turned(y), x)
    if x.ndim != 2 or sparse_dim(x) != 2 or y.ndim not in (1, 2):
        raise refused("mm of these numbers of dimensions")
    if x._size[1] != y.shape[0]:
        raise RuntimeError(
            f"addmm: Argument #3 (dense): Expected dim 0 size {x._size[1]}, got {y.shape[0]}"
        )
    rows, columns = index_of(x)
    blocks = x._blocks if y.ndim == 1 else x._blocks.unsqueeze(1)
    found = zeros((x._size[0], *y.shape[1:]), dtype=promote_types(x.dtype, y.dtype))
    return found.index_add(0, rows, blocks * y.index_select(0, columns))


def _turned(t: SparseTensor) -> SparseTensor:
    return sparse(t._places[::-1], t._blocks, t._size[::-1])


@rule("addmm")
def addmm(input: Tensor, mat1: Any, mat2: Any, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta input + alpha mat1 mat2, with mat1 sparse."""
    return input * beta + mm(mat1, mat2) * alpha


# ---------------------------------------------------------------- element by element, 0 -> 0


RULES["neg"] = lambda t: with_values(t, -t._blocks)
RULES["positive"] = RULES["conj"] = RULES["resolve_conj"] = lambda t: t
for (
    _name
) in """abs sqrt sign sgn square relu sin sinh asin asinh tan tanh atan atanh expm1 log1p erf
erfinv floor ceil trunc round frac isnan isinf deg2rad rad2deg""".split():
    RULES[_name] = lambda t, *options, name=_name: with_values(
        coalesce(t), getattr(coalesce(t)._blocks, name)()
    )


@rule("pow")
def pow_(t: Any, exponent: Any) -> SparseTensor:
    """t^n for a number n > 0."""
    if not isinstance(t, SparseTensor) or not is_number(exponent) or not exponent > 0:
        raise refused("pow")
    return with_values(coalesce(t), coalesce(t)._blocks ** exponent)


@rule("norm")
def norm(t: SparseTensor, p: Any = "fro", dim: Any = None, *options: Any) -> Tensor:
    """The norm of all elements."""
    if dim is not None:
        raise refused("norm.ScalarOpt_dim")
    return coalesce(t)._blocks.norm(p)


@rule("any")
def any_(t: SparseTensor, *options: Any) -> Tensor:
    """True if an element is not zero."""
    if any(o is not None and o is not False for o in options):
        raise refused("any.dim")
    return coalesce(t)._blocks.any()
