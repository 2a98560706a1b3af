"""as_strided, set_, empty_strided, unfold: sizes, strides and offsets that lie outside are refused.

The values and first lines of messages are PyTorch 2.13's, but for `set_`, which enlarges the
storage there; reading what nobody has written is refused here.
"""

import numpy as np
import pytest

import rushlight as torch

HUGE = 2**62


def x():
    return torch.arange(4.0)


def written(method, *args):
    y = x()
    getattr(y, method)(*args)
    return y


OUTSIDE = [
    ((10**7,), (-1,), 0, r"as_strided: Negative strides are not supported .*got strides: \[-1\]"),
    ((-1,), (1,), 0, r"Storage size calculation overflowed with sizes=\[-1\] and strides=\[1\]"),
    ((-2, 3), (1, 1), 0, "Storage size calculation overflowed with sizes="),
    ((2,), (1,), -1, "Tensor: invalid storage offset -1"),
    ((2,), (1, 1), 0, "mismatch in length of strides and shape"),
    ((3, 3), (3, 1), 0, r"setStorage: sizes \[3, 3\].*storage size of 36 are out of bounds for"),
    ((2,), (1,), 3, "storage size of 20 are out of bounds for storage of size 16"),
    ((), (), 4, "are out of bounds for storage of size 16"),
    ((HUGE, 4), (0, 0), 0, "numel: integer multiplication overflow"),
    ((HUGE, HUGE), (HUGE, 1), 0, "Storage size calculation overflowed"),
    ((2,), (2**63 - 1,), 0, "Storage size calculation overflowed"),
    ((3,), (HUGE,), 0, "Storage size calculation overflowed"),
]


@pytest.mark.parametrize(("size", "stride", "offset", "words"), OUTSIDE)
def test_views_outside_of_the_storage(size, stride, offset, words):
    with pytest.raises(RuntimeError, match=words):
        torch.as_strided(x(), size, stride, offset)
    with pytest.raises(RuntimeError, match=words):
        torch.as_strided_copy(x(), size, stride, offset)
    y = x()
    with pytest.raises(RuntimeError, match=words):
        y.as_strided_(size, stride, offset)
    assert y.tolist() == [0, 1, 2, 3] and y.shape == (4,)
    with pytest.raises(RuntimeError, match=words):
        x().as_strided_scatter(torch.ones(2), size, stride, offset)
    for source in (x(), x().untyped_storage(), x().storage()):
        with pytest.raises(RuntimeError):
            torch.zeros(2).set_(source, offset, size, stride)
    with pytest.raises(RuntimeError):  # the gradient of a view goes through the same check
        x().requires_grad_().as_strided(size, stride, offset).sum().backward()


@pytest.mark.parametrize(
    ("size", "stride", "offset", "values"),
    [
        ((2,), (3,), 0, [0, 3]),
        ((3,), (0,), 2, [2, 2, 2]),
        ((2, 2), (1, 2), 0, [[0, 2], [1, 3]]),
        ((), (), 3, 3.0),
        ((0,), (1,), 100, []),
        ((1,), (HUGE,), 1, [1]),
        ((2,), (1,), None, [0, 1]),
    ],
)
def test_views_inside_of_the_storage(size, stride, offset, values):
    y = x()
    view = y.as_strided(size, stride, offset)
    assert view.tolist() == values
    if 0 not in stride:
        view.fill_(7)
        assert view.numel() == 0 or 7 in y.tolist()
    assert torch.zeros(2).set_(x(), offset or 0, size, stride).tolist() == values


def test_what_is_no_size():
    for size, words in (
        (
            (2.0,),
            "argument 'size' .position 1. must be tuple of ints, but found element of type fl",
        ),
        (2, "as_strided.*must be tuple of ints, not int"),
        ((True,), "found element of type bool at pos 0"),
    ):
        with pytest.raises(TypeError, match=words):
            x().as_strided(size, (1,), 0)
    with pytest.raises(ValueError, match="Overflow when unpacking long long"):
        x().as_strided((2,), (1,), 2**63)
    assert x().as_strided((np.int64(2),), torch.Size([1])).tolist() == [0, 1]


def test_a_view_of_another_dtype_counts_in_its_own_elements():
    y = x().view(torch.int16)
    assert y.as_strided((3,), (2,), 1).tolist() == [0, 16256, 16384]
    wide = x().view(torch.float64).as_strided((2,), (1,), 0)
    assert wide.dtype is torch.float64 and wide.tolist() == x().view(torch.float64).tolist()
    for view, n in ((x().view(torch.int16), 9), (x().view(torch.float64), 3)):
        with pytest.raises(RuntimeError, match="are out of bounds for storage of size 16"):
            view.as_strided((n,), (1,), 0)


def test_set_of_a_storage_of_odd_bytes():
    assert torch.zeros(2).set_(torch.zeros(7, dtype=torch.uint8).untyped_storage()).shape == (1,)


def test_scatter_of_another_shape():
    words = r"expected src to have a size equal to the slice of self\. src size = \[3\], slice"
    with pytest.raises(RuntimeError, match=words):
        x().as_strided_scatter(torch.ones(3), (2,), (1,), 0)
    assert x().as_strided_scatter(torch.ones(2), (2,), (2,), 1).tolist() == [0, 1, 2, 1]


@pytest.mark.parametrize(
    ("size", "stride", "words"),
    [
        ((2,), (-1,), r"Storage size calculation overflowed with sizes=\[2\] and strides=\[-1\]"),
        ((-2,), (1,), r"Trying to create tensor with negative dimension -2: \[-2\]"),
        ((2,), (1, 1), "dimensionality of sizes .1. must match dimensionality of strides .2."),
        ((2,), (HUGE,), "Storage size calculation overflowed"),
        ((HUGE, 8), (1, 1), "Storage size calculation overflowed"),
    ],
)
def test_empty_strided(size, stride, words):
    with pytest.raises(RuntimeError, match=words):
        torch.empty_strided(size, stride)
    with pytest.raises(RuntimeError, match=words):
        x().new_empty_strided(size, stride)
    y = torch.empty_strided((2, 3), (1, 4))
    assert y.stride() == (1, 4) and y.fill_(2).sum() == 12 and y.untyped_storage().nbytes() == 40


UNFOLD = [
    ((0, 2, 1), RuntimeError, "maximum size for tensor at dimension 0 is 1 but size is 2"),
    ((0, 10**7, 1), RuntimeError, "maximum size for tensor at dimension 0 is 1 but size"),
    ((0, -1, 1), RuntimeError, "size is -1 but must be >= 0"),
    ((0, 1, 0), RuntimeError, "step is 0 but must be > 0"),
    ((1, 1, 1), IndexError, r"Dimension out of range \(expected to be in range of \[-1, 0\]"),
]


@pytest.mark.parametrize(("args", "error", "words"), UNFOLD)
def test_unfold_of_a_number(args, error, words):
    with pytest.raises(error, match=words):
        torch.tensor(3.0).unfold(*args)
    assert torch.tensor(3.0).unfold(0, 1, 5).tolist() == [3]
    assert torch.tensor(3.0).unfold(-1, 0, 1).shape == (0,)


def test_unfold_of_a_row():
    with pytest.raises(RuntimeError, match="size is -1 but must be >= 0"):
        x().unfold(0, -1, 1)
    assert x().unfold(0, 2, HUGE).tolist() == [[0, 1]]
    assert x().unfold(0, 3, 1).tolist() == [[0, 1, 2], [1, 2, 3]]
    y = x().requires_grad_()
    y.unfold(0, 2, HUGE).sum().backward()
    assert y.grad.tolist() == [1, 1, 0, 0]


def test_storages_of_a_size_that_cannot_be():
    for n in (-1, HUGE):
        with pytest.raises(RuntimeError, match=str(n)):
            torch.UntypedStorage(n)
    with pytest.raises(RuntimeError, match="numel: integer multiplication overflow"):
        x().resize_(HUGE, HUGE)
