"""Native kernels against their NumPy twins: values, shapes, dtypes, threads; and the pool itself.

A case is a kernel and its arguments. Every case is run in float32 and float64, with contiguous,
transposed, strided, empty and 0-d arrays, and on one and on two threads, which must give the same
bits.
Convolution, pooling and random numbers have files of their own.
"""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from rushlight import kernels as seam
from rushlight.kernels.twin import TWINS
from rushlight.kernels.vocabulary import WORDS

pytestmark = pytest.mark.skipif(seam.native is None, reason="the native extension is not loaded")
native = seam.native
TWIN = {**WORDS, **TWINS}

TOLERANCE = {"f": {"rtol": 3e-6, "atol": 1e-6}, "d": {"rtol": 1e-12, "atol": 1e-13}}
SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, -1e-40, 3e38, -3e38, 88.8, -104.5, 1.0, -1.0]

UNARY = {
    name: ()
    for name in (
        "neg abs exp expm1 log log1p sqrt rsqrt reciprocal square relu sigmoid tanh erf silu mish "
        "selu relu6 log_sigmoid softsign hardswish hardsigmoid"
    ).split()
}
UNARY |= {"leaky_relu": (0.01,), "elu": (1.3,), "celu": (0.7,), "softplus": (2.0, 20.0)}
UNARY |= {"hardtanh": (-0.5, 1.5), "threshold": (0.3, -2.0)}
DX = {
    name: ()
    for name in (
        "relu_dx sigmoid_dx tanh_dx silu_dx mish_dx selu_dx relu6_dx log_sigmoid_dx softsign_dx "
        "hardswish_dx hardsigmoid_dx"
    ).split()
}
DX |= {f"{name}_dx": numbers for name, numbers in UNARY.items() if numbers}
CASES = [
    *UNARY.items(),
    *DX.items(),
    *((name, (tanh,)) for name in ("gelu", "gelu_dx") for tanh in (False, True)),
]
SHAPES = [(), (0,), (1,), (5,), (16,), (3, 0), (4, 4), (7, 33), (2, 3, 5), (130, 301)]


def make(shape, dtype, seed=0):
    x = np.random.default_rng(seed).standard_normal(shape) * 2
    return np.asarray(x).astype(dtype)


def eighths(shape, dtype, seed=0):
    """As make, in eighths: their sums, and those of their products, are exact in any order, so on
    any processor and with any BLAS under the twins."""
    return np.asarray(np.round(make(shape, "d", seed) * 8) / 8).astype(dtype)


def check(got, expected, dtype, **tolerance):
    """One result or a tuple of them: shape, dtype, values with NaN in the same places."""
    if isinstance(expected, (tuple, list)):
        assert len(got) == len(expected)
        for g, e in zip(got, expected, strict=True):
            check(g, e, dtype, **tolerance)
        return
    if expected is None:
        assert got is None
        return
    assert type(got) is np.ndarray
    assert got.shape == np.shape(expected)
    assert got.dtype == np.asarray(expected).dtype
    np.testing.assert_allclose(got, expected, **(TOLERANCE[dtype] | tolerance))


def bits(y):
    results = y if isinstance(y, (tuple, list)) else [y]
    return [v.tobytes() for v in results if v is not None]


def compare(name, args, dtype, **tolerance):
    """native against twin, inputs left alone, the same bits on one thread and on two."""
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
    got = getattr(native, name)(*args)
    for a, c in zip(args, copies, strict=True):
        if isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, c)
    with np.errstate(all="ignore"):
        expected = TWIN[name](*args)
    check(got, expected, dtype, **tolerance)
    native.set_num_threads(1)
    alone = getattr(native, name)(*args)
    native.set_num_threads(2)
    assert bits(alone) == bits(getattr(native, name)(*args))


@pytest.fixture(autouse=True)
def two_threads():
    before = native.get_num_threads()
    native.set_num_threads(2)
    yield
    native.set_num_threads(before)


# --- pointwise ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", "fd")
@pytest.mark.parametrize(("name", "numbers"), CASES)
def test_pointwise(name, numbers, dtype):
    arrays = 2 if name.endswith("_dx") else 1
    positive = name in ("log", "sqrt", "rsqrt", "log1p")
    wide = {"rtol": 2e-5 if dtype == "f" else 1e-11}
    for shape in SHAPES:
        xs = [make(shape, dtype, seed) for seed in range(arrays)]
        if positive:
            xs = [np.abs(x) for x in xs]
        compare(name, (*xs, *numbers), dtype, **wide)
        if len(shape) == 2:
            compare(name, (*(x.T for x in xs), *numbers), dtype, **wide)
            compare(name, (*(x[:, ::2] for x in xs), *numbers), dtype, **wide)


@pytest.mark.parametrize("dtype", "fd")
@pytest.mark.parametrize(("name", "numbers"), CASES)
def test_pointwise_special_values(name, numbers, dtype):
    x = np.array(SPECIAL, dtype)
    args = (np.ones_like(x), x) if name.endswith("_dx") else (x,)
    got = getattr(native, name)(*args, *numbers)
    with np.errstate(all="ignore"):
        expected = TWIN[name](*args, *numbers)
    # A float32 exp of 88.8 or -104.5 is at the edge of overflow or underflow: either side is right.
    edge = 1e-37 if dtype == "f" else 1e-300
    np.testing.assert_allclose(got, expected, rtol=2e-5, atol=edge)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("exp", -87, 88), ("log", 1e-30, 1e30), ("tanh", -9, 9), ("erf", -4, 4), ("expm1", -9, 80),
     ("log1p", -0.99, 1e6), ("sigmoid", -80, 80)],
)  # fmt: skip
def test_float32_is_within_a_few_units_of_the_true_value(name, low, high):
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(low, high, 20000), rng.standard_normal(20000)]).astype("f")
    x = x[(x > low) & (x < high)]
    truth = getattr(native, name)(x.astype("d"))  # float64: the C library's
    error = np.abs(getattr(native, name)(x) - truth) / np.spacing(np.abs(truth).astype("f"))
    assert error.max() < 3


@pytest.mark.parametrize("dtype", "fd")
@pytest.mark.parametrize("name", ["add", "sub", "mul", "div"])
def test_arithmetic_with_arrays_numbers_and_rows(name, dtype):
    for shape in SHAPES:
        x, y = make(shape, dtype), make(shape, dtype, 1) + 3
        for other in (y, 2.5, 3, np.asarray(1.5, dtype)):
            compare(name, (x, other), dtype)
            compare(name, (other, np.asarray(x + 5)), dtype)
        if len(shape) >= 2:
            row = make(shape[1:], dtype, 2) + 4
            compare(name, (x, row), dtype)
            compare(name, (row, x + 5), dtype)
            compare(name, (x.T, y.T), dtype)
            compare(name, (x, make((*shape[:-1], 1), dtype) + 9), dtype)  # the twin's
    compare(name, (np.arange(4), np.arange(4) + 1), dtype)


@pytest.mark.parametrize("dtype", "fd")
def test_add_in_place(dtype):
    for shape in SHAPES:
        x, y = make(shape, dtype), make(shape, dtype, 1)
        expected = x + y
        result = native.add_(x, y)
        assert result is x
        np.testing.assert_array_equal(x, expected)


# --- products and sums -------------------------------------------------------------------------

SIZES = [(1, 1, 1), (4, 3, 5), (1, 17, 33), (2, 100, 9), (64, 10, 50), (65, 130, 600), (70, 65, 48)]


@pytest.mark.parametrize("dtype", "fd")
@pytest.mark.parametrize(("m", "n", "k"), SIZES)
def test_linear_and_its_derivatives(m, n, k, dtype):
    x, w, b, dy = (eighths(s, dtype, i) for i, s in enumerate([(m, k), (n, k), (n,), (m, n)]))
    for name, args in {
        "linear": (x, w, b),
        "linear_relu": (x, w, b),
        "linear_dx": (dy, w),
        "linear_dw": (dy, x),
        "linear_db": (dy,),
    }.items():
        compare(name, args, dtype)
    compare("linear", (x, w, None), dtype)
    compare("linear", (np.asfortranarray(x), w[:, ::-1], b), dtype)
    compare("linear", (x.reshape(m, 1, k), w, b), dtype)
    compare("linear", (x[0], w, b), dtype)
    compare("linear", (x[:0], w, b), dtype)
    compare("linear_dw", (dy.reshape(m, 1, n), x.reshape(m, 1, k)), dtype)


@pytest.mark.parametrize("dtype", "fd")
@pytest.mark.parametrize(("m", "n", "k"), SIZES)
def test_matmul(m, n, k, dtype):
    x, y = eighths((m, k), dtype), eighths((k, n), dtype, 1)
    for p in (x, np.asfortranarray(x), np.repeat(x, 2, 1)[:, ::2], x[::-1]):
        for q in (y, np.asfortranarray(y), np.repeat(y, 3, 0)[::3]):
            compare("matmul", (p, q), dtype)
    batch, other = eighths((5, m, k), dtype, 2), eighths((5, k, n), dtype, 3)
    compare("matmul", (batch, other), dtype)
    compare("matmul", (batch, y), dtype)
    compare("matmul", (x, other), dtype)
    compare("matmul", (batch[::2], other[::2]), dtype)
    compare("matmul", (np.stack([batch, batch]), other), dtype)
    compare("matmul", (x, y[:, 0]), dtype)


def test_products_keep_their_digits():
    """Where products and sums are rounded: the error of 784 of them, beside the result's size."""
    x, w = make((64, 784), "f"), make((512, 784), "f", 1)
    exact = x.astype("d") @ w.T.astype("d")
    for y in (native.linear(x, w, None), native.matmul(x, w.T)):
        assert np.sqrt(np.square(y - exact).mean() / np.square(exact).mean()) < 1.5e-6


def test_matmul_of_nothing():
    assert not native.matmul(np.ones((3, 0), "f"), np.ones((0, 4), "f")).any()
    assert native.matmul(np.ones((0, 2), "f"), np.ones((2, 4), "f")).shape == (0, 4)
    with pytest.raises(ValueError, match="matmul"):
        native.matmul(np.ones((2, 3), "f"), np.ones((2, 3), "f"))


@pytest.mark.parametrize("dtype", "fd")
@pytest.mark.parametrize("name", ["sum", "mean"])
def test_sums(name, dtype):
    for shape in [(1,), (5,), (3, 4), (64, 10), (1000, 7), (2, 3, 4), (300, 301), (70000,)]:
        x = eighths(shape, dtype)
        for axis in (None, *range(-len(shape), len(shape))):
            for keep in (False, True):
                compare(name, (x, axis, keep), dtype)
    x = eighths((4, 5, 6), dtype)
    compare(name, (x.T, 1), dtype)
    compare(name, (x, (0, 2)), dtype)
    check(getattr(native, name)(x, axis=1, keepdims=True), TWIN[name](x, 1, keepdims=True), dtype)


def test_a_long_float32_sum_keeps_its_digits():
    x = np.full(3_000_001, 0.1, "f")
    assert abs(native.sum(x) / (np.float64(np.float32(0.1)) * x.size) - 1) < 3e-7


@pytest.mark.parametrize("dtype", "fd")
def test_argmax_takes_the_first_of_the_largest_and_nan_before_all(dtype):
    x = make((50, 13), dtype)
    x[3, [4, 9]] = 100
    x[7, [2, 5]] = np.nan
    x[8] = np.inf
    compare("argmax", (x, -1), dtype)
    compare("argmax", (x, 0), dtype)


# --- softmax, norms, embedding -----------------------------------------------------------------


@pytest.mark.parametrize("dtype", "fd")
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax(name, dtype):
    for shape in [(5,), (4, 10), (3, 40), (2, 3, 5), (4, 7, 33), (200, 300), (2, 0), (0, 3)]:
        x, dy = make(shape, dtype) * 10, make(shape, dtype, 1)
        for axis in range(-len(shape), len(shape)):
            compare(name, (x, axis), dtype, rtol=1e-5, atol=1e-5 if dtype == "f" else 1e-12)
            y = TWIN[name](x, axis)
            compare(f"{name}_dx", (dy, y, axis), dtype, atol=1e-5 if dtype == "f" else 1e-12)
    compare(name, (make((), dtype), 0), dtype)
    compare(name, (make((6, 5), dtype).T, 1), dtype, rtol=1e-5)


def test_softmax_of_extremes():
    x = np.array([[1e4, -1e4, 0], [-np.inf, 0, -np.inf], [np.nan, 1, 2]], "f")
    compare("softmax", (x, 1), "f")
    compare("log_softmax", (x, 1), "f")
    assert np.isnan(native.softmax(np.full((1, 3), -np.inf, "f"), 1)).all()


@pytest.mark.parametrize("dtype", "fd")
@pytest.mark.parametrize("mean", [False, True])
def test_cross_entropy(dtype, mean):
    for n, c in [(1, 1), (5, 3), (64, 10), (70, 1000)]:
        x, t = make((n, c), dtype) * 3, np.arange(n) * 7 % c
        if n > 4:
            t[[1, 3]] = -100
        wide = {"rtol": 1e-5, "atol": 1e-5} if dtype == "f" else {}
        compare("cross_entropy", (x, t, -100, mean), dtype, **wide)
        logp = TWIN["log_softmax"](x, 1)
        compare("cross_entropy_dx", (np.asarray(0.7, dtype), logp, t, -100, mean), dtype, **wide)


def test_cross_entropy_refuses_a_class_that_is_not_there():
    x = np.zeros((2, 3), "f")
    for bad in (3, -1):
        with pytest.raises(IndexError, match=f"Target {bad} is out of bounds"):
            native.cross_entropy(x, np.array([0, bad]), -100, True)
    assert np.isnan(native.cross_entropy(x, np.array([-100, -100]), -100, True)[0])


@pytest.mark.parametrize("dtype", "fd")
def test_layer_norm(dtype):
    wide = {"rtol": 1e-4, "atol": 2e-5} if dtype == "f" else {"atol": 1e-11}
    for shape, n in [((4, 8), 1), ((3, 5, 7), 2), ((200, 100), 1), ((6,), 1)]:
        x, dy = make(shape, dtype) + 1, make(shape, dtype, 1)
        w, b = make(shape[-n:], dtype, 2), make(shape[-n:], dtype, 3)
        for affine in ((w, b), (w, None), (None, None)):
            compare("layer_norm", (x, n, *affine, 1e-5), dtype, **wide)
            _, mean, rstd = TWIN["layer_norm"](x, n, *affine, 1e-5)
            compare("layer_norm_dx", (dy, x, affine[0], mean, rstd, n), dtype, **wide)


@pytest.mark.parametrize("dtype", "fd")
def test_batch_norm(dtype):
    wide = {"rtol": 1e-4, "atol": 5e-5} if dtype == "f" else {"atol": 1e-11}
    for shape in [(8, 3), (64, 100), (4, 3, 5), (2, 16, 9, 7), (3, 2, 2, 3, 4)]:
        x, dy = make(shape, dtype) * 2 + 1, make(shape, dtype, 1)
        w, b, m = (make(shape[1:2], dtype, i) for i in (2, 3, 4))
        var = np.abs(make(shape[1:2], dtype, 5)) + 0.5
        for affine in ((w, b), (None, None)):
            compare("batch_norm", (x, *affine, 1e-5), dtype, **wide)
            _, mean, rstd = TWIN["batch_norm"](x, *affine, 1e-5)
            compare("batch_norm_dx", (dy, x, affine[0], mean, rstd), dtype, **wide)
            compare("batch_norm_eval", (x, *affine, m, var, 1e-5), dtype, **wide)
            compare("batch_norm_eval_dx", (dy, x, affine[0], m, var, 1e-5), dtype, **wide)


@pytest.mark.parametrize("dtype", "fd")
def test_embedding(dtype):
    w, i = make((11, 70), dtype), np.random.default_rng(0).integers(0, 11, (6, 5))
    dy = make((6, 5, 70), dtype, 1)
    compare("embedding", (w, i), dtype)
    compare("embedding", (w, i[:0]), dtype)
    for padding in (-1, 3):
        for scale in (False, True):
            compare("embedding_dw", (dy, i, 11, padding, scale), dtype)
    for bad in (11, -1):
        with pytest.raises(IndexError, match="index out of range in self"):
            native.embedding(w, np.array([0, bad]))


@pytest.mark.parametrize("dtype", ["f4", "u1", "i8", "?", "c8", "S3", "O"])
def test_take(dtype):
    x = np.arange(2000).reshape(100, 20).astype(dtype)
    for i in ([0, 99, 5], [-1, 3], [[1, 2], [3, 4]], []):
        got = native.take(x, np.array(i, "i8"))
        np.testing.assert_array_equal(got, x[np.array(i, "i8")])
        assert got.dtype == x.dtype
    np.testing.assert_array_equal(native.take(x[:, ::2], np.array([7])), x[[7], ::2])
    with pytest.raises(IndexError):
        native.take(x, np.array([100]))


# --- optimizers --------------------------------------------------------------------------------


def steps(kernel, dtype, states, *args):
    """Three steps on parameters of several shapes; the parameters and states after them.

    states: for every kind of state, whether it begins positive or at zero.
    """
    shapes = [(3,), (40, 50), (), (300, 100)]
    params = [make(s, dtype, i) for i, s in enumerate(shapes)]
    state = [[np.asarray(np.abs(make(s, dtype, 9)) * up) for s in shapes] for up in states]
    for t in range(1, 4):
        grads = [make(s, dtype, 10 * t + i) for i, s in enumerate(shapes)]
        counts = [float(t)] * len(shapes)
        kernel(params, grads, state, counts, *args)
    return params + [x for s in state for x in s]


def both(run, dtype):
    native.set_num_threads(1)
    again = run(lambda name: getattr(native, name))
    native.set_num_threads(2)
    got = run(lambda name: getattr(native, name))
    expected = run(lambda name: TWIN[name])
    for g, a, e in zip(got, again, expected, strict=True):
        assert g.tobytes() == a.tobytes()
        np.testing.assert_allclose(g, e, rtol=1e-5 if dtype == "f" else 1e-11, atol=1e-6)


@pytest.mark.parametrize("dtype", "fd")
@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize(
    ("momentum", "dampening", "nesterov"),
    [(0, 0, False), (0.9, 0, False), (0.9, 0.1, False), (0.9, 0, True)],
)
@pytest.mark.parametrize("decay", [0, 0.1])
def test_sgd(dtype, momentum, dampening, nesterov, maximize, decay):
    def run(kernel):
        bufs = [None] * 4

        def step(params, grads, state, counts):
            bufs[:] = kernel("sgd_step")(
                params, grads, bufs, 0.1, momentum, dampening, decay, nesterov, maximize
            )

        return steps(step, dtype, ()) + [b for b in bufs if b is not None]

    both(run, dtype)


@pytest.mark.parametrize("dtype", "fd")
@pytest.mark.parametrize("amsgrad", [False, True])
@pytest.mark.parametrize("decay", [(0, False), (0.1, False), (0.1, True)])
def test_adam(dtype, amsgrad, decay):
    def run(kernel):
        def step(params, grads, state, counts):
            vmaxs = state[2] if amsgrad else None
            numbers = (0.01, 0.9, 0.99, 1e-8, decay[0], amsgrad, False, decay[1])
            kernel("adam_step")(params, grads, state[0], state[1], vmaxs, counts, *numbers)

        return steps(step, dtype, (False, False, False))

    both(run, dtype)


@pytest.mark.parametrize("dtype", "fd")
@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("momentum", [0, 0.9])
def test_rmsprop(dtype, centered, momentum):
    def run(kernel):
        def step(params, grads, state, counts):
            means, bufs = state[1] if centered else None, state[2] if momentum else None
            numbers = (0.01, 0.9, 1e-3, 0.1, momentum, True)
            kernel("rmsprop_step")(params, grads, state[0], means, bufs, *numbers)

        return steps(step, dtype, (False, False, False))

    both(run, dtype)


@pytest.mark.parametrize("dtype", "fd")
def test_adagrad(dtype):
    def run(kernel):
        def step(params, grads, state, counts):
            kernel("adagrad_step")(params, grads, state[0], counts, 0.1, 0.01, 1e-10, 0.1, False)

        return steps(step, dtype, (True,))

    both(run, dtype)


# --- the binding and the pool ------------------------------------------------------------------


def test_other_dtypes_and_layouts_are_the_twins():
    x = np.arange(6).reshape(2, 3)
    np.testing.assert_array_equal(native.relu(x - 3), np.maximum(x - 3, 0))
    half = np.linspace(-1, 1, 5, dtype="f2")
    assert native.sigmoid(half).dtype == half.dtype
    swapped = np.arange(4, dtype=">f4")
    np.testing.assert_array_equal(native.neg(swapped), -swapped)
    raw = np.zeros(17, "u1")[1:].view("f4")  # not aligned
    np.testing.assert_array_equal(native.exp(raw), np.ones(4, "f"))


def test_wrong_arguments_raise_and_do_not_crash():
    x = np.ones((2, 3), "f")
    for call in (
        lambda: native.relu(),
        lambda: native.relu(x, x),
        lambda: native.linear(x, x),
        lambda: native.leaky_relu(x, "steep"),
        lambda: native.softmax(x, 5),
        lambda: native.sgd_step([x], [], [None], 0.1, 0, 0, 0, False, False),
        lambda: native.set_fallback("nothing", len),
        lambda: native.set_num_threads(0),
    ):
        with pytest.raises((TypeError, ValueError, LookupError, RuntimeError)):
            call()


def test_the_pool_serves_many_python_threads():
    x, w = make((64, 300), "f"), make((200, 300), "f", 1)
    expected = native.linear(x, w, None)
    wrong = []

    def work():
        for _ in range(50):
            if not (native.linear(x, w, None) == expected).all():
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_more_threads_than_processors_runs_or_blocks_change_no_bit():
    x, w = make((300, 130), "f"), make((70, 130), "f", 1)
    long = make((400_000,), "f", 2)
    before, results = native.get_num_threads(), []
    try:
        for n in (1, 2, 3, 63, 64, 65, 100, 2):
            native.set_num_threads(n)
            for _ in range(10):
                y = native.linear(x, w, None), native.sum(long), native.exp(long)
                results.append([a.tobytes() for a in y])
    finally:
        native.set_num_threads(before)
    assert all(r == results[0] for r in results)


def in_python(code, **environment):
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_the_pool_survives_fork():
    code = """
import os, numpy as np
from rushlight import _native as n
n.set_num_threads(2)
x = np.ones((300, 300), "f")
y = n.matmul(x, x)
pid = os.fork()
if pid == 0:
    os._exit(0 if (n.matmul(x, x) == y).all() and n.get_num_threads() == 2 else 1)
print(os.waitpid(pid, 0)[1])
"""
    assert in_python(code) == "0"


def test_threads_come_from_the_environment():
    code = "from rushlight import _native as n; print(n.get_num_threads())"
    assert in_python(code, RUSHLIGHT_NUM_THREADS="3") == "3"
    assert in_python(code, OMP_NUM_THREADS="1", RUSHLIGHT_NUM_THREADS="") == "1"


@pytest.mark.parametrize("isa", ["baseline", "avx2", "avx512"])
def test_every_instruction_set_computes_the_same(isa):
    code = """
import numpy as np
from rushlight import _native as n
x, w = (np.sin(np.arange(70 * rows, dtype="f")).reshape(rows, 70) for rows in (33, 19))
print(n.isa(), float(n.sum(n.softmax(n.gelu(n.linear(x, w, None), False), 1)[:, 3])))
"""
    try:
        name, value = in_python(code, RUSHLIGHT_ISA=isa).split()
    except AssertionError as e:
        if "cannot run it" in str(e) or "the sets are" in str(e):
            pytest.skip(f"{isa} is not for this processor")
        raise
    assert name == isa
    x, w = (np.sin(np.arange(70.0 * rows)).reshape(rows, 70) for rows in (33, 19))
    expected = TWIN["softmax"](TWIN["gelu"](x @ w.T, False), 1)[:, 3].sum()
    assert abs(float(value) / expected - 1) < 1e-5


# --- losses and views --------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", "fd")
@pytest.mark.parametrize("mean", [False, True])
def test_squared_errors(mean, dtype):
    for shape in [(1, 2), *SHAPES, (70000,)]:
        x, y = make(shape, dtype), make(shape, dtype, 1)
        if x.size:
            compare("mse_loss", (x, y, mean), dtype, rtol=1e-5 if dtype == "f" else 1e-12)
        compare("mse_loss_dx", (np.asarray(0.7, dtype), x, y, mean), dtype)
    x, y = make((4, 6), dtype), make((6, 4), dtype, 1).T
    compare("mse_loss", (x, y, mean), dtype)
    compare("mse_loss_dx", (np.asarray(1, dtype), x, y, mean), dtype)


VIEWS = [(12,), (3, 4), (-1,), (2, -1, 2), ((4, 3),), ((-1, 6),), (1, 12, 1)]
NOT_VIEWS = [(), ((),), (5,), (-1, -1), (-2, 6), (2.0, 6), ("12",), (None,), (5, -1), (0, -1)]


@pytest.mark.parametrize("dtype", ["f4", "i8", "?", "c8"])
def test_dense_views(dtype):
    x = np.arange(12).astype(dtype).reshape(3, 4)
    for shape in VIEWS:
        got, want = native.dense_view(x, shape), TWIN["dense_view"](x, shape)
        assert got.shape == want.shape and got.dtype == x.dtype and np.shares_memory(got, x)
        np.testing.assert_array_equal(got, want)
    for shape in NOT_VIEWS:
        assert native.dense_view(x, shape) is TWIN["dense_view"](x, shape) is None
    assert native.dense_view(x.T, (12,)) is TWIN["dense_view"](x.T, (12,)) is None
    assert native.dense_view(np.zeros((0, 3), dtype), (3, 0)).shape == (3, 0)


def test_a_dense_view_keeps_its_array_and_what_may_be_done_to_it():
    x = np.arange(6.0)
    x.flags.writeable = False
    y = native.dense_view(x[2:], (2, 2))
    assert y.base is x and not y.flags.writeable and y.flags.c_contiguous
    del x
    assert y.tolist() == [[2, 3], [4, 5]]


def test_new_makes_instances_without_init():
    class Thing:
        def __init__(self):
            raise AssertionError

    assert type(native.new(Thing)) is Thing
    for wrong in (int, 3):
        with pytest.raises(TypeError, match="class"):
            native.new(wrong)


def test_the_c_library_computes_after_every_instruction_set_s_pooling():
    """A kernel that leaves an MMX register behind makes its fmod give NaN."""
    code = (
        "import numpy as np; from rushlight import _native as n;"
        "n.max_pool2d(np.ones((2, 3, 4, 4), 'f'), (1, 1), (1, 1), (0, 0), (1, 1), False);"
        "print(np.remainder(np.arange(3.0), 2.0).tolist())"
    )
    environment = dict(os.environ, RUSHLIGHT_ISA="baseline")
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[0.0, 1.0, 0.0]"


def test_large_empty_arrays_begin_with_a_cache_line():
    for shape, dtype in [((512, 200), "f4"), (1 << 16, np.int64), ([3, 1 << 15], "c8")]:
        arrays = [native.empty(shape, np.dtype(dtype)) for _ in range(4)]
        assert all(a.ctypes.data % 64 == 0 and a.flags.owndata for a in arrays)
        assert arrays[0].shape == np.empty(shape).shape and arrays[0].dtype == dtype
    a = native.empty((300, 300), np.dtype("f4"))
    a[...] = np.arange(300)
    a.resize((700, 300), refcheck=False)  # moved, and freed, by what it came from
    assert (a[:300] == np.arange(300)).all() and (a[300:] == 0).all()
    assert native.empty((2, 3), np.dtype("?")).shape == (2, 3)
    for wrong in ((-1, 2), (1 << 62, 4)):
        with pytest.raises(ValueError, match=r"dimensions|too big"):
            native.empty(wrong, np.dtype("f4"))
    with pytest.raises(TypeError):
        native.empty(3)
