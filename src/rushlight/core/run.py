"""Running a card.

Arrays in, the formula, Tensors out, and a node on the tape if a gradient is wanted.
"""

from __future__ import annotations

from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np

from .card import SHAPE, Card
from .errors import explain
from .grad_mode import inferring, mode
from .promotion import alike, promoted
from .tape import Node, edge_of, make_node
from .tensor import Tensor, ViewInfo, _cell, wrap

_new = object.__new__
_ndarray = np.ndarray
# what NumPy raises that PyTorch says otherwise
_TRANSLATED = (ValueError, IndexError, TypeError, AttributeError)


def apply(card: Card, args: tuple) -> Any:
    """Run a card on its full argument tuple.

    Arrays in, formula, Tensors out, a node if one is needed.
    """
    return card.run(args)


def runner(card: Card) -> Any:
    """The function that runs this card on its full argument tuple, as short as its kind allows."""
    if card.listed or card.result is not None or card.outputs != 1:
        return partial(_general, card)
    if card.view:
        return _viewing(card)
    plain = card.count == 1 and card.promote is None and not card.broadcast and not card.extras
    return _unary(card, _simple(card)) if plain else _simple(card)


def _unary(card: Card, general: Any) -> Any:
    """`run` of a card of one tensor and no options, such as relu: _simple without its loops."""
    forward, differentiable, save = card.forward, card.backward is not None, card.save
    node_type, saves_out = card.node_type, card.saved_out >= 0

    def run(args):
        x = args[0]
        if not isinstance(x, Tensor) or inferring[0]:
            return general(args)
        try:
            r = forward(x._a)
        except _TRANSLATED as e:
            raise explain(card, args, e) from None
        t = _new(Tensor)
        t._a = r if type(r) is _ndarray else np.asarray(r)
        t._rg = False
        t._node = t._view = t._v = None
        if x._rg and differentiable and mode.grad and t._a.dtype.kind in "fcV":
            saved = [t._a if i < 0 else x if i < SHAPE else x._a.shape for i in save]
            t._node = node = make_node(node_type, (edge_of(x),), saved)
            t._slot = 0
            t._rg = True
            if saves_out:
                t._v = cell = [0]
                node.out_cell = (cell, 0)
        return t

    return run


def followed(card: Card, then: Card, forward: Any) -> Any:
    """`run` of `then` on the result of `card`, where `forward` is a kernel that does both at once.

    The tape gets the nodes of both; what lay between them was never seen by anybody.
    """
    return _simple(card, forward, then)


def _simple(card: Card, forward: Any = None, then: Card | None = None) -> Any:
    """`run` of a card with one visible result that is no view: the way of nearly all calls."""
    forward, promote, positions = forward or card.forward, card.promote, card.tensors
    save, arrays, constants = card.save, card.arrays, card.count > card.arrays
    head = next((j for j, i in enumerate(save) if not 0 <= i < SHAPE), len(save))
    pick = itemgetter(*save[:head]) if head > 1 else None  # what is saved of the arguments
    tail = save[head:] if head > 1 else save
    conditions = [(s, j) for s, j in enumerate(card.when or ()) if j >= 0]
    differentiable, broadcast = card.backward is not None, card.broadcast
    node_type = card.node_type
    saves_out = (then or card).saved_out >= 0

    def run(args):
        if promote is not None and not alike(args, positions):
            args = promoted(card, args)
        try:
            if constants:
                r = forward(
                    *[a._a if isinstance(a, Tensor) else a for a in args[:arrays]], *args[arrays:]
                )
            else:
                r = forward(*[a._a if isinstance(a, Tensor) else a for a in args])
        except _TRANSLATED as e:
            raise explain(card, args, e) from None
        if type(r) is tuple:
            results, r = r, r[0]
        else:
            results = None
        t = _new(Tensor)
        t._a = r if type(r) is _ndarray else np.asarray(r)
        t._rg = False
        t._node = t._view = t._v = None
        if inferring[0] and mode.inference:
            t._inference = True
        if differentiable:
            edges, wanted = [], False
            for i in positions:
                a = args[i]
                if isinstance(a, Tensor) and a._rg:
                    wanted = True
                    if a._view is not None:
                        a._view.refresh(a)
                    node = a._node
                    edges.append(a if node is None else node if a._slot == 0 else (node, a._slot))
                else:
                    edges.append(None)
            if wanted and mode.grad and t._a.dtype.kind in "fcV":
                if save:
                    saved = [] if pick is None else list(pick(args))
                    for i in tail:
                        if i < 0:
                            saved.append(t._a if results is None else results[~i])
                        else:
                            saved.append(args[i] if i < SHAPE else args[i - SHAPE]._a.shape)
                    for s, j in conditions:
                        if edges[j] is None:
                            saved[s] = None
                else:
                    saved = ()
                shapes = None
                if broadcast:
                    shapes = tuple(
                        [
                            a._a.shape if isinstance(a := args[i], Tensor) else None
                            for i in positions
                        ]
                    )
                t._node = node = make_node(node_type, edges, saved, shapes)
                t._slot = 0
                t._rg = True
                if then is not None:
                    t._node = node = make_node(then.node_type, (node,), (t._a,))
                if saves_out:
                    t._v = cell = [0]
                    node.out_cell = (cell, 0)
        return t

    return run


def _viewing(card: Card) -> Any:
    """`run` of a card whose result is (view="maybe": can be) a view of its first argument."""
    forward, maybe = card.forward, card.view == "maybe"

    def run(args):
        x = args[0]
        try:
            r = forward(x._a, *args[1:])
        except _TRANSLATED as e:
            raise explain(card, args, e) from None
        if maybe and not np.may_share_memory(r, x._a):
            t = wrap(r)
            if x._rg and mode.grad:
                record(card, args, (r,), (t,))
            return t
        return view_of(card, x, r, args[1:])

    return run


def view_of(card: Card, x: Tensor, array: np.ndarray, options: tuple) -> Tensor:
    """The Tensor of `array`, a view of x that `card` made with these options.

    It shares x's version, knows its base, and is recorded.
    """
    t = _new(Tensor)
    t._a = array
    t._rg = False
    t._node = None
    cell = x._v
    if cell is None:
        x._v = cell = [0]
    t._v = cell
    info = x._view
    view = _new(ViewInfo)  # filled in here: a call less for every view
    if info is None:
        view.base, view.chain, view.seen, view.many = x, ((card, options),), x._node, None
    else:
        view.base, view.chain = info.base, (*info.chain, (card, options))
        view.seen, view.many = info.base._node, info.many
    if x._rg and mode.grad:
        t._view = None
        record(card, (x, *options), (array,), (t,))
        view.seen = view.base._node
    t._view = view
    if inferring[0] and mode.inference:
        t._inference = True
    return t


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
    try:
        r = card.forward(*arrays)
    except _TRANSLATED as e:
        raise explain(card, args, e) from None
    results = r if type(r) is tuple else tuple(r) if type(r) is list else (r,)
    tensors = tuple(
        [wrap(x) for x in (results if card.outputs == "list" else results[: card.visible])]
    )
    if card.view:
        for t in tensors:
            _share(card, args, t, many=card.outputs == "list")
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
    saved = tuple(
        [
            results[~i] if i < 0 else args[i] if i < SHAPE else args[i - SHAPE]._a.shape
            for i in card.save
        ]
    )
    if card.when is not None:
        saved = tuple(
            [
                None if j >= 0 and edges[j] is None else s
                for s, j in zip(saved, card.when, strict=True)
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
    for t in tensors:
        if t._view is not None:
            t._view.seen = t._view.base._node
    return node


def _share(card: Card, args: tuple, t: Tensor, many: bool = False) -> None:
    """Make `t` a view of the first argument, if it does share its memory."""
    source = args[0]
    if t._a.base is None or not (t._a.size == 0 or np.may_share_memory(t._a, source._a)):
        return
    if t._rg:
        return
    t._v = _cell(source)
    base, chain = source, ((card, args[1:]),)
    if source._view is not None:
        base, chain = source._view.base, source._view.chain + chain
    if many or (source._view is not None and source._view.many):
        many_name = card.node_type.__name__ if many else source._view.many
        # one output of several cannot be replayed alone; in-place on it under autograd is refused
        t._view = ViewInfo(base, chain, many_name)
    else:
        t._view = ViewInfo(base, chain)


def replay(chain: tuple, x: Any) -> Any:
    """Apply the view operations of a chain to an array or a Tensor."""
    for card, options in chain:
        x = apply(card, (x, *options)) if isinstance(x, Tensor) else card.forward(x, *options)
    return x
