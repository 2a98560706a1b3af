"""torch.func beside PyTorch's: values of transforms and their compositions, error words."""

import numpy as np
import pytest
import torch

import rushlight
import rushlight.autograd.forward_ad  # a name of rushlight.autograd from here on
import rushlight.func
import rushlight.utils._pytree

# PyTorch's own modules say so when they are first used
pytestmark = pytest.mark.filterwarnings("ignore")

CASES = """
func.vmap(torch.dot)(x, x)
func.vmap(torch.mul, in_dims=(1, None), out_dims=1)(x, x[:, 0])
func.vmap(func.vmap(torch.mul, in_dims=(None, 0)), in_dims=(0, None))(x[:, 0], x[0])
func.vmap(lambda a, k: F.conv1d(a[None, None], k[None, None]))(x, x[:, :2])
func.vmap(lambda a: torch.stack(torch.sort(a, descending=True)[:1]))(x)
func.vmap(lambda a: F.layer_norm(a, (4,)).cumsum(0))(x)
func.vmap(lambda a, i: a[i], in_dims=(0, 0))(x, torch.tensor([0, 1, 2]))
func.vmap(lambda a: torch.where(a > 0, a, 0.0).amax(), chunk_size=2)(x)
func.grad(lambda a: (a ** 3).sum())(x[0])
func.vmap(func.grad(loss, argnums=(0, 1)), in_dims=(None, None, 0, 0))(w, b, x, y)
func.jvp(lambda a: a.sin() * a, (x,), (x + 1,))
func.jvp(lambda a: F.softmax(a @ a.T, 1), (x,), (x + 1,))
func.vjp(lambda a: (a.exp(), a.sum(0)), x)[1]((x, x[0]))
func.jacrev(lambda a: (a.sin(), a @ w.T))(x[0])
func.jacfwd(lambda a: (a.sin(), a @ w.T))(x[0])
func.hessian(lambda a: (a.sin() * a.sum()).sum())(x[0])
func.vmap(func.hessian(lambda a: (a.tanh() @ w.T).square().sum()))(x)
func.jacfwd(func.jacrev(lambda a: F.softplus(a @ w.T).prod()))(x[0])
func.jacrev(func.jacfwd(lambda a: F.softplus(a @ w.T).prod()))(x[0])
func.grad(lambda a: func.grad(lambda c: (c * a).sin().sum())(a).sum())(x[0])
func.grad_and_value(lambda a: ((a * a).sum(), a), has_aux=True)(x[0])
func.linearize(torch.sin, x)[1](x)
AF.jacobian(lambda a, c: (a * c.sum(), c), (x[0], x[1]))
AF.hessian(lambda a: (a ** 3).sum(), x[0], vectorize=True)
AF.vhp(lambda a: (a ** 3).prod(), x[0], x[1])
AF.hvp(lambda a: (a ** 3).prod(), x[0], x[1])
torch.autograd.grad(leaf ** 2, leaf, torch.eye(4), is_grads_batched=True)
""".strip().splitlines()

FAILS = """
func.vmap(lambda a: a.item())(x[0])
func.vmap(lambda a: a if a > 0 else -a)(x[0])
func.vmap(torch.nonzero)(x)
func.vmap(lambda a: a[a > 0])(x)
func.vmap(torch.unique)(x)
func.vmap(torch.equal)(x, x)
func.vmap(torch.allclose)(x, x)
func.vmap(lambda a: a + torch.rand(4))(x)
func.vmap(lambda a: F.dropout(a))(x)
func.vmap(torch.sin, randomness="no")(x)
func.vmap(torch.sin, in_dims=2)(x)
func.vmap(torch.sin, in_dims=(0, 0))(x)
func.vmap(torch.mul)(x, x.T)
func.vmap(torch.sin, in_dims=None)(x)
func.vmap(lambda a: a)(1.0)
func.vmap(lambda a: 1)(x)
func.vmap(lambda a: (a, a), out_dims=(0, 0, 0))(x)
func.vmap(lambda a: a.tolist())(x)
func.vmap(lambda a: a.requires_grad_())(x)
func.vmap(lambda a: a.data)(x)
func.grad(lambda a: a)(x)
func.grad(lambda a: 1.0)(x)
func.grad(lambda a: a.sum(), argnums=1)(x)
func.grad(lambda a: a.sum())(1.0)
func.grad(lambda a: a.sum(), has_aux=True)(x)
func.jvp(torch.sin, x, x)
func.jvp(torch.sin, (x,), (x, x))
func.jvp(torch.sin, (x,), (x[0],))
func.vjp(lambda a: 3.0, x)
func.vjp(torch.sin, x)[1](x[0])
func.jacrev(torch.sin, chunk_size=-1)(x)
fwd.make_dual(x, x)
AF.jacobian(lambda a: a, 1.0)
AF.jacobian(lambda a: a, x[0], strategy="forward-mode")
AF.hessian(lambda a: a, x[0])
AF.vjp(lambda a: a, x[0], x[0][:2])
AF.hvp(torch.sum, x[0], x[0], strict=True)
""".strip().splitlines()


def scope(lib):
    x = lib.tensor([[0.5, -1.0, 2.0, 0.25], [1.5, 0.75, -0.5, 1.0], [-1.25, 0.1, 0.3, -2.0]])
    w = lib.arange(20.0).reshape(5, 4) / 10 - 1

    def loss(w, b, x, y):
        F = lib.nn.functional
        return F.cross_entropy(F.linear(x[None], w, b).tanh(), y[None])

    return {
        "torch": lib,
        "func": lib.func,
        "F": lib.nn.functional,
        "AF": lib.autograd.functional,
        "fwd": lib.autograd.forward_ad,
        "x": x,
        "w": w,
        "b": w[:, 0] * 2,
        "y": lib.tensor([0, 2, 4]),
        "leaf": x[0].clone().requires_grad_(),
        "loss": loss,
    }


def flat(lib, code):
    tree = lib.utils._pytree if lib is rushlight else torch.utils._pytree
    return tree.tree_flatten(eval(code, scope(lib)))


@pytest.mark.parametrize("code", CASES)
def test_values(code):
    wanted, structure = flat(torch, code)
    found, ours = flat(rushlight, code)
    assert repr(ours) == repr(structure)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("code", FAILS)
def test_errors(code):
    errors = []
    for lib in (torch, rushlight):
        with pytest.raises(Exception) as e:
            eval(code, scope(lib))
        errors.append((type(e.value).__name__, str(e.value).split("\n")[0][:100]))
    assert errors[1] == errors[0]


TREES = [1, None, (1, [2, {"b": 3, "a": (4,)}]), {"x": (), "y": []}]


@pytest.mark.parametrize("tree", TREES, ids=repr)
def test_trees(tree):
    ours, theirs = rushlight.utils._pytree, torch.utils._pytree
    for f in ("tree_flatten", "tree_leaves", "tree_structure", "tree_leaves_with_path"):
        assert repr(getattr(ours, f)(tree)) == repr(getattr(theirs, f)(tree))
    assert ours.tree_map(str, tree) == theirs.tree_map(str, tree)
