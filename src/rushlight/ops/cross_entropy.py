"""Losses of classification: cross entropy, negative log-likelihood, divergence, binary ones.

N batch, C classes, * further dimensions; t holds class indices. reduction as in loss.py.
"""

from __future__ import annotations

import numpy as np

from ..autograd.node import make_node
from ..core.dtype import FLOAT, bool_, scalar_name
from ..core.memory import owned
from ..core.notices import warn
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import not_implemented, tensor_argument
from ..dispatch.on_tensors import translate
from ..dispatch.registry import FUNCTIONAL, composite, internal
from ..kernels import K, as_array, quietly
from ..kernels.refusals import no_such_class
from .activation import Logsigmoid
from .loss import checked_word, numbered, reduced
from .narrow import is_narrow, rounded, wide
from .softmax import LogSoftmax

_F32, _F64, _I64 = np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.int64)
_U8 = np.dtype(np.uint8)


# ---------------------------------------------------------------- cross_entropy


@internal("softmax_nll", tensors=1, extras=("logp",), node="NllLoss")
class SoftmaxNll:
    """L = -Σ log softmax(x)[n, t[n]] (mean: over the targets that are not ignored).

    shape   x (N, C), t (N) int64 -> ()
    grad    dx = dL (softmax(x) - one-hot(t)), 0 in ignored rows; x itself is not kept
    """

    def forward(x, t, ignore_index, mean):
        return K.cross_entropy(x, t, ignore_index, mean)

    def backward(c, dy, t, logp, ignore_index, mean):
        if isinstance(dy, Tensor):
            return _softmax_nll_dx(dy, _as_output(c, logp._a), t._a, ignore_index, mean)
        return K.cross_entropy_dx(dy, logp, t, ignore_index, mean)

    def samples(make):
        yield make(3, 5).T, make.indices(5, high=3), -100, True
        yield make(5, 3), make.indices(5, high=3), -100, True
        yield make(5, 3), make.indices(5, high=3), 1, False


def _as_output(c, logp: np.ndarray) -> Tensor:
    """log_softmax of the node's input as a Tensor with its history, for the second derivative."""
    saved = [logp if i < 0 else 1 for i in LogSoftmax.save]  # its output, its dim
    t = wrap(logp)
    t._node = make_node(LogSoftmax.node_type, c.edges[:1], saved)
    t._slot, t._rg = 0, True
    return t


def _softmax_nll_dx(dy, logp, t, ignore_index, mean):
    kept = t != ignore_index
    hot = (t[:, None] == np.arange(logp._a.shape[1])) & kept[:, None]
    keep, hot = (wrap(a.astype(logp._a.dtype)) for a in (kept[:, None], hot))
    count = wrap(as_array(kept.sum()).astype(logp._a.dtype))
    return (logp.exp() * keep - hot) * (dy / count if mean else dy)


@composite(
    "cross_entropy(input, target, weight: Tensor | None = None, size_average: bool | None = None, "
    "ignore_index: int = -100, reduce: bool | None = None, reduction='mean', "
    "label_smoothing: float = 0.0)",
    at="F",
    explains=True,
)
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
    """L = -log softmax(input)[target], by class weights, smoothed, or against class probabilities.

    shape   input (C), (N, C) or (N, C, *); target () (N) or (N, *) of class indices int64, or
            probabilities of input's shape
    errors  IndexError: target out of range; ValueError: batch sizes; RuntimeError: dtypes

    >>> F.cross_entropy(tensor([[0.0, 0.0]]), tensor([1]))
    tensor(0.6931)
    """
    reduction = checked_word(size_average, reduce, reduction)
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
        return SoftmaxNll.run((input, target, ignore_index, reduction == "mean"))
    if x.ndim == 0:
        raise RuntimeError("Expected input with at least one dimension (C, *), got a 0-d tensor")
    dim = 0 if x.ndim == 1 else 1
    classes = x.shape[dim]
    if x.shape == t.shape and x.ndim > 1 and t.dtype.kind not in "fV":
        raise RuntimeError(
            "Expected floating point type for target with class probabilities, got "
            f"{scalar_name(target.dtype)}"
        )
    if x.shape == t.shape and t.dtype.kind in "fV":
        if ignore_index >= 0:
            raise RuntimeError("ignore_index is not supported for floating point target")
        _check_smoothing(label_smoothing)
        return _soft_cross_entropy(input, target, weight, reduction, label_smoothing, dim, classes)
    logp = input.log_softmax(dim)
    if label_smoothing == 0.0:
        return _nll_loss(logp, target, weight, ignore_index, reduction)
    _check_smoothing(label_smoothing)
    return _smoothed(logp, target, weight, ignore_index, reduction, label_smoothing, dim, classes)


def _check_smoothing(smoothing: float) -> None:
    if not 0.0 <= smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {smoothing:g}")


def _soft_cross_entropy(input, target, weight, reduction, smoothing, dim, classes) -> Tensor:
    """-Σ_c w_c q_c log softmax(x)_c with probabilities q; the mean is over samples."""
    logp = input.log_softmax(dim)
    if smoothing:
        target = target * (1 - smoothing) + smoothing / classes
    if weight is not None:
        logp = logp * _per_class(weight, logp, dim)
    loss = -(logp * target).sum(dim)
    if reduction == "mean":
        return loss.sum() / max(input._a.size // classes, 1)
    return reduced(loss, reduction)


def _smoothed(logp, target, weight, ignore_index, reduction, smoothing, dim, classes) -> Tensor:
    """(1 - s) nll + s/C Σ_c (-log p_c), both by class weights, without ignored targets."""
    nll = _nll_loss(logp, target, weight, ignore_index, reduction)
    keep = target._a != ignore_index
    smooth = -(logp if weight is None else logp * _per_class(weight, logp, dim)).sum(dim)
    smooth = smooth.masked_fill(wrap(~keep), 0.0)
    if reduction == "mean":
        if weight is not None:
            total = (wide(weight._a)[np.where(keep, target._a, 0)] * keep).sum()
        else:
            total = keep.sum()
        if type(keep) is not np.ndarray:  # of a device: of nothing it is 0 / 0, too
            smooth = smooth.sum() / wrap(K.like(total, smooth._a))
        else:
            smooth = smooth.sum() / float(total) if total else smooth.sum() * float("nan")
    else:
        smooth = reduced(smooth, reduction)
    return nll * (1 - smoothing) + smooth * (smoothing / classes)


def _per_class(weight: Tensor, x: Tensor, dim: int) -> Tensor:
    """weight (C) against x with its classes in dimension dim."""
    return weight.reshape((1,) * dim + (-1,) + (1,) * (x._a.ndim - dim - 1))


# ---------------------------------------------------------------- nll_loss


def _nll_of_all(picked, x, reduction):
    """(loss, how many) where no target is ignored and none has a weight."""
    loss, total = K.neg(picked), picked.dtype.type(picked.size)
    if reduction == "none":
        return rounded(loss, x), total
    loss = K.sum(loss)
    return rounded(K.div(loss, picked.size) if reduction == "mean" else loss, x), total


class _Nll:
    """L = -Σ w[t] x[n, t, *] (mean: divided by Σ w[t]), without ignored targets.

    shape   x (N, C, *), t (N, *) int64, w (C) or None -> () or (N, *)
    grad    dx[n, t, *] = -dL w[t], 0 elsewhere
    """

    def forward(x, t, w, ignore_index, reduction):
        if w is None and t.size and not 0 <= ignore_index < x.shape[1]:
            if type(x) is np.ndarray and (t.dtype is _I64 or t.dtype == _I64):
                if reduction != "none" and x.ndim == 2 and x.itemsize != 2:
                    loss = K.nll(x, t, reduction == "mean")
                    if loss is not None:
                        return loss, x.dtype.type(t.size)
                picked = K.pick(x, t[:, None], 1)
                if picked is not None:  # each target is a class
                    return _nll_of_all(wide(picked).reshape(t.shape), x, reduction)
        return _nll_of_some(x, t, w, ignore_index, reduction)

    def backward(c, dy, x_shape, t, w, total, ignore_index, reduction):
        on_tensors = isinstance(dy, Tensor)
        t, w, total = (v._a if isinstance(v, Tensor) else v for v in (t, w, total))
        dy_wide = wide(dy)
        if reduction == "none":
            dy_wide = K.expand_dims(dy_wide, 1)
        dtype = dy_wide._a.dtype if on_tensors else dy_wide.dtype
        keep = t != ignore_index
        at = np.where(keep, t, 0)
        scale = _class_scale(w, at, keep, dtype)[:, None]
        if reduction == "mean":
            scale = scale / total
        minus = np.where(keep[:, None], -scale if on_tensors else -scale * dy_wide, 0)
        hot = K.zeros(x_shape, minus, dtype)
        if hot.size:
            np.put_along_axis(hot, at[:, None], minus.astype(dtype, copy=False), 1)
        return rounded(dy_wide * wrap(hot) if on_tensors else hot, dy)


@quietly
def _nll_of_some(x, t, w, ignore_index, reduction):
    """(loss, the weights' sum) in general: the mean of nothing is NaN."""
    keep = t != ignore_index
    bad = keep & ((t < 0) | (t >= x.shape[1]))
    K.refuse(bad, lambda: no_such_class(t, bad, x.shape[1]))
    at = np.where(keep, t, 0)
    if x.shape[1]:
        picked = wide(K.take_along_axis(x, at[:, None], 1)[:, 0])
    else:
        picked = K.zeros(t.shape, x, _F32 if is_narrow(x) else None)
    scale = _class_scale(w, at, keep, picked.dtype)
    loss = K.where(keep, -picked * scale, picked.dtype.type(0))
    total = scale.sum()
    if reduction == "none":
        return rounded(loss, x), total
    loss = K.sum(loss)
    return rounded(as_array(loss / total if reduction == "mean" else loss), x), total


def _class_scale(w, at, keep, dtype):
    """w[t], or 1; 0 where t is ignored."""
    if w is None:
        return keep.astype(dtype)
    return np.where(keep, w[at], 0).astype(dtype)


@internal(
    "nll",
    tensors=1,
    extras=("total",),
    node="NllLoss",
    not_for="iubc",
    kernel="nll_loss_out_frame",
    quiet=False,
)
class Nll(_Nll):
    __doc__ = _Nll.__doc__

    def samples(make):
        yield make(5, 3), make.indices(5, high=3), None, -100, "mean"
        yield make(5, 3), make.indices(5, high=3), make(3, low=0.5).detach(), 1, "mean"
        yield make(2, 3, 4), make.indices(2, 4, high=3), None, -100, "none"


@internal(
    "nll2d",
    tensors=1,
    extras=("total",),
    node="NllLoss2D",
    not_for="iubc",
    kernel="nll_loss2d_forward_out_frame",
    quiet=False,
)
class Nll2d(_Nll):
    __doc__ = _Nll.__doc__


@composite(
    "nll_loss(input, target, weight: Tensor | None = None, size_average: bool | None = None, "
    "ignore_index: int = -100, reduce: bool | None = None, reduction='mean')",
    at="F",
)
def nll_loss(
    input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"
):
    """L = -input[n, target[n]] for log-probabilities, by class weights.

    shape   input (C), (N, C) or (N, C, *), target (), (N) or (N, *) -> (), or target's
    errors  IndexError: target out of range; ValueError: batch sizes; RuntimeError: dtypes, shapes

    >>> F.nll_loss(tensor([[-0.5, -1.0]]), tensor([1]))
    tensor(1.)
    """
    reduction = checked_word(size_average, reduce, reduction)
    return _nll_loss(input, target, weight, ignore_index, reduction)


def _nll_loss(input, target, weight, ignore_index, reduction) -> Tensor:
    x, t = input._a, target._a
    if weight is None and x.ndim == 2 and t.dtype is _I64 and t.shape == x.shape[:1]:  # the usual
        return Nll.run((input, target, None, ignore_index, reduction))
    batch = t.shape[0] if t.ndim else 0
    if x.ndim > 1 and x.shape[0] != batch:
        raise ValueError(
            f"Expected input batch_size ({x.shape[0]}) to match target batch_size ({batch})."
        )
    if t.dtype is not _I64 and t.dtype != _I64 and t.dtype != _U8:
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {scalar_name(target.dtype)}\n"
            "  target must hold class indices (int64), or probabilities of the shape of input "
            f"{tuple(x.shape)}; it is {target.dtype} of shape {tuple(t.shape)}\n"
            "  fix: target.long() for classes"
        )
    if x.ndim == 0:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if x.ndim == 1:
        if (t.ndim > 0 and t.size != 1) or t.ndim > 1:
            raise RuntimeError(
                "For 1D input, 0D or 1D target are expected, but got " + f"{t.ndim}D target"
            )
        args = (input.unsqueeze(0), target.reshape(1), weight, ignore_index, reduction)
        loss = Nll.run(args)
        return owned(loss.reshape(t.shape)) if reduction == "none" else loss
    if x.ndim == 2 and t.ndim > 1:
        one = t.shape[1:] == (1,)
        fix = "target.squeeze(1)" if one else "one class for each row; of one-hot rows, argmax(1)"
        raise RuntimeError(
            "0D or 1D target tensor expected, multi-target not supported\n"
            f"  input {tuple(x.shape)} needs a target ({x.shape[0]},), it is {tuple(t.shape)}\n"
            f"  fix: {fix}"
        )
    if x.shape[2:] != t.shape[1:]:
        raise RuntimeError(
            f"Expected target size {[x.shape[0], *x.shape[2:]]}, got {list(t.shape)}"
        )
    if weight is not None and weight._a.dtype != x.dtype:
        raise RuntimeError(
            f"expected scalar type {scalar_name(input.dtype)} but found {scalar_name(weight.dtype)}"
        )
    if weight is not None and weight._a.shape != (x.shape[1],):
        raise RuntimeError(
            "weight tensor should be defined either for all "
            f"{x.shape[1]} classes or no classes but got weight "
            f"tensor of shape: {list(weight._a.shape)}"
        )
    card = Nll if x.ndim == 2 else Nll2d
    return card.run((input, target, weight, ignore_index, reduction))


# ---------------------------------------------------------------- kl_div


@composite(
    "kl_div(input, target, size_average: bool | None = None, reduce: bool | None = None, "
    "reduction='mean', log_target: bool = False)",
    at="F",
)
def kl_div(input, target, size_average=None, reduce=None, reduction="mean", log_target=False):
    """L = Σ q (log q - input) for log-probabilities input and probabilities q = target; log_target:
    target is log q.

    reduction 'batchmean' divides the sum by the batch size, which is the divergence; 'mean' by all
    elements.

    shape   input (*), target (*), broadcast -> (), or (*) without reduction
    errors  RuntimeError: integers; ValueError: another reduction
    """
    word = reduction if reduction == "batchmean" else None
    word = word or checked_word(size_average, reduce, reduction)
    if word == "mean":
        warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support "
            "size.'batchmean' divides only by the batch size, and aligns with the KL div math "
            "definition.'mean' will be changed to behave the same as 'batchmean' in the next major "
            "release.",
        )
    if word == "batchmean":
        loss = _kl_div(input, target, "sum", log_target)
        return loss / input._a.shape[0] if input._a.ndim else loss
    return _kl_div(input, target, word, log_target)


@composite("kl_div(input, target, reduction: int = 1, *, log_target: bool = False)", at="torch")
def torch_kl_div(input, target, reduction=1, *, log_target=False):
    """torch.nn.functional.kl_div; reduction is 0, 1 or 2.

    shape   and errors as there
    """
    return _kl_div(input, target, numbered("kl_div", reduction), log_target)


def _kl_div(input, target, reduction, log_target) -> Tensor:
    if input.dtype.category < FLOAT or target.dtype.category < FLOAT:
        raise RuntimeError("kl_div: Integral inputs not supported.")
    if log_target:
        loss = target.exp() * (target - input)
    else:
        loss = target.xlogy(target) - target * input
    return reduced(loss, reduction)


# ---------------------------------------------------------------- binary


@internal(
    "bce",
    tensors=2,
    node="BinaryCrossEntropy",
    not_for="iubc",
    kernel="binary_cross_entropy",
)
class BinaryCrossEntropy:
    """L = -(y log x + (1 - y) log(1 - x)), logarithms not below -100.

    grad    dx = dL (x - y) / max((1 - x) x, 1e-12);  dy = dL (log(1 - x) - log x)
    """

    def forward(x, y):
        outside = RuntimeError("all elements of input should be between 0 and 1")
        K.refuse((x < 0) | (x > 1), outside)
        K.refuse(
            (y < 0) | (y > 1), RuntimeError("all elements of target should be between 0 and 1")
        )
        p, q = wide(x), wide(y)
        floor = p.dtype.type(-100)
        with np.errstate(divide="ignore"):
            low, high = K.maximum(K.log1p(-p), floor), K.maximum(K.log(p), floor)
        return rounded((q - 1) * low - q * high, x)

    def backward(c, dz, x, y):
        dx = dy = None
        g, p, q = wide(dz), wide(x), wide(y)
        if c.needs(0):
            dx = g * (p - q) / K.maximum((1 - p) * p, K.full_like(p, 1e-12))
        if c.needs(1):
            dy = g * (K.log1p(-p) - K.log(p))
        return rounded(dx, x), rounded(dy, x)

    def samples(make):
        yield make(4, 3, low=0.1, high=0.9).T, make(3, 4, low=0.1, high=0.9)
        yield make(0, 2), make(0, 2)
        yield make(3, 4, low=0.1, high=0.9), make(3, 4, low=0.1, high=0.9)


@composite(
    "binary_cross_entropy(input, target, weight: Tensor | None = None, "
    "size_average: bool | None = None, reduce: bool | None = None, reduction='mean')",
    at="F",
)
def binary_cross_entropy(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """L = -(y log x + (1 - y) log(1 - x)) for probabilities x and y, by weights.

    shape   input (*), target (*), the same -> (), or (*) without reduction
    errors  ValueError: sizes differ; RuntimeError: outside of [0, 1], dtypes differ

    >>> F.binary_cross_entropy(tensor([0.5]), tensor([1.0]))
    tensor(0.6931)
    """
    reduction = checked_word(size_average, reduce, reduction)
    if target._a.shape != input._a.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}) is deprecated. Please ensure they have the same size."
        )
    if target._a.dtype != input._a.dtype:
        raise RuntimeError(
            f"Found dtype {scalar_name(target.dtype)} but expected {scalar_name(input.dtype)}"
        )
    loss = BinaryCrossEntropy.run((input, target))
    if weight is not None:
        loss = loss * weight
    return reduced(loss, reduction)


@internal("binary_cross_entropy_of_logits", tensors=2, node="BinaryCrossEntropyWithLogits")
class BinaryCrossEntropyOfLogits:
    """L = (1 - y) x + (1 + (p - 1) y) log(1 + e^-x), stable for any x.

    p       weighs positive targets
    dtype   y's, as PyTorch's
    """

    def forward(x, y, p=None):
        if p is None:
            return K.bce_logits(x, y)
        return K.bce_logits_weighted(x, y, K.broadcast_to(p, x.shape))

    def backward(c, dz, x, y, p):
        dx = dy = None
        if p is None and not c.needs(1) and not isinstance(dz, Tensor):
            return K.bce_logits_dx(dz, x, y), None
        g, v, t, w = wide(dz), wide(x), wide(y), wide(p)
        if c.needs(0):
            s = K.sigmoid(v)
            dx = g * (s - t if w is None else (1 - t) - (1 + (w - 1) * t) * (1 - s))
        if c.needs(1):
            tail = None if w is None else K.softplus(-v, 1.0, 20.0)
            dy = g * (-v if w is None else -v + (w - 1) * tail)
        return rounded(dx, x), rounded(dy, y)

    def samples(make):
        yield make(4, 3).T, make(3, 4, low=0.1, high=0.9)
        yield make(), make(low=0.1, high=0.9)
        yield make(3, 4), make(3, 4, low=0.1, high=0.9)
        yield make(3, 4), make(3, 4, low=0.1, high=0.9), make(4, low=0.5).detach()


translate("softplus", lambda x, beta, threshold: FUNCTIONAL["softplus"](x, beta, threshold))


@composite(
    "binary_cross_entropy_with_logits(input, target, weight: Tensor | None = None, "
    "size_average: bool | None = None, reduce: bool | None = None, reduction='mean', "
    "pos_weight: Tensor | None = None)",
    at="F",
)
def binary_cross_entropy_with_logits(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean", pos_weight=None
):
    """binary_cross_entropy of σ(input), computed stably; pos_weight weighs positive targets.

    shape   input (*), target (*), the same; weights broadcast -> (), or (*) without reduction
    dtype   target's
    errors  ValueError: sizes differ; RuntimeError: a target that is not floating;
            NotImplementedError: such an input

    >>> F.binary_cross_entropy_with_logits(tensor([0.0]), tensor([1.0]))
    tensor(0.6931)
    """
    reduction = checked_word(size_average, reduce, reduction)
    if target._a.shape != input._a.shape:
        raise ValueError(
            f"Target size ({target.shape}) must be the same as input size ({input.shape})"
            + _one_off(input, target)
        )
    return _bce_with_logits(input, target, weight, pos_weight, reduction)


def _one_off(input: Tensor, target: Tensor) -> str:
    """The way out where the scores of a last layer are (N, 1), and the targets (N)."""
    if input._a.shape == (*target._a.shape, 1):
        return "\n  fix: target.unsqueeze(-1), or input.squeeze(-1)"
    return ""


@composite(
    "binary_cross_entropy_with_logits(input, target, weight: Tensor | None = None, "
    "pos_weight: Tensor | None = None, reduction: int = 1)",
    at="torch",
)
def torch_binary_cross_entropy_with_logits(
    input, target, weight=None, pos_weight=None, reduction=1
):
    """torch.nn.functional.binary_cross_entropy_with_logits; reduction is 0, 1 or 2.

    shape   and errors as there
    """
    word = numbered("binary_cross_entropy_with_logits", reduction)
    return _bce_with_logits(input, target, weight, pos_weight, word)


def _bce_with_logits(input, target, weight, pos_weight, reduction) -> Tensor:
    if target.dtype is bool_:
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
            "`logical_xor()` operator instead.\n  fix: target.float()"
        )
    if target.dtype.category < FLOAT <= input.dtype.category:
        raise RuntimeError(
            f"result type {scalar_name(input.dtype)} can't be cast to the desired output type "
            f"{scalar_name(target.dtype)}\n  fix: target.float()"
        )
    if input.dtype.category < FLOAT:
        raise not_implemented("log_sigmoid_cpu", input._a)
    if input.dtype is target.dtype:
        loss = BinaryCrossEntropyOfLogits.run((input, target, pos_weight))
    else:  # PyTorch rounds each step to the dtype of target
        log = Logsigmoid(input)
        if pos_weight is not None:
            log = log * ((pos_weight - 1) * target + 1)
        loss = (((1 - target) * input).to(target.dtype) - log).to(target.dtype)
    if weight is not None:
        loss = loss * weight
    return reduced(loss, reduction)
