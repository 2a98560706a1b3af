"""Normalization in NumPy: y = (x - mean) · rstd · w + b

rstd = 1 / √(var + eps), var not corrected
N batch, C channels, * anything
"""

from __future__ import annotations

import math

from ..seam import K


def layer_norm(x, n, w, b, eps):
    """Over the last n dimensions; w, b of their shape or None.

    Returns y, and mean and rstd of x's shape with those dimensions 1.
    """
    axes = tuple(range(x.ndim - n, x.ndim))
    mean = K.mean(x, axes, True)
    z = x - mean
    rstd = 1 / K.sqrt(K.mean(z * z, axes, True) + eps)
    return _affine(z * rstd, w, b), mean, rstd


def layer_norm_dx(dy, x, w, mean, rstd, n):
    """dx = rstd (g - mean(g) - z mean(g z)) with g = dy w and z = (x - mean) rstd

    Returns dx, dw = Σ dy z and db = Σ dy over the leading dimensions; the last two None if w is.
    """
    axes, lead = tuple(range(x.ndim - n, x.ndim)), tuple(range(x.ndim - n))
    z = (x - mean) * rstd
    g = dy if w is None else dy * w
    dx = rstd * (g - K.mean(g, axes, True) - z * K.mean(g * z, axes, True))
    if w is None:
        return dx, None, None
    return dx, (K.sum(dy * z, lead) if lead else dy * z), (K.sum(dy, lead) if lead else dy)


def group_norm(x, groups, w, b, eps):
    """x (N, C, *) in groups of neighbouring channels; w, b (C) or None -> y, mean and rstd
    (N, groups, 1)
    """
    folded = x.reshape((x.shape[0], groups, -1))
    y, mean, rstd = layer_norm(folded, 1, None, None, eps)
    per_channel = (1, x.shape[1]) + (1,) * (x.ndim - 2)
    w, b = (None if v is None else v.reshape(per_channel) for v in (w, b))
    return _affine(y.reshape(x.shape), w, b), mean, rstd


def group_norm_dx(dy, x, w, mean, rstd, groups):
    """-> dx (N, C, *), dw = Σ dy z and db = Σ dy (C), z = (x - mean) rstd"""
    folded, axes = (x.shape[0], groups, -1), (0, *range(2, x.ndim))
    z = ((x.reshape(folded) - mean) * rstd).reshape(x.shape)
    g = dy if w is None else dy * w.reshape((1, x.shape[1]) + (1,) * (x.ndim - 2))
    dx, _, _ = layer_norm_dx(g.reshape(folded), x.reshape(folded), None, mean, rstd, 1)
    return dx.reshape(x.shape), (dy * z).sum(axes), dy.sum(axes)


def square_sum(x, axis=None, keepdims=False):
    """Σ x²"""
    return K.sum(x * x, axis, keepdims)


def unit(x, axis, least):
    """x / max(√(Σ x²), least) along one dimension"""
    length = K.sqrt(K.square_sum(x, axis, True))
    return x / K.maximum(length, length.dtype.type(least))


def variance(x, axis, correction, keepdims, root):
    """y = Σ |x - mean|² / max(n - correction, 0), or its root, over one, several or all dimensions;
    and the mean
    """
    total = K.sum(x, axis, True)
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    n = math.prod(x.shape[i] for i in axes) if x.ndim else 1
    mean = K.div(total, n or math.nan)
    d = K.sub(x, mean)
    square = K.real(d * K.conj(d)) if K.is_complex(d) else K.mul(d, d)
    y = K.sum(square, axis, keepdims)
    y = y / (n - correction) if n > correction else y / K.zeros_like(y)
    return K.sqrt(y) if root else y, K.reshape(mean, y.shape)


def batch_norm(x, w, b, eps):
    """With the batch's statistics: x (N, C, *), w and b (C) or None -> y, mean (C), rstd (C)"""
    axes = (0, *range(2, x.ndim))
    mean = K.mean(x, axes)
    z = x - _channels(mean, x)
    rstd = 1 / K.sqrt(K.mean(z * z, axes) + eps)
    return _affine(z * _channels(rstd, x), _channels(w, x), _channels(b, x)), mean, rstd


def batch_norm_dx(dy, x, w, mean, rstd):
    """As layer_norm_dx over all dimensions but C -> dx, dw (C), db (C)"""
    axes = (0, *range(2, x.ndim))
    r = _channels(rstd, x)
    z = (x - _channels(mean, x)) * r
    db = K.sum(dy, axes)
    dw = K.sum(dy * z, axes)
    m = x.size // x.shape[1]
    scale = r if w is None else r * _channels(w, x)
    return scale * (dy - _channels(db / m, x) - z * _channels(dw / m, x)), dw, db


def batch_norm_eval(x, w, b, mean, var, eps):
    """With given statistics: x (N, C, *), mean and var (C), w and b (C) or None -> y"""
    rstd = 1 / K.sqrt(var + eps)
    return _affine((x - _channels(mean, x)) * _channels(rstd, x), _channels(w, x), _channels(b, x))


def batch_norm_eval_dx(dy, x, w, mean, var, eps):
    """The statistics do not depend on x -> dx, dw (C), db (C)"""
    axes = (0, *range(2, x.ndim))
    rstd = 1 / K.sqrt(var + eps)
    dw = K.sum(dy * (x - _channels(mean, x)) * _channels(rstd, x), axes)
    return dy * _channels(rstd if w is None else rstd * w, x), dw, K.sum(dy, axes)


def _affine(z, w, b):
    y = z if w is None else z * w
    return y if b is None else y + b


def _channels(v, x):
    """v (C) against x (N, C, *)."""
    return None if v is None else v.reshape((1, -1) + (1,) * (x.ndim - 2))
