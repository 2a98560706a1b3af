"""Several traces of one model as one list of calls on Values.

The runs had other sizes of the dynamic dimensions, or other numbers as inputs. What was the same in
all of them is the model's; a size that was not becomes an Extent; anything else that was not (a
constant, a number, the ops themselves) follows the inputs in a way that a graph does not show, and
is refused where it is used.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.dtype import dtype, from_numpy_dtype
from ..core.tensor import Tensor
from ..dispatch.call import replay
from .errors import OnnxExporterError
from .extents import Extent, merged
from .graph import Value
from .tracing import CARD, UNKNOWN, WHOLE, Call, Trace, leaves, version

SAMPLE = 1 << 22  # elements: a larger constant that all runs hold as one array is not compared


class Step:
    """A call of all runs: arguments with Values and Extents, and the Values of its results."""

    __slots__ = ("arguments", "kind", "name", "results", "scope", "then")

    def __init__(self, kind: str, name: str, arguments: dict, results: list, scope: str, then: str):
        self.kind, self.name, self.arguments, self.results = kind, name, arguments, results
        self.scope, self.then = scope, then

    def uses(self) -> list[Value]:
        return [x for x in leaves(self.arguments, (Value,))]


class Unsure(Exception):
    """Why a value cannot be part of the graph."""


class Merger:
    """Makes Steps of traces.

    names  {id of a parameter or buffer: its name}
    fold   what only depends on constants is computed now
    """

    def __init__(self, traces: list[Trace], names: dict[int, str], fold: bool):
        self.traces, self.names, self.fold = traces, names, fold
        self.steps: list[Step] = []
        self.errors: dict[int, str] = {}  # id of a Value -> why it cannot be used
        self.maps: list[dict[int, list]] = [
            {} for _ in traces
        ]  # id of a tensor -> [Value, version]
        self.kept: list[Any] = []

    def merge(self, inputs: list[Value]) -> list[Value]:
        """Fills `steps`; the Values of the output's tensors."""
        for i, value in enumerate(inputs):
            self._register([t.inputs[i] for t in self.traces], value, [0] * len(self.traces))
        longest = max(len(t.calls) for t in self.traces)
        for i in range(longest):
            calls = [t.calls[i] if i < len(t.calls) else None for t in self.traces]
            if len({c and c.name for c in calls}) > 1:
                shown = " and ".join(sorted({c.name if c else "nothing" for c in calls}))
                raise OnnxExporterError(
                    f"the model does not do the same for all inputs: after {i} ops it calls "
                    f"{shown} for inputs of other sizes or numbers\n"
                    "  fix: no `if` on values of tensors; fewer dynamic dimensions"
                )
            self._step(calls)
        outputs = [list(leaves(t.output)) for t in self.traces]
        if len({len(o) for o in outputs}) > 1 or not outputs[0]:
            raise OnnxExporterError("the model's output holds no tensor")
        found = []
        for tensors in zip(*outputs, strict=True):
            versions = [version(t) for t in tensors]
            found.append(self._value(list(tensors), versions))
        return found

    def live(self, outputs: list[Value]) -> list[Step]:
        """The steps that outputs need, in order."""
        wanted = {id(v) for v in outputs}
        found = []
        for step in reversed(self.steps):
            if any(id(v) in wanted for v in step.results):
                found.append(step)
                wanted.update(id(v) for v in step.uses())
        return found[::-1]

    # one call

    def _step(self, calls: list[Any]) -> None:
        first: Call = calls[0]
        tensors = list(zip(*[c.results for c in calls], strict=False))
        after = list(zip(*[c.after for c in calls], strict=False))
        if not first.dependent and (self.fold or first.kind == UNKNOWN):
            if all(self._is_constant(ts, vs) for ts, vs in zip(tensors, after, strict=True)):
                for ts, vs in zip(tensors, after, strict=True):
                    self._constant(list(ts), list(vs))
                return
        try:
            arguments = self._merged([c.arguments for c in calls], calls)
            problem = ""
        except Unsure as error:
            arguments, problem = {}, str(error)
        results = []
        renewed = []
        for ts, vs in zip(tensors, after, strict=True):
            if first.changed is None and all(
                id(t) in m for t, m in zip(ts, self.maps, strict=True)
            ):
                results.append(self.maps[0][id(ts[0])][0])  # it gave back what it got
                continue
            value = self._like(list(ts))
            renewed.append(value)
            results.append(value)
            self._register(list(ts), value, list(vs))
        if not renewed:
            return
        if problem:
            for value in renewed:
                self.errors[id(value)] = f"{first.name}: {problem}"
        self.steps.append(Step(first.kind, first.name, arguments, results, first.scope, first.then))
        if first.changed is not None:
            self._spread(
                [c.changed for c in calls], results[0], [v[0] for v in zip(*after, strict=True)]
            )

    def _spread(self, changed: list, value: Value, versions: list) -> None:
        """A view was changed: so was its base."""
        if changed[0]._view is None:
            return
        bases = [t._view.base for t in changed]
        entry = self.maps[0].get(id(bases[0]))
        if entry is None:
            old = self._value(bases, [v - 1 for v in versions])
        else:
            old = entry[0]
        new = self._like(bases)
        self.steps.append(
            Step(CARD, "view_put", {"base": old, "new": value, "places": self._places(changed)},
                 [new], "", "")
        )  # fmt: skip
        self._register(bases, new, versions)

    def _places(self, views: list) -> Any:
        """Where the elements of views lie in their bases, flat; None: sizes differ."""
        shapes = {t._view.base.shape for t in views}
        if len(shapes) > 1:
            return None
        base = views[0]._view.base
        every = np.arange(base.numel()).reshape(tuple(base.shape))
        return np.ascontiguousarray(replay(views[0]._view.replay, every))

    # values

    def _register(self, tensors: list, value: Value, versions: list) -> None:
        for t, m, v in zip(tensors, self.maps, versions, strict=True):
            m[id(t)] = [value, v]
        self.kept.append(tensors)

    def _like(self, tensors: list) -> Value:
        shapes = [tuple(t.shape) for t in tensors]
        if len({len(s) for s in shapes}) > 1 or len({t.dtype for t in tensors}) > 1:
            value = Value("", shapes[0], tensors[0].dtype)
            self.errors[id(value)] = "its number of dimensions follows the input"
            return value
        return Value("", tuple(merged(n) for n in zip(*shapes, strict=True)), tensors[0].dtype)

    def _value(self, tensors: list, versions: list) -> Value:
        """The Value of these tensors, one of each run, as they were at these versions."""
        entries = [m.get(id(t)) for t, m in zip(tensors, self.maps, strict=True)]
        if all(e is None for e in entries):
            return self._constant(tensors, versions)
        if any(e is None or e[0] is not entries[0][0] for e in entries):  # type: ignore[index]
            value = self._like(tensors)
            self.errors[id(value)] = "what it is made from is not the same for all inputs"
            return value
        value, known = entries[0]  # type: ignore[misc]
        if known == versions[0]:
            return value
        if tensors[0]._view is not None:  # the base was changed since
            bases = [t._view.base for t in tensors]
            base = self.maps[0].get(id(bases[0]))
            if base is not None and base[1] == versions[0]:
                new = self._like(tensors)
                places = self._places(tensors)
                given = {"base": base[0], "places": places}
                self.steps.append(Step(CARD, "view_take", given, [new], "", ""))
                self._register(tensors, new, versions)
                return new
        if value.array is not None and not any(
            t._follows(x) for t, x in zip(self.traces, tensors, strict=True)
        ):
            return self._constant(tensors, versions)
        value = self._like(tensors)
        self.errors[id(value)] = "it was changed in place in a way that is not followed"
        return value

    def _array(self, trace: Trace, t: Tensor, at: int) -> np.ndarray:
        """The elements of a constant as they were at a version."""
        if version(t) == at:
            return t._a
        base = t._view.base if t._view is not None else t
        found = trace.snapshots.get((id(base), at))
        if found is None:
            raise Unsure("a constant was changed in place in a way that is not followed")
        return replay(t._view.replay, found) if t._view is not None else found

    def _is_constant(self, tensors: Any, versions: Any) -> bool:
        try:
            arrays = [
                self._array(trace, t, v)
                for trace, t, v in zip(self.traces, tensors, versions, strict=True)
            ]
        except Unsure:
            return False
        return _same(arrays)

    def _constant(self, tensors: list, versions: list) -> Value:
        """A constant: the same array in all runs, or one number in another shape."""
        value = self._like(tensors)
        try:
            arrays = [
                self._array(trace, t, v)
                for trace, t, v in zip(self.traces, tensors, versions, strict=True)
            ]
            if _same(arrays):
                value.name = (
                    self.names.get(id(tensors[0]), "") if versions[0] == version(tensors[0]) else ""
                )
                value.array = np.ascontiguousarray(arrays[0]).reshape(arrays[0].shape)
            elif (number := _uniform(arrays)) is not None:
                given = {"shape": value.shape, "value": number, "dtype": value.dtype}
                self.steps.append(Step(CARD, "filled", given, [value], "", ""))
            else:
                self.errors[id(value)] = (
                    "a constant that is not the same for all inputs (random numbers, or numbers "
                    "that were computed outside of tensors)"
                )
        except Unsure as error:
            self.errors[id(value)] = str(error)
        self._register(tensors, value, versions)
        return value

    # arguments

    def _merged(self, given: list, calls: list[Call]) -> Any:
        first = given[0]
        if isinstance(first, Tensor):
            versions = [
                c.versions.get(id(t), version(t)) for c, t in zip(calls, given, strict=True)
            ]
            return self._value(given, versions)
        if isinstance(first, np.ndarray):
            owners = [t.arrays.get(id(a)) for t, a in zip(self.traces, given, strict=True)]
            if all((o is not None and id(o) in m) or id(o) in self.names
                   for o, m in zip(owners, self.maps, strict=True)):  # fmt: skip
                return self._merged(owners, calls)
            if _same(given):
                return Value("", first.shape, from_numpy_dtype(first.dtype), first)
            raise Unsure("an array that is not the same for all inputs")
        if isinstance(first, (bool, np.bool_)) or first is None or first is Ellipsis:
            return self._equal(given)
        if isinstance(first, (int, np.integer)):
            if not all(isinstance(v, (int, np.integer)) for v in given):
                raise Unsure("arguments that are not the same for all inputs")
            return merged(tuple(int(v) for v in given))
        if isinstance(first, dict):
            return {k: self._merged([g[k] for g in given], calls) for k in first}
        if isinstance(first, slice):
            parts = [[getattr(g, k) for g in given] for k in ("start", "stop", "step")]
            return slice(*[self._merged(p, calls) for p in parts])
        if isinstance(first, (list, tuple)):
            if len({len(g) for g in given}) > 1:
                raise Unsure("arguments that are not the same for all inputs")
            found = [self._merged(list(each), calls) for each in zip(*given, strict=True)]
            return found if isinstance(first, list) else tuple(found)
        if isinstance(first, (float, complex, str, dtype, np.number)):
            return self._equal(given)
        return first

    def _equal(self, given: list) -> Any:
        first = given[0]
        if any(v is not first and v != first and v == v for v in given):
            raise Unsure(
                f"a number that follows the input, {', '.join(str(v) for v in given[:3])} in turn"
            )
        return first


def _same(arrays: list) -> bool:
    first = arrays[0]
    for a in arrays[1:]:
        if a is first:
            continue
        if a.shape != first.shape or a.dtype != first.dtype:
            return False
        if not np.array_equal(a.view(np.uint8) if a.dtype.kind == "V" else a,
                              first.view(np.uint8) if a.dtype.kind == "V" else first,
                              equal_nan=a.dtype.kind in "fc"):  # fmt: skip
            return False
    return True


def _uniform(arrays: list) -> Any:
    """The one number that these arrays hold, or None."""
    first = next((a.flat[0] for a in arrays if a.size), None)
    if first is None:
        return None
    return first if all((a == first).all() for a in arrays) else None


__all__ = ["UNKNOWN", "WHOLE", "Extent", "Merger", "Step"]
