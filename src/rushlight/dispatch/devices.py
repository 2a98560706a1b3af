"""What changes when the first device beside the CPU is used: formulas run as programs there.

From then on every card's forward and backward look whether one of their arguments is an array of a
device, and hand it to the card's program (kernels/xla/program.py). Before that nothing is here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.engine import unchanged
from ..core.accelerators import backend
from ..core.tensor import Tensor
from . import op
from .messages import indices_elsewhere
from .modes import COMPOSITES
from .op import CARDS, Card

_ndarray = np.ndarray
# clone and to_device ask how x lies in memory; a basic index has programs of its own (views.py)
_AS_THEY_ARE = frozenset({"clone", "to_device", "basic", "basic_dx"})
_ANY_DEVICES = frozenset("copy_ type_as expand_as view_as reshape_as new_tensor".split())
# cards that take indices of the host beside arrays of a device, as PyTorch does
_HOST_INDICES = frozenset("index index_put setitem getitem basic_dx index_dx".split())


def adopt() -> None:
    """Prepare every card that there is, and those to come."""
    op.MADE.append(_prepare)
    for card in {id(c): c for c in _cards()}.values():
        _prepare(card)
    for composite in COMPOSITES:
        _prepare(composite)


def _checked(f: Any) -> Any:
    """A composite's function: its tensors are looked at here, since the constants that it makes are
    on the CPU and may stand beside tensors of a device."""
    depth = backend().program.DEPTH

    def function(*args: Any, **options: Any) -> Any:
        if not depth[0]:
            _one_device_of_tensors((*args, *options.values()), f.__name__)
        depth[0] += 1
        try:
            return f(*args, **options)
        finally:
            depth[0] -= 1

    function.__name__, function.__doc__ = f.__name__, f.__doc__
    return function


def _one_device_of_tensors(args: tuple, name: str) -> None:
    here = there = None
    arrays: list[Any] = []
    for a in args:
        if isinstance(a, Tensor) and not a.is_sparse and not hasattr(a, "_as_arguments"):
            a = a._a  # (a CausalBias goes where the query is)
            arrays.append(a)
            if type(a) is _ndarray:
                here = a if a.ndim else here
            elif hasattr(a, "cell"):
                there = a
    if here is not None and there is not None:
        backend().program.one_device(here, there, tuple(arrays), name)


def _cards() -> Any:
    for card in (*CARDS.values(), *Card.used):
        yield card
        yield from card.variants.values()


def _prepare(card: Any) -> None:
    """Put the question in front of a card's formulas, or of a composite's function."""
    if not isinstance(card, Card):
        if card.function is card.unasked and card.name not in _ANY_DEVICES:
            card.function = card.unasked = _checked(card.function)
            card.asking = None
        return
    if card.name in _AS_THEY_ARE or getattr(card.forward, "anywhere", False):
        return
    changed: dict[str, Any] = {}
    if card.view is not True:
        changed["forward"] = forward = _forward(card, card.forward, "")
        plain = getattr(card.forward, "plain", None)
        forward.plain = card.forward if plain is None else _forward(card, plain, "")
        card.forward = forward
    if card.backward is not None and not card.on_tensors:
        changed["backward"] = card.backward = _backward(card, card.backward)
    if card.narrow is not None:
        first, back = card.narrow
        first = _forward(card, first, " in single")
        back = back and _backward(card, back)
        card.narrow = first, back
        changed["narrow_forward"], changed["narrow_backward"] = first, back
    if "forward" in changed and "plain" in dir(changed["forward"]):
        from .order import IMAGES

        if card.order in IMAGES:
            changed["forward"] = card.forward.plain
    card.__dict__.pop("changed", None)
    for name in ("run", "unasked", "fast_backward"):
        names = getattr(card.__dict__.get(name), "__globals__", {})
        if names.get("card") is card:
            names.update({k: v for k, v in changed.items() if k in names})


def _forward(card: Card, f: Any, kind: str) -> Any:
    xla = backend()
    array = xla.Array
    indices = card.name in _HOST_INDICES
    program = xla.Program(f, card.name + kind, indices=indices)
    check, depth = not indices, xla.program.DEPTH

    def forward(*args: Any) -> Any:
        for a in args:
            if type(a) is array:
                break
            if type(a) is list and a and any([type(b) is array for b in a]):
                break
        else:
            if indices:
                _check_indices(args)
            return f(*args)
        if check and not depth[0]:
            _one_device(card, args)
        return program(args)

    forward.__name__, forward.__doc__ = f.__name__, f.__doc__
    forward.anywhere = True  # type: ignore[attr-defined]
    return forward


def _backward(card: Card, f: Any) -> Any:
    xla = backend()
    array = xla.Array
    program = xla.Program(f, card.name + " backward", True, card.name in _HOST_INDICES)
    depth = xla.program.DEPTH

    def backward(c: Any, *args: Any, **options: Any) -> Any:
        for a in args:
            if isinstance(a, tuple):  # in a program nothing can be said of versions
                unchanged(c, a)
        for a in args:
            if type(a) is array:
                return program((c, *args), options)
            if type(a) is list and a and any([type(b) is array for b in a]):
                return program((c, *args), options)
        depth[0] += 1  # on Tensors: its constants may be the host's
        try:
            return f(c, *args, **options)
        finally:
            depth[0] -= 1

    backward.__name__, backward.__doc__ = f.__name__, f.__doc__
    return backward


def _check_indices(args: tuple) -> None:
    for key in args[1:]:
        if isinstance(key, tuple) and (e := indices_elsewhere(args[0], key)):
            raise e


def _one_device(card: Card, args: tuple) -> None:
    """RuntimeError: an array of the host, of more than one number, beside one of a device."""
    first = args[: card.arrays]
    for a in (*args[0], *first[1:]) if card.listed else first:
        if type(a) is _ndarray and a.ndim:
            other = next(
                b for b in (*args[0], *args) if type(b) is not _ndarray and hasattr(b, "cell")
            )
            if type(other.cell.value).__name__.endswith("Tracer"):
                return
            given = [b for b in (*args[0], *args[1:]) if b is not None] if card.listed else args
            raise RuntimeError(backend().program.mixed(given, card.name))
