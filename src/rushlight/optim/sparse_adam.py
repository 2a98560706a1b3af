"""Adam for sparse gradients: only the places that have a gradient move."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .optimizer import Optimizer, number, zeros
from .options import at_least, below_one, learning_rate, option
from .sparse_steps import places_and_values


class SparseAdam(Optimizer):
    """θ ← θ - lr √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε) at the places of the gradient.

        m ← m + (1 - β₁)(g - m),  v ← v + (1 - β₂)(g² - v)    there; g ← -∇f if maximize

    lr, betas (β₁, β₂), eps ε. Moments elsewhere do not decay.
    State: step t, exp_avg m, exp_avg_sq v.
    RuntimeError: a dense gradient. ValueError: a sparse parameter.
    Source: Kingma, Ba 2015, arXiv:1412.6980, section 2.
    """

    lr: Any = option(default=1e-3, check=learning_rate())
    betas: tuple[float, float] = option(default=(0.9, 0.999), check=below_one)
    eps: float = option(default=1e-8, check=at_least(0.0, "Invalid epsilon value"))
    maximize: bool = option(default=False)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        super().add_param_group(param_group)
        wrong = [
            [g, i]
            for g, group in enumerate(self.param_groups)
            for i, p in enumerate(group["params"])
            if p.is_sparse
        ]
        if wrong:
            raise ValueError(
                f"Sparse params at indices {wrong}: SparseAdam requires dense parameter tensors"
            )

    def step(self, closure: Callable | None = None) -> Any:
        """One update; the loss that closure returns, if there is one."""
        loss = self._loss(closure)
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                grad = p._grad
                if grad is None:
                    continue
                if not grad.is_sparse:
                    raise RuntimeError(
                        "SparseAdam does not support dense gradients, please consider Adam instead"
                    )
                state = self.state[p]
                if not state:
                    state.update(step=0, exp_avg=zeros(p), exp_avg_sq=zeros(p))
                state["step"] += 1
                at, g = places_and_values(grad, group["maximize"])
                if not g.size:
                    continue
                m, v = state["exp_avg"]._a, state["exp_avg_sq"]._a
                m[at] = m_new = m[at] + (g - m[at]) * (1 - beta1)
                v[at] = v_new = v[at] + (g * g - v[at]) * (1 - beta2)
                t = int(state["step"])
                size = number(group["lr"]) * math.sqrt(1 - beta2**t) / (1 - beta1**t)
                p._a[at] += -size * (m_new / (np.sqrt(v_new) + group["eps"]))
                p._bump()
        return loss
