"""Joining, cutting, diagonals, gather and scatter.

The numbers and sentences are PyTorch's: tools/freeze_ops.py.
"""

import pytest
from op_cases import agree, evaluate, frozen

import rushlight as torch

CASES = frozen("join")


@pytest.mark.parametrize("code", CASES)
def test_as_in_pytorch(code):
    found = evaluate(torch, code)
    assert agree(found, CASES[code]), (found, CASES[code])


def test_out_must_not_be_an_input():
    x = torch.zeros(2, 2)
    with pytest.raises(RuntimeError, match="refer to a single memory location"):
        torch.cat([x, x], out=x)


def test_out_is_filled():
    out = torch.empty(0)
    assert torch.cat([torch.ones(1), torch.zeros(1)], out=out) is out and out.tolist() == [1, 0]
    out = torch.empty(2, dtype=torch.float64)
    assert torch.stack([torch.tensor(1.0), torch.tensor(2.0)], out=out).tolist() == [1, 2]
    with pytest.raises(RuntimeError, match="can't be cast"):
        torch.cat([torch.ones(1)], out=torch.empty(1, dtype=torch.int64))


def test_meshgrid_warns_without_indexing():
    with pytest.warns(UserWarning, match="indexing argument"):
        torch.meshgrid(torch.ones(2), torch.ones(1))


def test_cat_into_an_operand_is_refused():
    x, y = torch.empty(0), torch.ones(2, 3)
    with pytest.raises(RuntimeError, match="refer to a single memory location"):
        torch.cat([x, y], out=x)
