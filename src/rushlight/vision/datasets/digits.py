"""Digits: 1,797 real handwritten digits that come with the package; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ...core.tensor import wrap
from .vision import ArrayImages

__all__ = ["Digits"]

_FILE = Path(__file__).with_name("digits.npz")  # made by tools/make_digits.py; its README has more
_TRAIN = 1437


class Digits(ArrayImages):
    """Handwritten digits of 8x8 pixels: the first 1,437 for training, the last 360 for testing.

    Used like MNIST; `root` and `download` are accepted and have nothing to do.
    `data` uint8 (N, 8, 8), `targets` int64 (N). The source counts in each pixel the set ones among
    16; here that is spread over 0..255, as images have it: round(count · 255 / 16).

    Source: E. Alpaydin, C. Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Machine
    Learning Repository, https://doi.org/10.24432/C50P49; CC BY 4.0
    """

    classes = [str(digit) for digit in range(10)]

    def __init__(
        self,
        root: str | Path | None = None,
        train: bool = True,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        part = slice(_TRAIN) if train else slice(_TRAIN, None)
        with np.load(_FILE) as arrays:
            counts, labels = arrays["images"][part], arrays["labels"][part]
        self.data = wrap(np.rint(counts * (255 / 16)).astype(np.uint8))
        self.targets = wrap(labels.astype(np.int64))

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The number of each class."""
        return {name: i for i, name in enumerate(self.classes)}

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"
