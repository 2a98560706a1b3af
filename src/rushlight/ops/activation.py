"""Activations: torch.nn.functional's, with their in-place forms.

x the input, y the output, σ the logistic function. Floating dtypes are kept.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.dtype import from_numpy_dtype, scalar_name
from ..core.tensor import Tensor, wrap
from ..dispatch.registry import CARDS, apply, apply_inplace, composite, op
from ..kernels import K
from .arithmetic import into, tensor_argument
from .samples import unary


def unfit(name: str, x: np.ndarray) -> RuntimeError:
    """What to raise for a dtype that an activation is not defined for."""
    return RuntimeError(
        f"\"{name}\" not implemented for '{scalar_name(from_numpy_dtype(x.dtype))}'"
    )


def _functional(card: Any, name: str, *, fn: bool = False, method: bool = False) -> None:
    """Publish F.name(input, inplace=False) and the in-place F.name_(input) of a card without
    options.
    """
    card = card.card if not hasattr(card, "forward") else card

    def function(input, inplace=False):
        if inplace:
            return apply_inplace(card, (tensor_argument(name, input),))
        return card.run((input if isinstance(input, Tensor) else tensor_argument(name, input),))

    def change(input):
        return apply_inplace(card, (tensor_argument(name + "_", input),))

    function.__name__, change.__name__ = name, name + "_"
    function.__doc__, change.__doc__ = card.doc, f"In-place version of {name}."
    composite(name, fn=fn, method=method, functional=True)(function)
    composite(name + "_", fn=fn, method=method, functional=True)(change)


# ---------------------------------------------------------------- without options


@op("relu", inplace=True, is_relu=True)
class Relu:
    """y = max(x, 0), NaN stays;  dx = dy where y > 0

    >>> torch.relu(tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def forward(x):
        if x.dtype.kind in "bc":
            raise RuntimeError(
                "Boolean inputs not supported for relu"
                if x.dtype.kind == "b"
                else f"\"relu\" not implemented for '{scalar_name(from_numpy_dtype(x.dtype))}'"
            )
        return K.relu(x)

    def backward(c, dy, out):
        return K.relu_dx(dy, out)

    samples = unary()


_functional(Relu, "relu", fn=True, method=True)


@op("_relu6", fn=False, method=False, node="Hardtanh")
class _Relu6:
    """y = min(max(x, 0), 6);  dx = dy where 0 < x < 6"""

    def forward(x):
        if x.dtype.kind in "bc":
            raise unfit("hardtanh", x)
        return K.relu6(x) if x.dtype.kind in "fV" else np.minimum(np.maximum(x, 0), 6)

    def backward(c, dy, x):
        return K.relu6_dx(dy, x)

    samples = unary(-3, 9)


_functional(_Relu6, "relu6")


@op("sigmoid", inplace=True, promote="float", functional=True)
class Sigmoid:
    """y = σ(x) = 1 / (1 + e^-x);  dx = dy y (1 - y)

    >>> torch.sigmoid(tensor([-1.0, 0.0, 1.0]))
    tensor([0.2689, 0.5000, 0.7311])
    """

    def forward(x):
        return K.sigmoid(x)

    def backward(c, dy, out):
        return K.sigmoid_dx(dy, K.conj(out))

    samples = unary()


@op("_silu", fn=False, method=False, node="Silu")
class _Silu:
    """y = x σ(x);  dx = dy σ(x) (1 + x (1 - σ(x)))    Elfwing, Uchibe, Doya 2017,
    arXiv:1702.03118
    """

    def forward(x):
        if x.dtype.kind in "iub":
            raise unfit("silu_cpu", x)
        return K.silu(x)

    def backward(c, dy, x):
        return K.silu_dx(dy, K.conj(x))

    samples = unary()


_functional(_Silu, "silu")


@op("_mish", fn=False, method=False, node="Mish")
class _Mish:
    """y = x tanh(ln(1 + e^x))    Misra 2019, arXiv:1908.08681"""

    def forward(x):
        if x.dtype.kind in "iub":
            raise unfit("mish_cpu", x)
        return K.mish(x)

    def backward(c, dy, x):
        return K.mish_dx(dy, x)

    samples = unary()


_functional(_Mish, "mish")


@op("_selu", fn=False, method=False, node="Elu")
class _Selu:
    """y = λ (x where x > 0, else α (e^x - 1)), λ = 1.0507, α = 1.6733    Klambauer et al.
    2017, arXiv:1706.02515
    """

    def forward(x):
        if x.dtype.kind in "iub":
            raise unfit("elu_cpu", x)
        return K.selu(x)

    def backward(c, dy, x):
        return K.selu_dx(dy, x)

    samples = unary()


_functional(_Selu, "selu", fn=True)


@op("_hardswish", fn=False, method=False, node="Hardswish")
class _Hardswish:
    """y = x · min(max(x + 3, 0), 6) / 6    Howard et al. 2019, arXiv:1905.02244"""

    def forward(x):
        if x.dtype.kind in "iub":
            raise unfit("hardswish_cpu", x)
        return K.hardswish(x)

    def backward(c, dy, x):
        return K.hardswish_dx(dy, x)

    samples = unary(-5, 5)


_functional(_Hardswish, "hardswish")


@op("_hardsigmoid", fn=False, method=False, node="Hardsigmoid")
class _Hardsigmoid:
    """y = min(max(x + 3, 0), 6) / 6"""

    def forward(x):
        if x.dtype.kind in "iub":
            raise unfit("hardsigmoid_cpu", x)
        return K.hardsigmoid(x)

    def backward(c, dy, x):
        return K.hardsigmoid_dx(dy, x)

    samples = unary(-5, 5)


_functional(_Hardsigmoid, "hardsigmoid")


@op("logsigmoid", fn=False, method=False, functional=True, node="LogSigmoid")
class Logsigmoid:
    """y = ln σ(x) = -ln(1 + e^-x);  dx = dy σ(-x)"""

    def forward(x):
        if x.dtype.kind in "iub":
            raise unfit("log_sigmoid_cpu", x)
        return K.log_sigmoid(x)

    def backward(c, dy, x):
        return K.log_sigmoid_dx(dy, x)

    samples = unary()


@composite("softsign", fn=False, functional=True)
def softsign(input):
    """y = x / (1 + |x|)"""
    return input / (input.abs() + 1)


@composite("tanhshrink", fn=False, functional=True)
def tanhshrink(input):
    """y = x - tanh x"""
    return input - input.tanh()


# ---------------------------------------------------------------- with numbers


def _optional(card_name: str, args: tuple, inplace: bool) -> Tensor:
    tensor_argument(card_name.lstrip("_"), args[0])
    return (apply_inplace if inplace else apply)(CARDS[card_name], args)


@op("_leaky_relu", fn=False, method=False, tensors=1, node="LeakyRelu")
class _LeakyRelu:
    """y = x where x > 0, else slope · x"""

    def forward(x, slope):
        if x.dtype.kind in "iub":
            raise unfit("leaky_relu_cpu", x)
        return K.leaky_relu(x, slope)

    def backward(c, dy, x, slope):
        return K.leaky_relu_dx(dy, x, slope)

    samples = unary(-2, 2, 0.1)


@composite("leaky_relu", fn=False, functional=True)
def leaky_relu(input, negative_slope=0.01, inplace=False):
    """y = x where x > 0, else negative_slope · x

    >>> F.leaky_relu(tensor([-1.0, 2.0]), 0.1)
    tensor([-0.1000,  2.0000])
    """
    return _optional("_leaky_relu", (input, negative_slope), inplace)


@composite("leaky_relu_", fn=False, functional=True)
def leaky_relu_(input, negative_slope=0.01):
    """In-place version of leaky_relu."""
    return _optional("_leaky_relu", (input, negative_slope), True)


@op("_elu", fn=False, method=False, tensors=1, node="Elu")
class _Elu:
    """y = x where x > 0, else α (e^x - 1)    Clevert, Unterthiner, Hochreiter 2015,
    arXiv:1511.07289
    """

    def forward(x, alpha):
        if x.dtype.kind in "iub":
            raise unfit("elu_cpu", x)
        return K.elu(x, alpha)

    def backward(c, dy, x, alpha):
        return K.elu_dx(dy, x, alpha)

    samples = unary(-2, 2, 1.3)


@composite("elu", fn=False, functional=True)
def elu(input, alpha=1.0, inplace=False):
    """y = x where x > 0, else alpha (e^x - 1)"""
    return _optional("_elu", (input, alpha), inplace)


@composite("elu_", fn=False, functional=True)
def elu_(input, alpha=1.0):
    """In-place version of elu."""
    return _optional("_elu", (input, alpha), True)


@op("_celu", fn=False, method=False, tensors=1, node="Celu")
class _Celu:
    """y = x where x > 0, else α (e^(x/α) - 1)    Barron 2017, arXiv:1704.07483"""

    def forward(x, alpha):
        if alpha == 0:
            raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
        if x.dtype.kind in "iub":
            raise unfit("elu_cpu", x)
        return K.celu(x, alpha)

    def backward(c, dy, x, alpha):
        return K.celu_dx(dy, x, alpha)

    samples = unary(-2, 2, 1.3)


@composite("celu", functional=True)
def celu(input, alpha=1.0, inplace=False):
    """y = x where x > 0, else alpha (e^(x/alpha) - 1)"""
    return _optional("_celu", (input, alpha), inplace)


@composite("celu_", functional=True)
def celu_(input, alpha=1.0):
    """In-place version of celu."""
    return _optional("_celu", (input, alpha), True)


@op("_gelu", fn=False, method=False, tensors=1, node="Gelu")
class _Gelu:
    """y = x Φ(x), Φ the normal distribution function    Hendrycks, Gimpel 2016, arXiv:1606.08415"""

    def forward(x, tanh):
        if x.dtype.kind in "iub":
            raise unfit("GeluKernelImpl", x)
        return K.gelu(x, tanh)

    def backward(c, dy, x, tanh):
        return K.gelu_dx(dy, x, tanh)

    def samples(make):
        yield make(3, 4), False
        yield make(3, 4), True
        yield make(), False
        yield make(0, 5), True
        yield make(4, 3).T, False


@composite("gelu", fn=False, functional=True)
def gelu(input, approximate="none", *, out=None):
    """y = x Φ(x); approximate='tanh': 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³)))

    >>> F.gelu(tensor([-1.0, 0.0, 1.0]))
    tensor([-0.1587,  0.0000,  0.8413])
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    y = _optional("_gelu", (input, approximate == "tanh"), False)
    return y if out is None else into(out, y)


@op("_softplus", fn=False, method=False, tensors=1, node="Softplus")
class _Softplus:
    """y = ln(1 + e^βx) / β; x itself where βx > threshold"""

    def forward(x, beta, threshold):
        if x.dtype.kind in "iub":
            raise unfit("softplus_cpu", x)
        return K.softplus(x, beta, threshold)

    def backward(c, dy, x, beta, threshold):
        return K.softplus_dx(dy, x, beta, threshold)

    samples = unary(-2, 2, 1.5, 20.0)


@composite("softplus", fn=False, functional=True)
def softplus(input, beta=1.0, threshold=20.0, *, out=None):
    """y = ln(1 + e^(beta x)) / beta; x itself where beta x > threshold

    >>> F.softplus(tensor([-1.0, 0.0, 30.0]))
    tensor([ 0.3133,  0.6931, 30.0000])
    """
    y = _optional("_softplus", (input, beta, threshold), False)
    return y if out is None else into(out, y)


@op("_hardtanh", fn=False, method=False, tensors=1, node="Hardtanh")
class _Hardtanh:
    """y = min(max(x, lowest), highest);  dx = dy where lowest < x < highest"""

    def forward(x, lowest, highest):
        if x.dtype.kind in "bc":
            raise unfit("hardtanh", x)
        return K.hardtanh(x, lowest, highest)

    def backward(c, dy, x, lowest, highest):
        return K.hardtanh_dx(dy, x, lowest, highest)

    samples = unary(-2, 2, -0.7, 0.9)


@composite("hardtanh", fn=False, functional=True)
def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    """y = x held between min_val and max_val. ValueError: min_val > max_val."""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    if isinstance(input, Tensor) and input._a.dtype.kind in "iu":
        if input._a.dtype.kind == "u" and (min_val < 0 or max_val < 0):
            raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
        min_val, max_val = int(min_val), int(max_val)
    return _optional("_hardtanh", (input, min_val, max_val), inplace)


@composite("hardtanh_", fn=False, functional=True)
def hardtanh_(input, min_val=-1.0, max_val=1.0):
    """In-place version of hardtanh."""
    return hardtanh(input, min_val, max_val, inplace=True)


@op("_threshold", fn=False, method=False, tensors=1, node="Threshold")
class _Threshold:
    """y = x where x > threshold, else value;  dx = dy where x > threshold"""

    def forward(x, threshold, value):
        return K.threshold(x, threshold, value).astype(x.dtype, copy=False)

    def backward(c, dy, x, threshold):
        return K.threshold_dx(dy, x, threshold, 0.0)

    samples = unary(-2, 2, 0.3, 5.0)


@composite("threshold", functional=True)
def threshold(input, threshold, value, inplace=False):
    """y = x where x > threshold, else value"""
    return _optional("_threshold", (input, threshold, value), inplace)


@composite("threshold_", functional=True)
def threshold_(input, threshold, value):
    """In-place version of threshold."""
    return _optional("_threshold", (input, threshold, value), True)


@op("_hardshrink", fn=False, method=False, tensors=1, node="Hardshrink")
class _Hardshrink:
    """y = x where |x| > λ, else 0;  dx = dy where |x| > λ"""

    def forward(x, lambd):
        if x.dtype.kind in "iub":
            raise unfit("hardshrink_cpu", x)
        return K.where((x >= -lambd) & (x <= lambd), x.dtype.type(0), x)

    def backward(c, dy, x, lambd):
        return K.where((x >= -lambd) & (x <= lambd), K.zeros_like(dy), dy)

    samples = unary(-2, 2, 0.5)


@composite("hardshrink", method=True, functional=True)
def hardshrink(input, lambd=0.5, *, out=None):
    """y = x where |x| > lambd, else 0"""
    y = _optional("_hardshrink", (input, lambd), False)
    return y if out is None else into(out, y)


@op("_softshrink", fn=False, method=False, tensors=1, node="Softshrink")
class _Softshrink:
    """y = x - λ where x > λ, x + λ where x < -λ, else 0;  dx = dy where |x| > λ"""

    def forward(x, lambd):
        if lambd < 0:
            raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd:g}.")
        if x.dtype.kind in "iub":
            raise unfit("softshrink_cpu", x)
        return K.like(K.where(x > lambd, x - lambd, K.where(x < -lambd, x + lambd, x * 0)), x)

    def backward(c, dy, x, lambd):
        return K.where((x >= -lambd) & (x <= lambd), K.zeros_like(dy), dy)

    samples = unary(-2, 2, 0.5)


@composite("softshrink", fn=False, functional=True)
def softshrink(input, lambd=0.5, *, out=None):
    """y = x drawn towards 0 by lambd. RuntimeError: lambd < 0."""
    y = _optional("_softshrink", (input, lambd), False)
    return y if out is None else into(out, y)


# ---------------------------------------------------------------- gates and learned slopes


@op("_glu", fn=False, method=False, tensors=1, node="Glu")
class _Glu:
    """y = a σ(b), a and b the halves of x along dim    Dauphin et al. 2016, arXiv:1612.08083"""

    def forward(x, dim):
        a, b = _halves(x, dim)
        return a * K.sigmoid(b)

    def backward(c, dy, x, dim):
        a, b = _halves(x, dim)
        s = K.sigmoid(b)
        return K.concatenate([dy * s, dy * a * s * (1 - s)], dim)

    def samples(make):
        yield make(3, 4), -1
        yield make(2, 3, 2), 0
        yield make(0, 4), 1
        yield make(4, 3).T, 1


def _halves(x, dim: int):
    half = x.shape[dim] // 2
    before = (slice(None),) * (dim % x.ndim)
    return x[(*before, slice(None, half))], x[(*before, slice(half, None))]


@composite("glu", fn=False, functional=True)
def glu(input, dim=-1):
    """y = a σ(b), a and b the halves of input along dim. RuntimeError: an odd size.

    >>> F.glu(tensor([1.0, 2.0, 0.0, 100.0]))
    tensor([0.5000, 2.0000])
    """
    tensor_argument("glu", input)
    if input.ndim == 0:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    size = input.size(dim)
    if size % 2:
        raise RuntimeError(
            f"Halving dimension must be even, but dimension {dim % input.ndim} is size {size}"
        )
    return apply(CARDS["_glu"], (input, dim))


@op("_prelu", fn=False, method=False, broadcast=True, node="PreluKernel")
class _Prelu:
    """y = x where x > 0, else w x;  dw = Σ dy x over x ≤ 0    He et al. 2015, arXiv:1502.01852"""

    def forward(x, w):
        return K.where(x > 0, x, w * x)

    def backward(c, dy, x, w):
        positive = x > 0
        dw = K.where(positive, K.zeros_like(dy), dy * x) if c.needs(1) else None
        return K.where(positive, dy, dy * w), dw

    def samples(make):
        yield make(3, 4), make(1)
        yield make(2, 3, 4), make(3, 1)
        yield make(0, 5), make(5)


@composite("prelu", method=True, functional=True)
def prelu(input, weight):
    """y = x where x > 0, else weight · x; one weight, or one for each channel (dimension 1).

    >>> F.prelu(tensor([-2.0, 3.0]), tensor([0.25]))
    tensor([-0.5000,  3.0000])
    """
    tensor_argument("prelu", input)
    if weight.dtype is not input.dtype:
        raise RuntimeError(
            "prelu: Type promoting not supported. Got "
            f"{scalar_name(input.dtype)} and {scalar_name(weight.dtype)}"
        )
    if weight.numel() != 1:
        if input.ndim == 0:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = input.shape[1] if input.ndim > 1 else 1
        if channels != weight.numel():
            raise RuntimeError(
                "Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                f"{weight.numel()} and channel size = {channels}."
            )
    if weight.ndim > 1:
        raise RuntimeError(
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}"
        )
    if input.ndim > 1 and weight.ndim:
        weight = weight.reshape((-1,) + (1,) * (input.ndim - 2))
    elif input.ndim == 0 and weight.ndim:
        weight = weight.reshape(())
    return apply(CARDS["_prelu"], (input, weight))


@op("_rrelu", fn=False, method=False, tensors=1, node="RreluWithNoise")
class _Rrelu:
    """y = x · slope, slope 1 where x > 0 and drawn (or fixed) elsewhere;  dx = dy · slope"""

    def forward(x, slope):
        return x * slope

    def backward(c, dy, slope):
        return dy * slope


_RRELU_FIXED = CARDS["_leaky_relu"].renamed("RreluWithNoiseBackward0")


def _rrelu(input, lower, upper, training, inplace, generator=None):
    tensor_argument("rrelu", input)
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    if not (math.isfinite(lower) and math.isfinite(upper)):
        bound, name = (lower, "lower") if not math.isfinite(lower) else (upper, "upper")
        raise RuntimeError(f"rrelu: {name} bound must be finite, got {bound}")
    run = apply_inplace if inplace else apply
    if not training:
        return run(_RRELU_FIXED, (input, (lower + upper) / 2))
    from ..random import generator as generators
    from ..random import variates

    x = input._a
    slope = np.ones(x.shape, x.dtype)
    drawn = x <= 0
    g = generators.default_generator if generator is None else generator
    slope[drawn] = variates.uniform(int(drawn.sum()), np.dtype(np.float64), lower, upper, g)
    return run(CARDS["_rrelu"], (input, wrap(slope)))


@composite("rrelu", functional=True)
def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, inplace=False, generator=None):
    """y = x where x > 0, else r x: r drawn for each element from [lower, upper), their mean if not
    training.

    source  Xu et al. 2015, arXiv:1505.00853
    """
    return _rrelu(input, lower, upper, training, inplace, generator)


@composite("rrelu_", functional=True)
def rrelu_(input, lower=1.0 / 8, upper=1.0 / 3, training=False, generator=None):
    """In-place version of rrelu."""
    return _rrelu(input, lower, upper, training, True, generator)
