"""torch.compile of modules and of functions whose gradient the caller asks for: one node each."""

import copy
import gc
import weakref

import numpy as np
import pytest
from compile_models import make

import rushlight as torch
import rushlight.nn.functional as F
from rushlight import nn


def close(a, b, rtol=1e-5):
    np.testing.assert_allclose(b.detach(), a.detach(), rtol=rtol, atol=1e-7)


@pytest.mark.parametrize("name", ["mlp", "lenet", "transformer"])
def test_training_with_a_compiled_module(name):
    losses = []
    for compiled in (False, True):
        m, opt, _, batch = make(name)
        net = torch.compile(m, backend="xla", fullgraph=True) if compiled else m
        x, y = batch()
        torch.manual_seed(7)
        losses.append([])
        for _ in range(5):
            opt.zero_grad()
            out = net(x)
            loss = F.cross_entropy(out.reshape(-1, out.shape[-1]), y.reshape(-1))
            loss.backward()
            opt.step()
            losses[-1].append(loss.item())
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)
    assert net.__dict__["_compiled"]._program().compiles == 1


def test_one_node_and_the_gradients_of_arguments():
    m = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    f = torch.compile(m, backend="xla", fullgraph=True)
    x = torch.rand(5, 3, requires_grad=True)
    for _ in range(3):
        w = x * 2  # an argument with a history
        y = f(w)
        grads = torch.autograd.grad(y.square().sum(), [x, *m.parameters()])
        wanted = torch.autograd.grad(m(x * 2).square().sum(), [x, *m.parameters()])
        for a, b in zip(wanted, grads, strict=True):
            close(a, b)
    assert type(y.grad_fn).__name__ == "CompiledFunctionBackward"
    assert {type(n).__name__ for n, _ in y.grad_fn.next_functions} == {
        "MulBackward0",
        "AccumulateGrad",
    }


def test_several_results_of_which_some_are_used():
    def f(x, w):
        return x * w, (x + w).sum(), x.detach() * 3, {"n": x.argmax()}

    g = torch.compile(f, backend="xla", fullgraph=True)
    x, w = torch.rand(3, requires_grad=True), torch.rand(3)
    for _ in range(2):
        a, b, c, d = g(x, w)
    assert a.requires_grad and b.requires_grad and not c.requires_grad
    assert not d["n"].requires_grad and d["n"].dtype is torch.int64
    b.backward()
    assert x.grad.tolist() == [1.0] * 3
    (x.grad,) = torch.autograd.grad(g(x, w)[0].sum(), [x])
    close(w, x.grad)


def test_a_second_backward_is_refused_as_in_eager():
    f = torch.compile(lambda x: x.exp(), backend="xla", fullgraph=True)
    x = torch.ones(2, requires_grad=True)
    f(x)
    y = f(x).sum()
    y.backward(retain_graph=True)
    y.backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.backward()
    assert x.grad.tolist() == pytest.approx([2 * np.e] * 2)
    with pytest.raises(RuntimeError, match="does not currently support double backward"):
        torch.autograd.grad(f(x).sum(), x, create_graph=True)


def test_a_loss_whose_graph_was_used_inside_is_spent():
    w = nn.Parameter(torch.ones(2))

    def f(x):
        loss = (w * x).square().sum()
        loss.backward()
        return loss

    g = torch.compile(f, backend="xla", fullgraph=True)
    x = torch.ones(2)
    g(x)
    loss = g(x)
    assert loss.requires_grad and loss.item() == 2.0
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        loss.backward()


def test_custom_functions_and_hooks():
    class Clipped(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, low):
            ctx.save_for_backward(x)
            ctx.low = low
            return x.clamp(min=low)

        @staticmethod
        def backward(ctx, dy):
            (x,) = ctx.saved_tensors
            return dy * (x > ctx.low) * 7, None

    seen = []
    lin = nn.Linear(3, 3)
    lin.weight.register_hook(lambda g: g * 2)

    def f(x):
        return Clipped.apply(lin(x), 0.1).sum()

    g = torch.compile(f, backend="xla", fullgraph=True)
    x = torch.rand(4, 3)
    for _ in range(2):
        for call in (f, g):
            lin.zero_grad()
            call(x).backward()
            seen.append(lin.weight.grad)
        close(seen[-2], seen[-1])


def test_no_grad_gives_no_node():
    m = nn.Linear(2, 2)
    f = torch.compile(m, backend="xla", fullgraph=True)
    with torch.no_grad():
        f(torch.ones(2)), f(torch.ones(2))
        assert f(torch.ones(2)).grad_fn is None
    with torch.inference_mode():
        y = f(torch.ones(2))
        assert f(torch.ones(2)).is_inference() and y.is_inference()


def test_the_wrapper_is_pytorchs():
    m = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))
    c = torch.compile(m, backend="xla")
    assert isinstance(c, torch._dynamo.OptimizedModule) and isinstance(c, nn.Module)
    assert c._orig_mod is m and torch.compile(c) is c
    assert list(c.state_dict()) == ["_orig_mod.0.weight", "_orig_mod.0.bias"]
    assert c[0] is m[0] and len(c) == 2
    assert next(c.parameters()) is m[0].weight
    c.eval()
    assert not m.training and not m[1].training
    c.extra = 3
    assert m.extra == 3 and c.extra == 3
    with pytest.raises(AttributeError):
        c.nothing  # noqa: B018
    again = copy.deepcopy(c)
    assert again._orig_mod is not m and torch.equal(again(torch.ones(1, 2)), c(torch.ones(1, 2)))


def test_running_statistics_move_on():
    m, n = (nn.Sequential(nn.BatchNorm1d(3)) for _ in range(2))
    c = torch.compile(n, backend="xla", fullgraph=True)
    torch.manual_seed(0)
    for _ in range(4):
        x = torch.rand(6, 3)
        close(m(x), c(x))
    close(m[0].running_mean, n[0].running_mean)
    assert n[0].num_batches_tracked.item() == 4


def test_memory_is_given_back():
    f = torch.compile(lambda x: (x * x).sum(), backend="xla", fullgraph=True)
    x = torch.rand(100, requires_grad=True)
    f(x), f(x)
    y = f(x)
    node = weakref.ref(y.grad_fn)
    del y
    gc.collect()
    assert node() is None


def test_state_in_closures_of_hooks():
    m = nn.Linear(2, 2, bias=False)
    shift = torch.zeros(2)
    m.register_forward_hook(lambda mod, args, out: out + shift)
    c = torch.compile(m, backend="xla", fullgraph=True)
    with torch.no_grad():
        m.weight.copy_(torch.eye(2))
        x = torch.ones(2)
        c(x), c(x)
        shift.fill_(5)
        assert c(x).tolist() == [6.0, 6.0]
