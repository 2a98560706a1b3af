"""Special functions: error function, gamma, zeta, Bessel and normal distribution functions, and
torch.special.

What has a derivative here is computed here (kernels/twin/special.py);
the long tail comes from SciPy, which is
imported when one of those functions is called.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.tensor import Tensor
from ..dispatch.out import into
from ..dispatch.registry import CARDS, apply, apply_inplace, composite, op
from ..kernels import K
from .samples import unary

SPECIAL: dict[str, Any] = {}  # torch.special.<name>

_2_SQRT_PI = 2 / math.sqrt(math.pi)


def special(*names: str) -> Any:
    """Publish a function as torch.special.<name>, for each of the names."""

    def decorate(function):
        for name in names:
            SPECIAL[name] = function
        return function

    return decorate


# ---------------------------------------------------------------- error functions


@special("erf")
@op("erf", inplace=True, promote="float")
class Erf:
    """y = 2/√π ∫₀ˣ e^-t² dt;  dx = dy 2/√π e^-x²

    >>> torch.erf(tensor([0.0, 0.5, 1.0]))
    tensor([0.0000, 0.5205, 0.8427])
    """

    def forward(x):
        return K.erf(x)

    def backward(c, dy, x):
        return dy * (_2_SQRT_PI * K.exp(-(x * x)))

    samples = unary()


@special("erfc")
@op("erfc", inplace=True, promote="float")
class Erfc:
    """y = 1 - erf(x);  dx = -dy 2/√π e^-x²"""

    def forward(x):
        return K.erfc(x)

    def backward(c, dy, x):
        return dy * (-_2_SQRT_PI * K.exp(-(x * x)))

    samples = unary()


@special("erfinv")
@op("erfinv", inplace=True, promote="float")
class Erfinv:
    """y = erf⁻¹(x): erf(y) = x; ±inf at ±1, NaN beyond.

    shape   x (*) -> y (*)
    dtype   floating, kept; integers become the default dtype
    grad    dx = dy · sqrt(π) / 2 · e^(y²)
    """

    def forward(x):
        return K.erfinv(x)

    def backward(c, dy, out):
        return dy * (math.sqrt(math.pi) / 2) * K.exp(out * out)

    samples = unary(-0.9, 0.9)


@special("erfcx")
@op("erfcx", fn=False, method=False, promote="float", node="SpecialErfcx")
class Erfcx:
    """y = e^(x²) erfc(x);  dx = dy (2 x y - 2/√π)"""

    def forward(x):
        return K.erfcx(x)

    def backward(c, dy, x, out):
        return dy * (2 * x * out - _2_SQRT_PI)

    samples = unary()


# ---------------------------------------------------------------- gamma and zeta


@special("gammaln")
@op("lgamma", inplace=True, promote="float")
class Lgamma:
    """y = ln |Γ(x)|;  dx = dy ψ(x)

    >>> torch.lgamma(tensor([0.5, 1.0, 5.0]))
    tensor([0.5724, 0.0000, 3.1781])
    """

    def forward(x):
        return K.lgamma(x)

    def backward(c, dy, x):
        return dy * K.digamma(x)

    samples = unary(0.3, 4)


@special("digamma", "psi")
@op("digamma", inplace=True, promote="float")
class Digamma:
    """y = ψ(x), the slope of ln Γ;  dx = dy ψ'(x)"""

    def forward(x):
        return K.digamma(x)

    def backward(c, dy, x):
        return dy * K.polygamma(x, 1)

    samples = unary(0.3, 4)


@op("_polygamma", fn=False, method=False, tensors=1, promote="float", node="Polygamma")
class _Polygamma:
    """y = the n-th derivative of ψ at x;  dx = dy · the next one"""

    def forward(x, n):
        return K.polygamma(x, n)

    def backward(c, dy, x, n):
        return dy * K.polygamma(x, n + 1)

    samples = unary(0.5, 4, 2)


def _order(n: Any) -> int:
    if isinstance(n, Tensor) or not isinstance(n, int):
        raise TypeError(
            f"polygamma(): argument 'n' (position 1) must be int, not {type(n).__name__}"
        )
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return n


@special("polygamma")
@composite("polygamma")
def polygamma(n, input, *, out=None):
    """The n-th derivative of digamma, n ≥ 0. RuntimeError: n < 0.

    >>> torch.polygamma(1, tensor([1.0, 2.0]))
    tensor([1.6449, 0.6449])
    """
    y = apply(CARDS["_polygamma"], (input, _order(n)))
    return y if out is None else into(out, y)


Tensor.polygamma = lambda self, n: polygamma(n, self)


@composite("polygamma_", fn=False, method=True)
def polygamma_(input, n):
    """In-place version of polygamma."""
    return apply_inplace(CARDS["_polygamma"], (input, _order(n)))


@op("_mvlgamma", fn=False, method=False, tensors=1, promote="float", node="Mvlgamma")
class _Mvlgamma:
    """y = p(p - 1)/4 ln π + Σ ln Γ(x - j/2), j = 0...p-1;  dx = dy Σ ψ(x - j/2)"""

    def forward(x, p):
        y = np.asarray(p * (p - 1) / 4 * math.log(math.pi), x.dtype)
        for j in range(p):
            y = y + K.lgamma(x - x.dtype.type(j / 2))
        return K.like(y, x)

    def backward(c, dy, x, p):
        slope = K.digamma(x)
        for j in range(1, p):
            slope = slope + K.digamma(x - j / 2)
        return dy * slope

    samples = unary(1.5, 5, 3)


def _multivariate(input, p: int, run):
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    return run(CARDS["_mvlgamma"], (input, p))


@special("multigammaln")
@composite("mvlgamma", method=True)
def mvlgamma(input, p, *, out=None):
    """The logarithm of the multivariate gamma function of dimension p. RuntimeError: p < 1."""
    y = _multivariate(input, p, apply)
    return y if out is None else into(out, y)


@composite("mvlgamma_", fn=False, method=True)
def mvlgamma_(input, p):
    """In-place version of mvlgamma."""
    return _multivariate(input, p, apply_inplace)


@special("zeta")
@op("zeta", fn=False, method=False, tensors=2, promote="float", broadcast=True, node="SpecialZeta")
class Zeta:
    """z = Σ (q + k)^-x, Hurwitz's zeta function;
    dq = -dz x ζ(x + 1, q); not differentiable in x
    """

    def forward(x, q):
        return K.zeta(x, q)

    def backward(c, dz, x, q):
        if c.needs(0):
            raise RuntimeError(
                "derivative for zeta with respect to its first argument is not implemented"
            )
        return None, -dz * x * K.zeta(x + 1, q)

    def samples(make):
        yield 2.5, make(3, 4, low=0.5, high=4)
        yield 3, make(low=0.5, high=4)
        yield 1.5, make(0, 5)


# ---------------------------------------------------------------- Bessel


@special("i0")
@op("i0", inplace=True, promote="float", node="I00")
class I0:
    """y = I₀(x), the modified Bessel function;  dx = dy I₁(x)"""

    def forward(x):
        return K.i0(x)

    def backward(c, dy, x):
        return dy * K.i1(x)

    samples = unary()


@special("i0e")
@op("i0e", fn=False, method=False, promote="float", node="SpecialI0E")
class I0e:
    """y = e^-|x| I₀(x);  dx = dy (e^-|x| I₁(x) - sgn(x) y)"""

    def forward(x):
        return K.i0e(x)

    def backward(c, dy, x, out):
        return dy * (K.i1e(x) - K.sgn(x) * out)

    samples = unary()


@special("i1")
@op("i1", fn=False, method=False, promote="float", node="SpecialI10")
class I1:
    """y = I₁(x);  dx = dy (I₀(x) - y / x), dy / 2 at 0"""

    def forward(x):
        return K.i1(x)

    def backward(c, dy, x, out):
        zero = x == 0
        inner = K.where(zero, K.ones_like(x), x)
        return dy * K.where(zero, 0.5 + K.zeros_like(x), K.i0(inner) - out / inner)

    samples = unary()


@special("i1e")
@op("i1e", fn=False, method=False, promote="float", node="SpecialI1E")
class I1e:
    """y = e^-|x| I₁(x);  dx = dy (e^-|x| I₀(x) - y (sgn(x) + 1/x)), dy / 2 at 0"""

    def forward(x):
        return K.i1e(x)

    def backward(c, dy, x, out):
        zero = x == 0
        inner = K.where(zero, K.ones_like(x), x)
        slope = K.i0e(inner) - out * (K.sgn(inner) + 1 / inner)
        return dy * K.where(zero, 0.5 + K.zeros_like(x), slope)

    samples = unary()


# ---------------------------------------------------------------- statistics


@special("sinc")
@op("sinc", inplace=True, promote="float")
class Sinc:
    """y = sin(πx) / (πx), 1 at 0;  dx = dy (cos(πx) - y) / x, 0 at 0"""

    def forward(x):
        z = x * math.pi
        return np.where(x == 0, 1, np.sin(z) / np.where(x == 0, 1, z)).astype(x.dtype, copy=False)

    def backward(c, dy, x):
        zero = x == 0
        inner = K.where(zero, K.ones_like(x), x)
        z = inner * math.pi
        slope = (z * K.cos(z) - K.sin(z)) / (inner * inner * math.pi)
        return dy * K.conj(K.where(zero, K.zeros_like(x), slope))

    samples = unary()


@special("logit")
@op("logit", inplace=True, tensors=1, promote="float")
class Logit:
    """y = ln(x / (1 - x)), x held within [eps, 1 - eps] if eps is given;
    dx = dy / (x (1 - x)), 0 where x was held
    """

    def forward(x, eps=None):
        if eps is not None:
            x = np.minimum(np.maximum(x, x.dtype.type(eps)), x.dtype.type(1 - eps))
        return np.log(x / (1 - x))

    def backward(c, dy, x, eps):
        low, high = (0.0, 1.0) if eps is None else (eps, 1 - eps)
        outside = (x < low) | (x > high)
        beyond = K.full_like(dy, math.nan if eps is None else 0.0)
        return K.where(outside, beyond, dy / (x * (1 - x)))

    samples = unary(0.1, 0.9)


@special("entr")
@op("entr", fn=False, method=False, promote="float", node="SpecialEntr")
class Entr:
    """y = -x ln x, 0 at 0, -inf for x < 0;  dx = -dy (1 + ln x)"""

    def forward(x):
        y = -x * np.log(np.where(x > 0, x, 1))
        return np.where(np.isnan(x), x, np.where(x < 0, -np.inf, y)).astype(x.dtype, copy=False)

    def backward(c, dy, x):
        return dy * (-1 - K.log(x))

    samples = unary(0.1, 3)


@special("ndtr")
def ndtr(input, *, out=None):
    """Φ(x) = (1 + erf(x/√2)) / 2, the normal distribution function"""
    y = ((input * math.sqrt(0.5)).erf() + 1) * 0.5
    return y if out is None else into(out, y)


@special("ndtri")
@op("ndtri", fn=False, method=False, promote="float", node="SpecialNdtri")
class Ndtri:
    """y with Φ(y) = x;  dx = dy √(2π) e^(y²/2)"""

    def forward(x):
        return K.ndtri(x)

    def backward(c, dy, out):
        return dy * (math.sqrt(2 * math.pi) * K.exp(out * out * 0.5))

    samples = unary(0.1, 0.9)


@special("log_ndtr")
@op("log_ndtr", fn=False, method=False, promote="float", node="SpecialLogNdtr")
class LogNdtr:
    """y = ln Φ(x);  dx = dy √(2/π) / erfcx(-x/√2)"""

    def forward(x):
        return K.log_ndtr(x)

    def backward(c, dy, x):
        return dy / K.erfcx(x * -math.sqrt(0.5)) * math.sqrt(2 / math.pi)

    samples = unary()


# ---------------------------------------------------------------- orthogonal polynomials


def _polynomial(name: str, letter: str, first, step) -> None:
    """Register a family of polynomials by its recurrence:
    P₀ = 1, P₁ = first(x), P_k = step(k, x, P_k-1, P_k-2).
    """

    class Card:
        __doc__ = (
            f"z = {letter}ₙ(x), the polynomial of degree trunc(n) (0 for negative ones); "
            "not differentiable."
        )

        def forward(x, n):
            x, n = np.broadcast_arrays(x, n)
            degree = np.trunc(n)
            y = np.where(degree < 0, 0, np.where(degree == 0, 1, first(x)))
            before, last = np.ones_like(x), first(x)
            for k in range(2, int(degree.max(initial=0)) + 1):
                before, last = last, step(k, x, last, before)
                y = np.where(degree == k, last, y)
            return y.astype(x.dtype, copy=False)

    function = op("special_" + name, fn=False, method=False, promote="float", broadcast=True)(Card)
    special(name)(function)


def _chebyshev(k, x, last, before):
    return 2 * x * last - before


for _name, _letter, _first in (
    ("t", "T", lambda x: x),
    ("u", "U", lambda x: 2 * x),
    ("v", "V", lambda x: 2 * x - 1),
    ("w", "W", lambda x: 2 * x + 1),
):
    _polynomial(f"chebyshev_polynomial_{_name}", _letter, _first, _chebyshev)
    _polynomial(
        f"shifted_chebyshev_polynomial_{_name}",
        _letter + "*",
        lambda x, first=_first: first(2 * x - 1),
        lambda k, x, last, before: _chebyshev(k, 2 * x - 1, last, before),
    )
_polynomial(
    "hermite_polynomial_h", "H", lambda x: 2 * x, lambda k, x, p, q: 2 * (x * p - (k - 1) * q)
)
_polynomial("hermite_polynomial_he", "He", lambda x: x, lambda k, x, p, q: x * p - (k - 1) * q)
_polynomial(
    "laguerre_polynomial_l",
    "L",
    lambda x: 1 - x,
    lambda k, x, p, q: ((2 * k - 1 - x) * p - (k - 1) * q) / k,
)
_polynomial(
    "legendre_polynomial_p",
    "P",
    lambda x: x,
    lambda k, x, p, q: ((2 * k - 1) * x * p - (k - 1) * q) / k,
)


# ---------------------------------------------------------------- the long tail, from SciPy


def _scipy(name: str) -> Any:
    try:
        import scipy.special
    except ImportError:
        raise NotImplementedError(
            f"this function needs SciPy's {name}: pip install 'rushlight[scipy]'"
        ) from None
    return getattr(scipy.special, name)


def _borrowed(
    names: tuple, scipy_name: str, count: int, pick: int | None = None, fn: bool = False
) -> None:
    """Publish a function of SciPy's: computed in float64, the dtype kept, not differentiable."""

    if count == 1:

        class Card:
            __doc__ = f"SciPy's {scipy_name}; not differentiable."

            def forward(x):
                y = _scipy(scipy_name)(x.astype(np.float64))
                return np.asarray(y if pick is None else y[pick]).astype(x.dtype)
    else:

        class Card:
            __doc__ = f"SciPy's {scipy_name}; not differentiable."
            numbers = ()

            def forward(x, y):
                return np.asarray(_scipy(scipy_name)(x.astype(np.float64), y)).astype(x.dtype)

    function = op(names[0], fn=fn, method=fn, inplace=fn, promote="float", broadcast=count == 2)(
        Card
    )
    special(*names)(function)


for _ours, _theirs in (
    ("bessel_j0", "j0"),
    ("bessel_j1", "j1"),
    ("bessel_y0", "y0"),
    ("bessel_y1", "y1"),
    ("modified_bessel_i0", "i0"),
    ("modified_bessel_i1", "i1"),
    ("modified_bessel_k0", "k0"),
    ("modified_bessel_k1", "k1"),
    ("scaled_modified_bessel_k0", "k0e"),
    ("scaled_modified_bessel_k1", "k1e"),
):
    _borrowed((_ours,), _theirs, 1)
_borrowed(("airy_ai",), "airy", 1, pick=0)
_borrowed(("igamma", "gammainc"), "gammainc", 2, fn=True)
_borrowed(("igammac", "gammaincc"), "gammaincc", 2, fn=True)


@special("spherical_bessel_j0")
@op("spherical_bessel_j0", fn=False, method=False, promote="float")
class SphericalBesselJ0:
    """y = sin(x) / x, 1 at 0; not differentiable."""

    def forward(x):
        y = np.where(
            np.abs(x) < 0.5,
            1 - x * x / 6 * (1 - x * x / 20 * (1 - x * x / 42)),
            np.sin(x) / np.where(x == 0, 1, x),
        )
        return np.where(np.isinf(x), 0, y).astype(x.dtype, copy=False)
