"""The registry: from a card or a function to everything that users call.

`@op("silu(input, inplace=False)", at="F")` over a class with forward and backward registers a card
and its faces; `@composite` does so for a plain function over Tensors. The cards in `rushlight.ops`
hold only arrays and formulas.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.inplace import check_inplace
from ..core.grad_mode import mode
from ..core.tensor import Tensor
from . import late
from .call import apply, record, replay, view_of
from .faces import Face, Faces, Method
from .inplace import apply_inplace, writable, write
from .modes import COMPOSITES
from .op import CARDS, MADE, Card, bind
from .operators import binary_operator, inplace_method, inplace_operator
from .out import check_overlap, store, write_out
from .promotion import cast, fitted, number_array, number_of
from .schema import Schema

_ndarray = np.ndarray
FUNCTIONS = Faces(late.FUNCTIONS)  # torch.<name>; "linalg.<name>" for other namespaces
FUNCTIONAL = Faces(late.FUNCTIONAL)  # torch.nn.functional.<name>

__all__ = [
    "CARDS",
    "FUNCTIONAL",
    "FUNCTIONS",
    "Card",
    "Composite",
    "apply",
    "apply_inplace",
    "binary_operator",
    "bind",
    "cast",
    "check_inplace",
    "composite",
    "fitted",
    "inplace_method",
    "inplace_operator",
    "internal",
    "number_array",
    "number_of",
    "op",
    "record",
    "replay",
    "store",
    "view_of",
    "writable",
    "write",
    "write_out",
]


def op(
    text: str,
    *aliases: str,
    at: str = "",
    inplace: bool | str = False,
    **options: Any,
) -> Any:
    """Register the decorated class as a card: `@op("silu(input, inplace=False)", at="F")`.

    text      the schema
    aliases   further public names
    at        where users find it: "torch", "Tensor", "F", "special", "linalg", "fft"; "" for an op
              that has only an in-place form
    inplace   True: name_ at the same places; or the places, as in `at`
    options   see Card

    Returns the card, which other ops of the family can call.
    """

    def decorate(cls: type) -> Any:
        schema = Schema(text)
        CARDS[schema.name] = card = Card(cls, schema.name, schema=schema, **options)
        publish_faces(schema, card, (schema.name, *aliases), at, inplace)
        return card

    return decorate


def internal(name: str, **options: Any) -> Any:
    """Register a card that no user calls: part of another op, or the backward of one."""

    def decorate(cls: type) -> Any:
        CARDS[name] = card = Card(cls, name, **options)
        return card

    return decorate


def composite(
    text: str,
    *aliases: str,
    at: str = "",
    inplace: bool | str = False,
    explains: bool = False,
    apart: bool = False,
) -> Any:
    """Register a plain function over Tensors: `@composite("outer(input, vec2)", at="torch")`.

    With a schema the face takes `out=`, aliases and the in-place form; the function gets the other
    arguments. explains: the function words the errors of wrong arguments itself. apart: in place,
    it reads no memory that it writes. With a bare name the function itself is published.
    """

    def decorate(function: Any) -> Any:
        if "(" not in text:
            for name in (text, *aliases):
                for place in at.split():
                    _publish(place, name, function)
            return function
        schema = Schema(text)
        known = Composite(schema, function, explains)
        known.apart = apart
        publish_faces(schema, known, (schema.name, *aliases), at, inplace)
        return function

    return decorate


class Composite:
    """A function over Tensors as faces see it; the counterpart of Card."""

    prepare = None
    asking: Any = None  # see modes.py
    apart = False  # in place: no other argument may lie in the memory that is written to

    def __init__(self, schema: Schema, function: Any, explains: bool = False):
        self.name, self.schema, self.doc = schema.name, schema, function.__doc__
        self.function = self.unasked = function  # modes.py asks before the first one
        self.explains = explains
        COMPOSITES.append(self)
        for f in MADE:
            f(self)

    @property
    def checks_first(self) -> bool:
        """The first argument must be a Tensor."""
        arguments = self.schema.arguments
        return not self.explains and bool(arguments) and arguments[0].type == "Tensor"

    def call_text(self, given: str) -> str:
        """The expression with which a face calls the function."""
        stars = {"positional": "{0}", "variadic": "*{0}", "keyword": "{0}={0}"}
        return (
            f"op.function({', '.join(stars[p.kind].format(p.name) for p in self.schema.arguments)})"
        )

    def change_text(self, given: str) -> str:
        """Likewise, in place."""
        return f"op.change(({given}))"

    def call(self, args: Any) -> Any:
        """Call on the schema's arguments."""
        positional: list = []
        keywords: dict = {}
        for p, value in zip(self.schema.arguments, args, strict=True):
            if p.kind == "keyword":
                keywords[p.name] = value
            elif p.kind == "variadic":
                positional += value
            else:
                positional.append(value)
        return self.function(*positional, **keywords)

    def change(self, args: Any) -> Any:
        """Call, and copy the result into the first argument."""
        x = args[0]
        if isinstance(x, Tensor):
            tensors = [a for a in args[1:] if isinstance(a, Tensor)]
            if mode.grad and (x._rg or any([t._rg for t in tensors])):
                check_inplace(x)
            if self.apart:
                for t in tensors:
                    if t is x or (t._v is x._v and t._v is not None):
                        check_overlap(x, t, x, True)
        return apply_inplace(CARDS["copy"], (args[0], self.call(args)))


def publish_faces(
    schema: Schema, op: Card | Composite, names: tuple, at: str, inplace: bool | str
) -> None:
    """Register the faces of an op: out of place at `at`, in place where `inplace` says."""
    for name in names:
        for place in at.split():
            _publish(place, name, Face(schema, "F" if place == "F" else "torch", name, op))
        changing = at if inplace is True else inplace or ""
        for place in changing.split():
            _publish(place, name + "_", Face(schema, "inplace", name + "_", op))


def _publish(place: str, name: str, thing: Any) -> None:
    """Put a Face or a plain function under a public name."""
    if place == "Tensor":
        setattr(
            Tensor, name, Method(name, thing) if isinstance(thing, Face) else Method.finish(thing)
        )
    elif place == "torch":
        FUNCTIONS.add(name, thing)
    elif place == "F":
        FUNCTIONAL.add(name, thing)
    else:
        FUNCTIONS.add(f"{place}.{name}", thing)
