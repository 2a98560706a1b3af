"""Native kernels against their NumPy twins: values, shapes, dtypes, threads; and the pool itself.

The cases come from the table of native kernels and their signatures (kernel_cases.py): float32 and
float64, contiguous, transposed, strided, empty and 0-d arrays. Each runs on one and on two threads,
which must give the same bits.
"""

import os
import subprocess
import sys
from copy import deepcopy

import ml_dtypes
import numpy as np
import pytest
from kernel_cases import (
    KERNELS,
    SHAPES,
    TOLERANCE,
    TWIN,
    cases,
    in_place,
    make,
    pointwise,
)
from kernel_cases_elementwise import operands

from rushlight import kernels as seam

pytestmark = [
    pytest.mark.skipif(seam.native is None, reason="the native extension is not loaded"),
    pytest.mark.usefixtures("two_threads"),
]
native = seam.native
SETS = native.sets() if native else ()  # the instruction sets that the file has kernels for

SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, -1e-40, 3e38, -3e38, 88.8, -104.5, 1.0, -1.0]


def check(got, expected, dtype, **tolerance):
    """A result, or lists of them: shape, dtype, values with NaN in the same places."""
    if isinstance(expected, (tuple, list)):
        assert len(got) == len(expected)
        for g, e in zip(got, expected, strict=True):
            check(g, e, dtype, **tolerance)
    elif isinstance(expected, (np.ndarray, np.generic)):
        assert type(got) is np.ndarray
        assert got.shape == np.shape(expected)
        assert got.dtype == np.asarray(expected).dtype
        np.testing.assert_allclose(got, expected, **(TOLERANCE[dtype] | tolerance))
    else:
        assert got == expected


def bits(y):
    results = y if isinstance(y, (tuple, list)) else [y]
    return [v if isinstance(v, int) else v.tobytes() for v in results if v is not None]


def compare(name, args, dtype, **tolerance):
    """native against twin, inputs left alone, the same bits on one thread and on two."""
    kernel, before = getattr(native, name), deepcopy(args)
    if in_place(name):
        compare_in_place(name, args, dtype, **tolerance)
        return
    got = kernel(*args)
    check(args, before, dtype, rtol=0, atol=0)
    with np.errstate(all="ignore"):
        expected = TWIN[name](*args)
    check(got, expected, dtype, **tolerance)
    native.set_num_threads(1)
    alone = kernel(*args)
    native.set_num_threads(2)
    assert bits(alone) == bits(kernel(*args))


def compare_in_place(name, args, dtype, **tolerance):
    """Likewise for a kernel that changes its arguments: what it returns and what it leaves."""
    results = []
    for threads, kernel in [
        (1, getattr(native, name)),
        (2, getattr(native, name)),
        (2, TWIN[name]),
    ]:
        native.set_num_threads(threads)
        own = deepcopy(args)
        results.append([kernel(*own), *own])
    alone, got, expected = results
    check(got, expected, dtype, **tolerance)
    check(alone, got, dtype, rtol=0, atol=0)


@pytest.mark.parametrize("dtype", "fd")
@pytest.mark.parametrize("name", KERNELS)
def test_native_is_the_twin(name, dtype):
    tried = 0
    for args, tolerance in cases(name, dtype):
        compare(name, args, dtype, **tolerance)
        tried += 1
    assert tried


def test_a_kernel_without_cases_fails(monkeypatch):
    def stranger():
        """(x, axis, beta)"""

    monkeypatch.setattr(native, "stranger", stranger, raising=False)
    with pytest.raises(LookupError, match="no cases for kernel stranger"):
        list(cases("stranger", "f"))
    stranger.__doc__ = "stranger(x, a)"
    with pytest.raises(LookupError):
        list(cases("stranger", "f"))
    stranger.__doc__ = "(dy, x)"
    assert len(list(cases("stranger", "f"))) > 10


# --- pointwise ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", "fd")
@pytest.mark.parametrize(("name", "numbers"), pointwise())
def test_special_values(name, numbers, dtype):
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


def test_gelu_keeps_the_digits_of_its_tail():
    x = np.linspace(-5.6, 5.6, 20000).astype("f")  # (not 0)
    truth = native.gelu(x.astype("d"), False)
    error = np.abs(native.gelu(x, False) - truth)
    assert (error / np.abs(truth).clip(1e-30)).max() < 1e-5 and (error / np.abs(x)).max() < 2e-7
    few = np.float32([-6, -0.0, 0.0, np.inf, 90])
    assert native.gelu(few, False).tolist() == [0, 0, 0, np.inf, 90]


@pytest.mark.parametrize("narrow", ["f2", np.dtype(ml_dtypes.bfloat16)], ids=["half", "bfloat16"])
@pytest.mark.parametrize(("name", "numbers"), pointwise())
def test_two_byte_floats_are_computed_in_float32(name, numbers, narrow):
    """Each number is float32's, rounded once, in any order in memory."""
    kernel, arrays = getattr(native, name), 2 if name.endswith("_dx") else 1
    for shape in [(0,), (5,), (70, 301)]:
        xs = [np.clip(np.abs(make(shape, "f", i)), 0.01, 0.9).astype(narrow) for i in range(arrays)]
        for given in (xs, [x.T for x in xs]):
            got = kernel(*given, *numbers)
            with np.errstate(all="ignore"):
                expected = kernel(*(x.astype("f") for x in given), *numbers).astype(narrow)
            if name == "cube":  # of bfloat16 rounded twice
                expected = TWIN[name](*given)
            assert got.dtype == expected.dtype and got.strides == expected.strides
            np.testing.assert_array_equal(got.view("u2"), expected.view("u2"))


@pytest.mark.parametrize("narrow", ["f2", np.dtype(ml_dtypes.bfloat16)], ids=["half", "bfloat16"])
def test_sums_of_two_byte_floats_are_rounded_once(narrow):
    for shape in [
        (),
        (1,),
        (5,),
        (33, 70),
        (3, 5000),
        (100000,),
        (9000, 33),
        (2, 41, 300),
        (0, 64),
    ]:
        x = np.asarray(np.round(make(shape, "d") * 2) / 8).astype(narrow)
        for axis in (None, *range(-len(shape), len(shape))):
            for keep in (False, True):
                got = native.sum(x, axis, keep)
                expected = np.sum(x.astype("d"), axis, keepdims=keep).astype("f").astype(narrow)
                assert got.dtype == x.dtype and got.shape == np.shape(expected)
                np.testing.assert_array_equal(got, expected)
                if x.size:
                    got = native.mean(x, axis, keep)
                    mean = np.mean(x.astype("d"), axis, keepdims=keep).astype("f").astype(narrow)
                    assert got.dtype == x.dtype and got.shape == np.shape(mean)
                    np.testing.assert_array_equal(got, mean)


@pytest.mark.parametrize("narrow", ["f2", np.dtype(ml_dtypes.bfloat16)], ids=["half", "bfloat16"])
def test_layer_norm_of_two_byte_floats_is_float32_s_rounded_once(narrow):
    for shape, n in [((3, 5), 1), ((70, 301), 1), ((7, 20, 30), 2), ((2, 9000), 1)]:
        x, w, b = (make(s, "f", i).astype(narrow) for i, s in enumerate([shape, *[shape[-n:]] * 2]))
        for affine in ((w, b), (w, None), (None, b), (None, None)):
            y, mean, rstd = native.layer_norm(x, n, *affine, 1e-5)
            wide = [None if v is None else v.astype("f") for v in (x, *affine)]
            expected = native.layer_norm(wide[0], n, *wide[1:], 1e-5)
            assert y.dtype == x.dtype and mean.dtype == rstd.dtype == np.float32
            np.testing.assert_array_equal(y.view("u2"), expected[0].astype(narrow).view("u2"))
            np.testing.assert_array_equal(mean, expected[1])
            np.testing.assert_array_equal(rstd, expected[2])


@pytest.mark.parametrize("narrow", ["f2", np.dtype(ml_dtypes.bfloat16)], ids=["half", "bfloat16"])
def test_gradients_of_layer_norm_of_two_byte_floats_are_float32_s_rounded_once(narrow):
    for shape, n in [((3, 5), 1), ((170, 301), 1), ((7, 20, 30), 2), ((2, 9000), 1)]:
        dy, x, w = (
            make(s, "f", i).astype(narrow) for i, s in enumerate([shape, shape, shape[-n:]])
        )
        _, mean, rstd = native.layer_norm(x, n, None, None, 1e-5)
        for weight in (w, None):
            got = native.layer_norm_dx(dy, x, weight, mean, rstd, n)
            wide = [None if v is None else v.astype("f") for v in (dy, x, weight)]
            for y, e in zip(got, native.layer_norm_dx(*wide, mean, rstd, n), strict=True):
                if e is None:
                    assert y is None
                    continue
                assert y.dtype == x.dtype and y.shape == e.shape
                np.testing.assert_array_equal(y.view("u2"), e.astype(narrow).view("u2"))


@pytest.mark.parametrize("narrow", ["f2", np.dtype(ml_dtypes.bfloat16)], ids=["half", "bfloat16"])
@pytest.mark.parametrize(
    "name", ["softmax", "log_softmax", "cumsum", "softmax_dx", "log_softmax_dx"]
)
def test_two_byte_floats_along_a_dimension_are_float32_s_rounded_once(name, narrow):
    kernel, arrays = getattr(native, name), 2 if name.endswith("_dx") else 1
    for shape in [
        (5,),
        (3, 4),
        (40, 301),
        (2, 9000),
        (3, 70, 65),
        (2, 50, 7),
        (90, 1000),
        (1, 5, 64),
    ]:
        xs = [make(shape, "f", i).astype(narrow) for i in range(arrays)]
        swapped = [np.ascontiguousarray(x.T).T for x in xs]
        one = [np.broadcast_to(xs[0].ravel()[:1].reshape([1] * len(shape)), shape), *xs[1:]]
        for axis in range(-len(shape), len(shape)):
            for given in (xs, swapped, one):
                got = kernel(*given, axis)
                with np.errstate(over="ignore"):
                    expected = kernel(*(x.astype("f") for x in given), axis).astype(narrow)
                assert got.dtype == xs[0].dtype and got.flags.c_contiguous
                np.testing.assert_array_equal(got.view("u2"), expected.view("u2"))


@pytest.mark.parametrize("narrow", ["f2", np.dtype(ml_dtypes.bfloat16)], ids=["half", "bfloat16"])
@pytest.mark.parametrize("name", ["add", "sub", "mul", "div"])
def test_two_byte_floats_of_two_shapes_are_float32_s_rounded_once(name, narrow):
    kernel = getattr(native, name)
    for shape in [(5,), (70, 301), (3, 40, 9), (2, 3, 1), (0, 9), (9, 0)]:
        x = make(shape, "f").astype(narrow)
        others = [make(shape[i:], "f", 1) + 3 for i in range(len(shape) + 1)]
        others = [y.astype(narrow) for y in [*others, make((*shape[:-1], 1), "f", 1) + 3]]
        for y in [*others, np.broadcast_to(np.asarray(1.5, narrow), shape)]:
            for u, v in ((x, y), (y, x)):
                got = kernel(u, v)
                with np.errstate(all="ignore"):
                    expected = kernel(u.astype("f"), v.astype("f")).astype(narrow)
                assert got.dtype == x.dtype
                np.testing.assert_array_equal(got.view("u2"), expected.view("u2"))
    with pytest.raises(ValueError, match="broadcast"):
        kernel(np.zeros((0, 5), narrow), np.zeros(3, narrow))


@pytest.mark.parametrize("narrow", ["f2", np.dtype(ml_dtypes.bfloat16)], ids=["half", "bfloat16"])
@pytest.mark.parametrize("name", ["maximum", "fmin", "fmod", "remainder", "floor_divide",
    "logaddexp", "hypot", "copysign", "lt", "ne", "logical_and"])  # fmt: skip
def test_two_byte_floats_by_loops_of_float32(name, narrow):
    """Of one shape, with rows, columns and numbers; a float32 number keeps its own digits."""
    kernel = getattr(native, name)
    for x, y in operands(narrow):
        pairs = [(x, y)]
        if name not in ("fmod", "remainder", "floor_divide", "logaddexp") and x.flags.forc:
            pairs.append((x, np.asarray(0.1, "f")))
        for u, v in pairs:
            got = kernel(u, v)
            with np.errstate(all="ignore"):
                expected = kernel(u.astype("f"), v.astype("f"))
            expected = expected if expected.dtype == bool else expected.astype(narrow)
            assert got.dtype == expected.dtype and got.shape == expected.shape
            np.testing.assert_array_equal(got.astype("f"), expected.astype("f"))


@pytest.mark.parametrize("narrow", ["f2", np.dtype(ml_dtypes.bfloat16)], ids=["half", "bfloat16"])
@pytest.mark.parametrize(("name", "arrays", "numbers"), [("finite", 1, (0.5, 3.0, -3.0)),
    ("add_scaled", 2, (0.3,)), ("lerp_number", 2, (0.7,)), ("lerp", 3, ()),
    ("addcmul", 3, (2.5,)), ("addcdiv", 3, (2.5,)), ("bce_logits", 2, ()),
    ("bce_logits_weighted", 3, ()), ("bce_logits_dx", 3, ())])  # fmt: skip
def test_mixtures_of_two_byte_floats_are_rounded_once(name, arrays, numbers, narrow):
    kernel = getattr(native, name)
    for shape in [(0,), (5,), (70, 301)]:
        xs = [make(shape, "f", i).astype(narrow) for i in range(arrays)]
        for given in (xs, [x.T for x in xs]):
            got = kernel(*given, *numbers)
            expected = kernel(*(x.astype("f") for x in given), *numbers).astype(narrow)
            assert got.dtype == expected.dtype and got.strides == expected.strides
            np.testing.assert_array_equal(got.view("u2"), expected.view("u2"))


@pytest.mark.parametrize("narrow", ["f2", np.dtype(ml_dtypes.bfloat16)], ids=["half", "bfloat16"])
def test_batch_norm_of_two_byte_floats_is_float32_s_rounded_once(narrow):
    for shape in [(70, 100), (5, 3), (4, 7, 9), (3, 70, 5, 5), (2, 3, 20, 33), (1, 130, 1)]:
        dy, x = (make(shape, "f", i).astype(narrow) for i in range(2))
        w, b, mean, var = (make(shape[1:2], "f", i) for i in range(4))
        wide, var = x.astype("f"), np.abs(var)
        for p in ((w, b), (w, None), (None, b), (None, None)):
            y, m, r = native.batch_norm(x, *p, 1e-5)
            expected = native.batch_norm(wide, *p, 1e-5)
            np.testing.assert_array_equal(y.view("u2"), expected[0].astype(narrow).view("u2"))
            np.testing.assert_array_equal(m, expected[1])
            np.testing.assert_array_equal(r, expected[2])
            y = native.batch_norm_eval(x, *p, mean, var, 1e-5)
            expected = native.batch_norm_eval(wide, *p, mean, var, 1e-5)
            np.testing.assert_array_equal(y.view("u2"), expected.astype(narrow).view("u2"))
            dx, dw, db = native.batch_norm_dx(dy, x, p[0], m, r)
            expected = native.batch_norm_dx(dy.astype("f"), wide, p[0], m, r)
            np.testing.assert_array_equal(dx.view("u2"), expected[0].astype(narrow).view("u2"))
            np.testing.assert_array_equal(dw, expected[1])
            np.testing.assert_array_equal(db, expected[2])


@pytest.mark.parametrize("narrow", ["f2", np.dtype(ml_dtypes.bfloat16)], ids=["half", "bfloat16"])
def test_every_two_byte_float_keeps_its_sign_and_its_nan(narrow):
    x = np.arange(1 << 16, dtype="u2").view(narrow)
    with np.errstate(invalid="ignore"):  # (ARM's conversion says so of a signalling NaN)
        wide = x.astype("f")
        for name, numbers in [("neg", ()), ("abs", ()), ("relu", ()), ("hardtanh", (-2.5, 3.0))]:
            got = getattr(native, name)(x, *numbers)
            expected = getattr(native, name)(wide, *numbers).astype(narrow)
            known = ~np.isnan(wide)
            np.testing.assert_array_equal(got.view("u2")[known], expected.view("u2")[known])
            assert np.isnan(got.astype("f")[~known]).all()


def test_what_is_assigned_may_lie_in_the_same_memory():
    x = np.arange(70000.0)
    before = x.copy()
    native.assign(x[2:], x[:-2])
    np.testing.assert_array_equal(x[2:], before[:-2])


@pytest.mark.parametrize("dtype", "fd")
def test_shares_of_softmax_are_divided_exactly(dtype):
    """Each is e^(x - m) / Σ, correctly rounded, for the one Σ near what the largest share says."""
    x = np.log(make((4, 3001), dtype, 1) ** 2 + 0.01).astype(dtype)
    y = native.softmax(x, 1)
    for row, shares in zip(x, y, strict=True):
        e = native.exp(row - row.max())
        total = 1 / shares[row.argmax()]
        near = total + np.spacing(total) * np.arange(-2, 3, dtype=dtype)
        assert near.dtype == dtype and any((e / t == shares).all() for t in near)


@pytest.mark.parametrize("dtype", "fd")
def test_add_in_place(dtype):
    for shape in SHAPES:
        x, y = make(shape, dtype), make(shape, dtype, 1)
        expected = x + y
        result = native.add_(x, y)
        assert result is x
        np.testing.assert_array_equal(x, expected)


@pytest.mark.parametrize("kernel", ["add_", "sub_", "mul_", "div_"])
def test_in_place_overlap(kernel):
    x = np.arange(1.0, 7)
    with pytest.raises(RuntimeError, match="refer to a single memory location"):
        getattr(native, kernel)(x[1:], x[:-1])
    assert np.array_equal(x, np.arange(1.0, 7))
    expected = {"add_": 2 * x, "sub_": 0 * x, "mul_": x * x, "div_": x / x}[kernel]
    assert np.array_equal(getattr(native, kernel)(x, x), expected)


# --- products and sums -------------------------------------------------------------------------


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


def test_sums_take_keywords():
    x = make((4, 5, 6), "f")
    check(native.sum(x, axis=1, keepdims=True), TWIN["sum"](x, 1, keepdims=True), "f")


def test_a_long_float32_sum_keeps_its_digits():
    x = np.full(3_000_001, 0.1, "f")
    assert abs(native.sum(x) / (np.float64(np.float32(0.1)) * x.size) - 1) < 3e-7


# --- softmax, norms, embedding -----------------------------------------------------------------


def test_softmax_of_extremes():
    x = np.array([[1e4, -1e4, 0], [-np.inf, 0, -np.inf], [np.nan, 1, 2]], "f")
    compare("softmax", (x, 1), "f")
    compare("log_softmax", (x, 1), "f")
    assert np.isnan(native.softmax(np.full((1, 3), -np.inf, "f"), 1)).all()


def test_cross_entropy_refuses_a_class_that_is_not_there():
    x = np.zeros((2, 3), "f")
    for bad in (3, -1):
        with pytest.raises(IndexError, match=f"Target {bad} is out of bounds"):
            native.cross_entropy(x, np.array([0, bad]), -100, True)
    assert np.isnan(native.cross_entropy(x, np.array([-100, -100]), -100, True)[0])


def test_embedding_refuses_an_index_that_is_not_there():
    w = make((11, 70), "f")
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


def test_the_sets_in_the_file():
    assert native.isa() in SETS
    assert SETS == tuple(name for name in ("avx512", "avx2", "baseline") if name in SETS)


# (baseline is left out by a build for one processor: see RL_SETS in CMakeLists.txt)
@pytest.mark.parametrize(
    "isa", ["sse9", *[s for s in ("baseline", "avx2", "avx512") if s not in SETS]]
)
def test_a_set_that_is_not_there_is_an_error(isa):
    done = subprocess.run(
        [sys.executable, "-c", "from rushlight import _native"],
        env=os.environ | {"RUSHLIGHT_ISA": isa},
        capture_output=True,
        text=True,
    )
    said = done.stderr.splitlines()[-1]
    assert done.returncode and said.startswith(f"ImportError: RUSHLIGHT_ISA={isa}: "), said
    if isa == "sse9":
        assert said.endswith("the sets are baseline, avx2 and avx512")
    elif isa == "baseline":
        assert said.endswith(f"this extension was built for {', '.join(SETS[::-1])} only")


@pytest.mark.parametrize("isa", SETS)
def test_every_instruction_set_computes_the_same(isa, in_python):
    code = """
import numpy as np
from rushlight import _native as n
x, w = (np.sin(np.arange(70 * rows, dtype="f")).reshape(rows, 70) for rows in (33, 19))
print(n.isa(), float(n.sum(n.softmax(n.gelu(n.linear(x, w, None), False), 1)[:, 3])))
"""
    try:
        name, value = in_python(code, RUSHLIGHT_ISA=isa).split()
    except AssertionError as e:
        if "cannot run it" in str(e):
            pytest.skip(f"{isa} is not for this processor")
        raise
    assert name == isa
    x, w = (np.sin(np.arange(70.0 * rows)).reshape(rows, 70) for rows in (33, 19))
    expected = TWIN["softmax"](TWIN["gelu"](x @ w.T, False), 1)[:, 3].sum()
    assert abs(float(value) / expected - 1) < 1e-5


# --- losses and views --------------------------------------------------------------------------


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


@pytest.mark.parametrize("isa", SETS[-1:])
def test_the_c_library_computes_after_every_instruction_set_s_pooling(isa):
    """A kernel that leaves an MMX register behind makes its fmod give NaN."""
    code = (
        "import numpy as np; from rushlight import _native as n;"
        "n.max_pool2d(np.ones((2, 3, 4, 4), 'f'), (1, 1), (1, 1), (0, 0), (1, 1), False);"
        "print(np.remainder(np.arange(3.0), 2.0).tolist())"
    )
    environment = dict(os.environ, RUSHLIGHT_ISA=isa)
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
