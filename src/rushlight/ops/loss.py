"""Losses of regression: what training makes small.

reduction is "mean", "sum" or "none" in torch.nn.functional, and 1, 2 or 0 in the functions of
`torch` that have the same names. cross_entropy.py has the losses of classification.
"""

from __future__ import annotations

import math
from math import prod
from typing import Any

import numpy as np

from ..core.grad_mode import no_grad
from ..core.notices import warn
from ..core.tensor import Tensor
from ..dispatch.promotion import real
from ..dispatch.registry import composite, internal
from ..kernels import K
from .expand import broadcast_tensors
from .narrow import is_narrow, rounded, wide

# ---------------------------------------------------------------- what all losses share


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """loss itself, its mean or its sum. ValueError: another word."""
    if reduction == "mean":
        return loss.mean()
    if reduction == "sum":
        return loss.sum()
    if reduction == "none":
        return loss
    raise ValueError(f"{reduction} is not a valid value for reduction")


def reduction_word(size_average, reduce, reduction: str) -> str:
    """The reduction that PyTorch's legacy arguments size_average and reduce ask for, with its
    warning.
    """
    if size_average is None and reduce is None:
        return reduction
    size_average = True if size_average is None else size_average
    reduce = True if reduce is None else reduce
    word = "none" if not reduce else "mean" if size_average else "sum"
    warn(
        f"size_average and reduce args will be deprecated, please use reduction='{word}' instead.",
    )
    return word


def checked_word(size_average, reduce, reduction: str) -> str:
    """The reduction of a call. ValueError: another word than mean, sum, none."""
    if size_average is not None or reduce is not None:
        reduction = reduction_word(size_average, reduce, reduction)
    if reduction == "elementwise_mean":
        warn("reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.")
        return "mean"
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def numbered(name: str, reduction: Any) -> str:
    """The word for a reduction of a function of `torch`. TypeError: not an int."""
    if not isinstance(reduction, int):
        raise TypeError(
            f"{name}(): argument 'reduction' must be int, not {type(reduction).__name__}"
        )
    return {1: "mean", 2: "sum"}.get(reduction, "none")


# ---------------------------------------------------------------- losses of a difference


def _difference(name: str, node: str, loss, derivative, doc: str, whole, whole_dx=None):
    """The card of a loss of the difference d = x - y, with its reduction inside.

    derivative       an odd function of d, so that dy = derivative(y - x)
    whole, whole_dx  the loss of (x, y, p, mean) reduced, and its dx, for operands of one shape
    """

    class Loss:
        __doc__ = doc

        def forward(x, y, reduction, p):
            if is_narrow(x):
                return rounded(Loss.forward(wide(x), wide(y), reduction, p), x)
            if reduction != "none" and x.shape == y.shape:
                return whole(x, y, p, reduction == "mean")
            z = loss(K.sub(x, y), p)
            if reduction == "none":
                return z
            return K.mean(z) if reduction == "mean" else K.sum(z)

        def backward(c, dz, x, y, reduction, p):
            narrow, kept = is_narrow(x), x
            if narrow:
                dz, x, y = wide(dz), wide(x), wide(y)
            if whole_dx is not None and reduction != "none" and x.shape == y.shape:
                mean = reduction == "mean"
                dx = whole_dx(dz, x, y, mean) if c.needs(0) else None
                dy = whole_dx(dz, y, x, mean) if c.needs(1) else None
            else:
                if reduction == "mean":
                    dz = dz / max(_size(x, y), 1)
                dx = dz * derivative(x - y, p) if c.needs(0) else None
                dy = dz * derivative(y - x, p) if c.needs(1) else None
            return (rounded(dx, kept), rounded(dy, kept)) if narrow else (dx, dy)

        def samples(make):
            yield make(4, 3).T, make(3, 4), "mean", 0.7
            yield make(0, 2), make(0, 2), "sum", 1.0
            yield make(3, 4), make(3, 4), "mean", 1.0
            yield make(3, 4), make(4), "sum", 0.5
            yield make(), make(), "none", 1.0

    options: dict[str, Any] = {"promote": "arith", "broadcast": True, "tensors": 2}
    return internal(name, node=node, not_for="iubc", kernel=f"{name}_cpu", **options)(Loss)


def _size(x, y) -> int:
    """The number of elements of x and y broadcast together."""
    a, b = tuple(x.shape), tuple(y.shape)
    return prod(a if a == b else np.broadcast_shapes(a, b))


MSE = _difference(
    "mse",
    "MseLoss",
    lambda d, p: d * d,
    lambda d, p: d * 2,
    "L = (x - y)²;  dx = 2 (x - y)",
    lambda x, y, p, mean: K.mse_loss(x, y, mean),
    K.mse_loss_dx,
)
HUBER = _difference(
    "huber",
    "HuberLoss",
    K.huber,
    K.huber_slope,
    "L = d²/2 where |d| < delta, else delta (|d| - delta/2)",
    K.huber_loss,
)
SMOOTH_L1 = _difference(
    "smooth_l1",
    "SmoothL1Loss",
    K.smooth_l1,
    K.smooth_l1_slope,
    "L = d²/(2 beta) where |d| < beta, else |d| - beta/2",
    K.smooth_l1_loss,
)


def _warn_of_sizes(input: Tensor, target: Tensor) -> None:
    """PyTorch's warning about sizes that differ and broadcast."""
    if input._a.shape != target._a.shape:
        warn(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}). This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
        )


def _weighted(loss: Tensor, weight: Tensor, reduction: str) -> Tensor:
    """A loss by elements' weights; the mean is over the sum of weights."""
    loss = loss * weight
    if reduction == "mean":
        return loss.sum() / weight.expand(loss._a.shape).sum()
    return reduced(loss, reduction)


def _check_weight(input: Tensor, weight: Tensor | None) -> None:
    if weight is not None and weight._a.shape != input._a.shape:
        raise ValueError("Weights and input must have the same size.")


def _of_difference(card, input, target, reduction, p, weight) -> Tensor:
    _warn_of_sizes(input, target)
    _check_weight(input, weight)
    kept = input.dtype
    if target.dtype is not kept:  # PyTorch expands first: no 0-d operand is left that gives way
        input, target = broadcast_tensors(input, target)
    if card is HUBER and target.dtype is not kept:
        loss = card.run((input, target, "none", p)).to(kept)
        return reduced(loss, reduction) if weight is None else _weighted(loss, weight, reduction)
    if weight is None:
        return card.run((input, target, reduction, p))
    return _weighted(card.run((input, target, "none", p)), weight, reduction)


@composite(
    "mse_loss(input, target, size_average: bool | None = None, reduce: bool | None = None, "
    "reduction='mean', weight: Tensor | None = None)",
    at="F",
)
def mse_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """L = (input - target)², reduced; weight: for each element.

    shape   input (*), target (*), broadcast with a warning -> (), or (*) without reduction
    errors  ValueError: another reduction, a weight of another size; NotImplementedError: integers

    >>> F.mse_loss(tensor([1.0, 3.0]), tensor([0.0, 0.0]))
    tensor(5.)
    """
    reduction = checked_word(size_average, reduce, reduction)
    return _of_difference(MSE, input, target, reduction, 0.0, weight)


@composite(
    "l1_loss(input, target, size_average: bool | None = None, reduce: bool | None = None, "
    "reduction='mean', weight: Tensor | None = None)",
    at="F",
)
def l1_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """L = |input - target|, reduced; weight: for each element.

    shape   as mse_loss
    errors  ValueError: another reduction, a weight of another size; RuntimeError: the mean of
            integers, bool

    >>> F.l1_loss(tensor([1.0, 3.0]), tensor([0.0, 0.0]))
    tensor(2.)
    """
    reduction = checked_word(size_average, reduce, reduction)
    _warn_of_sizes(input, target)
    _check_weight(input, weight)
    if target.dtype is not input.dtype:
        input, target = broadcast_tensors(input, target)
    loss = (input - target).abs()
    return reduced(loss, reduction) if weight is None else _weighted(loss, weight, reduction)


@composite(
    "smooth_l1_loss(input, target, size_average: bool | None = None, reduce: bool | None = None, "
    "reduction='mean', beta: float = 1.0)",
    at="F",
)
def smooth_l1_loss(input, target, size_average=None, reduce=None, reduction="mean", beta=1.0):
    """L = d²/(2 beta) where |d| < beta, else |d| - beta/2, reduced; d = input - target.

    shape   as mse_loss
    errors  RuntimeError: beta < 0; ValueError: another reduction; NotImplementedError: integers
    source  Girshick 2015, arXiv:1504.08083

    >>> F.smooth_l1_loss(tensor([0.5, 3.0]), tensor([0.0, 0.0]), reduction="none")
    tensor([0.1250, 2.5000])
    """
    reduction = checked_word(size_average, reduce, reduction)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        _warn_of_sizes(input, target)
        return reduced((input - target).abs(), reduction)
    return _of_difference(SMOOTH_L1, input, target, reduction, real(beta), None)


@composite(
    "huber_loss(input, target, reduction='mean', delta: float = 1.0, weight: Tensor | None = None)",
    at="F",
)
def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """L = d²/2 where |d| < delta, else delta (|d| - delta/2), reduced; d = input - target.

    shape   as mse_loss
    errors  RuntimeError: delta <= 0; ValueError: another reduction, a weight of another size;
            NotImplementedError: integers
    source  Huber 1964, doi:10.1214/aoms/1177703732

    >>> F.huber_loss(tensor([0.5, 3.0]), tensor([0.0, 0.0]), reduction="none")
    tensor([0.1250, 2.5000])
    """
    reduction = checked_word(None, None, reduction)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    return _of_difference(HUBER, input, target, reduction, real(delta), weight)


# ---------------------------------------------------------------- likelihoods of distributions


@composite(
    "poisson_nll_loss(input, target, log_input: bool = True, full: bool = False, "
    "size_average: bool | None = None, eps: float = 1e-8, reduce: bool | None = None, "
    "reduction='mean')",
    at="F",
)
def poisson_nll_loss(
    input,
    target,
    log_input=True,
    full=False,
    size_average=None,
    eps=1e-8,
    reduce=None,
    reduction="mean",
):
    """L = e^x - y x, or x - y log(x + eps) if not log_input.

    full: + Stirling's y log y - y + log(2 π y) / 2 where y > 1.

    shape   input (*), target (*), broadcast -> (), or (*) without reduction
    errors  ValueError: another reduction
    """
    reduction = checked_word(size_average, reduce, reduction)
    return _poisson(input, target, log_input, full, eps, reduction)


@composite(
    "poisson_nll_loss(input, target, log_input: bool, full: bool, eps: float, reduction: int)",
    at="torch",
)
def torch_poisson_nll_loss(input, target, log_input, full, eps, reduction):
    """torch.nn.functional.poisson_nll_loss, all arguments to be given; reduction is 0, 1 or 2.

    shape   and errors as there
    """
    return _poisson(input, target, log_input, full, eps, numbered("poisson_nll_loss", reduction))


def _poisson(input, target, log_input, full, eps, reduction) -> Tensor:
    loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        loss = loss + stirling.masked_fill(target <= 1, 0)
    return reduced(loss, reduction)


@composite(
    "gaussian_nll_loss(input, target, var: Tensor | Number, full: bool = False, "
    "eps: float = 1e-6, reduction='mean')",
    at="F",
)
def gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction="mean"):
    """L = (log max(var, eps) + (x - y)² / max(var, eps)) / 2; full: + log(2 π) / 2.

    shape   var: a number, input's shape, or that without (or with 1 for) the last dimension
    errors  ValueError: var of another shape or negative, another reduction
    """
    if isinstance(var, Tensor):
        K.refuse(var._a < 0, ValueError("var has negative entry/entries"))
        a, b = tuple(input._a.shape), tuple(var._a.shape)
        if a != b:
            if a[:-1] == b:
                var = var.unsqueeze(-1)
            elif (
                len(a) != len(b)
                or sum(m != n for m, n in zip(a, b, strict=True)) > 1
                or any(m != n and n != 1 for m, n in zip(a, b, strict=True))
            ):
                raise ValueError("var is of incorrect size")
    else:
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = input.new_full(tuple(input._a.shape), float(var))
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(reduction + " is not valid")
    var = var.clone()
    with no_grad():  # the gradient passes through the bound
        var.clamp_(min=eps)
    loss = 0.5 * (var.log() + (input - target) ** 2 / var)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return reduced(loss, reduction)
