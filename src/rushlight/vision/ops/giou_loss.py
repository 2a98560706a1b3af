"""1 - generalised IoU as a loss."""

from __future__ import annotations

from ...core.tensor import Tensor
from ._utils import paired, reduced

__all__ = ["generalized_box_iou_loss"]


def generalized_box_iou_loss(
    boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7
) -> Tensor:
    """1 - giou of boxes pair by pair, see `generalized_box_iou`.

    shape   boxes1 (*, 4), boxes2 (*, 4) -> (*), or () for reduction "mean" and "sum"
    eps     is added to the areas that are divided by
    errors  ValueError: another reduction
    source  Rezatofighi et al. 2019, arXiv:1902.09630
    """
    iou, union, hull = paired(boxes1, boxes2, eps)
    area = hull[..., 0] * hull[..., 1]
    return reduced(1 - (iou - (area - union) / (area + eps)), reduction)
