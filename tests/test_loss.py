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


def test_chunks_of_a_linear_loss_change_nothing_but_the_memory():
    x, w, b = (
        torch.arange(15.0).reshape(5, 3).sin(),
        torch.arange(12.0).reshape(4, 3).cos(),
        torch.ones(4),
    )
    t = torch.tensor([0, 3, 1, 1, 2])
    found = []
    for options in (
        None,
        torch.nn.LinearCrossEntropyOptions(batch_chunk_size=2, acc_policy="accurate"),
    ):
        leaves = [v.clone().requires_grad_() for v in (x, w, b)]
        loss = F.linear_cross_entropy(
            *leaves[:2],
            t,
            linear_bias=leaves[2],
            weight=torch.arange(1.0, 5.0),
            ignore_index=1,
            options=options,
        )
        loss.backward()
        found.append([loss.item(), *[v.grad.flatten().tolist() for v in leaves]])
    for whole, parts in zip(*found, strict=True):
        assert parts == pytest.approx(whole, rel=1e-5, abs=1e-6)


def test_chunks_are_refused_with_a_warning_where_they_cannot_be():
    options = torch.nn.LinearCrossEntropyOptions()
    with pytest.warns(UserWarning, match="``options`` ignored"):
        F.linear_cross_entropy(
            torch.ones(2, 3),
            torch.ones(4, 3),
            torch.tensor([0, 1]),
            label_smoothing=0.1,
            options=options,
        )


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "huber_loss", "cross_entropy"])
def test_what_is_no_tensor_is_named(name):
    loss, x = getattr(F, name), torch.ones(2, 3)
    with pytest.raises(TypeError, match=r"'target' \(position 2\) must be Tensor, not str"):
        loss(x, "x")
    with pytest.raises(TypeError, match=r"'input' \(position 1\) must be Tensor, not list"):
        loss([1.0], x)
