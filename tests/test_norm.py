"""Norms, softmax, embeddings, padding and shuffles as functions.

The numbers and sentences are PyTorch's: tools/freeze_ops.py.
"""

import pytest
from op_cases import agree, evaluate, frozen

import rushlight as torch

F = torch.nn.functional

CASES = frozen("norm")


@pytest.mark.parametrize("code", CASES)
def test_as_in_pytorch(code):
    found = evaluate(torch, code)
    assert agree(found, CASES[code]), (found, CASES[code])


def test_running_statistics_move_in_place():
    mean, var = torch.zeros(2), torch.ones(2)
    x = torch.tensor([[0.0, 2.0], [2.0, 6.0]])
    F.batch_norm(x, mean, var, training=True, momentum=0.5)
    assert mean.tolist() == [0.5, 2.0] and var.tolist() == pytest.approx([1.5, 4.5])
    assert mean._version == var._version == 1


def test_softmax_without_dim_warns():
    with pytest.warns(UserWarning, match="Implicit dimension choice for softmax"):
        assert F.softmax(torch.zeros(2)).tolist() == [0.5, 0.5]


def test_max_norm_renormalises_the_table():
    w = torch.tensor([[3.0, 4.0], [0.3, 0.4]])
    F.embedding(torch.tensor([0]), w, max_norm=1.0)
    assert w[0].norm().item() == pytest.approx(1.0, abs=1e-5) and w[1].tolist() == pytest.approx(
        [0.3, 0.4]
    )
