"""torch.func.functional_call beyond the answers of prune_cases.py."""

import pytest

import rushlight as torch
from rushlight import nn
from rushlight.func import functional_call, stack_module_state
from rushlight.nn.utils.parametrize import register_parametrization


def test_the_module_is_as_before_after_an_error():
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    own = net[0].weight
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        functional_call(
            net, {"0.weight": torch.ones(3, 3), "1.running_mean": None}, torch.ones(3, 2)
        )
    assert net[0].weight is own and net[0]._parameters["weight"] is own
    assert net[1].running_mean.tolist() == [0.0, 0.0]
    with pytest.raises(TypeError, match="3 is not an instance of"):
        functional_call(net, {"0.weight": torch.ones(2, 2), "0.bias": 3}, torch.ones(3, 2))
    assert net[0].weight is own


def test_a_parametrized_module_takes_its_originals():
    class Double(nn.Module):
        def forward(self, x):
            return 2 * x

    layer = register_parametrization(nn.Linear(2, 2), "weight", Double())
    new = {"parametrizations.weight.original": torch.eye(2), "bias": torch.zeros(2)}
    assert functional_call(layer, new, torch.ones(1, 2)).tolist() == [[2.0, 2.0]]
    with pytest.raises(RuntimeError, match="Double does not implement right_inverse"):
        functional_call(layer, {"weight": torch.eye(2)}, torch.ones(1, 2))


def test_stacked_models_run_one_by_one():
    models = [nn.Linear(2, 3) for _ in range(4)]
    parameters, buffers = stack_module_state(models)
    x = torch.rand(5, 2)
    for i, model in enumerate(models):
        one = {name: t[i] for name, t in parameters.items()}
        assert torch.equal(functional_call(models[0], (one, buffers), x), model(x))


def test_gradients_go_to_what_was_given():
    """A step of gradient descent inside of which one can differentiate (MAML)."""
    layer = nn.Linear(1, 1, bias=False)
    w = torch.tensor([[2.0]], requires_grad=True)
    x = torch.tensor([[3.0]])
    inner = functional_call(layer, {"weight": w}, x).square().sum()  # (3 w)²
    (g,) = torch.autograd.grad(inner, w, create_graph=True)  # 18 w
    outer = functional_call(layer, {"weight": w - 0.01 * g}, x).sum()  # 3 (w - 0.18 w)
    outer.backward()
    assert torch.allclose(w.grad, torch.tensor([[3 * 0.82]])) and layer.weight.grad is None


def test_the_context_under_it():
    """Private, and used by packages nevertheless."""
    from rushlight.nn.utils.stateless import _reparametrize_module

    layer = nn.Linear(2, 2)
    own = layer.weight
    with _reparametrize_module(layer, {"weight": torch.zeros(2, 2)}):
        assert torch.equal(layer(torch.ones(1, 2))[0], layer.bias)
    assert layer.weight is own
