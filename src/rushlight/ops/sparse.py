"""What sparse tensors can do: views, copies, operators and methods. Imported when first needed.

Made by sparse_coo_tensor (sparse_parts.py); sums and products: sparse_math.py.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from ..core import tensor_types
from ..core.sparse import SparseTensor, refused, sparse
from ..core.tensor import Tensor, wrap
from ..dispatch.faces import ELSEWHERE
from .creation import zeros
from .sparse_math import add, add_, addmm, div, div_, mm, mul, mul_, pow_, sub, sub_, sum_
from .sparse_parts import (
    RULES,
    become,
    clone,
    coalesce,
    index_of,
    indices,
    rule,
    sparse_coo_tensor,
    sparse_dim,
    to,
    to_dense,
    to_sparse,
    values,
    with_values,
)

__all__ = [
    "addmm",
    "mm",
    "sparse",
    "sparse_coo_tensor",
    "sum_",
    "to_sparse",
]


def ask(face: Any, values: tuple) -> Any:
    """What the op of a face does with these arguments; NotImplemented if none of them is sparse.

    errors  NotImplementedError: sparse tensors do not have the op
    """
    found = (x for v in values for x in (v if type(v) in (list, tuple) else (v,)))
    if not any(isinstance(x, SparseTensor) for x in found):
        return NotImplemented
    rule = RULES.get(face.name) or RULES.get(face.op.name + "_" * (face.form == "inplace"))
    if rule is None:
        raise refused(face.name)
    return rule(*values)


ELSEWHERE.append(ask)


# ---------------------------------------------------------------- views


@rule("transpose", "swapaxes", "swapdims")
def transpose(t: SparseTensor, dim0: int, dim1: int) -> SparseTensor:
    """Two dimensions exchanged: both sparse, or both dense."""
    i, j = dim0 % t.ndim, dim1 % t.ndim
    order = list(range(t.ndim))
    order[i], order[j] = order[j], order[i]
    return permute(t, order)


@rule("permute")
def permute(t: SparseTensor, dims: Any) -> SparseTensor:
    """The dimensions in another order: sparse ones among themselves, dense ones likewise."""
    s = sparse_dim(t)
    order = [d % t.ndim for d in dims]
    if any(d >= s for d in order[:s]):
        raise RuntimeError(
            "transpose: sparse and dense dimensions of a sparse tensor cannot be exchanged"
        )
    blocks = t._blocks
    if order[s:] != list(range(s, t.ndim)):
        blocks = blocks.permute(0, *(d - s + 1 for d in order[s:]))
    size = tuple(t._size[d] for d in order)
    kept = order[:s] == list(range(s))
    return sparse(t._places[order[:s]], blocks, size, t._sorted and kept)


@rule("t")
def transposed(t: SparseTensor) -> SparseTensor:
    if t.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {t.ndim}D")
    return transpose(t, 0, 1) if t.ndim == 2 else t


@rule("index_select")
def index_select(t: SparseTensor, dim: int, index: Tensor) -> SparseTensor:
    """The slices of a sparse dimension that index lists, in its order."""
    d, s = dim % t.ndim, sparse_dim(t)
    chosen = index._a.reshape(-1)
    for n in chosen[(chosen < -t._size[d]) | (chosen >= t._size[d])][:1]:
        raise IndexError(
            f"index_select(): index contains {n} that is out of range for tensor of size "
            f"{list(t._size)} at dimension {d}"
        )
    chosen = chosen % max(t._size[d], 1)
    size = (*t._size[:d], len(chosen), *t._size[d + 1 :])
    if d >= s:
        return sparse(t._places, t._blocks.index_select(d - s + 1, wrap(chosen)), size, t._sorted)
    hits = [np.flatnonzero(t._places[d] == n) for n in chosen]
    pick = np.concatenate([np.zeros(0, np.int64), *hits])
    places = t._places[:, pick]
    places[d] = np.repeat(np.arange(len(chosen)), [len(h) for h in hits])
    return sparse(places, t._blocks[wrap(pick)], size, t._sorted and d == 0)


@rule("select")
def select(t: SparseTensor, dim: int, index: int) -> Tensor:
    """t[index] of a dimension."""
    d, s = dim % t.ndim, sparse_dim(t)
    if not -t._size[d] <= index < t._size[d]:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(t._size)} at "
            f"dimension {d}"
        )
    index %= t._size[d]
    size = (*t._size[:d], *t._size[d + 1 :])
    if d >= s:
        return sparse(t._places, t._blocks.select(d - s + 1, index), size, t._sorted)
    pick = np.flatnonzero(t._places[d] == index)
    places, blocks = np.delete(t._places[:, pick], d, 0), t._blocks[wrap(pick)]
    return sparse(places, blocks, size, t._sorted) if s > 1 else blocks.sum(0)


def _getitem(t: SparseTensor, key: Any) -> Any:
    keys = key if isinstance(key, tuple) else (key,)
    if not all(isinstance(k, (int, np.integer)) and not isinstance(k, bool) for k in keys):
        raise refused("as_strided")
    for k in keys:
        t = select(t, 0, int(k)) if isinstance(t, SparseTensor) else t[int(k)]  # type: ignore
    return t


# ---------------------------------------------------------------- dtypes


def _convert(name: str) -> Any:
    return lambda t, memory_format=None: with_values(t, getattr(t._blocks, name)())


for _name in "float double half bfloat16 int long short char byte bool cfloat cdouble".split():
    RULES[_name] = _convert(_name)


@rule("type_as")
def type_as(t: SparseTensor, other: Tensor) -> SparseTensor:
    """t in the dtype of other."""
    return to(t, other.dtype)


@rule("copy_")
def copy_(x: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """The places and values of another sparse tensor."""
    if isinstance(x, SparseTensor) and isinstance(src, SparseTensor):
        return become(x, clone(to(src, x.dtype)))
    raise RuntimeError("copy_() between dense and sparse Tensors is not implemented!")


@rule("zero_")
def zero_(t: SparseTensor) -> SparseTensor:
    """No elements any more."""
    blocks = zeros((0, *t._blocks.shape[1:]), dtype=t.dtype)
    return become(t, sparse(np.zeros((sparse_dim(t), 0), np.int64), blocks, t._size))


@rule("zeros_like", "empty_like")
def zeros_like(t: SparseTensor, dtype: Any = None, *options: Any) -> SparseTensor:
    """Of the same size, without elements."""
    return zero_(sparse(t._places, t._blocks.detach().to(dtype or t.dtype), t._size))


def sparse_mask(x: Tensor, mask: SparseTensor) -> SparseTensor:
    """The elements of a dense tensor at the places of a sparse one.

    errors  RuntimeError: sizes that differ
    """
    if tuple(x.shape) != tuple(mask.shape):
        raise RuntimeError(
            f"sparse_mask(): operands have incompatible sizes; self has size {list(x.shape)} but "
            f"mask has size {list(mask.shape)}"
        )
    return with_values(mask, x[index_of(mask)])


# ---------------------------------------------------------------- operators, methods without a face


def _turned(f: Any) -> Any:
    return lambda x, y: f(y, x)


_OPERATORS = {
    "__add__": add,
    "__radd__": _turned(add),
    "__iadd__": add_,
    "__sub__": sub,
    "__rsub__": _turned(sub),
    "__isub__": sub_,
    "__mul__": mul,
    "__rmul__": mul,
    "__imul__": mul_,
    "__truediv__": div,
    "__itruediv__": div_,
    "__matmul__": mm,
    "__rmatmul__": _turned(mm),
    "__neg__": RULES["neg"],
    "__pow__": pow_,
    "__abs__": RULES["abs"],
    "__getitem__": _getitem,
}
_REFUSED = """rtruediv floordiv rfloordiv mod rmod rpow eq ne lt le gt ge and or xor invert lshift
rshift ipow ifloordiv imod iand ior ixor setitem""".split()


def _refusing(name: str) -> Any:
    def refuse(*args: Any) -> NoReturn:
        raise refused(name)

    return refuse


for _name, _function in _OPERATORS.items():
    setattr(SparseTensor, _name, _function)
for _name in _REFUSED:
    setattr(SparseTensor, f"__{_name}__", _refusing(_name))


def _reduced(t: SparseTensor, protocol: Any) -> Any:
    parts = (t._places, t._blocks.detach(), t._size, t._sorted, t._blocks._rg)
    return rebuilt, parts


def rebuilt(
    places: np.ndarray, blocks: Tensor, size: tuple, coalesced: bool, requires_grad: bool
) -> SparseTensor:
    """The inverse of what pickle keeps of a sparse tensor."""
    return sparse(places, blocks.requires_grad_(requires_grad), size, coalesced)


def _no_reshape(t: SparseTensor, *shape: Any, **options: Any) -> NoReturn:
    raise RuntimeError("reshape is not implemented for sparse tensors\n  fix: to_dense() first")


def _not_contiguous(t: SparseTensor, *options: Any, **more: Any) -> NoReturn:
    raise RuntimeError(
        "unsupported memory format option Contiguous\n  fix: to_dense(), or coalesce()"
    )


def _change(y: SparseTensor, name: str, x: Any) -> Any:
    """x op= y."""
    rule = RULES.get(name + "_")
    if rule is None:
        raise refused(name + "_")
    return rule(x, y)


def _called_coalesced(t: SparseTensor, coalesced: bool) -> SparseTensor:
    """Says that the places are in order and occur once; who says so is believed."""
    t._sorted = coalesced
    return t


for _name, _function in {
    "__hash__": object.__hash__,
    "__reduce_ex__": _reduced,
    "change": _change,
    "to": to,
    "to_dense": to_dense,
    "coalesce": coalesce,
    "indices": indices,
    "values": values,
    "_indices": lambda t: wrap(t._places),
    "_values": lambda t: t._blocks.detach(),
    "_nnz": lambda t: t._places.shape[1],
    "is_coalesced": lambda t: t._sorted,
    "_coalesced_": _called_coalesced,
    "sparse_dim": sparse_dim,
    "dense_dim": lambda t: t.ndim - sparse_dim(t),
    "to_sparse": lambda t, *options, **more: t,
    "to_sparse_coo": lambda t: t,
    "__iter__": lambda t: iter([select(t, 0, i) for i in range(len(t))]),
    "view": _no_reshape,
    "reshape": _no_reshape,
    "flatten": _no_reshape,
    "contiguous": _not_contiguous,
    "register_hook": _refusing("register_hook"),
    "T": property(transposed),
    "mT": property(transposed),
    "H": property(lambda t: with_values(transposed(t), transposed(t)._blocks.conj())),
}.items():
    setattr(SparseTensor, _name, _function)


def _no_layout(name: str) -> NoReturn:
    raise NotImplementedError(
        f"torch.{name}: rushlight has no layouts but strided and sparse_coo\n"
        "  fix: torch.sparse_coo_tensor"
    )


def sparse_csr_tensor(
    crow_indices: Any, col_indices: Any, values: Any, size: Any = None, **options: Any
) -> NoReturn:
    """Not in rushlight: layouts other than strided and sparse_coo"""
    _no_layout("sparse_csr_tensor")


def sparse_csc_tensor(
    ccol_indices: Any, row_indices: Any, values: Any, size: Any = None, **options: Any
) -> NoReturn:
    """Not in rushlight: layouts other than strided and sparse_coo"""
    _no_layout("sparse_csc_tensor")


def sparse_bsr_tensor(
    crow_indices: Any, col_indices: Any, values: Any, size: Any = None, **options: Any
) -> NoReturn:
    """Not in rushlight: layouts other than strided and sparse_coo"""
    _no_layout("sparse_bsr_tensor")


def sparse_bsc_tensor(
    ccol_indices: Any, row_indices: Any, values: Any, size: Any = None, **options: Any
) -> NoReturn:
    """Not in rushlight: layouts other than strided and sparse_coo"""
    _no_layout("sparse_bsc_tensor")


def sparse_compressed_tensor(
    compressed_indices: Any, plain_indices: Any, values: Any, size: Any = None, **options: Any
) -> NoReturn:
    """Not in rushlight: layouts other than strided and sparse_coo"""
    _no_layout("sparse_compressed_tensor")


# ---------------------------------------------------------------- older names


class _TypeMeta(type):
    dtype: Any

    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, SparseTensor) and x.dtype is cls.dtype


def tensor_type(name: str) -> type | None:
    """torch.sparse.FloatTensor and the like: types that make sparse tensors of one dtype, from
    (indices, values[, size]) or from sizes; None where there is none of this name.
    """
    plain = getattr(tensor_types, name, None)
    if not isinstance(plain, type) or not name.endswith("Tensor") or plain is Tensor:
        return None
    kind = plain.dtype  # type: ignore[attr-defined]

    def __new__(cls: Any, *given: Any, device: Any = None) -> SparseTensor:
        if len(given) > 1 and isinstance(given[1], Tensor):
            return sparse_coo_tensor(*given, dtype=kind, device=device)
        size = given if not given or isinstance(given[0], int) else given[0]
        return sparse_coo_tensor(tuple(size) or (0,), dtype=kind, device=device)

    doc = f"Makes sparse {kind} tensors; isinstance(t, {name}) asks for that."
    body = {"__new__": __new__, "dtype": kind, "__doc__": doc, "__module__": "torch.sparse"}
    return _TypeMeta(name, (), body)


# ---------------------------------------------------------------- rows of a compressed layout


def _convert_indices_from_coo_to_csr(
    input: Tensor, size: int, *, out_int32: bool = False
) -> Tensor:
    """How many of the sorted row numbers are below 0, 1, .., size: where each row begins.

    shape   (n) -> (size + 1)
    dtype   int64; out_int32: int32
    """
    rows = np.searchsorted(input._a, np.arange(size + 1))
    return wrap(rows.astype(np.int32 if out_int32 else np.int64))


def _convert_indices_from_csr_to_coo(
    crow_indices: Tensor, col_indices: Tensor, *, out_int32: bool = False, transpose: bool = False
) -> Tensor:
    """Row and column numbers from where each row begins, and the columns.

    shape   (rows + 1), (n) -> (2, n); transpose: columns first
    """
    begins = crow_indices._a
    rows = np.repeat(np.arange(len(begins) - 1), np.diff(begins).astype(np.intp, copy=False))
    pair = (col_indices._a, rows) if transpose else (rows, col_indices._a)
    return wrap(np.stack(pair).astype(np.int32 if out_int32 else np.int64))
