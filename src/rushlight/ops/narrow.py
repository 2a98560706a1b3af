"""float16 and bfloat16 computed in float32 and rounded once at the end, as PyTorch's kernels do.

Sums, means and counts of these dtypes go wrong in the dtype itself: 256 + 1 is 256 in bfloat16.
Both functions take arrays and Tensors, so that backward formulas can be differentiated again.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.tensor import Tensor
from ..kernels import K

_F32 = np.dtype(np.float32)


def is_narrow(x: Any) -> bool:
    """True for float16 and bfloat16 arrays and Tensors."""
    d = (x._a if isinstance(x, Tensor) else x).dtype
    return d.itemsize == 2 and d.kind in "fV"


def wide(x: Any) -> Any:
    """x in float32 if its dtype is narrow; anything else (None, numbers) as it is."""
    if x is None or not hasattr(x, "dtype") or not is_narrow(x):
        return x
    return K.astype(x, _F32)


def rounded(y: Any, x: Any) -> Any:
    """y in the dtype of x."""
    if y is None or x is None:
        return y
    a = y._a if isinstance(y, Tensor) else y
    d = (x._a if isinstance(x, Tensor) else x).dtype
    return y if a.dtype == d else K.astype(y, d)
