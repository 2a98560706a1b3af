"""What the models of segmentation share. N batch, K classes, H height, W width."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from .... import nn
from ....core.tensor import Tensor
from ....nn import functional as F
from .._api import expect, legacy, register_model, signed
from .._utils import IntermediateLayerGetter, _ovewrite_value_param
from ..mobilenetv3 import MobileNetV3

__all__ = ["enlarged"]


def enlarged(x: Tensor, size: Any) -> Tensor:
    """x (N, C, h, w) -> (N, C, *size), bilinear."""
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


class _SimpleSegmentationModel(nn.Module):
    """The backbone's features, classified, at the image's size.

    backbone        gives "out", and "aux" if there is an aux_classifier
    shape           x (N, 3, H, W) -> an OrderedDict: "out" (N, K, H, W), "aux" the same
    """

    __constants__ = ["aux_classifier"]

    def __init__(
        self,
        backbone: nn.Module,
        classifier: nn.Module,
        aux_classifier: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.classifier = classifier
        self.aux_classifier = aux_classifier

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """x (N, 3, H, W) -> {"out": (N, K, H, W)}, with "aux" too if there is a classifier"""
        features = self.backbone(x)
        found = OrderedDict(out=enlarged(self.classifier(features["out"]), x.shape[-2:]))
        if self.aux_classifier is not None:
            found["aux"] = enlarged(self.aux_classifier(features["aux"]), x.shape[-2:])
        return found


def resnet_features(backbone: nn.Module, aux: bool | None) -> IntermediateLayerGetter:
    """The last layer's output, and the one before if a second classifier reads it."""
    layers = {"layer4": "out"} | ({"layer3": "aux"} if aux else {})
    return IntermediateLayerGetter(backbone, return_layers=layers)


def mobilenet_features(
    backbone: MobileNetV3, low: str | None, high: str
) -> tuple[IntermediateLayerGetter, int, int]:
    """The outputs `low` (an eighth of the size) and `high` of a network, and their channels."""
    blocks: Any = backbone.features
    smaller = [i for i, block in enumerate(blocks) if getattr(block, "_is_cn", False)]
    places = [0, *smaller, len(blocks) - 1]
    last, early = places[-1], places[-4]
    layers = {str(last): high} | ({str(early): low} if low else {})
    getter = IntermediateLayerGetter(blocks, return_layers=layers)
    return getter, blocks[early].out_channels, blocks[last].out_channels


def published_dense(
    kind: Any, backbone_kind: Any, aux: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`published` for models with a backbone that has weights of its own.

    The function is build(weights_backbone, num_classes[, aux_loss]) -> model.
    """

    def decorate(build: Callable[..., Any]) -> Callable[..., Any]:
        first = next(iter(backbone_kind))
        enums = {"weights": kind, "weights_backbone": backbone_kind}

        @functools.wraps(build)
        def builder(*args: Any, **kwargs: Any) -> Any:
            if "pretrained_backbone" not in kwargs:
                kwargs.setdefault("weights_backbone", first)
            found = legacy(build.__name__, enums, args, kwargs)
            kwargs.pop("progress", None)
            if not aux and kwargs.pop("aux_loss", False):
                raise NotImplementedError("This model does not use auxiliary loss")
            chosen, backbone = found["weights"], found["weights_backbone"]
            if chosen is not None:
                backbone = None
                if kwargs.get("num_classes") is None:
                    kwargs.pop("num_classes", None)
                expect(kwargs, "num_classes", len(chosen.meta["categories"]))
                if aux:
                    wanted = kwargs.get("aux_loss")
                    kwargs["aux_loss"] = _ovewrite_value_param("aux_loss", wanted, True)
            elif kwargs.get("num_classes") is None:
                kwargs["num_classes"] = 21
            model = build(backbone, **kwargs)
            if chosen is not None:
                model.load_state_dict(chosen.get_state_dict(check_hash=True))
            return model

        more: dict[str, Any] = {"num_classes": (int | None, None)}
        if aux:
            more["aux_loss"] = (bool | None, None)
        more["weights_backbone"] = (backbone_kind | None, first)
        return register_model()(signed(builder, build, kind, **more))

    return decorate
