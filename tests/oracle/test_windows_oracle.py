"""Convolutions and pools with random options: values, gradients and theirs against PyTorch."""

import random
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as TF

import rushlight
import rushlight.nn.functional as RF


def close(ours, theirs, tolerance):
    a, b = ours.detach().numpy(), theirs.detach().numpy()
    assert a.shape == b.shape
    np.testing.assert_allclose(a, b, tolerance, tolerance * 10)


def node(y):
    return type(y.grad_fn).__name__


def compare(call, shapes, seed):
    """call(F, T, *tensors) on both, with float64 or float32 leaves of these shapes."""
    dtype = "float64" if seed % 3 else "float32"
    tolerance = 1e-8 if dtype == "float64" else 3e-4
    numbers = np.random.default_rng(seed)
    arrays = [numbers.standard_normal(shape).astype(dtype) for shape in shapes]
    theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
    ours = [rushlight.tensor(a, requires_grad=True) for a in arrays]
    try:
        y = call(TF, torch, *theirs)
    except RuntimeError as e:
        with pytest.raises(RuntimeError) as raised:
            call(RF, rushlight, *ours)
        assert str(raised.value).split("\n")[0] == str(e).split("\n")[0]
        return
    z = call(RF, rushlight, *ours)
    close(z, y, tolerance)
    assert node(z) == node(y)

    dy = numbers.standard_normal(tuple(y.shape)).astype(dtype)
    their_dy = torch.tensor(dy, requires_grad=True)
    our_dy = rushlight.tensor(dy, requires_grad=True)
    their_first = torch.autograd.grad(y, theirs, their_dy, create_graph=True)
    our_first = rushlight.autograd.grad(z, ours, our_dy, create_graph=True)
    for g, h in zip(our_first, their_first, strict=True):
        close(g, h, tolerance)
    their_second = torch.autograd.grad(
        sum((g * g * g).sum() for g in their_first), [*theirs, their_dy], allow_unused=True
    )
    our_second = rushlight.autograd.grad(
        sum((g * g * g).sum() for g in our_first), [*ours, our_dy], allow_unused=True
    )
    for g, h in zip(our_second, their_second, strict=True):
        if g is None or h is None:  # nothing depends on it: None, or zeros
            assert all(t is None or not t.detach().numpy().any() for t in (g, h))
        else:
            close(g, h, tolerance * 100)


@pytest.fixture(autouse=True)
def quiet():
    """PyTorch warns that padding='same' may copy."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("seed", range(80))
def test_conv(seed):
    r = random.Random(seed)
    rank, groups = r.choice([1, 2, 2, 3]), r.choice([1, 1, 2])
    channels, filters = r.choice([1, 2, 3]), r.choice([1, 2, 3])
    size = [r.choice([4, 5, 6]) for _ in range(rank)]
    kernel = [r.choice([1, 2, 3]) for _ in range(rank)]
    stride = r.choice([1, 2, tuple(r.choice([1, 2, 3]) for _ in range(rank))])
    padding = r.choice([0, 1, "same", "valid", tuple(r.choice([0, 1]) for _ in range(rank))])
    dilation, batch = r.choice([1, 1, 2]), r.choice([(1,), (2,), ()])

    def conv(F, T, x, w, b):
        f = getattr(F, f"conv{rank}d")
        return f(x, w, b, 1 if padding == "same" else stride, padding, dilation, groups)

    x = (*batch, groups * channels, *size)
    compare(conv, [x, (groups * filters, channels, *kernel), (groups * filters,)], seed)

    extra, cut = r.choice([0, 0, 1]), r.choice([0, 1])

    def transposed(F, T, x, w, b):
        f = getattr(F, f"conv_transpose{rank}d")
        return f(x, w, b, stride, cut, extra, groups, dilation)

    compare(transposed, [x, (groups * channels, filters, *kernel), (groups * filters,)], seed)


@pytest.mark.parametrize("seed", range(80))
def test_pool(seed):
    r = random.Random(seed)
    rank = r.choice([1, 2, 2, 3])
    shape = (*r.choice([(2, 3), (2,)]), *(r.choice([4, 5, 6]) for _ in range(rank)))
    kernel = tuple(r.choice([1, 2, 3]) for _ in range(rank))
    stride, ceil = r.choice([None, 1, 2]), r.choice([True, False])
    padding = tuple(r.randint(0, k // 2) for k in kernel)
    dilation, count = r.choice([1, 1, 2]), r.choice([True, False])
    size = [r.choice([1, 2, 3, None]) for _ in range(rank)] if rank > 1 else r.choice([1, 2, 3])

    def named(name):
        return lambda F: getattr(F, f"{name}{rank}d")

    max_pool, avg_pool, lp_pool = named("max_pool"), named("avg_pool"), named("lp_pool")
    adaptive_avg, adaptive_max = named("adaptive_avg_pool"), named("adaptive_max_pool")
    for call in (
        lambda F, T, x: max_pool(F)(x, kernel, stride, padding, dilation, ceil),
        lambda F, T, x: avg_pool(F)(x, kernel, stride, padding, ceil, count),
        lambda F, T, x: lp_pool(F)(x.abs() + 0.5, 2.0, kernel if rank > 1 else kernel[0], stride),
        lambda F, T, x: adaptive_avg(F)(x, size),
        lambda F, T, x: adaptive_max(F)(x, size),
    ):
        compare(call, [shape], seed)


@pytest.mark.parametrize("seed", range(20))
def test_unfold_and_fold(seed):
    r = random.Random(seed)
    kernel, batch = (r.choice([1, 2, 3]), r.choice([1, 2, 3])), r.choice([(2,), ()])
    options = (r.choice([1, 2]), r.choice([0, 1]), r.choice([1, 2]))
    windows = TF.unfold(torch.zeros(1, 1, 6, 7), kernel, *options).shape[-1]
    compare(lambda F, T, x: F.unfold(x, kernel, *options), [(*batch, 2, 6, 7)], seed)
    columns = (*batch, 2 * kernel[0] * kernel[1], windows)
    compare(lambda F, T, x: F.fold(x, (6, 7), kernel, *options), [columns], seed)


@pytest.mark.parametrize("rank", [2, 3])
def test_fractional_windows_lie_where_pytorch_has_them(rank):
    x = np.random.default_rng(0).standard_normal((2, 3, *[7] * rank)).astype("float32")
    torch.manual_seed(3)
    rushlight.manual_seed(3)
    y, i = getattr(TF, f"fractional_max_pool{rank}d")(
        torch.tensor(x), 2, output_size=4, return_indices=True
    )
    z, j = getattr(RF, f"fractional_max_pool{rank}d")(
        rushlight.tensor(x), 2, output_size=4, return_indices=True
    )
    assert np.array_equal(z.numpy(), y.numpy()) and np.array_equal(j.numpy(), i.numpy())


ACTIVATIONS = [None, "ReLU", "ReLU6", "SiLU", "Hardswish"]


@pytest.mark.parametrize("act", ACTIVATIONS)
@pytest.mark.parametrize("groups", [1, 2, 32])
@pytest.mark.parametrize("rank", [1, 2])
def test_convolution_norm_and_activation(rank, groups, act):
    """In eval mode without gradients: one pass here, three there."""

    def net(lib):
        layers = [getattr(lib, f"Conv{rank}d")(32, 32, 3, padding=1, groups=groups)]
        layers.append(getattr(lib, f"BatchNorm{rank}d")(32))
        return lib.Sequential(*layers, *([getattr(lib, act)()] if act else [])).eval()

    numbers = np.random.default_rng(0)
    theirs, ours = net(torch.nn), net(rushlight.nn)
    state = {k: numbers.standard_normal(v.shape) for k, v in theirs.state_dict().items()}
    state["1.running_var"] = np.abs(state["1.running_var"]) + 0.5
    theirs.load_state_dict({k: torch.tensor(v, dtype=torch.float32) for k, v in state.items()})
    ours.load_state_dict(
        {k: rushlight.tensor(v, dtype=rushlight.float32) for k, v in state.items()}
    )
    x = numbers.standard_normal((3, 32, *[11] * rank)).astype(np.float32)
    with torch.no_grad(), rushlight.no_grad():
        close(ours(rushlight.tensor(x)), theirs(torch.tensor(x)), 1e-5)
