"""Data sets without a loader: values, errors, and the parts of random_split."""

import pytest

import rushlight as torch
from rushlight.utils.data import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)

TEN = list(range(10))


class Stream(IterableDataset):
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return iter(range(self.n))


class Sized(Stream):
    def __len__(self):
        return self.n


@pytest.fixture
def rows():
    return TensorDataset(torch.arange(20.0).reshape(10, 2), torch.arange(10))


def test_dataset_errors():
    with pytest.raises(AssertionError, match=r"Size mismatch between tensors\n.*\[3, 4\]"):
        TensorDataset(torch.ones(3), torch.ones(4))
    with pytest.raises(NotImplementedError, match="should implement __getitem__"):
        Dataset()[0]
    with pytest.raises(AssertionError, match="should not be an empty iterable"):
        ConcatDataset([])
    with pytest.raises(AssertionError, match="does not support IterableDataset"):
        ConcatDataset([Stream(1)])
    with pytest.raises(ValueError, match="absolute value of index"):
        ConcatDataset([TEN])[-11]
    with pytest.raises(AssertionError, match="only supports IterableDataset"):
        list(ChainDataset([TEN]))
    with pytest.raises(ValueError, match="At least one dataset"):
        StackDataset()
    with pytest.raises(ValueError, match="both types are given"):
        StackDataset(TEN, x=TEN)
    with pytest.raises(ValueError, match="Size mismatch between datasets"):
        StackDataset(TEN, [1])
    with pytest.raises(ValueError, match="Sum of input lengths does not equal"):
        random_split(TEN, [3, 3])
    with pytest.raises(ValueError, match="Fraction at index 0 is not between 0 and 1"):
        random_split(TEN, [1.5, -0.5])
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        random_split(TEN, [1.0, 0.0])

    class Half(Subset):
        def __getitem__(self, i):
            return 0

    with pytest.raises(NotImplementedError, match="Half overrides __getitem__ but not"):
        Half(TEN, [1])


def test_dataset_values(rows):
    joined = Subset(TEN, [3, 4]) + Subset(TEN, [7])
    assert isinstance(joined, ConcatDataset) and [joined[i] for i in (0, 2, -1)] == [3, 7, 7]
    chained = Stream(2) + Stream(1)
    assert isinstance(chained, ChainDataset) and list(chained) == [0, 1, 0]
    assert len(ChainDataset([Sized(2), Sized(1)])) == 3
    assert StackDataset(TEN, TEN)[2] == (2, 2) and StackDataset(a=TEN)[2] == {"a": 2}
    assert StackDataset(TEN, TEN).__getitems__([1, 2]) == [(1, 1), (2, 2)]
    assert rows[2][0].tolist() == [4, 5] and rows[1:3][1].tolist() == [1, 2]
    with pytest.warns(FutureWarning, match="renamed to `cumulative_sizes`"):
        assert joined.cummulative_sizes == [2, 3]
    gaps = ConcatDataset([[], [0, 1], [], [], [2], []])
    assert list(gaps) == [gaps[i] for i in range(-3, 0)] == [0, 1, 2]
    assert Subset(rows, [5, 6, 7])[[2, 0]][1].tolist() == [7, 5]
    assert all(c[int].__origin__ is c for c in (Dataset, IterableDataset, ChainDataset, Subset))


def test_getitems_of_the_data_set_inside():
    class Batched(Dataset):
        missing = 0

        def __len__(self):
            return 10

        def __getitem__(self, i):
            return i

        def __getitems__(self, indices):
            return [i + 100 for i in indices][self.missing :]

    inner = Batched()
    assert Subset(inner, [5, 6]).__getitems__([1, 0]) == [106, 105]
    assert StackDataset(TEN, inner).__getitems__([3]) == [(3, 103)]
    assert StackDataset(a=inner, b=TEN).__getitems__([3]) == [{"a": 103, "b": 3}]
    inner.missing = 1
    with pytest.raises(ValueError, match="dataset's output size mismatch"):
        StackDataset(TEN, inner).__getitems__([1, 2])
    inner.__getitems__ = None
    assert Subset(inner, [5]).__getitems__([0]) == [5]


@pytest.mark.parametrize(
    ("n", "lengths", "wanted"),  # PyTorch's, seed 3
    [
        (10, [3, 7], [[6, 0, 3], [7, 8, 5, 1, 9, 2, 4]]),
        (10, [0.3, 0.3, 0.4], [[6, 0, 3], [7, 8, 5], [1, 9, 2, 4]]),
        (10, [1 / 3] * 3, [[6, 0, 3, 7], [8, 5, 1], [9, 2, 4]]),
        (11, [0.25] * 4, [[9, 0, 3], [6, 4, 5], [2, 8, 1], [10, 7]]),
        (7, [0.5, 0.5], [[5, 3, 4, 6], [0, 2, 1]]),
        (10, [0, 10], [[], [6, 0, 3, 7, 8, 5, 1, 9, 2, 4]]),
    ],
)
def test_random_split(n, lengths, wanted):
    torch.manual_seed(3)
    assert [part.indices for part in random_split(range(n), lengths)] == wanted
    following = torch.rand(1).item()
    generator = torch.Generator().manual_seed(3)
    assert [part.indices for part in random_split(range(n), lengths, generator)] == wanted
    assert torch.rand(1, generator=generator).item() == following


def test_random_split_takes_no_sum_above_one():
    fractions = [0.05, 0.55, 0.3, 0.1]  # in floating point their sum is 1 + 2^-52
    with pytest.raises(ValueError, match=r"Sum of input lengths.*\n.* 10 samples"):
        random_split(TEN, fractions)
