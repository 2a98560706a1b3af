"""Stochastic depth: a branch is left out at random while training."""

from __future__ import annotations

from ... import nn
from ...core.tensor import Tensor
from .. import functions as T

__all__ = ["StochasticDepth", "stochastic_depth"]


def stochastic_depth(input: Tensor, p: float, mode: str, training: bool = True) -> Tensor:
    """y = x b / (1 - p), b ~ Bernoulli(1 - p); y = x if not training or p = 0.

    p       the chance that x is dropped; at p = 1 y is 0
    mode    "row": one b for each sample of the batch; "batch": one for all
    shape   x (N, *) -> y (N, *)
    errors  ValueError: p outside [0, 1], another mode
    source  Huang et al. 2016, arXiv:1603.09382
    """
    if p < 0.0 or p > 1.0:
        raise ValueError(f"drop probability has to be between 0 and 1, but got {p}")
    if mode not in ("batch", "row"):
        raise ValueError(f"mode has to be either 'batch' or 'row', but got {mode}")
    if not training or p == 0.0:
        return input
    rows = input.shape[0] if mode == "row" else 1
    b = T.empty((rows, *(1,) * (input.ndim - 1)), dtype=input.dtype, device=input.device)
    b = b.bernoulli_(1.0 - p)
    if p < 1.0:
        b.div_(1.0 - p)
    return input * b


class StochasticDepth(nn.Module):
    """`stochastic_depth` as a layer: p and mode as there."""

    def __init__(self, p: float, mode: str) -> None:
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, input: Tensor) -> Tensor:
        """input (N, *) -> (N, *)"""
        return stochastic_depth(input, self.p, self.mode, self.training)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p}, mode={self.mode})"
