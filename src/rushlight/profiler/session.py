"""torch.profiler: profile, schedule, and where traces go."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterable
from enum import Enum, IntEnum
from typing import Any

from ..core.notices import warn
from .blocks import record_function
from .events import EventList, write_trace
from .recorder import Recorder

__all__ = ["ProfilerAction", "ProfilerActivity", "profile", "schedule", "supported_activities"]


class ProfilerActivity(IntEnum):
    """What is profiled: CPU here; the others are PyTorch's names."""

    CPU = 0
    XPU = 1
    MTIA = 2
    CUDA = 3
    HPU = 4
    PrivateUse1 = 5

    def __str__(self) -> str:
        return f"ProfilerActivity.{self.name}"

    def __repr__(self) -> str:
        return f"<ProfilerActivity.{self.name}: {self.value}>"


class ProfilerAction(Enum):
    """What a profiler does in a step."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3
    DEVICE_STOPPED = 4


def supported_activities() -> set[ProfilerActivity]:
    """{ProfilerActivity.CPU}"""
    return {ProfilerActivity.CPU}


def schedule(
    *,
    wait: int,
    warmup: int,
    active: int,
    repeat: int = 0,
    skip_first: int = 0,
    skip_first_wait: int = 0,
) -> Callable[[int], ProfilerAction]:
    """f(step) -> what to do: skip_first steps nothing; then again and again `wait` steps nothing,
    `warmup` steps, `active` steps recorded, `repeat` times (0: for ever).

    skip_first_wait  not 0: the first cycle has no `wait`
    AssertionError: negative numbers, active=0
    """

    def plan(step: int) -> ProfilerAction:
        if step < 0:
            raise AssertionError(f"Step must be non-negative. Got {step}.")
        if step < skip_first:
            return ProfilerAction.NONE
        step -= skip_first
        if skip_first_wait != 0:
            step += wait
        cycle = wait + warmup + active
        if repeat > 0 and step / cycle >= repeat:
            return ProfilerAction.NONE
        place = step % cycle
        if place < wait:
            return ProfilerAction.NONE
        if place < wait + warmup:
            return ProfilerAction.WARMUP
        last = place == cycle - 1
        return ProfilerAction.RECORD_AND_SAVE if last else ProfilerAction.RECORD

    if not (wait >= 0 and warmup >= 0 and active > 0 and repeat >= 0 and skip_first >= 0):
        raise AssertionError(
            f"Invalid profiler schedule arguments. Got wait={wait} (need >= 0), warmup={warmup} "
            f"(need >= 0), active={active} (need > 0), repeat={repeat} (need >= 0), "
            f"skip_first={skip_first} (need >= 0)."
        )
    if warmup == 0:
        warn("Profiler won't be using warmup, this can skew profiler results")
    return plan


def tensorboard_trace_handler(
    dir_name: str,
    worker_name: str | None = None,
    use_gzip: bool = False,
    use_python_export: bool = False,
) -> Callable[[Any], None]:
    """For `on_trace_ready`: each trace becomes a file WORKER.TIME.pt.trace.json in dir_name.

    RuntimeError: the folder cannot be made
    """

    def handler(prof: Any) -> None:
        if not os.path.isdir(dir_name):
            try:
                os.makedirs(dir_name, exist_ok=True)
            except Exception as e:
                raise RuntimeError("Can't create directory: " + dir_name) from e
        worker = worker_name or f"{socket.gethostname()}_{os.getpid()}"
        name = f"{worker}.{time.time_ns()}.pt.trace.json" + (".gz" if use_gzip else "")
        prof.export_chrome_trace(os.path.join(dir_name, name))

    return handler


_RECORDING = (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)


class profile:
    """Context: records every op, its time, and what it ran in; forward and backward.

    activities      [ProfilerActivity.CPU]; others are accepted if CPU is among them, and record
                    nothing, for there is nothing on them
    schedule        f(step) -> ProfilerAction, see `schedule`; without it all steps are recorded
    on_trace_ready  f(profile), called when a cycle of the schedule or the block ends
    record_shapes, with_stack, with_flops   shapes of arguments, lines of Python, flops as well
    profile_memory  bytes of the results that ops allocate; when they are freed is not seen
    acc_events      events of all cycles are kept, not only those of the last
    AssertionError: no activity that can be recorded

    Only the thread that enters it is recorded. Nothing is slower when no profile is on.
    """

    def __init__(
        self,
        *,
        activities: Iterable[Any] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[..., Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        with_modules: bool = False,
        experimental_config: Any = None,
        execution_trace_observer: Any = None,
        acc_events: bool = False,
        use_cuda: bool | None = None,
        custom_trace_id_callback: Callable[[], str] | None = None,
        post_processing_timeout_s: float | None = None,
    ) -> None:
        self.activities = set(activities) if activities is not None else supported_activities()
        if not any(isinstance(a, (ProfilerActivity, dict)) for a in self.activities):
            raise AssertionError("No valid profiler activities found")
        self.record_shapes, self.profile_memory = record_shapes, profile_memory
        self.with_stack, self.with_flops, self.with_modules = with_stack, with_flops, with_modules
        self.acc_events, self.use_device = acc_events, None
        self.on_trace_ready = on_trace_ready
        self.schedule = schedule or (lambda step: ProfilerAction.RECORD)
        self.record_steps = schedule is not None
        self.step_num = 0
        self.current_action = self.schedule(0)
        self.step_rec_fn: record_function | None = None
        self._custom_id = custom_trace_id_callback
        self._metadata: dict[str, Any] = {}
        self._recorder: Recorder | None = None
        self._kept: EventList | None = None  # of the cycles before, with acc_events
        self._events: EventList | None = None

    def __enter__(self) -> profile:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin."""
        if self.current_action in _RECORDING:
            self._record()
        self._open_step()

    def stop(self) -> None:
        """End; the trace is ready if any step was recorded."""
        self._close_step()
        if self._recorder is not None:
            self._finish()
            if self.on_trace_ready:
                self.on_trace_ready(self)

    def step(self) -> None:
        """The next step of the schedule begins."""
        self._close_step()
        before = self.current_action
        self.step_num += 1
        self.current_action = now = self.schedule(self.step_num)
        if self._recorder is not None:
            if before is ProfilerAction.RECORD_AND_SAVE or now not in _RECORDING:
                if before is ProfilerAction.RECORD:
                    warn("Incorrect schedule: RECORD followed by NONE")
                self._finish()
                if self.on_trace_ready:
                    self.on_trace_ready(self)
        if now in _RECORDING and self._recorder is None:
            self._record()
        self._open_step()

    def _open_step(self) -> None:
        if self.record_steps:
            self.step_rec_fn = record_function(f"ProfilerStep#{self.step_num}")
            self.step_rec_fn.__enter__()

    def _close_step(self) -> None:
        if self.step_rec_fn is not None:
            self.step_rec_fn.__exit__(None, None, None)
            self.step_rec_fn = None

    def _record(self) -> None:
        self._recorder = Recorder(
            self.record_shapes, self.profile_memory, self.with_stack, self.with_flops
        )
        self._began_us = time.time_ns() / 1000
        self._recorder.start()

    def _finish(self) -> None:
        assert self._recorder is not None
        self._recorder.stop()
        found = self._recorder.events()
        for e in found:
            if e.name.startswith("ProfilerStep#"):
                e.name = "ProfilerStep*"
        if self.acc_events and self._kept is not None:
            found[:0] = self._kept
        self._kept = self._events = found
        self._recorder = None

    # ------------------------------------------------------------ what was recorded

    def _found(self, why: str) -> EventList:
        if self._events is None:
            raise AssertionError(f"Profiler must be initialized before {why}")
        return self._events

    def events(self) -> EventList:
        """The events, in the order in which they began."""
        return self._found("accessing events")

    def key_averages(
        self,
        group_by_input_shape: bool = False,
        group_by_stack_n: int = 0,
        group_by_overload_name: bool = False,
    ) -> EventList:
        """Sums by name (and shapes, with record_shapes; and stack, with with_stack)."""
        found = self._found("getting key averages")
        return found.key_averages(group_by_input_shape, group_by_stack_n, group_by_overload_name)

    def export_chrome_trace(self, path: str, use_python_export: bool = False) -> None:
        """Write a file for chrome://tracing, Perfetto or TensorBoard; .gz: compressed."""
        found = self._found("exporting chrome trace")
        header = {
            "schemaVersion": 1,
            "deviceProperties": [],
            "record_shapes": int(self.record_shapes),
            "profile_memory": int(self.profile_memory),
            "with_stack": int(self.with_stack),
            "with_flops": int(self.with_flops),
            "displayTimeUnit": "ms",
            **self._metadata,
        }
        write_trace(path, found, header, self._began_us)

    def export_stacks(self, path: str, metric: str = "self_cpu_time_total") -> None:
        """Write stacks for a flame graph; needs with_stack."""
        self._found("exporting stacks").export_stacks(path, metric)

    def export_memory_timeline(self, path: str, device: str | None = None) -> None:
        """Not supported: when memory is freed is not seen."""
        raise NotImplementedError(
            "export_memory_timeline is not supported: rushlight does not see when memory is freed\n"
            "  fix: profile_memory=True shows what each op allocates, in key_averages().table()"
        )

    def add_metadata(self, key: str, value: str) -> None:
        """A text for the trace."""
        self._metadata[key] = value

    def add_metadata_json(self, key: str, value: str) -> None:
        """JSON for the trace."""
        self._metadata[key] = json.loads(value)

    preset_metadata_json = add_metadata_json

    def get_trace_id(self) -> str | None:
        """What custom_trace_id_callback says; None without one."""
        return self._custom_id() if self._custom_id is not None else None

    def set_custom_trace_id_callback(self, callback: Callable[[], str]) -> None:
        """callback() -> the id of the next trace."""
        self._custom_id = callback

    def toggle_collection_dynamic(self, enable: bool, activities: Iterable[Any]) -> None:
        """Stop recording, or go on, in the middle of a block."""
        if ProfilerActivity.CPU not in set(activities) or self._recorder is None:
            return
        (self._recorder.resume if enable else self._recorder.pause)()
