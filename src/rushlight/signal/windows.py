"""torch.signal.windows: windows of M samples, symmetric (sym=True) or of period M.

k = 0 ... M - 1 is the sample; n is M - 1 for a symmetric window and M otherwise. A window of one
sample is 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..core.dtype import dtype as DType
from ..core.dtype import float32, float64, get_default_dtype
from ..core.layout import layout as Layout
from ..core.layout import strided
from ..core.names import explain_missing
from ..core.tensor import Tensor
from ..ops.creation import finished

__path__: list[str] = []  # modules of PyTorch's below this one: core/path_table.py

__all__ = [
    "bartlett",
    "blackman",
    "cosine",
    "exponential",
    "gaussian",
    "general_cosine",
    "general_hamming",
    "hamming",
    "hann",
    "kaiser",
    "nuttall",
]


def _window(
    name: str, M: int, sym: bool, formula: Callable, dtype: Any, layout: Any, **options: Any
) -> Tensor:
    """formula(k, n) in dtype. ValueError: M, dtype or layout that no window has."""
    dtype = get_default_dtype() if dtype is None else dtype
    if layout is not strided:
        raise ValueError(f"{name} is implemented for strided tensors only, got: {layout}")
    if dtype is not float32 and dtype is not float64:
        raise ValueError(f"{name} expects float32 or float64 dtypes, got: {dtype}")
    if M < 0:
        raise ValueError(f"{name} requires non-negative window length, got M={M}")
    if isinstance(M, bool) or not hasattr(M, "__index__"):
        raise TypeError(f"{name}(): argument 'M' must be int, not {type(M).__name__}")
    k = np.arange(M, dtype=np.float64)
    w = np.ones(M) if M <= 1 else formula(k, M - 1 if sym else M)
    return finished(w.astype(dtype.np), **options)


def exponential(
    M: int,
    *,
    center: float | None = None,
    tau: float = 1.0,
    sym: bool = True,
    dtype: DType | None = None,
    layout: Layout = strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """w[k] = e^(-|k - center| / tau); center: n / 2 unless given

    shape   (M)
    errors  ValueError: tau <= 0, a center for a symmetric window, a negative M, another dtype than
            float32 and float64
    """
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")

    def formula(k, n):
        return np.exp(-np.abs(k - (n / 2 if center is None else center)) / tau)

    return _window(
        "exponential", M, sym, formula, dtype, layout, device=device, requires_grad=requires_grad
    )


def cosine(
    M: int,
    *,
    sym: bool = True,
    dtype: DType | None = None,
    layout: Layout = strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """w[k] = sin(π (k + 1/2) / (n + 1))

    shape   (M)
    errors  ValueError: a negative M, another dtype than float32 and float64
    """
    return _window(
        "cosine",
        M,
        sym,
        lambda k, n: np.sin(np.pi * (k + 0.5) / (n + 1)),
        dtype,
        layout,
        device=device,
        requires_grad=requires_grad,
    )


def gaussian(
    M: int,
    *,
    std: float = 1.0,
    sym: bool = True,
    dtype: DType | None = None,
    layout: Layout = strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """w[k] = e^(-((k - n/2) / std)² / 2)

    shape   (M)
    errors  ValueError: std <= 0, a negative M, another dtype than float32 and float64
    """
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    return _window(
        "gaussian",
        M,
        sym,
        lambda k, n: np.exp(-(((k - n / 2) / std) ** 2) / 2),
        dtype,
        layout,
        device=device,
        requires_grad=requires_grad,
    )


def kaiser(
    M: int,
    *,
    beta: float = 12.0,
    sym: bool = True,
    dtype: DType | None = None,
    layout: Layout = strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """w[k] = I₀(β √(1 - (2k / n - 1)²)) / I₀(β)

    shape   (M)
    errors  ValueError: β < 0, a negative M, another dtype than float32 and float64
    """
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")
    return _window(
        "kaiser",
        M,
        sym,
        lambda k, n: np.i0(beta * np.sqrt(np.maximum(0, 1 - (2 * k / n - 1) ** 2))) / np.i0(beta),
        dtype,
        layout,
        device=device,
        requires_grad=requires_grad,
    )


def hamming(
    M: int,
    *,
    sym: bool = True,
    dtype: DType | None = None,
    layout: Layout = strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """w[k] = 0.54 - 0.46 cos(2πk / n)

    shape   (M)
    errors  ValueError: a negative M, another dtype than float32 and float64
    """
    return general_hamming(
        M, sym=sym, dtype=dtype, layout=layout, device=device, requires_grad=requires_grad
    )


def hann(
    M: int,
    *,
    sym: bool = True,
    dtype: DType | None = None,
    layout: Layout = strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """w[k] = 1/2 - cos(2πk / n) / 2

    shape   (M)
    errors  ValueError: a negative M, another dtype than float32 and float64
    """
    return general_hamming(
        M,
        alpha=0.5,
        sym=sym,
        dtype=dtype,
        layout=layout,
        device=device,
        requires_grad=requires_grad,
    )


def blackman(
    M: int,
    *,
    sym: bool = True,
    dtype: DType | None = None,
    layout: Layout = strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """w[k] = 0.42 - 0.5 cos(2πk / n) + 0.08 cos(4πk / n)

    shape   (M)
    errors  ValueError: a negative M, another dtype than float32 and float64
    """
    return _cosines("blackman", M, (0.42, 0.5, 0.08), sym, dtype, layout, device, requires_grad)


def bartlett(
    M: int,
    *,
    sym: bool = True,
    dtype: DType | None = None,
    layout: Layout = strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """w[k] = 1 - |2k / n - 1|

    shape   (M)
    errors  ValueError: a negative M, another dtype than float32 and float64
    """
    return _window(
        "bartlett",
        M,
        sym,
        lambda k, n: 1 - np.abs(2 * k / n - 1),
        dtype,
        layout,
        device=device,
        requires_grad=requires_grad,
    )


def general_cosine(
    M: int,
    *,
    a: Iterable,
    sym: bool = True,
    dtype: DType | None = None,
    layout: Layout = strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """w[k] = Σ (-1)^i a[i] cos(2πik / n)

    shape   (M)
    errors  TypeError: a is no sequence; ValueError: a is empty, a negative M, another dtype than
            float32 and float64
    """
    return _cosines("general_cosine", M, a, sym, dtype, layout, device, requires_grad)


def _cosines(name, M, a, sym, dtype, layout, device, requires_grad) -> Tensor:
    if not isinstance(a, Iterable):
        raise TypeError("Coefficients must be a list/tuple")
    a = [float(c) for c in a]
    if not a:
        raise ValueError("Coefficients cannot be empty")

    def formula(k, n):
        return sum((-1) ** i * c * np.cos(2 * np.pi * i * k / n) for i, c in enumerate(a))

    return _window(name, M, sym, formula, dtype, layout, device=device, requires_grad=requires_grad)


def general_hamming(
    M: int,
    *,
    alpha: float = 0.54,
    sym: bool = True,
    dtype: DType | None = None,
    layout: Layout = strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """w[k] = α - (1 - α) cos(2πk / n)

    shape   (M)
    errors  ValueError: a negative M, another dtype than float32 and float64
    """
    return general_cosine(
        M,
        a=[alpha, 1.0 - alpha],
        sym=sym,
        dtype=dtype,
        layout=layout,
        device=device,
        requires_grad=requires_grad,
    )


def nuttall(
    M: int,
    *,
    sym: bool = True,
    dtype: DType | None = None,
    layout: Layout = strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """w[k] = 0.3635819 - 0.4891775 cos(2πk / n) + 0.1365995 cos(4πk / n) - 0.0106411 cos(6πk / n)

    shape   (M)
    errors  ValueError: a negative M, another dtype than float32 and float64
    source  Nuttall 1981, doi:10.1109/TASSP.1981.1163506
    """
    return general_cosine(
        M,
        a=[0.3635819, 0.4891775, 0.1365995, 0.0106411],
        sym=sym,
        dtype=dtype,
        layout=layout,
        device=device,
        requires_grad=requires_grad,
    )


explain_missing(__name__)
