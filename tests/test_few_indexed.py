"""Indices into few numbers, medians, modes and questions, natively: as NumPy and the long ways."""

import statistics
import subprocess
import sys

import numpy as np
import pytest

import rushlight as torch
import rushlight.nn.functional as F
from rushlight import kernels

native = kernels.native
needs_native = pytest.mark.skipif(native is None, reason="the native extension is not loaded")
ALL = slice(None)
KINDS = ["?", "i1", "f2", "f4", "f8", "i8", "c16"]


def tensor(*numbers):
    return torch.tensor(numbers)


@needs_native
@pytest.mark.parametrize("kind", KINDS)
def test_keys(kind):
    x = (np.arange(2 * 3 * 5) % 7).astype(kind).reshape(2, 3, 5)
    i, j = np.array([[1, 0], [-2, 1]]), np.array([[2, -3], [0, 1]])
    for key in [(i,), (i, j), (ALL, j), (ALL, j, j), (ALL, ALL, j), (i, j, j), (i, ALL, ALL)]:
        given = tuple(k if k is ALL else torch.from_numpy(k) for k in key)
        found = native.pick_key(x, given)
        if len(key) == 3 and key[1] is ALL and key[2] is not ALL:
            assert found is None  # two dimensions in front
            continue
        assert np.array_equal(found, x[key])
    m = x[0]
    for key in [(j[1], 1), (-1, i[0]), (i, 4)]:
        given = tuple(torch.from_numpy(k) if type(k) is np.ndarray else k for k in key)
        assert np.array_equal(native.pick_key(m, given), m[key])


@needs_native
def test_keys_that_are_left_to_the_long_way():
    x, i = np.arange(24.0).reshape(2, 3, 4), tensor(0, 1)
    left = [(i, 0), (tensor(2),), (tensor(-3),), (i, 9), (i, ALL, i), (i, tensor(0)), (0, ALL)]
    left += [(i.int(),), (i > 0,), (i, slice(1, 2)), (i, None), (torch.tensor(1), 0)]
    for key in left:
        assert native.pick_key(x, key) is None, key
    assert native.pick_key(x.T, (i,)) is None
    with pytest.raises(TypeError):
        native.pick_key(x, [i])


def test_keys_have_gradients_and_errors_as_before():
    x = torch.arange(6.0).reshape(2, 3).requires_grad_()
    y = x[tensor(1, 1), 0]
    assert y.tolist() == [3.0, 3.0] and y.grad_fn.name() == "IndexBackward0"
    y.sum().backward()
    assert x.grad.tolist() == [[0, 0, 0], [2, 0, 0]]
    with torch.no_grad():
        assert not x[tensor(1, 1), 0].requires_grad
    with pytest.raises(IndexError, match="index 2 is out of bounds for dimension 0 with size 2"):
        x.detach()[tensor(0, 2), tensor(0, 1)]
    with torch.inference_mode():
        assert x[tensor(1), 0].is_inference()


@needs_native
def test_same():
    x = np.array([1.0, 2, np.nan])
    assert native.same(x[:2], x[:2].copy()) is True and native.same(x, x) is False
    assert native.same(np.array([0.0]), np.array([-0.0])) is True
    assert native.same(x, x[:2]) is False and native.same(x, x.astype("f")) is None
    assert native.same(x[::2], x[:2]) is None and native.same(x, x * 1j) is None
    long = np.arange(1000)
    assert native.same(long, long + (long == 999)) is False and native.same(long, +long) is True


@needs_native
@pytest.mark.parametrize("size", [0, 1, 5, 300])
def test_truth(size):
    x = np.zeros(size, bool)
    for place in (None, 0, size - 1):
        if place is not None and size:
            x[place] = True
        for y in (x, ~x):
            for of_all in (False, True):
                found = native.truth(y, of_all)
                assert found.shape == () and found == (y.all() if of_all else y.any())
    assert native.truth(np.array([2, 1], "u1").view(bool), True)
    assert native.truth(np.arange(3), True) is None


@needs_native
def test_views_by_strides():
    x = np.arange(12.0).reshape(3, 4)
    for size, stride, offset in [((2, 3), (4, 1), 5), ((3, 3), (1, 0), 0), ((), (), 11)]:
        found = native.strided(x, size, stride, offset, 0, (4, 1))
        bytes_ = tuple(8 * s for s in stride)
        assert np.array_equal(
            found, np.lib.stride_tricks.as_strided(x.ravel()[offset:], size, bytes_)
        )
        assert np.shares_memory(found, x) and found.flags.writeable
    assert native.strided(x, (2,), (1,), None, 0, (4, 1)).tolist() == [0, 1]
    for wrong in [((2,), (1,), 11), ((2,), (-1,), 5), ((-1,), (1,), 0), ((2,), (1, 1), 0)]:
        assert native.strided(x, *wrong, 0, (4, 1)) is None
    assert native.strided(x, (2,), (1,), 0, 1, (4, 1)) is None  # lies elsewhere
    assert native.strided(x, (2,), (1,), 0, 0, (1, 3)) is None
    assert native.strided(x[1:], (2,), (1,), 0, 0, (4, 1)) is None
    assert native.strided(x, (1 << 40, 2), (0, 1 << 40), 0, 0, (4, 1)) is None


@needs_native
@pytest.mark.parametrize("kind", ["f4", "f8", "i8"])
def test_sums_and_copies_at_indices(kind):
    rng = np.random.default_rng(0)
    for shape, axis in [((6,), 0), ((4, 6), 1), ((4, 6), -2), ((2, 6, 3), 1)]:
        x = rng.integers(0, 9, shape).astype(kind)
        n, d = x.shape[axis], axis % x.ndim
        index = rng.integers(0, n, 5)
        values = rng.integers(0, 9, tuple(5 if i == d else m for i, m in enumerate(shape)))
        values = values.astype(kind)
        at = (ALL,) * d + (index,)
        want, found = x.copy(), x.copy()
        np.add.at(want, at, values)
        assert native.add_slices(found, axis, index, values) and np.array_equal(found, want)
        found = x.copy()
        assert native.add_slices(found, axis, index, np.asfortranarray(values))
        assert np.array_equal(found, want)
        want, found = x.copy(), x.copy()
        for i, j in enumerate(index):  # the last one of a place stays
            want[(ALL,) * d + (j,)] = values.take(i, d)
        assert native.put_slices(found, axis, index, values) and np.array_equal(found, want)
        want, found, one = x.copy(), x.copy(), np.array(3, kind)
        want[(ALL,) * d + (index - n,)] = 3
        assert native.put_slices(found, axis, index - n, one) and np.array_equal(found, want)
        places = rng.integers(0, n, values.shape)
        want, found = x.copy(), x.copy()
        for at in np.ndindex(values.shape):
            want[(*at[:d], places[at], *at[d + 1 :])] += values[at]
        assert native.add_along(found, axis, places, values) and np.array_equal(found, want)
        for bad in (n, -1):
            found = x.copy()
            wrong, far = np.append(index[1:], bad), places.copy()
            far.reshape(-1)[-1] = bad
            assert native.add_slices(found, axis, wrong, values) is None
            assert native.put_slices(found, axis, wrong, values) is None
            assert native.add_along(found, axis, far, values) is None
            assert np.array_equal(found, x)
        assert native.add_slices(x[..., ::-1], axis, index, values) is None
        assert native.add_slices(x, axis, index[1:], values) is None
    top = np.array([(1 << 63) - 1])
    assert native.add_along(top, 0, np.array([0]), np.array([1])) and top[0] == -(1 << 63)


def test_in_place_at_indices():
    d = torch.zeros(2, 3)
    d.index_add_(1, tensor(0, 0), torch.ones(2, 4)[:, ::2])
    d.index_copy_(1, tensor(2), torch.full((2, 1), 5.0))
    d.index_fill_(0, tensor(-1), 7.0)
    d.scatter_add_(1, tensor([1], [1]), torch.ones(2, 1))
    assert d.tolist() == [[2, 1, 5], [7, 8, 7]] and d._version == 4
    for call in [
        lambda: d.index_copy_(1, tensor(-1), torch.ones(2, 1)),
        lambda: d.index_copy_(1, tensor(0), torch.tensor(1.0)),
        lambda: d.index_add_(1, tensor(3), torch.ones(2, 1)),
        lambda: d.scatter_add_(1, tensor([3], [0]), torch.ones(2, 1)),
    ]:
        with pytest.raises((IndexError, RuntimeError)):
            call()
    assert d.tolist() == [[2, 1, 5], [7, 8, 7]] and d._version == 4
    w = torch.ones(2, 1, requires_grad=True)
    d.scatter_add_(1, tensor([0], [2]), w * 2)
    assert d.grad_fn.name() == "ScatterAddBackward0"
    d.sum().backward()
    assert w.grad.tolist() == [[2], [2]]


@pytest.mark.parametrize("kind", ["f4", "f8", "i8"])
@pytest.mark.parametrize("high", [3, 100])
def test_medians_and_modes(kind, high):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        a = rng.integers(0, high, (3, 1 + seed)).astype(kind)
        x = torch.from_numpy(a)
        assert x.median().item() == statistics.median_low(a.ravel().tolist())
        for keep in (False, True):
            values, places = x.median(1, keep)
            assert values.shape == ((3, 1) if keep else (3,)) and places.dtype is torch.int64
            want = [statistics.median_low(row) for row in a.tolist()]
            assert values.reshape(3).tolist() == want
            assert x.gather(1, places.reshape(3, 1)).tolist() == values.reshape(3, 1).tolist()
            values, places = x.mode(1, keep)
            want = [min(statistics.multimode(row)) for row in a.tolist()]
            assert values.reshape(3).tolist() == want
            assert x.gather(1, places.reshape(3, 1)).tolist() == values.reshape(3, 1).tolist()
    if kind != "i8":
        x[1, 3] = x[1, 9] = float("nan")
        assert x.median().isnan() and x.median(1)[1][1] == 3 and not x.median(1)[0][0].isnan()


def test_short_ways_keep_their_graph():
    x = torch.arange(1.0, 5.0).reshape(2, 2).requires_grad_()
    v = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    for y in (F.normalize(x), F.cosine_similarity(x, x), torch.outer(v, v), torch.cross(v, v, 0)):
        assert y.requires_grad
        with torch.no_grad():
            assert not F.normalize(x).requires_grad
    torch.linalg.cross(v, torch.tensor([0.0, 1.0, 0.0])).sum().backward()
    assert v.grad.tolist() == [1, 0, -1]
    plain, rows = F.normalize(x.detach()), F.max_pool1d(x.detach(), 2)
    assert torch.equal(plain, F.normalize(x)) and torch.equal(rows, F.max_pool1d(x, 2))
    whole = torch.tensor([5, -5])
    assert (whole % 3).tolist() == [2, 1] and (whole % torch.tensor([3, -3])).tolist() == [2, -2]
    for zero in (0, torch.tensor([0, 1])):
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            whole % zero
    mixed = x.detach() * torch.tensor([True, False])
    assert mixed.tolist() == [[1, 0], [3, 0]] and mixed.dtype is torch.float32
    assert (x * torch.tensor([2, 3])).requires_grad
    with pytest.raises(RuntimeError, match="bool tensor is not supported"):
        x.detach() - torch.tensor([True, False])
    with pytest.raises(RuntimeError, match="must match"):
        x.detach() * torch.tensor([1, 2, 3])


def test_a_border_has_its_gradient_where_nothing_else_was_imported():
    code = """
import rushlight as torch
x = torch.ones(1, 2, 4, requires_grad=True)
torch.nn.functional.pad(x, (1, 1), "reflect").sum().backward()
assert x.grad.tolist() == [[[1, 2, 2, 1]] * 2]
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
