"""torch.special against a living PyTorch: float32 over wide ranges, edges, dtypes."""

import numpy as np
import pytest

import rushlight

torch = pytest.importorskip("torch")

NAMES = """
    airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 i0 i0e i1 i1e modified_bessel_i0
    modified_bessel_i1 modified_bessel_k0 modified_bessel_k1 scaled_modified_bessel_k0
    scaled_modified_bessel_k1 spherical_bessel_j0
""".split()


def both(name, x):
    ours = getattr(rushlight.special, name)(rushlight.tensor(x)).numpy()
    return ours, getattr(torch.special, name)(torch.tensor(x)).numpy()


@pytest.mark.parametrize("name", NAMES)
def test_values(name):
    """float64 within the errors of PyTorch's own: 2e-6 (its J and Y between 1 and 8)."""
    x = np.concatenate([np.linspace(-60, 60, 241), np.logspace(-20, 0, 21), np.logspace(1.8, 4, 9)])
    ours, theirs = both(name, x)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=0 if "_k" in name else 2e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
def test_edges(name, dtype):
    x = np.array([-np.inf, -0.0, 0.0, np.inf, np.nan], dtype)
    ours, theirs = both(name, x)
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool"])
def test_integers(name, dtype):
    ours, theirs = both(name, np.array([1, 1], dtype))
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
