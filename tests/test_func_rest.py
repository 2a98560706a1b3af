"""Ops that tests/test_func_ops.py has no samples of (several outputs, LAPACK, unpooling, ...):
jvp against central differences, vmap against a loop, second order, batches of cotangents."""

import pytest

import rushlight as torch
import rushlight.nn.functional as F
from rushlight import tensor
from rushlight.autograd import gradcheck, gradgradcheck
from rushlight.func import jvp, vmap
from rushlight.testing.samples import Make

make = Make("rest")
N = 3


def square():
    return make(4, 4)


def symmetric(a):
    return (a + a.mT) / 2


def positive(a):
    return a @ a.mT + 4 * torch.eye(4, dtype=torch.float64)


_, PLACES = F.max_pool2d(make(1, 2, 4, 4), 3, 2, 1, return_indices=True)
APART = tensor([[[[0, 3], [9, 14]], [[1, 2], [8, 15]]]])
IMAGE, RATES = make(2, 2, 5, 5), torch.full((2, 2, 2), 0.5, dtype=torch.float64)
LABELS = tensor([[[1, 0], [2, 1]], [[0, 2], [1, 1]]])
# name -> (function, its inputs): differentiable in all of them, twice
REST = {
    "max_unpool2d": (lambda x: F.max_unpool2d(x, APART, 2), lambda: (make(1, 2, 2, 2),)),
    "adaptive_max_pool2d": (lambda x: F.adaptive_max_pool2d(x, 3), lambda: (IMAGE,)),
    "adaptive_max_pool3d": (lambda x: F.adaptive_max_pool3d(x, 2), lambda: (make(1, 2, 4, 4, 4),)),
    "fractional_max_pool2d": (
        lambda x: F.fractional_max_pool2d(x, 2, output_size=3, _random_samples=RATES),
        lambda: (IMAGE,),
    ),
    "nll of images": (lambda x: F.nll_loss(x, LABELS), lambda: (make(2, 3, 2, 2),)),
    "batch_norm with statistics": (
        lambda x, w, b: F.batch_norm(
            x, torch.zeros(2).double(), torch.ones(2).double(), w, b, training=True
        ),
        lambda: (make(4, 2), make(2), make(2)),
    ),
    "scaled_dot_product_attention": (
        lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, m),
        lambda: (make(1, 3, 2), make(1, 4, 2), make(1, 4, 2), make(3, 4)),
    ),
    "solve_ex": (
        lambda a, b: torch.linalg.solve_ex(positive(a), b)[0],
        lambda: (square(), make(4, 2)),
    ),
    "cholesky_ex": (lambda a: torch.linalg.cholesky_ex(positive(a))[0], lambda: (square(),)),
    "cholesky_solve": (
        lambda b, a: torch.cholesky_solve(b, positive(a).tril()),
        lambda: (make(4, 2), square()),
    ),
    "eigvalsh": (lambda a: torch.linalg.eigvalsh(symmetric(a)), lambda: (square(),)),
    "eigh": (
        lambda a: (lambda r: (r[0], (r[1] * r[0].unsqueeze(0)) @ r[1].mT))(
            torch.linalg.eigh(symmetric(a))
        ),
        lambda: (square(),),
    ),
    "eigvals": (lambda a: torch.linalg.eigvals(a).abs().sort()[0], lambda: (positive(square()),)),
    "svd": (
        lambda a: (lambda u, s, vh: (s, u @ vh))(*torch.linalg.svd(a, full_matrices=False)),
        lambda: (make(4, 3),),
    ),
    "svdvals": (lambda a: torch.linalg.svdvals(a), lambda: (make(4, 3),)),
    "pinv": (lambda a: torch.linalg.pinv(a), lambda: (make(4, 3),)),
    "lstsq": (
        lambda a, b: torch.linalg.lstsq(a, b).solution,
        lambda: (make(4, 3), make(4, 2)),
    ),
    "kron": (lambda a, b: torch.kron(a, b), lambda: (make(2, 3), make(2, 2))),
    "cdist": (lambda a, b: torch.cdist(a, b), lambda: (make(3, 2), make(4, 2) + 5)),
    "quantile": (lambda a: torch.quantile(a, 0.3, 1), lambda: (make(3, 5),)),
    "cosine_similarity": (lambda a, b: F.cosine_similarity(a, b), lambda: (make(3, 4), make(3, 4))),
    "trapezoid": (lambda y: torch.trapezoid(y, dx=0.5), lambda: (make(3, 4),)),
    "zero_": (lambda x: x.clone().zero_() + x.sin(), lambda: (make(3),)),
    "multi_head_attention": (
        lambda x, m: F.multi_head_attention_forward(
            x,
            x,
            x,
            2,
            1,
            W,
            None,
            None,
            None,
            False,
            0.0,
            EYE,
            None,
            need_weights=False,
            attn_mask=m,
        )[0],
        lambda: (make(3, 1, 2), make(3, 3)),
    ),
}
W, EYE = make(6, 2), torch.eye(2, dtype=torch.float64)


def several(result):
    return result if isinstance(result, tuple) else (result,)


@pytest.mark.parametrize("name", REST)
def test_derivatives(name):
    f, inputs = REST[name]
    xs = inputs()
    ts = tuple(make(*x.shape, low=-1.0, high=1.0) for x in xs)
    ys, along = jvp(f, xs, ts)
    step = 1e-6
    up = several(f(*[x + step * t for x, t in zip(xs, ts, strict=True)]))
    down = several(f(*[x - step * t for x, t in zip(xs, ts, strict=True)]))
    for y, d, a, b in zip(several(ys), several(along), up, down, strict=True):
        assert torch.allclose(y, (a + b) / 2, atol=1e-6)
        assert torch.allclose(d, (a - b) / (2 * step), rtol=1e-4, atol=1e-5)
    leaves = tuple(x.detach().clone().requires_grad_() for x in xs)
    assert gradcheck(f, leaves, check_batched_grad=True)
    assert gradgradcheck(f, leaves, atol=1e-4)


@pytest.mark.parametrize("name", REST)
def test_vmap(name):
    f, inputs = REST[name]
    rows = [inputs() for _ in range(N)]
    found = several(vmap(f)(*[torch.stack(list(xs)) for xs in zip(*rows, strict=True)]))
    wanted = zip(*[several(f(*xs)) for xs in rows], strict=True)
    for y, zs in zip(found, wanted, strict=True):
        assert torch.allclose(y, torch.stack(list(zs)), rtol=1e-9, atol=1e-9)


def test_unpooling_to_one_place_twice():
    """The last one stands there, in the value and in the tangent."""
    x = make(1, 2, 2, 2)

    def f(x):
        return F.max_unpool2d(x, PLACES, 3, 2, 1, output_size=(4, 4))

    y, along = jvp(f, (x,), (x,))
    assert torch.equal(y, along)


def test_ctc():
    """First derivatives and vmap, as PyTorch; it has no derivative of the gradient either."""
    targets = tensor([[1, 2], [2, 2]])
    lengths = tensor([5, 4]), tensor([2, 1])

    def f(x):
        return F.ctc_loss(x.log_softmax(-1), targets, *lengths, reduction="none")

    rows = make(N, 5, 2, 3)
    assert gradcheck(f, (rows[0].clone().requires_grad_(),))
    assert torch.allclose(vmap(f)(rows), torch.stack([f(x) for x in rows]), rtol=1e-12)
    one = torch.func.grad(lambda x: f(x).sum())
    assert torch.allclose(vmap(one)(rows), torch.stack([one(x) for x in rows]), rtol=1e-12)
    with pytest.raises(RuntimeError, match="derivative for aten::_ctc_loss_backward"):
        jvp(f, (rows[0],), (rows[1],))
