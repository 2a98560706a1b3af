"""Families of cards that are imported when one of their names is first asked for.

A program uses a few dozen of the 1,500 public names. What every program needs is imported with the
package; of the other families only the names are known at the start (ops/late_table.py, written by
tools/make_late_table.py), each with the family that has it: tables look a name up here before they
say that they do not have it, and Tensor has a `LateMethod` in the place of each method.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from ..core.tensor import Tensor

# name -> family, for the kinds of names that a family registers
CARDS: dict[str, str] = {}
FUNCTIONS: dict[str, str] = {}
FUNCTIONAL: dict[str, str] = {}
WORDS: dict[str, str] = {}  # K's words on Tensors, see on_tensors.py
LOADED: list[Any] = []  # called after a family was imported; see modes.py, levels.py
_package = ""


def promise(package: str, table: dict[str, dict[str, str]]) -> None:
    """Families of `package`: family -> {kind of names: the names}; kinds as in `_KINDS`."""
    global _package
    _package = package
    for family, kinds in table.items():
        for kind, names in kinds.items():
            if kind == "methods":
                for name in names.split():
                    setattr(Tensor, name, LateMethod(name, family))
            else:
                _KINDS[kind].update(dict.fromkeys(names.split(), family))


_KINDS = {"cards": CARDS, "functions": FUNCTIONS, "functional": FUNCTIONAL, "words": WORDS}


def load(family: str) -> None:
    """Import a family: it registers what it has."""
    name = f"{_package}.{family}"
    known = name in sys.modules
    import_module(name)
    if not known:
        for f in LOADED:
            f()


def find(names: dict[str, str], name: str) -> bool:
    """Import the family that has a name of this kind; False if no late one has."""
    family = names.get(name)
    if family is None:
        return False
    load(family)  # another thread that asks meanwhile waits for the import
    names.pop(name, None)
    return True


def complete() -> None:
    """Import every family."""
    for family in dict.fromkeys([f for names in _KINDS.values() for f in names.values()]):
        load(family)


class LateMethod:
    """A method of Tensor whose family is imported when it is first looked up."""

    __slots__ = ("family", "name")

    def __init__(self, name: str, family: str):
        self.name, self.family = name, family

    def __get__(self, instance: Any, owner: Any) -> Any:
        load(self.family)
        found = vars(Tensor)[self.name]
        if found is self:
            raise AttributeError(f"family {self.family} has no method {self.name}")
        return found.__get__(instance, owner)
