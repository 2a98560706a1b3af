"""Program: a function behind torch.compile. Which of its programs a call means, when there is none
yet, and when it runs eagerly.

The first call runs eagerly and is traced afterwards: so gradients, momentum buffers and whatever
else a first call makes are there when the program is made, and it is compiled once. A call of
another key is traced at once. What cannot be traced runs eagerly, with a warning that says where
and why, for that key; after `recompile_limit` keys all others do.
"""

from __future__ import annotations

import os
import traceback
from functools import lru_cache
from operator import is_
from typing import Any

import jax
import numpy as np

from ..core.dtype import get_default_dtype
from ..core.grad_mode import mode, watching
from ..core.notices import warn
from ..core.settings import get_float32_matmul_precision
from ..core.sparse import NoElements
from ..dispatch import modes
from ..dispatch.autocast import Autocast
from ..dispatch.autocast import state as autocast
from ..kernels.xla.array import Array, HostAccess
from ..kernels.xla.option import Asked, Own, Questions
from .call import Call, differing, kind_of
from .draws import Changed, Log, writing
from .stage import (
    PROGRAMS,
    STANCE,
    TRACING,
    CannotCompile,
    FailOnRecompileLimitHit,
    Unsupported,
    config,
)
from .trace import Entry, HiddenState, PatternChanged, StateMade, logged
from .world import World

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_JAX = os.path.dirname(os.path.abspath(jax.__file__)) + os.sep
_SKIPPED = (_PACKAGE, _JAX, "<face", "<card", "<frozen")
_TRIES = 4  # of a trace that finds state, or draws, that it did not know of
EAGER: Any = "eager"  # in the place of an Entry


class Program:
    """A compiled function.

    fn         the function
    on_host    tensors of the CPU are compiled, too (backend="xla")
    fullgraph  an error in place of running eagerly
    limit      of keys; None: torch._dynamo.config.recompile_limit
    """

    def __init__(
        self,
        fn: Any,
        on_host: bool = False,
        fullgraph: bool = False,
        limit: int | None = None,
        name: str = "",
    ):
        self.fn, self.on_host, self.fullgraph, self.limit = fn, on_host, fullgraph, limit
        self.name = name or getattr(fn, "__qualname__", "") or type(fn).__name__
        self.name = self.name.rpartition("<locals>.")[2]
        PROGRAMS.add(self)
        self.forget()

    def forget(self) -> None:
        """As if it had never been called."""
        self.known: dict[Any, Any] = {}
        self.worlds: dict[Any, World] = {}
        self.numbered: dict[Any, int] = {}  # descriptions of surroundings and state -> a number
        self.warm = self.warned = False
        self.log = Log()
        self.questions = Questions()
        self.constant: set[Any] = set()  # specs of calls whose floats' values are asked for
        self.moving: frozenset = frozenset()  # labels of floats in the surroundings that are inputs
        self.proven: frozenset = frozenset()  # those of them that were, in some program
        self.fixed: frozenset = frozenset()  # of floats whose values are asked for
        self.compiles = 0
        self.reasons: list[tuple[str, Any]] = []  # why calls ran eagerly, and the frame

    # ---- a call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if TRACING or STANCE[0] == "force_eager" or _foreign():
            return self.fn(*args, **kwargs)
        try:
            call = self.call(args, kwargs)
            world = self.world(call)
            if not self.on_host and not _any_device(call, world):
                return self.fn(*args, **kwargs)
            key = self.key(call, world)
        except CannotCompile as e:
            return self.refuse("arguments", e, args, kwargs)
        while (entry := self.known.get(key)) is not None:
            if entry is EAGER:
                return self.fn(*args, **kwargs)
            try:
                return entry.run(call)
            except PatternChanged as e:
                key = (*key[:5], e.shared)
        return self.new(key, call, world)

    def new(self, key: Any, call: Call, world: World) -> Any:
        """A call of a key that is not known."""
        limit = config.recompile_limit if self.limit is None else self.limit
        if len(self.known) >= limit:
            return self.over(key, call, world, limit)
        if self.known and STANCE[0] == "eager_on_recompile":
            return self.fn(*call.args, **call.kwargs)
        if self.known and STANCE[0] == "fail_on_recompile":
            raise RuntimeError(
                "Detected recompile when torch.compile stance is 'fail_on_recompile'. "
                f"filename: '{_file(self.fn)}', function name: '{self.name}', "
                f"{self.difference(key, world)}"
            )
        if not self.warm:
            return self.first(call, world)
        try:
            entry, call, world = self.settled(call, world)
            self.keep(entry, call, world)
        except StateMade:
            return self.fn(*call.args, **call.kwargs)
        except Exception as e:
            return self.refuse(key, e, call.args, call.kwargs)
        return entry.run(call)

    def first(self, call: Call, world: World) -> Any:
        """The first call of all: eager, then traced for the next of its kind."""
        if self.fullgraph:
            try:
                self.settled(call, world)
            except StateMade:
                pass
            except Exception as e:
                self.refuse("first", e, call.args, call.kwargs)
        log = Log()
        with writing(log):
            result = self.fn(*call.args, **call.kwargs)
        self.log, self.warm = log, True
        try:
            call = self.call(call.args, call.kwargs)
            world = self.world(call)
            key = self.key(call, world)
            self.keep(*self.settled(call, world))
        except StateMade:
            pass
        except Exception as e:
            self.note(locals().get("key", "arguments"), e)
        return result

    def keep(self, entry: Entry, call: Call, world: World) -> Entry:
        """A program, known from now on; under a new key, since the trace may have found state."""
        key = self.key(call, world)
        self.known[key if key not in self.known else (*key, entry.shared)] = entry
        self.compiles += 1
        return entry

    def settled(self, call: Call, world: World) -> tuple[Entry, Call, World]:
        """The program of a call whose floats are inputs; constants, if their values are asked for,
        or if that is what stands in the way."""
        spec = None
        while True:
            try:
                entry = self.traced(call, world)
                self.proven |= self.moving
                return entry, call, world
            except StateMade:
                raise
            except Own:
                call = self.call(call.args, call.kwargs)
            except Exception:
                if call.numbers:
                    spec = call.spec
                    self.constant.add(spec)
                    call = self.call(call.args, call.kwargs)
                elif world.moving:
                    asked = self.moving - self.proven or self.moving
                    self.fixed |= asked
                    self.moving -= asked
                    world = self.world(call, True)
                else:
                    self.constant.discard(spec)
                    raise

    def traced(self, call: Call, world: World) -> Entry:
        """The program of a call."""
        log = self.log
        for _ in range(_TRIES):
            try:
                entry = Entry(self.fn, world, call, log, self)
            except Changed:
                log = logged(self.fn, world, call, self.log.orders, self)
            except HiddenState as e:
                world.add(e.tensors)
            else:
                return entry
        raise CannotCompile("draws different random numbers, or uses other tensors, at each call")

    # ---- keys

    def call(self, args: tuple, kwargs: dict) -> Call:
        """The arguments, with floats as inputs unless their values are asked for."""
        call = Call(args, kwargs, self.questions)
        return Call(args, kwargs) if call.numbers and call.spec in self.constant else call

    def world(self, call: Call, anew: bool = False) -> World:
        """What the function reaches, walked again only if something has changed."""
        objects = tuple([id(x) for x in call.objects])
        world = self.worlds.get(objects)
        if world is None or anew or not world.holds():
            found = World(self.fn, call.objects, self.moving, self.questions)
            if world is not None and (new := found.differing(world) - self.fixed):
                self.moving |= new
                found = World(self.fn, call.objects, self.moving, self.questions)
            if world is not None:
                known = {id(t) for t in found.tensors}
                found.add([t for t in world.hidden if id(t) not in known])
            found.number = self.number(("world", *found.plain, *map(id, found.tensors)))
            _move_counts(found)
            self.worlds[objects] = world = found
        return world

    def key(self, call: Call, world: World) -> tuple:
        """All that a program is made for."""
        return (
            call.spec,
            world.number,
            self.state(world),
            world.signs(),
            _surroundings(),
        )

    def state(self, world: World) -> int:
        """The number of the shapes, dtypes and flags of the state, looked up if any may differ."""
        tensors = world.tensors
        try:
            arrays = [t._a for t in tensors]
        except NoElements:
            raise CannotCompile("has a sparse tensor in its state") from None
        flags = [(t._rg, t._grad is None, t._node is None) for t in tensors]
        looked = world.looked
        if (
            looked is None
            or len(arrays) != len(looked[0])
            or not all(map(is_, arrays, looked[0]))
            or flags != looked[1]
        ):
            found = self.number(("state", *[kind_of(t) for t in tensors]))
            world.looked = looked = arrays, flags, found
        return looked[2]

    def number(self, described: tuple) -> int:
        """A short name of a long description."""
        found = self.numbered.get(described)
        if found is None:
            found = self.numbered[described] = len(self.numbered)
        return found

    def difference(self, key: Any, world: World) -> str:
        """What differs from the last key, in words."""
        last = next(reversed(self.known), None)
        if last is None or not isinstance(last, tuple):
            return ""
        found = differing(key[0], last[0])
        described = {n: d for d, n in self.numbered.items()}
        here, there = described[key[1]], described[last[1]]
        before = {x[0]: x[2] for x in there[1:] if isinstance(x, tuple)}
        for x in here[1:]:
            if isinstance(x, tuple) and x[0] in before and before[x[0]] != x[2]:
                found.append(f"{x[0]}: {before[x[0]]!r}, then {x[2]!r}")
        if not found and here != there:
            found.append("the tensors and objects that the function reaches")
        if key[2] != last[2]:
            found += differing(described[key[2]], described[last[2]], "its state")[:3]
        if key[3] != last[3]:
            found.append("an option of an optimizer becomes 0, or is no longer 0")
        if key[4] != last[4]:
            names = ("grad mode", "inference mode", "autocast", "default dtype", "precision")
            found += [
                f"{name}: {b!r}, then {a!r}"
                for name, a, b in zip(names, key[4], last[4], strict=True)
                if a != b
            ]
        return "; ".join(found[:6])

    def over(self, key: Any, call: Call, world: World, limit: int) -> Any:
        """A call beyond the limit of keys."""
        text = (
            f"torch.compile: {self.name} has {limit} programs, the most that there may be "
            f"(torch._dynamo.config.recompile_limit); calls of other keys run eagerly.\n"
            f"  what differs from the last one: {self.difference(key, world)}"
        )
        if self.fullgraph:
            raise FailOnRecompileLimitHit(text)
        if not self.warned:
            self.warned = True
            warn(text)
        return self.fn(*call.args, **call.kwargs)

    # ---- running eagerly

    def refuse(self, key: Any, error: Exception, args: tuple, kwargs: dict) -> Any:
        """A call that cannot be compiled: eagerly; its own error, if it has one, goes first."""
        if self.fullgraph:
            raise Unsupported(self.text(error)) from error
        result = self.fn(*args, **kwargs)
        self.note(key, error)
        return result

    def note(self, key: Any, error: Exception) -> None:
        """From now on calls of this key run eagerly: say so, once."""
        if self.fullgraph:
            raise Unsupported(self.text(error)) from error
        text = self.text(error)
        known = any(text == told for told, _ in self.reasons)
        if key not in ("arguments", "first"):
            self.known[key] = EAGER
        if not known:
            self.reasons.append((text, _user_frame(error)))
            warn(text)

    def text(self, error: Exception) -> str:
        """The warning: what, where, and the way out."""
        what, fix = _reason(error)
        frame = _user_frame(error)
        lines = [f"torch.compile: {self.name} runs eagerly: it {what}"]
        if frame is not None:
            lines.append(f"  at {frame.filename}, line {frame.lineno}: {frame.line}")
        elif code := getattr(self.fn, "__code__", None):
            lines.append(f"  the function is at {code.co_filename}, line {code.co_firstlineno}")
        if fix:
            lines.append(f"  fix: {fix}")
        return "\n".join(lines)


def _reason(error: Exception) -> tuple[str, str]:
    """What a function did, and the way out, from the error of its trace."""
    chain: list[BaseException] = []
    e: BaseException | None = error
    while e is not None and e not in chain:
        chain.append(e)
        e = e.__cause__ or e.__context__
    for e in chain:
        if isinstance(e, CannotCompile):
            return e.what, e.fix
        if isinstance(e, Asked):
            return (
                "asks for the value of an optimizer's number (its learning rate, ...)",
                "do so outside of the compiled function",
            )
        if isinstance(e, jax.errors.TracerBoolConversionError):
            return (
                "asks whether a tensor is true (if, while, assert, and, or)",
                "torch.where, or decide outside of the compiled function",
            )
        if isinstance(e, jax.errors.NonConcreteBooleanIndexError):
            return (
                "makes a tensor whose size depends on values (x[mask], nonzero, unique)",
                "torch.where, or a mask that is multiplied by",
            )
        if isinstance(
            e,
            (
                jax.errors.ConcretizationTypeError,
                jax.errors.TracerArrayConversionError,
                HostAccess,
            ),
        ):
            return (
                "needs the values of a tensor (item(), float(), tolist(), numpy(), cpu(), print)",
                "return the tensor and ask for its values outside of the compiled function",
            )
    first = str(error).split("\n")[0]
    return f"cannot be traced: {type(error).__name__}: {first}", ""


def _user_frame(error: BaseException) -> Any:
    """The innermost line of the user's in an error's traceback; None if there is none."""
    found = None
    e: BaseException | None = error
    while e is not None and found is None:
        for frame in traceback.extract_tb(e.__traceback__):
            if not frame.filename.startswith(_SKIPPED):
                found = frame
        e = e.__cause__ or e.__context__
    return found


def _file(fn: Any) -> str:
    code = getattr(fn, "__code__", None)
    return "?" if code is None else code.co_filename


def _surroundings() -> tuple:
    """What of the thread's and the package's settings the formulas depend on."""
    casts = tuple([(k, autocast.dtype[k]) for k, on in autocast.enabled.items() if on])
    return (
        mode.grad,
        mode.inference,
        casts,
        get_default_dtype(),
        get_float32_matmul_precision(),
    )


def _foreign() -> bool:
    """Is somebody looking at ops who cannot look into a program (vmap, anomaly mode, hooks)?"""
    return bool(watching[0]) or (
        modes.ON[0] and any(m is not Autocast and not _harmless(m) for m in modes.MODES)
    )


@lru_cache(64)
def _harmless(m: Any) -> bool:
    """Modes of sparse tensors and tensors without elements concern those alone."""
    return type(m).__module__.endswith((".meta", ".sparse")) or getattr(
        m, "__module__", ""
    ).endswith((".meta", ".sparse"))


def _any_device(call: Call, world: World) -> bool:
    for t in call.tensors:
        if type(t._a) is Array:
            return True
    for t in world.tensors:
        if type(t._a) is Array:
            return True
    return False


def _move_counts(world: World) -> None:
    """Step counts of parameters on a device go there, too: the program changes them."""
    for step, p in world.counts:
        if type(p._a) is Array and type(step._a) is np.ndarray and not step._a.ndim:
            step._a = Array(jax.device_put(step._a, p._a.device))


def program_of(f: Any) -> Program | None:
    """The Program behind a function that torch.compile gave."""
    return getattr(f, "_program", None)
