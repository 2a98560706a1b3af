"""torch._dynamo: the names that packages use of PyTorch's compiler, for a place without one.

Marks on tensors and functions return what they are given; `config` takes and keeps any setting, as
a note of what a compiler should have done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from ..core.names import explain_missing
from ..core.paths import refused
from ..core.tensor import Tensor
from ..nn.module import Module
from . import (
    _itself,
    allow_in_graph,
    assume_constant_result,
    disable,
    is_compiling,
    list_backends,
    reset,
    set_stance,
    substitute_in_graph,
)

__all__ = [
    "OptimizedModule",
    "TensorifyScalarRestartAnalysis",
    "TransformGetItemToIndex",
    "allow_in_graph",
    "assume_constant_result",
    "config",
    "disable",
    "disallow_in_graph",
    "explain",
    "export",
    "forbid_in_graph",
    "graph_break",
    "is_compiling",
    "is_dynamo_supported",
    "is_inductor_supported",
    "list_backends",
    "mark_dynamic",
    "mark_static",
    "mark_static_address",
    "mark_unbacked",
    "maybe_mark_dynamic",
    "nonstrict_trace",
    "optimize",
    "reset",
    "reset_code_caches",
    "run",
    "set_stance",
    "substitute_in_graph",
]


class OptimizedModule(Module):
    """A compiled module: nothing is an instance, torch.compile returns the module itself."""

    _orig_mod: Module

    def __init__(self, *args: Any, **kwargs: Any):
        raise refused("torch._dynamo.OptimizedModule", "there is no compiler")


class TensorifyScalarRestartAnalysis(RuntimeError):
    """A compiler's request to begin again: never raised here."""


class TransformGetItemToIndex:
    """A context in which a compiler reads x[i] with a 0-d tensor i as an index: here it is one."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        pass


class _Config(SimpleNamespace):
    """Settings of a compiler that is not there; what was not set is False."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return False

    @contextmanager
    def patch(self, settings: Any = None, value: Any = None, **changes: Any) -> Iterator[None]:
        """A context, or decorator, in which settings have other values."""
        if isinstance(settings, str):
            changes[settings] = value
        elif settings:
            changes.update(settings)
        before = {name: getattr(self, name) for name in changes}
        vars(self).update(changes)
        try:
            yield
        finally:
            vars(self).update(before)


config = _Config(
    automatic_dynamic_shapes=True,
    cache_size_limit=8,
    recompile_limit=8,
    accumulated_cache_size_limit=256,
)


def _marked(t: Any, *args: Any, **kwargs: Any) -> None:
    """A note for a compiler: of no effect."""


mark_dynamic = maybe_mark_dynamic = mark_static = mark_unbacked = _marked


def mark_static_address(t: Any, guard: bool = False) -> None:
    """A note for a compiler: of no effect. errors  TypeError: no tensor"""
    if not isinstance(t, Tensor):
        raise TypeError(f"mark_static_address expects a tensor but received {type(t)}")


disallow_in_graph = forbid_in_graph = nonstrict_trace = _itself


def graph_break(msg: str = "") -> None:
    """The end of a compiled piece: there is none."""


def reset_code_caches() -> None:
    """Nothing to forget."""


def run(fn: Any = None) -> Any:
    """fn itself; without fn, the decorator."""
    return disable(fn)


def optimize(*args: Any, **kwargs: Any) -> Callable:
    """The decorator that returns its function, as torch.compile does here."""
    return _itself


def is_dynamo_supported() -> bool:
    """False."""
    return False


is_inductor_supported = is_dynamo_supported


def explain(*args: Any, **kwargs: Any) -> Any:
    """Refused."""
    raise refused("torch._dynamo.explain", "there is no compiler")


def export(*args: Any, **kwargs: Any) -> Any:
    """Refused."""
    raise refused("torch._dynamo.export", "there is no compiler")


explain_missing(__name__)
