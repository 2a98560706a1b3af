"""Sums, means, extremes, variances, norms; sorting and scans."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core.dtype import bool_, float32, int32, int64
from ..extents import Extent
from ..graph import Graph, Value
from .pointwise import number, scaled
from .table import CARDS, axes, axis, card


@card("sum")
def sum_(g: Graph, x: Value, dim: Any, keepdim: bool, dtype: Any = None) -> Value:
    return g.reduce("ReduceSum", g.cast(x, g.result.dtype), axes(dim, x.ndim), keepdim)


@card("nansum")
def nansum(g: Graph, x: Value, dim: Any, keepdim: bool, dtype: Any = None) -> Value:
    if x.dtype.is_floating_point:
        nan = g.op("IsNaN", x, dtype=bool_)
        x = Value(g.named(g.op("Where", nan, number(g, 0, x), x, dtype=x.dtype)), x.shape, x.dtype)
    return sum_(g, x, dim, keepdim)


@card("mean")
def mean(g: Graph, x: Value, dim: Any, keepdim: bool) -> Value:
    return g.reduce("ReduceMean", g.cast(x, g.result.dtype), axes(dim, x.ndim), keepdim)


@card("prod")
def prod(g: Graph, x: Value, dim: Any, keepdim: bool, dtype: Any = None) -> Value:
    return g.reduce("ReduceProd", g.cast(x, g.result.dtype), axes(dim, x.ndim), keepdim)


def _whole(x: Value, g: Graph) -> Value:
    """x in a dtype whose extremes ONNX finds."""
    return g.cast(x, int32) if x.dtype is bool_ else x


@card("amax", "max_all")
def amax(g: Graph, x: Value, dim: Any = None, keepdim: bool = False) -> Value:
    return g.cast(g.reduce("ReduceMax", _whole(x, g), axes(dim, x.ndim), keepdim), x.dtype)


@card("amin", "min_all")
def amin(g: Graph, x: Value, dim: Any = None, keepdim: bool = False) -> Value:
    return g.cast(g.reduce("ReduceMin", _whole(x, g), axes(dim, x.ndim), keepdim), x.dtype)


@card("aminmax")
def aminmax(g: Graph, x: Value, dim: Any, keepdim: bool) -> tuple:
    return amin(g, x, dim, keepdim), amax(g, x, dim, keepdim)


def _arg(kind: str) -> Any:
    def converter(g: Graph, x: Value, dim: Any, keepdim: bool) -> Value:
        y = _whole(x, g)
        if dim is None or not x.ndim:
            y = g.op("Reshape", y, [-1])
            found = g.op(kind, y, axis=0, keepdims=0, dtype=int64)
            return g.reshape(found, [1] * x.ndim) if keepdim else found
        return g.op(kind, y, axis=axis(dim, x.ndim), keepdims=int(keepdim), dtype=int64)

    return converter


CARDS["argmax"], CARDS["argmin"] = _arg("ArgMax"), _arg("ArgMin")


@card("max")
def max_(g: Graph, x: Value, dim: int, keepdim: bool) -> tuple:
    return amax(g, x, (dim,), keepdim), CARDS["argmax"](g, x, dim, keepdim)


@card("min")
def min_(g: Graph, x: Value, dim: int, keepdim: bool) -> tuple:
    return amin(g, x, (dim,), keepdim), CARDS["argmin"](g, x, dim, keepdim)


@card("any")
def any_(g: Graph, x: Value, dim: Any, keepdim: bool) -> Value:
    count = _true(g, g.cast(x, bool_), dim, x.ndim, keepdim)
    return g.cast(g.op("Greater", count, g.constant(0), dtype=bool_), g.result.dtype)


def _true(g: Graph, x: Value, dim: Any, ndim: int, keepdim: bool) -> Value:
    """How many are true; of no elements, none."""
    return g.reduce("ReduceSum", g.cast(x, int64), axes(dim, ndim), keepdim)


@card("all")
def all_(g: Graph, x: Value, dim: Any, keepdim: bool) -> Value:
    count = _true(g, g.op("Not", g.cast(x, bool_)), dim, x.ndim, keepdim)
    return g.cast(g.op("Equal", count, g.constant(0), dtype=bool_), g.result.dtype)


@card("count_nonzero")
def count_nonzero(g: Graph, x: Value, dim: Any) -> Value:
    return g.reduce("ReduceSum", g.cast(g.cast(x, bool_), int64), axes(dim, x.ndim), False)


@card("logsumexp")
def logsumexp(g: Graph, x: Value, dim: Any, keepdim: bool) -> Value:
    where = axes(dim, x.ndim)
    top = g.reduce("ReduceMax", x, where, True)
    y = g.op("Log", g.reduce("ReduceSum", g.op("Exp", g.op("Sub", x, top)), where, True))
    y = g.op("Add", y, top)
    gone = where if where is not None else range(x.ndim)
    return y if keepdim or not x.ndim else g.squeeze(y, *gone)


def _moments(g: Graph, x: Value, dim: Any, correction: Any, keepdim: bool) -> tuple[Value, Value]:
    """(variance, mean)"""
    where = axes(dim, x.ndim)
    m = g.reduce("ReduceMean", x, where, True)
    off = g.op("Sub", x, m)
    total = g.reduce("ReduceSum", g.op("Mul", off, off), where, True)
    count: Any = 1
    for d in range(x.ndim) if where is None else where:
        count = x.shape[d] * count
    less = count - int(correction) if isinstance(count, Extent) else max(count - correction, 0)
    n = g.cast(g.size(less), x.dtype) if isinstance(less, Extent) else number(g, less, x)
    v = g.op("Div", total, n)
    if not keepdim and x.ndim:
        gone = where if where is not None else range(x.ndim)
        v, m = g.squeeze(v, *gone), g.squeeze(m, *gone)
    return v, m


@card("var")
def var(g: Graph, x: Value, dim: Any, correction: Any, keepdim: bool) -> Value:
    return _moments(g, x, dim, correction, keepdim)[0]


@card("std")
def std(g: Graph, x: Value, dim: Any, correction: Any, keepdim: bool) -> Value:
    return g.op("Sqrt", _moments(g, x, dim, correction, keepdim)[0])


@card("var_mean")
def var_mean(g: Graph, x: Value, dim: Any, correction: Any, keepdim: bool) -> tuple:
    return _moments(g, x, dim, correction, keepdim)


@card("std_mean")
def std_mean(g: Graph, x: Value, dim: Any, correction: Any, keepdim: bool) -> tuple:
    v, m = _moments(g, x, dim, correction, keepdim)
    return g.op("Sqrt", v), m


@card("linalg_vector_norm")
def vector_norm(g: Graph, x: Value, p: Any, dim: Any, keepdim: bool) -> Value:
    where = axes(dim, x.ndim)
    size = g.op("Abs", x)
    if p == math.inf:
        return g.reduce("ReduceMax", size, where, keepdim)
    if p == -math.inf:
        return g.reduce("ReduceMin", size, where, keepdim)
    if p == 0:
        there = g.cast(g.cast(x, bool_), x.dtype)
        return g.reduce("ReduceSum", there, where, keepdim)
    if p in (1, 2):
        return g.reduce(f"ReduceL{int(p)}", x, where, keepdim)
    total = g.reduce("ReduceSum", g.op("Pow", size, number(g, p, x)), where, keepdim)
    return g.op("Pow", total, number(g, 1 / p, x))


# ---------------------------------------------------------------- scans


@card("cumsum")
def cumsum(g: Graph, x: Value, dim: int, dtype: Any = None) -> Value:
    if not x.ndim:
        return g.cast(x, g.result.dtype)
    return g.op("CumSum", g.cast(x, g.result.dtype), np.int64(axis(dim, x.ndim)))


# ---------------------------------------------------------------- order


def _top(g: Graph, x: Value, k: Any, dim: int, largest: bool) -> tuple:
    y = g.cast(x, float32) if x.dtype is bool_ else x
    if not x.ndim:
        return x, g.constant(0)
    values, places = g.op("TopK", y, g.size(k), axis=axis(dim, x.ndim), largest=int(largest),
                          sorted=1, outputs=2)  # fmt: skip
    places.dtype = int64
    return g.cast(values, x.dtype), places


@card("topk")
def topk(g: Graph, x: Value, k: Any, dim: int, largest: bool, sorted: bool) -> tuple:
    return _top(g, x, k, dim, largest)


@card("sort")
def sort(g: Graph, x: Value, dim: int, descending: bool, stable: Any = None) -> tuple:
    return _top(g, x, _size(x, dim), dim, descending)


def _size(x: Value, dim: int) -> Any:
    return x.shape[dim] if x.ndim else 1


@card("argsort")
def argsort(g: Graph, x: Value, dim: int, descending: bool, stable: Any = None) -> Value:
    return _top(g, x, _size(x, dim), dim, descending)[1]


@card("kthvalue")
def kthvalue(g: Graph, x: Value, k: int, dim: int, keepdim: bool) -> tuple:
    found = _top(g, x, k, dim, False)
    if not x.ndim:
        return found
    last = [g.slice(v, axis(dim, x.ndim), k - 1, k) for v in found]
    return tuple(v if keepdim else g.squeeze(v, axis(dim, x.ndim)) for v in last)


@card("median")
def median(g: Graph, x: Value, dim: int, keepdim: bool) -> tuple:
    return kthvalue(g, x, (_size(x, dim) - 1) // 2 + 1, dim, keepdim)


@card("median_all")
def median_all(g: Graph, x: Value) -> Value:
    count: Any = 1
    for n in x.shape:
        count = n * count
    flat = Value(g.named(g.op("Reshape", x, [-1])), (count,), x.dtype)
    return kthvalue(g, flat, (count - 1) // 2 + 1, 0, False)[0]


@card("renorm")
def renorm(g: Graph, x: Value, p: Any, dim: int, maxnorm: float) -> Value:
    others = [d for d in range(x.ndim) if d != axis(dim, x.ndim)]
    norm = vector_norm(g, x, p, others, True)
    factor = g.op("Div", number(g, maxnorm, x), g.op("Add", norm, number(g, 1e-7, x)))
    above = g.op("Greater", norm, number(g, maxnorm, x), dtype=bool_)
    return g.op("Mul", x, g.op("Where", above, factor, number(g, 1, x), dtype=x.dtype))


@card("dist")
def dist(g: Graph, x: Value, y: Value, p: Any) -> Value:
    d = g.result.dtype
    away = g.op("Sub", g.cast(x, d), g.cast(y, d))
    return vector_norm(
        g, Value(away.name, x.shape if x.ndim >= y.ndim else y.shape, d), p, None, False
    )


@card("softmax")
def softmax(g: Graph, x: Value, dim: int) -> Value:
    return _along(g, "Softmax", x, dim)


@card("log_softmax")
def log_softmax(g: Graph, x: Value, dim: int) -> Value:
    return _along(g, "LogSoftmax", x, dim)


def _along(g: Graph, kind: str, x: Value, dim: int) -> Value:
    x = g.cast(x, g.result.dtype) if x.dtype is not g.result.dtype else x
    if x.shape is not None and not x.ndim:
        return g.squeeze(g.op(kind, g.unsqueeze(x, 0), axis=0), 0)
    return g.op(kind, x, axis=axis(dim, len(g.result.shape)))


__all__ = ["scaled"]
