"""Margin losses as layers: each holds the options of the function of its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.tensor import Tensor
from . import functional as F
from .distance import PairwiseDistance
from .loss import _Loss, _WeightedLoss

__all__ = [
    "CosineEmbeddingLoss",
    "HingeEmbeddingLoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]


class MarginRankingLoss(_Loss):
    """max(0, -y (x1 - x2) + margin)

    shape   x1, x2, target (*) -> y (), or (*) for reduction='none'
    errors  ValueError: another reduction. RuntimeError: different numbers of dimensions; shapes
            that do not broadcast
    """

    __constants__ = ["margin", "reduction"]

    def __init__(
        self,
        margin: float = 0.0,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ):
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """input1, input2 and target (N) or (); target 1 or -1"""
        return F.margin_ranking_loss(
            input1, input2, target, margin=self.margin, reduction=self.reduction
        )


class HingeEmbeddingLoss(_Loss):
    """x where y = 1, max(0, margin - x) where y = -1

    shape   input (*), target (*) -> y (), or (*) for reduction='none'
    errors  ValueError: another reduction. RuntimeError: shapes that do not broadcast
    """

    __constants__ = ["margin", "reduction"]

    def __init__(
        self,
        margin: float = 1.0,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ):
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """input (*), target (*) of 1 or -1"""
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(_Loss):
    """1 - cos(x1, x2) where y = 1, max(0, cos(x1, x2) - margin) where y = -1

    shape   x1, x2 (N, D) or (D), target (N) or () -> y (), or (N) for reduction='none'
    errors  ValueError: another reduction. RuntimeError: other dimensions; shapes that do not
            broadcast
    """

    __constants__ = ["margin", "reduction"]

    def __init__(
        self,
        margin: float = 0.0,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ):
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """input1 and input2 (N, M) or (M), target (N) or ()"""
        return F.cosine_embedding_loss(
            input1, input2, target, margin=self.margin, reduction=self.reduction
        )


class SoftMarginLoss(_Loss):
    """log(1 + e^(-y x))

    shape   input (*), target (*) -> y (), or (*) for reduction='none'
    errors  ValueError: another reduction. RuntimeError: shapes that do not broadcast
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """input (*), target (*) of 1 or -1"""
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiLabelMarginLoss(_Loss):
    """Σ_{j in y} Σ_{i not in y} max(0, 1 - x[j] + x[i]) / C

    shape   input (N, C) or (C), target the same: classes, then -1 -> y (), or (N) for
            reduction='none'
    errors  ValueError: another reduction. RuntimeError: a target of another shape, or outside of
            [-1, C)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """input and target (N, C) or (C); target lists classes and ends at -1"""
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """-Σ_c w_c (y log σ(x) + (1 - y) log σ(-x)) / C

    shape   input, target (N, C) -> y (), or (N) for reduction='none'
    errors  ValueError: another reduction. RuntimeError: shapes that do not broadcast
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """input and target (N, C)"""
        return F.multilabel_soft_margin_loss(
            input, target, weight=self.weight, reduction=self.reduction
        )


class MultiMarginLoss(_WeightedLoss):
    """Σ_{i ≠ y} max(0, margin - x[y] + x[i])^p / C

    shape   input (N, C) or (C), target (N) or () -> y (), or (N) for reduction='none'
    errors  ValueError: another reduction; p other than 1 or 2; a weight that is not 1-d.
            RuntimeError: other shapes; a target outside of [0, C)
    """

    __constants__ = ["p", "margin", "reduction"]

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ):
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ValueError("only p == 1 and p == 2 supported")
        if weight is not None and weight.dim() != 1:
            raise ValueError(
                f"MultiMarginLoss: expected weight to be None or 1D tensor, got {weight.dim()}D "
                "instead"
            )
        self.p, self.margin = p, margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """input (N, C) or (C), target (N) or () of classes"""
        return F.multi_margin_loss(
            input,
            target,
            p=self.p,
            margin=self.margin,
            weight=self.weight,
            reduction=self.reduction,
        )


class TripletMarginLoss(_Loss):
    """max(0, |a - p|_p - |a - n|_p + margin)

    shape   a, p, n (N, D) or (D) -> y (), or (N) for reduction='none'
    errors  ValueError: margin <= 0; another reduction. RuntimeError: different numbers of
            dimensions; shapes that do not broadcast
    """

    __constants__ = ["margin", "p", "eps", "swap", "reduction"]

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ):
        super().__init__(size_average, reduce, reduction)
        if margin <= 0:
            raise ValueError(
                f"TripletMarginLoss: expected margin to be greater than 0, got {margin} instead"
            )
        self.margin, self.p, self.eps, self.swap = margin, p, eps, swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """anchor, positive and negative (N, M) or (M)"""
        return F.triplet_margin_loss(
            anchor,
            positive,
            negative,
            self.margin,
            self.p,
            self.eps,
            self.swap,
            reduction=self.reduction,
        )


class TripletMarginWithDistanceLoss(_Loss):
    """max(0, d(a, p) - d(a, n) + margin) for any distance d; PairwiseDistance by default

    shape   a, p, n (N, D) or (D) -> y (), or (N) for reduction='none'
    errors  ValueError: margin <= 0; another reduction. RuntimeError: different numbers of
            dimensions; shapes that do not broadcast
    """

    __constants__ = ["margin", "swap", "reduction"]

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ):
        super().__init__(None, None, reduction)
        if margin <= 0:
            raise ValueError(
                "TripletMarginWithDistanceLoss: expected margin to be greater than 0, got "
                f"{margin} instead"
            )
        self.distance_function = (
            PairwiseDistance() if distance_function is None else distance_function
        )
        self.margin, self.swap = margin, swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """anchor, positive and negative: what the distance takes"""
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )
