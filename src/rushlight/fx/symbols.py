"""torch.fx.experimental: questions about sizes that a compiler does not know yet. Here every size
is known, so each question has its answer."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

__all__ = [
    "GuardOnDataDependentSymNode",
    "free_symbols",
    "free_unbacked_symbols",
    "get_proxy_mode",
    "guard_int",
    "guard_or_false",
    "guard_or_true",
    "guard_size_oblivious",
    "has_free_symbols",
    "is_concrete_bool",
    "is_concrete_int",
    "statically_known_false",
    "statically_known_true",
]


class GuardOnDataDependentSymNode(RuntimeError):
    """A decision by a number that is not known: never raised here."""


def guard_or_false(a: Any) -> bool:
    """bool(a)"""
    return bool(a)


guard_or_true = guard_bool = guard_size_oblivious = statically_known_true = guard_or_false


def statically_known_false(a: Any) -> bool:
    """not a"""
    return not a


def guard_int(a: Any) -> int:
    """int(a)"""
    return int(a)


guard_scalar = hint_int = guard_int


def is_concrete_int(a: Any) -> bool:
    """True: every number is known."""
    return True


is_concrete_bool = is_concrete_float = is_concrete_int


def free_symbols(val: Any) -> set[Any]:
    """The numbers in val that are not known: none."""
    return set()


free_unbacked_symbols = free_symbols


def has_free_symbols(val: Any) -> bool:
    """False"""
    return False


has_static_value = is_concrete_int


def get_proxy_mode() -> None:
    """The tracer of a compiler: None."""


def disable_proxy_modes_tracing(*args: Any, **kwargs: Any) -> Any:
    """A context that changes nothing."""
    return nullcontext()
