"""torch.utils._pytree: containers taken apart and put together again."""

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
