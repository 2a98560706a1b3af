"""Order statistics: median, mode, quantiles.

x the input, y the values; `dim` None for all elements.
"""

from __future__ import annotations

import numpy as np

from ..core.tensor import Tensor, wrap
from ..dispatch.out import into
from ..dispatch.registry import CARDS, apply, composite, op
from .minmax import dims_not_empty, evenly, index_samples, pick, put_back, real_only
from .reduce import axes_of


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
            real_only(name, x)
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
            real_only(name, x)
            axes = axes_of(dim, x.ndim)
            if axes is None:
                return x.copy(), np.zeros((), np.int64)
            dims_not_empty(name, x, axes)
            return pick(x, _middle(x, axes[0], ignore_nan), axes[0], keepdim)

        def backward(c, dy, indices, x_shape, dim, keepdim):
            return put_back(dy, indices, x_shape, dim, keepdim)

        samples = index_samples

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
        real_only("mode", x)
        axes = axes_of(dim, x.ndim)
        if axes is None:
            return x.copy(), np.zeros((), np.int64)
        dims_not_empty("mode", x, axes)
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

    samples = index_samples


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
