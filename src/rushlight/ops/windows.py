"""Windows for spectra: torch.hann_window and its relatives.

w the samples, i = 0 ... window_length - 1; n is window_length for a periodic window, and
window_length - 1 for a symmetric one. A window of one sample is 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.dtype import FLOAT
from ..core.tensor import Tensor
from ..dispatch.registry import composite
from .creation import OPTIONS, dtype_of, finished

_WINDOW = "window_length: int, periodic: bool = True"


def _samples(
    name: str, window_length: Any, periodic: bool, dtype: Any, formula: Any, options: dict
) -> Tensor:
    """formula(i, n) of the samples i; n is the period."""
    d = dtype_of(dtype, name)
    if isinstance(window_length, bool) or not hasattr(window_length, "__index__"):
        raise TypeError(
            f"{name}(): argument 'window_length' (position 1) must be int, not "
            f"{type(window_length).__name__}"
        )
    if d.category != FLOAT:
        raise RuntimeError(f"{name} expects floating point dtypes, got: {d}")
    if window_length < 0:
        raise RuntimeError(
            f"{name} requires non-negative window_length, got window_length={window_length}"
        )
    a = np.ones(window_length)
    if window_length > 1:
        a = formula(np.arange(window_length), window_length if periodic else window_length - 1)
    return finished(a.astype(d.np), **options)


@composite(f"hann_window({_WINDOW}, *, {OPTIONS})", at="torch")
def hann_window(window_length, periodic, *, dtype, **options):
    """w[i] = 0.5 - 0.5 cos(2π i / n), n = window_length if periodic, else window_length - 1.

    shape   (window_length)
    errors  RuntimeError: a negative window_length; a dtype that is not floating
    """
    return _samples(
        "hann_window",
        window_length,
        periodic,
        dtype,
        lambda i, n: 0.5 - 0.5 * np.cos(2 * np.pi * i / n),
        options,
    )


@composite(
    f"hamming_window({_WINDOW}, alpha: float = 0.54, beta: float = 0.46, *, {OPTIONS})",
    at="torch",
)
def hamming_window(window_length, periodic, alpha, beta, *, dtype, **options):
    """w[i] = α - β cos(2π i / n), n as in hann_window.

    shape   (window_length)
    errors  RuntimeError: a negative window_length; a dtype that is not floating
    """
    return _samples(
        "hamming_window",
        window_length,
        periodic,
        dtype,
        lambda i, n: alpha - beta * np.cos(2 * np.pi * i / n),
        options,
    )


@composite(f"bartlett_window({_WINDOW}, *, {OPTIONS})", at="torch")
def bartlett_window(window_length, periodic, *, dtype, **options):
    """w[i] = 1 - |2i / n - 1|, n as in hann_window.

    shape   (window_length)
    errors  RuntimeError: a negative window_length; a dtype that is not floating
    """
    return _samples(
        "bartlett_window",
        window_length,
        periodic,
        dtype,
        lambda i, n: 1 - np.abs(2 * i / n - 1),
        options,
    )


@composite(f"blackman_window({_WINDOW}, *, {OPTIONS})", at="torch")
def blackman_window(window_length, periodic, *, dtype, **options):
    """w[i] = 0.42 - 0.5 cos(2π i / n) + 0.08 cos(4π i / n), n as in hann_window.

    shape   (window_length)
    errors  RuntimeError: a negative window_length; a dtype that is not floating
    """
    return _samples(
        "blackman_window",
        window_length,
        periodic,
        dtype,
        lambda i, n: 0.42 - 0.5 * np.cos(2 * np.pi * i / n) + 0.08 * np.cos(4 * np.pi * i / n),
        options,
    )


@composite(f"kaiser_window({_WINDOW}, beta: float = 12.0, *, {OPTIONS})", at="torch")
def kaiser_window(window_length, periodic, beta, *, dtype, **options):
    """w[i] = I₀(β √(1 - (2i / n - 1)²)) / I₀(β), n as in hann_window.

    shape   (window_length)
    errors  RuntimeError: a negative window_length; a dtype that is not floating
    """

    def formula(i, n):
        return np.i0(beta * np.sqrt(np.maximum(0, 1 - (2 * i / n - 1) ** 2))) / np.i0(beta)

    return _samples("kaiser_window", window_length, periodic, dtype, formula, options)
