"""Random numbers and generator states against the living PyTorch, with seeds of the day.

To the last bit where PyTorch's kernels are those for AVX2 or AVX-512, which rushlight's numbers are
everywhere. Those for other processors round differently (docs/random.md): there to ROUNDING.
"""

import random
import sys
from pathlib import Path

import numpy as np
import pytest

oracle = pytest.importorskip("torch")

sys.path.insert(0, str(Path(__file__).parents[1]))

import random_cases as cases  # noqa: E402

import rushlight as torch  # noqa: E402
from rushlight.random import variates  # noqa: E402

SEEDS = [random.SystemRandom().randrange(2**64) for _ in range(3)]
FLOATS = ["float16", "bfloat16", "float32", "float64"]
EXACT = oracle.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")
ROUNDING = {"float16": 1e-3, "bfloat16": 8e-3, "float32": 4e-6, "float64": 1e-14}


def both(seed):
    torch.manual_seed(seed)
    oracle.manual_seed(seed)


def same(x, y, dtype="float32"):
    """Are two arrays the same? (Up to rounding, relative to the greatest number, if not EXACT.)"""
    if EXACT or not y.size:
        return np.array_equal(x, y)
    scale = max(1.0, float(np.abs(y).max()))
    return x.shape == y.shape and np.abs(x - y).max() <= ROUNDING[dtype] * scale


def same_state():
    return cases.state(torch) == cases.state(oracle)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_stream_of_all_calls_in_random_order(seed):
    calls = [
        (expression, {"n": n, "d": d})
        for expression in cases.EXACT + cases.LIBRARY
        for n in cases.SIZES
        for d in FLOATS
    ]
    calls += [(expression, {"n": n}) for expression in cases.WHOLE for n in cases.SIZES]
    calls += [(expression, {}) for expression in cases.INIT + cases.MIXED]
    random.Random(seed).shuffle(calls)
    both(seed)
    for expression, names in calls:
        x, y = (
            cases.numbers(
                cases.run(
                    library,
                    library.nn.functional,
                    library.nn.init,
                    expression,
                    **{k: getattr(library, v) if k == "d" else v for k, v in names.items()},
                )
            )
            for library in (torch, oracle)
        )
        if "orthogonal" in expression:
            np.testing.assert_allclose(x, y, atol=2e-6)
        else:
            assert same(x, y, names.get("d", "float32")), (expression, names, seed)
        assert same_state(), (expression, names, seed)


@pytest.mark.parametrize("dtype", FLOATS)
def test_ranges(dtype):
    d, e = getattr(torch, dtype), getattr(oracle, dtype)
    rng = random.Random(1)
    both(1)
    for _ in range(50):
        low = rng.uniform(-10, 10)
        high = low + 10 ** rng.uniform(-6, 3)
        x, y = torch.empty(40, dtype=d), oracle.empty(40, dtype=e)
        for name, a, b in (("uniform_", low, high), ("normal_", low, high - low)):
            assert same(
                cases.numbers(getattr(x, name)(a, b)), cases.numbers(getattr(y, name)(a, b)), dtype
            ), (name, a, b)
        a, b = sorted(rng.sample(range(-100, 100), 2))
        assert np.array_equal(cases.numbers(x.random_(a, b)), cases.numbers(y.random_(a, b)))
    assert same_state()


@pytest.mark.parametrize("shape", [(6, 7), (3, 4, 5), (2, 3, 4, 5)])
def test_memory_order(shape):
    both(2)
    for axes in (range(len(shape)), reversed(range(len(shape))), (1, 0, *range(2, len(shape)))):
        axes = tuple(axes)
        for name in ("uniform_", "normal_", "bernoulli_", "exponential_", "random_"):
            x = getattr(torch.empty(*shape).permute(axes), name)()
            y = getattr(oracle.empty(*shape).permute(axes), name)()
            assert same(x.numpy(), y.numpy()), (name, axes)
            x = getattr(torch.empty(*shape)[..., ::2].permute(axes), name)()
            y = getattr(oracle.empty(*shape)[..., ::2].permute(axes), name)()
            assert same(x.numpy(), y.numpy()), (name, axes)
    assert same_state()


def test_states_go_both_ways():
    both(3)
    torch.randn(7), oracle.rand(2000)
    oracle.set_rng_state(oracle.from_numpy(torch.get_rng_state().numpy().copy()))
    assert same(torch.randn(5).numpy(), oracle.randn(5).numpy())
    oracle.randn(9), oracle.rand(700)
    torch.set_rng_state(torch.from_numpy(oracle.get_rng_state().numpy().copy()))
    assert same(torch.randn(5).numpy(), oracle.randn(5).numpy())
    assert same_state()


def test_many_categories():
    both(4)
    p = np.random.default_rng(0).random((20, 500)).astype(np.float32)
    for replacement in (True, False):
        x = torch.multinomial(torch.from_numpy(p), 100, replacement)
        y = oracle.multinomial(oracle.from_numpy(p), 100, replacement)
        assert np.array_equal(x.numpy(), y.numpy())
    rates = np.random.default_rng(1).random(3000) * 60
    x = variates.poisson(rates, torch.default_generator)
    assert np.array_equal(x, oracle.poisson(oracle.from_numpy(rates)).numpy())
    assert same_state()
