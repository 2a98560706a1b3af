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
from ..core.tensor import Tensor, wrap
from .call import apply, record, replay, view_of
from .faces import Face, Faces, Method
from .inplace import apply_inplace, writable, write
from .op import CARDS, Card, bind
from .operators import binary_operator, inplace_operator
from .out import store, write_out
from .promotion import cast, fitted, number_array, number_of
from .schema import Schema

_ndarray = np.ndarray
FUNCTIONS = Faces()  # torch.<name>; "linalg.<name>" for other namespaces
FUNCTIONAL = Faces()  # torch.nn.functional.<name>

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
    fn: bool = True,
    method: bool = True,
    inplace: bool | str = False,
    functional: bool = False,
    **options: Any,
) -> Any:
    """Register the decorated class as a card: `@op("silu(input, inplace=False)", at="F")`.

    text      the schema
    aliases   further public names
    at        where users find it: "torch", "Tensor", "F", "special", "linalg", "fft"
    inplace   True: name_ at the same places; or the places, as in `at`
    options   see Card

    Returns the card, which other ops of the family can call.
    """

    def decorate(cls: type) -> Any:
        if "(" not in text:
            return _old_op(text, aliases, fn, method, inplace, functional, options)(cls)
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
    fn: bool = True,
    method: bool = False,
    functional: bool = False,
) -> Any:
    """Register a plain function over Tensors: `@composite("outer(input, vec2)", at="torch")`.

    With a schema the face takes `out=`, aliases and the in-place form; the function gets the other
    arguments. explains: the function words the errors of wrong arguments itself. With a bare name
    the function itself is published.
    """

    def decorate(function: Any) -> Any:
        if "(" not in text:
            if at:
                publish(function, (text, *aliases), "torch" in at, "Tensor" in at, "F" in at)
            else:
                publish(function, (text, *aliases), fn, method, functional)
            return function
        schema = Schema(text)
        known = Composite(schema, function, explains)
        publish_faces(schema, known, (schema.name, *aliases), at, inplace)
        return function

    return decorate


class Composite:
    """A function over Tensors as faces see it; the counterpart of Card."""

    prepare = None

    def __init__(self, schema: Schema, function: Any, explains: bool = False):
        self.schema, self.function, self.doc = schema, function, function.__doc__
        self.explains = explains

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
        return apply_inplace(CARDS["copy"], (args[0], self.call(args)))


def publish_faces(
    schema: Schema, op: Card | Composite, names: tuple, at: str, inplace: bool | str
) -> None:
    """Register the faces of an op: out of place at `at`, in place where `inplace` says."""
    for name in names:
        for place in at.split():
            _publish_face(place, name, Face(schema, "F" if place == "F" else "torch", name, op))
        changing = at if inplace is True else inplace or ""
        for place in changing.split():
            _publish_face(place, name + "_", Face(schema, "inplace", name + "_", op))


def _publish_face(place: str, name: str, face: Face) -> None:
    if place == "Tensor":
        setattr(Tensor, name, Method(name, face))
    elif place == "torch":
        FUNCTIONS.add(name, face)
    elif place == "F":
        FUNCTIONAL.add(name, face)
    else:
        FUNCTIONS.add(f"{place}.{name}", face)


def publish(function: Any, names: tuple, fn: bool, method: bool, functional: bool) -> None:
    """Register a plain function under these names."""
    for n in names:
        if fn:
            FUNCTIONS.add(n, function)
        if method:
            setattr(Tensor, n, function)
        if functional:
            FUNCTIONAL.add(n, function)


# ---------------------------------------------------------------- families not yet converted


def _with_face(card: Card) -> Any:
    function = _function(card)
    function.__name__ = function.__qualname__ = card.name
    function.__doc__ = card.doc
    function.card = card
    return function


def _old_op(name, aliases, fn, method, inplace, functional, options):
    def decorate(cls):
        card = Card(cls, name, **options)
        CARDS[name] = card
        function = _with_face(card)
        publish(function, (name, *aliases), fn, method, functional)
        if inplace:
            changed = _inplace_function(card)
            changed.__name__ = changed.__qualname__ = name + "_"
            changed.__doc__ = f"In-place version of {name}."
            publish(changed, tuple(n + "_" for n in (name, *aliases)), fn, True, False)
        return function

    return decorate


def _function(card: Card) -> Any:
    count, varargs = card.count, card.varargs
    first_is_tensor = not card.listed and (card.promote is None or len(card.tensors) < 2)

    def function(*args, **kwargs):
        if kwargs:
            out = kwargs.pop("out", None)
            args = bind(card, args, kwargs)
            if out is not None:
                return _into(card, args, out)
        elif len(args) != count or varargs:
            args = bind(card, args, kwargs)
        if first_is_tensor and not isinstance(args[0], Tensor):
            args = _checked_first(card, args)
        return card.run(args)

    return function


def _checked_first(card: Card, args: tuple) -> tuple:
    if isinstance(args[0], _ndarray):
        return (wrap(args[0]), *args[1:])
    raise TypeError(
        f"{card.name}(): argument '{card.public_name(0)}' (position 1) must be Tensor, not "
        f"{type(args[0]).__name__}"
    )


def _inplace_function(card: Card) -> Any:
    def function(*args, **kwargs):
        return apply_inplace(card, bind(card, args, kwargs))

    return function


def _into(card: Card, args: tuple, out: Any) -> Any:
    """The out= form: the result is written into given tensors, resized if need be."""
    outs = out if isinstance(out, (tuple, list)) else (out,)
    if mode.grad:
        tensors = args[0] if card.listed else args
        if any(isinstance(a, Tensor) and a._rg for a in (*tensors, *outs)):
            raise RuntimeError(
                f"{card.name}(): functions with out=... arguments don't support automatic "
                "differentiation, "
                "but one of the arguments requires grad."
            )
    results = apply(card, args)
    pairs = zip(outs, results if isinstance(results, tuple) else (results,), strict=False)
    for o, r in pairs:
        store(o, r)
    return out if not isinstance(out, (tuple, list)) or card.result is None else card.result(*outs)
