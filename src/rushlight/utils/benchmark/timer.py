"""Timer: how long a statement takes, with enough runs to rely on it."""

from __future__ import annotations

import enum
import textwrap
import timeit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import numpy as np

from ...kernels import get_num_threads, set_num_threads
from .measurement import Measurement, TaskSpec

timer = perf_counter


class Language(enum.Enum):
    """What a statement is written in."""

    PYTHON = 0
    CPP = 1


@contextmanager
def set_torch_threads(n: int) -> Iterator[None]:
    """Inside, kernels run on n threads."""
    before = get_num_threads()
    try:
        set_num_threads(n)
        yield
    finally:
        set_num_threads(before)


class Timer:
    """Times a statement, as the standard library's timeit does, on a given number of threads.

    stmt, setup, globals   Python; what is timed, what runs first, names that both see
    label, sub_label, description, env   words for tables, see Compare
    num_threads            of the kernels, 1 by default: comparisons of one thread are the clearest
    ValueError             language="c++": statements in C++ are not supported

    >>> t = torch.utils.benchmark.Timer("x + 1", globals={"x": torch.ones(4)})
    >>> t.timeit(100).median < 1.0
    True
    """

    def __init__(
        self,
        stmt: str = "pass",
        setup: str = "pass",
        global_setup: str = "",
        timer: Callable[[], float] = timer,
        globals: dict[str, Any] | None = None,
        label: str | None = None,
        sub_label: str | None = None,
        description: str | None = None,
        env: str | None = None,
        num_threads: int = 1,
        language: Language | str = Language.PYTHON,
    ):
        if not isinstance(stmt, str):
            raise ValueError("Currently only a `str` stmt is supported.")
        if language in (Language.CPP, "cpp", "c++"):
            raise ValueError(
                "C++ timing is not supported: rushlight compiles no statements\n"
                "  fix: language=Language.PYTHON"
            )
        if language not in (Language.PYTHON, "py", "python"):
            raise ValueError(f"Invalid language `{language}`.")
        if global_setup:
            raise ValueError(
                f"global_setup is C++ only, got `{global_setup}`. Most likely this code can simply "
                "be moved to `setup`."
            )
        # a copy: what the set-up defines does not reach the caller's names
        self._globals = dict(globals or {})
        self._globals.setdefault("torch", _package())
        stmt, setup = textwrap.dedent(stmt), textwrap.dedent(setup)
        stmt, setup = (text[1:].rstrip() if text[:1] == "\n" else text for text in (stmt, setup))
        self._timer = timeit.Timer(stmt, setup, timer, self._globals)
        self._task_spec = TaskSpec(stmt, setup, "", label, sub_label, description, env, num_threads)

    def _timeit(self, number: int) -> float:
        return max(self._timer.timeit(number), 1e-9)

    def timeit(self, number: int = 1000000) -> Measurement:
        """One run of `number` calls, after a hundredth of it to warm up."""
        with set_torch_threads(self._task_spec.num_threads):
            self._timeit(max(number // 100, 2))
            return Measurement(number, [self._timeit(number)], self._task_spec)

    def repeat(self, repeat: int = -1, number: int = -1) -> None:
        """Not there, as in PyTorch: `blocked_autorange` chooses both."""
        raise NotImplementedError("See `Timer.blocked_autorange.`")

    def autorange(self, callback: Callable[[int, float], None] | None = None) -> None:
        """Not there, as in PyTorch: see `blocked_autorange`."""
        raise NotImplementedError("See `Timer.blocked_autorange.`")

    def _enough(
        self, number: int, stop: Callable[[list[float]], bool], shortest: float, longest: float,
        callback: Callable[[int, float], Any] | None,
    ) -> list[float]:  # fmt: skip
        """Runs of `number` calls, for `shortest` seconds at least, until stop(times) or `longest`
        seconds are over."""
        total = 0.0
        times: list[float] = []
        with set_torch_threads(self._task_spec.num_threads):
            while total < shortest or (total < longest and not stop(times)):
                spent = self._timeit(number)
                times.append(spent)
                if callback:
                    callback(number, spent)
                total += spent
        return times

    def _block_size(self, min_run_time: float) -> int:
        """How many calls make a run so long that reading the clock is less than 0.1 % of it."""
        with set_torch_threads(self._task_spec.num_threads):
            overhead = float(np.median([self._timeit(0) for _ in range(5)]))
            number = 1
            while True:
                spent = self._timeit(number)
                if overhead / spent <= 1e-4 and spent >= min_run_time / 1000:
                    return number
                if spent > min_run_time:
                    return number
                number *= 10

    def blocked_autorange(
        self, callback: Callable[[int, float], Any] | None = None, min_run_time: float = 0.2
    ) -> Measurement:
        """Runs of equal size for min_run_time seconds together; how many calls make a run is found
        first. callback(calls, seconds) after each run."""
        number = self._block_size(min_run_time)
        times = self._enough(number, lambda times: True, min_run_time, min_run_time, callback)
        return Measurement(number, times, self._task_spec)

    def adaptive_autorange(
        self,
        threshold: float = 0.1,
        *,
        min_run_time: float = 0.01,
        max_run_time: float = 10.0,
        callback: Callable[[int, float], Any] | None = None,
    ) -> Measurement:
        """As `blocked_autorange`, until the interquartile range is below threshold of the median,
        min_run_time seconds at least and max_run_time at most."""
        number = self._block_size(0.05)

        def stop(times: list[float]) -> bool:
            if len(times) <= 3:
                return False
            return Measurement(number, times, self._task_spec).meets_confidence(threshold)

        times = self._enough(number, stop, min_run_time, max_run_time, callback)
        return Measurement(number, times, self._task_spec)

    def collect_callgrind(
        self, number: int = 100, *, repeats: int | None = None, collect_baseline: bool = True,
        retain_out_file: bool = False,
    ) -> Any:  # fmt: skip
        """Not supported: it needs Valgrind and PyTorch's bindings."""
        raise NotImplementedError(
            "Timer.collect_callgrind is not supported: it needs Valgrind's instrumentation\n"
            "  fix: valgrind --tool=callgrind python script.py"
        )


def _package() -> Any:
    import sys

    return sys.modules[__name__.partition(".")[0]]


__all__ = ["Language", "Timer", "set_torch_threads", "timer"]
