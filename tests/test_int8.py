"""Linear layers with weights of 8 bits. Beside PyTorch's: tests/oracle/test_int8_oracle.py."""

import io

import numpy as np
import pytest
from rushlight.ao.nn.quantized.dynamic import Linear
from rushlight.ao.quantization import quantize_dynamic

import rushlight as torch
from rushlight import nn
from rushlight.kernels import native
from rushlight.kernels.twin import TWINS


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(24, 40), nn.ReLU(), nn.Sequential(nn.Linear(40, 3, bias=False)))


def by_hand(layer, x):
    """y in float64 from the whole numbers: Σ (q - z) s w, q of seven bits."""
    w = np.asarray(layer.weight(), np.float64)
    low, high = min(x.min(), 0), max(x.max(), 0)
    s = (high - low) / 127
    z = np.rint(-low / s)
    q = np.clip(np.rint(x / s) + z, 0, 127)
    y = (q - z) * s @ w.T
    return y if layer.bias() is None else y + np.asarray(layer.bias(), np.float64)


def test_weights_are_rounded_to_steps_of_their_own():
    layer = nn.Linear(4, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.275, -0.5, 0.0, 0.004], [-1.275, 0.006, 0.5, 1.0]]))
    w = Linear.from_float(layer).weight()
    want = torch.tensor([[127, -50, 0, 0], [-128, 1, 50, 100]]) * (1.275 / 127.5)
    torch.testing.assert_close(w, want)


@pytest.mark.parametrize("shape", [(1, 24), (5, 24), (2, 3, 24), (40, 24)])
def test_values(shape):
    layer = quantize_dynamic(net(), {nn.Linear})[0]
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    got = layer(torch.tensor(x))
    assert got.shape == (*shape[:-1], 40) and not got.requires_grad
    np.testing.assert_allclose(got.numpy(), by_hand(layer, x.astype(np.float64)), 1e-5, 1e-5)


def test_a_model_and_its_copy():
    model = net()
    q = quantize_dynamic(model)
    assert type(q[0]) is type(q[2][0]) is Linear and type(model[0]) is nn.Linear
    assert repr(q[0]) == (
        "DynamicQuantizedLinear(in_features=24, out_features=40, dtype=torch.qint8, "
        "qscheme=torch.per_tensor_affine)"
    )
    x = torch.randn(6, 24)
    with torch.no_grad():
        torch.testing.assert_close(q(x), model(x), rtol=0.1, atol=0.02)
        assert not torch.equal(q(x), model(x))
    assert quantize_dynamic(model, {"2"}, inplace=True) is model
    assert type(model[0]) is nn.Linear and type(model[2][0]) is Linear
    assert type(torch.quantization.quantize_dynamic(nn.Linear(2, 2))) is Linear


def test_state_dict_goes_to_a_file_and_back():
    first, second = quantize_dynamic(net()), quantize_dynamic(net())
    second[0].set_weight_bias(torch.zeros(40, 24), torch.zeros(40))
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    assert str(second.load_state_dict(torch.load(file))) == "<All keys matched successfully>"
    x = torch.randn(6, 24)
    assert torch.equal(first(x), second(x))
    with pytest.raises(RuntimeError, match="size mismatch for 0"):
        quantize_dynamic(nn.Sequential(nn.Linear(3, 40), nn.ReLU(), net()[2])).load_state_dict(
            first.state_dict()
        )
    with pytest.raises(RuntimeError, match=r"Missing key.*0\.scale"):
        first.load_state_dict({})


def test_what_is_not_there_says_so():
    model = net()
    for call, error, words in [
        (lambda: quantize_dynamic(model, {nn.LSTM}), NotImplementedError, "of LSTM: of nn.Linear"),
        (lambda: quantize_dynamic(model, dtype=torch.float16), NotImplementedError, "float16"),
        (lambda: quantize_dynamic(model, dtype=torch.int8), AssertionError, "qint8 and float16"),
        (lambda: quantize_dynamic(model, {nn.Linear: None}), NotImplementedError, "qconfigs"),
        (lambda: quantize_dynamic(model, mapping={}), NotImplementedError, "mapping"),
        (lambda: torch.zeros(2, dtype=torch.qint8), NotImplementedError, "quantize_dynamic"),
        (lambda: torch.ao.quantization.prepare(model), NotImplementedError, "quantized tensors"),
        (lambda: Linear.from_float(nn.Bilinear(1, 1, 1)), AssertionError, "only works for nn.Lin"),
    ]:
        with pytest.raises(error, match=words):
            call()
    layer = quantize_dynamic(model)[0]
    for x, words in [
        (torch.zeros(2, 24, dtype=torch.float64), "expected scalar type Float but found Double"),
        (torch.zeros(24), "larger than or equal to 2"),
        (torch.zeros(2, 5), "should be equal to K: 5"),
        (torch.full((2, 24), float("nan")), "ChooseQuantizationParams"),
        (torch.full((2, 24), float("inf")), "ChooseQuantizationParams"),
    ]:
        with pytest.raises(RuntimeError, match=words):
            layer(x)


@pytest.mark.skipif(native is None, reason="the native extension is not loaded")
@pytest.mark.parametrize("rows, width, out", [(1, 7, 3), (2, 64, 64), (7, 130, 100), (40, 33, 17)])
@pytest.mark.parametrize("shift, factor", [(0, 1), (5, 1), (-9, 3), (0, 1e-6), (1, 1e-8), (0, 0)])
def test_native_is_the_twin(rows, width, out, shift, factor):
    random = np.random.default_rng(rows)
    x = ((random.standard_normal((rows, width)) + shift) * factor).astype(np.float32)
    layer = Linear(width, out)
    weight = random.standard_normal((out, width)).astype(np.float32)
    layer.set_weight_bias(torch.tensor(weight), torch.zeros(out))
    args = (x, layer._packed, layer._sums, layer._scale, layer._bias._a, out)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found.append(native.linear_int8(*args))
    finally:
        torch.set_num_threads(before)
    assert all(np.array_equal(y, found[0]) for y in found)
    np.testing.assert_allclose(found[0], TWINS["linear_int8"](*args), 1e-6, 1e-30)
