"""Kinds of faults that layers, norms and losses had: narrow dtypes, empty batches, torch's own
argument orders, dtypes that do not belong together, and gradients that were -0.

Right values are PyTorch's 2.13; the orders of arguments are compared in tests/oracle.
"""

import batch_cases
import numpy as np
import pytest

import rushlight as torch

F, nn = torch.nn.functional, torch.nn
NARROW = [torch.bfloat16, torch.float16]
ROUNDING = {torch.bfloat16: 2.0**-8, torch.float16: 2.0**-11}
N = 4096


def leaf(x, dtype):
    return x.to(dtype).requires_grad_()


def spread(*shape, step=37):
    """Reproducible numbers in [-1, 1) that both narrow dtypes hold exactly."""
    n = int(np.prod(shape))
    return torch.tensor(((np.arange(n) * step) % 128 - 64) / 64.0).reshape(shape)


LABELS = torch.arange(N) % 2
HALVES = (spread(N) + 1) / 2
SIGNS = (LABELS * 2 - 1).double()
LOSSES = {
    "cross_entropy": lambda x: F.cross_entropy(x, LABELS),
    "cross_entropy sum": lambda x: F.cross_entropy(x, LABELS, reduction="sum"),
    "nll_loss": lambda x: F.nll_loss(x, LABELS),
    "nll_loss weight": lambda x: F.nll_loss(x, LABELS, torch.tensor([0.5, 2.0]).to(x.dtype)),
    "mse_loss": lambda x: F.mse_loss(x, torch.full_like(x, 2.0)),
    "huber_loss": lambda x: F.huber_loss(x, torch.full_like(x, 2.0)),
    "smooth_l1_loss": lambda x: F.smooth_l1_loss(x, torch.full_like(x, 2.0), reduction="sum"),
}
NORMS = {
    "layer_norm": lambda x, w: F.layer_norm(x, (N,), w, w.detach()),
    "rms_norm": lambda x, w: F.rms_norm(x, (N,), w),
    "group_norm": lambda x, w: F.group_norm(x, 1, w, w.detach()),
    "batch_norm": lambda x, w: F.batch_norm(x.T, None, None, w[:2], w.detach()[:2], True),
    "instance_norm": lambda x, w: F.instance_norm(x.reshape(1, 2, N), None, None, w[:2]),
}


@pytest.mark.parametrize("dtype", NARROW, ids=str)
@pytest.mark.parametrize("name", LOSSES)
def test_losses_of_narrow_dtypes_are_rounded_once(name, dtype):
    x, exact = leaf(spread(N, 2), dtype), leaf(spread(N, 2), torch.float64)
    y, z = LOSSES[name](x), LOSSES[name](exact)
    y.backward()
    z.backward()
    assert y.dtype is dtype and x.grad.dtype is dtype
    # twice: log_softmax is rounded before its loss is, as PyTorch does
    assert y.item() == pytest.approx(z.item(), rel=2 * ROUNDING[dtype])
    scale = exact.grad.abs().max().item()
    np.testing.assert_allclose(
        x.grad.double().numpy(), exact.grad.numpy(), 0, 4 * ROUNDING[dtype] * scale + 2.0**-24
    )


def test_bfloat16_losses_do_not_stop_counting_at_256():
    x = torch.zeros(N, 2, dtype=torch.bfloat16, requires_grad=True)
    loss = F.cross_entropy(x, torch.zeros(N, dtype=torch.int64))
    loss.backward()
    assert loss.item() == 0.69140625 and x.grad[0].tolist() == [-(2.0**-13), 2.0**-13]
    twos = torch.full((2000,), 2.0, dtype=torch.bfloat16)
    assert F.mse_loss(twos, torch.zeros_like(twos)).item() == 4.0


@pytest.mark.parametrize("dtype", NARROW, ids=str)
@pytest.mark.parametrize("name", NORMS)
def test_norms_of_narrow_dtypes_are_rounded_once(name, dtype):
    found = []
    for d in (dtype, torch.float64):
        x = leaf(spread(2, N) if name != "group_norm" else spread(1, N) + 0, d)
        w = leaf(spread(N) + 1.5, d)
        y = NORMS[name](x, w)
        y.backward(spread(*y.shape, step=53).to(d))
        assert y.dtype is d and x.grad.dtype is d and w.grad.dtype is d
        found.append([t.detach().double().numpy() for t in (y, x.grad, w.grad)])
    for got, want in zip(*found, strict=True):
        scale = np.abs(want).max()
        # 2^-24: the step between the smallest numbers of float16
        np.testing.assert_allclose(got, want, 0, 2 * ROUNDING[dtype] * scale + 2.0**-24)


@pytest.mark.parametrize("dtype", NARROW, ids=str)
def test_norms_take_float32_weights_for_narrow_inputs(dtype):
    layers = [nn.LayerNorm(4), nn.GroupNorm(2, 4), nn.BatchNorm1d(4), nn.RMSNorm(4)]
    for layer in layers:
        x = leaf(spread(3, 4), dtype)
        y = layer(x)
        y.sum().backward()
        assert y.dtype is dtype and x.grad.dtype is dtype
        assert layer.weight.dtype is layer.weight.grad.dtype is torch.float32


@pytest.mark.parametrize(
    "layer", [nn.BatchNorm1d(4), nn.LayerNorm(4), nn.GroupNorm(2, 4)], ids=repr
)
def test_norms_refuse_float64_for_float32_weights(layer):
    with pytest.raises(RuntimeError, match=r"mixed dtype \(CPU\): all inputs must share same"):
        layer(torch.ones(3, 4).double())
    with pytest.raises(RuntimeError, match=r"mixed dtype \(CPU\): expect parameter to have scalar"):
        layer.double()(torch.ones(3, 4))
    layer.float()
    with pytest.raises(NotImplementedError, match="not implemented for 'Long'"):
        F.layer_norm(torch.ones(3, 4, dtype=torch.int64), (4,))


def test_statistics_alone_must_fit_too():
    with pytest.raises(RuntimeError, match="all inputs must share same datatype"):
        nn.BatchNorm1d(4, affine=False).eval()(torch.ones(3, 4).double())


# ---------------------------------------------------------------- dtypes


def test_l1_loss_has_the_dtype_of_its_difference():
    a, b = torch.tensor([0, 3], dtype=torch.uint8), torch.tensor([1, 1], dtype=torch.uint8)
    none = F.l1_loss(a, b, reduction="none")
    assert none.dtype is torch.uint8 and none.tolist() == [255, 2]
    total = F.l1_loss(a, b, reduction="sum")
    assert total.dtype is torch.int64 and total.item() == 257
    with pytest.raises(RuntimeError, match=r"mean\(\): could not infer output dtype"):
        F.l1_loss(a, b)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.int16, torch.bool])
def test_embedding_takes_int64_and_int32_only(dtype):
    w = torch.ones(4, 2)
    i = torch.ones(3, dtype=dtype)
    for call in (lambda: F.embedding(i, w), lambda: torch.embedding(w, i)):
        with pytest.raises(
            RuntimeError, match="argument #1 'indices' to have one of the following"
        ):
            call()
    assert F.embedding(i.int(), w).shape == (3, 2)


def test_bce_with_logits_refuses_integers():
    x, y = torch.zeros(2), torch.zeros(2, dtype=torch.int64)
    with pytest.raises(RuntimeError, match="result type Float can't be cast to the desired output"):
        F.binary_cross_entropy_with_logits(x, y)
    with pytest.raises(RuntimeError, match="Subtraction, the `-` operator, with two bool tensors"):
        F.binary_cross_entropy_with_logits(x, y.bool())
    with pytest.raises(NotImplementedError, match="\"log_sigmoid_cpu\" not implemented for 'Long'"):
        F.binary_cross_entropy_with_logits(y, x)
    assert F.binary_cross_entropy_with_logits(x.double(), x).dtype is torch.float32  # target's


@pytest.mark.parametrize("loss", [F.mse_loss, F.huber_loss, F.smooth_l1_loss])
def test_losses_of_a_difference_refuse_integers(loss):
    with pytest.raises(NotImplementedError, match="_cpu\" not implemented for 'Long'"):
        loss(torch.ones(2, dtype=torch.int64), torch.ones(2, dtype=torch.int64))


# ---------------------------------------------------------------- gradients


def test_cross_entropy_does_not_keep_its_input():
    w = torch.tensor([[1.0, -2.0, 0.5], [0.0, 0.25, 4.0]], requires_grad=True)
    t = torch.tensor([2, 1])
    h = w * 2
    loss = F.cross_entropy(h, t)
    h += 1
    loss.backward()
    fresh = w.detach().clone().requires_grad_()
    F.cross_entropy(fresh * 2, t).backward()
    assert torch.equal(w.grad, fresh.grad)


def test_cross_entropy_has_third_derivatives():
    x = torch.tensor([[1.0, -2.0, 0.5], [0.0, 0.25, 4.0]]).double().requires_grad_()
    t = torch.tensor([2, 1])

    def third(loss):
        (g,) = torch.autograd.grad(loss, x, create_graph=True)
        (g,) = torch.autograd.grad((g * g).sum(), x, create_graph=True)
        return torch.autograd.grad((g * g).sum(), x)[0]

    by_hand = -x.log_softmax(1)[torch.arange(2), t].mean()
    assert torch.allclose(third(F.cross_entropy(x, t)), third(by_hand))


def test_ignored_rows_have_a_positive_zero():
    t = torch.tensor([0, -100, 1])
    for reduction in ("mean", "sum", "none"):
        for smoothing in (0.0, 0.1):
            for loss in (F.cross_entropy, F.nll_loss):
                x = (torch.arange(9.0).reshape(3, 3) - 4).requires_grad_()
                more = {"label_smoothing": smoothing} if loss is F.cross_entropy else {}
                y = loss(x, t, reduction=reduction, **more)
                y.sum().backward()
                assert not np.signbit(x.grad[1].numpy()).any(), (loss, reduction, smoothing)
                if reduction == "none":
                    assert y[1].item() == 0 and not np.signbit(y.detach()[1].numpy())
    x = torch.zeros(2, 3, requires_grad=True)
    F.nll_loss(x, torch.tensor([0, 1])).backward()
    zeros = x.grad.numpy()[x.grad.numpy() == 0]
    assert not np.signbit(zeros).any()


def test_gradients_of_equal_operands_are_positive_zeros():
    for loss in (F.mse_loss, F.huber_loss, F.smooth_l1_loss):
        x, y = (torch.ones(2, requires_grad=True) for _ in range(2))
        loss(x, y).backward()
        assert not np.signbit(x.grad.numpy()).any() and not np.signbit(y.grad.numpy()).any()


# ---------------------------------------------------------------- torch's own argument orders


def test_torch_names_take_torchs_arguments():
    """Where torch.f and torch.nn.functional.f differ, each has its own order."""
    x = spread(4, 3, 2).float()
    w, b = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0.5, 0.0, -0.5])
    m, v = torch.tensor([0.1, 0.2, 0.3]), torch.tensor([1.0, 2.0, 4.0])
    pairs = [
        (torch.batch_norm(x, w, b, m, v, False, 0.1, 1e-5, True), F.batch_norm(x, m, v, w, b)),
        (
            torch.instance_norm(x, w, b, m, v, False, 0.1, 1e-5, True),
            F.instance_norm(x, m, v, w, b, False),
        ),
        (torch.group_norm(x, 3, w, b, 1e-5, False), F.group_norm(x, 3, w, b)),
        (torch.layer_norm(x, (2,), w[:2], b[:2], 1e-5, False), F.layer_norm(x, (2,), w[:2], b[:2])),
        (torch.embedding(v[:, None], torch.tensor([2, 0])), torch.tensor([[4.0], [1.0]])),
        (torch.max_pool1d(x, 2, [], 1), F.max_pool1d(x, 2, None, 1)),
        (torch.adaptive_max_pool1d(x, 1)[1], F.adaptive_max_pool1d(x, 1, True)[1]),
        (torch.constant_pad_nd(x, (1, 0), 5), F.pad(x, (1, 0), "constant", 5)),
        (torch.kl_div(b, v, 2), F.kl_div(b, v, reduction="sum")),
        (
            torch.kl_div(b, v, log_target=True),
            F.kl_div(b, v, reduction="none", log_target=True).mean(),
        ),
        (
            torch.binary_cross_entropy_with_logits(b, m, w, v, 2),
            F.binary_cross_entropy_with_logits(b, m, w, reduction="sum", pos_weight=v),
        ),
        (
            torch.poisson_nll_loss(b, v, True, False, 1e-8, 0),
            F.poisson_nll_loss(b, v, reduction="none"),
        ),
        (
            torch.hinge_embedding_loss(v, b.sign(), 2.0, 2),
            F.hinge_embedding_loss(v, b.sign(), 2.0, reduction="sum"),
        ),
        (
            torch.margin_ranking_loss(v, w, b.sign(), 0.5),
            F.margin_ranking_loss(v, w, b.sign(), 0.5),
        ),
        (
            torch.triplet_margin_loss(x[0], x[1], x[2], 1.0, 2.0, 1e-6, True, 0),
            F.triplet_margin_loss(x[0], x[1], x[2], swap=True, reduction="none"),
        ),
        (torch.dropout(x, 0.5, False), x),
    ]
    for i, (ours, functional) in enumerate(pairs):
        assert torch.equal(ours, functional), i


@pytest.mark.parametrize(
    "call",
    [
        lambda: torch.batch_norm(torch.ones(2, 3), torch.ones(3)),
        lambda: torch.instance_norm(torch.ones(2, 3, 2)),
        lambda: torch.dropout(torch.ones(2), 0.5),
        lambda: torch.poisson_nll_loss(torch.ones(2), torch.ones(2)),
    ],
)
def test_torchs_arguments_without_defaults_are_required(call):
    with pytest.raises(TypeError, match="missing 1 required positional arguments"):
        call()


def test_a_reduction_of_torchs_functions_is_a_number():
    with pytest.raises(TypeError, match="argument 'reduction' must be int, not str"):
        torch.kl_div(torch.ones(2), torch.ones(2), "sum")


# ---------------------------------------------------------------- empty batches


@pytest.mark.filterwarnings("ignore:Lazy modules:UserWarning")
@pytest.mark.parametrize("case", batch_cases.CASES, ids=" | ".join)
def test_modules_take_an_empty_batch(case):
    """The shape is that of two samples with 0 in place of 2; all gradients are there, and 0."""
    _, _, full = batch_cases.run(torch, case, 2)
    module, inputs, outputs = batch_cases.run(torch, case, 0)
    assert len(outputs) == len(full)
    for y, z in zip(outputs, full, strict=True):
        assert y.dtype is z.dtype
        assert list(y.shape) == [0 if n == 2 and i == 0 else n for i, n in enumerate(z.shape)]
    y = outputs[0]
    if not y.requires_grad:
        return
    y.sum().backward()
    for t in (inputs[0], *module.parameters()):
        if t.requires_grad:
            assert t.grad.shape == t.shape and not t.grad.any(), t.shape


def test_an_empty_batch_leaves_the_running_statistics():
    norm = nn.BatchNorm2d(3)
    norm(torch.zeros(2, 3, 0, 4))
    assert norm.running_mean.tolist() == [0, 0, 0] and norm.running_var.tolist() == [1, 1, 1]
    w = torch.ones(2, requires_grad=True)
    F.batch_norm(torch.zeros(0), None, None, w).sum().backward()  # PyTorch takes this one, too
    assert w.grad.tolist() == [0, 0]
