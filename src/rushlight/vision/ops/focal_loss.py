"""Focal loss: binary cross entropy that counts easy examples less."""

from __future__ import annotations

from ...core.tensor import Tensor
from ...nn import functional as F
from ._utils import reduced

__all__ = ["sigmoid_focal_loss"]


def sigmoid_focal_loss(
    inputs: Tensor,
    targets: Tensor,
    alpha: float = 0.25,
    gamma: float = 2,
    reduction: str = "none",
) -> Tensor:
    """α_t (1 - p_t)^γ bce(x, t),  p_t = p if t = 1 else 1 - p,  p = sigmoid(x)

    alpha   weight of the positive examples, 1 - alpha that of the others; -1: no weights
    gamma   the larger, the less easy examples count
    shape   inputs (*), targets (*) of 0 and 1 -> (*), or () for reduction "mean" and "sum"
    errors  ValueError: alpha outside [0, 1] and not -1; another reduction
    source  Lin et al. 2017, arXiv:1708.02002
    """
    if not (0 <= alpha <= 1) and alpha != -1:
        raise ValueError(
            f"Invalid alpha value: {alpha}. alpha must be in the range [0,1] or -1 for ignore."
        )
    p = inputs.sigmoid()
    bce = F.binary_cross_entropy_with_logits(inputs, targets, reduction="none")
    missed = 1 - (p * targets + (1 - p) * (1 - targets))
    loss = bce * missed**gamma
    if alpha >= 0:
        loss = (alpha * targets + (1 - alpha) * (1 - targets)) * loss
    return reduced(loss, reduction)
