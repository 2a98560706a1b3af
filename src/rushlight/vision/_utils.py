"""torchvision's small helpers: enums of texts, lists as texts."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any, TypeVar

__all__ = ["StrEnum", "StrEnumMeta", "sequence_to_str"]

T = TypeVar("T", bound=enum.Enum)


class StrEnumMeta(enum.EnumMeta):
    """`kind["name"]` finds a member whatever the case is."""

    auto = enum.auto

    def from_str(self: type[T], member: str) -> T:  # type: ignore[misc]
        """The member of this name; ValueError: there is none."""
        try:
            return self[member]
        except KeyError:
            raise ValueError(f"Unknown value '{member}' for {self.__name__}.") from None


class StrEnum(enum.Enum, metaclass=StrEnumMeta):
    """An enum whose members' names are what they mean."""


def sequence_to_str(seq: Sequence[Any], separate_last: str = "") -> str:
    """The items in quotes with commas between, separate_last before the last.

    >>> sequence_to_str(["a", "b", "c"], "or ")
    "'a', 'b', or 'c'"
    """
    items = [f"'{item}'" for item in seq]
    if not items:
        return ""
    if len(items) < 2 or not separate_last:
        return ", ".join(items)
    comma = "," if len(items) > 2 else ""
    return f"{', '.join(items[:-1])}{comma} {separate_last}{items[-1]}"
