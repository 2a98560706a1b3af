"""Running a card: Tensors in, the formula on arrays, Tensors out, a node if one is needed."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..autograd.node import Node, edge_of, make_node
from ..core.device import STARTED
from ..core.grad_mode import inferring, mode
from ..core.making import look, share
from ..core.meta import MetaArray
from ..core.tensor import Tensor, _cell, wrap
from . import codegen, modes
from .messages import TRANSLATED, explain, refused
from .op import MADE, SHAPE, Card
from .order import ordered
from .promotion import promoted

_ndarray = np.ndarray
RECORD: list[
    Any
] = []  # the node of a tensor without elements: record(card, args, results), ops/meta


def _on_devices() -> None:
    from .devices import adopt  # seldom needed

    adopt()


STARTED.append(_on_devices)


def apply(card: Card, args: tuple) -> Any:
    """Run a card on its full argument tuple."""
    return card.run(args)


def runner(card: Card) -> Any:
    """The function that runs this card on its full argument tuple, as short as its kind allows."""
    if card.listed and card.fresh and card.outputs == 1 and card.narrow is None:
        return _listing(card)
    if card.outputs == "list" and card.view and card.promote is None and not card.not_for:
        return _parting(card)
    several = card.result is not None or card.outputs not in (1, "list")
    if several and card.fresh and not (card.listed or card.view or card.promote):
        return _several(card)
    if card.listed or card.result is not None or card.outputs != 1:
        return partial(_general, card)
    if card.view:
        return codegen.viewer(card, view_of, _copied)
    return codegen.runner(card)


def _first_run(card: Card, args: tuple) -> Any:
    for f in MADE:  # a copy of a card, made before devices were used
        f(card)
    card.run = runner(card)
    Card.used.append(card)
    if modes.ON[0]:
        modes.guard(card)
    return card.run(args)


Card.run = _first_run


def _several(card: Card) -> Any:
    """`run` of a card of one tensor with several results, such as (values, indices)."""
    forward, narrow, not_for = card.forward, card.narrow, card.not_for
    result, visible = card.result or tuple, card.visible

    def run(args):
        x, options = args[0], args[1:]
        a = x._a
        if x._rg or inferring[0] or type(a) is not _ndarray or a.dtype.kind in not_for:
            return _general(card, args)
        if narrow is not None and a.itemsize == 2:
            return _general(card, args)
        for o in options:
            if isinstance(o, Tensor):
                return _general(card, args)
        try:
            arrays = forward(a, *options)
        except TRANSLATED as e:
            raise explain(card, args, e) from None
        return tuple.__new__(result, [wrap(r) for r in arrays[:visible]])

    return run


def _copied(card: Card, args: tuple, array: np.ndarray) -> Tensor:
    """The result of a card whose result can be a view of its first argument, and is none."""
    t = wrap(array)
    if args[0]._rg and mode.grad:
        record(card, args, (array,), (t,))
    return t


def _parting(card: Card) -> Any:
    """`run` of a card whose results are views of its first argument: one look for all of them."""
    forward, name = card.forward, card.node_type.__name__

    def run(args):
        x = args[0]
        a = x._a
        if type(a) is not _ndarray or (inferring[0] and mode.inference):
            return _general(card, args)
        try:
            arrays = forward(a, *args[1:])
        except TRANSLATED as e:
            raise explain(card, args, e) from None
        parts = share(x, arrays, card, args[1:], name)
        if x._rg and mode.grad:
            record(card, args, tuple(arrays), parts)
        return parts

    return run


def view_of(card: Card, x: Tensor, array: np.ndarray, options: tuple) -> Tensor:
    """The Tensor of `array`, a view of x that `card` made with these options.

    It shares x's version, knows its base, and is recorded.
    """
    t = share(x, array, card, options, None)
    if x._rg and mode.grad and array.dtype.kind in "fcV":
        saved = [x._a.shape if i == SHAPE else options[i - 1] if i else x for i in card.save]
        t._node = make_node(card.node_type, (edge_of(x),), saved)
        t._slot = 0
        t._rg = True
        if isinstance(array, MetaArray):
            RECORD[0](card, (x, *options), [t])
    if inferring[0] and mode.inference:
        t._inference = True
    return t


def _listing(card: Card) -> Any:
    """`run` of a card of a list of tensors: one look at the list, where they are of one dtype."""
    forward = card.forward

    def run(args):
        seen = look(args[0])
        if seen is None:
            return _general(card, args)
        arrays, _, wanted = seen
        try:
            r = forward(arrays, *args[1:])
        except TRANSLATED as e:
            raise explain(card, args, e) from None
        t = wrap(r)
        if wanted and mode.grad:
            record(card, args, (r,), (t,))
        if inferring[0] and mode.inference:
            t._inference = True
        return t

    return run


def _general(card: Card, args: tuple) -> Any:
    """`run` of cards with views, lists of tensors, or several results."""
    if card.promote is not None:
        args = promoted(card, args)
    arrays: list = []
    track = False
    for a in args:
        if isinstance(a, Tensor):
            arrays.append(a._a)
            if a._rg:
                track = True
        elif type(a) is list and card.listed and a is args[0]:
            arrays.append([t._a for t in a])
            for t in a:
                if t._rg:
                    track = True
        else:
            arrays.append(a)
    if card.not_for and arrays[0].dtype.kind in card.not_for:
        raise refused(card, arrays)
    try:
        r = card.forward_for(arrays[0])(*arrays)
    except TRANSLATED as e:
        raise explain(card, args, e) from None
    results = r if type(r) is tuple else tuple(r) if type(r) is list else (r,)
    if not card.view and not card.fresh:
        operands = (*arrays[0], *arrays[1:]) if card.listed else arrays
        for x in results:
            if type(x) is _ndarray and (x.base is not None or any([x is a for a in operands])):
                results = tuple(
                    [codegen.apart(x, operands) if type(x) is _ndarray else x for x in results]
                )
                break
    if card.elementwise:
        results = tuple([ordered(x, arrays) if type(x) is _ndarray else x for x in results])
    tensors = tuple(
        [wrap(x) for x in (results if card.outputs == "list" else results[: card.visible])]
    )
    if card.view:
        _share(card, args, tensors)
    if track and mode.grad and card.backward is not None:
        record(card, args, tuple(t._a for t in tensors) + results[len(tensors) :], tensors)
    if inferring[0] and mode.inference:
        for t in tensors:
            t._inference = True
    if card.result is not None:
        return card.result(*tensors)
    return tensors[0] if card.outputs == 1 and len(tensors) == 1 else tensors


def record(card: Card, args: tuple, results: tuple, tensors: tuple) -> Node:
    """Put the node of this call on the tape and hang it on the differentiable outputs."""
    if card.listed:
        edges = tuple([edge_of(t) for t in args[0]])
    else:
        edges = tuple(
            [edge_of(a) if isinstance(a := args[i], Tensor) else None for i in card.tensors]
        )
    saved = tuple([_saved(card, i, args, results, tensors) for i in card.save])
    if card.save_if is not None:
        saved = tuple(
            [
                None if js and all([edges[j] is None for j in js]) else s
                for s, js in zip(saved, card.save_if, strict=True)
            ]
        )
    shapes = None
    if card.broadcast:
        shapes = tuple(
            [a._a.shape if isinstance(a := args[i], Tensor) else None for i in card.tensors]
        )
    count = len(tensors) if card.outputs == "list" else card.outputs
    outs = None
    if card.outputs != 1:
        outs = tuple([(t._a.shape, t._a.dtype) for t in tensors[:count]])
    node = make_node(card.node_type, edges, saved, shapes, outs)
    for slot in range(count):
        t = tensors[slot]
        if t._a.dtype.kind in "fcV":
            t._node = node
            t._slot = slot
            t._rg = True
    if card.saved_out >= 0:
        cell = _cell(tensors[0])
        node.out_cell = (cell, cell[0])
        if card.more_outs:
            more = {j: _cell(tensors[slot]) for j, slot in card.more_outs.items()}
            node.out_cell += ({j: (cell, cell[0]) for j, cell in more.items()},)
    for t in tensors:
        if t._view is not None:
            t._view.recorded_at = t._view.base._node
    return node


def _saved(card: Card, i: int, args: tuple, results: tuple, tensors: tuple) -> Any:
    """What a node keeps for entry i of Card.save.

    An index that the user gets is kept as that Tensor, whose version is checked: it has no node, so
    there is no cycle. A differentiable output is kept as an array, see Node.out_cell.
    """
    if i >= SHAPE:
        x = args[i - SHAPE]
        return tuple([t._a.shape for t in x]) if type(x) is list else x._a.shape
    if i >= 0:
        return args[i]
    return (
        tensors[~i] if card.outputs != "list" and card.outputs <= ~i < len(tensors) else results[~i]
    )


def _share(card: Card, args: tuple, tensors: tuple) -> None:
    """Make views of the first argument of the tensors that do share its memory."""
    source, options = args[0], args[1:]
    a = source._a
    owner = a if a.base is None else a.base
    # one output of several cannot be replayed alone; in-place on it under autograd is refused
    several = card.node_type.__name__ if card.outputs == "list" else None
    for t in tensors:
        x = t._a
        if x.base is None or t._rg:
            continue
        if x.base is owner or x.size == 0 or np.may_share_memory(x, a):
            found = share(source, x, card, options, several)
            t._v, t._view = found._v, found._view


def replay(chain: tuple, x: Any) -> Any:
    """Apply the view operations of a chain to an array or a Tensor."""
    for card, options in chain:
        x = apply(card, (x, *options)) if isinstance(x, Tensor) else card.forward(x, *options)
    return x
