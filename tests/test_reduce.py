"""Sums, extremes, orders: dtypes, NaN, ties, empty dimensions, gradients, named results."""

import math

import pytest

import rushlight as torch

nan, inf = math.nan, math.inf


def close(x, want):
    return torch.allclose(x, torch.tensor(want, dtype=x.dtype), equal_nan=True)


def gradient(f, value):
    x = torch.tensor(value, dtype=torch.float64, requires_grad=True)
    f(x).sum().backward()
    return x.grad.tolist()


def test_sums():
    x = torch.tensor([[1, 2], [3, 4]], dtype=torch.int8)
    assert x.sum().dtype is torch.int64 and x.sum().item() == 10
    assert x.sum(0, dtype=torch.int16).dtype is torch.int16
    assert torch.ones(2, 0).sum(1).tolist() == [0.0, 0.0]
    assert torch.ones(2, 3, 4).sum((0, -1), keepdim=True).shape == (1, 3, 1)
    assert close(torch.tensor([1.0, nan]).nansum(), 1.0)
    assert close(torch.tensor([1.0, nan, 4.0]).nanmean(), 2.5)
    assert math.isnan(torch.ones(0).mean().item())
    with pytest.raises(RuntimeError, match="could not infer output dtype"):
        x.mean()
    with pytest.raises(IndexError, match=r"expected to be in range of \[-2, 1\], but got 2"):
        x.sum(2)
    with pytest.raises(RuntimeError, match="appears multiple times in the list of dims"):
        x.sum((0, 0))


def test_products_with_zeros():
    assert gradient(torch.prod, [2.0, 0.0, 3.0]) == [0.0, 6.0, 0.0]
    assert gradient(torch.prod, [0.0, 0.0, 3.0]) == [0.0, 0.0, 0.0]
    assert gradient(lambda x: x.cumprod(0), [2.0, 0.0, 3.0]) == [1.0, 8.0, 0.0]


def test_variance():
    x = torch.tensor([1.0, 2.0, 3.0, 4.0])
    assert close(x.var(), 5 / 3)
    assert close(x.var(unbiased=False), 1.25)
    assert close(x.var(False), 1.25)
    assert close(x.std(0, correction=0), math.sqrt(1.25))
    var, mean = torch.var_mean(x)
    assert close(var, 5 / 3) and close(mean, 2.5)
    with pytest.warns(UserWarning, match="degrees of freedom is <= 0"):
        assert math.isnan(torch.ones(1).var().item())


def test_extremes():
    x = torch.tensor([[1.0, 3.0, 3.0], [nan, 0.0, 1.0]])
    values, indices = x.max(1)
    assert close(values, [3.0, nan]) and indices.tolist() == [1, 0]
    result = x.min(dim=0)
    assert close(result.values, [nan, 0.0, 1.0]) and result.indices.tolist() == [1, 1, 1]
    assert x.argmax().item() == 3
    assert x[0].argmax(keepdim=True).tolist() == [1]
    assert torch.max(x[0], torch.tensor(2.0)).tolist() == [2.0, 3.0, 3.0]
    low, high = torch.aminmax(x[0])
    assert (low.item(), high.item()) == (1.0, 3.0)
    for f, error in ((torch.max, RuntimeError), (torch.argmin, IndexError)):
        with pytest.raises(error, match="Expected reduction dim to be specified"):
            f(torch.ones(0))
    with pytest.raises(IndexError, match="Expected reduction dim 1 to have non-zero size"):
        torch.ones(2, 0).max(1)


def test_gradients_of_ties():
    ties = [1.0, 3.0, 3.0]
    assert gradient(torch.max, ties) == [0.0, 0.5, 0.5]
    assert gradient(lambda x: x.max(0)[0], ties) == [0.0, 1.0, 0.0]
    assert gradient(lambda x: x.amax(0), ties) == [0.0, 0.5, 0.5]
    assert gradient(lambda x: x.norm(inf), ties) == [0.0, 0.5, 0.5]
    assert gradient(lambda x: x.norm(), [0.0, 0.0]) == [0.0, 0.0]


def test_norms():
    x = torch.tensor([[3.0, -4.0], [0.0, 0.0]])
    assert close(x.norm(), 5.0) and close(x.norm(1), 7.0) and close(x.norm(0), 2.0)
    assert close(x.norm(dim=1), [5.0, 0.0]) and close(x.norm(-inf, 1), [3.0, 0.0])
    assert close(x.norm("nuc"), 5.0)
    assert close(torch.dist(x[0], x[1], 3), 91 ** (1 / 3))
    with pytest.raises(RuntimeError, match="Expected a floating point or complex tensor"):
        torch.tensor([1]).norm()


def test_logsumexp():
    x = torch.tensor([[1000.0, 1000.0], [-inf, -inf], [inf, 0.0]])
    assert close(x.logsumexp(1), [1000 + math.log(2), -inf, inf])


def test_middles():
    x = torch.tensor([4.0, 1.0, nan, 3.0])
    assert math.isnan(x.median().item()) and x.nanmedian().item() == 3.0
    assert torch.tensor([4, 1, 2, 3]).median().item() == 2
    values, indices = torch.tensor([[3, 1, 2]]).median(1)
    assert values.tolist() == [2] and indices.tolist() == [2]
    assert torch.tensor([2, 1, 2, 1, 3]).mode()[0].item() == 1
    y = torch.tensor([0.0, 1.0, 2.0, 3.0])
    assert close(y.quantile(torch.tensor([0.25, 0.5])), [0.75, 1.5])
    assert y.quantile(0.4, interpolation="nearest").item() == 1.0
    assert math.isnan(x.quantile(0.5).item()) and x.nanquantile(0.5).item() == 3.0
    with pytest.raises(RuntimeError, match=r"must be in the range \[0, 1\]"):
        y.quantile(1.5)


def test_running():
    x = torch.tensor([1.0, 3.0, nan, 2.0])
    assert close(x.cummax(0)[0], [1.0, 3.0, nan, nan])
    assert torch.tensor([2, 2, 1]).cummax(0).indices.tolist() == [0, 1, 1]
    assert torch.tensor([True, True]).cumsum(0).tolist() == [1, 2]
    assert close(torch.zeros(3).logcumsumexp(0), [0.0, math.log(2), math.log(3)])
    assert torch.tensor([1, 4, 9]).diff(n=2).tolist() == [2]
    assert torch.tensor([1, 4]).diff(prepend=torch.tensor([0])).tolist() == [1, 3]
    assert torch.trapezoid(torch.tensor([1.0, 2.0, 3.0]), dx=2).item() == 8.0
    assert torch.cumulative_trapezoid(torch.tensor([1.0, 2.0, 3.0])).tolist() == [1.5, 4.0]


def test_any_and_all():
    x = torch.tensor([[0, 1], [0, 0]], dtype=torch.uint8)
    assert x.any().dtype is torch.uint8 and x.bool().any(1).tolist() == [True, False]
    assert torch.ones(0).all().item() is True
    assert x.count_nonzero(0).tolist() == [0, 1]


def test_sorting():
    x = torch.tensor([3.0, nan, 1.0, 3.0])
    assert close(x.sort()[0], [1.0, 3.0, 3.0, nan])
    values, indices = x.sort(descending=True, stable=True)
    assert close(values, [nan, 3.0, 3.0, 1.0]) and indices.tolist() == [1, 0, 3, 2]
    assert torch.tensor([2, 1]).argsort().tolist() == [1, 0]
    values, indices = torch.tensor([5.0, 1.0, 4.0]).topk(2)
    assert values.tolist() == [5.0, 4.0] and indices.tolist() == [0, 2]
    assert torch.arange(100.0).topk(3, largest=False).values.tolist() == [0.0, 1.0, 2.0]
    assert torch.tensor([5.0, 1.0, 4.0]).kthvalue(2).values.item() == 4.0
    with pytest.raises(RuntimeError, match="selected index k out of range"):
        x.topk(5)


def test_sets():
    x = torch.tensor([3, 1, 1, 3, 3])
    y, inverse, counts = x.unique(return_inverse=True, return_counts=True)
    assert (
        y.tolist() == [1, 3] and inverse.tolist() == [1, 0, 0, 1, 1] and counts.tolist() == [2, 3]
    )
    y, counts = torch.unique_consecutive(x, return_counts=True)
    assert y.tolist() == [3, 1, 3] and counts.tolist() == [1, 2, 2]
    rows = torch.tensor([[1, 2], [1, 2], [0, 5]])
    assert rows.unique(dim=0).tolist() == [[0, 5], [1, 2]]
    assert torch.isin(x, torch.tensor([1])).tolist() == [False, True, True, False, False]


def test_places_and_counts():
    edges = torch.tensor([1.0, 2.0, 3.0])
    assert torch.bucketize(torch.tensor([1.0, 2.5]), edges).tolist() == [0, 2]
    assert torch.searchsorted(edges, torch.tensor([1.0, 2.0]), right=True).tolist() == [1, 2]
    assert torch.searchsorted(edges, 2.5, out_int32=True).dtype is torch.int32
    assert torch.bincount(torch.tensor([1, 1, 3]), minlength=5).tolist() == [0, 2, 0, 1, 0]
    assert torch.bincount(torch.tensor([0, 1]), torch.tensor([0.5, 2.0])).tolist() == [0.5, 2.0]
    assert torch.histc(torch.tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3).tolist() == [
        0.0,
        2.0,
        1.0,
        0.0,
    ]
    hist, bins = torch.histogram(torch.tensor([1.0, 2.0, 1.0]), bins=2, range=(0.0, 2.0))
    assert hist.tolist() == [0.0, 3.0] and bins.tolist() == [0.0, 1.0, 2.0]
    with pytest.raises(RuntimeError, match="1-d non-negative integral inputs"):
        torch.bincount(torch.tensor([-1]))


def test_names_in_the_graph():
    x = torch.ones(2, 2, requires_grad=True)
    expected = {
        "SumBackward0": x.sum(),
        "SumBackward1": x.sum(0),
        "MeanBackward1": x.mean(0),
        "ProdBackward1": x.prod(0),
        "MaxBackward1": x.max(),
        "MaxBackward0": x.max(0)[0],
        "MedianBackward1": x.median(0)[0],
        "LinalgVectorNormBackward0": x.norm(),
        "StdBackward0": x.std(),
        "SortBackward0": x.sort()[0],
        "TopkBackward0": x.topk(1)[0],
        "CumsumBackward0": x.cumsum(0),
    }
    assert {name: y.grad_fn.name() for name, y in expected.items()} == {n: n for n in expected}


def test_running_sums_of_float32_are_kept_in_float64():
    """As PyTorch keeps them: in float32, 0.1 a million times is 100958."""
    y = torch.cumsum(torch.full((1_000_000,), 0.1), 0)
    assert abs(float(y[-1]) - 1e6 * float(torch.tensor(0.1))) < 0.01
    rows = torch.cumsum(torch.full((1_000_000, 2), 0.1), 0)
    assert abs(float(rows[-1, 1]) - 1e6 * float(torch.tensor(0.1))) < 0.01
