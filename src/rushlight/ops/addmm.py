"""Sums of products: addmm, addmv, addbmm, baddbmm, addr: β input + α (a product).

input is broadcast to the product; β = 0 ignores its values, NaN and inf too. 2-byte floats are
multiplied and added in float32 and rounded once.
"""

from __future__ import annotations

from ..core.dtype import promote_types, scalar_name
from ..core.tensor import Tensor
from ..dispatch.promotion import cast, is_number, number_of
from ..dispatch.registry import op
from ..kernels import K
from .matmul import check_bmm, check_mm

_OPTIONS = {
    "tensors": 3,
    "broadcast": True,
    "order": "made",
    "save_if": {"x": 2, "y": 1},
    "accumulate": True,
    "quiet": True,
}


def _fits(input: Tensor, shape: tuple) -> None:
    """RuntimeError: input does not broadcast to the product's shape."""
    given = tuple(input.shape)
    for i in range(1, len(given) + 1):
        if i > len(shape):
            raise RuntimeError(
                f"expand: the number of sizes provided ({len(shape)}) must be greater or equal to "
                f"the number of dimensions in the tensor ({len(given)})"
            )
        if given[-i] not in (1, shape[-i]):
            raise RuntimeError(
                f"The expanded size of the tensor ({shape[-i]}) must match the existing size "
                f"({given[-i]}) at non-singleton dimension {len(shape) - i}.  "
                f"Target sizes: {list(shape)}.  Tensor sizes: {list(given)}"
            )


def _size(x: Tensor, dim: int) -> None:
    """IndexError: x has no dimension dim; PyTorch asks before it looks for batches of matrices."""
    n = x.ndim
    if not n:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    if dim >= n:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})"
        )


def _numbers(input: Tensor, beta, alpha) -> tuple:
    """β and α; of integers without their fractions."""
    if input._a.dtype.kind in "iub":
        return int(beta), int(alpha)
    return number_of(beta), number_of(alpha)


def _numbers_in_front(a, b, x, y, last=None):
    """PyTorch's older forms, a number before what it multiplies: addmm(beta, input, mat1, mat2),
    input.addmm(beta, mat1, mat2), and the same with alpha before mat1.
    """
    given = [v for v in (a, b, x, y, last) if v is not None]
    numbers = [v for v in given[:-2] if is_number(v)]
    tensors = [v for v in given if isinstance(v, Tensor)]
    if len(tensors) != 3 or len(numbers) + 3 != len(given):
        return None
    return *tensors, *numbers, *(1,) * (2 - len(numbers))


def _sum(input, z, beta, alpha):
    if alpha != 1:
        z = z * alpha
    if beta == 0:
        return z
    return (input if beta == 1 else input * beta) + z


def _of_input(c, dz, beta):
    if not c.needs(0):
        return None
    return dz if beta == 1 else dz * beta if beta else K.zeros_like(dz)


def _scaled(dz, alpha):
    return dz if alpha == 1 else dz * alpha


def _t(x):
    return K.conj(K.swapaxes(x, -1, -2))


def _same(input: Tensor, x: Tensor, y: Tensor) -> None:
    if x.dtype is not y.dtype or input.dtype is not x.dtype:
        a, b = (input, y) if input.dtype is not y.dtype else (x, y)
        raise RuntimeError(
            "self and mat2 must have the same dtype, but got "
            f"{scalar_name(a.dtype)} and {scalar_name(b.dtype)}"
        )


@op(
    "addmm(input, mat1, mat2, *, beta=1, alpha=1, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    **_OPTIONS,
)
class Addmm:
    """Z = β input + α X Y for matrices X (n, k), Y (k, m)

    grad    dinput = β dZ,  dX = α dZ Yᵀ,  dY = α Xᵀ dZ
    errors  RuntimeError: no matrices, sizes or dtypes that do not fit

    >>> torch.addmm(tensor([1.0]), tensor([[1.0, 2.0]]), tensor([[3.0], [4.0]]), beta=2)
    tensor([[13.]])
    """

    legacy = _numbers_in_front

    def prepare(input, mat1, mat2, beta, alpha):
        for m, name in ((mat1, "mat1"), (mat2, "mat2")):
            if m.ndim != 2:
                raise RuntimeError(f"{name} must be a matrix, got {m.ndim}-D tensor")
        _same(input, mat1, mat2)
        check_mm(mat1, mat2)
        _fits(input, (mat1.shape[0], mat2.shape[1]))
        return input, mat1, mat2, *_numbers(input, beta, alpha)

    def forward(input, x, y, beta, alpha):
        return _sum(input, K.matmul(x, y), beta, alpha)

    def backward(c, dz, x, y, beta, alpha):
        d = _scaled(dz, alpha)
        dx = K.matmul(d, _t(y)) if c.needs(1) else None
        return _of_input(c, dz, beta), dx, K.matmul(_t(x), d) if c.needs(2) else None

    def narrow(_, back, wide, wide_back):
        """Of 2-byte floats: a layer (input a vector, α = β = 1) is K.linear, which rounds once."""

        def forward(input, x, y, beta, alpha):
            if alpha == beta == 1 and input.shape == y.shape[1:] and x.shape[1]:
                return K.linear(x, y.T, input)
            return wide(input, x, y, beta, alpha)

        def backward(c, dz, x, y, beta, alpha):
            return (back if alpha == beta == 1 else wide_back)(c, dz, x, y, beta, alpha)

        return forward, backward

    def samples(make):
        yield make(3, 5), make(3, 4), make(4, 5)
        yield make(5), make(3, 4), make(4, 5), {"beta": 0.5, "alpha": 2.0}
        yield make(), make(4, 3).T, make(4, 2), {"alpha": -1.0}
        yield make(3, 5), make(3, 4), make(4, 5), {"beta": 0}
        yield make(2), make(3, 0), make(0, 2)


@op(
    "addmv(input, mat, vec, *, beta=1, alpha=1, out=None)",
    at="torch Tensor",
    inplace="torch Tensor",
    **_OPTIONS,
)
class Addmv:
    """z = β input + α X y for a matrix X (n, k) and a vector y (k)

    grad    dinput = β dz,  dX = α dz yᵀ,  dy = α Xᵀ dz
    errors  RuntimeError: no matrix or no vector, sizes or dtypes that do not fit
    """

    legacy = _numbers_in_front

    def prepare(input, mat, vec, beta, alpha):
        if mat.ndim != 2 or vec.ndim != 1 or input.ndim > 1:
            raise RuntimeError(
                f"vector + matrix @ vector expected, got {input.ndim}, {mat.ndim}, {vec.ndim}"
            )
        n, k = mat.shape
        size = input.shape[0] if input.ndim else 1
        if k != vec.shape[0] or size not in (1, n):
            raise RuntimeError(
                f"size mismatch, got input ({size}), mat ({n}x{k}), vec ({vec.shape[0]})"
            )
        if not input.dtype is mat.dtype is vec.dtype:
            names = [scalar_name(t.dtype) for t in (input, mat, vec)]
            raise RuntimeError(
                "addmv input tensors must have the same dtype, but got "
                f"{names[0]}, {names[1]}, and {names[2]}"
            )
        return input, mat, vec, *_numbers(input, beta, alpha)

    def forward(input, x, y, beta, alpha):
        return _sum(input, K.matmul(x, y), beta, alpha)

    def backward(c, dz, x, y, beta, alpha):
        d = _scaled(dz, alpha)
        dx = K.expand_dims(d, 1) * K.expand_dims(K.conj(y), 0) if c.needs(1) else None
        return _of_input(c, dz, beta), dx, K.matmul(_t(x), d) if c.needs(2) else None

    def samples(make):
        yield make(3), make(3, 4), make(4)
        yield make(1), make(4, 3).T, make(4), {"beta": 0.5, "alpha": 2.0}
        yield make(), make(3, 4), make(4)


@op(
    "addbmm(input, batch1, batch2, *, beta=1, alpha=1, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    **_OPTIONS,
)
class Addbmm:
    """Z = β input + α Σ X[b] Y[b] over the batch, X (b, n, k), Y (b, k, m)

    grad    dinput = β dZ,  dX[b] = α dZ Y[b]ᵀ,  dY[b] = α X[b]ᵀ dZ
    errors  RuntimeError: no batches of matrices, sizes or dtypes that do not fit
    """

    legacy = _numbers_in_front

    def prepare(input, batch1, batch2, beta, alpha):
        check_bmm(batch1, batch2)
        _same(input, batch1, batch2)
        _fits(input, (batch1.shape[1], batch2.shape[2]))
        return input, batch1, batch2, *_numbers(input, beta, alpha)

    def forward(input, x, y, beta, alpha):
        return _sum(input, K.sum(K.matmul(x, y), 0).astype(x.dtype, copy=False), beta, alpha)

    def backward(c, dz, x, y, beta, alpha):
        d = K.expand_dims(_scaled(dz, alpha), 0)
        dx = K.matmul(d, _t(y)) if c.needs(1) else None
        return _of_input(c, dz, beta), dx, K.matmul(_t(x), d) if c.needs(2) else None

    def samples(make):
        yield make(3, 5), make(2, 3, 4), make(2, 4, 5)
        yield make(5), make(2, 3, 4), make(2, 4, 5), {"beta": 0.5, "alpha": 2.0}


@op(
    "baddbmm(input, batch1, batch2, *, beta=1, alpha=1, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    **_OPTIONS,
)
class Baddbmm:
    """Z[b] = β input[b] + α X[b] Y[b], X (b, n, k), Y (b, k, m)

    grad    dinput = β dZ,  dX[b] = α dZ[b] Y[b]ᵀ,  dY[b] = α X[b]ᵀ dZ[b]
    errors  RuntimeError: no batches of matrices, sizes or dtypes that do not fit; IndexError: too
            few dimensions
    """

    legacy = _numbers_in_front

    def prepare(input, batch1, batch2, beta, alpha):
        for batch, dim in ((batch1, 0), (batch1, 1), (batch2, 2)):
            _size(batch, dim)
        check_bmm(batch1, batch2)
        if not input.dtype is batch1.dtype is batch2.dtype:
            names = [str(t.dtype)[6:] for t in (input, batch1, batch2)]
            names = [{"float32": "float", "float64": "double"}.get(n, n) for n in names]
            raise RuntimeError(
                "Input dtypes must be the same, got: input "
                f"{names[0]}, batch1: {names[1]}, batch2: {names[2]}"
            )
        _fits(input, (batch1.shape[0], batch1.shape[1], batch2.shape[2]))
        return input, batch1, batch2, *_numbers(input, beta, alpha)

    def forward(input, x, y, beta, alpha):
        return _sum(input, K.matmul(x, y), beta, alpha)

    def backward(c, dz, x, y, beta, alpha):
        d = _scaled(dz, alpha)
        dx = K.matmul(d, _t(y)) if c.needs(1) else None
        return _of_input(c, dz, beta), dx, K.matmul(_t(x), d) if c.needs(2) else None

    def samples(make):
        yield make(2, 3, 5), make(2, 3, 4), make(2, 4, 5)
        yield make(5), make(2, 3, 4), make(2, 4, 5), {"beta": 0.5, "alpha": 2.0}


@op(
    "addr(input, vec1, vec2, *, beta=1, alpha=1, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    promote="arith",
    **{**_OPTIONS, "order": ""},
)
class Addr:
    """Z = β input + α x yᵀ for vectors x (n), y (m)

    dtype   the common one of all three
    grad    dinput = β dZ,  dx = α dZ y,  dy = α dZᵀ x
    errors  RuntimeError: no vectors, or an input that does not fit
    """

    legacy = _numbers_in_front

    def prepare(input, vec1, vec2, beta, alpha):
        for v, name in ((vec1, "vec1"), (vec2, "vec2")):
            if v.ndim != 1:
                raise RuntimeError(f"addr: Expected 1-D argument {name}, but got {v.ndim}-D")
        _fits(input, (vec1.shape[0], vec2.shape[0]))
        if not input.dtype is vec1.dtype is vec2.dtype:  # a 0-d input has its say, too
            target = promote_types(promote_types(input.dtype, vec1.dtype), vec2.dtype)
            input, vec1, vec2 = (cast(t, target) for t in (input, vec1, vec2))
        return input, vec1, vec2, number_of(beta), number_of(alpha)

    def forward(input, x, y, beta, alpha):
        if x.dtype.kind in "iu":
            beta, alpha = int(beta), int(alpha)
        return _sum(input, K.expand_dims(x, 1) * y, beta, alpha)

    def backward(c, dz, x, y, beta, alpha):
        d = _scaled(dz, alpha)
        dx = K.matmul(d, K.conj(y)) if c.needs(1) else None
        dy = K.matmul(K.swapaxes(d, 0, 1), K.conj(x)) if c.needs(2) else None
        return _of_input(c, dz, beta), dx, dy

    def samples(make):
        yield make(3, 4), make(3), make(4)
        yield make(4), make(3), make(4), {"beta": 0.5, "alpha": 2.0}
