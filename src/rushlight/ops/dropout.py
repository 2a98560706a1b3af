"""The dropout family: while training, entries or whole channels are put out at random.

    x  input    p  probability of being put out    n  noise, 1 with probability 1 - p, else 0

The noise is PyTorch's for the same seed (docs/random.md). The gradient is that of the product and
the sum that the results are made of.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.device import CPU, moved
from ..core.dtype import COMPLEX, FLOAT, from_numpy_dtype, scalar_name
from ..core.meta import MetaArray
from ..core.notices import warn
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import tensor_argument
from ..dispatch.promotion import number_like
from ..dispatch.registry import composite, internal
from ..kernels import K
from ..random import variates
from ..random.generator import generator_of

# SELU's limit for x -> -inf, -scale · alpha: what alpha dropout puts in place of an entry.
_SELU_FLOOR = 1.7580993408473766


def dropped(
    x: Tensor, p: float, train: bool, inplace: bool, *, channels: int = 0, alpha: bool = False
) -> Tensor:
    """What all of the family do. channels: how many dimensions name a channel, or 0."""
    if not 0 <= p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p}")
    if p == 0 or not train or x._a.size == 0:
        return x
    if p == 1:
        zero = wrap(np.zeros((), x._a.dtype))
        return x.mul_(zero) if inplace else x * zero
    like = noise_place(x._a, channels)
    if type(x._a) is MetaArray:  # nothing is drawn
        return x.mul_(1.0) if inplace else x * 1.0
    if not alpha:
        mask = variates.dropout_mask(like.size, like.dtype, p, generator_of(x._a))
        factor = wrap(_beside(x, variates.arranged(mask, like)))
        return x.mul_(factor) if inplace else x * factor
    factor, shift = alpha_noise(like, p, generator_of(x._a))
    factor._a, shift._a = _beside(x, factor._a), _beside(x, shift._a)
    return x.mul_(factor).add_(shift) if inplace else x * factor + shift


def _beside(x: Tensor, a: Any) -> Any:
    """Numbers of the CPU's generator where x is."""
    where = x.device
    return a if type(a) is not np.ndarray or where is CPU else moved(a, where)


def noise_place(x: np.ndarray, channels: int) -> np.ndarray:
    """An array of the noise's shape, strides and dtype. Errors for what has no noise."""
    if x.ndim < channels:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    d = from_numpy_dtype(x.dtype)
    if d.category == COMPLEX:
        raise NotImplementedError(
            f"\"bernoulli_scalar_cpu_\" not implemented for '{scalar_name(d)}'"
        )
    if d.category != FLOAT:
        raise RuntimeError(
            f"result type Float can't be cast to the desired output type {scalar_name(d)}"
        )
    if not channels:
        return x
    return np.empty(x.shape[:channels] + (1,) * (x.ndim - channels), x.dtype)


def alpha_noise(like: np.ndarray, p: float, g: Any) -> tuple[Tensor, Tensor]:
    """a · n and b, so that y = x · a · n + b keeps x's mean and variance; entries put out are b.

    a = 1 / sqrt((floor² p + 1) (1 - p)),  b = (n - 1) · floor · a + floor · a · p
    """
    a = 1.0 / math.sqrt((_SELU_FLOOR * _SELU_FLOOR * p + 1.0) * (1.0 - p))
    noise = variates.bernoulli(like.size, like.dtype, 1.0 - p, g)
    noise = variates.arranged(noise, like)
    number = like.dtype.type
    shift = (noise - number(1)) * number(_SELU_FLOOR * a) + number(_SELU_FLOOR * a * p)
    return wrap(noise * number(a)), wrap(shift)


def checked(name: str, input: Any, p: Any) -> None:
    """TypeError: not a tensor; ValueError: p is not a probability."""
    tensor_argument(name, input)
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


# ---------------------------------------------------------------- torch.nn.functional


@composite("dropout", at="F")
def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """y = x · n / (1 - p): each entry by itself; x itself unless training.

    shape   x (*) -> y (*)
    dtype   floating, kept
    errors  ValueError: p outside [0, 1]; RuntimeError: integers
    source  Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html
    """
    checked("dropout", input, p)
    return dropped(input, p, training, inplace)


@composite("alpha_dropout", at="F")
def alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """Dropout that keeps mean and variance of a SELU network: entries put out become SELU's floor.

    shape   x (*) -> y (*)
    dtype   floating, kept
    errors  ValueError: p outside [0, 1]; RuntimeError: integers
    source  Klambauer et al. 2017, arXiv:1706.02515
    """
    checked("alpha_dropout", input, p)
    return dropped(input, p, training, inplace, alpha=True)


@composite("feature_alpha_dropout", at="F")
def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """alpha_dropout of whole channels.

    shape   x (N, C, *) -> y (N, C, *)
    errors  as alpha_dropout; RuntimeError: fewer than 2 dimensions
    """
    checked("feature_alpha_dropout", input, p)
    return dropped(input, p, training, inplace, channels=2, alpha=True)


@composite("dropout1d", at="F")
def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """dropout of whole channels.

    shape   x (N, C, L) or (C, L), kept
    errors  ValueError: p outside [0, 1]; RuntimeError: another number of dimensions
    source  Tompson et al. 2015, arXiv:1411.4280
    """
    checked("dropout1d", input, p)
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input. Note that "
            "dropout1d exists to provide channel-wise dropout on inputs with 1 spatial dimension, "
            "a channel dimension, and an optional batch dimension (i.e. 2D or 3D inputs)."
        )
    return dropped(input, p, training, inplace, channels=input.ndim - 1)


@composite("dropout2d", at="F")
def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """dropout of whole channels.

    shape   x (N, C, H, W), kept; (N, C, L) with a warning
    errors  ValueError: p outside [0, 1]; RuntimeError: fewer than 2 dimensions
    source  Tompson et al. 2015, arXiv:1411.4280
    """
    checked("dropout2d", input, p)
    if input.ndim not in (3, 4):
        warn_of_dimensions("dropout2d", input.ndim, 2, "3D or 4D")
    if input.ndim == 3:
        warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout "
            "behavior is desired - input is interpreted as shape (N, C, L), where C is the channel "
            "dim. This behavior will change in a future release to interpret the input as one "
            "without a batch dimension, i.e. shape (C, H, W). To maintain the 1D channel-wise "
            "dropout behavior, please switch to using dropout1d instead.",
        )
    return dropped(input, p, training, inplace, channels=2)


@composite("dropout3d", at="F")
def dropout3d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """dropout of whole channels.

    shape   x (N, C, D, H, W) or (C, D, H, W), kept; others with a warning
    errors  ValueError: p outside [0, 1]; RuntimeError: fewer than 2 dimensions
    source  Tompson et al. 2015, arXiv:1411.4280
    """
    checked("dropout3d", input, p)
    if input.ndim not in (4, 5):
        warn_of_dimensions("dropout3d", input.ndim, 3, "4D or 5D")
    return dropped(input, p, training, inplace, channels=2 if input.ndim == 5 else 1)


def warn_of_dimensions(name: str, ndim: int, spatial: int, expected: str) -> None:
    """PyTorch's warning about an input of an unusual number of dimensions."""
    warn(
        f"{name}: Received a {ndim}-D input to {name}, which is deprecated and will result in an "
        "error in a future release. To retain the behavior and silence this warning, please use "
        f"dropout instead. Note that {name} exists to provide channel-wise dropout on inputs with "
        f"{spatial} spatial dimensions, a channel dimension, and an optional batch dimension "
        f"(i.e. {expected} inputs).",
    )


# ---------------------------------------------------------------- torch


def _define(name: str, **kind: Any) -> None:
    """torch.<name>(input, p, train) and torch.<name>_, in place."""

    def function(input, p, train):
        return dropped(input, p, train, False, **kind)

    def change(input, p, train):
        return dropped(input, p, train, True, **kind)

    errors = "errors  RuntimeError: p outside [0, 1], integers"
    function.__doc__ = f"torch.nn.functional.{name}, all arguments to be given.\n\n    {errors}"
    change.__doc__ = f"In-place version of {name}.\n\n    {errors}"
    composite(f"{name}(input, p: float, train: bool)", at="torch")(function)
    composite(f"{name}_(input, p: float, train: bool)", at="torch")(change)


_define("dropout")
_define("alpha_dropout", alpha=True)
_define("feature_dropout", channels=2)
_define("feature_alpha_dropout", channels=2, alpha=True)


@internal("native_dropout", tensors=1, extras=("mask",), returns=("y", "mask"))
class NativeDropout:
    """y = x · mask / (1 - p) with mask = n as bool."""

    def forward(x, p, train):
        if train is False or x.size == 0:
            return x.copy(), np.ones(x.shape, bool)
        if p == 1:
            return np.zeros_like(x), np.zeros(x.shape, bool)
        like = noise_place(x, 0)
        mask = variates.bernoulli(like.size, np.dtype(bool), 1.0 - p, generator_of(x))
        mask = variates.arranged(mask, np.empty_like(like, bool))
        return x * mask * number_like(1.0 / (1.0 - p), x), mask

    def backward(c, dy, mask, p, train):
        if train is False:
            return dy
        return dy * K.astype(mask, dy.dtype) * (1.0 / (1.0 - p) if p < 1 else 0.0)


@composite("native_dropout(input, p: float, train: bool | None)", at="torch")
def native_dropout(input, p, train):
    """Dropout that tells what it kept: (y, mask) with y = x · mask / (1 - p).

    shape   x (*) -> y (*), mask (*) bool
    dtype   floating, kept
    errors  RuntimeError: integers
    """
    return tuple(NativeDropout.run((input, p, train)))
