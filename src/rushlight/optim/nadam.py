"""NAdam."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..kernels import K
from .optimizer import Optimizer, count, counter, gradients, number, numbers, zeros
from .options import KW_ONLY, at_least, below_one, learning_rate, option


class NAdam(Optimizer, group_order="maximize foreach"):
    """Adam with Nesterov momentum.

        g ← ∇f(θ) + λ θ                          decoupled: θ ← (1 - lr λ) θ instead
        μ_t = β₁ (1 - 0.96^(t ψ) / 2)
        m ← β₁ m + (1 - β₁) g                    v ← β₂ v + (1 - β₂) g²
        m̂ = μ_{t+1} m / (1 - Π_{i≤t+1} μ_i) + (1 - μ_t) g / (1 - Π_{i≤t} μ_i)
        θ ← θ - lr · m̂ / (√(v / (1 - β₂ᵗ)) + ε)

    lr, betas (β₁, β₂), eps ε, weight_decay λ, momentum_decay ψ, decoupled_weight_decay

    foreach  accepted without effect
    state    step t, mu_product Π μ_i, exp_avg m, exp_avg_sq v
    errors   ValueError: lr, eps, weight_decay or momentum_decay below 0, a beta outside of [0, 1);
             no parameters. NotImplementedError: differentiable=True. AssertionError:
             capturable=True
    source   Dozat 2016, "Incorporating Nesterov Momentum into Adam"
    """

    lr: Any = option(default=2e-3, check=learning_rate())
    betas: tuple[float, float] = option(default=(0.9, 0.999), check=below_one)
    eps: float = option(default=1e-8, check=at_least(0.0, "Invalid epsilon value"))
    weight_decay: float = option(default=0, check=at_least(0.0, "Invalid weight_decay value"))
    momentum_decay: float = option(
        default=4e-3, check=at_least(0.0, "Invalid momentum_decay value")
    )
    decoupled_weight_decay: bool = option(default=False)
    _: KW_ONLY
    foreach: bool | None = option(default=None)
    maximize: bool = option(default=False)
    capturable: bool = option(default=False)
    differentiable: bool = option(default=False)

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
