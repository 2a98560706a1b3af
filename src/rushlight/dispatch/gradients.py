"""Gradients of tensors that carry levels: what `autograd.grad` means for batches and duals.

The tape is one, and what is on it are plain tensors: a batched tensor's node is that of all its
samples, a dual's that of its primal and, beside it, that of its tangent. So

    batch   the gradient of all samples with respect to all samples
    dual    y = (y0, y1), x: the gradient of y0, and as its tangent the gradient of y1 (second
            derivatives are symmetric: the derivative of J'v along t is the gradient of <v, J t>)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.engine import run_backward
from ..autograd.node import edge_of, make_node
from ..core.batched import BatchArray, batched
from ..core.grad_mode import mode
from ..core.tensor import Tensor, wrap
from .levels import (
    GRADIENTS,
    alias,
    highest,
    is_batched,
    level_by,
    primal,
    state,
    tangent,
    value_of,
)
from .op import Card
from .registry import FUNCTIONS


class _Fresh:
    """The input of a transform: the tensor that gradients are asked for."""

    def forward(x):
        return x

    def backward(c, dy):
        return dy


FRESH = Card(_Fresh, "_fresh", node="AliasBackward0")


def fresh(t: Tensor, owner: Any = None) -> Tensor:
    """A tensor of the same elements, a new input: gradients with respect to it can be asked for,
    and flow on to t if t wants them. Batched tensors are asked for with all their samples."""
    if type(t._a) is BatchArray:
        value = value_of(t)
        other = batched(fresh(value, owner), t._a.level)
        if t._duals:
            other._duals = dict(t._duals)
        return other
    other = alias(t)
    other._view = None
    edge = edge_of(t) if mode.grad else None
    other._node = make_node(FRESH.node_type, (edge,), ())
    if owner is not None:
        other._node.owner = owner
    other._slot, other._rg = 0, True
    return other


def moving(t: Tensor, along: Tensor, number: int) -> Tensor:
    """A dual tensor of t; t's gradient flows through it."""
    return attached(fresh(t) if t._rg and mode.grad else t, along, number)


def for_each(t: Tensor) -> Tensor:
    """t as a batched tensor of every open vmap: its gradient is one for each sample."""
    open_vmaps = [x for x in state.open if x.kind == "vmap"]
    if not open_vmaps:
        return t
    return _for_levels(t, open_vmaps)


def _for_levels(t: Tensor, levels: list) -> Tensor:
    if not levels:
        return t
    *outer, last = levels
    above = {k: v for k, v in (t._duals or {}).items() if k > last.number}
    for k in above:
        t = primal(t, k)
    if is_batched(t, last.number):
        value = value_of(t)
    else:
        value = t.unsqueeze(0).expand((last.size, *t._a.shape))
    other = batched(_for_levels(value, outer), last.number)
    other._duals = above or None
    return other


def gradients(
    outputs: list, inputs: list, seeds: list, create_graph: bool, retain: bool = True
) -> list[Any]:
    """Gradients of the outputs (times seeds; None: ones) with respect to the inputs; None where an
    output does not depend on an input."""
    # what only seeds are batched by goes with them; their tangents are looked for below that
    number = max(highest((*outputs, *inputs)), *[_dual_level(v) for v in seeds], 0)
    if not number:
        return _plain(outputs, inputs, seeds, create_graph, retain)
    level = level_by(number)
    if level.kind == "vmap":
        return _of_batches(outputs, inputs, seeds, create_graph, retain, number, level.size)
    return _of_duals(outputs, inputs, seeds, create_graph, retain, number)


def _dual_level(t: Any) -> int:
    """The highest level that t has a tangent of, under batches too."""
    if t is None:
        return 0
    found = max([k for k in t._duals or () if k in state.numbers], default=0)
    return max(found, _dual_level(value_of(t))) if type(t._a) is BatchArray else found


GRADIENTS.append(gradients)


def _plain(outputs: list, inputs: list, seeds: list, create_graph: bool, retain: bool) -> list:
    """On the tape. Seeds may be batched: then gradients are."""
    on_tensors = create_graph or any(v is not None and type(v._a) is BatchArray for v in seeds)
    roots = []
    for y, v in zip(outputs, seeds, strict=True):
        edge = edge_of(y)
        if edge is None:
            continue
        if v is None:
            v = ones_like(y)
        elif v.dtype is not y.dtype:
            v = v.to(y.dtype)
        roots.append((edge, v if on_tensors else v._a))
    wanted = [i for i, x in enumerate(inputs) if x._rg]
    found: list = [None] * len(inputs)
    if not roots or not wanted:
        return found
    capture = [edge_of(inputs[i]) for i in wanted]
    before, mode.partial = mode.partial, True
    try:
        results = run_backward(roots, create_graph, retain, capture, False, on_tensors)
    finally:
        mode.partial = before
    for i, g in zip(wanted, results, strict=True):
        found[i] = g
    return found


def _of_batches(outputs: list, inputs: list, seeds: list, create_graph: bool, retain: bool,
                number: int, n: int) -> list:  # fmt: skip
    shared = [not is_batched(x, number) for x in inputs]
    if any(shared) and not all(shared):
        apart = [i for i, s in enumerate(shared) if not s]
        rest = [i for i, s in enumerate(shared) if s]
        first = _of_batches(
            outputs, [inputs[i] for i in apart], seeds, create_graph, True, number, n
        )
        second = _of_batches(
            outputs, [inputs[i] for i in rest], seeds, create_graph, retain, number, n
        )
        found: list = [None] * len(inputs)
        for i, g in [*zip(apart, first, strict=True), *zip(rest, second, strict=True)]:
            found[i] = g
        return found
    values = [inside(y, number, n) for y in outputs]
    given = [ones_like(y) if v is None else v for y, v in zip(outputs, seeds, strict=True)]
    if all(shared):  # one input for all samples: a gradient for each of them
        eye = FUNCTIONS["eye"](n)
        vs = []
        for v in given:
            v = inside(v, number, n)
            hot = eye.to(v.dtype).reshape((n, n, *(1,) * (v.ndim - 1)))
            vs.append(outside(hot * v, number))
        return gradients(values, inputs, vs, create_graph, retain)
    given = [inside(v, number, n) for v in given]
    found = gradients(values, [inside(x, number, n) for x in inputs], given, create_graph, retain)
    return [None if g is None else outside(g, number) for g in found]


def _of_duals(outputs: list, inputs: list, seeds: list, create_graph: bool, retain: bool,
              number: int) -> list:  # fmt: skip
    ys, xs = [primal(y, number) for y in outputs], [primal(x, number) for x in inputs]
    vs = [None if v is None else primal(v, number) for v in seeds]
    found = gradients(ys, xs, vs, create_graph, True)
    moving = [(tangent(y, number), v) for y, v in zip(outputs, vs, strict=True)]
    moving += [(y, tangent(v, number)) for y, v in zip(ys, seeds, strict=True)]
    pairs = []
    for (y, v), first in zip(moving, [True] * len(ys) + [False] * len(ys), strict=True):
        if y is None or (v is None and not first):
            continue
        pairs.append((y, ones_like(y) if v is None else v))
    along = gradients([y for y, _ in pairs], xs, [v for _, v in pairs], create_graph, retain)
    for i, (g, t) in enumerate(zip(found, along, strict=True)):
        if t is None:
            continue
        if g is None:
            g = zeros_like(xs[i])
        found[i] = attached(g, t, number)
    return found


def attached(g: Tensor, t: Tensor, number: int) -> Tensor:
    """g with the tangent t of level `number`, under whatever inner batches they have."""
    above = [x._a.level for x in (g, t) if type(x._a) is BatchArray and x._a.level > number]
    if above:
        last = level_by(max(above))
        value, along = [inside(x, last.number, last.size) for x in (g, t)]
        return batched(attached(value, along, number), last.number)
    other = alias(g)
    other._duals = {**(other._duals or {}), number: t}
    return other


def inside(t: Tensor, number: int, n: int) -> Tensor:
    """The samples of level `number` as the first dimension, under whatever inner levels t has."""
    if is_batched(t, number):
        value = value_of(t)
        return value
    if type(t._a) is BatchArray and t._a.level > number:
        value = inside(value_of(t), number, n)
        return batched(value.transpose(0, 1), t._a.level)
    return t.unsqueeze(0).expand((n, *t._a.shape))


def outside(t: Tensor, number: int) -> Tensor:
    """The inverse of `inside`."""
    if type(t._a) is BatchArray and t._a.level > number:
        return batched(outside(value_of(t).transpose(0, 1), number), t._a.level)
    return batched(t, number)


def ones_like(t: Tensor) -> Tensor:
    """Ones for each sample, that carry nothing."""
    return filled(t, 1)


def zeros_like(t: Tensor) -> Tensor:
    """Zeros, likewise."""
    return filled(t, 0)


def zeros_of(t: Tensor) -> Tensor:
    """Zeros that are batched as t is."""
    return filled_as(t, 0)


def filled_as(t: Tensor, number: float) -> Tensor:
    """A number everywhere, batched as t is."""
    if type(t._a) is BatchArray:
        return batched(filled_as(value_of(t), number), t._a.level)
    return filled(t, number)


def filled(t: Tensor, number: float) -> Tensor:
    """A number everywhere, where t is."""
    found = wrap(np.full(t._a.shape, number, t._a.dtype))
    return found if type(t._a) is np.ndarray else found.to(t.device)
