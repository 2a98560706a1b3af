"""torch.special: Bessel functions and Ai beside numbers of 30 digits, their edges, no SciPy."""

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest

import rushlight as torch
from rushlight.kernels.seam import native

FROZEN = json.loads((Path(__file__).parent / "frozen/special.json").read_text("utf-8"))
INF, NAN = math.inf, math.nan


@pytest.mark.parametrize("name", FROZEN)
def test_values(name):
    """float64: 2e-15 of the function's size around x; float32: rounded once."""
    xs, want = map(np.array, FROZEN[name])
    f = getattr(torch.special, name)
    y = f(torch.tensor(xs, dtype=torch.float64)).numpy()
    size = np.abs(want) + 1e-300
    if "modified" not in name:  # the others pass through 0 and are about 1 / √x between
        size = np.where(np.abs(xs) < 0.5, size, np.maximum(size, np.abs(xs + 1e-9) ** -0.5))
    # the exponent, or phase, of Ai is |x|^(3/2): so many times the rounding error of x
    limit = 2e-15 * np.maximum(np.abs(xs) ** 1.5, 1) if name == "airy_ai" else 2e-15
    assert (np.abs(y - want) <= limit * size).all()
    narrow = f(torch.tensor(xs, dtype=torch.float32)).numpy()
    with np.errstate(over="ignore", under="ignore"):
        np.testing.assert_allclose(narrow, want.astype(np.float32), rtol=1.2e-7)


def test_erfinv_to_the_ends():
    """float64: 8e-16 of it (its twin 1e-12), also where 1 - x has one bit; beyond, NaN."""
    x = np.concatenate([np.linspace(-0.9, 0.9, 301), 1 - 2.0 ** -np.arange(3, 54)])
    y = torch.tensor(x).erfinv().numpy()
    # one step of Newton's, of erf or of erfc, says what is lacking
    slope = 2 / math.sqrt(math.pi) * np.exp(-y * y)
    near = np.array([math.erf(v) for v in y]) - x
    far = (1 - np.abs(x)) - np.array([math.erfc(abs(v)) for v in y])
    lacking = np.where(np.abs(x) < 0.5, near, np.copysign(far, x)) / slope
    assert (np.abs(lacking) <= (1e-12 if native is None else 8e-16) * np.abs(y)).all()
    ends = torch.tensor([1.0, -1.0, 0.0, -0.0, 1.1, NAN], dtype=torch.float64).erfinv().numpy()
    np.testing.assert_array_equal(ends, [INF, -INF, 0, -0.0, NAN, NAN])
    assert np.signbit(ends[3])


EDGES = {  # at -inf, -1, -0, 0, inf, NaN
    "bessel_j0": [NAN, 0.7651976865579666, 1, 1, NAN, NAN],
    "bessel_j1": [NAN, -0.4400505857449335, -0.0, 0, NAN, NAN],
    "bessel_y0": [NAN, NAN, -INF, -INF, NAN, NAN],
    "bessel_y1": [NAN, NAN, -INF, -INF, NAN, NAN],
    "modified_bessel_i0": [NAN, 1.2660658777520084, 1, 1, NAN, NAN],
    "modified_bessel_i1": [NAN, -0.5651591039924851, -0.0, 0, NAN, NAN],
    "modified_bessel_k0": [NAN, NAN, INF, INF, 0, NAN],
    "modified_bessel_k1": [NAN, NAN, INF, INF, 0, NAN],
    "scaled_modified_bessel_k0": [NAN, NAN, INF, INF, 0, NAN],
    "scaled_modified_bessel_k1": [NAN, NAN, INF, INF, 0, NAN],
    "spherical_bessel_j0": [0, 0.8414709848078965, 1, 1, 0, NAN],
    "airy_ai": [NAN, 0.5355608832923521, 0.3550280538878172, 0.3550280538878172, NAN, NAN],
}


@pytest.mark.parametrize("name", EDGES)
def test_edges(name):
    x = torch.tensor([-INF, -1, -0.0, 0, INF, NAN], dtype=torch.float64)
    y = getattr(torch.special, name)(x).numpy()
    np.testing.assert_allclose(y, EDGES[name], rtol=1e-15)


@pytest.mark.parametrize("name", EDGES)
def test_dtypes(name):
    """Integers and bool count as the default dtype; complex numbers are refused; 0-d, empty."""
    f = getattr(torch.special, name)
    one = f(torch.tensor([1.0]))
    for x in (torch.tensor([1]), torch.tensor([True])):
        y = f(x)
        assert y.dtype is torch.float32 and torch.equal(y, one)
    assert f(torch.tensor(1.0)).item() == one.item() and f(torch.empty(0, 3)).shape == (0, 3)
    with pytest.raises(NotImplementedError, match=f'"{name}_cpu" not implemented for'):
        f(torch.tensor([1j]))


def test_far_out():
    """Ai ends in subnormal numbers, K does not lose them before; J at 10^300 is finite."""
    wide = dict(dtype=torch.float64)
    ai = torch.special.airy_ai(torch.tensor([103.0, 1e5, 1e300, -1e5], **wide)).tolist()
    assert ai[0] == pytest.approx(1.2268655193889e-304, rel=1e-11) and ai[1:3] == [0, 0]
    assert abs(ai[3]) < 0.04
    k = torch.special.modified_bessel_k0(torch.tensor([740.0], **wide)).item()
    assert k == pytest.approx(1.93e-323, rel=0.2)
    assert abs(torch.special.bessel_j0(torch.tensor(1e300, **wide)).item()) < 1e-149


def test_zeta_at_the_edges():
    """Only the first term counts at x = inf; what is NaN stays NaN."""
    x = torch.tensor([INF, INF, INF, NAN, 2, 2], dtype=torch.float64)
    q = torch.tensor([0.5, 1, 2, INF, NAN, INF], dtype=torch.float64)
    np.testing.assert_array_equal(torch.special.zeta(x, q).numpy(), [INF, 1, 0, NAN, NAN, 0])


def test_scipy_is_not_needed(monkeypatch):
    """Every function of torch.special, with SciPy hidden."""
    monkeypatch.setitem(sys.modules, "scipy", None)
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    x = torch.tensor([0.25, 0.5])
    more = {
        "log_softmax": (x, 0),
        "logsumexp": (x, 0),
        "softmax": (x, 0),
        "multigammaln": (x + 2, 2),
        "polygamma": (1, x),
        "round": (x,),
    }
    two = "gammainc gammaincc xlog1py xlogy zeta".split()
    for name in dir(torch.special):
        args = more.get(name) or ((x + 1, x + 1) if name in two or "polynomial" in name else (x,))
        y = getattr(torch.special, name)(*args)
        assert bool(torch.isfinite(y).all()), name


def test_incomplete_gamma_of_large_numbers():
    """SciPy's values where the logarithms of Γ and x^a would cancel, and 1/2 at last."""
    a = torch.tensor([1e3, 1e5, 9e5, 1e7, 1e20], dtype=torch.float64)
    p = torch.special.gammainc(a, a).numpy()
    want = [0.5042052441802155, 0.5004205221103651, 0.5001401740298664, 0.5000420522087237, 0.5]
    np.testing.assert_allclose(p, want, rtol=1e-10)
    np.testing.assert_allclose(p[:3], want[:3], rtol=3e-14)
    assert torch.special.gammaincc(a, a * 1.1).tolist()[3:] == [0, 0]
    far = torch.special.gammainc(a[:2], a[:2] - 3 * a[:2].sqrt()).numpy()
    np.testing.assert_allclose(far, [0.0010012389950642825, 0.0013127698795992468], rtol=1e-13)


def test_erfcx_of_large_numbers():
    """To 1e-15 where x² itself is rounded, and up to the ends."""
    x = torch.tensor([5.3, 17.77, 24.9, 25.1, 60.0, -26.0, -27.0, -INF, INF], dtype=torch.float64)
    want = [
        0.10464919566077328, 0.031699518676381565, 0.022639987776049506, 0.02245987581758139,
        0.009401854275176388, 7.657724931490568e293, INF, INF, 0,
    ]  # fmt: skip
    np.testing.assert_allclose(torch.special.erfcx(x).numpy(), want, rtol=1.5e-15)
