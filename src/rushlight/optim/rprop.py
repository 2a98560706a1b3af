"""Resilient backpropagation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.tensor import wrap
from ..kernels import K
from .optimizer import Optimizer, count, counter, gradients, number, numbers, zeros
from .options import KW_ONLY, learning_rate, option, require


def _check_etas(etas: Any, _: dict[str, Any]) -> None:
    require(0.0 < etas[0] < 1.0 < etas[1], f"Invalid eta values: {etas[0]}, {etas[1]}")


class Rprop(Optimizer, group_order="foreach maximize differentiable capturable"):
    """θ ← θ - Δ · sign(g), with a step Δ of its own for every element.

        Δ ← min(Δ η₊, Δ_max) where g keeps its sign
        Δ ← max(Δ η₋, Δ_min), and g ← 0, where g changed it

    lr: Δ at first; etas (η₋, η₊); step_sizes (Δ_min, Δ_max)

    foreach  accepted without effect
    state    step, prev g, step_size Δ
    errors   ValueError: lr below 0, etas that are not 0 < η₋ < 1 < η₊; no parameters.
             NotImplementedError: differentiable=True. AssertionError: capturable=True
    source   Riedmiller, Braun 1993, "A direct adaptive method for faster backpropagation learning"
    """

    lr: Any = option(default=1e-2, check=learning_rate())
    etas: tuple[float, float] = option(default=(0.5, 1.2), check=_check_etas)
    step_sizes: tuple[float, float] = option(default=(1e-6, 50))
    _: KW_ONLY
    capturable: bool = option(default=False)
    foreach: bool | None = option(default=None)
    maximize: bool = option(default=False)
    differentiable: bool = option(default=False)

    def step(self, closure: Callable | None = None) -> Any:
        loss = self._loss(closure)
        for group in self.param_groups:
            lr, (less, more), (least, most) = (
                number(group["lr"]),
                group["etas"],
                group["step_sizes"],
            )
            for p, x, g in gradients(group):
                state = self.state[p]
                if not state:
                    start = complex(lr, lr) if p._a.dtype.kind == "c" else lr
                    sizes = wrap(np.full_like(p._a, start))
                    state.update(step=counter(), prev=zeros(p), step_size=sizes)
                count(state)
                before, size = numbers(state["prev"]), numbers(state["step_size"])
                agreement = g * before
                size *= np.where(agreement > 0, more, np.where(agreement < 0, less, 1.0)).astype(
                    x.dtype
                )
                np.clip(size, least, most, out=size)
                g = K.where(agreement < 0, np.zeros_like(g), g)
                x -= K.sign(g) * size
                before[...] = g
        return loss
