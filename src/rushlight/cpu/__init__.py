"""torch.cpu: the one device that is always there. Work on it is done when a call returns."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from ..core.names import explain_missing
from . import amp as amp


def is_available() -> bool:
    """Is there a CPU to compute on? Yes."""
    return True


def is_initialized() -> bool:
    """Is the CPU ready? Yes."""
    return True


def device_count() -> int:
    """The number of CPU devices: 1, however many cores."""
    return 1


def current_device() -> str:
    """The name of the current device: "cpu"."""
    return "cpu"


def set_device(device: Any) -> None:
    """Choose the current CPU: there is only one."""


def synchronize(device: Any = None) -> None:
    """Wait until all work is done: it is."""


class Stream:
    """A queue of CPU work, for code that treats all devices alike: a call does its work at once."""

    def __init__(self, priority: int = -1):
        pass

    def wait_stream(self, stream: Stream) -> None:
        """Wait for the work of another stream: it is done."""


class Event:
    """A mark in a CPU stream: always passed."""

    def query(self) -> bool:
        """Has everything before the mark been done? Yes."""
        return True

    def record(self, stream: Stream | None = None) -> None:
        """Set the mark."""

    def synchronize(self) -> None:
        """Wait for the mark: it is passed."""

    def wait(self, stream: Stream | None = None) -> None:
        """Let a stream wait for the mark: it is passed."""


_stream = Stream()


def current_stream(device: Any = None) -> Stream:
    """The stream that work goes to."""
    return _stream


def stream(stream: Stream) -> nullcontext[Stream]:
    """A context in which work goes to `stream`."""
    return nullcontext(stream)


explain_missing(__name__)
