"""In which order the elements of results lie in memory: PyTorch's rules, in one place.

Values never depend on it, strides do. Arrays in row-major order, the ordinary case, cost nothing:
an elementwise op learns from the call that makes its result that there is nothing to do, and the
ops of images ask one flag.

    elementwise   as the operands lie; of two dimensions decides the first operand that has both
                  (`ordered`; NumPy takes row-major where operands disagree)
    "channels"    channels last, if the first operand is (`Card.order`)
    "convolution" likewise, if the first or the second is
    "input"       the order of the first operand
    "other"       elementwise, but the second operand is asked before the first
    "rows"        row-major
    "made"        as forward made it: of several operands, but not elementwise
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.memory_order import axes_of, is_channels_last, relaid

_ndarray = np.ndarray


def ordered(r: np.ndarray, operands: Any) -> np.ndarray:
    """r, an elementwise result, in the order that its operands ask for."""
    arrays = [a for a in operands if type(a) is _ndarray and a.ndim]
    if r.ndim < 2 or r.size < 2 or all([a.flags.c_contiguous for a in arrays]):
        return r
    return relaid(r, axes_of(r.shape, arrays))


def channels(r: np.ndarray, *images: Any) -> np.ndarray:
    """r in channels-last order if one of the images is and r has as many dimensions."""
    if type(r) is not _ndarray:
        return r
    for a in images:
        if type(a) is _ndarray and not a.flags.c_contiguous and is_channels_last(a):
            if r.ndim == a.ndim:
                return relaid(r, (0, *range(2, r.ndim), 1))
            break
    return r


def _as_input(r: np.ndarray, x: np.ndarray, *_: Any) -> np.ndarray:
    if x.flags.c_contiguous or r.ndim != x.ndim or r.ndim < 2:
        return r
    return relaid(r, axes_of(x.shape, [x]))


def _rows(r: np.ndarray, *_: Any) -> np.ndarray:
    return r if r.flags.c_contiguous else np.ascontiguousarray(r)


# orders of images: whether results lie channels last is asked of so many operands
IMAGES = {"channels": 1, "convolution": 2}
# order -> (the rule, how many operands it asks)
_RULES: dict[str, Any] = {
    **{order: (channels, count) for order, count in IMAGES.items()},
    "input": (_as_input, 1),
    "other": (lambda r, x, y: ordered(r, (y, x)), 2),
    "rows": (_rows, 0),
}


def keeping_back(backward: Any) -> Any:
    """backward whose first result, dx, lies channels last if dy does: the ops before then find
    both in one order."""

    def f(c: Any, dy: Any, *saved: Any, **mask: Any) -> Any:
        results = backward(c, dy, *saved, **mask)
        if type(dy) is not _ndarray or dy.flags.c_contiguous:
            return results
        if type(results) is not tuple:
            return channels(results, dy) if type(results) is _ndarray else results
        first = results[0]
        return (channels(first, dy), *results[1:]) if type(first) is _ndarray else results

    f.__name__, f.__doc__ = backward.__name__, backward.__doc__
    return f


def keeping(order: str, forward: Any) -> Any:
    """forward whose results lie as `order` says."""
    if order == "made":
        return forward
    rule, images = _RULES[order]

    def f(*args: Any) -> Any:
        r = forward(*args)
        if type(r) is tuple:
            if images and args[0].flags.c_contiguous:
                return r
            return tuple([rule(a, *args[:images]) if type(a) is _ndarray else a for a in r])
        return rule(r, *args[:images]) if type(r) is _ndarray else r

    f.__name__, f.__doc__ = forward.__name__, forward.__doc__
    known: Any = f
    known.plain = forward  # the written runners ask by themselves, see codegen.py
    return known
