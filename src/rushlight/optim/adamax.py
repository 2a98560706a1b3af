"""Adamax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..kernels import K
from .optimizer import Optimizer, count, counter, gradients, number, numbers, zeros
from .options import KW_ONLY, at_least, below_one, learning_rate, option


class Adamax(Optimizer):
    """θ ← θ - lr / (1 - β₁ᵗ) · m / u: Adam with the largest gradient in place of the mean square.

        g ← ∇f(θ) + λ θ                          -∇f if maximize
        m ← β₁ m + (1 - β₁) g
        u ← max(β₂ u, |g| + ε)

    lr, betas (β₁, β₂), eps ε, weight_decay λ

    foreach  accepted without effect
    state    step t, exp_avg m, exp_inf u
    errors   ValueError: lr, eps or weight_decay below 0, a beta outside of [0, 1); no parameters.
             NotImplementedError: differentiable=True. AssertionError: capturable=True
    source   Kingma, Ba 2014, arXiv:1412.6980, section 7
    """

    lr: Any = option(default=2e-3, check=learning_rate())
    betas: tuple[float, float] = option(default=(0.9, 0.999), check=below_one)
    eps: float = option(default=1e-8, check=at_least(0.0, "Invalid epsilon value"))
    weight_decay: float = option(default=0, check=at_least(0.0, "Invalid weight_decay value"))
    foreach: bool | None = option(default=None)
    _: KW_ONLY
    maximize: bool = option(default=False)
    differentiable: bool = option(default=False)
    capturable: bool = option(default=False)

    def step(self, closure: Callable | None = None) -> Any:
        loss = self._loss(closure)
        for group in self.param_groups:
            lr, eps, decay = number(group["lr"]), group["eps"], group["weight_decay"]
            beta1, beta2 = group["betas"]
            for p, x, g in gradients(group):
                state = self.state[p]
                if not state:
                    state.update(step=counter(), exp_avg=zeros(p), exp_inf=zeros(p))
                t = count(state)
                m, u = numbers(state["exp_avg"]), numbers(state["exp_inf"])
                if decay != 0:
                    g = g + x * decay
                m += (g - m) * (1 - beta1)
                u[...] = K.maximum(u * beta2, K.abs(g) + eps)
                x -= m * (lr / (1 - beta1**t)) / u
        return loss
