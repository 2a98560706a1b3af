"""Whole batches: transforms whose work on N images is one array operation.

N images, C channels, H height, W width. Images travel as x (N, C, H, W): as pixels, uint8, up to
the transform that makes tensors of them, as tensors from there on. The numbers are those of the
transforms' own calls, image by image, and so are the draws from the global generator: all that
image 0 needs, then all that image 1 needs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...kernels import K
from ...random.generator import default_generator

__all__ = ["OnBatch", "WholeBatch", "below", "uniform", "whole_batch"]


class OnBatch:
    """A transform that can do whole batches by `on_batch(x, words)`.

    x      (N, C, H, W), owned by the call: it may be written into, or returned
    words  uint32 (N, k): the random words of each image, k as `batch_plan` said

    `makes_tensors`: takes pixels and gives tensors. `takes_pixels`: takes either and keeps it.
    """

    makes_tensors = False
    takes_pixels = False

    def batch_plan(self, shape: tuple[int, int, int]) -> tuple[int, tuple[int, int, int]] | None:
        """For images (C, H, W): k, and their new shape. None: not with these options."""
        return 0, shape

    def on_batch(self, x: np.ndarray, words: np.ndarray) -> np.ndarray:
        raise NotImplementedError


class WholeBatch:
    """A chain of such transforms. `draws`: it draws random numbers."""

    def __init__(self, steps: list[OnBatch], plan: list[int]) -> None:
        self.steps = steps
        self.ends = np.cumsum([0, *plan]).tolist()
        self.draws = self.ends[-1] > 0

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Pixels (N, H, W) or (N, H, W, C) -> (N, C, H, W)"""
        k = self.ends[-1]
        n = len(x)
        words = K.rng_bits(default_generator.mt, n * k).reshape(n, k) if k else None
        x = x[:, None] if x.ndim == 3 else x.transpose(0, 3, 1, 2)
        for i, step in enumerate(self.steps):
            x = step.on_batch(x, words[:, self.ends[i] : self.ends[i + 1]] if k else None)
        return x


def whole_batch(transform: Any, shape: tuple[int, ...]) -> WholeBatch | None:
    """The transform for batches of images (H, W) or (H, W, C), or None if it cannot do them."""
    from .compose import Compose

    plan, steps, tensors = [], [], False
    size = (shape[2] if len(shape) == 3 else 1, shape[0], shape[1])
    for step in transform.transforms if type(transform) is Compose else [transform]:
        # A subclass does what its own methods say.
        if "on_batch" not in type(step).__dict__:
            return None
        if step.makes_tensors == tensors and not step.takes_pixels:
            return None
        planned = step.batch_plan(size)
        if planned is None:
            return None
        words, size = planned
        tensors = tensors or step.makes_tensors
        plan.append(words)
        steps.append(step)
    return WholeBatch(steps, plan) if tensors else None


def uniform(words: np.ndarray) -> np.ndarray:
    """What `torch.rand(1)` makes of each word: its lower 24 bits, in [0, 1)."""
    return (words & np.uint32(0xFFFFFF)).astype(np.float32) * np.float32(2**-24)


def below(words: np.ndarray, n: int) -> list[int]:
    """What `torch.randint(0, n, (1,))` makes of each word."""
    return (words % np.uint32(n)).tolist()
