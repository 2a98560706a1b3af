"""Factors of matrices for the distributions: Cholesky, triangular equations, eigenvalues.

N rows and columns, * batch.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import rushlight as torch

from ..autograd.function import Function
from ..core.tensor import Tensor, wrap
from ..ops.linear_algebra import LinAlgError


class _Cholesky(Function):
    """L with L Lᵀ = A;  dA = L⁻ᵀ Φ(Lᵀ dL) L⁻¹, symmetrised; Φ: lower triangle, diagonal halved."""

    @staticmethod
    def forward(ctx: Any, a: Tensor) -> Tensor:
        """A (*, N, N) -> L (*, N, N). LinAlgError: A is not positive definite."""
        try:
            factor = wrap(np.linalg.cholesky(a.detach().numpy()))
        except np.linalg.LinAlgError:
            raise LinAlgError(
                "linalg.cholesky: The factorization could not be completed because the input is "
                "not positive-definite."
            ) from None
        ctx.save_for_backward(factor)
        return factor

    @staticmethod
    def backward(ctx: Any, dl: Tensor) -> Tensor:
        """dL (*, N, N) -> dA (*, N, N)"""
        (factor,) = ctx.saved_tensors
        p = (factor.mT @ dl).tril()
        p = p - 0.5 * torch.diag_embed(p.diagonal(dim1=-2, dim2=-1))
        s = torch.linalg.solve(factor.mT, p)
        s = torch.linalg.solve(factor, s, left=False)
        return 0.5 * (s + s.mT)


def cholesky(a: Tensor) -> Tensor:
    """L (*, N, N), lower triangular, with L Lᵀ = A. LinAlgError: A is not positive definite."""
    return _Cholesky.apply(a)


def solve_lower(factor: Tensor, b: Tensor) -> Tensor:
    """L⁻¹ B: L (*, N, N) lower triangular, B (*, N, K) -> (*, N, K)"""
    # solve tells a batch of vectors from a matrix by its shape: the batch is written out
    batch = torch.broadcast_shapes(factor.shape[:-2], b.shape[:-2])
    factor = factor.tril().expand(*batch, *factor.shape[-2:])
    return torch.linalg.solve(factor, b.expand(*batch, *b.shape[-2:]))


def of_precision(p: Tensor) -> Tensor:
    """The Cholesky factor of P⁻¹, from that of P with rows and columns reversed."""
    reversed_factor = cholesky(torch.flip(p, (-2, -1)))
    lower = torch.flip(reversed_factor, (-2, -1)).mT
    return solve_lower(lower, torch.eye(p.shape[-1], dtype=p.dtype))


def inverse_of(factor: Tensor) -> Tensor:
    """(L Lᵀ)⁻¹ of a lower triangular L (*, N, N)"""
    inverse = solve_lower(factor, torch.eye(factor.shape[-1], dtype=factor.dtype))
    return inverse.mT @ inverse


def product(a: Tensor, x: Tensor) -> Tensor:
    """A x for each: A (*, N, M), x (*, M) -> (*, N)"""
    return torch.matmul(a, x.unsqueeze(-1)).squeeze(-1)


def mahalanobis(factor: Tensor, x: Tensor) -> Tensor:
    """xᵀ (L Lᵀ)⁻¹ x: L (*, N, N) lower triangular, x (*, N) -> (*), batches broadcast"""
    z = solve_lower(factor, x.unsqueeze(-1)).squeeze(-1)
    return z.pow(2).sum(-1)


def log_diagonal(factor: Tensor) -> Tensor:
    """Σ ln L_ii: half the logarithm of the determinant of L Lᵀ; (*, N, N) -> (*)"""
    return factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def trace_of_square(factor: Tensor) -> Tensor:
    """trace(X Xᵀ): (*, N, M) -> (*)"""
    return factor.pow(2).sum((-2, -1))


def has_cholesky(a: Tensor) -> Tensor:
    """Is each matrix (of which the lower triangle counts) positive definite? (*, N, N) -> (*)"""
    array = a.detach().numpy()
    found = np.ones(array.shape[:-2], bool)
    for i in np.ndindex(*array.shape[:-2]):
        try:
            found[i] = np.isfinite(np.linalg.cholesky(array[i])).all()
        except np.linalg.LinAlgError:
            found[i] = False
    return wrap(found)


def eigenvalues(a: Tensor) -> Tensor:
    """The eigenvalues of symmetric matrices, rising: (*, N, N) -> (*, N)"""
    return wrap(np.linalg.eigvalsh(a.detach().numpy()))
