"""Operators of Python.

The fast way in for two tensors of one float dtype, or a tensor and a number.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.node import edge_of, make_node
from ..core.grad_mode import inferring, mode
from ..core.tensor import Tensor, new
from .call import apply, record
from .inplace import apply_inplace
from .messages import explain
from .op import Card

_ndarray = np.ndarray
_F32, _F64 = np.dtype(np.float32), np.dtype(np.float64)


def binary_operator(card: Card, ufunc: Any) -> tuple[Any, Any]:
    """(x op y, y op x) as methods: one float dtype or a number goes straight to the kernel."""
    node_type, save, cross = card.node_type, card.save, card.save_if == (1, 0)
    differentiable = card.backward is not None

    def forward(x, y):
        if inferring[0]:
            pass  # results may have to be marked: the long way
        elif isinstance(y, Tensor):
            a, b = x._a, y._a
            d = a.dtype
            if d is b.dtype and (d is _F32 or d is _F64):
                try:
                    r = ufunc(a, b)
                except ValueError as e:
                    raise explain(card, (x, y), e) from None
                t = new(Tensor)
                t._a = r if type(r) is _ndarray else np.asarray(r)
                t._rg = False
                t._node = t._view = t._v = None
                if (x._rg or y._rg) and differentiable and mode.grad:
                    ex, ey = edge_of(x), edge_of(y)
                    if not save:
                        saved = ()
                    elif cross:
                        saved = (None if ey is None else x, None if ex is None else y)
                    else:
                        record(card, (x, y), (t._a,), (t,))
                        return t
                    shapes = None if a.shape == b.shape else (a.shape, b.shape)
                    t._node = make_node(node_type, (ex, ey), saved, shapes)
                    t._slot = 0
                    t._rg = True
                return t
        elif type(y) is float or type(y) is int:
            a = x._a
            if a.dtype is _F32 or a.dtype is _F64:
                r = ufunc(a, y)
                t = new(Tensor)
                t._a = r if type(r) is _ndarray else np.asarray(r)
                t._rg = False
                t._node = t._view = t._v = None
                if x._rg and differentiable and mode.grad:
                    record(card, (x, np.asarray(y, a.dtype) if save else y), (t._a,), (t,))
                return t
        if not isinstance(y, (Tensor, int, float, complex, np.number, np.bool_, _ndarray)):
            return NotImplemented
        return apply(card, (x, y, *card.defaults))

    def reflected(x, y):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"descriptor requires a 'torch.Tensor' object but received a '{type(x).__name__}'"
            )
        if not isinstance(y, (Tensor, int, float, complex, np.number, np.bool_, _ndarray)):
            return NotImplemented
        return apply(card, (y, x, *card.defaults))

    return forward, reflected


def inplace_operator(card: Card, ufunc: Any) -> Any:
    """x op= y: without a gradient the ufunc writes straight into x."""

    def inplace(x, y):
        a = x._a
        if isinstance(y, Tensor):
            b = y._a
            plain = not ((x._rg or y._rg) and mode.grad) and a.dtype is b.dtype
        elif type(y) is float or type(y) is int:
            b, plain = y, not (x._rg and mode.grad)
        elif isinstance(y, (bool, complex, np.number, np.bool_, _ndarray)):
            plain = False
        else:
            return NotImplemented
        if plain and (a.dtype is _F32 or a.dtype is _F64) and a.flags.carray and not x._inference:
            try:
                ufunc(a, b, out=a)
            except ValueError as e:
                raise explain(card, (x, y), e, into=x) from None
            v = x._v
            if v is None:
                x._v = [1]
            else:
                v[0] += 1
            return x
        return apply_inplace(card, (x, y, *card.defaults))

    return inplace
