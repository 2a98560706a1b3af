"""torch.utils._pytree: containers taken apart and put together again."""

import dataclasses
from collections import OrderedDict, defaultdict, deque, namedtuple

import pytest

from rushlight.utils import _pytree as tree

Pair = namedtuple("Pair", "first second")
TREES = [
    (1, [2, (3,)], None),
    {"b": 1, "a": [2]},
    OrderedDict(x=1, y=(2,)),
    Pair(1, [2]),
    deque([1, 2], maxlen=3),
    [],
    5,
]


@pytest.mark.parametrize("x", TREES, ids=repr)
def test_there_and_back(x):
    leaves, spec = tree.tree_flatten(x)
    back = tree.tree_unflatten(leaves, spec)
    assert back == x and type(back) is type(x)
    assert spec == tree.tree_structure(x) and spec.num_leaves == len(leaves)
    assert tree.tree_leaves(x) == leaves


def test_leaves_and_specs():
    leaves, spec = tree.tree_flatten({"a": 1, "b": (2, None)})
    assert leaves == [1, 2, None]
    assert repr(spec) == ("TreeSpec(dict, ['a', 'b'], [*,\n  TreeSpec(tuple, None, [*,\n    *])])")
    d = defaultdict(list, {"k": 1})
    back = tree.tree_map(lambda x: x + 1, d)
    assert back == {"k": 2} and back.default_factory is list


def test_maps():
    x = {"a": 1, "b": [2.0, "c"]}
    assert tree.tree_map_only(int, lambda v: -v, x) == {"a": -1, "b": [2.0, "c"]}
    assert tree.tree_map(lambda v, w: (v, w), [1, 2], [3, [4]]) == [(1, 3), (2, [4])]
    assert tree.tree_all(lambda v: v > 0, [1, 2]) and not tree.tree_any(lambda v: v > 2, [1, 2])
    assert tree.tree_any_only(int, lambda v: v == 1, x)
    paths = [tree.keystr(p) for p, _ in tree.tree_leaves_with_path(x)]
    assert paths == ["['a']", "['b'][0]", "['b'][1]"]
    assert tree.tree_leaves([1, (2, 3)], is_leaf=lambda v: isinstance(v, tuple)) == [1, (2, 3)]


def test_a_class_of_a_user():
    class Box:
        def __init__(self, *items):
            self.items = items

    tree.register_pytree_node(Box, lambda b: (list(b.items), len(b.items)), lambda v, c: Box(*v))
    assert tree.tree_leaves([Box(1, (2,)), 3]) == [1, 2, 3]
    assert tree.tree_map(str, Box(1, 2)).items == ("1", "2")
    with pytest.raises(ValueError, match="already registered as pytree node"):
        tree.register_pytree_node(Box, None, None)


def test_errors():
    spec = tree.tree_structure([1, 2])
    with pytest.raises(ValueError, match="has length 1 but the spec refers to a pytree that holds"):
        tree.tree_unflatten([1], spec)
    with pytest.raises(TypeError, match="Expected `treespec` to be instance of TreeSpec"):
        tree.tree_unflatten([1], "*")
    with pytest.raises(ValueError, match="Node arity mismatch; expected 2, but got 1"):
        tree.tree_map(max, [1, 2], [3])


def test_a_container_with_keys():
    class Box:
        def __init__(self, *items):
            self.items = items

    tree.register_pytree_node(Box, lambda b: (list(b.items), None), lambda v, c: Box(*v))
    with pytest.raises(ValueError, match=r"Did not find a flatten_with_keys_fn for type: .*Box"):
        tree.tree_flatten_with_path([Box(1)])

    class Named(dict):
        pass

    # as transformers registers its outputs: dict's own functions for a subclass of dict
    tree._register_pytree_node(
        Named,
        tree._dict_flatten,
        lambda v, c: Named(tree._dict_unflatten(v, c)),
        flatten_with_keys_fn=tree._dict_flatten_with_keys,
    )
    paths = [tree.keystr(p) for p, _ in tree.tree_leaves_with_path(Named(a=1, b=(2,)))]
    assert paths == ["['a']", "['b'][0]"]
    assert type(tree.tree_map(str, Named(a=1))) is Named
    tree._deregister_pytree_node(Named)
    assert tree.tree_is_leaf(Named())


def test_keys_of_the_built_in_containers():
    d = defaultdict(int, k=1)
    for x, keys in [
        ((5,), ["[0]"]),
        ([5], ["[0]"]),
        (deque([5]), ["[0]"]),
        (OrderedDict(a=5), ["['a']"]),
        (d, ["['k']"]),
        (Pair(5, 6), [".first", ".second"]),
    ]:
        found, spec = tree.tree_flatten_with_path(x)
        assert [tree.keystr(p) for p, _ in found] == keys
        assert spec == tree.tree_structure(x)
        assert tree.tree_map_with_path(lambda path, leaf: leaf, x) == x


def test_a_dataclass():
    @dataclasses.dataclass
    class Batch:
        a: int
        b: object = None
        c: int = 3

    tree.register_dataclass(Batch)
    leaves, spec = tree.tree_flatten(Batch(1))
    assert leaves == [1, 3] and spec.context == [["a", "c"], ["b"]]
    assert tree.tree_map(lambda x: -x, Batch(1, 2)) == Batch(-1, -2, -3)
    assert tree.keystr(tree.tree_leaves_with_path(Batch(1))[1][0]) == ".c"

    @dataclasses.dataclass
    class Other:
        a: int
        b: int = 2

    with pytest.raises(ValueError, match="field_names does not include all dataclass fields"):
        tree.register_dataclass(Other, field_names=["a"])
    tree.register_dataclass(Other, field_names=["a"], drop_field_names=["b"])
    assert tree.tree_map(lambda x: x + 1, Other(1, 7)) == Other(2, 2)
