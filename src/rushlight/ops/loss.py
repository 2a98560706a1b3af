"""Losses: what training makes small. reduction is 'mean', 'sum' or 'none' everywhere.

N batch, C classes, * further dimensions.
"""

from __future__ import annotations

import math
import warnings
from math import prod

import numpy as np

from ..core.grad_mode import no_grad
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import tensor_argument
from ..dispatch.on_tensors import translate
from ..dispatch.registry import CARDS, apply, composite, op
from ..kernels import K

_F32, _F64, _I64 = np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.int64)


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
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{word}' instead.",
        stacklevel=4,
    )
    return word


def _check_word(reduction: str) -> None:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction")


# ---------------------------------------------------------------- classification


@op("_cross_entropy", fn=False, method=False, tensors=1, extras=("logp",), node="NllLoss")
class _CrossEntropy:
    """L = -Σ log softmax(x)[n, t[n]] (mean: over the targets that are not ignored).

    shape   x (N, C), t (N) int64 -> ()
    grad    dx = dL (softmax(x) - one-hot(t)), 0 in ignored rows
    """

    def forward(x, t, ignore_index, mean):
        return K.cross_entropy(x, t, ignore_index, mean)

    def backward(c, dy, x, t, logp, ignore_index, mean):
        if isinstance(dy, Tensor):
            return _cross_entropy_dx_on_tensors(dy, x, t._a, ignore_index, mean)
        return K.cross_entropy_dx(dy, logp, t, ignore_index, mean)

    def samples(make):
        yield make(3, 5).T, make.indices(5, high=3), -100, True
        yield make(5, 3), make.indices(5, high=3), -100, True
        yield make(5, 3), make.indices(5, high=3), 1, False


def _cross_entropy_dx_on_tensors(dy, x, t, ignore_index, mean):
    kept = t != ignore_index
    hot = np.zeros(tuple(x.shape), x._a.dtype)
    rows = np.flatnonzero(kept)
    hot[rows, t[rows]] = 1
    keep = wrap(kept[:, None].astype(x._a.dtype))
    return (x.softmax(1) * keep - wrap(hot)) * (dy / len(rows) if mean else dy)


@composite("cross_entropy", fn=False, functional=True)
def cross_entropy(
    input,
    target,
    weight=None,
    size_average=None,
    ignore_index=-100,
    reduce=None,
    reduction="mean",
    label_smoothing=0.0,
):
    """-log softmax(input)[target], by class weights, smoothed, or against class probabilities.

    shape   input (C), (N, C) or (N, C, *); target () (N) or (N, *) of class indices int64, or
            probabilities of input's shape
    errors  IndexError: target out of range; ValueError: batch sizes; RuntimeError: dtypes
    """
    if size_average is not None or reduce is not None:
        reduction = reduction_word(size_average, reduce, reduction)
    tensor_argument("cross_entropy_loss", input)
    tensor_argument("cross_entropy_loss", target, "target", 2)
    x, t = input._a, target._a
    if (
        x.ndim == 2
        and t.ndim == 1
        and weight is None
        and label_smoothing == 0.0
        and t.dtype is _I64
        and reduction != "none"
        and (x.dtype is _F32 or x.dtype is _F64)
        and x.shape[0] == t.shape[0]
    ):
        _check_word(reduction)
        return apply(CARDS["_cross_entropy"], (input, target, ignore_index, reduction == "mean"))
    _check_word(reduction)
    if x.ndim == 0:
        raise RuntimeError("Expected input with at least one dimension (C, *), got a 0-d tensor")
    dim = 0 if x.ndim == 1 else 1
    classes = x.shape[dim]
    if x.shape == t.shape and x.ndim > 1 and t.dtype.kind not in "fV":
        raise RuntimeError(
            f"Expected floating point type for target with class probabilities, got {_name(target)}"
        )
    if x.shape == t.shape and t.dtype.kind in "fV":
        if ignore_index >= 0:
            raise RuntimeError("ignore_index is not supported for floating point target")
        return _soft_cross_entropy(input, target, weight, reduction, label_smoothing, dim, classes)
    logp = input.log_softmax(dim)
    if label_smoothing == 0.0:
        return nll_loss(logp, target, weight, None, ignore_index, None, reduction)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}")
    return _smoothed(logp, target, weight, ignore_index, reduction, label_smoothing, dim, classes)


def _name(t: Tensor) -> str:
    from ..core.dtype import scalar_name

    return scalar_name(t.dtype)


def _soft_cross_entropy(input, target, weight, reduction, smoothing, dim, classes):
    """-Σ_c w_c q_c log softmax(x)_c with probabilities q; the mean is over samples."""
    if not 0.0 <= smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {smoothing:g}")
    logp = input.log_softmax(dim)
    if smoothing:
        target = target * (1 - smoothing) + smoothing / classes
    if weight is not None:
        logp = logp * weight.reshape((1,) * dim + (-1,) + (1,) * (input._a.ndim - dim - 1))
    loss = -(logp * target).sum(dim)
    if reduction == "mean":
        return loss.sum() / max(input._a.size // classes, 1)
    return reduced(loss, reduction)


def _smoothed(logp, target, weight, ignore_index, reduction, smoothing, dim, classes):
    """(1 - s) nll + s/C Σ_c (-log p_c), both by class weights."""
    nll = nll_loss(logp, target, weight, None, ignore_index, None, reduction)
    keep = target._a != ignore_index
    if weight is not None:
        smooth = -(logp * weight.reshape((1,) * dim + (-1,) + (1,) * (logp._a.ndim - dim - 1))).sum(
            dim
        )
    else:
        smooth = -logp.sum(dim)
    smooth = smooth * wrap(keep.astype(logp._a.dtype))
    if reduction == "mean":
        if weight is not None:
            total = weight._a[np.where(keep, target._a, 0)][keep].sum()
        else:
            total = keep.sum()
        smooth = smooth.sum() / float(total)
    else:
        smooth = reduced(smooth, reduction)
    return nll * (1 - smoothing) + smooth * (smoothing / classes)


@op("_nll", fn=False, method=False, tensors=1, extras=("total",), node="NllLoss")
class _Nll:
    """L = -Σ w[t] x[n, t, *] (mean: divided by Σ w[t]), without ignored targets.

    shape   x (N, C, *), t (N, *) int64, w (C) or None -> () or (N, *)
    """

    def forward(x, t, w, ignore_index, reduction):
        keep = t != ignore_index
        bad = keep & ((t < 0) | (t >= x.shape[1]))
        if bad.any():
            raise IndexError(f"Target {int(t[bad][0])} is out of bounds.")
        at = np.where(keep, t, 0)
        picked = (
            np.take_along_axis(x, at[:, None], 1)[:, 0]
            if x.shape[1]
            else np.zeros(t.shape, x.dtype)
        )
        scale = keep.astype(x.dtype) if w is None else np.where(keep, w[at], 0).astype(x.dtype)
        loss = np.where(keep, -picked * scale, 0).astype(x.dtype)
        total = scale.sum()
        if reduction == "none":
            return loss, total
        return loss.sum() / total if reduction == "mean" else loss.sum(), total

    def backward(c, dy, x_shape, t, w, total, ignore_index, reduction):
        on_tensors = isinstance(dy, Tensor)
        t, w, total = (v._a if isinstance(v, Tensor) else v for v in (t, w, total))
        dtype = dy._a.dtype if on_tensors else dy.dtype
        keep = t != ignore_index
        at = np.where(keep, t, 0)
        scale = keep.astype(dtype) if w is None else np.where(keep, w[at], 0).astype(dtype)
        if reduction == "mean":
            scale = scale / total
        hot = np.zeros(x_shape, dtype)
        np.put_along_axis(hot, at[:, None], -scale[:, None], 1)
        if reduction == "none":
            dy = K.expand_dims(dy, 1)
        return dy * (wrap(hot) if on_tensors else hot)

    def samples(make):
        yield make(5, 3), make.indices(5, high=3), None, -100, "mean"
        yield make(5, 3), make.indices(5, high=3), make(3, low=0.5).detach(), 1, "mean"
        yield make(2, 3, 4), make.indices(2, 4, high=3), None, -100, "none"


CARDS["_nll2d"] = type(CARDS["_nll"])(
    CARDS["_nll"].source, "_nll2d", tensors=1, extras=("total",), node="NllLoss2D"
)


@composite("nll_loss", fn=False, functional=True)
def nll_loss(
    input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"
):
    """-input[n, target[n]] for log-probabilities input (N, C) or (N, C, *), by class weights.

    errors  IndexError: target out of range; ValueError: batch sizes; RuntimeError: dtypes, shapes
    """
    if size_average is not None or reduce is not None:
        reduction = reduction_word(size_average, reduce, reduction)
    _check_word(reduction)
    x, t = input._a, target._a
    batch = t.shape[0] if t.ndim else 0
    if x.ndim > 1 and x.shape[0] != batch:
        raise ValueError(
            f"Expected input batch_size ({x.shape[0]}) to match target batch_size ({batch})."
        )
    if t.dtype != np.int64 and t.dtype != np.uint8:
        from ..core.dtype import scalar_name

        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {scalar_name(target.dtype)}\n"
            "  target must hold class indices (int64), or probabilities of the shape of input "
            f"{tuple(x.shape)}; it is {target.dtype} of shape {tuple(t.shape)}"
        )
    if x.ndim == 0:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if x.ndim == 1:
        if (t.ndim > 0 and t.size != 1) or t.ndim > 1:
            raise RuntimeError(
                "For 1D input, 0D or 1D target are expected, but got " + f"{t.ndim}D target"
            )
        loss = apply(
            CARDS["_nll"], (input.unsqueeze(0), target.reshape(1), weight, ignore_index, reduction)
        )
        return loss.reshape(t.shape) if reduction == "none" else loss
    if x.shape[2:] != t.shape[1:]:
        raise RuntimeError(
            f"Expected target size {[x.shape[0], *x.shape[2:]]}, got {list(t.shape)}"
        )
    if weight is not None and weight._a.dtype != x.dtype:
        raise RuntimeError(f"expected scalar type {_name(input)} but found {_name(weight)}")
    if weight is not None and weight._a.shape != (x.shape[1],):
        raise RuntimeError(
            "weight tensor should be defined either for all "
            f"{x.shape[1]} classes or no classes but got weight "
            f"tensor of shape: {list(weight._a.shape)}"
        )
    return apply(
        CARDS["_nll" if x.ndim == 2 else "_nll2d"], (input, target, weight, ignore_index, reduction)
    )


@composite("kl_div", functional=True)
def kl_div(input, target, size_average=None, reduce=None, reduction="mean", log_target=False):
    """Σ q (log q - input) for log-probabilities input and probabilities (or, log_target, log-
    probabilities) target.

    reduction 'batchmean' divides the sum by the batch size, which is the divergence; 'mean' by all
    elements.
    """
    if size_average is not None or reduce is not None:
        reduction = reduction_word(size_average, reduce, reduction)
    if reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support "
            "size.'batchmean' divides only by the batch size, and aligns with the KL div math "
            "definition.'mean' will be changed to behave the same as 'batchmean' in the next major "
            "release.",
            stacklevel=2,
        )
    if log_target:
        loss = target.exp() * (target - input)
    else:
        loss = target.xlogy(target) - target * input
    if reduction == "batchmean":
        return loss.sum() / input._a.shape[0] if input._a.ndim else loss.sum()
    return reduced(loss, reduction)


# ---------------------------------------------------------------- regression


def _elementwise(name: str, node: str, forward, derivative, doc: str, kernels=None) -> None:
    """Register a loss of the difference d = x - y with its reduction inside.

    card _name, one pass forward. kernels: that do it all for operands of one shape, and its dx.
    """

    class Loss:
        __doc__ = doc

        def forward(x, y, reduction, p):
            if kernels is not None and reduction != "none" and x.shape == y.shape:
                return kernels[0](x, y, reduction == "mean")
            loss = forward(x - y, p)
            if reduction == "none":
                return loss
            return K.mean(loss) if reduction == "mean" else K.sum(loss)

        def backward(c, dy, x, y, reduction, p):
            if kernels is not None and reduction != "none" and x.shape == y.shape:
                dx = kernels[1](dy, x, y, reduction == "mean")
                return dx if c.needs(0) else None, -dx if c.needs(1) else None
            d = derivative(x - y, p)
            if reduction == "mean":
                dy = dy / max(_size(x, y), 1)
            dx = dy * d
            return dx if c.needs(0) else None, -dx if c.needs(1) else None

        def samples(make):
            yield make(4, 3).T, make(3, 4), "mean", 0.7
            yield make(0, 2), make(0, 2), "sum", 1.0
            yield make(3, 4), make(3, 4), "mean", 1.0
            yield make(3, 4), make(4), "sum", 0.5
            yield make(), make(), "none", 1.0

    op(f"_{name}", fn=False, method=False, tensors=2, promote="arith", broadcast=True, node=node)(
        Loss
    )


def _size(x, y) -> int:
    """The number of elements of x and y broadcast together."""
    a, b = tuple(x.shape), tuple(y.shape)
    return prod(a if a == b else np.broadcast_shapes(a, b))


def _huber(d, p):
    a = K.abs(d)
    return K.where(a < p, 0.5 * d * d, p * (a - 0.5 * p))


def _smooth_l1(d, p):
    a = K.abs(d)
    return K.where(a < p, 0.5 * d * d / p, a - 0.5 * p)


_elementwise(
    "mse_loss",
    "MseLoss",
    lambda d, p: d * d,
    lambda d, p: d * 2,
    "L = (x - y)²;  dx = 2 (x - y)",
    (K.mse_loss, K.mse_loss_dx),
)
_elementwise(
    "l1_loss",
    "L1Loss",
    lambda d, p: K.abs(d),
    lambda d, p: K.sign(d),
    "L = |x - y|;  dx = sign(x - y)",
)
_elementwise(
    "huber_loss",
    "HuberLoss",
    _huber,
    lambda d, p: K.where(K.abs(d) < p, d, K.sign(d) * p),
    "L = d²/2 where |d| < delta, else delta (|d| - delta/2)",
)
_elementwise(
    "smooth_l1_loss",
    "SmoothL1Loss",
    _smooth_l1,
    lambda d, p: K.where(K.abs(d) < p, d / p, K.sign(d)),
    "L = d²/(2 beta) where |d| < beta, else |d| - beta/2",
)


def _compared(input: Tensor, target: Tensor, name: str) -> None:
    """PyTorch's warning about sizes that differ and broadcast."""
    if input._a.shape != target._a.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}). This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
            stacklevel=3,
        )


def _weighted(loss: Tensor, weight: Tensor, reduction: str) -> Tensor:
    """A loss by elements' weights; the mean is over the sum of weights."""
    loss = loss * weight
    if reduction == "mean":
        return loss.sum() / weight.expand(loss._a.shape).sum()
    return reduced(loss, reduction)


def _difference(name, input, target, reduction, p, weight):
    tensor_argument(name, input)
    tensor_argument(name, target, "target", 2)
    _check_word(reduction)
    _compared(input, target, name)
    if weight is None:
        return apply(CARDS["_" + name], (input, target, reduction, p))
    if weight._a.shape != input._a.shape:
        raise ValueError("Weights and input must have the same size.")
    return _weighted(apply(CARDS["_" + name], (input, target, "none", p)), weight, reduction)


@composite("mse_loss", fn=False, functional=True)
def mse_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """(input - target)², reduced."""
    if size_average is not None or reduce is not None:
        reduction = reduction_word(size_average, reduce, reduction)
    return _difference("mse_loss", input, target, reduction, 0.0, weight)


@composite("l1_loss", fn=False, functional=True)
def l1_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """|input - target|, reduced."""
    if size_average is not None or reduce is not None:
        reduction = reduction_word(size_average, reduce, reduction)
    if tensor_argument("l1_loss", input)._a.dtype.kind == "c":
        return reduced((input - target).abs(), reduction)
    return _difference("l1_loss", input, target, reduction, 0.0, weight)


@composite("smooth_l1_loss", fn=False, functional=True)
def smooth_l1_loss(input, target, size_average=None, reduce=None, reduction="mean", beta=1.0):
    """d²/(2 beta) where |d| < beta, else |d| - beta/2, reduced. RuntimeError: beta < 0."""
    if size_average is not None or reduce is not None:
        reduction = reduction_word(size_average, reduce, reduction)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return _difference("l1_loss", input, target, reduction, 0.0, None)
    return _difference("smooth_l1_loss", input, target, reduction, float(beta), None)


@composite("huber_loss", fn=False, functional=True)
def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """d²/2 where |d| < delta, else delta (|d| - delta/2), reduced. RuntimeError: delta <= 0."""
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    return _difference("huber_loss", input, target, reduction, float(delta), weight)


# ---------------------------------------------------------------- binary


@op("_bce", fn=False, method=False, tensors=2, node="BinaryCrossEntropy")
class _Bce:
    """L = -(y log x + (1 - y) log(1 - x)), logarithms not below -100."""

    def forward(x, y):
        if x.size and (x.min() < 0 or x.max() > 1):
            raise RuntimeError("all elements of input should be between 0 and 1")
        if y.size and (y.min() < 0 or y.max() > 1):
            raise RuntimeError("all elements of target should be between 0 and 1")
        with np.errstate(divide="ignore"):
            low = x.dtype.type(-100)
            return (
                (y - 1) * np.maximum(np.log1p(-x), low) - y * np.maximum(np.log(x), low)
            ).astype(x.dtype, copy=False)

    def backward(c, dy, x, y):
        dx = dt = None
        if c.needs(0):
            floor = K.full_like(x, 1e-12)
            dx = dy * (x - y) / K.maximum((1 - x) * x, floor)
        if c.needs(1):
            dt = dy * (K.log1p(-x) - K.log(x))
        return dx, dt

    def samples(make):
        yield make(4, 3, low=0.1, high=0.9).T, make(3, 4, low=0.1, high=0.9)
        yield make(0, 2), make(0, 2)
        yield make(3, 4, low=0.1, high=0.9), make(3, 4, low=0.1, high=0.9)


@composite("binary_cross_entropy", fn=False, functional=True)
def binary_cross_entropy(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """-(y log x + (1 - y) log(1 - x)) for probabilities.

    ValueError: sizes differ; RuntimeError: outside of [0, 1].
    """
    if size_average is not None or reduce is not None:
        reduction = reduction_word(size_average, reduce, reduction)
    _check_word(reduction)
    if target._a.shape != input._a.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}) is deprecated. Please ensure they have the same size."
        )
    if target._a.dtype != input._a.dtype:
        from ..core.dtype import scalar_name

        raise RuntimeError(
            f"Found dtype {scalar_name(target.dtype)} but expected {scalar_name(input.dtype)}"
        )
    loss = apply(CARDS["_bce"], (input, target))
    if weight is not None:
        loss = loss * weight
    return reduced(loss, reduction)


@op("_bce_logits", fn=False, method=False, tensors=2, node="BinaryCrossEntropyWithLogits")
class _BceLogits:
    """L = (1 - y) x + (1 + (p - 1) y) log(1 + e^-x), stable for any x.

    P weighs positive targets.
    """

    def forward(x, y, p=None):
        tail = np.log1p(np.exp(-np.abs(x))) + np.maximum(-x, 0)
        if p is None:
            return ((1 - y) * x + tail).astype(x.dtype, copy=False)
        return ((1 - y) * x + (1 + (p - 1) * y) * tail).astype(x.dtype, copy=False)

    def backward(c, dy, x, y, p):
        dx = dt = None
        if c.needs(0):
            s = K.sigmoid(x)
            dx = dy * (s - y) if p is None else dy * ((1 - y) - (1 + (p - 1) * y) * (1 - s))
        if c.needs(1):
            tail = K.softplus(-x, 1.0, 20.0)
            dt = dy * (-x if p is None else -x + (p - 1) * tail)
        return dx, dt

    def samples(make):
        yield make(4, 3).T, make(3, 4, low=0.1, high=0.9)
        yield make(), make(low=0.1, high=0.9)
        yield make(3, 4), make(3, 4, low=0.1, high=0.9)
        yield make(3, 4), make(3, 4, low=0.1, high=0.9), make(4, low=0.5).detach()


@composite("binary_cross_entropy_with_logits", functional=True)
def binary_cross_entropy_with_logits(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean", pos_weight=None
):
    """binary_cross_entropy of sigmoid(input), computed stably. ValueError: sizes differ."""
    if size_average is not None or reduce is not None:
        reduction = reduction_word(size_average, reduce, reduction)
    _check_word(reduction)
    if target._a.shape != input._a.shape:
        raise ValueError(
            f"Target size ({target.shape}) must be the same as input size ({input.shape})"
        )
    loss = apply(CARDS["_bce_logits"], (input, target, pos_weight))
    if weight is not None:
        loss = loss * weight
    return reduced(loss, reduction)


translate("softplus", lambda x, beta, threshold: _softplus(x, beta, threshold))


def _softplus(x: Tensor, beta: float, threshold: float) -> Tensor:
    from ..dispatch.registry import FUNCTIONAL

    return FUNCTIONAL["softplus"](x, beta, threshold)


@composite("poisson_nll_loss", functional=True)
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
    """
    if size_average is not None or reduce is not None:
        reduction = reduction_word(size_average, reduce, reduction)
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        loss = loss + stirling.masked_fill(target <= 1, 0)
    return reduced(loss, reduction)


@composite("gaussian_nll_loss", fn=False, functional=True)
def gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction="mean"):
    """L = (log max(var, eps) + (x - y)² / max(var, eps)) / 2; full: + log(2 π) / 2.

    shape   var: a number, input's shape, or that without (or with 1 for) the last dimension
    errors  ValueError: var of another shape or negative
    """
    if isinstance(var, Tensor):
        if var._a.size and (var._a < 0).any():
            raise ValueError("var has negative entry/entries")
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
