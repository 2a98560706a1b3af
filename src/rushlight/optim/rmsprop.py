"""RMSprop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..kernels import K
from .optimizer import Optimizer, count, counter, number, zeros
from .options import at_least, learning_rate, option


class RMSprop(Optimizer, group_order="momentum alpha eps centered weight_decay"):
    """θ ← θ - lr · g / (√s + ε), with the running mean s of the squared gradient.

        g ← ∇f(θ) + λ θ                          -∇f if maximize
        s ← α s + (1 - α) g²
        centered: a ← α a + (1 - α) g, and √(s - a²) in place of √s
        momentum: b ← μ b + g / (√s + ε), θ ← θ - lr · b

    lr, alpha α, eps ε, weight_decay λ, momentum μ, centered

    foreach  accepted without effect, one kernel updates all parameters
    state    step, square_avg s, grad_avg a, momentum_buffer b
    errors   ValueError: lr, eps, weight_decay, momentum or alpha below 0; no parameters.
             NotImplementedError: differentiable=True. AssertionError: capturable=True
    source   Hinton, Coursera lecture 6e (2012); centered: Graves 2013, arXiv:1308.0850
    """

    lr: Any = option(default=1e-2, check=learning_rate())
    alpha: float = option(default=0.99, check=at_least(0.0, "Invalid alpha value"))
    eps: float = option(default=1e-8, check=at_least(0.0, "Invalid epsilon value"))
    weight_decay: float = option(default=0, check=at_least(0.0, "Invalid weight_decay value"))
    momentum: float = option(default=0, check=at_least(0.0, "Invalid momentum value"))
    centered: bool = option(default=False)
    capturable: bool = option(default=False)
    foreach: bool | None = option(default=None)
    maximize: bool = option(default=False)
    differentiable: bool = option(default=False)

    def step(self, closure: Callable | None = None) -> Any:
        loss = self._loss(closure)
        for group in self.param_groups:
            momentum, centered = group["momentum"], group["centered"]
            params, grads, squares, means, bufs = [], [], [], [], []
            for p in group["params"]:
                grad = p._grad
                if grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["step"] = counter()
                    state["square_avg"] = zeros(p)
                    if momentum > 0:
                        state["momentum_buffer"] = zeros(p)
                    if centered:
                        state["grad_avg"] = zeros(p)
                params.append(p._a)
                grads.append(grad._a)
                squares.append(state["square_avg"]._a)
                if momentum > 0:
                    bufs.append(state["momentum_buffer"]._a)
                if centered:
                    means.append(state["grad_avg"]._a)
                count(state)
                p._bump()
            if not params:
                continue
            K.rmsprop_step(
                params,
                grads,
                squares,
                means if centered else None,
                bufs if momentum > 0 else None,
                number(group["lr"]),
                group["alpha"],
                group["eps"],
                group["weight_decay"],
                momentum,
                group["maximize"],
            )
        return loss
