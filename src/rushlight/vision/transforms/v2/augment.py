"""v2's MixUp and CutMix: batches of images (N, C, H, W), and their labels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ....core.tensor import Tensor, wrap
from ....dispatch.registry import FUNCTIONAL
from ...tv_tensors import BoundingBoxes, Image, KeyPoints, Mask, TVTensor, Video
from ...tv_tensors import wrap as wrap_like
from .. import pil
from ..auto import draw_dirichlet
from ..draws import draw_below
from .base import Transform, flatten, query_chw, rebuild
from .functional import is_pure_tensor
from .kinds import plain_tensor
from .misc import labels_function


class _Mix(Transform):
    """Each image with the one before it in the batch."""

    def __init__(
        self, *, alpha: float = 1.0, num_classes: int | None = None, labels_getter: Any = "default"
    ) -> None:
        super().__init__()
        self.alpha, self.num_classes = float(alpha), num_classes
        self._labels = labels_function(
            _default_labels if labels_getter == "default" else labels_getter
        )

    def forward(self, *inputs: Any) -> Any:
        sample = inputs if len(inputs) > 1 else inputs[0]
        flat = flatten(sample)
        if any(pil.is_image(x) or isinstance(x, (BoundingBoxes, KeyPoints, Mask)) for x in flat):
            raise ValueError(
                f"{type(self).__name__}() does not support PIL images, bounding boxes, keypoints "
                "and masks."
            )
        labels = self._labels(sample)
        if not isinstance(labels, Tensor):
            raise ValueError(f"The labels must be a tensor, but got {type(labels)} instead.")
        if labels.ndim not in (1, 2):
            raise ValueError(
                "labels should be index based with shape (batch_size,) or probability based with "
                f"shape (batch_size, num_classes), but got a tensor of shape "
                f"{tuple(labels.shape)} instead."
            )
        if labels.ndim == 2 and self.num_classes not in (None, labels.shape[-1]):
            raise ValueError(
                "When passing 2D labels, the number of elements in last dimension must match "
                f"num_classes: {labels.shape[-1]} != {self.num_classes}. You can leave num_classes "
                "to None."
            )
        if labels.ndim == 1 and self.num_classes is None:
            raise ValueError("num_classes must be passed if the labels are index-based (1D)")
        # torch.distributions.Beta draws two gammas: the same as Dirichlet's of both
        lam = float(draw_dirichlet(np.full((1, 2), self.alpha))[0, 0])
        images = [x for x in flat if x is not labels]
        params = self._params(images, lam)
        found = []
        for x in flat:
            if x is labels:
                found.append(self._mixed_labels(x, params["labels"]))
            elif isinstance(x, (Image, Video)) or is_pure_tensor(x):
                self._check(x, labels.shape[0])
                mixed = self.mix(plain_tensor(x), params)
                found.append(wrap_like(mixed, like=x) if isinstance(x, TVTensor) else mixed)
            else:
                found.append(x)
        return rebuild(sample, found)

    def _check(self, x: Any, n: int) -> None:
        expected = 5 if isinstance(x, Video) else 4
        if x.ndim != expected:
            raise ValueError(
                f"Expected a batched input with {expected} dims, but got {x.ndim} dimensions "
                "instead."
            )
        if x.shape[0] != n:
            raise ValueError(
                f"The batch size of the image or video does not match the batch size of the "
                f"labels: {x.shape[0]} != {n}."
            )

    def _mixed_labels(self, labels: Any, lam: float) -> Any:
        if labels.ndim == 1:
            labels = FUNCTIONAL["one_hot"](labels, num_classes=self.num_classes)
        if not labels.is_floating_point():
            labels = labels.float()
        return labels.roll(1, 0) * (1.0 - lam) + labels * lam

    def _params(self, images: list, lam: float) -> dict:
        raise NotImplementedError

    def mix(self, x: Any, params: dict) -> Any:
        raise NotImplementedError


def _default_labels(sample: Any) -> Any:
    """The labels of a batch: the second of two, or what a dict says."""
    from .misc import find_labels

    if isinstance(sample, (tuple, list)) and len(sample) == 2 and isinstance(sample[1], Tensor):
        return sample[1]
    return find_labels(sample)


class MixUp(_Mix):
    """λ x + (1 - λ) x', λ from Beta(α, α). Zhang et al. 2018, arXiv:1710.09412."""

    def _params(self, images: list, lam: float) -> dict:
        return {"labels": lam}

    def mix(self, x: Any, params: dict) -> Any:
        lam = params["labels"]
        return x.roll(1, 0) * (1.0 - lam) + x * lam


class CutMix(_Mix):
    """A rectangle of the other image, 1 - λ of the area. Yun et al. 2019, arXiv:1905.04899."""

    def _params(self, images: list, lam: float) -> dict:
        _, h, w = query_chw(images)
        x, y = draw_below(w), draw_below(h)
        share = 0.5 * math.sqrt(1.0 - lam)
        half_w, half_h = int(share * w), int(share * h)
        x1, y1 = max(x - half_w, 0), max(y - half_h, 0)
        x2, y2 = min(x + half_w, w), min(y + half_h, h)
        return {"box": (x1, y1, x2, y2), "labels": float(1 - (x2 - x1) * (y2 - y1) / (w * h))}

    def mix(self, x: Any, params: dict) -> Any:
        x1, y1, x2, y2 = params["box"]
        array = x.detach().numpy()
        found = array.copy()
        found[..., y1:y2, x1:x2] = np.roll(array, 1, 0)[..., y1:y2, x1:x2]
        return wrap(found)
