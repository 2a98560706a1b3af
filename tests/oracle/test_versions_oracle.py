"""What every card's node keeps, seen from outside: an operand or a result that is changed in place
before backward is refused where PyTorch refuses it, and nowhere else."""

import pytest
import torch
from test_cards_oracle import CARDS, calls_of, to_torch

import rushlight
from rushlight.testing.samples import Make

# PyTorch's backward stops with an error of its own, or its views of several outputs do
OTHERWISE = {"addr", "addcdiv", "geqrf", "split", "unbind"}


def tensors(values, library):
    """All tensors among values and in lists of them."""
    found = []
    for x in values:
        if isinstance(x, (list, tuple)):
            found += tensors(x, library)
        elif isinstance(x, library.Tensor):
            found.append(x)
    return found


def with_others(value, others, library):
    """A value with its tensors replaced, in order."""
    if isinstance(value, library.Tensor):
        return next(others)
    if type(value) in (list, tuple):
        return type(value)([with_others(v, others, library) for v in value])
    return value


def outcome(library, f, args, kwargs, wanted, dtypes, which):
    """ "kept" or "free" after tensor `which` (~k: result k) was changed; None: not to be asked."""
    given = []
    for t, grad, dtype in zip(
        tensors([args, list(kwargs.values())], library), wanted, dtypes, strict=True
    ):
        t = t.detach().clone()
        t = t if dtype is None else t.to(getattr(library, dtype))
        given.append(t.requires_grad_() if grad else t)
    it = iter(given)
    args = with_others(args, it, library)
    kwargs = {k: with_others(v, it, library) for k, v in kwargs.items()}
    try:
        results = f(*args, **kwargs)
    except (RuntimeError, ValueError, TypeError):
        return None
    results = tensors([results], library)
    ys = [y for y in results if y.requires_grad]
    if not ys or (which < 0 and ~which >= len(results)):
        return None
    target = results[~which] if which < 0 else given[which]
    with library.no_grad():
        try:
            target.copy_(target.clone())
        except RuntimeError:  # an expanded result
            return None
    try:
        leaves = [t for t in given if t.requires_grad]
        library.autograd.grad(ys, leaves, [library.ones_like(y) for y in ys], allow_unused=True)
    except RuntimeError as e:
        return "kept" if "modified by an inplace" in str(e) else str(e)
    return "free"


def patterns(ts):
    """(which want gradients, dtypes): all, each alone; the floating ones in another dtype, too."""
    floats = [i for i, t in enumerate(ts) if t.dtype.is_floating_point]
    chosen = [floats] + ([[i] for i in floats] if len(floats) > 1 else [])
    for wanted in chosen:
        yield [i in wanted for i in range(len(ts))], [None] * len(ts)
        for j in floats if len(floats) > 1 else ():
            for dtype in ("float32",) + (() if j in wanted else ("int64",)):
                dtypes = [dtype if i == j else None for i in range(len(ts))]
                yield [i in wanted for i in range(len(ts))], dtypes


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("card", [c for c in CARDS if c.name not in OTHERWISE], ids=str)
def test_changes_are_refused_where_pytorchs_are(card):
    for ours, theirs, args, kwargs, _ in calls_of(card, Make(card.name)):
        ts = tensors([args, list(kwargs.values())], rushlight)
        there = to_torch(tuple(args), []), {k: to_torch(v, []) for k, v in kwargs.items()}
        for wanted, dtypes in patterns(ts):
            if not any(wanted):
                continue
            for which in (*range(len(ts)), ~0, ~1):
                want = outcome(torch, theirs, *there, wanted, dtypes, which)
                if want in ("kept", "free"):
                    got = outcome(rushlight, ours, tuple(args), kwargs, wanted, dtypes, which)
                    assert got == want, ([t.shape for t in ts], wanted, dtypes, which)
