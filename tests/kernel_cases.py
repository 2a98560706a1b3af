"""Arguments for every native kernel: `cases(name, dtype)`, from its signature and tables by name.

A kernel of one array (x), or of a gradient and an array (dy, x), needs no row here; with numbers
after them (a, b) it needs a row of OPTIONS. Any other kernel has a function under `@of`. A kernel
without either fails the tests.
"""

import ml_dtypes
import numpy as np

from rushlight import kernels as seam
from rushlight.kernels.filters import filters as filters_of
from rushlight.kernels.twin import TWINS
from rushlight.kernels.twin.random import SIZE
from rushlight.kernels.vocabulary import LIST_WORDS, WORDS

TWIN = {**WORDS, **LIST_WORDS, **TWINS}
KERNELS = () if seam.native is None else seam.native.KERNELS
TOLERANCE = {"f": {"rtol": 3e-6, "atol": 1e-6}, "d": {"rtol": 1e-12, "atol": 1e-13}}
EXACT = {"rtol": 0, "atol": 0}
SHAPES = [(), (0,), (1,), (5,), (16,), (3, 0), (4, 4), (7, 33), (2, 3, 5), (130, 301)]

#: numbers of the pointwise kernels; those of name_dx are those of name
OPTIONS = {
    "leaky_relu": [(0.01,)],
    "elu": [(1.3,)],
    "celu": [(0.7,)],
    "softplus": [(2.0, 20.0)],
    "hardtanh": [(-0.5, 1.5)],
    "threshold": [(0.3, -2.0)],
    "gelu": [(False,), (True,)],
    "hardshrink": [(0.5,)],
    "softshrink": [(0.7,)],
    "huber": [(1.0,), (0.3,)],
    "huber_slope": [(0.3,)],
    "smooth_l1": [(0.7,)],
    "smooth_l1_slope": [(0.3,)],
}
#: arguments in [low, high] where the function is not defined for all numbers
DOMAIN = {
    "log": (0, 9),
    "sqrt": (0, 9),
    "rsqrt": (0, 9),
    "log1p": (0, 9),
    "erfinv": (-0.99, 0.99),
    "log2": (0, 9),
    "log10": (0, 9),
    "asin": (-0.99, 0.99),
    "acos": (-0.99, 0.99),
    "acosh": (1.01, 9),
    "atanh": (-0.99, 0.99),
}
OTHERS = {}  # name -> function(name, dtype): what `of` has registered


def of(names):
    """Registers the cases of kernels: function(name, dtype) yields (arguments, tolerances)."""

    def register(function):
        OTHERS.update(dict.fromkeys(names.split(), function))
        return function

    return register


def parameters(name):
    """The names of a kernel's parameters, from the signature in its doc."""
    text = getattr(seam.native, name).__doc__
    return tuple(p.partition("=")[0] for p in text[text.index("(") + 1 : -1].split(", "))


def options(name):
    """Numbers for a kernel of (x, ...) or (dy, x, ...), else None; KeyError: it needs a row."""
    names = parameters(name)
    arrays = 2 if names[:2] == ("dy", "x") else 1
    if name in OTHERS or names[arrays - 1] != "x" or not set(names[arrays:]) <= {"a", "b"}:
        return None
    return OPTIONS[name.removesuffix("_dx")] if names[arrays:] else [()]


def pointwise():
    """(name, numbers) of the kernels whose cases follow from their signatures."""
    return [(name, numbers) for name in KERNELS for numbers in options(name) or ()]


def cases(name, dtype):
    """(arguments, tolerances) for a kernel. LookupError: it has none."""
    if name in OTHERS:
        yield from OTHERS[name](name, dtype)
        return
    found = options(name)
    if found is None:
        raise LookupError(f"no cases for kernel {name}: write them in tests/kernel_cases.py")
    wide = {"rtol": 2e-5 if dtype == "f" else 1e-11}
    for numbers in found:
        for shape in SHAPES:
            xs = [make(shape, dtype, seed) for seed in range(2 if "dy" in parameters(name) else 1)]
            if name in DOMAIN:
                low, high = DOMAIN[name]
                xs = [np.asarray(np.clip(np.abs(x) if low >= 0 else x, low, high)) for x in xs]
            yield (*xs, *numbers), wide
            if len(shape) == 2:
                yield (*(x.T for x in xs), *numbers), wide
                yield (*(x[:, ::2] for x in xs), *numbers), wide
            if len(xs) == 2:  # of a gradient that is one number, repeated
                yield (np.broadcast_to(xs[0].dtype.type(0.7), shape), xs[1], *numbers), wide


def in_place(name):
    """True for kernels that change their arguments."""
    ends = ("_step", "add_", "sub_", "mul_", "div_", "assign")
    return name.endswith(ends) or name.startswith("rng_")


def make(shape, dtype, seed=0):
    x = np.random.default_rng(seed).standard_normal(shape) * 2
    return np.asarray(x).astype(dtype)


def eighths(shape, dtype, seed=0):
    """As make, in eighths: their sums, and those of their products, are exact in any order, so on
    any processor and with any BLAS under the twins."""
    return np.asarray(np.round(make(shape, "d", seed) * 8) / 8).astype(dtype)


# ---------------------------------------------------------------- arithmetic, products, sums


@of("add sub mul div")
def _(name, dtype):
    for shape in SHAPES:
        x, y = make(shape, dtype), np.asarray(make(shape, dtype, 1) + 3)
        for other in (y, 2.5, 3, np.asarray(1.5, dtype)):
            yield (x, other), {}
            yield (other, np.asarray(x + 5)), {}
        if len(shape) >= 2:
            row = make(shape[1:], dtype, 2) + 4
            yield (x, row), {}
            yield (row, x + 5), {}
            yield (x.T, y.T), {}
            yield (x, make((*shape[:-1], 1), dtype) + 9), {}  # the twin's
            one = np.broadcast_to(x.dtype.type(1.5), shape)  # one number, repeated
            yield (one, y), {}
            yield (y, one), {}
            yield (one, one), {}
        for narrow in ("f2", np.dtype(ml_dtypes.bfloat16)):
            u, v = x.astype(narrow), y.astype(narrow)
            yield (u, v), EXACT
            yield (u, np.asarray(2.5, narrow)), EXACT
            yield (np.asarray(2.5, narrow), v), EXACT
            yield (u.T, v.T), EXACT
    for kind in (dtype, "f2", np.dtype(ml_dtypes.bfloat16), *(["i8"] if name != "div" else [])):
        x, y = (np.asarray(make((6, 40, 70), "d", i) * 9 + 50).astype(kind) for i in range(2))
        for a, b in (  # row by row
            (x[0, :, :1], y[0, 0]),
            (x[0, :, :1], y[0, :1]),
            (x[:, :, 1:], y[:, :, :-1]),
            (x[::2, 3:], y[:3, 1:38]),
            (x, y[:, :1]),
            (x, np.broadcast_to(y[:, :, :1], x.shape)),
            (x[:, None, 0], y[0]),
            (x[:, 0, None, :20], y[0, :, 9:29]),
        ):
            yield (a, b), EXACT
            yield (b, a), EXACT
    x, y = make((2, 1, 70_000), dtype), make((3, 1), dtype, 1) + 9
    yield (x, y), EXACT
    yield (np.arange(4), np.arange(4) + 1), {}
    if name != "div":  # int64 wraps around
        x = np.arange(70000) * 131 - 9
        for y in (x[::-1].copy(), np.asarray(2**62)):
            yield (x, y), EXACT
            yield (y, x), EXACT
        yield (x.reshape(100, 700).T, x[::-1].reshape(100, 700).T), EXACT


@of("add_ sub_ mul_ div_")
def _(name, dtype):
    for shape in SHAPES:
        x, y = make(shape, dtype), np.asarray(make(shape, dtype, 1) + 9)
        for other in (y, 2.5, 3, np.asarray(1.5, dtype), np.asarray(make(shape[-1:], dtype) + 9)):
            yield (x, other), EXACT
        yield (x.T, y.T), EXACT
        yield (x.T, y.T.copy()), EXACT  # the twin's


@of("channels_last")
def _(name, dtype):
    for shape in [(2, 3, 5), (3, 16, 4, 4), (1, 17, 33), (2, 40, 3, 7), (2, 5, 2, 3, 4), (0, 3, 2)]:
        x = make(shape, dtype)
        yield (x,), EXACT
        yield (x.swapaxes(1, -1),), EXACT
        yield (np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1),), EXACT


@of("dense_view")
def _(name, dtype):
    x = make((3, 4), dtype)
    for shape in [(12,), (2, -1, 2), ((4, 3),), (5,), (), (0, -1)]:
        yield (x, shape), EXACT
    yield (x.T, (12,)), EXACT


SIZES = [(1, 1, 1), (4, 3, 5), (1, 17, 33), (2, 100, 9), (64, 10, 50), (65, 130, 600), (70, 65, 48)]


@of("linear linear_relu linear_dx linear_dw linear_db")
def _(name, dtype):
    for m, n, k in SIZES:
        x, w, b, dy = (eighths(s, dtype, i) for i, s in enumerate([(m, k), (n, k), (n,), (m, n)]))
        known = {"x": x, "w": w, "b": b, "dy": dy}
        yield [known[p] for p in parameters(name)], {}
        if name in ("linear", "linear_relu"):
            yield (x, w, None), {}
            yield (np.asfortranarray(x), w[:, ::-1], b), {}
            yield (x.reshape(m, 1, k), w, b), {}
            yield (x[0], w, b), {}
            yield (x[:0], w, b), {}
        if name == "linear_dw":
            yield (dy.reshape(m, 1, n), x.reshape(m, 1, k)), {}


@of("matmul")
def _(name, dtype):
    for m, n, k in SIZES:
        x, y = eighths((m, k), dtype), eighths((k, n), dtype, 1)
        for p in (x, np.asfortranarray(x), np.repeat(x, 2, 1)[:, ::2], x[::-1]):
            for q in (y, np.asfortranarray(y), np.repeat(y, 3, 0)[::3]):
                yield (p, q), {}
        batch, other = eighths((5, m, k), dtype, 2), eighths((5, k, n), dtype, 3)
        yield (batch, other), {}
        yield (batch, y), {}
        yield (x, other), {}
        yield (batch[::2], other[::2]), {}
        yield (np.stack([batch, batch]), other), {}
        yield (np.stack([batch, batch])[:, :1], np.stack([other] * 3)[:, None]), {}
        four, turned = eighths((2, m, 3, k), dtype, 4), eighths((n, 2, k, 3), dtype, 5)
        yield (np.swapaxes(four, 1, 2), turned.transpose(1, 3, 2, 0)), {}
        yield (np.swapaxes(four, 1, 2)[:, :, ::-1], y), {}
        yield (batch[:0], other[:0]), {}
        yield (x, y[:, 0]), {}


@of("sum mean")
def _(name, dtype):
    for shape in [(1,), (5,), (3, 4), (64, 10), (1000, 7), (2, 3, 4), (300, 301), (70000,)]:
        x = eighths(shape, dtype)
        for axis in (None, *range(-len(shape), len(shape))):
            for keep in (False, True):
                yield (x, axis, keep), {}
    x = eighths((4, 5, 6), dtype)
    yield (x.T, 1), {}
    yield (x, (0, 2)), {}
    if name == "sum":  # int64 wraps around
        for shape in [(), (0,), (3, 0), (7, 33), (70000,), (300, 301)]:
            x = np.random.default_rng(0).integers(-(2**62), 2**62, shape)
            for axis in (None, *range(-len(shape), len(shape))):
                yield (x, axis, True), EXACT


# ---------------------------------------------------------------- losses, softmax, norms, embedding


@of("mse_loss mse_loss_dx")
def _(name, dtype):
    wide = {"rtol": 1e-5 if dtype == "f" else 1e-12}
    for mean in (False, True):
        for shape in [(1, 2), *SHAPES, (70000,)]:
            x, y = make(shape, dtype), make(shape, dtype, 1)
            if name == "mse_loss_dx":
                yield (np.asarray(0.7, dtype), x, y, mean), {}
            elif x.size:
                yield (x, y, mean), wide
        x, y = make((4, 6), dtype), make((6, 4), dtype, 1).T
        yield ((x, y, mean) if name == "mse_loss" else (np.asarray(1, dtype), x, y, mean)), {}


@of("huber_loss smooth_l1_loss")
def _(name, dtype):
    for mean in (False, True):
        for shape in [(1, 2), *SHAPES, (70000,)]:
            x, y = make(shape, dtype), make(shape, dtype, 1)
            if x.size:
                yield (x, y, 0.7, mean), EXACT
        yield (make((4, 6), dtype), make((6, 4), dtype, 1).T, 0.7, mean), EXACT
        yield (make((4, 6), "f2"), make((4, 6), "f2", 1), 0.7, mean), EXACT  # the twin's


@of("softmax log_softmax softmax_dx log_softmax_dx")
def _(name, dtype):
    wide = {"rtol": 1e-5, "atol": 1e-5 if dtype == "f" else 1e-12}
    gradient = {"atol": 1e-5 if dtype == "f" else 1e-12}
    for shape in [(5,), (4, 10), (3, 40), (2, 3, 5), (4, 7, 33), (200, 300), (2, 0), (0, 3)]:
        x, dy = make(shape, dtype) * 10, make(shape, dtype, 1)
        for axis in range(-len(shape), len(shape)):
            if name.endswith("_dx"):
                yield (dy, TWIN[name.removesuffix("_dx")](x, axis), axis), gradient
            else:
                yield (x, axis), wide
    if not name.endswith("_dx"):
        yield (make((), dtype), 0), {}
        yield (make((6, 5), dtype).T, 1), {"rtol": 1e-5}


@of("cross_entropy cross_entropy_dx")
def _(name, dtype):
    wide = {"rtol": 1e-5, "atol": 1e-5} if dtype == "f" else {}
    for n, c in [(1, 1), (5, 3), (64, 10), (70, 1000)]:
        x, t = make((n, c), dtype) * 3, np.arange(n) * 7 % c
        if n > 4:
            t[[1, 3]] = -100
        for mean in (False, True):
            if name == "cross_entropy":
                yield (x, t, -100, mean), wide
            else:
                logp = TWIN["log_softmax"](x, 1)
                yield (np.asarray(0.7, dtype), logp, t, -100, mean), wide


@of("layer_norm layer_norm_dx")
def _(name, dtype):
    wide = {"rtol": 1e-4, "atol": 2e-5} if dtype == "f" else {"atol": 1e-11}
    for shape, n in [((4, 8), 1), ((3, 5, 7), 2), ((200, 100), 1), ((6,), 1)]:
        x, dy = make(shape, dtype) + 1, make(shape, dtype, 1)
        w, b = make(shape[-n:], dtype, 2), make(shape[-n:], dtype, 3)
        for affine in ((w, b), (w, None), (None, None)):
            if name == "layer_norm":
                yield (x, n, *affine, 1e-5), wide
            else:
                _, mean, rstd = TWIN["layer_norm"](x, n, *affine, 1e-5)
                yield (dy, x, affine[0], mean, rstd, n), wide


@of("batch_norm batch_norm_dx batch_norm_eval batch_norm_eval_dx")
def _(name, dtype):
    wide = {"rtol": 1e-4, "atol": 5e-5} if dtype == "f" else {"atol": 1e-11}
    for shape in [(8, 3), (64, 100), (4, 3, 5), (2, 16, 9, 7), (3, 2, 2, 3, 4)]:
        x, dy = make(shape, dtype) * 2 + 1, make(shape, dtype, 1)
        w, b, m = (make(shape[1:2], dtype, i) for i in (2, 3, 4))
        var = np.abs(make(shape[1:2], dtype, 5)) + 0.5
        for affine in ((w, b), (None, None)):
            _, mean, rstd = TWIN["batch_norm"](x, *affine, 1e-5)
            yield (
                {
                    "batch_norm": (x, *affine, 1e-5),
                    "batch_norm_dx": (dy, x, affine[0], mean, rstd),
                    "batch_norm_eval": (x, *affine, m, var, 1e-5),
                    "batch_norm_eval_dx": (dy, x, affine[0], m, var, 1e-5),
                }[name],
                wide,
            )


@of("take embedding")
def _(name, dtype):
    w, i = make((11, 70), dtype), np.random.default_rng(0).integers(0, 11, (6, 5))
    yield (w, i), EXACT
    yield (w, i[:0]), EXACT
    yield (w[:, ::2], i), EXACT


@of("embedding_dw")
def _(name, dtype):
    i, dy = np.random.default_rng(0).integers(0, 11, (6, 5)), make((6, 5, 70), dtype, 1)
    for padding in (-1, 3):
        for scale in (False, True):
            yield (dy, i, 11, padding, scale), {}


# ---------------------------------------------------------------- resizing and sampling

RESIZED = [  # mode, size, out
    ("nearest", (7,), (20,)),
    ("linear", (5,), (1,)),
    ("bilinear", (32, 32), (64, 64)),
    ("bilinear", (40, 45), (13, 11)),
    ("bilinear", (3, 70), (5, 70)),
    ("bicubic", (6, 30), (11, 75)),
    ("nearest-exact", (6, 50), (18, 21)),
    ("trilinear", (3, 4, 20), (5, 8, 33)),
]


@of("resample")
def _(name, dtype):
    real = np.dtype(dtype).type
    for mode, size, out in RESIZED:
        for align in {False, "near" not in mode}:
            f = filters_of(mode, size, out, (None,) * len(size), align, False, real)
            x = make((2, 3, *size), dtype)
            yield (x, f), {}
            yield (x.swapaxes(0, 1), f), {}
            yield (x[:0], f), {}
            yield (make((2, *out), dtype), f.adjoint), {"atol": 1e-5 if dtype == "f" else 1e-12}
    for mode in ("bilinear", "bicubic", "lanczos"):
        f = filters_of(mode, (30, 70), (11, 25), (None, None), False, True, real)
        yield (make((2, 30, 70), dtype), f), {}
        yield (make((2, 11, 25), dtype), f.adjoint), {}


@of("grid_sample grid_sample_dx grid_sample_dgrid")
def _(name, dtype):
    wide = {"rtol": 1e-4, "atol": 2e-5} if dtype == "f" else {"rtol": 1e-10, "atol": 1e-11}
    for size, out in [((5, 6), (7, 40)), ((1, 4), (2, 3)), ((3, 4, 5), (2, 3, 50))]:
        x, dy = make((2, 3, *size), dtype), make((2, 3, *out), dtype, 1)
        for spread in (0.4, 1.0):  # inside, and well outside
            grid = make((2, *out, len(size)), dtype, 2) * np.dtype(dtype).type(spread)
            for mode in (0, 1, 2)[: 5 - len(size)]:
                for padding in (0, 1, 2):
                    for align in (False, True):
                        options = (mode, padding, align)
                        yield (
                            {
                                "grid_sample": (x, grid, *options),
                                "grid_sample_dx": (dy, grid, x.shape, *options),
                                "grid_sample_dgrid": (dy, x, grid, *options),
                            }[name],
                            wide,
                        )


# ---------------------------------------------------------------- windows (random ones: test_conv)


@of("conv1d conv2d conv1d_relu conv2d_relu conv1d_dx conv2d_dx conv1d_dw conv2d_dw")
def _(name, dtype):
    wide = {"rtol": 1e-4, "atol": 1e-4} if dtype == "f" else {"atol": 1e-11}
    rank = int(name[4])
    for channels, filters, groups, stride, padding, dilation in [
        (3, 5, 1, 1, 1, 1),
        (4, 8, 2, 2, 0, 1),
        (6, 6, 6, 1, 1, 2),
        (16, 16, 1, 2, 1, 1),
    ]:
        x = make((2, channels, 9, 12)[: 2 + rank], dtype)
        w = make((filters, channels // groups, 3, 2)[: 2 + rank], dtype, 1)
        b = make((filters,), dtype, 2)
        numbers = (*((n,) * rank for n in (stride, padding, dilation)), groups)
        dy = make(TWIN[f"conv{rank}d"](x, w, b, *numbers).shape, dtype, 3)
        if name.endswith("_dx"):
            yield (dy, w, x.shape, *numbers), wide
            yield (dy, w, x.shape, *numbers, np.maximum(x, 0)), wide
        elif name.endswith("_dw"):
            yield (dy, x, w.shape, *numbers), wide
        else:
            yield (x, w, b, *numbers), wide
            yield (x, w, None, *numbers), wide


@of("max_pool2d max_pool2d_dx")
def _(name, dtype):
    x = make((2, 3, 7, 20), dtype).round()  # ties
    for numbers in [
        ((2, 2), (2, 2), (0, 0), (1, 1), False),
        ((3, 2), (1, 2), (1, 1), (2, 1), True),
    ]:
        y, index = TWIN["max_pool2d"](x, *numbers)
        yield ((x, *numbers) if name == "max_pool2d" else (y, index, x.shape)), {}


@of("avg_pool2d avg_pool2d_dx")
def _(name, dtype):
    x = make((2, 3, 7, 20), dtype)
    for numbers in [
        ((2, 2), (2, 2), (0, 0), False, True, 0),
        ((3, 2), (1, 2), (1, 1), True, False, 0),
        ((3, 4), (2, 3), (1, 2), True, True, 5),
    ]:
        y = TWIN["avg_pool2d"](x, *numbers)
        yield ((x, *numbers) if name == "avg_pool2d" else (y, x.shape, *numbers)), {}


@of("adaptive_avg_pool adaptive_avg_pool_dx")
def _(name, dtype):
    x = make((2, 3, 7, 20), dtype)
    for out in [(3, 5), (1, 1), (7, 20)]:
        y = TWIN["adaptive_avg_pool"](x, out)
        yield ((x, out) if name == "adaptive_avg_pool" else (y, x.shape)), {}


# ---------------------------------------------------------------- random numbers: the same bits

DRAWS = {
    "rng_bits": [()],
    "rng_uniform": [
        (0.0, 1.0, False),
        (-0.1, 0.7, False),
        (1.0, 1.0000001, False),
        (0.0, 1.0, True),
        (-0.1, 0.7, True),
    ],
    "rng_integers": [(0, 10), (-5, 2**40), (0, 2**28 - 1), (-(2**62), 2**62)],
    "rng_bernoulli": [(0.3,)],
    "rng_dropout": [(0.3,)],
    "rng_exponential": [(2.5,)],
    "rng_cauchy": [(0.5, 1.7)],
    "rng_normal_serial": [(0.0, 1.0), (0.3, 1.7)],
    "rng_normal": [(0.0, 1.0, False), (0.3, 1.7, False), (0.0, 1.0, True), (0.3, 1.7, True)],
    "rng_randperm": [()],
}


def _seeded():
    s = np.zeros(SIZE, np.uint32)
    TWIN["rng_seed"](s, 2**32 - 1)
    return s


@of(" ".join(DRAWS))
def _(name, dtype):
    for numbers in DRAWS[name]:
        s = _seeded()
        for n in (17, 16, 623, 2000, 31, 1024, 33):
            yield (s.copy(), n, *numbers), EXACT
            TWIN[name](s, n, *numbers)


@of("rng_seed")
def _(name, dtype):
    for seed in (0, 1, 2**32 - 1, 2**64 - 1):
        yield (np.zeros(SIZE, np.uint32), seed), EXACT


@of("rng_bernoulli_each")
def _(name, dtype):
    for n in (5, 700):
        yield (_seeded(), np.random.default_rng(n).random(n).astype(dtype)), EXACT


@of("eq ne lt le gt ge")
def _(name, dtype):
    for d in (dtype, "i8"):
        for shape in [*SHAPES, (70000,)]:
            x = np.asarray(np.round(make(shape, "d"))).astype(d)
            y = np.asarray(np.round(make(shape, "d"))[::-1] if shape else 1).astype(d)
            if d != "i8" and x.ndim:
                x.reshape(-1)[::7] = np.nan
            yield (x, y), EXACT
            yield (x.T, y.T), EXACT
            yield (x, np.array(1, d)), EXACT
            yield (x, 1 if d == "i8" else 1.0), EXACT
    yield (x, 2**70), EXACT  # the twin's, and the rest
    yield (x, 0.5), EXACT
    yield (make((4, 6), dtype), make((6,), dtype)), EXACT
    yield (make((4, 6), dtype)[:, ::2], make((4, 3), dtype)), EXACT


@of("clamped")
def _(name, dtype):
    for shape in SHAPES:
        x = np.asarray(make(shape, "d") * 10, "i8")
        yield (x, -5, 7), EXACT
        yield (x.T, -(2**63), 3), EXACT
    yield (np.arange(9, dtype="i4"), 2, 5), EXACT  # the twin's


@of("rng_multinomial")
def _(name, dtype):
    for rows, n in ((1, 1), (1, 7), (3, 1000), (2, 64)):
        p = np.random.default_rng(n).random((rows, n)).astype(dtype)
        yield (_seeded(), p, 50), EXACT
        yield (_seeded(), np.where(p < 0.5, 0, p)[:, ::-1] + (np.arange(n) == 0), 3), EXACT
        for bad in (-1, np.nan, np.inf):
            p = p.copy()
            p[-1, -1] = bad
            yield (_seeded(), p, 5), EXACT
    yield (_seeded(), np.zeros((2, 3), dtype), 5), EXACT


@of("rng_gamma")
def _(name, dtype):
    for a in ([0.0, 0.1, 0.7, 1.0, 3.0, 500.0], np.linspace(0.05, 40, 300), []):
        yield (_seeded(), np.array(a, np.float64)), EXACT


@of("rng_poisson")
def _(name, dtype):
    for rate in ([0.0, 0.5, 9.9, 10.0, 300.0], np.linspace(0.0, 80, 300), []):
        yield (_seeded(), np.array(rate, np.float64)), EXACT


@of("rng_binomial")
def _(name, dtype):
    for count in ([0.0, 1.0, 7.0, 30.0, 4000.0], np.arange(300.0), []):
        count = np.array(count, np.float64)
        yield (_seeded(), count, np.linspace(0, 1, count.size)), EXACT


import kernel_cases_elementwise  # noqa: E402, F401  (more of them, under the same `of`)
import kernel_cases_layers  # noqa: E402, F401
import kernel_cases_moves  # noqa: E402, F401
import kernel_cases_optim  # noqa: E402, F401
import kernel_cases_order  # noqa: E402, F401
import kernel_cases_vectors  # noqa: E402, F401
