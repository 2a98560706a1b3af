"""Adam and AdamW."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.tensor import Tensor
from ..kernels import K
from .optimizer import Optimizer, count, counter, number, zeros
from .options import KW_ONLY, at_least, below_one, learning_rate, option, require


class Adam(Optimizer, group_order="maximize foreach"):
    """θ ← θ - lr · m̂ / (√v̂ + ε), with running means m of the gradient and v of its square.

        g ← ∇f(θ) + λ θ                          -∇f if maximize; AdamW: θ ← (1 - lr λ) θ instead
        m ← β₁ m + (1 - β₁) g                    m̂ = m / (1 - β₁ᵗ)
        v ← β₂ v + (1 - β₂) g²                   v̂ = v / (1 - β₂ᵗ)
        amsgrad: v̂ from the largest v so far

    lr, betas (β₁, β₂), eps ε, weight_decay λ, decoupled_weight_decay (AdamW)

    foreach, fused  accepted without effect, one kernel updates all parameters
    state           step t, exp_avg m, exp_avg_sq v, max_exp_avg_sq
    errors          ValueError: lr, eps or weight_decay below 0, a beta outside of [0, 1); no
                    parameters. NotImplementedError: differentiable=True. AssertionError:
                    capturable=True
    source          Kingma, Ba 2014, arXiv:1412.6980; AMSGrad: Reddi et al. 2018

    >>> optimizer = Adam(model.parameters(), lr=1e-3)
    """

    lr: Any = option(default=1e-3, check=learning_rate())
    betas: tuple[Any, Any] = option(default=(0.9, 0.999), check=below_one)
    eps: float = option(default=1e-8, check=at_least(0.0, "Invalid epsilon value"))
    weight_decay: float = option(default=0, check=at_least(0.0, "Invalid weight_decay value"))
    amsgrad: bool = option(default=False)
    _: KW_ONLY
    foreach: bool | None = option(default=None)
    maximize: bool = option(default=False)
    capturable: bool = option(default=False)
    differentiable: bool = option(default=False)
    fused: bool | None = option(default=None)
    decoupled_weight_decay: bool = option(default=False)

    def _prepare(self, options: dict[str, Any]) -> None:
        lr, betas, foreach = options["lr"], options["betas"], options["foreach"]
        tensors = [isinstance(b, Tensor) for b in betas]
        require(tensors[0] == tensors[1], "betas must be either both floats or both Tensors")
        for name, value in (("lr", lr), ("betas[0]", betas[0]), ("betas[1]", betas[1])):
            if isinstance(value, Tensor):
                require(
                    not foreach,
                    f"{name} as a Tensor is not supported for capturable=False and foreach=True",
                )
                require(value.numel() == 1, f"Tensor {name} must be 1-element")

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

    errors  as Adam
    source  Loshchilov, Hutter 2017, arXiv:1711.05101
    """

    lr: Any = option(default=1e-3, check=learning_rate())
    betas: tuple[Any, Any] = option(default=(0.9, 0.999), check=below_one)
    eps: float = option(default=1e-8, check=at_least(0.0, "Invalid epsilon value"))
    weight_decay: float = option(default=1e-2, check=at_least(0.0, "Invalid weight_decay value"))
    amsgrad: bool = option(default=False)
    _: KW_ONLY
    maximize: bool = option(default=False)
    foreach: bool | None = option(default=None)
    capturable: bool = option(default=False)
    differentiable: bool = option(default=False)
    fused: bool | None = option(default=None)
    decoupled_weight_decay: bool = option(default=True, init=False)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
