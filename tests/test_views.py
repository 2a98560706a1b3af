"""Views and their bases under in-place changes, and ops with nothing to do.

The sentences are PyTorch's.
"""

import numpy as np
import pytest

import rushlight as torch

INDIRECT = "is a view and its base or another view of its base has been modified inplace"


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.flip(0),
        lambda x: x.flip(()),
        lambda x: torch.fliplr(x),
        lambda x: x.roll(0),
        lambda x: x.roll(3, 1),
        lambda x: x.tril(5),
        lambda x: x.rot90(0),
        lambda x: x.rot90(4),
        lambda x: x.repeat(1, 1),
        lambda x: torch.cat([x]),
        lambda x: torch.cat([x, torch.ones(0)]),
        lambda x: x.index_select(0, torch.tensor([0])),
        lambda x: x.masked_fill(torch.tensor(False), 1),
        lambda x: x.narrow_copy(0, 0, 1),
        lambda x: torch.alias_copy(x),
        lambda x: x.floor(),
        lambda x: x.repeat_interleave(1, 0),
        lambda x: x[torch.tensor([True])],
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.int64])
def test_a_copy_of_which_nothing_moves_is_a_copy(f, dtype):
    x = torch.ones(1, 3, dtype=dtype)
    y = f(x)
    y += 1
    assert x.tolist() == [[1, 1, 1]] and not np.shares_memory(x.numpy(), y.numpy())


@pytest.mark.parametrize(
    "parts", [lambda b: b.unbind(), lambda b: b.chunk(2), lambda b: b.split(2)]
)
def test_outputs_of_several_say_that_their_base_has_changed(parts):
    base = torch.ones(4, 2, requires_grad=True) * 1
    part = parts(base)[0]
    base.mul_(2)
    assert part.requires_grad and part.tolist()[0] in (2, [2, 2])
    with pytest.raises(RuntimeError, match=INDIRECT):
        part.sum()
    with pytest.raises(RuntimeError, match=INDIRECT):
        _ = part.grad_fn


@pytest.mark.parametrize(
    "cut", [lambda b: b.tensor_split(2), lambda b: b.hsplit(2), lambda b: b.tensor_split((1, 2))]
)
def test_outputs_of_tensor_split_are_written_in_place(cut):
    leaf = torch.ones(4, requires_grad=True)
    base = leaf * 1
    part = cut(base)[0]
    part.mul_(3)
    assert base.tolist() == [3.0] * len(part) + [1.0] * (4 - len(part))
    base.sum().backward()
    assert leaf.grad.tolist() == base.tolist()


def test_outputs_of_unsafe_split_are_no_views():
    base = torch.ones(4, requires_grad=True) * 1
    part = base.unsafe_split(2)[0]
    part.mul_(2)
    assert not part._is_view() and base.tolist() == [2, 2, 1, 1]


def test_a_view_is_found_again_after_its_base_was_transposed_in_place():
    leaf = torch.ones(4, 2, requires_grad=True)
    base = leaf * 1
    part = base[:, :1]
    base.t_()
    assert part.shape == (4, 1) and "AsStrided" in part.grad_fn.name()
    part.mul_(3)
    assert base.tolist() == [[3, 3, 3, 3], [1, 1, 1, 1]]
    (base * torch.arange(8.0).reshape(2, 4)).sum().backward()
    assert leaf.grad.tolist() == [[0, 4], [3, 5], [6, 6], [9, 7]]


def test_the_bytes_of_a_changed_base_have_no_gradient():
    base = torch.ones(4, requires_grad=True) * 1
    bytes_ = base.view(torch.uint8)
    base.mul_(2)
    assert not bytes_.requires_grad and bytes_.grad_fn is None


def test_a_0d_tensor_filled_at_an_index_stays_one():
    x = torch.ones((), requires_grad=True) * 1
    x.index_fill_(0, torch.tensor([0]), 3.0)
    x.fmod_(2)
    assert x.item() == 1.0
