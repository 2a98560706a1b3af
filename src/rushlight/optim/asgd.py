"""Averaged stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .optimizer import Optimizer, count, counter, gradients, number, numbers, zeros
from .options import at_least, learning_rate, option


class ASGD(Optimizer):
    """θ ← θ - η g, and beside it the average a of the θ of all steps after t0.

        g ← ∇f(θ) + λ θ                          -∇f if maximize
        θ ← (1 - lambd · η) θ - η g
        a ← a + μ (θ - a)                        a ← θ while μ = 1
        η ← lr / (1 + lambd · lr · t)^alpha      μ ← 1 / max(1, t - t0)

    lr, lambd, alpha, t0, weight_decay λ

    foreach  accepted without effect
    state    step t, eta η, mu μ, ax a
    errors   ValueError: lr or weight_decay below 0; no parameters. NotImplementedError:
             differentiable=True. AssertionError: capturable=True
    source   Polyak, Juditsky 1992, "Acceleration of stochastic approximation by averaging"
    """

    lr: Any = option(default=1e-2, check=learning_rate())
    lambd: float = option(default=1e-4)
    alpha: float = option(default=0.75)
    t0: float = option(default=1e6)
    weight_decay: float = option(default=0, check=at_least(0.0, "Invalid weight_decay value"))
    foreach: bool | None = option(default=None)
    maximize: bool = option(default=False)
    differentiable: bool = option(default=False)
    capturable: bool = option(default=False)

    def step(self, closure: Callable | None = None) -> Any:
        loss = self._loss(closure)
        for group in self.param_groups:
            lr, lambd, decay = number(group["lr"]), group["lambd"], group["weight_decay"]
            for p, x, g in gradients(group):
                state = self.state[p]
                if not state:
                    state.update(step=counter(), eta=counter(lr), mu=counter(1.0), ax=zeros(p))
                t = count(state)
                a, eta, mu = numbers(state["ax"]), state["eta"]._a, state["mu"]._a
                if decay != 0:
                    g = g + x * decay
                x *= 1 - lambd * eta.item()
                x -= g * eta.item()
                if mu.item() == 1:
                    a[...] = x
                else:
                    a += (x - a) * mu.item()
                eta[()] = lr / (1 + lambd * lr * t) ** group["alpha"]
                mu[()] = 1 / max(1, t - group["t0"])
        return loss
