"""Kernels beside a living PyTorch: optimizer steps to the bit, the rest within its tolerances."""

import itertools

import numpy as np
import pytest
import torch

from rushlight import kernels as seam
from rushlight.kernels import K

F = torch.nn.functional
SIZE = 5003


def array(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def close(ours, theirs, **tolerance):
    for y, t in zip(*([v] if not isinstance(v, tuple) else v for v in (ours, theirs)), strict=True):
        torch.testing.assert_close(torch.from_numpy(y), t, **tolerance)


def run(optimizer, step):
    """Five steps of both on the same gradients -> our parameter, PyTorch's."""
    p = array(SIZE)
    theirs = torch.nn.Parameter(torch.from_numpy(p.copy()))
    o = optimizer([theirs])
    for t in range(1, 6):
        g = array(SIZE, seed=t)
        theirs.grad = torch.from_numpy(g.copy())
        o.step()
        step([p], [g], t)
    return p, theirs.detach().numpy()


# Multiplications and additions are fused in both; the twins and processors without FMA round twice.
FUSED = (
    seam.native is not None
    and seam.native.isa() != "baseline"
    and torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")
)


@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize("decay", [0, 0.1])
@pytest.mark.parametrize(
    ("momentum", "dampening", "nesterov"),
    [(0, 0, False), (0.9, 0, False), (0.9, 0.1, False), (0.9, 0, True)],
)
def test_sgd_takes_the_same_path_to_the_bit(momentum, dampening, nesterov, decay, maximize):
    bufs = [None]

    def step(params, grads, t):
        bufs[:] = K.sgd_step(
            params, grads, bufs, 0.1, momentum, dampening, decay, nesterov, maximize
        )

    ours, theirs = run(
        lambda ps: torch.optim.SGD(
            ps,
            lr=0.1,
            momentum=momentum,
            dampening=dampening,
            weight_decay=decay,
            nesterov=nesterov,
            maximize=maximize,
        ),
        step,
    )
    if FUSED:
        assert ours.tobytes() == theirs.tobytes()
    else:
        np.testing.assert_allclose(ours, theirs, 1e-6, 1e-6)


@pytest.mark.parametrize(
    ("amsgrad", "decay", "decoupled"),
    list(itertools.product([False, True], [0, 0.1], [False, True])),
)
def test_adam(amsgrad, decay, decoupled):
    m, v, largest = ([np.zeros(SIZE, "f")] for _ in range(3))

    def step(params, grads, t):
        numbers = (1e-2, 0.9, 0.999, 1e-8, decay, amsgrad, False, decoupled)
        K.adam_step(params, grads, m, v, largest if amsgrad else None, [float(t)], *numbers)

    cls = torch.optim.AdamW if decoupled else torch.optim.Adam
    ours, theirs = run(lambda ps: cls(ps, lr=1e-2, weight_decay=decay, amsgrad=amsgrad), step)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=5e-7)


@pytest.mark.parametrize(("centered", "momentum"), list(itertools.product([False, True], [0, 0.9])))
def test_rmsprop(centered, momentum):
    square, mean, b = ([np.zeros(SIZE, "f")] for _ in range(3))

    def step(params, grads, t):
        lists = (square, mean if centered else None, b if momentum else None)
        K.rmsprop_step(params, grads, *lists, 1e-2, 0.99, 1e-8, 0.1, momentum, False)

    ours, theirs = run(
        lambda ps: torch.optim.RMSprop(
            ps, lr=1e-2, weight_decay=0.1, centered=centered, momentum=momentum
        ),
        step,
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=2e-6)


def test_adagrad():
    total = [np.zeros(SIZE, "f")]

    def step(params, grads, t):
        K.adagrad_step(params, grads, total, [float(t)], 1e-2, 0.1, 1e-10, 0.1, False)

    ours, theirs = run(
        lambda ps: torch.optim.Adagrad(ps, lr=1e-2, lr_decay=0.1, weight_decay=0.1), step
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=5e-7)


ACTIVATIONS = {
    "relu": (F.relu, ()),
    "sigmoid": (torch.sigmoid, ()),
    "tanh": (torch.tanh, ()),
    "erf": (torch.erf, ()),
    "silu": (F.silu, ()),
    "mish": (F.mish, ()),
    "selu": (F.selu, ()),
    "relu6": (F.relu6, ()),
    "log_sigmoid": (F.logsigmoid, ()),
    "softsign": (F.softsign, ()),
    "hardswish": (F.hardswish, ()),
    "hardsigmoid": (F.hardsigmoid, ()),
    "leaky_relu": (F.leaky_relu, (0.02,)),
    "elu": (F.elu, (1.3,)),
    "celu": (F.celu, (0.7,)),
    "softplus": (F.softplus, (2.0, 20.0)),
    "hardtanh": (F.hardtanh, (-0.5, 1.5)),
    "threshold": (F.threshold, (0.3, -2.0)),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_and_its_derivative(name):
    f, numbers = ACTIVATIONS[name]
    x, dy = array(40, 50) * 4, array(40, 50, seed=1)
    t = torch.from_numpy(x).requires_grad_()
    y = f(t, *numbers)
    y.backward(torch.from_numpy(dy))
    close(getattr(K, name)(x, *numbers), y.detach())
    if name != "erf":
        from_output = name in ("relu", "sigmoid", "tanh")
        close(
            getattr(K, name + "_dx")(dy, y.detach().numpy() if from_output else x, *numbers), t.grad
        )


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu(approximate):
    x, dy = array(40, 50) * 4, array(40, 50, seed=1)
    t = torch.from_numpy(x).requires_grad_()
    y = F.gelu(t, approximate=approximate)
    y.backward(torch.from_numpy(dy))
    close(K.gelu(x, approximate == "tanh"), y.detach())
    close(K.gelu_dx(dy, x, approximate == "tanh"), t.grad)


def test_cross_entropy():
    x, target = array(64, 10) * 3, np.arange(64) * 7 % 10
    target[5] = -100
    t = torch.from_numpy(x).requires_grad_()
    loss = F.cross_entropy(t, torch.from_numpy(target))
    loss.backward()
    ours, logp = K.cross_entropy(x, target, -100, True)
    close(ours, loss.detach())
    close(K.cross_entropy_dx(np.float32(1), logp, target, -100, True), t.grad)


def test_norms():
    x, w, b, dy = array(8, 6, 50) * 2 + 1, array(50), array(50, seed=2), array(8, 6, 50, seed=3)
    t, tw, tb = (torch.from_numpy(v).requires_grad_() for v in (x, w, b))
    y = F.layer_norm(t, (50,), tw, tb)
    y.backward(torch.from_numpy(dy))
    ours, mean, rstd = K.layer_norm(x, 1, w, b, 1e-5)
    close(ours, y.detach())
    close(
        K.layer_norm_dx(dy, x, w, mean, rstd, 1), (t.grad, tw.grad, tb.grad), rtol=1e-4, atol=1e-4
    )

    w, b = array(6), array(6, seed=2)
    t, tw, tb = (torch.from_numpy(v).requires_grad_() for v in (x, w, b))
    y = F.batch_norm(t, None, None, tw, tb, True)
    y.backward(torch.from_numpy(dy))
    ours, mean, rstd = K.batch_norm(x, w, b, 1e-5)
    close(ours, y.detach())
    close(K.batch_norm_dx(dy, x, w, mean, rstd), (t.grad, tw.grad, tb.grad), rtol=1e-4, atol=1e-4)
