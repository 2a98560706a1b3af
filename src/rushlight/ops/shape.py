"""Views and rearrangements: no element is computed here, only found elsewhere."""

from __future__ import annotations

from math import prod

import numpy as np

from ..core.dtype import dtype
from ..core.registry import CARDS, apply, composite, op
from ..core.tensor import Tensor
from ..kernels import K


def target_shape(shape, count: int) -> tuple:
    """`shape` with its -1 worked out. RuntimeError: does not hold `count` elements."""
    shape = tuple([n if type(n) is int else int(n) for n in shape])
    if -1 in shape:
        known = prod([n for n in shape if n != -1])
        if shape.count(-1) > 1:
            raise RuntimeError("only one dimension can be inferred")
        if known == 0:
            if count == 0:
                raise RuntimeError(f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified "
                                   "dimension size -1 can be any value and is ambiguous")  # fmt: skip
        elif count % known == 0:
            return tuple([count // known if n == -1 else n for n in shape])
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {count}")
    if prod(shape) != count:
        for n in shape:
            if n < 0:
                raise RuntimeError(f"invalid shape dimension {n}")
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {count}")
    return shape


def _as_view(x: np.ndarray, shape: tuple) -> np.ndarray:
    """x.reshape(shape) without a copy. RuntimeError: the strides do not allow it."""
    try:
        y = x.view()
        y.shape = shape
        return y
    except AttributeError:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        ) from None


@op("_view", fn=False, method=False, tensors=1, view=True, node="View")
class _View:
    """y = x in another shape, the same memory."""

    def forward(x, shape):
        return x.reshape(shape) if x.flags.c_contiguous else _as_view(x, shape)

    def backward(c, dy, x_shape):
        return K.reshape(dy, x_shape)


@op("permute", tensors=1, view=True, varargs=True)
class Permute:
    """y = x with its dimensions in the order dims; a view.  RuntimeError: dims is no permutation."""

    def forward(x, dims):
        if len(dims) != x.ndim:
            raise RuntimeError(f"permute(sparse_coo): number of dimensions in the tensor input does not match the length of the "
                               f"desired ordering of dimensions i.e. input.dim() = {x.ndim} is not equal to len(dims) = {len(dims)}")  # fmt: skip
        return x.transpose([int(d) for d in dims])

    def backward(c, dy, dims):
        n = len(dims)
        back = [0] * n
        for i, d in enumerate(dims):
            back[d % n] = i
        return K.transpose(dy, back)


@op("transpose", "swapaxes", "swapdims", tensors=1, view=True, inplace=False)
class Transpose:
    """y = x with two dimensions exchanged; a view."""

    def forward(x, dim0, dim1):
        return x.swapaxes(dim0, dim1) if x.ndim else x[...]

    def backward(c, dy, dim0, dim1):
        return K.swapaxes(dy, dim0, dim1) if dy.ndim else dy


@op("expand", tensors=1, view=True, fn=False, varargs=True)
class Expand:
    """y = x with dimensions of size 1 repeated without copying; -1 keeps a size, new ones go in front."""

    def forward(x, size, implicit=False):
        lead = len(size) - x.ndim
        sizes = []
        for i, n in enumerate(size):
            n = int(n)
            if i < lead and n < 0:
                raise RuntimeError(
                    f"The expanded size of the tensor ({n}) isn't allowed in a leading, non-existing dimension {i}"
                )
            sizes.append(x.shape[i - lead] if n == -1 else n)
        if lead < 0:
            raise RuntimeError(f"expand(torch.FloatTensor{{{list(x.shape)}}}, size={list(size)}): the number of sizes provided "
                               f"({len(size)}) must be greater or equal to the number of dimensions in the tensor ({x.ndim})")  # fmt: skip
        for i, (n, m) in enumerate(zip(sizes[lead:], x.shape)):
            if m != 1 and n != m:
                raise RuntimeError(f"The expanded size of the tensor ({n}) must match the existing size ({m}) at non-singleton "
                                   f"dimension {i + lead}.  Target sizes: {list(sizes)}.  Tensor sizes: {list(x.shape)}")  # fmt: skip
        return np.lib.stride_tricks.as_strided(x, sizes, (0,) * lead + tuple(
            s if n == m else 0 for s, n, m in zip(x.strides, sizes[lead:], x.shape)))  # fmt: skip

    def backward(c, dy, x_shape):
        return K.sum_to(dy, x_shape)


@op("unsqueeze", tensors=1, view=True)
class Unsqueeze:
    """y = x with a dimension of size 1 put in before dim; a view."""

    def forward(x, dim):
        n = x.ndim
        if not -n - 1 <= dim <= n:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-n - 1}, {n}], but got {dim})"
            )
        return np.expand_dims(x, dim)

    def backward(c, dy, x_shape):
        return K.reshape(dy, x_shape)


@composite("view", fn=False, method=True)
def view(x, *shape):
    """The same elements in another shape (or, with a dtype, the same bytes as another type); never a copy.

    RuntimeError: the number of elements differs, or the strides do not allow it.
    """
    if len(shape) == 1 and not isinstance(shape[0], int):
        shape = shape[0]
        if isinstance(shape, dtype):
            return apply(CARDS["_view_dtype"], (x, shape))
        if isinstance(shape, Tensor):
            shape = (shape,)
    return apply(CARDS["_view"], (x, target_shape(shape, x._a.size)))


@composite("reshape", method=True)
def reshape(input, *shape):
    """The elements in another shape: a view where strides allow, else a copy. One size may be -1."""
    if len(shape) == 1 and not isinstance(shape[0], int):
        shape = shape[0] if not isinstance(shape[0], Tensor) else shape
    return apply(CARDS["_view" if input._a.flags.c_contiguous else "_reshape"], (input, target_shape(shape, input._a.size)))


@op("_reshape", fn=False, method=False, tensors=1, view=True, node="View")
class _Reshape:
    """y = x in another shape: a view if the strides allow, else a copy."""

    def forward(x, shape):
        return x.reshape(shape)

    def backward(c, dy, x_shape):
        return K.reshape(dy, x_shape)


@op("_view_dtype", fn=False, method=False, tensors=1, view=True, node="ViewDtype")
class _ViewDtype:
    """y = the bytes of x read as another dtype."""

    def forward(x, dtype):
        return x.view(dtype.np)
