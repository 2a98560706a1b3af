"""Products: matrices, vectors, batches, einsum, distances, affine maps.

The numbers and sentences are PyTorch's: tools/freeze_ops.py.
"""

import numpy as np
import pytest
from op_cases import agree, evaluate, frozen

import rushlight as torch

CASES = frozen("matmul")


@pytest.mark.parametrize("code", CASES)
def test_as_in_pytorch(code):
    found = evaluate(torch, code)
    assert agree(found, CASES[code]), (found, CASES[code])


def test_operators_and_python_numbers():
    x = torch.ones(2, 2)
    with pytest.raises(TypeError):
        x @ 2
    x @= 2 * torch.eye(2)
    assert x.tolist() == [[2, 2], [2, 2]]


def test_large_distances_go_through_a_product():
    x = torch.arange(60.0).reshape(30, 2) / 7
    y = torch.arange(56.0).reshape(28, 2) / 5
    exact = (x[:, None] - y).pow(2).sum(-1).sqrt()
    assert (torch.cdist(x, y) - exact).abs().max() < 1e-3
    near = torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")
    assert (near - exact).abs().max() < 1e-5


def test_no_gradient_at_distance_zero():
    x = torch.ones(30, 2, requires_grad=True)
    torch.cdist(x, x.detach()).sum().backward()
    assert x.grad.abs().sum() == 0


def test_an_error_names_both_shapes_and_the_fix():
    with pytest.raises(RuntimeError) as caught:
        torch.nn.functional.linear(torch.ones(64, 9216), torch.ones(512, 784))
    text = str(caught.value)
    assert text.startswith("mat1 and mat2 shapes cannot be multiplied (64x9216 and 784x512)")
    assert "fix: in_features=9216" in text


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_row_against_weights_that_no_cache_holds(dtype):
    """Several rows of them are read at a time; each sum has the bits that it has among few."""
    x, w = torch.randn(1, 1037, dtype=dtype), torch.randn(1031, 1037, dtype=dtype)
    y = torch.nn.functional.linear(x, w)
    few = torch.cat([torch.nn.functional.linear(x, part) for part in w.split(100)], dim=1)
    assert torch.equal(y, few)
    exact = w.numpy().astype(np.longdouble) @ x.numpy()[0].astype(np.longdouble)
    np.testing.assert_allclose(
        y[0].numpy(), exact, rtol=0, atol=2e3 * np.finfo(y.numpy().dtype).eps
    )
