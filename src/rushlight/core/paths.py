"""PyTorch's module names that have no file here: whose names they show, or why they are refused.

The table (path_table.py) says for each where its names live. Python's own finders come first, so a
file always takes precedence; `Finder` is asked last, and makes a `Place`, a module whose names are
looked up when they are asked for. `submodule` does the same for `torch.cuda.nvtx` without an import
of that name: every module's `__getattr__` ends there (names.py).

A refused module can be imported, since packages mention what they may never use. Its classes and
functions are those that PyTorch lists (pytorch_modules.txt, by tools/list_pytorch_modules.py):
`isinstance` and subclassing work, calling one is a NotImplementedError with name and reason.
Private modules of PyTorch's that are not in the table are not there: ModuleNotFoundError, as
packages that probe for them expect.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from . import names as _names
from .path_table import PATHS, PRIVATE, REFUSED

ROOT = __name__.partition(".")[0] + "."


class Finder:
    """The finder of `sys.meta_path` that is asked after all others."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
        if not name.startswith(ROOT):
            return None
        place = make(name)
        if place is None:
            return None
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, _Loader(place), is_package=True)  # type: ignore[arg-type]


class _Loader:
    """Hands out a module that is there already."""

    def __init__(self, module: ModuleType):
        self.module = module

    def create_module(self, spec: Any) -> ModuleType:
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        pass


def submodule(module: str, name: str) -> ModuleType | None:
    """The module `name` below `module`, imported, if PyTorch has it or the table; else None."""
    full = f"{module}.{name}"
    short = full.removeprefix(ROOT)
    if short == full or (row(short) is None and f"torch.{short}" not in modules()):
        return None
    parent = sys.modules[module]
    if not hasattr(parent, "__path__"):
        parent.__path__ = []  # type: ignore[attr-defined]  # else it could not have submodules
    try:
        return import_module(full)
    except ModuleNotFoundError as error:
        if error.name != full:
            raise
        return None


def row(name: str) -> tuple[tuple[str, ...], str] | None:
    """(where the names of a module are, why what else it has is refused); None: no such module."""
    homes = PATHS.get(name)
    why = _refused(name)
    if homes is None and not why:
        return None
    return tuple((homes or "").split()), why


def _refused(name: str) -> str:
    """The reason for a public module of PyTorch's, or one in PRIVATE; "" for others."""
    if f"torch.{name}" not in modules() and name not in PRIVATE:
        return ""
    while name:
        if name in REFUSED:
            return REFUSED[name]
        name = name.rpartition(".")[0]
    return ""


@cache
def modules() -> dict[str, str]:
    """PyTorch's public modules, "torch.nn.qat" -> names that it has: pytorch_modules.txt."""
    path = os.path.join(os.path.dirname(__file__), "pytorch_modules.txt")
    with open(path, encoding="utf-8") as lines:
        return {head: rest.strip() for head, _, rest in (line.partition(":") for line in lines)}


def make(name: str) -> Place | None:
    """The module of a full name, "rushlight.cuda.nvtx"; None if the table does not have it."""
    found = row(name.removeprefix(ROOT))
    return None if found is None else Place(name, *found)


class Place(ModuleType):
    """A module whose names are those of others, imported when one is asked for.

    homes   "nn.norm": its names; "nn.norm:GroupNorm": only this one; "a=nn.norm:b": b, as a
    why     the reason for refusing what else PyTorch has there; "" if nothing is refused
    """

    _homes: tuple[str, ...]
    _why: str

    def __init__(self, name: str, homes: tuple[str, ...], why: str):
        public = "torch." + name.removeprefix(ROOT)
        super().__init__(name, f"{public}: {why or 'see ' + ', '.join(homes)}")
        vars(self).update(_homes=homes, _why=why, __path__=[])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__") and name != "__all__":
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")
        if name == "__all__":
            return sorted(n for n in dir(self) if not n.startswith("_"))
        for home in self._homes:
            found = _from(home, name)
            if found is not _NOTHING:
                return found
        if self._why:
            found = _refusal("torch." + self.__name__.removeprefix(ROOT), name, self._why)
            if found is not _NOTHING:
                self.__dict__[name] = found
                return found
        return _names.elsewhere(self.__name__, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """A submodule that has been imported does not hide a function of its name."""
        public = "torch." + self.__name__.removeprefix(ROOT)
        if isinstance(value, ModuleType) and self._why and name in listed(public):
            return
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        found = set(vars(self)) - {"_homes", "_why"}
        for home in self._homes:
            module, _, only = home.rpartition("=")[2].partition(":")
            if only:
                found.add(home.partition("=")[0] if "=" in home else only)
            else:
                found.update(n for n in dir(_home(module)) if n[:2] != "__")
        if self._why:
            names = listed("torch." + self.__name__.removeprefix(ROOT))
            found.update(n for n, mark in names.items() if mark != "=")
        return sorted(found)


_NOTHING = object()


def _from(home: str, name: str) -> Any:
    """`name` as one home of a Place gives it, or _NOTHING."""
    shown, _, place = home.rpartition("=")
    module, _, only = place.partition(":")
    if only and name != (shown or only):
        return _NOTHING
    return getattr(_home(module), only or name, _NOTHING)


def _home(module: str) -> ModuleType:
    return import_module((ROOT + module).rstrip("."))


def listed(space: str) -> dict[str, str]:
    """name -> its mark, of a module in pytorch_modules.txt: "/" a class, "!" an exception,
    "{A,B}" an enumeration with its members, "=" a value, "" a function."""
    found = {}
    words = f"{modules().get(space, '')} {PRIVATE.get(space.removeprefix('torch.'), '')}"
    for word in words.split():
        name = word.partition("{")[0].rstrip("/!=")
        found[name] = word.removeprefix(name)
    return found


def _refusal(space: str, name: str, why: str) -> Any:
    """What stands for `name` of a refused module; _NOTHING for a value or an unknown name."""
    mark = listed(space).get(name, "=")
    if mark == "=":
        return _NOTHING
    if mark.startswith("{"):  # an enumeration: its members are names, and no more
        from enum import Enum

        members = mark.strip("{}").split(",")
        return Enum(name, members, module=space)  # type: ignore[misc]
    if mark == "!":
        return type(name, (RuntimeError,), {"__module__": space})
    return refused_class(space, name, why) if mark == "/" else refused_function(space, name, why)


def refused(name: str, why: str) -> NotImplementedError:
    """The error of what PyTorch has and rushlight leaves out; name: "torch.onnx.export"."""
    return NotImplementedError(f"rushlight does not have {name}: {why}")


class _RefusedType(type):
    """Classes that can be named and subclassed, but not made."""

    def __getattr__(cls, name: str) -> Any:
        raise AttributeError(f"rushlight does not have {cls.__module__}.{cls.__name__}.{name}")


def refused_class(space: str, name: str, why: str) -> type:
    """A class of which nothing is an instance: making one raises `refused`."""

    def __new__(cls: type, *args: Any, **kwargs: Any) -> Any:
        raise refused(f"{space}.{name}", why)

    doc = f"Not in rushlight: {why}"
    return _RefusedType(name, (), {"__new__": __new__, "__module__": space, "__doc__": doc})


def refused_function(space: str, name: str, why: str) -> Any:
    """A function that raises `refused`."""

    def function(*args: Any, **kwargs: Any) -> Any:
        raise refused(f"{space}.{name}", why)

    function.__name__ = function.__qualname__ = name
    function.__module__, function.__doc__ = space, f"Not in rushlight: {why}"
    return function


def is_refused(thing: Any) -> bool:
    """Does this module, class or function stand for one that rushlight does not have?"""
    if isinstance(thing, Place):
        return bool(thing._why) and not thing._homes
    return str(getattr(thing, "__doc__", "")).startswith(("Not in rushlight: ", "Refused"))


_names.submodule = submodule
if not any(finder is Finder for finder in sys.meta_path):
    sys.meta_path.append(Finder)  # type: ignore[arg-type]
