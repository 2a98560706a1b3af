"""Deterministic values for samples: what `make` is in a card's `samples(make)`, and walking all
cards.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..core.dtype import DTYPES, dtype, float64
from ..core.tensor import Tensor, wrap
from ..dispatch import late
from ..dispatch.registry import CARDS, Card, bind


class Make:
    """make(*shape, low=, high=, dtype=, requires_grad=): tensors of reproducible numbers.

    Numbers are spread evenly over [low, high], all different, and shuffled: no ties, and no two
    closer than a finite difference reaches. Two Makes of one seed give the same tensors in the same
    order.

    dtype           what floating samples are made in (float64 unless said otherwise)
    requires_grad   whether floating samples ask for gradients by default
    """

    def __init__(self, seed: str = "", dtype: dtype = float64, requires_grad: bool = False):
        self.random = np.random.RandomState(zlib.crc32(seed.encode()))
        self.dtype, self.requires_grad = dtype, requires_grad

    def __call__(
        self,
        *shape: int,
        low: float = -2.0,
        high: float = 2.0,
        dtype: Any = None,
        requires_grad: bool | None = None,
    ) -> Tensor:
        if isinstance(dtype, str):
            dtype = DTYPES[dtype]
        dtype = dtype or self.dtype
        n = int(np.prod(shape))
        if dtype.name == "bool":
            return wrap(self.random.randint(0, 2, shape).astype(bool).reshape(shape))
        if not dtype.is_floating_point and not dtype.is_complex:
            return wrap(np.asarray(self.random.randint(int(low), int(high) + 1, shape), dtype.np))
        values = self._spread(n, low, high)
        if dtype.is_complex:
            values = values + 1j * self._spread(n, low, high)
        t = wrap(values.reshape(shape).astype(dtype.np))
        if self.requires_grad if requires_grad is None else requires_grad:
            t.requires_grad_()
        return t

    def indices(self, *shape: int, high: int) -> Tensor:
        """int64 numbers in [0, high)."""
        return wrap(np.asarray(self.random.randint(0, high, shape), np.int64))

    def _spread(self, n: int, low: float, high: float) -> np.ndarray:
        """n numbers, one at a random place inside each of n equal parts of [low, high],
        shuffled.
        """
        places = (np.arange(n) + self.random.uniform(0.2, 0.8, n)) / max(n, 1)
        return self.random.permutation(low + (high - low) * places)


def sample_calls(card: Card, make: Make) -> Iterator[tuple[tuple, dict]]:
    """(args, kwargs) of each sample of a card: the public call, as a user writes it."""
    for sample in card.samples(make) if card.samples else ():
        args = sample if isinstance(sample, tuple) else (sample,)
        kwargs = args[-1] if args and isinstance(args[-1], dict) else {}
        yield args[: len(args) - bool(kwargs)], kwargs


def sample_arguments(card: Card, make: Make) -> Iterator[tuple]:
    """The full tuple of forward's arguments for each sample of a card."""
    for args, kwargs in sample_calls(card, make):
        yield card.arguments(bind(card, args, kwargs))


def sampled_cards() -> list[Card]:
    """All cards that have samples, by name; those of modules that are imported late too."""
    late.complete()
    cards = {card.name: card for card in CARDS.values() if card.samples is not None}
    return [cards[name] for name in sorted(cards)]
