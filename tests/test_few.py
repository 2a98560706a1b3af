"""Small operations take short ways: the same as the long ones, to the bit."""

import numpy as np
import pytest

import rushlight as torch
from rushlight import kernels
from rushlight.core import making
from rushlight.ops import ranges, ties

native = kernels.native
needs_native = pytest.mark.skipif(native is None, reason="the native extension is not loaded")


def the_long_way(monkeypatch, module, f, *args):
    """f(*args) with `native` hidden from the module."""
    with monkeypatch.context() as m:
        m.setattr(module, "native", None)
        return f(*args)


@needs_native
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("steps", [2, 3, 16, 1001])
@pytest.mark.parametrize("bounds", [(0, 1), (-1.5, 7.25), (3.0, 3.0), (1e-3, -2e5)])
def test_linspace(dtype, steps, bounds, monkeypatch):
    found = ranges.evenly(*bounds, steps, dtype)
    expected = the_long_way(monkeypatch, ranges, ranges.evenly, *bounds, steps, dtype)
    assert found.dtype == expected.dtype and found.tobytes() == expected.tobytes()


@needs_native
@pytest.mark.parametrize("form", ["largest", "smallest", "kth"])
@pytest.mark.parametrize("high", [5, 1000])
def test_ties(form, high, monkeypatch):
    for seed in range(20):
        x = np.random.default_rng(seed).integers(0, high, (3, 9)).astype(np.float32)
        x[seed % 3, seed % 9] = np.nan if seed % 2 else x[0, 0]
        order = np.argsort(-x if form == "largest" else x, 1, kind="stable")
        index = order[:, 2:3] if form == "kth" else order[:, :3]
        index = np.ascontiguousarray(index)
        found = ties.settle(x, index, 1, 3, form)
        expected = the_long_way(monkeypatch, ties, ties.settle, x, index, 1, 3, form)
        assert np.array_equal(found, expected)


@needs_native
def test_no_ties():
    x, rows = np.array([[3.0, 1, 2], [5, 5, 1]]), np.array([[0, 2], [0, 2]])
    assert native.no_ties(x[:1], rows[:1]) is True
    assert native.no_ties(x, rows[:, ::-1].copy()) is False  # 5 is there twice
    assert native.no_ties(x, np.array([[1], [2]])) is True
    assert native.no_ties(np.array([[1.0, np.nan]]), np.array([[1]])) is False
    assert native.no_ties(x, rows + 3) is None and native.no_ties(x.T, rows) is None


@needs_native
@pytest.mark.parametrize("diagonal", [-9, -1, 0, 1, 9])
@pytest.mark.parametrize("shape", [(3, 4), (2, 4, 3), (1, 1), (0, 2), (2, 0)])
def test_triangle(shape, diagonal):
    x = np.arange(1, 1 + np.prod(shape), dtype=np.int16).reshape(shape)
    assert np.array_equal(native.triangle(x, diagonal, True), np.tril(x, diagonal))
    assert np.array_equal(native.triangle(x, diagonal, False), np.triu(x, diagonal))
    assert native.triangle(x.swapaxes(-1, -2)[..., ::2], diagonal, True) is None or x.size < 2


@needs_native
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_put_along(axis):
    rng = np.random.default_rng(axis)
    x = rng.random((3, 4, 5)).astype(np.float32)
    shape = tuple(2 if i == axis else n for i, n in enumerate(x.shape))
    index = rng.permuted(np.broadcast_to(np.arange(3), (60, 3)), axis=1)[:, :2].T.ravel()
    index = np.resize(index, shape).astype(np.int64)
    values = rng.random(shape).astype(np.float32)
    for given in (values, np.array(7, np.float32)):
        expected, found = x.copy(), x.copy()
        np.put_along_axis(expected, index, given, axis)
        assert native.put_along(found, index, axis, given) is True
        assert np.array_equal(found, expected)
    for wrong in (index + 4, index - 4):
        found = x.copy()
        assert native.put_along(found, wrong, axis, values) is None
        assert np.array_equal(found, x)


@needs_native
@pytest.mark.parametrize(
    "sizes",
    [(2, 3, 4), (3, 4), (-1, 4), (3, -1), (1, 3, 4), (5, 3, 2), (4,), (-1, 3, 4), (0, 3, 4)],
)
def test_expanded(sizes):
    x = np.array([[0.0], [1.0], [2.0]])
    found = native.expanded(x, sizes)
    if sizes in ((4,), (-1, 3, 4)):
        assert found is None
        return
    shape = tuple(x.shape[i - len(sizes)] if n == -1 else n for i, n in enumerate(sizes))
    expected = np.broadcast_to(x, shape)
    assert np.array_equal(found, expected) and found.base is x and found.flags.writeable
    assert found.strides[:-1] == expected.strides[:-1] or not found.size


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((2, 3), (2, 3)),
        (((2, 3),), (2, 3)),
        ((), ()),
        (((),), ()),
        ((2, -1), None),
        (([2, 3],), None),
        ((2.0,), None),
        ((True,), None),
        ((1 << 70,), None),
        (((2,), 3), None),
    ],
)
def test_sizes(given, expected):
    assert making.plain_sizes(given) == making._plain_sizes(given) == expected


@pytest.mark.parametrize("chain", [False, True])
def test_views_know_their_base(chain):
    x = torch.zeros(4, 3)
    y = x.t() if chain else x
    for make in (making.share, making._share):
        a = y._a[1:]
        t = make(y, a, "card", (1,), None)
        assert t._a is a and t._v is x._v and t._base is x and not t.requires_grad
        assert t._view.replay[-1] == ("card", (1,)) and len(t._view.replay) == 1 + chain
        first, second = make(y, [a, a[0]], "card", (1,), "Split")
        assert first._view.multi_output == second._view.multi_output == "Split"
        assert second._a.shape == a.shape[1:] and second._v is x._v


CHANGES = {
    "lerp": lambda x, y, z: (x.lerp, x.lerp_, (y, 0.3)),
    "lerp from the end": lambda x, y, z: (x.lerp, x.lerp_, (y, 0.8)),
    "addcmul": lambda x, y, z: (x.addcmul, x.addcmul_, (y, z)),
    "add": lambda x, y, z: (x.add, x.add_, (y,)),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_in_place_without_a_second_array(name, dtype):
    torch.manual_seed(0)
    x, y, z = [torch.randn(7, 5, dtype=dtype) for _ in range(3)]
    options = {"add": {"alpha": 0.3}, "addcmul": {"value": -1.7}}.get(name, {})
    apart, changing, args = CHANGES[name](x, y, z)
    expected, version, kept = apart(*args, **options), x._version, y.clone()
    assert changing(*args, **options) is x
    assert x.numpy().tobytes() == expected.numpy().tobytes()
    assert x._version == version + 1 and torch.equal(y, kept)


def test_in_place_the_long_way():
    """What the short one may not do: gradients, other shapes, the same memory, other numbers."""
    g = torch.ones(2, 3, requires_grad=True)
    y = g * 2
    y.lerp_(torch.zeros(2, 3), 0.25).sum().backward()
    assert g.grad.tolist() == [[1.5] * 3] * 2
    x = torch.ones(2, 3)
    assert x.add_(torch.arange(3.0), alpha=2).tolist() == [[1.0, 3.0, 5.0]] * 2
    assert x.add_(1, alpha=3).tolist() == [[4.0, 6.0, 8.0]] * 2
    assert x.add_(x, alpha=2).tolist() == [[12.0, 18.0, 24.0]] * 2
    with pytest.raises(RuntimeError, match="single memory location"):
        x[0].add_(x.view(-1)[1:4], alpha=2)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        g.lerp_(torch.zeros(2, 3), 0.25)


@pytest.mark.parametrize("options", [{}, {"requires_grad": True}])
def test_random_numbers_by_the_short_way(options):
    """The same numbers, and as many drawn, as with a generator given."""
    for make in (
        lambda **o: torch.rand(3, 4, **o, **options),
        lambda **o: torch.randn((4, 5), **o, **options),
        lambda **o: torch.randint(9, (7,), **o),
        lambda **o: torch.randint(-3, 9, (7,), **o),
    ):
        torch.manual_seed(3)
        found, after = make(), torch.rand(1)
        g = torch.Generator().manual_seed(3)
        expected = make(generator=g)
        assert torch.equal(found, expected) and found.requires_grad == expected.requires_grad
        assert torch.equal(after, torch.rand(1, generator=g))
    with torch.inference_mode():
        assert torch.rand(2, 2).is_inference()
    with torch.device("meta"):
        assert (
            torch.rand(2, 2).is_meta and torch.zeros(2).is_meta and torch.randint(3, (2,)).is_meta
        )


@needs_native
def test_what_tensors_say_of_themselves():
    a = np.arange(24.0, dtype=np.float32).reshape(2, 3, 4)
    arrays = [a, a.T, a[:, 1:], a[:0], a[:, :, :1], a[1, 1, 1], a[:, ::2], a.transpose(0, 2, 1)]
    for x in arrays:
        x = np.asarray(x)
        assert native.address(x) == x.__array_interface__["data"][0]
        t = torch.from_numpy(x) if x.ndim else torch.tensor(1.0)
        assert t.dtype is torch.float32 and t.shape == x.shape
    assert native.strides(a.T) == (1, 4, 12) and native.strides(a[:0]) == (12, 4, 1)
    assert native.strides(np.zeros((0, 3, 0))) == (3, 1, 1)
    for dtype in (torch.bool, torch.int64, torch.float16, torch.bfloat16, torch.complex64):
        assert torch.zeros(2, dtype=dtype).dtype is dtype
    assert torch.zeros(2, device="meta").dtype is torch.float32


@pytest.mark.parametrize("put", [making._put, making.put])
def test_put(put):
    x = torch.zeros(2, 3)
    view = x[0]
    assert put(x, np.arange(6.0, dtype=np.float32).reshape(2, 3)) is True
    assert x.tolist() == [[0, 1, 2], [3, 4, 5]] and x._version == view._version == 1
    for other in (np.zeros((3, 2), np.float32), np.zeros((2, 3)), np.float32(1)):
        assert put(x, other) is None
    assert put(x.T, np.zeros((3, 2), np.float32)) is None
    assert x._version == 1 and put(x, x._a) is True and x.tolist()[1] == [3, 4, 5]


def test_one_number_scattered():
    index = torch.tensor([[2], [0]])
    x = torch.zeros(2, 3)
    assert x.scatter_(-1, index, 5.0) is x and x._version == 1
    assert x.tolist() == [[0, 0, 5], [5, 0, 0]]
    assert torch.zeros(2, 3, dtype=torch.int64).scatter_(1, index, 2.5).sum() == 4
    for dim, bad in ((2, index), (1, index + 3)):
        with pytest.raises((IndexError, RuntimeError)):
            x.scatter_(dim, bad, 1.0)
    y = torch.zeros(2, 3, requires_grad=True)
    (y * 1).scatter_(1, index, 5.0).sum().backward()
    assert y.grad.tolist() == [[1, 1, 0], [0, 1, 1]]
    with pytest.raises(RuntimeError, match="leaf"):
        y.scatter_(1, index, 5.0)


def test_operands_of_two_dtypes():
    x, i, b = torch.tensor([1.5, -2.0]), torch.tensor([2, 3]), torch.tensor([True, False])
    for y, found, dtype in (
        (i + 1, [3, 4], torch.int64),
        (i - 2**40, [2 - 2**40, 3 - 2**40], torch.int64),
        (i % 2, [0, 1], torch.int64),
        (-i // 2, [-1, -2], torch.int64),
        (1 - i, [-1, -2], torch.int64),
        (i == 2, [True, False], torch.bool),
        (i * i, [4, 9], torch.int64),
        (x * i, [3.0, -6.0], torch.float32),
        (b + x, [2.5, -2.0], torch.float32),
        (x.double() / b, [1.5, float("-inf")], torch.float64),
        (i + 0.5, [2.5, 3.5], torch.float32),
        (i.to(torch.uint8) + 200, [202, 203], torch.uint8),
        (torch.where(b, x, float("-inf")), [1.5, float("-inf")], torch.float32),
        (torch.where(b, 1, x), [1.0, -2.0], torch.float32),
    ):
        assert y.tolist() == found and y.dtype is dtype
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        i % 0
    with pytest.raises(RuntimeError, match="bool"):
        x - b  # as in PyTorch
    x.requires_grad_()
    y = x * i
    i += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_keys_without_a_basic_step():
    x = torch.arange(24.0).reshape(2, 3, 4)
    i, j, m = torch.tensor([1, 0]), torch.tensor([2, -1]), torch.ones(3, 4, dtype=torch.bool)
    a = x.numpy()
    whole = slice(None)
    for key in ((i, j), (whole, i), (i, whole, j), (whole, m), (..., 0), (..., i)):
        given = tuple([k.numpy() if isinstance(k, torch.Tensor) else k for k in key])
        assert np.array_equal(x[key].numpy(), a[given])
        y, b = x.clone(), a.copy()
        y[key], b[given] = -1.0, -1.0
        assert np.array_equal(y.numpy(), b) and y._version == 1
    assert x[..., 0]._base is x._base and x[None, ..., 1].shape == (1, 2, 3)
    for key in ((i, i, i, i), (whole, whole, whole, i), (..., 0, ..., 5)):
        with pytest.raises(IndexError):
            x[key]


def test_a_generator_fills_in_place():
    x = torch.zeros(4, 8)
    torch.manual_seed(3)
    x.uniform_(-1, 1)
    torch.manual_seed(3)
    assert torch.equal(x, torch.rand(4, 8) * 2 - 1) and x._version == 1


def test_large_ones_are_what_small_ones_are():
    """Ways that only large arrays take: the same numbers."""
    n = 100_000
    steps = np.float32(0.3) / np.float32(n - 1)
    y = torch.linspace(0.0, 0.3, n).numpy()
    i = np.arange(n)
    lower = (i * np.float64(steps)).astype("f")
    upper = (np.float64(np.float32(0.3)) - (n - 1 - i) * np.float64(steps)).astype("f")
    np.testing.assert_array_equal(y, np.where(i < n // 2, lower, upper))
    assert torch.arange(5, -n, -3).tolist() == list(range(5, -n, -3))
    assert torch.arange(2**62, 2**62 + 9, 4).tolist() == [2**62, 2**62 + 4, 2**62 + 8]
    r = np.random.default_rng(0)
    for x in (r.integers(-3, 4, (70, 90)), r.standard_normal((70, 90)).astype("f")):
        np.testing.assert_array_equal(torch.from_numpy(x).sign().numpy(), np.sign(x))
        for dim in (0, 1):
            value, index = torch.from_numpy(x).kthvalue(40, dim)
            order = x.argsort(dim, kind="stable")
            np.testing.assert_array_equal(value.numpy(), np.sort(x, dim).take(39, dim))
            at = np.expand_dims(index.numpy(), dim)
            np.testing.assert_array_equal(np.take_along_axis(x, at, dim).squeeze(dim), value)
            if x.dtype.kind == "f":
                np.testing.assert_array_equal(index.numpy(), order.take(39, dim))
    x = np.array([1.0, np.nan, np.inf, -2.0], "f")
    assert torch.from_numpy(x).nansum().item() == np.inf
    assert torch.from_numpy(x[[0, 1, 3]]).nansum().item() == -1.0
    assert torch.from_numpy(x).pow(-1).tolist()[2:] == [0.0, -0.5]
