"""The two tables of converters, and what families share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...core.dtype import bool_, dtype, promote_types
from ..graph import Graph, Value

#: name of a card -> its converter
CARDS: dict[str, Callable] = {}
#: name of a composite, an operator such as "getitem", or a factory -> its converter
WHOLES: dict[str, Callable] = {}
#: composites whose result is the same for all inputs of one size: not recorded
NEVER = frozenset(
    "zeros_like ones_like full_like new_zeros new_ones new_full new_tensor zeros ones full "
    "eye empty empty_like new_empty".split()
)


def card(*names: str) -> Callable:
    """Decorator: the converter of these cards."""

    def register(f: Callable) -> Callable:
        CARDS.update(dict.fromkeys(names, f))
        return f

    return register


def whole(*names: str) -> Callable:
    """Decorator: the converter of these composites."""

    def register(f: Callable) -> Callable:
        WHOLES.update(dict.fromkeys(names, f))
        return f

    return register


def is_float(x: Any) -> bool:
    """A tensor of floats, or a float."""
    return x.dtype.is_floating_point if isinstance(x, Value) else isinstance(x, float)


def common(g: Graph, *operands: Any) -> list[Value]:
    """Operands in one dtype: that which PyTorch promotes them to, for comparisons."""
    found: dtype | None = None
    tensors = [x for x in operands if isinstance(x, Value)]
    ranked = [x for x in tensors if x.ndim] or tensors
    for x in ranked:
        found = x.dtype if found is None else promote_types(found, x.dtype)
    assert found is not None
    for x in operands:
        if isinstance(x, Value):
            if x.dtype.category > found.category:
                found = x.dtype
        elif isinstance(x, float) and not found.is_floating_point:
            from ...core.dtype import get_default_dtype

            found = get_default_dtype()
        elif isinstance(x, int) and not isinstance(x, bool) and found is bool_:
            from ...core.dtype import int64

            found = int64
    return [g.cast(x, found) for x in operands]


def axis(dim: int, ndim: int) -> int:
    """A dimension counted from the front."""
    return dim % max(ndim, 1)


def axes(dim: Any, ndim: int) -> list[int] | None:
    """Dimensions as a list counted from the front; None: all."""
    if not ndim or dim is None or (isinstance(dim, (list, tuple)) and not dim):
        return None
    return [axis(d, ndim) for d in (dim if isinstance(dim, (list, tuple)) else (dim,))]
