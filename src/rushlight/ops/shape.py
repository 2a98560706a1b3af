"""Views and rearrangements: no element is computed here, only found elsewhere."""

from __future__ import annotations

from math import prod

import numpy as np

from ..core.dtype import dtype, float64
from ..core.size import Size
from ..core.tensor import Tensor, wrap
from ..dispatch.registry import CARDS, Card, apply, composite, op, view_of
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
                raise RuntimeError(
                    f"cannot reshape tensor of 0 elements into shape {list(shape)} because the "
                    "unspecified dimension size -1 can be any value and is ambiguous"
                )
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
            "view size is not compatible with input tensor's size and stride (at least one "
            "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
        ) from None


@op("_view", fn=False, method=False, tensors=1, view=True, node="View")
class _View:
    """y = x in another shape, the same memory."""

    def forward(x, shape):
        return x.reshape(shape) if x.flags.c_contiguous else _as_view(x, shape)

    def backward(c, dy, x_shape):
        return K.reshape(dy, x_shape)

    def samples(make):
        yield make(3, 4), (2, 6)
        yield make(), (1, 1)
        yield make(0, 5), (5, 0)


@op("permute", tensors=1, view=True, varargs=True)
class Permute:
    """y = x with its dimensions in the order dims.

    A view.  RuntimeError: dims is no permutation.
    """

    def forward(x, dims):
        if len(dims) != x.ndim:
            raise RuntimeError(
                "permute(sparse_coo): number of dimensions in the tensor input does not match the "
                f"length of the desired ordering of dimensions i.e. input.dim() = {x.ndim} is not "
                f"equal to len(dims) = {len(dims)}"
            )
        axes = [wrapped(int(d), x.ndim) for d in dims]
        if len(set(axes)) < len(axes):
            raise RuntimeError("permute(): duplicate dims are not allowed.")
        return x.transpose(axes)

    def backward(c, dy, dims):
        n = len(dims)
        back = [0] * n
        for i, d in enumerate(dims):
            back[d % n] = i
        return K.transpose(dy, back)

    def samples(make):
        yield make(4, 3).T, (1, 0)
        yield make(0, 2), (1, 0)
        yield make(), ()
        yield make(2, 3, 4), (2, 0, 1)
        yield make(2, 3), (-1, 0)


@op("transpose", "swapaxes", "swapdims", tensors=1, view=True, inplace=False)
class Transpose:
    """y = x with two dimensions exchanged; a view."""

    def forward(x, dim0, dim1):
        return x.swapaxes(dim0, dim1) if x.ndim else x[...]

    def backward(c, dy, dim0, dim1):
        return K.swapaxes(dy, dim0, dim1) if dy.ndim else dy

    def samples(make):
        yield make(4, 3).T, 0, 1
        yield make(0, 2), 0, 1
        yield make(), 0, -1
        yield make(2, 3, 4), 0, 2
        yield make(3, 4), -1, 0


@op("expand", tensors=1, view=True, fn=False, varargs=True)
class Expand:
    """y = x with dimensions of size 1 repeated without copying.

    -1 keeps a size, new ones go in front.
    """

    def forward(x, size, implicit=False):
        lead = len(size) - x.ndim
        sizes = []
        for i, n in enumerate(size):
            n = int(n)
            if i < lead and n < 0:
                raise RuntimeError(
                    f"The expanded size of the tensor ({n}) isn't allowed in a leading, "
                    f"non-existing dimension {i}"
                )
            sizes.append(x.shape[i - lead] if n == -1 else n)
        if lead < 0:
            raise RuntimeError(
                f"expand({wrap(x).type()}{{{list(x.shape)}}}, size={list(size)}): the number of "
                f"sizes provided ({len(size)}) must be greater or equal to the number of "
                f"dimensions in the tensor ({x.ndim})"
            )
        for i, (n, m) in enumerate(zip(sizes[lead:], x.shape, strict=False)):
            if m != 1 and n != m:
                raise RuntimeError(
                    f"The expanded size of the tensor ({n}) must match the existing size ({m}) at "
                    f"non-singleton dimension {i + lead}.  Target sizes: {list(sizes)}.  Tensor "
                    f"sizes: {list(x.shape)}"
                )
        return np.lib.stride_tricks.as_strided(
            x,
            sizes,
            (0,) * lead
            + tuple(
                s if n == m else 0
                for s, n, m in zip(x.strides, sizes[lead:], x.shape, strict=False)
            ),
        )

    def backward(c, dy, x_shape):
        return K.sum_to(dy, x_shape)

    def samples(make):
        yield make(3, 2).T, (2, 2, 3)
        yield make(3, 1), (2, 3, 4)
        yield make(), (2, 2)
        yield make(1, 3), (0, 3)


@op("unsqueeze", tensors=1, view=True)
class Unsqueeze:
    """y = x with a dimension of size 1 put in before dim; a view."""

    def forward(x, dim):
        n = x.ndim
        if not -n - 1 <= dim <= n:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-n - 1}, {n}], but got "
                f"{dim})"
            )
        return np.expand_dims(x, dim)

    def backward(c, dy, x_shape):
        return K.reshape(dy, x_shape)

    def samples(make):
        yield make(4, 3).T, 1
        yield make(0, 2), 0
        yield make(3, 4), 1
        yield make(), 0
        yield make(3), -1


_VIEW = CARDS["_view"]
_dense_view = K.dense_view


@composite("view", fn=False, method=True)
def view(x, *shape):
    """The same elements in another shape (or, with a dtype, the same bytes as another type); never
    a copy.

    RuntimeError: the number of elements differs, or the strides do not allow it.
    """
    array = _dense_view(x._a, shape)
    if array is not None:
        return view_of(_VIEW, x, array, (array.shape,))
    if len(shape) == 1 and not isinstance(shape[0], int):
        shape = shape[0]
        if isinstance(shape, dtype):
            return apply(CARDS["_view_dtype"], (x, shape))
        if isinstance(shape, Tensor):
            shape = (shape,)
    return apply(_VIEW, (x, target_shape(shape, x._a.size)))


@composite("reshape", method=True)
def reshape(input, *shape):
    """The elements in another shape.

    a view where strides allow, else a copy. One size may be -1.
    """
    array = _dense_view(input._a, shape)
    if array is not None:
        return view_of(_VIEW, input, array, (array.shape,))
    if len(shape) == 1 and not isinstance(shape[0], int):
        shape = shape[0] if not isinstance(shape[0], Tensor) else shape
    return apply(
        CARDS["_view" if input._a.flags.c_contiguous else "_reshape"],
        (input, target_shape(shape, input._a.size)),
    )


@op("_reshape", fn=False, method=False, tensors=1, view="maybe", node="View")
class _Reshape:
    """y = x in another shape: a view if the strides allow, else a copy."""

    def forward(x, shape):
        return x.reshape(shape)

    def backward(c, dy, x_shape):
        return K.reshape(dy, x_shape)

    def samples(make):
        yield make(), (1,)
        yield make(0, 2), (2, 0)
        yield make(4, 3).T, (2, 6)
        yield make(2, 6), (3, 4)


@op("_view_dtype", fn=False, method=False, tensors=1, view=True, node="ViewDtype")
class _ViewDtype:
    """y = the bytes of x read as another dtype."""

    def forward(x, dtype):
        return x.view(dtype.np)

    def samples(make):
        yield make(3, 4), float64


def wrapped(dim: int, ndim: int) -> int:
    """dim counted from 0. IndexError: outside [-ndim, ndim)."""
    reach = max(ndim, 1)
    if not -reach <= dim < reach:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-reach}, {reach - 1}], but got "
            f"{dim})"
        )
    return dim % reach


@op("_squeeze", fn=False, method=False, tensors=1, view=True, node="Squeeze")
class _Squeeze:
    """y = x without its dimensions of size 1 (all, or those among dims)."""

    def forward(x, dims=None):
        if dims is None:
            return (
                x.reshape([n for n in x.shape if n != 1]) if x.flags.c_contiguous else np.squeeze(x)
            )
        chosen = {wrapped(d, x.ndim) for d in dims}
        return np.squeeze(x, tuple(d for d in chosen if x.ndim and x.shape[d] == 1))

    def backward(c, dy, x_shape):
        return K.reshape(dy, x_shape)


for _number in (1, 2):  # of one dim, of several: the same card under PyTorch's other node names
    CARDS[f"_squeeze{_number}"] = Card(
        CARDS["_squeeze"].source,
        f"_squeeze{_number}",
        tensors=1,
        view=True,
        node=f"Squeeze{_number}",
    )


@composite("squeeze", method=True)
def squeeze(input, dim=None):
    """The tensor without its dimensions of size 1 (of dim.

    those of them that have size 1); a view.
    """
    if dim is None:
        return apply(CARDS["_squeeze"], (input, None))
    if isinstance(dim, int):
        return apply(CARDS["_squeeze1"], (input, (dim,)))
    return apply(CARDS["_squeeze2"], (input, tuple(dim)))


@composite("flatten", method=True)
def flatten(input, start_dim=0, end_dim=-1):
    """Dimensions start_dim to end_dim become one. RuntimeError: start after end."""
    n = input._a.ndim
    if n > 1 and start_dim == 1 and end_dim == -1:  # what nn.Flatten asks for
        shape = input._a.shape
        return input if n == 2 else reshape(input, shape[0], prod(shape[1:]))
    start, end = wrapped(start_dim, n), wrapped(end_dim, n)
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if n == 0:
        return reshape(input, (1,))
    if start == end:
        return input
    shape = input._a.shape
    return reshape(input, (*shape[:start], prod(shape[start : end + 1]), *shape[end + 1 :]))


@composite("ravel", method=True)
def ravel(input):
    """All elements in one dimension."""
    return reshape(input, (-1,))


@composite("unflatten", method=True)
def unflatten(input, dim, sizes):
    """Dimension dim becomes several of the given sizes (one may be -1)."""
    if not isinstance(sizes, (tuple, list)) or not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    shape = input._a.shape
    d = wrapped(dim, len(shape))
    sizes = tuple(map(int, sizes))
    if min(sizes) < 0 or prod(sizes) != shape[d]:
        try:
            sizes = target_shape(sizes, shape[d])
        except RuntimeError:
            raise RuntimeError(
                f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {d} "
                f"({shape[d]}) in the input tensor"
            ) from None
    return view(input, shape[:d] + sizes + shape[d + 1 :])


@composite("view_as", fn=False, method=True)
def view_as(x, other):
    """x.view(other.size())"""
    return view(x, other._a.shape)


@composite("reshape_as", fn=False, method=True)
def reshape_as(x, other):
    """x.reshape(other.size())"""
    return reshape(x, other._a.shape)


@composite("expand_as", fn=False, method=True)
def expand_as(x, other):
    """x.expand(other.size())"""
    return x.expand(other._a.shape)


@composite("broadcast_to", method=True)
def broadcast_to(input, size):
    """input expanded to `size`."""
    return input.expand(size)


@composite("broadcast_tensors")
def broadcast_tensors(*tensors):
    """All tensors expanded to their common shape. RuntimeError: they do not broadcast."""
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tensors[0]
    shape = broadcast_shapes(*[t._a.shape for t in tensors])
    return tuple(t.expand(shape) for t in tensors)


@composite("broadcast_shapes")
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


@composite("t", method=True)
def t(input):
    """The transpose of a matrix.

    Vectors and scalars as they are. RuntimeError: more than 2 dimensions.
    """
    n = input._a.ndim
    if n > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {n}D")
    return apply(_T, (input,)) if n == 2 else input


@op("_t", fn=False, method=False, view=True, node="T")
class _Transpose2:
    """Y = Xᵀ"""

    def forward(x):
        return x.T

    def backward(c, dy):
        return K.swapaxes(dy, 0, 1)

    def samples(make):
        yield make(4, 3).T
        yield make(0, 2)
        yield make(3, 4)


_T = CARDS["_t"]


def _reversed(x: Tensor) -> Tensor:
    """x.T: all dimensions in reverse order (meant for matrices)."""
    n = x._a.ndim
    if n not in (0, 2):
        import warnings

        warnings.warn(
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is "
            "deprecated and it will throw an error in a future release. Consider `x.mT` to "
            "transpose batches of matrices or `x.permute(*torch.arange(x.ndim - 1, -1, -1))` to "
            "reverse the dimensions of a tensor.",
            stacklevel=2,
        )
    return x.permute(tuple(range(n - 1, -1, -1)))


def _matrix_transpose(x: Tensor) -> Tensor:
    """x.mT: the last two dimensions exchanged. RuntimeError: fewer than two."""
    if x._a.ndim < 2:
        raise RuntimeError(
            f"tensor.mT is only supported on matrices or batches of matrices. Got {x._a.ndim}-D "
            "tensor."
        )
    return x.transpose(-2, -1)


def _adjoint(x: Tensor) -> Tensor:
    """x.mH: the conjugate of x.mT."""
    y = _matrix_transpose(x)
    return y.conj() if x._a.dtype.kind == "c" else y


def _matrix_adjoint(x: Tensor) -> Tensor:
    """x.H: the conjugate transpose of a matrix. RuntimeError: not a matrix."""
    if x._a.ndim not in (0, 2):
        raise RuntimeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {x._a.ndim}-D tensor."
        )
    return x if x._a.ndim == 0 else _adjoint(x)


Tensor.T, Tensor.mT = property(_reversed), property(_matrix_transpose)
Tensor.H, Tensor.mH = property(_matrix_adjoint), property(_adjoint)
composite("adjoint", method=True)(_adjoint)


@composite("movedim", "moveaxis", method=True)
def movedim(input, source, destination):
    """Dimensions `source` moved to the places `destination`; the others keep their order."""
    n = input._a.ndim
    src = (source,) if isinstance(source, int) else tuple(source)
    dst = (destination,) if isinstance(destination, int) else tuple(destination)
    if len(src) != len(dst):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({list(src)} dims) should "
            f"contain the same number of dims as destination ({list(dst)} dims)"
        )
    src, dst = [wrapped(d, n) for d in src], [wrapped(d, n) for d in dst]
    if len(set(src)) != len(src) or len(set(dst)) != len(dst):
        raise RuntimeError("movedim: repeated dim in `source` or `destination`")
    if n == 0:
        return input
    rest = [d for d in range(n) if d not in src]
    order = [None] * n
    for s, d in zip(src, dst, strict=False):
        order[d] = s
    rest = iter(rest)
    return input.permute(tuple(next(rest) if d is None else d for d in order))


@op("flip", tensors=1, varargs=True)
class Flip:
    """y = x in reverse order along dims; a copy."""

    def forward(x, dims):
        dims = (dims,) if isinstance(dims, int) else dims
        axes = [wrapped(d, x.ndim) for d in dims]
        if len(set(axes)) != len(axes):
            raise RuntimeError(
                f"dim {max(axes, key=axes.count)} appears multiple times in the list of dims"
            )
        return np.ascontiguousarray(np.flip(x, axes)) if x.ndim else x.copy()

    def backward(c, dy, dims):
        return K.flip(dy, (dims,) if isinstance(dims, int) else tuple(dims)) if dy.ndim else dy

    def samples(make):
        yield make(4, 3).T, (1,)
        yield make(0, 2), (0,)
        yield make(), ()
        yield make(2, 3), (0, 1)
        yield make(3), (0,)


@composite("fliplr", method=True)
def fliplr(input):
    """input with its columns in reverse order. RuntimeError: fewer than 2 dimensions."""
    if input._a.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return input.flip(1)


@composite("flipud", method=True)
def flipud(input):
    """input with its rows in reverse order. RuntimeError: 0-d."""
    if input._a.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return input.flip(0)


@op("roll", tensors=1)
class Roll:
    """y = x with elements moved by `shifts` along `dims`, round the end.

    Without dims over the flattened tensor.
    """

    def forward(x, shifts, dims=()):
        count, axes = (
            1 if isinstance(v, int) else len(v) for v in (shifts, () if dims is None else dims)
        )
        if count == 0:
            raise RuntimeError("`shifts` required")
        if (axes and count != axes) or (not axes and count != 1):
            raise RuntimeError(f"shifts and dimensions must align. shifts: {count}, dims:{axes}")
        if axes and not x.ndim:
            raise IndexError("Dimension specified as 0 but tensor has no dimensions")
        return np.roll(x, shifts, None if dims is None or dims == () or dims == [] else dims)

    def backward(c, dy, shifts, dims):
        back = -shifts if isinstance(shifts, int) else tuple(-s for s in shifts)
        return K.roll(dy, back, None if dims is None or dims == () or dims == [] else dims)

    def samples(make):
        yield make(4, 3).T, 1, 0
        yield make(0, 2), 1
        yield make(), 1
        yield make(3, 4), 1
        yield make(3, 4), (1, -2), (0, 1)


@composite("rot90", method=True)
def rot90(input, k=1, dims=(0, 1)):
    """input turned k times by 90 degrees in the plane of dims."""
    n = input._a.ndim
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if n < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {n}")
    a, b = dims
    if wrapped(a, n) == wrapped(b, n):
        raise RuntimeError(
            f"expected rotation dims to be different, but got dim0 = {a} and dim1 = {b}"
        )
    k %= 4
    if k == 1:
        return input.flip(b).transpose(a, b)
    if k == 2:
        return input.flip(a, b)
    return input.flip(a).transpose(a, b) if k == 3 else input.clone()


def _triangle(name: str, f) -> None:
    class Triangle:
        __doc__ = (
            f"y = x with zeros outside its {'lower' if name == 'tril' else 'upper'} triangle, "
            "diagonal included."
        )

        def forward(x, diagonal=0):
            if x.ndim < 2:
                raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
            return f(x, diagonal)

        def backward(c, dy, diagonal):
            return getattr(K, name)(dy, diagonal)

        def samples(make):
            yield make(3, 4)
            yield make(2, 3, 3), -1

    op(name, tensors=1, inplace=True, node=name.capitalize())(Triangle)


_triangle("tril", np.tril)
_triangle("triu", np.triu)
