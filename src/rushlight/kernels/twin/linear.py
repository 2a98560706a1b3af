"""Matrix products in NumPy.

N rows of the batch (any leading shape), I inputs, O outputs
"""

from __future__ import annotations

import numpy as np


def linear(x, w, b):
    """y = x wᵀ + b: x (*, I), w (O, I), b (O) or None -> (*, O)"""
    y = x @ w.T
    return y if b is None else y + b


def linear_relu(x, w, b):
    """max(x wᵀ + b, 0)"""
    y = linear(x, w, b)
    return np.where(y < 0, y.dtype.type(0), y)


def linear_dx(dy, w):
    """dx = dy w: dy (*, O), w (O, I) -> (*, I)"""
    return dy @ w


def linear_dw(dy, x):
    """dw = dyᵀ x over the rows: dy (*, O), x (*, I) -> (O, I)"""
    return dy.reshape(-1, dy.shape[-1]).T @ x.reshape(-1, x.shape[-1])


def linear_db(dy):
    """db = Σ dy over the rows: (*, O) -> (O)"""
    return dy.reshape(-1, dy.shape[-1]).sum(0)
