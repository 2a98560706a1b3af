"""Forward mode: what ops make of dual tensors.

An op runs on the primals; its tangent comes from

    LINEAR      the op itself on the tangents: views, sums, joins
    pointwise   the backward of the card: where each element depends on one, J' = J
    any other   the backward twice: <backward(v), t> is linear in v, and its gradient is J t
"""

from __future__ import annotations

from typing import Any

from ..core.grad_mode import enable_grad, mode
from ..core.tensor import Tensor
from .batching import RULES, kept_apart, kind_of, pointwise
from .gradients import filled_as, fresh, gradients, zeros_like, zeros_of
from .inplace import apply_inplace
from .levels import DUAL, Level, alias, dual, go_on, highest, mapped, primal, remade, state, tangent
from .op import CARDS, Card

# linear in their first argument (or list), and not differentiable in others
LINEAR = frozenset(
    "to_copy clone neg sum mean cumsum flip roll tril triu repeat trace index basic index_select "
    "gather constant_pad_nd pad_by_index unfold_dx basic_dx index_dx index_select_dx diagonal_dx "
    "cat stack deg2rad rad2deg view_as_real view_as_complex view reshape unsqueeze squeeze permute "
    "transpose t expand as_strided unfold split unbind diagonal take im2col col2im "
    "avg_pool_2d avg_pool_3d adaptive_avg_pool_2d adaptive_avg_pool_3d mean_pool_2d "
    "mean_pool_3d max_unpool_2d max_unpool_3d".split()
)
_MOVES = frozenset("view_dtype".split())
# backwards that look at the phases of dy, and are linear in it
_FROM_0 = frozenset("linalg.eig linalg.svd linalg.eigh".split())
_NOT_HERE = frozenset("prelu rrelu_with_noise to_copy copy".split())


class Duals:
    """How ops run on dual tensors, see levels.py."""

    @staticmethod
    def run_card(card: Card, args: tuple, level: Level) -> Any:
        """The card's result, with its tangent."""
        number = level.number
        plain = tuple([mapped(a, lambda t: _primal(t, number)) for a in args])
        if not state.forward or not _differentiable(card):
            return card.run(plain)
        if card.name in LINEAR:
            return _linear(card, args, plain, number)
        return _general(card, args, plain, number)

    @staticmethod
    def run_composite(op: Any, args: tuple, kwargs: dict, go: Any, level: Level) -> Any:
        """A composite runs as it is: its cards are asked."""
        if op.name in ("detach", "detach_"):
            return alias(primal(args[0], level.number).detach())
        return go_on(op, args, kwargs, go)

    @staticmethod
    def change(card: Card, args: tuple, level: Level) -> Any:
        """x becomes the card's result, and its tangent the result's."""
        number, x = level.number, args[0]
        plain = tuple([mapped(a, lambda t: _primal(t, number)) for a in args])
        if card.name == "copy":
            along = tangent(args[1], number)
            if along is not None:
                along = along.to(x.dtype)
        else:
            along = tangent(card.run(kept_apart(card, args)), number)
        target = primal(x, number)
        apply_inplace(card, (target, *plain[1:]))
        if target is not x:
            x._rg, x._node, x._slot = target._rg, target._node, getattr(target, "_slot", 0)
            x._v = target._v
        held = tangent(x, number)
        if held is not None:
            if along is not None and x._view is None and highest((along,)) > highest((held,)):
                dual(x, along + zeros_of(x), number)
            else:
                held.copy_(zeros_like(x) if along is None else along)
        elif along is not None:
            _give(x, along, number)
        return x


DUAL.append(Duals)


def _give(x: Tensor, along: Tensor, number: int) -> None:
    """A first tangent for a tensor; for a view, the base gets one that is zero elsewhere."""
    if x._view is not None and tangent(x._view.base, number) is None:
        base = x._view.base
        whole = _zeros_for(base, along)
        part = whole
        for card, options in x._view.replay:
            part = card.run((part, *options))
        part.copy_(along)
        dual(base, whole, number)
        dual(x, part, number)
        return
    shaped = _zeros_for(x, along)
    shaped.copy_(along)
    dual(x, shaped, number)


def _zeros_for(x: Tensor, along: Tensor) -> Tensor:
    """Zeros as large as x, batched as x and along are: to write along into."""
    return zeros_of(x) + along.new_zeros(())


def _primal(t: Any, number: int) -> Any:
    return primal(t, number) if isinstance(t, Tensor) else t


def _differentiable(card: Card) -> bool:
    return card.title != "NotImplemented" and hasattr(card.source, "backward")


def _moves(t: Any, number: int) -> bool:
    return tangent(t, number) is not None


def _linear(card: Card, args: tuple, plain: tuple, number: int) -> Any:
    result = card.run(plain)
    first = args[0]
    if card.listed:
        if not any(_moves(t, number) for t in first):
            return result
        along: Any = [
            zeros_like(t) if tangent(t, number) is None else tangent(t, number) for t in first
        ]
    else:
        along = tangent(first, number)
        if along is None:
            return result
    if card.name == "constant_pad_nd":
        plain = (*plain[:2], 0)
    moved = card.run((along, *plain[1:]))
    if isinstance(result, Tensor):
        return _with(result, moved, number)
    return remade_pairs(result, moved, number)


def _with(y: Tensor, along: Any, number: int) -> Tensor:
    if along is None or y._a.dtype.kind not in "fcV":
        return y
    if along._a.dtype is not y._a.dtype and along._a.dtype != y._a.dtype:
        along = along.to(y.dtype)
    return dual(y, along, number)


def remade_pairs(result: Any, moved: Any, number: int) -> Any:
    """Results with their tangents, one by one."""
    tangents = iter(moved)
    return remade(result, lambda t: _with(t, next(tangents), number))


def _is_pointwise(card: Card) -> bool:
    if card.name in _NOT_HERE or card.outputs != 1:
        return False
    return kind_of(card) == "elementwise" or RULES.get(card.name) is pointwise


def _general(card: Card, args: tuple, plain: tuple, number: int) -> Any:
    """The op on fresh copies of its inputs, and derivatives of it."""
    positions = (0,) if card.listed else card.tensors
    sources: list[Any] = list(args[0]) if card.listed else [args[i] for i in positions]
    inner: list[Any] = list(plain[0]) if card.listed else [plain[i] for i in positions]
    recording = mode.grad and any(isinstance(t, Tensor) and t._rg for t in inner)
    moving = [
        isinstance(t, Tensor) and tangent(t, number) is not None and t._a.dtype.kind in "fcV"
        for t in sources
    ]
    if not any(moving):
        return card.run(plain)
    locals_: list[Any] = []
    with enable_grad():
        for t in inner:
            if isinstance(t, Tensor) and t._a.dtype.kind in "fcV":
                mode.grad = recording
                t = fresh(t)
                mode.grad = True
            locals_.append(t)
        if card.listed:
            given: tuple = (locals_, *plain[1:])
        else:
            values = list(plain)
            for i, t in zip(positions, locals_, strict=True):
                values[i] = t
            given = tuple(values)
        result = card.run(given)
        results = list(result) if isinstance(result, (tuple, list)) else [result]
        count = len(results) if card.outputs == "list" else card.outputs
        outs = [y for y in results[:count] if y._rg]
        xs = [t for t, m in zip(locals_, moving, strict=True) if m]
        ts = [tangent(t, number) for t, m in zip(sources, moving, strict=True) if m]
        if _is_pointwise(card) and outs:
            along: list[Any] = [_along_pointwise(outs[0], xs, ts, recording)]
        else:
            along = _twice(outs, xs, ts, recording, int(card.name not in _FROM_0))
    moved = iter(along)

    def finished(y: Tensor) -> Tensor:
        along = next(moved) if any(y is o for o in outs) else None
        y = y if recording else forgotten(y)
        if along is not None and not recording and along._rg:
            along = forgotten(along)
        return _with(y, along, number)

    return remade(result, finished)


def forgotten(t: Tensor) -> Tensor:
    """A tensor without history that carries the rest of what it carries."""
    from ..core.batched import BatchArray, batched

    if type(t._a) is BatchArray:
        other = batched(forgotten(t._a.value), t._a.level)
    else:
        other = alias(t)
        other._view = other._node = None
        other._rg = False
    if t._duals:
        other._duals = {k: forgotten(v) for k, v in t._duals.items()}
    return other


def _along_pointwise(y: Tensor, xs: list, ts: list, recording: bool) -> Any:
    """Σ dy/dx t, where dy/dx is a number for each element."""
    total = None
    shape = tuple(y._a.shape)
    for x in xs:
        if tuple(x._a.shape) != shape:
            return _twice([y], xs, ts, recording)[0]
    if y._a.dtype.kind == "c" or any(t._a.dtype != y._a.dtype for t in ts):
        return _twice([y], xs, ts, recording)[0]
    for x, t in zip(xs, ts, strict=True):
        (g,) = gradients([y], [x], [t], recording)
        if g is not None:
            total = g if total is None else total + g
    return total


def _twice(outs: list, xs: list, ts: list, recording: bool, at: int = 1) -> list:
    """J t: the gradient of <J' v, t> with respect to v; at v = 1, since some backwards are linear
    piece by piece and have no derivative at 0."""
    vs = [fresh(filled_as(y, at)) for y in outs]
    first = gradients(outs, xs, vs, True)
    pairs = [
        (g, t if t._a.dtype == g._a.dtype else t.to(g.dtype))
        for g, t in zip(first, ts, strict=True)
        if g is not None and g._rg
    ]
    if not pairs:
        return [None] * len(outs)
    return gradients([g for g, _ in pairs], vs, [t for _, t in pairs], recording)


__all__ = ["CARDS", "Duals", "forgotten"]
