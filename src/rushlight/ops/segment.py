"""torch.segment_reduce: sums, means, products and extremes of neighbouring rows.

x is seen as (A N, B): A the dimensions before the axis, N the axis, B those after it. A segment is
the rows first[s] : last[s] of that; S A of them, S for each of A.

This module is imported when the function is first asked for.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.dtype import int32, int64, scalar_name
from ..core.tensor import Tensor
from ..dispatch.registry import op
from .reduce import axes_of

_FOLD = {  # how numbers are put together, and what changes nothing
    "sum": (np.add, 0.0),
    "mean": (np.add, 0.0),
    "prod": (np.multiply, 1.0),
    "max": (np.maximum, -math.inf),
    "min": (np.minimum, math.inf),
}


def _bounds(data: Tensor, lengths: Any, offsets: Any, axis: int, unsafe: bool) -> tuple:
    """first (A, S) and last (A, S): the segments' ends among the N numbers along the axis."""
    given, what = (lengths, "lengths") if offsets is None else (offsets, "offsets")
    if not isinstance(given, Tensor):
        raise TypeError(
            f"segment_reduce(): argument '{what}' must be Tensor, not {type(given).__name__}"
        )
    if given.dtype not in (int32, int64):
        raise NotImplementedError(
            f'"_segment_reduce_{what}_cpu_kernel1" not implemented for '
            f"'{scalar_name(given.dtype)}'\n  fix: {what}.long()"
        )
    if given.ndim != axis + 1:
        raise RuntimeError(
            f"segment_reduce(): Expected axis to be the last dimension of {what} but got {axis}."
            f"\n  data {tuple(data.shape)}, {what} {tuple(given.shape)}"
        )
    if given.shape[:-1] != data.shape[:axis]:
        raise RuntimeError(
            f"segment_reduce(): the sizes of {what} before the axis must be those of data\n"
            f"  data {tuple(data.shape)}, {what} {tuple(given.shape)}, axis {axis}"
        )
    numbers, size = given.numpy().astype(np.int64), data.shape[axis]
    if offsets is None:
        if numbers.size and numbers.min() < 0:
            raise RuntimeError("lengths contains negative value!")
        last = numbers.cumsum(-1)
        total = last[..., -1] if numbers.shape[-1] else np.zeros(numbers.shape[:-1])
        if not unsafe and (total != size).any():
            raise RuntimeError(
                "segment_reduce(): Expected all rows of lengths along axis to sum to "
                "data.size(lengths.dim()-1) when !unsafe.\n"
                f"  data.size({axis}) is {size}; lengths sum to {total.tolist()}"
            )
        first = last - numbers
    else:
        if not numbers.shape[-1]:
            raise RuntimeError("segment_reduce(): offsets must hold one number at least")
        first, last = numbers[..., :-1], numbers[..., 1:]
    if (first > last).any() or (first < 0).any() or (last > size).any():
        raise RuntimeError(
            f"segment_reduce(): {what} must rise from 0 to data.size({axis}) = {size} at most, "
            f"but got {numbers.tolist()}"
        )
    return first, last


def _folded(x: np.ndarray, fold: Any, identity: float, ends: np.ndarray) -> np.ndarray:
    """x (R, B) -> (S, B): fold of the rows of each segment, of their pairs of ends (S, 2)."""
    y = np.full((len(ends), x.shape[1]), identity, x.dtype)
    filled = ends[:, 0] < ends[:, 1]
    if filled.any() and x.shape[1]:
        padded = np.concatenate([x, np.full((1, x.shape[1]), identity, x.dtype)])  # end R is a row
        y[filled] = fold.reduceat(padded, ends[filled].reshape(-1), 0)[::2]
    return y


def _owners(rows: int, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows that are in a segment, and the segment of each, in order of the segments."""
    sizes = ends[:, 1] - ends[:, 0]
    sizes = sizes.astype(np.intp, copy=False)
    owner = np.repeat(np.arange(len(ends)), sizes)
    row = np.arange(len(owner)) - np.repeat(sizes.cumsum() - sizes, sizes) + ends[owner, 0]
    return row, owner


def _rows(x: np.ndarray, axis: int) -> np.ndarray:
    """(A..., N, B...) -> (A N, B), in float64."""
    wide = np.ascontiguousarray(x, np.float64)
    return wide.reshape(math.prod(x.shape[: axis + 1]), math.prod(x.shape[axis + 1 :]))


@op(
    "segment_reduce(data: Tensor, reduce: str, *, lengths: Tensor | None = None, "
    "indices: Tensor | None = None, offsets: Tensor | None = None, axis: int = 0, "
    "unsafe: bool = False, initial: Number | None = None)",
    at="torch",
    tensors=1,
    not_for="iubc",
    kernel="_segment_reduce_cpu",
)
class SegmentReduce:
    """y_s = reduce(x_i), i in the s-th segment along the axis

    reduce    "sum", "mean", "max", "min", "prod"
    lengths   (A..., S) how many numbers each segment has; they must add up to the axis' size
              unless unsafe=True
    offsets   (A..., S + 1) instead: where each begins, and where the last ends
    initial   what each begins with; a mean is (initial + Σ x) / n, as in PyTorch
    shape     data (A..., N, B...), axis behind A -> y (A..., S, B...)
    dtype     floating, kept; computed in float64
    grad      dx_i = dy_s; mean: dy_s / n; prod: dy_s times the others' product; max and min: dy_s
              shared by the numbers that are equal to y_s. Not twice differentiable
    empty     sum 0, prod 1, max -inf, min inf, mean NaN, or initial
    errors    RuntimeError: an unknown reduce, neither lengths nor offsets, sizes that do not fit;
              NotImplementedError: integers

    >>> x = tensor([1.0, 2.0, 3.0])
    >>> torch.segment_reduce(x, "sum", lengths=tensor([2, 1]))
    tensor([3., 3.])
    """

    def prepare(data, reduce, lengths, indices, offsets, axis, unsafe, initial):
        if not isinstance(data, Tensor):
            raise TypeError(
                "segment_reduce(): argument 'data' (position 1) must be Tensor, not "
                f"{type(data).__name__}"
            )
        if not isinstance(reduce, str):
            raise TypeError(
                "segment_reduce(): argument 'reduce' (position 2) must be str, not "
                f"{type(reduce).__name__}"
            )
        reduce = {"amax": "max", "amin": "min"}.get(reduce, reduce)
        if reduce not in _FOLD:
            raise RuntimeError(
                f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}"
            )
        (axis,) = axes_of(int(axis), data.ndim) or (0,)
        if indices is not None:
            raise RuntimeError(
                "segment_reduce(): indices based reduction is not supported yet.\n"
                "  fix: lengths= or offsets=; torch.scatter_reduce takes indices"
            )
        if lengths is None and offsets is None:
            raise RuntimeError("segment_reduce(): Either lengths or offsets must be defined.")
        if data.ndim == 0:
            raise RuntimeError(
                "segment_reduce(): Expected axis to be the last dimension of lengths but got 0."
                "\n  data has no dimension"
            )
        first, last = _bounds(data, lengths, offsets, axis, unsafe)
        start = np.arange(math.prod(data.shape[:axis])).reshape(*data.shape[:axis], 1)
        start = start * data.shape[axis]  # of each of A among A N rows
        ends = np.stack([(first + start).reshape(-1), (last + start).reshape(-1)], 1)
        return data, ends, reduce, axis, first.shape[-1], initial

    def forward(x, ends, reduce, axis, count, initial):
        fold, identity = _FOLD[reduce]
        begin = identity if initial is None else float(initial)
        y = fold(_folded(_rows(x, axis), fold, identity, ends), begin)
        if reduce == "mean":
            size = (ends[:, 1] - ends[:, 0])[:, None]
            y = np.where(size == 0, math.nan if initial is None else begin, y / size)
        return y.reshape(*x.shape[:axis], count, *x.shape[axis + 1 :]).astype(x.dtype)

    def backward(c, dy, x, out, ends, reduce, axis, initial):
        if isinstance(dy, Tensor):
            raise RuntimeError("derivative for aten::_segment_reduce_backward is not implemented")
        numbers, dz = _rows(x, axis), _rows(dy, axis)
        row, owner = _owners(len(numbers), ends)
        if reduce == "mean":
            dz = dz / np.maximum(ends[:, 1] - ends[:, 0], 1)[:, None]
        slope: Any = 1.0
        if reduce in ("max", "min"):
            best = _rows(out, axis)
            hit = np.zeros(numbers.shape)
            hit[row] = (numbers[row] == best[owner]) | (
                np.isnan(numbers[row]) & np.isnan(best[owner])
            )
            slope = hit[row] / np.maximum(_folded(hit, np.add, 0.0, ends), 1)[owner]
        elif reduce == "prod":
            zero = numbers == 0
            others = _folded(np.where(zero, 1, numbers), np.multiply, 1.0, ends)[owner]
            zeros = _folded(zero.astype(np.float64), np.add, 0.0, ends)[owner]
            rest = np.where(zeros == zero[row], others / np.where(zero[row], 1, numbers[row]), 0)
            slope = rest * (1 if initial is None else initial)
        dx = np.zeros(numbers.shape)
        dx[row] = dz[owner] * slope
        return dx.reshape(x.shape).astype(x.dtype)
