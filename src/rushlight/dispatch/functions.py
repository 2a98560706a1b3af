"""A user's autograd.Function under vmap and forward mode."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..autograd.function import Function
from ..core.batched import batched
from ..core.tensor import Tensor
from .batching import one_by_one
from .gradients import zeros_like
from .levels import (
    CALL,
    alias,
    dual,
    highest,
    is_batched,
    level_by,
    primal,
    remade,
    state,
    tangent,
    value_of,
)
from .registry import FUNCTIONS


class VmapInfo(NamedTuple):
    """What Function.vmap is told."""

    batch_size: int
    randomness: str


def call(cls: Any, args: tuple, kwargs: dict) -> Any:
    """cls.apply(*args) if an argument carries something."""
    if state.transforms and cls.setup_context is Function.setup_context:
        raise RuntimeError(
            "In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, "
            "jacrev, ...), it must override the setup_context staticmethod. For more details, "
            "please see https://pytorch.org/docs/main/notes/extending.func.html"
        )
    number = highest(args)
    if not number:
        return NotImplemented
    level = level_by(number)
    if level.kind == "jvp":
        return _along(cls, args, kwargs, number)
    if cls.generate_vmap_rule:
        if cls.vmap is not Function.vmap:
            raise RuntimeError(
                f"You tried to vmap over {cls.__name__}, but it has both generate_vmap_rule=True "
                "and an overriden vmap staticmethod. Please set generate_vmap_rule=False or delete "
                "the overriden vmap staticmethod to avoid ambiguity. For more details, please see "
                "https://pytorch.org/docs/main/notes/extending.func.html"
            )
        return one_by_one(cls.apply, args, kwargs, level)
    if cls.vmap is Function.vmap:
        raise RuntimeError(
            f"You tried to vmap over {cls.__name__}, but it does not have vmap support. Please "
            "override and implement the vmap staticmethod or set generate_vmap_rule=True. For more "
            "details, please see https://pytorch.org/docs/main/notes/extending.func.html"
        )
    dims = tuple([0 if is_batched(a, number) else None for a in args])
    given = [value_of(a) if d == 0 else a for a, d in zip(args, dims, strict=True)]
    out, where = cls.vmap(VmapInfo(level.size, level.randomness), dims, *given)
    places = iter(where if isinstance(where, (tuple, list)) else _always(where))

    def finished(t: Tensor) -> Tensor:
        d = next(places)
        return t if d is None else batched(FUNCTIONS["movedim"](t, d, 0), number)

    return remade(out, finished)


CALL.append(call)


def _always(x: Any) -> Any:
    while True:
        yield x


def _along(cls: Any, args: tuple, kwargs: dict, number: int) -> Any:
    """The function on the primals, and its jvp on the tangents."""
    plain = tuple([primal(a, number) for a in args])
    out, ctx = _called(cls, plain, kwargs)
    if not state.forward:
        return out
    if cls.jvp is Function.jvp:
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with "
            "forward mode AD."
        )
    given: list[Any] = []
    for a, p in zip(args, plain, strict=True):
        t = tangent(a, number)
        if t is None and isinstance(p, Tensor) and p._a.dtype.kind in "fc" and ctx._materialize:
            t = zeros_like(p)
        given.append(t)
    ctx._in_jvp = True
    try:
        moved = cls.jvp(ctx, *given)
    finally:
        del ctx._in_jvp
    tangents = iter(moved if isinstance(moved, (tuple, list)) else (moved,))

    def finished(y: Tensor) -> Tensor:
        t = next(tangents)
        y = alias(y) if any(y is a for a in plain) else y
        return y if t is None else dual(y, t, number)

    return remade(out, finished)


def _called(cls: Any, args: tuple, kwargs: dict) -> tuple[Any, Any]:
    """Outer levels see the call too; ctx is then that of the innermost."""
    if highest(args):
        out = cls.apply(*args, **kwargs)
        ctx: Any = _Bare(cls, args, kwargs)
        return out, ctx
    return cls._called(args, kwargs)


class _Bare:
    """ctx for jvp where the call went on to an outer level: what setup_context leaves on it."""

    _materialize = True

    def __init__(self, cls: Any, args: tuple, kwargs: dict):
        self._kept: tuple = ()
        self.needs_input_grad = tuple([isinstance(a, Tensor) for a in args])
        out = cls.forward(*args, **kwargs)
        cls.setup_context(self, args, out)

    def save_for_backward(self, *tensors: Any) -> None:
        if not self._kept:
            self._kept = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        self._kept = tensors

    def set_materialize_grads(self, value: bool) -> None:
        self._materialize = value

    def mark_dirty(self, *tensors: Any) -> None:
        """Of no meaning for jvp."""

    mark_non_differentiable = mark_dirty

    @property
    def saved_tensors(self) -> tuple:
        return self._kept
