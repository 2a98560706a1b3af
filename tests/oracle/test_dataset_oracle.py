"""Data sets beside PyTorch's: values, the errors' types and first sentences, warnings, draws."""

import math
import pickle
import types
import warnings

import numpy as np
import pytest

import rushlight

torch = pytest.importorskip("torch")
pytest.importorskip("torch.utils.data")

TEN = list(range(10))


def kit(lib):
    """The library's data sets, and some of a user's own."""
    data = lib.utils.data

    class Stream(data.IterableDataset):
        def __init__(self, n):
            self.n = n

        def __iter__(self):
            return iter(range(self.n))

    class Sized(Stream):
        def __len__(self):
            return self.n

    class Batched(data.Dataset):
        """`__getitems__` adds 100, and gives `missing` samples too few; `asked` notes the calls."""

        def __init__(self, missing=0, asked=None):
            self.missing, self.asked = missing, [] if asked is None else asked

        def __len__(self):
            return 10

        def __getitem__(self, i):
            return i

        def __getitems__(self, indices):
            self.asked.append(list(indices))
            return [i + 100 for i in indices][: len(indices) - self.missing]

    class Unbatched(Batched):
        __getitems__ = None

    class Half(data.Subset):
        def __getitem__(self, i):
            return -1

    class Quarter(Half):
        pass

    class Whole(Half):
        def __getitems__(self, indices):
            return [-2 for _ in indices]

    class Items(data.Subset):
        def __getitems__(self, indices):
            return [-2 for _ in indices]

    class Empty(data.Dataset):
        pass

    rows = data.TensorDataset(lib.arange(20.0).reshape(10, 2), lib.arange(10))
    joined = data.ConcatDataset([[0, 1], [2], [], [3, 4, 5]])
    own = {k: v for k, v in locals().items() if k not in ("lib", "data")}
    return types.SimpleNamespace(torch=lib, **vars(data), **own)


def plain(x):
    """Numbers and type names, for the comparison of two libraries."""
    if isinstance(x, dict):
        return {key: plain(value) for key, value in x.items()}
    if isinstance(x, list | tuple):
        return type(x)(map(plain, x))
    if hasattr(x, "tolist"):
        return ["array", str(x.dtype).removeprefix("torch."), x.tolist()]
    return x if isinstance(x, int | float | str | None) else type(x).__name__


def first_sentence(error):
    return str(error).split("\n")[0].strip().replace("rushlight.", "torch.")


def outcome(case, lib):
    """What comes of it: a value, or an error's type and first sentence; and the warnings."""
    lib.manual_seed(3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = plain(case(kit(lib)))
        except Exception as error:
            result = [type(error).__name__, first_sentence(error)]
    warned = [(w.category.__name__, str(w.message)) for w in caught]
    return result, warned, lib.rand(1).item()


def parts(k, dataset, lengths, *generator):
    return [
        [type(part).__name__, part.indices] for part in k.random_split(dataset, lengths, *generator)
    ]


def stacked_calls(k):
    asked = []
    stack = k.StackDataset(k.Batched(0, asked), k.Batched(0, asked))
    return stack.__getitems__([3, 1]), asked


def several(dataset, keys):
    return [dataset[key] for key in keys]


CASES = {
    # Dataset, IterableDataset
    "no getitem": lambda k: k.Empty()[0],
    "base getitem": lambda k: k.Dataset()[0],
    "no len": lambda k: len(k.Empty()),
    "no iter": lambda k: k.IterableDataset(),
    "stream getitem": lambda k: k.Stream(2)[0],
    "generic": lambda k: [
        c[int].__origin__ is c
        for c in (k.Dataset, k.IterableDataset, k.StackDataset, k.ConcatDataset, k.Subset)
    ],
    "generic chain": lambda k: k.ChainDataset[int].__origin__ is k.ChainDataset,
    "not generic": lambda k: k.TensorDataset[int] and None,
    "bases": lambda k: [
        [b.__name__ for b in c.__mro__]
        for c in (k.Dataset, k.IterableDataset, k.TensorDataset, k.ChainDataset, k.Subset)
    ],
    "getitems": lambda k: [
        hasattr(c, "__getitems__")
        for c in (k.Dataset, k.TensorDataset, k.StackDataset, k.ConcatDataset, k.Subset)
    ],
    "add": lambda k: [type(k.rows + k.rows), len(k.rows + k.rows), (k.rows + TEN)[12]],
    "add int": lambda k: k.rows + 5,
    "add a stream": lambda k: k.rows + k.Stream(2),
    "add streams": lambda k: [list(k.Stream(1) + k.Stream(2) + k.Stream(3))],
    "add to a stream": lambda k: list(k.Stream(1) + TEN),
    # TensorDataset
    "tensors": lambda k: several(k.rows, (0, -1, slice(2, 4), [1, 1], k.torch.tensor([0, 9]))),
    "tensors, iterated": lambda k: list(k.TensorDataset(k.torch.arange(2))),
    "tensors, length": lambda k: [len(k.rows), list(vars(k.rows))],
    "tensors, out of range": lambda k: k.rows[10],
    "tensors, sizes": lambda k: k.TensorDataset(k.torch.ones(3), k.torch.ones(4)),
    "tensors, 0-d": lambda k: k.TensorDataset(k.torch.tensor(1)),
    "tensors, lists": lambda k: k.TensorDataset([1, 2]),
    "tensors, keyword": lambda k: k.TensorDataset(tensors=k.torch.ones(2)),
    "no tensors": lambda k: k.TensorDataset().tensors,
    "no tensors, length": lambda k: len(k.TensorDataset()),
    # StackDataset
    "stack": lambda k: several(k.StackDataset(TEN, k.rows), (0, -1)),
    "stack dict": lambda k: several(k.StackDataset(x=TEN, y=k.rows), (0, -1)),
    "stack slice": lambda k: k.StackDataset(TEN)[1:3],
    "stack out of range": lambda k: k.StackDataset(TEN)[10],
    "stack attributes": lambda k: [k.StackDataset(TEN).datasets, k.StackDataset(a=TEN).datasets],
    "stack length": lambda k: [len(k.StackDataset(TEN, TEN)), list(k.StackDataset([4, 5]))],
    "stack items": lambda k: k.StackDataset(k.Batched(), TEN).__getitems__([2, -1]),
    "stack dict items": lambda k: k.StackDataset(a=TEN, b=k.Batched()).__getitems__([2, 1]),
    "stack no items": lambda k: [
        k.StackDataset(TEN, TEN).__getitems__([]),
        k.StackDataset(a=TEN).__getitems__([]),
        k.StackDataset(k.Unbatched()).__getitems__([3]),
    ],
    "stack calls": stacked_calls,
    "stack too few": lambda k: k.StackDataset(TEN, k.Batched(1)).__getitems__([1, 2]),
    "stack dict too few": lambda k: k.StackDataset(a=k.Batched(2)).__getitems__([1, 2]),
    "stack nothing": lambda k: k.StackDataset(),
    "stack both": lambda k: k.StackDataset(TEN, x=TEN),
    "stack sizes": lambda k: k.StackDataset(TEN, [1]),
    "stack dict sizes": lambda k: k.StackDataset(a=TEN, b=[1]),
    "stack a stream": lambda k: k.StackDataset(k.Stream(2)),
    "stack a stream's item": lambda k: k.StackDataset(k.Sized(2))[0],
    # ConcatDataset
    "concat": lambda k: several(k.joined, range(-6, 6)),
    "concat attributes": lambda k: [k.joined.datasets, k.joined.cumulative_sizes, len(k.joined)],
    "concat iterated": lambda k: list(k.joined),
    "concat of an iterator": lambda k: k.ConcatDataset(iter([TEN, "ab"])).cumulative_sizes,
    "concat keys": lambda k: several(k.joined, (np.int64(3), k.torch.tensor(-1), True)),
    "concat old name": lambda k: k.joined.cummulative_sizes,
    "concat cumsum": lambda k: k.ConcatDataset.cumsum([TEN, "ab", []]),
    "concat pickled": lambda k: vars(pickle.loads(pickle.dumps(k.joined))),
    "concat above": lambda k: k.joined[6],
    "concat below": lambda k: k.joined[-7],
    "concat empty above": lambda k: k.ConcatDataset([[], []])[0],
    "concat empty below": lambda k: k.ConcatDataset([[], []])[-1],
    "concat slice": lambda k: k.joined[1:2],
    "concat float": lambda k: k.joined[1.5],
    "concat nothing": lambda k: k.ConcatDataset([]),
    "concat a stream": lambda k: k.ConcatDataset([TEN, k.Stream(1)]),
    "concat int": lambda k: k.ConcatDataset([5]),
    "concat no iterable": lambda k: k.ConcatDataset(5),
    # ChainDataset
    "chain": lambda k: [list(k.ChainDataset([k.Stream(2), k.Stream(0), k.Sized(3)]))],
    "chain twice": lambda k: [list(c) for c in [k.ChainDataset([k.Stream(2)])] * 2],
    "chain of an iterator": lambda k: [list(c) for c in [k.ChainDataset(iter([k.Stream(2)]))] * 2],
    "chain length": lambda k: len(k.ChainDataset([k.Sized(2), k.Sized(3)])),
    "chain nothing": lambda k: [len(k.ChainDataset([])), list(k.ChainDataset([]))],
    "chain attributes": lambda k: vars(k.ChainDataset([1])),
    "chain no length": lambda k: len(k.ChainDataset([k.Sized(2), k.Stream(3)])),
    "chain a list": lambda k: list(k.ChainDataset([k.Stream(2), TEN])),
    "chain begins": lambda k: next(iter(k.ChainDataset([k.Stream(2), TEN]))),
    "chain a list's length": lambda k: len(k.ChainDataset([TEN])),
    # Subset
    "subset": lambda k: several(k.Subset(TEN, [3, 4, -1]), (0, 1, -1)),
    "subset iterated": lambda k: list(k.Subset(TEN, (3, 4))),
    "subset attributes": lambda k: vars(k.Subset(TEN, [3, 4])),
    "subset length": lambda k: [len(k.Subset(TEN, [3, 4])), len(k.Subset(TEN, range(7)))],
    "subset range": lambda k: several(k.Subset(TEN, range(2, 9, 3)), (0, -1)),
    "subset lists": lambda k: several(k.Subset(k.rows, [3, 4, 5]), ([0, -1], slice(0, 2))),
    "subset array": lambda k: several(k.Subset(k.rows, np.array([3, 4])), (1, [0, 1])),
    "subset tensor": lambda k: several(k.Subset(k.rows, k.torch.tensor([3, 4])), (1, -2)),
    "subset items": lambda k: k.Subset(k.rows, [3, 4]).__getitems__([1, -2]),
    "subset nested items": lambda k: k.Subset(k.Batched(), [3, 4]).__getitems__([1, 0]),
    "subset of a subset": lambda k: k.Subset(k.Subset(k.Batched(), TEN), [4]).__getitems__([0]),
    "subset no items": lambda k: k.Subset(k.Unbatched(), [3]).__getitems__([0]),
    "subset too few": lambda k: k.Subset(k.Batched(1), [3, 4]).__getitems__([0, 1]),
    "subset above": lambda k: k.Subset(TEN, [3])[1],
    "subset beyond": lambda k: k.Subset(TEN, [30])[0],
    "subset list of a list": lambda k: k.Subset(TEN, [3])[[0]],
    "subset tuple": lambda k: k.Subset(TEN, [3])[(0, 1)],
    "subset nothing": lambda k: len(k.Subset(TEN, None)),
    "subset half": lambda k: k.Half(TEN, [1]),
    "subset quarter": lambda k: k.Quarter(TEN, [1]),
    "subset whole": lambda k: [k.Whole(TEN, [1])[0], k.Whole(TEN, [1]).__getitems__([0])],
    "subset own items": lambda k: [k.Items(TEN, [1])[0], k.Items(TEN, [1]).__getitems__([0])],
    # random_split
    "split with a generator": lambda k: [
        parts(k, TEN, [4, 6], k.torch.Generator().manual_seed(5)),
        parts(k, TEN, [4, 6], None),
    ],
    "split keywords": lambda k: [
        part.indices for part in k.random_split(generator=None, lengths=[1, 9], dataset=TEN)
    ],
    "split one": lambda k: parts(k, [7], [1]),
    "split none": lambda k: [parts(k, [], []), parts(k, [], [0, 0]), parts(k, [], [0.5, 0.5])],
    "split a tensor of lengths": lambda k: parts(k, TEN, k.torch.tensor([4, 6])),
    "split a tensor of fractions": lambda k: parts(k, TEN, k.torch.tensor([0.25, 0.75])),
    "split seven": lambda k: parts(k, range(7), [0.5, 0.5]),
    "split eleven": lambda k: parts(k, range(11), [0.25] * 4),
    "split three in ten": lambda k: parts(k, range(3), [0.1] * 10),
    "split a stream": lambda k: parts(k, k.Stream(3), [0.5, 0.5]),
    "split rows": lambda k: [list(part) for part in k.random_split(k.rows, [0.2, 0.8])],
}  # fmt: skip
ABOVE_ONE = [0.05, 0.55, 0.3, 0.1]  # in floating point their sum is 1 + 2^-52
LENGTHS = [
    [3, 7], (4, 6), [10], [10, 0], [0, 10], [-1, 11], [True, 9], [3, 3], [], [0], [1], [0, 1],
    [1.0], [0.3, 0.7], [0.3, 0.3, 0.4], [0.55, 0.45], [1 / 3] * 3, [0.1] * 10, [0.15] * 6,
    [0.5, 0.4], [1.0, 0.0], [0.0, 0.0, 1.0], [-0.0, 1], [0.0], [1.5, -0.5], [-0.5, 1.5],
    [0.5, 0.5 - 1e-9], [0.5, 0.5 - 1e-11], [0.5, 0.5 + 1e-11], ABOVE_ONE,
    [math.nan, 1.0], np.array([4, 6]), np.array([0.4, 0.6]), 5, None, ["a"],
]  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_data_set(name):
    assert outcome(CASES[name], rushlight) == outcome(CASES[name], torch)


@pytest.mark.parametrize("lengths", LENGTHS, ids=repr)
def test_random_split(lengths):
    def case(k):
        return parts(k, TEN, lengths)

    assert outcome(case, rushlight) == outcome(case, torch)


@pytest.mark.parametrize(
    "case",
    [
        lambda k: k.TensorDataset(np.arange(3)),
        lambda k: k.random_split(TEN, [5.0, 5.0]),
        lambda k: k.random_split(TEN, [5, 5], 5),
    ],
    ids=["array", "float lengths", "int generator"],
)
def test_type_errors_that_say_more_here(case):
    for lib in (rushlight, torch):
        with pytest.raises(TypeError):
            case(kit(lib))
