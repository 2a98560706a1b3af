"""torch.masked and torch.segment_reduce: values, gradients, dtypes, errors."""

import math

import numpy as np
import pytest

import rushlight as torch
from rushlight import masked
from rushlight.autograd import gradcheck

INF, NAN = math.inf, math.nan
X = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]
MASK = [[True, False, True], [False, False, False], [True, True, True]]


def tensors(dtype=None):
    return torch.tensor(X, dtype=dtype), torch.tensor(MASK)


@pytest.mark.parametrize(
    "name, rows, whole",
    [
        ("sum", [4, 0, 24], 28),
        ("prod", [3, 1, 504], 1512),
        ("amax", [3, -INF, 9], 9),
        ("amin", [1, INF, 7], 1),
        ("mean", [2, NAN, 8], 5.6),
        ("var", [2, NAN, 1], 11.8),
        ("std", [2**0.5, NAN, 1], 11.8**0.5),
        ("norm", [10**0.5, 0, 194**0.5], 204**0.5),
        ("logsumexp", [3 + math.log1p(math.exp(-2)), -INF, 9.4076059644], 9.40947635),
        ("median", [1, NAN, 8], None),
        ("argmax", [2, 0, 2], 8),
        ("argmin", [0, 0, 0], 0),
    ],
)
def test_reductions(name, rows, whole):
    """Along rows, one of them masked out; over everything; the same with the rest filled in."""
    x, m = tensors()
    f = getattr(masked, name)
    y = f(x, dim=1, mask=m)
    assert y.dtype is torch.float32
    np.testing.assert_allclose(y.numpy(), rows, rtol=1e-6)
    np.testing.assert_allclose(f(x, dim=1, keepdim=True, mask=m).numpy(), np.array([rows]).T, 1e-6)
    if whole is not None:
        for dim in (None, () if "arg" not in name else None):
            assert f(x, dim=dim, mask=m).item() == pytest.approx(whole, rel=1e-6)
    spoilt = torch.where(m, x, 1000.0)
    np.testing.assert_array_equal(f(spoilt, dim=1, mask=m).numpy(), y.numpy())


@pytest.mark.parametrize(
    "name, first",
    [
        ("softmax", [1 / (1 + math.e**2), 0, 1 / (1 + math.e**-2)]),
        ("log_softmax", [-math.log1p(math.e**2), -INF, -math.log1p(math.e**-2)]),
        ("softmin", [1 / (1 + math.e**-2), 0, 1 / (1 + math.e**2)]),
        ("cumsum", [1, 1, 4]),
        ("cumprod", [1, 1, 3]),
    ],
)
def test_of_the_same_shape(name, first):
    x, m = tensors()
    np.testing.assert_allclose(getattr(masked, name)(x, 1, mask=m).numpy()[0], first, rtol=1e-6)


def test_normalize_and_logaddexp():
    x, m = tensors()
    y = masked.normalize(x, 1.0, 1, mask=m).tolist()
    assert y[0] == [0.25, 0, 0.75] and y[1] == [0, 0, 0]
    z = masked.logaddexp(x, x, input_mask=m, other_mask=torch.tensor([True, True, False]))
    np.testing.assert_allclose(z.numpy()[:2], [[1 + math.log(2), 2, 3], [4, 5, -INF]], rtol=1e-6)


@pytest.mark.parametrize("name", "sum prod mean var std norm logsumexp amax".split())
def test_gradients(name):
    """Finite differences; what is masked out gets 0."""
    x = torch.tensor(X[::2], dtype=torch.float64, requires_grad=True)
    m = torch.tensor(MASK[::2])
    assert gradcheck(lambda v: getattr(masked, name)(v, dim=1, mask=m), (x,))
    getattr(masked, name)(x, dim=1, mask=m).sum().backward()
    assert x.grad[0, 1] == 0 and x.grad[0, 0] != (1 if name == "amax" else 0)


def test_masks():
    """Broadcast to the numbers; numbers count as "not 0"; no more dimensions than they have."""
    x, m = tensors()
    assert masked.sum(x, 1, mask=m[0]).tolist() == [4, 10, 16]
    assert masked.sum(x, 1, mask=m.float() * 2).tolist() == [4, 0, 24]
    with pytest.raises(IndexError, match="_input_mask expected broadcastable mask"):
        masked.sum(x, 1, mask=torch.ones(1, 3, 3))
    with pytest.raises(RuntimeError, match=r"The expanded size of the tensor \(3\) must match"):
        masked.sum(x, 1, mask=torch.ones(2, 3))
    with pytest.raises(TypeError, match="argument 'mask' must be Tensor, not list"):
        masked.sum(x, 1, mask=[True])
    with pytest.raises(NotImplementedError, match=r"sparse input[^.]*\n  fix: input.to_dense"):
        masked.sum(x.to_sparse(), 1)


def test_dtypes():
    x, m = tensors(torch.int16)
    assert masked.sum(x, 1, mask=m).dtype is masked.prod(x, 1, mask=m).dtype is torch.int64
    assert masked.amax(x, 1, mask=m).tolist() == [3, -(2**15), 9]
    assert masked.argmax(x, 1, mask=m, dtype=torch.int64).dtype is torch.int64
    assert masked.cumsum(x, 1, mask=m).dtype is torch.int16
    assert masked.var(x, 1, mask=m).dtype is torch.float32
    assert masked.mean(x, 1, dtype=torch.float64, mask=m).dtype is torch.float64
    assert masked.median(x[::2], 1, mask=m[::2]).tolist() == [1, 8]
    with pytest.raises(ValueError, match="masked median expects no fully masked out rows"):
        masked.median(x, 1, mask=m)
    with pytest.raises(ValueError, match=r"mean\(\): Could not infer output dtype"):
        masked.mean(x, 1, mask=m)
    with pytest.raises(NotImplementedError, match=r"identity of amax on torch\.bool input"):
        masked.amax(m, 1, mask=m)


def test_corrections():
    x, m = tensors()
    assert masked.var(x, 1, False, mask=m).tolist()[0] == 1
    assert masked.var(x, 1, correction=0, mask=m).tolist()[0] == 1
    assert masked.var(x, 1, correction=2.5, mask=m).tolist()[0] == INF
    with pytest.raises(AssertionError, match="Only one of unbiased and correction may be given"):
        masked.var(x, 1, True, correction=0, mask=m)


def test_prototypes_are_refused_by_name():
    for refused in (masked.masked_tensor, masked.as_masked_tensor, masked.MaskedTensor):
        with pytest.raises(NotImplementedError, match="rushlight has no MaskedTensor"):
            refused(torch.ones(2), torch.ones(2))
    assert masked.is_masked_tensor(torch.ones(2)) is False
    for name in dir(torch.nested):
        with pytest.raises(NotImplementedError, match=f"torch.nested.{name}: rushlight has no"):
            getattr(torch.nested, name)([torch.ones(2)])


# ---------------------------------------------------------------- segment_reduce

DATA = [[1.0, 2.0], [1.0, 0.0], [3.0, 0.0], [3.0, 4.0], [3.0, 4.0], [2.0, 4.0]]
SEGMENTS = {  # values, and gradients for dy = [[1, 2], [3, 4], [5, 6]]; PyTorch's
    ("sum", None): (
        [[2, 2], [0, 0], [11, 12]],
        [[1, 2], [1, 2], [5, 6], [5, 6], [5, 6], [5, 6]],
    ),
    ("mean", 1.0): (
        [[1.5, 1.5], [1, 1], [3, 3.25]],
        [[0.5, 1], [0.5, 1], [1.25, 1.5], [1.25, 1.5], [1.25, 1.5], [1.25, 1.5]],
    ),
    ("max", None): (
        [[1, 2], [-INF, -INF], [3, 4]],
        [[0.5, 2], [0.5, 0], [5 / 3, 0], [5 / 3, 2], [5 / 3, 2], [0, 2]],
    ),
    ("min", 1.0): (
        [[1, 0], [1, 1], [1, 0]],
        [[0.5, 0], [0.5, 2], [0, 6], [0, 0], [0, 0], [0, 0]],
    ),
    ("prod", 3.0): (
        [[3, 0], [3, 3], [162, 0]],
        [[3, 0], [3, 12], [270, 1152], [270, 0], [270, 0], [405, 0]],
    ),
}


@pytest.mark.parametrize("reduce, initial", SEGMENTS)
def test_segments(reduce, initial):
    """An empty one among them, ties, zeros; lengths and offsets say the same."""
    want, slopes = SEGMENTS[reduce, initial]
    dy = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    for how in ({"lengths": torch.tensor([2, 0, 4])}, {"offsets": torch.tensor([0, 2, 2, 6])}):
        x = torch.tensor(DATA, requires_grad=True)
        y = torch.segment_reduce(x, reduce, initial=initial, **how)
        y.backward(dy)
        assert y.tolist() == want
        np.testing.assert_allclose(x.grad.numpy(), slopes, rtol=1e-6)


def test_segments_along_another_axis():
    x = torch.tensor(DATA).T
    y = torch.segment_reduce(x, "sum", lengths=torch.tensor([[2, 4], [5, 1]]), axis=1)
    assert y.tolist() == [[2, 11], [10, 4]]
    none = torch.segment_reduce(x[:, :0], "prod", lengths=torch.zeros(2, 1).long(), axis=1)
    assert none.tolist() == [[1], [1]]


@pytest.mark.parametrize(
    "options, error, words",
    [
        ({}, RuntimeError, "Either lengths or offsets must be defined"),
        ({"lengths": [2, 1]}, RuntimeError, "to sum to data.size.*\n.*is 6; lengths sum to 3"),
        ({"lengths": [-2, 8]}, RuntimeError, "lengths contains negative value!"),
        ({"lengths": [[6]]}, RuntimeError, "Expected axis to be the last dimension of lengths"),
        ({"lengths": [2.0, 4.0]}, NotImplementedError, "not implemented for 'Float'"),
        ({"offsets": [0, 9]}, RuntimeError, r"offsets must rise from 0 to data.size\(0\) = 6"),
        ({"offsets": [3, 1]}, RuntimeError, "offsets must rise from 0"),
        ({"indices": [0]}, RuntimeError, "indices based reduction is not supported yet"),
    ],
)
def test_segments_that_do_not_fit(options, error, words):
    options = {k: torch.tensor(v) for k, v in options.items()}
    with pytest.raises(error, match=words):
        torch.segment_reduce(torch.tensor(DATA), "sum", **options)


def test_segments_of_other_dtypes():
    lengths = torch.tensor([6])
    half = torch.segment_reduce(torch.tensor(DATA).half(), "mean", lengths=lengths)
    assert half.dtype is torch.float16 and half.tolist() == [[13 / 6 // 2**-9 * 2**-9, 1195 / 512]]
    with pytest.raises(NotImplementedError, match=r"_segment_reduce_cpu.*'Long'"):
        torch.segment_reduce(torch.tensor(DATA).long(), "sum", lengths=lengths)
    with pytest.raises(RuntimeError, match=r"reduce argument must be either .*, got median"):
        torch.segment_reduce(torch.tensor(DATA), "median", lengths=lengths)
