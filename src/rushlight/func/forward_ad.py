"""torch.autograd.forward_ad: tensors with tangents, by hand. `func.jvp` is the same as a function.

Found as torch.autograd.forward_ad.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ..core.grad_mode import _Decorator
from ..core.tensor import Tensor
from ..dispatch import batching_rules, functions
from ..dispatch.gradients import moving
from ..dispatch.levels import enter, leave, primal, state, tangent
from .transforms import check_tangent

__all__ = [
    "UnpackedDualTensor",
    "dual_level",
    "enter_dual_level",
    "exit_dual_level",
    "make_dual",
    "unpack_dual",
]
_RULES = batching_rules, functions  # imported for what it registers


class UnpackedDualTensor(NamedTuple):
    """What unpack_dual returns: primal, and tangent or None."""

    primal: Tensor
    tangent: Tensor | None


def enter_dual_level() -> int:
    """Open a level, in which tensors can have tangents; returns its number, 0.

    errors  RuntimeError: one is open in this thread
    """
    if state.user is not None:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    state.user = enter("jvp")
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """Close the level: tensors made inside lose their tangents.

    errors  RuntimeError: none is open, or another one is meant
    """
    if level is None:
        level = 0 if state.user is not None else -1
    if level < 0:
        raise RuntimeError("Dual level must be a positive number.")
    if state.user is None or level != 0:
        raise RuntimeError(
            "Trying to exit a forward AD level that was not the last one that was created. This is "
            "not supported."
        )
    opened, state.user = state.user, None
    leave(opened)


class dual_level(_Decorator):
    """Context: inside, tensors can have tangents.

    >>> with dual_level():
    ...     x = make_dual(tensor(3.0), tensor(1.0))
    ...     print(unpack_dual(x * x).tangent)
    tensor(6.)
    """

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exc: object) -> None:
        exit_dual_level()


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """The tensor with a tangent; results computed from it have theirs.

    errors  RuntimeError: no level is open, another shape, a tensor that is dual already;
            ValueError: no floating or complex dtype
    """
    if state.user is None or (level is not None and level < 0):
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to "
            "enter_dual_level() first."
        )
    for name, t in (("primal", tensor), ("tangent", tangent)):
        if not (t.is_floating_point() or t.is_complex()):
            raise ValueError(f"Expected {name} to be floating point or complex, but got: {t.dtype}")
    number = state.user.number
    if _tangent_of(tensor, number) is not None:
        raise RuntimeError(
            "Making a dual Tensor based on a Tensor that already has a forward gradient at the "
            "same level 0 is not supported."
        )
    check_tangent(tensor, tangent)
    return moving(tensor, tangent, number)


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """(primal, tangent); the tangent is None of a tensor that has none, or outside a level."""
    if state.user is None or (level is not None and level < 0):
        return UnpackedDualTensor(tensor, None)
    number = state.user.number
    return UnpackedDualTensor(primal(tensor, number), _tangent_of(tensor, number))


def _tangent_of(t: Any, number: int) -> Any:
    return tangent(t, number)


class _set_fwd_grad_enabled(_Decorator):
    """Context: False computes no tangents inside."""

    def __init__(self, mode: bool):
        self.before, self.mode = state.forward, mode
        state.forward = mode

    def __enter__(self) -> None:
        state.forward = self.mode

    def __exit__(self, *exc: object) -> None:
        state.forward = self.before

    def clone(self) -> _set_fwd_grad_enabled:
        return type(self)(self.mode)


set_fwd_grad_enabled = _set_fwd_grad_enabled
