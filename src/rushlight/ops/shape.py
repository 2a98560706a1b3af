"""Views: the same elements under another shape or order; no element is computed here."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..core.dtype import as_dtype, float64, from_numpy_dtype, is_dtype, scalar_name
from ..core.notices import warn
from ..core.tensor import Tensor
from ..dispatch.registry import composite, internal, op, view_of
from ..kernels import K, native


def _whole(n: Any) -> int:
    """A size as an int. TypeError: a float, or no number at all."""
    if not hasattr(n, "__index__"):
        raise TypeError(
            "view() received an invalid combination of arguments: sizes are ints, not "
            f"{type(n).__name__}"
        )
    return n.__index__()


def target_shape(shape, count: int) -> tuple:
    """`shape` with its -1 worked out. RuntimeError: does not hold `count` elements."""
    shape = tuple([n if type(n) is int else _whole(n) for n in shape])
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


def wrapped(dim: int, ndim: int) -> int:
    """dim counted from 0. IndexError: outside [-ndim, ndim)."""
    if type(dim) is not int:
        if not hasattr(dim, "__index__"):
            raise TypeError(f"argument 'dim' must be int, not {type(dim).__name__}")
        dim = dim.__index__()
    reach = max(ndim, 1)
    if not -reach <= dim < reach:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-reach}, {reach - 1}], but got "
            f"{dim})"
        )
    return dim % reach


# ---------------------------------------------------------------- other sizes: view, reshape


_FEW = 1 << 10
_COPY = np.lib.NumpyVersion(np.__version__) >= "2.1.0"

if np.lib.NumpyVersion(np.__version__) < "2.5.0":  # half the time of the other

    def as_view(x: np.ndarray, shape: tuple) -> np.ndarray | None:
        """x.reshape(shape) without a copy; None: the strides do not allow it."""
        if x.size > _FEW and _COPY:  # (else NumPy makes a copy before it refuses)
            try:
                return x.reshape(shape, copy=False)
            except ValueError:
                return None
        y = x.view()
        try:
            y.shape = shape
        except AttributeError:
            return None
        return y

else:  # where setting a shape is deprecated

    def as_view(x: np.ndarray, shape: tuple) -> np.ndarray | None:
        """x.reshape(shape) without a copy; None: the strides do not allow it."""
        try:
            return x.reshape(shape, copy=False)
        except ValueError:
            return None


@internal("view", tensors=1, view=True, node="View")
class View:
    """y = x in another shape, the same memory."""

    def forward(x, shape):
        y = x.reshape(shape) if x.flags.c_contiguous else as_view(x, shape)
        if y is None:
            raise RuntimeError(
                "view size is not compatible with input tensor's size and stride (at least one "
                "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
            )
        return y

    def backward(c, dy, x_shape):
        return K.reshape(dy, x_shape)

    def samples(make):
        yield make(3, 4), (2, 6)
        yield make(), (1, 1)
        yield make(0, 5), (5, 0)


@internal("reshape", tensors=1, view="maybe", node="View")
class Reshape:
    """y = x in another shape: a view if the strides allow, else a copy."""

    def forward(x, shape):
        if x.size < 1024 or x.flags.c_contiguous:
            return x.reshape(shape)
        y = as_view(x, shape)
        return K.dense(x).reshape(shape) if y is None else y

    def backward(c, dy, x_shape):
        return K.reshape(dy, x_shape)

    def samples(make):
        yield make(), (1,)
        yield make(0, 2), (2, 0)
        yield make(4, 3).T, (2, 6)
        yield make(2, 6), (3, 4)


@internal("view_dtype", tensors=1, view=True, node="ViewDtype")
class ViewDtype:
    """y = the bytes of x read as another dtype; the last size changes with the item's size."""

    def forward(x, dtype):
        old, new = x.itemsize, dtype.np.itemsize
        if old == new:
            return x.view(dtype.np)
        words = f"to view {scalar_name(from_numpy_dtype(x.dtype))} as {scalar_name(dtype)}"
        words += " (different element sizes)"
        if not x.ndim:
            raise RuntimeError(f"self.dim() cannot be 0 {words}")
        if not x.size and not x.shape[-1] * old % new:  # no elements: no strides that could not fit
            return x.reshape(-1).view(dtype.np).reshape(*x.shape[:-1], x.shape[-1] * old // new)
        step = x.strides[-1] // old
        if step != 1 and x.shape[-1] != 1:
            raise RuntimeError(f"self.stride(-1) must be 1 {words}, but got {step}")
        if new > old:
            n = new // old
            if x.shape[-1] % n:
                raise RuntimeError(
                    f"self.size(-1) must be divisible by {n} {words}, but got {x.shape[-1]}"
                )
            for i, s in enumerate(x.strides[:-1]):
                if s // old % n:
                    raise RuntimeError(
                        f"self.stride({i}) must be divisible by {n} {words}, but got {s // old}"
                    )
        return x.view(dtype.np)

    def samples(make):
        yield make(3, 4), float64


_dense_view = K.dense_view


# written by hand, as x[...]: a frame between the call and the view would cost 10 %
@composite("view", at="Tensor")
def view(x, *shape, size=None, dtype=None):
    """The same elements in another shape, or, with a dtype, the same bytes as another type.

    shape   one size may be -1
    errors  RuntimeError: the number of elements differs, or the strides do not allow a view

    >>> torch.arange(6).view(2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    try:
        array = _dense_view(x._a, shape)
    except TypeError:  # a class, which has an __index__, too
        array = None
    if array is not None:
        return view_of(View, x, array, (array.shape,))
    if not shape:
        shape = _named("view", shape, dtype if size is None else size)
    if len(shape) == 1 and not isinstance(shape[0], int):
        shape = shape[0]
        if is_dtype(shape):
            return ViewDtype.run((x, as_dtype(shape, "view")))
        shape = _sizes("view", shape)
    return View.run((x, target_shape(shape, x._a.size)))


@composite("reshape", at="torch Tensor")
def reshape(input, *dims, shape=None):
    """The elements in another shape: a view where the strides allow it, else a copy.

    shape   one size may be -1
    errors  RuntimeError: the number of elements differs

    >>> torch.reshape(torch.arange(4), (2, 2))
    tensor([[0, 1],
            [2, 3]])
    """
    array = _dense_view(input._a, dims)
    if array is not None:
        return view_of(View, input, array, (array.shape,))
    if not dims:
        dims = _named("reshape", dims, shape)
    if len(dims) == 1 and not isinstance(dims[0], int):
        dims = _sizes("reshape", dims[0])
    card = View if input._a.flags.c_contiguous else Reshape
    return card.run((input, target_shape(dims, input._a.size)))


def _named(name: str, given: tuple, value) -> tuple:
    if value is None:
        raise TypeError(f'{name}() missing 1 required positional arguments: "size"')
    return (value,)


def _sizes(name: str, shape):
    """The sizes in f(x, shape). TypeError: no sequence of sizes."""
    if isinstance(shape, (tuple, list)):
        return shape
    if isinstance(shape, Tensor):
        return (shape,) if not shape._a.ndim else shape.tolist()
    if hasattr(shape, "__index__"):
        return (shape.__index__(),)
    raise TypeError(
        f"{name}(): argument 'size' (position 1) must be tuple of ints, not {type(shape).__name__}"
    )


@composite("flatten(input, start_dim: int = 0, end_dim: int = -1)", at="torch Tensor")
def flatten(input, start_dim=0, end_dim=-1):
    """Dimensions start_dim to end_dim become one; a view where possible.

    errors  RuntimeError: start_dim comes after end_dim; IndexError: no such dimension

    >>> torch.flatten(torch.zeros(2, 3, 4), 1).shape
    torch.Size([2, 12])
    """
    n = input._a.ndim
    if n > 1 and start_dim == 1 and end_dim == -1:  # what nn.Flatten asks for
        shape = input._a.shape
        return input if n == 2 else reshape(input, shape[0], prod(shape[1:]))
    if n and start_dim == 0 and end_dim == -1:
        return input if n == 1 else reshape(input, -1)
    start, end = wrapped(start_dim, n), wrapped(end_dim, n)
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if start == end:
        return input if n else reshape(input, (1,))
    shape = input._a.shape
    return reshape(input, (*shape[:start], prod(shape[start : end + 1]), *shape[end + 1 :]))


@composite("ravel(input)", at="torch Tensor")
def ravel(input):
    """All elements in one dimension; a view where possible.

    shape   n elements -> (n)
    """
    return reshape(input, (-1,))


@composite("unflatten(input, dim, sizes: Sequence[int])", at="torch Tensor")
def unflatten(input, dim, sizes):
    """Dimension dim becomes several, of the given sizes (one may be -1); a view.

    errors  RuntimeError: the sizes do not multiply up to the size of dim

    >>> torch.unflatten(torch.zeros(2, 12), 1, (3, -1)).shape
    torch.Size([2, 3, 4])
    """
    if not isinstance(sizes, (tuple, list)) or not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    shape = input._a.shape
    d = wrapped(dim, len(shape))
    if not shape:
        raise RuntimeError(
            "unflatten got an unexpected error:\n"
            f"Dimension specified as {dim} but tensor has no dimensions"
        )
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


@composite("view_as(input, other: Tensor)", at="Tensor")
def view_as(input, other):
    """input.view(other.size())"""
    return view(input, other._a.shape)


@composite("reshape_as(input, other: Tensor)", at="Tensor")
def reshape_as(input, other):
    """input.reshape(other.size())"""
    return reshape(input, other._a.shape)


# ---------------------------------------------------------------- sizes of 1


@op("unsqueeze(input, dim)", at="torch Tensor", tensors=1, view=True)
class Unsqueeze:
    """y = x with a dimension of size 1 put in before dim; a view.

    errors  IndexError: dim outside [-n - 1, n]

    >>> torch.unsqueeze(torch.zeros(2, 3), 1).shape
    torch.Size([2, 1, 3])
    """

    def forward(x, dim):
        n = x.ndim
        if not -n - 1 <= dim <= n:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-n - 1}, {n}], but got "
                f"{dim})"
            )
        if dim < 0:
            dim += n + 1
        shape = x.shape
        return x.reshape((*shape[:dim], 1, *shape[dim:]))  # of any strides a view

    def backward(c, dy, x_shape):
        return K.reshape(dy, x_shape)

    def samples(make):
        yield make(4, 3).T, 1
        yield make(0, 2), 0
        yield make(3, 4), 1
        yield make(), 0
        yield make(3), -1


@op(
    "squeeze(input, dim: int | Sequence[int] | None = None)",
    at="torch Tensor",
    tensors=1,
    view=True,
    fast="dim is None",
)
class Squeeze:
    """y = x without its dimensions of size 1: all, or those among dim; a view.

    errors  IndexError: no such dimension

    >>> torch.squeeze(torch.zeros(1, 2, 1), 0).shape
    torch.Size([2, 1])
    """

    def prepare(input, dim):
        if dim is None or isinstance(dim, int):
            return input, dim
        seen: set = set()
        for d in dim:
            d = wrapped(d, input._a.ndim)
            if d in seen:
                raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
            seen.add(d)
        return input, tuple(dim)

    def variant(x, dims):
        return None if dims is None else "Squeeze1" if isinstance(dims, int) else "Squeeze2"

    def forward(x, dims):
        y = None if native is None else native.squeezed(x, dims)
        if y is not None:
            return y
        shape = x.shape
        if isinstance(dims, int):
            d = wrapped(dims, x.ndim)
            kept = (*shape[:d], *shape[d + 1 :]) if shape and shape[d] == 1 else shape
        elif dims is None:
            kept = [n for n in shape if n != 1] if 1 in shape else shape
        else:
            dims = [wrapped(d, x.ndim) for d in dims]
            kept = [n for i, n in enumerate(shape) if n != 1 or i not in dims]
        return x[...] if len(kept) == len(shape) else x.reshape(kept)  # of any strides a view

    def backward(c, dy, x_shape):
        return K.reshape(dy, x_shape)

    def samples(make):
        yield make(3, 1, 4)
        yield make(1, 3, 1).transpose(0, 1)
        yield make(1, 3, 1), 0
        yield make(1, 3, 1), (0, -1)
        yield make(), 0
        yield make(1, 0)


# ---------------------------------------------------------------- other orders of dimensions


@op("permute(input, *dims: int)", at="torch Tensor", tensors=1, view=True)
class Permute:
    """y = x with its dimensions in the order dims; a view.

    errors  RuntimeError: dims is no permutation; IndexError: no such dimension

    >>> torch.permute(torch.zeros(2, 3, 4), (2, 0, 1)).shape
    torch.Size([4, 2, 3])
    """

    def forward(x, dims):
        if len(dims) != x.ndim:
            raise RuntimeError(
                "permute(sparse_coo): number of dimensions in the tensor input does not match the "
                f"length of the desired ordering of dimensions i.e. input.dim() = {x.ndim} is not "
                f"equal to len(dims) = {len(dims)}"
            )
        try:
            return x.transpose(dims)
        except (TypeError, ValueError, OverflowError):
            pass  # said better below
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


@op(
    "transpose(input, dim0, dim1)",
    "swapaxes",
    "swapdims",
    at="torch Tensor",
    tensors=1,
    view=True,
)
class Transpose:
    """y = x with two dimensions exchanged; a view.

    errors  IndexError: no such dimension

    >>> torch.transpose(torch.zeros(2, 3), 0, 1).shape
    torch.Size([3, 2])
    """

    def forward(x, dim0, dim1):
        if not x.ndim:
            wrapped(dim0, 0), wrapped(dim1, 0)  # -1 and 0 only
            return x[...]
        return x.swapaxes(dim0, dim1)

    def backward(c, dy, dim0, dim1):
        return K.swapaxes(dy, dim0, dim1) if dy.ndim else dy

    def samples(make):
        yield make(4, 3).T, 0, 1
        yield make(0, 2), 0, 1
        yield make(), 0, -1
        yield make(2, 3, 4), 0, 2
        yield make(3, 4), -1, 0


@op("t(input)", at="torch Tensor", tensors=1, view=True)
class T:
    """Y = Xᵀ of a matrix; vectors and numbers as they are; a view.

    errors  RuntimeError: more than 2 dimensions
    """

    def forward(x):
        if x.ndim > 2:
            raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {x.ndim}D")
        return x.T

    def backward(c, dy):
        return K.swapaxes(dy, 0, 1) if dy.ndim == 2 else dy

    def samples(make):
        yield make(4, 3).T
        yield make(0, 2)
        yield make(3, 4)
        yield make(3)
        yield make()


def _reversed(x: Tensor) -> Tensor:
    """x.T: all dimensions in reverse order (meant for matrices)."""
    n = x._a.ndim
    if n not in (0, 2):
        warn(
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is "
            "deprecated and it will throw an error in a future release. Consider `x.mT` to "
            "transpose batches of matrices or `x.permute(*torch.arange(x.ndim - 1, -1, -1))` to "
            "reverse the dimensions of a tensor.",
        )
    return Permute.run((x, (1, 0) if n == 2 else tuple(range(n - 1, -1, -1))))


def _matrix_transpose(x: Tensor) -> Tensor:
    """x.mT: the last two dimensions exchanged; a 0-d tensor is its own. RuntimeError: 1-d."""
    return _exchanged(x, "mT", "Tensor.mT", "This function is the identity in these cases.")


def _exchanged(x: Tensor, name: str, spelled: str, instead: str) -> Tensor:
    """The last two dimensions exchanged, under the name that users call this by."""
    n = x._a.ndim
    if n == 1:
        raise RuntimeError(
            f"tensor.{name} is only supported on matrices or batches of matrices. Got 1-D tensor."
        )
    if n == 0:
        warn(f"{spelled} is deprecated on 0-D tensors. {instead}")
        return x
    return x.transpose(-2, -1)


def _conjugated(x: Tensor) -> Tensor:
    return x.conj() if x._a.dtype.kind == "c" else x


def _matrix_adjoint(x: Tensor) -> Tensor:
    """x.H: the conjugate transpose of a matrix. RuntimeError: not a matrix."""
    if x._a.ndim not in (0, 2):
        raise RuntimeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {x._a.ndim}-D tensor."
        )
    return x if x._a.ndim == 0 else adjoint(x)


@composite("adjoint(input)", at="torch Tensor")
def adjoint(input):
    """The last two dimensions exchanged, and conjugated. RuntimeError: 1-d."""
    return _conjugated(_exchanged(input, "adjoint()", "adjoint()", "Consider using x.conj()."))


def _batch_adjoint(x: Tensor) -> Tensor:
    """x.mH: the last two dimensions exchanged, and conjugated. RuntimeError: 1-d."""
    return _conjugated(_exchanged(x, "mH", "Tensor.mH", "Consider using x.conj()."))


Tensor.T, Tensor.mT = property(_reversed), property(_matrix_transpose)
Tensor.H, Tensor.mH = property(_matrix_adjoint), property(_batch_adjoint)
