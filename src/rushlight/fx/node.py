"""torch.fx.Node: one step of a graph, and the walk over arguments."""

from __future__ import annotations

import builtins
import operator
import types
from collections.abc import Callable, Iterator
from typing import Any

from ..dispatch.registry import FUNCTIONAL, FUNCTIONS

__all__ = ["Node", "has_side_effect", "map_aggregate", "map_arg"]

Argument = Any
Target = Any
BASE_ARGUMENT_TYPES = (str, int, float, bool, complex)

_SIDE_EFFECTS: set[Any] = set()


def has_side_effect(fn: Callable) -> Callable:
    """Marks a function whose calls stay in a graph even if nobody uses the result."""
    _SIDE_EFFECTS.add(fn)
    return fn


class immutable_list(list):
    """A list that cannot be changed: arguments of a node are set, not edited."""

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__!r} object does not support mutation. If you are attempting to "
            "modify the kwargs or args of a torch.fx.Node object, instead create a new copy of it "
            "and assign the copy to the node:\n    new_args = ...  # copy and mutate args\n"
            "    node.args = new_args"
        )

    append = extend = insert = pop = remove = clear = sort = reverse = _refuse
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self))

    def __reduce__(self) -> Any:
        return type(self), (list(self),)


class immutable_dict(dict):
    """A dict that cannot be changed."""

    _refuse = immutable_list._refuse
    clear = pop = popitem = update = setdefault = _refuse  # type: ignore[assignment]
    __setitem__ = __delitem__ = __ior__ = _refuse  # type: ignore[assignment]

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> Any:
        return type(self), (dict(self),)


def map_aggregate(a: Any, fn: Callable[[Any], Any]) -> Any:
    """fn over what is in tuples, lists, dicts and slices; named tuples keep their class."""
    if isinstance(a, tuple):
        parts = [map_aggregate(x, fn) for x in a]
        return tuple(parts) if not hasattr(a, "_fields") else type(a)(*parts)
    if isinstance(a, list):
        return immutable_list([map_aggregate(x, fn) for x in a])
    if isinstance(a, dict):
        return immutable_dict({key: map_aggregate(x, fn) for key, x in a.items()})
    if isinstance(a, slice):
        return slice(*(map_aggregate(x, fn) for x in (a.start, a.stop, a.step)))
    return fn(a)


def map_arg(a: Any, fn: Callable[[Node], Any]) -> Any:
    """fn over the nodes in tuples, lists, dicts and slices; the rest stays."""
    if not callable(fn):
        raise AssertionError("torch.fx.map_arg(a, fn): fn must be a callable")
    return map_aggregate(a, lambda x: fn(x) if isinstance(x, Node) else x)


def qualified_name(func: Callable) -> str:
    """The name of a function with its module, "torch.nn.functional.relu", as code has it."""
    if getattr(builtins, getattr(func, "__name__", ""), None) is func:
        return func.__name__
    if isinstance(func, (types.MethodDescriptorType, types.WrapperDescriptorType)):
        return f"{func.__objclass__.__module__}.{func.__objclass__.__name__}.{func.__name__}"
    name = getattr(func, "__name__", type(func).__name__)
    if name == "<lambda>":
        name = func.__qualname__
    for table, space in ((FUNCTIONAL, "torch.nn.functional"), (FUNCTIONS, "torch")):
        if name in table and table[name] is func:
            return f"{space}.{name}"
    return f"{getattr(func, '__module__', None) or 'torch'}.{name}"


def type_text(kind: Any) -> str:
    """A type in code: its name, or its repr for what is parametrised."""
    if isinstance(kind, type) and not isinstance(kind, types.GenericAlias):
        return kind.__name__ if kind.__module__ == "builtins" else qualified_name(kind)
    return str(kind)


class Node:
    """One step.

    op      placeholder, get_attr, call_function, call_method, call_module or output
    target  of a function itself, of the others a name
    args, kwargs    of the call; nodes in them are its inputs
    users   the nodes that it is an input of, as the keys of a dict
    meta    whatever passes want to note
    """

    def __init__(
        self,
        graph: Any,
        name: str,
        op: str,
        target: Any,
        args: tuple,
        kwargs: dict,
        return_type: Any = None,
    ):
        if op in ("call_function",):
            if not callable(target):
                raise ValueError(
                    f"Node [graph = {graph}, name = '{name}'] target {target} has type "
                    f"{type(target)} but a Callable is expected"
                )
        elif not isinstance(target, str):
            raise ValueError(
                f"Node [graph = {graph}, name = '{name}'] target {target} has type {type(target)} "
                "but a str is expected"
            )
        self.graph, self.name, self.op, self.target = graph, name, op, target
        self._input_nodes: dict[Node, None] = {}
        self.users: dict[Node, None] = {}
        self.type = return_type
        self.meta: dict[str, Any] = {}
        self._prev = self._next = self
        self._erased = False
        self._repr_fn: Callable | None = None
        self._args: tuple = ()
        self._kwargs: dict = immutable_dict()
        self._set(args, kwargs)

    def _set(self, args: Any, kwargs: Any) -> None:
        for old in self._input_nodes:
            old.users.pop(self, None)
        self._input_nodes = {}

        def note(node: Any) -> Any:
            self._input_nodes.setdefault(node)
            node.users.setdefault(self)
            return node

        self._args = map_arg(tuple(args), note)
        self._kwargs = map_arg(dict(kwargs), note)

    @property
    def args(self) -> tuple:
        """The positional arguments; setting them keeps `users` right."""
        return self._args

    @args.setter
    def args(self, args: tuple) -> None:
        self._set(args, self._kwargs)

    @property
    def kwargs(self) -> dict:
        """The keyword arguments; likewise."""
        return self._kwargs

    @kwargs.setter
    def kwargs(self, kwargs: dict) -> None:
        self._set(self._args, kwargs)

    @property
    def all_input_nodes(self) -> list[Node]:
        """The nodes among the arguments, each once."""
        return list(self._input_nodes)

    @property
    def next(self) -> Node:
        """The node after this one."""
        return self._next

    @property
    def prev(self) -> Node:
        """The node before this one."""
        return self._prev

    def prepend(self, x: Node) -> None:
        """Moves x to just before this node."""
        if self.graph is not x.graph:
            raise AssertionError("Attempting to move a Node into a different Graph")
        if x is self:
            return
        x._unlink()
        before = self._prev
        before._next, x._prev = x, before
        x._next, self._prev = self, x

    def append(self, x: Node) -> None:
        """Moves x to just after this node."""
        self._next.prepend(x)

    def _unlink(self) -> None:
        self._prev._next, self._next._prev = self._next, self._prev
        self._prev = self._next = self

    def update_arg(self, idx: int, arg: Any) -> None:
        """args[idx] = arg"""
        args = list(self.args)
        args[idx] = arg
        self.args = tuple(args)

    def insert_arg(self, idx: int, arg: Any) -> None:
        """Inserts arg before args[idx]."""
        args = list(self.args)
        args.insert(idx, arg)
        self.args = tuple(args)

    def update_kwarg(self, key: str, arg: Any) -> None:
        """kwargs[key] = arg"""
        self.kwargs = {**self.kwargs, key: arg}

    def replace_input_with(self, old_input: Node, new_input: Node) -> None:
        """Puts new_input in old_input's place among the arguments."""

        def swap(node: Node) -> Node:
            return new_input if node is old_input else node

        self._set(map_arg(self.args, swap), map_arg(self.kwargs, swap))

    def replace_all_uses_with(
        self,
        replace_with: Node,
        delete_user_cb: Callable[[Node], bool] = lambda user: True,
        *,
        propagate_meta: bool = False,
    ) -> list[Node]:
        """Puts replace_with in this node's place in all users for which delete_user_cb(user) is
        true; the users that were asked about and changed."""
        if propagate_meta:
            for key, value in self.meta.items():
                replace_with.meta.setdefault(key, value)
        changed = [user for user in list(self.users) if delete_user_cb(user)]
        for user in changed:
            user.replace_input_with(self, replace_with)
        return changed

    def is_impure(self, impure_random: bool = True) -> bool:
        """Does the step do more than compute its result? Random ones count, too."""
        if self.op in ("placeholder", "output"):
            return True
        if self.op == "call_function":
            if self.target in _SIDE_EFFECTS:
                return True
            name = getattr(self.target, "__name__", "")
            if name in ("_assert", "_assert_async", "setitem"):
                return True
            return impure_random and name in _RANDOM
        if self.op == "call_module" and self.graph.owning_module is not None:
            return getattr(self.graph.owning_module.get_submodule(self.target), "_is_impure", False)
        return self.op == "call_method" and self.target.endswith("_") and self.target[:2] != "__"

    def normalized_arguments(self, root: Any, *args: Any, **kwargs: Any) -> Any:
        """(args, kwargs) by name; None where the signature is not known."""
        from .operator_schemas import normalize_function, normalize_module

        if self.op == "call_function":
            return normalize_function(self.target, self.args, self.kwargs, *args, **kwargs)
        if self.op == "call_module":
            return normalize_module(root, self.target, self.args, self.kwargs)
        return None

    def format_node(
        self,
        placeholder_names: list[str] | None = None,
        maybe_return_typename: Any = None,
        **kw: Any,
    ) -> str | None:
        """The line of str(graph); of placeholders and outputs into the lists, if they are given."""
        if self.op == "output":
            return f"return {self.args[0]}"
        kind = f"{type_text(self.type)} " if self.type is not None else ""
        head = f"%{self.name} : {kind}[num_users={len(self.users)}] = {self.op}"
        target = self.target
        if self.op == "call_function":
            target = qualified_name(target).replace("_operator.", "operator.")
            target = target if "." in target else f"builtins.{target}"
        head += f"[target={target}]"
        if self.op == "placeholder":
            return head + (f"(default={self.args[0]})" if self.args else "")
        if self.op == "get_attr":
            return head
        return f"{head}(args = {_text(self.args)}, kwargs = {_text(self.kwargs)})"

    def __repr__(self) -> str:
        return self._repr_fn(self) if self._repr_fn else self.name

    def __lt__(self, other: Node) -> bool:
        return self in _nodes_before(other)

    def __gt__(self, other: Node) -> bool:
        return other in _nodes_before(self)


def _nodes_before(node: Node) -> Iterator[Node]:
    at = node._prev
    while at is not node.graph._root:
        yield at
        at = at._prev


_RANDOM = set("rand randn randint randperm normal bernoulli multinomial dropout".split())
_RANDOM |= {"rand_like", "randn_like", "randint_like"}


def _text(arg: Any) -> str:
    """Arguments in str(graph): nodes as %name, text without quotes."""
    if isinstance(arg, list):
        return f"[{', '.join(map(_text, arg))}]"
    if isinstance(arg, tuple):
        parts = ", ".join(map(_text, arg))
        return f"({parts},)" if len(arg) == 1 else f"({parts})"
    if isinstance(arg, dict):
        return "{" + ", ".join(f"{k}: {_text(v)}" for k, v in arg.items()) + "}"
    return f"%{arg.name}" if isinstance(arg, Node) else str(arg)


#: operators in code, by their function
MAGIC = {
    operator.add: "{} + {}",
    operator.sub: "{} - {}",
    operator.mul: "{} * {}",
    operator.floordiv: "{} // {}",
    operator.truediv: "{} / {}",
    operator.mod: "{} % {}",
    operator.pow: "{} ** {}",
    operator.lshift: "{} << {}",
    operator.rshift: "{} >> {}",
    operator.and_: "{} & {}",
    operator.or_: "{} | {}",
    operator.xor: "{} ^ {}",
    operator.getitem: "{}[{}]",
    operator.matmul: "{} @ {}",
    operator.eq: "{} == {}",
    operator.ne: "{} != {}",
    operator.lt: "{} < {}",
    operator.gt: "{} > {}",
    operator.le: "{} <= {}",
    operator.ge: "{} >= {}",
    operator.pos: "+{}",
    operator.neg: "-{}",
    operator.invert: "~{}",
}
INPLACE = {
    operator.iadd: "{} += {}",
    operator.isub: "{} -= {}",
    operator.imul: "{} *= {}",
    operator.itruediv: "{} /= {}",
    operator.ifloordiv: "{} //= {}",
    operator.imod: "{} %= {}",
    operator.ipow: "{} **= {}",
    operator.iand: "{} &= {}",
    operator.ior: "{} |= {}",
    operator.ixor: "{} ^= {}",
    operator.imatmul: "{} @= {}",
}
