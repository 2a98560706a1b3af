"""Muon."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.dtype import bfloat16
from .optimizer import Optimizer, gradients, number, zeros
from .options import at_least, learning_rate, option, require


def _check_adjust(name: Any, _: dict[str, Any]) -> None:
    require(
        name in (None, "original", "match_rms_adamw"),
        f"Adjust learning rate function {name} is not supported",
    )


class Muon(Optimizer):
    """θ ← (1 - lr λ) θ - lr' · O(u) for matrices: the momentum, made orthogonal, is the step.

        b ← μ b + (1 - μ) g                      u = μ b + (1 - μ) g if nesterov else b
        O(u): ns_steps times X ← a X + (b A + c A²) X with A = X Xᵀ, from X = u / max(|u|, ε)

    in bfloat16, as PyTorch does. lr' = lr √max(1, rows / columns) ("original", the default) or
    0.2 lr √max(rows, columns) ("match_rms_adamw"). lr, weight_decay λ, momentum μ, nesterov,
    ns_coefficients (a, b, c), eps ε, ns_steps. ValueError: a parameter that is not a matrix.
    State: momentum_buffer b.
    Source: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/
    """

    lr: float = option(default=1e-3, check=learning_rate("Learning rate should be >= 0 but is"))
    weight_decay: float = option(
        default=0.1, check=at_least(0.0, "weight decay should be >= 0 but is")
    )
    momentum: float = option(default=0.95, check=at_least(0.0, "momentum should be >= 0 but is"))
    nesterov: bool = option(default=True)
    ns_coefficients: tuple[float, float, float] = option(default=(3.4445, -4.775, 2.0315))
    eps: float = option(default=1e-7)
    ns_steps: int = option(default=5)
    adjust_lr_fn: str | None = option(default=None, check=_check_adjust)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        super().add_param_group(param_group)
        for p in param_group["params"]:
            if p.ndim != 2:
                raise ValueError(
                    "Muon only supports 2D parameters whereas we found a parameter with size: "
                    f"{p.size()}"
                )

    def step(self, closure: Callable | None = None) -> Any:
        loss = self._loss(closure)
        for group in self.param_groups:
            lr, momentum = number(group["lr"]), group["momentum"]
            for p, x, g in gradients({**group, "maximize": False}):
                if p.is_complex():
                    raise RuntimeError("Muon does not support complex parameters")
                state = self.state[p]
                if not state:
                    state["momentum_buffer"] = zeros(p)
                b = state["momentum_buffer"]._a
                b += (g - b) * (1 - momentum)
                u = g + (b - g) * momentum if group["nesterov"] else b
                u = _orthogonal(u, group["ns_coefficients"], group["ns_steps"], group["eps"])
                rows, columns = p.shape
                if group["adjust_lr_fn"] == "match_rms_adamw":
                    ratio = 0.2 * math.sqrt(max(rows, columns))
                else:
                    ratio = math.sqrt(max(1, rows / columns))
                x *= 1 - lr * group["weight_decay"]
                x -= (u * np.float32(lr * ratio)).astype(x.dtype)
        return loss


def _orthogonal(
    u: np.ndarray, coefficients: tuple[float, float, float], steps: int, eps: float
) -> np.ndarray:
    """The nearest matrix with orthonormal rows (or columns), about: Newton-Schulz iterations."""
    if steps >= 100:
        raise ValueError("Number of steps must be less than 100 for computational efficiency")
    if len(coefficients) != 3:
        raise ValueError("Coefficients must be a tuple of exactly 3 values")

    def rounded(y: Any) -> Any:
        return y.astype(bfloat16.np).astype(np.float32)

    a, b, c = coefficients
    x = rounded(u.T if u.shape[0] > u.shape[1] else u)
    x = rounded(x / max(rounded(np.linalg.norm(x)), np.float32(eps)))
    for _ in range(steps):
        gram = rounded(x @ x.T)
        x = rounded(a * x + rounded(b * gram + c * (gram @ gram)) @ x)
    return x.T if u.shape[0] > u.shape[1] else x
