"""Signatures of operators: read from text, "f(Tensor x, int n=1, *, Tensor? y=None) -> Tensor", or
inferred from a function's annotations."""

from __future__ import annotations

import ast
import collections.abc
import inspect
import re
import typing
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..core import dtype as _dtypes
from ..core.device import device
from ..core.tensor import Tensor

_NOTHING = object()


@dataclass
class Argument:
    """One argument: its type as text, its default, whether only a keyword gives it."""

    name: str
    type: str
    default: Any = _NOTHING
    kwarg_only: bool = False
    shown: str = ""  # the default, as the text has it

    @property
    def writes(self) -> bool:
        """Is the tensor changed in place?"""
        return "!" in self.type

    @property
    def tensors(self) -> bool:
        """Is it a tensor, or a list of them?"""
        return self.type.startswith("Tensor")

    def has_default_value(self) -> bool:
        """Can it be left out?"""
        return self.default is not _NOTHING

    def __str__(self) -> str:
        return f"{self.type} {self.name}" + (f"={self.shown}" if self.has_default_value() else "")


@dataclass
class Schema:
    """namespace::name.overload(arguments) -> returns"""

    name: str
    arguments: list[Argument]
    returns: str
    overload_name: str = ""

    def __str__(self) -> str:
        words: list[str] = []
        for argument in self.arguments:
            if argument.kwarg_only and "*" not in words:
                words.append("*")
            words.append(str(argument))
        full = self.name + ("." + self.overload_name if self.overload_name else "")
        return f"{full}({', '.join(words)}) -> {self.returns}"

    @property
    def is_mutable(self) -> bool:
        """Does it change an argument in place?"""
        return any(argument.writes for argument in self.arguments)

    def bind(self, args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """(positional arguments, keyword-only ones), with defaults.

        errors  RuntimeError: too many, too few, unknown, or no tensor where one is wanted
        """
        plain = [a for a in self.arguments if not a.kwarg_only]
        if len(args) > len(plain):
            raise RuntimeError(
                f"{self.name}() expected at most {len(self.arguments)} argument(s) but received "
                f"{len(args) + len(kwargs)} argument(s). Declaration: {self}"
            )
        given = dict(zip([a.name for a in plain], args, strict=False))
        for name, value in kwargs.items():
            if name in given or name not in {a.name for a in self.arguments}:
                raise RuntimeError(
                    f"Unknown keyword argument '{name}' for operator '{self.name}'. Schema: {self}"
                )
            given[name] = value
        for i, a in enumerate(self.arguments):
            if a.name not in given:
                if not a.has_default_value():
                    raise RuntimeError(
                        f"{self.name}() is missing value for argument '{a.name}'. "
                        f"Declaration: {self}"
                    )
                given[a.name] = a.default
            elif not _fits(given[a.name], a.type):
                value = given[a.name]
                raise RuntimeError(
                    f"{self.name}() Expected a value of type '{a.type}' for argument '{a.name}' "
                    f"but instead found type '{type(value).__name__}'.\nPosition: {i}\n"
                    f"Value: {value!r}\nDeclaration: {self}"
                )
        return (
            [given[a.name] for a in plain],
            {a.name: given[a.name] for a in self.arguments if a.kwarg_only},
        )


_KINDS: dict[str, Any] = {
    "int": int,
    "SymInt": int,
    "float": (int, float),
    "bool": bool,
    "str": str,
    "Scalar": (int, float, complex),
}


def _fits(value: Any, kind: str) -> bool:
    """Could the value be of this type? Lists and what is not in _KINDS are not looked into."""
    kind = re.sub(r"\([^)]*\)", "", kind)
    if kind.endswith("?"):
        return value is None or _fits(value, kind[:-1])
    if kind == "Tensor":
        return isinstance(value, Tensor)
    if kind.startswith("Tensor") and kind.endswith("]"):
        return isinstance(value, (list, tuple))
    if kind in _KINDS:
        return isinstance(value, _KINDS[kind]) or (isinstance(value, Tensor) and kind != "str")
    return True


_HEAD = re.compile(r"^\s*([\w.:]*)\s*\((.*)\)\s*->\s*(.+?)\s*$", re.S)


def parse(text: str, namespace: str = "", name: str = "") -> Schema:
    """The Schema in a text; without a name in it, that given. errors  RuntimeError: not readable"""
    found = _HEAD.match(text)
    if not found:
        raise RuntimeError(f"schema {text!r} cannot be read: expected 'name(Tensor x) -> Tensor'")
    full = found[1] or name
    if namespace and "::" not in full:
        full = f"{namespace}::{full}"
    space, _, rest = full.rpartition("::")
    plain, _, overload = rest.partition(".")
    arguments, keyword = [], False
    for word in _split(found[2]):
        if word == "*":
            keyword = True
        elif word:
            arguments.append(_argument(word, keyword))
    return Schema(f"{space}::{plain}" if space else plain, arguments, found[3], overload)


def _split(text: str) -> list[str]:
    """The words between commas that are in no brackets or quotes."""
    words, depth, word, quote = [], 0, "", ""
    for c in text:
        if quote:
            quote = "" if c == quote else quote
        elif c in "\"'":
            quote = c
        elif c in "([":
            depth += 1
        elif c in ")]":
            depth -= 1
        if c == "," and not depth and not quote:
            words.append(word.strip())
            word = ""
        else:
            word += c
    return [*words, word.strip()] if word.strip() else words


def _argument(word: str, keyword: bool) -> Argument:
    left, equals, shown = word.partition("=")
    kind, _, name = left.strip().rpartition(" ")
    if not kind:
        raise RuntimeError(f"schema: argument {word!r} needs a type and a name")
    kind = re.sub(r"^(int|float|bool|SymInt)\[\d+\]", r"\1[]", kind.strip())
    default = _value(shown.strip(), kind) if equals else _NOTHING
    if isinstance(default, _dtypes.dtype):
        shown = str(_NUMBER_OF.get(default, shown))
    return Argument(name, kind, default, keyword, shown.strip())


def _value(text: str, kind: str) -> Any:
    """A default: Python's, except for dtypes by number, None, True and names."""
    if text in ("None", "True", "False"):
        return {"None": None, "True": True, "False": False}[text]
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        named = getattr(_dtypes, text, None) if kind.startswith("ScalarType") else None
        return text if named is None else named
    if kind.startswith("ScalarType") and isinstance(value, int):
        return SCALAR_TYPES[value]
    if kind.startswith("float") and isinstance(value, int):
        return float(value)
    return value


# PyTorch's numbers of dtypes
SCALAR_TYPES = dict(
    enumerate(
        getattr(_dtypes, name)
        for name in "uint8 int8 int16 int32 int64 float16 float32 float64 complex32 complex64 "
        "complex128 bool_".split()
    )
)
SCALAR_TYPES[15] = _dtypes.bfloat16
_NUMBER_OF = {d: n for n, d in SCALAR_TYPES.items()}

_PLAIN = {
    Tensor: "Tensor",
    int: "SymInt",
    float: "float",
    bool: "bool",
    str: "str",
    _dtypes.dtype: "ScalarType",
    device: "Device",
}
_LISTS = (list, collections.abc.Sequence)


def _text_of(kind: Any) -> str | None:
    """The schema's text of an annotation; None for what operators cannot take."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Union or type(kind).__name__ == "UnionType":
        if set(inner) in ({int, float, bool}, {int, float, bool, complex}, {int, float}):
            return "Scalar"
        rest = [one for one in inner if one is not type(None)]
        if len(rest) == 1 and len(inner) == 2:
            text = _text_of(rest[0])
            return None if text is None else text + "?"
        return None
    if origin in _LISTS and len(inner) == 1:
        text = _text_of(inner[0])
        return None if text is None or text.endswith("]") else text + "[]"
    return None


def infer(
    prototype_function: Callable, mutates_args: str | Iterable[str] = (), name: str = ""
) -> str:
    """The schema's text of an annotated function: infer_schema.

    mutates_args    names of tensors that it changes in place; "unknown": any of them
    errors          ValueError: an annotation is missing or not of an operator's types
    """
    try:
        hints = typing.get_type_hints(prototype_function)
    except Exception:
        hints = dict(getattr(prototype_function, "__annotations__", {}))
    signature = inspect.signature(prototype_function)

    def wrong(what: str) -> ValueError:
        return ValueError(f"infer_schema(func): {what} Got func with signature {signature})")

    words, keyword, seen = [], False, set()
    writes = mutates_args if isinstance(mutates_args, str) else set(mutates_args)
    for parameter in signature.parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise wrong("We do not support positional-only args, varargs, or varkwargs.")
        if parameter.name not in hints:
            raise wrong(f"Parameter {parameter.name} must have a type annotation.")
        text = _text_of(hints[parameter.name])
        if text is None:
            raise wrong(f"Parameter {parameter.name} has unsupported type {hints[parameter.name]}.")
        if parameter.kind is parameter.KEYWORD_ONLY and not keyword:
            words.append("*")
            keyword = True
        everything = writes == "unknown" and text.startswith("Tensor")
        if everything or (not isinstance(writes, str) and parameter.name in writes):
            if not text.startswith("Tensor"):
                raise wrong(
                    f"Parameter {parameter.name} is in mutable_args but only Tensors or "
                    "collections of Tensors can be mutated"
                )
            text = text.replace("Tensor", f"Tensor(a{len(seen)}!)", 1)
        seen.add(parameter.name)
        shown = "" if parameter.default is parameter.empty else f"={_shown(parameter.default)}"
        words.append(f"{text} {parameter.name}{shown}")
    if not isinstance(writes, str) and writes - seen:
        raise wrong(
            f"{sorted(writes - seen)} in mutates_args were not found in the custom op's signature."
        )
    if "return" not in hints:
        raise wrong("No return type annotation was provided. Please add one.")
    return f"{name}({', '.join(words)}) -> {_returns(hints['return'], wrong)}"


def _shown(default: Any) -> str:
    if isinstance(default, str):
        return f'"{default}"'
    if isinstance(default, _dtypes.dtype):
        return str(default).removeprefix("torch.")
    if isinstance(default, device):
        return f'"{default}"'
    if isinstance(default, (list, tuple)):
        return f"[{', '.join(map(_shown, default))}]"
    return str(default)


def _returns(kind: Any, wrong: Callable[[str], ValueError]) -> str:
    if kind is None or kind is type(None):
        return "()"
    if typing.get_origin(kind) is tuple:
        parts = [_text_of(one) for one in typing.get_args(kind)]
        if None not in parts:
            return f"({', '.join(map(str, parts))})"
    text = _text_of(kind)
    if text is None:
        raise wrong(f"Return has unsupported type {kind}.")
    return text
