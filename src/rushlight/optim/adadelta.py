"""Adadelta."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..kernels import K
from .optimizer import Optimizer, check, check_lr, count, counter, gradients, number, numbers, zeros


class Adadelta(Optimizer):
    """θ ← θ - lr · Δ, with steps as large as the earlier ones were.

        g ← ∇f(θ) + λ θ                          -∇f if maximize
        s ← ρ s + (1 - ρ) g²
        Δ ← √(u + ε) / √(s + ε) · g
        u ← ρ u + (1 - ρ) Δ²

    lr, rho ρ, eps ε, weight_decay λ. foreach: accepted, there is one way here. differentiable,
    capturable: refused. State: step, square_avg s, acc_delta u.
    Source: Zeiler 2012, arXiv:1212.5701.
    """

    def __init__(
        self,
        params: Iterable,
        lr: Any = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        check(0.0 <= rho <= 1.0, f"Invalid rho value: {rho}")
        check(0.0 <= eps, f"Invalid epsilon value: {eps}")
        check(0.0 <= weight_decay, f"Invalid weight_decay value: {weight_decay}")
        defaults = dict(
            lr=lr,
            rho=rho,
            eps=eps,
            weight_decay=weight_decay,
            maximize=maximize,
            capturable=capturable,
            foreach=foreach,
            differentiable=differentiable,
        )
        super().__init__(params, defaults)

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
