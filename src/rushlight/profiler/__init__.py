"""torch.profiler: where the time goes, op by op, forward and backward.

listening.py  who is told when an op begins and ends
recorder.py   the listener that notes names and times
events.py     events, averages, lists; table.py prints them
session.py    profile, schedule; blocks.py is torch.autograd.profiler
"""

from typing import Any

from ..core.names import explain_missing
from .blocks import KinetoStepTracker, kineto_available, record_function
from .events import DeviceType
from .session import (
    ProfilerAction,
    ProfilerActivity,
    profile,
    schedule,
    supported_activities,
    tensorboard_trace_handler,
)

__all__ = [
    "DeviceType",
    "ExecutionTraceObserver",
    "KinetoStepTracker",
    "ProfilerAction",
    "ProfilerActivity",
    "kineto_available",
    "profile",
    "record_function",
    "schedule",
    "supported_activities",
    "tensorboard_trace_handler",
]


class ExecutionTraceObserver:
    """Refused: execution traces are replayed by tools that need PyTorch."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError(
            "torch.profiler.ExecutionTraceObserver is not supported\n"
            "  fix: torch.profiler.profile() and its export_chrome_trace(path)"
        )


explain_missing(__name__)
