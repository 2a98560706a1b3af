"""Lengths of vectors: norm, dist, renorm, and the vector norm under them."""

from __future__ import annotations

import math

import numpy as np

from ..core.dtype import COMPLEX, FLOAT, scalar_name
from ..core.tensor import Tensor
from ..dispatch.out import into
from ..dispatch.registry import CARDS, apply, apply_inplace, cast, composite, op
from ..kernels import K
from .reduce import aligned, axes_of, axis_of


def _norm(x: np.ndarray, p: float, axis, keepdim: bool) -> np.ndarray:
    """(Σ |x|^p)^(1/p); the largest for p = inf, the smallest for -inf, the number of non-zeros for
    0.
    """
    if x.dtype.itemsize == 2:
        return np.asarray(_norm(x.astype(np.float32), p, axis, keepdim)).astype(x.dtype)
    size = np.abs(x) if x.dtype.kind == "c" or p != 2 else x
    if p == 2:
        return np.sqrt(K.sum(size * size, axis, keepdim))
    if p == math.inf or p == -math.inf:
        return (np.maximum if p > 0 else np.minimum).reduce(
            size, axis, keepdims=keepdim, **({"initial": 0} if p > 0 else {})
        )
    if p == 0:
        return np.add.reduce(size != 0, axis, dtype=size.dtype, keepdims=keepdim)
    if p == 1:
        return K.sum(size, axis, keepdim)
    return K.sum(size**p, axis, keepdim) ** (1 / p)


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


@op("_vector_norm", fn=False, method=False, tensors=1, node="LinalgVectorNorm")
class _VectorNorm:
    """y = (Σ |x|^p)^(1/p) over dim

    p       inf, -inf: the largest, the smallest |x|; 0: how many are not 0
    dtype   real; integers are refused
    grad    dx = dy x |x|^(p-2) / y^(p-1), 0 where y = 0; shared by ties for p = ±inf
    """

    def forward(x, p, dim, keepdim):
        if x.dtype.kind not in "fcV":
            raise RuntimeError(
                "linalg.vector_norm: Expected a floating point or complex tensor as input. Got Long"
            )
        if x.size == 0 and (p < 0 or p == math.inf):
            axes = axes_of(dim, x.ndim)
            if axes is None or any(x.shape[i] == 0 for i in axes):
                raise RuntimeError(
                    f"linalg.vector_norm cannot compute the {p} norm on an empty tensor because "
                    "the operation does "
                    "not have an identity"
                )
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
    """The p-norm of all elements or over dim, differentiable."""
    return apply(CARDS["_vector_norm"], (x, float(p), dim, keepdim))


@op("_nuclear", fn=False, method=False, node="Sum1")
class _Nuclear:
    """y (*) = Σ of the singular values of the matrices x (*, m, n);  dx = dy U Vᵀ"""

    def forward(x):
        return np.linalg.svd(x, compute_uv=False).sum(-1)

    def backward(c, dy, x):
        if isinstance(x, Tensor):
            raise NotImplementedError("the nuclear norm has no second derivative here")
        u, _, v = np.linalg.svd(x, full_matrices=False)
        return (u @ v) * dy[..., None, None]


def _nuclear(x, dim, keepdim):
    dims = axes_of(dim, x.ndim) if dim is not None else tuple(range(x.ndim))
    if dims is None or len(dims) != 2:
        raise RuntimeError(
            "linalg.matrix_norm: The input tensor A must have at least 2 dimensions."
            if dim is None
            else "linalg.matrix_norm: dim must be a 2-tuple."
        )
    y = apply(CARDS["_nuclear"], (x.movedim(dims, (-2, -1)),))
    return y.reshape([1 if i in dims else n for i, n in enumerate(x.shape)]) if keepdim else y


@composite("norm")
def norm(input, p="fro", dim=None, keepdim=False, out=None, dtype=None):
    """The p-norm of all elements or over dim:
    a number, ±inf, 'fro' (Euclidean) or 'nuc' (of matrices).

    RuntimeError: integers without dtype=.

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
    if x.dtype.category < FLOAT:
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{scalar_name(x.dtype)}"
        )
    if p == "nuc":
        y = _nuclear(x, dim, keepdim)
    elif p == "fro" or p is None:
        y = vector_norm(x, 2, dim, keepdim)
    elif isinstance(p, str):
        raise RuntimeError(f"norm(): order {p!r} is not supported: a number, 'fro' or 'nuc'")
    else:
        y = vector_norm(x, float(p), dim, keepdim)
    return y if out is None else into(out, y)


@composite("frobenius_norm")
def frobenius_norm(input, dim=(), keepdim=False, *, out=None):
    """The Euclidean norm of all elements, or over one or two dimensions."""
    return norm(input, "fro", None if dim in ((), []) else dim, keepdim, out)


@composite("nuclear_norm")
def nuclear_norm(input, dim=None, keepdim=False, *, out=None):
    """The sum of the singular values of matrices: the last two dimensions, or the two of dim."""
    return norm(input, "nuc", (-2, -1) if dim is None else dim, keepdim, out)


def _norm_method(self, p="fro", dim=None, keepdim=False, dtype=None):
    return norm(self, p, dim, keepdim, dtype=dtype)


_norm_method.__name__, _norm_method.__doc__ = "norm", norm.__doc__
Tensor.norm = _norm_method


@op("_dist", fn=False, method=False, tensors=2, broadcast=True, promote="arith", node="Dist")
class _Dist:
    """z = the p-norm of x - y"""

    def forward(x, y, p):
        return _norm(x - y, p, None, False)

    def backward(c, dz, x, y, out, p):
        d = _norm_dx(dz, x - y, out, p, None)
        return d, -d

    def samples(make):
        yield make(3, 4), make(3, 4), 2.0
        yield make(3, 4), make(4), 1.0
        yield make(3, 4), make(), math.inf
        yield make(4, 3).T, make(3, 4), 3.0


@composite("dist", method=True)
def dist(input, other, p=2):
    """The p-norm of input - other.

    >>> torch.dist(tensor([3.0, 0.0]), tensor([0.0, 4.0]))
    tensor(5.)
    """
    return apply(CARDS["_dist"], (input, other, float(p)))


@op("_renorm", fn=False, method=False, tensors=1, node="Renorm")
class _Renorm:
    """y = x with each slice along dim scaled down to a p-norm of at most maxnorm."""

    def forward(x, p, dim, maxnorm):
        return x * _renorm_factor(x, p, dim, maxnorm)

    def backward(c, dy, x, p, dim, maxnorm):
        axes = tuple(i for i in range(x.ndim) if i != dim % x.ndim)
        size = K.abs(x)
        y = (
            K.max(size, axes, True)
            if p == math.inf
            else K.power(K.sum(K.power(size, p), axes, True), 1 / p)
        )
        factor = K.where(y > maxnorm, maxnorm / (y + 1e-7), K.ones_like(y))
        total = K.sum(dy * K.conj(x), axes, True)
        total = K.real(total) if K.is_complex(total) else total
        dnorm = K.where(y > maxnorm, -maxnorm / ((y + 1e-7) * (y + 1e-7)) * total, K.zeros_like(y))
        return dy * factor + _norm_dx(dnorm, x, y, p, axes)

    def samples(make):
        yield make(3, 4), 2.0, 0, 1.0
        yield make(2, 3, 4), 1.0, 1, 2.0


def _renorm_factor(x: np.ndarray, p: float, dim: int, maxnorm: float) -> np.ndarray:
    axes = tuple(i for i in range(x.ndim) if i != dim % x.ndim)
    y = _norm(x, p, axes, True)
    return np.where(y > maxnorm, maxnorm / (y + 1e-7), 1).astype(y.dtype, copy=False)


def _renorm_arguments(input, p, dim, maxnorm) -> tuple:
    if not isinstance(p, (int, float)) or p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if input.ndim < 2:
        raise RuntimeError(
            f"renorm: input needs at least 2 dimensions, got {input.ndim} dimensions"
        )
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    axes_of(dim, input.ndim)
    return input, float(p), dim, maxnorm


@composite("renorm", method=True)
def renorm(input, p, dim, maxnorm, *, out=None):
    """input with each slice along dim scaled down to a p-norm of at most maxnorm."""
    y = apply(CARDS["_renorm"], _renorm_arguments(input, p, dim, maxnorm))
    return y if out is None else into(out, y)


@composite("renorm_", fn=False, method=True)
def renorm_(input, p, dim, maxnorm):
    """In-place version of renorm."""
    return apply_inplace(CARDS["_renorm"], _renorm_arguments(input, p, dim, maxnorm))
