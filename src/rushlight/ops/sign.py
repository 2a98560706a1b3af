"""Signs and sizes, element by element: neg, abs, sign, copysign."""

from __future__ import annotations

from ..core.tensor import Tensor
from ..dispatch.op import Card
from ..dispatch.registry import composite, op, publish_faces
from ..dispatch.schema import Schema
from ..kernels import K
from .samples import binary, unary


@op("neg(input, *, out=None)", "negative", at="torch Tensor", inplace="torch Tensor")
class Neg:
    """y = -x.  RuntimeError: x is bool."""

    once = True

    def forward(x):
        if x.itemsize == 1 and x.dtype.kind == "b":
            raise RuntimeError(
                "Negation, the `-` operator, on a bool tensor is not supported. If you are trying "
                "to invert a mask, use the `~` or `logical_not()` operator instead."
            )
        return K.neg(x)

    def backward(c, dy):
        return -dy

    samples = unary()


@composite("positive(input)", at="torch Tensor")
def positive(input):
    """input itself. RuntimeError: it is bool."""
    if input._a.dtype.kind == "b":
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


@op(
    "abs(input, *, out=None)",
    at="torch Tensor",
    inplace="torch Tensor",
    not_for="b",
    kernel="abs_cpu",
)
class Abs:
    """y = |x|, real for complex x;  dx = dy · x / |x|, 0 at 0

    errors  NotImplementedError: bool; RuntimeError: complex, in place

    >>> torch.abs(tensor([-1.5, 2.0, 3 + 4j]))
    tensor([1.5000, 2.0000, 5.0000])
    """

    def forward(x):
        return K.abs(x)

    def backward(c, dy, x):
        return dy * K.sgn(x)

    samples = unary()


def _abs_in_place(args: tuple) -> Tensor:
    if args[0].is_complex():
        raise RuntimeError("In-place abs is not supported for complex tensors.")
    return Card.change(Abs, args)


Abs.change = _abs_in_place
publish_faces(Schema("absolute(input, *, out=None)"), Abs, ("absolute",), "torch Tensor", "Tensor")


@op("sign(input, *, out=None)", at="torch Tensor", inplace="Tensor")
class Sign:
    """y = -1, 0 or 1 (0 for NaN).  NotImplementedError: complex.  grad 0"""

    once = True

    def forward(x):
        if x.dtype.kind == "c":
            raise NotImplementedError(
                "Unlike NumPy, torch.sign is not intended to support complex numbers. Please use "
                "torch.sgn instead."
            )
        return K.sign(x)

    def backward(c, dy):
        return K.zeros_like(dy)

    samples = unary()


@op("sgn(input, *, out=None)", at="torch Tensor", inplace="Tensor")
class Sgn:
    """y = x / |x|, 0 at 0; sign for real x.  grad of complex: (dy - y Re(dy ȳ)) / |x|

    shape   x (*) -> y (*)
    """

    def forward(x):
        return K.sgn(x)

    def backward(c, dy, x, out):
        if not K.is_complex(x):
            return K.zeros_like(dy)
        y, size = out, K.abs(x)
        zero = size == 0
        along = K.real(dy * K.conj(y)) * y
        return K.where(
            zero, K.zeros_like(dy), (dy - along) / K.where(zero, K.ones_like(size), size)
        )

    samples = unary()


@op("signbit(input, *, out=None)", at="torch Tensor")
class Signbit:
    """True where the sign bit is set: negative numbers and -0.0.

    errors  NotImplementedError: complex
    """

    backward = None

    def forward(x):
        if x.dtype.kind == "c":
            raise NotImplementedError("signbit is not implemented for complex tensors.")
        return x < 0 if x.dtype.kind in "iub" else K.signbit(x)

    samples = unary()


@op(
    "copysign(input, other, *, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    promote="float",
    broadcast=True,
    save_if={"x": 0},
    node="Copysign",
    not_for="c",
    kernel="copysign_cpu",
)
class Copysign:
    """z = |x| with the sign of y;  dx = dz where the sign was kept, else -dz, 0 where x = 0

    shape   broadcast
    dtype   promoted, integers become the default dtype
    errors  NotImplementedError: complex
    """

    numbers = (1,)

    def variant(x, y):
        return None if isinstance(y, Tensor) else "Copysign1"

    def forward(x, y):
        return K.copysign(x, y)

    def backward(c, dz, x, out):
        dx = dz * K.where(x == 0, K.zeros_like(out), out / x) if c.needs(0) else None
        return dx, K.zeros_like(dz) if c.needs(1) else None

    samples = binary()


Tensor.__neg__ = lambda x: Neg.run((x,))
Tensor.__pos__ = positive
Tensor.__abs__ = lambda x: Abs.run((x,))
