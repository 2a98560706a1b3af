"""Sequences of different lengths as one tensor.

B sequences of (T, *), the longest of which sets the tensor's T.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.tensor import Tensor
from ..dispatch.registry import internal


@internal("pad_sequence", tensors="list", constants=3, node="PadSequence", fresh=True)
class PadSequence:
    """y[b, :T_b] = x_b, or the last T_b of them; padding elsewhere. Steps first, or the batch."""

    def forward(xs, batch_first, value, left):
        longest, first = max(len(x) for x in xs), xs[0]
        y = np.full_like(first, value, shape=(len(xs), longest, *first.shape[1:]), order="C")
        y = y if batch_first else y.swapaxes(0, 1).copy()
        for b, x in enumerate(xs):
            rows = slice(longest - len(x), None) if left else slice(len(x))
            y[(b, rows) if batch_first else (rows, b)] = x
        return y

    def backward(c, dy, xs_shape, batch_first, left):
        longest = dy.shape[1 if batch_first else 0]
        found = []
        for b, shape in enumerate(xs_shape):
            rows = slice(longest - shape[0], None) if left else slice(shape[0])
            found.append(dy[(b, rows) if batch_first else (rows, b)])
        return tuple(found)

    def samples(make):
        yield [make(3, 2), make(1, 2)], False, 0.0, False
        yield [make(1), make(4), make(0)], True, -1.5, True
        yield [make(2, 1, 2), make(3, 1, 2)], True, 0.0, False


def check_batch_sizes(sizes: np.ndarray, rows: int) -> None:
    """RuntimeError unless these can be the steps' sizes of a packed batch of so many rows."""
    if not sizes.size:
        raise RuntimeError("batch_sizes can not be empty")
    if (sizes[1:] > sizes[:-1]).any() or sizes[-1] < 1 or sizes.sum() != rows:
        raise RuntimeError(
            f"batch_sizes {sizes[:8].tolist()} do not fit data of {rows} rows: they never rise, "
            "are at least 1, and their sum is the number of rows"
        )


def pad_sequences(parts: list, batch_first: bool, padding_value: Any, padding_side: str) -> Tensor:
    """Checked arguments of PadSequence."""
    if not parts:
        raise RuntimeError("received an empty list of sequences")
    for i, x in enumerate(parts):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"expected Tensor as element {i} in argument 0, but got {type(x).__name__}"
            )
    if padding_side not in ("left", "right"):
        raise RuntimeError(
            f"Expected padding_side to be one of left or right, but got {padding_side}."
        )
    first = parts[0]._a
    for i, x in enumerate(parts):
        if not x._a.ndim:
            raise RuntimeError(
                f"pad_sequence: sequence {i} is a number; each needs a first dimension"
            )
        if x._a.shape[1:] == first.shape[1:]:
            continue
        for d, (a, b) in enumerate(zip(first.shape[1:], x._a.shape[1:], strict=False)):
            if a != b:
                raise RuntimeError(
                    f"The size of tensor a ({a}) must match the size of tensor b ({b}) at "
                    f"non-singleton dimension {d + 1}\n  sequence {i} is {tuple(x._a.shape)}, the "
                    f"first is {tuple(first.shape)}"
                )
        raise RuntimeError(
            f"pad_sequence: sequence {i} has {x._a.ndim} dimensions, the first has {first.ndim}"
        )
    if any(x._a.dtype != first.dtype for x in parts):
        parts = [x.to(parts[0].dtype) for x in parts]
    return PadSequence.run((parts, bool(batch_first), padding_value, padding_side == "left"))
