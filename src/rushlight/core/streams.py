"""torch.Stream and torch.Event for any device: here that is the CPU, whose calls do their work at
once.
"""

from __future__ import annotations

from typing import Any

from .device import resolve

__all__ = ["Event", "Stream"]


class Stream:
    """A queue of work: all that was put into it has been done.

    device    "cpu", the only one; RuntimeError: others
    """

    __module__ = "torch"
    stream_id = 0
    device_index = -1

    def __init__(self, device: Any = None, *, priority: int = 0, **ids: Any):
        self.device = resolve("cpu" if device is None else device)
        self.device_type = 0

    def query(self) -> bool:
        """True: everything has been done."""
        return True

    def synchronize(self) -> None:
        """Wait for the work: it is done."""

    def wait_stream(self, stream: Stream) -> None:
        """Wait for the work of another stream: it is done."""

    def wait_event(self, event: Event) -> None:
        """Wait for a mark: it is passed."""

    def is_capturing(self) -> bool:
        """False: nothing is captured."""
        return False

    def record_event(self, event: Event | None = None) -> Event:
        """RuntimeError: the CPU has no events, as in PyTorch."""
        raise RuntimeError("cpu backend doesn't support events.")

    @property
    def native_handle(self) -> int:
        """RuntimeError: there is none."""
        raise RuntimeError("Backend doesn't support getting stream native handle.")

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *exc: object) -> None: ...

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream)

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "torch.Stream device_type=cpu, device_index=-1, stream_id=0"


class Event:
    """A mark in a stream: always passed. The CPU cannot record one, as in PyTorch."""

    __module__ = "torch"
    event_id = 0

    def __init__(
        self,
        device: Any = None,
        *,
        enable_timing: bool = False,
        blocking: bool = False,
        interprocess: bool = False,
    ):
        self.device = resolve("cpu" if device is None else device)
        self._timed = enable_timing

    def query(self) -> bool:
        """True: it is passed."""
        return True

    def synchronize(self) -> None:
        """Wait for the mark: it is passed."""

    def wait(self, stream: Stream | None = None) -> None:
        """Let a stream wait for the mark: it is passed."""

    def record(self, stream: Stream | None = None) -> None:
        """RuntimeError: the CPU has no events, as in PyTorch."""
        raise RuntimeError("cpu backend doesn't support events.")

    def elapsed_time(self, end_event: Event) -> float:
        """ValueError: not both were made with enable_timing=True; RuntimeError: no times here."""
        if not (self._timed and end_event._timed):
            raise ValueError("Both events must be created with argument 'enable_timing=True'.")
        raise RuntimeError("cpu backend doesn't support events.")

    def __repr__(self) -> str:
        return "torch.Event device_type=cpu, device_index=-1, event_flag=0, event_id=0"
