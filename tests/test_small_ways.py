"""The short ways that small operations take give what the long ones give."""

import numpy as np
import pytest

import rushlight as torch
import rushlight.nn.functional as F


def test_a_number_added_to_integers_in_place():
    n = torch.tensor([1, 2])
    n += 1
    n -= 3
    n *= 5
    assert n.tolist() == [-5, 0] and n.dtype is torch.int64 and n._version == 3
    top = torch.tensor([(1 << 63) - 1])
    top += 1  # wraps around
    assert top.item() == -(1 << 63)
    whole = torch.tensor(4)
    whole += 1
    assert whole.item() == 5
    with pytest.raises(RuntimeError, match="can't be cast"):
        n += 0.5


@pytest.mark.parametrize(
    "key", [(None, 1), (slice(1, 3), None), (-1, slice(None, None, 2)), (1, 0)]
)
def test_a_plain_key_is_a_view_with_its_gradient(key):
    a = np.arange(12.0).reshape(3, 4)
    x = torch.from_numpy(a.copy()).requires_grad_()
    y = x[key]
    assert y.detach().numpy().tolist() == a[key].tolist() and y._base is x
    y.sum().backward()
    want = np.zeros_like(a)
    want[key] = 1
    assert x.grad.tolist() == want.tolist()
    d = torch.from_numpy(a.copy())
    d[key] = 7.0
    a[key] = 7
    assert d.tolist() == a.tolist()


@pytest.mark.parametrize(
    "key, said",
    [
        ((3,), "index 3 is out of bounds for dimension 0 with size 3"),
        ((0, 4), "index 4 is out of bounds for dimension 1 with size 4"),
        ((-4,), "index -4 is out of bounds for dimension 0 with size 3"),
        ((0, 0, 0), "too many indices for tensor of dimension 2"),
        ((slice(0, 2, 0),), "step must be greater than zero"),
    ],
)
def test_a_plain_key_out_of_bounds_is_refused_in_the_same_words(key, said):
    with pytest.raises((IndexError, ValueError), match=f"^{said}"):
        torch.zeros(3, 4)[key]


def test_parts_of_a_tensor_share_its_version_and_are_refused_under_autograd():
    x = torch.zeros(4, 2)
    parts = x.chunk(2)
    parts[0].add_(1)
    assert x.sum().item() == 4 and x._version == 1 == parts[1]._version
    leaf = torch.zeros(4, 2, requires_grad=True)
    with torch.no_grad():
        part = leaf.clone().unbind(0)[0]
    assert part._is_view() and not part.requires_grad
    rows = (leaf * 2).unbind(0)
    with pytest.raises(RuntimeError, match="multiple views"):
        rows[0].add_(1)


def test_any_and_all_of_few_and_of_many():
    for n in (0, 1, 5, 4096):
        none, full = torch.zeros(n), torch.ones(n)
        assert none.any().item() is False and full.all().item() is True
        assert full.any().item() is (n > 0) and none.all().item() is (n == 0)
    assert torch.tensor([float("nan"), 0.0]).any().item() is True
    assert torch.tensor([0, 3], dtype=torch.uint8).any().dtype is torch.uint8


def test_triangles_of_infinite_numbers():
    x = torch.full((2, 3, 4), float("inf"))
    lower = [[float("inf") if j <= i - 1 else 0.0 for j in range(4)] for i in range(3)]
    upper = [[float("inf") if j >= i + 1 else 0.0 for j in range(4)] for i in range(3)]
    assert x.tril(-1).tolist() == [lower] * 2 and x.triu(1).tolist() == [upper] * 2


def test_nll_loss_with_and_without_an_ignored_class():
    x = torch.tensor([[-1.0, -2.0], [-3.0, -4.0]])
    t = torch.tensor([1, 0])
    assert F.nll_loss(x, t).item() == 2.5
    assert F.nll_loss(x, t, reduction="sum").item() == 5.0
    assert F.nll_loss(x, t, reduction="none").tolist() == [2.0, 3.0]
    assert F.nll_loss(x, t, ignore_index=1).item() == 3.0
    with pytest.raises(IndexError, match="Target 2"):
        F.nll_loss(x, torch.tensor([1, 2]))


def test_expand_of_read_only_and_of_no_elements():
    a = np.arange(3.0)
    a.flags.writeable = False
    y = torch.from_numpy(a.copy()).expand(2, -1)
    assert y.stride() == (0, 1) and y.tolist() == [[0, 1, 2]] * 2 and y._is_view()
    column = torch.tensor([[1.0], [2.0]])
    assert column.expand(3, 2, 2).tolist() == [[[1, 1], [2, 2]]] * 3
    assert column.t().expand(2, -1).tolist() == [[1, 2]] * 2
    assert torch.zeros(0, 1).expand(0, 3).shape == (0, 3)
    assert torch.zeros(1, 3).expand(0, 3).shape == (0, 3)
    with pytest.raises(RuntimeError, match="single memory location"):
        y.add_(1)


def test_copy_of_a_part_onto_another_of_the_same_memory():
    x = torch.arange(4.0)
    x[:2].copy_(x[2:])
    assert x.tolist() == [2, 3, 2, 3] and x._version == 1
    y = torch.zeros(4)
    y.copy_(x)
    assert y.tolist() == [2, 3, 2, 3] and (x._version, y._version) == (1, 1)


def test_linspace_of_an_odd_and_an_even_number():
    assert torch.linspace(0, 1, 5).tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert torch.linspace(3, 0, 4).tolist() == [3, 2, 1, 0]
    assert torch.linspace(2, 9, 1).tolist() == [2] and torch.linspace(0, 1, 0).shape == (0,)
