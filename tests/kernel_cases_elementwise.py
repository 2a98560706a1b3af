"""Arguments for kernels of two arrays of any dtype as they meet, and for formulas with numbers."""

import ml_dtypes
import numpy as np
from kernel_cases import EXACT, SHAPES, TOLERANCE, make, of

from rushlight.kernels import seam


def operands(dtype):
    """(x, y) of one dtype as loops of two arrays meet them: alike, turned, rows, columns, one."""
    for shape in [(), (0,), (5,), (7, 33), (3, 0), (130, 301), (3, 40, 90)]:
        x, y = (np.asarray(make(shape, "d", i) * 9) for i in range(2))
        if np.dtype(dtype).kind in "ub":
            x, y = np.abs(x), np.abs(y)
        x, y = np.asarray(x).astype(dtype), np.asarray(y).astype(dtype)
        y[y == 0] = 1
        yield x, y
        if len(shape) > 1 and x.size:
            yield x.T, y.T
            yield x, y.T.copy().T
            for small in (
                y[0],
                y[..., :1],
                np.asarray(y.flat[0]),
                np.broadcast_to(y.flat[0], shape),
            ):
                yield x, small
                yield small, x | y if np.dtype(dtype).kind in "iub" else x
            for expanded in (np.broadcast_to(y[:1], shape), np.broadcast_to(y[..., :1], shape)):
                yield x, expanded
                yield expanded, x | y if np.dtype(dtype).kind in "iub" else x
            yield x[..., 1:], y[..., :-1]
            yield x[::2], y[::2]
            yield x[..., ::2], y[..., ::2]


INTEGERS = ("int64", "int32", "int8", "uint8", "bool")


@of("bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift")
def _(name, dtype):
    for kind in INTEGERS:
        if not (kind == "bool" and name.endswith("shift")):
            yield from ((args, EXACT) for args in operands(kind))


def whole_numbers():
    """Whole numbers as large as they get: beyond 2^51 they are divided one by one."""
    edges = [2**k + d for k in (0, 1, 3, 31, 50, 51, 52, 53, 62) for d in (-1, 0, 1)] + [2**63 - 1]
    edges = np.array(edges + [-e - 1 for e in edges])
    x, y = np.repeat(edges, len(edges)), np.tile(edges, len(edges))
    for few in (slice(None), np.abs(x + 1) < 2**51):
        p, q = x[few], y[few]
        yield (p[q != 0], q[q != 0]), EXACT
    for size in (5, 2000, 70_000):
        x = np.random.default_rng(size).integers(-(2**51), 2**51, size)
        for divisor in (7, -7, 2**40 + 1, -1):
            yield (x // divisor * divisor, np.array(divisor)), EXACT
            yield (x // divisor * divisor - 1, np.array(divisor)), EXACT
        yield (np.array(12345), x | 1), EXACT


@of("bitwise_not")
def _(name, dtype):
    for kind in INTEGERS:
        yield from (((x,), EXACT) for x, _ in operands(kind))


@of(
    "maximum minimum fmax fmin logical_and logical_or logical_xor copysign fmod remainder "
    "floor_divide trunc_divide"
)
def _(name, dtype):
    kinds = {"copysign": (), "fmod": INTEGERS[:4], "remainder": INTEGERS[:4]}
    kinds["floor_divide"] = kinds["trunc_divide"] = INTEGERS[:4]
    for kind in (dtype, *kinds.get(name, INTEGERS)):
        yield from ((args, EXACT) for args in operands(kind))
    special = np.array([0.0, -0.0, 1.5, -2.5, np.inf, -np.inf, np.nan, 3e30, 1e-30], dtype)
    with np.errstate(all="ignore"):
        yield (np.repeat(special, 9), np.tile(special, 9)), EXACT
    yield (make((40,), dtype), 1.5), EXACT
    if name in ("fmod", "remainder", "floor_divide", "trunc_divide"):
        yield from whole_numbers()


@of("atan2 hypot logaddexp logaddexp2 power")
def _(name, dtype):
    for x, y in operands(dtype):
        base = np.asarray(np.abs(x) + x.dtype.type(0.5)) if name == "power" else x
        yield (base, y), {"rtol": 1e-5 if dtype == "f" else 1e-12}


@of("nextafter")
def _(name, dtype):
    special = [0.0, -0.0, 1.0, -1.0, 2.0, np.inf, -np.inf, np.nan, 1e-45, -1e-45, 3e38, 1e-30]
    special = np.array(special, dtype)
    yield (np.repeat(special, 12), np.tile(special, 12)), EXACT
    for shape in SHAPES:
        x, y = make(shape, dtype), make(shape, dtype, 1)
        yield (x, y), EXACT
        yield (x, np.asarray(y.reshape(-1)[0] if y.size else 0, dtype)), EXACT


@of("isnan isinf isfinite signbit logical_not")
def _(name, dtype):
    special = np.array([0.0, -0.0, 1.5, -2.5, np.inf, -np.inf, np.nan], dtype)
    for kind in (dtype, "f2", np.dtype(ml_dtypes.bfloat16)):
        yield (special.astype(kind),), EXACT
        yield (np.tile(special.astype(kind), (40, 300)),), EXACT
        yield (np.tile(special.astype(kind), (40, 300))[:, 5:],), EXACT


@of("bce_logits bce_logits_weighted bce_logits_dx")
def _(name, dtype):
    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 80.0, -800.0], dtype)
    arrays = 2 if name == "bce_logits" else 3
    for shape in SHAPES:
        xs = [make(shape, dtype, i) for i in range(arrays)]
        yield tuple(xs), TOLERANCE[dtype]
        yield tuple(x.T for x in xs), TOLERANCE[dtype]
        one = np.broadcast_to(np.asarray(0.3, dtype), shape)  # a gradient that a mean gives
        yield (one, *xs[1:]), TOLERANCE[dtype]
    yield (*[special] * (arrays - 1), np.full_like(special, 0.25)), TOLERANCE[dtype]


@of("finite add_scaled lerp_number lerp addcmul addcdiv")
def _(name, dtype):
    numbers = {"finite": (0.5, 3.0, -3.0), "add_scaled": (0.3,), "lerp_number": (0.3,)}
    arrays = {"finite": 1, "add_scaled": 2, "lerp_number": 2}.get(name, 3)
    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan], dtype)
    # a processor without fma rounds twice
    exact = EXACT if seam.native.isa() != "baseline" else {"rtol": 1e-6, "atol": 1e-6}
    for options in (numbers.get(name, (2.5,) if name != "lerp" else ()), (0.9,)):
        if name != "lerp_number" and options == (0.9,):
            continue
        for shape in SHAPES:
            xs = [make(shape, dtype, i) for i in range(arrays)]
            yield (*xs, *options), exact
            yield (*(x.T for x in xs), *options), exact
        yield (*[special] * arrays, *options), exact
