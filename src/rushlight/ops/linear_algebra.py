"""Matrices: exponential, linear equations, products of Householder reflections, QR.

N, M rows and columns, K right-hand sides or reflections, * batch. Equations and factors come from
NumPy's LAPACK.
"""

from __future__ import annotations

import numpy as np

from ..core.dtype import FLOAT, scalar_name
from ..core.tensor import Tensor
from ..dispatch.messages import not_implemented, tensor_argument
from ..dispatch.registry import composite, op
from ..kernels import K


class LinAlgError(RuntimeError):
    """A matrix that the operation is not defined for: torch.linalg.LinAlgError."""


LinAlgError.__name__ = LinAlgError.__qualname__ = "_LinAlgError"  # as PyTorch prints it


def _square(name: str, x: Tensor) -> None:
    """RuntimeError: no floating or complex square matrices."""
    shape = x._a.shape
    if x.dtype.category < FLOAT:
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. "
            f"Got {scalar_name(x.dtype)}"
        )
    if len(shape) < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if shape[-1] != shape[-2]:
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but they are {shape[-2]} by "
            f"{shape[-1]} matrices"
        )


def _full_floats(kernel: str, x: Tensor) -> None:
    """NotImplementedError: integers and 2-byte floats, which LAPACK has no code for."""
    if x.dtype.category < FLOAT or x._a.dtype.kind not in "fc" or x._a.itemsize == 2:
        raise not_implemented(kernel, x._a)


def _t(x):
    return K.swapaxes(x, -1, -2)


def _h(x):
    return K.conj(K.swapaxes(x, -1, -2))


# ---------------------------------------------------------------- matrix_exp

# [13/13] Padé approximant of exp and the norm up to which it is exact to double precision
_PADE = np.array([
    64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000,
    10559470521600, 670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
], dtype=np.float64)  # fmt: skip
_NORM = 5.371920351148152


def _exp(x):
    """exp of matrices x (*, N, N), in double precision: scaled, approximated, squared."""
    a = x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)
    if not a.size:
        return x.copy()
    squarings = _squarings(a)
    a = a / np.exp2(squarings)[..., None, None]
    even, odd, power, square = _PADE[0] * _identity(a), _PADE[1] * _identity(a), None, a @ a
    for i in range(2, 14, 2):
        power = square if power is None else power @ square
        even, odd = even + _PADE[i] * power, odd + _PADE[i + 1] * power
    odd = a @ odd
    try:
        y = np.linalg.solve(even - odd, even + odd)
    except np.linalg.LinAlgError:  # of nan and inf
        return np.full_like(x, np.nan)
    for i in range(int(squarings.max(initial=0))):
        y = np.where((squarings > i)[..., None, None], y @ y, y)
    return y.astype(x.dtype)


def _exp_derivative(x, e):
    """The derivative of exp at x in the direction e: the same steps, each with its derivative.

    It is the upper right block of exp [[x, e], [0, x]], at 3/8 of the cost.
    """
    if isinstance(x, Tensor):
        n, nothing = x.shape[-1], K.zeros_like(x)
        upper, lower = K.concatenate([x, e], -1), K.concatenate([nothing, x], -1)
        return MatrixExp.run((K.concatenate([upper, lower], -2),))[..., :n, n:]
    a = x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)
    if not a.size:
        return x.copy()
    squarings = _squarings(a)
    scale = np.exp2(squarings)[..., None, None]
    a, e = a / scale, e / scale

    def times(p, q):
        return p[0] @ q[0], p[0] @ q[1] + p[1] @ q[0]

    eye = _identity(a)
    even, odd = (_PADE[0] * eye, 0.0), (_PADE[1] * eye, 0.0)
    power, square = None, times((a, e), (a, e))
    for i in range(2, 14, 2):
        power = square if power is None else times(power, square)
        even = tuple(s + _PADE[i] * p for s, p in zip(even, power, strict=True))
        odd = tuple(s + _PADE[i + 1] * p for s, p in zip(odd, power, strict=True))
    odd = times((a, e), odd)
    below = even[0] - odd[0]
    try:
        y = np.linalg.solve(below, even[0] + odd[0])
        dy = np.linalg.solve(below, even[1] + odd[1] - (even[1] - odd[1]) @ y)
    except np.linalg.LinAlgError:
        return np.full_like(x, np.nan)
    for i in range(int(squarings.max(initial=0))):
        more = (squarings > i)[..., None, None]
        dy = np.where(more, y @ dy + dy @ y, dy)
        y = np.where(more, y @ y, y)
    return dy.astype(x.dtype)


def _squarings(a: np.ndarray) -> np.ndarray:
    """How often each matrix is halved, so that its norm is small enough for the approximant."""
    norm = np.abs(a).sum(-2).max(-1)
    with np.errstate(all="ignore"):
        found = np.ceil(np.log2(np.where(norm > _NORM, norm / _NORM, 1.0)))
    return np.where(np.isfinite(found), found, 0.0)


def _identity(a: np.ndarray) -> np.ndarray:
    return np.eye(a.shape[-1], dtype=a.dtype)


@op("matrix_exp(input)", at="torch Tensor linalg", node="LinalgMatrixExp", accumulate=True)
class MatrixExp:
    """Y = I + X + X² / 2 + X³ / 6 + ...

    shape   X (*, N, N) -> Y (*, N, N)
    dtype   floating and complex
    grad    the upper right block of exp [[Xᴴ, dY], [0, Xᴴ]]
    errors  RuntimeError: no square matrices, integers
    source  Higham 2005, SIAM J. Matrix Anal. Appl. 26(4)

    >>> torch.matrix_exp(tensor([[0.0, 1.0], [0.0, 0.0]]))
    tensor([[1., 1.],
            [0., 1.]])
    """

    def prepare(input):
        _square("linalg.matrix_exp", input)
        return (input,)

    def forward(x):
        return _exp(x)

    def backward(c, dy, x):
        return _exp_derivative(_h(x), dy)

    def samples(make):
        yield make(3, 3)
        yield make(2, 4, 4)
        yield make(3, 3).T
        yield make(0, 0)


# ---------------------------------------------------------------- solve


def _solution(x, y, left, vector):
    """Z with X Z = Y, or Z X = Y; y holds vectors or matrices."""
    if isinstance(x, Tensor):
        return Solve.run((x, y, left, vector))
    y = y[..., None] if vector else y
    if not left:
        x, y = _t(x), _t(y)
    try:
        z = np.linalg.solve(x, y)
    except np.linalg.LinAlgError:
        raise LinAlgError(_which_is_singular(x)) from None
    z = z if left else _t(z)
    return z[..., 0] if vector else z


def _which_is_singular(x: np.ndarray) -> str:
    where = ""
    for i, a in enumerate(x.reshape(-1, *x.shape[-2:])) if x.ndim > 2 else ():
        try:
            np.linalg.solve(a, a)
        except np.linalg.LinAlgError:
            where = f"(Batch element {i}): "
            break
    return f"torch.linalg.solve: {where}The solver failed because the input matrix is singular."


@op("solve(A: Tensor, B: Tensor, *, left=True, out=None)", at="linalg", node="LinalgSolveEx",
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
        _square("linalg.solve", A)
        a, b = A._a.shape, B._a.shape
        if A.dtype is not B.dtype:
            raise RuntimeError(
                "linalg.solve: Expected A and B to have the same dtype, but found A of type "
                f"{scalar_name(A.dtype)} and B of type {scalar_name(B.dtype)} instead"
            )
        if not b:
            raise RuntimeError("linalg.solve: The input tensor B must have at least 2 dimensions.")
        vector = len(b) == 1 or b == a[:-1]
        rows, columns = (b[-1], 1) if vector else b[-2:]
        if a[-1] != (rows if left else columns):
            raise RuntimeError(
                "linalg.solve: Incompatible shapes of A and B for the equation "
                f"{'AX = B' if left else 'XA = B'} ({a[-2]}x{a[-1]} and {rows}x{columns})"
            )
        _full_floats("lu_cpu", A)
        for m, n in zip(reversed(a[:-2]), reversed(b[:-1] if vector else b[:-2]), strict=False):
            if m != n and m != 1 and n != 1:
                raise RuntimeError(
                    f"The size of tensor a ({n}) must match the size of tensor b ({m}) at "
                    "non-singleton dimension 0"
                )
        return A, B, left, vector

    def forward(x, y, left, vector):
        return _solution(x, y, left, vector)

    def backward(c, dz, x, out, left, vector):
        dy = _solution(_h(x), dz, left, vector)
        if not c.needs(0):
            return None, dy
        a, b = (dy[..., None], out[..., None]) if vector else (dy, out)
        return -K.matmul(a, _h(b)) if left else -K.matmul(_h(b), a), dy

    def samples(make):
        yield _regular(make, 3), make(3, 2)
        yield _regular(make, 3), make(3)
        yield _regular(make, 2, 3), make(2, 3)
        yield _regular(make, 2, 3), make(3, 4)
        yield _regular(make, 3), make(2, 3), {"left": False}


def _regular(make, *shape):
    """Matrices far from singular: their diagonal is large."""
    x = make(*shape, shape[-1])
    array = x._a if isinstance(x, Tensor) else x
    array += 4 * np.eye(shape[-1], dtype=array.dtype)
    return x


# ---------------------------------------------------------------- QR


def _reflections(x):
    """The vectors v of Householder's reflections: below the diagonal of x, on it 1."""
    return K.tril(x, -1) + _eye(x)


def _eye(x):
    """Ones on the diagonal, in x's shape."""
    return K.tril(K.triu(K.ones_like(x)))


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
        _full_floats("orgqr_cpu", input)
        return input, tau

    def forward(x, tau):
        v = _reflections(x)
        q = _eye(x)
        for i in reversed(range(tau.shape[-1])):
            q = _reflected(q, v[..., i : i + 1], tau[..., i, None, None])
        return q

    def backward(c, dq, x, tau):
        v, k = _reflections(x), tau.shape[-1]
        partial = [_eye(x)]  # the products H_i ... H_K
        for i in reversed(range(k)):
            q = _reflected(partial[-1], v[..., i : i + 1], tau[..., i, None, None])
            partial.append(q)
        dv, dtau = [], []
        for i in range(k):
            w, t, q = v[..., i : i + 1], tau[..., i, None, None], partial[k - 1 - i]
            p, s = K.matmul(_h(w), q), K.matmul(_h(w), dq)  # (*, 1, M)
            dtau.append(-K.matmul(s, _h(p))[..., 0])
            dp = -K.conj(t) * s
            dv.append(-K.conj(t) * K.matmul(dq, _h(p)) + K.matmul(q, _h(dp)))
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
    return q - tau * K.matmul(v, K.matmul(_h(v), q))


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
        _full_floats("geqrf_cpu", input)
        return (input,)

    def forward(x):
        a, tau = np.linalg.qr(x, mode="raw")
        return _rows(np.swapaxes(a, -1, -2), x), _rows(tau, x)

    def samples(make):
        yield make(4, 3)
        yield make(2, 3, 3)
        yield make(4, 3).T


def _rows(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(y, x.dtype)


@composite("orgqr(input, input2: Tensor, *, out=None)", at="torch Tensor")
def orgqr(input, input2):
    """The older name of `torch.linalg.householder_product`; errors as there."""
    tensor_argument("orgqr", input2, "input2", 2)
    return HouseholderProduct(input, input2)
