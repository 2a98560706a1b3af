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


# ---------------------------------------------------------------- the transforms under a window


@composite(
    "stft(input, n_fft: int, hop_length: int | None = None, win_length: int | None = None, "
    "window: Tensor | None = None, center: bool = True, pad_mode: str = 'reflect', "
    "normalized: bool = False, onesided: bool | None = None, "
    "return_complex: bool | None = None, align_to_window: bool | None = None)",
    at="torch Tensor",
)
def stft(input, *options):
    """Y[k, t] = Σ w[j] x[t hop + j] e^(-2πi jk / n) over j = 0 ... n - 1: the short-time Fourier
    transform

    n_fft           n, the length of a frame
    hop_length      the steps between frames; default n // 4
    win_length      the length of the window, which stands in the middle of a frame; default n
    window          (win_length); default: ones
    center          frames are centred at t hop: x is padded by n // 2 on both sides, as pad_mode
                    says
    normalized      divided by √n
    onesided        only the frequencies 0 ... n // 2; default: if all is real
    return_complex  False (deprecated): real and imaginary parts in a last dimension of 2
    align_to_window with center=False: the first window, not the first frame, begins with x
    shape           x (*, L) -> (*, N, T)
    errors          RuntimeError: lengths that do not fit, no return_complex for a real x
    """
    from . import spectrogram  # seldom needed

    return spectrogram.stft(input, *options)


@composite(
    "istft(input, n_fft: int, hop_length: int | None = None, win_length: int | None = None, "
    "window: Tensor | None = None, center: bool = True, normalized: bool = False, "
    "onesided: bool | None = None, length: int | None = None, return_complex: bool = False)",
    at="torch Tensor",
)
def istft(input, *options):
    """The signal with this short-time Fourier transform, by least squares: the frames' inverse
    transforms under the window, added up, over the sum of the windows' squares

    length  of the result; default: as far as whole frames reach
    shape   (*, N, T) -> (*, L)
    errors  RuntimeError: no complex input, sizes that do not fit, windows that leave a sample out
    source  Griffin & Lim 1984, doi:10.1109/TASSP.1984.1164317
    """
    from . import spectrogram

    return spectrogram.istft(input, *options)
