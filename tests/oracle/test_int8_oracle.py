"""Linear layers with weights of 8 bits, beside PyTorch's: the same whole numbers and results."""

import warnings

import numpy as np
import pytest
import torch

import rushlight

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def both(in_features, out_features, bias, seed):
    numbers = np.random.default_rng(seed)
    w = numbers.standard_normal((out_features, in_features)).astype(np.float32)
    theirs = torch.nn.Linear(in_features, out_features, bias)
    ours = rushlight.nn.Linear(in_features, out_features, bias)
    for lib, layer in ((torch, theirs), (rushlight, ours)):
        with lib.no_grad():
            layer.weight.copy_(lib.tensor(w))
            if bias:
                layer.bias.copy_(lib.tensor(w[:, 0].copy()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        q = torch.ao.quantization.quantize_dynamic(
            torch.nn.Sequential(theirs), {torch.nn.Linear}, dtype=torch.qint8
        )
    p = rushlight.ao.quantization.quantize_dynamic(
        rushlight.nn.Sequential(ours), {rushlight.nn.Linear}, dtype=rushlight.qint8
    )
    return q, p


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shift, factor", [(0, 1), (3, 1), (-3, 2), (0, 1e-7), (0, 1e6), (0, 0)])
@pytest.mark.parametrize("shape", [(1, 30), (17, 30), (2, 5, 30)])
def test_linear(shape, shift, factor, bias):
    q, p = both(30, 21, bias, 0)
    assert repr(p) == repr(q)
    numbers = np.asarray(q[0].weight().int_repr())
    assert np.array_equal(p[0]._whole(), numbers)
    assert p[0]._scale == q[0].weight().q_scale()
    x = np.random.default_rng(1).standard_normal(shape)
    x = ((x + shift) * factor).astype(np.float32)
    with torch.no_grad():
        want = q(torch.tensor(x)).numpy()
    got = p(rushlight.tensor(x)).numpy()
    # (a number that lies between two whole ones may be rounded to the other: one step of one term)
    step = np.ptp([*x.ravel(), 0]) / 127 * np.abs(p[0].weight().numpy()).max()
    assert np.abs(got - want).max() <= 1e-6 * np.abs(want).max() + step * 1.01
    assert (np.abs(got - want) <= 1e-5 * np.abs(want).max()).mean() > 0.9
