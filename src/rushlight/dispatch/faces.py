"""Faces: the functions that users call, made from an op's schema.

A face binds PyTorch's arguments, takes the `out=` and in-place forms, and words the errors. Its
text is put together from the schema and compiled when it is first touched, so importing the
package compiles nothing; `inspect.signature` and help show PyTorch's signature. Three forms:

    torch.f, Tensor.f   as PyTorch's C functions: aliases (axis=, keepdims=, x=), their error words
    F.f                 as PyTorch's Python functions: `inplace` is an argument
    f_                  in place: the result is written into the first argument

`source(torch.exp.face)` shows the text of a face.
"""

from __future__ import annotations

import linecache
from collections.abc import Iterator
from functools import lru_cache
from types import FunctionType
from typing import Any

import numpy as np

from ..core.dtype import dtype as _dtype
from ..core.dtype_info import as_dtype
from ..core.notices import warn
from ..core.sparse import NoElements
from ..core.tensor import Tensor, wrap
from . import late
from .messages import TRANSLATED, beyond_memory, explain_arguments, missing, not_a_tensor
from .out import write_result
from .schema import MISSING, Schema


class Face:
    """What a face is made from.

    schema    its Schema
    form      "torch", "F" or "inplace"
    name      what users call: the schema's name, an alias, or one with an underscore
    op        the Card that is run, or the Composite that is called
    """

    def __init__(self, schema: Schema, form: str, name: str, op: Any):
        self.schema, self.form, self.name, self.op = schema, form, name, op
        self.function: Any = None  # what `build` made

    @property
    def checks(self) -> bool:
        """The first argument must be a Tensor, and the op does not find out by itself."""
        return self.op.checks_first

    def build(self) -> FunctionType:
        """The function."""
        names: dict[str, Any] = {
            "__name__": __name__,
            "MISSING": MISSING,
            "TRANSLATED": TRANSLATED,
            "Tensor": Tensor,
            "as_dtype": as_dtype,
            "dtype_type": _dtype,
            "face": self,
            "flat": _flat,
            "op": self.op,
            "prepare": self.op.prepare,
            "quick": getattr(self.op, "quick", None),
            "rebind": rebind,
            "recover": recover,
            "schema": self.schema,
            "tensor_argument": tensor_argument,
            "variant": getattr(self.op, "variant", None),
            "write_result": write_result,
        }
        for p in self.schema.arguments:
            if p.default is not MISSING:
                names[f"default_{p.name}"] = p.default
        exec(_code(source(self)), names)
        f = names["f"]
        f.__name__ = f.__qualname__ = self.name
        f.__code__ = f.__code__.replace(co_name=self.name)
        f.__doc__ = self.op.doc
        if self.form == "inplace":
            f.__doc__ = _IN_PLACE.format(self.name[:-1])
        f.__module__ = "torch.nn.functional" if self.form == "F" else "torch"
        f.__signature__ = _signature(self.schema, self.form)
        f.face = self
        self.function = f
        return f


_IN_PLACE = """In-place version of {}; returns input.

    errors  RuntimeError: input is a leaf that requires grad; the result has another shape, or a
            dtype that input's cannot hold
"""


@lru_cache(None)
def _signature(schema: Schema, form: str) -> Any:
    leave_out = {"torch": ("inplace",), "F": (), "inplace": ("inplace", "out")}[form]
    return schema.signature(leave_out)


@lru_cache(None)
def _code(text: str) -> Any:
    name = f"<face {len(linecache.cache)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    return compile(text, name, "exec")


def source(face: Face) -> str:
    """The text of a face."""
    schema, form, op = face.schema, face.form, face.op
    words, values = [], []
    variadic = None
    starred = False  # a "*" or "*dims" comes before the next keyword
    for p in schema.parameters:
        if p.name == "inplace":
            words += ["inplace=False"] if form == "F" else []
            continue
        if p.name == "out" and form != "F":
            continue
        if p.kind == "variadic":
            variadic = p.name
            words.append(f"*{p.name}")
            starred = True
            values.append(p.name)
            continue
        if p.kind == "keyword" and not starred:
            words.append("*" if form == "F" else "*extra")
            starred = True
        if p.name == "out":
            words.append("out=None")
            continue
        if p.default is not MISSING:
            words.append(f"{p.name}=default_{p.name}")
        else:
            words.append(p.name if form == "F" else f"{p.name}=MISSING")
        values.append(p.name)
    given = ", ".join(values) + ("," if len(values) == 1 else "")
    first = schema.arguments[0].name if schema.arguments else None
    lines = []
    if form != "F":
        extra = "" if variadic else "extra"
        words += ["**rest"] if starred else ["*extra", "**rest"]
        lines.append(f"    if rest{extra and ' or extra'}:")
        lines.append(f"        return rebind(face, ({given}), rest, {extra})")
    if variadic:
        lines.append(f"    {variadic} = flat({variadic})")
    if "dtype" in values:
        lines.append("    if dtype is not None and type(dtype) is not dtype_type:")
        lines.append("        dtype = as_dtype(dtype, schema.name)")
    run = op.call_text(given)
    change = op.change_text(given)
    guarded = []
    if form == "F" and schema.has("inplace"):
        guarded += ["if inplace:", f"    return {change}"]
    if form == "inplace":
        guarded.append(f"return {change}")
    elif form == "F" and schema.has("out"):
        guarded += [
            "if out is not None:",
            f"    return write_result(op, schema.name, out, lambda: {run}, ({given}))",
            f"return {run}",
        ]
    else:
        guarded.append(f"return {run}")
    lines.append("    try:")
    if face.checks and first:
        lines.append(f"        if not isinstance({first}, Tensor):")
        lines.append(f"            {first} = tensor_argument(schema, {first})")
    if form != "F" and not op.explains:
        needed = [p for p in schema.arguments[1:] if p.default is MISSING and p.type != "Tensor"]
        missed = " or ".join(f"{p.name} is MISSING" for p in needed if p.kind != "variadic")
        if missed:  # a function that does not look at an argument would not miss it
            lines += [f"        if {missed}:", "            raise TypeError"]
    lines += ["        " + line for line in guarded]
    lines += ["    except TRANSLATED as e:", f"        return recover(face, ({given}), e)"]
    return f"def f({', '.join(words)}):\n" + "\n".join(lines) + "\n"


def _flat(values: tuple) -> tuple:
    """(2, 3) of f(x, 2, 3) and of f(x, (2, 3))."""
    if len(values) == 1 and not isinstance(values[0], (int, np.integer, Tensor)):
        return tuple(values[0])
    return values


def tensor_argument(schema: Schema, x: Any) -> Tensor:
    """x, if an array: as a Tensor. TypeError: anything else."""
    if isinstance(x, np.ndarray):
        return wrap(x)
    raise not_a_tensor(schema.name, schema.arguments[0].name, 1, x)


def rebind(face: Face, values: tuple, rest: dict, extra: tuple = ()) -> Any:
    """A call with keywords that the face's own parameters do not have: out= and aliases.

    TypeError: an unknown keyword, an argument given twice, too many of them.
    """
    schema, name = face.schema, face.name
    legacy = getattr(face.op, "legacy", None)
    if legacy is not None and extra and not rest:
        count = sum(p.kind == "positional" for p in schema.arguments)
        given = (*values[:count], *extra)
        most = legacy.__code__.co_argcount
        fits = most - len(legacy.__defaults__ or ()) <= len(given) <= most
        older = legacy(*given) if fits else None
        if older is not None:
            warn(
                f"This overload of {name} is deprecated: give the number as a keyword argument.",
            )
            values, extra = older, ()
    if extra:
        count = sum(p.kind == "positional" for p in schema.arguments)
        takes = f"{count} positional argument{'s' if count > 1 else ''}"
        raise TypeError(f"{name}() takes {takes} but {count + len(extra)} were given")
    out = rest.pop("out", None) if face.form == "torch" and schema.has("out") else None
    found = list(values)
    for key, value in rest.items():
        i = schema.resolve(key)
        if i is None:
            raise TypeError(f"{name}() got an unexpected keyword argument '{key}'")
        p = schema.arguments[i]
        if p.kind == "variadic":
            taken, value = bool(found[i]), tuple(value)
        else:
            taken = found[i] is not p.default
        if taken:
            raise TypeError(f"{name}() got multiple values for argument '{p.name}'")
        found[i] = value
    for p, value in zip(schema.arguments, found, strict=True):
        if value is MISSING:
            raise missing(name, p.name)
        if p.kind == "variadic":
            found[schema.arguments.index(p)] = _flat(value)
        elif p.name == "dtype" and value is not None:
            found[schema.arguments.index(p)] = as_dtype(value, name)
    if face.checks and found and not isinstance(found[0], Tensor):
        found[0] = tensor_argument(schema, found[0])

    def run():
        try:
            return face.op.change(found) if face.form == "inplace" else face.op.call(found)
        except TRANSLATED as e:
            return recover(face, tuple(found), e)

    return run() if out is None else write_result(face.op, name, out, run, tuple(found))


def recover(face: Face, values: tuple, error: Exception) -> Any:
    """After an error: what a foreign class's `__torch_function__` makes of the call, or the error
    in PyTorch's words."""
    schema = face.schema
    beyond = beyond_memory(schema.name, error)
    if beyond is not None:
        raise beyond from None
    if isinstance(error, NoElements):
        for ask in ELSEWHERE:
            result = ask(face, values)
            if result is not NotImplemented:
                return result
    if any(_foreign(v) for v in values):
        for ask in FOREIGN:
            result = ask(face.function, *_spelled(schema, values))
            if result is not NotImplemented:
                return result
    better = error if face.op.explains else explain_arguments(schema, values, error)
    if better is error:
        raise error
    raise better from None


def _foreign(value: Any) -> bool:
    """Is it, or a member of a list, of a class that is no Tensor and has a `__torch_function__`?"""
    if isinstance(value, (list, tuple)):
        return any(_foreign(x) for x in value)
    return hasattr(type(value), "__torch_function__") and not isinstance(value, Tensor)


# ask(face, values) -> result or NotImplemented, for tensors without an array, see ops/sparse.py
ELSEWHERE: list[Any] = []
FOREIGN: list[Any] = []  # ask(function, args, kwargs) -> result or NotImplemented, see overrides.py


def _spelled(schema: Schema, values: tuple) -> tuple[tuple, dict]:
    """The call as a user would write it: required arguments and the tensors behind them, then
    keywords that are no defaults."""
    args: list = []
    kwargs: dict = {}
    unbroken = True  # no argument was left out so far
    for p, value in zip(schema.arguments, values, strict=True):
        if p.kind == "variadic":
            args += value
        elif p.default is MISSING and p.kind == "positional":
            args.append(value)
        elif value is p.default:
            unbroken = False
        elif unbroken and p.kind == "positional" and (isinstance(value, Tensor) or _foreign(value)):
            args.append(value)
        else:
            kwargs[p.name] = value
            unbroken = False
    return tuple(args), kwargs


class Faces(dict):
    """name -> function. A face is built when its name is first asked for, its family imported."""

    def __init__(self, late: dict[str, str]) -> None:
        super().__init__()
        self.late = late  # name -> family that is not imported yet, see late.py
        self.unbuilt: dict[str, Face] = {}
        self.caches: list[dict] = []  # namespaces of modules that keep functions of this table
        self.finish: Any = None  # a function of each new face, see `wrap`

    def add(self, name: str, thing: Any) -> None:
        """A plain function, or a Face to build later; the last one of a name counts."""
        self.pop(name, None)
        self.unbuilt.pop(name, None)
        self.late.pop(name, None)
        if isinstance(thing, Face):
            self.unbuilt[name] = thing
        else:
            self[name] = thing

    def __missing__(self, name: str) -> Any:
        if name in self.late and name not in self.unbuilt:
            late.find(self.late, name)
            return self[name]
        built = self.unbuilt.pop(name).build()
        self[name] = built = self.finish(built) if self.finish else built
        return built

    def wrap(self, finish: Any) -> None:
        """Put finish(f) in the place of every function, those to come too."""
        self.finish = finish
        for name in dict.keys(self):
            old = dict.__getitem__(self, name)
            self[name] = new = finish(old)
            for names in self.caches:
                if names.get(name) is old:
                    names[name] = new

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self else default

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(self, name) or name in self.unbuilt or name in self.late

    def __iter__(self) -> Iterator[str]:
        return iter([*dict.keys(self), *self.unbuilt, *self.late])

    def keys(self) -> Any:
        return list(self)

    def items(self) -> Any:
        return [(name, self[name]) for name in self]

    def values(self) -> Any:
        return [self[name] for name in self]

    def __len__(self) -> int:
        return dict.__len__(self) + len(self.unbuilt) + len(self.late)


class Method:
    """A method of Tensor that is built when it is first looked up."""

    @staticmethod
    def finish(function: Any) -> Any:
        """What is done to each new function; overrides.py puts its wrapper here."""
        return function

    def __init__(self, name: str, face: Face):
        self.name, self.face = name, face

    def __get__(self, instance: Any, owner: Any) -> Any:
        function = self.finish(self.face.build())
        setattr(Tensor, self.name, function)
        return function if instance is None else function.__get__(instance, owner)
