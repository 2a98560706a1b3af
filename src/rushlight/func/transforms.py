"""Derivatives of functions: grad, grad_and_value, vjp, jvp, linearize."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..autograd.node import Node
from ..core.batched import BatchArray
from ..core.grad_mode import enable_grad, mode
from ..core.tensor import Tensor
from ..dispatch import batching_rules, functions
from ..dispatch.gradients import for_each, fresh, gradients, moving, zeros_of
from ..dispatch.levels import (
    opened,
    primal,
    tangent,
    transforming,
)
from ..dispatch.tangents import forgotten
from ..utils._pytree import tree_flatten, tree_map, tree_unflatten

_RULES = batching_rules, functions  # imported for what it registers


class Owner:
    """A running transform: whose inputs a graph must not go through to count as someone else's."""

    active = True


def depends_outside(t: Tensor, owner: Owner) -> bool:
    """Does t depend on a tensor that wants gradients, other than through the inputs of `owner`?

    Leaves, and the inputs of transforms that are still running, want them.
    """
    while type(t._a) is BatchArray:
        if t._duals and any(depends_outside(x, owner) for x in t._duals.values()):
            return True
        t = t._a.value
    if t._duals and any(depends_outside(x, owner) for x in t._duals.values()):
        return True
    if not t._rg:
        return False
    if t._view is not None:
        t._view.refresh(t)
    node = t._node
    if node is None:
        return True
    seen: set[Node] = {node}
    stack = [node]
    while stack:
        node = stack.pop()
        found = node.__dict__.get("owner")
        if found is not None and found is not owner and found.active:
            return True
        for e in node.edges:
            if e is None:
                continue
            if isinstance(e, Tensor):
                return True
            if type(e) is tuple:
                e = e[0]
            if e not in seen:
                seen.add(e)
                stack.append(e)
    return False


def outcome(t: Any, owner: Owner, recording: bool) -> Any:
    """A result of a transform: without the history that only it knows."""
    if not isinstance(t, Tensor):
        return t
    return t if recording and depends_outside(t, owner) else forgotten(t)


def _aux(t: Any, owner: Owner, recording: bool) -> Any:
    if not isinstance(t, Tensor):
        raise RuntimeError(f"Expected tensors, got unsupported type {type(t)}")
    return outcome(t, owner, recording)


def _inputs(t: Any, owner: Owner, recording: bool) -> Any:
    if not isinstance(t, Tensor):
        raise ValueError(f"Thing passed to transform API must be Tensor, got {type(t)}")
    if not (t.is_floating_point() or t.is_complex()):
        raise RuntimeError("only Tensors of floating point dtype can require gradients")
    before, mode.grad = mode.grad, recording
    try:
        return fresh(for_each(t), owner)
    finally:
        mode.grad = before


def _chosen(args: tuple, argnums: Any) -> tuple:
    """The arguments to differentiate by, and their places."""
    if isinstance(argnums, bool) or not isinstance(argnums, (int, tuple)):
        raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")
    places = (argnums,) if isinstance(argnums, int) else argnums
    for i in places:
        if not isinstance(i, int):
            raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")
        if not -len(args) <= i < len(args):
            raise RuntimeError(f"Got argnum={i}, but only {len(args)} positional inputs")
    return tuple([i % len(args) for i in places])


def _replaced(args: tuple, places: tuple, owner: Owner, recording: bool) -> tuple[list, list, Any]:
    """(the arguments with fresh tensors at these places, their leaves, their structure)"""
    leaves, spec = tree_flatten([args[i] for i in places])
    new = [_inputs(t, owner, recording) for t in leaves]
    found = list(args)
    for i, value in zip(places, tree_unflatten(new, spec), strict=True):
        found[i] = value
    return found, new, spec


def grad_and_value(func: Callable, argnums: Any = 0, has_aux: bool = False) -> Callable:
    """A function that returns (the gradient of func, its value).

    argnums   of which arguments; a number, or a tuple: then gradients are one too
    has_aux   func returns (value, aux); the value becomes (value, aux)

    errors  RuntimeError: func does not return one number as a tensor

    >>> grad_and_value(lambda x: (x * x).sum())(tensor([1.0, 2.0]))
    (tensor([2., 4.]), tensor(5.))
    """

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        places = _chosen(args, argnums)
        recording, owner = mode.grad, Owner()
        with transforming():
            given, leaves, spec = _replaced(args, places, owner, recording)
            try:
                with enable_grad():
                    out = func(*given, **kwargs)
                    aux: Any = None
                    if has_aux:
                        if not (isinstance(out, tuple) and len(out) == 2):
                            raise RuntimeError(
                                "grad_and_value(f)(*args): output of function f should be a tuple: "
                                "(output, aux) if has_aux is True"
                            )
                        out, aux = out
                    if not isinstance(out, Tensor):
                        raise RuntimeError(
                            "grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got "
                            f"{type(out)}"
                        )
                    if out.ndim:
                        raise RuntimeError(
                            "grad_and_value(f)(*args): Expected f(*args) to return a scalar "
                            f"tensor, got tensor with {out.ndim} dims. Maybe you wanted to use the "
                            "vjp or jacrev APIs instead?".replace("scalar tensor", "scalar Tensor")
                        )
                    if out.is_complex():
                        raise RuntimeError(
                            "grad_and_value(f)(*args): Expected f(*args) to return a real tensor, "
                            "got complex"
                        )
                    create = recording and depends_outside(out, owner)
                    found = gradients([out], leaves, [None], create, retain=create)
            finally:
                owner.active = False
            found = [zeros_of(x) if g is None else g for g, x in zip(found, leaves, strict=True)]
            found = [outcome(g, owner, create) for g in found]
            trees = tree_unflatten(found, spec)
            result = trees[0] if isinstance(argnums, int) else tuple(trees)
            out = outcome(out, owner, create)
            if has_aux:
                return result, (out, tree_map(lambda t: _aux(t, owner, recording), aux))
            return result, out

    return wrapped


def grad(func: Callable, argnums: Any = 0, has_aux: bool = False) -> Callable:
    """A function that returns the gradient of func, which returns one number as a tensor.

    argnums   of which arguments; a number, or a tuple: then gradients are one too
    has_aux   func returns (value, aux); the result is (gradient, aux)

    errors  RuntimeError: func does not return one number as a tensor

    >>> grad(torch.sin)(tensor(0.0))
    tensor(1.)
    """

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result, value = grad_and_value(func, argnums, has_aux)(*args, **kwargs)
        return (result, value[1]) if has_aux else result

    return wrapped


def _only_tensors(leaves: list, name: str) -> None:
    for t in leaves:
        if not isinstance(t, Tensor):
            raise RuntimeError(
                f"{name}: expected f(*primals) to return only tensors, got unsupported type "
                f"{type(t)}"
            )


def vjp(func: Callable, *primals: Any, has_aux: bool = False) -> Any:
    """(func(*primals), f) where f(cotangents) is the vector-Jacobian product, J' v.

    has_aux   func returns (output, aux); aux comes third
    shape     cotangents as the output; f returns one gradient, or a tuple, one for each primal

    errors  RuntimeError: outputs that are no tensors, cotangents of another structure

    >>> y, f = vjp(torch.sin, tensor(0.0))
    >>> f(tensor(2.0))
    (tensor(2.),)
    """
    recording, owner = mode.grad, Owner()
    with transforming():
        given, leaves, spec = _replaced(primals, tuple(range(len(primals))), owner, recording)
        with enable_grad():
            out = func(*given)
        aux: Any = None
        if has_aux:
            if not (isinstance(out, tuple) and len(out) == 2):
                raise RuntimeError(
                    "vjp(f, *primals): output of function f should be a tuple: (output, aux) if "
                    "has_aux is True"
                )
            out, aux = out
        outs, out_spec = tree_flatten(out)
        _only_tensors(outs, "vjp(f, *primals)")
    owner.active = False
    tied = recording and any(depends_outside(t, owner) for t in outs)

    def product(*cotangents: Any, retain_graph: bool = True, create_graph: Any = None) -> Any:
        given = cotangents[0] if len(cotangents) == 1 else cotangents
        vs, v_spec = tree_flatten(given)
        if v_spec != out_spec:
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of "
                f"outputs to the function. cotangents: {v_spec}, primal output: {out_spec}"
            )
        for i, (v, y) in enumerate(zip(vs, outs, strict=True)):
            if v._a.shape != y._a.shape:
                raise RuntimeError(
                    f"Mismatch in shape: grad_output[{i}] has a shape of {v.shape} and "
                    f"output[{i}] has a shape of {y.shape}."
                )
        create = mode.grad and (tied or any(v._rg for v in vs))
        with transforming(), enable_grad():
            found = gradients(outs, leaves, vs, create)
        found = [zeros_of(x) if g is None else g for g, x in zip(found, leaves, strict=True)]
        found = [outcome(g, owner, create) for g in found]
        return tuple(tree_unflatten(found, spec))

    result = tree_map(lambda t: outcome(t, owner, tied), out)
    if has_aux:
        return result, product, tree_map(lambda t: _aux(t, owner, recording), aux)
    return result, product


def jvp(
    func: Callable,
    primals: Any,
    tangents: Any,
    *,
    strict: bool = False,
    has_aux: bool = False,
) -> Any:
    """(func(*primals), the Jacobian-vector product J t), in one forward pass.

    primals, tangents   tuples of the same structure
    strict              an output that does not depend on the primals is an error
    has_aux             func returns (output, aux); aux comes third

    errors  RuntimeError: no tuples, other structures or shapes, outputs that are no tensors

    >>> jvp(torch.sin, (tensor(0.0),), (tensor(2.0),))
    (tensor(0.), tensor(2.))
    """
    if not isinstance(primals, tuple):
        raise RuntimeError(
            "jvp(f, primals, tangents): Expected primals to be a tuple. E.g. it should be valid to "
            "call f(*primals)."
        )
    xs, spec = tree_flatten(primals)
    ts, t_spec = tree_flatten(tangents)
    if spec != t_spec:
        raise RuntimeError(
            "jvp(f, primals, tangents): Expected primals and tangents to have the same python "
            "structure. For example, if primals is a tuple of 3 tensors, tangents also must be. "
            f"Got primals with structure {spec} and tangents with structure {t_spec}"
        )
    if not xs:
        raise RuntimeError(
            "jvp(f, primals, tangents): Expected primals to contain at least one Tensor."
        )
    for x, t in zip(xs, ts, strict=True):
        for value, name in ((x, "primals"), (t, "tangents")):
            if not isinstance(value, Tensor):
                raise RuntimeError(
                    f"jvp(f, primals, tangents): Expected {name} to contain only Tensors, got "
                    f"unsupported type {type(value)}"
                )
        check_tangent(x, t)
    with transforming(), opened("jvp") as level:
        number = level.number
        given = [moving(x, t, number) for x, t in zip(xs, ts, strict=True)]
        out = func(*tree_unflatten(given, spec))
        aux: Any = None
        if has_aux:
            if not (isinstance(out, tuple) and len(out) == 2):
                raise RuntimeError(
                    "jvp(f, primals, tangents): output of function f should be a tuple: (output, "
                    "aux) if has_aux is True"
                )
            out, aux = out
        outs, out_spec = tree_flatten(out)
        _only_tensors(outs, "jvp(f, primals, tangents)")
        found = []
        for y in outs:
            along = tangent(y, number)
            if along is None:
                if strict:
                    raise RuntimeError(
                        "jvp(f, primals, tangents, strict=True): The output of f is independent of "
                        "the inputs. This is not allowed with strict=True."
                    )
                along = zeros_of(y)
            found.append(along)
        result = tree_unflatten([primal(y, number) for y in outs], out_spec)
        moved = tree_unflatten(found, out_spec)
        if has_aux:
            aux = tree_map(lambda t: primal(t, number), aux)
    return (result, moved, aux) if has_aux else (result, moved)


def check_tangent(x: Tensor, t: Tensor) -> None:
    """RuntimeError: a tangent of another shape than its primal."""
    if x._a.shape != t._a.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original "
            f"Tensor, this is not supported. Tensor is of size {list(x._a.shape)} while the given "
            f"forward gradient is of size {list(t._a.shape)}."
        )


def linearize(func: Callable, *primals: Any) -> tuple[Any, Callable]:
    """(func(*primals), f) where f(*tangents) is the Jacobian-vector product at the primals.

    f runs func anew for each call; func must do the same each time.

    >>> y, f = linearize(torch.sin, tensor(0.0))
    >>> f(tensor(2.0))
    tensor(2.)
    """
    out = func(*primals)
    _only_tensors(tree_flatten(out)[0], "linearize(f, *primals)")

    def product(*tangents: Any) -> Any:
        return jvp(func, primals, tangents)[1]

    return out, product


def functionalize(func: Callable, *, remove: str = "mutations") -> Callable:
    """func itself: there is no tracer here whose record would have to be free of changes in place.

    What func computes, and what it changes in place, is the same in PyTorch.

    errors  RuntimeError: another `remove` than "mutations" or "mutations_and_views"
    """
    if remove not in ("mutations", "mutations_and_views"):
        raise RuntimeError(
            "functionalize(f, remove='mutations'): received invalid argument for "
            f"remove={remove}. Valid options are:\n     remove='mutations': all inplace and out= "
            "operators will be removed from the program, and replaced with their out-of-place "
            "equivalents.\n     remove='mutations_and_views': In addition to the above, all "
            "aliasing operators {view} will be replaced with their non-aliasing counterparts, "
            "{view}_copy.\n"
        )

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs)

    return wrapped
