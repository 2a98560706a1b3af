"""Meta tensors beside PyTorch: shape, dtype and strides of every sample of an op of both."""

import pytest
import torch

import rushlight
from rushlight.ops.meta_rules import DATA
from rushlight.testing.samples import Make, sample_calls, sampled_cards

# a size of 0 beside an expanded one: NumPy keeps no strides there; F.unfold is another op;
# LAPACK's results lie column by column there, here row by row
FAULTY = ("expand", "unfold", "geqrf", "matrix_exp")


def counterpart(name):
    for space in (torch, torch.nn.functional, torch.Tensor, torch.special):
        if hasattr(space, name):
            return getattr(space, name)
    return None


CARDS = [c for c in sampled_cards() if c.schema is not None and counterpart(c.name) is not None]
CARDS = [c for c in CARDS if c.name not in DATA and c.name not in FAULTY]


def ours(x):
    if isinstance(x, rushlight.Tensor):
        return x.detach().to("meta")
    return type(x)(map(ours, x)) if type(x) in (list, tuple) else x


def theirs(x):
    """The same argument of PyTorch's, on its CPU: not every op has shapes for "meta" there."""
    if isinstance(x, rushlight.Tensor):
        dtype = getattr(torch, str(x.dtype).removeprefix("torch."))
        t = torch.empty_strided(tuple(x.shape), x.stride(), dtype=dtype)
        return t.copy_(torch.tensor(x.tolist(), dtype=dtype))
    if isinstance(x, rushlight.dtype):
        return getattr(torch, str(x).removeprefix("torch."))
    return type(x)(map(theirs, x)) if type(x) in (list, tuple) else x


def described(x):
    if hasattr(x, "stride"):
        return tuple(x.shape), str(x.dtype), x.stride()
    return [described(y) for y in x]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_shape_dtype_and_strides(card):
    function = counterpart(card.name)
    for args, kwargs in sample_calls(card, Make(card.name)):
        given = [t for a in args for t in (a if type(a) in (list, tuple) else (a,))]
        if not any(isinstance(t, rushlight.Tensor) for t in given):
            continue
        try:
            wanted = function(*theirs(args), **{k: theirs(v) for k, v in kwargs.items()})
        except (RuntimeError, TypeError, NotImplementedError):  # called otherwise there
            continue
        assert described(card(*ours(args), **kwargs)) == described(wanted)
