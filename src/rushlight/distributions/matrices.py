"""Factors of matrices for the distributions: Cholesky, triangular equations, eigenvalues.

N rows and columns, * batch.
"""

from __future__ import annotations

import rushlight as torch

from ..core.tensor import Tensor


def cholesky(a: Tensor) -> Tensor:
    """L (*, N, N), lower triangular, with L Lᵀ = A. LinAlgError: A is not positive definite."""
    return torch.linalg.cholesky(a)


def solve_lower(factor: Tensor, b: Tensor) -> Tensor:
    """L⁻¹ B: L (*, N, N) lower triangular, B (*, N, K) -> (*, N, K)"""
    return torch.linalg.solve_triangular(factor, b, upper=False)


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
    return torch.linalg.cholesky_ex(a.detach()).info.eq(0)


def eigenvalues(a: Tensor) -> Tensor:
    """The eigenvalues of symmetric matrices, rising: (*, N, N) -> (*, N)"""
    return torch.linalg.eigvalsh(a.detach())
