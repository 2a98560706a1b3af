"""Adafactor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.dtype_info import finfo
from ..core.tensor import wrap
from ..kernels import K
from .optimizer import Optimizer, count, counter, gradients, number
from .options import KW_ONLY, at_least, at_most, learning_rate, option, require


def _check_eps(eps: Any, _: dict[str, Any]) -> None:
    require(eps[0] is None or 0.0 <= eps[0], f"epsilon1 should be >= 0 but is: {eps[0]}")
    require(0.0 <= eps[1], f"epsilon2 should be >= 0 but is: {eps[1]}")


class Adafactor(Optimizer):
    """Adam without m, and with v of a matrix kept as one number per row and one per column.

        ρ = min(lr, 1 / √t)                      α = max(ε₂, rms(θ)) · ρ
        θ ← (1 - lr λ) θ
        r ← r + t^τ (mean of g² along rows - r)  c likewise along columns (v for vectors)
        v = r c / mean(r)
        u = g / √max(v, ε₁²)                     θ ← θ - α u / max(1, rms(u) / d)

    lr, beta2_decay τ, eps (ε₁, ε₂; None: the dtype's epsilon), d, weight_decay λ

    foreach  accepted without effect
    state    step t, row_var r and col_var c, or variance v
    errors   ValueError: lr, weight_decay or an eps below 0, beta2_decay above 0, d below 1; no
             parameters
    source   Shazeer, Stern 2018, arXiv:1804.04235
    """

    lr: Any = option(default=1e-2, check=learning_rate("Learning rate should be >= 0 but is"))
    beta2_decay: float = option(
        default=-0.8, check=at_most(0.0, "beta2_decay should be <= 0 but is")
    )
    eps: tuple[float | None, float] = option(default=(None, 1e-3), check=_check_eps)
    d: float = option(
        default=1.0, check=at_least(1.0, "Clipping threshold d should be >= 1 but is")
    )
    weight_decay: float = option(
        default=0.0, check=at_least(0.0, "weight_decay should be >= 0 but is")
    )
    _: KW_ONLY
    foreach: bool | None = option(default=None)
    maximize: bool = option(default=False)

    def step(self, closure: Callable | None = None) -> Any:
        loss = self._loss(closure)
        for group in self.param_groups:
            lr, decay, (eps1, eps2) = number(group["lr"]), group["weight_decay"], group["eps"]
            for p, x, g in gradients(group):
                if p.is_complex():
                    raise RuntimeError("Adafactor does not support complex parameters")
                state = self.state[p]
                if not state:
                    state["step"] = counter()
                    if g.ndim > 1:
                        state["row_var"] = wrap(K.zeros((*g.shape[:-1], 1), g))
                        columns = (*g.shape[:-2], 1, g.shape[-1])
                        state["col_var"] = wrap(K.zeros(columns, g))
                    else:
                        state["variance"] = wrap(np.zeros_like(g))
                t = count(state)
                least = finfo(p.dtype).eps if eps1 is None else eps1
                weight = t ** group["beta2_decay"]
                alpha = max(eps2, _rms(x)) * min(lr, 1 / t**0.5)
                if decay != 0:
                    x *= 1 - lr * decay
                if g.ndim > 1:
                    r, c = state["row_var"]._a, state["col_var"]._a
                    r += (K.mean(g * g, -1, True) - r) * weight
                    c += (K.mean(g * g, -2, True) - c) * weight
                    v = r @ c / np.maximum(K.mean(r, -2, True), least)
                else:
                    v = state["variance"]._a
                    v += (g * g - v) * weight
                u = g / K.sqrt(np.maximum(v, least * least))
                x -= u * (alpha / max(1.0, _rms(u) / group["d"]))
        return loss


def _rms(x: np.ndarray) -> float:
    """The root of the mean square."""
    return float(np.linalg.norm(x.ravel())) / x.size**0.5
