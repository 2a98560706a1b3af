"""Hooks on what nodes save, and the other names of torch.autograd.graph."""

import gc
import weakref

import numpy as np
import pytest

import rushlight as torch
from rushlight import nn
from rushlight.autograd import graph
from rushlight.autograd.graph import saved_tensors_hooks
from rushlight.nn import functional as F
from rushlight.testing.samples import Make, sample_arguments, sampled_cards


def leaf(*shape, seed=0):
    x = np.random.default_rng(seed).uniform(0.5, 1.5, shape).astype(np.float32)
    return torch.tensor(x, requires_grad=True)


def net():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(27, 4), nn.LayerNorm(4), nn.GELU(), nn.Linear(4, 3),
    )  # fmt: skip


def gradients(hooks):
    model, x = net(), leaf(2, 1, 8, 8)
    with hooks:
        loss = F.cross_entropy(model(x), torch.tensor([0, 2]))
    loss.backward()
    return [x.grad, *(p.grad for p in model.parameters())]


def test_gradients_are_those_of_what_unpack_returns():
    """Through a net that uses every way of recording: fused, several results, lists, views."""
    kept = []

    def pack(x):
        kept.append(x.numpy(force=True).copy())
        return len(kept) - 1

    plain = gradients(torch.enable_grad())
    packed = gradients(saved_tensors_hooks(pack, lambda i: torch.from_numpy(kept[i])))
    assert len(kept) > 10
    for a, b in zip(plain, packed, strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize(
    ("f", "saved"),
    [
        (lambda x, y: x * y, 2),
        (lambda x, y: x + y, 0),
        (lambda x, y: x.exp(), 1),
        (lambda x, y: x * 2.0, 0),
        (lambda x, y: x.detach() * y, 1),
        (lambda x, y: x.sum() + y.mean(), 0),
        (lambda x, y: torch.stack([x, y]).sin(), 1),
    ],
)
def test_pack_sees_what_pytorch_saves(f, saved):
    seen = []
    with saved_tensors_hooks(lambda x: seen.append(x) or x, lambda x: x):
        f(leaf(3), leaf(3, seed=1))
    assert len(seen) == saved


def test_pack_and_unpack_run_without_recording():
    modes = []
    x = leaf(3)

    def note(t):
        modes.append((torch.is_grad_enabled(), t is x))
        return t

    with saved_tensors_hooks(note, note):
        y = (x * x).sum()
    y.backward()
    assert modes == [(False, True)] * 4
    assert torch.equal(x.grad, 2 * x.detach())


def test_the_gradient_uses_the_unpacked_values():
    x = leaf(3)
    with saved_tensors_hooks(lambda t: t, lambda t: t * 10):
        y = x.exp()
    y.sum().backward()
    assert torch.allclose(x.grad, 10 * x.detach().exp())


def test_hooks_nest_and_end():
    x, calls = leaf(2), []
    outer = saved_tensors_hooks(lambda t: calls.append("outer") or t, lambda t: t)
    inner = saved_tensors_hooks(lambda t: calls.append("inner") or t, lambda t: t)
    with outer:
        x.exp()
        with inner:
            x.exp()
        x.exp()
    x.exp()
    assert calls == ["outer", "inner", "outer"]


def test_second_derivatives_through_packed_tensors():
    def second(hooks):
        x, y = leaf(3), leaf(3, seed=1)
        with hooks:
            z = (x * x * y).exp() + (x @ y)
        (g,) = torch.autograd.grad(z.sum(), x, create_graph=True)
        return torch.autograd.grad(g.sum(), [x, y])

    plain = second(torch.enable_grad())
    copied = second(saved_tensors_hooks(lambda t: t.detach().clone(), lambda t: t))
    for a, b in zip(plain, copied, strict=True):
        assert torch.equal(a, b)


def test_a_custom_function_is_packed():
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x**3
            ctx.save_for_backward(x, y, None)
            return y

        @staticmethod
        def backward(ctx, dy):
            x, y, nothing = ctx.saved_tensors
            assert nothing is None
            return dy * 3 * y / x

    x, seen = leaf(4), []
    with saved_tensors_hooks(lambda t: seen.append(t.clone()) or len(seen) - 1, seen.__getitem__):
        y = Cube.apply(x)
    assert [torch.equal(a, b) for a, b in zip(seen, (x, y), strict=True)] == [True, True]
    y.sum().backward()
    assert torch.allclose(x.grad, 3 * x.detach() ** 2)


def test_packed_tensors_are_freed_by_backward_and_with_the_result():
    class Thing:
        def __init__(self, t):
            self.t = t

    things = []

    def pack(t):
        thing = Thing(t.detach().clone())
        things.append(weakref.ref(thing))
        return thing

    gc.disable()
    try:
        for finish in (lambda y: y.backward(), lambda y: None):
            things.clear()
            with saved_tensors_hooks(pack, lambda thing: thing.t):
                y = leaf(3).exp().sin().sum()
            assert [r() is not None for r in things] == [True, True]
            finish(y)
            del y
            assert [r() for r in things] == [None, None]
        with saved_tensors_hooks(lambda t: t, lambda t: t):  # an output kept as it is: no circle
            y = leaf(3).exp()
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
    finally:
        gc.enable()


def test_a_second_backward_raises_and_versions_are_not_checked():
    x = leaf(3)
    with saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
        z = x * 1
        y = (z * z).sum()
        z.add_(1)
    y.backward()
    assert torch.equal(x.grad, 2 * x.detach())
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.backward()


def test_errors_of_the_hooks():
    x, y = leaf(3), leaf(3)
    with pytest.raises(RuntimeError, match="pack hook is modifying its input in place"):
        with saved_tensors_hooks(lambda t: t.add_(1), lambda t: t):
            x * y
    with saved_tensors_hooks(lambda t: t, lambda t: 3):
        z = (x * y).sum()
    with pytest.raises(TypeError, match="expected to be a Tensor but got result of type int"):
        z.backward()
    with pytest.raises(TypeError, match="incompatible function arguments"):
        with saved_tensors_hooks(3, 4):
            pass
    with graph.disable_saved_tensors_hooks("not here"):
        x.exp()
        with pytest.raises(RuntimeError, match=r"^not here$"):
            with saved_tensors_hooks(lambda t: t, lambda t: t):
                pass
    with saved_tensors_hooks(lambda t: t, lambda t: t):
        with pytest.raises(RuntimeError, match=r"^not there$"):
            with graph.disable_saved_tensors_hooks("not there"):
                pass


@pytest.mark.parametrize("pin", [False, True])
def test_save_on_cpu(pin):
    plain = gradients(torch.enable_grad())
    for a, b in zip(plain, gradients(graph.save_on_cpu(pin_memory=pin)), strict=True):
        assert torch.equal(a, b)


def test_saved_attributes_and_their_hooks():
    x, y = leaf(3), leaf(3, seed=1)
    z = x * y
    assert z.grad_fn._saved_self is x and z.grad_fn._saved_other is y
    assert torch.equal(x.exp().grad_fn._saved_result, x.exp())
    z.grad_fn._raw_saved_self.register_hooks(lambda t: t * 2, lambda t: t)
    with pytest.raises(RuntimeError, match="already been registered"):
        z.grad_fn._raw_saved_self.register_hooks(lambda t: t, lambda t: t)
    with pytest.raises(AttributeError, match="no attribute '_saved_third'"):
        _ = z.grad_fn._saved_third
    z.sum().backward()
    assert torch.equal(x.grad, y.detach()) and torch.equal(y.grad, 2 * x.detach())
    with pytest.raises(RuntimeError, match="already been freed"):
        _ = z.grad_fn._saved_self


# ---------------------------------------------------------------- the rest of autograd.graph


def test_allow_mutation_on_saved_tensors():
    x = leaf(2, 3)
    with graph.allow_mutation_on_saved_tensors() as context:
        y = x.clone()
        out = (y**2).sum()
        y.sin_()
        (out + y.sum()).backward()
        assert torch.allclose(x.grad, 2 * x.detach() + x.detach().cos())
        late = (x**2).sum()
        with pytest.raises(RuntimeError, match="contexts cannot be nested"):
            with graph.allow_mutation_on_saved_tensors():
                pass
        cleared = (x**2).sum()
        context.clear()
        with pytest.raises(AssertionError, match="forgotten"):
            cleared.backward()
    with pytest.raises(AssertionError, match="outside of the 'allow_mutation_on_saved_tensors'"):
        late.backward()


def test_multi_grad_hook_waits_for_all_that_will_come():
    a, b = leaf(3), leaf(3, seed=1)
    c, d, e = a * 1, b * 2, b * 3
    seen = []
    handle = graph.register_multi_grad_hook([c, d, e, a], seen.append)
    (c * d).sum().backward(retain_graph=True)
    ((dc, dd, de, da),) = seen
    assert torch.equal(dc, d) and torch.equal(dd, c) and de is None and torch.equal(da, d)
    (d + e).sum().backward(retain_graph=True)
    assert len(seen) == 2 and [g is None for g in seen[1]] == [True, False, False, True]
    torch.autograd.grad((a * 2).sum() + d.sum(), a)  # the pass does not reach d's node
    assert len(seen) == 3 and [g is None for g in seen[2]] == [True, True, True, False]
    handle.remove()
    (a * 1).sum().backward()
    assert len(seen) == 3


def test_multi_grad_hook_any_runs_once_in_a_pass():
    a, b = leaf(3), leaf(3, seed=1)
    c, d = a * 1, b * 2
    seen = []
    graph.register_multi_grad_hook([c, d], seen.append, mode="any")
    (c * d).sum().backward(retain_graph=True)
    assert len(seen) == 1 and torch.equal(seen[0], c)
    d.sum().backward()
    assert len(seen) == 2
    with pytest.raises(ValueError, match=r"one of \('all', 'any'\) but got x"):
        graph.register_multi_grad_hook([c], seen.append, mode="x")
    with pytest.raises(AssertionError, match="Expected gradient function"):
        graph.register_multi_grad_hook([torch.ones(2)], seen.append)


def test_increment_version():
    x, y = torch.ones(2), torch.ones(2)
    graph.increment_version(x)
    graph.increment_version(t for t in (x, y))
    assert (x._version, y._version) == (2, 1)
    with pytest.raises(RuntimeError, match=r"expect a Iterable\[Tensor\]"):
        graph.increment_version(3)
    with pytest.raises(RuntimeError, match="each element of the iterable to be a tensor"):
        graph.increment_version([x, 3])


def test_gradient_edge():
    x = leaf(2)
    parts = (x * 2).unbind()
    edge = graph.get_gradient_edge(parts[1])
    assert edge.node is parts[0].grad_fn and edge.output_nr == 1 and edge.ownership_token is None
    assert graph.get_gradient_edge(x).node.variable is x


def test_gradients_of_and_from_edges():
    a = leaf(3)
    b = a * 2
    c = (b * b).sum()
    edge = graph.get_gradient_edge
    of_a, of_b = torch.autograd.grad(c, [edge(a), edge(b)], retain_graph=True)
    assert torch.equal(of_b, 2 * b) and torch.equal(of_a, 4 * b)
    (g,) = torch.autograd.grad(edge(b), a, torch.full((3,), 3.0), retain_graph=True)
    assert g.tolist() == [6.0, 6.0, 6.0]
    torch.autograd.backward(edge(b), torch.ones(3), retain_graph=True)
    assert a.grad.tolist() == [2.0, 2.0, 2.0]
    torch.autograd.backward(c, inputs=edge(a), retain_graph=True)
    assert torch.equal(a.grad, 2 + 4 * b.detach())
    other = edge(leaf(2))
    with pytest.raises(RuntimeError, match="Tensor at index 1 appears to not have been used"):
        torch.autograd.grad(c, [edge(a), other], retain_graph=True)
    assert torch.autograd.grad(c, other, allow_unused=True, retain_graph=True) == (None,)
    with pytest.raises(RuntimeError, match="when the given input is a GradientEdge"):
        torch.autograd.grad(c, other, materialize_grads=True)
    with pytest.raises(RuntimeError, match="implicitly created only for scalar outputs"):
        torch.autograd.grad(edge(b), a)


# ---------------------------------------------------------------- every op

CARDS = [c for c in sampled_cards() if getattr(c.source, "backward", None) is not None]


def of_card(card, args, hooks, create_graph):
    """The gradients of the floating operands of one call, and the second ones."""
    torch.manual_seed(0)
    leaves = []

    def fresh(x):
        if isinstance(x, list):
            return [fresh(t) for t in x]
        if not isinstance(x, torch.Tensor):
            return x
        x = x.detach().clone()
        if x.dtype.is_floating_point or x.dtype.is_complex:
            leaves.append(x.requires_grad_())
        return x

    with hooks:
        found = card.select(new).run(new) if (new := tuple(map(fresh, args))) else ()
    found = found if isinstance(found, (tuple, list)) else (found,)
    ys = [y for y in found if isinstance(y, torch.Tensor) and y.requires_grad]
    if not ys or not leaves:
        return []
    if isinstance(hooks, saved_tensors_hooks):  # nothing is kept past them
        for y in ys:
            assert not any(isinstance(s, torch.Tensor) for s in y.grad_fn.saved)
    seeds = [torch.linspace(0.5, 1, y.numel()).reshape(y.shape).to(y.dtype) for y in ys]
    first = torch.autograd.grad(ys, leaves, seeds, create_graph=create_graph, allow_unused=True)
    again = [g for g in first if g is not None and g.requires_grad]
    if not create_graph or not again:
        return list(first)
    second = torch.autograd.grad(again, leaves, [g.detach() for g in again], allow_unused=True)
    return [*first, *second]


@pytest.mark.parametrize("card", CARDS, ids=lambda c: c.name)
def test_every_op_goes_back_from_what_unpack_returns(card):
    """Copies in place of what is saved: the same gradients, first and second."""
    copies = saved_tensors_hooks(lambda t: t.detach().clone(), lambda t: t.clone())
    for args in sample_arguments(card, Make(card.name)):
        for create_graph in (False, True):
            plain = of_card(card, args, torch.enable_grad(), create_graph)
            packed = of_card(card, args, copies, create_graph)
            for a, b in zip(plain, packed, strict=True):
                assert (a is None) == (b is None)
                assert a is None or torch.equal(a.nan_to_num(), b.nan_to_num())
