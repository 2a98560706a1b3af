"""Adam and AdamW."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..core.tensor import Tensor
from ..kernels import K
from .optimizer import Optimizer, check, check_lr, count, counter, number, zeros


class Adam(Optimizer):
    """θ ← θ - lr · m̂ / (√v̂ + ε), with running means m of the gradient and v of its square.

        g ← ∇f(θ) + λ θ                          -∇f if maximize; AdamW: θ ← (1 - lr λ) θ instead
        m ← β₁ m + (1 - β₁) g                    m̂ = m / (1 - β₁ᵗ)
        v ← β₂ v + (1 - β₂) g²                   v̂ = v / (1 - β₂ᵗ)
        amsgrad: v̂ from the largest v so far

    lr, betas (β₁, β₂), eps ε, weight_decay λ, decoupled_weight_decay (AdamW). foreach, fused:
    accepted; there is one way here, a single kernel over all parameters. differentiable,
    capturable: refused. State: step t, exp_avg m, exp_avg_sq v, max_exp_avg_sq.
    Source: Kingma, Ba 2014, arXiv:1412.6980; AMSGrad: Reddi et al. 2018.

    >>> optimizer = Adam(model.parameters(), lr=1e-3)
    """

    def __init__(
        self,
        params: Iterable,
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        check_lr(lr, foreach)
        check(0.0 <= eps, f"Invalid epsilon value: {eps}")
        check(0.0 <= betas[0] < 1.0, f"Invalid beta parameter at index 0: {betas[0]}")
        check(0.0 <= betas[1] < 1.0, f"Invalid beta parameter at index 1: {betas[1]}")
        check(0.0 <= weight_decay, f"Invalid weight_decay value: {weight_decay}")
        tensors = [isinstance(b, Tensor) for b in betas]
        check(tensors[0] == tensors[1], "betas must be either both floats or both Tensors")
        for i, beta in enumerate(betas):
            if tensors[i]:
                check(
                    not foreach,
                    f"betas[{i}] as a Tensor is not supported for capturable=False and "
                    "foreach=True",
                )
                check(beta.numel() == 1, f"Tensor betas[{i}] must be 1-element")
        defaults = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            amsgrad=amsgrad,
            maximize=maximize,
            foreach=foreach,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=decoupled_weight_decay,
        )
        super().__init__(params, defaults)

    def step(self, closure: Callable | None = None) -> Any:
        loss = self._loss(closure)
        for group in self.param_groups:
            amsgrad = group["amsgrad"]
            params, grads, ms, vs, largest, steps = [], [], [], [], [], []
            for p in group["params"]:
                grad = p._grad
                if grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["step"] = counter()
                    state["exp_avg"] = zeros(p)
                    state["exp_avg_sq"] = zeros(p)
                    if amsgrad:
                        state["max_exp_avg_sq"] = zeros(p)
                params.append(p._a)
                grads.append(grad._a)
                ms.append(state["exp_avg"]._a)
                vs.append(state["exp_avg_sq"]._a)
                if amsgrad:
                    largest.append(state["max_exp_avg_sq"]._a)
                steps.append(count(state))
                p._bump()
            if not params:
                continue
            beta1, beta2 = group["betas"]
            K.adam_step(
                params,
                grads,
                ms,
                vs,
                largest if amsgrad else None,
                steps,
                number(group["lr"]),
                number(beta1),
                number(beta2),
                group["eps"],
                group["weight_decay"],
                amsgrad,
                group["maximize"],
                group["decoupled_weight_decay"],
            )
        return loss


class AdamW(Adam):
    """Adam with weight decay beside the gradient: θ ← (1 - lr λ) θ, then Adam's step without λ.

    Arguments as Adam's; weight_decay is 0.01 unless given.
    Source: Loshchilov, Hutter 2017, arXiv:1711.05101.
    """

    def __init__(
        self,
        params: Iterable,
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
