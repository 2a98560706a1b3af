"""The cross entropy of a linear layer's outputs, all at once or a few rows at a time.

N batch, I features, C classes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.notices import warn
from ..core.tensor import Tensor, wrap
from ..dispatch.registry import composite, internal
from ..kernels import K
from ..kernels.refusals import no_such_class
from .cross_entropy import cross_entropy
from .loss import reduced


class LinearCrossEntropyOptions:
    """How linear_cross_entropy cuts its batch, so that the logits (N, C) never exist as a whole.

    batch_chunk_size    rows at a time; None: as chunking_method says
    chunking_method     "aspect_ratio:k": as many rows as have k times as many logits as the whole
                        input has numbers; None and "auto": k = 2
    acc_policy          "accurate" adds up the weights' gradient in float64; "balanced", "compact"
                        and "auto" in the input's dtype
    acc_dtype           the dtype to add up the weights' gradient in, whatever the policy
    allow_retain_graph  needs nothing here: backward makes the logits anew each time
    """

    def __init__(
        self,
        allow_retain_graph: bool = False,
        batch_chunk_size: int | None = None,
        chunking_method: str | None = "auto",
        acc_policy: str = "auto",
        acc_dtype: Any = None,
    ):
        if batch_chunk_size is not None and batch_chunk_size < 1:
            raise ValueError(
                f"batch_chunk_size must be positive int or None, got {batch_chunk_size}"
            )
        word, _, ratio = (chunking_method or "auto").partition(":")
        if (word, ratio) != ("auto", "") and not (
            word == "aspect_ratio" and ratio.isdigit() and int(ratio)
        ):
            raise ValueError(f"invalid chunking_method: {chunking_method!r}")
        if acc_policy not in ("accurate", "balanced", "compact", "auto"):
            raise ValueError(f"invalid acc_policy: {acc_policy!r}")
        if acc_dtype is not None and str(acc_dtype) not in _ACCUMULATORS:
            raise ValueError(
                f"acc_dtype must be one of {{None, {', '.join(_ACCUMULATORS)}}}, got {acc_dtype}. "
                "Pass acc_dtype=None to let the op pick automatically."
            )
        self.allow_retain_graph, self.batch_chunk_size = allow_retain_graph, batch_chunk_size
        self.chunking_method, self.acc_policy = chunking_method, acc_policy
        self.acc_dtype = acc_dtype

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"LinearCrossEntropyOptions({fields})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LinearCrossEntropyOptions) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def rows(self, batch: int, features: int, classes: int) -> int:
        """How many rows of the batch to take at a time."""
        if self.batch_chunk_size is not None:
            return self.batch_chunk_size
        ratio = int((self.chunking_method or "").partition(":")[2] or 2)
        return min(max(ratio * batch * features // max(classes, 1), 1), max(batch, 1))


_ACCUMULATORS = ("torch.float16", "torch.bfloat16", "torch.float32", "torch.float64")


@internal("linear_nll", tensors=3)
class LinearNll:
    """L_n = -log softmax(x_n Wᵀ + b)[t_n], `rows` rows at a time; 0 where t is ignored.

    shape   x (N, I), W (C, I), b (C) or None, t (N) -> (N)
    grad    with p = dL (softmax - one-hot), made anew: dx = p W, dW = Σ pᵀ x, db = Σ p
    errors  RuntimeError: a second derivative, as in PyTorch
    """

    def forward(x, w, b, t, ignore_index, rows, acc):
        loss = np.zeros(len(x), x.dtype)
        for part in _parts(len(x), rows):
            logp = K.log_softmax(K.linear(x[part], w, b), 1)
            kept = np.flatnonzero(t[part] != ignore_index)
            loss[part][kept] = -logp[kept, t[part][kept]]
        return loss

    def backward(c, dy, x, w, b, t, ignore_index, rows, acc):
        if isinstance(dy, Tensor):
            raise RuntimeError(
                "linear_cross_entropy(options=...) cannot be differentiated twice; "
                "fix: options=None"
            )
        dx, dw = np.empty_like(x), np.zeros(w.shape, acc)
        db = None if b is None else np.zeros(b.shape, acc)
        for part in _parts(len(x), rows):
            p = K.softmax(K.linear(x[part], w, b), 1)
            keep = t[part] != ignore_index
            at = np.flatnonzero(keep)
            p[at, t[part][at]] -= 1
            p *= (dy[part] * keep)[:, None]
            dx[part] = K.linear_dx(p, w)
            dw += K.linear_dw(p, x[part])
            if db is not None:
                db += p.sum(0)
        dw = dw.astype(w.dtype, copy=False)
        return dx, dw, db if db is None else db.astype(b.dtype, copy=False)


def _parts(count: int, rows: int) -> list[slice]:
    return [slice(i, i + rows) for i in range(0, count, rows)]


def _in_chunks(
    input: Tensor,
    linear_weight: Tensor,
    linear_bias: Tensor | None,
    target: Tensor,
    weight: Tensor | None,
    reduction: str,
    ignore_index: int,
    options: LinearCrossEntropyOptions,
) -> Tensor:
    """The loss of class indices without the logits as a whole."""
    (n, features), classes, t = input._a.shape, linear_weight._a.shape[0], target._a
    if t.shape != (n,):
        raise ValueError(
            f"Expected input batch_size ({n}) to match target batch_size ({t.shape[0]})."
        )
    keep = t != ignore_index
    bad = keep & ((t < 0) | (t >= classes))
    if bad.any():
        raise no_such_class(t, bad, classes)
    acc = np.dtype(np.float64) if options.acc_policy == "accurate" else input._a.dtype
    if options.acc_dtype is not None:
        acc = options.acc_dtype.np
    rows = options.rows(n, features, classes)
    loss = LinearNll.run((input, linear_weight, linear_bias, target, ignore_index, rows, acc))
    scale = keep.astype(input._a.dtype)
    if weight is not None:
        scale = np.where(keep, weight._a[np.where(keep, t, 0)], 0).astype(input._a.dtype)
        loss = loss * wrap(scale)
    if reduction == "mean":
        return loss.sum() / wrap(np.asarray(scale.sum()))
    return reduced(loss, reduction)


@composite(
    "linear_cross_entropy(input, linear_weight: Tensor, target, *, "
    "linear_bias: Tensor | None = None, weight: Tensor | None = None, reduction='mean', "
    "ignore_index: int | None = None, label_smoothing: float = 0.0, options: Any = None)",
    at="F",
)
def linear_cross_entropy(
    input,
    linear_weight,
    target,
    *,
    linear_bias=None,
    weight=None,
    reduction="mean",
    ignore_index=None,
    label_smoothing=0.0,
    options=None,
):
    """cross_entropy(linear(input, linear_weight, linear_bias), target, ...)

    shape   input (N, I) or (I), linear_weight (C, I) or (C, d1, ..., dK, I), linear_bias (C) or
            (C, d1, ..., dK)
    options LinearCrossEntropyOptions: the logits are made, used and dropped a few rows at a time
    errors  RuntimeError: shapes that do not fit, ignore_index beside probabilities
    """
    _checked_linear(input._a.shape, linear_weight._a.shape, linear_bias)
    *sizes, features = linear_weight._a.shape
    if ignore_index is None:
        ignore_index = -100
    elif target._a.dtype.kind in "fV":
        raise RuntimeError("ignore_index cannot be specified when target contains probabilities")
    if options is not None:
        if (
            target._a.dtype == np.int64
            and label_smoothing == 0
            and len(sizes) == 1
            and input._a.ndim == 2
        ):
            return _in_chunks(
                input, linear_weight, linear_bias, target, weight, reduction, ignore_index, options
            )
        warn(
            "linear_cross_entropy: ``options`` ignored; chunked path needs label_smoothing == 0, "
            "target.dtype == int64, out_features == (), and input.dim() == 2.",
        )
    logits = input.matmul(linear_weight.reshape(-1, features).transpose(0, 1))
    if linear_bias is not None:
        logits = logits + linear_bias.reshape(-1)
    if len(sizes) > 1:
        logits = logits.reshape(*input._a.shape[:-1], *sizes)
    return cross_entropy(
        logits, target, weight, None, ignore_index, None, reduction, label_smoothing
    )


def _checked_linear(x: tuple, w: tuple, bias: Tensor | None) -> None:
    """RuntimeError in PyTorch's words unless input, weight and bias fit."""
    if len(x) not in (1, 2):
        raise RuntimeError(f"expected input with dimensionality 1 or 2, got {len(x)}")
    if len(w) < 2:
        raise RuntimeError(f"expected linear_weight with dimensionality at least 2, got {len(w)}")
    if x[-1] != w[-1]:
        raise RuntimeError(
            "expected equal input and linear_weight last dimensions (in_features), got "
            f"{x[-1]} and {w[-1]}, respectively"
        )
    if len(x) == 1 and len(w) > 2:
        raise RuntimeError(
            f"K-dimensional loss defined by linear_weight shape {tuple(w)} requires batched input, "
            f"(N, {w[-1]}), got unbatched input with shape {tuple(x)}"
        )
    if bias is not None and bias._a.shape != w[:-1]:
        raise RuntimeError(
            f"expected linear_bias shape {tuple(w[:-1])}, got {tuple(bias._a.shape)}"
        )
