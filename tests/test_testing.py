"""assert_close says what differs, and where; make_tensor gives PyTorch's numbers for a seed."""

import math

import numpy as np
import pytest

import rushlight as torch
from rushlight.testing import assert_close, make_tensor

t = torch.tensor


def test_what_is_close():
    assert_close(t([1.0]), t([1.0 + 1e-6]))
    assert_close(t([1.0], dtype=torch.float64), np.array([1.0]))
    assert_close({"a": (t([1]), [2.0, None])}, {"a": (t([1]), [2.0, None])})
    assert_close(t([math.nan]), t([math.nan]), equal_nan=True)
    assert_close(t([1.0]), t([1.0], dtype=torch.float64), check_dtype=False)
    assert_close(t([1.0]), t([1.5]), rtol=0, atol=0.5)


@pytest.mark.parametrize(
    "x, y, words",
    [
        (
            t([1.0, 2.0, 3.0]),
            t([1.0, 5.0, 4.0]),
            "Tensor-likes are not close!\n\nMismatched elements: 2 / 3 (66.7%)\n"
            "Greatest absolute difference: 3.0 at index (1,) (up to 1e-05 allowed)\n"
            "Greatest relative difference: 0.6000000238418579 at index (1,) (up to 1.3e-06 "
            "allowed)",
        ),
        (
            [1.0, 2.0],
            [1.0, 3.0],
            "Scalars are not close!\n\nExpected 3.0 but got 2.0.\n"
            "Absolute difference: 1.0 (up to 1e-07 allowed)\n"
            "Relative difference: 0.3333333333333333 (up to 1e-07 allowed)\n\n"
            "The failure occurred for item [1]",
        ),
        (t([1, 2]), t([1, 3]), "Tensor-likes are not equal!"),
        (t([1.0]), t([1.0, 2.0]), "The values for attribute 'shape' do not match: torch.Size([1])"),
        (t([1.0]), t([1]), "The values for attribute 'dtype' do not match: torch.float32"),
        ([1], [1, 2], "The length of the sequences mismatch: 1 != 2"),
        ({"a": 1}, {"b": 1}, "The keys of the mappings do not match:"),
        (None, 1, "None mismatch: None is not 1"),
        (True, False, "Booleans mismatch: True is not False"),
        (1, 1.0, "The (d)types do not match: <class 'int'> != <class 'float'>."),
    ],
)
def test_what_is_not(x, y, words):
    with pytest.raises(AssertionError) as e:
        assert_close(x, y)
    assert str(e.value).startswith(words)


def test_arguments():
    with pytest.raises(ValueError, match="must be either specified or omitted, but got no atol"):
        assert_close(1.0, 1.0, rtol=1e-3)
    with pytest.raises(TypeError, match="No comparison pair was able to handle inputs of type"):
        assert_close("a", "a")
    with pytest.raises(AssertionError, match=r"^mine$"):
        assert_close(1, 2, msg="mine")
    with pytest.raises(AssertionError, match=r"^first: Scalars are not equal!"):
        assert_close(1, 2, msg=lambda text: f"first: {text}")


def test_make_tensor():
    torch.manual_seed(3)
    x = make_tensor(2, 3, dtype=torch.float32, device="cpu", noncontiguous=True)
    assert x.stride() == (6, 2)
    assert_close(x[0], t([-7.0997514724731445, -8.514813423156738, -7.917906761169434]))
    assert make_tensor((4, 4), dtype=torch.int64, low=0, high=2, exclude_zero=True).eq(1).all()
    assert make_tensor(3, dtype=torch.complex64, requires_grad=True).requires_grad
    with pytest.raises(ValueError, match="`low` must be less than `high`"):
        make_tensor(3, dtype=torch.float32, low=1, high=1)
