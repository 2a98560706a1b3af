"""What a function reaches: the state of a compiled program, found without the user's naming it.

From the function the walk follows its closure, the globals that its code loads, its bound object,
partials, the functions that it calls, arguments that are no tensors, modules, optimizers, and
attributes whose names appear in the code. Nothing is followed that the code cannot name: a counter
that the training loop keeps in the same object costs no compilation.

The walk also notes what would have to be the same for it to find the same again (`Guard`): so a
call asks only whether anything has changed. Plain values that it met (numbers, strings, flags) are
part of the program's key.
"""

from __future__ import annotations

import functools
import types
from itertools import chain, repeat
from operator import is_
from typing import Any

from ..core.device import device
from ..core.dtype import dtype
from ..core.tensor import Tensor
from ..kernels.xla.option import Questions, marked, sign_of
from ..nn.module import Module
from ..optim.lr_base import LRScheduler
from ..optim.optimizer import Optimizer
from ..random.generator import Generator
from .names import is_ours, is_users, methods, names_of
from .options import floats
from .stage import DISABLED, CannotCompile

_PLAIN = (int, float, bool, str, bytes, complex, type(None), dtype, device, type, slice)
_CALLED = ("__call__", "forward", "__getattr__", "__getitem__", "__iter__", "__len__", "__enter__",
           "__exit__", "__next__")  # fmt: skip
_LONG = 4096  # a list longer than this is data, not state
_TABLES = ("_parameters", "_buffers", "_modules")
_HOOKS = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")
MISSING: Any = type("missing", (), {"__repr__": lambda self: "missing"})()


class Guard:
    """Something in the surroundings, and what it held.

    kind    "item": holder[name]; "cell": a closure's cell; "all": a list, tuple or dict as a whole
    watched it is not looked at before a call, only asked whether the function changes it
    """

    __slots__ = ("holder", "keys", "kind", "label", "name", "value")

    def __init__(self, kind: str, holder: Any, name: Any, value: Any, label: str):
        self.kind, self.holder, self.name, self.value, self.label = (
            kind,
            holder,
            name,
            value,
            label,
        )
        self.keys = tuple(holder) if kind == "all" and isinstance(holder, dict) else None

    def now(self) -> Any:
        """What an item or a cell holds."""
        if self.kind == "item":
            return self.holder.get(self.name, MISSING)
        try:
            return self.holder.cell_contents
        except ValueError:
            return MISSING

    def put(self, x: Any) -> None:
        """Make an item or a cell hold x."""
        if self.kind == "item":
            self.holder[self.name] = x
        else:
            self.holder.cell_contents = x

    def holds(self) -> bool:
        """Is it what it was?"""
        kind, value = self.kind, self.value
        if kind != "all":
            return self.now() is value
        holder = self.holder
        if len(holder) != len(value):
            return False
        if self.keys is not None:
            return all(map(is_, holder, self.keys)) and all(map(is_, holder.values(), value))
        return all(map(is_, holder, value))

    def restore(self) -> None:
        """Make it what it was."""
        kind, holder, value = self.kind, self.holder, self.value
        if kind != "all":
            if value is not MISSING:
                self.put(value)
            elif kind == "item":
                holder.pop(self.name, None)
        elif self.keys is not None:
            holder.clear()
            holder.update(zip(self.keys, value, strict=True))
        elif isinstance(holder, list):
            holder[:] = value


class _Watch:
    """All guards asked at once, by loops that run in C: there are hundreds, and they are asked
    before each call."""

    def __init__(self, guards: list[Guard]):
        items = [g for g in guards if g.kind == "item"]
        self.cells = [g for g in guards if g.kind == "cell"]
        self.holders = [g.holder for g in items]
        self.names = [g.name for g in items]
        self.values = [g.value for g in items]
        every = [g for g in guards if g.kind == "all"]
        self.dicts = [g.holder for g in every if g.keys is not None]
        self.lists = [g.holder for g in every if g.keys is None]
        self.sizes = [len(x) for x in (*self.dicts, *self.lists)]
        self.keys = [k for g in every if g.keys is not None for k in g.keys]
        self.held = [v for g in every if g.keys is not None for v in g.value]
        self.members = [v for g in every if g.keys is None for v in g.value]

    def holds(self) -> bool:
        """Is everything as it was?"""
        here = map(dict.get, self.holders, self.names, repeat(MISSING))
        if not all(map(is_, here, self.values)):
            return False
        if [*map(len, self.dicts), *map(len, self.lists)] != self.sizes:
            return False
        if not all(map(is_, chain.from_iterable(self.dicts), self.keys)):
            return False
        if not all(map(is_, chain.from_iterable(map(dict.values, self.dicts)), self.held)):
            return False
        if not all(map(is_, chain.from_iterable(self.lists), self.members)):
            return False
        return all([g.holds() for g in self.cells])


class World:
    """What the walk found.

    tensors     all of them, parameters and optimizers' state included, each once
    groups      the optimizers' param_groups
    guards      what must hold for all of this to be so
    watched     what a compiled function must not change: schedulers
    plain       [(label, type, value)] that the program is made for
    moving      floats in the surroundings that are inputs: those whose labels were given
    counts      the tensors that are optimizers' step counts, with a parameter beside each
    """

    def __init__(
        self,
        fn: Any,
        objects: Any = (),
        moving: frozenset = frozenset(),
        asked: Questions | None = None,
    ):
        names: frozenset = frozenset()
        stored: frozenset = frozenset()
        while True:  # the attributes that matter are those named in the code that is found
            walk = _Walk(names, stored, moving)
            walk.see(fn, "")
            for i, x in enumerate(objects):
                walk.see(x, f"argument {i}")
            if walk.names <= names and walk.stores <= stored:
                break
            names, stored = names | walk.names, stored | walk.stores
        self.tensors, self.groups = walk.tensors, walk.groups
        self.guards, self.watched = walk.guards, walk.watched
        self.watch = _Watch(self.guards)
        self.plain, self.counts = walk.plain, walk.counts
        self.moving, self.asked = walk.lifted, asked
        self.modules, self.generators = walk.modules, walk.generators
        self.alive = walk.alive  # what ids in `plain` speak of
        self.hidden: list[Tensor] = []
        self.number = 0
        self.looked: Any = None  # at the tensors' arrays and flags, and the number found then

    def holds(self) -> bool:
        """Would a new walk find the same?"""
        return self.watch.holds() and all([type(g.now()) is float for g in self.moving])

    def differing(self, other: World) -> set[str]:
        """The labels of floats that were others there, and could be inputs."""
        before = {label: x for label, t, x in other.plain if t is float}
        here = {g.label for g in self.guards if type(g.value) is float}
        return {
            label
            for label, t, x in self.plain
            if t is float and label in here and before.get(label, x) != x
        }

    def add(self, tensors: list[Tensor]) -> None:
        """Tensors that the function turned out to use without the walk having found them."""
        known = {id(t) for t in self.tensors}
        new = list({id(t): t for t in tensors if id(t) not in known}.values())
        self.tensors += new
        self.hidden += new

    def numbers(self) -> list[float]:
        """The floats that are inputs: those of all groups, then those that move."""
        return [*self._of_groups(), *[g.now() for g in self.inputs()]]

    def inputs(self) -> list[Guard]:
        """Which of `moving` are inputs now, and no values that the code has asked for."""
        return [g for g in self.moving if marked(g.now(), self.asked) is not None]

    def _of_groups(self) -> list[float]:
        """In the order of `options.lifted`."""
        found: list[float] = []
        for group in self.groups:
            for name, value in group.items():
                if name != "params":
                    found += floats(value)
        return found

    def signs(self) -> tuple:
        """What the key says of `numbers`: as a rule their signs."""
        signs = map(sign_of, self._of_groups())
        return (*signs, *[marked(g.now(), self.asked) or g.now() for g in self.moving])

    def changed(self) -> list[Guard]:
        """What is not as it was, watched things included."""
        return [g for g in (*self.guards, *self.watched) if not g.holds()]


class _Walk:
    def __init__(self, attributes: frozenset, stored: frozenset, moving: frozenset):
        self.attributes, self.stored = attributes, stored  # that the code found so far mentions
        self.moving, self.lifted = moving, list[Guard]()
        self.names: frozenset = frozenset()
        self.stores: frozenset = frozenset()
        self.seen: set[int] = set()
        self.alive: list[Any] = []
        self.tensors: list[Tensor] = []
        self.modules: list[Module] = []
        self.generators: list[Generator] = []
        self.groups: list[dict] = []
        self.guards: list[Guard] = []
        self.watched: list[Guard] = []
        self.plain: list[tuple[str, Any]] = []
        self.counts: list[tuple[Tensor, Tensor]] = []

    def see(self, x: Any, label: str) -> None:
        """Follow one value; label: how the code calls it."""
        if isinstance(x, _PLAIN):
            self._note(label, x)
            return
        if id(x) in self.seen:
            return
        self.seen.add(id(x))
        self.alive.append(x)
        if not isinstance(x, (list, dict, tuple, set, functools.partial, types.MethodType)):
            self.plain.append((label, type(x), id(x)))
        if isinstance(x, Tensor):
            self._tensor(x, label)
        elif isinstance(x, Module):
            self._module(x, label)
        elif isinstance(x, Optimizer):
            self._optimizer(x, label)
        elif isinstance(x, types.FunctionType):
            self._function(x, label)
        elif isinstance(x, types.MethodType):
            self.see(x.__self__, label or x.__func__.__name__)
            self.see(x.__func__, label)
        elif isinstance(x, functools.partial):
            for part in (x.func, x.args, x.keywords):
                self.see(part, label)
        elif isinstance(x, (list, tuple)):
            self._list(x, label)
        elif isinstance(x, dict):
            self._dict(x, label)
        elif isinstance(x, (set, frozenset)):
            self.plain.append((label, set, frozenset(id(y) for y in x)))
        elif isinstance(x, LRScheduler):
            self._watch(vars(x), label)
            self.see(x.optimizer, f"{label}.optimizer")
        elif isinstance(x, Generator):
            self.generators.append(x)
        else:
            self._object(x, label)

    # ---- tensors and what holds them

    def _tensor(self, t: Tensor, label: str) -> None:
        self.tensors.append(t)
        for table in (t._hooks, t._after_grad):
            for f in (table or {}).values():
                self.see(f, f"a hook of {label}")

    def _module(self, m: Module, label: str) -> None:
        self.modules.append(m)
        own = m.__dict__
        self._note(f"{label}.training", m.training)
        self._item(own, "training", f"{label}.training")
        for name in _TABLES:
            table = own.get(name)
            if not table and table is None:
                continue
            self._all(table, f"{label}.{name}")
            for key, value in table.items():
                if value is not None:
                    self.see(value, f"{label}.{key}" if label else key)
        for name in _HOOKS:
            if name in own:
                self._all(own[name], f"{label}.{name}")
                for f in own[name].values():
                    self.see(f, f"a hook of {label or type(m).__name__}")
        registered = {key for name in _TABLES for key in own.get(name, ())}
        mine = is_ours(type(m).__module__)
        for name, value in list(own.items()):
            if name in registered or name in _TABLES or name in _HOOKS or name == "training":
                continue
            if (mine and not name.startswith("_")) or name in self.attributes:
                self._attribute(own, name, value, label)
        self._methods(type(m), own, label)

    def _optimizer(self, o: Optimizer, label: str) -> None:
        self._methods(type(o), vars(o), label)
        self._all(o.param_groups, f"{label}.param_groups")
        for i, group in enumerate(o.param_groups):
            self.groups.append(group)
            self._all(group["params"], f"{label}.param_groups[{i}]['params']")
            for name, value in group.items():
                at = f"{label}.param_groups[{i}]['{name}']"
                if name == "params" or name == "param_names":
                    continue
                if floats(value):
                    continue
                if isinstance(value, Tensor):
                    self.see(value, at)
                else:
                    self._note(at, value if isinstance(value, _PLAIN) else repr(value))
                self._item(group, name, at)
            for p in group["params"]:
                self.see(p, at if group["params"] is None else f"a parameter of {label}")
        self._all(o.state, f"{label}.state")
        for p, state in o.state.items():
            if isinstance(state, dict):
                self._all(state, f"{label}.state[...]")
                for name, value in state.items():
                    self.see(value, f"{label}.state[...]['{name}']")
                    if name == "step" and isinstance(value, Tensor) and isinstance(p, Tensor):
                        self.counts.append((value, p))

    # ---- code

    def _function(self, f: types.FunctionType, label: str) -> None:
        if f.__code__ in DISABLED:
            raise CannotCompile(f"calls {f.__name__}, which torch.compiler.disable excludes")
        wrapped = getattr(f, "_torchdynamo_orig_callable", None) or getattr(f, "__wrapped__", None)
        if wrapped is not None:
            self.see(wrapped, label)
        if not is_users(f.__module__):
            if is_ours(f.__module__):
                for cell in f.__closure__ or ():  # a decorated function of the user's, as no_grad's
                    inner = getattr(cell, "cell_contents", None)
                    if isinstance(inner, (types.FunctionType, Module, Optimizer, Tensor)):
                        self.see(inner, label)
            return
        found = names_of(f.__code__)
        self.names |= found.attributes
        self.stores |= found.stored
        for name, cell in zip(f.__code__.co_freevars, f.__closure__ or (), strict=False):
            try:
                value = cell.cell_contents
            except ValueError:
                value = MISSING
            self._guard(Guard("cell", cell, name, value, name))
            if value is not MISSING:
                self.see(value, name)
        space = f.__globals__
        for name in sorted(found.globals):
            value = space.get(name, MISSING)
            if value is MISSING or isinstance(value, types.ModuleType):
                continue
            if isinstance(value, type) and not is_users(value.__module__):
                continue
            self._item(space, name, name)
            self.see(value, name)
        for value in (*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values()):
            self.see(value, f"a default of {f.__name__}")

    def _methods(self, cls: type, own: dict, label: str) -> None:
        """The methods of a user's class that the code can call."""
        if not is_users(cls.__module__):
            return
        for name, f in methods(cls).items():
            if name in self.attributes or name in _CALLED:
                self.see(f, f"{label}.{name}")
        for name in self.stored:  # what it may store, and is not there yet
            if name not in own:
                self.guards.append(Guard("item", own, name, MISSING, f"{label}.{name}"))
        for name in sorted(self.attributes):
            value = getattr(cls, name, MISSING) if name not in own else MISSING
            if isinstance(value, _PLAIN) and not isinstance(value, type):
                self._note(f"{label}.{name}", value)

    def _object(self, x: Any, label: str) -> None:
        """An object of some class, which may hold anything."""
        cls = type(x)
        own = getattr(x, "__dict__", None)
        if not isinstance(own, dict) or isinstance(x, types.ModuleType):
            return
        if is_users(cls.__module__):
            self._methods(cls, own, label)
            for name, value in list(own.items()):
                if name in self.attributes:
                    self._attribute(own, name, value, label)
        elif is_ours(cls.__module__) and ".data" not in cls.__module__:
            for name, value in list(own.items()):
                if isinstance(value, (Tensor, Module, Optimizer, Generator)):
                    self.see(value, f"{label}.{name}")

    def _attribute(self, own: dict, name: str, value: Any, label: str) -> None:
        at = f"{label}.{name}" if label else name
        self._item(own, name, at)
        self.see(value, at)

    # ---- containers

    def _list(self, x: Any, label: str) -> None:
        if len(x) > _LONG:
            return
        if isinstance(x, list):
            self._all(x, label)
        for i, y in enumerate(x):
            self.see(y, f"{label}[{i}]")

    def _dict(self, x: dict, label: str) -> None:
        if len(x) > _LONG:
            return
        self._all(x, label)
        for key, y in x.items():
            self.see(y, f"{label}[{key!r}]")

    # ---- what is noted

    def _note(self, label: str, x: Any) -> None:
        """A plain value; 1, 1.0 and True differ."""
        if label in self.moving and type(x) is float:
            x = "moves"
        self.plain.append((label, type(x), repr(x) if isinstance(x, slice) else x))

    def _item(self, holder: dict, name: str, label: str) -> None:
        self._guard(Guard("item", holder, name, holder.get(name, MISSING), label))

    def _guard(self, g: Guard) -> None:
        if g.label not in self.moving or type(g.value) is not float:
            self.guards.append(g)
        elif not any([h.holder is g.holder and h.name == g.name for h in self.lifted]):
            self.lifted.append(g)

    def _all(self, holder: Any, label: str) -> None:
        value = tuple(holder.values()) if isinstance(holder, dict) else tuple(holder)
        self.guards.append(Guard("all", holder, None, value, label))

    def _watch(self, holder: dict, label: str) -> None:
        for name, value in holder.items():
            self.watched.append(Guard("item", holder, name, value, f"{label}.{name}"))
