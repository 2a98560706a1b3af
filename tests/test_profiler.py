"""torch.profiler: what is seen, how it nests, what tables and traces say."""

import gzip
import json
import threading

import pytest

import rushlight as torch
from rushlight import nn
from rushlight.autograd import profiler as legacy
from rushlight.autograd import profiler_util as util
from rushlight.dispatch import operators
from rushlight.dispatch.op import CARDS
from rushlight.nn import functional as F
from rushlight.profiler import (
    ProfilerAction,
    ProfilerActivity,
    blocks,
    profile,
    record_function,
    schedule,
)
from rushlight.profiler import recorder as recorder_module
from rushlight.utils.data import DataLoader, TensorDataset


def tree(events):
    """[(depth, name)] in the order of begin."""

    def depth(e):
        return 0 if e.cpu_parent is None else 1 + depth(e.cpu_parent)

    return [(depth(e), e.name) for e in events]


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by one microsecond each time it is read."""
    now = [0]

    def read():
        now[0] += 1000
        return now[0]

    monkeypatch.setattr(recorder_module, "perf_counter_ns", read)
    monkeypatch.setattr(blocks, "perf_counter_ns", read)


def step(model, x, y):
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    return loss


def test_names_and_nesting_of_a_training_step():
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x, y = torch.randn(3, 4), torch.tensor([0, 1, 1])
    with profile(record_shapes=True) as p:
        with record_function("forward"):
            out = model(x)
        F.cross_entropy(out, y).backward()
        optimizer.step()
    engine = "autograd::engine::evaluate_function: "
    nodes = ["NllLossBackward0", "AddmmBackward0", "TanhBackward0", "AddmmBackward0"]
    leaf = [(0, f"{engine}torch::autograd::AccumulateGrad"), (1, "torch::autograd::AccumulateGrad")]
    assert tree(p.events()) == [
        (0, "forward"),
        (1, "aten::linear"),
        (2, "aten::addmm"),
        (1, "aten::tanh"),
        (1, "aten::linear"),
        (2, "aten::addmm"),
        (0, "aten::cross_entropy_loss"),
        (1, "aten::nll_loss"),
        *[line for n in nodes for line in ((0, engine + n), (1, n))],
        *leaf * 4,
        (0, "Optimizer.step#SGD.step"),
    ]
    linear = next(e for e in p.events() if e.name == "aten::linear")
    assert linear.input_shapes[:3] == [[3, 4], [8, 4], [8]]
    assert linear.cpu_children[0].input_shapes == [[8], [3, 4], [4, 8]]
    made = {e.sequence_nr for e in p.events() if e.name == "aten::tanh"}
    assert made == {e.sequence_nr for e in p.events() if e.name == "TanhBackward0"} != {-1}


def test_results_and_gradients_are_those_without_a_profile():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    x, y = torch.randn(3, 4), torch.tensor([0, 1, 1])
    plain = step(model, x, y)
    wanted = [p.grad for p in model.parameters()]
    model.zero_grad()
    with profile():
        seen = step(model, x, y)
    assert torch.equal(plain, seen)
    for p, grad in zip(model.parameters(), wanted, strict=True):
        assert torch.allclose(p.grad, grad, rtol=1e-6, atol=1e-7)


def test_in_place_views_factories_and_loaders():
    x = torch.arange(6.0).reshape(2, 3)
    loader = DataLoader(TensorDataset(x), batch_size=2)
    with profile() as p:
        x += 1
        x.mul_(2)
        x.zero_()
        x.view(-1)
        x @ x.T
        torch.zeros(2)
        for _ in loader:
            break
    names = [e.name for e in p.events() if e.cpu_parent is None]
    assert names == [
        "aten::add_",
        "aten::mul_",
        "aten::zero_",
        "aten::view",
        "aten::permute",
        "aten::matmul",
        "aten::zeros",
        "enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__",
    ]
    assert torch.equal(x, torch.zeros(2, 3))


def test_everything_is_put_back():
    from rushlight.autograd import engine
    from rushlight.core.grad_mode import watching
    from rushlight.dispatch import modes

    def state():
        tensor = torch.Tensor
        found = [vars(tensor)[n] for n in ("view", "__iadd__", "__add__", "item")]
        found += [engine._backward_of, engine.accumulate_in, torch.zeros, torch.rand]
        return [*found, torch.optim.SGD.step, watching[0], modes.ON[0]]

    torch.ones(2) + 1  # the operator is built at its first use
    before = state()
    with profile(), profile():
        torch.ones(2).add_(1)
    with pytest.raises(ZeroDivisionError), profile() as p:
        _ = 1 / 0
    assert state() == before
    assert list(p.events()) == []


def test_an_operator_is_put_together_once(monkeypatch):
    made = []
    card = CARDS["mul"]
    monkeypatch.setattr(operators, "operator", lambda *a: made.append(a) or (lambda x, y: (x, y)))
    first, _ = operators.binary_operator(card, None)
    monkeypatch.setattr(torch.Tensor, "__mul__", first)
    x = torch.ones(2)
    with profile():
        assert [x * 3, x * 4] == [(x, 3), (x, 4)]
        assert len(made) == 1
    assert torch.Tensor.__mul__ is first.written  # and no call in between, afterwards
    assert x * 5 == (x, 5) and len(made) == 1


def test_an_error_ends_its_event():
    with profile() as p, pytest.raises(RuntimeError):
        torch.ones(2, 3).mm(torch.ones(2, 3))
    assert [e.name for e in p.events()] == ["aten::ones", "aten::ones", "aten::mm"]
    assert all(e.time_range.end >= e.time_range.start for e in p.events())


def test_other_threads_are_not_seen():
    with profile() as p:
        thread = threading.Thread(target=lambda: torch.ones(2).sin())
        thread.start()
        thread.join()
        torch.ones(2).cos()
    assert [e.name for e in p.events()] == ["aten::ones", "aten::cos"]


def test_vmap_and_grad_inside():
    x = torch.arange(3.0)
    with profile() as p:
        y = torch.func.vmap(lambda v: v.view(-1) * 2)(x.reshape(3, 1))
        g = torch.func.grad(lambda v: (v * v).sum())(x)
    assert torch.equal(y, torch.tensor([[0.0], [2.0], [4.0]])) and torch.equal(g, 2 * x)
    assert {"aten::mul", "aten::sum", "MulBackward0"} <= {e.name for e in p.events()}
    assert torch.equal(torch.func.vmap(lambda v: v.view(-1) * 2)(x.reshape(3, 1)), y)


def test_flops_memory_and_stacks(tmp_path):
    x, w = torch.randn(3, 4), torch.randn(4, 5)
    image, kernel = torch.randn(2, 3, 8, 8), torch.randn(4, 3, 3, 3)
    with profile(with_flops=True, profile_memory=True, with_stack=True) as p:
        torch.mm(x, w)
        torch.addmm(torch.zeros(5), x, w)
        F.conv2d(image, kernel, stride=2, padding=1)
        x + x
    flops = {e.name: e.flops for e in p.events() if e.flops}
    conv = 2 * 2 * 4 * 4 * 27 * 4
    assert flops == {"aten::mm": 120, "aten::addmm": 120, "aten::conv2d": conv, "aten::add": 12}
    sizes = {e.name: e.cpu_memory_usage for e in p.events()}
    assert sizes["aten::mm"] == 60 and sizes["aten::add"] == 48
    assert sizes["aten::conv2d"] == 2 * 4 * 16 * 4
    mm = next(e for e in p.events() if e.name == "aten::mm")
    assert mm.stack[0].startswith(f"{__file__}(") and mm.stack[0].endswith("): " + mm_caller)
    table = p.key_averages(group_by_stack_n=2).table(row_limit=-1)
    assert "Source Location" in table and "CPU Mem" in table and "Total FLOPs" in table
    p.export_stacks(str(tmp_path / "stacks"))
    lines = (tmp_path / "stacks").read_text().splitlines()
    assert all(line.rsplit(" ", 1)[1].isdigit() and mm_caller in line for line in lines)
    with pytest.raises(ValueError, match="metric should be one of"):
        p.export_stacks(str(tmp_path / "stacks"), "time")


mm_caller = "test_flops_memory_and_stacks"


def test_times_of_a_fixed_clock(clock):
    with profile() as p, record_function("outer"):
        torch.ones(2).sin()
    times = [(e.name, e.time_range.elapsed_us(), e.self_cpu_time_total) for e in p.events()]
    # outer: begin, ones: 2 readings, sin: 2 readings, end
    assert times == [("outer", 5.0, 3.0), ("aten::ones", 1.0, 1.0), ("aten::sin", 1.0, 1.0)]
    table = p.key_averages().table(sort_by="cpu_time_total", time_unit="us")
    lines = [line.rstrip() for line in table.splitlines()]
    assert lines[0] == lines[2] == lines[6] == "  ".join(["-" * 14, *["-" * 12] * 6])
    assert [line for line in lines if line[:1] != "-"] == OUTER.splitlines()


OUTER = """\
          Name    Self CPU %      Self CPU   CPU total %     CPU total  CPU time avg    # of Calls
         outer        60.00%       3.000us       100.00%       5.000us       5.000us             1
    aten::ones        20.00%       1.000us        20.00%       1.000us       1.000us             1
     aten::sin        20.00%       1.000us        20.00%       1.000us       1.000us             1
Self CPU time total: 5.000us
"""


def test_schedule():
    plan = schedule(wait=1, warmup=1, active=2, repeat=2, skip_first=1)
    assert "".join(plan(i).name[-1] for i in range(11)) == "EEPDEEPDEEE"
    first = [ProfilerAction.NONE, ProfilerAction.NONE, ProfilerAction.WARMUP]
    assert [plan(i) for i in range(5)] == [
        *first,
        ProfilerAction.RECORD,
        ProfilerAction.RECORD_AND_SAVE,
    ]
    with pytest.raises(AssertionError, match=r"Invalid profiler schedule arguments. Got wait=-1"):
        schedule(wait=-1, warmup=1, active=1)
    with pytest.raises(AssertionError, match=r"Step must be non-negative. Got -1."):
        plan(-1)
    with pytest.warns(UserWarning, match="won't be using warmup"):
        schedule(wait=0, warmup=0, active=1)


def test_steps_and_traces(tmp_path):
    ready = []

    def note(p):
        ready.append((p.step_num, [e.name for e in p.events()]))

    plan = schedule(wait=1, warmup=1, active=1)
    with profile(schedule=plan, on_trace_ready=note) as p:
        for _ in range(7):
            torch.ones(2).sin()
            p.step()
    once = ["ProfilerStep*", "aten::ones", "aten::sin"]
    assert ready == [(3, once), (6, once)]
    with profile(schedule=plan, acc_events=True) as p:
        for _ in range(6):
            torch.ones(2).sin()
            p.step()
    assert [e.name for e in p.events()] == once * 2

    folder = tmp_path / "traces"
    handler = torch.profiler.tensorboard_trace_handler(str(folder), "me", use_gzip=True)
    x = torch.ones(2, requires_grad=True)
    with profile(activities=[ProfilerActivity.CPU], on_trace_ready=handler) as p:
        x.sin().sum().backward()
        p.add_metadata_json("more", "[1, 2]")
    (file,) = folder.iterdir()
    assert file.name.startswith("me.") and file.name.endswith(".pt.trace.json.gz")
    trace = json.loads(gzip.decompress(file.read_bytes()))
    assert trace["more"] == [1, 2]
    calls = [e for e in trace["traceEvents"] if e["ph"] == "X"]
    assert [e["name"] for e in calls][:2] == ["aten::sin", "aten::sum"]
    assert all(e["dur"] >= 0 and e["ts"] > 1e15 for e in calls)
    arrows = [e["ph"] for e in trace["traceEvents"] if e.get("cat") == "fwdbwd"]
    assert arrows.count("s") == arrows.count("f") == 2


def test_what_is_refused():
    p = profile()
    with pytest.raises(AssertionError, match="must be initialized before getting key averages"):
        p.key_averages()
    with pytest.raises(AssertionError, match="No valid profiler activities found"):
        profile(activities=[])
    with pytest.raises(NotImplementedError, match="export_memory_timeline is not supported"):
        p.export_memory_timeline("x")
    for name in ("emit_nvtx", "emit_itt", "load_nvprof"):
        with pytest.raises(RuntimeError, match=f"profiler.{name} needs"):
            getattr(legacy, name)()


def test_the_profiler_of_autograd():
    with legacy.profile(record_shapes=True) as p:
        torch.ones(2, 3).sin()
    assert p.key_averages(group_by_input_shape=True)[1].input_shapes == [[2, 3]]
    assert str(p).count("aten::sin") == 1 and p.self_cpu_time_total > 0
    with legacy.profile(enabled=False) as p:
        assert p is None
    assert str(legacy.profile()) == "<unfinished torch.autograd.profile>"

    @record_function("named")
    def f():
        return torch.ones(1)

    with legacy.profile() as p:
        f()
    assert tree(p.function_events) == [(0, "named"), (1, "aten::ones")]


def test_tables_of_events_made_by_hand():
    def event(i, name, start, end, **more):
        return util.FunctionEvent(i, name, 1, start, end, **more)

    events = util.EventList(
        [
            event(0, "outer", 0, 1000.5, input_shapes=[[1, 2], []], flops=12000),
            event(1, "aten::mm", 100, 400, input_shapes=[[2, 2], []], flops=3 * 10**9),
            event(2, "aten::mm", 500, 900, cpu_memory_usage=3 << 20),
            event(3, "aten::mm", 500, 900, cpu_memory_usage=3 << 20),
            event(4, "x" * 60, 2000, 2003000),
        ],
        profile_memory=True,
        with_flops=True,
    )
    events._build_tree()
    assert [(e.id, [c.id for c in e.cpu_children]) for e in events] == [
        (0, [1, 2]),
        (1, []),
        (2, []),
        (4, []),
    ]
    rows = events.key_averages().table(sort_by="count").splitlines()
    assert rows[1].split()[-4:] == ["of", "Calls", "Total", "KFLOPs"]
    assert rows[3].split() == [
        "aten::mm", "0.03%", "700.000us", "0.03%", "700.000us", "350.000us", "3.00", "MB", "3.00",
        "MB", "2", "3000000.000",
    ]  # fmt: skip
    assert rows[5].lstrip().startswith("x" * 52 + "...        99.95%        2.001s")
    assert rows[-1] == "Self CPU time total: 2.002s"
    assert repr(events.total_average()).startswith(
        "<FunctionEventAvg key=Total self_cpu_time=2.002s cpu_time=500.675ms"
    )
    assert util.EventList().table() == ""
