"""torchvision's path of the conversions in `boxes`."""

from .boxes import (
    _box_cxcywh_to_xyxy,
    _box_xywh_to_xyxy,
    _box_xyxy_to_cxcywh,
    _box_xyxy_to_xywh,
)

__all__ = [
    "_box_cxcywh_to_xyxy",
    "_box_xywh_to_xyxy",
    "_box_xyxy_to_cxcywh",
    "_box_xyxy_to_xywh",
]
