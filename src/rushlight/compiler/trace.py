"""One program: a call traced into XLA, and run.

    program(memories, numbers, draws) -> changed memories, results, new gradients, residuals

The call is made once with tracers in the tensors: rushlight's own modules, cards, tape and
optimizers run, and what they compute is recorded by JAX. Then everything is put back as it was. A
run hands the present values in, and puts the new ones where the old were. The trace is written as a
jaxpr first: only then is it known what is changed, and so what may be donated.
"""

from __future__ import annotations

import gc
import time
import weakref
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
from jax.extend.core import jaxpr_as_fun

from ..autograd.node import edge_of
from ..core.device import CPU
from ..core.grad_mode import mode
from ..core.meta import device_of
from ..core.tensor import Tensor, wrap
from ..dispatch.autocast import state as autocast
from ..kernels.xla.array import NOTED, SPREAD, TRACED, Array, Cell
from ..kernels.xla.option import Option, sign_of
from ..optim import optimizer as optimizers
from ..random.generator import default_generator, generator_on
from .backward import Graph, abstract, graph_of, node_of, spent, zeros_of
from .call import Call, taken
from .draws import Log, handing, kept, writing
from .memory import Device, check_apart, memories
from .options import counted, lifted
from .stage import RANKS, TRACING, CannotCompile
from .world import World

_ndarray = np.ndarray


class StateMade(Exception):
    """The call makes state (momentum buffers, ...): it has to run once before it is traced."""


class HiddenState(Exception):
    """The trace used tensors that the walk had not found."""

    def __init__(self, tensors: list[Tensor]):
        self.tensors = tensors


def generators(world: World, where: Any) -> list[Any]:
    """The generators of a device that a program may draw from."""
    if where is CPU:
        return []
    found = {id(g): g for g in (generator_on(where), *world.generators)}
    return [g for g in found.values() if type(g.mt) is Array and device_of(g.mt) == where]


def _device(arrays: list[Any]) -> Any:
    """The device that a program is for: that of its arrays, but for those of the host."""
    where = {device_of(a): None for a in arrays if type(a) is Array}
    if len(where) > 1:
        raise CannotCompile("has tensors on several devices: " + ", ".join(map(str, where)))
    return next(iter(where), CPU)


class _Trace:
    """A call under tracers.

    fn, world, call  what is called, and what it reaches
    log              what it draws
    owner            the Program
    """

    def __init__(self, fn: Any, world: World, call: Call, log: Log, owner: Any):
        self.fn, self.world, self.log, self.owner = fn, world, log, owner
        tensors = (*world.tensors, *call.tensors)
        self.where = _device([t._a for t in tensors])
        self.generators = generators(world, self.where)
        self.graded = [i for i, t in enumerate(tensors) if t._grad is not None]
        self.found, self.shared, self.starts = memories(self.arrays(call))
        self.pattern = self.shared[0]
        check_apart(self.found)
        self.ranks = None if RANKS[0] is None else RANKS[0]()

    # ---- what goes in

    def arrays(self, call: Call) -> list[Any]:
        """The arrays of the state, of the arguments, of gradients and device generators."""
        tensors = [*self.world.tensors, *call.tensors]
        found = [t._a for t in tensors]
        found += [tensors[i]._grad._a for i in self.graded]  # type: ignore[union-attr]
        found += [g.mt for g in self.generators]
        return found

    # ---- tracing

    def _option(self, v: Any, value: float) -> Option:
        return Option(v, sign_of(value), self.owner.questions, value)

    def _jaxpr(self, call: Call, drawn: list) -> Any:
        """The call as a jaxpr of (memories, numbers, draws)."""
        arrays = self.arrays(call)
        inputs = [abstract(m.value()) for m in self.found]
        count = len(self.world.numbers()) + len(call.numbers) + len(self.starts)
        numbers = jax.ShapeDtypeStruct((count,), np.float64)

        def traced(inputs: list, numbers: Any, drawn: list) -> list:
            with self._hands(drawn), self._standing(call, arrays, inputs, numbers) as cells:
                return self._record(call, cells, inputs)

        return self._made(traced)(inputs, numbers, drawn)

    def _made(self, f: Any) -> Any:
        """jax.make_jaxpr of f, which may join what other processes compute."""
        if self.ranks is None:
            return jax.make_jaxpr(f)
        return jax.make_jaxpr(f, axis_env=self.ranks.axis_env)

    def _jitted(self, closed: Any, donated: tuple = ()) -> Any:
        """A jaxpr as a function of its flat inputs."""
        if self.ranks is None:
            return jax.jit(jaxpr_as_fun(closed), donate_argnums=donated)
        return self.ranks.jit(closed, donated)

    @contextmanager
    def _tracing(self) -> Any:
        """Everybody who asks is told that a program is traced, and for which device."""
        TRACING.append(self.owner)
        device, TRACED[0] = TRACED[0], self.where
        counting, optimizers.COUNTED[0] = optimizers.COUNTED[0], counted
        casts, autocast.cache = autocast.cache, {}  # a cast is part of the program that makes it
        try:
            yield
        finally:
            autocast.cache = casts
            optimizers.COUNTED[0] = counting
            TRACED[0] = device
            TRACING.pop()

    def _restored(self) -> list[Any]:
        """Put back what the function has changed; the guards that it broke."""
        changed = self.world.changed()
        for g in changed:
            g.restore()
        return changed

    @contextmanager
    def _standing(self, call: Call, arrays: list[Any], inputs: list, numbers: Any) -> Any:
        """Tracers in all tensors, options and generators; everything as it was afterwards."""
        world, cells = self.world, [Cell(v) for v in inputs]
        first = numbers.shape[0] - len(self.starts)
        starts = (numbers[first + i].astype(np.int64) for i in range(len(self.starts)))
        stand = [
            self.found[k].traced(cells[k], a, starts)
            for k, a in zip(self.pattern, arrays, strict=True)
        ]
        self.actual = [_stands_for_itself(t) for t in call.tensors]
        own = [t for t, itself in zip(call.tensors, self.actual, strict=True) if itself]
        real = [*world.tensors, *own]
        saved = [(t, t._a, t._rg, t._node, t._view, t._v, t._grad, t._version) for t in real]
        options = [(g, k, v) for g in world.groups for k, v in g.items() if k != "params"]
        keys = [g.mt for g in self.generators]
        moving = [(g, g.now()) for g in world.inputs()]
        self.options: list[tuple] = []
        self.moved: list[tuple] = []
        try:
            for t, a in zip(world.tensors, stand, strict=False):
                _check_leaf(t)
                t._a = a
            self.given = []
            at = len(world.tensors)
            for t, a, itself in zip(call.tensors, stand[at:], self.actual, strict=False):
                if itself:
                    t._a = a
                    self.given.append(t)
                    continue
                other = wrap(a)
                other._rg = t._rg
                self.given.append(other)
            tensors = [*world.tensors, *self.given]
            at += len(call.tensors)
            self.grads: dict[int, Tensor] = {}
            for i, a in zip(self.graded, stand[at:], strict=False):
                self.grads[i] = tensors[i]._grad = wrap(a)
            at += len(self.graded)
            for g, a in zip(self.generators, stand[at:], strict=True):
                g.mt = a
            count = iter(range(first))
            for group, name, value in options:
                option = lifted(value, lambda: numbers[next(count)])
                if option is not None:
                    group[name] = option
                    self.options.append((group, name, option))
            for g, value in moving:
                option = self._option(numbers[next(count)], value)
                self.moved.append((g, option))
                g.put(option)
            self.numbers = [self._option(numbers[next(count)], x) for x in call.numbers]
            yield cells
        finally:
            for g, value in moving:
                g.put(value)
            for t, a, rg, node, view, v, grad, version in saved:
                t._a, t._rg, t._node, t._view, t._v, t._grad = a, rg, node, view, v, grad
                if v is not None:
                    v[0] = version
            for group, name, value in options:
                group[name] = value
            for g, mt in zip(self.generators, keys, strict=True):
                g.mt = mt

    def _record(self, call: Call, cells: list, inputs: list) -> list:
        """Run the function; what comes out, as values in the order that `run` reads them."""
        args, kwargs = call.standing(self.given, self.numbers)
        result = self.fn(*args, **kwargs)
        for group, name, option in self.options:
            if group.get(name) is not option:
                raise CannotCompile(
                    f"changes '{name}' of an optimizer's group",
                    "call the scheduler outside of the compiled function",
                )
        for g, option in self.moved:
            if g.now() is not option:
                raise CannotCompile(*_once(g.label))
        tensors = [*self.world.tensors, *self.given]
        numbered = {id(t): i for i, t in enumerate(tensors)}
        outs: list[Tensor] = []

        def leaf(t: Tensor) -> Any:
            i = numbered.get(id(t))
            if i is not None:
                return _Place("same", i)
            if t.is_sparse:
                raise CannotCompile("returns a sparse tensor")
            numbered[id(t)] = len(tensors) + len(outs)
            outs.append(t)
            return _Place("new", len(outs) - 1)

        def placed(t: Tensor) -> Any:
            i = numbered.get(id(t), -1)
            return _Place("new", i - len(tensors)) if i >= len(tensors) else leaf(t)

        self.plan = taken(result, placed)
        for t in self.world.tensors:
            if t._node is not None:
                raise CannotCompile("gives a tensor of its surroundings a history (in place)")
        self.changed = [
            k for k, (c, v) in enumerate(zip(cells, inputs, strict=True)) if c.value is not v
        ]
        self.bumped = [
            i for i, k in enumerate(self.pattern[: len(tensors)]) if k in set(self.changed)
        ]
        self.after: list[tuple[int, str]] = []  # gradients that are not as before
        fresh: list[Any] = []
        for i, t in enumerate(tensors):
            g, before = t._grad, self.grads.get(i)
            if g is before:
                continue
            if g is not None and (g.is_sparse or g._node is not None):
                raise CannotCompile("leaves a sparse gradient, or one with a history")
            if i >= len(self.world.tensors) and not self.actual[i - len(self.world.tensors)]:
                raise CannotCompile(
                    "runs backward through an argument that has a history",
                    "detach() the argument, or compile the function that made it, too",
                )
            self.after.append((i, "none" if g is None else "new"))
            if g is not None:
                fresh.append(g._a.v if type(g._a) is Array else g._a)
        self.bumped_grads = [
            i
            for i, g in self.grads.items()
            if tensors[i]._grad is g and self.pattern[self._grad_at(i)] in set(self.changed)
        ]
        self._history(outs, tensors)
        self.kinds = [(t._rg, t._a.dtype) for t in outs]
        values = [t._a.v if type(t._a) is Array else np.array(t._a) for t in outs]
        residuals = self.graph.residuals.values if self.graph else []
        self.counts = len(self.changed), len(values)
        self.shapes = [(tuple(v.shape), np.dtype(v.dtype)) for v in values]
        self.outs_avals = [abstract(v) for v in values]
        self.residual_avals = [abstract(v) for v in residuals]
        return [*[cells[k].value for k in self.changed], *values, *fresh, *residuals]

    def _grad_at(self, i: int) -> int:
        return len(self.world.tensors) + len(self.given) + self.graded.index(i)

    def _history(self, outs: list[Tensor], tensors: list[Tensor]) -> None:
        """Which results have a graph behind them that is still to be walked, and to where."""
        self.spent = [t._rg and t._node is not None and graph_of(t) is None for t in outs]
        self.live = [
            i for i, t in enumerate(outs) if t._rg and not self.spent[i] and t._node is not None
        ]
        self.graph = None
        if self.live:
            self.graph = Graph([outs[i] for i in self.live], tensors)
            numbered = {id(t): i for i, t in enumerate(tensors)}
            self.leaves = [numbered[id(t)] for t in self.graph.leaves]


class Entry(_Trace):
    """The program of one key."""

    def __init__(self, fn: Any, world: World, call: Call, log: Log, owner: Any):
        start = time.perf_counter()
        super().__init__(fn, world, call, log, owner)
        self.on_host = self.where is CPU
        closed = self._traced(call)
        self.equations = [str(e.primitive) for e in closed.jaxpr.eqns]
        self.donated: frozenset = frozenset()
        if not self.graph and not self.on_host:
            self.donated = frozenset(k for k in self.changed if type(self.found[k]) is Device)
        self.jitted = self._jitted(closed, tuple(self.donated))
        self.back = self._backward() if self.graph else None
        self.seconds = time.perf_counter() - start
        self.found = None  # type: ignore[assignment]
        self.given, self.grads, self.options, self.moved, self.numbers = [], {}, [], [], []

    def _hands(self, drawn: Any) -> Any:
        return handing(self.log, drawn, Array)

    def _traced(self, call: Call) -> Any:
        drawn: list[Any] = []
        if self.log.calls:
            with kept(self.log.generators()):
                drawn = [abstract(x) for x in self.log.draw()]
        old = {id(a) for a in self.arrays(call)}
        noted: list[Any] = []

        def note(a: Any) -> None:
            if id(a) not in old:
                noted.append(weakref.ref(a))

        before = _states()
        changed: list[Any] = []
        try:
            with self._tracing():
                NOTED[0] = note
                closed = self._jaxpr(call, drawn)
        finally:
            NOTED[0] = None
            changed = self._restored()
            after = _states()
            _put_states(before)
        if changed:
            if all(g.label.endswith((".state", ".state[...]")) for g in changed):
                raise StateMade(changed[0].label)
            raise CannotCompile(*_once(changed[0].label))
        if before != after:
            raise CannotCompile("seeds or restores a random generator")
        if self.graph is not None:
            self.graph.forget()
        self._look_for_hidden(noted)
        return closed

    def _backward(self) -> Any:
        """The program of the gradients."""
        graph: Any = self.graph
        outs = [self.outs_avals[i] for i in self.live]
        self.missing: list[bool] = []

        def traced(residuals: list, dys: list) -> list:
            grads = graph.backward(residuals, dys)
            self.missing = [g is None for g in grads]
            return [g for g in grads if g is not None]

        with self._tracing():
            closed = self._made(traced)(self.residual_avals, outs)
        return self._jitted(closed)

    def _look_for_hidden(self, noted: list[Any]) -> None:
        """HiddenState: arrays that became constants of the program belong to living tensors."""
        arrays = {id(a): a for ref in noted if (a := ref()) is not None}
        if not arrays:
            return
        inside = set() if self.graph is None else self.graph.constants()
        living = [
            t
            for t in gc.get_referrers(*arrays.values())
            if isinstance(t, Tensor) and id(t) not in inside and id(t._a) in arrays
        ]
        if living:
            raise HiddenState(living)

    # ---- running

    def run(self, call: Call) -> Any:
        """The results of a call, its state changed."""
        found, starts = self._memories(call)
        donated = self.donated
        values = [
            m.spare() if k in donated else m.value() for k, m in enumerate(found)
        ]  # fmt: skip
        if SPREAD[0] is not None:  # fully_shard: those of one device go to all
            values = SPREAD[0](values)
        numbers = [*self.world.numbers(), *call.numbers, *starts]
        values += [np.array(numbers, np.float64), *self.log.draw()]
        if self.on_host:
            with jax.default_device(_cpu()):
                results = self.jitted(*values)
        else:
            results = self.jitted(*values)
        del values
        changed, outs = self.counts
        for k, v in zip(self.changed, results, strict=False):
            found[k].put(v)
        tensors = [*self.world.tensors, *call.tensors]
        for i in self.bumped:
            tensors[i]._bump()
        for i in self.bumped_grads:
            tensors[i]._grad._bump()  # type: ignore[union-attr]
        made = [self._tensor(v) for v in results[changed : changed + outs]]
        at = changed + outs
        for i, what in self.after:
            if what == "none":
                tensors[i]._grad = None
            else:
                tensors[i]._grad = self._tensor(results[at])
                at += 1
        for i, (t, (rg, _)) in enumerate(zip(made, self.kinds, strict=True)):
            t._rg = rg
            if mode.inference:
                t._inference = True
            if self.spent[i]:
                t._node, t._slot = spent(), 0
        if self.live:
            edges = tuple([edge_of(tensors[i]) for i in self.leaves])
            kinds = tuple([self.shapes[i] for i in self.live])
            node = node_of(self, edges, list(results[at:]), kinds)
            for slot, i in enumerate(self.live):
                made[i]._node, made[i]._slot = node, slot
        return taken_back(self.plan, tensors, made)

    def _memories(self, call: Call) -> tuple[list[Any], list[int]]:
        found, shared, starts = memories(self.arrays(call))
        if shared != self.shared:
            raise PatternChanged(shared)
        return found, starts

    def _tensor(self, v: Any) -> Tensor:
        return wrap(np.array(v) if self.on_host else Array(v))

    def pull_back(self, residuals: Any, dys: Any) -> tuple:
        """The gradients of `leaves`: the backward program."""
        zeros = zeros_of([self.outs_avals[i] for i in self.live])
        given = [
            z if dy is None else dy.v if type(dy) is Array else dy
            for dy, z in zip(dys, zeros, strict=True)
        ]
        found = iter(self.back(*residuals, *given))
        grads = [None if gone else next(found) for gone in self.missing]
        return tuple(
            [None if g is None else np.array(g) if self.on_host else Array(g) for g in grads]
        )


class PatternChanged(Exception):
    """Which tensors share memory, or as which views, is not as when the program was made."""

    def __init__(self, shared: tuple):
        self.shared = shared


class _Place:
    """In a result: which tensor stands here."""

    __slots__ = ("at", "kind")

    def __init__(self, kind: str, at: int):
        self.kind, self.at = kind, at


def taken_back(plan: Any, tensors: list[Tensor], made: list[Tensor]) -> Any:
    """The result that a plan describes."""
    from .call import _mapped

    if type(plan) is _Place:
        return tensors[plan.at] if plan.kind == "same" else made[plan.at]
    return _mapped(plan, lambda p: taken_back(p, tensors, made))


def _once(label: str) -> tuple[str, str]:
    return (
        f"changes {label}, which a program would do only once",
        "do so outside of the compiled function; tensors are changed in place",
    )


def _stands_for_itself(t: Tensor) -> bool:
    """Is an argument a leaf, which can be traced as the object that it is?"""
    return t._node is None and t._view is None


def _check_leaf(t: Tensor) -> None:
    if t._node is not None or (t._view is not None and t._rg):
        raise CannotCompile(
            "uses a tensor that was computed outside, with its gradient",
            "pass it as an argument, or compute it inside",
        )


def _states() -> list[Any]:
    return [bytes(default_generator._bytes())]


def _put_states(states: list[Any]) -> None:
    if states != _states():
        default_generator._set_bytes(states[0])


def _cpu() -> Any:
    return jax.devices("cpu")[0]


class _Dry(_Trace):
    """A trace that draws, writes the draws down, and is thrown away."""

    def __init__(self, fn: Any, world: World, call: Call, log: Log, owner: Any):
        super().__init__(fn, world, call, log, owner)
        states = _states()
        try:
            with self._tracing(), kept(world.generators):
                self._jaxpr(call, [])
        finally:
            self._restored()
            _put_states(states)

    def _hands(self, drawn: Any) -> Any:
        return writing(self.log, arranging=False)


def logged(fn: Any, world: World, call: Call, orders: list, owner: Any) -> Log:
    """What a function draws; orders: of `arranged`, from a call that ran eagerly."""
    log = Log()
    log.orders = orders
    _Dry(fn, world, call, log, owner)
    return log


__all__ = ["Entry", "HiddenState", "PatternChanged", "StateMade", "logged"]
