"""Optimizer steps over a whole parameter list in NumPy, in PyTorch's order of operations.

p parameter, g gradient; lists of arrays run in parallel. Parameters and state change in place.
16-bit numbers are computed with in float32 and rounded where PyTorch's operations end.
"""

from __future__ import annotations

import math

import numpy as np


def _wide(x):
    """16-bit numbers as float32."""
    return x.astype(np.float32) if x.dtype.itemsize == 2 else x


def _rounded(x, p):
    """x in the dtype of p."""
    return x.astype(p.dtype, copy=False)


def _scale(x, c):
    """x *= c, with c itself not rounded to 16 bits."""
    x[...] = _wide(x) * c


def _gradient(p, g, weight_decay, maximize):
    if maximize:
        g = -g
    if weight_decay != 0:
        g = _rounded(_wide(g) + _wide(p) * weight_decay, p)
    return _wide(g)


def _reals(arrays):
    """The arrays, complex ones as pairs of real numbers: their squares are those of the parts."""
    if arrays is None:
        return None
    return [a[..., None].view(a.real.dtype) if a.dtype.kind == "c" else a for a in arrays]


def sgd_step(params, grads, bufs, lr, momentum, dampening, weight_decay, nesterov, maximize):
    """g += λ p;  b = µ b + (1 - τ) g  (b = g at first);  g = g + µ b if nesterov else b;  p -= lr g

    bufs: a list of b, None where there is none yet. Returns the list of b; None without momentum.
    """
    out = []
    for p, g, b in zip(params, grads, bufs, strict=True):
        g = _gradient(p, g, weight_decay, maximize)
        if momentum != 0:
            if b is None:
                b = np.array(g, p.dtype)  # an array, even of no dimensions
            else:
                _scale(b, momentum)
                b += g * (1 - dampening)
            g = _rounded(g + _wide(b) * momentum, p) if nesterov else b
        p -= _wide(g) * lr
        out.append(b)
    return out


def adam_step(
    params,
    grads,
    ms,
    vs,
    vmaxs,
    steps,
    lr,
    beta1,
    beta2,
    eps,
    weight_decay,
    amsgrad,
    maximize,
    decoupled,
):
    """m += (1 - β₁)(g - m);  v = β₂ v + (1 - β₂) g²;  p -= lr/(1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + ε)

    Weight decay adds λ p to g, or, if decoupled (AdamW), multiplies p by 1 - lr λ.
    With amsgrad √v is that of the largest v so far, kept in vmaxs; else vmaxs is None.
    steps: t for every parameter, this step counted.
    """
    params, grads, ms, vs, vmaxs = map(_reals, (params, grads, ms, vs, vmaxs))
    for k, (p, g, m, v, t) in enumerate(zip(params, grads, ms, vs, steps, strict=True)):
        g = _gradient(p, g, 0 if decoupled else weight_decay, maximize)
        if decoupled and weight_decay != 0:
            _scale(p, 1 - lr * weight_decay)
        m += (g - m) * (1 - beta1)
        _scale(v, beta2)
        v += g * (1 - beta2) * g
        if amsgrad:
            np.maximum(vmaxs[k], v, out=vmaxs[k])
            v = vmaxs[k]
        root = _rounded(np.sqrt(v) / math.sqrt(1 - beta2 ** float(t)), p)
        root = _rounded(root + eps, p)
        p -= _wide(m) * (lr / (1 - beta1 ** float(t))) / root


def rmsprop_step(
    params, grads, squares, means, bufs, lr, alpha, eps, weight_decay, momentum, maximize
):
    """s = α s + (1 - α) g²;  d = g / (√s + ε);  b = µ b + d;  p -= lr b  (lr d without momentum)

    means: the list of the gradients' running means a, for the centered form √(s - a²), or None.
    bufs: the list of b, or None without momentum.
    """
    params, grads, squares, means, bufs = map(_reals, (params, grads, squares, means, bufs))
    for k, (p, g, s) in enumerate(zip(params, grads, squares, strict=True)):
        g = _gradient(p, g, weight_decay, maximize)
        _scale(s, alpha)
        s += g * (1 - alpha) * g
        if means is not None:
            means[k] += (g - means[k]) * (1 - alpha)
            mean = _wide(means[k])
            root = np.sqrt(_rounded(s - mean * mean, p))
        else:
            root = np.sqrt(s)
        root += eps
        if bufs is not None:
            _scale(bufs[k], momentum)
            bufs[k] += g / root
            p -= _wide(bufs[k]) * lr
        else:
            p -= g * lr / root


def adagrad_step(params, grads, sums, steps, lr, lr_decay, eps, weight_decay, maximize):
    """s += g²;  p -= lr / (1 + (t - 1) decay) · g / (√s + ε);  steps: t, this step counted."""
    params, grads, sums = map(_reals, (params, grads, sums))
    for p, g, s, t in zip(params, grads, sums, steps, strict=True):
        g = _gradient(p, g, weight_decay, maximize)
        s += g * g
        p -= g * (lr / (1 + (float(t) - 1) * lr_decay)) / _rounded(np.sqrt(s) + eps, p)
