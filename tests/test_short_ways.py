"""Native looks at small operations, beside the Python that they stand for: views, factories,
`changed` of a card."""

import itertools

import numpy as np
import pytest

import rushlight as torch
from rushlight import kernels
from rushlight.core.grad_mode import inferring, mode
from rushlight.core.tensor import wrap
from rushlight.dispatch import inplace
from rushlight.ops import (
    as_strided,
    cat_split,
    creation,
    diagonal,
    flip,
    keys,
    masked,
    ranges,
    shape,
    split,
)

native = kernels.native
needs_native = pytest.mark.skipif(native is None, reason="the native extension is not loaded")


def arrays():
    a = np.arange(48.0, dtype=np.float32).reshape(2, 3, 8)
    yield a
    yield a.T
    yield a[:, ::2, 1:]
    yield a[:, :, ::-1]
    yield a[:1, :, :1]
    yield a[0, 0]
    yield np.arange(6).reshape(1, 6, 1)
    yield np.array(5.0)
    yield np.zeros((0, 3))
    frozen = a.copy()
    frozen.flags.writeable = False
    yield frozen


def outcome(f, *args):
    """What f gives, or the error."""
    try:
        return f(*args)
    except (RuntimeError, IndexError, TypeError, ValueError) as e:
        return type(e), str(e)


def same_view(found, expected):
    if isinstance(expected, tuple):
        return found == expected
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(same_view, found, expected))
    moved = [(n, s) for n, s in zip(found.shape, found.strides, strict=True) if n > 1]
    wanted = [(n, s) for n, s in zip(expected.shape, expected.strides, strict=True) if n > 1]
    return (
        found.shape == expected.shape
        and found.dtype == expected.dtype
        and (moved == wanted or not found.size)
        and (found.ctypes.data == expected.ctypes.data or not found.size)
        and found.flags.writeable == expected.flags.writeable
        and np.array_equal(found, expected)
        and found.base is not None
    )


DIMS = (0, 1, -1, -2, 2, 5, -7)
VIEWS = {
    "squeeze": (shape, shape.Squeeze, [(None,), *[(d,) for d in DIMS], ((0, -1),)]),
    "unfold": (
        as_strided,
        as_strided.Unfold,
        [(d, n, s) for d in DIMS for n in (0, 1, 2, 9, -1) for s in (1, 2, 0, 1 << 62)],
    ),
    "diagonal": (
        diagonal,
        diagonal.Diagonal,
        [(k, a, b) for k in (0, 1, -1, -2, 7, -9) for a in DIMS for b in DIMS],
    ),
    "split": (
        split,
        split.Split,
        [((1, 1), 0), ((0, 2, 0), -3), ((2, 1), 1), ((3, 5), 2), ((1, 2, 3), -1)],
    ),
}


@needs_native
@pytest.mark.parametrize("name", VIEWS)
def test_views(name, monkeypatch):
    module, card, options = VIEWS[name]
    for a, o in itertools.product(arrays(), options):
        if name == "split" and not (-a.ndim <= o[1] < a.ndim and a.shape[o[1]] == sum(o[0])):
            continue
        if name == "split" and o[1] < 0:  # (the public function counts from 0)
            o = (o[0], o[1] + a.ndim)
        found = outcome(card.source.forward, a, *o)
        with monkeypatch.context() as m:
            m.setattr(module, "native", None)
            expected = outcome(card.source.forward, a, *o)
        assert same_view(found, expected), (a.shape, a.strides, o)


@needs_native
def test_views_know_what_is_usual():
    a = np.arange(6.0).reshape(2, 3)
    assert native.windows(a, 1, 2, 1).shape == (2, 2, 2) and native.windows(a, True, 2, 1) is None
    assert native.squeezed(a[None], 0).shape == (2, 3) and native.squeezed([1], 0) is None
    assert native.order_moved(a, 0, 1) == (1, 0) and native.order_moved(a, (0,), (1,)) is None
    assert native.turned(a, (0, -2)) is None and native.turned(a, (2,)) is None
    assert native.cut(a, (1, 3), 1) is None and native.cut(a, (1, -1), 1) is None
    assert native.diagonal_of(a, 0, 1, 1) is None and native.diagonal_of(a, 1 << 70, 0, 1) is None
    assert native.basic_view(a, (torch.tensor(1),)) is None


@pytest.mark.parametrize("n", [1, 2, 4])
def test_movedim(n):
    x = torch.arange(2.0**n).reshape((2,) * n)
    for s, d in itertools.product(range(-n, n), repeat=2):
        y = x.movedim(s, d)
        expected = np.moveaxis(x.numpy(), s, d)
        assert y.stride() == tuple(k // 4 for k in expected.strides) and y._is_view()
        assert np.array_equal(y.numpy(), expected)
    for s, d in ((n, 0), (0, -n - 1), ((0,), (0, 1))):
        with pytest.raises((IndexError, RuntimeError)):
            x.movedim(s, d)


@needs_native
def test_basic_keys():
    parts = [
        0,
        -1,
        2,
        9,
        None,
        ...,
        slice(None),
        slice(1, None),
        slice(5, 2),
        slice(-2, None, 2),
        slice(0, 9, 1 << 62),
        slice(None, None, -1),
        slice(None, None, 0),
        slice(True, 2),
        np.int64(1),
        True,
        slice(1 << 80),
        1 << 80,
    ]
    some = 0
    for a in arrays():
        for count in (0, 1, 2, 3):
            for key in itertools.product(parts, repeat=count):
                expected = keys._basic_view(a, key)
                found = native.basic_view(a, key)
                assert (found is None) == (expected is None), (a.shape, key)
                if found is not None:
                    some += 1
                    assert same_view(found[0], expected[0]), (a.shape, a.strides, key)
                    assert found[0].strides == expected[0].strides or not found[0].size
                    assert found[1:] == expected[1:], (a.shape, key)
    assert some > 1000


@needs_native
@pytest.mark.parametrize("dtype", ["float32", "int64", "bool", "complex128"])
def test_copies(dtype, monkeypatch):
    rolls = [((s,), (d,)) for s in (0, 1, -1, 5, -(1 << 40)) for d in (0, 1, -1)]
    for a in arrays():
        a = a.astype(dtype) if a.flags.c_contiguous else a.astype(dtype, order="K")
        for card, options in (
            (flip.Flip, [((),), ((0,),), ((-1,),), ((0, 1),), ((0, 0),)]),
            (flip.Roll, rolls),
        ):
            for o in options:
                if card is flip.Roll and not a.ndim:
                    continue  # (refused before)
                found = outcome(card.source.forward, a, *o)
                with monkeypatch.context() as m:
                    m.setattr(flip, "native", None)
                    expected = outcome(card.source.forward, a, *o)
                if isinstance(expected, tuple):
                    assert found == expected
                else:
                    assert found.dtype == expected.dtype and np.array_equal(found, expected)
                    assert found.strides == expected.strides or found.size < 2
                    assert found is a or not np.shares_memory(found, a)


@needs_native
@pytest.mark.parametrize("default", [torch.float32, torch.float64])
def test_arange_and_eye(default, monkeypatch):
    kept = torch.get_default_dtype()
    torch.set_default_dtype(default)
    try:
        for args in (
            (0.0, 1.0, 0.1),
            (1.0, -2, -0.25),
            (5, 5.0, 1),
            (-3.5,),
            (0, 1e-3, 1e-5),
            (0.0, 1e300, 1e299),
            (0.0, float("inf"), 1.0),
            (0.0, 1.0, 0.0),
            (1.0, 0.0, 0.5),
            (float("nan"), 1.0),
        ):
            found = outcome(torch.arange, *args)
            with monkeypatch.context() as m:
                m.setattr(ranges, "native", None)
                expected = outcome(torch.arange, *args)
            if isinstance(expected, tuple):
                assert found == expected
            else:
                assert (
                    found.dtype is expected.dtype
                    and found.numpy().tobytes() == expected.numpy().tobytes()
                )
        for n, m_ in ((0, 0), (3, 3), (2, 5), (5, 2), (3, 0), (1, None)):
            found = torch.eye(n, m_)
            with monkeypatch.context() as m:
                m.setattr(creation, "native", None)
                expected = torch.eye(n, m_)
            assert found.dtype is expected.dtype and found.tolist() == expected.tolist()
    finally:
        torch.set_default_dtype(kept)


@needs_native
def test_numbers():
    for dtype, x in (
        ("float32", 0.1),
        ("float64", 0.1),
        ("int64", 5),
        ("float32", 7),
        ("complex64", 1.5),
        ("bool", 1),
    ):
        found, expected = native.number(x, np.dtype(dtype)), np.array(x, dtype)
        assert (
            found.shape == ()
            and found.dtype == expected.dtype
            and found.tobytes() == expected.tobytes()
        )
    with pytest.raises((TypeError, ValueError)):
        native.number("x", np.dtype("float32"))
    a = np.ones((3, 4), np.float32)
    assert native.zeroed(a.T).base is a and not a.any()
    with pytest.raises(TypeError):
        native.zeroed(np.ones((4, 4))[:, ::2])


@pytest.mark.parametrize("value", [1.0, 0, 7, -0.0, 100.25])
@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float64, torch.int64, torch.uint8, torch.bool, torch.bfloat16]
)
def test_fill(dtype, value):
    for make in (lambda t: t, lambda t: t.t(), lambda t: t[:, ::2]):
        x = make(torch.ones(4, 6).to(dtype))
        version = x._version
        assert x.fill_(value) is x and x._version == version + 1
        expected = torch.full(x.shape, value).to(dtype)
        assert torch.equal(x, expected) and torch.equal(
            torch.fill(torch.ones_like(x), value), expected
        )


CHANGERS = [inplace._changer] if native is None else [inplace._changer, native.changer]


def changer_of(make, forward, **how):
    finished = []
    fields = {
        "narrow": None,
        "not_for": "",
        "promoted": 0,
        "operands": 0,
        "once": False,
        "asked": [False],
    } | how
    f = make(
        forward,
        fields["narrow"],
        lambda x, r: finished.append(r),
        fields["not_for"],
        fields["promoted"],
        fields["operands"],
        fields["once"],
        fields["asked"],
        inferring,
        mode,
    )
    return f, finished


@pytest.mark.parametrize("make", CHANGERS)
def test_changed(make):
    x, y = torch.ones(2, 3), torch.full((2, 3), 2.0)
    view = x[0]
    add, finished = changer_of(make, lambda a, b: a + b)
    assert (
        add((x, y)) is True and x.tolist() == [[3.0] * 3] * 2 and x._version == view._version == 1
    )
    assert add((x, 1.0)) is True and x._version == 2 and not finished
    assert add((x, y.double())) is True and finished[0].dtype == np.float64 and x._version == 2
    for args in (
        (x, x),
        (x, view),
        (x.numpy(), y),
        (torch.nn.Parameter(torch.ones(2, 3)), y),
        (torch.ones(2, 3, requires_grad=True), y),
        (x, torch.ones(2, 3, requires_grad=True)),
        (x, torch.ones(2, 3, device="meta")),
        (x, torch.ones(4, 5)),  # an error of forward's
    ):
        assert add(args) is False
    assert x._version == 2 and x.tolist() == [[4.0] * 3] * 2
    p = torch.nn.Parameter(torch.ones(2, 3))
    with torch.no_grad():
        assert add((x, torch.ones(2, 3, requires_grad=True))) is True
        assert add((p, y)) is True and p.sum() == 18 and p.requires_grad and p._version == 1
    with torch.inference_mode():
        assert add((x, y)) is False
        z = x + y
    assert add((z, y)) is False and add((x, y)) is True
    asked = [True]
    assert changer_of(make, lambda a: a, asked=asked)[0]((x,)) is False


@pytest.mark.parametrize("make", CHANGERS)
def test_changed_by_dtypes(make):
    x, i, h = torch.ones(3), torch.tensor([1, 2, 3]), torch.ones(3, dtype=torch.float16)
    same, _ = changer_of(make, lambda a, b: a * b, promoted=1, operands=3)
    floats, _ = changer_of(make, lambda a: -a, promoted=2, operands=1)
    assert (
        same((x, i)) is False
        and same((x, 2.0)) is False
        and same((i, torch.tensor([2, 2, 2]))) is True
    )
    assert i.tolist() == [2, 4, 6]
    assert floats((i,)) is False and floats((h,)) is False and floats((x,)) is True
    refusing, _ = changer_of(make, lambda a: a, not_for="iu")
    assert refusing((i,)) is False and refusing((x,)) is True
    narrow, _ = changer_of(make, lambda a: a + 1, narrow=lambda a: (a + a + a, None))
    assert narrow((h,)) is True and h.tolist() == [3.0] * 3
    assert narrow((x,)) is True and x.tolist() == [0.0] * 3

    def broken(a):
        raise KeyError("others are not caught")

    with pytest.raises(KeyError):
        changer_of(make, broken)[0]((x,))


@needs_native
def test_changed_at_once():
    """A kernel writes into x itself, unless an operand lies across it."""
    K = kernels.K
    seen = []

    def add(a, b):
        seen.append(K.add_scaled(a, b, 1.0))
        return seen[-1]

    x, y = torch.ones(4, 4), torch.full((4, 4), 2.0)
    f, _ = changer_of(native.changer, add, once=True)
    assert f((x, y)) is True and seen[-1] is x._a and x._version == 1
    a = np.arange(20.0, dtype=np.float32)
    u, v = torch.from_numpy(a[:16].reshape(4, 4)), torch.from_numpy(a[1:17].reshape(4, 4))
    assert f((u, v)) is True and seen[-1] is not u._a
    assert u.flatten().tolist() == [2.0 * i + 1 for i in range(16)]
    w = torch.from_numpy(u.numpy())
    assert f((u, w)) is True and seen[-1] is u._a and u[0, 1] == 6.0
    frozen = a[:4].copy()
    frozen.flags.writeable = False
    assert f((x, y)) is True and kernels.native.write_to(None) is None  # nothing is left behind
    with pytest.raises(RuntimeError, match="read-only"):
        wrap(frozen).add_(torch.ones(4), alpha=0.5)


def test_draws_in_place():
    for draw in ("uniform_", "normal_", "exponential_", "cauchy_"):
        for n in (1, 7, 16, 40):
            for dtype in (torch.float32, torch.float64, torch.bfloat16):
                for make in (lambda t: t, lambda t: t.t(), lambda t: t[:, ::2]):
                    torch.manual_seed(n)
                    x = make(torch.zeros(2, n, dtype=dtype))
                    version = x._version
                    assert getattr(x, draw)() is x and x._version == version + 1
                    torch.manual_seed(n)
                    y = make(torch.zeros(2, n, dtype=dtype, requires_grad=True) * 1)  # the long way
                    getattr(y, draw)()
                    assert torch.equal(x, y.detach())
    torch.manual_seed(0)
    a = (
        torch.randn_like(torch.zeros(3, 8)),
        torch.rand_like(torch.zeros(3, 8)),
        torch.randint(2, 9, (7,)),
    )
    torch.manual_seed(0)
    b = (
        torch.zeros(3, 8).normal_(),
        torch.zeros(3, 8).uniform_(),
        torch.zeros(7, dtype=torch.int64).random_(2, 9),
    )
    assert all(map(torch.equal, a, b))


def test_joined(monkeypatch):
    x, y = torch.arange(6.0).reshape(2, 3), torch.arange(6.0, 12.0).reshape(2, 3)
    for f in (torch.cat, torch.stack):
        for dim in (0, 1, -1, -2, 2, -3):
            found = outcome(f, (x, y), dim)
            with monkeypatch.context() as m:
                m.setattr(cat_split, "_plain", lambda tensors: None)
                expected = outcome(f, (x, y), dim)
            if isinstance(expected, torch.Tensor):
                assert torch.equal(found, expected)
            else:
                assert found == expected
    assert torch.hstack((x, y)).tolist() == torch.cat((x, y), 1).tolist()
    assert torch.hstack((x[0], y[0])).tolist() == [0, 1, 2, 6, 7, 8]
    g = torch.ones(2, 3, requires_grad=True)
    assert torch.cat((g, x)).requires_grad and torch.stack([x, g]).requires_grad
    with torch.no_grad():
        assert not torch.cat((g, x)).requires_grad
    p = torch.nn.Parameter(x.clone())
    torch.cat((p, p * 2)).sum().backward()
    assert p.grad.tolist() == [[3.0] * 3] * 2 and torch.stack((p, p)).requires_grad
    out = torch.zeros(4, 3)
    assert torch.cat((x, y), out=out) is out and out[2, 0] == 6
    for bad in (
        ([x, y.long()[:, :2]], 0),
        ([], 0),
        ([x, 3], 0),
        (x, 0),
        ([x, y], True),
        ([x, y], None),
    ):
        assert isinstance(outcome(torch.cat, *bad), (tuple, torch.Tensor))


def test_zero_and_masked_fill():
    x = torch.ones(3, 4)
    views = x.t(), x[:, ::2]
    for v in views:
        version = x._version
        x.fill_(1.0)
        assert v.zero_() is v and v.sum() == 0 and x._version == version + 2
    assert x.zero_()._version and not x.any()
    leaf = torch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf"):
        leaf.zero_()
    with torch.no_grad():
        assert leaf.zero_().sum() == 0
    mask = torch.tensor([[True, False, True, False]] * 3)
    for value in (5, 2.5, torch.tensor(2.5), torch.tensor(3)):
        y = torch.ones(3, 4).masked_fill_(mask, value)
        assert y[0].tolist() == [float(value), 1, float(value), 1]
    z = torch.ones(4, 3).t().masked_fill(mask, 0.0)
    assert z.is_contiguous() and z[0].tolist() == [0, 1, 0, 1]
    assert masked.Zero.source.forward(np.ones(3)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("shifts, dims", [(1, 5), (1, -3), ((1,), (5,)), ((1, 2), (0, -3))])
def test_roll_along_a_dimension_that_there_is_not(shifts, dims):
    with pytest.raises(IndexError, match=r"expected to be in range of \[-2, 1\], but got"):
        torch.ones(3, 4).roll(shifts, dims)
    assert torch.ones(0, 4).roll(shifts, dims).shape == (0, 4)  # as PyTorch
