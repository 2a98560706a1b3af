"""Names that a module does not have: misspelt, or PyTorch's and not there yet.

Every module's `__getattr__` ends in `elsewhere(module, name)`: a submodule of PyTorch's (paths.py),
or the error that `missing` makes. A name that PyTorch has
(pytorch_names.txt, by tools/list_pytorch_names.py) is said to be missing here; any other is said to
be unknown, with the names that come closest. The list is read when the first such error is made.

Tensor has no `__getattr__`: it would make every attribute slower. Python's own hint stops at 750
names, and a tensor has more, so `rushlight run` adds "did you mean 'view'?" for `x.veiw`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any


def missing(module: str, name: str) -> AttributeError:
    """The error of `getattr(module, name)`; module: the full name, "rushlight.nn"."""
    plain = f"module '{module}' has no attribute '{name}'"
    return AttributeError(plain) if name.startswith("_") else MissingName(plain, module, name)


class MissingName(AttributeError):
    """An AttributeError that looks for what may have been meant when its text is asked for.

    `hasattr` asks for no text, and programs ask thousands of times. `obj` is None: Python 3.13
    puts the module there where nothing is, and its traceback repeats the hint.
    """

    def __init__(self, plain: str, module: str, name: str):
        super().__init__(plain, name=name, obj=None)
        self._asked: tuple[str, str] | None = (module, name)

    def __str__(self) -> str:
        if self._asked is not None:
            (module, name), self._asked = self._asked, None
            public = public_space(module)
            plain = self.args[0]
            why = not_applicable(public, name)
            if why:
                self.args = (f"rushlight does not have {public}.{name}: {why}; {plain}",)
            elif name in pytorch_names(public):
                self.args = (f"rushlight does not have {public}.{name} yet: {plain}",)
            else:
                hint = suggestion(name, dir(sys.modules[module]), public)
                self.args = (f"{plain}; {hint}" if hint else plain,)
        return self.args[0]

    def __repr__(self) -> str:
        return f"AttributeError({str(self)!r})"

    def __reduce__(self) -> Any:
        return AttributeError, (str(self),)


MissingName.__module__, MissingName.__qualname__ = "builtins", "AttributeError"


def not_applicable(space: str, name: str) -> str:
    """Why a name of PyTorch's is not there on purpose, see not_applicable.py; "" for others."""
    from .not_applicable import reason  # seldom needed

    return reason(space, name)


def public_space(module: str) -> str:
    """PyTorch's name of a module of ours: "torch.nn", "torchvision.ops"."""
    if (module + ".").startswith("rushlight.vision."):
        return "torchvision" + module.removeprefix("rushlight.vision")
    return "torch" + module.partition(".")[1] + module.partition(".")[2]


def _none(module: str, name: str) -> ModuleType | None:
    return None


#: paths.py, which makes errors with this file, puts its look-up here
submodule: Callable[[str, str], ModuleType | None] = _none


def elsewhere(module: str, name: str) -> ModuleType:
    """What a module's `__getattr__` ends with: a submodule (paths.py), or the error `missing`."""
    found = submodule(module, name)
    if found is None:
        raise missing(module, name)
    return found


def suggestion(name: str, here: Iterable[str], public: str) -> str:
    """What a misspelt name may mean, "did you mean 'ReLU'?": one of the names here, else
    one of PyTorch's in `public`; "" if none is like it.
    """
    near = closest(name, (n for n in here if not n.startswith("_")))
    if near:
        return f"did you mean {near}?"
    near = closest(name, pytorch_names(public))
    return f"did you mean {near}? rushlight does not have that yet" if near else ""


def explain_missing(module: str) -> None:
    """Give a module the `__getattr__` that says `missing`, and a `__dir__` that lists what it
    holds without the modules that it imports.

    For a module that looks up no names of its own; type checkers see neither function.
    """
    names = vars(sys.modules[module])

    def __getattr__(name: str) -> Any:
        return elsewhere(module, name)

    def __dir__() -> list[str]:
        public = names.get("__all__", ())
        return sorted(
            n for n, value in names.items() if n in public or not isinstance(value, ModuleType)
        )

    names["__getattr__"], names["__dir__"] = __getattr__, __dir__


SIGNPOSTS: dict[str, ModuleType] = {}  # modules with the name of a function in their package


class _Signpost(ModuleType):
    """A module whose names are those of another, imported when the first is asked for."""

    def __init__(self, name: str, target: str):
        super().__init__(name)
        self.__dict__["_target"] = target

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__all__":
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")
        found = vars(import_module(self._target))
        return found[name] if name in found else elsewhere(self.__name__, name)

    def __dir__(self) -> list[str]:
        return [name for name in dir(import_module(self._target)) if name[:2] != "__"]


def signpost(name: str, target: str) -> None:
    """Let `import name` find the names of the module `target`.

    For PyTorch's files that have the name of a function in them: a file of ours of that name would
    take the function's place in the package when it is imported.
    """
    SIGNPOSTS[name] = sys.modules.setdefault(name, _Signpost(name, target))


def beside(module: str) -> None:
    """Say that the module has the name of a function in its package, and that it is imported.

    Under a program's name for the package (app/run.py) it is found as it is, and the function
    keeps its place.
    """
    SIGNPOSTS[module] = sys.modules[module]


@cache
def pytorch_names(space: str) -> frozenset[str]:
    """The public names in "torch.nn", "torchvision.ops"; none for a namespace not in the list."""
    file = f"{'torchvision' if space.startswith('torchvision') else 'pytorch'}_names.txt"
    path = os.path.join(os.path.dirname(__file__), file)  # pathlib: 4 ms at import
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            head, _, names = line.partition(": ")
            if head == space:
                return frozenset(names.split())
    return frozenset()


def closest(name: str, known: Iterable[str]) -> str:
    """The known names most like this one, as "'ReLU'" or "'relu' or 'relu6'"; "" if none is.

    Capitals and underscores count only between names that are equally close.
    """
    wanted = name.lower().replace("_", "")
    limit = min(max(1, len(name) // 3), 3)
    found = []
    longer = []
    for other in known:
        letters = other.lower().replace("_", "")
        distance = edits(wanted, letters, limit)
        if distance <= limit and distance < len(letters):
            found.append((distance, edits(name, other, len(name)), other))
        elif len(wanted) > 2 and letters.startswith(wanted):
            longer.append((len(letters), 0, other))
    best = sorted(found or longer)
    return " or ".join(f"'{other}'" for *near, other in best[:2] if near == [*best[0][:2]])


def edits(a: str, b: str, limit: int) -> int:
    """How many letters to insert, drop, replace or swap with the next to make b of a; at most
    limit + 1 is counted.
    """
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a):
        older, before, row = before, row, [i + 1]
        for j, y in enumerate(b):
            best = min(before[j] + (x != y), before[j + 1] + 1, row[j] + 1)
            if i and j and x == b[j - 1] and a[i - 1] == y:
                best = min(best, older[j - 1] + 1)
            row.append(best)
        if min(row) > limit:
            return limit + 1
    return row[-1]
