"""Products of matrices, and attention."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core.dtype import bool_
from ..errors import UnsupportedOperatorError
from ..graph import Graph, Value
from .pointwise import number, scaled
from .table import card, whole


def _turned(g: Graph, w: Value) -> Value:
    """wᵀ; a constant is turned now."""
    if w.array is None:
        return g.op("Transpose", w, perm=[1, 0])
    made = g.constant(np.ascontiguousarray(w.array.T))
    if w.name and not made.name:
        made.name = g.fresh(w.name + "_T")
    return made


@card("linear")
def linear(g: Graph, input: Value, weight: Value, bias: Any) -> Value:
    if input.ndim == 2 and weight.ndim == 2:
        return g.op("Gemm", input, weight, bias, transB=1)
    if weight.ndim == 1:
        y = g.op("MatMul", input, weight)
    else:
        y = g.op("MatMul", input, _turned(g, weight))
    return y if bias is None else g.op("Add", y, bias)


@card("mm", "bmm", "mv", "dot", "matmul_batched")
def mm(g: Graph, x: Value, y: Any = None, v: Any = None) -> Value:
    return g.op("MatMul", x, y if v is None else v)


@whole("matmul")
def matmul(g: Graph, input: Value, other: Value) -> Value:
    return g.op("MatMul", input, other)


@whole("__matmul__")
def matmul_operator(g: Graph, args: Any, kwargs: Any) -> Value:
    return g.op("MatMul", *args)


@card("addmm", "addmv", "baddbmm", "addbmm", "addr")
def addmm(g: Graph, input: Value, x: Value, y: Value, beta: Any = 1, alpha: Any = 1) -> Value:
    d = g.result.dtype
    if x.ndim == y.ndim == 1:
        product = g.op("Mul", g.unsqueeze(x, 1), g.unsqueeze(y, 0))
    else:
        product = g.op("MatMul", x, y)
        if x.ndim == 3 and len(g.result.shape) == 2:
            product = g.reduce("ReduceSum", product, [0], False)
    product = product if alpha == 1 else g.op("Mul", product, g.constant(alpha, d))
    if beta == 0:
        return product
    return g.op("Add", input if beta == 1 else g.op("Mul", input, g.constant(beta, d)), product)


@card("linalg_det")
def det(g: Graph, x: Value) -> Value:
    return g.op("Det", x)


@whole("outer")
def outer(g: Graph, input: Value, vec2: Value) -> Value:
    d = g.result.dtype
    return g.op("Mul", g.unsqueeze(g.cast(input, d), 1), g.unsqueeze(g.cast(vec2, d), 0))


@card("linalg_cross")
def cross(g: Graph, x: Value, y: Value, dim: int) -> Value:
    def turned(v: Value, places: list[int]) -> Value:
        return g.op("Gather", v, g.constant(places), axis=dim)

    ahead, behind = [1, 2, 0], [2, 0, 1]
    left = g.op("Mul", turned(x, ahead), turned(y, behind))
    return g.op("Sub", left, g.op("Mul", turned(x, behind), turned(y, ahead)))


@card("bilinear")
def bilinear(g: Graph, input1: Value, input2: Value, weight: Value, bias: Any) -> Value:
    y = g.op("Einsum", input1, weight, input2, equation="...i,oij,...j->...o")
    return y if bias is None else g.op("Add", y, bias)


@whole("einsum")
def einsum(g: Graph, args: Any, kwargs: Any) -> Value:
    equation, *operands = args
    if not isinstance(equation, str):
        raise UnsupportedOperatorError("einsum: dimensions as lists of numbers")
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = list(operands[0])
    return g.op("Einsum", *operands, equation=equation.replace(" ", ""))


# ---------------------------------------------------------------- attention


def _attention(
    g: Graph, q: Value, k: Value, v: Value, mask: Any, scale: float, causal: bool, sizes: Any
) -> Value:
    """softmax(q kᵀ scale + mask) v; q (*, L, E), sizes (L, S)"""
    rank = q.ndim
    order = [*range(rank - 2), rank - 1, rank - 2]
    scores = g.op("MatMul", scaled(g, q, scale), g.op("Transpose", k, perm=order))
    d = q.dtype
    if causal:
        ones = g.filled(list(sizes), 1, d)
        below = g.cast(g.op("Trilu", ones, g.constant(np.int64(0)), upper=0), bool_)
        scores = g.op("Where", below, scores, number(g, -math.inf, q), dtype=d)
    if mask is not None:
        if not isinstance(mask, Value):
            mask = g.constant(np.asarray(mask))
        if mask.dtype is bool_:
            scores = g.op("Where", mask, scores, number(g, -math.inf, q), dtype=d)
        else:
            scores = g.op("Add", scores, g.cast(mask, d))
    return g.op("MatMul", g.op("Softmax", scores, axis=-1), v)


@card("attention")
def attention(
    g: Graph, q: Value, k: Value, v: Value, mask: Any, scale: float, causal: bool
) -> Value:
    return _attention(g, q, k, v, mask, scale, causal, (q.shape[-2], k.shape[-2]))


@card("self_attention")
def self_attention(
    g: Graph, x: Value, mask: Any, heads: int, scale: float, causal: bool, batch_first: bool
) -> Value:
    a, b, n = x.shape
    width = n // (3 * heads)
    y = g.reshape(x, [a, b, 3, heads, width]) if isinstance(a, int) or isinstance(b, int) else (
        g.op("Reshape", x, [0, 0, 3, heads, width]))  # fmt: skip
    y = g.op("Transpose", y, perm=[2, 0, 3, 1, 4] if batch_first else [2, 1, 3, 0, 4])
    parts = g.op("Split", y, [1, 1, 1], axis=0, outputs=3)
    q, k, v = (g.squeeze(p, 0) for p in parts)  # (N, H, L, W)
    batch, length = (a, b) if batch_first else (b, a)
    q.shape = (batch, heads, length, width)
    y = _attention(g, q, k, v, mask, scale, causal, (length, length))
    y = g.op("Transpose", y, perm=[0, 2, 1, 3] if batch_first else [2, 0, 1, 3])
    return g.op("Reshape", y, [0, 0, heads * width])
