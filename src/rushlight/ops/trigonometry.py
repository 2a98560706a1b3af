"""Trigonometric and hyperbolic functions, and conversions between degrees and radians.

x the input, y the output; integers become floating numbers.
"""

from __future__ import annotations

import math

import numpy as np

from ..dispatch.registry import op
from ..kernels import K
from .samples import binary, unary


@op("sin(input, *, out=None)", at="torch Tensor", inplace="torch Tensor", promote="float")
class Sin:
    """y = sin x;  dx = dy cos x

    shape   x (*) -> y (*)
    """

    def forward(x):
        return K.sin(x)

    def backward(c, dy, x):
        return dy * K.conj(K.cos(x))

    samples = unary()


@op("cos(input, *, out=None)", at="torch Tensor", inplace="torch Tensor", promote="float")
class Cos:
    """y = cos x;  dx = -dy sin x

    shape   x (*) -> y (*)
    """

    def forward(x):
        return K.cos(x)

    def backward(c, dy, x):
        return -dy * K.conj(K.sin(x))

    samples = unary()


@op("tan(input, *, out=None)", at="torch Tensor", inplace="torch Tensor", promote="float")
class Tan:
    """y = tan x;  dx = dy (1 + y²)

    shape   x (*) -> y (*)
    """

    def forward(x):
        return K.tan(x)

    def backward(c, dy, out):
        y = K.conj(out)
        return dy * (1 + y * y)

    samples = unary(-1, 1)


@op(
    "asin(input, *, out=None)", "arcsin", at="torch Tensor", inplace="torch Tensor", promote="float"
)
class Asin:
    """y = arcsin x;  dx = dy / √(1 - x²)

    shape   x (*) -> y (*)
    """

    def forward(x):
        return K.asin(x)

    def backward(c, dy, x):
        x = K.conj(x)
        return dy * K.rsqrt(1 - x * x)

    samples = unary(-0.8, 0.8)


@op(
    "acos(input, *, out=None)", "arccos", at="torch Tensor", inplace="torch Tensor", promote="float"
)
class Acos:
    """y = arccos x;  dx = -dy / √(1 - x²)

    shape   x (*) -> y (*)
    """

    def forward(x):
        return K.acos(x)

    def backward(c, dy, x):
        x = K.conj(x)
        return -dy * K.rsqrt(1 - x * x)

    samples = unary(-0.8, 0.8)


@op(
    "atan(input, *, out=None)", "arctan", at="torch Tensor", inplace="torch Tensor", promote="float"
)
class Atan:
    """y = arctan x;  dx = dy / (1 + x²)

    shape   x (*) -> y (*)
    """

    def forward(x):
        return K.atan(x)

    def backward(c, dy, x):
        x = K.conj(x)
        return dy / (1 + x * x)

    samples = unary()


@op(
    "atan2(input, other: Tensor, *, out=None)",
    "arctan2",
    at="torch Tensor",
    inplace="Tensor",
    promote="float",
    broadcast=True,
    node="Atan20",
    not_for="c",
    kernel="atan2_cpu",
)
class Atan2:
    """z = the angle of the point (y, x);  dx = dz y / (x² + y²),  dy = -dz x / (x² + y²)

    shape   the operands are broadcast
    errors  NotImplementedError: complex numbers

    >>> torch.atan2(tensor([1.0, -1.0]), tensor([1.0, -1.0]))
    tensor([ 0.7854, -2.3562])
    """

    numbers = ()

    def forward(x, y):
        return K.atan2(x, y)

    def backward(c, dz, x, y):
        square = x * x + y * y
        zero = square == 0
        d = K.where(zero, K.zeros_like(square), dz / K.where(zero, K.ones_like(square), square))
        return d * y, -d * x

    samples = binary(0.2, 2, numbers=False)


@op("sinh(input, *, out=None)", at="torch Tensor", inplace="torch Tensor", promote="float")
class Sinh:
    """y = sinh x;  dx = dy cosh x

    shape   x (*) -> y (*)
    """

    def forward(x):
        return K.sinh(x)

    def backward(c, dy, x):
        return dy * K.conj(K.cosh(x))

    samples = unary()


@op("cosh(input, *, out=None)", at="torch Tensor", inplace="torch Tensor", promote="float")
class Cosh:
    """y = cosh x;  dx = dy sinh x

    shape   x (*) -> y (*)
    """

    def forward(x):
        return K.cosh(x)

    def backward(c, dy, x):
        return dy * K.conj(K.sinh(x))

    samples = unary()


@op(
    "tanh(input, *, out=None)",
    at="torch Tensor F",
    inplace="torch Tensor",
    promote="float",
    fresh=True,
)
class Tanh:
    """y = tanh x;  dx = dy (1 - y²)

    shape   x (*) -> y (*)
    """

    def forward(x):
        return K.tanh(x)

    def backward(c, dy, out):
        return K.tanh_dx(dy, K.conj(out))

    samples = unary()


@op(
    "asinh(input, *, out=None)",
    "arcsinh",
    at="torch Tensor",
    inplace="torch Tensor",
    promote="float",
)
class Asinh:
    """y = arsinh x;  dx = dy / √(x² + 1)

    shape   x (*) -> y (*)
    """

    def forward(x):
        return K.asinh(x)

    def backward(c, dy, x):
        x = K.conj(x)
        return dy * K.rsqrt(x * x + 1)

    samples = unary()


@op(
    "acosh(input, *, out=None)",
    "arccosh",
    at="torch Tensor",
    inplace="torch Tensor",
    promote="float",
)
class Acosh:
    """y = arcosh x;  dx = dy / (√(x - 1) √(x + 1))

    shape   x (*) -> y (*)
    """

    def forward(x):
        return K.acosh(x)

    def backward(c, dy, x):
        if not K.is_complex(x):
            return dy * K.rsqrt(x * x - 1)
        x = K.conj(x)
        return dy * (K.rsqrt(x - 1) * K.rsqrt(x + 1))

    samples = unary(1.2, 3)


@op(
    "atanh(input, *, out=None)",
    "arctanh",
    at="torch Tensor",
    inplace="torch Tensor",
    promote="float",
)
class Atanh:
    """y = artanh x;  dx = dy / (1 - x²)

    shape   x (*) -> y (*)
    """

    def forward(x):
        return K.atanh(x)

    def backward(c, dy, x):
        x = K.conj(x)
        return dy / (1 - x * x)

    samples = unary(-0.8, 0.8)


@op(
    "hypot(input, other: Tensor, *, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    promote="arith",
    broadcast=True,
    save_if={"x": 0, "y": 1},
    not_for="iubc",
    kernel="hypot_cpu",
)
class Hypot:
    """z = √(x² + y²);  dx = dz x / z

    shape   the operands are broadcast
    errors  NotImplementedError: integers, bool, complex numbers
    """

    numbers = ()

    def forward(x, y):
        return K.hypot(x, y)

    def backward(c, dz, x, y, out):
        dx = dz * (x / out) if c.needs(0) else None
        return dx, dz * (y / out) if c.needs(1) else None

    samples = binary(numbers=False)


@op(
    "deg2rad(input, *, out=None)",
    at="torch Tensor",
    inplace="torch Tensor",
    promote="float",
    node="Deg2Rad",
)
class Deg2rad:
    """y = x π / 180

    shape   x (*) -> y (*)
    """

    def forward(x):
        _refuse_complex("deg2rad", x)
        return K.like(K.mul(x, math.pi / 180), x)

    def backward(c, dy):
        return dy * (math.pi / 180)

    samples = unary()


@op(
    "rad2deg(input, *, out=None)",
    at="torch Tensor",
    inplace="torch Tensor",
    promote="float",
    node="Rad2Deg",
)
class Rad2deg:
    """y = x 180 / π

    shape   x (*) -> y (*)
    """

    def forward(x):
        _refuse_complex("rad2deg", x)
        return K.like(K.mul(x, 180 / math.pi), x)

    def backward(c, dy):
        return dy * (180 / math.pi)

    samples = unary()


def _refuse_complex(name: str, x: np.ndarray) -> None:
    if x.dtype.kind == "c":
        raise RuntimeError(f"{name} is not supported for complex tensors.")
