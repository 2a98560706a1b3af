"""The gradient of a compiled function: what its trace recorded, as one node of the caller's graph.

The forward program returns the values that the recorded nodes saved (the residuals) beside its
results. The backward program takes them and the gradients of the results, runs the engine over the
recorded nodes, and gives the gradients of the parameters and arguments. So one program each way,
and the formulas are those of the cards.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from ..autograd.engine import run_backward
from ..autograd.function import _Saved
from ..autograd.node import FREED, PACKED, Node, edge_of, make_node
from ..autograd.saved import Packed
from ..core.tensor import Tensor, wrap
from ..kernels.xla.array import Array, Tracer
from ..kernels.xla.option import Option
from .stage import CannotCompile


def graph_of(out: Tensor) -> list[Node] | None:
    """The nodes behind a result; None if a backward pass has been through them already."""
    nodes, seen = [], set()
    stack = [out._node]
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        nodes.append(node)
        if node.saved is FREED:
            return None
        for edge in node.edges:
            if edge is not None and not isinstance(edge, Tensor):
                stack.append(edge[0] if type(edge) is tuple else edge)
    return nodes


class _Ref:
    """The place of a residual among those of the forward program, and what makes of its value
    what was saved."""

    __slots__ = ("at", "made")

    def __init__(self, at: int, made: Any):
        self.at, self.made = at, made


def _tensor(v: Any) -> Tensor:
    return wrap(Array(v))


class Residuals:
    """The traced values that the nodes of a graph hold, each once."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._places: dict[int, int] = {}

    def lifted(self, x: Any) -> Any:
        """x with references in place of traced values."""
        if type(x) is Array:
            return self._ref(x.v, Array) if isinstance(x.v, Tracer) else x
        if type(x) is Option:
            return self._ref(x.v, x.over)
        if isinstance(x, Tensor):
            a = x._a
            return self._ref(a.v, _tensor) if type(a) is Array and isinstance(a.v, Tracer) else x
        if isinstance(x, Packed):
            raise CannotCompile(
                "saves tensors by hooks (checkpoint, saved_tensors_hooks) and leaves the backward "
                "pass to the caller",
                "compile the whole step",
            )
        if type(x) is _Saved:
            return _Saved(
                [None if s is None else (self._entry(s)) for s in x.entries()]  # type: ignore[misc]
            )
        if isinstance(x, tuple) and not hasattr(x, "_make"):  # index keys, too
            return tuple([self.lifted(y) for y in x])
        if type(x) is list:
            return [self.lifted(y) for y in x]
        if type(x) is dict:
            return {k: self.lifted(y) for k, y in x.items()}
        return x

    def _entry(self, s: Any) -> Any:
        if isinstance(s, Packed):
            return self.lifted(s)
        t, _, slot = s
        return self.lifted(t), 0, slot

    def _ref(self, value: Any, made: Any) -> _Ref:
        at = self._places.setdefault(id(value), len(self.values))
        if at == len(self.values):
            self.values.append(value)
        return _Ref(at, made)


def _filled(x: Any, values: Any) -> Any:
    """x with the values that its references name."""
    if type(x) is _Ref:
        return x.made(values[x.at])
    if type(x) is _Saved:
        return _Saved([s if s is None else _filled(s, values) for s in x.entries()])
    if type(x) in (tuple, list):
        return type(x)([_filled(y, values) for y in x])
    if type(x) is dict:
        return {k: _filled(y, values) for k, y in x.items()}
    return x


class Graph:
    """What a trace recorded behind its results, made fit to be run backward in a program.

    roots   the results' edges
    leaves  the tensors that gradients may go to
    """

    def __init__(self, outs: list[Tensor], leaves: list[Tensor]):
        self.roots = [edge_of(t) for t in outs]
        nodes: dict[Node, None] = {}
        for t in outs:
            if t._node is not None:
                nodes.update(dict.fromkeys(graph_of(t) or ()))
        reached = {id(e) for node in nodes for e in node.edges if isinstance(e, Tensor)}
        reached |= {id(e) for e in self.roots if isinstance(e, Tensor)}
        self.leaves = [t for t in leaves if id(t) in reached and t._rg]
        self.residuals = Residuals()
        self.nodes: list[tuple] = []
        for node in nodes:
            if node.hooks is not None and node.hooks is not PACKED and node.hooks.retain:
                raise CannotCompile(
                    "keeps the gradient of an intermediate result (retain_grad)",
                    "return the result, or compile the whole step",
                )
            saved = self.residuals.lifted(node.saved)
            extra = {k: self.residuals.lifted(v) for k, v in node.__dict__.items()}
            self.nodes.append((node, saved, extra))

    def constants(self) -> set[int]:
        """The ids of the tensors that the nodes hold: made by the trace."""
        found: set[int] = set()
        stack: list[Any] = [(saved, extra) for _, saved, extra in self.nodes]
        while stack:
            x = stack.pop()
            if isinstance(x, Tensor):
                found.add(id(x))
            elif type(x) is _Saved:
                stack.extend(x.entries())
            elif isinstance(x, (tuple, list)):
                stack.extend(x)
            elif type(x) is dict:
                stack.extend(x.values())
        return found

    def forget(self) -> None:
        """Let go of the trace's values: the nodes keep references only."""
        for node, saved, extra in self.nodes:
            node.saved = saved
            node.__dict__.update(extra)
            node.versions = node.out_cell = None
        self.count = len(self.residuals.values)
        self.residuals = None  # type: ignore[assignment]

    def backward(self, values: Any, dys: Any) -> list[Any]:
        """Traced: gradients of the leaves, as values; None where nothing arrives."""
        hooks = [(t, t._hooks) for t in self.leaves if t._hooks]
        try:
            for t, _ in hooks:
                t._hooks = None  # they run when the gradient arrives at the real leaf
            for node, saved, extra in self.nodes:
                node.saved = _filled(saved, values)
                node.__dict__.update({k: _filled(v, values) for k, v in extra.items()})
            roots = [(edge, Array(dy)) for edge, dy in zip(self.roots, dys, strict=True)]
            grads = run_backward(
                roots, retain_graph=True, capture=list(self.leaves), accumulate=False
            )
        finally:
            for t, table in hooks:
                t._hooks = table
            for node, saved, extra in self.nodes:
                node.saved = saved
                node.__dict__.update(extra)
        return [None if g is None else g._a.v for g in grads]


class _Card:
    """What the engine asks of the card of a compiled function."""

    on_tensors = False
    slow_backward = True
    fast_backward = narrow = None
    fill, saved_out, outputs, name = True, -1, -1, "compiled"
    more_outs: dict[int, int] = {}

    def backward(self, node: Any, *args: Any) -> tuple:
        dys, residuals = args[:-1], args[-1]
        if any(isinstance(dy, Tensor) for dy in dys):
            raise RuntimeError(
                "torch.compile with aot_autograd does not currently support double backward\n"
                "  fix: compute the second derivative without torch.compile"
            )
        return node.entry.pull_back(residuals, dys)


class CompiledFunctionBackward(Node):
    """The node of a call of a compiled function. saved: ([residuals],)"""

    __slots__ = ("entry",)
    card: Any = _Card()

    def name(self) -> str:
        return "CompiledFunctionBackward"


class SpentBackward(Node):
    """The node of a result whose graph a backward pass inside the program has consumed."""

    __slots__ = ()
    card: Any = _Card()

    def name(self) -> str:
        return "CompiledFunctionBackward"


def spent() -> Node:
    """A node through which a second backward pass is refused."""
    node = make_node(SpentBackward, (), ())
    node.saved = FREED
    return node


def node_of(entry: Any, edges: tuple, residuals: list, outs: tuple) -> Node:
    """The node of one call."""
    node: Any = make_node(CompiledFunctionBackward, edges, (residuals,), None, outs)
    node.entry = entry
    return node


def zeros_of(avals: Any) -> list[np.ndarray]:
    """Gradients for results that nobody used."""
    return [np.zeros(a.shape, a.dtype) for a in avals]


def abstract(v: Any) -> Any:
    """The shape and dtype of a value, as JAX wants them for a trace."""
    return jax.ShapeDtypeStruct(v.shape, v.dtype)
