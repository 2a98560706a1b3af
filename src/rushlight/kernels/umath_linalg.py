"""NumPy's generalised LAPACK functions, run on one thread of the BLAS below them where matrices are
small.

OpenBLAS's threads spin for a while after each call, beside our own: svd of 128 x 128 took 1.6 ms
instead of 1.25, and the Fourier transform after it 1.2 times as long. From `_LARGE` rows on its
threads are worth that (docs/linalg.md).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

_LARGE = 256  # rows
_RAW: Any = np.linalg._umath_linalg  # type: ignore[attr-defined]
_BUILDS = ("scipy_openblas_{}64_", "openblas_{}64_", "openblas_{}")  # the names a build may use


@cache
def blas_threads() -> tuple[Callable[[], int], Callable[[int], Any]] | None:
    """The functions that read and set how many threads NumPy's OpenBLAS has; None: another BLAS."""
    import ctypes

    library = ctypes.CDLL(_RAW.__file__)  # and what it was linked with
    for name in _BUILDS:
        try:
            return (
                getattr(library, name.format("get_num_threads")),
                getattr(library, name.format("set_num_threads")),
            )
        except AttributeError:
            pass
    return None


@cache
def function(name: str) -> Any:
    """np.linalg's generalised function of this name, or None."""
    found = getattr(_RAW, name, None)
    if found is None:
        return None

    def run(x: np.ndarray, *more: Any) -> Any:
        threads = blas_threads() if x.shape[-1] < _LARGE else None
        before = 1 if threads is None else threads[0]()
        if threads is None or before == 1:
            return found(x, *more)
        threads[1](1)
        try:
            return found(x, *more)
        finally:
            threads[1](before)

    return run
