"""Every card by its samples: gradients to second order against central differences, inputs left
alone,
native kernels against their NumPy twins."""

import numpy as np
import pytest

from rushlight import kernels
from rushlight.autograd.api import grad
from rushlight.core.dtype import float32, float64
from rushlight.core.tensor import Tensor
from rushlight.dispatch.registry import apply, apply_inplace
from rushlight.kernels.twin import TWINS
from rushlight.kernels.vocabulary import WORDS
from rushlight.testing.gradcheck import gradcheck, gradgradcheck
from rushlight.testing.samples import Make, sample_arguments, sampled_cards

CARDS = sampled_cards()


def tensors_of(args):
    for a in args:
        if isinstance(a, Tensor):
            yield a
        elif isinstance(a, (list, tuple)):
            yield from tensors_of(a)


def elementwise(card):
    """True for cards of one result that may be written into the first operand."""
    return card.outputs == 1 and not (card.extras or card.view or card.listed)


def outputs(result):
    return [result] if isinstance(result, Tensor) else list(result)


def differentiable(card, args):
    """Positions in the flat list of the card's tensors that gradients are checked for."""
    candidates = args[0] if card.listed else [args[i] for i in card.tensors]
    return [t for t in candidates if isinstance(t, Tensor) and t._a.dtype.kind in "fc"]


@pytest.mark.parametrize("card", CARDS, ids=lambda c: c.name)
def test_inputs_are_left_alone(card):
    for args in sample_arguments(card, Make(card.name)):
        before = [t._a.copy() for t in tensors_of(args)]
        apply(card, args)
        for t, kept in zip(tensors_of(args), before, strict=True):
            assert np.array_equal(t._a, kept)


@pytest.mark.parametrize("card", [c for c in CARDS if not c.view], ids=lambda c: c.name)
def test_results_are_copies(card):
    """Only views share memory with their arguments, also where the op has nothing to do."""
    for args in sample_arguments(card, Make(card.name)):
        for y in outputs(apply(card, args)):
            assert not any(np.may_share_memory(y._a, t._a) for t in tensors_of(args))


@pytest.mark.parametrize(
    "card", [c for c in CARDS if getattr(c.source, "backward", None)], ids=lambda c: c.name
)
def test_gradients(card):
    """First and second order; samples without a differentiable output are skipped."""
    for args in sample_arguments(card, Make(card.name)):
        leaves = differentiable(card, args)
        for t in leaves:
            t.requires_grad_()
        if card.name == "embedding" and args[2] >= 0:
            continue  # the padding row gets no gradient, by definition
        if not leaves or not any(y.requires_grad for y in outputs(apply(card, args))):
            continue

        def f(*_, args=args):
            return apply(card, args)

        assert gradcheck(f, tuple(leaves))
        if any(t.requires_grad for t in first_order(f, leaves)):
            assert gradgradcheck(f, tuple(leaves), atol=1e-4)


def first_order(f, leaves):
    ys = [y for y in outputs(f()) if y.requires_grad]
    seeds = [y.detach().clone().requires_grad_() for y in ys]
    return [
        g for g in grad(ys, leaves, seeds, create_graph=True, allow_unused=True) if g is not None
    ]


@pytest.mark.parametrize("card", [c for c in CARDS if elementwise(c)], ids=lambda c: c.name)
def test_in_place(card):
    """The result written into the first operand: same numbers, same gradients for all operands."""
    for args in sample_arguments(card, Make(card.name)):
        leaves = differentiable(card, args)
        want = apply(card, args)
        if not isinstance(args[0], Tensor) or not leaves:
            continue
        if want.shape != args[0].shape or want.dtype is not args[0].dtype:
            continue
        for t in leaves:
            t.requires_grad_()
        want = apply(card, args)
        x = args[0] * 1
        assert apply_inplace(card, (x, *args[1:])) is x
        assert np.array_equal(x.detach().numpy(), want.detach().numpy(), equal_nan=True)
        assert x.requires_grad == want.requires_grad
        if want.requires_grad and getattr(card.source, "backward", None):
            found = [grad((y * y).sum(), leaves, allow_unused=True) for y in (x, want)]
            for g, h in zip(*found, strict=True):
                assert (g is None) == (h is None)
                assert g is None or np.allclose(g.numpy(), h.numpy())


def run(card, dtype):
    """Outputs and gradients of all samples, as arrays."""
    results = []
    for args in sample_arguments(card, Make(card.name, dtype)):
        leaves = differentiable(card, args)
        for t in leaves:
            t.requires_grad_()
        ys = outputs(apply(card, args))
        results += [y._a for y in ys]
        ys = [y for y in ys if y.requires_grad]
        if ys and getattr(card.source, "backward", None):
            found = grad(ys, leaves, [y.detach().clone() for y in ys], allow_unused=True)
            results += [g._a for g in found if g is not None]
    return results


@pytest.mark.skipif(kernels.native is None, reason="the native extension is not loaded")
@pytest.mark.parametrize("dtype", [float32, float64], ids=str)
@pytest.mark.parametrize("card", CARDS, ids=lambda c: c.name)
def test_native_agrees_with_twins(card, dtype, monkeypatch):
    native = run(card, dtype)
    for name in kernels.native.KERNELS:
        twin = TWINS.get(name) or WORDS.get(name)
        if twin is not None:
            monkeypatch.setattr(kernels.K, name, twin)
    pure = run(card, dtype)
    rtol, atol = (1e-5, 1e-5) if dtype is float32 else (1e-7, 1e-7)
    for p, q in zip(native, pure, strict=True):
        assert p.dtype == q.dtype
        np.testing.assert_allclose(p, q, rtol, atol)
