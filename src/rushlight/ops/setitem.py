"""x[key] = value."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.inplace import check_inplace
from ..core.grad_mode import mode
from ..core.memory import is_expanded
from ..core.tensor import Tensor, wrap
from ..dispatch.modes import ON, Named
from ..dispatch.out import expanded_error, is_dense, is_same, may_overlap, overlap_error
from ..dispatch.promotion import fits_anyway, fitted
from ..dispatch.registry import CARDS, apply_inplace, view_of
from .index import IndexPut, Key, other_dtype, put_at, result_ndim
from .keys import ALIAS, BOOL, I64, basic_card, index_arrays, list_key, split_key


def setitem(x: Tensor, key: Any, value: Any) -> None:
    """x[key] = value (broadcast, cast to x's dtype), in place."""
    if type(key) is Tensor and (type(value) is float or type(value) is int):
        if _filled(x, key._a, value):
            return
    given = value
    if isinstance(value, Tensor):
        pass
    elif isinstance(value, np.ndarray):
        value = wrap(value)
    elif isinstance(value, (bool, int, float, complex, np.number, np.bool_)):
        if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
            raise ValueError("Overflow when unpacking long long")
        value = wrap(fitted(value, x.dtype, any_size=True))
    else:
        raise TypeError(f"can't assign a {type(value).__name__} to a torch.{x.dtype.name} tensor")
    if type(key) is list:
        key = list_key(key)
    elif key is True:  # PyTorch adds a dimension and copies
        if x._a.size and is_expanded(x._a):
            raise expanded_error()
        key = None
    steps = key if type(key) is tuple else (key,)
    card = basic_card(x._a, steps)
    basic, advanced = steps, None
    if card is None:
        basic, advanced, card = (), index_arrays(x._a, steps), ALIAS
        if advanced is None:
            basic, advanced, card = split_key(x._a, key)
    basic = basic if ... in basic else (*basic, ...)
    if advanced is not None and not value._a.ndim and _is_fill(advanced, value):
        if any([isinstance(k, Tensor) and k._a.dtype == np.uint8 for k in _items(key)]):
            raise RuntimeError(
                "masked_fill_ only supports boolean masks, but got mask with dtype unsigned char\n"
                "  fix: mask.bool()"
            )
    if value is x or (value._v is not None and value._v is x._v):
        value = _apart(x._a[basic], value, advanced)
    if value._a.dtype is not x._a.dtype and value._a.dtype != x._a.dtype:
        if advanced is not None and isinstance(given, Tensor) and not _is_fill(advanced, value):
            raise other_dtype(x, value)
        if x._a.dtype.kind not in "fcV":
            value = value.detach()
        if value._rg and advanced is None:  # its gradient is summed in its own dtype
            value = _spread(value, x._a[basic].shape)
        value = value.to(x.dtype)
    track = mode.grad and (x._rg or value._rg)
    if track or ON[0]:
        target = view_of(card, x, x._a[basic], (basic,))
        if track:
            check_inplace(target)
        if advanced is None:
            value = value if value._a.dtype == target._a.dtype else value.to(x.dtype)
            value = trimmed(value, target._a.ndim)
            try:
                apply_inplace(CARDS["copy"], (target, value))
            except RuntimeError:
                _check_fits(given, value, target._a.shape)
                raise
        else:
            value = trimmed(value, result_ndim(target._a, advanced))
            apply_inplace(IndexPut, (target, value, Key(advanced, key), False))
        return
    a = x._a[basic]
    if not a.flags.forc and advanced is None and a.size > 1 and is_expanded(a):
        raise expanded_error()
    if advanced is not None:
        if value._a.ndim:
            value = trimmed(value, result_ndim(a, advanced))
        put_at(a, advanced, value._a, False)
    else:
        try:
            a[...] = value._a
        except ValueError:
            _check_fits(given, value, a.shape)
            a[...] = trimmed(value, a.ndim)._a
    x._bump()


def _filled(x: Tensor, key: Any, number: Any) -> bool:
    """A number that x can hold, put at one mask or index tensor; False: something needs a look."""
    a = x._a
    if ON[0] or (x._rg and mode.grad) or not (type(a) is np.ndarray is type(key)):
        return False
    if not (key.shape == a.shape if key.dtype is BOOL else key.dtype is I64) or not key.ndim:
        return False
    if not a.ndim or not a.flags.writeable or not fits_anyway(number, x.dtype):
        return False
    put_at(a, (key,), np.array(number, a.dtype), False)
    x._bump()
    return True


def _items(key: Any) -> tuple:
    return key if type(key) is tuple else (key,)


def _spread(value: Tensor, shape: tuple) -> Tensor:
    try:
        fits = np.broadcast_shapes(value._a.shape, shape) == shape
    except ValueError:  # said later
        fits = False
    return value.expand(shape) if fits else value


def _apart(a: np.ndarray, value: Tensor, advanced: tuple | None) -> Tensor:
    """value, which lies in the memory that is written to; one number is copied first.

    RuntimeError: it meets what is written, and is not all of it (x[...] = x).
    """
    if value._a.size == 1 and (advanced is None or _is_fill(advanced, value)):
        return value.clone()
    if may_overlap(a, value._a) and is_dense(a) and is_dense(value._a):
        if advanced is not None or not is_same(a, value._a):
            raise overlap_error()
    return value


def _check_fits(given: Any, value: Tensor, shape: tuple) -> None:
    """RuntimeError, of expand and of the value as it was given: it does not broadcast to shape."""
    trimmed(given if isinstance(given, Tensor) else value, len(shape)).expand(shape)


def _is_fill(key: tuple, value: Tensor) -> bool:
    """One number at one mask: PyTorch fills, and casts."""
    arrays = [k for k in key if not isinstance(k, slice)]
    return value._a.size == 1 and len(arrays) == 1 and arrays[0].dtype.kind == "b"


def trimmed(value: Tensor, ndim: int) -> Tensor:
    """value without leading dimensions of size 1 that the target lacks."""
    while value._a.ndim > ndim and value._a.shape[0] == 1:
        value = value[0]
    return value


Tensor.__setitem__ = setitem
setitem.operator_of = Named("setitem")  # type: ignore[attr-defined]
