"""Tables of the profiler, texts of benchmark, flops, lists of tensors, beside PyTorch's."""

import warnings

import numpy as np
import pytest
import torch
from torch.autograd import profiler_util as their_events
from torch.utils import benchmark as their_benchmark
from torch.utils import flop_counter as their_flops

import rushlight
from rushlight.profiler import events as our_events
from rushlight.utils import benchmark as our_benchmark
from rushlight.utils import flop_counter as our_flops

FOREACH = [n for n in dir(torch) if n.startswith("_foreach_")]


def tables(u, stacks):
    """Texts of a list of events; PyTorch mixes up two columns where there are stacks and flops."""

    def event(i, name, start, end, **more):
        more = {"flops": 0, "stack": [], **more}
        return u.FunctionEvent(i, name, 1, start, end, **more)

    first, second = (["a.py(1): f", "b.py(2): <module>"], ["c.py(1): g"]) if stacks else ([], [])
    events = u.EventList(
        [
            event(0, "outer", 0, 1000.5, input_shapes=[[1, 2], []], stack=first,
                  cpu_memory_usage=2048, flops=0 if stacks else 12000),
            event(1, "aten::mm", 100, 400, input_shapes=[[2, 2], []], stack=second,
                  flops=0 if stacks else 3 * 10**9, cpu_memory_usage=-5),
            event(2, "aten::mm", 500, 900, input_shapes=[[3, 2], []], cpu_memory_usage=3 * 2**20),
            event(3, "aten::add", 600, 700.25, input_shapes=[[3, 2], []]),
            event(4, "x" * 70, 2000, 2003000, input_shapes=[[3, 2]] * 40, is_user_annotation=True),
        ],
        use_device=None, profile_memory=True, with_flops=not stacks,
    )  # fmt: skip
    events._build_tree()
    yield events.table()
    yield events.table(
        row_limit=2, header="HEAD", top_level_events_only=True, time_unit="ms", sort_by="cpu_time"
    )
    averages = events.key_averages()
    yield averages.table()
    yield events.key_averages(group_by_input_shapes=True, group_by_stack_n=1).table(
        sort_by="count", max_name_column_width=20, max_shapes_column_width=12
    )
    yield from (str(averages), repr(events.total_average()), repr(events[1]), repr(averages[0]))
    for n in range(51, 57):
        yield u.EventList([event(0, "a" * n, 0, 1), event(1, "b", 2, 2.5)]).table()
    nested = [event(0, "a", 0, 1), event(1, "a", 0, 1), event(2, "a", 0.3, 0.5)]
    events = u.EventList([*nested, event(3, "q", 0.9, 1.5)])
    events._build_tree()
    yield str([(e.id, e.name, [c.id for c in e.cpu_children]) for e in events])


@pytest.mark.parametrize("stacks", [False, True])
def test_tables(stacks):
    for ours, theirs in zip(tables(our_events, stacks), tables(their_events, stacks), strict=True):
        assert ours == theirs


def test_texts_of_measurements():
    def texts(b):
        rng = np.random.RandomState(0)
        found = []
        for i in range(60):
            scale, spread = 10.0 ** rng.randint(-7, 1), rng.choice([0.001, 0.05, 0.3])
            times = (scale * (1 + spread * rng.rand(rng.randint(1, 9)))).tolist()
            words = {"label": "ab"[i % 2], "sub_label": f"s{i % 5}", "description": f"d{i % 3}"}
            spec = b.TaskSpec("st", "pass", num_threads=1 + i % 2, **words)
            found.append(b.Measurement(int(rng.randint(1, 20)), times, spec))
        for m in found:
            yield repr(m).split("\n", 1)[1]
            yield str((m.significant_figures, m.has_warnings))
        for set_up in ("trim_significant_figures", "highlight_warnings", "colorize"):
            table = b.Compare(found)
            getattr(table, set_up)()
            yield str(table)

    for ours, theirs in zip(texts(our_benchmark), texts(their_benchmark), strict=True):
        assert ours == theirs


def arguments(t, name):
    """Arguments of a function of lists, or None."""
    rng = np.random.RandomState(0)

    def tensors():
        return [
            t.from_numpy(np.asarray(rng.rand(*s) + 0.2, np.float32)) for s in ((2,), (3, 2), ())
        ]

    base = name.removeprefix("_foreach_").rstrip("_")
    x = tensors()
    if base in "add sub mul div pow clamp_max clamp_min maximum minimum".split():
        return [(x, tensors()), (x, 0.5), (x, [0.5, 1.0, 2])]
    if base in ("addcmul", "addcdiv"):
        return [(x, tensors(), tensors(), 2), (x, tensors(), tensors(), [1.0, 2.0, 3.0])]
    if base == "lerp":
        return [(x, tensors(), tensors()), (x, tensors(), 0.3)]
    if base == "mm":
        return [([x[1]], [x[1].T])]
    if base == "copy":
        return [(x, tensors())]
    return [(x,)]


@pytest.mark.parametrize("name", FOREACH)
def test_lists_of_tensors(name):
    for ours, theirs in zip(arguments(rushlight, name), arguments(torch, name), strict=True):
        a, b = getattr(rushlight, name)(*ours), getattr(torch, name)(*theirs)
        assert type(a) is type(b) or b is None
        for x, y in zip(ours[0] if b is None else a, theirs[0] if b is None else b, strict=True):
            assert np.allclose(x.numpy(), y.numpy(), rtol=2e-6, atol=1e-7, equal_nan=True)
            assert str(x.dtype) == str(y.dtype)


def test_flops_of_models():
    def counts(t, flops):
        t.manual_seed(0)
        nn = t.nn
        block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        small = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU(),
            nn.ConvTranspose2d(8, 4, 2), nn.Flatten(), nn.Linear(256, 5),
        )  # fmt: skip
        with warnings.catch_warnings(), flops.FlopCounterMode(display=False) as counter:
            warnings.simplefilter("ignore")
            small(t.ones(2, 3, 16, 16)).sum().backward()
            q, k, v = (nn.Linear(8, 8)(t.ones(2, 4, 8)) for _ in range(3))
            t.bmm(t.softmax(t.bmm(q, k.transpose(1, 2)), -1), v).sum().backward()
            block.linear2(t.relu(block.linear1(t.ones(2, 4, 8)))).sum().backward()
        found = counter.get_flop_counts()
        return {m: {str(k): n for k, n in c.items()} for m, c in found.items()}

    assert counts(rushlight, our_flops) == counts(torch, their_flops)
