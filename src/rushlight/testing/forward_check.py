"""What gradcheck asks of forward mode and of batches: tangents against central differences, batches
of cotangents or tangents against one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.batched import batched
from ..core.grad_mode import enable_grad
from ..core.tensor import Tensor, wrap
from ..dispatch import batching_rules, functions, tangents
from ..dispatch.gradients import gradients, inside, moving
from ..dispatch.levels import opened, tangent

_RULES = batching_rules, functions, tangents  # imported for what they register


def pushed(func: Callable, tensors: tuple, wanted: list, along: dict[int, Tensor]) -> list:
    """[(output, its tangent or None), ...] with tangents on some of the wanted inputs."""
    with opened("jvp") as level:
        given = list(tensors)
        for i in wanted:
            if i in along:
                given[i] = moving(tensors[i], along[i], level.number)
        ys = func(*given)
        ys = (ys,) if isinstance(ys, Tensor) else tuple(ys)
        return [(y, tangent(y, level.number)) for y in ys]


def forward_jacobian(func: Callable, tensors: tuple, wanted: list, reals: Any) -> list:
    """[[J of output j] for each wanted input], in forward mode; reals: numbers of an array."""
    rows = []
    for i in wanted:
        a = tensors[i]._a
        columns = []
        for at in np.ndindex(a.shape):
            for step in (1, 1j) if a.dtype.kind == "c" else (1,):
                seed = np.zeros(a.shape, a.dtype)
                seed[at] = step
                found = pushed(func, tensors, wanted, {i: wrap(seed)})
                columns.append(
                    [
                        reals(np.zeros(y._a.shape, y._a.dtype) if t is None else t._a)
                        for y, t in found
                        if y._a.dtype.kind in "fc"
                    ]
                )
        rows.append([np.stack(list(c)).astype(np.float64) for c in zip(*columns, strict=True)])
    return rows


def _several(shape: tuple, kind: np.dtype, n: int) -> np.ndarray:
    random = np.random.RandomState(0)
    values: Any = random.standard_normal((n, *shape))
    if kind.kind == "c":
        values = values + 1j * random.standard_normal((n, *shape))
    return values.astype(kind)


def batched_gradients(inputs: list, y: Tensor, n: int = 2) -> list[tuple[np.ndarray, np.ndarray]]:
    """(in a batch, one by one) of the gradients of y for n cotangents, for each input."""
    seeds = _several(y._a.shape, y._a.dtype, n)
    alone = [gradients([y], inputs, [wrap(seeds[k].copy())], False) for k in range(n)]
    with enable_grad(), opened("vmap", n) as level:
        found = gradients([y], inputs, [batched(wrap(seeds), level.number)], False)
        found = [None if g is None else inside(g, level.number, n) for g in found]
    return [
        (g._a, np.stack([row[i]._a for row in alone]))
        for i, g in enumerate(found)
        if g is not None and alone[0][i] is not None
    ]


def batched_tangents(
    func: Callable, tensors: tuple, wanted: list, n: int = 2
) -> list[tuple[np.ndarray, np.ndarray]]:
    """(in a batch, one by one) of the tangents of each output for n tangents of each input."""
    pairs = []
    for i in wanted:
        a = tensors[i]._a
        seeds = _several(a.shape, a.dtype, n)
        alone = [pushed(func, tensors, wanted, {i: wrap(seeds[k].copy())}) for k in range(n)]
        with opened("vmap", n) as level:
            found = pushed(func, tensors, wanted, {i: batched(wrap(seeds), level.number)})
            together = [None if t is None else inside(t, level.number, n) for _, t in found]
        for j, t in enumerate(together):
            if t is not None:
                pairs.append((t._a, np.stack([row[j][1]._a for row in alone])))
    return pairs
