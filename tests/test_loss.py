"""Losses: every reduction, weights, smoothing, soft targets, refusals, gradients.

The numbers and sentences are PyTorch's: tools/freeze_ops.py.
"""

import pytest
from op_cases import agree, evaluate, frozen

import rushlight as torch

F = torch.nn.functional

CASES = frozen("loss")


@pytest.mark.parametrize("code", CASES)
def test_as_in_pytorch(code):
    found = evaluate(torch, code)
    assert agree(found, CASES[code]), (found, CASES[code])


def test_sizes_that_broadcast_warn():
    with pytest.warns(UserWarning, match="Using a target size"):
        F.mse_loss(torch.ones(3, 1), torch.ones(3))


def test_mean_kl_warns():
    with pytest.warns(UserWarning, match="batchmean"):
        F.kl_div(torch.zeros(2, 2), torch.ones(2, 2) / 2)


def test_legacy_arguments_warn():
    with pytest.warns(UserWarning, match="reduction='sum'"):
        assert F.mse_loss(torch.ones(2), torch.zeros(2), size_average=False) == 2


def test_ctc_has_no_second_derivative():
    x = torch.zeros(4, 1, 3, requires_grad=True)
    loss = F.ctc_loss(x.log_softmax(2), torch.tensor([[1]]), (4,), (1,))
    with pytest.raises(RuntimeError, match="is not implemented"):
        torch.autograd.grad(loss, x, create_graph=True)


def test_an_option_without_code_is_refused_by_name():
    with pytest.raises(NotImplementedError, match="options"):
        F.linear_cross_entropy(torch.ones(2, 3), torch.ones(4, 3), torch.tensor([0, 1]), options=1)
