"""NAdam."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..kernels import K
from .optimizer import Optimizer, check, check_lr, count, counter, gradients, number, numbers, zeros


class NAdam(Optimizer):
    """Adam with Nesterov momentum.

        g ← ∇f(θ) + λ θ                          decoupled: θ ← (1 - lr λ) θ instead
        μ_t = β₁ (1 - 0.96^(t ψ) / 2)
        m ← β₁ m + (1 - β₁) g                    v ← β₂ v + (1 - β₂) g²
        m̂ = μ_{t+1} m / (1 - Π_{i≤t+1} μ_i) + (1 - μ_t) g / (1 - Π_{i≤t} μ_i)
        θ ← θ - lr · m̂ / (√(v / (1 - β₂ᵗ)) + ε)

    lr, betas (β₁, β₂), eps ε, weight_decay λ, momentum_decay ψ, decoupled_weight_decay. foreach:
    accepted, there is one way here. differentiable, capturable: refused.
    State: step t, mu_product Π μ_i, exp_avg m, exp_avg_sq v.
    Source: Dozat 2016, "Incorporating Nesterov Momentum into Adam".
    """

    def __init__(
        self,
        params: Iterable,
        lr: Any = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        check(0.0 <= eps, f"Invalid epsilon value: {eps}")
        check(0.0 <= betas[0] < 1.0, f"Invalid beta parameter at index 0: {betas[0]}")
        check(0.0 <= betas[1] < 1.0, f"Invalid beta parameter at index 1: {betas[1]}")
        check(0.0 <= weight_decay, f"Invalid weight_decay value: {weight_decay}")
        check(0.0 <= momentum_decay, f"Invalid momentum_decay value: {momentum_decay}")
        defaults = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            momentum_decay=momentum_decay,
            decoupled_weight_decay=decoupled_weight_decay,
            maximize=maximize,
            foreach=foreach,
            capturable=capturable,
            differentiable=differentiable,
        )
        super().__init__(params, defaults)

    def step(self, closure: Callable | None = None) -> Any:
        loss = self._loss(closure)
        for group in self.param_groups:
            lr, eps, decay = number(group["lr"]), group["eps"], group["weight_decay"]
            psi, (beta1, beta2) = group["momentum_decay"], group["betas"]
            for p, x, g in gradients(group):
                state = self.state[p]
                if not state:
                    state.update(step=counter(), mu_product=counter(1.0))
                    state.update(exp_avg=zeros(p), exp_avg_sq=zeros(p))
                t = count(state)
                m, v, product = (numbers(state[k]) for k in ("exp_avg", "exp_avg_sq", "mu_product"))
                if decay != 0 and group["decoupled_weight_decay"]:
                    x *= 1 - lr * decay
                elif decay != 0:
                    g = g + x * decay
                mu = beta1 * (1.0 - 0.5 * 0.96 ** (t * psi))
                mu_next = beta1 * (1.0 - 0.5 * 0.96 ** ((t + 1) * psi))
                product *= mu
                so_far = product.item()
                m += (g - m) * (1 - beta1)
                v *= beta2
                v += g * (1 - beta2) * g
                root = K.sqrt(v / (1 - beta2**t)) + eps
                x += g * (-lr * (1.0 - mu) / (1.0 - so_far)) / root
                x += m * (-lr * mu_next / (1.0 - so_far * mu_next)) / root
        return loss
