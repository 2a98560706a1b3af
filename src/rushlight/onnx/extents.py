"""Sizes that are not the same in every run of a model.

A model is run several times, with other sizes of its dynamic dimensions (tracing.py). A number that
was the same each time is an int; one that was not is an Extent: the numbers of all runs. Arithmetic
is done for each run, and what comes out the same is an int again. What needs one certain number
raises Varies.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any


class Varies(Exception):
    """A size that follows the input is needed as a certain number."""


def merged(values: tuple[int, ...]) -> Any:
    """One int if they are all the same, else an Extent."""
    return values[0] if all(v == values[0] for v in values) else Extent(values)


class Extent:
    """The numbers that one size had, run by run."""

    __slots__ = ("values",)

    def __init__(self, values: tuple[int, ...]):
        self.values = tuple(values)

    def _with(self, other: Any, f: Callable) -> Any:
        if isinstance(other, Extent):
            return merged(tuple(f(a, b) for a, b in zip(self.values, other.values, strict=True)))
        if isinstance(other, int):
            return merged(tuple(f(a, other) for a in self.values))
        return NotImplemented

    def __add__(self, other: Any) -> Any:
        return self._with(other, operator.add)

    def __sub__(self, other: Any) -> Any:
        return self._with(other, operator.sub)

    def __rsub__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: b - a)

    def __mul__(self, other: Any) -> Any:
        return self._with(other, operator.mul)

    def __floordiv__(self, other: Any) -> Any:
        return self._with(other, operator.floordiv)

    def __mod__(self, other: Any) -> Any:
        return self._with(other, operator.mod)

    def __neg__(self) -> Any:
        return self * -1

    __radd__, __rmul__ = __add__, __mul__

    def _compared(self, other: Any, f: Callable) -> bool:
        others = other.values if isinstance(other, Extent) else (other,) * len(self.values)
        found = {f(a, b) for a, b in zip(self.values, others, strict=True)}
        if len(found) > 1:
            raise Varies("what is done depends on a size that follows the input")
        return found.pop()

    def __eq__(self, other: object) -> bool:
        others = other.values if isinstance(other, Extent) else (other,) * len(self.values)
        return self.values == others

    def __hash__(self) -> int:
        return hash(self.values)

    def __lt__(self, other: Any) -> bool:
        return self._compared(other, operator.lt)

    def __le__(self, other: Any) -> bool:
        return self._compared(other, operator.le)

    def __gt__(self, other: Any) -> bool:
        return self._compared(other, operator.gt)

    def __ge__(self, other: Any) -> bool:
        return self._compared(other, operator.ge)

    def __index__(self) -> int:
        shown = ", ".join(map(str, self.values[:3]))
        raise Varies(f"a size that follows the input ({shown}, ...) has to be a certain number")

    __int__ = __float__ = __bool__ = __index__

    def __repr__(self) -> str:
        return f"Extent{self.values}"


def certain(value: Any) -> Any:
    """value, in which there must be no Extent. Varies: there is one."""
    if isinstance(value, Extent):
        value.__index__()
    if isinstance(value, (list, tuple)):
        return type(value)([certain(v) for v in value])
    return value
