"""torch.utils.checkpoint: the same gradients, less memory, the same random numbers."""

import warnings
from contextlib import nullcontext

import numpy as np
import pytest

import rushlight as torch
from rushlight import nn
from rushlight.autograd.graph import saved_tensors_hooks
from rushlight.nn import functional as F
from rushlight.utils import checkpoint as module
from rushlight.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential

BOTH = pytest.mark.parametrize("reentrant", [True, False])


def leaf(*shape, seed=0):
    x = np.random.default_rng(seed).uniform(0.5, 1.5, shape).astype(np.float32)
    return torch.tensor(x, requires_grad=True)


def net():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(6, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 8), nn.GELU(), nn.LayerNorm(8),
        nn.Dropout(0.3), nn.Linear(8, 3),
    )  # fmt: skip


def gradients(call):
    """Loss and gradients of a net that `call` runs."""
    model, x = net(), leaf(5, 6)
    torch.manual_seed(3)
    loss = F.cross_entropy(call(model, x), torch.tensor([0, 1, 2, 1, 0]))
    loss.backward()
    return [loss.detach(), x.grad, *(p.grad for p in model.parameters())], torch.rand(2)


@BOTH
@pytest.mark.parametrize("parts", [1, 2, 4])
def test_gradients_are_the_same_dropout_inside(reentrant, parts):
    plain, after = gradients(lambda model, x: model(x))
    if parts == 1:
        found, then = gradients(lambda model, x: checkpoint(model, x, use_reentrant=reentrant))
    else:
        found, then = gradients(
            lambda model, x: checkpoint_sequential(model, parts, x, use_reentrant=reentrant)
        )
    for a, b in zip(plain, found, strict=True):
        assert torch.equal(a, b)
    assert torch.equal(after, then)  # the second run left the generator alone


@BOTH
def test_without_the_random_state_dropout_differs(reentrant):
    def call(model, x):
        return checkpoint(model, x, use_reentrant=reentrant, preserve_rng_state=False)

    plain, found = gradients(lambda model, x: model(x))[0], gradients(call)[0]
    assert torch.equal(plain[0], found[0])
    assert not torch.equal(plain[1], found[1])


@BOTH
def test_nodes_keep_no_arrays(reentrant):
    def f(x):
        for _ in range(10):
            x = x.sin().exp()
        return x

    def kept(y):
        """The elements of what the nodes behind y keep, arrays counted once."""
        node, found = y.grad_fn, {}
        while not hasattr(node, "variable"):
            for s in node.saved:
                if isinstance(s, (np.ndarray, torch.Tensor)):
                    a = np.asarray(s.detach() if isinstance(s, torch.Tensor) else s)
                    found[a.ctypes.data] = a.size
            node = node.next_functions[-1][0]
        return sum(found.values())

    x = leaf(1000)
    assert kept(f(x)) == 11_000  # x and ten results of exp; sin saves what exp gave
    assert kept(checkpoint(f, x, use_reentrant=reentrant)) == 0


def test_peak_of_a_deep_chain_is_lower():
    import tracemalloc

    def f(x):
        for _ in range(20):
            x = x.exp().sin()
        return x

    def held(call):
        x = leaf(50_000)
        tracemalloc.start()
        y = call(x)
        size = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        y.sum().backward()
        return size, x.grad

    plain, gradient = held(f)
    less, same = held(lambda x: checkpoint(f, x, use_reentrant=False))
    assert torch.equal(gradient, same)
    assert plain > 20 * 200_000 and less < 3 * 200_000  # bytes of one tensor: 200,000


def counted(f, early_stop=True, twice=False):
    calls = [0, 0]  # of the function, of its end

    def g(x):
        calls[0] += 1
        y = f(x)
        calls[1] += 1
        return y

    x = leaf(3)
    y = checkpoint(g, x, use_reentrant=False, early_stop=early_stop)
    y.sum().backward(retain_graph=twice)
    if twice:
        y.sum().backward()
    return calls, x.grad


def test_the_second_run_stops_early():
    def f(x):
        return x.sin().sum()

    assert counted(f)[0] == [2, 1]
    assert counted(f, early_stop=False)[0] == [2, 2]
    with module.set_checkpoint_early_stop(False):
        assert counted(f)[0] == [2, 2]
    with module.set_checkpoint_early_stop(True):
        assert counted(f, early_stop=False)[0] == [2, 1]


def test_a_second_backward_computes_again():
    calls, gradient = counted(lambda x: x.sin().exp(), early_stop=False, twice=True)
    x = leaf(3)
    x.sin().exp().sum().backward()
    assert calls == [3, 3] and torch.equal(gradient, 2 * x.grad)


@pytest.mark.parametrize("depth", [2, 3])
@pytest.mark.parametrize("early_stop", [True, False])
def test_nested(depth, early_stop):
    def f(x, depth):
        y = x.sin() * x
        if depth:
            y = checkpoint(f, y, depth - 1, use_reentrant=False)
            y = y * checkpoint(f, y.exp(), depth - 1, use_reentrant=False)
        return y.cos() * y

    def plain(x, depth):
        y = x.sin() * x
        if depth:
            y = plain(y, depth - 1)
            y = y * plain(y.exp(), depth - 1)
        return y.cos() * y

    a, b = leaf(4), leaf(4)
    with module.set_checkpoint_early_stop(early_stop):
        f(a, depth).sum().backward()
    plain(b, depth).sum().backward()
    assert torch.equal(a.grad, b.grad)


def test_second_derivatives_and_grad():
    def f(x):
        return x.sin() * x**3

    def second(call):
        x = leaf(3)
        (g,) = torch.autograd.grad(call(x).sum(), x, create_graph=True)
        return g, *torch.autograd.grad(g.sum(), x)

    for a, b in zip(
        second(f), second(lambda x: checkpoint(f, x, use_reentrant=False)), strict=True
    ):
        assert torch.allclose(a, b)


def test_arguments_of_all_kinds():
    def f(x, scale, pair, *, shift):
        return x * scale * pair[0] + shift, pair[1], None

    x, y, shift = leaf(3), leaf(3, seed=1), leaf(3, seed=2)
    a, b, c = checkpoint(f, x, 2.0, (y, "word"), shift=shift, use_reentrant=False)
    assert (b, c) == ("word", None)
    (a * a).sum().backward()
    expected = 2 * (2 * x * y + shift).detach()
    assert torch.allclose(x.grad, expected * 2 * y.detach())
    assert torch.allclose(shift.grad, expected)


@BOTH
def test_autocast_is_on_again_in_the_second_run(reentrant):
    def run(call):
        torch.manual_seed(0)
        layer, x = nn.Linear(4, 4), leaf(3, 4)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            y = call(lambda x: layer(layer(x).relu()), x)
        y.float().sum().backward()
        return y.dtype, y.float().detach(), x.grad, layer.weight.grad

    dtype, *plain = run(lambda f, x: f(x))
    same, *found = run(lambda f, x: checkpoint(f, x, use_reentrant=reentrant))
    assert dtype is same is torch.bfloat16
    for a, b in zip(plain, found, strict=True):
        assert torch.equal(a, b)


def test_a_changed_argument_is_noticed():
    x = leaf(3)
    y = x * 1
    z = checkpoint(lambda y: y.sin().cos(), y, use_reentrant=False)
    with torch.no_grad():
        y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()


def test_contexts_and_hooks_around():
    log = []

    class Note(nullcontext):
        def __enter__(self):
            log.append(self.enter_result)

    x = leaf(3)
    y = checkpoint(
        lambda x: x.sin(), x, use_reentrant=False, context_fn=lambda: (Note("one"), Note("two"))
    )
    assert log == ["one"]
    y.sum().backward()
    assert log == ["one", "two"] and torch.equal(x.grad, x.detach().cos())

    seen = []
    x = leaf(3)
    with saved_tensors_hooks(lambda t: seen.append(t) or t.detach().clone(), lambda t: t):
        y = checkpoint(lambda x: x.sin().exp(), x, use_reentrant=False)
    assert [t is x for t in seen] == [True]  # the argument, and nothing inside
    y.sum().backward()
    assert torch.allclose(x.grad, (x.cos() * x.sin().exp()).detach())


def test_without_gradients_nothing_is_kept():
    x = leaf(3)
    with torch.no_grad():
        y = checkpoint(torch.exp, x, use_reentrant=False)
        z = checkpoint(torch.exp, x, use_reentrant=True)
    assert y.grad_fn is None and z.grad_fn is None and torch.equal(y, z)


def test_functions_that_differ_the_second_time():
    runs = []

    def f(x):
        runs.append(1)
        return (x.sin() * 2).exp() if len(runs) % 2 else x.sin()

    def g(x):
        runs.append(1)
        return (x if len(runs) % 2 else x[:2]).sin().exp()

    y = checkpoint(f, leaf(3), use_reentrant=False)
    with pytest.raises(CheckpointError, match=r"during forward: 2\n.*recomputation: 1"):
        y.sum().backward()
    runs.clear()
    y = checkpoint(g, leaf(3), use_reentrant=False)
    with pytest.raises(CheckpointError, match=r"position 0:\nsaved metadata: \{'shape': torch"):
        y.sum().backward()
    runs.clear()
    y = checkpoint(g, leaf(3), use_reentrant=False, determinism_check="none")
    with pytest.raises(RuntimeError, match="unpack_hook returned does not fit"):
        y.sum().backward()
    for options in ({"debug": True}, {}):
        runs.clear()
        with module.set_checkpoint_debug_enabled(None if options else True):
            y = checkpoint(f, leaf(3), use_reentrant=False, **options)
        with pytest.raises(CheckpointError) as caught:
            y.sum().backward()
        assert "SinBackward0   (1 of 3 in original)" in str(caught.value)
        assert "test_checkpoint.py" in str(caught.value)


def test_options_that_do_not_go_together():
    x = leaf(3)
    with pytest.raises(ValueError, match=r"^Unexpected keyword arguments: foo$"):
        checkpoint(torch.exp, x, use_reentrant=True, foo=3)
    for options in ({"debug": True}, {"context_fn": lambda: (1, 2)}):
        with pytest.raises(ValueError, match="only supported when use_reentrant=False"):
            checkpoint(torch.exp, x, use_reentrant=True, **options)
    with pytest.raises(ValueError, match=r"one of \['default', 'none'\], but got foo"):
        checkpoint(torch.exp, x, use_reentrant=False, determinism_check="foo")
    with pytest.raises(ValueError, match=r"^Unexpected keyword arguments: foo$"):
        checkpoint_sequential(net(), 2, x, use_reentrant=False, foo=3)
    with pytest.warns(UserWarning, match="use_reentrant parameter should be passed explicitly"):
        y = checkpoint(torch.exp, x)
    assert y.grad_fn.name() == "CheckpointFunctionBackward"
    with pytest.raises(NotImplementedError, match="create_selective_checkpoint_contexts"):
        module.create_selective_checkpoint_contexts([])
    with module.set_checkpoint_debug_enabled(True), warnings.catch_warnings():
        checkpoint(torch.exp, x, use_reentrant=True)  # only the argument is refused


def test_the_reentrant_way_says_where_it_does_not_go():
    x = leaf(3)
    y = checkpoint(torch.exp, x, use_reentrant=True)
    with pytest.raises(RuntimeError, match=r"incompatible with \.grad\(\)"):
        torch.autograd.grad(y.sum(), x)
    with pytest.raises(RuntimeError, match=r"incompatible with \.grad\(\)"):
        checkpoint(torch.exp, x, use_reentrant=True).sum().backward(inputs=[x])
    y.sum().backward()  # the mark is gone after the failure
    with pytest.warns(UserWarning, match="None of the inputs have requires_grad=True"):
        checkpoint(torch.exp, x.detach(), use_reentrant=True)
    z = checkpoint(lambda x: x.detach(), x, use_reentrant=True)
    with pytest.raises(RuntimeError, match="none of output has requires_grad=True"):
        z.sum().backward()
    with pytest.raises(RuntimeError, match="Only tuple of tensors is supported"):
        module.detach_variable(x)
    assert module.get_device_states(x) == ([], [])
