"""torch.compiler: what speaks to the compiler. `torch.compile` itself is in entry.py.

entry.py       what torch.compile returns
stage.py       who is being traced, settings, errors
names.py, world.py   what a function reaches: its state
call.py        arguments and results
options.py     an optimizer's floats as inputs
draws.py       random numbers as inputs
memory.py      where inputs come from, and results go
trace.py       a call as a program
backward.py    the gradient of a compiled function, as one node
program.py     keys, and falling back to eager
explaining.py  torch._dynamo.explain; dynamo.py: torch._dynamo's names
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from ..core.names import explain_missing
from .entry import compile, get_default, set_default
from .stage import DISABLED, STANCE, TRACING, reset

__all__ = [
    "allow_in_graph",
    "assume_constant_result",
    "compile",
    "cudagraph_mark_step_begin",
    "disable",
    "get_default_backend",
    "is_compiling",
    "is_dynamo_compiling",
    "is_exporting",
    "list_backends",
    "reset",
    "set_default_backend",
    "set_stance",
    "substitute_in_graph",
    "wrap_numpy",
]

_STANCES = (
    "default eager_then_compile aot_eager_then_compile force_eager eager_on_recompile "
    "fail_on_recompile"
).split()


def is_compiling() -> bool:
    """Is this code being traced into a program? While it runs eagerly: False."""
    return bool(TRACING)


is_dynamo_compiling = is_compiling


def is_exporting() -> bool:
    """Is this code being exported? No."""
    return False


class _Decorator:
    """disable(): a decorator and a context."""

    def __call__(self, fn: Any) -> Any:
        return disable(fn)

    def __enter__(self) -> None:
        self.before = STANCE[0]
        STANCE[0] = "force_eager"

    def __exit__(self, *error: object) -> None:
        STANCE[0] = self.before


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """fn itself, which is no part of a program from now on: what calls it runs eagerly.

    Without fn: the decorator, or a context in which everything runs eagerly. A module: its forward.
    """
    if fn is None:
        return _Decorator()
    for f in (fn, getattr(fn, "__func__", None), getattr(type(fn), "forward", None)):
        code = getattr(f, "__code__", None)
        if code is not None and (f is not getattr(type(fn), "forward", None) or _is_module(fn)):
            DISABLED.add(code)
            break
    return fn


def _is_module(fn: Any) -> bool:
    from ..nn.module import Module

    return isinstance(fn, Module)


def _itself(fn: Any) -> Any:
    """fn itself."""
    return fn


assume_constant_result = wrap_numpy = _itself


def allow_in_graph(fn: Any) -> Any:
    """fn itself, or the list of functions. errors  AssertionError: not callable"""
    if isinstance(fn, (list, tuple)):
        return [allow_in_graph(one) for one in fn]
    if not callable(fn):
        raise AssertionError("allow_in_graph expects a callable")
    return fn


def substitute_in_graph(original_fn: Callable, **options: Any) -> Callable[[Callable], Callable]:
    """The decorator that returns its function: a trace runs the original one."""
    return _itself


class set_stance:
    """How compiled functions behave from now on, or in a context, or while a function runs:
    "force_eager", "eager_on_recompile", "fail_on_recompile"; the others are "default".

    errors  RuntimeError: an unknown stance
    """

    def __init__(
        self,
        stance: str = "default",
        *,
        skip_guard_eval_unsafe: bool = False,
        force_backend: Any = None,
    ):
        if stance not in _STANCES:
            raise RuntimeError(f"invalid torch.compile stance: {stance!r}")
        self.stance, self.before = stance, STANCE[0]
        STANCE[0] = stance

    def __enter__(self) -> None:
        STANCE[0] = self.stance

    def __exit__(self, *error: object) -> None:
        STANCE[0] = self.before

    def __call__(self, fn: Any) -> Any:
        STANCE[0] = self.before  # it was meant for the function
        if "default" in self.stance or "then" in self.stance:
            return fn

        @functools.wraps(fn)
        def standing(*args: Any, **kwargs: Any) -> Any:
            before, STANCE[0] = STANCE[0], self.stance
            try:
                return fn(*args, **kwargs)
            finally:
                STANCE[0] = before

        return standing


def cudagraph_mark_step_begin() -> None:
    """A step of a CUDA graph begins: there is none."""


def list_backends(exclude_tags: Any = ("debug", "experimental")) -> list[str]:
    """The compilers that `torch.compile(backend=...)` can use: XLA, if JAX is installed."""
    return ["openxla", "xla"] if find_spec("jax") else []


def get_default_backend() -> Any:
    """What set_default_backend was told; PyTorch's "inductor" at first."""
    return get_default()


def set_default_backend(backend: Any) -> None:
    """The backend of torch.compile unless told otherwise. None: PyTorch's default again."""
    set_default(backend)


explain_missing(__name__)
