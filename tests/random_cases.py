"""Programs whose random numbers are frozen.

`tools/freeze_random.py` runs them on PyTorch, tests/test_random.py on rushlight. An expression sees
`torch`, `F` (nn.functional), `init` (nn.init), `empty`, a size `n` and a dtype `d`.
"""

import hashlib
import math
import struct

SEEDS = (7, -3)
SIZES = (0, 1, 15, 16, 17, 31, 33, 1000)
FLOATS = ("float32", "float64", "float16", "bfloat16")

# What a seed must give to the last bit, for each size and dtype: integer arithmetic and roundings.
EXACT = [
    "torch.rand(n, dtype=d)",
    "empty(n, dtype=d).uniform_(-0.3, 0.7)",
    "empty(n, dtype=d).uniform_(2.5, 2.6)",
    "empty(n, dtype=d).bernoulli_(0.3)",
    "torch.full((n,), 0.3, dtype=d).bernoulli()",
    "empty(n, dtype=d).bernoulli_(torch.full((), 0.3))",
    "empty(n, dtype=d).random_()",
    "empty(n, dtype=d).random_(100)",
    "torch.randint(-5, 100, (n,), dtype=d)",
    "F.dropout(torch.ones(n, dtype=d), 0.3)",
    "F.alpha_dropout(torch.ones(n, dtype=d), 0.3, True)",
    "F.dropout1d(torch.ones(n, 3, 2, dtype=d), 0.4)",
    "torch.rand_like(empty(3, n, dtype=d).t())",
]
# The same up to the C library's exp, log, sin, cos and tan: to the last bit where `library()` is
# that of the record.
LIBRARY = [
    "torch.randn(n, dtype=d)",
    "empty(n, dtype=d).normal_(0.3, 1.7)",
    "empty(n, 3, dtype=d).t().normal_(0.3, 1.7)",
    "torch.randn_like(empty(3, n, dtype=d).t())",
    "empty(n, dtype=d).exponential_(2.5)",
    "empty(n, dtype=d).cauchy_(0.5, 1.7)",
    "empty(n, dtype=d).log_normal_(0.5, 0.7)",
    "empty(n, dtype=d).geometric_(0.3)",
    "torch.normal(torch.ones(n, dtype=d), torch.full((n,), 0.5, dtype=d))",
    "torch.normal(torch.ones(n, dtype=d), 0.5)",
    "torch.normal(1.0, torch.full((n,), 0.5, dtype=d))",
    "torch.poisson(torch.arange(n).to(d) % 31)",
]
# Once for each size.
WHOLE = [
    "torch.randperm(n)",
    "torch.randint(10, (n,))",
    "torch.randint(0, 2**28 - 1, (n,))",
    "torch.randint(0, 2**28, (n,))",
    "torch.randint(-(2**62), 2**62, (n,))",
    "empty(n, dtype=torch.int64).random_(-(2**63), None)",
    "empty(n, dtype=torch.int64).random_()",
    "empty(n, dtype=torch.int32).random_()",
    "empty(n, dtype=torch.int8).random_()",
    "empty(n, dtype=torch.uint8).random_()",
    "empty(n, dtype=torch.bool).random_()",
    "empty(n, dtype=torch.bool).bernoulli_(0.3)",
    "torch.multinomial(torch.arange(1.0, n + 2), 3, replacement=True)",
    "torch.multinomial(torch.arange(1.0, n + 2).double(), 1)",
    "torch.multinomial(torch.arange(1.0, n + 4).expand(2, n + 3), 3)",
    "torch.binomial(torch.full((n,), 30.0), torch.arange(n) % 11 / 10)",
    "F.dropout2d(torch.ones(n, 3, 2, 2), 0.4)",
    "F.feature_alpha_dropout(torch.ones(n, 3, 2), 0.4, True)",
]
INIT = [
    "init.uniform_(empty(4, 6), -1, 2)",
    "init.normal_(empty(4, 6), 1, 0.02)",
    "init.trunc_normal_(empty(20, 30))",
    "init.trunc_normal_(empty(5), std=0.02)",
    "init.trunc_normal_(empty(6, 4), 0.0, 1.0, 1.0, 3.0)",
    "init.xavier_uniform_(empty(6, 4, 3, 3), gain=2.0)",
    "init.xavier_normal_(empty(6, 4, 3))",
    "init.kaiming_uniform_(empty(6, 4), a=5**0.5)",
    "init.kaiming_normal_(empty(6, 4, 3, 3), mode='fan_out', nonlinearity='relu')",
    "init.sparse_(empty(10, 4), 0.3)",
    "init.orthogonal_(empty(4, 6))",
    "init.orthogonal_(empty(6, 4, 2), gain=2.0)",
]
# Calls that share one stream: odd numbers of normals leave half a pair to the next call.
MIXED = [
    "torch.randn(3)",
    "torch.rand(2, 2)",
    "torch.randn(2)",
    "torch.randn(20)",
    "torch.randperm(7)",
    "torch.randn(1, dtype=torch.float64)",
    "torch.randint(0, 2**40, (3,))",
    "F.dropout(torch.ones(5), 0.5)",
    "torch.randn(5).to(torch.float16)",
    "torch.rand(700)",
    "empty(3, dtype=torch.bfloat16).normal_()",
    "torch.multinomial(torch.ones(4), 2)",
]


def numbers(t):
    """A tensor's values as an array of float64 or int64: exact for every real dtype."""
    t = t.detach()
    return t.double().numpy() if t.is_floating_point() else t.long().numpy()


def digest(*parts: bytes) -> str:
    return hashlib.md5(b"".join(parts)).hexdigest()[:12]


def library() -> str:
    """A digest of what the C library's functions give: glibc's differ in the last bit between
    processors with and without fused multiply-add, and may between its releases."""
    functions = math.exp, math.log, math.log1p, math.sin, math.cos, math.tan
    values = [f(k / 5000) for f in functions for k in range(1, 15001)]
    return digest(struct.pack(f"<{len(values)}d", *values))


def state(torch) -> bytes:
    return torch.get_rng_state().numpy().tobytes()


def run(torch, functional, init, expression: str, **names):
    scope = {"torch": torch, "F": functional, "init": init, "empty": torch.empty, **names}
    return eval(expression, scope)


def recorded(torch, functional, init) -> dict:
    """expression -> [digest of all numbers, digest of the states after, a few of the numbers]."""

    def record(expression, seed, settings):
        torch.manual_seed(seed)
        arrays, states = [], []
        for names in settings:
            arrays.append(numbers(run(torch, functional, init, expression, **names)))
            states.append(state(torch))
        few = (
            [x for a in arrays for x in a.ravel()[-1:].tolist()] if expression not in EXACT else []
        )
        return [digest(*[a.tobytes() for a in arrays]), digest(*states), few]

    made = {}
    for seed in SEEDS:
        for expression in EXACT + LIBRARY:
            for d in FLOATS:
                settings = [{"n": n, "d": getattr(torch, d)} for n in SIZES]
                made[f"{expression} {d} {seed}"] = record(expression, seed, settings)
        for expression in WHOLE:
            made[f"{expression} {seed}"] = record(expression, seed, [{"n": n} for n in SIZES])
        for expression in INIT:
            made[f"{expression} {seed}"] = record(expression, seed, [{}])
        torch.manual_seed(seed)
        for i, expression in enumerate(MIXED):
            few = numbers(run(torch, functional, init, expression)).ravel()[:3].tolist()
            made[f"mixed {i} {seed}"] = [None, digest(state(torch)), few]
    return made
