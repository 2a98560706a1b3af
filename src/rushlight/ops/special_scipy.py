"""torch.special beyond what has a derivative: orthogonal polynomials, and functions of SciPy's.

SciPy is imported when one of its functions is called.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from ..dispatch.registry import op
from ..kernels import K

# ---------------------------------------------------------------- orthogonal polynomials


def _polynomial(name: str, letter: str, first, step) -> None:
    """Register a family of polynomials by its recurrence:
    P₀ = 1, P₁ = first(x), P_k = step(k, x, P_k-1, P_k-2).
    """

    class Polynomial:
        __doc__ = (
            f"z = {letter}ₙ(x), the polynomial of degree trunc(n) (0 for negative ones); "
            "not differentiable\n\n"
            "    shape   the operands are broadcast"
        )
        backward = None

        def forward(x, n):
            x, n = np.broadcast_arrays(x, n)
            degree = K.trunc(n)
            y = K.where(degree < 0, 0, K.where(degree == 0, 1, first(x)))
            before, last = K.ones_like(x), first(x)
            for k in range(2, int(degree.max(initial=0)) + 1):
                before, last = last, step(k, x, last, before)
                y = K.where(degree == k, last, y)
            return y.astype(x.dtype, copy=False)

    op(
        f"{name}(input, n: Tensor | Number, *, out=None)",
        at="special",
        promote="float",
        broadcast=True,
        not_for="c",
        kernel=f"{name}_cpu",
    )(Polynomial)


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
    """A function of scipy.special, imported when it is first called."""
    try:
        module = importlib.import_module("scipy.special")
    except ImportError:
        raise NotImplementedError(
            f"this function needs SciPy's {name}: pip install 'rushlight[scipy]'"
        ) from None
    return getattr(module, name)


def _from_scipy(name: str, theirs: str, pick: int | None = None) -> None:
    """Publish a function of one argument: computed in float64, the dtype kept."""

    class FromScipy:
        __doc__ = (
            f"SciPy's {theirs}; not differentiable\n\n"
            "    shape   x (*) -> y (*)\n    errors  NotImplementedError: SciPy is not installed"
        )
        backward = None

        def forward(x):
            y = _scipy(theirs)(x.astype(np.float64))
            return np.asarray(y if pick is None else y[pick]).astype(x.dtype)

    op(
        f"{name}(input, *, out=None)",
        at="special",
        promote="float",
        not_for="c",
        kernel=f"{name}_cpu",
    )(FromScipy)


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
    _from_scipy(_ours, _theirs)
_from_scipy("airy_ai", "airy", pick=0)


@op(
    "spherical_bessel_j0(input, *, out=None)",
    at="special",
    promote="float",
    not_for="c",
    kernel="spherical_bessel_j0_cpu",
)
class SphericalBesselJ0:
    """y = sin(x) / x, 1 at 0; not differentiable

    errors  NotImplementedError: complex numbers
    """

    backward = None

    def forward(x):
        y = K.where(
            K.abs(x) < 0.5,
            1 - x * x / 6 * (1 - x * x / 20 * (1 - x * x / 42)),
            K.sin(x) / K.where(x == 0, 1, x),
        )
        return K.where(K.isinf(x), 0, y).astype(x.dtype, copy=False)
