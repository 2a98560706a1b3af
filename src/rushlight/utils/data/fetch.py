"""Readers: functions from what the index sampler yields to a batch."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from .collate import is_stock_collate
from .dataset import BatchReader, batch_reader

__all__ = ["epoch_reader", "map_reader", "stream_reader", "with_whole_batches"]


def map_reader(dataset: Any, collate_fn: Callable, batched: bool) -> Callable[[Any], Any]:
    """Reader of a map-style data set: a key -> a converted sample; `batched`: keys -> a batch."""
    if not batched:
        return lambda key: collate_fn(dataset[key])
    if getattr(dataset, "__getitems__", None):
        return lambda keys: collate_fn(dataset.__getitems__(keys))
    return lambda keys: collate_fn([dataset[key] for key in keys])


def stream_reader(
    dataset: Any, collate_fn: Callable, batched: bool, drop_last: bool
) -> Callable[[Any], Any]:
    """Reader of an iterable data set: only the number of keys counts. StopIteration: exhausted."""
    stream = iter(dataset)
    if not batched:
        return lambda _: collate_fn(next(stream))
    ended = False

    def read(keys: list) -> Any:
        nonlocal ended
        samples = [] if ended else list(itertools.islice(stream, len(keys)))
        ended = len(samples) < len(keys)
        if not samples or (drop_last and ended):
            raise StopIteration
        return collate_fn(samples)

    return read


def epoch_reader(dataset: Any, batched: bool, collate_fn: Callable) -> BatchReader | None:
    """The data set's own reader of whole batches; None without one, or with another collate_fn."""
    return batch_reader(dataset) if batched and is_stock_collate(collate_fn) else None


def with_whole_batches(read_batch: Callable, read: Callable) -> Callable[[Any], Any]:
    """A reader of int64 arrays, slices and lists of keys: whole batches by `read_batch`.

    Falls back to `read`, sample by sample, where it declines, where keys are no ints, and where an
    index is out of range, so that the error is the data set's own.
    """

    def read_block(block: Any) -> Any:
        if type(block) is list:
            keys = np.array(block) if type(block[0]) is int else None
            if keys is None or keys.dtype.kind != "i" or keys.ndim != 1:
                return read(block)
        else:
            keys = block
        try:
            batch = read_batch(keys)
        except IndexError:
            batch = None
        if batch is not None:
            return batch
        if isinstance(block, slice):
            return read(list(range(block.start, block.stop)))
        return read(block if type(block) is list else block.tolist())

    return read_block
