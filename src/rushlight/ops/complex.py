"""Complex numbers: parts, conjugates, angles, and the two ways of looking at them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.dtype import float32, float64, from_numpy_dtype, scalar_name
from ..core.tensor import Tensor
from ..dispatch.messages import tensor_argument
from ..dispatch.registry import composite, internal, op
from ..kernels import K
from .samples import binary, unary


@op("view_as_real(input)", at="torch", view=True)
class ViewAsReal:
    """y (*, 2) = the real and imaginary parts of a complex x (*); a view.

    shape   x (*) -> y (*, 2)
    errors  RuntimeError: x is not complex

    >>> torch.view_as_real(tensor([1 + 2j, 3 - 1j]))
    tensor([[ 1.,  2.],
            [ 3., -1.]])
    """

    def forward(x):
        if x.dtype.kind != "c":
            raise RuntimeError("view_as_real is only supported for complex tensors")
        return x[..., None].view(x.real.dtype) if x.ndim else x.reshape(1).view(x.real.dtype)

    def backward(c, dy):
        return K.view_as_complex(dy)

    def samples(make):
        yield make(3, 4, dtype="complex128")
        yield make(dtype="complex128")


@op("view_as_complex(input)", at="torch", view=True)
class ViewAsComplex:
    """y (*) = the complex numbers whose parts are the last dimension of x (*, 2); a view.

    shape   x (*, 2) -> y (*)
    errors  RuntimeError: x is neither float32 nor float64, or its last dimension is not 2, or lies
            in memory with gaps

    >>> torch.view_as_complex(tensor([[1.0, 2.0]]))
    tensor([1.+2.j])
    """

    def forward(x):
        if x.dtype not in (np.float32, np.float64):
            raise RuntimeError(
                "view_as_complex is only supported for half, float and double tensors, but got a "
                f"tensor of scalar type: {scalar_name(from_numpy_dtype(x.dtype))}"
            )
        if not x.ndim or x.shape[-1] != 2:
            raise RuntimeError(
                "Tensor must have a last dimension of size 2"
                if x.ndim
                else "Input tensor must have one or more dimensions"
            )
        if x.strides[-1] != x.itemsize:
            raise RuntimeError("Tensor must have a last dimension with stride 1")
        return x.view(np.complex64 if x.dtype == np.float32 else np.complex128)[..., 0]

    def backward(c, dy):
        return K.view_as_real(dy)

    def samples(make):
        yield make(3, 2)
        yield make(2)


@internal("part", tensors=1, view=True, node="Select")
class Part:
    """y = the real (i = 0) or imaginary (i = 1) part of x; a view."""

    def forward(x, i):
        return x.imag if i else x.real

    def backward(c, dy, i):
        return dy * 1j if i else dy + 0j

    def samples(make):
        yield make(3, 4, dtype="complex128"), 0
        yield make(3, 4, dtype="complex128"), 1


@composite("real(input)", at="torch")
def real(input):
    """The real part as a view; a real tensor itself.

    shape   x (*) -> y (*)
    """
    return Part.run((input, 0)) if input._a.dtype.kind == "c" else input


@composite("imag(input)", at="torch")
def imag(input):
    """The imaginary part as a view. RuntimeError: a real tensor."""
    if input._a.dtype.kind != "c":
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return Part.run((input, 1))


Tensor.real = property(real, lambda self, value: real(self).copy_(value))
Tensor.imag = property(imag, lambda self, value: imag(self).copy_(value))


@op("conj_physical(input, *, out=None)", at="torch Tensor", inplace="torch Tensor", order="input")
class ConjPhysical:
    """y = x̄, computed;  dx = dȳ.  A real tensor comes back itself from conj().

    shape   x (*) -> y (*)
    """

    def forward(x):
        return np.conj(x) if x.dtype.kind == "c" else x.copy()

    def backward(c, dy):
        return K.conj(dy)

    samples = unary()


_CONJ = ConjPhysical.renamed("ConjBackward0")


@composite("conj(input)", at="torch Tensor")
def conj(input):
    """x̄: a new tensor for complex input (conjugation is never lazy here), input itself if it is
    real.

    shape   x (*) -> y (*)
    """
    return _CONJ.run((input,)) if input._a.dtype.kind == "c" else input


@composite("resolve_conj(input)", "resolve_neg", at="torch Tensor")
def resolve_conj(input):
    """input itself: neither conjugation nor negation is ever lazy here.

    shape   x (*) -> x (*)
    """
    return input


@composite("isreal(input)", at="torch Tensor")
def isreal(input):
    """True where the imaginary part is 0.

    shape   x (*) -> bool (*)
    """
    return imag(input) == 0 if input.is_complex() else (input == input) | True


@op("angle(input, *, out=None)", at="torch Tensor", promote="float")
class Angle:
    """y = the argument of x: 0 or π for real x, NaN for NaN;  dx = dy i x / |x|², 0 for real x

    shape   x (*) -> y (*)
    """

    def forward(x):
        if x.dtype.kind == "c":
            return np.angle(x)
        return np.where(np.isnan(x), x, np.where(x < 0, x.dtype.type(np.pi), x.dtype.type(0)))

    def backward(c, dy, x):
        if not K.is_complex(x):
            return K.zeros_like(dy)
        square = K.real(x * K.conj(x))
        zero = square == 0
        return K.where(
            zero, K.zeros_like(x), dy * 1j * x / K.where(zero, K.ones_like(square), square)
        )

    samples = unary()


def _same_dtype(out: Any, z: Tensor) -> None:
    if isinstance(out, Tensor) and out.dtype is not z.dtype:
        raise RuntimeError(
            f"Expected object of scalar type {scalar_name(z.dtype)} but got scalar type "
            f"{scalar_name(out.dtype)} for argument 'out'"
        )


@op("polar(abs: Tensor, angle: Tensor, *, out=None)", at="torch", broadcast=True)
class Polar:
    """z = r (cos θ + i sin θ);  dr = Re(dz e^-iθ),  dθ = r Re(dz · (-i) e^-iθ)

    shape   broadcast
    errors  RuntimeError: not two tensors of one of float32 and float64

    >>> torch.polar(tensor([2.0]), tensor([0.5]))
    tensor([1.7552+0.9589j])
    """

    def prepare(abs, angle):
        return _parts("polar", ("abs", "angle"), abs, angle)

    check_out = _same_dtype

    def forward(r, theta):
        return _from_parts(r * K.cos(theta), r * K.sin(theta))

    def backward(c, dz, out):
        real, imag = K.real(out), K.imag(out)
        a, b, r = K.real(dz), K.imag(dz), K.hypot(real, imag)
        zero = r == 0
        along = (a * real + b * imag) / K.where(zero, K.ones_like(r), r)
        return K.where(zero, K.zeros_like(r), along), b * real - a * imag

    samples = binary(0.2, 2.0, (-2.0, 2.0), numbers=False)


@op(
    "complex(real: Tensor, imag: Tensor, *, out=None)",
    at="torch",
    broadcast=True,
    save_if={"x": 0, "y": 1},
)
class Complex:
    """z = x + iy;  dx = Re dz,  dy = Im dz

    shape   broadcast
    errors  RuntimeError: not two tensors of one of float32 and float64
    """

    def prepare(real, imag):
        return _parts("complex", ("real", "imag"), real, imag)

    check_out = _same_dtype

    def forward(x, y):
        return _from_parts(x, y)

    def backward(c, dz, x, y):
        return K.real(dz), K.imag(dz)

    def samples(make):
        yield make(3, 4), make(3, 4)
        yield make(), make(2, 1, 3)


def _from_parts(x, y) -> np.ndarray:
    """x + iy without arithmetic, so that infinities do not make NaN of the other part."""
    shape = np.broadcast_shapes(x.shape, y.shape)
    z = K.zeros(shape, x, np.result_type(x.dtype, np.complex64))
    z.real, z.imag = x, y
    return z


def _parts(name: str, names: tuple, x: Any, y: Any) -> tuple:
    """x and y. TypeError, RuntimeError: they are not Tensors of one of float32 and float64."""
    for i, v in enumerate((x, y)):
        tensor_argument(name, v, names[i], i + 1)
    kinds = [scalar_name(v.dtype) for v in (x, y)]
    if any(v.dtype not in (float32, float64) for v in (x, y)):
        raise RuntimeError(
            f"Expected both inputs to be Half, Float or Double tensors but got {kinds[0]} and "
            f"{kinds[1]}"
        )
    if x.dtype is not y.dtype:
        raise RuntimeError(
            f"Expected object of scalar type {kinds[0]} but got scalar type {kinds[1]} for second "
            "argument"
        )
    return x, y
