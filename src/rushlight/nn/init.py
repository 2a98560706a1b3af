"""torch.nn.init: parameters filled with a pattern or random numbers, in place, outside of autograd.

    w         the tensor, returned as well; (O, I) of a linear layer, (O, I, *) of a convolution
    fan_in    I · (cells of the kernel): how many inputs an output sums up
    fan_out   O · (cells of the kernel)
    generator a torch.Generator, None for the default one

The numbers are PyTorch's for the same seed; those of orthogonal_ agree to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from math import prod
from typing import Any

import numpy as np

from ..core.grad_mode import no_grad
from ..core.names import explain_missing
from ..core.notices import warn
from ..core.tensor import Tensor, wrap
from ..dispatch.registry import FUNCTIONS

__all__ = [
    "calculate_gain",
    "constant",
    "constant_",
    "dirac",
    "dirac_",
    "eye",
    "eye_",
    "kaiming_normal",
    "kaiming_normal_",
    "kaiming_uniform",
    "kaiming_uniform_",
    "normal",
    "normal_",
    "ones_",
    "orthogonal",
    "orthogonal_",
    "sparse",
    "sparse_",
    "trunc_normal_",
    "uniform",
    "uniform_",
    "xavier_normal",
    "xavier_normal_",
    "xavier_uniform",
    "xavier_uniform_",
    "zeros_",
]  # fmt: skip

_GAINS = {"tanh": 5.0 / 3, "relu": math.sqrt(2.0), "selu": 3.0 / 4} | dict.fromkeys(
    ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
     "conv_transpose3d", "sigmoid"), 1)  # fmt: skip


def calculate_gain(nonlinearity: str, param: Any = None) -> float:
    """By how much a nonlinearity shrinks the standard deviation, to be made up for by the weights.

    linear, convolutions, sigmoid 1; tanh 5/3; relu sqrt(2); selu 3/4; leaky_relu, with the slope
    `param` (0.01 if None), sqrt(2 / (1 + slope²)). ValueError: another name, not a slope.
    """
    if nonlinearity == "leaky_relu":
        if isinstance(param, bool) or not isinstance(param, (int, float, type(None))):
            raise ValueError(f"negative_slope {param} not a valid number")
        slope = 0.01 if param is None else param
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    return _GAINS[nonlinearity]


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    if tensor.ndim < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"
        )
    cells = prod(tensor.shape[2:])
    return tensor.shape[1] * cells, tensor.shape[0] * cells


def _calculate_correct_fan(tensor: Tensor, mode: str) -> int:
    mode, modes = mode.lower(), ["fan_in", "fan_out"]
    if mode not in modes:
        raise ValueError(f"Mode {mode} not supported, please use one of {modes}")
    return _calculate_fan_in_and_fan_out(tensor)[modes.index(mode)]


# ---------------------------------------------------------------- patterns


@no_grad()
def constant_(tensor: Tensor, val: float) -> Tensor:
    """w = val."""
    return tensor.fill_(val)


@no_grad()
def ones_(tensor: Tensor) -> Tensor:
    """w = 1."""
    return tensor.fill_(1.0)


@no_grad()
def zeros_(tensor: Tensor) -> Tensor:
    """w = 0."""
    return tensor.fill_(0.0)


@no_grad()
def eye_(tensor: Tensor) -> Tensor:
    """w (O, I) = 1 on the diagonal, 0 elsewhere. ValueError: not 2 dimensions."""
    _check_matrix(tensor)
    tensor.fill_(0.0)
    for i in range(min(tensor.shape)):
        tensor[i, i] = 1.0
    return tensor


@no_grad()
def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """w (O, I, *): a convolution that hands on as many channels as it can, in each of the groups.

    ValueError: not 3 to 5 dimensions; O not divisible by groups.
    """
    if tensor.ndim not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    if tensor.shape[0] % groups != 0:
        raise ValueError("dim 0 must be divisible by groups")
    outputs = tensor.shape[0] // groups
    center = tuple(n // 2 for n in tensor.shape[2:])
    tensor.fill_(0.0)
    for group in range(groups):
        for channel in range(min(outputs, tensor.shape[1])):
            tensor[(group * outputs + channel, channel, *center)] = 1.0
    return tensor


def _check_matrix(tensor: Tensor) -> None:
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")


# ---------------------------------------------------------------- random numbers


@no_grad()
def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    """w uniform in [a, b)."""
    return tensor.uniform_(a, b, generator=generator)


@no_grad()
def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    """w of N(mean, std²)."""
    return tensor.normal_(mean, std, generator=generator)


@no_grad()
def trunc_normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0,
                  b: float = 2.0, generator: Any = None) -> Tensor:  # fmt: skip
    """w of N(mean, std²) within [a, b], by rejection: of normal numbers those inside, or, if fewer
    than 30 % would be, of uniform ones in proportion to the density.

    Warns if the mean lies more than 2 std outside of [a, b]. ZeroDivisionError: std = 0.
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of "
            "values may be incorrect.",
        )
    if tensor.is_meta:
        return tensor
    inside = _normal_cdf((b - mean) / std) - _normal_cdf((a - mean) / std)
    if inside > 0.3:
        return _normal_within(tensor, mean, std, a, b, generator)
    return _uniform_by_density(tensor, mean, std, a, b, generator)


def _normal_cdf(z: float) -> float:
    return (1.0 + math.erf(z / math.sqrt(2.0))) / 2.0


def _normal_within(
    w: Tensor, mean: float, std: float, a: float, b: float, generator: Any
) -> Tensor:
    w.normal_(mean, std, generator=generator)
    outside = (w < a) | (w > b)
    while outside.any():
        again = FUNCTIONS["empty_like"](w).normal_(mean, std, generator=generator)
        w.copy_(FUNCTIONS["where"](outside, again, w))
        outside = (w < a) | (w > b)
    return w


def _uniform_by_density(
    w: Tensor, mean: float, std: float, a: float, b: float, generator: Any
) -> Tensor:
    densest = (min(max(mean, a), b) - mean) / std
    empty_like, where = FUNCTIONS["empty_like"], FUNCTIONS["where"]
    rejected = None
    while rejected is None or rejected.any():
        again = empty_like(w).uniform_(a, b, generator=generator)
        w.copy_(again if rejected is None else where(rejected, again, w))
        odds = ((w - mean) / std) ** 2 * -0.5 + 0.5 * densest * densest
        unlucky = empty_like(w).uniform_(generator=generator).log_() > odds
        rejected = unlucky if rejected is None else rejected & unlucky
    return w


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """w uniform within ±gain · sqrt(6 / (fan_in + fan_out)).

    source  Glorot, Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html
    """
    std = _xavier_std(tensor, gain)
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """w of N(0, std²), std = gain · sqrt(2 / (fan_in + fan_out)).

    source  Glorot, Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html
    """
    return normal_(tensor, 0.0, _xavier_std(tensor, gain), generator)


def _xavier_std(tensor: Tensor, gain: float) -> float:
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return gain * math.sqrt(2.0 / float(fan_in + fan_out))


def kaiming_uniform_(tensor: Tensor, a: float = 0, mode: str = "fan_in",
                     nonlinearity: str = "leaky_relu",
                     generator: Any = None) -> Tensor:  # fmt: skip
    """w uniform within ±gain · sqrt(3 / fan): fan by `mode`, gain by `nonlinearity` and slope a.

    source  He et al. 2015, arXiv:1502.01852
    """
    if 0 in tensor.shape:
        return _nothing_to_fill(tensor)
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(tensor: Tensor, a: float = 0, mode: str = "fan_in",
                    nonlinearity: str = "leaky_relu",
                    generator: Any = None) -> Tensor:  # fmt: skip
    """w of N(0, std²), std = gain / sqrt(fan): fan by `mode`, gain by `nonlinearity` and slope a.

    source  He et al. 2015, arXiv:1502.01852
    """
    if 0 in tensor.shape:
        return _nothing_to_fill(tensor)
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    fan = _calculate_correct_fan(tensor, mode)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def _nothing_to_fill(tensor: Tensor) -> Tensor:
    warn("Initializing zero-element tensors is a no-op")
    return tensor


@no_grad()
def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    """w (O, *), seen as a matrix of O rows: gain times orthonormal rows or columns.

    Q of the QR decomposition of normal numbers, its signs chosen so that R's diagonal is positive,
    which makes it uniformly distributed. ValueError: fewer than 2 dimensions.
    source  Saxe, McClelland, Ganguli 2013, arXiv:1312.6120
    """
    if tensor.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.shape[0]
    normal = FUNCTIONS["randn"](
        rows, tensor.numel() // rows, dtype=tensor.dtype, generator=generator
    ).numpy()
    wide = rows < normal.shape[1]
    q, r = np.linalg.qr(normal.T if wide else normal)
    q *= np.sign(np.diag(r))
    q = np.ascontiguousarray(q.T if wide else q).reshape(tensor.shape)
    return tensor.copy_(wrap(q)).mul_(gain)


@no_grad()
def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Any = None) -> Tensor:
    """w (O, I) of N(0, std²), in each column a fraction `sparsity` of zeros at random places.

    ValueError: not 2 dimensions. source  Martens 2010, Deep learning via Hessian-free optimization
    """
    _check_matrix(tensor)
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    tensor.normal_(0, std, generator=generator)
    for column in range(columns):
        order = FUNCTIONS["randperm"](rows)
        tensor[order[:zeros], column] = 0.0
    return tensor


# ---------------------------------------------------------------- the old names


def _deprecated(new: Callable[..., Tensor]) -> Callable[..., Tensor]:
    name = new.__name__[:-1]

    @wraps(new)
    def old(*args: Any, **options: Any) -> Tensor:
        warn(
            f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`.",
            FutureWarning,
        )
        return new(*args, **options)

    old.__name__ = name
    old.__doc__ = f"The deprecated name of {name}_."
    return old


uniform, normal, constant = _deprecated(uniform_), _deprecated(normal_), _deprecated(constant_)
eye, dirac, sparse = _deprecated(eye_), _deprecated(dirac_), _deprecated(sparse_)
xavier_uniform, xavier_normal = _deprecated(xavier_uniform_), _deprecated(xavier_normal_)
kaiming_uniform, kaiming_normal = _deprecated(kaiming_uniform_), _deprecated(kaiming_normal_)
orthogonal = _deprecated(orthogonal_)

# names that packages written for PyTorch use
_no_grad_uniform_, _no_grad_normal_, _no_grad_fill_ = uniform_, normal_, constant_
_no_grad_trunc_normal_, _no_grad_zero_ = trunc_normal_, zeros_

explain_missing(__name__)
