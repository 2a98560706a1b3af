"""Fusion: a layer and what is behind it as one kernel call.

One pass, `run_in_order`, over modules that are called one after another (Sequential). A layer is
held back until the next module is known. Whatever could be seen from outside keeps the two apart:
hooks, another forward in a layer's place, a subclass with a forward of its own.

    layer, ReLU               table WITH_RELU; the nodes of both are recorded (dispatch/fusion.py)
    convolution, batch norm   in eval mode and without gradients: `conv_norm`, with one of ACTS
      [, activation]          behind it, if there is one

A forward written by hand, `F.relu(self.bn(self.conv(x)))`, is seen by lookahead.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..core.grad_mode import mode
from ..core.parameter import Parameter
from ..core.tensor import Tensor, wrap
from ..dispatch import modes, overrides
from ..dispatch.fusion import fuse
from ..kernels import K
from ..ops.activation import Relu
from ..ops.conv import Convolution, convolve
from ..ops.matmul import Linear as LinearOp
from ..ops.matmul import odd_linear
from . import functional as F
from .activation import Hardswish, ReLU, ReLU6, SiLU
from .conv import _Conv
from .error_notes import note
from .linear import Linear
from .module import Module
from .norm import _BatchNorm, _ChannelNorm

_F32 = np.dtype(np.float32)
_CALL, _RELU, _CONV, _CONV_FORWARD = (
    Module.__call__,
    ReLU.forward,
    _Conv.forward,
    _Conv._conv_forward,
)
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


# ---------------------------------------------------------------- convolution and batch norm

_NORM, _CHECK = _BatchNorm.forward, _ChannelNorm._check_input_dim
_NORMED = {rank + 2: getattr(K, f"conv{rank}d_norm") for rank in (1, 2)}  # by x.ndim
#: an activation's forward -> its place in ACTS of kernels/twin/conv.py; 0 is none
ACTS: dict[Any, int] = {
    ReLU.forward: 1,
    ReLU6.forward: 2,
    SiLU.forward: 3,
    Hardswish.forward: 4,
}


def act_of(module: Any) -> int:
    """The place of an activation layer in ACTS; 0: it is none, or not only that."""
    if module._hooked or "forward" in module.__dict__:
        return 0
    return ACTS.get(type(module).forward, 0)


def conv_norm(layer: Any, norm: Any, act: int, x: Any, other: Any = None) -> Tensor | None:
    """act(norm(layer(x)) + other) in one kernel; None: to be called one by one.

    layer   a Conv1d or Conv2d; norm: a batch norm in eval mode; both are called without hooks
    x       (N, C, *) float32 in row-major order; other: like the result, or None
    """
    rank = layer._rank
    if (
        mode.grad
        or type(x) is not Tensor
        or rank > 2
        or modes.ON[0]
        or overrides.MODES
        or type(layer.padding) is str
        or layer.padding_mode != "zeros"
        or type(layer)._conv_forward is not _CONV_FORWARD
        or "_conv_forward" in layer.__dict__
        or type(norm)._check_input_dim is not _CHECK
        or rank + 2 not in norm._ranks
        or norm.training
        or norm.eps <= 0
    ):
        return None
    a = x._a
    if a.ndim != rank + 2 or a.dtype is not _F32 or not a.flags.c_contiguous:
        return None
    arrays = []
    for t in (
        layer.weight,
        layer.bias,
        norm.running_mean,
        norm.running_var,
        norm.weight,
        norm.bias,
    ):
        if t is not None:
            if type(t) is not Parameter and type(t) is not Tensor:
                return None
            t = t._a
            if type(t) is not np.ndarray or not t.flags.c_contiguous:
                return None
        arrays.append(t)
    if arrays[2] is None or arrays[3] is None:
        return None
    options = (layer.stride, layer.padding, layer.dilation, layer.groups)
    if other is not None:
        other = other._a if type(other) is Tensor else a
        if type(other) is not np.ndarray or other.dtype is not _F32:
            return None
    try:
        y = wrap(_NORMED[a.ndim](a, *arrays[:2], *options, *arrays[2:], norm.eps, act, other))
    except Exception:  # what is wrong is said by the layer that it is wrong for
        return None
    if mode.inference:
        y._inference = True
    return y


def _one_by_one(modules: Any, input: Any) -> Any:
    for module in modules:
        try:
            input = module.forward(input)
        except Exception as error:
            note(error, module, (input,), {})
            raise
    return input


# ---------------------------------------------------------------- the pass


def run_in_order(modules: Iterable[Any], input: Any) -> Any:
    """The modules called one after another; those that have one kernel together by that."""
    if Module.__call__ is not _CALL:  # someone watches all calls
        for module in modules:
            input = module(input)
        return input
    # a layer that is held back: if a ReLU is next, both are one call; and the batch norm behind it
    layer = norm = running = None
    try:
        for module in modules:
            # the class's own forward; None if the instance has replaced it
            forward = None if "forward" in module.__dict__ else type(module).forward
            if norm is not None:
                running, act = None, 0 if module._hooked else ACTS.get(forward, 0)
                y = conv_norm(layer, norm, act, input)
                if y is None:
                    y, act = _one_by_one((layer, norm), input), 0
                input, layer, norm = y, None, None
                if act:
                    continue
            elif layer is not None:
                if forward is _RELU and not module._hooked:
                    running, layer = layer, None
                    input = WITH_RELU[type(running).forward](running, input)
                    continue
                if forward is _NORM and not (module._hooked or module.training or mode.grad):
                    if type(layer).forward is _CONV:
                        norm = module
                        continue
                running, layer = layer, None
                input = running.forward(input)
            running = module
            if module._hooked:
                input = module(input)
            elif forward in WITH_RELU:
                layer = module
            else:
                input = module.forward(input)
        if norm is not None:
            running = None
            y = conv_norm(layer, norm, 0, input)
            return _one_by_one((layer, norm), input) if y is None else y
        if layer is not None:
            input = layer.forward(input)
    except Exception as error:
        if running is not None:  # (else it is noted already)
            note(error, running, (input,), {})
        raise
    return input
