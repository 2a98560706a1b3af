"""1 - distance IoU as a loss."""

from __future__ import annotations

from ...core.tensor import Tensor
from ._utils import paired, reduced
from .boxes import _real

__all__ = ["distance_box_iou_loss"]


def distance_box_iou_loss(
    boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7
) -> Tensor:
    """1 - diou of boxes pair by pair, see `distance_box_iou`.

    shape   boxes1 (*, 4), boxes2 (*, 4) -> (*), or () for reduction "mean" and "sum"
    eps     is added to what is divided by
    errors  ValueError: another reduction
    source  Zheng et al. 2019, arXiv:1911.08287
    """
    return reduced(_diou_iou_loss(boxes1, boxes2, eps)[0], reduction)


def _diou_iou_loss(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> tuple[Tensor, Tensor]:
    """(1 - diou, iou), (*) each."""
    boxes1, boxes2 = _real(boxes1), _real(boxes2)
    iou, _, hull = paired(boxes1, boxes2, eps)
    diagonal = hull.square().sum(-1) + eps
    centres = (boxes1[..., :2] + boxes1[..., 2:] - boxes2[..., :2] - boxes2[..., 2:]) / 2
    return 1 - iou + centres.square().sum(-1) / diagonal, iou
