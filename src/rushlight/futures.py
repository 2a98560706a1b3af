"""torch.futures: results that come later, in one process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from .core.device import resolve

T = TypeVar("T")

__all__ = ["Future", "collect_all", "wait_all"]


class Future(Generic[T]):
    """A value, or an exception, that one thread sets and others wait for.

    devices     of accelerators; there is none

    errors      RuntimeError: set twice
    """

    def __init__(self, *, devices: Sequence[Any] | None = None):
        for device in devices or ():
            resolve(device)
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._value: Any = None
        self._error: BaseException | None = None
        self._callbacks: list[Callable[[Any], None]] = []

    def done(self) -> bool:
        """Has a value or an exception been set?"""
        return self._done.is_set()

    def wait(self) -> T:
        """The value, as soon as it is there; the exception is raised."""
        self._done.wait()
        return self.value()

    def value(self) -> T:
        """The value; the exception is raised. errors  RuntimeError: neither is there"""
        if not self.done():
            raise RuntimeError("value() of a Future that is not done: use wait()")
        if self._error is not None:
            raise self._error
        return self._value

    def set_result(self, result: T) -> None:
        """Sets the value and calls what waits for it. errors  RuntimeError: set already"""
        self._set(result, None)

    def set_exception(self, result: BaseException) -> None:
        """Sets an exception instead of a value. errors  AssertionError: it is none"""
        if not isinstance(result, Exception):
            raise AssertionError(f"{result} is of type {type(result)}, not an Exception.")
        self._set(None, result)

    def _set(self, value: Any, error: BaseException | None) -> None:
        with self._lock:
            if self.done():
                raise RuntimeError(
                    "Attempting to mark a completed Future as complete again. Note that a Future "
                    "can only be marked completed once."
                )
            self._value, self._error = value, error
            self._done.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(self)

    def _when_done(self, callback: Callable[[Any], None]) -> None:
        with self._lock:
            if not self.done():
                self._callbacks.append(callback)
                return
        callback(self)

    def then(self, callback: Callable[[Any], Any]) -> Future[Any]:
        """A Future of callback(self), which is called when self is done.

        What the callback raises is a RuntimeError of the new Future.
        """
        new: Future[Any] = Future()

        def run(future: Any) -> None:
            try:
                result = callback(future)
            except Exception as error:
                text = f"{type(error).__name__}: {error}"
                failure = RuntimeError(f"Got the following error when running the callback: {text}")
                failure.__cause__ = error
                new.set_exception(failure)
            else:
                new.set_result(result)

        self._when_done(run)
        return new

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        """Calls callback(self) when self is done; what it raises is printed, and no more."""

        def run(future: Any) -> None:
            try:
                callback(future)
            except Exception:
                import traceback

                traceback.print_exc()

        self._when_done(run)


def collect_all(futures: list[Future]) -> Future[list[Future]]:
    """A Future of the list, done when all of them are; the first exception is its exception."""
    whole: Future[list[Future]] = Future()
    left, lock = [len(futures)], threading.Lock()

    def one_more(_: Any) -> None:
        with lock:
            left[0] -= 1
            last = left[0] == 0
        if last:
            failed = next((f._error for f in futures if f._error is not None), None)
            whole._set(futures, failed)

    if not futures:
        whole.set_result(futures)
    for future in futures:
        future._when_done(one_more)
    return whole


def wait_all(futures: list[Future]) -> list[Any]:
    """Their values, when all are done. errors  the first exception"""
    return [future.wait() for future in collect_all(futures).wait()]
