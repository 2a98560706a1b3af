"""Softmax, its logarithm and cross entropy in NumPy.

N rows, C classes. The largest logit is taken off first, so nothing overflows.
"""

from __future__ import annotations

import numpy as np

from ..refusals import no_such_class
from ..seam import K


@np.errstate(all="ignore")
def softmax(x, axis):
    """y = e^(x - m) / Σ e^(x - m) along axis, m the largest x"""
    if x.ndim == 0 or x.size == 0:
        return x * 0 + 1
    x = K.dense(x)  # the result lies in row-major order, whatever x does
    e = K.exp(x - K.max(x, axis, True))
    return K.dense(e / K.sum(e, axis, True))


@np.errstate(all="ignore")
def log_softmax(x, axis):
    """y = x - m - log Σ e^(x - m) along axis, m the largest x"""
    if x.ndim == 0 or x.size == 0:
        return x * 0
    x = K.dense(x)
    z = x - K.max(x, axis, True)
    return K.dense(z - K.log(K.sum(K.exp(z), axis, True)))


@np.errstate(all="ignore")
def logsumexp(x, axis, keepdims):
    """m + log Σ e^(x - m) over axis, m the largest x"""
    top = K.max(x, axis, True)
    top = K.where(K.isinf(top), K.zeros_like(top), top)
    total = K.log(K.sum(K.exp(x - top), axis, keepdims))
    return total + K.reshape(top, total.shape)


def softmax_dx(dy, y, axis):
    """dx = y (dy - Σ dy y)"""
    g = dy * y
    if y.ndim == 0:
        return g - g * y
    return g - y * K.sum(g, axis, True)


@np.errstate(all="ignore")
def log_softmax_dx(dy, y, axis):
    """dx = dy - e^y Σ dy, y the logarithm of the softmax"""
    if y.ndim == 0:
        return dy - K.exp(y) * dy
    return dy - K.exp(y) * K.sum(dy, axis, True)


def nll(x, t, mean):
    """-Σ x[n, t[n]], divided by N if mean: x (N, C), t (N) -> (), or None: a target is no class"""
    picked = K.pick(x, t[:, None], 1)
    if picked is None:
        return None
    loss = K.sum(K.neg(picked))
    return K.div(loss, picked.size) if mean else loss


def glu(x, axis):
    """a σ(b), the halves of x along an axis"""
    half, before = x.shape[axis] // 2, (slice(None),) * (axis % x.ndim)
    a, b = x[(*before, slice(None, half))], x[(*before, slice(half, None))]
    return K.mul(a, K.sigmoid(b))


@np.errstate(all="ignore")
def cross_entropy(x, t, ignore_index, mean):
    """-Σ log softmax(x)[n, t[n]] over the rows whose target is not ignore_index; divided by their
    number if `mean`.

    x (N, C), t (N) int64 -> loss (), log softmax (N, C). IndexError: a target outside of 0..C-1.
    """
    logp = log_softmax(x, 1)
    kept = _kept(t, x.shape[1], ignore_index)
    rows = np.flatnonzero(kept)
    loss = -logp[rows, t[rows]].sum(dtype=x.dtype)
    if mean:
        loss = loss / x.dtype.type(len(rows))
    return np.asarray(loss, x.dtype), logp


@np.errstate(all="ignore")
def cross_entropy_dx(dloss, logp, t, ignore_index, mean):
    """dx = dloss (softmax - one-hot target), 0 in ignored rows

    dloss (), logp (N, C), t (N) -> (N, C)
    """
    kept = _kept(t, logp.shape[1], ignore_index)
    rows = np.flatnonzero(kept)
    scale = dloss / len(rows) if mean else dloss
    dx = np.where(kept[:, None], np.exp(logp), 0).astype(logp.dtype, copy=False)
    dx[rows, t[rows]] -= 1
    dx[rows] *= scale
    return dx


def _kept(t, classes, ignore_index):
    kept = t != ignore_index
    bad = kept & ((t < 0) | (t >= classes))
    if bad.any():
        raise no_such_class(t, bad, classes)
    return kept
