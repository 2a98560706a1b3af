"""Faults once found by trying: one line each, in tests/cases/faults.txt, named after its entry.

D narrow dtypes, A autograd, I indexing, shapes, interop. The values are PyTorch's:
tools/freeze_ops.py.
"""

import itertools

import numpy as np
import pytest
from op_cases import agree, evaluate, frozen

import rushlight as torch
from rushlight.dispatch.registry import apply
from rushlight.testing.samples import Make, sample_arguments, sampled_cards

CASES = frozen("faults")


def entry(code):
    return code.rpartition("  # ")[2]


@pytest.mark.parametrize("code", CASES, ids=entry)
def test_as_in_pytorch(code):
    found = evaluate(torch, code)
    assert agree(found, CASES[code]), (found, CASES[code])


# ---------------------------------------------------------------- properties of all cards

EXTREME = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e30, -1e30, 1e38, -1.0, 3e4, 88.0, 2.0])


def tensors_of(args):
    for a in args:
        if isinstance(a, torch.Tensor):
            yield a
        elif isinstance(a, list):
            yield from tensors_of(a)


def results_of(card, args):
    r = apply(card, args)
    return [t for t in ([r] if isinstance(r, torch.Tensor) else r) if isinstance(t, torch.Tensor)]


def exchanged(args, f):
    """The arguments with f(t) for each tensor t, in lists, too."""
    swap = [
        f(a)
        if isinstance(a, torch.Tensor)
        else exchanged(a, f)
        if isinstance(a, list) and a and isinstance(a[0], torch.Tensor)
        else a
        for a in args
    ]
    return swap if isinstance(args, list) else tuple(swap)


@pytest.mark.parametrize("card", sampled_cards(), ids=lambda c: f"I13-{c.name}")
def test_numpy_warns_of_nothing(card):
    """Warnings are errors here: forward and backward at 0, inf, NaN and the ends of the range."""
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        random = np.random.default_rng(0)

        def extreme(t, dtype=dtype, random=random):
            if t._a.dtype.kind != "f":
                return t
            values = torch.from_numpy(np.asarray(random.choice(EXTREME, t._a.shape)))
            return values.to(dtype).requires_grad_()

        for args in sample_arguments(card, Make(card.name)):
            args = exchanged(args, extreme)
            try:
                results = results_of(card, args)
                for y in results:
                    if y.requires_grad:
                        torch.autograd.backward(y, torch.ones_like(y), retain_graph=True)
            except (RuntimeError, IndexError, ValueError, TypeError, ZeroDivisionError):
                pass  # values that the op refuses; a RuntimeWarning is none of these


@pytest.mark.parametrize(
    "card",
    [c for c in sampled_cards() if getattr(c.source, "backward", None)],
    ids=lambda c: f"A2-A6-{c.name}",
)
def test_what_a_node_keeps_has_its_version_checked(card):
    """A tensor changed before backward: an error, or the gradient is what it was."""
    for args in itertools.islice(sample_arguments(card, Make(card.name)), 2):
        count = len(list(tensors_of(args)))

        def gradients(args, change=None):
            leaves = []

            def tracked(t):
                if t._a.dtype.kind not in "fc":
                    return t.clone()
                leaves.append(t.clone().requires_grad_())
                return leaves[-1] * 1

            args = exchanged(args, tracked)
            results = [y for y in results_of(card, args) if y.requires_grad]
            if not results:
                return None
            if change is not None:
                with torch.no_grad():
                    list(tensors_of(args))[change].zero_()
            weights = [
                torch.arange(1.0, y.numel() + 1).reshape(y.shape).to(y.dtype) for y in results
            ]
            torch.autograd.backward(results, weights)
            return [leaf.grad for leaf in leaves]

        before = gradients(args)
        if before is None or card.view:
            continue
        for i in range(count):
            try:
                after = gradients(args, i)
            except RuntimeError as e:
                assert "modified by an inplace operation" in str(e)
                continue
            for a, b in zip(before, after, strict=True):
                same = a is b is None or np.array_equal(a._a, b._a, equal_nan=True)
                assert same, (card.name, i, a, b)
