"""Random numbers on XLA devices: a generator's state is a Threefry key in a cell.

Draws are functions of the key alone: the same numbers on every device and any number of devices.
They are not PyTorch's on CUDA, which depend on the card there; initialise on the CPU and move the
model where PyTorch's numbers are wanted.

    s   the state: an Array of two uint32, replaced at each draw
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .array import Array, Tracer, raw
from .option import Option
from .program import RUNNING, Untraceable
from .words import word


@jax.jit
def _next(key: Any) -> tuple[Any, Any]:
    a, b = jax.random.split(jax.random.wrap_key_data(key, impl="threefry2x32"))
    return jax.random.key_data(a), jax.random.key_data(b)


def drawn(s: Array, f: Any) -> Array:
    """f(key) with a key of its own; the state moves on."""
    if RUNNING[0] and not isinstance(s.v, Tracer):
        raise Untraceable("random numbers, drawn while a card's program is traced")
    state, key = _next(s.v)
    s.write(state)
    return Array(f(jax.random.wrap_key_data(key, impl="threefry2x32")))


def _as(kind: Any, x: Any) -> Any:
    """A number in a dtype."""
    return x.v.astype(kind) if type(x) is Option else kind(x)


def state(seed: int, device: Any = None) -> Array:
    """The state that a seed begins."""
    key = np.array([(seed >> 32) & 0xFFFFFFFF, seed & 0xFFFFFFFF], np.uint32)
    return Array(jax.device_put(key, device))


@word("rng_seed")
def rng_seed(s, seed):
    s.write(jnp.asarray(np.array([(seed >> 32) & 0xFFFFFFFF, seed & 0xFFFFFFFF], np.uint32)))


@word("rng_bits")
def rng_bits(s, n):
    return drawn(s, lambda k: jax.random.bits(k, (n,), np.uint32))


@word("rng_uniform")
def rng_uniform(s, n, low, high, double):
    kind = np.float64 if double else np.float32
    width, low = _as(kind, high - low), _as(kind, low)
    return drawn(s, lambda k: jax.random.uniform(k, (n,), kind) * width + low)


@word("rng_integers")
def rng_integers(s, n, low, high):
    span = high - low
    bits = drawn(s, lambda k: jax.random.bits(k, (n,), np.uint64)).v
    x = bits if span == 1 << 64 else bits % np.uint64(span)
    return Array(jax.lax.bitcast_convert_type(x + np.uint64(low & (2**64 - 1)), np.int64))


@word("rng_bernoulli")
def rng_bernoulli(s, n, p):
    p = _as(np.float64, p)
    return drawn(s, lambda k: jax.random.uniform(k, (n,), np.float64) < p)


@word("rng_bernoulli_each")
def rng_bernoulli_each(s, p):
    p = jnp.asarray(raw(p))
    return drawn(s, lambda k: jax.random.uniform(k, p.shape, p.dtype) < p)


@word("rng_dropout")
def rng_dropout(s, n, p):
    keep = _as(np.float32, 1 / (1 - p)) if p < 1 else np.float32(0)
    rate = _as(np.float32, 1 - p)

    def f(key):
        kept = jax.random.uniform(key, (n,), np.float32) < rate
        return jnp.where(kept, keep, np.float32(0))

    return drawn(s, f)


@word("rng_exponential")
def rng_exponential(s, n, rate):
    return drawn(s, lambda k: jax.random.exponential(k, (n,), np.float64) / rate)


@word("rng_cauchy")
def rng_cauchy(s, n, median, sigma):
    return drawn(s, lambda k: jax.random.cauchy(k, (n,), np.float64) * sigma + median)


@word("rng_normal_serial")
def rng_normal_serial(s, n, mean, std):
    return drawn(s, lambda k: jax.random.normal(k, (n,), np.float64) * std + mean)


@word("rng_normal")
def rng_normal(s, n, mean, std, double):
    kind = np.float64 if double else np.float32
    mean, std = _as(kind, mean), _as(kind, std)
    return drawn(s, lambda k: jax.random.normal(k, (n,), kind) * std + mean)


@word("rng_randperm")
def rng_randperm(s, n):
    return drawn(s, lambda k: jax.random.permutation(k, np.arange(n)))


@word("rng_gamma")
def rng_gamma(s, a):
    a = jnp.asarray(raw(a))
    return drawn(s, lambda k: jax.random.gamma(k, a, dtype=np.float64))


@word("rng_poisson")
def rng_poisson(s, rate):
    rate = jnp.asarray(raw(rate))
    return drawn(s, lambda k: jax.random.poisson(k, rate).astype(np.float64))


@word("rng_binomial")
def rng_binomial(s, count, p):
    count, p = jnp.asarray(raw(count)), jnp.asarray(raw(p))
    return drawn(s, lambda k: jax.random.binomial(k, count, p, dtype=np.float64))


@word("rng_multinomial")
def rng_multinomial(s, p, k):
    """k categories for each row of weights p (rows, C), with replacement -> int64 (rows, k)"""
    logits = jnp.log(jnp.asarray(raw(p)))[:, None]
    shape = (logits.shape[0], k)
    return drawn(s, lambda key: jax.random.categorical(key, logits, -1, shape).astype(np.int64))
