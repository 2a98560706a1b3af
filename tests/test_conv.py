"""Convolution: values, gradients, nodes and errors frozen from PyTorch; kernels against twins."""

import json

import numpy as np
import pytest
import window_cases as cases

import rushlight as torch
import rushlight.nn.functional as F
from rushlight import kernels as seam
from rushlight.kernels.twin import TWINS

native_only = pytest.mark.skipif(seam.native is None, reason="the native extension is not loaded")


@pytest.fixture(scope="module")
def windows(frozen):
    return json.loads((frozen / "windows.json").read_text())


def close(got, want, rtol):
    if want is None or got is None:  # nothing depends on the leaf: None, or zeros
        assert not any((got or want or [])[1:])
        return
    assert got[0] == want[0]
    scale = 1 + np.sqrt(np.prod(want[0]))
    np.testing.assert_allclose(got[1:], want[1:], rtol, rtol * scale)


@pytest.mark.parametrize("name", cases.CONVS)
def test_frozen(windows, name):
    y, node, first, second = cases.conv(torch, F, name)
    want_y, want_node, want_first, want_second = windows["convs"][name]
    close(y, want_y, 1e-9)
    assert node == want_node
    for got, want in zip([*first, *second], [*want_first, *want_second], strict=True):
        close(got, want, 1e-8)


@pytest.mark.parametrize("name", cases.CONVS)
def test_float32(windows, name):
    """The native kernels, where they are loaded, on the same numbers."""
    y, _, first, _ = cases.conv(torch, F, name, "float32")
    want_y, _, want_first, _ = windows["convs"][name]
    for got, want in zip([y, *first], [want_y, *want_first], strict=True):
        close(got, want, 1e-4)


@pytest.mark.parametrize("i", range(len(cases.ERRORS)), ids=lambda i: cases.ERRORS[i][0])
def test_errors(windows, i):
    """PyTorch's exception and its first sentence."""
    kind, message = windows["errors"][i]
    got_kind, got_message = cases.error(torch, F, cases.ERRORS[i])
    assert (got_kind, got_message) == (kind, message)


def test_dtypes_must_agree():
    x, w = torch.ones(1, 1, 4, 4), torch.ones(2, 1, 3, 3)
    with pytest.raises(RuntimeError, match="expected scalar type Double but found Float"):
        F.conv2d(x.double(), w)
    with pytest.raises(RuntimeError, match=r"Input type \(float\) and bias type \(double\)"):
        F.conv2d(x, w, torch.ones(2).double())
    with pytest.raises(NotImplementedError, match="not implemented for 'Bool'"):
        F.conv2d(x.bool(), w.bool())
    with pytest.raises(TypeError, match="invalid combination of arguments"):
        F.conv2d([1.0], w)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int64", "complex64"])
def test_other_dtypes(dtype):
    """Sums of narrow floats are taken in float32; integers and complex numbers are exact."""
    x = torch.arange(50).reshape(1, 2, 5, 5).to(getattr(torch, dtype))
    w = torch.arange(36).reshape(2, 2, 3, 3).to(getattr(torch, dtype))
    y = F.conv2d(x, w)
    assert y.dtype is getattr(torch, dtype)
    want = F.conv2d(x.double(), w.double()) if dtype != "complex64" else F.conv2d(x.real, w.real)
    assert torch.equal(y.real if dtype == "complex64" else y, want.to(y.real.dtype))


def test_complex_gradient():
    x = torch.tensor(cases.numbers((1, 2, 6), 0) * 1j + 1, requires_grad=True)
    w = torch.tensor(cases.numbers((3, 2, 3), 1) + 2j, requires_grad=True)
    assert torch.autograd.gradcheck(F.conv1d, (x, w))
    assert torch.autograd.gradcheck(F.conv_transpose1d, (x, w.transpose(0, 1)))


def test_empty_batch_and_channels():
    assert F.conv2d(torch.ones(0, 1, 8, 8), torch.ones(4, 1, 3, 3)).shape == (0, 4, 6, 6)
    y = F.conv2d(torch.ones(2, 0, 8, 8), torch.ones(4, 0, 3, 3), torch.arange(4.0))
    assert y[1, 3].eq(3).all()


def test_only_what_is_wanted_is_kept():
    """A frozen weight needs no input for its gradient, a frozen input no weight."""
    x, w = torch.ones(1, 1, 4, 4), torch.ones(2, 1, 3, 3)
    b = torch.zeros(2, requires_grad=True)
    F.conv2d(x, w, b).sum().backward()
    assert b.grad.tolist() == [4.0, 4.0]
    w.requires_grad_()
    y = F.conv2d(x, w)
    with torch.no_grad():
        w.mul_(2)  # not needed: only dw is wanted
    y.sum().backward()
    assert w.grad.sum().item() == 72.0


def random_case(random):
    """Shapes and options of a convolution, small and odd."""
    groups = random.choice([1, 1, 2, 3])
    channels, filters = random.choice([1, 2, 5, 17]), random.choice([1, 3, 4, 16, 18, 40])
    rank = random.choice([1, 2])
    kernel = [random.choice([1, 2, 3, 5, 7]) for _ in range(rank)]
    stride = tuple(random.choice([1, 1, 2, 3]) for _ in range(rank))
    padding = tuple(random.choice([0, 1, 2]) for _ in range(rank))
    dilation = tuple(random.choice([1, 1, 2]) for _ in range(rank))
    room = zip(kernel, padding, dilation, strict=True)
    size = [max(1, d * (k - 1) + 1 - 2 * p) + random.choice([0, 3, 17]) for k, p, d in room]
    x = (random.choice([1, 3]), groups * channels, *size)
    return rank, x, (groups * filters, channels, *kernel), (stride, padding, dilation, groups)


@native_only
@pytest.mark.parametrize("seed", range(60))
def test_native_is_the_twin(seed):
    import random

    rank, x_shape, w_shape, options = random_case(random.Random(seed))
    name = f"conv{rank}d"
    x, w, b = (cases.numbers(s, seed, "float32") for s in (x_shape, w_shape, w_shape[:1]))
    y = TWINS[name](x, w, b, *options)
    dy = cases.numbers(y.shape, seed + 1, "float32")
    norm = (b, np.abs(b) + 0.5, b + 1, b, 1e-5)
    calls = [
        (name, (x, w, b, *options)),
        (name + "_relu", (x, w, b, *options)),
        *((name + "_norm", (x, w, b, *options, *norm, act, None)) for act in range(5)),
        *((name + "_norm", (x, w, b, *options, *norm, act, dy)) for act in range(5)),
        (name + "_dx", (dy, w, x.shape, *options)),
        (name + "_dx", (dy, w, x.shape, *options, np.maximum(x, 0))),
        (name + "_dw", (dy, x, w.shape, *options)),
    ]
    for kernel, args in calls:
        got, want = getattr(seam.native, kernel)(*args), TWINS[kernel](*args)
        pairs = zip(got, want, strict=True) if type(want) is tuple else [(got, want)]
        for g, v in pairs:
            assert g.dtype == v.dtype and g.flags.c_contiguous
            np.testing.assert_allclose(g, v, 1e-4, 1e-5 * max(1.0, float(np.abs(v).max())))


@native_only
@pytest.mark.parametrize("channels", [16, 24, 40])
@pytest.mark.parametrize("stride, dilation", [(1, 1), (2, 1), (3, 2), (1, 3)])
def test_depthwise_in_lanes_of_channels(channels, stride, dilation):
    for kernel, padding, size in [
        ((3, 3), (1, 1), (7, 9)),
        ((5, 5), (2, 2), (14, 14)),
        ((2, 4), (0, 3), (60, 30)),
        ((1, 3), (0, 0), (9, 200)),
    ]:
        pair = ((stride,) * 2, padding, (dilation,) * 2, channels)
        x = cases.numbers((3, channels, *size), 0, "float32")
        w, b = cases.numbers((channels, 1, *kernel), 1, "float32"), x[0, :, 0, 0]
        y = TWINS["conv2d"](x, w, b, *pair)
        norm = (b, np.abs(b) + 0.5, b + 1, b, 1e-5)
        for name, args in [
            ("conv2d", (x, w, b, *pair)),
            ("conv2d_relu", (x, w, None, *pair)),
            *(("conv2d_norm", (x, w, b, *pair, *norm, act, y)) for act in range(5)),
            ("conv2d_norm", (x, w, b, *pair, *norm, 3, None)),
            ("conv2d_dx", (y, w, x.shape, *pair)),
            ("conv2d_dx", (y, w, x.shape, *pair, np.maximum(x, 0))),
        ]:
            got, want = getattr(seam.native, name)(*args), TWINS[name](*args)
            np.testing.assert_allclose(got, want, 1e-4, 1e-5 * max(1.0, float(np.abs(want).max())))


# As products, where registers are few: (images, C, H, W, O, kernel, stride, padding, dilation).
# Strides of 1x1 kernels; one image and large weights, with cells outside, behind whole registers
# (7x7), in half a panel.
PRODUCTS = [
    (2, 40, 9, 14, 56, 1, 2, 0, 1),
    (1, 33, 13, 12, 24, 1, 3, 0, 1),
    (1, 24, 7, 7, 30, 3, 1, 1, 1),
    (1, 32, 8, 8, 48, 3, 2, 1, 1),
    (1, 16, 9, 11, 64, 3, 1, 2, 2),
    (1, 20, 11, 6, 40, 5, 2, 2, 1),
    (1, 48, 4, 4, 32, 3, 1, 1, 1),
]


@native_only
@pytest.mark.parametrize("n, c, h, w, o, k, stride, padding, dilation", PRODUCTS)
def test_products_of_cells(n, c, h, w, o, k, stride, padding, dilation):
    x = cases.numbers((n, c, h, w), 0, "float32")
    weight, b = cases.numbers((o, c, k, k), 1, "float32"), cases.numbers((o,), 2, "float32")
    pair = ((stride,) * 2, (padding,) * 2, (dilation,) * 2, 1)
    y = TWINS["conv2d"](x, weight, b, *pair)
    norm = (b, np.abs(b) + 0.5, b + 1, b, 1e-5)
    before = torch.get_num_threads()
    try:
        for name, args in [
            ("conv2d", (x, weight, b, *pair)),
            ("conv2d_relu", (x, weight, None, *pair)),
            *(("conv2d_norm", (x, weight, b, *pair, *norm, act, y)) for act in range(5)),
        ]:
            want, got = TWINS[name](*args), []
            for threads in (1, 2, 3):
                torch.set_num_threads(threads)
                got.append(getattr(seam.native, name)(*args))
            np.testing.assert_allclose(got[0], want, 1e-4, 1e-5 * float(np.abs(want).max()))
            assert got[0].tobytes() == got[1].tobytes() == got[2].tobytes()
    finally:
        torch.set_num_threads(before)


@native_only
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_products_of_cells_keep_what_is_not_finite(bad):
    x, w = cases.numbers((1, 16, 8, 8), 0, "float32"), cases.numbers((32, 16, 3, 3), 1, "float32")
    x[0, 3, 4, 4] = bad
    pair = ((2, 2), (1, 1), (1, 1), 1)
    with np.errstate(invalid="ignore"):
        got, want = seam.native.conv2d(x, w, None, *pair), TWINS["conv2d"](x, w, None, *pair)
    np.testing.assert_array_equal(np.isfinite(got), np.isfinite(want))


@native_only
@pytest.mark.parametrize("name", ["documents 2", "depthwise", "two registers"])
def test_same_bits_for_any_number_of_threads(name):
    _, x_shape, w_shape, options = cases.CONVS[name]
    x = cases.numbers((40, *x_shape[1:]), 0, "float32")
    w = cases.numbers(w_shape, 1, "float32")
    pair = tuple((n, n) for n in (options.get("stride", 1), options.get("padding", 0), 1))
    pair = (*pair, options.get("groups", 1))
    before = torch.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            y = seam.native.conv2d(x, w, None, *pair)
            norm = (w[:, 0, 0, 0], np.abs(w[:, 0, 0, 0]), None, None, 1e-5)
            z = seam.native.conv2d_norm(x, w, None, *pair, *norm, 2, y)
            dx = seam.native.conv2d_dx(y, w, x.shape, *pair)
            dw, db = seam.native.conv2d_dw(y, x, w.shape, *pair)
            results.append([a.tobytes() for a in (y, z, dx, dw, db)])
    finally:
        torch.set_num_threads(before)
    assert results[0] == results[1] == results[2]


# Winograd's way: 3x3, stride 1, enough channels. (images, C, H, W, O, padding); the last two are
# pair by pair.
WINOGRAD = [
    (2, 64, 20, 23, 64, 1),
    (1, 17, 30, 18, 37, 0),
    (3, 48, 8, 8, 16, 2),
    (20, 32, 4, 5, 33, 1),
    (1, 160, 14, 14, 200, 1),
    (4, 256, 7, 7, 192, 1),
]


def direct_and_winograd(name, *args):
    """The two results, or tuples of them; they must not be the same, or one way ran twice."""
    found = []
    for on in (False, True):
        torch.backends.cpu.set_winograd(on)
        try:
            found.append(getattr(seam.native, name)(*args))
        finally:
            torch.backends.cpu.set_winograd(True)
    first = [x[0] if type(x) is tuple else x for x in found]
    assert not np.array_equal(*first)
    return found


@native_only
@pytest.mark.parametrize("case", WINOGRAD)
def test_winograd_is_nearly_as_exact_as_the_direct_sum(case):
    """Both beside float64: twice the direct error and eight last places of the largest number."""
    n, c, h, w, o, padding = case
    options = ((1, 1), (padding, padding), (1, 1), 1)
    x, weight = cases.numbers((n, c, h, w), 0, "float32"), cases.numbers((o, c, 3, 3), 1, "float32")
    b = cases.numbers((o,), 2, "float32")
    wide = [a.astype(np.float64) for a in (x, weight, b)]
    y = TWINS["conv2d"](*wide, *options)
    dy = cases.numbers(y.shape, 3, "float32")
    gate = np.maximum(x, 0)
    norm = (b, np.abs(b) + 0.5, b + 1, None, 1e-5)
    places = (slice(None), None, None)
    normed = (y - wide[2][places]) / np.sqrt(np.abs(wide[2][places]) + 0.5 + 1e-5)
    normed *= wide[2][places] + 1
    dx = TWINS["conv2d_dx"](dy.astype(np.float64), wide[1], x.shape, *options)
    dw, db = TWINS["conv2d_dw"](dy.astype(np.float64), wide[0], weight.shape, *options)
    for name, args, want in [
        ("conv2d", (x, weight, b, *options), y),
        ("conv2d_relu", (x, weight, b, *options), np.maximum(y, 0)),
        ("conv2d_norm", (x, weight, b, *options, *norm, 0, dy), normed + dy),
        ("conv2d_norm", (x, weight, b, *options, *norm, 3, None), normed / (1 + np.exp(-normed))),
        ("conv2d_dx", (dy, weight, x.shape, *options), dx),
        ("conv2d_dx", (dy, weight, x.shape, *options, gate), np.where(gate > 0, dx, 0)),
    ]:
        errors = [np.abs(got - want).max() for got in direct_and_winograd(name, *args)]
        assert errors[1] < 2 * errors[0] + 1e-6 * np.abs(want).max(), (name, errors)
    (dw_direct, _), (dw_ours, db_ours) = direct_and_winograd(
        "conv2d_dw", dy, x, weight.shape, *options
    )
    errors = [np.abs(got - dw).max() for got in (dw_direct, dw_ours)]
    assert errors[1] < 2 * errors[0] + 1e-6 * np.abs(dw).max(), errors
    np.testing.assert_allclose(db_ours, db, 1e-4, 1e-5 * np.abs(dy).sum() ** 0.5)


@native_only
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 3e38])
def test_winograd_leaves_what_is_not_finite_to_the_direct_way(value):
    """One such number reaches the nine cells that see it, not the rest of its tile."""
    x, w = np.ones((1, 32, 16, 16), np.float32), np.ones((32, 32, 3, 3), np.float32) / 288
    x[0, 5, 7, 9] = value
    y = seam.native.conv2d(x, w, None, (1, 1), (1, 1), (1, 1), 1)
    seen = np.zeros((16, 16), bool)
    seen[6:9, 8:11] = True
    rest = y[0, :, 1:-1, 1:-1][:, ~seen[1:-1, 1:-1]]
    np.testing.assert_allclose(rest, 1, 1e-5)
    expected = np.float32(value) / np.float32(288)
    np.testing.assert_allclose(y[0, :, seen], expected, 1e-5)
    dx = seam.native.conv2d_dx(x, w, x.shape, (1, 1), (1, 1), (1, 1), 1)
    np.testing.assert_allclose(dx[0, :, seen], expected, 1e-5)
    dw, _ = seam.native.conv2d_dw(x, np.ones_like(x), w.shape, (1, 1), (1, 1), (1, 1), 1)
    want = TWINS["conv2d_dw"](x, np.ones_like(x), w.shape, (1, 1), (1, 1), (1, 1), 1)[0]
    np.testing.assert_allclose(dw, want, 1e-4)


@native_only
def test_winograd_gives_the_same_bits_for_any_number_of_threads():
    options = ((1, 1), (1, 1), (1, 1), 1)
    for n, c, h, w, o, _ in WINOGRAD:
        x, weight = (
            cases.numbers((n, c, h, w), 0, "float32"),
            cases.numbers((o, c, 3, 3), 1, "float32"),
        )
        before, results = torch.get_num_threads(), []
        try:
            for threads in (1, 2, 5):
                torch.set_num_threads(threads)
                y = seam.native.conv2d(x, weight, None, *options)
                dx = seam.native.conv2d_dx(y, weight, x.shape, *options)
                dw, db = seam.native.conv2d_dw(y, x, weight.shape, *options)
                results.append([a.tobytes() for a in (y, dx, dw, db)])
        finally:
            torch.set_num_threads(before)
        assert results[0] == results[1] == results[2]
