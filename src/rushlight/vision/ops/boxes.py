"""Boxes: area, overlap, conversion, and suppression of those that overlap.

K, M numbers of boxes, C channels, H height, W width. A box is (x1, y1, x2, y2), x1 <= x2.
"""

from __future__ import annotations

import math

import numpy as np

from ...core.tensor import Tensor, wrap
from .. import functions as T
from . import _box_convert

__all__ = [
    "batched_nms",
    "box_area",
    "box_convert",
    "box_iou",
    "clip_boxes_to_image",
    "complete_box_iou",
    "distance_box_iou",
    "generalized_box_iou",
    "masks_to_boxes",
    "nms",
    "remove_small_boxes",
]

_ROTATED = ("xywhr", "cxcywhr", "xyxyxyxy")
_FORMATS = ("xyxy", "xywh", "cxcywh", *_ROTATED)
_BEST = 32  # boxes that nms compares with all others at once
_LARGE = 4000  # numbers in batched_nms's boxes from which it goes class by class


def _wide(x: Tensor) -> Tensor:
    """As a dtype in which areas fit: float32 at least, int32 at least."""
    if x.is_floating_point():
        return x if x.dtype in (T.float32, T.float64) else x.float()
    return x if x.dtype in (T.int32, T.int64) else x.int()


def _real(x: Tensor) -> Tensor:
    return _wide(x) if x.is_floating_point() else x.float()


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Non-maximum suppression: boxes in the order of their scores, without those that overlap
    a better one by more than iou_threshold (intersection over union).

    shape   boxes (K, 4), scores (K) -> indices of what is kept, int64, best first
    dtype   floating
    grad    none
    errors  RuntimeError: shapes, dtypes that differ

    >>> boxes = torch.tensor([[0.0, 0, 2, 2], [0, 0, 2, 1.9], [5, 5, 6, 6]])
    >>> nms(boxes, torch.tensor([0.5, 0.9, 0.7]), 0.5)
    tensor([1, 2])
    """
    if boxes.ndim != 2:
        raise RuntimeError(f"boxes should be a 2d tensor, got {boxes.ndim}D")
    if boxes.shape[1] != 4:
        raise RuntimeError(f"boxes should have 4 elements in dimension 1, got {boxes.shape[1]}")
    if scores.ndim != 1:
        raise RuntimeError(f"scores should be a 1d tensor, got {scores.ndim}D")
    if boxes.shape[0] != scores.shape[0]:
        raise RuntimeError(
            "boxes and scores should have same number of elements in dimension 0, got "
            f"{boxes.shape[0]} and {scores.shape[0]}"
        )
    if boxes.dtype != scores.dtype:
        raise RuntimeError("dets should have the same type as scores")
    if not boxes.is_floating_point():
        raise NotImplementedError(f"\"nms_kernel\" not implemented for '{_scalar(boxes)}'")
    order = np.argsort(-_wide(scores).detach().numpy(), kind="stable")
    rows = np.ascontiguousarray(_wide(boxes).detach().numpy().T[:, order])
    rows = np.concatenate([rows, ((rows[2] - rows[0]) * (rows[3] - rows[1]))[None]])
    kept = [np.zeros(0, np.int64)]
    while order.size:
        # the best are compared with each other and with all others at once
        near = _overlaps(rows[:, :_BEST], rows) > iou_threshold
        best: list[int] = []
        for i in range(near.shape[0]):
            if not near[best, i].any():
                best.append(i)
        kept.append(order[best])
        left = ~near[best].any(0)
        left[: near.shape[0]] = False
        order, rows = order[left], rows[:, left]
    return wrap(np.concatenate(kept))


def _overlaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Rows x1, y1, x2, y2, area of K and M boxes -> areas in both over areas in any, (K, M)"""
    a = a[..., None]
    w = np.minimum(a[2], b[2])
    w -= np.maximum(a[0], b[0])
    h = np.minimum(a[3], b[3])
    h -= np.maximum(a[1], b[1])
    common = np.maximum(w, 0, out=w)
    common *= np.maximum(h, 0, out=h)
    with np.errstate(all="ignore"):  # boxes of no area: 0 / 0, which is above no threshold
        return common / (a[4] + b[4] - common)


def _scalar(x: Tensor) -> str:
    return {"int64": "Long", "int32": "Int", "int16": "Short", "int8": "Char"}.get(
        str(x.dtype).rpartition(".")[2], "Byte"
    )


def batched_nms(boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: float) -> Tensor:
    """`nms` in each class by itself.

    shape   boxes (K, 4), scores (K), idxs (K): the box's class -> indices kept, best first
    """
    if boxes.numel() > _LARGE:
        return _by_class(boxes, scores, idxs, iou_threshold)
    if boxes.numel() == 0:
        return T.empty((0,), dtype=T.int64)
    # classes are moved apart, so that boxes of different ones do not meet
    apart = idxs.to(boxes) * (boxes.max() + 1)
    return nms(boxes + apart[:, None], scores, iou_threshold)


def _by_class(boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: float) -> Tensor:
    kept = []
    for label in T.unique(idxs):
        members = T.where(idxs == label)[0]
        kept.append(members[nms(boxes[members], scores[members], iou_threshold)])
    found = T.cat(kept).sort()[0]
    return found[scores[found].sort(descending=True)[1]]


def remove_small_boxes(boxes: Tensor, min_size: float) -> Tensor:
    """boxes (K, 4) -> indices of those whose width and height are at least min_size."""
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    return T.where((width >= min_size) & (height >= min_size))[0]


def clip_boxes_to_image(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """boxes (*, 4), size (H, W) -> the same boxes cut off at the image's borders."""
    height, width = size
    x = boxes[..., 0::2].clamp(min=0, max=width)
    y = boxes[..., 1::2].clamp(min=0, max=height)
    return T.stack((x, y), dim=boxes.ndim).reshape(boxes.shape)


def box_convert(boxes: Tensor, in_fmt: str, out_fmt: str) -> Tensor:
    """The same boxes in another format.

    in_fmt, out_fmt  "xyxy": corners; "xywh": corner and size; "cxcywh": centre and size. Rotated
                     boxes: "xywhr", "cxcywhr" with an angle in degrees, counter-clockwise;
                     "xyxyxyxy": four corners
    shape            boxes (*, 4), (*, 5) or (*, 8) -> the same for out_fmt
    dtype            floating; whole numbers for upright boxes
    errors           ValueError: another format; NotImplementedError: from upright to rotated boxes
                     or back, rotated boxes of whole numbers
    """
    if in_fmt not in _FORMATS or out_fmt not in _FORMATS:
        raise ValueError(
            f"Unsupported Bounding Box Conversions for given in_fmt {in_fmt} and out_fmt {out_fmt}"
        )
    if in_fmt == out_fmt:
        return boxes.clone()
    rotated = [fmt in _ROTATED for fmt in (in_fmt, out_fmt)]
    if rotated[0] != rotated[1]:
        raise NotImplementedError(
            f"Unsupported Bounding Box Conversions for given in_fmt {in_fmt} and out_fmt {out_fmt}"
        )
    if rotated[0] and not boxes.is_floating_point():
        raise NotImplementedError("rushlight does not have rotated boxes of whole numbers yet")
    middle = "xywhr" if rotated[0] else "xyxy"
    for start, end in ((in_fmt, middle), (middle, out_fmt)):
        if start != end:
            boxes = getattr(_box_convert, f"_box_{start}_to_{end}")(boxes)
    return boxes


def box_area(boxes: Tensor, fmt: str = "xyxy") -> Tensor:
    """boxes (*, 4) in `fmt` ("xyxy", "xywh" or "cxcywh") -> areas (*); ValueError: another fmt"""
    if fmt not in ("xyxy", "xywh", "cxcywh"):
        raise ValueError(f"Unsupported Bounding Box area for given format {fmt}")
    boxes = _wide(boxes)
    if fmt == "xyxy":
        return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    return boxes[..., 2] * boxes[..., 3]


def _box_inter_union(boxes1: Tensor, boxes2: Tensor, fmt: str = "xyxy") -> tuple[Tensor, Tensor]:
    """(K, 4), (M, 4) -> the areas in both and in any, (K, M) each."""
    area1, area2 = box_area(boxes1, fmt), box_area(boxes2, fmt)
    if fmt != "xyxy":
        boxes1, boxes2 = (box_convert(b, fmt, "xyxy") for b in (boxes1, boxes2))
    first = boxes1[..., None, :]
    low = T.max(first[..., :2], boxes2[..., None, :, :2])
    high = T.min(first[..., 2:], boxes2[..., None, :, 2:])
    w, h = _wide(high - low).clamp(min=0).unbind(-1)
    common = w * h
    return common, area1[..., None] + area2[..., None, :] - common


def box_iou(boxes1: Tensor, boxes2: Tensor, fmt: str = "xyxy") -> Tensor:
    """Area in both boxes over area in any.

    shape   boxes1 (K, 4), boxes2 (M, 4) -> (K, M)
    errors  NotImplementedError: rotated boxes; ValueError: another format
    """
    if fmt in _ROTATED:
        raise NotImplementedError("rushlight does not have the overlap of rotated boxes yet")
    common, union = _box_inter_union(boxes1, boxes2, fmt)
    return common / union


def _hull(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Width and height of the smallest box around each pair, (K, M, 2)."""
    low = T.min(boxes1[..., None, :2], boxes2[..., None, :, :2])
    high = T.max(boxes1[..., None, 2:], boxes2[..., None, :, 2:])
    return _wide(high - low).clamp(min=0)


def generalized_box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """iou - (hull - union) / hull, hull the area of the smallest box around both.

    shape   boxes1 (K, 4), boxes2 (M, 4) -> (K, M)
    source  Rezatofighi et al. 2019, arXiv:1902.09630
    """
    common, union = _box_inter_union(boxes1, boxes2)
    w, h = _hull(boxes1, boxes2).unbind(-1)
    return common / union - (w * h - union) / (w * h)


def distance_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """iou - d² / D²: d between the centres, D the diagonal of the smallest box around both.

    shape   boxes1 (K, 4), boxes2 (M, 4) -> (K, M)
    source  Zheng et al. 2019, arXiv:1911.08287
    """
    return _distance(_real(boxes1), _real(boxes2), eps)[0]


def _distance(boxes1: Tensor, boxes2: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    iou = box_iou(boxes1, boxes2)
    diagonal = _hull(boxes1, boxes2).square().sum(-1) + eps
    centres1 = (boxes1[:, None, :2] + boxes1[:, None, 2:]) / 2
    centres2 = (boxes2[None, :, :2] + boxes2[None, :, 2:]) / 2
    return iou - (centres1 - centres2).square().sum(-1) / diagonal, iou


def aspect(boxes: Tensor) -> Tensor:
    """The angle of a box's diagonal, atan(w / h), (*)"""
    return T.atan((boxes[..., 2] - boxes[..., 0]) / (boxes[..., 3] - boxes[..., 1]))


def complete_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """distance_box_iou - α v,  v = 4/π² (atan(w₁/h₁) - atan(w₂/h₂))²,  α = v / (1 - iou + v)

    shape   boxes1 (K, 4), boxes2 (M, 4) -> (K, M)
    grad    α is a constant
    source  Zheng et al. 2019, arXiv:1911.08287
    """
    boxes1, boxes2 = _real(boxes1), _real(boxes2)
    diou, iou = _distance(boxes1, boxes2, eps)
    v = 4 / math.pi**2 * (aspect(boxes1)[:, None] - aspect(boxes2)[None]).square()
    alpha = (v / (1 - iou + v + eps)).detach()
    return diou - alpha * v


def masks_to_boxes(masks: Tensor) -> Tensor:
    """The smallest boxes around masks: masks (K, H, W) -> (K, 4), float32; zeros for an empty
    mask. The last row and column are the largest index, not one more.
    """
    boxes = np.zeros((masks.shape[0], 4), np.float32)
    for row, mask in zip(boxes, masks.detach().numpy(), strict=True):
        ys, xs = np.nonzero(mask)
        if ys.size:
            row[:] = xs.min(), ys.min(), xs.max(), ys.max()
    return wrap(boxes)
