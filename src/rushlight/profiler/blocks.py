"""torch.autograd.profiler: the profiler without a schedule, and the names of blocks."""

from __future__ import annotations

from time import perf_counter_ns
from typing import Any

from ..core.grad_mode import _Decorator
from ..core.names import explain_missing
from .events import EventList, FunctionEvent, MemRecordsAcc
from .recorder import RECORDERS, Recorder

__all__ = [
    "EnforceUnique",
    "EventList",
    "FunctionEvent",
    "KinetoStepTracker",
    "MemRecordsAcc",
    "emit_itt",
    "emit_nvtx",
    "kineto_available",
    "load_nvprof",
    "parse_nvprof_trace",
    "profile",
    "record_function",
]


class record_function(_Decorator):
    """Context and decorator that names a block of code in a profile; without one it does nothing.

    >>> with torch.profiler.profile() as p, torch.profiler.record_function("both"):
    ...     x = (torch.ones(2) + 1) * 2
    >>> [e.name for e in p.events()]
    ['both', 'aten::ones', 'aten::add', 'aten::mul']
    """

    def __init__(self, name: str, args: str | None = None):
        self.name, self.args = name, args
        self.run_callbacks_on_exit = True
        self._rows: list[list] = []

    def __enter__(self) -> Any:
        if RECORDERS:
            self._rows = [recorder.block(self.name) for recorder in RECORDERS]
        return self

    def __exit__(self, *exc: object) -> None:
        if self._rows:
            now = perf_counter_ns()
            for row in self._rows:
                row[2] = now
            self._rows = []

    def clone(self) -> record_function:
        return record_function(self.name, self.args)


class profile:
    """Context: records every op, as torch.profiler.profile, from which the options are known.

    enabled  False: does nothing
    """

    def __init__(
        self,
        enabled: bool = True,
        *,
        use_cuda: bool = False,
        use_device: str | None = None,
        record_shapes: bool = False,
        with_flops: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_modules: bool = False,
        use_kineto: bool = False,
        use_cpu: bool = True,
        experimental_config: Any = None,
        acc_events: bool = False,
        custom_trace_id_callback: Any = None,
        post_processing_timeout_s: float | None = None,
        activity_filters: Any = None,
    ):
        self.enabled = enabled
        self.entered = False
        self.record_shapes, self.with_flops = record_shapes or with_flops, with_flops
        self.profile_memory, self.with_stack = profile_memory, with_stack
        self.use_device = None
        self.function_events: EventList | None = None
        self._recorder: Recorder | None = None

    def __enter__(self) -> profile | None:
        if not self.enabled:
            return None
        if self.entered:
            raise RuntimeError("Profiler context manager is not reentrant")
        self.entered = True
        self._recorder = Recorder(
            self.record_shapes, self.profile_memory, self.with_stack, self.with_flops
        )
        self._recorder.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._recorder is not None:
            self._recorder.stop()
            self.function_events = self._recorder.events()
            self._recorder = None

    def _events(self) -> EventList:
        if self.function_events is None:
            raise RuntimeError("Profiler didn't finish running")
        return self.function_events

    def __repr__(self) -> str:
        found = self.function_events
        return "<unfinished torch.autograd.profile>" if found is None else repr(found)

    def __str__(self) -> str:
        found = self.function_events
        return "<unfinished torch.autograd.profile>" if found is None else str(found)

    def table(self, *args: Any, **kwargs: Any) -> str:
        """The events as text, see EventList.table."""
        return self._events().table(*args, **kwargs)

    def key_averages(
        self,
        group_by_input_shape: bool = False,
        group_by_stack_n: int = 0,
        group_by_overload_name: bool = False,
    ) -> EventList:
        """Sums by name, see EventList.key_averages."""
        found = self._events()
        return found.key_averages(group_by_input_shape, group_by_stack_n, group_by_overload_name)

    def total_average(self) -> Any:
        """The sum of all events."""
        return self._events().total_average()

    def export_chrome_trace(self, path: str) -> None:
        """Write a file for chrome://tracing."""
        self._events().export_chrome_trace(path)

    def export_stacks(self, path: str, metric: str = "self_cpu_time_total") -> None:
        """Write stacks for a flame graph."""
        self._events().export_stacks(path, metric)

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds of all events, each counted once."""
        return self._events().self_cpu_time_total


class EnforceUnique:
    """Raises RuntimeError if a key is seen twice."""

    def __init__(self) -> None:
        self.seen: set = set()

    def see(self, *key: Any) -> None:
        """See a key."""
        if key in self.seen:
            raise RuntimeError("duplicate key: " + str(key))
        self.seen.add(key)


class KinetoStepTracker:
    """Counts steps: the largest count of any requester."""

    _current_step = 0
    _step_dict: dict[str, int] = {}

    @classmethod
    def init_step_count(cls, requester: str) -> None:
        """Begin to count for a requester."""
        cls._step_dict[requester] = cls._current_step

    @classmethod
    def erase_step_count(cls, requester: str) -> bool:
        """Forget a requester; True if it was known."""
        return cls._step_dict.pop(requester, None) is not None

    @classmethod
    def increment_step(cls, requester: str) -> int:
        """Count one step of a requester; the current step."""
        if requester not in cls._step_dict:
            cls.init_step_count(requester)
        cls._step_dict[requester] += 1
        cls._current_step = max(cls._current_step, *cls._step_dict.values())
        return cls._current_step

    @classmethod
    def current_step(cls) -> int:
        """The current step."""
        return cls._current_step


def _refuses(name: str, needs: str) -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError(
            f"torch.autograd.profiler.{name} needs {needs}, which rushlight does not have\n"
            "  fix: torch.profiler.profile() and its export_chrome_trace(path)"
        )

    return type(name, (), {"__init__": __init__, "__doc__": f"Refused: it needs {needs}."})


def kineto_available() -> bool:
    """True: traces can be recorded and exported."""
    return True


emit_nvtx = _refuses("emit_nvtx", "NVIDIA's NVTX")
emit_itt = _refuses("emit_itt", "Intel's ITT")
load_nvprof = _refuses("load_nvprof", "NVIDIA's nvprof")
parse_nvprof_trace = _refuses("parse_nvprof_trace", "NVIDIA's nvprof")

explain_missing(__name__)
