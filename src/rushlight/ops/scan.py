"""Running results along a dimension: cumsum, cumprod, cummax, cummin, logcumsumexp;
differences and trapezoids.
"""

from __future__ import annotations

import numpy as np

from ..core.dtype import bool_
from ..core.tensor import Tensor, wrap
from ..dispatch.accumulate import by_kernels
from ..dispatch.messages import not_implemented
from ..dispatch.registry import FUNCTIONS, composite, op
from ..kernels import K
from .minmax import only_one
from .reduce import axes_of, in_dtype, stored_as


def _axis(dim: int, x) -> int | None:
    """dim counted from 0; None for a 0-d tensor, along which nothing runs."""
    axes = axes_of(dim, x.ndim)
    return None if axes is None else axes[0]


def _samples(make):
    yield make(3, 4), 1
    yield make(2, 3, 2), -2
    yield make(), 0
    yield make(0, 5), 0
    yield make(4, 3).T, 0


def _total(word, x, dim, dtype):
    """cumsum or cumprod: along dim, integers as int64, in `dtype` if given."""
    axis = _axis(dim, x)
    if axis is not None:
        y = word(x, axis)
    else:
        y = K.astype(x, np.int64) if x.dtype.kind in "iub" else x
    y = stored_as(y, dtype)
    return y.copy() if axis is None and y is x else y


def _reversed_cumsum(x, axis):
    return K.flip(K.cumsum(K.flip(x, axis), axis), axis)


def _summed(name, input, dim, dtype):
    """input in `dtype`. NotImplementedError: bool; TypeError: no dim."""
    if dtype is bool_:
        raise NotImplementedError(f"\"{name}_out_cpu\" not implemented for 'Bool'")
    if dim is None:
        raise TypeError(f"{name}(): argument 'dim' must be int, not NoneType")
    return in_dtype(input, dtype)


@op(
    "cumsum(input, dim, *, dtype=None, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    tensors=1,
    accumulate=True,
    quiet=True,
)
class Cumsum:
    """y[i] = x[0] + ... + x[i] along dim;  dx[i] = dy[i] + ... + dy[-1]

    dtype   integers and bool are summed as int64; dtype=: x is cast to it first
    errors  IndexError: dim out of range

    >>> torch.cumsum(tensor([1, 2, 3]), 0)
    tensor([1, 3, 6])
    """

    def prepare(input, dim, dtype):
        return _summed("cumsum", input, dim, dtype), dim, dtype

    def forward(x, dim, dtype):
        return _total(K.cumsum, x, dim, dtype)

    def backward(c, dy, dim):
        axis = _axis(dim, dy)
        return dy if axis is None else _reversed_cumsum(dy, axis)

    narrow = by_kernels

    samples = _samples


@op(
    "cumprod(input, dim, *, dtype=None, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    tensors=1,
    accumulate=True,
    quiet=True,
)
class Cumprod:
    """y[i] = x[0] · ... · x[i] along dim

    dtype   integers and bool are multiplied as int64; dtype=: x is cast to it first
    grad    dx[k] = Σ over j ≥ k of dy[j] · the product of x[0..j] without x[k]:
            by division, unless x has zeros
    errors  IndexError: dim out of range
    """

    def prepare(input, dim, dtype):
        return _summed("cumprod", input, dim, dtype), dim, dtype

    def forward(x, dim, dtype):
        return _total(K.cumprod, x, dim, dtype)

    def backward(c, dy, x, out, dim):
        axis = _axis(dim, dy)
        if axis is None:
            return dy
        if not bool((x == 0).any()):
            return _reversed_cumsum(dy * K.conj(out), axis) / K.conj(x)
        n = x.shape[axis]
        rows = K.expand_dims(K.moveaxis(x, axis, -1), -2)  # (*, 1, n)
        # (*, k, n): x[k] -> 1
        left_out = K.where(_constant(np.eye(n, dtype=bool), x), K.ones_like(rows), rows)
        products = K.cumprod(left_out, x.ndim)
        later = _constant(np.triu(np.ones((n, n), bool)), x)
        terms = K.expand_dims(K.moveaxis(dy, axis, -1), -2) * K.conj(products)
        return K.moveaxis(K.sum(K.where(later, terms, K.zeros_like(terms)), -1), -1, axis)

    samples = _samples


def _constant(a: np.ndarray, like):
    """The array a on the carrier of `like`."""
    return wrap(a) if isinstance(like, Tensor) else a


def _in_own_dtype(card):
    """In place a bool tensor would have to hold integers: only a 0-d one, which stays, may be."""
    general = card.change

    def change(args):
        x = args[0]
        if isinstance(x, Tensor) and x._a.dtype.kind == "b":
            if _axis(args[1], x) is not None:
                raise not_implemented(f"{card.name}_out_cpu", x._a)
            return x.copy_(x)
        return general(args)

    card.change = change


_in_own_dtype(Cumsum)
_in_own_dtype(Cumprod)


@op(
    "logcumsumexp(input, dim, *, out=None)",
    at="torch Tensor",
    tensors=1,
    accumulate=True,
    quiet=True,
    not_for="iubc",
    kernel="logcumsumexp_out_cpu",
    order="rows",
)
class Logcumsumexp:
    """y[i] = ln(e^x[0] + ... + e^x[i]) along dim

    grad    dx[k] = Σ over i ≥ k of dy[i] e^(x[k] - y[i]), for positive and negative dy apart, in
            logarithms
    errors  NotImplementedError: integers, complex input; IndexError: dim out of range
    """

    def forward(x, dim):
        axis = _axis(dim, x)
        return x.copy() if axis is None else K.logcumsumexp(x, axis)

    def backward(c, dy, x, out, dim):
        axis = _axis(dim, dy)
        if axis is None:
            return dy
        return _scaled_back(dy, x, out, axis) - _scaled_back(-dy, x, out, axis)

    samples = _samples


def _scaled_back(dy, x, y, axis):
    """Σ over i ≥ k of dy[i] e^(x[k] - y[i]), over the positive dy only."""
    positive = dy > 0
    log = K.where(
        positive, K.log(K.where(positive, dy, K.ones_like(dy))) - y, K.full_like(dy, -np.inf)
    )
    total = K.flip(K.logcumsumexp(K.flip(log, axis), axis), axis)
    none = total == -np.inf
    return K.where(none, K.zeros_like(dy), K.exp(x + K.where(none, K.zeros_like(dy), total)))


def _running_extreme(x, dim, word):
    """(values, indices) of K.cummax or K.cummin."""
    axis = _axis(dim, x) if x.size else 0  # of no elements, dim is not looked at
    if axis is None:
        return only_one(x)
    if not x.size:
        return x.copy(), K.zeros(x.shape, like=x, dtype=np.int64)
    return word(K.dense(x), axis)


def _running_extreme_dx(dy, indices, dim):
    axis = _axis(dim, dy)
    return dy if axis is None else K.scatter_add(K.zeros_like(dy), axis, indices, dy)


@op(
    "cummax(input, dim, *, out=None)",
    at="torch Tensor",
    tensors=1,
    extras=("indices",),
    returns=("values", "indices"),
    accumulate=True,
    not_for="c",
    kernel="cummax_cpu",
)
class Cummax:
    """(values, indices): the maximum so far along dim, and where it stood last; NaN stays

    grad    dy goes to the places of `indices`
    errors  NotImplementedError: complex input; IndexError: dim out of range
    """

    def forward(x, dim):
        return _running_extreme(x, dim, K.cummax)

    def backward(c, dy, x, indices, dim):
        return _running_extreme_dx(dy, indices, dim)

    samples = _samples


@op(
    "cummin(input, dim, *, out=None)",
    at="torch Tensor",
    tensors=1,
    extras=("indices",),
    returns=("values", "indices"),
    accumulate=True,
    not_for="c",
    kernel="cummin_cpu",
)
class Cummin:
    """(values, indices): the minimum so far along dim, and where it stood last; NaN stays

    grad    dy goes to the places of `indices`
    errors  NotImplementedError: complex input; IndexError: dim out of range
    """

    def forward(x, dim):
        return _running_extreme(x, dim, K.cummin)

    def backward(c, dy, x, indices, dim):
        return _running_extreme_dx(dy, indices, dim)

    samples = _samples


# ---------------------------------------------------------------- differences and integrals


def _piece(x, dim: int, start: int, stop: int):
    """x[start:stop] along dim."""
    return x[(slice(None),) * (dim % x.ndim) + (slice(start, stop),)]


@composite(
    "diff(input, n=1, dim=-1, prepend: Tensor | None = None, append: Tensor | None = None, *, "
    "out=None)",
    at="torch Tensor",
)
def diff(input, n=1, dim=-1, prepend=None, append=None):
    """The n-th differences x[i + 1] - x[i] along dim, of prepend, input, append joined.

    dtype   of bool: exclusive or
    errors  RuntimeError: a 0-d input, n < 0, other numbers of dimensions

    >>> torch.diff(tensor([1, 4, 9]))
    tensor([3, 5])
    """
    if input.ndim == 0:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    if n == 0:
        return input.clone()
    x = input
    joined = [t for t in (prepend, input, append) if t is not None]
    if len(joined) > 1:
        for t in joined:
            if t.ndim != input.ndim:
                raise RuntimeError(
                    "diff expects prepend or append to be the same dimension as input"
                )
        x = FUNCTIONS["cat"](joined, dim)
    axes_of(dim, x.ndim)
    for _ in range(min(n, x.size(dim))):
        later, earlier = _piece(x, dim, 1, None), _piece(x, dim, 0, -1)
        x = later ^ earlier if x.dtype is bool_ else later - earlier
    return x


def _steps(y, x, dx, dim):
    """The widths between the points: a number, or a tensor that broadcasts against y's neighbours
    along dim.
    """
    if x is None:
        return 1.0 if dx is None else dx
    if x.ndim == 1 and y.ndim > 1:
        if x.shape[0] != y.size(dim):
            raise RuntimeError("trapezoid: There must be one `x` value for each sample point")
        return diff(x).reshape((-1,) + (1,) * (y.ndim - 1 - dim % y.ndim))
    return diff(x, dim=dim - y.ndim if dim >= 0 else dim)


def _areas(y, x, dx, dim):
    if x is not None and dx is not None:
        raise TypeError("trapezoid(): pass x or dx, not both")
    return (_piece(y, dim, 1, None) + _piece(y, dim, 0, -1)) * _steps(y, x, dx, dim)


def _no_bools(name: str, y: Tensor) -> None:
    if y.dtype is bool_:
        raise RuntimeError(f"{name}: received a bool input for `y`, but bool is not supported")


@composite(
    "trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim=-1)",
    "trapz",
    at="torch",
)
def trapezoid(y, x=None, *, dx=None, dim=-1):
    """The integral of y over dim by the trapezoidal rule; points at x, or dx (1) apart.

    errors  IndexError: a 0-d y, or dim out of range; TypeError: x and dx

    >>> torch.trapezoid(tensor([1.0, 2.0, 3.0]), dx=2)
    tensor(8.)
    """
    if y.ndim == 0:
        raise IndexError("Dimension specified as -1 but tensor has no dimensions")
    _no_bools("trapezoid", y)
    axes_of(dim, y.ndim)
    if y.size(dim) == 0:
        return y.detach().sum(dim, dtype=y.dtype)
    if x is None:  # at equal steps, as PyTorch adds: an infinite end gives NaN
        ends = (y.select(dim, 0) + y.select(dim, -1)) * 0.5
        return (y.sum(dim) - ends) * (1.0 if dx is None else dx)
    return _areas(y, x, dx, dim).sum(dim) / 2.0


@composite(
    "cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim=-1)",
    at="torch",
)
def cumulative_trapezoid(y, x=None, *, dx=None, dim=-1):
    """The running integral of y over dim by the trapezoidal rule.

    errors  IndexError: dim out of range; TypeError: x and dx
    """
    if y.ndim == 0:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    _no_bools("cumulative_trapezoid", y)
    axes_of(dim, y.ndim)
    return (_areas(y, x, dx, dim) / 2.0).cumsum(dim)


# ---------------------------------------------------------------- derivatives on a grid


@composite(
    "gradient(input, *, spacing: float | Sequence = 1, "
    "dim: int | Sequence[int] | None = None, edge_order: int = 1)",
    at="torch",
)
def gradient(input, *, spacing=1, dim=None, edge_order=1):
    """Estimates of the derivatives along each of dim (all), a tuple of tensors of input's shape.

    Central differences inside; at the two ends one-sided ones, exact for polynomials of degree
    edge_order (1 or 2).

    spacing  a number, a number for each dim, or the coordinates (1-d tensors)
    errors   RuntimeError: another edge_order, too few points, spacing of another length

    >>> torch.gradient(tensor([1.0, 2.0, 4.0, 8.0]))
    (tensor([1.0000, 1.5000, 3.0000, 4.0000]),)
    """
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    axes = axes_of(dim, input.ndim)
    axes = tuple(range(input.ndim)) if axes is None else axes
    spacing = 1 if spacing is None else spacing
    if not isinstance(spacing, (list, tuple)):
        spacing = (spacing,) * len(axes)
    if len(spacing) != len(axes):
        raise RuntimeError(
            "torch.gradient expected spacing to be unspecified, a scalar, or a list of length "
            f"equal to 'len(dim)' (which is {len(axes)}), but got a list of length {len(spacing)}"
        )
    for axis in axes:
        if input.size(axis) < edge_order + 1:
            raise RuntimeError(
                "torch.gradient expected each dimension size to be at least edge_order+1"
            )
    pairs = zip(spacing, axes, strict=True)
    return tuple([_derivative(input, h, axis, edge_order) for h, axis in pairs])


def _derivative(y, h, axis: int, edge_order: int):
    def part(start, stop):
        return _piece(y, axis, start, stop)

    n = y.size(axis)
    if isinstance(h, Tensor) and h.ndim:
        steps = diff(h).reshape((-1,) + (1,) * (y.ndim - 1 - axis))  # between neighbours
        first = tuple(steps[(i,)] for i in range(min(2, n - 1)))
        last = tuple(steps[(n - 2 - i,)] for i in range(min(2, n - 1)))
        before, after = steps[: n - 2], steps[1:]
        inner = (
            part(2, None) * (before / (after * (before + after)))
            + part(1, -1) * ((after - before) / (before * after))
            - part(0, -2) * (after / (before * (before + after)))
        )
    else:
        first = last = (h, h)
        inner = (part(2, None) - part(0, -2)) / (2 * h)
    if edge_order == 1:
        left = (part(1, 2) - part(0, 1)) / first[0]
        right = (part(n - 1, n) - part(n - 2, n - 1)) / last[0]
    else:
        left = _one_sided(part(0, 1), part(1, 2), part(2, 3), *first)
        right = -_one_sided(part(n - 1, n), part(n - 2, n - 1), part(n - 3, n - 2), *last)
    return FUNCTIONS["cat"]([left, inner, right], axis)


def _one_sided(y0, y1, y2, h0, h1):
    """The derivative at the first of three points h0 and h1 apart, exact for parabolas."""
    return (
        y0 * (-(2 * h0 + h1) / (h0 * (h0 + h1)))
        + y1 * ((h0 + h1) / (h0 * h1))
        - y2 * (h0 / (h1 * (h0 + h1)))
    )
