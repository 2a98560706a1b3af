"""The largest, the smallest, the middle, the most frequent:
max, argmax, amax, median, mode, quantile.
"""

from __future__ import annotations

import numpy as np

from ..core.dtype import from_numpy_dtype, scalar_name
from ..core.registry import CARDS, apply, composite, op
from ..core.tensor import Tensor, wrap
from ..kernels import K
from .pointwise import into, tensor_argument
from .reduce import aligned, axes_of
from .samples import reduction


def _not_empty(name: str, x: np.ndarray) -> None:
    if x.size == 0:
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. "
            "Specify the reduction dim with the 'dim' argument."
        )


def _dims_not_empty(name: str, x: np.ndarray, axes: tuple | None) -> None:
    """IndexError (RuntimeError without axes) if there is nothing to choose from."""
    if axes is None:
        _not_empty(name, x)
        return
    for i in axes:
        if x.shape[i] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {i} to have non-zero size.")


def _real(name: str, x: np.ndarray) -> None:
    if x.dtype.kind == "c":
        raise RuntimeError(
            f"\"{name}_cpu\" not implemented for '{scalar_name(from_numpy_dtype(x.dtype))}'"
        )


def evenly(dy, x, y):
    """dy shared equally by the elements of x that are y (NaN equals NaN)."""
    chosen = K.like((x == y) | (K.isnan(x) & K.isnan(y)), dy)
    return chosen * (dy / K.sum(chosen))


# ---------------------------------------------------------------- amax, amin, aminmax


def _extreme(name: str, meaning: str, f) -> None:
    class Card:
        __doc__ = (
            f"y = the {meaning} over dim (several allowed), NaN if there is one; "
            " dy is shared by ties"
        )

        def forward(x, dim=(), keepdim=False):
            _real(name, x)
            axes = axes_of(dim, x.ndim)
            _dims_not_empty(name, x, axes)
            return f(x, axes, keepdims=keepdim)

        def backward(c, dy, x, out, dim, keepdim):
            axes = axes_of(dim, x.ndim)
            chosen = K.like(x == aligned(out, x.shape, axes, keepdim), dy)
            return aligned(dy, x.shape, axes, keepdim) * chosen / K.sum(chosen, axes, True)

        samples = reduction(empty=False)

    op(name, tensors=1, node=name.capitalize())(Card)


_extreme("amax", "maximum", np.maximum.reduce)
_extreme("amin", "minimum", np.minimum.reduce)


@op(
    "_aminmax", fn=False, method=False, tensors=1, outputs=2, returns=("min", "max"), node="Aminmax"
)
class _Aminmax:
    """(min, max) over dim, or over all elements;  gradients are shared by ties"""

    def forward(x, dim, keepdim):
        _real("aminmax", x)
        axes = axes_of(dim, x.ndim)
        if axes is None:
            if x.size == 0:
                raise RuntimeError(
                    "aminmax(): cannot compute aminmax over an empty dimension as the operation "
                    "has no identity."
                )
        else:
            _dims_not_empty("aminmax", x, axes)
        return np.minimum.reduce(x, axes, keepdims=keepdim), np.maximum.reduce(
            x, axes, keepdims=keepdim
        )

    def backward(c, dmin, dmax, x, dim, keepdim):
        axes = axes_of(dim, x.ndim)
        dx = 0
        for dy, y in ((dmin, K.min(x, axes, True)), (dmax, K.max(x, axes, True))):
            chosen = K.like(x == y, dy)
            dx = dx + aligned(dy, x.shape, axes, keepdim) * chosen / K.sum(chosen, axes, True)
        return dx

    samples = reduction(empty=False)


CARDS["_aminmax"].result.__name__ = "aminmax"


@composite("aminmax", method=True)
def aminmax(input, *, dim=None, keepdim=False, out=None):
    """(min, max) over dim, or over all elements."""
    y = apply(CARDS["_aminmax"], (input, dim, keepdim))
    if out is None:
        return y
    for o in out:
        if o.dtype is not input.dtype:
            raise RuntimeError(
                f"Expected out tensor to have dtype {input.dtype}, but got {o.dtype} instead"
            )
    return type(y)(into(out[0], y.min), into(out[1], y.max))


# ---------------------------------------------------------------- max, min


def _index_samples(make):
    yield make(3, 4), 1, False
    yield make(2, 3, 4), -2, True
    yield make(), 0, False
    yield make(4, 3).T, 0, False


def pick(x: np.ndarray, index: np.ndarray, axis: int, keepdim: bool):
    """(values, index) of one element per row: index has size 1 at axis."""
    values = K.take_along_axis(x, index, axis)
    return (values, index) if keepdim else (values.squeeze(axis), index.squeeze(axis))


def put_back(dy, indices, x_shape, dim, keepdim):
    """The gradient of choosing: dy at the chosen places, 0 elsewhere."""
    axes = axes_of(dim, len(x_shape))
    if axes is None:
        return dy
    dy, indices = (aligned(v, x_shape, axes, keepdim) for v in (dy, indices))
    return K.place(dy, indices, axes[0], x_shape)


def _max_or_min(name: str, meaning: str, f, argf, pairwise: str) -> None:
    """Register max or min: of all elements, over dim with indices, or of two tensors."""
    title = name.capitalize()

    class All:
        __doc__ = f"y = the {meaning} element, NaN if there is one;  dy is shared by ties"

        def forward(x):
            if x.dtype.kind == "c" or x.size == 0:
                _real(name, x)
                _not_empty(name, x)
            return f(x, None)

        def backward(c, dy, x, out):
            return evenly(dy, x, out)

        def samples(make):
            yield make(3, 4)
            yield make()
            yield make(4, 3).T

    class Dim:
        __doc__ = (
            f"(values, indices) of the {meaning} elements along dim, the first of ties; "
            " dy goes there"
        )

        def forward(x, dim, keepdim):
            _real(name, x)
            axes = axes_of(dim, x.ndim)
            if axes is None:
                return x.copy(), np.zeros((), np.int64)
            _dims_not_empty(name, x, axes)
            axis = axes[0]
            index = argf(x, axis, True) if keepdim else argf(x, axis)
            return f(x, axis, keepdims=keepdim), index

        def backward(c, dy, indices, x_shape, dim, keepdim):
            return put_back(dy, indices, x_shape, dim, keepdim)

        samples = _index_samples

    op(f"_{name}", fn=False, method=False, node=title + "1")(All)
    op(
        f"_{name}_dim",
        fn=False,
        method=False,
        tensors=1,
        extras=("indices",),
        returns=("values", "indices"),
        node=title,
    )(Dim)
    whole, along = CARDS[f"_{name}"], CARDS[f"_{name}_dim"]
    along.result.__name__ = name

    def function(input, dim=None, keepdim=False, *, other=None, out=None):
        tensor_argument(name, input)
        if isinstance(dim, Tensor) or other is not None:
            y = apply(CARDS[pairwise], (input, dim if other is None else other))
        elif dim is None:
            y = apply(whole, (input,))
        else:
            y = apply(along, (input, dim, keepdim))
        if out is None:
            return y
        if isinstance(y, tuple):
            return type(y)(into(out[0], y[0]), into(out[1], y[1]))
        return into(out, y)

    function.__name__ = name
    function.__doc__ = f"""The {meaning} element; over dim: (values, indices), the first of ties.

    Of two tensors: element by element.

    RuntimeError: empty input without dim; IndexError: dim of size 0.
    """
    composite(name, method=True)(function)


_max_or_min("max", "largest", np.maximum.reduce, K.argmax, "maximum")
_max_or_min("min", "smallest", np.minimum.reduce, K.argmin, "minimum")


def _arg(name: str, meaning: str) -> None:
    class Card:
        __doc__ = (
            f"The int64 index of the {meaning} element along dim, "
            "of the flattened tensor without dim; the first of ties."
        )
        backward = None

        def forward(x, dim=None, keepdim=False):
            _real(name, x)
            kernel = getattr(K, name)
            if dim is None:
                if x.size == 0:
                    raise IndexError(
                        f"{name}(): Expected reduction dim to be specified for input.numel() == 0."
                    )
                i = kernel(x.reshape(-1))
                return np.asarray(i).reshape((1,) * x.ndim) if keepdim else i
            axes = axes_of(dim, x.ndim)
            if axes is None:
                return np.zeros((), np.int64)
            _dims_not_empty(name, x, axes)
            return kernel(x, axes[0], True) if keepdim else kernel(x, axes[0])

        samples = reduction(empty=False)

    op(name, tensors=1)(Card)


_arg("argmax", "largest")
_arg("argmin", "smallest")


# ---------------------------------------------------------------- median, mode


def _middle(x: np.ndarray, axis: int, ignore_nan: bool) -> np.ndarray:
    """The index (size 1 at axis) of the lower median of each row;
    of the first NaN if NaN counts.
    """
    n = x.shape[axis]
    middle = (n - 1) // 2
    if x.dtype.kind not in "fV" or not np.isnan(x).any():
        return np.argpartition(x, middle, axis).take([middle], axis)
    order = np.argsort(x, axis, kind="stable")
    nans = np.isnan(x).sum(axis, keepdims=True)
    valid = n - nans
    if ignore_nan:
        place = np.where(valid == 0, 0, (valid - 1) // 2)
    else:
        place = np.where(nans > 0, valid, middle)
    return np.take_along_axis(order, place, axis)


def _median(name: str, ignore_nan: bool) -> None:
    """Register median or nanmedian, of all elements and over dim."""
    title = name.capitalize()

    class All:
        __doc__ = "The lower median of all elements" + (
            " that are no NaN." if ignore_nan else "; NaN if there is one."
        )

        def forward(x):
            _real(name, x)
            if x.size == 0:
                return np.asarray(
                    np.nan if x.dtype.kind in "fV" else np.iinfo(x.dtype).min, x.dtype
                )
            flat = x.reshape(-1)
            return flat[_middle(flat, 0, ignore_nan)].reshape(())

        def backward(c, dy, x, out):
            return evenly(dy, x, out)

        def samples(make):
            yield make(3, 4)
            yield make()
            yield make(5, 3).T

    class Dim:
        __doc__ = (
            "(values, indices) "
            f"of the lower median along dim{', NaN left out' if ignore_nan else ''};  dy goes there"
        )

        def forward(x, dim, keepdim):
            _real(name, x)
            axes = axes_of(dim, x.ndim)
            if axes is None:
                return x.copy(), np.zeros((), np.int64)
            _dims_not_empty(name, x, axes)
            return pick(x, _middle(x, axes[0], ignore_nan), axes[0], keepdim)

        def backward(c, dy, indices, x_shape, dim, keepdim):
            return put_back(dy, indices, x_shape, dim, keepdim)

        samples = _index_samples

    op(f"_{name}", fn=False, method=False, node=title)(All)
    op(
        f"_{name}_dim",
        fn=False,
        method=False,
        tensors=1,
        extras=("indices",),
        returns=("values", "indices"),
        node=title + "1",
    )(Dim)
    whole, along = CARDS[f"_{name}"], CARDS[f"_{name}_dim"]
    along.result.__name__ = name

    def function(input, dim=None, keepdim=False, *, out=None):
        if dim is None:
            y = apply(whole, (input,))
            return y if out is None else into(out, y)
        y = apply(along, (input, dim, keepdim))
        return y if out is None else type(y)(into(out[0], y[0]), into(out[1], y[1]))

    function.__name__, function.__doc__ = name, whole.doc + " Over dim: (values, indices)."
    composite(name, method=True)(function)


_median("median", False)
_median("nanmedian", True)


@op("mode", tensors=1, extras=("indices",), returns=("values", "indices"))
class Mode:
    """(values, indices): the most frequent element along dim, the smallest of ties, and where it
    stands last.

    grad    dy goes to that place

    >>> torch.mode(tensor([2, 1, 2, 3]))
    torch.return_types.mode(
    values=tensor(2),
    indices=tensor(2))
    """

    def forward(x, dim=-1, keepdim=False):
        _real("mode", x)
        axes = axes_of(dim, x.ndim)
        if axes is None:
            return x.copy(), np.zeros((), np.int64)
        _dims_not_empty("mode", x, axes)
        rows = np.moveaxis(x, axes[0], -1)
        order = np.argsort(rows, -1, kind="stable")
        y = np.take_along_axis(rows, order, -1)
        n = y.shape[-1]
        starts = np.concatenate([np.ones((*y.shape[:-1], 1), bool), y[..., 1:] != y[..., :-1]], -1)
        first = np.maximum.accumulate(np.where(starts, np.arange(n), 0), -1)
        last = np.argmax(
            np.arange(n) - first, -1, keepdims=True
        )  # the end of the first longest run
        index = np.moveaxis(np.take_along_axis(order, last, -1), -1, axes[0])
        return pick(x, index, axes[0], keepdim)

    def backward(c, dy, indices, x_shape, dim, keepdim):
        return put_back(dy, indices, x_shape, dim, keepdim)

    samples = _index_samples


# ---------------------------------------------------------------- quantiles


_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(name: str, input, q, dim, keepdim, interpolation, out, ignore_nan: bool):
    if input.dtype.name not in ("float32", "float64"):
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype")
    if input.numel() == 0:
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, "
            "but got "
            f"{interpolation}"
        )
    x = input._a
    if isinstance(q, Tensor):
        if q.ndim > 1:
            raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
        if q.dtype is not input.dtype:
            raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
        qs = q._a
    else:
        qs = np.asarray(q, x.dtype)
    if not ((qs >= 0) & (qs <= 1)).all():
        raise RuntimeError(
            f"{name}() q values must be in the range [0, 1]"
            if isinstance(q, Tensor)
            else f"{name}() q must be in the range [0, 1] but got {q}"
        )
    axes = axes_of(dim, input.ndim)
    rows = input.reshape(-1) if axes is None else input.movedim(axes[0], -1)
    y = _at_quantiles(
        rows,
        q.reshape(-1) if isinstance(q, Tensor) else wrap(qs.reshape(-1)),
        interpolation,
        ignore_nan,
    )  # (*, Q)
    if keepdim and input.ndim:
        shape = (
            [1] * input.ndim
            if axes is None
            else [1 if i == axes[0] else n for i, n in enumerate(x.shape)]
        )
        y = y.movedim(-1, 0).reshape([y.shape[-1], *shape])
    else:
        y = y.movedim(-1, 0)
    y = y if qs.ndim else y.squeeze(0)
    return y if out is None else into(out, y)


def _at_quantiles(rows: Tensor, q: Tensor, interpolation: str, ignore_nan: bool) -> Tensor:
    """The quantiles q (Q) of each row: rows (*, n) -> (*, Q).
    Differentiable in both, by the weight between neighbours.
    """
    ordered = rows.sort(-1)[0]
    bad, n = np.isnan(rows._a), rows.shape[-1]
    if ignore_nan:
        last = (n - 1 - bad.sum(-1, keepdims=True)).clip(0)  # (*, 1)
    else:
        last = np.full((*rows.shape[:-1], 1), n - 1)
    rank = q * wrap(last.astype(rows._a.dtype))  # (*, Q)
    if not ignore_nan:
        rank = rank.masked_fill(wrap(bad.any(-1, keepdims=True)), n - 1)
    if interpolation == "lower":
        rank = rank.floor()
    elif interpolation == "higher":
        rank = rank.ceil()
    elif interpolation == "nearest":
        rank = rank.round()
    below = np.floor(rank._a)
    y = ordered.gather(-1, wrap(below.astype(np.int64)))
    if interpolation not in ("linear", "midpoint"):
        return y
    above = np.ceil(rank._a)
    weight = rank - wrap(below)
    if interpolation == "midpoint":
        weight = wrap(np.where(below == above, 0, 0.5).astype(below.dtype))
    return y.lerp(ordered.gather(-1, wrap(above.astype(np.int64))), weight)


@composite("quantile", method=True)
def quantile(input, q, dim=None, keepdim=False, *, interpolation="linear", out=None):
    """The q-th quantiles of all elements or along dim;
    q a number or a 1-d tensor, whose dimension comes first.

    >>> torch.quantile(tensor([0.0, 1.0, 2.0, 3.0]), 0.4)
    tensor(1.2000)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, out, False)


@composite("nanquantile", method=True)
def nanquantile(input, q, dim=None, keepdim=False, *, interpolation="linear", out=None):
    """As quantile, NaN left out."""
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, out, True)
