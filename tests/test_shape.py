"""Views and rearrangements: what moves, what is shared, what is refused.

The numbers and sentences are PyTorch's: tools/freeze_ops.py.
"""

import pytest
from op_cases import agree, evaluate, frozen

import rushlight as torch

CASES = frozen("shape")


@pytest.mark.parametrize("code", CASES)
def test_as_in_pytorch(code):
    found = evaluate(torch, code)
    assert agree(found, CASES[code]), (found, CASES[code])


@pytest.mark.parametrize(
    "view",
    [
        lambda t: t.view(6),
        lambda t: t.t(),
        lambda t: t.permute(1, 0),
        lambda t: t.unsqueeze(0),
        lambda t: t[:1].squeeze(0),
        lambda t: t.reshape(3, 2),
        lambda t: t.flatten(),
        lambda t: t.diagonal(),
        lambda t: t.unfold(1, 2, 1),
        lambda t: t.as_strided((2,), (1,)),
        lambda t: t.split(1)[0],
        lambda t: t.unbind()[0],
        lambda t: t.narrow(1, 0, 2),
    ],
)
def test_views_share_memory_and_version(view):
    x = torch.zeros(2, 3)
    y = view(x)
    assert y._is_view() and y._base is x
    y.fill_(7)
    assert x[0, 0] == 7 and x._version == y._version == 1


def test_reshape_copies_where_strides_do_not_allow_a_view():
    x = torch.zeros(2, 3)
    y = x.t().reshape(6)
    y.fill_(1)
    assert x.sum() == 0 and not y._is_view()


def test_shapes_in_place_keep_the_elements():
    x = torch.arange(6.0).reshape(2, 3)
    pointer = x.data_ptr()
    x.t_().unsqueeze_(0).squeeze_().transpose_(0, 1)
    assert x.tolist() == [[0, 1, 2], [3, 4, 5]] and x.data_ptr() == pointer


def test_a_view_turned_in_place_stays_a_view():
    x = torch.arange(6.0).reshape(2, 3).requires_grad_()
    y = x * 1
    part = y[:, :2]
    part.t_()
    part[0].mul_(10)
    y.sum().backward()
    assert x.grad.tolist() == [[10, 1, 1], [10, 1, 1]]
