"""Ops that few programs use: check sums of bits, out= of the tail, edges that do not rise."""

import numpy as np
import pytest

import rushlight as torch


def test_hash_tensor():
    """The bits of float64 or int64, folded by xor: any order, any dims."""
    x = torch.tensor([[1.5, -2.0, 0.0], [4.0, 1.0, 1e-3]])
    bits = x.numpy().astype(np.float64).view(np.uint64)
    y = torch.hash_tensor(x)
    assert y.dtype is torch.uint64 and y.item() == int(np.bitwise_xor.reduce(bits, axis=None))
    assert torch.hash_tensor(x, 1, keepdim=True).tolist() == [
        [int(np.bitwise_xor.reduce(row))] for row in bits
    ]
    assert x.hash_tensor(()).item() == y.item() == torch.hash_tensor(x.flip(1)).item()
    assert torch.hash_tensor(torch.tensor([-1], dtype=torch.int8)).item() == 2**64 - 1
    assert torch.hash_tensor(torch.tensor([True, True, True])).item() == 1
    out = torch.zeros(2, dtype=torch.uint64)
    assert torch.hash_tensor(x, 1, out=out) is out and out[0].item() != 0
    for call, error, words in (
        (lambda: torch.hash_tensor(x, 1, mode=1), RuntimeError, "Unknown hash_tensor mode: 1"),
        (lambda: torch.hash_tensor(x[:0]), RuntimeError, "Expected reduction dim to be specified"),
        (lambda: torch.hash_tensor(x[:0], 0), IndexError, "reduction dim 0 to have non-zero size"),
        (lambda: torch.hash_tensor(x, 1, out=x[:, 0]), RuntimeError, "to be of dtype uint64"),
        (lambda: torch.hash_tensor(x + 1j), NotImplementedError, "xor_sum_cpu"),
    ):
        with pytest.raises(error, match=words):
            call()


def test_outs_of_the_tail():
    out = torch.zeros(2, 3)
    y = torch.slice_scatter(torch.zeros(2, 3), torch.ones(2, 1), 1, 0, 1, out=out)
    assert y is out and out.tolist() == [[1, 0, 0], [1, 0, 0]]
    low, high = torch.empty(2), torch.empty(2, dtype=torch.float64)
    with pytest.raises(RuntimeError, match="Expected out tensor to have dtype float, but got dou"):
        torch.aminmax(torch.ones(2, 3), dim=1, out=(low, high))


def test_edges_that_do_not_rise():
    """histogramdd finds the place by halving, as PyTorch does."""
    x = torch.tensor([[0.5], [1.5], [2.0], [float("nan")], [-1.0], [1.0]])
    for edges, want in (
        ([0.0, 1.0, 2.0], [1, 3]),
        ([3.0, 1.0, 2.0], [0, 0]),
        ([0.0, float("nan"), 1.0], [0, 2]),
    ):
        assert torch.histogramdd(x, [torch.tensor(edges)]).hist.tolist() == want


def test_dims_out_of_range():
    with pytest.raises(RuntimeError, match="expected to be between 0 and 1, but got -1 at index 1"):
        torch.empty_permuted((2, 3), (0, -1))
    with pytest.raises(RuntimeError, match="Expected dim < static_cast"):
        torch.narrow_copy(torch.ones(2, 3), 2, 0, 1)
    with pytest.raises(IndexError, match="Dimension out of range"):
        torch.narrow_copy(torch.ones(2, 3), -3, 0, 1)
