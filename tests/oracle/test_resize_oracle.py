"""Resizing and sampling beside a living PyTorch: random shapes, sizes, factors and options.

What PyTorch 2.13 gets wrong is left out, see docs/resizing.md: antialiased results and results of
uint8 with one column; gradients where a factor keeps or doubles a dimension.
"""

import random

import numpy as np
import pytest
import torch

import rushlight

F, TF = rushlight.nn.functional, torch.nn.functional
TOLERANCE = {"float32": 5e-6, "float64": 1e-12, "float16": 2e-3, "bfloat16": 1.6e-2, "uint8": 0}
MODES = {
    1: ("nearest", "nearest-exact", "linear"),
    2: ("nearest", "nearest-exact", "bilinear", "bicubic", "lanczos"),
    3: ("nearest", "nearest-exact", "trilinear"),
}


def close(ours, theirs, tolerance):
    ours, theirs = ours.detach().double().numpy(), theirs.detach().double().numpy()
    np.testing.assert_allclose(ours, theirs, tolerance, 4 * tolerance)


def example(choose):
    """(dtype, shape, options) of one call of interpolate."""
    rank = choose.choice((1, 2, 2, 3))
    mode = choose.choice(MODES[rank])
    kind = choose.choice(("float32", "float32", "float64", "float16", "bfloat16", "uint8"))
    size = [choose.randint(1, 9) for _ in range(rank)]
    options = {"mode": mode}
    if choose.random() < 0.5:
        options["size"] = [choose.randint(1, 25) for _ in range(rank)]
    else:
        usual = (0.5, 2, 3, 1.3, 0.7, 1.0, 1.2, choose.uniform(1 / min(size), 4))
        options["scale_factor"] = [choose.choice(usual) for _ in range(rank)]
        if choose.random() < 0.3:
            options["recompute_scale_factor"] = True
    if mode in ("bilinear", "bicubic", "lanczos") and (mode == "lanczos" or choose.random() < 0.5):
        options["antialias"] = True
        kind = kind if kind in ("float64", "uint8") else "float32"
    if mode in ("linear", "trilinear") and kind == "uint8":
        kind = "float32"
    if mode not in ("nearest", "nearest-exact", "lanczos") and choose.random() < 0.4:
        options["align_corners"] = True
    return kind, (choose.choice((1, 2)), choose.randint(1, 5), *size), options


@pytest.mark.parametrize("seed", range(40))
def test_interpolate(seed):
    choose, numbers = random.Random(seed), np.random.default_rng(seed)
    for _ in range(10):
        kind, shape, options = example(choose)
        x = torch.from_numpy(numbers.standard_normal(shape))
        x = (x * 60 + 100).clamp(0, 255) if kind == "uint8" else x
        x = x.to(getattr(torch, kind))
        plain = x.numpy() if kind == "uint8" else x.double().numpy()
        ours = rushlight.tensor(plain, dtype=getattr(rushlight, kind))
        try:
            want = TF.interpolate(x, **options)
        except (RuntimeError, ValueError) as error:
            with pytest.raises(type(error)) as caught:
                F.interpolate(ours, **options)
            assert str(caught.value).split("\n")[0] == str(error).split("\n")[0]
            continue
        got = F.interpolate(ours, **options)
        assert tuple(got.shape) == tuple(want.shape) and str(got.dtype) == str(want.dtype)
        if want.shape[-1] == 1 and (options.get("antialias") or kind == "uint8"):
            continue
        close(got, want, TOLERANCE[kind])
        sizes = zip(shape[2:], want.shape[2:], strict=True)
        kept = any(m in (n, 2 * n) for n, m in sizes)
        if kind not in ("float32", "float64") or (kept and "scale_factor" in options):
            continue
        x.requires_grad_()
        ours.requires_grad_()
        want, got = TF.interpolate(x, **options), F.interpolate(ours, **options)
        assert type(got.grad_fn).__name__ == want.grad_fn.name()
        dy = numbers.standard_normal(want.shape)
        want.backward(torch.from_numpy(dy).to(x.dtype))
        got.backward(rushlight.tensor(dy, dtype=ours.dtype))
        close(ours.grad, x.grad, 5 * TOLERANCE[kind])


@pytest.mark.parametrize("seed", range(40))
def test_grid_sample(seed):
    choose, numbers = random.Random(seed), np.random.default_rng(seed)
    for _ in range(5):
        rank = choose.choice((2, 2, 3))
        mode = choose.choice(("bilinear", "nearest", "bicubic")[: 5 - rank])
        options = (mode, choose.choice(("zeros", "border", "reflection")), choose.random() < 0.5)
        kind = choose.choice(("float32", "float64"))
        size = [choose.randint(1, 6) for _ in range(rank)]
        out = [choose.randint(1, 5) for _ in range(rank)]
        n, c = choose.randint(1, 2), choose.choice((1, 3, 20))
        arrays = [
            numbers.standard_normal((n, c, *size)),
            numbers.standard_normal((n, *out, rank)) * choose.choice((0.5, 1, 3)),
        ]
        if choose.random() < 0.3:
            arrays[1] = np.round(arrays[1] * 4) / 4  # on the elements, between them, at the edges
        dy = numbers.standard_normal((n, c, *out)).astype(kind)
        theirs = [torch.from_numpy(a.astype(kind)).requires_grad_() for a in arrays]
        ours = [rushlight.tensor(a.astype(kind), requires_grad=True) for a in arrays]
        want, got = TF.grid_sample(*theirs, *options), F.grid_sample(*ours, *options)
        tolerance = {"float32": 5e-5, "float64": 1e-11}[kind]
        close(got, want, tolerance)
        assert type(got.grad_fn).__name__ == want.grad_fn.name()
        first = torch.autograd.grad(want, theirs, torch.from_numpy(dy))
        for g, w in zip(
            rushlight.autograd.grad(got, ours, rushlight.tensor(dy)), first, strict=True
        ):
            close(g, w, tolerance)
