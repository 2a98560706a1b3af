"""torch.nn.grad: the gradients of convolutions as functions of their own.

N batch, C channels, S spatial sizes; x (N, C, *S), w (O, C / groups, *T), dy (N, O, *L).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autograd.api import grad
from ..core.grad_mode import enable_grad, mode
from ..core.tensor import Tensor
from ..ops.creation import zeros
from . import functional as F

__all__ = [
    "conv1d_input",
    "conv1d_weight",
    "conv2d_input",
    "conv2d_weight",
    "conv3d_input",
    "conv3d_weight",
]


def _grad_of(size: Any, other: Tensor, dy: Tensor, convolve: Callable[[Tensor], Tensor]) -> Tensor:
    """The gradient of convolve(z) for a z of this size; `other` is its other operand."""
    further = mode.grad and (other.requires_grad or dy.requires_grad)
    with enable_grad():
        z = zeros(*size, dtype=other.dtype, requires_grad=True)
        return grad(convolve(z), z, dy, create_graph=further)[0]


def _input_grad(name: str, size: Any, w: Tensor, dy: Tensor, options: tuple) -> Tensor:
    return _grad_of(size, w, dy, lambda x: getattr(F, name)(x, w, None, *options))


def _weight_grad(name: str, x: Tensor, size: Any, dy: Tensor, options: tuple) -> Tensor:
    return _grad_of(size, x, dy, lambda w: getattr(F, name)(x, w, None, *options))


def conv1d_input(
    input_size: Any,
    weight: Tensor,
    grad_output: Tensor,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """dx of F.conv1d for an input of input_size. RuntimeError: sizes that do not fit."""
    options = (stride, padding, dilation, groups)
    return _input_grad("conv1d", input_size, weight, grad_output, options)


def conv1d_weight(
    input: Tensor,
    weight_size: Any,
    grad_output: Tensor,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """dw of F.conv1d for a weight of weight_size. RuntimeError: sizes that do not fit."""
    options = (stride, padding, dilation, groups)
    return _weight_grad("conv1d", input, weight_size, grad_output, options)


def conv2d_input(
    input_size: Any,
    weight: Tensor,
    grad_output: Tensor,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """dx of F.conv2d for an input of input_size. RuntimeError: sizes that do not fit."""
    options = (stride, padding, dilation, groups)
    return _input_grad("conv2d", input_size, weight, grad_output, options)


def conv2d_weight(
    input: Tensor,
    weight_size: Any,
    grad_output: Tensor,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """dw of F.conv2d for a weight of weight_size. RuntimeError: sizes that do not fit."""
    options = (stride, padding, dilation, groups)
    return _weight_grad("conv2d", input, weight_size, grad_output, options)


def conv3d_input(
    input_size: Any,
    weight: Tensor,
    grad_output: Tensor,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """dx of F.conv3d for an input of input_size. RuntimeError: sizes that do not fit."""
    options = (stride, padding, dilation, groups)
    return _input_grad("conv3d", input_size, weight, grad_output, options)


def conv3d_weight(
    input: Tensor,
    weight_size: Any,
    grad_output: Tensor,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """dw of F.conv3d for a weight of weight_size. RuntimeError: sizes that do not fit."""
    options = (stride, padding, dilation, groups)
    return _weight_grad("conv3d", input, weight_size, grad_output, options)
