"""Joining, cutting, diagonals, gather and scatter.

The numbers and sentences are PyTorch's: tools/freeze_ops.py.
"""

import pytest
from op_cases import agree, evaluate, frozen

import rushlight as torch
from rushlight.core import making

CASES = frozen("join")


@pytest.mark.parametrize("code", CASES)
def test_as_in_pytorch(code):
    found = evaluate(torch, code)
    assert agree(found, CASES[code]), (found, CASES[code])


def test_out_must_not_be_an_input():
    x = torch.zeros(2, 2)
    with pytest.raises(RuntimeError, match="refer to a single memory location"):
        torch.cat([x, x], out=x)


def test_out_is_filled():
    out = torch.empty(0)
    assert torch.cat([torch.ones(1), torch.zeros(1)], out=out) is out and out.tolist() == [1, 0]
    out = torch.empty(2, dtype=torch.float64)
    assert torch.stack([torch.tensor(1.0), torch.tensor(2.0)], out=out).tolist() == [1, 2]
    with pytest.raises(RuntimeError, match="can't be cast"):
        torch.cat([torch.ones(1)], out=torch.empty(1, dtype=torch.int64))


def lists():
    x = [torch.rand(2, 3) for _ in range(4)]
    yield x
    yield tuple(x)
    yield [x[0], x[1].requires_grad_()]
    yield [torch.zeros(2), torch.zeros(3)]
    yield [torch.zeros(2, dtype=torch.bfloat16), torch.ones(2, dtype=torch.bfloat16)]
    # not plain: another dtype, class or place, no list
    yield [x[0], x[0].double()]
    yield [x[0], torch.nn.Parameter(x[0])]
    yield [x[0], torch.zeros(2, 3, device="meta")]
    yield [x[0], 3]
    yield []
    yield x[0]
    yield iter(x)


@pytest.mark.parametrize("i", range(12))
def test_one_look_at_a_list(i):
    """The native look is the one in Python; the cards take a list that it does not like, too."""
    tensors = list(lists())[i]  # made here: while a meta tensor lives, every op is asked about it
    expected, seen = making._look(tensors), making.look(tensors)
    assert (seen is None) == (expected is None)
    if seen is not None:
        assert all(a is b for a, b in zip(seen[0], expected[0], strict=True))
        assert tuple(seen[1:]) == expected[1:]


def test_many_small_tensors():
    small = [torch.tensor([float(i), 2.0]) for i in range(1000)]
    for f, shape in ((torch.cat, (2000,)), (torch.stack, (1000, 2))):
        y = f(small)
        assert y.shape == shape and y.reshape(-1)[::2].tolist() == [float(i) for i in range(1000)]
        assert not y.requires_grad and y.grad_fn is None
    small[7].requires_grad_()
    y = torch.stack(small)
    (y * torch.arange(1000.0)[:, None]).sum().backward()
    assert small[7].grad.tolist() == [7, 7] and type(y.grad_fn).__name__ == "StackBackward0"
    with torch.no_grad():
        assert not torch.cat(small).requires_grad
    with torch.inference_mode():
        assert torch.cat(small[:3]).is_inference()
    assert torch.cat(small[:1]) is not small[0]
    with pytest.raises(IndexError, match="Dimension out of range"):
        torch.stack(small, 2)


def test_meshgrid_warns_without_indexing():
    with pytest.warns(UserWarning, match="indexing argument"):
        torch.meshgrid(torch.ones(2), torch.ones(1))


def test_cat_into_an_operand_is_refused():
    x, y = torch.empty(0), torch.ones(2, 3)
    with pytest.raises(RuntimeError, match="refer to a single memory location"):
        torch.cat([x, y], out=x)
