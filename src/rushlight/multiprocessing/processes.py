"""torch.multiprocessing.spawn: the same function in several processes, and their failures."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from ..core.notices import warn

__all__ = [
    "ProcessContext",
    "ProcessException",
    "ProcessExitedException",
    "ProcessRaisedException",
    "SpawnContext",
    "spawn",
    "start_processes",
]


class ProcessException(Exception):
    """A process failed; error_index and pid say which."""

    def __init__(self, msg: str, error_index: int, pid: int):
        super().__init__(msg)
        self.msg, self.error_index, self.pid = msg, error_index, pid

    def __reduce__(self) -> Any:
        return type(self), (self.msg, self.error_index, self.pid)


class ProcessRaisedException(ProcessException):
    """A process ended by an exception; the message has its traceback."""

    def __init__(self, msg: str, error_index: int, error_pid: int):
        super().__init__(msg, error_index, error_pid)


class ProcessExitedException(ProcessException):
    """A process ended with an exit code, or by a signal."""

    def __init__(
        self,
        msg: str,
        error_index: int,
        error_pid: int,
        exit_code: int,
        signal_name: str | None = None,
    ):
        super().__init__(msg, error_index, error_pid)
        self.exit_code, self.signal_name = exit_code, signal_name

    def __reduce__(self) -> Any:
        return type(self), (self.msg, self.error_index, self.pid, self.exit_code, self.signal_name)


def _work(fn: Callable, i: int, args: tuple, errors: Any) -> None:
    """The main function of a process: fn(i, *args); an exception goes into the pipe as text."""
    try:
        fn(i, *args)
    except KeyboardInterrupt:
        pass
    except Exception:
        errors.send(traceback.format_exc())
        sys.exit(1)


class ProcessContext:
    """The processes that `start_processes(join=False)` has started."""

    def __init__(self, processes: list[Any], errors: list[Any]):
        self.processes, self.error_pipes = processes, errors
        self.sentinels = {process.sentinel: i for i, process in enumerate(processes)}

    def pids(self) -> list[int]:
        """Their process ids."""
        return [int(process.pid) for process in self.processes]

    def join(self, timeout: float | None = None, grace_period: float | None = None) -> bool:
        """Waits until one has ended; True if all have ended well.

        When one has failed, the others get SIGTERM, and SIGKILL after grace_period seconds.

        errors  ProcessRaisedException, ProcessExitedException: the first failure
        """
        if not self.sentinels:
            return True
        ended = multiprocessing.connection.wait(list(self.sentinels), timeout=timeout)
        failed = None
        for sentinel in ended:
            i = self.sentinels.pop(sentinel)  # type: ignore[arg-type]
            process = self.processes[i]
            process.join()
            if process.exitcode != 0:
                failed = i
                break
        if failed is None:
            return not self.sentinels
        self._end(grace_period)
        raise self._failure(failed)

    def _end(self, grace_period: float | None) -> None:
        for process in self.processes:
            if process.is_alive():
                process.terminate()
        limit = time.monotonic() + (30.0 if grace_period is None else grace_period)
        for process in self.processes:
            process.join(max(0.0, limit - time.monotonic()))
        for process in self.processes:
            if process.is_alive():
                process.kill()
            process.join()

    def _failure(self, i: int) -> ProcessException:
        process, pipe = self.processes[i], self.error_pipes[i]
        text = None
        with contextlib.suppress(EOFError, OSError):
            if pipe.poll():
                text = pipe.recv()
        if text is not None:
            head = f"\n\n-- Process {i} terminated with the following error:\n"
            return ProcessRaisedException(head + text, i, process.pid)
        code = process.exitcode
        if code < 0:
            try:
                name = signal.Signals(-code).name
            except ValueError:
                name = f"<Unknown signal {-code}>"
            message = f"process {i} terminated with signal {name}"
            return ProcessExitedException(message, i, process.pid, code, name)
        message = f"process {i} terminated with exit code {code}"
        return ProcessExitedException(message, i, process.pid, code)


class SpawnContext(ProcessContext):
    """The processes that `spawn(join=False)` has started."""


def start_processes(
    fn: Callable,
    args: Sequence[Any] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """Runs fn(i, *args) in nprocs processes, i = 0, 1, ...

    join            wait until all have ended; else the ProcessContext is returned
    start_method    "spawn", "fork" or "forkserver"
    errors          those of ProcessContext.join
    """
    context: Any = multiprocessing.get_context(start_method)
    processes, pipes = [], []
    for i in range(nprocs):
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(fn, i, tuple(args), sender), daemon=daemon)
        process.start()
        sender.close()
        processes.append(process)
        pipes.append(receiver)
    started = ProcessContext(processes, pipes)
    if not join:
        return started
    while not started.join():
        pass
    return None


def spawn(
    fn: Callable,
    args: Sequence[Any] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """start_processes with start_method "spawn"; another one is used with a FutureWarning."""
    if start_method != "spawn":
        warn(
            "This method only supports start_method=spawn (got: "
            f"{start_method}).\nTo use a different start_method use:\n\t\t "
            "torch.multiprocessing.start_processes(...)",
            FutureWarning,
        )
    started = start_processes(fn, args, nprocs, join, daemon, start_method)
    if started is not None:
        started.__class__ = SpawnContext
    return started
