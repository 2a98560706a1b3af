"""Factors of matrices: Cholesky, LU with pivots, L D Lᵀ.

N, M rows and columns, K = min(N, M), * batch.
"""

from __future__ import annotations

import numpy as np

from ..core.dtype import int32
from ..core.tensor import wrap
from ..dispatch.registry import composite, internal
from ..kernels import K, lapack
from .linear_algebra import (
    LinAlgError,
    batch_error,
    constant,
    eye_like,
    floating,
    full_floats,
    h,
    named,
    raw,
    square,
)
from .solve import triangular_of

# ---------------------------------------------------------------- Cholesky


@internal("linalg.cholesky_ex", tensors=1, outputs=1, extras=("info",), returns=("L", "info"),
          node="LinalgCholeskyEx")  # fmt: skip
class CholeskyEx:
    """X = L Lᴴ of which the lower triangle is read, and info

    grad    dX = L⁻ᴴ S L⁻¹, S the lower triangle of Lᴴ dL and its conjugate above
    source  Murray 2016, arXiv:1602.07527
    """

    def forward(x, upper):
        if not upper:
            return lapack.cholesky(x)
        y, info = lapack.cholesky(lapack.h(x))
        return K.dense(lapack.h(y)), info

    def backward(c, dy, out, upper):
        if upper:
            out, dy = h(out), h(dy)
        lower = K.tril(K.matmul(h(out), dy))
        below = K.tril(lower, -1)
        s = (below + h(below) + K.triu(lower)) / 2  # PyTorch's diagonal is not made real
        return triangular_of(h(out), triangular_of(out, s, False, False, False), True, True, False)


def _cholesky(name, x, upper, check=True):
    square(name, x)
    full_floats("cholesky_cpu", x)
    y, info = CholeskyEx.run((x, upper))
    found = batch_error(info) if check else None
    if found:
        raise LinAlgError(
            f"{name}: {found[0]}The factorization could not be completed because the input is not "
            f"positive-definite (the leading minor of order {found[1]} is not positive-definite)."
        )
    return y, info


@composite("cholesky(A, *, upper: bool = False, out=None)", at="linalg")
def linalg_cholesky(A, *, upper):
    """L with A = L Lᴴ for a hermitian positive definite A, of which the lower triangle is read.

    upper   U with A = Uᴴ U; the upper triangle is read
    shape   A (*, N, N) -> (*, N, N)
    grad    dX = L⁻ᴴ S L⁻¹, S hermitian with the lower triangle of Lᴴ dL
    errors  RuntimeError: no square matrices, integers; LinAlgError: not positive definite
    """
    floating("linalg.cholesky", A)
    return _cholesky("linalg.cholesky", A, upper)[0]


@composite("cholesky_ex(A, *, upper: bool = False, check_errors=False, out=None)", at="linalg")
def cholesky_ex(A, *, upper, check_errors):
    """L with A = L Lᴴ, and which matrices have none.

    info    (*): 0, or the order of the first leading minor that is not positive definite
    shape   A (*, N, N) -> L (*, N, N), info (*)
    errors  RuntimeError: no square matrices; LinAlgError: with check_errors=True
    """
    floating("linalg.cholesky", A)
    square("linalg.cholesky", A)
    name = "linalg.cholesky_ex"
    return named(name, *_cholesky(name, A, upper, check_errors))


@composite("cholesky(input, upper: bool = False, *, out=None)", at="torch Tensor")
def cholesky(input, upper):
    """L with input = L Lᴴ, the older name of linalg.cholesky. input (*, N, N) -> (*, N, N)

    errors  RuntimeError: no square matrices; LinAlgError: not positive definite

    >>> torch.cholesky(tensor([[4.0, 0.0], [0.0, 9.0]]))
    tensor([[2., 0.],
            [0., 3.]])
    """
    return _cholesky("cholesky", input, upper)[0]


# ---------------------------------------------------------------- LU


def permutation_matrix(pivots: np.ndarray, n: int, dtype: np.dtype) -> np.ndarray:
    """P (*, n, n) with A = P L U"""
    rows = lapack.permutation(pivots, n)
    return (rows[..., None, :] == np.arange(n)[:, None]).astype(dtype)


@internal("linalg.lu_factor_ex", tensors=1, outputs=1, extras=("pivots", "info"),
          returns=("LU", "pivots", "info"), node="LinalgLuFactorEx")  # fmt: skip
class LuFactorEx:
    """X = P L U, L below the diagonal of LU and U from it on

    grad    dX = P L⁻ᴴ (tril(Lᴴ dL, -1) + triu(dU Uᴴ)) U⁻ᴴ, for the square part; what stands
            right of it or below it is solved with L or U alone
    """

    def forward(x):
        return lapack.lu(x)

    def backward(c, dy, out, pivots):
        n, m = out.shape[-2:]
        k = min(n, m)
        p = constant(permutation_matrix(raw(pivots), n, raw(out).dtype), out)
        a, da = out[..., :k, :k], dy[..., :k, :k]
        low = K.tril(a, -1) + eye_like(a)
        left, right = K.matmul(h(low), K.tril(da, -1)), K.matmul(K.triu(da), h(K.triu(a)))
        beside = below = None
        if m > k:  # U₂ = L⁻¹ Pᵀ X₂
            beside = dy[..., k:]
            left = left - K.matmul(beside, h(out[..., k:]))
            beside = triangular_of(h(a), beside, True, True, True)
        if n > k:  # L₂ = X₂ U⁻¹
            below = dy[..., k:, :]
            right = right - K.matmul(h(out[..., k:, :]), below)
            below = triangular_of(h(a), below, False, False, False)
        inner = K.tril(left, -1) + K.triu(right)
        inner = triangular_of(h(a), inner, True, True, True)
        dx = triangular_of(h(a), inner, False, False, False)
        if beside is not None:
            dx = K.concatenate([dx, beside], -1)
        if below is not None:
            dx = K.concatenate([dx, below], -2)
        return K.matmul(p, dx)

    def samples(make):
        yield regular_wide(make, 3, 3)
        yield regular_wide(make, 2, 3, 4)
        yield regular_wide(make, 4, 3)


def regular_wide(make, *shape):
    """Matrices whose pivots are clear."""
    x = make(*shape)
    x._a[...] += 5 * np.eye(*shape[-2:])[::-1]
    return x


def _lu(name, x, pivot):
    if x.ndim < 2:
        raise RuntimeError(
            f"{name}: Expected tensor with 2 or more dimensions. Got size: {list(x.shape)} instead"
        )
    if not pivot:
        raise RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU")
    full_floats("lu_cpu", x)
    return LuFactorEx.run((x,))


def _refuse_zero(name, info):
    found = batch_error(info)
    if found:
        raise RuntimeError(
            f"{name}: {found[0]}U[{found[1]},{found[1]}] is zero and using it on lu_solve would "
            "result in a division by zero. If you still want to perform the factorization, "
            "consider calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)"
        )


@composite("lu_factor_ex(A, *, pivot: bool = True, check_errors=False, out=None)", at="linalg")
def lu_factor_ex(A, *, pivot, check_errors):
    """LU and pivots with A = P L U, and where U has a zero on its diagonal.

    info    (*): 0, or the first i with U[i, i] = 0, counted from 1
    shape   A (*, N, M) -> LU (*, N, M), pivots (*, K), info (*)
    errors  RuntimeError: no matrix, integers, pivot=False; a zero, with check_errors=True
    """
    result = _lu("torch.lu_factor", A, pivot)
    if check_errors:
        _refuse_zero("torch.linalg.lu_factor_ex", result.info)
    return result


@composite("lu_factor(A, *, pivot: bool = True, out=None)", at="linalg")
def lu_factor(A, *, pivot):
    """LU and pivots with A = P L U: L below the diagonal, where it is 1, U from it on.

    pivots  row i was exchanged with row pivots[i], counted from 1
    shape   A (*, N, M) -> LU (*, N, M), pivots (*, K)
    errors  RuntimeError: no matrix, integers, pivot=False, a zero on the diagonal of U
    """
    lu, pivots, info = _lu("torch.lu_factor", A, pivot)
    _refuse_zero("torch.linalg.lu_factor", info)
    return named("linalg.lu_factor", lu, pivots)


@composite("lu(input, pivot: bool = True, get_infos: bool = False, out=None)", at="torch Tensor")
def lu(input, pivot, get_infos):
    """LU and pivots with input = P L U; an older name of linalg.lu_factor_ex.

    shape   input (*, N, M) -> LU (*, N, M), pivots (*, K), and info (*) with get_infos=True
    errors  RuntimeError: no matrix, integers, pivot=False

    >>> torch.lu(tensor([[2.0, 1.0], [4.0, 4.0]]))[1]
    tensor([2, 2], dtype=torch.int32)
    """
    found, pivots, info = _lu("torch.lu_factor", input, pivot)
    if get_infos:
        return named("_lu_with_info", found, pivots, info)
    return found, pivots


def _parts(x):
    """L and U of LU, which PyTorch gives without what is not theirs."""
    k = min(x.shape[-2:])
    low, up = K.tril(x[..., :k], -1), K.triu(x[..., :k, :])
    return low if x.is_meta else low + wrap(eye_like(low._a)), up


@composite("lu(A, *, pivot: bool = True, out=None)", at="linalg")
def linalg_lu(A, *, pivot):
    """P, L, U with A = P L U.

    shape   A (*, N, M) -> P (*, N, N), L (*, N, K), U (*, K, M)
    errors  RuntimeError: no matrix, integers, pivot=False
    """
    found, pivots, _ = _lu("linalg.lu", A, pivot)
    p = wrap(permutation_matrix(pivots._a, A.shape[-2], A._a.dtype))
    return named("linalg.lu", p, *_parts(found))


@composite(
    "lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, "
    "unpack_pivots: bool = True, *, out=None)",
    at="torch",
)
def lu_unpack(LU_data, LU_pivots, unpack_data, unpack_pivots):
    """P, L, U out of the LU and the pivots of linalg.lu_factor.

    shape   LU_data (*, N, M), LU_pivots (*, K) -> P (*, N, N), L (*, N, K), U (*, K, M); what is
            not asked for is empty
    errors  RuntimeError: no matrix, pivots that are not int32 or not of it

    >>> torch.lu_unpack(*torch.linalg.lu_factor(tensor([[2.0, 1.0], [4.0, 4.0]]))).U
    tensor([[ 4.,  4.],
            [ 0., -1.]])
    """
    name = "torch.lu_unpack"
    if LU_data.ndim < 2:
        raise RuntimeError(
            f"{name}: Expected tensor with 2 or more dimensions. Got size: "
            f"{list(LU_data.shape)} instead"
        )
    n = LU_data.shape[-2]
    if unpack_pivots:
        if LU_pivots.dtype is not int32:
            raise RuntimeError(
                f"{name}: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype."
            )
        given, k = LU_pivots._a, min(LU_data.shape[-2:])
        known = given.size and not LU_pivots.is_meta
        if given.shape[-1:] != (k,) or (known and (given.min() < 1 or given.max() > n)):
            raise RuntimeError(
                "pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive."
                "Did you properly pass the result of lu_factor?"
            )
    nothing = LU_data.new_empty((0,))
    low, up = _parts(LU_data) if unpack_data else (nothing, nothing.clone())
    p = nothing
    if unpack_pivots and LU_data.is_meta:
        p = LU_data.new_empty((*LU_data.shape[:-2], n, n))
    elif unpack_pivots:
        p = wrap(permutation_matrix(LU_pivots._a, n, LU_data._a.dtype))
    return named("lu_unpack", p, low, up)


# ---------------------------------------------------------------- L D Lᵀ


@internal("linalg.ldl_factor_ex", tensors=1, outputs=1, extras=("pivots", "info"),
          returns=("LD", "pivots", "info"))  # fmt: skip
class LdlFactorEx:
    """X = L D Lᵀ, or L D Lᴴ; no derivative, as in PyTorch."""

    def forward(x, hermitian):
        return lapack.ldl(x, hermitian)


def _ldl(x, hermitian):
    name = "torch.linalg.ldl_factor_ex"
    floating(name, x)
    square(name, x)
    full_floats("ldl_factor_kernel_cpu", x)
    return LdlFactorEx.run((x, hermitian))


def _refuse_zero_d(name, info):
    found = batch_error(info)
    if found:
        raise RuntimeError(
            f"{name}: {found[0]}D[{found[1]},{found[1]}] is zero, and ldl_solve would divide by it"
        )


@composite("ldl_factor_ex(A, *, hermitian=False, check_errors=False, out=None)", at="linalg")
def ldl_factor_ex(A, *, hermitian, check_errors):
    """L and D of A = L D Lᵀ in one matrix, pivots, and where D has a zero.

    info    (*): 0, or the first i with D[i, i] = 0, counted from 1
    shape   A (*, N, N) -> LD (*, N, N), pivots (*, N), info (*)
    errors  RuntimeError: no square matrices, integers; a zero, with check_errors=True
    """
    result = _ldl(A, hermitian)
    if check_errors:
        _refuse_zero_d("torch.linalg.ldl_factor_ex", result.info)
    return result


@composite("ldl_factor(A, *, hermitian=False, out=None)", at="linalg")
def ldl_factor(A, *, hermitian):
    """L and D of a symmetric A = L D Lᵀ in one matrix, and pivots, in LAPACK's form.

    hermitian  A = L D Lᴴ
    shape      A (*, N, N), of which the lower triangle is read -> LD (*, N, N), pivots (*, N)
    grad       none
    errors     RuntimeError: no square matrices, integers, a zero in D
    """
    ld, pivots, info = _ldl(A, hermitian)
    _refuse_zero_d("torch.linalg.ldl_factor", info)
    return named("linalg.ldl_factor", ld, pivots)
