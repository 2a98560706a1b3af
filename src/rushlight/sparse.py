"""torch.sparse: sums and products of sparse tensors. They are made by torch.sparse_coo_tensor."""

from __future__ import annotations

from typing import Any, NoReturn

from .core.names import elsewhere
from .core.tensor import Tensor
from .ops import sparse as _ops
from .ops import sparse_math as _math

__path__: list[str] = []  # modules of PyTorch's below this one: core/path_table.py

__all__ = ["addmm", "log_softmax", "mm", "softmax", "sum"]

_LATER = """as_sparse_gradcheck check_sparse_tensor_invariants sampled_addmm spdiags
spsolve to_sparse_semi_structured""".split()


def sum(input: Tensor, dim: Any = None, dtype: Any = None) -> Tensor:
    """Σ over all dimensions of a sparse tensor (dense), or over some (sparse while one is left).

    dim     an int, or several
    dtype   of the result
    """
    return _ops.sum_(input, dim, False, dtype)


def mm(mat1: Tensor, mat2: Tensor, reduce: str = "sum") -> Tensor:
    """The product of a sparse matrix and a dense one: dense.

    shape   (n, k)(k, m) -> (n, m)
    grad    of both; that of the sparse one has its places
    errors  RuntimeError: sizes that do not fit; NotImplementedError: both sparse, another reduce
    """
    if reduce != "sum":
        raise NotImplementedError(f"sparse.mm(reduce={reduce!r}): rushlight has 'sum' only")
    return _ops.mm(mat1, mat2)


def addmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1.0, alpha: float = 1.0
) -> Tensor:
    """beta input + alpha mat1 mat2 with a sparse mat1.

    errors  RuntimeError: sizes that do not fit
    """
    return _ops.addmm(input, mat1, mat2, beta, alpha)


def softmax(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """exp(x) / Σ exp(x) over the elements of dimension dim that have a place; others stay zero.

    shape   that of input
    """
    return _math.softmax(input if dtype is None else input.to(dtype), dim)


def log_softmax(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The logarithm of `softmax`, at the same places."""
    return _math.softmax(input if dtype is None else input.to(dtype), dim, logarithm=True)


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        kind = _ops.tensor_type(name)
        if kind is None:
            return elsewhere(__name__, name)
        globals()[name] = kind
        return kind

    def unsupported(*args: Any, **options: Any) -> NoReturn:
        raise NotImplementedError(f"torch.sparse.{name}: rushlight does not have it")

    unsupported.__name__ = name
    return unsupported
