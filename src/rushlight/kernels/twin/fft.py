"""Discrete Fourier transforms along one axis, by NumPy's pocketfft, which transforms float32 and
complex64 in their own precision.

back: with e^(+2πi jk / n); none is scaled but by `scale`.
"""

import numpy as np


def dft(x, axis, scale, back):
    """x (*, n, *) complex -> (*, n, *)"""
    y = np.fft.ifft(x, axis=axis, norm="forward") if back else np.fft.fft(x, axis=axis)
    return y if scale == 1 else y * x.real.dtype.type(scale)


def dft_real(x, axis, scale, half):
    """x (*, n, *) real -> (*, n // 2 + 1, *), or all frequencies (*, n, *)"""
    y = (np.fft.rfft if half else np.fft.fft)(x, axis=axis)
    return y if scale == 1 else y * x.dtype.type(scale)


def dft_to_real(x, axis, n, scale):
    """x (*, n // 2 + 1, *) complex -> (*, n, *) real"""
    y = np.fft.irfft(x, n, axis, "forward")
    return y if scale == 1 else y * y.dtype.type(scale)
