"""Running a model and noting the ops that it calls, with what they got and what they made.

A Trace is a listener (profiler/listening.py). It notes an op where the tables have a converter for
it: a composite as a whole, or the cards that it calls. What an op calls inside is not noted. Views
and changes in place are told apart by the versions of tensors; merging.py makes values out of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

import numpy as np

from ..core.grad_mode import no_grad
from ..core.tensor import Tensor
from ..dispatch.op import Card, bind_schema
from ..dispatch.registry import Composite
from ..nn import Module
from ..nn.module_hooks import register_module_forward_hook, register_module_forward_pre_hook
from ..profiler.listening import listen, unlisten
from ..random.generator import default_generator
from .convert import CARDS, NEVER, WHOLES

CARD, WHOLE, UNKNOWN = "card", "whole", "unknown"
ALSO_VIEWS = frozenset(("view", "reshape"))


class Call:
    """One op that was called.

    arguments  {name: value}, as the converter takes them
    versions   {id of a tensor among them: its version then}
    results    the tensors that it made, or the one that it changed
    after      the version of each result
    """

    __slots__ = ("after", "arguments", "changed", "dependent", "kind", "name", "results", "scope",
                 "then", "versions")  # fmt: skip

    def __init__(self, kind: str, name: str, arguments: dict, scope: str, then: str = ""):
        self.kind, self.name, self.arguments = kind, name, arguments
        self.scope, self.then = scope, then
        self.changed: Tensor | None = None
        self.dependent = False
        self.results: list[Tensor] = []
        self.after: list[int] = []
        self.versions: dict[int, int] = {}


def version(t: Tensor) -> int:
    """How often the memory of a tensor has been changed."""
    return t._v[0] if t._v is not None else 0


def leaves(x: Any, kinds: tuple[type, ...] = (Tensor, np.ndarray)) -> Iterator[Any]:
    """The values of these kinds in arguments or results, in order."""
    if isinstance(x, kinds):
        yield x
    elif isinstance(x, (list, tuple)):
        for y in x:
            yield from leaves(y, kinds)
    elif isinstance(x, dict):
        for y in x.values():
            yield from leaves(y, kinds)
    elif isinstance(x, slice):
        yield from leaves((x.start, x.stop, x.step), kinds)


class Trace:
    """What one run of a model did."""

    def __init__(self, inputs: list[Tensor]):
        self.thread = get_ident()
        self.inputs = inputs
        self.calls: list[Call] = []
        self.inside = 0
        self.scopes: list[str] = [""]
        self.kept: list[Any] = list(inputs)  # ids stay those of these tensors
        self.known = {id(t) for t in inputs}  # they have been noted
        self.depends = {id(t) for t in inputs}  # they follow the inputs
        self.cells: set[int] = set()  # likewise: the version cells of what was changed
        self.arrays: dict[int, Tensor] = {id(t._a): t for t in inputs}
        self.snapshots: dict[
            tuple[int, int], np.ndarray
        ] = {}  # (id, version) of what changed later
        self.output: Any = None
        self.random = False  # were random numbers drawn?

    # listening

    def begin(self, kind: str, name: str, args: Any, what: Any, keywords: Any) -> Any:
        """An op begins: is it noted here?"""
        if self.inside or kind not in ("op", "change", "view"):
            return None
        call = self._changing(name, args, what) if kind == "change" else None
        if call is None:
            call = self._call(name, args, what, keywords)
        if call is None:
            return (len(self.calls), name, args, keywords)
        self.inside += 1
        given = list(leaves(call.arguments))
        self._note(call, given)
        if call.changed is not None and not call.dependent and not self._follows(call.changed):
            base = call.changed._view.base if call.changed._view is not None else call.changed
            self.kept.append(base)
            self.snapshots[id(base), version(base)] = base._a.copy()
        return call

    def end(self, token: Any, result: Any) -> None:
        """It ended."""
        if token is None:
            return
        if isinstance(token, tuple):
            self._watched(*token, result)
            return
        self.inside -= 1
        if token.changed is not None:
            self._add(token, [token.changed])
        elif result is not None:
            self._add(token, [t for t in leaves(result) if isinstance(t, Tensor)])

    def _changing(self, name: str, args: Any, what: Any) -> Call:
        """An op in place: the card that computes the new elements."""
        schema = what.schema
        if schema is not None and len(args) < len(schema.arguments):
            args = bind_schema(schema, tuple(args), {})
        if isinstance(what, Composite):
            call = Call(WHOLE if what.name in WHOLES else UNKNOWN, what.name,
                        dict(zip(schema.names, args, strict=True)), self.scopes[-1])  # fmt: skip
        else:
            given = what.arguments(tuple(args))
            card = what.select(given)
            call = self._card(card, given)
        call.changed = args[0]
        return call

    def _card(self, card: Card, args: Any) -> Call:
        args = (
            (*args, *card.defaults[len(args) - card.required :]) if len(args) < card.count else args
        )
        bound = dict(zip(card.parameters, args, strict=False))
        then = card.fused_with.name if card.fused_with is not None else ""
        kind = CARD if card.name in CARDS else UNKNOWN
        return Call(kind, card.name, bound, self.scopes[-1], then)

    def _call(self, name: str, args: Any, what: Any, keywords: Any) -> Call | None:
        if isinstance(what, Card):
            return self._card(what, args)
        if name not in WHOLES:
            return None
        if isinstance(what, Composite):
            bound = _bound(what.schema, args, keywords)
        else:
            bound = {"args": tuple(args), "kwargs": dict(keywords)}
        call = Call(WHOLE, name, bound, self.scopes[-1])
        if name == "setitem" or (name.endswith("_") and not name.startswith("_")):
            call.changed = args[0]
        return call

    def _note(self, call: Call, given: list) -> None:
        for x in given:
            t = self.arrays.get(id(x)) if isinstance(x, np.ndarray) else x
            if t is not None:
                call.versions[id(t)] = version(t)
                call.dependent |= self._follows(t)
                self.kept.append(t)

    def _follows(self, t: Tensor) -> bool:
        return id(t) in self.depends or (t._v is not None and id(t._v) in self.cells)

    def _add(self, call: Call, results: list[Tensor]) -> None:
        call.results, call.after = results, [version(t) for t in results]
        self.calls.append(call)
        for t in results:
            self.kept.append(t)
            self.known.add(id(t))
            self.arrays[id(t._a)] = t
            if call.dependent:
                self.depends.add(id(t))
                if call.changed is not None:
                    self.kept.append(t._v)
                    self.cells.add(id(t._v))
                    if t._view is not None:
                        self.depends.add(id(t._view.base))

    def _watched(self, first: int, name: str, args: Any, keywords: Any, result: Any) -> None:
        """A composite without a converter: did the ops that it called make its result?"""
        if name in NEVER or result is None:
            return
        call = Call(UNKNOWN, name, {"args": args, "kwargs": keywords}, self.scopes[-1])
        made = [t for t in leaves(result) if isinstance(t, Tensor) and id(t) not in self.known]
        if not made:
            return
        self._note(call, list(leaves(call.arguments)))
        given = {id(t) for t in leaves(call.arguments)}
        made = [t for t in made if id(t) not in given]
        if call.dependent and made:
            self._add(call, made)

    # modules

    def enter(self, names: dict[int, str], module: Module) -> None:
        self.scopes.append(names.get(id(module), self.scopes[-1]))

    def leave(self) -> None:
        self.scopes.pop()


def run(model: Any, inputs: list[Tensor], call: Any) -> Trace:
    """The Trace of call(inputs), in which `model` (a Module or a function) is run."""
    trace = Trace(inputs)
    names = {}
    if isinstance(model, Module):
        for path, module in model.named_modules():
            names.setdefault(id(module), "/" + path.replace(".", "/") if path else "")
        for t in [*model.parameters(), *model.buffers()]:
            trace.arrays[id(t._a)] = t
    hooks = [
        register_module_forward_pre_hook(lambda module, args: trace.enter(names, module)),
        register_module_forward_hook(lambda *_: trace.leave(), always_call=True),
    ]
    try:
        with no_grad(), _composites_heard(trace):
            before = default_generator.get_state()
            listen(trace)
            try:
                trace.output = call(inputs)
            finally:
                unlisten(trace)
            trace.random = not np.array_equal(before._a, default_generator.get_state()._a)
    finally:
        for hook in hooks:
            hook.remove()
    return trace


def _bound(schema: Any, args: Any, keywords: Any) -> dict[str, Any]:
    """{name: argument} of the call of a composite."""
    parameters = schema.arguments
    for i, p in enumerate(parameters):
        if p.kind == "variadic":  # `*size`: what follows is one argument
            head = dict(zip(schema.names, args[:i], strict=False))
            rest = {q.name: keywords.get(q.name, q.default) for q in parameters[i + 1 :]}
            return {**head, p.name: tuple(args[i:]), **rest}
    return dict(zip(schema.names, bind_schema(schema, tuple(args), keywords), strict=True))


@contextmanager
def _composites_heard(trace: Trace) -> Iterator[None]:
    """Inside, changes in place by composites are told to the trace, which listening leaves out."""
    plain = Composite.change

    def change(self: Any, args: Any) -> Any:
        if get_ident() != trace.thread:
            return plain(self, args)
        token, result = trace.begin("change", self.name + "_", args, self, {}), None
        try:
            result = plain(self, args)
        finally:
            trace.end(token, result)
        return result

    Composite.change = change  # type: ignore[method-assign]
    try:
        yield
    finally:
        Composite.change = plain  # type: ignore[method-assign]
