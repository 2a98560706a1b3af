"""Which names a function's code reads and stores: what of its surroundings can matter to it."""

from __future__ import annotations

import dis
import sys
import types
from functools import lru_cache
from typing import Any, NamedTuple

_PACKAGE = __name__.partition(".")[0]
_FOREIGN = frozenset({"numpy", "jax", "jaxlib", _PACKAGE})


class Names(NamedTuple):
    """Of a code object and those inside it.

    globals     loaded or stored as globals
    attributes  loaded or stored as attributes
    stored      of the attributes, those stored
    """

    globals: frozenset
    attributes: frozenset
    stored: frozenset


@lru_cache(None)
def names_of(code: types.CodeType) -> Names:
    """What the code of a function reads and stores."""
    loads: set[str] = set()
    attributes: set[str] = set()
    stored: set[str] = set()
    for i in dis.get_instructions(code):
        op = i.opname
        if op in ("LOAD_GLOBAL", "STORE_GLOBAL", "LOAD_NAME", "DELETE_GLOBAL"):
            loads.add(i.argval)
        elif op in ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR"):
            attributes.add(i.argval)
        elif op == "STORE_ATTR":
            stored.add(i.argval)
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            found = names_of(inner)
            loads |= found.globals
            attributes |= found.attributes
            stored |= found.stored
    return Names(frozenset(loads), frozenset(attributes | stored), frozenset(stored))


def is_users(module: str | None) -> bool:
    """Is a module neither ours nor Python's own, so that its code is looked into?"""
    top = (module or "").partition(".")[0]
    if top == "__main__":
        return True
    return top not in _FOREIGN and top not in sys.stdlib_module_names and top != "torch"


def is_ours(module: str | None) -> bool:
    """Is it a module of this package?"""
    top = (module or "").partition(".")[0]
    return top in (_PACKAGE, "torch", "torchvision")


@lru_cache(4096)
def methods(cls: type) -> dict[str, Any]:
    """{name: function} of a class and its bases, as far as users wrote them."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if not is_users(base.__module__):
            continue
        for name, f in vars(base).items():
            if isinstance(f, (staticmethod, classmethod)):
                f = f.__func__
            elif isinstance(f, property):
                f = f.fget
            if isinstance(f, types.FunctionType):
                found[name] = f
    return found
