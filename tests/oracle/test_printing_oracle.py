"""Every text against the living PyTorch: thousands of arrays, all dtypes, shapes and options."""

import numpy as np
import pytest

oracle = pytest.importorskip("torch")

import rushlight as torch  # noqa: E402

FLOATS = ["float16", "bfloat16", "float32", "float64"]
INTEGERS = ["uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64", "bool"]
SHAPES = [(), (1,), (4,), (7,), (40,), (2, 3), (3, 30), (1, 1), (2, 3, 4), (2, 1, 2, 5), (1001,),
          (40, 50), (6, 7, 30), (2, 600), (7, 1, 200), (0,), (0, 3), (2, 0, 4)]  # fmt: skip
SMALL = SHAPES[:10]


def numbers(rng, shape, kind):
    x = rng.standard_normal(shape)
    if kind == "wide":
        x = x * 10.0 ** rng.integers(-6, 7, shape)
    elif kind == "whole":
        x = np.round(x * 10.0 ** rng.integers(0, 6))
    elif kind == "scaled":
        x = x * 10.0 ** rng.integers(-9, 10)
    elif kind == "special":
        x = np.where(
            rng.random(shape) < 0.4, rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0], shape), x
        )
    elif kind == "whole special":
        x = np.where(
            rng.random(shape) < 0.4,
            rng.choice([np.nan, np.inf, -np.inf, -0.0], shape),
            np.round(x * 5),
        )
    elif kind == "probability":
        x = rng.random(shape)
    elif kind == "zero":
        x = np.zeros(shape)
    return np.asarray(x, dtype=np.float64)


KINDS = ["normal", "wide", "whole", "scaled", "special", "whole special", "probability", "zero"]


def both(x, dtype):
    """The same numbers in PyTorch and in rushlight."""
    theirs = oracle.from_numpy(np.asarray(x)).to(getattr(oracle, dtype))
    wide = (
        theirs.to(oracle.float64)
        if dtype in ("float16", "bfloat16") or dtype.startswith("float8")
        else theirs
    )
    return theirs, torch.from_numpy(wide.numpy()).to(getattr(torch, dtype))


@pytest.mark.parametrize("dtype", [*FLOATS, "float8_e4m3fn", "float8_e5m2"])
@pytest.mark.parametrize("kind", KINDS)
def test_floats(dtype, kind):
    rng = np.random.default_rng(KINDS.index(kind))
    for shape in SHAPES * 2 + SMALL * 10:
        x = numbers(rng, shape, kind)
        if dtype.startswith("float8"):
            x = np.clip(x, -400, 400)
        theirs, ours = both(x, dtype)
        assert repr(ours) == repr(theirs), shape


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("kind", KINDS)
def test_complex(dtype, kind):
    rng = np.random.default_rng(KINDS.index(kind))
    for i, shape in enumerate(SHAPES + SMALL * 10):
        x = np.empty(shape, np.complex128)
        x.real, x.imag = numbers(rng, shape, kind), numbers(rng, shape, KINDS[i % len(KINDS)])
        theirs, ours = both(x, dtype)
        assert repr(ours) == repr(theirs), shape


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers(dtype):
    rng = np.random.default_rng(0)
    for shape in SHAPES * 2 + SMALL * 5:
        x = (
            rng.integers(0, 2, shape)
            if dtype == "bool"
            else rng.integers(-(10 ** rng.integers(1, 12)), 10**9, shape)
        )
        theirs, ours = both(np.asarray(x), dtype)
        assert repr(ours) == repr(theirs), shape


def random_options(rng):
    pick = lambda *choices: choices[rng.integers(len(choices))]  # noqa: E731
    options = {
        "profile": pick(None, "default", "short", "full"), "precision": pick(None, 0, 1, 2, 6, 10),
        "threshold": pick(None, 0, 5, 20), "edgeitems": pick(None, 0, 1, 2, 5),
        "linewidth": pick(None, 5, 30, 120, 200), "sci_mode": pick(None, True, False),
    }  # fmt: skip
    return {k: v for k, v in options.items() if v is not None}


def test_options():
    rng = np.random.default_rng(1)
    try:
        for n in range(500):
            options = random_options(rng)
            oracle.set_printoptions(**options)
            torch.set_printoptions(**options)
            assert torch.get_printoptions() == oracle._tensor_str.get_printoptions()
            shape = [*SMALL, (6, 7, 30), (12,), (0, 2)][n % 13]
            dtype = [*FLOATS, "complex64", "int64", "bool"][n % 7]
            theirs, ours = both(numbers(rng, shape, KINDS[n % len(KINDS)]), dtype)
            if dtype not in ("int64", "bool") and n % 2:
                theirs.requires_grad_(), ours.requires_grad_()
            assert repr(ours) == repr(theirs), (options, shape, dtype)
    finally:
        oracle.set_printoptions(profile="default")
        torch.set_printoptions(profile="default")


def test_suffixes_at_every_width():
    for n in range(1, 30):
        for width in range(1, 12):
            x = np.full(n, float("1" * width))
            for dtype in ("float32", "float64"):
                theirs, ours = both(x, dtype)
                theirs.requires_grad_(), ours.requires_grad_()
                assert repr(ours) == repr(theirs)
                assert repr(ours * 2) == repr(theirs * 2)


def make_sub(lib):
    return type("Sub", (lib.Tensor,), {}), type("SubP", (lib.nn.Parameter,), {})


def test_subclasses_and_parameters():
    x = np.arange(60.0, dtype=np.float32).reshape(3, 20)
    texts = []
    for lib in (oracle, torch):
        sub, subp = make_sub(lib)
        t = lib.from_numpy(x)
        parameter = lib.nn.Parameter
        values = [t.as_subclass(sub), subp(t), parameter(t), parameter(t[:2, :2]), lib.nn.Buffer(t)]
        values.append(parameter(t.as_subclass(sub)))
        texts.append([repr(v) for v in values])
    assert texts[1] == texts[0]


def test_default_dtype():
    try:
        for default in FLOATS[:1] + FLOATS[2:]:
            for lib in (oracle, torch):
                lib.set_default_dtype(getattr(lib, default))
            for dtype in [*FLOATS, "complex64", "complex128", "int64", "int32"]:
                for shape in [(2,), (0,), (0, 1)]:
                    theirs, ours = both(np.ones(shape), dtype)
                    assert repr(ours) == repr(theirs), (default, dtype)
    finally:
        for lib in (oracle, torch):
            lib.set_default_dtype(lib.float32)
