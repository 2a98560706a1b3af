"""Whole batches: transforms whose work on N images is one array operation.

A transform that can do this has `on_batch(x)`, whose x is nobody else's: it may be written into, or
be the answer. The first of a chain takes the pixels as the images hold them, uint8 (N, H, W) or
(N, H, W, C), and gives (N, C, H, W); those after it take and give (N, C, H, W). The numbers are
those of the transform's own call, image by image.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["whole_batch"]


def whole_batch(transform: Any) -> Callable[[np.ndarray], np.ndarray] | None:
    """uint8 (N, H, W) or (N, H, W, C) -> (N, C, H, W), or None if the transform cannot do that."""
    from .compose import Compose

    steps = []
    for step in transform.transforms if type(transform) is Compose else [transform]:
        # A subclass does what its own methods say.
        if "on_batch" not in type(step).__dict__:
            return None
        steps.append(step)
    if not steps or not steps[0].from_pixels or any(step.from_pixels for step in steps[1:]):
        return None
    if len(steps) == 1:
        return steps[0].on_batch

    def apply(x: np.ndarray) -> np.ndarray:
        for step in steps:
            x = step.on_batch(x)
        return x

    return apply
