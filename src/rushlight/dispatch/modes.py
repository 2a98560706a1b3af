"""Modes: what looks at every op before it runs, while it is on.

Autocast casts the arguments of some ops, tensors without memory ("meta") get results without a
computation, sparse tensors have ways of their own. Nothing here costs anything while no mode is on:
then a card's `run` is its own. The first mode that is switched on puts a question in front of the
`run` of every card in use, of the functions of composites and of Python's operators; when the last
one is switched off they are put back.

A mode is an object with

    run(op, args, kwargs, go)   op: a Card or a Composite; go(*args, **kwargs) runs it. Returns the
                                result, or NotImplemented: not mine
    change(card, args)          likewise, for a card in place: args[0] is changed and returned
"""

from __future__ import annotations

import threading
from types import FunctionType
from typing import Any

from ..core.tensor import Tensor
from .op import Card
from .promotion import is_number


class Named:
    """Something that modes are asked about which is neither a Card nor a Composite."""

    def __init__(self, name: str):
        self.name = name


MODES: tuple[Any, ...] = ()  # those that are on; a new tuple for every change
ON = [False]  # is any? A list, so that modules which import it see the change
COMPOSITES: list[Any] = []  # every Composite, see registry.py
_own: dict[str, Any] = {}  # operator -> Tensor's own function, while modes are on
_lock = threading.RLock()


def switch_on(mode: Any, first: bool = False) -> None:
    """Ask `mode` before every op. A mode may be switched on several times.

    first   before the modes that are on already
    """
    global MODES
    with _lock:
        MODES = (mode, *MODES) if first else (*MODES, mode)
        if not ON[0]:
            ON[0] = True
            _put_in_front()


def switch_off(mode: Any) -> None:
    """Undo one `switch_on`."""
    global MODES
    with _lock:
        left = list(MODES)
        left.remove(mode)
        MODES = tuple(left)
        if ON[0] and not left:
            ON[0] = False
            _put_back()


def guard(card: Card) -> None:
    """Put the question in front of a card's own `run`, if there is one."""
    run = card.__dict__.get("run")
    if run is None or card.unasked is not None:
        return

    def asking(args: Any) -> Any:
        for mode in MODES:
            result = mode.run(card, args, {}, lambda *args: run(args))
            if result is not NotImplemented:
                return result
        return run(args)

    card.unasked, card.run = run, asking


def _put_in_front() -> None:
    for card in Card.made:
        guard(card)
    for op in COMPOSITES:
        op.function = _asking(op, op.unasked)
    for name, function in list(vars(Tensor).items()):
        op = getattr(function, "operator_of", None)
        if op is not None and isinstance(function, FunctionType):
            _own[name] = function
            setattr(Tensor, name, _asking(op, function, hasattr(function, "turned")))


def _put_back() -> None:
    for card in Card.made:
        if card.unasked is not None:
            card.run, card.unasked = card.unasked, None
    for op in COMPOSITES:
        op.function = op.unasked
    for name, function in _own.items():
        setattr(Tensor, name, function)
    _own.clear()


def _asking(op: Any, function: Any, reflected: bool = False) -> Any:
    """function(...) with the modes asked first; reflected: it gets its two arguments turned."""

    def asking(*args: Any, **kwargs: Any) -> Any:
        given, kind = args[::-1] if reflected else args, op
        if isinstance(op, Card):  # an operator: as its face would call it
            if not all(isinstance(a, Tensor) or is_number(a) for a in args):
                return function(*args, **kwargs)
            given = (*given, *op.defaults)
            kind = op.select(given)
        for mode in MODES:
            result = mode.run(
                kind, given, kwargs, lambda *a, **k: function(*(a[::-1] if reflected else a), **k)
            )
            if result is not NotImplemented:
                return result
        return function(*args, **kwargs)

    asking.__name__ = getattr(function, "__name__", "op")
    return asking


def changed(card: Card, args: tuple) -> Any:
    """What a mode makes of an op in place; NotImplemented if none of them has to do with it."""
    for mode in MODES:
        result = mode.change(card, args)
        if result is not NotImplemented:
            return result
    return NotImplemented
