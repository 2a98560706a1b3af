"""Fusion: a layer and the ReLU behind it as one kernel call.

One pass, `run_in_order`, over modules that are called one after another (Sequential), and one
table, WITH_RELU. The layer is held back until the next module is known. Whatever could be seen from
outside keeps the two apart: hooks, another forward in a layer's place, a subclass with a forward of
its own. The nodes of both are recorded (dispatch/fusion.py).

A forward written by hand, `F.relu(self.conv(x))`, is two calls: docs/performance.md says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..core.tensor import Tensor
from ..dispatch.fusion import fuse
from ..kernels import K
from ..ops.activation import Relu
from ..ops.conv import Convolution, convolve
from ..ops.matmul import Linear as LinearOp
from ..ops.matmul import odd_linear
from . import functional as F
from .activation import ReLU
from .conv import _Conv
from .error_notes import note
from .linear import Linear
from .module import Module

_F32 = np.dtype(np.float32)
_CALL, _RELU, _CONV_FORWARD = Module.__call__, ReLU.forward, _Conv._conv_forward
_KERNELS = {rank + 2: getattr(K, f"conv{rank}d_relu") for rank in (1, 2, 3)}  # by x.ndim


# ---------------------------------------------------------------- the pairs


def _linear_forward(input, weight, bias):
    if input.dtype is weight.dtype and weight.ndim == 2:
        try:
            return K.linear_relu(input, weight, bias)
        except ValueError:
            pass
    return K.relu(odd_linear(input, weight, bias))


def _convolution_forward(x, w, b, stride, padding, dilation, groups):
    return _KERNELS[x.ndim](x, w, b, stride, padding, dilation, groups)


_LINEAR = fuse(LinearOp, Relu, _linear_forward)
_CONVOLUTION = fuse(Convolution, Relu, _convolution_forward)


def _linear_relu(layer: Any, input: Any) -> Tensor:
    """relu of a Linear: batches of float32 rows in one kernel."""
    if isinstance(input, Tensor) and layer.bias is not None:
        if input._a.ndim == 2 and input._a.dtype is _F32:
            return _LINEAR.run((input, layer.weight, layer.bias))
    return F.relu(layer.forward(input))


def _convolution_relu(layer: Any, input: Any) -> Tensor:
    """relu of a Conv1d, Conv2d or Conv3d: float32, zeros around it, in one kernel."""
    own = type(layer)._conv_forward is not _CONV_FORWARD or "_conv_forward" in layer.__dict__
    zeros = layer.padding_mode == "zeros" and type(layer.padding) is not str
    if own or not zeros or not isinstance(input, Tensor) or input._a.dtype is not _F32:
        return F.relu(layer.forward(input))
    options = (layer.stride, layer.padding, layer.dilation, layer.groups)
    weights = (layer.weight, layer.bias)
    return convolve(layer._name, layer._rank, input, *weights, *options, _CONVOLUTION)


# a layer's forward -> function(layer, input): the layer and a ReLU behind it
WITH_RELU: dict[Any, Callable[[Any, Any], Tensor]] = {
    Linear.forward: _linear_relu,
    _Conv.forward: _convolution_relu,
}


# ---------------------------------------------------------------- the pass


def run_in_order(modules: Iterable[Any], input: Any) -> Any:
    """The modules called one after another, pairs of WITH_RELU as one."""
    if Module.__call__ is not _CALL:  # someone watches all calls
        for module in modules:
            input = module(input)
        return input
    layer = running = None  # a layer that is held back: if a ReLU is next, both are one call
    try:
        for module in modules:
            # the class's own forward; None if the instance has replaced it
            forward = None if "forward" in module.__dict__ else type(module).forward
            if layer is not None:
                running, layer = layer, None
                if forward is _RELU and not module._hooked:
                    input = WITH_RELU[type(running).forward](running, input)
                    continue
                input = running.forward(input)
            running = module
            if module._hooked:
                input = module(input)
            elif forward in WITH_RELU:
                layer = module
            else:
                input = module.forward(input)
        if layer is not None:
            input = layer.forward(input)
    except Exception as error:
        note(error, running, (input,), {})
        raise
    return input
