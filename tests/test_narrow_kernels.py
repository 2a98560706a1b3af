"""Kernels that read two-byte floats as they are; what large products and gathers share with them.

Most numbers are eighths of few bits: sums of their products are exact in float32 in any order, so
what is left is one rounding, which is compared with NumPy's of float64.
"""

import math

import numpy as np
import pytest

import rushlight as torch
from rushlight.kernels import K, native

F = torch.nn.functional
NARROW = pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)


@pytest.fixture(params=[False, True], ids=["in float32", "by the processor"])
def products(request):
    """Products of bfloat16 in float32, and by the processor's instruction, if it has it."""
    if native is None:
        yield
        return
    before = native.get_bf16_products()
    native.set_bf16_products(request.param)
    yield
    native.set_bf16_products(before)


def eighths(*shape, seed=0, dtype=torch.bfloat16):
    g = np.random.default_rng(seed)
    return torch.tensor(g.integers(-12, 13, shape) / 8).to(dtype)


def double(t):
    return t.detach().double().numpy()


def same(got, expected):
    """Bit for bit what rounding float64 numbers gives."""
    rounded = torch.tensor(np.asarray(expected, np.float32)).to(got.dtype)
    np.testing.assert_array_equal(double(got), double(rounded))


def on_threads(f, counts=(1, 2, 3)):
    """f() on so many threads: the same bits."""
    before, results = torch.get_num_threads(), []
    try:
        for n in counts:
            torch.set_num_threads(n)
            results.append(f())
    finally:
        torch.set_num_threads(before)
    for r in results[1:]:
        assert double(r).tobytes() == double(results[0]).tobytes()
    return results[0]


def convolved(x, w, b, stride, padding, dilation):
    """The sum as it is written, in float64."""
    x = np.pad(double(x), ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    w = double(w)
    height, width = (
        (x.shape[2 + i] - dilation * (w.shape[2 + i] - 1) - 1) // stride + 1 for i in (0, 1)
    )
    y = np.zeros((len(x), len(w), height, width))
    for i in range(w.shape[2]):
        for j in range(w.shape[3]):
            rows = slice(i * dilation, i * dilation + (height - 1) * stride + 1, stride)
            cols = slice(j * dilation, j * dilation + (width - 1) * stride + 1, stride)
            y += np.einsum("nchw,oc->nohw", x[:, :, rows, cols], w[:, :, i, j])
    return y if b is None else y + double(b)[:, None, None]


# N, C, H, W, O, kernel, stride, padding, dilation
CONVOLUTIONS = [
    (1, 16, 9, 9, 16, 3, 1, 1, 1),
    (3, 5, 7, 11, 9, 3, 1, 1, 1),  # 45 terms: an odd number
    (2, 3, 20, 21, 24, 7, 2, 3, 1),
    (1, 8, 33, 35, 16, 3, 2, 1, 1),
    (2, 32, 10, 10, 70, 1, 1, 0, 1),
    (2, 17, 6, 6, 130, 1, 2, 0, 1),
    (1, 12, 19, 23, 8, 3, 3, 2, 2),
    (1, 9, 4, 70, 8, 2, 1, 3, 1),
    (1, 8, 1, 1, 8, 3, 1, 1, 1),
    (2, 64, 8, 8, 200, 3, 1, 2, 3),
]


@NARROW
@pytest.mark.usefixtures("products")
@pytest.mark.parametrize("case", CONVOLUTIONS, ids=str)
@pytest.mark.parametrize("biased", [True, False])
def test_convolution(dtype, case, biased):
    n, c, h, wide, o, k, *options = case
    x, w = eighths(n, c, h, wide, dtype=dtype), eighths(o, c, k, k, seed=1, dtype=dtype)
    b = eighths(o, seed=2, dtype=dtype) if biased else None
    winograd = torch.backends.cpu.get_winograd()
    torch.backends.cpu.set_winograd(False)  # its sums are not exact
    try:
        y = on_threads(lambda: F.conv2d(x, w, b, *options))
    finally:
        torch.backends.cpu.set_winograd(winograd)
    assert y.dtype is dtype
    same(y, convolved(x, w, b, *options))


# N, C, H, W, O of 1x1: products of matrices, cells in whole registers and a few more
@pytest.mark.parametrize(
    "case", [(2, 20, 7, 7, 50), (1, 16, 9, 2, 48), (1, 33, 6, 11, 64), (3, 17, 3, 11, 130)], ids=str
)
def test_convolutions_of_one_tap_in_float32(case):
    n, c, h, wide, o = case
    nn = torch.nn
    x, w, b = (
        eighths(*s, seed=i, dtype=torch.float32)
        for i, s in enumerate([(n, c, h, wide), (o, c, 1, 1), (o,)])
    )
    expected = convolved(x, w, b, 1, 0, 1)
    np.testing.assert_array_equal(double(on_threads(lambda: F.conv2d(x, w, b))), expected)
    layer = nn.Conv2d(c, o, 1)
    with torch.no_grad():
        layer.weight.copy_(w)
        layer.bias.copy_(b)
        norm = nn.BatchNorm2d(o, eps=1e-30)
        norm.weight.fill_(0.5)
        norm.bias.fill_(1.0)
        y = nn.Sequential(layer, norm, nn.ReLU6()).eval()(x)
    np.testing.assert_array_equal(double(y), (expected / 2 + 1).clip(0, 6))


@NARROW
@pytest.mark.usefixtures("products")
def test_convolution_with_relu_and_in_one_dimension(dtype):
    x, w, b = (
        eighths(*s, seed=i, dtype=dtype) for i, s in enumerate([(2, 6, 40), (10, 6, 5), (10,)])
    )
    layer = torch.nn.Conv1d(6, 10, 5, padding=2).to(dtype)
    with torch.no_grad():
        layer.weight.copy_(w)
        layer.bias.copy_(b)
        y = torch.nn.Sequential(layer, torch.nn.ReLU())(x)
    padded = np.pad(double(x), ((0, 0), (0, 0), (2, 2)))
    expected = sum(
        np.einsum("ncl,oc->nol", padded[:, :, j : j + 40], double(w)[:, :, j]) for j in range(5)
    )
    same(y, np.maximum(expected + double(b)[:, None], 0))


@NARROW
@pytest.mark.usefixtures("products")
def test_gradients_of_a_convolution(dtype):
    x, w = eighths(2, 6, 8, 8, dtype=dtype), eighths(8, 6, 5, 5, seed=1, dtype=dtype)
    g = eighths(2, 8, 4, 4, seed=2, dtype=dtype)
    x.requires_grad_(), w.requires_grad_()
    F.conv2d(x, w, None, 1, 0).backward(g)
    wide_x, wide_w = x.detach().float().requires_grad_(), w.detach().float().requires_grad_()
    F.conv2d(wide_x, wide_w, None, 1, 0).backward(g.float())
    assert x.grad.dtype is dtype and w.grad.dtype is dtype
    same(x.grad, double(wide_x.grad))
    same(w.grad, double(wide_w.grad))


@NARROW
@pytest.mark.usefixtures("products")
@pytest.mark.parametrize(
    "case",
    [
        (2, 16, 20, 24, 3, 1, 1),
        (2, 16, 21, 24, 3, 2, 1),
        (3, 8, 9, 8, 1, 1, 0),
        (1, 3, 30, 16, 7, 2, 3),
    ],
    ids=str,
)
def test_gradients_of_a_convolution_are_rounded_once(dtype, case):
    """Beside float64's, of normal numbers: half a unit, and what sums in float32 lose."""
    n, c, side, o, k, stride, padding = case
    g = np.random.default_rng(0)
    x = torch.tensor(g.normal(size=(n, c, side, side))).to(dtype).requires_grad_()
    w = torch.tensor(g.normal(size=(o, c, k, k)) / k).to(dtype).requires_grad_()
    b = torch.tensor(g.normal(size=o)).to(dtype).requires_grad_()
    y = F.conv2d(x, w, b, stride, padding)
    dy = torch.tensor(g.normal(size=y.shape)).to(dtype)
    y.backward(dy)
    exact = [t.detach().double().requires_grad_() for t in (x, w, b)]
    F.conv2d(*exact, stride, padding).backward(dy.double())
    half_a_unit = 2**-8 if dtype is torch.bfloat16 else 2**-11
    for t, e in zip((x, w, b), exact, strict=True):
        assert t.grad.dtype is dtype
        right = double(e.grad)
        bound = np.abs(right) * half_a_unit * 1.01 + 2e-6 * np.abs(right).max()
        assert (np.abs(double(t.grad) - right) <= bound).all()


@NARROW
@pytest.mark.parametrize("dim", [0, 1])
def test_gradients_of_softmax_and_layer_norm_are_rounded_once(dtype, dim):
    g = np.random.default_rng(0)
    x = torch.tensor(g.normal(0, 2, (70, 130))).to(dtype).requires_grad_()
    w, b = (torch.tensor(g.normal(size=130)).to(dtype).requires_grad_() for _ in "wb")
    dy = torch.tensor(g.normal(size=(70, 130))).to(dtype)
    half_a_unit = 2**-8 if dtype is torch.bfloat16 else 2**-11
    for f, inputs in (
        (lambda x: x.softmax(dim), (x,)),
        (lambda x: x.log_softmax(dim), (x,)),
        (lambda x, w, b: F.layer_norm(x, (130,), w, b), (x, w, b)),
    ):
        y = f(*inputs)
        got = torch.autograd.grad(y, inputs, dy)
        exact = [t.detach().double().requires_grad_() for t in inputs]
        right = torch.autograd.grad(f(*exact), exact, dy.double())
        # softmax's gradient is of its result, which has been rounded
        more = 2e-6 if len(inputs) == 3 else 4 * half_a_unit
        for t, e in zip(got, right, strict=True):
            assert t.dtype is dtype
            bound = np.abs(double(e)) * half_a_unit * 1.01 + more * np.abs(double(e)).max()
            assert (np.abs(double(t) - double(e)) <= bound).all()


def test_dtypes_of_a_convolution_must_agree():
    x, w = eighths(1, 4, 5, 5), eighths(4, 4, 3, 3)
    for a, b in ((x, w.float()), (x.float(), w), (x.half(), w)):
        with pytest.raises(RuntimeError):
            F.conv2d(a, b)


@NARROW
@pytest.mark.usefixtures("products")
@pytest.mark.parametrize("rows", [1, 2, 4, 5, 8, 9])
@pytest.mark.parametrize("width", [1, 31, 32, 33, 64, 100, 515])
def test_linear_of_a_few_rows(dtype, rows, width):
    x, w, b = (
        eighths(*s, seed=i, dtype=dtype) for i, s in enumerate([(rows, width), (77, width), (77,)])
    )
    same(on_threads(lambda: F.linear(x, w, b)), double(x) @ double(w).T + double(b))
    same(F.linear(x, w), double(x) @ double(w).T)
    same(F.linear(x.unsqueeze(0), w)[0], double(x) @ double(w).T)


@NARROW
@pytest.mark.parametrize("width", [1, 15, 32, 63, 64, 65, 200, 1000, 5000])
def test_sums_and_running_sums_of_rows(dtype, width):
    x = eighths(11, width, dtype=dtype)
    same(on_threads(lambda: x.sum(1)), double(x).sum(1))
    same(on_threads(lambda: x.sum()), double(x).sum())
    same(on_threads(lambda: x.cumsum(1)), double(x).cumsum(1))
    if native is not None and width <= 4096:  # others are the card's, which widens them
        kernel = torch.tensor(K.cumsum(x._a, 1).astype(np.float32)).to(dtype)
        same(kernel, double(x).cumsum(1))


@NARROW
def test_running_sums_of_long_columns_are_rounded_once(dtype):
    x = eighths(17000, 70, dtype=dtype)  # more rows than the kernel takes at a time
    same(x.cumsum(0), double(x).cumsum(0))


@pytest.mark.parametrize("shape", [(1, 5), (3, 700), (4, 9), (7, 1024), (9, 5000)], ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64], ids=str)
def test_running_sums_of_short_rows_together(shape, dtype):
    x = torch.tensor(np.random.default_rng(0).integers(-9, 10, shape)).to(dtype)
    y = on_threads(lambda: x.cumsum(1))
    assert y.tolist() == np.cumsum(x.numpy(), 1).tolist()


@NARROW
@pytest.mark.parametrize("shape", [(3, 1), (5, 17), (40, 1000), (2, 3, 70), (2, 20000)], ids=str)
def test_softmax_is_rounded_once(dtype, shape):
    x = torch.tensor(np.random.default_rng(1).normal(0, 2, shape)).to(dtype)
    e = np.exp(double(x) - double(x).max(-1, keepdims=True))
    p = e / e.sum(-1, keepdims=True)
    half_a_unit = 2**-8 if dtype is torch.bfloat16 else 2**-11
    kernel = torch.tensor(K.softmax(x._a, x.ndim - 1).astype(np.float32)).to(dtype)
    for y, expected in ((x.softmax(-1), p), (x.log_softmax(-1), np.log(p)), (kernel, p)):
        assert y.dtype is dtype
        error = np.abs(double(y) - expected)
        assert (error <= np.abs(expected) * half_a_unit * 1.01 + 2**-25).all()


def test_floats_are_rounded_to_bfloat16_to_the_nearest():
    g = np.random.default_rng(0)
    bits = g.integers(0, 2**32, 40_000, np.uint32)
    ends = np.arange(0x7FF8, 0x8008, dtype=np.uint32)  # ties and their neighbours
    bits = np.concatenate([bits, bits & 0x807FFFFF, (bits & 0xFFFF0000) + g.choice(ends, 40_000)])
    x = bits.astype(np.uint32).view(np.float32)
    got = torch.tensor(x).bfloat16()
    kept = got.view(torch.int16).numpy().view(np.uint16)
    numbers = ~np.isnan(x)
    # the sum may carry into the exponent, and to infinity
    expected = (bits + np.uint32(0x7FFF) + (bits >> 16 & 1)) >> 16
    np.testing.assert_array_equal(kept[numbers], expected[numbers])
    assert torch.isnan(got).numpy()[~numbers].all()
    assert (kept[~numbers] >> 15 == bits[~numbers] >> 31).all()


@pytest.mark.parametrize("dtype", ["uint8", "int16", "bfloat16", "float32", "int64", "float64"])
@pytest.mark.parametrize("shape", [(3, 5), (40, 333), (2, 3000), (9, 1)], ids=str)
def test_gather_along_rows(dtype, shape):
    g = np.random.default_rng(0)
    x = torch.tensor(g.integers(0, 100, shape)).to(getattr(torch, dtype))
    for width in (1, 7, 8, 9, 100):
        i = g.integers(0, shape[1], (shape[0], width))
        y = on_threads(lambda i=i: x.gather(1, torch.tensor(i)))
        assert y.tolist() == np.take_along_axis(double(x), i, 1).tolist()


@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
@pytest.mark.parametrize("wrong", [20, -1, 2**40])
def test_gather_finds_every_wrong_index(dtype, wrong):
    x = torch.zeros(6, 20, dtype=getattr(torch, dtype))
    for place in range(19):
        i = torch.zeros(6, 19, dtype=torch.int64)
        i[place % 6, place] = wrong
        with pytest.raises(RuntimeError, match="out of bounds"):
            x.gather(1, i)


@pytest.mark.parametrize("shape", [(500, 700, 600), (30, 1000, 900), (13, 2000, 300)], ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_large_products_in_groups_of_panels(shape, dtype):
    m, n, k = shape
    x, y = eighths(m, k, dtype=dtype), eighths(k, n, seed=1, dtype=dtype)
    b = eighths(n, seed=2, dtype=dtype)
    expected = double(x) @ double(y)
    for p in (x, x.t().contiguous().t()):
        for q in (y, y.t().contiguous().t()):
            got = on_threads(lambda p=p, q=q: p @ q)
            np.testing.assert_array_equal(double(got), expected)
    got = on_threads(lambda: F.linear(x, y.t(), b))
    np.testing.assert_array_equal(double(got), expected + double(b))
    three = torch.stack([x, x * 2, x])
    np.testing.assert_array_equal(double(three @ y)[1], expected * 2)


def test_erf_of_doubles():
    g = np.random.default_rng(0)
    x = np.concatenate(
        [g.normal(0, 2, 5000), np.linspace(-7, 7, 4001), 2.0 ** -g.uniform(0, 600, 50)]
    )
    y = torch.erf(torch.tensor(x)).numpy()
    exact = np.array([math.erf(v) for v in x])
    assert (np.abs(y - exact) <= 2 * np.spacing(np.abs(exact))).all()
    ends = torch.tensor([math.inf, -math.inf, 0.0, -0.0, math.nan], dtype=torch.float64)
    values = torch.erf(ends).tolist()
    assert values[:4] == [1, -1, 0, 0] and math.copysign(1, values[3]) == -1
    assert math.isnan(values[4])


@pytest.mark.parametrize(("inputs", "outputs"), [(16, 64), (16, 16)], ids=["product", "direct"])
def test_silu_behind_a_convolution_keeps_its_digits_and_its_ends(inputs, outputs):
    nn = torch.nn
    g = np.random.default_rng(0)
    x = np.concatenate(
        [g.uniform(-100, 100, 8000), g.normal(0, 2, 8000), np.linspace(-79, -81, 384)]
    )
    x = x.astype(np.float32)
    x[:2] = np.nan, -1000
    conv, norm = nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs, eps=1e-30)
    layers = nn.Sequential(conv, norm, nn.SiLU()).eval()
    with torch.no_grad():
        conv.weight.copy_(torch.eye(outputs, inputs).reshape(outputs, inputs, 1, 1))
        # one channel at a time: a NaN times 0 would reach the others
        images = torch.zeros(16, 16, 32, 32)
        for c in range(16):
            images[c, c] = torch.tensor(x.reshape(16, 32, 32)[c])
        got = layers(images).numpy()
    y = np.concatenate([got[c, c].reshape(-1) for c in range(16)])
    wide = x.astype(np.float64)
    with np.errstate(over="ignore"):
        exact = wide / (1 + np.exp(-wide))
    assert np.isnan(y[0]) and y[1] == 0
    unit = np.spacing(np.abs(exact).astype(np.float32))
    error, normal = np.abs(y - exact), wide > -80
    assert (error[normal] <= 4 * unit[normal]).all()
    assert (error[wide <= -80] <= 1e-36).all()  # (e^89 is more than float32 holds)


@NARROW
@pytest.mark.parametrize("name", ["floor", "ceil", "trunc", "round"])
def test_rounding_of_every_number(dtype, name):
    x = torch.tensor(np.arange(2**16).astype(np.uint16).view(np.int16)).view(dtype)
    y = getattr(torch, name)(x)
    with np.errstate(invalid="ignore"):  # a NaN that signals
        expected = {"round": np.rint}.get(name, getattr(np, name))(double(x))
    same(y, expected)
    np.testing.assert_array_equal(np.signbit(double(y)), np.signbit(expected))
    for n in (1, 15, 16, 17, 33):
        same(getattr(torch, name)(x[16200:][:n]), expected[16200:][:n])


@NARROW
@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax", "fmin"])
def test_the_larger_of_two_numbers_one_of_them_nan(dtype, name):
    g = np.random.default_rng(0)
    ends = [math.nan, math.inf, -math.inf, 0.0, 1.0, 2.0**-24, -1.5]
    x, y = (torch.tensor(g.choice(ends, (331, 217))).to(dtype) for _ in range(2))
    f, exact = getattr(torch, name), getattr(np, name)
    for other in (y, y[0], y[:, :1], y[0, 0], y.t().contiguous().t()):
        same(on_threads(lambda other=other: f(x, other)), exact(double(x), double(other)))
        same(on_threads(lambda other=other: f(other, x)), exact(double(other), double(x)))


@NARROW
@pytest.mark.parametrize("shape", [(), (0, 3), (17,), (301, 333)], ids=str)
def test_mixtures_of_three_arrays(dtype, shape):
    x, y, z = (eighths(*shape, seed=i, dtype=dtype) for i in range(3))
    w = torch.tensor(np.random.default_rng(3).integers(0, 5, shape) / 4).to(dtype)
    u, v, t, s = map(double, (x, y, z, w))
    same(on_threads(lambda: torch.lerp(x, y, w)), u + s * (v - u))
    same(on_threads(lambda: torch.lerp(x, y, 0.25)), u + 0.25 * (v - u))
    same(on_threads(lambda: torch.addcmul(x, y, z, value=2)), u + 2 * v * t)
    one = torch.ones_like(z)
    same(on_threads(lambda: torch.addcdiv(x, y, one, value=0.5)), u + 0.5 * v)
    same(F.softshrink(x, 0.5), np.where(u > 0.5, u - 0.5, np.where(u < -0.5, u + 0.5, 0)))


@NARROW
def test_casts_of_every_number(dtype):
    bits = np.arange(2**16).astype(np.uint16)
    x = torch.tensor(bits.view(np.int16)).view(dtype)
    wide = bits.view("f2") if dtype is torch.float16 else (bits.astype("u4") << 16).view("f4")
    with np.errstate(invalid="ignore"):  # a NaN that signals
        exact = wide.astype(np.float64)
    np.testing.assert_array_equal(x.double().numpy(), exact)
    small = np.flatnonzero(np.abs(exact) < 2**31)
    for to in (torch.int32, torch.int64):
        for n in (1, 7, 9, 40, len(small)):
            assert x[small[:n]].to(to).tolist() == exact[small[:n]].astype(np.int64).tolist()


@pytest.mark.parametrize("n", [1, 3, 4, 5, 15, 17, 300, 1031, 70001])
def test_whole_numbers_wrap_around_at_every_length(n):
    g = np.random.default_rng(n)
    x, y = g.integers(-(2**63), 2**63 - 1, (2, n + 1))[:, 1:]  # not at the start of a line
    s, t = torch.from_numpy(x), torch.from_numpy(y)
    for got, expected in ((s + t, x + y), (s - 5, x - 5), (7 - s, 7 - x), (s * t, x * y)):
        assert got.tolist() == expected.tolist()
    assert s.clamp(-(2**61), 2**62).tolist() == x.clip(-(2**61), 2**62).tolist()
    assert on_threads(s.sum).item() == x.sum()


@pytest.mark.skipif(native is None, reason="of kernels")
@NARROW
@pytest.mark.parametrize(
    ("shape", "groups"), [((70, 8), 2), ((4, 6, 9), 3), ((3, 16, 33, 31), 4), ((1, 1, 130), 1)]
)
def test_group_norm_is_float32_s_rounded_once(shape, groups, dtype):
    g = np.random.default_rng(0)
    dy, x = (torch.tensor(g.standard_normal(shape), dtype=dtype)._a for _ in range(2))
    w, b = (g.standard_normal(shape[1], dtype="f") for _ in range(2))
    narrow, wide = (lambda v: v.astype(x.dtype).view("u2")), (lambda v: v.astype("f"))
    for u, v in ((w, b), (None, None)):
        y, m, r = native.group_norm(x, groups, u, v, 1e-5)
        expected = native.group_norm(wide(x), groups, u, v, 1e-5)
        np.testing.assert_array_equal(y.view("u2"), narrow(expected[0]))
        np.testing.assert_array_equal((m, r), expected[1:])
        for d in (dy, np.broadcast_to(dy.reshape(-1)[:1].reshape(()), shape)):  # and of a sum
            dx, *sums = native.group_norm_dx(d, x, u, m, r, groups)
            expected = native.group_norm_dx(wide(d), wide(x), u, m, r, groups)
            np.testing.assert_array_equal(dx.view("u2"), narrow(expected[0]))
            np.testing.assert_array_equal(sums, expected[1:])


@NARROW
def test_one_number_repeated_changes_its_dtype(dtype):
    """The gradient of a sum: row-major, as of any other array."""
    one = torch.tensor(0.3, dtype=dtype).expand(300, 70)
    for to in (torch.float32, torch.float64):
        y = one.to(to)
        assert y.is_contiguous() and y.dtype is to
        assert (y == torch.tensor(0.3, dtype=dtype).to(to)).all()
    back = torch.tensor(0.3).expand(5, 300).to(dtype)
    assert back.is_contiguous() and (back == torch.tensor(0.3, dtype=dtype)).all()


def test_cubes_and_reciprocals_of_bfloat16():
    """As PyTorch's: x² of x³ is rounded, too; 1 / x, sqrt(x) and their kin are those functions."""
    x = torch.arange(0x3F00, 0x4100, dtype=torch.int16).view(torch.bfloat16)
    assert ((x**3) == (x * x) * x).all()
    assert ((x**-1) == x.reciprocal()).all() and ((x**0.5) == x.sqrt()).all()
    assert ((x**-0.5) == x.rsqrt()).all() and ((x**-2) == (x * x).reciprocal()).all()
    y = torch.tensor([1.01, -3.0, 0.3], dtype=torch.float16)
    same(y**3, double(y) ** 3)
