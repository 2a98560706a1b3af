"""Data sets: what has samples, by index (Dataset) or as a stream (IterableDataset).

Whole batches. A data set may define `__batches__()`, which is called when an epoch begins and
gives a function f(indices): the batch that `default_collate([self[i] for i in indices])` would be,
made at once. `indices` is an int64 array or a slice; f gives None when it cannot do it, and so may
`__batches__` instead of f. If f draws random numbers, `f.draws` is True.

`TensorDataset`, `Subset`, `StackDataset` and the in-memory image sets have it, and a `DataLoader`
with the default collate function uses it through `batch_reader`, which sees to it that a subclass
with a `__getitem__` of its own is read by that instead.
"""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from ...core.tensor import Tensor, wrap
from ...kernels import K
from ...random import variates
from ...random.generator import Generator, generator_or_default

__all__ = [
    "ChainDataset",
    "ConcatDataset",
    "Dataset",
    "IterableDataset",
    "StackDataset",
    "Subset",
    "TensorDataset",
    "random_split",
]

T_co = TypeVar("T_co", covariant=True)
Indices = np.ndarray | slice
BatchReader = Callable[[Indices], Any]


class Dataset(Generic[T_co]):
    """Samples by key: subclasses define `__getitem__` and, for most samplers, `__len__`.

    `__getitems__(indices)`, where it is defined, returns the list of samples of a batch.
    """

    def __getitem__(self, index) -> T_co:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other: Dataset[T_co]) -> ConcatDataset[T_co]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co], Iterable[T_co]):
    """Samples as a stream: subclasses define `__iter__`.

    Each worker process iterates over its own copy of the whole stream; a data set that must not
    come out once per worker asks `get_worker_info()` which part is its own.
    """

    def __add__(self, other: Dataset[T_co]) -> ChainDataset:
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Sample i is the tuple of `tensor[i]`: the tensors share their first dimension.

    Raises AssertionError when the first dimensions differ.
    """

    tensors: tuple[Tensor, ...]

    def __init__(self, *tensors: Tensor) -> None:
        if any(tensor.size(0) != tensors[0].size(0) for tensor in tensors):
            raise AssertionError(
                "Size mismatch between tensors\n"
                f"  the first dimensions are {[tensor.size(0) for tensor in tensors]}"
            )
        self.tensors = tensors

    def __getitem__(self, index) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __batches__(self) -> BatchReader:
        return self._batch

    def _batch(self, indices: Indices) -> list[Tensor] | None:
        batch = []
        for tensor in self.tensors:
            # A subclass may index in its own way; a tensor that wants gradients needs its node.
            if type(tensor) is not Tensor or tensor.requires_grad:
                return None
            batch.append(wrap(gather(tensor._a, indices)))
        return batch

    def __len__(self) -> int:
        return self.tensors[0].size(0)


class StackDataset(Dataset[T_co]):
    """Sample i is the tuple (or, from keyword arguments, the dict) of `dataset[i]`.

    Raises ValueError for lengths that differ, for no data set, and for both kinds of argument.
    """

    datasets: tuple | dict

    def __init__(self, *args: Dataset, **kwargs: Dataset) -> None:
        if args and kwargs:
            raise ValueError(
                "Supported either ``tuple``- (via ``args``) or"
                "``dict``- (via ``kwargs``) like input/output, but both types are given."
            )
        if not args and not kwargs:
            raise ValueError("At least one dataset should be passed")
        self.datasets = args or kwargs
        lengths = [len(dataset) for dataset in self._parts()]
        if any(length != lengths[0] for length in lengths):
            raise ValueError(f"Size mismatch between datasets\n  the lengths are {lengths}")
        self._length = lengths[0]

    def _parts(self) -> Iterable[Dataset]:
        return self.datasets.values() if isinstance(self.datasets, dict) else self.datasets

    def _joined(self, parts: Sequence) -> Any:
        if isinstance(self.datasets, dict):
            return dict(zip(self.datasets, parts, strict=True))
        return tuple(parts)

    def __getitem__(self, index):
        return self._joined([dataset[index] for dataset in self._parts()])

    def __getitems__(self, indices: list) -> list:
        columns = []
        for dataset in self._parts():
            if callable(getattr(dataset, "__getitems__", None)):
                column = dataset.__getitems__(indices)
                if len(column) != len(indices):
                    raise ValueError(
                        "Nested dataset's output size mismatch."
                        f" Expected {len(indices)}, got {len(column)}"
                    )
            else:
                column = [dataset[i] for i in indices]
            columns.append(column)
        return [self._joined(sample) for sample in zip(*columns, strict=True)]

    def __batches__(self) -> BatchReader | None:
        readers = [batch_reader(dataset) for dataset in self._parts()]
        if None in readers:
            return None

        def batch(indices: Indices) -> Any:
            columns = [read(indices) for read in readers]
            if any(column is None for column in columns):
                return None
            return self._joined(columns) if isinstance(self.datasets, dict) else columns

        batch.draws = any(map(draws, readers))
        return batch

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset[T_co]):
    """The samples of several data sets, one data set after the other.

    Raises AssertionError for no data set and for an IterableDataset.
    """

    datasets: list[Dataset[T_co]]
    cumulative_sizes: list[int]

    @staticmethod
    def cumsum(sequence) -> list[int]:
        return list(itertools.accumulate(len(part) for part in sequence))

    def __init__(self, datasets: Iterable[Dataset]) -> None:
        super().__init__()
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = self.cumsum(self.datasets)

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, idx):
        if idx < 0:
            idx += len(self)
            if idx < 0:
                raise ValueError(
                    "absolute value of index should not exceed dataset length\n"
                    f"  index {idx - len(self)}, length {len(self)}"
                )
        part = bisect.bisect_right(self.cumulative_sizes, idx)
        before = self.cumulative_sizes[part - 1] if part else 0
        return self.datasets[part][idx - before]

    @property
    def cummulative_sizes(self) -> list[int]:
        warnings.warn(
            "`cummulative_sizes` attribute is renamed to `cumulative_sizes`",
            FutureWarning,
            stacklevel=2,
        )
        return self.cumulative_sizes


class ChainDataset(IterableDataset):
    """The streams of several IterableDatasets, one after the other.

    Raises AssertionError, when it comes to it, for a data set that is no IterableDataset.
    """

    def __init__(self, datasets: Iterable[Dataset]) -> None:
        super().__init__()
        self.datasets = datasets

    def _streams(self) -> Iterator[IterableDataset]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertionError("ChainDataset only supports IterableDataset")
            yield dataset

    def __iter__(self):
        for dataset in self._streams():
            yield from dataset

    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self._streams())


class Subset(Dataset[T_co]):
    """The samples of `dataset` at `indices`.

    A subclass that overrides `__getitem__` must override `__getitems__` too, since a loader calls
    the latter; NotImplementedError says so at once.
    """

    dataset: Dataset[T_co]
    indices: Sequence[int]

    def __init__(self, dataset: Dataset[T_co], indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices
        own = type(self)
        if own.__getitem__ is not Subset.__getitem__ and own.__getitems__ is Subset.__getitems__:
            raise NotImplementedError(
                f"{own.__name__} overrides __getitem__ but not __getitems__. "
                "When subclassing Subset and overriding __getitem__, you must also override "
                "__getitems__ to ensure DataLoader works correctly with your custom logic. "
                "A simple implementation:\n\n"
                "def __getitems__(self, indices):\n"
                "    return [self.__getitem__(idx) for idx in indices]"
            )

    def __getitem__(self, idx):
        if isinstance(idx, list):
            return self.dataset[[self.indices[i] for i in idx]]
        return self.dataset[self.indices[idx]]

    def __getitems__(self, indices: list[int]) -> list[T_co]:
        own = [self.indices[i] for i in indices]
        if callable(getattr(self.dataset, "__getitems__", None)):
            return self.dataset.__getitems__(own)
        return [self.dataset[i] for i in own]

    def __batches__(self) -> BatchReader | None:
        read = batch_reader(self.dataset)
        if read is None:
            return None
        try:
            own = np.asarray(self.indices)
        except ValueError:
            return None
        # Keys need not be numbers: those are looked up one by one.
        if own.dtype.kind != "i" or own.ndim != 1:
            return None

        def batch(indices: Indices) -> Any:
            return read(own[indices])

        batch.draws = draws(read)
        return batch

    def __len__(self) -> int:
        return len(self.indices)


def random_split(
    dataset: Dataset[T_co],
    lengths: Sequence[int | float],
    generator: Generator | None = None,
) -> list[Subset[T_co]]:
    """Non-overlapping Subsets of the given lengths, drawn by one random permutation.

    Fractions that sum to 1 become floor(fraction · len(dataset)); what remains is dealt out one by
    one from the first. `generator` None is the global one.
    Raises ValueError when the lengths do not sum to len(dataset).
    """
    total = len(dataset)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        for i, fraction in enumerate(lengths):
            if not 0 <= fraction <= 1:
                raise ValueError(f"Fraction at index {i} is not between 0 and 1")
        lengths = [math.floor(total * fraction) for fraction in lengths]
        for i in range(total - sum(lengths)):
            lengths[i % len(lengths)] += 1
        for i, length in enumerate(lengths):
            if length == 0:
                warnings.warn(
                    f"Length of split at index {i} is 0. This might result in an empty dataset.",
                    stacklevel=2,
                )
    if sum(lengths) != total:
        raise ValueError(
            "Sum of input lengths does not equal the length of the input dataset!\n"
            f"  lengths {list(lengths)} sum to {sum(lengths)}, the data set has {total}"
        )
    generator = generator_or_default(generator, "randperm")
    order = variates.permutation(total, np.dtype(np.int64), generator).tolist()
    ends = itertools.accumulate(lengths)
    return [
        Subset(dataset, order[end - length : end])
        for end, length in zip(ends, lengths, strict=True)
    ]


def gather(x: np.ndarray, indices: Indices) -> np.ndarray:
    """x (n, *), indices (b): the rows x[indices] (b, *), always a copy. IndexError: no such row."""
    if isinstance(indices, slice):
        if indices.stop > len(x):
            raise IndexError(f"index {len(x)} is out of bounds for dimension 0 with size {len(x)}")
        return x[indices].copy()
    return K.take(x, np.asarray(indices))


def draws(read: BatchReader) -> bool:
    """Does the reader draw random numbers?"""
    return getattr(read, "draws", False)


def batch_reader(dataset: Any) -> BatchReader | None:
    """What `dataset.__batches__()` gives, unless a subclass changed how its samples are read.

    A plain tensor is a data set too: of its rows.
    """
    if type(dataset) is Tensor and not dataset.requires_grad and dataset.ndim:
        return lambda indices: wrap(gather(dataset._a, indices))
    if "__getitems__" in getattr(dataset, "__dict__", ()):
        return None
    for owner in type(dataset).__mro__:
        if "__batches__" in owner.__dict__:
            return dataset.__batches__()
        if "__getitem__" in owner.__dict__ or "__getitems__" in owner.__dict__:
            return None
    return None
