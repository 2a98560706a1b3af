"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..core.tensor import wrap
from ..kernels import K
from .optimizer import Optimizer, check, check_lr, number


class SGD(Optimizer):
    """θ ← θ - lr · g, with momentum θ ← θ - lr · b.

        g ← ∇f(θ) + λ θ                  -∇f if maximize
        b ← μ b + (1 - τ) g              b ← g in the first step
        g ← g + μ b if nesterov else b

    lr, momentum μ, dampening τ, weight_decay λ. foreach, fused: accepted; there is one way here,
    a single kernel over all parameters. differentiable: NotImplementedError.
    Source: Sutskever et al. 2013, "On the importance of initialization and momentum in deep
    learning"; as PyTorch has it, lr is outside of b.

    >>> optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    """

    def __init__(
        self,
        params: Iterable,
        lr: Any = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: Any = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_lr(lr)
        check(0.0 <= momentum, f"Invalid momentum value: {momentum}")
        check(0.0 <= weight_decay, f"Invalid weight_decay value: {weight_decay}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults = dict(
            lr=lr,
            momentum=momentum,
            dampening=dampening,
            weight_decay=weight_decay,
            nesterov=nesterov,
            maximize=maximize,
            foreach=foreach,
            differentiable=differentiable,
            fused=fused,
        )
        super().__init__(params, defaults)

    def step(self, closure: Callable | None = None) -> Any:
        loss = self._loss(closure)
        for group in self.param_groups:
            momentum = group["momentum"]
            params, grads, bufs, states = [], [], [], []
            for p in group["params"]:
                grad = p._grad
                if grad is None:
                    continue
                params.append(p._a)
                grads.append(grad._a)
                p._bump()
                if momentum != 0:
                    state = self.state[p]
                    buf = state.get("momentum_buffer")
                    bufs.append(None if buf is None else buf._a)
                    states.append(state)
                else:
                    bufs.append(None)
            if not params:
                continue
            new = K.sgd_step(
                params,
                grads,
                bufs,
                number(group["lr"]),
                momentum,
                group["dampening"],
                number(group["weight_decay"]),
                group["nesterov"],
                group["maximize"],
            )
            for state, before, buf in zip(states, bufs, new, strict=False):
                if before is None:
                    state["momentum_buffer"] = wrap(buf)
        return loss
