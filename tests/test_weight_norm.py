"""Normed weights: ten training steps as PyTorch's, the files that are named like functions."""

import importlib
import json
import subprocess
import sys
import warnings

import prune_cases
import pytest

import rushlight as torch
from rushlight import nn
from rushlight.nn import utils


def test_ten_training_steps_are_pytorchs(frozen):
    expected = json.loads((frozen / "utils.json").read_text())["training"]
    got = prune_cases.training(torch)
    assert got.keys() == expected.keys()
    for name, losses in expected.items():
        assert got[name] == pytest.approx(losses, rel=1e-5), name


ORDERS = {
    "function first": "from rushlight.nn.utils import weight_norm, spectral_norm\n"
    "import rushlight.nn.utils.weight_norm, rushlight.nn.utils.spectral_norm\n",
    "file first": "import rushlight.nn.utils.weight_norm, rushlight.nn.utils.spectral_norm\n"
    "from rushlight.nn.utils.weight_norm import WeightNorm\n"
    "from rushlight.nn.utils.spectral_norm import SpectralNorm\n",
}


@pytest.mark.parametrize("order", ORDERS)
def test_importing_the_file_leaves_the_function(order):
    code = ORDERS[order] + (
        "import rushlight.nn.utils as u, importlib\n"
        "for name in ('weight_norm', 'spectral_norm'):\n"
        "    file = importlib.import_module('rushlight.nn.utils.' + name)\n"
        "    assert getattr(u, name).__name__ == name and getattr(file, name) is getattr(u, name)\n"
        "print(u.weight_norm.__name__)\n"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True
    )
    assert (run.stdout, run.stderr) == ("weight_norm\n", "")


def test_the_files_have_pytorchs_classes():
    file = importlib.import_module("rushlight.nn.utils.weight_norm")
    assert file.WeightNorm("weight", None).dim == -1
    file = importlib.import_module("rushlight.nn.utils.spectral_norm")
    assert file.SpectralNorm("weight").eps == 1e-12
    with pytest.raises(AttributeError):
        _ = file.nothing
    assert not hasattr(file, "__wrapped__")


def test_the_older_hooks_train_their_parameters():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer = utils.weight_norm(nn.Linear(3, 2))
    x = torch.ones(1, 3)
    layer(x).sum().backward()
    v, g = layer.weight_v, layer.weight_g
    n = v.detach().norm(dim=1, keepdim=True)
    assert torch.allclose(g.grad, (v.detach() / n).sum(1, keepdim=True))
    along = (v.detach().sum(1, keepdim=True) / n**2) * v.detach()
    assert torch.allclose(v.grad, g.detach() / n * (1 - along), atol=1e-6)
    with torch.no_grad():
        g.mul_(3)
    assert torch.allclose(
        layer(x) - layer.bias, 3 * torch.ones(1, 3) @ (v / n * g / 3).T, atol=1e-6
    )


def test_a_spectral_norm_is_one():
    torch.manual_seed(0)
    layer = utils.spectral_norm(nn.Linear(6, 5), n_power_iterations=30)
    layer(torch.ones(1, 6))
    w = layer.weight.detach()
    assert torch.allclose((w @ w.T).matrix_power(64).trace(), torch.ones(()), atol=1e-4)


def test_norm_except_dim_and_weight_norm():
    v = torch.tensor([[3.0, 4.0], [0.0, 2.0]], requires_grad=True)
    assert torch.norm_except_dim(v).tolist() == [[5.0], [2.0]]
    assert torch.norm_except_dim(v, 1, 1).tolist() == [[3.0, 6.0]]
    assert torch.norm_except_dim(v, 2, -1).item() == pytest.approx(29**0.5)
    w = torch._weight_norm(v, torch.tensor([[10.0], [1.0]]), 0)
    assert w.tolist() == [[6.0, 8.0], [0.0, 1.0]]
    assert w.grad_fn.name() == "WeightNormInterfaceBackward0"
    with pytest.raises(RuntimeError, match="g has 3 elements, v of shape"):
        torch._weight_norm(v, torch.ones(3, 1), 0)
    with pytest.raises(RuntimeError, match="expected scalar type Float but found Double"):
        torch._weight_norm(v, torch.ones(2, 1).double(), 0)


@pytest.mark.parametrize("order", ORDERS)
def test_the_same_in_a_program_of_pytorchs(order):
    """Under `rushlight run` the import system sets what it has loaded as the parent's attribute."""
    code = ORDERS[order].replace("rushlight", "torch") + (
        "import torch, torch.autograd.gradcheck\n"
        "from torch.autograd.gradcheck import gradcheck\n"
        "u, a = torch.nn.utils, torch.autograd\n"
        "names = u.weight_norm, u.spectral_norm, a.gradcheck\n"
        "print([f.__name__ for f in names], gradcheck is torch.autograd.gradcheck)\n"
    )
    run = subprocess.run(
        [sys.executable, "-m", "rushlight", "run", "-c", code], capture_output=True, text=True
    )
    assert (run.stdout, run.stderr) == ("['weight_norm', 'spectral_norm', 'gradcheck'] True\n", "")
