"""RMSprop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..kernels import K
from .optimizer import Optimizer, check, check_lr, count, counter, number, zeros


class RMSprop(Optimizer):
    """θ ← θ - lr · g / (√s + ε), with the running mean s of the squared gradient.

        g ← ∇f(θ) + λ θ                          -∇f if maximize
        s ← α s + (1 - α) g²
        centered: a ← α a + (1 - α) g, and √(s - a²) in place of √s
        momentum: b ← μ b + g / (√s + ε), θ ← θ - lr · b

    lr, alpha α, eps ε, weight_decay λ, momentum μ, centered. foreach: accepted; there is one way
    here, a single kernel over all parameters. differentiable, capturable: refused.
    State: step, square_avg s, grad_avg a, momentum_buffer b.
    Source: Hinton, Coursera lecture 6e (2012); centered: Graves 2013, arXiv:1308.0850.
    """

    def __init__(
        self,
        params: Iterable,
        lr: Any = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        check(0.0 <= eps, f"Invalid epsilon value: {eps}")
        check(0.0 <= momentum, f"Invalid momentum value: {momentum}")
        check(0.0 <= weight_decay, f"Invalid weight_decay value: {weight_decay}")
        check(0.0 <= alpha, f"Invalid alpha value: {alpha}")
        defaults = dict(
            lr=lr,
            momentum=momentum,
            alpha=alpha,
            eps=eps,
            centered=centered,
            weight_decay=weight_decay,
            capturable=capturable,
            foreach=foreach,
            maximize=maximize,
            differentiable=differentiable,
        )
        super().__init__(params, defaults)

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
