"""Powers whose two-byte floats PyTorch rounds in its own way."""

from __future__ import annotations

import numpy as np

from ..seam import K, in_single

_rounded_once = in_single(lambda x: x * x * x)


def cube(x):
    """x³; of bfloat16 x² is rounded, too"""
    return _rounded_once(x) if x.dtype == np.float16 else K.mul(K.square(x), x)
