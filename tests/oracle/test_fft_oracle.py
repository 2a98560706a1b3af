"""Fourier transforms beside PyTorch's: lengths of every kind of plan, both precisions."""

import numpy as np
import pytest
import torch as theirs

import rushlight as ours

LENGTHS = [1, 2, 3, 5, 7, 8, 11, 12, 13, 16, 30, 37, 64, 77, 97, 128, 211, 360, 1000, 1024]
RTOL = {"float32": 2e-6, "float64": 2e-14}


def near(got, want, dtype):
    got, want = got.resolve_conj().numpy(), want.resolve_conj().numpy()
    assert got.dtype == want.dtype and got.shape == want.shape
    assert np.abs(got - want).max() <= RTOL[dtype] * np.abs(want).max()


@pytest.mark.parametrize("dtype", RTOL)
@pytest.mark.parametrize("n", LENGTHS)
def test_one_dimension(n, dtype):
    x = np.random.default_rng(n).standard_normal((2, 5, n)).astype(dtype)
    z = (x[0] + 1j * x[1]).astype("complex64" if dtype == "float32" else "complex128")
    for name in ("rfft", "fft", "ihfft"):
        f, g = getattr(ours.fft, name), getattr(theirs.fft, name)
        near(f(ours.from_numpy(x)), g(theirs.from_numpy(x)), dtype)
    for name in ("fft", "ifft"):
        f, g = getattr(ours.fft, name), getattr(theirs.fft, name)
        near(f(ours.from_numpy(z)), g(theirs.from_numpy(z)), dtype)
    for name in ("irfft", "hfft"):
        f, g = getattr(ours.fft, name), getattr(theirs.fft, name)
        near(f(ours.from_numpy(z), n), g(theirs.from_numpy(z), n), dtype)


@pytest.mark.parametrize("dtype", RTOL)
def test_more_dimensions(dtype):
    x = np.random.default_rng(0).standard_normal((3, 12, 10)).astype(dtype)
    for name, dims in (("rfftn", (0, 1, 2)), ("fft2", (-2, -1)), ("rfft2", (0, 1))):
        f, g = getattr(ours.fft, name), getattr(theirs.fft, name)
        near(f(ours.from_numpy(x), dim=dims), g(theirs.from_numpy(x), dim=dims), dtype)
