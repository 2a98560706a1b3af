"""A look at the value that a pickle has made: how deep it is, and how large for whoever walks it.

Lists inside lists take one byte each in a pickle, and a program that prints, compares or copies
the result recurses into each of them. Values that stand at several places are one object in memory
and several for such a program: 40 tuples, each with the one before in it twice, are 2^40.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from pickle import UnpicklingError
from typing import Any

__all__ = ["check_shape"]

MAX_DEPTH = 500
MAX_MEETINGS = 10_000_000  # values met by a program that walks the result, and
MEETINGS_PER_OPCODE = 100

_SEQUENCES = (list, tuple, set, frozenset, deque)
_DICTS = (dict, OrderedDict, defaultdict, Counter)
_PLAIN = frozenset((*_SEQUENCES, *_DICTS))


def _parts(value: Any) -> list[Any]:
    """What stands inside of a value: items, values of keys, attributes."""
    kind = type(value)
    if kind in _DICTS:
        parts = list(value.values())
        attributes = getattr(value, "__dict__", None)
        return [*parts, attributes] if attributes else parts
    if kind in _SEQUENCES:
        return list(value)
    if isinstance(value, type):
        return []
    attributes = getattr(value, "__dict__", None)
    parts = list(attributes.values()) if type(attributes) is dict else []
    if isinstance(value, dict):
        return [*parts, *dict.values(value)]
    return [*parts, *value] if isinstance(value, (list, tuple)) else parts


_LEAVES = frozenset((int, float, str, bool, bytes, type(None), complex, bytearray))


def check_shape(root: Any, opcodes: int) -> None:
    """UnpicklingError: deeper than MAX_DEPTH, or more to walk than its opcodes account for."""
    limit = MAX_MEETINGS + MEETINGS_PER_OPCODE * opcodes
    if type(root) in _LEAVES:
        return
    seen: dict[int, tuple[int, int]] = {id(root): (0, 0)}  # id -> (values met inside, height)
    path: list[list[Any]] = []  # [value, parts still to see, values met, height] above the present
    value, parts, met, height = root, _parts(root), 1, 1
    while True:
        while parts:
            part = parts.pop()
            if type(part) in _LEAVES:
                met += 1
                continue
            known = seen.get(id(part))
            if known is None:
                path.append([value, parts, met, height])
                seen[id(part)] = 0, 0  # met again below itself, it counts nothing
                value, parts, met, height = part, _parts(part), 1, 1
            else:
                met, height = met + known[0], max(height, known[1] + 1)
            if len(path) + height > MAX_DEPTH:
                raise UnpicklingError(f"values nested more than {MAX_DEPTH} deep")
        if met > limit:
            raise UnpicklingError(
                f"values inside values, again and again: to walk them all takes {met:,} steps"
            )
        counted = met if type(value) in _PLAIN else 1
        seen[id(value)] = counted, height
        if not path:
            return
        below = height
        value, parts, met, height = path.pop()
        met, height = met + counted, max(height, below + 1)
