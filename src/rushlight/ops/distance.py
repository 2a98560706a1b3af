"""Distances and angles between vectors: cosine similarity, p-norm distances, cross products.

B batch, P and R points, M features.
"""

from __future__ import annotations

import numpy as np

from ..core.dtype import FLOAT, promote_types, scalar_name
from ..core.grad_mode import no_grad
from ..core.notices import warn
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import not_implemented
from ..dispatch.promotion import real
from ..dispatch.registry import composite, internal
from ..kernels import K
from .convert import unrecorded
from .expand import broadcast_tensors
from .reduce import axis_of
from .shape import wrapped


def _common(x1: Tensor, x2: Tensor) -> tuple[Tensor, Tensor]:
    """x1 and x2 in their common dtype. RuntimeError: not floating point."""
    target = promote_types(x1.dtype, x2.dtype)
    if target.category < FLOAT:
        raise RuntimeError(
            f"expected common dtype to be floating point, yet common dtype is {scalar_name(target)}"
        )
    return tuple(x if x.is_floating_point() or x.is_complex() else x.to(target) for x in (x1, x2))


@composite(
    "cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8)", at="torch F"
)
def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """y = x1 · x2 / (max(|x1|, eps) max(|x2|, eps)) along dim of the broadcast inputs.

    shape   (*, M, *) and (*, M, *) -> (*, *)
    errors  RuntimeError: integers, or shapes that do not broadcast
    """
    x1, x2 = _common(x1, x2)
    if x1.shape == x2.shape and unrecorded(x1, x2) and x1.dtype is x2.dtype:
        a, b = x1._a, x2._a
        if a.ndim and a.dtype.kind == "f" and a.itemsize > 2:
            d, eps = axis_of(dim, a.ndim), real(eps)
            return wrap(K.sum(K.mul(K.unit(a, d, eps), K.unit(b, d, eps)), d))
    n1, n2 = (x.norm(2, dim, keepdim=True).clone() for x in broadcast_tensors(x1, x2))
    with no_grad():  # the gradient is that of the norm itself, below eps, too
        n1.clamp_(min=eps)
        n2.clamp_(min=eps)
    return ((x1 / n1) * (x2 / n2)).sum(dim)


@composite(
    "pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, "
    "keepdim: bool = False)",
    at="torch F",
)
def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    """y = |x1 - x2 + eps|_p over the last dimension of the broadcast inputs.

    shape   (N, M), (N, M) -> (N)
    errors  RuntimeError: shapes that do not broadcast
    """
    return (x1 - x2 + eps).norm(p, -1, keepdim)


@composite("pdist(input, p: float = 2.0)", at="torch F")
def pdist(input, p=2.0):
    """The p-norm distances of all pairs of rows i < j, in that order.

    shape   (P, M) -> (P (P - 1) / 2)
    errors  RuntimeError: no matrix, or p < 0
    """
    a = input._a
    if a.ndim != 2:
        raise RuntimeError("pdist only supports 2D tensors, got: " + f"{a.ndim}D")
    if a.dtype.kind not in "fV":
        raise RuntimeError("pdist only supports floating-point dtypes")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    i, j = np.triu_indices(a.shape[0], 1)
    return (input[wrap(i)] - input[wrap(j)]).norm(p, 1)


@composite(
    "cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str | None = None)", at="torch"
)
def cdist(x1, x2, p=2.0, compute_mode=None):
    """The p-norm distances between all rows of x1 and all rows of x2.

    shape   (*, P, M), (*, R, M) -> (*, P, R); * broadcast
    mode    compute_mode says when p = 2 goes through a matrix product; by default if P or R > 25
    errors  RuntimeError: fewer than 2 dimensions, other M, p < 0; ValueError: an unknown mode
    """
    modes = (
        None,
        "use_mm_for_euclid_dist_if_necessary",
        "use_mm_for_euclid_dist",
        "donot_use_mm_for_euclid_dist",
    )
    if compute_mode not in modes:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    for name, x in (("X1", x1), ("X2", x2)):
        if x._a.dtype.kind not in "fV":
            raise RuntimeError(
                f"cdist only supports floating-point dtypes, {name} got: {scalar_name(x.dtype)}"
            )
        if x._a.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {x._a.ndim}D")
    if x1._a.shape[-1] != x2._a.shape[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {x1._a.shape[-1]} X2: "
            f"{x2._a.shape[-1]}"
        )
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    if x2.dtype is not x1.dtype:
        if x1._a.size and x2._a.size:
            wanted, got = scalar_name(x1.dtype), scalar_name(x2.dtype)
            raise RuntimeError(f"expected scalar type {wanted} but found {got}")
        x2 = x2.to(x1.dtype)
    many = x1._a.shape[-2] > 25 or x2._a.shape[-2] > 25
    if p == 2 and (modes.index(compute_mode) == 2 or (modes.index(compute_mode) < 2 and many)):
        return _euclidean(x1, x2)
    if x1._a.itemsize == 2 and x1._a.size and x2._a.size:
        raise not_implemented("cdist", x1._a)
    return (x1.unsqueeze(-2) - x2.unsqueeze(-3)).norm(p, -1)


def _euclidean(x1: Tensor, x2: Tensor) -> Tensor:
    """√(|x1|² + |x2|² - 2 x1 · x2), without the (P, R, M) differences; 0 has the gradient 0."""
    squares = (x1 * x1).sum(-1, keepdim=True) + (x2 * x2).sum(-1).unsqueeze(-2)
    found = squares - 2 * x1.matmul(x2.transpose(-1, -2))  # (*, P, R)
    zero = wrap(found._a <= 0)
    return found.masked_fill(zero, 1.0).sqrt().masked_fill(zero, 0.0)


@composite("cross(input, other: Tensor, *, dim: int = -1, out=None)", at="linalg")
def linalg_cross(input, other, *, dim=-1):
    """z = x × y along dim, of length 3; the other dimensions broadcast.

    shape   (*, 3, *), (*, 3, *) -> (*, 3, *)
    errors  RuntimeError: numbers of dimensions differ, or the length is not 3

    >>> torch.linalg.cross(tensor([1.0, 0.0, 0.0]), tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])
    """
    a, b = input._a.shape, other._a.shape
    if len(a) != len(b):
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    d = wrapped(dim, len(a))
    if a[d] != 3 or b[d] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {a[d]} and {b[d]}"
        )
    if input.dtype is not other.dtype and input.numel():
        wanted, got = scalar_name(input.dtype), scalar_name(other.dtype)
        if input._a.dtype.kind != "b":
            raise RuntimeError(f"expected scalar type {wanted} but found {got}")
    if input._a.dtype.kind == "b" and input.numel():
        raise not_implemented("cross", input._a)
    return LinalgCross.run((input, other, d))


@internal(
    "linalg_cross",
    tensors=2,
    broadcast=True,
    order="made",
    fresh=True,
    quiet=False,
    node="LinalgCross",
)
class LinalgCross:
    """z = x × y along one dimension;  dx = y × dz,  dy = dz × x"""

    def forward(x, y, dim):
        return K.cross(x, y, dim)

    def backward(c, dz, x, y, dim):
        dx = K.cross(K.conj(y), dz, dim) if c.needs(0) else None
        return dx, K.cross(dz, K.conj(x), dim) if c.needs(1) else None

    def samples(make):
        yield make(2, 3), make(2, 3), 1
        yield make(3, 2, 4), make(3, 1, 4), 0
        yield make(3, 4).T, make(4, 3), 1


@composite("cross(input, other: Tensor, dim: int | None = None, *, out=None)", at="torch Tensor")
def cross(input, other, dim=None):
    """z = x × y along dim; without dim along the first dimension of length 3 (deprecated).

    errors  as torch.linalg.cross
    """
    if dim is None:
        if input._a.ndim != other._a.ndim:
            raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
        warn(
            "Using torch.cross without specifying the dim arg is deprecated.\n"
            "Please either pass the dim explicitly or simply use torch.linalg.cross.\n"
            "The default value of dim will change to agree with that of linalg.cross in a future "
            "release.",
        )
        if 3 not in input._a.shape:
            raise RuntimeError("no dimension of size 3 in input")
        dim = input._a.shape.index(3)
    return linalg_cross(input, other, dim=dim)
