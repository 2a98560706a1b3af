"""torch.autograd.functional: jacobian, hessian, vjp, jvp, vhp, hvp.

Found as torch.autograd.functional. Inputs, outputs and vectors are tensors or tuples of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.grad_mode import enable_grad, mode
from ..core.tensor import Tensor, wrap
from ..dispatch.gradients import fresh, gradients
from ..dispatch.registry import FUNCTIONS
from ..dispatch.tangents import forgotten
from .jacobian import _basis, _split
from .transforms import jvp as _pushed
from .vmap import vmap

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]


def _tupled(value: Any, what: str, name: str) -> tuple[bool, tuple]:
    """(was it a tuple?, as one). TypeError: something that is no tensor."""
    many = isinstance(value, tuple)
    items = value if many else (value,)
    for i, t in enumerate(items):
        if not isinstance(t, Tensor):
            where = f"the value at index {i}" if many else f"the given {what}"
            raise TypeError(
                f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but "
                f"{where} has type {type(t)}."
            )
    return many, tuple(items)


def _inputs(xs: tuple, create_graph: bool) -> tuple:
    """New inputs; connected to the given ones if the result is to be."""
    before, mode.grad = mode.grad, create_graph
    try:
        return tuple([fresh(x) for x in xs])
    finally:
        mode.grad = before


def _outputs(func: Callable, xs: tuple, name: str, strict: bool) -> tuple[bool, tuple]:
    with enable_grad():
        many, ys = _tupled(func(*xs), "outputs of the user-provided function", name)
    if strict:
        for i, y in enumerate(ys):
            if not y.requires_grad:
                raise RuntimeError(
                    f"Output {i} of the user-provided function does not require gradients. The "
                    "outputs must be computed in a differentiable manner from the input when "
                    "running in strict mode."
                )
    return many, ys


def _vectors(v: Any, like: tuple, what: str, name: str) -> tuple:
    """The vector v, one tensor for each of `like`; one for a single number."""
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            kind = (
                "user-provided function returns"
                if what == "output"
                else "input to the user-provided function is"
            )
            raise RuntimeError(
                f"The vector v can only be None if the {kind} a single Tensor with a single "
                "element."
            )
        return (wrap(np.ones_like(like[0]._a)),)
    many, vs = _tupled(v, "v", name)
    if len(vs) != len(like):
        if len(like) == 1:
            raise RuntimeError("The given v should contain a single Tensor.")
        raise RuntimeError(
            f"v is a tuple of invalid length: should be {len(like)} but got {len(vs)}."
        )
    for i, (a, x) in enumerate(zip(vs, like, strict=True)):
        if a.shape != x.shape:
            entry = f"Entry {i} in " if many else ""
            raise RuntimeError(f"{entry}v has invalid size: should be {x.shape} but got {a.shape}.")
    return vs


def _filled(found: list, xs: tuple, strict: bool, stage: str, i: int = 0) -> list:
    """Zeros for gradients that are None; under strict, an error."""
    result = []
    for j, (g, x) in enumerate(zip(found, xs, strict=True)):
        if g is None:
            if strict and stage == "jacobian":
                raise RuntimeError(
                    f"Output {i} of the user-provided function is independent of input {j}. This "
                    "is not allowed in strict mode."
                )
            if strict and stage == "hessian":
                raise RuntimeError(
                    "The hessian of the user-provided function with respect to input "
                    f"{j} is independent of the input in the outer jacobian computation. This is "
                    "not allowed in strict mode."
                )
            if strict:
                raise RuntimeError(
                    f"The output of the user-provided function is independent of input {j}. This "
                    "is not allowed in strict mode."
                )
            g = wrap(np.zeros_like(x._a))
        result.append(g)
    return result


def _finished(found: Any, create_graph: bool, many: bool) -> Any:
    items = tuple(found) if create_graph else tuple([forgotten(t) for t in found])
    return items if many else items[0]


def vjp(
    func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """(func(*inputs), J' v)

    v             as the output; may be left out for one number
    create_graph  the results can be differentiated
    strict        an output that does not depend on an input is an error
    errors        TypeError: no tensors; RuntimeError: a v of another size

    >>> vjp(lambda x: x * x, tensor([1.0, 2.0]), torch.ones(2))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    many, given = _tupled(inputs, "inputs", "vjp")
    xs = _inputs(given, create_graph)
    many_out, ys = _outputs(func, xs, "vjp", strict)
    vs = _vectors(v, ys, "output", "vjp")
    with enable_grad():
        found = gradients(list(ys), list(xs), list(vs), create_graph)
    found = _filled(found, xs, strict, "vjp")
    return _finished(ys, create_graph, many_out), _finished(found, create_graph, many)


def jvp(
    func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """(func(*inputs), J v), by two backward passes.

    v, create_graph, strict   as in vjp; v as the inputs

    >>> jvp(lambda x: x * x, tensor([1.0, 2.0]), torch.ones(2))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    _, given = _tupled(inputs, "inputs", "jvp")
    vs = _vectors(v, given, "input", "jvp")
    xs = _inputs(given, create_graph)
    many_out, ys = _outputs(func, xs, "jvp", strict)
    with enable_grad():
        us = [fresh(wrap(np.ones_like(y._a))) for y in ys]
        first = gradients(list(ys), list(xs), list(us), True)
        first = _filled(first, xs, strict, "jvp")
        pairs = [(g, a) for g, a in zip(first, vs, strict=True) if g._rg]
        found: list = [None] * len(us)
        if pairs:
            found = gradients([g for g, _ in pairs], us, [a for _, a in pairs], create_graph)
    found = _filled(found, ys, False, "jvp")
    return _finished(ys, create_graph, many_out), _finished(found, create_graph, many_out)


def _block(
    ys: tuple, xs: tuple, create_graph: bool, strict: bool, vectorize: bool
) -> list[list[Tensor]]:
    """[[dy/dx for x] for y], by rows."""
    blocks = []
    if vectorize:
        basis = _basis(list(ys))

        def rows(*vs: Tensor) -> tuple:
            found = gradients(list(ys), list(xs), list(vs), create_graph)
            return tuple(
                [
                    wrap(np.zeros_like(x._a)) if g is None else g
                    for g, x in zip(found, xs, strict=True)
                ]
            )

        found = vmap(rows)(*basis)
        parts = [_split(g, list(ys)) for g in found]
        for i, y in enumerate(ys):
            blocks.append(
                [p[i].reshape((*y._a.shape, *x._a.shape)) for p, x in zip(parts, xs, strict=True)]
            )
        return blocks
    for i, y in enumerate(ys):
        lines: list[list[Tensor]] = [[] for _ in xs]
        for place in np.ndindex(y._a.shape):
            seed = np.zeros(y._a.shape, y._a.dtype)
            seed[place] = 1
            got = gradients([y], list(xs), [wrap(seed)], create_graph)
            for j, g in enumerate(_filled(got, xs, strict, "jacobian", i)):
                if strict and create_graph and not g._rg:
                    raise RuntimeError(
                        "The jacobian of the user-provided function with respect to input "
                        f"{j} is independent of the input. This is not allowed in strict mode when "
                        "create_graph=True."
                    )
                lines[j].append(g)
        blocks.append(
            [
                (FUNCTIONS["stack"](line) if line else wrap(np.zeros((0, *x._a.shape)))).reshape(
                    (*y._a.shape, *x._a.shape)
                )
                for line, x in zip(lines, xs, strict=True)
            ]
        )
    return blocks


def jacobian(
    func: Callable,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The Jacobian of func; a tuple for several outputs, of tuples for several inputs.

    create_graph  the result can be differentiated
    strict        an output that does not depend on an input is an error
    vectorize     all rows at once (vmap)
    strategy      "reverse-mode", or "forward-mode" with vectorize

    shape   (*output, *input)
    errors  TypeError: no tensors; RuntimeError, NotImplementedError: options that exclude others

    >>> jacobian(lambda x: x * x, tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your '
            'function has more outputs than inputs, "forward-mode" tends to be more performant. '
            'Otherwise, prefer to use "reverse-mode".'
        )
    head = "torch.autograd.functional.jacobian: "
    if strategy == "forward-mode":
        if create_graph:
            raise NotImplementedError(
                f'{head}`create_graph=True` and `strategy="forward-mode"` are not supported '
                "together (yet). Please either set `create_graph=False` or "
                '`strategy="reverse-mode"`.'
            )
        if strict:
            raise RuntimeError(
                f'{head}`strict=True` and `strategy="forward-mode"` are not supported together '
                '(yet). Please either set `strict=False` or `strategy="reverse-mode"`.'
            )
        if not vectorize:
            raise NotImplementedError(
                "Computing Jacobian using forward-AD or forward-over-reverse Hessian isonly "
                "implemented for `vectorize=True`."
            )
        return _forward_jacobian(func, inputs)
    if strict and vectorize:
        raise RuntimeError(
            f"{head}`strict=True` and `vectorized=True` are not supported together. Please either "
            "set `strict=False` or `vectorize=False`."
        )
    many, given = _tupled(inputs, "inputs", "jacobian")
    xs = _inputs(given, create_graph)
    many_out, ys = _outputs(func, xs, "jacobian", strict)
    with enable_grad():
        blocks = _block(ys, xs, create_graph, strict, vectorize)
    return _arranged(blocks, create_graph, many, many_out)


def _arranged(blocks: list, keep: bool, many: bool, many_out: bool) -> Any:
    rows = tuple([_finished(row, keep, many) for row in blocks])
    return rows if many_out else rows[0]


def _forward_jacobian(func: Callable, inputs: Any) -> Any:
    many, xs = _tupled(inputs, "inputs", "jacobian")
    seen: list[bool] = []

    def column(*ts: Tensor) -> tuple:
        found = _pushed(func, xs, ts)[1]
        seen.append(isinstance(found, tuple))
        return found if isinstance(found, tuple) else (found,)

    moved = vmap(column)(*_basis(list(xs)))
    blocks = []
    for y in moved:
        parts = _split(y, list(xs))
        shape = y._a.shape[1:]
        blocks.append(
            [
                FUNCTIONS["movedim"](p, 0, -1).reshape((*shape, *x._a.shape))
                for p, x in zip(parts, xs, strict=True)
            ]
        )
    return _arranged(blocks, True, many, seen[0])


def _single(y: Any, name: str) -> None:
    if isinstance(y, tuple):
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if y.numel() != 1:
        raise RuntimeError(
            f"The Tensor returned by the function given to {name} should contain a single element"
        )


_LINEAR = (
    "While computing the hessian, found that the jacobian of the user-provided function with "
    "respect to input {} is independent of the input. This is not allowed in strict mode. You "
    "should ensure that your function is twice differentiable and that the jacobian depends on the "
    "inputs (this would be violated by a linear function for example)."
)


def _gradient_of(func: Callable, xs: tuple, name: str, strict: bool) -> tuple:
    """(func(*xs), its gradients, differentiable), of a function of one number."""
    many_out, ys = _outputs(func, xs, name, strict)
    _single(ys if many_out else ys[0], name)
    first = _filled(gradients(list(ys), list(xs), [None], True), xs, strict, "jacobian")
    if strict:
        for i, g in enumerate(first):
            if not g._rg:
                raise RuntimeError(_LINEAR.format(i))
    return ys[0], first


def hessian(
    func: Callable,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The Hessian of a function of one number; tuples of tuples for several inputs.

    create_graph, strict, vectorize   as in jacobian
    outer_jacobian_strategy           "forward-mode" is forward over reverse, with vectorize

    shape   (*input, *input)

    >>> hessian(lambda x: (x**3).sum(), tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')
    many, given = _tupled(inputs, "inputs", "hessian")

    def gradient(*xs: Tensor) -> tuple:
        inner = tuple([fresh(x) for x in xs])
        with enable_grad():
            return tuple(_gradient_of(func, inner, "hessian", strict)[1])

    if outer_jacobian_strategy == "forward-mode":
        found = jacobian(gradient, given, create_graph, strict, vectorize, "forward-mode")
    else:
        found = jacobian(gradient, given, create_graph, False, vectorize, outer_jacobian_strategy)
    if many:
        return found
    return found[0][0]


def vhp(
    func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """(func(*inputs), v' H) of a function of one number.

    v, create_graph, strict   as in jvp

    >>> vhp(lambda x: (x**3).sum(), tensor([1.0, 2.0]), torch.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    return _product("vhp", func, inputs, v, create_graph, strict)


def hvp(
    func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """(func(*inputs), H v) of a function of one number; H is symmetric: the same as vhp.

    v, create_graph, strict   as in jvp

    >>> hvp(lambda x: (x**3).sum(), tensor([1.0, 2.0]), torch.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    return _product("hvp", func, inputs, v, create_graph, strict)


def _product(
    name: str, func: Callable, inputs: Any, v: Any, create_graph: bool, strict: bool
) -> Any:
    many, given = _tupled(inputs, "inputs", name)
    vs = _vectors(v, given, "input", name)
    xs = _inputs(given, create_graph)
    with enable_grad():
        y, first = _gradient_of(func, xs, name, strict)
        pairs = [(g, a) for g, a in zip(first, vs, strict=True) if g._rg]
        found: list = [None] * len(xs)
        if pairs:
            found = gradients([g for g, _ in pairs], list(xs), [a for _, a in pairs], create_graph)
    found = _filled(found, xs, strict, "hessian")
    return _finished((y,), create_graph, False), _finished(found, create_graph, many)


def batched_grad(
    outputs: tuple, inputs: tuple, seeds: tuple, create_graph: bool, retain: bool
) -> list:
    """autograd.grad(is_grads_batched=True): the first dimension of the seeds is a batch."""
    for i, (y, v) in enumerate(zip(outputs, seeds, strict=True)):
        if v is None:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        if v._a.shape[1:] != y._a.shape:
            raise RuntimeError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output "
                "as the batch dimension. The sizes of the remaining dimensions are expected to "
                "match the shape of corresponding output, but a mismatch was detected: "
                f"grad_output[{i}] has a shape of {v.shape} and output[{i}] has a shape of "
                f"{y.shape}. If you only want some tensors in `grad_output` to be considered "
                "batched, consider using vmap."
            )
    missing: list[bool] = []

    def rows(*vs: Tensor) -> tuple:
        found = gradients(list(outputs), list(inputs), list(vs), create_graph, retain)
        missing.extend(g is None for g in found)
        return tuple([wrap(np.zeros(())) if g is None else g for g in found])

    with enable_grad():
        result = vmap(rows)(*seeds)
    return [None if m else g for m, g in zip(missing, result, strict=True)]
