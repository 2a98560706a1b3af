"""The engine: walks the recorded nodes backward and sends gradients to the leaves.

Nodes of later sequence numbers never feed earlier ones, so the engine is a heap popped from the
latest node down: no recursion, no counting of dependencies, any depth. Gradients travel as plain
arrays; under create_graph=True as Tensors, through the same formulas.
"""

from __future__ import annotations

from heapq import heappop, heappush
from sys import getrefcount
from typing import Any

import numpy as np

from ..core.dtype import from_numpy_dtype, scalar_name
from ..core.grad_mode import mode, watching
from ..core.memory_order import in_order_of
from ..core.meta import MetaArray
from ..core.tensor import Tensor, wrap
from ..kernels import CARRIED, K, hush, unhush
from .node import FREED, PACKED, Node
from .saved import Packed

_ndarray = np.ndarray


def run_backward(
    roots: list[tuple[Any, Any]],
    create_graph: bool = False,
    retain_graph: bool = False,
    capture: list[Any] | None = None,
    accumulate: bool = True,
    on_tensors: bool | None = None,
) -> list[Any]:
    """Send gradients from the roots to the leaves.

    roots    [(edge, gradient)]: arrays, or Tensors if create_graph
    capture  edges whose gradients are returned, in order (None where nothing arrived); only the
             nodes on a path to them run
    accumulate  add to .grad of the leaves (of the captured leaves, if there are any)
    on_tensors  the gradients are Tensors; None: if create_graph
    """
    if on_tensors is None:
        on_tensors = create_graph
    plain = not on_tensors and not watching[0] and capture is None
    pending: dict[Any, Any] = {}  # Node -> gradient, or list by slot
    leaves: dict[int, tuple] = {}  # id -> (leaf, gradient)
    heap: list[tuple[int, Node]] = []
    wanted = None
    catch: set[Any] = set()
    caught: dict[Any, Any] = {}
    if capture is not None:
        wanted = _reachable([e for e, _ in roots], capture)
        catch = {e if type(e) is tuple else (e, 0) for e in capture if not isinstance(e, Tensor)}

    edges: Any = [edge for edge, _ in roots]
    results: Any = [grad for _, grad in roots]
    recording, mode.grad = mode.grad, create_graph
    token = hush()
    try:
        while True:
            for edge, grad in zip(edges, results, strict=False):  # send the gradients on
                if edge is None or grad is None:
                    continue
                if isinstance(edge, Tensor):
                    old = leaves.get(id(edge))
                    leaves[id(edge)] = (edge, grad if old is None else old[1] + grad)
                    continue
                slot = 0
                if type(edge) is tuple:
                    edge, slot = edge
                if wanted is not None and edge not in wanted:
                    continue
                old = pending.get(edge)
                if old is None:
                    heappush(heap, (-edge.number, edge))
                    if edge.outs is None:
                        pending[edge] = grad
                    else:
                        pending[edge] = slots = [None] * len(edge.outs)
                        slots[slot] = grad
                elif edge.outs is None:
                    pending[edge] = old + grad
                else:
                    old[slot] = grad if old[slot] is None else old[slot] + grad
            results = edge = grad = old = None  # drop references: only the tables hold gradients
            if not heap:
                return _settle(leaves, caught, capture, accumulate, on_tensors, roots, wanted)
            node = heappop(heap)[1]
            grads = pending.pop(node)
            edges = node.edges
            back = node.card.fast_backward if plain else None
            results = None if back is None else back(node, grads)
            if results is None:
                if node.hooks is not None and node.hooks is not PACKED:
                    task = roots, wanted
                    grads = _during(task, _run_hooks_before, node, grads, on_tensors)
                if catch:
                    for slot in range(1 if node.outs is None else len(node.outs)):
                        if (node, slot) in catch:
                            caught[node, slot] = grads if node.outs is None else grads[slot]
                    if wanted is None or node not in wanted.passing:
                        edges = results = ()
                        continue
                results = _backward_of(node, grads, on_tensors, retain_graph)
            grads = None
            if (
                not retain_graph
                and node.saved
                and (_frees(node) if node.frees is None else node.frees)
            ):
                node.saved = FREED
    finally:
        mode.grad = recording
        unhush(token)


def _frees(node: Node) -> bool:
    """True if the node saved a tensor; remembered for its type. A node that saved only shapes and
    options is not freed: a second backward through it is allowed, as in PyTorch."""
    found = any(isinstance(s, (Tensor, _ndarray, list, Packed)) for s in node.saved)
    if found or None not in node.saved:  # None: perhaps a tensor that was not given
        type(node).frees = found
    return found


def _backward_of(node: Node, grads: Any, on_tensors: bool, retain: bool) -> tuple:
    """The gradients of the node's inputs, checked, summed back over broadcast dimensions."""
    card = node.card
    saved = node.saved
    if saved is FREED:
        raise RuntimeError(
            "Trying to backward through the graph a second time (or directly access saved tensors "
            "after they have already been freed). Saved intermediate values of the graph are freed "
            "when you call .backward() or autograd.grad(). Specify retain_graph=True if you need "
            "to backward through the graph a second time or if you need to access saved tensors "
            "after calling backward."
        )
    if saved:
        saved = _unpack(node, saved, on_tensors or card.on_tensors)
    if node.outs is not None:
        grads = [
            _zeros(meta, grads, on_tensors) if g is None and card.fill and node._materialize else g
            for g, meta in zip(grads, node.outs, strict=False)
        ]
        if card.outputs == "list":
            grads = [grads]
    else:
        grads = (grads,)
    if card.on_tensors and not on_tensors:
        grads = [g if g is None else wrap(g) for g in grads]
    try:
        backward = card.backward
        if card.narrow is not None and any(g is not None and g.itemsize == 2 for g in grads):
            backward = card.narrow[1]
        results = backward(node, *grads, *saved)
    except Exception as e:
        if isinstance(e, ValueError) and any(isinstance(s, Packed) for s in node.saved):
            raise RuntimeError(
                f"{node.name()}: what a saved tensor unpack_hook returned does not fit: {e}"
            ) from None
        if node.trace is not None:
            e.add_note(
                f"raised in the backward of {node.name()}; its forward was called here:\n"
                f"{node.trace}"
            )
        raise
    if type(results) is not tuple:
        results = tuple(results) if type(results) is list else (results,)
    if card.on_tensors and not on_tensors:
        results = tuple(g if g is None else g._a for g in results)
    if node.shapes is not None:
        results = tuple(
            g if g is None or shape is None or g.shape == shape else K.sum_to(g, shape)
            for g, shape in zip(results, node.shapes, strict=False)
        )
    if watching[0] and mode.anomaly and mode.anomaly_check_nan:
        _check_nan(node, results)
    if node.hooks is not None and node.hooks.post:
        results = _run_hooks_after(node, results, grads, on_tensors)
    return results


def _unpack(node: Node, saved: tuple, on_tensors: bool) -> list:
    """What backward gets to see: arrays, or Tensors that carry the history of what was saved."""
    versions, card = node.versions, node.card
    found: list = []
    for i, s in enumerate(saved):
        if isinstance(s, Tensor):
            then = 0 if versions is None else versions[i]
            if s._v is not None and s._v[0] != then:
                raise changed(node, s._a, s._v[0], then)
            found.append(s if on_tensors else s._a)
        elif isinstance(s, Packed):
            found.append(s.with_history(node) if on_tensors else s.tensor()._a)
        elif type(s) is list and s and isinstance(s[0], Tensor):
            found.append(s if on_tensors else [t._a for t in s])
        elif type(s) is list and s and isinstance(s[0], Packed):
            found.append([p.with_history(node) if on_tensors else p.tensor()._a for p in s])
        elif isinstance(s, _ndarray):
            slot = 0 if i == card.saved_out else card.more_outs.get(i, -1)
            if slot >= 0 and node.out_cell is not None:
                cell, then = node.out_cell[2][i] if slot else node.out_cell[:2]
                if cell[0] != then:
                    raise changed(node, s, cell[0], then)
            if not on_tensors:
                found.append(s)
            elif slot >= 0:
                t = wrap(s)
                t._rg, t._node, t._slot = True, node, slot
                found.append(t)
            else:
                found.append(wrap(s))
        else:
            found.append(s)
    return found


def changed(node: Node, array: np.ndarray, now: int, then: int) -> RuntimeError:
    """The error for something saved that was changed in place."""
    kind = scalar_name(from_numpy_dtype(array.dtype))
    return RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace "
        f"operation: [torch.{kind}Tensor {list(array.shape)}], which {node.name()} needs, is at "
        f"version {now}; expected version {then} instead. Hint: enable anomaly detection to find "
        "the operation that failed to compute its gradient, with "
        "torch.autograd.set_detect_anomaly(True)."
    )


def unchanged(node: Node, key: tuple) -> None:
    """RuntimeError if an index tensor of `key`, a saved key of x[key], was changed since."""
    for t, version in getattr(key, "given", ()):
        if t._version != version:
            raise changed(node, t._a, t._version, version)


def _zeros(meta: tuple, grads: Any, on_tensors: bool) -> Any:
    like = next((g for g in grads if g is not None), None)
    like = getattr(like, "_a", like)
    shape, kind = meta
    zeros = np.zeros(shape, kind) if type(like) not in CARRIED else K.zeros(shape, like, kind)
    return wrap(zeros) if on_tensors else zeros


def _check_nan(node: Node, results: tuple) -> None:
    for i, g in enumerate(results):
        if isinstance(g, Tensor) and g.is_sparse:
            g = g._values()  # type: ignore[attr-defined]
        array = g._a if isinstance(g, Tensor) else g
        if array is not None and array.dtype.kind in "fc" and np.isnan(array).any():
            e = RuntimeError(f"Function '{node.name()}' returned nan values in its {i}th output.")
            if node.trace is not None:
                e.add_note(f"the forward of {node.name()} was called here:\n{node.trace}")
            raise e


def _during(task: tuple, f: Any, *args: Any) -> Any:
    """f(*args), a hook or several, which may ask `mode.task` what pass they are called by."""
    before, mode.task = mode.task, task
    try:
        return f(*args)
    finally:
        mode.task = before


def _as_tensor(g: Any, on_tensors: bool) -> Any:
    return g if on_tensors or g is None or isinstance(g, Tensor) else wrap(g)


def _as_array(g: Any) -> Any:
    """The array of a gradient; a sparse one travels as the tensor that it is."""
    return g if g is None or g.is_sparse else g._a


def _run_hooks_before(node: Node, grads: Any, on_tensors: bool) -> Any:
    """Tensor hooks, retain_grad and node pre-hooks on the gradients of a node's outputs."""
    slots = [grads] if node.outs is None else list(grads)
    slots = [_as_tensor(g, on_tensors) for g in slots]
    hooks = node.hooks
    for slot, table in hooks.tensor.items():
        if slots[slot] is not None:
            slots[slot] = run_tensor_hooks(table, slots[slot])
    for f in list(hooks.pre.values()):
        new = f(tuple(slots))
        if new is not None:
            slots = list(new) if isinstance(new, (tuple, list)) else [new]
    for slot, ref in hooks.retain.items():
        t = ref()
        if t is not None and slots[slot] is not None:
            g = slots[slot] if on_tensors else slots[slot].clone()
            t._grad = g if t._grad is None else t._grad + g
    if not on_tensors:
        slots = [_as_array(g) for g in slots]
    return slots[0] if node.outs is None else slots


def _run_hooks_after(node: Node, results: tuple, grads: Any, on_tensors: bool) -> tuple:
    inputs = tuple(_as_tensor(g, on_tensors) for g in results)
    outputs = tuple(_as_tensor(g, on_tensors) if not isinstance(g, list) else g for g in grads)
    for f in list(node.hooks.post.values()):
        new = f(inputs, outputs)
        if new is not None:
            inputs = tuple(new) if isinstance(new, (tuple, list)) else (new,)
    return inputs if on_tensors else tuple(_as_array(g) for g in inputs)


def run_tensor_hooks(table: dict, grad: Tensor) -> Tensor:
    for f in list(table.values()):
        new = f(grad)
        if new is not None:
            if not isinstance(new, Tensor):
                raise TypeError(f"expected Tensor, but hook returned '{type(new).__name__}'")
            if new.shape != grad.shape:
                raise RuntimeError(
                    f"hook '{getattr(f, '__name__', f)}' has changed the size of value"
                )
            grad = new
    return grad


def _settle(
    leaves: dict,
    caught: dict,
    capture: list | None,
    accumulate: bool,
    on_tensors: bool,
    roots: list,
    wanted: Any,
) -> list:
    """Run the leaves' hooks, then add to .grad, or hand back what was captured."""
    chosen = None if capture is None else {id(e) for e in capture if isinstance(e, Tensor)}
    for key in list(leaves):
        leaf, grad = leaves.pop(key)
        if leaf._hooks:
            given = _as_tensor(grad, on_tensors)
            g: Any = _during((roots, wanted), run_tensor_hooks, leaf._hooks, given)
            grad = g if on_tensors else _as_array(g)
            g = given = None
        if not accumulate:
            leaves[key] = leaf, grad
        elif chosen is None or key in chosen:
            accumulate_in(leaf, grad, on_tensors)
    if accumulate:
        return []
    found = []
    for e in capture or ():
        if isinstance(e, Tensor):
            g = leaves.get(id(e), (e, None))[1]
        else:
            g = caught.get(e if type(e) is tuple else (e, 0))
        if g is not None and not on_tensors and not isinstance(g, Tensor):
            # the tuple in leaves, g, and of the last leaf the loop's own name
            g = wrap(g.copy() if g.base is not None or getrefcount(g) > _LOCAL + 2 else g)
        found.append(g)
    return found


def _passed(value: Any) -> int:
    return getrefcount(value)


def _counted() -> tuple[int, int]:
    """What getrefcount says of a value that one local holds; and of one that is passed on once.

    2 and 3, as the argument of a call counts; since Python 3.14 it is borrowed: 1 and 1.
    """
    one, other = object(), object()
    return getrefcount(one), _passed(other)


_LOCAL, _PASSED = _counted()


def accumulate_in(leaf: Tensor, grad: Any, on_tensors: bool) -> None:
    """leaf.grad += grad, in place if there is one.

    A gradient without other references is kept without a copy.
    """
    old: Any = leaf._grad
    # sparse, or on "meta"; a NumPy scalar is an array like any other
    other = type(grad) is not _ndarray and isinstance(grad, (Tensor, MetaArray))
    if on_tensors or other:
        grad = _as_tensor(grad, on_tensors)
        leaf._grad = (
            (grad.clone() if grad._view is not None else grad) if old is None else old + grad
        )
    else:
        array = leaf._a
        if grad.dtype is not array.dtype and grad.dtype != array.dtype:
            grad = (
                grad.astype(array.dtype)
                if array.dtype.kind == "c" or grad.dtype.kind != "c"
                else grad.real.astype(array.dtype)
            )
        if old is None:
            plain = type(grad) is _ndarray and array.flags.c_contiguous and grad.flags.c_contiguous
            if not plain or grad.base is not None or getrefcount(grad) > _PASSED:
                grad = in_order_of(grad, array)
            leaf._grad = wrap(grad)
        elif mode.grad or old.is_sparse:
            leaf._grad = wrap(grad) + old if old.is_sparse else old + wrap(grad)
        else:
            K.add_(old._a, grad)
            old._bump()
    if leaf._after_grad:
        for f in list(leaf._after_grad.values()):
            f(leaf)


class _Reachable(set):
    """Nodes worth visiting; `passing` are those from which the search must go on."""

    passing: set


def _reachable(roots: list, targets: list) -> _Reachable:
    """The nodes on a path from the roots to one of the target edges."""
    goal = {id(e) for e in targets if isinstance(e, Tensor)}
    goal_nodes = {e[0] if type(e) is tuple else e for e in targets if not isinstance(e, Tensor)}
    seen: set[Node] = set()
    stack = [e[0] if type(e) is tuple else e for e in roots if not isinstance(e, Tensor)]
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        for e in node.edges:
            if e is not None and not isinstance(e, Tensor):
                stack.append(e[0] if type(e) is tuple else e)
    found, passing = _Reachable(), set()
    for node in sorted(seen, key=lambda n: n.number):
        for e in node.edges:
            if e is not None and (
                id(e) in goal
                if isinstance(e, Tensor)
                else (e[0] if type(e) is tuple else e) in found
            ):
                passing.add(node)
                break
        if node in passing or node in goal_nodes:
            found.add(node)
    found.passing = passing
    return found
