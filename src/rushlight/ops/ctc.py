"""Connectionist temporal classification: the negative log-likelihood of a label sequence.

N batch, C classes, T length of the input, S length of the target.
"""

from __future__ import annotations

import numpy as np

from ..core.memory import on_host
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import not_implemented
from ..dispatch.registry import composite, internal
from .loss import numbered, reduced


@internal("ctc", tensors=1, extras=("alpha",), node="CtcLoss")
class Ctc:
    """L_n = -log Σ p over all ways to spell target n in T steps with repeats and blanks between.

    shape   x (T, N, C) log-probabilities, labels (N, 2 S + 1) with blanks between, lengths (N) and
            (N) -> (N)
    grad    dx = dL (e^x - Σ of the shares of the ways through (t, c)), as PyTorch's: x is taken as
            a log_softmax
    source  Graves et al. 2006, doi:10.1145/1143844.1143891
    """

    def forward(x, labels, steps, sizes, skips):
        alpha = _ways(x, labels, skips)
        n = np.arange(x.shape[1])
        last = alpha[np.maximum(steps - 1, 0), n, 2 * sizes]
        before = np.where(
            sizes > 0, alpha[np.maximum(steps - 1, 0), n, np.maximum(2 * sizes - 1, 0)], -np.inf
        )
        loss = -np.logaddexp(last, before)
        empty = np.where(sizes > 0, np.inf, 0.0)
        return np.where(steps > 0, loss, empty).astype(x.dtype), alpha

    def backward(c, dy, x, labels, steps, sizes, skips, alpha):
        if isinstance(dy, Tensor):
            raise RuntimeError("derivative for aten::_ctc_loss_backward is not implemented")
        return _ctc_dx(dy, x, labels, steps, sizes, skips, alpha)


def _ways(x: np.ndarray, labels: np.ndarray, skips: np.ndarray) -> np.ndarray:
    """alpha (T, N, 2 S + 1): log of the sum over all ways to be at each label after each step."""
    length, n, _ = x.shape
    alpha = np.full((length, n, labels.shape[1]), -np.inf)
    if not length:
        return np.full((1, n, labels.shape[1]), -np.inf)
    spoken = np.take_along_axis(x, np.broadcast_to(labels, (length, *labels.shape)), 2).astype(
        np.float64
    )
    alpha[0, :, :2] = spoken[0, :, :2]
    for t in range(1, length):
        stay = alpha[t - 1]
        step = np.full_like(stay, -np.inf)
        step[:, 1:] = stay[:, :-1]
        jump = np.full_like(stay, -np.inf)
        jump[:, 2:] = np.where(skips[:, 2:], stay[:, :-2], -np.inf)
        alpha[t] = np.logaddexp(np.logaddexp(stay, step), jump) + spoken[t]
    return alpha


def _ctc_dx(dy, x, labels, steps, sizes, skips, alpha):
    """The gradient of the log-probabilities, through beta: the ways from each label to the end."""
    length, n, _ = x.shape
    width = labels.shape[1]
    rows = np.arange(n)
    dx = np.zeros(x.shape, np.float64)
    end = 2 * sizes
    first = np.maximum(steps - 1, 0)
    total = alpha[first, rows, end]
    total = np.logaddexp(
        total, np.where(sizes > 0, alpha[first, rows, np.maximum(end - 1, 0)], -np.inf)
    )
    beta = np.full((n, width), -np.inf)
    with np.errstate(invalid="ignore"):
        for t in reversed(range(length)):
            said = np.take_along_axis(x[t], labels, 1).astype(np.float64)
            step = np.full_like(beta, -np.inf)
            step[:, :-1] = beta[:, 1:]
            jump = np.full_like(beta, -np.inf)
            jump[:, :-2] = np.where(skips[:, 2:], beta[:, 2:], -np.inf)
            beta = np.logaddexp(np.logaddexp(beta, step), jump)
            ends = t == steps - 1
            beta[ends] = -np.inf
            beta[ends, end[ends]] = 0.0
            two = ends & (sizes > 0)
            beta[two, end[two] - 1] = 0.0
            beta = beta + said
            share = np.exp(alpha[t] + beta - said - total[:, None])  # (N, 2 S + 1)
            np.add.at(dx[t], (rows[:, None], labels), -share)
            dx[t] += np.exp(x[t])
            dx[t, t >= steps] = 0.0
    return (dx * dy[:, None]).astype(x.dtype)


def _lengths(name: str, given, count: int) -> np.ndarray:
    lengths = on_host(given._a if isinstance(given, Tensor) else given)
    if lengths.dtype.kind not in "iu":
        raise RuntimeError(f"{name} must be integral")
    lengths = lengths.reshape(-1).astype(np.int64)
    if lengths.size != count:
        raise RuntimeError(f"{name} must be of size batch_size")
    return lengths


@composite(
    "ctc_loss(log_probs: Tensor, targets: Tensor, input_lengths: Tensor | Sequence[int], "
    "target_lengths: Tensor | Sequence[int], blank: int = 0, reduction='mean', "
    "zero_infinity: bool = False)",
    at="F",
)
def ctc_loss(
    log_probs,
    targets,
    input_lengths,
    target_lengths,
    blank=0,
    reduction="mean",
    zero_infinity=False,
):
    """L = -log of the probability of targets, however they are aligned with the T steps.

    shape   log_probs (T, N, C) or (T, C); targets (N, S), or all targets one after the other;
            lengths (N) -> (), or (N) without reduction
    dtype   float32, float64
    mean    of each loss divided by its target's length
    errors  RuntimeError: blank is no class, lengths that do not fit, nothing in log_probs;
            ValueError: another reduction; NotImplementedError: other dtypes
    source  Graves et al. 2006, doi:10.1145/1143844.1143891
    """
    return _ctc_loss(
        log_probs, targets, input_lengths, target_lengths, blank, reduction, zero_infinity
    )


@composite(
    "ctc_loss(log_probs: Tensor, targets: Tensor, input_lengths: Tensor | Sequence[int], "
    "target_lengths: Tensor | Sequence[int], blank: int = 0, reduction: int = 1, "
    "zero_infinity: bool = False)",
    at="torch",
)
def torch_ctc_loss(
    log_probs, targets, input_lengths, target_lengths, blank=0, reduction=1, zero_infinity=False
):
    """torch.nn.functional.ctc_loss; reduction is 0, 1 or 2.

    shape   and errors as there
    """
    word = numbered("ctc_loss", reduction)
    return _ctc_loss(log_probs, targets, input_lengths, target_lengths, blank, word, zero_infinity)


def _ctc_loss(log_probs, targets, input_lengths, target_lengths, blank, reduction, zero_infinity):
    if log_probs._a.dtype.kind != "f" or log_probs._a.dtype.itemsize < 4:
        raise not_implemented("ctc_loss_cpu", log_probs._a)
    if not log_probs._a.size:
        raise RuntimeError("log_probs tensor must not be empty")
    batched = log_probs._a.ndim == 3
    x = log_probs if batched else log_probs.unsqueeze(1)
    length, n, classes = x._a.shape
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    steps = _lengths("input_lengths", input_lengths, n)
    sizes = _lengths("target_lengths", target_lengths, n)
    _check_lengths("input_lengths", steps, length)
    _check_lengths("target_lengths", sizes, None)
    labels, skips = _spelling(on_host(targets._a), sizes, blank, classes)
    loss = Ctc.run((x, labels, steps, sizes, skips))
    if zero_infinity:
        loss = loss.masked_fill(wrap(np.isinf(loss._a)), 0.0)
    if reduction == "mean":
        return (loss / wrap(np.maximum(sizes, 1).astype(x._a.dtype))).mean()
    loss = reduced(loss, reduction)
    return loss if batched or reduction != "none" else loss.reshape(())


_CHECKING = "(while checking arguments for ctc_loss_allocate_outputs)"


def _check_lengths(name: str, lengths: np.ndarray, most: int | None) -> None:
    """RuntimeError: a length below 0 or above `most`."""
    for n in lengths:
        if n < 0 or (most is not None and n > most):
            bound = "least 0" if n < 0 else f"most {most}"
            raise RuntimeError(
                f"Expected {name} to have value at {bound}, but got value {n} {_CHECKING}"
            )


def _spelling(
    targets: np.ndarray, sizes: np.ndarray, blank: int, classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """(N, 2 S + 1): labels with blanks around them, and where a step may skip the blank before a
    label.

    RuntimeError: targets that are shorter than their lengths say, labels that are no classes.
    """
    n, longest = len(sizes), int(sizes.max(initial=0))

    def wrong(want: str, dim: int, got: int) -> RuntimeError:
        return RuntimeError(
            f"Expected tensor to have size {want} at dimension {dim}, but got size {got} for "
            f"argument #2 'targets' {_CHECKING}"
        )

    if targets.ndim == 2:
        if targets.shape[0] != n:
            raise wrong(str(n), 0, targets.shape[0])
        if targets.shape[1] < longest:
            raise wrong(f"at least {longest}", 1, targets.shape[1])
        rows = [targets[i, : sizes[i]] for i in range(n)]
    elif targets.size != sizes.sum():
        raise wrong(str(sizes.sum()), 0, targets.size)
    else:
        rows = np.split(targets, np.cumsum(sizes))[:n]
    for row in rows:
        if row.size and (row.min() < 0 or row.max() >= classes):
            bad = row[(row < 0) | (row >= classes)][0]
            raise RuntimeError(f"target {bad} is no class: there are {classes}, from 0")
    labels = np.full((n, 2 * longest + 1), blank, np.int64)
    for i, row in enumerate(rows):
        labels[i, 1 : 2 * len(row) : 2] = row
    skips = np.zeros(labels.shape, bool)
    skips[:, 2:] = (labels[:, 2:] != blank) & (labels[:, 2:] != labels[:, :-2])
    return labels, skips
