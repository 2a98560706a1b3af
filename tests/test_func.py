"""torch.func, vmap, forward mode and autograd.functional: values against loops and formulas, what
is differentiated through, random numbers, errors in PyTorch's words."""

import subprocess
import sys

import numpy as np
import pytest

import rushlight as torch
import rushlight.autograd.forward_ad as fwd
import rushlight.nn.functional as F
from rushlight import nn
from rushlight.autograd import functional as AF
from rushlight.func import (
    functional_call,
    grad,
    grad_and_value,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    linearize,
    stack_module_state,
    vjp,
    vmap,
)

D = {"dtype": torch.float64}
X = torch.tensor([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]], **D)


def same(x, y, tolerance=1e-10):
    assert x.shape == y.shape
    np.testing.assert_allclose(x.detach().numpy(), y.detach().numpy(), tolerance, tolerance)


def cubic(x):
    return (x**3).sum() * x[0]


def net(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()


# ---------------------------------------------------------------- vmap


@pytest.mark.parametrize("in_dims", [0, 1, -1, (0, None), (1, 1)])
def test_in_dims(in_dims):
    y = torch.arange(6.0, **D).reshape(2, 3) + 1
    dims = in_dims if isinstance(in_dims, tuple) else (in_dims, in_dims)
    n = X.shape[dims[0]]
    rows = [
        X.select(dims[0], i) * (y if dims[1] is None else y.select(dims[1], i)) for i in range(n)
    ]
    same(vmap(torch.mul, in_dims=in_dims)(X, y), torch.stack(rows))


def test_out_dims_and_trees():
    def f(tree, k):
        return {"sum": tree["x"] + tree["y"][0], "k": (tree["x"] * k,)}

    tree = {"x": X, "y": [X.T]}
    found = vmap(f, in_dims=({"x": 0, "y": [1]}, None), out_dims={"sum": 1, "k": 0})(tree, 3.0)
    same(found["sum"], (2 * X).T)
    same(found["k"][0], 3 * X)


def test_nested_chunked_and_out_dims_none():
    outer = vmap(vmap(torch.mul, in_dims=(None, 0)), in_dims=(0, None))
    same(outer(X[0], X[1]), X[0][:, None] * X[1])
    same(vmap(lambda x: x.exp().sum(), chunk_size=2)(X.T), X.T.exp().sum(1))
    y, constant = vmap(lambda x: (x + 1, torch.ones(2)), out_dims=(0, None))(X)
    same(y, X + 1)
    assert constant.tolist() == [1.0, 1.0]


def test_in_place_through_views():
    def f(x, v):
        z = torch.zeros_like(x)
        z.add_(x)
        z[0] = 7
        z[1:].mul_(v)
        z[-1] += v
        return z

    wanted = X.clone()
    wanted[:, 0] = 7
    wanted[:, 1:] *= X[:, :1]
    wanted[:, 2] += X[:, 0]
    same(vmap(f)(X, X[:, 0]), wanted)


def test_the_input_is_changed_in_place():
    x = X.clone()
    vmap(lambda a: a.mul_(2))(x)
    same(x, 2 * X)


def test_each_sample_has_its_index():
    i = torch.tensor([2, 0])
    assert vmap(lambda x, i: x[i])(X, i).tolist() == [2.0, 1.5]
    same(vmap(lambda i: X.T[i])(i), X.T[i])
    same(vmap(lambda x, i: x[i[:, None], ...])(X, torch.stack([i, i])), X[:, i][:, :, None])


def test_promotion_sees_the_samples():
    one = torch.ones(2, **D)  # 0-d for each sample: it does not widen
    assert vmap(torch.mul)(torch.ones(2, 3), one).dtype is torch.float32
    assert vmap(torch.mul)(torch.ones(2, 3), torch.ones(2, 3, **D)).dtype is torch.float64


def test_gradients_through_vmap():
    x = X.clone().requires_grad_()
    vmap(cubic)(x).sum().backward()
    (wanted,) = torch.autograd.grad(sum(cubic(row) for row in (x[0], x[1])), x)
    same(x.grad, wanted)


def test_keywords_are_the_same_for_all_samples():
    same(vmap(lambda x, b=None: x[0] * b)(X, b=X), X[:, :1, None] * X)


def test_detached_samples():
    x = X.clone().requires_grad_()
    assert not vmap(lambda a: a.detach())(x).requires_grad
    vmap(lambda a: (a.detach() * a).sum())(x).sum().backward()
    same(x.grad, X)


def test_an_op_without_a_rule_goes_sample_by_sample():
    x = X.clone().requires_grad_()
    y = vmap(lambda a: torch.logcumsumexp(a.flip(0), 0).renorm(2, 0, 1.0) if a.ndim > 1 else
             torch.nanmedian(a[None], 1).values)(x)  # fmt: skip
    assert y.tolist() == [[0.5], [0.25]]
    y.sum().backward()
    assert x.grad.tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]


@pytest.mark.parametrize(
    "draw",
    [
        lambda x: torch.rand(4),
        lambda x: torch.randn(4),
        lambda x: torch.randn_like(x),
        lambda x: F.dropout(x),
        lambda x: torch.bernoulli(x.sigmoid()),
        lambda x: x.clone().normal_(),
        lambda x: torch.randperm(9),
        lambda x: torch.zeros(2).uniform_(),
    ],
)
def test_random_ops_are_refused(draw):
    with pytest.raises(RuntimeError, match="called random operation while in randomness error"):
        vmap(draw)(X)


def test_random_numbers():
    torch.manual_seed(0)
    plain = torch.rand(2, 4)
    torch.manual_seed(0)
    assert vmap(lambda x: torch.rand(4), randomness="different")(X).tolist() == plain.tolist()
    torch.manual_seed(0)
    found = vmap(lambda x: torch.rand(4), randomness="same")(X)
    assert found.tolist() == [plain[0].tolist()] * 2
    dropped = vmap(F.dropout, randomness="different")(torch.ones(8, 64))
    assert set(dropped.flatten().tolist()) == {0.0, 2.0}
    assert len({tuple(row) for row in dropped.tolist()}) == 8
    inner = vmap(vmap(lambda x: torch.randn(()), randomness="different"), randomness="different")
    assert len(set(inner(X).flatten().tolist())) == 6
    same(vmap(lambda x: F.dropout(x, training=False))(X), X)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: vmap(lambda x: x.item())(X[0]), r"vmap: It looks like you're calling .item\(\)"),
        (lambda: vmap(lambda x: float(x))(X[0]), r"calling .item\(\)"),
        (lambda: vmap(lambda x: x if x > 0 else -x)(X[0]), "data-dependent control flow"),
        (lambda: vmap(torch.nonzero)(X), "operators that can output dynamic shape"),
        (lambda: vmap(lambda x: x[x > 0])(X), "indexing with a boolean mask"),
        (lambda: vmap(lambda x: x.numpy())(X), "Cannot access data pointer"),
        (lambda: vmap(lambda x: x.tolist())(X), "Cannot access data pointer"),
        (lambda: vmap(lambda x: x.requires_grad_())(X), "call Tensor.requires_grad_"),
        (lambda: vmap(lambda x: x.sum().backward())(X), r"backward\(\) called inside"),
        (lambda: vmap(lambda x, y: y.add_(x), in_dims=(0, None))(X, X[0].clone()), "vmap: "),
        (lambda: vmap(lambda x: x, randomness="no")(X), "Only allowed values for randomness"),
        (lambda: grad(lambda x: x)(X), "to return a scalar"),
        (lambda: grad(lambda x: 1.0)(X), "to return a Tensor, got <class 'float'>"),
        (lambda: grad(cubic, argnums=1)(X), "Got argnum=1, but only 1 positional"),
        (lambda: jvp(cubic, X, X), "Expected primals to be a tuple"),
        (lambda: jvp(cubic, (X,), (X[0],)), "different size than that of the original"),
        (lambda: vjp(torch.sin, X)[1](X[0]), "Mismatch in shape"),
        (lambda: fwd.make_dual(X, X), "no level exists"),
    ],
)
def test_runtime_errors(call, words):
    with pytest.raises(RuntimeError, match=words):
        call()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: vmap(torch.sin, in_dims=2)(X), "Got in_dim=2 for some input"),
        (lambda: vmap(torch.sin, in_dims=(0, 0))(X), "in_dims is not compatible"),
        (lambda: vmap(torch.mul)(X, X.T), "same size in the mapped dimension, got sizes"),
        (lambda: vmap(torch.sin)(1.0), "We cannot vmap over non-Tensor arguments"),
        (lambda: vmap(torch.sin)(), "got no inputs"),
        (lambda: vmap(lambda x: 1)(X), "must only return Tensors, got type <class 'int'>"),
        (lambda: vmap(lambda x: (x, x), out_dims=(0,) * 3)(X), "out_dims is not compatible"),
        (lambda: vmap(torch.sin, chunk_size=0)(X), "chunk_size should be None or greater"),
        (lambda: grad(cubic)(1.0), "Thing passed to transform API must be Tensor"),
    ],
)
def test_value_errors(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_nothing_stays_switched_on():
    from rushlight.dispatch import levels, modes

    kept = torch.Tensor.__add__, torch.rand, torch.Tensor.__dict__["data"]
    before = modes.MODES  # the one of meta tensors, if another test's are still alive
    with pytest.raises(ZeroDivisionError):
        vmap(lambda x: 1 / 0)(X)
    assert modes.MODES == before and not levels.state.open and not levels.state.transforms
    assert kept == (torch.Tensor.__add__, torch.rand, torch.Tensor.__dict__["data"])


def test_a_tensor_that_outlives_its_vmap():
    kept = []
    vmap(lambda x: kept.append(x) or x)(X)
    with pytest.raises(RuntimeError, match="Cannot access data"):
        kept[0] + 1


def test_texts():
    seen = []
    vmap(lambda x: seen.append(repr(x)) or x)(torch.ones(2, 2))
    assert seen == [
        "BatchedTensor(lvl=1, bdim=0, value=\n    tensor([[1., 1.],\n            [1., 1.]])\n)"
    ]
    with fwd.dual_level():
        assert repr(fwd.make_dual(torch.ones(1), torch.ones(1))) == (
            "tensor([1.], tangent=tensor([1.]))"
        )


# ---------------------------------------------------------------- derivatives


def test_gradients_of_each_sample():
    model = net()
    weights = {k: v.detach() for k, v in model.named_parameters()}
    targets = torch.tensor([1, 0])

    def loss(weights, x, target):
        y = functional_call(model, weights, (x[None],))
        return F.cross_entropy(y, target[None])

    found = vmap(grad(loss), in_dims=(None, 0, 0))(weights, X, targets)
    for i in range(2):
        model.zero_grad()
        F.cross_entropy(model(X[i : i + 1]), targets[i : i + 1]).backward()
        for name, p in model.named_parameters():
            same(found[name][i], p.grad)


def test_gradients_of_each_sample_of_a_convolution():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()).double()
    weights = {k: v.detach() for k, v in model.named_parameters()}
    x = torch.randn(4, 2, 6, 6, **D)

    def loss(weights, x):
        return functional_call(model, weights, (x[None],)).square().sum()

    found = vmap(grad(loss), in_dims=(None, 0))(weights, x)
    for i in range(4):
        model.zero_grad()
        model(x[i : i + 1]).square().sum().backward()
        for name, p in model.named_parameters():
            same(found[name][i], p.grad)


def test_an_ensemble():
    models = [net(i) for i in range(3)]
    parameters, buffers = stack_module_state(models)
    base = net()

    def call(parameters, buffers, x):
        return functional_call(base, (parameters, buffers), (x,))

    found = vmap(call, in_dims=(0, 0, None))(parameters, buffers, X)
    same(found, torch.stack([m(X) for m in models]))
    found.square().sum().backward()
    models[1](X).square().sum().backward()
    same(parameters["0.weight"].grad[1], models[1][0].weight.grad)


SECOND = {
    "hessian": hessian,
    "rev over rev": lambda f: jacrev(jacrev(f)),
    "fwd over fwd": lambda f: jacfwd(jacfwd(f)),
    "rev over fwd": lambda f: jacrev(jacfwd(f)),
    "jvp of grad": lambda f: (
        lambda x: torch.stack([jvp(grad(f), (x,), (e,))[1] for e in torch.eye(len(x), **D)])
    ),
    "grad of grad": lambda f: (
        lambda x: torch.stack([grad(lambda y, i=i: grad(f)(y)[i])(x) for i in range(len(x))])
    ),
}


@pytest.mark.parametrize("name", SECOND)
def test_second_derivatives(name):
    model = net()
    f = lambda x: model(x).square().sum()  # noqa: E731
    wanted = [AF.hessian(f, x) for x in (X[0], X[1])]
    same(SECOND[name](f)(X[0]), wanted[0])
    if name != "grad of grad":
        same(vmap(SECOND[name](f))(X), torch.stack(wanted))


def test_third_derivatives_mix():
    wanted = torch.tensor([60.0], **D) * 0.5**2
    x = torch.tensor([0.5], **D)
    f = lambda x: (x**5).sum()  # noqa: E731
    same(jacfwd(jacrev(grad(f)))(x).reshape(1), wanted)
    same(grad(lambda x: hessian(f)(x).sum())(x), wanted)
    same(jvp(lambda x: jvp(grad(f), (x,), (x * 0 + 1,))[1], (x,), (x * 0 + 1,))[1], wanted)


def test_no_confusion_of_perturbations():
    x = torch.tensor(1.0, **D)
    found = grad(lambda x: x * grad(lambda y: x + y)(torch.tensor(1.0, **D)))(x)
    assert found.item() == 1.0
    one = torch.ones((), **D)

    def inner(x):
        return jvp(lambda y: x * y, (torch.tensor(3.0, **D),), (one,))[1]

    assert jvp(lambda x: x * inner(x), (torch.tensor(2.0, **D),), (one,))[1].item() == 4.0


def test_what_is_closed_over():
    w = torch.ones(3, **D)
    same(grad(lambda w: vmap(lambda x: (x * w).sum() ** 2)(X).sum())(w), (2 * X.sum(1)) @ X)
    found = vmap(lambda x: grad(lambda w: (x * w * w).sum())(w))(X)
    same(found, 2 * X)
    found = vmap(lambda x: jvp(lambda w: x * w * w, (w,), (x,))[1])(X)
    same(found, 2 * X * X)


def test_results_belong_to_the_graph_only_if_something_outside_wants_it():
    x = X[0].clone().requires_grad_()
    assert not grad(cubic)(X[0]).requires_grad
    g = grad(cubic)(x)
    assert g.requires_grad
    (found,) = torch.autograd.grad(g.sum(), x)
    same(found, AF.hessian(cubic, X[0]).sum(0))
    value, tangent = jvp(cubic, (x,), (X[1],))
    assert value.requires_grad
    (found,) = torch.autograd.grad(tangent, x)
    same(found, AF.hvp(cubic, X[0], X[1])[1])
    with torch.no_grad():
        assert not grad(cubic)(x).requires_grad
        same(grad(cubic)(x), g)
    assert x.grad is None


def test_aux_and_argnums():
    f = lambda x, y: ((x * y).sum(), x + y)  # noqa: E731
    (dx, dy), (value, aux) = grad_and_value(f, argnums=(0, 1), has_aux=True)(X, X + 1)
    same(dx, X + 1)
    same(dy, X)
    same(value, (X * (X + 1)).sum())
    same(aux, 2 * X + 1)
    j, aux = jacrev(lambda x: (x * x, x.sum()), has_aux=True)(X[0])
    same(j, torch.diag(2 * X[0]))
    j, aux = jacfwd(lambda x: (x * x, x.sum()), has_aux=True)(X[0])
    same(j, torch.diag(2 * X[0]))
    same(aux, X[0].sum())


def test_jacobians_of_trees_and_chunks():
    f = lambda x, y: {"a": x.sum() * y, "b": (x,)}  # noqa: E731
    for jacobian in (jacrev, jacfwd):
        found = jacobian(f, argnums=(0, 1), chunk_size=2)(X[0], X[1])
        same(found["a"][0], X[1][:, None].expand(3, 3))
        same(found["a"][1], torch.eye(3, **D) * X[0].sum())
        same(found["b"][0][0], torch.eye(3, **D))
        same(found["b"][0][1], torch.zeros(3, 3, **D))


def test_vjp_and_linearize():
    y, product = vjp(lambda x, w: x @ w, X, X.T)
    same(y, X @ X.T)
    v = torch.tensor([[1.0, 2.0], [0.0, 1.0]], **D)
    dx, dw = product(v)
    same(dx, v @ X)
    same(dw, X.T @ v)
    y, product = linearize(torch.sin, X)
    same(product(X), X.cos() * X)


def test_in_place_under_derivatives():
    def f(x):
        z = torch.zeros_like(x)
        z[1:] = x[1:] * 2
        z[0].copy_(x[0])
        z.mul_(x)
        z += x
        return z

    wanted = torch.diag(torch.stack([2 * X[0, 0] + 1, 4 * X[0, 1] + 1, 4 * X[0, 2] + 1]))
    same(jacfwd(f)(X[0]), wanted)
    same(jacrev(f)(X[0]), wanted)
    same(vmap(jacrev(f))(X)[0], wanted)


# ---------------------------------------------------------------- forward mode by hand


def test_dual_tensors():
    with fwd.dual_level():
        x = fwd.make_dual(X, torch.ones_like(X))
        primal, tangent = fwd.unpack_dual(x * x)
        same(primal, X * X)
        same(tangent, 2 * X)
        assert fwd.unpack_dual(X).tangent is None
        assert fwd.unpack_dual(x.detach()).tangent is None
        with fwd._set_fwd_grad_enabled(False):
            assert fwd.unpack_dual(x * x).tangent is None
        with pytest.raises(RuntimeError, match="Nested forward mode AD"), fwd.dual_level():
            pass
        w = X.clone().requires_grad_()
        moved = fwd.unpack_dual(fwd.make_dual(w, X) ** 2).tangent
        same(torch.autograd.grad(moved.sum(), w)[0], 2 * X)
    assert fwd.unpack_dual(x).tangent is None
    same(x + 1, X + 1)


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(x, k):
        return x**3 * k

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])
        ctx.save_for_forward(inputs[0])
        ctx.k = inputs[1]

    @staticmethod
    def backward(ctx, dy):
        return 3 * ctx.saved_tensors[0] ** 2 * dy * ctx.k, None

    @staticmethod
    def jvp(ctx, t, _):
        return 3 * ctx.saved_tensors[0] ** 2 * t * ctx.k


class Looped(Cube):
    generate_vmap_rule = True


class Ruled(Cube):
    @staticmethod
    def vmap(info, in_dims, x, k):
        assert info.batch_size == 2 and info.randomness == "error" and in_dims == (0, None)
        return Cube.apply(x, k), 0


def test_functions_of_a_user():
    same(jvp(lambda x: Cube.apply(x, 2.0), (X,), (X,))[1], 6 * X**3)
    same(grad(lambda x: Cube.apply(x, 2.0).sum())(X), 6 * X**2)
    for cls in (Looped, Ruled):
        same(vmap(lambda x, cls=cls: cls.apply(x, 2.0))(X), 2 * X**3)
        same(vmap(grad(lambda x, cls=cls: cls.apply(x, 2.0).sum()))(X), 6 * X**2)
    with pytest.raises(RuntimeError, match="does not have vmap support"):
        vmap(lambda x: Cube.apply(x, 2.0))(X)


class Old(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, dy):
        return dy * 2


def test_functions_that_cannot_be_transformed():
    with pytest.raises(RuntimeError, match=r"must override the setup_context staticmethod"):
        grad(lambda x: Old.apply(x).sum())(X)
    with fwd.dual_level(), pytest.raises(NotImplementedError, match="implement the jvp function"):
        Old.apply(fwd.make_dual(X, X))


# ---------------------------------------------------------------- autograd.functional


@pytest.mark.parametrize("options", [{}, {"vectorize": True}, {"create_graph": True},
                                     {"vectorize": True, "strategy": "forward-mode"}])  # fmt: skip
def test_functional_jacobian(options):
    f = lambda x, y: (x * y.sum(), y[:2])  # noqa: E731
    found = AF.jacobian(f, (X[0], X[1]), **options)
    same(found[0][0], torch.eye(3, **D) * X[1].sum())
    same(found[0][1], X[0][:, None].expand(3, 3))
    same(found[1][0], torch.zeros(2, 3, **D))
    same(found[1][1], torch.eye(3, **D)[:2])
    assert found[0][0].requires_grad is ("create_graph" in options)


def test_functional_products():
    f = lambda x: (x**3).sum()  # noqa: E731
    x, v = X[0], X[1]
    for product in (AF.hvp, AF.vhp):
        value, found = product(f, x, v)
        same(value, f(x))
        same(found, 6 * x * v)
    same(AF.vjp(lambda x: x**2, x, v)[1], 2 * x * v)
    same(AF.jvp(lambda x: x**2, x, v)[1], 2 * x * v)
    same(AF.hessian(f, x, vectorize=True, outer_jacobian_strategy="forward-mode"),
         torch.diag(6 * x))  # fmt: skip
    with pytest.raises(RuntimeError, match="v has invalid size"):
        AF.vjp(lambda x: x**2, x, v[:2])
    with pytest.raises(RuntimeError, match=r"independent of the input. This is not allowed"):
        AF.hvp(torch.sum, x, v, strict=True)
    with pytest.raises(TypeError, match="inputs given to jacobian must be either a Tensor"):
        AF.jacobian(f, 1.0)


def test_is_grads_batched():
    x = X[0].clone().requires_grad_()
    rows = torch.eye(3, **D)
    (found,) = torch.autograd.grad(x**2, x, rows, is_grads_batched=True)
    same(found, torch.diag(2 * X[0]))
    y = x**3
    (g,) = torch.autograd.grad(y, x, rows, is_grads_batched=True, create_graph=True)
    (second,) = torch.autograd.grad(g.diagonal().sum(), x)
    same(second, 6 * X[0])
    with pytest.raises(RuntimeError, match="a mismatch was detected"):
        torch.autograd.grad(x**2, x, rows[:, :2], is_grads_batched=True)


def test_what_vmap_put_in_front_of_ops_goes_when_it_is_not_needed():
    """In a process of its own: tensors on "meta" of other tests may be alive."""
    code = """
import rushlight as torch
from rushlight.dispatch import modes
from rushlight.func import vmap

def there():
    return vars(torch.Tensor)["__add__"]

x, plain = torch.ones(3), there()
for _ in range(3):
    assert vmap(lambda x: x.sin() + 1)(x).shape == (3,)
    assert there() is not plain  # for the next vmap
for _ in range(modes.PATIENCE + 1):
    x.sin()
assert there() is plain and not modes.MODES
assert all(c.unasked is None for c in modes.Card.used)
vmap(torch.exp)(x)
with torch.autocast("cpu"):
    assert there() is plain  # another mode begins from the start
vmap(torch.exp)(x)
modes.settle()
assert there() is plain
"""
    subprocess.run([sys.executable, "-c", code], check=True)
