"""utils.data in one process: samplers, collate, the loader's order and its arguments."""

import collections
import copy
import json
import pickle
import types

import loader_cases as cases
import numpy as np
import pytest

import rushlight as torch
from rushlight.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    DistributedSampler,
    IterableDataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    StackDataset,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
    default_convert,
)
from rushlight.utils.data.collate import default_collate_fn_map

TEN = list(range(10))


class Stream(IterableDataset):
    def __init__(self, n, length=None):
        self.n, self.length = n, length

    def __iter__(self):
        return iter(range(self.n))


class Sized(Stream):
    def __len__(self):
        return self.length


@pytest.fixture(scope="module")
def record(frozen):
    return json.loads((frozen / "loader.json").read_text())


@pytest.fixture
def rows():
    return TensorDataset(torch.arange(20.0).reshape(10, 2), torch.arange(10))


def numbers(loader):
    return [cases.plain(batch) for batch in loader]


# ---------------------------------------------------------------- PyTorch's numbers


def test_samplers_draw_as_pytorch(record):
    found = cases.samplers(torch)
    for name, wanted in record["samplers"].items():
        assert found[name] == wanted, name


def test_loader_draws_as_pytorch(record):
    assert cases.drawn_by_loaders(torch, 0) == record["drawn"]["0"]


def test_whole_batches_are_pytorch_s(record):
    assert cases.whole_batches(torch, 0) == record["whole"]["0"]


# ---------------------------------------------------------------- whole batches


class Slow(Dataset):
    """The same samples, one by one."""

    def __init__(self, dataset):
        self.dataset = dataset

    def __getitem__(self, i):
        return self.dataset[i]

    def __len__(self):
        return len(self.dataset)


def same(a, b):
    assert type(a) is type(b)
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            same(a[key], b[key])
    elif isinstance(a, list | tuple):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            same(x, y)
    else:
        assert (a.dtype, a.stride()) == (b.dtype, b.stride())
        assert torch.equal(a, b)


@pytest.mark.parametrize("options", [{}, {"shuffle": True}, {"drop_last": True}])
def test_a_whole_batch_is_the_collated_samples(rows, options):
    strided = TensorDataset(torch.arange(60).reshape(3, 2, 10).permute(2, 1, 0), torch.ones(10) > 0)
    everything = (
        rows,
        strided,
        Subset(rows, [9, 0, -1, 3]),
        Subset(rows, np.array([4, 2, 2])),
        Subset(rows, range(1, 8)),
        Subset(rows, torch.tensor([3, 3, 0])),
        Subset(Subset(strided, [5, 6, 7]), [2, 0]),
        StackDataset(rows, strided),
        StackDataset(a=rows, b=Subset(rows, TEN)),
        torch.arange(12).reshape(6, 2),
    )
    for dataset in everything:
        torch.manual_seed(1)
        fast = list(DataLoader(dataset, 4, **options))
        torch.manual_seed(1)
        slow = list(DataLoader(Slow(dataset), 4, **options))
        same(fast, slow)


@pytest.mark.parametrize("shuffle", [False, True])
def test_a_batch_is_a_copy(rows, shuffle):
    before = rows.tensors[0].clone()
    for x, _ in DataLoader(rows, 4, shuffle=shuffle):
        x.add_(100)
    assert torch.equal(rows.tensors[0], before)


def test_a_subclass_is_read_by_its_own_method(rows):
    class Doubled(TensorDataset):
        def __getitem__(self, i):
            return super().__getitem__(i)[0] * 2

    class Listed(TensorDataset):
        def __getitems__(self, indices):
            return [self[i][1] + 100 for i in indices]

    doubled = next(iter(DataLoader(Doubled(*rows.tensors), 2)))
    assert doubled.tolist() == [[0, 2], [4, 6]]
    assert next(iter(DataLoader(Subset(Doubled(*rows.tensors), [1]), 2))).tolist() == [[4, 6]]
    assert next(iter(DataLoader(Listed(*rows.tensors), 2))).tolist() == [100, 101]


def test_tensors_that_want_gradients_keep_their_history():
    weight = torch.ones(4, 2, requires_grad=True)
    (batch,) = next(iter(DataLoader(TensorDataset(weight), 3)))
    batch.sum().backward()
    assert weight.grad.tolist() == [[1, 1], [1, 1], [1, 1], [0, 0]]


def test_index_out_of_range_is_the_tensor_s_error(rows):
    with pytest.raises(IndexError, match="index 20 is out of bounds for dimension 0 with size 10"):
        list(DataLoader(rows, 2, sampler=[1, 20]))


def test_a_sampler_for_a_longer_data_set_gets_no_short_batch(rows):
    for dataset in (rows, Subset(rows, [1, 2, 3]), StackDataset(rows, rows), rows.tensors[1]):
        loader = DataLoader(dataset, 8, sampler=SequentialSampler(range(16)))
        with pytest.raises(IndexError, match=r"out of (bounds|range)"):
            list(loader)


def test_getitems_of_an_instance_is_obeyed():
    dataset = TensorDataset(torch.arange(4))
    dataset.__getitems__ = lambda keys: [-key for key in keys]
    assert numbers(DataLoader(dataset, 3)) == [[0, -1, -2], [-3]]


def test_a_stack_declines_before_it_draws():
    class Noise(Dataset):
        def __len__(self):
            return 4

        def __getitem__(self, i):
            return torch.rand(())

        def __batches__(self):
            def batch(indices):
                return torch.rand(2)

            batch.draws = True
            return batch

    stack = StackDataset(Noise(), torch.ones(4, requires_grad=True))
    torch.manual_seed(0)
    wanted = numbers(DataLoader(Slow(stack), 2))
    torch.manual_seed(0)
    assert numbers(DataLoader(stack, 2)) == wanted


def test_indices_that_are_no_integers_are_the_data_set_s_affair(rows):
    class Named(TensorDataset):
        def __getitem__(self, name):
            return super().__getitem__(int(name))

        def __batches__(self):
            return super().__batches__()

    subset = Subset(Named(*rows.tensors), ["3", "1"])
    assert [y.tolist() for _, y in DataLoader(subset, 2)] == [[3, 1]]
    for indices in ([0.5, 1.5], [[1, 2], [3]]):
        with pytest.raises((IndexError, TypeError, RuntimeError)) as direct:
            default_collate([rows[i] for i in indices])
        with pytest.raises(type(direct.value)):
            list(DataLoader(Subset(rows, indices), 2))


def test_a_changed_collate_map_is_obeyed(rows, monkeypatch):
    monkeypatch.setitem(default_collate_fn_map, torch.Tensor, lambda b, *, collate_fn_map: len(b))
    assert list(DataLoader(rows, 4)) == [[4, 4], [4, 4], [2, 2]]


def test_batch_sampler_of_one_s_own(rows):
    class Pairs(BatchSampler):
        def __iter__(self):
            return iter([[0, 9], [3, 3]])

    found = list(DataLoader(rows, batch_sampler=Pairs(TEN, 2, False)))
    assert [y.tolist() for _, y in found] == [[0, 9], [3, 3]]


# ---------------------------------------------------------------- going on where one was


@pytest.mark.parametrize("source", ["global", "generator", "sampler", "single"])
@pytest.mark.parametrize("taken", [0, 1, 3, 5])
def test_state_dict_resumes_with_the_same_order(source, taken):
    def loader(seed):
        generator = torch.Generator().manual_seed(seed)
        if source == "global":
            return DataLoader(TEN, 2, shuffle=True)
        if source == "generator":
            return DataLoader(TEN, 2, shuffle=True, generator=generator)
        if source == "sampler":
            return DataLoader(TEN, 2, sampler=SubsetRandomSampler(TEN, generator=generator))
        return DataLoader(TEN, None, shuffle=True)

    torch.manual_seed(3)
    first = loader(1)
    list(first)  # an epoch before
    iterator = iter(first)
    for _ in range(taken):
        next(iterator)
    state = pickle.loads(pickle.dumps(first.state_dict()))
    random_state = torch.get_rng_state()
    rest, following = numbers(iterator), numbers(first)

    torch.manual_seed(99)
    second = loader(2)
    second.load_state_dict(state)
    torch.set_rng_state(random_state)
    assert numbers(second) == rest
    if taken:  # before the first batch the order has not been drawn yet
        assert numbers(second) == following


def test_state_dict_between_epochs_and_of_a_stream():
    loader = DataLoader(TEN, 2)
    assert loader.state_dict() == {"epoch": None}
    list(loader)
    assert loader.state_dict() == {"epoch": None}
    stream = DataLoader(Stream(7), 2)
    iterator = iter(stream)
    next(iterator)
    resumed = DataLoader(Stream(7), 2)
    resumed.load_state_dict(stream.state_dict())
    assert numbers(resumed) == [[2, 3], [4, 5], [6]]
    assert numbers(resumed) == [[0, 1], [2, 3], [4, 5], [6]]


def test_a_stream_that_knows_its_place_is_asked():
    class Counter(IterableDataset):
        place = 0

        def __iter__(self):
            while self.place < 6:
                self.place += 1
                yield self.place

        def state_dict(self):
            return {"place": self.place}

        def load_state_dict(self, state):
            self.place = state["place"]

    loader = DataLoader(Counter(), 2)
    next(iter(loader))
    resumed = DataLoader(Counter(), 2)
    resumed.load_state_dict(loader.state_dict())
    assert numbers(resumed) == [[3, 4], [5, 6]]


def test_state_of_another_kind_of_loader_is_refused():
    state = DataLoader(TEN, 2, shuffle=True, generator=torch.Generator())
    next(iter(state))
    loader = DataLoader(TEN, 2, shuffle=True)
    iterator = iter(state)
    next(iterator)
    loader.load_state_dict(state.state_dict())
    with pytest.raises(ValueError, match="states of 2 generators"):
        iter(loader)


# ---------------------------------------------------------------- arguments

STREAM = Stream(3)
REFUSED = [
    ({"num_workers": -1}, ValueError, "num_workers option should be non-negative"),
    ({"timeout": -1}, ValueError, "timeout option should be non-negative"),
    ({"prefetch_factor": 2}, ValueError, "could only be specified in multiprocessing"),
    ({"num_workers": 1, "prefetch_factor": -1}, ValueError, "prefetch_factor option should be"),
    ({"persistent_workers": True}, ValueError, "persistent_workers option needs num_workers > 0"),
    ({"dataset": STREAM, "shuffle": True}, ValueError, "unspecified shuffle option, but got shuf"),
    ({"dataset": STREAM, "sampler": [1]}, ValueError, "unspecified sampler option"),
    ({"dataset": STREAM, "batch_sampler": [[1]]}, ValueError, "unspecified batch_sampler option"),
    ({"sampler": TEN, "shuffle": True}, ValueError, "sampler option is mutually exclusive"),
    ({"batch_sampler": [[1]], "batch_size": 3}, ValueError, "batch_sampler option is mutually exc"),
    ({"batch_sampler": [[1]], "drop_last": True}, ValueError, "batch_sampler option is mutually"),
    ({"batch_size": None, "drop_last": True}, ValueError, "batch_size=None option disables auto"),
    ({"batch_size": 0}, ValueError, "positive integer value, but got batch_size=0"),
    ({"batch_size": 1.5}, ValueError, "positive integer value, but got batch_size=1.5"),
    ({"drop_last": 1}, ValueError, "boolean value, but got drop_last=1"),
    ({"dataset": [], "shuffle": True}, ValueError, "num_samples should be a positive integer"),
    ({"dataset": 5, "shuffle": True}, TypeError, "object of type 'int' has no len"),
    ({"multiprocessing_context": "fork"}, ValueError, "can only be used with multi-process"),
    ({"num_workers": 1, "multiprocessing_context": "no"}, ValueError, "valid start method in"),
    ({"num_workers": 1, "multiprocessing_context": 3}, TypeError, "should be a valid context obj"),
]


@pytest.mark.parametrize(("options", "error", "text"), REFUSED, ids=range(len(REFUSED)))
def test_refused_arguments(options, error, text):
    with pytest.raises(error, match=text):
        DataLoader(**{"dataset": TEN, **options})


@pytest.mark.parametrize(
    "name",
    ["batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"],
)
def test_fixed_attributes(name):
    loader = DataLoader(TEN)
    with pytest.raises(ValueError, match=f"{name} attribute should not be set after DataLoader"):
        setattr(loader, name, None)
    loader.num_workers = 0
    loader.collate_fn = sum
    assert list(loader) == TEN


def test_attributes_and_length():
    loader = DataLoader(TEN, batch_size=4, shuffle=True, drop_last=True)
    assert isinstance(loader.sampler, RandomSampler)
    assert loader.batch_sampler.batch_size == loader.batch_size == 4
    assert len(loader) == len(iter(loader)) == 2
    assert loader.collate_fn is default_collate
    single = DataLoader(TEN, batch_size=None)
    assert single.batch_sampler is None and single.collate_fn is default_convert
    assert list(single) == TEN
    own = DataLoader(TEN, batch_sampler=[[1, 2], [3]])
    assert own.batch_size is None and len(own) == 2 and numbers(own) == [[1, 2], [3]]
    assert DataLoader[int] is not None
    assert numbers(copy.deepcopy(own)) == numbers(pickle.loads(pickle.dumps(own))) == [[1, 2], [3]]


def test_length_of_a_stream():
    with pytest.raises(TypeError, match="object of type 'Stream' has no len"):
        len(DataLoader(Stream(3)))
    assert len(DataLoader(Sized(7, 7), batch_size=2)) == 4
    assert len(DataLoader(Sized(7, 7), batch_size=2, drop_last=True)) == 3
    assert len(DataLoader(Sized(7, 7), batch_size=None)) == 7
    loader = DataLoader(Sized(4, 3))
    assert len(loader) == 3
    with pytest.warns(UserWarning, match="reported to be 3.*but 4 samples have been fetched"):
        assert numbers(loader) == [[0], [1], [2], [3]]


def test_pin_memory_warns_where_there_is_no_accelerator():
    with pytest.warns(UserWarning, match="'pin_memory' argument is set as true but no accelerator"):
        assert len(list(DataLoader(TEN, 5, pin_memory=True))) == 2


def test_any_object_with_getitem_and_len_is_a_data_set():
    class Squares:
        def __len__(self):
            return 3

        def __getitem__(self, i):
            return {"x": i * i, "name": f"n{i}"}

    (batch,) = DataLoader(Squares(), 3)
    assert batch["x"].tolist() == [0, 1, 4] and batch["name"] == ["n0", "n1", "n2"]


def test_an_error_leaves_the_loader_going():
    class Bad(Dataset):
        def __len__(self):
            return 4

        def __getitem__(self, i):
            if i == 1:
                raise ValueError("boo")
            return i

    iterator = iter(DataLoader(Bad()))
    assert next(iterator).tolist() == [0]
    with pytest.raises(ValueError, match="boo"):
        next(iterator)
    assert numbers(iterator) == [[2], [3]]


# ---------------------------------------------------------------- samplers


def test_sampler_errors():
    for make, error, text in (
        (lambda: RandomSampler(TEN, replacement=1), TypeError, "replacement should be a boolean"),
        (lambda: RandomSampler(TEN, num_samples=0), ValueError, "but got num_samples=0"),
        (lambda: WeightedRandomSampler([1.0], True), ValueError, "but got num_samples=True"),
        (lambda: WeightedRandomSampler([1.0], 1, 1), ValueError, "replacement should be a bool"),
        (lambda: WeightedRandomSampler([[1.0]], 1), ValueError, r"shape \(1, 1\)"),
        (lambda: BatchSampler(TEN, 0, False), ValueError, "but got batch_size=0"),
        (lambda: BatchSampler(TEN, 1, 1), ValueError, "but got drop_last=1"),
        (lambda: list(Sampler()), NotImplementedError, "should implement __iter__"),
        (lambda: len(Sampler()), TypeError, "has no len"),
        (lambda: DistributedSampler(TEN), ValueError, "Default process group has not been init"),
        (lambda: DistributedSampler(TEN, 2, 5), ValueError, r"Invalid rank 5.*\[0, 1\]"),
    ):
        with pytest.raises(error, match=text):
            make()


# ---------------------------------------------------------------- collate

Point = collections.namedtuple("Point", "x y")
COLLATED = [
    ([1, 2], torch.tensor([1, 2])),
    ([True, False], torch.tensor([True, False])),
    ([1.0, 2.0], torch.tensor([1.0, 2.0], dtype=torch.float64)),
    ([1, 2.5], torch.tensor([1, 2.5])),
    (["a", "b"], ["a", "b"]),
    ([b"a"], [b"a"]),
    ([torch.ones(2), torch.zeros(2)], torch.tensor([[1.0, 1.0], [0.0, 0.0]])),
    ([torch.tensor(1), torch.tensor(2)], torch.tensor([1, 2])),
    ([torch.ones(1), torch.ones(1, dtype=torch.int64)], torch.ones(2, 1)),
    ([np.ones(2, np.int32)] * 2, torch.ones(2, 2, dtype=torch.int32)),
    ([np.array(1.0), np.array(2.0)], torch.tensor([1.0, 2.0], dtype=torch.float64)),
    ([np.float32(1), np.float32(2)], torch.tensor([1.0, 2.0])),
    ([np.bool_(True)], torch.tensor([True])),
    ([{"a": 1, "b": [1, 2]}, {"a": 2, "b": [3, 4]}],
     {"a": torch.tensor([1, 2]), "b": [torch.tensor([1, 3]), torch.tensor([2, 4])]}),
    ([Point(1, 2), Point(3, 4)], Point(torch.tensor([1, 3]), torch.tensor([2, 4]))),
    ([(1, "a"), (2, "b")], [torch.tensor([1, 2]), ("a", "b")]),
    ([range(2), range(2)], [torch.tensor([0, 0]), torch.tensor([1, 1])]),
    ([collections.OrderedDict(a=1)], collections.OrderedDict(a=torch.tensor([1]))),
    ([collections.deque([1, 2])], collections.deque([torch.tensor([1]), torch.tensor([2])])),
    ([types.MappingProxyType({"a": 1})], types.MappingProxyType({"a": torch.tensor([1])})),
    ([(), ()], []),
    ([{}], {}),
]  # fmt: skip


def check_equal(found, wanted):
    assert type(found) is type(wanted)
    if isinstance(wanted, torch.Tensor):
        assert found.dtype == wanted.dtype
        assert found.tolist() == wanted.tolist()
    elif hasattr(wanted, "keys"):
        assert list(found) == list(wanted)
        for key in wanted:
            check_equal(found[key], wanted[key])
    elif isinstance(wanted, list | tuple | collections.deque):
        assert len(found) == len(wanted)
        for a, b in zip(found, wanted, strict=True):
            check_equal(a, b)
    else:
        assert found == wanted


@pytest.mark.parametrize(("batch", "wanted"), COLLATED, ids=range(len(COLLATED)))
def test_default_collate(batch, wanted):
    check_equal(default_collate(batch), wanted)


@pytest.mark.parametrize(
    ("batch", "error", "text"),
    [
        ([1j], TypeError, r"found <class 'complex'>"),
        ([None], TypeError, r"found <class 'NoneType'>"),
        ([{1}], TypeError, r"found <class 'set'>"),
        ([np.array(["a"])], TypeError, "found <U1"),
        ([np.array([None])], TypeError, "found object"),
        ([[1, 2], [3]], RuntimeError, r"of equal size\n.*\[1, 2\]"),
        ([{"a": 1}, {"b": 1}], KeyError, "a"),
        (
            [torch.ones(2), torch.ones(3)],
            RuntimeError,
            r"got \[2\] at entry 0 and \[3\]",
        ),
        ([], IndexError, "list index out of range"),
    ],
)
def test_default_collate_refuses(batch, error, text):
    with pytest.raises(error, match=text):
        default_collate(batch)


def test_default_convert_shares_and_keeps():
    array = np.zeros(2)
    converted = default_convert({"a": array, "b": (1, "s"), "c": np.array(["t"])})
    array[0] = 5
    assert converted["a"].tolist() == [5, 0]
    assert converted["b"] == [1, "s"] and converted["c"].dtype.kind == "U"
    check_equal(default_convert(Point(1, np.float32(2))), Point(1, torch.tensor(2.0)))
    assert default_convert(None) is None and default_convert({1}) == {1}
