"""Optimizer steps on XLA devices: one program for the whole parameter list.

Lists, options and order of operations are those of kernels/twin/optim.py. Learning rates and other
floats go in as numbers, so that a scheduler compiles nothing anew; whether one of them is 0 is part
of the key. Nothing is donated: a clone of a parameter may hold the same value.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .array import Array, Tracer, constant, raw
from .words import word


def _wide(x: Any) -> Any:
    return x.astype(np.float32) if x.dtype.itemsize == 2 else x


def _at(c: Any, x: Any) -> Any:
    """A number in the dtype that x is computed in: it must not widen the result."""
    kind = np.dtype(np.float32) if x.dtype.itemsize == 2 else x.dtype
    kind = np.empty(0, kind).real.dtype if kind.kind == "c" else kind
    return constant(c).astype(kind)


def _double(c: Any) -> Any:
    return constant(c).astype(np.float64)


def _scaled(x: Any, c: Any) -> Any:
    return (_wide(x) * _at(c, x)).astype(x.dtype)


def _gradient(p: Any, g: Any, decay: Any, maximize: bool) -> Any:
    if maximize:
        g = -g
    if decay is not None:
        g = (_wide(g) + _wide(p) * _at(decay, p)).astype(p.dtype)
    return _wide(g)


def _added(p: Any, d: Any) -> Any:
    """p + d in the dtype of p."""
    return (_wide(p) + d).astype(p.dtype)


def _reals(xs: Any) -> Any:
    """Complex numbers as pairs of real ones."""
    if xs is None:
        return None
    return [jnp.stack([x.real, x.imag], -1) if x.dtype.kind == "c" else x for x in xs]


def _back(xs: Any, like: Any) -> Any:
    return [
        jax.lax.complex(x[..., 0], x[..., 1]) if p.dtype.kind == "c" else x
        for x, p in zip(xs, like, strict=True)
    ]


# Each gives the new values of its lists; a number that is 0 arrives as None.


def _sgd(params, grads, bufs, numbers, nesterov, maximize):
    lr, momentum, dampening, decay = numbers
    new_params, new_bufs = [], []
    for p, g, b in zip(params, grads, bufs, strict=True):
        g = _gradient(p, g, decay, maximize)
        if momentum is not None:
            if b is None:
                b = g.astype(p.dtype)
            else:
                keep = 1 if dampening is None else 1 - _double(dampening)
                b = _added(_scaled(b, momentum), g * _at(keep, p))
            g = (g + _wide(b) * _at(momentum, p)).astype(p.dtype) if nesterov else b
        new_params.append(_added(p, -_wide(g) * _at(0.0 if lr is None else lr, p)))
        new_bufs.append(b)
    return new_params, new_bufs


def _adam(params, grads, ms, vs, tops, steps, numbers, maximize, decoupled):
    lr, beta1, beta2, eps, decay = [
        0.0 if c is None and i < 4 else c for i, c in enumerate(numbers)
    ]
    given = params
    params, grads, ms, vs, tops = map(_reals, (params, grads, ms, vs, tops))
    lr, beta1, beta2 = map(_double, (lr, beta1, beta2))
    new = [[], [], [], []]  # type: ignore[var-annotated]
    for k, (p, g, m, v, t) in enumerate(zip(params, grads, ms, vs, steps, strict=True)):
        t = _double(t)
        g = _gradient(p, g, None if decoupled else decay, maximize)
        if decoupled and decay is not None:
            p = _scaled(p, 1 - lr * _double(decay))
        m = _added(m, (g - _wide(m)) * _at(1 - beta1, p))
        v = _added(_scaled(v, beta2), g * _at(1 - beta2, p) * g)
        top = v
        if tops is not None:
            top = jnp.maximum(tops[k], v)
            new[3].append(top)
        root = (jnp.sqrt(_wide(top)) / _at(jnp.sqrt(1 - beta2**t), p)).astype(p.dtype)
        root = _added(root, _at(eps, p))
        new[0].append(_added(p, -_wide(m) * _at(lr / (1 - beta1**t), p) / _wide(root)))
        new[1].append(m)
        new[2].append(v)
    return [_back(x, given) if x else [] for x in new]


def _rmsprop(params, grads, squares, means, bufs, numbers, maximize):
    lr, alpha, eps, decay, momentum = numbers
    lr, alpha, eps = [0.0 if c is None else c for c in (lr, alpha, eps)]
    momentum = 0.0 if momentum is None else momentum
    given = params
    params, grads, squares, means, bufs = map(_reals, (params, grads, squares, means, bufs))
    new = [[], [], [], []]  # type: ignore[var-annotated]
    for k, (p, g, s) in enumerate(zip(params, grads, squares, strict=True)):
        g = _gradient(p, g, decay, maximize)
        rest = _at(1 - _double(alpha), p)
        s = _added(_scaled(s, alpha), g * rest * g)
        root = _wide(s)
        if means is not None:
            mean = _added(means[k], (g - _wide(means[k])) * rest)
            new[2].append(mean)
            root = _wide((_wide(s) - _wide(mean) * _wide(mean)).astype(p.dtype))
        root = jnp.sqrt(root) + _at(eps, p)
        if bufs is not None:
            b = _added(_scaled(bufs[k], momentum), g / root)
            new[3].append(b)
            p = _added(p, -_wide(b) * _at(lr, p))
        else:
            p = _added(p, -g * _at(lr, p) / root)
        new[0].append(p)
        new[1].append(s)
    return [_back(x, given) if x else [] for x in new]


def _adagrad(params, grads, sums, steps, numbers, maximize):
    lr, lr_decay, eps, decay = numbers
    lr, lr_decay, eps = [0.0 if c is None else c for c in (lr, lr_decay, eps)]
    given = params
    params, grads, sums = map(_reals, (params, grads, sums))
    new = [[], []]  # type: ignore[var-annotated]
    for p, g, s, t in zip(params, grads, sums, steps, strict=True):
        g = _gradient(p, g, decay, maximize)
        s = _added(s, g * g)
        rate = _double(lr) / (1 + (_double(t) - 1) * _double(lr_decay))
        root = (jnp.sqrt(_wide(s)) + _at(eps, p)).astype(p.dtype)
        new[0].append(_added(p, -g * _at(rate, p) / _wide(root)))
        new[1].append(s)
    return [_back(x, given) if x else [] for x in new]


_programs = {
    _sgd: jax.jit(_sgd, static_argnums=(4, 5)),
    _adam: jax.jit(_adam, static_argnums=(7, 8)),
    _rmsprop: jax.jit(_rmsprop, static_argnums=(6,)),
    _adagrad: jax.jit(_adagrad, static_argnums=(5,)),
}


def _values(arrays: Any) -> Any:
    return None if arrays is None else [None if a is None else raw(a) for a in arrays]


def _numbers(*given: Any) -> tuple:
    """Options as numbers of a program; None for those that are 0."""
    found = []
    for c in given:
        c = raw(c)
        if isinstance(c, jax.Array):
            found.append(c)
        elif hasattr(c, "__jax_array__"):  # while a step is traced: compiler/options.py
            found.append(None if c == 0 else c.__jax_array__())
        else:
            found.append(None if c == 0 else np.float64(c))
    return tuple(found)


def _run(f: Any, *args: Any) -> Any:
    traced = any([isinstance(x, Tracer) for x in jax.tree_util.tree_leaves(args)])
    return (f if traced else _programs[f])(*args)


def _write(arrays: Any, new: Any) -> None:
    for a, v in zip(arrays, new, strict=True):
        a.write(v)


@word("sgd_step")
def sgd_step(params, grads, bufs, lr, momentum, dampening, weight_decay, nesterov, maximize):
    numbers = _numbers(lr, momentum, dampening, weight_decay)
    new, made = _run(_sgd, _values(params), _values(grads), _values(bufs), numbers,
                     bool(nesterov), bool(maximize))  # fmt: skip
    _write(params, new)
    out = []
    for b, v in zip(bufs, made, strict=True):
        if b is None and v is not None:
            b = Array(v)
        elif b is not None:
            b.write(v)
        out.append(b)
    return out


def _counts(steps: Any) -> list:
    return [np.float64(t) if type(t) is int or type(t) is float else raw(t) for t in steps]


@word("adam_step")
def adam_step(params, grads, ms, vs, vmaxs, steps, lr, beta1, beta2, eps, weight_decay, amsgrad,
              maximize, decoupled):  # fmt: skip
    numbers = _numbers(lr, beta1, beta2, eps, weight_decay)
    counts = _counts(steps)
    new = _run(_adam, _values(params), _values(grads), _values(ms), _values(vs), _values(vmaxs),
               counts, numbers, bool(maximize), bool(decoupled))  # fmt: skip
    for arrays, values in zip((params, ms, vs, vmaxs or []), new, strict=True):
        _write(arrays, values)


@word("rmsprop_step")
def rmsprop_step(params, grads, squares, means, bufs, lr, alpha, eps, weight_decay, momentum,
                 maximize):  # fmt: skip
    numbers = _numbers(lr, alpha, eps, weight_decay, momentum)
    new = _run(_rmsprop, _values(params), _values(grads), _values(squares), _values(means),
               _values(bufs), numbers, bool(maximize))  # fmt: skip
    for arrays, values in zip((params, squares, means or [], bufs or []), new, strict=True):
        _write(arrays, values)


@word("adagrad_step")
def adagrad_step(params, grads, sums, steps, lr, lr_decay, eps, weight_decay, maximize):
    numbers = _numbers(lr, lr_decay, eps, weight_decay)
    counts = _counts(steps)
    new = _run(_adagrad, _values(params), _values(grads), _values(sums), counts, numbers,
               bool(maximize))  # fmt: skip
    for arrays, values in zip((params, sums), new, strict=True):
        _write(arrays, values)
