"""What a profile consists of: events, their averages, and lists of either.

torch.autograd.profiler_util. Times are in microseconds since the profile began, sizes in bytes.
There is no device but the CPU: what PyTorch says of others is 0 here.
"""

from __future__ import annotations

import json
import os
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from .table import build_table, time_text

__all__ = [
    "EventList",
    "FormattedTimesMixin",
    "FunctionEvent",
    "FunctionEventAvg",
    "Interval",
    "Kernel",
    "MemRecordsAcc",
    "StringTable",
]

MEMORY_EVENT_NAME = "[memory]"
OUT_OF_MEMORY_EVENT_NAME = "[OutOfMemory]"
_METRICS = ["self_cpu_time_total", "self_cuda_time_total", "self_xpu_time_total"]
_METRICS.append("self_privateuse1_time_total")


class DeviceType:
    """torch.autograd.DeviceType: the only one that events have here."""

    CPU: Any

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return f"DeviceType.{self.name}"


DeviceType.CPU = DeviceType("CPU")


class Kernel(NamedTuple):
    name: str
    device: int
    duration: float


class Interval:
    """From start to end, in microseconds."""

    def __init__(self, start: float, end: float):
        self.start, self.end = start, end

    def elapsed_us(self) -> float:
        """end - start"""
        return self.end - self.start


class StringTable(defaultdict):
    """Names of events, each as users see it."""

    def __missing__(self, key: str) -> str:
        self[key] = key
        return key


class FormattedTimesMixin:
    """Times as text; `cpu_time` and `device_time` are averages over `count` calls."""

    count: int
    cpu_time_total: Any
    self_cpu_time_total: Any
    device_time_total: float = 0.0
    self_device_time_total: float = 0.0
    cpu_time_str = property(lambda self: time_text(self.cpu_time))
    device_time_str = property(lambda self: time_text(self.device_time))
    cpu_time_total_str = property(lambda self: time_text(self.cpu_time_total))
    device_time_total_str = property(lambda self: time_text(self.device_time_total))
    self_cpu_time_total_str = property(lambda self: time_text(self.self_cpu_time_total))
    self_device_time_total_str = property(lambda self: time_text(self.self_device_time_total))
    cuda_time = property(lambda self: self.device_time)

    @property
    def cpu_time(self) -> float:
        """Microseconds per call."""
        return 0.0 if self.count == 0 else 1.0 * self.cpu_time_total / self.count

    @property
    def device_time(self) -> float:
        """Microseconds per call on another device: 0."""
        return 0.0 if self.count == 0 else 1.0 * self.device_time_total / self.count


class FunctionEvent(FormattedTimesMixin):
    """One call of an op, of a node of backward, or one block that was named.

    name, thread, time_range    what, where and when (Interval, us)
    input_shapes                shapes of the arguments, [] for what is no tensor
    stack                       "file(line): function", the innermost first; [] if not recorded
    cpu_parent, cpu_children    the event that it ran in, and those that ran in it
    sequence_nr                 the number of the node that the op made, -1: none
    flops                       multiplications and additions, for the ops that have a formula
    cpu_memory_usage            bytes of results that were allocated
    """

    use_device: str | None = None
    device_type = DeviceType.CPU
    device_index = 0
    device_memory_usage = self_device_memory_usage = 0
    count = 1

    def __init__(
        self,
        id: int,
        name: str,
        thread: int,
        start_us: float,
        end_us: float,
        overload_name: str | None = None,
        fwd_thread: int | None = None,
        input_shapes: Any = None,
        stack: Any = None,
        scope: int = 0,
        use_device: str | None = None,
        cpu_memory_usage: int = 0,
        device_memory_usage: int = 0,
        is_async: bool = False,
        is_remote: bool = False,
        sequence_nr: int = -1,
        node_id: int = -1,
        device_type: Any = DeviceType.CPU,
        device_index: int = 0,
        is_legacy: bool = False,
        flops: int | None = None,
        trace_name: str | None = None,
        concrete_inputs: Any = None,
        is_user_annotation: bool = False,
    ):
        self.id, self.node_id, self.name = id, node_id, name
        self.overload_name, self.trace_name = overload_name, trace_name or name
        self.time_range = Interval(start_us, end_us)
        self.thread, self.fwd_thread = thread, fwd_thread
        self.kernels: list[Kernel] = []
        self.cpu_children: list[FunctionEvent] = []
        self.cpu_parent: FunctionEvent | None = None
        self.input_shapes: Any = input_shapes
        self.concrete_inputs = concrete_inputs
        self.stack, self.scope, self.use_device = stack, scope, use_device
        self.cpu_memory_usage = cpu_memory_usage
        self.is_async, self.is_remote, self.sequence_nr = is_async, is_remote, sequence_nr
        self.is_legacy, self.flops, self.is_user_annotation = is_legacy, flops, is_user_annotation
        self.self_cpu_percent = self.total_cpu_percent = self.total_device_percent = -1

    def append_cpu_child(self, child: FunctionEvent) -> None:
        """Add an event that ran inside this one."""
        self.cpu_children.append(child)

    def set_cpu_parent(self, parent: FunctionEvent) -> None:
        """Set the event that this one ran in."""
        self.cpu_parent = parent

    @property
    def cpu_time_total(self) -> float:
        """Microseconds from begin to end."""
        return 0 if self.is_async else self.time_range.elapsed_us()

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds without those of the events inside."""
        inside = sum(child.cpu_time_total for child in self.cpu_children)
        return 0 if self.is_async else self.cpu_time_total - inside

    @property
    def self_cpu_memory_usage(self) -> int:
        """Bytes without those of the events inside."""
        inside = sum(child.cpu_memory_usage for child in self.cpu_children)
        return 0 if self.is_async else self.cpu_memory_usage - inside

    @property
    def key(self) -> str:
        """What averages are made by: the name."""
        return self.name

    def __repr__(self) -> str:
        device = self.use_device
        return (
            f"<FunctionEvent id={self.id} name={self.name} overload_name={self.overload_name} "
            f"device_type={self.device_type} node_id={self.node_id} cpu_time={self.cpu_time_str} "
            f"start_us={self.time_range.start} end_us={self.time_range.end} "
            f"cpu_children={[child.id for child in self.cpu_children]} "
            f"{device}_time={self.device_time_str} name={self.name} thread={self.thread} "
            f"input_shapes={self.input_shapes} cpu_memory_usage={self.cpu_memory_usage} "
            f"{device}_memory_usage={self.device_memory_usage} is_async={self.is_async} "
            f"is_remote={self.is_remote} seq_nr={self.sequence_nr} is_legacy={self.is_legacy}>"
        )


class FunctionEventAvg(FormattedTimesMixin):
    """Sums over the events of one key (and one shape, and one stack, if grouped by them)."""

    def __init__(self) -> None:
        self.key: str | None = None
        self.count = self.node_id = 0
        self.is_async = self.is_remote = self.is_legacy = self.is_user_annotation = False
        self.use_device: str | None = None
        self.cpu_time_total = self.self_cpu_time_total = 0
        self.input_shapes: Any = None
        self.overload_name: str | None = None
        self.stack: Any = None
        self.scope: int | None = None
        self.cpu_memory_usage = self.device_memory_usage = 0
        self.self_cpu_memory_usage = self.self_device_memory_usage = 0
        self.cpu_children: Any = None
        self.cpu_parent: Any = None
        self.device_type = DeviceType.CPU
        self.flops = 0

    def add(self, other: Any) -> FunctionEventAvg:
        """Add an event, or another average of the same key."""
        if self.key is None:
            for name in ("key", "node_id", "is_async", "is_remote", "cpu_parent", "cpu_children"):
                setattr(self, name, getattr(other, name))
            for name in ("overload_name", "input_shapes", "stack", "scope", "device_type"):
                setattr(self, name, getattr(other, name))
            for name in ("is_legacy", "use_device", "is_user_annotation"):
                setattr(self, name, getattr(other, name))
        if not isinstance(other, (FunctionEvent, FunctionEventAvg)):
            raise AssertionError(
                "Expected other to be a FunctionEvent or FunctionEventAvg, got "
                f"{type(other).__name__}"
            )
        if other.key != self.key:
            raise AssertionError(f"Expected keys to match, got {other.key} vs {self.key}")
        self.cpu_time_total += other.cpu_time_total  # type: ignore[assignment]
        self.self_cpu_time_total += other.self_cpu_time_total  # type: ignore[assignment]
        self.cpu_memory_usage += other.cpu_memory_usage
        self.self_cpu_memory_usage += other.self_cpu_memory_usage
        self.count += other.count
        self.flops += other.flops or 0
        return self

    __iadd__ = add

    def __repr__(self) -> str:
        device = self.use_device or "cuda"
        return (
            f"<FunctionEventAvg key={self.key} self_cpu_time={self.self_cpu_time_total_str} "
            f"cpu_time={self.cpu_time_str}  self_{device}_time={self.self_device_time_total_str} "
            f"{device}_time={self.device_time_str} input_shapes={self.input_shapes} "
            f"cpu_memory_usage={self.cpu_memory_usage} "
            f"{device}_memory_usage={self.device_memory_usage}>"
        )


class EventList(list):
    """A list of events, or of averages, that prints as a table."""

    def __init__(self, *args: Any, use_device: str | None = None, profile_memory: bool = False,
                 with_flops: bool = False):  # fmt: skip
        super().__init__(*args)
        self._use_device, self._profile_memory = use_device, profile_memory
        self._with_flops, self._tree_built = with_flops, False

    def _build_tree(self) -> None:
        """Sort by time, and let each event know what it ran in."""
        threads: dict[Any, list] = defaultdict(list)
        for e in sorted(
            (e for e in self if not e.is_async),
            key=lambda e: (e.time_range.start, -e.time_range.end),
        ):
            threads[e.thread, e.node_id].append(e)
        for events in threads.values():
            inside: list[FunctionEvent] = []
            for e in events:
                while inside and not (
                    e.time_range.start < inside[-1].time_range.end
                    and e.time_range.end <= inside[-1].time_range.end
                ):
                    inside.pop()
                if inside:
                    inside[-1].append_cpu_child(e)
                    e.set_cpu_parent(inside[-1])
                inside.append(e)
        self._merge_repeated()
        self._tree_built = True

    def _merge_repeated(self) -> None:
        """An event whose only child has its name takes the place of both."""
        while True:
            gone = set()
            for i, e in enumerate(self):
                parent = e.cpu_parent
                if parent is None or parent.name != e.name or len(parent.cpu_children) != 1:
                    continue
                parent.cpu_children = e.cpu_children
                for child in e.cpu_children:
                    child.set_cpu_parent(parent)
                gone.add(i)
            if not gone:
                return
            self[:] = [e for i, e in enumerate(self) if i not in gone]

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds of all events, each counted once."""
        return sum(e.self_cpu_time_total for e in self)

    def __str__(self) -> str:
        return self.table()

    def table(
        self,
        sort_by: str | None = None,
        row_limit: int = 100,
        max_src_column_width: int = 75,
        max_name_column_width: int = 55,
        max_shapes_column_width: int = 80,
        header: str | None = None,
        top_level_events_only: bool = False,
        time_unit: str | None = None,
    ) -> str:
        """The events as text.

        sort_by    an attribute, the largest first: "self_cpu_time_total", "cpu_time_total",
                   "cpu_time", "cpu_memory_usage", "self_cpu_memory_usage", "count"
        row_limit  rows at most, -1: all
        time_unit  "s", "ms" or "us" for all times; None: each as it fits
        """
        return build_table(
            self,
            sort_by=sort_by,
            row_limit=row_limit,
            max_src_column_width=max_src_column_width,
            max_name_column_width=max_name_column_width,
            max_shapes_column_width=max_shapes_column_width,
            header=header,
            profile_memory=self._profile_memory,
            with_flops=self._with_flops,
            top_level_events_only=top_level_events_only,
            time_unit=time_unit,
        )

    def key_averages(
        self,
        group_by_input_shapes: bool = False,
        group_by_stack_n: int = 0,
        group_by_overload_name: bool = False,
    ) -> EventList:
        """Sums by name, by name and shapes, or by name and the innermost lines of the stack."""
        if not self._tree_built:
            raise AssertionError("Expected tree to be built before calling key_averages")
        sums: dict[tuple, FunctionEventAvg] = defaultdict(FunctionEventAvg)
        for e in self:
            key = [str(e.key), str(e.node_id), str(e.is_legacy), str(e.is_user_annotation)]
            if group_by_overload_name:
                key.append(str(e.overload_name))
            if group_by_input_shapes:
                key.append(str(e.input_shapes))
            if group_by_stack_n > 0:
                key += (e.stack or [])[:group_by_stack_n]
            sums[tuple(key)].add(e)
        found = EventList(
            sums.values(),
            use_device=self._use_device,
            profile_memory=self._profile_memory,
            with_flops=self._with_flops,
        )
        for average in found:
            average.stack = (average.stack or [])[:group_by_stack_n] if group_by_stack_n > 0 else []
            if not group_by_input_shapes:
                average.input_shapes = ""
            if not group_by_overload_name:
                average.overload_name = ""
        return found

    def total_average(self) -> FunctionEventAvg:
        """The sum of all events, under the name "Total"."""
        total = FunctionEventAvg()
        for e in self:
            total += e
            total.key = None
        total.key = "Total"
        return total

    @property
    def supported_export_stacks_metrics(self) -> list[str]:
        """What `export_stacks` takes."""
        return list(_METRICS)

    def export_stacks(self, path: str, metric: str) -> None:
        """Write "outer;inner microseconds" lines, which flame graphs are drawn from.

        ValueError: a metric that is not supported
        """
        if metric not in _METRICS:
            raise ValueError(f"metric should be one of: {_METRICS}")
        letters = str.maketrans(" ;\t\n", "____")
        with open(path, "w", encoding="utf-8") as f:
            for e in self:
                value = int(getattr(e, metric, 0))
                if e.stack and value > 0:
                    text = ";".join(entry.translate(letters) for entry in reversed(e.stack))
                    f.write(f"{text} {value}\n")

    def export_chrome_trace(self, path: str | os.PathLike) -> None:
        """Write the events for chrome://tracing."""
        write_trace(path, self, threads=True)


def trace_event(e: FunctionEvent, process: int, begin_us: float = 0.0) -> dict[str, Any]:
    """An event as chrome://tracing takes it."""
    args: dict[str, Any] = {"External id": e.id}
    if e.sequence_nr >= 0:
        args["Sequence number"] = e.sequence_nr
    if e.input_shapes:
        args["Input Dims"] = e.input_shapes
    if e.stack:
        args["Call stack"] = ";".join(e.stack)
    return {
        "ph": "X",
        "cat": "user_annotation" if e.is_user_annotation else "cpu_op",
        "name": e.trace_name,
        "pid": process,
        "tid": e.thread,
        "ts": begin_us + e.time_range.start,
        "dur": e.time_range.elapsed_us(),
        "args": args,
    }


def write_trace(
    path: str | os.PathLike,
    events: Iterable[FunctionEvent],
    header: dict[str, Any] | None = None,
    begin_us: float = 0.0,
    threads: bool = False,
) -> None:
    """A file for chrome://tracing or Perfetto; gzip if its name ends in .gz.

    header    more keys beside "traceEvents"
    begin_us  when the profile began
    """
    process = os.getpid()
    found = [trace_event(e, process, begin_us) for e in events]
    found += _arrows(events, process, begin_us)
    text = json.dumps(found if threads else {**(header or {}), "traceEvents": found}, indent=1)
    if str(path).endswith(".gz"):
        import gzip

        with gzip.open(path, "wt", encoding="utf-8") as f:
            f.write(text)
        return
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def _arrows(events: Iterable[FunctionEvent], process: int, begin_us: float) -> list[dict]:
    """From the op that made a node to the node's own event."""
    makers: dict[int, FunctionEvent] = {}
    arrows: list[dict] = []
    for e in events:
        number = e.sequence_nr
        if number < 0:
            continue
        if e.scope != 1:
            makers[number] = e  # the innermost of those with this number
        elif number in makers:
            ends: Sequence[tuple[str, FunctionEvent]] = [("s", makers.pop(number)), ("f", e)]
            for kind, end in ends:
                arrow = {"ph": kind, "id": number, "pid": process, "tid": end.thread}
                arrow.update(ts=begin_us + end.time_range.start, cat="fwdbwd", name="fwdbwd")
                arrows.append({**arrow, "bp": "e"} if kind == "f" else arrow)
    return arrows


class MemRecordsAcc:
    """Sums of memory records over intervals of time: records are (time, bytes) pairs here."""

    def __init__(self, mem_records: Sequence[tuple[float, int]]):
        self._records = sorted(mem_records)
        self._starts = [start for start, _ in self._records]

    def in_interval(self, start_us: float, end_us: float) -> Any:
        """The records from start_us to end_us."""
        begin = bisect_right(self._starts, start_us)
        if begin and self._starts[begin - 1] == start_us:
            begin -= 1
        return iter(self._records[begin : bisect_right(self._starts, end_us)])
