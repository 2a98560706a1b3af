"""nn.utils.parametrize and parametrizations against answers frozen from PyTorch, and beyond."""

import copy
import json

import pytest
import utils_cases as cases
from module_cases import answers
from utils_cases import agree

import rushlight as torch
from rushlight import nn
from rushlight.nn.utils import parametrizations, parametrize


@pytest.mark.parametrize("part", cases.ALL, ids=lambda part: part.__name__)
def test_answers_are_pytorchs(frozen, part):
    expected = json.loads((frozen / "utils.json").read_text())[part.__name__]
    got = answers(torch, part)
    assert {k: (got.get(k), v) for k, v in expected.items() if not agree(got.get(k), v)} == {}
    assert got.keys() == expected.keys()


class Double(nn.Module):
    def forward(self, x):
        return 2 * x

    def right_inverse(self, x):
        return x / 2


def test_a_copy_is_independent():
    """In PyTorch both have one class, and removing from one breaks the other."""
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Double())
    parametrize.register_parametrization(layer, "bias", Double())
    other = copy.deepcopy(layer)
    parametrize.remove_parametrizations(layer, "weight")
    assert type(layer).__name__ == "ParametrizedLinear" and not hasattr(type(layer), "weight")
    assert torch.equal(other.weight, layer.weight) and torch.equal(other.bias, layer.bias)
    parametrize.remove_parametrizations(layer, "bias")
    assert type(layer) is nn.Linear
    x = torch.rand(3, 2)
    assert torch.equal(layer(x), other(x))
    with torch.no_grad():
        other.parametrizations.weight.original.zero_()
    assert not torch.equal(layer(x), other(x))
    with pytest.raises(RuntimeError, match="only supported through state_dict"):
        copy.copy(other)


def test_an_optimizer_goes_on_with_the_parameter():
    """register and remove keep the Parameter, as a list of an optimizer's does."""
    layer = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    parametrize.register_parametrization(layer, "weight", Double())
    before = layer.weight.detach().clone()
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    assert torch.allclose(layer.weight, before - 0.1 * 2 * 2)  # d original = 2, and the map doubles
    parametrize.remove_parametrizations(layer, "weight")
    before = layer.weight.detach().clone()
    optimizer.zero_grad()
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    assert torch.allclose(layer.weight, before - 0.1)


def test_the_fused_paths_see_the_parametrized_weight():
    """Sequential runs a linear layer and the relu behind it in one kernel."""
    layer = nn.Linear(3, 4)
    x = torch.rand(5, 3)
    plain = nn.Sequential(layer, nn.ReLU())(x)
    parametrize.register_parametrization(layer, "weight", Double())
    with torch.no_grad():
        layer.parametrizations.weight.original.mul_(2)
    assert torch.equal(nn.Sequential(layer, nn.ReLU())(x), layer(x).relu())
    assert not torch.equal(nn.Sequential(layer, nn.ReLU())(x), plain)


def test_cached_computes_once_until_the_end():
    calls = []

    class Counted(nn.Module):
        def forward(self, x):
            calls.append(1)
            return 2 * x

    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Counted(), unsafe=True)
    x = torch.ones(1, 2)
    calls.clear()
    with parametrize.cached():
        with parametrize.cached():
            y = layer(x) + layer(x)
        y = y + layer(x)
        assert len(calls) == 1
    y.sum().backward()
    assert layer.parametrizations.weight.original.grad.tolist() == [[6.0, 6.0]] * 2
    layer(x)
    assert len(calls) == 2


@pytest.mark.parametrize("how", ["matrix_exp", "cayley", "householder"])
def test_training_keeps_a_matrix_orthogonal(how):
    torch.manual_seed(0)
    layer = parametrizations.orthogonal(nn.Linear(6, 4), orthogonal_map=how)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    target, losses = torch.eye(4, 6), []
    for _ in range(20):
        optimizer.zero_grad()
        loss = (layer.weight - target).square().sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
    w = layer.weight
    assert torch.allclose(w @ w.mT, torch.eye(4), atol=1e-5)


@pytest.mark.parametrize("norm", [parametrizations.weight_norm, parametrizations.spectral_norm])
def test_state_dicts_and_files(norm, tmp_path):
    layer = norm(nn.Linear(3, 4))
    layer(torch.ones(1, 3))
    torch.save(layer.state_dict(), tmp_path / "state.pt")
    other = norm(nn.Linear(3, 4))
    other.load_state_dict(torch.load(tmp_path / "state.pt"))
    x = torch.rand(2, 3)
    assert torch.equal(layer.eval()(x), other.eval()(x))
    with pytest.raises(RuntimeError, match="only supported through state_dict"):
        torch.save(layer, tmp_path / "layer.pt")


def test_the_matrices_under_orthogonal():
    torch.manual_seed(0)
    a, tau = torch.geqrf(torch.randn(2, 5, 3))
    q = torch.linalg.householder_product(a, tau)
    assert torch.allclose(q.mT @ q, torch.eye(3).expand(2, 3, 3), atol=1e-5)
    assert torch.equal(torch.orgqr(a, tau), q) and torch.equal(a.orgqr(tau), q)
    x = torch.randn(3, 3)
    assert torch.allclose(
        torch.matrix_exp(x - x.T) @ torch.matrix_exp(x.T - x), torch.eye(3), atol=1e-5
    )
    one = torch.linalg.solve(x, x)
    assert torch.allclose(one, torch.eye(3), atol=1e-4)
    with pytest.raises(torch.linalg.LinAlgError, match=r"Batch element 1\): The solver failed"):
        torch.linalg.solve(torch.stack([x, torch.zeros(3, 3)]), x)
    with pytest.raises(RuntimeError, match="must be batches of square matrices"):
        torch.matrix_exp(torch.ones(2, 3))
    with pytest.raises(
        RuntimeError, match="Incompatible shapes of A and B for the equation AX = B"
    ):
        torch.linalg.solve(x, torch.ones(2))
    assert torch.linalg.solve(torch.eye(2), torch.ones(2, 0), out=torch.empty(2, 0)).shape == (2, 0)
