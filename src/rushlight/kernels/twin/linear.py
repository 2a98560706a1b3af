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


def dot(x, y):
    """Σ x y for vectors: (N), (N) -> ()"""
    return x @ y


def cross(x, y, axis):
    """z = x × y along an axis of 3, the others broadcast"""
    u, v = np.moveaxis(x, axis, 0), np.moveaxis(y, axis, 0)
    return np.stack([u[i - 2] * v[i - 1] - u[i - 1] * v[i - 2] for i in range(3)], axis)


def solve_small(a, b):
    """a (B, N, N), b (B, N, K) -> X (B, N, K) with a X = b; None: a matrix has a zero pivot"""
    try:
        return np.linalg.solve(a, b).astype(a.dtype, copy=False)
    except np.linalg.LinAlgError:
        return None


def linear_int8(x, packed, sums, scale, b, out):
    """y = Σ_k (q_k - z) w_k · s · scale + b, q = round(x / s) + z of 7 bits

    x (*, K) float32; packed (O / 16 rounded up, K / 4 rounded up, 16, 4) int8, zeros where there
    are no weights; sums (O / 16 rounded up * 16): Σ_k w; scale: of the weights; b (O) or None
    -> (*, O)
    """
    groups, steps, _, _ = packed.shape
    width = x.shape[-1]
    w = packed.transpose(0, 2, 1, 3).reshape(groups * 16, steps * 4)[:out, :width]
    low, high = (float(min(x.min(initial=0), 0)), float(max(x.max(initial=0), 0)))
    if not np.isfinite(high - low):
        raise ValueError("linear_int8: the input has a number that is not finite")
    s, zero = _seven_bits(low, high)
    q = np.clip(np.rint(x * (np.float32(1) / s)) + zero, 0, 127).astype(np.int32)
    whole = q @ w.astype(np.int32).T - zero * sums[:out]
    y = whole.astype(np.float32) * np.float32(s * np.float32(scale))
    return y if b is None else y + b


def _seven_bits(low, high):
    """(scale, zero) so that low and high become 0 and 127, and 0 a whole number; as FBGEMM does."""
    least = np.float32(6.1e-5)
    scale = (high - low) / 127
    if not scale or np.isinf(np.float32(1) / np.float32(scale)):
        scale = 0.1
    if scale < least:
        wider = float(least / np.float32(scale))
        scale = float(least)
        if low == 0:
            high = scale * 127
        elif high == 0:
            low = -scale * 127
        else:
            low, high = low * wider, high * wider
    at_low, at_high = -low / scale, 127 - high / scale
    zero = at_low if abs(low / scale) < 127 + abs(high / scale) else at_high
    return np.float32(scale), int(np.rint(min(max(zero, 0), 127)))
