# Made by tools/make_stubs.py from the schemas of the ops: `make stubs`.

from builtins import bool as _bool, complex as _complex, float as _float, int as _int, range as _range, str as _str, type as _type
from collections.abc import Callable, Iterable, Sequence
from typing import Any as _Any, Literal, overload
import numpy as np
from .random.generator import Generator as _Generator
from .core.size import Size as _Size
from .core.tensor import Tensor as Tensor
from .core.device import device as _device
from .core.dtype import dtype as _dtype
from .core.layout import layout as _layout
from .core.layout import memory_format as _memory_format
from . import return_types
_Number = _int | _float | _complex | _bool | np.number[_Any]

def airy_ai(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = Ai(x), Airy's function; not differentiable"""
def bessel_j0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = J₀(x), the Bessel function of the first kind; not differentiable"""
def bessel_j1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = J₁(x), the Bessel function of the first kind; not differentiable"""
def bessel_y0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = Y₀(x), the Bessel function of the second kind, NaN for x < 0; not differentiable"""
def bessel_y1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = Y₁(x), the Bessel function of the second kind, NaN for x < 0; not differentiable"""
def chebyshev_polynomial_t(input: Tensor, n: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = Tₙ(x), the polynomial of degree trunc(n) (0 for negative ones); not differentiable"""
def chebyshev_polynomial_u(input: Tensor, n: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = Uₙ(x), the polynomial of degree trunc(n) (0 for negative ones); not differentiable"""
def chebyshev_polynomial_v(input: Tensor, n: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = Vₙ(x), the polynomial of degree trunc(n) (0 for negative ones); not differentiable"""
def chebyshev_polynomial_w(input: Tensor, n: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = Wₙ(x), the polynomial of degree trunc(n) (0 for negative ones); not differentiable"""
def digamma(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = ψ(x), the slope of ln Γ;  dx = dy ψ'(x)"""
def entr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = -x ln x, 0 at 0, -inf for x < 0;  dx = -dy (1 + ln x)"""
def erf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = 2/√π ∫₀ˣ e^-t² dt;  dx = dy 2/√π e^-x²"""
def erfc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = 1 - erf(x);  dx = -dy 2/√π e^-x²"""
def erfcx(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = e^(x²) erfc(x);  dx = dy (2 x y - 2/√π)"""
def erfinv(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = erf⁻¹(x): erf(y) = x; ±inf at ±1, NaN beyond."""
def exp2(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = 2^x;  dx = dy · y ln 2"""
def expit(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = σ(x) = 1 / (1 + e^-x);  dx = dy y (1 - y)"""
def expm1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = e^x - 1, exact near 0;  dx = dy (y + 1)"""
def gammainc(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = P(a, x), the regularised lower incomplete gamma function: ∫₀ˣ t^(a-1) e^-t dt / Γ(a)"""
def gammaincc(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """z = Q(a, x), the regularised upper incomplete gamma function: ∫ₓ^∞ t^(a-1) e^-t dt / Γ(a)"""
def gammaln(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = ln |Γ(x)|;  dx = dy ψ(x)"""
def hermite_polynomial_h(input: Tensor, n: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = Hₙ(x), the polynomial of degree trunc(n) (0 for negative ones); not differentiable"""
def hermite_polynomial_he(input: Tensor, n: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = Heₙ(x), the polynomial of degree trunc(n) (0 for negative ones); not differentiable"""
def i0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = I₀(x), the modified Bessel function;  dx = dy I₁(x)"""
def i0e(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = e^-|x| I₀(x);  dx = dy (e^-|x| I₁(x) - sgn(x) y)"""
def i1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = I₁(x);  dx = dy (I₀(x) - y / x), dy / 2 at 0"""
def i1e(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = e^-|x| I₁(x);  dx = dy (e^-|x| I₀(x) - y (sgn(x) + 1/x)), dy / 2 at 0"""
def laguerre_polynomial_l(input: Tensor, n: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = Lₙ(x), the polynomial of degree trunc(n) (0 for negative ones); not differentiable"""
def legendre_polynomial_p(input: Tensor, n: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = Pₙ(x), the polynomial of degree trunc(n) (0 for negative ones); not differentiable"""
def log1p(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = ln(1 + x), exact near 0;  dx = dy / (1 + x)"""
def log_ndtr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = ln Φ(x);  dx = dy √(2/π) / erfcx(-x/√2)"""
@overload
def log_softmax(input: Tensor, dim: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, *, out: Tensor | None = None) -> Tensor:
    """y = x - log Σ e^x along dim"""
@overload
def log_softmax(input: Tensor, *, axis: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, out: Tensor | None = None) -> Tensor: ...
def logit(input: Tensor, eps: _Number | None = None, *, out: Tensor | None = None) -> Tensor:
    """y = ln(x / (1 - x)), x held within [eps, 1 - eps] if eps is given"""
@overload
def logsumexp(input: Tensor, dim: _int | Sequence[_int], keepdim: _bool = False, *, out: Tensor | None = None, keepdims: _bool = False) -> Tensor:
    """y = ln Σ e^x over dim (an int or several), by way of the maximum so that nothing overflows"""
@overload
def logsumexp(input: Tensor, *, axis: _int | Sequence[_int], keepdim: _bool = False, out: Tensor | None = None, keepdims: _bool = False) -> Tensor: ...
def modified_bessel_i0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = I₀(x), the modified Bessel function of the first kind; not differentiable"""
def modified_bessel_i1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = I₁(x), the modified Bessel function of the first kind; not differentiable"""
def modified_bessel_k0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = K₀(x), K the modified Bessel function of the second kind, NaN for x < 0; not differentiable"""
def modified_bessel_k1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = K₁(x), K the modified Bessel function of the second kind, NaN for x < 0; not differentiable"""
def multigammaln(input: Tensor, p: _int, *, out: Tensor | None = None) -> Tensor:
    """y = p(p - 1)/4 ln π + Σ ln Γ(x - j/2), j = 0...p-1;  dx = dy Σ ψ(x - j/2)"""
def ndtr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Φ(x) = (1 + erf(x/√2)) / 2, the normal distribution function"""
def ndtri(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y with Φ(y) = x;  dx = dy √(2π) e^(y²/2)"""
def polygamma(n: _int, input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = the n-th derivative of ψ at x, n ≥ 0;  dx = dy · the next one"""
def psi(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = ψ(x), the slope of ln Γ;  dx = dy ψ'(x)"""
def round(input: Tensor, *, decimals: _int = 0, out: Tensor | None = None) -> Tensor:
    """y = x rounded to `decimals` places (negative: to tens, hundreds...), halves to even.  grad 0"""
def scaled_modified_bessel_k0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = e^x K₀(x), K the modified Bessel function of the second kind, NaN for x < 0; not differentiable"""
def scaled_modified_bessel_k1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = e^x K₁(x), K the modified Bessel function of the second kind, NaN for x < 0; not differentiable"""
def shifted_chebyshev_polynomial_t(input: Tensor, n: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = T*ₙ(x), the polynomial of degree trunc(n) (0 for negative ones); not differentiable"""
def shifted_chebyshev_polynomial_u(input: Tensor, n: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = U*ₙ(x), the polynomial of degree trunc(n) (0 for negative ones); not differentiable"""
def shifted_chebyshev_polynomial_v(input: Tensor, n: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = V*ₙ(x), the polynomial of degree trunc(n) (0 for negative ones); not differentiable"""
def shifted_chebyshev_polynomial_w(input: Tensor, n: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = W*ₙ(x), the polynomial of degree trunc(n) (0 for negative ones); not differentiable"""
def sinc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = sin(πx) / (πx), 1 at 0;  dx = dy (cos(πx) - y) / x, 0 at 0"""
@overload
def softmax(input: Tensor, dim: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, *, out: Tensor | None = None) -> Tensor:
    """y = e^x / Σ e^x along dim"""
@overload
def softmax(input: Tensor, *, axis: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, out: Tensor | None = None) -> Tensor: ...
def spherical_bessel_j0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = sin(x) / x, 1 at 0; not differentiable"""
def xlog1py(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x ln(1 + y), 0 where x = 0 and y is no NaN; each a tensor or a number"""
def xlogy(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = x ln y, 0 where x = 0 and y is no NaN; each a tensor or a number"""
def zeta(input: Tensor, other: Tensor | _Number, *, out: Tensor | None = None) -> Tensor:
    """z = Σ (q + k)^-x, Hurwitz's zeta function; each a tensor or a number"""
