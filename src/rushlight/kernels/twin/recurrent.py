"""Recurrent layers of one direction in NumPy; the forwards run on Tensors as well.

    N sequences, I inputs, H hidden units, P outputs of a step: H, or the projection's
    x      (T, N, I) with sizes None; or (S, I): the rows of all steps one after the other, step t
           those of the first sizes[t] sequences. sizes is a tuple that never rises
    h0     (N, P), c0 (N, H): states before the first step; leading ones are kept: (1, N, P)
    w_ih   (G H, I), w_hh (G H, P), b_ih and b_hh (G H) or None: G gates of H rows each
    dhn    the gradient of the last states, or None: zeros

Backwards have what the forward returned as y, gates, cells; dx is None unless want_dx.
"""

from __future__ import annotations

from itertools import accumulate

import numpy as np

from ..seam import K


def rnn_layer(x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, relu):
    """h = f(w_ih x + b_ih + w_hh h' + b_hh), f = relu or tanh -> y (of x's kind, P), hn"""
    g = _product(x, w_ih, None if b_ih is None else b_ih + b_hh)
    f = K.relu if relu else K.tanh

    def step(rows, h):
        h = f(g[rows] + h @ w_hh.T)
        return (h,), h

    (y,), (hn,) = _walk(step, x, sizes, reverse, h0)
    return _as_steps(y, x), hn


def gru_layer(x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, keep):
    """r, z = sigmoid(...); q = w_hn h' + b_hn; n = tanh(w_in x + b_in + r q); h = n + z (h' - n)

    -> y, hn, gates (S, 4 H): r, z, n, q; None unless keep
    """
    g, size = _product(x, w_ih, b_ih), w_hh.shape[0] // 3

    def step(rows, h):
        a, b = g[rows], h @ w_hh.T
        b = b if b_hh is None else b + b_hh
        r = K.sigmoid(a[:, :size] + b[:, :size])
        z = K.sigmoid(a[:, size : 2 * size] + b[:, size : 2 * size])
        q = b[:, 2 * size :]
        n = K.tanh(a[:, 2 * size :] + r * q)
        h = n + z * (h - n)
        return (h, K.concatenate([r, z, n, q], 1)) if keep else (h,), h

    (y, *kept), (hn,) = _walk(step, x, sizes, reverse, h0)
    return _as_steps(y, x), hn, kept[0] if keep else None


def lstm_layer(x, h0, c0, w_ih, w_hh, w_hr, b_ih, b_hh, sizes, reverse, keep):
    """i, f, o = sigmoid(...); u = tanh(...); c = f c' + i u; h = w_hr (o tanh(c))

    w_hr (P, H), or None: h = o tanh(c) -> y, hn, cn, gates (S, 4 H): i, f, u, o, cells (S, H): c;
    the last two are None unless keep
    """
    g = _product(x, w_ih, None if b_ih is None else b_ih + b_hh)
    size = w_hh.shape[0] // 4

    def step(rows, h, c):
        a = g[rows] + h @ w_hh.T
        i, f = K.sigmoid(a[:, :size]), K.sigmoid(a[:, size : 2 * size])
        u, o = K.tanh(a[:, 2 * size : 3 * size]), K.sigmoid(a[:, 3 * size :])
        c = f * c + i * u
        h = o * K.tanh(c)
        h = h if w_hr is None else h @ w_hr.T
        return (h, K.concatenate([i, f, u, o], 1), c) if keep else (h,), h, c

    (y, *kept), (hn, cn) = _walk(step, x, sizes, reverse, h0, c0)
    return _as_steps(y, x), hn, cn, *(kept if keep else (None, None))


def rnn_layer_dx(dy, dhn, x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, relu, y, want_dx):
    """-> dx, dh0, dw_ih, dw_hh, db (of both biases; None without them)"""
    y = _rows(y)
    slope = (y > 0).astype(y.dtype) if relu else 1 - y * y
    dg = np.empty_like(y)

    def step(rows, before, dh):
        dg[rows] = (dh + _rows(dy)[rows]) * slope[rows]
        return (dg[rows] @ w_hh,)

    (dh0,) = _walk_back(step, x, sizes, reverse, (y,), (h0,), (dhn,))
    dx, dw_ih = _input_gradients(dg, x, w_ih, want_dx)
    dw_hh = dg.T @ _before(x, sizes, reverse, y, h0)
    return dx, dh0, dw_ih, dw_hh, None if b_ih is None else dg.sum(0)


def gru_layer_dx(dy, dhn, x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, y, gates, want_dx):
    """-> dx, dh0, dw_ih, dw_hh, db_ih, db_hh (None without them)"""
    y, size = _rows(y), w_hh.shape[0] // 3
    r, z, n, q = (gates[:, k * size : (k + 1) * size] for k in range(4))
    dg = np.empty((len(y), 3 * size), y.dtype)  # beside x; beside h: the last third times r
    dg_h = np.empty_like(dg)

    def step(rows, before, dh):
        dh = dh + _rows(dy)[rows]
        r_, z_, n_ = r[rows], z[rows], n[rows]
        dn = dh * (1 - z_) * (1 - n_ * n_)
        dr, dz = dn * q[rows] * (r_ * (1 - r_)), dh * (before[0] - n_) * (z_ * (1 - z_))
        dg[rows] = np.concatenate([dr, dz, dn], 1)
        dg_h[rows] = np.concatenate([dr, dz, dn * r_], 1)
        return (dh * z_ + dg_h[rows] @ w_hh,)

    (dh0,) = _walk_back(step, x, sizes, reverse, (y,), (h0,), (dhn,))
    dx, dw_ih = _input_gradients(dg, x, w_ih, want_dx)
    dw_hh = dg_h.T @ _before(x, sizes, reverse, y, h0)
    db = (None, None) if b_ih is None else (dg.sum(0), dg_h.sum(0))
    return dx, dh0, dw_ih, dw_hh, *db


def lstm_layer_dx(
    dy,
    dhn,
    dcn,
    x,
    h0,
    c0,
    w_ih,
    w_hh,
    w_hr,
    b_ih,
    b_hh,
    sizes,
    reverse,
    y,
    gates,
    cells,
    want_dx,
):
    """-> dx, dh0, dc0, dw_ih, dw_hh, dw_hr, db (of both biases; None without them)"""
    y, size = _rows(y), w_hh.shape[0] // 4
    i, f, u, o = (gates[:, k * size : (k + 1) * size] for k in range(4))
    tanh_c = np.tanh(cells)
    dg, dproj = np.empty_like(gates), np.empty_like(y)

    def step(rows, before, dh, dc):
        dproj[rows] = dh = dh + _rows(dy)[rows]
        dh = dh if w_hr is None else dh @ w_hr
        i_, f_, u_, o_, v = i[rows], f[rows], u[rows], o[rows], tanh_c[rows]
        dc = dc + dh * o_ * (1 - v * v)
        di, df = dc * u_ * (i_ * (1 - i_)), dc * before[0] * (f_ * (1 - f_))
        du, do = dc * i_ * (1 - u_ * u_), dh * v * (o_ * (1 - o_))
        dg[rows] = np.concatenate([di, df, du, do], 1)
        return dg[rows] @ w_hh, dc * f_

    dh0, dc0 = _walk_back(step, x, sizes, reverse, (cells,), (h0, c0), (dhn, dcn))
    dx, dw_ih = _input_gradients(dg, x, w_ih, want_dx)
    dw_hh = dg.T @ _before(x, sizes, reverse, y, h0)
    dw_hr = None if w_hr is None else dproj.T @ (o * tanh_c)
    return dx, dh0, dc0, dw_ih, dw_hh, dw_hr, None if b_ih is None else dg.sum(0)


# ---------------------------------------------------------------- steps


def _rows(x):
    """(T, N, *) or (S, *) as (S, *)."""
    return x if x.ndim == 2 else x.reshape((x.shape[0] * x.shape[1], x.shape[2]))


def _as_steps(y, x):
    """(S, P) as (T, N, P), if x is so."""
    return y if x.ndim == 2 else y.reshape((x.shape[0], x.shape[1], y.shape[1]))


def _product(x, w, b):
    g = _rows(x) @ w.T
    return g if b is None else g + b


def _steps(x, sizes, reverse):
    """[(slice of rows, how many)] in the order in which the steps are taken."""
    if sizes is None:
        sizes = (x.shape[1],) * x.shape[0]
    found = [(slice(end - n, end), n) for end, n in zip(accumulate(sizes), sizes, strict=True)]
    return found[::-1] if reverse else found


def _walk(step, x, sizes, reverse, *initial):
    """All steps of step(rows, *states) -> (results of these rows, ...), *states.

    -> the results of all rows, and the last state of each sequence, of the shapes of the initial.
    """
    whole = [s if s.ndim == 2 else s.reshape(s.shape[-2:]) for s in initial]
    steps = _steps(x, sizes, reverse)
    states = [s[: steps[0][1]] for s in whole]
    made, ended = [], []
    for rows, n in steps:
        have = states[0].shape[0]
        if n < have:  # sequences that end here
            ended.append([s[n:] for s in states])
            states = [s[:n] for s in states]
        elif n > have:  # that begin here, in reverse
            states = [K.concatenate([s, w[have:n]], 0) for s, w in zip(states, whole, strict=True)]
        results, *states = step(rows, *states)
        made.append(results)
    for more in reversed(ended):
        states = [K.concatenate([s, m], 0) for s, m in zip(states, more, strict=True)]
    if reverse:
        made.reverse()
    every = [K.concatenate(list(parts), 0) for parts in zip(*made, strict=True)]
    return every, [s.reshape(tuple(i.shape)) for s, i in zip(states, initial, strict=True)]


def _walk_back(step, x, sizes, reverse, states, initial, last):
    """All steps backward: step(rows, states before them, *their gradients) -> gradients before.

    states: of all rows, whose initial ones are the last of `initial`; last: the gradients of the
    last states, or None -> the gradients of the initial ones.
    """
    grads = [
        np.zeros(i.shape, i.dtype).reshape(i.shape[-2:])
        if g is None
        else np.array(g).reshape(i.shape[-2:])
        for g, i in zip(last, initial, strict=True)
    ]
    before = [
        _before(x, sizes, reverse, s, i)
        for s, i in zip(states, initial[-len(states) :], strict=True)
    ]
    for rows, n in reversed(_steps(x, sizes, reverse)):
        new = step(rows, [b[rows] for b in before], *[g[:n] for g in grads])
        for g, value in zip(grads, new, strict=True):
            g[:n] = value
    return [g.reshape(i.shape) for g, i in zip(grads, initial, strict=True)]


def _before(x, sizes, reverse, states, initial):
    """The state before each row's step."""
    found, last = np.empty_like(states), initial.reshape(initial.shape[-2:]).copy()
    for rows, n in _steps(x, sizes, reverse):
        found[rows] = last[:n]
        last[:n] = states[rows]
    return found


def _input_gradients(dg, x, w_ih, want_dx):
    """dx, dw_ih"""
    return (dg @ w_ih).reshape(x.shape) if want_dx else None, dg.T @ _rows(x)
