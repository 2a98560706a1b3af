"""Hooks on saved tensors: what a node keeps is packed when it is recorded, unpacked by backward.

A node that was recorded under hooks keeps a Packed in place of each tensor. Its `hooks` are not
None, if only the empty PACKED, so that the generated backward leaves it to the engine's general
path; `mode.packing` is looked at only while `watching` counts somebody. Without hooks nothing of
this runs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.grad_mode import mode
from ..core.tensor import Tensor, wrap
from .node import FREED, PACKED, Node, edge_of, make_node


class Packed:
    """What a pack hook made of a tensor, and where the gradient of that tensor goes.

    edge   as in Node.edges; None if it wants none; a slot (int) for an output of the node itself
    """

    __slots__ = ("edge", "thing", "unpack")

    def __init__(self, thing: Any, unpack: Any, edge: Any):
        self.thing, self.unpack, self.edge = thing, unpack, edge

    def tensor(self) -> Tensor:
        """What the unpack hook returns. TypeError: no Tensor."""
        t = self.unpack(self.thing)
        if not isinstance(t, Tensor):
            raise TypeError(
                "Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                f"{type(t).__name__}"
            )
        return t

    def with_history(self, node: Node) -> Tensor:
        """The same, connected to the graph as the packed tensor was."""
        t, edge = self.tensor(), self.edge
        if edge is None or t is edge:
            return t
        if isinstance(edge, Tensor):
            edge = make_node(_identity(), (edge,), ())
        elif type(edge) is int:
            edge = node, edge
        alias = wrap(t._a)
        alias._node, alias._slot = edge if type(edge) is tuple else (edge, 0)
        alias._rg = True
        return alias


class Packing:
    """A pair of hooks. pack(tensor) -> anything; unpack(anything) -> tensor."""

    def __init__(self, pack: Any, unpack: Any):
        self.pack, self.unpack = pack, unpack

    def packed(self, t: Tensor, edge: Any) -> Packed:
        """RuntimeError: the hook changed the tensor in place."""
        before = 0 if t._v is None else t._v[0]
        recording, mode.grad = mode.grad, False
        try:
            thing = self.pack(t)
        finally:
            mode.grad = recording
        if t._v is not None and t._v[0] != before:
            raise RuntimeError(
                "A saved tensor pack hook is modifying its input in place. Tensors provided as "
                "input to pack hook cannot be modified by in-place operations as this can lead to "
                "unexpected side-effects. Please open an issue if you need to perform in-place "
                "operations on the input to a pack hook."
            )
        return Packed(thing, self.unpack, edge)

    def packed_output(self, node: Node, array: np.ndarray, slot: int | None) -> Packed:
        """An array that the operation computed: its output number `slot`, or something only
        backward reads."""
        t = wrap(array)
        if slot is None or array.dtype.kind not in "fcV":
            return self.packed(t, None)
        t._rg, t._node, t._slot = True, node, slot
        found = self.packed(t, slot)
        if found.thing is t:  # node -> saved -> its output -> node would be a circle
            t._rg, t._node = False, None
        return found

    def pack_node(self, node: Node) -> None:
        """Pack all that a new node saved."""
        source = node.card.save
        outputs = 1 if node.outs is None else len(node.outs)
        saved = list(node.saved)
        for j, s in enumerate(saved):
            i = source[j] if j < len(source) else 0
            if isinstance(s, Tensor):
                saved[j] = self.packed(s, edge_of(s))
            elif isinstance(s, np.ndarray) and i < 0:  # an array given as argument is an option
                saved[j] = self.packed_output(node, s, ~i if ~i < outputs else None)
            elif type(s) is list and s and isinstance(s[0], Tensor):
                saved[j] = [self.packed(t, edge_of(t)) for t in s]
            else:
                continue
            node.hooks = PACKED
        node.saved = tuple(saved)


def _identity() -> Any:
    """The type of nodes that hand a gradient on; made when the first is needed."""
    global _Identity
    if _Identity is None:
        _Identity = type("AliasBackward0", (Node,), {"__slots__": (), "card": _IdentityCard()})
    return _Identity


_Identity: Any = None


class _IdentityCard:
    fast_backward = narrow = None
    on_tensors, slow_backward, fill, saved_out, outputs, name = False, True, True, -1, 1, "alias"
    more_outs: dict[int, int] = {}

    def backward(self, node: Any, dy: Any) -> Any:
        return dy


# ---------------------------------------------------------------- grad_fn._saved_self


class SavedTensor:
    """One saved tensor of a node, as `grad_fn._raw_saved_self` shows it."""

    def __init__(self, node: Node, slot: int):
        self._node, self._slot = node, slot

    def register_hooks(self, pack_hook: Any, unpack_hook: Any) -> None:
        """Pack this tensor now; backward unpacks it. RuntimeError: it has hooks, or is freed."""
        node, j = self._node, self._slot
        if node.saved is FREED:
            raise RuntimeError(
                "Cannot register hooks on a SavedTensor that has already been freed. Saved "
                "intermediate values of the graph are freed when you call .backward() or "
                "autograd.grad(). Specify retain_graph=True if you need to backward through the "
                "graph a second time or if you need to access saved tensors after calling backward."
            )
        for hook in (pack_hook, unpack_hook):
            if not callable(hook):
                raise TypeError("incompatible function arguments")
        s, hooks = node.saved[j], Packing(pack_hook, unpack_hook)
        if isinstance(s, Packed):
            raise RuntimeError("Calling register_hooks on a saved tensor which has already been "
                               "registered with hooks is not allowed.")  # fmt: skip
        if isinstance(s, Tensor):
            new: Any = hooks.packed(s, edge_of(s))
        elif isinstance(s, np.ndarray):
            slot = ~node.card.save[j]
            inside = slot < (1 if node.outs is None else len(node.outs))
            new = hooks.packed_output(node, s, slot if inside else None)
        else:
            raise RuntimeError("Calling register_hooks on a saved tensor with value None is "
                               "forbidden")  # fmt: skip
        node.saved = (*node.saved[:j], new, *node.saved[j + 1 :])
        node.hooks = node.hooks or PACKED


def saved_properties(card: Any) -> dict[str, property]:
    """`_saved_self`, `_raw_saved_self` and the like, for the type of a card's nodes.

    What they keep, by PyTorch's names of the arguments. A `__getattr__` of Node instead would slow
    all of its attributes down.
    """
    found: dict[str, property] = {}
    for j, i in enumerate(card.save):
        if i < 0:
            extra = ~i - card.outputs if type(card.outputs) is int else -1
            known = card.extras[extra] if 0 <= extra < len(card.extras) else "result"
            if j in card.more_outs:
                known = f"result{~i}"
        elif i < len(card.parameters):
            known = card.public_name(i)
            known = "self" if known == "input" else known
        else:
            continue

        def read(
            node: Node, j: int = j, out: int = 0 if i == ~0 else card.more_outs.get(j, -1)
        ) -> Any:
            return _read(node, j, out)

        def raw(node: Node, j: int = j) -> SavedTensor:
            return SavedTensor(node, j)

        found[f"_saved_{known}"], found[f"_raw_saved_{known}"] = property(read), property(raw)
    return found


def _read(node: Node, j: int, out: int) -> Any:
    """Entry j of what a node keeps; as its output `out`, if it is one (-1: none)."""
    if node.saved is FREED:
        raise RuntimeError(
            "Trying to backward through the graph a second time (or directly access saved "
            "tensors after they have already been freed). Saved intermediate values of the "
            "graph are freed when you call .backward() or autograd.grad(). Specify "
            "retain_graph=True if you need to backward through the graph a second time or if "
            "you need to access saved tensors after calling backward."
        )
    s = node.saved[j]
    if isinstance(s, Packed):
        return s.with_history(node)
    if not isinstance(s, np.ndarray):
        return s
    t = wrap(s)
    if out >= 0:
        t._rg, t._node, t._slot = True, node, out
    return t
