"""The largest, the smallest, the middle, the most frequent:
max, argmax, amax, median, mode, quantile.
"""

from __future__ import annotations

import numpy as np

from ..core.dtype import from_numpy_dtype, scalar_name
from ..core.tensor import Tensor
from ..dispatch.messages import tensor_argument
from ..dispatch.out import into
from ..dispatch.registry import CARDS, apply, composite, op
from ..kernels import K
from .reduce import aligned, axes_of
from .samples import reduction


def not_empty(name: str, x: np.ndarray) -> None:
    if x.size == 0:
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. "
            "Specify the reduction dim with the 'dim' argument."
        )


def dims_not_empty(name: str, x: np.ndarray, axes: tuple | None) -> None:
    """IndexError (RuntimeError without axes) if there is nothing to choose from."""
    if axes is None:
        not_empty(name, x)
        return
    for i in axes:
        if x.shape[i] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {i} to have non-zero size.")


def real_only(name: str, x: np.ndarray) -> None:
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
            real_only(name, x)
            axes = axes_of(dim, x.ndim)
            dims_not_empty(name, x, axes)
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
        real_only("aminmax", x)
        axes = axes_of(dim, x.ndim)
        if axes is None:
            if x.size == 0:
                raise RuntimeError(
                    "aminmax(): cannot compute aminmax over an empty dimension as the operation "
                    "has no identity."
                )
        else:
            dims_not_empty("aminmax", x, axes)
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


def index_samples(make):
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
                real_only(name, x)
                not_empty(name, x)
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
            real_only(name, x)
            axes = axes_of(dim, x.ndim)
            if axes is None:
                return x.copy(), np.zeros((), np.int64)
            dims_not_empty(name, x, axes)
            axis = axes[0]
            index = argf(x, axis, True) if keepdim else argf(x, axis)
            return f(x, axis, keepdims=keepdim), index

        def backward(c, dy, indices, x_shape, dim, keepdim):
            return put_back(dy, indices, x_shape, dim, keepdim)

        samples = index_samples

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
            real_only(name, x)
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
            dims_not_empty(name, x, axes)
            return kernel(x, axes[0], True) if keepdim else kernel(x, axes[0])

        samples = reduction(empty=False)

    op(name, tensors=1)(Card)


_arg("argmax", "largest")
_arg("argmin", "smallest")
