"""Activations: torch.nn.functional's, with their in-place forms.

x the input, y the output, σ the logistic function. Floating dtypes are kept.
"""

from __future__ import annotations

import numpy as np

from ..dispatch.messages import not_implemented
from ..dispatch.registry import composite, op
from ..kernels import K
from .samples import unary

_F32 = np.dtype(np.float32)

# ---------------------------------------------------------------- without options


@op(
    "relu(input, inplace=False)",
    at="torch Tensor F",
    inplace=True,
    is_relu=True,
    fresh=True,
    quiet=False,
)
class Relu:
    """y = max(x, 0), NaN stays;  dx = dy where y > 0

    shape   x (*) -> y (*)
    errors  RuntimeError: bool. NotImplementedError: complex numbers

    >>> torch.relu(tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    once = True

    def forward(x):
        if (d := x.dtype) is not _F32 and d.kind in "bc":
            if d.kind == "c":
                raise not_implemented("relu", x)
            raise RuntimeError("Boolean inputs not supported for relu")
        return K.relu(x)

    def backward(c, dy, out):
        return K.relu_dx(dy, out)

    samples = unary()


@op(
    "relu6(input, inplace=False)",
    at="F",
    inplace=True,
    node="Hardtanh",
    not_for="c",
    kernel="hardtanh",
)
class Relu6:
    """y = min(max(x, 0), 6);  dx = dy where 0 < x < 6

    shape   x (*) -> y (*)
    errors  RuntimeError: bool; NotImplementedError: complex numbers
    """

    once = True

    def forward(x):
        if x.dtype.kind == "b":
            raise RuntimeError("Bool inputs not supported for hardtanh")
        return K.relu6(x) if x.dtype.kind in "fV" else np.minimum(np.maximum(x, 0), 6)

    def backward(c, dy, x):
        return K.relu6_dx(dy, x)

    samples = unary(-3, 9)


@op(
    "sigmoid(input, *, out=None)",
    at="torch Tensor F",
    inplace="torch Tensor",
    promote="float",
    fresh=True,
)
class Sigmoid:
    """y = σ(x) = 1 / (1 + e^-x);  dx = dy y (1 - y)

    shape   x (*) -> y (*)

    >>> torch.sigmoid(tensor([-1.0, 0.0, 1.0]))
    tensor([0.2689, 0.5000, 0.7311])
    """

    def forward(x):
        return K.sigmoid(x)

    def backward(c, dy, out):
        return K.sigmoid_dx(dy, K.conj(out))

    samples = unary()


@op(
    "silu(input, inplace=False)",
    at="F",
    inplace=True,
    node="Silu",
    not_for="iub",
    kernel="silu_cpu",
)
class Silu:
    """y = x σ(x);  dx = dy σ(x) (1 + x (1 - σ(x)))    Elfwing, Uchibe, Doya 2017,
    arXiv:1702.03118

    shape   x (*) -> y (*)
    errors  NotImplementedError: integers, bool
    """

    def forward(x):
        return K.silu(x)

    def backward(c, dy, x):
        return K.silu_dx(dy, K.conj(x))

    samples = unary()


@op(
    "mish(input, inplace=False)",
    at="F",
    inplace=True,
    node="Mish",
    not_for="iub",
    kernel="mish_cpu",
)
class Mish:
    """y = x tanh(ln(1 + e^x))    Misra 2019, arXiv:1908.08681

    shape   x (*) -> y (*)
    errors  NotImplementedError: integers, bool
    """

    def forward(x):
        return K.mish(x)

    def backward(c, dy, x):
        return K.mish_dx(dy, x)

    samples = unary()


@op(
    "selu(input, inplace=False)",
    at="torch F",
    inplace=True,
    node="Elu",
    not_for="iub",
    kernel="elu_cpu",
)
class Selu:
    """y = λ (x where x > 0, else α (e^x - 1)), λ = 1.0507, α = 1.6733    Klambauer et al.
    2017, arXiv:1706.02515

    shape   x (*) -> y (*)
    errors  NotImplementedError: integers, bool
    """

    def forward(x):
        return K.selu(x)

    def backward(c, dy, x):
        return K.selu_dx(dy, x)

    samples = unary()


@op(
    "hardswish(input, inplace=False)",
    at="F",
    inplace=True,
    node="Hardswish",
    not_for="iub",
    kernel="hardswish_cpu",
)
class Hardswish:
    """y = x · min(max(x + 3, 0), 6) / 6    Howard et al. 2019, arXiv:1905.02244

    shape   x (*) -> y (*)
    errors  NotImplementedError: integers, bool
    """

    def forward(x):
        return K.hardswish(x)

    def backward(c, dy, x):
        return K.hardswish_dx(dy, x)

    samples = unary(-5, 5)


@op(
    "hardsigmoid(input, inplace=False)",
    at="F",
    inplace=True,
    node="Hardsigmoid",
    not_for="iub",
    kernel="hardsigmoid_cpu",
)
class Hardsigmoid:
    """y = min(max(x + 3, 0), 6) / 6

    shape   x (*) -> y (*)
    errors  NotImplementedError: integers, bool
    """

    def forward(x):
        return K.hardsigmoid(x)

    def backward(c, dy, x):
        return K.hardsigmoid_dx(dy, x)

    samples = unary(-5, 5)


@op(
    "logsigmoid(input, *, out=None)",
    at="F",
    node="LogSigmoid",
    not_for="iub",
    kernel="log_sigmoid_cpu",
    order="rows",
)
class Logsigmoid:
    """y = ln σ(x) = -ln(1 + e^-x);  dx = dy σ(-x)

    shape   x (*) -> y (*)
    errors  NotImplementedError: integers, bool
    """

    def forward(x):
        return K.log_sigmoid(x)

    def backward(c, dy, x):
        return K.log_sigmoid_dx(dy, x)

    samples = unary()


@composite("softsign", at="F")
def softsign(input):
    """y = x / (1 + |x|)

    shape   x (*) -> y (*)
    """
    return input / (input.abs() + 1)


@composite("tanhshrink", at="F")
def tanhshrink(input):
    """y = x - tanh x

    shape   x (*) -> y (*)
    """
    return input - input.tanh()


# ---------------------------------------------------------------- with numbers


@op(
    "leaky_relu(input, negative_slope=0.01, inplace=False)",
    at="F",
    inplace=True,
    tensors=1,
    node="LeakyRelu",
    not_for="iub",
    kernel="leaky_relu_cpu",
)
class LeakyRelu:
    """y = x where x > 0, else negative_slope · x

    shape   x (*) -> y (*)
    errors  NotImplementedError: integers, bool

    >>> F.leaky_relu(tensor([-1.0, 2.0]), 0.1)
    tensor([-0.1000,  2.0000])
    """

    def forward(x, slope):
        return K.leaky_relu(x, slope)

    def backward(c, dy, x, slope):
        return K.leaky_relu_dx(dy, x, slope)

    samples = unary(-2, 2, 0.1)


@op(
    "elu(input, alpha=1.0, inplace=False)",
    at="F",
    inplace=True,
    tensors=1,
    node="Elu",
    not_for="iub",
    kernel="elu_cpu",
)
class Elu:
    """y = x where x > 0, else α (e^x - 1)    Clevert, Unterthiner, Hochreiter 2015,
    arXiv:1511.07289

    shape   x (*) -> y (*)
    errors  NotImplementedError: integers, bool
    """

    def forward(x, alpha):
        return K.elu(x, alpha)

    def backward(c, dy, x, alpha):
        return K.elu_dx(dy, x, alpha)

    samples = unary(-2, 2, 1.3)


@op(
    "celu(input, alpha=1.0, inplace=False)",
    at="torch F",
    inplace=True,
    tensors=1,
    node="Celu",
    not_for="iub",
    kernel="elu_cpu",
)
class Celu:
    """y = x where x > 0, else α (e^(x/α) - 1)    Barron 2017, arXiv:1704.07483

    shape   x (*) -> y (*)
    errors  NotImplementedError: integers, bool
    """

    once = True

    def forward(x, alpha):
        if alpha == 0:
            raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
        return K.celu(x, alpha)

    def backward(c, dy, x, alpha):
        return K.celu_dx(dy, x, alpha)

    samples = unary(-2, 2, 1.3)


@op(
    "gelu(input, *, approximate='none', out=None)",
    at="F",
    tensors=1,
    node="Gelu",
    not_for="iub",
    kernel="GeluKernelImpl",
)
class Gelu:
    """y = x Φ(x), Φ the normal distribution function; approximate="tanh":
    0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³)))

    errors  RuntimeError: another word for approximate
    source  Hendrycks, Gimpel 2016, arXiv:1606.08415

    >>> F.gelu(tensor([-1.0, 0.0, 1.0]))
    tensor([-0.1587,  0.0000,  0.8413])
    """

    def prepare(input, approximate):
        if approximate not in ("none", "tanh"):
            raise RuntimeError("approximate argument must be either none or tanh.")
        return input, approximate == "tanh"

    def forward(x, tanh):
        return K.gelu(x, tanh)

    def backward(c, dy, x, tanh):
        return K.gelu_dx(dy, x, tanh)

    def samples(make):
        yield make(3, 4)
        yield make(3, 4), {"approximate": "tanh"}
        yield make()
        yield make(0, 5), {"approximate": "tanh"}
        yield make(4, 3).T


@op(
    "softplus(input, beta=1.0, threshold=20.0, *, out=None)",
    at="F",
    tensors=1,
    node="Softplus",
    not_for="iub",
    kernel="softplus_cpu",
)
class Softplus:
    """y = ln(1 + e^βx) / β; x itself where βx > threshold

    shape   x (*) -> y (*)
    errors  NotImplementedError: integers, bool

    >>> F.softplus(tensor([-1.0, 0.0, 30.0]))
    tensor([ 0.3133,  0.6931, 30.0000])
    """

    def forward(x, beta, threshold):
        return K.softplus(x, beta, threshold)

    def backward(c, dy, x, beta, threshold):
        return K.softplus_dx(dy, x, beta, threshold)

    samples = unary(-2, 2, 1.5, 20.0)


@op(
    "hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False)",
    at="F",
    inplace=True,
    tensors=1,
    node="Hardtanh",
    not_for="c",
    kernel="hardtanh",
)
class Hardtanh:
    """y = min(max(x, min_val), max_val);  dx = dy where min_val < x < max_val

    errors  ValueError: min_val > max_val; RuntimeError: negative limits for an unsigned dtype
    """

    def prepare(input, min_val, max_val):
        if min_val > max_val:
            raise ValueError("min_val cannot be greater than max_val")
        kind = input._a.dtype.kind
        if kind == "b":
            raise RuntimeError("Bool inputs not supported for hardtanh")
        if kind == "u" and (min_val < 0 or max_val < 0):
            raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
        return (input, int(min_val), int(max_val)) if kind in "iu" else (input, min_val, max_val)

    def forward(x, lowest, highest):
        return K.hardtanh(x, lowest, highest)

    def backward(c, dy, x, lowest, highest):
        return K.hardtanh_dx(dy, x, lowest, highest)

    samples = unary(-2, 2, -0.7, 0.9)


@op(
    "threshold(input, threshold, value, inplace=False)",
    at="torch F",
    inplace=True,
    tensors=1,
    node="Threshold",
    not_for="b",
    kernel="threshold_cpu",
)
class Threshold:
    """y = x where x > threshold, else value;  dx = dy where x > threshold

    shape   x (*) -> y (*)
    """

    once = True

    def forward(x, threshold, value):
        return K.threshold(x, threshold, value).astype(x.dtype, copy=False)

    def backward(c, dy, x, threshold):
        return K.threshold_dx(dy, x, threshold, 0.0)

    samples = unary(-2, 2, 0.3, 5.0)


@op(
    "hardshrink(input, lambd=0.5, *, out=None)",
    at="torch Tensor F",
    tensors=1,
    node="Hardshrink",
    not_for="iub",
    kernel="hardshrink_cpu",
)
class Hardshrink:
    """y = x where |x| > λ, else 0;  dx = dy where |x| > λ

    shape   x (*) -> y (*)
    errors  NotImplementedError: integers, bool
    """

    def forward(x, lambd):
        return K.hardshrink(x, lambd)

    def backward(c, dy, x, lambd):
        return K.where((x >= -lambd) & (x <= lambd), K.zeros_like(dy), dy)

    samples = unary(-2, 2, 0.5)


@op(
    "softshrink(input, lambd=0.5, *, out=None)",
    at="F",
    tensors=1,
    node="Softshrink",
    not_for="iub",
    kernel="softshrink_cpu",
)
class Softshrink:
    """y = x - λ where x > λ, x + λ where x < -λ, else 0;  dx = dy where |x| > λ

    shape   x (*) -> y (*)
    errors  NotImplementedError: integers, bool
    """

    def forward(x, lambd):
        if lambd < 0:
            raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd:g}.")
        return K.softshrink(x, lambd)

    def backward(c, dy, x, lambd):
        return K.where((x >= -lambd) & (x <= lambd), K.zeros_like(dy), dy)

    samples = unary(-2, 2, 0.5)
