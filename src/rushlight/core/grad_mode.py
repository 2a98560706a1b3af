"""Whether operations are recorded: no_grad, enable_grad, set_grad_enabled, inference_mode.

Each is a context manager and a decorator (of functions and of generator functions). The state is
per thread, so that a serving thread without gradients does not disturb a training thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

_F = TypeVar("_F", bound=Callable[..., Any])


class _Mode(threading.local):
    grad = True
    inference = False
    anomaly = False
    anomaly_check_nan = True
    packing: Any = None  # what packs the tensors that nodes save, see autograd/saved.py
    task: Any = None  # the backward pass that calls a hook: (roots, nodes wanted or None)
    refuses_packing: str | None = None  # why saved_tensors_hooks are refused now
    multithreading = True  # remembered only, see autograd/grad_mode.py
    partial = False  # that pass computes the gradients of chosen inputs only


mode = _Mode()
watching = [0]  # as inferring: how many times anomaly mode or saved_tensors_hooks were turned on
inferring = [
    0
]  # how many inference_mode blocks are open, over all threads: 0 spares a look at `mode.inference`


def is_grad_enabled() -> bool:
    """True if operations on tensors that require a gradient are recorded in this thread."""
    return mode.grad


def is_inference_mode_enabled() -> bool:
    """True inside `inference_mode()` in this thread."""
    return mode.inference


class _Decorator:
    """A context manager that also decorates.

    Each call (each resumption of a generator) runs inside it.
    """

    def __enter__(self) -> Any: ...

    def __exit__(self, *exc: object) -> None: ...

    def clone(self) -> _Decorator:
        return type(self)()

    if TYPE_CHECKING:  # the second form is a call of what `@no_grad` without () has decorated

        @overload
        def __call__(self, f: _F) -> _F: ...

        @overload
        def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

    def __call__(self, f: Any) -> Any:
        import functools
        import inspect

        if inspect.isclass(f):
            raise TypeError(
                f"{type(self).__name__} decorates functions and methods, not classes: decorate "
                f"{f.__name__}.__init__"
            )
        if inspect.isgeneratorfunction(f):

            @functools.wraps(f)
            def generator(*args, **kwargs):
                source = f(*args, **kwargs)
                try:
                    with self.clone():
                        item = source.send(None)
                    while True:
                        try:
                            sent = yield item
                        except GeneratorExit:
                            with self.clone():
                                source.close()
                            raise
                        except BaseException as e:
                            with self.clone():
                                item = source.throw(e)
                        else:
                            with self.clone():
                                item = source.send(sent)
                except StopIteration as e:
                    return e.value

            return generator

        @functools.wraps(f)
        def function(*args, **kwargs):
            with self.clone():
                return f(*args, **kwargs)

        return function


class no_grad(_Decorator):
    """Context and decorator: results do not require gradients, whatever the inputs do."""

    def __new__(cls, f=None):
        return object.__new__(cls) if f is None else object.__new__(cls)(f)

    def __enter__(self) -> None:
        self.before = mode.grad
        mode.grad = False

    def __exit__(self, *exc: object) -> None:
        mode.grad = self.before


class enable_grad(no_grad):
    """Context and decorator: records again inside a `no_grad` block."""

    def __enter__(self) -> None:
        self.before = mode.grad
        mode.grad = True


class set_grad_enabled(_Decorator):
    """Turn recording on or off: at once when called; as a context until the block ends."""

    def __init__(self, mode: bool):
        self.before = is_grad_enabled()
        self.mode = bool(mode)
        _set(self.mode)

    def __call__(self, f: Any) -> Any:
        _set(self.before)
        return super().__call__(f)

    def __enter__(self) -> None:
        _set(self.mode)

    def __exit__(self, *exc: object) -> None:
        _set(self.before)

    def clone(self) -> set_grad_enabled:
        return set_grad_enabled(self.mode)

    def __repr__(self) -> str:
        return f"set_grad_enabled(mode={self.mode})"


def _set(on: bool) -> None:
    mode.grad = on


class inference_mode(_Decorator):
    """Context and decorator: as `no_grad`; results are also marked as inference tensors."""

    def __new__(cls, mode=True):
        if isinstance(mode, bool):
            return object.__new__(cls)
        instance = object.__new__(cls)
        instance.mode = True
        return instance(mode)

    def __init__(self, mode: bool = True):
        if isinstance(mode, bool):
            self.mode = mode

    def __enter__(self) -> None:
        self.before = mode.grad, mode.inference
        inferring[0] += 1
        mode.inference = self.mode
        mode.grad = not self.mode

    def __exit__(self, *exc: object) -> None:
        inferring[0] -= 1
        mode.grad, mode.inference = self.before

    def clone(self) -> inference_mode:
        return inference_mode(self.mode)
