"""Workloads of resizing: bilinear upsampling of (4, 64, 32, 32) by two, forward and with its
gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

SHAPE = (4, 64, 32, 32)


def inference(lib: Any) -> Callable[[], Any]:
    x, resize = lib.torch.rand(*SHAPE), lib.F.interpolate
    return lambda: resize(x, scale_factor=2, mode="bilinear")


def training(lib: Any) -> Callable[[], Any]:
    """Forward and backward; the gradient that arrives is not zero anywhere."""
    x, resize = lib.torch.rand(*SHAPE).requires_grad_(), lib.F.interpolate
    dy = lib.torch.rand(*SHAPE[:2], 64, 64)

    def step() -> None:
        x.grad = None
        resize(x, scale_factor=2, mode="bilinear").backward(dy)

    return step
