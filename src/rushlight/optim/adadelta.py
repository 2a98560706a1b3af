"""Adadelta."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..kernels import K
from .optimizer import Optimizer, count, counter, gradients, number, numbers, zeros
from .options import KW_ONLY, at_least, learning_rate, option, within


class Adadelta(Optimizer, group_order="maximize foreach"):
    """θ ← θ - lr · Δ, with steps as large as the earlier ones were.

        g ← ∇f(θ) + λ θ                          -∇f if maximize
        s ← ρ s + (1 - ρ) g²
        Δ ← √(u + ε) / √(s + ε) · g
        u ← ρ u + (1 - ρ) Δ²

    lr, rho ρ, eps ε, weight_decay λ

    foreach  accepted without effect
    state    step, square_avg s, acc_delta u
    errors   ValueError: lr, eps or weight_decay below 0, rho outside of [0, 1]; no parameters.
             NotImplementedError: differentiable=True. AssertionError: capturable=True
    source   Zeiler 2012, arXiv:1212.5701
    """

    lr: Any = option(default=1.0, check=learning_rate())
    rho: float = option(default=0.9, check=within(0.0, 1.0, "Invalid rho value"))
    eps: float = option(default=1e-6, check=at_least(0.0, "Invalid epsilon value"))
    weight_decay: float = option(default=0, check=at_least(0.0, "Invalid weight_decay value"))
    foreach: bool | None = option(default=None)
    _: KW_ONLY
    capturable: bool = option(default=False)
    maximize: bool = option(default=False)
    differentiable: bool = option(default=False)

    def step(self, closure: Callable | None = None) -> Any:
        loss = self._loss(closure)
        for group in self.param_groups:
            lr, rho, eps, decay = (
                number(group["lr"]),
                group["rho"],
                group["eps"],
                group["weight_decay"],
            )
            for p, x, g in gradients(group):
                state = self.state[p]
                if not state:
                    state.update(step=counter(), square_avg=zeros(p), acc_delta=zeros(p))
                count(state)
                s, u = numbers(state["square_avg"]), numbers(state["acc_delta"])
                if decay != 0:
                    g = g + x * decay
                s *= rho
                s += g * (1 - rho) * g
                delta = K.sqrt(u + eps) / K.sqrt(s + eps) * g
                u *= rho
                u += delta * (1 - rho) * delta
                x -= delta * lr
        return loss
