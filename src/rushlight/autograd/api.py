"""torch.autograd: backward and grad."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from ..core.dtype import FLOAT
from ..core.grad_mode import mode
from ..core.tensor import Tensor, wrap
from .engine import accumulate_in, run_backward
from .node import GradientEdge, edge_of, inner_edge


def _seed(t: Tensor, g: Tensor | None, i: int, create_graph: bool, batched: bool = False) -> Any:
    """The gradient that starts at output t: g checked, or one for a scalar."""
    if g is None:
        if t._a.size != 1:
            raise RuntimeError(
                "grad can be implicitly created only for scalar outputs\n"
                f"  this one has shape {tuple(t._a.shape)}\n"
                "  fix: .sum() or .mean() of it, or pass the gradient: backward(gradient)"
            )
        if t.dtype.category < FLOAT:
            raise RuntimeError(
                f"grad can be implicitly created only for real scalar outputs but got {t.dtype}"
            )
        array = np.ones_like(t._a, order="C")
    else:
        if not isinstance(g, Tensor):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(g).__name__}")
        if g._a.shape != t._a.shape:
            raise RuntimeError(
                f"Mismatch in shape: grad_output[{i}] has a shape of {g.shape} and output[{i}] has "
                f"a shape of {t.shape}."
            )
        if create_graph:
            return g
        array = g._a
    if create_graph:
        return wrap(array)
    return array


def _roots(tensors: tuple, grads: Any, create_graph: bool) -> list:
    roots = []
    for i, t in enumerate(tensors):
        if isinstance(t, GradientEdge):
            roots.append((inner_edge(t), _seed_of_edge(t, grads[i], create_graph)))
            continue
        edge = edge_of(t)
        if edge is None:
            raise RuntimeError(
                f"element {i} of tensors does not require grad and does not have a grad_fn\n"
                "  nothing that it was computed from requires a gradient, or it was computed under "
                "no_grad() or after detach(), item() or numpy()\n"
                "  fix: requires_grad=True on a tensor that it depends on"
            )
        roots.append((edge, _seed(t, grads[i], i, create_graph)))
    return roots


def _seed_of_edge(edge: GradientEdge, g: Tensor | None, create_graph: bool) -> Any:
    """The gradient that starts at an edge; without one given, one: for a scalar, if it is known."""
    if g is None:
        outs = getattr(edge.node, "outs", None)
        leaf = getattr(edge.node, "variable", None)
        if leaf is not None and leaf._a.size == 1:
            g = wrap(np.ones_like(leaf._a))
        elif outs is not None and not outs[edge.output_nr][0]:
            g = wrap(np.ones(*outs[edge.output_nr]))
        else:
            raise RuntimeError(
                "grad can be implicitly created only for scalar outputs\n"
                "  fix: pass the gradient, a GradientEdge does not know its shape here"
            )
    return g if create_graph else g._a


def _tensors(x: Any) -> tuple:
    """Tensors and edges, one or several, as a tuple."""
    return (x,) if isinstance(x, (Tensor, GradientEdge)) else tuple(x)


def _listed(x: Any, n: int) -> tuple:
    if x is None:
        return (None,) * n
    if isinstance(x, Tensor):
        return (x,)
    x = tuple(x)
    if len(x) != n:
        raise RuntimeError(f"got {n} tensors and {len(x)} gradients")
    return x


def _run_for(capture: list, roots: list, create_graph: bool, keep: bool, accumulate: bool) -> list:
    """A pass for the gradients of these edges; `mode.partial` says so to what it calls."""
    before, mode.partial = mode.partial, True
    try:
        return run_backward(roots, create_graph, keep, capture, accumulate)
    finally:
        mode.partial = before


# while a transform runs: f(outputs, inputs, seeds, create_graph, keep) -> gradients, or None where
# no tensor carries anything; see dispatch/levels.py
CARRYING: list[Any] = []
_ONE = {np.dtype(d): np.ones((), d) for d in (np.float32, np.float64)}  # never written to


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Accumulate the gradients of `tensors` (times grad_tensors) into the leaves' `.grad`.

    inputs: only these leaves. RuntimeError: no graph, a shape that does not fit, a graph used
    twice.
    """
    if grad_tensors is None and inputs is None and not create_graph:
        if isinstance(tensors, Tensor) and tensors._rg and not tensors._a.ndim:
            one = _ONE.get(tensors._a.dtype)
            if one is not None and type(tensors._a) is np.ndarray:  # loss.backward()
                run_backward([(edge_of(tensors), one)], False, bool(retain_graph))
                return
    tensors = _tensors(tensors)
    if inputs is not None:
        inputs = _tensors(inputs)
        if not inputs:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
        for i, t in enumerate(inputs):
            if not isinstance(t, GradientEdge) and not t._rg:
                raise RuntimeError(
                    f"One of the differentiated Tensors does not require grad (inputs[{i}])"
                )
    capture = None if inputs is None else [inner_edge(t) for t in inputs]
    roots = _roots(tensors, _listed(grad_tensors, len(tensors)), create_graph)
    keep = create_graph if retain_graph is None else retain_graph
    if capture is None:
        run_backward(roots, create_graph, keep)
    elif all(isinstance(edge, Tensor) for edge in capture):
        _run_for(capture, roots, create_graph, keep, accumulate=True)
    else:  # some are no leaves: their gradients are caught
        found = _run_for(capture, roots, create_graph, keep, accumulate=False)
        for t, edge, g in zip(inputs, capture, found, strict=True):
            if isinstance(edge, Tensor) and g is not None:
                accumulate_in(edge, g if create_graph else g._a, create_graph)
            elif isinstance(t, Tensor) and g is not None and not t._keeps_grad:
                t._grad = g if t._grad is None else t._grad + g


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple:
    """Gradients of `outputs` with respect to `inputs`, returned; `.grad` is left alone.

    allow_unused: None for inputs that do not matter, instead of an error; materialize_grads: zeros
    for them; is_grads_batched: the first dimension of grad_outputs is a batch of them, and that of
    the results.
    """
    outputs, inputs = _tensors(outputs), _tensors(inputs)
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: "
            "allow_unused=False."
        )
    allow_unused = materialize_grads if allow_unused is None else allow_unused
    for t in inputs:
        if isinstance(t, GradientEdge):
            if materialize_grads:
                raise RuntimeError(
                    "materialize_grads cannot be used when the given input is a GradientEdge"
                )
        elif not t._rg:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
    keep = create_graph if retain_graph is None else retain_graph
    seeds = _listed(grad_outputs, len(outputs))
    if is_grads_batched:
        # func stands on this room; only here is it needed
        above = import_module(f"{__name__.partition('.')[0]}.func.autograd_functional")
        found = above.batched_grad(outputs, inputs, seeds, create_graph, keep)
    elif CARRYING and (found := CARRYING[0](outputs, inputs, seeds, create_graph, keep)):
        pass
    else:
        roots = _roots(outputs, seeds, create_graph)
        capture = [inner_edge(t) for t in inputs]
        found = _run_for(capture, roots, create_graph, keep, accumulate=False)
    for i, g in enumerate(found):
        if g is None:
            if not allow_unused:
                raise RuntimeError(
                    f"The differentiated Tensor at index {i} appears to not have been used in the "
                    "graph. "
                    "Set allow_unused=True if this is the desired behavior."
                )
            if materialize_grads:
                found[i] = wrap(np.zeros_like(inputs[i]._a))
    return tuple(found)
