"""torch.nn.utils.fusion: a batch norm in evaluation folded into the layer before it.

y = γ (w x + b - mean) / √(var + ε) + β is again a linear function of x.
"""

from __future__ import annotations

import copy
from typing import Any

from ...core.parameter import Parameter
from ...core.tensor import Tensor
from ...dispatch.registry import FUNCTIONS as T
from ..module import Module

__all__ = [
    "fuse_conv_bn_eval",
    "fuse_conv_bn_weights",
    "fuse_linear_bn_eval",
    "fuse_linear_bn_weights",
]


def fuse_conv_bn_eval(conv: Any, bn: Any, transpose: bool = False) -> Any:
    """A convolution that computes bn(conv(x)); both must be in evaluation mode.

    transpose  conv is a transposed convolution
    AssertionError: in training mode; bn has no running statistics
    """
    fused = _copy_in_eval(conv, bn)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight,
        fused.bias,
        bn.running_mean,
        bn.running_var,
        bn.eps,
        bn.weight,
        bn.bias,
        transpose,
    )
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Any, Any]:
    """Weight and bias of the fused convolution, as Parameters of the dtypes of conv's.

    conv_w (O, I, *), or (I, O, *) if transpose; the others (O,), None for 0 (bn_w: 1)
    """
    if bn_w is None:
        bn_w = T["ones_like"](bn_rm)
    shape = [1, -1] if transpose else [-1, 1]
    factor = bn_w * T["rsqrt"](bn_rv + bn_eps)
    factors = factor.reshape(shape + [1] * (conv_w.ndim - 2))
    return _folded(conv_w, factors, conv_b, bn_rm, factor, bn_b)


def fuse_linear_bn_eval(linear: Any, bn: Any) -> Any:
    """A linear layer that computes bn(linear(x)); both must be in evaluation mode.

    AssertionError: in training mode; numbers of features that do not fit
    """
    fused = _copy_in_eval(linear, bn)
    assert linear.out_features == bn.num_features or bn.num_features == 1, (
        "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got "
        f"linear.out_features={linear.out_features} and bn.num_features={bn.num_features}"
    )
    fused.weight, fused.bias = fuse_linear_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
    )
    return fused


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor,
    bn_b: Tensor,
) -> tuple[Any, Any]:
    """Weight and bias of the fused linear layer, as Parameters of the dtypes of linear's.

    linear_w (O, I), the others (O,); linear_b None for 0
    """
    factor = bn_w * T["rsqrt"](bn_rv + bn_eps)
    return _folded(linear_w, factor.unsqueeze(-1), linear_b, bn_rm, factor, bn_b)


def _copy_in_eval(layer: Module, bn: Any) -> Any:
    assert not (layer.training or bn.training), "Fusion only for eval!"
    assert bn.running_mean is not None and bn.running_var is not None, (
        "bn.running_mean and bn.running_var must not be None"
    )
    return copy.deepcopy(layer)


def _folded(w: Tensor, factors: Tensor, b: Any, mean: Tensor, factor: Tensor, beta: Any) -> tuple:
    """(w factors, (b - mean) factor + beta)"""
    bias_dtype = w.dtype if b is None else b.dtype
    b = T["zeros_like"](mean) if b is None else b
    beta = T["zeros_like"](mean) if beta is None else beta
    bias = (b - mean) * factor + beta
    wants = w.requires_grad, b.requires_grad
    return (
        Parameter((w * factors).detach().to(w.dtype), wants[0]),
        Parameter(bias.detach().to(bias_dtype), wants[1]),
    )
