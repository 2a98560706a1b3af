"""Recurrent layers and cells: values, gradients, states, errors, files.

The numbers and sentences are PyTorch's: tools/freeze_ops.py, tools/freeze_recurrent.py.
"""

import copy
import io
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from op_cases import agree, evaluate, frozen
from recurrent_cases import ALL, losses

import rushlight as torch
from rushlight.autograd import gradcheck, gradgradcheck
from rushlight.nn.utils import rnn

nn = torch.nn

CASES = frozen("recurrent")
LOSSES = json.loads((Path(__file__).parent / "frozen" / "recurrent.json").read_text())


@pytest.mark.parametrize("code", CASES)
def test_as_in_pytorch(code):
    found = evaluate(torch, code)
    # 1e-5: gradients are sums of some hundred float32 products, in another order
    assert agree(found, CASES[code], 1e-5), (found, CASES[code])


@pytest.mark.parametrize("net", [net.__name__ for net in ALL])
def test_ten_steps_of_training(net, ten_steps):
    np.testing.assert_allclose(ten_steps[net], LOSSES[net], rtol=1e-5)


@pytest.fixture(scope="module")
def ten_steps():
    return losses(torch)


# ---------------------------------------------------------------- derivatives


def doubles(*shape):
    return torch.randn(*shape, dtype=torch.float64).requires_grad_()


LAYERS = [
    lambda: nn.LSTM(2, 2, bidirectional=True),
    lambda: nn.LSTM(2, 4, proj_size=2),
    lambda: nn.GRU(2, 3, bidirectional=True),
    lambda: nn.RNN(2, 3, bias=False),
]


@pytest.mark.parametrize("make", LAYERS)
@pytest.mark.parametrize("packed", [False, True])
def test_derivatives(make, packed):
    """Of input, states and parameters, to second order."""
    torch.manual_seed(0)
    layer = make().double()
    count = layer.num_layers * (2 if layer.bidirectional else 1)
    widths = [layer.proj_size or layer.hidden_size, layer.hidden_size][: 1 + (layer.mode == "LSTM")]
    states = [doubles(count, 3, w) for w in widths]
    sizes = torch.tensor([3, 2, 1])
    x = doubles(6, 2) if packed else doubles(3, 3, 2)

    def run(x, *states):
        given = states if len(states) > 1 else states[0]
        y, last = layer(rnn.PackedSequence(x, sizes) if packed else x, given)
        return (y.data if packed else y, *(last if isinstance(last, tuple) else (last,)))

    parameters = list(layer.parameters())
    assert gradcheck(run, (x, *states))
    assert gradgradcheck(run, (x, *states))
    loss = sum((t * t).sum() for t in run(x, *states))
    grads = torch.autograd.grad(loss, parameters)
    loss = sum((t * t).sum() for t in run(x, *states))
    again = torch.autograd.grad(loss, parameters, create_graph=True)
    for a, b in zip(grads, again, strict=True):  # the kernel, and the composite
        np.testing.assert_allclose(a.numpy(), b.detach().numpy(), rtol=1e-10, atol=1e-12)


def test_only_what_is_asked_for_has_a_gradient():
    layer = nn.LSTM(2, 3)
    layer.weight_hh_l0.requires_grad_(False)
    x = torch.ones(4, 1, 2, requires_grad=True)
    layer(x)[1][1].sum().backward()
    assert layer.weight_hh_l0.grad is None and layer.weight_ih_l0.grad is not None
    assert float(x.grad.abs().sum()) > 0


def test_a_weight_that_changed_in_place():
    layer = nn.LSTM(2, 3)
    y, _ = layer(torch.ones(4, 1, 2))
    with torch.no_grad():
        layer.weight_ih_l0.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_the_graph_can_be_walked_twice():
    layer = nn.GRU(2, 3)
    x = torch.ones(4, 1, 2, requires_grad=True)
    loss = layer(x)[0].sum()
    loss.backward(retain_graph=True)
    first = x.grad.clone()
    loss.backward()
    assert torch.equal(x.grad, 2 * first)


# ---------------------------------------------------------------- the same in other ways


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_a_layer_is_its_cell_step_by_step(kind):
    torch.manual_seed(0)
    layer, cell = getattr(nn, kind)(5, 20), getattr(nn, f"{kind}Cell")(5, 20)
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        getattr(cell, name).data.copy_(getattr(layer, f"{name}_l0").data)
    x, state = torch.randn(9, 7, 5), None
    y, last = layer(x)
    for t in range(9):
        state = cell(x[t], state)
        h = state[0] if kind == "LSTM" else state
        assert torch.allclose(h, y[t], atol=1e-6)
    if kind == "LSTM":
        assert torch.allclose(state[1], last[1][0], atol=1e-6)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_packed_is_each_sequence_by_itself(kind):
    torch.manual_seed(0)
    layer = getattr(nn, kind)(4, 6, 2, bidirectional=True)
    parts = [torch.randn(n, 4) for n in (3, 7, 1, 7, 2)]
    packed, last = layer(rnn.pack_sequence(parts, enforce_sorted=False))
    hidden = last[0] if kind == "LSTM" else last
    for i, (x, y) in enumerate(zip(parts, rnn.unpack_sequence(packed), strict=True)):
        alone, own = layer(x)
        assert torch.allclose(alone, y, atol=1e-6)
        own = own[0] if kind == "LSTM" else own
        assert torch.allclose(own, hidden[:, i], atol=1e-6)


def test_rows_that_are_there_often():
    """They are multiplied once: the same numbers, and the gradients' sums."""
    torch.manual_seed(0)
    layer = nn.LSTM(32, 64)
    x = torch.eye(32)[torch.randint(0, 32, (16, 12))]
    noise = torch.randn(16, 12, 32) * 1e-30  # makes all rows different, and changes nothing
    noise[x == 1] = 0
    results = []
    for given in (x, x + noise):
        y, (h, _) = layer(given)
        layer.zero_grad()
        (y * y).sum().backward()
        results.append([y.detach(), h.detach(), *[p.grad.clone() for p in layer.parameters()]])
    for a, b in zip(*results, strict=True):
        assert torch.allclose(a, b, rtol=1e-5, atol=1e-5)


def test_float64_and_narrow_floats():
    torch.manual_seed(0)
    layer, x = nn.GRU(4, 8), torch.randn(5, 3, 4)
    y = layer(x)[0].detach()
    wide = copy.deepcopy(layer).double()(x.double())[0]
    assert wide.dtype is torch.float64 and torch.allclose(wide.float(), y, atol=1e-6)
    for dtype in (torch.bfloat16, torch.float16):
        narrow = copy.deepcopy(layer).to(dtype)(x.to(dtype))[0]
        assert narrow.dtype is dtype and torch.allclose(narrow.float(), y, atol=0.03)


def test_strided_input_and_states():
    torch.manual_seed(0)
    layer, x = nn.LSTM(4, 8), torch.randn(3, 5, 8)[..., ::2]
    state = torch.randn(1, 8, 5).transpose(1, 2)
    assert torch.equal(
        layer(x, (state, state))[0],
        layer(x.contiguous(), (state.contiguous(), state.contiguous()))[0],
    )


# ---------------------------------------------------------------- modules


def test_copies_pickles_and_states():
    torch.manual_seed(0)
    layer, x = nn.LSTM(3, 4, 2, bidirectional=True, proj_size=2), torch.randn(5, 2, 3)
    y = layer(x)[0]
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert torch.equal(other(x)[0], y) and repr(other) == repr(layer)
        assert other.weight_ih_l0 is not layer.weight_ih_l0
    buffer = io.BytesIO()
    torch.save(layer.state_dict(), buffer)
    buffer.seek(0)
    fresh = nn.LSTM(3, 4, 2, bidirectional=True, proj_size=2)
    fresh.load_state_dict(torch.load(buffer))
    assert torch.equal(fresh(x)[0], y)


def test_a_whole_layer_in_a_file():
    layer, buffer = nn.GRU(3, 4), io.BytesIO()
    torch.save(layer, buffer)
    buffer.seek(0)
    x = torch.ones(2, 1, 3)
    assert torch.equal(torch.load(buffer, weights_only=False)(x)[0], layer(x)[0])


def test_weights_may_be_any_tensors():
    """As programs that drop or normalise recurrent weights set them."""
    layer = nn.LSTM(3, 4)
    raw = nn.Parameter(layer.weight_hh_l0.data.clone())
    del layer._parameters["weight_hh_l0"]
    layer.weight_hh_l0 = raw * 2
    y, _ = layer(torch.ones(2, 1, 3))
    y.sum().backward()
    assert raw.grad is not None
    assert layer._flat_weights[1] is layer.weight_hh_l0
    other = nn.LSTM(3, 4)._flat_weights
    layer._flat_weights = other
    assert layer.weight_ih_l0 is other[0] is layer._parameters["weight_ih_l0"]


def test_flatten_parameters_changes_nothing():
    layer = nn.RNN(3, 4)
    before = list(layer.parameters())
    assert layer.flatten_parameters() is None
    assert all(a is b for a, b in zip(layer.parameters(), before, strict=True))


def test_dropout_is_for_training_only():
    torch.manual_seed(0)
    layer, x = nn.GRU(3, 4, 2, dropout=0.9), torch.ones(5, 2, 3)
    torch.manual_seed(1)
    first = layer(x)[0]
    assert not torch.equal(layer(x)[0], first)
    layer.eval()
    assert torch.equal(layer(x)[0], layer(x)[0])


def test_functions_by_position_and_name():
    layer = nn.LSTM(3, 4)
    h, x = torch.zeros(1, 2, 4), torch.ones(5, 2, 3)
    y, (hn, cn) = layer(x)
    options = {"has_biases": True, "num_layers": 1, "dropout": 0.0, "train": False}
    found = torch.lstm(
        x, (h, h), layer._flat_weights, **options, bidirectional=False, batch_first=False
    )
    assert all(torch.equal(a, b) for a, b in zip(found, (y, hn, cn), strict=True))
    assert torch._VF.lstm is torch.lstm
    with pytest.raises(AttributeError):
        torch._VF.no_such_function()


def test_in_inference_mode_and_without_gradients():
    layer, x = nn.LSTM(3, 4), torch.ones(5, 2, 3)
    with torch.no_grad():
        assert layer(x)[0].grad_fn is None
    with torch.inference_mode():
        assert layer(x)[0].is_inference()


# ---------------------------------------------------------------- what does not fit


def _lstm(x, states, weights, biases=False, layers=1):
    return torch.lstm(x, states, weights, biases, layers, 0.0, False, False, False)


def _zeros(*shapes):
    return [torch.zeros(shape) for shape in shapes]


X, STATES, WEIGHTS = (2, 3, 1), [(1, 3, 2)] * 2, [(8, 1), (8, 2)]
WRONG = {  # shapes of (input, states, weights), and words of the error
    "states of another batch": (X, [(1, 4, 2)] * 2, WEIGHTS, "size of tensor a (4)"),
    "too few states": (X, STATES, WEIGHTS * 2, "more hidden states"),
    "too many states": (X, [(2, 3, 2)] * 2, WEIGHTS, "fewer hidden states"),
    "one state": (X, [(1, 3, 2)], WEIGHTS, "two hidden states"),
    "cells of another size": (X, [(1, 3, 2), (1, 3, 3)], WEIGHTS, "hidden_size = 12"),
    "w_ih of other inputs": (X, STATES, [(8, 2), (8, 2)], "(6x1 and 2x8)"),
    "w_hh of other outputs": (X, STATES, [(8, 1), (8, 3)], "(3x2 and 3x8)"),
    "gates of other sizes": (X, STATES, [(7, 1), (7, 2)], "4 * hidden_size = 8"),
    "a bias": (X, STATES, [*WEIGHTS, (7,), (8,)], "size of tensor a (7)"),
    "weights that are vectors": (X, STATES, [(8,), (8, 2)], "must be matrices"),
    "states without a batch": (X, [(3, 2)] * 2, WEIGHTS, "Dimension out of range"),
    "an input without a batch": ((2, 1), STATES, WEIGHTS, "Dimension out of range"),
}


@pytest.mark.parametrize("case", WRONG)
def test_arguments_that_do_not_fit(case):
    """An error of ours, not NumPy's, and the shapes."""
    x, states, weights, words = WRONG[case]
    layers = 2 if case == "too few states" else 1
    with pytest.raises((RuntimeError, IndexError)) as caught:
        _lstm(torch.zeros(x), _zeros(*states), _zeros(*weights), case == "a bias", layers)
    assert words in str(caught.value)


def test_cells_and_weights_that_do_not_fit():
    x, h = torch.zeros(3, 1), torch.zeros(3, 2)
    with pytest.raises(RuntimeError, match="weight_ih first dim must be 1 \\* hidden_size = 2"):
        torch.rnn_tanh_cell(x, h, *_zeros((3, 1), (3, 2)))
    with pytest.raises(RuntimeError, match="size of tensor a \\(5\\) must match"):
        torch.gru_cell(x, h, *_zeros((6, 1), (6, 2), (6,), (5,)))
    layer = nn.GRU(1, 2)
    layer.weight_hh_l0 = nn.Parameter(torch.zeros(6, 3))
    with pytest.raises(RuntimeError, match="weight_ih first dim must be 3 \\* hidden_size = 9"):
        layer(torch.zeros(4, 3, 1))


@pytest.mark.parametrize(
    ("hx", "params", "words"),
    [
        (3, [1, 2], "argument 'hx' \\(position 2\\) must be Tensor, not int"),
        ([3], [1, 2], "expected Tensor as element 0 in argument 1, but got int"),
        (torch.zeros(1, 3, 2), [1, 2], "expected Tensor as element 0 in argument 2, but got int"),
    ],
)
def test_what_is_no_tensor(hx, params, words):
    with pytest.raises(TypeError, match=words):
        torch.gru(torch.zeros(2, 3, 1), hx, params, False, 1, 0.0, False, False, False)


@pytest.mark.parametrize(
    ("kind", "steps", "lower", "found"),
    [
        ("LSTM", 5, False, "bfloat16"),
        ("LSTM", 1, False, "bfloat16"),
        ("LSTM", 5, True, "bfloat16"),
        ("RNN", 5, False, "bfloat16"),
        ("GRU", 5, False, "float32"),
        ("GRU", 5, True, "bfloat16"),
        ("LSTMCell", 0, False, "float32"),
        ("GRUCell", 0, False, "float32"),
        ("RNNCell", 0, False, "bfloat16"),
    ],
)
def test_under_autocast(kind, steps, lower, found):
    """The dtypes that PyTorch's have, of float32 input or of what a Linear gives; and gradients."""
    layer, x = getattr(nn, kind)(3, 4), torch.ones((steps, 2, 3) if steps else (2, 3))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = layer(nn.Linear(3, 3)(x) if lower else x)
        y = y[0] if isinstance(y, tuple) else y
    assert y.dtype is getattr(torch, found)
    y.float().sum().backward()
    assert all(p.grad.dtype is torch.float32 for p in layer.parameters())
