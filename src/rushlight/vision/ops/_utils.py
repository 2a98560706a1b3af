"""What the losses and the poolings of regions share. K regions, N batch."""

from __future__ import annotations

from ... import nn
from ...core.tensor import Tensor
from .. import functions as T
from .boxes import _real

__all__ = [
    "check_roi_boxes_shape",
    "convert_boxes_to_roi_format",
    "reduced",
    "split_normalization_params",
]


def convert_boxes_to_roi_format(boxes: list[Tensor]) -> Tensor:
    """Boxes (L, 4) of each image -> (K, 5): the image's index, then the box."""
    ids = [T.full_like(b[:, :1], i) for i, b in enumerate(boxes)]
    return T.cat([T.cat(ids), T.cat(list(boxes))], dim=1)


def check_roi_boxes_shape(boxes: Tensor | list[Tensor] | tuple[Tensor, ...]) -> None:
    """AssertionError for what is neither (K, 5) nor a list of (L, 4)."""
    if isinstance(boxes, list | tuple):
        for b in boxes:
            if b.ndim != 2 or b.shape[1] != 4:
                raise AssertionError(
                    "The shape of the tensor in the boxes list is not correct as List[Tensor[L, 4]]"
                )
    elif isinstance(boxes, Tensor):
        if boxes.ndim != 2 or boxes.shape[1] != 5:
            raise AssertionError("The boxes tensor shape is not correct as Tensor[K, 5]")
    else:
        raise AssertionError("boxes is expected to be a Tensor[L, 5] or a List[Tensor[K, 4]]")


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """The loss as it is, its mean (0 if it is empty) or its sum."""
    if reduction == "none":
        return loss
    if reduction == "mean":
        return loss.mean() if loss.numel() else 0.0 * loss.sum()
    if reduction == "sum":
        return loss.sum()
    raise ValueError(
        f"Invalid Value for arg 'reduction': '{reduction} \n"
        " Supported reduction modes: 'none', 'mean', 'sum'"
    )


def paired(boxes1: Tensor, boxes2: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """Boxes (*, 4) pair by pair -> iou (*), union (*), the hull's width and height (*, 2)."""
    boxes1, boxes2 = _real(boxes1), _real(boxes2)
    x1, y1, x2, y2 = boxes1.unbind(-1)
    u1, v1, u2, v2 = boxes2.unbind(-1)
    left, top, right, bottom = T.max(x1, u1), T.max(y1, v1), T.min(x2, u2), T.min(y2, v2)
    meet = (bottom > top) & (right > left)
    common = T.where(meet, (right - left) * (bottom - top), T.zeros_like(x1))
    union = (x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - common
    hull = T.stack((T.max(x2, u2) - T.min(x1, u1), T.max(y2, v2) - T.min(y1, v1)), dim=-1)
    return common / (union + eps), union, hull


def split_normalization_params(
    model: nn.Module, norm_classes: list[type] | None = None
) -> tuple[list[Tensor], list[Tensor]]:
    """(the norm layers' parameters, all other parameters), those that want a gradient.

    ValueError: a class that is no Module.
    """
    classes = tuple(norm_classes or (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm))
    for kind in classes:
        if not issubclass(kind, nn.Module):
            raise ValueError(f"Class {kind} is not a subclass of nn.Module.")
    norms: list[Tensor] = []
    others: list[Tensor] = []
    for module in model.modules():
        own = [p for p in module.parameters(recurse=False) if p.requires_grad]
        (norms if isinstance(module, classes) else others).extend(own)
    return norms, others
