"""Arguments for the kernels of native/order.cpp: sorting, running sums, sums at indices."""

import numpy as np
from kernel_cases import EXACT, SHAPES, eighths, make, of

LONG = [(70000,), (3, 5000), (2, 40000)]


def _with_ties(shape, dtype):
    x = np.asarray(np.round(make(shape, "d")).astype(dtype))
    flat = x.reshape(-1)
    flat[::7], flat[1::11], flat[2::13], flat[3::17] = np.nan, np.inf, -np.inf, -0.0
    return x


@of("sort_rows")
def _(name, dtype):
    for shape in [s for s in SHAPES if s] + LONG:
        for x in (_with_ties(shape, dtype), make(shape, dtype)):
            for descending in (False, True):
                yield (x, descending), EXACT
    numbers = np.random.default_rng(0).integers(-(2**62), 2**62, 5000)
    for x in (numbers, numbers % 7, numbers % 100000, numbers[:40].reshape(4, 10)):
        yield (x, True), EXACT
        yield (x, False), EXACT
    yield (make((6, 40), dtype).T, False), EXACT
    yield (np.arange(5, dtype=np.int32), True), EXACT  # the twin's


@of("top_rows")
def _(name, dtype):
    for shape in [(1,), (5,), (7, 33), (2, 3, 65), (2, 5000), (70000,)]:
        for x in (_with_ties(shape, dtype), make(shape, dtype), np.sort(make(shape, dtype))):
            for k in {1, min(3, shape[-1]), shape[-1] // 2 or 1, shape[-1]}:
                yield (x, k, True), EXACT
                yield (x, k, False), EXACT
    yield (np.arange(90) % 7, 9, True), EXACT


@of("cumsum")
def _(name, dtype):
    for shape in [s for s in SHAPES if s] + LONG + [(3, 700, 2), (5, 9, 600)]:
        for axis in range(-1, len(shape) - 1):
            yield (eighths(shape, dtype), axis), {}
    yield (make((130, 301), dtype).T, 0), {"atol": 1e-5 if dtype == "f" else 1e-12}
    yield (np.full(9, 2**62), 0), EXACT
    yield (np.array([True, False, True]), 0), EXACT  # the twin's


@of("cumprod")
def _(name, dtype):
    for shape in [s for s in SHAPES if s] + LONG + [(3, 700, 2), (5, 9, 600)]:
        for axis in range(-1, len(shape) - 1):
            yield (1 + make(shape, dtype) / 200, axis), {"rtol": 1e-3 if dtype == "f" else 1e-11}
    yield (np.full(90, 3), 0), EXACT  # wraps around
    yield (np.array([True, False, True]), 0), EXACT  # the twin's


@of("cummax cummin")
def _(name, dtype):
    for shape in [s for s in SHAPES if s and 0 not in s] + [(3, 700, 2), (5, 9, 600), (70000,)]:
        for axis in range(len(shape)):
            x = _with_ties(shape, dtype)
            yield (x, axis), EXACT
            yield (make(shape, dtype), axis), EXACT
            yield ((make(shape, dtype) * 9).astype("i8"), axis), EXACT
    special = np.array([1, 2, np.nan, 3, np.inf, np.nan, -np.inf, 0.0, -0.0], dtype)
    yield (special, 0), EXACT
    yield (special.reshape(3, 3), 0), EXACT
    yield (special.astype("f2"), 0), EXACT  # the twin's


@of("prod")
def _(name, dtype):
    wide = {"rtol": 1e-4 if dtype == "f" else 1e-11}
    for shape in SHAPES + LONG:
        x = np.asarray(1 + make(shape, dtype) / 200)
        yield (x,), wide
        yield (x, None, True), wide
        if shape:
            yield (x, -1), wide
            yield (x, len(shape) - 1, True), wide
    yield (np.array([1e30, 1e30, 1e-30, 1e-30]),), wide


@of("add_rows")
def _(name, dtype):
    index = np.random.default_rng(0).integers(0, 9, 1003)
    for shape in [(9,), (9, 4), (9, 2, 3), (3, 9), (2, 9, 70), (70, 9, 5)]:
        axis = shape.index(9)
        for i in (index, index[:0]):
            values = eighths((*shape[:axis], len(i), *shape[axis + 1 :]), dtype)
            yield (eighths(shape, dtype), i, values, axis), EXACT
    for bad in (9, -1):  # None
        yield (make((9,), dtype), np.array([1, bad]), make((2,), dtype), 0), EXACT
    yield (np.arange(9), index, np.arange(1003), 0), EXACT


@of("count")
def _(name, dtype):
    x = np.random.default_rng(0).integers(-30, 900, 5000)
    yield (x, 1 << 20), EXACT
    yield (x[:1], 1), EXACT
    yield (x, 100), EXACT  # None
    yield (x.repeat(20), 1 << 20), EXACT  # counted in pieces
