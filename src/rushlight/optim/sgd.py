"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.tensor import wrap
from ..kernels import K
from . import sparse_steps
from .optimizer import Optimizer, number
from .options import KW_ONLY, at_least, learning_rate, option


class SGD(Optimizer):
    """θ ← θ - lr · g, with momentum θ ← θ - lr · b.

        g ← ∇f(θ) + λ θ                  -∇f if maximize
        b ← μ b + (1 - τ) g              b ← g in the first step
        g ← g + μ b if nesterov else b

    lr, momentum μ, dampening τ, weight_decay λ. foreach, fused: accepted without effect, one kernel
    updates all parameters. differentiable: NotImplementedError.
    Source: Sutskever et al. 2013, "On the importance of initialization and momentum in deep
    learning"; as PyTorch has it, lr is outside of b.

    >>> optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    """

    lr: Any = option(default=1e-3, check=learning_rate())
    momentum: float = option(default=0, check=at_least(0.0, "Invalid momentum value"))
    dampening: float = option(default=0)
    weight_decay: Any = option(default=0, check=at_least(0.0, "Invalid weight_decay value"))
    nesterov: bool = option(default=False)
    _: KW_ONLY
    maximize: bool = option(default=False)
    foreach: bool | None = option(default=None)
    differentiable: bool = option(default=False)
    fused: bool | None = option(default=None)

    def _prepare(self, options: dict[str, Any]) -> None:
        if options["nesterov"] and (options["momentum"] <= 0 or options["dampening"] != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")

    def step(self, closure: Callable | None = None) -> Any:
        loss = self._loss(closure)
        for group in self.param_groups:
            momentum = group["momentum"]
            params, grads, bufs, states = [], [], [], []
            for p in group["params"]:
                grad = p._grad
                if grad is None:
                    continue
                if grad.is_sparse:
                    sparse_steps.sgd(p, grad, self.state[p] if momentum else {}, group)
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
