"""Householder's reflections: QR, the products of reflections that make its Q.

N, M rows and columns, K reflections, * batch.
"""

from __future__ import annotations

import numpy as np

from ..core.dtype import scalar_name
from ..dispatch.messages import tensor_argument
from ..dispatch.registry import composite, internal, op
from ..kernels import K
from .linear_algebra import eye_like, floating, full_floats, h, matrices, named
from .solve import triangular_of


def _reflections(x):
    """The vectors v of Householder's reflections: below the diagonal of x, on it 1."""
    return K.tril(x, -1) + eye_like(x)


@op("householder_product(input, tau: Tensor, *, out=None)", at="linalg",
    node="LinalgHouseholderProduct", tensors=2)  # fmt: skip
class HouseholderProduct:
    """Q = H₁ H₂ ... H_K of which the first M columns;  H = I - τ v vᴴ

    input   v₁ ... v_K below its diagonal, where they are 1
    shape   input (*, N, M), tau (*, K) -> Q (*, N, M), K <= M <= N
    dtype   floating and complex, of 4 bytes or more
    grad    through each reflection, from the last to the first
    errors  RuntimeError: shapes or dtypes that do not fit
    source  Golub & Van Loan, Matrix Computations, 5.1.6

    >>> torch.linalg.householder_product(torch.ones(2, 2), tensor([1.0, 0.0]))
    tensor([[ 0., -1.],
            [-1.,  0.]])
    """

    def prepare(input, tau):
        tensor_argument("linalg_householder_product", tau, "tau", 2)
        name, shape = "torch.linalg.householder_product", input._a.shape
        if len(shape) < 2:
            raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
        if shape[-2] < shape[-1]:
            raise RuntimeError(
                f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]"
            )
        if tau.ndim and shape[-1] < tau._a.shape[-1]:
            raise RuntimeError(
                f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]"
            )
        if len(shape) - tau.ndim != 1:
            raise RuntimeError(
                f"{name}: Expected tau to have one dimension less than input, but got tau.ndim "
                f"equal to {tau.ndim} and input.ndim is equal to {len(shape)}"
            )
        if tau._a.shape[:-1] != shape[:-2]:
            raise RuntimeError(
                f"{name}: Expected batch dimensions of tau to be equal to input.shape[:-2], but "
                f"got {list(tau._a.shape[:-1])}"
            )
        if tau.dtype is not input.dtype:
            raise RuntimeError(
                f"{name}: tau dtype {scalar_name(tau.dtype)} does not match input dtype "
                f"{scalar_name(input.dtype)}"
            )
        return input, tau

    def forward(x, tau):
        full_floats("orgqr_cpu", x)
        v = _reflections(x)
        q = eye_like(x)
        for i in reversed(range(tau.shape[-1])):
            q = _reflected(q, v[..., i : i + 1], tau[..., i, None, None])
        return q

    def backward(c, dq, x, tau, out):
        v, k = _reflections(x), tau.shape[-1]
        partial = [eye_like(x)]  # the products H_i ... H_K
        for i in reversed(range(k)):
            q = _reflected(partial[-1], v[..., i : i + 1], tau[..., i, None, None])
            partial.append(q)
        dv, dtau = [], []
        for i in range(k):
            w, t, q = v[..., i : i + 1], tau[..., i, None, None], partial[k - 1 - i]
            p, s = K.matmul(h(w), q), K.matmul(h(w), dq)  # (*, 1, M)
            dtau.append(-K.matmul(s, h(p))[..., 0])
            dp = -K.conj(t) * s
            dv.append(-K.conj(t) * K.matmul(dq, h(p)) + K.matmul(q, h(dp)))
            dq = dq + K.matmul(w, dp)
        if not k:
            return K.zeros_like(x), K.zeros_like(tau)
        rest = x.shape[-1] - k
        columns = K.concatenate(dv, -1)
        if rest:
            columns = K.concatenate([columns, K.zeros_like(x[..., :rest])], -1)
        return K.tril(columns, -1), K.concatenate(dtau, -1)

    def samples(make):
        low, high = -0.5, 0.5
        yield make(4, 3, low=low, high=high), make(3, low=0.5, high=1.5)
        yield make(2, 4, 4, low=low, high=high), make(2, 3, low=0.5, high=1.5)
        yield make(3, 4, low=low, high=high).T, make(2, low=0.5, high=1.5)
        yield make(3, 2), make(0)


def _reflected(q, v, tau):
    """H Q"""
    return q - tau * K.matmul(v, K.matmul(h(v), q))


@op("geqrf(input, *, out=None)", at="torch Tensor", outputs=2, returns=("a", "tau"))
class Geqrf:
    """A = Q R: R on and above the diagonal of a, the reflections that make Q below it, and tau

    shape   A (*, N, M) -> a (*, N, M), tau (*, min(N, M)); Q is householder_product(a, tau)
    dtype   floating and complex, of 4 bytes or more
    grad    none
    errors  RuntimeError: no matrices; NotImplementedError: integers

    >>> torch.geqrf(tensor([[3.0], [4.0]])).tau
    tensor([1.6000])
    """

    def prepare(input):
        if input.ndim < 2:
            raise RuntimeError("torch.geqrf: input must have at least 2 dimensions.")
        return (input,)

    def forward(x):
        full_floats("geqrf_cpu", x)
        a, tau = np.linalg.qr(x, mode="raw")
        return _rows(np.swapaxes(a, -1, -2), x), _rows(tau, x)

    def samples(make):
        yield make(4, 3)
        yield make(2, 3, 3)
        yield make(4, 3).T


def _rows(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    return K.dense(y).astype(x.dtype, copy=False)


# ---------------------------------------------------------------- QR


def _conjugate_half(x):
    """The upper triangle with its conjugate below it, the diagonal real."""
    upper = K.triu(x, 1)
    diagonal = K.triu(K.tril(x))
    diagonal = (diagonal + K.conj(diagonal)) / 2
    return upper + h(upper) + diagonal


@internal("linalg.qr", tensors=1, outputs=2, returns=("Q", "R"), node="LinalgQr")
class Qr:
    """X = Q R for X (*, N, M)

    grad    dX = (dQ + Q S) R⁻ᴴ,  S the upper triangle of dR Rᴴ - Qᴴ dQ and its conjugate below
    source  Walter & Lehmann 2012, arXiv:1009.6112
    """

    def forward(x, mode):
        k = min(x.shape[-2:])
        if mode == "r":
            return np.zeros(0, x.dtype), _rows(np.linalg.qr(x, mode="r"), x)
        if not x.size:
            n, m = x.shape[-2:]
            k = n if mode == "complete" else k
            q = np.zeros((*x.shape[:-2], n, k), x.dtype)
            q[...] = np.eye(n, k)
            return q, np.zeros((*x.shape[:-2], k, m), x.dtype)
        q, r = np.linalg.qr(x, mode=mode)
        return _rows(q, x), _rows(r, x)

    def backward(c, dq, dr, x, out, out1, mode):
        n, m = x.shape[-2:]
        if mode == "r":
            raise RuntimeError(
                "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. "
                "Please use linalg.qr(A, mode='reduced') if you are going to differentiate "
                "through linalg.qr."
            )
        if mode == "complete" and n > m:
            raise RuntimeError(
                "The QR decomposition is not differentiable when mode='complete' and nrows > ncols."
            )
        q, r = out, out1
        if n >= m:
            return _qr_dx(q, r, dq, dr)
        rest = dr[..., n:]  # X = (X₁ X₂), R = (R₁ Qᴴ X₂)
        dq = dq + K.matmul(x[..., n:], h(rest))
        dx = _qr_dx(q, r[..., :n], dq, dr[..., :n])
        return K.concatenate([dx, K.matmul(q, rest)], -1)

    def samples(make):
        yield make(4, 3), "reduced"
        yield make(3, 4), "reduced"
        yield make(2, 3, 3), "complete"


def _qr_dx(q, r, dq, dr):
    dx = dq + K.matmul(q, _conjugate_half(K.matmul(dr, h(r)) - K.matmul(h(q), dq)))
    return triangular_of(h(r), dx, False, False, False)


def qr_of(x, mode="reduced"):
    """Q and R of a Tensor. RuntimeError: no matrix, integers, another mode."""
    matrices("linalg.qr", x)
    floating("linalg.qr", x)
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), "
            "'r', or 'complete'"
        )
    full_floats("geqrf_cpu", x)
    return Qr.run((x, mode))


@composite("qr(A, mode: str = 'reduced', *, out=None)", at="linalg")
def linalg_qr(A, mode):
    """A = Q R: Q has orthonormal columns, R is an upper triangle.

    mode    'reduced': Q (*, N, K), R (*, K, M) with K = min(N, M); 'complete': Q (*, N, N),
            R (*, N, M); 'r': Q is empty
    errors  RuntimeError: no matrix, integers, another mode; backward of 'r', and of 'complete'
            with N > M
    """
    return qr_of(A, mode)


@composite("qr(input, some: bool = True, *, out=None)", at="torch Tensor")
def qr(input, some):
    """A = Q R, the older name: some=False is linalg.qr's mode 'complete'.

    shape   input (*, N, M) -> Q (*, N, K), R (*, K, M)
    errors  RuntimeError: no matrix, integers

    >>> torch.qr(tensor([[3.0], [4.0]])).R
    tensor([[-5.]])
    """
    return named("qr", *qr_of(input, "reduced" if some else "complete"))


@composite("orgqr(input, input2: Tensor, *, out=None)", at="torch Tensor")
def orgqr(input, input2):
    """linalg.householder_product(input, tau), LAPACK's name. (*, N, M), (*, K) -> (*, N, M)

    errors  RuntimeError: shapes or dtypes that do not fit
    """
    tensor_argument("orgqr", input2, "input2", 2)
    return HouseholderProduct(input, input2)


@composite(
    "ormqr(input, tau: Tensor, other: Tensor, left: bool = True, transpose: bool = False, *, "
    "out=None)",
    at="torch Tensor",
)
def ormqr(input, tau, other, left, transpose):
    """Q C, or C Q (left=False), with all N columns of the Q of geqrf; transpose: Qᴴ.

    shape   input (*, N, K), tau (*, K), other (*, N, M) or (*, M, N) -> as other
    errors  RuntimeError: shapes or dtypes that do not fit

    >>> a, tau = torch.geqrf(tensor([[3.0], [4.0]]))
    >>> torch.ormqr(a, tau, tensor([[3.0], [4.0]]), transpose=True)[0]
    tensor([-5.])
    """
    _check_ormqr(input, tau, other, left)
    full_floats("ormqr_cpu", input)
    v, y = _reflections(input), other if left else h(other)
    turned = transpose if left else not transpose
    k = tau.shape[-1]
    for i in range(k) if turned else reversed(range(k)):
        s = tau[..., i, None, None]
        y = _reflected(y, v[..., i : i + 1], K.conj(s) if turned else s)
    y = y if left else h(y)
    return y.clone() if y is other else y


def _check_ormqr(x, tau, other, left):
    name = "torch.ormqr"
    for argument, y in (("input", x), ("other", other)):
        if y.ndim < 2:
            raise RuntimeError(f"{name}: {argument} must have at least 2 dimensions.")
    side = -2 if left else -1
    if other.shape[side] != x.shape[-2]:
        raise RuntimeError(f"{name}: other.shape[{side}] must be equal to input.shape[-2]")
    if tau.ndim and tau.shape[-1] != min(other.shape[side], x.shape[-1]):
        raise RuntimeError(
            f"{name}: tau.shape[-1] must be equal to min(other.shape[{side}], input.shape[-1])"
        )
    if x.ndim - tau.ndim != 1:
        raise RuntimeError(
            f"{name}: Expected tau to have one dimension less than input, but got tau.ndim equal "
            f"to {tau.ndim} and input.ndim is equal to {x.ndim}"
        )
    if x.ndim != other.ndim:
        raise RuntimeError(
            f"{name}: Expected other to have the same number of dimensions as input, but got "
            f"other.ndim equal to {other.ndim} and input.ndim is equal to {x.ndim}"
        )
    for argument, y in (("tau", tau), ("other", other)):
        if y.shape[: x.ndim - 2] != x.shape[:-2]:
            raise RuntimeError(
                f"{name}: Expected batch dimensions of {argument} to be equal to "
                f"input.shape[:-2], but got {list(y.shape[: x.ndim - 2])}"
            )
        if y.dtype is not x.dtype:
            raise RuntimeError(
                f"{name}: Expected input and {argument} to have the same dtype, but input has "
                f"dtype{scalar_name(x.dtype)} and {argument} has dtype {scalar_name(y.dtype)}"
            )
