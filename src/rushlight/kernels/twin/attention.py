"""Attention in NumPy, with the matrix of weights.

T queries, S keys, E numbers of a query and a key, D of a value; leading dimensions broadcast.
"""

from __future__ import annotations

import numpy as np

from ..seam import K


@np.errstate(all="ignore")
def attention(q, k, v, mask, scale, causal):
    """y = softmax(q kᵀ scale + mask) v, and the logarithm of each row's Σ exp

    q (*, T, E), k (*, S, E), v (*, S, D), mask None, bool or numbers (*, T, S) -> y (*, T, D),
    lse (*, T). causal: query i sees keys 0 ... i. A row without keys gives y = 0, lse = inf.
    """
    s = _scores(q, k, mask, scale, causal)
    if s.shape[-1] == 0:
        return _arranged(K.matmul(s, v), q), np.full(s.shape[:-1], np.inf, s.dtype)
    m = K.max(s, -1, True)
    m = np.where(np.isneginf(m), 0, m).astype(s.dtype, copy=False)
    e = K.exp(s - m)
    total = K.sum(e, -1, True)
    y = K.matmul(e, v) / np.where(total == 0, 1, total).astype(s.dtype, copy=False)
    lse = np.where(total == 0, np.inf, m + np.log(total)).astype(s.dtype, copy=False)
    return _arranged(y, q), lse[..., 0]


@np.errstate(all="ignore")
def attention_dx(dy, q, k, v, y, lse, mask, scale, causal):
    """dq, dk, dv, each with all leading dimensions; the weights are made anew

    With p the weights: dv = pᵀ dy, ds = p (dp - Σ dp p) where dp = dy vᵀ, dq = scale ds k,
    dk = scale dsᵀ q.
    """
    s = _scores(q, k, mask, scale, causal)
    if s.shape[-1] == 0:
        lead = s.shape[:-2]
        dq = K.zeros((*lead, *q.shape[-2:]), like=q)
        return dq, K.zeros((*lead, *k.shape[-2:]), like=k), K.zeros((*lead, *v.shape[-2:]), like=v)
    if mask is None:
        p = K.softmax(s, -1)
    else:  # a row without keys has weights 0, and derivatives 0 of any order
        dead = K.all(s == -np.inf, -1, True)
        p = K.where(dead, K.zeros_like(s), K.softmax(K.where(dead, K.zeros_like(s), s), -1))
    dv = K.matmul(_t(p), dy)
    dp = K.matmul(dy, _t(v))
    ds = p * (dp - K.sum(dp * p, -1, True)) * scale
    return K.matmul(ds, k), K.matmul(_t(ds), q), dv


def _t(x):
    return K.swapaxes(x, -1, -2)


def _scores(q, k, mask, scale, causal):
    s = K.matmul(q * scale, _t(k))
    if causal:
        s = K.where(K.tril(K.ones_like(s)) == 0, K.full_like(s, -np.inf), s)
    if mask is None:
        return s
    if mask.itemsize == 1:
        return K.where(mask, s, K.full_like(s, -np.inf))
    return s + mask


def _arranged(y, q):
    """y (*, T, D) with its dimensions in memory in the order of q's."""
    if y.ndim < 3 or y.shape[:-1] != q.shape[:-1] or q.strides[-1] != q.itemsize:
        return y
    out = np.empty_like(q, shape=y.shape)
    out[...] = y
    return out
