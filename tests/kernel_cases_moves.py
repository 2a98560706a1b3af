"""Arguments for kernels of large tensors: elements copied, joined, chosen, converted; the largest
and their places; Fourier transforms, group norm, small systems of equations.
"""

import ml_dtypes
import numpy as np
from kernel_cases import EXACT, SHAPES, eighths, make, of
from kernel_cases_order import _with_ties

DTYPES = ["?", "i1", "f2", "i4", "i8", "c8", "c16"]


def _strided(dtype):
    x = (np.arange(2 * 70 * 3 * 33) % 113).astype(dtype).reshape(2, 70, 3, 33)
    yield x
    yield from (x.transpose(p) for p in [(0, 2, 3, 1), (3, 2, 1, 0), (1, 0, 3, 2), (0, 1, 3, 2)])
    yield x[:, ::2, :, ::-3]
    yield x[..., ::-1]
    yield x[::-1, ::-1, ::-1, ::-1]
    yield from (x[..., ::-1].transpose(p) for p in [(0, 1, 3, 2), (3, 1, 0, 2)])
    yield x[:, :, ::-1].transpose(0, 1, 3, 2)
    yield x[:, :, 1:2, 5:]
    yield np.broadcast_to(x[:1, :, :, :1], x.shape)
    yield x[:0]


@of("dense dense_copy")
def _(name, dtype):
    for d in [dtype, *DTYPES]:
        for x in _strided(d):
            yield (x,), EXACT
    for shape in SHAPES:
        yield (make(shape, dtype).T,), EXACT
    yield (make((1000, 301), dtype).T,), EXACT  # one matrix for all threads


@of("tril triu")
def _(name, dtype):
    for d in [dtype, *DTYPES]:
        for shape in [(4, 4), (3, 7), (7, 3), (2, 3, 4, 5), (300, 401), (0, 3), (3, 0), (2, 1)]:
            x = (np.arange(np.prod(shape)) % 113 + 1).astype(d).reshape(shape)
            yield from (((x, k), EXACT) for k in (0, 1, -2, 100, -100))
            yield (x,), EXACT
            yield (np.swapaxes(x, -1, -2), 1), EXACT  # the twin's


@of("assign")
def _(name, dtype):
    for d in [dtype, *DTYPES]:
        for y in _strided(d):
            yield (np.zeros(y.shape, d), y), EXACT
            yield (np.zeros(y.shape[::-1], d).T, y), EXACT
        yield (np.zeros(y.shape, d), np.ones((), d)), EXACT
    yield (np.zeros((3, 4), dtype), make((4,), dtype)), EXACT


@of("filled")
def _(name, dtype):
    for d in [dtype, *DTYPES]:
        for x in _strided(d):
            yield (x, np.ones((), d)), EXACT
    yield (make((300, 301), dtype).T, np.asarray(-0.0, dtype)), EXACT
    yield (make((70000,), dtype), np.asarray(np.nan, dtype)), EXACT


@of("concatenate")
def _(name, dtype):
    x = make((4, 3, 50), dtype)
    for axis in (0, 1, 2, -1):
        yield ([x, x[::-1], x.copy()], axis), EXACT
        yield ([np.moveaxis(x, 0, 2)] * 2, axis), EXACT
    yield ([x, x[:, :0], x[:, :1]], 1), EXACT
    yield ([make((70000,), dtype), make((3,), dtype)], 0), EXACT
    yield ([x, x.astype("i8")], 0), EXACT  # the twin's


@of("stack")
def _(name, dtype):
    x = make((4, 3, 50), dtype)
    for axis in (0, 1, 2, 3, -1):
        yield ([x, x[::-1], x.copy()], axis), EXACT
    yield ([make((), dtype), make((), dtype)], 0), EXACT
    yield ([make((300, 301), dtype).T] * 2, 1), EXACT


@of("padded")
def _(name, dtype):
    x = make((2, 3, 40, 33), dtype)
    for widths in [
        ((0, 0), (0, 0), (1, 1), (1, 1)),
        ((1, 0), (0, 2), (-3, 5), (4, -7)),
        ((0, 0), (-1, -1), (0, 0), (0, 0)),
        ((-2, 1), (0, 0), (0, 0), (0, 0)),  # nothing is left: the twin's
    ]:
        yield (x, widths, 1.5), EXACT
        yield (x[..., ::2], widths, 1.5), EXACT
        yield ((x > 0), widths, True), EXACT
    yield (np.arange(5), ((2, 3),), -7), EXACT


@of("continued")
def _(name, dtype):
    for d in [dtype, *DTYPES]:
        x = (np.arange(2 * 5 * 40 * 33) % 113).astype(d).reshape(2, 5, 40, 33)
        for how in ("reflect", "replicate", "circular"):
            for widths in [
                ((0, 0), (0, 0), (1, 1), (1, 1)),
                ((1, 0), (0, 2), (-3, 5), (4, -7)),
                ((0, 0), (2, 3), (0, 0), (0, 0)),
                ((0, 0), (0, 0), (30, 39), (32, 0)),
            ]:
                for y in (x, x[..., ::2], x.transpose(0, 1, 3, 2)):
                    yield (y, widths, how), EXACT
        yield (x[0, 0, 0], ((3, 2),), "replicate"), EXACT
        yield (x[0, 0, 0], ((-3, -30),), "reflect"), EXACT  # nothing is left: the twin's
        yield (x[0, 0, 0], ((100, 33),), "replicate"), EXACT


@of("where")
def _(name, dtype):
    for shape in SHAPES:
        x, y = make(shape, dtype), make(shape, dtype, 1)
        one = np.asarray(2.5, dtype)
        for args in [(x, y), (x, one), (one, y), (one, one)]:
            yield (np.asarray(x > 0), *args), EXACT
        yield (np.asarray(x > 0), x, 1.5), EXACT  # the twin's
        yield (np.asarray(x > 0).T, x.T, y.T), EXACT
    for d in DTYPES:
        z = np.arange(60).astype(d).reshape(4, 15)
        yield (z.real > 30, z, z[::-1].copy()), EXACT


@of("take_along_axis")
def _(name, dtype):
    for shape in [(7,), (5, 40), (3, 4, 5), (70, 300)]:
        x = make(shape, dtype)
        for axis in range(-1, len(shape) - 1):
            n = shape[axis]
            wanted = list(shape)
            wanted[axis] = n + 2
            index = np.random.default_rng(0).integers(-n, n, wanted)
            yield (x, index, axis), EXACT
            yield (x.astype("i1"), index, axis), EXACT
            yield (x.T, index.T, len(shape) - 1 - axis % len(shape)), EXACT


@of("pick")
def _(name, dtype):
    for shape in [(7,), (5, 40), (3, 4, 5), (70, 300)]:
        x = make(shape, dtype)
        for axis, n in enumerate(shape):
            wanted = list(shape)
            wanted[axis] = n + 2
            index = np.random.default_rng(0).integers(0, n, wanted)
            yield (x, index, axis), EXACT
            for bad in (-1, n):  # None
                index = index.copy()
                index.reshape(-1)[-1] = bad
                yield (x, index, axis), EXACT


@of("places")
def _(name, dtype):
    for shape in [s for s in SHAPES if s] + [(70000,), (2, 3, 4, 5)]:
        x = make(shape, dtype)
        for mask in (x > 0, x > 1.5, x < 1e9, x > 1e9):
            yield (mask,), EXACT
    yield (np.asarray(make((40, 30), dtype) > 0).T,), EXACT


@of("chosen")
def _(name, dtype):
    for shape in [s for s in SHAPES if s] + [(70000,)]:
        x = make(shape, dtype)
        for mask in (x > 0, x < 1e9, x > 1e9):
            yield (x, mask), EXACT
            yield (x.astype("c16"), mask), EXACT  # the twin's
            yield (mask, mask), EXACT


@of("within")
def _(name, dtype):
    for d in ("i8", "i4", "u1"):
        x = np.arange(100000).astype(d)
        low, high = int(x.min()), int(x.max())
        for bounds in [(low, high + 1), (low, high), (low + 1, high + 1), (5, 5)]:
            yield (x, *bounds), EXACT
        yield (x[:0], 0, 0), EXACT


@of("astype")
def _(name, dtype):
    narrow = np.dtype(ml_dtypes.bfloat16)
    values = np.array(
        [0, -0.0, 1, -1.5, 65504, 65520, 1e-8, 6e-8, 1e-40, 3e38, 1.0039062, 1.01171875]
    )
    for n in (5, 1000, 70001):
        x = np.resize(np.concatenate([values, make((100,), "d")]), n)
        x[:3] = np.nan, np.inf, -np.inf
        for source in ("f2", narrow, "f4", "f8"):
            for target in ("f2", narrow, "f4", "f8"):
                with np.errstate(all="ignore"):
                    yield (x.astype(source), np.dtype(target)), EXACT
            near = np.where(np.abs(x) < 6e4, x, 0.25).astype(source)
            for target in ("i8", "i4", "?"):
                yield (near, np.dtype(target)), EXACT
        whole = np.arange(n) * 7919 - 3000
        for source in ("i8", "i4", "u1", "?"):
            for target in ("f4", "f8", "i8", "i4", "?"):
                yield (whole.astype(source), np.dtype(target)), EXACT
    yield (make((30, 40), "f").T, np.dtype("f2")), EXACT
    yield (make((30, 40), "f")[::2], np.dtype("f8")), EXACT  # the twin's


@of("max min argmax argmin both_extremes")
def _(name, dtype):
    long = [(70000,), (3, 40000), (5, 700, 3), (2, 300, 40)]
    for shape in [s for s in SHAPES if s and 0 not in s] + long:
        for x in (make(shape, dtype), _with_ties(shape, dtype), np.round(make(shape, dtype))):
            yield (x,), EXACT
            for axis in range(-1, len(shape) - 1):
                yield (x, axis), EXACT
                yield (x, axis, True), EXACT
            yield (x.T, 0), EXACT
    yield (make((), dtype),), EXACT
    yield (make((3, 4), dtype), None, True), EXACT
    numbers = np.random.default_rng(0).integers(-(2**63), 2**63 - 1, 70000)
    for x in (
        numbers,
        numbers[:35000].reshape(5, 700, 10),
        numbers[:60000].reshape(2, 30, 1000) % 5,
    ):
        yield (x,), EXACT
        for axis in range(-1, x.ndim - 1):
            yield (x, axis), EXACT
    yield (np.array([5, -(2**63), 2**63 - 1, -(2**63)]),), EXACT
    yield (np.arange(12, dtype="i4").reshape(3, 4), 0), EXACT  # the twin's


@of("square_sum")
def _(name, dtype):
    for shape in [*SHAPES, (70000,), (600, 7), (3, 300, 40)]:
        x = eighths(shape, dtype)
        yield (x,), {"rtol": 1e-5}
        for axis in range(len(shape)):
            yield (x, axis, True), {"rtol": 1e-5}


@of("logsumexp")
def _(name, dtype):
    wide = {"rtol": 1e-5, "atol": 1e-5} if dtype == "f" else {}
    for shape in [(5,), (4, 10), (7, 33), (2, 3, 5), (4, 7, 33), (200, 300)]:
        x = make(shape, dtype) * 10
        endless = x.copy()
        endless.reshape(-1)[:3] = -np.inf, np.inf, np.nan
        for axis in range(len(shape)):
            for keep in (False, True):
                yield (x, axis, keep), wide
                yield (endless, axis, keep), wide
        yield (np.full(shape, -np.inf, dtype), 0, False), wide
        yield (np.full(shape, np.inf, dtype), 0, False), wide


@of("add_at")
def _(name, dtype):
    for shape in [(9,), (5, 40), (3, 4, 70), (70, 300)]:
        for axis in range(len(shape)):
            wanted = list(shape)
            wanted[axis] = 2 * shape[axis] + 1
            index = np.random.default_rng(0).integers(0, shape[axis], wanted)
            yield (eighths(shape, dtype), axis, index, eighths(wanted, dtype)), EXACT
            yield (eighths(shape, dtype).astype("i8"), axis, index, index), EXACT
            small = tuple(slice(2 if i != axis else None) for i in range(len(shape)))
            part = index[small].copy()
            yield (eighths(shape, dtype), axis, part, eighths(part.shape, dtype)), EXACT


@of("dft dft_real dft_to_real")
def _(name, dtype):
    for n in [
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        11,
        12,
        13,
        16,
        21,
        30,
        31,
        37,
        48,
        64,
        74,
        97,
        121,
        210,
        256,
        1024,
    ]:
        # some lines, many, one; lines across memory
        for shape, axis in [((3, n), 1), ((17, n), -1), ((n,), 0), ((2, n, 3), 1), ((2, n, 33), 1)]:
            x, y = make(shape, dtype), make(shape, dtype, 1)
            z = x + np.complex64(1j) * y if dtype == "f" else x + 1j * y
            size = np.abs(z).max() * n
            wide = {"rtol": 0, "atol": (2e-7 if dtype == "f" else 4e-16) * size}
            if name == "dft":
                yield (z, axis, 1.0, False), wide
                yield (z, axis, 1 / n, True), wide
            elif name == "dft_real":
                yield (x, axis, 1.0, True), wide
                yield (x, axis, 0.5, False), wide
            else:
                yield (z, axis, 2 * n - 1, 1.0), wide
                if n > 1:
                    yield (z, axis, 2 * n - 2, 0.5), wide
            yield from ()


@of("solve_small")
def _(name, dtype):
    wide = {"rtol": 1e-3, "atol": 1e-3} if dtype == "f" else {"rtol": 1e-9, "atol": 1e-9}
    for batch, n, k in [
        (1, 1, 1),
        (3, 5, 3),
        (2, 6, 1),
        (3, 16, 16),
        (40, 33, 1),
        (32, 64, 7),
        (2, 90, 40),
    ]:
        a = make((batch, n, n), dtype) + 2 * np.eye(n, dtype=dtype)
        a[:, 0, 0] = 0 if n > 1 else 1  # rows change places
        yield (a, make((batch, n, k), dtype, 1)), wide
    yield (np.zeros((2, 3, 3), dtype), make((2, 3, 1), dtype)), wide  # None


@of("group_norm group_norm_dx")
def _(name, dtype):
    from kernel_cases import TWIN

    wide = {"rtol": 1e-4, "atol": 1e-4} if dtype == "f" else {"atol": 1e-10}
    for shape, groups in [((2, 4), 2), ((3, 6, 5), 3), ((2, 8, 7, 9), 1), ((40, 64, 33), 8)]:
        x, dy, w = make(shape, dtype), make(shape, dtype, 1), make(shape[1:2], dtype, 2)
        for weight, b in [(w, w + 1), (None, None), (w, None)]:
            if name == "group_norm":
                yield (x, groups, weight, b, 1e-5), wide
            else:
                _, mean, rstd = TWIN["group_norm"](x, groups, weight, b, 1e-5)
                yield (dy, x, weight, mean, rstd, groups), wide
