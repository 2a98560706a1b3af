"""RAdam."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..kernels import K
from .optimizer import Optimizer, count, counter, gradients, number, numbers, zeros
from .options import KW_ONLY, at_least, below_one, learning_rate, option


class RAdam(Optimizer, group_order="maximize foreach capturable decoupled_weight_decay"):
    """Adam whose first steps, when v is not yet reliable, leave the division by √v out.

        g ← ∇f(θ) + λ θ                          decoupled: θ ← (1 - lr λ) θ instead
        m ← β₁ m + (1 - β₁) g                    v ← β₂ v + (1 - β₂) g²
        ρ_∞ = 2 / (1 - β₂) - 1                   ρ = ρ_∞ - 2 t β₂ᵗ / (1 - β₂ᵗ)
        ρ > 5:  θ ← θ - lr · m̂ · r · √(1 - β₂ᵗ) / (√v + ε),
                r = √((ρ - 4)(ρ - 2) ρ_∞ / ((ρ_∞ - 4)(ρ_∞ - 2) ρ)),  m̂ = m / (1 - β₁ᵗ)
        else:   θ ← θ - lr · m̂

    lr, betas (β₁, β₂), eps ε, weight_decay λ, decoupled_weight_decay

    foreach  accepted without effect
    state    step t, exp_avg m, exp_avg_sq v
    errors   ValueError: lr, eps or weight_decay below 0, a beta outside of [0, 1); no parameters.
             NotImplementedError: differentiable=True. AssertionError: capturable=True
    source   Liu et al. 2019, arXiv:1908.03265
    """

    lr: Any = option(default=1e-3, check=learning_rate())
    betas: tuple[float, float] = option(default=(0.9, 0.999), check=below_one)
    eps: float = option(default=1e-8, check=at_least(0.0, "Invalid epsilon value"))
    weight_decay: float = option(default=0, check=at_least(0.0, "Invalid weight_decay value"))
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
            beta1, beta2 = group["betas"]
            longest = 2 / (1 - beta2) - 1
            for p, x, g in gradients(group):
                state = self.state[p]
                if not state:
                    state.update(step=counter(), exp_avg=zeros(p), exp_avg_sq=zeros(p))
                t = count(state)
                m, v = numbers(state["exp_avg"]), numbers(state["exp_avg_sq"])
                if decay != 0 and group["decoupled_weight_decay"]:
                    x *= 1 - lr * decay
                elif decay != 0:
                    g = g + x * decay
                m += (g - m) * (1 - beta1)
                v *= beta2
                v += g * (1 - beta2) * g
                unbiased = m / (1 - beta1**t)
                correction = 1 - beta2**t
                rho = longest - 2 * t * beta2**t / correction
                if rho > 5.0:
                    rect = (rho - 4) * (rho - 2) * longest / ((longest - 4) * (longest - 2) * rho)
                    adaptive = correction**0.5 / (K.sqrt(v) + eps)
                    x -= unbiased * lr * adaptive * rect**0.5
                else:
                    x -= unbiased * lr
        return loss
