"""Losses that ask for a margin: ranking, hinges, cosine, triplets, multi-class and multi-label.

N batch, C classes; y is the target. reduction is 'mean', 'sum' or 'none' everywhere.
"""

from __future__ import annotations

import numpy as np

from ..core.dtype import scalar_name
from ..core.tensor import Tensor, wrap
from ..dispatch.registry import CARDS, FUNCTIONAL, apply, composite, op
from ..kernels import K
from .distance import pairwise_distance
from .loss import reduced, reduction_word
from .shape import broadcast_tensors


def _word(size_average, reduce, reduction: str) -> str:
    if size_average is not None or reduce is not None:
        reduction = reduction_word(size_average, reduce, reduction)
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


@composite("margin_ranking_loss", functional=True)
def margin_ranking_loss(
    input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"
):
    """L = max(0, -y (x1 - x2) + margin): input1 should rank above input2 where y = 1.

    RuntimeError: numbers of dimensions differ.
    """
    reduction = _word(size_average, reduce, reduction)
    if not input1._a.ndim == input2._a.ndim == target._a.ndim:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.size()}, input2: {input2.size()}, target: {target.size()} "
        )
    return reduced((-target * (input1 - input2) + margin).clamp(min=0), reduction)


@composite("hinge_embedding_loss", functional=True)
def hinge_embedding_loss(
    input, target, margin=1.0, size_average=None, reduce=None, reduction="mean"
):
    """L = x where y = 1, max(0, margin - x) where y = -1."""
    reduction = _word(size_average, reduce, reduction)
    zero = input.new_zeros(())
    far = (margin - input).clamp(min=0).where(target != 1, zero)
    near = input.where(target != -1, zero)
    return reduced(far + near, reduction)


@composite("cosine_embedding_loss", functional=True)
def cosine_embedding_loss(
    input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"
):
    """L = 1 - cos(x1, x2) where y = 1, max(0, cos(x1, x2) - margin) where y = -1.

    shape   input1 and input2 (N, M), target (N) -> (N); or (M), (M), () -> ()
    errors  RuntimeError: other numbers of dimensions
    """
    reduction = _word(size_average, reduce, reduction)
    n = target._a.ndim
    if n > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if n == 1 and input1._a.ndim != 2:
        raise RuntimeError(
            "1D target tensor expects 2D input tensors, but found inputs with sizes "
            f"{list(input1._a.shape)} and {list(input2._a.shape)}."
        )
    if n == 0 and input1._a.ndim != 1:
        raise RuntimeError(
            "0D target tensor expects 1D input tensors, but found inputs with sizes "
            f"{list(input1._a.shape)} and {list(input2._a.shape)}."
        )
    tiny = 1e-12
    squares = ((input1 * input1).sum(n) + tiny) * ((input2 * input2).sum(n) + tiny)
    cos = (input1 * input2).sum(n) / squares.sqrt()
    zero = cos.new_zeros(())
    loss = (1 - cos).where(target == 1, zero) + (cos - margin).clamp(min=0).where(
        target == -1, zero
    )
    return reduced(loss, reduction)


@op("_soft_margin", fn=False, method=False, tensors=1, node="SoftMarginLoss")
class _SoftMargin:
    """L = log(1 + e^(-y x));  dx = -y / (1 + e^(y x))"""

    def forward(x, y):
        return np.logaddexp(0, -y * x).astype(x.dtype, copy=False)

    def backward(c, dy, x, y):
        return -dy * y * K.sigmoid(-y * x)

    def samples(make):
        yield make(4, 3).T, make(3, 4).detach()
        yield make(3, 4), make(3, 4).detach()
        yield make(), make().detach()
        yield make(0, 2), make(0, 2).detach()


@composite("soft_margin_loss", functional=True)
def soft_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """L = log(1 + e^(-y x)), y = ±1."""
    reduction = _word(size_average, reduce, reduction)
    x, y = broadcast_tensors(input, target)
    return reduced(apply(CARDS["_soft_margin"], (x, y)), reduction)


@op("_multi_margin", fn=False, method=False, tensors=1, node="MultiMarginLoss")
class _MultiMargin:
    """L_n = Σ_{i ≠ y} w[y] max(0, margin - x[y] + x[i])^p / C

    shape   x (N, C), t (N) int64, w (C) or None -> (N)
    grad    dx[i] = dL w p m_i^(p-1) / C;  dx[y] = -Σ of those
    """

    def forward(x, t, p, margin, w=None):
        m = _hinges(x, t, margin, np)
        loss = (m if p == 1 else m * m).sum(1) / x.shape[1]
        return loss if w is None else loss * w[t]

    def backward(c, dy, x, t, w, p, margin):
        t, w = _plain(t), _plain(w)
        m = _hinges(x, t, margin, K)
        constant = _constants(dy)
        slope = constant((_plain(m) > 0) / m.shape[1]) if p == 1 else 2 * m / m.shape[1]
        g = slope * K.expand_dims(dy if w is None else dy * constant(w[t]), 1)
        return g - K.sum(g, (1,), True) * constant(_hot(t, x.shape))

    def samples(make):
        yield make(3, 5).T, make.indices(5, high=3), 1, 1.0
        yield make(5, 3), make.indices(5, high=3), 1, 1.0
        yield make(5, 3), make.indices(5, high=3), 2, 0.7, make(3, low=0.5).detach()


def _plain(x):
    return x._a if isinstance(x, Tensor) else x


def _constants(dy):
    """Arrays in dy's kind and dtype."""
    if isinstance(dy, Tensor):
        return lambda a: wrap(a.astype(dy._a.dtype))
    return lambda a: a.astype(dy.dtype)


def _hot(t: np.ndarray, shape) -> np.ndarray:
    hot = np.zeros(tuple(shape), bool)
    hot[np.arange(len(t)), t] = True
    return hot


def _hinges(x, t, margin, words):
    """max(0, margin - x[y] + x[i]), 0 at i = y: (N, C)."""
    hot = _hot(t, x.shape)
    if isinstance(x, Tensor):
        own = (x * wrap(hot.astype(x._a.dtype))).sum(1, keepdim=True)
        return (margin - own + x).clamp(min=0).masked_fill(wrap(hot), 0.0)
    own = x[hot][:, None]
    return np.where(hot, 0, np.maximum(margin - own + x, 0)).astype(x.dtype)


@composite("multi_margin_loss", functional=True)
def multi_margin_loss(
    input, target, p=1, margin=1.0, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """L = Σ_{i ≠ y} max(0, margin - x[y] + x[i])^p / C, by class weights.

    shape   input (N, C), target (N) of classes -> (N); or (C), () -> ()
    errors  ValueError: p is not 1 or 2, weight is no vector; RuntimeError: shapes, target out of
            range
    """
    reduction = _word(size_average, reduce, reduction)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight._a.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    shape, t = input._a.shape, target._a
    if not (len(shape) == 2 and shape[1]) and not (len(shape) < 2 and input._a.size):
        raise RuntimeError(
            "Expected non-empty vector or matrix with optional 0-dim batch size, but got: "
            f"{list(shape)}"
        )
    rows = input if len(shape) == 2 else input.reshape(1, -1)
    if t.ndim > 1 or t.size != rows._a.shape[0]:
        raise RuntimeError(
            f"inconsistent target size, expected {rows._a.shape[0]} but got {list(t.shape)}"
        )
    if weight is not None and weight._a.size != rows._a.shape[1]:
        raise RuntimeError(
            f"inconsistent weight size, expected {rows._a.shape[1]} but got {list(weight._a.shape)}"
        )
    if t.size and (t.min() < 0 or t.max() >= rows._a.shape[1]):
        raise RuntimeError("target out of range")
    loss = apply(CARDS["_multi_margin"], (rows, target.reshape(-1), p, margin, weight))
    if reduction == "none":
        return loss.reshape(t.shape)
    return reduced(loss, reduction)


@op("_multilabel_margin", fn=False, method=False, tensors=1, node="MultilabelMarginLoss")
class _MultilabelMargin:
    """L_n = Σ_{j in y} Σ_{i not in y} max(0, 1 - x[j] + x[i]) / C

    shape   x (N, C), counts (N, C): how often each class is a target -> (N)
    grad    each pair within its margin adds dL / C at i and takes it away at j
    """

    def forward(x, counts):
        return (_close(x, counts) * (1 - x[:, :, None] + x[:, None, :])).sum((1, 2)) / x.shape[1]

    def backward(c, dy, x, counts):
        close = _close(_plain(x), _plain(counts))
        share = (close.sum(1) - close.sum(2)) / x.shape[1]  # (N, C)
        return K.expand_dims(dy, 1) * _constants(dy)(share)

    def samples(make):
        yield make(4, 3).T, make.indices(3, 4, high=3)
        yield make(3, 4), make.indices(3, 4, high=3)


def _close(x: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(N, j, i): how often j is a target while i is none, where the margin between them is not
    kept.
    """
    near = (counts[:, None, :] == 0) & (1 - x[:, :, None] + x[:, None, :] > 0)
    return (near * counts[:, :, None]).astype(x.dtype)


@composite("multilabel_margin_loss", functional=True)
def multilabel_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """L = Σ_{j in y} Σ_{i not in y} max(0, 1 - x[j] + x[i]) / C

    shape   input and target (N, C) -> (N); or (C), (C) -> (). A row of target lists classes and
            ends at -1.
    errors  RuntimeError: shapes, classes out of range
    """
    reduction = _word(size_average, reduce, reduction)
    shape, t = input._a.shape, target._a
    if len(shape) > 2 or (len(shape) == 2 and not shape[1]):
        raise RuntimeError(
            "Expected non-empty vector or matrix with optional 0-dim batch size, but got: "
            f"{list(shape)}"
        )
    if t.shape != shape and not (len(shape) < 2 and t.size == input._a.size):
        raise RuntimeError(
            f"inconsistent target size: {list(t.shape)} for input of size: {list(shape)}"
        )
    rows = input if len(shape) == 2 else input.reshape(1, -1)
    if t.dtype != np.int64:
        raise RuntimeError(f"expected scalar type Long but found {scalar_name(target.dtype)}")
    listed = t.reshape(rows._a.shape)
    if listed.size and (listed.min() < -1 or listed.max() >= rows._a.shape[1]):
        raise RuntimeError("target out of range")
    listed = np.where(np.cumsum(listed < 0, 1) > 0, -1, listed)
    counts = np.zeros((listed.shape[0], listed.shape[1] + 1), np.int64)
    np.add.at(counts, (np.arange(len(listed))[:, None], listed), 1)  # -1 is the spare last column
    loss = apply(CARDS["_multilabel_margin"], (rows, wrap(counts[:, :-1].copy())))
    if reduction == "none":
        return loss.reshape(shape[:1] if len(shape) == 2 else ())
    return reduced(loss, reduction)


@composite("multilabel_soft_margin_loss", functional=True)
def multilabel_soft_margin_loss(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """L = -Σ_c w_c (y log σ(x) + (1 - y) log σ(-x)) / C over the last dimension."""
    reduction = _word(size_average, reduce, reduction)
    logsigmoid = FUNCTIONAL["logsigmoid"]
    loss = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    if weight is not None:
        loss = loss * weight
    return reduced(loss.sum(-1) / input._a.shape[-1], reduction)


def _checked_triplet(anchor, positive, negative) -> None:
    if not anchor._a.ndim == positive._a.ndim == negative._a.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of "
            f"dimensions, but got: anchor {anchor._a.ndim}D, positive {positive._a.ndim}D, and "
            f"negative {negative._a.ndim}D inputs"
        )


def _triplet(distance, anchor, positive, negative, margin, swap, reduction):
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = far.minimum(distance(positive, negative))
    return reduced((margin + near - far).clamp(min=0), reduction)


@composite("triplet_margin_loss", functional=True)
def triplet_margin_loss(
    anchor,
    positive,
    negative,
    margin=1.0,
    p=2,
    eps=1e-6,
    swap=False,
    size_average=None,
    reduce=None,
    reduction="mean",
):
    """L = max(0, |a - p|_p - |a - n|_p + margin); swap: the nearer of a and p counts for n.

    ValueError: margin <= 0. RuntimeError: numbers of dimensions differ.
    """
    reduction = _word(size_average, reduce, reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    _checked_triplet(anchor, positive, negative)

    def distance(x, y):
        return pairwise_distance(x, y, p, eps)

    return _triplet(distance, anchor, positive, negative, margin, swap, reduction)


@composite("triplet_margin_with_distance_loss", fn=False, functional=True)
def triplet_margin_with_distance_loss(
    anchor, positive, negative, *, distance_function=None, margin=1.0, swap=False, reduction="mean"
):
    """triplet_margin_loss by any distance of two tensors; pairwise_distance by default."""
    reduction = _word(None, None, reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    _checked_triplet(anchor, positive, negative)
    distance = pairwise_distance if distance_function is None else distance_function
    return _triplet(distance, anchor, positive, negative, margin, swap, reduction)
