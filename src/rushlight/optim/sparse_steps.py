"""Steps of SGD and Adagrad with a sparse gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.tensor import Tensor
from .optimizer import count, number


def places_and_values(grad: Any, maximize: bool) -> tuple[tuple, np.ndarray]:
    """(an index for arrays of the parameter's shape, the gradient there), each place once."""
    grad = grad.coalesce()
    g = grad._values()._a
    return tuple(grad._indices()._a), -g if maximize else g


def sgd(p: Tensor, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
    """SGD's update, see there. The momentum is a sparse tensor, whose places become more and more.

    RuntimeError: weight_decay (it would be a dense gradient), fused
    """
    if group["fused"]:
        raise RuntimeError("`_fused_sgd` does not support sparse gradients")
    momentum = group["momentum"]
    if group["maximize"]:
        grad = -grad
    if group["weight_decay"] != 0:
        grad = grad + p.detach() * group["weight_decay"]
    if momentum != 0:
        buf = state.get("momentum_buffer")
        if buf is None:
            buf = state["momentum_buffer"] = grad.detach().clone()
        else:
            buf.mul_(momentum).add_(grad.detach(), alpha=1 - group["dampening"])
        grad = grad.add(buf, alpha=momentum) if group["nesterov"] else buf
    at, g = places_and_values(grad, False)
    p._a[at] -= number(group["lr"]) * g
    p._bump()


def adagrad(p: Tensor, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
    """Adagrad's update, see there: the sums grow where the gradient has places.

    RuntimeError: weight_decay, fused
    """
    if group["fused"]:
        raise RuntimeError("`fused` does not support sparse grad or complex param")
    if group["weight_decay"] != 0:
        raise RuntimeError("weight_decay option is not compatible with sparse gradients")
    at, g = places_and_values(grad, group["maximize"])
    t = count(state)
    s = state["sum"]._a
    if g.size:
        s[at] += g * g
        size = number(group["lr"]) / (1 + (t - 1) * group["lr_decay"])
        p._a[at] -= size * (g / (np.sqrt(s[at]) + group["eps"]))
        p._bump()
