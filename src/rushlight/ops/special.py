"""Special functions: error function, gamma, zeta, Bessel and normal distribution functions.

They are computed in kernels/twin/special.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.tensor import Tensor
from ..dispatch.messages import tensor_argument
from ..dispatch.promotion import number_like
from ..dispatch.registry import apply_inplace, composite, op, publish_faces
from ..dispatch.schema import Schema
from ..kernels import K
from .narrow import rounded, wide
from .samples import unary

_2_SQRT_PI = 2 / math.sqrt(math.pi)


# ---------------------------------------------------------------- error functions


@op(
    "erf(input, *, out=None)",
    at="torch Tensor special",
    inplace="torch Tensor",
    promote="float",
    not_for="c",
    kernel="erf_vml_cpu",
)
class Erf:
    """y = 2/√π ∫₀ˣ e^-t² dt;  dx = dy 2/√π e^-x²

    shape   x (*) -> y (*)
    errors  NotImplementedError: complex numbers

    >>> torch.erf(tensor([0.0, 0.5, 1.0]))
    tensor([0.0000, 0.5205, 0.8427])
    """

    def forward(x):
        return K.erf(x)

    def backward(c, dy, x):
        return dy * (_2_SQRT_PI * K.exp(-(x * x)))

    samples = unary()


@op(
    "erfc(input, *, out=None)",
    at="torch Tensor special",
    inplace="torch Tensor",
    promote="float",
    not_for="c",
    kernel="erfc_vml_cpu",
)
class Erfc:
    """y = 1 - erf(x);  dx = -dy 2/√π e^-x²

    shape   x (*) -> y (*)
    errors  NotImplementedError: complex numbers
    """

    def forward(x):
        return K.erfc(x)

    def backward(c, dy, x):
        return dy * (-_2_SQRT_PI * K.exp(-(x * x)))

    samples = unary()


@op(
    "erfinv(input, *, out=None)",
    at="torch Tensor special",
    inplace="Tensor",
    promote="float",
    not_for="c",
    kernel="erfinv_vml_cpu",
)
class Erfinv:
    """y = erf⁻¹(x): erf(y) = x; ±inf at ±1, NaN beyond.

    shape   x (*) -> y (*)
    dtype   floating, kept; integers become the default dtype
    grad    dx = dy · sqrt(π) / 2 · e^(y²)
    """

    def forward(x):
        return K.erfinv(x)

    def backward(c, dy, x):
        y = K.erfinv(x)
        return dy * (math.sqrt(math.pi) / 2) * K.exp(y * y)

    samples = unary(-0.9, 0.9)


@op(
    "erfcx(input, *, out=None)",
    at="special",
    promote="float",
    node="SpecialErfcx",
    not_for="c",
    kernel="erfcx_cpu",
)
class Erfcx:
    """y = e^(x²) erfc(x);  dx = dy (2 x y - 2/√π)

    shape   x (*) -> y (*)
    errors  NotImplementedError: complex numbers
    """

    def forward(x):
        return K.erfcx(x)

    def backward(c, dy, x, out):
        return dy * (2 * x * out - _2_SQRT_PI)

    samples = unary()


# ---------------------------------------------------------------- gamma and zeta


@op(
    "lgamma(input, *, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    promote="float",
    not_for="c",
    kernel="lgamma_vml_cpu",
)
class Lgamma:
    """y = ln |Γ(x)|;  dx = dy ψ(x)

    shape   x (*) -> y (*)
    errors  NotImplementedError: complex numbers

    >>> torch.lgamma(tensor([0.5, 1.0, 5.0]))
    tensor([0.5724, 0.0000, 3.1781])
    """

    def forward(x):
        return K.lgamma(x)

    def backward(c, dy, x):
        return dy * K.digamma(x)

    samples = unary(0.3, 4)


publish_faces(Schema("gammaln(input, *, out=None)"), Lgamma, ("gammaln",), "special", False)


@op(
    "digamma(input, *, out=None)",
    at="torch Tensor special",
    inplace="Tensor",
    promote="float",
    not_for="c",
)
class Digamma:
    """y = ψ(x), the slope of ln Γ;  dx = dy ψ'(x)

    shape   x (*) -> y (*)
    errors  NotImplementedError: complex numbers
    """

    def forward(x):
        return K.digamma(x)

    def backward(c, dy, x):
        return dy * K.polygamma(x, 1)

    samples = unary(0.3, 4)


publish_faces(Schema("psi(input, *, out=None)"), Digamma, ("psi",), "special", False)


@op(
    "polygamma(n: int, input: Tensor, *, out=None)",
    at="torch special",
    tensors=1,
    promote="float",
    order="input",
    not_for="c",
    kernel="polygamma",
)
class Polygamma:
    """y = the n-th derivative of ψ at x, n ≥ 0;  dx = dy · the next one

    shape   x (*) -> y (*)
    errors  TypeError: n is no int; RuntimeError: n < 0; NotImplementedError: complex numbers

    >>> torch.polygamma(1, tensor([1.0, 2.0]))
    tensor([1.6449, 0.6449])
    """

    def prepare(n, input):
        tensor_argument("polygamma", input, "input", 2)
        return input, _order(n)

    def forward(x, n):
        return K.polygamma(x, n)

    def backward(c, dy, x, n):
        return dy * K.polygamma(x, n + 1)

    def samples(make):
        yield 2, make(3, 4, low=0.5, high=4)
        yield 1, make(0, 5)
        yield 2, make(4, 3, low=0.5, high=4).T


def _order(n: Any) -> int:
    if type(n) is not int:
        raise TypeError(
            f"polygamma(): argument 'n' (position 1) must be int, not {type(n).__name__}"
        )
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return n


@composite("polygamma", at="Tensor")
def _polygamma_method(input: Tensor, n: int) -> Tensor:
    """The n-th derivative of digamma, see torch.polygamma."""
    return Polygamma(n, input)


@composite("polygamma_", at="Tensor")
def _polygamma_in_place(input: Tensor, n: int) -> Tensor:
    """In-place version of polygamma."""
    return apply_inplace(Polygamma, (input, _order(n)))


@op(
    "mvlgamma(input, p: int, *, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    tensors=1,
    constants=1,
    promote="float",
    order="rows",
)
class Mvlgamma:
    """y = p(p - 1)/4 ln π + Σ ln Γ(x - j/2), j = 0...p-1;  dx = dy Σ ψ(x - j/2)

    The logarithm of the multivariate gamma function of dimension p.

    errors  RuntimeError: p < 1
    """

    def prepare(input, p):
        if p < 1:
            raise RuntimeError("p has to be greater than or equal to 1")
        return input, p

    def forward(x, p):
        y = p * (p - 1) / 4 * math.log(math.pi)
        for j in range(p):
            y = y + K.lgamma(x - x.dtype.type(j / 2))
        return K.like(y, x)

    def backward(c, dy, x, p):
        slope = K.digamma(x)
        for j in range(1, p):
            slope = slope + K.digamma(x - j / 2)
        return dy * slope

    samples = unary(1.5, 5, 3)


publish_faces(
    Schema("multigammaln(input, p: int, *, out=None)"),
    Mvlgamma,
    ("multigammaln",),
    "special",
    False,
)


@op(
    "zeta(input, other, *, out=None)",
    at="special",
    promote="float",
    broadcast=True,
    node="SpecialZeta",
    not_for="c",
    kernel="zeta_cpu",
)
class Zeta:
    """z = Σ (q + k)^-x, Hurwitz's zeta function; each a tensor or a number

    shape   broadcast
    grad    dq = -dz x ζ(x + 1, q); not differentiable in x, backward raises
    errors  NotImplementedError: complex
    """

    def variant(x, q):
        if not isinstance(x, Tensor):
            return "SpecialZeta1"
        return None if isinstance(q, Tensor) else "SpecialZeta2"

    def forward(x, q):
        return K.zeta(x, q)

    def backward(c, dz, x, q):
        if c.needs(0):
            raise RuntimeError("the derivative for 'zeta' is not implemented.")
        return None, -dz * x * K.zeta(x + 1, q)

    def samples(make):
        yield 2.5, make(3, 4, low=0.5, high=4)
        yield 3, make(low=0.5, high=4)
        yield 1.5, make(0, 5)


# ---------------------------------------------------------------- Bessel


@op(
    "i0(input, *, out=None)",
    at="torch Tensor special",
    inplace="torch Tensor",
    promote="float",
    node="I00",
    not_for="c",
    kernel="i0_vml_cpu",
)
class I0:
    """y = I₀(x), the modified Bessel function;  dx = dy I₁(x)

    shape   x (*) -> y (*)
    errors  NotImplementedError: complex numbers
    """

    def forward(x):
        return K.i0(x)

    def backward(c, dy, x):
        return dy * K.i1(x)

    samples = unary()


@op(
    "i0e(input, *, out=None)",
    at="special",
    promote="float",
    node="SpecialI0E",
    not_for="c",
    kernel="i0e_cpu",
)
class I0e:
    """y = e^-|x| I₀(x);  dx = dy (e^-|x| I₁(x) - sgn(x) y)

    shape   x (*) -> y (*)
    errors  NotImplementedError: complex numbers
    """

    def forward(x):
        return K.i0e(x)

    def backward(c, dy, x, out):
        return dy * (K.i1e(x) - K.sgn(x) * out)

    samples = unary()


@op(
    "i1(input, *, out=None)",
    at="special",
    promote="float",
    node="SpecialI10",
    not_for="c",
    kernel="i1_cpu",
)
class I1:
    """y = I₁(x);  dx = dy (I₀(x) - y / x), dy / 2 at 0

    shape   x (*) -> y (*)
    errors  NotImplementedError: complex numbers
    """

    def forward(x):
        return K.i1(x)

    def backward(c, dy, x, out):
        zero = x == 0
        inner = K.where(zero, K.ones_like(x), x)
        return dy * K.where(zero, 0.5 + K.zeros_like(x), K.i0(inner) - out / inner)

    samples = unary()


@op(
    "i1e(input, *, out=None)",
    at="special",
    promote="float",
    node="SpecialI1E",
    not_for="c",
    kernel="i1e_cpu",
)
class I1e:
    """y = e^-|x| I₁(x);  dx = dy (e^-|x| I₀(x) - y (sgn(x) + 1/x)), dy / 2 at 0

    shape   x (*) -> y (*)
    errors  NotImplementedError: complex numbers
    """

    def forward(x):
        return K.i1e(x)

    def backward(c, dy, x, out):
        zero = x == 0
        inner = K.where(zero, K.ones_like(x), x)
        slope = K.i0e(inner) - out * (K.sgn(inner) + 1 / inner)
        return dy * K.where(zero, 0.5 + K.zeros_like(x), slope)

    samples = unary()


# ---------------------------------------------------------------- statistics


@op("sinc(input, *, out=None)", at="torch Tensor special", inplace="torch Tensor", promote="float")
class Sinc:
    """y = sin(πx) / (πx), 1 at 0;  dx = dy (cos(πx) - y) / x, 0 at 0

    shape   x (*) -> y (*)
    """

    def forward(x):
        z = x * math.pi
        return K.where(x == 0, 1, K.sin(z) / K.where(x == 0, 1, z)).astype(x.dtype, copy=False)

    def backward(c, dy, x):
        zero = x == 0
        inner = K.where(zero, K.ones_like(x), x)
        z = inner * math.pi
        slope = (z * K.cos(z) - K.sin(z)) / (inner * inner * math.pi)
        return dy * K.conj(K.where(zero, K.zeros_like(x), slope))

    samples = unary()


@op(
    "logit(input, eps=None, *, out=None)",
    at="torch Tensor special",
    inplace="torch Tensor",
    tensors=1,
    promote="float",
    not_for="c",
    kernel="logit_cpu",
)
class Logit:
    """y = ln(x / (1 - x)), x held within [eps, 1 - eps] if eps is given

    shape   x (*) -> y (*)
    errors  NotImplementedError: complex numbers
    grad    dx = dy / (x (1 - x)), 0 where x was held
    """

    def forward(x, eps):
        if eps is not None:
            x = K.minimum(K.maximum(x, number_like(eps, x)), number_like(1 - eps, x))
        u = wide(x)
        return rounded(K.log(K.div(u, K.add(K.neg(u), 1.0))), x)

    def backward(c, dy, x, eps):
        low, high = (0.0, 1.0) if eps is None else (eps, 1 - eps)
        outside = (x < low) | (x > high)
        beyond = K.full_like(dy, math.nan if eps is None else 0.0)
        return K.where(outside, beyond, dy / K.abs(x * (1 - x)))  # -0 as 0

    samples = unary(0.1, 0.9)


@op(
    "entr(input, *, out=None)",
    at="special",
    promote="float",
    node="SpecialEntr",
    not_for="c",
    kernel="entr_cpu",
)
class Entr:
    """y = -x ln x, 0 at 0, -inf for x < 0;  dx = -dy (1 + ln x)

    shape   x (*) -> y (*)
    errors  NotImplementedError: complex numbers
    """

    def forward(x):
        y = K.where(x > 0, -x * K.log(K.where(x > 0, x, 1)), 0)
        return K.where(K.isnan(x), x, K.where(x < 0, -np.inf, y)).astype(x.dtype, copy=False)

    def backward(c, dy, x):
        return dy * (-1 - K.log(x))

    samples = unary(0.1, 3)


@composite("ndtr(input, *, out=None)", at="special")
def ndtr(input):
    """Φ(x) = (1 + erf(x/√2)) / 2, the normal distribution function

    shape   x (*) -> y (*)
    errors  NotImplementedError: complex numbers
    """
    return ((input * math.sqrt(0.5)).erf() + 1) * 0.5


@op(
    "ndtri(input, *, out=None)",
    at="special",
    promote="float",
    node="SpecialNdtri",
    not_for="c",
    kernel="ndtri_cpu",
)
class Ndtri:
    """y with Φ(y) = x;  dx = dy √(2π) e^(y²/2)

    shape   x (*) -> y (*)
    errors  NotImplementedError: complex numbers
    """

    def forward(x):
        return K.ndtri(x)

    def backward(c, dy, out):
        return dy * (math.sqrt(2 * math.pi) * K.exp(out * out * 0.5))

    samples = unary(0.1, 0.9)


@op(
    "log_ndtr(input, *, out=None)",
    at="special",
    promote="float",
    node="SpecialLogNdtr",
    not_for="c",
    kernel="log_ndtr_cpu",
)
class LogNdtr:
    """y = ln Φ(x);  dx = dy √(2/π) / erfcx(-x/√2)

    shape   x (*) -> y (*)
    errors  NotImplementedError: complex numbers
    """

    def forward(x):
        return K.log_ndtr(x)

    def backward(c, dy, x, out):
        return dy / K.erfcx(x * -math.sqrt(0.5)) * math.sqrt(2 / math.pi)

    samples = unary()
