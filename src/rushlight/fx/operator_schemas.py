"""torch.fx.operator_schemas: arguments of a call by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["ArgsKwargsPair", "normalize_function", "normalize_module"]


class ArgsKwargsPair(NamedTuple):
    """The arguments of a call."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def normalize_function(
    target: Callable,
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None = None,
    arg_types: Any = None,
    kwarg_types: Any = None,
    normalize_to_only_use_kwargs: bool = False,
) -> ArgsKwargsPair | None:
    """The call with its defaults, by Python's signature of the function; None if there is none, or
    if the arguments do not fit."""
    try:
        bound = inspect.signature(target).bind(*args, **(kwargs or {}))
    except (TypeError, ValueError):
        return None
    bound.apply_defaults()
    if normalize_to_only_use_kwargs:
        kinds = {p.kind for p in bound.signature.parameters.values()}
        if kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.POSITIONAL_ONLY}:
            return None
        return ArgsKwargsPair((), dict(bound.arguments))
    return ArgsKwargsPair(bound.args, dict(bound.kwargs))


def normalize_module(
    root: Any,
    target: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None = None,
    normalize_to_only_use_kwargs: bool = False,
) -> ArgsKwargsPair | None:
    """normalize_function of a submodule's forward."""
    forward = root.get_submodule(target).forward
    return normalize_function(
        forward, args, kwargs, normalize_to_only_use_kwargs=normalize_to_only_use_kwargs
    )
