"""Paths that only large tensors take: gradients that are one number until they are read, sorting in
unique, sums at indices along any dimension, transforms of many lines and of one.
"""

import numpy as np
import pytest

import rushlight as torch
import rushlight.nn.functional as F
from rushlight import kernels as seam
from rushlight.kernels import PURE

N = 300  # N x N numbers are enough


def numbers(seed=0):
    return np.random.default_rng(seed).standard_normal((N, N)).astype(np.float32)


def test_the_gradient_of_a_large_sum_is_memory_of_its_own():
    x = torch.tensor(numbers(), requires_grad=True)
    x.sum().backward()
    assert x.grad.is_contiguous() and x.grad.stride() == (N, 1)
    x.grad[0, 0] = 5
    assert x.grad.sum().item() == N * N + 4
    x.sum().backward()  # added to the one that is there
    assert x.grad[0, 0].item() == 6 and x.grad[1, 1].item() == 2
    (g,) = torch.autograd.grad(x.sum() * 3, x)
    g.add_(1)
    assert (g == 4).all()


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * x,
        lambda x: 3 / (x * x + 1),
        lambda x: x - x.T,
        F.relu,
        F.gelu,
        lambda x: F.elu(x, 1.3),
        lambda x: F.softplus(x, 2.0),
        lambda x: F.layer_norm(x, (N,)),
        lambda x: F.group_norm(x.reshape(10, 30, N), 5),
        lambda x: F.softmax(x, 0),
        lambda x: F.conv1d(x[None], torch.ones(4, N, 3)),
        lambda x: x.cumsum(0),
        lambda x: x.reshape(N // 2, -1).T,
        lambda x: torch.fft.rfft(x).abs(),
    ],
)
def test_a_uniform_gradient_gives_what_a_written_out_one_does(f):
    x = torch.tensor(numbers(), requires_grad=True)
    f(x).sum().backward()
    y = torch.tensor(numbers(), requires_grad=True)
    out = f(y)
    out.backward(torch.ones_like(out))
    np.testing.assert_allclose(x.grad.numpy(), y.grad.numpy(), rtol=1e-5, atol=1e-5)


def test_hooks_see_the_gradient_of_a_large_sum():
    x = torch.tensor(numbers(), requires_grad=True)
    seen = []
    y = x * 2
    y.register_hook(lambda g: seen.append(g.clone()) or g * 2)
    y.sum().backward()
    assert seen[0].shape == (N, N) and (seen[0] == 1).all() and (x.grad == 4).all()


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_unique_of_many_numbers(dtype):
    x = np.round(numbers().astype("d") * 50)
    if dtype == "int64":
        x *= 1 << 40  # too far apart to be counted
    else:
        x[::7, ::5], x[1::9, 3::4], x[5, 5] = np.nan, -0.0, np.inf
    x = x.astype(dtype)
    y, inverse, counts = torch.unique(torch.tensor(x), return_inverse=True, return_counts=True)
    expected = np.unique(x, return_inverse=True, return_counts=True, equal_nan=False)
    np.testing.assert_array_equal(y.numpy(), expected[0])
    np.testing.assert_array_equal(counts.numpy(), expected[2])
    known = ~np.isnan(x)  # which of the NaN is which is nobody's business
    np.testing.assert_array_equal(inverse.numpy()[known], expected[1].reshape(N, N)[known])
    np.testing.assert_array_equal(torch.unique(torch.tensor(x)).numpy(), expected[0])


@pytest.mark.parametrize("dim", [0, 1, 2])
def test_sums_at_indices_along_any_dimension(dim):
    x = np.round(numbers().reshape(10, 30, N) * 8) / 8
    index = np.random.default_rng(1).integers(0, x.shape[dim], 40)
    shape = list(x.shape)
    shape[dim] = 40
    source = np.round(np.random.default_rng(2).standard_normal(shape) * 8).astype("f") / 8
    expected = x.copy()
    np.add.at(expected, (slice(None),) * dim + (index,), source)
    got = torch.tensor(x).index_add(dim, torch.tensor(index), torch.tensor(source))
    np.testing.assert_array_equal(got.numpy(), expected)
    whole = np.broadcast_to(index.reshape([-1 if d == dim else 1 for d in range(3)]), shape)
    scattered = torch.tensor(x).scatter_add(dim, torch.tensor(whole.copy()), torch.tensor(source))
    np.testing.assert_array_equal(scattered.numpy(), expected)
    with pytest.raises(RuntimeError, match="out of bounds"):
        torch.tensor(x).scatter_add(dim, torch.tensor(whole + 1000), torch.tensor(source))


@pytest.mark.parametrize("n", [1024, 1000, 1009, 4096 * 3])
@pytest.mark.parametrize("lines", [1, 33])
def test_transforms_keep_the_digits(n, lines):
    """Within 0.35 eps √log2(n) of the exact sum (root of the mean square, relative), as PyTorch's:
    0.33 to 0.36. Bluestein's three transforms of four times the length within three times that,
    NumPy's (the twin) within twice.
    """
    for dtype in (np.float32, np.float64):
        x = np.random.default_rng(n).standard_normal((lines, n)).astype(dtype)
        wide = np.fft.rfft(x.astype(np.longdouble))
        got = torch.fft.rfft(torch.tensor(x)).numpy()
        size = np.sqrt(np.mean(np.abs(wide) ** 2))
        error = np.sqrt(np.mean(np.abs(got - wide) ** 2)) / size
        bound = (
            0.35
            * np.finfo(dtype).eps
            * np.sqrt(np.log2(n))
            * (3 if n == 1009 else 2 if PURE else 1)
        )
        assert error < bound, (error, bound)
        back = torch.fft.irfft(torch.tensor(got), n).numpy()
        assert np.abs(back - x).max() < 20 * bound


def test_solving_many_small_systems_refuses_a_singular_one():
    a = torch.eye(5).repeat(40, 1, 1) + torch.tensor(numbers()[:40, :25].reshape(40, 5, 5)) / 9
    b = torch.ones(40, 5)
    x = torch.linalg.solve(a, b)
    np.testing.assert_allclose((a @ x[..., None])[..., 0].numpy(), b.numpy(), rtol=1e-4, atol=1e-4)
    a[17, 2] = 0
    with pytest.raises(torch.linalg.LinAlgError, match="Batch element 17"):
        torch.linalg.solve(a, b)


@pytest.mark.skipif(PURE, reason="of the kernels")
def test_large_results_begin_with_a_cache_line():
    native = seam.native
    for n in range(300, 304):
        x = np.ones((n, n), "f4")
        made = [native.add(x, x), native.concatenate([x, x], 1), native.dense_copy(x.T)]
        made += [native.relu(x.T), native.floor(x), native.maximum(x.T, x.T), native.softmax(x, 1)]
        made += [
            native.astype(x, np.dtype("i8")),
            native.floor(x[:, 1:]),
            native.linear(x, x, None),
        ]
        assert all(y.nbytes >= 1 << 18 and y.ctypes.data % 64 == 0 for y in made)
