"""gradcheck and gradgradcheck: what they accept, what they refuse, and in which words."""

import pytest

import rushlight as torch
from rushlight.autograd import Function, gradcheck, gradgradcheck


def leaf(*values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


class Wrong(Function):
    """y = 2 x with a gradient that is not its own."""

    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g * 3


def test_right_gradients_pass():
    x, y = leaf(0.5, 1.5), leaf(2.0, 3.0)
    assert gradcheck(lambda a, b: (a * b, a.sin()), (x, y))
    assert gradcheck(torch.exp, x, fast_mode=True)
    assert gradgradcheck(lambda a, b: a**3 * b, (x, y))
    assert gradgradcheck(torch.tanh, (x,), gen_non_contig_grad_outputs=True)
    z = torch.tensor([1 + 2j, -0.5 + 1j], dtype=torch.complex128, requires_grad=True)
    assert gradcheck(lambda t: t * t.conj().exp(), (z,))
    assert gradcheck(torch.abs, (z,))


def test_wrong_gradients_are_found():
    x = leaf(1.0, 2.0)
    with pytest.raises(
        RuntimeError, match="Jacobian mismatch for output 0 with respect to input 0"
    ):
        gradcheck(Wrong.apply, (x,))
    assert gradcheck(Wrong.apply, (x,), raise_exception=False) is False
    assert gradcheck(Wrong.apply, (x,), raise_exception=False, fast_mode=True) is False
    with pytest.raises(RuntimeError, match="Numerical gradient for function expected to be zero"):
        gradcheck(lambda t: t.detach(), (x,))


def test_inputs_must_want_gradients():
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(torch.exp, (torch.ones(2, dtype=torch.float64),))
    with pytest.warns(UserWarning, match="is not a double precision floating point"):
        gradcheck(lambda t: t * 1, (torch.ones(2, requires_grad=True),), eps=1e-2)
    with pytest.raises(RuntimeError, match="dimension with stride 0"):
        gradcheck(torch.exp, (leaf(1.0).detach().expand(3).requires_grad_(),))


def test_inputs_are_restored():
    x = leaf(1.0, 2.0)
    gradcheck(torch.exp, (x,))
    assert x.tolist() == [1.0, 2.0] and x.grad is None


class HalfTheTangent(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x * x

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx, dy):
        return 2 * ctx.saved_tensors[0] * dy

    @staticmethod
    def jvp(ctx, t):
        return ctx.saved_tensors[0] * t


def test_forward_mode_and_batches():
    options = {"check_forward_ad": True, "check_batched_grad": True}
    x = (leaf(0.5, -1.0, 2.0),)
    assert gradcheck(torch.sin, x, **options, check_batched_forward_grad=True)
    assert gradcheck(lambda t: (t.cumsum(0), t @ t), x, **options)
    assert gradgradcheck(torch.exp, x, check_fwd_over_rev=True)
    assert gradcheck(HalfTheTangent.apply, x)
    with pytest.raises(RuntimeError, match="Jacobian computed with forward mode mismatch"):
        gradcheck(HalfTheTangent.apply, x, check_forward_ad=True)
