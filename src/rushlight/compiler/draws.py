"""Random numbers of compiled programs: drawn on the host, in PyTorch's order, and handed in.

The functions of random/variates.py are watched. While a function runs eagerly, what it draws is
written down (a `Log`); while it is traced, each draw is an input of the program; before each run of
the program the draws of the log are made. So the generator moves on as in eager, and the numbers
are the same bits. Generators of other devices need none of this: their state is a cell that the
program reads and writes like any other.

An eager result lies in memory as its operands do, and random numbers fill it in that order; a
traced value has no such order, so the log keeps the order of each `arranged` as well.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..kernels.xla.option import Asked, Option
from ..random import variates
from ..random.generator import Generator
from .stage import CannotCompile


def _draws(f: Any) -> bool:
    """Is it a function that draws from a generator g?"""
    code = getattr(f, "__code__", None)
    return code is not None and "g" in code.co_varnames[: code.co_argcount]


_NAMES = [n for n, f in vars(variates).items() if not n.startswith("_") and _draws(f)]


class Changed(Exception):
    """The trace draws something else than the log says: write the log anew."""


class Log:
    """What a function draws: calls [(function, args, kwargs)], orders [axes or None]."""

    def __init__(self) -> None:
        self.calls: list[tuple] = []
        self.orders: list[tuple | None] = []

    def draw(self) -> list[np.ndarray]:
        """The arrays of one run; the generators move on."""
        return [f(*args, **kwargs) for f, args, kwargs in self.calls]

    def generators(self) -> list[Generator]:
        """Those that are drawn from."""
        found: dict[int, Generator] = {}
        for _, args, kwargs in self.calls:
            g = _generator(args, kwargs)
            found[id(g)] = g
        return list(found.values())


class _Writing:
    """Fills a log while the function runs; `orders` of an earlier log are kept if it has some."""

    def __init__(self, log: Log, arranging: bool = True):
        self.log, self.arranging = log, arranging

    def draw(self, f: Any, args: tuple, kwargs: dict) -> Any:
        fixed = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
        self.log.calls.append((f, tuple(fixed), kwargs))
        return f(*args, **kwargs)

    def arranged(self, f: Any, x: Any, like: Any) -> Any:
        if self.arranging:
            self.log.orders.append(_order(like))
        return f(x, like)


class _Handing:
    """Hands out the inputs of a program in the order of its log."""

    def __init__(self, log: Log, given: Any, wrap: Any):
        self.log, self.given, self.wrap = log, given, wrap
        self.at = self.ordered = 0

    def draw(self, f: Any, args: tuple, kwargs: dict) -> Any:
        i = self.at
        if i >= len(self.log.calls) or not _same((f, args, kwargs), self.log.calls[i]):
            raise Changed
        self.at += 1
        return self.wrap(self.given[i])

    def arranged(self, f: Any, x: Any, like: Any) -> Any:
        i = self.ordered
        self.ordered += 1
        order = self.log.orders[i] if i < len(self.log.orders) else _order(like)
        if order is None or len(order) != like.ndim:
            return x.reshape(like.shape)
        back = tuple(int(k) for k in np.argsort(order))
        return x.reshape(tuple(like.shape[k] for k in order)).transpose(back)


def _same(x: Any, y: Any) -> bool:
    """Are two calls the same, sizes and probabilities included?"""
    if isinstance(x, np.ndarray):
        return isinstance(y, np.ndarray) and x.dtype == y.dtype and np.array_equal(x, y)
    if type(x) is not type(y):
        return False
    if type(x) is tuple:
        return len(x) == len(y) and all(map(_same, x, y))
    if type(x) is dict:
        return x.keys() == y.keys() and all([_same(x[k], y[k]) for k in x])
    return bool(x is y or x == y)


def _order(like: Any) -> tuple | None:
    """The axes from the one of the largest steps down; None: row-major."""
    if like.flags.c_contiguous:
        return None
    return tuple(sorted(range(like.ndim), key=lambda i: -abs(like.strides[i])))


def _generator(args: tuple, kwargs: dict) -> Any:
    return next((a for a in (*args, *kwargs.values()) if isinstance(a, Generator)), None)


@contextmanager
def writing(log: Log, arranging: bool = True) -> Iterator[None]:
    """Write down what this thread draws on the host."""
    with _watched(_Writing(log, arranging)):
        yield


@contextmanager
def handing(log: Log, given: Any, wrap: Any) -> Iterator[None]:
    """Give this thread the inputs `given` in place of draws. Changed: the log does not fit."""
    hand = _Handing(log, given, wrap)
    with _watched(hand):
        yield
        if hand.at != len(log.calls):
            raise Changed


@contextmanager
def _watched(watcher: Any) -> Iterator[None]:
    owner, inside = threading.get_ident(), [False]
    before = {name: getattr(variates, name) for name in (*_NAMES, "arranged")}

    def front(f: Any) -> Any:
        def draw(*args: Any, **kwargs: Any) -> Any:
            g = _generator(args, kwargs)
            if inside[0] or threading.get_ident() != owner or type(g.mt) is not np.ndarray:
                return f(*args, **kwargs)
            if any(type(a) is Option for a in (*args, *kwargs.values())):
                raise Asked  # it is drawn on the host
            if any(_traced(a) for a in args):
                raise CannotCompile(
                    "draws random numbers whose distribution depends on a tensor",
                    "draw outside of the compiled function, or from a device's generator",
                )
            inside[0] = True  # a draw that is made of other draws counts as one
            try:
                return watcher.draw(f, args, kwargs)
            finally:
                inside[0] = False

        return draw

    def arranged(x: Any, like: Any) -> Any:
        f = before["arranged"]
        if inside[0] or threading.get_ident() != owner:
            return f(x, like)
        return watcher.arranged(f, x, like)

    for name in _NAMES:
        setattr(variates, name, front(before[name]))
    variates.arranged = arranged
    try:
        yield
    finally:
        for name, f in before.items():
            setattr(variates, name, f)


def _traced(a: Any) -> bool:
    return isinstance(a, np.ndarray) and type(a) is not np.ndarray


@contextmanager
def kept(generators: list[Generator]) -> Iterator[None]:
    """Whatever is drawn inside leaves the generators where they were."""
    states = [(g, g._bytes(), g._seed) for g in generators if type(g.mt) is np.ndarray]
    try:
        yield
    finally:
        for g, state, seed in states:
            g._set_bytes(bytes(state))
            g._seed = seed
