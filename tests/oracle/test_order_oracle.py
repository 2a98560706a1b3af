"""Sorting, scans, sums at indices and counts of sizes that take the native kernels' long ways."""

import numpy as np
import pytest
import torch

import rushlight

SIZES = [(5,), (64,), (3, 1000), (70_000,), (2, 3, 257)]


def numbers(shape, kind):
    r = np.random.default_rng(sum(shape))
    if kind == "i8":
        return r.integers(-50, 50, shape)
    x = r.standard_normal(shape).astype(kind)
    x.reshape(-1)[::7] = np.round(x.reshape(-1)[::7])  # ties
    return x


def both(x):
    return rushlight.from_numpy(x.copy()), torch.from_numpy(x.copy())


def same(ours, theirs, **tolerance):
    ours, theirs = ours.numpy(), theirs.numpy()
    assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, **({"rtol": 0, "atol": 0} | tolerance))


@pytest.mark.parametrize("kind", ["f4", "f8", "i8"])
@pytest.mark.parametrize("shape", SIZES)
def test_sort_and_topk(shape, kind):
    a, b = both(numbers(shape, kind))
    for descending in (False, True):
        for x, y in zip(
            rushlight.sort(a, stable=True, descending=descending),
            torch.sort(b, stable=True, descending=descending),
            strict=True,
        ):
            same(x, y)
    for largest in (False, True):
        same(a.topk(5, largest=largest)[0], b.topk(5, largest=largest)[0])
    same(rushlight.unique(a), torch.unique(b))


@pytest.mark.parametrize("kind", ["f4", "f8", "i8"])
@pytest.mark.parametrize("shape", SIZES)
def test_scans(shape, kind):
    a, b = both(numbers(shape, kind))
    same(a.cumsum(-1), b.cumsum(-1), rtol=1e-5 if kind == "f4" else 1e-12, atol=1e-4)
    small = numbers(shape, kind) / 1 if kind == "i8" else 1 + numbers(shape, kind) / 1000
    a, b = both(small.astype(kind))
    same(a.prod(-1), b.prod(-1), rtol=1e-4 if kind == "f4" else 1e-10)
    for dim in range(len(shape)):
        same(a.cumprod(dim), b.cumprod(dim), rtol=1e-6 if kind == "f4" else 1e-12)


@pytest.mark.parametrize("kind", ["f4", "f8", "i8"])
@pytest.mark.parametrize("shape", SIZES)
def test_running_extremes(shape, kind):
    x = numbers(shape, kind)
    if kind != "i8":
        x.reshape(-1)[11::501] = np.nan
    a, b = both(x)
    for dim in range(len(shape)):
        for name in ("cummax", "cummin"):
            ours, theirs = (getattr(t, name)(dim) for t in (a, b))
            same(ours[0], theirs[0])
            same(ours[1], theirs[1])


@pytest.mark.parametrize("kind", ["f4", "f8", "i8"])
def test_sums_at_indices_and_counts(kind):
    index = np.random.default_rng(0).integers(0, 900, 50_000)
    values = numbers((50_000,), kind)
    (i, j), (v, w) = both(index), both(values)
    tolerance = {"rtol": 1e-4, "atol": 1e-4} if kind == "f4" else {"rtol": 1e-10, "atol": 1e-10}
    zero, nothing = rushlight.zeros(900, dtype=v.dtype), torch.zeros(900, dtype=w.dtype)
    same(zero.index_add(0, i, v), nothing.index_add(0, j, w), **tolerance)
    same(zero.scatter_add(0, i, v), nothing.scatter_add(0, j, w), **tolerance)
    rows, there = both(numbers((4000, 9), kind))
    same(
        rushlight.zeros(900, 9, dtype=v.dtype).index_add(0, i[:4000], rows),
        torch.zeros(900, 9, dtype=w.dtype).index_add(0, j[:4000], there),
        **tolerance,
    )
    same(rushlight.bincount(i), torch.bincount(j))
    same(rushlight.bincount(i, minlength=1000), torch.bincount(j, minlength=1000))
