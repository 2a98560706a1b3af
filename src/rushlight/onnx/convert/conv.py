"""Convolutions, pooling, windows; resizing and sampling of images.

N batch, C channels, S sizes of the input, L of the output.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core.dtype import int64
from ..errors import UnsupportedOperatorError
from ..extents import Extent
from ..graph import Graph, Value
from .pointwise import number, scaled
from .shape import taken
from .table import CARDS, card, whole


def _pads(padding: Any) -> list[int]:
    return [*padding, *padding]


@card("convolution_nd")
def convolution(
    g: Graph, x: Value, w: Value, b: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Value:
    return g.op(
        "Conv", x, w, b, kernel_shape=list(w.shape[2:]), strides=list(stride),
        pads=_pads(padding), dilations=list(dilation), group=groups,
    )  # fmt: skip


@card("conv_transpose_nd")
def conv_transpose(
    g: Graph, x: Value, w: Value, b: Any, y_shape: Any, stride: Any, padding: Any, dilation: Any,
    groups: int,
) -> Value:  # fmt: skip
    extra = []
    for i, kernel in enumerate(w.shape[2:]):
        least = (x.shape[2 + i] - 1) * stride[i] - 2 * padding[i] + dilation[i] * (kernel - 1) + 1
        extra.append(y_shape[2 + i] - least)
    return g.op(
        "ConvTranspose", x, w, b, kernel_shape=list(w.shape[2:]), strides=list(stride),
        pads=_pads(padding), dilations=list(dilation), group=groups, output_padding=extra,
    )  # fmt: skip


@card("im2col")
def im2col(g: Graph, x: Value, kernel: Any, dilation: Any, padding: Any, stride: Any) -> Value:
    """Windows as columns: rows and columns of the padded image are gathered by index."""
    h, w = x.shape[-2:]
    pads = [0, 0, *padding, 0, 0, *padding]
    y, _ = _batched(g, x, 2)
    y = g.op("Pad", y, pads, number(g, 0, x)) if any(padding) else y
    places = []
    for i, size in enumerate((int(h), int(w))):
        count = (size + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1) // stride[i] + 1
        places.append(np.arange(kernel[i])[:, None] * dilation[i] + np.arange(count) * stride[i])
    y = g.op("Gather", y, g.constant(places[0].astype(np.int64)), axis=2)  # (N, C, kh, lh, W)
    y = g.op("Gather", y, g.constant(places[1].astype(np.int64)), axis=4)
    y = g.op("Transpose", y, perm=[0, 1, 2, 4, 3, 5])  # (N, C, kh, kw, lh, lw)
    return g.reshape(y, g.result.shape)


@card("col2im")
def col2im(
    g: Graph, x: Value, size: Any, kernel: Any, dilation: Any, padding: Any, stride: Any
) -> Value:
    if g.opset < 18:
        raise UnsupportedOperatorError("fold is in ONNX since opset 18 (Col2Im)")
    y, alone = _batched(g, x, 1)
    y = g.op("Col2Im", y, list(size), list(kernel), dilations=list(dilation), pads=_pads(padding),
             strides=list(stride))  # fmt: skip
    return g.squeeze(y, 0) if alone else y


# ---------------------------------------------------------------- pooling


def _batched(g: Graph, x: Value, rank: int) -> tuple[Value, bool]:
    """x with a batch in front; had it none?"""
    alone = x.ndim == rank + 1
    return (g.unsqueeze(x, 0), True) if alone else (x, False)


@card("max_pool_2d", "max_pool_3d")
def max_pool(
    g: Graph, x: Value, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool
) -> Any:
    rank = len(kernel)
    given, alone = _batched(g, x, rank)
    more = _beyond(x, kernel, stride, padding, dilation) if ceil else [0] * rank
    options: dict[str, Any] = {
        "kernel_shape": list(kernel), "strides": list(stride), "dilations": list(dilation),
        "pads": [*padding, *(p + m for p, m in zip(padding, more, strict=True))],
    }  # fmt: skip
    y, places = g.op("MaxPool", given, outputs=2, **options)
    places.dtype = int64
    size: Any = 1
    for n in x.shape[-rank:]:
        size = n * size
    places = g.op("Mod", places, g.size(size))
    return (g.squeeze(y, 0), g.squeeze(places, 0)) if alone else (y, places)


def _beyond(x: Value, kernel: Any, stride: Any, padding: Any, dilation: Any) -> list:
    """How far the last windows of ceil_mode reach: ONNX counts them in another way, so that they
    are written as padding. A last window begins inside of the input or its padding in front."""
    found = []
    for n, k, s, p, d in zip(
        x.shape[-len(kernel) :], kernel, stride, padding, dilation, strict=True
    ):
        reach = d * (k - 1) + 1
        if isinstance(n, Extent):
            values = {_excess(m, reach, s, p) for m in n.values}
            if len(values) > 1:
                n.__index__()
            found.append(values.pop())
        else:
            found.append(_excess(n, reach, s, p))
    return found


def _excess(n: int, reach: int, s: int, p: int) -> int:
    count = -(-(n + 2 * p - reach) // s) + 1
    if (count - 1) * s >= n + p:
        count -= 1
    return max((count - 1) * s + reach - (n + 2 * p), 0)


@card("avg_pool_2d", "avg_pool_3d")
def avg_pool(
    g: Graph, x: Value, kernel: Any, stride: Any, padding: Any, ceil: bool,
    count_include_pad: bool, divisor: Any,
) -> Value:  # fmt: skip
    y, alone = _batched(g, x, len(kernel))
    include = bool(count_include_pad)
    rank = len(kernel)
    more = _beyond(x, kernel, stride, padding, (1,) * rank) if ceil else [0] * rank
    if any(more) and include and not divisor:  # what lies beyond the padding does not count
        y = g.op("Pad", y, [0, 0, *padding, 0, 0, *padding], number(g, 0, x))
        padding, include = (0,) * rank, False
    y = g.op(
        "AveragePool", y, kernel_shape=list(kernel), strides=list(stride),
        pads=[*padding, *(p + m for p, m in zip(padding, more, strict=True))],
        count_include_pad=int(include or bool(divisor)),
    )  # fmt: skip
    if divisor:
        y = scaled(g, y, math.prod(kernel) / divisor)
    return g.squeeze(y, 0) if alone else y


@card("mean_pool_2d", "mean_pool_3d", "adaptive_avg_pool_2d", "adaptive_avg_pool_3d")
def adaptive_avg_pool(g: Graph, x: Value, size: Any) -> Value:
    rank = len(size)
    if all(n == 1 for n in size):
        dims = [x.ndim - rank + i for i in range(rank)]
        if x.ndim == rank + 2:
            return g.op("GlobalAveragePool", x)
        return g.reduce("ReduceMean", x, dims, True)
    return _cells(g, x, size, "AveragePool", "ReduceMean")


@card("adaptive_max_pool_2d", "adaptive_max_pool_3d")
def adaptive_max_pool(g: Graph, x: Value, size: Any) -> Any:
    return (_cells(g, x, size, "MaxPool", "ReduceMax"),)


def _cells(g: Graph, x: Value, size: Any, pool: str, reduce: str) -> Value:
    """Cells of floor(l S / L) ... ceil((l + 1) S / L) - 1: a pool if L divides S."""
    rank = len(size)
    first = x.ndim - rank
    if all(n == m for n, m in zip(x.shape[first:], size, strict=True)):
        return x
    sizes = [int(n) for n in x.shape[first:]]
    if all(n % m == 0 for n, m in zip(sizes, size, strict=True)):
        step = [n // m for n, m in zip(sizes, size, strict=True)]
        y, alone = _batched(g, x, rank)
        y = g.op(pool, y, kernel_shape=step, strides=step)
        return g.squeeze(y, 0) if alone else y
    y = x
    for i, (n, m) in enumerate(zip(sizes, size, strict=True)):
        parts = []
        for cell in range(m):
            low, high = cell * n // m, -(-(cell + 1) * n // m)
            parts.append(g.reduce(reduce, g.slice(y, first + i, low, high), [first + i], True))
        y = g.op("Concat", *parts, axis=first + i) if len(parts) > 1 else parts[0]
    return y


@card("max_unpool_2d", "max_unpool_3d")
def max_unpool(g: Graph, x: Value, i: Value, size: Any) -> Value:
    lead = list(x.shape[: x.ndim - len(size)])
    flat = [*lead, math.prod(size)]
    zeros = g.filled(flat, 0, x.dtype)
    one = [*lead, math.prod(int(n) for n in x.shape[x.ndim - len(size) :])]
    y = g.op("ScatterElements", zeros, g.reshape(i, one), g.reshape(x, one), axis=len(lead))
    return g.reshape(y, g.result.shape)


# ---------------------------------------------------------------- resizing


@whole("interpolate")
def interpolate(
    g: Graph, input: Value, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
    align_corners: Any = None, recompute_scale_factor: Any = None, antialias: bool = False,
) -> Value:  # fmt: skip
    if mode == "area":
        return _cells(g, input, g.result.shape[2:], "AveragePool", "ReduceMean")
    if antialias and g.opset < 18:
        raise UnsupportedOperatorError("interpolate(antialias=True) is in ONNX since opset 18")
    if mode == "lanczos":
        raise UnsupportedOperatorError("interpolate(mode='lanczos'): ONNX has no such filter")
    options: dict[str, Any] = {"antialias": 1} if antialias else {}
    if mode == "nearest":
        options |= {"mode": "nearest", "coordinate_transformation_mode": "asymmetric",
                    "nearest_mode": "floor"}  # fmt: skip
    elif mode == "nearest-exact":
        options |= {"mode": "nearest", "coordinate_transformation_mode": "half_pixel",
                    "nearest_mode": "round_prefer_ceil"}  # fmt: skip
    else:
        options["coordinate_transformation_mode"] = (
            "align_corners" if align_corners else "half_pixel"
        )
        options["mode"] = "cubic" if mode == "bicubic" else "linear"
        if mode == "bicubic":
            options["cubic_coeff_a"] = -0.5 if antialias else -0.75
    if scale_factor is not None and not recompute_scale_factor:
        rank = input.ndim - 2
        factors = scale_factor if isinstance(scale_factor, (tuple, list)) else [scale_factor] * rank
        scales = g.constant(np.array([1.0, 1.0, *factors], np.float32))
        return g.op("Resize", input, None, scales, **options)
    return g.op("Resize", input, None, None, g.sizes(g.result.shape), **options)


@whole("pixel_shuffle")
def pixel_shuffle(g: Graph, input: Value, upscale_factor: int) -> Value:
    y = input if input.ndim == 4 else g.reshape(input, _flat4(input))
    y = g.op("DepthToSpace", y, blocksize=upscale_factor, mode="CRD")
    return y if input.ndim == 4 else g.reshape(y, g.result.shape)


def _flat4(x: Value) -> list:
    lead: Any = 1
    for n in x.shape[:-3]:
        lead = n * lead
    return [lead, *x.shape[-3:]]


@card("grid_sampler_2d_card", "grid_sampler_3d_card")
def grid_sample(g: Graph, x: Value, grid: Value, mode: Any, padding: Any, align: Any) -> Value:
    if x.ndim == 5 and g.opset < 20:
        raise UnsupportedOperatorError("grid_sample of volumes is in ONNX since opset 20")
    modes = ("linear", "nearest", "cubic") if g.opset >= 20 else ("bilinear", "nearest", "bicubic")
    known = {"bilinear": 0, "nearest": 1, "bicubic": 2}
    kinds = ("zeros", "border", "reflection")
    mode = mode if isinstance(mode, int) else known[mode]
    padding = padding if isinstance(padding, str) else kinds[padding]
    return g.op("GridSample", x, grid, mode=modes[mode], padding_mode=padding,
                align_corners=int(bool(align)))  # fmt: skip


@card("affine_places")
def affine_places(g: Graph, theta: Value, places: Any, size: Any) -> Value:
    turned = g.op("Transpose", theta, perm=[0, 2, 1])
    return g.reshape(g.op("MatMul", _array(g, places, theta), turned), g.result.shape)


def _array(g: Graph, x: Any, like: Value) -> Value:
    return x if isinstance(x, Value) else g.constant(np.asarray(x), like.dtype)


__all__ = ["CARDS", "Extent", "taken"]
