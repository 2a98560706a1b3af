"""The text of tensors, sizes and formatted numbers, against texts frozen from PyTorch."""

import copy
import operator
import pickle

import pytest

import rushlight as torch


@pytest.fixture(autouse=True)
def default_options():
    yield
    torch.set_printoptions(profile="default")


def test_frozen_texts(frozen):
    """tools/freeze_printing.py made the file: a `set:` line, or `>>> expression` and its text."""
    blocks = (frozen / "printing.txt").read_text().rstrip("\n").split("\n\n>>> ")
    for block in blocks[1:]:
        text, *settings = block.split("\n\nset:")
        expression, expected = text.split("\n", 1)
        assert repr(eval(expression)) == expected, expression
        for arguments in settings:
            torch.set_printoptions(profile="default")
            eval(f"torch.set_printoptions({arguments})")


def test_options_are_kept_and_profiles_reset_them():
    torch.set_printoptions(precision=2, sci_mode=True)
    torch.set_printoptions(edgeitems=1)
    kept = {"precision": 2, "threshold": 1000, "edgeitems": 1, "linewidth": 80, "sci_mode": None}
    assert torch.get_printoptions() == kept
    with pytest.raises(
        ValueError, match="unknown print profile 'tiny'; one of default, short, ful"
    ):
        torch.set_printoptions(profile="tiny")


def test_a_subclass_prints_its_name():
    class Sub(torch.Tensor):
        pass

    x = torch.ones(2).as_subclass(Sub)
    assert repr(x) == "Sub([1., 1.])"
    assert repr(torch.nn.Parameter(x)) == "Parameter(Sub([1., 1.], requires_grad=True))"


def test_tensor_contents_replaces_the_numbers():
    x = torch.ones(2, requires_grad=True) * 2
    assert x.__repr__(tensor_contents="...") == "tensor(..., grad_fn=<MulBackward0>)"


def test_named_results():
    r = torch.tensor([[1.0, 3.0]]).max(1)
    assert (
        repr(r) == str(r) == ("torch.return_types.max(\nvalues=tensor([3.]),\nindices=tensor([1]))")
    )
    copied = pickle.loads(pickle.dumps(r))
    assert type(copied) is type(r) and copied.indices.tolist() == [1]


def test_format():
    x = torch.tensor(0.5)
    assert f"{x:.3f} {x} {torch.tensor(3):d} {torch.tensor(True)}" == "0.500 0.5 3 True"
    assert f"{torch.tensor(1.0, requires_grad=True) * 2:.1f}" == "2.0"
    assert f"{x:>6}|{x:.1%}" == "   0.5|50.0%"
    assert f"{torch.ones(1)}" == "tensor([1.])"
    with pytest.raises(TypeError, match=r"unsupported format string passed to Tensor\.__format__"):
        f"{torch.ones(1):.3f}"
    with pytest.raises(TypeError, match="unsupported format string passed to Parameter"):
        f"{torch.nn.Parameter(x):.3f}"


def test_size_is_a_tuple_that_stays_a_size():
    s, one = torch.Size([2, 3]), (1,)
    for made in (s + one, one + s, s * 2, 2 * s, s[:1], s[::-1], torch.Size(n for n in (1, 2))):
        assert type(made) is torch.Size
    assert one + s == (1, 2, 3)
    assert s[0] == 2 and type(s[0]) is int
    assert s == (2, 3) and hash(s) == hash((2, 3))
    assert s.numel() == 6 and torch.Size([]).numel() == 1
    assert type(pickle.loads(pickle.dumps(s))) is type(copy.deepcopy(s)) is torch.Size
    assert torch.Size([torch.tensor(3), True]) == (3, 1)


def test_size_refuses_what_is_no_int():
    with pytest.raises(TypeError, match=r"takes an iterable of 'int' \(item 1 is 'float'\)"):
        torch.Size([1, 1.5])
    with pytest.raises(TypeError, match=r"can only concatenate tuple \(not list\) to torch\.Size"):
        torch.Size([1]).__add__([1])
    with pytest.raises(TypeError):
        operator.add([1], torch.Size([1]))
