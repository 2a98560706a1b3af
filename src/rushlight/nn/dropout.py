"""Dropout layers: zeros at random while training, the identity in eval mode."""

from __future__ import annotations

from ..core.tensor import Tensor
from . import functional as F
from .module import Module

__all__ = [
    "AlphaDropout",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "FeatureAlphaDropout",
]


class _Dropout(Module):
    """What the dropout layers share.

    the probability p and whether the input is changed in place.
    """

    __constants__ = ["p", "inplace"]

    def __init__(self, p: float = 0.5, inplace: bool = False):
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """Each element is zero with probability p, else divided by 1 - p.

    shape   x (*) -> y (*)
    errors  ValueError: p outside of [0, 1]. RuntimeError: an integer x in training
    source  arXiv:1207.0580
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_Dropout):
    """Whole channels of (N, C, L) or (C, L) are zero with probability p, else divided by 1 - p.

    shape   x (N, C, L) or (C, L) -> the same
    errors  ValueError: p outside of [0, 1]. RuntimeError: x has other than 2 or 3 dimensions
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, L) -> (N, C, L)"""
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_Dropout):
    """Whole channels of (N, C, H, W) are zero with probability p, else divided by 1 - p.

    shape   x (N, C, H, W), or (N, C, *) -> the same
    errors  ValueError: p outside of [0, 1]. RuntimeError: a 0-d or 1-d x
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, H, W) -> (N, C, H, W)"""
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_Dropout):
    """Whole channels of (N, C, D, H, W) are zero with probability p, else divided by 1 - p.

    shape   x (N, C, D, H, W) or (C, D, H, W) -> the same
    errors  ValueError: p outside of [0, 1]. RuntimeError: an integer x in training
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, D, H, W) -> (N, C, D, H, W)"""
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_Dropout):
    """Dropout that keeps mean and variance of SELU's outputs.

    shape   x (*) -> y (*)
    errors  ValueError: p outside of [0, 1]. RuntimeError: an integer x in training
    source  arXiv:1706.02515
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (*) -> (*)"""
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_Dropout):
    """AlphaDropout of whole channels.

    shape   x (N, C, *) -> the same
    errors  ValueError: p outside of [0, 1]. RuntimeError: a 0-d or 1-d x
    """

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, *) -> (N, C, *)"""
        return F.feature_alpha_dropout(input, self.p, self.training)
