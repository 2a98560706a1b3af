# Made by tools/make_stubs.py from the schemas of the ops: `make stubs`.

from builtins import bool as _bool, complex as _complex, float as _float, int as _int, range as _range, str as _str, type as _type
from collections.abc import Callable, Iterable, Sequence
from typing import Any as _Any, Literal, overload
import numpy as np
from .random.generator import Generator as _Generator
from .core.size import Size as _Size
from .core.tensor import Tensor as Tensor
from .core.device import device as _device
from .core.dtype import dtype as _dtype
from .core.layout import layout as _layout
from .core.layout import memory_format as _memory_format
from . import return_types
_Number = _int | _float | _complex | _bool | np.number[_Any]

from .ops.linear_algebra import LinAlgError as LinAlgError
def cholesky(A: Tensor, *, upper: _bool = False, out: Tensor | None = None) -> Tensor:
    """L with A = L Lᴴ for a hermitian positive definite A, of which the lower triangle is read."""
def cholesky_ex(A: Tensor, *, upper: _bool = False, check_errors: _bool = False, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.linalg_cholesky_ex:
    """L with A = L Lᴴ, and which matrices have none."""
def cond(A: Tensor, p: _float | _str | None = None, *, out: Tensor | None = None) -> Tensor:
    """The condition number |A| |A⁻¹|, by default that of the 2-norm."""
def cross(input: Tensor, other: Tensor, *, dim: _int = -1, out: Tensor | None = None, axis: _int = -1) -> Tensor:
    """z = x × y along dim, of length 3; the other dimensions broadcast."""
def det(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The determinant: torch.det under NumPy's name. A (*, N, N) -> (*)"""
def diagonal(A: Tensor, *, offset: _int = 0, dim1: _int = -2, dim2: _int = -1) -> Tensor:
    """The diagonal of matrices, a view. A (*, N, M) -> (*, K)"""
def eig(A: Tensor, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.linalg_eig:
    """Eigenvalues and eigenvectors: A V = V L. Those of real matrices are complex, too."""
def eigh(A: Tensor, UPLO: _str = 'L', *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.linalg_eigh:
    """Eigenvalues, ascending, and eigenvectors of a hermitian A: A V = V L."""
def eigvals(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Eigenvalues, complex. A (*, N, N) -> (*, N)"""
def eigvalsh(A: Tensor, UPLO: _str = 'L', *, out: Tensor | None = None) -> Tensor:
    """Eigenvalues of a hermitian A, ascending. A (*, N, N) -> (*, N) real"""
def householder_product(input: Tensor, tau: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Q = H₁ H₂ ... H_K of which the first M columns;  H = I - τ v vᴴ"""
def inv(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse matrix: torch.inverse under NumPy's name. A (*, N, N) -> (*, N, N)"""
def inv_ex(A: Tensor, *, check_errors: _bool = False, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.linalg_inv_ex:
    """The inverse matrix, and which matrices have none."""
def ldl_factor(A: Tensor, *, hermitian: _bool = False, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.linalg_ldl_factor:
    """L and D of a symmetric A = L D Lᵀ in one matrix, and pivots, in LAPACK's form."""
def ldl_factor_ex(A: Tensor, *, hermitian: _bool = False, check_errors: _bool = False, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.linalg_ldl_factor_ex:
    """L and D of A = L D Lᵀ in one matrix, pivots, and where D has a zero."""
def ldl_solve(LD: _Any, pivots: Tensor, B: Tensor, *, hermitian: _bool = False, out: Tensor | None = None) -> Tensor:
    """X with A X = B by the factors of linalg.ldl_factor(A)."""
def lstsq(A: Tensor, B: Tensor, rcond: _float | None = None, *, driver: _str | None = None, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.linalg_lstsq:
    """X that makes |A X - B| least, and of those the shortest."""
def lu(A: Tensor, *, pivot: _bool = True, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.linalg_lu:
    """P, L, U with A = P L U."""
def lu_factor(A: Tensor, *, pivot: _bool = True, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.linalg_lu_factor:
    """LU and pivots with A = P L U: L below the diagonal, where it is 1, U from it on."""
def lu_factor_ex(A: Tensor, *, pivot: _bool = True, check_errors: _bool = False, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.linalg_lu_factor_ex:
    """LU and pivots with A = P L U, and where U has a zero on its diagonal."""
def lu_solve(LU: _Any, pivots: Tensor, B: Tensor, *, left: _bool = True, adjoint: _bool = False, out: Tensor | None = None) -> Tensor:
    """X with A X = B by the factors of linalg.lu_factor(A)."""
def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The matrix product: vectors, matrices, or batches of matrices with broadcast batch"""
def matrix_exp(input: Tensor) -> Tensor:
    """Y = I + X + X² / 2 + X³ / 6 + ..."""
def matrix_norm(input: Tensor, ord: _float | _str = 'fro', dim: Sequence[_int] = ..., keepdim: _bool = False, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, out: Tensor | None = None, axis: Sequence[_int] = ..., keepdims: _bool = False) -> Tensor:
    """The norm of matrices."""
def matrix_power(input: Tensor, n: _int, *, out: Tensor | None = None) -> Tensor:
    """X multiplied by itself n times; n = 0 is the identity, n < 0 multiplies inverses."""
def matrix_rank(A: Tensor, tol: _float | Tensor | None = None, hermitian: _bool = False, *, atol: _float | Tensor | None = None, rtol: _float | Tensor | None = None, out: Tensor | None = None) -> Tensor:
    """How many singular values are larger than max(atol, rtol s₁)."""
def multi_dot(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The product of several matrices (the first and last may be vectors), cheap order first."""
def norm(input: Tensor, p: _Number | _str | None = 'fro', dim: _int | Sequence[_int] | None = None, keepdim: _bool = False, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, *, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
    """matrix_norm for two dimensions, vector_norm for one; without `ord` the Euclidean norm."""
def pinv(A: Tensor, rcond: _float | Tensor | None = None, hermitian: _bool = False, *, atol: _float | Tensor | None = None, rtol: _float | Tensor | None = None, out: Tensor | None = None) -> Tensor:
    """The pseudoinverse of Moore and Penrose."""
def qr(A: Tensor, mode: _str = 'reduced', *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.linalg_qr:
    """A = Q R: Q has orthonormal columns, R is an upper triangle."""
def slogdet(A: Tensor, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.linalg_slogdet:
    """The sign of the determinant and the logarithm of its absolute value. A (*, N, N) -> (*), (*)"""
def solve(A: Tensor, B: Tensor, *, left: _bool = True, out: Tensor | None = None) -> Tensor:
    """X with A X = B; left=False: X A = B"""
def solve_ex(A: Tensor, B: Tensor, *, left: _bool = True, check_errors: _bool = False, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.linalg_solve_ex:
    """X with A X = B, and which matrices have no solution."""
def solve_triangular(A: Tensor, B: Tensor, *, upper: _bool, left: _bool = True, unitriangular: _bool = False, out: Tensor | None = None) -> Tensor:
    """X with A X = B for a triangle A; left=False: X A = B."""
def svd(A: Tensor, full_matrices: _bool = True, *, driver: _str | None = None, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None) -> return_types.linalg_svd:
    """A = U S Vᴴ: U and V have orthonormal columns, S descends."""
def svdvals(A: Tensor, *, driver: _str | None = None, out: Tensor | None = None) -> Tensor:
    """Singular values, descending. A (*, N, M) -> (*, K) real"""
def tensorinv(A: Tensor, ind: _int = 2, *, out: Tensor | None = None) -> Tensor:
    """The inverse of A as a map from its last dimensions to its first `ind`."""
def tensorsolve(A: Tensor, B: Tensor, dims: Sequence[_int] | None = None, *, out: Tensor | None = None) -> Tensor:
    """X with Σ A[i..., j...] X[j...] = B[i...]; `dims` of A are moved to its end first."""
def vander(x: Tensor, *, N: _int | None = None) -> Tensor:
    """y[..., i, j] = x[..., i]^j: the Vandermonde matrices of the vectors in x."""
def vecdot(x: _Any, y: Tensor, *, dim: _int = -1, out: Tensor | None = None, axis: _int = -1) -> Tensor:
    """Σ x* y along dim, broadcast; the first one is conjugated."""
def vector_norm(input: Tensor, ord: _float = 2, dim: _int | Sequence[_int] | None = None, keepdim: _bool = False, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
    """(Σ |x|^p)^(1/p) of all elements or over dim; the largest for inf, the smallest for -inf, how"""
