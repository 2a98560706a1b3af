"""Fusion in forwards written by hand: `F.relu(self.bn1(self.conv1(x)))`, `out += identity`.

In eval mode and without gradients a convolution of some size looks at what its caller does with the
result: it reads the source of the calling function once, and finds the chain

    convolution -> batch norm [-> + a residual] [-> relu, relu6, silu, hardswish]

If each value in between goes straight to the next call and nowhere else, and each call is one of
ours (its module has no hooks, no forward of its own, ...), all of it is computed at once by
`fusion.conv_norm`. The caller's next calls get a Pending, which says what is still to be called,
and the last one gets the result. Nothing of the caller's runs between these calls, so nobody can
change an input or a weight meanwhile, or look at a value that was never made. What is not of this
form, or is not certain, is computed call by call, as it is with a debugger at work.

    Chain    what the source says, once per call in it (`chain_at`)
    found    the same with this call's modules and tensors (`look`)
    Pending  a tensor on its way through the chain

Only local variables and attributes in a module's own `__dict__` are followed: properties and
`__getattr__` could do anything.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import os
import sys
from contextlib import suppress
from types import CodeType, ModuleType
from typing import Any, NamedTuple

from ..core.sparse import NoElements
from ..core.tensor import Tensor, new
from ..dispatch import faces
from ..dispatch.overrides import _disabled_implementation
from . import conv
from .container import Sequential
from .fusion import _CALL, _NORM, act_of, conv_norm
from .module import Module

# the op's name -> its place in ACTS of kernels/twin/conv.py
_ACT_NAMES = {"relu": 1, "relu6": 2, "silu": 3, "hardswish": 4}
_OF_ACT = {place: name for name, place in _ACT_NAMES.items()}


# ---------------------------------------------------------------- a value on its way


class Pending(Tensor):
    """The result of a convolution whose chain is computed already; the calls follow.

    _steps   names of the ops that are still to be called
    _done    functions of y that do what was called before
    """

    __module__ = "torch"
    _steps: tuple[str, ...]
    _done: tuple[Any, ...]
    _made: tuple  # the result, the convolution, its input, the batch norm, the residual

    @property
    def _a(self) -> Any:  # type: ignore[override]
        raise NoElements("a value that is not computed by itself")

    def dim(self) -> int:
        """As that of the result: the batch norm asks for it."""
        return self._made[0]._a.ndim

    def _next(self, name: str, again: Any) -> Tensor | None:
        """What the call of `name` gives; None if another was expected. again(y): that call."""
        if not self._steps or self._steps[0] != name:
            return None
        if len(self._steps) == 1:
            return self._made[0]
        return pending(self._steps[1:], (*self._done, again), self._made)

    def _settle(self) -> Tensor:
        """An ordinary tensor from now on: somebody else has asked."""
        _, layer, input, _, _ = self._made
        y = layer._conv_forward(input, layer.weight, layer.bias)
        for again in self._done:
            y = again(y)
        self.__class__ = Tensor  # type: ignore[assignment]
        for name in ("_steps", "_done", "_made"):
            del self.__dict__[name]
        self._a, self._rg, self._node, self._view, self._v = y._a, False, None, None, None
        return self

    def _add(self, other: Any, again: Any) -> Any:
        if other is self._made[4]:
            y = self._next("add", again)
            if y is not None:
                return y
        return again(self._settle())

    def __add__(self, other: Any) -> Any:
        return self._add(other, lambda y: y + other)

    def __radd__(self, other: Any) -> Any:
        return self._add(other, lambda y: other + y)

    def __iadd__(self, other: Any) -> Any:  # type: ignore[misc]
        return self._add(other, lambda y: y.__iadd__(other))

    def __repr__(self) -> str:  # type: ignore[override]
        return repr(self._settle())


Pending.__torch_function__ = _disabled_implementation  # type: ignore[attr-defined]


def pending(steps: tuple[str, ...], done: tuple[Any, ...], made: tuple) -> Pending:
    """A Pending."""
    t = new(Pending)
    t._steps, t._done, t._made = steps, done, made
    t._rg, t._node, t._view, t._v = False, None, None, None
    return t


def _ask(face: Any, values: tuple) -> Any:
    """A face has met a Pending: the next call of the chain, or somebody else."""
    first, name = values[0] if values else None, face.op.name
    if type(first) is Pending and name != "add":  # (a sum comes as an operator)
        if name != "batch_norm" or values[1] is first._made[3].running_mean:
            y = first._next(name, lambda y: _call(face, (y, *values[1:])))
            if y is not None:
                return y
    lists = [x if type(x) in (list, tuple) else (x,) for x in values]
    met = [x for many in lists for x in many if type(x) is Pending]
    if not met:
        return NotImplemented
    for x in met:
        if type(x) is Pending:  # (once, where it is met twice)
            x._settle()
    return _call(face, values)


def _call(face: Any, values: tuple) -> Any:
    args, kwargs = faces._spelled(face.schema, values)
    return face.function(*args, **kwargs)


faces.ELSEWHERE.insert(0, _ask)


# ---------------------------------------------------------------- what the source says


class Step(NamedTuple):
    """kind      "call": of the function or module at `path`
              "add": the local `path` is added, or what the module at `through` makes of it
              "none": `path` must be None, or a statement would run
    through   of "add"; ("is None", *path): that must be None
    """

    kind: str
    path: tuple[str, ...]
    through: tuple[str, ...] = ()


class Chain(NamedTuple):
    code: CodeType  # kept, so that its id stays its own
    steps: tuple[Step, ...]


_CHAINS: dict[tuple[int, int], Chain] = {}


def chain_at(code: CodeType, at: int) -> Chain:
    """The chain behind the call at an instruction; without steps if there is none."""
    known = _CHAINS.get((id(code), at))
    if known is None:
        try:
            steps = tuple(_read(code, at))
        except Exception:  # no source, or not what was compiled: nothing is known
            steps = ()
        known = _CHAINS[id(code), at] = Chain(code, steps)
    return known


def _read(code: CodeType, at: int) -> list[Step]:
    """The steps behind the call at an instruction."""
    flags = inspect.CO_OPTIMIZED | inspect.CO_NEWLOCALS
    if code.co_flags & flags != flags or code.co_name == "<lambda>":
        return []
    with suppress(FileNotFoundError):  # (a notebook's cell has no file)
        if os.stat(code.co_filename).st_mtime >= conv.BEGAN:
            return []  # perhaps not what was compiled
    *_, place = (p for p, _ in zip(code.co_positions(), range(at // 2 + 1), strict=False))
    lines = linecache.getlines(code.co_filename)[code.co_firstlineno - 1 :]
    block = inspect.getblock(lines)
    indent = len(block[0]) - len(block[0].lstrip())
    tree = ast.parse("if 1:\n" + "".join(block) if indent else "".join(block))
    shift = code.co_firstlineno - (2 if indent else 1)
    function = next(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))
    parents = {child: node for node in ast.walk(function) for child in ast.iter_child_nodes(node)}
    wanted = (place[0] - shift, place[1] - shift, *place[2:])
    calls = [n for n in parents if isinstance(n, ast.Call) and _place(n) == wanted]
    names = {n.id for n in parents if isinstance(n, ast.Name)}
    if len(calls) != 1 or names & {"locals", "vars", "eval", "exec"}:
        return []
    if function.name != code.co_name or any(isinstance(n, ast.Try) for n in parents):
        return []
    return _Reader(code, function, parents).steps(calls[0])


def _place(node: Any) -> tuple:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


_SIMPLE = (ast.Assign, ast.AugAssign, ast.Return)
# what may compute an expression several times, or later
_SEVERAL = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)


class _Reader:
    """Follows a value from the call that makes it, up the expression, to the next statement."""

    def __init__(self, code: CodeType, function: Any, parents: dict):
        self.code, self.function, self.parents = code, function, parents
        self.locals = set(code.co_varnames) - set(code.co_cellvars)
        self.assigned: set[str] = set()  # by the statements of the chain

    def steps(self, node: Any) -> list[Step]:
        found: list[Step] = []
        skipped: list[Step] = []  # of statements that are passed over: they count if a use follows
        while True:
            parent = self.parents.get(node)
            step = self._use(parent, node)
            if step is not None:
                found += [*skipped, step]
                skipped = []
                node = parent
                continue
            name = self._stored(parent, node)
            if name is None:
                return found
            self.assigned.add(name)
            following = self._following(parent)
            while following and (condition := self._skipped(following[0])) is not None:
                skipped.append(condition)
                following = following[1:]
            uses = [n for n in ast.walk(self.function) if isinstance(n, ast.Name) and n.id == name]
            if not following or not isinstance(following[0], _SIMPLE):
                return found
            statement = following[0]
            inside = [n for n in ast.walk(statement) if n in uses and isinstance(n.ctx, ast.Load)]
            if isinstance(statement, ast.AugAssign):
                # out += other
                if self._is_name(statement.target, name) and isinstance(statement.op, ast.Add):
                    step = self._added(statement.value)
                    if step is not None and not inside:
                        found += [*skipped, step]
                        skipped = []
                        node = statement.value
                        continue
                return found
            loads = [n for n in uses if isinstance(n.ctx, ast.Load)]
            over = self._stored(statement, getattr(statement, "value", None)) == name
            if len(inside) != 1 or not (
                over or isinstance(statement, ast.Return) or (len(loads) == 1)
            ):
                return found
            node = inside[0]
            above = node
            while above is not statement:
                above = self.parents[above]
                if isinstance(above, _SEVERAL):
                    return found

    def _use(self, parent: Any, node: Any) -> Step | None:
        """The step that `parent` makes of the value of `node`."""
        if isinstance(parent, ast.Call) and parent.args[:1] == [node]:
            options = [*parent.args[1:], *(k.value for k in parent.keywords)]
            path = self._path(parent.func)
            if path and all(isinstance(x, ast.Constant) for x in options):
                return Step("call", path)
        if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add):
            other = parent.right if parent.left is node else parent.left
            return self._added(other)
        return None

    def _added(self, node: Any) -> Step | None:
        """The step that adds the value of an expression."""
        through: tuple[str, ...] = ()
        if isinstance(node, ast.IfExp):
            test = self._none_test(node.test)
            if test is None:
                return None
            through, node = test[1], node.body if test[0] else node.orelse
            through = ("is None", *through)
        elif isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
            through, node = self._path(node.func) or (), node.args[0]
            if not through:
                return None
        if isinstance(node, ast.Name) and node.id in self.locals - self.assigned:
            return Step("add", (node.id,), through)
        return None

    def _none_test(self, node: Any) -> tuple[bool, tuple[str, ...]] | None:
        """(True, path) of `path is None`, (False, path) of `path is not None`."""
        if not (isinstance(node, ast.Compare) and len(node.ops) == 1):
            return None
        right, path = node.comparators[0], self._path(node.left)
        if not (isinstance(right, ast.Constant) and right.value is None and path):
            return None
        kinds = {ast.Is: True, ast.IsNot: False}
        kind = kinds.get(type(node.ops[0]))
        return None if kind is None else (kind, path)

    def _skipped(self, statement: Any) -> Step | None:
        """What must hold so that a statement does nothing: `if self.a is not None: ...`"""
        if isinstance(statement, ast.If) and not statement.orelse:
            test = self._none_test(statement.test)
            if test is not None and not test[0]:
                return Step("none", test[1])
        return None

    def _stored(self, statement: Any, node: Any) -> str | None:
        """The local that a statement gives the value of `node` to."""
        if isinstance(statement, ast.AugAssign):
            target = statement.target
        elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
        else:
            return None
        if statement.value is node and isinstance(target, ast.Name) and target.id in self.locals:
            return target.id
        return None

    def _following(self, statement: Any) -> list[Any]:
        """The statements behind one in its block."""
        parent = self.parents.get(statement)
        for field in ("body", "orelse"):
            block = getattr(parent, field, None)
            if isinstance(block, list) and statement in block:
                return block[block.index(statement) + 1 :]
        return []

    def _path(self, node: Any) -> tuple[str, ...] | None:
        """("self", "bn1") of self.bn1"""
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.insert(0, node.attr)
            node = node.value
        return (node.id, *names) if isinstance(node, ast.Name) else None

    def _is_name(self, node: Any, name: str) -> bool:
        return isinstance(node, ast.Name) and node.id == name and name in self.locals


# ---------------------------------------------------------------- what is there now


_NOTHING = object()


def _value(path: tuple[str, ...], names: dict, around: dict) -> Any:
    """What stands at a path: modules' own attributes, functions of packages."""
    x = names.get(path[0], _NOTHING)
    if x is _NOTHING:
        x = around.get(path[0], _NOTHING)
    for name in path[1:]:
        if isinstance(x, Module) and not hasattr(type(x), name):
            x = x.__dict__.get(name, _NOTHING)
        elif isinstance(x, ModuleType):
            x = getattr(x, name, _NOTHING)
        else:
            return _NOTHING
    return x


def look(layer: Any, x: Any) -> Tensor | None:
    """layer(x), a convolution, with what its caller does next; None: there is nothing to be seen.

    Called by the layer's forward, without gradients.
    """
    frame = sys._getframe(2)  # of layer(x), if nothing lies between
    if frame.f_code is not _CALL.__code__ or Module.__call__ is not _CALL or layer._hooked:
        return None
    caller = frame.f_back
    if caller is None or sys.gettrace() is not None:
        return None
    steps = chain_at(caller.f_code, caller.f_lasti).steps
    if not steps:
        return None
    made = caller.f_locals
    names = dict(made)
    if type(made) is dict:
        made.clear()  # (before Python 3.13 the frame would keep it, and all that it refers to)
    return _computed(layer, x, steps, names, caller.f_globals)


def _computed(layer: Any, x: Tensor, steps: tuple, names: dict, around: dict) -> Tensor | None:
    norm, other, act = None, None, 0
    expected: list[str] = []
    for step in steps:
        thing = _value(step.path, names, around)
        if step.kind == "none":
            if thing is not None:
                break
        elif norm is None:
            if step.kind != "call" or not _plain_norm(thing):
                return None
            norm = thing
            expected.append("batch_norm")
        elif step.kind == "add":
            if other is not None or type(thing) is not Tensor or not _passes(step, names, around):
                break
            other = thing
            expected.append("add")
        else:
            act = _act(thing)
            if act:
                expected.append(_OF_ACT[act])
            break
    if norm is None:
        return None
    y = conv_norm(layer, norm, act, x, other)
    if y is None:
        return None
    return pending(tuple(expected), (), (y, layer, x, norm, other))


def _plain_norm(module: Any) -> bool:
    return (
        isinstance(module, Module)
        and type(module).forward is _NORM
        and not (module._hooked or module.training or "forward" in module.__dict__)
    )


def _passes(step: Step, names: dict, around: dict) -> bool:
    """True if what is added is the local itself."""
    if not step.through:
        return True
    if step.through[0] == "is None":
        return _value(step.through[1:], names, around) is None
    module = _value(step.through, names, around)
    return type(module) is Sequential and not (
        module._modules or module._hooked or "forward" in module.__dict__
    )


def _act(thing: Any) -> int:
    if isinstance(thing, Module):
        return act_of(thing)
    face = getattr(thing, "face", None)
    if isinstance(face, faces.Face) and face.form in ("F", "torch"):
        return _ACT_NAMES.get(face.op.name, 0)
    return 0
