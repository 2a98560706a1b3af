"""Activations: values at the edges, in-place forms, options and errors;
special functions' values.
"""

import math

import pytest

import rushlight as torch
import rushlight.nn.functional as F

nan, inf = math.nan, math.inf


def close(x, want):
    return torch.allclose(x, torch.tensor(want, dtype=x.dtype), equal_nan=True)


def gradient(f, value):
    x = torch.tensor(value, dtype=torch.float64, requires_grad=True)
    f(x).sum().backward()
    return x.grad.tolist()


@pytest.mark.parametrize(
    "name",
    [
        "relu",
        "relu6",
        "leaky_relu",
        "elu",
        "selu",
        "celu",
        "silu",
        "mish",
        "hardswish",
        "hardsigmoid",
        "hardtanh",
        "rrelu",
    ],
)
def test_inplace(name):
    f = getattr(F, name)
    x = torch.tensor([-2.0, 0.5, 7.0])
    y = x.clone()
    want = f(x)
    assert f(y, inplace=True) is y and torch.equal(y, want)
    leaf = torch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used"):
        f(leaf, inplace=True)


@pytest.mark.parametrize(
    "name",
    [
        "relu",
        "relu6",
        "gelu",
        "silu",
        "mish",
        "elu",
        "softplus",
        "hardtanh",
        "sigmoid",
        "tanh",
        "hardshrink",
        "softsign",
    ],
)
def test_nan_stays(name):
    assert math.isnan(getattr(F, name)(torch.tensor([nan])).item())


def test_values():
    x = torch.tensor([-3.0, 0.0, 3.0], dtype=torch.float64)
    assert close(F.gelu(x), [-0.00404969409489031, 0.0, 2.9959503059051097])
    assert close(F.gelu(x, approximate="tanh"), [-0.0036373920817729943, 0.0, 2.996362607918227])
    assert close(F.silu(x), [-0.14227761953270035, 0.0, 2.8577223804672998])
    assert close(F.mish(x), [-0.14564761340726394, 0.0, 2.9865350049679675])
    assert close(F.softplus(x), [0.04858735157374196, 0.6931471805599453, 3.048587351573742])
    assert close(F.softplus(torch.tensor([25.0, 100.0])), [25.0, 100.0])
    assert close(F.logsigmoid(torch.tensor([-1000.0, 1000.0])), [-1000.0, 0.0])
    assert close(F.glu(torch.tensor([2.0, 0.0])), [1.0])
    assert close(F.prelu(torch.tensor([-2.0, 2.0]), torch.tensor(0.25)), [-0.5, 2.0])


def test_gradients_at_the_kinks():
    assert gradient(F.relu, [0.0]) == [0.0]
    assert gradient(F.relu6, [0.0, 6.0]) == [0.0, 0.0]
    assert gradient(F.hardtanh, [-1.0, 1.0]) == [0.0, 0.0]
    assert gradient(F.leaky_relu, [0.0]) == [0.01]
    assert gradient(lambda x: F.elu(x, 2.0), [0.0]) == [2.0]
    assert gradient(lambda x: F.threshold(x, 0.5, 9.0), [0.5, 0.6]) == [0.0, 1.0]


def test_errors():
    x = torch.ones(3)
    for f in (
        lambda: F.gelu(x, approximate="exact"),
        lambda: F.softshrink(x, -1),
        lambda: F.glu(x),
        lambda: F.celu(x, 0.0),
        lambda: F.prelu(torch.ones(2, 3), torch.ones(2)),
        lambda: F.rrelu(x, 0.5, 0.1),
        lambda: F.gelu(torch.tensor([1])),
    ):
        with pytest.raises(RuntimeError):
            f()
    with pytest.raises(ValueError):
        F.hardtanh(x, 1.0, -1.0)


def test_special_values():
    x = torch.tensor([0.5, 3.0, 12.5], dtype=torch.float64)
    s = torch.special
    assert close(torch.erf(x), [0.5204998778130465, 0.9999779095030014, 1.0])
    assert close(torch.erfc(x) * 1e10, [4795001221.869535, 220904.9699858544, 0.0])
    assert close(torch.lgamma(x), [0.5723649429247001, 0.6931471805599453, 18.73434751193644])
    assert close(torch.digamma(x), [-1.9635100260214235, 0.9227843350984671, 2.485195651023379])
    assert close(
        torch.polygamma(2, x), [-16.828796644234317, -0.15411380631918858, -0.006932436585788242]
    )
    assert close(
        s.zeta(torch.tensor(2.0, dtype=torch.float64), x),
        [math.pi**2 / 2, 0.3949340668482264, 0.08328522460157839],
    )
    assert close(s.i0(x), [1.0634833707413236, 4.880792585865024, 30596.335155785157])
    assert close(s.i1e(x), [0.15642080316184085, 0.1968267132809155, 0.10936143099065089])
    assert close(s.ndtri(torch.tensor([0.975], dtype=torch.float64)), [1.959963984540054])
    assert close(s.log_ndtr(torch.tensor([-40.0], dtype=torch.float64)), [-804.6084420137538])
    assert close(s.entr(torch.tensor([0.0, -1.0, 1.0])), [0.0, -inf, 0.0])
    assert close(torch.logit(torch.tensor([0.0, 0.5, 1.0]), eps=0.1), [-2.1972246, 0.0, 2.1972246])
    assert close(torch.sinc(torch.tensor([0.0, 0.5])), [1.0, 2 / math.pi])
    assert close(torch.mvlgamma(torch.tensor([3.0]), 2), [1.5502])
    assert close(torch.tensor([0.0, -0.0, -1.0]).digamma(), [-inf, inf, nan])
    assert s.expit is not None and close(s.expit(torch.zeros(1)), [0.5])
