"""torch.export.Dim: names for sizes that may differ. Nothing is exported here; a program may say
which sizes of its inputs could change."""

from __future__ import annotations

from enum import Enum
from typing import Any

__all__ = ["Dim", "dims"]


class _Hint(Enum):
    """How a size is to be treated: found out, changing, fixed."""

    AUTO, DYNAMIC, STATIC = 1, 2, 3

    def __repr__(self) -> str:
        return f"DimHint({self.name})"

    def __call__(self, min: int | None = None, max: int | None = None) -> _Hint:
        """The hint with bounds: the hint."""
        return self


class Dim:
    """A size with a name, and bounds.

    errors  AssertionError: no identifier, min above max

    >>> Dim("batch", max=8), 2 * Dim("s") + 1
    (Dim('batch', min=0, max=8), 2*s + 1)
    """

    AUTO, DYNAMIC, STATIC = _Hint.AUTO, _Hint.DYNAMIC, _Hint.STATIC

    def __init__(self, name: str, *, min: int | None = None, max: int | None = None):
        low, high = 0 if min is None else min, max
        if high is not None and high <= low:
            raise AssertionError(f"Cannot create Dim with inconsistent min={min}, max={max}")
        if not name.isidentifier():
            raise AssertionError(f"Dim name must be a valid identifier, got {name}")
        self.__name__, self.min = name, low
        self.max: Any = _Unbounded() if high is None else high

    def __repr__(self) -> str:
        bounds = [f"min={self.min}"] if self.min != 2 else []
        bounds += [f"max={self.max}"] if isinstance(self.max, int) else []
        return f"Dim({', '.join([repr(self.__name__), *bounds])})"

    def __add__(self, other: int) -> _Derived:
        return _Derived(self, 1, _whole(other))

    def __sub__(self, other: int) -> _Derived:
        return _Derived(self, 1, -_whole(other))

    def __mul__(self, other: int) -> _Derived:
        return _Derived(self, _whole(other), 0)

    __radd__, __rmul__ = __add__, __mul__


class _Unbounded:
    """The bound of a size that has none."""

    def __repr__(self) -> str:
        return "int_oo"


class _Derived(Dim):
    """factor · root + offset"""

    def __init__(self, root: Dim, factor: int, offset: int):
        self.root, self.factor, self.offset = root, factor, offset
        text = root.__name__ if factor == 1 else f"{factor}*{root.__name__}"
        sign = "-" if offset < 0 else "+"
        self.__name__ = f"{text} {sign} {abs(offset)}" if offset else text

    def __repr__(self) -> str:
        return self.__name__

    def __add__(self, other: int) -> _Derived:
        return _Derived(self.root, self.factor, self.offset + _whole(other))

    def __sub__(self, other: int) -> _Derived:
        return _Derived(self.root, self.factor, self.offset - _whole(other))

    def __mul__(self, other: int) -> _Derived:
        n = _whole(other)
        return _Derived(self.root, self.factor * n, self.offset * n)

    __radd__, __rmul__ = __add__, __mul__


def _whole(n: Any) -> int:
    if not isinstance(n, int):
        raise NotImplementedError(f"Attempted to use {n!r} with a Dim: only whole numbers")
    return n


def dims(*names: str, min: int | None = None, max: int | None = None) -> tuple[Dim, ...]:
    """Dims of these names, with the same bounds."""
    return tuple(Dim(name, min=min, max=max) for name in names)
