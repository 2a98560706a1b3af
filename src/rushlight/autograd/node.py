"""Nodes: what the forward pass records, and where gradients go.

A node knows what it was computed from (`edges`), what its card's backward reads (`saved`), and a
sequence number. An edge is one of: a Node (its output 0), a pair (Node, slot), a leaf Tensor (the
gradient accumulates there), or None (no gradient wanted). A node refers to its outputs only weakly,
so dropping the result frees the graph by reference count.
"""

from __future__ import annotations

import itertools
import os
from typing import Any, NamedTuple

from ..core.grad_mode import mode, watching
from ..core.tensor import Tensor
from .hooks import RemovableHandle

next_number: Any = itertools.count(1).__next__


FREED: Any = object()  # replaces `saved` once a backward pass has freed the node


class Node:
    """One recorded operation: what `tensor.grad_fn` shows.

    edges   where each differentiable input came from
    saved   what backward needs: input Tensors, arrays of outputs, options
    shapes  the inputs' shapes, if the operation broadcast them
    outs    ((shape, NumPy dtype), ...) of the outputs of an operation that has several
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "edges",
        "hooks",
        "number",
        "out_cell",
        "outs",
        "saved",
        "shapes",
        "versions",
    )
    edges: tuple
    hooks: Any
    number: int
    out_cell: Any
    outs: tuple | None
    saved: Any
    shapes: Any
    versions: Any
    card: Any = None
    tensor_slots: tuple = ()  # where in `saved` Tensors may be
    is_relu = False
    frees: bool | None = None  # nodes of this type save tensors; None: not known yet, see engine.py
    masked_grad: Any = None  # of a relu: its gradient, already computed by the next op's backward
    trace: str | None = None  # where the forward was called, in anomaly mode
    _meta: dict | None = None
    _materialize = True  # gradients that are absent arrive as zeros

    def needs(self, i: int) -> bool:
        """True if the gradient of the i-th differentiable input is wanted."""
        return self.edges[i] is not None

    def name(self) -> str:
        """PyTorch's name of the node, e.g. 'MulBackward0'."""
        return type(self).__name__

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """((node, slot), ...) of the inputs.

        A leaf shows as its AccumulateGrad, a constant as (None, 0).
        """
        return tuple(_public_edge(e) for e in self.edges)

    @property
    def metadata(self) -> dict:
        """A dict for the user's own notes on this node."""
        if self._meta is None:
            self._meta = {}
        return self._meta

    def _sequence_nr(self) -> int:
        return self.number

    def register_hook(self, f) -> Any:
        """f(grad_inputs, grad_outputs) -> new grad_inputs or None, after this node's backward."""
        return node_hooks(self).add("post", f)

    def register_prehook(self, f) -> Any:
        """f(grad_outputs) -> new grad_outputs or None, before this node's backward."""
        return node_hooks(self).add("pre", f)


class Hooks:
    """The hooks of one node, by kind: of its output tensors (by slot), before it, after it."""

    __slots__ = ("__weakref__", "post", "pre", "retain", "tensor")

    def __init__(self):
        self.tensor: dict[int, dict] = {}
        self.pre: dict = {}
        self.post: dict = {}
        self.retain: dict[
            int, Any
        ] = {}  # slot -> weak reference to the tensor that keeps its gradient

    def add(self, kind: str, f: Any) -> Any:

        table = getattr(self, kind)
        handle = RemovableHandle(table)
        table[handle.id] = f
        return handle


PACKED = Hooks()  # shared by nodes without hooks whose saved tensors are packed: keep it empty


def node_hooks(node: Node) -> Hooks:
    if node.hooks is None or node.hooks is PACKED:
        node.hooks = Hooks()
    return node.hooks


class AccumulateGrad:
    """The end of the line for a leaf, as `next_functions` shows it; `variable` is the leaf."""

    next_functions = ()

    def __init__(self, leaf: Tensor):
        self.variable = leaf

    def name(self) -> str:
        return "AccumulateGrad"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AccumulateGrad) and other.variable is self.variable

    def __hash__(self) -> int:
        return id(self.variable)

    def register_hook(self, f) -> Any:
        """f(grad_inputs, grad_outputs) after the gradient has been accumulated."""
        return self.variable.register_post_accumulate_grad_hook(lambda leaf: f((), (leaf.grad,)))

    def register_prehook(self, f) -> Any:
        """f(grad_outputs) -> new ones or None, before the gradient is accumulated."""

        def hook(g):
            new = f((g,))
            return None if new is None else new[0]

        return self.variable.register_hook(hook)


class GradientEdge(NamedTuple):
    """A node and which of its outputs. ownership_token: None, since a node here owns its graph."""

    node: Any
    output_nr: int
    ownership_token: Any = None


def inner_edge(t: Any) -> Any:
    """As `edge_of`, of a tensor or a GradientEdge."""
    if not isinstance(t, GradientEdge):
        return edge_of(t)
    if isinstance(t.node, AccumulateGrad):
        return t.node.variable
    return (t.node, t.output_nr) if t.output_nr else t.node


def _public_edge(edge: Any) -> tuple[Any, int]:
    if edge is None:
        return None, 0
    if isinstance(edge, Tensor):
        return AccumulateGrad(edge), 0
    return edge if type(edge) is tuple else (edge, 0)


def edge_of(t: Tensor) -> Any:
    """Where the gradient of `t` goes.

    Its node, or `t` itself if it is a leaf; None if it wants none.
    """
    if not t._rg:
        return None
    if t._view is not None:
        t._view.refresh(t)
    node = t._node
    if node is None:
        return t
    return node if t._slot == 0 else (node, t._slot)


# The one place where a Node is filled. `fill` and `make_node` run these lines; the runners that
# dispatch/codegen.py writes contain them, which saves a call for each operation.
FILL = """\
node.edges = {edges}
node.saved = {saved}
node.shapes = {shapes}
node.outs = {outs}
node.versions = {versions}
node.hooks = node.out_cell = None
node.number = next_number()
if watching[0]:
    watched(node)
"""


def fill_text(indent: int, **values: Any) -> str:
    """The lines that fill a new `node`, indented; fields that are not named are None."""
    fields = dict.fromkeys(("edges", "saved", "shapes", "outs", "versions"))
    lines = FILL.format(**{**fields, **values}).splitlines(keepends=True)
    return "".join(" " * indent + line for line in lines)


def _compiled_fill() -> Any:
    names = ("edges", "saved", "shapes", "outs", "versions")
    text = f"def fill(node, {', '.join(names)}):\n" + fill_text(4, **{n: n for n in names})
    scope: dict[str, Any] = {
        "next_number": next_number,
        "watched": watched,
        "watching": watching,
    }
    exec(text, scope)
    return scope["fill"]


def make_node(
    node_type: type[Node], edges: tuple, saved: Any, shapes: Any = None, outs: Any = None
) -> Node:
    """A new node with the next sequence number; remembers the versions of the tensors it saved."""
    node = node_type()
    versions = None
    if saved:
        for j in node_type.tensor_slots:
            s = saved[j]
            if isinstance(s, Tensor) and s._v is not None and s._v[0]:
                if versions is None:
                    versions = [0] * len(saved)
                versions[j] = s._v[0]
    fill(node, edges, saved, shapes, outs, versions)
    return node


_PACKAGE = os.path.dirname(os.path.dirname(__file__))  # pathlib: 4 ms at import


def watched(node: Node) -> None:
    """What a new node goes through while somebody watches: a trace of the call, the hooks of its
    saved tensors."""
    if mode.anomaly:
        note_trace(node)
    if mode.packing is not None and node.saved:
        mode.packing.pack_node(node)


def note_trace(node: Node) -> None:
    """In anomaly mode, remember where the forward was called: the stack up to the user's line."""
    import traceback

    frames = traceback.extract_stack()
    while frames and frames[-1].filename.startswith((_PACKAGE, "<card", "<face")):
        frames.pop()
    node.trace = "".join(frames.format())


fill = _compiled_fill()
