"""Recurrent layers beside a living PyTorch: random shapes, options and seeds."""

import io
import itertools
import warnings

import numpy as np
import pytest
import torch

import rushlight

KINDS = ["LSTM", "GRU", "RNN"]


def ours(t):
    return rushlight.tensor(t.detach().numpy().copy())


def run(T, layer, x, lengths, states):
    """Outputs, last states and all gradients of a layer on a padded batch, packed if there are
    lengths.
    """
    x = x.clone().requires_grad_()
    rnn = T.nn.utils.rnn
    given = (
        x
        if lengths is None
        else rnn.pack_padded_sequence(x, lengths, layer.batch_first, enforce_sorted=False)
    )
    T.manual_seed(3)
    y, last = layer(given, states)
    y = y if lengths is None else rnn.pad_packed_sequence(y, layer.batch_first)[0]
    last = last if isinstance(last, tuple) else (last,)
    loss = (y * y).sum() + sum((s * s * s).sum() for s in last)
    loss.backward()
    grads = [p.grad for p in layer.parameters()]
    return [t.detach().numpy() for t in (y, *last, x.grad, *grads)] + [T.rand(1).numpy()]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(12))
def test_values_and_gradients(kind, seed):
    r = np.random.default_rng(seed)
    layers, both, first = int(r.integers(1, 4)), bool(r.integers(2)), bool(r.integers(2))
    inputs, hidden = int(r.integers(1, 40)), int(r.integers(2, 70))
    options = {
        "num_layers": layers,
        "bidirectional": both,
        "batch_first": first,
        "bias": bool(r.integers(2)),
        "dropout": float(r.choice([0, 0.4])) if layers > 1 else 0.0,
    }
    if kind == "LSTM" and r.integers(2):
        options["proj_size"] = hidden // 2
    if kind == "RNN":
        options["nonlinearity"] = str(r.choice(["tanh", "relu"]))
    n, steps = int(r.integers(1, 30)), int(r.integers(1, 12))
    lengths = r.integers(1, steps + 1, n) if r.integers(2) else None
    if lengths is not None:
        # of more than 16 equal lengths PyTorch's order, and so the noise, is the processor's
        n = min(n, 16)
        lengths = lengths[:n]
        lengths[0] = steps
    torch.manual_seed(seed)
    shape = (n, steps, inputs) if first else (steps, n, inputs)
    x = torch.randn(shape)
    count = layers * (2 if both else 1)
    states = None
    if r.integers(2):
        widths = [options.get("proj_size", hidden), hidden][: 1 + (kind == "LSTM")]
        states = tuple(torch.randn(count, n, w) for w in widths)
    results = []
    for T in (torch, rushlight):
        T.manual_seed(seed)
        layer = getattr(T.nn, kind)(inputs, hidden, **options)
        mine = states if states is None or T is torch else tuple(map(ours, states))
        mine = mine[0] if mine and kind != "LSTM" else mine
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a projection has no fast way in PyTorch
            given = None if lengths is None else T.tensor(lengths.tolist())
            results.append(run(T, layer, x if T is torch else ours(x), given, mine))
    for a, b in zip(*results, strict=True):
        # 2e-5 of the largest: sums of up to some thousand float32 products, in another order
        np.testing.assert_allclose(b, a, rtol=1e-4, atol=2e-5 * max(1, np.abs(a).max(initial=0)))


@pytest.mark.parametrize(("kind", "bias"), [*itertools.product(KINDS, [False, True])])
def test_a_state_dict_goes_both_ways(kind, bias):
    theirs = getattr(torch.nn, kind)(3, 5, 2, bias=bias, bidirectional=True)
    mine = getattr(rushlight.nn, kind)(3, 5, 2, bias=bias, bidirectional=True)
    buffer = io.BytesIO()
    torch.save(theirs.state_dict(), buffer)
    buffer.seek(0)
    mine.load_state_dict(rushlight.load(buffer))
    x = torch.randn(4, 2, 3)
    np.testing.assert_allclose(
        mine(ours(x))[0].detach().numpy(), theirs(x)[0].detach().numpy(), atol=1e-6
    )
    buffer = io.BytesIO()
    rushlight.save(mine.state_dict(), buffer)
    buffer.seek(0)
    assert list(torch.load(buffer)) == list(theirs.state_dict())


@pytest.mark.parametrize("kind", [*KINDS, "LSTMCell", "GRUCell", "RNNCell"])
def test_a_whole_layer_of_pytorchs_file(kind):
    theirs, buffer = getattr(torch.nn, kind)(3, 5), io.BytesIO()
    torch.save(theirs, buffer)
    buffer.seek(0)
    mine = rushlight.load(buffer, weights_only=False)
    assert type(mine) is getattr(rushlight.nn, kind) and repr(mine) == repr(theirs)
    x = torch.randn(2, 3) if kind.endswith("Cell") else torch.randn(4, 2, 3)
    a, b = theirs(x), mine(ours(x))
    a, b = (t[0] if isinstance(t, tuple) else t for t in (a, b))
    np.testing.assert_allclose(b.detach().numpy(), a.detach().numpy(), atol=1e-6)
