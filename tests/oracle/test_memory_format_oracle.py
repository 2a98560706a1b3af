"""The strides of results: every card that PyTorch has a function for, on operands whose dimensions
lie in memory in another order, all of them or one; and the ops of images on channels-last ones.

Dimensions of one element are left out: their strides say nothing, and NumPy does not keep them.
"""

import memory_format_cases
import numpy as np
import pytest
import torch
from test_cards_oracle import CARDS, calls_of, to_torch

import rushlight
from rushlight.core.tensor import Tensor, wrap
from rushlight.testing.samples import Make

# LAPACK's results lie as the library leaves them
LAPACK = {"geqrf", "householder_product", "solve"}
CASES = [c for c in CARDS if c.name not in LAPACK]


def reversed_order(a):
    return np.ascontiguousarray(a.T).T


def channels_last(a):
    """(N, *S, C) in memory, (N, C, *S) as they are read."""
    if a.ndim < 3:
        return reversed_order(a)
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(a, 1, -1)), -1, 1)


def relaid(value, change, which, count):
    """value with tensor number `which` (or all) changed; count: [tensors seen]."""
    if isinstance(value, Tensor):
        count[0] += 1
        a = value._a.copy()
        return wrap(change(a) if a.ndim > 1 and which in ("all", count[0] - 1) else a)
    if isinstance(value, (list, tuple)):
        return type(value)(relaid(v, change, which, count) for v in value)
    return value


def there(value):
    """The same for PyTorch, lying alike."""
    if isinstance(value, Tensor) and value._a.dtype.kind != "V":
        return torch.from_numpy(value._a)
    if isinstance(value, (list, tuple)):
        return type(value)(there(v) for v in value)
    return to_torch(value, [])


def strides(results):
    results = [results] if isinstance(results, (Tensor, torch.Tensor)) else list(results)
    tensors = [t for t in results if isinstance(t, (Tensor, torch.Tensor)) and t.numel()]
    return [tuple(s for s, n in zip(t.stride(), t.shape, strict=True) if n > 1) for t in tensors]


@pytest.mark.parametrize("change", [reversed_order, channels_last], ids=lambda f: f.__name__)
@pytest.mark.parametrize("card", CASES, ids=lambda c: c.name)
def test_strides(card, change):
    for ours, theirs, args, kwargs, _ in calls_of(card, Make(card.name)):
        for which in ("all", 0, 1):
            given = relaid([list(args), list(kwargs.values())], change, which, [0])
            names = dict(zip(kwargs, given[1], strict=True))
            if not any(isinstance(v, Tensor) for v in [*given[0], *names.values()]):
                continue
            try:
                want = theirs(*there(given[0]), **{k: there(v) for k, v in names.items()})
            except (TypeError, RuntimeError):
                continue  # a view, say, that this order does not allow
            assert strides(ours(*given[0], **names)) == strides(want)


@pytest.mark.parametrize(("rank", "code"), memory_format_cases.CASES)
def test_channels_last(rank, code):
    results = []
    for library in (torch, rushlight):
        library.manual_seed(0)
        results.append(strides(eval(code, memory_format_cases.scope(library, rank))))
    assert results[0] == results[1]
