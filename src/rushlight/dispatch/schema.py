"""Signatures as text: `lerp(input, end, weight, *, out=None)`.

A schema is PyTorch's signature of an op, in Python's syntax; annotations may be left out where the
table `TYPES` knows the name. Binding, error words, help and stubs follow from it (faces.py). It is
parsed when it is first needed.
"""

from __future__ import annotations

import ast
import inspect
import math
from functools import cached_property
from typing import Any, NamedTuple

from ..core import layout

MISSING = type("Missing", (), {"__repr__": lambda self: "..."})()  # default of a required argument

# NumPy's names for PyTorch's arguments; PyTorch takes both
ALIASES = {
    "dim": ("axis",),
    "keepdim": ("keepdims",),
    "input": ("self", "x", "a", "x1"),
    "other": ("x2",),
    "dim0": ("axis0",),
    "dim1": ("axis1",),
    "indices_or_sections": ("sections", "indices", "tensor_indices_or_sections"),
    "from_": ("from",),  # a keyword of Python's
}

# What an argument of this name is, where the schema does not say.
TYPES = {
    **dict.fromkeys(
        "input end tensor tensor1 tensor2 mat mat1 mat2 vec vec1 vec2 batch1 batch2 src source "
        "index mask target weight".split(),
        "Tensor",
    ),
    **dict.fromkeys("other exponent".split(), "Tensor | Number"),
    **dict.fromkeys("tensors".split(), "Sequence[Tensor]"),
    **dict.fromkeys("bias".split(), "Tensor | None"),
    **dict.fromkeys("dim0 dim1 dim k n offset diagonal".split(), "int"),
    **dict.fromkeys("keepdim inplace unbiased training largest sorted descending".split(), "bool"),
    **dict.fromkeys("alpha beta value negative_slope".split(), "Number"),
    "dtype": "dtype | None",
    "device": "device | str | int | None",
    "generator": "Generator | None",
    "memory_format": "memory_format",
    "out": "Tensor | None",
    "reduction": "str",
}

_NAMES = {
    "inf": math.inf,
    "preserve_format": layout.preserve_format,
    "contiguous_format": layout.contiguous_format,
    "strided": layout.strided,
}


class Parameter(NamedTuple):
    """One parameter of a schema: kind is "positional", "variadic" (*dims) or "keyword"."""

    name: str
    kind: str
    default: Any  # MISSING: required
    type: str | None


class Schema:
    """The parsed signature of an op: `Schema("silu(input, inplace=False)")`."""

    def __init__(self, text: str):
        self.text = text
        self.name = text.partition("(")[0].strip()

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """All parameters, `out` and `inplace` among them. SyntaxError: not Python's syntax."""
        found: Any = ast.parse(f"def {self.text}: ...").body[0]
        a = found.args
        first = len(a.posonlyargs + a.args) - len(a.defaults)
        items: list[Parameter] = []
        for i, p in enumerate(a.posonlyargs + a.args):
            default = _value(a.defaults[i - first]) if i >= first else MISSING
            items.append(Parameter(p.arg, "positional", default, _type(p)))
        if a.vararg:
            items.append(Parameter(a.vararg.arg, "variadic", MISSING, _type(a.vararg)))
        for p, d in zip(a.kwonlyargs, a.kw_defaults, strict=True):
            items.append(Parameter(p.arg, "keyword", MISSING if d is None else _value(d), _type(p)))
        return tuple(items)

    @cached_property
    def arguments(self) -> tuple[Parameter, ...]:
        """The parameters that the op itself gets: all but `out` and `inplace`."""
        return tuple(p for p in self.parameters if p.name not in ("out", "inplace"))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of `arguments`."""
        return tuple(p.name for p in self.arguments)

    def has(self, name: str) -> bool:
        """True if there is a parameter of this name."""
        return any(p.name == name for p in self.parameters)

    def resolve(self, keyword: str) -> int | None:
        """Which argument a keyword means, aliases included; None if there is none."""
        names = self.names
        if keyword in names:
            return names.index(keyword)
        for i, name in enumerate(names):
            if keyword in ALIASES.get(name, ()):
                return i
        return None

    def signature(self, leave_out: tuple[str, ...] = ()) -> inspect.Signature:
        """As inspect.signature shows it."""
        kinds = {
            "positional": inspect.Parameter.POSITIONAL_OR_KEYWORD,
            "variadic": inspect.Parameter.VAR_POSITIONAL,
            "keyword": inspect.Parameter.KEYWORD_ONLY,
        }
        return inspect.Signature(
            [
                inspect.Parameter(
                    p.name,
                    kinds[p.kind],
                    default=inspect.Parameter.empty if p.default is MISSING else p.default,
                )
                for p in self.parameters
                if p.name not in leave_out
            ]
        )

    def __repr__(self) -> str:
        return f"<schema {self.text}>"


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Name) and node.id in _NAMES:
        return _NAMES[node.id]
    try:
        return ast.literal_eval(node)
    except ValueError:
        return eval(compile(ast.Expression(node), "<schema>", "eval"), {})  # 1.0 / 3


def _type(p: ast.arg) -> str | None:
    return ast.unparse(p.annotation) if p.annotation else TYPES.get(p.arg)
