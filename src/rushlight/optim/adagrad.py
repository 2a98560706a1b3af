"""Adagrad."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.tensor import Tensor, wrap
from ..kernels import K
from . import sparse_steps
from .optimizer import Optimizer, count, counter, number
from .options import KW_ONLY, at_least, learning_rate, option


class Adagrad(Optimizer, group_order="eps weight_decay initial_accumulator_value"):
    """θ ← θ - lr / (1 + (t - 1) η) · g / (√s + ε), with the sum s of all squared gradients.

        g ← ∇f(θ) + λ θ                          -∇f if maximize
        s ← s + g²                               from initial_accumulator_value

    lr, lr_decay η, weight_decay λ, eps ε

    foreach, fused  accepted without effect, one kernel updates all parameters
    state           from the beginning: step t, sum s
    errors          ValueError: lr, lr_decay, weight_decay, eps or initial_accumulator_value below
                    0; no parameters. NotImplementedError: differentiable=True
    source          Duchi, Hazan, Singer 2011, "Adaptive Subgradient Methods"
    """

    lr: Any = option(default=1e-2, check=learning_rate())
    lr_decay: float = option(default=0, check=at_least(0.0, "Invalid lr_decay value"))
    weight_decay: float = option(default=0, check=at_least(0.0, "Invalid weight_decay value"))
    initial_accumulator_value: float = option(
        default=0, check=at_least(0.0, "Invalid initial_accumulator_value value")
    )
    eps: float = option(default=1e-10, check=at_least(0.0, "Invalid epsilon value"))
    foreach: bool | None = option(default=None)
    _: KW_ONLY
    maximize: bool = option(default=False)
    differentiable: bool = option(default=False)
    fused: bool | None = option(default=None)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        super().add_param_group(param_group)
        start = param_group["initial_accumulator_value"]
        for p in param_group["params"]:
            self._start(p, start)

    def _start(self, p: Tensor, value: Any) -> None:
        if p._a.dtype.kind == "c":
            value = complex(value, value)
        self.state[p] = {"step": counter(), "sum": wrap(np.full_like(p._a, value))}

    def step(self, closure: Callable | None = None) -> Any:
        loss = self._loss(closure)
        for group in self.param_groups:
            params, grads, sums, steps = [], [], [], []
            for p in group["params"]:
                grad = p._grad
                if grad is None:
                    continue
                state = self.state[p]
                if grad.is_sparse:
                    sparse_steps.adagrad(p, grad, state, group)
                    continue
                params.append(p._a)
                grads.append(grad._a)
                sums.append(state["sum"]._a)
                steps.append(count(state))
                p._bump()
            if params:
                K.adagrad_step(
                    params,
                    grads,
                    sums,
                    steps,
                    number(group["lr"]),
                    group["lr_decay"],
                    group["eps"],
                    group["weight_decay"],
                    group["maximize"],
                )
        return loss
