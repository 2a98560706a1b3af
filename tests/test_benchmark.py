"""torch.utils.benchmark: the texts are those of PyTorch 2.13.0 for the same times."""

from importlib import import_module

import pytest

import rushlight as torch
from rushlight.utils import benchmark
from rushlight.utils.benchmark import Compare, Measurement, TaskSpec, Timer


def measured(times, number=1, stmt="st", **spec):
    return Measurement(number, times, TaskSpec(stmt, spec.pop("setup", ""), **spec))


def text(m):
    return repr(m).split("\n", 1)[1]


def test_a_measurement_as_text():
    m = measured(
        [1e-4, 2e-4, 3e-4, 1.5e-4, 1.2e-4],
        100,
        "x + y",
        setup="z=1",
        label="L",
        sub_label="sub",
        description="desc",
    )
    assert (
        text(m)
        == """\
L: sub
desc
setup: z=1
  Median: 1.50 us
  IQR:    0.80 us (1.20 to 2.00)
  5 measurements, 100 runs per measurement, 1 thread
  WARNING: Interquartile range is 53.3% of the median measurement.
           This suggests significant environmental influence."""
    )
    assert (m.significant_figures, m.has_warnings, m.meets_confidence(0.6)) == (1, True, True)
    assert text(measured([1e-5], 10, "x")) == "x\n  1.00 us\n  1 measurement, 10 runs , 1 thread"
    assert text(measured([1, 1.05, 1.3], 5, "x", setup="pass")).splitlines()[3:] == [
        "  WARNING: Interquartile range is 14.3% of the median measurement.",
        "           This could indicate system fluctuation.",
    ]
    assert text(measured([1.00, 1.01, 1.0, 1.0], 10, "x", num_threads=3)).splitlines()[-1] == (
        "  4 measurements, 10 runs per measurement, 3 threads"
    )
    assert TaskSpec("a\nbb", "s\nq").summarize() == "stmt:\n  a\n  bb\n\nsetup:\n  s\n  q\n"
    with pytest.raises(ValueError, match=r"No results recorded."):
        _ = measured([]).median


def grid():
    found = []
    for label in ("conv", "lin"):
        for threads in (1, 2):
            for description in ("a", "bb"):
                for sub in ("s1", "longer sub"):
                    k = 1 + len(found)
                    times = [k * 1e-4 * (1 + 0.01 * i) for i in range(5)]
                    words = {"label": label, "sub_label": sub, "description": description}
                    found.append(measured(times, 10, **words, num_threads=threads))
    return found


PLAIN = """\
[------------- conv -------------]
                  |   a    |   bb 
1 threads: -----------------------
      s1          |  10.2  |  30.6
      longer sub  |  20.4  |  40.8
2 threads: -----------------------
      s1          |  51.0  |  71.4
      longer sub  |  61.2  |  81.6

Times are in microseconds (us).

[-------------- lin ---------------]
                  |    a    |    bb 
1 threads: -------------------------
      s1          |   91.8  |  112.2
      longer sub  |  102.0  |  122.4
2 threads: -------------------------
      s1          |  132.6  |  153.0
      longer sub  |  142.8  |  163.2

Times are in microseconds (us).
"""  # noqa: W291
MARKED = """\
[--------------- conv ---------------]
                  |      a       |  bb
1 threads: ---------------------------
      s1          |  10          |  31
      longer sub  |  50 (! 70%)  |  41
2 threads: ---------------------------
      s1          |  51          |  71
      longer sub  |  61          |  82

Times are in microseconds (us).
(! XX%) Measurement has high variance, where XX is the IQR / median * 100.
"""
GAPS = """\
[----------------- L ------------------]
              |    x     |  yyyyyyyyyyyy
1 threads: -----------------------------
      aaaaaa  |    1.0   |              
      b       |          |     1000.0   
      c       |  1000.0  |              

Times are in microseconds (us).
"""  # noqa: W291
ENVIRONMENTS = """\
[------------ x ------------]
             |   a    |   b  
1 threads: ------------------
  (new)  st  |  10.0  |  10.0
  (old)  st  |  10.0  |  10.0

Times are in microseconds (us).
"""  # noqa: W291


def test_tables(capsys):
    results = grid()
    Compare(results).print()
    assert capsys.readouterr().out == PLAIN + "\n"
    results[1] = Measurement(10, [2e-4, 5e-4, 9e-4], results[1].task_spec)
    table = Compare(results)
    table.highlight_warnings()
    table.trim_significant_figures()
    assert str(table).startswith(MARKED)
    times = [(1e-6, "aaaaaa", "x"), (1e-3, "b", "y" * 12), (1e-3, "c", "x")]
    table = Compare([measured([t] * 5, label="L", sub_label=s, description=d) for t, s, d in times])
    assert str(table) == GAPS
    table = Compare([])
    for description in "ab":
        words = {"label": "x", "description": description}
        table.extend_results([measured([1e-5], env=env, **words) for env in ("old", "new")])
    assert str(table) == ENVIRONMENTS
    with pytest.raises(ValueError, match="Expected an instance of `Measurement`"):
        Compare([3])


def test_colors():
    times = [1e-3, 1.005e-3, 1.0101e-3, 1.2e-3, 2e-3, 5e-3]
    rows = [
        measured([t], label="x", sub_label=str(i), description="d") for i, t in enumerate(times)
    ]
    table = Compare(rows)
    table.colorize()
    best, good, bad, worst = (
        "\033[92m\033[1m",
        "\033[34m\033[1m",
        "\033[2m\033[91m",
        "\033[31m\033[1m",
    )
    found = [line.split("|  ")[1].split("m")[:-3] for line in str(table).splitlines()[3:9]]
    wanted = [best, best, good, "", bad, worst]
    assert found == [color.split("m")[:-1] for color in wanted]


class Clock:
    """Seconds that a statement takes by itself: it sets `now` on."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1e-7  # reading the clock
        return self.now


def test_ranges_with_a_clock_of_our_own():
    clock = Clock()

    def wait():
        clock.now += 1e-3

    timer = Timer("wait()", globals={"wait": wait}, timer=clock, num_threads=2, label="waits")
    assert timer.timeit(50).median == pytest.approx(1e-3, rel=1e-4)
    seen = []
    m = timer.blocked_autorange(lambda n, t: seen.append((n, t)), min_run_time=0.2)
    assert m.number_per_run == 1 and len(m.raw_times) == len(seen) == 200
    assert m.median == pytest.approx(1e-3, rel=2e-4) and m.num_threads == 2
    m = timer.adaptive_autorange(min_run_time=0.01)
    assert sum(m.raw_times) >= 0.01 and m.title == "waits"

    state = [0]

    def uneven():
        state[0] += 1
        clock.now += 1e-3 * (1 + state[0] % 2)

    m = Timer("uneven()", globals={"uneven": uneven}, timer=clock).adaptive_autorange(
        min_run_time=0.01, max_run_time=0.5
    )
    assert sum(m.raw_times) >= 0.5 and not m.meets_confidence()


def test_threads_and_names_of_the_statement(monkeypatch):
    asked, seen = [], []
    module = import_module("rushlight.utils.benchmark.timer")  # its name is a function, too
    monkeypatch.setattr(module, "set_num_threads", asked.append)
    before = torch.get_num_threads()
    names = {"f": lambda x: seen.append((x, asked[-1]))}
    Timer("f(x)", "x = 3", globals=names, num_threads=before + 1).timeit(2)
    assert set(seen) == {(3, before + 1)} and asked == [before + 1, before]
    Timer("torch.ones(2)").timeit(1)
    names = {"a": 1}
    Timer("b", "b = a", globals=names).timeit(1)
    assert names == {"a": 1}
    Timer("\n    x = 1\n    y = x\n").timeit(1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"language": "rust"}, "Invalid language `rust`."),
        ({"language": "c++"}, "C[+][+] timing is not supported"),
        ({"global_setup": "y"}, "global_setup is C[+][+] only, got `y`"),
        ({"stmt": 3}, "Currently only a `str` stmt is supported."),
    ],
)
def test_what_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        Timer(**{"stmt": "x", **arguments})


def test_callgrind_is_refused():
    with pytest.raises(NotImplementedError, match="collect_callgrind is not supported"):
        Timer("1").collect_callgrind()


def test_merging_and_units():
    a, b = measured([1e-6, 3e-6]), measured([4e-6], 2)
    (m,) = Measurement.merge([a, b])
    assert m.times == [1e-6, 3e-6, 2e-6] and m.number_per_run == 1
    units = [benchmark.select_unit(t)[0] for t in (1e-9, 1e-6, 5e-4, 1e-3, 1, 100)]
    assert units == ["ns", "us", "us", "ms", "s", "s"]
    assert benchmark.trim_sigfig(1234.5, 2) == 1200.0
    assert benchmark.unit_to_english("ms") == "millisecond"


def test_fuzzed_tensors():
    size = [
        benchmark.FuzzedParameter(f"k{i}", minval=4, maxval=64, distribution="loguniform")
        for i in range(2)
    ]
    tensor = benchmark.FuzzedTensor(
        "x", ("k0", "k1"), min_elements=32, max_elements=1024, probability_contiguous=0.5
    )
    first, again = (benchmark.Fuzzer(size, [tensor], seed=1) for _ in range(2))
    shapes = []
    for tensors, about, params in first.take(20):
        x = tensors["x"]
        assert tuple(x.shape) == (params["k0"], params["k1"]) and 32 <= x.numel() <= 1024
        assert about["x"]["is_contiguous"] == x.is_contiguous()
        shapes.append((tuple(x.shape), x.stride()))
    assert shapes == [(tuple(t["x"].shape), t["x"].stride()) for t, _, _ in again.take(20)]
    assert {s[1][1] == 1 for s in shapes} == {True, False} and 0 <= first.rejection_rate < 1
    with pytest.raises(AssertionError, match="Distribution is not normalized"):
        benchmark.FuzzedParameter("p", distribution={1: 0.5})
