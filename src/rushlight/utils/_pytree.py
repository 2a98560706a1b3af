"""torch.utils._pytree: nested containers as a list of leaves and a TreeSpec.

Containers are tuples, lists, dicts, named tuples, OrderedDict, defaultdict, deque, and what
`register_pytree_node` adds; anything else is a leaf, None too.
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ..core.names import explain_missing

__all__ = [
    "LeafSpec",
    "PyTree",
    "TreeSpec",
    "is_namedtuple",
    "is_namedtuple_class",
    "is_namedtuple_instance",
    "keystr",
    "register_dataclass",
    "register_pytree_node",
    "tree_all",
    "tree_all_only",
    "tree_any",
    "tree_any_only",
    "tree_flatten",
    "tree_flatten_with_path",
    "tree_is_leaf",
    "tree_iter",
    "tree_leaves",
    "tree_leaves_with_path",
    "tree_map",
    "tree_map_",
    "tree_map_only",
    "tree_map_only_",
    "tree_map_with_path",
    "tree_structure",
    "tree_unflatten",
]

PyTree = Context = Any


class NodeDef(NamedTuple):
    """How a container comes apart: flatten(x) -> (children, context), and together again."""

    type: type
    flatten_fn: Callable[[Any], tuple[list, Any]]
    unflatten_fn: Callable[[Iterable, Any], Any]
    flatten_with_keys_fn: Any = None


SUPPORTED_NODES: dict[type, NodeDef] = {}


class SequenceKey(NamedTuple):
    """Where a leaf is: item idx of a sequence."""

    idx: int

    def __str__(self) -> str:
        return f"[{self.idx!r}]"

    def get(self, sequence: Any) -> Any:
        return sequence[self.idx]


class MappingKey(NamedTuple):
    """The entry of this key."""

    key: Any

    def __str__(self) -> str:
        return f"[{self.key!r}]"

    def get(self, mapping: Any) -> Any:
        return mapping[self.key]


class GetAttrKey(NamedTuple):
    """The attribute of this name."""

    name: str

    def __str__(self) -> str:
        return f".{self.name}"

    def get(self, obj: Any) -> Any:
        return getattr(obj, self.name)


def register_pytree_node(
    cls: type,
    flatten_fn: Callable[[Any], tuple[list, Any]],
    unflatten_fn: Callable[[Iterable, Any], Any],
    *,
    serialized_type_name: str | None = None,
    to_dumpable_context: Any = None,
    from_dumpable_context: Any = None,
    flatten_with_keys_fn: Any = None,
) -> None:
    """Make instances of a class containers.

    errors  ValueError: the class is registered
    """
    if cls in SUPPORTED_NODES:
        raise ValueError(f"{cls} is already registered as pytree node.")
    SUPPORTED_NODES[cls] = NodeDef(cls, flatten_fn, unflatten_fn, flatten_with_keys_fn)


_private_register_pytree_node = register_pytree_node


def _register_pytree_node(
    cls: type,
    flatten_fn: Any,
    unflatten_fn: Any,
    to_str_fn: Any = None,
    maybe_from_str_fn: Any = None,
    **more: Any,
) -> None:
    """register_pytree_node under its old name; the two functions for text are not used."""
    register_pytree_node(cls, flatten_fn, unflatten_fn, **more)


def _deregister_pytree_node(cls: type) -> None:
    SUPPORTED_NODES.pop(cls)


def register_dataclass(
    cls: type, *, field_names: Any = None, drop_field_names: Any = None, **more: Any
) -> None:
    """Make instances of a dataclass containers of their fields, those of drop_field_names left out.

    errors  ValueError: the class is registered, or names that are not its fields
    """
    fields = [f.name for f in dataclasses.fields(cls) if f.init]
    kept = [f for f in fields if f not in (drop_field_names or ())]
    if field_names is not None:
        kept = list(field_names)
        missing = [f for f in fields if f not in kept and f not in (drop_field_names or ())]
        unknown = [f for f in kept if f not in fields]
        if missing or unknown:
            raise ValueError(
                ("field_names does not include all dataclass fields.\n" if missing else "")
                + f"fields of {cls.__name__}: {fields}\n"
                + f"  in neither field_names nor drop_field_names: {missing}\n"
                + f"  in field_names and not a field: {unknown}"
            )

    def there(x: Any) -> list:
        return [f for f in kept if getattr(x, f) is not None]

    def context(x: Any) -> Any:
        return [there(x), [f for f in kept if getattr(x, f) is None]]

    def made(values: Any, names: Any) -> Any:
        return cls(**dict(zip(names[0], values, strict=True)), **dict.fromkeys(names[1]))

    register_pytree_node(
        cls,
        lambda x: ([getattr(x, f) for f in there(x)], context(x)),
        made,
        flatten_with_keys_fn=lambda x: (
            [(GetAttrKey(f), getattr(x, f)) for f in there(x)],
            context(x),
        ),
        **more,
    )


def is_namedtuple_class(cls: type) -> bool:
    """True for a class of named tuples."""
    return (
        isinstance(cls, type)
        and issubclass(cls, tuple)
        and isinstance(getattr(cls, "_fields", None), tuple)
        and callable(getattr(cls, "_make", None))
    )


def is_namedtuple(obj: Any) -> bool:
    """True for a named tuple or a class of them."""
    return is_namedtuple_class(obj if isinstance(obj, type) else type(obj))


def is_namedtuple_instance(obj: Any) -> bool:
    """True for a named tuple."""
    return is_namedtuple_class(type(obj))


def _list_flatten(d: list) -> tuple[list, Any]:
    return d, None


def _list_unflatten(values: Iterable, context: Any) -> list:
    return list(values)


def _sequence_with_keys(d: Iterable, context: Any = None) -> tuple[list, Any]:
    return [(SequenceKey(i), x) for i, x in enumerate(d)], context


def _tuple_flatten(d: tuple) -> tuple[list, Any]:
    return list(d), None


def _tuple_unflatten(values: Iterable, context: Any) -> tuple:
    return tuple(values)


def _namedtuple_flatten(d: Any) -> tuple[list, Any]:
    return list(d), type(d)


def _namedtuple_flatten_with_keys(d: Any) -> tuple[list, Any]:
    return [(GetAttrKey(k), x) for k, x in zip(d._fields, d, strict=True)], type(d)


def _namedtuple_unflatten(values: Iterable, context: Any) -> Any:
    return context(*values)


def _dict_flatten(d: dict) -> tuple[list, Any]:
    return list(d.values()), list(d.keys())


def _dict_flatten_with_keys(d: dict) -> tuple[list, Any]:
    return [(MappingKey(k), x) for k, x in d.items()], list(d.keys())


def _dict_unflatten(values: Iterable, context: Any) -> dict:
    return dict(zip(context, values, strict=True))


def _ordereddict_unflatten(values: Iterable, context: Any) -> OrderedDict:
    return OrderedDict(zip(context, values, strict=True))


def _defaultdict_flatten(d: Any) -> tuple[list, Any]:
    return list(d.values()), [d.default_factory, list(d.keys())]


def _defaultdict_flatten_with_keys(d: Any) -> tuple[list, Any]:
    return _dict_flatten_with_keys(d)[0], [d.default_factory, list(d.keys())]


def _defaultdict_unflatten(values: Iterable, context: Any) -> defaultdict:
    return defaultdict(context[0], zip(context[1], values, strict=True))


def _deque_flatten(d: deque) -> tuple[list, Any]:
    return list(d), d.maxlen


def _deque_flatten_with_keys(d: deque) -> tuple[list, Any]:
    return _sequence_with_keys(d, d.maxlen)


def _deque_unflatten(values: Iterable, context: Any) -> deque:
    return deque(values, maxlen=context)


# PyTorch's other names of the same functions
_tuple_flatten_with_keys = _list_flatten_with_keys = _sequence_with_keys
_odict_flatten = _ordereddict_flatten = _dict_flatten
_odict_unflatten = _ordereddict_unflatten
_ordereddict_flatten_with_keys = _dict_flatten_with_keys


def _built_in(cls: type, flatten: Any, unflatten: Any, with_keys: Any) -> None:
    register_pytree_node(cls, flatten, unflatten, flatten_with_keys_fn=with_keys)


_built_in(tuple, _tuple_flatten, _tuple_unflatten, _tuple_flatten_with_keys)
_built_in(list, _list_flatten, _list_unflatten, _list_flatten_with_keys)
_built_in(dict, _dict_flatten, _dict_unflatten, _dict_flatten_with_keys)
_built_in(OrderedDict, _dict_flatten, _ordereddict_unflatten, _dict_flatten_with_keys)
_built_in(defaultdict, _defaultdict_flatten, _defaultdict_unflatten, _defaultdict_flatten_with_keys)
_built_in(deque, _deque_flatten, _deque_unflatten, _deque_flatten_with_keys)
_NAMED = NodeDef(tuple, _namedtuple_flatten, _namedtuple_unflatten, _namedtuple_flatten_with_keys)


def _get_node_type(tree: Any) -> Any:
    """The key of SUPPORTED_NODES for a tree: its class, `namedtuple` for named tuples."""
    found = type(tree) in SUPPORTED_NODES or not is_namedtuple_class(type(tree))
    return type(tree) if found else namedtuple


def _node(x: Any) -> NodeDef | None:
    kind = type(x)
    found = SUPPORTED_NODES.get(kind)
    return _NAMED if found is None and is_namedtuple_class(kind) else found


class TreeSpec:
    """The structure of a tree without its leaves: a container's type, context and children."""

    def __init__(self, type: Any, context: Any, children_specs: list[TreeSpec]):
        self.type, self.context, self.children_specs = type, context, children_specs
        self.num_nodes: int = 1 + sum(c.num_nodes for c in children_specs)
        self.num_leaves: int = sum(c.num_leaves for c in children_specs)
        self.num_children = len(children_specs)

    def is_leaf(self) -> bool:
        """True for a tree that is one leaf."""
        return self.type is None

    def children(self) -> list[TreeSpec]:
        """The structures of the container's items."""
        return list(self.children_specs)

    def child(self, index: int) -> TreeSpec:
        """That of one item."""
        return self.children_specs[index]

    def unflatten(self, leaves: Iterable) -> Any:
        """The tree with these leaves. ValueError: another number of them."""
        leaves = list(leaves)
        if len(leaves) != self.num_leaves:
            raise ValueError(
                f"treespec.unflatten(leaves): `leaves` has length {len(leaves)} but the spec "
                f"refers to a pytree that holds {self.num_leaves} items ({self})."
            )
        return self._filled(iter(leaves))

    def _filled(self, leaves: Any) -> Any:
        if self.type is None:
            return next(leaves)
        node = SUPPORTED_NODES.get(self.type, _NAMED)
        return node.unflatten_fn([c._filled(leaves) for c in self.children_specs], self.context)

    def flatten_up_to(self, tree: Any) -> list:
        """What a tree holds where this one has leaves. ValueError: it does not go as deep."""
        if self.type is None:
            return [tree]
        node = _node(tree)
        kind = None if node is None else type(tree)
        if node is None or kind is not self.type:
            raise ValueError(f"Node type mismatch; expected {self.type!r}, but got {kind!r}.")
        items, context = node.flatten_fn(tree)
        if len(items) != self.num_children:
            raise ValueError(
                f"Node arity mismatch; expected {self.num_children}, but got {len(items)}."
            )
        if context != self.context:
            if not (isinstance(tree, dict) and set(tree) == set(self._names())):
                raise ValueError(
                    f"Node context mismatch for custom node type {self.type!r}: {context} and "
                    f"{self.context}."
                )
            items = [tree[k] for k in self._names()]
        return [
            x for c, t in zip(self.children_specs, items, strict=True) for x in c.flatten_up_to(t)
        ]

    def _names(self) -> list:
        return self.context[1] if self.type is defaultdict else self.context

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, TreeSpec):
            return NotImplemented
        return (
            self.type is other.type
            and self.context == other.context
            and self.children_specs == other.children_specs
        )

    def __hash__(self) -> int:
        return hash((self.type, self.num_leaves, self.num_nodes))

    def __repr__(self, indent: int = 0) -> str:
        if self.type is None:
            return "*"
        head = f"TreeSpec({self.type.__name__}, {self.context}, ["
        inner = ""
        if self.num_children:
            indent += 2
            inner = self.children_specs[0].__repr__(indent)
            for child in self.children_specs[1:]:
                inner += ",\n" + " " * indent + child.__repr__(indent)
        return head + inner + "])"


class LeafSpec(TreeSpec):
    """The structure of a single leaf."""

    def __init__(self) -> None:
        super().__init__(None, None, [])
        self.num_leaves, self.num_nodes = 1, 1

    def __repr__(self, indent: int = 0) -> str:
        return "*"


_LEAF = LeafSpec()


def tree_is_leaf(tree: Any, is_leaf: Any = None) -> bool:
    """True for what is no container, or where is_leaf(tree) says so."""
    return bool(is_leaf is not None and is_leaf(tree)) or _node(tree) is None


def tree_iter(tree: Any, is_leaf: Any = None) -> Iterable:
    """The leaves, one after the other."""
    if tree_is_leaf(tree, is_leaf):
        yield tree
        return
    node: Any = _node(tree)
    for item in node.flatten_fn(tree)[0]:
        yield from tree_iter(item, is_leaf)


def tree_leaves(tree: Any, is_leaf: Any = None) -> list:
    """The leaves as a list."""
    return list(tree_iter(tree, is_leaf))


def tree_structure(tree: Any, is_leaf: Any = None) -> TreeSpec:
    """The TreeSpec of a tree."""
    return tree_flatten(tree, is_leaf)[1]


def tree_flatten(tree: Any, is_leaf: Any = None) -> tuple[list, TreeSpec]:
    """(leaves, TreeSpec)

    >>> tree_flatten({"a": 1, "b": (2, 3)})[0]
    [1, 2, 3]
    """
    leaves: list = []

    def walk(x: Any) -> TreeSpec:
        node = _node(x)
        if node is None or (is_leaf is not None and is_leaf(x)):
            leaves.append(x)
            return _LEAF
        items, context = node.flatten_fn(x)
        return TreeSpec(type(x), context, [walk(item) for item in items])

    return leaves, walk(tree)


def tree_unflatten(leaves: Iterable, treespec: TreeSpec) -> Any:
    """The tree of a TreeSpec with these leaves.

    errors  TypeError: no TreeSpec; ValueError: another number of leaves
    """
    if not isinstance(treespec, TreeSpec):
        raise TypeError(
            "tree_unflatten(leaves, treespec): Expected `treespec` to be instance of TreeSpec but "
            f"got item of type {type(treespec)}."
        )
    return treespec.unflatten(leaves)


def tree_map(func: Any, tree: Any, *rests: Any, is_leaf: Any = None) -> Any:
    """The tree of func(leaf, *the leaves of rests at its place)."""
    leaves, spec = tree_flatten(tree, is_leaf)
    others = [spec.flatten_up_to(r) for r in rests]
    return spec.unflatten([func(*xs) for xs in zip(leaves, *others, strict=True)])


def tree_map_(func: Any, tree: Any, *rests: Any, is_leaf: Any = None) -> Any:
    """Call func on each leaf, and return the tree itself."""
    leaves, spec = tree_flatten(tree, is_leaf)
    for xs in zip(leaves, *[spec.flatten_up_to(r) for r in rests], strict=True):
        func(*xs)
    return tree


def _only(kinds: Any, func: Any, otherwise: Any) -> Any:
    if not isinstance(kinds, type) and callable(kinds):
        return lambda x: func(x) if kinds(x) else otherwise(x)
    return lambda x: func(x) if isinstance(x, kinds) else otherwise(x)


def tree_map_only(kind: Any, /, func: Any, tree: Any, is_leaf: Any = None) -> Any:
    """tree_map on the leaves of a type (or some types, or for which kind(x) is true)."""
    return tree_map(_only(kind, func, lambda x: x), tree, is_leaf=is_leaf)


def tree_map_only_(kind: Any, /, func: Any, tree: Any, is_leaf: Any = None) -> Any:
    """tree_map_ likewise."""
    return tree_map_(_only(kind, func, lambda x: x), tree, is_leaf=is_leaf)


def tree_all(pred: Any, tree: Any, is_leaf: Any = None) -> bool:
    """True if pred(leaf) is for all leaves."""
    return all(map(pred, tree_iter(tree, is_leaf)))


def tree_any(pred: Any, tree: Any, is_leaf: Any = None) -> bool:
    """True if pred(leaf) is for some leaf."""
    return any(map(pred, tree_iter(tree, is_leaf)))


def tree_all_only(kind: Any, /, pred: Any, tree: Any, is_leaf: Any = None) -> bool:
    """tree_all over the leaves of a type."""
    return all(pred(x) for x in tree_iter(tree, is_leaf) if isinstance(x, kind))


def tree_any_only(kind: Any, /, pred: Any, tree: Any, is_leaf: Any = None) -> bool:
    """tree_any over the leaves of a type."""
    return any(pred(x) for x in tree_iter(tree, is_leaf) if isinstance(x, kind))


def tree_leaves_with_path(tree: Any, is_leaf: Any = None) -> list[tuple[tuple, Any]]:
    """[((key, ...), leaf), ...]"""
    found: list = []

    def walk(x: Any, path: tuple) -> None:
        node = _node(x)
        if node is None or (is_leaf is not None and is_leaf(x)):
            found.append((path, x))
            return
        if node.flatten_with_keys_fn is None:
            raise ValueError(
                f"Did not find a flatten_with_keys_fn for type: {type(x)}. "
                "Please pass a flatten_with_keys_fn argument to register_pytree_node."
            )
        for key, item in node.flatten_with_keys_fn(x)[0]:
            walk(item, (*path, key))

    walk(tree, ())
    return found


def tree_flatten_with_path(tree: Any, is_leaf: Any = None) -> tuple[list, TreeSpec]:
    """([(path, leaf), ...], TreeSpec)"""
    return tree_leaves_with_path(tree, is_leaf), tree_structure(tree, is_leaf)


def tree_map_with_path(func: Any, tree: Any, *rests: Any, is_leaf: Any = None) -> Any:
    """tree_map with func(path, leaf, *rests)."""
    leaves, spec = tree_flatten_with_path(tree, is_leaf)
    others = [spec.flatten_up_to(r) for r in rests]
    return spec.unflatten([func(*a, *xs) for a, *xs in zip(leaves, *others, strict=True)])


def keystr(kp: tuple) -> str:
    """A path as text: ['a'][0]"""
    return "".join(str(k) for k in kp)


def key_get(obj: Any, kp: tuple) -> Any:
    """What is at a path."""
    for k in kp:
        obj = k.get(obj)
    return obj


def _broadcast_to_and_flatten(tree: Any, treespec: TreeSpec, is_leaf: Any = None) -> list | None:
    """The leaves of a tree that may stop short of treespec, each repeated for what is below it;
    None: it has another structure."""
    if tree_is_leaf(tree, is_leaf):
        return [tree] * treespec.num_leaves
    node = _node(tree)
    if treespec.is_leaf() or node is None or type(tree) is not treespec.type:
        return None
    items, context = node.flatten_fn(tree)
    if len(items) != treespec.num_children or context != treespec.context:
        return None
    found: list = []
    for item, child in zip(items, treespec.children_specs, strict=True):
        part = _broadcast_to_and_flatten(item, child, is_leaf)
        if part is None:
            return None
        found += part
    return found


explain_missing(__name__)
