"""Special functions, on NumPy."""

from __future__ import annotations

import math

import numpy as np

# Rational approximations of erf's inverse, highest power first: within |y| <= 0.7 in y², and beyond
# in sqrt(-log((1 - |y|) / 2)). Blair, Edwards, Johnson 1976, doi:10.1090/S0025-5718-1976-0421040-7
_CENTER = ((-0.140543331, 0.914624893, -1.645349621, 0.886226899),
           (0.012229801, -0.329097515, 1.442710462, -2.118377725, 1.0))  # fmt: skip
_TAIL = (1.641345311, 3.429567803, -1.624906493, -1.970840454), (1.6370678, 3.5438892, 1.0)
_SLOPE = 2 / math.sqrt(math.pi)  # erf's at 0

_erf, _erfc = (np.frompyfunc(f, 1, 1) for f in (math.erf, math.erfc))


def _ratio(x, parts):
    above, below = (np.polyval(p, x) for p in parts)
    return above / below


def erfinv(x):
    """y with erf(y) = x: a rational approximation, and twice Newton; ±inf at ±1, NaN beyond.

    Near ±1 Newton works on erfc, where erf has no digits left.
    """
    v = x.astype(np.float64)
    rest = 1 - np.abs(v)
    with np.errstate(all="ignore"):
        y = v * _ratio(v * v, _CENTER)
        tail = _ratio(np.sqrt(-np.log(rest / 2)), _TAIL)
        for _ in range(2):
            y = y - (_erf(y).astype(np.float64) - v) / (_SLOPE * np.exp(-y * y))
            tail = tail + (_erfc(tail).astype(np.float64) - rest) / (_SLOPE * np.exp(-tail * tail))
        y = np.where(rest >= 0.3, y, np.copysign(tail, v))
        y = np.where(rest > 0, y, np.where(rest == 0, np.copysign(np.inf, v), np.nan))
    return y.astype(x.dtype)
