"""Orthogonal polynomials of torch.special, by their recurrences.

This module is imported with rushlight.special, when it is first asked for.
"""

from __future__ import annotations

import numpy as np

from ..dispatch.registry import op
from ..kernels import K


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
