"""Tensors and views made in one call: what every operation ends with.

A good part of a small operation's time is here, so native/tensors.cpp has the same functions.
core/tensor.py tells both of its classes, by `learn`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels import as_array, native
from .dtype import FROM_NUMPY, from_numpy_dtype
from .memory import new
from .meta import MetaArray

_ndarray = np.ndarray
_known: list[Any] = []


def learn(tensor: type, view_info: type, size: type) -> None:
    """The classes Tensor, ViewInfo and Size."""
    _known[:] = tensor, view_info
    if native is not None:
        native.learn(tensor, view_info, size, _array, FROM_NUMPY, from_numpy_dtype)


def learn_parameter(parameter: type) -> None:
    """The class Parameter, whose instances are looked at as those of Tensor."""
    _usual.update((_known[0], parameter))
    if native is not None:
        native.learn_parameter(parameter)


_usual: set[type] = set()


def _array(a: Any) -> Any:
    """An array for a tensor, out of what a formula gave."""
    return a if type(a) is _ndarray or isinstance(a, MetaArray) else as_array(a)


def _wrap(a: Any) -> Any:
    """A Tensor of this array: no copy, no history, no checks."""
    t = new(_known[0])
    t._a = _array(a)
    t._rg = False
    t._node = t._view = t._v = None
    return t


def _wrap_beside(a: Any, *operands: Any) -> Any:
    """wrap(a), or None if an array among the operands does not lie in row-major order."""
    for x in operands:
        if type(x) is _ndarray and not x.flags.c_contiguous:
            return None
    return _wrap(a)


def _share(x: Any, array: Any, card: Any, options: tuple, several: str | None) -> Any:
    """A view of x that `card` made with these options, not recorded; of a list of arrays a tuple.

    It shares x's version and knows its base. several: the card's name if it is one of several.
    """
    if type(array) is list:
        return tuple([_share(x, a, card, options, several) for a in array])
    tensor, view_info = _known
    if x._v is None:
        x._v = [0]
    t = new(tensor)
    t._a, t._rg, t._node, t._v = array, False, None, x._v
    info, step = x._view, ((card, options),)
    if info is None:
        t._view = view_info(x, step, several)
    else:
        t._view = view_info(info.base, info.replay + step, several or info.multi_output)
    return t


def _plain_sizes(given: Any) -> tuple[int, ...] | None:
    """The tuple of sizes in f(2, 3) or f((2, 3)); None if they need a second look."""
    if type(given) is tuple and len(given) == 1 and type(given[0]) is tuple:
        given = given[0]
    if type(given) is not tuple or not all([type(n) is int and 0 <= n < 1 << 63 for n in given]):
        return None
    return given


def _look(tensors: Any) -> tuple[list, bool, bool] | None:
    """(arrays, alike, wanted): the `_a` of each, whether all have one shape, whether one wants a
    gradient; None unless it is a list or tuple of Tensors or Parameters of one dtype."""
    if type(tensors) not in (list, tuple) or not tensors:
        return None
    if not {type(t) for t in tensors} <= _usual:
        return None
    arrays = [t._a for t in tensors]
    if {type(a) for a in arrays} != {_ndarray} or len({id(a.dtype) for a in arrays}) != 1:
        return None
    alike = len({a.shape for a in arrays}) == 1
    return arrays, alike, any([t._rg for t in tensors])


def _put(x: Any, r: Any) -> bool | None:
    """The elements of r in those of x, as a change of it; None if that needs a second look."""
    a = x._a
    if type(a) is not _ndarray or type(r) is not _ndarray or r.dtype is not a.dtype:
        return None
    if r.shape != a.shape or not a.flags.carray or not r.flags.c_contiguous:
        return None
    a[...] = r
    x._bump()
    return True


wrap: Any = _wrap if native is None else native.wrap
wrap_beside: Any = _wrap_beside if native is None else native.wrap_beside
share: Any = _share if native is None else native.share
plain_sizes: Any = _plain_sizes if native is None else native.plain_sizes
look: Any = _look if native is None else native.look
put: Any = _put if native is None else native.put
