"""Pooling: maxima, means and norms of windows; adaptive and fractional windows; unpooling.

N batch, C channels, S spatial sizes of the input, L of the output. The cards of users' calls take
(N, C, *S) or (C, *S); one class makes the card of two dimensions and the one of three, whose nodes
PyTorch names apart. Rows (one dimension) are pooled as images of height 1, as PyTorch does.
"""

from __future__ import annotations

from math import prod

import numpy as np

from ..core.tensor import Tensor, wrap
from ..dispatch.messages import not_implemented
from ..dispatch.on_tensors import translate
from ..dispatch.registry import FUNCTIONAL, FUNCTIONS, composite, internal
from ..kernels import K
from . import pool_arguments as arguments
from .convert import unrecorded


def _kernel(name, rank, part=""):
    """K.max_pool2d, K.avg_pool3d_dx, ..."""
    return getattr(K, f"{name}{rank}d{part}")


_AVG = {rank: _kernel("avg_pool", rank) for rank in (2, 3)}
_AVG_DX = {rank: _kernel("avg_pool", rank, "_dx") for rank in (2, 3)}


def _batch(x, rank):
    """x (N, C, *S), or (C, *S) as (1, C, *S)."""
    return x if x.ndim == rank + 2 else x[None]


def _batch_shape(shape, rank):
    return shape if len(shape) == rank + 2 else (1, *shape)


def _cards(source: type, name: str, node: str, last: tuple = (2,), **options) -> dict:
    """Cards `name`_2d and `name`_3d of one class, by rank; # in `node` stands for the rank.

    last    the ranks whose results lie channels last if the input does
    """
    cards = {}
    for rank in (2, 3):
        title = node.replace("#", str(rank))
        order = "channels" if rank in last else ""
        cards[rank] = internal(f"{name}_{rank}d", node=title, order=order, **options)(source)
        cards[rank].samples = getattr(source, f"samples{rank}d", None)
    return cards


# ---------------------------------------------------------------- maxima


class MaxPool:
    """y[l] = max over the window of x at l, i[l] = where in the plane it was found

    shape   x (N, C, *S) or (C, *S) -> y, i (N, C, *L) or (C, *L),
            L = (S + 2 padding - dilation (kernel - 1) - 1) / stride + 1, rounded down; up if ceil
    dtype   real numbers, kept; i int64
    grad    dx[i[l]] += dy[l]
    """

    def forward(x, kernel, stride, padding, dilation, ceil):
        rank = len(kernel)
        y, i = _kernel("max_pool", rank)(_batch(x, rank), kernel, stride, padding, dilation, ceil)
        return (y, i) if x.ndim == rank + 2 else (y[0], i[0])

    def backward(c, dy, x_shape, i, kernel):
        return _put(dy, i, x_shape, len(kernel))

    def samples2d(make):
        yield make(2, 3, 4, 6), (2, 3), (2, 2), (1, 0), (1, 1), False
        yield make(3, 5, 5), (2, 2), (2, 2), (0, 0), (1, 1), True
        yield make(1, 2, 7, 6), (3, 2), (1, 2), (1, 1), (2, 1), False
        yield make(6, 4, 2, 2).permute(2, 3, 0, 1), (2, 2), (2, 2), (0, 0), (1, 1), False

    def samples3d(make):
        once = (1, 1, 1)
        yield make(1, 2, 3, 4, 5), (2, 2, 3), (1, 2, 2), (0, 1, 0), once, True
        yield make(2, 4, 4, 3), (2, 2, 2), (2, 2, 2), (0, 0, 1), (1, 2, 1), False


class AdaptiveMaxPool:
    """y[l], i[l] = the maximum of cells floor(l S / L) ... ceil((l + 1) S / L) - 1, and its place

    grad    dx[i[l]] += dy[l]
    """

    def forward(x, size):
        y, i = K.adaptive_max_pool(_batch(x, len(size)), size)
        return (y, i) if x.ndim == len(size) + 2 else (y[0], i[0])

    def backward(c, dy, x_shape, i, size):
        return _put(dy, i, x_shape, len(size))


class FractionalMaxPool:
    """y[l], i[l] = the maximum of a window at a pseudo-random place near l, and its place

    shape   x (N, C, *S), u (N, C, rank): the randomness, in [0, 1)
    grad    dx[i[l]] += dy[l]
    source  Graham 2014, arXiv:1412.6071
    """

    def forward(x, kernel, size, u):
        y, i = K.fractional_max_pool(_batch(x, len(size)), kernel, size, u)
        return (y, i) if x.ndim == len(size) + 2 else (y[0], i[0])

    def backward(c, dy, x_shape, i, kernel):
        return _put(dy, i, x_shape, len(kernel))


class MaxUnpool:
    """y = 0 but for y[i[l]] = x[l]: what max pooling took, put back to where it was

    shape   x, i (N, C, *L) or (C, *L) -> y (N, C, *size) or (C, *size)
    grad    dx[l] = dy[i[l]]
    """

    def forward(x, i, size):
        planes = x.shape[: -len(size)]
        cells = prod(x.shape[-len(size) :])
        y = K.zeros((*planes, prod(size)), x)
        np.put_along_axis(y, i.reshape(*planes, cells), x.reshape(*planes, cells), -1)
        return y.reshape(*planes, *size)

    def backward(c, dy, i, size):
        return _take(dy, i, len(size))


_maxima = {
    "tensors": 1,
    "extras": ("i",),
    "returns": ("output", "indices"),
    "fresh": True,
    "quiet": False,
}
_MAX = _cards(MaxPool, "max_pool", "MaxPool#DWithIndices", (2, 3), **_maxima)
_ADAPTIVE_MAX = _cards(AdaptiveMaxPool, "adaptive_max_pool", "AdaptiveMaxPool#D", **_maxima)
_FRACTIONAL = _cards(FractionalMaxPool, "fractional_max_pool", "FractionalMaxPool#D", (), **_maxima)
_UNPOOL = _cards(MaxUnpool, "max_unpool", "MaxUnpool#D", tensors=1)


@internal("max_pool_dx", tensors=1, node="MaxPoolBackward")
class MaxPoolDx:
    """dx = 0 with dx[i[l]] += dy[l] in every plane; its own gradient takes ddx[i[l]]

    shape   dy, i (N, C, *L) -> dx of shape `x_shape` (N, C, *S)
    """

    def forward(dy, i, x_shape):
        return _kernel("max_pool", dy.ndim - 2, "_dx")(dy, i, x_shape)

    def backward(c, ddx, i):
        return K.max_pool_take(ddx, i)

    def samples2d(make):
        yield make(2, 3, 2, 2), make.indices(2, 3, 2, 2, high=12), (2, 3, 4, 3)

    def samples3d(make):
        yield make(2, 1, 4, 5, 3), (2, 3, 3)


@internal("max_pool_take", tensors=1, node="MaxUnpoolBackward")
class MaxPoolTake:
    """y[l] = x[i[l]] in every plane; x (N, C, *S), i and y (N, C, *L)"""

    def forward(x, i):
        return K.max_pool_take(x, i)

    def backward(c, dy, x_shape, i):
        return _kernel("max_pool", dy.ndim - 2, "_dx")(dy, i, x_shape)

    def samples(make):
        yield make(2, 3, 4, 3), make.indices(2, 3, 2, 2, high=12)


def _put(dy, i, x_shape, rank):
    shape = _batch_shape(x_shape, rank)
    return K.reshape(
        _kernel("max_pool", rank, "_dx")(_batch(dy, rank), _batch(i, rank), shape), x_shape
    )


def _take(x, i, rank):
    return K.reshape(K.max_pool_take(_batch(x, rank), _batch(i, rank)), i.shape)


# ---------------------------------------------------------------- means


class AvgPool:
    """y[l] = Σ over the window of x at l / its number of cells, or / divisor if that is not 0

    shape   as MaxPool
    grad    every cell of a window gets dy / divisor
    """

    def forward(x, kernel, stride, padding, ceil, count_include_pad, divisor):
        rank, options = len(kernel), (kernel, stride, padding, ceil, count_include_pad, divisor)
        if x.ndim == rank + 2:
            return _AVG[rank](x, *options)
        return _AVG[rank](x[None], *options)[0]

    def backward(c, dy, x_shape, kernel, stride, padding, ceil, count_include_pad, divisor):
        rank, options = len(kernel), (kernel, stride, padding, ceil, count_include_pad, divisor)
        if len(x_shape) == rank + 2:
            return _AVG_DX[rank](dy, x_shape, *options)
        dx = _AVG_DX[rank](_batch(dy, rank), (1, *x_shape), *options)
        return K.reshape(dx, x_shape)

    def samples2d(make):
        yield make(2, 3, 4, 6), (2, 3), (2, 2), (1, 0), False, True, 0
        yield make(3, 5, 5), (2, 2), (2, 2), (1, 1), True, False, 0
        yield make(1, 1, 5, 4), (3, 2), (1, 2), (0, 0), True, True, 5

    def samples3d(make):
        yield make(1, 2, 3, 4, 5), (2, 2, 3), (1, 2, 2), (0, 1, 0), True, False, 0
        yield make(2, 4, 4, 3), (2, 2, 2), (2, 2, 2), (0, 0, 1), False, True, 3


class AdaptiveAvgPool:
    """y[l] = the mean of cells floor(l S / L) ... ceil((l + 1) S / L) - 1

    grad    every cell of a window gets dy / its number of cells
    """

    def forward(x, size):
        y = K.adaptive_avg_pool(_batch(x, len(size)), size)
        return y if x.ndim == len(size) + 2 else y[0]

    def backward(c, dy, x_shape, size):
        rank = len(size)
        dx = K.adaptive_avg_pool_dx(_batch(dy, rank), _batch_shape(x_shape, rank))
        return K.reshape(dx, x_shape)

    def samples2d(make):
        yield make(2, 3, 4, 5), (2, 3)
        yield make(2, 5, 3), (5, 2)

    def samples3d(make):
        yield make(2, 1, 4, 5, 3), (2, 3, 3)


_MEAN = _cards(AvgPool, "avg_pool", "AvgPool#D", tensors=1)
_ADAPTIVE_MEAN = _cards(AdaptiveAvgPool, "adaptive_avg_pool", "AdaptiveAvgPool#D", tensors=1)
# PyTorch's node for windows of all cells
_OF_ALL = _cards(AdaptiveAvgPool, "mean_pool", "Mean1", tensors=1)


@internal("avg_pool_dx", tensors=1, node="AvgPoolBackward")
class AvgPoolDx:
    """dx of AvgPool from dy (N, C, *L); linear, so that its gradient is AvgPool of ddx"""

    def forward(dy, x_shape, kernel, stride, padding, ceil, count_include_pad, divisor):
        options = (kernel, stride, padding, ceil, count_include_pad, divisor)
        return _AVG_DX[len(kernel)](dy, x_shape, *options)

    def backward(c, ddx, kernel, stride, padding, ceil, count_include_pad, divisor):
        options = (kernel, stride, padding, ceil, count_include_pad, divisor)
        return _AVG[len(kernel)](ddx, *options)


@internal("adaptive_avg_pool_dx", tensors=1, node="AdaptiveAvgPoolBackward")
class AdaptiveAvgPoolDx:
    """dx of AdaptiveAvgPool from dy (N, C, *L); its gradient is AdaptiveAvgPool of ddx"""

    def forward(dy, x_shape):
        return K.adaptive_avg_pool_dx(dy, x_shape)

    def backward(c, ddx, dy_shape):
        return K.adaptive_avg_pool(ddx, dy_shape[2:])

    def samples(make):
        yield make(2, 3, 2, 3), (2, 3, 4, 5)


for _rank in (2, 3):
    translate(f"max_pool{_rank}d_dx", lambda *args: MaxPoolDx.run(args))
    translate(f"avg_pool{_rank}d", lambda x, *options: _MEAN[len(options[0])].run((x, *options)))
    translate(f"avg_pool{_rank}d_dx", lambda *args: AvgPoolDx.run(args))
translate("max_pool_take", lambda *args: MaxPoolTake.run(args))
translate("adaptive_avg_pool", lambda x, size: _ADAPTIVE_MEAN[len(size)].run((x, tuple(size))))
translate("adaptive_avg_pool_dx", lambda *args: AdaptiveAvgPoolDx.run(args))


# ---------------------------------------------------------------- what users call

_SIZES = "int | Sequence[int]"
_KERNEL = f"kernel_size: {_SIZES}, stride: {_SIZES} | None = None"
_MAX_OPTIONS = f"{_KERNEL}, padding: {_SIZES} = 0, dilation: {_SIZES} = 1, ceil_mode: bool = False"
_AVG_OPTIONS = (
    f"{_KERNEL}, padding: {_SIZES} = 0, ceil_mode: bool = False, count_include_pad: bool = True"
)
_OUT_SIZE = "output_size: int | None | Sequence[int | None]"
_INDICES = "return_indices: bool = False"


def _as_image(name: str, input: Tensor) -> Tensor:
    """A batch of rows (N, C, L) or (C, L) as images of height 1."""
    arguments.check_rows(name, input)
    return input.unsqueeze(-2)


def _published(text: str, at: str, function, doc: str) -> None:
    function.__doc__ = doc
    composite(text, at=at)(function)


def _rows_alone(x, kernel_size, stride, padding, dilation, ceil):
    """max_pool1d of rows (N, C, L) or (C, L) without its graph; None: not these, or an error."""
    shape = x.shape
    if len(shape) not in (2, 3) or not x.size:
        return None
    options = arguments.max_options("max_pool1d", 1, kernel_size, stride, padding, dilation)
    try:
        y = K.max_pool2d(x.reshape(-1, shape[-2], 1, shape[-1]), *options, ceil)[0]
    except Exception:
        return None
    return y.reshape(*shape[:-1], y.shape[-1])


def _define_max_pool(rank: int) -> None:
    name, card = f"max_pool{rank}d", _MAX[max(rank, 2)]

    def with_indices(
        input,
        kernel_size,
        stride=None,
        padding=0,
        dilation=1,
        ceil_mode=False,
        return_indices=False,
    ):
        options = arguments.max_options(name, rank, kernel_size, stride, padding, dilation)
        x = input if rank > 1 else _as_image(name, input)
        try:
            y, i = card.run((x, *options, bool(ceil_mode)))
        except Exception:
            arguments.check_max(name, rank, input, *options, ceil_mode)
            raise
        return (y, i) if rank > 1 else (y.squeeze(-2), i.squeeze(-2))

    def max_pool(
        input,
        kernel_size,
        stride=None,
        padding=0,
        dilation=1,
        ceil_mode=False,
        return_indices=False,
    ):
        if rank == 1 and not return_indices and input._a.dtype.kind not in "fV":
            raise not_implemented("max_pool1d_impl", input._a)
        if rank == 1 and not return_indices and type(ceil_mode) is bool and unrecorded(input):
            y = _rows_alone(input._a, kernel_size, stride, padding, dilation, ceil_mode)
            if y is not None:
                return wrap(y)
        found = with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)
        return found if return_indices else found[0]

    doc = f"""The largest cell of every window over the last {rank} dimension(s).

    stride: kernel_size unless given. ceil_mode: a last window may reach beyond the end.
    return_indices: also where in its plane each maximum was found.

    shape   input (N, C, *S) or (C, *S) -> (N, C, *L) or (C, *L)
    errors  RuntimeError: no window fits, options that do not; NotImplementedError: bool, complex
    """
    _published(f"{name}(input, {_MAX_OPTIONS}, {_INDICES})", "F", max_pool, doc)
    _published(f"{name}(input, {_MAX_OPTIONS})", "torch", max_pool, doc)
    both = (
        f"{name} together with the places of the maxima in their planes.\n\n    errors  as {name}"
    )
    _published(f"{name}_with_indices(input, {_MAX_OPTIONS}, {_INDICES})", "F", with_indices, both)
    if rank == 1:
        _published(f"{name}_with_indices(input, {_MAX_OPTIONS})", "torch", with_indices, both)


def _define_avg_pool(rank: int) -> None:
    name, card = f"avg_pool{rank}d", _MEAN[max(rank, 2)]

    def avg_pool(
        input,
        kernel_size,
        stride=None,
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
    ):
        divisor = divisor_override
        options = arguments.avg_options(name, rank, kernel_size, stride, padding, divisor)
        x = input if rank > 1 else _as_image(name, input)
        try:
            y = card.run((x, *options, bool(ceil_mode), bool(count_include_pad), divisor or 0))
        except Exception:
            arguments.check_avg(name, rank, input, *options, ceil_mode)
            raise
        return y if rank > 1 else y.squeeze(-2)

    doc = f"""The mean of every window over the last {rank} dimension(s).

    stride: kernel_size unless given. count_include_pad: the padding counts among a window's cells.
    divisor_override: what sums are divided by instead.

    shape   input (N, C, *S) or (C, *S) -> (N, C, *L) or (C, *L)
    errors  RuntimeError: no window fits, options that do not; NotImplementedError: integers but
            int64
    """
    divisor = ", divisor_override: int | None = None, *, out=None" if rank > 1 else ""
    at = "torch F" if rank == 1 else "F"
    _published(f"{name}(input, {_AVG_OPTIONS}{divisor})", at, avg_pool, doc)


def _define_adaptive_avg_pool(rank: int) -> None:
    name, card = f"adaptive_avg_pool{rank}d", _ADAPTIVE_MEAN[max(rank, 2)]

    def adaptive_avg_pool(input, output_size):
        size = arguments.adaptive_size(name, rank, input, output_size)
        if rank > 1 and size == (1,) * rank:
            return _OF_ALL[rank].run((input, size))
        x = input if rank > 1 else _as_image(name, input)
        y = card.run((x, size if rank > 1 else (1, *size)))
        return y if rank > 1 else y.squeeze(-2)

    doc = f"""Means of output_size windows of the last {rank} dimension(s).

    output_size: an int, or one per dimension; None keeps a dimension.

    shape   input (N, C, *S) or (C, *S) -> (N, C, *output_size) or (C, *output_size)
    errors  RuntimeError: nothing to pool, another number of dimensions; NotImplementedError:
            integers
    """
    at = "torch F" if rank == 1 else "F"
    _published(f"{name}(input, {_OUT_SIZE})", at, adaptive_avg_pool, doc)


def _define_adaptive_max_pool(rank: int) -> None:
    name, card = f"adaptive_max_pool{rank}d", _ADAPTIVE_MAX[max(rank, 2)]

    def with_indices(input, output_size, return_indices=False):
        size = arguments.adaptive_size(name, rank, input, output_size)
        x = input if rank > 1 else _as_image(name, input)
        y, i = card.run((x, size if rank > 1 else (1, *size)))
        return (y, i) if rank > 1 else (y.squeeze(-2), i.squeeze(-2))

    def adaptive_max_pool(input, output_size, return_indices=False):
        found = with_indices(input, output_size)
        return found if return_indices else found[0]

    doc = f"""Maxima of output_size windows of the last {rank} dimension(s).

    output_size: an int, or one per dimension; None keeps a dimension. return_indices: also where in
    its plane each maximum was found.

    shape   input (N, C, *S) or (C, *S) -> (N, C, *output_size) or (C, *output_size)
    errors  RuntimeError: nothing to pool, another number of dimensions; NotImplementedError: bool
    """
    both = (
        f"{name} together with the places of the maxima in their planes.\n\n    errors  as {name}"
    )
    _published(f"{name}(input, {_OUT_SIZE}, {_INDICES})", "F", adaptive_max_pool, doc)
    _published(f"{name}_with_indices(input, {_OUT_SIZE}, {_INDICES})", "F", with_indices, both)
    if rank == 1:  # torch.adaptive_max_pool1d gives both, unlike F's
        _published(f"{name}(input, {_OUT_SIZE})", "torch", with_indices, both)


def _define_lp_pool(rank: int) -> None:
    def lp_pool(input, norm_type, kernel_size, stride=None, ceil_mode=False):
        cells = prod(arguments.numbers(kernel_size, rank))
        y = FUNCTIONAL[f"avg_pool{rank}d"](input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
        return (y.sign() * y.abs().relu()).mul(cells).pow(1.0 / norm_type)

    doc = f"""(Σ x^norm_type)^(1 / norm_type) of every window over {rank} dimension(s).

    shape   as avg_pool{rank}d
    errors  as avg_pool{rank}d
    """
    text = f"lp_pool{rank}d(input, norm_type: float, {_KERNEL}, ceil_mode: bool = False)"
    _published(text, "F", lp_pool, doc)


def _define_max_unpool(rank: int) -> None:
    name, card = f"max_unpool{rank}d", _UNPOOL[max(rank, 2)]

    def max_unpool(input, indices, kernel_size, stride=None, padding=0, output_size=None):
        options = arguments.unpool_options(rank, kernel_size, stride, padding)
        size = arguments.unpooled_size(rank, input, *options, output_size)
        arguments.check_unpool(name, rank, input, indices, size)
        if rank > 1:
            return card.run((input, indices, size))
        return card.run((input.unsqueeze(-2), indices.unsqueeze(-2), (1, *size))).squeeze(-2)

    doc = f"""The inverse of max_pool{rank}d: maxima put back, 0 elsewhere.

    output_size: which of the possible input sizes is meant.

    shape   input, indices (N, C, *L) or (C, *L) -> (N, C, *S) or (C, *S)
    errors  ValueError: an output_size that was not possible; RuntimeError: wrong indices
    """
    text = f"{name}(input, indices: Tensor, {_KERNEL}, padding: {_SIZES} = 0, "
    _published(text + "output_size: Sequence[int] | None = None)", "F", max_unpool, doc)


def _define_fractional_max_pool(rank: int) -> None:
    name, card = f"fractional_max_pool{rank}d", _FRACTIONAL[rank]

    def with_indices(
        input,
        kernel_size,
        output_size=None,
        output_ratio=None,
        return_indices=False,
        _random_samples=None,
    ):
        kernel = arguments.numbers(kernel_size, rank)
        size = arguments.fractional_size(name, rank, input, kernel, output_size, output_ratio)
        u = _random_samples
        if u is None:
            n = input.shape[0] if input.ndim == rank + 2 else 1
            u = FUNCTIONS["rand"](n, input.shape[-1 - rank], rank, dtype=input.dtype)
        return tuple(card.run((input, kernel, size, u.detach())))

    def fractional_max_pool(
        input,
        kernel_size,
        output_size=None,
        output_ratio=None,
        return_indices=False,
        _random_samples=None,
    ):
        found = with_indices(input, kernel_size, output_size, output_ratio, True, _random_samples)
        return found if return_indices else found[0]

    doc = """The maxima of output_size windows at pseudo-random places.

    output_ratio: the output size as a share of the input's, instead. return_indices: also where in
    its plane each maximum was found.

    shape   input (N, C, *S) or (C, *S) -> (N, C, *output_size) or (C, *output_size)
    errors  ValueError: neither size nor ratio, a ratio outside (0, 1); RuntimeError: a kernel that
            does not fit
    source  Graham 2014, arXiv:1412.6071
    """
    both = (
        f"{name} together with the places of the maxima in their planes.\n\n    errors  as {name}"
    )
    options = (
        f"input, kernel_size: {_SIZES}, output_size: {_SIZES} | None = None, "
        "output_ratio: float | Sequence[float] | None = None, "
        f"{_INDICES}, _random_samples: Tensor | None = None"
    )
    _published(f"{name}({options})", "F", fractional_max_pool, doc)
    _published(f"{name}_with_indices({options})", "F", with_indices, both)


for _rank in (1, 2, 3):
    _define_max_pool(_rank)
    _define_avg_pool(_rank)
    _define_adaptive_avg_pool(_rank)
    _define_adaptive_max_pool(_rank)
    _define_lp_pool(_rank)
    _define_max_unpool(_rank)
for _rank in (2, 3):
    _define_fractional_max_pool(_rank)
