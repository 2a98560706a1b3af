"""Adafactor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..core.dtype_info import finfo
from ..core.tensor import Tensor, wrap
from ..kernels import K
from .optimizer import Optimizer, check, count, counter, gradients, number


class Adafactor(Optimizer):
    """Adam without m, and with v of a matrix kept as one number per row and one per column.

        ρ = min(lr, 1 / √t)                      α = max(ε₂, rms(θ)) · ρ
        θ ← (1 - lr λ) θ
        r ← r + t^τ (mean of g² along rows - r)  c likewise along columns (v for vectors)
        v = r c / mean(r)
        u = g / √max(v, ε₁²)                     θ ← θ - α u / max(1, rms(u) / d)

    lr, beta2_decay τ, eps (ε₁, ε₂; None: the dtype's epsilon), d, weight_decay λ. foreach:
    accepted, there is one way here. State: step t, row_var r and col_var c, or variance v.
    Source: Shazeer, Stern 2018, arXiv:1804.04235.
    """

    def __init__(
        self,
        params: Iterable,
        lr: Any = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        if isinstance(lr, Tensor):
            check(lr.numel() == 1, "Tensor lr must be 1-element")
        check(0.0 <= lr, f"Learning rate should be >= 0 but is: {lr}")
        check(0.0 >= beta2_decay, f"beta2_decay should be <= 0 but is: {beta2_decay}")
        check(eps[0] is None or 0.0 <= eps[0], f"epsilon1 should be >= 0 but is: {eps[0]}")
        check(0.0 <= eps[1], f"epsilon2 should be >= 0 but is: {eps[1]}")
        check(1.0 <= d, f"Clipping threshold d should be >= 1 but is: {d}")
        check(0.0 <= weight_decay, f"weight_decay should be >= 0 but is: {weight_decay}")
        defaults = dict(
            lr=lr,
            beta2_decay=beta2_decay,
            eps=eps,
            d=d,
            weight_decay=weight_decay,
            foreach=foreach,
            maximize=maximize,
        )
        super().__init__(params, defaults)

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
                        state["row_var"] = wrap(np.zeros((*g.shape[:-1], 1), g.dtype))
                        columns = (*g.shape[:-2], 1, g.shape[-1])
                        state["col_var"] = wrap(np.zeros(columns, g.dtype))
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
