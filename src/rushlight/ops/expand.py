"""expand, and the broadcasting functions: sizes of 1 repeated without a copy."""

from __future__ import annotations

import numpy as np

from ..core.memory import expanded
from ..core.size import Size
from ..core.tensor import wrap
from ..dispatch.messages import mismatch
from ..dispatch.registry import composite, op
from ..kernels import K


@op(
    "expand(input, *size: int, implicit: bool = False)",
    at="Tensor",
    tensors=1,
    view=True,
)
class Expand:
    """y = x with dimensions of size 1 repeated without copying; a view.

    shape   -1 keeps a size, new dimensions go in front
    errors  RuntimeError: a size differs where x has not 1, or there are too few sizes

    >>> torch.tensor([[1], [2]]).expand(-1, 3)
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """

    def forward(x, size, implicit):
        y = expanded(x, size)
        if y is not None:
            return y
        shape, strides = x.shape, x.strides
        lead = len(size) - len(shape)
        sizes = [n if type(n) is int else int(n) for n in size]
        for i in range(lead):
            if (n := sizes[i]) < 0:
                raise RuntimeError(
                    f"The expanded size of the tensor ({n}) isn't allowed in a leading, "
                    f"non-existing dimension {i}"
                )
        if lead < 0:
            raise RuntimeError(
                f"expand({wrap(x).type()}{{{list(x.shape)}}}, size={list(size)}): the number of "
                f"sizes provided ({len(size)}) must be greater or equal to the number of "
                f"dimensions in the tensor ({x.ndim})"
            )
        steps = [0] * lead
        for i, m in enumerate(shape):
            n = sizes[i + lead]
            if n == m or n == -1:
                sizes[i + lead] = m
                steps.append(strides[i])
            elif m == 1:
                steps.append(0)
            else:
                raise RuntimeError(
                    f"The expanded size of the tensor ({n}) must match the existing size ({m}) at "
                    f"non-singleton dimension {i + lead}.  Target sizes: {list(sizes)}.  Tensor "
                    f"sizes: {list(x.shape)}"
                )
        if hasattr(x, "cell"):  # on another device
            return x.broadcast(sizes)
        return np.lib.stride_tricks.as_strided(x, sizes, steps)

    def backward(c, dy, x_shape):
        return K.sum_to(dy, x_shape)

    def samples(make):
        yield make(3, 2).T, (2, 2, 3)
        yield make(3, 1), (2, 3, 4)
        yield make(), (2, 2)
        yield make(1, 3), (0, 3)


@composite("expand_as(input, other: Tensor)", at="Tensor")
def expand_as(input, other):
    """input.expand(other.size())"""
    return input.expand(other._a.shape)


@composite("broadcast_to(input, *size: int)", at="torch Tensor")
def broadcast_to(input, *size):
    """input expanded to `size`: a view. RuntimeError: it does not broadcast to it."""
    return input.expand(size)


def common_shape(shapes: list[tuple]) -> tuple:
    """The shape that all broadcast to. RuntimeError: they do not."""
    if shapes and shapes.count(shapes[0]) == len(shapes):
        return shapes[0]
    if len(shapes) == 2:
        few, many = sorted(shapes, key=len)
        if few == many[len(many) - len(few) :]:
            return many
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError as e:
        raise RuntimeError(mismatch(shapes) or str(e)) from None


@composite("broadcast_tensors", at="torch")
def broadcast_tensors(*tensors):
    """All tensors expanded to their common shape: views.

    errors  RuntimeError: they do not broadcast

    >>> [t.shape for t in torch.broadcast_tensors(torch.zeros(3, 1), torch.zeros(2))]
    [torch.Size([3, 2]), torch.Size([3, 2])]
    """
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tensors[0]
    shape = common_shape([t._a.shape for t in tensors])
    return tuple([t if t._a.shape == shape else Expand.run((t, shape, False)) for t in tensors])


@composite("broadcast_shapes", at="torch")
def broadcast_shapes(*shapes):
    """The shape that tensors of these shapes broadcast to. RuntimeError: they do not."""
    shapes = [(s,) if isinstance(s, int) else tuple(s) for s in shapes]
    common: tuple = ()
    for i, shape in enumerate(shapes):
        for d in range(-1, -1 - min(len(shape), len(common)), -1):
            if shape[d] != common[d] and 1 not in (shape[d], common[d]):
                raise RuntimeError(
                    f"Attempting to broadcast a dimension of length {shape[d]} at {d}! Mismatching "
                    f"argument at index {i} had {shape}; but expected shape should be "
                    f"broadcastable to {list(common)}"
                )
        common = np.broadcast_shapes(common, shape)
    return Size(common)
