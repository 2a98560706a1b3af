"""A few singular vectors or eigenvectors of large matrices; names that PyTorch has removed.

N, M rows and columns, Q or K vectors, * batch.
"""

from __future__ import annotations

import numpy as np

from ..core.predicates import carries
from ..core.tensor import Tensor, wrap
from ..dispatch.registry import FUNCTIONS, composite
from ..kernels import K, lapack
from .eigen import eigh, linalg_svd
from .factorize import linalg_cholesky
from .householder import qr_of
from .linear_algebra import h
from .solve import triangular_of

# ---------------------------------------------------------------- random projections


def _basis(A, q, niter, M):
    """Q (*, N, q) with orthonormal columns that spans most of A - M: Algorithm 4.4 of Halko,
    Martinsson & Tropp 2011, SIAM Review 53(2)."""

    def times(a, m, x):
        return a.matmul(x) if m is None else a.matmul(x) - m.matmul(x)

    back, back_m = h(A), None if M is None else h(M)
    start = FUNCTIONS["randn"](A.shape[-1], q, dtype=A.dtype)
    basis = qr_of(times(A, M, start))[0]
    for _ in range(niter):
        basis = qr_of(times(back, back_m, basis))[0]
        basis = qr_of(times(A, M, basis))[0]
    return basis


def _low_rank(A, q, niter, M):
    n, m = A.shape[-2:]
    if n < m:
        A, M = h(A), None if M is None else h(M)
    basis = _basis(A, q, niter, M)
    projected = h(basis).matmul(A if M is None else A - M)
    u, s, vh = linalg_svd(projected, False, driver=None)
    u, v = basis.matmul(u), h(vh)
    return (v, s, u) if n < m else (u, s, v)


@composite("svd_lowrank", at="torch")
def svd_lowrank(
    A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """The q largest singular values of A, or of A - M, and their vectors, by random projections.

    niter   how often the projection is refined
    shape   A (*, N, M), M as A or (*, 1, M) -> U (*, N, q), S (*, q), V (*, M, q)
    errors  RuntimeError: integers. ValueError: no matrix
    source  Halko, Martinsson & Tropp 2011, SIAM Review 53(2)
    """
    if A.ndim < 2:
        raise ValueError(f"not enough values to unpack (expected 2, got {A.ndim})")
    q, niter = 6 if q is None else q, 2 if niter is None else niter
    if M is not None:
        M = M.expand(A.shape)
    return _low_rank(A, q, niter, M)


@composite("pca_lowrank", at="torch")
def pca_lowrank(
    A: Tensor, q: int | None = None, center: bool = True, niter: int = 2
) -> tuple[Tensor, Tensor, Tensor]:
    """The q main directions of the rows of A, by random projections.

    q       by default min(6, N, M)
    center  subtract the mean of the rows first
    shape   A (*, N, M) -> U (*, N, q), S (*, q), V (*, M, q): directions in V's columns
    errors  ValueError: no matrix, q > min(N, M), niter < 0
    """
    if A.ndim < 2:
        raise ValueError(f"not enough values to unpack (expected 2, got {A.ndim})")
    n, m = A.shape[-2:]
    if q is None:
        q = min(6, n, m)
    elif not 0 <= q <= min(n, m):
        raise ValueError(
            f"q(={q}) must be non-negative integer and not greater than min(m, n)={min(n, m)}"
        )
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    if center:
        A = A - A.mean(-2, keepdim=True)
    return _low_rank(A, q, niter, None)


# ---------------------------------------------------------------- lobpcg


@composite("lobpcg", at="torch")
def lobpcg(
    A: Tensor,
    k: int | None = None,
    B: Tensor | None = None,
    X: Tensor | None = None,
    n: int | None = None,
    iK: Tensor | None = None,
    niter: int | None = None,
    tol: float | None = None,
    largest: bool | None = None,
    method: str | None = None,
    tracker: None = None,
    ortho_iparams: dict[str, int] | None = None,
    ortho_fparams: dict[str, float] | None = None,
    ortho_bparams: dict[str, bool] | None = None,
) -> tuple[Tensor, Tensor]:
    """The k largest (or smallest) eigenvalues of A X = B X E for a symmetric A, and their vectors.

    B        symmetric and positive definite; by default the identity
    X        where to start, (*, N, n); by default random
    iK       a preconditioner: an approximation of A⁻¹
    niter    at most so many steps
    tol      |A X - B X E| <= tol |X| (|A| + |E| |B|) ends them
    method   'ortho' and 'basic' are one here: every step is orthogonalised
    grad     A asks for a gradient: by eigh, of all eigenvectors
    shape    A (*, N, N) -> E (*, k), X (*, N, k)
    errors   ValueError: N < 3 k. AssertionError: A is not square. NotImplementedError: a tracker
    source   Knyazev 2001, SIAM J. Sci. Comput. 23(2)
    """
    if A.shape[-2] != A.shape[-1]:
        raise AssertionError(f"A must be square, got shape torch.Size({list(A.shape)})")
    if tracker is not None:
        raise NotImplementedError("lobpcg: tracker= is not supported; leave it None")
    size = A.shape[-1]
    k = (1 if X is None else X.shape[-1]) if k is None else k
    n = (k if X is None else X.shape[-1]) if n is None else n
    if size < 3 * n:
        raise ValueError(
            "LOBPCG algorithm is not applicable when the number of A rows "
            f"(={size}) is smaller than 3 x the number of requested eigenpairs (={n})"
        )
    largest = True if largest is None else largest
    if carries(A) or (B is not None and carries(B)):
        return _by_eigh(A, B, k, largest)
    start = FUNCTIONS["randn"](*A.shape[:-1], n, dtype=A.dtype) if X is None else X
    steps = 1000 if niter is None or niter < 0 else niter
    tol = float(np.finfo(A.dtype.np).eps) if tol is None else tol
    if A.ndim == 2:
        found = _lobpcg(A, B, iK, start._a, steps, tol, largest)
        return wrap(found[0][:k].copy()), wrap(found[1][:, :k].copy())
    parts = [
        lobpcg(a, k, None if B is None else B.reshape(-1, size, size)[i], x, n, iK, niter, tol,
               largest)
        for i, (a, x) in enumerate(
            zip(A.reshape(-1, size, size), start.reshape(-1, size, n), strict=True)
        )
    ]  # fmt: skip
    values, vectors = (FUNCTIONS["stack"](list(p)) for p in zip(*parts, strict=True))
    return values.reshape(*A.shape[:-2], k), vectors.reshape(*A.shape[:-1], k)


def _by_eigh(A, B, k, largest):
    low = None if B is None else linalg_cholesky(B, upper=False)
    if low is not None:
        A = triangular_of(low, A, False, True, False)
        A = triangular_of(h(low), A, True, False, False)
    values, vectors = eigh((A + h(A)) / 2, "L")
    if low is not None:
        vectors = triangular_of(h(low), vectors, True, True, False)
    if largest:
        return values[..., -k:].flip(-1), vectors[..., -k:].flip(-1)
    return values[..., :k], vectors[..., :k]


def _lobpcg(A, B, iK, x, steps, tol, largest):
    def by(a, v):
        return v if a is None else a.matmul(wrap(v))._a

    def ritz(s):
        """Orthonormal for B, and the eigenvectors of A among the span of s."""
        for _ in range(2):
            gram = s.T @ by(B, s)
            scale = 1 / np.sqrt(np.maximum(np.diag(gram), np.finfo(s.dtype).tiny))
            weights, turn = lapack.eigh(gram * scale[:, None] * scale, True)
            kept = weights > weights[-1] * np.finfo(s.dtype).eps * 10
            s = (s * scale) @ (turn[:, kept] / np.sqrt(weights[kept]))
        values, turn = lapack.eigh(s.T @ by(A, s), True)
        if largest:
            values, turn = values[::-1], turn[:, ::-1]
        return values, s @ turn

    n = x.shape[1]
    values, x = ritz(x)
    values, x = values[:n], x[:, :n]
    p = x[:, :0]
    norm_a = np.linalg.norm(by(A, x)) / np.linalg.norm(x)
    for _ in range(steps):
        bx = by(B, x)
        r = by(A, x) - bx * values
        norm_b = np.linalg.norm(bx) / np.linalg.norm(x)
        limit = np.linalg.norm(x, axis=0) * (norm_a + np.abs(values) * norm_b)
        if (np.linalg.norm(r, axis=0) <= tol * limit).all():
            break
        w = by(iK, r)
        values, y = ritz(np.concatenate([x, w, p], 1))
        values, y = values[:n], y[:, :n]
        p = y - x @ (x.T @ by(B, y))
        x = y
    return K.dense(values), x


# ---------------------------------------------------------------- names that were removed


def _removed(instead: str) -> RuntimeError:
    return RuntimeError(
        f"This function was deprecated since version 1.9 and is now removed.{instead}"
    )


@composite("eig", at="torch Tensor")
def eig(self, eigenvectors: bool = False, *, e=None, v=None):
    """Removed in PyTorch, too: use torch.linalg.eig. RuntimeError: always"""
    raise _removed(
        " `torch.linalg.eig` returns complex tensors of dtype `cfloat` or `cdouble` rather than "
        "real tensors mimicking complex tensors.\n  fix: torch.linalg.eig(A)"
    )


@composite("symeig", at="torch Tensor")
def symeig(input, eigenvectors: bool = False, upper: bool = True, *, out=None):
    """Removed in PyTorch, too: use torch.linalg.eigh or eigvalsh. RuntimeError: always"""
    raise _removed(
        " The default behavior has changed from using the upper triangular portion of the matrix "
        "by default to using the lower triangular portion.\n"
        "  fix: torch.linalg.eigvalsh(A, UPLO='U' if upper else 'L'), or eigh for the vectors, too"
    )


@composite("lstsq", at="torch Tensor")
def lstsq(input, A, *, out=None):
    """Removed in PyTorch, too: use torch.linalg.lstsq(A, input). RuntimeError: always"""
    raise _removed(
        " `torch.lstsq` is deprecated in favor of `torch.linalg.lstsq`.\n"
        "  fix: torch.linalg.lstsq(A, input): the arguments are reversed"
    )


@composite("solve", at="torch Tensor")
def solve(input, A, *, out=None):
    """Removed in PyTorch, too: use torch.linalg.solve(A, input). RuntimeError: always"""
    raise _removed(
        " `torch.solve` is deprecated in favor of `torch.linalg.solve`. `torch.linalg.solve` has "
        "its arguments reversed and does not return the LU factorization.\n"
        "  fix: torch.linalg.solve(A, input)"
    )


@composite("matrix_rank", at="torch")
def matrix_rank(input, tol=None, symmetric: bool = False, *, out=None):
    """Removed in PyTorch, too: use torch.linalg.matrix_rank. RuntimeError: always"""
    raise _removed(
        "\nPlease use the `torch.linalg.matrix_rank` function instead. Its `hermitian` was called "
        "`symmetric`."
    )
