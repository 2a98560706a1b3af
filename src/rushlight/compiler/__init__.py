"""torch.compiler: there is no compiler, so nothing is ever being compiled, and what speaks to one
returns the function it is given.

`torch.compile` returns its model (core/settings.py). torch._dynamo's names are in dynamo.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.names import explain_missing
from ..core.settings import compile

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
_backend: Any = "inductor"


def is_compiling() -> bool:
    """Is this code being compiled or exported? No."""
    return False


is_dynamo_compiling = is_exporting = is_compiling


class _Unchanged:
    """A decorator and a context that change nothing."""

    def __call__(self, fn: Any) -> Any:
        return fn

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        pass


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """fn itself; without fn, the decorator."""
    return _Unchanged() if fn is None else fn


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
    """The decorator that returns its function: a replacement that no compiler will ask for."""
    return _itself


class set_stance(_Unchanged):
    """How compiled code would behave: checked, and of no effect. A function, decorator or context.

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


def reset() -> None:
    """Forget compiled code: there is none."""


def cudagraph_mark_step_begin() -> None:
    """A step of a CUDA graph begins: there is none."""


def list_backends(exclude_tags: Any = ("debug", "experimental")) -> list[str]:
    """The compilers that `torch.compile(backend=...)` could use: none."""
    return []


def get_default_backend() -> Any:
    """What set_default_backend was told; PyTorch's "inductor" at first."""
    return _backend


def set_default_backend(backend: Any) -> None:
    """Noted; there is no compiler. None: PyTorch's default again."""
    global _backend
    _backend = "inductor" if backend is None else backend


explain_missing(__name__)
