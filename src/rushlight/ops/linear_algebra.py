"""Matrices: what the families of linear algebra share; exponential, inverse, powers.

N, M rows and columns, K right-hand sides or reflections, * batch. Equations and factors come from
NumPy's LAPACK (kernels/lapack.py). A backward calls the helpers of this family on arrays or on
Tensors (`helper`), so it can be differentiated again.
"""

from __future__ import annotations

import numpy as np

from ..core.dtype import FLOAT, scalar_name
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import not_implemented
from ..dispatch.registry import composite, internal, op
from ..dispatch.return_types import named_result
from ..kernels import K, lapack
from .matmul import matmul


class LinAlgError(RuntimeError):
    """A matrix that the operation is not defined for: torch.linalg.LinAlgError."""


LinAlgError.__name__ = LinAlgError.__qualname__ = "_LinAlgError"  # as PyTorch prints it


def matrices(name: str, x: Tensor, argument: str = "A") -> None:
    """RuntimeError: fewer than two dimensions."""
    if x._a.ndim < 2:
        raise RuntimeError(
            f"{name}: The input tensor {argument} must have at least 2 dimensions.\n"
            f"  shape {tuple(x._a.shape)}"
        )


def square(name: str, x: Tensor) -> None:
    """RuntimeError: no square matrices."""
    matrices(name, x)
    n, m = x._a.shape[-2:]
    if n != m:
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but they are {n} by {m} matrices"
        )


def floating(name: str, x: Tensor, low_precision: bool = True) -> None:
    """RuntimeError: integers, or (low_precision=False) floats of 2 bytes."""
    kind = scalar_name(x.dtype)
    if x.dtype.category < FLOAT:
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. Got {kind}"
        )
    if not low_precision and not _lapack_takes(x):
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {kind}")


def _lapack_takes(x: Tensor | np.ndarray) -> bool:
    a = raw(x)
    return a.dtype.kind in "fc" and a.itemsize > 2


def batch_error(info: np.ndarray | Tensor) -> tuple[str, int] | None:
    """The first element of `info` that is not 0: "(Batch element 1): " and its value; none on
    "meta"."""
    if isinstance(info, Tensor):
        if info.is_meta:
            return None
        info = info._a
    if not info.any():
        return None
    if not info.ndim:
        return "", int(info)
    i = int(np.flatnonzero(info)[0])
    return f"(Batch element {i}): ", int(info.reshape(-1)[i])


def raw(x):
    """The array of a Tensor, or the array that it is."""
    return x._a if isinstance(x, Tensor) else x


def constant(a: np.ndarray, x):
    """A constant where x is."""
    return wrap(a) if isinstance(x, Tensor) else a


# the named results of composites; those of cards are theirs
NAMED = {
    "_lu_with_info": ("LU", "pivots", "info"),
    "linalg.cholesky_ex": ("L", "info"),
    "linalg.ldl_factor": ("LD", "pivots"),
    "linalg.lstsq": ("solution", "residuals", "rank", "singular_values"),
    "linalg.lu": ("P", "L", "U"),
    "linalg.lu_factor": ("LU", "pivots"),
    "lu_unpack": ("P", "L", "U"),
    "qr": ("Q", "R"),
    "slogdet": ("sign", "logabsdet"),
    "svd": ("U", "S", "V"),
    "triangular_solve": ("solution", "cloned_coefficient"),
}


def named(name: str, *items):
    """The named tuple that a composite returns."""
    return named_result(name, NAMED[name])(*items)


def full_floats(kernel: str, x: Tensor | np.ndarray) -> None:
    """NotImplementedError: integers and 2-byte floats, which LAPACK has no code for.

    A card with a face of its own asks in forward: autocast casts after prepare.
    """
    if not _lapack_takes(x):
        raise not_implemented(kernel, raw(x))


def t(x):
    """The transpose."""
    return K.swapaxes(x, -1, -2)


def h(x):
    """The conjugate transpose."""
    return K.conj(K.swapaxes(x, -1, -2))


def eye_like(x):
    """Ones on the diagonal, in x's shape."""
    return K.tril(K.triu(K.ones_like(x)))


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
        floating("linalg.matrix_exp", input)
        square("linalg.matrix_exp", input)
        return (input,)

    def forward(x):
        return _exp(x)

    def backward(c, dy, x):
        return _exp_derivative(h(x), dy)

    def samples(make):
        yield make(3, 3)
        yield make(2, 4, 4)
        yield make(3, 3).T
        yield make(0, 0)


# ---------------------------------------------------------------- inverse


def inverse_of(x):
    """X⁻¹, nan and inf where there is none."""
    if isinstance(x, Tensor):
        return InvEx.run((x,))[0]
    return lapack.inv(x)[0]


@internal("linalg.inv_ex", tensors=1, outputs=1, extras=("info",), returns=("inverse", "info"),
          node="LinalgInvEx")  # fmt: skip
class InvEx:
    """Y = X⁻¹ for X (*, N, N), and info;  dX = -Yᴴ dY Yᴴ"""

    def forward(x):
        return lapack.inv(x)

    def backward(c, dy, out):
        y = h(out)
        return -K.matmul(K.matmul(y, dy), y)

    def samples(make):
        yield regular(make, 3)
        yield regular(make, 2, 3)


def inverse_or_error(name, x, check=True, said=None):
    """(inverse, info); LinAlgError, if `check`, of a singular matrix, under the name `said`."""
    floating(name, x, False)
    square(name, x)
    result = InvEx.run((x,))
    found = batch_error(result.info) if check else None
    if found:
        raise LinAlgError(
            f"{said or name}: {found[0]}The diagonal element {found[1]} is zero, the inversion "
            "could not be completed because the input matrix is singular."
        )
    return result


@composite("inverse(input, *, out=None)", at="torch Tensor")
def inverse(input):
    """The inverse matrix: Y with X Y = I.

    shape   input (*, N, N) -> (*, N, N)
    grad    dX = -Yᴴ dY Yᴴ
    errors  RuntimeError: no square matrices, integers; LinAlgError: a singular matrix

    >>> torch.inverse(tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    return inverse_or_error("linalg.inv", input).inverse


@composite("inv(A, *, out=None)", at="linalg")
def inv(A):
    """The inverse matrix: torch.inverse under NumPy's name. A (*, N, N) -> (*, N, N)

    errors  RuntimeError: no square matrices, integers; LinAlgError: a singular matrix
    """
    return inverse_or_error("linalg.inv", A).inverse


@composite("inv_ex(A, *, check_errors=False, out=None)", at="linalg")
def inv_ex(A, *, check_errors):
    """The inverse matrix, and which matrices have none.

    info    (*): 0, or the first pivot that is 0, counted from 1
    shape   A (*, N, N) -> inverse (*, N, N), info (*)
    errors  RuntimeError: no square matrices; LinAlgError: a singular one, with check_errors=True
    """
    return inverse_or_error("linalg.inv", A, check_errors, "linalg.inv_ex")


# ---------------------------------------------------------------- powers


@composite("matrix_power(input, n: int, *, out=None)", at="torch Tensor linalg")
def matrix_power(input, n):
    """X multiplied by itself n times; n = 0 is the identity, n < 0 multiplies inverses.

    shape   input (*, N, N) -> (*, N, N)
    errors  RuntimeError: no square matrices; LinAlgError: n < 0 and a singular matrix

    >>> torch.matrix_power(tensor([[1, 1], [0, 1]]), 3)
    tensor([[1, 3],
            [0, 1]])
    """
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool):
        raise TypeError(
            f"linalg_matrix_power(): argument 'n' (position 2) must be int, not {type(n).__name__}"
        )
    square("linalg.matrix_power", input)
    shape = input._a.shape
    if n == 0:
        return input.clone().copy_(wrap(np.broadcast_to(np.eye(shape[-1]), shape).copy()))
    if n < 0:
        input, n = inverse_or_error("linalg.inv", input).inverse, -n
    if n == 1:
        return input.clone()
    power, product = input, None  # n in binary: the squares whose bit is 1
    while n:
        if n & 1:
            product = power if product is None else matmul(product, power)
        n >>= 1
        if n:
            power = matmul(power, power)
    return product


def regular(make, *shape):
    """Matrices far from singular: their diagonal is large."""
    x = make(*shape, shape[-1])
    array = x._a if isinstance(x, Tensor) else x
    array += 4 * np.eye(shape[-1], dtype=array.dtype)
    return x
