"""Products of matrices."""

from __future__ import annotations

from ..core.registry import CARDS, apply, composite, op
from ..core.tensor import Tensor
from ..kernels import K


@op("mm", when={"x": 1, "y": 0})
class Mm:
    """Z = X Y for matrices X (n, k), Y (k, m).  RuntimeError: not matrices, or sizes that do not fit."""

    def forward(x, y):
        if x.ndim != 2:
            raise RuntimeError("self must be a matrix")
        if y.ndim != 2:
            raise RuntimeError("mat2 must be a matrix")
        if x.shape[1] != y.shape[0]:
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied "
                               f"({x.shape[0]}x{x.shape[1]} and {y.shape[0]}x{y.shape[1]})")  # fmt: skip
        if x.dtype != y.dtype:
            raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {x.dtype} != {y.dtype}")
        return K.matmul(x, y)

    def backward(c, dz, x, y):
        dx = K.matmul(dz, K.conj(K.swapaxes(y, 0, 1))) if c.needs(0) else None
        dy = K.matmul(K.conj(K.swapaxes(x, 0, 1)), dz) if c.needs(1) else None
        return dx, dy


@composite("matmul", method=True)
def matmul(input, other, *, out=None):
    """The matrix product."""
    return apply(CARDS["mm"], (input, other))


Tensor.__matmul__ = lambda x, y: matmul(x, y)
