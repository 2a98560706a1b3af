"""Attention with random shapes and options against a living PyTorch: values, gradients, errors."""

import random

import attention_cases as cases
import numpy as np
import pytest
import torch
from op_cases import agree

import rushlight

pytestmark = pytest.mark.filterwarnings("ignore")  # of nested tensors


def both(call, shapes, seed):
    """call(library, *leaves) on both: results and gradients agree, or both raise the same."""
    numbers = np.random.default_rng(seed)
    arrays = [numbers.standard_normal(shape) for shape in shapes]
    found = []
    for library in (torch, rushlight):
        leaves = [library.tensor(a, requires_grad=True) for a in arrays]
        library.manual_seed(seed)
        try:
            y = call(library, *leaves)
        except (RuntimeError, IndexError) as e:
            found.append(str(e).split("\n")[0].strip())
            continue
        w = library.tensor(np.random.default_rng(seed + 1).standard_normal(tuple(y.shape)))
        grads = library.autograd.grad((y * w).sum(), leaves, allow_unused=True)
        found.append([y.detach().numpy(), *(g.numpy() for g in grads)])
    theirs, ours = found
    if isinstance(theirs, str):
        assert ours == theirs
        return
    for a, b in zip(theirs, ours, strict=True):
        np.testing.assert_allclose(b, a, 1e-8, 1e-9)


@pytest.mark.parametrize("seed", range(120))
def test_scaled_dot_product_attention(seed):
    r = random.Random(seed)
    t, s = r.choice([1, 2, 5, 17, 70]), r.choice([1, 3, 16, 65, 130])
    e, d = r.choice([1, 4, 9]), r.choice([1, 4, 9])
    lead = r.choice([(), (3,), (2, 3), (2, 1, 2)])
    heads = lead
    gqa = len(lead) == 2 and r.random() < 0.3
    if gqa:
        lead = (lead[0], 6)
    elif lead and r.random() < 0.3:
        heads = (1, *lead[1:])
    if r.random() < 0.05:
        s += 1  # a mask that does not fit
    shapes = [(*lead, t, e), (*heads, s, e), (*heads, s, d)]
    kind = r.choice(["none", "causal", "bool", "numbers", "gradient"])
    options = {"dropout_p": r.choice([0.0, 0.0, 0.3]), "scale": r.choice([None, None, 0.4])}
    options["enable_gqa"] = gqa
    mask_shape = r.choice([(t, s), (*lead, t, s), (*lead[:1], *[1] * len(lead[1:]), 1, s)])
    if kind == "gradient":
        shapes.append(mask_shape)
    bools = np.random.default_rng(seed).random(mask_shape) < 0.7

    def call(library, q, k, v, *mask):
        given = dict(options)
        if kind == "causal":
            given["is_causal"] = True
        elif kind == "bool":
            given["attn_mask"] = library.tensor(bools)
        elif kind == "numbers":
            given["attn_mask"] = library.tensor(np.where(bools, 0.5, -np.inf))
        elif kind == "gradient":
            given["attn_mask"] = mask[0]
        return library.nn.functional.scaled_dot_product_attention(q, k, v, **given)

    both(call, shapes, seed)


@pytest.mark.parametrize("seed", range(60))
def test_multihead_attention(seed):
    r = random.Random(seed)
    n, t, s, e, heads = (
        r.choice([1, 3]),
        r.choice([1, 4, 6]),
        r.choice([1, 5]),
        8,
        r.choice([1, 2, 4]),
    )
    same = r.random() < 0.4
    s = t if same else s
    made = {
        "bias": r.random() < 0.7,
        "add_bias_kv": r.random() < 0.3,
        "add_zero_attn": r.random() < 0.3,
        "batch_first": r.random() < 0.5,
        "dropout": r.choice([0.0, 0.2]),
    }
    if not same and r.random() < 0.4:
        made |= {"kdim": 3, "vdim": 5}
    batched, training = r.random() < 0.8, r.random() < 0.5
    given = {"need_weights": r.random() < 0.5, "average_attn_weights": r.random() < 0.5}
    rows = np.random.default_rng(seed)
    padding = rows.random((n, s)) < 0.3
    padding[:, 0] = False
    mask = rows.standard_normal(r.choice([(t, s), (n * heads, t, s)]))
    use_padding, use_mask = r.random() < 0.4, r.random() < 0.4

    def shape(length, width):
        if not batched:
            return (length, width)
        return (n, length, width) if made["batch_first"] else (length, n, width)

    shapes = [shape(t, e)]
    if not same:
        shapes += [shape(s, made.get("kdim", e)), shape(s, made.get("vdim", e))]

    def call(library, q, k=None, v=None):
        layer = library.nn.MultiheadAttention(e, heads, **made, dtype=library.float64)
        layer.train(training)
        options = dict(given)
        if use_padding:
            options["key_padding_mask"] = library.tensor(padding if batched else padding[0])
        if use_mask:
            own = mask if batched or mask.ndim == 2 else mask[:heads]
            options["attn_mask"] = library.tensor(own)
        y, weights = layer(q, q if k is None else k, q if v is None else v, **options)
        return y if weights is None else y.sum() + (weights * weights).sum()

    both(call, shapes, seed)


@pytest.mark.parametrize("seed", range(30))
def test_transformers(seed):
    r = random.Random(seed)
    made = {
        "batch_first": r.random() < 0.5,
        "norm_first": r.random() < 0.5,
        "bias": r.random() < 0.7,
        "dropout": r.choice([0.0, 0.3]),
        "activation": r.choice(["relu", "gelu"]),
    }
    n, t, s = r.choice([1, 3]), r.choice([1, 4]), r.choice([1, 5])
    layers = r.choice([1, 2])
    training, causal = r.random() < 0.6, r.random() < 0.5

    def shape(length):
        return (n, length, 8) if made["batch_first"] else (length, n, 8)

    def call(library, src, tgt):
        model = library.nn.Transformer(8, 2, layers, layers, 12, **made, dtype=library.float64)
        model.train(training)
        mask = library.nn.Transformer.generate_square_subsequent_mask(t, dtype=library.float64)
        return model(src, tgt, tgt_mask=mask if causal else None)

    both(call, [shape(s), shape(t)], seed)


@pytest.mark.parametrize("code", cases.cases())
def test_frozen_cases_are_of_this_pytorch(code):
    assert agree(cases.evaluate(rushlight, code), cases.evaluate(torch, code), 2e-5)
