"""What a Tensor does with its gradient: backward, retain_grad, hooks."""

from __future__ import annotations

import weakref
from typing import Any

from ..core.tensor import Tensor
from . import api
from .hooks import RemovableHandle
from .node import node_hooks


def backward(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add d(self)/d(leaf), times `gradient`, to `.grad` of every leaf this tensor depends on.

    gradient: same shape as self; may be left out for a tensor of one element. RuntimeError
    otherwise.
    """
    api.backward(self, gradient, retain_graph, create_graph, None, inputs)


def retain_grad(self: Tensor) -> None:
    """Keep the gradient of this non-leaf tensor in `.grad`, too."""
    if not self._rg:
        raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
    if self._node is None or self._keeps_grad:
        return
    self._keeps_grad = True
    node_hooks(self._node).retain[self._slot] = weakref.ref(self)


def register_hook(self: Tensor, hook: Any) -> Any:
    """hook(grad) -> new grad or None, when this tensor's gradient is known.

    Returns a handle with remove().
    """
    if not self._rg:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    node = self.grad_fn
    if node is None:
        if self._hooks is None:
            self._hooks = {}
        table = self._hooks
    else:
        table = node_hooks(node).tensor.setdefault(self._slot, {})
    handle = RemovableHandle(table)
    table[handle.id] = hook
    return handle


def register_post_accumulate_grad_hook(self: Tensor, hook: Any) -> Any:
    """hook(tensor), after a gradient was added to this leaf's `.grad`.

    Returns a handle with remove().
    """
    if not self._rg:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if self._node is not None:
        raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    if self._after_grad is None:
        self._after_grad = {}
    handle = RemovableHandle(self._after_grad)
    self._after_grad[handle.id] = hook
    return handle


for _method in (backward, retain_grad, register_hook, register_post_accumulate_grad_hook):
    _method.__qualname__ = f"Tensor.{_method.__name__}"
    setattr(Tensor, _method.__name__, _method)
