"""DropBlock: squares (or cubes) of a feature map are set to zero at random while training."""

from __future__ import annotations

from ... import nn
from ...core.tensor import Tensor
from ...nn import functional as F
from .. import functions as T

__all__ = ["DropBlock2d", "DropBlock3d", "drop_block2d", "drop_block3d"]


def drop_block2d(
    input: Tensor,
    p: float,
    block_size: int,
    inplace: bool = False,
    eps: float = 1e-6,
    training: bool = True,
) -> Tensor:
    """y = x m · numel(m) / (sum(m) + eps), m zero in squares of block_size².

    Centres of squares are drawn so that about the share p of the numbers is dropped.
    shape   x (N, C, H, W) -> y (N, C, H, W)
    errors  ValueError: p outside [0, 1]; not 4 dimensions
    source  Ghiasi et al. 2018, arXiv:1810.12890
    """
    return _drop(input, p, block_size, inplace, eps, training, 2)


def drop_block3d(
    input: Tensor,
    p: float,
    block_size: int,
    inplace: bool = False,
    eps: float = 1e-6,
    training: bool = True,
) -> Tensor:
    """`drop_block2d` with cubes of block_size³.

    shape   x (N, C, D, H, W) -> y (N, C, D, H, W)
    errors  ValueError: p outside [0, 1]; not 5 dimensions
    """
    return _drop(input, p, block_size, inplace, eps, training, 3)


def _drop(
    x: Tensor, p: float, block: int, inplace: bool, eps: float, training: bool, n: int
) -> Tensor:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"drop probability has to be between 0 and 1, but got {p}.")
    if x.ndim != n + 2:
        raise ValueError(f"input should be {n + 2} dimensional. Got {x.ndim} dimensions.")
    if not training or p == 0.0:
        return x
    sizes = x.shape[2:]
    block = min(block, *sizes)
    inner = [size - block + 1 for size in sizes]  # where a square's centre may be
    chance = p / block**n
    for size, places in zip(sizes, inner, strict=True):
        chance = chance * size / places
    centres = T.empty((*x.shape[:2], *inner), dtype=x.dtype, device=x.device).bernoulli_(chance)
    centres = F.pad(centres, [block // 2] * 2 * n, value=0)
    pool = F.max_pool2d if n == 2 else F.max_pool3d
    keep = 1 - pool(centres, block, stride=1, padding=block // 2)
    scale = keep.numel() / (eps + keep.sum())
    return x.mul_(keep).mul_(scale) if inplace else x * keep * scale


class DropBlock2d(nn.Module):
    """`drop_block2d` as a layer."""

    def __init__(self, p: float, block_size: int, inplace: bool = False, eps: float = 1e-6) -> None:
        super().__init__()
        self.p = p
        self.block_size = block_size
        self.inplace = inplace
        self.eps = eps

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, H, W) -> (N, C, H, W)"""
        return drop_block2d(input, self.p, self.block_size, self.inplace, self.eps, self.training)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(p={self.p}, block_size={self.block_size}, "
            f"inplace={self.inplace})"
        )


class DropBlock3d(DropBlock2d):
    """`drop_block3d` as a layer."""

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, D, H, W) -> (N, C, D, H, W)"""
        return drop_block3d(input, self.p, self.block_size, self.inplace, self.eps, self.training)
