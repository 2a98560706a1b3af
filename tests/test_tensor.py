"""Tensors: making them, dtypes, Python's numbers and protocols, memory, changes in place.

The numbers and sentences are PyTorch's: tools/freeze_ops.py.
"""

import numpy as np
import pytest
from op_cases import agree, evaluate, frozen

import rushlight as torch

CASES = frozen("tensor")


@pytest.mark.parametrize("code", CASES)
def test_as_in_pytorch(code):
    found = evaluate(torch, code)
    assert agree(found, CASES[code]), (found, CASES[code])


def test_from_numpy_shares_memory():
    a = np.arange(4.0)
    t = torch.from_numpy(a)
    a[0] = 9
    t[1] = 8
    assert t.tolist() == [9, 8, 2, 3] and a.tolist() == [9, 8, 2, 3]
    assert t.numpy() is a or t.numpy().base is a


def test_saved_tensors_that_change_are_noticed():
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    z = y * y
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()


def test_views_see_changes_of_their_base_under_autograd():
    x = torch.arange(6.0).reshape(2, 3).requires_grad_()
    y = x * 1
    row = y[0]
    y.mul_(3)
    row.sum().backward()
    assert x.grad.tolist() == [[3, 3, 3], [0, 0, 0]]


def test_an_array_of_a_tensor():
    t = torch.arange(3, dtype=torch.int32)
    assert np.asarray(t).dtype == np.int32
    assert np.array(t, dtype=float).tolist() == [0, 1, 2]
    assert (np.ones(3) @ t.double().numpy()).item() == 3


def test_legacy_constructors():
    assert torch.Tensor([1, 2]).dtype is torch.float32
    assert torch.Tensor(2, 3).shape == (2, 3)
    assert torch.LongTensor([1.0]).dtype is torch.int64
