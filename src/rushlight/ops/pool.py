"""Pooling: maxima, means and norms of windows; adaptive and fractional windows; unpooling.

N batch, C channels, S spatial sizes of the input, L of the output. The cards of users' calls take
(N, C, *S) or (C, *S); one class makes the card of two dimensions and the one of three, whose nodes
PyTorch names apart. Rows (one dimension) are pooled as images of height 1, as PyTorch does.
"""

from __future__ import annotations

from math import prod

import numpy as np

from ..core.tensor import Tensor
from ..dispatch.on_tensors import translate
from ..dispatch.registry import CARDS, FUNCTIONAL, FUNCTIONS, Card, apply, composite, op
from ..kernels import K
from . import pool_arguments as arguments


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


def _cards(source: type, name: str, node: str, **options) -> None:
    """Cards `name`2d and `name`3d of one class; # in `node` stands for the rank."""
    for rank in (2, 3):
        card = Card(source, f"{name}{rank}d", node=node.replace("#", str(rank)), **options)
        card.samples = getattr(source, f"samples{rank}d", None)
        CARDS[card.name] = card


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
        y = np.zeros((*planes, prod(size)), x.dtype)
        np.put_along_axis(y, i.reshape(*planes, -1), x.reshape(*planes, -1), -1)
        return y.reshape(*planes, *size)

    def backward(c, dy, i, size):
        return _take(dy, i, len(size))


_maxima = {"tensors": 1, "extras": ("i",), "returns": ("output", "indices")}
_cards(MaxPool, "_max_pool", "MaxPool#DWithIndices", **_maxima)
_cards(AdaptiveMaxPool, "_adaptive_max_pool", "AdaptiveMaxPool#D", **_maxima)
_cards(FractionalMaxPool, "_fractional_max_pool", "FractionalMaxPool#D", **_maxima)
_cards(MaxUnpool, "_max_unpool", "MaxUnpool#D", tensors=1)


@op("_max_pool_dx", fn=False, method=False, tensors=1, node="MaxPoolBackward")
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


@op("_max_pool_take", fn=False, method=False, tensors=1, node="MaxUnpoolBackward")
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


_cards(AvgPool, "_avg_pool", "AvgPool#D", tensors=1)
_cards(AdaptiveAvgPool, "_adaptive_avg_pool", "AdaptiveAvgPool#D", tensors=1)
_cards(AdaptiveAvgPool, "_mean_pool", "Mean1", tensors=1)  # PyTorch's node for windows of all cells


@op("_avg_pool_dx", fn=False, method=False, tensors=1, node="AvgPoolBackward")
class AvgPoolDx:
    """dx of AvgPool from dy (N, C, *L); linear, so that its gradient is AvgPool of ddx"""

    def forward(dy, x_shape, kernel, stride, padding, ceil, count_include_pad, divisor):
        options = (kernel, stride, padding, ceil, count_include_pad, divisor)
        return _AVG_DX[len(kernel)](dy, x_shape, *options)

    def backward(c, ddx, kernel, stride, padding, ceil, count_include_pad, divisor):
        options = (kernel, stride, padding, ceil, count_include_pad, divisor)
        return _AVG[len(kernel)](ddx, *options)


@op("_adaptive_avg_pool_dx", fn=False, method=False, tensors=1, node="AdaptiveAvgPoolBackward")
class AdaptiveAvgPoolDx:
    """dx of AdaptiveAvgPool from dy (N, C, *L); its gradient is AdaptiveAvgPool of ddx"""

    def forward(dy, x_shape):
        return K.adaptive_avg_pool_dx(dy, x_shape)

    def backward(c, ddx, dy_shape):
        return K.adaptive_avg_pool(ddx, dy_shape[2:])

    def samples(make):
        yield make(2, 3, 2, 3), (2, 3, 4, 5)


def _word(name: str):
    """What a kernel's name means on Tensors: the card `name`."""
    return lambda *args: apply(CARDS[name], args)


def _adaptive_word(x, size):
    return apply(CARDS[f"_adaptive_avg_pool{len(size)}d"], (x, tuple(size)))


for _rank in (2, 3):
    translate(f"max_pool{_rank}d_dx", _word("_max_pool_dx"))
    translate(f"avg_pool{_rank}d", _word(f"_avg_pool{_rank}d"))
    translate(f"avg_pool{_rank}d_dx", _word("_avg_pool_dx"))
translate("max_pool_take", _word("_max_pool_take"))
translate("adaptive_avg_pool", _adaptive_word)
translate("adaptive_avg_pool_dx", _word("_adaptive_avg_pool_dx"))


# ---------------------------------------------------------------- what users call


def _as_image(name: str, input: Tensor) -> Tensor:
    """A batch of rows (N, C, L) or (C, L) as images of height 1."""
    arguments.check_rows(name, input)
    return input.unsqueeze(-2)


def _define_max_pool(rank: int) -> None:
    name, card = f"max_pool{rank}d", CARDS[f"_max_pool{max(rank, 2)}d"]

    def with_indices(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
        arguments.check_tensor(name, input)
        options = arguments.max_options(name, rank, kernel_size, stride, padding, dilation)
        x = input if rank > 1 else _as_image(name, input)
        try:
            y, i = apply(card, (x, *options, bool(ceil_mode)))
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
        found = with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)
        return found if return_indices else found[0]

    with_indices.__doc__ = f"{name} together with the places of the maxima in their planes."
    max_pool.__doc__ = f"""The largest cell of every window over the last {rank} dimension(s).

    stride: kernel_size unless given. ceil_mode: a last window may reach beyond the end.
    return_indices: also where in its plane each maximum was found. RuntimeError: no window fits.
    """
    _publish(name, max_pool)
    _publish(f"{name}_with_indices", with_indices, fn=rank == 1)


def _define_avg_pool(rank: int) -> None:
    name, card = f"avg_pool{rank}d", CARDS[f"_avg_pool{max(rank, 2)}d"]

    def pool(input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor):
        arguments.check_tensor(name, input)
        options = arguments.avg_options(name, rank, kernel_size, stride, padding, divisor)
        x = input if rank > 1 else _as_image(name, input)
        try:
            y = apply(card, (x, *options, bool(ceil_mode), bool(count_include_pad), divisor or 0))
        except Exception:
            arguments.check_avg(name, rank, input, *options, ceil_mode)
            raise
        return y if rank > 1 else y.squeeze(-2)

    def avg_pool1d(
        input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
    ):
        return pool(input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)

    def avg_pool(
        input,
        kernel_size,
        stride=None,
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
    ):
        options = (stride, padding, ceil_mode, count_include_pad, divisor_override)
        return pool(input, kernel_size, *options)

    function = avg_pool1d if rank == 1 else avg_pool
    function.__doc__ = f"""The mean of every window over the last {rank} dimension(s).

    stride: kernel_size unless given. count_include_pad: the padding counts among a window's cells.
    divisor_override: what sums are divided by instead. RuntimeError: no window fits.
    """
    _publish(name, function, fn=rank == 1)


def _define_adaptive_avg_pool(rank: int) -> None:
    name, card = f"adaptive_avg_pool{rank}d", CARDS[f"_adaptive_avg_pool{max(rank, 2)}d"]

    def adaptive_avg_pool(input, output_size):
        arguments.check_tensor(name, input)
        size = arguments.adaptive_size(name, rank, input, output_size)
        if rank > 1 and size == (1,) * rank:
            return apply(CARDS[f"_mean_pool{rank}d"], (input, size))
        x = input if rank > 1 else _as_image(name, input)
        y = apply(card, (x, size if rank > 1 else (1, *size)))
        return y if rank > 1 else y.squeeze(-2)

    adaptive_avg_pool.__doc__ = f"""Means of output_size windows of the last {rank} dimension(s).

    output_size: an int, or one per dimension; None keeps a dimension. RuntimeError: empty input.
    """
    _publish(name, adaptive_avg_pool, fn=rank == 1)


def _define_adaptive_max_pool(rank: int) -> None:
    name, card = f"adaptive_max_pool{rank}d", CARDS[f"_adaptive_max_pool{max(rank, 2)}d"]

    def with_indices(input, output_size):
        arguments.check_tensor(name, input)
        size = arguments.adaptive_size(name, rank, input, output_size)
        x = input if rank > 1 else _as_image(name, input)
        y, i = apply(card, (x, size if rank > 1 else (1, *size)))
        return (y, i) if rank > 1 else (y.squeeze(-2), i.squeeze(-2))

    def adaptive_max_pool(input, output_size, return_indices=False):
        found = with_indices(input, output_size)
        return found if return_indices else found[0]

    with_indices.__doc__ = f"{name} together with the places of the maxima in their planes."
    adaptive_max_pool.__doc__ = f"""Maxima of output_size windows of the last {rank} dimension(s).

    output_size: an int, or one per dimension; None keeps a dimension. RuntimeError: empty input.
    """
    _publish(name, adaptive_max_pool, fn=False)
    _publish(f"{name}_with_indices", with_indices, fn=False)
    if rank == 1:  # torch.adaptive_max_pool1d gives both, unlike F's
        FUNCTIONS[name] = with_indices


def _define_lp_pool(rank: int) -> None:
    def lp_pool(input, norm_type, kernel_size, stride=None, ceil_mode=False):
        cells = prod(arguments.numbers(kernel_size, rank))
        power = input.pow(norm_type)
        y = FUNCTIONAL[f"avg_pool{rank}d"](power, kernel_size, stride, 0, ceil_mode)
        return (y.sign() * y.abs().relu()).mul(cells).pow(1.0 / norm_type)

    lp_pool.__doc__ = (
        f"""(Σ x^norm_type)^(1 / norm_type) of every window over {rank} dimension(s)."""
    )
    _publish(f"lp_pool{rank}d", lp_pool, fn=False)


def _define_max_unpool(rank: int) -> None:
    name, card = f"max_unpool{rank}d", CARDS[f"_max_unpool{max(rank, 2)}d"]

    def max_unpool(input, indices, kernel_size, stride=None, padding=0, output_size=None):
        arguments.check_tensor(name, input)
        options = arguments.unpool_options(rank, kernel_size, stride, padding)
        size = arguments.unpooled_size(rank, input, *options, output_size)
        arguments.check_unpool(name, rank, input, indices, size)
        if rank > 1:
            return apply(card, (input, indices, size))
        return apply(card, (input.unsqueeze(-2), indices.unsqueeze(-2), (1, *size))).squeeze(-2)

    max_unpool.__doc__ = f"""The inverse of max_pool{rank}d: maxima put back, 0 elsewhere.

    output_size: which of the possible input sizes is meant. ValueError: one that was not possible.
    """
    _publish(name, max_unpool, fn=False)


def _define_fractional_max_pool(rank: int) -> None:
    name, card = f"fractional_max_pool{rank}d", CARDS[f"_fractional_max_pool{rank}d"]

    def with_indices(
        input,
        kernel_size,
        output_size=None,
        output_ratio=None,
        return_indices=False,
        _random_samples=None,
    ):
        arguments.check_tensor(name, input)
        kernel = arguments.numbers(kernel_size, rank)
        size = arguments.fractional_size(name, rank, input, kernel, output_size, output_ratio)
        u = _random_samples
        if u is None:
            n = input.shape[0] if input.ndim == rank + 2 else 1
            u = FUNCTIONS["rand"](n, input.shape[-1 - rank], rank, dtype=input.dtype)
        y, i = apply(card, (input, kernel, size, u.detach()))
        return y, i

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

    with_indices.__doc__ = f"{name} together with the places of the maxima in their planes."
    fractional_max_pool.__doc__ = """The maxima of output_size windows at pseudo-random places.

    output_ratio: the output size as a share of the input's, instead. ValueError: neither is given.
    """
    _publish(name, fractional_max_pool, fn=False)
    _publish(f"{name}_with_indices", with_indices, fn=False)


def _publish(name: str, function, fn: bool = True) -> None:
    function.__name__ = function.__qualname__ = name
    composite(name, fn=fn, functional=True)(function)


for _rank in (1, 2, 3):
    _define_max_pool(_rank)
    _define_avg_pool(_rank)
    _define_adaptive_avg_pool(_rank)
    _define_adaptive_max_pool(_rank)
    _define_lp_pool(_rank)
    _define_max_unpool(_rank)
for _rank in (2, 3):
    _define_fractional_max_pool(_rank)
