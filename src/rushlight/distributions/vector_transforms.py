"""Transforms of vectors and matrices: to simplices, to Cholesky factors."""

from __future__ import annotations

import math
from typing import Any

import rushlight as torch

from ..core.size import Size
from ..dispatch.registry import FUNCTIONAL as F
from . import constraints, matrices
from .number_transforms import Transform
from .utils import tril_matrix_to_vec, vec_to_tril_matrix


class SoftmaxTransform(Transform):
    """y = softmax(x) of vectors (*, K); the inverse is ln y, so that K numbers give K - 1"""

    domain = constraints.real_vector
    codomain = constraints.simplex

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SoftmaxTransform)

    __hash__ = None  # type: ignore[assignment]

    def _call(self, x: Any) -> Any:
        y = (x - x.max(-1, True)[0]).exp()
        return y / y.sum(-1, True)

    def _inverse(self, y: Any) -> Any:
        return y.log()

    def forward_shape(self, shape: Any) -> Any:
        """shape itself. ValueError: no dimension"""
        if len(shape) < 1:
            raise ValueError("Too few dimensions on input")
        return shape

    def inverse_shape(self, shape: Any) -> Any:
        """shape itself. ValueError: no dimension"""
        if len(shape) < 1:
            raise ValueError("Too few dimensions on input")
        return shape


class StickBreakingTransform(Transform):
    """Vectors (*, K) to the simplex (*, K + 1): each number breaks off a part of what is left

    y_k = s_k Π_{j<k} (1 - s_j), s_k = sigmoid(x_k - ln(K - k)), and the rest
    source  Stan reference manual, Unit simplexes
    """

    domain = constraints.real_vector
    codomain = constraints.simplex
    bijective = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StickBreakingTransform)

    __hash__ = None  # type: ignore[assignment]

    def _call(self, x: Any) -> Any:
        offset = x.shape[-1] + 1 - x.new_ones(x.shape[-1]).cumsum(-1)
        finfo = torch.finfo(x.dtype)
        z = torch.clamp(torch.sigmoid(x - offset.log()), min=finfo.tiny, max=1.0 - finfo.eps)
        left = (1 - z).cumprod(-1)
        return F["pad"](z, [0, 1], value=1) * F["pad"](left, [1, 0], value=1)

    def _inverse(self, y: Any) -> Any:
        cropped = y[..., :-1]
        offset = y.shape[-1] - y.new_ones(cropped.shape[-1]).cumsum(-1)
        left = torch.clamp(1 - cropped.cumsum(-1), min=torch.finfo(y.dtype).tiny)
        return cropped.log() - left.log() + offset.log()

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Σ ln s_k (1 - s_k) and what was left: (*)"""
        offset = x.shape[-1] + 1 - x.new_ones(x.shape[-1]).cumsum(-1)
        x = x - offset.log()
        return (-x + F["logsigmoid"](x) + y[..., :-1].log()).sum(-1)

    def forward_shape(self, shape: Any) -> Any:
        """(*, K) -> (*, K + 1). ValueError: no dimension"""
        if len(shape) < 1:
            raise ValueError("Too few dimensions on input")
        return Size((*shape[:-1], shape[-1] + 1))

    def inverse_shape(self, shape: Any) -> Any:
        """(*, K + 1) -> (*, K). ValueError: no dimension"""
        if len(shape) < 1:
            raise ValueError("Too few dimensions on input")
        return Size((*shape[:-1], shape[-1] - 1))


class CorrCholeskyTransform(Transform):
    """Vectors (*, N (N - 1) / 2) to Cholesky factors (*, N, N) of correlation matrices

    tanh(x) are partial correlations, row by row: y_ij = z_ij √Π_{k<j} (1 - z_ik²)
    source  Lewandowski, Kurowicka and Joe 2009, doi:10.1016/j.jmva.2009.04.008
    """

    domain = constraints.real_vector
    codomain = constraints.corr_cholesky
    bijective = True

    def _call(self, x: Any) -> Any:
        x = torch.tanh(x)
        eps = torch.finfo(x.dtype).eps
        x = x.clamp(min=-1 + eps, max=1 - eps)
        r = vec_to_tril_matrix(x, diag=-1)
        left = (1 - r**2).sqrt().cumprod(-1)
        r = r + torch.eye(r.shape[-1], dtype=r.dtype)
        return r * F["pad"](left[..., :-1], [1, 0], value=1)

    def _inverse(self, y: Any) -> Any:
        squares = 1 - torch.cumsum(y * y, dim=-1)
        shifted = F["pad"](squares[..., :-1], [1, 0], value=1)
        vector = tril_matrix_to_vec(y, diag=-1)
        left = tril_matrix_to_vec(shifted, diag=-1)
        t = vector / left.sqrt()
        return (t.log1p() - t.neg().log1p()) / 2

    def log_abs_det_jacobian(self, x: Any, y: Any, intermediates: Any = None) -> Any:
        """Σ ln of the left squares / 2 + Σ ln(1 - tanh² x)"""
        squares = 1 - (y * y).cumsum(dim=-1)
        left = tril_matrix_to_vec(squares, diag=-2)
        stick = 0.5 * left.log().sum(-1)
        tanh = -2 * (x + F["softplus"](-2 * x) - math.log(2.0)).sum(dim=-1)
        return stick + tanh

    def forward_shape(self, shape: Any) -> Any:
        """(*, N (N - 1) / 2) -> (*, N, N). ValueError: not such a number"""
        if len(shape) < 1:
            raise ValueError("Too few dimensions on input")
        n = shape[-1]
        size = round((0.25 + 2 * n) ** 0.5 + 0.5)
        if size * (size - 1) // 2 != n:
            raise ValueError("Input is not a flattened lower-diagonal number")
        return Size((*shape[:-1], size, size))

    def inverse_shape(self, shape: Any) -> Any:
        """(*, N, N) -> (*, N (N - 1) / 2). ValueError: not square"""
        if len(shape) < 2:
            raise ValueError("Too few dimensions on input")
        if shape[-2] != shape[-1]:
            raise ValueError("Input is not square")
        n = shape[-1]
        return Size((*shape[:-2], n * (n - 1) // 2))


class LowerCholeskyTransform(Transform):
    """Matrices to Cholesky factors: the strict lower triangle and the exp of the diagonal"""

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.lower_cholesky

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LowerCholeskyTransform)

    __hash__ = None  # type: ignore[assignment]

    def _call(self, x: Any) -> Any:
        return x.tril(-1) + x.diagonal(dim1=-2, dim2=-1).exp().diag_embed()

    def _inverse(self, y: Any) -> Any:
        return y.tril(-1) + y.diagonal(dim1=-2, dim2=-1).log().diag_embed()


class PositiveDefiniteTransform(Transform):
    """Matrices to positive definite ones: L Lᵀ, L by LowerCholeskyTransform"""

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.positive_definite

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PositiveDefiniteTransform)

    __hash__ = None  # type: ignore[assignment]

    def _call(self, x: Any) -> Any:
        x = LowerCholeskyTransform()(x)
        return x @ x.mT

    def _inverse(self, y: Any) -> Any:
        return LowerCholeskyTransform().inv(matrices.cholesky(y))
