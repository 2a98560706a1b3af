"""Eigenvalues and singular values, with their vectors.

N, M rows and columns, K = min(N, M), * batch. Vectors are determined up to a factor of modulus 1;
a loss that depends on it has no gradient, and complex cases are refused. Source of the gradients:
Giles 2008, Collected matrix derivative results for algorithmic differentiation.
"""

from __future__ import annotations

import numpy as np

from ..core.dtype import FLOAT, scalar_name
from ..core.tensor import Tensor, wrap
from ..dispatch.registry import composite, internal
from ..kernels import K, lapack
from .linear_algebra import (
    LinAlgError,
    batch_error,
    constant,
    floating,
    full_floats,
    h,
    inverse_of,
    matrices,
    named,
    raw,
    square,
)


def _eye(n, like):
    """The identity (n, n) of like's dtype."""
    return constant(np.eye(n, dtype=raw(like).dtype), like)


def _diagonal(x):
    """(*, N, N) -> (*, N)"""
    return K.sum(x * constant(np.eye(x.shape[-1], dtype=raw(x).real.dtype), x), -1)


def _refuse_phase(x, what):
    """RuntimeError: the loss depends on the phase of complex vectors; x (*, N) is that part."""
    a = np.abs(raw(x))
    if a.size and a.max() > (1e-2 if a.dtype.itemsize == 4 else 1e-6):
        raise RuntimeError(what)


def _phase_of_eigenvectors(name):
    return (
        f"{name}: The eigenvectors in the complex case are specified up to multiplication by "
        "e^{i phi}. The specified loss function depends on this quantity, so it is ill-defined."
    )


# ---------------------------------------------------------------- hermitian matrices


@internal("linalg.eigh", tensors=1, outputs=2, returns=("eigenvalues", "eigenvectors"), fill=False,
          node="LinalgEigh")  # fmt: skip
class Eigh:
    """X V = V L;  dX = the hermitian part of V (dL + Vᴴ dV / (l_j - l_i)) Vᴴ"""

    def forward(x, lower):
        values, vectors = lapack.eigh(x, lower)
        _converged("linalg.eigh", values)
        return values, vectors

    def backward(c, dvalues, dvectors, x, out, out1):
        values, v = out, out1
        if dvectors is None:
            return K.matmul(v * dvalues[..., None, :], h(v))
        inner = K.matmul(h(v), dvectors)
        if K.is_complex(x):
            _refuse_phase(K.imag(_diagonal(inner)), _phase_of_eigenvectors("linalg_eigh_backward"))
        eye = constant(np.eye(v.shape[-1], dtype=raw(values).dtype), values)
        gaps = values[..., None, :] - values[..., :, None] + eye
        inner = inner * ((1 - eye) / gaps)
        if dvalues is not None:
            inner = inner + dvalues[..., None, :] * eye
        dx = K.matmul(K.matmul(v, inner), h(v))
        return (dx + h(dx)) / 2


def eigh_of(x, lower=True):
    """Eigenvalues and vectors, on arrays or Tensors."""
    return Eigh.run((x, lower)) if isinstance(x, Tensor) else lapack.eigh(x, lower)


@internal("linalg_eigvalsh", tensors=1, node="LinalgEigh")
class Eigvalsh:
    """The eigenvalues alone: dX = V dL Vᴴ"""

    def forward(x, lower):
        values = lapack.eigvalsh(x, lower)
        _converged("linalg.eigh", values)
        return values

    def backward(c, dvalues, x, lower):
        _, v = eigh_of(x, lower)
        return K.matmul(v * dvalues[..., None, :], h(v))


def _converged(name, values):
    found = batch_error(np.isnan(values).any(-1)) if values.size else None
    if found:
        raise LinAlgError(
            f"{name}: {found[0]}The algorithm failed to converge because the input matrix is "
            "ill-conditioned or has too many repeated eigenvalues"
        )


def _prepared_eigh(x, uplo):
    square("linalg.eigh", x)
    if not isinstance(uplo, str) or uplo.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {uplo}")
    full_floats("linalg_eigh_cpu", x)
    return x, uplo.upper() == "L"


@composite("eigh(A, UPLO: str = 'L', *, out=None)", at="linalg")
def eigh(A, UPLO):
    """Eigenvalues, ascending, and eigenvectors of a hermitian A: A V = V L.

    UPLO    which triangle of A is read: 'L', the lower one, or 'U'
    shape   A (*, N, N) -> eigenvalues (*, N) real, eigenvectors (*, N, N), in columns
    grad    dA = V (dL + Vᴴ dV / (l_j - l_i)) Vᴴ
    errors  RuntimeError: no square matrices, integers, another UPLO
    """
    return Eigh.run(_prepared_eigh(A, UPLO))


@composite("eigvalsh(A, UPLO: str = 'L', *, out=None)", at="linalg")
def eigvalsh(A, UPLO):
    """Eigenvalues of a hermitian A, ascending. A (*, N, N) -> (*, N) real

    errors  RuntimeError: no square matrices, integers, another UPLO than 'L' and 'U'
    """
    return Eigvalsh.run(_prepared_eigh(A, UPLO))


# ---------------------------------------------------------------- other matrices


@internal("linalg.eig", tensors=1, outputs=2, returns=("eigenvalues", "eigenvectors"), fill=False,
          node="LinalgEig")  # fmt: skip
class Eig:
    """X V = V L;  dX = V⁻ᴴ (dL + (Vᴴ dV - Vᴴ V Re diag(Vᴴ dV)) / (l_j - l_i)*) Vᴴ"""

    def forward(x):
        return lapack.eig(x)

    def backward(c, dvalues, dvectors, x, out, out1):
        values, v = out, out1
        eye = _eye(x.shape[-1], values)
        inner = 0
        if dvectors is not None:
            inner = K.matmul(h(v), dvectors)
            along = _diagonal(inner)
            _refuse_phase(K.imag(along), _phase_of_eigenvectors("linalg_eig_backward"))
            inner = inner - K.matmul(h(v), v) * K.real(along)[..., None, :]
            gaps = K.conj(values[..., None, :] - values[..., :, None]) + eye
            inner = inner * ((1 - eye) / gaps)
        if dvalues is not None:
            inner = inner + dvalues[..., None, :] * eye
        dx = K.matmul(K.matmul(h(inverse_of(v)), inner), h(v))
        return dx if K.is_complex(x) else K.real(dx)


def _prepared_eig(name, x):
    square(name, x)
    if x.dtype.category < FLOAT:
        raise RuntimeError(f"Unknown Complex ScalarType for {scalar_name(x.dtype)}")
    full_floats("linalg_eig_out_cpu", x)
    if not np.isfinite(x._a).all():
        raise RuntimeError("torch.linalg.eig: input tensor should not contain infs or NaNs.")


@composite("eig(A, *, out=None)", at="linalg")
def eig(A):
    """Eigenvalues and eigenvectors: A V = V L. Those of real matrices are complex, too.

    shape   A (*, N, N) -> eigenvalues (*, N), eigenvectors (*, N, N), in columns
    grad    through both, as long as all eigenvalues differ
    errors  RuntimeError: no square matrices, integers, inf or nan in A
    """
    _prepared_eig("linalg.eig", A)
    return Eig.run((A,))


@composite("eigvals(A, *, out=None)", at="linalg")
def eigvals(A):
    """Eigenvalues, complex. A (*, N, N) -> (*, N)

    errors  RuntimeError: no square matrices, integers, inf or nan in A
    """
    _prepared_eig("linalg.eigvals", A)
    return Eig.run((A,))[0] if A.requires_grad and not A._duals else Eigvals.run((A,))


@internal("linalg_eigvals", tensors=1, node="LinalgEig")
class Eigvals:
    """The eigenvalues alone;  dX = V⁻ᴴ dL Vᴴ"""

    def forward(x):
        return lapack.eigvals(x)

    def backward(c, dvalues, x):
        v = Eig.run((x,))[1] if isinstance(x, Tensor) else lapack.eig(x)[1]
        dx = K.matmul(h(inverse_of(v)), dvalues[..., None] * h(v))
        return dx if K.is_complex(x) else K.real(dx)


# ---------------------------------------------------------------- singular values


@internal("linalg.svd", tensors=1, outputs=3, returns=("U", "S", "Vh"), fill=False,
          node="LinalgSvd")  # fmt: skip
class Svd:
    """X = U S Vᴴ

    grad    dX = U (skew(Uᴴ dU) / E S + S skew(Vᴴ dV) / E + dS) Vᴴ, E = s_j² - s_i², and what of dU
            and dV lies outside of U and V, divided by S
    """

    def forward(x, full):
        u, s, vh = lapack.svd(x, full)
        _finite(s)
        return u, s, vh

    def backward(c, du, ds, dvh, x_shape, out, out1, out2):
        k = min(x_shape[-2:])
        u, s, vh = out[..., :k], out1, out2[..., :k, :]
        if du is None and dvh is None:
            return K.matmul(u * ds[..., None, :], vh)
        du = du[..., :k] if du is not None else K.zeros_like(u)
        dvh = dvh[..., :k, :] if dvh is not None else K.zeros_like(vh)
        return _svd_dx(u, s, vh, du, ds, dvh)


def _skew(x):
    return x - h(x)


def _svd_dx(u, s, vh, du, ds, dvh):
    eye = _eye(s.shape[-1], s)
    gaps = (s[..., None, :] - s[..., :, None]) * (s[..., None, :] + s[..., :, None]) + eye
    gaps = (1 - eye) / gaps
    a, b = K.matmul(h(u), du), K.matmul(dvh, h(vh))
    inner = _skew(a) * gaps * s[..., None, :] + s[..., :, None] * (_skew(h(b)) * gaps)
    if K.is_complex(u):
        along, other = K.imag(_diagonal(a)), K.imag(_diagonal(h(b)))
        _refuse_phase(
            along + other,
            "svd_backward: The singular vectors in the complex case are specified up to "
            "multiplication by e^{i phi}. The specified loss function depends on this phase term, "
            "making it ill-defined.",
        )
        inner = inner + (1j * (along / s))[..., None, :] * eye
    if ds is not None:
        inner = inner + ds[..., None, :] * eye
    dx = K.matmul(K.matmul(u, inner), vh)
    if u.shape[-2] > u.shape[-1]:
        dx = dx + K.matmul((du - K.matmul(u, a)) / s[..., None, :], vh)
    if vh.shape[-1] > vh.shape[-2]:
        dx = dx + K.matmul(u, (dvh - K.matmul(b, vh)) / s[..., :, None])
    return dx


def svd_of(x, full=False):
    """U, S, Vᴴ, on arrays or Tensors."""
    return Svd.run((x, full)) if isinstance(x, Tensor) else lapack.svd(x, full)


@internal("linalg_svdvals", tensors=1, node="LinalgSvd")
class SingularValues:
    """The singular values alone: dX = U dS Vᴴ"""

    def forward(x):
        s = lapack.singular_values(x)
        _finite(s)
        return s

    def backward(c, ds, x):
        u, _, vh = svd_of(x, False)
        return K.matmul(u * ds[..., None, :], vh)

    def samples(make):
        yield make(3, 3)
        yield make(2, 4, 3)
        yield make(4, 3).T


def _finite(s):
    found = batch_error(np.isnan(s).any(-1)) if s.size else None
    if found:
        raise LinAlgError(
            f"linalg.svd: {found[0]}The algorithm failed to converge because the input matrix "
            "contained non-finite values."
        )


def _prepared_svd(x, driver=None):
    floating("linalg.svd", x)
    matrices("linalg.svd", x)
    if driver is not None:
        raise RuntimeError(
            "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with "
            "cuSOLVER backend."
        )
    full_floats("linalg_svd_cpu", x)


def singular_values(x):
    """(*, K), descending, with PyTorch's checks."""
    _prepared_svd(x)
    return SingularValues.run((x,))


@composite("svd(A, full_matrices: bool = True, *, driver: str | None = None, out=None)",
           at="linalg")  # fmt: skip
def linalg_svd(A, full_matrices, *, driver):
    """A = U S Vᴴ: U and V have orthonormal columns, S descends.

    full_matrices  False: U (*, N, K) and Vh (*, K, M) only
    shape          A (*, N, M) -> U (*, N, N), S (*, K) real, Vh (*, M, M)
    grad           of the first K columns of U and V, as long as all of S differ
    errors         RuntimeError: no matrix, integers, a driver (they are CUDA's); LinAlgError: inf
                   or nan in A
    """
    _prepared_svd(A, driver)
    return Svd.run((A, bool(full_matrices)))


@composite("svdvals(A, *, driver: str | None = None, out=None)", at="linalg")
def svdvals(A, *, driver):
    """Singular values, descending. A (*, N, M) -> (*, K) real

    errors  RuntimeError: no matrix, integers, a driver; LinAlgError: inf or nan in A
    """
    _prepared_svd(A, driver)
    return SingularValues.run((A,))


@composite("svd(input, some: bool = True, compute_uv: bool = True, *, out=None)",
           at="torch Tensor")  # fmt: skip
def svd(input, some, compute_uv):
    """input = U S Vᴴ, the older name: it returns V, not Vᴴ, and by default K columns.

    compute_uv  False: U and V are zeros
    shape       input (*, N, M) -> U (*, N, K), S (*, K), V (*, M, K)
    errors      RuntimeError: no matrix, integers; LinAlgError: inf or nan in input

    >>> torch.svd(tensor([[3.0], [4.0]])).S
    tensor([5.])
    """
    if input.ndim < 2:
        raise RuntimeError(
            "linalg.svd: input should have at least 2 dimensions, but has "
            f"{input.ndim} dimensions instead"
        )
    _prepared_svd(input)
    if not compute_uv:
        s = lapack.singular_values(input._a)
        _finite(s)
        n, m = input.shape[-2:]
        u, v = (input.new_zeros((*input.shape[:-2], k, k)) for k in (n, m))
        return named("svd", u, wrap(s), v)
    u, s, vh = Svd.run((input, not some))
    return named("svd", u, s, h(vh))
