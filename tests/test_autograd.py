"""The tape.

Backward, grad, in-place, views, hooks, custom Functions, modes. Every expected number is worked by
hand.
"""

import gc
import threading
import weakref

import pytest

import rushlight as torch
from rushlight.autograd import Function, grad
from rushlight.autograd.function import once_differentiable


def leaf(*values):
    return torch.tensor(values, requires_grad=True)


# ---------------------------------------------------------------- backward and grad


def test_backward_accumulates_over_paths_and_calls():
    x = leaf(1.0, 2.0)
    y = x * x + 3 * x  # dy/dx = 2 x + 3
    y.sum().backward()
    assert x.grad.tolist() == [5.0, 7.0]
    (x * 10).sum().backward()
    assert x.grad.tolist() == [15.0, 17.0]


def test_gradient_argument_weighs_the_outputs():
    x = leaf(1.0, 2.0)
    (x * x).backward(torch.tensor([1.0, 0.5]))
    assert x.grad.tolist() == [2.0, 2.0]


def test_backward_of_several_outputs_at_once():
    x = leaf(3.0)
    torch.autograd.backward([x * 2, x * x], [torch.tensor([1.0]), torch.tensor([1.0])])
    assert x.grad.tolist() == [8.0]


def test_inputs_limits_what_accumulates():
    x, w = leaf(2.0), leaf(5.0)
    (x * w).backward(inputs=[x])
    assert x.grad.tolist() == [5.0]
    assert w.grad is None


def test_broadcast_gradients_are_summed_back():
    x, b = torch.ones(3, 2, requires_grad=True), leaf(1.0, 2.0)
    (x * b).sum().backward()
    assert b.grad.tolist() == [3.0, 3.0]
    assert x.grad.tolist() == [[1.0, 2.0]] * 3


def test_grad_returns_and_leaves_grad_alone():
    x = leaf(2.0)
    y = x**3
    (g,) = grad(y, x)
    assert g.tolist() == [12.0]
    assert x.grad is None


def test_grad_of_an_intermediate():
    x = leaf(2.0)
    h = x * x
    y = h * h
    assert grad(y, [h, x], retain_graph=True)[0].tolist() == [8.0]
    assert [g.item() for g in grad(y, [x, h])] == [32.0, 8.0]


def test_unused_inputs():
    x, z = leaf(1.0), leaf(1.0)
    with pytest.raises(RuntimeError, match="appears to not have been used in the graph"):
        grad((x * 2).sum(), [x, z], retain_graph=True)
    assert grad((x * 2).sum(), [x, z], allow_unused=True)[1] is None
    assert grad((x * 2).sum(), [x, z], materialize_grads=True)[1].tolist() == [0.0]


def test_higher_derivatives_from_one_formula():
    x = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    y, derivatives = x**4, []
    for _ in range(4):
        (y,) = grad(y, x, create_graph=True)
        derivatives.append(y.item())
    assert derivatives == [32.0, 48.0, 48.0, 24.0]


def test_gradient_penalty_reaches_the_weights():
    w, x = leaf(3.0), leaf(2.0)
    (g,) = grad((w * x * x).sum(), x, create_graph=True)  # 2 w x = 12
    (g * g).sum().backward()  # d(4 w² x²)/dw = 8 w x²
    assert w.grad.tolist() == [96.0]


def test_second_backward_needs_retain_graph():
    x = leaf(1.0)
    y = (x.exp()).sum()
    y.backward(retain_graph=True)
    y.backward()
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.backward()


@pytest.mark.parametrize(
    "make, text",
    [
        (
            lambda: torch.ones(2).sum().backward(),
            "does not require grad and does not have a grad_fn",
        ),
        (
            lambda: leaf(1.0, 2.0).backward(),
            "grad can be implicitly created only for scalar outputs",
        ),
        (lambda: (leaf(1.0, 2.0) * 1).backward(torch.ones(3)), "Mismatch in shape: grad_output"),
        (lambda: torch.tensor([1], requires_grad=True), "can require gradients"),
        (lambda: leaf(1.0).numpy(), "Can't call numpy\\(\\) on Tensor that requires grad"),
        (
            lambda: (leaf(1.0) * 1).requires_grad_(False),
            "you can only change requires_grad flags of leaf",
        ),
        (
            lambda: torch.ones(2).register_hook(print),
            "cannot register a hook on a tensor that doesn't require",
        ),
    ],
)
def test_misuse_is_named(make, text):
    with pytest.raises(RuntimeError, match=text):
        make()


def test_grad_must_fit():
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match="attempting to assign a gradient of size"):
        x.grad = torch.ones(3)
    with pytest.raises(TypeError, match="expected to be a Tensor or None"):
        x.grad = 1.0
    x.grad = torch.ones(2)
    x.grad = None


# ---------------------------------------------------------------- the graph's life


def test_a_hundred_thousand_operations_deep():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1
    y.backward()
    assert x.grad.tolist() == [1.0]
    del y


def test_graphs_die_by_reference_count():
    gc.collect()
    gc.disable()
    try:
        x = torch.ones(3, 3, requires_grad=True)
        y = torch.nn.functional.cross_entropy((x @ x).relu().softmax(1), torch.tensor([0, 1, 2]))
        nodes = [weakref.ref(y.grad_fn)]
        node = y.grad_fn
        while node.next_functions and hasattr(node.next_functions[0][0], "edges"):
            node = node.next_functions[0][0]
            nodes.append(weakref.ref(node))
        del y, node
        assert len(nodes) > 3
        assert all(n() is None for n in nodes)
    finally:
        gc.enable()


def test_leaves_do_not_share_one_gradient_array():
    x, y = leaf(1.0), leaf(2.0)
    (x + y).backward()
    x.grad.zero_()
    assert y.grad.tolist() == [1.0]
    g = torch.ones(1)
    (x + 0).backward(g)
    x.grad.zero_()
    assert g.tolist() == [1.0]


def test_grad_fn_names_and_edges():
    x = leaf(1.0)
    y = (x * 2).exp().sum()
    assert y.grad_fn.name() == "SumBackward0"
    names = []
    node = y.grad_fn
    while node.next_functions:
        node = node.next_functions[0][0]
        names.append(node.name())
    assert names == ["ExpBackward0", "MulBackward0", "AccumulateGrad"]
    assert node.variable is x


# ---------------------------------------------------------------- in place, views, versions


def test_changed_saved_tensor_is_refused():
    x = leaf(1.0)
    y = x.exp()
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
    a, b = leaf(2.0) * 1, leaf(3.0) * 1
    z = a * b
    a.mul_(2)
    with pytest.raises(RuntimeError, match="is at version 1; expected version 0"):
        z.sum().backward()


def test_inplace_chain_has_the_right_gradient():
    x = leaf(2.0, 3.0)
    y = x * 1
    y.mul_(x).add_(1).mul_(2)  # 2 (x² + 1)
    assert y.tolist() == [10.0, 20.0]
    y.sum().backward()
    assert x.grad.tolist() == [8.0, 12.0]


def test_inplace_on_a_view_records_on_the_base():
    x = leaf(1.0, 2.0, 3.0)
    base = x * 1
    view = base[1:]
    view.mul_(10)
    assert base.tolist() == [1.0, 20.0, 30.0]
    assert base.grad_fn.name() == "CopySlices"
    base.sum().backward()
    assert x.grad.tolist() == [1.0, 10.0, 10.0]


def test_other_views_follow_a_changed_base():
    x = leaf(1.0, 2.0)
    base = x * 1
    row = base.view(1, 2)
    base.mul_(3)
    assert row.tolist() == [[3.0, 6.0]]
    row.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_setitem_cuts_the_old_gradient_and_carries_the_new():
    x, v = leaf(1.0, 2.0, 3.0), leaf(5.0)
    y = x * 2
    y[1] = v[0] * 3
    y[y > 5] = 0
    assert y.tolist() == [2.0, 0.0, 0.0]
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 0.0, 0.0]
    assert v.grad.tolist() == [0.0]


def test_leaves_are_protected_outside_of_no_grad():
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used"):
        x.add_(1)
    with pytest.raises(RuntimeError, match="a view of a leaf Variable that requires grad"):
        x[0].zero_()
    with torch.no_grad():
        x -= 1
    assert x.tolist() == [0.0, 1.0]
    assert x.is_leaf and x._version == 1


def test_views_and_bases_share_memory_and_version():
    base = torch.arange(6).reshape(2, 3)
    view = base.t()
    view[0, 1] = 40
    assert base[1, 0].item() == 40
    assert base._version == view._version == 1
    assert view._base is base or view._base is base._base


def test_detach_shares_elements_without_history():
    x = leaf(1.0)
    d = (x * 2).detach()
    assert not d.requires_grad and d.is_leaf
    y = x * 1
    y.detach().zero_()
    assert y.tolist() == [0.0]


# ---------------------------------------------------------------- hooks


def test_tensor_hooks_see_and_replace_gradients():
    x = leaf(1.0)
    seen = []
    h = x * 2
    handle = h.register_hook(lambda g: seen.append(g.item()))
    h.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g + 1)
    (h * 3).sum().backward()
    assert seen == [3.0]
    assert x.grad.tolist() == [61.0]
    handle.remove()


def test_retain_grad_and_post_accumulate_hook():
    x = leaf(2.0)
    h = x * x
    h.retain_grad()
    seen = []
    x.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.item()))
    (h * 3).sum().backward()
    assert h.grad.tolist() == [3.0]
    assert seen == [12.0]


def test_node_hooks():
    x = leaf(2.0)
    y = x * x
    y.grad_fn.register_prehook(lambda grads: (grads[0] * 2,))
    y.grad_fn.register_hook(lambda inputs, outputs: tuple(g + 1 for g in inputs))
    y.sum().backward()
    assert x.grad.tolist() == [10.0]  # two edges, each 2 · 2 + 1


def test_grad_of_a_non_leaf_warns():
    y = leaf(1.0) * 2
    with pytest.warns(UserWarning, match="not a leaf Tensor is being accessed"):
        assert y.grad is None


# ---------------------------------------------------------------- modes


def test_no_grad_as_context_decorator_and_generator():
    x = leaf(1.0)

    @torch.no_grad()
    def f():
        return x * 2

    @torch.no_grad()
    def values():
        yield x * 2
        yield x * 3

    assert not f().requires_grad
    assert all(not v.requires_grad for v in values())
    assert torch.is_grad_enabled()
    with torch.no_grad():
        assert not (x * 2).requires_grad
        with torch.enable_grad():
            assert (x * 2).requires_grad
    with torch.set_grad_enabled(False):
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad


def test_grad_mode_is_per_thread():
    seen = []
    with torch.no_grad():
        t = threading.Thread(target=lambda: seen.append(torch.is_grad_enabled()))
        t.start()
        t.join()
    assert seen == [True]


def test_inference_mode():
    x = leaf(1.0)
    with torch.inference_mode():
        y = x * 2
        assert y.is_inference() and not y.requires_grad
    with pytest.raises(
        RuntimeError, match="Inplace update to inference tensor outside InferenceMode"
    ):
        y.add_(1)


def test_anomaly_mode_names_the_forward_call():
    x = leaf(-1.0)
    with pytest.warns(UserWarning, match="Anomaly Detection has been enabled"):
        context = torch.autograd.detect_anomaly()
    with (
        context,
        pytest.raises(RuntimeError, match="returned nan values in its 0th output") as caught,
    ):
        x.sqrt().sum().backward()
    assert "test_anomaly_mode_names_the_forward_call" in "".join(caught.value.__notes__)


# ---------------------------------------------------------------- custom Functions


class Scale(Function):
    @staticmethod
    def forward(ctx, x, factor):
        ctx.save_for_backward(x)
        ctx.factor = factor
        return x * x * factor

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        assert ctx.needs_input_grad == (True, False)
        return dy * 2 * x * ctx.factor, None


def test_function_and_its_second_derivative():
    x = leaf(3.0)
    y = Scale.apply(x, 2.0)
    assert y.grad_fn.name() == "ScaleBackward"
    (g,) = grad(y, x, create_graph=True)
    assert g.tolist() == [12.0]
    assert grad(g, x)[0].tolist() == [4.0]


def test_function_with_two_outputs_and_setup_context():
    class Both(Function):
        @staticmethod
        def forward(x):
            return x * 2, x * 3

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.shape = inputs[0].shape

        @staticmethod
        def backward(ctx, a, b):
            return 2 * a + 3 * b

    x = leaf(1.0)
    a, b = Both.apply(x)
    (b * 10).sum().backward()
    assert x.grad.tolist() == [30.0]
    assert a.requires_grad


def test_function_that_changes_its_input():
    class Double(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            with torch.no_grad():
                x.mul_(2)
            return x

        @staticmethod
        def backward(ctx, dy):
            return dy * 2

    x = leaf(1.0)
    h = x * 3
    y = Double.apply(h)
    assert y is h and h.tolist() == [6.0]
    y.sum().backward()
    assert x.grad.tolist() == [6.0]


def test_non_differentiable_output_and_wrong_count():
    class Sign(Function):
        @staticmethod
        def forward(ctx, x):
            s = x.sign()
            ctx.mark_non_differentiable(s)
            return x * 1, s

        @staticmethod
        def backward(ctx, dy, ds):
            return dy, None, dy

    x = leaf(-2.0)
    y, s = Sign.apply(x)
    assert not s.requires_grad
    with pytest.raises(RuntimeError, match="returned an incorrect number of gradients"):
        y.sum().backward()


def test_once_differentiable():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx, dy):
            return dy * 2 * ctx.saved_tensors[0]

    x = leaf(3.0)
    Square.apply(x).sum().backward()
    assert x.grad.tolist() == [6.0]
    (g,) = grad(Square.apply(x).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        g.sum().backward()


def test_function_graph_dies_by_reference_count():
    gc.collect()
    gc.disable()
    try:

        class Exp(Function):
            @staticmethod
            def forward(ctx, x):
                y = x.exp()
                ctx.save_for_backward(y)
                return y

            @staticmethod
            def backward(ctx, dy):
                return dy * ctx.saved_tensors[0]

        x = leaf(0.0)
        y = Exp.apply(x)
        y.backward()
        assert x.grad.tolist() == [1.0]
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
    finally:
        gc.enable()


def test_backward_of_inputs_that_are_no_leaves():
    a = torch.ones(3, requires_grad=True)
    b = a * 2
    c = (b * b).sum()
    c.backward(inputs=[b], retain_graph=True)
    assert b.grad.tolist() == [4.0] * 3 and a.grad is None
    c.backward(inputs=[b, a], retain_graph=True)
    assert b.grad.tolist() == [8.0] * 3 and a.grad.tolist() == [8.0] * 3
    b.retain_grad()
    c.backward(inputs=[a], retain_graph=True)
    assert b.grad.tolist() == [12.0] * 3 and a.grad.tolist() == [16.0] * 3
    c.backward(inputs=[b], retain_graph=True)  # once, though it is kept and asked for
    assert b.grad.tolist() == [16.0] * 3
    part = b.unbind()[1]
    (3 * part).backward(inputs=part)
    assert part.grad.item() == 3.0
