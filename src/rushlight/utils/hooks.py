"""torch.utils.hooks: the handle that registering a hook returns, and hooks that are not pickled."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from ..autograd.hooks import RemovableHandle
from ..core.paths import refused_class

__all__ = ["BackwardHook", "RemovableHandle", "unserializable_hook", "warn_if_has_hooks"]

BackwardHook = refused_class(
    "torch.utils.hooks", "BackwardHook", "Module.register_full_backward_hook has one of its own"
)


def unserializable_hook(f: Callable) -> Callable:
    """Marks a hook that need not be pickled with its tensor: no warning."""
    f.__torch_unserializable__ = True  # type: ignore[attr-defined]
    return f


def warn_if_has_hooks(tensor: Any) -> None:
    """A warning for each hook of a tensor that pickling would leave behind."""
    for hook in (getattr(tensor, "_hooks", None) or {}).values():
        if not hasattr(hook, "__torch_unserializable__"):
            warnings.warn(
                f"backward hook {hook!r} on tensor will not be serialized.  If this is expected, "
                "you can decorate the function with @torch.utils.hooks.unserializable_hook to "
                "suppress this warning",
                stacklevel=2,
            )
