"""Normalisation.

N batch, C channels, S the rest; w and b, one number for each channel or element, or None
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Graph, Value
from .pointwise import number
from .table import card


def _filled(g: Graph, x: Any, shape: Any, value: float, like: Value) -> Any:
    return g.constant(np.full(shape, value), like.dtype) if x is None else x


@card("batch_norm_eval")
def batch_norm_eval(g: Graph, x: Value, w: Any, b: Any, mean: Any, var: Any, eps: float) -> Value:
    c = x.shape[1]
    w, b = _filled(g, w, (c,), 1.0, x), _filled(g, b, (c,), 0.0, x)
    return g.op("BatchNormalization", x, w, b, mean, var, epsilon=float(eps))


@card("batch_norm_training", "batch_norm_statistics")
def batch_norm(g: Graph, x: Value, w: Any, b: Any, eps: float) -> Value:
    """With the statistics of this batch, as instance_norm has it."""
    dims = [0, *range(2, x.ndim)]
    m = g.reduce("ReduceMean", x, dims, True)
    off = g.op("Sub", x, m)
    v = g.reduce("ReduceMean", g.op("Mul", off, off), dims, True)
    y = g.op("Div", off, g.op("Sqrt", g.op("Add", v, number(g, eps, x))))
    return _affine(g, y, w, b, x)


def _affine(g: Graph, y: Value, w: Any, b: Any, x: Value) -> Value:
    """y w + b, by channels."""
    for kind, t in (("Mul", w), ("Add", b)):
        if t is not None:
            y = g.op(kind, y, g.reshape(t, [x.shape[1], *[1] * (x.ndim - 2)]))
    return y


@card("layer_norm")
def layer_norm(g: Graph, x: Value, n: Any, w: Any, b: Any, eps: float) -> Value:
    count = n if isinstance(n, int) else len(n)
    w = _filled(g, w, tuple(int(k) for k in x.shape[x.ndim - count :]), 1.0, x)
    return g.op("LayerNormalization", x, w, b, axis=-count, epsilon=float(eps))


@card("group_norm")
def group_norm(g: Graph, x: Value, groups: int, w: Any, b: Any, eps: float) -> Value:
    c = x.shape[1]
    if g.opset >= 21:
        w, b = _filled(g, w, (c,), 1.0, x), _filled(g, b, (c,), 0.0, x)
        return g.op("GroupNormalization", x, w, b, num_groups=groups, epsilon=float(eps))
    y = g.op("Reshape", x, [0, groups, -1])
    one, zero = (g.constant(np.full((groups,), v), x.dtype) for v in (1.0, 0.0))
    y = g.op("InstanceNormalization", y, one, zero, epsilon=float(eps))
    return _affine(g, g.op("Reshape", y, g.op("Shape", x)), w, b, x)
