"""Matrix products in NumPy.

N rows of the batch (any leading shape), I inputs, O outputs
"""

from __future__ import annotations

from math import prod

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
    return _rows(dy).T @ _rows(x)


def linear_db(dy):
    """db = Σ dy over the rows: (*, O) -> (O)"""
    return _rows(dy).sum(0)


def _rows(x):
    """x (*, I) as (N, I). NumPy cannot tell N from a -1 where I is 0."""
    return x.reshape(prod(x.shape[:-1]), x.shape[-1])


def solve_small(a, b):
    """a (B, N, N), b (B, N, K) -> X (B, N, K) with a X = b; None: a matrix has a zero pivot"""
    try:
        return np.linalg.solve(a, b).astype(a.dtype, copy=False)
    except np.linalg.LinAlgError:
        return None
