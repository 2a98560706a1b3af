"""Activations, and bounds on elements."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core.dtype import bool_
from ..graph import Graph, Value
from .pointwise import floats, number, scaled
from .table import card


@card("silu")
def silu(g: Graph, x: Value) -> Value:
    return g.op("Mul", x, g.op("Sigmoid", x))


@card("mish")
def mish(g: Graph, x: Value) -> Value:
    if g.opset >= 18:
        return g.op("Mish", x)
    return g.op("Mul", x, g.op("Tanh", g.op("Softplus", x)))


@card("hardswish")
def hardswish(g: Graph, x: Value) -> Value:
    return g.op("HardSwish", x)


@card("hardsigmoid")
def hardsigmoid(g: Graph, x: Value) -> Value:
    return g.op("HardSigmoid", x, alpha=1 / 6, beta=0.5)


@card("logsigmoid")
def logsigmoid(g: Graph, x: Value) -> Value:
    return g.op("Neg", g.op("Softplus", g.op("Neg", x)))


@card("leaky_relu", "rrelu_with_noise")
def leaky_relu(g: Graph, x: Value, slope: Any) -> Value:
    if isinstance(slope, Value):
        return g.op("PRelu", x, slope)
    return g.op("LeakyRelu", x, alpha=float(slope))


@card("elu")
def elu(g: Graph, x: Value, alpha: float = 1.0) -> Value:
    return g.op("Elu", x, alpha=float(alpha))


@card("celu")
def celu(g: Graph, x: Value, alpha: float = 1.0) -> Value:
    return g.op("Celu", x, alpha=float(alpha))


@card("gelu")
def gelu(g: Graph, x: Value, tanh: Any = False) -> Value:
    if g.opset >= 20:
        return g.op("Gelu", x, approximate="tanh" if tanh else "none")
    if tanh:
        cube = g.op("Mul", g.op("Mul", x, x), x)
        inner = scaled(g, g.op("Add", x, scaled(g, cube, 0.044715)), math.sqrt(2 / math.pi))
        y = g.op("Tanh", inner)
    else:
        y = g.op("Erf", scaled(g, x, math.sqrt(0.5)))
    return scaled(g, g.op("Mul", x, g.op("Add", y, number(g, 1, x))), 0.5)


@card("softplus")
def softplus(g: Graph, x: Value, beta: float = 1.0, threshold: float = 20.0) -> Value:
    inner = scaled(g, x, float(beta))
    y = scaled(g, g.op("Softplus", inner), 1 / float(beta))
    beyond = g.op("Greater", inner, number(g, threshold, x), dtype=bool_)
    return g.op("Where", beyond, x, y, dtype=x.dtype)


@card("relu6")
def relu6(g: Graph, x: Value) -> Value:
    return g.op("Clip", x, number(g, 0, x), number(g, 6, x))


@card("hardtanh")
def hardtanh(g: Graph, x: Value, lowest: Any = -1, highest: Any = 1) -> Value:
    return g.op("Clip", x, number(g, lowest, x), number(g, highest, x))


@card("threshold")
def threshold(g: Graph, x: Value, threshold: Any, value: Any) -> Value:
    above = g.op("Greater", x, number(g, threshold, x), dtype=bool_)
    return g.op("Where", above, x, number(g, value, x), dtype=x.dtype)


@card("hardshrink")
def hardshrink(g: Graph, x: Value, lambd: float = 0.5) -> Value:
    return g.op("Shrink", x, lambd=float(lambd), bias=0.0)


@card("softshrink")
def softshrink(g: Graph, x: Value, lambd: float = 0.5) -> Value:
    return g.op("Shrink", x, lambd=float(lambd), bias=float(lambd))


@card("glu")
def glu(g: Graph, x: Value, dim: int = -1) -> Value:
    half = x.shape[dim] // 2
    a, b = g.op("Split", x, g.sizes([half, half]), axis=dim % x.ndim, outputs=2)
    return g.op("Mul", a, g.op("Sigmoid", b))


@card("prelu")
def prelu(g: Graph, x: Value, w: Value) -> Value:
    if w.ndim == 1 and x.ndim > 2:
        w = g.reshape(w, [w.shape[0], *[1] * (x.ndim - 2)])
    return g.op("PRelu", x, w)


@card("clamp", "clamp_min", "clamp_max")
def clamp(g: Graph, x: Value, low: Any, high: Any) -> Value:
    x = floats(g, x)
    for kind, bound in (("Max", low), ("Min", high)):
        if bound is not None:
            x = g.op(kind, x, number(g, bound, x))
    return x


@card("clamp_tensors")
def clamp_tensors(g: Graph, x: Value, low: Any, high: Any) -> Value:
    x = floats(g, x)
    for kind, bound in (("Max", low), ("Min", high)):
        if bound is not None:
            x = g.op(kind, x, g.cast(bound, x.dtype))
    return x


@card("nan_to_num")
def nan_to_num(g: Graph, x: Value, nan: Any, posinf: Any, neginf: Any) -> Value:
    if not x.dtype.is_floating_point:
        return x
    limits = np.finfo(x.dtype.np)
    high = float(limits.max) if posinf is None else posinf
    low = float(limits.min) if neginf is None else neginf
    infinite = [
        g.op("IsInf", x, detect_negative=n, detect_positive=1 - n, dtype=bool_) for n in (0, 1)
    ]
    y = g.op("Where", g.op("IsNaN", x, dtype=bool_), number(g, nan or 0.0, x), x, dtype=x.dtype)
    for where, value in zip(infinite, (high, low), strict=True):
        y = g.op("Where", where, number(g, value, x), y, dtype=x.dtype)
    return y
