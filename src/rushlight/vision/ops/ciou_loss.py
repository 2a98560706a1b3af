"""1 - complete IoU as a loss."""

from __future__ import annotations

import math

from ...core.tensor import Tensor
from ._utils import reduced
from .boxes import _real, aspect
from .diou_loss import _diou_iou_loss

__all__ = ["complete_box_iou_loss"]


def complete_box_iou_loss(
    boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7
) -> Tensor:
    """1 - ciou of boxes pair by pair, see `complete_box_iou`.

    shape   boxes1 (*, 4), boxes2 (*, 4) -> (*), or () for reduction "mean" and "sum"
    eps     is added to what is divided by
    errors  ValueError: another reduction
    source  Zheng et al. 2019, arXiv:1911.08287
    """
    boxes1, boxes2 = _real(boxes1), _real(boxes2)
    loss, iou = _diou_iou_loss(boxes1, boxes2, eps)
    v = 4 / math.pi**2 * (aspect(boxes2) - aspect(boxes1)).square()
    alpha = (v / (1 - iou + v + eps)).detach()
    return reduced(loss + alpha * v, reduction)
