"""Generated runners: the function that runs a card, specialised by its signature.

What a signature says (how many arguments, which may be Tensors, what backward reads) does not
change from call to call. A general function (`_general` in call.py) spends more time on loops and
starred calls than the kernels of small nets take; so the lines for one signature are put together
as text, without loops, and compiled when a card of that signature is first used, as dataclasses do
with __init__. `source(card)` shows them, and tracebacks do. tests/test_runners.py holds the general
and the written functions equal.

    run(args)                  Tensors in, the formula on arrays, a Tensor out, a node if one is
                               wanted
    fast_backward(node, grad)  the gradients of the node's inputs, from arrays; None where there are
                               hooks or a saved tensor was changed: the engine then falls back to
                               `_backward_of`
    operator(x, y)             `run` for x + y, x * y, ...: two tensors of one float dtype, or a
                               tensor and a number, go straight to the kernel
"""

from __future__ import annotations

import itertools
import linecache
import textwrap
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ..autograd.node import (
    FREED,
    edge_of,
    fill_text,
    next_number,
    watched,
)
from ..core.grad_mode import inferring, mode, watching
from ..core.making import share, wrap, wrap_beside
from ..core.tensor import Tensor, new
from ..kernels import TABLE, K, as_array
from .fusion import can_mask
from .messages import TRANSLATED, explain, refused
from .op import SHAPE, Card
from .order import IMAGES, channels, ordered
from .promotion import is_number, promoted


def apart(r: np.ndarray, operands: Any) -> np.ndarray:
    """r, a result that is no view; copied if it shares memory with an operand."""
    for a in operands:
        if isinstance(a, np.ndarray) and (
            r is a or (r.base is not None and np.may_share_memory(r, a))
        ):
            return r.copy(order="K")
    return r


_NAMES: dict[str, Any] = {
    "__name__": __name__,  # of the module that warnings are attributed to
    "F32": np.dtype(np.float32),
    "F64": np.dtype(np.float64),
    "I64": np.dtype(np.int64),
    "FREED": FREED,
    "TRANSLATED": TRANSLATED,
    "Tensor": Tensor,
    "apart": apart,
    "asarray": as_array,
    "astype": TABLE["astype"],
    "number": np.asarray,
    "can_mask": can_mask,
    "channels": channels,
    "edge_of": edge_of,
    "explain": explain,
    "inferring": inferring,
    "is_number": is_number,
    "may_share_memory": np.may_share_memory,
    "mode": mode,
    "ndarray": np.ndarray,
    "new": new,
    "next_number": next_number,
    "refused": refused,
    "share": share,
    "ordered": ordered,
    "promoted": promoted,
    "sum_to": K.sum_to,
    "watched": watched,
    "watching": watching,
    "wrap": wrap,
    "wrap_beside": wrap_beside,
}

_numbers = itertools.count()  # of the texts
_SOME = wrap(np.zeros(()))  # a tensor, where a card is asked for its node of x and a number


def runner(card: Card) -> Any:
    """The function `run` of a card with one result that is no view."""
    return _compiled(_run_text(_signature(card)), _names(card))


def viewer(card: Card, view_of: Any, apart_from: Any) -> Any:
    """`run` of a card whose result is (view="maybe": can be) a view of its first argument.

    view_of(card, x, array, options) records it; apart_from(card, args, array): of one that is none.
    """
    names = {"card": card, "forward": card.forward, "view_of": view_of, "apart_from": apart_from}
    return _compiled(_view_text(card.count, card.view == "maybe"), names)


def backer(card: Card) -> Any:
    """The function `fast_backward` of a card; None where the engine must take its general path."""
    if card.slow_backward or card.outputs != 1:
        return None
    return _compiled(_backward_text(_backward_signature(card)), _names(card))


def _first_back(card: Card, node: Any, grad: Any) -> Any:
    card.fast_backward = backer(card)
    return None if card.fast_backward is None else card.fast_backward(node, grad)


Card.fast_backward = _first_back


def operator(card: Card, ufunc: Any, whole: bool = False) -> Any:
    """The function of x op y for a card of two operands, with `ufunc` as its kernel on arrays.

    whole  of int64, too, by an int as well
    """
    with_number = card.select((_SOME, 1.0, *card.defaults))
    names = {**_names(card), "ufunc": ufunc, "defaults": card.defaults}
    names["number_type"] = with_number.node_type
    kinds = "iub" if card.check is None else "iu"
    return _compiled(_operator_text(_signature(card), whole, kinds), names)


def source(card: Card) -> str:
    """The text of a card's `run` and `fast_backward`."""
    if card.view:
        run = _view_text(card.count, card.view == "maybe")
    else:
        run = _run_text(_signature(card))
    return run + "\n" + _backward_text(_backward_signature(card))


def _names(card: Card) -> dict[str, Any]:
    relu = card.fused_with
    return {
        "card": card,
        "forward": card.forward.plain if card.order in IMAGES else card.forward,
        "backward": card.backward,
        "narrow_forward": card.narrow and card.narrow[0],
        "narrow_backward": card.narrow and card.narrow[1],
        "node_type": card.node_type,
        "relu_type": None if relu is None else relu.node_type,
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


class Signature(NamedTuple):
    """What the text of `run` depends on; see Card for the fields."""

    arity: int
    arrays: int
    tensors: tuple[int, ...]  # () for a card without a gradient
    operands: tuple[int, ...]  # that are promoted
    broadcast: bool
    extras: bool
    save: tuple[int, ...]
    save_if: tuple[tuple[int, ...], ...] | None
    fused: bool
    saves_out: bool
    not_for: str
    fresh: bool
    sure: bool  # the first argument is a Tensor for certain: the face looked
    narrow: bool  # 2-byte floats have a forward of their own
    elementwise: bool  # the result lies in memory as its operands say
    any_dtype: bool  # operands of one dtype are as they should be, whichever it is
    images: int  # so many operands are asked whether they lie channels last


def _signature(card: Card) -> Signature:
    relu = card.fused_with
    return Signature(
        arity=card.count,
        arrays=card.arrays,
        tensors=card.tensors if card.backward is not None else (),
        operands=card.tensors if card.promote is not None else (),
        broadcast=card.broadcast,
        extras=bool(card.extras),
        save=card.save,
        save_if=card.save_if,
        fused=relu is not None,
        saves_out=(relu or card).saved_out >= 0,
        not_for=card.not_for,
        fresh=card.fresh,
        sure=card.schema is not None and card.checks_first,
        narrow=card.narrow is not None,
        elementwise=card.elementwise,
        any_dtype=card.promote == "arith" and card.check is None,
        images=IMAGES.get(card.order, 0),
    )


_RESULT = """\
t = wrap(r)
if inferring[0] and mode.inference:
    t._inference = True
"""


# the same for operands that may not lie in row-major order: then wrap_beside answers None
_BESIDE = """\
t = wrap_beside(r, OPERANDS)
if t is None:
    RELAID
    t = wrap(r)
"""


def _result_text(operands: str, images: int = 0, extras: bool = False) -> str:
    """The lines that make t, the result, of the array r; operands: "a0, a1"; "": leave r be."""
    if images:
        operands = ", ".join(f"a{i}" for i in range(images))
        relaid = f"r = channels(r, {operands})"
        if extras:
            relaid = (
                f"results = tuple([channels(v, {operands}) for v in results])\n    r = results[0]"
            )
    elif operands:
        relaid = f"r = ordered(r, ({operands}))"
    else:
        return _RESULT
    beside = _BESIDE.replace("OPERANDS", operands).replace("RELAID", relaid)
    return _RESULT.replace("t = wrap(r)\n", beside)


@lru_cache(None)
def _run_text(s: Signature) -> str:
    names = _tuple(f"x{i}" for i in range(s.arity))
    unpack = f"    {names} = args\n" if s.arity else ""
    text = "def f(args):\n" + unpack
    if s.operands:
        text += f"    if not ({_alike(s)}):\n        args = promoted(card, args)\n"
        text += "    " + unpack
    for i in range(s.arrays):
        text += f"    a{i} = x{i}._a"
        text += "\n" if i == 0 and s.sure else f" if isinstance(x{i}, Tensor) else x{i}\n"
    given = [f"a{i}" for i in range(s.arrays)] + [f"x{i}" for i in range(s.arrays, s.arity)]
    if s.not_for:
        common = "" if "f" in s.not_for else "a0.dtype is not F32 and "
        text += f"""\
    if {common}a0.dtype.kind in "{s.not_for}":
        raise refused(card, {_tuple(given)})
"""
    call = "(forward if a0.itemsize != 2 else narrow_forward)" if s.narrow else "forward"
    text += f"""\
    try:
        r = {call}({", ".join(given)})
    except TRANSLATED as e:
        raise explain(card, args, e) from None
"""
    if s.extras:
        text += "    results, r = r, r[0]\n"
    text += "    if type(r) is not ndarray:\n        r = asarray(r)\n"
    if s.arrays and not s.fresh:  # the result is a copy, also where the formula had nothing to do
        same = " or ".join(f"r is a{i}" for i in range(s.arrays))
        operands = _tuple(f"a{i}" for i in range(s.arrays))
        text += f"    if r.base is not None or {same}:\n        r = apart(r, {operands})\n"
    operands = ", ".join(f"a{i}" for i in range(s.arrays)) if s.elementwise else ""
    text += textwrap.indent(_result_text(operands, s.images, s.extras), "    ")
    if s.tensors:
        for k, i in enumerate(s.tensors):
            is_tensor = "" if s.sure and i == 0 else f"isinstance(x{i}, Tensor) and "
            text += f"    g{k} = {is_tensor}x{i}._rg\n"
        wanted = " or ".join(f"g{k}" for k in range(len(s.tensors)))
        text += f'    if ({wanted}) and mode.grad and t._a.dtype.kind in "fcV":\n'
        for k, i in enumerate(s.tensors):
            text += f"        e{k} = edge_of(x{i}) if g{k} else None\n"
        text += _record_text(s, 8)
    return text + "    return t\n"


@lru_cache(None)
def _view_text(arity: int, maybe: bool) -> str:
    options = [f"x{i}" for i in range(1, arity)]
    given = _tuple(options)
    text = f"""\
def f(args):
    {_tuple(["x0", *options])} = args
    a0 = x0._a
    try:
        r = forward({", ".join(["a0", *options])})
    except TRANSLATED as e:
        raise explain(card, args, e) from None
"""
    if maybe:
        text += "    if not may_share_memory(r, a0):\n        return apart_from(card, args, r)\n"
    return f"""\
{text}    if x0._rg or inferring[0]:
        return view_of(card, x0, r, {given})
    return share(x0, r, card, {given}, None)
"""


def _alike(s: Signature) -> str:
    """The condition under which promotion has nothing to do: Tensors of one dtype, and unless it
    leaves every dtype as it is of a common float one."""
    first, *others = s.operands
    terms = [f"isinstance(x{i}, Tensor)" for i in s.operands if not (s.sure and i == 0)]
    if s.any_dtype:
        terms += [f"x{first}._a.dtype is x{i}._a.dtype" for i in others]
        return " and ".join(terms) or "True"
    terms.append(f"((d := x{first}._a.dtype) is F32 or d is F64)")
    return " and ".join(terms + [f"x{i}._a.dtype is d" for i in others])


def _record_text(s: Signature, indent: int, all_tensors: bool = False) -> str:
    """The lines that record t = f(x0, x1, ...), given the edges e0, e1, ...

    all_tensors   the differentiable arguments are Tensors for certain
    """
    lines = "t._node = node = new(node_type)\n"
    saved = []
    for j, i in enumerate(s.save):
        if i < 0:
            what = "t._a" if i == ~0 else f"results[{~i}]"
        else:
            what = f"x{i}" if i < SHAPE else f"x{i - SHAPE}._a.shape"
        if s.save_if is not None and s.save_if[j]:
            unwanted = " and ".join(f"e{k} is None" for k in s.save_if[j])
            what = f"None if {unwanted} else {what}"
        saved.append(what)
    is_tensor = "True" if all_tensors else "isinstance(x{0}, Tensor)"
    shapes = None
    if s.broadcast and all_tensors:  # of two: none to sum over if they are equal
        shapes = "None if x0._a.shape == x1._a.shape else (x0._a.shape, x1._a.shape)"
    elif s.broadcast:
        shapes = _tuple(f"x{i}._a.shape if {is_tensor.format(i)} else None" for i in s.tensors)
    watched = {j: i for j, i in enumerate(s.save) if 0 <= i < s.arrays}
    for j, i in watched.items():
        kept = is_tensor.format(i)
        if s.save_if is not None and s.save_if[j]:
            wanted = " or ".join(f"e{k} is not None" for k in s.save_if[j])
            kept = f"({wanted}) and {kept}" if len(s.save_if[j]) > 1 else f"{wanted} and {kept}"
        lines += f"v{i} = x{i}._v if {kept} else None\n"
    versions = "None"
    if watched:
        changed = " or ".join(f"(v{i} is not None and v{i}[0])" for i in watched.values())
        each = _tuple(
            f"0 if v{watched[j]} is None else v{watched[j]}[0]" if j in watched else "0"
            for j in range(len(s.save))
        )
        versions = f"{each} if {changed} else None"
    lines += fill_text(
        0,
        edges=_tuple(f"e{k}" for k in range(len(s.tensors))),
        saved=_tuple(saved),
        shapes=shapes,
        versions=versions,
    )
    if s.fused:  # the relu's node on top: the kernel computed both
        lines += "edges = (node,)\nt._node = node = new(relu_type)\n"
        lines += fill_text(0, edges="edges", saved="(t._a,)")
    if s.saves_out:
        lines += "t._v = cell = [0]\nnode.out_cell = (cell, 0)\n"
    lines += "t._slot = 0\nt._rg = True\n"
    return textwrap.indent(lines, " " * indent)


@lru_cache(None)
def _operator_text(s: Signature, whole: bool, kinds: str) -> str:
    """kinds: of the second operand, which the dtype of a first one of floats holds"""
    # results in inference mode have to be marked: the general way
    check = "if type(r) is not ndarray:\n    r = asarray(r)\n"
    result = textwrap.indent(check + _RESULT.partition("if inferring")[0], " " * 12)
    beside = textwrap.indent(check + _result_text("a, b").partition("if inferring")[0], " " * 12)
    more = textwrap.indent(beside, " " * 4)
    both = first = ""
    if s.tensors:
        both = """\
            if (x._rg or y._rg) and mode.grad:
                x0, x1, e0, e1 = x, y, edge_of(x), edge_of(y)
"""
        both += _record_text(s, 16, all_tensors=True)
        first = """\
            if x._rg and mode.grad:
                x0, x1, e0, e1 = x, number(y, d), edge_of(x), None
"""
        first += _record_text(s, 16).replace("new(node_type)", "new(number_type)", 1)
    integers = ""
    if whole:
        integers = f"""\
        if d is I64 and type(y) is int and -(1 << 63) <= y < 1 << 63:
            r = ufunc(x._a, y)
{result}            return t
"""
    return f"""\
def f(x, y):
    d = x._a.dtype
    if inferring[0]:
        pass
    elif isinstance(y, Tensor):
        a = x._a
        b = y._a
        if d is b.dtype and (d is F32 or d is F64{" or d is I64" if whole else ""}):
            try:
                r = ufunc(a, b)
            except ValueError as e:
                raise explain(card, (x, y), e) from None
{beside}{both}            return t
        if (d is F32 or d is F64) and b.dtype.kind in "{kinds}" and not (x._rg and mode.grad):
            if type(a) is ndarray is type(b) and a.ndim and b.ndim:
                try:
                    b = astype(b, d)
                    r = ufunc(a, b)
                except ValueError as e:
                    raise explain(card, (x, y), e) from None
{more}                return t
    elif type(y) is float or type(y) is int:
        if d is F32 or d is F64:
            r = ufunc(x._a, y)
{result}{first}            return t
{integers}    if not (isinstance(y, (Tensor, ndarray)) or is_number(y)):
        return NotImplemented
    args = (x, y, *defaults)
    return card.select(args).run(args)
"""


# ---------------------------------------------------------------- backward


class BackwardSignature(NamedTuple):
    """What the text of `fast_backward` depends on."""

    kept: int
    tensor_slots: tuple[int, ...]
    saves_out: bool
    broadcast: bool
    is_relu: bool
    relu_mask: bool
    narrow: bool


def _backward_signature(card: Card) -> BackwardSignature:
    return BackwardSignature(
        kept=len(card.save),
        tensor_slots=card.tensor_slots,
        saves_out=card.saved_out >= 0,
        broadcast=card.broadcast,
        is_relu=card.is_relu,
        relu_mask=card.relu_mask,
        narrow=card.narrow is not None,
    )


@lru_cache(None)
def _backward_text(s: BackwardSignature) -> str:
    saved = [f"s{j}" for j in range(s.kept)]
    lines = """\
def f(node, grad):
    saved = node.saved
    if saved is FREED or node.hooks is not None:
        return None
"""
    if saved:
        lines += f"    {_tuple(saved)} = saved\n"
    if s.tensor_slots:
        lines += "    versions = node.versions\n"
    for j in s.tensor_slots:
        lines += f"""\
    if isinstance(s{j}, Tensor):
        if s{j}._v is not None and s{j}._v[0] != (versions[{j}] if versions else 0):
            return None
        s{j} = s{j}._a
"""
    if s.saves_out:
        lines += """\
    cell = node.out_cell
    if cell is not None and cell[0][0] != cell[1]:
        return None
"""
    if s.is_relu:
        lines += """\
    if node.masked_grad is not None:
        done, node.masked_grad = node.masked_grad is grad, None
        if done:
            return (grad,)
"""
    call = ", ".join(["node", "grad", *saved])
    if s.relu_mask:
        lines += f"""\
    front = node.edges[0]
    if can_mask(front, s0):
        results = backward({call}, mask=s0)
        front.masked_grad = results[0]
    else:
        results = backward({call})
"""
    elif s.narrow:
        lines += f"""\
    results = (backward if grad.itemsize != 2 else narrow_backward)({call})
"""
    else:
        lines += f"    results = backward({call})\n"
    lines += "    if type(results) is not tuple:\n        results = (results,)\n"
    if s.broadcast:
        lines += """\
    if node.shapes is not None:
        results = tuple([
            g if g is None or shape is None or g.shape == shape else sum_to(g, shape)
            for g, shape in zip(results, node.shapes)
        ])
"""
    return lines + "    return results\n"
