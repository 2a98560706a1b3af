"""Write the type stubs (.pyi) of what is made at run time: `make stubs`.

Functions, Tensor methods and F functions are made from schemas, so no type checker or editor can
read them in the sources. Their stubs are made here from the same schemas; plain functions give
their own signature. tests/test_stubs.py compares what this writes with what is committed
(`--check`).

    rushlight/__init__.pyi, special.pyi, linalg.pyi, nn/functional.pyi, ...   functions
    rushlight/core/tensor_operations.pyi     the methods that ops attach to Tensor (core/tensor.py
                                             derives from it, for type checkers only)
    rushlight/return_types.pyi               named results
    nn, optim, autograd, ... /__init__.pyi   where each name comes from

What decides a parameter's type: the annotation in the schema, or in the tables of
tools/stub_tables.py for the several forms that PyTorch has under one name; else the argument's name
(TYPES in dispatch/schema.py); else its default.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import rushlight
from rushlight.core import dtype as dtypes
from rushlight.core.tensor import Tensor
from rushlight.dispatch import late
from rushlight.dispatch.faces import Method
from rushlight.dispatch.registry import CARDS, FUNCTIONAL, FUNCTIONS
from rushlight.dispatch.schema import TYPES
from rushlight.ops.linear_algebra import NAMED

sys.path.insert(0, str(Path(__file__).parent))
import stub_tables as tables

late.complete()

ROOT = Path(rushlight.__file__).parent
HEAD = "# Made by tools/make_stubs.py from the schemas of the ops: `make stubs`.\n"
# the builtins and classes that the package's own names and Tensor's methods would hide
BUILTINS = "bool complex float int range str type".split()
CLASSES = {
    "Generator": "random.generator",
    "Size": "core.size",
    "Tensor": "core.tensor",
    "device": "core.device",
    "dtype": "core.dtype",
    "layout": "core.layout",
    "memory_format": "core.layout",
}
HIDDEN = {name: f"_{name}" for name in [*BUILTINS, *CLASSES, "Number", "Any"] if name != "Tensor"}
PLAIN = {"Sequence", "Iterable", "Callable", "Literal", "None", "np", "tuple", "list", "object"}
KNOWN = {*HIDDEN, *PLAIN, "Tensor", "return_types"}
PACKAGES = "nn nn.utils optim autograd serialization".split()


# ------------------------------------------------------------------ types


def spelled(text: str) -> str:
    """A type as the stubs write it: int -> _int."""
    tree = ast.parse(text, mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = HIDDEN.get(node.id, node.id)
    return ast.unparse(tree)


def known(text: Any) -> bool:
    """True for an annotation that says something in names that the stubs have."""
    if not isinstance(text, str) or text == "Any":
        return False
    names = {n.id for n in ast.walk(ast.parse(text, mode="eval")) if isinstance(n, ast.Name)}
    return names <= KNOWN


def guessed(name: str, default: ast.expr | None) -> str:
    """The type of a parameter that the schema does not annotate."""
    value = default.value if isinstance(default, ast.Constant) else ...
    found = TYPES.get(name)
    if found == "int" and type(value) is float:
        found = "Number"
    if found is None:
        found = {bool: "bool", float: "Number", str: "str"}.get(type(value), "Any")
    if value is None and "None" not in found and found != "Any":
        found += " | None"
    return found


class Signature:
    """A function's parameters and result, as one line of a stub."""

    def __init__(self, text: str, returns: str = "Tensor"):
        node: Any = ast.parse(f"def f{text}: ...").body[0]
        self.args = node.args
        self.returns = ast.unparse(node.returns) if node.returns else returns
        a = self.args
        self.star = a.vararg
        plain = [*a.posonlyargs, *a.args]
        defaults = [None] * (len(plain) - len(a.defaults)) + list(a.defaults)
        self.parameters = [
            (p.arg, "positional", self._type(p, d), d) for p, d in zip(plain, defaults, strict=True)
        ]
        if a.vararg:
            t = self._type(a.vararg, None)
            self.parameters.append((a.vararg.arg, "variadic", t, None))
        for p, d in zip(a.kwonlyargs, a.kw_defaults, strict=True):
            self.parameters.append((p.arg, "keyword", self._type(p, d), d))
        self.open = a.kwarg is not None

    def _type(self, p: ast.arg, default: ast.expr | None) -> str:
        text = ast.unparse(p.annotation) if p.annotation else None
        if isinstance(p.annotation, ast.Constant) and p.annotation.value is not None:
            text = p.annotation.value
        return text if text == "Any" or known(text) else guessed(p.arg, default)

    def without(self, *names: str) -> Signature:
        self.parameters = [p for p in self.parameters if p[0] not in names]
        return self

    def method(self) -> Signature:
        """Without the first parameter, which is the Tensor itself, and without out=."""
        del self.parameters[0]
        return self.without("out")

    def results(self, shape: str) -> Signature:
        """`out` takes as many tensors as the function returns."""
        if shape != "Tensor":
            wanted = "tuple[Tensor, ...] | Sequence[Tensor] | None"
            self.parameters = [
                (n, k, wanted if n == "out" else t, d) for n, k, t, d in self.parameters
            ]
        return self

    def forms(self) -> list[list[tuple]]:
        """The parameter lists of the overloads: f(*size) is f(2, 3) and f((2, 3)) and f(size=...);
        axis= and keepdims= stand beside dim= and keepdim=.
        """
        lists = [self.parameters]
        star = next((p for p in self.parameters if p[1] == "variadic"), None)
        if star is not None:
            item = re.sub(r"^(int \| )?Sequence\[(.*)\]$", r"\2", star[2])
            one = [(n, k, item if k == "variadic" else t, d) for n, k, t, d in self.parameters]
            if item in ("Tensor", "int", "int | Tensor"):
                whole = f"Sequence[{item}]"
                listed = [
                    (n, "positional" if k == "variadic" else k, whole if k == "variadic" else t, d)
                    for n, k, t, d in self.parameters
                ]
                lists = [one, listed]
            else:
                lists = [one]
        names = {p[0] for p in self.parameters}
        for old, new in (("dim", "axis"), ("keepdim", "keepdims")):
            if old not in names or new in names:
                continue
            wider = []
            for parameters in lists:
                p = next(p for p in parameters if p[0] == old)
                if p[3] is None and p[1] == "positional":
                    i = parameters.index(p)
                    later = [
                        (n, "keyword" if k == "positional" else k, t, d)
                        for n, k, t, d in parameters[i + 1 :]
                    ]
                    wider += [parameters, [*parameters[:i], (new, "keyword", p[2], None), *later]]
                else:
                    wider.append([*parameters, (new, "keyword", p[2], p[3])])
            lists = wider
        return lists

    def line(self, parameters: list[tuple], first: str = "") -> str:
        words = [first] if first else []
        starred = False
        for name, kind, type_, default in parameters:
            if kind == "keyword" and not starred:
                words.append("*")
                starred = True
            starred = starred or kind == "variadic"
            star = "*" if kind == "variadic" else ""
            value = ""
            if default is not None:
                simple = isinstance(getattr(default, "operand", default), ast.Constant)
                simple = simple and ast.unparse(default) != "..."
                value = f" = {ast.unparse(default) if simple else '...'}"
            words.append(f"{star}{name}: {spelled(type_)}{value}")
        if self.open:
            words.append("**options: _Any")
        return f"({', '.join(words)}) -> {spelled(self.returns)}"


# ------------------------------------------------------------------ where signatures come from


def text_of(function: Any) -> str:
    """The signature of a plain function as the text of a schema."""
    words, starred = [], False
    for p in inspect.signature(function).parameters.values():
        if p.kind is p.KEYWORD_ONLY and not starred:
            words.append("*")
            starred = True
        star = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
        starred = starred or star == "*"
        note = f": {p.annotation}" if known(p.annotation) else ""
        value = ""
        if p.default is not p.empty:
            literal = isinstance(p.default, (bool, int, float, str, type(None)))
            value = f" = {p.default!r}" if literal and p.default == p.default else " = ..."
        words.append(f"{star}{p.name}{note}{value}")
    returns = inspect.signature(function).return_annotation
    arrow = f" -> {returns}" if known(returns) or returns == "Any" else ""
    return f"({', '.join(words)}){arrow}"


def result_of(card: Any) -> str:
    """What a card returns."""
    if card.result is not None:
        return f"return_types.{card.result.__name__}"
    return "Tensor" if card.visible == 1 else "tuple[Tensor, ...]"


def signatures(name: str, thing: Any, place: str) -> list[Signature]:
    """The overloads of a public function or method."""
    table = tables.SIGNATURES
    changed = name.endswith("_") and not name.endswith("__")
    found = table.get(f"{place}.{name}")
    if found is None and place != "F":
        found = table.get(name)
    if found is None:
        found = table.get(name[:-1]) if changed and place != "F" else None
    if found is not None:
        return [Signature(text) for text in found]
    face = thing.face if isinstance(thing, Method) else getattr(thing, "face", None)
    if face is not None:
        text = face.schema.text[len(face.schema.name) :]
        card = getattr(face.op, "result", ...) is not ...
        signature = Signature(text, result_of(face.op) if card else "Tensor")
        if face.form != "F":
            signature.without("inplace")
        if face.form == "inplace":
            signature.without("out").returns = "Tensor"
    else:
        signature = Signature(text_of(thing))
    plain = tables.RETURNS.get(f"{place}.{name}") or tables.RETURNS.get(name)
    plain = "" if changed and place != "F" else plain
    if plain and signature.returns in ("Tensor", "Any"):
        signature.returns = plain
    if place != "F" and name.rstrip("_") in tables.SEVERAL_DIMS:
        signature.parameters = [
            (n, k, "int | Sequence[int]" + " | None" * (d is not None), d)
            if n == "dim"
            else (n, k, t, d)
            for n, k, t, d in signature.parameters
        ]
    if any(n == "return_indices" for n, *_ in signature.parameters):
        return with_indices(signature)
    return [signature]


def with_indices(signature: Signature) -> list[Signature]:
    """return_indices=True returns a pair."""
    forms = []
    for wanted, returns in (
        ("Literal[False]", "Tensor"),
        ("Literal[True]", "tuple[Tensor, Tensor]"),
        ("bool", "Any"),
    ):
        form = Signature("()", returns)
        for n, k, t, d in signature.parameters:
            if n == "return_indices":
                literal = wanted != "Literal[False]"
                form.parameters.append(
                    (n, "keyword" if literal else k, wanted, None if literal else d)
                )
            else:
                form.parameters.append((n, k, t, d))
        form.parameters.sort(key=lambda p: p[1] == "keyword")
        forms.append(form)
    return forms


def first_line(thing: Any) -> str:
    if isinstance(thing, Method):
        face = thing.face
        doc = face.op.doc if face.form != "inplace" else f"In-place version of {face.name[:-1]}."
    else:
        doc = inspect.getdoc(thing)
    line = (doc or "").strip().splitlines()
    return line[0].replace("\\", "\\\\").replace('"""', "'''") if line else ""


def definition(name: str, thing: Any, place: str, indent: str = "") -> str:
    """`def name(...) -> ...:` with all overloads."""
    found = []
    for signature in signatures(name, thing, place):
        signature.results(signature.returns)
        if place == "Tensor":
            signature.method()
        for parameters in signature.forms():
            line = signature.line(parameters, "self" if place == "Tensor" else "")
            if line not in found:
                found.append(line)
    doc = first_line(thing)
    body = f'\n{indent}    """{doc}"""\n' if doc and not doc.endswith('"') else " ...\n"
    ignore = ""
    if name in ("__eq__", "__ne__"):
        ignore = "  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]"
        body = " ...\n"
    out = ""
    for i, line in enumerate(found):
        if len(found) > 1:
            out += f"{indent}@overload\n"
        out += f"{indent}def {name}{line}:" + (
            body.rstrip("\n") + ignore + "\n" if i == 0 else " ...\n"
        )
    return out


def imports(module: str, own: tuple = ()) -> str:
    """The head of a stub with functions in it."""
    dots = "." * (module.count(".") + 1) if module else "."
    lines = [
        HEAD,
        "from builtins import " + ", ".join(f"{b} as _{b}" for b in BUILTINS),
        "from collections.abc import Callable, Iterable, Sequence",
        "from typing import Any as _Any, Literal, overload",
        "import numpy as np",
    ]
    for name, home in CLASSES.items():
        if name != "Tensor" or "Tensor" not in own:
            lines.append(f"from {dots}{home} import {name} as {HIDDEN.get(name, name)}")
    lines.append(f"from {dots} import return_types")
    lines.append("_Number = _int | _float | _complex | _bool | np.number[_Any]")
    return "\n".join(lines) + "\n\n"


# ------------------------------------------------------------------ the files


def public(module: ModuleType) -> list[str]:
    return [n for n in sorted({*dir(module)}) if n[0] != "_" or n == "__version__"]


def origins(module: ModuleType) -> dict[str, str]:
    """name -> the module of ours it is imported from, as `from` writes it."""
    found: dict[str, str] = {}
    path = Path(str(module.__file__))
    for node in ast.parse(path.read_text("utf-8")).body:
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        here = "." * node.level + (node.module or "")
        for alias in node.names:
            if alias.name == "*":
                inner = import_module(here, module.__name__)
                found.update((n, here) for n in inner.__all__)
            else:
                found[alias.asname or alias.name] = here + (
                    "" if alias.name == (alias.asname or alias.name) else f":{alias.name}"
                )
    for table in ("_LAZY", "_HOME"):
        for name, home in getattr(module, table, {}).items():
            found[name] = home if home.startswith("rushlight") else f".{home}"
    return found


def reexports(module: ModuleType, skip: Any = ()) -> str:
    """`from .x import y as y` of every public name, and the constants."""
    where = origins(module)
    out = []
    for name in public(module):
        if name in skip:
            continue
        value = getattr(module, name)
        home, _, other = where.get(name, "").partition(":")
        if home:
            out.append(f"from {home} import {other or name} as {name}")
        elif isinstance(value, ModuleType):
            out.append(f"from . import {name} as {name}")
        elif isinstance(value, dtypes.dtype):
            out.append(f"{name}: _dtype")
        elif isinstance(value, (int, float, str)):
            out.append(f"{name}: {HIDDEN[type(value).__name__]}")
        elif value is None:
            out.append(f"{name}: None")
        else:
            raise LookupError(f"{module.__name__}.{name}: where does it come from?")
    if hasattr(module, "_HOME"):  # the program's list of optimizers
        out.append("_HOME: dict[str, str]")
    out.append("")
    return "\n".join(out)


def package_stub() -> str:
    functions = [n for n in public(rushlight) if n in FUNCTIONS]
    text = imports("", ("Tensor",)) + reexports(rushlight, functions) + "\n"
    return text + "".join(definition(n, FUNCTIONS[n], "torch") for n in functions)


def functional_stub() -> str:
    return imports("nn.functional") + "".join(
        definition(n, FUNCTIONAL[n], "F") for n in sorted(FUNCTIONAL)
    )


def namespace_stub(name: str) -> str:
    module = import_module(f"rushlight.{name}")
    functions = {n: getattr(module, n) for n in public(module) if callable(getattr(module, n))}
    errors = [f for f in functions.values() if isinstance(f, type)]
    text = "".join(
        f"from .{e.__module__.partition('.')[2]} import {name} as {name}\n"
        for e in errors
        for name in [e.__name__.lstrip("_")]
    )
    return (
        imports(name)
        + text
        + "".join(definition(n, f, name) for n, f in functions.items() if f not in errors)
    )


def tensor_stub() -> str:
    """Methods that ops attach; what core/tensor.py says itself is not among them."""
    source = ast.parse((ROOT / "core/tensor.py").read_text("utf-8"))
    tensor: Any = next(n for n in source.body if getattr(n, "name", "") == "Tensor")
    own = {getattr(n, "name", "") for n in tensor.body}
    for node in tensor.body:
        if isinstance(node, ast.Assign):
            own |= {t.id for t in node.targets if isinstance(t, ast.Name)}
    out = imports("core.tensor_operations") + "class TensorOperations:\n"
    out += "    def __init__(self, *data: _Any, device: _Any = None) -> None: ...\n"
    own |= set(dir(object)) - {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"}
    for name, value in sorted(vars(Tensor).items()):
        if name in own or not name.isidentifier() or name in ("__copy__", "__deepcopy__"):
            continue
        if isinstance(value, property):
            out += f"    @property\n    def {name}(self) -> Tensor: ...\n"
        elif isinstance(value, (Method, FunctionType)):
            out += definition(name, value, "Tensor", "    ")
    return out


def results_stub() -> str:
    classes = {
        c.result.__name__: c.result._fields for c in CARDS.values() if getattr(c, "result", None)
    }
    classes |= {name.replace(".", "_"): fields for name, fields in NAMED.items()}
    classes |= tables.RESULTS
    out = HEAD + "from typing import NamedTuple\nfrom .core.tensor import Tensor\n"
    for name, fields in sorted(classes.items()):
        out += f"class {name}(NamedTuple):\n"
        out += "".join(f"    {f if ':' in f else f + ': Tensor'}\n" for f in fields)
    return out


def stubs() -> dict[Path, str]:
    """path -> text of every generated stub."""
    found = {
        "__init__.pyi": package_stub(),
        "nn/functional.pyi": functional_stub(),
        "fft.pyi": namespace_stub("fft"),
        "masked.pyi": namespace_stub("masked"),
        "special.pyi": namespace_stub("special"),
        "linalg.pyi": namespace_stub("linalg"),
        "core/tensor_operations.pyi": tensor_stub(),
        "return_types.pyi": results_stub(),
    }
    for name in PACKAGES:
        module = import_module(f"rushlight.{name}")
        found[f"{name.replace('.', '/')}/__init__.pyi"] = HEAD + reexports(module)
    return {ROOT / path: formatted(text) for path, text in found.items()}


def formatted(text: str) -> str:
    """One definition after the other; `ruff format` leaves stubs alone (pyproject.toml)."""
    return re.sub(r"\n{3,}", "\n\n", text)


def main(*options: str) -> int:
    """Write the stubs that changed and name them; with --check only name them, and return 1."""
    changed = 0
    for path, text in stubs().items():
        if not path.exists() or path.read_text("utf-8") != text:
            changed = 1
            print(path.relative_to(ROOT))
            if "--check" not in options:
                path.write_text(text, "utf-8")
    return changed if "--check" in options else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
