"""Data sets: what a loader reads from, and how data sets are joined, cut and split.

Where it can, a loader reads a whole batch at once instead of sample by sample. The data set's
`__batches__()` gives the function that does so, a `BatchReader`; docs/loading.md has its contract.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from ...core.notices import warn
from ...core.tensor import Tensor, wrap
from ...dispatch.registry import FUNCTIONS
from ...random.generator import Generator

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

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Indices = np.ndarray | slice  # int64 (n), or start:stop without a step
# Indices -> what default_collate makes of their samples; None: read these sample by sample.
# IndexError: an index is out of range. Its attribute `draws`: it draws random numbers.
BatchReader = Callable[[Indices], Any]


class Dataset(Generic[T_co]):
    """Base class of data sets with keys: a subclass has `__getitem__`, and mostly `__len__`.

    `__getitems__(indices)`, if there is one, gives the samples of a batch as a list.
    `a + b` is ConcatDataset([a, b]). Raises NotImplementedError where `__getitem__` is missing.

    >>> class Squares(Dataset[int]):
    ...     def __len__(self):
    ...         return 4
    ...
    ...     def __getitem__(self, index):
    ...         return index**2
    >>> Squares()[3]
    9
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other: Dataset[T_co]) -> ConcatDataset[T_co]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co], Iterable[T_co], Generic[T_co]):
    """Base class of streams: a subclass has `__iter__`. `a + b` is ChainDataset([a, b]).

    Each worker of a loader has a copy: `get_worker_info()` in `__iter__` tells them apart. Raises
    TypeError where `__iter__` is missing.
    """

    def __add__(self, other: Dataset[T_co]) -> ChainDataset:  # type: ignore[override]  # as PyTorch
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Sample i is the tuple of row i of each tensor.

    tensors  Tensors (N, *), of one N
    Raises AssertionError if the first dimensions differ, TypeError for NumPy arrays.

    >>> TensorDataset(torch.arange(4).reshape(2, 2), torch.tensor([5, 6]))[1]
    (tensor([2, 3]), tensor(6))
    """

    tensors: tuple[Tensor, ...]

    def __init__(self, *tensors: Tensor) -> None:
        for tensor in tensors:
            if isinstance(tensor, np.ndarray):
                raise TypeError(
                    "TensorDataset expects tensors, but got numpy.ndarray\n"
                    "  fix: torch.from_numpy(array)"
                )
        sizes = [tensor.size(0) for tensor in tensors]
        if len(set(sizes)) > 1:
            raise AssertionError(
                f"Size mismatch between tensors\n  the tensors' first dimensions are {sizes}"
            )
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return self.tensors[0].size(0)

    def __batches__(self) -> BatchReader:
        def batch(indices: Indices) -> list[Tensor] | None:
            tensors = self.tensors
            for tensor in tensors:
                if not _is_plain(tensor):
                    return None
            return [wrap(gather(tensor._a, indices)) for tensor in tensors]

        return batch


class StackDataset(Dataset[T_co]):
    """Sample i puts together sample i of each data set: StackDataset(a, b) in a tuple,
    StackDataset(x=a, y=b) in a dict.

    Raises ValueError without a data set, with both kinds of arguments, for lengths that differ, and
    for a `__getitems__` that does not give as many samples as it was asked for.

    >>> StackDataset(x=[1, 2], y=["a", "b"])[1]
    {'x': 2, 'y': 'b'}
    """

    datasets: tuple[Any, ...] | dict[str, Any]

    def __init__(self, *args: Dataset[Any], **kwargs: Dataset[Any]) -> None:
        if args and kwargs:
            raise ValueError(
                "Supported either ``tuple``- (via ``args``) or``dict``- (via ``kwargs``) like "
                "input/output, but both types are given."
            )
        if not args and not kwargs:
            raise ValueError("At least one dataset should be passed")
        self.datasets = args or kwargs
        lengths = [len(dataset) for dataset in self._parts()]
        if len(set(lengths)) > 1:
            raise ValueError(f"Size mismatch between datasets\n  their lengths are {lengths}")
        self._length = lengths[0]

    def _parts(self) -> list[Any]:
        datasets = self.datasets
        return list(datasets.values() if isinstance(datasets, dict) else datasets)

    def _sample(self, values: Iterable[Any]) -> Any:
        """One value of each data set, as a sample."""
        if isinstance(self.datasets, dict):
            return dict(zip(self.datasets, values, strict=True))
        return tuple(values)

    def __getitem__(self, index: Any) -> Any:
        return self._sample([dataset[index] for dataset in self._parts()])

    def __getitems__(self, indices: list) -> list:
        columns = []
        for dataset in self._parts():
            column = _samples(dataset, indices)
            if len(column) != len(indices):
                raise ValueError(
                    "Nested dataset's output size mismatch. "
                    f"Expected {len(indices)}, got {len(column)}\n"
                    f"  from {type(dataset).__name__}.__getitems__"
                )
            columns.append(column)
        return [self._sample(values) for values in zip(*columns, strict=True)]

    def __len__(self) -> int:
        return self._length

    def __batches__(self) -> BatchReader | None:
        readers = []
        for dataset in self._parts():
            read = batch_reader(dataset)
            if read is None:
                return None
            readers.append(read)
        # Those that draw come last: if another one declines, no random numbers are used up.
        order = sorted(range(len(readers)), key=lambda k: draws(readers[k]))

        def batch(indices: Indices) -> Any:
            columns: list[Any] = [None] * len(readers)
            for k in order:
                columns[k] = readers[k](indices)
                if columns[k] is None:
                    return None
            sample = self._sample(columns)
            return list(sample) if type(sample) is tuple else sample

        return drawing(batch, any(map(draws, readers)))


class ConcatDataset(Dataset[T_co]):
    """The data sets one after the other.

    datasets          data sets with lengths; kept as a list
    cumulative_sizes  list: how many samples there are up to the end of each data set
    Raises AssertionError for no data sets and for an IterableDataset, ValueError for an index below
    -len(self).

    >>> ConcatDataset(["abc", "de"])[-2]
    'd'
    """

    datasets: list[Dataset[T_co]]
    cumulative_sizes: list[int]

    @staticmethod
    def cumsum(sequence: Iterable[Any]) -> list[int]:
        """The running sums of the lengths."""
        return list(itertools.accumulate(map(len, sequence)))

    def __init__(self, datasets: Iterable[Dataset[Any]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        for dataset in self.datasets:
            if isinstance(dataset, IterableDataset):
                raise AssertionError(
                    "ConcatDataset does not support IterableDataset\n"
                    f"  got {type(dataset).__name__}\n"
                    "  fix: ChainDataset joins streams"
                )
        self.cumulative_sizes = self.cumsum(self.datasets)

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, idx: Any) -> T_co:
        if idx < 0:
            if -idx > len(self):
                raise ValueError(
                    "absolute value of index should not exceed dataset length\n"
                    f"  index {idx}, length {len(self)}"
                )
            idx = len(self) + idx
        # The first data set that ends behind idx; empty ones are passed over.
        k = bisect_right(self.cumulative_sizes, idx)
        dataset = self.datasets[k]
        return dataset[idx - self.cumulative_sizes[k - 1] if k else idx]

    @property
    def cummulative_sizes(self) -> list[int]:
        """An old name of `cumulative_sizes`. Warns."""
        warn(
            "`cummulative_sizes` attribute is renamed to `cumulative_sizes`",
            FutureWarning,
        )
        return self.cumulative_sizes


class ChainDataset(IterableDataset):
    """The streams one after the other; a stream begins when the one before has ended.

    `len()` is the sum of theirs. Raises AssertionError, when it gets there, for a data set that is
    no IterableDataset.
    """

    def __init__(self, datasets: Iterable[Dataset[Any]]) -> None:
        self.datasets = datasets

    def _streams(self) -> Iterator[Any]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertionError(
                    "ChainDataset only supports IterableDataset\n"
                    f"  got {type(dataset).__name__}\n"
                    "  fix: ConcatDataset joins data sets with keys"
                )
            yield dataset

    def __iter__(self) -> Iterator[Any]:
        for stream in self._streams():
            yield from stream

    def __len__(self) -> int:
        return sum(map(len, self._streams()))


class Subset(Dataset[T_co]):
    """Sample i is dataset[indices[i]]; for a list of i, dataset[[indices[i], ...]].

    Raises NotImplementedError for a subclass with a `__getitem__` but no `__getitems__` of its own:
    a loader would pass the first by.

    >>> list(Subset("abcde", [4, 0]))
    ['e', 'a']
    """

    dataset: Dataset[T_co]
    indices: Sequence[int]

    def __init__(self, dataset: Dataset[T_co], indices: Sequence[int]) -> None:
        kind = type(self)
        if kind.__getitem__ is not Subset.__getitem__ and kind.__getitems__ is Subset.__getitems__:
            raise NotImplementedError(
                f"{kind.__name__} overrides __getitem__ but not __getitems__. "
                "When subclassing Subset and overriding __getitem__, you must also override "
                "__getitems__ to ensure DataLoader works correctly with your custom logic. "
                "A simple implementation:\n\n"
                "def __getitems__(self, indices):\n"
                "    return [self.__getitem__(idx) for idx in indices]"
            )
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, idx: Any) -> T_co:
        if isinstance(idx, list):
            return self.dataset[[self.indices[i] for i in idx]]
        return self.dataset[self.indices[idx]]

    def __getitems__(self, indices: list[int]) -> list[T_co]:
        return _samples(self.dataset, [self.indices[i] for i in indices])

    def __len__(self) -> int:
        return len(self.indices)

    def __batches__(self) -> BatchReader | None:
        read = batch_reader(self.dataset)
        if read is None:
            return None
        chosen = _index_array(self.indices)
        if chosen is None:
            return None

        def batch(indices: Indices) -> Any:
            return read(gather(chosen, indices))

        return drawing(batch, draws(read))


def random_split(
    dataset: Dataset[T],
    lengths: Sequence[int | float],
    generator: Generator | None = None,
) -> list[Subset[T]]:
    """Deal the samples out at random, without overlap: one Subset per length.

    dataset    data set of N samples
    lengths    ints that sum to N; or fractions that sum to 1. Part i then has floor(N fraction_i)
               samples, and what is left over goes one each to the first parts
    generator  what the permutation is drawn from; None: the global generator
    With the same seed the parts are PyTorch's. Warns if a fraction leaves its part empty.
    Raises ValueError for a wrong sum and for a fraction outside [0, 1].

    >>> [len(part) for part in random_split(range(10), [0.5, 0.25, 0.25])]
    [6, 2, 2]
    """
    n = len(dataset)  # type: ignore[arg-type]  # a Dataset need not have a length, this one must
    lengths = list(lengths)
    total = sum(lengths)
    if total <= 1 and math.isclose(total, 1):
        lengths = _shares(n, lengths)
        total = sum(lengths)
    if total != n:
        raise ValueError(
            "Sum of input lengths does not equal the length of the input dataset!\n"
            f"  the lengths sum to {total}, the data set has {n} samples\n"
            "  fix: pass lengths that sum to that, or fractions that sum to 1"
        )
    order = FUNCTIONS["randperm"](total, generator=generator).tolist()
    ends = itertools.accumulate(lengths)
    return [
        Subset(dataset, order[end - length : end])
        for end, length in zip(ends, lengths, strict=True)
    ]


def _shares(n: int, fractions: list) -> list[int]:
    """n samples in whole parts. Warns of empty ones."""
    for i, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ValueError(f"Fraction at index {i} is not between 0 and 1\n  got {fraction}")
    shares = [int(n * fraction) for fraction in fractions]
    for i in range(n - sum(shares)):
        shares[i % len(shares)] += 1
    for i, share in enumerate(shares):
        if not share:
            warn(
                f"Length of split at index {i} is 0. This might result in an empty dataset.",
            )
    return shares


def _samples(dataset: Any, indices: list) -> list:
    """The samples, by the data set's `__getitems__` if it has one."""
    getitems = getattr(dataset, "__getitems__", None)
    return getitems(indices) if callable(getitems) else [dataset[index] for index in indices]


# ---------------------------------------------------------------- whole batches


def batch_reader(dataset: Any) -> BatchReader | None:
    """The function that reads whole batches of this data set; None: it has none.

    A `__batches__` speaks for the `__getitem__` and `__getitems__` of its class and of the bases of
    that, not for those of a subclass.
    """
    if type(dataset) is Tensor:
        return lambda indices: wrap(gather(dataset._a, indices)) if _is_plain(dataset) else None
    if "__getitems__" in getattr(dataset, "__dict__", ()):
        return None
    for kind in type(dataset).__mro__:
        if "__batches__" in vars(kind):
            return dataset.__batches__()
        if "__getitem__" in vars(kind) or "__getitems__" in vars(kind):
            return None
    return None


def draws(read: BatchReader) -> bool:
    """Does this reader draw random numbers?"""
    return getattr(read, "draws", False)


def drawing(read: Any, yes: bool) -> BatchReader:
    """The reader, marked: it draws random numbers, or does not."""
    read.draws = yes
    return read


def gather(x: np.ndarray, indices: Indices) -> np.ndarray:
    """Rows of x (N, *) -> a copy (n, *) in C order. IndexError: one is outside [-N, N)."""
    if isinstance(indices, slice):
        if indices.stop > len(x):  # NumPy would cut the slice short
            raise IndexError(f"index {indices.stop - 1} is out of bounds for {len(x)} rows")
        return x[indices].copy()
    if x.flags.c_contiguous or type(x) is not np.ndarray:
        return x.take(indices, 0)
    return np.ascontiguousarray(x[indices])  # take() would first copy all of x


def _is_plain(tensor: Any) -> bool:
    """Is a row of this nothing but numbers: no subclass, no history?"""
    return type(tensor) is Tensor and not tensor._rg


def _index_array(indices: Any) -> np.ndarray | None:
    """Indices as int64 (n); None if they are not that, or if the sequence is of an unknown type."""
    if isinstance(indices, range):
        array = np.arange(indices.start, indices.stop, indices.step)
    elif type(indices) in (list, tuple):
        try:
            array = np.array(indices)
        except ValueError:  # lists of several lengths
            return None
    elif type(indices) in (Tensor, np.ndarray):
        array = indices._a if type(indices) is Tensor else indices
    else:
        return None
    return (
        array.astype(np.int64, copy=False) if array.dtype.kind == "i" and array.ndim == 1 else None
    )
