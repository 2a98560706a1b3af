"""How a collective runs: at once, or in the runtime's thread while this one goes on."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from typing import Any

from ..core.grad_mode import no_grad
from ..core.tensor import Tensor
from .errors import DistBackendError
from .groups import ProcessGroup
from .runtime import Link


class Work:
    """A collective that was begun: `wait()` returns when its results are there."""

    def __init__(self, result: Any = None, name: str = "", timeout: Any = None):
        self._result, self._name, self._timeout = result, name, timeout
        self._done = threading.Event()
        self._error: BaseException | None = None
        self._after: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    @classmethod
    def done(cls, result: Any = None) -> Work:
        """One that is over."""
        made = cls(result)
        made._done.set()
        return made

    def _finish(self, error: BaseException | None) -> None:
        with self._lock:
            self._error = error
            self._done.set()
            after, self._after = self._after, []
        for callback in after:
            callback()

    def is_completed(self) -> bool:
        """Is it over, well or not?"""
        return self._done.is_set()

    def is_success(self) -> bool:
        """Is it over, and well?"""
        return self._done.is_set() and self._error is None

    def exception(self) -> BaseException | None:
        """The error that it ended with."""
        return self._error

    def wait(self, timeout: datetime.timedelta | None = None) -> bool:
        """True, when it is over.

        errors  DistBackendError: not within the timeout (the group's, if none is given), or
                another process has ended
        """
        limit = timeout if isinstance(timeout, datetime.timedelta) else self._timeout
        seconds = None if limit is None else limit.total_seconds()
        if not self._done.wait(seconds):
            raise DistBackendError(
                f"{self._name} timed out after {seconds:g} s: not all processes of the group have "
                "called it\n  fix: find the process that is late, or a larger timeout= of "
                "init_process_group"
            )
        if self._error is not None:
            raise self._error
        return True

    def synchronize(self) -> None:
        """wait()"""
        self.wait()

    def block_current_stream(self) -> None:
        """wait(): there are no streams."""
        self.wait()

    def source_rank(self) -> int:
        """Who sent it; -1 for collectives."""
        return -1

    def result(self) -> Any:
        """The tensors."""
        return self._result

    def get_future(self) -> Any:
        """A Future with the tensors."""
        from ..futures import Future

        future: Future = Future()

        def tell() -> None:
            if isinstance(self._error, Exception):
                future.set_exception(self._error)
            else:
                future.set_result(self._result)

        with self._lock:
            waits = not self._done.is_set()
            if waits:
                self._after.append(tell)
        if not waits:
            tell()
        return future


def link_of(group: ProcessGroup, x: Tensor) -> Link | None:
    """The group's collectives for the device of x; None in a group of one.

    errors  RuntimeError: the group's backends do not serve it
    """
    if group.size() == 1:
        return None
    kind = x.device.type
    gpu = group.link("gpu")
    if kind == "cpu":
        found = group.link("cpu")
    elif gpu is not None:
        found = gpu
    else:  # "xla" on a CPU; gloo takes tensors of a GPU by way of the host
        found = group.link("cpu")
    if found is None:
        raise RuntimeError(f"No backend type associated with device type {kind}")
    return found


def values(x: Tensor) -> Any:
    """The numbers of a tensor: an array of the host, or a jax.Array.

    errors  NotImplementedError: sparse, or without elements
    """
    if x.is_sparse or x.device.type == "meta":
        kind = "a sparse tensor" if x.is_sparse else "a tensor on 'meta'"
        raise NotImplementedError(f"{kind} cannot be sent to other processes: dense ones can")
    array = x._a
    return array.v if hasattr(array, "cell") else array


def write(x: Tensor, new: Any) -> None:
    """x becomes new, in place; new has as many elements."""
    array = x._a
    if hasattr(array, "cell"):
        array.write(new.reshape(array.shape))
    else:
        array[...] = new.reshape(array.shape)
    x._bump()


def begin(
    group: ProcessGroup,
    name: str,
    job: Callable[[], None],
    async_op: bool,
    result: Any = None,
    tensors: Any = (),
    timeout: Any = None,
) -> Work | None:
    """Runs job() in the group's turn; async_op: returns the Work at once.

    tensors: if one of them is a value of a program that is being written down, job() runs now
    """
    runtime = group.runtime
    if runtime is None or group.size() == 1 or _traced(group, tensors):
        with no_grad():
            job()
        return Work.done(result) if async_op else None
    work = Work(result, name, timeout or group.timeout)

    def run() -> None:
        try:
            with no_grad():
                job()
        except DistBackendError as error:
            raise DistBackendError(f"{name} {error}") from None

    runtime.worker.put(run, work._finish)
    if async_op:
        return work
    work.wait()
    return None


def _traced(group: ProcessGroup, tensors: Any) -> bool:
    for x in tensors:
        if hasattr(x._a, "cell"):
            link = link_of(group, x)
            if link is not None and link.traced(x._a.v):
                return True
    return False
