"""Recurrent layers by lax.scan: one step is compiled, not each of the T steps.

Letters, arguments and results are those of kernels/twin/recurrent.py. Packed sequences, whose steps
have fewer and fewer rows, are computed as (T, N): a sequence that has ended, or not begun, keeps
its state. Backwards are JAX's own, of the same formulas.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .words import values


def _grid(sizes: Any) -> tuple[np.ndarray, np.ndarray]:
    """Of packed rows: which row is (t, n), and whether there is one."""
    n = max(sizes)
    ends = np.array([0, *accumulate(sizes)])[:-1]
    at = ends[:, None] + np.arange(n)
    there = np.arange(n) < np.array(sizes)[:, None]
    return np.where(there, at, 0), there


def _walk(step: Any, gates: Any, sizes: Any, reverse: bool, initial: tuple) -> tuple:
    """All steps: step(gates of a step, *states) -> (kept, ...), states.

    gates (T, N, *), or (S, *) packed -> what was kept, of the rows' kind, and the last states
    """
    states = tuple([s.reshape(s.shape[-2:]) for s in initial])
    if sizes is None:

        def body(h, g):
            kept, h = step(g, *h)
            return h, kept

        last, kept = lax.scan(body, states, gates, reverse=reverse)
    else:
        at, there = _grid(sizes)
        mask = there[..., None]

        def body(h, x):
            g, m = x
            kept, new = step(g, *h)
            new = tuple([jnp.where(m, a, b) for a, b in zip(new, h, strict=True)])
            return new, kept

        last, kept = lax.scan(body, states, (gates[at], mask), reverse=reverse)
        kept = tuple([k[there] for k in kept])
    return kept, [s.reshape(i.shape) for s, i in zip(last, initial, strict=True)]


def _product(x: Any, w: Any, *biases: Any) -> Any:
    g = x @ w.T
    for b in biases:
        g = g if b is None else g + b
    return g


def _rows(k: Any) -> Any:
    """(T, N, *) as (S, *)."""
    return k.reshape(-1, k.shape[-1])


def _rnn(x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, relu):
    def step(g, h):
        a = g + h @ w_hh.T
        h = jnp.maximum(a, 0) if relu else jnp.tanh(a)
        return (h,), (h,)

    (y,), (hn,) = _walk(step, _product(x, w_ih, b_ih, b_hh), sizes, reverse, (h0,))
    return y, hn


def _gru(x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse):
    size = w_hh.shape[0] // 3

    def step(a, h):
        b = _product(h, w_hh, b_hh)
        r = jax.nn.sigmoid(a[:, :size] + b[:, :size])
        z = jax.nn.sigmoid(a[:, size : 2 * size] + b[:, size : 2 * size])
        q = b[:, 2 * size :]
        n = jnp.tanh(a[:, 2 * size :] + r * q)
        h = n + z * (h - n)
        return (h, jnp.concatenate([r, z, n, q], 1)), (h,)

    (y, gates), (hn,) = _walk(step, _product(x, w_ih, b_ih), sizes, reverse, (h0,))
    return y, hn, gates


def _lstm(x, h0, c0, w_ih, w_hh, w_hr, b_ih, b_hh, sizes, reverse):
    size = w_hh.shape[0] // 4

    def step(g, h, c):
        a = g + h @ w_hh.T
        i, f = jax.nn.sigmoid(a[:, :size]), jax.nn.sigmoid(a[:, size : 2 * size])
        u, o = jnp.tanh(a[:, 2 * size : 3 * size]), jax.nn.sigmoid(a[:, 3 * size :])
        c = f * c + i * u
        h = o * jnp.tanh(c)
        h = h if w_hr is None else h @ w_hr.T
        return (h, jnp.concatenate([i, f, u, o], 1), c), (h, c)

    gates = _product(x, w_ih, b_ih, b_hh)
    (y, gates, cells), (hn, cn) = _walk(step, gates, sizes, reverse, (h0, c0))
    return y, hn, cn, gates, cells


@values("rnn_layer")
def rnn_layer(x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, relu):
    return _rnn(x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, relu)


@values("gru_layer")
def gru_layer(x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, keep):
    y, hn, gates = _gru(x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse)
    return y, hn, _rows(gates) if keep else None


@values("lstm_layer")
def lstm_layer(x, h0, c0, w_ih, w_hh, w_hr, b_ih, b_hh, sizes, reverse, keep):
    y, hn, cn, *kept = _lstm(x, h0, c0, w_ih, w_hh, w_hr, b_ih, b_hh, sizes, reverse)
    return y, hn, cn, *([_rows(k) for k in kept] if keep else (None, None))


def _pulled(f: Any, args: tuple, grads: tuple) -> tuple:
    """The gradients of f's arguments; None for those that are None. Absent gradients are 0."""
    out, pull = jax.vjp(f, *args)
    grads = tuple(
        [
            jnp.zeros_like(y) if g is None else g.reshape(y.shape)
            for y, g in zip(out, grads, strict=True)
        ]
    )
    return pull(grads)


@values("rnn_layer_dx")
def rnn_layer_dx(dy, dhn, x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, relu, y, want_dx):
    def f(*a):
        return _rnn(*a, sizes, reverse, relu)

    dx, dh0, dw_ih, dw_hh, db, _ = _pulled(f, (x, h0, w_ih, w_hh, b_ih, b_hh), (dy, dhn))
    return dx if want_dx else None, dh0, dw_ih, dw_hh, db


@values("gru_layer_dx")
def gru_layer_dx(dy, dhn, x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, y, gates, want_dx):
    def f(*a):
        return _gru(*a, sizes, reverse)[:2]

    dx, *rest = _pulled(f, (x, h0, w_ih, w_hh, b_ih, b_hh), (dy, dhn))
    return dx if want_dx else None, *rest


@values("lstm_layer_dx")
def lstm_layer_dx(dy, dhn, dcn, x, h0, c0, w_ih, w_hh, w_hr, b_ih, b_hh, sizes, reverse, y, gates,
                  cells, want_dx):  # fmt: skip
    def f(*a):
        return _lstm(*a, sizes, reverse)[:3]

    dx, dh0, dc0, dw_ih, dw_hh, dw_hr, db, _ = _pulled(
        f, (x, h0, c0, w_ih, w_hh, w_hr, b_ih, b_hh), (dy, dhn, dcn)
    )
    return dx if want_dx else None, dh0, dc0, dw_ih, dw_hh, dw_hr, db
