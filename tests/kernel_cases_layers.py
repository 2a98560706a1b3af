"""Arguments for the kernels of whole layers: attention, recurrent layers. See kernel_cases.py."""

import numpy as np
from kernel_cases import TWIN, make, of

# ---------------------------------------------------------------- attention


def _masks(lead, t, s, dtype):
    """Masks of every kind for (*lead, T, S): the first query sees nothing in some."""
    r = np.random.default_rng(5)
    seen = r.random((t, s)) < 0.6
    seen[0] = False
    yield None
    yield seen
    yield seen.T.copy().T
    yield r.random((*lead[:1], *(1,) * len(lead[1:]), 1, s)) < 0.6
    yield r.random((*lead, t, 1)) < 0.6
    yield make((t, s), dtype, 6)
    yield make((*lead, t, 2 * s), dtype, 7)[..., ::2]
    yield np.where(seen, 0, -np.inf).astype(dtype)
    yield make((1, s), "d" if dtype == "f" else "f")  # the twin's


@of("attention attention_dx")
def _(name, dtype):
    # gradients are differences of numbers of up to 100, of which float32 keeps 1e-5
    wide = {"rtol": 1e-4, "atol": 3e-4} if dtype == "f" else {"rtol": 1e-9, "atol": 1e-11}
    sizes = [(1, 1, 1, 1), (3, 5, 4, 6), (16, 16, 32, 32), (17, 33, 9, 5), (65, 70, 16, 70)]
    for lead in ((), (2,), (2, 3)):
        for t, s, e, d in sizes + ([(130, 200, 20, 8), (200, 130, 64, 3)] if lead == (2,) else []):
            q, k, v, dy = (
                make((*lead, n, m), dtype, i)
                for i, (n, m) in enumerate([(t, e), (s, e), (s, d), (t, d)])
            )
            given = [(q, k, v, mask, 0.3, False) for mask in _masks(lead, t, s, dtype)]
            given.append((q, k, v, None, 0.3, True))
            given.append((np.asfortranarray(q), k[..., ::-1, :], np.repeat(v, 2, -1)[..., ::2]))
            given[-1] += (None, -0.5, True)
            if len(lead) == 2:
                turned = (np.swapaxes(np.swapaxes(x, 1, 2).copy(), 1, 2) for x in (q, k, v))
                given.append((*turned, None, 0.3, False))
                given.append((q, k[:, :1], v[:1], None, 0.3, False))
                given.append((q[0, 0], k, v, None, 0.3, True))
            for args in given:
                if name == "attention":
                    yield args, wide
                else:
                    y, lse = TWIN["attention"](*args)
                    g = np.ascontiguousarray(np.broadcast_to(dy, y.shape))
                    yield (g, *args[:3], y, lse, *args[3:]), wide
    empty = make((2, 0, 4), dtype)
    if name == "attention":
        yield (make((2, 3, 4), dtype), empty, empty, None, 0.3, False), {}


# ---------------------------------------------------------------- recurrent layers

STEPS = [(4, None), (9, (9, 9, 4, 4, 1)), (1, (1, 1)), (3, (3,)), (27, (27, 20, 13))]
SIZES_OF = [(3, 5, 5), (7, 16, 16), (20, 70, 70), (6, 33, 18)]  # I, H, P
#: few sequences of a large layer, whose columns threads share; rows of x that are there often
SHARED = [[(2, sizes), (5, size, size)] for sizes in ((2, 2, 1), None) for size in (300, 130)]
REPEATED = [(48, None), (24, 160, 160)]
#: so many products of x that they are made in chunks of steps
CHUNKS = [(300, (300, 300, 300, 300, 200, 200, 170)), (4, 320, 320)]


def recurrent(name, dtype):
    """(x, its steps' sizes, N, H, P, weights) of layers of a kernel's kind."""
    gates = {"rnn": 1, "gru": 3, "lstm": 4}[name.partition("_")[0]]
    kinds = [(step, size) for step in STEPS for size in SIZES_OF]
    for (n, sizes), (inputs, hidden, out) in [*kinds, *SHARED, REPEATED, CHUNKS]:
        if out != hidden and gates < 4:
            continue
        if n == 300 and (gates == 1 or name.endswith("_dx") or dtype == "d"):
            continue
        rows = (sum(sizes),) if sizes else (6, n)
        x = make((*rows, inputs), dtype) / 2
        if n == 48:
            x = x[0, np.random.default_rng(0).integers(0, 40, rows)]
        shapes = [(gates * hidden, inputs), (gates * hidden, out), (out, hidden)]
        shapes += [(gates * hidden,)] * 2
        made = [make(s, dtype, 10 + i) / 2 / hidden**0.5 for i, s in enumerate(shapes)]
        if out == hidden:
            made[2] = None
        yield x, sizes, n, hidden, out, made
        if n < 300:
            yield x, sizes, n, hidden, out, [*made[:3], None, None]


@of("rnn_layer gru_layer lstm_layer rnn_layer_dx gru_layer_dx lstm_layer_dx")
def _(name, dtype):
    # sums of up to 288 terms of size 1, in another order
    wide = {"rtol": 2e-4, "atol": 5e-5} if dtype == "f" else {"atol": 1e-11}
    forward = name.removesuffix("_dx")
    for x, sizes, n, hidden, out, (w_ih, w_hh, w_hr, *b) in recurrent(name, dtype):
        h0, c0 = make((1, n, out), dtype, 1), make((1, n, hidden), dtype, 2)
        for reverse in (False, True):
            states = (h0, c0) if forward == "lstm_layer" else (h0,)
            weights = (w_ih, w_hh, *([w_hr] if forward == "lstm_layer" else []), *b)
            for relu in (False, True) if forward == "rnn_layer" else (None,):
                options = (sizes, reverse) if relu is None else (sizes, reverse, relu)
                args = (x, *states, *weights, *options)
                if name == forward:
                    for keep in (False, True) if relu is None else ():
                        yield (*args, keep), wide
                    if relu is not None:
                        yield args, wide
                    continue
                y, *last = TWIN[forward](*args, *([True] if relu is None else []))
                kept, grads = last[len(states) :], last[: len(states)]
                dy = make(y.shape, dtype, 3)
                grads = [make(g.shape, dtype, 4 + i) for i, g in enumerate(grads)]
                for given in (grads, [None] * len(grads)):
                    yield (dy, *given, *args, y, *kept, not reverse), wide


@of("linear_int8")
def _(name, dtype):
    for rows, width, out in [(1, 5, 3), (3, 64, 70), (9, 30, 16)]:
        w = (make((-(-out // 16), -(-width // 4), 16, 4), "f", 1) * 40).astype(np.int8)
        outputs = np.arange(w.shape[0] * 16).reshape(-1, 1, 16, 1) < out
        w *= outputs & (np.arange(w.shape[1] * 4).reshape(-1, 1, 4) < width)
        sums = w.sum((1, 3), dtype=np.int32).ravel()
        yield (make((rows, width), dtype), w, sums, 0.01, make((out,), dtype, 2), out), {}
        yield (make((2, rows, width), dtype, 3) + 2, w, sums, 0.01, None, out), {}


@of("conv1d_norm conv2d_norm")
def _(name, dtype):
    wide = {"rtol": 1e-4, "atol": 1e-4} if dtype == "f" else {"atol": 1e-11}
    rank = int(name[4])
    for channels, filters, groups, act in [
        (3, 5, 1, 1),
        (4, 8, 2, 4),
        (17, 17, 17, 2),
        (6, 4, 2, 3),
    ]:
        x = make((2, channels, 9, 12)[: 2 + rank], dtype)
        w = make((filters, channels // groups, 3, 2)[: 2 + rank], dtype, 1)
        b, mean, gamma, beta = (make((filters,), dtype, k) for k in (2, 3, 4, 5))
        numbers = ((1,) * rank, (1,) * rank, (1,) * rank, groups)
        norm = (mean, np.abs(beta) + 0.5, gamma, beta, 1e-5)
        other = make(TWIN[f"conv{rank}d"](x, w, b, *numbers).shape, dtype, 6)
        yield (x, w, b, *numbers, *norm, act, None), wide
        yield (x, w, None, *numbers, *norm, act, other), wide
        yield (x, w, b, *numbers, *norm[:2], None, None, 1e-5, 0, other), wide
        yield (x, w, b, *numbers, None, None, None, None, 1e-5, act, other), wide
        yield (x, w, b, *numbers, None, None, None, None, 1e-5, act, None), wide
