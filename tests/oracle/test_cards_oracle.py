"""Every card that PyTorch has a function for: value, dtype, shape and gradients of all samples.

A card with a schema is compared by the public function of that name in both libraries, called with
its samples. CALLS says how PyTorch spells a card without one.
"""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from rushlight.autograd.api import grad
from rushlight.core.dtype import DTYPES, dtype, float32, float64
from rushlight.core.layout import memory_format
from rushlight.core.tensor import Tensor
from rushlight.dispatch.registry import FUNCTIONAL, FUNCTIONS, apply
from rushlight.testing.samples import Make, sample_arguments, sample_calls, sampled_cards

TOLERANCE = {
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}

CALLS = {
    "binary_cross_entropy": lambda x, y: F.binary_cross_entropy(x, y, reduction="none"),
    "add_scaled": lambda x, y, alpha: torch.add(x, y, alpha=alpha),
    "div_rounded": lambda x, y, mode: torch.div(x, y, rounding_mode=mode),
    "pow_number": torch.pow,
    "clamp_tensors": torch.clamp,
    "lerp_tensor": torch.lerp,
    "part": lambda x, i: x.imag if i else x.real,
    "max_all": torch.max,
    "min_all": torch.min,
    "median_all": torch.median,
    "nanmedian_all": torch.nanmedian,
    "linalg_vector_norm": torch.linalg.vector_norm,
    # its sample has an index smaller than the source, which PyTorch's backward refuses
    "scatter_add": None,
    # a sample reads beyond a slice, and the copy for PyTorch has nothing there
    "as_strided": None,
}
METHODS = {"unfold"}  # F.unfold is another op


def call_of(name):
    """PyTorch's function for a card without a schema; None if there is none by that name."""
    if name in CALLS:
        return CALLS[name]
    if name not in FUNCTIONS and name not in FUNCTIONAL:
        return None
    for home in (torch, torch.special, F):
        if not name.startswith("_") and callable(getattr(home, name, None)):
            return getattr(home, name)
    return None


REMOVED = ("solve",)  # torch.solve says that it is gone; torch.linalg.solve is another function


def public(name):
    """(our function, PyTorch's) of a public name, from the first place where both have it."""
    for prefix, ours, theirs in (
        ("", FUNCTIONS, torch),
        ("", FUNCTIONAL, F),
        ("special.", FUNCTIONS, torch.special),
        ("linalg.", FUNCTIONS, torch.linalg),
    ):
        if not prefix and name in REMOVED:
            continue
        if name not in METHODS and prefix + name in ours and callable(getattr(theirs, name, None)):
            return ours[prefix + name], getattr(theirs, name)
    if callable(getattr(Tensor, name, None)) and callable(getattr(torch.Tensor, name, None)):
        return getattr(Tensor, name), getattr(torch.Tensor, name)
    return None


def compared(card):
    """True if PyTorch has the function; a row of None in CALLS says that it is another one."""
    if card.name in CALLS and CALLS[card.name] is None:
        return False
    return (call_of(card.name) if card.schema is None else public(card.schema.name)) is not None


CARDS = [c for c in sampled_cards() if compared(c)]


def calls_of(card, make):
    """(ours, theirs, args, kwargs, our leaves) for each sample."""
    if card.schema is None:
        for args in sample_arguments(card, make):
            candidates = args[0] if card.listed else [args[i] for i in card.tensors]
            yield lambda *a: apply(card, a), call_of(card.name), args, {}, floating(candidates)
    else:
        ours, theirs = public(card.schema.name)
        for args, kwargs in sample_calls(card, make):
            yield ours, theirs, args, kwargs, floating([*args, *kwargs.values()])


def floating(values):
    """The floating and complex tensors among values and in lists of them."""
    found = []
    for x in values:
        if isinstance(x, (list, tuple)):
            found += floating(x)
        elif isinstance(x, Tensor) and x.dtype.category >= 2:
            found.append(x)
    return found


def to_torch(x, leaves):
    """The argument for PyTorch; tensors that want a gradient are listed in `leaves`."""
    if isinstance(x, Tensor):
        t = torch.from_numpy(np.array(x.detach().numpy()))
        if x.requires_grad:
            leaves.append(t.requires_grad_())
        return t
    if isinstance(x, (dtype, memory_format)):
        return getattr(torch, x.name)
    if isinstance(x, (list, tuple)):
        return type(x)(to_torch(y, leaves) for y in x)
    return x


def flat(result):
    return [result] if isinstance(result, (Tensor, torch.Tensor)) else list(result)


def agree(ours, theirs):
    assert DTYPES[str(theirs.dtype)[6:]] is ours.dtype
    assert tuple(ours.shape) == tuple(theirs.shape)
    rtol, atol = TOLERANCE.get(ours.dtype.name, (0, 0))
    want = theirs.numpy(force=True)
    np.testing.assert_allclose(ours.detach().numpy(), want, rtol, atol)


@pytest.mark.parametrize("dtype", [float32, float64], ids=str)
@pytest.mark.parametrize("card", CARDS, ids=lambda c: c.name)
def test_card(card, dtype):
    for f, call, args, kwargs, ours in calls_of(card, Make(card.name, dtype)):
        for t in ours:
            t.requires_grad_()
        theirs = []
        args_there = to_torch(args, theirs)
        want = flat(call(*args_there, **{k: to_torch(v, theirs) for k, v in kwargs.items()}))
        got = flat(f(*args, **kwargs))
        assert len(got) == len(want)
        for y, z in zip(got, want, strict=True):
            agree(y, z)
        pairs = [
            (y, z) for y, z in zip(got, want, strict=True) if y.requires_grad and z.requires_grad
        ]
        if not pairs or getattr(card.source, "backward", None) is None:
            continue
        seeds = [y.detach().clone() for y, _ in pairs]
        ours_found = grad([y for y, _ in pairs], ours, seeds, allow_unused=True)
        z_seeds = [torch.from_numpy(np.array(s.numpy())) for s in seeds]
        theirs_found = torch.autograd.grad(
            [z for _, z in pairs], theirs, z_seeds, allow_unused=True
        )
        for g, h in zip(ours_found, theirs_found, strict=True):
            if g is not None and h is not None:
                agree(g, h)


def tensors_in(values):
    """All tensors of either library among values and in lists of them."""
    found = []
    for x in values:
        if isinstance(x, (list, tuple)):
            found += tensors_in(x)
        elif isinstance(x, (Tensor, torch.Tensor)):
            found.append(x.detach().numpy())
    return found


# conj_physical: PyTorch returns a real input itself
@pytest.mark.parametrize(
    "card", [c for c in CARDS if c.name != "conj_physical"], ids=lambda c: c.name
)
def test_results_share_memory_exactly_where_pytorchs_do(card):
    for f, call, args, kwargs, _ in calls_of(card, Make(card.name)):
        there = to_torch(args, []), {k: to_torch(v, []) for k, v in kwargs.items()}
        found = [
            [np.may_share_memory(y, x) for y in tensors_in(flat(result)) for x in inputs]
            for result, inputs in (
                (f(*args, **kwargs), tensors_in([*args, *kwargs.values()])),
                (call(*there[0], **there[1]), tensors_in([*there[0], *there[1].values()])),
            )
        ]
        assert found[0] == found[1]
