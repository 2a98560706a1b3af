"""torch.compile of what is on a device: device "xla" here, JAX's CPU."""

import copy
import gc
import weakref

import jax
import numpy as np
import pytest
from compile_models import make

import rushlight as torch
import rushlight.nn.functional as F
from rushlight import nn

XLA = torch.device("xla")


def moved(name):
    """(net on the device, optimizer, step, batch), as `make`, and the same on the CPU"""
    kinds = {"mlp": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9),
             "adam": lambda p: torch.optim.Adam(p, 1e-3)}  # fmt: skip
    m, _, _, batch = make("mlp")
    n = copy.deepcopy(m).to(XLA)
    steps = []
    for net in (m, n):
        opt = kinds[name](net.parameters())

        def step(x, y, net=net, opt=opt):
            opt.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            opt.step()
            return loss

        steps.append((net, opt, step))
    return steps, batch


def test_a_step_on_the_device_is_compiled_once():
    ((m, _, step), (n, opt, twin)), batch = moved("mlp")
    f = torch.compile(twin, fullgraph=True)
    rates = torch.optim.lr_scheduler.ExponentialLR(opt, 1.0)
    x, y = batch(8)
    a, b = x.to(XLA), y.to(XLA)
    eager, found = [], []
    for _ in range(6):
        eager.append(step(x, y).item())
        loss = f(a, b)
        assert loss.device.type == "xla" and loss.requires_grad
        found.append(loss.item())
        rates.step()
    np.testing.assert_allclose(found, eager, rtol=1e-5)
    assert f._program().compiles == 1
    for p, q in zip(m.parameters(), n.parameters(), strict=True):
        assert q.device.type == "xla"
        np.testing.assert_allclose(q.detach().cpu(), p.detach(), rtol=1e-4, atol=1e-6)


def test_state_stays_on_the_device_and_is_taken_from_there():
    (_, (n, opt, twin)), batch = moved("adam")
    f = torch.compile(twin, fullgraph=True)
    x, y = (t.to(XLA) for t in batch(4))
    for _ in range(4):
        f(x, y)
    state = opt.state[next(n.parameters())]
    assert state["step"].item() == 4.0 and state["exp_avg"].device.type == "xla"
    (_, (k, other, again)), _ = moved("adam")
    k.load_state_dict({name: t.cpu() for name, t in n.state_dict().items()})
    other.load_state_dict(copy.deepcopy(opt.state_dict()))
    assert f(x, y).item() == pytest.approx(
        again(x, y).item(), rel=1e-5
    )  # step 5, one of them eager
    assert twin(x, y).item() == pytest.approx(again(x, y).item(), rel=1e-5)  # eagerly, afterwards


def test_buffers_are_donated_and_clones_survive():
    w = torch.ones(1000, device=XLA)

    def f(x):
        w.mul_(2)
        return x + w.sum()

    g = torch.compile(f, fullgraph=True)
    x = torch.zeros((), device=XLA)
    g(x), g(x)
    before = w._a.cell.value
    kept = w.clone()  # shares the value until w changes
    detached = w.detach()
    assert g(x).item() == 8000.0
    del before
    assert kept.cpu()[0].item() == 4.0 and detached.cpu()[0].item() == 8.0
    values = [w._a.cell.value]
    dead = weakref.ref(values.pop())
    assert isinstance(dead(), jax.Array)
    g(x)
    gc.collect()
    assert dead() is None or dead().is_deleted()
    with torch.no_grad():
        saved = {"w": w.clone()}
        g(x)
    assert saved["w"].cpu()[0].item() == 16.0 and w.cpu()[0].item() == 32.0


def test_random_numbers_of_the_device_move_on():
    drop = nn.Dropout(0.5)
    f = torch.compile(lambda x: drop(x), fullgraph=True)
    x = torch.ones(64, device=XLA)
    results = []
    for call in (f, drop):
        torch.manual_seed(5)
        results.append([call(x).cpu() for _ in range(3)])
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))
    assert not torch.equal(results[0][1], results[0][2])


def test_views_of_the_state_follow():
    w = torch.zeros(4, device=XLA)
    tail = w[2:]

    def f():
        tail.add_(1)
        return w.sum()

    g = torch.compile(f, fullgraph=True)
    assert [g().item() for _ in range(3)] == [2.0, 4.0, 6.0]
    assert w.tolist() == [0.0, 0.0, 3.0, 3.0] and tail.tolist() == [3.0, 3.0]


def test_two_views_of_one_memory_are_where_they_are_now():
    """Batches and their neighbours, cut from a data set that lies on the device: one program."""
    data = torch.arange(20.0, device=XLA)
    f = torch.compile(lambda a, b: a * 100 + b, fullgraph=True)
    for i, j in ((0, 4), (0, 4), (2, 6), (4, 0), (9, 9)):
        want = [100.0 * (i + k) + j + k for k in range(2)]
        assert f(data[i : i + 2], data[j : j + 2]).tolist() == want
    assert f._program().compiles == 1
    for _ in range(2):  # other views, and then the first ones again: a program each, kept
        assert f(data[0:4:2], data[4:6]).tolist() == [4.0, 205.0]
        assert f(data[2:4], data[4:6]).tolist() == [204.0, 305.0]
    assert f._program().compiles == 2


def test_a_module_on_the_device():
    torch.manual_seed(0)
    m = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    n = copy.deepcopy(m).to(XLA)
    c = torch.compile(n, fullgraph=True)
    assert isinstance(c, torch._dynamo.OptimizedModule)
    x = torch.rand(5, 3)
    for _ in range(3):
        m.zero_grad(), n.zero_grad()
        m(x).sum().backward()
        c(x.to(XLA)).sum().backward()
    for p, q in zip(m.parameters(), n.parameters(), strict=True):
        np.testing.assert_allclose(q.grad.cpu(), p.grad, rtol=1e-5)


def test_values_are_asked_for_eagerly():
    def f(x):
        return x * 2 if x.sum().item() > 0 else x

    g = torch.compile(f)
    x = torch.ones(3, device=XLA)
    with pytest.warns(
        UserWarning, match=r"runs eagerly: it needs the values.*\n.*x\.sum\(\)\.item"
    ):
        assert g(x).tolist() == [2.0] * 3
    assert g(-x).tolist() == [-1.0] * 3


def test_tensors_of_the_cpu_run_eagerly_beside_it():
    calls = []

    def f(x):
        calls.append(1)
        return x + 1

    g = torch.compile(f)
    for _ in range(3):
        assert g(torch.ones(2)).tolist() == [2.0, 2.0]
    assert len(calls) == 3


def test_an_lr_that_is_a_tensor():
    losses = []
    for device in ("cpu", "xla"):
        torch.manual_seed(0)
        w = nn.Parameter(torch.ones(3, device=device))
        opt = torch.optim.SGD([w], lr=torch.tensor(0.1, device=device))

        def step(w=w, opt=opt):
            opt.zero_grad()
            loss = w.square().sum()
            loss.backward()
            opt.step()
            return loss

        f = torch.compile(step, fullgraph=True)
        losses.append([f().item() for _ in range(2)])
        opt.param_groups[0]["lr"].fill_(0.2)
        losses[-1] += [f().item() for _ in range(2)]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-6)
