"""Samples that many cards share: 0-d, empty, broadcast and non-contiguous among them.

Each function makes the `samples` of a card: a generator that is given `make` (testing/samples.py)
and yields the arguments of one call: a tensor, or a tuple of arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def unary(low: float = -2.0, high: float = 2.0, *options: Any) -> Callable[[Any], Iterator]:
    """One tensor of numbers in [low, high], then the card's options."""

    def samples(make):
        yield make(3, 4, low=low, high=high), *options
        yield make(low=low, high=high), *options
        yield make(0, 5, low=low, high=high), *options
        yield make(4, 3, low=low, high=high).T, *options

    return samples


def binary(
    low: float = -2.0,
    high: float = 2.0,
    second: tuple[float, float] | None = None,
    dtype: str | None = None,
    numbers: bool = True,
) -> Callable[[Any], Iterator]:
    """Two tensors, the second in [second] if given; and (`numbers`) a tensor with a number."""
    low2, high2 = second or (low, high)

    def samples(make):
        def x(*shape):
            return make(*shape, low=low, high=high, dtype=dtype)

        def y(*shape):
            return make(*shape, low=low2, high=high2, dtype=dtype)

        yield x(3, 4), y(3, 4)
        yield x(3, 4), y(4)
        yield x(), y(2, 1, 3)
        yield x(0, 5), y(1)
        yield x(4, 3).T, y(3, 4)
        if numbers and dtype is None:
            yield x(4, 3).T, high2

    return samples


def reduction(
    low: float = -2.0, high: float = 2.0, empty: bool = True
) -> Callable[[Any], Iterator]:
    """A tensor alone (all elements), or with a dimension and keepdim."""

    def samples(make):
        yield make(3, 4, low=low, high=high)
        yield make(3, 4, low=low, high=high), 1, False
        yield make(2, 3, 4, low=low, high=high), -2, True
        yield make(low=low, high=high)
        yield make(4, 3, low=low, high=high).T, 0, True
        if empty:
            yield make(0, 5, low=low, high=high)

    return samples
