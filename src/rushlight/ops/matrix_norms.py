"""Norms of matrices and vectors, and what singular values say: rank, condition, pseudoinverse,
least squares.

N, M rows and columns, K right-hand sides, * batch.
"""

from __future__ import annotations

import math

import numpy as np

from ..core.dtype import COMPLEX, FLOAT, promote_types, scalar_name
from ..core.tensor import Tensor, wrap
from ..dispatch.registry import cast, composite, internal
from ..kernels import K, lapack
from .eigen import Eigvalsh, singular_values
from .linear_algebra import (
    InvEx,
    floating,
    h,
    matrices,
    named,
    raw,
    square,
)
from .reduce import axis_of
from .solve import same_batch
from .vector_norm import vector_norm

# ---------------------------------------------------------------- norms


def _as(name, x, dtype):
    """x in `dtype`, which must not be narrower."""
    floating(name, x)
    if dtype is None or dtype is x.dtype:
        return x
    kind = scalar_name(dtype)
    if dtype.category < FLOAT:
        raise RuntimeError(f"{name}: dtype should be floating point or complex, but got {kind}")
    if (dtype.category == COMPLEX) != x.is_complex():
        which = "complex for complex" if x.is_complex() else "real for real"
        raise RuntimeError(f"{name}: dtype should be {which} inputs, but got {kind}")
    if promote_types(x.dtype, dtype) is not dtype:
        raise RuntimeError(
            f"{name}: the dtype of the input ({scalar_name(x.dtype)}) should be convertible "
            f"without narrowing to the specified dtype ({kind})"
        )
    return cast(x, dtype)


@composite(
    "vector_norm(input, ord: float = 2, dim: int | Sequence[int] | None = None, keepdim=False, *, "
    "dtype=None, out=None)",
    at="linalg",
)
def linalg_vector_norm(input, ord, dim, keepdim, *, dtype):
    """(Σ |x|^p)^(1/p) of all elements or over dim; the largest for inf, the smallest for -inf, how
    many are not 0 for 0.

    dtype   input is cast to it first
    errors  RuntimeError: integers, a complex order, the largest of nothing
    """
    if isinstance(ord, str) or ord is None:
        raise TypeError(
            "linalg_vector_norm(): argument 'ord' (position 2) must be Number, not "
            f"{type(ord).__name__}"
        )
    if isinstance(ord, complex):
        raise RuntimeError(
            "linalg.vector_norm: Expected a non-complex scalar as the order of norm."
        )
    x = _as("linalg.vector_norm", input, dtype)
    return vector_norm(x, ord, None if dim in ((), []) else dim, keepdim)


_ORDERS = (1, -1, 2, -2, math.inf, -math.inf)


@composite(
    "matrix_norm(input, ord: float | str = 'fro', dim: Sequence[int] = (-2, -1), keepdim=False, *, "
    "dtype=None, out=None)",
    at="linalg",
)
def matrix_norm(input, ord, dim, keepdim, *, dtype):
    """The norm of matrices.

    ord     'fro' (Euclidean), 'nuc' (the sum of the singular values), 2, -2 (the largest, the
            smallest of them), 1, -1 (the largest, the smallest sum of a column), inf, -inf (of a
            row)
    dim     the two dimensions of the matrices
    shape   input (*, N, M) -> (*)
    errors  RuntimeError: integers, fewer than two dimensions, another order
    """
    name = "linalg.matrix_norm"
    floating(name, input)
    if not (ord in ("fro", "nuc") if isinstance(ord, str) else ord in _ORDERS):
        raise RuntimeError(f"{name}: Order {ord} not supported.")
    matrices(name, input)
    a, b = _two(name, dim, input.ndim)
    if ord in ("nuc", 2, -2):
        floating(name, input, False)
    x = _as(name, input, dtype)
    if ord == "fro":
        return vector_norm(x, 2, (a, b), keepdim)
    if ord in ("nuc", 2, -2):
        s = singular_values(x.movedim((a, b), (-2, -1)))
        y = s.sum(-1) if ord == "nuc" else _extreme(s, -1, ord > 0, False)
        return y.unsqueeze(min(a, b)).unsqueeze(max(a, b)) if keepdim else y
    first, second = (a, b) if abs(ord) == 1 else (b, a)
    sums = vector_norm(x, 1, first, True)
    y = _extreme(sums, second, ord > 0, True)
    return y if keepdim else y.squeeze((a, b))


def _extreme(x, dim, largest, keepdim):
    if largest and not x.shape[dim]:
        return x.sum(dim, keepdim=keepdim)  # of nothing: 0
    return x.amax(dim, keepdim) if largest else x.amin(dim, keepdim)


def _two(name, dim, ndim):
    if isinstance(dim, int):
        raise TypeError("linalg_matrix_norm(): argument 'dim' must be tuple of ints, not int")
    if len(dim) != 2:
        said = " ".join(map(str, dim))
        raise RuntimeError(f"{name}: dim must be a 2-tuple. Got {said}")
    a, b = (axis_of(d, ndim) for d in dim)
    if a == b:
        raise RuntimeError(f"{name}: dims must be different. Got ({a}, {b})")
    return a, b


@composite(
    "norm(input, ord: float | str | None = None, dim: int | Sequence[int] | None = None, "
    "keepdim=False, *, out=None, dtype=None)",
    at="linalg",
)
def linalg_norm(input, ord, dim, keepdim, *, dtype):
    """matrix_norm for two dimensions, vector_norm for one; without `ord` the Euclidean norm.

    errors  RuntimeError: integers, another order, `ord` for more than two dimensions

    >>> torch.linalg.norm(tensor([[3.0, 0.0], [0.0, 4.0]]), "nuc")
    tensor(7.)
    """
    dims = (dim,) if isinstance(dim, int) else None if dim is None else tuple(dim)
    if ord is None:
        return linalg_vector_norm(input, 2, dims, keepdim, dtype=dtype)
    if dims is not None and len(dims) not in (1, 2):
        raise RuntimeError(
            f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dims)}"
        )
    if dims is None and input.ndim not in (1, 2):
        raise RuntimeError(
            "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got "
            f"{input.ndim}D."
        )
    if isinstance(ord, str) or (input.ndim == 2 if dims is None else len(dims) == 2):
        return matrix_norm(input, ord, dims or (-2, -1), keepdim, dtype=dtype)
    return linalg_vector_norm(input, ord, dims, keepdim, dtype=dtype)


@composite("cond(A, p: float | str | None = None, *, out=None)", at="linalg")
def cond(A, p):
    """The condition number |A| |A⁻¹|, by default that of the 2-norm.

    p       as matrix_norm's ord; inf where A has no inverse
    shape   A (*, N, M), square unless p is 2 or -2 -> (*)
    errors  RuntimeError: no matrix, no square one, integers, another p
    """
    if A.ndim < 2:
        raise RuntimeError("linalg.cond: The input tensor must have at least 2 dimensions.")
    known = p in ("fro", "nuc") if isinstance(p, str) else p is None or p in _ORDERS
    if not known:
        raise RuntimeError(f"linalg.cond got an invalid norm type: {p}")
    if A.numel() == 0 and p in (None, 2, -2):
        return _real_zeros(A)
    if p in (None, 2, -2):
        s = singular_values(A)
        largest, smallest = s[..., 0], s[..., -1]
        return smallest / largest if p == -2 else largest / smallest
    square(f"linalg.cond(ord={p})", A)
    if A.numel() == 0:
        return _real_zeros(A)
    floating("linalg.inv", A, False)
    inverse, info = InvEx.run((A,))
    y = matrix_norm(A, p, (-2, -1), False, dtype=None)
    if p == "nuc" and info._a.any():  # a singular value of inf is none
        inverse = inverse.nan_to_num(0.0, 0.0, 0.0)
    y = y * matrix_norm(inverse, p, (-2, -1), False, dtype=None)
    return y.masked_fill(wrap(info._a != 0), math.inf)


def _real_zeros(x):
    return x.new_zeros(x.shape[:-2], dtype=x.real.dtype if x.is_complex() else x.dtype)


# ---------------------------------------------------------------- rank and pseudoinverse


def _cutoff(name, x, atol, rtol):
    """atol and rtol as arrays over the batch; PyTorch's defaults."""
    default = np.finfo(x._a.dtype).eps * max(x.shape[-2:])
    found = []
    for said, value in (("atol", atol), ("rtol", rtol)):
        if isinstance(value, Tensor):
            if value.is_complex():
                raise RuntimeError(
                    f"{name}: {said} tensor of complex type is not supported. Got "
                    f"{scalar_name(value.dtype)}"
                )
            value = value._a.astype(np.float64)
        found.append(value)
    atol, rtol = found
    if rtol is None:
        rtol = default if atol is None else np.where(np.asarray(atol) > 0, 0.0, default)
    return np.asarray(0.0 if atol is None else atol), np.asarray(rtol)


def _threshold(s, atol, rtol):
    """The size (*, 1) below which singular values s (*, K) count as 0."""
    largest = s.max(-1, initial=0)
    return np.maximum(atol, rtol * largest)[..., None]


@composite(
    "matrix_rank(A, tol: float | Tensor | None = None, hermitian: bool = False, *, "
    "atol: float | Tensor | None = None, rtol: float | Tensor | None = None, out=None)",
    at="linalg",
)
def matrix_rank(A, tol, hermitian, *, atol, rtol):
    """How many singular values are larger than max(atol, rtol s₁).

    tol        atol alone, an older name
    hermitian  A is hermitian: by eigenvalues
    rtol       by default max(N, M) ε, or 0 if atol > 0
    shape      A (*, N, M) -> (*) int64
    errors     RuntimeError: no matrix, integers, complex tolerances
    """
    name = "torch.linalg.matrix_rank"
    if A.dtype.category < FLOAT or A.dtype.itemsize == 2:
        raise RuntimeError("This function doesn't handle types other than float and double")
    matrices(name, A, "input")
    if tol is not None:
        atol, rtol = tol, 0.0 if rtol is None else rtol
    limits = _cutoff(name, A, atol, rtol)
    if hermitian:
        square("linalg.eigh", A)
        s = np.abs(Eigvalsh.run((A.detach(), True))._a)
    else:
        s = singular_values(A.detach())._a
    if not A.numel():
        return wrap(np.zeros(A.shape[:-2], np.int64))
    rank = (s > _threshold(s, *limits)).sum(-1)
    return wrap(np.asarray(rank, np.int64))


def _pinv_dx(dy, x, y):
    """The gradient of Y = X⁺ at X: three terms, one of them inside of X's column and row space."""
    a, b = h(y), h(dy)
    inside = -K.matmul(K.matmul(a, dy), a)
    left = K.matmul(K.matmul(b, y), a)
    left = left - K.matmul(x, K.matmul(y, left))
    right = K.matmul(K.matmul(a, y), b)
    return inside + left + (right - K.matmul(K.matmul(right, y), x))


@internal("linalg_pinv", tensors=1, broadcast=True, node="LinalgPinv", order="made")
class Pinv:
    """Y = V S⁻¹ Uᴴ without the singular values that count as 0

    source  Golub & Pereyra 1973, SIAM J. Numer. Anal. 10(2)
    """

    def forward(x, atol, rtol, hermitian):
        if hermitian:
            values, u = lapack.eigh(x, True)
            s, vh = np.abs(values), lapack.h(u) * np.sign(values)[..., :, None]
        else:
            u, s, vh = lapack.svd(x, False)
        kept = s > _threshold(s, atol, rtol)
        inverse = np.where(kept, 1 / np.where(kept, s, 1), 0).astype(x.dtype)
        return np.matmul(lapack.h(vh) * inverse[..., None, :], lapack.h(u))

    def backward(c, dy, x, out):
        return _pinv_dx(dy, x, out)


def pinv_of(x, atol, rtol):
    """On arrays or Tensors."""
    args = (x, np.asarray(atol), np.asarray(rtol), False)
    return Pinv.run(args) if isinstance(x, Tensor) else Pinv.forward(*args)


def _pinv(x, atol, rtol, hermitian):
    if x.dtype.category < FLOAT or x.dtype.itemsize == 2 or x.ndim < 2:
        raise RuntimeError(
            f"linalg.pinv({scalar_name(x.dtype)}{{{list(x.shape)}}}): expected a tensor with 2 or "
            "more dimensions of float, double, cfloat or cdouble types"
        )
    limits = _cutoff("torch.linalg.pinv", x, atol, rtol)
    if hermitian:
        square("linalg.eigh", x)
    elif not np.isfinite(x._a).all():
        singular_values(x)  # says so
    if not x.numel():
        return x.new_zeros((*x.shape[:-2], x.shape[-1], x.shape[-2])) + 0 * x.transpose(-1, -2)
    return Pinv.run((x, *limits, hermitian))


@composite(
    "pinv(A, rcond: float | Tensor | None = None, hermitian: bool = False, *, "
    "atol: float | Tensor | None = None, rtol: float | Tensor | None = None, out=None)",
    at="linalg",
)
def pinv(A, rcond, hermitian, *, atol, rtol):
    """The pseudoinverse of Moore and Penrose.

    rcond      rtol alone, an older name
    hermitian  A is hermitian: by eigenvalues
    atol, rtol  singular values up to max(atol, rtol s₁) count as 0, see matrix_rank
    shape      A (*, N, M) -> (*, M, N)
    grad       at constant rank
    errors     RuntimeError: no matrix, integers; LinAlgError: inf or nan in A
    """
    if rcond is not None:
        atol, rtol = 0.0, rcond
    return _pinv(A, atol, rtol, hermitian)


@composite("pinverse(input, rcond: float = 1e-15)", at="torch Tensor")
def pinverse(input, rcond):
    """The pseudoinverse, the older name of linalg.pinv. input (*, N, M) -> (*, M, N)

    errors  RuntimeError: no matrix, integers; LinAlgError: inf or nan in input

    >>> torch.pinverse(tensor([[2.0], [0.0]]))
    tensor([[0.5000, 0.0000]])
    """
    return _pinv(input, 0.0, rcond, False)


# ---------------------------------------------------------------- least squares


@internal(
    "linalg_lstsq",
    tensors=2,
    broadcast=True,
    order="made",
    outputs=2,
    extras=("rank", "singular_values"),
    returns=("solution", "residuals", "rank", "singular_values"),
    fill=False,
    node="LinalgLstsq",
)
class Lstsq:
    """X = A⁺ B, r = Σ |A X - B|²

    grad    dB = (A⁺)ᴴ dX, dA that of the pseudoinverse for dX Bᴴ; r does not depend on X to first
            order, as X makes it least
    """

    def forward(a, b, rcond, how):
        x, rank, s = _least_squares(a, b, rcond)
        nothing = np.zeros(0, a.real.dtype)
        full = how == "gels" or bool((rank == a.shape[-1]).all())
        if not full or how == "gelsy" or a.shape[-2] <= a.shape[-1]:
            return x, nothing, rank, s
        left = np.matmul(a, x) - b
        return x, np.sum((left * left.conj()).real, -2), rank, s

    def backward(c, dx, dr, a, b, out, rcond):
        da = db = None
        if dx is not None:
            y = pinv_of(a, 0.0, rcond)
            da = _pinv_dx(K.matmul(dx, h(b)), a, y) if c.needs(0) else None
            db = K.matmul(h(y), dx) if c.needs(1) else None
        if dr is not None and raw(dr).size:
            left = 2 * (K.matmul(a, out) - b) * dr[..., None, :]
            more = K.matmul(left, h(out)) if c.needs(0) else None
            da = more if da is None else da + more
            db = (-left if db is None else db - left) if c.needs(1) else None
        return da, db


def _least_squares(a, b, rcond):
    """lapack.lstsq, of empty matrices too."""
    if a.size and b.size:
        return lapack.lstsq(a, b, rcond)
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return (
        np.zeros((*batch, a.shape[-1], b.shape[-1]), a.dtype),
        np.zeros(batch, np.int64),
        np.zeros((*batch, min(a.shape[-2:])), a.real.dtype),
    )


_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


@composite(
    "lstsq(A, B: Tensor, rcond: float | None = None, *, driver: str | None = None, out=None)",
    at="linalg",
)
def lstsq(A, B, rcond, *, driver):
    """X that makes |A X - B| least, and of those the shortest.

    rcond      singular values up to rcond s₁ count as 0; by default max(N, M) ε
    driver     'gelsy' (the default), 'gels' (A has full rank), 'gelsd', 'gelss': they differ in
               what is returned, the computation is by singular values
    residuals  Σ |A X - B|², (*, K), if N > M, A has full rank and the driver is not 'gelsy'; else
               empty
    rank       (*), empty for 'gels'; singular_values (*, min(N, M)), for 'gelsd' and 'gelss'
    shape      A (*, N, M), B (*, N, K) or (*, N) -> solution (*, M, K) or (*, M)
    errors     RuntimeError: shapes or dtypes that do not fit, another driver
    """
    name = "torch.linalg.lstsq"
    _check_lstsq(name, A, B, driver)
    vector = A.ndim - 1 == B.ndim and A.shape[:-1] == B.shape
    b = B.unsqueeze(-1) if vector else B
    if A.shape[-2] != b.shape[-2]:
        side = -1 if vector or B.ndim == 1 else -2
        raise RuntimeError(f"{name}: input.size(-2) should match other.size({side})")
    n, m = A.shape[-2:]
    limit = float(np.finfo(A._a.dtype).eps * max(n, m)) if rcond is None else float(rcond)
    same_batch(b._a.shape[:-2], A._a.shape[:-2])
    batch = np.broadcast_shapes(A._a.shape[:-2], b._a.shape[:-2])
    driver = driver or "gelsy"
    x, residuals, rank, s = Lstsq.run((A, b.expand(*batch, *b.shape[-2:]), limit, driver))
    if driver == "gels":
        rank = wrap(np.zeros(0, np.int64))
    if driver not in ("gelsd", "gelss"):
        s = wrap(np.zeros(0, s._a.dtype))
    return named(
        "linalg.lstsq",
        x.squeeze(-1) if vector else x,
        residuals,
        rank,
        s,
    )


def _check_lstsq(name, A, B, driver):
    if A.ndim < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if B.ndim < 1:
        raise RuntimeError(f"{name}: other must have at least 1 dimension.")
    if A.dtype is not B.dtype:
        raise RuntimeError(
            f"{name}: Expected input and other to have the same dtype, but got input's dtype "
            f"{scalar_name(A.dtype)} and other's dtype {scalar_name(B.dtype)}"
        )
    if A.dtype.category < FLOAT or A.dtype.itemsize == 2:
        raise RuntimeError("This function doesn't handle types other than float and double")
    if driver is not None and driver not in _DRIVERS:
        raise RuntimeError(
            f"{name}: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)"
        )
    if B.ndim == 1 and A.ndim == 2 and A.shape[:-1] != B.shape:
        raise RuntimeError(f"{name}: input.size(-2) should match other.size(-1)")


# ---------------------------------------------------------------- small ones of torch.linalg


@composite("diagonal(A, *, offset=0, dim1: int = -2, dim2: int = -1)", at="linalg")
def linalg_diagonal(A, *, offset, dim1, dim2):
    """The diagonal of matrices, a view. A (*, N, M) -> (*, K)

    errors  RuntimeError: dim1 and dim2 are one; IndexError: no such dimension
    """
    return A.diagonal(offset, dim1, dim2)


@composite("vecdot(x, y: Tensor, *, dim: int = -1, out=None)", at="linalg")
def vecdot(x, y, *, dim):
    """Σ x* y along dim, broadcast; the first one is conjugated.

    shape   x (*, N), y (*, N) -> (*)
    errors  RuntimeError: integers, different dtypes, shapes that do not broadcast
    """
    floating("linalg.vecdot", x)
    if x.dtype is not y.dtype:
        raise RuntimeError(
            "linalg.vecdot: Expected x and y to have the same dtype, but found x of type "
            f"{scalar_name(x.dtype)} and y of type {scalar_name(y.dtype)} instead"
        )
    return (x.conj() * y).sum(dim)
