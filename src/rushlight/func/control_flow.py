"""torch.cond and torch.while_loop: branches and loops as functions; here they just run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.tensor import Tensor

__all__ = ["cond", "while_loop"]


def _truth(name: str, value: Any) -> bool:
    if isinstance(value, Tensor):
        if value.numel() != 1:
            raise RuntimeError(
                f"{name} must be bool or single-element tensor, but got {tuple(value.shape)}"
            )
        return bool(value)
    if not isinstance(value, (bool, int, float)):
        raise RuntimeError(f"Expected {name} to be bool or tensor, but got {value}.")
    return bool(value)


def cond(
    pred: bool | int | float | Tensor,
    true_fn: Callable,
    false_fn: Callable,
    operands: tuple | list = (),
) -> Any:
    """true_fn(*operands) if pred is true, else false_fn(*operands)

    pred    a bool, a number, or a tensor of one element
    grad    flows through the branch that runs
    errors  RuntimeError: pred is none of these, a branch cannot be called, operands is no tuple
    """
    true = _truth("pred", pred)
    if not callable(true_fn) or not callable(false_fn):
        raise RuntimeError("Expect both branches to be callable.")
    if not isinstance(operands, (tuple, list)):
        raise RuntimeError(f"Expect operands to be a tuple or list, but got {operands}.")
    return (true_fn if true else false_fn)(*operands)


def while_loop(cond_fn: Callable, body_fn: Callable, carried_inputs: tuple) -> Any:
    """carried_inputs, replaced by body_fn(*carried_inputs) while cond_fn(*carried_inputs) is true

    grad    flows through all rounds
    errors  RuntimeError: a function cannot be called, carried_inputs is no tuple, cond_fn returns
            neither a bool nor a tensor of one element
    """
    if not callable(cond_fn) or not callable(body_fn):
        raise RuntimeError("Expect cond_fn and body_fn to be callable.")
    if not isinstance(carried_inputs, (tuple, list)):
        raise RuntimeError(
            f"Expect carried_inputs to be a tuple or list, but got {carried_inputs}."
        )
    state = tuple(carried_inputs)
    while _truth("the result of cond_fn", cond_fn(*state)):
        found = body_fn(*state)
        state = tuple(found) if isinstance(found, (tuple, list)) else (found,)
    return state
