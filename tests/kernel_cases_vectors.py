"""Arguments for kernels of vectors: products, lengths, spreads; halves and losses of rows."""

import numpy as np
from kernel_cases import EXACT, SHAPES, eighths, make, of

CLOSE = {"f": {"rtol": 1e-5, "atol": 1e-6}, "d": {"rtol": 1e-12, "atol": 1e-13}}


@of("dot")
def _(name, dtype):
    for n in (0, 1, 5, 16, 33, 1000, 100_000):
        yield (eighths((n,), dtype, 1), eighths((n,), dtype, 2)), {"rtol": 1e-4}
        yield (eighths((2 * n,), dtype, 1)[::2], eighths((n,), dtype, 2)), {"rtol": 1e-4}


@of("cross")
def _(name, dtype):
    for shape, axis in [((3,), 0), ((5, 3), 1), ((3, 7), 0), ((2, 3, 9), -2), ((0, 3), 1)]:
        x, y = make(shape, dtype, 1), make(shape, dtype, 2)
        yield (x, y, axis), CLOSE[dtype]
        yield (np.asarray(x.T, order="F").T, y, axis), CLOSE[dtype]
    yield (make((20_000, 3), dtype, 1), make((20_000, 3), dtype, 2), 1), CLOSE[dtype]
    yield (make((4, 3), dtype, 1), make((1, 3), dtype, 2), 1), CLOSE[dtype]  # the twin's


@of("variance")
def _(name, dtype):
    shapes = [*SHAPES, (1, 5), (70_000,), (600, 70), (3, 300, 40), (2, 3, 1)]
    for shape in shapes:
        x = make(shape, dtype)
        for axis in [None, *range(-len(shape), len(shape))]:
            for correction, keep, root in [(1, False, False), (0, True, True), (2.5, False, True)]:
                yield (x, axis, correction, keep, root), CLOSE[dtype]
    yield (make((4, 5), dtype).T, 0, 1, False, False), CLOSE[dtype]
    yield (make((2, 3, 4), dtype), (0, 2), 1, False, False), CLOSE[dtype]  # the twin's
    yield (np.array([1, np.inf, np.nan, 3], dtype), 0, 1, False, True), EXACT


@of("unit")
def _(name, dtype):
    for shape in [s for s in SHAPES if s] + [(70_000,), (600, 70), (3, 300, 40)]:
        x = make(shape, dtype)
        for axis in range(-len(shape), len(shape)):
            yield (x, axis, 1e-12), CLOSE[dtype]
            yield (x, axis, 3.0), CLOSE[dtype]
    yield (np.array([[0, 0], [1, np.nan], [np.inf, 1]], dtype), 1, 1e-12), EXACT
    yield (make((4, 5), dtype).T, 0, 1e-12), CLOSE[dtype]


@of("glu")
def _(name, dtype):
    for shape in [(2,), (4, 6), (0, 4), (4, 0), (3, 34), (2, 6, 5), (40, 2000), (20_000,)]:
        x = make(shape, dtype) * 5
        for axis in range(-len(shape), len(shape)):
            if shape[axis] % 2 == 0:
                yield (x, axis), CLOSE[dtype]
                yield (x.T, -1 - axis if axis < 0 else len(shape) - 1 - axis), CLOSE[dtype]


@of("nll")
def _(name, dtype):
    for n, c in [(1, 1), (8, 16), (33, 5), (70_000, 3)]:
        t = np.random.default_rng(n).integers(0, c, n)
        for mean in (False, True):
            yield (eighths((n, c), dtype), t, mean), CLOSE[dtype]
            yield (eighths((c, n), dtype).T, t, mean), CLOSE[dtype]
            for bad in (c, -1):  # None
                yield (make((n, c), dtype), np.where(np.arange(n) == n - 1, bad, t), mean), EXACT
