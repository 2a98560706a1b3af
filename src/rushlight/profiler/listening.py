"""Listeners: who is told when an op, a node of backward, or a step of an optimizer begins and ends.

A mode (dispatch/modes.py) sees ops; what does not ask modes (in place without a gradient, some
views, factories, the engine) has other functions in its place while anyone listens, and its own
again afterwards. Nothing here costs anything while nobody listens.

A listener is an object with

    thread                                    the thread that it listens to (threading.get_ident())
    begin(kind, name, args, what, keywords)   returns anything; `end` gets it back
    end(token, result)                        result: None after an error

    kind    "op", "change" (in place), "view", "node" (of backward), "leaf" (its gradient is added),
            "block" (the step of an optimizer, the next batch of a loader)
    what    the Card, Composite or node; None for the others
"""

from __future__ import annotations

import functools
import sys
from threading import get_ident
from typing import Any

from ..autograd import engine
from ..core.grad_mode import watching
from ..core.tensor import Tensor
from ..dispatch import modes
from ..dispatch.op import CARDS, Card
from ..dispatch.registry import FUNCTIONS

LISTENERS: tuple[Any, ...] = ()
NONE: dict[str, Any] = {}
# functions that do not ask modes; of torch, and of Tensor
_FACTORIES = (
    "zeros ones empty full eye arange linspace logspace rand randn randint randperm rand_like "
    "randn_like randint_like bernoulli multinomial normal einsum reshape"
).split()
_METHODS = "view reshape item to bernoulli multinomial".split()
_put: list[tuple[Any, str, Any, Any]] = []  # (where, name, what was there, what is there now)


def listen(listener: Any) -> None:
    """Tell it from now on."""
    global LISTENERS
    LISTENERS = (*LISTENERS, listener)
    if len(LISTENERS) == 1:
        _begin()


def unlisten(listener: Any) -> None:
    """Tell it no more."""
    global LISTENERS
    LISTENERS = tuple(other for other in LISTENERS if other is not listener)
    if not LISTENERS:
        _end()


def heard(kind: str, name: str, args: Any, what: Any, go: Any, keywords: Any = NONE) -> Any:
    """go(), with the listeners of this thread told."""
    here = get_ident()
    tokens = [(x, x.begin(kind, name, args, what, keywords)) for x in LISTENERS if x.thread == here]
    result = None
    try:
        result = go()
    finally:
        for listener, token in reversed(tokens):
            listener.end(token, result)
    return result


class Listening:
    """The mode, see modes.py."""

    names = None  # asked before every op

    @staticmethod
    def run(op: Any, args: tuple, kwargs: dict, go: Any) -> Any:
        """Run the op, the other modes asked."""

        def rest() -> Any:
            return modes.go_on(Listening, op, args, kwargs, go)

        return heard("op", op.name, args, op, rest, kwargs)

    @staticmethod
    def change(card: Card, args: tuple) -> Any:
        """In place: heard where it was called."""
        return NotImplemented


def _begin() -> None:
    modes.switch_on(Listening, first=True)
    watching[0] += 1  # the engine takes the way through _backward_of, see engine.py
    _replace(engine, "_backward_of", _heard_backward(engine._backward_of))
    _replace(engine, "accumulate_in", _heard_leaf(engine.accumulate_in))
    _replace(Card, "change", _heard_change(Card.change))
    for card in CARDS.values():
        if "change" in vars(card):
            _replace(card, "change", functools.partial(_heard_change(card.change, card)))
    for name, function in list(vars(Tensor).items()):
        if hasattr(function, "changes"):
            _replace(Tensor, name, _heard_operator(function, function.changes))
    for name in _METHODS:
        _replace(Tensor, name, _heard_function(vars(Tensor)[name], "view", name))
    for name in _FACTORIES:
        function = _heard_function(FUNCTIONS[name], "op", name)
        for names in (FUNCTIONS, *FUNCTIONS.caches):
            _replace(names, name, function)
    optimizer = sys.modules.get(f"{__package__.partition('.')[0]}.optim.optimizer")
    if optimizer is not None:
        for kind in _optimizers(optimizer.Optimizer):
            for method in ("step", "zero_grad"):
                if method in vars(kind):
                    _replace(kind, method, _heard_step(vars(kind)[method], method))
    loader = sys.modules.get(f"{__package__.partition('.')[0]}.utils.data.dataloader")
    if loader is not None:
        kind = loader._BaseDataLoaderIter
        _replace(kind, "__next__", _heard_next(kind.__next__))


def _optimizers(kind: Any) -> list:
    return [kind, *[k for sub in kind.__subclasses__() for k in _optimizers(sub)]]


def _end() -> None:
    for where, name, before, now in reversed(_put):
        if _there(where, name) is not now:
            continue  # somebody else's by now
        if before is None:
            del where[name]  # a name of `torch` that nobody had asked for yet
        elif isinstance(where, dict):
            where[name] = before
        else:
            setattr(where, name, before)
    _put.clear()
    watching[0] -= 1
    modes.switch_off(Listening)


def _there(where: Any, name: str) -> Any:
    return dict.get(where, name) if isinstance(where, dict) else vars(where).get(name)


def _replace(where: Any, name: str, function: Any) -> None:
    _put.append((where, name, _there(where, name), function))
    if isinstance(where, dict):
        where[name] = function
    else:
        setattr(where, name, function)


# ---------------------------------------------------------------- what is put in the places


def _heard_backward(plain: Any) -> Any:
    def backward_of(node: Any, grads: Any, on_tensors: bool, retain_graph: bool) -> Any:
        args = grads if isinstance(grads, list) else [grads]
        return heard(
            "node", node.name(), args, node, lambda: plain(node, grads, on_tensors, retain_graph)
        )

    return backward_of


def _heard_leaf(plain: Any) -> Any:
    def accumulate_in(leaf: Tensor, grad: Any, on_tensors: bool) -> None:
        heard("leaf", "AccumulateGrad", [grad], None, lambda: plain(leaf, grad, on_tensors))

    return accumulate_in


def _heard_change(plain: Any, card: Any = None) -> Any:
    if card is not None:
        return lambda args: heard("change", card.name + "_", args, card, lambda: plain(args))

    def change(self: Any, args: Any) -> Any:
        return heard("change", self.name + "_", args, self, lambda: plain(self, args))

    return change


def _heard_operator(plain: Any, card: Any) -> Any:
    def inplace(x: Any, y: Any) -> Any:
        return heard("change", card.name + "_", (x, y), card, lambda: plain(x, y))

    inplace.changes = card  # type: ignore[attr-defined]
    return inplace


def _heard_function(plain: Any, kind: str, name: str) -> Any:
    @functools.wraps(plain)
    def function(*args: Any, **kwargs: Any) -> Any:
        return heard(kind, name, args, None, lambda: plain(*args, **kwargs), kwargs)

    return function


def _heard_step(plain: Any, method: str) -> Any:
    @functools.wraps(plain)
    def step(self: Any, *args: Any, **kwargs: Any) -> Any:
        name = f"Optimizer.{method}#{type(self).__name__}.{method}"
        return heard("block", name, (), None, lambda: plain(self, *args, **kwargs))

    return step


def _heard_next(plain: Any) -> Any:
    def following(self: Any) -> Any:
        name = f"enumerate(DataLoader)#{type(self).__name__}.__next__"
        return heard("block", name, (), None, lambda: plain(self))

    return following
