"""Special functions."""

from __future__ import annotations

import math

from ..core.registry import op
from ..kernels import K
from .samples import unary


@op("erf", inplace=True, promote="float")
class Erf:
    """y = 2 / √π · ∫₀ˣ e^(-t²) dt

    shape   x (*) -> y (*)
    dtype   floating, kept; integers become the default dtype
    grad    dx = dy · 2 / √π · e^(-x²)
    """

    def forward(x):
        return K.erf(x)

    def backward(c, dy, x):
        return dy * (2 / math.sqrt(math.pi)) * K.exp(-(x * x))

    samples = unary(-2.5, 2.5)


@op("erfinv", inplace=True, promote="float")
class Erfinv:
    """y = erf⁻¹(x): erf(y) = x; ±inf at ±1, NaN beyond.

    shape   x (*) -> y (*)
    dtype   floating, kept; integers become the default dtype
    grad    dx = dy · sqrt(π) / 2 · e^(y²)
    """

    def forward(x):
        return K.erfinv(x)

    def backward(c, dy, out):
        return dy * (math.sqrt(math.pi) / 2) * K.exp(out * out)

    samples = unary(-0.9, 0.9)
