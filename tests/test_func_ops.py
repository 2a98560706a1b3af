"""Every card by its samples: vmap against a loop, jvp against central differences, a batch of
cotangents against one by one."""

import numpy as np
import pytest

import rushlight as torch
from rushlight.core.tensor import Tensor, wrap
from rushlight.dispatch.levels import RANDOM
from rushlight.func import jvp, vjp, vmap
from rushlight.testing.samples import Make, sample_arguments, sampled_cards

CARDS = [c for c in sampled_cards() if c.name not in RANDOM]
DYNAMIC = {"_unique2", "unique_dim", "unique_consecutive", "masked_select"}
N = 3


def leaves(args):
    """The tensors among arguments and in lists of them."""
    for a in args:
        if isinstance(a, Tensor):
            yield a
        elif type(a) is list:
            yield from leaves(a)


def filled(args, tensors):
    """The arguments with other tensors."""
    it = iter(tensors)

    def put(a):
        if isinstance(a, Tensor):
            return next(it)
        return [put(x) for x in a] if type(a) is list else a

    return tuple(put(a) for a in args)


def flat(result):
    return [result] if isinstance(result, Tensor) else list(result)


def numbers(t):
    a = t._a
    return a.astype(np.float64) if a.dtype.kind in "V" or a.dtype.num >= 256 else a


def close(found, wanted, tolerance=1e-9):
    assert len(found) == len(wanted)
    for x, y in zip(found, wanted, strict=True):
        assert x.dtype is y.dtype
        np.testing.assert_allclose(numbers(x), numbers(y), rtol=tolerance, atol=tolerance)


def calls(card):
    """(arguments, [tensors of sample 0, 1, 2]) of each sample of a card."""
    makes = [sample_arguments(card, Make(f"{card.name}{i}" if i else card.name)) for i in range(N)]
    for args, *others in zip(*makes, strict=True):
        rows = [list(leaves(a)) for a in (args, *others)]
        if rows[0] and all(
            [t._a.shape for t in row] == [t._a.shape for t in rows[0]] for row in rows
        ):
            yield args, rows


def patterns(count):
    """Which tensors are batched: all, and each one alone."""
    yield (True,) * count
    if count > 1:
        yield from [tuple(i == j for j in range(count)) for i in range(count)]


@pytest.mark.parametrize("card", CARDS, ids=lambda c: c.name)
def test_vmap(card):
    for args, rows in calls(card):
        for pattern in patterns(len(rows[0])):
            one = [
                [row[i] if batched else rows[0][i] for i, batched in enumerate(pattern)]
                for row in rows
            ]
            stacked = [
                torch.stack([row[i] for row in rows]) if batched else rows[0][i]
                for i, batched in enumerate(pattern)
            ]
            f = vmap(
                lambda *ts, args=args: tuple(flat(card.run(filled(args, ts)))),
                in_dims=tuple(0 if batched else None for batched in pattern),
            )
            if card.name in DYNAMIC:
                with pytest.raises(RuntimeError, match="vmap: "):
                    f(*stacked)
                continue
            try:
                wanted = [flat(card.run(filled(args, ts))) for ts in one]
            except (RuntimeError, ValueError, IndexError):
                continue  # values that do not go together
            close(f(*stacked), [torch.stack(list(ys)) for ys in zip(*wanted, strict=True)])


def differentiable(card):
    return hasattr(card.source, "backward") and card.title != "NotImplemented"


def float_places(card, args):
    """Which of the tensors the card is differentiable in."""
    inside = args[0] if card.listed else [args[i] for i in card.tensors]
    mine = {id(t) for t in leaves(inside) if t._a.dtype.kind == "f"}
    return [i for i, t in enumerate(leaves(args)) if id(t) in mine]


def moving(card):
    """(f, points, directions) for each sample: f of the differentiable tensors only."""
    make = Make(card.name + " directions")
    for args in sample_arguments(card, Make(card.name)):
        places = float_places(card, args)
        tensors = list(leaves(args))
        if not places:
            continue

        def f(*xs, args=args, places=places, tensors=tensors):
            given = list(tensors)
            for i, x in zip(places, xs, strict=True):
                given[i] = x
            ys = flat(card.run(filled(args, given)))
            count = len(ys) if card.outputs == "list" else card.outputs
            return tuple(y for y in ys[:count] if y._a.dtype.kind in "fc")

        if not f(*[tensors[i] for i in places]):
            continue
        xs = tuple(tensors[i] for i in places)
        yield f, xs, tuple(make(*x._a.shape, low=-1.0, high=1.0) for x in xs)


EPS = 1e-6


@pytest.mark.parametrize("card", [c for c in CARDS if differentiable(c)], ids=lambda c: c.name)
def test_jvp(card):
    for f, xs, ts in moving(card):
        ys, moved = jvp(f, xs, ts)
        close(ys, f(*xs))
        up = f(*[wrap(x._a + EPS * t._a) for x, t in zip(xs, ts, strict=True)])
        down = f(*[wrap(x._a - EPS * t._a) for x, t in zip(xs, ts, strict=True)])
        for y, a, b in zip(moved, up, down, strict=True):
            wanted = (a._a - b._a) / (2 * EPS)
            np.testing.assert_allclose(y._a, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("card", [c for c in CARDS if differentiable(c)], ids=lambda c: c.name)
def test_a_batch_of_cotangents(card):
    make = Make(card.name + " cotangents")
    for f, xs, _ in moving(card):
        ys, product = vjp(f, *xs)
        vs = tuple(make(N, *y._a.shape, low=-1.0, high=1.0).to(y.dtype) for y in ys)
        found = vmap(lambda *v, product=product: product(v))(*vs)
        one_by_one = [product(tuple(v[i] for v in vs)) for i in range(N)]
        close(found, [torch.stack(list(gs)) for gs in zip(*one_by_one, strict=True)])
