"""torch.autograd.graph: nodes of the tape, where gradients go, hooks on what is saved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal

from ..core.grad_mode import mode, watching
from ..core.names import explain_missing
from ..core.tensor import Tensor
from .hooks import RemovableHandle
from .node import AccumulateGrad, GradientEdge, Node, edge_of
from .saved import Packing

__all__ = [
    "GradientEdge",
    "Node",
    "allow_mutation_on_saved_tensors",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
    "set_override_stale_capture_stream",
    "set_warn_on_accumulate_grad_stream_mismatch",
]


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """Where the gradient of `tensor` goes. RuntimeError: it does not require one."""
    edge = edge_of(tensor) if tensor.requires_grad else None
    if edge is None:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor that does not require "
            "gradients"
        )
    if isinstance(edge, Tensor):
        return GradientEdge(AccumulateGrad(edge), 0)
    return GradientEdge(*edge) if type(edge) is tuple else GradientEdge(edge, 0)


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Count a change in place that was made behind autograd's back, for one tensor or several."""
    try:
        tensors = [tensor] if isinstance(tensor, Tensor) else list(tensor)
    except TypeError:
        raise RuntimeError("increment_version expect a Iterable[Tensor] as input") from None
    if not all(isinstance(t, Tensor) for t in tensors):
        raise RuntimeError("increment_version expects each element of the iterable to be a tensor")
    for t in tensors:
        t._bump()


# ---------------------------------------------------------------- hooks on saved tensors


class saved_tensors_hooks:
    """Context: pack_hook sees each tensor that is saved for backward, unpack_hook brings it back.

    pack_hook    pack_hook(tensor) -> anything; must not change the tensor in place
    unpack_hook  unpack_hook(what pack_hook returned) -> a tensor of the same values
    RuntimeError: `disable_saved_tensors_hooks` is active.
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]):
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self) -> None:
        if mode.refuses_packing is not None:
            raise RuntimeError(mode.refuses_packing)
        if not callable(self.pack_hook) or not callable(self.unpack_hook):
            raise TypeError(
                "_push_saved_tensors_default_hooks(): incompatible function arguments.\n"
                "  pack_hook and unpack_hook must be functions of one argument, got "
                f"{type(self.pack_hook).__name__} and {type(self.unpack_hook).__name__}"
            )
        self._before = getattr(self, "_before", [])  # the same object may be entered again
        self._before.append(mode.packing)
        watching[0] += 1
        mode.packing = Packing(self.pack_hook, self.unpack_hook)

    def __exit__(self, *exc: object) -> None:
        watching[0] -= 1
        mode.packing = self._before.pop()


class save_on_cpu(saved_tensors_hooks):
    """Context: saved tensors are kept on the CPU, where all tensors are here.

    pin_memory: a copy of each is kept, as in PyTorch.
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda"):
        def pack(tensor: Tensor) -> tuple:
            return tensor.device, tensor.detach().clone() if pin_memory else tensor.cpu()

        def unpack(packed: tuple) -> Tensor:
            device, tensor = packed
            return tensor.to(device, non_blocking=pin_memory)

        super().__init__(pack, unpack)


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Context: hooks on saved tensors are refused with this message. RuntimeError: some are active
    already."""
    if mode.packing is not None:
        raise RuntimeError(error_message)
    before, mode.refuses_packing = mode.refuses_packing, error_message
    try:
        yield
    finally:
        mode.refuses_packing = before


class _AllowMutationOnSavedContext:
    """What `allow_mutation_on_saved_tensors` gives: `clear()` forgets the copies."""

    def __init__(self) -> None:
        self.copies: dict[Any, Tensor] = {}
        self.active = True

    def clear(self) -> None:
        """Forget all copies: graphs recorded so far cannot go backward any more."""
        self.copies.clear()


_mutating: list[_AllowMutationOnSavedContext] = []


@contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[_AllowMutationOnSavedContext]:
    """Context: tensors saved for backward may be changed in place before backward runs.

    What is saved is a copy, made when it is saved (PyTorch makes it at the first change). Backward
    has to run inside the block. RuntimeError: blocks of this kind are nested.
    """
    if _mutating:
        raise RuntimeError("allow_mutation_on_saved_tensors contexts cannot be nested")
    context = _AllowMutationOnSavedContext()

    def pack(tensor: Tensor) -> Any:
        key = object()
        context.copies[key] = tensor.detach().clone()
        return key

    def unpack(key: Any) -> Tensor:
        assert context.active, (
            "Trying to backward outside of the 'allow_mutation_on_saved_tensors' context"
            "in which the graph was originally recorded."
        )
        assert key in context.copies, (
            "The saved copies were forgotten by clear() of 'allow_mutation_on_saved_tensors'."
        )
        return context.copies[key]

    with saved_tensors_hooks(pack, unpack):
        _mutating.append(context)
        try:
            yield context
        finally:
            _mutating.pop()
            context.active = False
            context.clear()


# ---------------------------------------------------------------- one hook on several tensors


class _MultiHandle(RemovableHandle):
    """Takes the hooks of `register_multi_grad_hook` out."""

    handles: tuple[Any, ...]

    def __init__(self, handles: tuple[Any, ...]):
        self.handles = handles

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()

    def __getstate__(self) -> Any:
        return self.handles

    def __setstate__(self, state: Any) -> None:
        self.handles = state


def register_multi_grad_hook(
    tensors: Sequence[Tensor],
    fn: Callable[[Sequence[Tensor | None]], None] | Callable[[Tensor], None],
    *,
    mode: Literal["all", "any"] = "all",
) -> RemovableHandle:
    """Call fn in each backward pass that reaches one of the tensors.

    mode   "all": fn(gradients), once all that the pass will compute are there, None for the others;
           "any": fn(gradient), as soon as the first is there
    ValueError: another mode. AssertionError: a tensor requires no gradient
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    edges: list = [edge_of(t) if t.requires_grad else None for t in tensors]
    for edge in edges:
        assert edge is not None, "Expected gradient function to be set"
    watch = _Watch(edges, fn, mode == "any")
    return _MultiHandle(
        tuple(t.register_hook(partial(watch.arrived, i)) for i, t in enumerate(tensors))
    )


class _Watch:
    """The gradients that have arrived in the backward pass that runs now."""

    def __init__(self, edges: list, fn: Any, first_only: bool):
        self.edges, self.fn, self.first_only = edges, fn, first_only
        self.passes: dict[int, list] = {}  # id(roots) -> [roots, how many to come, gradients]

    def arrived(self, i: int, gradient: Tensor) -> None:
        roots, wanted = mode.task
        known = self.passes.get(id(roots))
        first = known is None
        if known is None:
            expected = _reached(roots, wanted, self.edges)
            known = self.passes[id(roots)] = [roots, expected, [None] * len(self.edges)]
        known[2][i] = gradient
        known[1] -= 1
        if known[1] <= 0:
            del self.passes[id(roots)]
        if self.first_only and first:
            self.fn(gradient)
        elif not self.first_only and known[1] <= 0:
            self.fn(known[2])


def _reached(roots: list, wanted: Any, edges: list) -> int:
    """How many of the edges get a gradient in a backward pass from these roots."""
    leaves, nodes = set(), set()
    stack = [edge for edge, _ in roots]
    while stack:
        edge = stack.pop()
        if isinstance(edge, Tensor):
            leaves.add(id(edge))
            continue
        node = edge[0] if type(edge) is tuple else edge
        if node is None or node in nodes or (wanted is not None and node not in wanted):
            continue
        nodes.add(node)
        stack.extend(node.edges)
    found = 0
    for edge in edges:
        if isinstance(edge, Tensor):
            found += id(edge) in leaves
        else:
            found += (edge[0] if type(edge) is tuple else edge) in nodes
    return found


# ---------------------------------------------------------------- settings of PyTorch's streams


def set_warn_on_accumulate_grad_stream_mismatch(enabled: bool) -> None:
    """Accepted: a CPU has no streams that could differ."""


def set_override_stale_capture_stream(enabled: bool) -> None:
    """Accepted: a CPU has no streams to capture."""


explain_missing(__name__)
