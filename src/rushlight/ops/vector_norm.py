"""Lengths of vectors: norm, dist, renorm, the vector norm under them, weight normalisation."""

from __future__ import annotations

import math

from ..core.dtype import COMPLEX, FLOAT, scalar_name
from ..core.tensor import Tensor
from ..dispatch.promotion import real
from ..dispatch.registry import FUNCTIONS, cast, composite, internal, op
from ..kernels import K
from .arithmetic import no_bools
from .reduce import aligned, axes_of, axis_of


def _norm(x, p: float, axis, keepdim: bool):
    """(Σ |x|^p)^(1/p); the largest for p = inf, the smallest for -inf, the number of non-zeros for
    0.
    """
    size = K.abs(x) if p != 2 or K.is_complex(x) else x
    if p == 2:
        return K.sqrt(K.square_sum(size, axis, keepdim))
    if p == math.inf and not size.size:
        return K.sum(size, axis, keepdim)  # of nothing: 0
    if p == math.inf or p == -math.inf:
        return (K.max if p > 0 else K.min)(size, axis, keepdim)
    if p == 0:
        return K.sum(K.astype(size != 0, size.dtype), axis, keepdim)
    if p == 1:
        return K.sum(size, axis, keepdim)
    return K.power(K.sum(K.power(size, p), axis, keepdim), 1 / p)


def _norm_dx(dy, x, y, p: float, axes):
    """The gradient: dy x |x|^(p-2) / y^(p-1), 0 where that is 0/0; dy and y aligned with x."""
    if p == 0:
        return K.zeros_like(x)
    if p == 1:
        return K.sgn(x) * dy
    if p == math.inf or p == -math.inf:
        size = K.abs(x)
        chosen = K.like((size == y) | (K.isnan(size) & K.isnan(y)), dy)
        return K.sgn(x) * (chosen * (dy / K.sum(chosen, axes, True)))
    zero = y == 0
    safe = K.where(zero, K.ones_like(y), y)
    if p == 2:
        return x * K.where(zero, K.zeros_like(dy), dy / safe)
    size = K.abs(x)
    nothing = size == 0
    if p < 2:
        slope = K.sgn(x) * K.where(
            nothing, K.zeros_like(size), K.power(K.where(nothing, K.ones_like(size), size), p - 1)
        )
    else:
        slope = x * K.where(
            nothing, K.zeros_like(size), K.power(K.where(nothing, K.ones_like(size), size), p - 2)
        )
    return slope * K.where(zero, K.zeros_like(dy), dy / K.power(safe, p - 1))


@internal("linalg_vector_norm", tensors=1, accumulate=True, quiet=True, node="LinalgVectorNorm")
class VectorNorm:
    """y = (Σ |x|^p)^(1/p) over dim

    p       inf, -inf: the largest, the smallest |x|; 0: how many are not 0
    dtype   real
    grad    dx = dy x |x|^(p-2) / y^(p-1), 0 where y = 0; shared by ties for p = ±inf
    """

    def forward(x, p, dim, keepdim):
        return _norm(x, p, axis_of(dim, x.ndim), keepdim)

    def backward(c, dy, x, out, p, dim, keepdim):
        axes = axes_of(dim, x.ndim)
        dy, y = (aligned(v, x.shape, axes, keepdim) for v in (dy, out))
        return _norm_dx(dy, x, y, p, axes)

    def samples(make):
        for p in (2, 1, 3, 1.5, math.inf, -math.inf, 0):
            yield make(3, 4), p, None, False
        yield make(2, 3, 4), 2, (0, 2), True
        yield make(), 2, None, False
        yield make(4, 3).T, 2.5, 0, False


def vector_norm(x: Tensor, p: float = 2, dim=None, keepdim: bool = False) -> Tensor:
    """The p-norm of all elements or over dim, differentiable.

    RuntimeError: neither floating nor complex, or the largest of nothing.
    """
    if x.dtype.category < FLOAT:
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{scalar_name(x.dtype)}"
        )
    if x._a.size == 0 and (p < 0 or p == math.inf):
        axes = axes_of(dim, x.ndim)
        if axes is None or any(x.shape[i] == 0 for i in axes):
            where = "an empty tensor "
            if axes is not None:  # PyTorch's sentence has no space here
                empty = next(i for i in axes if x.shape[i] == 0)
                where = f"the dimension {empty}because this dimension is empty and "
            because = "because " if axes is None else ""
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {p} norm on {where}{because}the operation "
                "does not have an identity"
            )
    return VectorNorm.run((x, real(p), dim, keepdim))


def _nuclear(x, dim, keepdim):
    """linalg.matrix_norm of all dimensions or of dim; its family comes after this one."""
    dims = tuple(range(x.ndim)) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    return FUNCTIONS["linalg.matrix_norm"](x, "nuc", dims, keepdim)


@composite(
    "norm(input, p: float | str | None = 'fro', dim: int | Sequence[int] | None = None, "
    "keepdim=False, out=None, dtype=None)",
    at="torch Tensor",
)
def norm(input, p="fro", dim=None, keepdim=False, dtype=None):
    """The p-norm of all elements or over dim.

    p       a number, ±inf, 'fro' (Euclidean) or 'nuc' (the nuclear norm of matrices)
    dtype   input is cast to it first
    errors  RuntimeError: integers without dtype=, another word for p; IndexError: dim out of range

    >>> torch.norm(tensor([3.0, -4.0]))
    tensor(5.)
    """
    x = input
    if dtype is not None:
        if dtype.category < FLOAT or (x.is_complex() and dtype.category != COMPLEX):
            raise RuntimeError(
                "norm(): the desired dtype should be either floating point or complex, but got "
                f"{dtype}"
            )
        x = cast(x, dtype) if dtype is not x.dtype else x
    if p == "nuc":
        return _nuclear(x, dim, keepdim)
    if p == "fro" or p is None:
        return vector_norm(x, 2, dim, keepdim)
    if isinstance(p, str):
        raise RuntimeError(
            f"linalg.matrix_norm: Order {p} not supported.\n  a number, 'fro' or 'nuc'"
        )
    return vector_norm(x, real(p), dim, keepdim)


@composite("frobenius_norm(input, dim: Sequence[int] = (), keepdim=False, *, out=None)", at="torch")
def frobenius_norm(input, dim, keepdim):
    """The Euclidean norm of all elements, or over one or two dimensions.

    errors  RuntimeError: integers; IndexError: dim out of range
    """
    return norm(input, "fro", None if dim in ((), []) else dim, keepdim)


@composite(
    "nuclear_norm(input, dim: Sequence[int] | None = None, keepdim=False, *, out=None)", at="torch"
)
def nuclear_norm(input, dim, keepdim):
    """The sum of the singular values of matrices: the last two dimensions, or the two of dim.

    errors  RuntimeError: integers, or not two dimensions
    """
    return norm(input, "nuc", (-2, -1) if dim is None else dim, keepdim)


@op(
    "dist(input, other: Tensor, p: float = 2)",
    at="torch Tensor",
    tensors=2,
    broadcast=True,
    promote="arith",
    accumulate=True,
    quiet=True,
)
class Dist:
    """z = the p-norm of input - other, broadcast

    errors  RuntimeError: neither floating nor complex, or shapes that do not broadcast

    >>> torch.dist(tensor([3.0, 0.0]), tensor([0.0, 4.0]))
    tensor(5.)
    """

    def prepare(input, other, p):
        if isinstance(other, Tensor) and max(input.dtype.category, other.dtype.category) < FLOAT:
            raise RuntimeError(
                "norm(): input dtype should be either floating point or complex. Got "
                f"{scalar_name(input.dtype)} instead."
            )
        if isinstance(other, Tensor):
            no_bools(input, other)
        return input, other, real(p)

    def forward(x, y, p):
        return _norm(x - y, p, None, False)

    def backward(c, dz, x, y, out, p):
        d = _norm_dx(dz, x - y, out, p, None)
        return d, -d

    def samples(make):
        yield make(3, 4), make(3, 4)
        yield make(3, 4), make(4), 1.0
        yield make(3, 4), make(), math.inf
        yield make(4, 3).T, make(3, 4), 3.0


@op(
    "renorm(input, p: float, dim, maxnorm: float, *, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    tensors=1,
    accumulate=True,
    quiet=True,
    order="rows",
)
class Renorm:
    """y = x with each slice along dim scaled down to a p-norm of at most maxnorm

    errors  RuntimeError: p ≤ 0, maxnorm < 0, fewer than two dimensions; IndexError: dim out of
            range
    """

    def prepare(input, p, dim, maxnorm):
        if not isinstance(p, (int, float)) or p <= 0:
            raise RuntimeError("renorm: non-positive-norm not supported")
        if input.dtype.category < FLOAT:
            raise RuntimeError(
                "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
                + scalar_name(input.dtype)
            )
        if input.ndim < 2:
            raise RuntimeError(
                f"renorm: input needs at least 2 dimensions, got {input.ndim} dimensions"
            )
        if maxnorm < 0:
            raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
        axes_of(dim, input.ndim)
        return input, real(p), dim, real(maxnorm)

    def forward(x, p, dim, maxnorm):
        y = _norm(x, p, _others(x, dim), True)
        return x * _factor(y, maxnorm)

    def backward(c, dy, x, p, dim, maxnorm):
        axes = _others(x, dim)
        y = _norm(x, p, axes, True)
        total = K.sum(dy * K.conj(x), axes, True)
        total = K.real(total) if K.is_complex(total) else total
        dnorm = K.where(y > maxnorm, -maxnorm / ((y + 1e-7) * (y + 1e-7)) * total, K.zeros_like(y))
        return dy * _factor(y, maxnorm) + _norm_dx(dnorm, x, y, p, axes)

    def samples(make):
        yield make(3, 4), 2.0, 0, 1.0
        yield make(2, 3, 4), 1.0, 1, 2.0


def _others(x, dim: int) -> tuple[int, ...]:
    return tuple(i for i in range(x.ndim) if i != dim % x.ndim)


def _factor(y, maxnorm: float):
    return K.where(y > maxnorm, maxnorm / (y + 1e-7), K.ones_like(y))


# ---------------------------------------------------------------- weight normalisation


@composite("norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0)", at="torch")
def norm_except_dim(v, pow=2, dim=0):
    """The norms of the slices of v along dim.

    pow    the p of the norm
    dim    the dimension that is kept, the others become 1; -1: none, one norm of all of v
    shape  v (N, *) -> (N, 1, ...)
    errors  IndexError: no such dimension. RuntimeError: neither floating nor complex

    >>> torch.norm_except_dim(tensor([[3.0, 4.0], [0.0, 1.0]]))
    tensor([[5.],
            [1.]])
    """
    if v.dtype.category < FLOAT:
        raise RuntimeError(
            "norm(): input dtype should be either floating point or complex. Got "
            f"{scalar_name(v.dtype)} instead."
        )
    if dim == -1:
        return vector_norm(v, pow)
    if not v.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    axes = _all_but(dim, v.ndim)
    return vector_norm(v, pow, axes, True) if axes else v.abs()


def _all_but(dim: int, ndim: int) -> tuple[int, ...]:
    """All dimensions but one. IndexError: it is not there."""
    kept = axis_of(dim, ndim)
    return tuple(i for i in range(ndim) if i != kept)


@composite("_weight_norm(v: Tensor, g: Tensor, dim: int = 0)", at="torch")
def _weight_norm(v, g, dim=0):
    """w = g v / |v|, the norm being that of each slice along dim; -1: that of all of v.

    shape  v (N, *), g (N, 1, ...) as norm_except_dim returns it -> w (N, *)
    errors  IndexError: no such dimension. RuntimeError: dtypes that differ
    source  Salimans & Kingma 2016, arXiv:1602.07868
    """
    if v.dtype is not g.dtype:
        raise RuntimeError(
            f"expected scalar type {scalar_name(v.dtype)} but found {scalar_name(g.dtype)}"
        )
    if dim == -1:
        return v * (g / norm_except_dim(v, 2, dim))
    if g.numel() != v._a.shape[axis_of(dim, v.ndim)]:
        raise RuntimeError(
            f"_weight_norm: g has {g.numel()} elements, v of shape {list(v.shape)} needs "
            f"{v._a.shape[axis_of(dim, v.ndim)]} along dimension {dim}"
        )
    return WeightNorm.run((v, g, axis_of(dim, v.ndim)))


def _sum(x, axes):
    return K.sum(x, axes, True) if axes else x


@internal("weight_norm_interface", tensors=2, accumulate=True, not_for="iub",
          kernel="weight_norm_kernel", node="WeightNormInterface")  # fmt: skip
class WeightNorm:
    """w = g v / n, n the norms of v over all dimensions but dim

    grad    dg = Σ dw v / n,  dv = g / n (dw - v Σ dw v / n²)
    """

    def forward(v, g, dim):
        axes = _all_but(dim, v.ndim)
        n = K.sqrt(_sum(v * v, axes))
        return v * (K.reshape(g, n.shape) / n)

    def backward(c, dw, v, g, dim):
        axes = _all_but(dim, len(v.shape))
        n = K.sqrt(_sum(v * v, axes))
        along = _sum(dw * v, axes)
        dg = K.reshape(along / n, g.shape) if c.needs(1) else None
        if not c.needs(0):
            return None, dg
        return K.reshape(g, n.shape) / n * (dw - v * (along / (n * n))), dg

    def samples(make):
        yield make(4, 3), make(4, 1), 0
        yield make(4, 3), make(1, 3), 1
        yield make(2, 3, 4), make(1, 3, 1), 1
        yield make(3, 4).T, make(4, 1), 0
        yield make(3), make(3), 0
