"""The two functions that nearly every card is run with, written out from its signature.

What a signature says (how many arguments, which may be Tensors, what backward wants to see again)
does not change from call to call. A function that looks at it each time spends more on loops and on
calls with starred arguments than the kernels of small nets take; so the lines for one signature are
put together as text, without loops, and compiled the first time a card of that signature is used
(as dataclasses do with __init__). `source(card)` shows them; tracebacks show them too.

    run(args)         Tensors in, the formula on arrays, a Tensor out, a node if one is wanted
    fast_backward(node, grad)  the gradients of the node's inputs, from arrays; None where there
                      are hooks or a saved tensor was changed: the engine falls back to
                      `_backward_of`
"""

from __future__ import annotations

import itertools
import linecache
from functools import lru_cache
from typing import Any

import numpy as np

from ..autograd.node import FREED, can_mask, edge_of, next_number, note_trace
from ..core.grad_mode import inferring, mode, watching
from ..core.tensor import Tensor, new
from ..kernels import K
from .messages import TRANSLATED, explain, not_implemented
from .op import SHAPE, Card
from .promotion import alike, promoted

_NAMES = {
    "FREED": FREED,
    "TRANSLATED": TRANSLATED,
    "Tensor": Tensor,
    "alike": alike,
    "asarray": np.asarray,
    "edge_of": edge_of,
    "explain": explain,
    "inferring": inferring,
    "can_mask": can_mask,
    "mode": mode,
    "ndarray": np.ndarray,
    "new": new,
    "next_number": next_number,
    "not_implemented": not_implemented,
    "note_trace": note_trace,
    "promoted": promoted,
    "sum_to": K.sum_to,
    "watching": watching,
}


_numbers = itertools.count()  # of the texts


def runner(card: Card) -> Any:
    """The function `run` of a card with one result that is no view."""
    return _compiled(_run_lines(*_run_signature(card)), _names(card))


def backer(card: Card) -> Any:
    """The function `fast_backward` of a card; None where the engine must take its general path."""
    if card.slow_backward or card.outputs != 1:
        return None
    return _compiled(_back_lines(*_back_signature(card)), _names(card))


def _first_back(card: Card, node: Any, grad: Any) -> Any:
    card.fast_backward = backer(card)
    return None if card.fast_backward is None else card.fast_backward(node, grad)


Card.fast_backward = _first_back


def source(card: Card) -> str:
    """What `run` and `fast_backward` of a card look like, for the curious."""
    return _run_lines(*_run_signature(card)) + "\n" + _back_lines(*_back_signature(card))


def _names(card: Card) -> dict[str, Any]:
    relu = card.fused_with
    return {
        "card": card,
        "forward": card.forward,
        "backward": card.backward,
        "node_type": card.node_type,
        "then_type": None if relu is None else relu.node_type,
        "positions": card.tensors,
    }


def _compiled(text: str, names: dict[str, Any]) -> Any:
    """The function that `text` defines, with these names to see."""
    names.update(_NAMES)
    exec(_code(text), names)
    return names["f"]


@lru_cache(None)
def _code(text: str) -> Any:
    name = f"<card {next(_numbers)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    return compile(text, name, "exec")


def _tuple(items: Any) -> str:
    return f"({''.join(f'{item}, ' for item in items)})"


# ---------------------------------------------------------------- forward


def _run_signature(card: Card) -> tuple:
    relu = card.fused_with
    return (
        card.count,
        card.arrays,
        card.tensors if card.backward is not None else (),
        card.promote is not None,
        card.broadcast,
        bool(card.extras),
        card.save,
        card.save_if,
        relu is not None,
        (relu or card).saved_out >= 0,
        card.not_for,
    )


@lru_cache(None)
def _run_lines(
    count: int,
    arrays: int,
    tensors: tuple,
    promote: bool,
    broadcast: bool,
    extras: bool,
    save: tuple,
    save_if: tuple | None,
    fused: bool,
    saves_out: bool,
    not_for: str,
) -> str:
    names = _tuple(f"x{i}" for i in range(count))
    unpack = f"    {names} = args\n" if count else ""
    lines = "def f(args):\n" + unpack
    if promote:
        lines += (
            f"    if not alike(args, positions):\n        args = promoted(card, args)\n    {unpack}"
        )
    given = [f"x{i}._a if isinstance(x{i}, Tensor) else x{i}" for i in range(arrays)]
    given += [f"x{i}" for i in range(arrays, count)]
    if not_for:
        lines += f"""\
    if x0._a.dtype.kind in "{not_for}":
        raise not_implemented(card.kernel, x0._a)
"""
    lines += f"""\
    try:
        r = forward({", ".join(given)})
    except TRANSLATED as e:
        raise explain(card, args, e) from None
"""
    if extras:
        lines += "    results, r = r, r[0]\n"
    lines += """\
    t = new(Tensor)
    t._a = r if type(r) is ndarray else asarray(r)
    t._rg = False
    t._node = t._view = t._v = None
    if inferring[0] and mode.inference:
        t._inference = True
"""
    if not tensors:
        return lines + "    return t\n"
    for k, i in enumerate(tensors):
        lines += f"    g{k} = isinstance(x{i}, Tensor) and x{i}._rg\n"
    wanted = " or ".join(f"g{k}" for k in range(len(tensors)))
    lines += f'    if ({wanted}) and mode.grad and t._a.dtype.kind in "fcV":\n'
    for k, i in enumerate(tensors):
        lines += f"        e{k} = edge_of(x{i}) if g{k} else None\n"
    saved = []
    for j, i in enumerate(save):
        if i < 0:
            what = "t._a" if i == ~0 else f"results[{~i}]"
        else:
            what = f"x{i}" if i < SHAPE else f"x{i - SHAPE}._a.shape"
        if save_if is not None and save_if[j] >= 0:
            what = f"None if e{save_if[j]} is None else {what}"
        saved.append(what)
    edges = _tuple(f"e{k}" for k in range(len(tensors)))
    shapes = _tuple(f"x{i}._a.shape if isinstance(x{i}, Tensor) else None" for i in tensors)
    lines += f"""\
        t._node = node = new(node_type)
        node.edges = {edges}
        node.saved = {_tuple(saved)}
        node.shapes = {shapes if broadcast else None}
        node.outs = node.hooks = node.out_cell = node.versions = None
        node.number = next_number()
"""
    watched = {j: i for j, i in enumerate(save) if 0 <= i < arrays}
    for i in watched.values():
        lines += f"        v{i} = x{i}._v if isinstance(x{i}, Tensor) else None\n"
    if watched:
        changed = " or ".join(f"(v{i} is not None and v{i}[0])" for i in watched.values())
        versions = _tuple(
            f"0 if v{watched[j]} is None else v{watched[j]}[0]" if j in watched else "0"
            for j in range(len(save))
        )
        lines += f"        if {changed}:\n            node.versions = {versions}\n"
    lines += """\
        t._slot = 0
        t._rg = True
        if watching[0] and mode.anomaly:
            note_trace(node)
"""
    if fused:  # the relu's node on top: the kernel computed both
        lines += """\
        edges = (node,)
        t._node = node = new(then_type)
        node.edges = edges
        node.saved = (t._a,)
        node.shapes = node.outs = node.hooks = node.versions = None
        node.number = next_number()
        if watching[0] and mode.anomaly:
            note_trace(node)
"""
    if saves_out:
        lines += "        t._v = cell = [0]\n        node.out_cell = (cell, 0)\n"
    return lines + "    return t\n"


# ---------------------------------------------------------------- backward


def _back_signature(card: Card) -> tuple:
    return (
        len(card.save),
        card.tensor_slots,
        card.saved_out >= 0,
        card.broadcast,
        card.is_relu,
        card.relu_mask,
    )


@lru_cache(None)
def _back_lines(
    count: int,
    tensor_slots: tuple,
    saves_out: bool,
    broadcast: bool,
    is_relu: bool,
    relu_mask: bool,
) -> str:
    saved = [f"s{j}" for j in range(count)]
    lines = """\
def f(node, grad):
    saved = node.saved
    if saved is FREED or node.hooks is not None:
        return None
"""
    if saved:
        lines += f"    {_tuple(saved)} = saved\n"
    if tensor_slots:
        lines += "    versions = node.versions\n"
    for j in tensor_slots:
        lines += f"""\
    if isinstance(s{j}, Tensor):
        if s{j}._v is not None and s{j}._v[0] != (versions[{j}] if versions else 0):
            return None
        s{j} = s{j}._a
"""
    if saves_out:
        lines += """\
    cell = node.out_cell
    if cell is not None and cell[0][0] != cell[1]:
        return None
"""
    if is_relu:
        lines += """\
    if node.masked_grad is not None:
        done, node.masked_grad = node.masked_grad is grad, None
        if done:
            return (grad,)
"""
    call = ", ".join(["node", "grad", *saved])
    if relu_mask:
        lines += f"""\
    front = node.edges[0]
    if can_mask(front, s0):
        results = backward({call}, mask=s0)
        front.masked_grad = results[0]
    else:
        results = backward({call})
"""
    else:
        lines += f"    results = backward({call})\n"
    lines += "    if type(results) is not tuple:\n        results = (results,)\n"
    if broadcast:
        lines += """\
    if node.shapes is not None:
        results = tuple([
            g if g is None or shape is None or g.shape == shape else sum_to(g, shape)
            for g, shape in zip(results, node.shapes)
        ])
"""
    return lines + "    return results\n"
