"""Jacobians: jacrev by rows, jacfwd by columns, hessian by both."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.tensor import Tensor, wrap
from ..dispatch.registry import FUNCTIONS
from ..utils._pytree import tree_flatten, tree_map, tree_unflatten
from .transforms import _chosen, jvp, vjp
from .vmap import vmap


def _basis(tensors: list[Tensor]) -> list[Tensor]:
    """The unit vectors of all elements of several tensors: (N, *shape) of each."""
    total = sum(t.numel() for t in tensors)
    found, start = [], 0
    for t in tensors:
        size = t.numel()
        part = np.zeros((total, size), t._a.dtype)
        part[start : start + size] = np.eye(size, dtype=t._a.dtype)
        found.append(wrap(part.reshape((total, *t._a.shape))))
        start += size
    return found


def _with_arguments(func: Callable, args: tuple, kwargs: dict, places: tuple) -> Callable:
    """func of the arguments at these places only."""

    def partial(*chosen: Any) -> Any:
        given = list(args)
        for i, value in zip(places, chosen, strict=True):
            given[i] = value
        return func(*given, **kwargs)

    return partial


def _real(leaves: list) -> None:
    for t in leaves:
        if not isinstance(t, Tensor):
            raise ValueError(f"Thing passed to transform API must be Tensor, got {type(t)}")


def jacrev(
    func: Callable,
    argnums: Any = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable:
    """A function that returns the Jacobian of func, in reverse mode: a backward pass for each
    element of the output, all of them at once.

    argnums     of which arguments; a number, or a tuple: then Jacobians are one too
    has_aux     func returns (output, aux); the result is (Jacobian, aux)
    chunk_size  so many rows at a time

    shape   (*output, *input), in the output's structure, of the input's structures

    >>> jacrev(torch.sin)(torch.zeros(2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        places = _chosen(args, argnums)
        found = vjp(
            _with_arguments(func, args, kwargs, places),
            *[args[i] for i in places],
            has_aux=has_aux,
        )
        out, product = found[:2]
        outs, out_spec = tree_flatten(out)

        def rows(vs: list) -> tuple:
            return product(tree_unflatten(vs, out_spec))

        blocks = vmap(rows, chunk_size=chunk_size)(_basis(outs))
        leaves, spec = tree_flatten(blocks)
        parts: list[list] = [[] for _ in outs]
        for g in leaves:
            for i, (y, rows_of) in enumerate(zip(outs, _split(g, outs), strict=True)):
                parts[i].append(rows_of.reshape((*y._a.shape, *g._a.shape[1:])))
        trees = [tree_unflatten(p, spec) for p in parts]
        trees = [t[0] if isinstance(argnums, int) else t for t in trees]
        result = tree_unflatten(trees, out_spec)
        return (result, found[2]) if has_aux else result

    return wrapped


def _split(g: Tensor, outs: list) -> Any:
    sizes = [y.numel() for y in outs]
    return (g,) if len(sizes) == 1 else FUNCTIONS["split"](g, sizes, 0)


def jacfwd(
    func: Callable,
    argnums: Any = 0,
    has_aux: bool = False,
    *,
    chunk_size: int | None = None,
    randomness: str = "error",
) -> Callable:
    """A function that returns the Jacobian of func, in forward mode: a tangent for each element of
    the input, all of them at once.

    argnums, has_aux, chunk_size   as in jacrev
    randomness                     as in vmap

    shape   (*output, *input), in the output's structure, of the input's structures

    >>> jacfwd(torch.sin)(torch.zeros(2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError("jacfwd: `chunk_size` should be greater than 0.")

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        places = _chosen(args, argnums)
        partial = _with_arguments(func, args, kwargs, places)
        primals = tuple([args[i] for i in places])
        xs, spec = tree_flatten(primals)
        _real(xs)

        def column(ts: list) -> Any:
            found = jvp(partial, primals, tree_unflatten(ts, spec), has_aux=has_aux)
            return (found[1], found[2]) if has_aux else found[1]

        moved = vmap(column, chunk_size=chunk_size, randomness=randomness)(_basis(xs))
        aux: Any = None
        if has_aux:
            moved, aux = moved
            aux = tree_map(lambda t: t[0], aux)
        outs, out_spec = tree_flatten(moved)
        trees = []
        for y in outs:
            shape = y._a.shape[1:]
            parts = [
                FUNCTIONS["movedim"](part, 0, -1).reshape((*shape, *x._a.shape))
                for x, part in zip(xs, _split(y, xs), strict=True)
            ]
            tree = tree_unflatten(parts, spec)
            trees.append(tree[0] if isinstance(argnums, int) else tree)
        result = tree_unflatten(trees, out_spec)
        return (result, aux) if has_aux else result

    return wrapped


def hessian(func: Callable, argnums: Any = 0) -> Callable:
    """A function that returns the Hessian of func: the Jacobian, forward, of its Jacobian,
    backward.

    shape   (*output, *input, *input)

    >>> hessian(lambda x: (x**3).sum())(tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)
