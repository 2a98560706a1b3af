"""Losses with their reduction inside, of operands of one shape."""

from __future__ import annotations

from math import prod

from ..seam import K


def mse_loss(x, y, mean):
    """Σ (x - y)², divided by the number of elements if `mean`"""
    d = x - y
    return K.mean(d * d) if mean else K.sum(d * d)


def huber_loss(x, y, a, mean):
    """Σ huber(x - y), divided by the number of elements if `mean`"""
    loss = K.huber(K.sub(x, y), a)
    return K.mean(loss) if mean else K.sum(loss)


def smooth_l1_loss(x, y, a, mean):
    """Σ smooth_l1(x - y), divided by the number of elements if `mean`"""
    loss = K.smooth_l1(K.sub(x, y), a)
    return K.mean(loss) if mean else K.sum(loss)


def mse_loss_dx(dloss, x, y, mean):
    """dloss (), x, y -> dx = 2 (x - y) dloss, divided by the number of elements if `mean`"""
    if mean:
        dloss = dloss / max(prod(x.shape), 1)
    return dloss * ((x - y) * 2)
