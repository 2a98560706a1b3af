"""Activations whose slope is no constant: learned (prelu), drawn (rrelu), the other half (glu)."""

from __future__ import annotations

import math

import numpy as np

from ..core.dtype import scalar_name
from ..core.tensor import wrap
from ..dispatch.registry import composite, internal, op
from ..kernels import K
from ..random import variates
from ..random.generator import generator_or_default
from .activation import LeakyRelu


@op(
    "glu(input, dim=-1)",
    at="F",
    tensors=1,
    node="Glu",
    not_for="iub",
    kernel="glu_cpu",
    quiet=False,
)
class Glu:
    """y = a σ(b), a and b the halves of x along dim    Dauphin et al. 2016, arXiv:1612.08083

    errors  RuntimeError: an odd size, or a 0-d input

    >>> F.glu(tensor([1.0, 2.0, 0.0, 100.0]))
    tensor([0.5000, 2.0000])
    """

    def prepare(input, dim):
        if input.ndim == 0:
            raise RuntimeError("glu does not support 0-dimensional tensors")
        size = input._a.shape[dim] if -input.ndim <= dim < input.ndim else input.size(dim)
        if size % 2:
            raise RuntimeError(
                f"Halving dimension must be even, but dimension {dim % input.ndim} is size {size}"
            )
        return input, dim

    def forward(x, dim):
        if x.flags.c_contiguous:
            return K.glu(x, dim)
        a, b = _halves(x, dim)
        return K.mul(a, K.sigmoid(b))  # lies in memory as x does

    def backward(c, dy, x, dim):
        a, b = _halves(x, dim)
        s = K.sigmoid(b)
        return K.concatenate([dy * s, dy * a * s * (1 - s)], dim)

    def samples(make):
        yield make(3, 4)
        yield make(2, 3, 2), 0
        yield make(0, 4), 1
        yield make(4, 3).T, 1


def _halves(x, dim: int):
    half = x.shape[dim] // 2
    before = (slice(None),) * (dim % x.ndim)
    return x[(*before, slice(None, half))], x[(*before, slice(half, None))]


@op(
    "prelu(input, weight)",
    at="torch Tensor F",
    broadcast=True,
    node="PreluKernel",
    not_for="iubc",
    kernel="prelu_cpu",
)
class Prelu:
    """y = x where x > 0, else w x; one weight, or one for each channel (dimension 1)

    grad    dx = dy where x > 0, else dy w;  dw = Σ dy x over x ≤ 0
    errors  RuntimeError: another dtype, or a number of weights that is not that of the channels;
            NotImplementedError: no floats
    source  He et al. 2015, arXiv:1502.01852

    >>> F.prelu(tensor([-2.0, 3.0]), tensor([0.25]))
    tensor([-0.5000,  3.0000])
    """

    def prepare(input, weight):
        if weight.dtype is not input.dtype:
            raise RuntimeError(
                "prelu: Type promoting not supported. Got "
                f"{scalar_name(input.dtype)} and {scalar_name(weight.dtype)}"
            )
        channels = input.shape[1] if input.ndim > 1 else 1
        if weight.numel() != 1:
            if input.ndim == 0:
                raise RuntimeError("Not allow zero-dim input tensor.")
            if channels != weight.numel():
                raise RuntimeError(
                    "Mismatch of parameter numbers and input channel size. Found parameter numbers "
                    f"= {weight.numel()} and channel size = {channels}."
                )
        if weight.ndim > 1:
            raise RuntimeError(
                "prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = "
                f"{weight.ndim}"
            )
        if input.ndim > 1 and weight.ndim:
            weight = weight.reshape((-1,) + (1,) * (input.ndim - 2))
        elif input.ndim == 0 and weight.ndim:
            weight = weight.reshape(())
        return input, weight

    def forward(x, w):
        if w.size == 1 and w.dtype is x.dtype:
            return K.leaky_relu(x, float(w.item()))
        return K.where(x > 0, x, w * x)

    def backward(c, dy, x, w):
        positive = x > 0
        dw = K.where(positive, K.zeros_like(dy), dy * x) if c.needs(1) else None
        return K.where(positive, dy, dy * w), dw

    def samples(make):
        yield make(3, 4), make(1)
        yield make(2, 3, 4), make(3)
        yield make(0, 5), make(5)


@internal("rrelu_with_noise", tensors=1, node="RreluWithNoise")
class RreluWithNoise:
    """y = x · slope, slope 1 where x > 0 and drawn elsewhere;  dx = dy · slope"""

    def forward(x, slope):
        return x * slope

    def backward(c, dy, slope):
        return dy * slope


_FIXED = LeakyRelu.renamed("RreluWithNoiseBackward0")


@composite(
    "rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, inplace=False, *, generator=None)",
    at="torch F",
    inplace=True,
)
def rrelu(input, lower, upper, training, *, generator):
    """y = x where x > 0, else r x: r drawn for each element from [lower, upper), their mean if not
    training.

    errors  RuntimeError: lower > upper, or a bound that is not finite
    source  Xu et al. 2015, arXiv:1505.00853
    """
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    if not (math.isfinite(lower) and math.isfinite(upper)):
        bound, name = (lower, "lower") if not math.isfinite(lower) else (upper, "upper")
        raise RuntimeError(f"rrelu: {name} bound must be finite, got {bound}")
    if not training:
        return _FIXED.run((input, (lower + upper) / 2))
    x = input._a
    slope = np.ones_like(x, order="C")
    drawn = x <= 0
    g = generator_or_default(generator, "rrelu", input)
    slope[drawn] = variates.uniform(int(drawn.sum()), np.dtype(np.float64), lower, upper, g)
    return RreluWithNoise.run((input, wrap(slope)))
