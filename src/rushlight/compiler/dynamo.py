"""torch._dynamo: the names that packages use of PyTorch's compiler.

Marks on tensors and functions return what they are given: shapes are static in XLA. `config` takes
and keeps any setting; recompile_limit counts.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from ..core.names import explain_missing
from ..core.paths import refused
from ..core.tensor import Tensor
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
from .entry import OptimizedModule, compile
from .stage import CannotCompile, FailOnRecompileLimitHit, InvalidBackend, Unsupported, config

__all__ = [
    "FailOnRecompileLimitHit",
    "InvalidBackend",
    "OptimizedModule",
    "TensorifyScalarRestartAnalysis",
    "TransformGetItemToIndex",
    "Unsupported",
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


class TensorifyScalarRestartAnalysis(RuntimeError):
    """A compiler's request to begin again: never raised here."""


class TransformGetItemToIndex:
    """A context in which a compiler reads x[i] with a 0-d tensor i as an index: here it is one."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        pass


def _marked(t: Any, *args: Any, **kwargs: Any) -> None:
    """A note for a compiler: of no effect."""


mark_dynamic = maybe_mark_dynamic = mark_static = mark_unbacked = _marked


def mark_static_address(t: Any, guard: bool = False) -> None:
    """A note for a compiler: of no effect. errors  TypeError: no tensor"""
    if not isinstance(t, Tensor):
        raise TypeError(f"mark_static_address expects a tensor but received {type(t)}")


disallow_in_graph = forbid_in_graph = nonstrict_trace = _itself


def graph_break(msg: str = "") -> None:
    """Ends a program in PyTorch; here what calls it runs eagerly."""
    if is_compiling():
        raise CannotCompile("calls torch._dynamo.graph_break()")


def reset_code_caches() -> None:
    """As reset()."""
    reset()


def run(fn: Any = None) -> Any:
    """fn, which is no part of a program; without fn, the decorator."""
    return disable(fn)


def optimize(backend: Any = None, *, nopython: bool = False, **options: Any) -> Callable:
    """The decorator torch.compile(backend=backend, fullgraph=nopython)."""
    return lambda fn: compile(fn, backend=backend, fullgraph=nopython)


def is_dynamo_supported() -> bool:
    """Is JAX installed, so that there is a compiler?"""
    return find_spec("jax") is not None


is_inductor_supported = is_dynamo_supported


def explain(f: Any, *extra_args: Any, **extra_kwargs: Any) -> Any:
    """explain(f)(*args) -> what torch.compile(f, backend="xla") makes of the call: programs,
    operations, and why it would run eagerly.

    errors  NotImplementedError: JAX is not installed
    """
    if not is_dynamo_supported():
        raise refused("torch._dynamo.explain", "there is no compiler without JAX")

    def inner(*args: Any, **kwargs: Any) -> Any:
        from ..core.accelerators import backend
        from .explaining import explained

        backend()
        return explained(f, args, kwargs)

    return inner(*extra_args, **extra_kwargs) if extra_args or extra_kwargs else inner


def export(*args: Any, **kwargs: Any) -> Any:
    """Refused."""
    raise refused("torch._dynamo.export", "there is no compiler")


explain_missing(__name__)
