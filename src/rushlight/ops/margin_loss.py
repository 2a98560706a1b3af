"""Losses that ask for a margin: ranking, hinges, cosine, triplets, multi-class and multi-label.

N batch, C classes; y is the target. reduction is 'mean', 'sum' or 'none' everywhere.
"""

from __future__ import annotations

import numpy as np

from ..core.dtype import FLOAT, int64, scalar_name
from ..core.memory import on_host, owned
from ..core.tensor import Tensor, wrap
from ..dispatch.registry import FUNCTIONAL, composite, internal
from ..kernels import K
from .distance import pairwise_distance
from .expand import broadcast_tensors
from .loss import checked_word, numbered, reduced
from .narrow import rounded, wide

_LEGACY = "size_average: bool | None = None, reduce: bool | None = None, reduction='mean'"


@composite(
    f"margin_ranking_loss(input1: Tensor, input2: Tensor, target, margin: float = 0, {_LEGACY})",
    at="F",
)
def margin_ranking_loss(
    input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"
):
    """L = max(0, -y (x1 - x2) + margin): input1 should rank above input2 where y = 1.

    shape   input1, input2, target (*), broadcast -> (), or (*) without reduction
    errors  RuntimeError: numbers of dimensions differ; ValueError: another reduction

    >>> F.margin_ranking_loss(tensor([1.0]), tensor([3.0]), tensor([1.0]))
    tensor(2.)
    """
    reduction = checked_word(size_average, reduce, reduction)
    if not input1._a.ndim == input2._a.ndim == target._a.ndim:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.size()}, input2: {input2.size()}, target: {target.size()} "
        )
    return _margin_ranking(input1, input2, target, margin, reduction)


@composite(
    "margin_ranking_loss(input1: Tensor, input2: Tensor, target, margin: float = 0.0, "
    "reduction: int = 1)",
    at="torch",
)
def torch_margin_ranking_loss(input1, input2, target, margin=0.0, reduction=1):
    """torch.nn.functional.margin_ranking_loss; reduction is 0, 1 or 2.

    shape   and errors as there
    """
    word = numbered("margin_ranking_loss", reduction)
    return _margin_ranking(input1, input2, target, margin, word)


def _margin_ranking(input1, input2, target, margin, reduction) -> Tensor:
    return reduced((-target * (input1 - input2) + margin).clamp(min=0), reduction)


@composite(f"hinge_embedding_loss(input, target, margin: float = 1.0, {_LEGACY})", at="F")
def hinge_embedding_loss(
    input, target, margin=1.0, size_average=None, reduce=None, reduction="mean"
):
    """L = x where y = 1, max(0, margin - x) where y = -1.

    shape   input (*), target (*), broadcast -> (), or (*) without reduction
    errors  ValueError: another reduction

    >>> F.hinge_embedding_loss(tensor([0.25, 0.25]), tensor([1.0, -1.0]), reduction="none")
    tensor([0.2500, 0.7500])
    """
    return _hinge_embedding(input, target, margin, checked_word(size_average, reduce, reduction))


@composite(
    "hinge_embedding_loss(input, target, margin: float = 1.0, reduction: int = 1)", at="torch"
)
def torch_hinge_embedding_loss(input, target, margin=1.0, reduction=1):
    """torch.nn.functional.hinge_embedding_loss; reduction is 0, 1 or 2.

    shape   and errors as there
    """
    return _hinge_embedding(input, target, margin, numbered("hinge_embedding_loss", reduction))


def _hinge_embedding(input, target, margin, reduction) -> Tensor:
    if input._a.dtype.kind in "iub":
        margin = int(margin)
    zero = input.new_zeros(())
    far = (margin - input).clamp(min=0).where(target != 1, zero)
    near = input.where(target != -1, zero)
    return reduced(far + near, reduction)


@composite(
    f"cosine_embedding_loss(input1: Tensor, input2: Tensor, target, margin: float = 0, {_LEGACY})",
    at="F",
)
def cosine_embedding_loss(
    input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"
):
    """L = 1 - cos(x1, x2) where y = 1, max(0, cos(x1, x2) - margin) where y = -1.

    shape   input1 and input2 (N, M), target (N) -> (N); or (M), (M), () -> ()
    errors  RuntimeError: other numbers of dimensions; ValueError: another reduction
    """
    word = checked_word(size_average, reduce, reduction)
    return _cosine_embedding(input1, input2, target, margin, word)


@composite(
    "cosine_embedding_loss(input1: Tensor, input2: Tensor, target, margin: float = 0.0, "
    "reduction: int = 1)",
    at="torch",
)
def torch_cosine_embedding_loss(input1, input2, target, margin=0.0, reduction=1):
    """torch.nn.functional.cosine_embedding_loss; reduction is 0, 1 or 2.

    shape   and errors as there
    """
    word = numbered("cosine_embedding_loss", reduction)
    return _cosine_embedding(input1, input2, target, margin, word)


def _cosine_embedding(input1, input2, target, margin, reduction) -> Tensor:
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


@internal("soft_margin", tensors=1, node="SoftMarginLoss")
class SoftMargin:
    """L = log(1 + e^(-y x));  dx = -y / (1 + e^(y x))"""

    def forward(x, y):
        z = -wide(y) * wide(x)
        return rounded(K.log1p(K.exp(-K.abs(z))) + K.maximum(z, 0), x)

    def backward(c, dz, x, y):
        t = wide(y)
        return rounded(-wide(dz) * t * K.sigmoid(-t * wide(x)), x)

    def samples(make):
        yield make(4, 3).T, make(3, 4).detach()
        yield make(3, 4), make(3, 4).detach()
        yield make(), make().detach()
        yield make(0, 2), make(0, 2).detach()


@composite(f"soft_margin_loss(input, target, {_LEGACY})", at="F")
def soft_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """L = log(1 + e^(-y x)), y = ±1.

    shape   input (*), target (*), broadcast -> (), or (*) without reduction
    dtype   floating, input's
    errors  RuntimeError: an input of integers; ValueError: another reduction
    """
    reduction = checked_word(size_average, reduce, reduction)
    if input.dtype.category < FLOAT:
        raise RuntimeError(
            f"result type Float can't be cast to the desired output type {scalar_name(input.dtype)}"
        )
    x, y = broadcast_tensors(input, target)
    return reduced(SoftMargin.run((x, y)), reduction)


@internal(
    "multi_margin",
    tensors=1,
    node="MultiMarginLoss",
    not_for="iubc",
    kernel="multi_margin_loss_cpu_kernel",
)
class MultiMargin:
    """L_n = Σ_{i ≠ y} w[y] max(0, margin - x[y] + x[i])^p / C

    shape   x (N, C), t (N) int64, w (C) or None -> (N)
    grad    dx[i] = dL w p m_i^(p-1) / C;  dx[y] = -Σ of those
    """

    def forward(x, t, p, margin, w=None):
        m = _hinges(wide(x), t, margin)
        loss = K.sum(m if p == 1 else m * m, 1) / x.shape[1]
        return rounded(loss if w is None else loss * wide(w)[t], x)

    def backward(c, dz, x, t, w, p, margin):
        t, w = _plain(t), wide(_plain(w))
        dy = wide(dz)
        m = _hinges(wide(x), t, margin)
        constant = _constants(dy)
        slope = constant((_plain(m) > 0) / m.shape[1]) if p == 1 else 2 * m / m.shape[1]
        g = slope * K.expand_dims(dy if w is None else dy * constant(w[t]), 1)
        return rounded(g - K.sum(g, (1,), True) * constant(_hot(t, x.shape)), x)

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
    hot = K.zeros(tuple(shape), t, bool)
    hot[np.arange(len(t)), t] = True
    return hot


def _hinges(x, t, margin):
    """max(0, margin - x[y] + x[i]), 0 at i = y: (N, C)."""
    hot = _hot(t, x.shape)
    if isinstance(x, Tensor):
        own = (x * wrap(hot.astype(x._a.dtype))).sum(1, keepdim=True)
        return (margin - own + x).clamp(min=0).masked_fill(wrap(hot), 0.0)
    own = x[hot][:, None]
    return K.where(hot, x.dtype.type(0), K.maximum(margin - own + x, 0))


@composite(
    "multi_margin_loss(input, target, p: int = 1, margin: float = 1.0, "
    f"weight: Tensor | None = None, {_LEGACY})",
    at="F",
)
def multi_margin_loss(
    input, target, p=1, margin=1.0, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """L = Σ_{i ≠ y} max(0, margin - x[y] + x[i])^p / C, by class weights.

    shape   input (N, C), target (N) of classes -> (N); or (C), () -> ()
    errors  ValueError: p is not 1 or 2, weight is no vector; RuntimeError: shapes, target out of
            range
    """
    reduction = checked_word(size_average, reduce, reduction)
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
    loss = MultiMargin.run((rows, target.reshape(-1), p, margin, weight))
    if reduction == "none":
        return owned(loss.reshape(t.shape))
    return reduced(loss, reduction)


@internal(
    "multilabel_margin",
    tensors=1,
    node="MultilabelMarginLoss",
    not_for="iubc",
    kernel="multilabel_margin_loss_forward_out_frame",
)
class MultilabelMargin:
    """L_n = Σ_{j in y} Σ_{i not in y} max(0, 1 - x[j] + x[i]) / C

    shape   x (N, C), counts (N, C): how often each class is a target -> (N)
    grad    each pair within its margin adds dL / C at i and takes it away at j
    """

    def forward(x, counts):
        v = wide(x)
        pairs = _close(v, counts) * (1 - v[:, :, None] + v[:, None, :])
        return rounded(K.sum(pairs, (1, 2)) / x.shape[1], x)

    def backward(c, dz, x, counts):
        dy = wide(dz)
        close = _close(wide(_plain(x)), _plain(counts))
        share = (close.sum(1) - close.sum(2)) / x.shape[1]  # (N, C)
        return rounded(K.expand_dims(dy, 1) * _constants(dy)(share), x)

    def samples(make):
        yield make(4, 3).T, make.indices(3, 4, high=3)
        yield make(3, 4), make.indices(3, 4, high=3)


def _close(x: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(N, j, i): how often j is a target while i is none, where the margin between them is not
    kept.
    """
    near = (counts[:, None, :] == 0) & (1 - x[:, :, None] + x[:, None, :] > 0)
    return (near * counts[:, :, None]).astype(x.dtype)


@composite(f"multilabel_margin_loss(input, target, {_LEGACY})", at="F")
def multilabel_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """L = Σ_{j in y} Σ_{i not in y} max(0, 1 - x[j] + x[i]) / C

    shape   input and target (N, C) -> (N); or (C), (C) -> (). A row of target lists classes and
            ends at -1.
    errors  RuntimeError: shapes, classes out of range
    """
    reduction = checked_word(size_average, reduce, reduction)
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
    if target.dtype is not int64:
        raise RuntimeError(f"expected scalar type Long but found {scalar_name(target.dtype)}")
    listed = on_host(t).reshape(rows._a.shape)
    if listed.size and (listed.min() < -1 or listed.max() >= rows._a.shape[1]):
        raise RuntimeError("target out of range")
    listed = np.where(np.cumsum(listed < 0, 1) > 0, -1, listed)
    counts = np.zeros((listed.shape[0], listed.shape[1] + 1), np.int64)
    np.add.at(counts, (np.arange(len(listed))[:, None], listed), 1)  # -1 is the spare last column
    loss = MultilabelMargin.run((rows, wrap(counts[:, :-1].copy())))
    if reduction == "none":
        return owned(loss.reshape(shape[:1] if len(shape) == 2 else ()))
    return reduced(loss, reduction)


@composite(
    f"multilabel_soft_margin_loss(input, target, weight: Tensor | None = None, {_LEGACY})", at="F"
)
def multilabel_soft_margin_loss(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """L = -Σ_c w_c (y log σ(x) + (1 - y) log σ(-x)) / C over the last dimension.

    shape   input and target (*, C) -> (), or (*) without reduction
    errors  ValueError: another reduction
    """
    reduction = checked_word(size_average, reduce, reduction)
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


@composite(
    "triplet_margin_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, "
    f"p: float = 2, eps: float = 1e-6, swap: bool = False, {_LEGACY})",
    at="F",
)
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

    shape   anchor a, positive p, negative n (N, M) -> (), or (N) without reduction
    errors  ValueError: margin <= 0, another reduction; RuntimeError: numbers of dimensions differ
    source  Balntas et al. 2016, doi:10.5244/C.30.119
    """
    word = checked_word(size_average, reduce, reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    return _triplet_margin(anchor, positive, negative, margin, p, eps, swap, word)


@composite(
    "triplet_margin_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, "
    "p: float = 2.0, eps: float = 1e-6, swap: bool = False, reduction: int = 1)",
    at="torch",
)
def torch_triplet_margin_loss(
    anchor, positive, negative, margin=1.0, p=2.0, eps=1e-6, swap=False, reduction=1
):
    """torch.nn.functional.triplet_margin_loss; reduction is 0, 1 or 2.

    shape   and errors as there
    """
    word = numbered("triplet_margin_loss", reduction)
    return _triplet_margin(anchor, positive, negative, margin, p, eps, swap, word)


def _triplet_margin(anchor, positive, negative, margin, p, eps, swap, reduction) -> Tensor:
    _checked_triplet(anchor, positive, negative)

    def distance(x, y):
        return pairwise_distance(x, y, p, eps)

    return _triplet(distance, anchor, positive, negative, margin, swap, reduction)


@composite(
    "triplet_margin_with_distance_loss(anchor: Tensor, positive: Tensor, negative: Tensor, *, "
    "distance_function: Callable | None = None, margin: float = 1.0, swap: bool = False, "
    "reduction='mean')",
    at="F",
)
def triplet_margin_with_distance_loss(
    anchor, positive, negative, *, distance_function=None, margin=1.0, swap=False, reduction="mean"
):
    """triplet_margin_loss by any distance of two tensors; pairwise_distance by default.

    errors  as triplet_margin_loss
    """
    reduction = checked_word(None, None, reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    _checked_triplet(anchor, positive, negative)
    distance = pairwise_distance if distance_function is None else distance_function
    return _triplet(distance, anchor, positive, negative, margin, swap, reduction)
