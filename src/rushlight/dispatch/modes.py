"""Modes: what looks at every op before it runs, while it is on.

Autocast casts the arguments of some ops, tensors without memory ("meta") get results without a
computation, sparse tensors have ways of their own. Nothing here costs anything while no mode is on:
then a card's `run` is its own. A mode that is switched on puts a question in front of the `run` of
the cards that it wants to see, and of the functions of composites; one that wants to see everything
puts it in front of Python's operators, too. When the last mode is switched off they are put back:
at once, or, after a mode that `lingers` (vmap is opened and closed in a loop), when so many ops
have asked in vain that putting back and in again would have cost as much.

A mode is an object with

    lingers                     True: leave everything in place for a while
    names                       of the cards and composites that it wants to see; None: all, and
                                operators
    run(op, args, kwargs, go)   op: a Card or a Composite; go(*args, **kwargs) runs it. Returns the
                                result, or NotImplemented: not mine
    change(card, args)          likewise, for a card in place: args[0] is changed and returned
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

from ..core.meta import LOCK
from ..core.tensor import Tensor
from . import late
from .op import Card
from .promotion import is_number


class Named:
    """Something that modes are asked about which is neither a Card nor a Composite."""

    def __init__(self, name: str):
        self.name = name


MODES: tuple[Any, ...] = ()  # those that are on; a new tuple for every change
ON = [False]  # is any? A list, so that modules which import it see the change
COMPOSITES: list[Any] = []  # every Composite, see registry.py
# while modes are on: cards and composites that ask, and operator -> Tensor's own function
_guarded: list[Card] = []
_fronted: list[Any] = []
_own: dict[str, Any] = {}
_wanted: dict[Any, tuple[int, list]] = {}  # mode -> (how many composites there were, its own)


def switch_on(mode: Any, first: bool = False) -> None:
    """Ask `mode` before its ops. A mode may be switched on several times.

    first   before the modes that are on already
    """
    with LOCK:
        if not getattr(mode, "lingers", False):
            settle()
            for f in SETTLE:  # other modes are on
                f()
        known = mode in MODES
        _change(lambda modes: (mode, *modes) if first else (*modes, mode))
        ON[0] = True
        if not known:
            _put_in_front(mode)


def switch_off(mode: Any) -> None:
    """Undo one `switch_on`. What it was asked for goes on being asked until all modes are off."""
    with LOCK:
        _change(lambda modes: _without(modes, mode))
        if ON[0] and not MODES:
            ON[0] = False
            if getattr(mode, "lingers", False):
                _waiting[0], _seen[:] = PATIENCE, (len(Card.used), len(COMPOSITES))
            else:
                _put_back()


PATIENCE = 300  # asking in vain costs 0.2 µs, putting back and in again 60
_waiting = [0]  # so many ops may still ask in vain; 0: everything is put back, or a mode is on
_seen = [0, 0]  # the cards and composites that there were when the last mode was switched off
SETTLE: list[Any] = []  # called when everything is put back


def unneeded() -> None:
    """An op asks, and no mode is on."""
    _waiting[0] -= 1
    if _waiting[0] <= 0:
        settle()


def settle() -> None:
    """Put everything back now if no mode is on."""
    with LOCK:
        if not MODES:
            _put_back()


def go_on(mode: Any, op: Any, args: tuple, kwargs: dict, go: Any) -> Any:
    """What `mode` does with an op that it leaves as it is: the others are asked, then it runs."""
    for other in MODES:
        if other is not mode:
            result = other.run(op, args, kwargs, go)
            if result is not NotImplemented:
                return result
    return go(*args, **kwargs)


def _without(modes: tuple, mode: Any) -> tuple:
    i = modes.index(mode)
    return modes[:i] + modes[i + 1 :]


def _change(f: Any) -> None:
    """MODES = f(MODES); again if the garbage collector has switched a mode off meanwhile."""
    global MODES
    while True:
        before = MODES
        after = f(before)
        if MODES is before:
            MODES = after
            return


def guard(card: Card) -> None:
    """Put the question in front of a card's own `run`, if a mode wants to be asked."""
    if card.unasked is not None or not any(_wants(mode, card) for mode in set(MODES)):
        return
    run = card.run
    asking = card.asking
    if asking is None:

        def asking(args: Any) -> Any:
            if not MODES:
                unneeded()
            for mode in MODES:
                result = mode.run(card, args, {}, lambda *args: run(args))
                if result is not NotImplemented:
                    return result
            return run(args)

        card.asking = asking
    card.unasked, card.run = run, asking
    _guarded.append(card)


def _wants(mode: Any, op: Any) -> bool:
    return mode.names is None or op.name in mode.names


def _put_in_front(mode: Any) -> None:
    waiting, _waiting[0] = _waiting[0], 0
    if waiting > 0 and _seen[1] == len(COMPOSITES):
        for card in Card.used[_seen[0] :]:
            guard(card)
        return
    for card in Card.used:
        if _wants(mode, card):
            guard(card)
    count, composites = _wanted.get(mode, (0, []))
    if count != len(COMPOSITES):
        composites = [op for op in COMPOSITES if _wants(mode, op)]
        _wanted[mode] = len(COMPOSITES), composites
    for op in composites:
        if op.function is op.unasked:
            if op.asking is None:
                op.asking = _asking(op, op.unasked)
            op.function = op.asking
            _fronted.append(op)
    if mode.names is not None or _own:
        return
    for name, function in list(vars(Tensor).items()):
        op = getattr(function, "operator_of", None)
        if op is not None and isinstance(function, FunctionType):
            _own[name] = function
            setattr(Tensor, name, _asking(op, function, hasattr(function, "turned")))


def _again() -> None:
    """A family was imported: the question goes in front of its functions, too."""
    with LOCK:
        for mode in dict.fromkeys(MODES):
            _put_in_front(mode)


late.LOADED.append(_again)


def _put_back() -> None:
    _waiting[0] = 0
    for f in SETTLE:
        f()
    for card in _guarded:
        card.run, card.unasked = card.unasked, None
    for op in _fronted:
        op.function = op.unasked
    for name, function in _own.items():
        setattr(Tensor, name, getattr(function, "written", None) or function)
    _guarded.clear()
    _fronted.clear()
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
        if not MODES:
            unneeded()
        for mode in MODES:
            result = mode.run(
                kind, given, kwargs, lambda *a, **k: function(*(a[::-1] if reflected else a), **k)
            )
            if result is not NotImplemented:
                return result
        return function(*args, **kwargs)

    asking.__name__ = getattr(function, "__name__", "op")
    asking.__doc__ = function.__doc__
    return asking


def changed(card: Card, args: tuple) -> Any:
    """What a mode makes of an op in place; NotImplemented if none of them has to do with it."""
    for mode in MODES:
        result = mode.change(card, args)
        if result is not NotImplemented:
            return result
    return NotImplemented
