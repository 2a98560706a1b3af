"""exp, log, sin, tanh, ... of the native core: how near the true value, at the edges, and wherever
a number lies in its array.

tools/measure_functions.py measures the largest errors; the bounds here are those of docs/native.md.
"""

import numpy as np
import pytest

from rushlight import kernels as seam

pytestmark = pytest.mark.skipif(seam.native is None, reason="the native extension is not loaded")
native = seam.native

NAMES = ["exp", "expm1", "log", "log1p", "tanh", "sin", "cos"]
# units in the last place, of float32 and of float64
BOUNDS = {
    "exp": (2, 1.4),
    "expm1": (2.3, 2.5),
    "log": (2, 1.4),
    "log1p": (3, 1.5),
    "tanh": (2, 2.5),
    "sin": (2, 1.6),  # 1.4 where there is fma
    "cos": (2, 1.4),
}


def every_magnitude(dtype):
    """Numbers of all exponents, of both signs, and many near 1 and near multiples of π/2."""
    rng = np.random.default_rng(0)
    bits = np.arange(0, 2**31, 40009, dtype=np.uint32)
    wide = bits.view("f4").astype(dtype)
    near = np.concatenate([rng.uniform(-4, 4, 40000), 1 + rng.uniform(-1, 1, 20000) / 16])
    turns = np.append(np.arange(-20000, 20000) * (np.pi / 2), 504848)  # very near one
    return np.concatenate([wide, -wide, near.astype(dtype), turns.astype(dtype)])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_error_is_within_the_bound(name, dtype):
    x = every_magnitude(dtype)
    if dtype == "f8":
        x = x[np.abs(x) < 700]
    got = getattr(native, name)(x)
    truth = getattr(np, name)(x.astype(np.longdouble if dtype == "f8" else "f8"))
    rounded = truth.astype(dtype)
    ends = ~np.isfinite(rounded)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(truth))
    np.testing.assert_array_equal(got[ends], rounded[ends])
    error = np.abs(got - truth)[~ends] / np.spacing(np.abs(rounded[~ends]))
    assert error.max() <= BOUNDS[name][dtype == "f8"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_edges(name, dtype):
    tiny = np.finfo(dtype).smallest_subnormal
    x = np.array(
        [0.0, -0.0, np.inf, -np.inf, np.nan, tiny, -tiny, 3 * tiny, 1.0, -1.0, 1e30, -1e30], dtype
    )
    got, expected = getattr(native, name)(x), getattr(np, name)(x)
    np.testing.assert_allclose(got, expected, rtol=1e-6)
    number = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(got[number]), np.signbit(expected[number]))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_a_result_does_not_depend_on_its_neighbours(name, dtype):
    rng = np.random.default_rng(1)
    x = np.abs(rng.standard_normal(1000) * 3).astype(dtype)
    x[rng.integers(0, 1000, 60)] = np.inf
    x[rng.integers(0, 1000, 60)] = 3e8  # far away, for sin and cos
    x[rng.integers(0, 1000, 60)] = np.nan
    f, order = getattr(native, name), rng.permutation(1000)
    y = f(x)
    assert f(x[order].copy()).tobytes() == y[order].tobytes()
    for i in (0, 1, 3, 7, 500, 991, 999):
        assert f(x[i:].copy()).tobytes() == y[i:].tobytes()
        assert f(x[i : i + 1].copy()).tobytes() == y[i : i + 1].tobytes()
