"""Copies with the elements elsewhere: flip, roll, rot90; and triangles of matrices."""

from __future__ import annotations

from ..dispatch.registry import composite, op
from ..kernels import K, native
from .shape import wrapped


@op("flip(input, *dims: int)", at="torch Tensor", tensors=1, quiet=False)
class Flip:
    """y = x in reverse order along dims; a copy.

    errors  RuntimeError: a dimension named twice; IndexError: no such dimension

    >>> torch.flip(torch.tensor([[1, 2], [3, 4]]), (1,))
    tensor([[2, 1],
            [4, 3]])
    """

    def forward(x, dims):
        y = None if native is None else native.turned(x, dims)
        if y is not None:
            return K.dense_copy(y) if x.flags.c_contiguous else y.copy(order="K")
        axes = [wrapped(d, x.ndim) for d in dims]
        if len(set(axes)) != len(axes):
            raise RuntimeError(
                f"dim {max(axes, key=axes.count)} appears multiple times in the list of dims"
            )
        if not x.ndim:
            return x
        y = x[tuple([slice(None, None, -1 if d in axes else 1) for d in range(x.ndim)])]
        return K.dense_copy(y) if x.flags.c_contiguous else y.copy(order="K")

    def backward(c, dy, dims):
        return K.flip(dy, dims) if dy.ndim else dy

    def samples(make):
        yield make(4, 3).T, (1,)
        yield make(0, 2), (0,)
        yield make(1, 3), (0,)
        yield make(), ()
        yield make(2, 3), (0, 1)
        yield make(3), (0,)


@composite("fliplr(input)", at="torch Tensor")
def fliplr(input):
    """input with its columns in reverse order; a copy. RuntimeError: fewer than 2 dimensions."""
    if input._a.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return Flip.run((input, (1,)))


@composite("flipud(input)", at="torch Tensor")
def flipud(input):
    """input with its rows in reverse order; a copy. RuntimeError: 0-d."""
    if input._a.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return Flip.run((input, (0,)))


@op(
    "roll(input, shifts: int | Sequence[int], dims: int | Sequence[int] = ())",
    at="torch Tensor",
    tensors=1,
    order="channels",
    quiet=False,
)
class Roll:
    """y[(i + shift) mod n] = x[i] along each of dims; without dims, over the flattened tensor.

    errors  RuntimeError: not as many shifts as dims; IndexError: a dim that there is not

    >>> torch.roll(torch.tensor([1, 2, 3]), 1)
    tensor([3, 1, 2])
    """

    def prepare(input, shifts, dims):
        reach = input._a.ndim
        if type(shifts) is int and type(dims) is int and -reach <= dims < reach:
            return input, (shifts,), (dims,)
        shifts = (shifts,) if isinstance(shifts, int) else tuple(shifts)
        dims = () if dims is None else (dims,) if isinstance(dims, int) else tuple(dims)
        if not shifts:
            raise RuntimeError("`shifts` required")
        if len(shifts) != len(dims) and (dims or len(shifts) != 1):
            raise RuntimeError(
                f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}"
            )
        if dims and not reach:
            raise IndexError("Dimension specified as 0 but tensor has no dimensions")
        if input._a.size:  # of an empty tensor PyTorch does not look at them
            for dim in dims:
                wrapped(dim, reach)
        return input, shifts, dims

    def forward(x, shifts, dims):
        y = None
        if native is not None and len(dims) == 1:
            y = native.rolled(x, *shifts, *dims)
        if y is not None:
            return y
        if not x.size:
            return x.copy()
        return K.roll(K.dense(x), shifts if dims else shifts[0], dims or None)

    def backward(c, dy, shifts, dims):
        back = tuple(-s for s in shifts)
        return K.roll(dy, back, dims) if dims else K.roll(dy, back[0], None)

    def samples(make):
        yield make(4, 3).T, 1, 0
        yield make(0, 2), 1
        yield make(), 1
        yield make(3, 4), 1
        yield make(3, 4), (1, -2), (0, 1)


@composite("rot90(input, k=1, dims: Sequence[int] = (0, 1))", at="torch Tensor")
def rot90(input, k, dims):
    """input turned k times by 90 degrees in the plane of dims, from the first towards the second.

    errors  RuntimeError: not two different dims, or fewer than 2 dimensions

    >>> torch.rot90(torch.tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
    """
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


@op(
    "tril(input, diagonal=0, *, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    tensors=1,
    quiet=False,
)
class Tril:
    """y[..., i, j] = x[..., i, j] where j ≤ i + diagonal, else 0.

    errors  RuntimeError: fewer than 2 dimensions

    >>> torch.tril(torch.ones(2, 2))
    tensor([[1., 0.],
            [1., 1.]])
    """

    def forward(x, diagonal):
        if x.ndim < 2:
            raise RuntimeError("tril: input tensor must have at least 2 dimensions")
        y = None if native is None else native.triangle(x, diagonal, True)
        return K.tril(K.dense(x), diagonal) if y is None else y

    def backward(c, dy, diagonal):
        return K.tril(dy, diagonal)

    def samples(make):
        yield make(3, 4)
        yield make(2, 3, 3), -1
        yield make(4, 3).T, 1
        yield make(0, 2)


@op(
    "triu(input, diagonal=0, *, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    tensors=1,
    quiet=False,
)
class Triu:
    """y[..., i, j] = x[..., i, j] where j ≥ i + diagonal, else 0.

    errors  RuntimeError: fewer than 2 dimensions

    >>> torch.triu(torch.ones(2, 2))
    tensor([[1., 1.],
            [0., 1.]])
    """

    def forward(x, diagonal):
        if x.ndim < 2:
            raise RuntimeError("triu: input tensor must have at least 2 dimensions")
        y = None if native is None else native.triangle(x, diagonal, False)
        return K.triu(K.dense(x), diagonal) if y is None else y

    def backward(c, dy, diagonal):
        return K.triu(dy, diagonal)

    def samples(make):
        yield make(3, 4)
        yield make(2, 3, 3), -1
        yield make(4, 3).T, 1
        yield make(0, 2)
