"""float16 and bfloat16 computed in float32 and rounded once.

A card with accumulate=True has its forward and backward run through these functions where its
tensors are of a 2-byte float dtype: sums and counts of such numbers stop growing at 256 (bfloat16)
or 2048 (float16), and every step of a formula would round again.
"""

from __future__ import annotations

from typing import Any

from ..core.dtype import float32
from ..core.tensor import Tensor
from ..kernels import in_single


def accumulating_backward(backward: Any) -> Any:
    """`backward` on 2-byte floats in float32, its gradients rounded; for arrays and Tensors."""
    on_arrays = in_single(backward)

    def in_float32(c, *args):
        narrow = [a for a in args if isinstance(a, Tensor) and a._a.itemsize == 2 and _floating(a)]
        if not narrow:
            return on_arrays(c, *args)
        d = narrow[0].dtype
        wide = [a.to(float32) if isinstance(a, Tensor) and a.dtype is d else a for a in args]
        results = backward(c, *wide)
        if type(results) is tuple:
            return tuple([_rounded(r, d) for r in results])
        return _rounded(results, d)

    return in_float32


def by_kernels(forward: Any, back: Any, wide: Any, wide_back: Any) -> tuple[Any, Any]:
    """`narrow` of a card whose forward and backward are one kernel each, which widens as many
    2-byte floats as it works on and rounds once; on Tensors backward is several steps.
    """

    def backward(c, dy, *args):
        return (wide_back if isinstance(dy, Tensor) else back)(c, dy, *args)

    return forward, backward


def _floating(t: Tensor) -> bool:
    return t._a.dtype.kind in "fV"


def _rounded(r: Any, d: Any) -> Any:
    return r.to(d) if isinstance(r, Tensor) and r.dtype is float32 else r
