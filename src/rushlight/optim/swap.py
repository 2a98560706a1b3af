"""swap_in_optimizer_params_and_state: an optimizer that works on other tensors for a while."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..core.tensor import Tensor
from .optimizer import Optimizer

_NAME = "swap_in_optimizer_params_and_state"


@contextmanager
def swap_in_optimizer_params_and_state(
    optimizer: Optimizer, swapin_parameters: dict[str, Tensor], swapin_optim_state: dict[str, Any]
) -> Iterator[None]:
    """Inside, optimizer.step() changes the tensors of swapin_parameters with the state and the
    options of swapin_optim_state; afterwards the optimizer's own are back.

    swapin_parameters   as many as the optimizer has, in their order
    swapin_optim_state  like optimizer.state_dict(). Its tensors are changed in place; new tensors,
                        and options that are set inside, are forgotten
    errors              RuntimeError: the optimizer has no state yet; groups, parameters or state
                        that do not fit
    """
    if not optimizer.state:
        raise RuntimeError(f"{_NAME} requires initialized optimizer state.")
    groups, state = _checked(optimizer, swapin_optim_state)
    live = optimizer.param_groups, optimizer.state
    tensors = iter(swapin_parameters.values())
    by_id: dict[int, Tensor] = {}
    swapped = []
    for group in groups:
        found = []
        for i in group["params"]:
            tensor = next(tensors, None)
            if tensor is None:
                raise RuntimeError(
                    f"{_NAME} requires the explicit parameter state to match "
                    "optimizer.param_groups ordering."
                )
            by_id[i] = tensor
            found.append(tensor)
        swapped.append({**group, "params": found})
    inside: Any = defaultdict(dict)
    inside.update((by_id[i], dict(s)) for i, s in state.items())
    optimizer.param_groups, optimizer.state = swapped, inside
    try:
        yield
    finally:
        optimizer.param_groups, optimizer.state = live


def _checked(optimizer: Optimizer, given: dict[str, Any]) -> tuple[list, dict]:
    """The groups and the state that were given."""
    state, groups = given.get("state"), given.get("param_groups", [])
    if not isinstance(state, dict):
        raise RuntimeError(
            f"{_NAME} requires swapin_optim_state['state'] to be a dict mapping packed parameter "
            f"ids to per-param state dicts, got {type(state).__name__}."
        )
    if len(groups) != len(optimizer.param_groups):
        raise RuntimeError(
            "swapin_optim_state has a different number of parameter groups than the live optimizer."
        )
    for i, (new, live) in enumerate(zip(groups, optimizer.param_groups, strict=True)):
        if len(new["params"]) != len(live["params"]):
            raise RuntimeError(
                f"swapin_optim_state param group {i} has a different number of params than the "
                "live optimizer param group."
            )
    known = {i for group in groups for i in group["params"]}
    extra = sorted(set(state) - known, key=str)
    if extra:
        raise RuntimeError(
            f"{_NAME} requires swapin_optim_state['state'] to be keyed only by packed parameter "
            f"ids from param_groups[*]['params']; got extra keys {extra}."
        )
    return groups, state
