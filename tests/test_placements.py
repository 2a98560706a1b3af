"""torch.distributed.tensor's placements are values: packages make and compare them at import."""

import pickle

import pytest
from rushlight.distributed.tensor import DTensor, Partial, Placement, Replicate, Shard
from rushlight.distributed.tensor.placement_types import _StridedShard


def test_placements_are_values():
    made = [Shard(0), Shard(dim=1), Replicate(), Partial(), Partial("avg")]
    assert [str(p) for p in made] == ["S(0)", "S(1)", "R", "P(sum)", "P(avg)"]
    assert [repr(p) for p in made[1:4]] == ["Shard(dim=1)", "Replicate()", "Partial(sum)"]
    assert len({*made, Shard(0), Replicate(), Partial("sum")}) == 5
    assert [p.is_shard() for p in made] == [True, True, False, False, False]
    assert [p.is_replicate() for p in made] == [False, False, True, False, False]
    assert [p.is_partial("avg") for p in made] == [False, False, False, False, True]
    assert Shard(1).is_shard(1) and not Shard(1).is_shard(0)
    for p in made:
        again = pickle.loads(pickle.dumps(p))
        assert again == p and isinstance(p, Placement) and not isinstance(p, _StridedShard)


def test_placements_do_not_change():
    with pytest.raises(AttributeError, match="property of 'Shard' object has no setter"):
        Shard(0).dim = 1
    with pytest.raises(NotImplementedError, match="rushlight does not have"):
        DTensor()
