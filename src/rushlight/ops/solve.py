"""Linear equations: solve, triangles, with the factors of Cholesky, LU and L D Lᵀ; tensors.

N rows and columns, K right-hand sides, * batch.
"""

from __future__ import annotations

import math

import numpy as np

from ..core.dtype import int32, scalar_name
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import mismatch
from ..dispatch.registry import FUNCTIONS, cast, composite, internal, op
from ..kernels import K, lapack
from .linear_algebra import (
    LinAlgError,
    batch_error,
    eye_like,
    floating,
    full_floats,
    h,
    inverse_or_error,
    matrices,
    named,
    regular,
    square,
    t,
)


def same_batch(a: tuple, b: tuple) -> None:
    """RuntimeError: batches that do not broadcast."""
    text = mismatch([b, a])
    if text:
        raise RuntimeError(text)


def _fitting(name: str, a: tuple, b: tuple, left: bool) -> None:
    """RuntimeError: b (*, N, K) or (*, K, N) does not fit a (*, N, N)."""
    rows, columns = b
    if a[-1] != (rows if left else columns):
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation "
            f"{'AX = B' if left else 'XA = B'} ({a[-2]}x{a[-1]} and {rows}x{columns})"
        )


# ---------------------------------------------------------------- solve


def _solution(x, y, left, vector):
    """Z with X Z = Y, or Z X = Y; y holds vectors or matrices."""
    if isinstance(x, Tensor):
        return Solve.run((x, y, left, vector))
    return _solved(x, y, left, vector)[0]


def _solved(x, y, left, vector):
    full_floats("lu_cpu", x)
    y = y[..., None] if vector else y
    if not left:
        x, y = t(x), t(y)
    z, info = lapack.solve(x, y)
    z = z if left else t(z)
    return (z[..., 0] if vector else z), info


def _prepared(A, B, left):
    """PyTorch's checks; whether B holds vectors."""
    floating("linalg.solve", A)
    square("linalg.solve", A)
    a, b = A._a.shape, B._a.shape
    if A.dtype is not B.dtype:
        raise RuntimeError(
            "linalg.solve: Expected A and B to have the same dtype, but found A of type "
            f"{scalar_name(A.dtype)} and B of type {scalar_name(B.dtype)} instead"
        )
    if not b:
        raise RuntimeError("linalg.solve: The input tensor B must have at least 2 dimensions.")
    vector = len(b) == 1 or b == a[:-1]
    _fitting("linalg.solve", a, (b[-1], 1) if vector else b[-2:], left)
    same_batch(a[:-2], b[:-1] if vector else b[:-2])
    return A, B, left, vector


def _solve_dx(c, dz, x, z, left, vector):
    """dB = A⁻ᴴ dX, dA = -dB Xᴴ"""
    dy = _solution(h(x), dz, left, vector)
    if not c.needs(0):
        return None, dy
    a, b = (dy[..., None], z[..., None]) if vector else (dy, z)
    return -K.matmul(a, h(b)) if left else -K.matmul(h(b), a), dy


def _refuse_singular(name, info):
    found = batch_error(info)
    if found:
        raise LinAlgError(
            f"torch.{name}: {found[0]}The solver failed because the input matrix is singular."
        )


@op("solve(A, B: Tensor, *, left=True, out=None)", at="linalg", node="LinalgSolveEx",
    tensors=2, broadcast=True, order="made")  # fmt: skip
class Solve:
    """X with A X = B; left=False: X A = B

    shape   A (*, N, N), B (*, N, K) -> X (*, N, K); or B (*, N) -> X (*, N)
    dtype   floating and complex, of 4 bytes or more
    grad    dB = A⁻ᴴ dX, dA = -dB Xᴴ
    errors  RuntimeError: shapes or dtypes that do not fit; LinAlgError: A is singular

    >>> torch.linalg.solve(tensor([[2.0, 0.0], [0.0, 4.0]]), tensor([1.0, 1.0]))
    tensor([0.5000, 0.2500])
    """

    def prepare(A, B, left):
        return _prepared(A, B, left)

    def forward(x, y, left, vector):
        z, info = _solved(x, y, left, vector)
        _refuse_singular("linalg.solve", info)
        return z

    def backward(c, dz, x, out, left, vector):
        return _solve_dx(c, dz, x, out, left, vector)

    def samples(make):
        yield regular(make, 3), make(3, 2)
        yield regular(make, 3), make(3)
        yield regular(make, 2, 3), make(2, 3)
        yield regular(make, 2, 3), make(3, 4)
        yield regular(make, 3), make(2, 3), {"left": False}


@internal("linalg.solve_ex", tensors=2, outputs=1, extras=("info",), returns=("result", "info"),
          broadcast=True, order="made", node="LinalgSolveEx")  # fmt: skip
class SolveEx:
    """Solve, and info"""

    def forward(x, y, left, vector):
        return _solved(x, y, left, vector)

    def backward(c, dz, x, out, left, vector):
        return _solve_dx(c, dz, x, out, left, vector)


@composite("solve_ex(A, B: Tensor, *, left=True, check_errors=False, out=None)", at="linalg")
def solve_ex(A, B, *, left, check_errors):
    """X with A X = B, and which matrices have no solution.

    info    (*): 0, or the first pivot that is 0, counted from 1
    shape   A (*, N, N), B (*, N, K) -> result (*, N, K), info (*)
    errors  RuntimeError: shapes or dtypes that do not fit; LinAlgError: A is singular, with
            check_errors=True
    """
    result = SolveEx.run(_prepared(A, B, left))
    if check_errors:
        _refuse_singular("linalg.solve_ex", result.info)
    return result


# ---------------------------------------------------------------- triangles


def triangular_of(a, b, upper, left, unit):
    """X with A X = B, or X A = B, for a triangle A; on arrays or Tensors."""
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        return SolveTriangular.run((a, b, upper, left, unit))
    if not left:
        return t(lapack.triangular(t(a), t(b), not upper, unit))
    return lapack.triangular(a, b, upper, unit)


@internal("linalg_solve_triangular", tensors=2, broadcast=True, order="made",
          node="LinalgSolveTriangular")  # fmt: skip
class SolveTriangular:
    """dB = A⁻ᴴ dX, dA = the triangle of -dB Xᴴ"""

    def forward(a, b, upper, left, unit):
        return triangular_of(a, b, upper, left, unit)

    def backward(c, dx, a, out, upper, left, unit):
        db = triangular_of(h(a), dx, not upper, left, unit)
        if not c.needs(0):
            return None, db
        da = -K.matmul(db, h(out)) if left else -K.matmul(h(out), db)
        inside = 1 if unit else 0
        return K.triu(da, inside) if upper else K.tril(da, -inside), db

    def samples(make):
        yield regular(make, 3), make(3, 2), True, True, False
        yield regular(make, 2, 3), make(3, 2), False, True, False
        yield make(3, 3, low=-0.5, high=0.5), make(2, 2, 3), True, False, True


def _triangle(name, a, b, upper, left, unit):
    full_floats("triangular_solve_cpu", a)
    same_batch(a._a.shape[:-2], b._a.shape[:-2])
    return SolveTriangular.run(
        (a, b if b.dtype is a.dtype else cast(b, a.dtype), upper, left, unit)
    )


@composite(
    "solve_triangular(A, B: Tensor, *, upper: bool, left=True, unitriangular: bool = False, "
    "out=None)",
    at="linalg",
)
def solve_triangular(A, B, *, upper, left, unitriangular):
    """X with A X = B for a triangle A; left=False: X A = B.

    upper          which triangle of A is read
    unitriangular  the diagonal is taken to be 1
    shape          A (*, N, N), B (*, N, K) -> (*, N, K)
    grad           dB = A⁻ᴴ dX, dA = the triangle of -dB Xᴴ
    errors         RuntimeError: shapes that do not fit; a zero on the diagonal gives inf and nan
    """
    name = "linalg.solve_triangular"
    square(name, A)
    matrices(name, B, "B")
    _fitting(name, A._a.shape, B._a.shape[-2:], left)
    return _triangle(name, A, B, upper, left, unitriangular)


def _older(name, b, a, argument="A"):
    """The checks of the older functions, which have the right-hand side first."""
    n, m = a._a.shape[-2:]
    if n != m:
        raise RuntimeError(
            f"A must be batches of square matrices, but they are {n} by {m} matrices"
        )
    if n != b._a.shape[-2]:
        raise RuntimeError(
            f"Incompatible matrix sizes for {name}: each A matrix is {m} by {m} but each b matrix "
            f"is {b._a.shape[-2]} by {b._a.shape[-1]}"
        )
    if a.dtype is not b.dtype:
        raise RuntimeError(
            "Expected b and A to have the same dtype, but found b of type "
            f"{scalar_name(b.dtype)} and A of type {scalar_name(a.dtype)} instead."
        )


@composite(
    "triangular_solve(input, A: Tensor, upper: bool = True, transpose: bool = False, "
    "unitriangular: bool = False, *, out=None)",
    at="torch Tensor",
)
def triangular_solve(input, A, upper, transpose, unitriangular):
    """X with A X = input for a triangle A, and A; transpose: Aᵀ X = input. An older name of
    linalg.solve_triangular.

    shape   input (*, N, K), A (*, N, N) -> solution (*, N, K), cloned_coefficient (*, N, N)
    errors  RuntimeError: shapes or dtypes that do not fit

    >>> torch.triangular_solve(torch.ones(1, 1), tensor([[2.0]])).solution
    tensor([[0.5000]])
    """
    for argument, x in (("b", input), ("A", A)):
        if x.ndim < 2:
            raise RuntimeError(
                f"torch.triangular_solve: Expected {argument} to have at least 2 dimensions, but "
                f"it has {x.ndim} dimensions instead"
            )
    _older("triangular_solve", input, A)
    a, up = (t(A), not upper) if transpose else (A, upper)
    x = _triangle("triangular_solve", a, input, up, True, unitriangular)
    batch = tuple(x.shape[:-2])
    clone = A.expand(*batch, *A.shape[-2:]).clone()
    return named("triangular_solve", x, clone)


# ---------------------------------------------------------------- Cholesky's factor


@composite("cholesky_solve(input, input2: Tensor, upper: bool = False, *, out=None)",
           at="torch Tensor")  # fmt: skip
def cholesky_solve(input, input2, upper):
    """X with L Lᴴ X = input, L = input2 a lower triangle; upper: Uᴴ U X = input.

    shape   input (*, N, K), input2 (*, N, N) -> (*, N, K)
    errors  RuntimeError: shapes or dtypes that do not fit

    >>> torch.cholesky_solve(torch.ones(1, 1), tensor([[2.0]]))
    tensor([[0.2500]])
    """
    for argument, x in (("b", input), ("u", input2)):
        if x.ndim < 2:
            raise RuntimeError(
                f"{argument} should have at least 2 dimensions, but has {x.ndim} dimensions instead"
            )
    same_batch(input2._a.shape[:-2], input._a.shape[:-2])
    _older("cholesky_solve", input, input2)
    full_floats("cholesky_solve_cpu", input)
    return CholeskySolve.run((input, input2, upper))


@internal("cholesky_solve_by", tensors=2, broadcast=True, order="made", node="CholeskySolve")
class CholeskySolve:
    """X with L Lᴴ X = B, or Uᴴ U X = B

    grad    dB = A⁻¹ dX; with S = -(dB Xᴴ + X dBᴴ): dL = S L, dU = U S, both triangles of them, as
            in PyTorch
    """

    def forward(b, factor, upper):
        first, second = (lapack.h(factor), factor) if upper else (factor, lapack.h(factor))
        y = lapack.triangular(first, b, False, False)
        return lapack.triangular(second, y, True, False)

    def backward(c, dx, factor, out, upper):
        if isinstance(dx, Tensor):
            db = CholeskySolve.run((dx, factor, upper))
        else:
            db = CholeskySolve.source.forward(dx, factor, upper)
        if not c.needs(1):
            return db, None
        s = K.matmul(db, h(out))
        s = -(s + h(s))
        return db, K.matmul(factor, s) if upper else K.matmul(s, factor)


@composite("cholesky_inverse(input, upper: bool = False, *, out=None)", at="torch Tensor")
def cholesky_inverse(input, upper):
    """The inverse of L Lᴴ, L = input a lower triangle; upper: of Uᴴ U.

    shape   input (*, N, N) -> (*, N, N)
    errors  RuntimeError: no square matrices; LinAlgError: a zero on the diagonal

    >>> torch.cholesky_inverse(tensor([[2.0]]))
    tensor([[0.2500]])
    """
    square("cholesky_inverse", input)
    full_floats("cholesky_inverse_out_cpu", input)
    found = None
    if input.numel() and not input.is_meta:
        zero = np.diagonal(input._a, 0, -2, -1) == 0
        found = batch_error(np.where(zero.any(-1), zero.argmax(-1) + 1, 0))
    if found:
        raise LinAlgError(
            f"cholesky_inverse: {found[0]}The diagonal element {found[1]} is zero, the inversion "
            "could not be completed because the input matrix is singular."
        )
    one = input.new_empty(input.shape) if input.is_meta else wrap(eye_like(input._a))
    return CholeskySolve.run((one, input, upper))


# ---------------------------------------------------------------- LU's factors


def _by_lu(lu, pivots, b, left, adjoint):
    if not left:  # X A = B is Aᴴ Xᴴ = Bᴴ
        return h(_by_lu(lu, pivots, h(b), True, not adjoint))
    rows = lapack.permutation(pivots._a, lu.shape[-1])
    take = FUNCTIONS["take_along_dim"]
    if adjoint:
        y = SolveTriangular.run((h(lu), b, False, True, False))
        y = SolveTriangular.run((h(lu), y, True, True, True))
        return take(y, wrap(np.argsort(rows, -1)[..., None]), -2)
    y = take(b, wrap(rows[..., None]), -2)
    y = SolveTriangular.run((lu, y, False, True, True))
    return SolveTriangular.run((lu, y, True, True, False))


@composite(
    "lu_solve(LU, pivots: Tensor, B: Tensor, *, left=True, adjoint: bool = False, out=None)",
    at="linalg",
)
def linalg_lu_solve(LU, pivots, B, *, left, adjoint):
    """X with A X = B by the factors of linalg.lu_factor(A).

    left     False: X A = B
    adjoint  Aᴴ in the place of A
    shape    LU (*, N, N), pivots (*, N), B (*, N, K) -> (*, N, K)
    errors   RuntimeError: shapes or dtypes that do not fit
    """
    name = "linalg.lu_solve"
    floating("torch.linalg.lu_solve", LU)
    if LU.dtype is not B.dtype:
        raise RuntimeError(
            f"{name}: Expected LU and B to have the same dtype, but found LU of type "
            f"{scalar_name(LU.dtype)} and B of type {scalar_name(B.dtype)} instead"
        )
    if pivots.dtype is not int32:
        raise RuntimeError(f"{name}: pivots should be a Tensor of scalar type torch.int32")
    square("torch.linalg.lu_solve", LU)
    matrices(name, B, "B")
    _fitting(name, LU._a.shape, B._a.shape[-2:], left)
    if not pivots.ndim or pivots.shape[-1] != LU.shape[-1]:
        raise RuntimeError(
            f"{name}: Number of pivots per batch should be same as the dimension of the matrix"
        )
    if pivots._a.shape[:-1] != LU._a.shape[:-2]:
        raise RuntimeError(
            f"{name}: Expected LU.shape[:-1] and pivots.shape to be the same, but got pivots with "
            f"shape {list(pivots.shape)} instead"
        )
    full_floats("lu_solve_cpu", LU)
    same_batch(LU._a.shape[:-2], B._a.shape[:-2])
    return _by_lu(LU, pivots, B, left, adjoint)


@composite("lu_solve(input, LU_data: Tensor, LU_pivots: Tensor, *, out=None)", at="torch Tensor")
def lu_solve(input, LU_data, LU_pivots):
    """X with A X = input by the factors of torch.lu; an older name of linalg.lu_solve.

    shape   input (*, N, K), LU_data (*, N, N), LU_pivots (*, N) -> (*, N, K)
    errors  RuntimeError: shapes or dtypes that do not fit
    """
    return linalg_lu_solve(LU_data, LU_pivots, input, left=True, adjoint=False)


# ---------------------------------------------------------------- L D Lᵀ


@internal("linalg_ldl_solve", tensors=2, broadcast=True, order="made")
class LdlSolve:
    """X with L D Lᵀ X = B; no derivative, as in PyTorch."""

    def forward(ld, b, pivots, hermitian):
        return lapack.ldl_solve(ld, pivots, b, hermitian)


@composite("ldl_solve(LD, pivots: Tensor, B: Tensor, *, hermitian=False, out=None)", at="linalg")
def ldl_solve(LD, pivots, B, *, hermitian):
    """X with A X = B by the factors of linalg.ldl_factor(A).

    shape   LD (*, N, N), pivots (*, N), B (*, N, K) -> (*, N, K)
    grad    none
    errors  RuntimeError: shapes or dtypes that do not fit
    """
    name = "torch.linalg.ldl_solve"
    square(name, LD)
    if B.ndim < 2:
        low = -max(B.ndim, 1)
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{low}, {-low - 1}], but got -2)"
        )
    if pivots._a.shape != LD._a.shape[:-1]:
        raise RuntimeError(
            f"{name}: Expected LD.shape[:-1] and pivots.shape to be the same, but got pivots with "
            f"shape {list(pivots.shape)} instead"
        )
    if pivots._a.dtype.kind not in "iu":
        raise RuntimeError(
            f"{name}: Expected pivots to be integers. Got {scalar_name(pivots.dtype)}"
        )
    _older(name, B, LD)
    full_floats("ldl_solve_cpu", LD)
    same_batch(LD._a.shape[:-2], B._a.shape[:-2])
    return LdlSolve.run((LD, B, pivots._a, hermitian))


# ---------------------------------------------------------------- tensors as matrices


@composite("tensorinv(A, ind: int = 2, *, out=None)", at="linalg")
def tensorinv(A, ind):
    """The inverse of A as a map from its last dimensions to its first `ind`.

    shape   A (rows..., columns...) with as many of each -> (columns..., rows...)
    errors  RuntimeError: ind < 1, or not as many; LinAlgError: no inverse
    """
    if ind <= 0:
        raise RuntimeError(f"Expected a strictly positive integer for 'ind', but got {ind}")
    if ind > A.ndim:
        raise RuntimeError(f"ArrayRef: invalid slice, N = {ind}; size = {A.ndim}")
    first, last = A.shape[:ind], A.shape[ind:]
    n, m = math.prod(first), math.prod(last)
    if n != m:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == "
            f"prod(self.shape[:ind]), but got {m} != {n}"
        )
    return inverse_or_error("linalg.inv", A.reshape(n, m), True, "inv")[0].reshape(*last, *first)


@composite("tensorsolve(A, B: Tensor, dims: Sequence[int] | None = None, *, out=None)", at="linalg")
def tensorsolve(A, B, dims):
    """X with Σ A[i..., j...] X[j...] = B[i...]; `dims` of A are moved to its end first.

    shape   A (rows..., columns...), B (rows...) -> X (columns...)
    errors  RuntimeError: shapes that do not fit; LinAlgError: no solution
    """
    if dims is not None:
        dims = [d % A.ndim for d in dims]
        A = A.movedim(tuple(dims), tuple(range(A.ndim - len(dims), A.ndim)))
    first, last = A.shape[: B.ndim], A.shape[B.ndim :]
    n, m = math.prod(first), math.prod(last)
    if m != B.numel():
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == "
            f"prod(self.shape[:other.ndim]), but got {m} != {B.numel()}"
        )
    return Solve(A.reshape(-1, m) if m else A.reshape(n, m), B.flatten()).reshape(*last)
