"""Pointwise ops over dtypes, overloads and forms: narrow floats, numbers, out=, in place, what is
saved. The numbers are PyTorch's.
"""

import math

import numpy as np
import pytest

import rushlight as torch

HALF, BRAIN = torch.float16, torch.bfloat16


def half(*values):
    return torch.tensor(values, dtype=HALF)


def brain(*values):
    return torch.tensor(values, dtype=BRAIN)


# ---------------------------------------------------------------- narrow floats


@pytest.mark.parametrize("dtype", [HALF, BRAIN], ids=str)
@pytest.mark.parametrize(
    "f",
    [
        lambda x: x**0.3,
        lambda x: x**3,
        lambda x: x**x,
        lambda x: 2**x,
        lambda x: x * 3,
        lambda x: 3 * x,
        lambda x: x / 3,
        lambda x: x * torch.tensor(3.0),
        lambda x: x // 3,
        lambda x: x % 3,
        lambda x: torch.fmod(x, 3),
        lambda x: torch.div(x, 3, rounding_mode="trunc"),
        lambda x: torch.add(x, x, alpha=0.3),
        lambda x: torch.addcmul(x, x, x, value=0.3),
        lambda x: torch.addcdiv(x, x, x, value=0.3),
        lambda x: torch.lerp(x, x + 1, 0.3),
        lambda x: torch.lerp(x, x + 1, torch.tensor(0.3)),
        lambda x: torch.clamp(x, 0.5, 2),
        lambda x: torch.copysign(x, -1),
        lambda x: torch.hypot(x, x),
        lambda x: torch.ldexp(x, x),
        lambda x: torch.xlogy(x, 2),
        lambda x: torch.where(x > 1, x, 2),
    ],
)
def test_narrow_floats_stay_narrow(f, dtype):
    x = torch.tensor([0.5, 1.5], dtype=dtype, requires_grad=True)
    y = f(x)
    assert y.dtype is dtype
    want = f(torch.tensor([0.5, 1.5]))
    assert torch.allclose(y.float(), want, rtol=2e-3 if dtype is HALF else 1e-2)
    if not isinstance(y.grad_fn, type(None)) and y.grad_fn.name() != "NotImplemented":
        y.sum().backward()
        assert x.grad.dtype is dtype


def test_a_number_is_used_in_single_precision():
    x = half(0.001, 0.5)
    assert (x * 65536).tolist() == (65536 * x).tolist() == [65.5625, 32768.0]
    assert (x * torch.tensor(65536.0)).tolist() == [65.5625, 32768.0]
    assert (torch.tensor(65536.0) * x).tolist() == [float("inf")] * 2  # as in PyTorch
    assert x.clone().mul_(65536).tolist() == [65.5625, 32768.0]
    assert (half(1e-6) / 1e-5).item() == (half(1e-6) / torch.tensor(1e-5)).item() == 0.1013183593750
    assert (brain(3.0) * 1.00585).item() == 3.015625
    leaf = half(0.25).requires_grad_()
    (leaf * 3.0 * torch.tensor(0.5)).sum().backward()
    assert leaf.grad.dtype is HALF and leaf.grad.item() == 1.5


# ---------------------------------------------------------------- bool and integers


def test_powers_of_bool():
    b = torch.tensor([True, False])
    assert (b**True).dtype is torch.bool and (b**False).tolist() == [True, True]
    assert (b**2).dtype is torch.int64
    for f in (lambda: True**b, lambda: b**b):
        with pytest.raises(NotImplementedError, match="\"pow\" not implemented for 'Bool'"):
            f()
    with pytest.raises(RuntimeError, match="Integers to negative integer powers"):
        b**-1


def test_alpha_of_bool_and_small_integers():
    b, u = torch.tensor([True, False]), torch.tensor([1, 200], dtype=torch.uint8)
    assert torch.add(b, b, alpha=2).dtype is torch.bool
    assert torch.add(b, torch.tensor([True, True]), alpha=0).tolist() == [True, False]
    assert torch.sub(u, u, alpha=2).tolist() == [255, 56]
    with pytest.raises(RuntimeError, match="uint8_t without overflow"):
        torch.add(u, u, alpha=300)
    with pytest.raises(RuntimeError, match="Boolean alpha only supported for Boolean results"):
        torch.add(u, u, alpha=True)
    with pytest.raises(TypeError, match="argument 'alpha' must be Number, not Tensor"):
        torch.add(u, u, alpha=u)


def test_clamp_of_small_integers():
    u = torch.tensor([1, 200], dtype=torch.uint8)
    assert u.clamp(min=-1).tolist() == [255, 255]  # a negative bound wraps around
    assert u.clamp(-1, 100).tolist() == [100, 100]
    assert u.clamp(min=-1.5).dtype is torch.float32
    with pytest.raises(RuntimeError, match="uint8_t without overflow"):
        u.clamp(max=300)
    with pytest.raises(RuntimeError, match="c10::Half without overflow"):
        half(1.0).clamp(min=70000)
    with pytest.raises(NotImplementedError, match="clamp is not supported for complex"):
        torch.ones(1).clamp(0, 1j)


def test_in_place_a_result_of_another_category_is_refused():
    for f in (lambda x: x.pow_(0.5), lambda x: x.clamp_(1.5), lambda x: x.sqrt_()):
        x = torch.tensor([4, 9])
        with pytest.raises(RuntimeError, match="result type Float can't be cast"):
            f(x)
        assert x.tolist() == [4, 9]


# ---------------------------------------------------------------- comparisons in place


def test_comparisons_in_place():
    b = torch.tensor([True, False])
    assert b.gt_(2.5).tolist() == [False, False] and b.dtype is torch.bool
    assert torch.tensor([3, 4]).eq_(3.0).tolist() == [1, 0]
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    for y, name in (((x * 1).eq_(1), "EqBackward0"), ((x * 1).gt_(x), "GtBackward1")):
        assert y.grad_fn.name() == name
        x.grad = None
        y.sum().backward()
        assert x.grad.tolist() == [0.0, 0.0]


# ---------------------------------------------------------------- overloads


def test_forms_with_the_number_in_front():
    x = torch.tensor([1.0, 2.0])
    with pytest.warns(UserWarning, match="deprecated"):
        assert torch.add(x, 2, x).tolist() == [3.0, 6.0]
    with pytest.warns(UserWarning, match="deprecated"):
        assert x.clone().add_(2, x).tolist() == [3.0, 6.0]
    with pytest.warns(UserWarning, match="deprecated"):
        assert x.sub(2, x).tolist() == [-1.0, -2.0]
    with pytest.warns(UserWarning, match="deprecated"):
        assert torch.addcmul(x, 2, x, x).tolist() == [3.0, 10.0]
    with pytest.warns(UserWarning, match="deprecated"):
        assert x.clone().addcdiv_(2, x, x).tolist() == [3.0, 4.0]
    with pytest.raises(TypeError, match="takes 2 positional arguments but 3 were given"):
        x.add(x, x)


def test_where_of_two_numbers():
    mask = torch.tensor([True, False])
    assert torch.where(mask, 2, 3).tolist() == [2, 3]
    assert torch.where(mask, 2, 3).dtype is torch.int64
    assert torch.where(mask, 2.0, 3).dtype is torch.float32
    assert torch.where(mask, 2, 1j).dtype is torch.complex64
    with pytest.raises(TypeError, match=r"argument 'input' \(position 2\) must be Tensor"):
        torch.where(mask, None, mask)


def test_lerp_with_a_0d_weight_of_another_dtype():
    x, y = torch.tensor([0.0, 1.0], dtype=torch.float64), torch.ones(2, dtype=torch.float64)
    assert torch.lerp(x, y, torch.tensor(0.25)).tolist() == [0.25, 1.0]
    w = torch.tensor(0.25, requires_grad=True)
    torch.lerp(x, y, w).sum().backward()
    assert w.grad.dtype is torch.float32 and w.grad.item() == 1.0
    with pytest.raises(RuntimeError, match="expected dtype double for `weight`"):
        torch.lerp(x, y, torch.tensor([0.25]))
    with pytest.raises(NotImplementedError, match="lerp_kernel_scalar"):
        torch.lerp(torch.ones(1).long(), torch.ones(1).long(), 0.5)


def test_division_without_a_derivative():
    x = torch.tensor([3.0, -4.0], requires_grad=True)
    y = torch.tensor([2.0, 3.0], requires_grad=True)
    for z in (x // y, x // 2, torch.floor_divide(2, x)):
        assert z.grad_fn.name() == "NotImplemented"
        with pytest.raises(RuntimeError, match="derivative for aten::floor_divide is not impl"):
            z.sum().backward()
    with pytest.raises(RuntimeError, match="derivative for aten::remainder is not implemented"):
        (2 % x).sum().backward()
    (x % y).sum().backward()
    assert x.grad.tolist() == [1.0, 1.0] and y.grad.tolist() == [-1.0, 2.0]
    assert (x % y).grad_fn.name() == "RemainderBackward1"
    assert (x % 2).grad_fn.name() == "RemainderBackward0"


def test_incomplete_gamma():
    """By the series (x < a + 1) and by the continued fraction, SciPy's numbers; the edges."""
    a = torch.tensor([0.5, 2.0, 7.0, 30.0, 300.0], dtype=torch.float64)
    x = torch.tensor([0.2, 3.0, 7.0, 45.0, 310.0], dtype=torch.float64)
    p = [0.47291074313446185, 0.8008517265285442, 0.5502889441513008, 0.9926628007022036]
    p.append(0.7224887541718611)
    np.testing.assert_allclose(torch.igamma(a, x).tolist(), p, rtol=1e-12)
    q = [0.5270892568655381, 0.1991482734714558, 0.44971105584869875, 0.007337199297796457]
    q.append(0.2775112458281389)
    np.testing.assert_allclose(torch.igammac(a, x).tolist(), q, rtol=1e-11)
    a = torch.tensor([0.0, 0.0, 1.0, 2.0, math.inf, math.inf, 1.0, -1.0, math.nan])
    x = torch.tensor([0.0, 1.0, 0.0, math.inf, 1.0, math.inf, -1.0, 2.0, 1.0])
    nan = math.nan
    np.testing.assert_equal(torch.igamma(a, x).tolist(), [nan, 1, 0, 1, 0, nan, nan, nan, nan])
    np.testing.assert_equal(torch.igammac(a, x).tolist(), [nan, 0, 1, 0, 1, nan, nan, nan, nan])


def test_incomplete_gamma_has_a_gradient_in_its_second_argument():
    a = torch.tensor([1.0, 2.5])
    for f, sign in ((torch.igamma, 1.0), (torch.igammac, -1.0)):
        x = torch.tensor([0.5, 2.0], requires_grad=True)
        f(a, x).sum().backward()
        assert torch.allclose(x.grad, sign * torch.tensor([0.60653067, 0.28795183]))
    a.requires_grad_()
    with pytest.raises(RuntimeError, match="the derivative for 'igamma: input' is not impl"):
        torch.igamma(a, torch.ones(2)).sum().backward()


# ---------------------------------------------------------------- what backward keeps


N = torch.tensor([2.0, 3.0, 4.0])


@pytest.mark.parametrize(
    "f",
    [
        lambda h: h / 3,
        lambda h: h / N,
        lambda h: h * N,
        lambda h: h % 2,
        lambda h: torch.fmod(h, N),
        lambda h: torch.lerp(h, N, 0.3),
        lambda h: torch.lerp(h, N, torch.tensor(0.3)),
        lambda h: torch.lerp(N, h, torch.tensor(0.3)),
        lambda h: torch.addcmul(h, N, N),
        lambda h: torch.addcmul(N, h, N),
        lambda h: torch.addcdiv(N, h, N),
        lambda h: torch.ldexp(h, N),
        lambda h: torch.where(N > 2, h, N),
        lambda h: torch.add(N, h, alpha=2),
    ],
)
def test_an_input_that_backward_does_not_read_may_change(f):
    x = torch.tensor([1.5, -2.5, 3.0], requires_grad=True)
    f(x).sum().backward()
    want, x.grad = x.grad, None
    h = x * 1
    y = f(h)
    h += 1
    y.sum().backward()
    assert x.grad.tolist() == want.tolist()


def test_an_input_that_backward_reads_may_not():
    h = torch.tensor([1.5, 2.0], requires_grad=True) * 1
    y = torch.tensor([1.0, 2.0], requires_grad=True) / h
    h += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


# ---------------------------------------------------------------- error types and out=


@pytest.mark.parametrize(
    "f, words",
    [
        (lambda x, i, c: x & x, "\"bitwise_and_cpu\" not implemented for 'Float'"),
        (lambda x, i, c: 2.0 & i, "\"bitwise_and_cpu\" not implemented for 'Float'"),
        (lambda x, i, c: c << 1, "\"lshift_cpu\" not implemented for 'ComplexFloat'"),
        (lambda x, i, c: c < c, "\"lt_cpu\" not implemented for 'ComplexFloat'"),
        (lambda x, i, c: c % c, "\"remainder_cpu\" not implemented for 'ComplexFloat'"),
        (lambda x, i, c: torch.abs(i > 0), "\"abs_cpu\" not implemented for 'Bool'"),
        (lambda x, i, c: torch.floor(i > 0), "\"floor_vml_cpu\" not implemented for 'Bool'"),
        (lambda x, i, c: torch.frac(i), "\"frac_cpu\" not implemented for 'Long'"),
        (lambda x, i, c: torch.hypot(i, i), "\"hypot_cpu\" not implemented for 'Long'"),
        (lambda x, i, c: torch.erf(c), "\"erf_vml_cpu\" not implemented for 'ComplexFloat'"),
        (lambda x, i, c: torch.xlogy(c, c), "\"xlogy_cpu\" not implemented for 'ComplexFloat'"),
        (lambda x, i, c: torch.gcd(x, x), "\"gcd_cpu\" not implemented for 'Float'"),
    ],
)
def test_what_is_not_implemented_says_so(f, words):
    x, i = torch.ones(2), torch.ones(2, dtype=torch.int64)
    with pytest.raises(NotImplementedError) as e:
        f(x, i, torch.ones(2, dtype=torch.complex64))
    assert str(e.value) == words


def test_inverting_a_float():
    with pytest.raises(TypeError, match="only implemented on integer and Boolean-type tensors"):
        ~torch.ones(1)


@pytest.mark.parametrize(
    "f",
    [
        lambda x, **kw: torch.add(x, 1, **kw),
        lambda x, **kw: torch.sub(x, x, alpha=2, **kw),
        lambda x, **kw: torch.div(x, 2, rounding_mode="floor", **kw),
        lambda x, **kw: torch.clamp(x, 0, 1, **kw),
        lambda x, **kw: torch.lerp(x, x, 0.5, **kw),
        lambda x, **kw: torch.addcmul(x, x, x, **kw),
        lambda x, **kw: torch.where(x > 1, x, 0, **kw),
        lambda x, **kw: torch.round(x, decimals=1, **kw),
        lambda x, **kw: torch.nan_to_num(x, nan=1.0, **kw),
        lambda x, **kw: torch.polygamma(1, x, **kw),
        lambda x, **kw: torch.special.ndtr(x, **kw),
        lambda x, **kw: torch.special.gammaln(x, **kw),
        lambda x, **kw: torch.isposinf(x, **kw).float(),
    ],
)
def test_out(f):
    x = torch.tensor([0.5, 2.0])
    out = torch.empty(2)
    assert f(x, out=out) is out or out.dtype is torch.float32
    assert out.tolist() == f(x).tolist()


def test_out_of_complex_has_its_dtype():
    x = torch.ones(2)
    for f in (torch.complex, torch.polar):
        with pytest.raises(RuntimeError, match="scalar type ComplexDouble for argument 'out'"):
            f(x, x, out=torch.empty(2, dtype=torch.complex128))
    with pytest.raises(
        TypeError, match=r"rsub\(\): argument 'input' \(position 1\) must be Tensor"
    ):
        torch.rsub(2, x)


def test_names_of_special():
    assert "gammaln" in dir(torch.special) and "expit" in dir(torch.special)
    x = torch.tensor([0.3, 2.0])
    assert torch.special.expit(x).tolist() == torch.sigmoid(x).tolist()
    assert torch.special.psi(x).tolist() == torch.digamma(x).tolist()
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        torch.special.nothing  # noqa: B018


NUMPYS = {
    "add": lambda x, y, a: torch.add(x, y, alpha=a),
    "addmm": lambda x, y, a: torch.addmm(x, x, y, beta=a, alpha=a),
    "addr": lambda x, y, a: torch.addr(x, x[0], y[0], alpha=a),
    "renorm": lambda x, y, a: x.renorm(2, 0, a),
    "logit": lambda x, y, a: torch.logit(x, a),
    "clamp": lambda x, y, a: x.clamp(a, 2 * a),
    "var": lambda x, y, a: x.var(correction=a),
}


@pytest.mark.parametrize("name", NUMPYS)
def test_a_number_of_numpys_widens_nothing(name):
    x, y = torch.rand(3, 3), torch.rand(3, 3)
    r = NUMPYS[name](x, y, np.float64(0.25))
    assert r.dtype is torch.float32 and torch.equal(r, NUMPYS[name](x, y, 0.25))
