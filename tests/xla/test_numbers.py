"""Floats that change from call to call are inputs of programs: ten values, one compilation.

What XLA compiles is counted by JAX's own events. The results are the CPU's.
"""

import jax
import numpy as np
import pytest

import rushlight as torch
from rushlight import nn
from rushlight.core.accelerators import backend
from rushlight.nn import functional as F

xla = backend()
COMPILED = [0]


def _count(event, seconds, **_):
    COMPILED[0] += event.endswith("backend_compile_duration")


jax.monitoring.register_event_duration_secs_listener(_count)

_T = torch.tensor([1, 0, 2, 1])


def _targets(x):
    return _T.to(x.device)


def _stepped(kind, **names):
    """Ten values of an option of an optimizer's group."""

    def f(x, y, a):
        p = nn.Parameter(x.detach().clone())
        optimizer = kind([p], **{name: g(a) for name, g in names.items()})
        for _ in range(2):
            (p * y).sum().backward()
            optimizer.step()
        return p.detach()

    return f


def _assigned(f):
    def g(x, y, a):
        z = x * 1
        f(z, a)
        return z

    return g


def _normed(layer, a, x):
    for name in ("momentum", "eps"):
        setattr(layer, name, a)
    layer.to(x.device)
    z = layer(x)
    return torch.cat([z.flatten(), *[b.flatten() for b in layer.buffers() if b.dim()]])


# x (4, 5), y (4, 5) between 0 and 1; a from 0.1 to 0.24
NUMBERS = {
    "x + a": lambda x, y, a: x + a,
    "a - x": lambda x, y, a: a - x,
    "x * a": lambda x, y, a: x * a,
    "x / a": lambda x, y, a: x / a,
    "a / x": lambda x, y, a: a / (1 + x),
    "x % a": lambda x, y, a: torch.fmod(x, a),
    "x // a": lambda x, y, a: torch.div(x, a, rounding_mode="floor"),
    "x > a": lambda x, y, a: y * (x > a),
    "x == a": lambda x, y, a: y * (x == a),
    "x += a": _assigned(lambda z, a: z.add_(a)),
    "x *= a": _assigned(lambda z, a: z.mul_(a)),
    "x -= a": _assigned(lambda z, a: z.sub_(a)),
    "x /= a": _assigned(lambda z, a: z.div_(a)),
    "x **= a": _assigned(lambda z, a: z.pow_(a)),
    "x ** a": lambda x, y, a: x**a,
    "x ** -a": lambda x, y, a: (1 + x) ** -a,
    "x ** (2 + a)": lambda x, y, a: x ** (2 + a),
    "a ** x": lambda x, y, a: a**x,
    "pow": lambda x, y, a: torch.pow(x, a),
    "float_power": lambda x, y, a: torch.float_power(x, a),
    "add": lambda x, y, a: torch.add(x, y, alpha=a),
    "add, two bytes": lambda x, y, a: torch.add(x.bfloat16(), y.bfloat16(), alpha=a).float(),
    "add_": _assigned(lambda z, a: z.add_(z.detach() * 2, alpha=-a)),
    "sub": lambda x, y, a: torch.sub(x, y, alpha=a),
    "rsub": lambda x, y, a: torch.rsub(x, y, alpha=a),
    "clamp": lambda x, y, a: x.clamp(a, 3 * a),
    "clamp, two bytes": lambda x, y, a: x.bfloat16().clamp(a, 3 * a).float(),
    "clamp min": lambda x, y, a: x.clamp(min=a),
    "clamp_max": lambda x, y, a: torch.clamp_max(x, a),
    "clamp_": _assigned(lambda z, a: z.clamp_(-a, a)),
    "lerp": lambda x, y, a: torch.lerp(x, y, a),
    "lerp_": lambda x, y, a: x.clone().lerp_(y, a),
    "addcmul": lambda x, y, a: torch.addcmul(x, y, y, value=a),
    "addcdiv": lambda x, y, a: torch.addcdiv(x, y, y + 1, value=-a),
    "addmm": lambda x, y, a: torch.addmm(x[:, :4], x, y.t(), beta=a, alpha=2 * a),
    "addmv": lambda x, y, a: torch.addmv(x[:, 0], x, y[0], beta=a, alpha=a),
    "addr": lambda x, y, a: torch.addr(x, y[:, 0], x[0], beta=a, alpha=a),
    "baddbmm": lambda x, y, a: torch.baddbmm(x[None, :, :4], x[None], y.t()[None], beta=a, alpha=a),
    "index_add": lambda x, y, a: x.index_add(0, _targets(x), y, alpha=a),
    "index_fill": lambda x, y, a: x.index_fill(0, _targets(x), a),
    "masked_fill": lambda x, y, a: x.masked_fill(y > 0.5, a),
    "masked_fill_": _assigned(lambda z, a: z.masked_fill_(z > 0.5, a)),
    "fill_": lambda x, y, a: x * x.detach().clone().fill_(a),
    "full_like": lambda x, y, a: x * torch.full_like(x, a),
    "full": lambda x, y, a: x * torch.full((5,), a, device=x.device),
    "tensor(a)": lambda x, y, a: x * torch.tensor(a, device=x.device),
    "x[0] = a": _assigned(lambda z, a: z.__setitem__(0, a)),
    "x[mask] = a": _assigned(lambda z, a: z.__setitem__(z > 0.5, a)),
    "x[[0, 2]] = a": _assigned(lambda z, a: z.__setitem__([0, 2], a)),
    "where": lambda x, y, a: torch.where(y > 0.5, x, a),
    "scatter": lambda x, y, a: x.scatter(1, _targets(x)[:, None], a),
    "nan_to_num": lambda x, y, a: torch.nan_to_num(x, a, 2 * a),
    "copysign": lambda x, y, a: torch.copysign(x, -a),
    "xlogy": lambda x, y, a: torch.xlogy(a, 1 + x),
    "var, correction": lambda x, y, a: x.var(correction=a),
    "quantile": lambda x, y, a: x.quantile(a),
    "norm": lambda x, y, a: x.norm(1 + a),
    "vector_norm": lambda x, y, a: torch.linalg.vector_norm(x, 2 + a),
    "dist": lambda x, y, a: torch.dist(x, y, 1 + a),
    "renorm": lambda x, y, a: torch.renorm(x, 2 + a, 0, 2 * a),
    "cdist": lambda x, y, a: torch.cdist(x, y, 2 + a),
    "isclose": lambda x, y, a: y * torch.isclose(x, y, rtol=a, atol=a),
    "logit": lambda x, y, a: torch.logit(x, a),
    "leaky_relu": lambda x, y, a: F.leaky_relu(y - 0.5, a),
    "elu": lambda x, y, a: F.elu(x - 0.5, a),
    "celu": lambda x, y, a: F.celu(x - 0.5, a),
    "softplus": lambda x, y, a: F.softplus(x, 1 + a, 1 + 2 * a),
    "hardtanh": lambda x, y, a: F.hardtanh(x - 0.5, -a, a),
    "threshold": lambda x, y, a: F.threshold(x, 3 * a, -a),
    "hardshrink": lambda x, y, a: F.hardshrink(x, 2 * a),
    "softshrink": lambda x, y, a: F.softshrink(x, 2 * a),
    "rrelu": lambda x, y, a: F.rrelu(x - 0.5, a, 2 * a),
    "dropout": lambda x, y, a: F.dropout(x, a, training=False) * a,
    "layer_norm": lambda x, y, a: F.layer_norm(x, (5,), eps=a),
    "group_norm": lambda x, y, a: F.group_norm(x[:, :4], 2, eps=a),
    "rms_norm": lambda x, y, a: F.rms_norm(x, (5,), eps=a),
    "batch_norm": lambda x, y, a: _normed(nn.BatchNorm1d(5), a, x),
    "batch_norm, eval": lambda x, y, a: _normed(nn.BatchNorm1d(5).eval(), a, x),
    "instance_norm": lambda x, y, a: _normed(
        nn.InstanceNorm1d(4, track_running_stats=True), a, x[None]
    ),
    "local_response_norm": lambda x, y, a: F.local_response_norm(x[None], 3, a, 1 + a, 1 + a),
    "normalize": lambda x, y, a: F.normalize(x, 2 + a, eps=a),
    "cosine_similarity": lambda x, y, a: F.cosine_similarity(x, y, eps=a),
    "pairwise_distance": lambda x, y, a: F.pairwise_distance(x, y, 2 + a, eps=a),
    "cross_entropy": lambda x, y, a: F.cross_entropy(x, _targets(x), label_smoothing=a),
    "smooth_l1": lambda x, y, a: F.smooth_l1_loss(x, y, beta=a),
    "huber": lambda x, y, a: F.huber_loss(x, y, delta=a),
    "gaussian_nll": lambda x, y, a: F.gaussian_nll_loss(x, y.detach(), y.detach(), eps=a),
    "poisson_nll": lambda x, y, a: F.poisson_nll_loss(x, y, log_input=False, eps=a),
    "margin_ranking": lambda x, y, a: F.margin_ranking_loss(x, y, torch.ones_like(x), a),
    "hinge_embedding": lambda x, y, a: F.hinge_embedding_loss(x, -torch.ones_like(x), 3 * a),
    "cosine_embedding": lambda x, y, a: F.cosine_embedding_loss(x, y, -torch.ones_like(x[:, 0]), a),
    "triplet_margin": lambda x, y, a: F.triplet_margin_loss(x, y, x * y, 1 + a, 2 + a, eps=a),
    "attention": lambda x, y, a: F.scaled_dot_product_attention(x[None], y[None], x[None], scale=a),
    "pad": lambda x, y, a: F.pad(x, (1, 2), value=a),
    "foreach": lambda x, y, a: torch._foreach_mul([x, y], a)[0],
    "SGD": _stepped(torch.optim.SGD, lr=float, momentum=lambda a: 1 - a, weight_decay=lambda a: a),
    "Adam": _stepped(torch.optim.Adam, lr=float, betas=lambda a: (1 - a, 0.9 + a / 10), eps=float),
    "NAdam": _stepped(torch.optim.NAdam, lr=float, momentum_decay=lambda a: a / 10),
    "Adadelta": _stepped(torch.optim.Adadelta, lr=float, rho=lambda a: 1 - a),
    "ASGD": _stepped(torch.optim.ASGD, lr=float, lambd=lambda a: a / 100),
    "Rprop": _stepped(torch.optim.Rprop, lr=float),
}


def numbers(f, device, between=lambda: None):
    """What ten values of a give: results, and gradients of x and y where there are any."""
    torch.manual_seed(0)
    first, second = torch.rand(4, 5), torch.rand(4, 5)
    found = []
    for i in range(10):
        x, y = (t.clone().to(device).requires_grad_() for t in (first, second))
        z = f(x, y, 0.1 + i / 64)
        if z.requires_grad:
            (z * z).sum().backward()
        found += [t.detach().cpu() for t in (z, x.grad, y.grad) if t is not None]
        if i == 0:
            between()
    return found


@pytest.mark.parametrize("name", NUMBERS)
def test_ten_values_are_compiled_once(name):
    before = []
    there = numbers(NUMBERS[name], "xla", lambda: before.append(COMPILED[0]))
    after = COMPILED[0]
    for a, b in zip(there, numbers(NUMBERS[name], "cpu"), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, 2e-5, 2e-6)
    assert after == before[0]


DRAWS = {
    "dropout": lambda x, a: F.dropout(x, a),
    "alpha_dropout": lambda x, a: F.alpha_dropout(x, a, True),
    "dropout1d": lambda x, a: F.dropout1d(x, a),
    "native_dropout": lambda x, a: torch.native_dropout(x, a, True)[0],
    "attention": lambda x, a: F.scaled_dot_product_attention(x[None], x[None], x[None], None, a),
    "rrelu": lambda x, a: F.rrelu(x - 0.5, a, 2 * a, True),
    "bernoulli_": lambda x, a: x * x.detach().clone().bernoulli_(a),
    "uniform_": lambda x, a: x * x.detach().clone().uniform_(a, 2 * a),
    "normal_": lambda x, a: x * x.detach().clone().normal_(a, 2 * a),
    "exponential_": lambda x, a: x * x.detach().clone().exponential_(a),
    "geometric_": lambda x, a: x * x.detach().clone().geometric_(a),
    "gumbel_softmax": lambda x, a: F.gumbel_softmax(x, a),
}


@pytest.mark.parametrize("name", DRAWS)
def test_what_draws_is_compiled_once(name):
    torch.manual_seed(0)
    x = torch.rand(4, 5, device="xla", requires_grad=True)
    counts = []
    for i in range(10):
        DRAWS[name](x, 0.1 + i / 64).sum().backward()
        counts.append(COMPILED[0])
    assert counts[0] == counts[-1]


def test_a_number_with_a_formula_of_its_own_keeps_it():
    """x ** 2 is a square, x ** 0.5 a root: -inf ** 0.5 is nan, by pow it would be inf."""
    x = torch.tensor([-torch.inf, -0.0, 4.0])
    there = x.to("xla")
    for p in (0.7, 0.5, 2.0, 2.5, -0.5, 1.0, 3.0, 0.0, 1.5):  # the first one is an input
        torch.testing.assert_close((there**p).cpu(), x**p, equal_nan=True)
    x, there = (t.clone().requires_grad_() for t in (x[1:], there[1:]))
    for p in (1.7, 1.5, 2.0, 3.0, 1.0):
        for t in (x, there):
            t.grad = None
            (t**p).sum().backward()
        torch.testing.assert_close(there.grad.cpu(), x.grad, equal_nan=True)


def test_a_number_that_the_dtype_cannot_hold_is_refused():
    for device in ("cpu", "xla"):
        x = torch.ones(2, dtype=torch.float16, device=device)
        for a in (0.5, 0.25):
            torch.add(x, x, alpha=a)
        with pytest.raises(RuntimeError, match="cannot be converted to type"):
            torch.add(x, x, alpha=1e6)


def test_a_number_of_numpys_is_one_of_pythons():
    x = torch.rand(4, device="xla")
    counts = []
    for i in range(10):
        a = np.float64(0.1 + i / 64)
        for f in (lambda t: F.leaky_relu(t - 0.5, a), lambda t: torch.add(t, t, alpha=a)):  # noqa: B023
            assert f(x).dtype is torch.float32
            torch.testing.assert_close(f(x).cpu(), f(x.cpu()))
        counts.append(COMPILED[0])
    assert counts[0] == counts[-1]
