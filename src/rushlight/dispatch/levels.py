"""Levels: tensors that carry more than their elements while function transforms run.

`vmap` opens a level whose tensors stand for each sample of a batch (core/batched.py), forward mode
one whose tensors carry a tangent (`_duals`). Levels nest; the number of an inner one is higher. One
mode (dispatch/modes.py), on while a level is open, looks at the arguments of every op, takes the
highest level off them, and says what the op means there in terms of ops on what is left:

    a batch   batching.py: a rule by the card's kind, or the samples one by one
    a dual    tangents.py: the op on the primals, and the derivative along the tangents
"""

from __future__ import annotations

import functools
import itertools
import math
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..autograd import api
from ..autograd import function as function_module
from ..core.batched import BatchArray, BatchedRead, batched
from ..core.sparse import NoElements
from ..core.tensor import Tensor, new
from . import late, modes
from .call import view_of
from .inplace import apply_inplace
from .op import CARDS, Card
from .registry import FUNCTIONS

_numbers: Any = itertools.count(1)


class Level:
    """One open transform: kind "vmap" or "jvp"; size and randomness of a vmap."""

    def __init__(self, kind: str, size: int = 0, randomness: str = "error"):
        self.kind, self.size, self.randomness = kind, size, randomness
        self.number: int = next(_numbers)


class _State(threading.local):
    """The thread's open levels, outermost first."""

    def __init__(self) -> None:
        self.open: list[Level] = []
        self.numbers: set[int] = set()  # of the open ones
        self.user: Level | None = None  # that of forward_ad.enter_dual_level
        self.transforms = 0  # how many function transforms of any kind are running
        self.below: float = math.inf  # numbers are being drawn for levels from this one on
        self.forward = True  # False: tangents are not computed (set_fwd_grad_enabled)


state = _State()


@contextmanager
def transforming() -> Iterator[None]:
    """Inside a function transform: calls that only make sense outside are refused."""
    state.transforms += 1
    _count(1)
    try:
        yield
    finally:
        state.transforms -= 1
        _count(-1)


def enter(kind: str, size: int = 0, randomness: str = "error") -> Level:
    """Open a level."""
    level = Level(kind, size, randomness)
    if not state.open:
        with _lock:
            if not _on[0]:
                _put_in_front()
            _on[0] += 1
        _count(1)
        modes.switch_on(Levels, first=True)
    state.open.append(level)
    state.numbers.add(level.number)
    return level


def leave(level: Level) -> None:
    """Close it, and what was left open inside."""
    while state.open:
        found = state.open.pop()
        state.numbers.discard(found.number)
        if not state.open:
            with _lock:
                _on[0] -= 1
            modes.switch_off(Levels)  # puts back what was put in front, see `_settle`
            _count(-1)
        if found is level:
            return


def begin(kind: str, size: int = 0, randomness: str = "error") -> Level:
    """Open a level of a function transform; `end` closes it."""
    state.transforms += 1
    _count(1)
    return enter(kind, size, randomness)


def end(level: Level) -> None:
    """Close a level that `begin` opened."""
    leave(level)
    state.transforms -= 1
    _count(-1)


@contextmanager
def opened(kind: str, size: int = 0, randomness: str = "error") -> Iterator[Level]:
    """Inside, a level is open."""
    level = enter(kind, size, randomness)
    try:
        yield level
    finally:
        leave(level)


# Short cuts that do not ask: makers of views, and ops in place without a gradient. While a level is
# open, others that look first are in their places.
_on = [0]  # threads with open levels
_lock = threading.RLock()
_cut: list[tuple[Any, str, Any]] = []  # (where, name, what was there)


def _put_in_front() -> None:
    if _cut:  # still there from the last time
        if _known[0] == (len(sys.modules), len(CARDS)):
            return
        _put_back()
    key = len(sys.modules), len(CARDS)
    if key != _known[0] or any(_there(where, name) is not old for where, name, old, _ in _plan):
        _plan[:] = _planned()
        _known[0] = len(sys.modules), len(CARDS)
    for where, name, old, looking in _plan:
        _cut.append((where, name, old))
        _put(where, name, looking)


_plan: list[tuple[Any, str, Any, Any]] = []  # (where, name, what is there, what looks first)
_known: list[Any] = [None]  # how many modules and cards there were when the plan was made


def _planned() -> list[tuple[Any, str, Any, Any]]:
    package = __name__.partition(".")[0]
    plan: list[tuple[Any, str, Any, Any]] = []
    for name, module in list(sys.modules.items()):
        if name.startswith(f"{package}.ops."):
            if vars(module).get("view_of") is view_of:
                plan.append((module, "view_of", view_of, _looking_view_of))
            if "dropped" in vars(module):
                plan.append((module, "dropped", module.dropped, None))
    for card in CARDS.values():
        if "change" in vars(card):
            plan.append((card, "change", card.change, _looking_change(card, card.change)))
    for name, function in list(vars(Tensor).items()):
        changed = getattr(function, "changes", None)
        if changed is not None:
            plan.append((Tensor, name, function, _looking_operator(changed, function)))
    plan.append((Tensor, "data", vars(Tensor)["data"], _DATA))
    plan.append((Tensor, "detach", vars(Tensor)["detach"], _looking_detach))
    for cache in FUNCTIONS.caches:  # else a name that is first asked for inside would stay
        for name in FACTORIES:
            cache.setdefault(name, FUNCTIONS[name])
    for names in (FUNCTIONS, *FUNCTIONS.caches):
        plan += [(names, name, names[name], None) for name in FACTORIES]
    for name in ("multinomial", "bernoulli"):
        plan.append((Tensor, name, vars(Tensor)[name], None))
    return [(w, n, old, new_one or _looking_factory(n, old)) for w, n, old, new_one in plan]


def _there(where: Any, name: str) -> Any:
    return where.get(name) if isinstance(where, dict) else vars(where).get(name)


def _put(where: Any, name: str, thing: Any) -> None:
    if isinstance(where, dict):
        where[name] = thing
    else:
        setattr(where, name, thing)


def _count(change: int) -> None:
    """What is refused, or asks, inside any transform or level; done by the first of them."""
    with _lock:
        _transforms[0] += change
        if change > 0 and _transforms[0] == 1:
            _refuse()
        elif not _transforms[0]:
            api.CARRYING.clear()
            function_module.CARRYING.clear()
            if not _cut:
                _allow()


_transforms = [0]
_refusals: list[tuple[Any, str, Any]] = []


def _allow() -> None:
    while _refusals:
        where, name, old = _refusals.pop()
        setattr(where, name, old)


def _settle() -> None:
    """What modes.py calls when it puts everything back."""
    if _lock is None:  # Python is going down
        return
    with _lock:
        if not _on[0]:
            _put_back()
        if not _transforms[0]:
            _allow()


modes.SETTLE.append(_settle)


def _again() -> None:
    """A family was imported: its short cuts are replaced, too."""
    with _lock:
        if _on[0]:
            _put_in_front()


late.LOADED.append(_again)


def _refuse() -> None:
    api.CARRYING[:] = [_carried_gradients]
    function_module.CARRYING[:] = [CALL[0]]
    if _refusals:
        return
    package = sys.modules[f"{__name__.partition('.')[0]}.autograd"]
    backward = _refused_inside(api.backward, _NO_BACKWARD)
    asking = _refused_inside(Tensor.requires_grad_, _NO_LEAF)
    for where, name, f in (
        (Tensor, "requires_grad_", asking),
        (api, "backward", backward),
        (package, "backward", backward),
    ):
        _refusals.append((where, name, vars(where)[name]))
        setattr(where, name, f)


def _put_back() -> None:
    while _cut:
        _put(*_cut.pop())


FACTORIES = frozenset(
    "rand randn randint randperm rand_like randn_like randint_like multinomial normal "
    "bernoulli".split()
)


def _looking_factory(name: str, plain: Any) -> Any:
    """A function that draws numbers: inside vmap, refused or drawn for each sample."""

    @functools.wraps(plain)
    def drawing(*args: Any, **kwargs: Any) -> Any:
        level = _innermost_vmap()
        if level is None:
            _asked_in_vain()
            return plain(*args, **kwargs)
        return DRAW[0](name, drawing, args, kwargs, level)

    return drawing


def _innermost_vmap() -> Level | None:
    for level in reversed(state.open):
        if level.kind == "vmap" and level.number < state.below:
            return level
    return None


@contextmanager
def drawing_for(level: Level) -> Iterator[None]:
    """Inside, this vmap and those in it have been asked about random numbers."""
    before, state.below = state.below, level.number
    try:
        yield
    finally:
        state.below = before


def _asked_in_vain() -> None:
    if not _on[0]:
        modes.unneeded()


def _no_data(t: Tensor, *new: Any) -> Any:
    _asked_in_vain()
    if type(t._a) is BatchArray:
        raise RuntimeError("accessing `data` under vmap transform is not allowed")
    return _plain_data.__set__(t, *new) if new else _plain_data.__get__(t)


def _looking_detach(self: Tensor) -> Tensor:
    if type(self._a) is BatchArray:
        return batched(self._a.value.detach(), self._a.level)
    _asked_in_vain()
    return _plain_detach(self)


_plain_detach: Any = Tensor.detach
_plain_data: Any = vars(Tensor)["data"]
_DATA = property(_no_data, _no_data, doc=_plain_data.__doc__)
_NO_LEAF = (
    "You are attempting to call Tensor.requires_grad_() (or perhaps using "
    "torch.autograd.functional.* APIs) inside of a function being transformed by a functorch "
    "transform. This is unsupported, please attempt to use the functorch transforms (e.g. grad, "
    "vjp, jacrev, jacfwd, hessian) or call requires_grad_() outside of a function being "
    "transformed instead."
)
_NO_BACKWARD = (
    "backward() called inside a functorch transform. This is not supported, please use "
    "functorch.grad or functorch.vjp instead or call backward() outside of functorch transforms."
)


def _refused_inside(plain: Any, words: str) -> Any:
    """The function, which is refused inside a transform (not inside forward_ad.dual_level)."""

    @functools.wraps(plain)
    def refusing(*args: Any, **kwargs: Any) -> Any:
        if state.transforms:
            raise RuntimeError(words)
        return plain(*args, **kwargs)

    return refusing


def _carried_gradients(outputs: Any, inputs: Any, seeds: Any, *how: Any) -> Any:
    """autograd.grad of tensors that carry something; None if they do not."""
    if not highest((*outputs, *inputs, *[v for v in seeds if v is not None])):
        return None
    for y, v in zip(outputs, seeds, strict=True):
        if v is None and y.numel() != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
    return GRADIENTS[0](list(outputs), list(inputs), list(seeds), *how)


def _looking_view_of(card: Any, x: Tensor, array: Any, options: tuple) -> Tensor:
    if type(x._a) is BatchArray or x._duals:
        return card.run((x, *options))
    _asked_in_vain()
    return view_of(card, x, array, options)


def _looking_change(card: Any, plain: Any) -> Any:
    def change(args: Any) -> Any:
        _asked_in_vain()
        return Card.change(card, args) if highest(args) else plain(args)

    return change


def _looking_operator(card: Any, plain: Any) -> Any:
    @functools.wraps(plain)
    def inplace(x: Any, y: Any) -> Any:
        if highest((x, y)):
            args = (x, y, *card.defaults)
            return apply_inplace(card.select(args), args)
        return plain(x, y)

    return inplace


# ---------------------------------------------------------------- what tensors carry


def level_of(t: Tensor) -> int:
    """The highest level that a tensor carries something of; 0: a plain tensor."""
    a = t._a
    found = a.level if type(a) is BatchArray else 0
    if t._duals:  # tangents of closed levels are nobody's any more
        found = max([found, *[k for k in t._duals if k in state.numbers]])
    return found


def highest(values: Any) -> int:
    """The highest level among arguments and lists of them."""
    found = 0
    for v in values:
        if isinstance(v, Tensor):
            try:
                if type(v._a) is BatchArray or v._duals:
                    found = max(found, level_of(v))
            except NoElements:  # a sparse one carries nothing
                pass
        elif type(v) in (list, tuple):
            found = max(found, highest(v))
        elif type(v) is BatchArray:  # an index, as cards see it
            found = max(found, v.level)
    return found


def is_batched(t: Any, level: int) -> bool:
    """True for a tensor (or an index) that stands for a batch of this level."""
    a = t._a if isinstance(t, Tensor) else t
    return type(a) is BatchArray and a.level == level


def value_of(t: Any) -> Tensor:
    """All samples of a batched tensor."""
    array: Any = t._a if isinstance(t, Tensor) else t
    return array.value


def alias(t: Tensor) -> Tensor:
    """The same elements, history and duals in another Tensor."""
    other = new(Tensor)
    other._a, other._rg, other._node, other._view = t._a, t._rg, t._node, t._view
    if t._v is None:
        t._v = [0]
    other._v = t._v
    other._slot = t._slot if t._node is not None else 0
    if t._duals:
        other._duals = dict(t._duals)
    return other


def primal(t: Any, level: int) -> Any:
    """A tensor without its tangent of this level."""
    if isinstance(t, Tensor) and type(t._a) is BatchArray and t._a.level > level:
        return batched(primal(t._a.value, level), t._a.level)
    if not (isinstance(t, Tensor) and t._duals and level in t._duals):
        return t
    other = alias(t)
    assert other._duals is not None
    del other._duals[level]
    if not other._duals:
        other._duals = None
    return other


def tangent(t: Any, level: int) -> Any:
    """The tangent of a tensor, or None."""
    if isinstance(t, Tensor) and type(t._a) is BatchArray and t._a.level > level:
        along = tangent(t._a.value, level)  # of an outer level: it belongs to all samples
        return None if along is None else batched(along, t._a.level)
    return t._duals.get(level) if isinstance(t, Tensor) and t._duals else None


def dual(t: Tensor, along: Tensor | None, level: int) -> Tensor:
    """The tensor with a tangent: t itself, which has just been made and is nobody else's."""
    if along is not None:
        t._duals = {**(t._duals or {}), level: along}
    return t


def mapped(value: Any, f: Any) -> Any:
    """An argument with f(t) in the place of each tensor, in lists too."""
    if isinstance(value, Tensor):
        return f(value)
    if type(value) in (list, tuple):
        return type(value)([mapped(v, f) for v in value])
    return f(value) if type(value) is BatchArray else value


def remade(result: Any, f: Any) -> Any:
    """A result of an op with f(t) in the place of each tensor; named tuples stay what they are."""
    if isinstance(result, Tensor):
        return f(result)
    if isinstance(result, (tuple, list)):
        items = [remade(r, f) for r in result]
        if type(result) in (tuple, list):
            return type(result)(items)
        return type(result)(*items) if hasattr(result, "_fields") else type(result)(items)
    return result


# ---------------------------------------------------------------- the mode


class Levels:
    """The mode, see modes.py."""

    names = None  # asked before every op
    lingers = True

    @staticmethod
    def run(op: Any, args: tuple, kwargs: dict, go: Any) -> Any:
        """The op on what carries a level; NotImplemented if nothing does."""
        number = highest((*args, *kwargs.values()) if kwargs else args)
        name = op.name
        if not number:
            return random_of(op, args, kwargs, go) if name in RANDOM else NotImplemented
        level = level_by(number)
        handler = BATCH[0] if level.kind == "vmap" else DUAL[0]
        if isinstance(op, Card):
            return handler.run_card(op, args, level)
        return handler.run_composite(op, args, kwargs, go, level)

    @staticmethod
    def change(card: Card, args: tuple) -> Any:
        """A card in place."""
        number = highest(args)
        if not number:
            if card.name in RANDOM and (level := _innermost_vmap()) is not None:
                BATCH[0].check_change(level)
            return NotImplemented
        level = level_by(number)
        return (BATCH[0] if level.kind == "vmap" else DUAL[0]).change(card, args, level)


# the two kinds of levels, put here by batching.py and tangents.py; gradients.py's and
# functions.py's functions
BATCH: list[Any] = []
DUAL: list[Any] = []
DRAW: list[Any] = []
GRADIENTS: list[Any] = []
CALL: list[Any] = []
# ops that draw numbers; see `random_of`
RANDOM = frozenset(
    "uniform normal exponential cauchy log_normal geometric bernoulli_of_number "
    "bernoulli_of_tensor random bernoulli_of_input poisson normal_of_mean normal_of_std "
    "normal_of_tensors native_dropout rrelu_with_noise binomial dropout alpha_dropout "
    "feature_dropout feature_alpha_dropout rrelu dropout_ alpha_dropout_ feature_dropout_ "
    "feature_alpha_dropout_ bernoulli_".split()
)


def level_by(number: int) -> Level:
    """The open level of a number. RuntimeError: it is closed, the tensor outlived its transform."""
    for level in state.open:
        if level.number == number:
            return level
    raise RuntimeError(
        "a tensor was used outside of the function transform (vmap, jvp) that it was made in\n"
        "  fix: return it from the function, and use what the transform returns"
    )


def random_of(op: Any, args: tuple, kwargs: dict, go: Any) -> Any:
    """A random op on plain tensors inside vmap: refused, one draw for all, or one for each."""
    level = _innermost_vmap()
    if level is None:
        return NotImplemented
    return BATCH[0].run_random(op, args, kwargs, go, level)


def go_on(op: Any, args: tuple, kwargs: dict, go: Any) -> Any:
    """The op as it is, after the other modes were asked."""
    return modes.go_on(Levels, op, args, kwargs, go)


__all__ = ["BatchArray", "BatchedRead", "Level", "batched", "enter", "leave", "level_of", "opened"]
