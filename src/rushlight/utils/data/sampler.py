"""Samplers: the order in which a loader reads samples.

With the same seed the order is PyTorch's: a RandomSampler without a generator draws one int64 from
the global generator, seeds a generator of its own with it, and takes its permutations from that
one.

The samplers of this module also give their order as arrays (`_chunks`): `index_blocks` cuts these
into whole batches for data sets that are read a batch at a time.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Generic, TypeVar, cast

import numpy as np

from ...core.dtype import float64
from ...core.sharing import as_tensor
from ...core.tensor import Tensor
from ...dispatch.registry import FUNCTIONS
from ...random import variates
from ...random.generator import Generator, generator_or_default

__all__ = [
    "BatchSampler",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
]

T_co = TypeVar("T_co", covariant=True)
_INT64 = np.dtype(np.int64)


def draw_seed(generator: Generator | None) -> int:
    """A seed for another generator: one int64, as `torch.empty((), dtype=int64).random_()` is."""
    return int(variates.whole_range(1, _INT64, generator_or_default(generator, "random_"))[0])


class Sampler(Generic[T_co]):
    """Base class: `__iter__` gives indices (or lists of them); `__len__`, where known, how many."""

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__} should implement __iter__.")


class SequentialSampler(Sampler[int]):
    """0, 1, ..., len(data_source) - 1."""

    data_source: Sized

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """A random permutation of the indices; or, with `replacement`, `num_samples` free draws.

    More samples than len(data_source) without replacement: one permutation after the other.
    Raises TypeError for a `replacement` and ValueError for a `num_samples` that is none.
    """

    data_source: Sized
    replacement: bool

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got {replacement=}")
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(
                "num_samples should be a positive integer value, "
                f"but got num_samples={self.num_samples}"
            )

    @property
    def num_samples(self) -> int:
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def _chunks(self) -> Iterator[np.ndarray]:
        n, count, generator = len(self.data_source), self.num_samples, self.generator
        if generator is None:
            generator = Generator().manual_seed(draw_seed(None))
        if self.replacement:
            for start in range(0, count, 32):
                yield variates.integers(min(32, count - start), _INT64, 0, n, generator)
            return
        for _ in range(count // n):
            yield variates.permutation(n, _INT64, generator)
        # PyTorch draws one more permutation even if it uses none of it; a user's own generator
        # shows it.
        if count % n or self.generator is not None:
            yield variates.permutation(n, _INT64, generator)[: count % n]

    def __iter__(self) -> Iterator[int]:
        for chunk in self._chunks():
            yield from chunk.tolist()

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given indices in a random order."""

    indices: Sequence[int]

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        generator = generator_or_default(self.generator, "randperm")
        for i in variates.permutation(len(self.indices), _INT64, generator).tolist():
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """`num_samples` draws of the indices of `weights`, each as probable as its weight says.

    The weights need not sum to 1. Raises ValueError for weights that are not 1-d, a `num_samples`
    that is no positive int, a `replacement` that is no bool.
    """

    weights: Tensor
    num_samples: int
    replacement: bool

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:
            raise ValueError(
                f"num_samples should be a positive integer value, but got {num_samples=}"
            )
        if not isinstance(replacement, bool):
            raise ValueError(f"replacement should be a boolean value, but got {replacement=}")
        self.weights = as_tensor(weights, dtype=float64)
        if self.weights.ndim != 1:
            raise ValueError(
                "weights should be a 1d sequence but given weights have shape "
                f"{tuple(self.weights.shape)}"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def _chunks(self) -> Iterator[np.ndarray]:
        yield FUNCTIONS["multinomial"](
            self.weights, self.num_samples, self.replacement, generator=self.generator
        ).numpy()

    def __iter__(self) -> Iterator[int]:
        for chunk in self._chunks():
            yield from chunk.tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """The indices of another sampler (or any iterable), `batch_size` at a time.

    The last batch may be shorter, unless `drop_last`. Raises ValueError for a batch size that is no
    positive int and a `drop_last` that is no bool.
    """

    def __init__(
        self, sampler: Sampler[int] | Iterable[int], batch_size: int, drop_last: bool
    ) -> None:
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError(
                f"batch_size should be a positive integer value, but got {batch_size=}"
            )
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got {drop_last=}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if self.drop_last and len(batch) < self.batch_size:
                return
            yield batch

    def __len__(self) -> int:
        whole, rest = divmod(len(cast(Sized, self.sampler)), self.batch_size)
        return whole + (rest > 0 and not self.drop_last)


def index_blocks(batches: Iterable) -> Iterator:
    """The batches of a batch sampler, with the same random draws: int64 arrays (n) or slices where
    the samplers are those of this module, else what it gives."""
    if type(batches) is BatchSampler:
        sampler, size, drop_last = batches.sampler, batches.batch_size, batches.drop_last
        if type(sampler) is SequentialSampler:
            n = len(sampler)
            end = n - n % size if drop_last else n
            return (slice(i, min(i + size, n)) for i in range(0, end, size))
        if type(sampler) is RandomSampler or type(sampler) is WeightedRandomSampler:
            return _cut(sampler._chunks(), size, drop_last)
    return iter(batches)


def _cut(chunks: Iterable[np.ndarray], size: int, drop_last: bool) -> Iterator[np.ndarray]:
    """Re-chunks a stream of arrays into arrays of `size`, reading a chunk only when needed."""
    rest = np.empty(0, np.int64)
    for chunk in chunks:
        if len(rest):
            chunk = np.concatenate((rest, chunk))
        whole = len(chunk) - len(chunk) % size
        for i in range(0, whole, size):
            yield chunk[i : i + size]
        rest = chunk[whole:]
    if len(rest) and not drop_last:
        yield rest
