"""Pooling: values, indices, gradients and nodes frozen from PyTorch; kernels against twins.

The frozen errors of pools are tested with those of convolutions, in test_conv.py.
"""

import json
import random

import numpy as np
import pytest
import window_cases as cases
from test_conv import close, native_only

import rushlight as torch
import rushlight.nn.functional as F
from rushlight import kernels as seam
from rushlight.kernels.twin import TWINS


@pytest.mark.parametrize("name", cases.POOLS)
def test_frozen(frozen, name):
    y, indices, node, first, second = cases.pool(torch, F, name)
    record = json.loads((frozen / "windows.json").read_text())["pools"][name]
    want_y, want_indices, want_node, want_first, want_second = record
    close(y, want_y, 1e-9)
    assert indices == want_indices
    assert node == want_node
    for got, want in zip([*first, *second], [*want_first, *want_second], strict=True):
        close(got, want, 1e-8)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_unpool_puts_maxima_back(rank):
    x = torch.tensor(cases.numbers((2, 3, *[6] * rank), 0), requires_grad=True)
    y, i = getattr(F, f"max_pool{rank}d")(x, 2, return_indices=True)
    back = getattr(F, f"max_unpool{rank}d")(y, i, 2)
    assert back.shape == x.shape
    assert torch.equal(back[back != 0].sort()[0], y.reshape(-1).sort()[0])
    assert torch.equal(back[back != 0], x[back != 0])
    back.sum().backward()
    assert torch.equal(x.grad, (back != 0).to(x.dtype))
    with pytest.raises(ValueError, match="invalid output_size"):
        getattr(F, f"max_unpool{rank}d")(y, i, 2, output_size=[9] * rank)
    with pytest.raises(RuntimeError, match="elements in indices should be type int64"):
        getattr(F, f"max_unpool{rank}d")(y, i.int(), 2)
    with pytest.raises(RuntimeError, match="Found an invalid max index: "):
        getattr(F, f"max_unpool{rank}d")(y, i + 1000, 2)


def test_nan_is_the_largest_and_the_first_of_equals_counts(kernels):
    x = np.zeros((1, 1, 4, 4), np.float32)
    x[0, 0, 0, 1] = x[0, 0, 1, 0] = np.nan
    x[0, 0, 2:, 2:] = -np.inf
    y, i = kernels.max_pool2d(x, (2, 2), (2, 2), (0, 0), (1, 1), False)
    assert np.isnan(y[0, 0, 0, 0]) and i.tolist() == [[[[4, 2], [8, 10]]]]
    assert y[0, 0, 1, 1] == -np.inf


def test_integers_have_maxima_but_no_mean():
    x = torch.arange(16).reshape(1, 4, 4)
    assert F.max_pool2d(x, 2).tolist() == [[[5, 7], [13, 15]]]
    with pytest.raises(NotImplementedError, match="\"avg_pool2d\" not implemented for 'Int'"):
        F.avg_pool2d(x.int(), 2)
    with pytest.raises(NotImplementedError, match="not implemented for 'Bool'"):
        F.max_pool2d(x.bool(), 2)


def test_half_precision_is_summed_in_float32():
    x = torch.full((1, 1, 64, 64), 100.0, dtype=torch.float16)  # the sum would overflow
    assert F.avg_pool2d(x, 64).item() == F.adaptive_avg_pool2d(x, 1).item() == 100.0


def test_two_returns():
    x = torch.ones(1, 1, 4)
    assert len(torch.adaptive_max_pool1d(x, 2)) == 2  # torch's gives the indices, too
    assert F.adaptive_max_pool1d(x, 2).shape == (1, 1, 2)
    assert F.max_pool1d_with_indices(x, 2)[1].tolist() == [[[0, 2]]]


@native_only
@pytest.mark.parametrize("seed", range(40))
def test_native_is_the_twin(seed):
    r = random.Random(seed)
    kernel = tuple(r.choice([1, 2, 3, 4]) for _ in "hw")
    stride = tuple(r.choice([1, 2, 3]) for _ in "hw")
    padding = tuple(r.randint(0, k // 2) for k in kernel)
    dilation = tuple(r.choice([1, 1, 2]) for _ in "hw")
    ceil, count, divisor = r.choice([True, False]), r.choice([True, False]), r.choice([0, 0, 5])
    dtype = r.choice(["float32", "float64"])
    x = cases.numbers((2, 3, r.choice([7, 12]), r.choice([8, 20, 33])), seed, dtype)
    if seed % 3 == 0:
        x = x.round()  # ties
    options = (kernel, stride, padding, ceil, count, divisor)
    y, i = TWINS["max_pool2d"](x, kernel, stride, padding, dilation, ceil)
    mean = TWINS["avg_pool2d"](x, *options)
    adaptive = TWINS["adaptive_avg_pool"](x, (3, 5))
    for name, args in (
        ("max_pool2d", (x, kernel, stride, padding, dilation, ceil)),
        ("max_pool2d_dx", (y, i, x.shape)),
        ("avg_pool2d", (x, *options)),
        ("avg_pool2d_dx", (mean, x.shape, *options)),
        ("adaptive_avg_pool", (x, (3, 5))),
        ("adaptive_avg_pool_dx", (adaptive, x.shape)),
    ):
        got, want = getattr(seam.native, name)(*args), TWINS[name](*args)
        for g, v in zip(*((a if type(a) is tuple else (a,)) for a in (got, want)), strict=True):
            assert g.dtype == v.dtype
            np.testing.assert_allclose(g, v, 1e-5, 1e-5)


def test_fractional_windows_need_one_more_cell_in_three_dimensions():
    x = torch.arange(27.0).reshape(1, 1, 3, 3, 3)
    with pytest.raises(RuntimeError, match="pool time 2 too large relative to input time 3"):
        F.fractional_max_pool3d(x, 2, output_size=2)
    assert F.fractional_max_pool2d(x[0], 2, output_size=2).shape == (1, 3, 2, 2)
