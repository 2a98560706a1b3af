"""Creation, shapes, indexing, masks, joins: keywords, dtypes, memory order, errors, one line each.

The numbers and sentences are PyTorch's: tools/freeze_ops.py.
"""

import pytest
from op_cases import agree, evaluate, frozen

import rushlight as torch

CASES = frozen("contracts")


@pytest.mark.parametrize("code", CASES)
def test_as_in_pytorch(code):
    found = evaluate(torch, code)
    assert agree(found, CASES[code]), (found, CASES[code])


def test_an_expanded_out_is_refused():
    out = torch.zeros(1).expand(4)
    with pytest.raises(RuntimeError, match="more than one element of the written-to tensor"):
        torch.cat([torch.ones(2), torch.ones(2)], out=out)


@pytest.mark.parametrize("dim", ["a", 0.5])
def test_a_dim_is_an_int(dim):
    with pytest.raises(TypeError, match="must be int, not"):
        torch.cat([torch.ones(2, 2)], dim)


def test_a_mask_is_bool():
    with pytest.raises(RuntimeError, match="masks, but got mask with dtype Long"):
        torch.masked_scatter(torch.ones(3), torch.tensor([1, 0, 1]), torch.ones(3))
