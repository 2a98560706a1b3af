"""The flops that a profile shows for an op, PyTorch's formulas: mm, addmm, bmm, baddbmm, conv2d,
add, mul. Others show none."""

from __future__ import annotations

from math import prod
from typing import Any

from ..core.tensor import Tensor


def event_flops(name: str, args: Any) -> int:
    """2 m n k for a product of (m, k) by (k, n), and so on; 0: not known."""
    formula: Any = _FORMULAS.get(name)
    if formula is None:
        return 0
    try:
        return int(formula(*args))
    except (AttributeError, IndexError, TypeError, ValueError):
        return 0


def _mm(x: Tensor, y: Tensor, *options: Any) -> int:
    return 2 * prod(x.shape) * y.shape[-1]


def _addmm(bias: Tensor, x: Tensor, y: Tensor, *options: Any) -> int:
    return _mm(x, y)


def _conv2d(x: Tensor, w: Tensor, bias: Any = None, stride: Any = 1, padding: Any = 0,
            dilation: Any = 1, groups: int = 1) -> int:  # fmt: skip
    stride, padding, dilation = (_pair(v) for v in (stride, padding, dilation))
    out = 1
    for i in range(2):
        kernel = dilation[i] * (w.shape[2 + i] - 1) + 1
        out *= (x.shape[2 + i] + 2 * padding[i] - kernel) // stride[i] + 1
    return 2 * x.shape[0] * out * prod(w.shape[1:]) * w.shape[0]


def _pair(v: Any) -> Any:
    return (v, v) if isinstance(v, int) else v


def _numel(x: Any, *others: Any) -> int:
    return prod(x.shape)


_FORMULAS = {
    "aten::mm": _mm,
    "aten::bmm": _mm,
    "aten::addmm": _addmm,
    "aten::_addmm_activation": _addmm,
    "aten::baddbmm": _addmm,
    "aten::conv2d": _conv2d,
    "aten::add": _numel,
    "aten::mul": _numel,
}
