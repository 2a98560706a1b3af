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
    return x.itemsize == 2 and (x._a if isinstance(x, Tensor) else x).dtype.kind in "fV"


def wide(x: Any) -> Any:
    """x in float32 if its dtype is narrow; anything else (None, numbers) as it is."""
    if getattr(x, "itemsize", 0) != 2 or not is_narrow(x):
        return x
    return K.astype(x, _F32)


def rounded(y: Any, x: Any) -> Any:
    """y in the dtype of x."""
    if y is None or x is None or y.dtype is x.dtype:
        return y
    return K.astype(y, (x._a if isinstance(x, Tensor) else x).dtype)
