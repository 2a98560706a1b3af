"""Every card's samples on a device: results and gradients are those of the CPU's kernels.

RUSHLIGHT_SAMPLES=3 takes three samples of each card instead of the first.
"""

import os
from itertools import islice

import numpy as np
import pytest

import rushlight as torch
from rushlight.autograd.api import grad
from rushlight.core.accelerators import backend, place_of
from rushlight.core.device import resolve
from rushlight.core.tensor import Tensor, wrap
from rushlight.dispatch.registry import apply
from rushlight.testing.samples import Make, sample_arguments, sampled_cards

xla = backend()
PLACE = place_of(resolve("xla"))
COUNT = int(os.environ.get("RUSHLIGHT_SAMPLES", "1"))
CARDS = {card.name: card for card in sampled_cards()}
del CARDS["to_device"]  # its samples go to the CPU
# which of several equal numbers topk and kthvalue name is settled by loops of the CPU
LOOSE = {"linalg_svdvals": 1e-5}


def each(a):
    if isinstance(a, Tensor):
        yield a
    elif isinstance(a, (list, tuple)):
        for b in a:
            yield from each(b)


def run(card, args, convert):
    """The arrays of a card's results, then those of the gradients of its arguments."""
    for t in each(args):
        t._a = convert(t._a)
    args = tuple(
        convert(a) if type(a) is np.ndarray and i < card.arrays else a for i, a in enumerate(args)
    )
    given = args[0] if card.listed else [args[i] for i in card.tensors]
    leaves = [t for t in given if isinstance(t, Tensor) and t._a.dtype.kind in "fc"]
    for t in leaves:
        t.requires_grad_()
    r = apply(card, args)
    results = [r] if isinstance(r, Tensor) else list(r)
    found = [y._a for y in results]
    results = [y for y in results if y.requires_grad]
    if results and leaves:
        seeds = []
        for y in results:
            s = np.cos(np.arange(y.numel(), dtype=np.float64)).reshape(tuple(y.shape))
            seeds.append(wrap(convert(s.astype(y._a.dtype))))
        gradients = grad(results, leaves, seeds, allow_unused=True)
        found += [None if g is None else g._a for g in gradients]
    return found


@pytest.mark.parametrize("name", CARDS)
def test_a_card(name):
    card = CARDS[name]

    def samples():
        return list(islice(sample_arguments(card, Make(name)), COUNT))

    for i in range(len(samples())):
        torch.manual_seed(0)
        try:
            here = run(card, samples()[i], lambda a: a)
        except RuntimeError as e:
            assert "derivative for aten::" in str(e)  # it has none
            continue
        there = run(card, samples()[i], lambda a: xla.to_device(a, PLACE))
        assert len(here) == len(there)
        for a, b in zip(here, there, strict=True):
            assert (a is None) == (b is None)
            if a is None:
                continue
            assert type(b) is xla.Array
            b = xla.host(b)
            assert (a.shape, a.dtype) == (b.shape, b.dtype)
            close = LOOSE.get(name, 1e-6)
            np.testing.assert_allclose(a, b, close, close)
