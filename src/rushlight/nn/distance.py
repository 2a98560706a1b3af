"""Similarities and distances as layers."""

from __future__ import annotations

from ..core.tensor import Tensor
from . import functional as F
from .module import Module

__all__ = [
    "CosineSimilarity",
    "PairwiseDistance",
]


class CosineSimilarity(Module):
    """x1 · x2 / (max(|x1|, eps) max(|x2|, eps)) along dim. See F.cosine_similarity.

    shape   x1, x2 (*, n, *), broadcast -> y (*, *), without dim
    errors  RuntimeError: shapes that do not broadcast; integers. IndexError: no such dim
    """

    __constants__ = ["dim", "eps"]

    def __init__(self, dim: int = 1, eps: float = 1e-8):
        super().__init__()
        self.dim, self.eps = dim, eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """x1 and x2 (*, M, *) -> (*, *)"""
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """|x1 - x2 + eps|_p over the last dimension. See F.pairwise_distance.

    shape   x1, x2 (*, n), broadcast -> y (*), or (*, 1) if keepdim
    errors  RuntimeError: shapes that do not broadcast
    """

    __constants__ = ["norm", "eps", "keepdim"]

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False):
        super().__init__()
        self.norm, self.eps, self.keepdim = p, eps, keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """x1 and x2 (N, M) or (M) -> (N) or ()"""
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
