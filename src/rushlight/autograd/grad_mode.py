"""torch.autograd.grad_mode: whether operations are recorded, and how backward runs."""

from __future__ import annotations

from ..core.grad_mode import (
    _Decorator,
    enable_grad,
    inference_mode,
    mode,
    no_grad,
    set_grad_enabled,
)
from ..core.names import explain_missing

__all__ = [
    "enable_grad",
    "enforce_grad_layout_policy",
    "inference_mode",
    "no_grad",
    "set_grad_enabled",
    "set_multithreading_enabled",
]


class set_multithreading_enabled(_Decorator):
    """Accepted and remembered: backward runs in the thread that calls it.

    At once when called, until the end of the block as a context.
    """

    def __init__(self, mode: bool):
        if not isinstance(mode, bool):
            raise TypeError(
                "set_multithreading_enabled(): argument 'enabled' (position 1) must be bool, not "
                f"{type(mode).__name__}"
            )
        self.prev, self.mode = is_multithreading_enabled(), mode
        _set(self.mode)

    def __enter__(self) -> None: ...

    def __exit__(self, *exc: object) -> None:
        _set(self.prev)

    def clone(self) -> set_multithreading_enabled:
        return set_multithreading_enabled(self.mode)


def is_multithreading_enabled() -> bool:
    """What `set_multithreading_enabled` last said in this thread; True at first."""
    return mode.multithreading


def _set(on: bool) -> None:
    mode.multithreading = on


class enforce_grad_layout_policy(_Decorator):
    """Accepted: a gradient that is new here is always laid out as its parameter is."""

    def __init__(self, enable: bool = True):
        self.enable = enable

    def clone(self) -> enforce_grad_layout_policy:
        return enforce_grad_layout_policy(self.enable)


explain_missing(__name__)
