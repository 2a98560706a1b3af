"""Indexing: basic, advanced and boolean keys, read, written and differentiated.

The numbers and sentences are PyTorch's: tools/freeze_ops.py.
"""

import pytest
from op_cases import agree, evaluate, frozen

import rushlight as torch

CASES = frozen("index")


@pytest.mark.parametrize("code", CASES)
def test_as_in_pytorch(code):
    found = evaluate(torch, code)
    assert agree(found, CASES[code]), (found, CASES[code])


def test_basic_keys_give_views_and_index_tensors_copies():
    x = torch.zeros(3, 4)
    x[1:, ::2].fill_(1)
    x[[0, 1]].fill_(5)
    assert x.tolist() == [[0, 0, 0, 0], [1, 0, 1, 0], [1, 0, 1, 0]]


def test_writing_counts_versions():
    x = torch.zeros(3)
    x[0] = 1
    x[x > 0] = 2
    assert x._version == 2 and x.tolist() == [2, 0, 0]


def test_a_leaf_cannot_be_written():
    x = torch.zeros(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="view of a leaf Variable that requires grad"):
        x[0] = 1
    with torch.no_grad():
        x[0] = 1
    assert x.tolist() == [1, 0, 0]
