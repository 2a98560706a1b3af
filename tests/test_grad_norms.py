"""torch.nn.utils: the size of gradients, parameters as one vector. Values worked out by hand."""

import math

import pytest

import rushlight as torch
from rushlight import nn
from rushlight.nn import utils


def parameters():
    a, b, c = (nn.Parameter(torch.ones(n)) for n in (2, 1, 1))
    a.grad, b.grad = torch.tensor([3.0, 4.0]), torch.tensor([-12.0])
    return [a, b, c]


@pytest.mark.parametrize(
    ("norm_type", "total"),
    [(2, 13.0), (1, 19.0), (math.inf, 12.0), ("inf", 12.0), (3.0, 1819 ** (1 / 3)), (-math.inf, 3)],
)
def test_clip_grad_norm(norm_type, total):
    params = parameters()
    assert utils.clip_grad_norm_(params, 1.0, norm_type).item() == pytest.approx(total)
    assert params[0].grad.tolist() == pytest.approx([3 / total, 4 / total], rel=1e-6)
    assert params[1].grad.item() == pytest.approx(-12 / total, rel=1e-6)
    assert params[2].grad is None


def test_small_gradients_stay():
    params = parameters()
    assert utils.clip_grad_norm_(params, 100.0).item() == 13.0
    assert params[0].grad.tolist() == [3.0, 4.0]


def test_norms_that_are_not_finite():
    params = parameters()
    params[0].grad[0] = math.nan
    assert math.isnan(utils.clip_grad_norm_(params, 1.0).item())
    with pytest.raises(RuntimeError, match="The total norm of order 2"):
        utils.clip_grad_norm_(params, 1.0, error_if_nonfinite=True)


def test_one_tensor_nothing_and_a_spent_generator():
    p = parameters()[0]
    assert utils.clip_grad_norm_(p, 1.0).item() == 5.0
    assert utils.clip_grad_norm_([], 1.0).item() == 0.0
    with pytest.warns(UserWarning, match="`parameters` is an empty generator"):
        utils.clip_grad_norm_((q for q in ()), 1.0)
    with pytest.warns(FutureWarning, match="clip_grad_norm` is now deprecated"):
        utils.clip_grad_norm(p, 1.0)


def test_clip_grad_value():
    params = parameters()
    utils.clip_grad_value_(params, 3.5)
    assert [p.grad.tolist() for p in params[:2]] == [[3.0, 3.5], [-3.5]]


def test_a_total_of_ones_own():
    params = parameters()
    utils.clip_grads_with_norm_(params, 2.0, torch.tensor(4.0))
    assert params[0].grad.tolist() == pytest.approx([1.5, 2.0], rel=1e-6)
    total = utils.get_total_norm([torch.ones(3), torch.ones(2, 2)])
    assert total.item() == pytest.approx(7**0.5)


def test_parameters_as_a_vector():
    params = [nn.Parameter(torch.tensor([[1.0, 2.0]])), nn.Parameter(torch.tensor([3.0]))]
    vector = utils.parameters_to_vector(params)
    assert vector.tolist() == [1.0, 2.0, 3.0]
    (vector * torch.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert params[0].grad.tolist() == [[1.0, 10.0]]
    utils.vector_to_parameters(torch.tensor([4.0, 5.0, 6.0]), params)
    assert [p.tolist() for p in params] == [[[4.0, 5.0]], [6.0]]
    with pytest.raises(TypeError, match=r"expected torch\.Tensor, but got: list"):
        utils.vector_to_parameters([1.0], params)


def test_pytorchs_file_names():
    from rushlight.nn.utils.clip_grad import clip_grad_norm_

    assert clip_grad_norm_ is utils.clip_grad_norm_
