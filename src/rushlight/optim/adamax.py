"""Adamax."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..kernels import K
from .optimizer import Optimizer, check, check_lr, count, counter, gradients, number, numbers, zeros


class Adamax(Optimizer):
    """θ ← θ - lr / (1 - β₁ᵗ) · m / u: Adam with the largest gradient in place of the mean square.

        g ← ∇f(θ) + λ θ                          -∇f if maximize
        m ← β₁ m + (1 - β₁) g
        u ← max(β₂ u, |g| + ε)

    lr, betas (β₁, β₂), eps ε, weight_decay λ. foreach: accepted, there is one way here.
    differentiable, capturable: refused. State: step t, exp_avg m, exp_inf u.
    Source: Kingma, Ba 2014, arXiv:1412.6980, section 7.
    """

    def __init__(
        self,
        params: Iterable,
        lr: Any = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_lr(lr)
        check(0.0 <= eps, f"Invalid epsilon value: {eps}")
        check(0.0 <= betas[0] < 1.0, f"Invalid beta parameter at index 0: {betas[0]}")
        check(0.0 <= betas[1] < 1.0, f"Invalid beta parameter at index 1: {betas[1]}")
        check(0.0 <= weight_decay, f"Invalid weight_decay value: {weight_decay}")
        defaults = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            foreach=foreach,
            maximize=maximize,
            differentiable=differentiable,
            capturable=capturable,
        )
        super().__init__(params, defaults)

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
